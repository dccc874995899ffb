/* Agreeing on who has what: the exchange of frontiers when two devices meet, and whenever their
 * roots stay different.
 *
 *     opener                                  other
 *     SKETCH of all its logs       ->         decodes what differs
 *                                  <-         LIST of those logs: how far they reach here,
 *                                             at once followed by the records the opener lacks
 *     records the other lacks      ->
 *
 * If the sketch is too small, MORE asks for further syndromes (NEXT), never for the first ones
 * again; after three times, or when most logs differ, or when there are but a few, a LIST of all
 * logs takes its place. Both ends lose nothing if a frame is lost: roots stay different, and the
 * next exchange begins (link.c, reconcile).
 *
 * What a sketch says about numbers is a guess (mesh/sketch.h), so it is only ever used to save
 * time: a guess that is wrong makes a run arrive that does not fit, or a request that says more
 * exactly how things are; an explicit word of the peer always overrides it. What is remembered of
 * a peer from the last time is a hint for the size of the first sketch, and nothing else. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/exchange.h"
#include "mesh/state.h"

#define SYNDROMES_MIN 6 /* two changes; with a root, 24 bytes in all */
#define GROWTHS_MAX   3
#define NEAR_MAX      16 /* records: one guess in 4,000 that is wrong is within, and costs no more */

/* ---- what a frontier looks like in one exchange ---- */

struct picture {
    struct sketch_salt salt;
    struct sketch_entry *entries; /* in scratch, sorted */
    size_t count;
};

/* The salt of an exchange, opened by the end that accepted the link or by the other. */
static void salt_take(const struct mesh *m, const struct link *l, bool opener_listens,
                      uint16_t number, struct sketch_salt *ret)
{
    uint8_t context[35];
    struct wire_writer w = wire_writer(context, sizeof context);
    wire_put_bytes(&w, l->binding, 32);
    wire_put_u8(&w, opener_listens ? 1 : 0);
    wire_put_u16(&w, number);
    sketch_salt(ret, m->config.sync_key, wire_written(&w));
}

static bool picture_take(struct mesh *m, const struct link *l, bool opener_listens, uint16_t number,
                         struct picture *ret)
{
    salt_take(m, l, opener_listens, number, &ret->salt);
    ret->count = 0;
    ret->entries = arena_take(&m->outs->scratch, (m->order_count + 1) * sizeof *ret->entries,
                              _Alignof(struct sketch_entry));
    if (ret->entries == NULL)
        return false;
    for (uint32_t i = 0; i < m->order_count; i++) {
        const struct mesh_log *log = &m->logs[m->order[i]];
        if (log->durable.seq == 0)
            continue;
        struct sketch_entry *e = &ret->entries[ret->count++];
        *e = (struct sketch_entry){.log = m->order[i], .seq = log->durable.seq};
        e->position = sketch_position(&ret->salt, log->id, &e->mark);
        uint8_t head[32];
        memcpy(head, log->durable.head, sizeof head);
        head[31] ^= log->fork > 0; /* not the same as one believed to be whole */
        e->check = sketch_check(&ret->salt, head);
        e->tag = sketch_tag(e->seq, e->check);
    }
    sketch_sort(ret->entries, ret->count);
    return true;
}

/* ---- what we remember: when we were last in sync with somebody, as a hint ---- */

/* Which logs have changed since a version: marked whenever somebody asks. */
static void mark_changes(struct mesh *m)
{
    for (uint32_t i = 0; i < m->logs_count; i++) {
        struct mesh_log *log = &m->logs[i];
        if (log->marked_seq == log->durable.seq)
            continue;
        log->marked_seq = log->durable.seq;
        log->marked_version = m->version;
    }
}

static size_t changes_since(struct mesh *m, uint64_t version)
{
    size_t n = 0;
    mark_changes(m);
    for (uint32_t i = 0; i < m->logs_count; i++)
        n += m->logs[i].used && m->logs[i].marked_version > version;
    return n;
}

static struct mesh_known *known_find(struct mesh *m, const uint8_t identity[static 32])
{
    for (size_t i = 0; i < MESH_KNOWN_MAX; i++) {
        if (m->known[i].version > 0 && memcmp(m->known[i].identity, identity, 32) == 0)
            return &m->known[i];
    }
    return NULL;
}

