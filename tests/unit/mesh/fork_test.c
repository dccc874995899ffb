/* Segments, forks and their proofs, byte by byte, against vectors of another implementation. */
#include "mesh/fork.h"

#include "tests/lib/test.h"
#include "tests/vectors/vectors.h"

static struct vectors flow, hop;
static uint8_t room[1u << 14], other_room[1u << 14];

static void open_files(void)
{
    CHECK_OK(hop_init());
    flow = vectors_open("tests/vectors/sync/flow.txt");
    hop = vectors_open("tests/vectors/protocol/hop.txt");
}

static void close_files(void)
{
    vectors_close(&flow);
    vectors_close(&hop);
}

/* A store that holds the first records of protocol/hop.txt. */
static struct store *store_of(unsigned count)
{
    struct store *store = store_memory_new(0);
    CHECK(store != NULL);
    for (unsigned i = 1; i <= count; i++) {
        static uint8_t bytes[1u << 14];
        char name[16];
        struct record r;
        struct store_tip tip = {.seq = i};
        (void)snprintf(name, sizeof name, "record%u", i);
        struct span whole = vectors_bytes(&hop, name, bytes, sizeof bytes);
        CHECK_OK(record_parse(&r, whole));
        record_id(tip.head, r.header, r.text);
        CHECK_OK(store_append(store, r.log, &tip, whole));
    }
    return store;
}

static void put_again(const struct segment *s, const char *name)
{
    struct wire_writer w = wire_writer(other_room, sizeof other_room);
    segment_put(&w, s);
    CHECK_EQ(w.used, segment_size(s));
    vectors_check(&flow, name, wire_written(&w));
}

/* Abbreviations read otherwise than written would be another chain, and everybody's forgery. */
TEST(segments_of_the_vectors_are_read_and_written_alike)
{
    static const struct {
        const char *name;
        uint64_t first;
        size_t count;
        bool brief, each, is_signed;
    } cases[] = {{"segment_brief", 2, 2, true, false, true},
                 {"segment_alone", 3, 1, true, false, true},
                 {"segment_each", 1, 3, false, true, true},
                 {"segment_trunk", 1, 1, false, false, false}};
    open_files();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct segment s;
        CHECK_OK(segment_parse(&s, vectors_bytes(&flow, cases[i].name, room, sizeof room)));
        CHECK_EQ(s.first, cases[i].first);
        CHECK_EQ(s.count, cases[i].count);
        CHECK_EQ(s.log_brief && s.tags_brief, cases[i].brief);
        CHECK_EQ(s.sig != NULL, cases[i].is_signed);
        CHECK_EQ(s.count > 1 && s.records[0].sig != NULL, cases[i].each);
        put_again(&s, cases[i].name);
    }
    close_files();
}

/* What was left out must be found again, and prove the run. */
TEST(brief_segment_proves_itself_with_what_is_here)
{
    static uint8_t scratch[1u << 16];
    struct arena arena = {.base = scratch, .size = sizeof scratch};
    struct segment s;
    struct segment_rebuilt got;
    struct segment_tip tip = {.seq = 1};
    open_files();
    struct store *store = store_of(1);
    struct span before;
    struct record first;
    CHECK_OK(segment_parse(&s, vectors_bytes(&flow, "segment_brief", room, sizeof room)));
    struct span whole = vectors_bytes(&hop, "record1", other_room, sizeof other_room);
    CHECK_OK(record_parse(&first, whole));
    memcpy(s.log, first.log, sizeof s.log);
    s.log_brief = s.tags_brief = false;
    CHECK_OK(store_get(store, s.log, 1, &before));
    segment_take_tags(&s, before.data);
    record_id(tip.head, first.header, first.text);
    CHECK_OK(segment_rebuild(&got, &s, &tip, &arena));
    CHECK_EQ(tip.seq, 3);
    vectors_check(&hop, "record3_id", SPAN(tip.head, 32));
    store_close(store);
    close_files();
}

