/* The agenda, who speaks, who is in the chair. */
#include "tests/unit/meeting/village.h"

/* The queue: points of order first, each once, given and ended by the chair. */
TEST(floor_queue_is_asked_given_and_ended)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    do_value(w, D, ACT_FLOOR, m, FLOOR_ASK, "Về mục 1");
    do_value(w, NEW, ACT_FLOOR, m, FLOOR_ASK, "");
    struct act order = act_of(ACT_FLOOR, m);
    order.value = FLOOR_ORDER;
    MAY(w, D, &order); /* who waits may still raise a point of order */
    world_act(w, D, &order);
    order.value = FLOOR_ASK;
    MAY_NOT(w, D, &order, REFUSE_IN_QUEUE);
    MAY_NOT(w, GUEST, &order, REFUSE_OBSERVER);
    world_all_meet(w);
    do_person(w, A, ACT_GIVE, m, D, 5);
    const struct meeting *got = only(w);
    CHECK_EQ(got->turns_count, 3);
    CHECK(got->turns[2].order || got->turns[1].order || got->turns[0].order);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(got->turns[i].speaking, got->turns[i].order); /* the point of order went first */
    world_all_meet(w);
    do_person(w, A, ACT_GIVE, m, D, 3);
    got = only(w);
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(got->turns[i].speaking, got->turns[i].member == D && !got->turns[i].order);
        CHECK_EQ(got->turns[i].ended_wall != 0, got->turns[i].order);
    }
    do_person(w, A, ACT_GIVE, m, D, 0);
    do_person(w, A, ACT_GIVE, m, B, 2); /* called without having asked */
    got = only(w);
    CHECK_EQ(got->turns_count, 4);
    CHECK_EQ(got->turns[3].minutes, 2);
    do_value(w, NEW, ACT_FLOOR, m, FLOOR_WITHDRAW, "");
    do_value(w, NEW, ACT_FLOOR, m, FLOOR_WITHDRAW, "");
    check_last_ignored(w, 1, REFUSE_NOT_IN_QUEUE);
    struct act give = act_person_of(w, ACT_GIVE, m, E, 0);
    MAY_NOT(w, A, &give, REFUSE_NOT_SPEAKING);
    give.item = 9;
    give.value = 1;
    MAY_NOT(w, A, &give, REFUSE_UNKNOWN_ITEM);
    give.item = 0;
    give.person[0] ^= 0x55;
    MAY_NOT(w, A, &give, REFUSE_NO_SUCH_MEMBER);
    MAY_NOT(w, D, &give, REFUSE_NOT_CHAIR);
    world_free(w);
}

/* Each side of a split has its speaker; neither chair takes the word from whom it did not see. */
TEST(floor_chair_of_one_side_ends_no_turn_of_the_other)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = sitting(w, 4);
        do_person(w, A, ACT_GIVE, m, C, 5);
        do_person(w, B, ACT_GIVE, m, D, 5);
        do_person(w, B, ACT_GIVE, m, E, 5);
        do_person(w, B, ACT_GIVE, m, E, 0);
        CHECK_EQ(ignored(w), 0);
        const struct meeting *got = only(w);
        for (size_t i = 0; i < got->turns_count; i++)
            CHECK_EQ(got->turns[i].speaking, got->turns[i].member == C);
        world_free(w);
    }
}

/* A teller speaks and asks for those who have no device at the site; nobody else does. */
TEST(floor_teller_asks_and_speaks_for_those_at_the_site)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    struct act site = act_person_of(w, ACT_SITE, m, D, 0);
    site.title = span_text("Trạm");
    world_act(w, A, &site);
    world_all_meet(w);
    struct act ask = act_person_of(w, ACT_FLOOR, m, E, FLOOR_ASK);
    struct act opinion = act_person_of(w, ACT_OPINION, m, E, 0);
    opinion.text = span_text("Tôi nhất trí");
    MAY(w, D, &ask);
    MAY(w, D, &opinion);
    MAY_NOT(w, NEW, &ask, REFUSE_NOT_TELLER);
    MAY_NOT(w, NEW, &opinion, REFUSE_NOT_TELLER);
    struct act guest = act_person_of(w, ACT_FLOOR, m, GUEST, FLOOR_ASK);
    MAY_NOT(w, D, &guest, REFUSE_OBSERVER);
    world_act(w, D, &ask);
    world_act(w, D, &opinion);
    const struct meeting *got = only(w);
    CHECK_EQ(got->turns[0].member, E);
    CHECK_EQ(got->opinions[0].member, E);
    CHECK_EQ(got->opinions[0].by, D);
    world_free(w);
}