/* How many logs have changed here since we agreed with this peer; false: it never was. */
static bool news_for(struct mesh *m, const struct link *l, size_t *ret)
{
    bool greeting = l->state == LINK_GREETING; /* then it is whom it claims to be, or cannot read */
    const struct mesh_known *known = known_find(m, greeting ? l->greeting.claim : l->identity);
    *ret = known == NULL ? 0 : changes_since(m, known->version);
    return known != NULL;
}

void mesh_agree_synced(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    struct mesh_known *known = known_find(m, l->identity);
    l->exchange.want = 0;
    if (m->eager_slot == slot)
        m->eager_until = 0;
    if (known == NULL)
        known = &m->known[m->known_next++ % MESH_KNOWN_MAX];
    memcpy(known->identity, l->identity, sizeof known->identity);
    mark_changes(m);
    known->version = m->agreed = m->version;
}

uint8_t mesh_agree_news(struct mesh *m)
{
    size_t n = m->agreed == 0 ? 0 : changes_since(m, m->agreed);
    return n < UINT8_MAX ? (uint8_t)n : UINT8_MAX;
}

void mesh_agree_gone(struct mesh *m, uint32_t slot)
{
    free(m->links[slot]->exchange.kept);
    if (m->eager_slot == slot)
        m->eager_until = 0;
}

/* ---- records unasked ---- */

/* May this link send all we seem to lack without being asked log by log? One link at a time, and
 * none while another is at it: else everybody would bring the same. */
static bool eager_free(const struct mesh *m, uint32_t slot)
{
    if (m->eager_until > m->now && m->eager_slot != slot)
        return false;
    for (uint32_t i = 0; i < m->logs_count; i++) {
        const struct mesh_log *log = &m->logs[i];
        if (log->asked != NO_SLOT && log->asked != slot && log->asked_until > m->now)
            return false;
    }
    return true;
}

static bool eager_take(struct mesh *m, uint32_t slot)
{
    if (!eager_free(m, slot))
        return false;
    m->eager_slot = slot;
    m->eager_until = m->now + MESH_ASK_WAIT;
    m->eager_open = true;
    return true;
}

/* What is coming from this link is known now: strange logs, which only their records will name, and
 * others, which are marked as asked for. */
static void eager_settle(struct mesh *m, uint32_t slot, size_t strange)
{
    if (m->eager_slot != slot || m->eager_until <= m->now)
        return;
    m->eager_open = false;
    if (strange == 0)
        m->eager_until = 0;
}

hop_time mesh_agree_wait(const struct mesh *m, uint32_t log, uint32_t slot)
{
    if (m->eager_until <= m->now || m->eager_slot == slot)
        return 0;
    bool known = m->logs[log].pending.seq > 0; /* then it is marked, if it is to come */
    return known && !m->eager_open ? 0 : m->eager_until;
}

/* It will come without our asking; if it does not, it is asked for. */
static void expect(struct mesh *m, uint32_t slot, uint32_t log)
{
    m->logs[log].asked = slot;
    m->logs[log].expected = true;
    m->logs[log].asked_until = m->now + mesh_slowed(m->links[slot], MESH_ASK_WAIT);
}

void mesh_agree_brought(struct mesh *m, uint32_t slot, uint32_t log)
{
    if (m->eager_slot != slot || m->eager_until <= m->now)
        return;
    m->eager_until = m->now + MESH_ASK_WAIT;
    if (m->logs[log].asked == NO_SLOT)
        expect(m, slot, log); /* a strange one, and there may be more of it */
}

/* ---- opening ---- */

static size_t syndromes_first(struct mesh *m, struct link *l, bool *ret_rooted)
{
    size_t news;
    (void)news_for(m, l, &news);
    news += l->exchange.their_news;
    size_t n = sketch_syndromes(news);
    n = n > SYNDROMES_MIN ? n : SYNDROMES_MIN;
    *ret_rooted = news == 0 && l->exchange.want == 0;
    return n > l->exchange.want ? n : l->exchange.want;
}

/* A list is shorter when two in five logs differ, or more than a sketch can name. */
static bool list_is_better(size_t syndromes, size_t logs)
{
    return syndromes > SKETCH_SYNDROMES_MAX || 5 * sketch_capacity(syndromes) > 2 * logs;
}

