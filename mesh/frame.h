/* The frames of a link: one type byte, then a fixed layout (docs/protocol.md §6 has the tables).
 *
 * Every parse checks the whole frame and returns HOP_EMALFORMED for anything that put would not
 * have written; spans point into the frame. Every put takes a writer that is large enough; its
 * sticky `bad` is checked by the one who sends. SEGMENT has a file of its own (mesh/segment.h). */
#ifndef HOP_MESH_FRAME_H
#define HOP_MESH_FRAME_H

#include "base/wire.h"
#include "cell/record.h"
#include "crypto/crypto.h"
#include "mesh/mesh.h"

enum frame_type {
    FRAME_HELLO = 1,
    FRAME_FRONTIER,
    FRAME_SEGMENT,
    FRAME_ACK,
    FRAME_STOP,
    FRAME_KEEPALIVE,
    FRAME_WANT,
    FRAME_BLOB,
    FRAME_NOBLOB,
    FRAME_TELL,
    FRAME_PROBE,
    FRAME_BRANCH,
    FRAME_PROOF,
    FRAME_SKETCH, /* and NEXT, MORE, LIST: mesh/exchange.h */
    FRAME_NEXT,
    FRAME_MORE,
    FRAME_LIST,
    FRAME_GREET,
    FRAME_KNOWN,
    FRAME_VOUCH,
    FRAMES_END
};

#define FRAME_VERSION     1
#define FRAME_BRIEF_BYTES 3 /* of a log's name, where the other end has the rest */
#define FRAME_SEQ_MAX     (UINT64_C(1) << 53) /* what every language can hold; no log gets there */

/* Numbers: seven bits a byte, the low ones first, in as few bytes as will do; below 2^63. */
size_t frame_number_size(uint64_t v);
void frame_number_put(struct wire_writer *w, uint64_t v);
uint64_t frame_number_get(struct wire_reader *r); /* 0 and bad for another spelling */

/* ---- HELLO: who is behind this link ---- */

#define HELLO_BYTES 99
struct frame_hello {
    uint8_t news; /* logs that changed here since the sender last agreed with anybody: a hint */
    uint8_t identity[32];
    uint8_t sig[64];
};
/* What its signature covers, so that it is good for one end of one link of one cell only. */
struct hello_scope {
    const uint8_t *binding; /* 32: hash of both CURVE keys */
    const uint8_t *cell_id; /* 32 */
    bool listener;          /* role of the one who signs */
    uint8_t news;           /* as in frame_hello; verify() takes it from there */
};
void frame_hello_put(struct wire_writer *w, const struct hello_scope *scope,
                     const struct hop_sign_key *key);
/* HOP_EVERSION: another version of the protocol. */
MUST_USE int frame_hello_parse(struct frame_hello *ret, struct span frame);
MUST_USE int frame_hello_verify(const struct frame_hello *h, const struct hello_scope *scope);

/* ---- GREET, KNOWN, VOUCH: the same in 23 bytes, for two who have each other's keys ----
 *
 * Two devices of one roster know each other's kem keys, so there is a *pair key* that only these
 * two can compute (struct mesh_roster). Whoever dialled gives a hint who it is; the other shows
 * with a MAC under the pair key who it is itself, and whoever dialled answers with its own. Each
 * MAC covers all that was said before, the binding of the link, and which of the two speaks.
 *
 * Eight bytes are enough for a MAC that can only be guessed online: a link takes one guess, and
 * costs a connection. What a guess would win is a place as a member on that link, not a record.
 *
 * What a stolen kem key allows, without the ik that is kept beside it: to pass on links for its
 * device, and, to that device, for any other. Records, TELLs and proofs stay signed by others. */

#define GREET_HINT_BYTES 2 /* one of 900 devices is mistaken for another once in 70 times */
#define GREET_MAC_BYTES  8
#define GREET_BYTES      (1 + GREET_HINT_BYTES + 1)
#define KNOWN_BODY_MAX   128 /* more of an exchange waits for VOUCH */
#define KNOWN_BYTES(n)   (1 + 1 + GREET_MAC_BYTES + (n))
#define VOUCH_BYTES      (1 + GREET_MAC_BYTES)

