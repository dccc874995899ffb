/* fuzz: toy device mesh meeting procedures cell store text base */
#include "device/dossier.h"
#include "device/dossier_format.h"

#include <stdlib.h>

#include "base/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_line(struct buf *b, struct span bytes)
{
    char *line = malloc(BASE64_SIZE(bytes.size));
    if (line == NULL)
        abort();
    base64_encode(line, bytes);
    buf_text(b, line);
    buf_text(b, "\n");
    free(line);
}

/* Items from the input (kind, two bytes of length, bytes), with a list and a seal that hold: so the
 * fuzzer gets behind the hashes. Length zero of all: the input is the file itself. */
static void put_file(struct buf *file, const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    struct buf list = {0}, lines = {0};
    struct hop_sign_key key;
    struct dossier_list l = {.sealer = {0}};
    struct wire_reader r = wire_reader(data, size);
    uint8_t room[DOSSIER_LIST_FIXED_BYTES], entry[DOSSIER_ENTRY_BYTES], sig[64];
    struct buf entries = {0};
    hop_sign_keypair(&key, seed);
    while (r.left > 3 && !r.bad) {
        struct dossier_entry e = {.kind = wire_get_u8(&r), .type = 32};
        struct span item = wire_get_blob(&r, 65535);
        struct wire_writer w = wire_writer(entry, sizeof entry);
        if (r.bad)
            break;
        dossier_item_hash(e.hash, e.kind, item);
        dossier_entry_put(&w, &e);
        buf_span(&entries, wire_written(&w));
        put_line(&lines, item);
        l.count++;
    }
    memcpy(l.sealer, key.public_key, 32);
    dossier_item_hash(l.page_hash, 0, (struct span){0});
    struct wire_writer w = wire_writer(room, sizeof room);
    dossier_list_put(&w, &l);
    buf_span(&list, wire_written(&w));
    buf_span(&list, buf_written(&entries));
    hop_sign(sig, &key, LABEL_DOSSIER_SIG, buf_written(&list));
    buf_bytes(&list, sig, sizeof sig);
    buf_text(file, DOSSIER_START);
    put_line(file, buf_written(&list));
    buf_span(file, buf_written(&lines));
    buf_text(file, DOSSIER_END);
    buf_free(&entries);
    buf_free(&list);
    buf_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dossier_report r;
    struct buf file = {0};
    if (size == 0)
        return 0;
    if (data[0] == '<' || size < 4)
        buf_bytes(&file, data, size);
    else
        put_file(&file, data + 1, size - 1);
    if (dossier_verify(buf_written(&file), TEXT_EN, &r) != HOP_OK)
        abort();
    if (r.verdict == DOSSIER_VERDICT_PASS || r.verdict == DOSSIER_VERDICT_UNCONFIRMED ||
        r.lines_count == 0 || r.lines_count > DOSSIER_LINES_MAX)
        abort(); /* the sealer is in no cell */
    dossier_report_free(&r);
    buf_free(&file);
    return 0;
}
