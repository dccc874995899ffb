/* What a dossier shows, in sentences. */
#include "device/dossier_verifier.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "mesh/tree.h"

/* ---- the report ---- */

void dossier_say(struct dossier_verifier *v, enum dossier_state state, enum text_id id,
                 size_t count, const char *const args[])
{
    struct dossier_report *r = v->report;
    struct buf b = {0};
    v->failed = v->failed || state == DOSSIER_LINE_FAILED;
    v->missing = v->missing || state == DOSSIER_LINE_MISSING;
    bool kept = id == DOSSIER_OK_LIST || id == DOSSIER_BAD_LIST || id == DOSSIER_FAIL ||
                id == DOSSIER_INCOMPLETE || id == DOSSIER_UNCONFIRMED;
    if (r->lines_count >= DOSSIER_LINES_MAX - (kept ? 1 : 3))
        return; /* the last lines are kept for the seal, the verdict, and who confirms it */
    text_fill(&b, v->lang, id, args, count);
    if (b.bad || b.data == NULL) {
        buf_free(&b);
        return;
    }
    r->lines[r->lines_count++] = (struct dossier_line){.state = state, .text = (char *)b.data};
}

const char *dossier_name_of(const struct dossier_verifier *v, const uint8_t ik[static 32])
{
    const struct cell_device *d = v->cell == NULL ? NULL : cell_device_by_key(v->cell, ik);
    return d == NULL ? text(v->lang, DOSSIER_UNKNOWN) : cell_member(v->cell, d->member)->name;
}

/* A line about item n: its number from 1, what it is, and who wrote it. */
void dossier_say_item(struct dossier_verifier *v, enum dossier_state state, enum text_id id,
                      size_t n)
{
    const struct dossier_item *i = &v->items[n];
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", n + 1);
    const char *args[] = {number, text(v->lang, dossier_type_text(i->listed.kind, i->listed.type)),
                          dossier_name_of(v, i->listed.ik)};
    dossier_say(v, state, id, 3, args);
}

/* ---- what the fold says ---- */

static void report_motion(struct dossier_verifier *v, const struct meeting_motion *q)
{
    char counts[4][24], title[100];
    struct buf standing = {0};
    text_cut(title, sizeof title, q->text);
    (void)snprintf(counts[0], sizeof counts[0], "%zu", q->agree);
    (void)snprintf(counts[1], sizeof counts[1], "%zu", q->disagree);
    (void)snprintf(counts[2], sizeof counts[2], "%zu", q->abstain);
    (void)snprintf(counts[3], sizeof counts[3], "%zu", q->eligible);
    const char *args[] = {title, counts[0], counts[1], counts[2], counts[3]};
    dossier_say(v, DOSSIER_LINE_OK, DOSSIER_MOTION, 5, args);
    if (!q->closed || q->standing_why.id == TEXT_NONE)
        return;
    text_said_fill(&standing, v->lang, &q->standing_why);
    args[1] = buf_string(&standing);
    dossier_say(v, DOSSIER_LINE_OK, DOSSIER_STANDING, 2, args);
    buf_free(&standing);
}

static void report_motions(struct dossier_verifier *v, const struct meeting *m)
{
    if (m->practice)
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_PRACTICE, 0, NULL);
    for (size_t n = 0; n < m->motions_count; n++)
        report_motion(v, &m->motions[n]);
}

static void report_replies(struct dossier_verifier *v, const struct meeting *m)
{
    if (m->kind != FORM_CONSULTATION)
        return;
    char counts[5][24];
    const char *args[5];
    struct meeting_replies n = meeting_count_replies(m, meeting_procedure(v->meetings));
    const size_t numbers[5] = {n.of[REPLY_AGREE], n.of[REPLY_DISAGREE], n.of[REPLY_OTHER],
                               n.of[REPLY_NONE], n.needed};
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(counts[i], sizeof counts[i], "%zu", numbers[i]);
        args[i] = counts[i];
    }
    dossier_say(v, DOSSIER_LINE_OK, DOSSIER_REPLIES, 5, args);
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
static int minutes_again(struct dossier_verifier *v, const struct meeting_minutes *signed_text,
                         struct dossier_item *const *by_entry, struct buf *ret)
{
    struct meeting_state *then = meeting_state_new();
    int err = then == NULL ? HOP_ENOMEM : dossier_take_procedure(v, then);
    if (err == HOP_OK)
        err = dossier_fold_meetings(v, by_entry, history_find(v->history, signed_text->id), then);
    const struct meeting *m = err == HOP_OK ? meeting_find(then, v->list.meeting) : NULL;
    if (m != NULL)
        err = meeting_minutes_text(then, v->cell, m, text_lang_of(signed_text->language), ret);
    meeting_state_free(then);
    return err;
}

