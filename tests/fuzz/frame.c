/* fuzz: mesh cell store crypto base */
/* Bytes as a frame of every type; what parses must be written again as it was. */
#include <assert.h>

#include "mesh/exchange.h"
#include "mesh/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[MESH_FRAME_BYTES_MAX];

static void check_same(const struct wire_writer *w, struct span frame)
{
    assert(!w->bad && span_equal(wire_written(w), frame));
}

/* The frames of a greeting; false: it is none of them. */
static bool greeting(struct span frame, struct wire_writer *w)
{
    struct frame_greet greet;
    struct frame_known known;
    struct frame_vouch vouch;
    if (frame_greet_parse(&greet, frame) == HOP_OK)
        frame_greet_put(w, &greet);
    else if (frame_known_parse(&known, frame) == HOP_OK)
        frame_known_put(w, &known);
    else if (frame_vouch_parse(&vouch, frame) == HOP_OK)
        frame_vouch_put(w, &vouch);
    else
        return false;
    return true;
}

/* The frames of an exchange; false: it is none of them. */
static bool exchange(struct span frame, struct wire_writer *w)
{
    static struct list_entry entries[LIST_ENTRIES_MAX];
    struct frame_sketch sketch;
    struct frame_next next;
    struct frame_more more;
    struct frame_list list = {.entries = entries};
    if (frame_sketch_parse(&sketch, frame) == HOP_OK)
        frame_sketch_put(w, &sketch);
    else if (frame_next_parse(&next, frame) == HOP_OK)
        frame_next_put(w, &next);
    else if (frame_more_parse(&more, frame) == HOP_OK)
        frame_more_put(w, &more);
    else if (frame_list_parse(&list, frame) == HOP_OK)
        frame_list_put(w, &list);
    else
        return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct frame_frontier frontier;
    static struct segment segment;
    struct frame_marks marks;
    struct frame_want want;
    struct frame_hello hello;
    struct frame_keepalive keepalive;
    struct frame_piece piece;
    struct frame_tell tell;
    uint16_t ask;
    struct span frame = SPAN(data, size);
    struct wire_writer w = wire_writer(again, sizeof again);
    if (size > sizeof again)
        return 0;
    if (greeting(frame, &w) || exchange(frame, &w)) {
        check_same(&w, frame);
    } else if (frame_frontier_parse(&frontier, frame) == HOP_OK) {
        frame_frontier_put(&w, &frontier);
        check_same(&w, frame);
    } else if (frame_ack_parse(&marks, frame) == HOP_OK) {
        frame_ack_put(&w, &marks);
        check_same(&w, frame);
    } else if (frame_stop_parse(&marks, frame) == HOP_OK) {
        frame_stop_put(&w, &marks);
        check_same(&w, frame);
    } else if (frame_want_parse(&want, frame) == HOP_OK) {
        frame_want_put(&w, &want);
        check_same(&w, frame);
    } else if (segment_parse(&segment, frame) == HOP_OK) {
        assert(segment_size(&segment) == size);
        segment_put(&w, &segment);
        check_same(&w, frame);
    } else if (frame_keepalive_parse(&keepalive, frame) == HOP_OK) {
        frame_keepalive_put(&w, &keepalive);
        check_same(&w, frame);
    } else if (frame_piece_parse(&piece, frame) == HOP_OK) {
        frame_piece_put(&w, &piece);
        check_same(&w, frame);
    } else if (frame_noblob_parse(&ask, frame) == HOP_OK) {
        frame_noblob_put(&w, ask);
        check_same(&w, frame);
    } else {
        (void)(frame_hello_parse(&hello, frame) + frame_tell_parse(&tell, frame));
    }
    return 0;
}
