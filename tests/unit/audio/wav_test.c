/* WAV files, and the devices that stand in for a sound card. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "audio/device.h"
#include "audio/wav.h"
#include "tests/unit/audio/sounds.h"

static char path[64];

static int make_path(void **state)
{
    (void)state;
    return snprintf(path, sizeof path, "/tmp/hop-wav-test-%ld.wav", (long)getpid()) < 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)remove(path);
    return 0;
}

/* What is written is read back, sample for sample, also before the file is closed. */
static void wav_reads_what_it_wrote(void **state)
{
    (void)state;
    static int16_t in[2 * VOICE_RATE];
    struct wav_writer *w = NULL;
    struct wav_samples r;
    for (size_t i = 0; i < 2 * VOICE_RATE; i++)
        in[i] = voice_sample(1, i, 0.9);
    assert_int_equal(wav_create(&w, path), HOP_OK);
    assert_int_equal(wav_write(w, in, 3 * VOICE_RATE / 2), HOP_OK);
    assert_int_equal(wav_read(&r, path), RIFF_FINE); /* as after SIGKILL */
    assert_true(r.samples.size >= 2 * VOICE_RATE);
    wav_free(&r);
    assert_int_equal(wav_write(w, in + 3 * VOICE_RATE / 2, VOICE_RATE / 2), HOP_OK);
    assert_int_equal(wav_close(w), HOP_OK);
    assert_int_equal(wav_read(&r, path), RIFF_FINE);
    assert_int_equal(r.samples.size, sizeof in);
    for (size_t i = 0; i < 2 * VOICE_RATE; i++)
        assert_int_equal(riff_sample(r.samples.data + 2 * i), in[i]);
    wav_free(&r);
}

static enum riff_fault parse_changed(size_t at, uint8_t value, size_t size)
{
    uint8_t bytes[RIFF_HEAD_BYTES + 8];
    struct span samples;
    riff_head(bytes, 4);
    memset(bytes + RIFF_HEAD_BYTES, 0, 8);
    if (at < sizeof bytes)
        bytes[at] = value;
    return riff_parse(&samples, SPAN(bytes, size));
}

/* Each thing that will not do is called by its name. */
static void wav_refuses_what_it_cannot_play(void **state)
{
    (void)state;
    const size_t all = RIFF_HEAD_BYTES + 8;
    assert_int_equal(parse_changed(SIZE_MAX, 0, all), RIFF_FINE);
    assert_int_equal(parse_changed(0, 'X', all), RIFF_NOT_WAV);
    assert_int_equal(parse_changed(8, 'X', all), RIFF_NOT_WAV);
    assert_int_equal(parse_changed(16, 15, all), RIFF_NOT_WAV);   /* fmt chunk too short */
    assert_int_equal(parse_changed(19, 0xff, all), RIFF_NOT_WAV); /* and one past the end */
    assert_int_equal(parse_changed(20, 3, all), RIFF_NOT_PCM16);
    assert_int_equal(parse_changed(34, 24, all), RIFF_NOT_PCM16);
    assert_int_equal(parse_changed(22, 2, all), RIFF_NOT_MONO);
    assert_int_equal(parse_changed(25, 0, all), RIFF_NOT_48K);
    assert_int_equal(parse_changed(36, 'X', all), RIFF_NO_SAMPLES);
    assert_int_equal(parse_changed(12, 'X', all), RIFF_NOT_WAV); /* data before its format */
    for (size_t size = 0; size < 36; size++)
        assert_int_not_equal(parse_changed(SIZE_MAX, 0, size), RIFF_FINE);
}

/* A recorder that was killed leaves lengths of 0 or 2^32 - 1; the file's own end decides. */
static void wav_believes_the_file_not_the_length(void **state)
{
    (void)state;
    uint8_t bytes[RIFF_HEAD_BYTES + 9] = {0};
    struct span samples;
    for (int lie = 0; lie < 2; lie++) {
        riff_head(bytes, 4);
        memset(bytes + 40, lie ? 0xff : 0, 4);
        assert_int_equal(riff_parse(&samples, SPAN(bytes, sizeof bytes)), RIFF_FINE);
        assert_int_equal(samples.size, 8); /* nine bytes are four samples */
    }
}

/* Chunks of other kinds, odd lengths and all, are stepped over. */
static void wav_steps_over_other_chunks(void **state)
{
    (void)state;
    uint8_t bytes[RIFF_HEAD_BYTES + 12 + 4] = {0}, head[RIFF_HEAD_BYTES];
    static const uint8_t list[12] = {'L', 'I', 'S', 'T', 3, 0, 0, 0, 'a', 'b', 'c', 0};
    struct span samples;
    riff_head(head, 2);
    memcpy(bytes, head, 12);
    memcpy(bytes + 12, list, 12);
    memcpy(bytes + 24, head + 12, 32);
    bytes[56] = 0x34;
    bytes[57] = 0x12;
    assert_int_equal(riff_parse(&samples, SPAN(bytes, sizeof bytes)), RIFF_FINE);
    assert_int_equal(samples.size, 4);
    assert_int_equal(riff_sample(samples.data), 0x1234);
}

