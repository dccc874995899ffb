#include "mesh/pipe.h"

#include "base/rng.h"
#include "base/wire.h"

#include <assert.h>
#include <stdlib.h>

/* KISS: FEND marks the ends, command 0 is data on port 0. */
#define FEND  0xc0
#define FESC  0xdb
#define TFEND 0xdc
#define TFESC 0xdd

#define FLAG_LAST 0x01 /* of a frame's cuts */
#define FLAG_OVER 0x02 /* your turn */
#define FLAG_CUT  0x04 /* carries a cut; without it only the head counts */
#define FLAG_CALL 0x08 /* I have not been named by you yet: answer */

#define HEAD_BYTES   12                /* session, counter: in clear, additional data */
#define INNER_BYTES  7                 /* flags, number, expected, bitmap */
#define HELLO_PERIOD (10 * HOP_SECOND) /* calling into the silence */
#define SILENCE_MAX  (90 * HOP_SECOND) /* a slow burst, its repetition, and patience */

/* A cut of a frame under way to the other end. */
struct cut {
    uint8_t bytes[PIPE_CUT_BYTES];
    size_t size;
    uint8_t flags;
    bool used, sent, acked;
};

struct queued {
    struct queued *next;
    size_t size, taken;
    uint8_t bytes[];
};

struct pipe {
    struct pipe_config config;
    struct rng rng;
    struct pipe_state state;
    uint8_t send_key[32];
    uint8_t peer[8]; /* session of the other end; before it is up, of whoever called last */
    uint32_t counter, peer_counter; /* of packets: nonces; the peer's must rise */
    /* sending: cuts numbered base .. base + PIPE_WINDOW - 1 */
    struct queued *first, *last;
    size_t queued_bytes;
    struct cut window[PIPE_WINDOW];
    uint16_t base, next;
    /* receiving */
    uint16_t expected;
    struct cut ahead[PIPE_WINDOW]; /* slot: number % PIPE_WINDOW */
    uint8_t *partial, *whole;
    size_t partial_size, whole_size;
    bool whole_ready;
    /* the line */
    uint8_t line[PIPE_PACKET_BYTES_MAX + 1]; /* with KISS's command byte */
    size_t line_size;
    bool escaped, overrun;
    uint8_t *out;
    size_t out_size;
    bool my_turn, owes_answer;
    hop_time busy_until; /* our own burst is still in the air */
    hop_time wait_until; /* then we speak without having been asked */
};

#define BURST_PACKETS_MAX PIPE_WINDOW
#define OUT_BYTES         (BURST_PACKETS_MAX * 2 * (PIPE_PACKET_BYTES_MAX + 2) + 16)

static void derive_key(uint8_t ret[static 32], const struct pipe *p,
                       const uint8_t session[static 8])
{
    hop_derive(ret, 32, p->config.key, LABEL_PIPE, SPAN(session, 8));
}

struct pipe *pipe_new(const struct pipe_config *config)
{
    assert(config->rate_bytes > 0);
    struct pipe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->config = *config;
    p->rng = rng_seeded(config->seed);
    p->partial = malloc(PIPE_FRAME_BYTES_MAX);
    p->whole = malloc(PIPE_FRAME_BYTES_MAX);
    p->out = malloc(OUT_BYTES);
    if (p->partial == NULL || p->whole == NULL || p->out == NULL) {
        pipe_free(p);
        return NULL;
    }
    derive_key(p->send_key, p, config->session);
    p->wait_until = 0; /* call at once */
    return p;
}

static void drop_queue(struct pipe *p)
{
    while (p->first != NULL) {
        struct queued *q = p->first;
        p->first = q->next;
        free(q);
    }
    p->last = NULL;
    p->queued_bytes = 0;
}

void pipe_free(struct pipe *p)
{
    if (p == NULL)
        return;
    drop_queue(p);
    free(p->partial);
    free(p->whole);
    free(p->out);
    hop_wipe(p, sizeof *p);
    free(p);
}

struct pipe_state pipe_state(const struct pipe *p)
{
    return p->state;
}

/* Time in the air of so many bytes. */
static hop_time airtime(const struct pipe *p, size_t bytes)
{
    return (hop_time)bytes * HOP_SECOND / p->config.rate_bytes;
}

/* ---- the other end ---- */

static void forget_peer(struct pipe *p)
{
    drop_queue(p);
    memset(p->window, 0, sizeof p->window);
    memset(p->ahead, 0, sizeof p->ahead);
    p->base = p->next = p->expected = 0;
    p->partial_size = 0;
    p->peer_counter = 0;
    p->state.up = false;
}

