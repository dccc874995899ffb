#include "tests/lib/test.h"

#include <stdio.h>

#include "base/cbor.h"
#include "text/text.h"

#define FOR_EACH(id) for (enum text_id id = TEXT_NONE + 1; id < TEXT_COUNT; id++)

/* Which {n} a sentence has, as bits. A brace that looks like a mistyped one is reported; "{ }" is
 * punctuation. */
static unsigned placeholders(const char *sentence, const char *key)
{
    unsigned seen = 0;
    for (const char *p = strchr(sentence, '{'); p != NULL; p = strchr(p + 1, '{')) {
        if (p[1] >= '0' && p[1] <= '9' && p[2] == '}')
            seen |= 1u << (p[1] - '0');
        else if (p[1] != ' ')
            fail_msg("%s: not {0} to {9}: %s", key, sentence);
    }
    return seen;
}

/* A sentence missing in one language would be an empty line on somebody's screen. */
TEST(every_sentence_is_there_in_both_languages)
{
    FOR_EACH(id)
    {
        for (enum text_lang lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
            const char *s = text(lang, id);
            if (s == NULL || s[0] == '\0')
                fail_msg("%s is empty", text_key(id));
            if (!utf8_valid(span_text(s)))
                fail_msg("%s is not UTF-8", text_key(id));
            if (strspn(s, " ") == strlen(s) || strchr(s, '\t') != NULL)
                fail_msg("%s is blank, or has a tab: \"%s\"", text_key(id), s);
        }
    }
}

/* A name lost in translation: "{0} voted {1}" must name both in Vietnamese too. */
TEST(both_languages_have_the_same_placeholders)
{
    FOR_EACH(id)
    {
        const char *vi = text(TEXT_VI, id), *en = text(TEXT_EN, id);
        unsigned in_vi = placeholders(vi, text_key(id)), in_en = placeholders(en, text_key(id));
        if (in_vi != in_en)
            fail_msg("%s\n  en \"%s\"\n  vi \"%s\"", text_key(id), en, vi);
    }
}

/* The page and scripts name a sentence by its key. */
TEST(keys_are_short_unique_and_lead_back)
{
    FOR_EACH(id)
    {
        const char *key = text_key(id);
        if (strlen(key) >= 48)
            fail_msg("%s is too long", key);
        for (const char *p = key; *p != '\0'; p++) {
            if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_'))
                fail_msg("%s is not a key", key);
        }
        if (text_by_key(key) != id)
            fail_msg("%s leads to %s", key, text_key(text_by_key(key)));
    }
    CHECK_EQ(text_by_key("no_such_sentence_at_all"), TEXT_NONE);
}

/* Arguments go where the sentence says, a missing one shows, and one too many is ignored. */
TEST(fill_puts_arguments_in_their_places)
{
    enum text_id found = TEXT_NONE;
    FOR_EACH(id)
    {
        if (placeholders(text(TEXT_EN, id), text_key(id)) == 3)
            found = id;
    }
    if (found == TEXT_NONE)
        return; /* no sentence with two arguments yet */
    for (enum text_lang lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        const char *args[] = {"\"An\"", "{0}", "unused"};
        struct buf all = {0}, one = {0};
        text_fill(&all, lang, found, args, 3);
        text_fill(&one, lang, found, args, 1);
        CHECK(strstr(buf_string(&all), "\"An\"") != NULL);
        CHECK(strstr(buf_string(&all), "{0}") != NULL); /* an argument is not a template */
        CHECK(strstr(buf_string(&all), "{1}") == NULL);
        CHECK(strstr(buf_string(&all), "unused") == NULL);
        CHECK(strchr(buf_string(&one), '?') != NULL);
        buf_free(&all);
        buf_free(&one);
    }
}

/* A refusal carries its arguments by value, cut at a character, never through the middle of one. */
TEST(said_keeps_arguments_and_cuts_at_a_character)
{
    struct text_said said;
    char text[TEXT_ARG_BYTES_MAX * 2 + 1];
    for (size_t start = 0; start < 3; start++) {
        memset(text, 'a', sizeof text);
        for (size_t i = start; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe1\xbb\x8d", 3); /* ọ */
        text[sizeof text - 1] = '\0';
        CHECK_ERR(text_say(&said, TEXT_NONE, 2, text, NULL), HOP_EREFUSED);
        CHECK(strlen(said.args[0]) < TEXT_ARG_BYTES_MAX);
        CHECK(strlen(said.args[0]) > TEXT_ARG_BYTES_MAX - 4);
        CHECK(utf8_valid(span_text(said.args[0])));
        CHECK_TEXT(said.args[1], "");
    }
    CHECK_ERR(text_say(NULL, TEXT_NONE, 0), HOP_EREFUSED);
}

/* LANG decides; whatever is not Vietnamese reads English. */
TEST(language_follows_the_locale)
{
    static const struct {
        const char *locale;
        enum text_lang lang;
    } cases[] = {{"vi", TEXT_VI},       {"vi_VN", TEXT_VI}, {"vi_VN.UTF-8", TEXT_VI},
                 {"vi.UTF-8", TEXT_VI}, {"vi-VN", TEXT_VI}, {"en_US.UTF-8", TEXT_EN},
                 {"C", TEXT_EN},        {"", TEXT_EN},      {"v", TEXT_EN},
                 {"vie", TEXT_EN},      {"fr_FR", TEXT_EN}, {NULL, TEXT_EN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_EQ(text_lang_of(cases[i].locale), cases[i].lang);
}
