/* What the files of a cell's fold ask of each other. */
#ifndef HOP_CELL_FOLD_H
#define HOP_CELL_FOLD_H

#include "cell/state.h"

/* ---- cell.c ---- */

/* All that can be said of a record alone; ret->body is owned by the caller. HOP_ENOMEM. */
MUST_USE int cell_read_act(struct cell *c, const struct cell_event *e, struct act *ret);

/* ---- index.c ---- */

/* Order, lists, chain and sights of all acts. HOP_ENOMEM. */
MUST_USE int cell_index_all(struct cell *c, const struct history *h);
/* The same for one that came since, if it sorts behind all others and is not of the top; else
 * false, and all must be indexed again. */
bool cell_index_last(struct cell *c, const struct history *h, uint32_t i, int *ret_err);
/* For an act that is not among the others: as if it had seen them all. Undone by setting the
 * counts of sights and bits back. */
MUST_USE int cell_see_all(struct cell *c, struct act *a);
struct subject *cell_subject(const struct cell *c, uint32_t about);

/* ---- seen.c ---- */

/* Fill in what acts had seen: all of them, or one that came last. HOP_ENOMEM. */
MUST_USE int cell_relate_all(struct cell *c, const struct history *h);
MUST_USE int cell_relate(struct cell *c, struct act *a, const struct history *h);
/* Had this act seen the act that stands at this place among those about a subject of its own? */
bool cell_saw(const struct cell *c, const struct act *a, uint32_t about, uint32_t place);
/* Had it seen all that stood before it? */
bool cell_saw_all(const struct cell *c, const struct act *a, uint32_t about);
/* Number of the newest configuration of the chain in a past (history_past()). */
uint32_t cell_config_in(const struct cell *c, const uint64_t *past);

/* ---- chain.c ---- */

/* The configurations that count, from GENESIS on; what waits; checkpoints. HOP_ENOMEM. */
MUST_USE int cell_walk_chain(struct cell *c, const struct history *h);
/* May this device write this record of the top? TEXT_NONE, or why not. */
enum text_id cell_check_top(const struct cell *c, const struct act *a);
/* What became of the records of the top, and why; what waits for signatures. */
MUST_USE int cell_judge_chain(struct cell *c);
/* Which checkpoints had not seen which removal: these do not let it cut below. */
MUST_USE int cell_lift_cuts(struct cell *c, const struct history *h);
/* The last record of this log that act x accepts. */
uint64_t cell_reach(const struct cell *c, const struct act *x, const uint8_t log[static 32]);
bool cell_is_seat(const struct cell *c, uint32_t key);
/* The record by which the key became a seat that it still is: a CONFIG, or GENESIS; NONE: it is
 * none. */
uint32_t cell_seated_by(const struct cell *c, uint32_t key);
bool cell_seat_void(const struct cell *c, uint32_t key);

/* ---- office.c ---- */

/* Bugs that tests/plant/run puts in one at a time, to see that the properties notice. */
#ifdef HOP_PLANT_MUTUAL
#define AT_LEAST(rank, class) ((rank) > (class))
#else
#define AT_LEAST(rank, class) ((rank) >= (class))
#endif

/* From where the office of a member is looked at: by an act, by an entry (its past), or now, and
 * then perhaps without what had seen some act. */
struct view {
    const struct act *act;
    const uint64_t *past;
    const struct act *apart;
    uint32_t config; /* number of the newest configuration seen */
};
struct view cell_view_now(const struct cell *c);
struct view cell_view_apart(const struct cell *c, const struct act *a);
struct view cell_view_of(const struct act *a);

struct office {
    uint32_t act; /* that gave it; NONE: genesis, or nobody */
    enum auth_role role;
    enum auth_category category;
    uint8_t rank, class;
    bool any;
};
/* Office without that of secretary, and with it. */
struct office cell_base_office(const struct cell *c, uint32_t person, const struct view *v);
struct office cell_office(const struct cell *c, uint32_t person, const struct view *v);
bool cell_present(const struct cell *c, uint32_t person, const struct view *v);
/* Has the membership never ended, so that nobody can have returned? */
bool cell_never_ended(const struct cell *c, uint32_t person);
bool cell_is_founder(const struct cell *c, uint32_t person);
/* Had the act seen that the device was brought in? */
bool cell_saw_claim(const struct cell *c, const struct act *a, uint32_t tie);

/* The rank that the offices of its member now give a device: some may not be for it. */
uint8_t cell_rank_with(const struct cell *c, uint32_t tie);

/* The act that voids what lies at seq of this log of a device, written with this weight; NONE. */
uint32_t cell_cut_by(const struct cell *c, uint32_t tie, const uint8_t log[static 32], uint64_t seq,
                     uint8_t weight, const struct act *self);
/* The act by which a device is gone for good, or NONE. */
uint32_t cell_device_ended(const struct cell *c, uint32_t tie);

/* Who wrote an act, and with what weight: the rank of its author as the act had seen it, but no
 * more than the word on which the author's device came in. */
struct judged {
    uint32_t tie; /* NONE: void, for this reason */
    uint8_t weight;
    enum text_id why;
};
struct judged cell_weigh(const struct cell *c, const struct act *a);

/* ---- rules.c ---- */

/* May somebody of this weight do it? TEXT_NONE, or why not. For all but what the chain judges,
 * admissions and procedures. */
enum text_id cell_check(const struct cell *c, const struct act *a, const struct judged *j);

/* The device of the same member whose invitation this one came in by; NONE: an officer's. */
uint32_t cell_parent_of(const struct cell *c, uint32_t tie);

/* May somebody of this class touch the member that the act is about: as the act had seen them, and
 * as they are by the higher classes? */
enum text_id cell_check_target(const struct cell *c, const struct act *a, uint8_t class);

/* ---- resolve.c ---- */

/* Every act gets its verdict. HOP_ENOMEM. */
MUST_USE int cell_judge_all(struct cell *c);
/* Judge one act that came last, if no other verdict can change by it, and no order in which things
 * came to stand matters; else false, and all must be judged again. */
bool cell_judge_last(struct cell *c, uint32_t i);

/* ---- roster.c ---- */

/* Members, devices and all else that cell.h tells, from the verdicts. HOP_ENOMEM. */
MUST_USE int cell_publish(struct cell *c);
/* What one act that was judged last changes of it; false: all must be told again. */
bool cell_publish_last(struct cell *c, uint32_t i, int *ret_err);

#endif
