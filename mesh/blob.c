/* Sealed chunks by name: asked of one member after another, served when no record waits. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/bundle.h"
#include "mesh/state.h"

static uint32_t want_find(const struct mesh *m, const uint8_t name[static 32])
{
    for (uint32_t i = 0; i < m->wants_count; i++) {
        if (memcmp(m->wants[i].name, name, 32) == 0)
            return i;
    }
    return NO_SLOT;
}

/* The last takes its place, so that the table has no holes. */
static void want_remove(struct mesh *m, uint32_t index)
{
    uint32_t last = --m->wants_count;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        assert(l == NULL || l->want != index || m->wants[index].state == WANT_ASKED);
        if (l != NULL && l->want == index)
            l->want = NO_SLOT;
        if (l != NULL && l->want == last && last != index)
            l->want = index;
    }
    m->wants[index] = m->wants[last];
}

int mesh_want(struct mesh *m, struct span name)
{
    struct span found;
    assert(name.size == 32);
    if (want_find(m, name.data) != NO_SLOT)
        return HOP_OK;
    if (store_find(m->config.store, STORE_BLOBS, name, &found) == HOP_OK) {
        struct mesh_out *out = mesh_emit(m, MESH_OUT_BLOB_HERE, 0);
        assert(out != NULL); /* the first of this step */
        memcpy(out->id, name.data, sizeof out->id);
        return HOP_OK;
    }
    if (m->wants_count == MESH_WANTS_MAX)
        return HOP_EFULL;
    if (m->wants_count == m->wants_room) {
        uint32_t room = m->wants_room == 0 ? 16 : 2 * m->wants_room;
        struct mesh_want *wants = realloc(m->wants, room * sizeof *wants);
        if (wants == NULL)
            return HOP_ENOMEM;
        m->wants = wants;
        m->wants_room = room;
    }
    struct mesh_want *want = &m->wants[m->wants_count++];
    *want = (struct mesh_want){.state = WANT_OPEN};
    memcpy(want->name, name.data, sizeof want->name);
    m->wants_at = m->now;
    return HOP_OK;
}

/* ---- serving ---- */

int mesh_on_want(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_want f;
    int err = frame_want_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    for (size_t i = 0; i < f.count; i++) {
        bool queued = false;
        for (size_t k = 0; k < l->serves_count; k++)
            queued = queued || memcmp(l->serves[k], f.names[i], 32) == 0;
        if (queued)
            continue;
        struct wire_writer w;
        if (l->state == LINK_MEMBER && l->serves_count < MESH_SERVES_MAX) {
            memcpy(l->serves[l->serves_count++], f.names[i], 32);
        } else if (mesh_frame_begin(m, &w, NOBLOB_BYTES)) {
            frame_noblob_put(&w, f.names[i]);
            mesh_frame_send(m, l, &w);
        }
    }
    return HOP_OK;
}

