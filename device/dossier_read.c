/* Reading a dossier: the list and its seal, items, signatures and chains. */
#include "device/dossier_verifier.h"

#include "base/encode.h"
#include "mesh/tree.h"

#include <assert.h>
#include <stdlib.h>

/* ---- reading the lines ---- */

/* The bytes of one base64 line; NULL if it is not one. */
static uint8_t *decode_line(struct span line, size_t *ret_size)
{
    size_t size = line.size / 4 * 3;
    uint8_t *bytes = malloc(size + 1);
    if (bytes != NULL && base64_decode(bytes, &size, line) != HOP_OK) {
        free(bytes);
        return NULL;
    }
    *ret_size = size;
    return bytes;
}

/* A line without its end was cut off, and is none. */
bool dossier_next_line(struct span *rest, struct span *ret)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
    if (end == NULL)
        return false;
    *ret = SPAN(rest->data, (size_t)(end - rest->data));
    rest->data += ret->size + 1;
    rest->size -= ret->size + 1;
    return true;
}

/* Where text begins in bytes; SIZE_MAX if it does not. */
size_t dossier_find_text(struct span bytes, size_t from, const char *text_sought)
{
    size_t n = strlen(text_sought);
    for (size_t at = from; at + n <= bytes.size; at++) {
        if (memcmp(bytes.data + at, text_sought, n) == 0)
            return at;
    }
    return SIZE_MAX;
}

/* The list: fixed part, entries, seal. HOP_EMALFORMED, HOP_EVERSION, HOP_EAUTH: parsed, but the
 * seal is broken. */
int dossier_read_list(struct dossier_verifier *v, struct span line)
{
    size_t size;
    uint8_t *bytes = decode_line(line, &size);
    if (bytes == NULL)
        return HOP_EMALFORMED;
    int err = HOP_OK;
    unsigned version;
    struct wire_reader r = wire_reader(bytes, size);
    dossier_list_get(&r, &v->list, &version);
    if (!r.bad && version != DOSSIER_VERSION)
        err = HOP_EVERSION;
    else if (r.bad || v->list.count > DOSSIER_ITEMS_MAX ||
             r.left != v->list.count * (size_t)DOSSIER_ENTRY_BYTES + CRYPTO_SIG_BYTES)
        err = HOP_EMALFORMED;
    if (err == HOP_OK) {
        v->items = calloc(v->list.count + 1, sizeof *v->items);
        err = v->items == NULL ? HOP_ENOMEM : HOP_OK;
    }
    if (err == HOP_OK) {
        v->count = v->list.count;
        for (size_t i = 0; i < v->count; i++) {
            dossier_entry_get(&r, &v->items[i].listed);
            v->items[i].entry = HISTORY_NONE;
        }
        err = hop_verify(bytes + size - CRYPTO_SIG_BYTES, v->list.sealer, LABEL_DOSSIER_SIG,
                         SPAN(bytes, size - CRYPTO_SIG_BYTES));
    }
    free(bytes);
    return err;
}

/* A header without its text: parsed by giving it the text's length in zeros would cost a megabyte,
 * so only what a chain needs is read. */
static void parse_stub(struct dossier_item *i, struct wire_reader *r)
{
    struct span header = wire_get_bytes(r, RECORD_HEADER_BYTES);
    struct span hash = wire_get_bytes(r, 32);
    i->height = wire_get_u32(r);
    i->inner.deps_count = wire_get_u16(r);
    struct span deps = wire_get_bytes(r, i->inner.deps_count * (size_t)32);
    i->inner.deps = deps.data;
    i->parsed = !r->bad && i->inner.deps_count <= RECORD_DEPS_MAX &&
                (r->left == 0 || r->left == CRYPTO_SIG_BYTES);
    if (!i->parsed)
        return;
    struct wire_reader h = wire_reader(header.data + 24, RECORD_HEADER_BYTES - 24);
    wire_get_into(&h, i->r.log, 32);
    i->r.seq = wire_get_u64(&h);
    wire_get_into(&h, i->r.prev, 32);
    i->r.sig = r->left == 0 ? NULL : r->next;
    record_id_withheld(i->id, header, hash.data);
}

static void parse_item(struct dossier_item *i)
{
    struct wire_reader r = wire_reader(i->bytes, i->size);
    i->stub = i->listed.kind == DOSSIER_ITEM_STUB;
    if (i->listed.kind == DOSSIER_ITEM_RECORD) {
        i->height = wire_get_u32(&r);
        wire_get_into(&r, i->key, sizeof i->key);
        i->parsed = !r.bad && record_parse(&i->r, SPAN(r.next, r.left)) == HOP_OK;
        if (i->parsed)
            record_id(i->id, i->r.header, i->r.text);
    } else if (i->stub) {
        parse_stub(i, &r);
    }
}

void dossier_read_items(struct dossier_verifier *v, struct span *rest)
{
    struct span line;
    for (size_t n = 0; n < v->count && dossier_next_line(rest, &line); n++) {
        struct dossier_item *i = &v->items[n];
        uint8_t hash[32];
        i->bytes = decode_line(line, &i->size);
        if (i->bytes == NULL)
            continue;
        dossier_item_hash(hash, i->listed.kind, SPAN(i->bytes, i->size));
        i->whole = memcmp(hash, i->listed.hash, sizeof hash) == 0;
        if (i->whole)
            parse_item(i);
    }
}

