/* Does the whole hold together? Called by tests and the simulator after each step. */
#include <assert.h>

#include "mesh/state.h"

static void check_log(const struct mesh *m, const struct mesh_log *log)
{
    struct store_tip tip = {0};
    int err = store_tip(m->config.store, log->id, &tip);
    assert(log->lane < LANES_COUNT);
    assert(log->durable.seq <= log->pending.seq);
    assert(log->delivered <= log->durable.seq);
    assert(log->fork == 0 || log->pending.seq < log->fork);
    assert(m->undelivered || log->delivered == log->durable.seq);
    assert(m->pending || log->pending.seq == log->durable.seq);
    assert(log->asked == NO_SLOT || m->links[log->asked] != NULL);
    assert(err == HOP_OK || log->durable.seq == 0);
    assert(tip.seq >= log->durable.seq); /* what we call durable is in the store */
    if (tip.seq == log->durable.seq && tip.seq > 0)
        assert(memcmp(tip.head, log->durable.head, 32) == 0);
    if (log->durable.seq == log->pending.seq)
        assert(memcmp(log->durable.head, log->pending.head, 32) == 0);
}

static void check_logs(const struct mesh *m)
{
    uint32_t used = 0;
    assert(m->logs_count <= m->logs_room && m->logs_room <= MESH_LOGS_MAX);
    for (uint32_t i = 0; i < m->logs_count; i++) {
        if (!m->logs[i].used)
            continue;
        used++;
        check_log(m, &m->logs[i]);
        assert(mesh_log_find(m, m->logs[i].id) == i);
    }
    assert(used == m->order_count && used + m->logs_free == m->logs_count);
    for (uint32_t i = 1; i < m->order_count; i++)
        assert(memcmp(m->logs[m->order[i - 1]].id, m->logs[m->order[i]].id, 32) < 0);
}

static void check_flights(const struct mesh *m, const struct link *l)
{
    size_t bytes = 0;
    assert(l->flights_count <= MESH_FLIGHTS_MAX);
    for (size_t i = 0; i < l->flights_count; i++) {
        const struct mesh_flight *f = &l->flights[i];
        assert(f->log < m->logs_count && m->logs[f->log].used);
        assert(f->last <= l->logs[f->log].sent && f->last > l->logs[f->log].shown);
        bytes += f->bytes;
    }
    assert(bytes == l->flights_bytes);
    /* the last segment may reach over the edge of the window */
    assert(bytes < MESH_WINDOW_BYTES + MESH_FRAME_BYTES_MAX);
}

static void check_link(const struct mesh *m, const struct link *l)
{
    check_flights(m, l);
    for (uint32_t i = 0; i < m->logs_count; i++) {
        const struct peer_log *p = &l->logs[i];
        assert(p->sent >= p->shown);
        if (!m->logs[i].used)
            assert(p->shown == 0 && p->flags == 0);
        if ((p->flags & PEER_SEND) != 0)
            assert(l->state == LINK_MEMBER && l->sends[m->logs[i].lane]);
        if ((p->flags & PEER_ACK) != 0)
            assert(l->acks);
        if ((p->flags & PEER_ASK) != 0)
            assert(l->asks);
        if ((p->flags & PEER_ANNOUNCE) != 0)
            assert(l->announce_at != HOP_NEVER);
    }
    assert(l->serves_count <= MESH_SERVES_MAX);
    assert(l->state != LINK_GREETING || l->flights_count == 0);
    assert(l->unit >= MESH_UNIT_MIN && l->unit <= MESH_UNIT_MAX);
}

static void check_fetch(const struct mesh *m, uint32_t index)
{
    const struct mesh_fetch *f = &m->fetches[index];
    assert(f->tree < m->trees_count && !m->trees[f->tree].bad);
    assert(f->got <= f->asked && (f->total == 0 || f->asked <= f->total));
    assert((f->got > 0) == (f->bytes != NULL));
    assert((f->state == FETCH_ASKED) == (f->slot != NO_SLOT));
    if (f->state == FETCH_ASKED)
        assert(m->links[f->slot] != NULL && m->links[f->slot]->state == LINK_MEMBER);
    for (uint32_t other = 0; other < index; other++)
        assert(memcmp(m->fetches[other].place.name, f->place.name, 32) != 0);
}

static void check_wants(const struct mesh *m)
{
    uint64_t fetches = 0;
    assert(m->trees_count <= MESH_WANTS_MAX);
    assert(m->fetches_count <= MESH_FETCHES_MAX + MESH_CARRIED_MAX);
    for (uint32_t i = 0; i < m->trees_count; i++) {
        const struct mesh_tree *t = &m->trees[i];
        fetches += t->fetches;
        assert(!t->begun || t->size > 0);
        if (i > 0)
            assert(m->trees[i - 1].foreign != t->foreign || m->trees[i - 1].rank <= t->rank);
    }
    assert(fetches == m->fetches_count);
    for (uint32_t i = 0; i < m->fetches_count; i++)
        check_fetch(m, i);
}

void mesh_check(const struct mesh *m)
{
    assert(m->outs == NULL);
    check_logs(m);
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        if (l == NULL)
            continue;
        check_link(m, l);
        for (uint32_t other = 0; other < slot; other++) {
            const struct link *o = m->links[other];
            assert(o == NULL || o->name != l->name);
            assert(o == NULL || l->state == LINK_GREETING || o->state == LINK_GREETING ||
                   memcmp(o->identity, l->identity, 32) != 0);
        }
    }
    check_wants(m);
}
