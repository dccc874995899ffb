/* What a split does to decisions. */
#include "tests/unit/meeting/village.h"

static void vote(struct world *w, const uint8_t *m, const uint8_t *q, uint32_t from, uint32_t to,
                 enum act_choice choice)
{
    for (uint32_t i = from; i <= to; i++)
        do_on(w, i, ACT_VOTE, m, q, choice);
}

/* An and Cúc on one side, Bình, Dũng and Én on the other: all within a side know of each other. */
static void two_sides(struct world *w)
{
    for (int round = 0; round < 2; round++) {
        world_meet(w, A, C);
        world_meet(w, C, A);
        for (uint32_t i = B; i <= E; i++) {
            for (uint32_t k = B; k <= E; k++) {
                if (i != C && k != C)
                    world_meet(w, i, k);
            }
        }
    }
}

static void set_final(struct world *w, enum procedure_final final, bool of_present)
{
    struct procedure *p = rules_of(w);
    p->final = final;
    p->majority.of_present = of_present;
    meeting_set_procedure(w->state, p);
}

/* A decision that unheard votes could overturn must not be shown as final. */
TEST(split_decision_is_final_when_no_unheard_vote_could_change_it)
{
    static const struct {
        enum procedure_final rule;
        bool of_present;
        uint32_t agree, disagree; /* of five, all confirmed present; the others are cut off */
        enum meeting_outcome outcome;
        bool final;
        enum text_id why;
    } cases[] = {
        {FINAL_DECIDED, false, 3, 0, OUTCOME_ADOPTED, true, STANDING_FINAL},
        {FINAL_DECIDED, false, 2, 1, OUTCOME_REJECTED, false, STANDING_PROVISIONAL},
        {FINAL_DECIDED, false, 1, 3, OUTCOME_REJECTED, true, STANDING_FINAL},
        {FINAL_DECIDED, false, 0, 3, OUTCOME_REJECTED, true, STANDING_FINAL},
        {FINAL_DECIDED, true, 3, 0, OUTCOME_ADOPTED, true, STANDING_FINAL},
        {FINAL_DECIDED, true, 2, 2, OUTCOME_REJECTED, false, STANDING_PROVISIONAL},
        {FINAL_HEARD, false, 3, 0, OUTCOME_ADOPTED, false, STANDING_UNHEARD},
        {FINAL_HEARD, false, 3, 2, OUTCOME_ADOPTED, true, STANDING_HEARD},
        {FINAL_HEARD, true, 4, 0, OUTCOME_ADOPTED, false, STANDING_UNHEARD},
        {FINAL_CHAIR, false, 5, 0, OUTCOME_ADOPTED, false, STANDING_CHAIR},
        {FINAL_CHAIR, true, 0, 5, OUTCOME_REJECTED, false, STANDING_CHAIR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = village();
        set_final(w, cases[i].rule, cases[i].of_present);
        const uint8_t *m = sitting(w, 5), *q = put_motion(w, m, 1, "Câu hỏi", "");
        for (uint32_t v = 0; v < cases[i].agree + cases[i].disagree; v++) {
            do_on(w, v, ACT_VOTE, m, q, v < cases[i].agree ? CHOICE_AGREE : CHOICE_DISAGREE);
            world_meet(w, v, A);
        }
        do_on(w, A, ACT_TALLY, m, q, 0);
        world_all_meet(w);
        const struct meeting_motion *got = motion(w, q);
        CHECK_EQ(got->outcome, cases[i].outcome);
        CHECK_EQ(got->final, cases[i].final);
        CHECK_TEXT(text_key(got->standing_why.id), text_key(cases[i].why));
        if (cases[i].rule == FINAL_CHAIR) {
            do_on(w, A, ACT_SETTLE, m, q, 0);
            got = motion(w, q);
            CHECK(got->final && got->settled == SETTLED_HOLDS);
            CHECK_EQ(ignored(w), 0);
        }
        world_free(w);
    }
}

/* Of those present: somebody unheard and away makes the majority larger when heard. */
TEST(split_decision_of_those_present_counts_who_may_still_come)
{
    struct world *w = village();
    set_final(w, FINAL_DECIDED, true);
    const uint8_t *m = sitting(w, 3), *q = put_motion(w, m, 1, "Câu hỏi", "");
    vote(w, m, q, A, B, CHOICE_AGREE);
    world_meet(w, B, A);
    do_on(w, A, ACT_TALLY, m, q, 0);
    const struct meeting_motion *got = motion(w, q);
    CHECK_EQ(got->base, 3);
    CHECK_EQ(got->needed, 2);
    CHECK_EQ(got->outcome, OUTCOME_ADOPTED);
    CHECK_EQ(got->unheard, 3); /* Cúc, Dũng, Én */
    CHECK_EQ(got->away, 2);    /* Cúc was there and said nothing */
    CHECK(!got->final);        /* 3 of 5 would be needed, were Dũng and Én there and against */
    world_free(w);
}

/* Both islands adopt on one item: neither may quietly win. */
TEST(split_shows_two_decisions_on_one_item_until_one_is_settled)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5);
    struct act one = act_text(ACT_MOTION, m, 2, "Lên đồi"),
               two = act_text(ACT_MOTION, m, 2, "Ở lại");
    const uint8_t *p = world_act(w, A, &one), *q = world_act(w, B, &two);
    two_sides(w);
    struct act vote_p = act_on(ACT_VOTE, m, p, CHOICE_AGREE);
    world_act(w, A, &vote_p);
    world_act(w, C, &vote_p);
    struct act hands = act_of(ACT_HANDS, m); /* the room of the first side has one more */
    memcpy(hands.target, p, 32);
    hands.people = PEOPLE(w, {E, CHOICE_AGREE});
    world_act(w, A, &hands);
    do_on(w, B, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, D, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, E, ACT_VOTE, m, q, CHOICE_AGREE);
    two_sides(w);
    do_on(w, A, ACT_TALLY, m, p, 0);
    do_on(w, B, ACT_TALLY, m, q, 0);
    world_all_meet(w);
    CHECK(motion(w, p)->disputed && motion(w, q)->disputed);
    CHECK(!motion(w, p)->final && !motion(w, q)->final);
    CHECK_EQ(motion(w, q)->standing_why.id, STANDING_DISPUTED);
    CHECK_EQ(only(w)->results_count, 2);
    struct act resolution = act_on(ACT_RESOLUTION, m, q, 0);
    resolution.title = span_text("Nghị quyết");
    resolution.number = span_text("01-NQ/CB");
    resolution.text = span_text("…");
    MAY_NOT(w, A, &resolution, REFUSE_NOT_ADOPTED);
    struct act settle = act_on(ACT_SETTLE, m, q, 0);
    MAY_NOT(w, D, &settle, REFUSE_NOT_CHAIR);
    MAY(w, A, &settle);
    const uint8_t *word = world_act(w, A, &settle);
    world_all_meet(w);
    CHECK_EQ(motion(w, q)->settled, SETTLED_HOLDS);
    CHECK_EQ(motion(w, p)->settled, SETTLED_ANNULLED);
    CHECK_BYTES(motion(w, p)->settled_by, word, 32);
    CHECK(motion(w, p)->final && motion(w, q)->final);
    MAY_NOT(w, A, &settle, REFUSE_NOTHING_TO_SETTLE);
    MAY(w, A, &resolution);
    CHECK_EQ(ignored(w), 0);
    world_free(w);
}

