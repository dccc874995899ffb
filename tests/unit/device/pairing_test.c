/* Handing an invitation over by a code or face to face: who gets it, and who does not. */
#include "device/pairing.h"

#include "base/encode.h"
#include "tests/unit/device/party.h"

struct meeting_of_two {
    struct pairing host, guest;
    struct hop_drbg drbg;
    hop_time now;
    uint8_t bytes[BEACON_PLAIN_BYTES];
    unsigned said; /* datagrams of the guest */
};

static const char invitation[] = "HOP1-04ADB-ZSP";

static void seed(struct hop_drbg *drbg, uint8_t n)
{
    uint8_t bytes[32] = {n};
    CHECK_OK(hop_init());
    hop_drbg_seed(drbg, bytes);
}

static void by_code(struct meeting_of_two *t, const char *typed)
{
    struct pairing_code code;
    struct text_said why;
    *t = (struct meeting_of_two){.now = HOP_SECOND};
    seed(&t->drbg, 7);
    pairing_code_new(&code, &t->drbg);
    pairing_open_code(&t->host, true, &code, &t->drbg, t->now);
    if (typed != NULL)
        CHECK_OK(pairing_code_read(&code, typed, &why));
    pairing_open_code(&t->guest, false, &code, &t->drbg, t->now);
}

/* The same plate, another secret. */
static struct pairing_code wrong_code(const struct pairing_code *right, unsigned n)
{
    struct pairing_code wrong = *right;
    struct text_said why;
    for (unsigned found = 0; found < n;) {
        unsigned long digits = strtoul(wrong.digits + PAIRING_PLATE_DIGITS, NULL, 10) + 1;
        (void)snprintf(wrong.digits + PAIRING_PLATE_DIGITS, PAIRING_SECRET_DIGITS + 2, "%07lu",
                       digits % 10000000);
        found += memcmp(wrong.digits, right->digits, PAIRING_CODE_DIGITS - 1) != 0 &&
                 pairing_code_read(&wrong, wrong.digits, &why) == HOP_OK;
    }
    return wrong;
}

static void new_guest(struct meeting_of_two *t, const struct pairing_code *code)
{
    pairing_open_code(&t->guest, false, code, &t->drbg, t->now);
}

/* One datagram of the guest to the host, and the host's answer back. False: the guest says nothing.
 */
static bool exchange(struct meeting_of_two *t)
{
    uint8_t answer[BEACON_PLAIN_BYTES], again[BEACON_PLAIN_BYTES];
    t->now += PAIRING_REPEAT_US;
    if (!pairing_speak(&t->guest, t->now, t->bytes))
        return false;
    t->said++;
    bool answered = pairing_hear(&t->host, t->bytes, t->now, answer);
    if (t->host.state == PAIRING_PROVED) {
        pairing_give(&t->host, invitation, answer);
        answered = true;
    }
    if (answered)
        (void)pairing_hear(&t->guest, answer, t->now, again);
    return true;
}

static void run(struct meeting_of_two *t)
{
    for (int i = 0; i < 20 && exchange(t); i++) {
    }
}

static struct pairing_card card_through_text(const struct pairing_card *shown)
{
    char text[PAIRING_CARD_TEXT_BYTES];
    struct pairing_card read;
    struct text_said why;
    pairing_card_text(text, shown);
    CHECK_OK(pairing_card_read(&read, text, &why));
    return read;
}

static void by_face(struct meeting_of_two *t)
{
    struct text_said why;
    *t = (struct meeting_of_two){.now = HOP_SECOND};
    seed(&t->drbg, 8);
    pairing_open_face(&t->host, true, "192.168.1.5:4870", &t->drbg, t->now);
    pairing_open_face(&t->guest, false, "", &t->drbg, t->now);
    struct pairing_card host = card_through_text(&t->host.own);
    struct pairing_card guest = card_through_text(&t->guest.own);
    CHECK_OK(pairing_meet(&t->host, &guest, &why));
    CHECK_OK(pairing_meet(&t->guest, &host, &why));
    CHECK_TEXT(t->guest.theirs.address, "192.168.1.5:4870");
    CHECK_BYTES(t->host.meet, t->guest.meet, 32);
}

/* ---- what people type ---- */

