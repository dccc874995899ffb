/* One mesh, and peers played by hand: what a hostile or broken one can do, and cannot. */
#include "mesh/state.h"

#include <stdlib.h>

#include "mesh/exchange.h"

#include "tests/lib/cluster.h"

static struct cluster c;
static uint8_t frame_bytes[MESH_FRAME_BYTES_MAX];
static uint8_t record_bytes[8][2048];
static struct cluster_log author; /* a log of no node of the cluster */

/* Node 0 under test; link 1 is a member played by us, greeted and known to have nothing. */
static void begin(void)
{
    struct frame_list none = {.all = true};
    uint8_t seed[32] = {0xaa};
    cluster_init(&c, 4, 1);
    c.telling = true;
    author = (struct cluster_log){0};
    hop_sign_keypair(&author.key, seed);
    cluster_puppet(&c, 0, 1, 1);
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    frame_list_put(&w, &none);
    cluster_inject(&c, 0, 1, wire_written(&w));
    CHECK_EQ(c.nodes[0].errors, 0);
    cluster_strays_forget(&c);
}

static int inject(mesh_link link, struct span frame)
{
    c.nodes[0].error = HOP_OK;
    cluster_inject(&c, 0, link, frame);
    return c.nodes[0].error;
}

/* The next n records of the author as one segment. */
/* signed_each: as a fast link carries it; else the last signature is the only one. */
static struct span run_of(size_t n, enum record_lane lane, bool signed_each)
{
    static uint8_t large[RECORD_BYTES_MAX];
    struct segment s = {0};
    for (size_t i = 0; i < n; i++) {
        struct record r;
        struct span sealed =
            cluster_seal(&c, &author, lane, &c.nodes[0].drbg, span_text("said"), large);
        memcpy(record_bytes[i], sealed.data, sealed.size);
        CHECK_OK(record_parse(&r, SPAN(record_bytes[i], sealed.size)));
        segment_add(&s, &r);
        if (!signed_each)
            s.records[i].sig = NULL;
    }
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    segment_put(&w, &s);
    CHECK(!w.bad);
    return wire_written(&w);
}

static struct span segment_of(size_t n, enum record_lane lane)
{
    return run_of(n, lane, false);
}

static struct span frontier_of(const uint8_t log[32], uint64_t seq, uint8_t head, bool ask)
{
    static uint8_t bytes[FRONTIER_BYTES(1)];
    static struct frame_frontier f;
    f.flags = 0;
    f.count = 1;
    f.entries[0] = (struct frontier_entry){.seq = seq, .lane = LANE_MEETING, .ask = ask};
    f.entries[0].head[0] = head;
    memcpy(f.entries[0].log, log, 32);
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_frontier_put(&w, &f);
    return wire_written(&w);
}

static struct span ack_of(const uint8_t log[32], uint64_t seq)
{
    static uint8_t bytes[ACK_BYTES(1)];
    struct frame_marks ack = {.count = 1};
    memcpy(ack.items[0].log, log, 32);
    ack.items[0].seq = seq;
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_ack_put(&w, &ack);
    return wire_written(&w);
}

static bool linked(mesh_link link)
{
    return cluster_view(&c, 0, link).heard != 0 || cluster_view(&c, 0, link).greeted;
}

/* ---- order and form ---- */

