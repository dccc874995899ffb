/* LD_PRELOAD for hop: keeps what a process is about to seal, and every byte it writes.
 *
 *   TAP=DIR    DIR/PID.sealed    plain texts handed to libsodium for sealing
 *              DIR/PID.written   bytes handed to files and sockets
 *
 * So that a test can grep for what must not be in either, and for what must, or it sees nothing. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void keep(const char *kind, const void *bytes, size_t size)
{
    char path[512];
    const char *dir = getenv("TAP");
    if (dir == NULL || bytes == NULL || size == 0)
        return;
    snprintf(path, sizeof path, "%s/%d.%s", dir, (int)getpid(), kind);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    (void)!syscall(SYS_write, fd, bytes, size);
    close(fd);
}

static void keep_all(const struct iovec *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep("written", v[i].iov_base, v[i].iov_len);
}

#define CALL(type, name, parameters, arguments, before)                                            \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        type(*next) parameters;                                                                    \
        void *symbol = dlsym(RTLD_NEXT, #name);                                                    \
        memcpy(&next, &symbol, sizeof next);                                                       \
        before;                                                                                    \
        return next arguments;                                                                     \
    }

CALL(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), keep("written", b, n))
CALL(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), keep_all(v, (size_t)n))
CALL(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at),
     keep("written", b, n))
CALL(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at),
     keep("written", b, n))
CALL(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at),
     keep_all(v, (size_t)n))
CALL(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at),
     keep_all(v, (size_t)n))
CALL(ssize_t, send, (int fd, const void *b, size_t n, int flags), (fd, b, n, flags),
     keep("written", b, n))
CALL(ssize_t, sendto,
     (int fd, const void *b, size_t n, int flags, const struct sockaddr *to, socklen_t size),
     (fd, b, n, flags, to, size), keep("written", b, n))
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
     keep_all(m->msg_iov, m->msg_iovlen))

typedef unsigned char byte;
typedef unsigned long long length;
CALL(int, crypto_aead_xchacha20poly1305_ietf_encrypt,
     (byte * c, length *c_size, const byte *m, length size, const byte *ad, length ad_size,
      const byte *nsec, const byte *nonce, const byte *key),
     (c, c_size, m, size, ad, ad_size, nsec, nonce, key), keep("sealed", m, (size_t)size))
CALL(int, crypto_aead_chacha20poly1305_ietf_encrypt,
     (byte * c, length *c_size, const byte *m, length size, const byte *ad, length ad_size,
      const byte *nsec, const byte *nonce, const byte *key),
     (c, c_size, m, size, ad, ad_size, nsec, nonce, key), keep("sealed", m, (size_t)size))
/* what ZeroMQ seals for a link: records, which are sealed already */
CALL(int, crypto_box_afternm,
     (byte * c, const byte *m, length size, const byte *nonce, const byte *key),
     (c, m, size, nonce, key), keep("links", m, (size_t)size))
