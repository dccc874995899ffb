/* What a bundle is, in words: what it brings, for whom, and what of it is not whole. */
#include "node/cli_bundle.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMES_SHOWN 12

/* clang-format off */
static const struct { const char *key; enum text_id words; } items[] = {
    {"notices",   STICK_SOME_NOTICE},  {"documents", STICK_SOME_DOCUMENT},
    {"meetings",  STICK_SOME_MEETING}, {"opinions",  STICK_SOME_OPINION},
    {"motions",   STICK_SOME_MOTION},  {"votes",     STICK_SOME_VOTE},
    {"conduct",   STICK_SOME_CONDUCT}, {"minutes",   STICK_SOME_MINUTES},
    {"receipts",  STICK_SOME_RECEIPT}, {"cell",      STICK_SOME_CELL},
    {"sealed",    STICK_SOME_SEALED},
};
/* clang-format on */

/* "1 thông báo, 3 tài liệu, 12 chữ ký"; empty for nothing. */
void cli_bundle_items(const struct cli *c, const json_t *counts, struct buf *ret)
{
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        char count[24], whole[24];
        uint64_t n = json_get_number(counts, items[i].key);
        uint64_t of_them = json_get_number(counts, "documents_whole");
        bool partly = items[i].words == STICK_SOME_DOCUMENT && of_them < n;
        const char *const args[] = {cli_count(count, n), cli_count(whole, of_them)};
        if (n == 0)
            continue;
        if (ret->size > 0)
            buf_text(ret, text(c->lang, STICK_COMMA));
        text_fill(ret, c->lang, partly ? STICK_SOME_DOCUMENT_PART : items[i].words, args, 2);
    }
}

static void list_names(const struct cli *c, const json_t *names, struct buf *ret)
{
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        if (i == NAMES_SHOWN) {
            buf_text(ret, " …");
            break;
        }
        if (i > 0)
            buf_text(ret, text(c->lang, STICK_COMMA));
        buf_text(ret, json_string_value(name));
    }
}

void cli_bundle_say_brings(struct cli *c, const json_t *view)
{
    struct buf what = {0};
    cli_bundle_items(c, json_object_get(view, "fresh"), &what);
    if (what.size > 0)
        cli_say(c, STICK_BRINGS, 1, buf_string(&what));
    else
        cli_say(c, STICK_BRINGS_NOTHING, 0);
    buf_free(&what);
}

/* What of it others lack, and who has it all. */
void cli_bundle_say_carries(struct cli *c, const json_t *view)
{
    const json_t *lack = json_object_get(view, "for"), *have = json_object_get(view, "received");
    struct buf what = {0}, names = {0}, received = {0};
    char count[24];
    cli_bundle_items(c, json_object_get(view, "carried"), &what);
    list_names(c, lack, &names);
    list_names(c, have, &received);
    if (what.size > 0 && json_array_size(lack) > 0)
        cli_say(c, json_array_size(have) == 0 ? STICK_CARRIES_NOBODY_HAS : STICK_CARRIES, 3,
                buf_string(&what), cli_count(count, json_array_size(lack)), buf_string(&names));
    else if (json_array_size(lack) == 0)
        cli_say(c, STICK_CARRIES_NOTHING, 0);
    if (what.size > 0 && json_array_size(have) > 0)
        cli_say(c, STICK_RECEIVED_BY, 1, buf_string(&received));
    buf_free(&what);
    buf_free(&names);
    buf_free(&received);
}

void cli_bundle_say_count(struct cli *c, enum text_id id, uint64_t n)
{
    char count[24];
    if (n > 0)
        cli_say(c, id, 1, cli_count(count, n));
}

void cli_bundle_say_missing(struct cli *c, const json_t *view)
{
    size_t i, shown = 0;
    const json_t *m;
    json_array_foreach(json_object_get(view, "missing"), i, m)
    {
        struct buf who = {0};
        char first[24], last[24];
        const char *const log[] = {json_get_text(m, "log")};
        if (shown == NAMES_SHOWN)
            break;
        if (json_get_text(m, "name")[0] != '\0')
            buf_text(&who, json_get_text(m, "name"));
        else
            text_fill(&who, c->lang, STICK_SOMEBODY, log, 1);
        cli_say(c, json_is_true(json_object_get(m, "lost")) ? STICK_LOST : STICK_MISSING, 3,
                buf_string(&who), cli_count(first, json_get_number(m, "first")),
                cli_count(last, json_get_number(m, "last")));
        buf_free(&who);
        shown++;
    }
    cli_bundle_say_count(c, STICK_MISSING_MORE, json_get_number(view, "missing_total") - shown);
    cli_bundle_say_count(c, STICK_CHUNKS_LOST, json_get_number(view, "chunks_lost"));
    cli_bundle_say_count(c, STICK_BAD_RUNS, json_get_number(view, "bad"));
    cli_bundle_say_count(c, STICK_FORKED_RUNS, json_get_number(view, "forked"));
    cli_bundle_say_count(c, STICK_FOREIGN_RUNS, json_get_number(view, "foreign"));
    if (json_is_true(json_object_get(view, "part")))
        cli_say(c, STICK_PART_SEEN, 0);
}

void cli_bundle_say_damage(struct cli *c, const struct stick *s)
{
    char holes[24], bytes[24];
    for (size_t i = 0; i < s->files_count; i++) {
        const struct stick_file *f = &s->files[i];
        if (f->refused)
            cli_say(c, STICK_FILE_REFUSED, 1, f->name);
        if (f->holes + f->bad > 0)
            cli_say(c, STICK_DAMAGED, 3, f->name, cli_count(holes, f->holes + f->bad),
                    cli_count(bytes, f->skipped));
        if (f->hopeless)
            cli_say(c, STICK_GIVEN_UP, 1, f->name);
    }
}

json_t *cli_bundle_files(const struct stick *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->files_count; i++) {
        const struct stick_file *f = &s->files[i];
        (void)json_array_append_new(
            list, json_pack("{s:o,s:I,s:I,s:I,s:b,s:b}", "name", json_text(f->name), "bytes",
                            (json_int_t)f->size, "holes", (json_int_t)(f->holes + f->bad),
                            "damaged_bytes", (json_int_t)f->skipped, "refused", f->refused,
                            "given_up", f->hopeless));
    }
    return list;
}

/* With --json, one object at the end. Takes it. */
void cli_bundle_print(struct cli *c, json_t *o)
{
    if (c->json) {
        (void)json_dumpf(o, stdout, JSON_INDENT(1));
        (void)fputc('\n', stdout);
    }
    json_decref(o);
}

/* Nothing in it is of this cell. */
bool cli_bundle_all_foreign(const json_t *view)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        sum += json_get_number(json_object_get(view, "fresh"), items[i].key) +
               json_get_number(json_object_get(view, "carried"), items[i].key);
    return sum == 0 && json_get_number(view, "foreign") > 0;
}
