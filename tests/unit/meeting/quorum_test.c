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

/* ---- by device, hand and paper ---- */

/* Members as bits: the first is 1. Who is confirmed present; who says what by which way; and what
 * comes of it. Two sites count hands; a paper ballot has its list and its count. */
struct way_case {
    const char *procedure;
    unsigned full, probationary;
    unsigned present;
    unsigned device_yes, device_no;
    unsigned one_yes, one_no, two_yes, two_no; /* hands at site one and two */
    unsigned paper, paper_yes, paper_no, paper_invalid;
    size_t by_device, by_hand, by_paper;
    size_t agree, disagree, base, needed;
    enum meeting_outcome outcome;
};

/* clang-format off */
static const struct way_case ways[] = {
    /* each way alone; five members, three make a quorum and a majority of all */
    {PARTY, 5, 0, 0x07, 0x07, 0,    0, 0, 0, 0,        0, 0, 0, 0,     3, 0, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x07, 0, 0,       0x07, 0, 0, 0,     0, 0, 0, 0,     0, 3, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x07, 0, 0,       0, 0, 0, 0,        0x07, 3, 0, 0,  0, 0, 3,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x03, 0, 0,       0x07, 0, 0, 0,     0, 0, 0, 0,     0, 3, 0,  3, 0,  5, 3, OUTCOME_NO_QUORUM}, /* a hand is no roll line */
    {PARTY, 5, 0, 0x03, 0, 0,       0, 0, 0, 0,        0x07, 3, 0, 0,  0, 0, 3,  3, 0,  5, 3, OUTCOME_NO_QUORUM},
    /* by hand and on the phone: the phone, once (scenario 17) */
    {PARTY, 5, 0, 0x1f, 0x01, 0,    0x01, 0, 0, 0,     0, 0, 0, 0,     1, 0, 0,  1, 0,  5, 3, OUTCOME_REJECTED},
    {PARTY, 5, 0, 0x1f, 0x07, 0,    0x07, 0, 0, 0,     0, 0, 0, 0,     3, 0, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0, 0x07,    0x07, 0, 0, 0,     0, 0, 0, 0,     3, 0, 0,  0, 3,  5, 3, OUTCOME_REJECTED}, /* the own word goes before the teller's */
    {PARTY, 5, 0, 0x1f, 0x03, 0,    0x06, 0, 0, 0,     0, 0, 0, 0,     2, 1, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0x03, 0,    0x03, 0, 0, 0,     0, 0, 0, 0,     2, 0, 0,  2, 0,  5, 3, OUTCOME_REJECTED},
    /* at two sites: the first site, once */
    {PARTY, 5, 0, 0x1f, 0, 0,       0x03, 0, 0x03, 0,  0, 0, 0, 0,     0, 2, 0,  2, 0,  5, 3, OUTCOME_REJECTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0x03, 0, 0x06, 0,  0, 0, 0, 0,     0, 3, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0x03, 0, 0x0c, 0,  0, 0, 0, 0,     0, 4, 0,  4, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0x03, 0, 0, 0x03,  0, 0, 0, 0,     0, 2, 0,  2, 0,  5, 3, OUTCOME_REJECTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0x03, 0x04, 0x18, 0x04, 0, 0, 0, 0, 0, 5, 0, 4, 1,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0x01, 0,    0x03, 0, 0x07, 0,  0, 0, 0, 0,     1, 2, 0,  3, 0,  5, 3, OUTCOME_ADOPTED},
    /* paper goes before both: who is on its list has voted on it, whatever else was said */
    {PARTY, 5, 0, 0x1f, 0x07, 0,    0, 0, 0, 0,        0x07, 0, 3, 0,  0, 0, 3,  0, 3,  5, 3, OUTCOME_REJECTED},
    {PARTY, 5, 0, 0x1f, 0x07, 0,    0, 0, 0, 0,        0x01, 1, 0, 0,  2, 0, 1,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0x1f, 0, 0, 0,     0x03, 0, 2, 0,  0, 3, 2,  3, 2,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0x04, 0,    0x0c, 0, 0, 0,     0x03, 2, 0, 0,  1, 1, 2,  4, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0x1f, 0,    0x1f, 0, 0x1f, 0,  0x1f, 2, 3, 0,  0, 0, 5,  2, 3,  5, 3, OUTCOME_REJECTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0, 0, 0, 0,        0x1f, 2, 1, 2,  0, 0, 5,  2, 1,  5, 3, OUTCOME_REJECTED}, /* spoilt papers agree to nothing */
    {PARTY, 5, 0, 0x1f, 0, 0,       0, 0, 0, 0,        0x1f, 3, 0, 2,  0, 0, 5,  3, 0,  5, 3, OUTCOME_ADOPTED},
    {PARTY, 5, 0, 0x1f, 0, 0,       0, 0, 0, 0,        0x1f, 2, 0, 0,  0, 0, 5,  2, 0,  5, 3, OUTCOME_REJECTED}, /* five took part, two papers came back */
    /* who has no vote has no hand either */
    {PARTY, 3, 2, 0x1f, 0x01, 0,    0x1a, 0, 0, 0,     0, 0, 0, 0,     1, 1, 0,  2, 0,  3, 2, OUTCOME_ADOPTED},
    {PARTY, 3, 2, 0x1f, 0x01, 0,    0x18, 0, 0, 0,     0, 0, 0, 0,     1, 0, 0,  1, 0,  3, 2, OUTCOME_REJECTED},
    {PARTY, 3, 2, 0x1f, 0, 0,       0, 0, 0, 0,        0x1f, 2, 1, 0,  0, 0, 3,  2, 1,  3, 2, OUTCOME_ADOPTED},
    /* of those present: the confirmed, and those whose vote is counted */
    {ASSEMBLY, 6, 0, 0x07, 0x03, 0, 0, 0, 0, 0,        0, 0, 0, 0,     2, 0, 0,  2, 0,  3, 2, OUTCOME_ADOPTED},
    {ASSEMBLY, 6, 0, 0x07, 0x03, 0x04, 0, 0x08, 0, 0,  0, 0, 0, 0,     3, 1, 0,  2, 2,  4, 3, OUTCOME_REJECTED},
    {ASSEMBLY, 6, 0, 0x07, 0, 0,    0x38, 0, 0, 0,     0, 0, 0, 0,     0, 3, 0,  3, 0,  6, 4, OUTCOME_REJECTED}, /* three who were not called agree; three are silent */
    {ASSEMBLY, 6, 0, 0x07, 0x01, 0, 0x38, 0, 0, 0,     0, 0, 0, 0,     1, 3, 0,  4, 0,  6, 4, OUTCOME_ADOPTED},
    {ASSEMBLY, 6, 0, 0x0f, 0, 0,    0, 0, 0, 0,        0x3c, 3, 1, 0,  0, 0, 4,  3, 1,  6, 4, OUTCOME_REJECTED},
    {ASSEMBLY, 6, 0, 0x3f, 0, 0,    0x03, 0x04, 0x08, 0x30, 0, 0, 0, 0, 0, 6, 0, 3, 3, 6, 4, OUTCOME_REJECTED},
    {UNIT, 9, 0, 0x007, 0x003, 0,   0, 0, 0, 0,        0, 0, 0, 0,     2, 0, 0,  2, 0,  3, 2, OUTCOME_ADOPTED},
    {UNIT, 9, 0, 0x003, 0x003, 0,   0x1fc, 0, 0, 0,    0, 0, 0, 0,     2, 7, 0,  9, 0,  9, 5, OUTCOME_NO_QUORUM},
    {UNIT, 9, 0, 0x007, 0, 0x001,   0x006, 0, 0, 0x008, 0, 0, 0, 0,    1, 3, 0,  2, 2,  4, 3, OUTCOME_REJECTED},
};
/* clang-format on */

