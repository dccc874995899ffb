#include "cell/fold.h"

#include <assert.h>
#include <stdlib.h>

void *list_add(struct list *l, size_t size)
{
    if (l->count == l->capacity) {
        size_t more = l->capacity == 0 ? 8 : l->capacity * 2;
        void *items = realloc(l->items, more * size);
        if (items == NULL)
            return NULL;
        l->items = items;
        l->capacity = more;
    }
    uint8_t *item = (uint8_t *)l->items + l->count++ * size;
    memset(item, 0, size);
    return item;
}

void list_free(struct list *l)
{
    free(l->items);
    *l = (struct list){0};
}

struct cell *cell_new(const uint8_t id[static 32])
{
    struct cell *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    memcpy(c->id, id, sizeof c->id);
    c->keys.width = 32;
    c->member_ids.width = c->invite_ids.width = c->group_ids.width = 16;
    c->genesis_act = c->procedure_act = c->founder_tie = NONE;
    return c;
}

static void subjects_free(struct list *l)
{
    for (size_t i = 0; i < l->count; i++)
        list_free(&((struct subject *)l->items)[i].about);
    list_free(l);
}

void cell_reset(struct cell *c)
{
    for (uint32_t i = 0; i < c->acts.count; i++)
        free(act_at(c, i)->body);
    subjects_free(&c->persons);
    subjects_free(&c->machines);
    subjects_free(&c->invitations);
    subjects_free(&c->assemblies);
    struct list *lists[] = {&c->acts,           &c->order,        &c->key_ties,    &c->ties,
                            &c->sights,         &c->bits,         &c->own_kinds,   &c->chain,
                            &c->tops,           &c->cosigns,      &c->members,     &c->devices,
                            &c->invites,        &c->proposals,    &c->groups,      &c->ignored,
                            &c->waiting,        &c->propose_acts, &c->checkpoints, &c->void_seats,
                            &c->member_persons, &c->device_ties};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        list_free(lists[i]);
    names_clear(&c->keys);
    names_clear(&c->member_ids);
    names_clear(&c->invite_ids);
    names_clear(&c->group_ids);
    struct cell kept = {.keys = c->keys,
                        .member_ids = c->member_ids,
                        .invite_ids = c->invite_ids,
                        .group_ids = c->group_ids,
                        .turns = c->turns + 1,
                        .genesis_act = NONE,
                        .procedure_act = NONE,
                        .founder_tie = NONE};
    memcpy(kept.id, c->id, sizeof kept.id);
    *c = kept;
}

void cell_free(struct cell *c)
{
    if (c == NULL)
        return;
    cell_reset(c);
    free(c);
}

void cell_member_id(uint8_t ret[static 16], const uint8_t cell_id[static 32],
                    const uint8_t invite[static 16], const uint8_t ik[static 32])
{
    uint8_t bytes[80];
    memcpy(bytes, cell_id, 32);
    memcpy(bytes + 32, invite, 16);
    memcpy(bytes + 48, ik, 32);
    hop_hash(ret, 16, LABEL_MEMBER_ID, SPAN(bytes, sizeof bytes));
}

void cell_join_message(uint8_t ret[static CELL_JOIN_MESSAGE_BYTES],
                       const uint8_t cell_id_bytes[static 32], const uint8_t invite[static 16],
                       const struct auth_cert *cert)
{
    memcpy(ret, cell_id_bytes, 32);
    memcpy(ret + 32, invite, 16);
    memcpy(ret + 48, cert->ik, 32);
    memcpy(ret + 80, cert->lk, 32);
    memcpy(ret + 112, cert->kem, 32);
}

/* ---- collecting: what can be said of a record alone ---- */

