/* What the records of a meeting make of it, told as small stories. */
#include "tests/unit/meeting/world.h"

enum { A, B, C, D, GUEST }; /* secretary, deputy, two members, an observer */

static struct world *village(void)
{
    struct world *w = world_new();
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Cúc", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Em", ROLE_OBSERVER, CATEGORY_FULL);
    return w;
}

/* Convened and known to all. */
static const uint8_t *convened(struct world *w)
{
    struct act a = act_meeting("Sinh hoạt tháng 12", 2);
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    return m;
}

static const uint8_t *opened(struct world *w)
{
    const uint8_t *m = convened(w);
    do_simple(w, A, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = A; i <= D; i++)
        do_simple(w, i, ACT_ATTEND, m);
    for (uint32_t i = A; i <= D; i++)
        do_roll(w, A, m, i, ROLL_PRESENT, "");
    world_all_meet(w);
    return m;
}

static const struct meeting *only(struct world *w)
{
    world_fold(w);
    CHECK_EQ(meeting_count(w->state), 1);
    return meeting_at(w->state, 0);
}

static void check_ignored(struct world *w, size_t count, enum text_id id)
{
    CHECK_EQ(meeting_ignored_count(w->state), count);
    for (size_t i = 0; i < count; i++) {
        if (meeting_ignored_at(w->state, i)->why.id == id)
            return;
    }
    CHECK_TEXT("no record was ignored for", text_key(id));
}

/* The whole of a plain meeting, from notice to minutes. */
TEST(meeting_runs_from_notice_to_minutes)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, C, ACT_MOTION, m, 2, "Thông qua nghị quyết");
    world_all_meet(w);
    for (uint32_t i = A; i <= D; i++)
        do_on(w, i, ACT_VOTE, m, q, i == D ? CHOICE_ABSTAIN : CHOICE_AGREE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    do_simple(w, A, ACT_CLOSE, m);
    struct act minutes = act_text(ACT_MINUTES, m, 0, "Biên bản …");
    minutes.language = span_text("vi");
    world_act(w, A, &minutes);
    const struct meeting *got = only(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    CHECK_EQ(got->stage, STAGE_CLOSED);
    CHECK_EQ(got->chair, A);
    CHECK_EQ(got->present, 4);
    CHECK_EQ(got->eligible, 4);
    CHECK_EQ(got->quorum_needed, 3);
    CHECK_EQ(got->motions_count, 1);
    CHECK_EQ(got->motions[0].agree, 3);
    CHECK_EQ(got->motions[0].abstain, 1);
    CHECK_EQ(got->motions[0].needed, 3);
    CHECK_EQ(got->motions[0].outcome, OUTCOME_ADOPTED);
    CHECK_EQ(got->motions[0].unheard, 0);
    CHECK_EQ(got->minutes_count, 1);
    CHECK_TEXT(got->minutes[0].language, "vi");
    CHECK(meeting_find(w->state, m) == got);
    CHECK(meeting_find(w->state, q) == NULL);
    CHECK(meeting_find_motion(w->state, q, NULL) == &got->motions[0]);
    world_free(w);
}

/* A vote that the close had not seen is kept and shown, and changes nothing. */
TEST(meeting_keeps_a_vote_cast_behind_a_split_as_late)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 1, "Chuyển trạm lên đồi");
    world_all_meet(w);
    do_on(w, A, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, B, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, C, ACT_VOTE, m, q, CHOICE_DISAGREE);
    world_meet(w, B, A);
    world_meet(w, C, A);
    do_on(w, D, ACT_VOTE, m, q, CHOICE_AGREE); /* cut off */
    do_on(w, C, ACT_VOTE, m, q, CHOICE_AGREE); /* a change of mind that does not arrive */
    do_on(w, A, ACT_TALLY, m, q, 0);
    world_all_meet(w);
    const struct meeting_motion *got = &only(w)->motions[0];
    CHECK_EQ(got->agree, 2);
    CHECK_EQ(got->disagree, 1);
    CHECK_EQ(got->outcome, OUTCOME_REJECTED); /* 2 of 4, more than half are needed */
    CHECK_EQ(got->late, 2);
    CHECK_EQ(got->late_votes[0].member, C);
    CHECK_EQ(got->late_votes[0].choice, CHOICE_AGREE);
    CHECK_EQ(got->late_votes[1].member, D);
    CHECK_EQ(got->votes_count, 4);
    CHECK(!got->votes[2].late && got->votes[3].late);
    CHECK_EQ(got->votes[2].choice, CHOICE_DISAGREE);
    CHECK_EQ(got->unheard, 1); /* D: nothing since the motion was put */
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    world_free(w);
}