/* Minutes made by this version's form must be what the record gives. Others say what a person
 * wrote, or what another version made: they are signed, and compared by eye. */
static int report_signed_minutes(struct dossier_verifier *v,
                                 const struct meeting_minutes *signed_text,
                                 struct dossier_item *const *by_entry)
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
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_OK_MINUTES, 2, args);
    else if (signed_text->form == MEETING_MINUTES_FORM)
        dossier_say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_MINUTES, 2, args);
    else
        dossier_say(v, DOSSIER_LINE_OK,
                    signed_text->form == 0 ? DOSSIER_HAND_MINUTES : DOSSIER_OTHER_MINUTES, 2, args);
    return HOP_OK;
}

/* Who signed, and whether that seals them. The record's id names, by hash, all that it had seen:
 * who signs it signs that. */
static void report_seal(struct dossier_verifier *v, const struct meeting_minutes *one)
{
    struct buf names = {0};
    char id[HEX_SIZE(32)];
    if (one->supplement)
        return;
    hex_encode(id, SPAN(one->id, 32));
    buf_text(&names, cell_member(v->cell, one->member)->name);
    for (size_t i = 0; i < one->signatures_count; i++)
        buf_printf(&names, ", %s", cell_member(v->cell, one->signatures[i].member)->name);
    const char *args[] = {buf_string(&names), id};
    if (one->sealed)
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_SEALED, 2, args);
    else
        dossier_say(v, v->sealed ? DOSSIER_LINE_OK : DOSSIER_LINE_MISSING, DOSSIER_NOT_SEALED, 1,
                    args);
    buf_free(&names);
}

static int report_minutes(struct dossier_verifier *v, const struct meeting *m,
                          struct dossier_item *const *by_entry)
{
    int err = HOP_OK;
    for (size_t n = 0; n < m->minutes_count; n++)
        v->sealed = v->sealed || (m->minutes[n].sealed && !m->minutes[n].supplement);
    for (size_t n = 0; n < m->minutes_count; n++)
        report_seal(v, &m->minutes[n]);
    if (m->minutes_count == 0)
        dossier_say(v, DOSSIER_LINE_MISSING, DOSSIER_NO_MINUTES, 0, NULL);
    for (size_t n = 0; n < m->minutes_count && err == HOP_OK; n++)
        err = report_signed_minutes(v, &m->minutes[n], by_entry);
    return err;
}

static void report_documents(struct dossier_verifier *v, const struct meeting *m,
                             struct dossier_item *const *by_entry)
{
    for (size_t n = 0; n < m->documents_count; n++) {
        const struct meeting_document *doc = &m->documents[n];
        struct act act;
        char size[24];
        (void)snprintf(size, sizeof size, "%llu", (unsigned long long)doc->size);
        const char *args[] = {doc->title, size};
        bool whole = act_parse(&act, ACT_DOC, by_entry[doc->entry]->inner.body) == HOP_OK &&
                     (act.size == 0 || tree_whole(v->blobs, act.root, act.size));
        dossier_say(v, whole ? DOSSIER_LINE_OK : DOSSIER_LINE_MISSING,
                    whole ? DOSSIER_OK_DOCUMENT : DOSSIER_LOST_DOCUMENT, 2, args);
    }
}

/* Acts that a rule did not allow are on record, without effect: say so, it is no fault of the file.
 */
static void report_ignored(struct dossier_verifier *v, struct dossier_item *const *by_entry)
{
    for (size_t k = 0; k < meeting_ignored_count(v->meetings); k++) {
        const struct meeting_ignored *g = meeting_ignored_at(v->meetings, k);
        const struct dossier_item *i = by_entry[g->entry];
        struct buf why = {0};
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", (size_t)(i - v->items) + 1);
        text_said_fill(&why, v->lang, &g->why);
        const char *args[] = {number,
                              text(v->lang, dossier_type_text(i->listed.kind, i->inner.type)),
                              dossier_name_of(v, i->listed.ik), buf_string(&why)};
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_IGNORED, 4, args);
        buf_free(&why);
    }
}

