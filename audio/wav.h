/* WAV files: the whole of one read at once, and one written bit by bit. Edge.
 *
 * A file being written is a good WAV file at any moment to within a second: its header is brought
 * up to date as it grows, so a recording survives SIGKILL. */
#ifndef HOP_AUDIO_WAV_H
#define HOP_AUDIO_WAV_H

#include "audio/riff.h"

#define WAV_BYTES_MAX                                                                              \
    (512u << 20) /* an hour and a half: read into memory, so that playing never waits */

struct wav_samples {
    uint8_t *file;       /* owned: wav_free() */
    struct span samples; /* into file; riff_sample() reads one */
};

/* RIFF_FINE, or what is wrong with it; ret is set only then. */
enum riff_fault wav_read(struct wav_samples *ret, const char *path);
void wav_free(struct wav_samples *w);

struct wav_writer;

/* Makes the file, replacing what is there. HOP_EIO, HOP_ENOMEM. */
MUST_USE int wav_create(struct wav_writer **ret, const char *path);
/* HOP_ENOSPACE or HOP_EIO; what was written before stays readable. */
MUST_USE int wav_write(struct wav_writer *w, const int16_t *samples, size_t count);
int wav_close(struct wav_writer *w); /* brings the header up to date; NULL is fine */

#endif
