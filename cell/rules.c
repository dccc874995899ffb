/* What each act may do, once it is known who wrote it and with what weight. Nothing changes here:
 * cell/resolve.c asks for acts of the past, cell_may() for one that is not written yet. */
#include "cell/fold.h"

/* ---- targets ---- */

static bool knows(const struct cell *c, const struct act *a, uint32_t person)
{
    const struct list *about = &person_at(c, person)->about;
    if (cell_is_founder(c, person))
        return true;
    for (uint32_t i = 0; i < about->count; i++) {
        if (act_at(c, list_u32(about, i))->type == AUTH_ADMIT && cell_saw(c, a, person, i))
            return true;
    }
    return false;
}

/* Is this key a seat, and was it so before anybody who seated it had seen what stands at this place
 * among the acts about the member? Of a tie, as far as who seated it knew it for the member's. */
static bool seat_holds(const struct cell *c, uint32_t t, uint32_t place)
{
    const struct tie *tie = tie_at(c, t);
    uint32_t by = cell_seated_by(c, tie->key);
#ifdef HOP_PLANT_SEAT_REMOVABLE
    return false;
#endif
    if (by == NONE)
        return false;
    const struct act *config = act_at(c, by);
    return config->type == AUTH_GENESIS ||
           (cell_saw_claim(c, config, t) && !cell_saw(c, config, tie->person, place));
}

static bool holds_seat(const struct cell *c, uint32_t person, uint32_t place)
{
    for (uint32_t t = person_at(c, person)->ties; t != NONE; t = tie_at(c, t)->next_of_person) {
        if (seat_holds(c, t, place))
            return true;
    }
    return false;
}

static bool device_holds_seat(const struct cell *c, uint32_t person, uint32_t key, uint32_t place)
{
    for (uint32_t t = person_at(c, person)->ties; t != NONE; t = tie_at(c, t)->next_of_person) {
        if (tie_at(c, t)->key == key && seat_holds(c, t, place))
            return true;
    }
    return false;
}

/* An act may be about several members, if its author's key is claimed for several. */
static uint32_t place_about(const struct cell *c, const struct act *a, uint32_t person)
{
    const struct list *about = &person_at(c, person)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        if (act_at(c, list_u32(about, i)) == a)
            return i;
    }
    return NONE;
}

enum text_id cell_check_target(const struct cell *c, const struct act *a, uint8_t class)
{
    struct view then = cell_view_of(a), now = cell_view_apart(c, a);
    if (!knows(c, a, a->person))
        return CELL_TARGET_UNKNOWN;
    if (AT_LEAST(cell_office(c, a->person, &then).rank, class) ||
        AT_LEAST(cell_office(c, a->person, &now).rank, class))
        return CELL_TARGET_RANK;
    return TEXT_NONE;
}

/* ---- devices of one member ---- */

uint32_t cell_parent_of(const struct cell *c, uint32_t t)
{
    const struct tie *tie = tie_at(c, t);
    if (tie->root || tie->invite == NONE)
        return NONE;
    const struct list *about = &invitation_at(c, tie->invite)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->type != AUTH_INVITE || a->person != tie->person)
            continue;
        for (uint32_t p = list_u32(&c->key_ties, a->key); p != NONE;
             p = tie_at(c, p)->next_of_key) {
            if (tie_at(c, p)->person == tie->person)
                return p;
        }
    }
    return NONE;
}

/* Did the first device bring in the second, itself or through others? Asked before it is known
 * whether all of them stand. */
static bool brought_in(const struct cell *c, uint32_t first, uint32_t second)
{
    uint32_t t = cell_parent_of(c, second);
    for (size_t steps = 0; t != NONE && t != first && steps < MEMBER_DEVICES_MAX; steps++)
        t = cell_parent_of(c, t);
    return t == first;
}

static uint32_t own_tie(const struct cell *c, uint32_t key, uint32_t person)
{
    uint32_t t = list_u32(&c->key_ties, key);
    while (t != NONE && (tie_at(c, t)->person != person || !tie_at(c, t)->stands))
        t = tie_at(c, t)->next_of_key;
    return t;
}

static enum text_id check_own_remove(const struct cell *c, const struct act *a,
                                     const struct judged *j)
{
    uint32_t target = list_u32(&c->key_ties, a->device);
    while (target != NONE &&
           (tie_at(c, target)->person != a->person || !cell_saw_claim(c, a, target)))
        target = tie_at(c, target)->next_of_key;
    if (device_holds_seat(c, a->person, a->device, a->about))
        return CELL_TARGET_SEAT;
    return target != NONE && brought_in(c, j->tie, target) ? TEXT_NONE : CELL_DEVICE_NOT_YOURS;
}

static enum text_id check_leave(const struct cell *c, const struct act *a, const struct judged *j)
{
    uint32_t person = tie_at(c, j->tie)->person;
    uint32_t place = place_about(c, a, person);
    struct act here = *a; /* as if it were about this member alone */
    here.about = place;
    struct view now = cell_view_apart(c, &here);
    bool secretary = cell_office(c, person, &now).role == ROLE_SECRETARY;
    return secretary || holds_seat(c, person, place) ? CELL_LEAVE_OFFICE : TEXT_NONE;
}

/* ---- governing ---- */

static enum text_id check_remove(const struct cell *c, const struct act *a, const struct judged *j)
{
    if (a->device != NONE && tie_at(c, j->tie)->person == a->person)
        return check_own_remove(c, a, j);
    if (j->weight < 1)
        return CELL_AUTHOR_RANK;
    if (a->device == NONE ? holds_seat(c, a->person, a->about)
                          : device_holds_seat(c, a->person, a->device, a->about))
        return CELL_TARGET_SEAT;
    return cell_check_target(c, a, j->weight);
}

