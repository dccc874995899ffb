/* Checking a dossier: the list and its seal, every item against it, signatures and chains, and then
 * the whole fold again from what holds. Nothing in the file is trusted; heights only order records
 * that do not depend on each other, and cannot put one before what it had seen. */
#include "device/dossier.h"

#include "base/encode.h"
#include "device/dossier_format.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define HEIGHT_MAX (UINT32_MAX / 2) /* so that the records of a file cannot count past the end */

struct item {
    struct dossier_entry listed;
    uint8_t *bytes; /* owned; NULL when the line is lost or is not base64 */
    size_t size;
    bool whole;   /* hashes to what the list says */
    bool parsed;  /* r and id hold */
    bool proven;  /* signed, or followed by a proven one */
    bool strayed; /* stands where it cannot: before what it follows or had seen */
    bool stub;
    uint32_t height;
    uint8_t key[32];
    struct record r;
    uint8_t id[32];
    uint8_t *plain; /* owned */
    struct record_inner inner;
    bool opened;
    uint32_t entry; /* in the history, or HISTORY_NONE */
};

struct verifier {
    struct dossier_report *report;
    enum text_lang lang;
    struct dossier_list list;
    struct item *items;
    size_t count;
    struct cell *cell;
    struct history *history;
    struct meeting_state *meetings;
    struct item **by_place, **by_id,
        **by_name; /* records (two orders) and chunks, for looking up */
    size_t records_count, chunks_count;
    uint8_t (*log_iks)[32]; /* by log index of the history */
    uint64_t *log_seqs;     /* likewise: number of the last record placed */
    size_t log_seqs_count;
    bool failed, missing;
};

/* ---- the report ---- */

static void say(struct verifier *v, enum dossier_state state, enum text_id id, size_t count,
                const char *const args[])
{
    struct dossier_report *r = v->report;
    struct buf b = {0};
    v->failed = v->failed || state == DOSSIER_LINE_FAILED;
    v->missing = v->missing || state == DOSSIER_LINE_MISSING;
    bool kept = id == DOSSIER_OK_LIST || id == DOSSIER_BAD_LIST || id == DOSSIER_PASS ||
                id == DOSSIER_FAIL || id == DOSSIER_INCOMPLETE;
    if (r->lines_count >= DOSSIER_LINES_MAX - (kept ? 0 : 2))
        return; /* the last two lines are kept for the seal and the verdict */
    text_fill(&b, v->lang, id, args, count);
    if (b.bad || b.data == NULL) {
        buf_free(&b);
        return;
    }
    r->lines[r->lines_count++] = (struct dossier_line){.state = state, .text = (char *)b.data};
}

static const char *name_of(const struct verifier *v, const uint8_t ik[static 32])
{
    const struct cell_device *d = v->cell == NULL ? NULL : cell_device_by_key(v->cell, ik);
    return d == NULL ? text(v->lang, DOSSIER_UNKNOWN) : cell_member(v->cell, d->member)->name;
}

/* A line about item n: its number from 1, what it is, and who wrote it. */
static void say_item(struct verifier *v, enum dossier_state state, enum text_id id, size_t n)
{
    const struct item *i = &v->items[n];
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", n + 1);
    const char *args[] = {number, text(v->lang, dossier_type_text(i->listed.kind, i->listed.type)),
                          name_of(v, i->listed.ik)};
    say(v, state, id, 3, args);
}

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
static bool next_line(struct span *rest, struct span *ret)
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
static size_t find_text(struct span bytes, size_t from, const char *text_sought)
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
static int read_list(struct verifier *v, struct span line)
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

