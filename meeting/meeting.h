/* What happened in the meetings of a cell: a pure fold over opened records, and the answer to "may
 * this member do this now, and if not, why not, in a sentence".
 *
 * The page and the command line show nothing they did not get from here. Same records, same state,
 * to the byte: meeting_digest() of two devices with the same records is equal. A record that a rule
 * does not allow is ignored and listed with its reason (struct meeting_ignored). A vote counts if
 * the record that closes the vote had seen it (history_saw); one that had not been seen is kept and
 * shown as late. Nobody's clock decides anything. */
#ifndef HOP_MEETING_MEETING_H
#define HOP_MEETING_MEETING_H

#include "cell/cell.h"
#include "meeting/act.h"
#include "meeting/procedure.h"
#include "text/text.h"

/* Nothing special in these values: far above what a meeting has, low enough that a member gone
 * wrong cannot make every device of the cell carry an unbounded table. Beyond them records are
 * ignored. */
#define MEETING_DOCUMENTS_MAX 1000  /* a meeting */
#define MEETING_MOTIONS_MAX   1000  /* a meeting */
#define MEETING_MINUTES_MAX   64    /* a meeting */
#define MEETING_APART_MAX     65536 /* reports, private words, meetings not held: of a cell, each */
#define MEETING_SITES_MAX     300   /* a meeting: a site a member */
#define MEETING_CHECKS_MAX    63    /* a meeting: roll checks; a bit each in a word of 64 */
#define MEETING_COUNTS_MAX    256   /* a meeting: breaks; a vote: counts of hands, of paper */
#define MEETING_CHANGES_MAX   64    /* of one member: votes on one motion, replies to one draft */
#define MEETING_RESULTS_MAX                                                                        \
    4096                         /* a meeting: closings of votes, those apart from each other too  \
                                  */
#define MEETING_TURNS_MAX   4096 /* a meeting: turns, conclusions, corrections, tasks … each */
#define MEETING_IGNORED_MAX 4096 /* listed; further ones are only counted */

/* One opened record of a meeting, in canonical order (cell/history.h), each once. Borrowed for the
 * call. Member indexes must not change between calls: when an index does (a concurrent admission
 * was folded in front), reset and walk again. Indexes added at the end are fine. */
struct meeting_event {
    uint32_t entry;    /* in the history */
    const uint8_t *id; /* 32 bytes */
    uint32_t member;   /* author, index in the cell; HISTORY_NONE: not a member, ignored */
    uint64_t wall;
    unsigned type;
    struct span body;
};

#define NO_SITE   UINT32_MAX
#define NO_RESULT UINT32_MAX

struct meeting_opinion {
    uint8_t id[32];
    uint32_t entry;
    uint32_t member; /* whose it is */
    uint32_t by;     /* who put it on record: the member, or for it the teller of its site */
    uint32_t item;
    bool prepared; /* its author had not seen the meeting opened */
    bool late;     /* the close of the meeting had not seen it */
    char *text;
    uint64_t wall;
};

struct meeting_receipt { /* the delivery board: what one member's devices said of one thing */
    uint32_t member;
    enum act_receipt state; /* the furthest said; 0: nothing yet */
    uint64_t wall;          /* of the record that said it first */
};

struct meeting_document {
    uint8_t id[32];
    uint32_t member;
    uint32_t item;
    char *title, *number, *media_type;
    uint64_t size;
    enum act_class class;
    uint32_t entry;      /* its record, for the key and the chunks */
    uint8_t revises[32]; /* the document it takes the place of; zeros: none */
    uint64_t wall;
    bool late;                        /* the close of the meeting had not seen it */
    struct meeting_receipt *receipts; /* one line a member other than its author */
    size_t receipts_count;
};

enum meeting_how { HOW_DEVICE, HOW_HAND };

struct meeting_vote {
    uint32_t member;
    enum meeting_how how;
    uint32_t site; /* of a hand; NO_SITE */
    enum act_choice choice;
    uint32_t entry;
    bool late; /* the close had not seen it */
    uint64_t wall;
};

