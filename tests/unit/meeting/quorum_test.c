/* Quorum and majority: cases counted by hand, each run through a whole meeting. */
#include "tests/unit/meeting/world.h"

/* members, how many of them present, and how they vote */
struct vote_case {
    const char *procedure;
    unsigned full, probationary, attached, exempt, transferred;
    unsigned present; /* of the full, from the first */
    unsigned agree, disagree, abstain;
    size_t eligible, quorum_needed, needed;
    enum meeting_outcome outcome;
};

#define PARTY    "procedures/party-cell.conf"
#define UNIT     "procedures/disaster-unit.conf"
#define ASSEMBLY "procedures/assembly.conf"

/* clang-format off */
static const struct vote_case cases[] = {
    /* party cell: quorum > 1/2 of all who count, resolution > 1/2 of all who count */
    {PARTY, 3, 0, 0, 0, 0,  2, 2, 0, 0,  3, 2, 2, OUTCOME_ADOPTED},
    {PARTY, 3, 0, 0, 0, 0,  1, 1, 0, 0,  3, 2, 2, OUTCOME_NO_QUORUM},
    {PARTY, 3, 0, 0, 0, 0,  2, 1, 1, 0,  3, 2, 2, OUTCOME_REJECTED},
    {PARTY, 3, 0, 0, 0, 0,  2, 1, 0, 0,  3, 2, 2, OUTCOME_REJECTED},
    {PARTY, 4, 0, 0, 0, 0,  2, 2, 0, 0,  4, 3, 3, OUTCOME_NO_QUORUM}, /* half is not more than half */
    {PARTY, 4, 0, 0, 0, 0,  3, 3, 0, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 4, 0, 0, 0, 0,  4, 2, 2, 0,  4, 3, 3, OUTCOME_REJECTED},
    {PARTY, 4, 0, 0, 0, 0,  4, 3, 1, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 9, 0, 0, 0, 0,  5, 5, 0, 0,  9, 5, 5, OUTCOME_ADOPTED},
    {PARTY, 9, 0, 0, 0, 0,  5, 4, 0, 1,  9, 5, 5, OUTCOME_REJECTED}, /* 4 of 5 present, yet 4 of 9 */
    {PARTY, 9, 0, 0, 0, 0,  4, 4, 0, 0,  9, 5, 5, OUTCOME_NO_QUORUM},
    {PARTY, 10, 0, 0, 0, 0, 5, 5, 0, 0, 10, 6, 6, OUTCOME_NO_QUORUM},
    {PARTY, 10, 0, 0, 0, 0, 6, 6, 0, 0, 10, 6, 6, OUTCOME_ADOPTED},
    {PARTY, 10, 0, 0, 0, 0, 9, 5, 2, 2, 10, 6, 6, OUTCOME_REJECTED},
    {PARTY, 11, 0, 0, 0, 0, 6, 6, 0, 0, 11, 6, 6, OUTCOME_ADOPTED},
    {PARTY, 11, 0, 0, 0, 0, 11, 5, 0, 6, 11, 6, 6, OUTCOME_REJECTED},
    {PARTY, 11, 0, 0, 0, 0, 4, 4, 0, 0, 11, 6, 6, OUTCOME_NO_QUORUM},
    {PARTY, 1, 0, 0, 0, 0,  1, 1, 0, 0,  1, 1, 1, OUTCOME_ADOPTED},
    {PARTY, 2, 0, 0, 0, 0,  2, 1, 1, 0,  2, 2, 2, OUTCOME_REJECTED},
    /* categories that are not counted change neither denominator */
    {PARTY, 4, 3, 0, 0, 0,  3, 3, 0, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 4, 0, 5, 0, 0,  3, 3, 0, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 4, 0, 0, 6, 0,  3, 3, 0, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 4, 0, 0, 0, 7,  3, 3, 0, 0,  4, 3, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 2, 1, 2, 1,  3, 2, 1, 0,  5, 3, 3, OUTCOME_REJECTED},
    {PARTY, 5, 2, 1, 2, 1,  3, 3, 0, 0,  5, 3, 3, OUTCOME_ADOPTED},
    /* emergency unit: quorum >= 1/3 of own and lent staff, more than half of those present */
    {UNIT, 9, 0, 0, 0, 0,   3, 2, 1, 0,  9, 3, 2, OUTCOME_ADOPTED},
    {UNIT, 9, 0, 0, 0, 0,   2, 2, 0, 0,  9, 3, 2, OUTCOME_NO_QUORUM},
    {UNIT, 10, 0, 0, 0, 0,  3, 3, 0, 0, 10, 4, 2, OUTCOME_NO_QUORUM},
    {UNIT, 10, 0, 0, 0, 0,  4, 2, 1, 0, 10, 4, 3, OUTCOME_REJECTED},
    {UNIT, 10, 0, 0, 0, 0,  4, 3, 1, 0, 10, 4, 3, OUTCOME_ADOPTED},
    {UNIT, 6, 4, 6, 3, 2,   4, 3, 0, 0, 12, 4, 3, OUTCOME_ADOPTED}, /* the lent count, volunteers do not */
    {UNIT, 6, 4, 7, 3, 2,   4, 4, 0, 0, 13, 5, 3, OUTCOME_NO_QUORUM},
    /* assembly: quorum >= 1/2, more than half of those present */
    {ASSEMBLY, 10, 0, 0, 0, 0, 5, 3, 2, 0, 10, 5, 3, OUTCOME_ADOPTED},
    {ASSEMBLY, 10, 0, 0, 0, 0, 4, 4, 0, 0, 10, 5, 3, OUTCOME_NO_QUORUM},
    {ASSEMBLY, 11, 0, 0, 0, 0, 5, 5, 0, 0, 11, 6, 3, OUTCOME_NO_QUORUM},
    {ASSEMBLY, 11, 0, 0, 0, 0, 6, 3, 0, 3, 11, 6, 4, OUTCOME_REJECTED},
    {ASSEMBLY, 11, 4, 0, 2, 1, 6, 4, 0, 2, 11, 6, 4, OUTCOME_ADOPTED},
};
/* clang-format on */

