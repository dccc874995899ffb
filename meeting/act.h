/* The acts of a meeting: what a device can put on record, as values and as bodies of records.
 *
 * One struct for all, tagged; strings and spans are borrowed. The body is a CBOR map with
 * ascending integer keys (docs/protocol.md §9); keys that a newer version adds are skipped. An id
 * is the id of the record that created the thing: a meeting is its MEETING record, a motion its
 * MOTION record. Times are microseconds of somebody's wall clock: shown, never compared. */
#ifndef HOP_MEETING_ACT_H
#define HOP_MEETING_ACT_H

#include "base/cbor.h"
#include "base/err.h"

#define ACT_TITLE_BYTES_MAX    512
#define ACT_FORM_BYTES_MAX     31          /* as in struct procedure_form */
#define ACT_TEXT_BYTES_MAX     (64u << 10) /* an opinion, a motion */
#define ACT_MINUTES_BYTES_MAX  (512u << 10)
#define ACT_FORM_MAX           65535 /* versions of the form of minutes */
#define ACT_AGENDA_MAX         64
#define ACT_PEOPLE_MAX         300 /* as many as a cell has members */
#define ACT_COUNTS_MAX         16
#define ACT_SEALED_BYTES_MAX   (64u << 10)
#define ACT_BODY_BYTES_MAX     (768u << 10)
#define ACT_DOCUMENT_BYTES_MAX (UINT64_C(512) << 20) /* an hour of film; a scanned archive */

/* Record types. Numbers are for ever; 1..31 are cell/'s (cell/auth.h). */
#define ACT_TYPES(X)                                                                               \
    X(ACT_MEETING, 32) /* a meeting is prepared: form, time, agenda */                             \
    X(ACT_DOC, 33)     /* a document is laid before it */                                          \
    X(ACT_NOTICE, 34)  /* the notice is signed and sent */                                         \
    X(ACT_OPINION, 35) /* an opinion on an agenda item, prepared or spoken */                      \
    X(ACT_OPEN, 36)    /* the chair opens the meeting */                                           \
    X(ACT_ATTEND, 37)  /* a member says: I am here */                                              \
    X(ACT_ROLL, 38)    /* chair or secretary confirms one member's line */                         \
    X(ACT_MOTION, 39)  /* a question is put, its wording frozen */                                 \
    X(ACT_VOTE, 40)    /* one member's vote by name; the last before the close counts */           \
    X(ACT_TALLY, 41)   /* the chair closes the vote, having seen what deps say */                  \
    X(ACT_CLOSE, 42)   /* the chair closes the meeting */                                          \
    X(ACT_MINUTES, 43) /* minutes, signed by the author of this record */                          \
    X(ACT_RECEIPT, 44) /* this device holds, or its person has read, a thing */                    \
    /* before */                                                                                   \
    X(ACT_EXCUSE, 45) /* a member asks to be excused, with the reason, or takes it back */         \
    X(ACT_REMIND, 46) /* these people were reminded of a notice or document */                     \
    X(ACT_SITE, 47)   /* a site: several members at one device; who answers for it */              \
    X(ACT_PIN, 48)    /* the key that a member's PIN makes, for sites; of no meeting */            \
    /* during */                                                                                   \
    X(ACT_SITE_ROLL, 49)  /* who is at a site, named by its teller or proven by PIN */             \
    X(ACT_CHECK, 50)      /* the roll is taken again, after a break */                             \
    X(ACT_PAUSE, 51)      /* a break begins, or ends */                                            \
    X(ACT_ITEM, 52)       /* the chair goes to an agenda item */                                   \
    X(ACT_FLOOR, 53)      /* a member asks for the floor, raises a point of order, withdraws */    \
    X(ACT_GIVE, 54)       /* the chair gives somebody the floor, or ends their turn */             \
    X(ACT_CONCLUSION, 55) /* the chair concludes an item */                                        \
    X(ACT_WITHDRAW, 56)   /* a motion is withdrawn by who put it */                                \
    X(ACT_HANDS, 57)      /* hands counted at a site, by name */                                   \
    X(ACT_PAPER, 58)      /* a paper ballot: who took part, and the count; never whose vote */     \
    X(ACT_CHAIR, 59)      /* the deputy takes the chair, or it is given back */                    \
    X(ACT_PRIVATE, 60)    /* sealed words to the secretary; never in minutes; of no meeting */     \
    X(ACT_REPORT, 61)     /* how a place stands; urgent ones first; with or without a meeting */   \
    X(ACT_SETTLE, 62)     /* of two results on one item, this one holds */                         \
    X(ACT_EXCEPTION, 63)  /* who allowed an exception from the rules, and why */                   \
    /* after */                                                                                    \
    X(ACT_READ_BACK, 64)  /* the minutes were read to the meeting */                               \
    X(ACT_CORRECTION, 65) /* a correction of the minutes is asked for */                           \
    X(ACT_CORRECTED, 66)  /* it is taken, or not, and why */                                       \
    X(ACT_SIGN, 67)       /* signed by this member: minutes, a resolution, a supplement */         \
    X(ACT_SUPPLEMENT, 68) /* added to sealed minutes */                                            \
    X(ACT_RESOLUTION, 69) /* a resolution with its number */                                       \
    X(ACT_RESERVE, 70)    /* a member reserves its opinion (bảo lưu) */                         \
    X(ACT_TASK, 71)       /* a task from a meeting, for somebody */                                \
    X(ACT_TASK_STATE, 72) /* how it stands */                                                      \
    X(ACT_NOT_HELD, 73)   /* a meeting that is due was not held, because; of no meeting */         \
    X(ACT_SCORE, 74)      /* the meeting scored, by the procedure's list */                        \
    /* forms of their own */                                                                       \
    X(ACT_REPLY, 75)   /* one member's reply to a written consultation; the last counts */         \
    X(ACT_CASCADE, 76) /* a group head brings back attendance and opinions of a group */           \
    X(ACT_STEP, 77)    /* a step of a ceremony's script is done */

