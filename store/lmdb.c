/* The store on disk: one LMDB file, one process, one thread.
 *
 * LMDB is copy-on-write: a commit writes new pages, syncs them, and then one of two meta pages,
 * which names the tree. So a crash leaves the last commit whole. What we add:
 *
 *  - the file is checked before LMDB sees it (lmdb_check.h), and created under another name,
 *    synced, and renamed, since LMDB cannot open a file that was cut before its first sync;
 *  - after a failed commit the environment is opened afresh, for LMDB may refuse to go on with the
 *    old one, and the failed commit's meta page is written over (settle). Otherwise the disk might
 *    still hold it: its pages are free again, the next commit would write over them, and a power
 *    cut in the middle of that would leave a meta page that points into a mixture;
 *  - the map grows between transactions, so that no size has to be chosen.
 *
 * The caller holds the directory's lock, so LMDB's own is off (MDB_NOLOCK). Then nothing keeps a
 * reader's pages from being reused but this: no read transaction is active when a write begins.
 *
 * Limits: a disk that fails while a mapped page is being read kills the process (SIGBUS). */
#include "store/lmdb_check.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/wire.h"

#define FILE_NAME "/records.mdb"
#define TEMP_NAME "/records.mdb.new"

/* The map is at least twice what the file holds and at least this, so one commit may always carry
 * half of it: more than the node gathers in a turn. Address space only; thousands fit. */
#define MAP_BYTES_MIN (SIZE_MAX > UINT32_MAX ? (size_t)256 << 20 : (size_t)64 << 20)

#define FULL_MARGIN_BYTES (64 << 10)

#define RECORD_KEY_BYTES (STORE_LOG_BYTES + 8)
#define TIP_BYTES        (8 + STORE_ID_BYTES)

enum table { RECORDS, TIPS, ARRIVAL, BLOBS, META, TABLES_COUNT };

static const char *const table_names[TABLES_COUNT] = {"records", "tips", "arrival", "blobs",
                                                      "meta"};

struct disk {
    struct store store;
    MDB_env *env;     /* NULL: to be opened at the next use */
    MDB_txn *writing; /* from the first write until commit or rollback */
    MDB_txn *reading;
    bool reading_active;
    MDB_dbi tables[TABLES_COUNT];
    bool unsettled;        /* a commit failed; its meta page must be overwritten before a write */
    size_t txnid;          /* of the last commit that was acknowledged */
    uint64_t arrived;      /* records received, with those not yet committed */
    uint64_t arrived_kept; /* and without */
    size_t map_size, page_size;
    size_t pending; /* bytes written since the last commit, roughly */
    char path[];
};

static struct disk *disk_of(struct store *s)
{
    return (struct disk *)s; /* store is its first member */
}

static int error_of(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return HOP_OK;
    case MDB_NOTFOUND:
        return HOP_ENOTFOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case MDB_MAP_FULL:
        return HOP_ENOSPACE;
    case ENOMEM:
        return HOP_ENOMEM;
    default:
        return HOP_EIO;
    }
}

/* ---- opening and closing the environment ---- */

static void close_env(struct disk *d)
{
    if (d->writing != NULL)
        mdb_txn_abort(d->writing);
    if (d->reading != NULL)
        mdb_txn_abort(d->reading);
    if (d->env != NULL)
        mdb_env_close(d->env);
    d->env = NULL;
    d->writing = d->reading = NULL;
    d->reading_active = false;
    d->arrived = d->arrived_kept;
}

static int open_env(MDB_env **ret, const char *path, size_t map_size)
{
    *ret = NULL;
    MDB_env *env;
    int rc = mdb_env_create(&env);
    if (rc != 0)
        return rc;
    if ((rc = mdb_env_set_maxdbs(env, TABLES_COUNT)) != 0 ||
        (rc = mdb_env_set_mapsize(env, map_size)) != 0 ||
        (rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD,
                           0600)) != 0) {
        mdb_env_close(env);
        return rc;
    }
    int fd;
    if (mdb_env_get_fd(env, &fd) == 0)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* not for the programs we start */
    *ret = env;
    return 0;
}

