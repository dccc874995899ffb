/* fuzz: mesh crypto base */
/* A datagram from the air, and a plain text that somebody with the key has sealed. */
#include "mesh/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = {1}, nonce[24] = {2};
    uint8_t packet[BEACON_BYTES] = {0}, plain[168] = {0};
    struct beacon_opened o;
    if (hop_init() != HOP_OK)
        return 0;
    if (beacon_open(&o, SPAN(data, size), key) == HOP_OK)
        (void)beacon_verify(&o, key);
    if (size > 0)
        memcpy(plain, data, size < sizeof plain ? size : sizeof plain);
    memcpy(packet, nonce, sizeof nonce);
    hop_seal(packet + sizeof nonce, key, nonce, (struct span){0}, SPAN(plain, sizeof plain));
    if (beacon_open(&o, SPAN(packet, sizeof packet), key) == HOP_OK)
        (void)beacon_verify(&o, key);
    return 0;
}
