/* How fast a link is, and how much is trusted to it at a time.
 *
 * A contact may be a LAN for an hour or a radio for ten seconds, and nobody says which. What is cut
 * off in the middle of a segment is lost, so a segment should take about a second; what is under
 * way delays what is urgent, so no more should be under way than keeps the link busy. Both follow
 * from one number, the rate at which acknowledgements come in while something is under way:
 *
 *     unit    what goes in a second, at least one record: the smallest thing that proves itself
 *     window  what goes in a round trip and a second, at least one unit
 *
 * Before the first acknowledgement, or a word of the owner who knows his modem (rate_hint), a unit
 * is one record and the window small. A sample of the rate is what was acknowledged since a segment
 * was sent, divided by that time (as BBR does it: Cardwell and others 2016); it goes up at once and
 * down slowly, because an idle or a busy peer looks like a slow link and is none. */
#include "mesh/state.h"

#define RATE_FAST     (32u << 10) /* bytes/s; from here on, other people's signatures come along */
#define RATE_SLOW     (8u << 10) /* below it, a large record takes longer than a peer may be silent */
#define SILENCE_BYTES (32u << 10)
#define WINDOW_START  2048 /* six records: sixteen seconds of the slowest radio we know */

size_t mesh_pace_window(const struct link *l)
{
    if (l->rate == 0)
        return WINDOW_START;
    uint64_t window = l->rate + l->rate * (l->round_trip / 1000) / 1000;
    return window > MESH_WINDOW_BYTES ? MESH_WINDOW_BYTES : (size_t)window;
}

void mesh_pace_unit(const struct link *l, struct segment_limits *ret)
{
    ret->records = l->rate == 0 ? 1 : SEGMENT_RECORDS_MAX;
    ret->bytes = l->rate == 0 || l->rate > SEGMENT_BYTES_AIM ? SEGMENT_BYTES_AIM : (size_t)l->rate;
}

bool mesh_pace_fast(const struct link *l)
{
    return l->rate >= RATE_FAST;
}

void mesh_pace_sent(const struct mesh *m, struct link *l, struct mesh_flight *f)
{
    if (l->flights_count == 0)
        l->landed_at = m->now; /* nothing was under way: no time has been lost */
    f->sent_at = m->now;
    f->landed_before = l->landed;
    f->landed_before_at = l->landed_at;
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
}

void mesh_pace_hint(struct link *l, uint64_t rate)
{
    l->rate = rate > PACE_RATE_MAX ? PACE_RATE_MAX : rate;
    l->silence = MESH_SILENCE_MAX;
    l->keepalive = MESH_KEEPALIVE;
    if (rate == 0 || rate >= RATE_SLOW)
        return;
    l->silence +=
        SILENCE_BYTES * HOP_SECOND / rate; /* while a large record comes, nothing else does */
    l->keepalive = l->silence / 4;
}
