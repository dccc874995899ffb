/* Inside meeting/: the state behind meeting.h, and what its files ask of each other.
 *
 * A public struct meeting sits in a struct meeting_full with what is needed to fold but not to
 * show: every roll line and every vote ever recorded, because the record that closes a vote decides
 * which of them it had seen. Arrays grow by doubling; tables by id are one open hash. */
#ifndef HOP_MEETING_STATE_H
#define HOP_MEETING_STATE_H

#include "meeting/meeting.h"

#define NUMBER_TEXT_(n) #n
#define NUMBER_TEXT(n)  NUMBER_TEXT_(n) /* a limit as an argument of a sentence */

struct roll_mark { /* one ROLL record */
    uint32_t entry, member, check;
    enum act_roll status;
    uint64_t voided; /* a bit a CHECK: it had seen this line, so it asks for it again */
    bool late;       /* the close of the meeting had not seen it */
    char *reason;    /* owned; NULL: none */
    uint64_t wall;
};

struct vote_mark { /* one VOTE record */
    uint32_t entry, member;
    enum act_choice choice;
    uint64_t wall;
    bool late;
};

/* All that was ever recorded of one vote: the record that closes it decides what of it counts, and
 * the rest is late. */
struct motion_past {
    struct vote_mark *marks;
    size_t count, room;
    MEETING_LIST(meeting_hands, hands); /* people owned */
    struct meeting_paper **papers;      /* each owned, with people and text */
    size_t papers_count;
};

/* A word about which of contradicting results holds: a SETTLE record or a ratifying motion. */
struct settlement {
    uint32_t pick; /* index into results */
    uint8_t id[32];
    uint32_t entry;
    bool covers;     /* it had seen every result that contradicts its pick */
    bool superseded; /* a later word had seen it */
};

struct meeting_full {
    struct meeting m; /* what others see */
    size_t documents_room, opinions_room, motions_room, past_room, minutes_room, marks_room;
    struct motion_past *past; /* one a motion */
    struct roll_mark *marks;
    size_t marks_count;
    uint32_t *checks; /* entries of the CHECK records */
    size_t checks_count;
    uint64_t checks_held; /* a bit a CHECK: all, or once closed those the close had seen */
    MEETING_LIST(settlement, settlements);
    uint32_t *entries; /* of all records of the meeting */
    size_t entries_count;
};

enum thing_kind {
    THING_NONE,
    THING_MEETING,
    THING_NOTICE,
    THING_DOCUMENT,
    THING_MOTION,
    THING_SITE,
    THING_MINUTES,
    THING_CORRECTION,
    THING_RESOLUTION,
    THING_TASK
};

struct thing { /* what an id names */
    uint8_t id[32];
    enum thing_kind kind;
    uint32_t meeting, index;
};

struct meeting_pin { /* every one that was set: what a site had seen of them decides */
    uint32_t member, entry;
    uint8_t key[32];
};

struct log_past { /* the records of one log, in order: to ask for the last that somebody had seen */
    uint32_t member;
    uint32_t *entries;
    size_t count, room;
};

struct meeting_state {
    struct procedure *procedure;
    struct meeting_full **meetings;
    size_t meetings_count, meetings_room;
    struct thing *things; /* open addressing; size a power of two */
    size_t things_count, things_size;
    struct log_past *logs; /* by index of the log in the history */
    size_t logs_count, logs_room;
    struct meeting_ignored *ignored;
    size_t ignored_count, ignored_room;
    uint64_t ignored_total;
    size_t members_count; /* of the cell when last looked at */
    MEETING_LIST(meeting_report, reports);
    MEETING_LIST(meeting_not_held, not_held);
    MEETING_LIST(meeting_private, privates);
    MEETING_LIST(meeting_pin, pins);
};

/* One act that somebody wants to do, or has done. */
struct ask {
    const struct meeting_state *s;
    const struct cell *c;
    const struct meeting_full *f;
    uint32_t member;
    const struct act *a;
    struct text_said *why;
    const struct history *h;       /* NULL: not yet on record, so it has seen all that is here */
    uint32_t entry;                /* of the record; HISTORY_NONE: not yet on record */
    struct cell_standing standing; /* of the member, as the record had seen it */
};

