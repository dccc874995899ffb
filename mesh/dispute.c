/* Forked logs: where two histories part, the proof, and what follows from it.
 *
 * Whoever sees that a peer's records of a log are not its own (a head differs, a run does not
 * follow) sends PROBE: heads of its own records, backing up by 1, 2, 4 … from the last. The peer
 * finds between which two of them the histories part and either narrows it down with heads in
 * between, or, when the number is known, sends BRANCH: its own record there, signed. With its own
 * record beside it, the first has a proof. It stores it and sends PROOF to everybody, before
 * anything else; each does the same once it is durable there.
 *
 * From then on the log ends before the fork here: what the store holds beyond has no effect and
 * is not passed on. So all end with the same records whatever branch they had, and a forker that
 * goes on writing is not heard. What stands between the last signed record and the fork needs no
 * signature: the proof names the head. Nothing of the search is kept but a count a link. */
#include <assert.h>

#include "mesh/fork.h"
#include "mesh/state.h"

#define PROBES_MAX      16 /* answered a link and log: a fork anywhere in 2^53 records takes 11 */
#define PROOF_AGAIN     (30 * HOP_SECOND)
#define PROOFS_AT_ONCE  16      /* told a link because roots differ: each is some 600 bytes */
#define FORKS_KEY       "forks" /* in STORE_META: ids of all forked logs, one after another */
#define FORK_KEY_PREFIX "fork/" /* and each one's proof under this and its id */
#define FORK_KEY_BYTES  (sizeof FORK_KEY_PREFIX - 1 + 32)

static struct span fork_key(uint8_t room[static FORK_KEY_BYTES], const uint8_t log[static 32])
{
    memcpy(room, FORK_KEY_PREFIX, sizeof FORK_KEY_PREFIX - 1);
    memcpy(room + sizeof FORK_KEY_PREFIX - 1, log, 32);
    return SPAN(room, FORK_KEY_BYTES);
}

/* ---- for the owner ---- */

uint64_t mesh_log_limit(const struct mesh *m, const uint8_t log[static 32])
{
    uint32_t slot = mesh_log_find(m, log);
    return slot == NO_SLOT || m->logs[slot].fork == 0 ? UINT64_MAX : m->logs[slot].fork - 1;
}

size_t mesh_forks(const struct mesh *m, struct mesh_fork_view *ret, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < m->order_count; i++) {
        const struct mesh_log *log = &m->logs[m->order[i]];
        if (log->fork == 0)
            continue;
        if (count < max) {
            ret[count].seq = log->fork;
            memcpy(ret[count].log, log->id, 32);
        }
        count++;
    }
    return count;
}

int mesh_fork_proof(const struct mesh *m, const uint8_t log[static 32], struct span *ret)
{
    uint8_t key[FORK_KEY_BYTES];
    return store_find(m->config.store, STORE_META, fork_key(key, log), ret);
}

/* ---- what a proof does ---- */

/* Head of the record before seq, as our store has it. */
static bool trunk_head(const struct mesh *m, const struct mesh_log *log, uint64_t seq,
                       uint8_t ret[static 32])
{
    struct span bytes;
    struct record r;
    if (store_get(m->config.store, log->id, seq, &bytes) != HOP_OK ||
        record_parse(&r, bytes) != HOP_OK)
        return false;
    memcpy(ret, r.prev, 32);
    return true;
}

/* The log ends before seq from now on. */
static void cut(struct mesh *m, uint32_t index, uint64_t seq)
{
    struct mesh_log *log = &m->logs[index];
    uint8_t head[32];
    log->fork = seq;
    log->fork_pending = 0;
    log->fork_untold = true;
    m->forks_untold = true;
    if (log->durable.seq >= seq) {
        bool held = trunk_head(m, log, seq, head);
        log->durable.seq = seq - 1;
        memcpy(log->durable.head, held ? head : log->trunk, sizeof head);
    }
    if (log->pending.seq >= seq)
        log->pending = log->durable;
    if (log->delivered >= seq)
        log->delivered = seq - 1;
    log->asked = NO_SLOT;
    log->asked_until = 0;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l == NULL)
            continue;
        struct peer_log *p = &l->logs[index];
        mesh_flights_land(l, index, UINT64_MAX);
        p->shown = p->shown >= seq ? seq - 1 : p->shown;
        p->sent = p->sent >= seq ? seq - 1 : p->sent;
        p->flags &= PEER_ACK | PEER_EAGER;
        p->proof_again = 0;
        if (mesh_link_syncs(l))
            mesh_fork_tell(m, l, index);
    }
}