/* The number of the next record to arrive: one more than the last. */
static int load_arrived(struct disk *d, MDB_txn *txn)
{
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, d->tables[ARRIVAL], &cursor);
    if (rc != 0)
        return rc;
    MDB_val key, value;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    mdb_cursor_close(cursor);
    d->arrived_kept = 0;
    if (rc == 0) {
        struct wire_reader r = wire_reader(key.mv_data, key.mv_size);
        d->arrived_kept = wire_get_u64(&r) + 1;
        rc = wire_end(&r) ? 0 : MDB_CORRUPTED;
    }
    d->arrived = d->arrived_kept;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_tables(struct disk *d)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(d->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return rc;
    for (int i = 0; rc == 0 && i < TABLES_COUNT; i++)
        rc = mdb_dbi_open(txn, table_names[i], 0, &d->tables[i]);
    if (rc == 0)
        rc = load_arrived(d, txn);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn); /* commit, so that the handles last */
}

static int open_disk(struct disk *d)
{
    int rc = open_env(&d->env, d->path, d->map_size);
    if (rc == 0)
        rc = open_tables(d);
    if (rc != 0)
        close_env(d);
    return rc;
}

static size_t last_txnid(const struct disk *d)
{
    MDB_envinfo info;
    return mdb_env_info(d->env, &info) == 0 ? info.me_last_txnid : 0;
}

