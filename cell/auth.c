#include "cell/auth.h"

#include <assert.h>

#include "base/cbor.h"

static void name_put(struct wire_writer *w, const char *name)
{
    wire_put_blob(w, span_text(name));
}

/* A name into room for max bytes and a NUL: UTF-8 without NUL. */
static void name_get(struct wire_reader *r, char *ret, size_t max)
{
    struct span s = wire_get_blob(r, max);
    if (!utf8_plain(s, true))
        r->bad = true;
    if (!r->bad && s.size > 0)
        memcpy(ret, s.data, s.size);
    ret[r->bad ? 0 : s.size] = '\0';
}

void auth_cert_put(struct wire_writer *w, const struct auth_cert *c)
{
    wire_put_bytes(w, c->ik, 32);
    wire_put_bytes(w, c->lk, 32);
    wire_put_bytes(w, c->kem, 32);
    wire_put_bytes(w, c->sig, 64);
}

void auth_cert_get(struct wire_reader *r, struct auth_cert *ret)
{
    wire_get_into(r, ret->ik, 32);
    wire_get_into(r, ret->lk, 32);
    wire_get_into(r, ret->kem, 32);
    wire_get_into(r, ret->sig, 64);
}

#define CERT_MESSAGE_BYTES (32 + 16 + 96)

static void cert_message(uint8_t ret[static CERT_MESSAGE_BYTES], const struct auth_cert *c,
                         const uint8_t cell_id[static 32], const uint8_t invite[static 16])
{
    memcpy(ret, cell_id, 32);
    memcpy(ret + 32, invite, 16);
    memcpy(ret + 48, c->ik, 32);
    memcpy(ret + 80, c->lk, 32);
    memcpy(ret + 112, c->kem, 32);
}

void auth_cert_sign(struct auth_cert *c, const struct hop_sign_key *ik,
                    const uint8_t cell_id[static 32], const uint8_t invite[static 16])
{
    uint8_t message[CERT_MESSAGE_BYTES];
    memcpy(c->ik, ik->public_key, 32);
    cert_message(message, c, cell_id, invite);
    hop_sign(c->sig, ik, LABEL_CERT_SIG, SPAN(message, sizeof message));
}

/* A key of small order makes one shared point with everybody: an epoch sealed to it is open to all,
 * or, as the primitive refuses it, cannot be sealed at all. */
static bool kem_valid(const uint8_t kem[static 32])
{
    static const uint8_t secret[32] = {9}; /* any will do */
    uint8_t shared[32];
    return hop_box_shared(shared, secret, kem) == HOP_OK;
}

int auth_cert_check(const struct auth_cert *c, const uint8_t cell_id[static 32],
                    const uint8_t invite[static 16])
{
    uint8_t message[CERT_MESSAGE_BYTES];
    if (!hop_sign_key_valid(c->ik) || !kem_valid(c->kem))
        return HOP_EAUTH;
    cert_message(message, c, cell_id, invite);
    return hop_verify(c->sig, c->ik, LABEL_CERT_SIG, SPAN(message, sizeof message));
}

void auth_log_open_put(struct wire_writer *w, const struct auth_log_open *o)
{
    wire_put_bytes(w, o->cell_id, 32);
    wire_put_bytes(w, o->ik, 32);
    wire_put_u32(w, o->incarnation);
    wire_put_u8(w, o->lane);
    wire_put_bytes(w, o->sig, 64);
}

int auth_log_open_parse(struct auth_log_open *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_log_open o;
    wire_get_into(&r, o.cell_id, 32);
    wire_get_into(&r, o.ik, 32);
    o.incarnation = wire_get_u32(&r);
    o.lane = wire_get_u8(&r);
    wire_get_into(&r, o.sig, 64);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = o;
    return HOP_OK;
}

static void log_open_message(uint8_t ret[static 69], const struct auth_log_open *o,
                             const uint8_t log_id[static 32])
{
    struct wire_writer w = wire_writer(ret, 69);
    wire_put_bytes(&w, o->cell_id, 32);
    wire_put_bytes(&w, log_id, 32);
    wire_put_u32(&w, o->incarnation);
    wire_put_u8(&w, o->lane);
}

