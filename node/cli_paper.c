/* Papers in and out: documents on paper, procedures in words, calendar entries, agendas and rosters
 * from the users' own files. */
#include "node/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meeting/act.h"
#include "node/calendar.h"
#include "node/csv.h"
#include "node/rules.h"
#include "procedures/assets.h"

#define ROSTER_BYTES_MAX (1u << 20)
#define AGENDA_BYTES_MAX (256u << 10)

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static int say_saved(struct cli *c, const char *path, uint64_t size)
{
    char digits[24];
    if (strcmp(path, "-") != 0 && c->json)
        (void)printf("{\"saved\": true}\n");
    else if (strcmp(path, "-") != 0)
        cli_say(c, CLI_DONE_SAVED, 2, path, cli_count(digits, size));
    return CLI_DONE;
}

/* ---- print ---- */

/* hop-print beside this program, or wherever PATH finds it; only in the child. */
static void be_printer(const char *out)
{
    char path[1024];
    char *const argv[] = {(char[]){"hop-print"}, strdup(out), NULL};
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "hop-print");
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n > 0 && argv[1] != NULL) {
        memcpy(path + n, "hop-print", sizeof "hop-print");
        (void)execv(path, argv);
    }
    if (argv[1] != NULL)
        (void)execvp("hop-print", argv);
    _exit(127);
}

/* Styled lines to hop-print; its exit code, or -1. */
static int run_printer(struct span lines, const char *out)
{
    FILE *in = tmpfile(); /* not a pipe: a printer that dies early must not end us by a signal */
    int status = -1;
    if (in == NULL || fwrite(lines.data, 1, lines.size, in) != lines.size || fflush(in) != 0) {
        if (in != NULL)
            (void)fclose(in);
        return -1;
    }
    rewind(in);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(fileno(in), STDIN_FILENO);
        be_printer(out);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    (void)fclose(in);
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int print_paper(struct cli *c, const char *path, const char *out)
{
    int exit_code = cli_ask(c, "GET", path, NULL, NULL);
    if (exit_code != CLI_DONE)
        return exit_code;
    int printed = run_printer(buf_written(&c->reply), out);
    if (printed == 127)
        return cli_fail(c, CLI_UNREACHABLE, PRINT_NO_PROGRAM, 0);
    if (printed != 0)
        return cli_fail(c, CLI_UNREACHABLE, PRINT_FAILED, 1, out);
    FILE *made = fopen(out, "rb");
    long size = made != NULL && fseek(made, 0, SEEK_END) == 0 ? ftell(made) : 0;
    if (made != NULL)
        (void)fclose(made);
    return say_saved(c, out, size > 0 ? (uint64_t)size : 0);
}

static int print_to(struct cli *c, const char *what, uint32_t number, const char *out)
{
    char query[96];
    bool page = ends_in(out, ".html"), words = ends_in(out, ".txt") || strcmp(out, "-") == 0;
    if (!page && !words && !ends_in(out, ".pdf"))
        return cli_fail(c, CLI_WRONG_USAGE, PRINT_BAD_ENDING, 1, out);
    (void)snprintf(query, sizeof query, "/print?what=%.16s&index=%u&as=%s", what, (unsigned)number,
                   page    ? "page"
                   : words ? "text"
                           : "lines");
    const char *path = cli_path(c, "/api/meetings/", c->args[0], query);
    if (!page && !words)
        return print_paper(c, path, out);
    int exit_code = cli_ask(c, "GET", path, NULL, NULL);
    if (exit_code == CLI_DONE)
        exit_code = cli_write_file(c, out, buf_written(&c->reply));
    return exit_code != CLI_DONE ? exit_code : say_saved(c, out, c->reply.size);
}

int cli_print(struct cli *c)
{
    const char *out = NULL;
    uint32_t number = 1;
    const struct cli_option options[] = {{"-o", CLI_VALUE, &out}};
    int exit_code = cli_arguments(c, options, 1, 2, 3);
    if (exit_code == CLI_DONE && out == NULL)
        exit_code = cli_wrong_usage(c);
    if (exit_code == CLI_DONE && strspn(c->args[1], "abcdefghijklmnopqrstuvwxyz") !=
                                     strlen(c->args[1])) /* it goes into a path */
        exit_code = cli_wrong_usage(c);
    if (exit_code == CLI_DONE)
        exit_code = cli_number(c, "N", c->count == 3 ? c->args[2] : NULL, 9999, &number);
    return exit_code != CLI_DONE ? exit_code : print_to(c, c->args[1], number, out);
}

/* ---- calendar ---- */

static void put_agenda(struct buf *b, const json_t *meeting)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(meeting, "agenda"), i, item)
    {
        buf_printf(b, "%s%zu. %s", b->size > 0 ? "\n" : "", i + 1, json_get_text(item, "title"));
    }
}

