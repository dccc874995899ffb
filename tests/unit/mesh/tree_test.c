/* Trees of blobs beside a model that has all of a level in one list. */
#include "mesh/tree.h"

#include <stdlib.h>

#include "tests/lib/test.h"
#include "tests/vectors/vectors.h"

#define CHUNKS_MAX 2300
#define NODES_MAX  8

/* ---- the model: every level as a list of names, made at once ---- */

struct model {
    uint64_t size;
    unsigned top;
    size_t count[TREE_LEVEL_MAX + 1];
    uint8_t names[TREE_LEVEL_MAX + 1][CHUNKS_MAX][32];
    uint8_t nodes[NODES_MAX][TREE_NODE_BYTES(TREE_FANOUT)]; /* of all levels, from below */
    size_t sizes[NODES_MAX], nodes_count;
};

static struct model model;
static struct tree_builder builder;

static void model_level(struct model *m, unsigned level)
{
    uint64_t left = m->size;
    for (size_t first = 0; first < m->count[level - 1]; first += TREE_FANOUT) {
        size_t n = m->count[level - 1] - first < 1024 ? m->count[level - 1] - first : 1024;
        uint64_t full = level == 1 ? UINT64_C(0x4000000) : UINT64_C(0x1000000000);
        uint64_t size = left < full ? left : full;
        uint8_t *node = m->nodes[m->nodes_count];
        left -= size;
        node[0] = (uint8_t)level;
        for (unsigned i = 0; i < 8; i++)
            node[1 + i] = (uint8_t)(size >> (56 - 8 * i));
        memcpy(node + 9, m->names[level - 1][first], 32 * n);
        m->sizes[m->nodes_count] = 9 + 32 * n;
        hop_hash(m->names[level][m->count[level]++], 32, LABEL_BLOB_NAME, SPAN(node, 9 + 32 * n));
        m->nodes_count++;
    }
}

static void model_make(struct model *m, uint64_t size)
{
    struct rng r = test_rng("model");
    m->size = size;
    m->nodes_count = 0;
    memset(m->count, 0, sizeof m->count);
    m->count[0] = (size_t)((size + 65535) / 65536);
    CHECK(m->count[0] <= CHUNKS_MAX);
    test_random(&r, m->names[0][0], 32 * m->count[0]);
    for (m->top = 0; m->count[m->top] > 1; m->top++)
        model_level(m, m->top + 1);
}

/* The same document through the builder; every node it gives goes into the store, if there is one.
 */
static void build(const struct model *m, struct store *store)
{
    uint8_t room[TREE_NODE_BYTES(TREE_FANOUT)], name[32];
    struct span node;
    memset(&builder, 0, sizeof builder);
    size_t nodes = 0;
    for (size_t i = 0; i < m->count[0]; i++) {
        uint64_t left = m->size - i * UINT64_C(65536);
        tree_add(&builder, m->names[0][i], left < 65536 ? (size_t)left : 65536);
        bool last = i + 1 == m->count[0];
        while (tree_grow(&builder, last, room, name, &node)) {
            CHECK(nodes < m->nodes_count);
            CHECK_SPAN(node, SPAN(m->nodes[nodes], m->sizes[nodes]));
            if (store != NULL)
                CHECK_OK(store_put(store, STORE_BLOBS, SPAN(name, 32), node));
            nodes++;
        }
    }
    CHECK_EQ(nodes, m->nodes_count);
    CHECK_BYTES(tree_root(&builder), m->names[m->top][0], 32);
}

static const uint64_t sizes[] = {1,
                                 65535,
                                 65536,
                                 65537,
                                 UINT64_C(1023) * 65536 + 1,
                                 UINT64_C(1024) * 65536,
                                 UINT64_C(1024) * 65536 + 1,
                                 UINT64_C(2048) * 65536,
                                 UINT64_C(2300) * 65536 - 7};

/* Another shape for the same bytes would be another name for the same document. */
TEST(tree_is_the_one_that_the_whole_list_gives)
{
    static const unsigned tops[] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
    CHECK_OK(hop_init());
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        model_make(&model, sizes[i]);
        CHECK_EQ(model.top, tops[i]);
        CHECK_EQ(tree_level(sizes[i]), tops[i]);
        build(&model, NULL);
    }
}