/* ---- looking items up: a file may hold a million of them ---- */

static int compare_places(const struct dossier_item *a, const struct dossier_item *b)
{
    int order = memcmp(a->r.log, b->r.log, 32);
    if (order != 0)
        return order;
    return a->r.seq < b->r.seq ? -1 : a->r.seq > b->r.seq;
}

static int compare_ids(const struct dossier_item *a, const struct dossier_item *b)
{
    return memcmp(a->id, b->id, 32);
}

/* For qsort(): pointers to pointers; equal ones in the order of the file. */
#define SORTER(name, compare)                                                                      \
    static int name(const void *x, const void *y)                                                  \
    {                                                                                              \
        const struct dossier_item *const *a = x, *const *b = y;                                    \
        int order = compare(*a, *b);                                                               \
        return order != 0 ? order : *a < *b ? -1 : *a > *b;                                        \
    }
SORTER(sort_places, compare_places)
SORTER(sort_ids, compare_ids)
#undef SORTER

/* The first item in the list that is no less than wanted. */
static size_t find_first(struct dossier_item *const *list, size_t count,
                         const struct dossier_item *wanted,
                         int (*compare)(const struct dossier_item *, const struct dossier_item *))
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(list[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Keep a blob, if it bears its right name. */
static int take_blob(struct dossier_verifier *v, const struct dossier_item *i)
{
    uint8_t name[32];
    struct span blob = SPAN(i->bytes + 32, i->size - 32);
    tree_name(name, blob);
    if (memcmp(name, i->bytes, sizeof name) != 0 || blob.size > TREE_BLOB_BYTES_MAX)
        return HOP_OK;
    return store_put(v->blobs, STORE_BLOBS, SPAN(name, 32), blob) == HOP_OK ? HOP_OK : HOP_ENOMEM;
}

int dossier_sort_items(struct dossier_verifier *v)
{
    int err = HOP_OK;
    v->by_place = calloc(v->count + 1, sizeof(struct dossier_item *));
    v->by_id = calloc(v->count + 1, sizeof(struct dossier_item *));
    v->blobs = store_memory_new(0);
    if (v->by_place == NULL || v->by_id == NULL || v->blobs == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count && err == HOP_OK; n++) {
        struct dossier_item *i = &v->items[n];
        if (i->parsed) {
            v->by_place[v->records_count] = i;
            v->by_id[v->records_count++] = i;
        } else if (i->whole && i->listed.kind == DOSSIER_ITEM_CHUNK && i->size >= 32) {
            err = take_blob(v, i);
        }
    }
    qsort(v->by_place, v->records_count, sizeof *v->by_place, sort_places);
    qsort(v->by_id, v->records_count, sizeof *v->by_id, sort_ids);
    return err;
}

const struct dossier_item *dossier_find_record(const struct dossier_verifier *v,
                                               const uint8_t id[static 32])
{
    struct dossier_item wanted = {0};
    memcpy(wanted.id, id, 32);
    size_t at = find_first(v->by_id, v->records_count, &wanted, compare_ids);
    bool found = at < v->records_count && compare_ids(v->by_id[at], &wanted) == 0;
    return found ? v->by_id[at] : NULL;
}

/* ---- signatures and chains ---- */

/* The first item behind i that is the record after it in its log; NULL if it is not here whole. */
static const struct dossier_item *find_next(const struct dossier_verifier *v,
                                            const struct dossier_item *i)
{
    struct dossier_item wanted = {.r.seq = i->r.seq + 1};
    memcpy(wanted.r.log, i->r.log, 32);
    size_t at = find_first(v->by_place, v->records_count, &wanted, compare_places);
    for (; at < v->records_count && compare_places(v->by_place[at], &wanted) == 0; at++) {
        if (v->by_place[at] > i)
            return v->by_place[at];
    }
    return NULL;
}

/* A record is proven by its own signature, or by a proven one that names it as its predecessor. The
 * lines are in causal order, so the successor is further down: walk up from the end. */
void dossier_prove_items(struct dossier_verifier *v)
{
    for (size_t n = v->count; n-- > 0;) {
        struct dossier_item *i = &v->items[n];
        if (!i->parsed)
            continue;
        if (i->r.sig != NULL) {
            i->proven = record_verify(i->id, i->r.sig, i->r.log) == HOP_OK;
        } else {
            const struct dossier_item *next = find_next(v, i);
            i->proven = next != NULL && next->proven && memcmp(next->r.prev, i->id, 32) == 0;
        }
    }
}

int dossier_open_item(struct dossier_item *i)
{
    if (i->r.outer != OUTER_SEALED) {
        i->inner.type = i->r.outer == OUTER_EPOCH ? AUTH_EPOCH : AUTH_GRANT;
        i->opened = true;
        return HOP_OK;
    }
    i->plain = malloc(i->r.text.size + 1);
    if (i->plain == NULL)
        return HOP_ENOMEM;
    i->opened = record_open(&i->inner, i->plain, &i->r, i->key) == HOP_OK;
    return HOP_OK;
}
