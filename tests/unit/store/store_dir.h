/* A directory for one test's store, in memory where there is such a place: the tests commit
 * thousands of times, and what a disk does is modelled by the power test. */
#ifndef HOP_TESTS_UNIT_STORE_STORE_DIR_H
#define HOP_TESTS_UNIT_STORE_STORE_DIR_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"

struct store_dir {
    char path[64], file[96], temp[96];
};

static inline void store_dir_make(struct store_dir *d)
{
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(d->path, sizeof d->path, "%s/hop-store-XXXXXX", root);
    CHECK(mkdtemp(d->path) != NULL);
    (void)snprintf(d->file, sizeof d->file, "%s/records.mdb", d->path);
    (void)snprintf(d->temp, sizeof d->temp, "%s/records.mdb.new", d->path);
}

static inline void store_dir_remove(const struct store_dir *d)
{
    (void)unlink(d->file);
    (void)unlink(d->temp);
    (void)rmdir(d->file); /* some tests make it a directory */
    CHECK_EQ(rmdir(d->path), 0);
}

#endif
