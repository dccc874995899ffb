/* The same records give the same state, whatever the order in which they came. */
#include "tests/unit/meeting/chaos.h"

#include <time.h>

/* Insert the records into a new history in a random order that respects their deps; fold. */
static void digest_in_some_order(const struct world *w, struct meeting_state *s, struct rng *r,
                                 bool step_by_step, uint8_t ret[static 32])
{
    struct history *h = history_new();
    bool *done = calloc(w->count, sizeof *done);
    CHECK(h != NULL && done != NULL);
    meeting_set_procedure(s, meeting_procedure(w->state));
    for (size_t left = w->count; left > 0;) {
        size_t i = (size_t)rng_below(r, w->count);
        const struct world_record *rec = &w->records[i];
        uint8_t log[32] = {0};
        log[0] = (uint8_t)(rec->member >> 8);
        log[1] = (uint8_t)rec->member;
        bool ready = !done[i] && history_log_tip(h, history_log(h, log)) + 1 == rec->seq;
        for (size_t k = 0; k < rec->deps_count && ready; k++)
            ready = history_find(h, rec->deps[k]) != HISTORY_NONE;
        if (!ready)
            continue;
        world_add(h, rec);
        done[i] = true;
        left--;
        if (step_by_step && left % 16 == 0)
            world_walk(w, h, s); /* folding on the way must leave no trace */
    }
    world_walk(w, h, s);
    meeting_digest(s, &w->cell, ret);
    free(done);
    history_free(h);
}

enum { HISTORIES = 2000, STEPS = 90 };

/* Two devices that received the same records by different roads would show different results. */
TEST(meeting_digest_is_the_same_for_every_order_of_arrival)
{
    struct rng seeds = test_rng("chaos");
    struct world *w = world_new();
    struct meeting_state *other = meeting_state_new();
    CHECK(other != NULL);
    for (int round = 0; round < HISTORIES; round++, world_again(w)) {
        struct rng r = rng_seeded(rng_next(&seeds));
        uint8_t want[32], got[32];
        chaos_run(w, &r, STEPS);
        world_fold(w);
        meeting_digest(w->state, &w->cell, want);
        digest_in_some_order(w, other, &r, round % 16 == 0, got);
        CHECK_BYTES(got, want, 32);
    }
    meeting_state_free(other);
    world_free(w);
}

/* What a meeting decided would depend on who holds which office when it is looked at. */
TEST(meeting_that_was_closed_does_not_change_with_the_roster)
{
    struct rng seeds = test_rng("later");
    for (int round = 0; round < 60; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        uint8_t before[32], after[32];
        chaos_run(w, &r, STEPS);
        world_all_meet(w);
        world_fold(w);
        for (size_t i = 0; i < meeting_count(w->state); i++) {
            if (meeting_at(w->state, i)->stage < STAGE_CONVENED)
                do_simple(w, 0, ACT_NOTICE, meeting_at(w->state, i)->id);
            if (meeting_at(w->state, i)->stage < STAGE_OPENED)
                do_simple(w, 0, ACT_OPEN, meeting_at(w->state, i)->id);
            do_simple(w, 0, ACT_CLOSE, meeting_at(w->state, i)->id);
        }
        world_all_meet(w);
        world_fold(w);
        meeting_digest(w->state, &w->cell, before);
        for (size_t i = 0; i < 8; i++)
            world_office(w, 0, (uint32_t)rng_below(&r, 7),
                         (enum auth_role)rng_below(&r, ROLES_COUNT + 1));
        world_group(w, 0, 1, 0, (const uint32_t[]){0}, 1);
        world_fold(w);
        meeting_digest(w->state, &w->cell, after);
        for (size_t i = 0; i < meeting_count(w->state); i++)
            CHECK_EQ(meeting_at(w->state, i)->stage, STAGE_CLOSED);
        CHECK_BYTES(after, before, 32);
        world_free(w);
    }
}

/* What the histories came to. */
struct reach {
    size_t allowed[CHAOS_TYPES]; /* records of each type that were not ignored */
    size_t closed, late, disputed, settled, annulled, withdrawn, apart, closes, stale, sealed;
    size_t final[2], outcome[OUTCOME_WITHDRAWN + 1], by_hand, by_paper, twice;
    size_t lost, gone, grouped;
};

static void look_at_motions(struct reach *n, const struct meeting *m)
{
    for (size_t i = 0; i < m->motions_count; i++) {
        const struct meeting_motion *q = &m->motions[i];
        size_t results = 0;
        for (size_t k = 0; k < m->results_count; k++)
            results += m->results[k].motion == i;
        n->twice += results > 1;
        n->closed += q->closed;
        n->late += q->late;
        n->disputed += q->disputed;
        n->settled += q->settled == SETTLED_HOLDS;
        n->final[q->final]++;
        n->outcome[q->outcome]++;
        n->by_hand += q->by_hand;
        n->by_paper += q->by_paper;
        for (size_t k = 0; k < q->votes_count; k++)
            n->lost += q->votes[k].lost;
    }
}

