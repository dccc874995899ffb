/* How loud a frame is, and whether somebody is speaking in it. Pure.
 *
 * The detector follows the quietest of what it hears as the room's noise and calls speech what is
 * well above it; it stays on for a fifth of a second so that words do not lose their ends. Good
 * enough to show who speaks and to choose the loudest; a later issue puts speexdsp's here. */
#ifndef HOP_AUDIO_LEVEL_H
#define HOP_AUDIO_LEVEL_H

#include "audio/voice.h"

struct level {
    double floor; /* of the noise, -dB below full scale; 0 before the first frame */
    unsigned hangover;
};

/* -dB below full scale of these samples: 0 loudest .. VOICE_LEVEL_SILENT. */
uint8_t level_of(const int16_t *samples, size_t count);

/* A frame of this level came: is somebody speaking? A zeroed struct is a fresh detector. */
bool level_speaking(struct level *l, uint8_t level);

#endif
