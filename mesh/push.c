/* News as it spreads: who gets a record at once, and who hears a word that it exists.
 *
 * In a room of ten or fewer an author sends what it writes to everybody, and nobody passes it on.
 * In a larger crowd, and where not everybody hears the author, records go along a tree, one for
 * each log: a node passes what it gets of a log on to those links that are *eager* for it. No tree
 * is ever built. A link starts lazy, and a lazy link only carries announcements; who hears of
 * something it lacks asks one of those who announced it, and to be asked is to be grafted: the link
 * is eager for that log from then on. So the first record of a log leaves, where it was pulled
 * along, the tree that the next ones are pushed along, and each reaches each node once.
 *
 *     bring    who brings a log's records is its parent; what others announce is not asked for
 *              before 0.4 s, because the parent may be about to bring it
 *     repair   what the parent does not bring another is asked for; and is grafted, as the parent
 *              from then on, if there was none or it failed twice in a row
 *     prune    three records in a row that were here already: the link becomes lazy again
 *
 * In a crowd a link is eager for at most MESH_EAGER_MAX links a log, and announces to as many
 * again, other ones each time. What all of them miss is found by the roots (link.c), as everything
 * is.
 *
 * Plumtree (Leitão, Pereira, Rodrigues 2007) starts with all links eager and prunes; that costs a
 * copy for every link at the first record of every log, and most logs here are short. */
#include <assert.h>

#include "mesh/state.h"

static size_t members(const struct mesh *m)
{
    size_t n = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++)
        n += mesh_link_syncs(m->links[slot]);
    return n;
}

enum mesh_push mesh_push_policy(const struct mesh *m, const struct link *l, uint32_t log)
{
    if (l->estranged) /* tells us nothing, so there is nothing to wait for */
        return m->logs[log].lane == LANE_CONTROL ? MESH_PUSH_EAGER : MESH_PUSH_LAZY;
    if ((l->logs[log].flags & PEER_EAGER) != 0)
        return MESH_PUSH_EAGER;
    bool direct = m->logs[log].own && members(m) <= MESH_DIRECT_MAX;
    return direct && l->frontier_heard ? MESH_PUSH_EAGER : MESH_PUSH_LAZY;
}

static void announce_later(struct mesh *m, struct link *l, uint32_t log)
{
    l->logs[log].flags |= PEER_ANNOUNCE;
    if (l->announce_at == HOP_NEVER)
        l->announce_at =
            m->now + MESH_ANNOUNCE_WAIT + rng_below(&m->jitter_rng, MESH_ANNOUNCE_WAIT);
}

/* All, or in a crowd some of them. */
static void announce_to(struct mesh *m, const uint32_t *slots, size_t count, uint32_t log)
{
    uint32_t chosen[MESH_LAZY_MAX];
    bool crowd = members(m) > MESH_DIRECT_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        if (!crowd)
            announce_later(m, m->links[slots[i]], log);
        else if (i >= MESH_LAZY_MAX) /* each is among the chosen with the same chance */
            at = (size_t)rng_below(&m->choice_rng, i + 1);
        if (crowd && at < MESH_LAZY_MAX)
            chosen[at] = slots[i];
    }
    for (size_t i = 0; crowd && i < count && i < MESH_LAZY_MAX; i++)
        announce_later(m, m->links[chosen[i]], log);
}

/* A log has grown from `before`: everybody who may not have the news hears of it. */
void mesh_spread(struct mesh *m, uint32_t log, uint64_t before)
{
    uint32_t lazy[MESH_LINKS_MAX];
    size_t lazy_count = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (!mesh_link_syncs(l))
            continue;
        struct peer_log *p = &l->logs[log];
        if (p->shown >= m->logs[log].durable.seq ||
            (p->flags & (PEER_STOPPED | PEER_DISPUTED)) != 0)
            continue;
        bool flows = (p->flags & PEER_SEND) != 0;
        if (flows || (mesh_push_policy(m, l, log) == MESH_PUSH_EAGER && p->sent >= before)) {
            p->flags |= PEER_SEND;
            l->sends[m->logs[log].lane] = true;
        } else {
            lazy[lazy_count++] = slot;
        }
    }
    announce_to(m, lazy, lazy_count, log);
}

/* ---- the tree ---- */

void mesh_graft(struct mesh *m, struct link *l, uint32_t log)
{
    size_t eager = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++)
        eager += m->links[slot] != NULL && (m->links[slot]->logs[log].flags & PEER_EAGER) != 0;
    if (eager >= MESH_EAGER_MAX || (l->logs[log].flags & PEER_EAGER) != 0)
        return;
    trace(&m->config.trace, "%u is grafted to log %02x%02x", (unsigned)l->name, m->logs[log].id[0],
          m->logs[log].id[1]);
    l->logs[log].flags |= PEER_EAGER;
    l->logs[log].copies = 0;
}

void mesh_news(struct mesh *m, uint32_t log, uint64_t seq)
{
    struct mesh_log *of = &m->logs[log];
    if (seq <= of->news)
        return;
    if (of->news <= of->pending.seq)
        of->news_since = m->now; /* what was news before has come */
    of->news = seq;
}

bool mesh_is_news(const struct mesh *m, uint32_t log)
{
    return m->logs[log].news > m->logs[log].durable.seq;
}

hop_time mesh_graft_wait(const struct mesh *m, uint32_t log)
{
    const struct mesh_log *of = &m->logs[log];
    bool wait = of->parent != NO_SLOT && mesh_is_news(m, log);
    return wait ? of->news_since + MESH_GRAFT_WAIT : 0;
}

/* A parent that lost one on the way keeps its place: two of them would bring everything twice. */
static bool parent_fails(const struct mesh_log *log)
{
    return log->parent == NO_SLOT || log->missed >= MESH_MISSED_MAX;
}

bool mesh_wants_graft(struct mesh *m, uint32_t log)
{
    struct mesh_log *of = &m->logs[log];
    if (!mesh_is_news(m, log))
        return false;
    if (of->missed < MESH_MISSED_MAX)
        of->missed++;
    return parent_fails(of);
}

void mesh_brought(struct mesh *m, uint32_t slot, uint32_t log)
{
    struct mesh_log *of = &m->logs[log];
    m->links[slot]->logs[log].copies = 0;
    if (slot != of->parent && !parent_fails(of))
        return;
    of->parent = slot;
    of->missed = 0;
}

void mesh_brought_again(struct mesh *m, uint32_t slot, uint32_t log)
{
    struct link *l = m->links[slot];
    if (m->logs[log].parent == slot || ++l->logs[log].copies < MESH_COPIES_MAX)
        return;
    l->logs[log].copies = 0;
    trace(&m->config.trace, "%u brings log %02x%02x again and again -> prune it", (unsigned)l->name,
          m->logs[log].id[0], m->logs[log].id[1]);
    mesh_stop_send(m, l, m->logs[log].id, STOP_PRUNE);
}