enum meeting_outcome {
    OUTCOME_OPEN,
    OUTCOME_ADOPTED,
    OUTCOME_REJECTED,
    OUTCOME_NO_QUORUM,
    OUTCOME_WITHDRAWN
};

struct meeting_hands { /* hands counted at one site, by name */
    uint32_t site;     /* index into sites, or NO_SITE: in the room */
    uint32_t member;   /* who counted */
    uint32_t entry;
    struct act_people people; /* member ids and enum act_choice */
    uint64_t wall;
    bool late; /* the close had not seen it */
};

struct meeting_paper {
    uint32_t member, entry;
    struct act_people people; /* who took part */
    uint32_t counts[PAPER_COUNTS];
    char *text;
    uint64_t wall;
    bool late; /* the close had not seen it */
};

enum meeting_settled { SETTLED_NOT, SETTLED_HOLDS, SETTLED_ANNULLED };

/* What one record that closed a vote made of it: a TALLY, the CLOSE of the meeting, or a WITHDRAW.
 * A motion has more than one when two closed it apart, neither having seen the other. */
struct meeting_result {
    uint32_t motion; /* index into motions */
    uint8_t id[32];  /* the record that closed it */
    uint32_t entry, member;
    uint64_t wall;
    enum meeting_outcome outcome;
    size_t agree, disagree, abstain;
    size_t eligible, present, quorum_needed, base, needed; /* as in struct meeting_motion */
    size_t unheard, away;
    /* Results it contradicts: of the same motion, or of another on the same item, decided apart.
     * Indexes into results. */
    uint32_t *against;
    size_t against_count;
    enum meeting_settled settled;
    uint8_t settled_by[32]; /* the SETTLE record, or the ratifying motion; zeros */
};

struct meeting_motion {
    uint8_t id[32];
    uint32_t entry;
    uint32_t member; /* who put it */
    uint32_t item;
    char *text;
    struct meeting_vote *votes; /* one a member, by index: the last that counts, else the last */
    size_t votes_count;
    struct meeting_vote
        *late_votes; /* once closed: of each member the last the close had not seen */
    size_t late_votes_count;
    bool closed;
    uint32_t close_entry;
    uint64_t wall, close_wall;
    /* A question with rules of its own, by its name in the procedure; "" none. How it is asked, and
     * the majority it needs: the procedure's where the question names none. */
    char question[ACT_FORM_BYTES_MAX + 1];
    enum procedure_ballot ballot;
    struct procedure_share majority;
    bool small; /* fewer could vote, when it was put, than a secret ballot on devices needs */
    /* As counted when closed (or as it stands, while open). Closed twice apart: by the result that
     * holds, or before it is settled by the first that decided. */
    size_t agree, disagree, abstain, late; /* late: members with late votes */
    size_t eligible;                       /* the denominator: members who may vote */
    size_t present;                        /* confirmed present, of them */
    size_t quorum_needed, needed;          /* present for a vote to be valid; agreeing to adopt */
    /* What needed is a share of: all eligible, or those present, who are those confirmed and those
     * whose vote is counted. */
    size_t base;
    enum meeting_outcome outcome;
    uint8_t amends[32]; /* the motion whose wording this one changes; zeros: none */
    bool withdrawn;     /* by who put it, before the close */
    /* Ways to take part other than one's own device. Each member counts once: who is on the list of
     * a paper ballot by that, else by the own device, else by a hand. */
    struct meeting_hands *hands; /* the last of each site that counts, ascending by site */
    size_t hands_count;
    const struct meeting_paper *paper;      /* NULL: no paper ballot; the last that counts */
    const struct meeting_paper *late_paper; /* NULL: none; the last the close had not seen */
    size_t by_device, by_hand, by_paper;    /* of those counted */
    /* Final or provisional, by the procedure's rule; why, in words. */
    bool final;
    struct text_said standing_why;
    /* It has a result that contradicts another, of this motion or of one on the same item, decided
     * apart (neither close had seen the other): all stay visible until one holds. */
    bool disputed;
    uint32_t shown; /* index into results of what the numbers here are; NO_RESULT while open */
    enum meeting_settled settled;
    uint8_t settled_by[32]; /* the SETTLE record, or the ratifying motion; zeros */
    /* Horizon: the eligible members without a counted vote and without any other record of a
     * meeting that the close had seen and that itself had seen the motion. 0 while open. */
    size_t unheard;
    size_t away; /* of the unheard, those not confirmed present */
};

