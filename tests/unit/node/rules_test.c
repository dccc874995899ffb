#include "node/rules.h"

#include <stdlib.h>

#include "node/files.h"
#include "tests/lib/test.h"

static json_t *rules_of(const char *path, enum text_lang lang)
{
    struct buf file = {0};
    struct text_said why = {0};
    json_t *ret = NULL;
    CHECK_OK(files_read(path, PROCEDURE_BYTES_MAX, &file));
    CHECK_OK(rules_of_file(buf_written(&file), lang, &ret, &why));
    buf_free(&file);
    return ret;
}

static const char *rule(const json_t *o, const char *topic)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(o, "rules"), i, one)
    {
        if (strcmp(json_get_text(one, "topic"), topic) == 0)
            return json_get_text(one, "text");
    }
    return "";
}

/* A rule that is not told is a rule that nobody checks before use. */
TEST(rules_tell_what_a_procedure_says)
{
    json_t *o = rules_of("procedures/party-cell.conf", TEXT_EN);
    CHECK_TEXT(json_get_text(o, "name"), "party-cell");
    CHECK_TEXT(rule(o, "quorum"),
               "A vote is valid when more than 1/2 of all who count are confirmed present.");
    CHECK_TEXT(rule(o, "category.full"), "full: counted, and votes");
    CHECK_TEXT(rule(o, "category.exempt"), "exempt from meetings: neither counted nor voting");
    CHECK_TEXT(rule(o, "roll.absent_reason"),
               "Roll call: absent with reason, with the reason written");
    CHECK_TEXT(rule(o, "form.written"),
               "Form of meeting “written”: Written consultation (in writing, without meeting).");
    CHECK_TEXT(rule(o, "form.written.counts_for"),
               "Form of meeting “written” keeps the periodic duty of “regular”.");
    CHECK_TEXT(rule(o, "question.admission"),
               "Question “Admission of a member”: open vote by name; at least 2/3 of all who count "
               "must agree. ");
    CHECK(strstr(rule(o, "confirm"), "TO BE CONFIRMED") != NULL);
    json_decref(o);
}

/* A topic that comes twice would hide a change from the comparison. */
TEST(rules_have_each_topic_once)
{
    static const char *const files[] = {
        "procedures/party-cell.conf", "procedures/disaster-unit.conf", "procedures/assembly.conf"};
    for (size_t f = 0; f < 3; f++) {
        json_t *o = rules_of(files[f], TEXT_VI), *list = json_object_get(o, "rules");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *topic = json_get_text(json_array_get(list, i), "topic");
            CHECK(json_get_text(json_array_get(list, i), "text")[0] != '\0');
            for (size_t k = 0; k < i; k++)
                CHECK(strcmp(topic, json_get_text(json_array_get(list, k), "topic")) != 0);
        }
        json_decref(o);
    }
}

/* Whoever approves a new procedure reads the difference and nothing else. */
TEST(rules_difference_names_every_rule_that_changed)
{
    struct text_said why = {0};
    static const char a[] = "name = \"a\"; title = { vi = \"A\"; en = \"A\"; };"
                            "quorum = { more_than = \"1/2\"; of = \"all\"; };"
                            "majority = { more_than = \"1/2\"; of = \"all\"; };"
                            "forms = ({ name = \"x\"; vi = \"X\"; en = \"X\"; });";
    static const char b[] = "name = \"a\"; title = { vi = \"A\"; en = \"A\"; };"
                            "quorum = { at_least = \"2/3\"; of = \"all\"; };"
                            "majority = { more_than = \"1/2\"; of = \"all\"; };"
                            "forms = ({ name = \"y\"; vi = \"Y\"; en = \"Y\"; });";
    json_t *x = NULL, *y = NULL;
    CHECK_OK(rules_of_file(span_text(a), TEXT_EN, &x, &why));
    CHECK_OK(rules_of_file(span_text(b), TEXT_EN, &y, &why));
    json_t *list = rules_difference(json_object_get(x, "rules"), json_object_get(y, "rules"));
    CHECK_EQ(json_array_size(list), 3);
    CHECK_TEXT(json_get_text(json_array_get(list, 0), "topic"), "quorum");
    CHECK_TEXT(json_get_text(json_array_get(list, 1), "topic"), "form.x");
    CHECK(json_object_get(json_array_get(list, 1), "is") == NULL);
    CHECK_TEXT(json_get_text(json_array_get(list, 2), "topic"), "form.y");
    CHECK(json_object_get(json_array_get(list, 2), "was") == NULL);
    json_decref(list);
    list = rules_difference(json_object_get(x, "rules"), json_object_get(x, "rules"));
    CHECK_EQ(json_array_size(list), 0);
    json_decref(list);
    json_decref(x);
    json_decref(y);
}
