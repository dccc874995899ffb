#include "mesh/exchange.h"

#include "mesh/frame.h"
#include "tests/vectors/vectors.h"

static uint8_t bytes[LIST_BYTES(LIST_ENTRIES_MAX)], copy[sizeof bytes];
static struct list_entry entries[LIST_ENTRIES_MAX];

static struct span sample(enum frame_type type)
{
    static const uint8_t syndromes[] = {1, 2, 3, 4, 5, 6};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    struct list_entry four[] = {
        {0, 0, 5, 6}, {9, 77, 63, 0}, {9, FRAME_SEQ_MAX, 0, 63}, {65534, 1, 7, 8}};
    struct frame_sketch sketch = {0x1234, true, true, {5}, 300, 3, syndromes};
    struct frame_list list = {0x1234, true, false, 4, four};
    if (type == FRAME_SKETCH)
        frame_sketch_put(&w, &sketch);
    if (type == FRAME_NEXT)
        frame_next_put(&w, &(struct frame_next){7, 6, 3, syndromes});
    if (type == FRAME_MORE)
        frame_more_put(&w, &(struct frame_more){7, SKETCH_SYNDROMES_MAX});
    if (type == FRAME_LIST)
        frame_list_put(&w, &list);
    CHECK(!w.bad);
    return wire_written(&w);
}

/* Parse as type, and write again what was read. */
static int again(enum frame_type type, struct span frame, size_t *ret_size)
{
    struct wire_writer w = wire_writer(copy, sizeof copy);
    struct frame_sketch sketch;
    struct frame_next next;
    struct frame_more more;
    struct frame_list list = {.entries = entries};
    int err = HOP_EMALFORMED;
    if (type == FRAME_SKETCH && (err = frame_sketch_parse(&sketch, frame)) == HOP_OK)
        frame_sketch_put(&w, &sketch);
    if (type == FRAME_NEXT && (err = frame_next_parse(&next, frame)) == HOP_OK)
        frame_next_put(&w, &next);
    if (type == FRAME_MORE && (err = frame_more_parse(&more, frame)) == HOP_OK)
        frame_more_put(&w, &more);
    if (type == FRAME_LIST && (err = frame_list_parse(&list, frame)) == HOP_OK)
        frame_list_put(&w, &list);
    *ret_size = w.used;
    return err;
}

static const enum frame_type types[] = {FRAME_SKETCH, FRAME_NEXT, FRAME_MORE, FRAME_LIST};

/* What one device writes another would read as something else. */
TEST(exchange_frames_read_back_what_was_put)
{
    for (size_t i = 0; i < 4; i++) {
        size_t size;
        struct span frame = sample(types[i]);
        CHECK_OK(again(types[i], frame, &size));
        CHECK_SPAN(SPAN(copy, size), frame);
    }
}

/* A frame cut short would be taken for another one. */
TEST(exchange_frames_refuse_truncation_and_addition)
{
    for (size_t i = 0; i < 4; i++) {
        size_t size;
        struct span frame = sample(types[i]);
        bool row = types[i] == FRAME_SKETCH || types[i] == FRAME_NEXT; /* of pairs, to the end */
        for (size_t cut = 0; cut < frame.size; cut++) {
            int err = again(types[i], SPAN(frame.data, cut), &size);
            bool fewer = row && err == HOP_OK && (frame.size - cut) % 2 == 0;
            CHECK(err != HOP_OK || fewer);
        }
        bytes[frame.size] = 0;
        CHECK_ERR(again(types[i], SPAN(frame.data, frame.size + 1), &size), HOP_EMALFORMED);
    }
}