/* Had what is asked about seen this record? */
bool ask_saw(const struct ask *q, uint32_t entry);

/* One record on its way into the state. */
struct fold {
    struct meeting_state *s;
    const struct cell *c;
    const struct history *h;
    const struct meeting_event *e;
    const struct act *a;
    struct meeting_full *f; /* NULL for MEETING */
    uint32_t meeting;       /* its index */
    struct text_said why;
};

/* The array, moved perhaps, with room for one more item than count; *room doubles. NULL: memory ran
 * out and the array is as it was. */
MUST_USE void *grown(void *array, size_t *room, size_t count, size_t item_size);
/* The same for a list without a room of its own: it doubles when count is a power of two. */
MUST_USE void *list_grown(void *list, size_t count, size_t item_size);
/* A copy of one's own; HOP_ENOMEM. */
MUST_USE int people_copy(struct act_people *ret, const struct act_people *p);
void people_free(struct act_people *p);

/* A C string of its own; NULL if memory ran out. */
char *text_of(struct span s);
void full_free(struct meeting_full *f); /* NULL and half-built ones are fine */

const struct thing *thing_find(const struct meeting_state *s, const uint8_t id[static 32]);
MUST_USE int thing_add(struct meeting_state *s, const struct thing *t);

/* The last record of the log that entry had seen, or HISTORY_NONE. Seeing one record of a log is
 * seeing all before it, so the log can be halved. */
uint32_t log_last_seen(const struct history *h, const struct log_past *log, uint32_t entry);

/* Each folds one type of record: HOP_OK, HOP_ENOMEM, or HOP_EREFUSED with fold->why. */
int fold_meeting(struct fold *d);
int fold_document(struct fold *d);
int fold_notice(struct fold *d);
int fold_opinion(struct fold *d);
int fold_open(struct fold *d);
int fold_close(struct fold *d);
int fold_minutes(struct fold *d);
int fold_roll(struct fold *d);
int fold_attend(struct fold *d);
int fold_motion(struct fold *d);
int fold_vote(struct fold *d);
int fold_tally(struct fold *d);
int fold_receipt(struct fold *d);

/* floor.c, after.c: each row of the table in permit.c. */
int permit_item(const struct ask *q);
int fold_item(struct fold *d);
int fold_conclusion(struct fold *d);
int permit_floor(const struct ask *q);
int now_floor(const struct ask *q);
int fold_floor(struct fold *d);
int permit_give(const struct ask *q);
int now_give(const struct ask *q);
int fold_give(struct fold *d);
int permit_chair(const struct ask *q);
int now_chair(const struct ask *q);
int fold_chair(struct fold *d);
int permit_exception(const struct ask *q);
int fold_exception(struct fold *d);
int permit_sign(const struct ask *q);
int now_sign(const struct ask *q);
int fold_sign(struct fold *d);
int permit_read_back(const struct ask *q);
int now_read_back(const struct ask *q);
int fold_read_back(struct fold *d);
int permit_correction(const struct ask *q);
int now_unsealed(const struct ask *q);
int fold_correction(struct fold *d);
int permit_corrected(const struct ask *q);
int now_corrected(const struct ask *q);
int fold_corrected(struct fold *d);
int permit_supplement(const struct ask *q);
int permit_resolution(const struct ask *q);
int now_resolution(const struct ask *q);
int fold_resolution(struct fold *d);
int permit_reserve(const struct ask *q);
int fold_reserve(struct fold *d);
int permit_task(const struct ask *q);
int fold_task(struct fold *d);
int permit_task_state(const struct ask *q);
int fold_task_state(struct fold *d);
int permit_score(const struct ask *q);
int fold_score(struct fold *d);

