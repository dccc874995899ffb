/* Procedure files: the ones that ship are right, and a wrong one is told its line and its fix. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "meeting/procedure.h"

static struct procedure p;

static int parse(const char *t, struct text_said *why)
{
    *why = (struct text_said){0};
    return procedure_parse(&p, span_text(t), why);
}

static int parse_file(const char *path)
{
    static char bytes[PROCEDURE_BYTES_MAX];
    struct text_said why = {0};
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    int err = procedure_parse(&p, SPAN((const uint8_t *)bytes, size), &why);
    if (err != HOP_OK) {
        struct buf b = {0};
        text_said_fill(&b, TEXT_EN, &why);
        CHECK_TEXT(buf_string(&b), "");
    }
    return err;
}

/* The rules of a Party cell are why this program exists. */
TEST(procedure_party_cell_says_what_the_rules_say)
{
    CHECK_OK(parse_file("procedures/party-cell.conf"));
    CHECK_TEXT(p.name, "party-cell");
    CHECK(p.counts[CATEGORY_FULL] && p.votes[CATEGORY_FULL]);
    CHECK(!p.counts[CATEGORY_PROBATIONARY] && !p.votes[CATEGORY_PROBATIONARY]);
    CHECK(!p.counts[CATEGORY_ATTACHED] && !p.counts[CATEGORY_EXEMPT]);
    CHECK(!p.counts[CATEGORY_TRANSFERRED]);
    CHECK_EQ(procedure_needed(&p.quorum, 11), 6);
    CHECK_EQ(procedure_needed(&p.majority, 10), 6);
    CHECK(!p.majority.of_present);
    CHECK_EQ(p.notice_days, 3);
    CHECK_TEXT(p.roles[ROLE_SECRETARY].in[TEXT_VI], "bí thư");
    CHECK_TEXT(p.address.in[TEXT_VI], "đ/c");
    CHECK_EQ(p.forms_count, 8);
    CHECK_EQ(procedure_find_form(&p, "regular")->agenda_count, 16);
    CHECK_TEXT(procedure_find_form(&p, "regular")->agenda[15].in[TEXT_VI], "Bế mạc");
    CHECK_TEXT(procedure_find_form(&p, "written")->label.in[TEXT_EN], "Written consultation");
    CHECK(procedure_find_form(&p, "parade") == NULL);
}

/* A file that ships and does not parse would stop everybody who chose it. */
TEST(procedure_other_shipped_files_parse)
{
    CHECK_OK(parse_file("procedures/disaster-unit.conf"));
    CHECK_EQ(procedure_needed(&p.quorum, 10), 4);
    CHECK(p.votes[CATEGORY_ATTACHED] && p.majority.of_present);
    CHECK_OK(parse_file("procedures/assembly.conf"));
    CHECK_EQ(procedure_needed(&p.quorum, 11), 6);
    CHECK_EQ(procedure_needed(&p.quorum, 10), 5);
    CHECK_TEXT(p.people.in[TEXT_VI], "hội viên");
    CHECK_TEXT(p.roll[ROLL_UNKNOWN].in[TEXT_VI], "chưa điểm danh"); /* left out: as by default */
}

#define HEAD     "name = \"x\";\ntitle = { vi = \"a\"; en = \"b\"; };\n"
#define QUORUM   "quorum = { more_than = \"1/2\"; of = \"all\"; };\n"
#define MAJORITY "majority = { at_least = \"2/3\"; of = \"present\"; };\n"
#define FORMS    "forms = ( { name = \"regular\"; vi = \"h\"; en = \"m\"; } );\n"

/* The smallest file; everything else has a default. */
TEST(procedure_parses_the_smallest_file)
{
    struct text_said why;
    CHECK_OK(parse(HEAD QUORUM MAJORITY FORMS, &why));
    CHECK(!p.majority.strictly_more && p.majority.of_present);
    CHECK_EQ(p.majority.numerator, 2);
    CHECK(p.votes[CATEGORY_FULL]);
    CHECK_TEXT(p.forms[0].name, "regular");
}

