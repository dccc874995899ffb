/* Who may write and who may read: the cell as a pure fold over its control records.
 *
 * A cell is founded by a GENESIS record; its id is the hash of that record's body. Members are
 * brought in by ADMIT records, devices by the certificate inside. Every log is bound to its device
 * by a sealed LOG-OPEN. Epoch secrets reach devices in EPOCH and GRANT slots. Same records, same
 * cell, in whatever order they came (cell/history.h gives them one order).
 *
 * Nothing that was valid when it was written is refused here: what a rule does not allow is
 * ignored, with a reason that can be shown. */
#ifndef HOP_CELL_CELL_H
#define HOP_CELL_CELL_H

#include "cell/auth.h"
#include "cell/epoch.h"
#include "cell/history.h"
#include "text/text.h"

#define CELL_MEMBERS_MAX 300
#define CELL_DEVICES_MAX 900
#define CELL_INVITES_MAX 380 /* ever made: every member, and some who never came */
#define CELL_EPOCHS_MAX  256 /* a month each for twenty years */

struct cell_member {
    uint8_t id[16];
    char name[AUTH_NAME_BYTES_MAX + 1];
    enum auth_role role;
    enum auth_category category;
    uint8_t rank;
    uint8_t admitted_by[16]; /* member id; own id for the founder */
    uint32_t first_device;   /* index of its first device */
};

struct cell_device {
    struct auth_cert cert;
    uint32_t member;   /* index into members */
    uint8_t tag[16];   /* BLAKE2b-128 under the route key: what its beacons carry */
    uint8_t admit[32]; /* id of the ADMIT record */
};

struct cell_invite {
    struct auth_invite body;
    uint8_t record[32];
    uint32_t by; /* member index */
    bool used;
};

/* A control record that a rule does not allow, and why: kept in the log, without effect. */
struct cell_ignored {
    uint8_t record[32];
    enum text_id why;
};

struct cell; /* opaque */

/* ---- making: device/ does this ---- */

struct cell *cell_new(const uint8_t id[static 32]); /* NULL if memory runs out */
void cell_free(struct cell *c);
void cell_reset(struct cell *c); /* forget the fold; the epochs stay */

/* One opened control record. ik is the identity its log is bound to. */
struct cell_event {
    const uint8_t *id; /* 32 bytes */
    const uint8_t *ik; /* 32 bytes */
    unsigned type;
    struct span body;
};

/* Fold one, in canonical order. HOP_ENOMEM only: what a rule does not allow is listed as ignored.
 */
MUST_USE int cell_apply(struct cell *c, const struct cell_event *e);

size_t cell_epoch_count(const struct cell *c); /* how many secrets are held */

/* Hold an epoch's secret. HOP_EEXIST: held already; HOP_EFULL. */
MUST_USE int cell_add_epoch(struct cell *c, const struct epoch *e);

/* ---- reading ---- */

const uint8_t *cell_id(const struct cell *c); /* 32 bytes; zeros before genesis is known */
const struct auth_genesis *cell_genesis(const struct cell *c); /* NULL before */
size_t cell_member_count(const struct cell *c);
const struct cell_member *cell_member(const struct cell *c, size_t index);
const struct cell_member *cell_member_by_id(const struct cell *c, const uint8_t id[static 16]);
size_t cell_member_index(const struct cell *c, const uint8_t id[static 16]); /* SIZE_MAX: none */
size_t cell_device_count(const struct cell *c);
const struct cell_device *cell_device(const struct cell *c, size_t index);
/* By identity key; NULL when it is not an active device. */
const struct cell_device *cell_device_by_key(const struct cell *c, const uint8_t ik[static 32]);
const struct cell_device *cell_device_by_tag(const struct cell *c, const uint8_t tag[static 16]);
size_t cell_invite_count(const struct cell *c);
const struct cell_invite *cell_invite(const struct cell *c, size_t index);
/* The member who holds the office of secretary; NULL before genesis. */
const struct cell_member *cell_secretary(const struct cell *c);

/* Key under which this cell's beacons are sealed; HOP_ENOTFOUND before any epoch is held. */
MUST_USE int cell_disc_key(const struct cell *c, uint8_t ret[static 32]);

/* The epoch whose records carry this tag; NULL if its secret is not held. */
const struct epoch *cell_epoch_by_tag(const struct cell *c, const uint8_t tag[static 16]);
/* The epoch to write under: the first that was held, the one of the key file. In what order others
 * come must not decide it. NULL before any is held. */
const struct epoch *cell_send_epoch(const struct cell *c);

/* Key for the voice of one meeting; HOP_ENOTFOUND before any epoch is held. */
MUST_USE int cell_media_key(const struct cell *c, const uint8_t meeting[static 32],
                            uint8_t ret[static 32]);

/* The procedure file that genesis pins, as its record carried it; empty before it is here. */
struct span cell_procedure(const struct cell *c);

size_t cell_ignored_count(const struct cell *c);
const struct cell_ignored *cell_ignored_at(const struct cell *c, size_t index);

/* The id a person gets when a device with this identity key is admitted by this invitation. */
void cell_member_id(uint8_t ret[static 16], const uint8_t cell_id[static 32],
                    const uint8_t invite[static 16], const uint8_t ik[static 32]);

/* What a joiner signs with its invitation's key: the proof is bound to all its keys. */
#define CELL_JOIN_MESSAGE_BYTES (32 + 16 + 96)
void cell_join_message(uint8_t ret[static CELL_JOIN_MESSAGE_BYTES],
                       const uint8_t cell_id[static 32], const uint8_t invite[static 16],
                       const struct auth_cert *cert);

#endif
