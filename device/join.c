/* Invitations: how a person's device comes into a cell.
 *
 * The invitation's text carries a 16-byte seed, the cell's id and perhaps an address. From seed and
 * cell id both sides derive what they need: a signing key for the joiner's proof, a CURVE client
 * key for its link, a beacon key to find each other. The proof covers the cell, the invitation and
 * all of the joiner's keys, so that a relay cannot put its own in their place. */
#include "device/state.h"

#include "base/cbor.h"
#include "base/encode.h"

#include <assert.h>
#include <stdlib.h>

#define TEXT_PREFIX       "HOP1-"
#define TEXT_VERSION      1
#define CHECK_BYTES       4
#define ADDRESS_BYTES_MAX 63
#define TEXT_BYTES_MAX    (1 + 16 + 32 + 1 + ADDRESS_BYTES_MAX + CHECK_BYTES)

#define FRAME_REQUEST 0x4a
#define FRAME_ANSWER  0x57
#define FRAME_VERSION 2
#define SYNC_SEALED   (32 + CRYPTO_TAG_BYTES)

_Static_assert(BASE32_SIZE(TEXT_BYTES_MAX) + sizeof TEXT_PREFIX + 40 <= INVITE_TEXT_BYTES,
               "an invitation with dashes must fit its room");

/* What an answer says; sentences for all but ACCEPTED. */
enum answer {
    ANSWER_ACCEPTED,
    ANSWER_USED,
    ANSWER_UNKNOWN,
    ANSWER_OTHER_CELL,
    ANSWER_PROOF,
    ANSWER_FULL,
    ANSWER_BUSY,
    ANSWERS_COUNT
};

static void derive(uint8_t ret[static 32], enum crypto_label label, const uint8_t seed[static 16],
                   const uint8_t cell_id_bytes[static 32])
{
    uint8_t bytes[48];
    memcpy(bytes, seed, 16);
    memcpy(bytes + 16, cell_id_bytes, 32);
    hop_hash(ret, 32, label, SPAN(bytes, sizeof bytes));
    hop_wipe(bytes, sizeof bytes);
}

/* All that follows from seed and cell id. */
static void derive_join(struct device_join *j)
{
    uint8_t seed[32];
    derive(seed, LABEL_INVITE_KEY, j->seed, j->cell_id);
    hop_sign_keypair(&j->sign_key, seed);
    derive(seed, LABEL_INVITE_LINK, j->seed, j->cell_id);
    hop_box_keypair(&j->link_key, seed);
    derive(j->disc_key, LABEL_INVITE_DISC, j->seed, j->cell_id);
    hop_wipe(seed, sizeof seed);
}

static void invite_id(uint8_t ret[static 16], const struct device_join *j)
{
    uint8_t id[32];
    derive(id, LABEL_INVITE_ID, j->seed, j->cell_id);
    memcpy(ret, id, 16);
}

/* ---- the inviter ---- */

/* "HOP1-XXXXX-XXXXX-…": groups of five, because people read them aloud. */
static void write_text(char ret[static INVITE_TEXT_BYTES], const struct device_join *j)
{
    uint8_t bytes[TEXT_BYTES_MAX];
    char plain[BASE32_SIZE(TEXT_BYTES_MAX)];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    size_t address = strlen(j->address);
    wire_put_u8(&w, TEXT_VERSION);
    wire_put_bytes(&w, j->seed, 16);
    wire_put_bytes(&w, j->cell_id, 32);
    wire_put_u8(&w, (uint8_t)address);
    wire_put_bytes(&w, (const uint8_t *)j->address, address);
    uint8_t check[16];
    hop_hash(check, sizeof check, LABEL_INVITE_SUM, wire_written(&w));
    wire_put_bytes(&w, check, CHECK_BYTES);
    assert(!w.bad);
    base32_encode(plain, wire_written(&w));
    size_t n = sizeof TEXT_PREFIX - 1;
    memcpy(ret, TEXT_PREFIX, n);
    for (size_t i = 0; plain[i] != '\0'; i++) {
        if (i > 0 && i % 5 == 0)
            ret[n++] = '-';
        ret[n++] = plain[i];
    }
    ret[n] = '\0';
    hop_wipe(bytes, sizeof bytes);
    hop_wipe(plain, sizeof plain);
}

static size_t open_invites(const struct cell *c)
{
    size_t open = 0;
    for (size_t i = 0; i < cell_invite_count(c); i++)
        open += cell_invite(c, i)->used ? 0 : 1;
    return open;
}

