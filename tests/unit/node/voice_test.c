/* The voice thread, in real time over loopback: two of them talk and record each other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "audio/wav.h"
#include "node/netaddr.h"
#include "node/voice.h"
#include "tests/unit/audio/sounds.h"

#define SPOKEN   (3 * VOICE_RATE)
#define TICKS    220 /* heard: 2.2 s */
#define COMPARED (VOICE_RATE / 2)

static char path[2][64];
static int16_t said[2][SPOKEN], heard[2][TICKS * VOICE_TICK_SAMPLES + 2 * VOICE_RATE];

static int make_files(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct wav_writer *w = NULL;
        (void)snprintf(path[i], sizeof path[i], "/tmp/hop-voice-test-%ld-%u.wav", (long)getpid(),
                       i);
        for (size_t k = 0; k < SPOKEN; k++)
            said[i][k] = voice_sample(i, k, 0.5);
        if (wav_create(&w, path[i]) != HOP_OK || wav_write(w, said[i], SPOKEN) != HOP_OK ||
            wav_close(w) != HOP_OK)
            return -1;
    }
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return remove(path[0]) + remove(path[1]);
}

static struct voice_options options_of(uint8_t i)
{
    return (struct voice_options){
        .self = {.identity = {i}, .stream_id = {i}, .sender = i, .media_key = {7}},
        .capture = path[i],
        .playback = "none",
        .record = true};
}

static struct sockaddr_storage loopback(uint16_t port)
{
    struct sockaddr_storage a = {0};
    assert_int_equal(netaddr_parse(&a, "127.0.0.1", port), HOP_OK);
    return a;
}

static void wait_for_status(struct voice *v, struct voice_status *ret)
{
    struct pollfd fd = {.fd = voice_fd(v), .events = POLLIN};
    assert_true(poll(&fd, 1, 5000) == 1);
    (void)voice_status(v, ret);
}

/* Wait for the thread to speak up; take what is to be recorded. Returns ticks so far. */
static size_t listen_to(struct voice *v, unsigned i, size_t ticks)
{
    struct voice_tick t;
    struct voice_status s;
    wait_for_status(v, &s);
    while (voice_recorded(v, &t)) {
        assert_int_equal(t.index, ticks);
        if ((ticks + 1) * sizeof t.samples <= sizeof heard[i])
            memcpy(heard[i] + ticks * VOICE_TICK_SAMPLES, t.samples, sizeof t.samples);
        ticks++;
    }
    return ticks;
}

/* The whole path: file, pipeline, socket, socket, pipeline, recording; and one's own voice is not
 * in what one hears. */
static void two_voices_hear_each_other_over_udp(void **state)
{
    (void)state;
    struct voice *v[2] = {NULL};
    struct voice_fault fault;
    struct voice_status status;
    size_t ticks[2] = {0};
    for (uint8_t i = 0; i < 2; i++) {
        const struct voice_options o = options_of(i);
        assert_int_equal(voice_start(&v[i], &o, &fault), HOP_OK);
        assert_int_not_equal(voice_port(v[i]), 0);
    }
    for (uint8_t i = 0; i < 2; i++) {
        const struct pipeline_stream other = options_of(1 - i).self;
        const struct sockaddr_storage address = loopback(voice_port(v[1 - i]));
        assert_int_equal(voice_add(v[i], &other, &address), HOP_OK);
    }
    while (ticks[0] < TICKS || ticks[1] < TICKS)
        for (unsigned i = 0; i < 2; i++)
            ticks[i] = listen_to(v[i], i, ticks[i]);
    for (unsigned i = 0; i < 2; i++) {
        voice_stop(v[i]);
        assert_true(voice_status(v[i], &status));
        assert_int_equal(status.streams_count, 1);
        assert_in_range(status.streams[0].jitter.received, 80, 200);
        assert_true(status.streams[0].jitter.lost < 5);
        assert_in_range(status.self.captured, TICKS - 5, 10 * TICKS);
        voice_free(v[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        size_t from = VOICE_RATE; /* a second in: the buffer has settled */
        double other = best_correlation(said[1 - i] + from, heard[i] + from, COMPARED, 9600, NULL);
        double own = best_correlation(said[i] + from, heard[i] + from, COMPARED, 9600, NULL);
        print_message("    %u hears the other %.2f, itself %.2f\n", i, other, own);
        assert_true(other > 0.6);
        assert_true(own < 0.3);
    }
}

/* Muting and removing reach the thread while it runs. */
static void commands_reach_the_voice_thread(void **state)
{
    (void)state;
    struct voice *v = NULL;
    struct voice_fault fault;
    struct voice_status status = {0};
    const struct voice_options o = options_of(0);
    const struct pipeline_stream other = options_of(1).self;
    const struct sockaddr_storage address = loopback(9);
    assert_int_equal(voice_start(&v, &o, &fault), HOP_OK);
    assert_int_equal(voice_add(v, &other, &address), HOP_OK);
    assert_int_equal(voice_mute(v, true), HOP_OK);
    while (!status.self.muted || status.streams_count != 1)
        wait_for_status(v, &status);
    assert_int_equal(voice_remove(v, other.identity, other.stream_id), HOP_OK);
    assert_int_equal(voice_mute(v, false), HOP_OK);
    while (status.self.muted || status.streams_count != 0)
        wait_for_status(v, &status);
    voice_free(v); /* stops it too */
}

/* What cannot be opened is named, and nothing is left running. */
static void voice_says_what_it_could_not_open(void **state)
{
    (void)state;
    struct voice *v = NULL;
    struct voice_fault fault;
    struct voice_options o = options_of(0);
    o.capture = "/nowhere/at/all.wav";
    assert_int_equal(voice_start(&v, &o, &fault), HOP_ENOTFOUND);
    assert_int_equal(fault.part, VOICE_CAPTURE);
    assert_int_equal(fault.riff, RIFF_UNREADABLE);
    o = options_of(0);
    o.playback = "/nowhere/at/all.wav";
    assert_int_equal(voice_start(&v, &o, &fault), HOP_EIO);
    assert_int_equal(fault.part, VOICE_PLAYBACK);
    o = options_of(0);
    assert_int_equal(voice_start(&v, &o, &fault), HOP_OK);
    struct voice *second = NULL;
    o.port = voice_port(v);
    assert_int_equal(voice_start(&second, &o, &fault), HOP_EIO);
    assert_int_equal(fault.part, VOICE_SOCKET);
    assert_null(second);
    voice_free(v);
    voice_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_voices_hear_each_other_over_udp),
        cmocka_unit_test(commands_reach_the_voice_thread),
        cmocka_unit_test(voice_says_what_it_could_not_open),
    };
    return hop_init() == HOP_OK ? cmocka_run_group_tests(tests, make_files, remove_files) : 1;
}
