/* Sites (điểm cầu): several members at one device.
 *
 * A site has a teller, who names who is there and counts hands; a member may prove presence by a
 * PIN instead. Both are evidence: the chair or the secretary confirms it in the roll. After a break
 * the roll is taken again: only who is confirmed in the newest check counts for the quorum, and who
 * comes and goes is one line, counted once. */
#include "meeting/state.h"

#include "crypto/crypto.h"

#include <stdlib.h>

uint32_t site_find(const struct meeting *m, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < m->sites_count; i++) {
        if (memcmp(m->sites[i].id, id, 32) == 0)
            return i;
    }
    return NO_SITE;
}

/* ---- sites ---- */

int permit_site(const struct ask *q)
{
    if (!ask_is_member(q, q->a->person))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    return need_arranger(q);
}

int fold_site(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (m->sites_count == MEETING_SITES_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_SITES_MAX));
    struct meeting_site *list = list_grown(m->sites, m->sites_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->sites = list;
    struct meeting_site s = {.entry = d->e->entry,
                             .member = d->e->member,
                             .teller = (uint32_t)cell_member_index(d->c, d->a->person),
                             .name = text_of(d->a->title),
                             .note = text_of(d->a->text)};
    memcpy(s.id, d->e->id, 32);
    if (s.name == NULL || s.note == NULL) {
        free(s.name);
        free(s.note);
        return HOP_ENOMEM;
    }
    list[m->sites_count++] = s;
    return HOP_OK;
}

/* ---- who is there ---- */

void meeting_pin_message(uint8_t ret[static MEETING_PIN_MESSAGE_BYTES],
                         const uint8_t meeting[static 32], const uint8_t site[static 32],
                         const uint8_t member[static 16])
{
    memcpy(ret, meeting, 32);
    memcpy(ret + 32, site, 32);
    memcpy(ret + 64, member, 16);
}

/* Does the proof show that this one member typed the PIN at this site of this meeting? */
static bool pin_holds(const struct ask *q)
{
    uint8_t message[MEETING_PIN_MESSAGE_BYTES], value;
    if (q->a->people.count != 1) /* not spelled yet; act_check() asks for one */
        return false;
    const uint8_t *id = act_person(&q->a->people, 0, &value);
    size_t member = cell_member_index(q->c, id);
    const uint8_t *key = member == SIZE_MAX ? NULL : pin_seen(q, (uint32_t)member);
    meeting_pin_message(message, q->a->meeting, q->a->site, id);
    return key != NULL &&
           hop_verify(q->a->proof, key, LABEL_PIN_SIG, SPAN(message, sizeof message)) == HOP_OK;
}

static bool has_proof(const struct act *a)
{
    static const uint8_t none[64];
    return memcmp(a->proof, none, sizeof none) != 0;
}

static bool tells(const struct ask *q, uint32_t site)
{
    return q->f->m.sites[site].teller == q->member || ask_records(q);
}

int permit_site_roll(const struct ask *q)
{
    uint32_t site = site_find(&q->f->m, q->a->site);
    int err = need_stage(q, STAGE_CONVENED);
    if (err != HOP_OK)
        return err;
    if (site == NO_SITE)
        return text_say(q->why, REFUSE_UNKNOWN_SITE, 0);
    if (has_proof(q->a)) /* from the site's device, whoever's it is: the PIN speaks */
        return pin_holds(q) ? HOP_OK : text_say(q->why, REFUSE_PIN, 0);
    return tells(q, site) ? HOP_OK : text_say(q->why, REFUSE_NOT_TELLER, 0);
}

