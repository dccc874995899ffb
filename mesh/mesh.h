/* How records travel between devices, as a pure state machine.
 *
 * Nothing in mesh/ opens a socket, reads a clock, draws entropy or touches a disk. The owner
 * reports what happened with mesh_step() and then carries out, in order, whatever the step asked
 * for. node/ does so over ZeroMQ and LMDB; sim/ does so for many nodes over a heap of events.
 * Same inputs, same seed, same outputs: always.
 *
 * What it does, on every link (docs/protocol.md §6): GREET, KNOWN and VOUCH, or HELLO, prove the
 * devices at its ends,
 * SKETCH and LIST find out which logs differ, FRONTIER tells of single ones, SEGMENT carries runs
 * of records, verified by their chain and the signature of the last one, ACK says what is durable,
 * KEEPALIVE says "still here", WANT/BLOB/NOBLOB move pieces of documents (mesh/tree.h), TELL
 * carries a short message that is not kept.
 *
 * Order is part of the contract: nothing that a peer could take for "I have it" (ACK, forwarding)
 * leaves before the write it rests on is durable. */
#ifndef HOP_MESH_MESH_H
#define HOP_MESH_MESH_H

#include "base/arena.h"
#include "base/span.h"
#include "base/trace.h"
#include "crypto/crypto.h"
#include "store/store.h"

typedef uint32_t mesh_link; /* named by the owner; never reused while the mesh knows it */

#define MESH_LINKS_MAX 64    /* a hall of people in one radio's range, and some */
#define MESH_LOGS_MAX  16384 /* 1,000 members, 3 devices, 3 lanes, and reincarnations */
#define MESH_FRAME_BYTES_MAX                                                                       \
    (1280u << 10) /* one record of 1 MiB and its frame; also ZMQ_MAXMSGSIZE */
#define MESH_TELL_BYTES_MAX 1024
#define MESH_WANTS_MAX      4096 /* documents looked for at one time */
#define MESH_OUTS_MAX       4096

enum mesh_in_type {
    MESH_IN_LINK_UP,      /* link; bytes: 32-byte channel binding; listener: we accepted it */
    MESH_IN_LINK_DOWN,    /* link */
    MESH_IN_FRAME,        /* link, bytes */
    MESH_IN_TIMEOUT,      /* the deadline has come */
    MESH_IN_STORED,       /* the store was committed: everything asked so far is durable. Also after
                             a failure, when the store is seen to work again */
    MESH_IN_STORE_FAILED, /* the commit failed: forget what was not durable, read the store again */
    MESH_IN_PUBLISH,      /* our own records are durable in the store: log in bytes (32). Nothing
                             uncommitted may stand in that log at this moment */
    MESH_IN_WANT,         /* bytes: 32-byte root of a tree of blobs to find; size, rank */
    MESH_IN_TELL,         /* bytes: a short message for every peer now linked */
    MESH_IN_ROSTER,       /* the roster has changed: ask it again about every peer */
    MESH_IN_CARRIED,      /* bytes: payload of a SEGMENT block of a bundle (mesh/bundle.h) */
    MESH_IN_CARRIED_BLOB, /* bytes: payload of a BLOB block; only what is wanted is taken */
    MESH_IN_CARRIED_PROOF /* bytes: payload of a PROOF block, of a log that is known here */
};

struct mesh_in {
    enum mesh_in_type type;
    mesh_link link;
    bool listener;
    uint32_t rate_hint; /* LINK_UP: bytes/s, if the owner knows; 0: unknown, to be measured */
    hop_time now;
    struct span bytes; /* borrowed for the length of the call */
    uint64_t size;     /* WANT: bytes of the document; 0: whatever it is */
    uint64_t rank;     /* WANT: lower ones are fetched sooner */
};

enum mesh_out_type {
    MESH_OUT_SEND,       /* link, bytes. durable: hold until the next commit succeeded (the mesh
                            itself waits for MESH_IN_STORED and never sets it) */
    MESH_OUT_STORE,      /* log, seq, id, bytes: append this record to the store */
    MESH_OUT_DELIVER,    /* log, seq: this record is durable; open it */
    MESH_OUT_META,       /* key, bytes: put this into the store's STORE_META */
    MESH_OUT_FORK,       /* log, seq: a durable proof shows that two records bear this number. What
                            was delivered of the log from there on has no effect any more */
    MESH_OUT_OWN_BEHIND, /* log, seq: a peer shows records up to seq of a log we write to, more than
                           are here: this store is not the one they were written in */
    MESH_OUT_BLOB,       /* id: name, bytes: put this blob into the store; foreign: it is kept for
                            others, and may be taken out again when others need the room */
    MESH_OUT_BLOB_HERE,  /* id: all of the tree of this root and of seq bytes is durable */
    MESH_OUT_PEER,       /* link: what mesh_peer_view() says of it has changed */
    MESH_OUT_COPY,     /* link: at its other end is our own identity, alive: this device was copied.
                          The link is dropped */
    MESH_OUT_TOLD,     /* link, id: identity key of the teller, bytes: the message */
    MESH_OUT_DROP_LINK /* link: close it; the mesh has forgotten it already */
};

struct mesh_out {
    enum mesh_out_type type;
    mesh_link link;
    bool durable;
    bool foreign;
    uint64_t seq;
    uint8_t log[STORE_LOG_BYTES];
    uint8_t id[32];
    struct span bytes; /* lives in outs->scratch, until the next step */
    struct span key;   /* as well */
};

/* Where a step leaves its requests. One per thread is enough for any number of meshes, so a
 * simulator of thousands pays for it once. */