static uint32_t key_index(struct cell *c, const uint8_t ik[static 32])
{
    uint32_t index = names_add(&c->keys, ik);
    while (index != NONE && c->key_ties.count <= index) {
        uint32_t *first = list_add(&c->key_ties, sizeof *first);
        if (first == NULL)
            return NONE;
        *first = NONE;
        if (list_add(&c->machines, sizeof(struct subject)) == NULL) {
            c->key_ties.count--;
            return NONE;
        }
    }
    return index;
}

static uint32_t subject_index(struct names *names, struct list *subjects,
                              const uint8_t id[static 16])
{
    uint32_t index = names_add(names, id);
    while (index != NONE && subjects->count <= index) {
        struct subject *s = list_add(subjects, sizeof *s);
        if (s == NULL)
            return NONE;
        s->ties = s->member = s->used_by = NONE;
    }
    return index;
}

/* HOP_EMALFORMED if the bytes are not well formed, HOP_ENOMEM. Sets flaw for what else is wrong. */
static int take_genesis(struct cell *c, struct act *a, struct span body, const uint8_t *ik)
{
    struct auth_genesis g;
    uint8_t id[32];
    auth_genesis_cell_id(id, body);
    if (memcmp(id, c->id, sizeof id) != 0) {
        a->flaw = CELL_NOT_THIS_CELL;
        return HOP_OK;
    }
    int err = auth_genesis_parse(&g, body);
    if (err == HOP_OK && memcmp(g.founder_ik, ik, 32) != 0)
        a->flaw = CELL_NOT_FOUNDER;
    return err;
}