/* A peer that speaks nonsense, or out of turn, would keep its place. */
TEST(mesh_drops_link_that_sends_garbage)
{
    static const uint8_t cases[][3] = {
        {0}, {FRAMES_END}, {255}, {FRAME_ACK}, {FRAME_SEGMENT, 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        CHECK_ERR(inject(1, SPAN(cases[i], 3)), HOP_EMALFORMED);
        CHECK_EQ(c.nodes[0].dropped, 1);
        CHECK(!linked(1));
        CHECK_ERR(inject(1, SPAN(cases[i], 3)), HOP_ENOTFOUND);
        cluster_close(&c);
    }
    begin();
    CHECK_ERR(inject(1, SPAN(cases[0], 0)), HOP_EMALFORMED);
    cluster_close(&c);
}

/* Records would be taken from somebody who has not said who he is. */
TEST(mesh_takes_nothing_before_hello_and_no_second_hello)
{
    uint8_t binding[32] = {1};
    struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 9, .bytes = SPAN(binding, 32)};
    begin();
    CHECK_OK(cluster_step(&c, 0, up));
    CHECK_ERR(inject(9, segment_of(1, LANE_CONTROL)), HOP_EMALFORMED);
    CHECK_EQ(cluster_records(&c, 0), 0);
    CHECK_EQ(c.nodes[0].dropped, 1);
    struct hello_scope scope = {binding, c.cell_id, true, 0};
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    frame_hello_put(&w, &scope, &c.nodes[1].identity);
    CHECK_ERR(inject(1, wire_written(&w)), HOP_EMALFORMED);
    CHECK_EQ(c.nodes[0].dropped, 2);
    cluster_close(&c);
}

/* A hello recorded on another link would open this one. */
TEST(mesh_drops_link_whose_hello_is_not_its_own)
{
    uint8_t binding[32] = {1}, other[32] = {2};
    struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 9, .bytes = SPAN(binding, 32)};
    begin();
    CHECK_OK(cluster_step(&c, 0, up));
    struct hello_scope scope = {other, c.cell_id, true, 0};
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    frame_hello_put(&w, &scope, &c.nodes[2].identity);
    CHECK_ERR(inject(9, wire_written(&w)), HOP_EAUTH);
    CHECK_EQ(c.nodes[0].dropped, 1);
    cluster_close(&c);
}

/* Two machines with one identity would fork its logs: a live proof of it must be told, once, and an
 * echo or a recording of our own hello is none. */
TEST(mesh_tells_of_its_own_identity_at_the_other_end)
{
    uint8_t binding[32] = {1};
    struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 9, .bytes = SPAN(binding, 32)};
    for (unsigned echo = 0; echo < 2; echo++) {
        begin();
        CHECK_OK(cluster_step(&c, 0, up));
        struct hello_scope scope = {binding, c.cell_id, echo == 0, 0}; /* echo: as we said it */
        struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
        frame_hello_put(&w, &scope, &c.nodes[0].identity);
        CHECK_ERR(inject(9, wire_written(&w)), echo == 0 ? HOP_OK : HOP_EAUTH);
        CHECK_EQ(c.nodes[0].copies, echo == 0 ? 1 : 0);
        CHECK_EQ(c.nodes[0].dropped, 1);
        CHECK(!linked(9));
        cluster_close(&c);
    }
}

/* Every frame in every state either has a row in the table or costs the link; none may crash. */
TEST(mesh_answers_every_type_of_frame_in_every_state)
{
    for (unsigned state = 0; state < 3; state++) {
        for (unsigned type = 0; type <= FRAMES_END; type++) {
            uint8_t binding[32] = {1}, frame[64] = {(uint8_t)type};
            struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 9, .bytes = SPAN(binding, 32)};
            begin();
            c.nodes[0].knows[2] = state == 2;
            if (state == 0)
                CHECK_OK(cluster_step(&c, 0, up));
            else
                cluster_puppet(&c, 0, 9, 2);
            int err = inject(9, SPAN(frame, sizeof frame));
            CHECK(err == HOP_OK || err == HOP_EMALFORMED);
            CHECK_EQ(c.nodes[0].dropped, err == HOP_EMALFORMED ? 1 : 0);
            cluster_close(&c);
        }
    }
}

/* ---- records ---- */

/* A forged record would be stored, or one liar would shut a log for everybody. */
TEST(wrong_signature_stores_nothing_and_shuts_the_log_for_that_link_only)
{
    begin();
    cluster_puppet(&c, 0, 2, 2);
    struct span frame = segment_of(3, LANE_MEETING);
    frame_bytes[frame.size - 1] ^= 1;
    CHECK_ERR(inject(1, frame), HOP_EAUTH);
    CHECK_EQ(cluster_records(&c, 0), 0);
    CHECK(linked(1));
    struct frame_marks stop;
    CHECK_OK(frame_stop_parse(&stop, cluster_stray(&c, FRAME_STOP)));
    CHECK_EQ(stop.items[0].reason, STOP_DISPUTED);
    frame_bytes[frame.size - 1] ^= 1;
    CHECK_ERR(inject(2, frame), HOP_OK);
    CHECK_EQ(cluster_records(&c, 0), 3);
    cluster_close(&c);
}

