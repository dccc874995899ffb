/* A meeting as a calendar entry: iCalendar, RFC 5545. Pure. */
#ifndef HOP_NODE_CALENDAR_H
#define HOP_NODE_CALENDAR_H

#include "base/buf.h"

struct calendar_when {
    int year, month, day;
    int hour, minute; /* hour -1: no time of day was said */
};

/* A date and perhaps a time as people write them: "04/12/2026 19:30", "19h30 ngày 4-12-2026", "19
 * giờ 30, 04.12.2026", "2026-12-04". False: no date of the calendar in it. */
bool calendar_read(struct calendar_when *ret, const char *words);

struct calendar_entry {
    const char *id; /* of the meeting: the entry is replaced by one of the same id */
    struct calendar_when when;
    uint64_t made; /* µs since 1970: when the notice was signed */
    const char *title, *place, *words;
};

/* The time is a local one of wherever the reader is, as on the notice: it names no zone. */
void calendar_write(struct buf *ret, const struct calendar_entry *e);

#endif
