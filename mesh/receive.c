/* Records in: verified by their chain and one signature, stored, and only then acknowledged. */
#include <assert.h>

#include "mesh/state.h"

/* The frontier is another one now: everybody should hear the new root soon. */
void mesh_frontier_changed(struct mesh *m)
{
    m->version++;
    m->changed = m->now;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (mesh_link_syncs(l) && l->root_at == HOP_NEVER)
            l->root_at = m->now + mesh_pace_root_delay(l);
    }
}

/* ---- segments ---- */

static void emit_stores(struct mesh *m, const struct segment *s, const struct segment_rebuilt *r,
                        uint64_t last)
{
    for (size_t i = 0; i < r->count; i++) {
        struct mesh_out *out = mesh_emit(m, MESH_OUT_STORE, 0);
        assert(out != NULL); /* accept() has seen room */
        memcpy(out->log, s->log, sizeof out->log);
        memcpy(out->id, r->ids[i], sizeof out->id);
        out->seq = last - r->count + 1 + i;
        out->bytes = r->bytes[i];
    }
}

static void want_ack(struct link *l, uint32_t log)
{
    l->logs[log].flags |= PEER_ACK;
    l->acks = true;
}

/* A slot for a log that has proved itself with records; strangers may not fill the table. */
int mesh_log_for_records(struct mesh *m, bool stranger, const struct segment *s, uint32_t *log)
{
    if (*log != NO_SLOT)
        return HOP_OK;
    if (stranger && m->order_count >= MESH_STRANGER_LOGS_MAX)
        return HOP_EFULL;
    return mesh_log_add_of_others(m, s->log, s->lane, log);
}

/* Rebuild and verify what follows our tip, if the outs have room for it. */
int mesh_run_verify(struct mesh *m, const struct segment *s, struct segment_tip *tip,
                    struct segment_rebuilt *ret)
{
    if (MESH_OUTS_MAX - m->outs->n < s->count)
        return HOP_EFULL;
    return segment_rebuild(ret, s, tip, &m->outs->scratch);
}

/* A verified run is to be stored; the log reaches tip when that is durable. */
void mesh_run_keep(struct mesh *m, const struct segment *s, const struct segment_rebuilt *r,
                   const struct segment_tip *tip, uint32_t slot)
{
    struct mesh_log *log = &m->logs[slot];
    emit_stores(m, s, r, tip->seq);
    log->lane = s->lane; /* hearsay may have called it another */
    if (log->namer != NO_SLOT) {
        m->links[log->namer]->hearsay--;
        log->namer = NO_SLOT;
    }
    log->pending = *tip;
    m->pending = true;
    if (log->asked != NO_SLOT && m->links[log->asked]->logs[slot].shown <= tip->seq) {
        log->asked = NO_SLOT;
        log->asked_until = 0;
    }
}

static int accept_segment(struct mesh *m, uint32_t slot, const struct segment *s, uint32_t log)
{
    struct link *l = m->links[slot];
    struct segment_tip tip = {0};
    struct segment_rebuilt r;
    if (log != NO_SLOT)
        tip = m->logs[log].pending;
    uint64_t from = tip.seq + 1;
    int err = mesh_run_verify(m, s, &tip, &r);
    if (err != HOP_OK)
        return err;
    err = mesh_log_for_records(m, l->state == LINK_STRANGER, s, &log);
    if (err != HOP_OK) {
        mesh_stop_send(m, l, s->log, STOP_FULL);
        return err;
    }
    trace(&m->config.trace, "%u brings log %02x%02x %llu..%llu -> store", (unsigned)l->name,
          s->log[0], s->log[1], (unsigned long long)from, (unsigned long long)tip.seq);
    mesh_show(m, slot, log, tip.seq);
    mesh_run_keep(m, s, &r, &tip, log);
    mesh_agree_brought(m, slot, log);
    mesh_brought(m, slot, log);
    want_ack(l, log);
    l->touched = true;
    return HOP_OK;
}