/* Checking signatures of a forger for ever would keep us from our work. */
TEST(link_is_dropped_after_a_few_wrong_signatures)
{
    begin();
    for (unsigned i = 0; i < MESH_STRIKES_MAX; i++) {
        CHECK(linked(1));
        uint8_t seed[32] = {0xcc, (uint8_t)i};
        author = (struct cluster_log){0};
        hop_sign_keypair(&author.key, seed);
        struct span frame = segment_of(1, LANE_MEETING);
        frame_bytes[frame.size - 1] ^= 1;
        CHECK_ERR(inject(1, frame), HOP_EAUTH);
    }
    CHECK(!linked(1));
    CHECK_EQ(c.nodes[0].dropped, 1);
    cluster_close(&c);
}

/* A hole in a log would be stored over, or never be filled. */
TEST(gap_is_answered_with_a_request_for_what_is_missing)
{
    struct frame_frontier f;
    begin();
    (void)inject(1, segment_of(2, LANE_MEETING));
    cluster_strays_forget(&c);
    (void)segment_of(1, LANE_MEETING); /* lost on the way */
    CHECK_OK(inject(1, segment_of(1, LANE_MEETING)));
    CHECK_EQ(cluster_records(&c, 0), 2);
    CHECK_OK(frame_frontier_parse(&f, cluster_stray(&c, FRAME_FRONTIER)));
    CHECK_EQ(f.count, 1);
    CHECK(f.entries[0].ask);
    CHECK_EQ(f.entries[0].seq, 2);
    cluster_close(&c);
}

/* What comes twice would be stored twice, or not be acknowledged and come for ever. */
TEST(overlap_is_stored_once_and_acknowledged)
{
    static uint8_t first[8192];
    struct frame_marks ack;
    begin();
    struct span frame = segment_of(3, LANE_MEETING);
    memcpy(first, frame.data, frame.size);
    frame.data = first;
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(inject(1, frame));
        CHECK_EQ(cluster_records(&c, 0), 3);
        CHECK_OK(frame_ack_parse(&ack, cluster_stray(&c, FRAME_ACK)));
        CHECK_EQ(ack.items[0].seq, 3);
        CHECK_EQ(c.nodes[0].delivered, 3);
    }
    cluster_close(&c);
}

/* Two peers cut their runs differently: only the new part may be taken. */
TEST(run_that_begins_before_our_tip_adds_what_is_new)
{
    struct segment s = {0};
    struct record r;
    static uint8_t again[8192];
    begin();
    CHECK_OK(inject(1, segment_of(2, LANE_MEETING)));
    static uint8_t kept[2][2048];
    memcpy(kept, record_bytes, sizeof kept);
    (void)segment_of(2, LANE_MEETING);
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *bytes = i < 2 ? kept[i] : record_bytes[i - 2];
        size_t size = RECORD_HEADER_BYTES + CRYPTO_SIG_BYTES +
                      ((size_t)bytes[144] << 24 | (size_t)bytes[145] << 16 |
                       (size_t)bytes[146] << 8 | (size_t)bytes[147]);
        CHECK_OK(record_parse(&r, SPAN(bytes, size)));
        segment_add(&s, &r);
    }
    struct wire_writer w = wire_writer(again, sizeof again);
    segment_put(&w, &s);
    CHECK_OK(inject(1, wire_written(&w)));
    CHECK_EQ(cluster_records(&c, 0), 4);
    CHECK_EQ(c.nodes[0].delivered, 4);
    cluster_close(&c);
}

