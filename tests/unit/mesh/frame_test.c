#include "mesh/frame.h"

#include "tests/lib/test.h"
#include "tests/vectors/vectors.h"

static uint8_t bytes[16384];

static struct hop_sign_key key_of(uint8_t n)
{
    struct hop_sign_key key;
    uint8_t seed[32] = {n};
    CHECK_OK(hop_init());
    hop_sign_keypair(&key, seed);
    return key;
}

/* One frame of each type, every field away from zero. */
static struct span sample(enum frame_type type)
{
    static const uint8_t binding[32] = {1}, cell[32] = {2};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    struct hello_scope scope = {binding, cell, true, 0};
    struct hop_sign_key key = key_of(7);
    struct frame_frontier frontier = {.flags = FRONTIER_STRANGER, .count = 2};
    struct frame_marks marks = {.count = 2};
    struct frame_probe probe = {.log = {1}, .answer = true, .count = 2};
    static const uint8_t name[32] = {6, 7};
    struct frame_want want = {0x102, 70000, 4096, name};
    struct frame_tell tell = {.counter = 5, .bytes = span_text("hello")};
    struct frame_piece piece = {0x102, 70000, 70007, span_text("piece")};
    struct frame_known known = {.hint = 4, .mac = {5}, .size = 70, .body = {6}};
    switch (type) {
    case FRAME_HELLO:
        frame_hello_put(&w, &scope, &key);
        break;
    case FRAME_FRONTIER:
        frontier.entries[0] = (struct frontier_entry){{9}, 77, {8}, LANE_BULK, false, false};
        frontier.entries[1] = (struct frontier_entry){{3}, 0, {0}, LANE_MEETING, true, true};
        frame_frontier_put(&w, &frontier);
        break;
    case FRAME_ACK:
        marks.items[0] = (struct frame_mark){{4}, 12, STOP_DISPUTED};
        marks.items[1] = (struct frame_mark){{5}, FRAME_SEQ_MAX, STOP_DISPUTED};
        frame_ack_put(&w, &marks);
        break;
    case FRAME_STOP:
        marks.items[0] = (struct frame_mark){{4}, 0, STOP_FORK};
        marks.items[1] = (struct frame_mark){{5}, 0, STOP_STRANGER};
        frame_stop_put(&w, &marks);
        break;
    case FRAME_KEEPALIVE:
        frame_keepalive_put(&w, &(struct frame_keepalive){{1}, {2}});
        break;
    case FRAME_WANT:
        frame_want_put(&w, &want);
        break;
    case FRAME_BLOB:
        frame_piece_put(&w, &piece);
        break;
    case FRAME_NOBLOB:
        frame_noblob_put(&w, 0x102);
        break;
    case FRAME_TELL:
        frame_tell_put(&w, &tell, binding, &key);
        break;
    case FRAME_PROBE:
        probe.heads[0].seq = 3;
        probe.heads[1].seq = FRAME_SEQ_MAX;
        probe.heads[1].head[7] = 9;
        frame_probe_put(&w, &probe);
        break;
    case FRAME_GREET:
        frame_greet_put(&w, &(struct frame_greet){{1, 2}, 3});
        break;
    case FRAME_KNOWN:
        frame_known_put(&w, &known);
        break;
    case FRAME_VOUCH:
        frame_vouch_put(&w, &(struct frame_vouch){{1, 2}});
        break;
    case FRAME_SEGMENT: /* segment_test.c */
    case FRAME_BRANCH:  /* fork_test.c */
    case FRAME_PROOF:
    case FRAME_SKETCH: /* these in exchange_test.c */
    case FRAME_NEXT:
    case FRAME_MORE:
    case FRAME_LIST:
    case FRAMES_END:
        break;
    }
    CHECK(!w.bad);
    return wire_written(&w);
}

static const enum frame_type types[] = {FRAME_HELLO, FRAME_FRONTIER, FRAME_ACK,       FRAME_STOP,
                                        FRAME_WANT,  FRAME_BLOB,     FRAME_KEEPALIVE, FRAME_NOBLOB,
                                        FRAME_TELL,  FRAME_PROBE,    FRAME_GREET,     FRAME_KNOWN,
                                        FRAME_VOUCH};
#define TYPES (sizeof types / sizeof types[0])

