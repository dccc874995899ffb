/* Random histories: every act there is, by random members, with parts of the cell cut off from each
 * other and joined again, under random rules. Most acts are allowed, many are not; nothing is asked
 * before it is written. */
#ifndef HOP_TESTS_UNIT_MEETING_CHAOS_H
#define HOP_TESTS_UNIT_MEETING_CHAOS_H

#include "tests/unit/meeting/world.h"

enum { CHAOS_PEOPLE = 7, CHAOS_IDS = 24, CHAOS_TYPES = ACT_STEP - ACT_MEETING + 1 };

struct chaos_ids {
    uint8_t of[CHAOS_IDS][32];
    size_t count;
};

struct chaos {
    struct world *w;
    struct rng *r;
    struct chaos_ids made[CHAOS_TYPES]; /* records of each type */
    uint8_t people[CHAOS_PEOPLE * ACT_PERSON_BYTES];
    unsigned side[CHAOS_PEOPLE];
};

static inline const uint8_t *chaos_id(struct chaos *k, unsigned type)
{
    static const uint8_t none[32];
    struct chaos_ids *ids = &k->made[type - ACT_MEETING];
    return ids->count == 0 ? none : ids->of[rng_below(k->r, ids->count)];
}

/* What the act is about: something of the kind that it may be about. */
static inline const uint8_t *chaos_target(struct chaos *k, enum act_type type, const uint8_t *m)
{
    static const unsigned about[CHAOS_TYPES][3] = {
        [ACT_VOTE - 32] = {ACT_MOTION},
        [ACT_TALLY - 32] = {ACT_MOTION},
        [ACT_WITHDRAW - 32] = {ACT_MOTION},
        [ACT_HANDS - 32] = {ACT_MOTION},
        [ACT_PAPER - 32] = {ACT_MOTION},
        [ACT_SETTLE - 32] = {ACT_MOTION},
        [ACT_MOTION - 32] = {ACT_MOTION},
        [ACT_RECEIPT - 32] = {ACT_NOTICE, ACT_DOC},
        [ACT_REMIND - 32] = {ACT_NOTICE, ACT_DOC},
        [ACT_READ_BACK - 32] = {ACT_MINUTES},
        [ACT_CORRECTION - 32] = {ACT_MINUTES},
        [ACT_CORRECTED - 32] = {ACT_CORRECTION},
        [ACT_SIGN - 32] = {ACT_MINUTES, ACT_RESOLUTION, ACT_SUPPLEMENT},
        [ACT_RESOLUTION - 32] = {ACT_MOTION, ACT_DOC},
        [ACT_RESERVE - 32] = {ACT_MOTION, ACT_RESOLUTION},
        [ACT_TASK_STATE - 32] = {ACT_TASK},
    };
    const unsigned *kinds = about[type - ACT_MEETING];
    size_t count = 0;
    while (count < 3 && kinds[count] != 0)
        count++;
    if (count == 0 || (type == ACT_READ_BACK && rng_below(k->r, 2) == 0))
        return m;
    return chaos_id(k, kinds[rng_below(k->r, count)]);
}

static inline void chaos_list(struct chaos *k, struct act *a)
{
    uint8_t *to = k->people;
    for (uint32_t i = 0; i < CHAOS_PEOPLE; i++) {
        if (rng_below(k->r, 2) == 0)
            continue;
        memcpy(to, k->w->cell.members[i].id, 16);
        to[16] = a->type == ACT_PAPER || a->type == ACT_REMIND || a->type == ACT_MEETING
                     ? 0
                     : (uint8_t)(1 + rng_below(k->r, 3));
        to += ACT_PERSON_BYTES;
    }
    a->people = (struct act_people){k->people, (size_t)(to - k->people) / ACT_PERSON_BYTES};
}

static inline void chaos_counts(struct chaos *k, struct act *a)
{
    uint32_t n[3];
    for (size_t i = 0; i < 3; i++)
        n[i] = (uint32_t)rng_below(k->r, 3);
    a->counts_count = PAPER_COUNTS;
    a->counts[PAPER_AGREE] = n[0];
    a->counts[PAPER_DISAGREE] = n[1];
    a->counts[PAPER_ABSTAIN] = n[2];
    a->counts[PAPER_VALID] = a->counts[PAPER_COLLECTED] = a->counts[PAPER_ISSUED] =
        n[0] + n[1] + n[2];
    if (a->type == ACT_SCORE)
        a->counts_count = meeting_procedure(k->w->state)->score_count;
}

