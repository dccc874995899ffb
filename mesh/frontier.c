/* Who has what: announcements, and asking exactly one peer for what is missing.
 *
 * Records are pulled, except that an author pushes its own at once, and that one neighbour at a
 * time may send all it has more than we (agree.c, where whole frontiers are compared). An entry of
 * FRONTIER is either news ("so far it reaches here") or a request ("send me what follows"). Pulling
 * costs half a round trip and saves a copy of everything for each neighbour beyond the first. */
#include <assert.h>

#include "mesh/state.h"

/* ---- what a peer shows ---- */

void mesh_show(struct mesh *m, uint32_t slot, uint32_t log, uint64_t seq)
{
    struct link *l = m->links[slot];
    struct peer_log *p = &l->logs[log];
    if (m->logs[log].fork > 0 && seq >= m->logs[log].fork) {
        mesh_fork_tell(m, l, log); /* it believes what we know to be void */
        seq = m->logs[log].fork - 1;
    }
    if (seq <= p->shown)
        return;
    p->shown = seq;
    if (p->sent < seq)
        p->sent = seq;
    mesh_flights_land(l, log, seq);
    if (seq <= m->logs[log].pending.seq)
        return;
    m->asks_at = m->now;
    if (m->config.roster.is_own != NULL &&
        m->config.roster.is_own(m->config.roster.ctx, m->logs[log].id)) {
        m->logs[log].own_behind = seq;
        m->forks_untold = true;
    }
}

void mesh_set_shown(struct mesh *m, uint32_t slot, uint32_t log, uint64_t seq)
{
    struct peer_log *p = &m->links[slot]->logs[log];
    if (seq < p->shown)
        p->shown = seq;
    else
        mesh_show(m, slot, log, seq);
}

uint32_t mesh_hear_of(struct mesh *m, uint32_t slot, const uint8_t id[static 32],
                      enum record_lane lane)
{
    struct link *l = m->links[slot];
    uint32_t log = mesh_log_find(m, id);
    if (log != NO_SLOT)
        return log;
    if (l->hearsay == MESH_HEARSAY_MAX || mesh_log_add_of_others(m, id, lane, &log) != HOP_OK) {
        trace(&m->config.trace, "%u names log %02x%02x, no room for it -> ignore it",
              (unsigned)l->name, id[0], id[1]);
        return NO_SLOT;
    }
    l->hearsay++;
    m->logs[log].namer = slot;
    return log;
}

void mesh_stop_send(struct mesh *m, struct link *l, const uint8_t log[static 32],
                    enum stop_reason reason)
{
    struct frame_marks stop = {.count = 1};
    struct wire_writer w;
    memcpy(stop.items[0].log, log, 32);
    stop.items[0].reason = reason;
    if (!mesh_frame_begin(m, &w, STOP_BYTES(1)))
        return;
    frame_stop_put(&w, &stop);
    mesh_frame_send(m, l, &w);
}

void mesh_dispute(struct mesh *m, uint32_t slot, uint32_t log, enum stop_reason reason)
{
    struct link *l = m->links[slot];
    l->logs[log].flags = PEER_DISPUTED;
    mesh_flights_land(l, log, UINT64_MAX);
    if (m->logs[log].asked == slot) {
        m->logs[log].asked = NO_SLOT;
        m->logs[log].asked_until = 0;
    }
    m->asks_at = m->now; /* somebody else may have it whole */
    mesh_probe(m, l, log);
    mesh_stop_send(m, l, m->logs[log].id, reason);
}

/* ---- frontiers in ---- */

bool mesh_serve(struct mesh *m, struct link *l, uint32_t log, uint64_t seq)
{
    struct peer_log *p = &l->logs[log];
    if (seq >= m->logs[log].durable.seq || (p->flags & PEER_DISPUTED) != 0)
        return false;
    if (p->sent > seq && m->now < p->serve_again)
        return false;
    if (p->shown > seq)
        p->shown = seq; /* whatever it seemed to have: it knows best */
    p->flags &= (uint8_t)~PEER_STOPPED;
    p->serve_again = m->now + MESH_SERVE_AGAIN;
    mesh_send_from(m, l, log, seq);
    return true;
}

static void on_ask(struct mesh *m, struct link *l, uint32_t log, uint64_t seq)
{
    if (mesh_serve(m, l, log, seq))
        trace(&m->config.trace, "%u asks for log %02x%02x after %llu -> send it", (unsigned)l->name,
              m->logs[log].id[0], m->logs[log].id[1], (unsigned long long)seq);
}

void mesh_ask(struct mesh *m, struct link *l, uint32_t log)
{
    trace(&m->config.trace, "ask %u for log %02x%02x after %llu", (unsigned)l->name,
          m->logs[log].id[0], m->logs[log].id[1], (unsigned long long)m->logs[log].durable.seq);
    l->logs[log].flags |= PEER_ASK;
    l->asks = true;
}