/* Make the file say, durably, that the last commit was d->txnid and none came after it. */
static int settle(struct disk *d)
{
    int fd = open(d->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_of(errno);
    size_t slot = (d->txnid + 1) & 1, none = d->txnid - 1;
    off_t at = (off_t)(slot * d->page_size + LMDB_TXNID_OFFSET);
    int err = HOP_OK;
    ssize_t n = pwrite(fd, &none, sizeof none, at);
    if (n != (ssize_t)sizeof none)
        err = n < 0 ? error_of(errno) : HOP_EIO;
    else if (fdatasync(fd) != 0)
        err = error_of(errno);
    (void)close(fd);
    d->unsettled = err != HOP_OK;
    return err;
}

/* An environment to work with, showing the last acknowledged commit and nothing after it. */
static int ready(struct disk *d)
{
    if (d->env != NULL)
        return HOP_OK;
    if (d->unsettled)
        (void)settle(d); /* reading may go on without, as long as the file shows the right commit */
    int rc = open_disk(d);
    if (rc != 0)
        return error_of(rc) == HOP_ENOTFOUND ? HOP_EIO : error_of(rc);
    if (last_txnid(d) == d->txnid)
        return HOP_OK;
    close_env(d);
    return HOP_EIO;
}

/* ---- transactions ---- */

static void stop_reading(struct disk *d)
{
    if (d->reading_active)
        mdb_txn_reset(d->reading);
    d->reading_active = false;
}

static int begin_reading(struct disk *d, MDB_txn **ret)
{
    if (d->writing != NULL) {
        *ret = d->writing;
        return HOP_OK;
    }
    int err = ready(d);
    if (err != HOP_OK)
        return err;
    if (!d->reading_active) {
        int rc = d->reading == NULL ? mdb_txn_begin(d->env, NULL, MDB_RDONLY, &d->reading)
                                    : mdb_txn_renew(d->reading);
        if (rc != 0)
            return HOP_EIO;
        d->reading_active = true;
    }
    *ret = d->reading;
    return HOP_OK;
}

/* Without address space for more we go on with what there is, until it is full. */
static int grow_map(struct disk *d)
{
    MDB_envinfo info;
    if (mdb_env_info(d->env, &info) != 0)
        return HOP_EIO;
    size_t used = (info.me_last_pgno + 1) * d->page_size;
    if (used <= d->map_size / 2 || d->map_size > SIZE_MAX / 4)
        return HOP_OK;
    size_t map_size = d->map_size;
    while (map_size / 2 < used && map_size <= SIZE_MAX / 4)
        map_size *= 2;
    if (mdb_env_set_mapsize(d->env, map_size) != 0) {
        close_env(d); /* LMDB has given up the old map before it tried the new one */
        return ready(d);
    }
    d->map_size = map_size;
    return HOP_OK;
}

static int begin_writing(struct disk *d)
{
    if (d->writing != NULL)
        return HOP_OK;
    int err = ready(d);
    if (err == HOP_OK && d->unsettled)
        err = settle(d);
    if (err != HOP_OK)
        return err;
    stop_reading(d);
    err = grow_map(d);
    if (err != HOP_OK)
        return err;
    d->pending = 0;
    int rc = mdb_txn_begin(d->env, NULL, 0, &d->writing);
    if (rc == 0)
        return HOP_OK;
    d->writing = NULL;
    close_env(d);
    return error_of(rc);
}

static void lmdb_rollback(struct store *s)
{
    struct disk *d = disk_of(s);
    if (d->writing != NULL)
        mdb_txn_abort(d->writing);
    d->writing = NULL;
    d->arrived = d->arrived_kept;
}

/* LMDB calls a write that stopped half way EIO, but it is most often the disk running full. Ask
 * the disk itself; whether it counts blocks or a quota, this is the answer. */
static bool disk_is_full(const struct disk *d)
{
    int fd = open(d->path, O_RDWR | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return false;
    int rc = EIO;
    if (fstat(fd, &st) == 0) {
        rc = posix_fallocate(fd, st.st_size, (off_t)d->pending + FULL_MARGIN_BYTES);
        if (ftruncate(fd, st.st_size) != 0)
            rc = EIO;
    }
    (void)close(fd);
    return error_of(rc) == HOP_ENOSPACE;
}

/* What a write that failed leaves behind: nothing since the last commit. */
static int fail(struct disk *d, int rc)
{
    lmdb_rollback(&d->store);
    if (rc == EIO && disk_is_full(d))
        return HOP_ENOSPACE;
    return error_of(rc) == HOP_ENOSPACE ? HOP_ENOSPACE : HOP_EIO;
}

static int lmdb_commit(struct store *s)
{
    struct disk *d = disk_of(s);
    if (d->writing == NULL)
        return HOP_OK;
    size_t id = mdb_txn_id(d->writing);
    int rc = mdb_txn_commit(d->writing);
    d->writing = NULL;
    if (rc == 0) {
        d->txnid = id;
        d->arrived_kept = d->arrived;
        return HOP_OK;
    }
    int err = fail(d, rc);
    close_env(d);
    d->unsettled = true;
    return err;
}

static void lmdb_close(struct store *s)
{
    struct disk *d = disk_of(s);
    close_env(d);
    if (d->unsettled)
        (void)settle(d);
    free(d);
}

/* ---- writes ---- */

/* LMDB's values are not const, but it does not write to what we hand it. */
static MDB_val val_of(const void *bytes, size_t size)
{
    MDB_val v = {.mv_size = size};
    memcpy(&v.mv_data, &bytes, sizeof bytes);
    return v;
}

static int put(struct disk *d, enum table table, MDB_val key, MDB_val value, unsigned flags)
{
    d->pending += key.mv_size + value.mv_size;
    return mdb_put(d->writing, d->tables[table], &key, &value, flags);
}

static void record_key(uint8_t ret[static RECORD_KEY_BYTES], const uint8_t *log, uint64_t seq)
{
    struct wire_writer w = wire_writer(ret, RECORD_KEY_BYTES);
    wire_put_bytes(&w, log, STORE_LOG_BYTES);
    wire_put_u64(&w, seq);
}

static int read_tip(struct store_tip *ret, MDB_val value)
{
    struct wire_reader r = wire_reader(value.mv_data, value.mv_size);
    ret->seq = wire_get_u64(&r);
    wire_get_into(&r, ret->head, STORE_ID_BYTES);
    return wire_end(&r) ? HOP_OK : HOP_EIO;
}

static int lmdb_tip(struct store *s, const uint8_t *log, struct store_tip *ret)
{
    struct disk *d = disk_of(s);
    MDB_txn *txn;
    int err = begin_reading(d, &txn);
    if (err != HOP_OK)
        return err;
    MDB_val key = val_of(log, STORE_LOG_BYTES), value;
    int rc = mdb_get(txn, d->tables[TIPS], &key, &value);
    return rc == 0 ? read_tip(ret, value) : error_of(rc);
}

static int append(struct disk *d, const uint8_t *log, const struct store_tip *tip,
                  struct span record)
{
    uint8_t key[RECORD_KEY_BYTES], index[8], value[TIP_BYTES];
    record_key(key, log, tip->seq);
    int rc =
        put(d, RECORDS, val_of(key, sizeof key), val_of(record.data, record.size), MDB_NOOVERWRITE);
    if (rc != 0)
        return rc;

    struct wire_writer w = wire_writer(index, sizeof index);
    wire_put_u64(&w, d->arrived);
    rc = put(d, ARRIVAL, val_of(index, sizeof index), val_of(key, sizeof key), MDB_APPEND);
    if (rc != 0)
        return rc;
    d->arrived++;

    w = wire_writer(value, sizeof value);
    wire_put_u64(&w, tip->seq);
    wire_put_bytes(&w, tip->head, STORE_ID_BYTES);
    return put(d, TIPS, val_of(log, STORE_LOG_BYTES), val_of(value, sizeof value), 0);
}

static int lmdb_append(struct store *s, const uint8_t *log, const struct store_tip *tip,
                       struct span record)
{
    assert(record.size <= STORE_VALUE_BYTES_MAX);
    struct disk *d = disk_of(s);
    int err = begin_writing(d);
    if (err != HOP_OK)
        return err;
    struct store_tip before = {0};
    err = lmdb_tip(s, log, &before);
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return fail(d, EIO);
    assert(tip->seq == before.seq + 1);
    int rc = append(d, log, tip, record);
    return rc == 0 ? HOP_OK : fail(d, rc);
}

static enum table table_of(enum store_table table)
{
    return table == STORE_BLOBS ? BLOBS : META;
}

static int lmdb_put(struct store *s, enum store_table table, struct span key, struct span value)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX && value.size <= STORE_VALUE_BYTES_MAX);
    struct disk *d = disk_of(s);
    int err = begin_writing(d);
    if (err != HOP_OK)
        return err;
    int rc = put(d, table_of(table), val_of(key.data, key.size), val_of(value.data, value.size), 0);
    return rc == 0 ? HOP_OK : fail(d, rc);
}

