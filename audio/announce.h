/* The announcement of a stream: what a device tells its peers when it begins to talk in a meeting,
 * when a peer appears, when somebody asks, and when it leaves. Carried by a TELL of the mesh, which
 * says whose it is; the address is the link's, with this port.
 *
 *     0      kind, ANNOUNCE_KIND
 *     1      version, 1
 *     2-33   meeting id
 *     34-41  stream id
 *     42-43  sender index
 *     44-45  UDP port
 *     46     flags */
#ifndef HOP_AUDIO_ANNOUNCE_H
#define HOP_AUDIO_ANNOUNCE_H

#include "base/err.h"
#include "base/span.h"

#define ANNOUNCE_KIND    1
#define ANNOUNCE_VERSION 1
#define ANNOUNCE_BYTES   47

enum announce_flag {
    ANNOUNCE_LEFT = 1, /* the stream has ended */
    ANNOUNCE_ASK = 2,  /* please announce yours: I am new here */
    ANNOUNCE_FLAGS = 3
};

struct announce {
    uint8_t meeting[32];
    uint8_t stream_id[8];
    uint16_t sender; /* index of the device in the cell, as the sender counts */
    uint16_t port;   /* never 0 */
    uint8_t flags;
};

void announce_put(uint8_t ret[static ANNOUNCE_BYTES], const struct announce *a);
MUST_USE int announce_parse(struct announce *ret, struct span bytes); /* HOP_EMALFORMED */

#endif
