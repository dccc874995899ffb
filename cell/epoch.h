/* An epoch: one random secret that a set of devices shares, and the keys that follow from it.
 *
 * The secret travels in an EPOCH record, sealed to each device's KEM key with one X25519 exchange a
 * slot, and bound by a key commitment, so that all recipients get the same secret or notice.
 * A GRANT is the same for devices that were left out. docs/protocol.md §4.
 */
#ifndef HOP_CELL_EPOCH_H
#define HOP_CELL_EPOCH_H

#include "base/wire.h"
#include "crypto/drbg.h"

#define EPOCH_SLOT_BYTES     88  /* hint 8, secret 32, history secret 32, tag 16 */
#define EPOCH_SLOTS_MAX      912 /* 900 devices, padded up to a multiple of 16 */
#define EPOCH_TEXT_BYTES_MAX (32 + 32 + 2 + EPOCH_SLOTS_MAX * EPOCH_SLOT_BYTES)

struct epoch {
    uint8_t secret[32];
    uint8_t auth[32], body[32], route[32], meet[32], commit[32];
    uint8_t tag[16]; /* cell_tag of its records */
    bool blind;      /* only route and tag are held: a carrier's */
};

/* All keys from the secret. */
void epoch_derive(struct epoch *ret, const uint8_t secret[static 32]);

/* What a carrier is given: enough to find the cell and pass its records on, nothing that opens
 * them. */
void epoch_derive_blind(struct epoch *ret, const uint8_t route[static 32]);

/* Routing hint of a log's records in this epoch. */
void epoch_hint(uint8_t ret[static 8], const struct epoch *e, const uint8_t log[static 32]);

/* What a device is called in beacons of this epoch. */
void epoch_device_tag(uint8_t ret[static 16], const struct epoch *e, const uint8_t ik[static 32]);

/* Seal the epoch's secret to count devices. padded: fill up to a multiple of 16 slots with random
 * ones, so that a carrier does not learn the number of devices. */
struct epoch_context {
    const uint8_t *cell_id; /* 32 */
    const uint8_t *log;     /* 32: the log that will carry it */
};
MUST_USE int epoch_slots_put(struct wire_writer *w, const struct epoch *e,
                             const struct epoch_context *context,
                             const uint8_t *kems, /* count keys of 32 bytes */
                             size_t count, bool padded, struct hop_drbg *drbg);

/* Find and open our slot. HOP_ENOTFOUND: none is ours; HOP_EAUTH: ours does not open or breaks the
 * commitment; HOP_EMALFORMED. */
MUST_USE int epoch_slots_open(struct epoch *ret, struct span text,
                              const struct epoch_context *context, const struct hop_box_key *kem);

#endif