static const struct {
    const char *file;
    enum text_id id;
    const char *line, *what, *more;
} mistakes[] = {
    {"nmae = \"x\";\n", PROC_UNKNOWN_NEAR, "1", "nmae", "name"},
    {HEAD "qorum = { };\n", PROC_UNKNOWN_NEAR, "3", "qorum", "quorum"},
    {HEAD "xylophone = 1;\n", PROC_UNKNOWN, "3", "xylophone", ""},
    {HEAD "quorum = { more_then = \"1/2\"; };", PROC_UNKNOWN_NEAR, "3", "more_then", "more_than"},
    {HEAD "roles = {\n secretery = { vi=\"a\"; en=\"b\"; }; };", PROC_UNKNOWN_NEAR, "4",
     "secretery", "secretary"},
    {HEAD "roles = { deputy = { vi=\"a\"; fr=\"b\"; }; };", PROC_UNKNOWN, "3", "fr", ""},
    {HEAD "categories = { ful = { }; };", PROC_UNKNOWN_NEAR, "3", "ful", "full"},
    {HEAD "categories = { full = { vote = true; }; };", PROC_UNKNOWN_NEAR, "3", "vote", "votes"},
    {HEAD "roll = { presnt = { }; };", PROC_UNKNOWN_NEAR, "3", "presnt", "present"},
    {HEAD QUORUM MAJORITY "forms = ( { nam = \"a\"; } );", PROC_UNKNOWN_NEAR, "5", "nam", "name"},
    {"title = { vi=\"a\"; en=\"b\"; };", PROC_MISSING, "1", "name", ""},
    {"name = \"x\";", PROC_MISSING, "1", "title", ""},
    {"name = \"x\";\ntitle = { vi = \"a\"; };", PROC_MISSING, "2", "en", ""},
    {HEAD MAJORITY FORMS, PROC_MISSING, "1", "quorum", ""},
    {HEAD QUORUM FORMS, PROC_MISSING, "1", "majority", ""},
    {HEAD QUORUM MAJORITY, PROC_MISSING, "1", "forms", ""},
    {HEAD "quorum = { more_than = \"1/2\"; };", PROC_MISSING, "3", "of", ""},
    {"name = \"Party Cell\";", PROC_WANTS_NAME, "1", "name", ""},
    {"name = \"\";", PROC_WANTS_NAME, "1", "name", ""},
    {"name = 3;", PROC_WANTS_TEXT, "1", "name", ""},
    {HEAD "people = { vi = \"a\\nb\"; en = \"c\"; };", PROC_WANTS_TEXT, "3", "people", ""},
    {HEAD "people = { vi = \"\\xff\"; en = \"c\"; };", PROC_WANTS_TEXT, "3", "people", ""},
    {"name = \"x\"; title = \"y\";", PROC_WANTS_GROUP, "1", "title", ""},
    {HEAD QUORUM MAJORITY "forms = { };", PROC_WANTS_LIST, "5", "forms", ""},
    {HEAD QUORUM MAJORITY "forms = ( 1 );", PROC_WANTS_GROUP, "5", "forms", ""},
    {HEAD QUORUM MAJORITY "forms = ( );", PROC_EMPTY_LIST, "5", "forms", ""},
    {HEAD QUORUM MAJORITY "forms = ( {name=\"a\";vi=\"b\";en=\"c\";agenda=\"d\";} );",
     PROC_WANTS_LIST, "5", "agenda", ""},
    {HEAD QUORUM MAJORITY
     "forms = ( {name=\"a\";vi=\"b\";en=\"c\";},\n{name=\"a\";vi=\"b\";en=\"c\";} );",
     PROC_FORM_TWICE, "6", "a", ""},
    {HEAD "categories = { full = { votes = 1; }; };", PROC_WANTS_BOOL, "3", "votes", ""},
    {HEAD "notice_days = \"3\";", PROC_WANTS_NUMBER, "3", "notice_days", "0"},
    {HEAD "notice_days = -1;", PROC_WANTS_NUMBER, "3", "notice_days", "0"},
    {HEAD "notice_days = 367;", PROC_WANTS_NUMBER, "3", "notice_days", "0"},
    {HEAD "utc_offset_minutes = 900;", PROC_WANTS_NUMBER, "3", "utc_offset_minutes", "-840"},
    {HEAD "quorum = { more_than = \"half\"; of = \"all\"; };", PROC_WANTS_SHARE, "3", "more_than",
     "1000"},
    {HEAD "quorum = { more_than = \"1/0\"; of = \"all\"; };", PROC_WANTS_SHARE, "3", "more_than",
     "1000"},
    {HEAD "quorum = { more_than = \"2/2\"; of = \"all\"; };", PROC_WANTS_SHARE, "3", "more_than",
     "1000"},
    {HEAD "quorum = { at_least = \"3/2\"; of = \"all\"; };", PROC_WANTS_SHARE, "3", "at_least",
     "1000"},
    {HEAD "quorum = { at_least = \"1/1001\"; of = \"all\"; };", PROC_WANTS_SHARE, "3", "at_least",
     "1000"},
    {HEAD "quorum = { at_least = 0.5; of = \"all\"; };", PROC_WANTS_SHARE, "3", "at_least", "1000"},
    {HEAD "quorum = { of = \"all\"; };", PROC_SHARE_TWO, "3", "quorum", ""},
    {HEAD "quorum = { at_least=\"1/2\"; more_than=\"1/2\"; of = \"all\"; };", PROC_SHARE_TWO, "3",
     "quorum", ""},
    {HEAD "quorum = { at_least=\"1/2\"; of = \"some\"; };", PROC_SHARE_OF, "3", "of", ""},
    {HEAD "quorum = { at_least=\"1/2\"; of = \"present\"; };", PROC_QUORUM_OF_PRESENT, "3", "of",
     ""},
    {HEAD "categories = { probationary = { votes = true; }; };", PROC_VOTES_UNCOUNTED, "3",
     "probationary", ""},
    {HEAD "categories = { full = { votes = false; }; };", PROC_NOBODY_VOTES, "3", "categories", ""},
    {"name = \"x\";\n@include \"/etc/passwd\"\n", PROC_INCLUDE, "2", "", ""},
    {"name = \"x\"\n\n# @include is not for us\n", PROC_INCLUDE, "3", "", ""},
    {"name = \"x\";\ntitle = {", PROC_SYNTAX, "2", "", ""},
    {"name = \"x\";\n= 3;\n", PROC_SYNTAX, "2", "", ""},
    {"name = \"x\";\nname = \"y\";\n", PROC_DUPLICATE, "2", "", ""},
    {"name = \"\xc3\x28\";", PROC_NOT_UTF8, "", "", ""},
};

