#include "mesh/beacon.h"

#include "tests/lib/test.h"

static struct hop_sign_key signer;
static const uint8_t key[32] = {5};
static const struct beacon sample = {
    .flags = BEACON_FLAG_REPLY,
    .link_port = 4870,
    .voice_port = 4871,
    .device_tag = {1, 2},
    .server_key = {3, 4},
    .boot = {5},
    .counter = 9,
    .root_salt = {6},
    .root = {7},
    .address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1},
};

static void seal(uint8_t ret[static BEACON_BYTES], uint8_t nonce_byte)
{
    uint8_t nonce[24] = {nonce_byte}, seed[32] = {1};
    CHECK_OK(hop_init());
    hop_sign_keypair(&signer, seed);
    beacon_seal(ret, &sample, key, nonce, &signer);
}

/* Devices would not find each other. */
TEST(beacon_opens_to_what_was_sealed)
{
    uint8_t packet[BEACON_BYTES];
    struct beacon_opened o;
    seal(packet, 1);
    CHECK_OK(beacon_open(&o, SPAN(packet, sizeof packet), key));
    CHECK_EQ(o.beacon.flags, sample.flags);
    CHECK_EQ(o.beacon.link_port, 4870);
    CHECK_EQ(o.beacon.voice_port, 4871);
    CHECK_EQ(o.beacon.counter, 9);
    CHECK_BYTES(o.beacon.device_tag, sample.device_tag, 16);
    CHECK_BYTES(o.beacon.server_key, sample.server_key, 32);
    CHECK_BYTES(o.beacon.boot, sample.boot, 8);
    CHECK_BYTES(o.beacon.root_salt, sample.root_salt, 8);
    CHECK_BYTES(o.beacon.root, sample.root, 8);
    CHECK_BYTES(o.beacon.address, sample.address, 16);
    CHECK_OK(beacon_verify(&o, signer.public_key));
}

/* Any member could send beacons in another's name. */
TEST(beacon_of_another_signer_is_refused)
{
    uint8_t packet[BEACON_BYTES], seed[32] = {2};
    struct hop_sign_key other;
    struct beacon_opened o;
    seal(packet, 1);
    hop_sign_keypair(&other, seed);
    CHECK_OK(beacon_open(&o, SPAN(packet, sizeof packet), key));
    CHECK_ERR(beacon_verify(&o, other.public_key), HOP_EAUTH);
    o.plain[0] ^= 1;
    CHECK_ERR(beacon_verify(&o, signer.public_key), HOP_EAUTH);
}

/* An outsider could read it, or change it on the way. */
TEST(beacon_refuses_a_wrong_key_and_every_flipped_bit)
{
    uint8_t packet[BEACON_BYTES], wrong[32] = {6};
    struct beacon_opened o;
    seal(packet, 1);
    CHECK_ERR(beacon_open(&o, SPAN(packet, sizeof packet), wrong), HOP_EAUTH);
    for (size_t bit = 0; bit < sizeof packet * 8; bit++) {
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(beacon_open(&o, SPAN(packet, sizeof packet), key), HOP_EAUTH);
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Datagrams of another size would be parsed. */
TEST(beacon_has_one_size)
{
    uint8_t packet[BEACON_BYTES + 1] = {0};
    struct beacon_opened o;
    seal(packet, 1);
    for (size_t size = 0; size <= sizeof packet; size++) {
        if (size != BEACON_BYTES)
            CHECK_ERR(beacon_open(&o, SPAN(packet, size), key), HOP_EMALFORMED);
    }
}

/* Reserved bits that somebody set would be lost when they come to mean something. */
TEST(beacon_with_unknown_flags_or_padding_is_malformed)
{
    static const size_t places[] = {0, 1, 98, 103}; /* protocol, flags, first and last zero */
    uint8_t plain[168], packet[BEACON_BYTES] = {0};
    struct beacon_opened o;
    for (size_t i = 0; i < 4; i++) {
        seal(packet, 1);
        CHECK_OK(beacon_open(&o, SPAN(packet, sizeof packet), key));
        memcpy(plain, o.plain, sizeof plain);
        plain[places[i]] ^= 0x80;
        hop_seal(packet + 24, key, packet, (struct span){0}, SPAN(plain, sizeof plain));
        CHECK_ERR(beacon_open(&o, SPAN(packet, sizeof packet), key), HOP_EMALFORMED);
    }
}

/* Somebody who listens could tell that two beacons are of one device, or of one cell. */
TEST(two_beacons_of_one_device_look_unrelated)
{
    uint8_t a[BEACON_BYTES], b[BEACON_BYTES];
    size_t equal = 0;
    seal(a, 1);
    seal(b, 2);
    for (size_t i = 24; i < BEACON_BYTES; i++) /* behind the nonce, which is random */
        equal += a[i] == b[i];
    CHECK(equal < 8); /* 184 bytes of chance share 0.7 on average, 8 once in 10 million */
}
