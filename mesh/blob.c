/* Blobs: the trees that are looked for, and pieces of blobs for those who look.
 *
 * A document is wanted as a tree (mesh/tree.h). Its missing blobs are fetched, a window of them at
 * a time, the better trees first. A link is asked for a few blobs in pieces, so much at once that
 * what is on its way takes no longer than one chunk, or one second: whatever else comes waits no
 * longer than that. Different links are asked for different blobs. A blob is taken when its name
 * proves it, whoever brought the bytes, and what is stored is never asked for again: after a cut or
 * a restart the walk finds what is missing. A blob begun on one link goes on from another. If what
 * was put together so proves wrong nobody can be blamed, so it is then taken whole from one link.
 *
 * Who is asked for what it has not, and does not want, wants it on behalf of the other, within a
 * quota: so a carrier brings it from the next meeting. It needs no key for that. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/bundle.h"
#include "mesh/state.h"

#define LOOKS_MAX 512 /* blobs a step looks for in the store: some 2 ms */

static bool bit_of(uint64_t bits, uint32_t slot)
{
    return (bits >> slot & 1) != 0;
}

/* ---- the trees, the best first ---- */

/* One root under two sizes is two trees: the one who lies must not spoil the other's. */
static uint32_t tree_index(const struct mesh *m, const uint8_t root[static 32], uint64_t size)
{
    for (uint32_t i = 0; i < m->trees_count; i++) {
        const struct mesh_tree *t = &m->trees[i];
        if (memcmp(t->root, root, 32) == 0 && (t->size == size || t->size == 0 || size == 0))
            return i;
    }
    return NO_SLOT;
}

static bool better(const struct mesh_tree *a, const struct mesh_tree *b)
{
    if (a->foreign != b->foreign)
        return b->foreign;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return memcmp(a->root, b->root, 32) < 0;
}

/* The indexes of trees from `first` on have changed by `by`. */
static void shift_fetches(struct mesh *m, uint32_t first, int by)
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        if (m->fetches[i].tree >= first)
            m->fetches[i].tree += (uint32_t)by;
    }
}

static int trees_reserve(struct mesh *m)
{
    if (m->trees_count == MESH_WANTS_MAX)
        return HOP_EFULL;
    if (m->trees_count < m->trees_room)
        return HOP_OK;
    uint32_t room = m->trees_room == 0 ? 8 : 2 * m->trees_room;
    struct mesh_tree *trees = realloc(m->trees, room * sizeof *trees);
    if (trees == NULL)
        return HOP_ENOMEM;
    m->trees = trees;
    m->trees_room = room;
    return HOP_OK;
}

static int tree_insert(struct mesh *m, const struct mesh_tree *t, uint32_t *ret)
{
    uint32_t at = 0;
    int err = trees_reserve(m);
    if (err != HOP_OK)
        return err;
    while (at < m->trees_count && better(&m->trees[at], t))
        at++;
    memmove(&m->trees[at + 1], &m->trees[at], (m->trees_count - at) * sizeof *t);
    m->trees_count++;
    shift_fetches(m, at, 1);
    m->trees[at] = *t;
    *ret = at;
    return HOP_OK;
}

static void tree_take_out(struct mesh *m, uint32_t index)
{
    m->trees_count--;
    memmove(&m->trees[index], &m->trees[index + 1], (m->trees_count - index) * sizeof m->trees[0]);
    shift_fetches(m, index + 1, -1);
}

/* ---- fetches: the blobs that are missing next ---- */

static uint32_t fetch_find(const struct mesh *m, const uint8_t name[static 32])
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        if (memcmp(m->fetches[i].place.name, name, 32) == 0)
            return i;
    }
    return NO_SLOT;
}

/* The last takes its place, so that the table has no holes. */
static void fetch_remove(struct mesh *m, uint32_t index)
{
    struct mesh_fetch *f = &m->fetches[index];
    assert(m->trees[f->tree].fetches > 0);
    m->trees[f->tree].fetches--;
    free(f->bytes);
    *f = m->fetches[--m->fetches_count];
}

static void tree_remove(struct mesh *m, uint32_t index)
{
    for (uint32_t i = m->fetches_count; i-- > 0;) {
        if (m->fetches[i].tree == index)
            fetch_remove(m, i);
    }
    tree_take_out(m, index);
}