struct frame_greet {
    uint8_t hint[GREET_HINT_BYTES]; /* of the sender's identity */
    uint8_t news;                   /* as in HELLO */
};
/* To somebody who is not in the roster, or perhaps not who it seems, the same is said under a key
 * that nobody else has: it cannot tell that from a KNOWN for another. */
struct frame_known {
    uint8_t hint; /* the first byte of the sender's */
    uint8_t mac[GREET_MAC_BYTES];
    size_t size; /* of an opening frame of an exchange; 0: it comes after VOUCH */
    uint8_t body[KNOWN_BODY_MAX];
};
struct frame_vouch {
    uint8_t mac[GREET_MAC_BYTES];
};
void frame_greet_put(struct wire_writer *w, const struct frame_greet *f);
MUST_USE int frame_greet_parse(struct frame_greet *ret, struct span frame);
void frame_known_put(struct wire_writer *w, const struct frame_known *f);
MUST_USE int frame_known_parse(struct frame_known *ret, struct span frame);
void frame_vouch_put(struct wire_writer *w, const struct frame_vouch *f);
MUST_USE int frame_vouch_parse(struct frame_vouch *ret, struct span frame);

/* Under the key of all who sync: to others a hint says nothing, not even that it is the same. */
void greet_hint(uint8_t ret[static GREET_HINT_BYTES], const uint8_t sync_key[static 32],
                const uint8_t binding[static 32], bool listener, const uint8_t identity[static 32]);
struct greet_scope {
    const uint8_t *pair;    /* 32 */
    const uint8_t *binding; /* 32 */
    struct frame_greet greet;
};
/* Make the MAC of hint and body, and cover the body; the other way round, HOP_EAUTH unless it was
 * made so (and the body is garbage). */
void greet_known_seal(struct frame_known *f, const struct greet_scope *scope);
MUST_USE int greet_known_open(struct frame_known *f, const struct greet_scope *scope);
/* The answer to a KNOWN with this MAC. */
void greet_vouch(struct frame_vouch *ret, const struct greet_scope *scope,
                 const uint8_t mac[static GREET_MAC_BYTES]);

/* ---- FRONTIER: news and requests, log by log ---- */

#define FRONTIER_STRANGER 0x01 /* you are no member to me: I take control records only */

#define FRONTIER_ENTRIES_MAX 256 /* 12 KiB a frame: other frames get their turn in between */
#define FRONTIER_ENTRY_BYTES 49
#define FRONTIER_BYTES(n)    (4 + (n)*FRONTIER_ENTRY_BYTES)

struct frontier_entry {
    uint8_t log[32];
    uint64_t seq;    /* 0: nothing yet (then ask is set) */
    uint8_t head[8]; /* of the id of record seq; zeros for 0 */
    enum record_lane lane;
    bool ask;   /* send me what follows seq */
    bool graft; /* and what will follow, as soon as you have it */
};
struct frame_frontier {
    uint8_t flags;
    size_t count;
    struct frontier_entry entries[FRONTIER_ENTRIES_MAX];
};
void frame_frontier_put(struct wire_writer *w, const struct frame_frontier *f);
MUST_USE int frame_frontier_parse(struct frame_frontier *ret, struct span frame);

/* ---- ACK: durable here up to seq; STOP: send no more of this log on this link ---- */

enum stop_reason {
    STOP_DISPUTED = 1, /* chain or signature did not check out against what we have */
    STOP_FORK,         /* we hold another record under the same number */
    STOP_FULL,         /* no room for another log */
    STOP_STRANGER,     /* not from you, yet */
    STOP_PRUNE,        /* we get it from another: tell us of it, and send it when we ask */
    STOPS_END
};