/* One chunk, if no record waits for the link. False: outs is full. */
static bool serve_one(struct mesh *m, struct link *l)
{
    struct frame_blob blob;
    struct wire_writer w;
    memcpy(blob.name, l->serves[0], sizeof blob.name);
    bool have =
        store_find(m->config.store, STORE_BLOBS, SPAN(blob.name, 32), &blob.bytes) == HOP_OK &&
        blob.bytes.size > 0 && BLOB_BYTES(blob.bytes.size) <= MESH_FRAME_BYTES_MAX;
    if (!mesh_frame_begin(m, &w, have ? BLOB_BYTES(blob.bytes.size) : NOBLOB_BYTES))
        return false;
    if (have)
        frame_blob_put(&w, &blob);
    else
        frame_noblob_put(&w, blob.name);
    trace(&m->config.trace, "%u wants blob %02x%02x -> %s", (unsigned)l->name, blob.name[0],
          blob.name[1], have ? "send it" : "it is not here");
    mesh_frame_send(m, l, &w);
    l->serves_count--;
    memmove(l->serves[0], l->serves[1], l->serves_count * sizeof l->serves[0]);
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

/* ---- asking ---- */

/* This link did not give it: the next may. */
static void want_pass(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    struct mesh_want *want = &m->wants[l->want];
    assert(want->state == WANT_ASKED);
    want->state = WANT_OPEN;
    want->tried |= UINT64_C(1) << slot;
    l->want = NO_SLOT;
    m->wants_at = m->now;
}

void mesh_wants_link_gone(struct mesh *m, uint32_t slot)
{
    if (m->links[slot]->want != NO_SLOT)
        want_pass(m, slot);
    for (uint32_t i = 0; i < m->wants_count; i++)
        m->wants[i].tried &= ~(UINT64_C(1) << slot);
}

int mesh_on_noblob(struct mesh *m, uint32_t slot, struct span frame)
{
    uint8_t name[32];
    const struct link *l = m->links[slot];
    int err = frame_noblob_parse(name, frame);
    if (err != HOP_OK)
        return err;
    if (l->want != NO_SLOT && memcmp(m->wants[l->want].name, name, 32) == 0)
        want_pass(m, slot);
    return HOP_OK;
}

/* Ask the store to keep what somebody, link or bundle, brought for this want. */
static int want_keep(struct mesh *m, uint32_t index, mesh_link from, struct span bytes)
{
    struct mesh_want *want = &m->wants[index];
    uint8_t *copy = arena_take(&m->outs->scratch, bytes.size, 1);
    struct mesh_out *out = copy == NULL ? NULL : mesh_emit(m, MESH_OUT_BLOB, from);
    if (out == NULL)
        return HOP_EFULL;
    memcpy(copy, bytes.data, bytes.size);
    memcpy(out->id, want->name, sizeof out->id);
    out->bytes = SPAN(copy, bytes.size);
    for (uint32_t i = 0; i < MESH_LINKS_MAX; i++) {
        if (m->links[i] != NULL && m->links[i]->want == index)
            m->links[i]->want = NO_SLOT;
    }
    want->state = WANT_STORING;
    m->wants_at = m->now;
    return HOP_OK;
}

int mesh_on_carried_blob(struct mesh *m, struct span payload)
{
    struct frame_blob blob;
    int err = bundle_blob_parse(&blob, payload);
    if (err != HOP_OK)
        return err;
    uint32_t index = want_find(m, blob.name);
    if (index == NO_SLOT)
        return HOP_ENOTFOUND;
    if (m->wants[index].state == WANT_STORING || m->wants[index].state == WANT_HERE)
        return HOP_EEXIST;
    if (m->now < m->store_rest_until)
        return HOP_EIO;
    trace(&m->config.trace, "a bundle brings blob %02x%02x -> store", blob.name[0], blob.name[1]);
    return want_keep(m, index, 0, blob.bytes);
}

int mesh_on_blob(struct mesh *m, uint32_t slot, struct span frame)
{
    struct frame_blob blob;
    uint8_t name[32];
    struct link *l = m->links[slot];
    int err = frame_blob_parse(&blob, frame);
    if (err != HOP_OK)
        return err;
    hop_hash(name, sizeof name, LABEL_BLOB_NAME, blob.bytes);
    if (memcmp(name, blob.name, sizeof name) != 0) {
        trace(&m->config.trace, "%u sends a blob that is not %02x%02x -> refuse", (unsigned)l->name,
              blob.name[0], blob.name[1]);
        if (l->want != NO_SLOT)
            want_pass(m, slot);
        (void)mesh_strike(m, slot);
        return HOP_EAUTH;
    }
    uint32_t index = want_find(m, name);
    if (index == NO_SLOT || m->wants[index].state == WANT_STORING ||
        m->wants[index].state == WANT_HERE || m->now < m->store_rest_until)
        return HOP_OK; /* too late, or too early; the time-out asks again */
    trace(&m->config.trace, "%u brings blob %02x%02x -> store", (unsigned)l->name, name[0],
          name[1]);
    return want_keep(m, index, l->name, blob.bytes);
}

void mesh_wants_stored(struct mesh *m, bool durable)
{
    for (uint32_t i = 0; i < m->wants_count; i++) {
        struct mesh_want *want = &m->wants[i];
        if (want->state != WANT_STORING)
            continue;
        want->state = durable ? WANT_HERE : WANT_OPEN;
        want->rest_until = durable ? 0 : m->store_rest_until;
        m->wants_at = m->now;
    }
}

/* A peer busy with records for us is not to be blamed for a late blob, up to a point. */
static void wants_time_out(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL || l->want == NO_SLOT || m->now < l->want_until)
            continue;
        hop_time until = l->brought + MESH_BLOB_WAIT;
        if (until > l->want_since + MESH_BLOB_WAIT_MAX)
            until = l->want_since + MESH_BLOB_WAIT_MAX;
        if (l->brought > l->want_since && until > m->now) {
            l->want_until = until;
            continue;
        }
        trace(&m->config.trace, "%u does not answer for a blob -> ask another", (unsigned)l->name);
        want_pass(m, slot);
    }
}

