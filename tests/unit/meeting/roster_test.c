/* Offices change hands and people come and go: what was decided stays as it was decided. */
#include "tests/unit/meeting/world.h"

enum { A, B, C, D, E }; /* secretary, deputy, three members */

static struct world *village(void)
{
    struct world *w = world_new();
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Cúc", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Em", ROLE_MEMBER, CATEGORY_FULL);
    return w;
}

static const struct meeting *only(struct world *w)
{
    world_fold(w);
    CHECK_EQ(meeting_count(w->state), 1);
    return meeting_at(w->state, 0);
}

/* Opened, everybody confirmed present. */
static const uint8_t *opened(struct world *w)
{
    struct act a = act_meeting("Sinh hoạt tháng 12", 2);
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    do_simple(w, A, ACT_OPEN, m);
    for (uint32_t i = A; i <= E; i++)
        do_roll(w, A, m, i, ROLL_PRESENT, "");
    world_all_meet(w);
    return m;
}

static const uint8_t *all_vote(struct world *w, const uint8_t *m, enum act_choice choice)
{
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    for (uint32_t i = A; i <= E; i++)
        do_on(w, i, ACT_VOTE, m, q, choice);
    world_all_meet(w);
    return q;
}

static void minutes_of(struct world *w, const struct meeting *m, struct buf *ret)
{
    *ret = (struct buf){0};
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, m, TEXT_VI, ret));
}

/* The minutes of last year would name the secretary of this year, and miss who has left since. */
TEST(minutes_of_an_old_meeting_stay_as_they_were)
{
    struct world *w = village();
    struct buf before, after;
    uint8_t first[32], second[32];
    const uint8_t *m = opened(w);
    const uint8_t *q = all_vote(w, m, CHOICE_AGREE);
    do_on(w, A, ACT_TALLY, m, q, 0);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    const struct meeting *got = only(w);
    CHECK_EQ(got->chair, A);
    CHECK_EQ(got->motions[0].outcome, OUTCOME_ADOPTED);
    minutes_of(w, got, &before);
    meeting_digest(w->state, &w->cell, first);
    world_office(w, B, A, ROLE_MEMBER);
    world_office(w, B, B, ROLE_SECRETARY);
    world_office(w, B, C, ROLES_COUNT);
    world_office(w, B, D, ROLE_OBSERVER);
    world_office(w, B, E, ROLE_COMMITTEE);
    world_all_meet(w);
    got = only(w);
    minutes_of(w, got, &after);
    meeting_digest(w->state, &w->cell, second);
    CHECK_TEXT(buf_string(&after), buf_string(&before));
    CHECK_BYTES(second, first, 32);
    CHECK(strstr(buf_string(&after), "Cúc") != NULL);
    buf_free(&before);
    buf_free(&after);
    world_free(w);
}

/* Somebody who was removed would go on deciding, or would be counted as absent for ever. */
TEST(vote_of_a_member_removed_before_the_count_does_not_count)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = all_vote(w, m, CHOICE_AGREE);
    CHECK_EQ(only(w)->motions[0].agree, 5);
    world_office(w, A, E, ROLES_COUNT);
    world_office(w, A, D, ROLE_OBSERVER);
    CHECK_EQ(only(w)->motions[0].agree, 3); /* as it stands */
    CHECK_EQ(only(w)->motions[0].eligible, 3);
    do_on(w, A, ACT_TALLY, m, q, 0);
    const struct meeting *got = only(w);
    const struct meeting_motion *motion = &got->motions[0];
    CHECK_EQ(motion->agree, 3);
    CHECK_EQ(motion->eligible, 3);
    CHECK_EQ(motion->present, 3);
    CHECK_EQ(motion->unheard, 0);
    CHECK_EQ(motion->votes_count, 5);
    CHECK(!motion->votes[C].lost);
    CHECK(motion->votes[D].lost);
    CHECK(motion->votes[E].lost);
    CHECK(meeting_voter(w->state, got, motion, C));
    CHECK(!meeting_voter(w->state, got, motion, E));
    struct buf text = {0};
    minutes_of(w, got, &text);
    CHECK(strstr(buf_string(&text), "không còn quyền biểu quyết") != NULL);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    buf_free(&text);
    world_free(w);
}

/* A removal on the other side of a split would reach back into a count that had not seen it. */
TEST(removal_that_the_count_had_not_seen_changes_nothing_in_it)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = all_vote(w, m, CHOICE_AGREE);
    world_office(w, B, E, ROLES_COUNT); /* behind a split, and earlier by the clock */
    do_on(w, A, ACT_TALLY, m, q, 0);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    const struct meeting *got = only(w);
    CHECK_EQ(got->motions[0].agree, 5);
    CHECK_EQ(got->motions[0].eligible, 5);
    CHECK(!got->motions[0].votes[E].lost);
    CHECK(got->roll[E].known);
    CHECK_EQ(got->eligible, 5);
    world_free(w);
}