static int lmdb_remove(struct store *s, enum store_table table, struct span key)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX);
    struct disk *d = disk_of(s);
    int err = begin_writing(d);
    if (err != HOP_OK)
        return err;
    MDB_val k = val_of(key.data, key.size);
    int rc = mdb_del(d->writing, d->tables[table_of(table)], &k, NULL);
    if (rc == MDB_NOTFOUND)
        return HOP_ENOTFOUND;
    return rc == 0 ? HOP_OK : fail(d, rc);
}

/* ---- reads ---- */

static int get(struct disk *d, enum table table, MDB_val key, struct span *ret)
{
    MDB_txn *txn;
    int err = begin_reading(d, &txn);
    if (err != HOP_OK)
        return err;
    MDB_val value;
    int rc = mdb_get(txn, d->tables[table], &key, &value);
    if (rc == 0)
        *ret = SPAN(value.mv_data, value.mv_size);
    return error_of(rc);
}

static int lmdb_get(struct store *s, const uint8_t *log, uint64_t seq, struct span *ret)
{
    uint8_t key[RECORD_KEY_BYTES];
    record_key(key, log, seq);
    return get(disk_of(s), RECORDS, val_of(key, sizeof key), ret);
}

static int lmdb_find(struct store *s, enum store_table table, struct span key, struct span *ret)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX);
    return get(disk_of(s), table_of(table), val_of(key.data, key.size), ret);
}

static int lmdb_next_log(struct store *s, const uint8_t *after, uint8_t *ret_log,
                         struct store_tip *ret_tip)
{
    struct disk *d = disk_of(s);
    MDB_txn *txn;
    int err = begin_reading(d, &txn);
    if (err != HOP_OK)
        return err;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, d->tables[TIPS], &cursor);
    if (rc != 0)
        return HOP_EIO;
    MDB_val key = {0}, value;
    if (after == NULL) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    } else {
        key = val_of(after, STORE_LOG_BYTES);
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (rc == 0 && key.mv_size == STORE_LOG_BYTES &&
            memcmp(key.mv_data, after, STORE_LOG_BYTES) == 0)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (rc != 0)
        return error_of(rc);
    if (key.mv_size != STORE_LOG_BYTES)
        return HOP_EIO;
    memcpy(ret_log, key.mv_data, STORE_LOG_BYTES);
    return read_tip(ret_tip, value);
}

