#include "audio/codec.h"

#include <assert.h>
#include <opus/opus.h>

/* The structs of the header have no members of their own: they are Opus' objects under our names,
 * so that nobody else needs its header. */
static OpusEncoder *opus_of(struct codec_encoder *e)
{
    return (OpusEncoder *)e;
}

static OpusDecoder *opus_decoder_of(struct codec_decoder *d)
{
    return (OpusDecoder *)d;
}

int codec_encoder_new(struct codec_encoder **ret)
{
    int err = OPUS_OK;
    OpusEncoder *e = opus_encoder_create(VOICE_RATE, 1, OPUS_APPLICATION_VOIP, &err);
    if (e == NULL || err != OPUS_OK)
        return HOP_ENOMEM;
    err |= opus_encoder_ctl(e, OPUS_SET_BITRATE(CODEC_BITRATE));
    err |= opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(8));
    err |= opus_encoder_ctl(e, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    err |= opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(0));
    err |= opus_encoder_ctl(e, OPUS_SET_DTX(0));
    assert(err == OPUS_OK); /* constants that this version of Opus takes */
    *ret = (struct codec_encoder *)e;
    return HOP_OK;
}

void codec_encoder_free(struct codec_encoder *e)
{
    if (e != NULL)
        opus_encoder_destroy(opus_of(e));
}

size_t codec_encode(struct codec_encoder *e, const int16_t samples[static VOICE_FRAME_SAMPLES],
                    uint8_t *ret, size_t size)
{
    opus_int32 n = opus_encode(opus_of(e), samples, VOICE_FRAME_SAMPLES, ret, (opus_int32)size);
    return n > 0 ? (size_t)n : 0;
}

int codec_decoder_new(struct codec_decoder **ret)
{
    int err = OPUS_OK;
    OpusDecoder *d = opus_decoder_create(VOICE_RATE, 1, &err);
    if (d == NULL || err != OPUS_OK)
        return HOP_ENOMEM;
    *ret = (struct codec_decoder *)d;
    return HOP_OK;
}

void codec_decoder_free(struct codec_decoder *d)
{
    if (d != NULL)
        opus_decoder_destroy(opus_decoder_of(d));
}

void codec_decoder_reset(struct codec_decoder *d)
{
    (void)opus_decoder_ctl(opus_decoder_of(d), OPUS_RESET_STATE);
}

int codec_decode(struct codec_decoder *d, struct span frame, float ret[static VOICE_FRAME_SAMPLES])
{
    if (frame.size == 0 || frame.size > INT32_MAX)
        return HOP_EMALFORMED;
    /* Opus packets may hold up to 120 ms; only the length that ours have is let near the buffer */
    if (opus_packet_get_nb_samples(frame.data, (opus_int32)frame.size, VOICE_RATE) !=
        VOICE_FRAME_SAMPLES)
        return HOP_EMALFORMED;
    int n = opus_decode_float(opus_decoder_of(d), frame.data, (opus_int32)frame.size, ret,
                              VOICE_FRAME_SAMPLES, 0);
    return n == VOICE_FRAME_SAMPLES ? HOP_OK : HOP_EMALFORMED;
}

void codec_conceal(struct codec_decoder *d, float *ret, size_t count)
{
    assert(count == VOICE_TICK_SAMPLES || count == VOICE_FRAME_SAMPLES);
    int n = opus_decode_float(opus_decoder_of(d), NULL, 0, ret, (int)count, 0);
    if (n != (int)count)
        memset(ret, 0, count * sizeof *ret);
}
