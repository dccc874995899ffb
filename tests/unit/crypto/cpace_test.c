/* CPace against the vectors of draft-irtf-cfrg-cpace-21, appendix B.3, and the wrappers of the
 * group against what the draft and RFC 9496 say is to be refused. */
#include "crypto/cpace.h"

#include "tests/lib/test.h"

static const char ci[] = "\x0b"
                         "A_initiator\x0b"
                         "B_responder";

struct side {
    struct cpace c;
    struct cpace_message message;
};

static struct cpace_names names_of(const char *password, const uint8_t *session)
{
    return (struct cpace_names){
        .password = span_text(password), .channel = span_text(ci), .session = SPAN(session, 16)};
}

static void begin(struct side *s, const char *password, const uint8_t *session, const char *data,
                  const char *random_hex)
{
    uint8_t random[32];
    struct cpace_names names = names_of(password, session);
    CHECK_OK(hop_init());
    CHECK_EQ(test_unhex(random, sizeof random, random_hex).size, 32);
    CHECK_OK(cpace_begin(&s->c, &names, random));
    s->message = (struct cpace_message){.share = s->c.share, .data = span_text(data)};
}

static const char ya[] = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
static const char yb[] = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";

static void session_of_the_draft(uint8_t ret[static 16])
{
    (void)test_unhex(ret, 16, "7e4b4791d6a8ef019b936c79fb7f2c57");
}

/* Two programs that follow the draft could not speak with each other, or one of them would not be
 * what was proven secure. */
TEST(cpace_agrees_with_the_draft)
{
    uint8_t session[16], want[64], got[64];
    struct side a, b;
    session_of_the_draft(session);
    begin(&a, "Password", session, "ADa", ya);
    begin(&b, "Password", session, "ADb", yb);
    (void)test_unhex(want, 32, "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157");
    CHECK_BYTES(a.c.share, want, 32);
    (void)test_unhex(want, 32, "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258");
    CHECK_BYTES(b.c.share, want, 32);
    (void)test_unhex(want, 64,
                     "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
                     "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447");
    CHECK_OK(cpace_finish(got, &a.c, SPAN(session, 16), &a.message, &b.message));
    CHECK_BYTES(got, want, 64);
    CHECK_OK(cpace_finish(got, &b.c, SPAN(session, 16), &a.message, &b.message));
    CHECK_BYTES(got, want, 64);
}

/* Somebody who guesses wrongly, or brings something of another run, must not come out with the key.
 */
TEST(cpace_gives_another_key_for_anything_that_differs)
{
    uint8_t session[16], other[16], want[64], got[64];
    struct side a, b, c;
    session_of_the_draft(session);
    memcpy(other, session, 16);
    other[15] ^= 1;
    begin(&a, "123456", session, "guest", ya);
    begin(&b, "123456", session, "host", yb);
    CHECK_OK(cpace_finish(want, &a.c, SPAN(session, 16), &a.message, &b.message));
    begin(&c, "123457", session, "host", yb);
    CHECK_OK(cpace_finish(got, &c.c, SPAN(session, 16), &a.message, &c.message));
    CHECK(memcmp(got, want, 64) != 0);
    begin(&c, "123456", other, "host", yb);
    CHECK(memcmp(c.c.share, b.c.share, 32) != 0);
    CHECK_OK(cpace_finish(got, &b.c, SPAN(other, 16), &a.message, &b.message));
    CHECK(memcmp(got, want, 64) != 0);
    begin(&c, "123456", session, "hosT", yb);
    CHECK_OK(cpace_finish(got, &c.c, SPAN(session, 16), &a.message, &c.message));
    CHECK(memcmp(got, want, 64) != 0);
    CHECK_OK(cpace_finish(got, &b.c, SPAN(session, 16), &b.message, &a.message));
    CHECK(memcmp(got, want, 64) != 0);
}

/* A share that is no point, or the neutral element, lets an attacker choose the key. */
TEST(cpace_refuses_shares_that_are_no_points)
{
    static const char *const bad[] = {
        "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c", /* draft B.3.11 Y_i1 */
        "0000000000000000000000000000000000000000000000000000000000000000", /* and Y_i2 */
        "0100000000000000000000000000000000000000000000000000000000000000",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* the prime */
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    static const uint8_t zeros[64];
    uint8_t session[16], got[64], point[32];
    struct side a;
    session_of_the_draft(session);
    begin(&a, "Password", session, "ADa", ya);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)test_unhex(point, 32, bad[i]);
        CHECK(!hop_point_valid(point));
        struct cpace_message from = {.share = point, .data = span_text("ADb")};
        CHECK_ERR(cpace_finish(got, &a.c, SPAN(session, 16), &a.message, &from), HOP_EAUTH);
        CHECK_BYTES(got, zeros, 64);
    }
    memcpy(point, a.c.share, 32); /* the same point, spelled with the bit that libsodium ignores */
    point[31] |= 0x80;
    struct cpace_message from = {.share = point, .data = span_text("ADb")};
    CHECK_ERR(cpace_finish(got, &a.c, SPAN(session, 16), &a.message, &from), HOP_EAUTH);
}

/* draft B.3.10 and B.3.11. A scalar with two spellings would make two devices disagree about
 * proofs. */
TEST(group_multiplies_as_the_draft_says_and_takes_no_second_spelling)
{
    static const char order[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    uint8_t s[32], p[32], want[32], got[32], zeros[32] = {0};
    CHECK_OK(hop_init());
    (void)test_unhex(s, 32, "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05");
    (void)test_unhex(p, 32, "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
    (void)test_unhex(want, 32, "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e");
    CHECK_OK(hop_point_mul(got, s, p));
    CHECK_BYTES(got, want, 32);
    (void)test_unhex(s, 32, order);
    CHECK(!hop_scalar_valid(s));
    CHECK_ERR(hop_point_mul(got, s, p), HOP_EAUTH);
    s[0]--; /* the last scalar there is */
    CHECK(hop_scalar_valid(s));
    CHECK_OK(hop_point_mul(got, s, p));
    s[31] |= 0x80;
    CHECK(!hop_scalar_valid(s));
    CHECK_ERR(hop_point_mul(got, zeros, p), HOP_EAUTH);
    CHECK_BYTES(got, zeros, 32);
}

/* FIPS 180-4's "abc", and RFC 9496 §A.3: the first of its derivations from SHA-512. */
TEST(sha512_and_the_derivation_of_points_are_the_published_ones)
{
    uint8_t want[64], got[64], point[32];
    (void)test_unhex(want, 64,
                     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    hop_sha512(got, span_text("abc"));
    CHECK_BYTES(got, want, 64);
    hop_sha512(got, span_text("Ristretto is traditionally a short shot of espresso coffee"));
    hop_point_from_hash(point, got);
    (void)test_unhex(want, 32, "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46");
    CHECK_BYTES(point, want, 32);
}
