/* Blobs: the trees that are looked for, and which of their blobs to fetch next.
 *
 * A document is wanted as a tree (mesh/tree.h). Its missing blobs are fetched, a window of them at
 * a time, the better trees first; mesh/pieces.c asks the links for them. What is stored is never
 * asked for again: after a cut or a restart the walk finds what is missing. What nobody has is
 * left as a gap, and looked for again when the walk has been through the rest and rested.
 *
 * A document for which the disk has no room beside the reserve for records (store_blob_room) waits,
 * and smaller ones overtake it; now and then we look whether there is room.
 *
 * Who is asked for what it has not, and does not want, wants it on behalf of the other, within a
 * quota: so a carrier brings it from the next meeting. It needs no key for that. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/bundle.h"
#include "mesh/state.h"

#define LOOKS_MAX 512 /* blobs a step looks for in the store: some 2 ms */

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
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < m->trees_count; i++)
        bytes += m->trees[i].foreign ? m->trees[i].size : 0;
    return bytes;
}

/* Somebody looks for what is not here. Who has waited longest in vain makes room. */
void mesh_relay(struct mesh *m, const uint8_t name[static 32])
{
    struct tree_place place;
    uint32_t worst = NO_SLOT, count = 0, at;
    if (m->config.foreign_bytes_max == 0 || tree_of_blob(m, name, &place) != NO_SLOT)
        return;
    if (foreign_bytes(m) >= m->config.foreign_bytes_max ||
        store_blob_room(m->config.store) < store_blob_cost(TREE_BLOB_BYTES_MAX)) {
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

/* May this tree of somebody else's be looked for? Its size has just become known. */
static bool foreign_fits(struct mesh *m, uint64_t size)
{
    uint64_t used = foreign_bytes(m);
    if (used <= m->config.foreign_bytes_max && size <= m->config.foreign_bytes_max - used &&
        store_blob_cost(size) <= store_blob_room(m->config.store))
        return true;
    m->foreign_refused++;
    return false;
}

/* ---- what came ---- */

void mesh_fetch_restart(struct mesh_fetch *f)
{
    free(f->bytes);
    f->bytes = NULL;
    f->got = f->asked = 0;
    f->first_slot = NO_SLOT;
    f->mixed = false;
}

/* Ask the store to keep what somebody, link or bundle, brought. */
int mesh_fetch_keep(struct mesh *m, struct mesh_fetch *f, mesh_link from, struct span bytes)
{
    if (store_blob_room(m->config.store) < store_blob_cost(bytes.size))
        return HOP_ENOSPACE;
    uint8_t *copy = arena_take(&m->outs->scratch, bytes.size, 1);
    struct mesh_out *out = copy == NULL ? NULL : mesh_emit(m, MESH_OUT_BLOB, from);
    if (out == NULL)
        return HOP_EFULL;
    memcpy(copy, bytes.data, bytes.size);
    memcpy(out->id, f->place.name, sizeof out->id);
    out->bytes = SPAN(copy, bytes.size);
    out->foreign = m->trees[f->tree].foreign;
    f->total = (uint32_t)bytes.size;
    mesh_fetch_restart(f);
    f->state = FETCH_STORING;
    f->slot = NO_SLOT;
    m->wants_at = m->now;
    return HOP_OK;
}

/* Its name is right; is it what the tree says must be there? The author of a tree that does not fit
 * its own size lied, not the one who brought it. */
int mesh_fetch_fits(struct mesh *m, uint32_t index, struct span bytes)
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
    if (m->trees[tree].waits || store_blob_room(m->config.store) < store_blob_cost(blob.bytes.size))
        return HOP_ENOSPACE;
    if (index == NO_SLOT)
        err = fetch_add(m, tree, &place, &index);
    if (err == HOP_OK)
        err = mesh_fetch_fits(m, index, blob.bytes);
    if (err != HOP_OK)
        return err;
    trace(&m->config.trace, "a bundle brings blob %02x%02x -> store", blob.name[0], blob.name[1]);
    return mesh_fetch_keep(m, &m->fetches[index], 0, blob.bytes);
}

void mesh_wants_stored(struct mesh *m, bool durable)
{
    for (uint32_t i = 0; i < m->trees_count; i++) {
        if (m->trees[i].waits && durable)
            m->wants_at = m->now; /* the owner may have made room */
    }
    for (uint32_t i = m->fetches_count; i-- > 0;) {
        struct mesh_fetch *f = &m->fetches[i];
        struct mesh_tree *t = &m->trees[f->tree];
        if (f->state != FETCH_STORING)
            continue;
        m->wants_at = m->now;
        if (!durable) {
            f->state = FETCH_OPEN;
            f->rest_until = m->store_rest_until;
            continue;
        }
        t->rest = 0;
        if (f->place.level == 0 && f->place.at < t->counted)
            t->missing -= f->place.size < t->missing ? f->place.size : t->missing;
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

void mesh_wants_link_new(struct mesh *m)
{
    m->wants_at = m->now; /* somebody new to ask */
    for (uint32_t i = 0; i < m->trees_count; i++)
        m->trees[i].rest_until = m->trees[i].rest = 0;
    for (uint32_t i = 0; i < m->fetches_count; i++)
        m->fetches[i].rest_until = 0;
}

/* ---- what to fetch next ---- */

/* How much of the document is missing, from what the walk passes the first time. What lies beneath
 * a node that is missing is. */
static void count_place(struct mesh_tree *t, const struct tree_place *place)
{
    uint64_t end = place->at + place->size;
    if (end <= t->counted || (place->level > 0 && place->here))
        return;
    if (place->here)
        t->missing -= place->size < t->missing ? place->size : t->missing;
    t->counted = end;
}

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
    if (!t->begun) {
        tree_walk_begin(&t->walk, m->config.store, t->root, t->size);
        t->missing = t->size;
        t->begun = true;
    }
    for (; *looks > 0; --*looks) {
        int err = tree_walk_next(&t->walk, ret);
        if (err != HOP_OK)
            return err;
        count_place(t, ret);
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

/* ---- room on the disk ---- */

/* What is missing of a tree as room in the store. */
static uint64_t tree_cost(const struct mesh_tree *t)
{
    uint64_t missing = t->begun ? t->missing : t->size;
    if (t->begun && missing == 0)
        return 0;
    return store_blob_cost(missing == 0 ? TREE_BLOB_BYTES_MAX : missing);
}

/* What is not yet asked for waits; what is on its way may still come. */
static void tree_pause(struct mesh *m, uint32_t index)
{
    struct mesh_tree *t = &m->trees[index];
    t->waits = true;
    for (uint32_t i = m->fetches_count; i-- > 0;) {
        if (m->fetches[i].tree == index && m->fetches[i].state == FETCH_OPEN)
            fetch_give_up(m, i);
    }
}

static void tree_go_on(struct mesh *m, uint32_t index)
{
    struct mesh_tree *t = &m->trees[index];
    trace(&m->config.trace, "there is room for %02x%02x -> go on", t->root[0], t->root[1]);
    t->waits = false;
    t->rest = t->rest_until = 0;
    if (t->gaps && t->begun)
        tree_walk_back(&t->walk, &t->gap, false);
    t->gaps = false;
}

/* May this tree be fetched, with what better ones leave of the room? Of one that has to wait we
 * find out how much is here already: it may be little that is missing. */
static bool tree_has_room(struct mesh *m, uint32_t index, unsigned *looks, uint64_t *room)
{
    struct mesh_tree *t = &m->trees[index];
    struct tree_place place;
    uint64_t cost = tree_cost(t);
    if (cost <= *room) {
        *room -= *room == STORE_SPACE_ANY ? 0 : cost;
        if (t->waits)
            tree_go_on(m, index);
        return true;
    }
    if (!t->waits)
        trace(&m->config.trace, "no room for %02x%02x, which needs %llu bytes -> it waits",
              t->root[0], t->root[1], (unsigned long long)cost);
    tree_pause(m, index);
    if (t->size == 0 || (t->begun && t->counted >= t->size))
        return false;
    int err;
    while ((err = tree_next(m, index, looks, &place)) == HOP_OK)
        note_gap(t, &place);
    if (err == HOP_EFULL || tree_cost(t) < cost)
        m->unfinished = true; /* the rest of it; or it has to wait no more */
    t->bad = t->bad || err == HOP_EMALFORMED || err == HOP_EIO;
    return false;
}

/* Each tree may have half of what the better ones leave. */
static void fill(struct mesh *m)
{
    unsigned looks = LOOKS_MAX;
    uint32_t left = MESH_FETCHES_MAX;
    uint64_t room = m->trees_count > 0 ? store_blob_room(m->config.store) : 0;
    for (uint32_t i = 0; i < m->trees_count;) {
        uint32_t count = m->trees_count;
        struct tree_place place;
        uint32_t index;
        int err = HOP_EEXIST;
        bool fits = m->trees[i].bad || tree_has_room(m, i, &looks, &room);
        if (!fits || m->trees[i].bad || m->trees[i].rest_until > m->now) {
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

/* When to come back, if nothing happens. */
static hop_time wants_deadline(const struct mesh *m)
{
    hop_time at =
        m->now < m->store_rest_until && m->fetches_count > 0 ? m->store_rest_until : HOP_NEVER;
    for (uint32_t i = 0; i < m->trees_count; i++) {
        const struct mesh_tree *t = &m->trees[i];
        hop_time rest = t->waits && !t->bad ? m->now + MESH_ROOM_LOOK : t->rest_until;
        at = rest > m->now && rest < at ? rest : at;
    }
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        hop_time rest = m->fetches[i].rest_until;
        at = rest > m->now && rest < at ? rest : at;
    }
    hop_time pieces = mesh_pieces_deadline(m);
    return pieces < at ? pieces : at;
}

void mesh_wants_finish(struct mesh *m)
{
    mesh_pieces_give(m);
    if (m->wants_at > m->now)
        return;
    m->wants_at = HOP_NEVER;
    fill(m);
    uint64_t members = mesh_pieces_ask(m);
    give_up(m, members);
    hop_time at = m->unfinished ? m->now : wants_deadline(m);
    m->wants_at = at < m->wants_at ? at : m->wants_at;
}

/* ---- for people ---- */

static bool waits_for_room(const struct mesh_tree *t)
{
    return t->waits && !t->foreign && !t->bad;
}

struct mesh_blobs_view mesh_blobs(const struct mesh *m)
{
    struct mesh_blobs_view v = {.foreign_refused = m->foreign_refused};
    for (uint32_t i = 0; i < m->trees_count; i++) {
        const struct mesh_tree *t = &m->trees[i];
        v.wanted += t->foreign ? 0 : 1;
        v.unusable += t->bad && !t->foreign ? 1 : 0;
        if (!waits_for_room(t))
            continue;
        uint64_t cost = tree_cost(t);
        v.waiting++;
        v.waiting_bytes += cost;
        v.waiting_least = v.waiting == 1 || cost < v.waiting_least ? cost : v.waiting_least;
    }
    return v;
}

size_t mesh_blobs_waiting(const struct mesh *m, uint8_t (*ret)[32], size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < m->trees_count && count < max; i++) {
        if (waits_for_room(&m->trees[i]))
            memcpy(ret[count++], m->trees[i].root, 32);
    }
    return count;
}
