/* A small world for tests of meetings: people with one device each, what each device has seen, and
 * the records they wrote. Records are folded in canonical order by the real history. */
#ifndef HOP_TESTS_UNIT_MEETING_WORLD_H
#define HOP_TESTS_UNIT_MEETING_WORLD_H

#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "meeting/meeting.h"

#include "tests/unit/meeting/fake_cell.c"

#define WORLD_RECORDS_MAX 4096

struct world_record {
    uint8_t id[32];
    uint32_t member, seq;
    uint64_t wall;
    unsigned type;
    uint8_t *body;
    size_t size;
    uint8_t (*deps)[32];
    size_t deps_count;
};

struct world {
    struct cell cell;
    struct world_record records[WORLD_RECORDS_MAX];
    size_t count;
    uint32_t tips[CELL_MEMBERS_MAX];                   /* records in each log */
    uint32_t seen[CELL_MEMBERS_MAX][CELL_MEMBERS_MAX]; /* by device: how far of each log */
    uint64_t wall;
    uint64_t salt; /* other ids, and so another canonical order among equals */
    struct history *history;
    struct meeting_state *state;
    struct text_said why;
};

static inline struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    CHECK_OK(hop_init());
    w->state = meeting_state_new();
    w->history = history_new();
    CHECK(w->state != NULL && w->history != NULL);
    (void)snprintf(w->cell.genesis.name, sizeof w->cell.genesis.name, "CHI BỘ BẢN MÙ");
    w->wall = UINT64_C(1796387400) * 1000000; /* 04/12/2026 19:30 in Việt Nam */
    return w;
}

static inline void world_forget(struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free(w->records[i].body);
        free(w->records[i].deps);
    }
    w->count = 0;
}

/* As new, without people and records, where making a new one thousands of times takes too long. */
static inline void world_again(struct world *w)
{
    world_forget(w);
    for (size_t i = 0; i < w->cell.count; i++) {
        memset(w->seen[i], 0, sizeof w->seen[i]);
        w->tips[i] = 0;
    }
    w->cell.count = w->cell.changes_count = w->cell.groups_count = 0;
    meeting_reset(w->state);
    history_free(w->history);
    w->history = history_new();
    CHECK(w->history != NULL);
}

static inline void world_free(struct world *w)
{
    world_forget(w);
    meeting_state_free(w->state);
    history_free(w->history);
    free(w);
}

static inline uint32_t world_member(struct world *w, const char *name, enum auth_role role,
                                    enum auth_category category)
{
    return fake_member(&w->cell, name, role, category);
}

static inline const uint8_t *world_put(struct world *w, uint32_t member, unsigned type,
                                       struct span body);

/* by gives a member another office; ROLES_COUNT: by removes the member. */
static inline void world_office(struct world *w, uint32_t by, uint32_t member, enum auth_role role)
{
    struct cell_standing after = {.category = w->cell.members[member].category,
                                  .role = role == ROLES_COUNT ? w->cell.members[member].role : role,
                                  .active = role != ROLES_COUNT};
    after.rank = after.active ? ranks[after.role] : 0;
    const uint8_t *record =
        world_put(w, by, after.active ? AUTH_ROLE : AUTH_REMOVE, (struct span){0});
    CHECK(w->cell.changes_count < FAKE_CHANGES_MAX);
    fake_change(&w->cell, member, record, after);
}

/* by makes or changes a group, whose id is 16 times this byte. */
static inline void world_group(struct world *w, uint32_t by, uint8_t id, uint32_t leader,
                               const uint32_t *members, size_t count)
{
    CHECK(w->cell.groups_count < FAKE_GROUPS_MAX);
    const uint8_t *record = world_put(w, by, AUTH_GROUP, (struct span){0});
    fake_group(&w->cell, id, record, leader, members, count);
}