static void look(struct reach *n, const struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->records[i].type >= ACT_MEETING)
            n->allowed[w->records[i].type - ACT_MEETING]++;
    }
    for (size_t i = 0; i < meeting_ignored_count(w->state); i++)
        n->gone += meeting_ignored_at(w->state, i)->why.id == REFUSE_NOT_ACTIVE;
    for (size_t i = 0; i < meeting_ignored_count(w->state); i++)
        n->allowed[history_at(w->history, meeting_ignored_at(w->state, i)->entry)->type -
                   ACT_MEETING]--;
    for (size_t i = 0; i < meeting_count(w->state); i++) {
        const struct meeting *m = meeting_at(w->state, i);
        look_at_motions(n, m);
        n->closes += m->closes_count;
        n->grouped += m->group[0] != 0 && m->invited.count == 0;
        for (size_t k = 0; k < m->results_count; k++)
            n->annulled += m->results[k].settled == SETTLED_ANNULLED;
        for (size_t k = 0; k < m->chairings_count; k++)
            n->apart += m->chairings[k].apart;
        for (size_t k = 0; k < m->roll_count; k++)
            n->stale += m->roll[k].stale;
        for (size_t k = 0; k < m->minutes_count; k++)
            n->sealed += m->minutes[k].sealed;
    }
}

/* The property above would be empty if the histories never got anywhere. */
TEST(meeting_chaos_reaches_every_act_and_every_conflict)
{
    struct rng seeds = test_rng("chaos");
    struct reach n = {0};
    struct world *w = world_new();
    for (int round = 0; round < 600; round++, world_again(w)) {
        struct rng r = rng_seeded(rng_next(&seeds));
        chaos_run(w, &r, STEPS);
        world_fold(w);
        look(&n, w);
    }
    world_free(w);
    for (unsigned type = ACT_MEETING; type <= ACT_STEP; type++) {
        if (n.allowed[type - ACT_MEETING] < 3)
            CHECK_TEXT("hardly ever allowed", act_type_name(type));
    }
    for (size_t i = 0; i <= OUTCOME_WITHDRAWN; i++)
        CHECK(n.outcome[i] > 10);
    CHECK(n.closed > 200 && n.late > 50 && n.twice > 10 && n.closes > 10);
    CHECK(n.disputed > 10 && n.settled > 10 && n.annulled > 3);
    CHECK(n.final[0] > 50 && n.final[1] > 50);
    CHECK(n.by_hand > 50 && n.by_paper > 10);
    CHECK(n.apart > 10 && n.stale > 10 && n.sealed > 10);
    CHECK(n.lost > 10 && n.gone > 100 && n.grouped > 10);
}

/* ---- no decision contradicts its own record ---- */

/* Count again from the lists that are shown: each member once, and the numbers are theirs. */
static void recount(const struct world *w, const struct meeting_motion *q)
{
    size_t of[CHOICE_COUNT] = {0}, by_device = 0, by_hand = 0;
    bool in[CHAOS_PEOPLE] = {false};
    for (size_t i = 0; q->paper != NULL && i < q->paper->people.count; i++) {
        uint8_t value;
        in[cell_member_index(&w->cell, act_person(&q->paper->people, i, &value))] = true;
    }
    for (size_t i = 0; i < q->votes_count; i++) {
        const struct meeting_vote *v = &q->votes[i];
        if (v->late || v->lost)
            continue;
        CHECK(!in[v->member]); /* never twice */
        in[v->member] = true;
        of[v->choice]++;
        by_device += v->how == HOW_DEVICE;
        by_hand += v->how == HOW_HAND;
    }
    for (size_t i = 0; q->paper != NULL && i < 3; i++)
        of[CHOICE_AGREE + i] += q->paper->counts[PAPER_AGREE + i];
    CHECK_EQ(q->agree, of[CHOICE_AGREE]);
    CHECK_EQ(q->disagree, of[CHOICE_DISAGREE]);
    CHECK_EQ(q->abstain, of[CHOICE_ABSTAIN]);
    CHECK_EQ(q->by_device, by_device);
    CHECK_EQ(q->by_hand, by_hand);
    CHECK(q->by_paper <= (q->paper == NULL ? 0 : q->paper->people.count));
    CHECK(q->agree + q->disagree + q->abstain <= q->eligible);
    CHECK(q->ballot == BALLOT_OPEN || q->by_device + q->by_hand == 0);
}

