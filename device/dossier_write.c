/* Making a dossier: which records are needed, and their lines. */
#include "device/dossier.h"

#include "base/encode.h"
#include "device/dossier_format.h"
#include "device/state.h"
#include "mesh/tree.h"

#include <assert.h>
#include <stdlib.h>

/* What is being written. */
struct writer {
    struct device *d;
    const struct meeting *m;
    enum text_lang lang;
    uint8_t *wanted; /* one per entry of the history: in the dossier, and how */
    struct buf list, lines, page;
    uint32_t count;
    uint64_t documents; /* bytes of those that are in it */
};

enum { LEFT_OUT, WHOLE, WITHHELD };

/* ---- which records ---- */

/* Does this entry belong to the meeting? */
static int is_of_meeting(const struct writer *w, uint32_t entry, bool *ret)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    struct device_opened o;
    struct act act;
    *ret = entry == w->m->entry;
    if (*ret || e->type < ACT_MEETING)
        return HOP_OK;
    int err = device_open_entry(w->d, entry, &o);
    if (err != HOP_OK)
        return err;
    *ret = act_parse(&act, (enum act_type)e->type, o.body) == HOP_OK &&
           memcmp(act.meeting, w->m->id, 32) == 0;
    free(o.bytes);
    return HOP_OK;
}

/* The entry and, down to the height of the meeting itself, all it had seen: that is what decides
 * which votes a close had seen. In insertion order ancestors come first, so one walk back is
 * enough. */
static int choose(struct writer *w)
{
    const struct history *h = w->d->history;
    uint32_t floor = history_at(h, w->m->entry)->height;
    for (uint32_t i = (uint32_t)history_count(h); i-- > 0;) {
        const struct history_entry *e = history_at(h, i);
        bool mine = false;
        if (e->type < ACT_MEETING) /* 0: nobody can read it, there is no key to give */
            w->wanted[i] = e->type == 0 ? WITHHELD : WHOLE;
        if (e->height < floor)
            continue;
        int err = w->wanted[i] == WHOLE ? HOP_OK : is_of_meeting(w, i, &mine);
        if (err != HOP_OK)
            return err;
        if (mine)
            w->wanted[i] = WHOLE;
        if (w->wanted[i] != WHOLE || e->type < ACT_MEETING)
            continue;
        if (e->previous != HISTORY_NONE && history_at(h, e->previous)->height >= floor)
            w->wanted[e->previous] = WHOLE;
        for (size_t n = 0; n < e->deps_count; n++) {
            uint32_t dep = history_dep(h, e, n);
            if (history_at(h, dep)->height >= floor)
                w->wanted[dep] = WHOLE;
        }
    }
    return HOP_OK;
}

static int stored(const struct writer *w, uint32_t entry, struct record *ret)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    struct span bytes;
    int err = store_get(w->d->store, history_log_id(w->d->history, e->log), e->seq, &bytes);
    return err == HOP_OK ? record_parse(ret, bytes) : err;
}

/* Records received in a run carry no signature of their own: the rest of the run, up to the one
 * that is signed, proves them. */
static int cover_runs(struct writer *w)
{
    const struct history *h = w->d->history;
    size_t count = history_count(h);
    for (uint32_t i = 0; i < count; i++) {
        struct record r;
        if (w->wanted[i] == LEFT_OUT)
            continue;
        int err = stored(w, i, &r);
        if (err != HOP_OK)
            return err;
        const struct history_entry *e = history_at(h, i);
        uint32_t next = history_log_entry(h, e->log, e->seq + 1);
        if (r.sig == NULL && next != HISTORY_NONE && w->wanted[next] == LEFT_OUT)
            w->wanted[next] = WITHHELD; /* later than i in this walk: covered in its turn */
    }
    return HOP_OK;
}

/* ---- items ---- */

static void put_line(struct buf *b, struct span bytes)
{
    char *line = malloc(BASE64_SIZE(bytes.size));
    if (line == NULL) {
        b->bad = true;
        return;
    }
    base64_encode(line, bytes);
    buf_text(b, line);
    buf_text(b, "\n");
    free(line);
}

static void put_item(struct writer *w, const struct dossier_entry *described, struct span bytes)
{
    uint8_t room[DOSSIER_ENTRY_BYTES];
    struct dossier_entry e = *described;
    struct wire_writer out = wire_writer(room, sizeof room);
    dossier_item_hash(e.hash, e.kind, bytes);
    dossier_entry_put(&out, &e);
    buf_span(&w->list, wire_written(&out));
    put_line(&w->lines, bytes);
    w->count++;
}

/* The key that opens exactly this record; zeros where there is nothing sealed. */
static void key_of(const struct writer *w, const struct record *r, uint8_t ret[static 32])
{
    if (r->outer != OUTER_SEALED || device_record_key(w->d, r, ret) != HOP_OK)
        memset(ret, 0, 32);
}

