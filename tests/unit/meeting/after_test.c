/* What comes of a meeting: minutes, resolutions, reserved opinions, tasks, the score. */
#include "tests/unit/meeting/village.h"

static const uint8_t *closed(struct world *w)
{
    const uint8_t *m = sitting(w, 4);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    return m;
}

static const uint8_t *do_minutes(struct world *w, uint32_t by, enum act_type type, const uint8_t *m)
{
    struct act a = act_text(type, m, 0, "Biên bản");
    a.language = span_text("vi");
    return world_act(w, by, &a);
}

/* Sealed by the hands that the rules ask for, and no others. */
TEST(after_minutes_are_sealed_by_chair_and_secretary)
{
    static const struct {
        unsigned rule;
        uint32_t writes, signs[3];
        size_t count;
        bool sealed;
    } cases[] = {
        {2, C, {A}, 1, true},  {2, C, {D}, 1, false},   {2, C, {D, E}, 2, false},
        {2, A, {C}, 1, true},  {2, A, {D}, 1, false},   {1, C, {0}, 0, true},
        {1, A, {0}, 0, true},  {0, B, {0}, 0, false},   {0, B, {C}, 1, true},
        {3, C, {A}, 1, false}, {3, C, {A, D}, 2, true}, {2, B, {A, C}, 2, true},
        {2, B, {A}, 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = village();
        struct procedure *p = rules_of(w);
        p->signatures_min = cases[i].rule;
        meeting_set_procedure(w->state, p);
        const uint8_t *m = closed(w), *one = do_minutes(w, cases[i].writes, ACT_MINUTES, m);
        world_all_meet(w);
        for (size_t k = 0; k < cases[i].count; k++)
            do_on(w, cases[i].signs[k], ACT_SIGN, m, one, 0);
        CHECK_EQ(only(w)->minutes[0].sealed, cases[i].sealed);
        CHECK_EQ(only(w)->minutes[0].signatures_count, cases[i].count);
        CHECK_EQ(ignored(w), 0);
        world_free(w);
    }
}

/* Who sat in the chair signs as the chair. */
TEST(after_deputy_who_sat_in_the_chair_signs_as_the_chair)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    do_person(w, B, ACT_CHAIR, m, B, 1);
    do_simple(w, B, ACT_CLOSE, m);
    world_all_meet(w);
    const uint8_t *one = do_minutes(w, C, ACT_MINUTES, m);
    world_all_meet(w);
    do_on(w, B, ACT_SIGN, m, one, 0);
    CHECK(only(w)->minutes[0].sealed);
    world_free(w);
}

/* Sealed minutes are not written again, read again or corrected; only supplemented. */
TEST(after_sealed_minutes_only_get_a_supplement)
{
    struct world *w = village();
    const uint8_t *m = closed(w), *one = do_minutes(w, C, ACT_MINUTES, m);
    do_on(w, C, ACT_READ_BACK, m, one, 0);
    world_all_meet(w);
    CHECK(only(w)->minutes[0].read_back && only(w)->minutes[0].read_by == C);
    CHECK(only(w)->minutes[0].read_wall != 0);
    do_on(w, A, ACT_SIGN, m, one, 0);
    world_all_meet(w);
    struct act again = act_text(ACT_MINUTES, m, 0, "Khác"), fix = act_on(ACT_CORRECTION, m, one, 0);
    struct act read = act_on(ACT_READ_BACK, m, one, 0);
    again.language = span_text("vi");
    fix.text = span_text("Tôi có mặt");
    MAY_NOT(w, C, &again, REFUSE_SEALED);
    MAY_NOT(w, D, &fix, REFUSE_SEALED);
    MAY_NOT(w, C, &read, REFUSE_SEALED);
    world_act(w, C, &again);
    world_act(w, D, &fix);
    check_last_ignored(w, 2, REFUSE_SEALED);
    do_minutes(w, C, ACT_SUPPLEMENT, m);
    CHECK_EQ(only(w)->minutes_count, 2);
    CHECK(only(w)->minutes[1].supplement);
    CHECK_EQ(ignored(w), 2);
    world_free(w);
}

/* The draft is read to the meeting before its close. */
TEST(after_draft_is_read_before_the_close)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    struct act read = act_on(ACT_READ_BACK, m, m, 0);
    MAY_NOT(w, D, &read, REFUSE_NOT_RECORDER);
    MAY(w, C, &read);
    CHECK_EQ(only(w)->draft_read_wall, 0);
    world_act(w, C, &read);
    CHECK_EQ(only(w)->draft_read_by, C);
    CHECK(only(w)->draft_read_wall != 0);
    world_all_meet(w);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    MAY_NOT(w, C, &read, REFUSE_CLOSED);
    world_free(w);
}

/* A correction asked for where the seal was not known is kept, and answered. */
TEST(after_correction_that_had_not_seen_the_seal_is_kept)
{
    for (uint64_t salt = 0; salt < 8; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = closed(w), *one = do_minutes(w, B, ACT_MINUTES, m);
        world_all_meet(w);
        do_on(w, A, ACT_SIGN, m, one, 0); /* chair and secretary sign apart; Dũng hears of one */
        do_on(w, C, ACT_SIGN, m, one, 0);
        world_meet(w, salt % 2 == 0 ? A : C, D);
        struct act fix = act_on(ACT_CORRECTION, m, one, 0);
        fix.text = span_text("Tôi có mặt");
        const uint8_t *asked = world_act(w, D, &fix);
        CHECK(only(w)->minutes[0].sealed);
        CHECK_EQ(ignored(w), 0);
        CHECK_EQ(only(w)->corrections_count, 1);
        world_all_meet(w);
        struct act answer = act_on(ACT_CORRECTED, m, asked, 1);
        MAY_NOT(w, C, &answer, REFUSE_SEALED); /* it cannot be taken any more … */
        answer.value = 2;
        answer.text = span_text("Ghi vào biên bản bổ sung");
        MAY(w, C, &answer); /* … but it is answered */
        MAY_NOT(w, D, &answer, REFUSE_NOT_RECORDER);
        world_act(w, C, &answer);
        CHECK_EQ(only(w)->corrections[0].answered, 2);
        world_act(w, A, &answer);
        check_last_ignored(w, 1, REFUSE_ANSWERED);
        world_free(w);
    }
}

