/* What every part of voice agrees on: 48 kHz, mono, 16 bit at the edges, 20 ms frames, 10 ms ticks.
 *
 * 48 kHz is Opus' own clock; 20 ms is where its quality per bit is best for speech; 10 ms is the
 * period of the sound devices, the tick of the pipeline and the unit of a packet's counter. */
#ifndef HOP_AUDIO_VOICE_H
#define HOP_AUDIO_VOICE_H

#include "base/span.h"

#define VOICE_RATE          48000
#define VOICE_TICK_SAMPLES  480 /* 10 ms */
#define VOICE_TICK_US       (10 * HOP_MS)
#define VOICE_FRAME_TICKS   2
#define VOICE_FRAME_SAMPLES 960 /* 20 ms */

#define VOICE_STREAMS_MAX 64 /* heard at one time: as many as the mesh has links */
#define VOICE_MIXED_MAX   8  /* decoded and mixed at one time: more voices at once are noise */

#define VOICE_LEVEL_SILENT 127 /* -dB below full scale, as RFC 6464 counts */

#endif
