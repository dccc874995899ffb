/* Voice whole: speakers, a network that loses, delays and repeats, and ears, on virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audio/pipeline.h"
#include "base/rng.h"
#include "tests/unit/audio/sounds.h"

#define SPEAKERS 3
#define TICKS    1000 /* 10 s */
#define FLIGHT   4096

struct datagram {
    bool used;
    hop_time at;
    size_t to, size;
    uint8_t bytes[PACKET_BYTES_MAX];
};

struct network {
    struct rng rng;
    double loss;
    bool repeats; /* each tenth comes twice */
    struct datagram flight[FLIGHT];
    size_t next, sent;
};

static struct network net;
static int16_t said[SPEAKERS][TICKS * VOICE_TICK_SAMPLES];
static int16_t heard[SPEAKERS][TICKS * VOICE_TICK_SAMPLES];

static struct pipeline_stream stream_of(size_t i)
{
    struct pipeline_stream s = {.sender = (uint16_t)i};
    uint8_t epoch[32] = {1}, meeting[32] = {2};
    packet_media_key(s.media_key, epoch, meeting);
    s.identity[0] = (uint8_t)(10 + i);
    s.stream_id[0] = (uint8_t)(20 + i);
    return s;
}

static void send_to(size_t to, hop_time at, const uint8_t *bytes, size_t size)
{
    struct datagram *d = &net.flight[net.next++ % FLIGHT];
    assert_false(d->used);
    *d = (struct datagram){.used = true, .at = at, .to = to, .size = size};
    memcpy(d->bytes, bytes, size);
}

static void broadcast(size_t from, hop_time now, const uint8_t *bytes, size_t size)
{
    for (size_t to = 0; to < SPEAKERS; to++) {
        if (to == from || (double)rng_below(&net.rng, 10000) < net.loss * 10000)
            continue;
        hop_time at = now + 4 * HOP_MS + rng_below(&net.rng, 12 * HOP_MS);
        send_to(to, at, bytes, size);
        if (net.repeats && net.sent++ % 10 == 0)
            send_to(to, at + 5 * HOP_MS, bytes, size);
    }
}

static void deliver(struct pipeline *const *p, hop_time now)
{
    for (size_t i = 0; i < FLIGHT; i++) {
        struct datagram *d = &net.flight[i];
        if (!d->used || d->at > now)
            continue;
        int err = pipeline_receive(p[d->to], now, SPAN(d->bytes, d->size));
        assert_true(err == HOP_OK || err == HOP_EEXIST);
        d->used = false;
    }
}

static void meet(struct pipeline **p)
{
    for (size_t i = 0; i < SPEAKERS; i++) {
        struct pipeline_stream self = stream_of(i);
        assert_int_equal(pipeline_new(&p[i], &self), HOP_OK);
    }
    for (size_t i = 0; i < SPEAKERS; i++)
        for (size_t k = 0; k < SPEAKERS; k++) {
            struct pipeline_stream other = stream_of(k);
            assert_int_equal(pipeline_add(p[i], &other), k == i ? HOP_EEXIST : HOP_OK);
        }
}

static void talk(struct pipeline **p)
{
    for (uint64_t t = 0; t < TICKS; t++) {
        hop_time now = HOP_SECOND + t * VOICE_TICK_US;
        for (size_t i = 0; i < SPEAKERS; i++) {
            uint8_t packet[PACKET_BYTES_MAX];
            int16_t *tick = said[i] + t * VOICE_TICK_SAMPLES;
            voice_tick((unsigned)i, t, 0.4, tick);
            size_t size = pipeline_capture(p[i], tick, packet);
            if (size > 0)
                broadcast(i, now, packet, size);
        }
        deliver(p, now);
        for (size_t i = 0; i < SPEAKERS; i++)
            pipeline_play(p[i], now, heard[i] + t * VOICE_TICK_SAMPLES);
    }
}

static double recognised(size_t listener, size_t speaker)
{
    size_t from = 6 * VOICE_RATE; /* the buffers have settled */
    return best_correlation(said[speaker] + from, heard[listener] + from, VOICE_RATE, 9600, NULL);
}