static int take_invite(struct cell *c, struct act *a, struct span body)
{
    struct auth_invite v;
    int err = auth_invite_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->role = v.role;
    a->category = v.category;
    a->invite = subject_index(&c->invite_ids, &c->invitations, v.id);
    if (a->invite == NONE)
        return HOP_ENOMEM;
    if (all_zero(v.member, 16))
        return HOP_OK;
    a->person = subject_index(&c->member_ids, &c->persons, v.member);
    return a->person == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_admit(struct cell *c, struct act *a, struct span body)
{
    struct auth_admit v;
    uint8_t member[16];
    int err = auth_admit_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->role = v.role;
    a->category = v.category;
    a->person = subject_index(&c->member_ids, &c->persons, v.member);
    a->device = key_index(c, v.cert.ik);
    if (a->person == NONE || a->device == NONE)
        return HOP_ENOMEM;
    if (!all_zero(v.invite, 16)) {
        a->invite = subject_index(&c->invite_ids, &c->invitations, v.invite);
        if (a->invite == NONE)
            return HOP_ENOMEM;
    }
    cell_member_id(member, c->id, v.invite, v.cert.ik);
    a->root = memcmp(member, v.member, sizeof member) == 0;
    if (v.rank != auth_rank_of((enum auth_role)v.role) ||
        auth_cert_check(&v.cert, c->id, v.invite) != HOP_OK)
        a->flaw = CELL_CERT_BAD;
    return HOP_OK;
}

static int take_remove(struct cell *c, struct act *a, struct span body)
{
    struct auth_remove v;
    int err = auth_remove_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->cuts = v.cuts;
    a->person = subject_index(&c->member_ids, &c->persons, v.member);
    if (a->person == NONE)
        return HOP_ENOMEM;
    if (all_zero(v.ik, 32))
        return HOP_OK;
    a->device = key_index(c, v.ik);
    return a->device == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_role(struct cell *c, struct act *a, struct span body)
{
    struct auth_role_change v;
    int err = auth_role_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->role = v.role;
    a->category = v.category;
    a->cuts = v.cuts;
    a->devices = v.devices;
    a->person = subject_index(&c->member_ids, &c->persons, v.member);
    return a->person == NONE ? HOP_ENOMEM : HOP_OK;
}

/* A configuration mentions members: they get their index now. */
static int take_config(struct cell *c, struct act *a, struct span body)
{
    struct auth_config v;
    int err = auth_config_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->cuts = v.cuts;
    a->devices = v.devices;
    if (all_zero(v.secretary, 16))
        return HOP_OK;
    a->person = subject_index(&c->member_ids, &c->persons, v.secretary);
    for (size_t i = 0; i < v.removed_count; i++) {
        if (memcmp(v.removed[i], v.secretary, 16) == 0)
            a->flaw = CELL_CONFIG_CONTRADICTS;
    }
    return a->person == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_suspend(struct cell *c, struct act *a, struct span body)
{
    struct auth_suspend v;
    int err = auth_suspend_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->resume = v.resume == 1;
    a->device = key_index(c, v.ik);
    return a->device == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_prekey(struct cell *c, struct act *a, struct span body, const uint8_t *ik)
{
    struct auth_prekey v;
    int err = auth_prekey_parse(&v, body);
    if (err == HOP_OK && auth_prekey_check(&v, ik, c->id) != HOP_OK)
        a->flaw = CELL_CERT_BAD;
    return err;
}

static int take_invite_end(struct cell *c, struct act *a, struct span body)
{
    struct auth_invite_end v;
    int err = auth_invite_end_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->invite = subject_index(&c->invite_ids, &c->invitations, v.invite);
    return a->invite == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_group(struct cell *c, struct act *a, struct span body)
{
    struct auth_group v;
    int err = auth_group_parse(&v, body);
    if (err != HOP_OK)
        return err;
    /* a new group is named by the record that makes it */
    a->invite = subject_index(&c->group_ids, &c->assemblies,
                              all_zero(v.group, sizeof v.group) ? a->id : v.group);
    return a->invite == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_propose(struct cell *c, struct act *a, struct span body)
{
    struct auth_propose v;
    int err = auth_propose_parse(&v, body);
    if (err != HOP_OK)
        return err;
    a->invite = subject_index(&c->group_ids, &c->assemblies, v.group);
    return a->invite == NONE ? HOP_ENOMEM : HOP_OK;
}

static int take_leave(struct act *a, struct span body)
{
    struct auth_leave v;
    int err = auth_leave_parse(&v, body);
    if (err == HOP_OK)
        a->cuts = v.cuts;
    return err;
}

static int take_checkpoint(struct act *a, struct span body)
{
    struct auth_checkpoint v;
    int err = auth_checkpoint_parse(&v, body);
    if (err == HOP_OK)
        a->cuts = v.tips;
    return err;
}

static int take_body(struct cell *c, struct act *a, const uint8_t *ik)
{
    struct span body = SPAN(a->body, a->size);
    struct auth_cosign cosign;
    switch (a->type) {
    case AUTH_GENESIS:
        return take_genesis(c, a, body, ik);
    case AUTH_INVITE:
        return take_invite(c, a, body);
    case AUTH_ADMIT:
        return take_admit(c, a, body);
    case AUTH_PROCEDURE:
        return HOP_OK;
    case AUTH_REMOVE:
        return take_remove(c, a, body);
    case AUTH_ROLE:
        return take_role(c, a, body);
    case AUTH_CONFIG:
        return take_config(c, a, body);
    case AUTH_SUSPEND:
        return take_suspend(c, a, body);
    case AUTH_LEAVE:
        return take_leave(a, body);
    case AUTH_CHECKPOINT:
        return take_checkpoint(a, body);
    case AUTH_COSIGN:
        return auth_cosign_parse(&cosign, body);
    case AUTH_PREKEY:
        return take_prekey(c, a, body, ik);
    case AUTH_GROUP:
        return take_group(c, a, body);
    case AUTH_PROPOSE:
        return take_propose(c, a, body);
    case AUTH_INVITE_END:
        return take_invite_end(c, a, body);
    default:
        a->flaw = CELL_UNKNOWN_TYPE;
        return HOP_OK;
    }
}

int cell_read_act(struct cell *c, const struct cell_event *e, struct act *ret)
{
    struct act a = {.seq = e->seq,
                    .entry = e->entry,
                    .type = (uint16_t)e->type,
                    .size = e->body.size,
                    .person = NONE,
                    .device = NONE,
                    .invite = NONE,
                    .proved_by = NONE,
                    .about = NONE,
                    .tie = NONE,
                    .next = NONE,
                    .by = NONE};
    memcpy(a.id, e->id, sizeof a.id);
    memcpy(a.log_id, e->log, sizeof a.log_id);
    a.key = key_index(c, e->ik);
    a.body = malloc(e->body.size + 1);
    int err = a.key == NONE || a.body == NULL ? HOP_ENOMEM : HOP_OK;
    if (err == HOP_OK) {
        if (e->body.size > 0)
            memcpy(a.body, e->body.data, e->body.size);
        err = take_body(c, &a, e->ik);
    }
    if (err == HOP_EMALFORMED) {
        a.flaw = CELL_MALFORMED;
        a.person = a.device = a.invite = NONE;
        err = HOP_OK;
    }
    if (err != HOP_OK) {
        free(a.body);
        return err;
    }
    *ret = a;
    return HOP_OK;
}

int cell_apply(struct cell *c, const struct cell_event *e)
{
    struct act a;
    if (e->type == AUTH_LOG_OPEN || e->type == AUTH_EPOCH || e->type == AUTH_GRANT ||
        e->type == AUTH_SEEN)
        return HOP_OK; /* told who writes, or brought a secret: device/ has seen to it */
    int err = cell_read_act(c, e, &a);
    if (err != HOP_OK)
        return err;
    struct act *kept = list_add(&c->acts, sizeof *kept);
    if (kept == NULL) {
        free(a.body);
        return HOP_ENOMEM;
    }
    *kept = a;
    return HOP_OK;
}

/* ---- reading ---- */

uint64_t cell_turns(const struct cell *c)
{
    return c->turns;
}

const uint8_t *cell_id(const struct cell *c)
{
    return c->id;
}

const struct auth_genesis *cell_genesis(const struct cell *c)
{
    return c->genesis_act == NONE ? NULL : &c->genesis;
}

size_t cell_member_count(const struct cell *c)
{
    return c->members.count;
}

const struct cell_member *cell_member(const struct cell *c, size_t index)
{
    assert(index < c->members.count);
    return (const struct cell_member *)c->members.items + index;
}

size_t cell_member_index(const struct cell *c, const uint8_t id[static 16])
{
    uint32_t person = names_find(&c->member_ids, id);
    uint32_t member = person == NONE ? NONE : person_at(c, person)->member;
    return member == NONE ? SIZE_MAX : member;
}

const struct cell_member *cell_member_by_id(const struct cell *c, const uint8_t id[static 16])
{
    size_t i = cell_member_index(c, id);
    return i == SIZE_MAX ? NULL : cell_member(c, i);
}

size_t cell_device_count(const struct cell *c)
{
    return c->devices.count;
}

const struct cell_device *cell_device(const struct cell *c, size_t index)
{
    assert(index < c->devices.count);
    return (const struct cell_device *)c->devices.items + index;
}

const struct cell_device *cell_device_by_key(const struct cell *c, const uint8_t ik[static 32])
{
    uint32_t key = names_find(&c->keys, ik);
    const struct cell_device *found = NULL;
    for (uint32_t t = key == NONE ? NONE : list_u32(&c->key_ties, key); t != NONE;
         t = tie_at(c, t)->next_of_key) {
        if (tie_at(c, t)->device != NONE && (found == NULL || tie_at(c, t)->stands))
            found = cell_device(c, tie_at(c, t)->device);
    }
    return found;
}

const struct cell_device *cell_device_active(const struct cell *c, const uint8_t ik[static 32])
{
    const struct cell_device *d = cell_device_by_key(c, ik);
    return d != NULL && d->state == DEVICE_ACTIVE ? d : NULL;
}

static const struct cell_device *find_tag(const struct cell *c, const uint8_t route[static 32],
                                          const uint8_t tag[static 16], bool active)
{
    for (size_t i = 0; i < c->devices.count; i++) {
        const struct cell_device *d = cell_device(c, i);
        uint8_t its[16];
        if ((d->state == DEVICE_ACTIVE) != active)
            continue;
        hop_derive(its, sizeof its, route, LABEL_DEVICE_TAG, SPAN(d->cert.ik, 32));
        if (memcmp(its, tag, sizeof its) == 0)
            return d;
    }
    return NULL;
}

const struct cell_device *cell_device_by_tag(const struct cell *c, const uint8_t route[static 32],
                                             const uint8_t tag[static 16])
{
    return find_tag(c, route, tag, true);
}

bool cell_tag_shut_out(const struct cell *c, const uint8_t route[static 32],
                       const uint8_t tag[static 16])
{
    return find_tag(c, route, tag, false) != NULL;
}

size_t cell_invite_count(const struct cell *c)
{
    return c->invites.count;
}

const struct cell_invite *cell_invite(const struct cell *c, size_t index)
{
    assert(index < c->invites.count);
    return (const struct cell_invite *)c->invites.items + index;
}

const struct cell_member *cell_secretary(const struct cell *c)
{
    for (size_t i = 0; i < c->members.count; i++) {
        const struct cell_member *m = cell_member(c, i);
        if (m->active && m->role == ROLE_SECRETARY)
            return m;
    }
    for (size_t i = 0; i < c->members.count; i++) { /* a cell without the office: its founder */
        const struct cell_member *m = cell_member(c, i);
        if (m->active && memcmp(m->admitted_by, m->id, sizeof m->id) == 0)
            return m;
    }
    return NULL;
}

struct span cell_procedure(const struct cell *c)
{
    if (c->procedure_act == NONE)
        return (struct span){0};
    return SPAN(act_at(c, c->procedure_act)->body, act_at(c, c->procedure_act)->size);
}

size_t cell_ignored_count(const struct cell *c)
{
    return c->ignored.count;
}

const struct cell_ignored *cell_ignored_at(const struct cell *c, size_t index)
{
    assert(index < c->ignored.count);
    return (const struct cell_ignored *)c->ignored.items + index;
}

const struct cell_config *cell_config(const struct cell *c)
{
    return c->genesis_act == NONE ? NULL : &c->config;
}

size_t cell_config_waiting_count(const struct cell *c)
{
    return c->waiting.count;
}

const struct cell_config *cell_config_waiting(const struct cell *c, size_t index)
{
    assert(index < c->waiting.count);
    return (const struct cell_config *)c->waiting.items + index;
}

bool cell_config_conflict(const struct cell *c, uint8_t ret_winner[static 32],
                          uint8_t ret_loser[static 32])
{
    if (!c->conflicting)
        return false;
    memcpy(ret_winner, c->conflict[0], 32);
    memcpy(ret_loser, c->conflict[1], 32);
    return true;
}

size_t cell_group_count(const struct cell *c)
{
    return c->groups.count;
}

const struct cell_group *cell_group(const struct cell *c, size_t index)
{
    assert(index < c->groups.count);
    return (const struct cell_group *)c->groups.items + index;
}

const struct cell_group *cell_group_by_id(const struct cell *c, const uint8_t id[static 16])
{
    for (size_t i = 0; i < c->groups.count; i++) {
        if (memcmp(cell_group(c, i)->id, id, 16) == 0)
            return cell_group(c, i);
    }
    return NULL;
}

size_t cell_proposal_count(const struct cell *c)
{
    return c->proposals.count;
}

const struct cell_proposal *cell_proposal(const struct cell *c, size_t index)
{
    assert(index < c->proposals.count);
    return (const struct cell_proposal *)c->proposals.items + index;
}
