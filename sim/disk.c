/* The disk of a virtual device: a store in front of the real one (in memory, or LMDB in a
 * directory) that is full, fails or loses power when told, and that knows whether anything was
 * written since the last commit. The store behind it is the node's own code. */
#include "cell/record.h"
#include "sim/world.h"

#include <stdlib.h>
#include <sys/stat.h>

struct disk {
    struct store store; /* first: a disk is a store */
    struct store *inner;
    char folder[SIM_PATH_BYTES]; /* of LMDB; empty: in memory */
    bool dirty, full;
    int error; /* of the next write or commit */
    uint64_t refused;
};

static struct disk *disk_of(struct store *s)
{
    return (struct disk *)s;
}

/* HOP_OK, or why this write does not happen: then the turn is undone, as store.h promises. */
static int refuse(struct disk *d)
{
    int err = d->error != 0 ? d->error : d->full ? HOP_ENOSPACE : HOP_OK;
    d->error = 0;
    if (err == HOP_OK)
        return HOP_OK;
    d->refused++;
    d->dirty = true;
    store_rollback(d->inner);
    return err;
}

static int disk_append(struct store *s, const uint8_t *log, const struct store_tip *tip,
                       struct span record)
{
    int err = refuse(disk_of(s));
    disk_of(s)->dirty = true;
    return err == HOP_OK ? store_append(disk_of(s)->inner, log, tip, record) : err;
}

static int disk_get(struct store *s, const uint8_t *log, uint64_t seq, struct span *ret)
{
    return store_get(disk_of(s)->inner, log, seq, ret);
}

static int disk_tip(struct store *s, const uint8_t *log, struct store_tip *ret)
{
    return store_tip(disk_of(s)->inner, log, ret);
}

static int disk_next_log(struct store *s, const uint8_t *after, uint8_t *ret_log,
                         struct store_tip *ret_tip)
{
    return store_next_log(disk_of(s)->inner, after, ret_log, ret_tip);
}

static int disk_arrival(struct store *s, uint64_t index, uint8_t *ret_log, uint64_t *ret_seq)
{
    return store_arrival(disk_of(s)->inner, index, ret_log, ret_seq);
}

static int disk_put(struct store *s, enum store_table table, struct span key, struct span value)
{
    int err = refuse(disk_of(s));
    disk_of(s)->dirty = true;
    return err == HOP_OK ? store_put(disk_of(s)->inner, table, key, value) : err;
}

static int disk_find(struct store *s, enum store_table table, struct span key, struct span *ret)
{
    return store_find(disk_of(s)->inner, table, key, ret);
}

static int disk_remove(struct store *s, enum store_table table, struct span key)
{
    int err = refuse(disk_of(s));
    disk_of(s)->dirty = true;
    return err == HOP_OK ? store_remove(disk_of(s)->inner, table, key) : err;
}

static int disk_commit(struct store *s)
{
    struct disk *d = disk_of(s);
    if (!d->dirty)
        return HOP_OK; /* nothing to write: a full disk does not mind */
    int err = refuse(d);
    d->dirty = false;
    return err == HOP_OK ? store_commit(d->inner) : err;
}

static void disk_rollback(struct store *s)
{
    disk_of(s)->dirty = true; /* the owner must hear of it, at its next commit */
    store_rollback(disk_of(s)->inner);
}

static void disk_space(struct store *s, struct store_space *ret)
{
    store_space(disk_of(s)->inner, ret);
    if (disk_of(s)->full)
        ret->left = 0;
}

static void disk_close(struct store *s)
{
    store_close(disk_of(s)->inner);
    free(s);
}

static const struct store_ops disk_ops = {.append = disk_append,
                                          .get = disk_get,
                                          .tip = disk_tip,
                                          .next_log = disk_next_log,
                                          .arrival = disk_arrival,
                                          .put = disk_put,
                                          .find = disk_find,
                                          .remove = disk_remove,
                                          .space = disk_space,
                                          .commit = disk_commit,
                                          .rollback = disk_rollback,
                                          .close = disk_close};

static int open_inner(struct disk *d, uint64_t bytes_max)
{
    enum store_trouble trouble;
    if (d->folder[0] != '\0')
        return store_lmdb_open(&d->inner, d->folder, &trouble);
    d->inner = store_memory_new((size_t)bytes_max);
    return d->inner == NULL ? HOP_ENOMEM : HOP_OK;
}