static bool own_member(const struct device *d, const uint8_t *member)
{
    uint32_t self = device_self(d);
    return member != NULL && self != HISTORY_NONE &&
           memcmp(cell_member(d->cell, self)->id, member, 16) == 0;
}

int device_may_invite(const struct device *d, const struct device_invite_ask *ask,
                      struct text_said *why)
{
    uint32_t self = device_self(d);
    size_t n = strlen(ask->name);
    if (!d->keys->has_cell || self == HISTORY_NONE)
        return text_say(why, CELL_NONE, 0);
    unsigned rank = cell_member(d->cell, self)->rank;
    if (!own_member(d, ask->member)) { /* one more device of one's own needs no office */
        if (rank < 1)
            return text_say(why, INVITE_NOT_ALLOWED, 0);
        if (auth_rank_of(ask->role) >= rank)
            return text_say(why, INVITE_ROLE_NOT_ALLOWED, 0);
    }
    if (n == 0)
        return text_say(why, INVITE_NO_NAME, 0);
    if (n > AUTH_NAME_BYTES_MAX || !utf8_plain(span_text(ask->name), true))
        return text_say(why, CELL_NAME_BAD, 0);
    if (cell_invite_count(d->cell) >= CELL_INVITES_MAX || open_invites(d->cell) >= 32)
        return text_say(why, INVITE_FULL, 0);
    return HOP_OK;
}

static int author_invite(struct device *d, const struct auth_invite *body, uint64_t wall)
{
    uint8_t bytes[512], id[32];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    auth_invite_put(&w, body);
    assert(!w.bad);
    struct device_draft draft = {
        .lane = LANE_CONTROL, .type = AUTH_INVITE, .wall = wall, .body = wire_written(&w)};
    return device_author(d, &draft, id);
}

/* One more device has the name, office and category of its member. */
static void complete(const struct device *d, struct device_invite_ask *ask)
{
    const struct cell_member *m =
        ask->member == NULL ? NULL : cell_member_by_id(d->cell, ask->member);
    if (m == NULL)
        return;
    if (ask->name == NULL)
        ask->name = m->name;
    if (m->active) {
        ask->role = m->role;
        ask->category = m->category;
    }
}

int device_invite_for(struct device *d, const struct device_invite_ask *asked, uint64_t wall,
                      struct device_invite *ret, struct text_said *why)
{
    struct device_join j = {0};
    struct device_invite_ask ask = *asked;
    complete(d, &ask);
    if (ask.name == NULL)
        ask.name = "";
    struct auth_invite body = {.role = (uint8_t)ask.role, .category = (uint8_t)ask.category};
    int err = device_may_invite(d, &ask, why);
    if (err != HOP_OK)
        return err;
    hop_drbg_take(&d->drbg, j.seed, sizeof j.seed);
    memcpy(j.cell_id, d->keys->cell_id, sizeof j.cell_id);
    if (ask.address_hint != NULL && strlen(ask.address_hint) <= ADDRESS_BYTES_MAX)
        memcpy(j.address, ask.address_hint, strlen(ask.address_hint) + 1);
    derive_join(&j);
    invite_id(body.id, &j);
    memcpy(body.sign_key, j.sign_key.public_key, 32);
    memcpy(body.link_key, j.link_key.public_key, 32);
    memcpy(body.disc_key, j.disc_key, 32);
    memcpy(body.name, ask.name, strlen(ask.name) + 1);
    if (ask.member != NULL)
        memcpy(body.member, ask.member, sizeof body.member);
    if (ask.proposal != NULL)
        memcpy(body.proposal, ask.proposal, sizeof body.proposal);
    err = author_invite(d, &body, wall);
    if (err == HOP_OK) {
        memcpy(ret->id, body.id, sizeof ret->id);
        write_text(ret->text, &j);
    }
    hop_wipe(&j, sizeof j);
    return device_write_refusal(err, why);
}

int device_invite(struct device *d, const char *name, enum auth_role role,
                  enum auth_category category, const char *address_hint, uint64_t wall,
                  struct device_invite *ret, struct text_said *why)
{
    struct device_invite_ask ask = {
        .name = name, .role = role, .category = category, .address_hint = address_hint};
    return device_invite_for(d, &ask, wall, ret, why);
}

/* ---- the joiner ---- */

