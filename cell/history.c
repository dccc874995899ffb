#include "cell/history.h"

#include <assert.h>
#include <stdlib.h>

#include "cell/record.h"

/* How much of every log an entry had seen: kept for the last entry of a log that was asked about,
 * and extended for the next. */
struct past {
    uint64_t *seqs; /* seqs[log]: greatest seen; allocated when first asked */
    size_t count;
    uint64_t of;   /* the entry's own number */
    uint64_t used; /* when last */
};

enum { PAST_ALL, PAST_CONTROL, PASTS };

/* One log: its entries by seq. */
struct log {
    uint8_t id[32];
    uint32_t *entries; /* entries[seq - 1] */
    size_t count, capacity;
    struct past pasts[PASTS];
};

#define PAST_WORDS_MAX (8u << 20) /* 64 MiB for all of them; beyond, the longest unused goes */

struct history {
    struct history_entry *entries;
    size_t count, capacity;
    uint32_t *deps;
    size_t deps_count, deps_capacity;
    uint32_t *table;   /* open addressing over ids: entry index + 1 */
    size_t table_size; /* a power of two, at least twice count */
    struct log *logs;
    size_t logs_count, logs_capacity;
    uint32_t *log_table;
    size_t log_table_size;
    uint32_t *order; /* the first ordered of them are in canonical order */
    size_t ordered, order_capacity;
    size_t stable;
    size_t past_words; /* in all pasts */
    uint64_t asked;
    uint32_t *work; /* stack of a search */
    size_t work_capacity;
};

/* Make room for need items of size bytes; false if memory runs out. */
static bool grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    size_t more = *capacity < 16 ? 16 : *capacity;
    while (more < need)
        more *= 2;
    void *items; /* array is the address of a pointer of some type: read and written as bytes */
    memcpy(&items, array, sizeof items);
    items = realloc(items, more * size);
    if (items == NULL)
        return false;
    memcpy(array, &items, sizeof items);
    *capacity = more;
    return true;
}

struct history *history_new(void)
{
    return calloc(1, sizeof(struct history));
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < h->logs_count; i++) {
        free(h->logs[i].entries);
        for (size_t k = 0; k < PASTS; k++)
            free(h->logs[i].pasts[k].seqs);
    }
    free(h->entries);
    free(h->deps);
    free(h->table);
    free(h->logs);
    free(h->log_table);
    free(h->order);
    free(h->work);
    free(h);
}

/* Ids are hashes already: any eight bytes of them are a hash. */
static size_t slot_of(const uint8_t id[static 32], size_t table_size)
{
    uint64_t v;
    memcpy(&v, id, sizeof v);
    return (size_t)v & (table_size - 1);
}

uint32_t history_find(const struct history *h, const uint8_t id[static 32])
{
    if (h->table_size == 0)
        return HISTORY_NONE;
    for (size_t s = slot_of(id, h->table_size);; s = (s + 1) & (h->table_size - 1)) {
        if (h->table[s] == 0)
            return HISTORY_NONE;
        if (memcmp(h->entries[h->table[s] - 1].id, id, 32) == 0)
            return h->table[s] - 1;
    }
}

static void table_put(struct history *h, uint32_t entry)
{
    size_t s = slot_of(h->entries[entry].id, h->table_size);
    while (h->table[s] != 0)
        s = (s + 1) & (h->table_size - 1);
    h->table[s] = entry + 1;
}

static bool table_reserve(struct history *h)
{
    if ((h->count + 1) * 2 <= h->table_size)
        return true;
    size_t size = h->table_size == 0 ? 64 : h->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return false;
    free(h->table);
    h->table = table;
    h->table_size = size;
    for (uint32_t i = 0; i < h->count; i++)
        table_put(h, i);
    return true;
}

