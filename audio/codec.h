/* Opus, wrapped once: 48 kHz mono, 20 ms frames, 24 kbit/s.
 *
 * Complexity 8 costs the same as 10 here; in-band FEC stays off, because with libopus 1.3.1 it does
 * nothing at 16 kbit/s and harms clean speech at 24 (notes: PESQ 4.27 -> 2.89). A decoder makes up
 * what is missing (PLC) from what it has decoded, so it must see the frames of one stream in order.
 * Memory is taken when one is made and never after. Not thread-safe; one owner each. */
#ifndef HOP_AUDIO_CODEC_H
#define HOP_AUDIO_CODEC_H

#include "audio/voice.h"
#include "base/err.h"

#define CODEC_BITRATE 24000

struct codec_encoder;
struct codec_decoder;

MUST_USE int codec_encoder_new(struct codec_encoder **ret); /* HOP_ENOMEM */
void codec_encoder_free(struct codec_encoder *e);           /* NULL is fine */
/* Returns the size of the frame, at most size; 0 if Opus would not. */
size_t codec_encode(struct codec_encoder *e, const int16_t samples[static VOICE_FRAME_SAMPLES],
                    uint8_t *ret, size_t size);

MUST_USE int codec_decoder_new(struct codec_decoder **ret);
void codec_decoder_free(struct codec_decoder *d);
/* Forget what was heard: after a gap that is nobody's loss. */
void codec_decoder_reset(struct codec_decoder *d);
/* HOP_EMALFORMED if this is not one 20 ms frame of Opus; what is in ret is then of no use. */
MUST_USE int codec_decode(struct codec_decoder *d, struct span frame,
                          float ret[static VOICE_FRAME_SAMPLES]);
/* Make up what is missing: count is a tick or a frame. */
void codec_conceal(struct codec_decoder *d, float *ret, size_t count);

#endif
