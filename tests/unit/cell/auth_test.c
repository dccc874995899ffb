/* The control records as bytes: one spelling each, everything checked. */
#include "cell/auth.h"

#include "tests/lib/test.h"

static void fill(uint8_t *ret, size_t size, uint8_t with)
{
    memset(ret, with, size);
}

static void name(char *ret, const char *text)
{
    memcpy(ret, text, strlen(text) + 1);
}

static struct auth_genesis genesis(void)
{
    struct auth_genesis g = {.founder_role = ROLE_SECRETARY};
    fill(g.salt, 32, 1);
    fill(g.procedure, 32, 2);
    fill(g.founder_ik, 32, 3);
    fill(g.founder_lk, 32, 4);
    fill(g.founder_kem, 32, 5);
    name(g.name, "Chi bộ bản Mù");
    name(g.procedure_name, "party-cell");
    name(g.founder_name, "Nguyễn Văn A");
    return g;
}

static struct auth_invite invite(void)
{
    struct auth_invite i = {.role = ROLE_DEPUTY, .category = CATEGORY_ATTACHED};
    fill(i.id, 16, 1);
    fill(i.sign_key, 32, 2);
    fill(i.link_key, 32, 3);
    fill(i.disc_key, 32, 4);
    name(i.name, "Lò Thị B");
    return i;
}

static struct auth_admit admit(void)
{
    struct auth_admit a = {.role = ROLE_COMMITTEE, .category = CATEGORY_PROBATIONARY, .rank = 1};
    fill(a.invite, 16, 1);
    fill(a.member, 16, 2);
    fill((uint8_t *)&a.cert, sizeof a.cert, 3);
    fill(a.join_sig, 64, 4);
    name(a.name, "Giàng A C");
    return a;
}

static struct auth_log_open log_open(void)
{
    struct auth_log_open o = {.incarnation = 0x01020304, .lane = 2};
    fill(o.cell_id, 32, 1);
    fill(o.ik, 32, 2);
    fill(o.sig, 64, 3);
    return o;
}

/* One of each, behind one face, so that every property is checked of all. */
enum kind { GENESIS, INVITE, ADMIT, LOG_OPEN, KINDS };

static size_t put(enum kind k, uint8_t *bytes, size_t room)
{
    struct wire_writer w = wire_writer(bytes, room);
    struct auth_genesis g = genesis();
    struct auth_invite i = invite();
    struct auth_admit a = admit();
    struct auth_log_open o = log_open();
    if (k == GENESIS)
        auth_genesis_put(&w, &g);
    else if (k == INVITE)
        auth_invite_put(&w, &i);
    else if (k == ADMIT)
        auth_admit_put(&w, &a);
    else
        auth_log_open_put(&w, &o);
    CHECK(!w.bad);
    return w.used;
}

/* Parse and put again: the size of what comes out, 0 if it was refused. */
static size_t again(enum kind k, struct span body, uint8_t *ret)
{
    struct wire_writer w = wire_writer(ret, 1024);
    struct auth_genesis g;
    struct auth_invite i;
    struct auth_admit a;
    struct auth_log_open o;
    int err = HOP_OK;
    if (k == GENESIS && (err = auth_genesis_parse(&g, body)) == HOP_OK)
        auth_genesis_put(&w, &g);
    else if (k == INVITE && (err = auth_invite_parse(&i, body)) == HOP_OK)
        auth_invite_put(&w, &i);
    else if (k == ADMIT && (err = auth_admit_parse(&a, body)) == HOP_OK)
        auth_admit_put(&w, &a);
    else if (k == LOG_OPEN && (err = auth_log_open_parse(&o, body)) == HOP_OK)
        auth_log_open_put(&w, &o);
    CHECK(err == HOP_OK || err == HOP_EMALFORMED);
    return err == HOP_OK ? w.used : 0;
}

/* A record that reads back as another would be two records with one id. */
TEST(auth_records_read_back_as_they_were_put)
{
    for (enum kind k = 0; k < KINDS; k++) {
        uint8_t bytes[1024], back[1024];
        size_t size = put(k, bytes, sizeof bytes);
        CHECK_EQ(again(k, SPAN(bytes, size), back), size);
        CHECK_BYTES(back, bytes, size);
    }
    struct auth_admit a, want = admit();
    uint8_t bytes[1024];
    size_t size = put(ADMIT, bytes, sizeof bytes);
    CHECK_OK(auth_admit_parse(&a, SPAN(bytes, size)));
    CHECK_TEXT(a.name, want.name);
    CHECK_EQ(a.rank, 1);
    CHECK_EQ(a.category, CATEGORY_PROBATIONARY);
}

