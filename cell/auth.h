/* The control records: who is in the cell, on what word, with which keys. Fixed layouts.
 *
 * Types 1..31. What each may do, and what wins when two were written apart, is the rule of
 * cell/resolve.c; here are only the bytes. docs/protocol.md §4. */
#ifndef HOP_CELL_AUTH_H
#define HOP_CELL_AUTH_H

#include "base/wire.h"
#include "crypto/crypto.h"

#define AUTH_NAME_BYTES_MAX 96 /* a person's or a cell's name, UTF-8 in NFC */
#define AUTH_TEXT_BYTES_MAX 96 /* name of a procedure */

enum auth_type {
    AUTH_LOG_OPEN = 1,
    AUTH_GENESIS = 2,
    AUTH_EPOCH = 3, /* outer kind, not sealed: slots of an epoch secret */
    AUTH_GRANT = 4, /* outer kind: one more slot of an epoch */
    AUTH_INVITE = 5,
    AUTH_ADMIT = 6,
    AUTH_PROCEDURE = 7, /* the text of the procedure file that genesis pins by hash */
    AUTH_REMOVE = 8,    /* a member, or one device of theirs, with cuts */
    AUTH_ROLE = 9,      /* another office or category, with cuts if the rank falls */
    AUTH_CONFIG = 10,   /* the top: seats, secretary, procedure; counts when co-signed */
    AUTH_SUSPEND = 11,  /* a device is left out until somebody resumes it */
    AUTH_LEAVE = 12,    /* the author's member leaves, with cuts for its other devices */
    AUTH_CHECKPOINT =
        13,           /* how far all control logs reach; counts when co-signed; no cut goes below */
    AUTH_SEEN = 14,   /* an empty body: what its deps say, that this device has seen, is all */
    AUTH_COSIGN = 15, /* a seat agrees to a CONFIG or CHECKPOINT record */
    AUTH_PREKEY = 16, /* the author's device has a new KEM key */
    AUTH_GROUP = 17,  /* a group (tổ): its name, leader and members */
    AUTH_PROPOSE = 18,   /* a group leader proposes that a person be invited */
    AUTH_INVITE_END = 19 /* an invitation is void: revoked, or burned by three failures */
};

enum auth_role { /* office in the cell; a procedure gives each its label and rank */
                 ROLE_MEMBER,
                 ROLE_COMMITTEE, /* chi ủy viên */
                 ROLE_DEPUTY,    /* phó bí thư */
                 ROLE_SECRETARY, /* bí thư */
                 ROLE_OBSERVER,
                 ROLE_CARRIER,
                 ROLES_COUNT
};

enum auth_category {                        /* who counts is for the procedure to say */
                     CATEGORY_FULL,         /* chính thức */
                     CATEGORY_PROBATIONARY, /* dự bị */
                     CATEGORY_ATTACHED,     /* sinh hoạt tạm thời */
                     CATEGORY_EXEMPT,       /* miễn sinh hoạt */
                     CATEGORY_TRANSFERRED,  /* chuyển sinh hoạt tạm thời đi */
                     CATEGORIES_COUNT
};

/* A device's public keys, with the proof that whoever wrote it holds the identity key. The proof
 * names the invitation (zeros: the founder's), or somebody could have the device admitted once more
 * by an invitation of their own, as a device of somebody else. */
struct auth_cert {
    uint8_t ik[32];  /* Ed25519: signs LOG-OPEN, HELLO, beacons */
    uint8_t lk[32];  /* X25519: CURVE client key */
    uint8_t kem[32]; /* X25519: epoch secrets are sealed to it */
    uint8_t sig[64]; /* by ik over cell id || invitation id || ik || lk || kem */
};
#define AUTH_CERT_BYTES 160

void auth_cert_put(struct wire_writer *w, const struct auth_cert *c);
void auth_cert_get(struct wire_reader *r, struct auth_cert *ret);
void auth_cert_sign(struct auth_cert *c, const struct hop_sign_key *ik,
                    const uint8_t cell_id[static 32], const uint8_t invite[static 16]);
MUST_USE int auth_cert_check(const struct auth_cert *c, const uint8_t cell_id[static 32],
                             const uint8_t invite[static 16]);

struct auth_log_open {
    uint8_t cell_id[32];
    uint8_t ik[32];
    uint32_t incarnation;
    uint8_t lane;
    uint8_t sig[64]; /* by ik over cell id || log id || incarnation || lane */
};
void auth_log_open_put(struct wire_writer *w, const struct auth_log_open *o);
MUST_USE int auth_log_open_parse(struct auth_log_open *ret, struct span body);
void auth_log_open_sign(struct auth_log_open *o, const struct hop_sign_key *ik,
                        const uint8_t log_id[static 32]);