int fold_site_roll(struct fold *d)
{
    struct meeting *m = &d->f->m;
    uint32_t site = site_find(m, d->a->site);
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    for (size_t i = 0; i < d->a->people.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(d->c, act_person(&d->a->people, i, &value));
        if (member >= m->roll_count)
            continue;
        struct meeting_roll_line *line = &m->roll[member];
        enum meeting_evidence evidence = has_proof(d->a) ? EVIDENCE_PIN : EVIDENCE_TELLER;
        if (value == ROLL_PRESENT) {
            line->site = site;
            line->evidence = evidence > line->evidence ? evidence : line->evidence;
        } else if (line->site == site) { /* of another site this one knows nothing */
            line->site = NO_SITE;
        }
        if (line->status == ROLL_UNKNOWN)
            line->wall = d->e->wall;
    }
    return HOP_OK;
}

/* ---- the roll again, and breaks ---- */

uint32_t check_seen(const struct fold *d)
{
    uint32_t n = 0;
    for (size_t i = 0; i < d->f->checks_count; i++)
        n += history_saw(d->h, d->e->entry, d->f->checks[i]) ? 1 : 0;
    return n;
}

int permit_check(const struct ask *q)
{
    int err = need_recorder(q);
    return err != HOP_OK ? err : need_stage(q, STAGE_OPENED);
}

int fold_check(struct fold *d)
{
    struct meeting_full *f = d->f;
    if (f->m.stage == STAGE_CLOSED) /* seen or not: there is nobody left to be called */
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (f->checks_count == MEETING_CHECKS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_CHECKS_MAX));
    uint32_t *list = list_grown(f->checks, f->checks_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    f->checks = list;
    uint64_t bit = UINT64_C(1) << f->checks_count;
    for (size_t k = 0; k < f->marks_count; k++)
        f->marks[k].voided |= history_saw(d->h, d->e->entry, f->marks[k].entry) ? bit : 0;
    f->checks_held |= bit;
    list[f->checks_count++] = d->e->entry;
    f->m.check = (uint32_t)f->checks_count;
    roll_show(f);
    roll_refresh(d->s, d->c, f);
    return HOP_OK;
}

/* A break that has not ended, as far as had been seen; h NULL: all. */
static struct meeting_break *open_break(const struct meeting *m, const struct history *h,
                                        uint32_t entry)
{
    for (size_t i = 0; i < m->breaks_count; i++) {
        if (!m->breaks[i].ended && (h == NULL || history_saw(h, entry, m->breaks[i].entry)))
            return &m->breaks[i];
    }
    return NULL;
}

int permit_pause(const struct ask *q)
{
    int err = need_leader(q);
    return err != HOP_OK ? err : need_stage(q, STAGE_OPENED);
}

int now_pause(const struct ask *q)
{
    bool pausing = open_break(&q->f->m, NULL, 0) != NULL;
    int err = need_open(q);
    if (err == HOP_OK && q->a->value == 1 && pausing)
        err = text_say(q->why, REFUSE_PAUSED, 0);
    if (err == HOP_OK && q->a->value == 2 && !pausing)
        err = text_say(q->why, REFUSE_NOT_PAUSED, 0);
    return err;
}

int fold_pause(struct fold *d)
{
    struct meeting *m = &d->f->m;
    struct meeting_break *pausing = open_break(m, d->h, d->e->entry);
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (d->a->value == 2) {
        if (pausing == NULL)
            return text_say(&d->why, REFUSE_NOT_PAUSED, 0);
        for (; pausing != NULL; pausing = open_break(m, d->h, d->e->entry)) {
            pausing->ended = true;
            pausing->ended_wall = d->e->wall;
        }
        return HOP_OK;
    }
    if (pausing != NULL)
        return text_say(&d->why, REFUSE_PAUSED, 0);
    if (m->breaks_count == MEETING_COUNTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_COUNTS_MAX));
    struct meeting_break *list = list_grown(m->breaks, m->breaks_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->breaks = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    list[m->breaks_count++] =
        (struct meeting_break){.entry = d->e->entry, .wall = d->e->wall, .text = text};
    return HOP_OK;
}

/* ---- hands and paper ---- */