static int fetch_add(struct mesh *m, uint32_t tree, const struct tree_place *place, uint32_t *ret)
{
    if (m->fetches_count == MESH_FETCHES_MAX + MESH_CARRIED_MAX)
        return HOP_EFULL;
    if (m->fetches_count == m->fetches_room) {
        uint32_t room = m->fetches_room == 0 ? 8 : 2 * m->fetches_room;
        struct mesh_fetch *fetches = realloc(m->fetches, room * sizeof *fetches);
        if (fetches == NULL)
            return HOP_ENOMEM;
        m->fetches = fetches;
        m->fetches_room = room;
    }
    *ret = m->fetches_count++;
    struct mesh_fetch *f = &m->fetches[*ret];
    *f = (struct mesh_fetch){.tree = tree, .slot = NO_SLOT, .first_slot = NO_SLOT, .place = *place};
    if (place->size > 0)
        f->total = (uint32_t)tree_blob_bytes(place->level, place->size);
    m->trees[tree].fetches++;
    return HOP_OK;
}

/* To be looked for again when the walk has been through the rest. */
static void note_gap(struct mesh_tree *t, const struct tree_place *place)
{
    if (!t->gaps || place->at < t->gap.at ||
        (place->at == t->gap.at && place->level > t->gap.level))
        t->gap = *place;
    t->gaps = true;
}

/* Nobody asked gives it. */
static void fetch_give_up(struct mesh *m, uint32_t index)
{
    note_gap(&m->trees[m->fetches[index].tree], &m->fetches[index].place);
    fetch_remove(m, index);
}

/* ---- wanting ---- */

void mesh_wants_free(struct mesh *m)
{
    for (uint32_t i = 0; i < m->fetches_count; i++)
        free(m->fetches[i].bytes);
    free(m->fetches);
    free(m->trees);
}

int mesh_want(struct mesh *m, const struct mesh_in *in)
{
    struct mesh_tree t = {.size = in->size, .rank = in->rank};
    assert(in->bytes.size == 32 && in->size <= TREE_BYTES_MAX);
    memcpy(t.root, in->bytes.data, 32);
    m->wants_at = m->now;
    uint32_t at, index = tree_index(m, t.root, t.size);
    if (index == NO_SLOT)
        return tree_insert(m, &t, &at);
    if (m->trees[index].size == 0 && !m->trees[index].begun)
        m->trees[index].size = in->size;
    if (!m->trees[index].foreign && m->trees[index].rank == in->rank)
        return HOP_OK;
    t = m->trees[index]; /* it changes its place among the others; its fetches follow it */
    t.rank = in->rank;
    t.foreign = false;
    for (uint32_t i = 0; i < m->fetches_count; i++)
        m->fetches[i].moves = m->fetches[i].tree == index;
    tree_take_out(m, index);
    int err = tree_insert(m, &t, &at);
    assert(err == HOP_OK); /* it has just left a place */
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        if (m->fetches[i].moves)
            m->fetches[i].tree = at;
    }
    return HOP_OK;
}

/* Is the blob part of something that is wanted? Its tree, and where. */
static uint32_t tree_of_blob(struct mesh *m, const uint8_t name[static 32], struct tree_place *ret)
{
    uint32_t index = fetch_find(m, name);
    if (index != NO_SLOT) {
        *ret = m->fetches[index].place;
        return m->fetches[index].tree;
    }
    for (uint32_t i = 0; i < m->trees_count && i < MESH_FETCHES_MAX; i++) {
        const struct mesh_tree *t = &m->trees[i];
        if (memcmp(t->root, name, 32) == 0) {
            *ret = (struct tree_place){.size = t->size,
                                       .level = t->size == 0 ? 0 : tree_level(t->size)};
            memcpy(ret->name, name, 32);
            return i;
        }
        if (t->size > TREE_CHUNK_BYTES &&
            tree_find(m->config.store, t->root, t->size, name, ret) == HOP_OK && !ret->here)
            return i;
    }
    return NO_SLOT;
}

/* ---- on behalf of others ---- */

static uint64_t foreign_bytes(const struct mesh *m)
{
    uint64_t bytes = m->foreign_bytes;
    for (uint32_t i = 0; i < m->trees_count; i++)
        bytes += m->trees[i].foreign ? m->trees[i].size : 0;
    return bytes;
}

/* Somebody looks for what is not here. Who has waited longest in vain makes room. */
static void relay(struct mesh *m, const uint8_t name[static 32])
{
    struct tree_place place;
    uint32_t worst = NO_SLOT, count = 0, at;
    if (m->config.foreign_bytes_max == 0 || tree_of_blob(m, name, &place) != NO_SLOT)
        return;
    if (foreign_bytes(m) >= m->config.foreign_bytes_max) {
        m->foreign_refused++;
        return;
    }
    for (uint32_t i = 0; i < m->trees_count; i++) {
        const struct mesh_tree *t = &m->trees[i];
        count += t->foreign ? 1 : 0;
        if (t->foreign && (worst == NO_SLOT || t->rest >= m->trees[worst].rest))
            worst = i;
    }
    if (count >= MESH_FOREIGN_TREES_MAX)
        tree_remove(m, worst);
    struct mesh_tree t = {.foreign = true, .rank = ++m->relays};
    memcpy(t.root, name, 32);
    if (tree_insert(m, &t, &at) == HOP_OK)
        m->wants_at = m->now;
}

