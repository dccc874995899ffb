/* Written consultations, groups, ceremonies, study. */
#include "tests/unit/meeting/village.h"

static const uint8_t *do_reply(struct world *w, uint32_t member, const uint8_t *m,
                               enum act_reply reply, const char *words)
{
    return do_value(w, member, ACT_REPLY, m, reply, words);
}

static struct meeting_replies counted(struct world *w, const struct meeting *m)
{
    return meeting_count_replies(m, meeting_procedure(w->state));
}

/* Agree, disagree, other and no reply are four things; silence is never consent. */
TEST(consult_counts_four_kinds_of_reply)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "written", NULL);
    do_reply(w, A, m, REPLY_AGREE, "");
    do_reply(w, B, m, REPLY_DISAGREE, "Chưa rõ");
    do_reply(w, D, m, REPLY_OTHER, "Sửa điều 2");
    do_reply(w, NEW, m, REPLY_AGREE, ""); /* is heard, and has no vote */
    struct meeting_replies n = counted(w, only(w));
    CHECK_EQ(n.asked, 5);
    CHECK_EQ(n.needed, 3);
    CHECK_EQ(n.of[REPLY_NONE], 2);
    CHECK_EQ(n.of[REPLY_AGREE], 1);
    CHECK_EQ(n.of[REPLY_DISAGREE], 1);
    CHECK_EQ(n.of[REPLY_OTHER], 1);
    CHECK_EQ(meeting_reply_of(only(w), NEW)->reply, REPLY_AGREE);
    CHECK(meeting_reply_of(only(w), E) == NULL);
    struct act a = act_of(ACT_REPLY, m);
    a.value = REPLY_AGREE;
    MAY_NOT(w, GUEST, &a, REFUSE_OBSERVER);
    CHECK_EQ(ignored(w), 0);
    world_free(w);
}

/* The chair's close is the deadline: what it had seen counts, whatever comes later or elsewhere. */
TEST(consult_close_decides_which_replies_count)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = convened_as(w, "written", NULL);
        do_reply(w, D, m, REPLY_DISAGREE, "");
        do_reply(w, D, m, REPLY_AGREE, ""); /* changed before the close, and seen */
        world_meet(w, D, A);
        do_reply(w, D, m, REPLY_DISAGREE, ""); /* changed, and not seen */
        do_reply(w, E, m, REPLY_AGREE, "");    /* not seen at all */
        struct act close = act_of(ACT_CLOSE, m);
        MAY(w, A, &close);
        world_act(w, A, &close);
        world_all_meet(w);
        const struct meeting *got = only(w);
        struct meeting_replies n = counted(w, got);
        CHECK_EQ(n.of[REPLY_AGREE], 1);
        CHECK_EQ(n.of[REPLY_DISAGREE], 0);
        CHECK_EQ(n.of[REPLY_NONE], 4);
        CHECK_EQ(meeting_reply_of(got, D)->reply, REPLY_AGREE);
        CHECK_EQ(got->replies_count, 4);
        size_t late = 0;
        for (size_t i = 0; i < got->replies_count; i++)
            late += got->replies[i].late;
        CHECK_EQ(late, 2);
        struct act reply = act_of(ACT_REPLY, m);
        reply.value = REPLY_AGREE;
        MAY_NOT(w, B, &reply, REFUSE_CLOSED);
        world_act(w, B, &reply);
        check_last_ignored(w, 1, REFUSE_CLOSED);
        world_free(w);
    }
}

/* Only those who were asked are in the denominator, and only they reply. */
TEST(consult_asks_those_whom_it_was_sent_to)
{
    struct world *w = village();
    struct act_people some = PEOPLE(w, {A, 0}, {C, 0}, {NEW, 0});
    const uint8_t *m = convened_as(w, "written", &some);
    do_reply(w, A, m, REPLY_AGREE, "");
    do_reply(w, B, m, REPLY_AGREE, "");
    check_last_ignored(w, 1, REFUSE_NOT_ASKED);
    struct meeting_replies n = counted(w, only(w));
    CHECK_EQ(n.asked, 2);
    CHECK_EQ(n.needed, 2);
    CHECK_EQ(n.of[REPLY_AGREE], 1);
    CHECK(meeting_concerns(only(w), C) && !meeting_concerns(only(w), B));
    world_free(w);
}