static void check_everybody_hears_the_others(double at_least)
{
    for (size_t i = 0; i < SPEAKERS; i++)
        for (size_t k = 0; k < SPEAKERS; k++) {
            double score = recognised(i, k);
            print_message("    %zu hears %zu: %.2f\n", i, k, score);
            if (i == k ? score > 0.15 : score < at_least)
                fail_msg("%zu hears %zu: %.2f", i, k, score);
        }
}

/* What all this is for. Two voices in one mix correlate with it at 0.7 each at best;
 * stretching costs some of that. * */
static void three_speakers_hear_each_other_and_not_themselves(void **state)
{
    (void)state;
    struct pipeline *p[SPEAKERS] = {NULL};
    net = (struct network){.rng = rng_seeded(1)};
    meet(p);
    talk(p);
    check_everybody_hears_the_others(0.4);
    for (size_t i = 0; i < SPEAKERS; i++)
        pipeline_free(p[i]);
}

/* A network that loses a tenth and repeats a tenth: still each other, and the counters say so. */
static void speakers_hear_each_other_over_a_bad_network(void **state)
{
    (void)state;
    struct pipeline *p[SPEAKERS] = {NULL};
    struct pipeline_view views[SPEAKERS];
    struct pipeline_self self;
    net = (struct network){.rng = rng_seeded(2), .loss = 0.1, .repeats = true};
    meet(p);
    talk(p);
    check_everybody_hears_the_others(0.35);
    for (size_t i = 0; i < SPEAKERS; i++) {
        assert_int_equal(pipeline_streams(p[i], views, SPEAKERS), SPEAKERS - 1);
        for (size_t k = 0; k < SPEAKERS - 1; k++) {
            assert_true(views[k].heard && views[k].mixed && views[k].speaking);
            assert_in_range(views[k].jitter.received, 400, 500);
            assert_in_range(views[k].jitter.lost, 20, 80);
            assert_true(views[k].jitter.concealed * 5 < views[k].jitter.ticks);
            assert_in_range(views[k].jitter.delay_us, 0, 150000);
        }
        pipeline_self(p[i], &self);
        assert_in_range(self.sent, TICKS / 2, TICKS / 2);
        assert_true(self.refused > 20); /* the repeated ones */
        pipeline_free(p[i]);
    }
}

/* Muted means silent: nothing is sent, the others hear nothing, and nobody counts it as loss. */
static void muted_speaker_sends_nothing(void **state)
{
    (void)state;
    struct pipeline *p[SPEAKERS] = {NULL};
    struct pipeline_view view;
    uint8_t packet[PACKET_BYTES_MAX];
    int16_t tick[VOICE_TICK_SAMPLES], out[VOICE_TICK_SAMPLES];
    size_t sent_muted = 0;
    meet(p);
    for (uint64_t t = 0; t < 600; t++) {
        hop_time now = HOP_SECOND + t * VOICE_TICK_US;
        pipeline_mute(p[0], t >= 200 && t < 400);
        voice_tick(0, t, 0.5, tick);
        size_t size = pipeline_capture(p[0], tick, packet);
        if (size > 0)
            assert_int_equal(pipeline_receive(p[1], now, SPAN(packet, size)), HOP_OK);
        sent_muted += size > 0 && t >= 200 && t < 400;
        pipeline_play(p[1], now, out);
        if (t > 215 && t < 400)
            assert_true(loudness(out, VOICE_TICK_SAMPLES) < 1);
        if (t > 450)
            assert_true(loudness(out, VOICE_TICK_SAMPLES) > 100);
    }
    assert_int_equal(sent_muted, 1); /* the last word, faded out */
    assert_int_equal(pipeline_streams(p[1], &view, 1), 1);
    assert_int_equal(view.jitter.lost, 0);
    assert_int_equal(view.jitter.concealed, 0);
    for (size_t i = 0; i < SPEAKERS; i++)
        pipeline_free(p[i]);
}

