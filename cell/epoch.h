/* An epoch: one random secret that a set of devices shares, and the keys that follow from it.
 *
 * Two secrets travel in an EPOCH record. The *epoch secret* opens what is written under the epoch.
 * The *history secret* opens, in the same record, both secrets of the epochs before it, so that who
 * is given it reads all of the past. Who is given the epoch secret alone finds in the record the
 * control keys of the epochs before: who is in the cell, and by what right, everybody can check
 * back to the founding. A carrier is given the route key and opens nothing.
 *
 * Secrets are sealed to each device's KEM key, with one X25519 exchange a slot, and bound by a key
 * commitment, so that all recipients get the same secret or notice. A GRANT is the same for one
 * device that was left out. Which epochs are held and which is written under: cell/epochs.h. Bytes:
 * docs/protocol.md §4.2. */
#ifndef HOP_CELL_EPOCH_H
#define HOP_CELL_EPOCH_H

#include "base/wire.h"
#include "crypto/drbg.h"

#define EPOCH_SLOT_BYTES   88  /* hint 8, secret 32, history secret 32, tag 16 */
#define EPOCH_SLOTS_MAX    912 /* 900 devices, padded up to a multiple of 16 */
#define EPOCH_MARK_BYTES   6   /* of a recipient, in the sealed part */
#define EPOCH_PARENT_BYTES 96  /* commitment, auth key, route key */
#define EPOCH_BACK_BYTES   64  /* of a parent: epoch secret, history secret */
#define EPOCH_PARENTS_MAX  16  /* a cell split into more parts merges in two steps */
#define EPOCH_META_BYTES_MAX                                                                       \
    (64 + EPOCH_SLOTS_MAX * EPOCH_MARK_BYTES + EPOCH_PARENTS_MAX * EPOCH_PARENT_BYTES)
#define EPOCH_TEXT_BYTES_MAX                                                                       \
    (32 + 32 + 2 + EPOCH_SLOTS_MAX * EPOCH_SLOT_BYTES + 4 + EPOCH_META_BYTES_MAX +                 \
     CRYPTO_TAG_BYTES + 4 + EPOCH_PARENTS_MAX * EPOCH_BACK_BYTES + CRYPTO_TAG_BYTES)
#define GRANT_META_BYTES 38 /* mark, KEM key */
#define GRANT_TEXT_BYTES                                                                           \
    (32 + 32 + 2 + EPOCH_SLOT_BYTES + 4 + GRANT_META_BYTES + CRYPTO_TAG_BYTES + 4)

/* How much of an epoch somebody holds, or is to be given; each includes those before it. */
enum epoch_hold {
    EPOCH_NOTHING,
    EPOCH_ROUTE,   /* route key and tag: a carrier */
    EPOCH_AUTH,    /* and opens control records */
    EPOCH_SECRET,  /* and everything written under it */
    EPOCH_HISTORY, /* and the epochs before it */
    EPOCH_HOLDS_COUNT
};

struct epoch {
    uint8_t secret[32], history[32];
    uint8_t auth[32], body[32], route[32], meet[32], commit[32];
    uint8_t tag[16]; /* cell_tag of its records */
    enum epoch_hold held;
};

/* All that follows from the secret; history NULL: held is EPOCH_SECRET. */
void epoch_derive(struct epoch *ret, const uint8_t secret[static 32], const uint8_t *history);

/* What a later epoch tells of an earlier one. */
void epoch_derive_auth(struct epoch *ret, const uint8_t commit[static 32],
                       const uint8_t auth[static 32], const uint8_t route[static 32]);

/* What a carrier is given: enough to find the cell and pass its records on, nothing that opens
 * them. It cannot check the commitment. */
void epoch_derive_blind(struct epoch *ret, const uint8_t commit[static 32],
                        const uint8_t route[static 32]);

/* Routing hint of a log's records in this epoch. */
void epoch_hint(uint8_t ret[static 8], const struct epoch *e, const uint8_t log[static 32]);

/* What a device is called in beacons of this epoch. */
void epoch_device_tag(uint8_t ret[static 16], const struct epoch *e, const uint8_t ik[static 32]);