/* A slip of the finger would cost one of three attempts. */
TEST(pairing_code_with_any_digit_wrong_or_two_swapped_is_noticed)
{
    struct pairing_code code, read;
    struct hop_drbg drbg;
    struct text_said why;
    char text[PAIRING_CODE_TEXT];
    unsigned swaps = 0, missed = 0;
    seed(&drbg, 1);
    for (int round = 0; round < 200; round++) {
        pairing_code_new(&code, &drbg);
        pairing_code_text(text, &code);
        CHECK_EQ(strlen(text), 12);
        CHECK_OK(pairing_code_read(&read, text, &why));
        CHECK_TEXT(read.digits, code.digits);
        for (size_t i = 0; i < PAIRING_CODE_DIGITS; i++) {
            struct pairing_code bad = code;
            for (char c = '0'; c <= '9'; c++) {
                bad.digits[i] = c;
                if (c != code.digits[i])
                    CHECK_ERR(pairing_code_read(&read, bad.digits, &why), HOP_EREFUSED);
                CHECK(c == code.digits[i] || why.id == PAIR_CODE_MISTYPED);
            }
            if (i == 0 || code.digits[i] == code.digits[i - 1])
                continue;
            bad = code;
            bad.digits[i] = code.digits[i - 1];
            bad.digits[i - 1] = code.digits[i];
            swaps++;
            missed += pairing_code_read(&read, bad.digits, &why) == HOP_OK;
        }
    }
    CHECK(swaps > 1000 && missed * 40 < swaps);
}

/* What is no code must be said to be none, not tried. */
TEST(pairing_code_is_ten_digits_however_they_are_spaced)
{
    static const char *const bad[] = {
        "", "1", "417-829-034", "417-829-03455", "417a8290345", "HOP1-AAAAA", "４１７8290345"};
    struct pairing_code code, read;
    struct hop_drbg drbg;
    struct text_said why;
    char spaced[64] = "";
    seed(&drbg, 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(pairing_code_read(&read, bad[i], &why), HOP_EREFUSED);
        CHECK_EQ(why.id, PAIR_CODE_BAD);
    }
    pairing_code_new(&code, &drbg);
    for (size_t i = 0; i < PAIRING_CODE_DIGITS; i++)
        (void)snprintf(spaced + strlen(spaced), sizeof spaced - strlen(spaced), "%c%s",
                       code.digits[i], i % 2 == 0 ? " . " : "-");
    CHECK_OK(pairing_code_read(&read, spaced, &why));
    CHECK_TEXT(read.digits, code.digits);
}

/* A letter misread from a screen must be noticed, or the two would wait for each other for ever. */
TEST(pairing_card_with_any_letter_altered_is_refused)
{
    struct meeting_of_two t;
    struct text_said why;
    struct pairing_card read;
    char text[PAIRING_CARD_TEXT_BYTES];
    by_face(&t);
    pairing_card_text(text, &t.host.own);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];
        if (was == '-' && i != 4)
            continue;
        text[i] = was == 'K' ? 'M' : 'K';
        CHECK_ERR(pairing_card_read(&read, text, &why), HOP_EREFUSED);
        CHECK_EQ(why.id, PAIR_CARD_DAMAGED);
        text[i] = '\0';
        CHECK_ERR(pairing_card_read(&read, text, &why), HOP_EREFUSED);
        text[i] = was;
    }
    CHECK_OK(pairing_card_read(&read, text, &why));
    CHECK(read.host);
}

/* Whoever photographs the screens must not learn the cell or a name, or whose they are next time.
 */
TEST(pairing_cards_say_nothing_but_a_commitment_and_an_address)
{
    struct meeting_of_two t, other;
    by_face(&t);
    other = t;
    pairing_open_face(&other.host, true, "192.168.1.5:4870", &other.drbg, other.now);
    CHECK(memcmp(t.host.own.commitment, other.host.own.commitment, 16) != 0);
    for (size_t i = 0; i + 16 <= 32; i++)
        CHECK(memcmp(t.host.own.commitment, t.host.face.public_key + i, 16) != 0);
}

