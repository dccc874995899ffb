/* Sounds to speak with and an ear to recognise them, for tests. */
#ifndef HOP_TESTS_SOUNDS_H
#define HOP_TESTS_SOUNDS_H

#include <math.h>
#include <stdlib.h>

#include "audio/voice.h"

#define PI 3.14159265358979323846

/* Something like a voice: a pitch that glides, with harmonics, in syllables. Voices differ by their
 * number in pitch, glide and rhythm, so that one does not correlate with another. */
static inline int16_t voice_sample(unsigned voice, uint64_t at, double amplitude)
{
    double t = (double)at / VOICE_RATE;
    double pitch = 110 + 47 * (double)voice;
    double glide = 0.31 + 0.13 * (double)voice;
    double phase = 2 * PI * pitch * t + 25 * sin(2 * PI * glide * t);
    double syllable = 0.55 + 0.45 * sin(2 * PI * (2.3 + 0.7 * (double)voice) * t);
    double sum = sin(phase) + 0.5 * sin(2 * phase) + 0.35 * sin(3 * phase) + 0.2 * sin(5 * phase);
    return (int16_t)(amplitude * 16000 * syllable * sum / 2.05);
}

static inline void voice_tick(unsigned voice, uint64_t tick, double amplitude, int16_t *ret)
{
    for (uint64_t i = 0; i < VOICE_TICK_SAMPLES; i++)
        ret[i] = voice_sample(voice, tick * VOICE_TICK_SAMPLES + i, amplitude);
}

/* Best normalised correlation of b against a, b later by up to lag_max samples. */
static inline double best_correlation(const int16_t *a, const int16_t *b, size_t count,
                                      size_t lag_max, size_t *ret_lag)
{
    double best = 0;
    for (size_t lag = 0; lag < lag_max; lag += 4) {
        double ab = 0, aa = 1, bb = 1;
        for (size_t i = 0; i < count; i += 6) {
            ab += (double)a[i] * (double)b[i + lag];
            aa += (double)a[i] * (double)a[i];
            bb += (double)b[i + lag] * (double)b[i + lag];
        }
        double score = ab / sqrt(aa * bb);
        if (score > best) {
            best = score;
            if (ret_lag != NULL)
                *ret_lag = lag;
        }
    }
    return best;
}

static inline double loudness(const int16_t *a, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)a[i];
    return sqrt(sum / (double)count);
}

#endif
