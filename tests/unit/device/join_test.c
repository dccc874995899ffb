/* Coming in by invitation: what is accepted, and everything that is not. */
#include "device/device.h"
#include "device/join_file.h"

#include "tests/unit/device/party.h"

/* Where the bytes of a request and an answer lie (docs/protocol.md). */
#define REQUEST_BYTES   (2 + 32 + 16 + 160 + 64)
#define ANSWER_AT       2
#define ANSWER_ACCEPTED 0
#define ANSWER_USED     1
#define ANSWER_UNKNOWN  2
#define ANSWER_OTHER    3
#define ANSWER_PROOF    4
#define ANSWER_BUSY     6

struct asking {
    struct device_join join;
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
};

/* p's device 0 invites, device joiner makes its request. */
static void ask(struct party *p, uint32_t joiner, struct asking *a)
{
    CHECK_OK(party_invite(p, 0, "Lò Thị B", ROLE_MEMBER, &a->join));
    CHECK_OK(device_join_request(p->devices[joiner].d, &a->join, a->request, &a->request_size));
    CHECK_EQ(a->request_size, REQUEST_BYTES);
}

static unsigned answer(struct party *p, struct asking *a, const uint8_t *link_key)
{
    device_join_answer(p->devices[0].d, SPAN(a->request, a->request_size),
                       link_key == NULL ? a->join.link_key.public_key : link_key, party_wall(p),
                       a->answer, &a->answer_size);
    CHECK(a->answer_size > ANSWER_AT);
    return a->answer[ANSWER_AT];
}

static void check_refused(struct party *p, uint32_t joiner, const struct asking *a,
                          enum text_id why_id)
{
    struct text_said why;
    struct device_join join = a->join;
    CHECK_ERR(
        device_join_finish(p->devices[joiner].d, &join, SPAN(a->answer, a->answer_size), &why),
        HOP_EREFUSED);
    CHECK_EQ(why.id, why_id);
    CHECK(!p->devices[joiner].keys.has_cell);
}

/* ---- the text ---- */

static size_t a_text(struct party *p, char ret[static INVITE_TEXT_BYTES])
{
    struct device_invite invite;
    struct text_said why;
    CHECK_OK(device_invite(p->devices[0].d, "B", ROLE_MEMBER, CATEGORY_FULL, "10.0.0.7:4870",
                           party_wall(p), &invite, &why));
    memcpy(ret, invite.text, INVITE_TEXT_BYTES);
    return strlen(ret);
}

/* A letter misread on the telephone must be noticed before anything is sent. */
TEST(join_text_with_any_letter_altered_is_refused)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ!";
    struct party *p = party_gathered(1);
    char text[INVITE_TEXT_BYTES];
    struct device_join j;
    struct text_said why;
    size_t size = a_text(p, text);
    CHECK_OK(device_join_read(&j, text, &why));
    CHECK_TEXT(j.address, "10.0.0.7:4870");
    CHECK_BYTES(j.cell_id, cell_id(device_cell(p->devices[0].d)), 32);
    for (size_t at = 0; at < size; at++) {
        char was = text[at];
        for (const char *c = digits; *c != '\0' && (was != '-' || at == 4); c++) {
            if (*c == was)
                continue;
            text[at] = *c;
            CHECK_ERR(device_join_read(&j, text, &why), HOP_EREFUSED);
            CHECK_EQ(why.id, JOIN_TEXT_DAMAGED);
        }
        text[at] = was;
    }
    CHECK_OK(device_join_read(&j, text, &why));
    for (size_t cut = 0; cut < size; cut++) {
        char was = text[cut];
        text[cut] = '\0';
        CHECK_ERR(device_join_read(&j, text, &why), HOP_EREFUSED);
        text[cut] = was;
    }
    party_free(p);
}

