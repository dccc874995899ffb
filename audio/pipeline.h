/* Voice, whole: own sound in, packets out; packets in, the mix of everybody else out.
 *
 * Pure: handed now, and sound in ticks of 10 ms. The owner gives it each tick the microphone made,
 * each datagram the socket gave, and takes a tick of the mix whenever the speaker needs one. It
 * does not know addresses: what a packet's stream is, its sender index, epoch tag and key decide.
 * Own sound is never in the mix.
 *
 * Memory is taken by pipeline_new() and pipeline_add(), never by capture, receive or play. One
 * owner; not thread-safe. docs/protocol.md §8. */
#ifndef HOP_AUDIO_PIPELINE_H
#define HOP_AUDIO_PIPELINE_H

#include "audio/jitter.h"
#include "audio/packet.h"

struct pipeline;

/* Who sends a stream, and under what key: our own, and each of the others'. */
struct pipeline_stream {
    uint8_t identity[32];  /* of the device */
    uint8_t stream_id[8];  /* fresh each time a device begins to talk */
    uint16_t sender;       /* index of the device in the cell */
    uint8_t media_key[32]; /* of the meeting: packet_media_key() */
};

struct pipeline_view {
    uint8_t identity[32], stream_id[8];
    bool heard, speaking, mixed; /* mixed: among the loudest, now */
    uint8_t level;
    struct jitter_stats jitter;
};

struct pipeline_self {
    bool muted, speaking;
    uint8_t level;
    uint64_t captured; /* ticks */
    uint64_t sent, sent_bytes;
    uint64_t refused; /* packets in that were nobody's, replayed, or did not open */
};

MUST_USE int pipeline_new(struct pipeline **ret, const struct pipeline_stream *self);
void pipeline_free(struct pipeline *p); /* NULL is fine */

/* HOP_EFULL beyond VOICE_STREAMS_MAX, HOP_EEXIST for a stream that is there (or our own). */
MUST_USE int pipeline_add(struct pipeline *p, const struct pipeline_stream *stream);
void pipeline_remove(struct pipeline *p, const uint8_t identity[static 32],
                     const uint8_t stream_id[static 8]); /* no such stream: nothing */

/* Muting ends the spurt: one more frame, faded out, and then nothing is sent. */
void pipeline_mute(struct pipeline *p, bool muted);

/* 10 ms of the microphone. Returns the size of a packet for everybody, in ret, or 0. */
size_t pipeline_capture(struct pipeline *p, const int16_t samples[static VOICE_TICK_SAMPLES],
                        uint8_t ret[static PACKET_BYTES_MAX]);

/* A datagram came. HOP_EMALFORMED, HOP_ENOTFOUND (no such stream), HOP_EAUTH, HOP_EEXIST
 * (replayed): the packet is dropped and counted, and nothing else has changed. */
MUST_USE int pipeline_receive(struct pipeline *p, hop_time now, struct span packet);

/* 10 ms of the mix. */
void pipeline_play(struct pipeline *p, hop_time now, int16_t ret[static VOICE_TICK_SAMPLES]);

size_t pipeline_streams(const struct pipeline *p, struct pipeline_view *ret, size_t max);
void pipeline_self(const struct pipeline *p, struct pipeline_self *ret);

#endif
