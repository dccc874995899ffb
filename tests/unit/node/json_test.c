#include "node/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "node/qr.h"
#include "node/words.h"
#include "meeting/act.h"
#include "tests/lib/test.h"

static json_t *parsed(const char *body)
{
    struct text_said why = {0};
    json_t *root = NULL;
    CHECK_OK(json_parse(&root, span_text(body), &why));
    return root;
}

struct fields {
    char *title;
    uint32_t item;
    struct json_texts agenda;
    struct json_bytes content;
};

static int read_into(struct fields *f, const char *body, struct text_said *why)
{
    const struct json_field fields[] = {
        {"title", JSON_FIELD_TEXT, true, 8, &f->title},
        {"item", JSON_FIELD_NUMBER, false, 64, &f->item},
        {"agenda", JSON_FIELD_TEXTS, false, 2, &f->agenda},
        {"content", JSON_FIELD_BYTES, false, 4, &f->content},
    };
    json_t *root = parsed(body);
    int err = json_read(root, fields, 4, why);
    json_decref(root);
    return err;
}

static void forget(struct fields *f)
{
    free(f->title);
    json_texts_free(&f->agenda);
    free(f->content.data);
    *f = (struct fields){0};
}

/* A field that is read as another would put wrong words on record. */
TEST(json_reads_every_kind_of_field)
{
    struct fields f = {0};
    struct text_said why;
    CHECK_OK(read_into(&f,
                       "{\"title\":\"Họp\",\"item\":3,\"agenda\":[\"a\",\"b\"],\"content\":"
                       "\"aG9w\"}",
                       &why));
    CHECK_TEXT(f.title, "Họp");
    CHECK_EQ(f.item, 3);
    CHECK_EQ(f.agenda.count, 2);
    CHECK_TEXT(f.agenda.items[1], "b");
    CHECK_SPAN(SPAN(f.content.data, f.content.size), span_text("hop"));
    forget(&f);
}

/* A misspelt key that is silently dropped would lose what somebody wrote. */
TEST(json_refuses_what_it_does_not_know_and_names_it)
{
    static const struct {
        const char *body;
        enum text_id why;
        const char *key;
    } cases[] = {
        {"{\"title\":\"a\",\"titel\":\"b\"}", API_UNKNOWN_KEY, "titel"},
        {"{\"item\":1}", API_MISSING_KEY, "title"},
        {"{\"title\":null}", API_MISSING_KEY, "title"},
        {"{\"title\":7}", API_WRONG_KIND, "title"},
        {"{\"title\":\"123456789\"}", API_TOO_LONG, "title"},
        {"{\"title\":\"a\",\"item\":65}", API_WRONG_KIND, "item"},
        {"{\"title\":\"a\",\"item\":-1}", API_WRONG_KIND, "item"},
        {"{\"title\":\"a\",\"item\":1.5}", API_WRONG_KIND, "item"},
        {"{\"title\":\"a\",\"agenda\":[\"a\",\"b\",\"c\"]}", API_TOO_LONG, "agenda"},
        {"{\"title\":\"a\",\"agenda\":[\"a\",2]}", API_WRONG_KIND, "agenda"},
        {"{\"title\":\"a\",\"content\":\"####\"}", API_WRONG_KIND, "content"},
        {"{\"title\":\"a\",\"content\":\"aG9waG9w\"}", API_TOO_LONG, "content"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fields f = {0};
        struct text_said why = {0};
        CHECK_ERR(read_into(&f, cases[i].body, &why), HOP_EMALFORMED);
        CHECK_TEXT(text_key(why.id), text_key(cases[i].why));
        CHECK_TEXT(why.args[0], cases[i].key);
        forget(&f);
    }
}

/* Bytes that are not JSON must be named by line and column, and nothing else may happen. */
TEST(json_refuses_bytes_that_are_not_an_object)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "[1]",
                                         "\"a\"",
                                         "{\"a\":1,\"a\":2}",
                                         "{}x",
                                         "{\"a\":\"\\u0000\"}",
                                         "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct text_said why = {0};
        json_t *root = NULL;
        CHECK_ERR(json_parse(&root, span_text(bodies[i]), &why), HOP_EMALFORMED);
        CHECK(why.id == API_BAD_JSON || why.id == API_NOT_AN_OBJECT);
    }
}

/* Two spellings of one name would be two members with the same name on the screen. */
TEST(json_brings_texts_to_one_spelling)
{
    char *composed = json_nfc("e\xcc\x82\xcc\x81"); /* e, circumflex, acute */
    CHECK_TEXT(composed, "\xe1\xba\xbf");           /* ế */
    free(composed);
    CHECK(json_nfc("\xff") == NULL);
}

/* A short id that names another thing would put a vote on the wrong motion. */
TEST(json_ids_answer_to_their_own_spellings_only)
{
    uint8_t id[32], other[32];
    char hex[HEX_SIZE(32)], brief[JSON_SHORT_SIZE];
    struct rng r = test_rng("ids");
    test_random(&r, id, sizeof id);
    test_random(&r, other, sizeof other);
    hex_encode(hex, SPAN(id, 32));
    json_short(brief, id);
    CHECK(json_names_id(hex, id, 32));
    CHECK(json_names_id(brief, id, 32));
    CHECK(!json_names_id(brief, other, 32));
    for (size_t i = 0; brief[i] != '\0'; i++)
        brief[i] = (char)(brief[i] >= 'A' ? brief[i] + 32 : brief[i]);
    CHECK(json_names_id(brief, id, 32));
    brief[5] = '\0';
    CHECK(!json_names_id(brief, id, 32)); /* too short to mean one thing */
    CHECK(!json_names_id("", id, 32));
}

/* A word that is not understood must not become the first of the list. */
TEST(words_are_found_in_both_languages)
{
    unsigned value = 99;
    CHECK(words_find(WORDS_CHOICE, "agree", &value) && value == CHOICE_AGREE);
    CHECK(words_find(WORDS_CHOICE, "Đồng ý", &value) && value == CHOICE_AGREE);
    CHECK(words_find(WORDS_CHOICE, "NO", &value) && value == CHOICE_DISAGREE);
    CHECK(!words_find(WORDS_CHOICE, "", &value));
    CHECK(!words_find(WORDS_CHOICE, "maybe", &value));
    CHECK_TEXT(words_key(WORDS_ROLL, 77), "?");
}

/* A code drawn wrong cannot be scanned; the corners show that rows and columns are where they are.
 */
TEST(qr_draws_finder_patterns_in_three_corners)
{
    json_t *rows = NULL;
    CHECK_OK(qr_rows("HOP1-AAAAA", &rows));
    size_t width = json_array_size(rows);
    CHECK(width >= 21);
    const char *top = json_string_value(json_array_get(rows, 0));
    CHECK_EQ(strlen(top), width);
    CHECK(strncmp(top, "11111110", 8) == 0);
    CHECK(strncmp(top + width - 8, "01111111", 8) == 0);
    CHECK(strncmp(json_string_value(json_array_get(rows, width - 1)), "11111110", 8) == 0);
    struct buf drawn = {0};
    qr_draw(&drawn, rows, false);
    size_t lines = 0;
    for (size_t i = 0; i < drawn.size; i++)
        lines += drawn.data[i] == '\n';
    CHECK_EQ(lines, (width + 4 + 1) / 2);
    buf_free(&drawn);
    json_decref(rows);
}