/* "Not heard from" must not name somebody who spoke and simply did not vote. */
TEST(meeting_hears_a_member_who_spoke_after_the_motion)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    do_text(w, D, ACT_OPINION, m, 1, "Trước khi có nội dung biểu quyết");
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 1, "Chuyển trạm lên đồi");
    world_all_meet(w);
    do_text(w, C, ACT_OPINION, m, 1, "Tôi cần thêm thông tin");
    world_meet(w, C, A);
    do_on(w, A, ACT_TALLY, m, q, 0);
    const struct meeting_motion *got = &only(w)->motions[0];
    CHECK_EQ(got->unheard, 2); /* B and D; A put the motion, C spoke after it */
    CHECK_EQ(got->outcome, OUTCOME_REJECTED);
    world_free(w);
}

/* A member may change a vote until the close, and the last one counts. */
TEST(meeting_counts_the_last_vote_before_the_close)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 1, "Chuyển trạm lên đồi");
    world_all_meet(w);
    do_on(w, C, ACT_VOTE, m, q, CHOICE_AGREE);
    CHECK_EQ(only(w)->motions[0].agree, 1);
    do_on(w, C, ACT_VOTE, m, q, CHOICE_DISAGREE);
    CHECK_EQ(only(w)->motions[0].agree, 0); /* as it stands, while open */
    CHECK_EQ(only(w)->motions[0].disagree, 1);
    CHECK_EQ(only(w)->motions[0].outcome, OUTCOME_OPEN);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    CHECK_EQ(only(w)->motions[0].disagree, 1);
    CHECK_EQ(only(w)->motions[0].votes_count, 1);
    world_free(w);
}

/* An opinion is "prepared" by what its author had seen, not by anybody's clock. */
TEST(meeting_tells_prepared_from_spoken_by_cause)
{
    struct world *w = village();
    const uint8_t *m = convened(w);
    do_simple(w, A, ACT_OPEN, m);
    for (int i = 0; i < 3; i++) /* later in the order than the opening, and written without it */
        do_text(w, C, ACT_OPINION, m, 1, "Chuẩn bị");
    world_all_meet(w);
    do_text(w, C, ACT_OPINION, m, 1, "Phát biểu");
    const struct meeting *got = only(w);
    CHECK_EQ(got->opinions_count, 4);
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(got->opinions[i].prepared, strcmp(got->opinions[i].text, "Chuẩn bị") == 0);
    world_free(w);
}

/* What was written while cut off is kept after the close and marked; what saw the close is not. */
TEST(meeting_marks_what_the_close_had_not_seen)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    do_text(w, B, ACT_OPINION, m, 0, "kịp");
    world_meet(w, B, A);
    do_text(w, C, ACT_OPINION, m, 0, "muộn");
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    do_text(w, D, ACT_OPINION, m, 0, "sau khi đóng");
    const struct meeting *got = only(w);
    CHECK_EQ(got->opinions_count, 2);
    for (size_t i = 0; i < 2; i++)
        CHECK_EQ(got->opinions[i].late, strcmp(got->opinions[i].text, "muộn") == 0);
    check_ignored(w, 1, REFUSE_CLOSED);
    world_free(w);
}

/* Two openings, notices or tallies: the first in canonical order stands, the other is listed. */
TEST(meeting_takes_the_first_of_two_and_lists_the_other)
{
    struct world *w = village();
    const uint8_t *m = convened(w);
    do_simple(w, B, ACT_NOTICE, m);
    only(w);
    check_ignored(w, 1, REFUSE_NOTICE_TWICE);
    do_simple(w, A, ACT_OPEN, m); /* A and B open without having seen each other */
    do_simple(w, B, ACT_OPEN, m);
    world_all_meet(w);
    only(w);
    check_ignored(w, 2, REFUSE_OPEN_TWICE);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    world_all_meet(w);
    do_on(w, B, ACT_TALLY, m, q, 0);
    only(w);
    check_ignored(w, 3, REFUSE_TALLY_TWICE); /* apart: two results, split_test.c */
    world_free(w);
}

