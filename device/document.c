#include "device/document.h"

#include "cell/secrecy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/state.h"
#include "mesh/tree.h"

#define NAMED_MAX 8 /* documents that a sentence names */

/* ---- keys of STORE_META ---- */

#define MARK_KEY_BYTES    (3 + 32)
#define JOURNAL_KEY_BYTES (3 + 1 + 4)

/* "doc", root: a document that is whole here; value: its size. */
static struct span mark_key(uint8_t room[static MARK_KEY_BYTES], const uint8_t root[static 32])
{
    memcpy(room, "doc", 3);
    memcpy(room + 3, root, 32);
    return SPAN(room, MARK_KEY_BYTES);
}

/* "put", place, number: names of blobs of a document that is being written. */
static struct span journal_key(uint8_t room[static JOURNAL_KEY_BYTES], unsigned place, uint32_t n)
{
    struct wire_writer w = wire_writer(room, JOURNAL_KEY_BYTES);
    wire_put_bytes(&w, (const uint8_t *)"put", 3);
    wire_put_u8(&w, (uint8_t)place);
    wire_put_u32(&w, n);
    return wire_written(&w);
}

static int put_u64(struct store *s, struct span key, uint64_t value)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer(room, sizeof room);
    wire_put_u64(&w, value);
    return store_put(s, STORE_META, key, wire_written(&w));
}

/* 0 when there is none. */
static uint64_t find_u64(struct store *s, struct span key)
{
    struct span value;
    if (store_find(s, STORE_META, key, &value) != HOP_OK)
        return 0;
    struct wire_reader r = wire_reader(value.data, value.size);
    uint64_t ret = wire_get_u64(&r);
    return wire_end(&r) ? ret : 0;
}

static bool is_whole(struct device *d, const uint8_t root[static 32], uint64_t size)
{
    uint8_t key[MARK_KEY_BYTES];
    return size == 0 || find_u64(d->store, mark_key(key, root)) == size;
}

int device_document_whole(struct device *d, const uint8_t root[static 32], uint64_t size)
{
    uint8_t key[MARK_KEY_BYTES];
    d->marked = true;
    return put_u64(d->store, mark_key(key, root), size);
}

/* ---- writing ---- */

struct device_put {
    struct device *d;
    unsigned place;
    uint64_t commits, failures; /* of the device, when we last looked */
    size_t uncommitted;
    bool broken;
    uint8_t key[32];
    unsigned class;
    uint8_t plain[TREE_CHUNK_BYTES];
    size_t plain_size;
    uint8_t sealed[TREE_BLOB_BYTES_MAX];
    struct tree_builder tree;
    struct buf names;  /* of all blobs so far */
    size_t journalled; /* of its bytes */
    uint32_t journals;
};

static int take_out(struct store *s, struct span names)
{
    int err = HOP_OK;
    for (size_t at = 0; at + 32 <= names.size && err == HOP_OK; at += 32) {
        err = store_remove(s, STORE_BLOBS, SPAN(names.data + at, 32));
        if (err == HOP_ENOTFOUND)
            err = HOP_OK;
    }
    return err;
}

/* A journal and the blobs it names. HOP_ENOTFOUND: there is none of this number. */
static int take_out_journal(struct store *s, unsigned place, uint32_t n, bool blobs)
{
    uint8_t key[JOURNAL_KEY_BYTES];
    struct span found;
    int err = store_find(s, STORE_META, journal_key(key, place, n), &found);
    if (err == HOP_OK && blobs) {
        struct buf names = {0};
        buf_span(&names, found); /* it lies in the store, which is about to change */
        err = names.bad ? HOP_ENOMEM : take_out(s, buf_written(&names));
        buf_free(&names);
    }
    if (err == HOP_OK)
        err = store_remove(s, STORE_META, journal_key(key, place, n));
    return err;
}

int device_sweep_documents(struct device *d)
{
    for (unsigned place = 0; place < DEVICE_PUTS_MAX; place++) {
        int err = HOP_OK;
        for (uint32_t n = 0; err == HOP_OK; n++)
            err = take_out_journal(d->store, place, n, true);
        if (err != HOP_ENOTFOUND)
            return err;
    }
    return HOP_OK;
}

/* A person's own document may take the place of what is kept for others, but not of records to
 * come. */
static int make_room(struct device *d, uint64_t bytes)
{
    uint64_t lack = store_blob_lack(d->store, store_blob_cost(bytes));
    if (lack == 0)
        return HOP_OK;
    if (lack > d->foreign.bytes)
        return HOP_ENOSPACE; /* it would not help */
    int err = device_foreign_free(d, lack);
    if (err != HOP_OK)
        return err;
    return store_blob_lack(d->store, store_blob_cost(bytes)) == 0 ? HOP_OK : HOP_ENOSPACE;
}