static int write_entry(struct cli *c, const json_t *meeting, const char *out)
{
    struct buf words = {0}, file = {0};
    uint64_t sent = json_get_number(meeting, "sent_at");
    struct calendar_entry e = {.id = json_get_text(meeting, "id"),
                               .made = sent != 0 ? sent : json_get_number(meeting, "at"),
                               .title = json_get_text(meeting, "title"),
                               .place = json_get_text(meeting, "place")};
    if (!calendar_read(&e.when, json_get_text(meeting, "when")))
        return cli_fail(c, CLI_REFUSED, CALENDAR_NO_DATE, 1, json_get_text(meeting, "when"));
    buf_text(&words, json_get_text(meeting, "notice"));
    put_agenda(&words, meeting);
    e.words = buf_string(&words);
    calendar_write(&file, &e);
    int exit_code = cli_write_file(c, out, buf_written(&file));
    if (exit_code == CLI_DONE)
        exit_code = say_saved(c, out, file.size);
    buf_free(&words);
    buf_free(&file);
    return exit_code;
}

int cli_calendar(struct cli *c)
{
    const char *out = NULL;
    json_t *meeting = NULL;
    const struct cli_option options[] = {{"-o", CLI_VALUE, &out}};
    int exit_code = cli_arguments(c, options, 1, 1, 1);
    if (exit_code == CLI_DONE && out == NULL)
        exit_code = cli_wrong_usage(c);
    if (exit_code == CLI_DONE)
        exit_code =
            cli_ask(c, "GET", cli_path(c, "/api/meetings/", c->args[0], ""), NULL, &meeting);
    if (exit_code == CLI_DONE)
        exit_code = write_entry(c, meeting, out);
    json_decref(meeting);
    return exit_code;
}

/* ---- procedures ---- */

/* A file of one's own, or one that ships ("party-cell"); its rules as JSON, owned. */
static int read_rules(struct cli *c, const char *name, json_t **ret)
{
    struct buf file = {0};
    struct text_said why = {0};
    struct span found = {0};
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < procedure_assets_count && strpbrk(name, "/.") == NULL; i++) {
        const struct procedure_asset *a = &procedure_assets[i];
        if (strcspn(a->path, ".") == strlen(name) && strncmp(a->path, name, strlen(name)) == 0)
            found = SPAN(a->bytes, a->size);
    }
    if (found.data == NULL)
        exit_code = cli_read_file(c, name, PROCEDURE_BYTES_MAX, &file);
    if (exit_code == CLI_DONE && found.data == NULL)
        found = buf_written(&file);
    if (exit_code == CLI_DONE) {
        int err = rules_of_file(found, c->lang, ret, &why);
        struct node_trouble trouble = {.said = why, .exit_code = CLI_REFUSED};
        if (err == HOP_ENOMEM)
            exit_code = cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
        else if (err != HOP_OK)
            exit_code = cli_trouble(c, &trouble);
    }
    buf_free(&file);
    return exit_code;
}

static void print_json(const json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_INDENT(1));
    (void)printf("\n");
}

static void show_rules(struct cli *c, const json_t *o)
{
    size_t i;
    const json_t *rule;
    json_array_foreach(json_object_get(o, "rules"), i, rule)
    {
        (void)printf("%s\n", json_get_text(rule, "text"));
    }
    (void)c;
}