/* As people type it: the rest of the text may be in small letters too. */
static bool has_prefix(const char *text)
{
    for (size_t i = 0; i < sizeof TEXT_PREFIX - 1; i++) {
        char c = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        if (c != TEXT_PREFIX[i])
            return false;
    }
    return true;
}

int device_join_read(struct device_join *ret, const char *invite_text, struct text_said *why)
{
    uint8_t bytes[TEXT_BYTES_MAX], check[16];
    struct device_join j = {0};
    size_t size = sizeof bytes, prefix = sizeof TEXT_PREFIX - 1;
    while (*invite_text == ' ' || *invite_text == '\n' || *invite_text == '\t')
        invite_text++;
    if (!has_prefix(invite_text) || base32_decode(bytes, &size, invite_text + prefix) != HOP_OK ||
        size < CHECK_BYTES + 50)
        return text_say(why, JOIN_TEXT_DAMAGED, 0);
    struct span covered = SPAN(bytes, size - CHECK_BYTES);
    hop_hash(check, sizeof check, LABEL_INVITE_SUM, covered);
    if (memcmp(check, bytes + covered.size, CHECK_BYTES) != 0)
        return text_say(why, JOIN_TEXT_DAMAGED, 0);
    struct wire_reader r = wire_reader(covered.data, covered.size);
    if (wire_get_u8(&r) != TEXT_VERSION)
        return text_say(why, JOIN_TEXT_NEWER, 0);
    wire_get_into(&r, j.seed, sizeof j.seed);
    wire_get_into(&r, j.cell_id, sizeof j.cell_id);
    size_t address = wire_get_u8(&r);
    if (address > ADDRESS_BYTES_MAX)
        return text_say(why, JOIN_TEXT_DAMAGED, 0);
    wire_get_into(&r, (uint8_t *)j.address, address);
    if (!wire_end(&r))
        return text_say(why, JOIN_TEXT_DAMAGED, 0);
    derive_join(&j);
    *ret = j;
    hop_wipe(&j, sizeof j);
    hop_wipe(bytes, sizeof bytes);
    return HOP_OK;
}

int device_join_request(const struct device *d, const struct device_join *join, uint8_t *ret,
                        size_t *ret_size)
{
    struct wire_writer w = wire_writer(ret, JOIN_FRAME_BYTES_MAX);
    struct auth_cert cert = {0};
    uint8_t id[16], message[CELL_JOIN_MESSAGE_BYTES], sig[CRYPTO_SIG_BYTES];
    memcpy(cert.lk, d->keys->lk.public_key, 32);
    memcpy(cert.kem, d->keys->kem.public_key, 32);
    invite_id(id, join);
    auth_cert_sign(&cert, &d->keys->ik, join->cell_id, id);
    cell_join_message(message, join->cell_id, id, &cert);
    hop_sign(sig, &join->sign_key, LABEL_JOIN_SIG, SPAN(message, sizeof message));
    wire_put_u8(&w, FRAME_REQUEST);
    wire_put_u8(&w, FRAME_VERSION);
    wire_put_bytes(&w, join->cell_id, 32);
    wire_put_bytes(&w, id, sizeof id);
    auth_cert_put(&w, &cert);
    wire_put_bytes(&w, sig, sizeof sig);
    *ret_size = w.used;
    return w.bad ? HOP_EFULL : HOP_OK;
}

/* ---- the answer ---- */

struct request {
    uint8_t cell_id[32];
    uint8_t invite[16];
    struct auth_cert cert;
    uint8_t sig[CRYPTO_SIG_BYTES];
};

static int request_parse(struct request *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    struct request q;
    unsigned type = wire_get_u8(&r), version = wire_get_u8(&r);
    wire_get_into(&r, q.cell_id, sizeof q.cell_id);
    wire_get_into(&r, q.invite, sizeof q.invite);
    auth_cert_get(&r, &q.cert);
    wire_get_into(&r, q.sig, sizeof q.sig);
    if (!wire_end(&r) || type != FRAME_REQUEST || version != FRAME_VERSION)
        return HOP_EMALFORMED;
    *ret = q;
    return HOP_OK;
}

static const struct cell_invite *find_invite(const struct cell *c, const uint8_t id[static 16])
{
    for (size_t i = 0; i < cell_invite_count(c); i++) {
        if (memcmp(cell_invite(c, i)->body.id, id, 16) == 0)
            return cell_invite(c, i);
    }
    return NULL;
}