enum act_type {
#define X(name, number) name = (number),
    ACT_TYPES(X)
#undef X
};

enum act_roll { /* one member's line in the roll; the procedure labels them */
                ROLL_UNKNOWN,
                ROLL_PRESENT,
                ROLL_ABSENT_REASON,
                ROLL_ABSENT,
                ROLL_EXCUSED_DUTY, /* sent elsewhere */
                ROLL_COUNT
};

enum act_choice { CHOICE_NONE, CHOICE_AGREE, CHOICE_DISAGREE, CHOICE_ABSTAIN, CHOICE_COUNT };

enum act_reply { REPLY_NONE, REPLY_AGREE, REPLY_DISAGREE, REPLY_OTHER, REPLY_COUNT };

enum act_floor {
    FLOOR_ASK = 1,
    FLOOR_ORDER,    /* point of order: goes before others */
    FLOOR_WITHDRAW, /* of one's own asking */
};

enum act_task_state { TASK_OPEN = 1, TASK_DONE, TASK_DROPPED, TASK_STATES_END };

/* What ACT_PAPER's counts are, in this order. */
enum act_paper {
    PAPER_ISSUED,
    PAPER_COLLECTED,
    PAPER_VALID,
    PAPER_INVALID,
    PAPER_AGREE,
    PAPER_DISAGREE,
    PAPER_ABSTAIN,
    PAPER_COUNTS
};

enum act_flag { FLAG_PRACTICE = 1, FLAG_URGENT = 2 };

/* A list of members with a small number each: status, choice, or 0. Packed: 16 bytes of id, one of
 * value, ascending by id, each once. */
struct act_people {
    const uint8_t *bytes;
    size_t count;
};
#define ACT_PERSON_BYTES 17

enum act_receipt { RECEIPT_RECEIVED = 1, RECEIPT_READ = 2 };

enum act_class { CLASS_OPEN, CLASS_INTERNAL, CLASS_GROUP, CLASS_SECRET };

