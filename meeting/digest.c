/* The whole state as one hash, so that two devices, two compilers or two orders of arrival can be
 * compared in a line. Only what every device spells alike goes in: ids, never indexes of entries.
 */
#include "meeting/state.h"

#include "crypto/crypto.h"

struct digest {
    struct hop_hash hash;
    const struct cell *c;
};

static void add_number(struct digest *d, uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    hop_hash_add(&d->hash, SPAN(bytes, 8));
}

static void add_id(struct digest *d, const uint8_t id[static 32])
{
    hop_hash_add(&d->hash, SPAN(id, 32));
}

/* Length first, so that no two lists of texts are spelled alike; NULL is not the empty text. */
static void add_text(struct digest *d, const char *t)
{
    add_number(d, t == NULL ? 0 : strlen(t) + 1);
    if (t != NULL)
        hop_hash_add(&d->hash, span_text(t));
}

static void add_member(struct digest *d, uint32_t member)
{
    static const uint8_t nobody[16];
    const uint8_t *id = nobody;
    if (member < cell_member_count(d->c))
        id = cell_member(d->c, member)->id;
    hop_hash_add(&d->hash, SPAN(id, 16));
}

static void add_board(struct digest *d, const struct meeting_receipt *board, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (board[i].state == 0) /* no word yet: as if the line were not there */
            continue;
        add_member(d, board[i].member);
        add_number(d, board[i].state);
        add_number(d, board[i].wall);
    }
    add_number(d, UINT64_MAX);
}

static void add_documents(struct digest *d, const struct meeting *m)
{
    add_number(d, m->documents_count);
    for (size_t i = 0; i < m->documents_count; i++) {
        const struct meeting_document *doc = &m->documents[i];
        add_id(d, doc->id);
        add_member(d, doc->member);
        add_number(d, doc->item);
        add_text(d, doc->title);
        add_text(d, doc->number);
        add_text(d, doc->media_type);
        add_number(d, doc->size);
        add_number(d, doc->class);
        add_number(d, doc->late);
        add_board(d, doc->receipts, doc->receipts_count);
    }
}

static void add_opinions(struct digest *d, const struct meeting *m)
{
    add_number(d, m->opinions_count);
    for (size_t i = 0; i < m->opinions_count; i++) {
        const struct meeting_opinion *o = &m->opinions[i];
        add_id(d, o->id);
        add_member(d, o->member);
        add_number(d, o->item);
        add_number(d, o->prepared);
        add_number(d, o->late);
        add_text(d, o->text);
        add_number(d, o->wall);
    }
}

static void add_roll(struct digest *d, const struct meeting *m)
{
    for (size_t i = 0; i < m->roll_count; i++) {
        const struct meeting_roll_line *line = &m->roll[i];
        add_member(d, line->member);
        add_number(d, line->claimed);
        add_number(d, line->status);
        add_text(d, line->reason);
        add_number(d, line->wall);
        add_number(d, line->known);
        add_number(d, line->standing.role);
        add_number(d, line->standing.category);
    }
    add_number(d, m->roll_count);
}

static void add_votes(struct digest *d, const struct meeting_vote *votes, size_t count)
{
    add_number(d, count);
    for (size_t i = 0; i < count; i++) {
        add_member(d, votes[i].member);
        add_number(d, votes[i].choice);
        add_number(d, votes[i].late);
        add_number(d, votes[i].lost);
        add_number(d, votes[i].wall);
    }
}

static void add_motions(struct digest *d, const struct meeting *m)
{
    add_number(d, m->motions_count);
    for (size_t i = 0; i < m->motions_count; i++) {
        const struct meeting_motion *motion = &m->motions[i];
        add_id(d, motion->id);
        add_member(d, motion->member);
        add_number(d, motion->item);
        add_text(d, motion->text);
        add_votes(d, motion->votes, motion->votes_count);
        add_votes(d, motion->late_votes, motion->late_votes_count);
        const uint64_t numbers[] = {motion->closed,        motion->wall,     motion->close_wall,
                                    motion->agree,         motion->disagree, motion->abstain,
                                    motion->late,          motion->eligible, motion->present,
                                    motion->quorum_needed, motion->needed,   motion->outcome,
                                    motion->unheard};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            add_number(d, numbers[k]);
        for (uint32_t k = 0; k < m->roll_count && motion->closed; k++) {
            if ((motion->voters[k / 8] >> k % 8 & 1) != 0)
                add_member(d, k);
        }
    }
}

static void add_minutes(struct digest *d, const struct meeting *m)
{
    add_number(d, m->minutes_count);
    for (size_t i = 0; i < m->minutes_count; i++) {
        add_id(d, m->minutes[i].id);
        add_member(d, m->minutes[i].member);
        add_text(d, m->minutes[i].text);
        add_text(d, m->minutes[i].language);
        add_number(d, m->minutes[i].form);
        add_number(d, m->minutes[i].wall);
    }
}

static void add_meeting(struct digest *d, const struct meeting *m)
{
    add_id(d, m->id);
    add_member(d, m->author);
    add_number(d, m->stage);
    const char *texts[] = {m->title, m->form, m->when, m->place, m->basis, m->reason, m->notice};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(d, texts[i]);
    add_member(d, m->chair);
    add_member(d, m->secretary);
    add_number(d, m->agenda_count);
    for (size_t i = 0; i < m->agenda_count; i++)
        add_text(d, m->agenda[i]);
    add_id(d, m->notice_id);
    add_number(d, m->wall);
    add_number(d, m->notice_wall);
    add_number(d, m->open_wall);
    add_number(d, m->close_wall);
    add_board(d, m->receipts, m->receipts_count);
    add_documents(d, m);
    add_opinions(d, m);
    add_roll(d, m);
    add_motions(d, m);
    add_minutes(d, m);
    add_number(d, m->present);
    add_number(d, m->eligible);
    add_number(d, m->quorum_needed);
}

void meeting_digest(const struct meeting_state *s, const struct cell *c, uint8_t ret[static 32])
{
    struct digest d = {.c = c};
    hop_hash_init(&d.hash, LABEL_STATE);
    add_text(&d, s->procedure->name);
    add_number(&d, s->meetings_count);
    for (size_t i = 0; i < s->meetings_count; i++)
        add_meeting(&d, &s->meetings[i]->m);
    add_number(&d, s->ignored_total);
    for (size_t i = 0; i < s->ignored_count; i++) {
        add_id(&d, s->ignored[i].id);
        add_text(&d, text_key(s->ignored[i].why.id));
    }
    hop_hash_end(&d.hash, ret, 32);
}