int device_put_begin(struct device *d, unsigned class, uint64_t size, struct device_put **ret,
                     struct text_said *why)
{
    unsigned place = 0;
    if (secrecy_check(class) != HOP_OK)
        return text_say(why, REFUSE_SECRET, 0);
    if (size > ACT_DOCUMENT_BYTES_MAX)
        return text_say(why, DOCUMENT_TOO_LARGE, 0);
    int err = make_room(d, size);
    if (err != HOP_OK)
        return device_write_refusal(err, why);
    while (place < DEVICE_PUTS_MAX && d->puts[place] != NULL)
        place++;
    if (place == DEVICE_PUTS_MAX)
        return text_say(why, DOCUMENT_BUSY, 0);
    struct device_put *p = calloc(1, sizeof *p);
    if (p == NULL)
        return device_write_refusal(HOP_ENOMEM, why);
    p->d = d;
    p->class = class;
    p->place = place;
    p->commits = d->commits;
    p->failures = d->failures;
    hop_drbg_take(&d->drbg, p->key, sizeof p->key);
    d->puts[place] = p;
    *ret = p;
    return HOP_OK;
}

unsigned device_put_class(const struct device_put *p)
{
    return p->class;
}

uint64_t device_put_size(const struct device_put *p)
{
    return p->tree.size + p->plain_size;
}

static int keep(struct device_put *p, const uint8_t name[static 32], struct span blob)
{
    buf_bytes(&p->names, name, 32);
    if (p->names.bad)
        return HOP_ENOMEM;
    int err = store_put(p->d->store, STORE_BLOBS, SPAN(name, 32), blob);
    if (err != HOP_OK)
        p->d->write_error = err;
    return err;
}

/* The chunk that is full, or the last. */
static int seal_chunk(struct device_put *p)
{
    uint8_t nonce[CRYPTO_NONCE_BYTES], name[32];
    struct span blob = SPAN(p->sealed, TREE_SEALED_BYTES(p->plain_size));
    tree_nonce(nonce, p->tree.size / TREE_CHUNK_BYTES);
    p->sealed[0] = 0;
    hop_seal(p->sealed + 1, p->key, nonce, (struct span){0}, SPAN(p->plain, p->plain_size));
    tree_name(name, blob);
    int err = keep(p, name, blob);
    if (err == HOP_OK)
        tree_add(&p->tree, name, p->plain_size);
    p->plain_size = 0;
    return err;
}

static int grow(struct device_put *p, bool end)
{
    uint8_t name[32];
    struct span node;
    int err = HOP_OK;
    while (err == HOP_OK && tree_grow(&p->tree, end, p->sealed, name, &node))
        err = keep(p, name, node);
    return err;
}

/* What this turn has written, so that it can be taken out again. */
static int write_journal(struct device_put *p)
{
    uint8_t key[JOURNAL_KEY_BYTES];
    if (p->names.size == p->journalled)
        return HOP_OK;
    struct span names = SPAN(p->names.data + p->journalled, p->names.size - p->journalled);
    int err = store_put(p->d->store, STORE_META, journal_key(key, p->place, p->journals), names);
    if (err != HOP_OK) {
        p->d->write_error = err;
        return err;
    }
    p->journals++;
    p->journalled = p->names.size;
    return HOP_OK;
}

static int check_turn(struct device_put *p)
{
    if (p->commits != p->d->commits)
        p->uncommitted = 0;
    p->commits = p->d->commits;
    p->broken = p->broken || p->failures != p->d->failures || p->d->write_error != HOP_OK;
    return p->broken ? HOP_EIO : HOP_OK;
}

static int add(struct device_put *p, struct span bytes)
{
    int err = HOP_OK;
    for (size_t at = 0; at < bytes.size && err == HOP_OK;) {
        if (p->plain_size == sizeof p->plain)
            err = seal_chunk(p);
        if (err == HOP_OK)
            err = grow(p, false);
        size_t n = sizeof p->plain - p->plain_size;
        n = n < bytes.size - at ? n : bytes.size - at;
        memcpy(p->plain + p->plain_size, bytes.data + at, n);
        p->plain_size += n;
        at += n;
    }
    return err;
}