/* May this tree of somebody else's be kept? Its size has just become known. */
static bool foreign_fits(struct mesh *m, uint64_t size)
{
    uint64_t used = foreign_bytes(m);
    if (used <= m->config.foreign_bytes_max && size <= m->config.foreign_bytes_max - used)
        return true;
    m->foreign_refused++;
    return false;
}

/* ---- serving ---- */

size_t mesh_link_unit(const struct link *l)
{
    if (l->rate_hint == 0)
        return l->unit;
    return l->rate_hint < MESH_UNIT_MIN   ? MESH_UNIT_MIN
           : l->rate_hint > MESH_UNIT_MAX ? MESH_UNIT_MAX
                                          : l->rate_hint; /* a second of it */
}

/* Four in a unit, so that there is always one on its way; where one is small already, one. */
static size_t piece_of(size_t unit)
{
    return unit < 4 * MESH_PIECE_MIN ? unit : unit / 4 + 1;
}

int mesh_on_want(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_want f;
    int err = frame_want_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    struct mesh_asked *asked = &l->asked[f.ask % MESH_ASKED_MAX];
    if (f.name != NULL) {
        *asked = (struct mesh_asked){.ask = f.ask, .named = true};
        memcpy(asked->name, f.name, 32);
    }
    if (l->state == LINK_MEMBER && l->serves_count < MESH_SERVES_MAX && asked->named &&
        asked->ask == f.ask) {
        struct mesh_serve *serve = &l->serves[l->serves_count++];
        *serve = (struct mesh_serve){.ask = f.ask, .offset = f.offset, .length = f.length};
        memcpy(serve->name, asked->name, 32);
        return HOP_OK;
    }
    struct wire_writer w;
    if (mesh_frame_begin(m, &w, NOBLOB_BYTES)) {
        frame_noblob_put(&w, f.ask);
        mesh_frame_send(m, l, &w);
    }
    return HOP_OK;
}

static void serve_done(struct link *l)
{
    l->serves_count--;
    memmove(&l->serves[0], &l->serves[1], l->serves_count * sizeof l->serves[0]);
}

/* One piece, if no record waits for the link. False: outs is full. */
static bool serve_one(struct mesh *m, struct link *l)
{
    struct mesh_serve *serve = &l->serves[0];
    struct span blob = {0};
    struct wire_writer w;
    bool have = store_find(m->config.store, STORE_BLOBS, SPAN(serve->name, 32), &blob) == HOP_OK &&
                blob.size <= TREE_BLOB_BYTES_MAX && serve->offset < blob.size;
    size_t size = have ? blob.size - serve->offset : 0;
    size_t piece = piece_of(l->rate_hint == 0 ? MESH_UNIT_MAX : mesh_link_unit(l));
    size = size < serve->length ? size : serve->length;
    size = size < piece ? size : piece;
    if (!mesh_frame_begin(m, &w, have ? BLOB_BYTES(size) : NOBLOB_BYTES))
        return false;
    if (have) {
        struct frame_piece f = {serve->ask, serve->offset, (uint32_t)blob.size,
                                SPAN(blob.data + serve->offset, size)};
        frame_piece_put(&w, &f);
    } else {
        frame_noblob_put(&w, serve->ask);
    }
    if (!have || serve->offset == 0)
        trace(&m->config.trace, "%u wants blob %02x%02x -> %s", (unsigned)l->name, serve->name[0],
              serve->name[1], have ? "send it" : "it is not here");
    mesh_frame_send(m, l, &w);
    serve->offset += (uint32_t)size;
    serve->length -= (uint32_t)size;
    if (have && serve->length > 0 && serve->offset < blob.size)
        return true;
    if (!have)
        relay(m, serve->name);
    serve_done(l);
    return true;
}

static void serve(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (!mesh_link_syncs(l) || l->serves_count == 0 || mesh_sends_pending(l))
            continue;
        if (serve_one(m, l) && l->serves_count > 0)
            m->unfinished = true; /* one a step: records that come meanwhile go first */
    }
}

/* ---- what comes ---- */

