#include "mesh/beacon.h"

#include <assert.h>

#include "base/wire.h"

#define PLAIN_BYTES   BEACON_PLAIN_BYTES
#define COVERED_BYTES (PLAIN_BYTES - CRYPTO_SIG_BYTES)
#define BEACON_PROTO  1
#define BEACON_FLAGS  (BEACON_FLAG_JOINER | BEACON_FLAG_REPLY)

_Static_assert(BEACON_BYTES == CRYPTO_NONCE_BYTES + PLAIN_BYTES + CRYPTO_TAG_BYTES,
               "beacon layout");

static void beacon_put(uint8_t ret[static PLAIN_BYTES], const struct beacon *b)
{
    struct wire_writer w = wire_writer(ret, COVERED_BYTES);
    wire_put_u8(&w, BEACON_PROTO);
    wire_put_u8(&w, b->flags);
    wire_put_u16(&w, b->link_port);
    wire_put_u16(&w, b->voice_port);
    wire_put_bytes(&w, b->device_tag, sizeof b->device_tag);
    wire_put_bytes(&w, b->server_key, sizeof b->server_key);
    wire_put_bytes(&w, b->boot, sizeof b->boot);
    wire_put_u32(&w, b->counter);
    wire_put_bytes(&w, b->root_salt, sizeof b->root_salt);
    wire_put_bytes(&w, b->root, sizeof b->root);
    wire_put_bytes(&w, b->address, sizeof b->address);
    wire_put_zeros(&w, COVERED_BYTES - w.used);
    assert(!w.bad);
}

static int beacon_parse(struct beacon *ret, const uint8_t plain[static PLAIN_BYTES])
{
    struct wire_reader r = wire_reader(plain, COVERED_BYTES);
    struct beacon b;
    unsigned proto = wire_get_u8(&r);
    b.flags = wire_get_u8(&r);
    b.link_port = wire_get_u16(&r);
    b.voice_port = wire_get_u16(&r);
    wire_get_into(&r, b.device_tag, sizeof b.device_tag);
    wire_get_into(&r, b.server_key, sizeof b.server_key);
    wire_get_into(&r, b.boot, sizeof b.boot);
    b.counter = wire_get_u32(&r);
    wire_get_into(&r, b.root_salt, sizeof b.root_salt);
    wire_get_into(&r, b.root, sizeof b.root);
    wire_get_into(&r, b.address, sizeof b.address);
    wire_get_zeros(&r, r.left);
    if (!wire_end(&r) || proto != BEACON_PROTO || (b.flags & ~BEACON_FLAGS) != 0)
        return HOP_EMALFORMED;
    *ret = b;
    return HOP_OK;
}

void beacon_seal(uint8_t ret[static BEACON_BYTES], const struct beacon *b,
                 const uint8_t key[static CRYPTO_KEY_BYTES],
                 const uint8_t nonce[static CRYPTO_NONCE_BYTES], const struct hop_sign_key *signer)
{
    uint8_t plain[PLAIN_BYTES];
    beacon_put(plain, b);
    hop_sign(plain + COVERED_BYTES, signer, LABEL_BEACON_SIG, SPAN(plain, COVERED_BYTES));
    beacon_wrap(ret, plain, key, nonce);
}

void beacon_wrap(uint8_t ret[static BEACON_BYTES], const uint8_t plain[static BEACON_PLAIN_BYTES],
                 const uint8_t key[static CRYPTO_KEY_BYTES],
                 const uint8_t nonce[static CRYPTO_NONCE_BYTES])
{
    memcpy(ret, nonce, CRYPTO_NONCE_BYTES);
    hop_seal(ret + CRYPTO_NONCE_BYTES, key, nonce, (struct span){0}, SPAN(plain, PLAIN_BYTES));
}

int beacon_unwrap(uint8_t ret[static BEACON_PLAIN_BYTES], struct span packet,
                  const uint8_t key[static CRYPTO_KEY_BYTES])
{
    if (packet.size != BEACON_BYTES)
        return HOP_EMALFORMED;
    struct span sealed = SPAN(packet.data + CRYPTO_NONCE_BYTES, BEACON_BYTES - CRYPTO_NONCE_BYTES);
    return hop_open(ret, key, packet.data, (struct span){0}, sealed);
}

int beacon_open(struct beacon_opened *ret, struct span packet,
                const uint8_t key[static CRYPTO_KEY_BYTES])
{
    struct beacon_opened o;
    int err = beacon_unwrap(o.plain, packet, key);
    if (err != HOP_OK)
        return err;
    err = beacon_parse(&o.beacon, o.plain);
    if (err != HOP_OK)
        return err;
    *ret = o;
    return HOP_OK;
}

int beacon_verify(const struct beacon_opened *o, const uint8_t public_key[static 32])
{
    return hop_verify(o->plain + COVERED_BYTES, public_key, LABEL_BEACON_SIG,
                      SPAN(o->plain, COVERED_BYTES));
}
