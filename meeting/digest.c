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
        add_id(d, doc->revises);
        add_number(d, doc->wall);
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
        add_member(d, o->by);
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
        add_number(d, line->check);
        add_number(d, line->attended);
        add_number(d, line->site);
        add_number(d, line->evidence);
        add_text(d, line->excuse);
        add_number(d, line->excuse_late);
        add_number(d, line->stale);
        add_number(d, line->late_status);
        add_number(d, line->concerned);
    }
    add_number(d, m->roll_count);
}

static void add_votes(struct digest *d, const struct meeting_vote *votes, size_t count)
{
    add_number(d, count);
    for (size_t i = 0; i < count; i++) {
        add_member(d, votes[i].member);
        add_number(d, votes[i].choice);
        add_number(d, votes[i].how);
        add_number(d, votes[i].site);
        add_number(d, votes[i].late);
        add_number(d, votes[i].lost);
        add_number(d, votes[i].wall);
    }
}

static void add_people(struct digest *d, const struct act_people *p)
{
    add_number(d, p->count);
    hop_hash_add(&d->hash, SPAN(p->bytes, p->count * ACT_PERSON_BYTES));
}

static void add_paper(struct digest *d, const struct meeting_paper *paper)
{
    add_number(d, paper != NULL);
    if (paper == NULL)
        return;
    add_member(d, paper->member);
    add_people(d, &paper->people);
    for (size_t i = 0; i < PAPER_COUNTS; i++)
        add_number(d, paper->counts[i]);
    add_text(d, paper->text);
    add_number(d, paper->wall);
    add_number(d, paper->late);
}

static void add_hands(struct digest *d, const struct meeting_motion *motion)
{
    add_number(d, motion->hands_count);
    for (size_t i = 0; i < motion->hands_count; i++) {
        add_number(d, motion->hands[i].site);
        add_member(d, motion->hands[i].member);
        add_people(d, &motion->hands[i].people);
        add_number(d, motion->hands[i].wall);
        add_number(d, motion->hands[i].late);
    }
    add_paper(d, motion->paper);
    add_paper(d, motion->late_paper);
}

static void add_closings(struct digest *d, const struct meeting *m)
{
    add_number(d, m->results_count);
    for (size_t i = 0; i < m->results_count; i++) {
        const struct meeting_result *r = &m->results[i];
        const uint64_t numbers[] = {r->motion,        r->wall,    r->outcome,      r->agree,
                                    r->disagree,      r->abstain, r->eligible,     r->present,
                                    r->quorum_needed, r->base,    r->needed,       r->unheard,
                                    r->away,          r->settled, r->against_count};
        add_id(d, r->id);
        add_member(d, r->member);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            add_number(d, numbers[k]);
        for (size_t k = 0; k < r->against_count; k++)
            add_number(d, r->against[k]);
        add_id(d, r->settled_by);
    }
    add_number(d, m->closes_count);
    for (size_t i = 0; i < m->closes_count; i++) {
        add_member(d, m->closes[i].member);
        add_number(d, m->closes[i].wall);
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
        const uint64_t numbers[] = {motion->closed,
                                    motion->wall,
                                    motion->close_wall,
                                    motion->agree,
                                    motion->disagree,
                                    motion->abstain,
                                    motion->late,
                                    motion->eligible,
                                    motion->present,
                                    motion->quorum_needed,
                                    motion->needed,
                                    motion->outcome,
                                    motion->unheard,
                                    motion->by_device,
                                    motion->by_hand,
                                    motion->by_paper,
                                    motion->withdrawn,
                                    motion->final,
                                    motion->disputed,
                                    motion->settled,
                                    motion->ballot,
                                    motion->small,
                                    motion->base,
                                    motion->shown,
                                    motion->away,
                                    motion->gone,
                                    motion->majority.numerator,
                                    motion->majority.denominator,
                                    motion->majority.strictly_more,
                                    motion->majority.of_present};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            add_number(d, numbers[k]);
        for (uint32_t k = 0; k < m->roll_count && motion->closed; k++) {
            if ((motion->voters[k / 8] >> k % 8 & 1) != 0)
                add_member(d, k);
        }
        add_id(d, motion->amends);
        add_id(d, motion->settled_by);
        add_text(d, motion->question);
        add_text(d, text_key(motion->standing_why.id));
        add_hands(d, motion);
    }
}

