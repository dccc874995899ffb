/* Records out: lane by lane, in segments, within a window of what is not yet acknowledged. */
#include <assert.h>

#include "mesh/state.h"

void mesh_send_from(struct mesh *m, struct link *l, uint32_t log, uint64_t seq)
{
    struct peer_log *p = &l->logs[log];
    mesh_flights_land(l, log, UINT64_MAX);
    mesh_fork_tell(m, l, log); /* first: it may stand in for a signature */
    p->again = p->sent > p->again ? p->sent : p->again;
    p->sent = seq;
    p->flags |= PEER_SEND;
    p->flags &= (uint8_t)~PEER_ANNOUNCE;
    p->asks = p->asks < UINT8_MAX ? (uint8_t)(p->asks + 1) : p->asks;
    l->sends[m->logs[log].lane] = true;
}

/* ---- the window ---- */

void mesh_flights_land(struct link *l, uint32_t log, uint64_t seq)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->flights_count; i++) {
        const struct mesh_flight f = l->flights[i];
        if (f.log == log && f.last <= seq)
            l->flights_bytes -= f.bytes;
        else
            l->flights[kept++] = f;
    }
    l->flights_count = kept;
}

/* The log that is meant: of several that begin alike, one that is under way to this peer. */
static uint32_t acknowledged_log(const struct mesh *m, const struct link *l,
                                 const struct frame_marks *ack, size_t index)
{
    const struct frame_mark *mark = &ack->items[index];
    if (!ack->brief)
        return mesh_log_find(m, mark->log);
    uint32_t log = mesh_log_find_brief(m, mark->log);
    for (size_t i = 0; i < l->flights_count && log == NO_SLOT; i++) {
        uint32_t flying = l->flights[i].log;
        if (memcmp(m->logs[flying].id, mark->log, FRAME_BRIEF_BYTES) == 0)
            log = flying;
    }
    return log;
}

int mesh_on_ack(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_marks ack;
    int err = frame_ack_parse(&ack, frame);
    if (err != HOP_OK)
        return err;
    for (size_t i = 0; i < ack.count; i++) {
        uint32_t log = acknowledged_log(m, l, &ack, i);
        if (log == NO_SLOT || (l->logs[log].flags & PEER_DISPUTED) != 0)
            continue;
        trace(&m->config.trace, "%u has log %02x%02x up to %llu", (unsigned)l->name,
              ack.items[i].log[0], ack.items[i].log[1], (unsigned long long)ack.items[i].seq);
        mesh_pace_landed(m, l, log, ack.items[i].seq);
        mesh_show(m, slot, log, ack.items[i].seq);
        l->logs[log].asks = 0;
        l->touched = true;
    }
    if (l->synced_version != m->version && l->root_at == HOP_NEVER)
        l->root_at =
            m->now + mesh_pace_root_delay(l); /* it may be level with us now: let it hear so */
    return HOP_OK;
}

int mesh_on_stop(struct mesh *m, uint32_t slot, struct span frame)
{
    static const char *const reasons[STOPS_END] = {
        [STOP_DISPUTED] = "it finds it wrong",    [STOP_FORK] = "it has another one",
        [STOP_FULL] = "it has no room",           [STOP_STRANGER] = "it does not know us",
        [STOP_PRUNE] = "it gets it from another",
    };
    struct link *l = m->links[slot];
    struct frame_marks stop;
    int err = frame_stop_parse(&stop, frame);
    if (err != HOP_OK)
        return err;
    for (size_t i = 0; i < stop.count; i++) {
        uint32_t log = mesh_log_find(m, stop.items[i].log);
        if (log == NO_SLOT)
            continue;
        trace(&m->config.trace, "%u wants no more of log %02x%02x: %s", (unsigned)l->name,
              stop.items[i].log[0], stop.items[i].log[1], reasons[stop.items[i].reason]);
        l->logs[log].flags &= (uint8_t)~PEER_EAGER;
        if (stop.items[i].reason == STOP_PRUNE)
            continue;
        l->logs[log].flags |= PEER_STOPPED;
        l->logs[log].flags &= (uint8_t) ~(PEER_SEND | PEER_ANNOUNCE);
        mesh_flights_land(l, log, UINT64_MAX);
    }
    return HOP_OK;
}