/* A log cloned with its device would be mixed from two histories. */
TEST(fork_at_an_equal_number_stops_the_log_on_that_link)
{
    struct frame_marks stop;
    begin();
    (void)inject(1, segment_of(2, LANE_MEETING));
    CHECK_OK(inject(1, frontier_of(author.key.public_key, 2, author.head[0] ^ 1, false)));
    CHECK_OK(frame_stop_parse(&stop, cluster_stray(&c, FRAME_STOP)));
    CHECK_EQ(stop.items[0].reason, STOP_FORK);
    CHECK_OK(inject(1, segment_of(1, LANE_MEETING)));
    CHECK_EQ(cluster_records(&c, 0), 2);
    CHECK(strstr(c.story.text, "a fork -> stop it") != NULL);
    cluster_close(&c);
}

/* Bulk could jump the queue by calling itself control. */
TEST(log_keeps_the_lane_of_its_first_record)
{
    begin();
    (void)inject(1, segment_of(1, LANE_MEETING));
    CHECK_ERR(inject(1, segment_of(1, LANE_CONTROL)), HOP_EAUTH);
    CHECK_EQ(cluster_records(&c, 0), 1);
    cluster_close(&c);
}

/* A stranger could fill the disk with anything. */
TEST(stranger_may_bring_control_records_only)
{
    struct frame_marks stop;
    begin();
    c.nodes[0].knows[2] = false;
    cluster_puppet(&c, 0, 2, 2);
    cluster_strays_forget(&c);
    CHECK_OK(inject(2, segment_of(1, LANE_MEETING)));
    CHECK_EQ(cluster_records(&c, 0), 0);
    CHECK_OK(frame_stop_parse(&stop, cluster_stray(&c, FRAME_STOP)));
    CHECK_EQ(stop.items[0].reason, STOP_STRANGER);
    author.seq = 0;
    memset(author.head, 0, sizeof author.head);
    CHECK_OK(inject(2, segment_of(1, LANE_CONTROL)));
    CHECK_EQ(cluster_records(&c, 0), 1);
    CHECK_EQ(cluster_stray(&c, FRAME_SEGMENT).size, 0);
    cluster_close(&c);
}

/* One member who claims a log and brings everything but that log would keep it from us for ever. */
TEST(log_is_asked_of_another_when_the_one_asked_brings_only_other_things)
{
    static uint8_t other[MESH_FRAME_BYTES_MAX];
    uint8_t wanted[32] = {0x5e};
    begin();
    c.telling = false;
    cluster_puppet(&c, 0, 2, 2);
    struct span segment = segment_of(1, LANE_MEETING);
    memcpy(other, segment.data, segment.size);
    CHECK_OK(inject(1, frontier_of(wanted, 5, 1, false)));
    uint32_t log = mesh_log_find(c.nodes[0].mesh, wanted), asked = c.nodes[0].mesh->logs[log].asked;
    CHECK(asked != NO_SLOT && c.nodes[0].mesh->links[asked]->name == 1);
    CHECK_OK(inject(2, frontier_of(wanted, 5, 1, false)));
    bool another = false;
    for (unsigned s = 0; s < 70 && !another; s++) {
        CHECK_OK(inject(1, SPAN(other, segment.size))); /* again and again what we have */
        CHECK_OK(inject(2, frontier_of(wanted, 5, 1, false)));
        cluster_run(&c, 1000);
        asked = c.nodes[0].mesh->logs[log].asked;
        another = asked != NO_SLOT && c.nodes[0].mesh->links[asked]->name == 2;
        CHECK(!another || s > 30); /* a peer that is busy is given time */
    }
    CHECK(another);
    cluster_close(&c);
}

/* ---- the window ---- */

static void history(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cluster_publish_large(&c, 0, LANE_MEETING, 60000);
    cluster_strays_forget(&c);
}