/* What does not check out is not worth a second look from the same peer. */
static int refuse_segment(struct mesh *m, uint32_t slot, const struct segment *s, uint32_t log)
{
    struct link *l = m->links[slot];
    trace(&m->config.trace, "%u brings log %02x%02x %llu..: chain or signature is wrong -> refuse",
          (unsigned)l->name, s->log[0], s->log[1], (unsigned long long)s->first);
    if (log != NO_SLOT)
        mesh_dispute(m, slot, log, STOP_DISPUTED);
    else
        mesh_stop_send(m, l, s->log, STOP_DISPUTED);
    (void)mesh_strike(m, slot);
    return HOP_EAUTH;
}

/* It starts beyond what we have: ask for what is between. */
static void on_gap(struct mesh *m, uint32_t slot, const struct segment *s)
{
    struct link *l = m->links[slot];
    if (l->state != LINK_MEMBER)
        return;
    uint32_t log = mesh_hear_of(m, slot, s->log, s->lane);
    if (log == NO_SLOT)
        return;
    uint32_t asked = m->logs[log].asked;
    if (m->logs[log].expected && (asked == slot || asked == NO_SLOT)) {
        /* it took us to be further than we are */
        m->logs[log].asked = NO_SLOT;
        m->logs[log].asked_until = 0;
    }
    mesh_show(m, slot, log, s->first + s->count - 1);
}

/* Which of our logs is meant by a brief name; false if none or several could be. */
static bool name_log(const struct mesh *m, struct segment *s)
{
    uint32_t log = mesh_log_find_brief(m, s->log);
    if (log == NO_SLOT)
        return false;
    memcpy(s->log, m->logs[log].id, sizeof s->log);
    s->log_brief = false;
    return true;
}

/* Tags left out are those of the record before, which is here if the run connects at all. */
static bool take_tags(const struct mesh *m, struct segment *s)
{
    struct span before;
    if (!s->tags_brief)
        return true;
    if (store_get(m->config.store, s->log, s->first - 1, &before) != HOP_OK ||
        before.size < RECORD_HEADER_BYTES)
        return false;
    segment_take_tags(s, before.data);
    return true;
}

static bool stranger_may(struct link *l, const struct segment *s, size_t size)
{
    if (s->lane != LANE_CONTROL || size > MESH_STRANGER_BYTES_MAX - l->stranger_bytes)
        return false;
    l->stranger_bytes += size;
    return true;
}

/* Only what comes before a fork is taken; the proof stands in for the signature of its last. */
bool mesh_run_cut(const struct mesh_log *forked, struct segment *s)
{
    uint64_t end = forked->fork - 1;
    if (s->first > end)
        return false;
    if (s->first + s->count - 1 > end) {
        s->count = (size_t)(end - s->first + 1);
        s->sig = NULL;
    }
    if (s->sig == NULL && s->first + s->count - 1 == end)
        s->end = forked->trunk;
    return true;
}

static bool cut_segment(struct mesh *m, struct link *l, struct segment *s, uint32_t log)
{
    if (s->first + s->count - 1 >= m->logs[log].fork)
        mesh_fork_tell(m, l, log);
    return mesh_run_cut(&m->logs[log], s);
}

