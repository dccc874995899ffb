/* The control records: who is in the cell, on what word, with which keys. Fixed layouts.
 *
 * Types 1..31. Later issues add the records reserved here (REMOVE, ROLE, CONFIG, SUSPEND …); the
 * numbers and, for REMOVE, the layout with its cuts are fixed already, so that a node of today
 * stores and forwards what a node of tomorrow writes. docs/protocol.md §4. */
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
    AUTH_PROCEDURE = 7,   /* the text of the procedure file that genesis pins by hash */
    AUTH_REMOVE = 8,      /* reserved: member, cuts */
    AUTH_ROLE = 9,        /* reserved */
    AUTH_CONFIG = 10,     /* reserved */
    AUTH_SUSPEND = 11,    /* reserved */
    AUTH_LEAVE = 12,      /* reserved */
    AUTH_CHECKPOINT = 13, /* reserved */
    AUTH_SEEN = 14        /* an empty body: what its deps say, that this device has seen, is all */
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

/* A device's public keys, with the proof that whoever wrote it holds the identity key. */
struct auth_cert {
    uint8_t ik[32];  /* Ed25519: signs LOG-OPEN, HELLO, beacons */
    uint8_t lk[32];  /* X25519: CURVE client key */
    uint8_t kem[32]; /* X25519: epoch secrets are sealed to it */
    uint8_t sig[64]; /* by ik over cell id || ik || lk || kem */
};
#define AUTH_CERT_BYTES 160

void auth_cert_put(struct wire_writer *w, const struct auth_cert *c);
void auth_cert_get(struct wire_reader *r, struct auth_cert *ret);
void auth_cert_sign(struct auth_cert *c, const struct hop_sign_key *ik,
                    const uint8_t cell_id[static 32]);
MUST_USE int auth_cert_check(const struct auth_cert *c, const uint8_t cell_id[static 32]);

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
};
void auth_invite_put(struct wire_writer *w, const struct auth_invite *i);
MUST_USE int auth_invite_parse(struct auth_invite *ret, struct span body);

struct auth_admit {
    uint8_t invite[16]; /* zeros for the founder */
    uint8_t member[16]; /* id the member gets */
    char name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t role, category, rank;
    struct auth_cert cert;
    uint8_t join_sig[64]; /* by the invitation's key: auth_join_check() */
};
void auth_admit_put(struct wire_writer *w, const struct auth_admit *a);
MUST_USE int auth_admit_parse(struct auth_admit *ret, struct span body);

uint8_t auth_rank_of(enum auth_role role); /* secretary 3 … member 0: docs/protocol.md §4 */

#endif