/* One slow or silent peer would make us queue a whole history for it. */
TEST(peer_that_never_acknowledges_gets_one_window)
{
    begin();
    history(40);
    memset(c.bytes, 0, sizeof c.bytes);
    c.nodes[0].mesh->links[0]->rate = PACE_RATE_MAX;
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    for (unsigned i = 0; i < 10; i++)
        (void)inject(1, frontier_of(log, 0, 0, true)); /* asking again does not help it */
    CHECK(c.bytes[FRAME_SEGMENT] < MESH_WINDOW_BYTES + 70000);
    uint64_t first = c.records_sent;
    CHECK(first > 10 && first < 40);
    (void)inject(1, ack_of(log, first));
    CHECK(c.records_sent > first);
    (void)inject(1, frontier_of(log, 0, 0, true)); /* what it has acknowledged it has */
    CHECK(c.records_sent <= 40);
    cluster_close(&c);
}

/* A burst for a LAN would block a radio for a minute before its first acknowledgement. */
TEST(unknown_link_gets_little_until_it_acknowledges)
{
    begin();
    history(40);
    memset(c.bytes, 0, sizeof c.bytes);
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    (void)inject(1, frontier_of(log, 0, 0, true));
    uint64_t first = c.records_sent;
    CHECK(first <= 2);
    for (unsigned i = 0; i < 2; i++) { /* the first was sent twice, and measures nothing */
        c.now += 10 * HOP_MS;
        (void)inject(1, ack_of(log, c.nodes[0].mesh->links[0]->logs[0].sent));
    }
    CHECK(c.records_sent > first + 5); /* a LAN, then */
    cluster_close(&c);
}

/* A document would hold up the votes. */
TEST(blob_waits_until_no_record_waits)
{
    static uint8_t bytes[WANT_BYTES];
    uint8_t name[32];
    struct frame_want want = {.ask = 1, .length = 1000, .name = name};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    begin();
    history(40);
    cluster_put_blob(&c, 0, span_text("a draft"), name);
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    uint64_t before = c.records_sent;
    (void)inject(1, frontier_of(log, 0, 0, true));
    frame_want_put(&w, &want);
    (void)inject(1, wire_written(&w));
    CHECK_EQ(c.frames[FRAME_BLOB], 0);
    for (unsigned i = 0; i < 5 && c.frames[FRAME_BLOB] == 0; i++)
        (void)inject(1, ack_of(log, c.records_sent - before));
    CHECK_EQ(c.records_sent - before, 40);
    CHECK_EQ(c.frames[FRAME_BLOB], 1);
    cluster_close(&c);
}

/* ---- limits ---- */

/* One more than fits must be refused, and nothing broken by it. */
TEST(links_wants_and_tells_have_limits)
{
    uint8_t binding[32] = {1}, name[32] = {0};
    static const uint8_t large[MESH_TELL_BYTES_MAX + 1];
    begin();
    for (unsigned i = 1; i < MESH_LINKS_MAX; i++) {
        struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 100 + i, .bytes = SPAN(binding, 32)};
        CHECK_OK(cluster_step(&c, 0, up));
    }
    struct mesh_in up = {.type = MESH_IN_LINK_UP, .link = 99, .bytes = SPAN(binding, 32)};
    CHECK_ERR(cluster_step(&c, 0, up), HOP_EFULL);
    struct mesh_in down = {.type = MESH_IN_LINK_DOWN, .link = 101};
    CHECK_OK(cluster_step(&c, 0, down));
    CHECK_ERR(cluster_step(&c, 0, down), HOP_ENOTFOUND);
    CHECK_OK(cluster_step(&c, 0, up));
    struct mesh_in tell = {.type = MESH_IN_TELL, .bytes = SPAN(large, sizeof large)};
    CHECK_ERR(cluster_step(&c, 0, tell), HOP_EFULL);
    c.outs.scratch.size = MESH_SCRATCH_BYTES;
    for (unsigned i = 0; i <= MESH_WANTS_MAX; i += 16) { /* mesh_check() each time costs */
        struct mesh *m = c.nodes[0].mesh;
        for (unsigned k = i; k < i + 16; k++) {
            name[0] = (uint8_t)k;
            name[1] = (uint8_t)(k >> 8);
            struct mesh_in want = {.type = MESH_IN_WANT, .now = c.now, .bytes = SPAN(name, 32)};
            CHECK_ERR(mesh_step(m, &want, &c.outs), k < MESH_WANTS_MAX ? HOP_OK : HOP_EFULL);
        }
    }
    mesh_check(c.nodes[0].mesh);
    cluster_close(&c);
}

