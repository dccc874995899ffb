#include "device/pairing.h"

#include "base/encode.h"

#include <assert.h>

#define PROTO             2 /* beacons are 1 */
#define INVITATION_PREFIX "HOP1-"
#define INVITATION_BYTES  117 /* the most that an invitation has (docs/protocol.md §7.1) */
#define SEALED_BYTES      (1 + INVITATION_BYTES + CRYPTO_TAG_BYTES)

enum kind { CALL = 1, REPLY, PROVE, GIVE, REFUSE };

_Static_assert(2 + 16 + 16 + SEALED_BYTES == BEACON_PLAIN_BYTES, "a GIVE fills its datagram");
_Static_assert(BASE32_SIZE(INVITATION_BYTES) + sizeof INVITATION_PREFIX <= INVITE_TEXT_BYTES,
               "an invitation without dashes fits its room");

/* One of any kind; what a kind does not have is zero. */
struct message {
    enum kind kind;
    uint8_t session[16];
    uint8_t share[32]; /* CALL, REPLY */
    uint8_t tag[16];   /* PROVE, GIVE */
    uint8_t sealed[SEALED_BYTES];
    uint8_t left; /* REFUSE: guesses */
};

static void put(uint8_t ret[static BEACON_PLAIN_BYTES], const struct message *m)
{
    struct wire_writer w = wire_writer(ret, BEACON_PLAIN_BYTES);
    wire_put_u8(&w, PROTO);
    wire_put_u8(&w, (uint8_t)m->kind);
    wire_put_bytes(&w, m->session, sizeof m->session);
    if (m->kind == CALL || m->kind == REPLY)
        wire_put_bytes(&w, m->share, sizeof m->share);
    if (m->kind == PROVE || m->kind == GIVE)
        wire_put_bytes(&w, m->tag, sizeof m->tag);
    if (m->kind == GIVE)
        wire_put_bytes(&w, m->sealed, sizeof m->sealed);
    if (m->kind == REFUSE)
        wire_put_u8(&w, m->left);
    wire_put_zeros(&w, BEACON_PLAIN_BYTES - w.used);
    assert(!w.bad);
}

static int parse(struct message *ret, const uint8_t plain[static BEACON_PLAIN_BYTES])
{
    struct wire_reader r = wire_reader(plain, BEACON_PLAIN_BYTES);
    struct message m = {0};
    unsigned proto = wire_get_u8(&r), kind = wire_get_u8(&r);
    if (proto != PROTO || kind < CALL || kind > REFUSE)
        return HOP_EMALFORMED;
    m.kind = (enum kind)kind;
    wire_get_into(&r, m.session, sizeof m.session);
    if (m.kind == CALL || m.kind == REPLY)
        wire_get_into(&r, m.share, sizeof m.share);
    if (m.kind == PROVE || m.kind == GIVE)
        wire_get_into(&r, m.tag, sizeof m.tag);
    if (m.kind == GIVE)
        wire_get_into(&r, m.sealed, sizeof m.sealed);
    if (m.kind == REFUSE)
        m.left = wire_get_u8(&r);
    wire_get_zeros(&r, r.left);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = m;
    return HOP_OK;
}

/* ---- opening ---- */

static void open_any(struct pairing *p, enum pairing_way way, bool host, struct hop_drbg *drbg,
                     hop_time now)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    *p = (struct pairing){.way = way, .host = host, .next = now};
    p->until = host ? now + PAIRING_LIFE_US : HOP_NEVER;
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_drbg_seed(&p->drbg, seed);
    hop_wipe(seed, sizeof seed);
}

static void meet_at(struct pairing *p, const char *way, struct span a, struct span b)
{
    uint8_t bytes[64];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    wire_put_bytes(&w, (const uint8_t *)way, strlen(way));
    wire_put_bytes(&w, a.data, a.size);
    wire_put_bytes(&w, b.data, b.size);
    assert(!w.bad);
    hop_hash(p->meet, sizeof p->meet, LABEL_PAIR_MEET, wire_written(&w));
    p->state = PAIRING_OPEN;
}

static struct span plate_of(const struct pairing *p)
{
    return SPAN((const uint8_t *)p->code.digits, PAIRING_PLATE_DIGITS);
}

/* A share of the code's CPace for this session; false: not with this chance. */
static bool begin_code(struct pairing *p, struct pairing_session *s)
{
    uint8_t random[32];
    const struct cpace_names names = {
        .password =
            SPAN((const uint8_t *)p->code.digits + PAIRING_PLATE_DIGITS, PAIRING_SECRET_DIGITS),
        .channel = plate_of(p),
        .session = SPAN(s->id, sizeof s->id)};
    hop_drbg_take(&p->drbg, random, sizeof random);
    int err = cpace_begin(&s->mine, &names, random);
    hop_wipe(random, sizeof random);
    return err == HOP_OK;
}

