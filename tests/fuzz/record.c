/* fuzz: cell store crypto base */
#include "cell/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a stored record. What parses is spelled in exactly one way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t plain[RECORD_TEXT_BYTES_MAX];
    uint8_t header[RECORD_HEADER_BYTES], id[32], key[32] = {1};
    struct record r;
    struct record_inner inner;
    if (record_parse(&r, SPAN(data, size)) != HOP_OK)
        return 0;
    record_header_put(header, &r);
    if (memcmp(header, data, sizeof header) != 0)
        abort();
    if (sizeof header + r.text.size + (r.sig != NULL ? CRYPTO_SIG_BYTES : 0) != size)
        abort();
    record_id(id, r.header, r.text);
    if (r.sig != NULL)
        (void)record_verify(id, r.sig, r.log);
    if (record_open(&inner, plain, &r, key) == HOP_OK)
        abort(); /* nobody has sealed anything under this key */
    return 0;
}
