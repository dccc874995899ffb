/* The fold: records of meetings, in canonical order, into one state.
 *
 * What must have come before a record is asked of the state (it came before in the order, or it did
 * not). What must not have come before is asked of the author: had this record seen the close
 * (history_saw)? If not, author and chair were apart, and the record is kept and marked late. So
 * the order in which records arrive changes nothing, and neither does a clock. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

/* ---- memory ---- */

void *grown(void *array, size_t *room, size_t count, size_t item_size)
{
    if (count < *room)
        return array;
    size_t more = *room == 0 ? 8 : *room * 2;
    void *bigger = more > SIZE_MAX / 2 / item_size ? NULL : realloc(array, more * item_size);
    if (bigger != NULL)
        *room = more;
    return bigger;
}

void *list_grown(void *list, size_t count, size_t item_size)
{
    if (count > 0 && (count < 4 || (count & (count - 1)) != 0))
        return list;
    size_t more = count < 4 ? 4 : 2 * count;
    return more > SIZE_MAX / 2 / item_size ? NULL : realloc(list, more * item_size);
}

int people_copy(struct act_people *ret, const struct act_people *p)
{
    *ret = (struct act_people){0};
    if (p->count == 0)
        return HOP_OK;
    uint8_t *bytes = malloc(p->count * ACT_PERSON_BYTES);
    if (bytes == NULL)
        return HOP_ENOMEM;
    memcpy(bytes, p->bytes, p->count * ACT_PERSON_BYTES);
    *ret = (struct act_people){bytes, p->count};
    return HOP_OK;
}

void people_free(struct act_people *p)
{
    /* It was made by people_copy(): the bytes are ours. */
    void *bytes;
    memcpy(&bytes, &p->bytes, sizeof bytes);
    free(bytes);
    *p = (struct act_people){0};
}

char *text_of(struct span s)
{
    char *t = malloc(s.size + 1);
    if (t == NULL)
        return NULL;
    if (s.size > 0)
        memcpy(t, s.data, s.size);
    t[s.size] = '\0';
    return t;
}

static void motion_free(struct meeting_motion *m, struct motion_past *past)
{
    for (size_t i = 0; i < past->hands_count; i++)
        people_free(&past->hands[i].people);
    for (size_t i = 0; i < past->papers_count; i++) {
        people_free(&past->papers[i]->people);
        free(past->papers[i]->text);
        free(past->papers[i]);
    }
    free(past->hands);
    free(past->papers);
    free(past->marks);
    free(m->hands);
    free(m->text);
    free(m->votes);
    free(m->late_votes);
}

static void board_free(struct meeting *m)
{
    for (size_t i = 0; i < m->agenda_count; i++)
        free(m->agenda[i]);
    for (size_t i = 0; i < m->documents_count; i++) {
        free(m->documents[i].title);
        free(m->documents[i].number);
        free(m->documents[i].media_type);
        free(m->documents[i].receipts);
    }
    for (size_t i = 0; i < m->reminders_count; i++)
        people_free(&m->reminders[i].people);
    people_free(&m->invited);
    void *rest[] = {m->title,  m->form,   m->when,      m->place,    m->basis,    m->reason,
                    m->notice, m->agenda, m->documents, m->receipts, m->reminders};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        free(rest[i]);
}

