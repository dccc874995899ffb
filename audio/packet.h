/* The voice packet: one UDP payload, SFrame-shaped, 28 bytes more than what Opus made.
 *
 *     0     version(4) | type(4)
 *     1     ttl(3) | flags(5)        ttl is the only part a relay may change; read as 0 in the AD
 *     2-3   epoch tag                derived with the key: names epoch and incarnation of a stream
 *     4-5   sender index             of the device in the cell
 *     6-9   counter                  media time in 10 ms; nonce, order and replay index in one
 *     10-   sealed: level(1) copies(1) [distance(1) length(1)]*copies  primary  copies…
 *     -16   Poly1305 tag
 *
 * Why not SRTP: its hidden 16-to-32-bit rollover counter locks out whoever joins after 22 minutes,
 * and its keys end at each relay. The counter here is explicit and never repeats under one key: a
 * stream id is drawn afresh each time a device starts to talk, and the key is derived from it.
 *
 * Copies are coarser encodings of earlier frames, `distance` frames back (RFC 2198's idea); this
 * version reads and plays them, and its sender does not make any yet. Pure; docs/protocol.md §8. */
#ifndef HOP_AUDIO_PACKET_H
#define HOP_AUDIO_PACKET_H

#include "audio/voice.h"
#include "base/err.h"
#include "crypto/crypto.h"

#define PACKET_VERSION    1
#define PACKET_VOICE      1 /* type */
#define PACKET_HEAD_BYTES 10
#define PACKET_OVERHEAD   (PACKET_HEAD_BYTES + 2 + CRYPTO_TAG_BYTES)
#define PACKET_FRAME_BYTES_MAX                                                                     \
    400 /* Opus at 24 kbit/s makes 60; its worst 20 ms stay below this                             \
         */
#define PACKET_COPIES_MAX     2
#define PACKET_COPY_BYTES_MAX 255 /* one length byte */
#define PACKET_DISTANCE_MAX   50  /* frames: one second back; older is of no use to anybody */
#define PACKET_BYTES_MAX                                                                           \
    (PACKET_OVERHEAD + PACKET_FRAME_BYTES_MAX + PACKET_COPIES_MAX * (2 + PACKET_COPY_BYTES_MAX))

enum packet_flag {
    PACKET_START = 1, /* first after silence: the gap before it is nobody's loss */
    PACKET_END = 2,   /* last before silence: nothing follows that could be missing */
    PACKET_FLAGS = 3  /* all that this version knows; others are refused */
};

/* A stream's keys, derived once. */
struct packet_key {
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t salt[CRYPTO_SHORT_NONCE_BYTES];
    uint16_t tag;
};

/* The media key of one meeting under an epoch's key. */
void packet_media_key(uint8_t ret[static CRYPTO_KEY_BYTES],
                      const uint8_t epoch_key[static CRYPTO_KEY_BYTES],
                      const uint8_t meeting[static 32]);

/* The key of one stream: of this device, this time. */
void packet_stream_key(struct packet_key *ret, const uint8_t media_key[static CRYPTO_KEY_BYTES],
                       const uint8_t identity[static 32], const uint8_t stream_id[static 8]);

/* What anybody can read, a relay too. */
struct packet_head {
    uint8_t type, ttl, flags;
    uint16_t tag, sender;
    uint32_t counter;
};

struct packet_copy {
    uint8_t distance; /* frames before the packet's own */
    struct span frame;
};

/* What only the meeting can read. Spans point into the opened text. */
struct packet_body {
    uint8_t level; /* 0 loudest .. VOICE_LEVEL_SILENT */
    bool speaking;
    struct span frame;
    struct packet_copy copies[PACKET_COPIES_MAX];
    size_t copies_count;
};

/* HOP_EMALFORMED unless this is a packet of our version that is long enough and not too long. */
MUST_USE int packet_head_parse(struct packet_head *ret, struct span packet);

/* Writes at most PACKET_BYTES_MAX; returns the size. The frame must not be larger than
 * PACKET_FRAME_BYTES_MAX, and the caller never seals two different bodies under one counter. */
size_t packet_seal(uint8_t ret[static PACKET_BYTES_MAX], const struct packet_key *key,
                   const struct packet_head *head, const struct packet_body *body);

/* text: PACKET_BYTES_MAX of the caller's, into which ret then points.
 * HOP_EMALFORMED, or HOP_EAUTH when it was not sealed under this key. */
MUST_USE int packet_open(struct packet_body *ret, uint8_t text[static PACKET_BYTES_MAX],
                         const struct packet_key *key, struct span packet);

/* ---- replay ---- */

#define REPLAY_WINDOW 128 /* counters: 1.3 s of reordering */

struct packet_replay {
    bool any;
    uint32_t newest;
    uint64_t seen[2]; /* bit i: newest - i has come */
};

/* True if this counter is new. Looks only: commit after the tag has verified, or a forger could
 * push the window ahead of the real sender. */
bool packet_replay_fresh(const struct packet_replay *r, uint32_t counter);
void packet_replay_commit(struct packet_replay *r, uint32_t counter);

#endif
