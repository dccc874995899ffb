/* Which records and blobs are somewhere, and the sections in which they are written. */
#include "mesh/bundle.h"

#include <assert.h>
#include <stdlib.h>

int bundle_inventory_add(struct bundle_inventory *v, const struct bundle_entry *e)
{
    if (v->count == BUNDLE_INVENTORY_MAX)
        return HOP_EFULL;
    if (v->count == v->capacity) {
        size_t capacity = v->capacity == 0 ? 64 : v->capacity * 2;
        struct bundle_entry *items = realloc(v->items, capacity * sizeof *items);
        if (items == NULL)
            return HOP_ENOMEM;
        v->items = items;
        v->capacity = capacity;
    }
    v->items[v->count++] = *e;
    v->sorted = false;
    return HOP_OK;
}

int bundle_inventory_read(struct bundle_inventory *v, struct span blocks)
{
    struct bundle_scan scan = {0};
    struct bundle_block block;
    while (bundle_scan(&scan, blocks, true, &block) == BUNDLE_FOUND) {
        struct bundle_list list;
        struct bundle_entry e;
        if (block.kind != BUNDLE_LIST)
            continue;
        int err = bundle_list_begin(&list, block.payload);
        while (err == HOP_OK && bundle_list_next(&list, &e))
            err = bundle_inventory_add(v, &e);
        if (err == HOP_OK)
            err = bundle_list_end(&list);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int compare(const void *a, const void *b)
{
    const struct bundle_entry *x = a, *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int ids = memcmp(x->id, y->id, sizeof x->id);
    if (ids != 0)
        return ids;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* Does e go on where the run before it ends, or repeat a blob? Then the two are one. */
static bool join(struct bundle_entry *before, const struct bundle_entry *e)
{
    if (before->type != e->type || memcmp(before->id, e->id, sizeof e->id) != 0 ||
        e->first > before->last + 1)
        return false;
    if (e->last > before->last)
        before->last = e->last;
    return true;
}

void bundle_inventory_sort(struct bundle_inventory *v)
{
    size_t kept = 0;
    if (v->sorted || v->count == 0)
        return;
    qsort(v->items, v->count, sizeof *v->items, compare);
    for (size_t i = 0; i < v->count; i++) {
        if (kept == 0 || !join(&v->items[kept - 1], &v->items[i]))
            v->items[kept++] = v->items[i];
    }
    v->count = kept;
    v->sorted = true;
}

/* The last entry that does not come after this one; SIZE_MAX if there is none. */
static size_t find_last(struct bundle_inventory *v, const struct bundle_entry *e)
{
    bundle_inventory_sort(v);
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&v->items[middle], e) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1; /* SIZE_MAX when low is 0 */
}

uint64_t bundle_inventory_reach(struct bundle_inventory *v, const uint8_t log[static 32],
                                uint64_t first)
{
    struct bundle_entry e = {.type = BUNDLE_RUN, .first = first, .last = UINT64_MAX};
    memcpy(e.id, log, sizeof e.id);
    size_t at = find_last(v, &e);
    if (at == SIZE_MAX)
        return first - 1;
    const struct bundle_entry *x = &v->items[at];
    bool covers = x->type == BUNDLE_RUN && memcmp(x->id, log, sizeof x->id) == 0;
    return covers && x->last >= first ? x->last : first - 1;
}

uint64_t bundle_inventory_next(struct bundle_inventory *v, const uint8_t log[static 32],
                               uint64_t first)
{
    struct bundle_entry e = {.type = BUNDLE_RUN, .first = first, .last = UINT64_MAX};
    memcpy(e.id, log, sizeof e.id);
    if (bundle_inventory_reach(v, log, first) >= first)
        return first;
    size_t after = find_last(v, &e) + 1; /* 0 if there is none before */
    bool there = after < v->count && v->items[after].type == BUNDLE_RUN &&
                 memcmp(v->items[after].id, log, sizeof e.id) == 0;
    return there ? v->items[after].first : UINT64_MAX;
}

uint64_t bundle_inventory_fork(struct bundle_inventory *v, const uint8_t log[static 32])
{
    struct bundle_entry e = {.type = BUNDLE_FORK};
    memcpy(e.id, log, sizeof e.id);
    size_t at = find_last(v, &e) + 1; /* 0 if there is none before */
    bool there = at < v->count && v->items[at].type == BUNDLE_FORK &&
                 memcmp(v->items[at].id, log, sizeof e.id) == 0;
    return there ? v->items[at].first : 0;
}

bool bundle_inventory_has(struct bundle_inventory *v, enum bundle_entry_type type,
                          const uint8_t id[static 32])
{
    struct bundle_entry e = {.type = type};
    memcpy(e.id, id, sizeof e.id);
    size_t at = find_last(v, &e);
    return at != SIZE_MAX && compare(&v->items[at], &e) == 0;
}

void bundle_inventory_put(struct buf *b, struct bundle_inventory *v)
{
    bundle_inventory_sort(v);
    for (size_t at = 0; at < v->count; at += BUNDLE_ENTRIES_MAX) {
        size_t n = v->count - at < BUNDLE_ENTRIES_MAX ? v->count - at : BUNDLE_ENTRIES_MAX;
        struct buf payload = {0};
        bundle_list_put(&payload, v->items + at, n);
        bundle_block_put(b, BUNDLE_LIST, buf_written(&payload));
        b->bad = b->bad || payload.bad;
        buf_free(&payload);
    }
}

void bundle_inventory_free(struct bundle_inventory *v)
{
    free(v->items);
    *v = (struct bundle_inventory){0};
}

/* ---- sections ---- */

bool bundle_section_fits(const struct bundle_section *s, size_t payload_size, size_t aim)
{
    if (s->contents.count == 0)
        return true;
    return s->contents.count < BUNDLE_ENTRIES_MAX && s->blocks.size < aim &&
           payload_size <= aim - s->blocks.size;
}

int bundle_section_add(struct bundle_section *s, enum bundle_kind kind, struct span payload,
                       const struct bundle_entry *e)
{
    int err = bundle_inventory_add(&s->contents, e);
    if (err == HOP_OK)
        bundle_block_put(&s->blocks, kind, payload);
    return err == HOP_OK && s->blocks.bad ? HOP_ENOMEM : err;
}

int bundle_section_end(struct bundle_section *s, struct buf *ret)
{
    struct buf list = {0};
    bundle_inventory_put(&list, &s->contents); /* sorted, so that equal contents are equal bytes */
    buf_span(ret, buf_written(&list));
    buf_span(ret, buf_written(&s->blocks));
    buf_span(ret, buf_written(&list));
    bool bad = list.bad || s->blocks.bad || ret->bad;
    buf_free(&list);
    bundle_section_free(s);
    return bad ? HOP_ENOMEM : HOP_OK;
}

void bundle_section_free(struct bundle_section *s)
{
    buf_free(&s->blocks);
    bundle_inventory_free(&s->contents);
}