/* What was said and done while it sat. */
static void sitting_free(struct meeting *m)
{
    for (size_t i = 0; i < m->opinions_count; i++)
        free(m->opinions[i].text);
    for (size_t i = 0; i < m->roll_count; i++)
        free(m->roll[i].excuse);
    for (size_t i = 0; i < m->sites_count; i++) {
        free(m->sites[i].name);
        free(m->sites[i].note);
    }
    for (size_t i = 0; i < m->turns_count; i++)
        free(m->turns[i].text);
    for (size_t i = 0; i < m->conclusions_count; i++)
        free(m->conclusions[i].text);
    for (size_t i = 0; i < m->chairings_count; i++)
        free(m->chairings[i].text);
    for (size_t i = 0; i < m->breaks_count; i++)
        free(m->breaks[i].text);
    for (size_t i = 0; i < m->exceptions_count; i++) {
        free(m->exceptions[i].text);
        free(m->exceptions[i].basis);
    }
    for (size_t i = 0; i < m->replies_count; i++)
        free(m->replies[i].text);
    for (size_t i = 0; i < m->cascades_count; i++) {
        people_free(&m->cascades[i].people);
        free(m->cascades[i].text);
    }
    for (size_t i = 0; i < m->steps_count; i++)
        free(m->steps[i].text);
    void *lists[] = {m->opinions,    m->roll,      m->sites,  m->turns,
                     m->conclusions, m->chairings, m->breaks, m->exceptions,
                     m->replies,     m->cascades,  m->steps};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        free(lists[i]);
}

/* What came of it. */
static void results_free(struct meeting *m)
{
    for (size_t i = 0; i < m->minutes_count; i++) {
        free(m->minutes[i].text);
        free(m->minutes[i].signatures);
    }
    for (size_t i = 0; i < m->corrections_count; i++) {
        free(m->corrections[i].text);
        free(m->corrections[i].answer);
    }
    for (size_t i = 0; i < m->resolutions_count; i++) {
        free(m->resolutions[i].number);
        free(m->resolutions[i].title);
        free(m->resolutions[i].text);
        free(m->resolutions[i].signatures);
    }
    for (size_t i = 0; i < m->reserved_count; i++)
        free(m->reserved[i].text);
    for (size_t i = 0; i < m->tasks_count; i++) {
        free(m->tasks[i].text);
        free(m->tasks[i].due);
        free(m->tasks[i].note);
    }
    for (size_t i = 0; i < m->scores_count; i++)
        free(m->scores[i].text);
    void *lists[] = {m->minutes, m->corrections, m->resolutions, m->reserved, m->tasks, m->scores};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        free(lists[i]);
}

void full_free(struct meeting_full *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->m.motions_count; i++)
        motion_free(&f->m.motions[i], &f->past[i]);
    board_free(&f->m);
    sitting_free(&f->m);
    results_free(&f->m);
    for (size_t i = 0; i < f->marks_count; i++)
        free(f->marks[i].reason);
    for (size_t i = 0; i < f->m.results_count; i++)
        free(f->m.results[i].against);
    free(f->m.results);
    free(f->m.closes);
    free(f->settlements);
    free(f->m.motions);
    free(f->past);
    free(f->marks);
    free(f->checks);
    free(f->entries);
    free(f);
}

struct meeting_state *meeting_state_new(void)
{
    struct meeting_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->procedure = malloc(sizeof *s->procedure);
    if (s->procedure == NULL) {
        free(s);
        return NULL;
    }
    *s->procedure = *procedure_default();
    return s;
}

void meeting_reset(struct meeting_state *s)
{
    for (size_t i = 0; i < s->meetings_count; i++)
        full_free(s->meetings[i]);
    for (size_t i = 0; i < s->logs_count; i++)
        free(s->logs[i].entries);
    free(s->meetings);
    free(s->things);
    free(s->logs);
    free(s->ignored);
    apart_free(s);
    *s = (struct meeting_state){.procedure = s->procedure};
}

void meeting_state_free(struct meeting_state *s)
{
    if (s == NULL)
        return;
    meeting_reset(s);
    free(s->procedure);
    free(s);
}

void meeting_set_procedure(struct meeting_state *s, const struct procedure *p)
{
    *s->procedure = *p;
}

const struct procedure *meeting_procedure(const struct meeting_state *s)
{
    return s->procedure;
}

/* ---- things by id ---- */

