/* What each record had seen of the others.
 *
 * It is asked a great deal, but only between records about one member, device, invitation or group.
 * So each record keeps a bit for every earlier act about those that it, its author or the device in
 * it may stand for. The bits never change as long as nothing sorts in before: what comes last in
 * the order nobody had seen. */
#include "cell/fold.h"

#include <stdlib.h>

#include "cell/record.h"

/* For every entry of the control lane, how far it had seen each log of that lane: what its
 * predecessor and its deps had seen together, and itself. A row an entry, a column a log. */
struct pasts {
    size_t rows, columns;
    uint32_t *seqs;
    uint32_t *row_of;    /* by entry */
    uint32_t *column_of; /* by log; NONE: of another lane */
};

#define PASTS_WORDS_MAX (16u << 20) /* 64 MiB; beyond, the history is asked for each record */

static void pasts_close(struct pasts *p)
{
    free(p->seqs);
    free(p->row_of);
    free(p->column_of);
}

static void see(struct pasts *p, uint32_t *row, uint32_t entry)
{
    const uint32_t *other = p->seqs + p->row_of[entry] * p->columns;
    for (size_t i = 0; i < p->columns; i++)
        row[i] = row[i] > other[i] ? row[i] : other[i];
}

static void fill(struct pasts *p, const struct history *h)
{
    uint32_t *row = p->seqs;
    for (uint32_t i = 0; i < history_count(h); i++) {
        const struct history_entry *e = history_at(h, i);
        if (e->lane != LANE_CONTROL)
            continue;
        p->row_of[i] = (uint32_t)((size_t)(row - p->seqs) / p->columns);
        if (e->previous != HISTORY_NONE)
            memcpy(row, p->seqs + p->row_of[e->previous] * p->columns, p->columns * sizeof *row);
        for (size_t k = 0; k < e->deps_count; k++) {
            uint32_t dep = history_dep(h, e, k);
            if (history_at(h, dep)->lane == LANE_CONTROL)
                see(p, row, dep);
        }
        row[p->column_of[e->log]] = (uint32_t)e->seq;
        row += p->columns;
    }
}

/* Nothing is filled in if it were too large. HOP_ENOMEM. */
static int pasts_open(struct pasts *p, const struct history *h)
{
    size_t logs = history_log_count(h), entries = history_count(h);
    *p = (struct pasts){.row_of = malloc((entries + 1) * sizeof(uint32_t)),
                        .column_of = malloc((logs + 1) * sizeof(uint32_t))};
    if (p->row_of == NULL || p->column_of == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < logs; i++)
        p->column_of[i] = NONE;
    for (uint32_t i = 0; i < entries; i++) {
        const struct history_entry *e = history_at(h, i);
        if (e->lane != LANE_CONTROL)
            continue;
        p->rows++;
        if (p->column_of[e->log] == NONE)
            p->column_of[e->log] = (uint32_t)p->columns++;
    }
    if (p->rows * p->columns > PASTS_WORDS_MAX)
        return HOP_OK;
    p->seqs = calloc(p->rows * p->columns + 1, sizeof *p->seqs);
    if (p->seqs == NULL)
        return HOP_ENOMEM;
    fill(p, h);
    return HOP_OK;
}

/* What a record had seen, as one table or the other has it. */
struct past {
    const struct pasts *table;
    const uint32_t *row;
    const uint64_t *seqs; /* of the history, if there is no table */
};

static bool reaches(const struct past *p, const struct act *a)
{
    return p->row != NULL ? p->row[p->table->column_of[a->log]] >= a->seq
                          : p->seqs[a->log] >= a->seq;
}

static void relate(struct cell *c, struct act *a, const struct past *past)
{
    for (uint32_t s = 0; s < a->seen_count; s++) {
        const struct sight *sight = (const struct sight *)c->sights.items + a->seen_at + s;
        const struct list *about = &cell_subject(c, sight->about)->about;
        uint64_t *bits = (uint64_t *)c->bits.items + sight->bits_at;
        for (uint32_t i = 0; i < sight->count; i++) {
            if (reaches(past, act_at(c, list_u32(about, i))))
                bits[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
    a->config_seen = 0;
    for (size_t n = c->chain.count; n-- > 1 && a->config_seen == 0;) {
        if (reaches(past, act_at(c, config_at(c, n)->act)))
            a->config_seen = (uint32_t)n;
    }
}

int cell_relate(struct cell *c, struct act *a, const struct history *h)
{
    struct past past = {.seqs = history_past_control(h, a->entry)};
    if (past.seqs == NULL)
        return HOP_ENOMEM;
    relate(c, a, &past);
    return HOP_OK;
}

/* Log by log: a history answers fastest so. */
static int compare_logs(const void *x, const void *y)
{
    const struct act *a = *(struct act *const *)x, *b = *(struct act *const *)y;
    if (a->log != b->log)
        return a->log < b->log ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int relate_by_log(struct cell *c, const struct history *h)
{
    struct act **v = malloc((c->acts.count + 1) * sizeof(struct act *));
    int err = v == NULL ? HOP_ENOMEM : HOP_OK;
    for (uint32_t i = 0; i < c->acts.count && err == HOP_OK; i++)
        v[i] = act_at(c, i);
    if (err == HOP_OK)
        qsort(v, c->acts.count, sizeof(struct act *), compare_logs);
    for (size_t i = 0; i < c->acts.count && err == HOP_OK; i++)
        err = cell_relate(c, v[i], h);
    free(v);
    return err;
}

int cell_relate_all(struct cell *c, const struct history *h)
{
    struct pasts table;
    int err = pasts_open(&table, h);
    if (err == HOP_OK && table.seqs == NULL)
        err = relate_by_log(c, h);
    for (uint32_t i = 0; i < c->acts.count && err == HOP_OK && table.seqs != NULL; i++) {
        struct act *a = act_at(c, i);
        struct past past = {.table = &table,
                            .row = table.seqs + table.row_of[a->entry] * table.columns};
        relate(c, a, &past);
    }
    pasts_close(&table);
    return err;
}

uint32_t cell_config_in(const struct cell *c, const uint64_t *past)
{
    for (size_t n = c->chain.count; n-- > 1;) {
        const struct act *config = act_at(c, config_at(c, n)->act);
        if (past[config->log] >= config->seq)
            return (uint32_t)n;
    }
    return 0;
}

bool cell_saw(const struct cell *c, const struct act *a, uint32_t about, uint32_t place)
{
    const struct sight *s = (const struct sight *)c->sights.items + a->seen_at;
    for (uint32_t i = 0; i < a->seen_count; i++, s++) {
        if (s->about != about)
            continue;
        const uint64_t *bits = (const uint64_t *)c->bits.items + s->bits_at;
        return place < s->count && (bits[place / 64] >> place % 64 & 1) != 0;
    }
    return false;
}

bool cell_saw_all(const struct cell *c, const struct act *a, uint32_t about)
{
    uint32_t count = (uint32_t)cell_subject(c, about)->about.count;
    for (uint32_t i = 0; i < count && i != a->about; i++) {
        if (!cell_saw(c, a, about, i))
            return false;
    }
    return true;
}
