/* Rules are data: a procedure file (libconfig) as a checked value.
 *
 * Parsing is pure: the text is handed in, includes are refused, nothing is opened. Unknown settings
 * are errors with the line and the nearest name that is known. docs/procedures.md describes the
 * format; procedures/ holds the ones that ship. */
#ifndef HOP_MEETING_PROCEDURE_H
#define HOP_MEETING_PROCEDURE_H

#include "cell/auth.h"
#include "meeting/act.h"
#include "text/text.h"

#define PROCEDURE_BYTES_MAX       (64u << 10)
#define PROCEDURE_FORMS_MAX       16
#define PROCEDURE_LABEL_BYTES_MAX 160
#define PROCEDURE_AGENDA_MAX      32
#define PROCEDURE_SHARE_MAX                                                                        \
    1000 /* numerator and denominator: per mille is as fine as rules get                           \
          */
#define PROCEDURE_DAYS_MAX 366

struct procedure_label {
    char in[TEXT_LANGS_COUNT][PROCEDURE_LABEL_BYTES_MAX];
};

/* A share of something: more than (or at least) numerator/denominator of the eligible. */
struct procedure_share {
    unsigned numerator, denominator;
    bool strictly_more; /* "more than half" */
    bool of_present;    /* of those confirmed present, instead of all eligible members */
};

/* What happens at a form of meeting; names are the procedure's, kinds are ours. */
enum procedure_kind {
    FORM_LIVE,           /* people meet: regular, thematic, extraordinary, committee */
    FORM_REPRESENTATIVE, /* committee and group heads instead of all; each brings it to its group */
    FORM_GROUP,          /* of one group */
    FORM_STUDY,          /* one to many: attendance and questions, no motions */
    FORM_CEREMONY,       /* a script, step by step */
    FORM_CONSULTATION,   /* in writing, no live part */
    FORM_KINDS_COUNT
};

#define PROCEDURE_QUESTIONS_MAX 16
#define PROCEDURE_SCORE_MAX     16
#define PROCEDURE_REASONS_MAX   16
#define PROCEDURE_STATES_MAX    8
#define PROCEDURE_NOTE_BYTES    480

struct procedure_form {
    char name[32];
    struct procedure_label label;
    enum procedure_kind kind;
    struct procedure_label agenda[PROCEDURE_AGENDA_MAX]; /* the template; a ceremony's script */
    size_t agenda_count;
    int notice_days;     /* -1: as the procedure says */
    uint8_t chair_rank;  /* the least rank that may call it: a group's head has 0 */
    char counted_in[32]; /* name of the form whose periodic duty it fulfils; "" none */
};

/* A question that asks for more: election, discipline … */
enum procedure_ballot { BALLOT_OPEN, BALLOT_SECRET, BALLOT_PAPER };
struct procedure_question {
    char name[32];
    struct procedure_label label;
    enum procedure_ballot ballot;
    struct procedure_share majority; /* denominator 0: as the procedure says */
    char basis[PROCEDURE_NOTE_BYTES];
};

/* When a decision is final, and not provisional. */
enum procedure_final {
    FINAL_DECIDED, /* no vote that is not heard yet can change it */
    FINAL_HEARD,   /* all who count have been heard */
    FINAL_CHAIR    /* when the chair signs it as settled */
};

struct procedure {
    char name[AUTH_TEXT_BYTES_MAX + 1];
    struct procedure_label title;
    struct procedure_label legal_basis;
    struct procedure_label roles[ROLES_COUNT];
    struct procedure_label categories[CATEGORIES_COUNT];
    struct procedure_label roll[ROLL_COUNT];
    bool counts[CATEGORIES_COUNT]; /* in the denominator of quorum and majority */
    bool votes[CATEGORIES_COUNT];
    bool roll_needs_reason[ROLL_COUNT];
    struct procedure_share quorum, majority;
    unsigned notice_days; /* shown and recorded, not enforced by anybody's clock */
    struct procedure_form forms[PROCEDURE_FORMS_MAX];
    size_t forms_count;
    struct procedure_label minutes_heading; /* the national header lines, "\n" between them */
    struct procedure_label people;  /* what the members are called: "đảng viên", "members" */
    struct procedure_label address; /* before a name: "đ/c"; may be empty */
    /* Forms of documents. Lines may hold {names}: docs/procedures.md lists them. */
    struct procedure_label parent_body; /* above the unit's name in a document's head */
    struct procedure_label place;       /* before the date */
    struct procedure_label number_form; /* "{n}-NQ/CB" */
    struct procedure_label signing[2];  /* chair's and secretary's block */
    struct procedure_label reasons[PROCEDURE_REASONS_MAX]; /* for meeting remotely */
    size_t reasons_count;
    struct procedure_question questions[PROCEDURE_QUESTIONS_MAX];
    size_t questions_count;
    struct procedure_label score[PROCEDURE_SCORE_MAX]; /* lines of the meeting's score */
    unsigned score_max[PROCEDURE_SCORE_MAX];
    size_t score_count;
    struct procedure_label
        states[PROCEDURE_STATES_MAX]; /* words for a person's state in a report: safe, hurt … */
    size_t states_count;
    enum procedure_final final;
    unsigned period_months;             /* a meeting of the first form is due so often; 0: never */
    unsigned small_electorate;          /* below, an electronic secret ballot goes to paper */
    unsigned signatures_min;            /* who must sign minutes: 2 is chair and secretary */
    char confirm[PROCEDURE_NOTE_BYTES]; /* "to be confirmed by the cell": what, in words */
    int utc_offset_minutes;             /* for the clock times that the minutes print */
};

/* HOP_EMALFORMED with a sentence naming line and fix in why; HOP_ENOMEM. ret changes only on
 * success. What a file leaves out of roles, categories, roll and labels is as in
 * procedure_default(). The struct is large (170 KB): not for the stack. */
MUST_USE int procedure_parse(struct procedure *ret, struct span file, struct text_said *why);

/* BLAKE2b-256 of the file's bytes: what GENESIS pins. */
void procedure_hash(uint8_t ret[static 32], struct span file);
const struct procedure *
procedure_default(void); /* plain majority rules, before any file is known */
const struct procedure_form *procedure_find_form(const struct procedure *p, const char *name);
const struct procedure_question *procedure_find_question(const struct procedure *p,
                                                         struct span name);

/* How many of base are needed to satisfy the share; never less than one, so that nobody is not a
 * quorum of an empty body. */
size_t procedure_needed(const struct procedure_share *s, size_t base);

#endif
