/* Bodies of records: what is put is what is read, and nothing else is read. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "meeting/act.h"

static uint8_t room[ACT_BODY_BYTES_MAX];
static uint8_t again[ACT_BODY_BYTES_MAX];

static const uint8_t two_people[2 * ACT_PERSON_BYTES] = {
    [0] = 1, [16] = 1, [ACT_PERSON_BYTES] = 2, [ACT_PERSON_BYTES + 16] = 2};

static const uint8_t two_names[2 * ACT_PERSON_BYTES] = {[0] = 1, [ACT_PERSON_BYTES] = 2};

/* One act of every type with every field it may have. */
static struct act full_act(enum act_type type)
{
    struct act a = {.type = type, .item = 2, .title = span_text("Dự thảo"), .size = 70000};
    memset(a.meeting, 1, 32);
    memset(a.target, 2, 32);
    memset(a.person, 7, 16);
    memset(a.chair, 3, 16);
    memset(a.secretary, 4, 16);
    memset(a.blob_key, 5, 32);
    memset(a.root, 6, 32);
    a.value = 2;
    a.text = span_text("Tôi đồng ý.\nVới một góp ý.");
    a.form = span_text("regular");
    a.when = span_text("04/12/2026 19:30");
    a.place = span_text("Nhà văn hóa bản Mù");
    a.basis = span_text("Điều lệ Đảng");
    a.reason = span_text("Mưa lũ, đường sạt lở");
    a.agenda[0] = span_text("Điểm danh");
    a.agenda[1] = span_text("Thảo luận");
    a.agenda_count = 2;
    a.number = span_text("05-NQ/CB");
    a.media_type = span_text("text/plain");
    a.language = span_text("vi");
    memset(a.site, 8, 32);
    memset(a.group, 9, 16);
    memset(a.parent, 10, 32);
    a.flags = type == ACT_MEETING || type == ACT_REPORT ? FLAG_PRACTICE : 0;
    a.people = (struct act_people){two_people, 2};
    if (type == ACT_MEETING || type == ACT_REMIND || type == ACT_PAPER)
        a.people.bytes = two_names;
    if (type == ACT_SITE_ROLL)
        a.people.count = 1;
    a.counts_count = PAPER_COUNTS;
    for (size_t i = 0; i < PAPER_COUNTS; i++)
        a.counts[i] = (uint32_t)i * 3;
    memset(a.proof, 11, 64);
    a.sealed = span_text("sealed words");
    return a;
}

static struct span put(const struct act *a, uint8_t *bytes)
{
    struct wire_writer w = wire_writer(bytes, ACT_BODY_BYTES_MAX);
    CHECK_OK(act_put(&w, a));
    return wire_written(&w);
}

/* A field that is put and not read, or read as another, would change what a person said. */
TEST(act_of_every_type_reads_back_as_it_was_put)
{
    for (unsigned type = ACT_MEETING; type <= ACT_STEP; type++) {
        struct act a = full_act((enum act_type)type), b;
        struct span body = put(&a, room);
        CHECK_OK(act_parse(&b, a.type, body));
        CHECK_EQ(b.type, a.type);
        CHECK_SPAN(put(&b, again), body);
        if (type == ACT_MEETING) {
            CHECK_SPAN(b.title, a.title);
            CHECK_SPAN(b.place, a.place);
            CHECK_SPAN(b.reason, a.reason);
            CHECK_BYTES(b.chair, a.chair, 16);
            CHECK_BYTES(b.secretary, a.secretary, 16);
            CHECK_EQ(b.agenda_count, 2);
            CHECK_SPAN(b.agenda[1], a.agenda[1]);
        } else if (type != ACT_PIN && type != ACT_PRIVATE && type != ACT_NOT_HELD) {
            CHECK_BYTES(b.meeting, a.meeting, 32);
        }
        if (type == ACT_DOC) {
            CHECK_EQ(b.size, 70000);
            CHECK_BYTES(b.root, a.root, 32);
            CHECK_BYTES(b.blob_key, a.blob_key, 32);
            CHECK_SPAN(b.number, a.number);
        }
    }
}

/* A body cut short must never pass for a shorter act. */
TEST(act_refuses_every_truncation)
{
    for (unsigned type = ACT_MEETING; type <= ACT_STEP; type++) {
        struct act a = full_act((enum act_type)type), b;
        struct span body = put(&a, room);
        for (size_t size = 0; size < body.size; size++)
            CHECK_ERR(act_parse(&b, a.type, SPAN(body.data, size)), HOP_EMALFORMED);
    }
}

/* The number of a type is in people's archives for ever. */
TEST(act_types_keep_their_numbers)
{
    CHECK_EQ(ACT_MEETING, 32);
    CHECK_EQ(ACT_VOTE, 40);
    CHECK_EQ(ACT_RECEIPT, 44);
    CHECK_TEXT(act_type_name(39), "motion");
    CHECK_TEXT(act_type_name(31), "unknown");
    CHECK_TEXT(act_type_name(45), "excuse");
    CHECK_TEXT(act_type_name(78), "unknown");
}

/* The bytes of a vote, by hand: a change of spelling would change every id and signature. */
TEST(act_spells_a_vote_as_the_protocol_says)
{
    uint8_t want[128];
    struct act a = full_act(ACT_VOTE);
    struct span bytes =
        test_unhex(want, sizeof want,
                   "a3 01 5820 0101010101010101010101010101010101010101010101010101010101010101"
                   "   02 5820 0202020202020202020202020202020202020202020202020202020202020202"
                   "   04 02");
    CHECK_SPAN(put(&a, room), bytes);
}

