/* Making a frame of speech a little shorter or longer without changing its pitch.
 *
 * The pair of neighbouring segments of 2.5 to 10 ms that look most alike (for voiced speech: one
 * period of the voice) is found by normalised correlation at the start of the frame; shortening
 * fades the first into the second, lengthening says the first twice. First and last samples stay,
 * so a frame still joins its neighbours. Pure, no memory of its own. */
#ifndef HOP_AUDIO_STRETCH_H
#define HOP_AUDIO_STRETCH_H

#include "audio/voice.h"

#define STRETCH_LAG_MIN   120 /* 2.5 ms: 400 Hz, a child's voice */
#define STRETCH_LAG_MAX   480 /* 10 ms: 100 Hz */
#define STRETCH_COUNT_MIN 480 /* a shorter run is left alone */

/* Shorten samples[0..count) in place; returns the new count. */
size_t stretch_accelerate(float *samples, size_t count);
/* Lengthen in place; there must be room for STRETCH_LAG_MAX more. Returns the new count. */
size_t stretch_expand(float *samples, size_t count);

#endif
