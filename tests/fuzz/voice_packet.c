/* fuzz: audio crypto base */
#include "audio/announce.h"
#include "audio/pipeline.h"
#include "audio/riff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pipeline_stream self = {.identity = {1}}, other = {.identity = {2}};

/* A member who holds the key and seals whatever it likes: flags, counter step, size, text, again
 * and again; the listener plays on in between. */
static void hear_a_liar(struct pipeline *p, const uint8_t *data, size_t size)
{
    struct packet_key key;
    uint32_t counter = 0;
    hop_time now = HOP_SECOND;
    packet_stream_key(&key, other.media_key, other.identity, other.stream_id);
    while (size >= 3) {
        uint8_t packet[PACKET_BYTES_MAX] = {PACKET_VERSION << 4 | PACKET_VOICE, data[0] & 0xe3,
                                            (uint8_t)(key.tag >> 8), (uint8_t)key.tag};
        uint8_t ad[PACKET_HEAD_BYTES], nonce[CRYPTO_SHORT_NONCE_BYTES];
        int16_t tick[VOICE_TICK_SAMPLES];
        size_t n = data[2] < size - 3 ? data[2] : size - 3;
        counter += data[1] < 250 ? data[1] : (uint32_t)data[1] << 24;
        for (unsigned i = 0; i < 4; i++)
            packet[6 + i] = (uint8_t)(counter >> (24 - 8 * i));
        memcpy(ad, packet, sizeof ad);
        ad[1] &= 31;
        memcpy(nonce, key.salt, sizeof nonce);
        for (unsigned i = 0; i < 4; i++)
            nonce[8 + i] ^= packet[6 + i];
        hop_seal_short(packet + PACKET_HEAD_BYTES, key.key, nonce, SPAN(ad, sizeof ad),
                       SPAN(data + 3, n));
        if (pipeline_receive(p, now, SPAN(packet, PACKET_OVERHEAD - 2 + n)) == HOP_EAUTH)
            abort();
        now += data[0] / 16 * HOP_MS;
        pipeline_play(p, now, tick);
        data += 3 + n;
        size -= 3 + n;
    }
}

/* The first byte chooses: an announcement, a WAV file, a datagram from anybody, or a liar. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pipeline *p = NULL;
    struct announce a;
    struct span samples;
    if (size < 1 || hop_init() != HOP_OK)
        return 0;
    struct span rest = SPAN(data + 1, size - 1);
    if (data[0] % 4 == 0 && announce_parse(&a, rest) == HOP_OK) {
        uint8_t again[ANNOUNCE_BYTES];
        announce_put(again, &a);
        if (!span_equal(SPAN(again, sizeof again), rest))
            abort();
    }
    if (data[0] % 4 == 1 && riff_parse(&samples, rest) == RIFF_FINE &&
        (samples.size > rest.size || samples.size % 2 != 0))
        abort();
    if (data[0] % 4 < 2 || pipeline_new(&p, &self) != HOP_OK || pipeline_add(p, &other) != HOP_OK)
        return 0;
    if (data[0] % 4 == 2 && pipeline_receive(p, 0, rest) == HOP_OK)
        abort();
    if (data[0] % 4 == 3)
        hear_a_liar(p, rest.data, rest.size);
    pipeline_free(p);
    return 0;
}