static enum answer judge(const struct device *d, const struct request *q,
                         const uint8_t link_key[static 32])
{
    uint8_t message[CELL_JOIN_MESSAGE_BYTES];
    const struct cell_invite *i = find_invite(d->cell, q->invite);
    uint32_t self = device_self(d);
    if (memcmp(q->cell_id, d->keys->cell_id, 32) != 0)
        return ANSWER_OTHER_CELL;
    if (i == NULL || memcmp(i->body.link_key, link_key, 32) != 0 || self == HISTORY_NONE ||
        (cell_member(d->cell, self)->rank < 1 && !own_member(d, i->body.member)) || i->ended)
        return ANSWER_UNKNOWN;
    cell_join_message(message, q->cell_id, q->invite, &q->cert);
    if (hop_verify(q->sig, i->body.sign_key, LABEL_JOIN_SIG, SPAN(message, sizeof message)) !=
            HOP_OK ||
        auth_cert_check(&q->cert, d->keys->cell_id, q->invite) != HOP_OK)
        return ANSWER_PROOF;
    if (cell_device_by_key(d->cell, q->cert.ik) != NULL)
        return ANSWER_ACCEPTED; /* it has been admitted, and the answer got lost: say it again */
    for (size_t n = 0; n < d->admitting_count; n++) {
        if (memcmp(d->admitting[n], q->invite, 16) == 0)
            return ANSWER_USED;
    }
    if (i->used)
        return ANSWER_USED;
    if (cell_member_count(d->cell) >= CELL_MEMBERS_MAX ||
        cell_device_count(d->cell) >= CELL_DEVICES_MAX)
        return ANSWER_FULL;
    return d->admitting_count == DEVICE_ADMITTING_MAX ? ANSWER_BUSY : ANSWER_ACCEPTED;
}

static int author_admit(struct device *d, const struct request *q, uint64_t wall)
{
    static const uint8_t nobody[16];
    const struct cell_invite *i = find_invite(d->cell, q->invite);
    struct auth_admit a = {.role = i->body.role,
                           .category = i->body.category,
                           .rank = auth_rank_of((enum auth_role)i->body.role),
                           .cert = q->cert};
    uint8_t body[512], id[32];
    struct wire_writer w = wire_writer(body, sizeof body);
    memcpy(a.invite, q->invite, sizeof a.invite);
    memcpy(a.name, i->body.name, sizeof a.name);
    memcpy(a.join_sig, q->sig, sizeof a.join_sig);
    if (memcmp(i->body.member, nobody, sizeof nobody) == 0)
        cell_member_id(a.member, d->keys->cell_id, q->invite, q->cert.ik);
    else
        memcpy(a.member, i->body.member, sizeof a.member);
    auth_admit_put(&w, &a);
    assert(!w.bad);
    struct device_draft draft = {
        .lane = LANE_CONTROL, .type = AUTH_ADMIT, .wall = wall, .body = wire_written(&w)};
    int err = device_author(d, &draft, id);
    if (err == HOP_OK)
        memcpy(d->admitting[d->admitting_count++], q->invite, 16);
    return err;
}

/* What a joiner is given beside the right to be here: the epoch that is written under, as the text
 * of a GRANT record, by which it reads as much of the past as its role may; and the key by which
 * devices compare what they have, sealed under what the first gives. */
struct gift {
    uint8_t grant[GRANT_TEXT_BYTES];
    uint8_t log[32]; /* the grant is bound to it */
    uint8_t sync[SYNC_SEALED];
};

static const uint8_t zero_nonce[CRYPTO_NONCE_BYTES]; /* the grant's ephemeral key is in the key */

/* All of the grant, also what only members can read of it, is as the inviter made it. */
static struct span sync_ad(uint8_t ret[static GRANT_TEXT_BYTES + 32], const struct gift *g)
{
    memcpy(ret, g->grant, GRANT_TEXT_BYTES);
    memcpy(ret + GRANT_TEXT_BYTES, g->log, 32);
    return SPAN(ret, GRANT_TEXT_BYTES + 32);
}

static void sync_seal_key(uint8_t ret[static 32], const struct epoch *e,
                          const uint8_t grant[static GRANT_TEXT_BYTES])
{
    hop_derive(ret, 32, e->route, LABEL_JOIN_REPLY, SPAN(grant, 32));
}