/* What the proof in the store says of this log; 0 if there is none that is good. */
static uint64_t stored_proof(const struct mesh *m, const uint8_t log[static 32],
                             struct fork_proof *ret)
{
    struct span bytes;
    if (mesh_fork_proof(m, log, &bytes) != HOP_OK || fork_proof_parse(ret, bytes) != HOP_OK ||
        memcmp(ret->log, log, 32) != 0)
        return 0;
    return ret->seq;
}

int mesh_forks_load(struct mesh *m)
{
    struct span ids;
    uint8_t copy[32];
    if (store_find(m->config.store, STORE_META, span_text(FORKS_KEY), &ids) != HOP_OK)
        return HOP_OK;
    for (size_t at = 0; at + 32 <= ids.size; at += 32) {
        struct fork_proof proof;
        memcpy(copy, ids.data + at, sizeof copy);
        if (stored_proof(m, copy, &proof) == 0)
            continue;
        uint32_t slot = mesh_log_find(m, copy);
        if (slot == NO_SLOT) {
            int err = mesh_log_add(m, copy, proof.lane, &slot);
            if (err != HOP_OK)
                return err;
        }
        memcpy(m->logs[slot].trunk, proof.prev, 32);
        cut(m, slot, proof.seq);
        m->logs[slot].fork_untold = false; /* the owner asks when it starts */
    }
    m->forks_untold = false;
    return HOP_OK;
}

void mesh_forks_stored(struct mesh *m, bool durable)
{
    m->forks_pending = false;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct mesh_log *log = &m->logs[i];
        uint64_t seq = log->fork_pending;
        log->fork_pending = 0;
        struct fork_proof proof;
        if (seq == 0 || !durable || stored_proof(m, log->id, &proof) != seq)
            continue;
        memcpy(log->trunk, proof.prev, sizeof log->trunk);
        trace(&m->config.trace, "log %02x%02x is forked at %llu -> it ends before", log->id[0],
              log->id[1], (unsigned long long)seq);
        cut(m, i, seq);
    }
}

/* ---- learning one ---- */

static bool emit_meta(struct mesh *m, struct span key, struct span bytes)
{
    uint8_t *copy = arena_take(&m->outs->scratch, key.size, 1);
    struct mesh_out *out = copy == NULL ? NULL : mesh_emit(m, MESH_OUT_META, 0);
    if (out == NULL)
        return false;
    memcpy(copy, key.data, key.size);
    out->key = SPAN(copy, key.size);
    out->bytes = bytes;
    return true;
}

/* Ids of all logs that are, or are about to be, known to be forked. */
static bool emit_list(struct mesh *m)
{
    uint8_t *ids = arena_take(&m->outs->scratch, (size_t)m->order_count * 32, 1);
    size_t size = 0;
    if (ids == NULL)
        return false;
    for (uint32_t i = 0; i < m->order_count; i++) {
        const struct mesh_log *log = &m->logs[m->order[i]];
        if (log->fork == 0 && log->fork_pending == 0)
            continue;
        memcpy(ids + size, log->id, 32);
        size += 32;
    }
    return emit_meta(m, span_text(FORKS_KEY), SPAN(ids, size));
}

/* The log it speaks of. From a bundle, only one that is known: what it says of others will matter
 * when their records come. */
static uint32_t log_of(struct mesh *m, uint32_t slot, const struct fork_proof *proof)
{
    return slot == NO_SLOT ? mesh_log_find(m, proof->log)
                           : mesh_hear_of(m, slot, proof->log, proof->lane);
}