int mesh_on_segment(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct segment s;
    int err = segment_parse(&s, frame);
    if (err != HOP_OK)
        return err;
    l->brought = m->now;
    if (s.log_brief && !name_log(m, &s))
        return HOP_OK; /* it will be asked by its whole name */
    if (l->state == LINK_STRANGER && !stranger_may(l, &s, frame.size)) {
        mesh_stop_send(m, l, s.log, STOP_STRANGER);
        return HOP_OK;
    }
    uint32_t log = mesh_log_find(m, s.log);
    uint64_t have = log == NO_SLOT ? 0 : m->logs[log].pending.seq;
    if (log != NO_SLOT && (l->logs[log].flags & PEER_DISPUTED) != 0) {
        mesh_stop_send(m, l, s.log, STOP_DISPUTED);
        return HOP_OK;
    }
    if (have > 0 && s.lane != m->logs[log].lane)
        return refuse_segment(m, slot, &s, log);
    if (log != NO_SLOT && m->logs[log].fork > 0 && !cut_segment(m, l, &s, log))
        return HOP_OK;
    if (s.sig == NULL && s.end == NULL)
        return HOP_OK; /* the proof has not come yet, or was lost: it is asked for again */
    uint64_t last = s.first + s.count - 1;
    if (last <= have) {
        mesh_show(m, slot, log, last);
        mesh_brought_again(m, slot, log);
        want_ack(l, log);
        return HOP_OK;
    }
    if (s.first > have + 1 || m->now < m->store_rest_until || !take_tags(m, &s)) {
        on_gap(m, slot, &s); /* also while the store rests: it will be asked for */
        return HOP_OK;
    }
    err = accept_segment(m, slot, &s, log);
    return err == HOP_EAUTH ? refuse_segment(m, slot, &s, log) : err;
}

/* ---- what became of the store's part ---- */

/* Something became durable, so the store takes records again: what was missed while it did not is
 * asked for now. */
void mesh_store_works(struct mesh *m)
{
    m->store_rest = 0;
    if (m->store_rest_until <= m->now)
        return;
    trace(&m->config.trace, "the store works again -> ask");
    mesh_wants_store_works(m);
    m->store_rest_until = 0;
    m->asks_at = m->wants_at = m->now;
}

void mesh_on_stored(struct mesh *m)
{
    mesh_wants_stored(m, true);
    mesh_store_works(m);
    if (!m->pending)
        return;
    m->pending = false;
    m->undelivered = true;
    m->asks_at = m->now;
    mesh_frontier_changed(m);
    for (uint32_t log = 0; log < m->logs_count; log++) {
        uint64_t before = m->logs[log].durable.seq;
        if (m->logs[log].pending.seq == before)
            continue;
        m->logs[log].durable = m->logs[log].pending;
        mesh_spread(m, log, before);
    }
    if (m->forks_pending)
        mesh_forks_stored(m, true);
}

static void reread_tip(struct mesh *m, struct mesh_log *log)
{
    struct store_tip tip = {0};
    int err = store_tip(m->config.store, log->id, &tip);
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return; /* what we knew to be durable is the best we have */
    if (log->fork > 0 && tip.seq >= log->fork)
        return; /* it stops where it stopped */
    log->durable.seq = tip.seq;
    memcpy(log->durable.head, tip.head, sizeof tip.head);
    if (log->delivered > tip.seq)
        log->delivered = tip.seq;
}

void mesh_on_store_failed(struct mesh *m)
{
    uint64_t lost = 0;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct mesh_log *log = &m->logs[i];
        if (!log->used)
            continue;
        lost += log->pending.seq - log->durable.seq;
        reread_tip(m, log);
        log->pending = log->durable;
        log->asked = NO_SLOT;
        log->asked_until = 0;
    }
    m->pending = false;
    m->store_rest = m->store_rest == 0 ? MESH_STORE_REST_MIN : 2 * m->store_rest;
    if (m->store_rest > MESH_STORE_REST_MAX)
        m->store_rest = MESH_STORE_REST_MAX;
    m->store_rest_until = m->now + m->store_rest;
    m->asks_at = m->store_rest_until;
    trace(&m->config.trace, "the store failed -> forget %llu records, ask again in %llu s",
          (unsigned long long)lost, (unsigned long long)(m->store_rest / HOP_SECOND));
    mesh_wants_stored(m, false);
    if (m->forks_pending)
        mesh_forks_stored(m, false);
    mesh_frontier_changed(m);
}

