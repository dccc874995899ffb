/* A link over a slow, lossy, half-duplex byte pipe: a radio modem, a serial cable.
 *
 * KISS framing (SLIP escapes, RFC 1055; Chepponis & Karn, 1987) around packets of at most 256
 * bytes. Each packet is sealed under a key of the cell and the sender's session, so that a listener
 * sees neither content nor identity and can inject nothing; what does not open is noise. Frames of
 * the mesh are cut into packets, numbered, and acknowledged by a cumulative number with a bitmap of
 * 16 behind it; what is missing is sent again.
 *
 * One end talks at a time: the last packet of a burst says "over". When both have nothing to say,
 * whoever gets something speaks at once; when they collide or an "over" is lost, both wait for
 * different random times. Pure: the owner moves the bytes and keeps the time. docs/protocol.md §6
 * has the layout. */
#ifndef HOP_MESH_PIPE_H
#define HOP_MESH_PIPE_H

#include "base/span.h"
#include "crypto/crypto.h"

#define PIPE_PACKET_BYTES_MAX 256 /* of a packet before escapes: what radio modems take */
#define PIPE_OVERHEAD_BYTES                                                                        \
    (8 + 4 + 11 + CRYPTO_TAG_BYTES) /* session, counter, inner head, tag                           \
                                     */
#define PIPE_CUT_BYTES       (PIPE_PACKET_BYTES_MAX - PIPE_OVERHEAD_BYTES)
#define PIPE_QUEUE_BYTES_MAX (2u << 20) /* frames waiting; more is HOP_EFULL */
#define PIPE_FRAME_BYTES_MAX (1280u << 10)
#define PIPE_WINDOW          16 /* packets under way: the bitmap's reach */

struct pipe_config {
    uint64_t seed;       /* for back-off */
    uint8_t key[32];     /* of the cell: struct mesh_config's sync key, or the beacon key */
    uint8_t session[8];  /* random at every start */
    uint32_t rate_bytes; /* a second, one way: 1 kbit/s is 125 */
};

struct pipe;

struct pipe *pipe_new(const struct pipe_config *config); /* NULL if memory runs out */
void pipe_free(struct pipe *p);

/* Bytes came from the device. */
void pipe_receive(struct pipe *p, hop_time now, struct span bytes);

/* A frame for the other end. HOP_EFULL: too much waits, or it is too large; HOP_ENOTFOUND: nobody
 * is there. */
MUST_USE int pipe_send(struct pipe *p, struct span frame);

/* The next whole frame from the other end; false when there is none. Valid until the next call on
 * p. */
bool pipe_frame(struct pipe *p, struct span *ret);

/* Bytes to write to the device now; valid until the next call on p. Call after anything else, and
 * at the deadline. */
struct span pipe_transmit(struct pipe *p, hop_time now);
hop_time pipe_deadline(const struct pipe *p);

/* Is somebody there? generation changes with every new session of the other end. */
struct pipe_state {
    bool up;
    bool listener; /* exactly one of the two ends is */
    uint32_t generation;
    uint8_t binding[32]; /* the same at both ends, different for every pair of sessions */
    hop_time heard;
    uint64_t packets_sent, packets_again, packets_received, noise;
    uint64_t bytes_sent; /* as written to the device */
};
struct pipe_state pipe_state(const struct pipe *p);

#endif