void auth_log_open_sign(struct auth_log_open *o, const struct hop_sign_key *ik,
                        const uint8_t log_id[static 32])
{
    uint8_t message[69];
    memcpy(o->ik, ik->public_key, 32);
    log_open_message(message, o, log_id);
    hop_sign(o->sig, ik, LABEL_LOG_OPEN_SIG, SPAN(message, sizeof message));
}

int auth_log_open_check(const struct auth_log_open *o, const uint8_t log_id[static 32])
{
    uint8_t message[69];
    log_open_message(message, o, log_id);
    return hop_verify(o->sig, o->ik, LABEL_LOG_OPEN_SIG, SPAN(message, sizeof message));
}

void auth_genesis_put(struct wire_writer *w, const struct auth_genesis *g)
{
    wire_put_bytes(w, g->salt, 32);
    wire_put_bytes(w, g->procedure, 32);
    name_put(w, g->name);
    name_put(w, g->procedure_name);
    name_put(w, g->founder_name);
    wire_put_u8(w, g->founder_role);
    wire_put_bytes(w, g->founder_ik, 32);
    wire_put_bytes(w, g->founder_lk, 32);
    wire_put_bytes(w, g->founder_kem, 32);
}

int auth_genesis_parse(struct auth_genesis *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_genesis g;
    wire_get_into(&r, g.salt, 32);
    wire_get_into(&r, g.procedure, 32);
    name_get(&r, g.name, AUTH_NAME_BYTES_MAX);
    name_get(&r, g.procedure_name, AUTH_TEXT_BYTES_MAX);
    name_get(&r, g.founder_name, AUTH_NAME_BYTES_MAX);
    g.founder_role = wire_get_u8(&r);
    wire_get_into(&r, g.founder_ik, 32);
    wire_get_into(&r, g.founder_lk, 32);
    wire_get_into(&r, g.founder_kem, 32);
    if (!wire_end(&r) || g.founder_role >= ROLES_COUNT)
        return HOP_EMALFORMED;
    *ret = g;
    return HOP_OK;
}

void auth_genesis_cell_id(uint8_t ret[static 32], struct span body)
{
    hop_hash(ret, 32, LABEL_CELL_ID, body);
}

void auth_invite_put(struct wire_writer *w, const struct auth_invite *i)
{
    wire_put_bytes(w, i->id, 16);
    wire_put_bytes(w, i->sign_key, 32);
    wire_put_bytes(w, i->link_key, 32);
    wire_put_bytes(w, i->disc_key, 32);
    name_put(w, i->name);
    wire_put_u8(w, i->role);
    wire_put_u8(w, i->category);
    wire_put_bytes(w, i->member, 16);
    wire_put_bytes(w, i->proposal, 32);
}

int auth_invite_parse(struct auth_invite *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_invite i;
    wire_get_into(&r, i.id, 16);
    wire_get_into(&r, i.sign_key, 32);
    wire_get_into(&r, i.link_key, 32);
    wire_get_into(&r, i.disc_key, 32);
    name_get(&r, i.name, AUTH_NAME_BYTES_MAX);
    i.role = wire_get_u8(&r);
    i.category = wire_get_u8(&r);
    wire_get_into(&r, i.member, 16);
    wire_get_into(&r, i.proposal, 32);
    if (!wire_end(&r) || i.role >= ROLES_COUNT || i.category >= CATEGORIES_COUNT)
        return HOP_EMALFORMED;
    *ret = i;
    return HOP_OK;
}

void auth_admit_put(struct wire_writer *w, const struct auth_admit *a)
{
    wire_put_bytes(w, a->invite, 16);
    wire_put_bytes(w, a->member, 16);
    name_put(w, a->name);
    wire_put_u8(w, a->role);
    wire_put_u8(w, a->category);
    wire_put_u8(w, a->rank);
    auth_cert_put(w, &a->cert);
    wire_put_bytes(w, a->join_sig, 64);
}