static void add_signatures(struct digest *d, const struct meeting_signature *s, size_t count)
{
    add_number(d, count);
    for (size_t i = 0; i < count; i++) {
        add_member(d, s[i].member);
        add_number(d, s[i].wall);
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
        add_number(d, m->minutes[i].supplement);
        add_number(d, m->minutes[i].read_back);
        add_member(d, m->minutes[i].read_by);
        add_number(d, m->minutes[i].read_wall);
        add_number(d, m->minutes[i].sealed);
        add_signatures(d, m->minutes[i].signatures, m->minutes[i].signatures_count);
    }
}

static void add_sites(struct digest *d, const struct meeting *m)
{
    add_number(d, m->sites_count);
    for (size_t i = 0; i < m->sites_count; i++) {
        add_id(d, m->sites[i].id);
        add_member(d, m->sites[i].member);
        add_member(d, m->sites[i].teller);
        add_text(d, m->sites[i].name);
        add_text(d, m->sites[i].note);
    }
    add_number(d, m->breaks_count);
    for (size_t i = 0; i < m->breaks_count; i++) {
        add_number(d, m->breaks[i].ended);
        add_number(d, m->breaks[i].wall);
        add_number(d, m->breaks[i].ended_wall);
        add_text(d, m->breaks[i].text);
    }
}

static void add_floor(struct digest *d, const struct meeting *m)
{
    add_number(d, m->turns_count);
    for (size_t i = 0; i < m->turns_count; i++) {
        const struct meeting_turn *t = &m->turns[i];
        const uint64_t numbers[] = {t->item,    t->order, t->waiting,    t->speaking,
                                    t->minutes, t->wall,  t->given_wall, t->ended_wall};
        add_member(d, t->member);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            add_number(d, numbers[k]);
        add_text(d, t->text);
    }
    add_number(d, m->conclusions_count);
    for (size_t i = 0; i < m->conclusions_count; i++) {
        add_number(d, m->conclusions[i].item);
        add_member(d, m->conclusions[i].member);
        add_text(d, m->conclusions[i].text);
        add_number(d, m->conclusions[i].wall);
    }
    add_number(d, m->chairings_count);
    for (size_t i = 0; i < m->chairings_count; i++) {
        add_member(d, m->chairings[i].member);
        add_member(d, m->chairings[i].by);
        add_text(d, m->chairings[i].text);
        add_number(d, m->chairings[i].wall);
        add_number(d, m->chairings[i].apart);
    }
    add_number(d, m->exceptions_count);
    for (size_t i = 0; i < m->exceptions_count; i++) {
        add_member(d, m->exceptions[i].member);
        add_text(d, m->exceptions[i].text);
        add_text(d, m->exceptions[i].basis);
        add_number(d, m->exceptions[i].wall);
    }
}

static void add_forms(struct digest *d, const struct meeting *m)
{
    add_number(d, m->replies_count);
    for (size_t i = 0; i < m->replies_count; i++) {
        add_member(d, m->replies[i].member);
        add_number(d, m->replies[i].reply);
        add_number(d, m->replies[i].late);
        add_text(d, m->replies[i].text);
        add_number(d, m->replies[i].wall);
    }
    add_number(d, m->cascades_count);
    for (size_t i = 0; i < m->cascades_count; i++) {
        hop_hash_add(&d->hash, SPAN(m->cascades[i].group, 16));
        add_member(d, m->cascades[i].member);
        add_people(d, &m->cascades[i].people);
        add_text(d, m->cascades[i].text);
        add_number(d, m->cascades[i].wall);
    }
    add_number(d, m->steps_count);
    for (size_t i = 0; i < m->steps_count; i++) {
        add_number(d, m->steps[i].step);
        add_member(d, m->steps[i].member);
        add_text(d, m->steps[i].text);
        add_number(d, m->steps[i].wall);
    }
    add_number(d, m->reminders_count);
    for (size_t i = 0; i < m->reminders_count; i++) {
        add_id(d, m->reminders[i].target);
        add_member(d, m->reminders[i].member);
        add_people(d, &m->reminders[i].people);
        add_number(d, m->reminders[i].wall);
    }
}