static int make_gift(struct device *d, const struct request *q, enum auth_role role,
                     struct gift *ret)
{
    uint8_t key[32], ad[GRANT_TEXT_BYTES + 32];
    const struct epoch *send = epochs_send(d->epochs);
    enum epoch_hold share = epochs_share(role);
    if (send == NULL)
        return HOP_EBUSY;
    struct epoch_recipient to = {
        .ik = q->cert.ik, .kem = q->cert.kem, .share = share < send->held ? share : send->held};
    memcpy(ret->log, d->keys->log[LANE_CONTROL].public_key, sizeof ret->log);
    struct epoch_context context = {.cell_id = d->keys->cell_id, .log = ret->log};
    struct wire_writer w = wire_writer(ret->grant, sizeof ret->grant);
    int err = epoch_grant_put(&w, send, &context, &to, &d->drbg);
    if (err != HOP_OK)
        return err;
    sync_seal_key(key, send, ret->grant);
    hop_seal(ret->sync, key, zero_nonce, sync_ad(ad, ret), SPAN(d->keys->sync_key, 32));
    hop_wipe(key, sizeof key);
    return HOP_OK;
}

/* Admit, grant, and say so. */
static int welcome(struct device *d, const struct request *q, uint64_t wall, struct wire_writer *w)
{
    struct gift gift;
    uint8_t genesis[1024], id[32];
    struct wire_writer body = wire_writer(genesis, sizeof genesis);
    int err = device_ready(d, wall); /* the grant is bound to the log that will carry it */
    const struct cell_invite *invite = find_invite(d->cell, q->invite);
    enum auth_role role = invite == NULL ? ROLE_MEMBER : (enum auth_role)invite->body.role;
    if (err == HOP_OK)
        err = make_gift(d, q, role, &gift);
    if (err == HOP_OK && cell_device_by_key(d->cell, q->cert.ik) == NULL) {
        err = author_admit(d, q, wall);
        struct device_draft draft = {.lane = LANE_CONTROL,
                                     .outer = OUTER_GRANT,
                                     .type = AUTH_GRANT,
                                     .wall = wall,
                                     .body = SPAN(gift.grant, sizeof gift.grant)};
        if (err == HOP_OK)
            err = device_author(d, &draft, id);
    }
    if (err != HOP_OK)
        return err;
    if (role != ROLE_CARRIER) /* a carrier need not know whom it serves */
        auth_genesis_put(&body, cell_genesis(d->cell));
    wire_put_blob(w, wire_written(&body));
    wire_put_bytes(w, gift.log, sizeof gift.log);
    wire_put_blob(w, SPAN(gift.grant, sizeof gift.grant));
    wire_put_bytes(w, gift.sync, sizeof gift.sync);
    wire_put_blob(w, span_text(invite == NULL ? "" : invite->body.name));
    return w->bad ? HOP_EFULL : HOP_OK;
}

void device_join_answer(struct device *d, struct span request, const uint8_t link_key[static 32],
                        uint64_t wall, uint8_t *ret, size_t *ret_size)
{
    struct wire_writer w = wire_writer(ret, JOIN_FRAME_BYTES_MAX);
    struct request q;
    enum answer answer = ANSWER_UNKNOWN;
    wire_put_u8(&w, FRAME_ANSWER);
    wire_put_u8(&w, FRAME_VERSION);
    if (d->keys->has_cell && cell_genesis(d->cell) != NULL && request_parse(&q, request) == HOP_OK)
        answer = judge(d, &q, link_key);
    size_t at = w.used;
    wire_put_u8(&w, (uint8_t)answer);
    if (answer == ANSWER_ACCEPTED && welcome(d, &q, wall, &w) != HOP_OK) {
        w = (struct wire_writer){.base = ret, .size = JOIN_FRAME_BYTES_MAX, .used = at};
        wire_put_u8(&w, ANSWER_BUSY);
    }
    trace(&d->trace, "a joiner asks to be admitted -> answer %u", (unsigned)ret[at]);
    *ret_size = w.used;
}

static int refusal(enum answer answer, struct text_said *why)
{
    static const enum text_id sentences[ANSWERS_COUNT] = {
        [ANSWER_ACCEPTED] = JOIN_ANSWER_BAD,     [ANSWER_USED] = JOIN_REFUSED_USED,
        [ANSWER_UNKNOWN] = JOIN_REFUSED_UNKNOWN, [ANSWER_OTHER_CELL] = JOIN_REFUSED_CELL,
        [ANSWER_PROOF] = JOIN_REFUSED_PROOF,     [ANSWER_FULL] = JOIN_REFUSED_FULL,
        [ANSWER_BUSY] = JOIN_REFUSED_BUSY,
    };
    return text_say(why, answer < ANSWERS_COUNT ? sentences[answer] : JOIN_ANSWER_BAD, 0);
}