/* The guest begins a session; the host does when it is called. */
static void begin_guest(struct pairing *p)
{
    struct pairing_session *s = &p->sessions[0];
    const uint8_t *share = p->face.public_key;
    s->step = PAIRING_ANSWERED;
    do
        hop_drbg_take(&p->drbg, s->id, sizeof s->id);
    while (p->way == PAIRING_CODE && !begin_code(p, s));
    memcpy(s->guest_share, p->way == PAIRING_CODE ? s->mine.share : share, 32);
}

void pairing_open_code(struct pairing *p, bool host, const struct pairing_code *code,
                       struct hop_drbg *drbg, hop_time now)
{
    open_any(p, PAIRING_CODE, host, drbg, now);
    p->code = *code;
    meet_at(p, "code", plate_of(p), (struct span){0});
    if (!host)
        begin_guest(p);
}

static void commit_to(uint8_t ret[static 16], const uint8_t public_key[static 32])
{
    hop_hash(ret, 16, LABEL_PAIR_COMMIT, SPAN(public_key, 32));
}

void pairing_open_face(struct pairing *p, bool host, const char *address, struct hop_drbg *drbg,
                       hop_time now)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    open_any(p, PAIRING_FACE, host, drbg, now);
    hop_drbg_take(&p->drbg, seed, sizeof seed);
    hop_box_keypair(&p->face, seed);
    hop_wipe(seed, sizeof seed);
    p->own.host = host;
    commit_to(p->own.commitment, p->face.public_key);
    if (strlen(address) < sizeof p->own.address)
        memcpy(p->own.address, address, strlen(address) + 1);
}

int pairing_meet(struct pairing *p, const struct pairing_card *theirs, struct text_said *why)
{
    if (p->way != PAIRING_FACE || p->state != PAIRING_WAITS)
        return text_say(why, PAIR_NOT_WAITING, 0);
    if (memcmp(theirs->commitment, p->own.commitment, sizeof p->own.commitment) == 0)
        return text_say(why, PAIR_CARD_OWN, 0);
    if (theirs->host == p->host)
        return text_say(why, p->host ? PAIR_CARD_INVITERS : PAIR_CARD_JOINERS, 0);
    p->theirs = *theirs;
    const struct pairing_card *host = p->host ? &p->own : theirs;
    const struct pairing_card *guest = p->host ? theirs : &p->own;
    meet_at(p, "face", SPAN(host->commitment, 16), SPAN(guest->commitment, 16));
    if (!p->host)
        begin_guest(p);
    return HOP_OK;
}

void pairing_close(struct pairing *p)
{
    hop_wipe(p, sizeof *p);
}

/* ---- the key ---- */

/* What follows from both shares. HOP_EAUTH: the other's is none. */
static int derive(struct pairing *p, struct pairing_session *s)
{
    uint8_t key[CPACE_KEY_BYTES], seen[32], bytes[1 + 32 + 16 + 64];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    const struct cpace_message guest = {.share = s->guest_share, .data = span_text("guest")};
    const struct cpace_message host = {.share = s->host_share, .data = span_text("host")};
    int err = p->way == PAIRING_CODE
                  ? cpace_finish(key, &s->mine, SPAN(s->id, sizeof s->id), &guest, &host)
                  : hop_box_shared(key, p->face.secret, p->host ? s->guest_share : s->host_share);
    if (err == HOP_OK) {
        wire_put_u8(&w, (uint8_t)p->way);
        wire_put_bytes(&w, p->meet, sizeof p->meet);
        wire_put_bytes(&w, s->id, sizeof s->id);
        wire_put_bytes(&w, s->guest_share, sizeof s->guest_share);
        wire_put_bytes(&w, s->host_share, sizeof s->host_share);
        assert(!w.bad);
        hop_hash(seen, sizeof seen, LABEL_PAIR_SEEN, wire_written(&w));
        struct span context = SPAN(seen, sizeof seen);
        hop_derive(s->guest_tag, sizeof s->guest_tag, key, LABEL_PAIR_GUEST, context);
        hop_derive(s->host_tag, sizeof s->host_tag, key, LABEL_PAIR_HOST, context);
        hop_derive(s->seal, sizeof s->seal, key, LABEL_PAIR_SEAL, context);
    }
    hop_wipe(key, sizeof key);
    return err;
}

/* Face to face, a share is one that the other's card committed to. */
static bool is_theirs(const struct pairing *p, const uint8_t share[static 32])
{
    uint8_t commitment[16];
    commit_to(commitment, share);
    return p->way == PAIRING_CODE || hop_equal(commitment, p->theirs.commitment, sizeof commitment);
}

/* ---- the host ---- */