/* site.c, split.c */
int permit_site(const struct ask *q);
int fold_site(struct fold *d);
int permit_site_roll(const struct ask *q);
int fold_site_roll(struct fold *d);
int permit_check(const struct ask *q);
int fold_check(struct fold *d);
int permit_pause(const struct ask *q);
int now_pause(const struct ask *q);
int fold_pause(struct fold *d);
int permit_hands(const struct ask *q);
int fold_hands(struct fold *d);
int permit_paper(const struct ask *q);
int fold_paper(struct fold *d);
int permit_withdraw(const struct ask *q);
int fold_withdraw(struct fold *d);
int permit_settle(const struct ask *q);
int now_settle(const struct ask *q);
int fold_settle(struct fold *d);
/* The key of the member's PIN as far as had been seen; NULL: none. */
const uint8_t *pin_seen(const struct ask *q, uint32_t member);
uint32_t site_find(const struct meeting *m, const uint8_t id[static 32]); /* or NO_SITE */
/* Number of the roll check that holds for the record of this fold: how many CHECKs it had seen. */
uint32_t check_seen(const struct fold *d);
/* The record of this fold closes the meeting: which lines and checks had it seen? */
void roll_close(struct fold *d);
/* Take this result of motion r->motion into the list: find what it contradicts, and show the motion
 * by the result that holds. HOP_ENOMEM, HOP_EREFUSED. */
MUST_USE int result_add(struct fold *d, const struct meeting_result *r);
/* Has this record seen a closing of the motion? */
bool seen_result(const struct fold *d, size_t motion);
/* now: a vote of this motion is still open */
int now_voting(const struct ask *q);
struct meeting_motion *motion_of(struct fold *d, size_t *ret_index);
/* Count again what is on record of a vote and is not late. HOP_ENOMEM. */
MUST_USE int motion_recount(struct fold *d, size_t index);
/* Count the vote as `entry` had seen it: what it had not is late. HOP_ENOMEM. */
MUST_USE int motion_count_seen(struct fold *d, size_t index, uint32_t entry);
/* Close the vote by the record of this fold. HOP_ENOMEM, HOP_EREFUSED. */
MUST_USE int motion_close(struct fold *d, size_t index, bool withdrawn);
/* What an open vote needs as the roll stands. */
void motion_stand(const struct meeting *of, struct meeting_motion *m);
MUST_USE int entries_add(struct fold *d); /* the record belongs to d->f */

/* A wall-clock time in a zone, as shown to people. */
struct civil {
    int year, month, day, hour, minute;
};
struct civil civil_of(uint64_t wall, int utc_offset_minutes);

/* consult.c, duty.c */
int permit_reply(const struct ask *q);
int fold_reply(struct fold *d);
int permit_cascade(const struct ask *q);
int fold_cascade(struct fold *d);
int permit_step(const struct ask *q);
int fold_step(struct fold *d);
int now_report(const struct ask *q);
int fold_report(struct fold *d);
int fold_private(struct fold *d);
int fold_pin(struct fold *d);
int permit_not_held(const struct ask *q);
int now_not_held(const struct ask *q);
int fold_not_held(struct fold *d);
int permit_remind(const struct ask *q);
int fold_remind(struct fold *d);
int permit_excuse(const struct ask *q);
int fold_excuse(struct fold *d);
void replies_close(struct fold *d); /* as the record closing the meeting had seen them */
void apart_free(struct meeting_state *s);

/* The minutes that chair and secretary have signed; NULL: none yet. */
const struct meeting_minutes *sealed_minutes(const struct meeting *m);
bool seen_sealed(const struct fold *d); /* had this record seen them sealed? */
/* After another signature: seal them if that was the last that is needed. */
void minutes_seal(struct fold *d, size_t index);

/* Close every motion that the record closing the meeting had seen and that is still open. */
MUST_USE int motions_close_all(struct fold *d);
/* True if the meeting is closed and this record had seen it. */
bool seen_closed(const struct fold *d);

/* ---- roll.c: who counts ---- */

struct cell_standing standing_now(const struct cell *c, uint32_t member);
/* Not an observer or a carrier, nor one who left. */
bool standing_speaks(struct cell_standing st);
bool standing_counts(const struct procedure *p, struct cell_standing st);
bool standing_votes(const struct procedure *p, struct cell_standing st);
/* By member: the meeting is for them, as entry had seen their group; HISTORY_NONE: as known now. */
void circle_seen(bool ret[static CELL_MEMBERS_MAX], const struct meeting *m, const struct cell *c,
                 const struct history *h, uint32_t entry);