static bool list_all_put(struct mesh *m, const struct link *l, const struct picture *p,
                         struct wire_writer *w)
{
    const struct exchange *x = &l->exchange;
    struct frame_list f = {.number = x->number, .all = true, .eager = x->eager};
    size_t n = p->count < LIST_ENTRIES_MAX ? p->count : LIST_ENTRIES_MAX;
    f.entries =
        arena_take(&m->outs->scratch, (n + 1) * sizeof *f.entries, _Alignof(struct list_entry));
    if (f.entries == NULL || !mesh_frame_begin(m, w, LIST_BYTES(n)))
        return false;
    for (; f.count < n; f.count++) {
        const struct sketch_entry *e = &p->entries[f.count];
        f.entries[f.count] = (struct list_entry){e->position, e->seq, e->mark, e->check};
    }
    trace(&m->config.trace, "list %zu logs for %u", f.count, (unsigned)l->name);
    frame_list_put(w, &f);
    return true;
}

/* Syndromes first .. first + n - 1 as they go on the wire; NULL: no room. */
static const uint8_t *syndromes_of(struct mesh *m, const struct picture *p, size_t first, size_t n)
{
    uint16_t sums[SKETCH_SYNDROMES_MAX] = {0};
    uint8_t *bytes = arena_take(&m->outs->scratch, 2 * n + 1, 1);
    if (bytes == NULL)
        return NULL;
    sketch_add(sums, first, n, p->entries, p->count);
    struct wire_writer w = wire_writer(bytes, 2 * n);
    for (size_t i = 0; i < n; i++)
        wire_put_u16(&w, sums[i]);
    return bytes;
}

static bool sketch_put(struct mesh *m, struct link *l, const struct picture *p, size_t n,
                       bool rooted, struct wire_writer *w)
{
    struct exchange *x = &l->exchange;
    struct frame_sketch f = {.number = x->number, .eager = x->eager, .rooted = rooted, .count = n};
    f.logs = (uint32_t)p->count;
    f.syndromes = syndromes_of(m, p, 0, n);
    if (f.syndromes == NULL || !mesh_frame_begin(m, w, SKETCH_BYTES(n)))
        return false;
    if (rooted)
        mesh_root(m, p->salt.root, f.root);
    trace(&m->config.trace, "sketch %zu logs for %u: room for %zu changes", p->count,
          (unsigned)l->name, sketch_capacity(n));
    frame_sketch_put(w, &f);
    x->sent = n;
    return true;
}

/* Begin an exchange: its first frame. False: there is no room for it now. */
static bool opening_put(struct mesh *m, uint32_t slot, struct wire_writer *w)
{
    struct link *l = m->links[slot];
    struct exchange *x = &l->exchange;
    struct picture p;
    bool rooted;
    uint16_t number = x->ours ? (x->number + 1) % EXCHANGE_NUMBERS
                              : (uint16_t)rng_below(&m->salt_rng, EXCHANGE_NUMBERS_FIRST);
    if (!picture_take(m, l, l->listener, number, &p))
        return false;
    x->number = number;
    x->ours = true;
    bool unread = l->state == LINK_GREETING && !l->greeting.known;
    x->eager = unread ? eager_free(m, slot) : eager_take(m, slot);
    x->version = m->version;
    x->sent = x->growths = 0;
    size_t n = syndromes_first(m, l, &rooted);
    if (!(list_is_better(n, p.count) ? list_all_put(m, l, &p, w)
                                     : sketch_put(m, l, &p, n, rooted, w)))
        return false;
    x->due = false;
    x->open = true;
    x->their_news = 0; /* by the next exchange it is old */
    l->reconciled = m->now;
    return true;
}

/* Will what opens an exchange be small? Asked before it is made, which takes a while for many logs.
 */
static bool opening_is_small(struct mesh *m, struct link *l)
{
    bool rooted;
    size_t n = syndromes_first(m, l, &rooted);
    return list_is_better(n, m->order_count) ? LIST_USUAL_BYTES(m->order_count) <= KNOWN_BODY_MAX
                                             : SKETCH_BYTES(n) <= KNOWN_BODY_MAX;
}