/* ---- our own ---- */

static int own_log(struct mesh *m, const uint8_t id[static 32], uint32_t *ret)
{
    struct span bytes;
    struct record first;
    *ret = mesh_log_find(m, id);
    if (*ret != NO_SLOT)
        return HOP_OK;
    int err = store_get(m->config.store, id, 1, &bytes);
    if (err == HOP_OK)
        err = record_parse(&first, bytes);
    return err == HOP_OK ? mesh_log_add(m, id, first.lane, ret) : err;
}

int mesh_on_publish(struct mesh *m, struct span log_id)
{
    struct store_tip tip;
    uint32_t slot;
    assert(log_id.size == 32);
    int err = store_tip(m->config.store, log_id.data, &tip);
    if (err == HOP_OK)
        err = own_log(m, log_id.data, &slot);
    if (err != HOP_OK)
        return err;
    struct mesh_log *log = &m->logs[slot];
    uint64_t before = log->durable.seq;
    assert(tip.seq >= before); /* stores do not shrink */
    log->own = true;
    if (tip.seq == before || log->fork > 0)
        return HOP_OK;
    mesh_store_works(m);
    log->durable.seq = log->delivered = tip.seq;
    memcpy(log->durable.head, tip.head, sizeof tip.head);
    log->pending = log->durable;
    trace(&m->config.trace, "own log %02x%02x reaches %llu", log->id[0], log->id[1],
          (unsigned long long)tip.seq);
    mesh_frontier_changed(m);
    mesh_spread(m, slot, before);
    return HOP_OK;
}

/* ---- what follows ---- */

/* Lane by lane, because control records bring the keys that open the others. */
static bool deliver(struct mesh *m)
{
    for (unsigned lane = 0; lane < LANES_COUNT; lane++) {
        for (uint32_t i = 0; i < m->logs_count; i++) {
            struct mesh_log *log = &m->logs[i];
            while (log->lane == (enum record_lane)lane && log->delivered < log->durable.seq) {
                struct mesh_out *out = mesh_emit(m, MESH_OUT_DELIVER, 0);
                if (out == NULL)
                    return false;
                memcpy(out->log, log->id, sizeof out->log);
                out->seq = ++log->delivered;
            }
        }
    }
    return true;
}

/* Up to MARKS_MAX logs whose records are durable; true when none is left that could be said. */
static bool collect_acks(const struct mesh *m, struct link *l, struct frame_marks *ack)
{
    bool waiting = false;
    ack->count = 0;
    ack->brief = true; /* it has sent us records of them, so it knows them */
    for (uint32_t i = 0; i < m->logs_count; i++) {
        const struct mesh_log *log = &m->logs[i];
        struct peer_log *p = &l->logs[i];
        if ((p->flags & PEER_ACK) == 0)
            continue;
        if (log->pending.seq != log->durable.seq) {
            waiting = true;
            continue;
        }
        if (ack->count == MARKS_MAX)
            return false;
        p->flags &= (uint8_t)~PEER_ACK;
        uint64_t seq = log->durable.seq;
        if (l->state == LINK_STRANGER && seq > p->shown)
            seq = p->shown; /* it need not know that we have more */
        if (seq == 0)
            continue;
        ack->items[ack->count].seq = seq;
        memcpy(ack->items[ack->count++].log, log->id, 32);
    }
    l->acks = waiting;
    return true;
}

void mesh_receive_finish(struct mesh *m)
{
    if (m->undelivered && deliver(m))
        m->undelivered = false;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        struct frame_marks ack;
        struct wire_writer w;
        bool done = l == NULL || !l->acks;
        while (!done && mesh_frame_begin(m, &w, ACK_BYTES(MARKS_MAX))) {
            done = collect_acks(m, l, &ack);
            if (ack.count == 0)
                continue;
            frame_ack_put(&w, &ack);
            mesh_frame_send(m, l, &w);
        }
    }
}