/* by admits somebody; the others come to know when they meet. */
static inline uint32_t world_admit(struct world *w, uint32_t by, const char *name,
                                   enum auth_role role)
{
    uint32_t member = world_member(w, name, role, CATEGORY_FULL);
    w->cell.first[member].active = false;
    world_office(w, by, member, role);
    return member;
}

/* The device of `to` receives all that the device of `from` has. */
static inline void world_meet(struct world *w, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < CELL_MEMBERS_MAX; i++) {
        if (w->seen[to][i] < w->seen[from][i])
            w->seen[to][i] = w->seen[from][i];
    }
}

static inline void world_all_meet(struct world *w)
{
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < w->cell.count; i++) {
            for (uint32_t k = 0; k < w->cell.count; k++)
                world_meet(w, i, k);
        }
    }
}

static inline const struct world_record *world_find(const struct world *w, uint32_t member,
                                                    uint32_t seq)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->records[i].member == member && w->records[i].seq == seq)
            return &w->records[i];
    }
    return NULL;
}

/* A record of any bytes by member, with what its device has seen as deps. */
static inline const uint8_t *world_put(struct world *w, uint32_t member, unsigned type,
                                       struct span body)
{
    CHECK(w->count < WORLD_RECORDS_MAX);
    struct world_record *r = &w->records[w->count];
    *r = (struct world_record){.member = member, .seq = ++w->tips[member], .type = type};
    struct rng rng = rng_seeded(w->salt * 1000003 + 1000 + member * 7919 + r->seq);
    test_random(&rng, r->id, 32);
    r->wall = w->wall += 60 * UINT64_C(1000000); /* a minute a record */
    r->size = body.size;
    r->body = malloc(body.size + 1);
    r->deps = calloc(w->cell.count + 1, 32);
    CHECK(r->body != NULL && r->deps != NULL);
    if (body.size > 0)
        memcpy(r->body, body.data, body.size);
    for (uint32_t i = 0; i < w->cell.count; i++) {
        if (i == member || w->seen[member][i] == 0)
            continue;
        memcpy(r->deps[r->deps_count++], world_find(w, i, w->seen[member][i])->id, 32);
    }
    w->seen[member][member] = r->seq;
    w->count++;
    return r->id;
}

/* Write an act without asking whether it is allowed. */
static inline const uint8_t *world_act(struct world *w, uint32_t member, const struct act *a)
{
    static uint8_t bytes[ACT_BODY_BYTES_MAX];
    struct wire_writer out = wire_writer(bytes, sizeof bytes);
    CHECK_OK(act_put(&out, a));
    return world_put(w, member, a->type, wire_written(&out));
}

static inline void world_add(struct history *h, const struct world_record *r)
{
    uint8_t log[32] = {0};
    log[0] = (uint8_t)(r->member >> 8);
    log[1] = (uint8_t)r->member;
    struct history_entry e = {.seq = r->seq, .type = (uint16_t)r->type};
    memcpy(e.id, r->id, 32);
    e.log = history_log(h, log);
    uint32_t entry;
    CHECK_OK(history_add(h, &e, (const uint8_t *)r->deps, r->deps_count, &entry));
}

/* Fold h from the start into s. */
static inline void world_walk(const struct world *w, struct history *h, struct meeting_state *s)
{
    meeting_reset(s);
    for (size_t n = 0; n < history_count(h); n++) {
        uint32_t entry = history_ordered(h, n);
        const struct history_entry *e = history_at(h, entry);
        const struct world_record *r = NULL;
        for (size_t i = 0; i < w->count && r == NULL; i++)
            r = memcmp(w->records[i].id, e->id, 32) == 0 ? &w->records[i] : NULL;
        if (r == NULL)
            abort(); /* the history holds only records of this world */
        if (r->type < ACT_MEETING)
            continue;
        struct meeting_event event = {.entry = entry,
                                      .id = r->id,
                                      .member = r->member,
                                      .wall = r->wall,
                                      .type = r->type,
                                      .body = SPAN(r->body, r->size)};
        CHECK_OK(meeting_apply(s, &w->cell, h, &event));
    }
    CHECK_OK(meeting_refresh(s, &w->cell));
}

