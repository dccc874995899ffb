/* A cell that is only a list of people, so that meetings can be tested without keys. */
#include "cell/cell.h"

#include <stdio.h>

#define FAKE_CHANGES_MAX 64

struct fake_change { /* a record that gave a member another standing */
    uint8_t record[32];
    uint32_t member;
    struct cell_standing after;
};

struct fake_group {     /* one record of a group */
    uint8_t record[32]; /* zeros: there from the beginning */
    struct cell_group group;
};

#define FAKE_GROUPS_MAX 64

struct cell {
    struct cell_member members[CELL_MEMBERS_MAX]; /* as known now */
    struct cell_standing first[CELL_MEMBERS_MAX]; /* before any change */
    size_t count;
    struct fake_change changes[FAKE_CHANGES_MAX]; /* as they were written */
    size_t changes_count;
    struct fake_group groups[FAKE_GROUPS_MAX]; /* as they were written */
    size_t groups_count;
    struct auth_genesis genesis;
};

size_t cell_member_count(const struct cell *c)
{
    return c->count;
}

const struct cell_member *cell_member(const struct cell *c, size_t index)
{
    return &c->members[index];
}

size_t cell_member_index(const struct cell *c, const uint8_t id[static 16])
{
    for (size_t i = 0; i < c->count; i++) {
        if (memcmp(c->members[i].id, id, 16) == 0)
            return i;
    }
    return SIZE_MAX;
}

struct cell_standing cell_standing_at(const struct cell *c, const struct history *h, size_t member,
                                      uint32_t entry)
{
    struct cell_standing st = c->first[member];
    for (size_t i = 0; i < c->changes_count; i++) {
        const struct fake_change *change = &c->changes[i];
        if (change->member != member)
            continue;
        uint32_t at = entry == HISTORY_NONE ? HISTORY_NONE : history_find(h, change->record);
        if (entry == HISTORY_NONE || (at != HISTORY_NONE && history_saw(h, entry, at)))
            st = change->after;
    }
    return st;
}

bool cell_group_at(const struct cell *c, const struct history *h, const uint8_t id[static 16],
                   uint32_t entry, struct cell_group *ret)
{
    static const uint8_t none[32];
    bool found = false;
    for (size_t i = 0; i < c->groups_count; i++) {
        const struct fake_group *g = &c->groups[i];
        if (memcmp(g->group.id, id, 16) != 0)
            continue;
        bool first = memcmp(g->record, none, 32) == 0 || entry == HISTORY_NONE;
        uint32_t at = first ? HISTORY_NONE : history_find(h, g->record);
        if (!first && (at == HISTORY_NONE || !history_saw(h, entry, at)))
            continue;
        *ret = g->group;
        found = true;
    }
    return found;
}

const struct auth_genesis *cell_genesis(const struct cell *c)
{
    return &c->genesis;
}

static const uint8_t ranks[ROLES_COUNT] = {
    [ROLE_COMMITTEE] = 1, [ROLE_DEPUTY] = 2, [ROLE_SECRETARY] = 3};

static uint32_t fake_member(struct cell *c, const char *name, enum auth_role role,
                            enum auth_category category)
{
    struct cell_member *m = &c->members[c->count];
    *m = (struct cell_member){
        .role = role, .category = category, .rank = ranks[role], .active = true};
    c->first[c->count] = (struct cell_standing){
        .role = role, .category = category, .rank = ranks[role], .active = true};
    (void)snprintf(m->name, sizeof m->name, "%s", name);
    memset(m->id, 0x40, 16);
    m->id[0] = (uint8_t)(c->count >> 8);
    m->id[1] = (uint8_t)c->count;
    return (uint32_t)c->count++;
}

/* This record (NULL: from the beginning) made a group of these people; its id is 16 times this
 * byte.
 */
static inline void fake_group(struct cell *c, uint8_t id, const uint8_t *record, uint32_t leader,
                              const uint32_t *members, size_t count)
{
    struct fake_group *g = &c->groups[c->groups_count++];
    *g = (struct fake_group){.group = {.leader = leader, .members_count = count}};
    memset(g->group.id, id, 16);
    if (record != NULL)
        memcpy(g->record, record, 32);
    memcpy(g->group.members, members, count * sizeof *members);
}

/* This record made the member what `after` says. */
static inline void fake_change(struct cell *c, uint32_t member, const uint8_t record[static 32],
                               struct cell_standing after)
{
    struct fake_change *change = &c->changes[c->changes_count++];
    *change = (struct fake_change){.member = member, .after = after};
    memcpy(change->record, record, 32);
    c->members[member].role = after.role;
    c->members[member].category = after.category;
    c->members[member].rank = after.rank;
    c->members[member].active = after.active;
}