void dossier_report_items(struct dossier_verifier *v)
{
    size_t records = 0, bad = 0;
    for (size_t n = 0; n < v->count; n++) {
        const struct dossier_item *i = &v->items[n];
        bool chunk = i->listed.kind == DOSSIER_ITEM_CHUNK;
        size_t before = bad++;
        if (!i->whole)
            dossier_say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_ITEM, n);
        else if (!chunk && !i->proven)
            dossier_say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_SIGNATURE, n);
        else if (!chunk && !i->stub && !i->opened)
            dossier_say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_KEY, n);
        else if (i->strayed)
            dossier_say_item(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_ORDER, n);
        else
            bad = before;
        records += chunk ? 0 : 1;
    }
    if (bad == 0) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", records);
        const char *args[] = {number};
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_OK_SIGNATURES, 1, args);
    }
}

/* One line a log: how many of its records only show that they are there. */
int dossier_report_withheld(struct dossier_verifier *v)
{
    size_t logs = history_log_count(v->history);
    struct {
        size_t count, first;
    } *held = calloc(logs + 1, sizeof *held);
    if (held == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count; n++) {
        const struct dossier_item *i = &v->items[n];
        if (!i->stub || i->entry == HISTORY_NONE)
            continue;
        uint32_t log = history_at(v->history, i->entry)->log;
        if (held[log].count++ == 0)
            held[log].first = n + 1;
    }
    for (size_t log = 0; log < logs; log++) {
        char count[24], first[24];
        (void)snprintf(count, sizeof count, "%zu", held[log].count);
        (void)snprintf(first, sizeof first, "%zu", held[log].first);
        const char *args[] = {dossier_name_of(v, v->log_iks[log]), count, first};
        if (held[log].count > 0)
            dossier_say(v, DOSSIER_LINE_OK, DOSSIER_WITHHELD, 3, args);
    }
    free(held);
    return HOP_OK;
}

/* Is it here, whole or withheld? Else say whose it would have been to name it. */
static bool is_here(struct dossier_verifier *v, size_t n, const uint8_t *id)
{
    const struct dossier_item *i = &v->items[n];
    char number[24], hex[HEX_SIZE(8)];
    if (dossier_find_record(v, id) != NULL)
        return true;
    (void)snprintf(number, sizeof number, "%zu", n + 1);
    hex_encode(hex, SPAN(id, 8));
    const char *args[] = {number, text(v->lang, dossier_type_text(i->listed.kind, i->inner.type)),
                          dossier_name_of(v, i->listed.ik), hex};
    dossier_say(v, DOSSIER_LINE_MISSING, DOSSIER_LEFT_OUT, 4, args);
    return false;
}

/* Everything that a record of the meeting follows or names as seen must be here. */
void dossier_report_complete(struct dossier_verifier *v)
{
    bool complete = true;
    for (size_t n = 0; n < v->count; n++) {
        const struct dossier_item *i = &v->items[n];
        struct act act;
        if (i->entry == HISTORY_NONE || i->stub || i->inner.type < ACT_MEETING)
            continue;
        bool mine = memcmp(i->id, v->list.meeting, 32) == 0 ||
                    (act_parse(&act, (enum act_type)i->inner.type, i->inner.body) == HOP_OK &&
                     memcmp(act.meeting, v->list.meeting, 32) == 0);
        if (!mine)
            continue;
        if (i->r.seq > 1)
            complete = is_here(v, n, i->r.prev) && complete;
        for (size_t k = 0; k < i->inner.deps_count; k++)
            complete = is_here(v, n, i->inner.deps + 32 * k) && complete;
    }
    if (complete)
        dossier_say(v, DOSSIER_LINE_OK, DOSSIER_OK_COMPLETE, 0, NULL);
}

void dossier_report_cell(struct dossier_verifier *v)
{
    const struct auth_genesis *g = cell_genesis(v->cell);
    if (g == NULL) {
        dossier_say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_CELL, 0, NULL);
        return;
    }
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", cell_member_count(v->cell));
    const char *args[] = {g->name, number};
    memcpy(v->report->cell_name, g->name, sizeof g->name);
    dossier_say(v, DOSSIER_LINE_OK, DOSSIER_OK_CELL, 2, args);
}

int dossier_report_meeting(struct dossier_verifier *v, struct dossier_item *const *by_entry)
{
    const struct meeting *m = meeting_find(v->meetings, v->list.meeting);
    if (m == NULL) {
        dossier_say(v, DOSSIER_LINE_FAILED, DOSSIER_BAD_MEETING, 0, NULL);
        return HOP_OK;
    }
    text_cut(v->report->title, sizeof v->report->title, m->title);
    report_motions(v, m);
    report_replies(v, m);
    report_ignored(v, by_entry);
    report_documents(v, m, by_entry);
    return report_minutes(v, m, by_entry);
}
