/* The store in memory: for simulators and tests, thousands at a time.
 *
 * Writes are applied at once; what the last commit had is remembered beside it (how far each log
 * reached, how many records had arrived, the values that were replaced), so a commit forgets and a
 * rollback restores. Both cost what was written since, not what is stored. An empty store takes a
 * few hundred bytes; nothing is allocated before it is needed.
 *
 * Limits: does not model torn writes or a disk that lies; store/lmdb.c is tested for those with the
 * real thing (tests/unit/store/lmdb_power_test.c). */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

struct value {
    uint32_t size;
    uint8_t bytes[];
};

struct log {
    uint8_t id[STORE_LOG_BYTES];
    struct store_tip tip, kept; /* kept: at the last commit */
    bool touched;               /* tip differs from kept, and the log is on the touched list */
    struct log *next_touched;
    struct value **records; /* tip.seq of them */
    size_t capacity;
};

struct entry {
    struct entry *next; /* in its bucket */
    uint8_t key[STORE_KEY_BYTES_MAX];
    uint8_t key_size;
    bool touched;
    struct entry *next_touched;
    struct value *value; /* NULL: removed since the last commit */
    struct value *kept;  /* at the last commit, if touched; NULL: there was none */
};

struct table {
    struct entry **buckets;
    size_t buckets_count, count; /* buckets: a power of two, or none */
};

struct arrival {
    struct log *log;
    uint64_t seq;
};

struct memory {
    struct store store;
    struct log **logs; /* ascending by id */
    size_t logs_count, logs_capacity;
    struct arrival *arrivals;
    size_t arrivals_count, arrivals_kept, arrivals_capacity;
    struct table tables[STORE_TABLES_COUNT];
    struct log *touched_logs;
    struct entry *touched_entries[STORE_TABLES_COUNT];
    size_t bytes, bytes_max; /* of keys, records and values; kept ones of replaced values not */
    struct store_faults faults;
};

static struct memory *memory_of(struct store *s)
{
    return (struct memory *)s; /* store is its first member */
}