/* Both ends compute the same binding: the sessions in order. The smaller one dials. */
static void meet(struct pipe *p, const uint8_t session[static 8])
{
    uint8_t both[16];
    bool first = memcmp(p->config.session, session, 8) < 0;
    forget_peer(p);
    memcpy(p->peer, session, 8);
    memcpy(both, first ? p->config.session : session, 8);
    memcpy(both + 8, first ? session : p->config.session, 8);
    hop_derive(p->state.binding, 32, p->config.key, LABEL_LINK_BINDING, SPAN(both, sizeof both));
    p->state.listener = !first;
    p->state.up = true;
    p->state.generation++;
    p->owes_answer = true; /* so that it hears its own session named, and meets us too */
}

/* ---- receiving ---- */

/* One more cut in its place; a frame that is whole waits in p->whole. */
static void take_cut(struct pipe *p, const struct cut *c)
{
    if (c->size <= PIPE_FRAME_BYTES_MAX - p->partial_size) {
        memcpy(p->partial + p->partial_size, c->bytes, c->size);
        p->partial_size += c->size;
    }
    if ((c->flags & FLAG_LAST) == 0)
        return;
    uint8_t *swap = p->whole;
    p->whole = p->partial;
    p->whole_size = p->partial_size;
    p->partial = swap;
    p->partial_size = 0;
    p->whole_ready = true;
}

/* What stands in order, up to the end of one frame: the next is taken when that one has been
 * fetched. */
static void advance(struct pipe *p)
{
    while (!p->whole_ready && p->ahead[p->expected % PIPE_WINDOW].used) {
        struct cut *c = &p->ahead[p->expected % PIPE_WINDOW];
        take_cut(p, c);
        c->used = false;
        p->expected++;
    }
}

static void on_acks(struct pipe *p, uint16_t expected, uint16_t bitmap)
{
    if ((uint16_t)(expected - p->base) > (uint16_t)(p->next - p->base))
        return; /* of numbers never sent */
    while (p->base != expected)
        p->window[p->base++ % PIPE_WINDOW].used = false;
    for (uint16_t i = 0; i < PIPE_WINDOW; i++) {
        uint16_t number = (uint16_t)(expected + 1 + i);
        if ((bitmap >> i & 1) != 0 && (uint16_t)(number - p->base) < (uint16_t)(p->next - p->base))
            p->window[number % PIPE_WINDOW].acked = true;
    }
}

static void on_inner(struct pipe *p, hop_time now, struct wire_reader r)
{
    uint8_t flags = wire_get_u8(&r);
    uint16_t number = wire_get_u16(&r);
    uint16_t expected = wire_get_u16(&r);
    uint16_t bitmap = wire_get_u16(&r);
    p->owes_answer = p->owes_answer || (flags & FLAG_CALL) != 0;
    on_acks(p, expected, bitmap);
    uint16_t ahead = (uint16_t)(number - p->expected);
    if ((flags & FLAG_CUT) != 0) {
        p->owes_answer = true;
        struct cut *c = &p->ahead[number % PIPE_WINDOW];
        if (ahead < PIPE_WINDOW && !c->used && r.left <= PIPE_CUT_BYTES) {
            c->used = true;
            c->flags = flags;
            c->size = r.left;
            memcpy(c->bytes, r.next, r.left);
        }
        advance(p);
    }
    p->my_turn = (flags & FLAG_OVER) != 0;
    /* If the "over" is lost, somebody must speak again: not both at the same time. */
    p->wait_until = now + airtime(p, PIPE_PACKET_BYTES_MAX * 2) +
                    rng_below(&p->rng, airtime(p, PIPE_PACKET_BYTES_MAX * 2) + HOP_SECOND);
}

/* Does a packet of another session than the peer's count? Only if it names ours: it was made after
 * it heard us, so it is no recording. Somebody who calls without having heard us is answered, and
 * no more. */
static bool accept_session(struct pipe *p, hop_time now, const uint8_t session[static 8],
                           const uint8_t echo[static 4])
{
    if (memcmp(echo, p->config.session, 4) == 0) {
        meet(p, session);
        return true;
    }
    if (!p->state.up) {
        memcpy(p->peer, session, 8);
        p->wait_until = now + rng_below(&p->rng, airtime(p, PIPE_PACKET_BYTES_MAX));
    }
    return false;
}

