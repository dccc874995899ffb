#include "cell/auth.h"

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

static void cert_message(uint8_t ret[static 128], const struct auth_cert *c,
                         const uint8_t cell_id[static 32])
{
    memcpy(ret, cell_id, 32);
    memcpy(ret + 32, c->ik, 32);
    memcpy(ret + 64, c->lk, 32);
    memcpy(ret + 96, c->kem, 32);
}

void auth_cert_sign(struct auth_cert *c, const struct hop_sign_key *ik,
                    const uint8_t cell_id[static 32])
{
    uint8_t message[128];
    memcpy(c->ik, ik->public_key, 32);
    cert_message(message, c, cell_id);
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

int auth_cert_check(const struct auth_cert *c, const uint8_t cell_id[static 32])
{
    uint8_t message[128];
    if (!hop_sign_key_valid(c->ik) || !kem_valid(c->kem))
        return HOP_EAUTH;
    cert_message(message, c, cell_id);
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