bool mesh_agree_open(struct mesh *m, uint32_t slot, struct span *ret)
{
    struct exchange *x = &m->links[slot]->exchange;
    struct wire_writer w;
    uint8_t news = x->their_news;
    if (!opening_is_small(m, m->links[slot]) || !opening_put(m, slot, &w))
        return false;
    *ret = wire_written(&w);
    if (ret->size <= KNOWN_BODY_MAX)
        return true;
    mesh_agree_unread(m, slot);
    x->their_news = news;
    return false;
}

void mesh_agree_unread(struct mesh *m, uint32_t slot)
{
    m->links[slot]->exchange.open = false;
    if (m->eager_slot == slot)
        m->eager_until = 0;
}

static void open_exchange(struct mesh *m, uint32_t slot)
{
    struct wire_writer w;
    bool done = opening_put(m, slot, &w);
    m->unfinished |= !done;
    if (done)
        mesh_frame_send(m, m->links[slot], &w);
}

void mesh_agree_finish(struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    if (l->exchange.due && l->state == LINK_MEMBER && !l->estranged)
        open_exchange(m, slot);
}

int mesh_on_more(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct exchange *x = &l->exchange;
    struct frame_more more;
    struct picture p;
    struct wire_writer w;
    int err = frame_more_parse(&more, frame);
    if (err != HOP_OK)
        return err;
    if (!x->open || more.number != (uint8_t)x->number || l->estranged)
        return HOP_OK;
    if (x->version != m->version && more.want > 0) { /* the first ones were of another frontier */
        x->want = more.want;
        x->due = true;
        return HOP_OK;
    }
    if (++x->growths > GROWTHS_MAX || !picture_take(m, l, l->listener, x->number, &p))
        return HOP_OK;
    if (more.want == 0) {
        if (list_all_put(m, l, &p, &w))
            mesh_frame_send(m, l, &w);
        return HOP_OK;
    }
    struct frame_next f = {.number = (uint8_t)x->number, .first = x->sent};
    if (x->sent == 0 || more.want <= x->sent)
        return HOP_OK;
    f.count = more.want - x->sent;
    f.syndromes = syndromes_of(m, &p, f.first, f.count);
    if (f.syndromes == NULL || !mesh_frame_begin(m, &w, NEXT_BYTES(f.count)))
        return HOP_OK;
    trace(&m->config.trace, "%u cannot tell what differs -> %zu syndromes more", (unsigned)l->name,
          f.count);
    frame_next_put(&w, &f);
    mesh_frame_send(m, l, &w);
    x->sent = more.want;
    return HOP_OK;
}

/* ---- answering ---- */

#define NAMED 0x01 /* is in the list */
#define AHEAD 0x02 /* the opener has, or seems to have, more of it */

/* An answer as it grows, entry by entry in ascending order of positions. */
struct answer {
    struct mesh *m;
    struct link *l;
    uint32_t slot;
    struct picture p;
    uint8_t *named; /* by index into p.entries: NAMED, AHEAD */
    bool eager;     /* the opener takes records unasked */
    struct frame_list list;
    size_t strange; /* logs of the opener that we do not have */
    uint64_t ahead; /* logs in which it has more */
};

static bool answer_begin(struct answer *a, struct mesh *m, uint32_t slot)
{
    struct link *l = m->links[slot];
    *a = (struct answer){.m = m, .l = l, .slot = slot, .eager = l->exchange.their_eager};
    if (!picture_take(m, l, !l->listener, l->exchange.their_number, &a->p))
        return false;
    a->named = arena_take(&m->outs->scratch, a->p.count + 1, 1);
    a->list.entries = arena_take(&m->outs->scratch, LIST_ENTRIES_MAX * sizeof *a->list.entries,
                                 _Alignof(struct list_entry));
    if (a->named == NULL || a->list.entries == NULL)
        return false;
    memset(a->named, 0, a->p.count + 1);
    return true;
}

static void name(struct answer *a, uint16_t position, uint64_t seq)
{
    if (a->list.count < LIST_ENTRIES_MAX) /* the rest in the next exchange */
        a->list.entries[a->list.count++] = (struct list_entry){position, seq, 0, 0};
}

static void name_all_at(struct answer *a, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        a->named[i] |= NAMED;
        name(a, a->p.entries[i].position, a->p.entries[i].seq);
    }
}