enum meeting_evidence {
    EVIDENCE_NONE,
    EVIDENCE_TELLER, /* named by the teller of a site */
    EVIDENCE_PIN,    /* proven by the member's PIN at a site */
    EVIDENCE_DEVICE  /* the member's own device said so */
};

struct meeting_roll_line {
    uint32_t member;
    bool claimed;         /* the member said: I am here */
    enum act_roll status; /* as confirmed by chair or secretary; ROLL_UNKNOWN: not yet */
    const char *reason;   /* NULL: none given */
    uint64_t wall;
    bool stale; /* a later roll check had seen this confirmation: it is to be given again */
    enum act_roll late_status;      /* what the close had not seen; ROLL_UNKNOWN: nothing */
    bool concerned;                 /* the meeting is for this member */
    bool attended;                  /* confirmed present in any of the roll checks */
    uint32_t check;                 /* number of the roll check it was confirmed in, from 0 */
    uint32_t site;                  /* index into sites; UINT32_MAX: at an own device */
    enum meeting_evidence evidence; /* what there is for it */
    char *excuse;                   /* the member asked to be excused, and why; NULL: not */
    uint32_t excuse_entry;
    bool excuse_late; /* the close had not seen it */
    bool known; /* admitted, as far as the close of the meeting had seen; true before the close */
};

struct meeting_minutes {
    uint8_t id[32];
    uint32_t member; /* who signed */
    uint32_t entry;
    char *text;
    char language[3];
    uint32_t form; /* version of the form that made the text; 0: written by hand */
    uint64_t wall;
    bool supplement; /* added after the sealing */
    bool read_back;  /* read to the meeting */
    uint32_t read_by;
    uint64_t read_wall;
    bool sealed;           /* signed by chair and secretary: only a supplement may follow */
    uint32_t sealed_entry; /* the record that did it */
    struct meeting_signature *signatures; /* besides its author's own */
    size_t signatures_count;
};

/* ---- more that hangs on a meeting; arrays in canonical order ---- */

struct meeting_site { /* điểm cầu */
    uint8_t id[32];
    uint32_t entry, member, teller;
    char *name, *note;
};

struct meeting_turn { /* the speaker queue, and who had the floor */
    uint32_t member;  /* who speaks */
    uint32_t item;
    bool order;       /* point of order: before all others */
    bool waiting;     /* asked, and neither called nor withdrawn */
    bool speaking;    /* has the floor */
    uint32_t minutes; /* given; 0: no limit */
    uint32_t entry, given_entry;
    uint64_t wall, given_wall, ended_wall; /* 0: not */
    char *text;
};

struct meeting_conclusion { /* the chair's, the last of an item holds */
    uint32_t item, member, entry;
    char *text;
    uint64_t wall;
};

struct meeting_chairing { /* one line a change; before the first the meeting's chair sat in it */
    uint32_t member, by, entry;
    char *text;
    uint64_t wall;
    bool apart; /* another took it too, neither having seen the other */
};

struct meeting_close { /* a close apart from the one that holds: neither had seen the other */
    uint32_t member, entry;
    uint64_t wall;
};

struct meeting_break {
    uint32_t entry; /* of the PAUSE */
    bool ended;
    uint64_t wall, ended_wall;
    char *text;
};

struct meeting_exception {
    uint32_t member, entry;
    char *text, *basis;
    uint64_t wall;
};

struct meeting_reminder {
    uint8_t target[32];
    uint32_t member, entry;
    struct act_people people; /* a copy, owned */
    uint64_t wall;
};

struct meeting_signature {
    uint32_t member, entry;
    uint64_t wall;
};

struct meeting_correction {
    uint8_t id[32];
    uint8_t minutes[32]; /* what it corrects */
    uint32_t member, entry;
    char *text, *answer;
    uint32_t answered; /* 0 not yet, 1 taken, 2 not */
    uint64_t wall;
};

