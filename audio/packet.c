#include "audio/packet.h"

#include <assert.h>

#include "base/wire.h"

#define SPEAKING_BIT 0x80

void packet_media_key(uint8_t ret[static CRYPTO_KEY_BYTES],
                      const uint8_t epoch_key[static CRYPTO_KEY_BYTES],
                      const uint8_t meeting[static 32])
{
    hop_derive(ret, CRYPTO_KEY_BYTES, epoch_key, LABEL_MEDIA, SPAN(meeting, 32));
}

void packet_stream_key(struct packet_key *ret, const uint8_t media_key[static CRYPTO_KEY_BYTES],
                       const uint8_t identity[static 32], const uint8_t stream_id[static 8])
{
    uint8_t context[40], out[CRYPTO_KEY_BYTES + CRYPTO_SHORT_NONCE_BYTES + 2];
    memcpy(context, identity, 32);
    memcpy(context + 32, stream_id, 8);
    hop_derive(out, sizeof out, media_key, LABEL_STREAM, SPAN(context, sizeof context));
    struct wire_reader r = wire_reader(out, sizeof out);
    wire_get_into(&r, ret->key, sizeof ret->key);
    wire_get_into(&r, ret->salt, sizeof ret->salt);
    ret->tag = wire_get_u16(&r);
    assert(wire_end(&r));
    hop_wipe(out, sizeof out);
}

int packet_head_parse(struct packet_head *ret, struct span packet)
{
    struct wire_reader r = wire_reader(packet.data, packet.size);
    struct packet_head h;
    uint8_t first = wire_get_u8(&r);
    uint8_t second = wire_get_u8(&r);
    h.type = first & 15;
    h.ttl = second >> 5;
    h.flags = second & 31;
    h.tag = wire_get_u16(&r);
    h.sender = wire_get_u16(&r);
    h.counter = wire_get_u32(&r);
    if (r.bad || first >> 4 != PACKET_VERSION || h.type != PACKET_VOICE ||
        (h.flags & ~PACKET_FLAGS) != 0)
        return HOP_EMALFORMED;
    if (packet.size < PACKET_OVERHEAD || packet.size > PACKET_BYTES_MAX)
        return HOP_EMALFORMED;
    *ret = h;
    return HOP_OK;
}

static void head_put(struct wire_writer *w, const struct packet_head *h)
{
    wire_put_u8(w, (uint8_t)(PACKET_VERSION << 4 | h->type));
    wire_put_u8(w, (uint8_t)(h->ttl << 5 | h->flags));
    wire_put_u16(w, h->tag);
    wire_put_u16(w, h->sender);
    wire_put_u32(w, h->counter);
}

/* The header as the sender sealed it, whatever relays have done to the ttl since. */
static void head_without_ttl(uint8_t ret[static PACKET_HEAD_BYTES], const uint8_t *packet)
{
    memcpy(ret, packet, PACKET_HEAD_BYTES);
    ret[1] &= 31;
}

static void nonce_of(uint8_t ret[static CRYPTO_SHORT_NONCE_BYTES], const struct packet_key *key,
                     uint32_t counter)
{
    memcpy(ret, key->salt, CRYPTO_SHORT_NONCE_BYTES);
    for (unsigned i = 0; i < 4; i++)
        ret[8 + i] ^= (uint8_t)(counter >> (24 - 8 * i));
}

size_t packet_seal(uint8_t ret[static PACKET_BYTES_MAX], const struct packet_key *key,
                   const struct packet_head *head, const struct packet_body *body)
{
    assert(head->ttl < 8 && head->flags <= PACKET_FLAGS && head->tag == key->tag);
    assert(body->frame.size <= PACKET_FRAME_BYTES_MAX && body->level <= VOICE_LEVEL_SILENT);
    assert(body->copies_count <= PACKET_COPIES_MAX);
    uint8_t text[PACKET_BYTES_MAX], ad[PACKET_HEAD_BYTES], nonce[CRYPTO_SHORT_NONCE_BYTES];
    struct wire_writer w = wire_writer(text, sizeof text);
    wire_put_u8(&w, (uint8_t)(body->level | (body->speaking ? SPEAKING_BIT : 0)));
    wire_put_u8(&w, (uint8_t)body->copies_count);
    for (size_t i = 0; i < body->copies_count; i++) {
        assert(body->copies[i].frame.size <= PACKET_COPY_BYTES_MAX);
        wire_put_u8(&w, body->copies[i].distance);
        wire_put_u8(&w, (uint8_t)body->copies[i].frame.size);
    }
    wire_put_bytes(&w, body->frame.data, body->frame.size);
    for (size_t i = 0; i < body->copies_count; i++)
        wire_put_bytes(&w, body->copies[i].frame.data, body->copies[i].frame.size);
    assert(!w.bad);

    struct wire_writer h = wire_writer(ret, PACKET_HEAD_BYTES);
    head_put(&h, head);
    head_without_ttl(ad, ret);
    nonce_of(nonce, key, head->counter);
    hop_seal_short(ret + PACKET_HEAD_BYTES, key->key, nonce, SPAN(ad, sizeof ad), wire_written(&w));
    hop_wipe(text, w.used);
    return PACKET_HEAD_BYTES + w.used + CRYPTO_TAG_BYTES;
}

