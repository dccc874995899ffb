/* fuzz: toy cell store base */
#include "cell/epoch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as the slots of an epoch. With the first byte odd, they are laid over a good text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[EPOCH_TEXT_BYTES_MAX + 64];
    uint8_t seed[32] = {1}, secret[32] = {2}, id[32] = {3};
    struct epoch_context context = {.cell_id = id, .log = id};
    struct hop_box_key kem;
    struct hop_drbg drbg;
    struct epoch e, got;
    if (size == 0 || size - 1 > sizeof bytes)
        return 0;
    hop_box_keypair(&kem, seed);
    hop_drbg_seed(&drbg, seed);
    epoch_derive(&e, secret);
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    if (epoch_slots_put(&w, &e, &context, kem.public_key, 1, true, &drbg) != HOP_OK)
        abort();
    size_t all = size - 1;
    if ((data[0] & 1) != 0) {
        for (size_t i = 0; i + 1 < size; i++)
            bytes[i] ^= data[i + 1];
        all = w.used > size - 1 ? w.used : size - 1;
    } else {
        memcpy(bytes, data + 1, size - 1);
    }
    if (epoch_slots_open(&got, SPAN(bytes, all), &context, &kem) == HOP_OK &&
        memcmp(got.commit, bytes + 32, 32) != 0)
        abort();
    return 0;
}
