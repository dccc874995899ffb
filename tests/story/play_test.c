/* Plays the stories beside it: each *.story is a script of what people do and what they then read.
 * README.md says how one is written. A story that ends has made every device show the same. */
#include "tests/story/stage.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/encode.h"
#include "node/files.h"
#include "tests/lib/test.h"

#define STORIES_MAX 128
#define LINE_BYTES  4096

static struct stage stage; /* large: what was said */

/* What the story calls a thing, for its short id: numbers of things may change when people meet. */
#define CALLED_MAX 16
struct called {
    char name[32], id[HEX_SIZE(32)];
};

struct script {
    const char *path;
    size_t number; /* of the line */
    char line[LINE_BYTES];
    struct stage_person *who; /* of the last command, which may be asked again in English */
    char command[LINE_BYTES];
    bool refused, in_english; /* what stage.said is of */
    size_t open;              /* lines "| ?" */
    struct called called[CALLED_MAX];
    size_t called_count;
};

static void fail_line(const struct script *s, const char *what)
{
    print_message("%s:%zu: %s\n  %s\nit said:\n%s\n", s->path, s->number, what, s->line,
                  stage.said);
    fail();
}

static void must(const struct script *s, bool holds, const char *what)
{
    if (!holds)
        fail_line(s, what);
}

static const char *after(const char *line, const char *start)
{
    size_t n = strlen(start);
    return strncmp(line, start, n) == 0 ? line + n : NULL;
}

/* ---- who ---- */

/* "An, Lan và Hùng" or "An and Lan": the next name from *at, or NULL. */
static struct stage_person *next_person(const struct script *s, const char **at)
{
    const char *p = *at + strspn(*at, " ,");
    if (after(p, "and ") != NULL)
        p += 4;
    if (*p == '\0')
        return NULL;
    size_t n = strcspn(p, ",");
    const char *and = strstr(p, " and ");
    if (and != NULL && (size_t)(and-p) < n)
        n = (size_t)(and-p);
    struct stage_person *found = stage_find(&stage, p, n);
    must(s, found != NULL, "nobody of this name");
    *at = p + n;
    return found;
}

/* All have what any of them had: to the first and back. */
static void all_meet(const struct script *s, struct stage_person *const who[], size_t count)
{
    must(s, count >= 2, "two are needed to meet");
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 1; i < count; i++)
            stage_meet(&stage, who[0], who[i]);
    }
    for (size_t i = 1; i < count; i++)
        stage_meet(&stage, who[0], who[i]); /* receipts of the second round */
    for (size_t i = 1; i < count; i++)
        must(s, stage_agree(who[0], who[i]), "after meeting, they show different things");
}

static void everyone_meets(const struct script *s)
{
    struct stage_person *who[STAGE_PEOPLE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < stage.count; i++) {
        if (!stage.people[i].gone)
            who[count++] = &stage.people[i];
    }
    if (count > 1)
        all_meet(s, who, count);
}

static bool tell_meet(const struct script *s)
{
    struct stage_person *who[STAGE_PEOPLE_MAX], *p;
    char names[LINE_BYTES];
    size_t count = 0, n = strlen(s->line);
    const char *at = names;
    if (strcmp(s->line, "everyone meets") == 0) {
        everyone_meets(s);
        return true;
    }
    if (n < 5 || strcmp(s->line + n - 5, " meet") != 0)
        return false;
    (void)snprintf(names, sizeof names, "%.*s", (int)(n - 5), s->line);
    while ((p = next_person(s, &at)) != NULL && count < STAGE_PEOPLE_MAX)
        who[count++] = p;
    all_meet(s, who, count);
    return true;
}

static bool tell_loss(const struct script *s)
{
    const char *end = strstr(s->line, "'s device is lost");
    if (end == NULL)
        return false;
    struct stage_person *p = stage_find(&stage, s->line, (size_t)(end - s->line));
    must(s, p != NULL, "nobody of this name");
    p->gone = true;
    return true;
}

/* "Mai's clock is ahead by -720 minutes" */
static bool tell_clock(const struct script *s)
{
    const char *end = strstr(s->line, "'s clock is ahead by ");
    long minutes;
    if (end == NULL || sscanf(end, "'s clock is ahead by %ld minutes", &minutes) != 1)
        return false;
    struct stage_person *p = stage_find(&stage, s->line, (size_t)(end - s->line));
    must(s, p != NULL, "nobody of this name");
    p->wrong = (int64_t)minutes * 60 * (int64_t)HOP_SECOND;
    return true;
}

/* ---- the cell, the clock ---- */