/* One's own card, or that of another who invites, would be waited on for nothing. */
TEST(pairing_cards_of_the_same_side_are_refused)
{
    struct meeting_of_two t;
    struct pairing other;
    struct text_said why;
    by_face(&t);
    pairing_open_face(&other, true, "", &t.drbg, t.now);
    CHECK_ERR(pairing_meet(&other, &other.own, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, PAIR_CARD_OWN);
    CHECK_ERR(pairing_meet(&other, &t.host.own, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, PAIR_CARD_INVITERS);
    pairing_open_face(&other, false, "", &t.drbg, t.now);
    CHECK_ERR(pairing_meet(&other, &t.guest.own, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, PAIR_CARD_JOINERS);
    CHECK_OK(pairing_meet(&other, &t.host.own, &why));
    CHECK_ERR(pairing_meet(&other, &t.host.own, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, PAIR_NOT_WAITING);
}

/* ---- the exchange ---- */

/* The right code, and the two right cards, bring the invitation over whole. */
TEST(pairing_hands_the_invitation_over)
{
    struct meeting_of_two t;
    by_code(&t, NULL);
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_DONE);
    CHECK_EQ(t.host.state, PAIRING_DONE);
    CHECK_TEXT(t.guest.invitation, "HOP1-04ADBZSP");
    CHECK_EQ(t.said, 2);
    by_face(&t);
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_DONE);
    CHECK_TEXT(t.guest.invitation, "HOP1-04ADBZSP");
}

/* An invitation as device_invite() makes it must come out as one that device_join_read() takes. */
TEST(pairing_carries_the_longest_invitation)
{
    struct party *p = party_new(1);
    struct meeting_of_two t;
    struct device_invite made;
    struct device_join want, got;
    struct text_said why;
    uint8_t answer[BEACON_PLAIN_BYTES];
    char address[64];
    CHECK_OK(party_found(p, 0));
    memset(address, '1', 63);
    address[63] = '\0';
    CHECK_OK(device_invite(p->devices[0].d, "B", ROLE_MEMBER, CATEGORY_FULL, address, party_wall(p),
                           &made, &why));
    CHECK_OK(device_join_read(&want, made.text, &why));
    by_code(&t, NULL);
    CHECK(pairing_speak(&t.guest, t.now, t.bytes));
    CHECK(pairing_hear(&t.host, t.bytes, t.now, answer));
    CHECK(pairing_hear(&t.guest, answer, t.now, t.bytes));
    CHECK(!pairing_hear(&t.host, t.bytes, t.now, answer));
    CHECK_EQ(t.host.state, PAIRING_PROVED);
    pairing_give(&t.host, made.text, answer);
    (void)pairing_hear(&t.guest, answer, t.now, t.bytes);
    CHECK_EQ(t.guest.state, PAIRING_DONE);
    CHECK_OK(device_join_read(&got, t.guest.invitation, &why));
    CHECK_BYTES(got.seed, want.seed, 16);
    CHECK_TEXT(got.address, address);
    party_free(p);
}

/* Datagrams get lost: each of them is asked for again, and nothing is handed over twice to two. */
TEST(pairing_survives_the_loss_of_any_datagram)
{
    for (unsigned lost = 0; lost < 256; lost++) {
        struct meeting_of_two t;
        uint8_t answer[BEACON_PLAIN_BYTES], again[BEACON_PLAIN_BYTES];
        unsigned n = 0;
        by_code(&t, NULL);
        for (int i = 0; i < 40 && t.guest.state != PAIRING_DONE; i++) {
            t.now += PAIRING_REPEAT_US;
            if (!pairing_speak(&t.guest, t.now, t.bytes) || (lost >> n++ & 1) != 0)
                continue;
            bool answered = pairing_hear(&t.host, t.bytes, t.now, answer);
            if (t.host.state == PAIRING_PROVED) {
                pairing_give(&t.host, invitation, answer);
                answered = true;
            }
            if (answered && (lost >> n++ & 1) == 0)
                (void)pairing_hear(&t.guest, answer, t.now, again);
        }
        CHECK_EQ(t.guest.state, PAIRING_DONE);
        CHECK_EQ(t.host.wrong, 0);
    }
}

/* ---- who does not get it ---- */

/* Six digits can be tried out in minutes unless somebody counts. */
TEST(pairing_burns_at_the_third_wrong_guess)
{
    struct meeting_of_two t;
    by_code(&t, NULL);
    struct pairing_code right = t.host.code;
    for (unsigned i = 1; i <= PAIRING_GUESSES_MAX; i++) {
        struct pairing_code wrong = wrong_code(&right, i);
        new_guest(&t, &wrong);
        run(&t);
        CHECK_EQ(t.guest.state, PAIRING_BURNED);
        CHECK_EQ(t.guest.wrong, PAIRING_GUESSES_MAX - i);
        CHECK_EQ(t.host.wrong, i);
        CHECK_EQ(t.host.state, i == PAIRING_GUESSES_MAX ? PAIRING_BURNED : PAIRING_OPEN);
    }
    new_guest(&t, &right);
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_OPEN); /* nobody answers any more */
    CHECK_EQ(t.host.state, PAIRING_BURNED);
}

/* Two guesses at once, or one guess said again and again, must count as what they are. */
TEST(pairing_counts_guesses_not_datagrams)
{
    struct meeting_of_two t, u;
    uint8_t answer[BEACON_PLAIN_BYTES], prove[BEACON_PLAIN_BYTES];
    by_code(&t, NULL);
    struct pairing_code wrong = wrong_code(&t.host.code, 1);
    new_guest(&t, &wrong);
    CHECK(pairing_speak(&t.guest, t.now, t.bytes));
    CHECK(pairing_hear(&t.host, t.bytes, t.now, answer));
    CHECK(pairing_hear(&t.guest, answer, t.now, prove));
    for (int i = 0; i < 10; i++)
        CHECK(pairing_hear(&t.host, prove, t.now, answer));
    CHECK_EQ(t.host.wrong, 1);
    u = t;
    for (uint8_t i = 0; i < 10; i++) { /* another proof in the same session is not looked at */
        prove[18] ^= (uint8_t)(i + 1);
        (void)pairing_hear(&t.host, prove, t.now, answer);
    }
    CHECK_EQ(t.host.wrong, 1);
    CHECK_EQ(u.host.wrong, 1);
}

/* Whoever only listens, or only calls, must not be able to try codes out at home: what the host
 * says before a proof is the same whatever the code is, and costs no guess. */
TEST(pairing_tells_a_caller_nothing_that_a_code_could_be_tried_on)
{
    struct meeting_of_two t;
    uint8_t answer[BEACON_PLAIN_BYTES];
    by_code(&t, NULL);
    struct pairing_code wrong = wrong_code(&t.host.code, 1);
    for (int i = 0; i < 3 * PAIRING_CALLS_MAX; i++) {
        new_guest(&t, &wrong);
        t.now += HOP_SECOND / 8;
        CHECK(pairing_speak(&t.guest, t.now, t.bytes));
        CHECK(pairing_hear(&t.host, t.bytes, t.now, answer));
        CHECK_EQ(answer[1], 2);              /* REPLY: a session and a share, the rest is zero */
        CHECK(hop_point_valid(answer + 18)); /* of a secret drawn for this session */
        for (size_t k = 50; k < sizeof answer; k++)
            CHECK_EQ(answer[k], 0);
    }
    CHECK_EQ(t.host.wrong, 0);
    CHECK_EQ(t.host.state, PAIRING_OPEN);
}

/* Somebody between the two who puts in a share of their own gets one guess, and both sides notice.
 */
TEST(pairing_notices_somebody_in_the_middle)
{
    struct meeting_of_two t;
    struct pairing left, right; /* the middle's faces: host to the guest, guest to the host */
    uint8_t a[BEACON_PLAIN_BYTES], b[BEACON_PLAIN_BYTES];
    by_code(&t, NULL);
    struct pairing_code guess = wrong_code(&t.host.code, 1);
    pairing_open_code(&left, true, &guess, &t.drbg, t.now);
    pairing_open_code(&right, false, &guess, &t.drbg, t.now);
    CHECK(pairing_speak(&t.guest, t.now, a));
    CHECK(pairing_hear(&left, a, t.now, b));
    CHECK(pairing_hear(&t.guest, b, t.now, a)); /* the guest proves to the middle */
    CHECK(pairing_hear(&left, a, t.now, b));
    CHECK_EQ(left.wrong, 1); /* which cannot tell more than that it guessed wrong */
    CHECK(pairing_speak(&right, t.now, a));
    CHECK(pairing_hear(&t.host, a, t.now, b));
    CHECK(pairing_hear(&right, b, t.now, a));
    CHECK(pairing_hear(&t.host, a, t.now, b));
    CHECK_EQ(t.host.wrong, 1);
    memcpy(b + 2, t.guest.sessions[0].id, 16); /* passed on as if it were for the guest */
    (void)pairing_hear(&t.guest, b, t.now, a);
    CHECK_EQ(t.guest.state, PAIRING_BURNED);
    CHECK_TEXT(t.guest.invitation, "");
}

/* A message altered in any bit must bring nobody an invitation, and never burn two guesses. */
TEST(pairing_with_any_bit_altered_hands_nothing_over)
{
    for (unsigned step = 0; step < 4; step++) {
        for (size_t bit = 0; bit < BEACON_PLAIN_BYTES * 8; bit += step == 3 ? 1 : 3) {
            struct meeting_of_two t;
            uint8_t m[4][BEACON_PLAIN_BYTES];
            by_code(&t, NULL);
            CHECK(pairing_speak(&t.guest, t.now, m[0]));
            m[0][bit / 8] ^= (uint8_t)(step == 0 ? 1u << bit % 8 : 0);
            if (!pairing_hear(&t.host, m[0], t.now, m[1]))
                continue;
            m[1][bit / 8] ^= (uint8_t)(step == 1 ? 1u << bit % 8 : 0);
            if (!pairing_hear(&t.guest, m[1], t.now, m[2]))
                continue;
            m[2][bit / 8] ^= (uint8_t)(step == 2 ? 1u << bit % 8 : 0);
            (void)pairing_hear(&t.host, m[2], t.now, m[3]);
            CHECK(t.host.wrong <= 1);
            if (t.host.state != PAIRING_PROVED)
                continue;
            CHECK_EQ(step, 3);
            pairing_give(&t.host, invitation, m[3]);
            m[3][bit / 8] ^= (uint8_t)(1u << bit % 8);
            (void)pairing_hear(&t.guest, m[3], t.now, m[2]);
            CHECK(t.guest.state != PAIRING_DONE);
        }
    }
}

/* Face to face, a key that no card committed to must be dropped without an answer, on both sides.
 */
TEST(pairing_face_answers_only_the_key_behind_the_card)
{
    struct meeting_of_two t, mallory;
    uint8_t answer[BEACON_PLAIN_BYTES];
    by_face(&t);
    mallory = t;
    struct hop_box_key own;
    uint8_t chance[32] = {9};
    hop_box_keypair(&own, chance);
    memcpy(mallory.guest.sessions[0].guest_share, own.public_key, 32);
    CHECK(pairing_speak(&mallory.guest, t.now, mallory.bytes));
    CHECK(!pairing_hear(&t.host, mallory.bytes, t.now, answer));
    CHECK(pairing_speak(&t.guest, t.now, t.bytes));
    CHECK(pairing_hear(&t.host, t.bytes, t.now, answer));
    memcpy(answer + 18, own.public_key, 32);
    CHECK(!pairing_hear(&t.guest, answer, t.now, t.bytes));
    CHECK_EQ(t.guest.state, PAIRING_OPEN);
    CHECK_EQ(t.host.wrong, 0);
}

/* Once handed over, a second who knows the code gets nothing: one use, always. */
TEST(pairing_hands_over_once)
{
    struct meeting_of_two t;
    by_code(&t, NULL);
    struct pairing_code code = t.host.code;
    struct pairing first = t.guest;
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_DONE);
    new_guest(&t, &code);
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_OPEN);
    CHECK_EQ(first.state, PAIRING_OPEN);
}