/* This link did not give it: the next may. */
static void fetch_pass(struct mesh *m, struct mesh_fetch *f, bool refused)
{
    assert(f->state == FETCH_ASKED);
    if (refused)
        f->tried |= UINT64_C(1) << f->slot;
    f->state = FETCH_OPEN;
    f->slot = NO_SLOT;
    f->asked = f->got;
    m->wants_at = m->now;
}

static void fetch_restart(struct mesh_fetch *f)
{
    free(f->bytes);
    f->bytes = NULL;
    f->got = f->asked = 0;
    f->first_slot = NO_SLOT;
    f->mixed = false;
}

void mesh_wants_link_gone(struct mesh *m, uint32_t slot)
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        struct mesh_fetch *f = &m->fetches[i];
        if (f->state == FETCH_ASKED && f->slot == slot)
            fetch_pass(m, f, false);
        f->tried &= ~(UINT64_C(1) << slot);
        f->mixed = f->mixed || f->first_slot == slot; /* who gets the slot next is another */
    }
}

void mesh_wants_link_new(struct mesh *m)
{
    m->wants_at = m->now; /* somebody new to ask */
    for (uint32_t i = 0; i < m->trees_count; i++)
        m->trees[i].rest_until = m->trees[i].rest = 0;
    for (uint32_t i = 0; i < m->fetches_count; i++)
        m->fetches[i].rest_until = 0;
}

static struct mesh_fetch *fetch_of_ask(struct mesh *m, uint32_t slot, uint16_t ask)
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        struct mesh_fetch *f = &m->fetches[i];
        if (f->state == FETCH_ASKED && f->slot == slot && f->ask == ask)
            return f;
    }
    return NULL;
}

int mesh_on_noblob(struct mesh *m, uint32_t slot, struct span frame)
{
    uint16_t ask;
    int err = frame_noblob_parse(&ask, frame);
    if (err != HOP_OK)
        return err;
    struct mesh_fetch *f = fetch_of_ask(m, slot, ask);
    if (f != NULL)
        fetch_pass(m, f, true);
    return HOP_OK;
}

/* Ask the store to keep what somebody, link or bundle, brought. */
static int fetch_keep(struct mesh *m, struct mesh_fetch *f, mesh_link from, struct span bytes)
{
    uint8_t *copy = arena_take(&m->outs->scratch, bytes.size, 1);
    struct mesh_out *out = copy == NULL ? NULL : mesh_emit(m, MESH_OUT_BLOB, from);
    if (out == NULL)
        return HOP_EFULL;
    memcpy(copy, bytes.data, bytes.size);
    memcpy(out->id, f->place.name, sizeof out->id);
    out->bytes = SPAN(copy, bytes.size);
    out->foreign = m->trees[f->tree].foreign;
    if (out->foreign)
        m->foreign_bytes += bytes.size;
    f->total = (uint32_t)bytes.size;
    fetch_restart(f);
    f->state = FETCH_STORING;
    f->slot = NO_SLOT;
    m->wants_at = m->now;
    return HOP_OK;
}

/* Its name is right; is it what the tree says must be there? The author of a tree that does not fit
 * its own size lied, not the one who brought it. */
static int fetch_check_shape(struct mesh *m, uint32_t index, struct span bytes)
{
    struct mesh_fetch *f = &m->fetches[index];
    struct mesh_tree *t = &m->trees[f->tree];
    unsigned level;
    uint64_t size;
    int err = tree_measure(bytes, &level, &size);
    bool fits = err == HOP_OK && (t->size == 0 || tree_fits(bytes, f->place.level, f->place.size));
    if (fits && t->size == 0) {
        if (t->foreign && !foreign_fits(m, size)) {
            tree_remove(m, f->tree);
            return HOP_EFULL;
        }
        f->place.level = level;
        f->place.size = t->size = size;
    }
    if (fits)
        return HOP_OK;
    trace(&m->config.trace, "blob %02x%02x is no part of its tree -> give the tree up",
          f->place.name[0], f->place.name[1]);
    uint32_t tree = f->tree;
    for (uint32_t i = m->fetches_count; i-- > 0;) {
        if (m->fetches[i].tree == tree)
            fetch_remove(m, i);
    }
    t->bad = true;
    for (uint32_t i = 0; i < m->trees_count; i++)
        m->trees[i].rest_until = 0; /* one of them may have waited for the same blob */
    return HOP_EMALFORMED;
}