/* The epoch and the sync key that the answer brings. */
static int open_gift(const struct device *d, const struct device_join *join, const struct gift *g,
                     bool carrier, struct epoch *ret, uint8_t ret_sync[static 32])
{
    struct epoch_text t;
    uint8_t key[32], ad[GRANT_TEXT_BYTES + 32];
    struct epoch_context context = {.cell_id = join->cell_id, .log = g->log};
    int err = epoch_text_parse(&t, SPAN(g->grant, sizeof g->grant));
    if (err == HOP_OK)
        err = epoch_slot_open(ret, &t, &context, &d->keys->kem, carrier);
    if (err != HOP_OK)
        return err;
    sync_seal_key(key, ret, g->grant);
    err = hop_open(ret_sync, key, zero_nonce, sync_ad(ad, g), SPAN(g->sync, sizeof g->sync));
    hop_wipe(key, sizeof key);
    return err;
}

static int enter(struct device *d, const struct device_join *join, const struct epoch *e,
                 const uint8_t sync[static 32], bool carrier)
{
    struct device_keys *k = d->keys;
    k->epochs_count = 0;
    int err = device_keys_hold(k, e, false);
    if (err != HOP_OK)
        return err;
    memcpy(k->cell_id, join->cell_id, sizeof k->cell_id);
    memcpy(k->sync_key, sync, sizeof k->sync_key);
    memcpy(k->log_epoch, e->tag, sizeof k->log_epoch);
    memcpy(k->kem_epoch, e->tag, sizeof k->kem_epoch);
    device_renew_logs(d, false);
    k->has_cell = true;
    k->carrier = carrier;
    return HOP_OK;
}

int device_join_refused(struct span reply, struct text_said *why)
{
    struct wire_reader r = wire_reader(reply.data, reply.size);
    unsigned type = wire_get_u8(&r), version = wire_get_u8(&r), answer = wire_get_u8(&r);
    if (r.bad || type != FRAME_ANSWER || version != FRAME_VERSION)
        return text_say(why, JOIN_ANSWER_BAD, 0);
    return answer == ANSWER_ACCEPTED ? HOP_OK : refusal((enum answer)answer, why);
}

int device_join_finish(struct device *d, struct device_join *join, struct span reply,
                       struct text_said *why)
{
    struct wire_reader r = wire_reader(reply.data, reply.size);
    unsigned type = wire_get_u8(&r), version = wire_get_u8(&r), answer = wire_get_u8(&r);
    if (d->keys->has_cell || r.bad || type != FRAME_ANSWER || version != FRAME_VERSION)
        return text_say(why, JOIN_ANSWER_BAD, 0);
    if (answer != ANSWER_ACCEPTED)
        return refusal((enum answer)answer, why);
    struct gift gift;
    struct span genesis = wire_get_blob(&r, 1024);
    uint8_t id[32], sync[32];
    wire_get_into(&r, gift.log, sizeof gift.log);
    struct span grant = wire_get_blob(&r, GRANT_TEXT_BYTES);
    wire_get_into(&r, gift.sync, sizeof gift.sync);
    struct span name = wire_get_blob(&r, AUTH_NAME_BYTES_MAX);
    bool carrier = genesis.size == 0; /* it is not told whom it serves */
    struct auth_genesis g = {0};
    struct epoch e;
    if (!wire_end(&r) || !utf8_plain(name, true) || grant.size != sizeof gift.grant)
        return text_say(why, JOIN_ANSWER_BAD, 0);
    memcpy(gift.grant, grant.data, sizeof gift.grant);
    auth_genesis_cell_id(id, genesis);
    if ((!carrier && (auth_genesis_parse(&g, genesis) != HOP_OK ||
                      memcmp(id, join->cell_id, sizeof id) != 0)) ||
        open_gift(d, join, &gift, carrier, &e, sync) != HOP_OK ||
        enter(d, join, &e, sync, carrier) != HOP_OK)
        return text_say(why, JOIN_ANSWER_BAD, 0);
    memcpy(join->cell_name, g.name, sizeof join->cell_name);
    if (name.size > 0)
        memcpy(join->member_name, name.data, name.size);
    join->member_name[name.size] = '\0';
    hop_wipe(&e, sizeof e);
    hop_wipe(sync, sizeof sync);
    return HOP_OK;
}
