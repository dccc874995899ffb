/* Checking a dossier: the list and its seal, every item against it, signatures and chains, and then
 * the whole fold again from what holds. */
#include "device/dossier_verifier.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"

/* ---- the walk ---- */

/* Everything that holds, in an order where what was seen comes first: the least height first. */
static int build_history(struct dossier_verifier *v)
{
    uint8_t *deps = malloc(32 * RECORD_DEPS_MAX);
    int err = deps == NULL ? HOP_ENOMEM : HOP_OK;
    for (size_t n = 0; n < v->count && err == HOP_OK; n++) {
        struct dossier_item *i = &v->items[n];
        if (!i->parsed || !i->proven)
            continue;
        if (!i->stub)
            err = dossier_open_item(i);
        /* A stub has its place: whoever saw it saw what stands before it in its log. */
        if (err == HOP_OK && (i->stub || i->opened))
            err = dossier_add_item(v, n, deps);
    }
    free(deps);
    return err;
}

static int fold_all(struct dossier_verifier *v)
{
    v->cell = cell_new(v->list.cell_id);
    v->history = history_new();
    v->meetings = meeting_state_new();
    if (v->cell == NULL || v->history == NULL || v->meetings == NULL)
        return HOP_ENOMEM;
    int err = build_history(v);
    if (err == HOP_OK)
        err = dossier_bind_logs(v);
    if (err != HOP_OK)
        return err;
    size_t entries = history_count(v->history);
    struct dossier_item **by_entry = calloc(entries + 1, sizeof *by_entry);
    if (by_entry == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count; n++) {
        if (v->items[n].entry != HISTORY_NONE)
            by_entry[v->items[n].entry] = &v->items[n];
    }
    err = dossier_fold_cell(v, by_entry);
    if (err == HOP_OK)
        err = dossier_take_procedure(v, v->meetings);
    if (err == HOP_OK)
        err = dossier_fold_meetings(v, by_entry, HISTORY_NONE, v->meetings);
    if (err == HOP_OK) {
        dossier_report_items(v);
        dossier_report_cell(v);
        dossier_report_complete(v);
        err = dossier_report_withheld(v);
    }
    if (err == HOP_OK)
        err = dossier_report_meeting(v, by_entry);
    free(by_entry);
    return err;
}

static void check_page(struct dossier_verifier *v, struct span before, struct span after)
{
    struct buf page = {0};
    uint8_t hash[32];
    buf_span(&page, before);
    buf_span(&page, after);
    dossier_item_hash(hash, 0, buf_written(&page));
    bool good = !page.bad && memcmp(hash, v->list.page_hash, sizeof hash) == 0;
    dossier_say(v, good ? DOSSIER_LINE_OK : DOSSIER_LINE_FAILED,
                good ? DOSSIER_OK_PAGE : DOSSIER_BAD_PAGE, 0, NULL);
    buf_free(&page);
}

/* The line about the seal goes first but needs the sealer's name, which only the fold knows. */
static void put_seal_first(struct dossier_verifier *v, int seal, size_t at)
{
    struct dossier_report *r = v->report;
    size_t count = r->lines_count;
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", v->count);
    const char *args[] = {number, dossier_name_of(v, v->list.sealer)};
    bool known = v->cell != NULL && cell_device_by_key(v->cell, v->list.sealer) != NULL;
    bool good = seal == HOP_OK && known;
    dossier_say(v, good ? DOSSIER_LINE_OK : DOSSIER_LINE_FAILED,
                good ? DOSSIER_OK_LIST : DOSSIER_BAD_LIST, 2, args);
    if (r->lines_count == count)
        return;
    struct dossier_line line = r->lines[count];
    memmove(&r->lines[at + 1], &r->lines[at], (count - at) * sizeof line);
    r->lines[at] = line;
}

/* Whoever holds the file must still say whose it is: a dossier of another cell holds as well. */
static void conclude(struct dossier_verifier *v)
{
    char hex[HEX_SIZE(32)];
    const char *args[] = {hex};
    hex_encode(hex, SPAN(v->list.cell_id, 32));
    if (v->failed) {
        v->report->verdict = DOSSIER_VERDICT_FAIL;
        dossier_say(v, DOSSIER_LINE_FAILED, DOSSIER_FAIL, 0, NULL);
    } else if (v->missing) {
        v->report->verdict = DOSSIER_VERDICT_INCOMPLETE;
        dossier_say(v, DOSSIER_LINE_MISSING, DOSSIER_INCOMPLETE, 0, NULL);
    } else {
        v->report->verdict = DOSSIER_VERDICT_UNCONFIRMED;
        dossier_say(v, DOSSIER_LINE_MISSING, DOSSIER_UNCONFIRMED, 1, args);
    }
}

