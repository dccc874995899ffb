/* Two ends of a slow, lossy, half-duplex pipe on virtual time. */
#include "mesh/pipe.h"

#include "base/rng.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#define RATE 125 /* bytes a second: 1 kbit/s */

/* A burst in the air, from one end to the other. When two overlap, both are lost. */
struct air {
    uint8_t bytes[16384];
    size_t size;
    hop_time from, until;
    bool spoilt;
};

struct channel {
    struct pipe *ends[2];
    struct air air[2]; /* what end i is saying */
    struct rng rng;
    unsigned lost_percent; /* of packets: a byte of it is flipped */
    hop_time now;
    uint64_t collisions;
};

static void channel_open(struct channel *c, uint64_t seed, unsigned lost_percent)
{
    *c = (struct channel){.rng = rng_seeded(seed), .lost_percent = lost_percent};
    for (uint8_t i = 0; i < 2; i++) {
        struct pipe_config config = {.seed = seed + i, .rate_bytes = RATE, .key = {9}};
        config.session[0] = (uint8_t)(seed + 7 * i + 1);
        config.session[7] = i;
        c->ends[i] = pipe_new(&config);
        CHECK(c->ends[i] != NULL);
    }
}

static void channel_close(struct channel *c)
{
    pipe_free(c->ends[0]);
    pipe_free(c->ends[1]);
}

static void speak(struct channel *c, int i)
{
    struct span said = pipe_transmit(c->ends[i], c->now);
    struct air *mine = &c->air[i], *other = &c->air[1 - i];
    if (said.size == 0)
        return;
    CHECK(mine->size == 0); /* an end does not talk over itself */
    CHECK(said.size <= sizeof mine->bytes);
    memcpy(mine->bytes, said.data, said.size);
    mine->size = said.size;
    mine->from = c->now;
    mine->until = c->now + said.size * HOP_SECOND / RATE;
    mine->spoilt = other->size > 0;
    if (other->size > 0) {
        other->spoilt = true;
        c->collisions++;
    }
}

/* Packets of the burst arrive one by one; some are damaged on the way. */
static void hear(struct channel *c, int i)
{
    struct air *a = &c->air[1 - i];
    size_t from = 0;
    for (size_t at = 0; at < a->size && !a->spoilt; at++) {
        bool end = a->bytes[at] == 0xc0 && at > from + 1;
        if (!end)
            continue;
        if (rng_below(&c->rng, 100) < c->lost_percent)
            a->bytes[from + 10] ^= 0x55;
        pipe_receive(c->ends[i], c->now, SPAN(a->bytes + from, at + 1 - from));
        from = at + 1;
    }
    a->size = 0;
}

/* One step of virtual time: to the next thing that happens. */
static void step(struct channel *c, hop_time end)
{
    hop_time at = end;
    for (int i = 0; i < 2; i++) {
        hop_time deadline = pipe_deadline(c->ends[i]);
        at = deadline < at ? deadline : at;
        at = c->air[i].size > 0 && c->air[i].until < at ? c->air[i].until : at;
    }
    c->now = at > c->now ? at : c->now + HOP_MS;
    for (int i = 0; i < 2; i++) {
        if (c->air[1 - i].size > 0 && c->air[1 - i].until <= c->now)
            hear(c, i);
    }
    for (int i = 0; i < 2; i++) {
        if (c->air[i].size == 0)
            speak(c, i);
    }
}

static bool both_up(const struct channel *c)
{
    return pipe_state(c->ends[0]).up && pipe_state(c->ends[1]).up;
}

/* Without it no frame would ever flow: the two must find each other from silence. */
TEST(pipe_ends_find_each_other)
{
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct channel c;
        channel_open(&c, seed, 10);
        while (!both_up(&c) && c.now < 120 * HOP_SECOND)
            step(&c, 120 * HOP_SECOND);
        CHECK(both_up(&c));
        struct pipe_state a = pipe_state(c.ends[0]), b = pipe_state(c.ends[1]);
        CHECK_BYTES(a.binding, b.binding, 32);
        CHECK(a.listener != b.listener);
        channel_close(&c);
    }
}

static size_t fill(uint8_t *frame, unsigned number, struct rng *r)
{
    size_t size = 1 + (size_t)rng_below(r, number % 7 == 0 ? 3000 : 300);
    for (size_t i = 0; i < size; i++)
        frame[i] = (uint8_t)(number * 31 + i * 7 + (i % 3 == 0 ? 0xc0 : 0));
    return size;
}