/* Parse as type and write again what was read: *ret is the size, or 0 if it did not parse. */
static int again(enum frame_type type, struct span frame, uint8_t *ret, size_t *ret_size)
{
    static struct frame_frontier frontier;
    static struct frame_marks marks;
    static struct frame_probe probe;
    struct frame_want want;
    struct frame_piece piece;
    uint16_t ask;
    struct frame_keepalive keepalive;
    struct frame_hello hello;
    struct frame_greet greet;
    struct frame_known known;
    struct frame_vouch vouch;
    struct frame_tell tell;
    struct wire_writer w = wire_writer(ret, sizeof bytes);
    int err = HOP_EMALFORMED;
    if (type == FRAME_FRONTIER && (err = frame_frontier_parse(&frontier, frame)) == HOP_OK)
        frame_frontier_put(&w, &frontier);
    if (type == FRAME_ACK && (err = frame_ack_parse(&marks, frame)) == HOP_OK)
        frame_ack_put(&w, &marks);
    if (type == FRAME_PROBE && (err = frame_probe_parse(&probe, frame)) == HOP_OK)
        frame_probe_put(&w, &probe);
    if (type == FRAME_STOP && (err = frame_stop_parse(&marks, frame)) == HOP_OK)
        frame_stop_put(&w, &marks);
    if (type == FRAME_KEEPALIVE && (err = frame_keepalive_parse(&keepalive, frame)) == HOP_OK)
        frame_keepalive_put(&w, &keepalive);
    if (type == FRAME_WANT && (err = frame_want_parse(&want, frame)) == HOP_OK)
        frame_want_put(&w, &want);
    if (type == FRAME_BLOB && (err = frame_piece_parse(&piece, frame)) == HOP_OK)
        frame_piece_put(&w, &piece);
    if (type == FRAME_GREET && (err = frame_greet_parse(&greet, frame)) == HOP_OK)
        frame_greet_put(&w, &greet);
    if (type == FRAME_KNOWN && (err = frame_known_parse(&known, frame)) == HOP_OK)
        frame_known_put(&w, &known);
    if (type == FRAME_VOUCH && (err = frame_vouch_parse(&vouch, frame)) == HOP_OK)
        frame_vouch_put(&w, &vouch);
    if (type == FRAME_NOBLOB && (err = frame_noblob_parse(&ask, frame)) == HOP_OK)
        frame_noblob_put(&w, ask);
    if (type == FRAME_HELLO && (err = frame_hello_parse(&hello, frame)) == HOP_OK) {
        wire_put_bytes(&w, frame.data, 3); /* these two are signed: spelled out here */
        wire_put_bytes(&w, hello.identity, 32);
        wire_put_bytes(&w, hello.sig, 64);
    }
    if (type == FRAME_TELL && (err = frame_tell_parse(&tell, frame)) == HOP_OK) {
        wire_put_u8(&w, FRAME_TELL);
        wire_put_u64(&w, tell.counter);
        wire_put_blob(&w, tell.bytes);
        wire_put_bytes(&w, tell.sig, 64);
    }
    *ret_size = w.used;
    return err;
}

/* What one device writes another would read as something else. */
TEST(frame_reads_back_what_was_put)
{
    static uint8_t copy[sizeof bytes];
    for (size_t i = 0; i < TYPES; i++) {
        size_t size;
        struct span frame = sample(types[i]);
        CHECK_OK(again(types[i], frame, copy, &size));
        CHECK_SPAN(SPAN(copy, size), frame);
    }
}

/* A frame cut short, or with something after it, would be taken for whole. */
TEST(frame_refuses_every_truncation_and_any_addition)
{
    static uint8_t copy[sizeof bytes];
    for (size_t i = 0; i < TYPES; i++) {
        size_t size;
        struct span frame = sample(types[i]);
        for (size_t cut = 0; cut < frame.size; cut++) {
            bool piece = types[i] == FRAME_BLOB && cut > BLOB_BYTES(0); /* a shorter piece */
            piece = piece || (types[i] == FRAME_WANT && cut == WANT_MORE_BYTES); /* no name */
            piece =
                piece || (types[i] == FRAME_KNOWN && cut >= KNOWN_BYTES(0)); /* less of a body */
            int err = again(types[i], SPAN(frame.data, cut), copy, &size);
            CHECK(piece ? err == HOP_OK : err != HOP_OK);
        }
        if (types[i] != FRAME_BLOB && types[i] != FRAME_KNOWN)
            CHECK(again(types[i], SPAN(frame.data, frame.size + 1), copy, &size) != HOP_OK);
    }
}

