/* What a bundle carries, taken in as from a link, but that nobody is asked, told or struck: who
 * brought it is unknown, so a stranger's bounds hold. */
#include <assert.h>

#include "mesh/bundle.h"
#include "mesh/fork.h"
#include "mesh/state.h"

/* A verified run as a store that gives nothing else: what a branch is written from. */
struct run_store {
    struct store store;
    const struct segment *run;
    const struct segment_rebuilt *rebuilt;
};

static int run_get(struct store *s, const uint8_t *log, uint64_t seq, struct span *ret)
{
    const struct run_store *r = (struct run_store *)s; /* store is its first member */
    if (memcmp(log, r->run->log, 32) != 0 || seq < r->run->first ||
        seq - r->run->first >= r->rebuilt->count)
        return HOP_ENOTFOUND;
    *ret = r->rebuilt->bytes[seq - r->run->first];
    return HOP_OK;
}

/* Their branch and ours part at record seq, after one both have: the proof, to be stored. */
static void prove(struct mesh *m, struct run_store *theirs, uint32_t log, uint64_t seq)
{
    size_t room = 2 * FORK_PROOF_BYTES_MAX;
    uint8_t *bytes = arena_take(&m->outs->scratch, room, 1);
    struct fork_point at_theirs, at_ours;
    struct fork_proof proof;
    if (bytes == NULL)
        return;
    struct wire_writer a = wire_writer(bytes, FORK_BRANCH_BYTES_MAX);
    struct wire_writer b = wire_writer(bytes + FORK_BRANCH_BYTES_MAX, FORK_BRANCH_BYTES_MAX);
    struct wire_writer w = wire_writer(bytes + FORK_PROOF_BYTES_MAX, FORK_PROOF_BYTES_MAX);
    const uint8_t *id = m->logs[log].id;
    if (fork_branch_put(&a, &theirs->store, id, seq) != HOP_OK ||
        fork_branch_put(&b, m->config.store, id, seq) != HOP_OK)
        return; /* one of them has no signature yet: a later bundle or a link will tell */
    struct wire_reader ra = wire_reader(a.base, a.used), rb = wire_reader(b.base, b.used);
    if (fork_branch_get(&at_theirs, &ra) != HOP_OK || fork_branch_get(&at_ours, &rb) != HOP_OK)
        return;
    fork_proof_put(&w, wire_written(&a), &at_theirs, wire_written(&b), &at_ours);
    if (!w.bad && fork_proof_parse(&proof, wire_written(&w)) == HOP_OK)
        (void)mesh_fork_learn(m, NO_SLOT, &proof, wire_written(&w));
}

/* A run that is not what we hold, or reaches no further: the same, forged, or another history? */
static int compare(struct mesh *m, const struct segment *s, const uint8_t prev[static 32],
                   uint32_t log)
{
    static const struct store_ops ops = {.get = run_get};
    struct segment_rebuilt rebuilt;
    struct run_store theirs = {.store = {.ops = &ops}, .run = s, .rebuilt = &rebuilt};
    struct segment_tip tip = {.seq = s->first - 1};
    uint8_t ours[32];
    if (log != NO_SLOT && m->logs[log].durable.seq != m->logs[log].pending.seq)
        return HOP_ENOTFOUND; /* another time, when what came before it is durable */
    memcpy(tip.head, prev, sizeof tip.head);
    int err = segment_rebuild(&rebuilt, s, &tip, &m->outs->scratch);
    if (err != HOP_OK || log == NO_SLOT)
        return err == HOP_OK ? HOP_EAUTH : err;
    bool begins_alike = s->first == 1 || (mesh_log_head(m, &m->logs[log], s->first - 1, ours) &&
                                          memcmp(ours, prev, sizeof ours) == 0);
    for (size_t i = 0; i < rebuilt.count && s->first + i <= m->logs[log].durable.seq; i++) {
        if (!mesh_log_head(m, &m->logs[log], s->first + i, ours))
            return HOP_EIO;
        if (memcmp(ours, rebuilt.ids[i], sizeof ours) == 0)
            continue;
        if (begins_alike)
            prove(m, &theirs, log, s->first + i);
        return HOP_EREFUSED;
    }
    return begins_alike ? HOP_EEXIST : HOP_EREFUSED;
}

int mesh_on_carried(struct mesh *m, struct span payload)
{
    struct segment s;
    struct segment_rebuilt r;
    struct segment_tip tip = {0};
    const uint8_t *prev;
    int err = bundle_segment_parse(&s, &prev, payload);
    if (err != HOP_OK)
        return err;
    uint32_t log = mesh_log_find(m, s.log);
    if (log != NO_SLOT)
        tip = m->logs[log].pending;
    if (tip.seq > 0 && s.lane != m->logs[log].lane)
        return HOP_EAUTH;
    bool forked = log != NO_SLOT && m->logs[log].fork > 0;
    if (forked && (!mesh_run_cut(&m->logs[log], &s) || s.first + s.count - 1 <= tip.seq))
        return HOP_EEXIST;
    if (m->now < m->store_rest_until)
        return HOP_EIO;
    if (s.first > tip.seq + 1)
        return HOP_ENOTFOUND;
    if (s.first + s.count - 1 <= tip.seq)
        return compare(m, &s, prev, log);
    err = mesh_run_verify(m, &s, &tip, &r);
    if (err == HOP_EAUTH && !forked)
        return compare(m, &s, prev, log);
    if (err == HOP_OK)
        err = mesh_log_for_records(m, true, &s, &log);
    if (err != HOP_OK)
        return err;
    trace(&m->config.trace, "a bundle brings log %02x%02x up to %llu -> store", s.log[0], s.log[1],
          (unsigned long long)tip.seq);
    mesh_run_keep(m, &s, &r, &tip, log);
    return HOP_OK;
}

int mesh_on_carried_proof(struct mesh *m, struct span payload)
{
    struct fork_proof proof;
    int err =
        payload.size > FORK_PROOF_BYTES_MAX ? HOP_EMALFORMED : fork_proof_parse(&proof, payload);
    if (err != HOP_OK)
        return err;
    uint32_t log = mesh_log_find(m, proof.log);
    if (log == NO_SLOT)
        return HOP_ENOTFOUND;
    uint64_t known = m->logs[log].fork_pending > 0 ? m->logs[log].fork_pending : m->logs[log].fork;
    if (known > 0 && known <= proof.seq)
        return HOP_EEXIST;
    uint8_t *copy = arena_take(&m->outs->scratch, payload.size, 1);
    if (copy == NULL)
        return HOP_EFULL;
    memcpy(copy, payload.data, payload.size);
    return mesh_fork_learn(m, NO_SLOT, &proof, SPAN(copy, payload.size));
}
