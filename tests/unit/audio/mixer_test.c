/* Mixer, limiter, level and codec. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audio/codec.h"
#include "audio/level.h"
#include "audio/mixer.h"
#include "audio/stretch.h"
#include "tests/unit/audio/sounds.h"

/* A quiet voice comes out as it went in, 5 ms later. */
static void mixer_leaves_a_quiet_voice_alone(void **state)
{
    (void)state;
    static int16_t in[9600], out[9600];
    struct mixer m;
    mixer_init(&m);
    for (uint64_t t = 0; t < 20; t++) {
        float tick[VOICE_TICK_SAMPLES];
        voice_tick(2, t, 0.3, in + t * VOICE_TICK_SAMPLES);
        for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++)
            tick[i] = (float)in[t * VOICE_TICK_SAMPLES + i] / 32768;
        mixer_add(&m, tick, 1, 1);
        mixer_end(&m, out + t * VOICE_TICK_SAMPLES);
    }
    for (size_t i = MIXER_LOOKAHEAD; i < 9600; i++)
        assert_in_range(out[i] - in[i - MIXER_LOOKAHEAD + 1] + 2, 0, 4);
    assert_int_equal(m.limited_samples, 0);
}

/* Eight people shouting: never above the ceiling, never a flat top (hard clipping makes those). */
static void mixer_limits_eight_shouting_voices(void **state)
{
    (void)state;
    struct mixer m;
    int16_t out[VOICE_TICK_SAMPLES];
    size_t flat = 0, loud = 0;
    mixer_init(&m);
    for (uint64_t t = 0; t < 200; t++) {
        for (unsigned v = 0; v < 8; v++) {
            int16_t in[VOICE_TICK_SAMPLES];
            float tick[VOICE_TICK_SAMPLES];
            voice_tick(v, t, 2.0, in);
            for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++)
                tick[i] = (float)in[i] / 32768;
            mixer_add(&m, tick, 1, 1);
        }
        mixer_end(&m, out);
        for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++) {
            assert_true(abs(out[i]) <= (int)(MIXER_CEILING * 32767 + 1));
            loud += abs(out[i]) > 16000;
            flat += i > 1 && abs(out[i]) > 16000 && out[i] == out[i - 1] && out[i] == out[i - 2];
        }
    }
    assert_true(m.limited_samples > 10000);
    assert_true(loud > 1000);
    assert_int_equal(flat, 0);
}

/* One loud click from silence is let down before it comes, and the gain then comes back. */
static void mixer_sees_a_peak_coming(void **state)
{
    (void)state;
    struct mixer m;
    int16_t out[VOICE_TICK_SAMPLES];
    mixer_init(&m);
    for (unsigned t = 0; t < 60; t++) {
        float tick[VOICE_TICK_SAMPLES];
        for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++)
            tick[i] = t == 5 && i == 7 ? 9.0f : 0.5f;
        mixer_add(&m, tick, 1, 1);
        mixer_end(&m, out);
        for (size_t i = 1; i < VOICE_TICK_SAMPLES; i++)
            assert_true(abs(out[i]) <= 32113);
    }
    assert_true(out[VOICE_TICK_SAMPLES - 1] > 16000); /* 0.5, undamped again */
}

/* A sum that is no number must not reach the loudspeaker, nor spoil what follows. */
static void mixer_swallows_what_is_not_a_number(void **state)
{
    (void)state;
    struct mixer m;
    int16_t out[VOICE_TICK_SAMPLES];
    float tick[VOICE_TICK_SAMPLES] = {(float)NAN, (float)INFINITY};
    mixer_init(&m);
    mixer_add(&m, tick, 1, 1);
    mixer_end(&m, out);
    for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++)
        tick[i] = 0.25f;
    mixer_add(&m, tick, 1, 1);
    mixer_end(&m, out);
    assert_in_range(out[VOICE_TICK_SAMPLES - 1], 8180, 8195);
}

/* Speech survives Opus recognisably, at about the rate that was asked for. */
static void codec_carries_speech_at_24_kbit(void **state)
{
    (void)state;
    static int16_t in[100 * VOICE_FRAME_SAMPLES], out[100 * VOICE_FRAME_SAMPLES];
    struct codec_encoder *e = NULL;
    struct codec_decoder *d = NULL;
    size_t bytes = 0;
    assert_int_equal(codec_encoder_new(&e), HOP_OK);
    assert_int_equal(codec_decoder_new(&d), HOP_OK);
    for (uint64_t f = 0; f < 100; f++) {
        uint8_t frame[400];
        float pcm[VOICE_FRAME_SAMPLES];
        int16_t *at = in + f * VOICE_FRAME_SAMPLES;
        voice_tick(1, 2 * f, 0.6, at);
        voice_tick(1, 2 * f + 1, 0.6, at + VOICE_TICK_SAMPLES);
        size_t size = codec_encode(e, at, frame, sizeof frame);
        bytes += size;
        if (f % 20 == 19) /* each twentieth is lost */
            codec_conceal(d, pcm, VOICE_FRAME_SAMPLES);
        else
            assert_int_equal(codec_decode(d, SPAN(frame, size), pcm), HOP_OK);
        for (size_t i = 0; i < VOICE_FRAME_SAMPLES; i++)
            out[f * VOICE_FRAME_SAMPLES + i] = (int16_t)(pcm[i] * 32767);
    }
    assert_in_range(bytes * 8 / 2, 12000, 32000);
    assert_true(best_correlation(in + 4800, out + 4800, 48000, 960, NULL) > 0.9);
    codec_encoder_free(e);
    codec_decoder_free(d);
}