int mesh_on_carried_blob(struct mesh *m, struct span payload)
{
    struct bundle_blob blob;
    struct tree_place place = {0};
    int err = bundle_blob_parse(&blob, payload);
    if (err != HOP_OK)
        return err;
    uint32_t tree = tree_of_blob(m, blob.name, &place), index = fetch_find(m, blob.name);
    if (tree == NO_SLOT || m->trees[tree].bad)
        return HOP_ENOTFOUND;
    if (place.here || (index != NO_SLOT && m->fetches[index].state == FETCH_STORING))
        return HOP_EEXIST;
    if (m->now < m->store_rest_until)
        return HOP_EIO;
    if (index == NO_SLOT)
        err = fetch_add(m, tree, &place, &index);
    if (err == HOP_OK)
        err = fetch_check_shape(m, index, blob.bytes);
    if (err != HOP_OK)
        return err;
    trace(&m->config.trace, "a bundle brings blob %02x%02x -> store", blob.name[0], blob.name[1]);
    return fetch_keep(m, &m->fetches[index], 0, blob.bytes);
}

/* It failed us: while there are others it is left alone for a while, longer each time. */
static void shun(struct mesh *m, struct link *l)
{
    hop_time rest = MESH_BLOB_REST << (l->shy < 5 ? l->shy : 5);
    l->shy++;
    l->shy_until = m->now + rest;
}

/* All pieces are here. */
static int fetch_whole(struct mesh *m, uint32_t index)
{
    struct mesh_fetch *f = &m->fetches[index];
    uint32_t slot = f->slot;
    struct link *l = m->links[slot];
    struct span bytes = SPAN(f->bytes, f->total);
    uint8_t name[32];
    tree_name(name, bytes);
    if (memcmp(name, f->place.name, sizeof name) != 0) {
        trace(&m->config.trace, "%u sends a blob that is not %02x%02x -> %s", (unsigned)l->name,
              f->place.name[0], f->place.name[1],
              f->mixed ? "it was not the only one: again from one" : "refuse");
        bool blame = !f->mixed;
        fetch_pass(m, f, blame);
        fetch_restart(f);
        f->alone = true;
        if (blame)
            shun(m, l);
        if (blame)
            (void)mesh_strike(m, slot);
        return blame ? HOP_EAUTH : HOP_OK;
    }
    if (fetch_check_shape(m, index, bytes) != HOP_OK)
        return HOP_OK;
    trace(&m->config.trace, "%u brings blob %02x%02x -> store", (unsigned)l->name, name[0],
          name[1]);
    if (fetch_keep(m, f, l->name, bytes) != HOP_OK) { /* no room in this step: once more */
        fetch_pass(m, f, false);
        fetch_restart(f);
    }
    return HOP_OK;
}

/* How long a piece may take: what is asked for, and what records may stand before it. */
static hop_time wait_of(const struct link *l)
{
    return l->rate_hint == 0 ? MESH_BLOB_WAIT : MESH_BLOB_WAIT + 8 * HOP_SECOND;
}

/* The faster a piece came, the more may be on its way; but never more than a chunk. */
static void adapt_unit(struct link *l, hop_time took)
{
    if (took < MESH_UNIT_FAST && l->unit < MESH_UNIT_MAX)
        l->unit = 2 * l->unit < MESH_UNIT_MAX ? 2 * l->unit : MESH_UNIT_MAX;
    else if (took > MESH_UNIT_SLOW && l->unit > MESH_UNIT_MIN)
        l->unit = l->unit / 2 > MESH_UNIT_MIN ? l->unit / 2 : MESH_UNIT_MIN;
}

int mesh_on_piece(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_piece p;
    int err = frame_piece_parse(&p, frame);
    if (err != HOP_OK)
        return err;
    struct mesh_fetch *f = fetch_of_ask(m, slot, p.ask);
    if (f == NULL || p.offset != f->got || p.bytes.size > f->asked - f->got ||
        m->now < m->store_rest_until)
        return HOP_OK; /* too late, or too early; the time-out asks again */
    if (p.total > TREE_BLOB_BYTES_MAX || (f->total != 0 && p.total != f->total)) {
        fetch_pass(m, f, true); /* whatever it has, it is not what we look for */
        return HOP_OK;
    }
    f->total = p.total;
    f->asked = f->asked < f->total ? f->asked : f->total;
    if (f->bytes == NULL)
        f->bytes = malloc(f->total);
    if (f->bytes == NULL)
        return HOP_ENOMEM;
    memcpy(f->bytes + f->got, p.bytes.data, p.bytes.size);
    f->got += (uint32_t)p.bytes.size;
    adapt_unit(l, m->now - l->want_since);
    l->shy = 0;
    l->want_since = m->now;
    l->want_until = m->now + wait_of(l);
    m->wants_at = m->now;
    return f->got < f->total ? HOP_OK : fetch_whole(m, (uint32_t)(f - m->fetches));
}

