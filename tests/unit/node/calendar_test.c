#include "node/calendar.h"

#include "tests/lib/test.h"

static void check_when(const char *words, int year, int month, int day, int hour, int minute)
{
    struct calendar_when when;
    if (!calendar_read(&when, words))
        print_message("not read: %s\n", words);
    CHECK(calendar_read(&when, words));
    CHECK_EQ(when.year, year);
    CHECK_EQ(when.month, month);
    CHECK_EQ(when.day, day);
    CHECK_EQ(when.hour + 1, hour + 1); /* -1: none */
    if (hour >= 0)
        CHECK_EQ(when.minute, minute);
}

/* A meeting would be in nobody's calendar, or on another day. */
TEST(calendar_reads_dates_as_people_write_them)
{
    check_when("04/12/2026 19:30", 2026, 12, 4, 19, 30);
    check_when("19h30 ngày 4-12-2026", 2026, 12, 4, 19, 30);
    check_when("19 giờ 30, thứ Sáu 04.12.2026", 2026, 12, 4, 19, 30);
    check_when("7g00, 1/2/2027", 2027, 2, 1, 7, 0);
    check_when("20h ngày 29/2/2028", 2028, 2, 29, 20, 0);
    check_when("2026-12-04", 2026, 12, 4, -1, 0);
    check_when("trước ngày 06/04/2027", 2027, 4, 6, -1, 0);
}

/* A calendar program refuses the whole file for one impossible date. */
TEST(calendar_reads_no_date_that_does_not_exist)
{
    static const char *const none[] = {"",           "thứ Sáu",    "31/02/2027",  "29/02/2027",
                                       "04/13/2026", "00/01/2027", "4/12",        "19:30",
                                       "4/12/26",    "1/2/20270",  "04//12/2026", "99999999999"};
    struct calendar_when when;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (calendar_read(&when, none[i]))
            print_message("read: %s\n", none[i]);
        CHECK(!calendar_read(&when, none[i]));
    }
}

/* RFC 5545: CRLF, escapes, the local time as on the notice, stamp in UTC. */
TEST(calendar_entry_reads_as_agreed)
{
    struct buf b = {0};
    const struct calendar_entry e = {.id = "ab12",
                                     .when = {2026, 12, 4, 19, 30},
                                     .made = UINT64_C(1796086800) * 1000000,
                                     .title = "Họp; tháng 12",
                                     .place = "Nhà văn hóa, Bản Mù",
                                     .words = "1. Điểm danh\n2. Thảo luận"};
    calendar_write(&b, &e);
    CHECK_TEXT(buf_string(&b), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//hop//hop//VI\r\n"
                               "BEGIN:VEVENT\r\nUID:ab12@hop\r\nDTSTAMP:20261201T010000Z\r\n"
                               "DTSTART:20261204T193000\r\nSUMMARY:Họp\\; tháng 12\r\n"
                               "LOCATION:Nhà văn hóa\\, Bản Mù\r\n"
                               "DESCRIPTION:1. Điểm danh\\n2. Thảo luận\r\n"
                               "END:VEVENT\r\nEND:VCALENDAR\r\n");
    buf_free(&b);
}

/* A line of more than 75 octets, or a letter cut in two, is not read by phones. */
TEST(calendar_folds_lines_between_letters)
{
    struct buf b = {0};
    char words[301];
    for (size_t i = 0; i < 300; i += 3)
        memcpy(words + i, "ồ", 3);
    words[300] = '\0';
    const struct calendar_entry e = {
        .id = "1", .when = {2026, 12, 4, -1, 0}, .title = words, .place = "", .words = ""};
    calendar_write(&b, &e);
    CHECK(strstr(buf_string(&b), "DTSTART;VALUE=DATE:20261204\r\n") != NULL);
    for (const char *p = buf_string(&b); *p != '\0';) {
        size_t n = strcspn(p, "\r");
        CHECK(n <= 75);
        CHECK(((unsigned char)p[p[0] == ' '] & 0xc0) != 0x80);
        p += n + 2;
    }
    buf_free(&b);
}