/* The opener has this log of ours up to seq. sure: it has said so, or what it says of its head
 * agrees with ours. A guess that it has more is not shown: its records will. */
static void found(struct answer *a, const struct sketch_entry *e, uint64_t seq, bool sure)
{
    struct mesh *m = a->m;
    if (seq > e->seq) {
        a->ahead++;
        a->named[e - a->p.entries] |= AHEAD;
        if (sure)
            mesh_show(m, a->slot, e->log, seq);
    } else if (sure && seq < e->seq) {
        mesh_set_shown(m, a->slot, e->log, seq);
        if (a->eager)
            (void)mesh_serve(m, a->l, e->log, seq);
        else if (seq == 0)
            mesh_announce(m, a->l, e->log); /* it cannot ask for a log it has not heard of */
    }
}

/* The check of our head at a number that the opener has; false: we do not have it. */
static bool check_of(const struct answer *a, const struct sketch_entry *e, uint64_t seq,
                     uint8_t *ret)
{
    uint8_t head[32];
    *ret = e->check;
    if (seq == e->seq)
        return true;
    if (seq == 0 || seq > e->seq || !mesh_log_head(a->m, &a->m->logs[e->log], seq, head))
        return false;
    *ret = sketch_check(&a->p.salt, head);
    return true;
}

/* If it is this log that differs at its position, then so. One of several there is believed to be
 * it only when it is behind by a few records, whose head agrees: else the opener will find out. */
static void changed_perhaps(struct answer *a, const struct sketch_entry *e, uint16_t added,
                            bool alone)
{
    uint8_t check;
    uint16_t tag = (uint16_t)(e->tag ^ added);
    uint64_t seq = sketch_guess(tag, e->seq);
    bool sure = tag == 0 || (check_of(a, e, seq, &check) && sketch_tag(seq, check) == tag);
    if (alone && seq == e->seq && a->m->logs[e->log].fork > 0)
        mesh_fork_tell(a->m, a->l, e->log);
    if (alone || (sure && seq < e->seq && e->seq - seq <= NEAR_MAX))
        found(a, e, seq, sure);
}

static void change_found(struct answer *a, const struct sketch_change *change)
{
    size_t first, n = sketch_find(a->p.entries, a->p.count, change->position, &first);
    if (n == 0) {
        a->strange++;
        name(a, change->position, 0);
        return;
    }
    name_all_at(a, first, n);
    for (size_t i = first; i < first + n; i++)
        changed_perhaps(a, &a->p.entries[i], change->added, n == 1);
}

/* What is not named is as here. */
static void rest_is_equal(struct answer *a)
{
    for (size_t i = 0; i < a->p.count; i++) {
        if (a->named[i] == 0)
            mesh_show(a->m, a->slot, a->p.entries[i].log, a->p.entries[i].seq);
    }
}

static void answer_send(struct answer *a)
{
    struct mesh *m = a->m;
    struct wire_writer w;
    bool lack = a->ahead + a->strange > 0;
    a->list.number = (uint8_t)a->l->exchange.their_number;
    a->list.eager = lack && eager_take(m, a->slot);
    if (a->list.eager)
        eager_settle(m, a->slot, a->strange);
    for (size_t i = 0; i < a->p.count && a->list.eager; i++) {
        const struct sketch_entry *e = &a->p.entries[i];
        if ((a->named[i] & AHEAD) != 0)
            expect(m, a->slot, e->log);
    }
    rest_is_equal(a);
    mesh_frontier_heard(m, a->l);
    a->l->exchange.blind = a->list.count == 0;
    if (a->list.count == 0)
        a->l->root_at = m->now; /* equal, it seems: let it hear our root */
    if (!mesh_frame_begin(m, &w, LIST_BYTES(a->list.count)))
        return;
    trace(&m->config.trace, "%u differs in %zu logs -> list them%s", (unsigned)a->l->name,
          a->list.count, a->list.eager ? ", take what it has" : "");
    frame_list_put(&w, &a->list);
    mesh_frame_send(m, a->l, &w);
}