struct meeting_reserved { /* bảo lưu ý kiến */
    uint8_t target[32];
    uint32_t member, entry;
    char *text;
    uint64_t wall;
};

struct meeting_resolution {
    uint8_t id[32];
    uint8_t target[32]; /* the motion or draft it comes from; zeros */
    uint32_t member, entry;
    char *number, *title, *text;
    struct meeting_signature *signatures;
    size_t signatures_count;
    uint64_t wall;
};

struct meeting_task {
    uint8_t id[32];
    uint32_t member, person, item, entry; /* person: for whom */
    char *text, *due, *note;
    enum act_task_state state;
    uint64_t wall, state_wall;
};

struct meeting_score {
    uint32_t member, entry;
    uint32_t points[ACT_COUNTS_MAX];
    size_t count;
    char *text;
    uint64_t wall;
};

struct meeting_reply { /* to a written consultation; of a member the last that is not late counts */
    uint32_t member;
    enum act_reply reply; /* REPLY_NONE: not yet */
    uint32_t entry;
    bool late; /* the close had not seen it */
    char *text;
    uint64_t wall;
};

struct meeting_cascade { /* what a group head brings back; the last of a group holds */
    uint8_t group[16];
    uint32_t member, entry;
    struct act_people people; /* a copy, owned: enum act_roll */
    char *text;
    uint64_t wall;
};

struct meeting_step {
    uint32_t step, member, entry;
    char *text;
    uint64_t wall;
};

enum meeting_stage { STAGE_PREPARED, STAGE_CONVENED, STAGE_OPENED, STAGE_CLOSED };

struct meeting {
    uint8_t id[32];
    uint32_t entry;
    uint32_t author;
    enum meeting_stage stage;
    /* Never NULL but for notice, before there is one. */
    char *title, *form, *when, *place, *basis, *reason, *notice;
    uint32_t chair, secretary; /* member indexes */
    char **agenda;
    size_t agenda_count;
    uint8_t notice_id[32];
    uint32_t notice_entry, open_entry, close_entry; /* HISTORY_NONE before */
    uint32_t convened_by, opened_by, closed_by;     /* members */
    uint64_t wall, notice_wall, open_wall, close_wall;
    struct meeting_receipt *receipts; /* of the notice: one line a member other than its author */
    size_t receipts_count;
    struct meeting_document *documents;
    size_t documents_count;
    struct meeting_opinion *opinions;
    size_t opinions_count;
    struct meeting_roll_line *roll; /* one a member of the cell */
    size_t roll_count;
    struct meeting_motion *motions;
    size_t motions_count;
    struct meeting_minutes *minutes;
    size_t minutes_count;
    enum procedure_kind kind; /* of its form */
    bool practice;            /* can never be mistaken for a real one */
    uint8_t group[16], parent[32];
    struct act_people invited; /* a copy, owned: who is concerned; none: all members */
    uint32_t check;            /* number of the roll check that holds, from 0 */
    uint32_t item;             /* where the agenda stands; 0: not begun */
    uint32_t sitting_chair;    /* who is in the chair now */
    uint32_t draft_read_by; /* who read the draft of the minutes to the meeting before its close */
    uint64_t draft_read_wall; /* 0: nobody */
#define MEETING_LIST(type, name)                                                                   \
    struct type *name;                                                                             \
    size_t name##_count
    MEETING_LIST(meeting_result, results); /* of every closing of a vote */
    MEETING_LIST(meeting_close, closes);
    MEETING_LIST(meeting_site, sites);
    MEETING_LIST(meeting_turn, turns);
    MEETING_LIST(meeting_conclusion, conclusions);
    MEETING_LIST(meeting_chairing, chairings);
    MEETING_LIST(meeting_break, breaks);
    MEETING_LIST(meeting_exception, exceptions);
    MEETING_LIST(meeting_reminder, reminders);
    MEETING_LIST(meeting_correction, corrections);
    MEETING_LIST(meeting_resolution, resolutions);
    MEETING_LIST(meeting_reserved, reserved);
    MEETING_LIST(meeting_task, tasks);
    MEETING_LIST(meeting_score, scores);
    MEETING_LIST(meeting_reply, replies);
    MEETING_LIST(meeting_cascade, cascades);
    MEETING_LIST(meeting_step, steps);
    /* Quorum as it stands, by the procedure: present of eligible, and how many are needed. */
    size_t present, eligible, quorum_needed;
};