static struct pairing_session *session_of(struct pairing *p, const uint8_t id[static 16])
{
    for (size_t i = 0; i < PAIRING_SESSIONS_MAX; i++)
        if (p->sessions[i].step != PAIRING_FREE && memcmp(p->sessions[i].id, id, 16) == 0)
            return &p->sessions[i];
    return NULL;
}

/* A place for another joiner, or NULL when there were too many this second. */
static struct pairing_session *take_place(struct pairing *p, hop_time now)
{
    struct pairing_session *oldest = &p->sessions[0];
    if (p->calls == 0 || now - p->second >= HOP_SECOND) {
        p->second = now;
        p->calls = 0;
    }
    if (p->calls >= PAIRING_CALLS_MAX)
        return NULL;
    p->calls++;
    for (size_t i = 0; i < PAIRING_SESSIONS_MAX; i++) {
        struct pairing_session *s = &p->sessions[i];
        if (s->step == PAIRING_FREE)
            return s;
        if (s->since < oldest->since)
            oldest = s;
    }
    return oldest;
}

static bool on_call(struct pairing *p, const struct message *m, hop_time now, struct message *ret)
{
    struct pairing_session *s = session_of(p, m->session);
    if (p->state != PAIRING_OPEN || !is_theirs(p, m->share))
        return false;
    if (s == NULL) {
        s = take_place(p, now);
        if (s == NULL)
            return false;
        *s = (struct pairing_session){.since = now};
        memcpy(s->id, m->session, sizeof s->id);
        memcpy(s->guest_share, m->share, sizeof s->guest_share);
        if (p->way == PAIRING_CODE && !begin_code(p, s))
            return false;
        memcpy(s->host_share, p->way == PAIRING_CODE ? s->mine.share : p->face.public_key, 32);
        if (derive(p, s) != HOP_OK)
            return false;
        s->step = PAIRING_ANSWERED;
    }
    if (s->step != PAIRING_ANSWERED || memcmp(s->guest_share, m->share, 32) != 0)
        return false;
    ret->kind = REPLY;
    memcpy(ret->share, s->host_share, sizeof ret->share);
    return true;
}

/* One proof a session: a wrong one is a guess, and is counted before anything is answered. */
static bool on_prove(struct pairing *p, const struct message *m, hop_time now, struct message *ret)
{
    struct pairing_session *s = session_of(p, m->session);
    if (s == NULL || (s->step == PAIRING_ANSWERED && p->state != PAIRING_OPEN))
        return false;
    if (s->step == PAIRING_ANSWERED && hop_equal(m->tag, s->guest_tag, sizeof s->guest_tag)) {
        s->step = PAIRING_RIGHT;
        s->since = now;
        p->state = PAIRING_PROVED;
        return false; /* the owner makes the invitation: pairing_give() */
    }
    if (s->step == PAIRING_ANSWERED) {
        s->step = PAIRING_WRONG;
        p->wrong++;
        if (p->wrong >= PAIRING_GUESSES_MAX)
            p->state = PAIRING_BURNED;
    }
    ret->kind = REFUSE;
    ret->left = (uint8_t)(PAIRING_GUESSES_MAX - p->wrong);
    return s->step == PAIRING_WRONG;
}

static bool hear_as_host(struct pairing *p, const struct message *m, hop_time now,
                         uint8_t ret[static BEACON_PLAIN_BYTES])
{
    struct message answer = {0};
    const struct pairing_session *s = session_of(p, m->session);
    if (p->state == PAIRING_OVER)
        return false;
    if (m->kind == PROVE && p->state == PAIRING_DONE) {
        memcpy(ret, p->given, sizeof p->given); /* it got lost on the way */
        return s != NULL && s->step == PAIRING_RIGHT &&
               hop_equal(m->tag, s->guest_tag, sizeof s->guest_tag);
    }
    memcpy(answer.session, m->session, sizeof answer.session);
    if ((m->kind == CALL && on_call(p, m, now, &answer)) ||
        (m->kind == PROVE && on_prove(p, m, now, &answer))) {
        put(ret, &answer);
        return true;
    }
    return false;
}

void pairing_give(struct pairing *p, const char *invitation, uint8_t ret[static BEACON_PLAIN_BYTES])
{
    static const uint8_t nonce[CRYPTO_NONCE_BYTES]; /* the key is used once */
    uint8_t text[1 + INVITATION_BYTES] = {0};
    size_t size = INVITATION_BYTES;
    struct message m = {.kind = GIVE};
    const struct pairing_session *s = NULL;
    for (size_t i = 0; i < PAIRING_SESSIONS_MAX; i++)
        if (p->sessions[i].step == PAIRING_RIGHT)
            s = &p->sessions[i];
    assert(p->host && p->state == PAIRING_PROVED && s != NULL);
    int err = base32_decode(text + 1, &size, invitation + sizeof INVITATION_PREFIX - 1);
    assert(err == HOP_OK); /* it is our own */
    text[0] = (uint8_t)size;
    memcpy(m.session, s->id, sizeof m.session);
    memcpy(m.tag, s->host_tag, sizeof m.tag);
    hop_seal(m.sealed, s->seal, nonce, SPAN(s->host_tag, sizeof s->host_tag),
             SPAN(text, sizeof text));
    put(p->given, &m);
    memcpy(ret, p->given, sizeof p->given);
    p->state = PAIRING_DONE;
    hop_wipe(text, sizeof text);
}

