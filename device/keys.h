/* What a device must keep secret and may never lose: the payload of the key file.
 *
 * Identity (ik) and link (lk) keys are made once, by `hop init`; the epoch key (kem) too, and
 * renewed with the epochs: two older ones are kept for those who have not heard of the newest. A
 * cell adds its id, the secrets of its epochs, the key by which its devices compare what they have,
 * and one signing key for each lane's log. Log keys are never backed up: a device that cannot show
 * its own logs whole in its store opens a new incarnation with new ones; so it does when it begins
 * to write under another epoch, and whoever takes the device then cannot write into what is closed.
 *
 * Of the epochs those are kept that were sealed to this device, or made by it. Others follow from
 * these and the records (cell/epochs.h), and are not.
 *
 * Whether they are whole is told by two marks. A *session* is a stretch of writing by one process,
 * at most DEVICE_SESSION_RECORDS long; its random name is written to the key file and, with the
 * session's first record, to the store. A store that is missing or from an earlier session has
 * another name, and the power may fail at any time without changing it. An orderly stop also notes
 * how far the own logs reach, for a copy made within the session. What both miss, a copy of the
 * whole directory, is seen by peers, and by this device when they show it records of its own. */
#ifndef HOP_DEVICE_KEYS_H
#define HOP_DEVICE_KEYS_H

#include "cell/epoch.h"
#include "crypto/drbg.h"

#define DEVICE_LANES           3  /* control, meeting, bulk: cell/record.h */
#define DEVICE_SESSION_RECORDS 64 /* a key file is written once in so many */

#define DEVICE_EPOCHS_MAX 256
#define DEVICE_KEMS       3 /* the newest, and two before */

/* An epoch that is held. */
struct device_epoch {
    uint8_t held;       /* enum epoch_hold: ROUTE, SECRET or HISTORY */
    bool made;          /* here, and it may be that no record of it is durable */
    uint8_t secret[32]; /* ROUTE: the route key */
    uint8_t other[32];  /* HISTORY: the history secret; ROUTE: the commitment; SECRET: zeros */
};

struct device_keys {
    struct hop_sign_key ik;
    struct hop_box_key lk;
    struct hop_box_key kem, kem_before[DEVICE_KEMS - 1];
    uint8_t kems_before;   /* how many of kem_before there are */
    uint8_t kem_epoch[16]; /* tag of the epoch that was written under when kem was made */
    bool has_cell;
    uint8_t cell_id[32];
    uint8_t sync_key[32];
    bool carrier;  /* of that cell: it holds route keys only */
    bool founding; /* founded here, and no record of it may be durable yet */
    uint32_t incarnation;
    struct hop_sign_key log[DEVICE_LANES];
    uint8_t log_epoch[16]; /* tag of the epoch that these logs are written under */
    size_t epochs_count;
    struct device_epoch epochs[DEVICE_EPOCHS_MAX];
    uint32_t seat_number;    /* of the CONFIG that this seat last signed; 0: none */
    uint8_t seat_config[32]; /* its id */
    /* 0, or the first incarnation since it may be forgotten what the seat has signed: it signs no
     * more until a CONFIG that has seen this incarnation names it again */
    uint32_t seat_lost;
    uint8_t session[16]; /* zeros: nothing was written to these logs yet */
    bool stopped;        /* in order, and then they reached so far: */
    uint64_t tips[DEVICE_LANES];
    bool changed; /* the owner must save before it commits */
};

void device_keys_new(struct device_keys *ret, struct hop_drbg *drbg);

/* Fresh log keys for the next incarnation. */
void device_keys_reincarnate(struct device_keys *k, struct hop_drbg *drbg);

/* A new epoch key; the older ones go one place back, and the oldest is gone. */
void device_keys_renew_kem(struct device_keys *k, struct hop_drbg *drbg);

/* Keep an epoch, or more of it; made: by this device, just now. HOP_EFULL. */
MUST_USE int device_keys_hold(struct device_keys *k, const struct epoch *e, bool made);
/* The epoch that was kept, with all that follows from it. */
void device_keys_epoch(const struct device_keys *k, size_t index, struct epoch *ret);
void device_keys_drop(struct device_keys *k, size_t index);

#define DEVICE_KEYS_BYTES_MAX (18u * 1024) /* all that has a limit, at it */
/* *ret_size bytes: a multiple of 1024, so that the size of the file says little. */
void device_keys_put(uint8_t ret[static DEVICE_KEYS_BYTES_MAX], size_t *ret_size,
                     const struct device_keys *k);
/* HOP_EVERSION: of a newer hop; HOP_EMALFORMED. */
MUST_USE int device_keys_parse(struct device_keys *ret, struct span bytes);

#endif