/* ---- of no meeting ---- */

struct meeting_report { /* how a place stands */
    uint8_t id[32], meeting[32];
    uint32_t member, entry;
    bool urgent;
    uint32_t state; /* index from 1 into the procedure's states; 0: none said */
    char *place, *text;
    uint32_t counts[ACT_COUNTS_MAX];
    size_t counts_count;
    uint64_t wall;
};

struct meeting_not_held {
    uint32_t member, entry;
    char *period, *form, *text;
    uint64_t wall;
};

struct meeting_private { /* sealed: device/ opens it for whom it is */
    uint8_t id[32];
    uint32_t member, entry;
    uint64_t wall;
};

struct meeting_ignored {
    uint32_t entry;
    uint8_t id[32];
    struct text_said why;
};

struct meeting_state;

struct meeting_state *meeting_state_new(void); /* NULL if memory runs out */
void meeting_state_free(struct meeting_state *s);
void meeting_reset(struct meeting_state *s); /* as new; the procedure stays */

/* The rules; copied. Before one is set, acts are folded with procedure_default(). */
void meeting_set_procedure(struct meeting_state *s, const struct procedure *p);
const struct procedure *meeting_procedure(const struct meeting_state *s);

/* Fold one record. HOP_ENOMEM only; whatever else is wrong is listed as ignored. */
MUST_USE int meeting_apply(struct meeting_state *s, const struct cell *c, const struct history *h,
                           const struct meeting_event *e);

/* Bring what hangs on the list of members up to date (roll lines, delivery boards, quorum as it
 * stands). meeting_apply() does so itself; call it when members came and no record of a meeting. */
MUST_USE int meeting_refresh(struct meeting_state *s, const struct cell *c);

/* HOP_OK, or HOP_EREFUSED with the reason: a sentence that says what is wrong and what to do. */
MUST_USE int meeting_may(const struct meeting_state *s, const struct cell *c, uint32_t member,
                         const struct act *a, struct text_said *why);

/* ---- reading more ---- */

/* Merge sheet: the records of this meeting that record `entry` had not seen, in canonical order;
 * entry HISTORY_NONE: all. Returns how many; the first max of them in ret. */
size_t meeting_unseen(const struct meeting_state *s, const struct history *h,
                      const struct meeting *m, uint32_t entry, uint32_t *ret, size_t max);

/* Is this member among those whom the meeting is for? */
bool meeting_concerns(const struct meeting *m, const struct cell *c, uint32_t member);

/* What a member replied to a written consultation; NULL: nothing that counts. */
const struct meeting_reply *meeting_reply_of(const struct meeting *m, uint32_t member);
struct meeting_replies {
    size_t asked, needed;
    size_t of[REPLY_COUNT]; /* of[REPLY_NONE]: no reply yet */
};
struct meeting_replies meeting_count_replies(const struct meeting *m, const struct cell *c,
                                             const struct procedure *p);

/* What a group brought back: its last return; NULL: nothing yet. */
const struct meeting_cascade *meeting_cascade_of(const struct meeting *m,
                                                 const uint8_t group[static 16]);

/* Reports, private words and meetings not held, in canonical order. */
size_t meeting_report_count(const struct meeting_state *s);
const struct meeting_report *meeting_report_at(const struct meeting_state *s, size_t index);
size_t meeting_not_held_count(const struct meeting_state *s);
const struct meeting_not_held *meeting_not_held_at(const struct meeting_state *s, size_t index);
size_t meeting_private_count(const struct meeting_state *s);
const struct meeting_private *meeting_private_at(const struct meeting_state *s, size_t index);

