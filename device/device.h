/* One device of one member: its keys, its logs, and the introduction of cell, mesh and meeting to
 * each other. Pure: node/ gives it sockets, a clock and a disk; sim/ gives it virtual ones.
 *
 * Life of a record: device_act() asks the meeting whether it may, seals and signs, appends to the
 * store and returns; after the owner's commit, device_committed() folds it and tells the mesh. A
 * record from outside: device_step() with its frame, commit, device_committed(): the record is
 * opened and folded, and only then acknowledged.
 *
 * The owner's turn (docs: node/loop.c, sim/node.c):
 *     device_step(…) any number of times, carrying out outs: STORE and BLOB have been done already
 *         by the device; SEND with `durable` set and everything after waits for the commit
 *     err = store_commit(store)
 *     device_committed(d, err, …)   more outs; hold-backs are released by the owner if err is OK */
#ifndef HOP_DEVICE_DEVICE_H
#define HOP_DEVICE_DEVICE_H

#include "cell/cell.h"
#include "cell/epochs.h"
#include "crypto/drbg.h"
#include "device/keys.h"
#include "meeting/meeting.h"
#include "mesh/beacon.h"
#include "mesh/mesh.h"

struct device_config {
    struct device_keys *keys; /* kept; changed when a cell is founded or joined (owner saves it) */
    struct store *store;      /* kept */
    uint8_t seed[32];         /* for nonces and keys (OS entropy in the node) and for the mesh */
    struct trace trace;
};

struct device;

/* Reads the whole store. HOP_ENOMEM, HOP_EMALFORMED (store does not fit the keys), HOP_EIO. */
MUST_USE int device_new(struct device **ret, const struct device_config *config);
/* An orderly end: everything is committed and nothing more will be written. The keys say so then;
 * the owner saves them. Without it, nothing is lost; a copy may be taken for the original. */
void device_stop(struct device *d);
void device_free(struct device *d);

/* ---- reading ---- */
const struct cell *device_cell(const struct device *d);     /* never NULL; empty before a cell */
const struct epochs *device_epochs(const struct device *d); /* never NULL; empty before a cell */
bool device_has_cell(const struct device *d);
struct meeting_state *device_meetings(struct device *d); /* folded up to date */
const struct mesh *device_mesh(const struct device *d);  /* NULL before a cell */
uint32_t device_self(const struct device *d);            /* own member index, or HISTORY_NONE */
/* Is any log of this device here? */
bool device_has_written(const struct device *d, const uint8_t ik[static 32]);
uint64_t device_record_count(const struct device *d);  /* opened and in order */
uint64_t device_pending_count(const struct device *d); /* held back: key, log or dep missing */
uint64_t device_version(const struct device *d); /* changes whenever anything shown may have */
uint64_t device_version_stored(const struct device *d); /* only with something written */

/* The body of an entry, opened again. Owned by the caller: free ret->bytes with free(). */
struct device_opened {
    uint8_t *bytes;
    struct span body;
    uint64_t wall; /* what the author's clock said, µs since 1970 */
};
MUST_USE int device_open_entry(struct device *d, uint32_t entry, struct device_opened *ret);
const struct history *device_history(const struct device *d);
/* The last record of a meeting that this device has written, in this incarnation or one before; or
 * HISTORY_NONE. */
uint32_t device_last_own(const struct device *d);

/* ---- who has signed two different records under one number ---- */

/* From record seq on, the log has no effect for anybody (mesh/fork.h). Returns how many there are;
 * the first max of them, at most DEVICE_FORKS_SHOWN, in ret. */
#define DEVICE_FORKS_SHOWN 64
struct device_fork {
    uint8_t log[32];
    uint64_t seq;
    bool bound; /* we hold the record that binds the log to a device: ik says which */
    bool own;   /* it is ours: this device has been copied */
    uint8_t ik[32];
    uint32_t member; /* or HISTORY_NONE */
};
size_t device_forks(struct device *d, struct device_fork *ret, size_t max);

/* A copy of this device runs somewhere (MESH_OUT_COPY): what it has written since is not here, so
 * from the next commit on this one writes to new logs. */
void device_copied(struct device *d);

