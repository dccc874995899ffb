/* The RIFF WAV container: 16-bit PCM, 48 kHz, mono, and nothing else. Pure; files are audio/wav.c.
 *
 * Other rates and widths are refused rather than converted: `sox in.wav -r 48000 -c 1 -b 16
 * out.wav` does it better than code that exists for one file. */
#ifndef HOP_AUDIO_RIFF_H
#define HOP_AUDIO_RIFF_H

#include "audio/voice.h"
#include "base/err.h"

#define RIFF_HEAD_BYTES 44

enum riff_fault {
    RIFF_FINE,
    RIFF_NOT_WAV,    /* no RIFF/WAVE header, or a chunk that lies about its size */
    RIFF_NOT_PCM16,  /* compressed, float, or another width */
    RIFF_NOT_48K,    /* another sample rate */
    RIFF_NOT_MONO,   /* more than one channel */
    RIFF_NO_SAMPLES, /* no data chunk */
    RIFF_TOO_LARGE,  /* more than this program takes */
    RIFF_UNREADABLE  /* the file cannot be read at all (audio/wav.c) */
};

/* Find the samples (16 bit, little endian) inside a whole file. A data chunk that claims more than
 * the file has (a recorder that was killed writes 0 or 0xffffffff) ends where the file ends. */
enum riff_fault riff_parse(struct span *ret_samples, struct span file);

/* The header of a file with this many samples. */
void riff_head(uint8_t ret[static RIFF_HEAD_BYTES], uint32_t samples_count);

static inline int16_t riff_sample(const uint8_t *bytes)
{
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

#endif