/* A value with two spellings could be told from itself. */
TEST(exchange_frame_with_any_bit_flipped_is_refused_or_says_just_that)
{
    for (size_t i = 0; i < 4; i++) {
        struct span frame = sample(types[i]);
        for (size_t bit = 0; bit < frame.size * 8; bit++) {
            size_t size;
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (again(types[i], frame, &size) == HOP_OK)
                CHECK_SPAN(SPAN(copy, size), frame);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Whatever the positions and numbers, a list must come back, within the room kept for it, and at
 * the price it is there for. */
TEST(lists_of_any_length_read_back_and_are_short)
{
    static struct list_entry want[LIST_ENTRIES_MAX];
    struct rng r = test_rng("lists");
    static const size_t counts[] = {0, 1, 2, 3, 10, 100, 1000, LIST_ENTRIES_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            struct frame_list list = {
                .number = 200, .all = kind == 0, .count = counts[i], .entries = want};
            struct frame_list got = {.entries = entries};
            struct wire_writer w = wire_writer(bytes, LIST_BYTES(counts[i]));
            uint64_t position = 0;
            for (size_t k = 0; k < counts[i]; k++) { /* as hashes fall */
                position += rng_below(&r, 2 * SKETCH_POSITIONS / (counts[i] + 8));
                position = position < SKETCH_POSITIONS ? position : SKETCH_POSITIONS - 1;
                want[k].position = (uint16_t)position;
                want[k].check = kind == 0 ? (uint8_t)rng_below(&r, 64) : 0;
                want[k].mark = kind == 0 ? (uint8_t)rng_below(&r, 64) : 0;
                want[k].seq = kind == 0   ? rng_below(&r, 3000)
                              : kind == 1 ? rng_below(&r, FRAME_SEQ_MAX)
                                          : FRAME_SEQ_MAX;
            }
            frame_list_put(&w, &list);
            CHECK(!w.bad);
            CHECK(kind > 0 || counts[i] < 10 || w.used < 6 * counts[i]);
            CHECK_OK(frame_list_parse(&got, wire_written(&w)));
            CHECK_EQ(got.count, counts[i]);
            for (size_t k = 0; k < counts[i]; k++) {
                CHECK_EQ(got.entries[k].position, want[k].position);
                CHECK_EQ(got.entries[k].seq, want[k].seq);
                CHECK_EQ(got.entries[k].check, want[k].check);
                CHECK_EQ(got.entries[k].mark, want[k].mark);
            }
        }
    }
}

/* Too many syndromes would be written past the room for them. */
TEST(exchange_frames_have_limits)
{
    static uint8_t frame[4096] = {FRAME_NEXT, 7, 0x81, 0x08}; /* from 1025 on */
    struct frame_next next;
    struct frame_sketch sketch;
    CHECK_OK(frame_next_parse(&next, SPAN(frame, 6)));
    CHECK_EQ(next.first, 1025);
    CHECK_ERR(frame_next_parse(&next, SPAN(frame, 8)), HOP_EMALFORMED);
    frame[0] = FRAME_SKETCH;
    frame[1] = frame[2] = frame[3] = 0;
    CHECK_OK(frame_sketch_parse(&sketch, SPAN(frame, 4 + 2 * SKETCH_SYNDROMES_MAX)));
    CHECK_ERR(frame_sketch_parse(&sketch, SPAN(frame, 6 + 2 * SKETCH_SYNDROMES_MAX)),
              HOP_EMALFORMED);
    static const uint8_t count[] = {FRAME_LIST, 0, 0, 0xff, 0x7f}; /* of 16383 */
    struct frame_list list = {.entries = entries};
    CHECK_ERR(frame_list_parse(&list, SPAN(count, 5)), HOP_EMALFORMED);
}

/* ---- what a second implementation writes ---- */

#define VECTOR_LOGS 7

/* Its logs under its salt: positions, marks, checks and tags are compared on the way. */
static size_t vector_entries(const struct vectors *v, struct sketch_entry ret[VECTOR_LOGS])
{
    uint8_t key[32], context[35] = {0}, log[32], head[32], seq[8];
    struct sketch_salt salt;
    struct span binding = vectors_bytes(v, "binding", context, 32);
    CHECK_EQ(binding.size, 32);
    CHECK_EQ(vectors_bytes(v, "sync_key", key, sizeof key).size, 32);
    context[32] = 1;
    context[33] = 0x2a;
    context[34] = 0x17;
    sketch_init();
    sketch_salt(&salt, key, SPAN(context, sizeof context));
    for (size_t i = 0; i < VECTOR_LOGS; i++) {
        char name[16];
        uint8_t point[6];
        struct sketch_entry *e = &ret[i];
        (void)snprintf(name, sizeof name, "log%zu", i);
        CHECK_EQ(vectors_bytes(v, name, log, sizeof log).size, 32);
        (void)snprintf(name, sizeof name, "head%zu", i);
        CHECK_EQ(vectors_bytes(v, name, head, sizeof head).size, 32);
        (void)snprintf(name, sizeof name, "seq%zu", i);
        struct wire_reader r = wire_reader(vectors_bytes(v, name, seq, sizeof seq).data, 8);
        *e = (struct sketch_entry){.log = (uint32_t)i, .seq = wire_get_u64(&r)};
        e->position = sketch_position(&salt, log, &e->mark);
        e->check = sketch_check(&salt, head);
        e->tag = sketch_tag(e->seq, e->check);
        struct wire_writer w = wire_writer(point, sizeof point);
        wire_put_u16(&w, e->position);
        wire_put_u8(&w, e->mark);
        wire_put_u8(&w, e->check);
        wire_put_u16(&w, e->tag);
        (void)snprintf(name, sizeof name, "point%zu", i);
        vectors_check(v, name, wire_written(&w));
    }
    sketch_sort(ret, VECTOR_LOGS);
    return VECTOR_LOGS;
}

/* Two programs would each see everything differ, in every exchange. */
TEST(exchange_vectors_agree)
{
    struct vectors v = vectors_open("tests/vectors/sync/sketch.txt");
    struct sketch_entry points[VECTOR_LOGS];
    static const uint8_t root[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint16_t sums[12] = {0};
    uint8_t sent[24];
    CHECK_OK(hop_init());
    size_t n = vector_entries(&v, points);
    struct wire_writer w = wire_writer(sent, sizeof sent);
    sketch_add(sums, 0, 12, points, n);
    for (size_t i = 0; i < 12; i++)
        wire_put_u16(&w, sums[i]);
    vectors_check(&v, "syndromes", wire_written(&w));
    struct frame_sketch sketch = {0x2a17, true, true, {0}, 300, 6, sent};
    memcpy(sketch.root, root, sizeof root);
    w = wire_writer(copy, sizeof copy);
    frame_sketch_put(&w, &sketch);
    vectors_check(&v, "sketch", wire_written(&w));
    sketch = (struct frame_sketch){0x2a17, false, false, {0}, 7, 8, sent};
    w = wire_writer(copy, sizeof copy);
    frame_sketch_put(&w, &sketch);
    vectors_check(&v, "sketch_bare", wire_written(&w));
    w = wire_writer(copy, sizeof copy);
    frame_next_put(&w, &(struct frame_next){0x17, 6, 6, sent + 12});
    vectors_check(&v, "next", wire_written(&w));
    w = wire_writer(copy, sizeof copy);
    frame_more_put(&w, &(struct frame_more){0x17, 1026});
    vectors_check(&v, "more", wire_written(&w));
    for (size_t i = 0; i < n; i++)
        entries[i] =
            (struct list_entry){points[i].position, points[i].seq, points[i].mark, points[i].check};
    w = wire_writer(copy, sizeof copy);
    frame_list_put(&w, &(struct frame_list){0x2a17, true, true, n, entries});
    vectors_check(&v, "list_all", wire_written(&w));
    for (size_t i = 0; i < n; i++)
        entries[i].mark = entries[i].check = 0;
    w = wire_writer(copy, sizeof copy);
    frame_list_put(&w, &(struct frame_list){0x17, false, false, 3, entries + 2});
    vectors_check(&v, "list_answer", wire_written(&w));
    w = wire_writer(copy, sizeof copy);
    frame_list_put(&w, &(struct frame_list){0x17, false, false, 0, entries});
    vectors_check(&v, "list_none", wire_written(&w));
    vectors_close(&v);
}
