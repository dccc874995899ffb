#include "node/calendar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_OCTETS 75 /* RFC 5545, 3.1 */

/* ---- reading ---- */

/* Digits at s, at most four; how many characters in *ret_size, 0: none. */
static int number_at(const char *s, size_t *ret_size)
{
    int n = 0;
    size_t size = 0;
    while (size < 4 && s[size] >= '0' && s[size] <= '9')
        n = n * 10 + (s[size++] - '0');
    *ret_size = size;
    return n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* "04/12/2026", or "2026-12-04": the part of four digits is the year. Returns its length, or 0. */
static size_t date_at(const char *s, struct calendar_when *ret)
{
    size_t sizes[3], at = 0;
    int n[3];
    for (size_t i = 0; i < 3; i++) {
        n[i] = number_at(s + at, &sizes[i]);
        at += sizes[i];
        if (sizes[i] == 0 || (i < 2 && strchr("/.-", s[at]) == NULL) || (i < 2 && s[at] == '\0'))
            return 0;
        at += i < 2;
    }
    bool year_first = sizes[0] == 4;
    ret->year = year_first ? n[0] : n[2];
    ret->month = n[1];
    ret->day = year_first ? n[2] : n[0];
    bool spelled = (year_first ? sizes[2] <= 2 : sizes[2] == 4 && sizes[0] <= 2) && sizes[1] <= 2;
    bool real = ret->month >= 1 && ret->month <= 12 && ret->year >= 1000 && ret->day >= 1;
    return spelled && real && ret->day <= days_in(ret->month, ret->year) && !is_digit(s[at]) ? at
                                                                                             : 0;
}

/* "19:30", "19h30", "19h", "19 giờ 30". */
static bool time_at(const char *s, struct calendar_when *ret)
{
    static const char *const marks[] = {":", "h", "g", " giờ ", " giờ", "giờ"};
    size_t size, more;
    int hour = number_at(s, &size);
    if (size == 0 || size > 2 || hour > 23)
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i]);
        if (strncmp(s + size, marks[i], n) != 0)
            continue;
        int minute = number_at(s + size + n, &more);
        if (minute > 59 || more > 2 || (i == 0 && more == 0))
            continue;
        ret->hour = hour;
        ret->minute = more > 0 ? minute : 0;
        return true;
    }
    return false;
}

bool calendar_read(struct calendar_when *ret, const char *words)
{
    bool found = false;
    *ret = (struct calendar_when){.hour = -1};
    for (const char *p = words; *p != '\0'; p++) {
        bool begins = is_digit(*p) && (p == words || !is_digit(p[-1]));
        if (!begins)
            continue;
        size_t n = found ? 0 : date_at(p, ret);
        found = found || n > 0;
        if (n > 0)
            p += n - 1;
        else if (ret->hour < 0)
            (void)time_at(p, ret);
    }
    return found;
}

/* ---- writing ---- */

/* A content line, folded so that no line has more than 75 octets and no character is cut. */
static void put_line(struct buf *ret, const char *name, const char *value)
{
    struct buf whole = {0};
    size_t used = 0;
    buf_printf(&whole, "%s:%s", name, value);
    const char *s = buf_string(&whole);
    for (size_t i = 0; s[i] != '\0';) {
        size_t n = 1;
        while (((unsigned char)s[i + n] & 0xc0) == 0x80)
            n++;
        if (used + n > LINE_OCTETS) {
            buf_text(ret, "\r\n ");
            used = 1;
        }
        buf_bytes(ret, (const uint8_t *)s + i, n);
        used += n;
        i += n;
    }
    buf_text(ret, "\r\n");
    buf_free(&whole);
}

static void put_text(struct buf *ret, const char *name, const char *words)
{
    struct buf value = {0};
    for (const char *p = words; *p != '\0'; p++) {
        if (*p == '\n')
            buf_text(&value, "\\n");
        else if (*p != '\r')
            buf_printf(&value, "%s%c", strchr("\\;,", *p) != NULL ? "\\" : "", *p);
    }
    if (value.size > 0)
        put_line(ret, name, buf_string(&value));
    buf_free(&value);
}

void calendar_write(struct buf *ret, const struct calendar_entry *e)
{
    char stamp[32] = "19700101T000000Z", start[32], id[100];
    time_t seconds = (time_t)(e->made / 1000000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    (void)snprintf(id, sizeof id, "%s@hop", e->id);
    bool timed = e->when.hour >= 0;
    if (timed)
        (void)snprintf(start, sizeof start, "%04d%02d%02dT%02d%02d00", e->when.year, e->when.month,
                       e->when.day, e->when.hour, e->when.minute);
    else
        (void)snprintf(start, sizeof start, "%04d%02d%02d", e->when.year, e->when.month,
                       e->when.day);
    put_line(ret, "BEGIN", "VCALENDAR");
    put_line(ret, "VERSION", "2.0");
    put_line(ret, "PRODID", "-//hop//hop//VI");
    put_line(ret, "BEGIN", "VEVENT");
    put_line(ret, "UID", id);
    put_line(ret, "DTSTAMP", stamp);
    put_line(ret, timed ? "DTSTART" : "DTSTART;VALUE=DATE", start);
    put_text(ret, "SUMMARY", e->title);
    put_text(ret, "LOCATION", e->place);
    put_text(ret, "DESCRIPTION", e->words);
    put_line(ret, "END", "VEVENT");
    put_line(ret, "END", "VCALENDAR");
}