static bool ask(struct mesh *m, uint32_t slot, uint32_t index)
{
    struct link *l = m->links[slot];
    struct frame_want f = {.count = 1};
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, WANT_BYTES(1)))
        return false;
    memcpy(f.names[0], m->wants[index].name, 32);
    frame_want_put(&w, &f);
    trace(&m->config.trace, "ask %u for blob %02x%02x", (unsigned)l->name, f.names[0][0],
          f.names[0][1]);
    mesh_frame_send(m, l, &w);
    m->wants[index].state = WANT_ASKED;
    l->want = index;
    l->want_since = m->now;
    l->want_until = m->now + MESH_BLOB_WAIT;
    return true;
}

static void ask_link(struct mesh *m, uint32_t slot)
{
    for (uint32_t i = 0; i < m->wants_count; i++) {
        const struct mesh_want *want = &m->wants[i];
        if (want->state == WANT_OPEN && want->rest_until <= m->now &&
            (want->tried >> slot & 1) == 0) {
            (void)ask(m, slot, i);
            return;
        }
    }
}

/* Those that everybody was asked for rest a while; tells when to come back. */
static void wants_rest(struct mesh *m, uint64_t members)
{
    hop_time at = HOP_NEVER;
    for (uint32_t i = 0; i < m->wants_count; i++) {
        struct mesh_want *want = &m->wants[i];
        if (want->state != WANT_OPEN || members == 0)
            continue; /* with nobody to ask, a new link wakes us */
        if ((want->tried & members) == members) {
            want->tried = 0;
            want->rest_until = m->now + MESH_BLOB_REST;
        }
        if (want->rest_until > m->now && want->rest_until < at)
            at = want->rest_until;
    }
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        if (l != NULL && l->want != NO_SLOT && l->want_until < at)
            at = l->want_until;
    }
    m->wants_at = at;
}

void mesh_wants_finish(struct mesh *m)
{
    serve(m);
    if (m->wants_at > m->now)
        return;
    for (uint32_t i = 0; i < m->wants_count;) {
        struct mesh_out *out = NULL;
        if (m->wants[i].state == WANT_HERE)
            out = mesh_emit(m, MESH_OUT_BLOB_HERE, 0);
        if (out == NULL) {
            i++;
            continue;
        }
        memcpy(out->id, m->wants[i].name, sizeof out->id);
        want_remove(m, i);
    }
    wants_time_out(m);
    uint64_t members = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        if (!mesh_link_syncs(l) || l->estranged)
            continue;
        members |= UINT64_C(1) << slot;
        if (l->want == NO_SLOT)
            ask_link(m, slot);
    }
    wants_rest(m, members);
    if (m->unfinished)
        m->wants_at = m->now;
}