/* "cell NAME by PROCEDURE: An, Lan (deputy), Mai (member, probationary)" */
static bool tell_cell(struct script *s)
{
    const char *p = after(s->line, "cell ");
    char *by = p == NULL ? NULL : strstr(s->line, " by "), *colon;
    if (by == NULL)
        return false;
    *by = '\0';
    colon = strchr(by + 1, ':');
    must(s, colon != NULL, "a cell needs its members after ':'");
    *colon = '\0';
    for (char *next = colon + 1; next != NULL;) {
        char *name = next + strspn(next, " "), *role = NULL, *category = NULL;
        size_t n = strcspn(name, ",(");
        next = strchr(name, ',');
        if (name[n] == '(') {
            role = name + n + 1;
            char *close = strchr(role, ')');
            must(s, close != NULL, "( without )");
            next = strchr(close, ',');
            *close = '\0';
            category = strchr(role, ',');
            if (category != NULL)
                *category++ = '\0';
            category = category == NULL ? NULL : category + strspn(category, " ");
        }
        while (n > 0 && name[n - 1] == ' ')
            n--;
        if (next != NULL)
            *next++ = '\0';
        name[n] = '\0';
        if (stage.count == 0)
            stage_found(&stage, p, by + 4, name);
        else
            stage_join(&stage, name, role, category);
    }
    struct called *c = &s->called[s->called_count++]; /* $cell: the fingerprint of the cell */
    (void)snprintf(c->name, sizeof c->name, "cell");
    hex_encode(c->id, SPAN(stage.people[0].node->keys.cell_id, 32));
    everyone_meets(s);
    return true;
}

static uint64_t days_to(int year, int month, int day)
{
    /* civil days since 1970-01-01; the era's year begins in March */
    int y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
    return (uint64_t)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468);
}

/* "on 04/01/2027 at 19:30": in Việt Nam, seven hours before UTC. */
static bool tell_time(const struct script *s)
{
    int day, month, year, hour, minute;
    if (sscanf(s->line, "on %2d/%2d/%4d at %2d:%2d", &day, &month, &year, &hour, &minute) != 5)
        return false;
    uint64_t minutes = days_to(year, month, day) * 24 * 60 + (uint64_t)(hour * 60 + minute);
    stage.wall = (minutes - 7 * 60) * 60 * HOP_SECOND;
    return true;
}

/* "file agenda.txt: line\nline": in the room, for commands that read one. */
static bool tell_file(const struct script *s)
{
    char path[256];
    struct buf words = {0};
    const char *p = after(s->line, "file "), *colon = p == NULL ? NULL : strchr(p, ':');
    if (colon == NULL)
        return false;
    (void)snprintf(path, sizeof path, "%s/%.*s", stage.room, (int)(colon - p), p);
    for (const char *q = colon + 1 + strspn(colon + 1, " "); *q != '\0'; q++) {
        bool end = q[0] == '\\' && q[1] == 'n';
        q += end;
        buf_printf(&words, "%c", end ? '\n' : *q);
    }
    CHECK_OK(files_write(path, buf_written(&words), 0600));
    buf_free(&words);
    return true;
}

/* ---- commands and what is said ---- */

static void run(struct script *s, enum text_lang lang)
{
    uint64_t before = device_record_count(s->who->node->device);
    int exit_code = stage_command(&stage, s->who, lang, s->command);
    s->in_english = lang == TEXT_EN;
    if (s->refused) {
        must(s, exit_code == CLI_REFUSED, "this should have been refused (exit code 1)");
        must(s, device_record_count(s->who->node->device) == before,
             "what was refused was put on record");
    } else {
        must(s, exit_code == CLI_DONE, "this should have been done (exit code 0)");
    }
}

/* "  called school": what the last command put on record. */
static bool tell_called(struct script *s)
{
    const char *name = after(s->line, "  called "), *id = strrchr(stage.said, '(');
    if (name == NULL)
        return false;
    must(s, id != NULL && s->called_count < CALLED_MAX, "nothing was recorded to call so");
    struct called *c = &s->called[s->called_count++];
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    (void)snprintf(c->id, sizeof c->id, "%.*s", (int)strcspn(id + 1, ")"), id + 1);
    return true;
}

/* What is called "school" at p, if p begins with "$school". */
static const struct called *called_at(const struct script *s, const char *p)
{
    for (size_t i = 0; *p == '$' && i < s->called_count; i++) {
        size_t n = strlen(s->called[i].name);
        if (strncmp(p + 1, s->called[i].name, n) == 0 && strchr(" \")", p[1 + n]) != NULL)
            return &s->called[i];
    }
    return NULL;
}