/* A value with two spellings has two hashes. */
TEST(frame_with_any_bit_flipped_is_refused_or_says_just_that)
{
    static uint8_t copy[sizeof bytes];
    for (size_t i = 0; i < TYPES; i++) {
        struct span frame = sample(types[i]);
        for (size_t bit = 0; bit < frame.size * 8; bit++) {
            size_t size;
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (again(types[i], frame, copy, &size) == HOP_OK)
                CHECK_SPAN(SPAN(copy, size), frame);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Anybody could pass as anybody. */
TEST(hello_with_any_bit_flipped_is_never_accepted)
{
    static const uint8_t binding[32] = {1}, cell[32] = {2};
    struct hello_scope scope = {binding, cell, true, 0};
    struct frame_hello hello;
    struct span frame = sample(FRAME_HELLO);
    CHECK_EQ(frame.size, HELLO_BYTES);
    CHECK_OK(frame_hello_parse(&hello, frame));
    CHECK_OK(frame_hello_verify(&hello, &scope));
    for (size_t bit = 0; bit < frame.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int err = frame_hello_parse(&hello, frame);
        if (err == HOP_OK)
            err = frame_hello_verify(&hello, &scope);
        CHECK(err != HOP_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A hello heard on one link could be played back on another, in another cell, or to its author. */
TEST(hello_is_good_for_one_end_of_one_link_of_one_cell)
{
    static const uint8_t binding[32] = {1}, cell[32] = {2}, other[32] = {3};
    const struct hello_scope wrong[] = {
        {other, cell, true, 0}, {binding, other, true, 0}, {binding, cell, false, 0}};
    struct frame_hello hello;
    CHECK_OK(frame_hello_parse(&hello, sample(FRAME_HELLO)));
    for (size_t i = 0; i < 3; i++)
        CHECK_ERR(frame_hello_verify(&hello, &wrong[i]), HOP_EAUTH);
}

/* A future version would be misread instead of refused. */
TEST(hello_of_another_version_says_so)
{
    struct frame_hello hello;
    struct span frame = sample(FRAME_HELLO);
    bytes[1] = FRAME_VERSION + 1;
    CHECK_ERR(frame_hello_parse(&hello, frame), HOP_EVERSION);
}

/* ---- the short greeting ---- */

static const uint8_t pair[32] = {7}, link_binding[32] = {8};
static const struct greet_scope greet_scope = {pair, link_binding, {{1, 2}, 3}};

static struct frame_known sealed_known(size_t size)
{
    struct frame_known known = {.hint = 9, .size = size};
    for (size_t i = 0; i < size; i++)
        known.body[i] = (uint8_t)i;
    greet_known_seal(&known, &greet_scope);
    return known;
}

/* What a device says before it knows to whom would be read by whoever asks. */
TEST(known_says_its_body_to_nobody_without_the_pair_key)
{
    for (size_t size = 0; size <= KNOWN_BODY_MAX; size++) {
        struct frame_known known = sealed_known(size);
        size_t same = 0;
        for (size_t i = 0; i < size; i++)
            same += known.body[i] == (uint8_t)i;
        CHECK(same <= 4); /* in 128 bytes of noise */
        CHECK_OK(greet_known_open(&known, &greet_scope));
        for (size_t i = 0; i < size; i++)
            CHECK_EQ(known.body[i], (uint8_t)i);
    }
}

/* Anybody could pass as anybody, or change what is said. */
TEST(known_with_any_bit_flipped_is_never_accepted)
{
    const struct frame_known known = sealed_known(70);
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_known_put(&w, &known);
    struct span frame = wire_written(&w);
    CHECK_EQ(frame.size, KNOWN_BYTES(70));
    for (size_t bit = 0; bit < frame.size * 8; bit++) {
        struct frame_known got;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int err = frame_known_parse(&got, frame);
        CHECK_ERR(err == HOP_OK ? greet_known_open(&got, &greet_scope) : err,
                  bit < 8 ? HOP_EMALFORMED : HOP_EAUTH);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A greeting heard on one link could be played back on another, or for another greeting. */
TEST(known_and_vouch_are_good_for_one_greeting_of_one_link)
{
    static const uint8_t other[32] = {9};
    const struct greet_scope wrong[] = {{other, link_binding, {{1, 2}, 3}},
                                        {pair, other, {{1, 2}, 3}},
                                        {pair, link_binding, {{1, 3}, 3}},
                                        {pair, link_binding, {{1, 2}, 4}}};
    struct frame_vouch vouch, again;
    const struct frame_known known = sealed_known(10);
    greet_vouch(&vouch, &greet_scope, known.mac);
    for (size_t i = 0; i < 4; i++) {
        struct frame_known got = known;
        CHECK_ERR(greet_known_open(&got, &wrong[i]), HOP_EAUTH);
        greet_vouch(&again, &wrong[i], known.mac);
        if (i < 2) /* the greeting is in what KNOWN says */
            CHECK(memcmp(again.mac, vouch.mac, sizeof vouch.mac) != 0);
    }
    greet_vouch(&again, &greet_scope, sealed_known(11).mac);
    CHECK(memcmp(again.mac, vouch.mac, sizeof vouch.mac) != 0);
    CHECK(memcmp(vouch.mac, known.mac, sizeof vouch.mac) != 0);
}

/* Who watches links could follow a device by its hint. */
TEST(greet_hints_of_two_links_or_two_ends_look_unrelated)
{
    static const uint8_t key[32] = {1}, other[32] = {2};
    uint8_t hints[4][GREET_HINT_BYTES];
    greet_hint(hints[0], key, link_binding, false, pair);
    greet_hint(hints[1], key, link_binding, true, pair);
    greet_hint(hints[2], key, other, false, pair);
    greet_hint(hints[3], other, link_binding, false, pair);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp(hints[i], hints[k], GREET_HINT_BYTES) != 0);
    }
}

/* Counts and numbers from outside would size loops and arithmetic. */
TEST(frame_refuses_values_beyond_their_limits)
{
    static struct frame_frontier frontier;
    struct frame_marks marks;
    struct frame_want want;
    struct span frame = sample(FRAME_FRONTIER);
    bytes[2] = 0xff; /* 65,282 entries */
    CHECK_ERR(frame_frontier_parse(&frontier, frame), HOP_EMALFORMED);
    frame = sample(FRAME_FRONTIER);
    bytes[4 + 1 + 32] = 0x80; /* number beyond FRAME_SEQ_MAX */
    CHECK_ERR(frame_frontier_parse(&frontier, frame), HOP_EMALFORMED);
    frame = sample(FRAME_FRONTIER);
    bytes[4] = 3; /* no such lane */
    CHECK_ERR(frame_frontier_parse(&frontier, frame), HOP_EMALFORMED);
    frame = sample(FRAME_ACK);
    bytes[1] = 0;
    CHECK_ERR(frame_ack_parse(&marks, frame), HOP_EMALFORMED);
    frame = sample(FRAME_WANT);
    memset(bytes + 7, 0, 4); /* of no bytes */
    CHECK_ERR(frame_want_parse(&want, frame), HOP_EMALFORMED);
    frame = sample(FRAME_BLOB);
    struct frame_piece piece;
    CHECK_OK(frame_piece_parse(&piece, frame));
    bytes[10] -= 3; /* its end is beyond the end of the blob */
    CHECK_ERR(frame_piece_parse(&piece, frame), HOP_EMALFORMED);
    bytes[3] = 0xff; /* far beyond: the sum would wrap */
    CHECK_ERR(frame_piece_parse(&piece, frame), HOP_EMALFORMED);
}

/* A short message could be put into another's mouth, or moved to another link. */
TEST(tell_is_bound_to_its_link_and_its_author)
{
    static const uint8_t binding[32] = {1}, other[32] = {3};
    struct frame_tell tell;
    struct hop_sign_key key = key_of(7), stranger = key_of(8);
    struct span frame = sample(FRAME_TELL);
    CHECK_OK(frame_tell_parse(&tell, frame));
    CHECK_OK(frame_tell_verify(&tell, binding, key.public_key));
    CHECK_ERR(frame_tell_verify(&tell, other, key.public_key), HOP_EAUTH);
    CHECK_ERR(frame_tell_verify(&tell, binding, stranger.public_key), HOP_EAUTH);
    tell.counter++;
    CHECK_ERR(frame_tell_verify(&tell, binding, key.public_key), HOP_EAUTH);
}

/* What another program writes of blobs must be what we write. */
TEST(frames_of_blobs_are_those_of_the_vectors)
{
    struct vectors v = vectors_open("tests/vectors/sync/blob.txt");
    uint8_t names[96], chunk[64], frame[64];
    (void)vectors_bytes(&v, "names", names, sizeof names);
    struct span last = vectors_bytes(&v, "last_chunk", chunk, sizeof chunk);
    struct wire_writer w = wire_writer(frame, sizeof frame);
    frame_want_put(&w, &(struct frame_want){258, 0, 20, names + 64});
    vectors_check(&v, "want", wire_written(&w));
    w = wire_writer(frame, sizeof frame);
    frame_want_put(&w, &(struct frame_want){258, 20, 2, NULL});
    vectors_check(&v, "want_more", wire_written(&w));
    w = wire_writer(frame, sizeof frame);
    frame_piece_put(&w, &(struct frame_piece){258, 20, (uint32_t)last.size, SPAN(chunk + 20, 2)});
    vectors_check(&v, "piece", wire_written(&w));
    w = wire_writer(frame, sizeof frame);
    frame_noblob_put(&w, 258);
    vectors_check(&v, "noblob", wire_written(&w));
    vectors_close(&v);
}