/* An act of this type with every field it may have, as good as chance makes it. */
static inline struct act chaos_act(struct chaos *k, enum act_type type)
{
    static const char *const questions[] = {"", "", "", "", "admission", "discipline", "secret"};
    static const char *const forms[] = {"regular",   "committee", "written", "study",
                                        "admission", "admission", "group"};
    const uint8_t *m = chaos_id(k, ACT_MEETING);
    struct act a = act_of(type, m);
    memcpy(a.target, chaos_target(k, type, m), 32);
    memcpy(a.person, k->w->cell.members[rng_below(k->r, CHAOS_PEOPLE)].id, 16);
    if ((type == ACT_OPINION || type == ACT_FLOOR) && rng_below(k->r, 4) != 0)
        memset(a.person, 0, 16);
    if (rng_below(k->r, 3) != 0 || type == ACT_SITE_ROLL)
        memcpy(a.site, chaos_id(k, ACT_SITE), 32);
    if (type == ACT_SETTLE && rng_below(k->r, 3) == 0)
        memcpy(a.parent, chaos_id(k, ACT_TALLY), 32);
    if (type != ACT_MEETING || rng_below(k->r, 3) == 0)
        memset(a.group, 1 + (int)rng_below(k->r, 2), 16);
    memset(a.blob_key, 7, 32);
    a.item = (uint32_t)rng_below(k->r, 3);
    a.flags = type == ACT_REPORT ? FLAG_URGENT : rng_below(k->r, 6) == 0 ? FLAG_PRACTICE : 0;
    a.title = span_text("12/2026");
    a.text = span_text("nội dung");
    a.form =
        span_text(type == ACT_MOTION ? questions[rng_below(k->r, 7)] : forms[rng_below(k->r, 7)]);
    a.number = span_text("05-NQ/CB");
    a.language = span_text("vi");
    a.sealed = span_text("kín");
    a.agenda[0] = a.agenda[1] = span_text("mục");
    a.agenda_count = 2;
    chaos_counts(k, &a);
    if (type != ACT_MEETING || rng_below(k->r, 3) == 0)
        chaos_list(k, &a);
    a.value =
        type == ACT_VOTE && rng_below(k->r, 2) == 0 ? CHOICE_AGREE : (uint32_t)rng_below(k->r, 5);
    for (int tries = 0; tries < 16 && act_check(&a) != HOP_OK; tries++)
        a.value = (uint32_t)rng_below(k->r, 5);
    return a;
}

static inline bool chaos_write(struct chaos *k, uint32_t who, const struct act *a)
{
    if (act_check(a) != HOP_OK)
        return false;
    const uint8_t *id = world_act(k->w, who, a);
    struct chaos_ids *ids = &k->made[a->type - ACT_MEETING];
    if (ids->count < CHAOS_IDS)
        memcpy(ids->of[ids->count++], id, 32);
    return true;
}

/* Acts of office are mostly by those who hold one. */
static inline uint32_t chaos_author(struct chaos *k, enum act_type type)
{
    static const uint8_t office[] = {
        ACT_NOTICE,     ACT_OPEN,      ACT_ROLL,     ACT_TALLY,  ACT_CLOSE, ACT_MINUTES,
        ACT_SITE,       ACT_CHECK,     ACT_PAUSE,    ACT_ITEM,   ACT_GIVE,  ACT_CONCLUSION,
        ACT_HANDS,      ACT_PAPER,     ACT_CHAIR,    ACT_SETTLE, ACT_SCORE, ACT_SUPPLEMENT,
        ACT_RESOLUTION, ACT_CORRECTED, ACT_READ_BACK};
    for (size_t i = 0; i < sizeof office; i++) {
        if (office[i] == type && rng_below(k->r, 5) != 0)
            return (uint32_t)rng_below(k->r, 2);
    }
    return (uint32_t)rng_below(k->r, CHAOS_PEOPLE);
}

/* The types that make a meeting come often; any other now and then. */
static inline enum act_type chaos_type(struct chaos *k, bool late)
{
    static const uint8_t often[] = {
        ACT_VOTE,  ACT_VOTE,  ACT_VOTE, ACT_ROLL,    ACT_ROLL, ACT_ROLL,  ACT_MOTION, ACT_TALLY,
        ACT_HANDS, ACT_REPLY, ACT_STEP, ACT_CASCADE, ACT_VOTE, ACT_CHAIR, ACT_SETTLE, ACT_TALLY};
    enum act_type type = (enum act_type)(ACT_MEETING + rng_below(k->r, CHAOS_TYPES));
    static const uint8_t after[] = {ACT_CLOSE,     ACT_MINUTES,    ACT_MINUTES,   ACT_SIGN,
                                    ACT_READ_BACK, ACT_CORRECTION, ACT_CORRECTED, ACT_SUPPLEMENT};
    if (late && rng_below(k->r, 3) == 0)
        return (enum act_type)after[rng_below(k->r, sizeof after)];
    if (rng_below(k->r, 2) == 0)
        type = (enum act_type)often[rng_below(k->r, sizeof often)];
    bool more = type == ACT_MEETING && k->made[0].count >= 3;
    return (type == ACT_CLOSE && !late) || more ? ACT_VOTE : type;
}