static void on_packet(struct pipe *p, hop_time now, struct span packet)
{
    uint8_t inner[PIPE_PACKET_BYTES_MAX], nonce[CRYPTO_SHORT_NONCE_BYTES] = {0}, key[32], echo[4];
    if (packet.size < HEAD_BYTES + INNER_BYTES + CRYPTO_TAG_BYTES ||
        memcmp(packet.data, p->config.session, 8) == 0) { /* our own echo */
        p->state.noise++;
        return;
    }
    struct wire_reader r = wire_reader(packet.data + 8, 4);
    uint32_t counter = wire_get_u32(&r);
    bool known = p->state.up && memcmp(packet.data, p->peer, 8) == 0;
    derive_key(key, p, packet.data);
    memcpy(nonce + 8, packet.data + 8, 4);
    struct span sealed = SPAN(packet.data + HEAD_BYTES, packet.size - HEAD_BYTES);
    int err = hop_open_short(inner, key, nonce, SPAN(packet.data, HEAD_BYTES), sealed);
    hop_wipe(key, sizeof key);
    if (err != HOP_OK || (known && counter <= p->peer_counter)) {
        p->state.noise++;
        return;
    }
    r = wire_reader(inner, sealed.size - CRYPTO_TAG_BYTES);
    wire_get_into(&r, echo, sizeof echo);
    if (!known && !accept_session(p, now, packet.data, echo))
        return;
    p->peer_counter = counter;
    p->state.packets_received++;
    p->state.heard = now;
    on_inner(p, now, r);
}

void pipe_receive(struct pipe *p, hop_time now, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t b = bytes.data[i];
        if (b == FEND) {
            if (p->line_size > 1 && !p->overrun && p->line[0] == 0) /* command 0: data */
                on_packet(p, now, SPAN(p->line + 1, p->line_size - 1));
            else if (p->line_size > 0)
                p->state.noise++;
            p->line_size = 0;
            p->escaped = p->overrun = false;
            continue;
        }
        if (b == FESC) {
            p->escaped = true;
            continue;
        }
        if (p->escaped)
            b = b == TFEND ? FEND : b == TFESC ? FESC : b;
        p->escaped = false;
        if (p->line_size == sizeof p->line)
            p->overrun = true;
        else
            p->line[p->line_size++] = b;
    }
}

bool pipe_frame(struct pipe *p, struct span *ret)
{
    advance(p);
    if (!p->whole_ready)
        return false;
    p->whole_ready = false;
    *ret = SPAN(p->whole, p->whole_size);
    return true;
}

/* ---- sending ---- */

int pipe_send(struct pipe *p, struct span frame)
{
    if (!p->state.up)
        return HOP_ENOTFOUND;
    if (frame.size == 0 || frame.size > PIPE_FRAME_BYTES_MAX ||
        frame.size > PIPE_QUEUE_BYTES_MAX - p->queued_bytes)
        return HOP_EFULL;
    struct queued *q = malloc(sizeof *q + frame.size);
    if (q == NULL)
        return HOP_EFULL;
    *q = (struct queued){.size = frame.size};
    memcpy(q->bytes, frame.data, frame.size);
    if (p->last != NULL)
        p->last->next = q;
    else
        p->first = q;
    p->last = q;
    p->queued_bytes += frame.size;
    return HOP_OK;
}

/* Cut what is queued into the free part of the window. */
static void fill_window(struct pipe *p)
{
    while (p->first != NULL && (uint16_t)(p->next - p->base) < PIPE_WINDOW) {
        struct queued *q = p->first;
        struct cut *c = &p->window[p->next++ % PIPE_WINDOW];
        size_t left = q->size - q->taken;
        c->used = true;
        c->sent = c->acked = false;
        c->size = left < PIPE_CUT_BYTES ? left : PIPE_CUT_BYTES;
        memcpy(c->bytes, q->bytes + q->taken, c->size);
        q->taken += c->size;
        p->queued_bytes -= c->size;
        c->flags = q->taken == q->size ? FLAG_CUT | FLAG_LAST : FLAG_CUT;
        if (q->taken == q->size) {
            p->first = q->next;
            p->last = p->first == NULL ? NULL : p->last;
            free(q);
        }
    }
}

static void put_escaped(struct pipe *p, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool special = bytes[i] == FEND || bytes[i] == FESC;
        assert(p->out_size + 2 <= OUT_BYTES);
        if (special)
            p->out[p->out_size++] = FESC;
        p->out[p->out_size++] = !special ? bytes[i] : bytes[i] == FEND ? TFEND : TFESC;
    }
}

