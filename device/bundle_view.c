/* Looking at a bundle: what it brings here, what of it others lack, and what is missing. */
#include <assert.h>
#include <stdlib.h>

#include "device/bundle.h"
#include "device/state.h"
#include "mesh/tree.h"

/* One log of the bundle of which some is new here. */
struct new_log {
    uint8_t id[32];
    uint64_t reach; /* as far as runs have been looked at */
    uint64_t held;  /* in the store */
    uint32_t member;
};

/* A node of a document's tree that the bundle brings: it says which chunks there must be. */
struct shown_node {
    uint8_t name[32];
    struct span bytes;
};

#define PARTS_MAX                                                                                  \
    (4u << 20) /* of documents, looked for in one look: 256 GiB of them; some seconds */

struct look {
    struct device *d;
    unsigned parts; /* looked for so far */
    struct device_bundle_view *v;
    struct bundle_inventory contents; /* RUN: held here too; CHUNK; LOST */
    struct shown_node *nodes;         /* by name */
    size_t nodes_count, nodes_capacity;
    struct new_log *logs;
    size_t logs_count, logs_capacity;
    struct arena scratch;
    uint8_t *plain; /* room for one record's text */
};

static enum bundle_item item_of(unsigned type)
{
    switch (type) {
    case 0:
        return BUNDLE_ITEM_SEALED;
    case ACT_MEETING:
        return BUNDLE_ITEM_MEETING;
    case ACT_DOC:
        return BUNDLE_ITEM_DOCUMENT;
    case ACT_NOTICE:
        return BUNDLE_ITEM_NOTICE;
    case ACT_OPINION:
        return BUNDLE_ITEM_OPINION;
    case ACT_MOTION:
        return BUNDLE_ITEM_MOTION;
    case ACT_VOTE:
        return BUNDLE_ITEM_VOTE;
    case ACT_MINUTES:
        return BUNDLE_ITEM_MINUTES;
    case ACT_RECEIPT:
        return BUNDLE_ITEM_RECEIPT;
    default:
        return type < ACT_MEETING ? BUNDLE_ITEM_CELL : BUNDLE_ITEM_CONDUCT;
    }
}

/* ---- documents ---- */

static int compare_nodes(const void *a, const void *b)
{
    const struct shown_node *x = a, *y = b;
    return memcmp(x->name, y->name, sizeof x->name);
}

static int add_node(struct look *l, const struct bundle_block *b)
{
    struct bundle_blob blob;
    unsigned level;
    uint64_t size;
    if (bundle_blob_parse(&blob, b->payload) != HOP_OK ||
        tree_measure(blob.bytes, &level, &size) != HOP_OK || level == 0)
        return HOP_OK;
    if (l->nodes_count == l->nodes_capacity) {
        size_t capacity = l->nodes_capacity == 0 ? 16 : 2 * l->nodes_capacity;
        struct shown_node *nodes = realloc(l->nodes, capacity * sizeof *nodes);
        if (nodes == NULL)
            return HOP_ENOMEM;
        l->nodes = nodes;
        l->nodes_capacity = capacity;
    }
    struct shown_node *n = &l->nodes[l->nodes_count++];
    n->bytes = blob.bytes;
    memcpy(n->name, blob.name, sizeof n->name);
    return HOP_OK;
}

static int collect_nodes(struct look *l, struct span blocks)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    int err = HOP_OK;
    while (err == HOP_OK && bundle_scan(&scan, blocks, true, &b) == BUNDLE_FOUND) {
        if (b.kind == BUNDLE_BLOB)
            err = add_node(l, &b);
    }
    if (l->nodes_count > 0)
        qsort(l->nodes, l->nodes_count, sizeof *l->nodes, compare_nodes);
    return err;
}