static int lmdb_arrival(struct store *s, uint64_t index, uint8_t *ret_log, uint64_t *ret_seq)
{
    uint8_t key[8];
    struct wire_writer w = wire_writer(key, sizeof key);
    wire_put_u64(&w, index);
    struct span value;
    int err = get(disk_of(s), ARRIVAL, val_of(key, sizeof key), &value);
    if (err != HOP_OK)
        return err;
    struct wire_reader r = wire_reader(value.data, value.size);
    wire_get_into(&r, ret_log, STORE_LOG_BYTES);
    *ret_seq = wire_get_u64(&r);
    return wire_end(&r) ? HOP_OK : HOP_EIO;
}

/* ---- space ---- */

/* Tables that LMDB keeps itself: what is free, and the names of ours. */
#define FREE_TABLE 0
#define MAIN_TABLE 1

/* Pages that trees take, those of this transaction counted. */
static int pages_used(const struct disk *d, MDB_txn *txn, uint64_t *ret)
{
    MDB_dbi all[TABLES_COUNT + 2] = {FREE_TABLE, MAIN_TABLE};
    memcpy(all + 2, d->tables, sizeof d->tables);
    *ret = 2; /* the headers */
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        MDB_stat stat;
        if (mdb_stat(txn, all[i], &stat) != 0)
            return HOP_EIO;
        *ret += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    }
    return HOP_OK;
}

/* What the disk has, and the pages of the file that are in no tree: those will be used again. What
 * was written since the last commit lies in trees already, and not yet on the disk. */
static void lmdb_space(struct store *s, struct store_space *ret)
{
    struct disk *d = disk_of(s);
    struct statvfs disk;
    MDB_envinfo info;
    MDB_txn *txn;
    uint64_t used;
    *ret = (struct store_space){0};
    if (begin_reading(d, &txn) != HOP_OK || pages_used(d, txn, &used) != HOP_OK ||
        mdb_env_info(d->env, &info) != 0 || statvfs(d->path, &disk) != 0)
        return;
    uint64_t here = ((uint64_t)info.me_last_pgno + 1) * d->page_size;
    ret->total = (uint64_t)disk.f_blocks * disk.f_frsize;
    ret->left = (uint64_t)disk.f_bavail * disk.f_frsize + here;
    used *= d->page_size;
    ret->left = ret->left > used ? ret->left - used : 0;
}

static const struct store_ops lmdb_ops = {
    .append = lmdb_append,
    .get = lmdb_get,
    .tip = lmdb_tip,
    .next_log = lmdb_next_log,
    .arrival = lmdb_arrival,
    .put = lmdb_put,
    .find = lmdb_find,
    .remove = lmdb_remove,
    .space = lmdb_space,
    .commit = lmdb_commit,
    .rollback = lmdb_rollback,
    .close = lmdb_close,
};

void store_lmdb_trim(struct store *s)
{
    struct disk *d = disk_of(s);
    assert(s->ops == &lmdb_ops);
    if (d->writing == NULL)
        close_env(d);
}

/* ---- opening a store ---- */

static enum store_trouble trouble_of(int rc)
{
    switch (rc) {
    case ENOENT:
    case ENOTDIR:
        return STORE_MISSING;
    case EACCES:
    case EPERM:
    case EROFS:
        return STORE_FORBIDDEN;
    case EISDIR:
    case ENXIO:
        return STORE_FOREIGN;
    case MDB_NOTFOUND:
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_INCOMPATIBLE:
    case MDB_VERSION_MISMATCH:
        return STORE_DAMAGED;
    default:
        return error_of(rc) == HOP_ENOSPACE ? STORE_DISK_FULL : STORE_DISK_ERROR;
    }
}

static int error_of_trouble(enum store_trouble trouble)
{
    switch (trouble) {
    case STORE_FINE:
        return HOP_OK;
    case STORE_MISSING:
        return HOP_ENOTFOUND;
    case STORE_FORBIDDEN:
        return HOP_EREFUSED;
    case STORE_FOREIGN:
    case STORE_DAMAGED:
        return HOP_EMALFORMED;
    case STORE_NEWER:
        return HOP_EVERSION;
    case STORE_DISK_FULL:
        return HOP_ENOSPACE;
    case STORE_DISK_ERROR:
        break;
    }
    return HOP_EIO;
}

