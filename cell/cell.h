/* Who may write: the cell as a pure function of its control records.
 *
 * A cell is founded by a GENESIS record; its id is the hash of that record's body. Members are
 * brought in by ADMIT records, devices by the certificate inside. Every log is bound to its device
 * by a sealed LOG-OPEN. Who may read is in cell/epochs.h. Same records, same cell, in whatever
 * order they came.
 *
 * Nothing that was valid when it was written is refused here: what a rule does not allow is
 * ignored, with a reason that can be shown. */
#ifndef HOP_CELL_CELL_H
#define HOP_CELL_CELL_H

#include "base/buf.h"
#include "cell/auth.h"
#include "cell/history.h"
#include "text/text.h"

#define CELL_MEMBERS_MAX 300
#define CELL_DEVICES_MAX 900
#define CELL_INVITES_MAX 1280 /* shown: every device, and some who never came */

/* What a member may do. It depends on who asks: the fold of a meeting judges an act by what its
 * author had seen, a screen by what is known now. */
struct cell_standing {
    enum auth_role role;
    enum auth_category category;
    uint8_t rank; /* 0 member … 3 secretary */
    bool active;  /* admitted, and neither removed nor left */
};

struct cell_member {
    uint8_t id[16];
    char name[AUTH_NAME_BYTES_MAX + 1];
    enum auth_role role; /* these four: as known now */
    enum auth_category category;
    uint8_t rank;
    bool active;
    bool pending;            /* its admission was voided by a cut: to be admitted again, or not */
    uint8_t admitted_by[16]; /* member id; own id for the founder */
    uint8_t proposed_by[16]; /* member id of the group leader; zeros: nobody */
    uint8_t admit[32];       /* id of the ADMIT record of its first device */
    uint8_t removal[32];     /* id of the record that ended its membership; zeros while active */
    uint32_t first_device;   /* index of its first device */
};

enum cell_device_state {
    DEVICE_ACTIVE,
    DEVICE_SUSPENDED, /* lost or seized: no links and no new keys until it is resumed */
    DEVICE_REVOKED    /* for ever: its member left or was removed, or this device was */
};

struct cell_device {
    struct auth_cert cert; /* kem: the newest that it has told */
    uint32_t member;       /* index into members */
    uint8_t admit[32];     /* id of the ADMIT record */
    enum cell_device_state state;
    bool seat;          /* in the configuration that holds now */
    bool double_signed; /* it has co-signed two successors of one configuration: its seat is void */
    uint8_t ended[32];  /* id of the record that suspended or revoked it; zeros while active */
};

struct cell_invite {
    struct auth_invite body;
    uint8_t record[32];
    uint32_t by; /* member index */
    bool used;
    bool ended; /* revoked or burned */
};

struct cell_proposal {
    uint8_t record[32];
    uint32_t by; /* member index of the group leader */
    struct auth_propose body;
    bool answered; /* an invitation followed */
};

struct cell_group {
    uint8_t id[16];
    char name[AUTH_NAME_BYTES_MAX + 1];
    uint32_t leader; /* member index, or UINT32_MAX: a member no more */
    size_t members_count;
    uint32_t members[AUTH_GROUP_MEMBERS_MAX]; /* indexes of active members, ascending */
};