/* The sketch is too small: ask for more syndromes, or for a list. */
static void grow(struct mesh *m, struct link *l, size_t count)
{
    struct exchange *x = &l->exchange;
    struct frame_more more = {.number = (uint8_t)x->their_number};
    struct wire_writer w;
    size_t room = sketch_capacity(x->kept_count), news;
    size_t logs = x->their_logs > count ? x->their_logs : count, fewer = logs - count;
    if (x->their_logs < count)
        fewer = count - x->their_logs;
    size_t want = 4 * room + 2; /* by guess, or by what we know: it has made room for its news */
    if (x->their_growths == 0 && news_for(m, l, &news) && news > 0)
        want = news + (x->their_rooted ? 0 : room);
    want = want > fewer ? want : fewer;
    want = sketch_syndromes(want > room ? want : room + 1);
    if (++x->their_growths <= GROWTHS_MAX && !list_is_better(want, logs))
        more.want = want;
    trace(&m->config.trace, "%u differs in more than %zu logs -> ask for %s", (unsigned)l->name,
          room, more.want == 0 ? "a list" : "more syndromes");
    if (!mesh_frame_begin(m, &w, MORE_BYTES))
        return;
    frame_more_put(&w, &more);
    mesh_frame_send(m, l, &w);
}

static void kept_free(struct exchange *x)
{
    free(x->kept);
    x->kept = NULL;
    x->kept_count = 0;
}

/* All syndromes that have come, against ours. */
static int decode(struct mesh *m, uint32_t slot)
{
    struct exchange *x = &m->links[slot]->exchange;
    struct sketch_change changes[SKETCH_CHANGES_MAX];
    uint16_t sums[SKETCH_SYNDROMES_MAX];
    size_t count;
    struct answer a;
    if (!answer_begin(&a, m, slot))
        return HOP_EFULL;
    memcpy(sums, x->kept, x->kept_count * sizeof sums[0]);
    sketch_add(sums, 0, x->kept_count, a.p.entries, a.p.count);
    int err = sketch_decode(changes, &count, sums, x->kept_count, a.p.entries, a.p.count);
    if (err != HOP_OK) {
        grow(m, a.l, a.p.count);
        return HOP_OK;
    }
    kept_free(x);
    for (size_t i = 0; i < count; i++)
        change_found(&a, &changes[i]);
    answer_send(&a);
    return HOP_OK;
}

static int keep(struct exchange *x, const uint8_t *bytes, size_t count)
{
    struct wire_reader r = wire_reader(bytes, 2 * count);
    assert(x->kept_count + count <= SKETCH_SYNDROMES_MAX);
    uint16_t *grown = realloc(x->kept, (x->kept_count + count + 1) * sizeof *grown);
    if (grown == NULL)
        return HOP_ENOMEM;
    x->kept = grown;
    for (size_t i = 0; i < count; i++)
        x->kept[x->kept_count++] = wire_get_u16(&r);
    return HOP_OK;
}

/* Begin to answer exchange `number`; false: it is old. */
static bool theirs_begin(struct mesh *m, struct link *l, uint16_t number, bool eager)
{
    struct exchange *x = &l->exchange;
    unsigned ahead = (number + EXCHANGE_NUMBERS - x->their_number) % EXCHANGE_NUMBERS;
    if (x->theirs && (ahead == 0 || ahead > EXCHANGE_NUMBERS / 2))
        return false;
    kept_free(x);
    x->theirs = true;
    x->their_number = number;
    x->their_eager = eager;
    x->their_growths = 0;
    x->their_news = 0;
    x->due = false; /* this one will do */
    l->reconciled = m->now;
    return true;
}

int mesh_on_sketch(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_sketch f;
    struct sketch_salt salt;
    uint8_t root[8];
    int err = frame_sketch_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    mesh_set_estranged(m, l, false);
    if (!theirs_begin(m, l, f.number, f.eager))
        return HOP_OK;
    l->exchange.their_logs = f.logs;
    l->exchange.their_rooted = f.rooted;
    if (f.rooted) {
        salt_take(m, l, !l->listener, f.number, &salt);
        mesh_root(m, salt.root, root);
        if (memcmp(root, f.root, sizeof root) == 0) {
            mesh_in_sync(m, slot);
            l->root_at = m->now; /* and it should know */
            return HOP_OK;
        }
    }
    err = keep(&l->exchange, f.syndromes, f.count);
    return err == HOP_OK ? decode(m, slot) : err;
}