/* A segment without a signature is good only where a proof names its head. */
TEST(unsigned_segment_is_good_only_at_a_known_head)
{
    static uint8_t scratch[1u << 14];
    struct arena arena = {.base = scratch, .size = sizeof scratch};
    struct segment s;
    struct segment_rebuilt got;
    struct segment_tip tip = {0};
    uint8_t trunk[32];
    open_files();
    CHECK_OK(segment_parse(&s, vectors_bytes(&flow, "segment_trunk", room, sizeof room)));
    CHECK_ERR(segment_rebuild(&got, &s, &tip, &arena), HOP_EAUTH);
    memcpy(trunk, vectors_bytes(&flow, "trunk", other_room, sizeof other_room).data, 32);
    s.end = trunk;
    tip = (struct segment_tip){0};
    CHECK_OK(segment_rebuild(&got, &s, &tip, &arena));
    trunk[3] ^= 1;
    tip = (struct segment_tip){0};
    CHECK_ERR(segment_rebuild(&got, &s, &tip, &arena), HOP_EAUTH);
    close_files();
}

/* Two implementations must agree on what proves a fork, or half the cell would not believe it. */
TEST(proof_of_the_vectors_is_read_and_made_alike)
{
    struct fork_point theirs, ours;
    struct fork_proof proof;
    uint8_t own[FORK_BRANCH_BYTES_MAX], made[2 * FORK_BRANCH_BYTES_MAX];
    open_files();
    struct store *store = store_of(3);
    struct span branch = vectors_bytes(&flow, "branch", room, sizeof room);
    CHECK_EQ(branch.data[0], FRAME_BRANCH);
    branch = SPAN(branch.data + 1, branch.size - 1);
    struct wire_reader r = wire_reader(branch.data, branch.size);
    CHECK_OK(fork_branch_get(&theirs, &r));
    CHECK(wire_end(&r));
    CHECK_EQ(theirs.seq, 2);
    vectors_check(&flow, "trunk", SPAN(theirs.prev, 32));
    struct wire_writer w = wire_writer(own, sizeof own);
    CHECK_OK(fork_branch_put(&w, store, theirs.log, 2));
    struct span mine = wire_written(&w);
    r = wire_reader(mine.data, mine.size);
    CHECK_OK(fork_branch_get(&ours, &r));
    vectors_check(&hop, "record2_id", SPAN(ours.id, 32));
    w = wire_writer(made, sizeof made);
    wire_put_u8(&w, FRAME_PROOF);
    fork_proof_put(&w, branch, &theirs, mine, &ours);
    vectors_check(&flow, "proof", wire_written(&w));
    CHECK_OK(fork_proof_parse(&proof, SPAN(made + 1, w.used - 1)));
    CHECK_EQ(proof.seq, 2);
    CHECK_BYTES(proof.log, theirs.log, 32);
    CHECK_BYTES(proof.prev, theirs.prev, 32);
    store_close(store);
    close_files();
}

/* The same proof in the other order would be another one, and be told for ever. */
TEST(proof_has_one_order)
{
    struct fork_point a, b;
    struct fork_proof proof;
    static uint8_t turned[1u << 12];
    open_files();
    struct span bytes = vectors_bytes(&flow, "proof", room, sizeof room);
    struct wire_reader r = wire_reader(bytes.data + 1, bytes.size - 1);
    CHECK_OK(fork_branch_get(&a, &r));
    size_t first = bytes.size - 1 - r.left;
    CHECK_OK(fork_branch_get(&b, &r));
    memcpy(turned, bytes.data + 1 + first, bytes.size - 1 - first);
    memcpy(turned + bytes.size - 1 - first, bytes.data + 1, first);
    CHECK_ERR(fork_proof_parse(&proof, SPAN(turned, bytes.size - 1)), HOP_EMALFORMED);
    close_files();
}

/* A search that starts otherwise ends nowhere. */
TEST(probes_and_acknowledgements_of_the_vectors_agree)
{
    struct frame_probe probe;
    struct frame_marks ack;
    open_files();
    CHECK_OK(frame_probe_parse(&probe, vectors_bytes(&flow, "probe", room, sizeof room)));
    CHECK(probe.count == 3 && !probe.answer && probe.heads[2].seq == 3);
    struct wire_writer w = wire_writer(other_room, sizeof other_room);
    frame_probe_put(&w, &probe);
    vectors_check(&flow, "probe", wire_written(&w));
    CHECK_OK(frame_probe_parse(&probe, vectors_bytes(&flow, "probe_answer", room, sizeof room)));
    CHECK(probe.count == 2 && probe.answer);
    CHECK_OK(frame_ack_parse(&ack, vectors_bytes(&flow, "ack", room, sizeof room)));
    CHECK(ack.brief && ack.count == 1 && ack.items[0].seq == 300);
    w = wire_writer(other_room, sizeof other_room);
    frame_ack_put(&w, &ack);
    vectors_check(&flow, "ack", wire_written(&w));
    close_files();
}