static uint32_t *log_slot(const struct history *h, const uint8_t id[static 32])
{
    for (size_t s = slot_of(id, h->log_table_size);; s = (s + 1) & (h->log_table_size - 1)) {
        uint32_t v = h->log_table[s];
        if (v == 0 || memcmp(h->logs[v - 1].id, id, 32) == 0)
            return &h->log_table[s];
    }
}

static bool log_table_reserve(struct history *h)
{
    if ((h->logs_count + 1) * 2 <= h->log_table_size)
        return true;
    size_t size = h->log_table_size == 0 ? 64 : h->log_table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return false;
    free(h->log_table);
    h->log_table = table;
    h->log_table_size = size;
    for (uint32_t i = 0; i < h->logs_count; i++)
        *log_slot(h, h->logs[i].id) = i + 1;
    return true;
}

uint32_t history_log(struct history *h, const uint8_t id[static 32])
{
    if (!log_table_reserve(h) ||
        !grow(&h->logs, &h->logs_capacity, h->logs_count + 1, sizeof *h->logs))
        return HISTORY_NONE;
    uint32_t *slot = log_slot(h, id);
    if (*slot == 0) {
        h->logs[h->logs_count] = (struct log){0};
        memcpy(h->logs[h->logs_count].id, id, 32);
        *slot = (uint32_t)++h->logs_count;
    }
    return *slot - 1;
}

size_t history_log_count(const struct history *h)
{
    return h->logs_count;
}

const uint8_t *history_log_id(const struct history *h, uint32_t log)
{
    assert(log < h->logs_count);
    return h->logs[log].id;
}

uint64_t history_log_tip(const struct history *h, uint32_t log)
{
    assert(log < h->logs_count);
    return h->logs[log].count;
}

uint32_t history_log_entry(const struct history *h, uint32_t log, uint64_t seq)
{
    assert(log < h->logs_count);
    if (seq == 0 || seq > h->logs[log].count)
        return HISTORY_NONE;
    return h->logs[log].entries[seq - 1];
}

/* Indexes of the deps at the end of the table, and the height they and the predecessor give. */
static int find_deps(struct history *h, struct history_entry *e, const uint8_t *deps,
                     size_t deps_count)
{
    if (!grow(&h->deps, &h->deps_capacity, h->deps_count + deps_count, sizeof *h->deps))
        return HOP_ENOMEM;
    uint32_t height = e->height > 0 ? e->height - 1 : 0, level = 0;
    if (e->previous != HISTORY_NONE && h->entries[e->previous].height > height)
        height = h->entries[e->previous].height;
    if (e->previous != HISTORY_NONE)
        level = h->entries[e->previous].level;
    for (size_t i = 0; i < deps_count; i++) {
        uint32_t dep = history_find(h, deps + 32 * i);
        if (dep == HISTORY_NONE)
            return HOP_ENOTFOUND;
        h->deps[h->deps_count + i] = dep;
        if (h->entries[dep].height > height)
            height = h->entries[dep].height;
        if (h->entries[dep].lane == LANE_CONTROL && h->entries[dep].level > level)
            level = h->entries[dep].level;
    }
    e->height = height + 1;
    e->level = level + 1;
    e->deps_at = (uint32_t)h->deps_count;
    e->deps_count = (uint32_t)deps_count;
    return HOP_OK;
}

int history_add(struct history *h, struct history_entry *e, const uint8_t *deps, size_t deps_count,
                uint32_t *ret)
{
    assert(e->log < h->logs_count);
    *ret = history_find(h, e->id);
    if (*ret != HISTORY_NONE)
        return HOP_EEXIST;
    struct log *log = &h->logs[e->log];
    if (e->seq != log->count + 1)
        return HOP_ENOTFOUND;
    e->previous = e->seq == 1 ? HISTORY_NONE : log->entries[e->seq - 2];
    int err = find_deps(h, e, deps, deps_count);
    if (err != HOP_OK)
        return err;
    if (h->count + 1 >= HISTORY_NONE || !table_reserve(h) ||
        !grow(&h->entries, &h->capacity, h->count + 1, sizeof *h->entries) ||
        !grow(&log->entries, &log->capacity, log->count + 1, sizeof *log->entries))
        return HOP_ENOMEM;
    *ret = (uint32_t)h->count;
    h->entries[h->count++] = *e;
    for (size_t i = 0; i < deps_count; i++)
        h->entries[h->deps[h->deps_count + i]].named |= e->lane == LANE_CONTROL ? 3 : 1;
    h->deps_count += deps_count;
    log->entries[log->count++] = *ret;
    table_put(h, *ret);
    return HOP_OK;
}