/* A code on a screen nobody looks at any more must not stay open. */
TEST(pairing_is_over_after_ten_minutes_of_the_hosts_clock)
{
    struct meeting_of_two t;
    by_code(&t, NULL);
    CHECK_EQ(pairing_deadline(&t.host), HOP_SECOND + PAIRING_LIFE_US);
    CHECK(!pairing_speak(&t.host, HOP_SECOND + PAIRING_LIFE_US - 1, t.bytes));
    CHECK_EQ(t.host.state, PAIRING_OPEN);
    CHECK(!pairing_speak(&t.host, HOP_SECOND + PAIRING_LIFE_US, t.bytes));
    CHECK_EQ(t.host.state, PAIRING_OVER);
    t.now = HOP_SECOND + PAIRING_LIFE_US;
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_OPEN);
}

/* A host that stops in the middle must not leave the joiner waiting. */
TEST(pairing_guest_gives_up_when_its_proof_is_not_answered)
{
    struct meeting_of_two t;
    uint8_t answer[BEACON_PLAIN_BYTES];
    by_code(&t, NULL);
    CHECK(pairing_speak(&t.guest, t.now, t.bytes));
    CHECK(pairing_hear(&t.host, t.bytes, t.now, answer));
    CHECK(pairing_hear(&t.guest, answer, t.now, t.bytes));
    for (; t.guest.state == PAIRING_PROVED; t.now = pairing_deadline(&t.guest))
        (void)pairing_speak(&t.guest, t.now, t.bytes);
    CHECK_EQ(t.guest.state, PAIRING_OVER);
    CHECK_EQ(pairing_deadline(&t.guest), HOP_NEVER);
}

