/* fuzz: toy cell store base */
#include "cell/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as the inner text, sealed by a member who holds the key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[RECORD_HEADER_BYTES + 65536 + CRYPTO_TAG_BYTES], plain[65536 + 16];
    uint8_t class_key[32] = {1}, key[32];
    struct record r = {.lane = LANE_MEETING, .seq = 1}, parsed;
    struct record_inner inner;
    if (size > 65536)
        return 0;
    r.text = SPAN(bytes + RECORD_HEADER_BYTES, size + CRYPTO_TAG_BYTES);
    record_header_put(bytes, &r);
    record_key(key, class_key, SPAN(bytes, RECORD_HEADER_BYTES));
    hop_derive(r.kc, sizeof r.kc, key, LABEL_REC_KC, (struct span){0});
    record_header_put(bytes, &r);
    hop_seal(bytes + RECORD_HEADER_BYTES, key, r.nonce, SPAN(bytes, RECORD_HEADER_BYTES),
             SPAN(data, size));
    size_t all = RECORD_HEADER_BYTES + size + CRYPTO_TAG_BYTES;
    if (record_parse(&parsed, SPAN(bytes, all)) != HOP_OK)
        abort();
    int err = record_open(&inner, plain, &parsed, key);
    if (err != HOP_OK && err != HOP_EMALFORMED)
        abort(); /* the key is right */
    if (err == HOP_OK &&
        (inner.deps_count > RECORD_DEPS_MAX || 20 + inner.deps_count * 32 + inner.body.size > size))
        abort();
    return 0;
}
