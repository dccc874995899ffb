/* Each check is shown a violation that was planted for it, and must name it; and a clean run, which
 * it must let pass: a checker that cannot fail checks nothing. */
#include "sim/check.h"

#include <stdlib.h>

#include "sim/observe.h"
#include "tests/lib/test.h"

static struct sim_world *begun(const char *more)
{
    char text[2000], why[SIM_MESSAGE_BYTES];
    struct sim_scenario s;
    struct sim_setup setup = {.rederive = 1};
    struct sim_world *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    CHECK_OK(hop_init());
    (void)snprintf(text, sizeof text,
                   "name = \"t\"; duration = \"5m\"; settle = \"2m\"; groups = ( { name = \"n\"; "
                   "count = 4; } );"
                   "acts = ( { do = \"convene\"; who = \"chair\"; at = \"1s\"; }, { do = "
                   "\"notice\"; who = \"chair\"; at = \"2s\"; },"
                   "{ do = \"opinion\"; who = \"all\"; at = \"10s\"; within = \"30s\"; }, { do = "
                   "\"open\"; who = \"chair\"; at = \"50s\"; },"
                   "{ do = \"attend\"; who = \"all\"; at = \"55s\"; }, { do = \"roll\"; who = "
                   "\"chair\"; at = \"60s\"; },"
                   "{ do = \"motion\"; who = \"chair\"; at = \"65s\"; }, { do = \"vote\"; who = "
                   "\"all\"; at = \"70s\"; },"
                   "{ do = \"tally\"; who = \"chair\"; at = \"90s\"; } ); %s",
                   more);
    CHECK_OK(sim_scenario_parse(&s, text, "", why));
    int err = sim_world_begin(w, &s, &setup);
    if (err != HOP_OK)
        print_error("%s\n", w->failure);
    CHECK_OK(err);
    return w;
}

static void run_to(struct sim_world *w, hop_time at)
{
    while (w->heap.count > 0 && w->heap.events[0].at <= at && sim_world_step(w))
        ;
}

static void ends_with(struct sim_world *w, const char *check)
{
    if (w->failure[0] != '\0' || *check != '\0')
        print_message("%s: %s\n", w->failed_check, w->failure);
    CHECK_TEXT(w->failed_check, check);
    sim_world_free(w);
    free(w);
}

#define ONLY(name) "checks = ( \"" name "\" );"

/* Nothing planted: every check lets it pass. */
TEST(check_lets_a_clean_run_pass)
{
    struct sim_world *w = begun(
        "checks = ( \"no-lost-ack\", \"no-forgery\", \"causal\", \"converge\", \"same-state\","
        "\"order-free\", \"decided-once\", \"confidential\", \"bounded-memory\", "
        "\"no-amplification\","
        "\"no-livelock\", \"reach\", \"disk-full-safe\", \"mesh\" );");
    run_to(w, HOP_NEVER);
    CHECK_OK(sim_world_end(w));
    ends_with(w, "");
}

TEST(check_no_lost_ack_sees_a_record_that_power_took)
{
    struct sim_world *w = begun(ONLY("no-lost-ack"));
    run_to(w, 100 * HOP_SECOND);
    struct store *old = store_memory_new(0); /* an empty disk where records were promised */
    CHECK(old != NULL);
    sim_node_off(w, &w->nodes[2], false);
    sim_disk_swap(w->nodes[2].store, old);
    sim_node_on(w, &w->nodes[2]);
    ends_with(w, "no-lost-ack");
}