int mesh_on_next(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct exchange *x = &l->exchange;
    struct frame_next f;
    int err = frame_next_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    if (!x->theirs || x->kept == NULL || f.number != (uint8_t)x->their_number ||
        f.first != x->kept_count || l->estranged)
        return HOP_OK;
    err = keep(x, f.syndromes, f.count);
    return err == HOP_OK ? decode(m, slot) : err;
}

/* ---- lists ---- */

/* Entries of a list at one position. */
static size_t run_at(const struct frame_list *f, size_t i)
{
    size_t n = 1;
    while (i + n < f->count && f->entries[i + n].position == f->entries[i].position)
        n++;
    return n;
}

/* The opener has said how far it has this log, and what its head looks like. */
static void listed(struct answer *a, const struct sketch_entry *e, const struct list_entry *entry)
{
    uint8_t check;
    if (!check_of(a, e, entry->seq, &check) || check == entry->check)
        found(a, e, entry->seq, true);
    else
        mesh_probe(a->m, a->l, e->log); /* one number, two heads */
}

struct listed { /* at one position */
    const struct sketch_entry *ours;
    size_t n;
    const struct list_entry *theirs;
    size_t count;
};

static bool same_logs(const struct listed *at)
{
    bool same = at->n == at->count;
    for (size_t k = 0; k < at->n && same; k++)
        same = at->ours[k].mark == at->theirs[k].mark;
    return same;
}

static void listed_at(struct answer *a, uint16_t position, struct listed at)
{
    bool logs = same_logs(&at), same = logs;
    for (size_t k = 0; k < at.n && same; k++)
        same = at.ours[k].seq == at.theirs[k].seq && at.ours[k].check == at.theirs[k].check;
    if (same)
        return;
    size_t first = at.n > 0 ? (size_t)(at.ours - a->p.entries) : 0;
    bool others = !logs && at.n == 1 && at.count == 1; /* one log each, and not the same */
    if (at.n == 0 || others) {
        a->strange += at.count;
        name(a, position, 0);
    }
    if (others)
        a->named[first] |= NAMED; /* as nothing: it is not what the opener has here */
    else
        name_all_at(a, first, at.n);
    if (!logs && !others && at.n == at.count)
        name(a, position, 0); /* so that their number shows that they are not the same */
    for (size_t k = 0; k < at.n && (logs || others || at.count == 0); k++) {
        if (logs)
            listed(a, &at.ours[k], &at.theirs[k]);
        else
            found(a, &at.ours[k], 0, true);
    }
}

/* The opener lists all it has, which tells exactly what differs. */
static int on_list_of_all(struct mesh *m, uint32_t slot, const struct frame_list *f)
{
    struct answer a;
    size_t ours = 0;
    if (!answer_begin(&a, m, slot))
        return HOP_EFULL;
    for (size_t i = 0, theirs; i < f->count || ours < a.p.count; i += theirs) {
        uint16_t position = i < f->count ? f->entries[i].position : UINT16_MAX;
        if (ours < a.p.count && a.p.entries[ours].position < position)
            position = a.p.entries[ours].position;
        size_t first, n = sketch_find(a.p.entries, a.p.count, position, &first);
        theirs = i < f->count && f->entries[i].position == position ? run_at(f, i) : 0;
        ours = n > 0 ? first + n : ours;
        listed_at(&a, position, (struct listed){&a.p.entries[first], n, &f->entries[i], theirs});
    }
    answer_send(&a);
    return HOP_OK;
}

/* What an answer says at one position. */
struct place {
    const struct sketch_entry *ours;
    const struct list_entry *theirs;
    size_t count, differ; /* logs there; and in how many of them the numbers differ */
    bool eager;
};

/* It has more, and we let it send unasked: does it know where we are? */
static bool comes_by_itself(const struct exchange *x, const struct place *p, size_t k)
{
    uint64_t seq = p->theirs[k].seq, ours = p->ours[k].seq;
    if (!x->eager || x->sent == 0) /* after a list it knows exactly */
        return x->eager;
    if (p->count > 1)
        return p->differ == 1 && seq - ours <= NEAR_MAX;
    return sketch_guess(p->ours[k].tag, seq) == ours;
}