/* Opus packets of other lengths and junk are refused before they reach a 20 ms buffer. */
static void codec_refuses_what_is_not_one_frame(void **state)
{
    (void)state;
    struct codec_decoder *d = NULL;
    float pcm[VOICE_FRAME_SAMPLES];
    static const uint8_t sixty_ms[] = {0x18, 1, 2, 3};     /* SILK, 60 ms */
    static const uint8_t three_frames[] = {0x0b, 3, 0, 0}; /* code 3: three of 20 ms */
    assert_int_equal(codec_decoder_new(&d), HOP_OK);
    assert_int_equal(codec_decode(d, SPAN(NULL, 0), pcm), HOP_EMALFORMED);
    assert_int_equal(codec_decode(d, SPAN(sixty_ms, sizeof sixty_ms), pcm), HOP_EMALFORMED);
    assert_int_equal(codec_decode(d, SPAN(three_frames, sizeof three_frames), pcm), HOP_EMALFORMED);
    codec_decoder_free(d);
}

/* Stretched speech is still the same speech: first and last samples stay, pitch too. */
static void stretch_keeps_the_ends(void **state)
{
    (void)state;
    float s[VOICE_FRAME_SAMPLES + STRETCH_LAG_MAX];
    for (int longer = 0; longer < 2; longer++) {
        for (size_t i = 0; i < VOICE_FRAME_SAMPLES; i++)
            s[i] = (float)sin(2 * PI * (double)i / 200); /* a period of 200 samples */
        float first = s[0], last = s[VOICE_FRAME_SAMPLES - 1];
        size_t n = longer ? stretch_expand(s, VOICE_FRAME_SAMPLES)
                          : stretch_accelerate(s, VOICE_FRAME_SAMPLES);
        size_t by = longer ? n - VOICE_FRAME_SAMPLES : VOICE_FRAME_SAMPLES - n;
        assert_true(by % 200 <= 1 || by % 200 >= 199); /* whole periods */
        assert_true(by >= STRETCH_LAG_MIN && by <= STRETCH_LAG_MAX);
        assert_true(s[0] == first && s[n - 1] == last);
        for (size_t i = 1; i < n; i++) /* no jump anywhere: a sine moves 0.032 a sample at most */
            assert_true(fabsf(s[i] - s[i - 1]) < 0.04f);
    }
}

/* Found by fuzzing: of an odd number of samples, two halves rounded up are more than the whole. */
static void stretch_takes_any_length(void **state)
{
    (void)state;
    for (size_t count = 0; count <= VOICE_FRAME_SAMPLES; count++) {
        float s[VOICE_FRAME_SAMPLES + STRETCH_LAG_MAX];
        for (size_t i = 0; i < count; i++)
            s[i] = (float)sin(2 * PI * (double)i / (double)(count - count / 2));
        size_t n = stretch_accelerate(s, count);
        assert_true(n <= count && n + STRETCH_LAG_MAX >= count);
        if (count >= STRETCH_COUNT_MIN)
            assert_true(n < count && stretch_expand(s, count) > count);
    }
}

/* Who is silent must not be shown as speaking, nor who speaks as silent. */
static void level_tells_speech_from_silence(void **state)
{
    (void)state;
    struct level l = {0};
    int16_t tick[VOICE_TICK_SAMPLES] = {0};
    assert_int_equal(level_of(tick, VOICE_TICK_SAMPLES), VOICE_LEVEL_SILENT);
    for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++)
        tick[i] = INT16_MIN;
    assert_int_equal(level_of(tick, VOICE_TICK_SAMPLES), 0);
    for (unsigned i = 0; i < 50; i++)
        assert_false(level_speaking(&l, 70));
    assert_true(level_speaking(&l, 25));
    for (unsigned i = 0; i < 5; i++)
        assert_true(level_speaking(&l, 70)); /* the end of a word */
    for (unsigned i = 0; i < 10; i++)
        (void)level_speaking(&l, 70);
    assert_false(level_speaking(&l, 70));
    for (unsigned i = 0; i < 500; i++) /* a steady noise of the room is not speech for ever */
        (void)level_speaking(&l, 45);
    assert_false(level_speaking(&l, 45));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixer_leaves_a_quiet_voice_alone),
        cmocka_unit_test(mixer_limits_eight_shouting_voices),
        cmocka_unit_test(mixer_sees_a_peak_coming),
        cmocka_unit_test(mixer_swallows_what_is_not_a_number),
        cmocka_unit_test(codec_carries_speech_at_24_kbit),
        cmocka_unit_test(codec_refuses_what_is_not_one_frame),
        cmocka_unit_test(stretch_keeps_the_ends),
        cmocka_unit_test(stretch_takes_any_length),
        cmocka_unit_test(level_tells_speech_from_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