static void add_results(struct digest *d, const struct meeting *m)
{
    add_number(d, m->corrections_count);
    for (size_t i = 0; i < m->corrections_count; i++) {
        add_id(d, m->corrections[i].id);
        add_id(d, m->corrections[i].minutes);
        add_member(d, m->corrections[i].member);
        add_text(d, m->corrections[i].text);
        add_text(d, m->corrections[i].answer);
        add_number(d, m->corrections[i].answered);
        add_number(d, m->corrections[i].wall);
    }
    add_number(d, m->resolutions_count);
    for (size_t i = 0; i < m->resolutions_count; i++) {
        const struct meeting_resolution *r = &m->resolutions[i];
        add_id(d, r->id);
        add_id(d, r->target);
        add_member(d, r->member);
        add_text(d, r->number);
        add_text(d, r->title);
        add_text(d, r->text);
        add_signatures(d, r->signatures, r->signatures_count);
        add_number(d, r->wall);
    }
    add_number(d, m->reserved_count);
    for (size_t i = 0; i < m->reserved_count; i++) {
        add_id(d, m->reserved[i].target);
        add_member(d, m->reserved[i].member);
        add_text(d, m->reserved[i].text);
        add_number(d, m->reserved[i].wall);
    }
    add_number(d, m->tasks_count);
    for (size_t i = 0; i < m->tasks_count; i++) {
        const struct meeting_task *t = &m->tasks[i];
        add_id(d, t->id);
        add_member(d, t->member);
        add_member(d, t->person);
        add_number(d, t->item);
        add_text(d, t->text);
        add_text(d, t->due);
        add_text(d, t->note);
        add_number(d, t->state);
        add_number(d, t->state_wall);
        add_number(d, t->wall);
    }
    add_number(d, m->scores_count);
    for (size_t i = 0; i < m->scores_count; i++) {
        add_member(d, m->scores[i].member);
        add_number(d, m->scores[i].wall);
        add_number(d, m->scores[i].count);
        for (size_t k = 0; k < m->scores[i].count; k++)
            add_number(d, m->scores[i].points[k]);
        add_text(d, m->scores[i].text);
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
    add_closings(d, m);
    add_minutes(d, m);
    add_sites(d, m);
    add_floor(d, m);
    add_forms(d, m);
    add_results(d, m);
    add_people(d, &m->invited);
    hop_hash_add(&d->hash, SPAN(m->group, 16));
    add_id(d, m->parent);
    add_number(d, m->kind);
    add_number(d, m->practice);
    add_number(d, m->check);
    add_number(d, m->item);
    add_member(d, m->sitting_chair);
    add_member(d, m->draft_read_by);
    add_number(d, m->draft_read_wall);
    add_number(d, m->present);
    add_number(d, m->eligible);
    add_number(d, m->quorum_needed);
}

static void add_apart(struct digest *d, const struct meeting_state *s)
{
    add_number(d, s->reports_count);
    for (size_t i = 0; i < s->reports_count; i++) {
        const struct meeting_report *r = &s->reports[i];
        add_id(d, r->id);
        add_id(d, r->meeting);
        add_member(d, r->member);
        add_number(d, r->urgent);
        add_number(d, r->state);
        add_text(d, r->place);
        add_text(d, r->text);
        add_number(d, r->counts_count);
        for (size_t k = 0; k < r->counts_count; k++)
            add_number(d, r->counts[k]);
        add_number(d, r->wall);
    }
    add_number(d, s->not_held_count);
    for (size_t i = 0; i < s->not_held_count; i++) {
        add_member(d, s->not_held[i].member);
        add_text(d, s->not_held[i].period);
        add_text(d, s->not_held[i].form);
        add_text(d, s->not_held[i].form);
        add_text(d, s->not_held[i].text);
        add_number(d, s->not_held[i].wall);
    }
    add_number(d, s->privates_count);
    for (size_t i = 0; i < s->privates_count; i++) {
        add_id(d, s->privates[i].id);
        add_member(d, s->privates[i].member);
        add_number(d, s->privates[i].wall);
    }
    add_number(d, s->pins_count);
    for (size_t i = 0; i < s->pins_count; i++) {
        add_member(d, s->pins[i].member);
        add_id(d, s->pins[i].key);
    }
}

void meeting_digest(const struct meeting_state *s, const struct cell *c, uint8_t ret[static 32])
{
    struct digest d = {.c = c};
    hop_hash_init(&d.hash, LABEL_STATE);
    add_text(&d, s->procedure->name);
    add_number(&d, s->meetings_count);
    for (size_t i = 0; i < s->meetings_count; i++)
        add_meeting(&d, &s->meetings[i]->m);
    add_apart(&d, s);
    add_number(&d, s->ignored_total);
    for (size_t i = 0; i < s->ignored_count; i++) {
        add_id(&d, s->ignored[i].id);
        add_text(&d, text_key(s->ignored[i].why.id));
    }
    hop_hash_end(&d.hash, ret, 32);
}
