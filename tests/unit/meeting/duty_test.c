/* What a cell owes, and what is of no one meeting. */
#include "tests/unit/meeting/village.h"

/* Wall clock of noon of a day in Việt Nam. */
static uint64_t noon(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days = (int64_t)(year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 +
                   (year - 1601) / 400 + before[month - 1] + day - 1;
    if (month > 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
        days++;
    return (uint64_t)(days * 86400 + 5 * 3600) * 1000000;
}

/* A meeting of this form, closed at this time. */
static const uint8_t *held(struct world *w, const char *form, uint64_t at, uint32_t flags,
                           uint32_t present)
{
    struct act a = act_meeting("Sinh hoạt", 1);
    a.form = span_text(form);
    a.flags = flags;
    w->wall = at - 40 * UINT64_C(60000000);
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    if (strcmp(form, "written") != 0)
        do_simple(w, A, ACT_OPEN, m);
    for (uint32_t i = 0; i < present; i++)
        do_roll(w, A, m, i, ROLL_PRESENT, "");
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    return m;
}

static void not_held(struct world *w, const char *period)
{
    struct act a = act_text(ACT_NOT_HELD, NULL, 0, "Lũ lụt");
    a.title = span_text(period);
    world_act(w, A, &a);
}

/* A month without a meeting is due; across a year's end and a leap day. */
TEST(duty_months_are_kept_or_due)
{
    struct world *w = village();
    struct meeting_month got[16];
    held(w, "regular", noon(2027, 11, 4), 0, 3);
    held(w, "written", noon(2027, 12, 31), 0, 0); /* counts for it */
    held(w, "regular", noon(2028, 2, 29), 0, 3);  /* a leap day */
    held(w, "thematic", noon(2028, 3, 4), 0, 3);  /* takes nobody's place */
    held(w, "regular", noon(2028, 4, 4), FLAG_PRACTICE, 3);
    not_held(w, "05/2028 (bão số 3)");
    world_fold(w);
    CHECK_EQ(ignored(w), 0);
    CHECK_EQ(meeting_months(w->state, noon(2028, 6, 1), got, 16), 8);
    static const struct {
        int year, month;
        size_t held;
        bool not_held, due;
    } want[] = {
        {2028, 6, 0, false, false}, /* not over yet */
        {2028, 5, 0, true, false},   {2028, 4, 0, false, true}, {2028, 3, 0, false, true},
        {2028, 2, 1, false, false},  {2028, 1, 0, false, true}, {2027, 12, 1, false, false},
        {2027, 11, 1, false, false},
    };
    for (size_t i = 0; i < 8; i++) {
        CHECK_EQ(got[i].year, want[i].year);
        CHECK_EQ(got[i].month, want[i].month);
        CHECK_EQ(got[i].held, want[i].held);
        CHECK_EQ(got[i].not_held != NULL, want[i].not_held);
        CHECK_EQ(got[i].due, want[i].due);
    }
    CHECK_EQ(meeting_months(w->state, noon(2028, 6, 1), got, 3), 3); /* the newest */
    CHECK_EQ(got[2].month, 4);
    CHECK_EQ(meeting_months(w->state, noon(2027, 1, 1), got, 16), 0); /* a clock gone wrong */
    world_free(w);
}

/* A month belongs to the procedure's zone: 23:30 on the 31st in Việt Nam is not the 1st. */
TEST(duty_month_is_that_of_the_procedures_zone)
{
    struct world *w = village();
    struct meeting_month got[4];
    held(w, "regular", noon(2027, 12, 31) + UINT64_C(690) * 60000000, 0, 3); /* 23:30 */
    world_fold(w);
    CHECK_EQ(meeting_months(w->state, noon(2028, 1, 2), got, 4), 2);
    CHECK_EQ(got[1].held, 1);
    CHECK_EQ(got[1].month, 12);
    CHECK_EQ(got[0].held, 0);
    world_free(w);
}

/* Where one is due each quarter, two quiet months are no breach. */
TEST(duty_of_every_so_many_months)
{
    struct world *w = village();
    struct procedure *p = rules_of(w);
    struct meeting_month got[8];
    p->period_months = 3;
    meeting_set_procedure(w->state, p);
    held(w, "regular", noon(2027, 1, 4), 0, 3);
    world_fold(w);
    CHECK_EQ(meeting_months(w->state, noon(2027, 6, 1), got, 8), 6);
    const bool due[] = {false, true, true, false, false, false}; /* June … January */
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(got[i].due, due[i]);
    p->period_months = 0;
    meeting_set_procedure(w->state, p);
    CHECK_EQ(meeting_months(w->state, noon(2027, 6, 1), got, 8), 0);
    world_free(w);
}

/* A period that does not say which month would keep none. */
TEST(duty_not_held_names_its_month)
{
    static const struct {
        const char *period;
        bool good;
    } cases[] = {{"11/2026", true},  {"11/2026: lũ", true}, {"13/2026", false},  {"00/2026", false},
                 {"1/2026", false},  {"11-2026", false},    {"11/20261", false}, {"", false},
                 {"ab/2026", false}, {"11/202", false}};
    struct world *w = village();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct act a = act_text(ACT_NOT_HELD, NULL, 0, "Lũ lụt");
        a.title = span_text(cases[i].period);
        check_may(w, A, &a, cases[i].good, REFUSE_PERIOD);
    }
    world_free(w);
}

/* Attendance by member: practice never counts, nor what one was not there to know of. */
TEST(duty_attendance_counts_what_was_held_for_a_member)
{
    struct world *w = village();
    held(w, "regular", noon(2027, 1, 4), 0, 3);
    held(w, "regular", noon(2027, 2, 4), FLAG_PRACTICE, 0);
    held(w, "written", noon(2027, 3, 4), 0, 0);
    held(w, "regular", noon(2027, 4, 4), 0, 1);
    held(w, "regular", noon(2027, 5, 4), 0, 1);
    uint32_t late = world_admit(w, A, "Phúc", ROLE_MEMBER);
    held(w, "regular", noon(2027, 6, 4), 0, 1);
    world_fold(w);
    struct meeting_attendance n = meeting_attendance_of(w->state, &w->cell, A);
    CHECK_EQ(n.held, 4);
    CHECK_EQ(n.of[ROLL_PRESENT], 4);
    CHECK_EQ(n.in_a_row, 0);
    n = meeting_attendance_of(w->state, &w->cell, B);
    CHECK_EQ(n.of[ROLL_PRESENT], 1);
    CHECK_EQ(n.of[ROLL_UNKNOWN], 3);
    CHECK_EQ(n.in_a_row, 3);
    n = meeting_attendance_of(w->state, &w->cell, late);
    CHECK_EQ(n.held, 1);
    world_free(w);
}

/* Documents in time: shown by the calendar, refused by nobody. */
TEST(duty_lead_time_is_shown_and_never_enforced)
{
    static const struct {
        const char *when;
        uint64_t sent;
        bool known;
        int days;
    } cases[] = {
        {"19:30 ngày 04/12/2027", 0, true, 4},
        {"04/12/2027 19:30", 0, true, 4},
        {"4/12/2027", 0, true, 4},
        {"01/12/2027", 0, true, 1},
        {"29/11/2027", 0, true, -1},
        {"thứ Bảy tuần tới", 0, false, 0},
        {"", 0, false, 0},
        {"99/99/2027", 0, false, 0},
        {"1/3/2028", 1, true, 2}, /* over a leap day */
        {"12/2027", 0, false, 0},
    };
    struct world *w = village();
    CHECK_EQ(noon(1970, 1, 1), UINT64_C(5) * 3600 * 1000000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct act a = act_meeting("Họp", 1);
        a.when = span_text(cases[i].when);
        const uint8_t *m = world_act(w, A, &a);
        world_fold(w);
        int days = 99;
        uint64_t sent = cases[i].sent == 0 ? noon(2027, 11, 30) : noon(2028, 2, 28);
        bool known = meeting_lead_days(w->state, meeting_find(w->state, m), sent, &days);
        CHECK_EQ(known, cases[i].known);
        if (known)
            CHECK_EQ(days, cases[i].days);
        struct act doc = act_document(m, "Dự thảo", CLASS_OPEN);
        MAY(w, A, &doc);
    }
    CHECK_EQ(meeting_notice_days(w->state, meeting_at(w->state, 0)), 3);
    struct act urgent = act_meeting("Họp bất thường", 1);
    urgent.form = span_text("extraordinary");
    const uint8_t *m = world_act(w, A, &urgent);
    world_fold(w);
    CHECK_EQ(meeting_notice_days(w->state, meeting_find(w->state, m)), 0);
    world_free(w);
}

/* Reports, with and without a meeting; private words leave no words behind. */
TEST(duty_reports_and_private_words_are_of_the_cell)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "regular", NULL);
    struct act a = act_text(ACT_REPORT, NULL, 0, "Nước lên 2 m");
    a.place = span_text("Bản Mù");
    a.value = 3;
    a.flags = FLAG_URGENT;
    MAY(w, D, &a);
    MAY_NOT(w, GUEST, &a, REFUSE_OBSERVER);
    world_act(w, D, &a);
    a.value = 200;
    MAY_NOT(w, D, &a, REFUSE_BAD_VALUE); /* no such state in the procedure */
    a.value = 0;
    a.flags = 0;
    memcpy(a.meeting, m, 32);
    world_act(w, E, &a);
    a.meeting[0] ^= 1;
    MAY_NOT(w, E, &a, REFUSE_UNKNOWN_MEETING);
    struct act words = act_of(ACT_PRIVATE, NULL);
    words.sealed = span_text("\x01\x02");
    MAY(w, D, &words);
    MAY_NOT(w, GUEST, &words, REFUSE_OBSERVER);
    world_act(w, D, &words);
    world_fold(w);
    CHECK_EQ(meeting_report_count(w->state), 2);
    size_t urgent = meeting_report_at(w->state, 0)->urgent ? 0 : 1;
    CHECK_TEXT(meeting_report_at(w->state, urgent)->place, "Bản Mù");
    CHECK_EQ(meeting_report_at(w->state, urgent)->state, 3);
    CHECK_BYTES(meeting_report_at(w->state, 1 - urgent)->meeting, m, 32);
    CHECK_EQ(meeting_private_count(w->state), 1);
    CHECK_EQ(meeting_private_at(w->state, 0)->member, D);
    world_free(w);
}

