/* SEGMENT: a run of records of one log, with everything implied that its place implies.
 *
 * Log, lane and first number are said once, the log by three bytes where the receiver is known to
 * have it; numbers count up; prev follows from the receiver's own tip; cell tag and routing hint
 * are repeated only where they change; one signature, of the last record, proves the run. On a fast
 * link the signatures of the others may come along: nobody checks them on arrival, but they are
 * where the receiver may end a run when it passes the records on over a slow one, and then it does.
 * Live push and catching up use this same frame; a bundle does without the two abbreviations,
 * because nobody has the rest at hand. */
#ifndef HOP_MESH_SEGMENT_H
#define HOP_MESH_SEGMENT_H

#include "base/arena.h"
#include "mesh/frame.h"

#define SEGMENT_RECORDS_MAX  64
#define SEGMENT_BYTES_AIM    (64u << 10) /* 8 s of a 64 kbit/s radio; past it, cut where possible */
#define SEGMENT_FIXED_BYTES  (1 + 1 + 32 + 8 + 1 + 64)       /* at most, without its records */
#define SEGMENT_RECORD_BYTES (4 + 1 + 16 + 8 + 24 + 16 + 64) /* at most, without its text */

struct segment {
    enum record_lane lane;
    bool log_brief;  /* of log, only the first FRAME_BRIEF_BYTES are said; the rest is zeros */
    bool tags_brief; /* tag and hint of the first are those of the record before it: NULL here
                        until segment_take_tags() */
    uint8_t log[32];
    uint64_t first;
    size_t count;           /* 1 .. SEGMENT_RECORDS_MAX */
    const uint8_t *sig;     /* of the last; NULL: its id is known from the proof of a fork */
    const uint8_t *end;     /* then that id, or NULL if it is not known here */
    struct segment_record { /* pointers into the frame, or into the store */
        enum record_outer outer;
        const uint8_t *cell_tag, *hint, *kc;
        const uint8_t *nonce; /* 24 bytes if it is long; else RECORD_NONCE_BYTES of it */
        bool long_nonce;      /* it does not go on with zeros */
        const uint8_t *sig;   /* its own, or NULL; of the last: the segment's */
        struct span text;
    } records[SEGMENT_RECORDS_MAX];
};

/* Size of the frame, and the frame. */
size_t segment_size(const struct segment *s);
void segment_put(struct wire_writer *w, const struct segment *s);
MUST_USE int segment_parse(struct segment *ret, struct span frame);

/* Append a parsed record; it must be the next of the same log and lane. The bytes r->header and
 * r->text point to must stay. */
void segment_add(struct segment *s, const struct record *r);

/* Fill in what tags_brief left out, from the header of record first - 1. */
void segment_take_tags(struct segment *s, const uint8_t *header);
/* Would the first say the tags of the record with this header again? */
bool segment_same_tags(const struct segment *s, const uint8_t *header);

/* Where a chain has got to. */
struct segment_tip {
    uint64_t seq;
    uint8_t head[32];
};

/* Rebuild record number index of the run as it is stored, following tip, which moves on. ret has
 * segment_stored_size() bytes. The signature is attached to the last. */
size_t segment_stored_size(const struct segment *s, size_t index);
void segment_store_form(uint8_t *ret, const struct segment *s, size_t index,
                        struct segment_tip *tip);

/* Records of a segment as they will be stored. */
struct segment_rebuilt {
    size_t count;
    struct span bytes[SEGMENT_RECORDS_MAX];
    uint8_t ids[SEGMENT_RECORDS_MAX][32];
};

/* Rebuild what follows tip, which moves on, and check the signature of the last: the one way by
 * which a run is found good, whatever brought it. first <= tip->seq + 1 <= last. HOP_EAUTH;
 * HOP_EFULL: scratch is too small. Scratch keeps the bytes only on success. */
MUST_USE int segment_rebuild(struct segment_rebuilt *ret, const struct segment *s,
                             struct segment_tip *tip, struct arena *scratch);

/* Fill s from the store with what follows record `after` of a log and goes up to `last`, cut at the
 * last record that is signed and within limits; past bytes_aim the first signed one is taken. A run
 * that came in one frame fits into one. False: the store does not give it. */
bool segment_read(struct segment *s, struct store *store, const uint8_t log[static 32],
                  uint64_t after, uint64_t last, size_t bytes_aim);

/* The same with all that may bound a run. */
struct segment_limits {
    uint64_t last;
    bool bare;             /* count bytes as without the signatures of others, and tags */
    size_t records, bytes; /* at least 1 record, whatever its size */
    bool own;              /* our own signatures need no checking */
    bool open_end;         /* record `last` needs no signature: a fork's proof names its head */
};
bool segment_read_within(struct segment *s, struct store *store, const uint8_t log[static 32],
                         uint64_t after, const struct segment_limits *limits);

#endif