/* People type in small letters, leave out dashes and paste with line ends. */
TEST(join_text_may_be_typed_as_people_type)
{
    struct party *p = party_gathered(1);
    char text[INVITE_TEXT_BYTES], small[INVITE_TEXT_BYTES + 8] = " \n", bare[INVITE_TEXT_BYTES];
    struct device_join want, got;
    struct text_said why;
    size_t size = a_text(p, text), n = 5;
    memcpy(bare, text, 5);
    for (size_t i = 0; i <= size; i++) {
        char c = text[i];
        small[2 + i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
        if (i >= 5 && c != '-')
            bare[n++] = c == '0' ? 'o' : c == '1' ? 'l' : c;
    }
    small[2 + size] = '\r';
    small[3 + size] = '\n';
    small[4 + size] = '\0';
    CHECK_OK(device_join_read(&want, text, &why));
    CHECK_OK(device_join_read(&got, bare, &why));
    CHECK_BYTES(got.seed, want.seed, 16);
    CHECK_OK(device_join_read(&got, small, &why));
    CHECK_BYTES(got.seed, want.seed, 16);
    party_free(p);
}

/* ---- the request ---- */

/* The whole way in: the joiner is a member for everybody. */
TEST(join_brings_a_member_in)
{
    struct party *p = party_gathered(3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct cell *c = device_cell(p->devices[i].d);
        CHECK_EQ(cell_member_count(c), 3);
        CHECK_EQ(device_self(p->devices[i].d), i);
        CHECK_TEXT(cell_member(c, 2)->name, "Member 2");
        CHECK_EQ(cell_ignored_count(c), 0);
    }
    party_free(p);
}

/* A request altered in any bit must not bring anybody in. */
TEST(join_request_altered_in_any_bit_is_refused)
{
    struct party *p = party_new(2);
    struct asking a;
    CHECK_OK(party_found(p, 0));
    ask(p, 1, &a);
    for (size_t bit = 0; bit < a.request_size * 8; bit += bit < 400 ? 1 : 3) {
        a.request[bit / 8] ^= (uint8_t)(1u << bit % 8);
        unsigned said = answer(p, &a, NULL);
        CHECK(said != ANSWER_ACCEPTED);
        CHECK(bit / 8 < 2 || bit / 8 >= 34 || said == ANSWER_OTHER);
        CHECK(bit / 8 < 34 || bit / 8 >= 50 || said == ANSWER_UNKNOWN);
        CHECK(bit / 8 < 50 || said == ANSWER_PROOF);
        a.request[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < REQUEST_BYTES; size++) {
        a.request_size = size;
        CHECK(answer(p, &a, NULL) != ANSWER_ACCEPTED);
    }
    a.request_size = REQUEST_BYTES + 1;
    CHECK(answer(p, &a, NULL) != ANSWER_ACCEPTED);
    a.request_size = REQUEST_BYTES;
    CHECK_EQ(answer(p, &a, NULL), ANSWER_ACCEPTED);
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 2);
    party_free(p);
}

/* Each refusal has its sentence, and changes nothing on either side. */
TEST(join_refusals_say_why)
{
    struct party *p = party_new(3), *other = party_new(1);
    struct asking a, b;
    uint8_t wrong_link[32] = {7};
    CHECK_OK(party_found(p, 0));
    other->devices[0].starts = 77; /* another seed: another cell */
    party_crash(other, 0);
    CHECK_OK(party_found(other, 0));
    ask(p, 1, &a);
    uint64_t records = device_record_count(p->devices[0].d);

    CHECK_EQ(answer(p, &a, wrong_link), ANSWER_UNKNOWN);
    check_refused(p, 1, &a, JOIN_REFUSED_UNKNOWN);
    CHECK_EQ(answer(other, &a, NULL), ANSWER_OTHER);
    check_refused(p, 1, &a, JOIN_REFUSED_CELL);
    b = a;
    b.request[2 + 32 + 16] ^= 1; /* another identity key */
    CHECK_EQ(answer(p, &b, NULL), ANSWER_PROOF);
    check_refused(p, 1, &b, JOIN_REFUSED_PROOF);
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(device_record_count(p->devices[0].d), records);

    CHECK_EQ(answer(p, &a, NULL), ANSWER_ACCEPTED);
    b = a;
    CHECK_OK(device_join_request(p->devices[2].d, &b.join, b.request, &b.request_size));
    CHECK_EQ(answer(p, &b, NULL), ANSWER_USED); /* in the same turn */
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(answer(p, &b, NULL), ANSWER_USED); /* and ever after */
    check_refused(p, 2, &b, JOIN_REFUSED_USED);
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 2);
    party_free(p);
    party_free(other);
}

