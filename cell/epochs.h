/* Who may read: the epochs a device holds, and the one it writes under.
 *
 * Whoever makes an epoch tells it in an EPOCH record; nobody needs to agree on a number, and no
 * clock takes part. Every device that has the same records, and holds the same keys, chooses the
 * same epoch to write under, by one rule:
 *
 *   an epoch is *eligible* if its secret is held here; if all whom it was sealed to, in its EPOCH
 *   record and in GRANTs, are devices that are active now and may hold as much as they were given;
 *   if its author is an active device that may read; and if it was made by somebody who had seen
 *   the end of every device that is active no more;
 *   of these the one with the greatest (generation, number of recipients, then least record id).
 *
 * The last because of those who have not heard: somebody who still takes a removed device for an
 * active one would grant it the epochs it lacks. Whoever can read who made an epoch has opened all
 * that its maker had seen, so nobody grants it to those who were out by then.
 *
 * So nobody writes for somebody who was removed, whatever the order in which records came; and if
 * no epoch is eligible, a new one is made before anything else is written (device/rotate.c).
 *
 * Opening is another matter: a key that is held opens what it opens, whoever brought it. Keys come
 * by slots, from the key file, and from epoch to epoch: cell/epoch.h says what tells of what. They
 * are taken from records as soon as these are here, before their turn in the history, because the
 * log that carries an EPOCH may be sealed under an epoch that only this record tells of.
 *
 * Pure. docs/protocol.md §4.2. */
#ifndef HOP_CELL_EPOCHS_H
#define HOP_CELL_EPOCHS_H

#include "cell/cell.h"
#include "cell/epoch.h"

#define EPOCHS_MAX        2048  /* held at one time: two rotations a week for twenty years */
#define EPOCHS_NOTES_MAX  16384 /* EPOCH and GRANT records known */
#define EPOCHS_LISTEN_MAX 4     /* under whose beacon keys we listen */

struct epochs; /* opaque; secret: wiped when it is freed */

struct epochs *epochs_new(void); /* NULL if memory runs out */
void epochs_free(struct epochs *e);

/* ---- keys ---- */

/* Hold this one, or more of it than before. HOP_EEXIST: as much is held already; HOP_EFULL,
 * HOP_ENOMEM. */
MUST_USE int epochs_add(struct epochs *e, const struct epoch *one);
void epochs_drop(struct epochs *e, const uint8_t commit[static 32]); /* nothing of it is held */

/* What opens slots. */
struct epochs_own {
    const uint8_t *cell_id;
    const struct hop_box_key *kems[3]; /* those that are not NULL */
    bool carrier;
};

/* A record of outer kind EPOCH or GRANT, as it lies in the store. */
struct epochs_record {
    const uint8_t *id, *log, *tag; /* 32, 32, 16 */
    uint64_t seq;
    bool grant;
    struct span text;
};

/* Take what keys it brings, now or, once others have come, later. What is malformed, or noted
 * already, is passed over. HOP_ENOMEM. */
MUST_USE int epochs_note(struct epochs *e, const struct epochs_own *own,
                         const struct epochs_record *r);

size_t epochs_count(const struct epochs *e);
const struct epoch *epochs_at(const struct epochs *e, size_t index);
/* NULL: not held. Valid until keys come or go. */
const struct epoch *epochs_by_tag(const struct epochs *e, const uint8_t tag[static 16]);
const struct epoch *epochs_by_commit(const struct epochs *e, const uint8_t commit[static 32]);
/* Could it be told again by another that is held, with all that is held of it? */
bool epochs_derivable(const struct epochs *e, const uint8_t commit[static 32]);
/* Is an EPOCH record with this commitment known, and has it been read? */
bool epochs_known(const struct epochs *e, const uint8_t commit[static 32]);
uint64_t epochs_version(const struct epochs *e); /* changes when keys have come */

/* ---- the rule ---- */

/* Whose record is it? False unless it has its place in the history. */
typedef bool epochs_author(void *ctx, const uint8_t log[32], uint64_t seq, uint8_t ret_ik[32]);

/* Judge by who is active now. HOP_ENOMEM. */
MUST_USE int epochs_judge(struct epochs *e, const struct cell *c, const struct history *h,
                          epochs_author *author, void *ctx);
/* A carrier knows nobody: it takes the epoch that no other follows. */
void epochs_judge_blind(struct epochs *e);
/* While a cell is being founded: this one, whatever the rule. */
void epochs_found(struct epochs *e, const uint8_t tag[static 16]);

/* The epoch to write under; NULL: none is eligible. */
const struct epoch *epochs_send(const struct epochs *e);
uint32_t epochs_generation(const struct epochs *e,
                           const uint8_t commit[static 32]); /* 0: unknown */
uint64_t epochs_wall(const struct epochs *e,
                     const uint8_t commit[static 32]); /* when, by its maker */

/* Epochs that no other follows and whose secret is held: the parents of the next. */
size_t epochs_tips(const struct epochs *e, const struct epoch **ret, size_t max);

/* The next active device that has not been given as much of a tip as it may read, or that has asked
 * for an epoch. *at: 0 to begin. False: there is none. */
struct epochs_gap {
    const struct epoch *epoch;
    size_t device; /* index in the cell */
    enum epoch_hold share;
};
bool epochs_gap(const struct epochs *e, const struct cell *c, size_t *at, struct epochs_gap *ret);

/* EPOCH records, by who may make them, that we cannot read and have not asked for: ids. Returns how
 * many there are; the first max in ret. */
size_t epochs_closed(const struct epochs *e, const uint8_t ik[static 32], uint8_t (*ret)[32],
                     size_t max);

/* A device has said that it cannot read these, and to which key it wants them sealed. Forgotten by
 * epochs_forget_asks(), as the control records are walked again. HOP_ENOMEM. */
MUST_USE int epochs_ask(struct epochs *e, const uint8_t ik[static 32], const uint8_t kem[static 32],
                        const uint8_t *ids, size_t count);
void epochs_forget_asks(struct epochs *e);

/* How much of an epoch a device of this role may hold. */
enum epoch_hold epochs_share(enum auth_role role);

/* ---- keys that follow ---- */

/* Beacon keys: the first is the one to send under, then others to listen for. Returns how many. */
struct epochs_disc {
    uint8_t key[32];
    const struct epoch *epoch;
};
size_t epochs_disc_keys(const struct epochs *e, struct epochs_disc *ret, size_t max);
/* The first of them. HOP_ENOTFOUND without an epoch. */
MUST_USE int epochs_disc_key(const struct epochs *e, uint8_t ret[static 32]);

/* The key from which those of a call are made. HOP_ENOTFOUND for who cannot read. */
MUST_USE int epochs_media_key(const struct epochs *e, const uint8_t meeting[static 32],
                              uint8_t ret[static 32]);

#endif
