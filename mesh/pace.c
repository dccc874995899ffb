/* How fast a link is, and how much is trusted to it at a time.
 *
 * A contact may be a LAN for an hour or a radio for ten seconds, and nobody says which. What is cut
 * off in the middle of a segment is lost, so a segment should take about a second; what is under
 * way delays what is urgent, so no more should be under way than keeps the link busy. Both follow
 * from one number, the rate at which acknowledgements come in while something is under way:
 *
 *     unit    what goes in a second, at least one record: the smallest thing that proves itself.
 *             Where a record takes longer than that, three of them, which saves two signatures: but
 *             the first of a contact is always one, so that no contact is in vain
 *     window  what goes in a round trip and a second, at least one unit. On a slow link just that:
 *             its round trips are made of what we have put there ourselves
 *
 * Before the first acknowledgement, a word of the owner who knows his modem (rate_hint) or what the
 * last contact with the same peer came to, only a floor of the rate is known: bytes of the greeting
 * and its answer, by the time until that came. Units are then as on the slowest links, but no
 * larger than go in nine seconds at the floor: part of that time was the way there and back.
 * Without a floor a unit is one record and the window small. A sample of the rate is what was
 * acknowledged since a segment was sent, divided by that time (as BBR does it: Cardwell and others
 * 2016); it goes up at once and down slowly, because an idle or a busy peer looks like a slow link
 * and is none. */
#include "mesh/state.h"

#define RATE_FAST         (32u << 10) /* bytes/s; from here on, other people's signatures come along */
#define RATE_SLOW         (8u << 10) /* below it, a large record takes longer than a peer may be silent */
#define SILENCE_BYTES     (32u << 10)
#define ROOT_SHARE        32 /* a root takes at most one part in so many of the time */
#define UNIT_SECONDS_MAX  7
#define FLOOR_SECONDS_MAX 9
#define UNIT_BYTES_SLOW   880 /* three records of 200 bytes of body, as they go over a slow link */
#define WINDOW_START      512 /* two records: six seconds of the slowest radio we know */

/* Bytes of a unit: what goes in a second; on the slowest links three records, if they go in seven.
 */
static uint64_t unit_bytes(const struct link *l)
{
    uint64_t slow = l->rate > 0 ? l->rate * UNIT_SECONDS_MAX : l->floor * FLOOR_SECONDS_MAX;
    slow = slow < UNIT_BYTES_SLOW ? slow : UNIT_BYTES_SLOW;
    return l->rate > slow ? l->rate : slow;
}

size_t mesh_pace_window(const struct link *l)
{
    if (l->rate == 0)
        return l->floor == 0 ? WINDOW_START : (size_t)unit_bytes(l);
    uint64_t window = l->rate < RATE_SLOW ? 0 : l->rate + l->rate * (l->round_trip / 1000) / 1000;
    window = window > unit_bytes(l) ? window : unit_bytes(l);
    return window > MESH_WINDOW_BYTES ? MESH_WINDOW_BYTES : (size_t)window;
}

void mesh_pace_unit(const struct link *l, struct segment_limits *ret)
{
    bool unknown = l->rate == 0 && l->floor == 0;
    bool first = unknown || (l->sent_units == 0 && !mesh_pace_fast(l));
    uint64_t bytes = unit_bytes(l);
    ret->records = first ? 1 : SEGMENT_RECORDS_MAX;
    ret->bytes = first || bytes > SEGMENT_BYTES_AIM ? SEGMENT_BYTES_AIM : (size_t)bytes;
    ret->bare = !mesh_pace_fast(l);
}

hop_time mesh_pace_root_delay(const struct link *l)
{
    hop_time delay = l->rate == 0 ? 0 : ROOT_SHARE * KEEPALIVE_BYTES * HOP_SECOND / l->rate;
    return delay > MESH_ROOT_DELAY ? delay : MESH_ROOT_DELAY;
}

bool mesh_pace_busy(const struct mesh *m, const struct link *l)
{
    hop_time moved = l->brought, patience = MESH_ASK_WAIT + l->round_trip;
    for (size_t i = 0; i < l->flights_count; i++)
        moved = l->flights[i].sent_at > moved ? l->flights[i].sent_at : moved;
    if (l->flights_count > 0 && l->landed_at > moved)
        moved = l->landed_at;
    return moved > 0 && l->rate < RATE_SLOW && m->now - moved < patience;
}