int mesh_fork_learn(struct mesh *m, uint32_t slot, const struct fork_proof *proof,
                    struct span bytes)
{
    uint8_t key[FORK_KEY_BYTES];
    uint32_t index = log_of(m, slot, proof);
    if (index == NO_SLOT)
        return HOP_EFULL;
    struct mesh_log *log = &m->logs[index];
    uint64_t known = log->fork_pending > 0 ? log->fork_pending : log->fork;
    if (known > 0 && known <= proof->seq)
        return HOP_OK;
    if (m->now < m->store_rest_until || MESH_OUTS_MAX - m->outs->n < 2)
        return HOP_EFULL; /* it will be told again */
    trace(&m->config.trace, "%u proves that log %02x%02x has two records %llu -> store the proof",
          slot == NO_SLOT ? 0 : (unsigned)m->links[slot]->name, proof->log[0], proof->log[1],
          (unsigned long long)proof->seq);
    log->fork_pending = proof->seq;
    if (!emit_meta(m, fork_key(key, proof->log), bytes) || !emit_list(m)) {
        log->fork_pending = 0;
        return HOP_EFULL;
    }
    m->pending = m->forks_pending = true;
    if (slot != NO_SLOT && m->links[slot]->strikes > 0)
        m->links[slot]->strikes--; /* what it brought was not its fault */
    return HOP_OK;
}

int mesh_on_proof(struct mesh *m, uint32_t slot, struct span frame)
{
    struct fork_proof proof;
    struct link *l = m->links[slot];
    struct span bytes = SPAN(frame.data + 1, frame.size - 1);
    int err = bytes.size > FORK_PROOF_BYTES_MAX ? HOP_EMALFORMED : fork_proof_parse(&proof, bytes);
    if (err != HOP_OK) {
        if (err == HOP_EAUTH)
            (void)mesh_strike(m, slot);
        return err;
    }
    uint8_t *copy = arena_take(&m->outs->scratch, bytes.size, 1);
    if (copy == NULL)
        return HOP_EFULL;
    memcpy(copy, bytes.data, bytes.size);
    err = mesh_fork_learn(m, slot, &proof, SPAN(copy, bytes.size));
    uint32_t index = mesh_log_find(m, proof.log);
    if (index == NO_SLOT)
        return err;
    const struct mesh_log *log = &m->logs[index];
    uint64_t known = log->fork_pending > 0 ? log->fork_pending : log->fork;
    struct peer_log *p = &l->logs[index];
    p->proof_known = p->proof_known == 0 || proof.seq < p->proof_known ? proof.seq : p->proof_known;
    if (known == proof.seq)
        p->flags &= (uint8_t)~PEER_PROOF;
    else if (known > 0 && known < proof.seq)
        mesh_fork_tell(m, l, index);
    return err;
}

/* ---- searching ---- */

static void send_probe(struct mesh *m, struct link *l, const struct frame_probe *f)
{
    struct wire_writer w;
    if (f->count == 0 || !mesh_frame_begin(m, &w, PROBE_BYTES(f->count)))
        return;
    frame_probe_put(&w, f);
    mesh_frame_send(m, l, &w);
}

static void probe_add(const struct mesh *m, const struct mesh_log *log, struct frame_probe *f,
                      uint64_t seq)
{
    uint8_t head[32];
    if (f->count == PROBE_HEADS_MAX || !mesh_log_head(m, log, seq, head))
        return;
    f->heads[f->count].seq = seq;
    memcpy(f->heads[f->count++].head, head, 8);
}

void mesh_probe(struct mesh *m, struct link *l, uint32_t index)
{
    const struct mesh_log *log = &m->logs[index];
    struct frame_probe f = {.count = 0};
    uint64_t seqs[64], last = log->durable.seq;
    size_t n = 0;
    if (last == 0 || l->state != LINK_MEMBER)
        return;
    mesh_fork_tell(m, l, index); /* and the trunk may be forked once more */
    seqs[n++] = last;
    for (uint64_t back = 1; back < last && n < PROBE_HEADS_MAX - 1; back = back * 2 + 1)
        seqs[n++] = last - back;
    if (seqs[n - 1] != 1)
        seqs[n++] = 1;
    memcpy(f.log, log->id, sizeof f.log);
    while (n > 0)
        probe_add(m, log, &f, seqs[--n]);
    trace(&m->config.trace, "where do we part from %u in log %02x%02x? -> probe", (unsigned)l->name,
          log->id[0], log->id[1]);
    l->logs[index].probed = m->now;
    send_probe(m, l, &f);
}