/* A wrong file must say which line, which setting, and what to write instead. */
TEST(procedure_names_line_and_fix_of_every_mistake)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct text_said why;
        CHECK_ERR(parse(mistakes[i].file, &why), HOP_EMALFORMED);
        CHECK_TEXT(text_key(why.id), text_key(mistakes[i].id));
        CHECK_TEXT(why.args[0], mistakes[i].line);
        CHECK_TEXT(why.args[1], mistakes[i].what);
        CHECK_TEXT(why.args[2], mistakes[i].more);
    }
}

/* Limits hold, and say what they are. */
TEST(procedure_refuses_what_is_too_long_or_too_many)
{
    static char file[PROCEDURE_BYTES_MAX + 2];
    struct text_said why;
    memset(file, ' ', sizeof file - 1);
    CHECK_ERR(parse(file, &why), HOP_EMALFORMED);
    CHECK_EQ(why.id, PROC_TOO_BIG);
    struct buf b = {0};
    buf_text(&b, HEAD "people = { vi = \"");
    for (size_t i = 0; i < PROCEDURE_LABEL_BYTES_MAX; i++)
        buf_text(&b, "a");
    buf_text(&b, "\"; en = \"b\"; };");
    CHECK_ERR(parse(buf_string(&b), &why), HOP_EMALFORMED);
    CHECK_EQ(why.id, PROC_TOO_LONG);
    CHECK_TEXT(why.args[2], "159");
    buf_free(&b);
    b = (struct buf){0};
    buf_text(&b, HEAD QUORUM MAJORITY "forms = (");
    for (size_t i = 0; i <= PROCEDURE_FORMS_MAX; i++)
        buf_printf(&b, "%s{name=\"f%zu\";vi=\"a\";en=\"b\";}", i == 0 ? "" : ",", i);
    buf_text(&b, ");");
    CHECK_ERR(parse(buf_string(&b), &why), HOP_EMALFORMED);
    CHECK_EQ(why.id, PROC_TOO_MANY);
    CHECK_TEXT(why.args[2], "16");
    buf_free(&b);
}

/* On failure the caller keeps the rules it had. */
TEST(procedure_changes_nothing_on_failure)
{
    struct text_said why;
    CHECK_OK(parse(HEAD QUORUM MAJORITY FORMS, &why));
    CHECK_ERR(parse("name = \"y\";", &why), HOP_EMALFORMED);
    CHECK_TEXT(p.name, "x");
}

/* Every sentence exists in both languages and fills with what it is given. */
TEST(procedure_sentences_exist_in_both_languages)
{
    for (int id = PROC_TOO_BIG; id <= PROC_NOBODY_VOTES; id++) {
        struct text_said why = {.id = (enum text_id)id, .count = 4};
        for (size_t i = 0; i < 4; i++)
            (void)snprintf(why.args[i], sizeof why.args[i], "arg%zu", i);
        struct buf en = {0}, vi = {0};
        text_said_fill(&en, TEXT_EN, &why);
        text_said_fill(&vi, TEXT_VI, &why);
        CHECK(en.size > 20 && vi.size > 20);
        CHECK(strcmp(buf_string(&en), buf_string(&vi)) != 0);
        CHECK(strchr(buf_string(&en), '{') == NULL || id == PROC_WANTS_GROUP ||
              id == PROC_WANTS_LIST);
        for (size_t i = 0; i < 4; i++) /* both languages use the same arguments */
            CHECK_EQ(strstr(buf_string(&en), why.args[i]) != NULL,
                     strstr(buf_string(&vi), why.args[i]) != NULL);
        buf_free(&en);
        buf_free(&vi);
    }
}

/* A cell pins its procedure by this hash. */
TEST(procedure_hash_depends_on_every_byte)
{
    uint8_t a[32], b[32];
    CHECK_OK(hop_init());
    procedure_hash(a, span_text("name = \"x\";"));
    procedure_hash(b, span_text("name = \"y\";"));
    CHECK(memcmp(a, b, 32) != 0);
}