/* Without enough confirmed members nothing is decided, whatever the votes say. */
TEST(meeting_decides_nothing_without_a_quorum)
{
    struct world *w = village();
    const uint8_t *m = convened(w);
    do_simple(w, A, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = A; i <= D; i++)
        do_simple(w, i, ACT_ATTEND, m); /* their own word: not yet counted */
    do_roll(w, A, m, A, ROLL_PRESENT, "");
    do_roll(w, A, m, B, ROLL_PRESENT, "");
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    for (uint32_t i = A; i <= D; i++)
        do_on(w, i, ACT_VOTE, m, q, CHOICE_AGREE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    const struct meeting_motion *got = &only(w)->motions[0];
    CHECK_EQ(got->agree, 4);
    CHECK_EQ(got->present, 2);
    CHECK_EQ(got->quorum_needed, 3);
    CHECK_EQ(got->outcome, OUTCOME_NO_QUORUM);
    world_free(w);
}

/* The close of the meeting closes a vote that could not be closed for want of members. */
TEST(meeting_close_closes_votes_left_open)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    do_on(w, A, ACT_VOTE, m, q, CHOICE_AGREE);
    do_text(w, C, ACT_MOTION, m, 0, "Câu hỏi mà chủ trì chưa thấy");
    do_roll(w, A, m, C, ROLL_ABSENT, "");
    do_roll(w, A, m, D, ROLL_ABSENT_REASON, "mất liên lạc");
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    const struct meeting *got = only(w);
    CHECK_EQ(got->motions_count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool seen = got->motions[i].member == A;
        CHECK_EQ(got->motions[i].closed, seen);
        CHECK_EQ(got->motions[i].outcome, seen ? OUTCOME_NO_QUORUM : OUTCOME_OPEN);
    }
    world_free(w);
}

/* The result uses the roll as the tally had seen it, not as it is corrected later elsewhere. */
TEST(meeting_judges_a_vote_by_the_roll_its_close_had_seen)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    do_roll(w, B, m, C, ROLL_ABSENT, ""); /* the deputy, cut off, corrects two lines */
    do_roll(w, B, m, D, ROLL_ABSENT, "");
    for (int i = 0; i < 6; i++)
        do_on(w, A, ACT_VOTE, m, q, CHOICE_AGREE); /* pushes the tally behind them in the order */
    do_on(w, A, ACT_TALLY, m, q, 0);
    world_all_meet(w);
    const struct meeting *got = only(w);
    CHECK_EQ(got->present, 2);
    CHECK_EQ(got->motions[0].present, 4);
    CHECK_EQ(got->motions[0].outcome, OUTCOME_REJECTED);
    world_free(w);
}

/* A member admitted after the close does not change a result, on any device, ever. */
TEST(meeting_result_does_not_change_when_somebody_joins_later)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    for (uint32_t i = A; i <= C; i++)
        do_on(w, i, ACT_VOTE, m, q, CHOICE_AGREE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    do_simple(w, A, ACT_CLOSE, m);
    CHECK_EQ(only(w)->motions[0].eligible, 4);
    uint32_t f = world_admit(w, A, "Phúc", ROLE_MEMBER);
    CHECK_OK(meeting_refresh(w->state, &w->cell)); /* going on from where it was … */
    uint8_t before[32], after[32];
    meeting_digest(w->state, &w->cell, before);
    const struct meeting *got = only(w); /* … and folding again from the start */
    meeting_digest(w->state, &w->cell, after);
    CHECK_BYTES(after, before, 32);
    CHECK_EQ(got->motions[0].eligible, 4);
    CHECK_EQ(got->eligible, 4);
    CHECK_EQ(got->roll_count, 6);
    CHECK(!got->roll[f].known);
    struct act owed;
    CHECK(!meeting_owes_receipt(w->state, f, NULL, &owed));
    world_free(w);
}

/* The delivery board names everybody but the author, and says who has it and who has read it. */
TEST(meeting_board_says_who_received_and_who_read)
{
    struct world *w = village();
    const uint8_t *m = convened(w);
    struct act doc = act_document(m, "Dự thảo nghị quyết", CLASS_INTERNAL);
    const uint8_t *paper = world_act(w, B, &doc);
    world_all_meet(w);
    struct act owed;
    world_fold(w);
    CHECK(meeting_owes_receipt(w->state, C, NULL, &owed));
    world_act(w, C, &owed); /* the notice */
    world_fold(w);
    CHECK(meeting_owes_receipt(w->state, C, NULL, &owed));
    CHECK_BYTES(owed.target, paper, 32);
    world_act(w, C, &owed);
    world_fold(w);
    CHECK(!meeting_owes_receipt(w->state, C, NULL, &owed));
    CHECK(meeting_owes_receipt(w->state, A, NULL, &owed)); /* A wrote the notice, B the paper */
    CHECK_BYTES(owed.target, paper, 32);
    do_on(w, D, ACT_RECEIPT, m, only(w)->notice_id, RECEIPT_READ);
    do_on(w, D, ACT_RECEIPT, m, only(w)->notice_id, RECEIPT_RECEIVED); /* another device of D */
    const struct meeting *got = only(w);
    CHECK_EQ(got->receipts_count, 4);
    CHECK_EQ(got->receipts[0].member, B);
    CHECK_EQ(got->receipts[0].state, 0);
    CHECK_EQ(got->receipts[1].state, RECEIPT_RECEIVED);
    CHECK_EQ(got->receipts[2].state, RECEIPT_READ);
    CHECK_EQ(got->documents[0].receipts_count, 4);
    CHECK_EQ(got->documents[0].receipts[1].member, C);
    CHECK_EQ(got->documents[0].receipts[1].state, RECEIPT_RECEIVED);
    world_free(w);
}