/* Bring w->state up to date with all records. */
static inline void world_fold(struct world *w)
{
    for (size_t i = history_count(w->history); i < w->count; i++)
        world_add(w->history, &w->records[i]);
    world_walk(w, w->history, w->state);
}

static inline bool world_may(struct world *w, uint32_t member, const struct act *a)
{
    w->why = (struct text_said){0};
    world_fold(w);
    int err = meeting_may(w->state, &w->cell, member, a, &w->why);
    CHECK(err == HOP_OK || err == HOP_EREFUSED);
    CHECK((err == HOP_OK) == (w->why.id == TEXT_NONE));
    return err == HOP_OK;
}

/* ---- acts ---- */

static inline struct act act_of(enum act_type type, const uint8_t *meeting)
{
    struct act a = {.type = type};
    if (meeting != NULL)
        memcpy(a.meeting, meeting, 32);
    return a;
}

static inline struct act act_meeting(const char *title, size_t agenda)
{
    static const char *const items[] = {"Báo cáo tháng trước", "Dự thảo nghị quyết"};
    struct act a = act_of(ACT_MEETING, NULL);
    a.title = span_text(title);
    a.form = span_text("regular");
    a.agenda_count = agenda;
    for (size_t i = 0; i < agenda; i++)
        a.agenda[i] = span_text(items[i % 2]);
    return a;
}

static inline struct act act_text(enum act_type type, const uint8_t *meeting, uint32_t item,
                                  const char *words)
{
    struct act a = act_of(type, meeting);
    a.item = item;
    a.text = span_text(words);
    return a;
}

static inline struct act act_document(const uint8_t *meeting, const char *title,
                                      enum act_class class)
{
    struct act a = act_of(ACT_DOC, meeting);
    a.title = span_text(title);
    a.value = class;
    memset(a.blob_key, 7, 32);
    return a;
}

static inline struct act act_roll(const struct world *w, const uint8_t *meeting, uint32_t member,
                                  enum act_roll status, const char *reason)
{
    struct act a = act_of(ACT_ROLL, meeting);
    memcpy(a.person, w->cell.members[member].id, 16);
    a.value = status;
    a.text = span_text(reason);
    return a;
}

static inline struct act act_on(enum act_type type, const uint8_t *meeting, const uint8_t *target,
                                uint32_t value)
{
    struct act a = act_of(type, meeting);
    memcpy(a.target, target, 32);
    a.value = value;
    return a;
}

static inline const uint8_t *do_simple(struct world *w, uint32_t member, enum act_type type,
                                       const uint8_t *meeting)
{
    struct act a = act_of(type, meeting);
    return world_act(w, member, &a);
}

static inline const uint8_t *do_roll(struct world *w, uint32_t by, const uint8_t *meeting,
                                     uint32_t member, enum act_roll status, const char *reason)
{
    struct act a = act_roll(w, meeting, member, status, reason);
    return world_act(w, by, &a);
}

static inline const uint8_t *do_text(struct world *w, uint32_t member, enum act_type type,
                                     const uint8_t *meeting, uint32_t item, const char *words)
{
    struct act a = act_text(type, meeting, item, words);
    return world_act(w, member, &a);
}

static inline const uint8_t *do_on(struct world *w, uint32_t member, enum act_type type,
                                   const uint8_t *meeting, const uint8_t *target, uint32_t value)
{
    struct act a = act_on(type, meeting, target, value);
    return world_act(w, member, &a);
}

/* The procedure that ships under this name. */
static inline void world_procedure(struct world *w, const char *path)
{
    static struct procedure p;
    static char text[PROCEDURE_BYTES_MAX];
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t size = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    struct text_said why;
    CHECK_OK(procedure_parse(&p, SPAN((const uint8_t *)text, size), &why));
    meeting_set_procedure(w->state, &p);
}

#endif