/* ---- walking ---- */

/* What a walk has to tell, by recursion over the lists: a blob that is missing hides its children.
 */
struct want {
    const uint8_t *name;
    unsigned level;
    uint64_t at, size;
    bool here;
};

static struct want wants[CHUNKS_MAX + NODES_MAX];
static size_t wants_count;
static bool present[TREE_LEVEL_MAX + 1][CHUNKS_MAX];

static void expect(const struct model *m, unsigned level, size_t index)
{
    uint64_t span = tree_span(level), at = index * span;
    uint64_t size = m->size - at < span ? m->size - at : span;
    wants[wants_count++] =
        (struct want){m->names[level][index], level, at, size, present[level][index]};
    if (level == 0 || !present[level][index])
        return;
    for (size_t i = index * 1024; i < (index + 1) * 1024 && i < m->count[level - 1]; i++)
        expect(m, level - 1, i);
}

static void put_present(const struct model *m, struct store *store)
{
    size_t node = 0;
    for (unsigned level = 0; level <= m->top; level++) {
        for (size_t i = 0; i < m->count[level]; i++) {
            struct span bytes = span_text("chunk"); /* only that it is there counts */
            if (level > 0) {
                bytes = SPAN(m->nodes[node], m->sizes[node]);
                node++;
            }
            if (present[level][i])
                CHECK_OK(store_put(store, STORE_BLOBS, SPAN(m->names[level][i], 32), bytes));
        }
    }
}

static void walk_and_compare(const struct model *m, struct store *store)
{
    struct tree_walk w;
    struct tree_place p;
    const uint8_t *root = m->names[m->top][0];
    bool whole = true;
    wants_count = 0;
    expect(m, m->top, 0);
    tree_walk_begin(&w, store, root, m->size);
    for (size_t i = 0; i < wants_count; i++) {
        CHECK_OK(tree_walk_next(&w, &p));
        CHECK_BYTES(p.name, wants[i].name, 32);
        CHECK_EQ(p.level, wants[i].level);
        CHECK_EQ(p.at, wants[i].at);
        CHECK_EQ(p.size, wants[i].size);
        CHECK_EQ(p.here, wants[i].here);
        whole = whole && p.here;
    }
    CHECK_ERR(tree_walk_next(&w, &p), HOP_ENOTFOUND);
    CHECK_EQ(tree_whole(store, root, m->size), whole);
    for (size_t i = 0; i < wants_count; i += 1 + wants_count / 50) {
        CHECK_OK(tree_find(store, root, m->size, wants[i].name, &p));
        CHECK(p.at == wants[i].at && p.level == wants[i].level && p.here == wants[i].here);
        tree_walk_begin(&w, store, root, m->size);
        while (tree_walk_next(&w, &p) == HOP_OK)
            ;
        p = (struct tree_place){.level = wants[i].level, .at = wants[i].at};
        tree_walk_back(&w, &p, false); /* back to it, and it is what comes next */
        CHECK_OK(tree_walk_next(&w, &p));
        CHECK_BYTES(p.name, wants[i].name, 32);
    }
    uint8_t nowhere[32] = {1};
    CHECK_ERR(tree_find(store, root, m->size, nowhere, &p), HOP_ENOTFOUND);
}

/* A chunk that a walk passes over is never asked for: the document stays incomplete. */
TEST(tree_walk_tells_what_the_recursion_tells_whatever_is_missing)
{
    struct rng r = test_rng("walk");
    CHECK_OK(hop_init());
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned percent = 0; percent <= 100; percent += 25) {
            struct store *store = store_memory_new(0);
            CHECK(store != NULL);
            model_make(&model, sizes[i]);
            for (unsigned level = 0; level <= model.top; level++) {
                for (size_t k = 0; k < model.count[level]; k++)
                    present[level][k] = rng_below(&r, 100) < (level > 0 ? 50 + percent : percent);
            }
            put_present(&model, store);
            walk_and_compare(&model, store);
            store_close(store);
        }
    }
}

