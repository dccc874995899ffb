/* The voice packet: what is sealed opens, and nothing else does; replay; announcements. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audio/announce.h"
#include "audio/packet.h"

static const uint8_t frame_bytes[] = "twenty milliseconds of speech";
static const uint8_t copy_bytes[] = "and of before";

struct sealed {
    uint8_t bytes[PACKET_BYTES_MAX];
    size_t size;
};

static void key_make(struct packet_key *ret, uint8_t epoch, uint8_t who, uint8_t stream)
{
    uint8_t epoch_key[32] = {epoch}, meeting[32] = {5}, media[32], identity[32] = {who};
    uint8_t stream_id[8] = {stream};
    packet_media_key(media, epoch_key, meeting);
    packet_stream_key(ret, media, identity, stream_id);
}

static struct sealed seal(const struct packet_key *key, uint32_t counter, uint8_t ttl)
{
    struct sealed s;
    struct packet_head head = {.type = PACKET_VOICE,
                               .ttl = ttl,
                               .flags = PACKET_START,
                               .tag = key->tag,
                               .sender = 7,
                               .counter = counter};
    struct packet_body body = {.level = 33,
                               .speaking = true,
                               .frame = SPAN(frame_bytes, sizeof frame_bytes),
                               .copies = {{2, SPAN(copy_bytes, sizeof copy_bytes)}, {5, {0}}},
                               .copies_count = 2};
    s.size = packet_seal(s.bytes, key, &head, &body);
    return s;
}

/* A packet says to its receiver what its sender meant. */
static void packet_opens_to_what_was_sealed(void **state)
{
    (void)state;
    struct packet_key key;
    struct packet_head head;
    struct packet_body body;
    uint8_t text[PACKET_BYTES_MAX];
    key_make(&key, 1, 2, 3);
    struct sealed s = seal(&key, 0x01020304, 3);
    assert_int_equal(packet_head_parse(&head, SPAN(s.bytes, s.size)), HOP_OK);
    assert_int_equal(head.counter, 0x01020304);
    assert_int_equal(head.ttl, 3);
    assert_int_equal(head.sender, 7);
    assert_int_equal(head.flags, PACKET_START);
    assert_int_equal(packet_open(&body, text, &key, SPAN(s.bytes, s.size)), HOP_OK);
    assert_int_equal(body.level, 33);
    assert_true(body.speaking);
    assert_true(span_equal(body.frame, SPAN(frame_bytes, sizeof frame_bytes)));
    assert_int_equal(body.copies_count, 2);
    assert_int_equal(body.copies[0].distance, 2);
    assert_true(span_equal(body.copies[0].frame, SPAN(copy_bytes, sizeof copy_bytes)));
    assert_int_equal(body.copies[1].frame.size, 0);
}

/* Without copies a packet costs 28 bytes more than its frame: notes and docs promise it. */
static void packet_adds_28_bytes(void **state)
{
    (void)state;
    struct packet_key key;
    uint8_t bytes[PACKET_BYTES_MAX];
    key_make(&key, 1, 2, 3);
    struct packet_head head = {.type = PACKET_VOICE, .tag = key.tag};
    struct packet_body body = {.frame = SPAN(frame_bytes, sizeof frame_bytes)};
    assert_int_equal(packet_seal(bytes, &key, &head, &body), 28 + sizeof frame_bytes);
}

/* Cut anywhere, or lengthened, it must be refused. */
static void packet_refuses_every_truncation(void **state)
{
    (void)state;
    struct packet_key key;
    struct packet_body body;
    uint8_t text[PACKET_BYTES_MAX];
    key_make(&key, 1, 2, 3);
    struct sealed s = seal(&key, 9, 0);
    for (size_t size = 0; size < s.size; size++)
        assert_int_not_equal(packet_open(&body, text, &key, SPAN(s.bytes, size)), HOP_OK);
    s.bytes[s.size] = 0;
    assert_int_not_equal(packet_open(&body, text, &key, SPAN(s.bytes, s.size + 1)), HOP_OK);
}