size_t history_heads(const struct history *h, bool control, uint32_t *ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < h->logs_count; i++) {
        const struct log *log = &h->logs[i];
        if (log->count == 0)
            continue;
        uint32_t tip = log->entries[log->count - 1];
        const struct history_entry *e = &h->entries[tip];
        if (e->named == 0 || (control && e->lane == LANE_CONTROL && (e->named & 2) == 0)) {
            if (count < max)
                ret[count] = tip;
            count++;
        }
    }
    return count;
}

size_t history_count(const struct history *h)
{
    return h->count;
}

const struct history_entry *history_at(const struct history *h, uint32_t index)
{
    assert(index < h->count);
    return &h->entries[index];
}

uint32_t history_dep(const struct history *h, const struct history_entry *e, size_t n)
{
    assert(n < e->deps_count);
    return h->deps[e->deps_at + n];
}

/* ---- the order ---- */

static int compare(const struct history *h, uint32_t a, uint32_t b)
{
    const struct history_entry *x = &h->entries[a], *y = &h->entries[b];
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return memcmp(x->id, y->id, 32);
}

/* Heap sort: in place, no worst case, and no context pointer as qsort() would need. */
static void sift(const struct history *h, uint32_t *v, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare(h, v[child], v[child + 1]) < 0)
            child++;
        if (compare(h, v[root], v[child]) >= 0)
            return;
        uint32_t t = v[root];
        v[root] = v[child];
        v[child] = t;
    }
}

static void sort(const struct history *h, uint32_t *v, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(h, v, i, n);
    for (size_t end = n; end > 1; end--) {
        uint32_t t = v[0];
        v[0] = v[end - 1];
        v[end - 1] = t;
        sift(h, v, 0, end - 1);
    }
}

/* Sort the entries added since the last time and merge them in from the back. */
static bool bring_up_to_date(struct history *h)
{
    size_t fresh = h->count - h->ordered;
    if (fresh == 0)
        return true;
    if (!grow(&h->order, &h->order_capacity, h->count, sizeof *h->order) ||
        !grow(&h->work, &h->work_capacity, fresh, sizeof *h->work))
        return false;
    for (size_t i = 0; i < fresh; i++)
        h->work[i] = (uint32_t)(h->ordered + i);
    sort(h, h->work, fresh);
    size_t old = h->ordered, at = h->count;
    while (fresh > 0) {
        if (old > 0 && compare(h, h->order[old - 1], h->work[fresh - 1]) > 0)
            h->order[--at] = h->order[--old];
        else
            h->order[--at] = h->work[--fresh];
    }
    if (at < h->stable)
        h->stable = at;
    h->ordered = h->count;
    return true;
}

uint32_t history_ordered(struct history *h, size_t n)
{
    if (!bring_up_to_date(h) || n >= h->ordered)
        return HISTORY_NONE;
    return h->order[n];
}

size_t history_stable(struct history *h)
{
    (void)bring_up_to_date(h);
    return h->stable < h->ordered ? h->stable : h->ordered;
}

void history_mark(struct history *h)
{
    (void)bring_up_to_date(h);
    h->stable = h->ordered;
}

/* ---- what an entry had seen ---- */

