/* Ticks of 10 ms in the caller's time, for devices that have no clock of their own. */
#ifndef HOP_AUDIO_PACE_H
#define HOP_AUDIO_PACE_H

#include "audio/voice.h"

struct pace {
    hop_time start;
    uint64_t due, taken; /* ticks since start */
};

static inline void pace_start(struct pace *p, hop_time now)
{
    *p = (struct pace){.start = now};
}

static inline void pace_to(struct pace *p, hop_time now)
{
    if (now >= p->start)
        p->due = (now - p->start) / VOICE_TICK_US;
}

static inline bool pace_due(const struct pace *p)
{
    return p->taken < p->due;
}

static inline bool pace_take(struct pace *p)
{
    if (!pace_due(p))
        return false;
    p->taken++;
    return true;
}

#endif