static int put_record(struct writer *w, uint32_t entry)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    struct record r;
    int err = stored(w, entry, &r);
    if (err != HOP_OK)
        return err;
    struct dossier_entry described = {.kind = DOSSIER_ITEM_RECORD, .type = e->type};
    memcpy(described.ik, w->d->logs[e->log].ik, 32);
    struct buf item = {0};
    uint8_t head[36], hash[32];
    struct wire_writer out = wire_writer(head, sizeof head);
    if (w->wanted[entry] == WHOLE) {
        wire_put_u32(&out, e->height);
        key_of(w, &r, head + 4);
        buf_bytes(&item, head, sizeof head);
        buf_span(&item, r.header);
        buf_span(&item, r.text);
    } else {
        described.kind = DOSSIER_ITEM_STUB;
        record_text_hash(hash, r.text);
        buf_span(&item, r.header);
        buf_bytes(&item, hash, sizeof hash);
    }
    if (r.sig != NULL)
        buf_bytes(&item, r.sig, CRYPTO_SIG_BYTES);
    if (item.bad)
        err = HOP_ENOMEM;
    else
        put_item(w, &described, buf_written(&item));
    buf_free(&item);
    return err;
}

static int put_blob(struct writer *w, const uint8_t name[static 32])
{
    struct span blob;
    struct buf item = {0};
    struct dossier_entry described = {.kind = DOSSIER_ITEM_CHUNK, .type = ACT_DOC};
    int err = store_find(w->d->store, STORE_BLOBS, SPAN(name, 32), &blob);
    if (err != HOP_OK)
        return err;
    buf_bytes(&item, name, 32);
    buf_span(&item, blob);
    if (item.bad)
        err = HOP_ENOMEM;
    else
        put_item(w, &described, buf_written(&item));
    buf_free(&item);
    return err;
}

/* The blobs of one document, as far as they are here; of the rest, and of what is too large for a
 * dossier, verifying will say that it is missing. */
static int put_document(struct writer *w, const struct meeting_document *doc)
{
    struct device_opened o;
    struct act act;
    struct tree_walk walk;
    struct tree_place p;
    int err = device_open_entry(w->d, doc->entry, &o);
    if (err != HOP_OK)
        return err;
    bool parsed = act_parse(&act, ACT_DOC, o.body) == HOP_OK && act.size > 0;
    if (parsed && act.size <= DOSSIER_DOCUMENTS_BYTES_MAX - w->documents) {
        w->documents += act.size;
        tree_walk_begin(&walk, w->d->store, act.root, act.size);
        while (err == HOP_OK && tree_walk_next(&walk, &p) == HOP_OK)
            err = p.here ? put_blob(w, p.name) : HOP_OK;
    }
    free(o.bytes);
    return err;
}

/* ---- the page ---- */

static void put_escaped(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '&':
            buf_text(b, "&amp;");
            break;
        case '<':
            buf_text(b, "&lt;");
            break;
        case '>':
            buf_text(b, "&gt;");
            break;
        case '"':
            buf_text(b, "&quot;");
            break;
        default:
            buf_bytes(b, (const uint8_t *)s, 1);
            break;
        }
    }
}

static void put_heading(struct writer *w, enum text_id id)
{
    buf_printf(&w->page, "<h2>%s</h2>\n", text(w->lang, id));
}

static void put_head(struct writer *w)
{
    struct buf *b = &w->page;
    const struct auth_genesis *g = cell_genesis(w->d->cell);
    char hex[HEX_SIZE(32)];
    hex_encode(hex, SPAN(cell_id(w->d->cell), 32));
    buf_printf(b, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
               w->lang == TEXT_VI ? "vi" : "en");
    buf_text(b, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    put_escaped(b, w->m->title);
    buf_text(b,
             "</title>\n<style>body{font:18px/1.5 serif;max-width:46em;margin:2em auto;padding:0 "
             "1em}pre{white-space:pre-wrap;font:inherit}td,th{text-align:left;padding:0 1em 0 "
             "0}code{word-break:break-all}</style>\n</head>\n<body>\n<h1>");
    buf_printf(b, "%s: ", text(w->lang, DOSSIER_TITLE));
    put_escaped(b, w->m->title);
    buf_printf(b, "</h1>\n<p>%s</p>\n<p>%s: ", text(w->lang, DOSSIER_HOWTO),
               text(w->lang, DOSSIER_CELL));
    put_escaped(b, g == NULL ? "" : g->name);
    buf_printf(b, "<br>%s: <code>%s</code></p>\n", text(w->lang, DOSSIER_FINGERPRINT), hex);
}

static void put_record_row(struct writer *w, uint32_t entry)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    const struct cell_device *author = cell_device_by_key(w->d->cell, w->d->logs[e->log].ik);
    buf_printf(&w->page, "<tr><td>%s</td><td>",
               text(w->lang, dossier_type_text(DOSSIER_ITEM_RECORD, e->type)));
    put_escaped(&w->page, author == NULL ? text(w->lang, DOSSIER_UNKNOWN)
                                         : cell_member(w->d->cell, author->member)->name);
    buf_text(&w->page, "</td></tr>\n");
}