/* words with the ids of what is called "$school"; in what is said "@x" is the file's whole name. */
static void put_names(const struct script *s, char *ret, size_t size, const char *words, bool said)
{
    size_t used = 0;
    for (const char *p = words; *p != '\0' && used + 1 < size;) {
        const struct called *c = called_at(s, p);
        if (c != NULL) {
            used += (size_t)snprintf(ret + used, size - used, "%s", c->id);
            p += 1 + strlen(c->name);
        } else if (said && *p == '@') {
            used += (size_t)snprintf(ret + used, size - used, "%s/", stage.room);
            p++;
        } else {
            ret[used++] = *p++;
        }
        must(s, used < size, "the line is too long");
    }
    ret[used] = '\0';
}

/* "An: motion put 1 …", "Mai cannot: motion put 1 …" */
static bool tell_command(struct script *s)
{
    const char *colon = strstr(s->line, ": "), *cannot = strstr(s->line, " cannot: ");
    if (colon == NULL)
        return false;
    s->refused = cannot != NULL && cannot < colon;
    const char *end = s->refused ? cannot : colon;
    s->who = stage_find(&stage, s->line, (size_t)(end - s->line));
    if (s->who == NULL)
        return false;
    must(s, !s->who->gone, "the device is lost");
    put_names(s, s->command, sizeof s->command, colon + 2, false);
    run(s, TEXT_VI);
    return true;
}

/* Under a command: "| words" it said, "! words" it did not; "en| words" of the same in English.
 * Under what was refused the words are the whole sentence. */
static bool tell_said(struct script *s)
{
    char line[LINE_BYTES];
    const char *words;
    if (s->line[0] != ' ')
        return false;
    put_names(s, line, sizeof line, s->line + strspn(s->line, " "), true);
    must(s, s->who != NULL, "nothing was said yet");
    if ((words = after(line, "en| ")) != NULL) {
        if (!s->in_english)
            run(s, TEXT_EN);
    } else if ((words = after(line, "| ")) == NULL && after(line, "! ") == NULL) {
        return false;
    }
    if (words != NULL && strcmp(words, "?") == 0) { /* whoever writes the story wants to know */
        print_message("%s:%zu: %s\n", s->path, s->number, stage.said);
        s->open++;
    } else if (words == NULL)
        must(s, strstr(stage.said, after(line, "! ")) == NULL, "it said this");
    else if (s->refused)
        must(s, strcmp(stage.said, words) == 0, "it was refused with another sentence");
    else
        must(s, strstr(stage.said, words) != NULL, "it did not say this");
    return true;
}

static bool tell(struct script *s)
{
    return s->line[0] == '\0' || s->line[0] == '#' || after(s->line, "Story: ") != NULL ||
           tell_called(s) || tell_said(s) || tell_cell(s) || tell_time(s) || tell_file(s) ||
           tell_meet(s) || tell_loss(s) || tell_clock(s) || tell_command(s);
}

static void play(void **state)
{
    struct script s = {.path = *state};
    FILE *f = fopen(s.path, "rb");
    CHECK(f != NULL);
    stage_open(&stage);
    while (fgets(s.line, sizeof s.line, f) != NULL) {
        size_t n = strcspn(s.line, "\r\n");
        must(&s, s.line[n] != '\0' || feof(f) != 0, "the line is too long");
        s.line[n] = '\0';
        s.number++;
        must(&s, tell(&s), "this line of the story is not understood");
    }
    (void)fclose(f);
    (void)snprintf(s.line, sizeof s.line, "(the end)");
    everyone_meets(&s);
    must(&s, s.open == 0, "lines of the story are still to be written");
}

static int leave(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[STORIES_MAX];
    static char pattern[128];
    glob_t found;
    size_t count = 0;
    (void)setenv("TZ", "ICT-7", 1); /* times are shown as in Việt Nam */
    tzset();
    if (glob("tests/story/*.story", 0, NULL, &found) != 0)
        return 1;
    for (; count < found.gl_pathc && count < STORIES_MAX; count++)
        tests[count] =
            (struct CMUnitTest){found.gl_pathv[count], play, NULL, leave, found.gl_pathv[count]};
    if (argc > 1) {
        (void)snprintf(pattern, sizeof pattern, "*%s*", argv[1]);
        cmocka_set_test_filter(pattern);
    }
    int failed = _cmocka_run_group_tests("stories", tests, count, NULL, NULL);
    globfree(&found);
    return failed == 0 && count > 0 ? 0 : 1;
}