/* Who may not invite may not let people in either, though it knows every invitation. */
TEST(join_is_refused_by_a_member_without_office)
{
    struct party *p = party_new(3);
    struct asking a;
    struct device_invite invite;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    CHECK_OK(party_join(p, 0, 1, "B", ROLE_MEMBER));
    ask(p, 2, &a);
    p->n = 2; /* the joiner has no mesh yet */
    party_run(p, 10);
    p->n = 3;
    CHECK_EQ(cell_invite_count(device_cell(p->devices[1].d)), 2);
    device_join_answer(p->devices[1].d, SPAN(a.request, a.request_size), a.join.link_key.public_key,
                       party_wall(p), a.answer, &a.answer_size);
    CHECK_EQ(a.answer[ANSWER_AT], ANSWER_UNKNOWN);
    CHECK_ERR(
        device_invite(p->devices[1].d, "C", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why),
        HOP_EREFUSED);
    CHECK_EQ(why.id, INVITE_NOT_ALLOWED);
    party_free(p);
}

/* The answer got lost on the way: the same joiner asks again, and is welcome. */
TEST(join_answer_that_was_lost_is_given_again)
{
    struct party *p = party_new(2);
    struct asking a;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    ask(p, 1, &a);
    CHECK_EQ(answer(p, &a, NULL), ANSWER_ACCEPTED);
    CHECK_OK(party_commit(p, 0));
    uint64_t records = device_record_count(p->devices[0].d);
    party_crash(p, 0);
    CHECK_EQ(answer(p, &a, NULL), ANSWER_ACCEPTED);
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(device_record_count(p->devices[0].d), records); /* not admitted twice */
    CHECK_OK(party_finish(p, 1, &a.join, SPAN(a.answer, a.answer_size), &why));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(device_self(p->devices[1].d), 1);
    party_free(p);
}

/* The joiner trusts no answer that is not whole and for its own cell. */
TEST(join_answer_altered_in_any_byte_is_refused)
{
    struct party *p = party_new(2);
    struct asking a;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    ask(p, 1, &a);
    CHECK_EQ(answer(p, &a, NULL), ANSWER_ACCEPTED);
    struct device_keys before = p->devices[1].keys;
    size_t name = strlen("Lò Thị B"); /* at the end, and only to be shown: nothing rests on it */
    for (size_t at = 0; at < a.answer_size - name; at++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            a.answer[at] ^= (uint8_t)bit;
            CHECK_ERR(
                device_join_finish(p->devices[1].d, &a.join, SPAN(a.answer, a.answer_size), &why),
                HOP_EREFUSED);
            a.answer[at] ^= (uint8_t)bit;
        }
        CHECK_ERR(device_join_finish(p->devices[1].d, &a.join, SPAN(a.answer, at), &why),
                  HOP_EREFUSED);
    }
    CHECK_EQ(memcmp(&p->devices[1].keys, &before, sizeof before), 0);
    CHECK_ERR(device_join_finish(p->devices[1].d, &a.join, SPAN(a.answer, a.answer_size + 1), &why),
              HOP_EREFUSED);
    CHECK_OK(party_finish(p, 1, &a.join, SPAN(a.answer, a.answer_size), &why));
    party_free(p);
}