/* What a person should hear of this device's own records and of forked logs, as whole sentences. */
size_t device_notices(struct device *d, struct text_said *ret, size_t max);

/* ---- acting: written to the store, durable after the owner's commit ---- */

/* Found a cell: keys gets cell id, log keys, and the founder is its secretary (or as role says). */
MUST_USE int device_found(struct device *d, const char *cell_name, const char *procedure_name,
                          struct span procedure_text, const char *founder_name, enum auth_role role,
                          uint64_t wall, struct text_said *why);

/* An act of a meeting. HOP_EREFUSED with the reason in why. ret_id: the record's id. */
MUST_USE int device_act(struct device *d, const struct act *act, uint64_t wall,
                        uint8_t ret_id[static 32], struct text_said *why);

/* Make an invitation for a person. text: what to hand over, "HOP1-…". */
#define INVITE_TEXT_BYTES 256
struct device_invite {
    char text[INVITE_TEXT_BYTES];
    uint8_t id[16];
};
struct device_invite_ask {
    const char *name;    /* NULL with a member: theirs */
    enum auth_role role; /* of a new person; of one more device it is the member's */
    enum auth_category category;
    const uint8_t
        *member; /* 16: one more device of this member, or its return; NULL: a new person */
    const uint8_t *proposal; /* 32: the PROPOSE record that this follows, or NULL */
    const char *address_hint;
};
MUST_USE int device_invite_for(struct device *d, const struct device_invite_ask *ask, uint64_t wall,
                               struct device_invite *ret, struct text_said *why);
/* Would it be refused? HOP_EREFUSED with the reason in why. */
MUST_USE int device_may_invite(const struct device *d, const struct device_invite_ask *ask,
                               struct text_said *why);
/* The same as device_invite_for() for a new person, whom nobody proposed. */
MUST_USE int device_invite(struct device *d, const char *name, enum auth_role role,
                           enum auth_category category, const char *address_hint, uint64_t wall,
                           struct device_invite *ret, struct text_said *why);

/* ---- the world ---- */

/* Feed the mesh; STORE and BLOB outs are carried out on the store at once and removed from outs. */
int device_step(struct device *d, const struct mesh_in *in, struct mesh_outs *outs);

/* After each store_commit(): its result. Opens, folds, sends receipts (which need another commit:
 * *ret_again is then true), tells the mesh. */
int device_committed(struct device *d, int result, hop_time now, uint64_t wall,
                     struct mesh_outs *outs, bool *ret_again);
hop_time device_deadline(const struct device *d);

/* ---- joining ---- */

/* The joiner: reads an invitation's text. On success keys are not yet changed; `join` says how to
 * find the inviter. */
struct device_join {
    uint8_t seed[16];
    uint8_t cell_id[32];
    uint8_t disc_key[32];
    struct hop_box_key link_key; /* CURVE client key to use */
    struct hop_sign_key sign_key;
    char address[64]; /* "192.168.1.5:4870" or "" */
    /* from the answer, for a person: device_join_finish() fills them */
    char cell_name[AUTH_NAME_BYTES_MAX + 1], member_name[AUTH_NAME_BYTES_MAX + 1];
};
MUST_USE int device_join_read(struct device_join *ret, const char *invite_text,
                              struct text_said *why);
#define JOIN_FRAME_BYTES_MAX 2048
/* The request to send over the link. */
MUST_USE int device_join_request(const struct device *d, const struct device_join *join,
                                 uint8_t *ret, size_t *ret_size);
/* The inviter: what to answer to a request that came over a link with this CURVE client key. Always
 * fills the reply (a refusal is a reply too), which must wait for the commit. */
void device_join_answer(struct device *d, struct span request, const uint8_t link_key[static 32],
                        uint64_t wall, uint8_t *ret, size_t *ret_size);
/* HOP_EREFUSED with the reason, if that is what the reply says. */
MUST_USE int device_join_refused(struct span reply, struct text_said *why);
/* The joiner: reads the answer; on HOP_OK keys hold the cell (owner saves them, then restarts the
 * device). HOP_EREFUSED with the inviter's reason. */
MUST_USE int device_join_finish(struct device *d, struct device_join *join, struct span reply,
                                struct text_said *why);

#endif