/* The agenda and what is concluded. */
TEST(floor_chair_leads_through_the_agenda_and_concludes)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    struct act item = act_of(ACT_ITEM, m);
    item.item = 3;
    MAY_NOT(w, A, &item, REFUSE_UNKNOWN_ITEM);
    item.item = 2;
    MAY_NOT(w, D, &item, REFUSE_NOT_CHAIR);
    world_act(w, A, &item);
    do_text(w, A, ACT_CONCLUSION, m, 2, "Giao đồng chí Dũng");
    const struct meeting *got = only(w);
    CHECK_EQ(got->item, 2);
    CHECK_EQ(got->conclusions_count, 1);
    CHECK_TEXT(got->conclusions[0].text, "Giao đồng chí Dũng");
    struct act exception = act_text(ACT_EXCEPTION, m, 0, "Gửi tài liệu trước 1 ngày");
    exception.basis = span_text("Nhất trí của chi ủy");
    MAY_NOT(w, D, &exception, REFUSE_NOT_CHAIR);
    world_act(w, A, &exception);
    CHECK_TEXT(only(w)->exceptions[0].basis, "Nhất trí của chi ủy");
    world_all_meet(w);
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    MAY_NOT(w, A, &item, REFUSE_CLOSED);
    world_act(w, A, &item);
    check_last_ignored(w, 1, REFUSE_CLOSED);
    world_free(w);
}

/* The chair's device dies: the deputy goes on; the chair comes back. */
TEST(floor_deputy_takes_the_chair_and_gives_it_back)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    CHECK_EQ(only(w)->sitting_chair, A);
    struct act take = act_person_of(w, ACT_CHAIR, m, B, 1);
    MAY(w, B, &take);
    take.text = span_text("Máy của chủ trì hỏng");
    world_act(w, B, &take);
    CHECK_EQ(only(w)->sitting_chair, B);
    MAY_NOT(w, B, &take, REFUSE_CHAIR_ALREADY);
    world_all_meet(w);
    struct act on = act_person_of(w, ACT_CHAIR, m, D, 1);
    MAY_NOT(w, D, &on, REFUSE_NOT_DEPUTY);
    MAY(w, B, &on); /* who sits in it hands it on */
    struct act guest = act_person_of(w, ACT_CHAIR, m, GUEST, 1);
    MAY_NOT(w, B, &guest, REFUSE_OBSERVER);
    world_act(w, B, &on);
    world_all_meet(w);
    struct act item = act_of(ACT_ITEM, m);
    item.item = 1;
    MAY(w, D, &item);
    do_person(w, D, ACT_CHAIR, m, A, 2);
    world_all_meet(w);
    MAY_NOT(w, D, &item, REFUSE_NOT_CHAIR);
    CHECK_EQ(only(w)->sitting_chair, A);
    CHECK_EQ(only(w)->chairings_count, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK(!only(w)->chairings[i].apart);
    CHECK_EQ(ignored(w), 0);
    world_free(w);
}

/* Two in the chair, each on one side: what either did where it sat counts, and both are marked. */
TEST(floor_acts_of_either_chair_count_on_their_side)
{
    for (uint64_t salt = 0; salt < 8; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = sitting(w, 4);
        do_person(w, A, ACT_CHAIR, m, D, 1); /* An leaves and hands it to Dũng */
        world_meet(w, A, D);
        do_text(w, D, ACT_CONCLUSION, m, 1, "Bên Dũng");
        do_person(w, B, ACT_CHAIR, m, B, 1); /* Bình hears nothing and takes it */
        do_text(w, B, ACT_CONCLUSION, m, 1, "Bên Bình");
        const uint8_t *q = do_text(w, D, ACT_MOTION, m, 1, "Câu hỏi");
        do_on(w, D, ACT_VOTE, m, q, CHOICE_AGREE);
        do_on(w, D, ACT_TALLY, m, q, 0);
        CHECK_EQ(ignored(w), 0);
        const struct meeting *got = only(w);
        CHECK_EQ(got->conclusions_count, 2);
        CHECK_EQ(got->chairings_count, 2);
        CHECK(got->chairings[0].apart && got->chairings[1].apart);
        CHECK(motion(w, q)->closed);
        world_free(w);
    }
}
