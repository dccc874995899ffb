/* A cell that is only a list of people, so that meetings can be tested without keys. */
#include "cell/cell.h"

#include <stdio.h>

struct cell {
    struct cell_member members[CELL_MEMBERS_MAX];
    struct cell_device devices[CELL_MEMBERS_MAX]; /* one a member */
    size_t count;
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

const struct cell_member *cell_secretary(const struct cell *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->members[i].role == ROLE_SECRETARY)
            return &c->members[i];
    }
    return NULL;
}

size_t cell_device_count(const struct cell *c)
{
    return c->count;
}

const struct cell_device *cell_device(const struct cell *c, size_t index)
{
    return &c->devices[index];
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
    *m = (struct cell_member){.role = role,
                              .category = category,
                              .rank = ranks[role],
                              .first_device = (uint32_t)c->count};
    (void)snprintf(m->name, sizeof m->name, "%s", name);
    memset(m->id, 0x40, 16);
    m->id[0] = (uint8_t)(c->count >> 8);
    m->id[1] = (uint8_t)c->count;
    memset(c->devices[c->count].admit, 0xee, 32); /* not in the history: known from the first */
    return (uint32_t)c->count++;
}