/* A vote given before an admission would get a larger denominator, or the newcomer no vote. */
TEST(newcomer_counts_from_when_the_count_has_seen_the_admission)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = all_vote(w, m, CHOICE_AGREE);
    uint32_t f = world_admit(w, B, "Phúc", ROLE_MEMBER); /* A has not heard of it */
    do_on(w, A, ACT_TALLY, m, q, 0);
    world_all_meet(w);
    const uint8_t *r = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi thứ hai");
    do_roll(w, A, m, f, ROLL_PRESENT, "");
    world_all_meet(w);
    do_on(w, f, ACT_VOTE, m, r, CHOICE_DISAGREE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, r, 0);
    const struct meeting *got = only(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    CHECK_EQ(got->motions[0].eligible, 5);
    CHECK(!meeting_voter(w->state, got, &got->motions[0], f));
    CHECK_EQ(got->motions[1].eligible, 6);
    CHECK_EQ(got->motions[1].disagree, 1);
    CHECK(meeting_voter(w->state, got, &got->motions[1], f));
    world_free(w);
}

/* Who was replaced would go on leading meetings; or what was led in good faith would be undone. */
TEST(office_is_judged_by_what_its_holder_had_seen)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    world_office(w, B, B, ROLE_SECRETARY);
    world_office(w, B, A, ROLE_MEMBER);
    struct act other = act_meeting("Họp sau khi thay bí thư", 1);
    do_text(w, A, ACT_MOTION, m, 0, "A chưa biết mình đã thôi chức");
    world_all_meet(w);
    CHECK_EQ(only(w)->motions_count, 1);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    CHECK_EQ(only(w)->chair, A); /* named for this meeting, and stays so */
    do_simple(w, A, ACT_CLOSE, m);
    world_act(w, A, &other);
    world_all_meet(w);
    world_act(w, B, &other);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 1);
    CHECK_TEXT(text_key(meeting_ignored_at(w->state, 0)->why.id), text_key(REFUSE_NOT_COMMITTEE));
    CHECK_EQ(meeting_count(w->state), 2);
    CHECK_EQ(meeting_at(w->state, 0)->stage, STAGE_CLOSED);
    CHECK_EQ(meeting_at(w->state, 1)->chair, B);
    world_free(w);
}

/* A roll call would show people who are gone, and wait for their receipts. */
TEST(who_has_left_is_neither_called_nor_waited_for)
{
    struct world *w = village();
    struct act a = act_meeting("Sinh hoạt tháng 12", 2), owed;
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    world_fold(w);
    CHECK(meeting_owes_receipt(w->state, E, NULL, &owed));
    world_office(w, A, E, ROLES_COUNT);
    world_all_meet(w);
    world_fold(w);
    CHECK(!meeting_owes_receipt(w->state, E, NULL, &owed));
    CHECK(!only(w)->roll[E].known);
    CHECK_EQ(only(w)->eligible, 4);
    struct act call = act_roll(w, m, E, ROLL_PRESENT, "");
    CHECK(!world_may(w, A, &call));
    CHECK_TEXT(text_key(w->why.id), text_key(REFUSE_NO_SUCH_MEMBER));
    a.chair[0] = 0;
    memcpy(a.chair, w->cell.members[E].id, 16);
    CHECK(!world_may(w, A, &a));
    CHECK_TEXT(text_key(w->why.id), text_key(REFUSE_NO_SUCH_MEMBER));
    do_simple(w, E, ACT_ATTEND, m); /* it has seen its own removal */
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 1);
    CHECK_TEXT(text_key(meeting_ignored_at(w->state, 0)->why.id), text_key(REFUSE_NOT_ACTIVE));
    world_free(w);
}

/* Who is put into a group after its meeting would otherwise have been expected at it. */
TEST(meeting_of_a_group_stays_with_the_people_of_its_group)
{
    struct world *w = village();
    world_group(w, A, 3, C, (const uint32_t[]){C, D}, 2);
    world_all_meet(w);
    struct act a = act_meeting("Sinh hoạt tổ", 1);
    a.form = span_text("group");
    memset(a.group, 3, sizeof a.group);
    memcpy(a.chair, w->cell.members[C].id, 16);
    const uint8_t *m = world_act(w, C, &a);
    do_simple(w, C, ACT_NOTICE, m);
    do_simple(w, C, ACT_OPEN, m);
    do_roll(w, C, m, C, ROLL_PRESENT, "");
    do_roll(w, C, m, D, ROLL_PRESENT, "");
    const uint8_t *q = do_text(w, C, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    CHECK_EQ(only(w)->eligible, 2);
    do_on(w, C, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, D, ACT_VOTE, m, q, CHOICE_AGREE);
    world_all_meet(w);
    world_group(w, A, 3, C, (const uint32_t[]){C, E}, 2); /* D leaves the group, the vote is open */
    CHECK_EQ(only(w)->motions[0].agree, 1);
    world_meet(w, A, C);
    do_on(w, C, ACT_TALLY, m, q, 0);
    do_simple(w, C, ACT_CLOSE, m);
    world_all_meet(w);
    CHECK_EQ(only(w)->eligible, 2);
    const struct meeting *got = only(w);
    CHECK(got->roll[E].concerned && !got->roll[D].concerned);
    CHECK_EQ(got->motions[0].agree, 1); /* of C and E; what D said is shown as lost */
    CHECK(meeting_voter(w->state, got, &got->motions[0], E));
    CHECK(!meeting_voter(w->state, got, &got->motions[0], D));
    world_group(w, A, 3, C, (const uint32_t[]){A, B, C, D, E}, 5);
    CHECK_EQ(only(w)->eligible, 2);
    CHECK(!only(w)->roll[A].concerned);
    CHECK_EQ(only(w)->motions[0].eligible, 2);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    world_free(w);
}