/* Cut or lengthened records must be refused, or a forger could hide bytes in them. */
TEST(auth_records_refuse_every_other_length)
{
    for (enum kind k = 0; k < KINDS; k++) {
        uint8_t bytes[1024] = {0}, back[1024];
        size_t size = put(k, bytes, sizeof bytes);
        for (size_t n = 0; n <= size + 2; n++)
            CHECK_EQ(again(k, SPAN(bytes, n), back), n == size ? size : 0);
    }
}

/* Whatever is accepted has this one spelling. */
TEST(auth_records_have_one_spelling)
{
    for (enum kind k = 0; k < KINDS; k++) {
        uint8_t bytes[1024], back[1024];
        size_t size = put(k, bytes, sizeof bytes);
        for (size_t bit = 0; bit < size * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            size_t got = again(k, SPAN(bytes, size), back);
            CHECK(got == 0 || got == size);
            CHECK(got == 0 || memcmp(back, bytes, size) == 0);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* A name that is not text would break every page that shows it. */
TEST(auth_names_must_be_text)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {{"ok", true},        {"", true},
                 {"\xc3\x28", false}, {"\xed\xa0\x80", false},
                 {"\xc0\xaf", false}, {"\xf5\x80\x80\x80", false},
                 {"\xe1\xbb", false}, {"Đỗ Thị Ê", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[1024];
        struct wire_writer w = wire_writer(bytes, sizeof bytes);
        struct auth_invite in = invite(), out;
        name(in.name, cases[i].name);
        auth_invite_put(&w, &in);
        CHECK_ERR(auth_invite_parse(&out, wire_written(&w)),
                  cases[i].good ? HOP_OK : HOP_EMALFORMED);
    }
}

/* A NUL inside a name would make two names compare equal. */
TEST(auth_names_hold_no_nul_and_keep_their_limit)
{
    uint8_t bytes[1024], body[1024];
    struct auth_genesis g;
    size_t size = put(GENESIS, bytes, sizeof bytes);
    bytes[66 + 3] = '\0'; /* in the cell's name */
    CHECK_ERR(auth_genesis_parse(&g, SPAN(bytes, size)), HOP_EMALFORMED);
    for (size_t n = AUTH_NAME_BYTES_MAX - 1; n <= AUTH_NAME_BYTES_MAX + 1; n++) {
        uint8_t long_name[AUTH_NAME_BYTES_MAX + 1];
        struct wire_writer w = wire_writer(body, sizeof body);
        memset(long_name, 'x', sizeof long_name);
        wire_put_zeros(&w, 64);
        wire_put_blob(&w, SPAN(long_name, n));
        wire_put_blob(&w, span_text("p"));
        wire_put_blob(&w, span_text("f"));
        wire_put_u8(&w, ROLE_SECRETARY);
        wire_put_zeros(&w, 96);
        CHECK_ERR(auth_genesis_parse(&g, wire_written(&w)),
                  n <= AUTH_NAME_BYTES_MAX ? HOP_OK : HOP_EMALFORMED);
    }
}

/* Roles and categories index tables: beyond them is nothing. */
TEST(auth_records_refuse_unknown_roles_and_categories)
{
    for (unsigned v = 0; v < 256; v++) {
        uint8_t bytes[1024], back[1024];
        size_t size = put(INVITE, bytes, sizeof bytes);
        bytes[size - 50] = (uint8_t)v;
        CHECK_EQ(again(INVITE, SPAN(bytes, size), back), v < ROLES_COUNT ? size : 0);
        size = put(INVITE, bytes, sizeof bytes);
        bytes[size - 49] = (uint8_t)v;
        CHECK_EQ(again(INVITE, SPAN(bytes, size), back), v < CATEGORIES_COUNT ? size : 0);
        size = put(ADMIT, bytes, sizeof bytes);
        size_t role_at = 32 + 2 + strlen("Giàng A C");
        bytes[role_at] = (uint8_t)v;
        CHECK_EQ(again(ADMIT, SPAN(bytes, size), back), v < ROLES_COUNT ? size : 0);
        size = put(GENESIS, bytes, sizeof bytes);
        bytes[size - 97] = (uint8_t)v;
        CHECK_EQ(again(GENESIS, SPAN(bytes, size), back), v < ROLES_COUNT ? size : 0);
    }
}

/* A certificate is worth what its signature covers: every key, and the cell. */
TEST(auth_certificate_covers_all_keys_and_the_cell)
{
    uint8_t seed[32] = {1}, cell[32] = {2}, inviting[16] = {3};
    struct hop_sign_key ik;
    struct auth_cert c = {0};
    CHECK_OK(hop_init());
    hop_sign_keypair(&ik, seed);
    fill(c.lk, 32, 7);
    fill(c.kem, 32, 8);
    auth_cert_sign(&c, &ik, cell, inviting);
    CHECK_OK(auth_cert_check(&c, cell, inviting));
    uint8_t *bytes = (uint8_t *)&c;
    for (size_t at = 0; at < sizeof c; at++) {
        bytes[at] ^= 1;
        CHECK_ERR(auth_cert_check(&c, cell, inviting), HOP_EAUTH);
        bytes[at] ^= 1;
    }
    for (size_t at = 0; at < 32; at++) {
        cell[at] ^= 1;
        CHECK_ERR(auth_cert_check(&c, cell, inviting), HOP_EAUTH);
        cell[at] ^= 1;
    }
    for (size_t at = 0; at < 16; at++) {
        inviting[at] ^= 1;
        CHECK_ERR(auth_cert_check(&c, cell, inviting), HOP_EAUTH);
        inviting[at] ^= 1;
    }
    struct auth_cert weak = c;
    fill(weak.ik, 32, 0); /* of small order */
    CHECK_ERR(auth_cert_check(&weak, cell, inviting), HOP_EAUTH);
    weak = c;
    memset(weak.kem, 0, 32); /* likewise, and honestly signed: no epoch could be sealed to it */
    auth_cert_sign(&weak, &ik, cell, inviting);
    CHECK_ERR(auth_cert_check(&weak, cell, inviting), HOP_EAUTH);
}

/* A LOG-OPEN moved to another log, lane or incarnation would give somebody else's words a name. */
TEST(auth_log_open_is_bound_to_its_log)
{
    uint8_t seed[32] = {1}, log[32] = {3};
    struct hop_sign_key ik;
    struct auth_log_open o = {.incarnation = 1, .lane = 1};
    CHECK_OK(hop_init());
    hop_sign_keypair(&ik, seed);
    auth_log_open_sign(&o, &ik, log);
    CHECK_OK(auth_log_open_check(&o, log));
    struct auth_log_open other = o;
    other.lane = 0;
    CHECK_ERR(auth_log_open_check(&other, log), HOP_EAUTH);
    other = o;
    other.incarnation = 2;
    CHECK_ERR(auth_log_open_check(&other, log), HOP_EAUTH);
    other = o;
    other.cell_id[31] ^= 1;
    CHECK_ERR(auth_log_open_check(&other, log), HOP_EAUTH);
    other = o;
    other.ik[0] ^= 1;
    CHECK_ERR(auth_log_open_check(&other, log), HOP_EAUTH);
    log[0] ^= 1;
    CHECK_ERR(auth_log_open_check(&o, log), HOP_EAUTH);
}

/* Numbers are for ever: records of years ago carry them. */
TEST(auth_types_and_ranks_keep_their_numbers)
{
    CHECK_EQ(AUTH_LOG_OPEN, 1);
    CHECK_EQ(AUTH_GENESIS, 2);
    CHECK_EQ(AUTH_EPOCH, 3);
    CHECK_EQ(AUTH_GRANT, 4);
    CHECK_EQ(AUTH_INVITE, 5);
    CHECK_EQ(AUTH_ADMIT, 6);
    CHECK_EQ(AUTH_PROCEDURE, 7);
    CHECK_EQ(AUTH_REMOVE, 8);
    CHECK_EQ(AUTH_CHECKPOINT, 13);
    CHECK_EQ(AUTH_SEEN, 14);
    static const uint8_t ranks[ROLES_COUNT] = {0, 1, 2, 3, 0, 0};
    for (enum auth_role r = 0; r < ROLES_COUNT; r++)
        CHECK_EQ(auth_rank_of(r), ranks[r]);
}