/* What a site's device signs with the key of a member's PIN. */
#define MEETING_PIN_MESSAGE_BYTES (32 + 32 + 16)
void meeting_pin_message(uint8_t ret[static MEETING_PIN_MESSAGE_BYTES],
                         const uint8_t meeting[static 32], const uint8_t site[static 32],
                         const uint8_t member[static 16]);

/* The public key of a member's PIN (32 bytes); NULL: none was set. */
const uint8_t *meeting_pin_of(const struct meeting_state *s, uint32_t member);

/* Of the meetings held for this member while it was one, practice and consultations left out. Who
 * was present at any of the roll checks was there; who had it from the group stood as the group's
 * head says. */
struct meeting_attendance {
    size_t held;
    size_t of[ROLL_COUNT];
    size_t in_a_row; /* not present at the last so many */
};
struct meeting_attendance meeting_attendance_of(const struct meeting_state *s, const struct cell *c,
                                                uint32_t member);

/* Were papers sent in time? Whole days, by the calendar of the procedure's zone, from a wall clock
 * to the date that stands in the meeting's "when"; false when no D/M/YYYY stands there. And how
 * many days the rules ask for. Shown, never enforced: whose clock was right nobody knows. */
bool meeting_lead_days(const struct meeting_state *s, const struct meeting *m, uint64_t wall,
                       int *ret_days);
unsigned meeting_notice_days(const struct meeting_state *s, const struct meeting *m);

/* The periodic duty: months from the first meeting that was held to the one of `now` (a wall clock,
 * as all times here: shown, never decisive), newest first. A month is kept by a closed meeting of
 * the procedure's first form or of one that counts for it, or by a NOT_HELD record of that month,
 * whose period begins with "MM/YYYY". Where a meeting is due every so many months, it is due when
 * none of so many has one. Returns how many; 0 when the procedure knows no period. */
struct meeting_month {
    int year, month;
    size_t held;
    const struct meeting_not_held *not_held; /* NULL: none */
    bool due;                                /* the period ends here, is over, and has neither */
};
size_t meeting_months(const struct meeting_state *s, uint64_t now, struct meeting_month *ret,
                      size_t max);

size_t meeting_count(const struct meeting_state *s);
const struct meeting *meeting_at(const struct meeting_state *s, size_t index); /* canonical order */
const struct meeting *meeting_find(const struct meeting_state *s, const uint8_t id[static 32]);
const struct meeting_motion *meeting_find_motion(const struct meeting_state *s,
                                                 const uint8_t id[static 32],
                                                 const struct meeting **ret_meeting);
size_t
meeting_ignored_count(const struct meeting_state *s); /* listed: at most MEETING_IGNORED_MAX */
uint64_t meeting_ignored_total(const struct meeting_state *s);
const struct meeting_ignored *meeting_ignored_at(const struct meeting_state *s, size_t index);

/* Does this device hold the bytes of a document, and not only the record that speaks of it? */
struct meeting_holds {
    bool (*document)(void *ctx, const struct meeting_document *doc);
    void *ctx;
};

/* A receipt that member's device owes: for notices and documents of others it holds and has not yet
 * acknowledged. holds NULL: every document counts as held. False when nothing is owed. */
bool meeting_owes_receipt(const struct meeting_state *s, uint32_t member,
                          const struct meeting_holds *holds, struct act *ret);

/* BLAKE2b of the whole state in one fixed spelling: members by id, records by id, never by index.
 */
void meeting_digest(const struct meeting_state *s, const struct cell *c, uint8_t ret[static 32]);

/* The version of what meeting_minutes_text() writes, kept with every signed text: minutes are
 * compared with the record only by the form that made them. Raise it with every change of the text
 * that an old record would give (the golden minutes of tests/unit/meeting change then too). */
#define MEETING_MINUTES_FORM 2

/* The minutes of a meeting as plain text, in the procedure's form, from the record alone. Before
 * the close they say that they are a draft. HOP_ENOMEM. */
MUST_USE int meeting_minutes_text(const struct meeting_state *s, const struct cell *c,
                                  const struct meeting *m, enum text_lang lang, struct buf *ret);

#endif