static int put_page(struct writer *w)
{
    struct buf minutes = {0};
    put_head(w);
    int err = meeting_minutes_text(w->d->meetings, w->d->cell, w->m, w->lang, &minutes);
    if (err == HOP_OK) {
        put_heading(w, DOSSIER_MINUTES);
        buf_text(&w->page, "<pre>");
        put_escaped(&w->page, buf_string(&minutes));
        buf_text(&w->page, "</pre>\n");
        put_heading(w, DOSSIER_RECORDS);
        buf_printf(&w->page, "<table>\n<tr><th>%s</th><th>%s</th></tr>\n",
                   text(w->lang, DOSSIER_ACT), text(w->lang, DOSSIER_AUTHOR));
        size_t count = history_count(w->d->history);
        for (size_t n = 0; n < count; n++) {
            uint32_t entry = history_ordered(w->d->history, n);
            if (entry != HISTORY_NONE && w->wanted[entry] == WHOLE &&
                history_at(w->d->history, entry)->type >= ACT_MEETING)
                put_record_row(w, entry);
        }
        buf_text(&w->page, "</table>\n");
    }
    buf_free(&minutes);
    return err;
}

/* ---- the file ---- */

static int put_items(struct writer *w)
{
    size_t count = history_count(w->d->history);
    int err = HOP_OK;
    for (size_t n = 0; n < count && err == HOP_OK; n++) {
        uint32_t entry = history_ordered(w->d->history, n);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        if (w->wanted[entry] != LEFT_OUT)
            err = put_record(w, entry);
    }
    for (size_t i = 0; i < w->m->documents_count && err == HOP_OK; i++)
        err = put_document(w, &w->m->documents[i]);
    return err;
}

static const char page_tail[] = "</body>\n</html>\n";

/* Put page, sealed list and lines together. */
static int finish(struct writer *w, uint64_t wall, struct buf *ret)
{
    struct dossier_list l = {.wall = wall, .count = w->count};
    uint8_t fixed[DOSSIER_LIST_FIXED_BYTES], sig[CRYPTO_SIG_BYTES];
    struct wire_writer out = wire_writer(fixed, sizeof fixed);
    struct buf list = {0}, page = {0};
    buf_span(&page, buf_written(&w->page));
    buf_text(&page, page_tail);
    memcpy(l.cell_id, cell_id(w->d->cell), 32);
    memcpy(l.meeting, w->m->id, 32);
    memcpy(l.sealer, w->d->keys->ik.public_key, 32);
    dossier_item_hash(l.page_hash, 0, buf_written(&page));
    dossier_list_put(&out, &l);
    assert(!out.bad && out.used == sizeof fixed);
    buf_bytes(&list, fixed, sizeof fixed);
    buf_span(&list, buf_written(&w->list));
    hop_sign(sig, &w->d->keys->ik, LABEL_DOSSIER_SIG, buf_written(&list));
    buf_bytes(&list, sig, sizeof sig);

    buf_span(ret, buf_written(&w->page));
    buf_text(ret, DOSSIER_START);
    put_line(ret, buf_written(&list));
    buf_span(ret, buf_written(&w->lines));
    buf_text(ret, DOSSIER_END);
    buf_text(ret, page_tail);
    bool bad = list.bad || page.bad || ret->bad || w->list.bad || w->lines.bad || w->page.bad;
    buf_free(&list);
    buf_free(&page);
    return bad ? HOP_ENOMEM : HOP_OK;
}

int dossier_write(struct device *d, const struct meeting *m, enum text_lang lang, uint64_t wall,
                  struct buf *ret, struct text_said *why)
{
    struct writer w = {.d = d, .m = m, .lang = lang};
    size_t count = history_count(d->history);
    if (count == 0)
        return text_say(why, DOSSIER_NOT_YET, 0);
    w.wanted = calloc(count, 1);
    int err = w.wanted == NULL ? HOP_ENOMEM : choose(&w);
    if (err == HOP_OK)
        err = cover_runs(&w);
    if (err == HOP_OK)
        err = put_items(&w);
    if (err == HOP_OK)
        err = put_page(&w);
    if (err == HOP_OK)
        err = finish(&w, wall, ret);
    free(w.wanted);
    buf_free(&w.list);
    buf_free(&w.lines);
    buf_free(&w.page);
    return err;
}