static void add_members(struct world *w, const struct vote_case *c)
{
    const unsigned counts[CATEGORIES_COUNT] = {c->full, c->probationary, c->attached, c->exempt,
                                               c->transferred};
    for (unsigned category = 0; category < CATEGORIES_COUNT; category++) {
        for (unsigned i = 0; i < counts[category]; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "N%u-%u", category, i);
            world_member(w, name, w->cell.count == 0 ? ROLE_SECRETARY : ROLE_MEMBER,
                         (enum auth_category)category);
        }
    }
}

static void run_case(const struct vote_case *c)
{
    struct world *w = world_new();
    world_procedure(w, c->procedure);
    add_members(w, c);
    struct act a = act_meeting("Họp", 1);
    a.form = span_text(meeting_procedure(w->state)->forms[0].name);
    const uint8_t *m = world_act(w, 0, &a);
    do_simple(w, 0, ACT_NOTICE, m);
    do_simple(w, 0, ACT_OPEN, m);
    for (uint32_t i = 0; i < w->cell.count; i++) /* all who do not count are there too */
        do_roll(w, 0, m, i, i < c->present || i >= c->full ? ROLL_PRESENT : ROLL_ABSENT, "");
    for (uint32_t i = c->full + c->probationary; i < w->cell.count; i++) {
        if (w->cell.members[i].category == CATEGORY_ATTACHED &&
            meeting_procedure(w->state)->counts[CATEGORY_ATTACHED])
            do_roll(w, 0, m, i, ROLL_ABSENT, ""); /* where the lent count, they are away */
    }
    const uint8_t *q = do_text(w, 0, ACT_MOTION, m, 0, "Câu hỏi");
    world_all_meet(w);
    uint32_t voter = 0;
    for (unsigned i = 0; i < c->agree; i++)
        do_on(w, voter++, ACT_VOTE, m, q, CHOICE_AGREE);
    for (unsigned i = 0; i < c->disagree; i++)
        do_on(w, voter++, ACT_VOTE, m, q, CHOICE_DISAGREE);
    for (unsigned i = 0; i < c->abstain; i++)
        do_on(w, voter++, ACT_VOTE, m, q, CHOICE_ABSTAIN);
    world_all_meet(w);
    world_fold(w);
    const struct meeting *got = meeting_at(w->state, 0);
    CHECK_EQ(got->eligible, c->eligible);
    CHECK_EQ(got->present, c->present);
    CHECK_EQ(got->quorum_needed, c->quorum_needed);
    do_on(w, 0, ACT_TALLY, m, q, 0);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    const struct meeting_motion *motion = meeting_find_motion(w->state, q, &got);
    CHECK_EQ(motion->agree, c->agree);
    CHECK_EQ(motion->disagree, c->disagree);
    CHECK_EQ(motion->abstain, c->abstain);
    CHECK_EQ(motion->eligible, c->eligible);
    CHECK_EQ(motion->present, c->present);
    CHECK_EQ(motion->quorum_needed, c->quorum_needed);
    CHECK_EQ(motion->needed, c->needed);
    CHECK_EQ(motion->outcome, c->outcome);
    world_free(w);
}

/* A wrong denominator adopts what was not adopted. */
TEST(quorum_and_majority_are_as_counted_by_hand)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run_case(&cases[i]);
}

/* Boundaries of the two kinds of share. */
TEST(quorum_shares_round_the_right_way)
{
    static const struct {
        unsigned numerator, denominator;
        bool more;
        size_t base, want;
    } shares[] = {
        {1, 2, true, 0, 1},  {1, 2, true, 1, 1},      {1, 2, true, 2, 2},     {1, 2, true, 3, 2},
        {1, 2, false, 0, 1}, {1, 2, false, 1, 1},     {1, 2, false, 2, 1},    {1, 2, false, 3, 2},
        {2, 3, false, 3, 2}, {2, 3, false, 4, 3},     {2, 3, false, 9, 6},    {2, 3, false, 10, 7},
        {2, 3, true, 3, 3},  {2, 3, true, 9, 7},      {1, 1, false, 7, 7},    {0, 1, false, 5, 1},
        {0, 1, true, 5, 1},  {1, 3, false, 300, 100}, {1, 3, true, 300, 101},
    };
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct procedure_share s = {.numerator = shares[i].numerator,
                                    .denominator = shares[i].denominator,
                                    .strictly_more = shares[i].more};
        CHECK_EQ(procedure_needed(&s, shares[i].base), shares[i].want);
    }
}
