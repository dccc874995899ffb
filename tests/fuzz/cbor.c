/* fuzz: base */
#include "base/cbor.h"

#include <stdlib.h>

/* Read one item and write it again as it was understood: whatever the reader accepts must have
 * exactly one spelling, so the bytes come out as they went in. */
static void copy_item(struct wire_writer *w, struct wire_reader *r, unsigned depth)
{
    if (r->bad || r->left == 0 ||
        (depth == CBOR_DEPTH_MAX && r->next[0] >> 5 >= 4 && r->next[0] >> 5 <= 5)) {
        r->bad = true;
        return;
    }
    switch (r->next[0] >> 5) {
    case 0:
        cbor_put_uint(w, cbor_get_uint(r));
        break;
    case 1:
        cbor_put_int(w, cbor_get_int(r));
        break;
    case 2:
        cbor_put_bytes(w, cbor_get_bytes(r, SIZE_MAX));
        break;
    case 3:
        cbor_put_text(w, cbor_get_text(r, SIZE_MAX));
        break;
    case 4: {
        size_t count = cbor_get_array(r, SIZE_MAX);
        cbor_put_array(w, count);
        for (size_t i = 0; i < count && !r->bad; i++)
            copy_item(w, r, depth + 1);
        break;
    }
    case 5: {
        struct cbor_map m = cbor_get_map(r);
        cbor_put_map(w, (size_t)m.left);
        while (cbor_next_key(r, &m)) {
            cbor_put_uint(w, m.key);
            copy_item(w, r, depth + 1);
        }
        break;
    }
    default:
        cbor_put_bool(w, cbor_get_bool(r));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[1 << 16];
    if (size > sizeof again)
        return 0;
    struct wire_reader skip = wire_reader(data, size), r = skip;
    struct wire_writer w = wire_writer(again, sizeof again);
    cbor_skip(&skip);
    copy_item(&w, &r, 0);
    if (r.bad)
        return 0; /* null is skipped but not copied */
    if (skip.bad || skip.left != r.left || w.bad)
        abort(); /* what is read field by field must also be stepped over, to the same place */
    if (w.used != size - r.left || memcmp(again, data, w.used) != 0)
        abort(); /* a second spelling */
    return 0;
}