/* Results that do not contradict each other are no dispute: both rejected, other items, item 0. */
TEST(split_does_not_call_every_pair_of_results_a_dispute)
{
    static const struct {
        uint32_t item[2];
        enum act_choice choice[2];
        bool disputed;
    } cases[] = {
        {{1, 1}, {CHOICE_AGREE, CHOICE_AGREE}, true},
        {{1, 1}, {CHOICE_AGREE, CHOICE_DISAGREE}, true},
        {{1, 1}, {CHOICE_DISAGREE, CHOICE_DISAGREE}, false},
        {{1, 2}, {CHOICE_AGREE, CHOICE_AGREE}, false},
        {{0, 0}, {CHOICE_AGREE, CHOICE_AGREE}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = village();
        struct procedure *p = rules_of(w);
        p->quorum = (struct procedure_share){.numerator = 1, .denominator = 5};
        p->majority = (struct procedure_share){.numerator = 1, .denominator = 5};
        meeting_set_procedure(w->state, p);
        const uint8_t *m = sitting(w, 5), *q[2];
        for (uint32_t side = 0; side < 2; side++) {
            q[side] = do_text(w, side, ACT_MOTION, m, cases[i].item[side], "Câu hỏi");
            do_on(w, side, ACT_VOTE, m, q[side], cases[i].choice[side]);
            do_on(w, side, ACT_TALLY, m, q[side], 0);
        }
        world_all_meet(w);
        CHECK_EQ(motion(w, q[0])->disputed, cases[i].disputed);
        CHECK_EQ(motion(w, q[1])->disputed, cases[i].disputed);
        world_free(w);
    }
}

/* Two chairs close one vote with different votes before them: both results stay. */
TEST(split_keeps_both_results_of_a_vote_that_two_chairs_closed)
{
    for (uint64_t salt = 0; salt < 8; salt++) { /* whichever comes first in the order */
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = sitting(w, 5), *q = put_motion(w, m, 1, "Câu hỏi", "");
        vote(w, m, q, A, A, CHOICE_AGREE);
        vote(w, m, q, C, C, CHOICE_AGREE);
        vote(w, m, q, B, B, CHOICE_AGREE);
        vote(w, m, q, D, E, CHOICE_AGREE);
        two_sides(w);
        const uint8_t *low = do_on(w, A, ACT_TALLY, m, q, 0);  /* 2 of 5 */
        const uint8_t *high = do_on(w, B, ACT_TALLY, m, q, 0); /* 3 of 5 */
        world_all_meet(w);
        CHECK_EQ(ignored(w), 0);
        const struct meeting *got = only(w);
        CHECK_EQ(got->results_count, 2);
        CHECK(got->motions[0].disputed);
        CHECK(!got->motions[0].final);
        for (size_t i = 0; i < 2; i++) {
            const struct meeting_result *r = &got->results[i];
            bool first = memcmp(r->id, low, 32) == 0;
            CHECK_EQ(r->agree, first ? 2 : 3);
            CHECK_EQ(r->outcome, first ? OUTCOME_REJECTED : OUTCOME_ADOPTED);
            CHECK_EQ(r->against_count, 1);
        }
        struct act settle = act_on(ACT_SETTLE, m, q, 0);
        memcpy(settle.parent, salt % 2 == 0 ? low : high, 32);
        MAY(w, A, &settle);
        world_act(w, A, &settle);
        const struct meeting_motion *one = motion(w, q);
        CHECK_EQ(one->settled, SETTLED_HOLDS);
        CHECK_EQ(one->agree, salt % 2 == 0 ? 2 : 3);
        CHECK_EQ(one->outcome, salt % 2 == 0 ? OUTCOME_REJECTED : OUTCOME_ADOPTED);
        CHECK_EQ(one->late, salt % 2 == 0 ? 3 : 2);
        settle.parent[0] ^= 1;
        MAY_NOT(w, A, &settle, REFUSE_NOTHING_TO_SETTLE);
        world_free(w);
    }
}

/* Two chairs settle it differently: it is open again, until one had seen both. */
TEST(split_two_words_that_disagree_settle_nothing)
{
    struct world *w = village();
    struct procedure *p = rules_of(w);
    p->quorum = p->majority = (struct procedure_share){.numerator = 1, .denominator = 5};
    meeting_set_procedure(w->state, p);
    const uint8_t *m = sitting(w, 5), *q[2];
    for (uint32_t side = 0; side < 2; side++) {
        q[side] = do_text(w, side, ACT_MOTION, m, 1, "Câu hỏi");
        do_on(w, side, ACT_VOTE, m, q[side], CHOICE_AGREE);
        do_on(w, side, ACT_TALLY, m, q[side], 0);
    }
    world_all_meet(w);
    do_on(w, A, ACT_SETTLE, m, q[0], 0);
    do_on(w, B, ACT_SETTLE, m, q[1], 0);
    world_all_meet(w);
    CHECK_EQ(ignored(w), 0);
    CHECK_EQ(motion(w, q[0])->settled, SETTLED_NOT);
    CHECK_EQ(motion(w, q[1])->settled, SETTLED_NOT);
    CHECK(motion(w, q[0])->disputed && !motion(w, q[0])->final);
    do_on(w, A, ACT_SETTLE, m, q[1], 0);
    CHECK_EQ(motion(w, q[1])->settled, SETTLED_HOLDS);
    CHECK_EQ(motion(w, q[0])->settled, SETTLED_ANNULLED);
    do_on(w, A, ACT_SETTLE, m, q[0], 0);
    check_last_ignored(w, 1, REFUSE_NOTHING_TO_SETTLE);
    world_free(w);
}

/* A third result that the settling word had not seen opens the question again. */
TEST(split_word_does_not_settle_what_it_had_not_seen)
{
    struct world *w = village();
    struct procedure *p = rules_of(w);
    p->quorum = p->majority = (struct procedure_share){.numerator = 1, .denominator = 5};
    meeting_set_procedure(w->state, p);
    struct act a = act_meeting("Họp", 1);
    memcpy(a.chair, w->cell.members[D].id, 16); /* so that there are three who may close */
    const uint8_t *m = world_act(w, A, &a), *q[3];
    const uint32_t who[3] = {A, B, D};
    do_simple(w, A, ACT_NOTICE, m);
    do_simple(w, A, ACT_OPEN, m);
    for (uint32_t i = 0; i < 5; i++)
        do_roll(w, A, m, i, ROLL_PRESENT, "");
    world_all_meet(w);
    for (uint32_t i = 0; i < 3; i++) {
        for (int n = 0; i == 2 && n < 12; n++) /* so that it comes after the word in the order */
            do_text(w, D, ACT_OPINION, m, 1, "…");
        q[i] = do_text(w, who[i], ACT_MOTION, m, 1, "Câu hỏi");
        do_on(w, who[i], ACT_VOTE, m, q[i], CHOICE_AGREE);
        do_on(w, who[i], ACT_TALLY, m, q[i], 0);
    }
    world_meet(w, B, A);
    do_on(w, A, ACT_SETTLE, m, q[0], 0);
    CHECK_EQ(motion(w, q[2])->settled, SETTLED_NOT);
    CHECK_EQ(motion(w, q[0])->settled, SETTLED_NOT);
    world_meet(w, D, A);
    do_on(w, A, ACT_SETTLE, m, q[0], 0);
    CHECK_EQ(motion(w, q[0])->settled, SETTLED_HOLDS);
    CHECK_EQ(motion(w, q[1])->settled, SETTLED_ANNULLED);
    CHECK_EQ(motion(w, q[2])->settled, SETTLED_ANNULLED);
    CHECK_EQ(ignored(w), 0);
    world_free(w);
}

/* A vote of all, once together again, ratifies one of the two. */
TEST(split_ratifying_vote_settles_what_it_had_seen)
{
    struct world *w = village();
    struct procedure *p = rules_of(w);
    p->quorum = p->majority = (struct procedure_share){.numerator = 1, .denominator = 5};
    meeting_set_procedure(w->state, p);
    const uint8_t *m = sitting(w, 5), *q[2];
    for (uint32_t side = 0; side < 2; side++) {
        q[side] = do_text(w, side, ACT_MOTION, m, 1, "Câu hỏi");
        do_on(w, side, ACT_VOTE, m, q[side], CHOICE_AGREE);
        do_on(w, side, ACT_TALLY, m, q[side], 0);
    }
    world_all_meet(w);
    struct act a = act_text(ACT_MOTION, m, 0, "Thống nhất chọn phương án hai");
    memcpy(a.target, q[1], 32);
    const uint8_t *again = world_act(w, A, &a);
    do_on(w, A, ACT_VOTE, m, again, CHOICE_AGREE);
    CHECK_EQ(motion(w, q[1])->settled, SETTLED_NOT);
    do_on(w, A, ACT_TALLY, m, again, 0);
    CHECK_EQ(motion(w, q[1])->settled, SETTLED_HOLDS);
    CHECK_BYTES(motion(w, q[1])->settled_by, again, 32);
    CHECK_EQ(motion(w, q[0])->settled, SETTLED_ANNULLED);
    world_free(w);
}

/* Withdrawn before the close: nothing is decided. Withdrawn apart from the close: both are shown.
 */
TEST(split_motion_is_withdrawn_by_who_put_it)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5);
    const uint8_t *q = do_text(w, D, ACT_MOTION, m, 1, "Câu hỏi");
    world_all_meet(w);
    struct act a = act_on(ACT_WITHDRAW, m, q, 0);
    MAY_NOT(w, E, &a, REFUSE_NOT_CHAIR);
    MAY(w, D, &a);
    do_on(w, D, ACT_WITHDRAW, m, q, 0);
    world_all_meet(w);
    CHECK_EQ(motion(w, q)->outcome, OUTCOME_WITHDRAWN);
    CHECK(motion(w, q)->withdrawn && motion(w, q)->final);
    CHECK_EQ(motion(w, q)->standing_why.id, STANDING_WITHDRAWN);
    MAY_NOT(w, D, &a, REFUSE_VOTE_CLOSED);
    do_on(w, A, ACT_TALLY, m, q, 0);
    check_last_ignored(w, 1, REFUSE_TALLY_TWICE);
    do_on(w, D, ACT_WITHDRAW, m, q, 0);
    check_last_ignored(w, 2, REFUSE_VOTE_CLOSED);
    const uint8_t *r = do_text(w, D, ACT_MOTION, m, 2, "Câu khác");
    world_all_meet(w);
    do_on(w, D, ACT_WITHDRAW, m, r, 0);
    do_on(w, A, ACT_TALLY, m, r, 0);
    world_all_meet(w);
    CHECK(motion(w, r)->disputed);
    CHECK_EQ(only(w)->results_count, 3);
    world_free(w);
}

