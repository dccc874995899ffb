/* fuzz: base */
#include "base/encode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Text that people type: decoded bytes must encode to text that decodes to the same bytes, and a
 * smaller room must be refused without a write past it. base64 and hex ride along. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[257], again[BASE64_SIZE(256)];
    uint8_t bytes[256], back[256];
    size_t n = sizeof bytes, m = sizeof back;
    if (size >= sizeof text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (base32_decode(bytes, &n, text) == HOP_OK) {
        base32_encode(again, SPAN(bytes, n));
        if (base32_decode(back, &m, again) != HOP_OK || m != n || memcmp(back, bytes, n) != 0)
            abort();
        size_t less = n == 0 ? 0 : n - 1;
        if (n > 0 && base32_decode(back, &less, text) != HOP_EFULL)
            abort();
    }
    n = sizeof bytes;
    if (base64_decode(bytes, &n, SPAN(data, size)) == HOP_OK) {
        base64_encode(again, SPAN(bytes, n));
        if (strlen(again) != size || memcmp(again, data, size) != 0)
            abort(); /* one spelling */
    }
    if (strlen(text) == size && size % 2 == 0 && hex_decode(bytes, size / 2, text) == HOP_OK) {
        char hex[HEX_SIZE(128)];
        hex_encode(hex, SPAN(bytes, size / 2));
        if (strcmp(hex, text) != 0)
            abort();
    }
    return 0;
}