/* A flood of calls must not cost more than its share of the processor. */
TEST(pairing_takes_so_many_new_joiners_a_second)
{
    struct meeting_of_two t;
    uint8_t answer[BEACON_PLAIN_BYTES];
    unsigned answered = 0;
    by_code(&t, NULL);
    struct pairing_code code = t.host.code;
    for (int i = 0; i < 100; i++) {
        new_guest(&t, &code);
        CHECK(pairing_speak(&t.guest, t.now, t.bytes));
        answered += pairing_hear(&t.host, t.bytes, t.now, answer);
    }
    CHECK_EQ(answered, PAIRING_CALLS_MAX);
    t.now += HOP_SECOND;
    run(&t);
    CHECK_EQ(t.guest.state, PAIRING_DONE);
}

/* ---- vectors ---- */

static void tell(struct buf *b, const char *name, const uint8_t *bytes, size_t size)
{
    char hex[HEX_SIZE(BEACON_PLAIN_BYTES)];
    hex_encode(hex, SPAN(bytes, size));
    buf_printf(b, "%s = %s\n", name, hex);
}

static void tell_exchange(struct buf *b, struct meeting_of_two *t, const char *way)
{
    uint8_t m[4][BEACON_PLAIN_BYTES];
    char name[40];
    static const char *const kinds[] = {"call", "reply", "prove", "give"};
    CHECK(pairing_speak(&t->guest, t->now, m[0]));
    CHECK(pairing_hear(&t->host, m[0], t->now, m[1]));
    CHECK(pairing_hear(&t->guest, m[1], t->now, m[2]));
    CHECK(!pairing_hear(&t->host, m[2], t->now, m[3]));
    pairing_give(&t->host, invitation, m[3]);
    (void)snprintf(name, sizeof name, "%s_meet", way);
    tell(b, name, t->host.meet, 32);
    (void)snprintf(name, sizeof name, "%s_guest_secret", way);
    tell(b, name,
         t->guest.way == PAIRING_CODE ? t->guest.sessions[0].mine.secret : t->guest.face.secret,
         32);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof name, "%s_%s", way, kinds[i]);
        tell(b, name, m[i], BEACON_PLAIN_BYTES);
    }
}