/* Both have seen it and asked: one search is enough, that of the lesser identity. */
static bool ours_goes_on(const struct mesh *m, const struct link *l, uint32_t index)
{
    hop_time probed = l->logs[index].probed;
    return probed != 0 && m->now - probed < MESH_ASK_WAIT &&
           memcmp(m->config.identity->public_key, l->identity, 32) < 0;
}

/* The histories agree at `same` and differ at `differ`: heads in between. */
static void narrow(struct mesh *m, struct link *l, const struct mesh_log *log, uint64_t same,
                   uint64_t differ)
{
    struct frame_probe f = {.answer = true};
    uint64_t step = (differ - same) / (PROBE_HEADS_MAX - 2) + 1;
    memcpy(f.log, log->id, sizeof f.log);
    for (uint64_t seq = same > 0 ? same : 1; seq < differ; seq += step)
        probe_add(m, log, &f, seq);
    probe_add(m, log, &f, differ);
    send_probe(m, l, &f);
}

static void send_branch(struct mesh *m, struct link *l, const struct mesh_log *log, uint64_t seq)
{
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, 1 + FORK_BRANCH_BYTES_MAX))
        return;
    wire_put_u8(&w, FRAME_BRANCH);
    if (fork_branch_put(&w, m->config.store, log->id, seq) != HOP_OK)
        return;
    trace(&m->config.trace, "we part from %u at record %llu of log %02x%02x -> show it ours",
          (unsigned)l->name, (unsigned long long)seq, log->id[0], log->id[1]);
    mesh_frame_send(m, l, &w);
}

int mesh_on_probe(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_probe f;
    int err = frame_probe_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    uint32_t index = mesh_log_find(m, f.log);
    if (index == NO_SLOT || l->logs[index].probes == PROBES_MAX ||
        (!f.answer && ours_goes_on(m, l, index)))
        return HOP_OK;
    l->logs[index].probes++;
    const struct mesh_log *log = &m->logs[index];
    mesh_fork_tell(m, l, index);
    uint64_t same = 0, differ = 0;
    for (size_t i = 0; i < f.count && differ == 0 && f.heads[i].seq <= log->durable.seq; i++) {
        uint8_t head[32];
        if (!mesh_log_head(m, log, f.heads[i].seq, head))
            return HOP_OK;
        if (memcmp(head, f.heads[i].head, 8) == 0)
            same = f.heads[i].seq;
        else
            differ = f.heads[i].seq;
    }
    if (differ == 0 && same == log->durable.seq)
        return HOP_OK; /* as far as we have it, we agree */
    if (differ == 0)   /* it named none of our last ones */
        differ = log->durable.seq;
    else if (differ == same + 1) {
        send_branch(m, l, log, differ);
        return HOP_OK;
    }
    narrow(m, l, log, same, differ);
    return HOP_OK;
}

/* Its branch and ours: the proof, if they part where it says. */
static int prove(struct mesh *m, uint32_t slot, const struct fork_point *theirs, struct span branch)
{
    const struct mesh_log *log = &m->logs[mesh_log_find(m, theirs->log)];
    uint8_t room[FORK_BRANCH_BYTES_MAX];
    struct wire_writer own = wire_writer(room, sizeof room);
    struct fork_point ours;
    if (fork_branch_put(&own, m->config.store, log->id, theirs->seq) != HOP_OK)
        return HOP_OK;
    struct wire_reader r = wire_reader(room, own.used);
    if (fork_branch_get(&ours, &r) != HOP_OK || memcmp(ours.id, theirs->id, 32) == 0)
        return HOP_OK;                              /* the same record: no fork */
    if (memcmp(ours.prev, theirs->prev, 32) != 0) { /* they part earlier */
        mesh_probe(m, m->links[slot], mesh_log_find(m, theirs->log));
        return HOP_OK;
    }
    uint8_t *bytes = arena_take(&m->outs->scratch, branch.size + own.used, 1);
    struct wire_writer w = wire_writer(bytes, branch.size + own.used);
    struct fork_proof proof;
    if (bytes == NULL)
        return HOP_EFULL;
    fork_proof_put(&w, branch, theirs, wire_written(&own), &ours);
    int err = fork_proof_parse(&proof, wire_written(&w));
    assert(err == HOP_OK); /* both branches were read and compared just now */
    return mesh_fork_learn(m, slot, &proof, wire_written(&w));
}