int device_put_add(struct device_put *p, struct span bytes, struct text_said *why)
{
    int err = check_turn(p);
    if (err == HOP_OK && bytes.size > ACT_DOCUMENT_BYTES_MAX - device_put_size(p)) {
        p->broken = true;
        return text_say(why, DOCUMENT_TOO_LARGE, 0);
    }
    if (err == HOP_OK && bytes.size > DEVICE_PUT_BYTES_MAX - p->uncommitted)
        err = HOP_EFULL;
    if (err == HOP_OK)
        err = make_room(p->d, bytes.size);
    if (err == HOP_OK)
        err = add(p, bytes);
    if (err == HOP_OK)
        err = write_journal(p);
    p->uncommitted += bytes.size;
    p->broken = p->broken || err != HOP_OK;
    return device_write_refusal(err, why);
}

int device_put_end(struct device_put *p, struct act *doc, struct text_said *why)
{
    int err = check_turn(p);
    if (err != HOP_OK)
        return device_write_refusal(err, why);
    if (device_put_size(p) == 0)
        return text_say(why, DOCUMENT_EMPTY, 0);
    if (p->plain_size > 0)
        err = seal_chunk(p);
    if (err == HOP_OK)
        err = grow(p, true);
    if (err == HOP_OK) {
        memcpy(doc->blob_key, p->key, sizeof doc->blob_key);
        memcpy(doc->root, tree_root(&p->tree), sizeof doc->root);
        doc->size = p->tree.size;
        doc->value = p->class;
        err = device_document_whole(p->d, doc->root, doc->size);
    }
    for (uint32_t n = 0; n < p->journals && err == HOP_OK; n++)
        err = take_out_journal(p->d->store, p->place, n, false);
    if (err != HOP_OK && p->d->write_error == HOP_OK)
        p->d->write_error = err; /* half of this turn must not become durable */
    p->broken = p->broken || err != HOP_OK;
    return device_write_refusal(err, why);
}

static void put_forget(struct device_put *p)
{
    hop_wipe(p->key, sizeof p->key);
    hop_wipe(p->plain, sizeof p->plain);
    buf_free(&p->names);
    free(p);
}

void device_puts_forget(struct device *d)
{
    for (unsigned place = 0; place < DEVICE_PUTS_MAX; place++) {
        if (d->puts[place] != NULL)
            put_forget(d->puts[place]);
        d->puts[place] = NULL;
    }
}

void device_put_free(struct device_put *p, bool kept)
{
    if (p == NULL)
        return;
    struct device *d = p->d;
    int err = d->write_error;
    if (!kept && err == HOP_OK)
        err = take_out(d->store, buf_written(&p->names));
    for (uint32_t n = 0; !kept && n < p->journals && err == HOP_OK; n++) {
        err = take_out_journal(d->store, p->place, n, false);
        err = err == HOP_ENOTFOUND ? HOP_OK : err;
    }
    if (!kept && err != HOP_OK && d->write_error == HOP_OK)
        d->write_error = err; /* the journal is still there: the next start tries again */
    d->puts[p->place] = NULL;
    put_forget(p);
}

int device_put_document(struct device *d, struct span bytes, struct act *doc, struct text_said *why)
{
    struct device_put *p = NULL;
    if (bytes.size > DEVICE_PUT_BYTES_MAX)
        return text_say(why, DOCUMENT_TOO_LARGE, 0);
    int err = device_put_begin(d, doc->value, bytes.size, &p, why);
    if (err != HOP_OK || p == NULL)
        return err;
    err = device_put_add(p, bytes, why);
    if (err == HOP_OK)
        err = device_put_end(p, doc, why);
    device_put_free(p, err == HOP_OK);
    return err;
}

/* ---- reading ---- */

bool device_has_document(struct device *d, const struct act *doc)
{
    return is_whole(d, doc->root, doc->size);
}

int device_read_document(struct device *d, const struct act *doc, uint64_t at, uint8_t *room,
                         size_t max, size_t *ret_size)
{
    struct tree_place p;
    struct span blob;
    uint8_t nonce[CRYPTO_NONCE_BYTES];
    *ret_size = 0;
    if (at >= doc->size)
        return HOP_OK;
    uint64_t index = at / TREE_CHUNK_BYTES;
    int err = tree_look(d->store, doc->root, doc->size, 0, index * TREE_CHUNK_BYTES, &p);
    if (err == HOP_OK)
        err = store_find(d->store, STORE_BLOBS, SPAN(p.name, 32), &blob);
    if (err == HOP_OK && !tree_fits(blob, 0, p.size))
        err = HOP_EMALFORMED;
    if (err != HOP_OK)
        return err;
    uint8_t *plain = malloc(TREE_CHUNK_BYTES);
    if (plain == NULL)
        return HOP_ENOMEM;
    tree_nonce(nonce, index);
    err =
        hop_open(plain, doc->blob_key, nonce, (struct span){0}, SPAN(blob.data + 1, blob.size - 1));
    if (err == HOP_OK) {
        size_t n = (size_t)(p.at + p.size - at);
        *ret_size = n < max ? n : max;
        memcpy(room, plain + (at - p.at), *ret_size);
    }
    hop_wipe(plain, TREE_CHUNK_BYTES);
    free(plain);
    return err;
}