static struct act_people listed(const struct world *w, unsigned yes, unsigned no, bool values)
{
    static uint8_t bytes[2][16 * ACT_PERSON_BYTES];
    static size_t turn;
    uint8_t *to = bytes[turn++ % 2];
    size_t count = 0;
    for (uint32_t i = 0; i < w->cell.count; i++) {
        if (((yes | no) >> i & 1) == 0)
            continue;
        memcpy(to + count * ACT_PERSON_BYTES, w->cell.members[i].id, 16);
        to[count++ * ACT_PERSON_BYTES + 16] = (uint8_t)(!values               ? 0
                                                        : (yes >> i & 1) != 0 ? CHOICE_AGREE
                                                                              : CHOICE_DISAGREE);
    }
    return (struct act_people){to, count};
}

static const uint8_t *add_site(struct world *w, const uint8_t *m, const char *name)
{
    struct act a = act_of(ACT_SITE, m);
    a.title = span_text(name);
    memcpy(a.person, w->cell.members[0].id, 16);
    return world_act(w, 0, &a);
}

static void raise_hands(struct world *w, const uint8_t *m, const uint8_t *q, const uint8_t *site,
                        unsigned yes, unsigned no)
{
    struct act a = act_on(ACT_HANDS, m, q, 0);
    memcpy(a.site, site, 32);
    a.people = listed(w, yes, no, true);
    if (a.people.count > 0)
        world_act(w, 0, &a);
}

static void cast_papers(struct world *w, const uint8_t *m, const uint8_t *q,
                        const struct way_case *c)
{
    struct act a = act_on(ACT_PAPER, m, q, 0);
    if (c->paper == 0)
        return;
    a.people = listed(w, c->paper, 0, false);
    a.counts_count = PAPER_COUNTS;
    a.counts[PAPER_AGREE] = c->paper_yes;
    a.counts[PAPER_DISAGREE] = c->paper_no;
    a.counts[PAPER_VALID] = c->paper_yes + c->paper_no;
    a.counts[PAPER_INVALID] = c->paper_invalid;
    a.counts[PAPER_COLLECTED] = a.counts[PAPER_ISSUED] =
        c->paper_yes + c->paper_no + c->paper_invalid;
    world_act(w, 0, &a);
}

