#include "audio/mixer.h"

#include <assert.h>
#include <math.h>

#define RECOVER    0.0004f /* of what is missing, a sample: back to half after 36 ms */
#define FADE       240     /* samples */
#define FULL_SCALE 32767.0f

void mixer_init(struct mixer *m)
{
    *m = (struct mixer){.gain = 1, .least_sum = MIXER_LOOKAHEAD};
    for (size_t i = 0; i < MIXER_LOOKAHEAD; i++)
        m->least[i] = 1;
}

void mixer_add(struct mixer *m, const float samples[static VOICE_TICK_SAMPLES], float from,
               float to)
{
    for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++) {
        float gain = i < FADE ? from + (to - from) * (float)i / (float)FADE : to;
        m->sum[i] += samples[i] * gain;
    }
}

/* Least gain asked for by this sample and the MIXER_LOOKAHEAD - 1 before it. */
static float least_asked(struct mixer *m, float asked)
{
    if (m->asked_count > 0 && m->asked_at[m->asked_first] + MIXER_LOOKAHEAD <= m->count) {
        m->asked_first = (m->asked_first + 1) % MIXER_LOOKAHEAD;
        m->asked_count--;
    }
    while (m->asked_count > 0) {
        size_t last = (m->asked_first + m->asked_count - 1) % MIXER_LOOKAHEAD;
        if (m->asked[last] < asked)
            break;
        m->asked_count--;
    }
    assert(m->asked_count < MIXER_LOOKAHEAD); /* one a sample, and those too old have gone */
    size_t at = (m->asked_first + m->asked_count) % MIXER_LOOKAHEAD;
    m->asked[at] = asked;
    m->asked_at[at] = m->count;
    m->asked_count++;
    return m->asked[m->asked_first];
}

/* One sample in, the one of MIXER_LOOKAHEAD - 1 samples ago out. Its gain is the mean of the last
 * MIXER_LOOKAHEAD leasts, and the window of each of them has that sample in it: so the mean is not
 * more than that sample asked for. */
static float limit(struct mixer *m, float in)
{
    size_t at = m->count % MIXER_LOOKAHEAD;
    float size = fabsf(in);
    float least = least_asked(m, size > MIXER_CEILING ? MIXER_CEILING / size : 1);
    m->gain += (1 - m->gain) * RECOVER;
    if (least < m->gain)
        m->gain = least;
    m->least_sum += (double)m->gain - (double)m->least[at];
    m->least[at] = m->gain;
    m->held[at] = in;
    m->count++;
    float gain = (float)(m->least_sum / MIXER_LOOKAHEAD);
    if (gain < 0.999f)
        m->limited_samples++;
    return m->held[m->count % MIXER_LOOKAHEAD] * gain;
}

void mixer_end(struct mixer *m, int16_t ret[static VOICE_TICK_SAMPLES])
{
    for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++) {
        float in = isfinite(m->sum[i]) ? m->sum[i] : 0;
        float out = limit(m, in) * FULL_SCALE;
        assert(fabsf(out) < 32768.0f);
        ret[i] = (int16_t)lrintf(out);
        m->sum[i] = 0;
    }
}
