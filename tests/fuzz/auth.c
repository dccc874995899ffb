/* fuzz: cell store crypto base */
#include "cell/auth.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the record. What parses is put again to the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[2048];
    struct wire_writer w = wire_writer(again, sizeof again);
    struct auth_genesis g;
    struct auth_invite i;
    struct auth_admit a;
    struct auth_log_open o;
    int err = HOP_EMALFORMED;
    if (size == 0)
        return 0;
    struct span body = SPAN(data + 1, size - 1);
    if (data[0] % 4 == 0 && (err = auth_genesis_parse(&g, body)) == HOP_OK)
        auth_genesis_put(&w, &g);
    if (data[0] % 4 == 1 && (err = auth_invite_parse(&i, body)) == HOP_OK)
        auth_invite_put(&w, &i);
    if (data[0] % 4 == 2 && (err = auth_admit_parse(&a, body)) == HOP_OK)
        auth_admit_put(&w, &a);
    if (data[0] % 4 == 3 && (err = auth_log_open_parse(&o, body)) == HOP_OK)
        auth_log_open_put(&w, &o);
    if (err == HOP_OK && (w.bad || !span_equal(wire_written(&w), body)))
        abort();
    return 0;
}