void mesh_wants_stored(struct mesh *m, bool durable)
{
    for (uint32_t i = m->fetches_count; i-- > 0;) {
        struct mesh_fetch *f = &m->fetches[i];
        struct mesh_tree *t = &m->trees[f->tree];
        if (f->state != FETCH_STORING)
            continue;
        m->wants_at = m->now;
        if (!durable) {
            f->state = FETCH_OPEN;
            f->rest_until = m->store_rest_until;
            if (t->foreign)
                m->foreign_bytes -= f->total < m->foreign_bytes ? f->total : m->foreign_bytes;
            continue;
        }
        t->rest = 0;
        if (f->place.level > 0 && t->begun)
            tree_walk_back(&t->walk, &f->place, true);
        fetch_remove(m, i);
    }
}

void mesh_wants_store_works(struct mesh *m)
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        if (m->fetches[i].rest_until == m->store_rest_until)
            m->fetches[i].rest_until = 0;
    }
    m->wants_at = m->now;
}

/* ---- asking ---- */

static size_t in_flight(const struct mesh *m, uint32_t slot, uint32_t *ret_fetches)
{
    size_t bytes = 0;
    *ret_fetches = 0;
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        const struct mesh_fetch *f = &m->fetches[i];
        if (f->state != FETCH_ASKED || f->slot != slot)
            continue;
        bytes += f->asked - f->got;
        ++*ret_fetches;
    }
    return bytes;
}

/* A peer busy with records for us is not to be blamed for a late blob, up to a point. */
static void time_out(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    hop_time until = l->brought + wait_of(l);
    if (until > l->want_since + MESH_BLOB_WAIT_MAX)
        until = l->want_since + MESH_BLOB_WAIT_MAX;
    if (l->brought > l->want_since && until > m->now) {
        l->want_until = until;
        return;
    }
    trace(&m->config.trace, "%u does not answer for a blob -> ask another", (unsigned)l->name);
    l->unit = l->unit / 4 > MESH_UNIT_MIN ? l->unit / 4 : MESH_UNIT_MIN;
    shun(m, l);
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        if (m->fetches[i].state == FETCH_ASKED && m->fetches[i].slot == slot)
            fetch_pass(m, &m->fetches[i], true);
    }
}

/* One that this link was not asked for, of the best tree; which of its blobs is left to chance, so
 * that two who fetch the same have something to give each other. */
static struct mesh_fetch *choose(struct mesh *m, uint32_t slot)
{
    struct mesh_fetch *best = NULL;
    uint64_t best_key = UINT64_MAX;
    uint32_t equals = 0;
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        struct mesh_fetch *f = &m->fetches[i];
        uint64_t key = 2 * (uint64_t)f->tree + (f->got == 0); /* what is begun, first */
        if (f->state != FETCH_OPEN || f->rest_until > m->now || bit_of(f->tried, slot) ||
            key > best_key)
            continue;
        equals = key < best_key ? 1 : equals + 1;
        best_key = key;
        if (rng_below(&m->choice_rng, equals) == 0)
            best = f;
    }
    return best;
}

static void assign(struct mesh *m, uint32_t slot, struct mesh_fetch *f)
{
    struct link *l = m->links[slot];
    if (f->alone && f->got > 0)
        fetch_restart(f);
    if (f->got == 0) {
        f->first_slot = slot;
        f->mixed = false;
    }
    f->mixed = f->mixed || f->first_slot != slot;
    f->state = FETCH_ASKED;
    f->slot = slot;
    f->ask = ++l->asks_made;
    f->asked = f->got;
    f->named = false;
    trace(&m->config.trace, "ask %u for blob %02x%02x", (unsigned)l->name, f->place.name[0],
          f->place.name[1]);
}

/* The next piece of what the link has been asked for, or of something new; NULL: nothing. */
static struct mesh_fetch *next_of_link(struct mesh *m, uint32_t slot, uint32_t fetches)
{
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        struct mesh_fetch *f = &m->fetches[i];
        if (f->state == FETCH_ASKED && f->slot == slot &&
            (f->total == 0 ? f->asked == 0 : f->asked < f->total))
            return f;
    }
    struct mesh_fetch *f = fetches < MESH_ASKED_MAX / 2 ? choose(m, slot) : NULL;
    if (f != NULL)
        assign(m, slot, f);
    return f;
}

