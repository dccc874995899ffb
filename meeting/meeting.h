/* What happened in the meetings of a cell: a pure fold over opened records, and the answer to "may
 * this member do this now, and if not, why not, in a sentence".
 *
 * The page and the command line show nothing they did not get from here. Same records, same state,
 * to the byte: meeting_digest() of two devices with the same records is equal. Who may do what and
 * who counts is asked of the cell as the record in question had seen it (cell_standing_at()), so
 * that no later change of offices or of members ever changes an old meeting. A record that a rule
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
#define MEETING_DOCUMENTS_MAX 1000 /* a meeting */
#define MEETING_MOTIONS_MAX   1000 /* a meeting */
#define MEETING_MINUTES_MAX   64   /* a meeting */
#define MEETING_IGNORED_MAX   4096 /* listed; further ones are only counted */

/* One opened record of a meeting, in canonical order (cell/history.h), each once. Borrowed for the
 * call. Indexes of members, and what the cell says of the standing of any of them, must not change
 * between calls: when they do (a removal or a concurrent admission came), reset and walk again.
 * Indexes added at the end are fine. Records beyond a cut (cell_accepts()) are not handed in. */
struct meeting_event {
    uint32_t entry;    /* in the history */
    const uint8_t *id; /* 32 bytes */
    uint32_t member;   /* author, index in the cell; HISTORY_NONE: not a member, ignored */
    uint64_t wall;
    unsigned type;
    struct span body;
};

struct meeting_opinion {
    uint8_t id[32];
    uint32_t entry;
    uint32_t member;
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
    uint32_t entry; /* its record, for the key and the chunks */
    uint64_t wall;
    bool late;                        /* the close of the meeting had not seen it */
    struct meeting_receipt *receipts; /* one line a member other than its author */
    size_t receipts_count;
};

struct meeting_vote {
    uint32_t member;
    enum act_choice choice;
    uint32_t entry;
    bool late; /* the close had not seen it */
    bool lost; /* its member had no vote any more, as the close had seen, or now: not counted */
    uint64_t wall;
};

enum meeting_outcome { OUTCOME_OPEN, OUTCOME_ADOPTED, OUTCOME_REJECTED, OUTCOME_NO_QUORUM };

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
    /* As counted when closed (or as it stands, while open). */
    size_t agree, disagree, abstain, late; /* late: members with late votes */
    size_t eligible;                       /* the denominator: members who may vote */
    size_t present;                        /* confirmed present, of them */
    size_t quorum_needed, needed;          /* present for a vote to be valid; agreeing to adopt */
    enum meeting_outcome outcome;
    /* Horizon: the eligible members without a counted vote and without any other record of a
     * meeting that the close had seen and that itself had seen the motion. 0 while open. */
    size_t unheard;
    uint8_t voters[(CELL_MEMBERS_MAX + 7) / 8]; /* once closed: see meeting_voter() */
};

struct meeting_roll_line {
    uint32_t member;
    bool claimed;         /* the member said: I am here */
    enum act_roll status; /* as confirmed by chair or secretary; ROLL_UNKNOWN: not yet */
    char *reason;         /* NULL: none given */
    uint64_t wall;
    struct cell_standing
        standing; /* as far as the close had seen; before the close: as known now */
    bool known;   /* a member by that standing; who is none has no line to show, unless called */
};

struct meeting_minutes {
    uint8_t id[32];
    uint32_t member; /* who signed */
    char *text;
    char language[3];
    uint32_t form; /* version of the form that made the text; 0: written by hand */
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
    /* Quorum as it stands, by the procedure: present of eligible, and how many are needed. */
    size_t present, eligible, quorum_needed;
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

/* Had this member a vote on the motion: as far as what closed it had seen; while open, as known
 * now.
 */
bool meeting_voter(const struct meeting_state *s, const struct meeting *m,
                   const struct meeting_motion *motion, uint32_t member);

/* HOP_OK, or HOP_EREFUSED with the reason: a sentence that says what is wrong and what to do. */
MUST_USE int meeting_may(const struct meeting_state *s, const struct cell *c, uint32_t member,
                         const struct act *a, struct text_said *why);

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
#define MEETING_MINUTES_FORM 1

/* The minutes of a meeting as plain text, in the procedure's form, from the record alone. Before
 * the close they say that they are a draft. HOP_ENOMEM. */
MUST_USE int meeting_minutes_text(const struct meeting_state *s, const struct cell *c,
                                  const struct meeting *m, enum text_lang lang, struct buf *ret);

#endif
