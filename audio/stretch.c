#include "audio/stretch.h"

#include <assert.h>
#include <math.h>

#define COARSE 4 /* look at every fourth lag and sample first: a sixteenth of the work */

/* Correlation of samples[0..window) with samples[lag..lag+window), -1 .. 1. */
static double alike(const float *samples, size_t lag, size_t window, size_t step)
{
    double cross = 0, left = 1e-9, right = 1e-9; /* silence is alike to nothing, not 0/0 */
    for (size_t i = 0; i < window; i += step) {
        double a = (double)samples[i];
        double b = (double)samples[i + lag];
        cross += a * b;
        left += a * a;
        right += b * b;
    }
    return cross / sqrt(left * right);
}

static size_t best_lag(const float *samples, size_t count)
{
    assert(count >= STRETCH_COUNT_MIN);
    /* the window, and two segments, must fit: half of it is the most that either can be */
    size_t window = count / 2 < STRETCH_LAG_MAX ? count / 2 : STRETCH_LAG_MAX;
    size_t last = window;
    size_t best = STRETCH_LAG_MIN;
    double best_score = -2;
    for (size_t lag = STRETCH_LAG_MIN; lag <= last; lag += COARSE) {
        double score = alike(samples, lag, window, COARSE);
        if (score > best_score) {
            best_score = score;
            best = lag;
        }
    }
    size_t from = best - STRETCH_LAG_MIN < COARSE ? STRETCH_LAG_MIN : best - COARSE;
    size_t to = best + COARSE < last ? best + COARSE : last;
    best_score = -2;
    for (size_t lag = from; lag <= to; lag++) {
        double score = alike(samples, lag, window, 1);
        if (score > best_score) {
            best_score = score;
            best = lag;
        }
    }
    assert(2 * best <= count); /* both segments are there */
    return best;
}

size_t stretch_accelerate(float *samples, size_t count)
{
    if (count < STRETCH_COUNT_MIN)
        return count;
    size_t lag = best_lag(samples, count);
    for (size_t i = 0; i < lag; i++) {
        float to = (float)i / (float)lag;
        samples[i] = samples[i] * (1 - to) + samples[lag + i] * to;
    }
    memmove(samples + lag, samples + 2 * lag, (count - 2 * lag) * sizeof *samples);
    return count - lag;
}

size_t stretch_expand(float *samples, size_t count)
{
    if (count < STRETCH_COUNT_MIN)
        return count;
    size_t lag = best_lag(samples, count);
    /* first | second fading into first | second | rest */
    memmove(samples + 2 * lag, samples + lag, (count - lag) * sizeof *samples);
    for (size_t i = 0; i < lag; i++) {
        float to = (float)i / (float)lag;
        samples[lag + i] = samples[2 * lag + i] * (1 - to) + samples[i] * to;
    }
    return count + lag;
}