static enum text_id check_role(const struct cell *c, const struct act *a, const struct judged *j)
{
    if (j->weight < 1)
        return CELL_AUTHOR_RANK;
    if (a->role == ROLE_SECRETARY)
        return CELL_SECRETARY_ONLY_CONFIG;
    if (AT_LEAST(auth_rank_of((enum auth_role)a->role), j->weight))
        return CELL_ROLE_RANK;
    if (a->role == ROLE_CARRIER && holds_seat(c, a->person, a->about))
        return CELL_TARGET_SEAT;
    return cell_check_target(c, a, j->weight);
}

static enum text_id check_invite(const struct cell *c, const struct act *a, const struct judged *j)
{
    if (a->person != NONE && a->person == tie_at(c, j->tie)->person)
        return TEXT_NONE; /* one more device of the author's */
    if (j->weight < 1)
        return CELL_AUTHOR_RANK;
    if (a->person != NONE) /* a device for another member, or a return, which is without office */
        return cell_check_target(c, a, j->weight);
    /* an office is given from above: else a committee member makes itself a second secretary */
    return AT_LEAST(auth_rank_of((enum auth_role)a->role), j->weight) ? CELL_ROLE_RANK : TEXT_NONE;
}

static enum text_id check_invite_end(const struct cell *c, const struct act *a,
                                     const struct judged *j)
{
    const struct list *about = &invitation_at(c, a->invite)->about;
    enum text_id why = CELL_INVITE_UNKNOWN;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *invite = act_at(c, list_u32(about, i));
        if (invite->type != AUTH_INVITE || !cell_saw(c, a, a->invite | SIGHT_INVITE, i))
            continue;
        why = CELL_AUTHOR_RANK;
        if (j->weight >= 1 ||
            (invite->by != NONE && tie_at(c, invite->by)->person == tie_at(c, j->tie)->person))
            return TEXT_NONE;
    }
    return why;
}

/* ---- what decides nothing about offices ---- */

static enum text_id check_suspend(const struct cell *c, const struct act *a, const struct judged *j)
{
    uint32_t person = tie_at(c, j->tie)->person;
    uint32_t t = list_u32(&c->key_ties, a->device);
    while (t != NONE && (!tie_at(c, t)->stands || !cell_saw_claim(c, a, t)))
        t = tie_at(c, t)->next_of_key;
    if (t == NONE)
        return CELL_TARGET_UNKNOWN;
    if (a->resume && a->device == a->key)
        return CELL_RESUME_SELF;
    return j->weight >= 1 || own_tie(c, a->device, person) != NONE ? TEXT_NONE : CELL_AUTHOR_RANK;
}

/* The group's last record that this act had seen; NONE. */
static uint32_t group_seen(const struct cell *c, const struct act *a)
{
    const struct list *about = &cell_subject(c, a->invite | SIGHT_GROUP)->about;
    for (size_t i = about->count; i-- > 0;) {
        uint32_t at = list_u32(about, i);
        if (act_at(c, at)->verdict == VERDICT_STANDS &&
            cell_saw(c, a, a->invite | SIGHT_GROUP, (uint32_t)i))
            return at;
    }
    return NONE;
}

static bool leads(const struct cell *c, uint32_t group, uint32_t person)
{
    struct auth_group v;
    const struct act *g = act_at(c, group);
    return auth_group_parse(&v, SPAN(g->body, g->size)) == HOP_OK &&
           memcmp(v.leader, names_at(&c->member_ids, person), 16) == 0;
}

static enum text_id check_group(const struct cell *c, const struct act *a, const struct judged *j)
{
    struct auth_group v, before;
    if (auth_group_parse(&v, SPAN(a->body, a->size)) != HOP_OK)
        return CELL_MALFORMED;
    if (all_zero(v.group, 16))
        return j->weight >= 1 ? TEXT_NONE : CELL_GROUP_LEADER;
    uint32_t seen = group_seen(c, a);
    if (seen == NONE)
        return CELL_GROUP_UNKNOWN;
    if (j->weight >= 1)
        return TEXT_NONE;
    const struct act *g = act_at(c, seen);
    if (!leads(c, seen, tie_at(c, j->tie)->person) ||
        auth_group_parse(&before, SPAN(g->body, g->size)) != HOP_OK ||
        strcmp(before.name, v.name) != 0 || memcmp(before.leader, v.leader, 16) != 0)
        return CELL_GROUP_LEADER;
    return TEXT_NONE;
}

static enum text_id check_propose(const struct cell *c, const struct act *a, const struct judged *j)
{
    if (j->weight >= 1)
        return TEXT_NONE;
    uint32_t seen = group_seen(c, a);
    return seen != NONE && leads(c, seen, tie_at(c, j->tie)->person) ? TEXT_NONE
                                                                     : CELL_PROPOSE_LEADER;
}

enum text_id cell_check(const struct cell *c, const struct act *a, const struct judged *j)
{
    switch (a->type) {
    case AUTH_REMOVE:
        return check_remove(c, a, j);
    case AUTH_ROLE:
        return check_role(c, a, j);
    case AUTH_INVITE:
        return check_invite(c, a, j);
    case AUTH_INVITE_END:
        return check_invite_end(c, a, j);
    case AUTH_LEAVE:
        return check_leave(c, a, j);
    case AUTH_SUSPEND:
        return check_suspend(c, a, j);
    case AUTH_GROUP:
        return check_group(c, a, j);
    case AUTH_PROPOSE:
        return check_propose(c, a, j);
    default:
        return TEXT_NONE; /* PREKEY: about the author's own device */
    }
}
