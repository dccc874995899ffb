/* The same records give the same state, whatever the order in which they came. */
#include "tests/unit/meeting/chaos.h"

#include <time.h>

/* Insert the records into a new history in a random order that respects their deps; fold. */
static void digest_in_some_order(const struct world *w, struct rng *r, bool step_by_step,
                                 uint8_t ret[static 32])
{
    struct history *h = history_new();
    struct meeting_state *s = meeting_state_new();
    bool *done = calloc(w->count, sizeof *done);
    CHECK(h != NULL && s != NULL && done != NULL);
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
    meeting_state_free(s);
    history_free(h);
}

enum { HISTORIES = 2000, STEPS = 90 };

/* Two devices that received the same records by different roads would show different results. */
TEST(meeting_digest_is_the_same_for_every_order_of_arrival)
{
    struct rng seeds = test_rng("chaos");
    for (int round = 0; round < HISTORIES; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        uint8_t want[32], got[32];
        chaos_run(w, &r, STEPS);
        world_fold(w);
        meeting_digest(w->state, &w->cell, want);
        digest_in_some_order(w, &r, round % 16 == 0, got);
        CHECK_BYTES(got, want, 32);
        world_free(w);
    }
}

/* What the histories came to. */
struct reach {
    size_t allowed[CHAOS_TYPES]; /* records of each type that were not ignored */
    size_t closed, late, disputed, settled, annulled, withdrawn, apart, closes, stale, sealed;
    size_t final[2], outcome[OUTCOME_WITHDRAWN + 1], by_hand, by_paper, twice;
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
    }
}

static void look(struct reach *n, const struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        n->allowed[w->records[i].type - ACT_MEETING]++;
    for (size_t i = 0; i < meeting_ignored_count(w->state); i++)
        n->allowed[history_at(w->history, meeting_ignored_at(w->state, i)->entry)->type -
                   ACT_MEETING]--;
    for (size_t i = 0; i < meeting_count(w->state); i++) {
        const struct meeting *m = meeting_at(w->state, i);
        look_at_motions(n, m);
        n->closes += m->closes_count;
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
    for (int round = 0; round < 600; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        chaos_run(w, &r, STEPS);
        world_fold(w);
        look(&n, w);
        world_free(w);
    }
    for (unsigned type = ACT_MEETING; type <= ACT_STEP; type++) {
        if (n.allowed[type - ACT_MEETING] < 3)
            CHECK_TEXT("hardly ever allowed", act_type_name(type));
    }
