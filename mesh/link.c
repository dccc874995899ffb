/* Links: standing, silence, keepalives, and messages that nobody keeps. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/state.h"

struct link *mesh_link_find(const struct mesh *m, mesh_link name, uint32_t *ret_slot)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        if (m->links[slot] != NULL && m->links[slot]->name == name) {
            *ret_slot = slot;
            return m->links[slot];
        }
    }
    return NULL;
}

static struct link *link_new(struct mesh *m)
{
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->logs = calloc(m->logs_room > 0 ? m->logs_room : 1, sizeof *l->logs);
    if (l->logs == NULL) {
        free(l);
        return NULL;
    }
    l->state = LINK_GREETING;
    l->unit = MESH_UNIT_START;
    l->up = l->heard = m->now;
    l->keepalive_at = l->root_at = l->announce_at = HOP_NEVER;
    return l;
}

int mesh_link_up(struct mesh *m, const struct mesh_in *in)
{
    uint32_t slot;
    assert(in->bytes.size == 32 && mesh_link_find(m, in->link, &slot) == NULL);
    for (slot = 0; slot < MESH_LINKS_MAX && m->links[slot] != NULL; slot++)
        ;
    if (slot == MESH_LINKS_MAX)
        return HOP_EFULL;
    struct link *l = link_new(m);
    if (l == NULL)
        return HOP_ENOMEM;
    l->name = in->link;
    l->listener = in->listener;
    mesh_pace_hint(l, in->rate_hint);
    l->rate_hint = in->rate_hint;
    memcpy(l->binding, in->bytes.data, sizeof l->binding);
    m->links[slot] = l;
    if (mesh_greet(m, l))
        return HOP_OK;
    m->links[slot] = NULL; /* an owner whose scratch cannot hold a hello */
    free(l->logs);
    free(l);
    return HOP_EFULL;
}

void mesh_link_forget(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    for (uint32_t i = 0; i < m->logs_count; i++) {
        if (m->logs[i].namer == slot)
            m->logs[i].namer = NO_SLOT;
        if (m->logs[i].parent == slot)
            m->logs[i].parent = NO_SLOT;
        if (m->logs[i].asked != slot)
            continue;
        m->logs[i].asked = NO_SLOT;
        m->logs[i].asked_until = m->now;
        m->asks_at = m->now;
    }
    mesh_pace_keep(m, l);
    mesh_wants_link_gone(m, slot);
    mesh_agree_gone(m, slot);
    bool hearsay = l->hearsay > 0;
    m->links[slot] = NULL;
    free(l->logs);
    free(l);
    if (hearsay)
        mesh_logs_forget(m);
}

bool mesh_link_drop(struct mesh *m, uint32_t slot)
{
    struct mesh_out *out = mesh_emit(m, MESH_OUT_DROP_LINK, m->links[slot]->name);
    if (out == NULL)
        return false;
    mesh_link_forget(m, slot);
    return true;
}

bool mesh_strike(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    l->strikes++;
    if (l->strikes < MESH_STRIKES_MAX)
        return false;
    trace(&m->config.trace, "%u was wrong %u times -> drop it", (unsigned)l->name, l->strikes);
    return mesh_link_drop(m, slot);
}

/* ---- standing ---- */

void mesh_link_begin(struct mesh *m, struct link *l, bool opens)
{
    bool member = m->config.roster.is_member(m->config.roster.ctx, l->identity);
    l->state = member ? LINK_MEMBER : LINK_STRANGER;
    l->estrange_due = !member;
    l->exchange.due = member && opens;
    l->touched = true;
    l->keepalive_at = m->now + l->keepalive;
    trace(&m->config.trace, "%u is %s", (unsigned)l->name, member ? "a member" : "a stranger");
    mesh_wants_link_new(m);
}

bool mesh_shut_out(const struct mesh *m, const uint8_t identity[static 32])
{
    const struct mesh_roster *r = &m->config.roster;
    return r->is_shut_out != NULL && r->is_shut_out(r->ctx, identity);
}

void mesh_on_roster(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL || l->state == LINK_GREETING)
            continue;
        bool member = m->config.roster.is_member(m->config.roster.ctx, l->identity);
        if (member == (l->state == LINK_MEMBER) && !mesh_shut_out(m, l->identity))
            continue;
        if (member) {
            mesh_link_begin(m, l, true);
            continue;
        }
        trace(&m->config.trace, "%u is no member any more -> drop it", (unsigned)l->name);
        bool dropped = mesh_link_drop(m, slot);
        assert(dropped); /* at most one a link, and outs was empty */
    }
}

/* ---- being there ---- */

/* Roots differ: exchange frontiers again, but not too often. If that was never answered, it may
 * have been lost on the way: then sooner. */
static void reconcile(struct mesh *m, struct link *l, bool lost)
{
    l->synced_version = 0;
    hop_time pace = mesh_slowed(l, lost ? MESH_ASK_WAIT : MESH_RECONCILE);
    if (l->listener)
        pace += MESH_RECONCILE_LISTENER;
    hop_time calm = MESH_RECONCILE_CALM;
    if (l->exchange.blind) { /* the last one found nothing: another salt will */
        pace = MESH_ROOT_DELAY;
        calm = 0;
    }
    if (m->now - l->reconciled < pace || m->now - m->changed < calm || mesh_pace_busy(m, l))
        return;
    mesh_forks_tell(m, l);
    trace(&m->config.trace, "%u has another root", (unsigned)l->name);
    l->exchange.due = true;
}