/* A crowd at the door: those beyond the limit of one turn are asked to come again, and come in. */
TEST(join_answers_a_crowd_in_turns)
{
    struct party *p = party_new(4);
    struct asking a[3];
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    for (uint32_t i = 0; i < 3; i++)
        ask(p, i + 1, &a[i]);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQ(answer(p, &a[i], NULL), ANSWER_ACCEPTED); /* one turn for all */
    CHECK_OK(party_commit(p, 0));
    for (uint32_t i = 0; i < 3; i++)
        CHECK_OK(party_finish(p, i + 1, &a[i].join, SPAN(a[i].answer, a[i].answer_size), &why));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(cell_member_count(device_cell(p->devices[3].d)), 4);
    party_free(p);
}

/* A disk that is full says "later", and later it works. */
TEST(join_is_put_off_while_the_disk_is_full)
{
    struct party *p = party_new(2);
    struct asking a;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    ask(p, 1, &a);
    for (unsigned long n = 1; n <= 3; n++) { /* ADMIT, GRANT; the third write never comes */
        *store_memory_faults(p->devices[0].store) =
            (struct store_faults){.write_countdown = n, .error = HOP_ENOSPACE};
        unsigned said = answer(p, &a, NULL);
        CHECK_EQ(said, n < 3 ? ANSWER_BUSY : ANSWER_ACCEPTED);
        CHECK_ERR(party_commit(p, 0), n < 3 ? HOP_ENOSPACE : HOP_OK);
        if (n < 3)
            check_refused(p, 1, &a, JOIN_REFUSED_BUSY);
        CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), n < 3 ? 1 : 2);
    }
    CHECK_OK(party_finish(p, 1, &a.join, SPAN(a.answer, a.answer_size), &why));
    *store_memory_faults(p->devices[0].store) = (struct store_faults){0};
    party_run(p, 10);
    party_check_agree(p);
    party_free(p);
}

/* Names that would break a page, and more open invitations than anybody needs. */
TEST(join_invitations_keep_their_limits)
{
    struct party *p = party_gathered(1);
    struct device_invite invite;
    struct text_said why;
    struct device *d = p->devices[0].d;
    char name[AUTH_NAME_BYTES_MAX + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_ERR(device_invite(d, "B", ROLE_SECRETARY, CATEGORY_FULL, NULL, 0, &invite, &why),
              HOP_EREFUSED); /* the fold would ignore it, and the invited person be turned away */
    CHECK_EQ(why.id, INVITE_ROLE_NOT_ALLOWED);
    CHECK_ERR(device_invite(d, "", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why),
              HOP_EREFUSED);
    CHECK_EQ(why.id, INVITE_NO_NAME);
    CHECK_ERR(device_invite(d, name, ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why),
              HOP_EREFUSED);
    CHECK_EQ(why.id, CELL_NAME_BAD);
    CHECK_ERR(device_invite(d, "\xff", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why),
              HOP_EREFUSED);
    name[AUTH_NAME_BYTES_MAX] = '\0';
    for (unsigned n = 0; n < 33; n++) {
        int err = device_invite(d, name, ROLE_MEMBER, CATEGORY_FULL,
                                "an address that is much longer than sixty-three bytes of text!!!!",
                                0, &invite, &why);
        CHECK_ERR(err, n < 32 ? HOP_OK : HOP_EREFUSED);
        CHECK_OK(party_commit(p, 0));
        CHECK(strlen(invite.text) < INVITE_TEXT_BYTES);
    }
    CHECK_EQ(why.id, INVITE_FULL);
    party_free(p);
}

/* ---- on a stick ---- */

struct on_a_stick {
    struct device_join join;
    uint8_t request[JOIN_FILE_BYTES_MAX], answer[JOIN_FILE_BYTES_MAX];
    size_t request_size, answer_size;
    char name[AUTH_NAME_BYTES_MAX + 1];
};

static void write_request(struct party *p, uint32_t joiner, struct on_a_stick *s)
{
    CHECK_OK(party_invite(p, 0, "Lò Thị B", ROLE_MEMBER, &s->join));
    CHECK_OK(
        device_join_file_request(p->devices[joiner].d, &s->join, s->request, &s->request_size));
}

static int answer_file(struct party *p, uint32_t host, struct on_a_stick *s, struct text_said *why)
{
    int err = device_join_file_answer(p->devices[host].d, SPAN(s->request, s->request_size),
                                      party_wall(p), s->answer, &s->answer_size, s->name, why);
    int committed = party_commit(p, host);
    return err != HOP_OK ? err : committed;
}

/* Two villages that no network connects: a stick there and back must be enough. */
TEST(join_by_stick_needs_no_network)
{
    struct party *p = party_new(2);
    struct on_a_stick s;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    write_request(p, 1, &s);
    CHECK_OK(answer_file(p, 0, &s, &why));
    CHECK_TEXT(s.name, "Lò Thị B");
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 2);
    CHECK_OK(answer_file(p, 0, &s, &why)); /* the first was lost: once more, and nobody more */
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 2);
    CHECK_OK(
        device_join_file_finish(p->devices[1].d, &s.join, SPAN(s.answer, s.answer_size), &why));
    CHECK(p->devices[1].keys.has_cell);
    CHECK_TEXT(s.join.member_name, "Lò Thị B");
    party_free(p);
}

