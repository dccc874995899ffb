/* fuzz: toy cell store base */
#include "cell/epoch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as the text of an EPOCH or GRANT. With the first byte odd, they are laid over a good
 * one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[EPOCH_TEXT_BYTES_MAX + 64], plain[EPOCH_META_BYTES_MAX];
    uint8_t seed[32] = {1}, secret[32] = {2}, id[32] = {3};
    struct epoch_context context = {.cell_id = id, .log = id};
    struct hop_box_key kem;
    struct hop_drbg drbg;
    struct epoch e, parent, got;
    const struct epoch *parents[] = {&parent};
    if (size == 0 || size - 1 > sizeof bytes)
        return 0;
    hop_box_keypair(&kem, seed);
    hop_drbg_seed(&drbg, seed);
    epoch_derive(&e, secret, secret);
    epoch_derive(&parent, seed, seed);
    struct epoch_recipient to = {.ik = id, .kem = kem.public_key, .share = EPOCH_HISTORY};
    struct epoch_made made = {.generation = 2,
                              .parents = parents,
                              .parents_count = 1,
                              .recipients = &to,
                              .recipients_count = 1};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    if (epoch_put(&w, &e, &context, &made, &drbg) != HOP_OK)
        abort();
    size_t all = size - 1;
    if ((data[0] & 1) != 0) {
        for (size_t i = 0; i + 1 < size; i++)
            bytes[i] ^= data[i + 1];
        all = w.used > size - 1 ? w.used : size - 1;
    } else {
        memcpy(bytes, data + 1, size - 1);
    }
    struct epoch_text t;
    struct epoch_meta m;
    struct epoch_grant g;
    uint8_t back[EPOCH_PARENTS_MAX * EPOCH_BACK_BYTES];
    if (epoch_text_parse(&t, SPAN(bytes, all)) != HOP_OK)
        return 0;
    if (epoch_slot_open(&got, &t, &context, &kem, false) == HOP_OK &&
        memcmp(got.commit, bytes + 32, 32) != 0)
        abort();
    if (epoch_meta_open(&m, plain, &t, &context, &e) == HOP_OK)
        (void)epoch_back_open(back, m.parents.size / EPOCH_PARENT_BYTES, &t, &context, &e);
    (void)epoch_grant_open(&g, &t, &context, &e);
    return 0;
}