/* Who was not announced, has left, or has another key is not heard. */
static void strangers_are_not_heard(void **state)
{
    (void)state;
    struct pipeline *p[SPEAKERS] = {NULL}, *stranger = NULL;
    struct pipeline_stream who = stream_of(1), gone = stream_of(2);
    uint8_t packet[PACKET_BYTES_MAX];
    int16_t tick[VOICE_TICK_SAMPLES];
    size_t size = 0;
    meet(p);
    who.media_key[0] ^= 1; /* another meeting's key, same sender */
    assert_int_equal(pipeline_new(&stranger, &who), HOP_OK);
    for (uint64_t t = 0; size == 0; t++) {
        voice_tick(0, t, 0.5, tick);
        size = pipeline_capture(stranger, tick, packet);
    }
    assert_int_equal(pipeline_receive(p[0], 0, SPAN(packet, size)), HOP_ENOTFOUND);
    struct packet_key key; /* even with the right tag in front */
    who = stream_of(1);
    packet_stream_key(&key, who.media_key, who.identity, who.stream_id);
    packet[2] = (uint8_t)(key.tag >> 8);
    packet[3] = (uint8_t)key.tag;
    assert_int_equal(pipeline_receive(p[0], 0, SPAN(packet, size)), HOP_EAUTH);
    pipeline_remove(p[0], gone.identity, gone.stream_id);
    for (size = 0; size == 0;)
        size = pipeline_capture(p[2], tick, packet);
    assert_int_equal(pipeline_receive(p[0], 0, SPAN(packet, size)), HOP_ENOTFOUND);
    assert_int_equal(pipeline_receive(p[1], 0, SPAN(packet, size)), HOP_OK);
    assert_int_equal(pipeline_receive(p[1], 0, SPAN(packet, size)), HOP_EEXIST);
    pipeline_free(stranger);
    for (size_t i = 0; i < SPEAKERS; i++)
        pipeline_free(p[i]);
}

/* A full table says so; of twenty speakers only eight are decoded, the loud ones among them. */
static void only_the_loudest_are_mixed(void **state)
{
    (void)state;
    enum { MANY = 20 };
    struct pipeline *listener = NULL, *p[MANY] = {NULL};
    struct pipeline_stream self = stream_of(250), s;
    struct pipeline_view views[VOICE_STREAMS_MAX];
    assert_int_equal(pipeline_new(&listener, &self), HOP_OK);
    for (size_t i = 0; i < MANY; i++) {
        s = stream_of(i);
        assert_int_equal(pipeline_new(&p[i], &s), HOP_OK);
        assert_int_equal(pipeline_add(listener, &s), HOP_OK);
    }
    for (uint64_t t = 0; t < 120; t++) {
        int16_t tick[VOICE_TICK_SAMPLES];
        uint8_t packet[PACKET_BYTES_MAX];
        hop_time now = HOP_SECOND + t * VOICE_TICK_US;
        for (size_t i = 0; i < MANY; i++) {
            voice_tick((unsigned)i, t, i >= 16 ? 0.8 : 0.02, tick); /* the last four speak up */
            size_t size = pipeline_capture(p[i], tick, packet);
            if (size > 0)
                assert_int_equal(pipeline_receive(listener, now, SPAN(packet, size)), HOP_OK);
        }
        pipeline_play(listener, now, tick);
    }
    size_t mixed = 0;
    assert_int_equal(pipeline_streams(listener, views, VOICE_STREAMS_MAX), MANY);
    for (size_t i = 0; i < MANY; i++)
        mixed += views[i].mixed;
    assert_int_equal(mixed, VOICE_MIXED_MAX);
    for (size_t i = 16; i < MANY; i++)
        assert_true(views[i].mixed);
    for (size_t i = MANY; i < VOICE_STREAMS_MAX; i++) {
        s = stream_of(i);
        assert_int_equal(pipeline_add(listener, &s), HOP_OK);
    }
    s = stream_of(VOICE_STREAMS_MAX);
    assert_int_equal(pipeline_add(listener, &s), HOP_EFULL);
    for (size_t i = 0; i < MANY; i++)
        pipeline_free(p[i]);
    pipeline_free(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_speakers_hear_each_other_and_not_themselves),
        cmocka_unit_test(speakers_hear_each_other_over_a_bad_network),
        cmocka_unit_test(muted_speaker_sends_nothing),
        cmocka_unit_test(strangers_are_not_heard),
        cmocka_unit_test(only_the_loudest_are_mixed),
    };
    return hop_init() == HOP_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
