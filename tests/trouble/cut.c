/* LD_PRELOAD for hop: the n-th change it makes to the disk is its last act, or finds the disk full.
 *
 *   CUT_AT=n   counts write, pwrite, pwritev, writev to files, fsync, fdatasync, rename, ftruncate,
 * unlink CUT_HOW    "kill" (SIGKILL before the call, the default) or "full" (ENOSPC, from the n-th
 * on) CUT_SAID   a file that is made when the n-th call came: until it is not, the sweep is not
 * over
 *
 * So that a sweep over n tries every moment at which a process can die, without a clock. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls;

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* True: this call shall fail. `grows`: it may need room. */
static bool cut(bool grows)
{
    const char *at = getenv("CUT_AT"), *how = getenv("CUT_HOW"), *said = getenv("CUT_SAID");
    bool full = how != NULL && strcmp(how, "full") == 0;
    if (at == NULL || (full && !grows) || ++calls < strtol(at, NULL, 10))
        return false;
    if (said != NULL) {
        int fd = open(said, O_CREAT | O_WRONLY, 0600);
        if (fd >= 0)
            close(fd);
    }
    if (!full)
        kill(getpid(), SIGKILL);
    errno = ENOSPC;
    return full;
}

/* How LMDB's owner asks whether there is room. */
int posix_fallocate(int fd, off_t at, off_t size);
int posix_fallocate(int fd, off_t at, off_t size)
{
    int (*next)(int, off_t, off_t);
    void *symbol = real("posix_fallocate");
    memcpy(&next, &symbol, sizeof next);
    return cut(true) ? ENOSPC : next(fd, at, size);
}

static bool is_file(int fd)
{
    struct stat st;
    return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

#define CALL(type, name, parameters, arguments, condition, grows)                                  \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        type(*next) parameters;                                                                    \
        void *symbol = real(#name);                                                                \
        memcpy(&next, &symbol, sizeof next);                                                       \
        return (condition) && cut(grows) ? -1 : next arguments;                                    \
    }

CALL(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), is_file(fd), true)
CALL(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), is_file(fd), true)
CALL(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at), is_file(fd),
     true)
CALL(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at), is_file(fd),
     true)
CALL(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at),
     is_file(fd), true)
CALL(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at),
     is_file(fd), true)
CALL(int, fsync, (int fd), (fd), true, false)
CALL(int, fdatasync, (int fd), (fd), true, false)
CALL(int, rename, (const char *a, const char *b), (a, b), true, false)
CALL(int, unlink, (const char *a), (a), true, false)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), true, true)
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size), true, true)