/* Room for one more in an array of pointers or small structs. */
static bool reserve(void **array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 4 : *capacity * 2;
    void *grown = realloc(*array, wanted * element_size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static struct value *value_new(struct span s)
{
    assert(s.size <= STORE_VALUE_BYTES_MAX);
    struct value *v = malloc(sizeof *v + s.size);
    if (v == NULL)
        return NULL;
    v->size = (uint32_t)s.size;
    if (s.size > 0)
        memcpy(v->bytes, s.data, s.size);
    return v;
}

/* ---- logs ---- */

/* Where the log is, or would be, in the order of ids. */
static size_t log_position(const struct memory *m, const uint8_t *id, bool *ret_found)
{
    size_t low = 0, high = m->logs_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(m->logs[middle]->id, id, STORE_LOG_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < m->logs_count && memcmp(m->logs[low]->id, id, STORE_LOG_BYTES) == 0;
    return low;
}

static struct log *log_find(const struct memory *m, const uint8_t *id)
{
    bool found;
    size_t at = log_position(m, id, &found);
    return found ? m->logs[at] : NULL;
}

static struct log *log_find_or_add(struct memory *m, const uint8_t *id)
{
    bool found;
    size_t at = log_position(m, id, &found);
    if (found)
        return m->logs[at];
    void *logs = m->logs;
    bool room = reserve(&logs, m->logs_count, &m->logs_capacity, sizeof(struct log *));
    m->logs = logs;
    struct log *l = room ? calloc(1, sizeof *l) : NULL;
    if (l == NULL)
        return NULL;
    memcpy(l->id, id, STORE_LOG_BYTES);
    memmove(m->logs + at + 1, m->logs + at, (m->logs_count - at) * sizeof(struct log *));
    m->logs[at] = l;
    m->logs_count++;
    return l;
}

static void log_free(struct log *l)
{
    for (uint64_t i = 0; i < l->tip.seq; i++)
        free(l->records[i]);
    free(l->records);
    free(l);
}

/* Back to what the last commit had. A log that had nothing goes. */
static void log_restore(struct memory *m, struct log *l)
{
    while (l->tip.seq > l->kept.seq) {
        struct value *v = l->records[--l->tip.seq];
        m->bytes -= STORE_LOG_BYTES + v->size;
        free(v);
    }
    l->tip = l->kept;
    l->touched = false;
    if (l->tip.seq > 0)
        return;
    bool found;
    size_t at = log_position(m, l->id, &found);
    assert(found);
    m->logs_count--;
    memmove(m->logs + at, m->logs + at + 1, (m->logs_count - at) * sizeof(struct log *));
    log_free(l);
}

/* ---- tables ---- */

/* FNV-1a (Fowler, Noll, Vo). Keys are names of our own choosing or hashes. */
static uint64_t hash_of(struct span key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.size; i++)
        h = (h ^ key.data[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

static struct span key_of(const struct entry *e)
{
    return SPAN(e->key, e->key_size);
}

static struct entry **bucket_of(const struct table *t, struct span key)
{
    return &t->buckets[hash_of(key) & (t->buckets_count - 1)];
}

static struct entry *entry_find(const struct table *t, struct span key)
{
    if (t->buckets_count == 0)
        return NULL;
    struct entry *e = *bucket_of(t, key);
    while (e != NULL && !span_equal(key_of(e), key))
        e = e->next;
    return e;
}

static bool table_grow(struct table *t)
{
    struct table grown = {.buckets_count = t->buckets_count == 0 ? 4 : t->buckets_count * 2,
                          .count = t->count};
    grown.buckets = calloc(grown.buckets_count, sizeof(struct entry *));
    if (grown.buckets == NULL)
        return false;
    for (size_t i = 0; i < t->buckets_count; i++) {
        struct entry *next;
        for (struct entry *e = t->buckets[i]; e != NULL; e = next) {
            next = e->next;
            struct entry **bucket = bucket_of(&grown, key_of(e));
            e->next = *bucket;
            *bucket = e;
        }
    }
    free(t->buckets);
    *t = grown;
    return true;
}

static struct entry *entry_add(struct table *t, struct span key)
{
    if (t->count >= t->buckets_count && !table_grow(t))
        return NULL;
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    memcpy(e->key, key.data, key.size);
    e->key_size = (uint8_t)key.size;
    struct entry **bucket = bucket_of(t, key);
    e->next = *bucket;
    *bucket = e;
    t->count++;
    return e;
}

static void entry_remove(struct table *t, struct entry *e)
{
    struct entry **at = bucket_of(t, key_of(e));
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    t->count--;
    free(e);
}

static size_t entry_bytes(const struct entry *e, const struct value *v)
{
    return v == NULL ? 0 : e->key_size + (size_t)v->size;
}

static void entry_restore(struct memory *m, struct table *t, struct entry *e)
{
    m->bytes -= entry_bytes(e, e->value);
    m->bytes += entry_bytes(e, e->kept);
    free(e->value);
    e->value = e->kept;
    e->kept = NULL;
    e->touched = false;
    if (e->value == NULL)
        entry_remove(t, e);
}

/* ---- commit and rollback ---- */

static void memory_rollback(struct store *s)
{
    struct memory *m = memory_of(s);
    struct log *next_log;
    for (struct log *l = m->touched_logs; l != NULL; l = next_log) {
        next_log = l->next_touched;
        log_restore(m, l);
    }
    m->touched_logs = NULL;
    for (size_t i = 0; i < STORE_TABLES_COUNT; i++) {
        struct entry *next;
        for (struct entry *e = m->touched_entries[i]; e != NULL; e = next) {
            next = e->next_touched;
            entry_restore(m, &m->tables[i], e);
        }
        m->touched_entries[i] = NULL;
    }
    m->arrivals_count = m->arrivals_kept;
}

static int fail(struct memory *m, int error)
{
    memory_rollback(&m->store);
    return error;
}

/* True when the countdown says that this one fails. */
static bool falls_now(unsigned long *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

static int fault_error(const struct memory *m)
{
    return m->faults.error != HOP_OK ? m->faults.error : HOP_EIO;
}

static int memory_commit(struct store *s)
{
    struct memory *m = memory_of(s);
    if (falls_now(&m->faults.commit_countdown))
        return fail(m, fault_error(m));
    for (struct log *l = m->touched_logs; l != NULL; l = l->next_touched) {
        l->kept = l->tip;
        l->touched = false;
    }
    m->touched_logs = NULL;
    for (size_t i = 0; i < STORE_TABLES_COUNT; i++) {
        struct entry *next;
        for (struct entry *e = m->touched_entries[i]; e != NULL; e = next) {
            next = e->next_touched;
            free(e->kept);
            e->kept = NULL;
            e->touched = false;
            if (e->value == NULL)
                entry_remove(&m->tables[i], e);
        }
        m->touched_entries[i] = NULL;
    }
    m->arrivals_kept = m->arrivals_count;
    return HOP_OK;
}

/* ---- writes ---- */

/* HOP_OK if a write of this many more bytes may go ahead. */
static int admit(struct memory *m, size_t more)
{
    if (falls_now(&m->faults.write_countdown))
        return fault_error(m);
    if (m->bytes_max != 0 && (m->bytes > m->bytes_max || more > m->bytes_max - m->bytes))
        return HOP_ENOSPACE;
    return HOP_OK;
}

/* From here on a rollback takes the log back to where it is now. */
static void log_touch(struct memory *m, struct log *l)
{
    if (l->touched)
        return;
    l->touched = true;
    l->next_touched = m->touched_logs;
    m->touched_logs = l;
}

static int memory_append(struct store *s, const uint8_t *log, const struct store_tip *tip,
                         struct span record)
{
    struct memory *m = memory_of(s);
    int err = admit(m, STORE_LOG_BYTES + record.size);
    if (err != HOP_OK)
        return fail(m, err);
    struct log *l = log_find_or_add(m, log);
    if (l == NULL)
        return fail(m, HOP_ENOSPACE); /* memory is our disk */
    log_touch(m, l);
    assert(tip->seq == l->tip.seq + 1);

    void *records = l->records, *arrivals = m->arrivals;
    bool room = reserve(&records, (size_t)l->tip.seq, &l->capacity, sizeof(struct value *)) &&
                reserve(&arrivals, m->arrivals_count, &m->arrivals_capacity, sizeof *m->arrivals);
    l->records = records;
    m->arrivals = arrivals;
    struct value *v = room ? value_new(record) : NULL;
    if (v == NULL)
        return fail(m, HOP_ENOSPACE);
    l->records[l->tip.seq] = v;
    l->tip = *tip;
    m->arrivals[m->arrivals_count++] = (struct arrival){.log = l, .seq = tip->seq};
    m->bytes += STORE_LOG_BYTES + record.size;
    return HOP_OK;
}

/* Another value, or none; the one of the last commit is kept for a rollback. */
static void entry_replace(struct memory *m, enum store_table table, struct entry *e,
                          struct value *v)
{
    if (e->touched) {
        free(e->value);
    } else {
        e->touched = true;
        e->kept = e->value;
        e->next_touched = m->touched_entries[table];
        m->touched_entries[table] = e;
    }
    e->value = v;
}

static int memory_put(struct store *s, enum store_table table, struct span key, struct span value)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX);
    struct memory *m = memory_of(s);
    struct table *t = &m->tables[table];
    struct entry *e = entry_find(t, key);
    size_t old = e != NULL ? entry_bytes(e, e->value) : 0, new = key.size + value.size;
    int err = admit(m, new > old ? new - old : 0);
    if (err != HOP_OK)
        return fail(m, err);
    struct value *v = value_new(value);
    if (v != NULL && e == NULL)
        e = entry_add(t, key);
    if (v == NULL || e == NULL) {
        free(v);
        return fail(m, HOP_ENOSPACE);
    }
    entry_replace(m, table, e, v);
    m->bytes = m->bytes - old + new;
    return HOP_OK;
}

static int memory_remove(struct store *s, enum store_table table, struct span key)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX);
    struct memory *m = memory_of(s);
    struct entry *e = entry_find(&m->tables[table], key);
    if (e == NULL || e->value == NULL)
        return HOP_ENOTFOUND;
    int err = admit(m, 0);
    if (err != HOP_OK)
        return fail(m, err);
    m->bytes -= entry_bytes(e, e->value);
    entry_replace(m, table, e, NULL);
    return HOP_OK;
}

/* ---- reads ---- */

static int memory_get(struct store *s, const uint8_t *log, uint64_t seq, struct span *ret)
{
    const struct log *l = log_find(memory_of(s), log);
    if (l == NULL || seq == 0 || seq > l->tip.seq)
        return HOP_ENOTFOUND;
    *ret = SPAN(l->records[seq - 1]->bytes, l->records[seq - 1]->size);
    return HOP_OK;
}

static int memory_tip(struct store *s, const uint8_t *log, struct store_tip *ret)
{
    const struct log *l = log_find(memory_of(s), log);
    if (l == NULL)
        return HOP_ENOTFOUND;
    *ret = l->tip;
    return HOP_OK;
}

static int memory_next_log(struct store *s, const uint8_t *after, uint8_t *ret_log,
                           struct store_tip *ret_tip)
{
    const struct memory *m = memory_of(s);
    size_t at = 0;
    if (after != NULL) {
        bool found;
        at = log_position(m, after, &found);
        at += found;
    }
    if (at >= m->logs_count)
        return HOP_ENOTFOUND;
    memcpy(ret_log, m->logs[at]->id, STORE_LOG_BYTES);
    *ret_tip = m->logs[at]->tip;
    return HOP_OK;
}

static int memory_arrival(struct store *s, uint64_t index, uint8_t *ret_log, uint64_t *ret_seq)
{
    const struct memory *m = memory_of(s);
    if (index >= m->arrivals_count)
        return HOP_ENOTFOUND;
    memcpy(ret_log, m->arrivals[index].log->id, STORE_LOG_BYTES);
    *ret_seq = m->arrivals[index].seq;
    return HOP_OK;
}

static int memory_find(struct store *s, enum store_table table, struct span key, struct span *ret)
{
    assert(key.size > 0 && key.size <= STORE_KEY_BYTES_MAX);
    const struct entry *e = entry_find(&memory_of(s)->tables[table], key);
    if (e == NULL || e->value == NULL)
        return HOP_ENOTFOUND;
    *ret = SPAN(e->value->bytes, e->value->size);
    return HOP_OK;
}

static void memory_space(struct store *s, struct store_space *ret)
{
    const struct memory *m = memory_of(s);
    *ret = (struct store_space){.left = STORE_SPACE_ANY, .total = m->bytes_max};
    if (m->bytes_max != 0)
        ret->left = m->bytes < m->bytes_max ? m->bytes_max - m->bytes : 0;
}

/* ---- beginning and end ---- */

static void memory_close(struct store *s)
{
    struct memory *m = memory_of(s);
    memory_rollback(s);
    for (size_t i = 0; i < m->logs_count; i++)
        log_free(m->logs[i]);
    for (size_t i = 0; i < STORE_TABLES_COUNT; i++) {
        for (size_t b = 0; b < m->tables[i].buckets_count; b++) {
            struct entry *next;
            for (struct entry *e = m->tables[i].buckets[b]; e != NULL; e = next) {
                next = e->next;
                free(e->value);
                free(e);
            }
        }
        free(m->tables[i].buckets);
    }
    free(m->logs);
    free(m->arrivals);
    free(m);
}

static const struct store_ops memory_ops = {
    .append = memory_append,
    .get = memory_get,
    .tip = memory_tip,
    .next_log = memory_next_log,
    .arrival = memory_arrival,
    .put = memory_put,
    .find = memory_find,
    .remove = memory_remove,
    .space = memory_space,
    .commit = memory_commit,
    .rollback = memory_rollback,
    .close = memory_close,
};

struct store *store_memory_new(size_t bytes_max)
{
    struct memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->store.ops = &memory_ops;
    m->bytes_max = bytes_max;
    return &m->store;
}

struct store_faults *store_memory_faults(struct store *s)
{
    assert(s->ops == &memory_ops);
    return &memory_of(s)->faults;
}

void store_memory_limit(struct store *s, size_t bytes_max)
{
    assert(s->ops == &memory_ops);
    memory_of(s)->bytes_max = bytes_max;
}

size_t store_memory_bytes(const struct store *s)
{
    assert(s->ops == &memory_ops);
    return ((const struct memory *)s)->bytes;
}

void store_memory_crash(struct store *s)
{
    assert(s->ops == &memory_ops);
    memory_rollback(s);
}
