/* A village cell for tests of acts: a secretary, a deputy, members, a probationary member and an
 * observer; a meeting of theirs at any stage; and acts in one line each. */
#ifndef HOP_TESTS_UNIT_MEETING_VILLAGE_H
#define HOP_TESTS_UNIT_MEETING_VILLAGE_H

#include "tests/unit/meeting/world.h"

enum { A, B, C, D, E, NEW, GUEST }; /* secretary, deputy, three members, probationary, observer */

static inline struct world *village(void)
{
    struct world *w = world_new();
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Cúc", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Én", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Hoa", ROLE_MEMBER, CATEGORY_PROBATIONARY);
    world_member(w, "Em", ROLE_OBSERVER, CATEGORY_FULL);
    return w;
}

/* The rules, to be changed; then world_rules(). */
static inline struct procedure *rules_of(const struct world *w)
{
    static struct procedure p;
    p = *meeting_procedure(w->state);
    return &p;
}

/* Each one's id with a value, in the order of their indexes, which is that of their ids here. */
static inline struct act_people people_of(const struct world *w, const uint8_t (*who)[2],
                                          size_t count)
{
    static uint8_t bytes[8][ACT_PEOPLE_MAX * ACT_PERSON_BYTES];
    static size_t turn;
    uint8_t *to = bytes[turn++ % 8];
    for (size_t i = 0; i < count; i++) {
        memcpy(to + i * ACT_PERSON_BYTES, w->cell.members[who[i][0]].id, 16);
        to[i * ACT_PERSON_BYTES + 16] = who[i][1];
    }
    return (struct act_people){to, count};
}
#define PEOPLE(w, ...)                                                                             \
    people_of((w), (const uint8_t[][2]){__VA_ARGS__}, sizeof(const uint8_t[][2]){__VA_ARGS__} / 2)

static inline struct act act_person_of(const struct world *w, enum act_type type,
                                       const uint8_t *meeting, uint32_t member, uint32_t value)
{
    struct act a = act_of(type, meeting);
    memcpy(a.person, w->cell.members[member].id, 16);
    a.value = value;
    return a;
}

static inline const uint8_t *do_person(struct world *w, uint32_t by, enum act_type type,
                                       const uint8_t *meeting, uint32_t member, uint32_t value)
{
    struct act a = act_person_of(w, type, meeting, member, value);
    return world_act(w, by, &a);
}

static inline const uint8_t *do_value(struct world *w, uint32_t by, enum act_type type,
                                      const uint8_t *meeting, uint32_t value, const char *words)
{
    struct act a = act_of(type, meeting);
    a.value = value;
    a.text = span_text(words);
    return world_act(w, by, &a);
}

/* A meeting of this form, chaired by An, Cúc its secretary, convened, known to all. */
static inline const uint8_t *convened_as(struct world *w, const char *form,
                                         const struct act_people *people)
{
    struct act a = act_meeting("Sinh hoạt tháng 12", 2);
    a.form = span_text(form);
    memcpy(a.secretary, w->cell.members[C].id, 16);
    a.when = span_text("19:30 ngày 08/12/2026");
    if (people != NULL)
        a.people = *people;
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    return m;
}

static inline const uint8_t *opened_as(struct world *w, const char *form,
                                       const struct act_people *people)
{
    const uint8_t *m = convened_as(w, form, people);
    do_simple(w, A, ACT_OPEN, m);
    world_all_meet(w);
    return m;
}

/* Opened, the first `present` members confirmed present. */
static inline const uint8_t *sitting(struct world *w, uint32_t present)
{
    const uint8_t *m = opened_as(w, "regular", NULL);
    for (uint32_t i = 0; i < present; i++)
        do_roll(w, C, m, i, ROLL_PRESENT, "");
    world_all_meet(w);
    return m;
}

static inline const struct meeting *only(struct world *w)
{
    world_fold(w);
    CHECK_EQ(meeting_count(w->state), 1);
    return meeting_at(w->state, 0);
}

/* What only() gave before stays, unless something was written since. */
static inline size_t ignored(struct world *w)
{
    if (history_count(w->history) < w->count)
        world_fold(w);
    return meeting_ignored_count(w->state);
}

static inline void check_last_ignored(struct world *w, size_t count, enum text_id id)
{
    bool found = false;
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), count);
    for (size_t i = 0; i < count; i++)
        found = found || meeting_ignored_at(w->state, i)->why.id == id;
    if (!found)
        CHECK_TEXT("no record was ignored for", text_key(id));
}

static inline void check_may(struct world *w, uint32_t member, const struct act *a, bool want,
                             enum text_id id)
{
    bool may = world_may(w, member, a);
    if (may != want || (!may && w->why.id != id))
        CHECK_TEXT(text_key(w->why.id), want ? "allowed" : text_key(id));
}
#define MAY(w, member, a)          check_may((w), (member), (a), true, TEXT_NONE)
#define MAY_NOT(w, member, a, why) check_may((w), (member), (a), false, (why))

static inline const uint8_t *put_motion(struct world *w, const uint8_t *m, uint32_t item,
                                        const char *words, const char *question)
{
    struct act a = act_text(ACT_MOTION, m, item, words);
    a.form = span_text(question);
    const uint8_t *q = world_act(w, A, &a);
    world_all_meet(w);
    return q;
}

static inline const struct meeting_motion *motion(struct world *w, const uint8_t *id)
{
    world_fold(w);
    const struct meeting_motion *m = meeting_find_motion(w->state, id, NULL);
    if (m == NULL)
        CHECK_TEXT("no such motion", "a motion");
    return m;
}

#endif