/* Whoever gets at the stick on its way must neither come in nor keep the joiner from being told. */
TEST(join_by_stick_takes_no_altered_file)
{
    struct party *p = party_new(2);
    struct on_a_stick s;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    write_request(p, 1, &s);
    for (size_t bit = 0; bit < s.request_size * 8; bit += 5) {
        s.request[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(answer_file(p, 0, &s, &why), HOP_EREFUSED);
        s.request[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < s.request_size; size += 3)
        CHECK_ERR(device_join_file_answer(p->devices[0].d, SPAN(s.request, size), party_wall(p),
                                          s.answer, &s.answer_size, s.name, &why),
                  HOP_EREFUSED);
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 1);
    CHECK_OK(answer_file(p, 0, &s, &why));
    for (size_t bit = 0; bit < s.answer_size * 8; bit += 5) {
        struct device_join join = s.join;
        s.answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(
            device_join_file_finish(p->devices[1].d, &join, SPAN(s.answer, s.answer_size), &why),
            HOP_EREFUSED);
        s.answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(!p->devices[1].keys.has_cell);
    party_free(p);
}

/* A stick that was copied must be of no use to another device, and each file says which it is. */
TEST(join_by_stick_is_bound_to_the_joiners_keys)
{
    struct party *p = party_new(3);
    struct on_a_stick s, thief;
    struct text_said why;
    CHECK_OK(party_found(p, 0));
    write_request(p, 1, &s);
    thief = s;
    CHECK_OK(
        device_join_file_request(p->devices[2].d, &s.join, thief.request, &thief.request_size));
    CHECK_OK(answer_file(p, 0, &s, &why));
    CHECK_ERR(answer_file(p, 0, &thief, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, JOIN_REFUSED_USED);
    CHECK_ERR(
        device_join_file_finish(p->devices[2].d, &thief.join, SPAN(s.answer, s.answer_size), &why),
        HOP_EREFUSED);
    CHECK_EQ(why.id, JOIN_ANSWER_BAD);
    CHECK_ERR(
        device_join_file_finish(p->devices[1].d, &s.join, SPAN(s.request, s.request_size), &why),
        HOP_EREFUSED);
    CHECK_EQ(why.id, JOIN_FILE_NOT_ANSWER);
    memcpy(thief.request, s.answer, s.answer_size);
    thief.request_size = s.answer_size;
    CHECK_ERR(answer_file(p, 0, &thief, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, JOIN_FILE_NOT_REQUEST);
    party_free(p);
}
