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
#include "cell/secrecy.h"

#define ACT_TITLE_BYTES_MAX    512
#define ACT_FORM_BYTES_MAX     31          /* as in struct procedure_form */
#define ACT_TEXT_BYTES_MAX     (64u << 10) /* an opinion, a motion */
#define ACT_MINUTES_BYTES_MAX  (512u << 10)
#define ACT_FORM_MAX           65535 /* versions of the form of minutes */
#define ACT_AGENDA_MAX         64
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
    X(ACT_RECEIPT, 44) /* this device holds, or its person has read, a thing */

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

enum act_receipt { RECEIPT_RECEIVED = 1, RECEIPT_READ = 2 };

enum act_class {
    CLASS_OPEN = SECRECY_OPEN,
    CLASS_INTERNAL = SECRECY_INTERNAL,
    CLASS_GROUP = SECRECY_GROUP,
    CLASS_SECRET = SECRECY_SECRET
};

struct act {
    enum act_type type;
    uint8_t meeting[32]; /* every type but MEETING */
    uint8_t target[32];  /* VOTE, TALLY: the motion; RECEIPT: what was received; ROLL: member id in
                            the first 16 bytes */
    uint32_t item;       /* DOC, OPINION, MOTION: agenda item from 1; 0 the meeting as a whole */
    uint32_t value;      /* ROLL: enum act_roll; VOTE: enum act_choice; RECEIPT: enum act_receipt;
                            DOC: enum act_class;
                            MINUTES: version of the form that made the text, 0 when a person did */
    struct span title;   /* MEETING, DOC */
    struct span text;    /* OPINION, MOTION, ROLL (reason), MINUTES; NOTICE (words to go with it) */

    /* MEETING */
    struct span form; /* name of a form in the procedure: "regular" */
    struct span when; /* as people write it: "04/12/2026 19:30" */
    struct span place;
    struct span basis; /* legal basis; reason for meeting remotely */
    struct span reason;
    uint8_t chair[16], secretary[16]; /* member ids; zeros: the cell's secretary */
    struct span agenda[ACT_AGENDA_MAX];
    size_t agenda_count;

    /* DOC */
    struct span number;     /* "05-NQ/CB" */
    struct span media_type; /* "text/plain" */
    uint64_t size;
    uint8_t blob_key[32];
    uint8_t root[32]; /* names the tree of its sealed chunks; zeros with size 0: words only */

    /* MINUTES */
    struct span language; /* "vi" or "en": which catalogue made the text */
};

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

const char *act_type_name(unsigned type); /* "motion"; "unknown" for others; static */

#endif