/* Who counts in this meeting, and of them who votes, by member. */
struct electorate {
    bool counts[CELL_MEMBERS_MAX], votes[CELL_MEMBERS_MAX];
};
/* As entry had seen it; HISTORY_NONE: as known now, and h may be NULL. */
void electorate_seen(struct electorate *ret, const struct procedure *p, const struct meeting *m,
                     const struct cell *c, const struct history *h, uint32_t entry);
/* By the lines of the roll: as the close of the meeting had seen it; before it, as known now. */
void electorate_shown(struct electorate *ret, const struct procedure *p, const struct meeting *m,
                      const struct cell *c);
bool line_counts(const struct procedure *p, const struct meeting_roll_line *line);

struct standing {
    size_t present, eligible, needed;
};
struct standing roll_standing(const struct meeting_state *s, const struct cell *c,
                              const struct meeting *m);
/* As the record of this fold had seen it; who was confirmed present, by member. */
struct standing roll_standing_seen(const struct fold *d, bool present[static CELL_MEMBERS_MAX]);
/* The lines as they stand, after a change of what is on record. */
void roll_show(struct meeting_full *f);
MUST_USE int roll_resize(struct meeting_full *f, const struct cell *c);
void roll_refresh(const struct meeting_state *s, const struct cell *c, struct meeting_full *f);

/* ---- receipt.c: delivery boards ---- */

MUST_USE int board_resize(struct meeting_receipt **board, size_t *count, uint32_t author,
                          size_t members);

/* ---- permit.c ---- */

const char *member_name(const struct cell *c, uint32_t member);

/* Offices, as far as this meeting goes. */
uint32_t ask_chair(const struct ask *q); /* who sat in the chair, as far as had been seen */
bool ask_leads(const struct ask *q);     /* chair, deputy, secretary of the cell */
bool ask_records(const struct ask *q);   /* the same, and the meeting's secretary */
bool ask_arranges(const struct ask *q);  /* those with a rank, chair and secretary of the meeting */
/* Confirmed present at some time, or (own_word) by the member's own word. */
bool ask_leads_group(const struct ask *q); /* the group that the act names */
bool ask_is_teller(const struct ask *q);   /* of a site of this meeting */
bool ask_attended(const struct ask *q, bool own_word);

/* Of any member, as had been seen. */
struct cell_standing ask_standing(const struct ask *q, uint32_t member);
/* Of this id, a member then. */
bool ask_is_member(const struct ask *q, const uint8_t id[static 16]);

/* HOP_OK, or HOP_EREFUSED with the sentence. */
int need_leader(const struct ask *q);
int need_recorder(const struct ask *q);
int need_arranger(const struct ask *q);
int need_speaker(const struct ask *q);
int need_voice(const struct ask *q); /* for oneself, or as a teller for another who may speak */
int need_vote(const struct ask *q);
int need_stage(const struct ask *q, enum meeting_stage stage);
int need_over(const struct ask *q);   /* it sits, or its time to reply is over */
int need_item(const struct ask *q);   /* q->a->item is on the agenda, or 0 */
int need_motion(const struct ask *q); /* q->a->target is a motion of this meeting */
int need_open(const struct ask *q);   /* now: not closed */
int need_quorum(const struct ask *q); /* now */
int need_group(const struct ask *q);  /* it may speak for the group that the act names */
/* The motion's question is decided by an open vote, and not on paper. */
int need_ballot(const struct ask *q);

/* One row an act: the table in permit.c. */
struct rule {
    /* What holds for a record whenever it is met: office, form, and what must have come before it;
     * NULL: nothing. What stands in its way now, on this device, where it is about to be written;
     * NULL: nothing. Then the fold. */
    int (*permit)(const struct ask *q);
    int (*now)(const struct ask *q);
    int (*fold)(struct fold *d);
    bool without_meeting; /* it may stand alone */
};
const struct rule *rule_of(unsigned type); /* NULL: an act that this version does not know */

/* Its meeting's index, or NO_MEETING for one that stands alone; HOP_EREFUSED: it is not there. */
#define NO_MEETING UINT32_MAX
int find_meeting(const struct meeting_state *s, const struct act *a, uint32_t *ret_index,
                 struct text_said *why);

/* By the table. HOP_OK or HOP_EREFUSED. */
int permit_record(const struct ask *q);

#endif