int device_get_document(struct device *d, const struct act *doc, struct buf *ret)
{
    uint8_t *room = malloc(TREE_CHUNK_BYTES);
    int err = room == NULL ? HOP_ENOMEM : HOP_OK;
    for (uint64_t at = 0; at < doc->size && err == HOP_OK;) {
        size_t size;
        err = device_read_document(d, doc, at, room, TREE_CHUNK_BYTES, &size);
        if (err == HOP_OK)
            buf_bytes(ret, room, size);
        if (err == HOP_OK && ret->bad)
            err = HOP_ENOMEM;
        at += size;
    }
    free(room);
    return err;
}

/* ---- what is looked for ---- */

void device_documents_forget(struct device *d)
{
    d->documents_count = 0;
    d->documents_new = false;
    d->wants_count = 0;
}

void device_documents_free(struct device *d)
{
    free(d->documents);
    free(d->wants);
    d->documents = NULL;
    d->wants = NULL;
    d->documents_count = d->documents_capacity = d->wants_count = d->wants_capacity = 0;
}

static bool reserve(void **array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 16 : 2 * *capacity;
    void *grown = realloc(*array, wanted * element);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

/* The newest meeting first, in it the smallest document. */
static uint64_t rank_of(const struct device *d, const struct meeting *m, uint64_t size)
{
    uint64_t index = 0;
    while (index < meeting_count(d->meetings) && meeting_at(d->meetings, index) != m)
        index++;
    return (UINT32_MAX - (index & UINT32_MAX)) << 32 | size >> 10;
}

int device_document_laid(struct device *d, uint32_t entry, struct span body)
{
    struct act doc;
    const uint8_t *id = history_at(d->history, entry)->id;
    if (act_parse(&doc, ACT_DOC, body) != HOP_OK || doc.size == 0)
        return HOP_OK;
    const struct meeting *m = meeting_find(d->meetings, doc.meeting);
    size_t i = m == NULL ? 0 : m->documents_count;
    while (i > 0 && memcmp(m->documents[i - 1].id, id, 32) != 0)
        i--;
    if (i == 0)
        return HOP_OK; /* a rule did not allow it: it is on record, and nobody's concern */
    void *documents = d->documents;
    bool room =
        reserve(&documents, d->documents_count, &d->documents_capacity, sizeof *d->documents);
    d->documents = documents;
    if (!room)
        return HOP_ENOMEM;
    struct device_document *n = &d->documents[d->documents_count++];
    *n =
        (struct device_document){.entry = entry, .size = doc.size, .rank = rank_of(d, m, doc.size)};
    memcpy(n->root, doc.root, sizeof n->root);
    d->documents_new = true;
    return HOP_OK;
}

static int by_rank(const void *a, const void *b)
{
    const struct device_document *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return memcmp(x->root, y->root, sizeof x->root);
}

static void look_for(struct device *d, const struct device_document *doc)
{
    void *wants = d->wants;
    bool room = reserve(&wants, d->wants_count, &d->wants_capacity, sizeof *d->wants);
    d->wants = wants;
    if (room) /* otherwise at the next fold from the start */
        d->wants[d->wants_count++] = *doc;
}

/* After a fold: what the limit leaves, as the order now is. */
void device_documents_look(struct device *d)
{
    uint64_t left = DEVICE_DOCUMENTS_BYTES_MAX;
    if (!d->documents_new)
        return;
    d->documents_new = false;
    if (d->documents_count > 0)
        qsort(d->documents, d->documents_count, sizeof *d->documents, by_rank);
    for (size_t i = 0; i < d->documents_count; i++) {
        struct device_document *doc = &d->documents[i];
        bool fits = doc->size <= left;
        left -= fits ? doc->size : 0;
        if (fits && !doc->looked_for && !is_whole(d, doc->root, doc->size))
            look_for(d, doc);
        doc->looked_for = fits;
    }
}

/* A commit failed, and with it perhaps a mark: look again for all that have none. */
void device_documents_again(struct device *d)
{
    for (size_t i = 0; i < d->documents_count; i++)
        d->documents[i].looked_for = false;
    d->documents_new = true;
    d->marked = false;
    device_foreign_load(d);
}

bool device_holds_document(struct device *d, uint32_t entry)
{
    for (size_t i = 0; i < d->documents_count; i++) {
        const struct device_document *doc = &d->documents[i];
        if (doc->entry == entry)
            return is_whole(d, doc->root, doc->size);
    }
    return true; /* words only */
}

void device_documents_watch(struct device *d)
{
    struct mesh_blobs_view v = {0};
    if (d->mesh != NULL)
        v = mesh_blobs(d->mesh);
    size_t told = 2 * (v.waiting + v.unusable) + (v.foreign_refused > 0 ? 1 : 0);
    if (told != d->documents_told)
        d->tellings++;
    d->documents_told = told;
}

struct device_documents device_documents(struct device *d)
{
    struct device_documents v = {.count = d->documents_count};
    struct mesh_blobs_view blobs = {0};
    for (size_t i = 0; i < d->documents_count; i++) {
        const struct device_document *doc = &d->documents[i];
        if (is_whole(d, doc->root, doc->size))
            continue;
        v.missing++;
        v.missing_bytes += doc->size;
        v.refused += doc->looked_for ? 0 : 1;
    }
    if (d->mesh != NULL)
        blobs = mesh_blobs(d->mesh);
    v.unusable = blobs.unusable;
    v.waiting = blobs.waiting;
    v.waiting_bytes = blobs.waiting_bytes;
    v.foreign_bytes = d->foreign.bytes;
    v.foreign_refused = blobs.foreign_refused;
    return v;
}

static const char *title_of(const struct device *d, uint32_t entry)
{
    for (size_t i = 0; i < meeting_count(d->meetings); i++) {
        const struct meeting *m = meeting_at(d->meetings, i);
        for (size_t k = 0; k < m->documents_count; k++) {
            if (m->documents[k].entry == entry)
                return m->documents[k].title;
        }
    }
    return NULL;
}

static void name_waiting(const struct device *d, const uint8_t root[static 32], struct buf *ret)
{
    for (size_t i = 0; i < d->documents_count; i++) {
        const char *title = NULL;
        if (memcmp(d->documents[i].root, root, 32) == 0)
            title = title_of(d, d->documents[i].entry);
        if (title == NULL)
            continue;
        buf_text(ret, ret->size > 0 ? ", " : "");
        buf_text(ret, title);
        return;
    }
}

/* Which ones wait, as far as a sentence has room, and what must be freed. */
static void say_waiting(struct device *d, const struct device_documents *v, struct text_said *ret)
{
    uint8_t roots[NAMED_MAX][32];
    struct buf names = {0};
    char count[24], lack[24];
    size_t n = mesh_blobs_waiting(d->mesh, roots, NAMED_MAX);
    for (size_t i = 0; i < n; i++)
        name_waiting(d, roots[i], &names);
    uint64_t mib = (store_blob_lack(d->store, v->waiting_bytes) >> 20) + 1;
    (void)snprintf(count, sizeof count, "%zu", v->waiting);
    (void)snprintf(lack, sizeof lack, "%llu", (unsigned long long)mib);
    (void)text_say(ret, NOTICE_DOCUMENTS_WAIT, 3, count, buf_string(&names), lack);
    buf_free(&names);
}

static size_t notice(struct text_said *ret, size_t count, size_t max, enum text_id id, uint64_t a,
                     uint64_t b)
{
    char numbers[2][24];
    (void)snprintf(numbers[0], sizeof numbers[0], "%llu", (unsigned long long)a);
    (void)snprintf(numbers[1], sizeof numbers[1], "%llu", (unsigned long long)b);
    if (count < max)
        (void)text_say(&ret[count++], id, 2, numbers[0], numbers[1]);
    return count;
}

size_t device_document_notices(struct device *d, struct text_said *ret, size_t max)
{
    struct device_documents v = device_documents(d);
    size_t count = 0;
    if (v.refused > 0)
        count = notice(ret, count, max, NOTICE_DOCUMENTS_FULL, v.refused,
                       DEVICE_DOCUMENTS_BYTES_MAX >> 30);
    if (v.waiting > 0 && count < max)
        say_waiting(d, &v, &ret[count++]);
    if (v.unusable > 0)
        count = notice(ret, count, max, NOTICE_DOCUMENTS_UNUSABLE, v.unusable, 0);
    if (v.foreign_refused > 0)
        count = notice(ret, count, max, NOTICE_FOREIGN_FULL, v.foreign_bytes >> 20, 0);
    return count;
}
