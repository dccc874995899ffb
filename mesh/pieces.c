/* Pieces: how blobs cross a link.
 *
 * A link is asked for a few blobs in pieces, so much at once that what is on its way takes no
 * longer than one chunk, or one second: whatever else comes waits no longer than that. Different
 * links are asked for different blobs, and one begun on one link goes on from another. A blob is
 * taken when its name proves it, whoever brought the bytes; if what several put together proves
 * wrong nobody can be blamed, so it is then taken whole from one. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/state.h"

static bool bit_of(uint64_t bits, uint32_t slot)
{
    return (bits >> slot & 1) != 0;
}

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
    return unit < 4 * MESH_PIECE_MIN ? unit : unit / 4;
}

/* ---- giving ---- */

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
        mesh_relay(m, serve->name);
    serve_done(l);
    return true;
}

void mesh_pieces_give(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (!mesh_link_syncs(l) || l->serves_count == 0 || mesh_sends_pending(l))
            continue;
        if (serve_one(m, l) && l->serves_count > 0)
            m->unfinished = true; /* one a step: records that come meanwhile go first */
    }
}

/* ---- getting ---- */

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
        mesh_fetch_restart(f);
        f->alone = true;
        if (blame)
            shun(m, l);
        if (blame)
            (void)mesh_strike(m, slot);
        return blame ? HOP_EAUTH : HOP_OK;
    }
    if (mesh_fetch_fits(m, index, bytes) != HOP_OK)
        return HOP_OK;
    trace(&m->config.trace, "%u brings blob %02x%02x -> store", (unsigned)l->name, name[0],
          name[1]);
    if (mesh_fetch_keep(m, f, l->name, bytes) != HOP_OK) { /* no room in this step: once more */
        fetch_pass(m, f, false);
        mesh_fetch_restart(f);
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
        mesh_fetch_restart(f);
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

/* The next piece of what the link has been asked for, or of something new if that is of a better
 * tree; NULL: nothing. */
static struct mesh_fetch *next_of_link(struct mesh *m, uint32_t slot, uint32_t fetches)
{
    struct mesh_fetch *begun = NULL;
    for (uint32_t i = 0; i < m->fetches_count; i++) {
        struct mesh_fetch *f = &m->fetches[i];
        bool more = f->total == 0 ? f->asked == 0 : f->asked < f->total;
        if (f->state == FETCH_ASKED && f->slot == slot && more &&
            (begun == NULL || f->tree < begun->tree))
            begun = f;
    }
    struct mesh_fetch *f = fetches < MESH_ASKED_MAX / 2 ? choose(m, slot) : NULL;
    if (f == NULL || (begun != NULL && begun->tree <= f->tree))
        return begun;
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

uint64_t mesh_pieces_ask(struct mesh *m)
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

hop_time mesh_pieces_deadline(const struct mesh *m)
{
    hop_time at = HOP_NEVER;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        uint32_t fetches;
        if (l == NULL)
            continue;
        if (in_flight(m, slot, &fetches) > 0 && l->want_until < at)
            at = l->want_until;
        if (l->shy > 0 && m->fetches_count > 0 && l->shy_until > m->now && l->shy_until < at)
            at = l->shy_until;
    }
    return at;
}
