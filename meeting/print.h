/* Documents of a meeting as styled lines: one source for plain text, a page and paper.
 *
 * Each line is a style, then columns after tabs, then a line end; texts are plain (no tabs, no line
 * ends: they are set as spaces or as further lines). print/ makes PDF of them,
 * meeting_print_plain() and meeting_print_html() the rest. */
#ifndef HOP_MEETING_PRINT_H
#define HOP_MEETING_PRINT_H

#include "meeting/meeting.h"

#define PRINT_COLUMNS_MAX 8

enum print_style {
    PRINT_HEAD = 'H',      /* two columns at the top: the body, the state */
    PRINT_TITLE = 'T',     /* in the middle, large */
    PRINT_SUBTITLE = 'S',  /* in the middle */
    PRINT_DATE = 'D',      /* at the right, slanted: place and date */
    PRINT_SECTION = 'B',   /* a heading */
    PRINT_PARAGRAPH = 'P', /* running text */
    PRINT_ITEM = 'I',      /* set in */
    PRINT_ROW = 'R',       /* of a table; the first of a run is its head */
    PRINT_SIGNATURE = 'G', /* two columns; room to sign */
    PRINT_SPACE = 'N',     /* an empty line */
    PRINT_MARK = 'M'       /* across the page, faint: draft, practice */
};

enum print_kind {
    PRINT_NOTICE,
    PRINT_MINUTES,    /* the signed ones, or the draft */
    PRINT_RESOLUTION, /* index: which of the meeting's */
    PRINT_EXTRACT,    /* of the minutes: one agenda item; index: its number */
    PRINT_DELIVERY,   /* the delivery board */
    PRINT_KINDS_COUNT
};

/* HOP_ENOTFOUND: the meeting has no such thing; HOP_ENOMEM. */
MUST_USE int meeting_print(struct buf *ret, const struct meeting_state *s, const struct cell *c,
                           const struct meeting *m, enum print_kind kind, size_t index,
                           enum text_lang lang);

/* Styled lines as text of at most 80 columns, or as the body of a page (escaped). */
void meeting_print_plain(struct buf *ret, struct span lines);
void meeting_print_html(struct buf *ret, struct span lines);

#endif