static int write_format(MDB_env *env)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    uint8_t mark[LMDB_MARK_BYTES];
    struct wire_writer w = wire_writer(mark, sizeof mark);
    wire_put_bytes(&w, (const uint8_t *)LMDB_MARK_TEXT, sizeof LMDB_MARK_TEXT - 1);
    wire_put_u32(&w, LMDB_STORE_VERSION);
    MDB_val key = val_of(LMDB_MARK_KEY, sizeof LMDB_MARK_KEY - 1),
            value = val_of(mark, sizeof mark);
    MDB_dbi dbi;
    rc = mdb_dbi_open(txn, NULL, 0, &dbi);
    if (rc == 0)
        rc = mdb_put(txn, dbi, &key, &value, 0);
    for (int i = 0; rc == 0 && i < TABLES_COUNT; i++)
        rc = mdb_dbi_open(txn, table_names[i], MDB_CREATE, &dbi);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

/* sync_path(): 0 or errno. Works for files and directories. */
static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int rc = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return rc;
}

static int write_new_file(const char *temp)
{
    if (unlink(temp) != 0 && errno != ENOENT)
        return errno;
    int fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    (void)close(fd);
    MDB_env *env;
    int rc = open_env(&env, temp, MAP_BYTES_MIN);
    if (rc == 0) {
        rc = write_format(env);
        mdb_env_close(env);
    }
    return rc == 0 ? sync_path(temp) : rc;
}

static int create(const char *dir, const char *path)
{
    size_t size = strlen(dir) + sizeof TEMP_NAME;
    char *temp = malloc(size);
    if (temp == NULL)
        return ENOMEM;
    (void)snprintf(temp, size, "%s%s", dir, TEMP_NAME);
    int rc = write_new_file(temp);
    if (rc == 0 && rename(temp, path) != 0)
        rc = errno;
    if (rc == 0)
        rc = sync_path(dir);
    else if (rc != ENOENT && rc != ENOTDIR)
        (void)unlink(temp);
    free(temp);
    return rc;
}

static enum store_trouble check_open_file(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return trouble_of(errno);
    if (!S_ISREG(st.st_mode))
        return STORE_FOREIGN;
    if (st.st_size == 0)
        return lmdb_check(SPAN(NULL, 0));
    size_t size = (size_t)st.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return STORE_DISK_ERROR;
    enum store_trouble trouble = lmdb_check(SPAN(bytes, size));
    (void)munmap(bytes, size);
    return trouble;
}

static enum store_trouble check_or_create(const char *dir, const char *path)
{
    /* O_NONBLOCK: a pipe of that name must not make us wait */
    int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        int rc = create(dir, path);
        return rc == 0 ? STORE_FINE : trouble_of(rc);
    }
    if (fd < 0)
        return trouble_of(errno);
    enum store_trouble trouble = check_open_file(fd);
    (void)close(fd);
    return trouble;
}

static enum store_trouble open_checked(struct disk *d)
{
    int rc = open_disk(d);
    if (rc != 0)
        return trouble_of(rc);
    MDB_stat stat;
    rc = mdb_env_stat(d->env, &stat);
    if (rc != 0)
        return trouble_of(rc);
    d->page_size = stat.ms_psize;
    d->txnid = last_txnid(d);
    return STORE_FINE;
}

int store_lmdb_open(struct store **ret, const char *dir, enum store_trouble *ret_trouble)
{
    *ret = NULL;
    *ret_trouble = STORE_DISK_ERROR;
    size_t size = strlen(dir) + sizeof FILE_NAME;
    struct disk *d = calloc(1, sizeof *d + size);
    if (d == NULL)
        return HOP_ENOMEM;
    (void)snprintf(d->path, size, "%s%s", dir, FILE_NAME);
    d->store.ops = &lmdb_ops;
    d->map_size = MAP_BYTES_MIN;
    *ret_trouble = check_or_create(dir, d->path);
    if (*ret_trouble == STORE_FINE)
        *ret_trouble = open_checked(d);
    if (*ret_trouble != STORE_FINE) {
        lmdb_close(&d->store);
        return error_of_trouble(*ret_trouble);
    }
    *ret = &d->store;
    return HOP_OK;
}