/* Where id is, or where it would go. Ids are hashes, so any eight of their bytes are a fair key. */
static struct thing *thing_slot(const struct meeting_state *s, const uint8_t *id)
{
    uint64_t key;
    memcpy(&key, id, sizeof key);
    for (size_t at = (size_t)key & (s->things_size - 1);; at = (at + 1) & (s->things_size - 1)) {
        if (s->things[at].kind == THING_NONE || memcmp(s->things[at].id, id, 32) == 0)
            return &s->things[at];
    }
}

const struct thing *thing_find(const struct meeting_state *s, const uint8_t id[static 32])
{
    if (s->things_size == 0)
        return NULL;
    const struct thing *t = thing_slot(s, id);
    return t->kind == THING_NONE ? NULL : t;
}

int thing_add(struct meeting_state *s, const struct thing *t)
{
    if (s->things_count * 2 >= s->things_size) {
        struct meeting_state wider = {.things_size = s->things_size == 0 ? 64 : s->things_size * 2};
        wider.things = calloc(wider.things_size, sizeof *wider.things);
        if (wider.things == NULL)
            return HOP_ENOMEM;
        for (size_t i = 0; i < s->things_size; i++) {
            if (s->things[i].kind != THING_NONE)
                *thing_slot(&wider, s->things[i].id) = s->things[i];
        }
        free(s->things);
        s->things = wider.things;
        s->things_size = wider.things_size;
    }
    struct thing *slot = thing_slot(s, t->id);
    assert(slot->kind == THING_NONE); /* each record is applied once */
    *slot = *t;
    s->things_count++;
    return HOP_OK;
}

/* ---- lists of members grow ---- */

int meeting_refresh(struct meeting_state *s, const struct cell *c)
{
    size_t members = cell_member_count(c);
    if (members == s->members_count)
        return HOP_OK;
    for (size_t i = 0; i < s->meetings_count; i++) {
        struct meeting_full *f = s->meetings[i];
        struct meeting *m = &f->m;
        int err = roll_resize(f, c);
        if (err == HOP_OK && m->notice_entry != HISTORY_NONE)
            err = board_resize(&m->receipts, &m->receipts_count, m->convened_by, members);
        for (size_t k = 0; k < m->documents_count && err == HOP_OK; k++) {
            struct meeting_document *doc = &m->documents[k];
            err = board_resize(&doc->receipts, &doc->receipts_count, doc->member, members);
        }
        if (err != HOP_OK)
            return err;
        roll_refresh(s, c, f);
    }
    s->members_count = members;
    return HOP_OK;
}

/* ---- one record ---- */

static int ignore(struct fold *d)
{
    struct meeting_state *s = d->s;
    s->ignored_total++;
    if (s->ignored_count == MEETING_IGNORED_MAX)
        return HOP_OK;
    struct meeting_ignored *ignored =
        grown(s->ignored, &s->ignored_room, s->ignored_count, sizeof *ignored);
    if (ignored == NULL)
        return HOP_ENOMEM;
    s->ignored = ignored;
    struct meeting_ignored *one = &ignored[s->ignored_count++];
    *one = (struct meeting_ignored){.entry = d->e->entry, .why = d->why};
    memcpy(one->id, d->e->id, 32);
    return HOP_OK;
}

/* Remember that this record came, whatever it says: it shows what its author's device had seen. */
static int note_record(struct fold *d)
{
    struct meeting_state *s = d->s;
    uint32_t log = history_at(d->h, d->e->entry)->log;
    while (s->logs_count <= log) {
        struct log_past *logs = grown(s->logs, &s->logs_room, s->logs_count, sizeof *logs);
        if (logs == NULL)
            return HOP_ENOMEM;
        s->logs = logs;
        logs[s->logs_count++] = (struct log_past){.member = HISTORY_NONE};
    }
    struct log_past *past = &s->logs[log];
    uint32_t *entries = grown(past->entries, &past->room, past->count, sizeof *entries);
    if (entries == NULL)
        return HOP_ENOMEM;
    past->entries = entries;
    past->entries[past->count++] = d->e->entry;
    past->member = d->e->member;
    return HOP_OK;
}