void mesh_in_sync(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    if (l->synced_version != m->version) {
        trace(&m->config.trace, "in sync with %u", (unsigned)l->name);
        mesh_agree_synced(m, slot);
    }
    l->synced_version = m->version;
    l->exchange.blind = false;
    l->frontier_heard = true; /* or as good as: it is ours */
    for (uint32_t i = 0; i < m->logs_count; i++)
        mesh_show(m, slot, i, m->logs[i].durable.seq);
}

int mesh_on_keepalive(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_keepalive k;
    int err = frame_keepalive_parse(&k, frame);
    if (err != HOP_OK)
        return err;
    static const uint8_t zeros[8];
    if (l->state != LINK_MEMBER)
        return HOP_OK;
    bool estranged = memcmp(k.salt, zeros, 8) == 0; /* it says no root to strangers */
    mesh_set_estranged(m, l, estranged);
    if (estranged)
        return HOP_OK;
    if (l->root.version != m->version || memcmp(l->root.salt, k.salt, 8) != 0) {
        l->root.version = m->version;
        memcpy(l->root.salt, k.salt, 8);
        mesh_root(m, k.salt, l->root.root);
    }
    if (memcmp(l->root.root, k.root, 8) != 0) {
        reconcile(m, l, !l->frontier_heard);
        return HOP_OK;
    }
    mesh_in_sync(m, slot);
    return HOP_OK;
}

static void send_keepalive(struct mesh *m, struct link *l)
{
    struct frame_keepalive k = {0};
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, KEEPALIVE_BYTES))
        return;
    if (l->state == LINK_MEMBER) {
        mesh_own_root(m);
        memcpy(k.salt, m->salt, sizeof k.salt);
        memcpy(k.root, m->root, sizeof k.root);
    }
    frame_keepalive_put(&w, &k);
    mesh_frame_send(m, l, &w);
    l->root_at = HOP_NEVER;
}

hop_time mesh_slowed(const struct link *l, hop_time t)
{
    return t * (l->keepalive / MESH_KEEPALIVE);
}

void mesh_links_finish(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL)
            continue;
        if (m->now - l->heard >= mesh_pace_silence(l)) {
            trace(&m->config.trace, "nothing from %u for %u s -> drop it", (unsigned)l->name,
                  (unsigned)(mesh_pace_silence(l) / HOP_SECOND));
            (void)mesh_link_drop(m, slot); /* if there is no room, at the next step */
        } else if (l->state != LINK_GREETING &&
                   (m->now >= l->keepalive_at || m->now >= l->root_at)) {
            send_keepalive(m, l);
        }
    }
}

hop_time mesh_link_deadline(const struct link *l)
{
    hop_time at = l->heard + mesh_pace_silence(l);
    if (l->state == LINK_GREETING)
        return at;
    at = l->keepalive_at < at ? l->keepalive_at : at;
    at = l->root_at < at ? l->root_at : at;
    return l->announce_at < at ? l->announce_at : at;
}

/* ---- messages that nobody keeps ---- */

int mesh_tell(struct mesh *m, struct span bytes)
{
    if (bytes.size > MESH_TELL_BYTES_MAX)
        return HOP_EFULL;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        struct wire_writer w;
        if (!mesh_link_syncs(l) || !mesh_frame_begin(m, &w, TELL_BYTES(bytes.size)))
            continue;
        struct frame_tell f = {.counter = ++l->tells_sent, .bytes = bytes};
        frame_tell_put(&w, &f, l->binding, m->config.identity);
        mesh_frame_send(m, l, &w);
    }
    return HOP_OK;
}

int mesh_on_tell(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_tell f;
    int err = frame_tell_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    err = frame_tell_verify(&f, l->binding, l->identity);
    if (err != HOP_OK) {
        (void)mesh_strike(m, slot);
        return err;
    }
    if (f.counter <= l->tells_heard)
        return HOP_OK;
    uint8_t *bytes = arena_take(&m->outs->scratch, f.bytes.size, 1);
    struct mesh_out *out = bytes == NULL ? NULL : mesh_emit(m, MESH_OUT_TOLD, l->name);
    if (out == NULL)
        return HOP_EFULL;
    l->tells_heard = f.counter;
    if (f.bytes.size > 0)
        memcpy(bytes, f.bytes.data, f.bytes.size);
    memcpy(out->id, l->identity, sizeof out->id);
    out->bytes = SPAN(bytes, f.bytes.size);
    return HOP_OK;
}

/* ---- for people ---- */

static struct mesh_peer_view view_of(const struct mesh *m, const struct link *l)
{
    struct mesh_peer_view v = {.link = l->name, .heard = l->heard};
    memcpy(v.identity, l->identity, sizeof v.identity);
    v.greeted = l->state != LINK_GREETING;
    v.member = l->state == LINK_MEMBER;
    v.in_sync = v.member && l->frontier_heard && l->synced_version == m->version;
    if (!v.member || !l->frontier_heard)
        return v;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        uint64_t have = m->logs[i].durable.seq, shown = l->logs[i].shown;
        v.records_behind += shown > have ? shown - have : 0;
        v.records_ahead += have > shown ? have - shown : 0;
    }
    return v;
}

size_t mesh_peers(const struct mesh *m, struct mesh_peer_view *ret, size_t max)
{
    size_t n = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX && n < max; slot++) {
        if (m->links[slot] != NULL)
            ret[n++] = view_of(m, m->links[slot]);
    }
    return n;
}

void mesh_links_report(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL || l->state == LINK_GREETING)
            continue;
        unsigned bits = 1u | (l->state == LINK_MEMBER ? 2u : 0) |
                        (l->frontier_heard && l->synced_version == m->version ? 4u : 0);
        if (bits == l->told && !l->touched)
            continue;
        if (mesh_emit(m, MESH_OUT_PEER, l->name) == NULL)
            return;
        l->told = bits;
        l->touched = false;
    }
}
