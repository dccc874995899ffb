/* fuzz: meeting cell store crypto text base */
/* First byte: the type; the rest: a body. What parses must be put and parse again to the same. */
#include <stdlib.h>

#include "meeting/act.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first[ACT_BODY_BYTES_MAX], second[ACT_BODY_BYTES_MAX];
    struct act a, b;
    if (size == 0)
        return 0;
    enum act_type type = (enum act_type)(ACT_MEETING + data[0] % (ACT_STEP - ACT_MEETING + 1));
    if (act_parse(&a, type, SPAN(data + 1, size - 1)) != HOP_OK)
        return 0;
    struct wire_writer w = wire_writer(first, sizeof first);
    int err = act_put(&w, &a);
    if (err == HOP_EREFUSED && type == ACT_DOC && a.value == CLASS_SECRET)
        return 0;
    struct wire_writer again = wire_writer(second, sizeof second);
    if (err != HOP_OK || act_parse(&b, type, wire_written(&w)) != HOP_OK ||
        act_put(&again, &b) != HOP_OK || !span_equal(wire_written(&w), wire_written(&again)))
        abort();
    return 0;
}
