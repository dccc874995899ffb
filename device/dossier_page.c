#include "device/dossier_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "meeting/print.h"

struct page {
    struct device *d;
    const struct meeting *m;
    enum text_lang lang;
    struct buf *b;
    uint64_t documents; /* bytes of those that it can open */
};

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

static void put_heading(struct page *p, enum text_id id)
{
    buf_printf(p->b, "<h2>%s</h2>\n", text(p->lang, id));
}

/* No script, nothing from outside: the page says so itself, should it ever be opened by a server.
 */
static void put_head(struct page *p)
{
    struct buf *b = p->b;
    const struct auth_genesis *g = cell_genesis(p->d->cell);
    char hex[HEX_SIZE(32)];
    hex_encode(hex, SPAN(cell_id(p->d->cell), 32));
    buf_printf(b, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
               p->lang == TEXT_VI ? "vi" : "en");
    buf_text(b, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    put_escaped(b, p->m->title);
    buf_text(b,
             "</title>\n<style>body{font:18px/1.5 serif;max-width:46em;margin:2em auto;padding:0 "
             "1em}pre{white-space:pre-wrap;font:inherit}table{border-collapse:collapse;width:100%}"
             "td,th{text-align:left;padding:0 1em 0 0;vertical-align:top}code{word-break:break-all}"
             ".T,.S,.M,.H td,.G td{text-align:center}.D{text-align:right;font-style:italic}"
             ".I{margin:0 0 0 2em}.P{margin:.3em 0}.M{font-weight:bold;border:2px solid}"
             ".R td,.R th{border:1px solid;padding:0 .4em}h2.S,h3{font-size:1em}"
             "@media print{details{display:none}}</style>\n</head>\n<body>\n<p>");
    buf_printf(b, "<strong>%s: ", text(p->lang, DOSSIER_TITLE));
    put_escaped(b, p->m->title);
    buf_printf(b, "</strong></p>\n<p>%s</p>\n<p>%s: ", text(p->lang, DOSSIER_HOWTO),
               text(p->lang, DOSSIER_CELL));
    put_escaped(b, g == NULL ? "" : g->name);
    buf_printf(b, "<br>%s: <code>%s</code></p>\n", text(p->lang, DOSSIER_FINGERPRINT), hex);
}

/* ---- minutes and resolutions ---- */

static int put_print(struct page *p, enum print_kind kind, size_t index, bool plain)
{
    struct buf lines = {0}, words = {0};
    int err = meeting_print(&lines, p->d->meetings, p->d->cell, p->m, kind, index, p->lang);
    if (err == HOP_OK && !plain) {
        meeting_print_html(p->b, buf_written(&lines));
    } else if (err == HOP_OK) {
        meeting_print_plain(&words, buf_written(&lines));
        buf_printf(p->b, "<details><summary>%s</summary>\n<pre>", text(p->lang, DOSSIER_PLAIN));
        put_escaped(p->b, buf_string(&words));
        buf_text(p->b, "</pre>\n</details>\n");
    }
    p->b->bad = p->b->bad || words.bad;
    buf_free(&lines);
    buf_free(&words);
    return err;
}

static int put_minutes(struct page *p)
{
    put_heading(p, DOSSIER_MINUTES);
    int err = put_print(p, PRINT_MINUTES, 0, false);
    if (err == HOP_OK)
        err = put_print(p, PRINT_MINUTES, 0, true);
    for (size_t i = 0; i < p->m->resolutions_count && err == HOP_OK; i++) {
        buf_text(p->b, "<hr>\n");
        err = put_print(p, PRINT_RESOLUTION, i, false);
    }
    return err;
}

/* ---- documents ---- */

static void put_base64(struct buf *b, struct span bytes)
{
    char *line = malloc(BASE64_SIZE(bytes.size));
    b->bad = b->bad || line == NULL;
    if (line == NULL)
        return;
    base64_encode(line, bytes);
    buf_text(b, line);
    free(line);
}

static void put_document_line(struct page *p, enum text_id id, const struct meeting_document *doc)
{
    char size[24];
    struct buf words = {0};
    (void)snprintf(size, sizeof size, "%llu", (unsigned long long)doc->size);
    const char *args[] = {doc->title, size};
    text_fill(&words, p->lang, id, args, 2);
    put_escaped(p->b, buf_string(&words));
    p->b->bad = p->b->bad || words.bad;
    buf_free(&words);
}

static bool can_open(const struct page *p, const struct meeting_document *doc)
{
    return doc->size <= DOSSIER_PAGE_DOCUMENT_BYTES_MAX &&
           doc->size <= DOSSIER_PAGE_DOCUMENTS_BYTES_MAX - p->documents;
}

static int put_document(struct page *p, const struct meeting_document *doc)
{
    struct device_opened o;
    struct act act;
    struct buf bytes = {0};
    int err = device_open_entry(p->d, doc->entry, &o);
    if (err != HOP_OK)
        return err;
    bool parsed = act_parse(&act, ACT_DOC, o.body) == HOP_OK;
    bool here = parsed && (act.size == 0 || device_has_document(p->d, &act));
    buf_text(p->b, "<li>");
    if (here && can_open(p, doc) &&
        (act.size == 0 || device_get_document(p->d, &act, &bytes) == HOP_OK)) {
        p->documents += doc->size;
        buf_text(p->b, "<a download=\"");
        put_escaped(p->b, doc->title);
        buf_text(p->b, "\" href=\"data:application/octet-stream;base64,");
        put_base64(p->b, buf_written(&bytes));
        buf_text(p->b, "\">");
        put_escaped(p->b, doc->title);
        buf_text(p->b, "</a>");
    } else {
        put_document_line(p, here ? DOSSIER_DOCUMENT_APART : DOSSIER_DOCUMENT_LOST, doc);
    }
    buf_text(p->b, "</li>\n");
    buf_free(&bytes);
    free(o.bytes);
    return HOP_OK;
}

static int put_documents(struct page *p)
{
    int err = HOP_OK;
    if (p->m->documents_count == 0)
        return HOP_OK;
    put_heading(p, DOSSIER_DOCUMENTS);
    buf_text(p->b, "<ol>\n");
    for (size_t i = 0; i < p->m->documents_count && err == HOP_OK; i++)
        err = put_document(p, &p->m->documents[i]);
    buf_text(p->b, "</ol>\n");
    return err;
}

/* ---- records ---- */

static void put_record_row(struct page *p, uint32_t entry, bool whole, uint32_t number)
{
    const struct history_entry *e = history_at(p->d->history, entry);
    const struct cell_device *author = cell_device_by_key(p->d->cell, p->d->logs[e->log].ik);
    enum text_id type = dossier_type_text(whole ? DOSSIER_ITEM_RECORD : DOSSIER_ITEM_STUB, e->type);
    buf_printf(p->b, "<tr><td>%lu</td><td>%s</td><td>", (unsigned long)number, text(p->lang, type));
    put_escaped(p->b, author == NULL ? text(p->lang, DOSSIER_UNKNOWN)
                                     : cell_member(p->d->cell, author->member)->name);
    buf_text(p->b, "</td></tr>\n");
}

static int put_records(struct page *p, const uint8_t *wanted, const uint32_t *numbers)
{
    size_t count = history_count(p->d->history);
    buf_printf(p->b,
               "<details><summary>%s</summary>\n<table>\n<tr><th>%s</th><th>%s</th><th>%s</th>"
               "</tr>\n",
               text(p->lang, DOSSIER_RECORDS), text(p->lang, DOSSIER_ITEM),
               text(p->lang, DOSSIER_ACT), text(p->lang, DOSSIER_AUTHOR));
    for (size_t n = 0; n < count; n++) {
        uint32_t entry = history_ordered(p->d->history, n);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        bool control = history_at(p->d->history, entry)->type < ACT_MEETING;
        if (wanted[entry] == WITHHELD || (wanted[entry] == WHOLE && !control))
            put_record_row(p, entry, wanted[entry] == WHOLE, numbers[entry]);
    }
    buf_text(p->b, "</table>\n</details>\n");
    return HOP_OK;
}

int dossier_page(struct device *d, const struct meeting *m, enum text_lang lang,
                 const uint8_t *wanted, const uint32_t *numbers, struct buf *ret)
{
    struct page p = {.d = d, .m = m, .lang = lang, .b = ret};
    put_head(&p);
    int err = put_minutes(&p);
    if (err == HOP_OK)
        err = put_documents(&p);
    if (err == HOP_OK)
        err = put_records(&p, wanted, numbers);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}