/* What we have got beyond the first that is missing. */
static uint16_t bitmap_of(const struct pipe *p)
{
    uint16_t bitmap = 0;
    for (uint16_t i = 0; i + 1 < PIPE_WINDOW; i++) {
        if (p->ahead[(uint16_t)(p->expected + 1 + i) % PIPE_WINDOW].used)
            bitmap |= (uint16_t)(1u << i);
    }
    return bitmap;
}

static void put_packet(struct pipe *p, const struct cut *c, uint16_t number, bool over)
{
    uint8_t packet[PIPE_PACKET_BYTES_MAX], nonce[CRYPTO_SHORT_NONCE_BYTES] = {0};
    struct wire_writer w = wire_writer(packet, sizeof packet);
    static const uint8_t start[2] = {FEND, 0};
    wire_put_bytes(&w, p->config.session, 8);
    wire_put_u32(&w, ++p->counter);
    memcpy(nonce + 8, packet + 8, 4);
    uint8_t *inner = packet + w.used;
    wire_put_bytes(&w, p->peer, 4);
    unsigned flags = (c == NULL ? 0u : c->flags) | (over ? FLAG_OVER : 0u);
    wire_put_u8(&w, (uint8_t)(flags | (p->state.up ? 0u : FLAG_CALL)));
    wire_put_u16(&w, number);
    wire_put_u16(&w, p->expected);
    wire_put_u16(&w, bitmap_of(p));
    if (c != NULL)
        wire_put_bytes(&w, c->bytes, c->size);
    size_t size = w.used - HEAD_BYTES;
    assert(!w.bad && w.used + CRYPTO_TAG_BYTES <= sizeof packet);
    hop_seal_short(inner, p->send_key, nonce, SPAN(packet, HEAD_BYTES), SPAN(inner, size));
    memcpy(p->out + p->out_size, start, sizeof start);
    p->out_size += sizeof start;
    put_escaped(p, packet, w.used + CRYPTO_TAG_BYTES);
    p->out[p->out_size++] = FEND;
    p->state.packets_sent++;
}

/* At most a second of air, at least one packet: the other end may have something urgent. */
static void put_burst(struct pipe *p)
{
    uint16_t numbers[PIPE_WINDOW], count = 0;
    size_t bytes = 0;
    fill_window(p);
    for (uint16_t n = p->base; n != p->next; n++) {
        const struct cut *c = &p->window[n % PIPE_WINDOW];
        if (c->acked || (count > 0 && bytes + c->size > p->config.rate_bytes))
            continue;
        bytes += c->size + PIPE_OVERHEAD_BYTES;
        numbers[count++] = n;
    }
    for (uint16_t i = 0; i < count; i++) {
        struct cut *c = &p->window[numbers[i] % PIPE_WINDOW];
        p->state.packets_again += c->sent ? 1 : 0;
        c->sent = true;
        put_packet(p, c, numbers[i], i + 1 == count);
    }
    if (count == 0)
        put_packet(p, NULL, p->next, true);
}

static bool has_cuts(const struct pipe *p)
{
    return p->first != NULL || p->base != p->next;
}

/* When we may, and want to, speak. */
static hop_time speak_at(const struct pipe *p)
{
    if (!p->state.up)
        return p->wait_until; /* calling into the silence */
    if (p->my_turn && (p->owes_answer || has_cuts(p)))
        return p->busy_until;
    if (has_cuts(p) ||
        p->owes_answer) /* not our turn: only when the other has been silent too long */
        return p->wait_until > p->busy_until ? p->wait_until : p->busy_until;
    return HOP_NEVER;
}

struct span pipe_transmit(struct pipe *p, hop_time now)
{
    if (p->state.up && now - p->state.heard > SILENCE_MAX) {
        forget_peer(p);
        p->wait_until = now;
    }
    p->out_size = 0;
    if (now < speak_at(p))
        return (struct span){0};
    put_burst(p);
    p->my_turn = false;
    p->owes_answer = false;
    p->busy_until = now + airtime(p, p->out_size);
    p->state.bytes_sent += p->out_size;
    hop_time patience =
        p->state.up ? airtime(p, p->config.rate_bytes + 2 * PIPE_PACKET_BYTES_MAX) : HELLO_PERIOD;
    p->wait_until = p->busy_until + patience / 2 + rng_below(&p->rng, patience);
    return SPAN(p->out, p->out_size);
}

hop_time pipe_deadline(const struct pipe *p)
{
    hop_time at = speak_at(p);
    hop_time silent = p->state.up ? p->state.heard + SILENCE_MAX + 1 : HOP_NEVER;
    return at < silent ? at : silent;
}