/* As much as may be on its way. */
static void ask_link(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    size_t unit = mesh_link_unit(l);
    for (;;) {
        uint32_t fetches;
        size_t flight = in_flight(m, slot, &fetches), length = piece_of(unit);
        struct wire_writer w;
        if (flight >= unit || m->outs->n == MESH_OUTS_MAX)
            return;
        struct mesh_fetch *f = next_of_link(m, slot, fetches);
        if (f == NULL)
            return;
        length = length < unit ? length : unit;
        if (f->total != 0 && length > f->total - f->asked)
            length = f->total - f->asked;
        if (flight > 0 && length > unit - flight)
            return; /* not in crumbs */
        if (!mesh_frame_begin(m, &w, WANT_BYTES))
            return;
        struct frame_want want = {.ask = f->ask,
                                  .offset = f->asked,
                                  .length = (uint32_t)length,
                                  .name = f->named ? NULL : f->place.name};
        frame_want_put(&w, &want);
        mesh_frame_send(m, l, &w);
        f->named = true;
        f->asked += (uint32_t)length;
        if (flight == 0) {
            l->want_since = m->now;
            l->want_until = m->now + wait_of(l);
        }
    }
}

/* ---- what to fetch next ---- */

/* The next missing blob of a tree that is not being fetched. HOP_ENOTFOUND: none is left;
 * HOP_EFULL: enough looked for in this step. */
static int tree_next(struct mesh *m, uint32_t index, unsigned *looks, struct tree_place *ret)
{
    struct mesh_tree *t = &m->trees[index];
    struct span root;
    unsigned level;
    if (!t->begun && t->size == 0 &&
        store_find(m->config.store, STORE_BLOBS, SPAN(t->root, 32), &root) == HOP_OK) {
        int err = tree_measure(root, &level, &t->size);
        if (err != HOP_OK)
            return err;
    }
    if (!t->begun && t->size == 0) {
        *ret = (struct tree_place){0};
        memcpy(ret->name, t->root, 32);
        return t->gaps || t->fetches > 0 ? HOP_ENOTFOUND : HOP_OK;
    }
    if (!t->begun)
        tree_walk_begin(&t->walk, m->config.store, t->root, t->size);
    t->begun = true;
    for (; *looks > 0; --*looks) {
        int err = tree_walk_next(&t->walk, ret);
        if (err != HOP_OK)
            return err;
        uint32_t fetch = ret->here ? NO_SLOT : fetch_find(m, ret->name);
        if (!ret->here && fetch == NO_SLOT)
            return HOP_OK;
        if (!ret->here && m->fetches[fetch].tree != index)
            note_gap(t, ret); /* another tree has it too: when it is here, or not, we look again */
    }
    return HOP_EFULL;
}

/* Room for one more fetch of this tree, if need be by putting off one of a worse tree. */
static bool make_room(struct mesh *m, uint32_t tree)
{
    uint32_t worst = NO_SLOT;
    if (m->fetches_count < MESH_FETCHES_MAX)
        return true;
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        const struct mesh_fetch *f = &m->fetches[i];
        if (f->state == FETCH_OPEN && f->got == 0 && f->tree > tree &&
            (worst == NO_SLOT || f->tree > m->fetches[worst].tree))
            worst = i;
    }
    if (worst == NO_SLOT)
        return false;
    struct mesh_tree *t = &m->trees[m->fetches[worst].tree];
    if (t->begun)
        tree_walk_back(&t->walk, &m->fetches[worst].place, false);
    fetch_remove(m, worst);
    return true;
}

/* The walk is at its end and nothing of the tree is under way: it is here, or it rests. False: outs
 * is full. */
static bool tree_done(struct mesh *m, uint32_t index)
{
    struct mesh_tree *t = &m->trees[index];
    if (t->gaps) {
        t->gaps = false;
        t->rest = t->rest == 0 ? MESH_BLOB_REST : 2 * t->rest;
        t->rest = t->rest < MESH_BLOB_REST_MAX ? t->rest : MESH_BLOB_REST_MAX;
        t->rest_until = m->now + t->rest;
        if (t->begun)
            tree_walk_back(&t->walk, &t->gap, false);
        return true;
    }
    if (!t->foreign) {
        struct mesh_out *out = mesh_emit(m, MESH_OUT_BLOB_HERE, 0);
        if (out == NULL)
            return false;
        memcpy(out->id, t->root, sizeof out->id);
        out->seq = t->size;
    }
    trace(&m->config.trace, "all of %02x%02x is here", t->root[0], t->root[1]);
    tree_remove(m, index);
    return true;
}