/* An author who lies about the size could make us fetch, and keep, without end. */
TEST(tree_of_another_size_is_found_out_at_its_first_node)
{
    struct tree_walk w;
    struct tree_place p;
    struct store *store = store_memory_new(0);
    CHECK(store != NULL);
    CHECK_OK(hop_init());
    model_make(&model, UINT64_C(1030) * 65536);
    build(&model, store);
    static const uint64_t lies[] = {UINT64_C(1030) * 65536 - 1, UINT64_C(1031) * 65536,
                                    UINT64_C(3) * 65536, TREE_BYTES_MAX};
    for (size_t i = 0; i < 4; i++) {
        tree_walk_begin(&w, store, tree_root(&builder), lies[i]);
        CHECK_OK(tree_walk_next(&w, &p)); /* the root is there, that much is true */
        CHECK_ERR(tree_walk_next(&w, &p), HOP_EMALFORMED);
        CHECK(!tree_whole(store, tree_root(&builder), lies[i]));
    }
    store_close(store);
}

/* ---- bytes ---- */

/* A node with a second spelling, or half a node, must not pass for one. */
TEST(tree_refuses_every_cut_and_every_changed_length)
{
    static uint8_t bytes[TREE_BLOB_BYTES_MAX + 2];
    unsigned level;
    uint64_t size;
    CHECK_OK(hop_init());
    model_make(&model, 5 * 65536 + 100);
    struct span node = SPAN(model.nodes[0], model.sizes[0]);
    CHECK_OK(tree_measure(node, &level, &size));
    CHECK_EQ(level, 1);
    CHECK_EQ(size, 5 * 65536 + 100);
    for (size_t cut = 0; cut < node.size; cut++)
        CHECK_ERR(tree_measure(SPAN(node.data, cut), &level, &size), HOP_EMALFORMED);
    memcpy(bytes, node.data, node.size);
    CHECK_ERR(tree_measure(SPAN(bytes, node.size + 1), &level, &size), HOP_EMALFORMED);
    for (size_t bit = 0; bit < 8 * node.size; bit++) {
        memcpy(bytes, node.data, node.size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        uint8_t name[32];
        tree_name(name, SPAN(bytes, node.size)); /* this is what a device checks first */
        CHECK(memcmp(name, model.names[1][0], 32) != 0);
        if (bit < 8 * 9) /* what it says of itself: it fits no more, unless it is a chunk now */
            CHECK(!tree_fits(SPAN(bytes, node.size), 1, 5 * 65536 + 100));
    }
    memset(bytes, 0, sizeof bytes); /* chunks: at least a byte beside the tag, at most 64 KiB */
    CHECK_ERR(tree_measure(SPAN(bytes, 17), &level, &size), HOP_EMALFORMED);
    CHECK_OK(tree_measure(SPAN(bytes, 18), &level, &size));
    CHECK(level == 0 && size == 1);
    CHECK_OK(tree_measure(SPAN(bytes, TREE_BLOB_BYTES_MAX), &level, &size));
    CHECK_EQ(size, 65536);
    CHECK_ERR(tree_measure(SPAN(bytes, TREE_BLOB_BYTES_MAX + 1), &level, &size), HOP_EMALFORMED);
    bytes[0] = 3;
    CHECK_ERR(tree_measure(SPAN(bytes, 41), &level, &size), HOP_EMALFORMED);
}

/* ---- vectors ---- */

/* Another program must come to the same names. */
TEST(tree_of_the_vectors_is_grown_alike)
{
    struct vectors v = vectors_open("tests/vectors/sync/blob.txt");
    char text[24];
    uint64_t size = strtoull(vectors_text(&v, "large_size", text, sizeof text), NULL, 10);
    uint8_t name[32], room[TREE_NODE_BYTES(TREE_FANOUT)];
    struct span node;
    unsigned nodes = 0;
    CHECK_OK(hop_init());
    memset(&builder, 0, sizeof builder);
    for (unsigned i = 0; i < 1025; i++) {
        const uint8_t number[4] = {0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        tree_name(name, SPAN(number, 4));
        tree_add(&builder, name, i < 1024 ? 65536 : 1);
        while (tree_grow(&builder, i == 1024, room, name, &node)) {
            if (nodes > 0)
                vectors_check(&v, nodes == 1 ? "large_second" : "large_top", node);
            nodes++;
        }
    }
    CHECK_EQ(nodes, 3);
    CHECK_EQ(builder.size, size);
    vectors_check(&v, "large_root", SPAN(tree_root(&builder), 32));
    vectors_close(&v);
}
