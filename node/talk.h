/* Talking in one meeting at a time: the main thread's side of voice.
 *
 * A device that talks has one stream: a random id, a UDP port, and a key derived from the cell's
 * epoch, the meeting, its identity and that id. It says so to every linked device by a TELL of the
 * mesh ("announcement", audio/announce.h), hears theirs, and hands each to the voice thread
 * (node/voice.h), which owns socket, pipeline and sound devices. Nothing here blocks on sound.
 *
 * All functions are for the main thread. They work on a node where nobody talks (n->talk is NULL)
 * and then do nothing. */
#ifndef HOP_NODE_TALK_H
#define HOP_NODE_TALK_H

#include "node/node.h"

/* First byte of a TELL that carries an announcement: the loop hands those to talk_told(). */
#define TALK_TELL_KIND 1

#define TALK_STREAMS_MAX 64 /* as many as the mesh has links: an announcement goes one hop */

/* Names: of a sound device, any part of it ("hop_mic"); NULL or "" the default one; a path that
 * ends in ".wav", a file in its place, played or written in real time; "none", neither. */
struct talk_options {
    const char *capture, *playback;
    const char *record;      /* NULL, or a WAV file for the mix heard */
    const char *record_self; /* NULL, or a WAV file for the own microphone */
    bool muted;              /* begin muted; listening and being listed all the same */
    uint16_t port;           /* UDP; 0: any free one */
};

struct talk_stream_view {
    uint8_t identity[32];
    struct sockaddr_storage address;  /* where its voice is sent to */
    bool heard;                       /* a packet of it has been opened */
    bool speaking;                    /* the sender's voice detector says so, at this moment */
    uint8_t level;                    /* -dB below full scale, 0 loudest .. 127 silence */
    uint64_t received, lost, late;    /* packets */
    uint64_t played_ms, concealed_ms; /* of sound: all of it, and what had to be made up */
    uint32_t delay_ms, target_ms;     /* in the jitter buffer, and what it aims at */
};

struct talk_self_view {
    uint8_t meeting[32];
    uint8_t stream_id[8];
    uint16_t port;
    bool muted, speaking;
    uint8_t level;
    uint64_t sent, refused; /* packets out; packets in that were nobody's or did not open */
    uint64_t captured_ms;
    uint64_t underruns, overruns, reopened; /* of the sound devices */
    uint64_t recorded_ms;
};

/* Begin. HOP_EBUSY if already talking; HOP_EREFUSED without a cell; HOP_ENOTFOUND for a sound
 * device or key that is not there; HOP_EMALFORMED for a WAV file that does not fit; HOP_EIO for
 * socket, thread or file. `why` gets the sentence. */
MUST_USE int talk_start(struct node *n, const uint8_t meeting[static 32],
                        const struct talk_options *o, struct node_trouble *why);

/* Tell the peers, stop the thread, finish the recordings. Harmless when nobody talks. */
void talk_stop(struct node *n);

bool talk_active(const struct node *n);
void talk_mute(struct node *n, bool muted);

/* MESH_OUT_TOLD whose first byte is TALK_TELL_KIND; peer_address is the other end of the link. */
void talk_told(struct node *n, mesh_link link, const uint8_t identity[static 32], struct span bytes,
               const struct sockaddr_storage *peer_address);

/* MESH_OUT_PEER, and when a link has closed: a peer came, so announce again; a peer went, so drop
 * its stream. Call it after the mesh has learned of it. */
void talk_peer_changed(struct node *n, mesh_link link);

/* Once a turn, after n->now is read: take what the voice thread says, write recordings, repeat the
 * announcement when due. */
void talk_poll(struct node *n);

/* Readable when talk_poll() has something to do; -1 when nobody talks. */
int talk_fd(const struct node *n);

size_t talk_streams(const struct node *n, struct talk_stream_view *ret, size_t max);
bool talk_self(const struct node *n, struct talk_self_view *ret); /* false when nobody talks */

#endif