/* The bytes of a node, from here or from the bundle. */
static bool find_node(const struct look *l, const uint8_t name[static 32], struct span *ret)
{
    struct shown_node key = {0};
    if (store_find(l->d->store, STORE_BLOBS, SPAN(name, 32), ret) == HOP_OK)
        return true;
    memcpy(key.name, name, sizeof key.name);
    const struct shown_node *found = l->nodes_count == 0 ? NULL
                                                         : bsearch(&key, l->nodes, l->nodes_count,
                                                                   sizeof *l->nodes, compare_nodes);
    if (found != NULL)
        *ret = found->bytes;
    return found != NULL;
}

/* Is all of a tree in the bundle? here_too: or here. */
static bool is_complete(struct look *l, const uint8_t name[static 32], unsigned level,
                        uint64_t size, bool here_too)
{
    struct span blob;
    if (l->parts++ >= PARTS_MAX)
        return false; /* somebody laid the same documents a thousand times */
    bool there = bundle_inventory_has(&l->contents, BUNDLE_CHUNK, name);
    if (!there && here_too)
        there = store_find(l->d->store, STORE_BLOBS, SPAN(name, 32), &blob) == HOP_OK;
    if (!there || level == 0)
        return there;
    if (!find_node(l, name, &blob) || !tree_fits(blob, level, size))
        return false; /* what it should be made of cannot be told */
    for (size_t at = TREE_NODE_BYTES(0); at < blob.size; at += TREE_NAME_BYTES) {
        uint64_t part = size < tree_span(level - 1) ? size : tree_span(level - 1);
        if (!is_complete(l, blob.data + at, level - 1, part, here_too))
            return false;
        size -= part;
    }
    return true;
}

/* A document's record: what is new here needs what is not here from the bundle; whoever else lacks
 * it needs all of it. */
static void count_document(struct look *l, struct bundle_items *items, struct span body)
{
    struct act doc;
    if (act_parse(&doc, ACT_DOC, body) == HOP_OK &&
        (doc.size == 0 ||
         is_complete(l, doc.root, tree_level(doc.size), doc.size, items == &l->v->fresh)))
        items->documents_whole++;
}

/* ---- what is here as well ---- */

/* By log, what at least one device of every other member has. */
struct knowledge {
    size_t logs, members;
    uint64_t *by_member; /* members * logs: the most any device of theirs has */
    uint64_t *all;       /* by log: the least of these */
};

static int know(struct device *d, struct knowledge *ret)
{
    uint64_t *known;
    *ret = (struct knowledge){.logs = history_log_count(d->history),
                              .members = cell_member_count(d->cell)};
    ret->by_member = calloc(ret->logs * ret->members + 1, sizeof *ret->by_member);
    ret->all = calloc(ret->logs + 1, sizeof *ret->all);
    known = calloc(ret->logs + 1, sizeof *known);
    int err = ret->by_member == NULL || ret->all == NULL || known == NULL ? HOP_ENOMEM : HOP_OK;
    for (size_t i = 0; i < cell_device_count(d->cell) && err == HOP_OK; i++) {
        const struct cell_device *device = cell_device(d->cell, i);
        uint64_t *most = ret->by_member + device->member * ret->logs;
        if (device->state == DEVICE_REVOKED)
            continue;
        err = device_bundle_known(d, device->cert.ik, known);
        for (size_t k = 0; k < ret->logs && err == HOP_OK; k++)
            most[k] = known[k] > most[k] ? known[k] : most[k];
    }
    for (size_t k = 0; k < ret->logs && err == HOP_OK; k++) {
        ret->all[k] = UINT64_MAX;
        for (size_t m = 0; m < ret->members; m++) {
            uint64_t has = ret->by_member[m * ret->logs + k];
            if (m != device_self(d) && cell_member(d->cell, m)->active && has < ret->all[k])
                ret->all[k] = has;
        }
    }
    free(known);
    return err;
}

static void forget(struct knowledge *k)
{
    free(k->by_member);
    free(k->all);
}

/* That somebody has seen something is carried too, but is nothing to tell a person. */
static bool worth_telling(const struct device *d, uint32_t log, uint64_t seq)
{
    uint32_t entry = history_log_entry(d->history, log, seq);
    return entry == HISTORY_NONE || history_at(d->history, entry)->type != AUTH_SEEN;
}