/* A change of any byte of the exchange would leave two versions of hop unable to pair, without a
 * word why. HOP_VECTORS=. writes the file anew; tests/vectors/invite/pairing.py checks it. */
TEST(pairing_vectors_hold)
{
    struct meeting_of_two t;
    struct buf b = {0};
    char text[PAIRING_CARD_TEXT_BYTES], kept[8192] = "", path[300];
    by_code(&t, NULL);
    pairing_code_text(text, &t.host.code);
    buf_printf(&b, "code = %s\n", text);
    tell_exchange(&b, &t, "code");
    by_face(&t);
    pairing_card_text(text, &t.host.own);
    buf_printf(&b, "host_card = %s\n", text);
    pairing_card_text(text, &t.guest.own);
    buf_printf(&b, "guest_card = %s\n", text);
    tell_exchange(&b, &t, "face");
    buf_printf(&b, "invitation = %s\n", invitation);
    const char *root = getenv("HOP_VECTORS");
    (void)snprintf(path, sizeof path, "%s/tests/vectors/invite/pairing.txt",
                   root == NULL ? "." : root);
    FILE *f = fopen(path, root == NULL ? "rb" : "wb");
    CHECK(f != NULL);
    if (root != NULL)
        CHECK(fwrite(b.data, 1, b.size, f) == b.size);
    else
        CHECK(fread(kept, 1, sizeof kept - 1, f) > 0);
    (void)fclose(f);
    if (root == NULL)
        CHECK_TEXT(kept, buf_string(&b));
    buf_free(&b);
}
