#include "cell/cell.h"

#include <assert.h>
#include <stdlib.h>

struct cell {
    uint8_t id[32];
    bool founded;
    struct auth_genesis genesis;
    struct cell_member *members;
    size_t members_count;
    struct cell_device *devices;
    size_t devices_count;
    struct cell_invite *invites;
    size_t invites_count;
    struct cell_ignored *ignored;
    size_t ignored_count;
    uint8_t *procedure;
    size_t procedure_size;
};

/* Room for one more item; arrays grow in steps of 16, because a cell grows a person at a time. */
static void *one_more(void *array, size_t count, size_t size)
{
    void *items; /* array is the address of a pointer of some type: read and written as bytes */
    memcpy(&items, array, sizeof items);
    if (count % 16 == 0) {
        items = realloc(items, (count + 16) * size);
        if (items == NULL)
            return NULL;
        memcpy(array, &items, sizeof items);
    }
    return (uint8_t *)items + count * size;
}

struct cell *cell_new(const uint8_t id[static 32])
{
    struct cell *c = calloc(1, sizeof *c);
    if (c != NULL)
        memcpy(c->id, id, sizeof c->id);
    return c;
}

void cell_reset(struct cell *c)
{
    free(c->members);
    free(c->devices);
    free(c->invites);
    free(c->ignored);
    free(c->procedure);
    struct cell kept = {0};
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

/* ---- the fold ---- */

static int ignore(struct cell *c, const struct cell_event *e, enum text_id why)
{
    struct cell_ignored *i = one_more(&c->ignored, c->ignored_count, sizeof *i);
    if (i == NULL)
        return HOP_ENOMEM;
    memcpy(i->record, e->id, sizeof i->record);
    i->why = why;
    c->ignored_count++;
    return HOP_OK;
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

static int on_genesis(struct cell *c, const struct cell_event *e)
{
    struct auth_genesis g;
    uint8_t id[32];
    if (c->founded)
        return ignore(c, e, CELL_SECOND_GENESIS);
    auth_genesis_cell_id(id, e->body);
    if (memcmp(id, c->id, sizeof id) != 0)
        return ignore(c, e, CELL_NOT_THIS_CELL);
    if (auth_genesis_parse(&g, e->body) != HOP_OK)
        return ignore(c, e, CELL_MALFORMED);
    if (memcmp(g.founder_ik, e->ik, 32) != 0)
        return ignore(c, e, CELL_NOT_FOUNDER);
    c->genesis = g;
    c->founded = true;
    return HOP_OK;
}

static struct cell_invite *find_invite(struct cell *c, const uint8_t id[static 16])
{
    for (size_t i = 0; i < c->invites_count; i++) {
        if (memcmp(c->invites[i].body.id, id, 16) == 0)
            return &c->invites[i];
    }
    return NULL;
}

/* The author, if it may bring people in (rank 1 and above); else NULL and the reason. */
static const struct cell_device *admitter(const struct cell *c, const struct cell_event *e,
                                          enum text_id *ret_why)
{
    const struct cell_device *d = cell_device_by_key(c, e->ik);
    *ret_why = CELL_AUTHOR_UNKNOWN;
    if (d == NULL)
        return NULL;
    *ret_why = CELL_AUTHOR_RANK;
    return c->members[d->member].rank >= 1 ? d : NULL;
}

static int on_invite(struct cell *c, const struct cell_event *e)
{
    struct auth_invite body;
    enum text_id why;
    if (auth_invite_parse(&body, e->body) != HOP_OK)
        return ignore(c, e, CELL_MALFORMED);
    const struct cell_device *by = admitter(c, e, &why);
    if (by == NULL)
        return ignore(c, e, why);
    /* an office is given from above: else a committee member makes itself a second secretary */
    if (auth_rank_of((enum auth_role)body.role) >= c->members[by->member].rank)
        return ignore(c, e, CELL_ROLE_RANK);
    if (find_invite(c, body.id) != NULL)
        return ignore(c, e, CELL_INVITE_USED);
    if (c->invites_count == CELL_INVITES_MAX)
        return ignore(c, e, CELL_FULL);
    struct cell_invite *i = one_more(&c->invites, c->invites_count, sizeof *i);
    if (i == NULL)
        return HOP_ENOMEM;
    *i = (struct cell_invite){.body = body, .by = by->member};
    memcpy(i->record, e->id, sizeof i->record);
    c->invites_count++;
    return HOP_OK;
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

/* Is this admission the one its invitation was made for? TEXT_NONE and the invitation if so. */
static enum text_id check_invited(struct cell *c, const struct auth_admit *a,
                                  struct cell_invite **ret)
{
    uint8_t message[CELL_JOIN_MESSAGE_BYTES];
    struct cell_invite *i = find_invite(c, a->invite);
    if (i == NULL)
        return CELL_INVITE_UNKNOWN;
    if (i->used)
        return CELL_INVITE_USED;
    cell_join_message(message, c->id, a->invite, &a->cert);
    if (hop_verify(a->join_sig, i->body.sign_key, LABEL_JOIN_SIG, SPAN(message, sizeof message)) !=
        HOP_OK)
        return CELL_INVITE_PROOF;
    if (strcmp(a->name, i->body.name) != 0 || a->role != i->body.role ||
        a->category != i->body.category)
        return CELL_INVITE_PROOF;
    *ret = i;
    return TEXT_NONE;
}

/* The founder admits itself, once, with the keys that genesis names. */
static enum text_id check_founder(const struct cell *c, const struct cell_event *e,
                                  const struct auth_admit *a)
{
    const struct auth_genesis *g = &c->genesis;
    if (!c->founded || memcmp(e->ik, g->founder_ik, 32) != 0 || c->members_count > 0 ||
        memcmp(a->cert.ik, g->founder_ik, 32) != 0 || memcmp(a->cert.lk, g->founder_lk, 32) != 0 ||
        memcmp(a->cert.kem, g->founder_kem, 32) != 0 || a->role != g->founder_role ||
        strcmp(a->name, g->founder_name) != 0)
        return CELL_NOT_FOUNDER;
    return TEXT_NONE;
}

static int admit(struct cell *c, const struct cell_event *e, const struct auth_admit *a,
                 const struct cell_device *by)
{
    uint8_t by_id[16];
    memcpy(by_id, by == NULL ? a->member : c->members[by->member].id, sizeof by_id);
    struct cell_member *m = one_more(&c->members, c->members_count, sizeof *m);
    if (m == NULL)
        return HOP_ENOMEM;
    *m = (struct cell_member){.role = (enum auth_role)a->role,
                              .category = (enum auth_category)a->category,
                              .rank = auth_rank_of((enum auth_role)a->role),
                              .active = true,
                              .first_device = (uint32_t)c->devices_count};
    memcpy(m->id, a->member, sizeof m->id);
    memcpy(m->name, a->name, sizeof m->name);
    memcpy(m->admit, e->id, sizeof m->admit);
    memcpy(m->admitted_by, by_id, sizeof m->admitted_by);
    struct cell_device *d = one_more(&c->devices, c->devices_count, sizeof *d);
    if (d == NULL)
        return HOP_ENOMEM;
    *d = (struct cell_device){.cert = a->cert, .member = (uint32_t)c->members_count};
    memcpy(d->admit, e->id, sizeof d->admit);
    c->members_count++;
    c->devices_count++;
    return HOP_OK;
}

static int on_admit(struct cell *c, const struct cell_event *e)
{
    static const uint8_t nobody[16];
    struct auth_admit a;
    uint8_t member[16];
    enum text_id why = TEXT_NONE;
    const struct cell_device *by = NULL;
    struct cell_invite *invite = NULL;
    if (auth_admit_parse(&a, e->body) != HOP_OK)
        return ignore(c, e, CELL_MALFORMED);
    bool founder = memcmp(a.invite, nobody, sizeof nobody) == 0;
    if (founder) {
        why = check_founder(c, e, &a);
    } else {
        by = admitter(c, e, &why);
        if (by != NULL)
            why = check_invited(c, &a, &invite);
    }
    if (why != TEXT_NONE)
        return ignore(c, e, why);
    cell_member_id(member, c->id, a.invite, a.cert.ik);
    if (auth_cert_check(&a.cert, c->id, a.invite) != HOP_OK ||
        memcmp(member, a.member, sizeof member) != 0 ||
        a.rank != auth_rank_of((enum auth_role)a.role))
        return ignore(c, e, CELL_CERT_BAD);
    if (cell_device_by_key(c, a.cert.ik) != NULL)
        return ignore(c, e, CELL_DEVICE_KNOWN);
    if (c->members_count == CELL_MEMBERS_MAX || c->devices_count == CELL_DEVICES_MAX)
        return ignore(c, e, CELL_FULL);
    if (invite != NULL)
        invite->used = true;
    return admit(c, e, &a, by);
}

static int on_procedure(struct cell *c, const struct cell_event *e)
{
    uint8_t hash[32];
    hop_hash(hash, sizeof hash, LABEL_PROCEDURE, e->body);
    if (!c->founded || c->procedure != NULL || e->body.size == 0 ||
        memcmp(hash, c->genesis.procedure, sizeof hash) != 0)
        return ignore(c, e, CELL_PROCEDURE_OTHER);
    c->procedure = malloc(e->body.size);
    if (c->procedure == NULL)
        return HOP_ENOMEM;
    memcpy(c->procedure, e->body.data, e->body.size);
    c->procedure_size = e->body.size;
    return HOP_OK;
}

int cell_apply(struct cell *c, const struct cell_event *e)
{
    switch (e->type) {
    case AUTH_LOG_OPEN:
    case AUTH_EPOCH:
    case AUTH_GRANT:
    case AUTH_SEEN:
        return HOP_OK; /* told who writes, or brought a secret: device/ has seen to it */
    case AUTH_GENESIS:
        return on_genesis(c, e);
    case AUTH_INVITE:
        return on_invite(c, e);
    case AUTH_ADMIT:
        return on_admit(c, e);
    case AUTH_PROCEDURE:
        return on_procedure(c, e);
    default:
        return ignore(c, e, CELL_UNKNOWN_TYPE);
    }
}

/* ---- reading ---- */

const uint8_t *cell_id(const struct cell *c)
{
    return c->id;
}

const struct auth_genesis *cell_genesis(const struct cell *c)
{
    return c->founded ? &c->genesis : NULL;
}

size_t cell_member_count(const struct cell *c)
{
    return c->members_count;
}

const struct cell_member *cell_member(const struct cell *c, size_t index)
{
    assert(index < c->members_count);
    return &c->members[index];
}

size_t cell_member_index(const struct cell *c, const uint8_t id[static 16])
{
    for (size_t i = 0; i < c->members_count; i++) {
        if (memcmp(c->members[i].id, id, 16) == 0)
            return i;
    }
    return SIZE_MAX;
}

const struct cell_member *cell_member_by_id(const struct cell *c, const uint8_t id[static 16])
{
    size_t i = cell_member_index(c, id);
    return i == SIZE_MAX ? NULL : &c->members[i];
}

size_t cell_device_count(const struct cell *c)
{
    return c->devices_count;
}

const struct cell_device *cell_device(const struct cell *c, size_t index)
{
    assert(index < c->devices_count);
    return &c->devices[index];
}

const struct cell_device *cell_device_by_key(const struct cell *c, const uint8_t ik[static 32])
{
    for (size_t i = 0; i < c->devices_count; i++) {
        if (memcmp(c->devices[i].cert.ik, ik, 32) == 0)
            return &c->devices[i];
    }
    return NULL;
}

const struct cell_device *cell_device_by_tag(const struct cell *c, const uint8_t route[static 32],
                                             const uint8_t tag[static 16])
{
    for (size_t i = 0; i < c->devices_count; i++) {
        uint8_t its[16];
        hop_derive(its, sizeof its, route, LABEL_DEVICE_TAG, SPAN(c->devices[i].cert.ik, 32));
        if (memcmp(its, tag, 16) == 0)
            return &c->devices[i];
    }
    return NULL;
}

size_t cell_invite_count(const struct cell *c)
{
    return c->invites_count;
}

const struct cell_invite *cell_invite(const struct cell *c, size_t index)
{
    assert(index < c->invites_count);
    return &c->invites[index];
}

const struct cell_member *cell_secretary(const struct cell *c)
{
    for (size_t i = 0; i < c->members_count; i++) {
        if (c->members[i].role == ROLE_SECRETARY)
            return &c->members[i];
    }
    return c->members_count > 0 ? &c->members[0]
                                : NULL; /* a cell without the office: its founder */
}

struct span cell_procedure(const struct cell *c)
{
    return SPAN(c->procedure, c->procedure_size);
}

size_t cell_ignored_count(const struct cell *c)
{
    return c->ignored_count;
}

const struct cell_ignored *cell_ignored_at(const struct cell *c, size_t index)
{
    assert(index < c->ignored_count);
    return &c->ignored[index];
}

/* ---- what cell/resolve.c is to answer ---- */

int cell_resolve(struct cell *c, const struct history *h)
{
    (void)c;
    (void)h;
    return HOP_OK;
}

const struct cell_device *cell_device_active(const struct cell *c, const uint8_t ik[static 32])
{
    const struct cell_device *d = cell_device_by_key(c, ik);
    return d != NULL && d->state == DEVICE_ACTIVE ? d : NULL;
}

struct cell_standing cell_standing_at(const struct cell *c, const struct history *h, size_t member,
                                      uint32_t entry)
{
    const struct cell_member *m = cell_member(c, member);
    bool seen = true;
    if (entry != HISTORY_NONE) {
        uint32_t admit = history_find(h, m->admit);
        seen = admit != HISTORY_NONE && history_saw(h, entry, admit);
    }
    return (struct cell_standing){
        .role = m->role, .category = m->category, .rank = m->rank, .active = m->active && seen};
}

bool cell_accepts(const struct cell *c, const uint8_t ik[static 32], const uint8_t log[static 32],
                  uint64_t seq)
{
    (void)log;
    (void)seq;
    return cell_device_by_key(c, ik) != NULL;
}

int cell_cuts(const struct cell *c, const struct history *h, const struct cell_log_owner *owners,
              size_t member, const uint8_t *ik, struct buf *ret)
{
    (void)c;
    (void)h;
    (void)owners;
    (void)member;
    (void)ik;
    (void)ret;
    return HOP_OK;
}

const struct cell_config *cell_config(const struct cell *c)
{
    (void)c;
    return NULL;
}

size_t cell_config_waiting_count(const struct cell *c)
{
    (void)c;
    return 0;
}

const struct cell_config *cell_config_waiting(const struct cell *c, size_t index)
{
    (void)c;
    (void)index;
    return NULL;
}

bool cell_config_conflict(const struct cell *c, uint8_t ret_winner[static 32],
                          uint8_t ret_loser[static 32])
{
    (void)c;
    (void)ret_winner;
    (void)ret_loser;
    return false;
}

size_t cell_group_count(const struct cell *c)
{
    (void)c;
    return 0;
}

const struct cell_group *cell_group(const struct cell *c, size_t index)
{
    (void)c;
    (void)index;
    return NULL;
}

const struct cell_group *cell_group_by_id(const struct cell *c, const uint8_t id[static 16])
{
    (void)c;
    (void)id;
    return NULL;
}

size_t cell_proposal_count(const struct cell *c)
{
    (void)c;
    return 0;
}

const struct cell_proposal *cell_proposal(const struct cell *c, size_t index)
{
    (void)c;
    (void)index;
    return NULL;
}