/* The wav device knows no time but the caller's, speaks at that pace, and is silent at its end. */
static void wav_device_follows_the_callers_clock(void **state)
{
    (void)state;
    int16_t in[VOICE_TICK_SAMPLES * 3], tick[VOICE_TICK_SAMPLES];
    void *d = NULL;
    enum riff_fault fault;
    struct wav_writer *w = NULL;
    for (size_t i = 0; i < VOICE_TICK_SAMPLES * 3; i++)
        in[i] = (int16_t)(i + 1);
    assert_int_equal(wav_create(&w, path), HOP_OK);
    assert_int_equal(wav_write(w, in, VOICE_TICK_SAMPLES * 3 - 100), HOP_OK);
    assert_int_equal(wav_close(w), HOP_OK);
    assert_int_equal(device_wav.open(&d, DEVICE_CAPTURE, path, &fault), HOP_OK);
    assert_int_equal(device_wav.start(d, 5 * HOP_SECOND), HOP_OK);
    assert_false(device_wav.capture(d, tick));
    device_wav.tick(d, 5 * HOP_SECOND + 29 * HOP_MS);
    assert_true(device_wav.capture(d, tick));
    assert_memory_equal(tick, in, sizeof tick);
    assert_true(device_wav.capture(d, tick));
    assert_false(device_wav.capture(d, tick)); /* 29 ms are two ticks */
    device_wav.tick(d, 6 * HOP_SECOND);
    assert_true(device_wav.capture(d, tick));
    assert_int_equal(tick[379], in[2 * VOICE_TICK_SAMPLES + 379]);
    assert_int_equal(tick[380], 0);
    assert_true(device_wav.capture(d, tick));
    assert_int_equal(tick[0], 0);
    device_wav.close(d);
}

/* Played sound is in the file when the device is closed, as long as the clock ran. */
static void wav_device_writes_what_is_played(void **state)
{
    (void)state;
    int16_t tick[VOICE_TICK_SAMPLES];
    void *d = NULL;
    enum riff_fault fault;
    struct wav_samples r;
    assert_int_equal(device_wav.open(&d, DEVICE_PLAYBACK, path, &fault), HOP_OK);
    assert_int_equal(device_wav.start(d, 0), HOP_OK);
    device_wav.tick(d, 50 * HOP_MS);
    uint64_t n = 0;
    for (; device_wav.wants(d); n++) {
        voice_tick(2, n, 0.5, tick);
        device_wav.play(d, tick);
    }
    device_wav.close(d);
    assert_int_equal(n, 5);
    assert_int_equal(wav_read(&r, path), RIFF_FINE);
    assert_int_equal(r.samples.size, 5 * 2 * VOICE_TICK_SAMPLES);
    assert_int_equal(riff_sample(r.samples.data + 2000), voice_sample(2, 1000, 0.5));
    wav_free(&r);
}

/* Files and folders that are not there are refused, not crashed on; names choose their kind. */
static void devices_refuse_what_is_not_there(void **state)
{
    (void)state;
    void *d = NULL;
    enum riff_fault fault;
    assert_int_equal(device_wav.open(&d, DEVICE_CAPTURE, "/nowhere/a.wav", &fault), HOP_ENOTFOUND);
    assert_int_equal(fault, RIFF_UNREADABLE);
    assert_int_equal(device_wav.open(&d, DEVICE_PLAYBACK, "/nowhere/a.wav", &fault), HOP_EIO);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    (void)fputs("not a sound", f);
    (void)fclose(f);
    assert_int_equal(device_wav.open(&d, DEVICE_CAPTURE, path, &fault), HOP_EMALFORMED);
    assert_int_equal(fault, RIFF_NOT_WAV);
    assert_ptr_equal(device_kind("x.wav"), &device_wav);
    assert_ptr_equal(device_kind("none"), &device_none);
    assert_ptr_equal(device_kind("USB"), &device_portaudio);
    assert_ptr_equal(device_kind(NULL), &device_portaudio);
    assert_null(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wav_reads_what_it_wrote),
        cmocka_unit_test(wav_refuses_what_it_cannot_play),
        cmocka_unit_test(wav_believes_the_file_not_the_length),
        cmocka_unit_test(wav_steps_over_other_chunks),
        cmocka_unit_test(wav_device_follows_the_callers_clock),
        cmocka_unit_test(wav_device_writes_what_is_played),
        cmocka_unit_test(devices_refuse_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
