#define _GNU_SOURCE /* mkostemp */
#include "node/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"

#define PATH_BYTES_MAX 4096

int files_error(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return HOP_ENOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return HOP_EREFUSED;
    case ENOSPC:
    case EDQUOT:
        return HOP_ENOSPACE;
    case ENOMEM:
        return HOP_ENOMEM;
    case EEXIST:
        return HOP_EEXIST;
    default:
        return HOP_EIO;
    }
}

int files_path(char *ret, size_t size, const char *dir, const char *name)
{
    int n = snprintf(ret, size, "%s/%s", dir, name);
    return n < 0 || (size_t)n >= size ? HOP_EFULL : HOP_OK;
}

/* Read to the end of fd, at most size_max bytes. */
static int read_all(int fd, size_t size_max, struct buf *ret)
{
    uint8_t chunk[16384];
    size_t total = 0;
    int err = HOP_OK;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            err = files_error(errno);
        if (n <= 0)
            break;
        total += (size_t)n;
        if (total > size_max) {
            err = HOP_EFULL;
            break;
        }
        buf_bytes(ret, chunk, (size_t)n);
    }
    hop_wipe(chunk, sizeof chunk); /* it may have been a passphrase */
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

int files_read(const char *path, size_t size_max, struct buf *ret)
{
    /* O_NONBLOCK: a pipe somebody left at this path must not hang us before fstat tells */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return files_error(errno);
    struct stat st;
    int err = HOP_OK;
    if (fstat(fd, &st) != 0)
        err = files_error(errno);
    else if (!S_ISREG(st.st_mode))
        err = HOP_EMALFORMED;
    else
        err = read_all(fd, size_max, ret);
    close(fd);
    return err;
}

static int write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return files_error(errno);
        bytes.data += n;
        bytes.size -= (size_t)n;
    }
    return HOP_OK;
}

int files_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return files_error(errno);
    int err = fsync(fd) == 0 ? HOP_OK : files_error(errno);
    close(fd);
    return err;
}

/* The directory part of path: "." when there is none. */
static int parent_of(char ret[static PATH_BYTES_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (size >= PATH_BYTES_MAX)
        return HOP_EFULL;
    memcpy(ret, path, size);
    ret[size] = 0;
    if (slash == NULL)
        memcpy(ret, ".", 2);
    else if (size == 0)
        memcpy(ret, "/", 2);
    return HOP_OK;
}

static int fill_and_rename(int fd, const char *temporary, const char *path, struct span bytes,
                           mode_t mode)
{
    int err = write_all(fd, bytes);
    if (err == HOP_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        err = files_error(errno);
    if (close(fd) != 0 && err == HOP_OK)
        err = files_error(errno);
    if (err == HOP_OK && rename(temporary, path) != 0)
        err = files_error(errno);
    if (err != HOP_OK)
        (void)unlink(temporary);
    return err;
}

/* ---- what is secret ---- */

static int blank(int fd, off_t at, size_t size)
{
    static const uint8_t zeros[4096];
    struct stat st;
    if (fstat(fd, &st) != 0)
        return files_error(errno);
    size_t end = st.st_size < 0 ? 0 : (size_t)st.st_size;
    if (at >= 0 && (size_t)at < end && size > end - (size_t)at)
        size = end - (size_t)at;
    while (size > 0 && at >= 0 && (size_t)at < end) {
        ssize_t n = pwrite(fd, zeros, size < sizeof zeros ? size : sizeof zeros, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return files_error(errno);
        at += n;
        size -= (size_t)n;
    }
    return fsync(fd) == 0 ? HOP_OK : files_error(errno);
}

int files_blank(const char *path, size_t at, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return files_error(errno);
    int err = blank(fd, (off_t)at, size);
    close(fd);
    return err;
}

int files_wipe(const char *path)
{
    int err = files_blank(path, 0, SIZE_MAX);
    if (unlink(path) != 0 && err == HOP_OK)
        err = files_error(errno);
    return err;
}

int files_replace_secret(const char *path, struct span bytes)
{
    int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* -1: there is none */
    int err = files_write(path, bytes, 0600);
    if (err == HOP_OK && old >= 0)
        (void)blank(old, 0, SIZE_MAX); /* the new file is there and whole, whatever comes of this */
    if (old >= 0)
        close(old);
    return err;
}

void files_wipe_parts(const char *dir, const char *name)
{
    DIR *list = opendir(dir);
    size_t size = strlen(name);
    char path[PATH_BYTES_MAX];
    const struct dirent *e;
    while (list != NULL && (e = readdir(list)) != NULL) {
        if (strncmp(e->d_name, name, size) != 0 || e->d_name[size] != '.' ||
            strlen(e->d_name) != size + sizeof "XXXXXX" ||
            files_path(path, sizeof path, dir, e->d_name) != HOP_OK)
            continue;
        int err = files_wipe(path);
        (void)err; /* what cannot be removed now is tried again at the next start */
    }
    if (list != NULL)
        (void)closedir(list);
}

int files_write(const char *path, struct span bytes, mode_t mode)
{
    char parent[PATH_BYTES_MAX], temporary[PATH_BYTES_MAX];
    int err = parent_of(parent, path);
    if (err != HOP_OK)
        return err;
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return HOP_EFULL;
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 until fchmod */
    if (fd < 0)
        return files_error(errno);
    err = fill_and_rename(fd, temporary, path, bytes, mode);
    if (err == HOP_OK)
        err = files_sync_dir(parent);
    return err;
}

static int make_one(const char *path, mode_t mode)
{
    struct stat st;
    if (mkdir(path, mode) == 0)
        return HOP_OK;
    int number = errno;
    if (number == EEXIST)
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? HOP_OK : HOP_EEXIST;
    return files_error(number);
}

int files_make_dir(const char *path, mode_t mode)
{
    char part[PATH_BYTES_MAX];
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof part)
        return HOP_EFULL;
    for (size_t i = 1; i < size; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        int err = make_one(part, 0755);
        /* a directory above may be there and yet closed to us: the last mkdir decides */
        if (err != HOP_OK && err != HOP_EREFUSED)
            return err;
    }
    return make_one(path, mode);
}