TEST(check_no_forgery_sees_a_record_that_nobody_wrote)
{
    struct sim_world *w = begun(ONLY("no-forgery"));
    run_to(w, 100 * HOP_SECOND);
    /* a record of node 1, changed by a byte after its signature was checked */
    uint8_t log[32], copy[RECORD_BYTES_MAX];
    struct span bytes;
    const struct sim_own *own = w->watch->own;
    struct store_tip tip = {0};
    for (uint32_t i = 0; i < w->watch->own_room && tip.seq == 0; i++) {
        if (own[i].used && own[i].node == 1 &&
            store_tip(w->nodes[1].store, own[i].log, &tip) == HOP_OK)
            memcpy(log, own[i].log, 32);
    }
    CHECK(tip.seq > 0);
    CHECK_OK(store_get(w->nodes[1].store, log, tip.seq, &bytes));
    memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size - 70] ^= 1;
    struct store *forged = store_memory_new(0);
    CHECK(forged != NULL);
    struct store_tip place = {.seq = 1};
    for (; place.seq < tip.seq; place.seq++) {
        struct span earlier;
        CHECK_OK(store_get(w->nodes[1].store, log, place.seq, &earlier));
        CHECK_OK(store_append(forged, log, &place, earlier));
    }
    CHECK_OK(store_append(forged, log, &place, SPAN(copy, bytes.size)));
    CHECK_OK(store_commit(forged));
    sim_disk_swap(w->nodes[2].store, forged);
    w->nodes[2].seen = 0;
    sim_watch_node(w, &w->nodes[2]);
    ends_with(w, "no-forgery");
}

TEST(check_no_forgery_sees_a_log_of_no_device)
{
    struct sim_world *w = begun(ONLY("no-forgery"));
    run_to(w, 100 * HOP_SECOND);
    struct sim_node *n = &w->nodes[1];
    struct hop_sign_key stranger; /* well signed, and by nobody */
    struct hop_drbg drbg;
    uint8_t seed[32] = {7}, none[32] = {0}, bytes[4096];
    size_t size = sizeof bytes;
    struct epoch epoch;
    hop_sign_keypair(&stranger, seed);
    hop_drbg_seed(&drbg, seed);
    epoch_derive(&epoch, seed, NULL);
    struct store_tip tip = {.seq = 1};
    struct record_place place = {LANE_MEETING, OUTER_SEALED, 1, none, &stranger, &epoch};
    struct record_inner inner = {.type = 40, .body = span_text("words")};
    CHECK_OK(record_seal(bytes, &size, tip.head, &place, &inner, &drbg));
    CHECK_OK(store_append(n->store, stranger.public_key, &tip, SPAN(bytes, size)));
    sim_node_committed(w, n);
    ends_with(w, "no-forgery");
}

TEST(check_converge_sees_who_lacks_a_record)
{
    struct sim_world *w = begun(ONLY("converge"));
    run_to(w, HOP_NEVER);
    struct text_said why; /* written when nobody listens any more */
    CHECK_OK(sim_play_do(w, &w->nodes[3], DO_OPINION, 0, &why));
    (void)sim_world_end(w);
    ends_with(w, "converge");
}

TEST(check_one_cell_sees_an_office_that_others_have_not_heard_of)
{
    struct sim_world *w = begun(ONLY("one-cell"));
    run_to(w, HOP_NEVER);
    struct sim_task t = {.kind = DO_ROLE, .value = 1};
    struct text_said why;
    sim_node_name(&w->scenario, 2, t.other);
    CHECK_OK(sim_govern_do(w, &w->nodes[0], &t, &why));
    (void)sim_world_end(w);
    ends_with(w, "one-cell");
}

TEST(check_same_state_sees_two_meetings_of_one_set)
{
    struct sim_world *w = begun(ONLY("same-state"));
    run_to(w, 150 * HOP_SECOND);
    struct text_said why;
    CHECK_OK(sim_play_do(w, &w->nodes[3], DO_OPINION, 0, &why));
    w->nodes[3].root = w->nodes[0].root; /* as if that record were nothing */
    sim_check_sample(w);
    ends_with(w, "same-state");
}

TEST(check_decided_once_sees_two_results)
{
    struct sim_world *w = begun(ONLY("decided-once"));
    run_to(w, HOP_NEVER);
    const struct meeting_motion *m =
        meeting_find_motion(device_meetings(w->nodes[2].device), w->cells[0].motion, NULL);
    CHECK(m != NULL && m->closed);
    ((struct meeting_motion *)(uintptr_t)m)->agree += 1; /* a fold that miscounts */
    (void)sim_world_end(w);
    ends_with(w, "decided-once");
}