/* Two closes of the meeting: the votes of both sides are closed, and both are shown. */
TEST(split_close_of_either_side_closes_its_votes)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 1); /* no quorum: the close of the meeting closes votes */
    const uint8_t *p = do_text(w, A, ACT_MOTION, m, 1, "Một");
    const uint8_t *q = do_text(w, B, ACT_MOTION, m, 2, "Hai");
    do_simple(w, A, ACT_CLOSE, m);
    do_simple(w, B, ACT_CLOSE, m);
    world_all_meet(w);
    const struct meeting *got = only(w);
    CHECK_EQ(got->closes_count, 1);
    CHECK_EQ(motion(w, p)->outcome, OUTCOME_NO_QUORUM);
    CHECK_EQ(motion(w, q)->outcome, OUTCOME_NO_QUORUM);
    CHECK(!motion(w, p)->disputed);
    do_simple(w, A, ACT_CLOSE, m);
    check_last_ignored(w, 1, REFUSE_CLOSE_TWICE);
    world_free(w);
}

/* The merge sheet: exactly what a side had not seen. */
TEST(split_merge_sheet_lists_what_a_record_had_not_seen)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5);
    do_text(w, D, ACT_OPINION, m, 1, "Bên kia");
    do_text(w, E, ACT_OPINION, m, 1, "Bên kia nữa");
    const uint8_t *mine = do_text(w, A, ACT_OPINION, m, 1, "Bên này");
    const struct meeting *got = only(w);
    uint32_t list[8];
    CHECK_EQ(meeting_unseen(w->state, w->history, got, history_find(w->history, mine), list, 8), 2);
    CHECK_EQ(history_at(w->history, list[0])->type, ACT_OPINION);
    CHECK_EQ(meeting_unseen(w->state, w->history, got, HISTORY_NONE, list, 1), 10);
    world_free(w);
}