/* Resolutions: from what was adopted, a number once a year, signed; opinions reserved. */
TEST(after_resolution_has_its_number_once_a_year)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5), *q = put_motion(w, m, 1, "Câu hỏi", "");
    struct act a = act_on(ACT_RESOLUTION, m, q, 0);
    a.title = span_text("Nghị quyết");
    a.number = span_text("01-NQ/CB");
    a.text = span_text("Điều 1.");
    MAY_NOT(w, A, &a, REFUSE_NOT_ADOPTED);
    for (uint32_t i = A; i <= E; i++)
        do_on(w, i, ACT_VOTE, m, q, CHOICE_AGREE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    MAY(w, A, &a);
    MAY_NOT(w, D, &a, REFUSE_NOT_RECORDER);
    a.target[5] ^= 1;
    MAY_NOT(w, A, &a, REFUSE_UNKNOWN_MOTION);
    a.target[5] ^= 1;
    const uint8_t *r = world_act(w, A, &a);
    world_all_meet(w);
    do_on(w, C, ACT_SIGN, m, r, 0);
    struct act sign = act_on(ACT_SIGN, m, r, 0);
    MAY_NOT(w, A, &sign, REFUSE_SIGNED_TWICE); /* its author has */
    struct act reserve = act_on(ACT_RESERVE, m, r, 0);
    reserve.text = span_text("Tôi bảo lưu ý kiến");
    MAY(w, D, &reserve);
    MAY_NOT(w, NEW, &reserve, REFUSE_NO_VOTING_RIGHT);
    world_act(w, D, &reserve);
    CHECK_EQ(only(w)->resolutions[0].signatures_count, 1);
    CHECK_TEXT(only(w)->reserved[0].text, "Tôi bảo lưu ý kiến");
    struct act other = act_meeting("Họp sau", 1), practice = other;
    practice.flags = FLAG_PRACTICE;
    const uint8_t *n = world_act(w, A, &other), *x = world_act(w, A, &practice);
    w->wall += UINT64_C(60) * 86400 * 1000000; /* the year turns */
    const uint8_t *next = world_act(w, A, &other);
    const struct {
        const uint8_t *meeting;
        bool may;
    } cases[] = {{n, false}, {x, true}, {next, true}};
    for (size_t i = 0; i < 3; i++) {
        do_simple(w, A, ACT_NOTICE, cases[i].meeting);
        do_simple(w, A, ACT_OPEN, cases[i].meeting);
        memcpy(a.meeting, cases[i].meeting, 32);
        memset(a.target, 0, 32);
        check_may(w, A, &a, cases[i].may, REFUSE_NUMBER_TAKEN);
    }
    world_free(w);
}

/* Tasks: given by who records, moved on by whose it is. */
TEST(after_task_is_followed_by_whose_it_is)
{
    struct world *w = village();
    const uint8_t *m = closed(w);
    struct act a = act_person_of(w, ACT_TASK, m, D, 0);
    a.text = span_text("Kiểm tra đê");
    a.when = span_text("20/12/2026");
    a.item = 2;
    MAY_NOT(w, D, &a, REFUSE_NOT_RECORDER);
    const uint8_t *t = world_act(w, C, &a);
    world_all_meet(w);
    struct act state = act_on(ACT_TASK_STATE, m, t, TASK_DONE);
    state.text = span_text("Đã xong");
    MAY(w, D, &state);
    MAY(w, C, &state);
    MAY_NOT(w, E, &state, REFUSE_NOT_RECORDER);
    CHECK_EQ(only(w)->tasks[0].state, TASK_OPEN);
    world_act(w, D, &state);
    CHECK_EQ(only(w)->tasks[0].state, TASK_DONE);
    CHECK_TEXT(only(w)->tasks[0].note, "Đã xong");
    CHECK_TEXT(only(w)->tasks[0].due, "20/12/2026");
    CHECK_EQ(only(w)->tasks[0].person, D);
    world_free(w);
}

/* The score: one number a line, none above its most; the last holds. */
TEST(after_score_fits_the_lines_of_the_procedure)
{
    struct world *w = village();
    const uint8_t *m = closed(w);
    struct act a = act_of(ACT_SCORE, m);
    a.counts_count = 5;
    const uint32_t good[] = {20, 18, 25, 20, 10};
    memcpy(a.counts, good, sizeof good);
    MAY(w, C, &a);
    MAY_NOT(w, D, &a, REFUSE_NOT_RECORDER);
    a.counts_count = 4;
    MAY_NOT(w, C, &a, REFUSE_SCORE);
    a.counts_count = 5;
    a.counts[4] = 11;
    MAY_NOT(w, C, &a, REFUSE_SCORE);
    world_act(w, C, &a);
    check_last_ignored(w, 1, REFUSE_SCORE);
    a.counts[4] = 10;
    world_act(w, C, &a);
    CHECK_EQ(only(w)->scores_count, 1);
    CHECK_EQ(only(w)->scores[0].points[2], 25);
    world_free(w);
}