void mesh_announce(struct mesh *m, struct link *l, uint32_t log)
{
    l->logs[log].flags |= PEER_ANNOUNCE;
    if (l->announce_at == HOP_NEVER)
        l->announce_at = m->now;
}

/* Does what the peer says of a number we both have agree with ours? */
static bool same_head(const struct mesh *m, const struct mesh_log *log,
                      const struct frontier_entry *e)
{
    uint8_t head[32];
    if (e->seq == 0 || e->seq > log->durable.seq || !mesh_log_head(m, log, e->seq, head))
        return true;
    return memcmp(head, e->head, sizeof e->head) == 0;
}

static void learn(struct mesh *m, uint32_t slot, const struct frontier_entry *e)
{
    struct link *l = m->links[slot];
    uint32_t log = e->seq == 0 ? mesh_log_find(m, e->log) : mesh_hear_of(m, slot, e->log, e->lane);
    if (log == NO_SLOT || (l->logs[log].flags & PEER_DISPUTED) != 0)
        return;
    if (!same_head(m, &m->logs[log], e)) {
        trace(&m->config.trace, "%u has another record %llu of log %02x%02x: a fork -> stop it",
              (unsigned)l->name, (unsigned long long)e->seq, e->log[0], e->log[1]);
        mesh_dispute(m, slot, log, STOP_FORK);
        return;
    }
    mesh_show(m, slot, log, e->seq);
    if (e->graft)
        mesh_graft(m, l, log);
    if (!e->ask)
        mesh_news(m, log, e->seq);
    if (e->ask) {
        on_ask(m, l, log, e->seq);
    } else if (e->seq < m->logs[log].durable.seq) {
        mesh_announce(m, l, log); /* it is behind, and may not know */
    }
}

/* The peer takes us for a stranger: it tells nothing and takes control records, from the start. */
static void push_control(struct mesh *m, struct link *l)
{
    trace(&m->config.trace, "%u takes us for a stranger -> send control records",
          (unsigned)l->name);
    for (uint32_t log = 0; log < m->logs_count; log++) {
        if (m->logs[log].used && m->logs[log].lane == LANE_CONTROL && m->logs[log].durable.seq > 0)
            mesh_send_from(m, l, log, l->logs[log].shown);
    }
}

/* It takes us for a member now: what went before counts for nothing. */
static void start_over(struct mesh *m, struct link *l)
{
    l->flights_count = l->flights_bytes = 0;
    for (uint32_t log = 0; log < m->logs_count; log++) {
        l->logs[log].sent = l->logs[log].shown;
        l->logs[log].flags &= (uint8_t) ~(PEER_SEND | PEER_STOPPED);
    }
    l->exchange.due = true;
}

void mesh_set_estranged(struct mesh *m, struct link *l, bool estranged)
{
    bool was = l->estranged;
    l->estranged = estranged;
    if (l->state != LINK_MEMBER)
        return;
    if (was && !estranged)
        start_over(m, l);
    else if (estranged && (!was || m->now - l->pushed >= mesh_slowed(l, MESH_ASK_WAIT))) {
        l->pushed =
            m->now; /* it cannot ask, and what was sent may have been lost: again, in time */
        push_control(m, l);
    }
}

int mesh_on_frontier(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_frontier f;
    int err = frame_frontier_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    mesh_set_estranged(m, l, (f.flags & FRONTIER_STRANGER) != 0);
    if (l->state == LINK_STRANGER || l->estranged)
        return HOP_OK;
    for (size_t i = 0; i < f.count; i++)
        learn(m, slot, &f.entries[i]);
    return HOP_OK;
}

/* What it has is in peer_log. */
void mesh_frontier_heard(struct mesh *m, struct link *l)
{
    for (uint32_t log = 0; log < m->logs_count; log++)
        l->logs[log].flags &= (uint8_t)~PEER_STOPPED; /* it may have room, or know us, by now */
    l->frontier_heard = true;
    l->touched = true;
}

/* ---- asking ---- */

/* Somebody who shows more of the log than we have; by preference not the one asked last. */
static uint32_t choose(struct mesh *m, uint32_t log)
{
    uint32_t chosen = NO_SLOT, count = 0, last = NO_SLOT;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        const struct link *l = m->links[slot];
        if (!mesh_link_syncs(l) || l->estranged || l->logs[log].shown <= m->logs[log].pending.seq ||
            (l->logs[log].flags & PEER_DISPUTED) != 0)
            continue;
        if (slot == m->logs[log].asked)
            last = slot;
        else if (rng_below(&m->choice_rng, ++count) == 0)
            chosen = slot;
    }
    return chosen == NO_SLOT ? last : chosen;
}