/* Nothing live happens in a consultation, before or after its close; what comes of it does. */
TEST(consult_has_no_live_part)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "written", NULL);
    struct act motion = act_text(ACT_MOTION, m, 1, "Câu hỏi"), score = act_of(ACT_SCORE, m);
    struct act resolution = act_text(ACT_RESOLUTION, m, 0, "Điều 1.");
    resolution.title = span_text("Nghị quyết");
    resolution.number = span_text("06-NQ/CB");
    score.counts_count = 5;
    score.counts[0] = 1;
    MAY_NOT(w, A, &motion, REFUSE_IN_WRITING);
    MAY_NOT(w, A, &resolution, REFUSE_NOT_CLOSED);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    MAY_NOT(w, A, &motion, REFUSE_IN_WRITING);
    MAY(w, A, &resolution);
    MAY(w, A, &score);
    world_free(w);
}

/* One member cannot fill the list for all. */
TEST(consult_reply_can_be_changed_only_so_often)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "written", NULL);
    for (int i = 0; i <= MEETING_CHANGES_MAX; i++)
        do_reply(w, D, m, REPLY_AGREE, "");
    check_last_ignored(w, 1, REFUSE_TOO_MANY);
    world_free(w);
}

/* A revised draft names the one it takes the place of. */
TEST(consult_draft_is_revised)
{
    struct world *w = village();
    const uint8_t *m = convened_as(w, "written", NULL);
    struct act draft = act_document(m, "Dự thảo", CLASS_INTERNAL);
    const uint8_t *one = world_act(w, A, &draft);
    memcpy(draft.target, one, 32);
    world_act(w, A, &draft);
    const struct meeting *got = only(w);
    CHECK_EQ(got->documents_count, 2);
    CHECK_BYTES(got->documents[1].revises, one, 32);
    world_free(w);
}

/* A group meets: its own people are the denominator, and nobody else votes. */
TEST(consult_group_meeting_counts_the_group)
{
    struct world *w = village();
    struct act a = act_meeting("Sinh hoạt tổ", 1);
    a.form = span_text("group");
    memset(a.group, 7, 16);
    a.people = PEOPLE(w, {D, 0}, {E, 0}, {NEW, 0});
    memcpy(a.chair, w->cell.members[D].id, 16);
    memcpy(a.secretary, w->cell.members[D].id, 16);
    MAY_NOT(w, D, &a, REFUSE_UNKNOWN_GROUP);
    fake_group(&w->cell, 7, NULL, D, (const uint32_t[]){D, E, NEW}, 3);
    MAY(w, D, &a); /* without an office: its leader */
    MAY_NOT(w, E, &a, REFUSE_NOT_GROUP);
    struct act regular = act_meeting("Sinh hoạt", 1);
    MAY_NOT(w, D, &regular, REFUSE_NOT_COMMITTEE);
    const uint8_t *m = world_act(w, D, &a);
    do_simple(w, D, ACT_NOTICE, m);
    do_simple(w, D, ACT_OPEN, m);
    world_all_meet(w);
    do_roll(w, D, m, D, ROLL_PRESENT, "");
    do_roll(w, D, m, E, ROLL_PRESENT, "");
    do_roll(w, D, m, A, ROLL_PRESENT, ""); /* a guest from the committee */
    const struct meeting *got = only(w);
    CHECK_EQ(got->eligible, 2);
    CHECK_EQ(got->present, 2);
    CHECK_EQ(got->quorum_needed, 2);
    const uint8_t *q = do_text(w, D, ACT_MOTION, m, 1, "Câu hỏi");
    world_all_meet(w);
    do_on(w, A, ACT_VOTE, m, q, CHOICE_AGREE);
    check_last_ignored(w, 1, REFUSE_NOT_INVITED);
    world_free(w);
}

/* Heads carry a meeting to their groups and bring back who was there; the last word of a group
 * holds, and it is attendance. */