static void parse_item(struct item *i)
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
        /* A header without its text: parsed by giving it the text's length in zeros would cost a
         * megabyte, so only what a chain needs is read. */
        struct span header = wire_get_bytes(&r, RECORD_HEADER_BYTES);
        struct span hash = wire_get_bytes(&r, 32);
        i->parsed = !r.bad && (r.left == 0 || r.left == CRYPTO_SIG_BYTES);
        if (i->parsed) {
            struct wire_reader h = wire_reader(header.data + 24, RECORD_HEADER_BYTES - 24);
            wire_get_into(&h, i->r.log, 32);
            i->r.seq = wire_get_u64(&h);
            wire_get_into(&h, i->r.prev, 32);
            i->r.sig = r.left == 0 ? NULL : r.next;
            record_id_withheld(i->id, header, hash.data);
        }
    }
}

static void read_items(struct verifier *v, struct span *rest)
{
    struct span line;
    for (size_t n = 0; n < v->count && next_line(rest, &line); n++) {
        struct item *i = &v->items[n];
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

static int compare_places(const struct item *a, const struct item *b)
{
    int order = memcmp(a->r.log, b->r.log, 32);
    if (order != 0)
        return order;
    return a->r.seq < b->r.seq ? -1 : a->r.seq > b->r.seq;
}

static int compare_ids(const struct item *a, const struct item *b)
{
    return memcmp(a->id, b->id, 32);
}

static int compare_names(const struct item *a, const struct item *b)
{
    return memcmp(a->bytes, b->bytes, 32);
}

/* For qsort(): pointers to pointers; equal ones in the order of the file. */
#define SORTER(name, compare)                                                                      \
    static int name(const void *x, const void *y)                                                  \
    {                                                                                              \
        const struct item *const *a = x, *const *b = y;                                            \
        int order = compare(*a, *b);                                                               \
        return order != 0 ? order : *a < *b ? -1 : *a > *b;                                        \
    }
SORTER(sort_places, compare_places)
SORTER(sort_ids, compare_ids)
SORTER(sort_names, compare_names)
#undef SORTER

/* The first item in the list that is no less than wanted. */
static size_t find_first(struct item *const *list, size_t count, const struct item *wanted,
                         int (*compare)(const struct item *, const struct item *))
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

static int sort_items(struct verifier *v)
{
    struct item ***const lists[] = {&v->by_place, &v->by_id, &v->by_name};
    for (size_t i = 0; i < 3; i++) {
        *lists[i] = calloc(v->count + 1, sizeof **lists[i]);
        if (*lists[i] == NULL)
            return HOP_ENOMEM;
    }
    for (size_t n = 0; n < v->count; n++) {
        struct item *i = &v->items[n];
        if (i->parsed) {
            v->by_place[v->records_count] = i;
            v->by_id[v->records_count++] = i;
        } else if (i->whole && i->listed.kind == DOSSIER_ITEM_CHUNK && i->size >= 32) {
            v->by_name[v->chunks_count++] = i;
        }
    }
    qsort(v->by_place, v->records_count, sizeof *v->by_place, sort_places);
    qsort(v->by_id, v->records_count, sizeof *v->by_id, sort_ids);
    qsort(v->by_name, v->chunks_count, sizeof *v->by_name, sort_names);
    return HOP_OK;
}

/* ---- signatures and chains ---- */

/* The first item behind i that is the record after it in its log; NULL if it is not here whole. */
static const struct item *find_next(const struct verifier *v, const struct item *i)
{
    struct item wanted = {.r.seq = i->r.seq + 1};
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
static void prove_items(struct verifier *v)
{
    for (size_t n = v->count; n-- > 0;) {
        struct item *i = &v->items[n];
        if (!i->parsed)
            continue;
        if (i->r.sig != NULL) {
            i->proven = record_verify(i->id, i->r.sig, i->r.log) == HOP_OK;
        } else {
            const struct item *next = find_next(v, i);
            i->proven = next != NULL && next->proven && memcmp(next->r.prev, i->id, 32) == 0;
        }
    }
}

static int open_item(struct item *i)
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

/* ---- the fold again ---- */

/* Does the record stand behind the one before it in its log? Then that is noted. */
static int follow_log(struct verifier *v, struct item *i, uint32_t log)
{
    if (log >= v->log_seqs_count) {
        size_t count = 2 * ((size_t)log + 8);
        uint64_t *seqs = realloc(v->log_seqs, count * sizeof *seqs);
        if (seqs == NULL)
            return HOP_ENOMEM;
        memset(seqs + v->log_seqs_count, 0, (count - v->log_seqs_count) * sizeof *seqs);
        v->log_seqs = seqs;
        v->log_seqs_count = count;
    }
    i->strayed = i->r.seq <= v->log_seqs[log] || i->height > HEIGHT_MAX;
    if (!i->strayed)
        v->log_seqs[log] = i->r.seq;
    return HOP_OK;
}

/* Is it a record of this file, which then should have stood before whoever had seen it? */
static bool comes_later(const struct verifier *v, const struct item *i, const uint8_t id[static 32])
{
    struct item wanted = {0};
    memcpy(wanted.id, id, 32);
    size_t at = find_first(v->by_id, v->records_count, &wanted, compare_ids);
    return at < v->records_count && compare_ids(v->by_id[at], &wanted) == 0 && v->by_id[at] > i;
}

/* Put one proven record into the history; deps that are not in the dossier are left out. The order
 * of the lines must be one in which things can have happened: whoever could write a record before
 * another one of its log could make a close have seen a vote that came after it. */
static int add_item(struct verifier *v, size_t n, uint8_t *deps)
{
    struct item *i = &v->items[n];
    uint32_t log = history_log(v->history, i->r.log);
    if (log == HISTORY_NONE || follow_log(v, i, log) != HOP_OK)
        return HOP_ENOMEM;
    for (size_t k = 0; k < i->inner.deps_count; k++)
        i->strayed = i->strayed || comes_later(v, i, i->inner.deps + 32 * k);
    if (i->strayed)
        return HOP_OK;
    struct history_entry e = {.log = log,
                              .seq = history_log_tip(v->history, log) + 1,
                              .height = i->height,
                              .type = i->inner.type,
                              .lane = (uint8_t)i->r.lane};
    memcpy(e.id, i->id, sizeof e.id);
    size_t count = 0;
    for (size_t k = 0; k < i->inner.deps_count; k++) {
        if (history_find(v->history, i->inner.deps + 32 * k) != HISTORY_NONE)
            memcpy(deps + 32 * count++, i->inner.deps + 32 * k, 32);
    }
    int err = history_add(v->history, &e, deps, count, &i->entry);
    return err == HOP_EEXIST ? HOP_OK : err;
}

/* Who a log belongs to: its first record says so, and the device signed it. */
static int bind_logs(struct verifier *v)
{
    size_t logs = history_log_count(v->history);
    v->log_iks = calloc(logs + 1, sizeof *v->log_iks);
    if (v->log_iks == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count; n++) {
        const struct item *i = &v->items[n];
        struct auth_log_open o;
        if (i->entry == HISTORY_NONE || i->inner.type != AUTH_LOG_OPEN || i->r.seq != 1)
            continue;
        if (auth_log_open_parse(&o, i->inner.body) == HOP_OK &&
            memcmp(o.cell_id, v->list.cell_id, 32) == 0 &&
            auth_log_open_check(&o, i->r.log) == HOP_OK)
            memcpy(v->log_iks[history_at(v->history, i->entry)->log], o.ik, 32);
    }
    return HOP_OK;
}

/* Fold the cell, then the meetings; with `until`, only what that entry had seen. by_entry finds the
 * item of an entry. */
static int fold_meetings(struct verifier *v, struct item *const *by_entry, uint32_t until,
                         struct meeting_state *ret)
{
    size_t count = history_count(v->history);
    for (size_t n = 0; n < count; n++) {
        uint32_t entry = history_ordered(v->history, n);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        const struct history_entry *e = history_at(v->history, entry);
        if (e->type < ACT_MEETING ||
            (until != HISTORY_NONE && (entry == until || !history_saw(v->history, until, entry))))
            continue;
        const struct item *i = by_entry[entry];
        const struct cell_device *author = cell_device_by_key(v->cell, v->log_iks[e->log]);
        struct meeting_event event = {.entry = entry,
                                      .id = e->id,
                                      .member = author == NULL ? HISTORY_NONE : author->member,
                                      .wall = i->inner.wall,
                                      .type = e->type,
                                      .body = i->inner.body};
        int err = meeting_apply(ret, v->cell, v->history, &event);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int fold_cell(struct verifier *v, struct item *const *by_entry)
{
    size_t count = history_count(v->history);
    for (size_t n = 0; n < count; n++) {
        uint32_t entry = history_ordered(v->history, n);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        const struct history_entry *e = history_at(v->history, entry);
        if (e->type >= ACT_MEETING)
            continue;
        struct cell_event event = {.id = e->id,
                                   .ik = v->log_iks[e->log],
                                   .type = e->type,
                                   .body = by_entry[entry]->inner.body};
        int err = cell_apply(v->cell, &event);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int take_procedure(const struct verifier *v, struct meeting_state *s)
{
    struct span file = cell_procedure(v->cell);
    struct text_said why;
    struct procedure *p = malloc(sizeof *p);
    if (p == NULL)
        return HOP_ENOMEM;
    if (file.size > 0 && procedure_parse(p, file, &why) == HOP_OK)
        meeting_set_procedure(s, p);
    free(p);
    return HOP_OK;
}

/* ---- what the fold says ---- */

/* As much of a text as fits, cut at a character. */
static void copy_cut(char *ret, size_t room, const char *words)
{
    size_t n = strlen(words);
    if (n >= room) {
        n = room - 1;
        while (n > 0 && ((uint8_t)words[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(ret, words, n);
    ret[n] = '\0';
}

static void report_motions(struct verifier *v, const struct meeting *m)
{
    for (size_t n = 0; n < m->motions_count; n++) {
        const struct meeting_motion *q = &m->motions[n];
        char counts[4][24], title[100];
        copy_cut(title, sizeof title, q->text);
        (void)snprintf(counts[0], sizeof counts[0], "%zu", q->agree);
        (void)snprintf(counts[1], sizeof counts[1], "%zu", q->disagree);
        (void)snprintf(counts[2], sizeof counts[2], "%zu", q->abstain);
        (void)snprintf(counts[3], sizeof counts[3], "%zu", q->eligible);
        const char *args[] = {title, counts[0], counts[1], counts[2], counts[3]};
        say(v, DOSSIER_LINE_OK, DOSSIER_MOTION, 5, args);
    }
}

/* The first line in which two texts differ, from 1; 0 if they do not. */
static size_t first_difference(const char *a, const char *b)
{
    size_t line = 1;
    for (; *a == *b && *a != '\0'; a++, b++)
        line += *a == '\n' ? 1 : 0;
    return *a == *b ? 0 : line;
}

/* The text that the record gives, seen by the signer of these minutes and by nothing later. */
static int minutes_again(struct verifier *v, const struct meeting_minutes *signed_text,
                         struct item *const *by_entry, struct buf *ret)
{
    struct meeting_state *then = meeting_state_new();
    int err = then == NULL ? HOP_ENOMEM : take_procedure(v, then);
    if (err == HOP_OK)
        err = fold_meetings(v, by_entry, history_find(v->history, signed_text->id), then);
    const struct meeting *m = err == HOP_OK ? meeting_find(then, v->list.meeting) : NULL;
    if (m != NULL)
        err = meeting_minutes_text(then, v->cell, m, text_lang_of(signed_text->language), ret);
    meeting_state_free(then);
    return err;
}

/* Minutes made by this version's form must be what the record gives. Others say what a person
 * wrote, or what another version made: they are signed, and compared by eye. */
static int report_signed_minutes(struct verifier *v, const struct meeting_minutes *signed_text,
                                 struct item *const *by_entry)
{
    struct buf again = {0};
    char line[24];
    const char *args[] = {cell_member(v->cell, signed_text->member)->name, line};
    int err = minutes_again(v, signed_text, by_entry, &again);
    size_t at = err == HOP_OK ? first_difference(signed_text->text, buf_string(&again)) : 0;
    (void)snprintf(line, sizeof line, "%zu", at);
    buf_free(&again);
    if (err != HOP_OK)
        return err;
    if (at == 0)
        say(v, DOSSIER_LINE_OK, DOSSIER_OK_MINUTES, 2, args);
    else if (signed_text->form == MEETING_MINUTES_FORM)
        say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_MINUTES, 2, args);
    else
        say(v, DOSSIER_LINE_OK,
            signed_text->form == 0 ? DOSSIER_HAND_MINUTES : DOSSIER_OTHER_MINUTES, 2, args);
    return HOP_OK;
}

static int report_minutes(struct verifier *v, const struct meeting *m, struct item *const *by_entry)
{
    int err = HOP_OK;
    if (m->minutes_count == 0)
        say(v, DOSSIER_LINE_MISSING, DOSSIER_NO_MINUTES, 0, NULL);
    for (size_t n = 0; n < m->minutes_count && err == HOP_OK; n++)
        err = report_signed_minutes(v, &m->minutes[n], by_entry);
    return err;
}

/* Is the chunk here? Of several that claim its name the first is looked at. */
static bool has_chunk(const struct verifier *v, const uint8_t name[static 32])
{
    uint8_t claimed[32], real[32];
    memcpy(claimed, name, sizeof claimed);
    const struct item wanted = {.bytes = claimed};
    size_t at = find_first(v->by_name, v->chunks_count, &wanted, compare_names);
    if (at == v->chunks_count || compare_names(v->by_name[at], &wanted) != 0)
        return false;
    const struct item *i = v->by_name[at];
    hop_hash(real, sizeof real, LABEL_BLOB_NAME, SPAN(i->bytes + 32, i->size - 32));
    return memcmp(real, name, sizeof real) == 0;
}

/* Is every chunk of the document here, under its name? */
static bool document_whole(const struct verifier *v, const struct act *doc)
{
    for (size_t at = 0; at + 32 <= doc->chunks.size; at += 32) {
        if (!has_chunk(v, doc->chunks.data + at))
            return false;
    }
    return true;
}

static void report_documents(struct verifier *v, const struct meeting *m,
                             struct item *const *by_entry)
{
    for (size_t n = 0; n < m->documents_count; n++) {
        const struct meeting_document *doc = &m->documents[n];
        struct act act;
        char size[24];
        (void)snprintf(size, sizeof size, "%llu", (unsigned long long)doc->size);
        const char *args[] = {doc->title, size};
        bool whole = act_parse(&act, ACT_DOC, by_entry[doc->entry]->inner.body) == HOP_OK &&
                     document_whole(v, &act);
        say(v, whole ? DOSSIER_LINE_OK : DOSSIER_LINE_MISSING,
            whole ? DOSSIER_OK_DOCUMENT : DOSSIER_LOST_DOCUMENT, 2, args);
    }
}

/* Acts that a rule did not allow are on record, without effect: say so, it is no fault of the file.
 */
static void report_ignored(struct verifier *v, struct item *const *by_entry)
{
    for (size_t k = 0; k < meeting_ignored_count(v->meetings); k++) {
        const struct meeting_ignored *g = meeting_ignored_at(v->meetings, k);
        const struct item *i = by_entry[g->entry];
        struct buf why = {0};
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", (size_t)(i - v->items) + 1);
        text_said_fill(&why, v->lang, &g->why);
        const char *args[] = {number,
                              text(v->lang, dossier_type_text(i->listed.kind, i->inner.type)),
                              name_of(v, i->listed.ik), buf_string(&why)};
        say(v, DOSSIER_LINE_OK, DOSSIER_IGNORED, 4, args);
        buf_free(&why);
    }
}

static void report_items(struct verifier *v)
{
    size_t records = 0, bad = 0;
    for (size_t n = 0; n < v->count; n++) {
        const struct item *i = &v->items[n];
        bool chunk = i->listed.kind == DOSSIER_ITEM_CHUNK;
        size_t before = bad++;
        if (!i->whole)
            say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_ITEM, n);
        else if (!chunk && !i->proven)
            say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_SIGNATURE, n);
        else if (!chunk && !i->stub && !i->opened)
            say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_KEY, n);
        else if (i->strayed)
            say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_ORDER, n);
        else
            bad = before;
        records += chunk ? 0 : 1;
    }
    if (bad == 0) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", records);
        const char *args[] = {number};
        say(v, DOSSIER_LINE_OK, DOSSIER_OK_SIGNATURES, 1, args);
    }
}

static void report_cell(struct verifier *v)
{
    const struct auth_genesis *g = cell_genesis(v->cell);
    if (g == NULL) {
        say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_CELL, 0, NULL);
        return;
    }
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", cell_member_count(v->cell));
    const char *args[] = {g->name, number};
    memcpy(v->report->cell_name, g->name, sizeof g->name);
    say(v, DOSSIER_LINE_OK, DOSSIER_OK_CELL, 2, args);
}

static int report_meeting(struct verifier *v, struct item *const *by_entry)
{
    const struct meeting *m = meeting_find(v->meetings, v->list.meeting);
    if (m == NULL) {
        say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_MEETING, 0, NULL);
        return HOP_OK;
    }
    copy_cut(v->report->title, sizeof v->report->title, m->title);
    report_motions(v, m);
    report_ignored(v, by_entry);
    report_documents(v, m, by_entry);
    return report_minutes(v, m, by_entry);
}

/* ---- the walk ---- */

/* Everything that holds, in an order where what was seen comes first: the least height first. */
static int build_history(struct verifier *v)
{
    uint8_t *deps = malloc(32 * RECORD_DEPS_MAX);
    int err = deps == NULL ? HOP_ENOMEM : HOP_OK;
    for (size_t n = 0; n < v->count && err == HOP_OK; n++) {
        struct item *i = &v->items[n];
        if (!i->parsed || !i->proven)
            continue;
        if (!i->stub)
            err = open_item(i);
        /* A stub has its place: whoever saw it saw what stands before it in its log. */
        if (err == HOP_OK && (i->stub || i->opened))
            err = add_item(v, n, deps);
    }
    free(deps);
    return err;
}

static int fold_all(struct verifier *v)
{
    v->cell = cell_new(v->list.cell_id);
    v->history = history_new();
    v->meetings = meeting_state_new();
    if (v->cell == NULL || v->history == NULL || v->meetings == NULL)
        return HOP_ENOMEM;
    int err = build_history(v);
    if (err == HOP_OK)
        err = bind_logs(v);
    if (err != HOP_OK)
        return err;
    size_t entries = history_count(v->history);
    struct item **by_entry = calloc(entries + 1, sizeof *by_entry);
    if (by_entry == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count; n++) {
        if (v->items[n].entry != HISTORY_NONE)
            by_entry[v->items[n].entry] = &v->items[n];
    }
    err = fold_cell(v, by_entry);
    if (err == HOP_OK)
        err = take_procedure(v, v->meetings);
    if (err == HOP_OK)
        err = fold_meetings(v, by_entry, HISTORY_NONE, v->meetings);
    if (err == HOP_OK) {
        report_items(v);
        report_cell(v);
        err = report_meeting(v, by_entry);
    }
    free(by_entry);
    return err;
}

static void check_page(struct verifier *v, struct span before, struct span after)
{
    struct buf page = {0};
    uint8_t hash[32];
    buf_span(&page, before);
    buf_span(&page, after);
    dossier_item_hash(hash, 0, buf_written(&page));
    bool good = !page.bad && memcmp(hash, v->list.page_hash, sizeof hash) == 0;
    say(v, good ? DOSSIER_LINE_OK : DOSSIER_LINE_FAILED, good ? DOSSIER_OK_PAGE : DOSSIER_BAD_PAGE,
        0, NULL);
    buf_free(&page);
}

/* The line about the seal goes first but needs the sealer's name, which only the fold knows. */
static void put_seal_first(struct verifier *v, int seal, size_t at)
{
    struct dossier_report *r = v->report;
    size_t count = r->lines_count;
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", v->count);
    const char *args[] = {number, name_of(v, v->list.sealer)};
    bool known = v->cell != NULL && cell_device_by_key(v->cell, v->list.sealer) != NULL;
    bool good = seal == HOP_OK && known;
    say(v, good ? DOSSIER_LINE_OK : DOSSIER_LINE_FAILED, good ? DOSSIER_OK_LIST : DOSSIER_BAD_LIST,
        2, args);
    if (r->lines_count == count)
        return;
    struct dossier_line line = r->lines[count];
    memmove(&r->lines[at + 1], &r->lines[at], (count - at) * sizeof line);
    r->lines[at] = line;
}

static void conclude(struct verifier *v)
{
    enum text_id id = DOSSIER_PASS;
    v->report->verdict = DOSSIER_VERDICT_PASS;
    if (v->failed) {
        v->report->verdict = DOSSIER_VERDICT_FAIL;
        id = DOSSIER_FAIL;
    } else if (v->missing) {
        v->report->verdict = DOSSIER_VERDICT_INCOMPLETE;
        id = DOSSIER_INCOMPLETE;
    }
    say(v,
        v->failed    ? DOSSIER_LINE_FAILED
        : v->missing ? DOSSIER_LINE_MISSING
                     : DOSSIER_LINE_OK,
        id, 0, NULL);
}

static void release(struct verifier *v)
{
    for (size_t n = 0; n < v->count; n++) {
        free(v->items[n].bytes);
        free(v->items[n].plain);
    }
    free(v->items);
    free(v->by_place);
    free(v->by_id);
    free(v->by_name);
    free(v->log_seqs);
    free(v->log_iks);
    meeting_state_free(v->meetings);
    history_free(v->history);
    cell_free(v->cell);
}

int dossier_verify(struct span file, enum text_lang lang, struct dossier_report *ret)
{
    struct verifier v = {.report = ret, .lang = lang};
    *ret = (struct dossier_report){0};
    size_t start = find_text(file, 0, DOSSIER_START);
    size_t lines = start == SIZE_MAX ? SIZE_MAX : start + strlen(DOSSIER_START);
    size_t end = lines == SIZE_MAX ? SIZE_MAX : find_text(file, lines, DOSSIER_END);
    int seal = HOP_EMALFORMED, err = HOP_OK;
    struct span rest = {0}, line = {0};
    if (end != SIZE_MAX) {
        rest = SPAN(file.data + lines, end - lines);
        if (next_line(&rest, &line))
            seal = read_list(&v, line);
    }
    if (seal == HOP_OK || seal == HOP_EAUTH) {
        memcpy(ret->cell_id, v.list.cell_id, 32);
        memcpy(ret->meeting, v.list.meeting, 32);
        size_t tail = end + strlen(DOSSIER_END);
        check_page(&v, SPAN(file.data, start), SPAN(file.data + tail, file.size - tail));
        read_items(&v, &rest);
        if (rest.size > 0)
            say(&v, DOSSIER_LINE_FAILED, DOSSIER_EXTRA, 0, NULL);
        err = sort_items(&v);
        if (err == HOP_OK) {
            prove_items(&v);
            err = fold_all(&v);
        }
        put_seal_first(&v, seal, 0);
    } else if (seal == HOP_ENOMEM) {
        err = seal;
    } else {
        say(&v, DOSSIER_LINE_FAILED, seal == HOP_EVERSION ? DOSSIER_NEWER : DOSSIER_NO_LIST, 0,
            NULL);
    }
    conclude(&v);
    release(&v);
    if (err != HOP_OK)
        dossier_report_free(ret);
    return err;
}

void dossier_report_free(struct dossier_report *r)
{
    for (size_t i = 0; i < r->lines_count; i++)
        free(r->lines[i].text);
    r->lines_count = 0;
}