int permit_hands(const struct ask *q)
{
    static const uint8_t room[32]; /* no site: the room where the chair sits */
    bool at_site = memcmp(q->a->site, room, sizeof room) != 0;
    uint32_t site = site_find(&q->f->m, q->a->site);
    int err = need_motion(q);
    if (err == HOP_OK)
        err = need_ballot(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    if (err == HOP_OK && at_site && site == NO_SITE)
        err = text_say(q->why, REFUSE_UNKNOWN_SITE, 0);
    if (err == HOP_OK && at_site && !tells(q, site))
        err = text_say(q->why, REFUSE_NOT_TELLER, 0);
    return err == HOP_OK && !at_site ? need_recorder(q) : err;
}

int fold_hands(struct fold *d)
{
    size_t index;
    const struct meeting_motion *m = motion_of(d, &index);
    struct motion_past *past = &d->f->past[index];
    if (seen_result(d, index))
        return text_say(&d->why, REFUSE_VOTE_CLOSED, 0);
    if (past->hands_count == MEETING_COUNTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_COUNTS_MAX));
    struct meeting_hands *list = list_grown(past->hands, past->hands_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    past->hands = list;
    struct meeting_hands hands = {.site = site_find(&d->f->m, d->a->site),
                                  .member = d->e->member,
                                  .entry = d->e->entry,
                                  .wall = d->e->wall,
                                  .late = m->closed}; /* what closed it had not seen this */
    int err = people_copy(&hands.people, &d->a->people);
    if (err != HOP_OK)
        return err;
    list[past->hands_count++] = hands;
    return motion_recount(d, index);
}

/* How many of those who took part may vote. */
static size_t paper_voters(const struct ask *q)
{
    size_t voters = 0;
    struct electorate of;
    electorate_seen(&of, q->s->procedure, &q->f->m, q->c, q->h, q->entry);
    for (size_t i = 0; i < q->a->people.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(q->c, act_person(&q->a->people, i, &value));
        voters += member < CELL_MEMBERS_MAX && of.votes[member];
    }
    return voters;
}

/* The parts of a count must add up, and no more can have voted than took part and may vote. */
int permit_paper(const struct ask *q)
{
    const uint32_t *n = q->a->counts;
    uint64_t said = (uint64_t)n[PAPER_AGREE] + n[PAPER_DISAGREE] + n[PAPER_ABSTAIN];
    int err = need_recorder(q);
    if (err == HOP_OK)
        err = need_motion(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    if (err == HOP_OK &&
        (q->a->counts_count != PAPER_COUNTS || said != n[PAPER_VALID] ||
         (uint64_t)n[PAPER_VALID] + n[PAPER_INVALID] != n[PAPER_COLLECTED] ||
         n[PAPER_COLLECTED] > n[PAPER_ISSUED] || n[PAPER_COLLECTED] > paper_voters(q)))
        err = text_say(q->why, REFUSE_PAPER_SUM, 0);
    return err;
}

int fold_paper(struct fold *d)
{
    size_t index;
    const struct meeting_motion *m = motion_of(d, &index);
    struct motion_past *past = &d->f->past[index];
    if (seen_result(d, index))
        return text_say(&d->why, REFUSE_VOTE_CLOSED, 0);
    if (past->papers_count == MEETING_COUNTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_COUNTS_MAX));
    struct meeting_paper **list = list_grown(past->papers, past->papers_count, sizeof *list);
    struct meeting_paper *p = calloc(1, sizeof *p);
    if (list != NULL)
        past->papers = list;
    int err = list == NULL || p == NULL ? HOP_ENOMEM : people_copy(&p->people, &d->a->people);
    if (err == HOP_OK) {
        p->text = text_of(d->a->text);
        err = p->text == NULL ? HOP_ENOMEM : HOP_OK;
    }
    if (err != HOP_OK) {
        if (p != NULL)
            people_free(&p->people);
        free(p);
        return err;
    }
    p->member = d->e->member;
    p->entry = d->e->entry;
    p->wall = d->e->wall;
    p->late = m->closed;
    memcpy(p->counts, d->a->counts, sizeof p->counts);
    past->papers[past->papers_count++] = p;
    return motion_recount(d, index);
}