int auth_admit_parse(struct auth_admit *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_admit a;
    wire_get_into(&r, a.invite, 16);
    wire_get_into(&r, a.member, 16);
    name_get(&r, a.name, AUTH_NAME_BYTES_MAX);
    a.role = wire_get_u8(&r);
    a.category = wire_get_u8(&r);
    a.rank = wire_get_u8(&r);
    auth_cert_get(&r, &a.cert);
    wire_get_into(&r, a.join_sig, 64);
    if (!wire_end(&r) || a.role >= ROLES_COUNT || a.category >= CATEGORIES_COUNT)
        return HOP_EMALFORMED;
    *ret = a;
    return HOP_OK;
}

/* ---- cuts ---- */

void auth_cut_put(struct wire_writer *w, const struct auth_cut *cut)
{
    wire_put_bytes(w, cut->log, 32);
    wire_put_u64(w, cut->seq);
    wire_put_bytes(w, cut->id, 32);
}

void auth_cut_at(struct auth_cut *ret, const struct auth_cuts *cuts, size_t index)
{
    assert(index < cuts->count);
    struct wire_reader r = wire_reader(cuts->bytes + index * AUTH_CUT_BYTES, AUTH_CUT_BYTES);
    wire_get_into(&r, ret->log, 32);
    ret->seq = wire_get_u64(&r);
    wire_get_into(&r, ret->id, 32);
}