struct mesh_outs {
    struct mesh_out items[MESH_OUTS_MAX];
    size_t n;
    struct arena scratch; /* MESH_SCRATCH_BYTES of the owner's; less works, but in more steps */
};
#define MESH_SCRATCH_BYTES (16u << 20)

/* What the mesh must know of people: is this identity key an active device of our cell? A stranger
 * may only bring control records (one of them may be its admission) and gets none of ours. */
struct mesh_roster {
    bool (*is_member)(void *ctx, const uint8_t identity[32]);
    /* Was it a member, and may it be one no more? Its links are dropped, where those of a stranger,
     * who may be a member that we have not heard of, wait. May be NULL: nobody was. */
    bool (*is_shut_out)(void *ctx, const uint8_t identity[32]);
    /* Do we write to this log? May be NULL: to none. */
    bool (*is_own)(void *ctx, const uint8_t log[32]);
    /* Devices whose keys we have, ourselves among them: number index, from 0; false: there are no
     * more. And the pair key of one of them and us: nobody else can compute it, and it is another
     * in every cell; of us alone, if it is our own identity. False: we have no key of it. Both may
     * be NULL: every greeting is a HELLO then. */
    bool (*device)(void *ctx, size_t index, uint8_t ret_identity[32]);
    bool (*pair)(void *ctx, const uint8_t identity[32], uint8_t ret[32]);
    void *ctx;
};

struct mesh_config {
    uint64_t seed;                       /* feeds every random choice the protocol makes */
    uint8_t cell_id[32];                 /* bound into greetings: cells never mix */
    uint8_t sync_key[32];                /* the same for all who sync, unknown to outsiders */
    const struct hop_sign_key *identity; /* kept: must outlive the mesh */
    struct store *store;                 /* kept; the mesh only reads it */
    struct mesh_roster roster;
    struct trace trace;
    /* Documents that peers look for and that we have no use for: so many bytes of them are looked
     * for at one time. 0: none are. How much of them is kept is the owner's to decide. */
    uint64_t foreign_bytes_max;
};

struct mesh;

/* NULL if memory runs out. Reads the frontier from the store. */
struct mesh *mesh_new(const struct mesh_config *config);
void mesh_free(struct mesh *m); /* NULL is fine */

/* Say what happened; find in outs (reset at the start) what to do about it.
 *   HOP_EMALFORMED, HOP_EAUTH  the peer is at fault; outs still holds
 *   HOP_EFULL                  a limit was reached: refused, nothing has changed
 *   HOP_ENOTFOUND              no such link
 * Of what a bundle carries: HOP_EEXIST it is here already; HOP_ENOTFOUND it begins beyond what is
 * here, or nobody wants that blob; HOP_ENOSPACE its document does not fit beside the reserve;
 * HOP_EREFUSED it is well signed and not what we hold: a fork (outs may hold the proof); HOP_EAUTH,
 * HOP_EMALFORMED it is no good; HOP_EFULL no room for another log; HOP_EIO the store rests after a
 * failure. */
int mesh_step(struct mesh *m, const struct mesh_in *in, struct mesh_outs *outs);

/* When to come back with MESH_IN_TIMEOUT, or HOP_NEVER. Ask after each step. */
hop_time mesh_deadline(const struct mesh *m);

/* What is known of one link, for "who is connected and how fresh is my data". */
struct mesh_peer_view {
    mesh_link link;
    uint8_t identity[32];    /* zeros before it is proven */
    bool greeted;            /* it is */
    bool member;             /* and the roster knows it */
    bool in_sync;            /* we have told each other frontiers, and they are equal */
    uint64_t records_behind; /* how many records it has shown that we lack */
    uint64_t records_ahead;  /* how many we have that it has not acknowledged */
    hop_time heard;          /* when its last frame came */
};
size_t mesh_peers(const struct mesh *m, struct mesh_peer_view *ret, size_t max);

/* How far a log may be believed: the number before the first that is proven to be taken twice;
 * UINT64_MAX where nothing is proven. */
uint64_t mesh_log_limit(const struct mesh *m, const uint8_t log[static 32]);
/* The logs with such a proof; up to max of them. Returns how many there are. */
struct mesh_fork_view {
    uint8_t log[32];
    uint64_t seq; /* the first number taken twice */
};
size_t mesh_forks(const struct mesh *m, struct mesh_fork_view *ret, size_t max);
/* The proof itself (mesh/fork.h), as it lies in the store: for whoever wants to check or carry it.
 * HOP_ENOTFOUND. */
MUST_USE int mesh_fork_proof(const struct mesh *m, const uint8_t log[static 32], struct span *ret);

/* What is known of the documents looked for. */
struct mesh_blobs_view {
    size_t wanted;            /* not here whole */
    size_t unusable;          /* of them: their trees do not fit their records, given up */
    size_t waiting;           /* of them: the disk has no room beside its reserve for records */
    uint64_t waiting_bytes;   /* what those need */
    uint64_t waiting_least;   /* what one of them needs at least; 0: none waits */
    uint64_t foreign_refused; /* times that there was no room for what others look for */
};
struct mesh_blobs_view mesh_blobs(const struct mesh *m);
/* Roots of those that wait for room, the best first; up to max of them. Returns how many it gave.
 */
size_t mesh_blobs_waiting(const struct mesh *m, uint8_t (*ret)[32], size_t max);

/* BLAKE2b root of the frontier under a salt: equal roots, equal records. */
void mesh_root(const struct mesh *m, const uint8_t salt[static 8], uint8_t ret[static 8]);

/* Walks every index and asserts that the whole holds together. For tests and the simulator. */
void mesh_check(const struct mesh *m);

#endif
