/* Governing the cell from this device: each call writes one record, or says in a sentence why this
 * member may not. Durable after the owner's commit, like every act (device/device.h).
 *
 * All return HOP_OK, HOP_EREFUSED with the reason in why, or an error of the store. What has to
 * follow (a new epoch after a removal) is written in the same turn. */
#ifndef HOP_DEVICE_GOVERN_H
#define HOP_DEVICE_GOVERN_H

#include "device/device.h"

/* Remove a member with all devices, or, where ik is not NULL, one device for ever. One's own last
 * device cannot be revoked: that is leaving. */
MUST_USE int device_remove(struct device *d, size_t member, const uint8_t *ik,
                           enum auth_reason reason, uint64_t wall, struct text_said *why);

/* Another office or category. Secretary is an office that only a configuration gives. */
MUST_USE int device_set_role(struct device *d, size_t member, enum auth_role role,
                             enum auth_category category, uint64_t wall, struct text_said *why);

/* Leave a device out from now on, or (resume) let it in again. */
MUST_USE int device_suspend(struct device *d, const uint8_t ik[static 32], bool resume,
                            enum auth_reason reason, uint64_t wall, struct text_said *why);

/* This member leaves the cell with all devices. The next device that is active rotates. */
MUST_USE int device_leave(struct device *d, uint64_t wall, struct text_said *why);

/* A successor of the configuration that holds: what of it differs. The record counts as this seat's
 * signature. members removed by it and a secretary who is replaced get their cuts here. */
struct device_config_change {
    const uint8_t *secretary;   /* member id, or NULL: as it is */
    const uint8_t (*seats)[32]; /* identity keys, or NULL: as they are */
    size_t seats_count;
    const uint8_t *procedure; /* hash, or NULL: as it is */
    const uint8_t (*removed)[16];
    size_t removed_count;
};
MUST_USE int device_configure(struct device *d, const struct device_config_change *change,
                              uint64_t wall, uint8_t ret_id[static 32], struct text_said *why);

/* Agree, as a seat, to a CONFIG or CHECKPOINT record. Locked before it is written: of two
 * successors of one configuration this device signs one. */
MUST_USE int device_cosign(struct device *d, const uint8_t record[static 32], uint64_t wall,
                           struct text_said *why);
MUST_USE int device_checkpoint(struct device *d, uint64_t wall, struct text_said *why);

MUST_USE int device_set_group(struct device *d, const struct auth_group *group, uint64_t wall,
                              uint8_t ret_id[static 16], struct text_said *why);
MUST_USE int device_propose(struct device *d, const struct auth_propose *p, uint64_t wall,
                            struct text_said *why);
MUST_USE int device_invite_end(struct device *d, const uint8_t invite[static 16], uint8_t reason,
                               uint64_t wall, struct text_said *why);

/* ---- what a person should hear and see ---- */

#define DEVICE_SEATS_LEAST 3 /* with fewer, one lost device may leave the cell without a head */

/* Alarms and what waits for this person, as whole sentences; up to max. */
size_t device_govern_notices(struct device *d, struct text_said *ret, size_t max);

/* Entries of meetings that lie beyond a cut, and so have no effect: how many; the first max of them
 * in ret. */
size_t device_beyond_cuts(const struct device *d, uint32_t *ret, size_t max);

#endif