/* An optional field that is present and empty would be a second spelling of its absence. */
TEST(act_refuses_an_empty_field_that_should_be_left_out)
{
    uint8_t bytes[128];
    struct act b;
    struct span body = test_unhex(
        bytes, sizeof bytes,
        "a2 01 5820 0101010101010101010101010101010101010101010101010101010101010101 06 60");
    CHECK_ERR(act_parse(&b, ACT_NOTICE, body), HOP_EMALFORMED);
    body =
        test_unhex(bytes, sizeof bytes,
                   "a1 01 5820 0101010101010101010101010101010101010101010101010101010101010101");
    CHECK_OK(act_parse(&b, ACT_NOTICE, body));
}

/* A newer version may add a field; an older one must still read the rest. */
TEST(act_skips_keys_it_does_not_know)
{
    uint8_t bytes[128];
    struct act b;
    struct span body =
        test_unhex(bytes, sizeof bytes,
                   "a2 01 5820 0101010101010101010101010101010101010101010101010101010101010101"
                   "   1863 82 01 6161");
    CHECK_OK(act_parse(&b, ACT_OPEN, body));
}

/* Every text has a limit, so that no record can be made of one field. */
TEST(act_refuses_text_longer_than_its_limit)
{
    static char longer[ACT_MINUTES_BYTES_MAX + 2];
    struct act a;
    struct wire_writer w = wire_writer(room, sizeof room);
    memset(longer, 'a', sizeof longer - 1);
    a = full_act(ACT_MEETING);
    a.title = SPAN((const uint8_t *)longer, ACT_TITLE_BYTES_MAX);
    CHECK_OK(act_check(&a));
    a.title.size++;
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    a = full_act(ACT_MEETING);
    a.agenda[1] = SPAN((const uint8_t *)longer, ACT_TITLE_BYTES_MAX + 1);
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    a = full_act(ACT_OPINION);
    a.text = SPAN((const uint8_t *)longer, ACT_TEXT_BYTES_MAX);
    CHECK_OK(act_check(&a));
    a.text.size++;
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    a = full_act(ACT_MINUTES);
    a.text = SPAN((const uint8_t *)longer, ACT_MINUTES_BYTES_MAX);
    CHECK_OK(act_check(&a));
    a.text.size++;
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    a = full_act(ACT_DOC);
    a.size = ACT_DOCUMENT_BYTES_MAX + 1;
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    a = full_act(ACT_MEETING);
    a.agenda_count = ACT_AGENDA_MAX + 1;
    CHECK_ERR(act_put(&w, &a), HOP_EFULL);
}

/* A value out of its list would be counted as something nobody chose. */
TEST(act_refuses_values_that_are_not_choices)
{
    static const struct {
        enum act_type type;
        uint32_t value;
        int want;
    } cases[] = {
        {ACT_VOTE, 0, HOP_EMALFORMED}, {ACT_VOTE, 1, HOP_OK},
        {ACT_VOTE, 3, HOP_OK},         {ACT_VOTE, 4, HOP_EMALFORMED},
        {ACT_ROLL, 0, HOP_EMALFORMED}, {ACT_ROLL, 4, HOP_OK},
        {ACT_ROLL, 5, HOP_EMALFORMED}, {ACT_RECEIPT, 0, HOP_EMALFORMED},
        {ACT_RECEIPT, 2, HOP_OK},      {ACT_RECEIPT, 3, HOP_EMALFORMED},
        {ACT_DOC, 4, HOP_EMALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct act a = full_act(cases[i].type);
        a.value = cases[i].value;
        CHECK_ERR(act_check(&a), cases[i].want);
    }
}

/* A line end in a title could draw a false line in the minutes. */
TEST(act_refuses_control_characters_and_bad_utf8)
{
    struct act a = full_act(ACT_MEETING);
    a.title = span_text("Họp\nKết quả: được thông qua");
    CHECK_ERR(act_check(&a), HOP_EMALFORMED);
    a = full_act(ACT_MEETING);
    a.place = span_text("\x1b[2J");
    CHECK_ERR(act_check(&a), HOP_EMALFORMED);
    a = full_act(ACT_OPINION);
    a.text = span_text("\xc3\x28");
    CHECK_ERR(act_check(&a), HOP_EMALFORMED);
    a.text = span_text("dòng một\r\ndòng\thai");
    CHECK_OK(act_check(&a));
}

/* Secret papers never get on record: the last gate before the bytes exist. */
TEST(act_put_refuses_a_secret_document)
{
    struct act a = full_act(ACT_DOC);
    struct wire_writer w = wire_writer(room, sizeof room);
    a.value = CLASS_SECRET;
    CHECK_ERR(act_put(&w, &a), HOP_EREFUSED);
    CHECK_EQ(w.used, 0);
}

/* A writer without room must say so, not write half. */
TEST(act_put_says_when_there_is_no_room)
{
    struct act a = full_act(ACT_OPINION);
    size_t size = put(&a, room).size;
    for (size_t n = 0; n < size; n++) {
        struct wire_writer w = wire_writer(room, n);
        CHECK_ERR(act_put(&w, &a), HOP_EFULL);
    }
}