static void run_way(const struct way_case *c)
{
    struct world *w = world_new();
    world_procedure(w, c->procedure);
    add_members(w, &(struct vote_case){.full = c->full, .probationary = c->probationary});
    struct act a = act_meeting("Họp", 1);
    a.form = span_text(meeting_procedure(w->state)->forms[0].name);
    const uint8_t *m = world_act(w, 0, &a);
    do_simple(w, 0, ACT_NOTICE, m);
    do_simple(w, 0, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = 0; i < w->cell.count; i++) {
        if ((c->present >> i & 1) != 0)
            do_roll(w, 0, m, i, ROLL_PRESENT, "");
        do_simple(w, i, ACT_ATTEND, m);
    }
    const uint8_t *q = do_text(w, 0, ACT_MOTION, m, 0, "Câu hỏi");
    const uint8_t *one = add_site(w, m, "Một"), *two = add_site(w, m, "Hai");
    world_all_meet(w);
    for (uint32_t i = 0; i < w->cell.count; i++) {
        if (((c->device_yes | c->device_no) >> i & 1) != 0)
            do_on(w, i, ACT_VOTE, m, q,
                  (c->device_yes >> i & 1) != 0 ? CHOICE_AGREE : CHOICE_DISAGREE);
    }
    world_all_meet(w);
    raise_hands(w, m, q, two, c->two_yes, c->two_no);
    raise_hands(w, m, q, one, c->one_yes, c->one_no);
    cast_papers(w, m, q, c);
    do_on(w, 0, ACT_TALLY, m, q, 0);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    const struct meeting_motion *got = meeting_find_motion(w->state, q, NULL);
    CHECK_EQ(got->by_device, c->by_device);
    CHECK_EQ(got->by_hand, c->by_hand);
    CHECK_EQ(got->by_paper, c->by_paper);
    CHECK_EQ(got->agree, c->agree);
    CHECK_EQ(got->disagree, c->disagree);
    CHECK_EQ(got->base, c->base);
    CHECK_EQ(got->needed, c->needed);
    CHECK_EQ(got->outcome, c->outcome);
    world_free(w);
}

/* One member, one vote, however many ways there are to give it. */
TEST(quorum_counts_each_member_once_by_whatever_ways)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        run_way(&ways[i]);
}

/* A question that asks for two thirds is not adopted by a half; one that names no majority of its
 * own has the procedure's. */
TEST(quorum_question_has_the_majority_that_its_rules_give)
{
    static const struct {
        const char *procedure, *question;
        unsigned full, agree; /* all are present, the rest is against */
        size_t needed;
        enum meeting_outcome outcome;
    } questions[] = {
        {PARTY, "", 6, 4, 4, OUTCOME_ADOPTED},
        {PARTY, "admission", 6, 4, 4, OUTCOME_ADOPTED},
        {PARTY, "admission", 6, 3, 4, OUTCOME_REJECTED},
        {PARTY, "admission", 7, 4, 5, OUTCOME_REJECTED},
        {PARTY, "admission", 7, 5, 5, OUTCOME_ADOPTED},
        {PARTY, "admission", 9, 6, 6, OUTCOME_ADOPTED},
        {PARTY, "admission", 10, 6, 7, OUTCOME_REJECTED},
        {PARTY, "admission", 10, 7, 7, OUTCOME_ADOPTED},
    };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct world *w = world_new();
        world_procedure(w, questions[i].procedure);
        add_members(w, &(struct vote_case){.full = questions[i].full});
        struct act a = act_meeting("Họp", 1);
        const uint8_t *m = world_act(w, 0, &a);
        do_simple(w, 0, ACT_NOTICE, m);
        do_simple(w, 0, ACT_OPEN, m);
        for (uint32_t k = 0; k < w->cell.count; k++)
            do_roll(w, 0, m, k, ROLL_PRESENT, "");
        a = act_text(ACT_MOTION, m, 1, "Câu hỏi");
        a.form = span_text(questions[i].question);
        const uint8_t *q = world_act(w, 0, &a);
        world_all_meet(w);
        for (uint32_t k = 0; k < w->cell.count; k++)
            do_on(w, k, ACT_VOTE, m, q, k < questions[i].agree ? CHOICE_AGREE : CHOICE_DISAGREE);
        world_all_meet(w);
        do_on(w, 0, ACT_TALLY, m, q, 0);
        world_fold(w);
        const struct meeting_motion *got = meeting_find_motion(w->state, q, NULL);
        CHECK_EQ(got->needed, questions[i].needed);
        CHECK_EQ(got->outcome, questions[i].outcome);
        world_free(w);
    }
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