/* The opened text is signed for by whoever holds the key, which is any member: still a stranger. */
static int body_parse(struct packet_body *ret, struct span text)
{
    struct wire_reader r = wire_reader(text.data, text.size);
    struct packet_body b = {0};
    size_t sizes[PACKET_COPIES_MAX] = {0}, total = 0;
    uint8_t level = wire_get_u8(&r);
    b.level = level & (SPEAKING_BIT - 1);
    b.speaking = (level & SPEAKING_BIT) != 0;
    b.copies_count = wire_get_u8(&r);
    if (b.copies_count > PACKET_COPIES_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < b.copies_count; i++) {
        b.copies[i].distance = wire_get_u8(&r);
        sizes[i] = wire_get_u8(&r);
        total += sizes[i];
        if (b.copies[i].distance == 0 || b.copies[i].distance > PACKET_DISTANCE_MAX)
            return HOP_EMALFORMED;
    }
    if (r.bad || r.left < total || r.left - total > PACKET_FRAME_BYTES_MAX)
        return HOP_EMALFORMED;
    b.frame = wire_get_bytes(&r, r.left - total);
    for (size_t i = 0; i < b.copies_count; i++)
        b.copies[i].frame = wire_get_bytes(&r, sizes[i]);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = b;
    return HOP_OK;
}

int packet_open(struct packet_body *ret, uint8_t text[static PACKET_BYTES_MAX],
                const struct packet_key *key, struct span packet)
{
    struct packet_head head;
    uint8_t ad[PACKET_HEAD_BYTES], nonce[CRYPTO_SHORT_NONCE_BYTES];
    int err = packet_head_parse(&head, packet);
    if (err != HOP_OK)
        return err;
    struct span sealed = SPAN(packet.data + PACKET_HEAD_BYTES, packet.size - PACKET_HEAD_BYTES);
    head_without_ttl(ad, packet.data);
    nonce_of(nonce, key, head.counter);
    err = hop_open_short(text, key->key, nonce, SPAN(ad, sizeof ad), sealed);
    if (err != HOP_OK)
        return err;
    return body_parse(ret, SPAN(text, sealed.size - CRYPTO_TAG_BYTES));
}

bool packet_replay_fresh(const struct packet_replay *r, uint32_t counter)
{
    if (!r->any || counter > r->newest)
        return true;
    uint32_t age = r->newest - counter;
    return age < REPLAY_WINDOW && (r->seen[age / 64] >> (age % 64) & 1) == 0;
}

static void window_shift(struct packet_replay *r, uint32_t by)
{
    if (by >= REPLAY_WINDOW) {
        r->seen[0] = r->seen[1] = 0;
    } else if (by >= 64) {
        r->seen[1] = r->seen[0] << (by - 64);
        r->seen[0] = 0;
    } else if (by > 0) {
        r->seen[1] = r->seen[1] << by | r->seen[0] >> (64 - by);
        r->seen[0] <<= by;
    }
}

void packet_replay_commit(struct packet_replay *r, uint32_t counter)
{
    assert(packet_replay_fresh(r, counter));
    if (!r->any || counter > r->newest) {
        window_shift(r, r->any ? counter - r->newest : REPLAY_WINDOW);
        r->newest = counter;
        r->any = true;
    }
    uint32_t age = r->newest - counter;
    r->seen[age / 64] |= UINT64_C(1) << (age % 64);
}