/* Whatever a device gone wrong puts on record is listed with its reason and changes nothing. */
TEST(meeting_ignores_what_a_rule_does_not_allow)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    uint8_t unknown[32] = {9};
    size_t n = 0;
    only(w);
    struct act a = act_meeting("Họp riêng", 1);
    world_act(w, C, &a);
    check_ignored((only(w), w), ++n, REFUSE_NOT_COMMITTEE);
    do_simple(w, C, ACT_CLOSE, m);
    check_ignored((only(w), w), ++n, REFUSE_NOT_CHAIR);
    do_roll(w, C, m, C, ROLL_PRESENT, "");
    check_ignored((only(w), w), ++n, REFUSE_NOT_RECORDER);
    do_text(w, GUEST, ACT_OPINION, m, 0, "…");
    check_ignored((only(w), w), ++n, REFUSE_OBSERVER);
    do_text(w, D, ACT_OPINION, unknown, 0, "…");
    check_ignored((only(w), w), ++n, REFUSE_UNKNOWN_MEETING);
    do_on(w, D, ACT_VOTE, m, unknown, CHOICE_AGREE);
    check_ignored((only(w), w), ++n, REFUSE_UNKNOWN_MOTION);
    world_put(w, D, ACT_VOTE, span_text("rác"));
    check_ignored((only(w), w), ++n, REFUSE_MALFORMED);
    world_put(w, D, 200, span_text(""));
    check_ignored((only(w), w), ++n, REFUSE_UNKNOWN_TYPE);
    /* A secret document can only be spelled by a device that skips act_put(). */
    uint8_t body[512];
    a = act_document(m, "Tài liệu", CLASS_GROUP);
    struct wire_writer out = wire_writer(body, sizeof body);
    CHECK_OK(act_put(&out, &a));
    for (size_t i = 0; i + 1 < out.used; i++) {
        if (body[i] == 4 && body[i + 1] == CLASS_GROUP) { /* key 4, its value */
            body[i + 1] = CLASS_SECRET;
            break;
        }
    }
    world_put(w, A, ACT_DOC, wire_written(&out));
    check_ignored((only(w), w), ++n, REFUSE_SECRET);
    CHECK_EQ(meeting_count(w->state), 1);
    CHECK_EQ(meeting_at(w->state, 0)->stage, STAGE_OPENED);
    CHECK_EQ(meeting_at(w->state, 0)->documents_count, 0);
    CHECK_EQ(meeting_ignored_total(w->state), n);
    world_free(w);
}

/* One who floods the record with nonsense must not fill everybody's memory with reasons. */
TEST(meeting_lists_only_so_many_ignored_records_and_counts_the_rest)
{
    struct world *w = village();
    struct history *h = history_new();
    uint8_t log[32] = {1};
    uint32_t at = history_log(h, log);
    for (uint32_t i = 0; i < MEETING_IGNORED_MAX + 10; i++) {
        struct history_entry e = {.log = at, .seq = i + 1, .type = ACT_OPEN};
        uint32_t entry;
        memcpy(e.id, &i, sizeof i);
        e.id[31] = 1;
        CHECK_OK(history_add(h, &e, NULL, 0, &entry));
        struct meeting_event event = {.entry = entry, .id = e.id, .type = ACT_OPEN};
        CHECK_OK(meeting_apply(w->state, &w->cell, h, &event));
    }
    CHECK_EQ(meeting_ignored_count(w->state), MEETING_IGNORED_MAX);
    CHECK_EQ(meeting_ignored_total(w->state), MEETING_IGNORED_MAX + 10);
    history_free(h);
    world_free(w);
}