/* The member on this link names as many logs as a table holds. */
static void name_logs(mesh_link link)
{
    static struct frame_frontier f;
    f.flags = 0;
    f.count = FRONTIER_ENTRIES_MAX;
    for (unsigned k = 0; k < MESH_LOGS_MAX / FRONTIER_ENTRIES_MAX; k++) {
        for (unsigned i = 0; i < FRONTIER_ENTRIES_MAX; i++)
            f.entries[i] = (struct frontier_entry){
                {0xfe, (uint8_t)link, (uint8_t)k, (uint8_t)i}, 5, {1}, LANE_MEETING, false, false};
        struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
        frame_frontier_put(&w, &f);
        CHECK_OK(inject(link, wire_written(&w)));
    }
}

/* Members who name logs without end would leave a device no place for what it writes itself. */
TEST(own_logs_have_a_place_whatever_others_name)
{
    begin();
    c.telling = false;
    cluster_puppet(&c, 0, 2, 2);
    name_logs(1);
    name_logs(2);
    for (unsigned lane = 0; lane < LANES_COUNT; lane++)
        cluster_publish(&c, 0, (enum record_lane)lane, "said");
    for (unsigned lane = 0; lane < LANES_COUNT; lane++)
        CHECK(mesh_log_find(c.nodes[0].mesh, c.nodes[0].logs[lane].key.public_key) != NO_SLOT);
    mesh_check(c.nodes[0].mesh);
    cluster_close(&c);
}

/* A member who names logs that do not exist would shut out those that do. */
TEST(hearsay_is_bounded_and_forgotten_with_its_link)
{
    begin();
    c.telling = false;
    name_logs(1);
    CHECK_EQ(cluster_view(&c, 0, 1).records_behind, (uint64_t)MESH_HEARSAY_MAX * 5);
    cluster_puppet(&c, 0, 2, 2);
    CHECK_OK(inject(2, segment_of(1, LANE_MEETING))); /* there is room for a real one */
    CHECK_EQ(cluster_records(&c, 0), 1);
    struct mesh_in down = {.type = MESH_IN_LINK_DOWN, .link = 1};
    CHECK_OK(cluster_step(&c, 0, down));
    CHECK_EQ(c.nodes[0].mesh->order_count, 1);
    cluster_close(&c);
}

/* Many peers asking at once must not overflow a step: the rest comes with the next. */
TEST(what_does_not_fit_a_step_comes_with_the_next)
{
    begin();
    history(40);
    for (mesh_link link = 2; link < 4; link++)
        cluster_puppet(&c, 0, link, link);
    c.outs.scratch.size = 2 * MESH_FRAME_BYTES_MAX; /* for 3 windows of a megabyte */
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    memset(c.bytes, 0, sizeof c.bytes);
    for (size_t slot = 0; slot < 3; slot++)
        c.nodes[0].mesh->links[slot]->rate = PACE_RATE_MAX;
    for (mesh_link link = 1; link < 4; link++)
        CHECK_OK(inject(link, frontier_of(log, 0, 0, true)));
    CHECK(c.bytes[FRAME_SEGMENT] >= 3 * MESH_WINDOW_BYTES);
    CHECK(mesh_deadline(c.nodes[0].mesh) > c.now);
    cluster_close(&c);
}

/* Somebody who had it all from a LAN could not pass it on in contacts of a few seconds: the run
 * would be longer than the contact, every time. */
TEST(run_of_a_fast_link_is_cut_for_a_slow_one)
{
    struct segment s;
    begin();
    CHECK_OK(inject(1, run_of(8, LANE_MEETING, true)));
    cluster_puppet(&c, 0, 2, 2);
    cluster_strays_forget(&c);
    CHECK_OK(inject(2, frontier_of(author.key.public_key, 0, 0, true)));
    CHECK_OK(segment_parse(&s, cluster_stray(&c, FRAME_SEGMENT)));
    CHECK_EQ(s.count, 1);
    cluster_close(&c);
}