MUST_USE int auth_log_open_check(const struct auth_log_open *o, const uint8_t log_id[static 32]);

struct auth_genesis {
    uint8_t salt[32];      /* random: two cells of one name are two cells */
    uint8_t procedure[32]; /* hash of the procedure file */
    char name[AUTH_NAME_BYTES_MAX + 1];
    char procedure_name[AUTH_TEXT_BYTES_MAX + 1];
    char founder_name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t founder_role;
    uint8_t founder_ik[32], founder_lk[32], founder_kem[32];
};
void auth_genesis_put(struct wire_writer *w, const struct auth_genesis *g);
MUST_USE int auth_genesis_parse(struct auth_genesis *ret, struct span body);
void auth_genesis_cell_id(uint8_t ret[static 32], struct span body);

struct auth_invite {
    uint8_t id[16];                     /* BLAKE2b-128 of the seed */
    uint8_t sign_key[32];               /* the joiner signs its request with the seed's key */
    uint8_t link_key[32];               /* CURVE client key the joiner will use */
    uint8_t disc_key[32];               /* beacon key for the two to find each other */
    char name[AUTH_NAME_BYTES_MAX + 1]; /* whom it is for */
    uint8_t role, category;
    uint8_t
        member[16]; /* zeros: a new person; else one more device of this member, or its return */
    uint8_t proposal[32]; /* id of the PROPOSE record this follows; zeros: none */
};
void auth_invite_put(struct wire_writer *w, const struct auth_invite *i);
MUST_USE int auth_invite_parse(struct auth_invite *ret, struct span body);

struct auth_admit {
    uint8_t invite[16]; /* zeros for the founder */
    uint8_t member[16]; /* id the member gets */
    char name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t role, category, rank;
    struct auth_cert cert;
    uint8_t join_sig[64]; /* by the invitation's key over cell_join_message() */
};
void auth_admit_put(struct wire_writer *w, const struct auth_admit *a);
MUST_USE int auth_admit_parse(struct auth_admit *ret, struct span body);

/* ---- cuts: where the author of a removal stops to accept a log ---- */

struct auth_cut {
    uint8_t log[32];
    uint64_t seq;   /* the last accepted; 0: nothing of it */
    uint8_t id[32]; /* of that record; zeros if seq is 0 */
};
#define AUTH_CUT_BYTES 72
#define AUTH_CUTS_MAX  4096 /* 288 KiB: three lanes of every incarnation of a member's devices */

/* By log, ascending. Logs of the devices concerned that are not named are cut at 0: whoever removes
 * names all that it has seen. Cuts borrow the body they were parsed from. */
struct auth_cuts {
    const uint8_t *bytes; /* count times AUTH_CUT_BYTES */
    size_t count;
};
void auth_cut_put(struct wire_writer *w, const struct auth_cut *cut);
void auth_cut_at(struct auth_cut *ret, const struct auth_cuts *cuts, size_t index);
uint64_t auth_cuts_seq(const struct auth_cuts *cuts, const uint8_t log[static 32]); /* 0: unnamed */

/* Devices of one member, by identity key, ascending. Who gives an office names those of the
 * member's devices that it holds for good: the office counts for these and for what they bring in,
 * and not for one that was lost before. */
#define AUTH_DEVICES_MAX 32
struct auth_devices {
    const uint8_t *keys; /* borrowed: count times 32 */
    uint8_t count;
};

enum auth_reason { /* shown, never judged */
                   REASON_REMOVED,
                   REASON_LOST,
                   REASON_COMPROMISED,
                   REASON_LEFT,
                   REASON_IDLE,
                   REASONS_COUNT
};

struct auth_remove {
    uint8_t member[16];
    uint8_t ik[32]; /* zeros: the member with all devices; else this device only */
    uint8_t reason;
    struct auth_cuts cuts;
};
void auth_remove_put(struct wire_writer *w, const struct auth_remove *v);
MUST_USE int auth_remove_parse(struct auth_remove *ret, struct span body);

struct auth_role_change {
    uint8_t member[16];
    uint8_t role, category;
    struct auth_devices devices; /* of the member */
    struct auth_cuts cuts;       /* none unless the rank falls: beyond them, the new rank holds */
};
void auth_role_put(struct wire_writer *w, const struct auth_role_change *v);
MUST_USE int auth_role_parse(struct auth_role_change *ret, struct span body);