uint32_t log_last_seen(const struct history *h, const struct log_past *log, uint32_t entry)
{
    size_t low = 0, high = log->count; /* entries before low are seen, from high on are not */
    if (high > 0 && history_saw(h, entry, log->entries[high - 1]))
        return log->entries[high - 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (history_saw(h, entry, log->entries[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? HISTORY_NONE : log->entries[low - 1];
}

/* The record as an act of a meeting that is there; HOP_EREFUSED with the reason. */
static int find_place(struct fold *d, struct act *a)
{
    if (rule_of(d->e->type) == NULL)
        return text_say(&d->why, REFUSE_UNKNOWN_TYPE, 0);
    if (d->e->member >= cell_member_count(d->c))
        return text_say(&d->why, REFUSE_NOT_MEMBER, 0);
    if (act_parse(a, (enum act_type)d->e->type, d->e->body) != HOP_OK)
        return text_say(&d->why, REFUSE_MALFORMED, 0);
    uint32_t index;
    int err = find_meeting(d->s, a, &index, &d->why);
    if (err == HOP_OK && index != NO_MEETING) {
        d->meeting = index;
        d->f = d->s->meetings[index];
    }
    return err;
}

int meeting_apply(struct meeting_state *s, const struct cell *c, const struct history *h,
                  const struct meeting_event *e)
{
    struct act a;
    struct fold d = {.s = s, .c = c, .h = h, .e = e, .a = &a};
    assert(cell_member_count(c) <= CELL_MEMBERS_MAX);
    int err = meeting_refresh(s, c);
    if (err == HOP_OK)
        err = note_record(&d);
    if (err != HOP_OK)
        return err;
    err = find_place(&d, &a);
    if (err == HOP_OK) {
        struct ask q = {.s = s,
                        .c = c,
                        .h = h,
                        .f = d.f,
                        .member = e->member,
                        .entry = e->entry,
                        .standing = cell_standing_at(c, h, e->member, e->entry),
                        .a = &a,
                        .why = &d.why};
        err = permit_record(&q);
    }
    if (err == HOP_OK)
        err = rule_of(a.type)->fold(&d);
    if (err == HOP_OK && a.type != ACT_MEETING && d.f != NULL)
        err = entries_add(&d);
    return err == HOP_EREFUSED ? ignore(&d) : err;
}

/* ---- reading ---- */

size_t meeting_count(const struct meeting_state *s)
{
    return s->meetings_count;
}

const struct meeting *meeting_at(const struct meeting_state *s, size_t index)
{
    assert(index < s->meetings_count);
    return &s->meetings[index]->m;
}

const struct meeting *meeting_find(const struct meeting_state *s, const uint8_t id[static 32])
{
    const struct thing *t = thing_find(s, id);
    return t == NULL || t->kind != THING_MEETING ? NULL : &s->meetings[t->meeting]->m;
}

const struct meeting_motion *meeting_find_motion(const struct meeting_state *s,
                                                 const uint8_t id[static 32],
                                                 const struct meeting **ret_meeting)
{
    const struct thing *t = thing_find(s, id);
    if (t == NULL || t->kind != THING_MOTION)
        return NULL;
    const struct meeting *m = &s->meetings[t->meeting]->m;
    if (ret_meeting != NULL)
        *ret_meeting = m;
    return &m->motions[t->index];
}

size_t meeting_ignored_count(const struct meeting_state *s)
{
    return s->ignored_count;
}

uint64_t meeting_ignored_total(const struct meeting_state *s)
{
    return s->ignored_total;
}

const struct meeting_ignored *meeting_ignored_at(const struct meeting_state *s, size_t index)
{
    assert(index < s->ignored_count);
    return &s->ignored[index];
}