/* One record that somebody lacks. */
static int count_held(struct look *l, uint32_t log, uint64_t seq)
{
    struct device *d = l->d;
    uint32_t entry = history_log_entry(d->history, log, seq);
    unsigned type = entry == HISTORY_NONE ? 0 : history_at(d->history, entry)->type;
    if (!worth_telling(d, log, seq))
        return HOP_OK;
    l->v->carried.counts[item_of(type)]++;
    if (type != ACT_DOC)
        return HOP_OK;
    struct device_opened o;
    int err = device_open_entry(d, entry, &o);
    if (err != HOP_OK)
        return err;
    count_document(l, &l->v->carried, o.body);
    free(o.bytes);
    return HOP_OK;
}

static int count_held_run(struct look *l, const struct knowledge *k, const struct bundle_entry *e)
{
    uint32_t log;
    struct store_tip tip;
    if (store_tip(l->d->store, e->id, &tip) != HOP_OK)
        return HOP_OK; /* said to be here, and is not: nothing to tell of it */
    if (device_log_state(l->d, e->id, &log) == NULL)
        return HOP_ENOMEM;
    uint64_t last = e->last < tip.seq ? e->last : tip.seq;
    assert(log < k->logs);
    while (last >= e->first && !worth_telling(l->d, log, last))
        last--;
    for (size_t m = 0; last >= e->first && m < k->members; m++) {
        if (m != device_self(l->d) && k->by_member[m * k->logs + log] < last)
            l->v->lacks[m] = true;
    }
    uint64_t from = k->all[log] + 1 > e->first ? k->all[log] + 1 : e->first;
    for (uint64_t seq = from; k->all[log] != UINT64_MAX && seq <= last; seq++) {
        int err = count_held(l, log, seq);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int count_held_runs(struct look *l)
{
    struct knowledge k;
    int err = know(l->d, &k);
    for (size_t i = 0; i < l->contents.count && err == HOP_OK; i++) {
        if (l->contents.items[i].type == BUNDLE_RUN)
            err = count_held_run(l, &k, &l->contents.items[i]);
    }
    forget(&k);
    return err;
}

/* ---- what is missing ---- */

static uint32_t member_of(struct device *d, const uint8_t id[static 32])
{
    struct store_tip tip;
    uint32_t index;
    if (store_tip(d->store, id, &tip) != HOP_OK)
        return HISTORY_NONE;
    const struct device_log *log = device_log_state(d, id, &index);
    const struct cell_device *device =
        log == NULL || log->next == 1 ? NULL : cell_device_by_key(d->cell, log->ik);
    return device == NULL ? HISTORY_NONE : device->member;
}

static int add_missing(struct look *l, const struct bundle_missing *m)
{
    struct device_bundle_view *v = l->v;
    v->missing_total++;
    for (size_t i = 0; i < v->missing_count; i++) {
        const struct bundle_missing *x = &v->missing[i];
        if (memcmp(x->log, m->log, 32) == 0 && x->first <= m->last && m->first <= x->last) {
            v->missing_total--; /* a gap where something was lost is one thing, not two */
            return HOP_OK;
        }
    }
    if (v->missing_count == BUNDLE_MISSING_MAX)
        return HOP_OK;
    if (v->missing == NULL)
        v->missing = calloc(BUNDLE_MISSING_MAX, sizeof *v->missing);
    if (v->missing == NULL)
        return HOP_ENOMEM;
    v->missing[v->missing_count++] = *m;
    return HOP_OK;
}

static int add_lost(struct look *l)
{
    int err = HOP_OK;
    for (size_t i = 0; i < l->contents.count && err == HOP_OK; i++) {
        const struct bundle_entry *e = &l->contents.items[i];
        struct store_tip tip = {0};
        if (e->type != BUNDLE_LOST)
            continue;
        int found = store_tip(l->d->store, e->id, &tip);
        if (found != HOP_OK && found != HOP_ENOTFOUND)
            return found;
        struct bundle_missing m = {.first = e->first > tip.seq ? e->first : tip.seq + 1,
                                   .last = e->last,
                                   .lost = true,
                                   .member = member_of(l->d, e->id)};
        memcpy(m.log, e->id, 32);
        if (m.first <= m.last)
            err = add_missing(l, &m);
    }
    return err;
}

/* ---- what is new ---- */

static struct new_log *new_log(struct look *l, const uint8_t id[static 32])
{
    struct store_tip tip = {0};
    for (size_t i = l->logs_count; i-- > 0;) {
        if (memcmp(l->logs[i].id, id, 32) == 0)
            return &l->logs[i];
    }
    if (l->logs_count == l->logs_capacity) {
        size_t capacity = l->logs_capacity == 0 ? 64 : 2 * l->logs_capacity;
        struct new_log *logs =
            l->logs_count >= MESH_LOGS_MAX ? NULL : realloc(l->logs, capacity * sizeof *logs);
        if (logs == NULL)
            return NULL;
        l->logs = logs;
        l->logs_capacity = capacity;
    }
    if (store_tip(l->d->store, id, &tip) != HOP_OK)
        tip.seq = 0;
    if (l->d->mesh != NULL && tip.seq >= mesh_log_limit(l->d->mesh, id))
        tip.seq = UINT64_MAX; /* forked, and whole up to there: nothing of it is new */
    struct new_log *log = &l->logs[l->logs_count++];
    *log = (struct new_log){.reach = tip.seq, .held = tip.seq, .member = member_of(l->d, id)};
    memcpy(log->id, id, 32);
    return log;
}

/* Whose log begins with this record. */
static uint32_t bound_to(const struct device *d, struct span body, const uint8_t log[static 32])
{
    struct auth_log_open open;
    if (auth_log_open_parse(&open, body) != HOP_OK || auth_log_open_check(&open, log) != HOP_OK)
        return HISTORY_NONE;
    const struct cell_device *device = cell_device_by_key(d->cell, open.ik);
    return device == NULL ? HISTORY_NONE : device->member;
}

/* Open one rebuilt record, if its epoch is held, and count it as what it is. False: it is nothing
 * to tell a person. */
static bool count_new(struct look *l, struct new_log *log, struct span stored)
{
    struct record r;
    struct record_inner inner = {0};
    struct bundle_items *items = &l->v->fresh;
    int err = record_parse(&r, stored);
    assert(err == HOP_OK); /* segment_rebuild() made it */
    if (r.outer != OUTER_SEALED) {
        items->counts[BUNDLE_ITEM_CELL]++;
        return true;
    }
    uint8_t key[32];
    if (device_record_key(l->d, &r, key) == HOP_OK) {
        err = record_open(&inner, l->plain, &r, key);
        hop_wipe(key, sizeof key);
        if (err != HOP_OK)
            inner = (struct record_inner){0};
    }
    if (inner.type == AUTH_SEEN)
        return false;
    if (inner.type == AUTH_LOG_OPEN)
        log->member = bound_to(l->d, inner.body, log->id);
    items->counts[item_of(inner.type)]++;
    if (inner.type == ACT_DOC)
        count_document(l, items, inner.body);
    return true;
}

/* Everybody lacks what is new here, as far as we know: but not who wrote it. */
static void all_lack(struct look *l, uint32_t author)
{
    for (size_t m = 0; m < l->v->members; m++) {
        if (m != author && m != device_self(l->d))
            l->v->lacks[m] = true;
    }
}

/* A run is verified from what it says precedes it; where that is our own tip it must agree. */
static int look_at_run(struct look *l, const struct segment *s, const uint8_t prev[static 32])
{
    struct segment_tip tip = {.seq = s->first - 1};
    struct segment_rebuilt rebuilt;
    struct arena scratch = l->scratch;
    struct new_log *log = new_log(l, s->log);
    uint64_t last = s->first + s->count - 1;
    if (log == NULL)
        return HOP_ENOMEM;
    memcpy(tip.head, prev, 32);
    if (segment_rebuild(&rebuilt, s, &tip, &scratch) != HOP_OK) {
        l->v->bad++;
        return HOP_OK;
    }
    struct store_tip held = {0};
    bool follows = s->first == log->held + 1 && log->held > 0;
    if (follows && store_tip(l->d->store, s->log, &held) == HOP_OK &&
        memcmp(held.head, prev, 32) != 0) {
        l->v->forked++;
        return HOP_OK;
    }
    if (log->reach < UINT64_MAX && s->first > log->reach + 1) {
        struct bundle_missing m = {
            .first = log->reach + 1, .last = s->first - 1, .member = log->member};
        memcpy(m.log, s->log, 32);
        int err = add_missing(l, &m);
        if (err != HOP_OK)
            return err;
    }
    for (size_t i = 0; i < rebuilt.count; i++) {
        if (s->first + i > log->reach && count_new(l, log, rebuilt.bytes[i]))
            all_lack(l, log->member);
    }
    log->reach = last > log->reach ? last : log->reach;
    return HOP_OK;
}

static int look_at_runs(struct look *l, struct span blocks)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    int err = HOP_OK;
    while (err == HOP_OK && bundle_scan(&scan, blocks, true, &b) == BUNDLE_FOUND) {
        struct segment s;
        const uint8_t *prev;
        size_t budget = SIZE_MAX;
        if (b.kind != BUNDLE_SEGMENT)
            continue;
        err = bundle_segment_parse(&s, &prev, b.payload);
        if (err != HOP_OK)
            break;
        if (device_bundle_admits(l->d, &b, &budget) == HOP_EREFUSED)
            l->v->foreign++;
        else
            err = look_at_run(l, &s, prev);
    }
    return err;
}

/* Chunks that documents here wait for. */
static int count_chunks(struct look *l)
{
    struct buf have = {0};
    struct bundle_inventory here = {0};
    int err = device_bundle_have(l->d, &have);
    if (err == HOP_OK)
        err = bundle_inventory_read(&here, buf_written(&have));
    for (size_t i = 0; i < here.count && err == HOP_OK; i++) {
        const struct bundle_entry *e = &here.items[i];
        if (e->type == BUNDLE_WANTED && bundle_inventory_has(&l->contents, BUNDLE_CHUNK, e->id))
            l->v->chunks_new++;
        else if (e->type == BUNDLE_WANTED)
            l->v->chunks_absent++;
    }
    bundle_inventory_free(&here);
    buf_free(&have);
    return err;
}

int device_bundle_look(struct device *d, struct span blocks, struct device_bundle_view *ret)
{
    *ret = (struct device_bundle_view){.members = cell_member_count(d->cell)};
    struct look l = {.d = d, .v = ret};
    l.scratch.size = 2 * MESH_FRAME_BYTES_MAX;
    l.scratch.base = malloc(l.scratch.size);
    l.plain = malloc(RECORD_TEXT_BYTES_MAX);
    ret->lacks = calloc(ret->members + 1, sizeof *ret->lacks);
    bool room = l.scratch.base != NULL && l.plain != NULL && ret->lacks != NULL;
    int err = room ? bundle_inventory_read(&l.contents, blocks) : HOP_ENOMEM;
    bundle_inventory_sort(&l.contents);
    if (err == HOP_OK)
        err = collect_nodes(&l, blocks);
    if (err == HOP_OK)
        err = count_held_runs(&l);
    if (err == HOP_OK)
        err = add_lost(&l);
    if (err == HOP_OK)
        err = look_at_runs(&l, blocks);
    if (err == HOP_OK)
        err = count_chunks(&l);
    bundle_inventory_free(&l.contents);
    free(l.scratch.base);
    free(l.plain);
    free(l.logs);
    free(l.nodes);
    if (err != HOP_OK)
        device_bundle_view_free(ret);
    return err;
}

void device_bundle_view_free(struct device_bundle_view *v)
{
    free(v->lacks);
    free(v->missing);
    *v = (struct device_bundle_view){0};
}