/* Note that everything up to entry has been seen, and put what is new on the stack. */
static bool cover(struct history *h, uint64_t *past, uint32_t entry, size_t *depth)
{
    const struct history_entry *e = &h->entries[entry];
    struct log *log = &h->logs[e->log];
    uint64_t from = past[e->log];
    if (e->seq <= from)
        return true;
    if (!grow(&h->work, &h->work_capacity, *depth + (size_t)(e->seq - from), sizeof *h->work))
        return false;
    for (uint64_t seq = from + 1; seq <= e->seq; seq++)
        h->work[(*depth)++] = log->entries[seq - 1];
    past[e->log] = e->seq;
    return true;
}

static void drop_past(struct history *h, struct past *p)
{
    h->past_words -= p->count;
    free(p->seqs);
    *p = (struct past){0};
}

/* The past that was asked for longest ago, other than keep. */
static struct past *oldest_past(struct history *h, const struct past *keep)
{
    struct past *oldest = NULL;
    for (size_t i = 0; i < h->logs_count * PASTS; i++) {
        struct past *p = &h->logs[i / PASTS].pasts[i % PASTS];
        if (p != keep && p->seqs != NULL && (oldest == NULL || p->used < oldest->used))
            oldest = p;
    }
    return oldest;
}

/* Room for all logs there are: what is new to the list no earlier entry had seen. */
static bool widen(struct history *h, struct past *p)
{
    if (p->count == h->logs_count)
        return true;
    uint64_t *seqs = realloc(p->seqs, h->logs_count * sizeof *seqs);
    if (seqs == NULL)
        return false;
    memset(seqs + p->count, 0, (h->logs_count - p->count) * sizeof *seqs);
    h->past_words += h->logs_count - p->count;
    p->seqs = seqs;
    p->count = h->logs_count;
    for (struct past *old; h->past_words > PAST_WORDS_MAX && (old = oldest_past(h, p)) != NULL;)
        drop_past(h, old);
    return true;
}

/* The past of entry b, kept for its log and extended from the last one asked. */
static const uint64_t *past_of(struct history *h, uint32_t b, unsigned kind)
{
    const struct history_entry *e = &h->entries[b];
    struct past *p = &h->logs[e->log].pasts[kind];
    if (p->of > e->seq)
        drop_past(h, p);
    if (!widen(h, p))
        return NULL;
    p->used = ++h->asked;
    size_t depth = 0;
    bool ok = cover(h, p->seqs, b, &depth);
    while (ok && depth > 0) {
        const struct history_entry *seen = &h->entries[h->work[--depth]];
        for (size_t i = 0; i < seen->deps_count && ok; i++) {
            uint32_t dep = h->deps[seen->deps_at + i];
            if (kind == PAST_ALL || h->entries[dep].lane == LANE_CONTROL)
                ok = cover(h, p->seqs, dep, &depth);
        }
    }
    p->of = ok ? e->seq : UINT64_MAX; /* half done: start again next time */
    return ok ? p->seqs : NULL;
}

const uint64_t *history_past(const struct history *h, uint32_t b)
{
    /* The cache is not part of what a history says: filling it changes no answer. */
    struct history *cache = (struct history *)(uintptr_t)h;
    assert(b < h->count);
    return past_of(cache, b, PAST_ALL);
}

const uint64_t *history_past_control(const struct history *h, uint32_t b)
{
    struct history *cache = (struct history *)(uintptr_t)h;
    assert(b < h->count && h->entries[b].lane == LANE_CONTROL);
    return past_of(cache, b, PAST_CONTROL);
}

bool history_saw(const struct history *h, uint32_t b, uint32_t a)
{
    assert(a < h->count && b < h->count);
    const struct history_entry *x = &h->entries[a], *y = &h->entries[b];
    if (x->log == y->log)
        return x->seq <= y->seq;
    if (x->height >= y->height)
        return false;
    const uint64_t *past = history_past(h, b);
    assert(past != NULL); /* a few kilobytes: without them nothing can be decided */
    return x->seq <= past[x->log];
}