/* Every frame arrives once, whole and in order, both ways, at 10 % loss. */
TEST(pipe_brings_every_frame_once_and_in_order)
{
    enum { FRAMES = 40 };
    for (uint64_t seed = 1; seed < 8; seed++) {
        struct channel c;
        struct rng out[2] = {rng_seeded(1), rng_seeded(2)}, in[2] = {rng_seeded(1), rng_seeded(2)};
        unsigned sent[2] = {0}, got[2] = {0};
        size_t bytes = 0;
        static uint8_t frame[4096];
        channel_open(&c, seed, seed == 1 ? 0 : 10);
        while ((got[0] < FRAMES || got[1] < FRAMES) && c.now < 3600 * HOP_SECOND) {
            for (int i = 0; i < 2; i++) {
                while (pipe_state(c.ends[i]).up && sent[i] < FRAMES && sent[i] < got[1 - i] + 5) {
                    size_t size = fill(frame, sent[i], &out[i]);
                    CHECK_OK(pipe_send(c.ends[i], SPAN(frame, size)));
                    sent[i]++;
                }
                struct span s;
                while (pipe_frame(c.ends[i], &s)) {
                    size_t size = fill(frame, got[1 - i], &in[1 - i]);
                    CHECK_EQ(s.size, size);
                    CHECK_BYTES(s.data, frame, size);
                    bytes += size;
                    got[1 - i]++;
                }
            }
            step(&c, 3600 * HOP_SECOND);
        }
        CHECK_EQ(got[0], FRAMES);
        CHECK_EQ(got[1], FRAMES);
        struct pipe_state a = pipe_state(c.ends[0]);
        double use = (double)bytes / (RATE * (double)c.now / 1e6);
        print_message("seed %u: %zu bytes in %.0f s of air (%.0f %% of it useful), %u again\n",
                      (unsigned)seed, bytes, (double)c.now / 1e6, 100 * use,
                      (unsigned)a.packets_again);
        CHECK(use > (seed == 1 ? 0.6 : 0.35));
        channel_close(&c);
    }
}

/* Noise and other people's packets change nothing. */
TEST(pipe_takes_no_notice_of_noise)
{
    struct channel c;
    channel_open(&c, 3, 0);
    while (!both_up(&c))
        step(&c, 60 * HOP_SECOND);
    struct rng r = rng_seeded(5);
    uint32_t generation = pipe_state(c.ends[0]).generation;
    uint8_t noise[4000];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = rng_below(&r, 9) == 0 ? 0xc0 : (uint8_t)rng_next(&r);
    pipe_receive(c.ends[0], c.now, SPAN(noise, sizeof noise));
    CHECK(pipe_state(c.ends[0]).up);
    CHECK_EQ(pipe_state(c.ends[0]).generation, generation);
    CHECK(pipe_state(c.ends[0]).noise > 10);
    channel_close(&c);
}

/* A recording of an earlier session, played back, must not end this one. */
TEST(pipe_is_not_ended_by_a_recording)
{
    struct channel c, old;
    uint8_t recording[8192];
    size_t recorded = 0;
    channel_open(&old, 11, 0);
    while (!both_up(&old)) {
        step(&old, 60 * HOP_SECOND);
        if (old.air[1].size > 0 && recorded + old.air[1].size <= sizeof recording) {
            memcpy(recording + recorded, old.air[1].bytes, old.air[1].size);
            recorded += old.air[1].size;
        }
    }
    channel_open(&c, 12, 0);
    while (!both_up(&c))
        step(&c, 60 * HOP_SECOND);
    uint32_t generation = pipe_state(c.ends[0]).generation;
    pipe_receive(c.ends[0], c.now, SPAN(recording, recorded));
    CHECK_EQ(pipe_state(c.ends[0]).generation, generation);
    channel_close(&c);
    channel_close(&old);
}

/* The other end was restarted: what waited is gone, and a new link begins. */
TEST(pipe_begins_anew_when_the_other_end_restarts)
{
    struct channel c;
    channel_open(&c, 4, 0);
    while (!both_up(&c))
        step(&c, 60 * HOP_SECOND);
    uint32_t generation = pipe_state(c.ends[0]).generation;
    pipe_free(c.ends[1]);
    struct pipe_config config = {.seed = 77, .rate_bytes = RATE, .key = {9}, .session = {200, 1}};
    c.ends[1] = pipe_new(&config);
    c.air[1].size = 0;
    hop_time end = c.now + 300 * HOP_SECOND;
    while (c.now < end && (pipe_state(c.ends[0]).generation == generation || !both_up(&c)))
        step(&c, end);
    CHECK(both_up(&c));
    CHECK(pipe_state(c.ends[0]).generation > generation);
    channel_close(&c);
}

/* A full queue says so, and a frame for nobody is refused. */
TEST(pipe_refuses_what_it_cannot_hold)
{
    struct channel c;
    static uint8_t frame[PIPE_FRAME_BYTES_MAX + 1];
    channel_open(&c, 6, 0);
    CHECK_EQ(pipe_send(c.ends[0], SPAN(frame, 10)), HOP_ENOTFOUND);
    while (!both_up(&c))
        step(&c, 60 * HOP_SECOND);
    CHECK_EQ(pipe_send(c.ends[0], SPAN(frame, sizeof frame)), HOP_EFULL);
    CHECK_OK(pipe_send(c.ends[0], SPAN(frame, PIPE_FRAME_BYTES_MAX)));
    CHECK_EQ(pipe_send(c.ends[0], SPAN(frame, PIPE_FRAME_BYTES_MAX)), HOP_EFULL);
    channel_close(&c);
}