static inline void chaos_rules(struct chaos *k)
{
    static const char *const files[] = {"procedures/party-cell.conf", "procedures/assembly.conf",
                                        "procedures/disaster-unit.conf"};
    static struct procedure kept[3], p;
    size_t which = rng_below(k->r, 4) % 3;
    if (kept[which].name[0] == '\0') {
        world_procedure(k->w, files[which]);
        kept[which] = *meeting_procedure(k->w->state);
    }
    p = kept[which];
    p.final = (enum procedure_final)rng_below(k->r, 3);
    p.majority = (struct procedure_share){.numerator = 1,
                                          .denominator = 2 + (unsigned)rng_below(k->r, 5),
                                          .of_present = rng_below(k->r, 2) == 0};
    p.quorum =
        (struct procedure_share){.numerator = 1, .denominator = 1 + (unsigned)rng_below(k->r, 4)};
    p.signatures_min = (unsigned)rng_below(k->r, 3);
    if (p.questions_count < PROCEDURE_QUESTIONS_MAX) {
        (void)snprintf(p.questions[p.questions_count].name, 32, "secret");
        p.questions[p.questions_count++].ballot = BALLOT_SECRET;
    }
    meeting_set_procedure(k->w->state, &p);
}

/* Notice, opening, who is there: or few histories would get anywhere. */
static inline void chaos_begin(struct chaos *k)
{
    struct act a = chaos_act(k, ACT_MEETING);
    memcpy(a.chair, k->w->cell.members[rng_below(k->r, 3)].id, 16);
    a.flags = 0;
    if (rng_below(k->r, 2) != 0) {
        a.form = span_text("regular");
        a.people.count = 0;
        memset(a.group, 0, sizeof a.group);
    }
    (void)chaos_write(k, 0, &a);
    const enum act_type first[] = {ACT_NOTICE, ACT_OPEN, ACT_ROLL, ACT_SITE, ACT_DOC, ACT_MOTION};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        a = chaos_act(k, first[i]);
        if (first[i] == ACT_ROLL)
            a.value = ROLL_PRESENT;
        for (uint32_t n = 0; n < (first[i] == ACT_ROLL ? CHAOS_PEOPLE : 1u); n++) {
            memcpy(a.person, k->w->cell.members[n].id, 16);
            (void)chaos_write(k, 0, &a);
        }
    }
    world_all_meet(k->w);
}

/* Members meet only within their side; now and then the sides change. */
static inline void chaos_meet(struct chaos *k)
{
    if (rng_below(k->r, 24) == 0) {
        bool whole = rng_below(k->r, 3) == 0;
        for (size_t i = 0; i < CHAOS_PEOPLE; i++)
            k->side[i] = whole ? 0 : (unsigned)rng_below(k->r, 2);
    }
    for (int n = 0; n < 3; n++) {
        uint32_t a = (uint32_t)rng_below(k->r, CHAOS_PEOPLE);
        uint32_t b = (uint32_t)rng_below(k->r, CHAOS_PEOPLE);
        if (k->side[a] == k->side[b])
            world_meet(k->w, a, b);
    }
}

/* Offices change, people leave and come back, groups are made anew; the secretary and the deputy
 * stay, so that somebody can go on. */
static inline void chaos_roster(struct chaos *k)
{
    if (rng_below(k->r, 16) != 0)
        return;
    uint32_t who = 2 + (uint32_t)rng_below(k->r, CHAOS_PEOPLE - 2);
    if (rng_below(k->r, 3) == 0)
        world_group(k->w, (uint32_t)rng_below(k->r, 2), (uint8_t)(1 + rng_below(k->r, 2)), who,
                    (const uint32_t[]){0, who}, 2);
    else
        world_office(k->w, (uint32_t)rng_below(k->r, 2), who,
                     (enum auth_role)rng_below(k->r, ROLES_COUNT + 1));
}

/* A history of so many steps, written into w, which is new. */
static inline void chaos_run(struct world *w, struct rng *r, size_t steps)
{
    static const enum auth_role roles[CHAOS_PEOPLE] = {ROLE_SECRETARY, ROLE_DEPUTY, ROLE_COMMITTEE,
                                                       ROLE_MEMBER,    ROLE_MEMBER, ROLE_OBSERVER,
                                                       ROLE_MEMBER};
    struct chaos k = {.w = w, .r = r};
    w->salt = rng_next(r) >> 16;
    chaos_rules(&k);
    for (uint32_t i = 0; i < CHAOS_PEOPLE; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Đ%u", (unsigned)i);
        world_member(w, name, roles[i], i == 6 ? CATEGORY_PROBATIONARY : CATEGORY_FULL);
    }
    fake_group(&w->cell, 1, NULL, 3, (const uint32_t[]){3, 4, 6}, 3);
    fake_group(&w->cell, 2, NULL, 4, (const uint32_t[]){1, 2, 4, 5}, 4);
    chaos_begin(&k);
    for (size_t step = 0; step < steps; step++) {
        chaos_meet(&k);
        chaos_roster(&k);
        struct act a = chaos_act(&k, chaos_type(&k, step > steps / 2));
        (void)chaos_write(&k, chaos_author(&k, a.type), &a);
    }
}

#endif