static int procedure_show(struct cli *c)
{
    json_t *rules = NULL;
    int exit_code = cli_arguments(c, NULL, 0, 1, 2);
    if (exit_code == CLI_DONE && c->count == 1)
        return cli_show(c, "GET", "/api/procedure", NULL, show_rules);
    if (exit_code == CLI_DONE)
        exit_code = read_rules(c, c->args[1], &rules);
    if (exit_code == CLI_DONE && c->json)
        print_json(rules);
    else if (exit_code == CLI_DONE)
        show_rules(c, rules);
    json_decref(rules);
    return exit_code;
}

static int procedure_check(struct cli *c)
{
    json_t *rules = NULL;
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    if (exit_code == CLI_DONE)
        exit_code = read_rules(c, c->args[1], &rules);
    if (exit_code == CLI_DONE && c->json)
        print_json(rules);
    else if (exit_code == CLI_DONE)
        cli_say(c, RULES_GOOD, 2, c->args[1], json_get_text(rules, "title"));
    json_decref(rules);
    return exit_code;
}

static void show_difference(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *one;
    if (json_array_size(list) == 0)
        cli_say(c, RULES_SAME, 0);
    json_array_foreach(list, i, one)
    {
        if (json_object_get(one, "was") != NULL)
            cli_say(c, RULES_WAS, 1, json_get_text(one, "was"));
        if (json_object_get(one, "is") != NULL)
            cli_say(c, RULES_IS, 1, json_get_text(one, "is"));
    }
}

static int procedure_diff(struct cli *c)
{
    json_t *a = NULL, *b = NULL, *list = NULL;
    int exit_code = cli_arguments(c, NULL, 0, 3, 3);
    if (exit_code == CLI_DONE)
        exit_code = read_rules(c, c->args[1], &a);
    if (exit_code == CLI_DONE)
        exit_code = read_rules(c, c->args[2], &b);
    if (exit_code == CLI_DONE)
        list = rules_difference(json_object_get(a, "rules"), json_object_get(b, "rules"));
    if (exit_code == CLI_DONE && c->json)
        print_json(list);
    else if (exit_code == CLI_DONE)
        show_difference(c, list);
    json_decref(a);
    json_decref(b);
    json_decref(list);
    return exit_code;
}

int cli_procedure(struct cli *c)
{
    const char *sub = c->count > 0 ? c->args[0] : "";
    if (strcmp(sub, "check") == 0)
        return procedure_check(c);
    if (strcmp(sub, "show") == 0)
        return procedure_show(c);
    if (strcmp(sub, "diff") == 0)
        return procedure_diff(c);
    int exit_code = cli_options(c, NULL, 0);
    return exit_code != CLI_DONE ? exit_code : cli_wrong_usage(c);
}

/* ---- an agenda, a roster ---- */

/* "3. Thảo luận", "- Thảo luận": the agenda numbers its items itself. */
static const char *without_number(const char *line)
{
    size_t digits = strspn(line, "0123456789");
    if (digits > 0 && digits < 4 && strchr(".):", line[digits]) != NULL && line[digits] != '\0')
        line += digits + 1;
    else if (line[0] == '-' || line[0] == '*')
        line++;
    return line + strspn(line, " \t");
}

/* Of a line of a CSV file the first field that is no number. */
static int next_item(struct csv *csv, bool commas, const char **ret)
{
    char *fields[CSV_FIELDS_MAX];
    size_t count = 0, i = 0;
    if (!commas) {
        *ret = csv_next_line(csv);
        return *ret != NULL ? HOP_OK : HOP_ENOTFOUND;
    }
    int err = csv_next(csv, fields, &count);
    while (err == HOP_OK && i + 1 < count && strspn(fields[i], "0123456789. ") == strlen(fields[i]))
        i++;
    if (err == HOP_OK)
        *ret = fields[i];
    return err;
}

static int bad_quote(struct cli *c, const struct csv *csv, const char *path)
{
    char line[24];
    return cli_fail(c, CLI_REFUSED, CSV_BAD_QUOTE, 2, cli_count(line, csv->line), path);
}