#define AUTH_SEATS_MAX   31
#define AUTH_REMOVED_MAX 31

/* The numbered configuration. It counts when more than half of the seats of the one before have
 * co-signed it (its author's seat has by writing it); GENESIS is number 0, with the founder's
 * device as the only seat. A seat is a device, so that one lock in one key file keeps it from
 * signing two. */
struct auth_config {
    uint32_t number;
    uint8_t prev[32];                  /* id of the CONFIG before, or of GENESIS */
    uint8_t secretary[16];             /* member; zeros: the office is vacant */
    struct auth_devices devices;       /* of the secretary */
    uint8_t procedure[32];             /* hash of the procedure file */
    uint8_t seats_count;               /* 1 … AUTH_SEATS_MAX */
    uint8_t seats[AUTH_SEATS_MAX][32]; /* identity keys, ascending */
    uint8_t removed_count;
    uint8_t removed[AUTH_REMOVED_MAX][16]; /* members of any rank */
    struct auth_cuts cuts; /* of those removed, and of a secretary who is one no more */
};
void auth_config_put(struct wire_writer *w, const struct auth_config *v);
MUST_USE int auth_config_parse(struct auth_config *ret, struct span body);

struct auth_suspend {
    uint8_t ik[32];
    uint8_t resume; /* 0: left out from now on; 1: in again */
    uint8_t reason;
};
void auth_suspend_put(struct wire_writer *w, const struct auth_suspend *v);
MUST_USE int auth_suspend_parse(struct auth_suspend *ret, struct span body);

struct auth_leave {
    struct auth_cuts cuts;
};
void auth_leave_put(struct wire_writer *w, const struct auth_leave *v);
MUST_USE int auth_leave_parse(struct auth_leave *ret, struct span body);

struct auth_checkpoint {
    uint32_t number;       /* of the CONFIG it stands on */
    uint8_t prev[32];      /* the CHECKPOINT before, or zeros */
    struct auth_cuts tips; /* every control log as far as its author has it */
};
void auth_checkpoint_put(struct wire_writer *w, const struct auth_checkpoint *v);
MUST_USE int auth_checkpoint_parse(struct auth_checkpoint *ret, struct span body);

struct auth_cosign {
    uint8_t record[32]; /* a CONFIG or CHECKPOINT */
};
void auth_cosign_put(struct wire_writer *w, const struct auth_cosign *v);
MUST_USE int auth_cosign_parse(struct auth_cosign *ret, struct span body);

#define AUTH_LACKS_MAX 4
struct auth_prekey {
    uint8_t kem[32];
    uint8_t lacks_count;
    uint8_t lacks[AUTH_LACKS_MAX]
                 [32]; /* EPOCH records that the author cannot read: a GRANT, please */
    uint8_t sig[64];   /* by ik over cell id || ik || kem */
};
void auth_prekey_put(struct wire_writer *w, const struct auth_prekey *v);
MUST_USE int auth_prekey_parse(struct auth_prekey *ret, struct span body);
void auth_prekey_sign(struct auth_prekey *p, const struct hop_sign_key *ik,
                      const uint8_t cell_id[static 32]);
MUST_USE int auth_prekey_check(const struct auth_prekey *p, const uint8_t ik[static 32],
                               const uint8_t cell_id[static 32]);

#define AUTH_GROUP_MEMBERS_MAX 300
struct auth_group {
    uint8_t group[16]; /* zeros: a new one, whose id is the first 16 bytes of the record's */
    char name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t leader[16]; /* member */
    uint16_t members_count;
    const uint8_t *members; /* borrowed: members_count times 16, ascending */
};
void auth_group_put(struct wire_writer *w, const struct auth_group *v);
MUST_USE int auth_group_parse(struct auth_group *ret, struct span body);

#define AUTH_NOTE_BYTES_MAX 400
struct auth_propose {
    uint8_t group[16];
    char name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t role, category;
    char note[AUTH_NOTE_BYTES_MAX + 1];
};
void auth_propose_put(struct wire_writer *w, const struct auth_propose *v);
MUST_USE int auth_propose_parse(struct auth_propose *ret, struct span body);

struct auth_invite_end {
    uint8_t invite[16];
    uint8_t reason; /* 0: revoked, 1: three failures */
};
void auth_invite_end_put(struct wire_writer *w, const struct auth_invite_end *v);
MUST_USE int auth_invite_end_parse(struct auth_invite_end *ret, struct span body);

uint8_t auth_rank_of(enum auth_role role); /* secretary 3 … member 0: docs/protocol.md §4 */

#endif
