/* fuzz: device mesh meeting procedures cell store crypto text base */
#include "device/device.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What somebody types where an invitation belongs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[600];
    struct device_join j;
    struct text_said why = {0};
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    int err = device_join_read(&j, text, &why);
    if (err != HOP_OK && (err != HOP_EREFUSED || why.id == TEXT_NONE))
        abort();
    if (err == HOP_OK && memchr(j.address, '\0', sizeof j.address) == NULL)
        abort();
    return 0;
}