int cli_read_agenda(struct cli *c, const char *path, json_t *ret)
{
    struct buf file = {0};
    const char *item = NULL;
    char most[24];
    int exit_code = cli_read_file(c, path, AGENDA_BYTES_MAX, &file), err = HOP_OK;
    struct csv csv = csv_of(&file);
    while (exit_code == CLI_DONE &&
           (err = next_item(&csv, ends_in(path, ".csv"), &item)) == HOP_OK) {
        if (json_array_size(ret) == ACT_AGENDA_MAX)
            exit_code =
                cli_fail(c, CLI_REFUSED, CSV_TOO_MANY, 2, path, cli_count(most, ACT_AGENDA_MAX));
        else if (without_number(item)[0] != '\0')
            (void)json_array_append_new(ret, cli_words(c, without_number(item)));
    }
    if (exit_code == CLI_DONE && err == HOP_EMALFORMED)
        exit_code = bad_quote(c, &csv, path);
    if (exit_code == CLI_DONE && json_array_size(ret) == 0)
        exit_code = cli_fail(c, CLI_REFUSED, AGENDA_EMPTY, 1, path);
    buf_free(&file);
    return exit_code;
}

/* A first line that names the columns. */
static bool is_heading(const char *first)
{
    static const char *const names[] = {"name",   "full name", "họ tên", "họ và tên",
                                        "Họ tên", "Họ và tên", "HỌ TÊN", "HỌ VÀ TÊN",
                                        "tên",    "Tên"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(first, names[i]) == 0)
            return true;
    }
    return false;
}

static int invite_line(struct cli *c, char *const fields[], size_t count, const char *address,
                       json_t *made)
{
    static const char *const keys[] = {"name", "role", "category"};
    json_t *body = json_object(), *reply = NULL;
    for (size_t i = 0; i < 3 && i < count; i++) {
        if (fields[i][0] != '\0')
            (void)json_object_set_new(body, keys[i], cli_words(c, fields[i]));
    }
    if (address != NULL)
        (void)json_object_set_new(body, "address", cli_words(c, address));
    int exit_code = cli_ask(c, "POST", "/api/invitations", body, &reply);
    if (exit_code == CLI_DONE && c->json)
        (void)json_array_append(made, reply);
    else if (exit_code == CLI_DONE)
        cli_show_invitation(c, reply);
    json_decref(reply);
    return exit_code;
}

/* Every line has a name, or nobody is invited. */
static int check_roster(struct cli *c, const struct buf *file, const char *path)
{
    char *fields[CSV_FIELDS_MAX], line[24];
    size_t count;
    struct buf copy = {0};
    int exit_code = CLI_DONE, err = HOP_OK;
    buf_bytes(&copy, file->data, file->size);
    struct csv csv = csv_of(&copy);
    while (exit_code == CLI_DONE && (err = csv_next(&csv, fields, &count)) == HOP_OK) {
        if (fields[0][0] == '\0')
            exit_code = cli_fail(c, CLI_REFUSED, CSV_NO_NAME, 2, cli_count(line, csv.line), path);
    }
    if (exit_code == CLI_DONE && err == HOP_EMALFORMED)
        exit_code = bad_quote(c, &csv, path);
    buf_free(&copy);
    return exit_code;
}

int cli_invite_csv(struct cli *c, const char *path, const char *address)
{
    char *fields[CSV_FIELDS_MAX];
    size_t count, n = 0;
    struct buf file = {0};
    json_t *made = json_array();
    int exit_code = cli_read_file(c, path, ROSTER_BYTES_MAX, &file);
    if (exit_code == CLI_DONE)
        exit_code = check_roster(c, &file, path);
    struct csv csv = csv_of(&file);
    while (exit_code == CLI_DONE && csv_next(&csv, fields, &count) == HOP_OK) {
        if (n++ > 0 || !is_heading(fields[0]))
            exit_code = invite_line(c, fields, count, address, made);
    }
    if (c->json &&
        json_array_size(made) > 0) /* those made before a refusal too: each is used once */
        print_json(made);
    json_decref(made);
    buf_free(&file);
    return exit_code;
}
