/* Proof that a log has been signed twice: two different records under one number.
 *
 * A device that forks its log shows one history to some and another to others. Nobody can prevent
 * it; anybody who holds both branches can prove it, to everybody, with no key: each branch is the
 * header of the record at the fork and the hash of its text, the same for the records up to the
 * next one whose signature is held, and that signature. Both begin after the same record, so the
 * number proven is the first at which these two branches differ, and all before it stands.
 *
 * The branches of one log may differ from each other at several numbers. The least number proven
 * counts; everybody who has heard all proofs has the same (docs/protocol.md §6.8). */
#ifndef HOP_MESH_FORK_H
#define HOP_MESH_FORK_H

#include "mesh/segment.h"

#define FORK_LINK_BYTES (1 + 24 + 24 + 16 + 4 + 32) /* a further record, at most */
#define FORK_BRANCH_BYTES_MAX                                                                      \
    (1 + RECORD_HEADER_BYTES + 32 + (SEGMENT_RECORDS_MAX - 1) * FORK_LINK_BYTES + CRYPTO_SIG_BYTES)
#define FORK_PROOF_BYTES_MAX (2 * FORK_BRANCH_BYTES_MAX)

/* Where a branch leaves the common trunk. */
struct fork_point {
    uint8_t log[32];
    uint64_t seq;
    uint8_t prev[32]; /* id of record seq - 1; zeros before the first */
    uint8_t id[32];   /* of record seq on this branch */
    enum record_lane lane;
};

/* Write the branch that a store holds of a log from record seq on.
 * HOP_ENOTFOUND: the store does not give it up to a signed record. */
MUST_USE int fork_branch_put(struct wire_writer *w, struct store *store,
                             const uint8_t log[static 32], uint64_t seq);

/* Read one branch from r, check its chain and its signature. HOP_EMALFORMED, HOP_EAUTH. */
MUST_USE int fork_branch_get(struct fork_point *ret, struct wire_reader *r);

struct fork_proof {
    uint8_t log[32];
    uint64_t seq; /* the first number that is taken twice */
    uint8_t prev[32];
    enum record_lane lane;
};

/* A proof is two branches, that of the lesser id first; verified whole. HOP_EMALFORMED: also if
 * they do not prove anything; HOP_EAUTH. */
MUST_USE int fork_proof_parse(struct fork_proof *ret, struct span bytes);

/* Put two branches, as written above, in their order. Their points say which comes first. */
void fork_proof_put(struct wire_writer *w, struct span a, const struct fork_point *at_a,
                    struct span b, const struct fork_point *at_b);

#endif