TEST(consult_groups_bring_back_attendance_and_opinions)
{
    struct world *w = village();
    struct act_people heads = PEOPLE(w, {A, 0}, {B, 0}, {C, 0});
    uint8_t group[16];
    memset(group, 7, 16);
    fake_group(&w->cell, 7, NULL, D, (const uint32_t[]){D, E}, 2);
    const uint8_t *m = opened_as(w, "committee", &heads);
    CHECK_EQ(only(w)->eligible, 3);
    for (uint32_t i = A; i <= C; i++)
        do_roll(w, C, m, i, ROLL_PRESENT, "");
    world_all_meet(w);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    struct act back = act_of(ACT_CASCADE, m);
    memcpy(back.group, group, 16);
    back.text = span_text("Nhất trí");
    back.people = PEOPLE(w, {D, ROLL_PRESENT}, {E, ROLL_ABSENT});
    MAY_NOT(w, NEW, &back, REFUSE_NOT_GROUP);
    MAY(w, D, &back); /* weeks after the close: that is its nature */
    world_act(w, D, &back);
    world_all_meet(w);
    back.people = PEOPLE(w, {D, ROLL_PRESENT}, {E, ROLL_ABSENT_REASON});
    world_act(w, D, &back);
    const struct meeting *got = only(w);
    CHECK_EQ(got->cascades_count, 2);
    uint8_t value;
    (void)act_person(&meeting_cascade_of(got, group)->people, 1, &value);
    CHECK_EQ(value, ROLL_ABSENT_REASON);
    group[0] = 0;
    CHECK(meeting_cascade_of(got, group) == NULL);
    struct meeting_attendance n = meeting_attendance_of(w->state, &w->cell, D);
    CHECK_EQ(n.held, 1);
    CHECK_EQ(n.of[ROLL_PRESENT], 1);
    n = meeting_attendance_of(w->state, &w->cell, E);
    CHECK_EQ(n.of[ROLL_ABSENT_REASON], 1);
    n = meeting_attendance_of(w->state, &w->cell, NEW); /* of a group that has not come back yet */
    CHECK_EQ(n.held, 0);
    CHECK_EQ(meeting_attendance_of(w->state, &w->cell, A).of[ROLL_PRESENT], 1);
    world_free(w);
}

/* A ceremony goes through its script, step by step. */
TEST(consult_ceremony_goes_through_its_script)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "admission", NULL);
    struct act step = act_of(ACT_STEP, m);
    step.item = 3;
    MAY_NOT(w, A, &step, REFUSE_UNKNOWN_ITEM);
    step.item = 1;
    MAY_NOT(w, D, &step, REFUSE_NOT_CHAIR);
    step.text = span_text("Chào cờ");
    world_act(w, A, &step);
    step.item = 2;
    world_act(w, A, &step);
    const struct meeting *got = only(w);
    CHECK_EQ(got->kind, FORM_CEREMONY);
    CHECK_EQ(got->steps_count, 2);
    CHECK_EQ(got->item, 2);
    world_all_meet(w);
    do_simple(w, A, ACT_CLOSE, m);
    world_act(w, A, &step);
    check_last_ignored(w, 1, REFUSE_CLOSED);
    world_free(w);
}

/* A list with a stranger in it is refused where it is made, and the stranger skipped where it is
 * read. */
TEST(consult_strangers_in_lists_are_refused_and_skipped)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "regular", NULL);
    uint8_t list[ACT_PERSON_BYTES] = {0xff};
    struct act a = act_on(ACT_REMIND, m, only(w)->notice_id, 0);
    a.people = (struct act_people){list, 1};
    MAY_NOT(w, A, &a, REFUSE_NO_SUCH_MEMBER);
    world_act(w, A, &a);
    struct act meeting = act_meeting("Họp", 1);
    meeting.people = a.people;
    MAY_NOT(w, A, &meeting, REFUSE_NO_SUCH_MEMBER);
    world_act(w, A, &meeting);
    CHECK_EQ(ignored(w), 0);
    CHECK_EQ(meeting_count(w->state), 2);
    CHECK_EQ(meeting_at(w->state, 1)->eligible, 0);
    CHECK_EQ(meeting_at(w->state, 1)->quorum_needed, 1); /* nobody is no quorum of nobody */
    world_free(w);
}