/* Every bit is vouched for, except the three a relay may change. */
static void packet_refuses_every_flipped_bit_but_the_ttl(void **state)
{
    (void)state;
    struct packet_key key;
    struct packet_body body;
    uint8_t text[PACKET_BYTES_MAX];
    key_make(&key, 1, 2, 3);
    struct sealed s = seal(&key, 9, 5);
    for (size_t bit = 0; bit < 8 * s.size; bit++) {
        bool ttl = bit / 8 == 1 && bit % 8 >= 5;
        s.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int err = packet_open(&body, text, &key, SPAN(s.bytes, s.size));
        if ((err == HOP_OK) != ttl)
            fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8, hop_error_name(err));
        s.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Another epoch, another device, another incarnation: another key. */
static void packet_refuses_another_key(void **state)
{
    (void)state;
    struct packet_key key, other;
    struct packet_body body;
    uint8_t text[PACKET_BYTES_MAX];
    static const uint8_t others[][3] = {{9, 2, 3}, {1, 9, 3}, {1, 2, 9}};
    key_make(&key, 1, 2, 3);
    struct sealed s = seal(&key, 9, 0);
    for (size_t i = 0; i < 3; i++) {
        key_make(&other, others[i][0], others[i][1], others[i][2]);
        assert_int_equal(packet_open(&body, text, &other, SPAN(s.bytes, s.size)), HOP_EAUTH);
    }
}

/* A member with the key can seal nonsense: lengths inside are checked all the same. */
static void packet_refuses_nonsense_from_a_member(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t text[8];
        size_t size;
    } cases[] = {
        {"more copies than allowed", {0, 3, 1, 0, 1, 0, 1, 0}, 8},
        {"copies cut off", {0, 2, 1, 0}, 4},
        {"copy longer than the packet", {0, 1, 1, 200, 0}, 5},
        {"copy at distance 0", {0, 1, 0, 1, 0}, 5},
        {"copy too far back", {0, 1, 51, 1, 0}, 5},
    };
    struct packet_key key;
    struct packet_body body;
    key_make(&key, 1, 2, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[PACKET_BYTES_MAX], text[PACKET_BYTES_MAX], nonce[12];
        uint8_t head[PACKET_HEAD_BYTES] = {PACKET_VERSION << 4 | PACKET_VOICE};
        memcpy(bytes, head, sizeof head);
        memcpy(nonce, key.salt, sizeof nonce);
        hop_seal_short(bytes + PACKET_HEAD_BYTES, key.key, nonce, SPAN(head, sizeof head),
                       SPAN(cases[i].text, cases[i].size));
        struct span p = SPAN(bytes, PACKET_HEAD_BYTES + cases[i].size + CRYPTO_TAG_BYTES);
        if (packet_open(&body, text, &key, p) != HOP_EMALFORMED)
            fail_msg("%s", cases[i].what);
    }
}

/* Once is once, in any order, and what is too old to know is refused. */
static void replay_window_takes_each_counter_once(void **state)
{
    (void)state;
    struct packet_replay r = {0};
    static const struct {
        uint32_t counter;
        bool fresh;
    } story[] = {{1000, true},  {1000, false}, {1002, true},  {1001, true},       {1001, false},
                 {875, true},   {874, false},  {1063, true},  {1002, false},      {1129, true},
                 {1001, false}, {1064, true},  {1063, false}, {5000, true},       {1129, false},
                 {4999, true},  {4873, true},  {4872, false}, {UINT32_MAX, true}, {5000, false}};
    for (size_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        if (packet_replay_fresh(&r, story[i].counter) != story[i].fresh)
            fail_msg("step %zu, counter %u", i, story[i].counter);
        if (story[i].fresh)
            packet_replay_commit(&r, story[i].counter);
    }
}

/* The window agrees with a list of everything seen, over many random counters. */
static void replay_window_agrees_with_a_plain_list(void **state)
{
    (void)state;
    static bool seen[4096];
    struct packet_replay r = {0};
    uint32_t newest = 0, x = 12345, at = 200;
    for (size_t i = 0; i < 20000; i++) {
        x = x * 1664525 + 1013904223;
        uint32_t c = at + (x >> 16) % 200;
        c = c > 150 ? c - 150 : 0;
        if (c >= 4096)
            break;
        bool want = !seen[c] && (!r.any || c > newest || newest - c < REPLAY_WINDOW);
        assert_int_equal(packet_replay_fresh(&r, c), want);
        if (want) {
            packet_replay_commit(&r, c);
            seen[c] = true;
            newest = c > newest ? c : newest;
        }
        at += i % 5 == 0;
    }
}

/* An announcement survives the wire; cut, lengthened or of a later version it is refused. */
static void announcement_is_read_as_it_was_put(void **state)
{
    (void)state;
    struct announce a = {
        .meeting = {1, 2}, .stream_id = {3}, .sender = 9, .port = 4870, .flags = 2};
    struct announce b = {0};
    uint8_t bytes[ANNOUNCE_BYTES + 1] = {0};
    announce_put(bytes, &a);
    assert_int_equal(announce_parse(&b, SPAN(bytes, ANNOUNCE_BYTES)), HOP_OK);
    assert_memory_equal(&a.meeting, &b.meeting, 32);
    assert_memory_equal(&a.stream_id, &b.stream_id, 8);
    assert_int_equal(b.port, 4870);
    assert_int_equal(b.sender, 9);
    assert_int_equal(b.flags, ANNOUNCE_ASK);
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_int_equal(announce_parse(&b, SPAN(bytes, size)) == HOP_OK, size == ANNOUNCE_BYTES);
    bytes[1] = 2;
    assert_int_equal(announce_parse(&b, SPAN(bytes, ANNOUNCE_BYTES)), HOP_EMALFORMED);
    bytes[1] = 1;
    bytes[46] = 4;
    assert_int_equal(announce_parse(&b, SPAN(bytes, ANNOUNCE_BYTES)), HOP_EMALFORMED);
    bytes[46] = bytes[45] = bytes[44] = 0;
    assert_int_equal(announce_parse(&b, SPAN(bytes, ANNOUNCE_BYTES)), HOP_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet_opens_to_what_was_sealed),
        cmocka_unit_test(packet_adds_28_bytes),
        cmocka_unit_test(packet_refuses_every_truncation),
        cmocka_unit_test(packet_refuses_every_flipped_bit_but_the_ttl),
        cmocka_unit_test(packet_refuses_another_key),
        cmocka_unit_test(packet_refuses_nonsense_from_a_member),
        cmocka_unit_test(replay_window_takes_each_counter_once),
        cmocka_unit_test(replay_window_agrees_with_a_plain_list),
        cmocka_unit_test(announcement_is_read_as_it_was_put),
    };
    return hop_init() == HOP_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
