/* Inside the minutes: how a line is said, for the files that write them. */
#ifndef HOP_MEETING_MINUTES_PART_H
#define HOP_MEETING_MINUTES_PART_H

#include "meeting/state.h"

#define MINUTES_WHO_BYTES   (PROCEDURE_LABEL_BYTES_MAX + AUTH_NAME_BYTES_MAX + 2)
#define MINUTES_CLOCK_BYTES 64

struct minutes {
    struct buf *b;
    enum text_lang lang;
    const struct meeting_state *s;
    const struct procedure *p;
    const struct cell *c;
    const struct meeting *m;
    unsigned section; /* the last that was begun */
};

/* A line of the catalogue with its arguments and a line end. None of them words of a member. */
void minutes_say(struct minutes *w, enum text_id id, size_t count, ...);
/* The same, and behind it, after a colon, words of a member if there are any; their further lines
 * stand behind a bar, so that none of them can pass for a line of the minutes. */
void minutes_tell(struct minutes *w, const char *words, enum text_id id, size_t count, ...);
/* A heading with its number. */
void minutes_section(struct minutes *w, enum text_id id);

const char *minutes_number(char ret[static 24], size_t n);
/* "đ/c Nguyễn Văn A" */
const char *minutes_who(const struct minutes *w, uint32_t member,
                        char ret[static MINUTES_WHO_BYTES]);
/* A wall-clock time in the procedure's zone. */
const char *minutes_clock(const struct minutes *w, uint64_t wall,
                          char ret[static MINUTES_CLOCK_BYTES]);

/* Names one after the other: "đ/c A, đ/c B (giơ tay)". */
struct minutes_names {
    struct buf b;
    size_t count;
};
void minutes_name(const struct minutes *w, struct minutes_names *names, uint32_t member,
                  const char *note); /* NULL: none */
/* "label (count): names"; nothing if there are none. Frees them. */
void minutes_list(struct minutes *w, struct minutes_names *names, enum text_id id,
                  const char *label);

/* Members of the cell whom the meeting is for, as far as the close had seen. */
bool minutes_expects(const struct minutes *w, uint32_t member);
bool minutes_has(const uint8_t id[static 32]); /* not zeros */
/* Index of the motion with this id, or motions_count. */
size_t minutes_motion(const struct meeting *m, const uint8_t id[static 32]);

/* ---- minutes_items.c: what was said and decided on each item ---- */
void minutes_items(struct minutes *w);
enum text_id minutes_outcome(enum meeting_outcome o);

/* ---- minutes_after.c: replies in writing, and everything behind the items ---- */
void minutes_replies(struct minutes *w);
void minutes_after(struct minutes *w);

#endif