static void set_line(struct dossier_report *r, size_t at, enum dossier_state state,
                     enum text_lang lang, enum text_id id, const char *arg)
{
    struct buf b = {0};
    text_fill(&b, lang, id, &arg, 1);
    if (b.bad || b.data == NULL) {
        buf_free(&b);
        return;
    }
    free(r->lines[at].text);
    r->lines[at] = (struct dossier_line){.state = state, .text = (char *)b.data};
}

void dossier_confirm(struct dossier_report *r, enum text_lang lang, const uint8_t cell[static 32])
{
    char hex[HEX_SIZE(32)];
    bool same = memcmp(cell, r->cell_id, 32) == 0;
    if (r->lines_count == 0 || r->lines_count == DOSSIER_LINES_MAX)
        return;
    hex_encode(hex, SPAN(r->cell_id, 32));
    size_t last = r->lines_count++; /* the verdict stays the last line */
    r->lines[last] = r->lines[last - 1];
    r->lines[last - 1].text = NULL;
    set_line(r, last - 1, same ? DOSSIER_LINE_OK : DOSSIER_LINE_FAILED, lang,
             same ? DOSSIER_CONFIRMED : DOSSIER_OTHER_CELL, hex);
    if (!same) {
        r->verdict = DOSSIER_VERDICT_FAIL;
        set_line(r, last, DOSSIER_LINE_FAILED, lang, DOSSIER_FAIL, "");
    } else if (r->verdict == DOSSIER_VERDICT_UNCONFIRMED) {
        r->verdict = DOSSIER_VERDICT_PASS;
        set_line(r, last, DOSSIER_LINE_OK, lang, DOSSIER_PASS, "");
    }
    if (r->lines[last - 1].text == NULL) { /* memory ran out: the verdict alone then */
        r->lines[last - 1] = r->lines[last];
        r->lines_count--;
    }
}

static void release(struct dossier_verifier *v)
{
    for (size_t n = 0; n < v->count; n++) {
        free(v->items[n].bytes);
        free(v->items[n].plain);
    }
    free(v->items);
    free(v->by_place);
    free(v->by_id);
    store_close(v->blobs);
    free(v->log_seqs);
    free(v->log_iks);
    meeting_state_free(v->meetings);
    history_free(v->history);
    cell_free(v->cell);
}

int dossier_verify(struct span file, enum text_lang lang, struct dossier_report *ret)
{
    struct dossier_verifier v = {.report = ret, .lang = lang};
    *ret = (struct dossier_report){0};
    size_t start = dossier_find_text(file, 0, DOSSIER_START);
    size_t lines = start == SIZE_MAX ? SIZE_MAX : start + strlen(DOSSIER_START);
    size_t end = lines == SIZE_MAX ? SIZE_MAX : dossier_find_text(file, lines, DOSSIER_END);
    int seal = HOP_EMALFORMED, err = HOP_OK;
    struct span rest = {0}, line = {0};
    if (end != SIZE_MAX) {
        rest = SPAN(file.data + lines, end - lines);
        if (dossier_next_line(&rest, &line))
            seal = dossier_read_list(&v, line);
    }
    if (seal == HOP_OK || seal == HOP_EAUTH) {
        memcpy(ret->cell_id, v.list.cell_id, 32);
        memcpy(ret->meeting, v.list.meeting, 32);
        size_t tail = end + strlen(DOSSIER_END);
        check_page(&v, SPAN(file.data, start), SPAN(file.data + tail, file.size - tail));
        dossier_read_items(&v, &rest);
        if (rest.size > 0)
            dossier_say(&v, DOSSIER_LINE_FAILED, DOSSIER_EXTRA, 0, NULL);
        err = dossier_sort_items(&v);
        if (err == HOP_OK) {
            dossier_prove_items(&v);
            err = fold_all(&v);
        }
        put_seal_first(&v, seal, 0);
    } else if (seal == HOP_ENOMEM) {
        err = seal;
    } else {
        dossier_say(&v, DOSSIER_LINE_FAILED, seal == HOP_EVERSION ? DOSSIER_NEWER : DOSSIER_NO_LIST,
                    0, NULL);
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