static void check_motion(const struct world *w, const struct meeting *m,
                         const struct meeting_motion *q)
{
    recount(w, q);
    CHECK_EQ(q->closed, q->outcome != OUTCOME_OPEN);
    CHECK_EQ(q->closed, q->shown != NO_RESULT);
    CHECK_EQ(q->needed, procedure_needed(&q->majority, q->base));
    CHECK(q->present <= q->eligible && q->base <= q->eligible && q->away <= q->unheard);
    if (!q->closed)
        return;
    const struct meeting_result *r = &m->results[q->shown];
    CHECK_EQ(r->agree, q->agree);
    CHECK_EQ(r->disagree, q->disagree);
    CHECK_EQ(r->abstain, q->abstain);
    enum meeting_outcome want = q->present < q->quorum_needed ? OUTCOME_NO_QUORUM
                                : q->agree >= q->needed       ? OUTCOME_ADOPTED
                                                              : OUTCOME_REJECTED;
    CHECK_EQ(q->outcome, q->withdrawn ? OUTCOME_WITHDRAWN : want);
    CHECK(!q->final || !q->disputed || q->settled != SETTLED_NOT);
    for (size_t i = 0; i < r->against_count; i++) {
        const struct meeting_result *other = &m->results[r->against[i]];
        CHECK(!(r->settled == SETTLED_HOLDS && other->settled == SETTLED_HOLDS));
        CHECK(!history_saw(w->history, r->entry, other->entry));
        CHECK(!history_saw(w->history, other->entry, r->entry));
    }
}

/* A decision that the votes listed below it do not make is worse than none. */
TEST(meeting_decisions_never_contradict_their_own_record)
{
    struct rng seeds = test_rng("chaos");
    struct world *w = world_new();
    for (int round = 0; round < HISTORIES / 2; round++, world_again(w)) {
        struct rng r = rng_seeded(rng_next(&seeds));
        chaos_run(w, &r, STEPS * 2);
        world_fold(w);
        for (size_t i = 0; i < meeting_count(w->state); i++) {
            const struct meeting *m = meeting_at(w->state, i);
            for (size_t k = 0; k < m->motions_count; k++)
                check_motion(w, m, &m->motions[k]);
            struct meeting_replies n = meeting_count_replies(m, meeting_procedure(w->state));
            CHECK_EQ(n.of[0] + n.of[1] + n.of[2] + n.of[3], n.asked);
            CHECK(m->present <= m->eligible);
        }
    }
    world_free(w);
}

/* A digest that does not see a field would call two different states equal. */
TEST(meeting_digest_sees_a_change_of_one_vote)
{
    uint8_t digests[2][32];
    for (uint32_t i = 0; i < 2; i++) {
        struct world *w = world_new();
        world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
        struct act a = act_meeting("Họp", 1);
        const uint8_t *m = world_act(w, 0, &a);
        do_simple(w, 0, ACT_NOTICE, m);
        do_simple(w, 0, ACT_OPEN, m);
        do_simple(w, 0, ACT_ATTEND, m);
        const uint8_t *q = do_text(w, 0, ACT_MOTION, m, 0, "Câu hỏi");
        do_on(w, 0, ACT_VOTE, m, q, i == 0 ? CHOICE_AGREE : CHOICE_DISAGREE);
        world_fold(w);
        CHECK_EQ(meeting_ignored_count(w->state), 0);
        meeting_digest(w->state, &w->cell, digests[i]);
        world_free(w);
    }
    CHECK(memcmp(digests[0], digests[1], 32) != 0);
}

/* A year of records must not take a person's patience: no search through a list for each record. */
TEST(meeting_folds_a_hundred_thousand_opinions_without_searching_lists)
{
    enum { OPINIONS = 100000 };
    struct world *w = world_new();
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    struct act a = act_meeting("Họp", 2);
    const uint8_t *m = world_act(w, 0, &a);
    do_simple(w, 0, ACT_NOTICE, m);
    do_simple(w, 0, ACT_OPEN, m);
    const uint8_t *first = do_text(w, 0, ACT_OPINION, m, 1, "Tôi nhất trí với dự thảo nghị quyết.");
    world_fold(w);
    const struct world_record *r = &w->records[w->count - 1];
    CHECK_BYTES(r->id, first, 32);
    uint8_t log[32] = {0};
    uint32_t at = history_log(w->history, log);
    struct timespec from, to;
    uint64_t spent = 0;
    for (uint32_t i = 0; i < OPINIONS; i++) {
        struct history_entry e = {.log = at, .seq = r->seq + 1 + i, .type = ACT_OPINION};
        struct meeting_event event = {
            .id = e.id, .type = ACT_OPINION, .body = SPAN(r->body, r->size)};
        memcpy(e.id, &i, sizeof i);
        e.id[31] = 0x77;
        CHECK_OK(history_add(w->history, &e, NULL, 0, &event.entry));
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        int err = meeting_apply(w->state, &w->cell, w->history, &event);
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        CHECK_OK(err);
        spent += (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000 + (uint64_t)to.tv_nsec -
                 (uint64_t)from.tv_nsec;
    }
    CHECK_EQ(meeting_at(w->state, 0)->opinions_count, OPINIONS + 1);
    print_message("%llu ns a record, two clock readings included\n",
                  (unsigned long long)(spent / OPINIONS));
    CHECK(spent / OPINIONS < 50000); /* a search through 100,000 would be far above, even slowed */
    world_free(w);
}