TEST(check_order_free_sees_a_state_that_the_records_do_not_give)
{
    struct sim_world *w = begun(ONLY("order-free"));
    run_to(w, HOP_NEVER);
    const struct meeting_motion *m =
        meeting_find_motion(device_meetings(w->nodes[0].device), w->cells[0].motion, NULL);
    CHECK(m != NULL);
    ((struct meeting_motion *)(uintptr_t)m)->agree += 1;
    (void)sim_world_end(w);
    ends_with(w, "order-free");
}

TEST(check_confidential_sees_plain_words_in_a_frame)
{
    struct sim_world *w = begun(ONLY("confidential"));
    run_to(w, 20 * HOP_SECOND);
    char frame[] = "\003 xx " SIM_MARK " 3 of member 2";
    CHECK(w->links_count > 0 && w->links[0].up);
    sim_net_send(w, w->links[0].a, 0, SPAN((const uint8_t *)frame, sizeof frame));
    ends_with(w, "confidential");
}

TEST(check_bounded_memory_sees_a_disk_that_overflows)
{
    struct sim_world *w = begun(ONLY("bounded-memory"));
    run_to(w, 100 * HOP_SECOND);
    ((struct sim_group *)(uintptr_t)w->nodes[0].group)->disk = 100; /* it holds far more */
    sim_check_sample(w);
    ends_with(w, "bounded-memory");
}

TEST(check_no_amplification_sees_much_sent_to_a_stranger)
{
    struct sim_world *w = begun(ONLY("no-amplification"));
    static const uint8_t frame[2000] = {FRAME_SEGMENT};
    run_to(w, 20 * HOP_SECOND);
    CHECK(w->links[0].up);
    w->links[0].greeted[0] = false; /* the other end has sent nothing yet */
    sim_net_send(w, w->links[0].a, 0, SPAN(frame, sizeof frame));
    ends_with(w, "no-amplification");
}

TEST(check_no_livelock_sees_links_that_never_rest)
{
    struct sim_world *w = begun(ONLY("no-livelock"));
    run_to(w, HOP_NEVER);
    w->counters.bytes += 10u << 20;
    (void)sim_world_end(w);
    ends_with(w, "no-livelock");
}

TEST(check_reach_sees_what_did_not_arrive)
{
    struct sim_world *w = begun(ONLY("reach") "reach = \"100%\";");
    run_to(w, HOP_NEVER);
    w->watch->delivered -= 1;
    (void)sim_world_end(w);
    ends_with(w, "reach");
}

TEST(check_disk_full_sees_a_disk_that_stays_full)
{
    struct sim_world *w = begun(ONLY("disk-full-safe") "faults = ( { do = \"disk-full\"; who = "
                                                       "\"n/2\"; at = \"5s\"; for = \"1m\"; } );");
    run_to(w, HOP_NEVER);
    CHECK(sim_disk_refused(w->nodes[2].store) > 0);
    sim_disk_full(w->nodes[2].store, true);
    (void)sim_world_end(w);
    ends_with(w, "disk-full-safe");
}

TEST(check_causal_sees_a_record_before_its_cause)
{
    struct sim_world *w = begun(ONLY("causal"));
    run_to(w, HOP_NEVER);
    const struct history *h = device_history(w->nodes[1].device);
    CHECK(history_count(h) > 10);
    for (uint32_t i = 5; i < history_count(h); i++) {
        struct history_entry *e = (struct history_entry *)(uintptr_t)history_at(h, i);
        if (e->deps_count > 0) {
            e->height = 0; /* lower than what it had seen */
            break;
        }
    }
    (void)sim_world_end(w);
    ends_with(w, "causal");
}

/* Checks that are not there would be skipped in silence. */
TEST(check_refuses_a_name_that_is_not_there)
{
    struct sim_scenario s;
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(sim_scenario_parse(&s, "groups = ( { } ); checks = ( \"convergee\" );", "", why));
    CHECK_ERR(sim_check_names(&s, why), HOP_EMALFORMED);
    CHECK(strstr(why, "\"converge\"") != NULL);
    sim_scenario_free(&s);
    for (unsigned c = 0; c < CHECK_COUNT; c++)
        CHECK(sim_check_means((enum sim_check)c)[0] != '\0');
}
