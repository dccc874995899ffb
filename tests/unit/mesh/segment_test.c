#include "mesh/segment.h"

#include <stdlib.h>

#include "tests/lib/cluster.h"

#define RUN 5

static struct cluster c;
static uint8_t stored[RUN][4096], frame_bytes[32768];
static struct span records[RUN];

/* A run of one log, with another epoch's tags from record 3 on. */
static struct span sample(struct segment *s)
{
    struct cluster_log *log = &c.nodes[0].logs[LANE_MEETING];
    static uint8_t buffer[RECORD_BYTES_MAX];
    cluster_init(&c, 1, 1);
    *s = (struct segment){0};
    for (size_t i = 0; i < RUN; i++) {
        struct record r;
        if (i == 3)
            c.epoch.tag[0] ^= 1;
        struct span text = SPAN(buffer, 10 * i);
        uint8_t copy[64] = {1, 2, 3};
        text.data = copy;
        struct span sealed = cluster_seal(&c, log, LANE_MEETING, &c.nodes[0].drbg, text, buffer);
        memcpy(stored[i], sealed.data, sealed.size);
        records[i] = SPAN(stored[i], sealed.size);
        CHECK_OK(record_parse(&r, records[i]));
        segment_add(s, &r);
    }
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    segment_put(&w, s);
    CHECK(!w.bad);
    CHECK_EQ(w.used, segment_size(s));
    cluster_close(&c);
    return wire_written(&w);
}

/* Rebuild all and check the last signature, as the mesh does. */
static int verify(const struct segment *s)
{
    struct segment_tip tip = {.seq = s->first - 1};
    for (size_t i = 0; i < s->count; i++) {
        uint8_t *bytes = malloc(segment_stored_size(s, i));
        segment_store_form(bytes, s, i, &tip);
        free(bytes);
        /* those inside a run are checked by whoever ends one there: segment_read_within() */
        if (s->records[i].sig != NULL &&
            record_verify(tip.head, s->records[i].sig, s->log) != HOP_OK)
            return HOP_EAUTH;
    }
    return record_verify(tip.head, s->sig, s->log);
}

/* A record would be stored otherwise than its author wrote it. */
TEST(segment_rebuilds_records_byte_for_byte)
{
    struct segment put, got;
    struct segment_tip tip = {0};
    struct span frame = sample(&put);
    CHECK_OK(segment_parse(&got, frame));
    CHECK_EQ(got.count, RUN);
    for (size_t i = 0; i < RUN; i++) {
        uint8_t bytes[4096];
        size_t size = segment_stored_size(&got, i);
        segment_store_form(bytes, &got, i, &tip);
        CHECK_SPAN(SPAN(bytes, size), records[i]);
    }
    CHECK_OK(record_verify(tip.head, got.sig, got.log));
}

/* The same run would have two spellings, and forwarders would differ. */
TEST(segment_is_put_again_as_it_was)
{
    static uint8_t again[sizeof frame_bytes];
    struct segment put, got;
    struct span frame = sample(&put);
    CHECK_OK(segment_parse(&got, frame));
    struct wire_writer w = wire_writer(again, sizeof again);
    segment_put(&w, &got);
    CHECK_SPAN(wire_written(&w), frame);
}

/* Part of a run would be stored as if it were the whole. */
TEST(segment_refuses_every_truncation)
{
    struct segment put, got;
    struct span frame = sample(&put);
    for (size_t size = 0; size < frame.size; size++)
        CHECK(segment_parse(&got, SPAN(frame.data, size)) != HOP_OK);
    CHECK_ERR(segment_parse(&got, SPAN(frame.data, frame.size + 1)), HOP_EMALFORMED);
}

/* One bit changed on the way would enter the history of a cell. */
TEST(segment_with_any_bit_flipped_is_never_accepted)
{
    struct segment put, got;
    struct span frame = sample(&put);
    for (size_t bit = 0; bit < frame.size * 8; bit++) {
        frame_bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int err = segment_parse(&got, frame);
        if (err == HOP_OK)
            err = verify(&got);
        CHECK(err != HOP_OK);
        frame_bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Numbers near the end of their range would wrap. */
TEST(segment_refuses_absurd_numbers)
{
    struct segment put, got;
    struct span frame = sample(&put);
    frame_bytes[34] = 0; /* first */
    CHECK_ERR(segment_parse(&got, frame), HOP_EMALFORMED);
    frame = sample(&put);
    frame_bytes[35] = 1; /* count */
    CHECK_ERR(segment_parse(&got, frame), HOP_EMALFORMED);
    frame = sample(&put);
    frame_bytes[35] = SEGMENT_RECORDS_MAX + 1;
    CHECK_ERR(segment_parse(&got, frame), HOP_EMALFORMED);
    static const uint8_t large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    uint8_t bytes[2 + 32 + 9 + 200] = {FRAME_SEGMENT, LANE_MEETING};
    memcpy(bytes + 34, large, sizeof large);
    CHECK_ERR(segment_parse(&got, SPAN(bytes, sizeof bytes)), HOP_EMALFORMED);
}

/* A continued log would cost its whole name and its tags with every run. */
TEST(segment_leaves_out_what_the_receiver_has)
{
    struct segment put, got;
    struct record before;
    struct segment_tip tip = {0};
    uint8_t bytes[4096];
    struct span frame = sample(&put);
    size_t whole = frame.size;
    CHECK_OK(record_parse(&before, records[0]));
    put.log_brief = put.tags_brief = true;
    put.first = 2; /* the run without its first */
    put.count = RUN - 1;
    memmove(put.records, put.records + 1, (RUN - 1) * sizeof put.records[0]);
    CHECK(segment_same_tags(&put, before.header.data));
    struct wire_writer w = wire_writer(frame_bytes, sizeof frame_bytes);
    segment_put(&w, &put);
    CHECK_EQ(w.used, segment_size(&put));
    CHECK(w.used < whole - 28 - 24);
    CHECK_OK(segment_parse(&got, wire_written(&w)));
    CHECK(got.log_brief && got.tags_brief && got.count == RUN - 1);
    CHECK_BYTES(got.log, put.log, FRAME_BRIEF_BYTES);
    got.log_brief = false;
    memcpy(got.log, put.log, sizeof got.log);
    segment_take_tags(&got, before.header.data);
    record_id(tip.head, before.header, before.text);
    tip.seq = 1;
    for (size_t i = 0; i < got.count; i++)
        segment_store_form(bytes, &got, i, &tip);
    CHECK_OK(record_verify(tip.head, got.sig, got.log));
}
