/* Delivery boards: for a notice and for each document, what every other member's devices have said.
 */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

/* The line of a member on a board that leaves out the author. */
static size_t line_of(uint32_t member, uint32_t author)
{
    assert(member != author);
    return member < author ? member : member - 1;
}

int board_resize(struct meeting_receipt **board, size_t *count, uint32_t author, size_t members)
{
    assert(author < members);
    size_t lines = members - 1;
    if (lines <= *count)
        return HOP_OK;
    struct meeting_receipt *bigger = realloc(*board, lines * sizeof *bigger);
    if (bigger == NULL)
        return HOP_ENOMEM;
    for (size_t i = *count; i < lines; i++)
        bigger[i] = (struct meeting_receipt){.member = (uint32_t)(i < author ? i : i + 1)};
    *board = bigger;
    *count = lines;
    return HOP_OK;
}

int fold_receipt(struct fold *d)
{
    const struct thing *t = thing_find(d->s, d->a->target);
    assert(t != NULL); /* permit_record() has found it */
    struct meeting *m = &d->f->m;
    bool notice = t->kind == THING_NOTICE;
    uint32_t author = notice ? m->convened_by : m->documents[t->index].member;
    struct meeting_receipt *board = notice ? m->receipts : m->documents[t->index].receipts;
    struct meeting_receipt *line = &board[line_of(d->e->member, author)];
    if (d->a->value > line->state) { /* another device of the same member may say it again */
        line->state = (enum act_receipt)d->a->value;
        line->wall = d->e->wall;
    }
    return HOP_OK;
}

static bool owes(const struct meeting_receipt *board, size_t count, uint32_t member,
                 uint32_t author)
{
    if (member == author)
        return false;
    size_t line = line_of(member, author);
    return line < count && board[line].state == 0;
}

static bool owes_in(const struct meeting *m, uint32_t member, const struct meeting_holds *holds,
                    const uint8_t **ret_target)
{
    if (member >= m->roll_count || !m->roll[member].known)
        return false;
    if (m->notice_entry != HISTORY_NONE &&
        owes(m->receipts, m->receipts_count, member, m->convened_by)) {
        *ret_target = m->notice_id;
        return true;
    }
    for (size_t i = 0; i < m->documents_count; i++) {
        const struct meeting_document *doc = &m->documents[i];
        if (owes(doc->receipts, doc->receipts_count, member, doc->member) &&
            (holds == NULL || holds->document(holds->ctx, doc))) {
            *ret_target = doc->id;
            return true;
        }
    }
    return false;
}

bool meeting_owes_receipt(const struct meeting_state *s, uint32_t member,
                          const struct meeting_holds *holds, struct act *ret)
{
    for (size_t i = 0; i < s->meetings_count; i++) {
        const struct meeting *m = &s->meetings[i]->m;
        const uint8_t *target;
        if (!owes_in(m, member, holds, &target))
            continue;
        *ret = (struct act){.type = ACT_RECEIPT, .value = RECEIPT_RECEIVED};
        memcpy(ret->meeting, m->id, 32);
        memcpy(ret->target, target, 32);
        return true;
    }
    return false;
}