/* When somebody (else) may be asked: not while records keep coming from the one asked, and not
 * while the store cannot take any. */
static hop_time ask_time(const struct mesh *m, uint32_t index, uint32_t slot)
{
    const struct mesh_log *log = &m->logs[index];
    hop_time at = log->asked_until, wait = mesh_agree_wait(m, index, slot);
    at = wait > at ? wait : at;
    wait = mesh_graft_wait(m, index);
    at = wait > at ? wait : at;
    if (log->asked != NO_SLOT) {
        hop_time brought = m->links[log->asked]->brought;
        hop_time most = log->asked_until + MESH_ASK_PATIENCE;
        if (brought + MESH_ASK_WAIT > at)
            at = brought + MESH_ASK_WAIT < most ? brought + MESH_ASK_WAIT : most;
    }
    return m->store_rest_until > at ? m->store_rest_until : at;
}

void mesh_asks_look(struct mesh *m)
{
    m->asks_at = HOP_NEVER;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct mesh_log *log = &m->logs[i];
        if (!log->used || log->pending.seq != log->durable.seq)
            continue; /* a request says what we have: only what is durable. The commit looks again
                       */
        uint32_t slot = choose(m, i);
        if (slot == NO_SLOT) {
            log->asked = NO_SLOT;
            continue;
        }
        hop_time at = ask_time(m, i, slot);
        if (at <= m->now) {
            mesh_ask(m, m->links[slot], i);
            log->asked = slot;
            log->expected = false;
            log->asked_until = at = m->now + mesh_slowed(m->links[slot], MESH_ASK_WAIT);
        }
        m->asks_at = at < m->asks_at ? at : m->asks_at;
    }
}

/* ---- frontiers out ---- */

static void entry_add(struct mesh *m, struct frame_frontier *f, uint32_t i, bool ask)
{
    const struct mesh_log *log = &m->logs[i];
    struct frontier_entry *e = &f->entries[f->count++];
    *e = (struct frontier_entry){.seq = log->durable.seq,
                                 .lane = log->lane,
                                 .ask = ask,
                                 .graft = ask && mesh_wants_graft(m, i)};
    memcpy(e->log, log->id, sizeof e->log);
    memcpy(e->head, log->durable.head, sizeof e->head);
}

static void frontier_send(struct mesh *m, struct link *l, struct wire_writer *w,
                          const struct frame_frontier *f)
{
    frame_frontier_put(w, f);
    mesh_frame_send(m, l, w);
}

/* A peer that is no member to us is told so, once; KEEPALIVE tells it again. */
static void estrange_finish(struct mesh *m, struct link *l)
{
    struct frame_frontier f = {.flags = FRONTIER_STRANGER};
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, FRONTIER_BYTES(0)))
        return;
    frontier_send(m, l, &w, &f);
    l->estrange_due = false;
}

/* Move logs with the flag into f, as long as it has room; true when none is left. */
static bool collect(struct mesh *m, struct link *l, uint8_t flag, struct frame_frontier *f)
{
    f->flags = 0;
    f->count = 0;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct peer_log *p = &l->logs[i];
        if ((p->flags & flag) == 0)
            continue;
        if (f->count == FRONTIER_ENTRIES_MAX)
            return false;
        p->flags &= (uint8_t)~flag;
        bool ask = flag == PEER_ASK;
        bool known = p->shown >= m->logs[i].durable.seq || (p->flags & PEER_SEND) != 0;
        if (ask || !known)
            entry_add(m, f, i, ask);
    }
    return true;
}

/* True when all with this flag have been said. */
static bool flagged_finish(struct mesh *m, struct link *l, uint8_t flag)
{
    struct frame_frontier f;
    struct wire_writer w;
    bool done = false;
    while (!done && mesh_frame_begin(m, &w, FRONTIER_BYTES(FRONTIER_ENTRIES_MAX))) {
        done = collect(m, l, flag, &f);
        if (f.count > 0)
            frontier_send(m, l, &w, &f);
    }
    return done;
}

void mesh_say(struct mesh *m, struct link *l, uint32_t log)
{
    struct frame_frontier f = {0};
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, FRONTIER_BYTES(1)))
        return;
    entry_add(m, &f, log, false);
    frontier_send(m, l, &w, &f);
}

void mesh_frontier_finish(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL || l->state == LINK_GREETING)
            continue;
        if (l->estrange_due)
            estrange_finish(m, l);
        mesh_agree_finish(m, slot);
        if (l->asks && flagged_finish(m, l, PEER_ASK))
            l->asks = false;
        if (l->announce_at <= m->now && flagged_finish(m, l, PEER_ANNOUNCE))
            l->announce_at = HOP_NEVER;
    }
}
