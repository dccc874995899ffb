/* The sum of several voices, kept below full scale by a limiter that looks 5 ms ahead.
 *
 * Every sample asks for the gain that would keep it under the ceiling; the limiter takes the least
 * of what the next 5 ms ask for, lets it recover slowly, and averages it over 5 ms, so that the
 * gain is down before the peak comes and no edge is clipped. What comes out is 5 ms late. Pure, no
 * allocation. */
#ifndef HOP_AUDIO_MIXER_H
#define HOP_AUDIO_MIXER_H

#include "audio/voice.h"

#define MIXER_LOOKAHEAD 240 /* samples */
#define MIXER_CEILING   0.98f

struct mixer {
    float sum[VOICE_TICK_SAMPLES];
    float held[MIXER_LOOKAHEAD];  /* samples waiting for their gain, a ring */
    float least[MIXER_LOOKAHEAD]; /* least gain asked for, at each of the last samples, a ring */
    double least_sum;             /* of them */
    /* monotonic queue: gains asked for that may still become the least, growing */
    float asked[MIXER_LOOKAHEAD];
    uint64_t asked_at[MIXER_LOOKAHEAD];
    size_t asked_first, asked_count;
    uint64_t count; /* samples so far */
    float gain;     /* after recovery, the last one */
    uint64_t limited_samples;
};

void mixer_init(struct mixer *m);

/* Add a tick of one voice (-1 .. 1), its gain going from `from` to `to` over its first 5 ms. */
void mixer_add(struct mixer *m, const float samples[static VOICE_TICK_SAMPLES], float from,
               float to);

/* The tick that is mixed, and begin the next. */
void mixer_end(struct mixer *m, int16_t ret[static VOICE_TICK_SAMPLES]);

#endif