struct act {
    enum act_type type;
    uint8_t meeting[32]; /* every type but MEETING and those "of no meeting"; REPORT may */
    uint8_t target[32];  /* VOTE, TALLY, WITHDRAW, HANDS, PAPER: the motion; MOTION: the motion it
                            amends; DOC: the document it takes the place of; RECEIPT, REMIND: notice
                            or document; PIN: public key; SETTLE:  the motion that holds; CORRECTION,
                            SIGN: what; READ_BACK: what,  or the meeting itself: its draft;
                            CORRECTED:  the correction; RESERVE: motion or resolution; RESOLUTION:
                            motion or  draft; TASK_STATE: the task */
    uint8_t person[16];  /* ROLL: whose line; SITE: teller; GIVE, CHAIR: who; TASK: for whom;
                            OPINION, FLOOR: for whom a teller speaks */
    uint8_t site[32];    /* SITE_ROLL, HANDS: id of the SITE record */
    uint8_t group[16];   /* MEETING: of this group; CASCADE */
    uint8_t parent[32];  /* MEETING: the meeting it follows from or belongs to; SETTLE: where the
                            motion was closed twice, the closing that holds */
    uint32_t item;       /* agenda item from 1; 0 the meeting as a whole; STEP: of the script */
    uint32_t value;      /* ROLL: enum act_roll; VOTE: enum act_choice; RECEIPT: enum act_receipt;
                            DOC: enum act_class; FLOOR: enum act_floor; REPLY: enum act_reply;
                            TASK_STATE: enum act_task_state; EXCUSE, PAUSE, CHAIR: 1 begins, 2 ends;
                            GIVE: minutes, 0 ends the turn; CORRECTED: 1 taken, 2 not;
                            MINUTES, SUPPLEMENT: version of the form that made the text, 0 when a
                            person did */
    uint32_t flags;      /* MEETING: FLAG_PRACTICE; REPORT: FLAG_URGENT */
    struct span title;   /* MEETING, DOC, SITE (name), RESOLUTION, NOT_HELD (period) */
    struct span text;    /* words: an opinion, a motion, a reason, minutes … */

    /* MEETING */
    struct span form; /* name of a form in the procedure: "regular"; MOTION: of a question */
    struct span when; /* as people write it: "04/12/2026 19:30"; MEETING: begin or, for a
                         consultation, until when replies are asked for; TASK: due */
    struct span place;
    struct span basis; /* legal basis; reason for meeting remotely; EXCEPTION */
    struct span reason;
    uint8_t chair[16], secretary[16]; /* member ids; zeros: the cell's secretary */
    struct span agenda[ACT_AGENDA_MAX];
    size_t agenda_count;

    struct act_people people;        /* MEETING: recipients or those invited, if not all; REMIND;
                                        SITE_ROLL:        enum act_roll; HANDS: enum act_choice; PAPER: who
                                        took        part; CASCADE:        enum act_roll */
    uint32_t counts[ACT_COUNTS_MAX]; /* PAPER: enum act_paper; SCORE: points by line; CASCADE */
    size_t counts_count;
    uint8_t proof[64];  /* SITE_ROLL of one person: signature by the key of the PIN */
    struct span sealed; /* PRIVATE */

    /* DOC, RESOLUTION */
    struct span number;     /* "05-NQ/CB" */
    struct span media_type; /* "text/plain" */
    uint64_t size;
    uint8_t blob_key[32];
    uint8_t root[32]; /* names the tree of its sealed chunks; zeros with size 0: words only */

    /* MINUTES, SUPPLEMENT */
    struct span language; /* "vi" or "en": which catalogue made the text */
};

/* The index-th of a list; its value in *ret_value. */
const uint8_t *act_person(const struct act_people *p, size_t index, uint8_t *ret_value);

/* HOP_OK if a can be put on record. HOP_EFULL: a field is longer than its limit; HOP_EMALFORMED: a
 * required field is absent, text is not UTF-8, a one-line field holds control characters, or a
 * value is out of range; HOP_EREFUSED: a document of class CLASS_SECRET, which never goes on
 * record. */
MUST_USE int act_check(const struct act *a);

/* The body of the record: act_check(), then the bytes. HOP_EFULL too if w has no room. Fields that
 * the type does not have are not written; empty optional ones neither. */
MUST_USE int act_put(struct wire_writer *w, const struct act *a);

/* Spans of ret point into body. HOP_EMALFORMED for anything but one well-formed act of this type. A
 * document of class CLASS_SECRET parses, so that the fold can say why it is ignored. */
MUST_USE int act_parse(struct act *ret, enum act_type type, struct span body);

/* Must an act of this type have a title, or words? */
bool act_needs_title(unsigned type);
bool act_needs_text(unsigned type);

const char *act_type_name(unsigned type); /* "motion"; "unknown" for others; static */

#endif