bool mesh_pace_fast(const struct link *l)
{
    return l->rate >= RATE_FAST;
}

void mesh_pace_sent(const struct mesh *m, struct link *l, struct mesh_flight *f)
{
    if (l->flights_count == 0)
        l->landed_at = m->now; /* nothing was under way: no time has been lost */
    l->sent_units++;
    f->sent_at = m->now;
    f->landed_before = l->landed;
    f->landed_before_at = l->landed_at;
}

/* While a large record comes, nothing else does. */
static void be_patient(struct link *l)
{
    hop_time silence = MESH_SILENCE_MAX + SILENCE_BYTES * HOP_SECOND / l->rate;
    l->silence = silence > l->silence ? silence : l->silence;
}

void mesh_pace_hint(struct link *l, uint64_t rate)
{
    l->rate = rate > PACE_RATE_MAX ? PACE_RATE_MAX : rate;
    l->silence = MESH_SILENCE_MAX;
    l->keepalive = MESH_KEEPALIVE;
    if (rate == 0 || rate >= RATE_SLOW)
        return;
    be_patient(l);
    l->keepalive = l->silence / 4; /* the other end was told the same rate */
}

void mesh_pace_greeted(const struct mesh *m, struct link *l, size_t bytes)
{
    hop_time took = m->now - l->greeting.said;
    uint64_t floor = (l->greeting.said_bytes + bytes) * HOP_SECOND / (took > 0 ? took : 1);
    l->floor = floor > PACE_RATE_MAX ? PACE_RATE_MAX : floor > 0 ? floor : 1;
    if (l->floor * MESH_KEEPALIVE_SLOW < UNIT_BYTES_SLOW * HOP_SECOND &&
        l->keepalive < MESH_KEEPALIVE_SLOW)
        l->keepalive = MESH_KEEPALIVE_SLOW; /* and what is asked for has longer to come */
}

hop_time mesh_pace_silence(const struct link *l)
{
    if (l->rate > 0 || l->floor == 0)
        return l->silence;
    return l->silence + (l->flights_bytes + UNIT_BYTES_SLOW) * HOP_SECOND / l->floor;
}

void mesh_pace_landed(const struct mesh *m, struct link *l, uint32_t log, uint64_t seq)
{
    const struct mesh_flight *last = NULL;
    for (size_t i = 0; i < l->flights_count; i++) {
        const struct mesh_flight *f = &l->flights[i];
        if (f->log != log || f->last > seq)
            continue;
        l->landed += f->bytes;
        last = last == NULL || f->sent_at >= last->sent_at ? f : last;
    }
    if (last == NULL)
        return;
    if (last->last <= l->logs[log].again)
        return; /* which of its copies is meant, nobody knows (Karn and Partridge 1987) */
    hop_time trip = m->now - last->sent_at, since = m->now - last->landed_before_at;
    uint64_t sample = (l->landed - last->landed_before) * HOP_SECOND / (since > 0 ? since : 1);
    if (sample > PACE_RATE_MAX)
        sample = PACE_RATE_MAX;
    if (l->round_trip == 0 || trip < l->round_trip)
        l->round_trip = trip;
    l->landed_at = m->now;
    l->rate = sample > l->rate ? sample : (7 * l->rate + sample) / 8;
    if (l->rate == 0)
        l->rate = 1;
    l->measured = true;
    if (l->rate < RATE_SLOW)
        be_patient(l);
}

/* ---- from one contact to the next ---- */

static struct mesh_rate *remembered(struct mesh *m, const uint8_t identity[static 32])
{
    for (size_t i = 0; i < MESH_RATES_MAX; i++) {
        if (m->rates[i].rate > 0 && memcmp(m->rates[i].identity, identity, 32) == 0)
            return &m->rates[i];
    }
    return NULL;
}

void mesh_pace_recall(struct mesh *m, struct link *l)
{
    const struct mesh_rate *r = remembered(m, l->identity);
    if (r != NULL && l->rate == 0 && r->rate < RATE_SLOW)
        l->rate = r->rate; /* who was met on a LAN may be met by radio: fast is not presumed */
}

void mesh_pace_keep(struct mesh *m, const struct link *l)
{
    struct mesh_rate *r = remembered(m, l->identity);
    if (!l->measured)
        return;
    if (r == NULL)
        r = &m->rates[m->rates_next++ % MESH_RATES_MAX];
    memcpy(r->identity, l->identity, sizeof r->identity);
    r->rate = l->rate;
}
