/* From a code read out across a table to a member whom everybody sees. */
#include "device/pairing.h"

#include "tests/unit/device/party.h"

/* The air between the two: whoever else is on it hears every datagram, and may answer. */
static unsigned speak(struct pairing *from, struct pairing *to, hop_time now, bool *ret_proved)
{
    uint8_t said[BEACON_PLAIN_BYTES], answer[BEACON_PLAIN_BYTES], next[BEACON_PLAIN_BYTES];
    if (!pairing_speak(from, now, said))
        return 0;
    bool answers = pairing_hear(to, said, now, answer);
    *ret_proved = to->state == PAIRING_PROVED;
    if (answers)
        (void)pairing_hear(from, answer, now, next);
    return 1;
}

/* Whatever the ways of handing it over are, one invitation makes one member, whom all see. */
TEST(a_code_read_out_makes_a_member_and_a_guess_makes_none)
{
    struct party *p = party_new(3);
    struct pairing host, guest, guesser;
    struct pairing_code code, wrong;
    struct hop_drbg drbg;
    struct device_invite made;
    struct device_join join;
    struct text_said why;
    uint8_t seed[32] = {5}, give[BEACON_PLAIN_BYTES], nothing[BEACON_PLAIN_BYTES];
    uint8_t answer[JOIN_FRAME_BYTES_MAX];
    size_t answer_size;
    bool proved = false;
    hop_drbg_seed(&drbg, seed);
    CHECK_OK(party_found(p, 0));
    const struct device_invite_ask ask = {.name = "Lò Thị B"};
    CHECK_OK(device_may_invite(p->devices[0].d, &ask, &why));
    pairing_code_new(&code, &drbg);
    pairing_open_code(&host, true, &code, &drbg, p->now);

    do
        pairing_code_new(&wrong, &drbg);
    while (memcmp(wrong.digits + PAIRING_PLATE_DIGITS, code.digits + PAIRING_PLATE_DIGITS,
                  PAIRING_SECRET_DIGITS) == 0);
    memcpy(wrong.digits, code.digits, PAIRING_PLATE_DIGITS);
    pairing_open_code(&guesser, false, &wrong, &drbg, p->now);
    for (int i = 1; i <= 4; i++)
        (void)speak(&guesser, &host, p->now + (hop_time)i * PAIRING_REPEAT_US, &proved);
    CHECK_EQ(guesser.state, PAIRING_BURNED);
    CHECK_EQ(cell_invite_count(device_cell(p->devices[0].d)), 0); /* nothing to steal */

    pairing_open_code(&guest, false, &code, &drbg, p->now);
    for (int i = 1; i <= 4 && !proved; i++)
        (void)speak(&guest, &host, p->now + (hop_time)i * PAIRING_REPEAT_US, &proved);
    CHECK(proved);
    CHECK_OK(device_invite(p->devices[0].d, "Lò Thị B", ROLE_MEMBER, CATEGORY_FULL, "",
                           party_wall(p), &made, &why));
    CHECK_OK(party_commit(p, 0));
    pairing_give(&host, made.text, give);
    (void)pairing_hear(&guesser, give, p->now, nothing);
    CHECK_TEXT(guesser.invitation, "");
    (void)pairing_hear(&guest, give, p->now, nothing);
    CHECK_OK(device_join_read(&join, guest.invitation, &why));
    CHECK_OK(party_ask(p, 0, 1, &join, answer, &answer_size));
    CHECK_OK(party_finish(p, 1, &join, SPAN(answer, answer_size), &why));

    CHECK_OK(party_join(p, 0, 2, "Vàng Thị C", ROLE_MEMBER));
    party_run(p, 10);
    for (uint32_t i = 0; i < 3; i++) {
        const struct cell *c = device_cell(p->devices[i].d);
        CHECK_EQ(cell_member_count(c), 3);
        CHECK_TEXT(cell_member(c, 1)->name, "Lò Thị B");
        CHECK_EQ(cell_ignored_count(c), 0);
    }
    party_free(p);
}