/* Each tree may have half of what the better ones leave. */
static void fill(struct mesh *m)
{
    unsigned looks = LOOKS_MAX;
    uint32_t left = MESH_FETCHES_MAX;
    for (uint32_t i = 0; i < m->trees_count;) {
        uint32_t count = m->trees_count;
        struct tree_place place;
        uint32_t index;
        int err = HOP_EEXIST;
        if (m->trees[i].bad || m->trees[i].rest_until > m->now) {
            i++;
            continue;
        }
        while (m->trees[i].fetches <= left / 2) {
            err = make_room(m, i) ? tree_next(m, i, &looks, &place) : HOP_EEXIST;
            if (err == HOP_OK)
                err = fetch_add(m, i, &place, &index);
            if (err != HOP_OK)
                break;
        }
        if (err == HOP_EFULL)
            m->unfinished = true;
        else if (err == HOP_ENOTFOUND && m->trees[i].fetches == 0 && !tree_done(m, i))
            return;
        else if (err == HOP_EMALFORMED || err == HOP_EIO)
            m->trees[i].bad = true;
        if (m->trees_count < count)
            continue; /* it is done: the next has its index */
        left -= m->trees[i].fetches < left ? m->trees[i].fetches : left;
        i++;
    }
}

/* Those that everybody was asked for; what is half here is kept for when somebody comes back. */
static void give_up(struct mesh *m, uint64_t members)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->fetches_count; i++)
        kept += m->fetches[i].got > 0 && m->fetches[i].rest_until > m->now ? 1 : 0;
    for (uint32_t i = m->fetches_count; members != 0 && i-- > 0;) {
        struct mesh_fetch *f = &m->fetches[i];
        if (f->state != FETCH_OPEN || f->rest_until > m->now || (f->tried & members) != members)
            continue;
        if (f->got > 0 && kept++ < MESH_KEPT_MAX) {
            f->tried = 0;
            f->rest_until = m->now + MESH_BLOB_REST;
        } else {
            fetch_give_up(m, i);
        }
        m->wants_at = m->now;
    }
}

/* Those who may be asked, as bits: not the shunned, unless there is nobody else. */
static uint64_t askable(const struct mesh *m)
{
    uint64_t members = 0, good = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        if (!mesh_link_syncs(l) || l->estranged)
            continue;
        members |= UINT64_C(1) << slot;
        if (l->shy == 0 || l->shy_until <= m->now)
            good |= UINT64_C(1) << slot;
    }
    return good != 0 ? good : members;
}

static uint64_t ask_links(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        uint32_t fetches;
        if (m->links[slot] != NULL && in_flight(m, slot, &fetches) > 0 &&
            m->now >= m->links[slot]->want_until)
            time_out(m, slot);
    }
    uint64_t members = askable(m);
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX && m->now >= m->store_rest_until; slot++) {
        if (bit_of(members, slot))
            ask_link(m, slot);
    }
    return members;
}

/* When to come back, if nothing happens. */
static hop_time wants_deadline(const struct mesh *m)
{
    hop_time at =
        m->now < m->store_rest_until && m->fetches_count > 0 ? m->store_rest_until : HOP_NEVER;
    for (uint32_t i = 0; i < m->trees_count; i++) {
        hop_time rest = m->trees[i].rest_until;
        at = rest > m->now && rest < at ? rest : at;
    }
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        hop_time rest = m->fetches[i].rest_until;
        at = rest > m->now && rest < at ? rest : at;
    }
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        uint32_t fetches;
        if (l != NULL && in_flight(m, slot, &fetches) > 0 && l->want_until < at)
            at = l->want_until;
        if (l != NULL && l->shy > 0 && m->fetches_count > 0 && l->shy_until > m->now &&
            l->shy_until < at)
            at = l->shy_until;
    }
    return at;
}

void mesh_wants_finish(struct mesh *m)
{
    serve(m);
    if (m->wants_at > m->now)
        return;
    m->wants_at = HOP_NEVER;
    fill(m);
    uint64_t members = ask_links(m);
    give_up(m, members);
    hop_time at = m->unfinished ? m->now : wants_deadline(m);
    m->wants_at = at < m->wants_at ? at : m->wants_at;
}

/* ---- for people ---- */

struct mesh_blobs_view mesh_blobs(const struct mesh *m)
{
    struct mesh_blobs_view v = {.foreign_bytes = m->foreign_bytes,
                                .foreign_refused = m->foreign_refused};
    for (uint32_t i = 0; i < m->trees_count; i++) {
        v.wanted += m->trees[i].foreign ? 0 : 1;
        v.unusable += m->trees[i].bad && !m->trees[i].foreign ? 1 : 0;
    }
    return v;
}
