/* fuzz: store crypto base */
/* Any bytes as the file of a store: opening it must refuse or succeed, and then reading must not
 * crash, whatever LMDB makes of its pages. Writing into a file forged to look whole can still kill
 * LMDB (docs/storage.md): a store file is never taken from a stick or a peer. */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char dir[64], file[96];

static void clean_up(void)
{
    (void)unlink(file);
    (void)rmdir(dir);
}

static void make_place(void)
{
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(dir, sizeof dir, "%s/hop-fuzz-XXXXXX", root);
    if (mkdtemp(dir) == NULL)
        abort();
    (void)snprintf(file, sizeof file, "%s/records.mdb", dir);
    (void)atexit(clean_up);
}

static void use(struct store *s)
{
    struct span value;
    struct store_tip tip;
    uint8_t log[STORE_LOG_BYTES];
    uint64_t seq;
    unsigned found = 0;
    for (int err = store_next_log(s, NULL, log, &tip); err == HOP_OK && found < 100; found++) {
        if (store_get(s, log, tip.seq, &value) == HOP_OK && value.size > 0)
            found += value.data[value.size - 1] == 0xee; /* so that the last byte is read */
        err = store_next_log(s, log, log, &tip);
    }
    for (uint64_t i = 0; i < 100 && store_arrival(s, i, log, &seq) == HOP_OK; i++)
        found += store_get(s, log, seq, &value) == HOP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (dir[0] == '\0')
        make_place();
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    (void)close(fd);
    struct store *s;
    enum store_trouble trouble;
    int err = store_lmdb_open(&s, dir, &trouble);
    if ((err == HOP_OK) != (trouble == STORE_FINE))
        abort();
    if (err == HOP_OK)
        use(s);
    store_close(s);
    return 0;
}
