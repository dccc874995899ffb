/* What a device must keep secret and may never lose: the payload of the key file.
 *
 * Identity (ik), link (lk) and epoch (kem) keys are made once, by `hop init`. A cell adds its id
 * and one signing key for each lane's log. Log keys are never backed up: a device that cannot show
 * its own logs whole in its store opens a new incarnation with new ones.
 *
 * Whether they are whole is told by two marks. A *session* is a stretch of writing by one process,
 * at most DEVICE_SESSION_RECORDS long; its random name is written to the key file and, with the
 * session's first record, to the store. A store that is missing or from an earlier session has
 * another name, and the power may fail at any time without changing it. An orderly stop also notes
 * how far the own logs reach, for a copy made within the session. What both miss, a copy of the
 * whole directory, is seen by peers, and by this device when they show it records of its own. */
#ifndef HOP_DEVICE_KEYS_H
#define HOP_DEVICE_KEYS_H

#include "crypto/drbg.h"

#define DEVICE_LANES           3  /* control, meeting, bulk: cell/record.h */
#define DEVICE_SESSION_RECORDS 64 /* a key file is written once in so many */

struct device_keys {
    struct hop_sign_key ik;
    struct hop_box_key lk, kem;
    bool has_cell;
    uint8_t cell_id[32];
    bool carrier;  /* of that cell: first_epoch is only its route key (cell/epoch.h) */
    bool founding; /* founded here, and no record of it may be durable yet */
    uint32_t incarnation;
    struct hop_sign_key log[DEVICE_LANES];
    uint8_t
        first_epoch[32]; /* of a cell just founded or joined: the secret that opens its records */
    uint8_t session[16]; /* zeros: nothing was written to these logs yet */
    bool stopped;        /* in order, and then they reached so far: */
    uint64_t tips[DEVICE_LANES];
    bool changed; /* the owner must save before it commits */
};

void device_keys_new(struct device_keys *ret, struct hop_drbg *drbg);

/* Fresh log keys for the next incarnation. */
void device_keys_reincarnate(struct device_keys *k, struct hop_drbg *drbg);

#define DEVICE_KEYS_BYTES 512
void device_keys_put(uint8_t ret[static DEVICE_KEYS_BYTES], const struct device_keys *k);
MUST_USE int device_keys_parse(struct device_keys *ret, struct span bytes);

#endif