#define MARKS_MAX     64           /* logs in one ACK or STOP */
#define ACK_BYTES(n)  (2 + (n)*40) /* at most */
#define STOP_BYTES(n) (2 + (n)*33)
struct frame_mark {
    uint8_t log[32];
    uint64_t seq;            /* ACK */
    enum stop_reason reason; /* STOP */
};
struct frame_marks {
    bool brief;   /* ACK: of each log, only FRAME_BRIEF_BYTES are said; the rest is zeros */
    size_t count; /* at least 1 */
    struct frame_mark items[MARKS_MAX];
};
void frame_ack_put(struct wire_writer *w, const struct frame_marks *f);
MUST_USE int frame_ack_parse(struct frame_marks *ret, struct span frame);
void frame_stop_put(struct wire_writer *w, const struct frame_marks *f);
MUST_USE int frame_stop_parse(struct frame_marks *ret, struct span frame);

/* ---- KEEPALIVE: still here, and this is my root under this salt ---- */

#define KEEPALIVE_BYTES 17
struct frame_keepalive {
    uint8_t salt[8], root[8]; /* zeros to a stranger */
};
void frame_keepalive_put(struct wire_writer *w, const struct frame_keepalive *f);
MUST_USE int frame_keepalive_parse(struct frame_keepalive *ret, struct span frame);

/* ---- WANT, BLOB, NOBLOB: pieces of blobs ---- */

/* The first WANT of an ask names the blob; those that go on with it do not, and nor does an answer.
 * Ask numbers count up on each link, so that a late answer is not taken for another's. */
#define WANT_BYTES      43
#define WANT_MORE_BYTES 11
#define BLOB_BYTES(n)   (11 + (n))
#define NOBLOB_BYTES    3
struct frame_want {
    uint16_t ask;
    uint32_t offset, length; /* at least 1 */
    const uint8_t *name;     /* 32, into the frame; NULL: more of the same */
};
struct frame_piece {
    uint16_t ask;
    uint32_t offset, total; /* of the whole blob */
    struct span bytes; /* at least 1; what is asked for or less. Not checked against anything */
};
void frame_want_put(struct wire_writer *w, const struct frame_want *f);
MUST_USE int frame_want_parse(struct frame_want *ret, struct span frame);
void frame_piece_put(struct wire_writer *w, const struct frame_piece *f);
MUST_USE int frame_piece_parse(struct frame_piece *ret, struct span frame);
void frame_noblob_put(struct wire_writer *w, uint16_t ask);
MUST_USE int frame_noblob_parse(uint16_t *ret, struct span frame);

/* ---- PROBE: which records we have, to find where two histories part ---- */

#define PROBE_HEADS_MAX 32
#define PROBE_BYTES(n)  (34 + (n)*16)
struct frame_probe {
    uint8_t log[32];
    bool answer;  /* to another PROBE: a search goes on */
    size_t count; /* at least 1 */
    struct {
        uint64_t seq; /* ascending */
        uint8_t head[8];
    } heads[PROBE_HEADS_MAX];
};
void frame_probe_put(struct wire_writer *w, const struct frame_probe *f);
MUST_USE int frame_probe_parse(struct frame_probe *ret, struct span frame);

/* BRANCH and PROOF are their type byte and what mesh/fork.h writes. */

/* ---- TELL: a short message that nobody keeps ---- */

#define TELL_BYTES(n) (1 + 8 + 2 + (n) + 64)
struct frame_tell {
    uint64_t counter; /* rises on every link: a replay is not news */
    struct span bytes;
    uint8_t sig[64]; /* by the identity key over binding, counter, bytes */
};
void frame_tell_put(struct wire_writer *w, const struct frame_tell *f,
                    const uint8_t binding[static 32], const struct hop_sign_key *key);
MUST_USE int frame_tell_parse(struct frame_tell *ret, struct span frame);
MUST_USE int frame_tell_verify(const struct frame_tell *f, const uint8_t binding[static 32],
                               const uint8_t identity[static 32]);

#endif
