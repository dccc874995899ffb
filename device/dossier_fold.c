/* What holds of a dossier, folded again. Nothing in the file is trusted; heights only order records
 * that do not depend on each other, and cannot put one before what it had seen. */
#include "device/dossier_verifier.h"

#include <stdlib.h>

#define HEIGHT_MAX (UINT32_MAX / 2) /* so that the records of a file cannot count past the end */

/* ---- the fold again ---- */

/* Does the record stand behind the one before it in its log? Then that is noted. */
static int follow_log(struct dossier_verifier *v, struct dossier_item *i, uint32_t log)
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

/* Put one proven record into the history; deps that are not in the dossier are left out. The order
 * of the lines must be one in which things can have happened: whoever could write a record before
 * another one of its log could make a close have seen a vote that came after it. */
int dossier_add_item(struct dossier_verifier *v, size_t n, uint8_t *deps)
{
    struct dossier_item *i = &v->items[n];
    uint32_t log = history_log(v->history, i->r.log);
    if (log == HISTORY_NONE || follow_log(v, i, log) != HOP_OK)
        return HOP_ENOMEM;
    for (size_t k = 0; k < i->inner.deps_count; k++) {
        const struct dossier_item *dep = dossier_find_record(v, i->inner.deps + 32 * k);
        i->strayed = i->strayed || (dep != NULL && dep >= i);
    }
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
int dossier_bind_logs(struct dossier_verifier *v)
{
    size_t logs = history_log_count(v->history);
    v->log_iks = calloc(logs + 1, sizeof *v->log_iks);
    if (v->log_iks == NULL)
        return HOP_ENOMEM;
    for (size_t n = 0; n < v->count; n++) {
        const struct dossier_item *i = &v->items[n];
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
int dossier_fold_meetings(struct dossier_verifier *v, struct dossier_item *const *by_entry,
                          uint32_t until, struct meeting_state *ret)
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
        const struct dossier_item *i = by_entry[entry];
        const struct cell_device *author = cell_device_by_key(v->cell, v->log_iks[e->log]);
        if (author != NULL &&
            !cell_accepts(v->cell, v->log_iks[e->log], history_log_id(v->history, e->log), e->seq))
            continue; /* beyond a cut */
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

int dossier_fold_cell(struct dossier_verifier *v, struct dossier_item *const *by_entry)
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
                                   .log = history_log_id(v->history, e->log),
                                   .seq = e->seq,
                                   .entry = entry,
                                   .type = e->type,
                                   .body = by_entry[entry]->inner.body};
        int err = cell_apply(v->cell, &event);
        if (err != HOP_OK)
            return err;
    }
    return cell_resolve(v->cell, v->history);
}

int dossier_take_procedure(const struct dossier_verifier *v, struct meeting_state *s)
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