/* A recipient in the sealed part of an EPOCH or GRANT: who, and how much it was given. */
void epoch_mark(uint8_t ret[static EPOCH_MARK_BYTES], const struct epoch *e,
                const uint8_t ik[static 32], enum epoch_hold share);

/* ---- writing ---- */

struct epoch_context {
    const uint8_t *cell_id; /* 32 */
    const uint8_t *log;     /* 32: the log that will carry it */
};

struct epoch_recipient {
    const uint8_t *ik, *kem; /* 32 each */
    enum epoch_hold share;   /* ROUTE, SECRET or HISTORY */
};

enum epoch_reason { /* shown, never judged */
                    EPOCH_FOUNDED,
                    EPOCH_REMOVED, /* somebody may read no more */
                    EPOCH_LEFT,
                    EPOCH_AGE,
                    EPOCH_REASONS_COUNT
};

struct epoch_made {
    uint8_t group[16]; /* zeros: the whole cell */
    enum epoch_reason reason;
    uint32_t generation; /* one more than the greatest of the parents; 1 without */
    uint64_t wall;       /* µs since 1970, as its author's clock said */
    const struct epoch *const *parents;
    size_t parents_count;
    const struct epoch_recipient *recipients;
    size_t recipients_count;
};

/* The text of an EPOCH record. e is held with its history secret. The slots are filled up to a
 * multiple of 16 with random ones, so that a carrier does not learn the number of devices.
 * HOP_EFULL: none, too many, no room; HOP_EAUTH: a KEM key of small order. */
MUST_USE int epoch_put(struct wire_writer *w, const struct epoch *e,
                       const struct epoch_context *context, const struct epoch_made *made,
                       struct hop_drbg *drbg);

/* The text of a GRANT record: GRANT_TEXT_BYTES. */
MUST_USE int epoch_grant_put(struct wire_writer *w, const struct epoch *e,
                             const struct epoch_context *context, const struct epoch_recipient *to,
                             struct hop_drbg *drbg);

/* ---- reading ---- */

/* The clear parts of an EPOCH or GRANT; spans point into the text. */
struct epoch_text {
    const uint8_t *epk, *commit; /* 32 each */
    struct span slots, meta, back;
};
MUST_USE int epoch_text_parse(struct epoch_text *ret, struct span text); /* HOP_EMALFORMED */

/* Find and open our slot. HOP_ENOTFOUND: none is ours; HOP_EAUTH: ours does not open, or does not
 * keep what the commitment promised to the others. carrier: it holds a route key. */
MUST_USE int epoch_slot_open(struct epoch *ret, const struct epoch_text *t,
                             const struct epoch_context *context, const struct hop_box_key *kem,
                             bool carrier);

/* The sealed part of an EPOCH. Spans point into plain, which has EPOCH_META_BYTES_MAX bytes. e is
 * held as EPOCH_AUTH or more. HOP_EAUTH, HOP_EMALFORMED. */
struct epoch_meta {
    uint8_t group[16];
    enum epoch_reason reason;
    uint32_t generation;
    uint64_t wall;
    struct span marks;   /* EPOCH_MARK_BYTES each, ascending */
    struct span parents; /* EPOCH_PARENT_BYTES each */
};
MUST_USE int epoch_meta_open(struct epoch_meta *ret, uint8_t *plain, const struct epoch_text *t,
                             const struct epoch_context *context, const struct epoch *e);

/* The secrets of the parents: e is held as EPOCH_HISTORY; ret is EPOCH_BACK_BYTES for each of
 * count. Zeros where the author did not hold them itself. HOP_EAUTH, HOP_EMALFORMED. */
MUST_USE int epoch_back_open(uint8_t *ret, size_t count, const struct epoch_text *t,
                             const struct epoch_context *context, const struct epoch *e);

struct epoch_grant {
    uint8_t mark[EPOCH_MARK_BYTES];
    uint8_t kem[32]; /* what it was sealed to */
};
MUST_USE int epoch_grant_open(struct epoch_grant *ret, const struct epoch_text *t,
                              const struct epoch_context *context, const struct epoch *e);

#endif