/* One log of ours in the answer. */
static void on_answer_entry(struct mesh *m, uint32_t slot, const struct place *p, size_t k)
{
    const struct sketch_entry *e = &p->ours[k];
    uint64_t seq = p->theirs[k].seq;
    struct link *l = m->links[slot];
    const struct exchange *x = &l->exchange;
    mesh_set_shown(m, slot, e->log, seq);
    if (seq > e->seq) {
        if (comes_by_itself(x, p, k))
            expect(m, slot, e->log);
        m->asks_at = m->now;
    } else if (seq < e->seq && p->eager) {
        (void)mesh_serve(m, l, e->log, seq);
    } else if (seq < e->seq) {
        mesh_announce(m, l, e->log);
    } else if (p->count == 1 && x->version == m->version) {
        mesh_probe(m, l, e->log); /* one number, two heads */
    }
}

/* named of the other's logs are at this position of count of ours. */
static void on_answer_place(struct mesh *m, uint32_t slot, struct place p, size_t named)
{
    struct link *l = m->links[slot];
    for (size_t k = 0; k < p.count && named == p.count; k++)
        p.differ += p.theirs[k].seq != p.ours[k].seq;
    for (size_t k = 0; k < p.count; k++) {
        uint32_t log = p.ours[k].log;
        if (named == p.count)
            on_answer_entry(m, slot, &p, k);
        else if (named > 0)
            mesh_say(m, l, log); /* it has others here */
        else if (m->logs[log].marked_version <= l->exchange.version)
            mesh_show(m, slot, log, p.ours[k].seq);
    }
}

static void trace_difference(const struct mesh *m, const struct link *l)
{
    uint64_t lacks = 0, more = 0;
    for (uint32_t log = 0; log < m->logs_count; log++) {
        uint64_t have = m->logs[log].durable.seq, shown = l->logs[log].shown;
        lacks += have > shown ? have - shown : 0;
        more += shown > have ? shown - have : 0;
    }
    trace(&m->config.trace, "answer of %u: it lacks %llu, has %llu more", (unsigned)l->name,
          (unsigned long long)lacks, (unsigned long long)more);
}

/* What was opened by us is answered. */
static int on_answer(struct mesh *m, uint32_t slot, const struct frame_list *f)
{
    struct link *l = m->links[slot];
    struct exchange *x = &l->exchange;
    struct picture p;
    size_t strange = 0, next = 0, n;
    if (!x->open || f->number != (uint8_t)x->number || l->estranged)
        return HOP_OK;
    if (!picture_take(m, l, l->listener, x->number, &p))
        return HOP_EFULL;
    x->open = false;
    x->blind = f->count == 0;
    x->want = 0;
    mark_changes(m);
    for (size_t i = 0; i < p.count; i += n) {
        n = 1;
        while (i + n < p.count && p.entries[i + n].position == p.entries[i].position)
            n++;
        size_t named = 0;
        for (; next < f->count && f->entries[next].position < p.entries[i].position; next++)
            strange++;
        if (next < f->count && f->entries[next].position == p.entries[i].position)
            named = run_at(f, next);
        on_answer_place(m, slot, (struct place){&p.entries[i], &f->entries[next], n, 0, f->eager},
                        named);
        next += named;
    }
    eager_settle(m, slot, strange + f->count - next);
    mesh_frontier_heard(m, l);
    trace_difference(m, l);
    if (l->root_at == HOP_NEVER) /* equal, it seems, or soon: let it hear our root */
        l->root_at = m->now + (f->count == 0 ? 0 : mesh_pace_root_delay(l));
    return HOP_OK;
}

int mesh_on_list(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct exchange *x = &l->exchange;
    struct frame_list f = {0};
    f.entries = arena_take(&m->outs->scratch, LIST_ENTRIES_MAX * sizeof *f.entries,
                           _Alignof(struct list_entry));
    if (f.entries == NULL)
        return HOP_EFULL;
    int err = frame_list_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    if (!f.all)
        return on_answer(m, slot, &f);
    mesh_set_estranged(m, l, false);
    bool asked_for = x->theirs && x->kept != NULL && f.number == x->their_number;
    if (asked_for)
        kept_free(x);
    else if (!theirs_begin(m, l, f.number, f.eager))
        return HOP_OK;
    x->their_eager = f.eager;
    return on_list_of_all(m, slot, &f);
}
