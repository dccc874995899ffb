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
#include "cell/history.h"

#define CELL_MEMBERS_MAX 300
#define CELL_DEVICES_MAX 900
#define CELL_INVITES_MAX 256

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

struct cell; /* opaque */

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

#endif