/* ---- segments ---- */

/* What goes in one segment. */
static struct segment_limits unit_limits(const struct link *l, const struct mesh_log *log)
{
    struct segment_limits limits = {.last = log->durable.seq, .own = log->own};
    mesh_pace_unit(l, &limits);
    limits.open_end = log->fork > 0 && log->durable.seq == log->fork - 1;
    return limits;
}

/* Leave out what the peer has at hand: most of the log's name, and tags that have not changed. */
static void abbreviate(const struct mesh *m, const struct peer_log *p, struct segment *s)
{
    struct span before;
    s->log_brief = p->shown > 0 && p->asks <= 1 && mesh_log_find_brief(m, s->log) != NO_SLOT;
    if (s->first > 1 && store_get(m->config.store, s->log, s->first - 1, &before) == HOP_OK &&
        before.size >= RECORD_HEADER_BYTES)
        s->tags_brief = segment_same_tags(s, before.data);
}

/* False: outs is full. */
static bool send_segment(struct mesh *m, struct link *l, uint32_t index)
{
    struct mesh_log *log = &m->logs[index];
    struct peer_log *p = &l->logs[index];
    struct segment s;
    struct wire_writer w;
    if (p->sent >= log->durable.seq) {
        p->flags &= (uint8_t)~PEER_SEND;
        return true;
    }
    struct segment_limits limits = unit_limits(l, log);
    if (!segment_read_within(&s, m->config.store, log->id, p->sent, &limits)) {
        trace(&m->config.trace, "cannot read log %02x%02x after %llu -> stop sending it",
              log->id[0], log->id[1], (unsigned long long)p->sent);
        p->flags &= (uint8_t)~PEER_SEND;
        p->flags |= PEER_STOPPED;
        return true;
    }
    abbreviate(m, p, &s);
    for (size_t i = 0; i + 1 < s.count && !mesh_pace_fast(l); i++)
        s.records[i].sig = NULL;
    size_t size = segment_size(&s);
    if (!mesh_frame_begin(m, &w, size))
        return false;
    segment_put(&w, &s);
    p->sent = s.first + s.count - 1;
    trace(&m->config.trace, "send %u log %02x%02x %llu..%llu", (unsigned)l->name, log->id[0],
          log->id[1], (unsigned long long)s.first, (unsigned long long)p->sent);
    mesh_frame_send(m, l, &w);
    assert(l->flights_count < MESH_FLIGHTS_MAX);
    struct mesh_flight f = {.log = index, .last = p->sent, .bytes = size};
    mesh_pace_sent(m, l, &f);
    l->flights[l->flights_count++] = f;
    l->flights_bytes += size;
    return true;
}

static uint32_t next_to_send(const struct mesh *m, const struct link *l, unsigned lane)
{
    for (uint32_t n = 0; n < m->logs_count; n++) {
        uint32_t i = (l->send_cursor[lane] + n) % m->logs_count;
        if ((l->logs[i].flags & PEER_SEND) != 0 && m->logs[i].lane == (enum record_lane)lane)
            return i;
    }
    return NO_SLOT;
}

bool mesh_sends_pending(const struct link *l)
{
    return l->sends[LANE_CONTROL] || l->sends[LANE_MEETING] || l->sends[LANE_BULK];
}

/* Everything of a lane before anything of the next. */
static void pump(struct mesh *m, struct link *l)
{
    for (unsigned lane = 0; lane < LANES_COUNT; lane++) {
        while (l->sends[lane]) {
            if (l->flights_bytes >= mesh_pace_window(l) || l->flights_count == MESH_FLIGHTS_MAX)
                return;
            uint32_t log = next_to_send(m, l, lane);
            if (log == NO_SLOT) {
                l->sends[lane] = false;
                break;
            }
            l->send_cursor[lane] = log;
            if (!send_segment(m, l, log))
                return;
        }
    }
}

void mesh_send_finish(struct mesh *m)
{
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        if (mesh_link_syncs(m->links[slot]) && mesh_sends_pending(m->links[slot]))
            pump(m, m->links[slot]);
    }
}