/* An excuse is asked for with its reason, taken back, and stands in the roll. */
TEST(duty_excuse_stands_in_the_roll)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "regular", NULL);
    struct act a = act_of(ACT_EXCUSE, m);
    a.value = 1;
    MAY_NOT(w, D, &a, REFUSE_NEEDS_REASON);
    a.text = span_text("Đi công tác");
    MAY(w, D, &a);
    MAY_NOT(w, GUEST, &a, REFUSE_OBSERVER);
    world_act(w, D, &a);
    CHECK_TEXT(only(w)->roll[D].excuse, "Đi công tác");
    CHECK_EQ(only(w)->roll[D].status, ROLL_UNKNOWN); /* the secretary decides what it is */
    a.value = 2;
    a.text = span_text("");
    world_act(w, D, &a);
    CHECK(only(w)->roll[D].excuse == NULL);
    world_free(w);
}

/* Who was reminded of what. */
TEST(duty_reminders_name_their_people)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "regular", NULL);
    struct act a = act_on(ACT_REMIND, m, m, 0);
    a.people = PEOPLE(w, {D, 0}, {E, 0});
    MAY_NOT(w, A, &a, REFUSE_UNKNOWN_THING);
    memcpy(a.target, only(w)->notice_id, 32);
    MAY_NOT(w, D, &a, REFUSE_NOT_ARRANGER);
    world_act(w, A, &a);
    CHECK_EQ(only(w)->reminders_count, 1);
    CHECK_EQ(only(w)->reminders[0].people.count, 2);
    world_free(w);
}
