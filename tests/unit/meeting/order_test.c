/* The same records give the same state, whatever the order in which they came. */
#include "tests/unit/meeting/world.h"

#include <time.h>

/* A meeting in which people are cut off from each other at random and write all the same. */
static void chaos(struct world *w, struct rng *r)
{
    const enum auth_role roles[] = {ROLE_SECRETARY, ROLE_DEPUTY,   ROLE_COMMITTEE, ROLE_MEMBER,
                                    ROLE_MEMBER,    ROLE_OBSERVER, ROLE_MEMBER};
    uint8_t meetings[4][32], motions[8][32];
    size_t meetings_count = 0, motions_count = 0;
    world_procedure(w, "procedures/party-cell.conf");
    for (uint32_t i = 0; i < 7; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Đ%u", (unsigned)i);
        world_member(w, name, roles[i], i == 6 ? CATEGORY_PROBATIONARY : CATEGORY_FULL);
    }
    struct act first = act_meeting("Họp", 2);
    memcpy(meetings[meetings_count++], world_act(w, 0, &first), 32);
    for (size_t step = 0; step < 160; step++) {
        uint32_t who = (uint32_t)rng_below(r, 7);
        const uint8_t *m = meetings[rng_below(r, meetings_count)];
        struct act a = act_of((enum act_type)(ACT_DOC + rng_below(r, 12)), m);
        if (step > 40 && rng_below(r, 8) == 0 &&
            w->cell.changes_count < 16) /* offices change, people leave */
            world_office(w, (uint32_t)rng_below(r, 2), 2 + (uint32_t)rng_below(r, 5),
                         (enum auth_role)rng_below(r, ROLES_COUNT + 1));
        if (rng_below(r, 3) == 0)
            world_meet(w, (uint32_t)rng_below(r, 7), (uint32_t)rng_below(r, 7));
        if (step > 30 && rng_below(r, 3) == 0)
            a = act_of(rng_below(r, 12) == 0 ? ACT_TALLY : ACT_VOTE, m);
        if (step < 12) /* get going */
            a = act_of(step % 4 == 0 ? ACT_NOTICE : step % 4 == 1 ? ACT_OPEN : ACT_ATTEND, m);
        if (a.type == ACT_CLOSE && step < 100)
            continue;
        bool office = a.type == ACT_NOTICE || a.type == ACT_OPEN || a.type == ACT_ROLL ||
                      a.type == ACT_TALLY || a.type == ACT_CLOSE;
        if (office && rng_below(r, 4) != 0) /* mostly those who may */
            who = (uint32_t)rng_below(r, 2);
        if (a.type == ACT_DOC)
            a = act_document(m, "Tài liệu", CLASS_OPEN);
        if (a.type == ACT_ROLL)
            a = act_roll(w, m, (uint32_t)rng_below(r, 7), ROLL_PRESENT, "");
        if (a.type == ACT_OPINION || a.type == ACT_MOTION || a.type == ACT_MINUTES)
            a.text = span_text("nội dung");
        a.language = span_text("vi");
        if (a.type == ACT_VOTE || a.type == ACT_TALLY || a.type == ACT_RECEIPT) {
            if (motions_count == 0)
                continue;
            memcpy(a.target, motions[rng_below(r, motions_count)], 32);
            a.value = a.type == ACT_TALLY ? 0 : 1 + (uint32_t)rng_below(r, 2);
        }
        const uint8_t *id = world_act(w, who, &a);
        if (a.type == ACT_MOTION && motions_count < 8)
            memcpy(motions[motions_count++], id, 32);
        if (step == 60) {
            struct act second = act_meeting("Họp thứ hai", 1);
            memcpy(meetings[meetings_count++], world_act(w, 1, &second), 32);
        }
    }
}

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

/* Two devices that received the same records by different roads would show different results. */
TEST(meeting_digest_is_the_same_for_every_order_of_arrival)
{
    struct rng seeds = test_rng("chaos");
    for (int round = 0; round < 12; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        uint8_t want[32], got[32];
        chaos(w, &r);
        world_fold(w);
        meeting_digest(w->state, &w->cell, want);
        for (int order = 0; order < 8; order++) {
            digest_in_some_order(w, &r, order == 0, got);
            CHECK_BYTES(got, want, 32);
        }
        world_free(w);
    }
}

/* What a meeting decided would depend on who holds which office when it is looked at. */
TEST(meeting_that_was_closed_does_not_change_with_the_roster)
{
    struct rng seeds = test_rng("later");
    for (int round = 0; round < 12; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        uint8_t before[32], after[32];
        chaos(w, &r);
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
        world_fold(w);
        meeting_digest(w->state, &w->cell, after);
        for (size_t i = 0; i < meeting_count(w->state); i++)
            CHECK_EQ(meeting_at(w->state, i)->stage, STAGE_CLOSED);
        CHECK_BYTES(after, before, 32);
        world_free(w);
    }
}

/* The property above would be empty if the stories never got anywhere. */
TEST(meeting_chaos_reaches_votes_and_closes)
{
    struct rng seeds = test_rng("chaos");
    size_t closed = 0, tallied = 0, late = 0, opinions = 0, ignored = 0, lost = 0, gone = 0;
    for (int round = 0; round < 96; round++) {
        struct world *w = world_new();
        struct rng r = rng_seeded(rng_next(&seeds));
        chaos(w, &r);
        world_fold(w);
        for (size_t i = 0; i < meeting_count(w->state); i++) {
            const struct meeting *m = meeting_at(w->state, i);
            closed += m->stage == STAGE_CLOSED;
            opinions += m->opinions_count;
            for (size_t k = 0; k < m->motions_count; k++) {
                tallied += m->motions[k].closed;
                late += m->motions[k].late;
                for (size_t v = 0; v < m->motions[k].votes_count; v++)
                    lost += m->motions[k].votes[v].lost;
            }
        }
        ignored += meeting_ignored_count(w->state);
        for (size_t i = 0; i < meeting_ignored_count(w->state); i++)
            gone += meeting_ignored_at(w->state, i)->why.id == REFUSE_NOT_ACTIVE;
        world_free(w);
    }
    CHECK(closed > 5);
    CHECK(tallied > 10);
    CHECK(late > 0);
    CHECK(opinions > 20);
    CHECK(ignored > 100);
    CHECK(lost > 0);
    CHECK(gone > 10);
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
