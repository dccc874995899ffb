/* fuzz: toy base */
#include "crypto/keyfile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file from a stick, with the toy backend so that Argon2id costs nothing. The first byte chooses
 * whether the checksum is put right, so that the fuzzer gets past it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[KEYFILE_BYTES_MAX + 64], payload[KEYFILE_PAYLOAD_BYTES_MAX];
    struct keyfile_cost cost;
    enum keyfile_trouble trouble;
    size_t payload_size;
    if (size == 0 || size - 1 > sizeof file)
        return 0;
    memcpy(file, data + 1, size - 1);
    struct span s = SPAN(file, size - 1);
    if ((data[0] & 1) != 0 && s.size > 52) {
        struct hop_hash h;
        hop_hash_init(&h, LABEL_KEYFILE);
        hop_hash_add(&h, SPAN(file, 36));
        hop_hash_add(&h, SPAN(file + 52, s.size - 52));
        hop_hash_end(&h, file + 36, 16);
    }
    int checked = keyfile_check(&cost, s, &trouble);
    if (checked == HOP_OK &&
        (cost.ops < KEYFILE_OPS_FLOOR || cost.ops > KEYFILE_OPS_MAX ||
         cost.memory_bytes < KEYFILE_MEMORY_FLOOR || cost.memory_bytes > KEYFILE_MEMORY_MAX))
        abort(); /* Argon2id would have run with it */
    int opened =
        keyfile_open(payload, &payload_size, s, span_text("correct horse battery"), &trouble);
    if (checked != HOP_OK && opened == HOP_OK)
        abort();
    if ((opened == HOP_OK) != (trouble == KEYFILE_FINE))
        abort();
    return 0;
}