/* ---- the guest ---- */

static void put_own(const struct pairing *p, uint8_t ret[static BEACON_PLAIN_BYTES])
{
    const struct pairing_session *s = &p->sessions[0];
    struct message m = {.kind = p->state == PAIRING_OPEN ? CALL : PROVE};
    memcpy(m.session, s->id, sizeof m.session);
    memcpy(m.share, s->guest_share, sizeof m.share);
    memcpy(m.tag, s->guest_tag, sizeof m.tag);
    put(ret, &m);
}

/* The first who replies is whom we speak with: to prove to one more would be one more guess for
 * whoever plays the host. */
static bool on_reply(struct pairing *p, const struct message *m, hop_time now,
                     uint8_t ret[static BEACON_PLAIN_BYTES])
{
    struct pairing_session *s = &p->sessions[0];
    if (p->state != PAIRING_OPEN || !is_theirs(p, m->share))
        return false;
    memcpy(s->host_share, m->share, sizeof s->host_share);
    if (derive(p, s) != HOP_OK)
        return false;
    p->state = PAIRING_PROVED;
    p->until = now + PAIRING_PATIENCE_US;
    p->next = now + PAIRING_REPEAT_US;
    put_own(p, ret);
    return true;
}

static void on_give(struct pairing *p, const struct message *m)
{
    static const uint8_t nonce[CRYPTO_NONCE_BYTES];
    const struct pairing_session *s = &p->sessions[0];
    uint8_t text[1 + INVITATION_BYTES];
    size_t n = sizeof INVITATION_PREFIX - 1;
    if (p->state != PAIRING_PROVED || !hop_equal(m->tag, s->host_tag, sizeof s->host_tag) ||
        hop_open(text, s->seal, nonce, SPAN(s->host_tag, sizeof s->host_tag),
                 SPAN(m->sealed, sizeof m->sealed)) != HOP_OK ||
        text[0] > INVITATION_BYTES)
        return;
    memcpy(p->invitation, INVITATION_PREFIX, n);
    base32_encode(p->invitation + n, SPAN(text + 1, text[0]));
    p->state = PAIRING_DONE;
    hop_wipe(text, sizeof text);
}

static bool hear_as_guest(struct pairing *p, const struct message *m, hop_time now,
                          uint8_t ret[static BEACON_PLAIN_BYTES])
{
    if (memcmp(m->session, p->sessions[0].id, sizeof m->session) != 0)
        return false;
    if (m->kind == REPLY)
        return on_reply(p, m, now, ret);
    if (m->kind == GIVE)
        on_give(p, m);
    if (m->kind == REFUSE && p->state == PAIRING_PROVED) {
        p->state = PAIRING_BURNED;
        p->wrong = m->left;
    }
    return false;
}

/* ---- both ---- */

bool pairing_hear(struct pairing *p, const uint8_t heard[static BEACON_PLAIN_BYTES], hop_time now,
                  uint8_t ret[static BEACON_PLAIN_BYTES])
{
    struct message m;
    if (p->state == PAIRING_WAITS || parse(&m, heard) != HOP_OK)
        return false;
    return p->host ? hear_as_host(p, &m, now, ret) : hear_as_guest(p, &m, now, ret);
}

bool pairing_speak(struct pairing *p, hop_time now, uint8_t ret[static BEACON_PLAIN_BYTES])
{
    if (now >= p->until && p->state != PAIRING_BURNED && (p->host || p->state == PAIRING_PROVED))
        p->state = PAIRING_OVER;
    if (p->host || now < p->next || (p->state != PAIRING_OPEN && p->state != PAIRING_PROVED))
        return false;
    p->next = now + PAIRING_REPEAT_US;
    put_own(p, ret);
    return true;
}

hop_time pairing_deadline(const struct pairing *p)
{
    bool speaks = !p->host && (p->state == PAIRING_OPEN || p->state == PAIRING_PROVED);
    bool ends = p->host ? p->state != PAIRING_OVER && p->state != PAIRING_BURNED
                        : p->state == PAIRING_PROVED;
    hop_time at = ends ? p->until : HOP_NEVER;
    return speaks && p->next < at ? p->next : at;
}