int sim_disk_open(struct sim_world *w, struct sim_node *n)
{
    struct disk *d = calloc(1, sizeof *d);
    if (d == NULL)
        return HOP_ENOMEM;
    d->store.ops = &disk_ops;
    if (w->setup.lmdb != NULL) {
        (void)snprintf(d->folder, sizeof d->folder, "%s/%u", w->setup.lmdb, (unsigned)n->index);
        (void)mkdir(d->folder, 0700); /* if it is not there, opening says so */
    }
    int err = open_inner(d, n->group->disk);
    if (err != HOP_OK) {
        free(d);
        return err;
    }
    n->store = &d->store;
    return HOP_OK;
}

bool sim_disk_dirty(const struct store *s)
{
    return ((const struct disk *)s)->dirty;
}

void sim_disk_fail(struct store *s, int error)
{
    disk_of(s)->error = error;
}

void sim_disk_full(struct store *s, bool full)
{
    disk_of(s)->full = full;
}

struct store *sim_disk_inner(struct store *s)
{
    return disk_of(s)->inner;
}

uint64_t sim_disk_refused(const struct store *s)
{
    return ((const struct disk *)s)->refused;
}

void sim_disk_swap(struct store *s, struct store *inner)
{
    store_close(disk_of(s)->inner);
    disk_of(s)->inner = inner;
    disk_of(s)->folder[0] = '\0'; /* from now on it is in memory, like the copy */
    disk_of(s)->dirty = false;
}

/* Uncommitted writes are gone, as after a power loss. */
void sim_disk_lose_power(struct store *s)
{
    struct disk *d = disk_of(s);
    d->dirty = false;
    d->error = 0;
    if (d->folder[0] == '\0') {
        store_memory_crash(d->inner);
        return;
    }
    store_close(d->inner);
    d->inner = NULL;
    int err = open_inner(d, 0);
    if (err != HOP_OK) /* an empty one is noticed: what was there is missed */
        d->inner = store_memory_new(0);
}

/* One value of META, if it is there; a copy of it in ret (freed by the caller). */
static int copy_value(struct store *from, struct store *to, struct span key, struct buf *ret)
{
    struct span bytes;
    int err = store_find(from, STORE_META, key, &bytes);
    if (err != HOP_OK)
        return err == HOP_ENOTFOUND ? HOP_OK : err;
    buf_span(ret, bytes);
    return ret->bad ? HOP_ENOMEM : store_put(to, STORE_META, key, buf_written(ret));
}

/* The small facts that device/ and mesh/ keep; among them the forks that were proven. */
static int copy_facts(struct store *from, struct store *to)
{
    static const char *const keys[] = {"session", "device", "waived", "foreign"};
    struct buf forks = {0};
    int err = HOP_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && err == HOP_OK; i++) {
        struct buf value = {0};
        err = copy_value(from, to, span_text(keys[i]), &value);
        buf_free(&value);
    }
    if (err == HOP_OK)
        err = copy_value(from, to, span_text("forks"), &forks);
    for (size_t at = 0; at + 32 <= forks.size && err == HOP_OK; at += 32) {
        uint8_t key[5 + 32] = "fork/";
        struct buf value = {0};
        memcpy(key + 5, forks.data + at, 32);
        err = copy_value(from, to, SPAN(key, sizeof key), &value);
        buf_free(&value);
    }
    buf_free(&forks);
    return err;
}

/* What a copy of the file would hold, documents aside. */
int sim_disk_copy(struct store *from, struct store *to)
{
    uint8_t log[32];
    uint64_t seq;
    struct span bytes;
    int err = HOP_OK;
    for (uint64_t i = 0; err == HOP_OK && store_arrival(from, i, log, &seq) == HOP_OK; i++) {
        struct record r;
        struct store_tip tip = {.seq = seq};
        err = store_get(from, log, seq, &bytes);
        if (err == HOP_OK)
            err = record_parse(&r, bytes);
        if (err != HOP_OK)
            return err;
        record_id(tip.head, r.header, r.text);
        err = store_append(to, log, &tip, bytes);
    }
    if (err == HOP_OK)
        err = copy_facts(from, to);
    return err == HOP_OK ? store_commit(to) : err;
}