uint64_t auth_cuts_seq(const struct auth_cuts *cuts, const uint8_t log[static 32])
{
    size_t low = 0, high = cuts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(cuts->bytes + middle * AUTH_CUT_BYTES, log, 32);
        if (order == 0) {
            struct auth_cut cut;
            auth_cut_at(&cut, cuts, middle);
            return cut.seq;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static void cuts_put(struct wire_writer *w, const struct auth_cuts *cuts)
{
    wire_put_u16(w, (uint16_t)cuts->count);
    wire_put_bytes(w, cuts->bytes, cuts->count * AUTH_CUT_BYTES);
}

/* count items of size bytes, the first width of each ascending: one spelling, and found fast. */
static bool ascending(const uint8_t *items, size_t count, size_t size, size_t width)
{
    for (size_t i = 1; i < count; i++) {
        if (memcmp(items + (i - 1) * size, items + i * size, width) >= 0)
            return false;
    }
    return true;
}

static void cuts_get(struct wire_reader *r, struct auth_cuts *ret)
{
    ret->count = wire_get_u16(r);
    if (ret->count > AUTH_CUTS_MAX)
        r->bad = true;
    struct span s = wire_get_bytes(r, r->bad ? 0 : ret->count * AUTH_CUT_BYTES);
    ret->bytes = s.data;
    if (r->bad || !ascending(s.data, ret->count, AUTH_CUT_BYTES, 32)) {
        r->bad = true;
        *ret = (struct auth_cuts){0};
    }
}

static void devices_put(struct wire_writer *w, const struct auth_devices *d)
{
    wire_put_u8(w, d->count);
    wire_put_bytes(w, d->keys, (size_t)d->count * 32);
}

static void devices_get(struct wire_reader *r, struct auth_devices *ret)
{
    ret->count = wire_get_u8(r);
    if (ret->count > AUTH_DEVICES_MAX)
        r->bad = true;
    ret->keys = wire_get_bytes(r, r->bad ? 0 : (size_t)ret->count * 32).data;
    if (r->bad || !ascending(ret->keys, ret->count, 32, 32)) {
        r->bad = true;
        *ret = (struct auth_devices){0};
    }
}

/* ---- bodies of governing ---- */

void auth_remove_put(struct wire_writer *w, const struct auth_remove *v)
{
    wire_put_bytes(w, v->member, 16);
    wire_put_bytes(w, v->ik, 32);
    wire_put_u8(w, v->reason);
    cuts_put(w, &v->cuts);
}

int auth_remove_parse(struct auth_remove *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_remove v;
    wire_get_into(&r, v.member, 16);
    wire_get_into(&r, v.ik, 32);
    v.reason = wire_get_u8(&r);
    cuts_get(&r, &v.cuts);
    if (!wire_end(&r) || v.reason >= REASONS_COUNT)
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_role_put(struct wire_writer *w, const struct auth_role_change *v)
{
    wire_put_bytes(w, v->member, 16);
    wire_put_u8(w, v->role);
    wire_put_u8(w, v->category);
    devices_put(w, &v->devices);
    cuts_put(w, &v->cuts);
}

int auth_role_parse(struct auth_role_change *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_role_change v;
    wire_get_into(&r, v.member, 16);
    v.role = wire_get_u8(&r);
    v.category = wire_get_u8(&r);
    devices_get(&r, &v.devices);
    cuts_get(&r, &v.cuts);
    if (!wire_end(&r) || v.role >= ROLES_COUNT || v.category >= CATEGORIES_COUNT)
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_config_put(struct wire_writer *w, const struct auth_config *v)
{
    wire_put_u32(w, v->number);
    wire_put_bytes(w, v->prev, 32);
    wire_put_bytes(w, v->secretary, 16);
    devices_put(w, &v->devices);
    wire_put_bytes(w, v->procedure, 32);
    wire_put_u8(w, v->seats_count);
    wire_put_bytes(w, v->seats[0], (size_t)v->seats_count * 32);
    wire_put_u8(w, v->removed_count);
    wire_put_bytes(w, v->removed[0], (size_t)v->removed_count * 16);
    cuts_put(w, &v->cuts);
}

int auth_config_parse(struct auth_config *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_config v = {0};
    v.number = wire_get_u32(&r);
    wire_get_into(&r, v.prev, 32);
    wire_get_into(&r, v.secretary, 16);
    devices_get(&r, &v.devices);
    wire_get_into(&r, v.procedure, 32);
    v.seats_count = wire_get_u8(&r);
    if (v.seats_count == 0 || v.seats_count > AUTH_SEATS_MAX)
        return HOP_EMALFORMED;
    wire_get_into(&r, v.seats[0], (size_t)v.seats_count * 32);
    v.removed_count = wire_get_u8(&r);
    if (v.removed_count > AUTH_REMOVED_MAX)
        return HOP_EMALFORMED;
    wire_get_into(&r, v.removed[0], (size_t)v.removed_count * 16);
    cuts_get(&r, &v.cuts);
    if (!wire_end(&r) || v.number == 0 || !ascending(v.seats[0], v.seats_count, 32, 32) ||
        !ascending(v.removed[0], v.removed_count, 16, 16))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_suspend_put(struct wire_writer *w, const struct auth_suspend *v)
{
    wire_put_bytes(w, v->ik, 32);
    wire_put_u8(w, v->resume);
    wire_put_u8(w, v->reason);
}

int auth_suspend_parse(struct auth_suspend *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_suspend v;
    wire_get_into(&r, v.ik, 32);
    v.resume = wire_get_u8(&r);
    v.reason = wire_get_u8(&r);
    if (!wire_end(&r) || v.resume > 1 || v.reason >= REASONS_COUNT)
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_leave_put(struct wire_writer *w, const struct auth_leave *v)
{
    cuts_put(w, &v->cuts);
}

int auth_leave_parse(struct auth_leave *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_leave v;
    cuts_get(&r, &v.cuts);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_checkpoint_put(struct wire_writer *w, const struct auth_checkpoint *v)
{
    wire_put_u32(w, v->number);
    wire_put_bytes(w, v->prev, 32);
    cuts_put(w, &v->tips);
}

int auth_checkpoint_parse(struct auth_checkpoint *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_checkpoint v;
    v.number = wire_get_u32(&r);
    wire_get_into(&r, v.prev, 32);
    cuts_get(&r, &v.tips);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_cosign_put(struct wire_writer *w, const struct auth_cosign *v)
{
    wire_put_bytes(w, v->record, 32);
}

int auth_cosign_parse(struct auth_cosign *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_cosign v = {0};
    wire_get_into(&r, v.record, 32);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_prekey_put(struct wire_writer *w, const struct auth_prekey *v)
{
    wire_put_bytes(w, v->kem, 32);
    wire_put_bytes(w, v->sig, 64);
    wire_put_u8(w, v->lacks_count);
    for (size_t i = 0; i < v->lacks_count; i++)
        wire_put_bytes(w, v->lacks[i], 32);
}

int auth_prekey_parse(struct auth_prekey *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_prekey v = {0};
    wire_get_into(&r, v.kem, 32);
    wire_get_into(&r, v.sig, 64);
    v.lacks_count = wire_get_u8(&r);
    if (v.lacks_count > AUTH_LACKS_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < v.lacks_count; i++)
        wire_get_into(&r, v.lacks[i], 32);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

static void prekey_message(uint8_t ret[static 96], const struct auth_prekey *p,
                           const uint8_t ik[static 32], const uint8_t cell_id[static 32])
{
    memcpy(ret, cell_id, 32);
    memcpy(ret + 32, ik, 32);
    memcpy(ret + 64, p->kem, 32);
}

void auth_prekey_sign(struct auth_prekey *p, const struct hop_sign_key *ik,
                      const uint8_t cell_id[static 32])
{
    uint8_t message[96];
    prekey_message(message, p, ik->public_key, cell_id);
    hop_sign(p->sig, ik, LABEL_PREKEY_SIG, SPAN(message, sizeof message));
}

int auth_prekey_check(const struct auth_prekey *p, const uint8_t ik[static 32],
                      const uint8_t cell_id[static 32])
{
    uint8_t message[96];
    if (!kem_valid(p->kem))
        return HOP_EAUTH;
    prekey_message(message, p, ik, cell_id);
    return hop_verify(p->sig, ik, LABEL_PREKEY_SIG, SPAN(message, sizeof message));
}

void auth_group_put(struct wire_writer *w, const struct auth_group *v)
{
    wire_put_bytes(w, v->group, 16);
    name_put(w, v->name);
    wire_put_bytes(w, v->leader, 16);
    wire_put_u16(w, v->members_count);
    wire_put_bytes(w, v->members, (size_t)v->members_count * 16);
}

int auth_group_parse(struct auth_group *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_group v;
    wire_get_into(&r, v.group, 16);
    name_get(&r, v.name, AUTH_NAME_BYTES_MAX);
    wire_get_into(&r, v.leader, 16);
    v.members_count = wire_get_u16(&r);
    if (v.members_count > AUTH_GROUP_MEMBERS_MAX)
        return HOP_EMALFORMED;
    v.members = wire_get_bytes(&r, (size_t)v.members_count * 16).data;
    if (!wire_end(&r) || !ascending(v.members, v.members_count, 16, 16))
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_propose_put(struct wire_writer *w, const struct auth_propose *v)
{
    wire_put_bytes(w, v->group, 16);
    name_put(w, v->name);
    wire_put_u8(w, v->role);
    wire_put_u8(w, v->category);
    name_put(w, v->note);
}

int auth_propose_parse(struct auth_propose *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_propose v;
    wire_get_into(&r, v.group, 16);
    name_get(&r, v.name, AUTH_NAME_BYTES_MAX);
    v.role = wire_get_u8(&r);
    v.category = wire_get_u8(&r);
    name_get(&r, v.note, AUTH_NOTE_BYTES_MAX);
    if (!wire_end(&r) || v.role >= ROLES_COUNT || v.category >= CATEGORIES_COUNT)
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

void auth_invite_end_put(struct wire_writer *w, const struct auth_invite_end *v)
{
    wire_put_bytes(w, v->invite, 16);
    wire_put_u8(w, v->reason);
}

int auth_invite_end_parse(struct auth_invite_end *ret, struct span body)
{
    struct wire_reader r = wire_reader(body.data, body.size);
    struct auth_invite_end v;
    wire_get_into(&r, v.invite, 16);
    v.reason = wire_get_u8(&r);
    if (!wire_end(&r) || v.reason > 1)
        return HOP_EMALFORMED;
    *ret = v;
    return HOP_OK;
}

uint8_t auth_rank_of(enum auth_role role)
{
    switch (role) {
    case ROLE_SECRETARY:
        return 3;
    case ROLE_DEPUTY:
        return 2;
    case ROLE_COMMITTEE:
        return 1;
    case ROLE_MEMBER:
    case ROLE_OBSERVER:
    case ROLE_CARRIER:
    case ROLES_COUNT:
        return 0;
    }
    return 0;
}