int mesh_on_branch(struct mesh *m, uint32_t slot, struct span frame)
{
    struct fork_point theirs;
    struct wire_reader r = wire_reader(frame.data + 1, frame.size - 1);
    int err = fork_branch_get(&theirs, &r);
    if (err == HOP_OK && !wire_end(&r))
        err = HOP_EMALFORMED;
    if (err != HOP_OK) {
        if (err == HOP_EAUTH)
            (void)mesh_strike(m, slot);
        return err;
    }
    uint32_t index = mesh_log_find(m, theirs.log);
    if (index == NO_SLOT)
        return HOP_OK;
    if (m->logs[index].fork > 0 && m->logs[index].fork <= theirs.seq) {
        mesh_fork_tell(m, m->links[slot], index);
        return HOP_OK;
    }
    if (m->logs[index].durable.seq < theirs.seq)
        return HOP_OK;
    return prove(m, slot, &theirs, SPAN(frame.data + 1, frame.size - 1));
}

/* ---- telling ---- */

void mesh_fork_tell(struct mesh *m, struct link *l, uint32_t index)
{
    struct peer_log *p = &l->logs[index];
    bool knows = p->proof_known > 0 && p->proof_known <= m->logs[index].fork;
    if (m->logs[index].fork == 0 || knows || !mesh_link_syncs(l) || l->estranged ||
        m->now < p->proof_again)
        return;
    p->flags |= PEER_PROOF;
    l->proofs = true;
}

void mesh_forks_tell(struct mesh *m, struct link *l)
{
    size_t told = 0;
    for (uint32_t i = 0; i < m->logs_count && told < PROOFS_AT_ONCE; i++) {
        if (m->logs[i].fork == 0 || m->now < l->logs[i].proof_again)
            continue;
        mesh_fork_tell(m, l, i);
        told++;
    }
}

/* False: outs is full. */
static bool send_proof(struct mesh *m, struct link *l, uint32_t index)
{
    struct span proof;
    struct wire_writer w;
    struct peer_log *p = &l->logs[index];
    if (mesh_fork_proof(m, m->logs[index].id, &proof) == HOP_OK) {
        if (!mesh_frame_begin(m, &w, 1 + proof.size))
            return false;
        wire_put_u8(&w, FRAME_PROOF);
        wire_put_bytes(&w, proof.data, proof.size);
        trace(&m->config.trace, "send %u the proof that log %02x%02x is forked", (unsigned)l->name,
              m->logs[index].id[0], m->logs[index].id[1]);
        mesh_frame_send(m, l, &w);
    }
    p->flags &= (uint8_t)~PEER_PROOF;
    p->proof_again = m->now + PROOF_AGAIN;
    return true;
}

/* True when none is left for this link. */
static bool send_proofs(struct mesh *m, struct link *l)
{
    for (uint32_t i = 0; i < m->logs_count; i++) {
        if ((l->logs[i].flags & PEER_PROOF) != 0 && !send_proof(m, l, i))
            return false;
    }
    return true;
}

static bool tell_one(struct mesh *m, const struct mesh_log *log, enum mesh_out_type type,
                     uint64_t seq)
{
    struct mesh_out *out = seq == 0 ? NULL : mesh_emit(m, type, 0);
    if (out == NULL)
        return seq == 0;
    memcpy(out->log, log->id, sizeof out->log);
    out->seq = seq;
    return true;
}

static bool tell_owner(struct mesh *m)
{
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct mesh_log *log = &m->logs[i];
        if (!tell_one(m, log, MESH_OUT_FORK, log->fork_untold ? log->fork : 0))
            return false;
        log->fork_untold = false;
        if (!tell_one(m, log, MESH_OUT_OWN_BEHIND, log->own_behind))
            return false;
        log->own_behind = 0;
    }
    return true;
}

/* Proofs go before everything else. */
void mesh_forks_finish(struct mesh *m)
{
    if (m->forks_untold && tell_owner(m))
        m->forks_untold = false;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        struct link *l = m->links[slot];
        if (l != NULL && l->proofs && send_proofs(m, l))
            l->proofs = false;
    }
}