/* A forged signature inside a run, which nobody checks on arrival, would be passed on as if it had
 * been, and the honest one who does would be shut out for it. */
TEST(forged_signature_inside_a_run_is_no_place_to_cut)
{
    static uint8_t bytes[32768];
    struct segment s;
    begin();
    struct span frame = run_of(5, LANE_MEETING, true);
    memcpy(bytes, frame.data, frame.size);
    CHECK_OK(segment_parse(&s, frame));
    for (size_t i = 0; i < 4; i++)
        bytes[(size_t)(s.records[i].sig - frame.data) + 5] ^= 1;
    CHECK_OK(inject(1, SPAN(bytes, frame.size))); /* the last proves them all */
    CHECK_EQ(cluster_records(&c, 0), 5);
    cluster_puppet(&c, 0, 2, 2);
    cluster_strays_forget(&c);
    CHECK_OK(inject(2, frontier_of(author.key.public_key, 0, 0, true)));
    CHECK_OK(segment_parse(&s, cluster_stray(&c, FRAME_SEGMENT)));
    CHECK_EQ(s.count, 5);
    cluster_close(&c);
}

/* A full disk would be hammered by every frame that comes. */
TEST(failing_store_rests_longer_each_time)
{
    begin();
    struct store_faults *faults = store_memory_faults(c.nodes[0].store);
    static const unsigned rests[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct span frame = segment_of(1, LANE_MEETING);
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        faults->commit_countdown = 1;
        faults->error = HOP_ENOSPACE;
        CHECK_OK(inject(1, frame));
        CHECK_EQ(c.nodes[0].mesh->store_rest_until - c.now, rests[i] * HOP_SECOND);
        CHECK_OK(inject(1, frame)); /* not even tried while it rests */
        CHECK_EQ(faults->commit_countdown, 0);
        c.now = c.nodes[0].mesh->store_rest_until;
        c.nodes[0].mesh->links[0]->heard = c.now; /* the peer is there all the while */
    }
    CHECK_OK(inject(1, frame));
    CHECK_EQ(cluster_records(&c, 0), 1);
    CHECK_EQ(c.nodes[0].mesh->store_rest, 0);
    cluster_close(&c);
}

/* After a full disk was cleared, a device would stay behind for as long as it had been full. */
TEST(store_that_works_again_is_used_at_once)
{
    begin();
    struct store_faults *faults = store_memory_faults(c.nodes[0].store);
    struct span frame = segment_of(1, LANE_MEETING);
    for (int i = 0; i < 5; i++) {
        faults->commit_countdown = 1;
        faults->error = HOP_ENOSPACE;
        CHECK_OK(inject(1, frame));
        c.now = c.nodes[0].mesh->store_rest_until;
        c.nodes[0].mesh->links[0]->heard = c.now;
    }
    faults->commit_countdown = 1;
    CHECK_OK(inject(1, frame));
    CHECK(c.nodes[0].mesh->store_rest_until > c.now + 20 * HOP_SECOND);
    CHECK_OK(cluster_step(&c, 0, (struct mesh_in){.type = MESH_IN_STORED}));
    CHECK_OK(inject(1, frame));
    CHECK_EQ(cluster_records(&c, 0), 1);
    cluster_close(&c);
}

/* A run must not end where its signature is not kept: the peer could not check it. */
TEST(relayed_run_ends_where_its_signature_is)
{
    struct segment s;
    begin();
    CHECK_OK(inject(1, segment_of(3, LANE_MEETING)));
    cluster_puppet(&c, 0, 2, 2);
    cluster_strays_forget(&c);
    CHECK_OK(inject(2, frontier_of(author.key.public_key, 0, 0, true)));
    CHECK_OK(segment_parse(&s, cluster_stray(&c, FRAME_SEGMENT)));
    CHECK_EQ(s.first, 1);
    CHECK_EQ(s.count, 3);
    cluster_close(&c);
}