/* The configuration that holds, and those that wait for signatures. */
struct cell_config {
    uint8_t record[32];      /* of GENESIS for number 0 */
    struct auth_config body; /* without cuts */
    size_t signatures;       /* of seats of the one before */
    size_t needed;
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
void cell_reset(struct cell *c); /* forget the fold */

/* One opened control record. ik is the identity its log is bound to. */
struct cell_event {
    const uint8_t *id;  /* 32 bytes */
    const uint8_t *ik;  /* 32 bytes */
    const uint8_t *log; /* 32 bytes */
    uint64_t seq;
    uint32_t entry; /* in the history */
    unsigned type;
    struct span body;
};

/* Take one, in any order, each once. HOP_ENOMEM only: what a rule does not allow is listed as
 * ignored. It counts from the next cell_resolve() on. */
MUST_USE int cell_apply(struct cell *c, const struct cell_event *e);

/* Who is who among all that were taken, by the rule of cell/resolve.c. The history, which holds
 * them all, gives ancestry. Cheap if what came since the last time sorts behind it and touches
 * little. HOP_ENOMEM. */
MUST_USE int cell_resolve(struct cell *c, const struct history *h);

/* Counts up whenever an answer about a record that was there before may have become another: what
 * was folded by such answers is to be folded again. */
uint64_t cell_turns(const struct cell *c);

/* ---- reading ---- */

const uint8_t *cell_id(const struct cell *c); /* 32 bytes; zeros before genesis is known */
const struct auth_genesis *cell_genesis(const struct cell *c); /* NULL before */
size_t cell_member_count(const struct cell *c);
const struct cell_member *cell_member(const struct cell *c, size_t index);
const struct cell_member *cell_member_by_id(const struct cell *c, const uint8_t id[static 16]);
size_t cell_member_index(const struct cell *c, const uint8_t id[static 16]); /* SIZE_MAX: none */
size_t cell_device_count(const struct cell *c);
const struct cell_device *cell_device(const struct cell *c, size_t index);
/* By identity key, whatever its state; NULL: it never was one of ours. */
const struct cell_device *cell_device_by_key(const struct cell *c, const uint8_t ik[static 32]);
/* By identity key, if it is active now; else NULL. */
const struct cell_device *cell_device_active(const struct cell *c, const uint8_t ik[static 32]);
/* By the tag its beacons carry under this route key; active ones only. */
const struct cell_device *cell_device_by_tag(const struct cell *c, const uint8_t route[static 32],
                                             const uint8_t tag[static 16]);
/* Is it the tag of a device that is suspended or revoked? */
bool cell_tag_shut_out(const struct cell *c, const uint8_t route[static 32],
                       const uint8_t tag[static 16]);

/* The standing of a member as record `entry` had seen it; entry HISTORY_NONE: as known now. */
struct cell_standing cell_standing_at(const struct cell *c, const struct history *h, size_t member,
                                      uint32_t entry);

/* Has this record of this device any effect, or does it lie beyond a cut? */
bool cell_accepts(const struct cell *c, const uint8_t ik[static 32], const uint8_t log[static 32],
                  uint64_t seq);

/* The devices of a member that are not revoked, for a record that gives an office: identity keys,
 * ascending. ret has room for AUTH_DEVICES_MAX; more are left out. */
struct auth_devices cell_devices_of(const struct cell *c, size_t member,
                                    uint8_t ret[static AUTH_DEVICES_MAX * 32]);

/* Would a record of this type and body, written now by this device, have any effect? TEXT_NONE, or
 * why not. Not for admissions. Changes nothing that can be asked. */
enum text_id cell_may(struct cell *c, const uint8_t ik[static 32], unsigned type, struct span body);

/* The newest CHECKPOINT that counts; zeros: none. */
void cell_checkpoint(const struct cell *c, uint8_t ret[static 32]);

/* How far a removal of these by somebody who has this history would accept each of their logs. ik
 * NULL: all devices of the member; member SIZE_MAX: of all. Appends AUTH_CUT_BYTES each. HOP_EFULL:
 * more than AUTH_CUTS_MAX; HOP_ENOMEM. */
struct cell_log_owner { /* for each log of the history, in its order; ik NULL: not known whose */
    const uint8_t *ik;
};
MUST_USE int cell_cuts(const struct cell *c, const struct history *h,
                       const struct cell_log_owner *owners, size_t member, const uint8_t *ik,
                       struct buf *ret);

const struct cell_config *cell_config(const struct cell *c); /* NULL before genesis */
size_t
cell_config_waiting_count(const struct cell *c); /* well-formed successors short of signatures */
const struct cell_config *cell_config_waiting(const struct cell *c, size_t index);
/* Both of two successors that had a majority: then seats have signed twice. False: none. */
bool cell_config_conflict(const struct cell *c, uint8_t ret_winner[static 32],
                          uint8_t ret_loser[static 32]);
size_t cell_group_count(const struct cell *c);
const struct cell_group *cell_group(const struct cell *c, size_t index);
const struct cell_group *cell_group_by_id(const struct cell *c, const uint8_t id[static 16]);
/* The group as record `entry` had seen it, its people whoever of them is a member; entry
 * HISTORY_NONE: as known now, and h may be NULL. False: there was none. */
bool cell_group_at(const struct cell *c, const struct history *h, const uint8_t id[static 16],
                   uint32_t entry, struct cell_group *ret);
size_t cell_proposal_count(const struct cell *c);
const struct cell_proposal *cell_proposal(const struct cell *c, size_t index);

size_t cell_invite_count(const struct cell *c);
const struct cell_invite *cell_invite(const struct cell *c, size_t index);
/* The member who holds the office of secretary; NULL before genesis. */
const struct cell_member *cell_secretary(const struct cell *c);

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
