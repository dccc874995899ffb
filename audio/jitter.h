/* The jitter buffer of one speaker: packets in as the network brings them, sound out every 10 ms.
 *
 * It keeps frames by their media time, aims to play each `target` after its fastest possible
 * arrival (audio/delay.h), and gets there by making frames of speech shorter or longer
 * (audio/stretch.h), always, not only in pauses. The sender's clock and ours drift apart: the same
 * loop absorbs it.
 *
 * Late is not lost. When the next frame is missing, sound is made up tick by tick without deciding
 * why. If the frame comes after all, it is played, later than it should (and speech then runs a bit
 * faster until the delay is back). If a newer one shows that it is not coming in time, what was
 * made up stands for it. After a stall of a second and more, what is more than 400 ms too old is
 * skipped and the rest caught up, so that a stall is forgotten within seconds.
 *
 * Pure: handed now. Memory is taken by jitter_new() and never after. */
#ifndef HOP_AUDIO_JITTER_H
#define HOP_AUDIO_JITTER_H

#include "audio/codec.h"
#include "audio/packet.h"

#define JITTER_FRAMES_MAX  128            /* 2.5 s: the longest stall worth catching up */
#define JITTER_SKIP_US     (400 * HOP_MS) /* further behind than this: skip */
#define JITTER_HASTE_US    (60 * HOP_MS)  /* further behind than this: shorten twice a frame */
#define JITTER_CONCEAL_MAX 10             /* ticks to make up before falling silent */

struct jitter;

struct jitter_frame {
    uint32_t counter; /* a multiple of VOICE_FRAME_TICKS */
    uint8_t flags;    /* enum packet_flag */
    uint8_t distance; /* 0, or of a copy: how many frames after it the packet was that brought it */
    struct span bytes;
};

struct jitter_stats {
    uint64_t received;  /* packets, each once */
    uint64_t lost;      /* never came, as far as one knows now */
    uint64_t late;      /* came when their turn was over */
    uint64_t skipped;   /* frames thrown away to catch up */
    uint64_t ticks;     /* 10 ms played while the speaker was talking */
    uint64_t concealed; /* of those, made up */
    uint64_t shortened_samples, lengthened_samples;
    int64_t delay_us;  /* between fastest possible arrival and playing, at the last tick */
    int64_t target_us; /* what it aims at */
    bool playing;
};

MUST_USE int jitter_new(struct jitter **ret); /* HOP_ENOMEM */
void jitter_free(struct jitter *j);           /* NULL is fine */

/* A frame came. HOP_EMALFORMED if the counter is not that of a frame or the frame is too large. */
MUST_USE int jitter_put(struct jitter *j, hop_time now, const struct jitter_frame *frame);

/* The next 10 ms; false, and silence, while there is nothing to play. With decode false the buffer
 * moves on but gives silence and spends nothing: for speakers who are not among the loudest. */
bool jitter_get(struct jitter *j, hop_time now, bool decode, float ret[static VOICE_TICK_SAMPLES]);

void jitter_stats(const struct jitter *j, struct jitter_stats *ret);

#endif
