/* Commands of a meeting, from preparing it to its dossier. */
#include "node/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "meeting/act.h"
#include "node/files.h"
#include "node/words.h"

#define PIECE_BYTES (4u << 20) /* of a document on its way to the node: a commit each */

/* ---- meeting … ---- */

static json_t *texts(struct cli *c, const struct cli_values *values)
{
    json_t *list = json_array();
    for (size_t i = 0; i < values->count; i++)
        (void)json_array_append_new(list, cli_words(c, values->items[i]));
    return list;
}

static int meeting_new(struct cli *c)
{
    static const char *const keys[] = {"form",  "when",      "place", "basis", "reason",
                                       "chair", "secretary", "group", "parent"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    const char *values[KEYS] = {0}, *agenda_file = NULL;
    struct cli_values agenda = {0}, people = {0};
    bool practice = false;
    const struct cli_option options[] = {
        {"--form", CLI_VALUE, &values[0]},      {"--when", CLI_VALUE, &values[1]},
        {"--place", CLI_VALUE, &values[2]},     {"--basis", CLI_VALUE, &values[3]},
        {"--reason", CLI_VALUE, &values[4]},    {"--chair", CLI_VALUE, &values[5]},
        {"--secretary", CLI_VALUE, &values[6]}, {"--group", CLI_VALUE, &values[7]},
        {"--parent", CLI_VALUE, &values[8]},    {"--agenda", CLI_VALUES, &agenda},
        {"--invite", CLI_VALUES, &people},      {"--agenda-file", CLI_VALUE, &agenda_file},
        {"--practice", CLI_FLAG, &practice},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 2, 2);
    if (exit_code != CLI_DONE)
        return exit_code;
    json_t *items = texts(c, &agenda);
    if (agenda_file != NULL)
        exit_code = cli_read_agenda(c, agenda_file, items);
    json_t *body = json_pack("{s:o,s:o,s:o,s:i}", "title", cli_words(c, c->args[1]), "agenda",
                             items, "people", texts(c, &people), "practice", practice ? 1 : 0);
    for (size_t i = 0; i < KEYS; i++) {
        if (values[i] != NULL)
            (void)json_object_set_new(body, keys[i], cli_words(c, values[i]));
    }
    if (exit_code == CLI_DONE)
        return cli_show(c, "POST", "/api/meetings", body, cli_show_recorded);
    json_decref(body);
    return exit_code;
}

static int meeting_list(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 1, 1);
    return exit_code != CLI_DONE ? exit_code
                                 : cli_show(c, "GET", "/api/meetings", NULL, cli_show_meetings);
}

/* "meeting show MEETING": what show makes of the whole of it. */
static int show_part(struct cli *c, cli_shower *show)
{
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    return exit_code != CLI_DONE
               ? exit_code
               : cli_show(c, "GET", cli_path(c, "/api/meetings/", c->args[1], ""), NULL, show);
}

static int meeting_show(struct cli *c)
{
    return show_part(c, cli_show_meeting);
}

/* An act that needs no words. */
static int bare(struct cli *c, const char *after)
{
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    return exit_code != CLI_DONE
               ? exit_code
               : cli_show(c, "POST", cli_path(c, "/api/meetings/", c->args[1], after), NULL,
                          cli_show_recorded);
}

static int meeting_open(struct cli *c)
{
    return bare(c, "/open");
}

static int meeting_attend(struct cli *c)
{
    return bare(c, "/attend");
}

static int meeting_close(struct cli *c)
{
    return bare(c, "/close");
}

static int meeting_read(struct cli *c)
{
    return bare(c, "/read");
}

static int roll_line(struct cli *c, const char *meeting, const char *member, const char *status,
                     const char *reason, cli_shower *show)
{
    json_t *body =
        json_pack("{s:o,s:o}", "member", cli_words(c, member), "status", cli_words(c, status));
    if (reason != NULL)
        (void)json_object_set_new(body, "reason", cli_words(c, reason));
    return cli_show(c, "POST", cli_path(c, "/api/meetings/", meeting, "/roll"), body, show);
}

/* Everybody who says "I am here" and has not been called: confirmed by this command. */
static int roll_confirm(struct cli *c, const char *name)
{
    json_t *meeting = NULL;
    size_t i;
    const json_t *r;
    int exit_code = cli_ask(c, "GET", cli_path(c, "/api/meetings/", name, ""), NULL, &meeting);
    json_array_foreach(json_object_get(meeting, "roll"), i, r)
    {
        if (exit_code == CLI_DONE && json_is_true(json_object_get(r, "claimed")) &&
            strcmp(json_get_text(r, "status"), "unknown") == 0)
            exit_code =
                roll_line(c, name, json_get_text(r, "member"), "present", NULL, cli_show_recorded);
    }
    json_decref(meeting);
    return exit_code;
}

static int meeting_roll(struct cli *c)
{
    const char *reason = NULL;
    bool confirm = false;
    const struct cli_option options[] = {{"--reason", CLI_VALUE, &reason},
                                         {"--confirm", CLI_FLAG, &confirm}};
    int exit_code = cli_arguments(c, options, 2, 2, 4);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (c->count == 4 && !confirm)
        return roll_line(c, c->args[1], c->args[2], c->args[3], reason, cli_show_recorded);
    if (c->count != 2 || reason != NULL)
        return cli_wrong_usage(c);
    return confirm ? roll_confirm(c, c->args[1]) : show_part(c, cli_show_roll);
}

struct sub {
    const char *name;
    int (*run)(struct cli *c);
};

/* The first word that is no option says which. Options may stand before it, with their values, so
 * it must be the first argument: "hop meeting --form x new" is wrong usage. */
static int run_sub(struct cli *c, const struct sub *subs, size_t count)
{
    for (size_t i = 0; c->count > 0 && i < count; i++) {
        if (strcmp(subs[i].name, c->args[0]) == 0)
            return subs[i].run(c);
    }
    int exit_code = cli_options(c, NULL, 0);
    return exit_code != CLI_DONE ? exit_code : cli_wrong_usage(c);
}

int cli_meeting(struct cli *c)
{
    static const struct sub subs[] = {
        {"new", meeting_new},   {"list", meeting_list},     {"show", meeting_show},
        {"open", meeting_open}, {"attend", meeting_attend}, {"roll", meeting_roll},
        {"read", meeting_read}, {"close", meeting_close},
    };
    return run_sub(c, subs, sizeof subs / sizeof subs[0]);
}

/* ---- doc … ---- */

static const char *media_type_of(const char *path)
{
    static const char *const types[][2] = {
        {".txt", "text/plain"},
        {".md", "text/markdown"},
        {".pdf", "application/pdf"},
        {".html", "text/html"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".odt", "application/vnd.oasis.opendocument.text"},
        {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

/* One piece of the file to the upload, which has `at` bytes of it. */
static int send_piece(struct cli *c, const char *upload, uint64_t at, struct span piece)
{
    char query[40];
    (void)snprintf(query, sizeof query, "?at=%llu", (unsigned long long)at);
    return cli_ask_bytes(c, "POST", cli_path(c, "/api/uploads/", upload, query), piece);
}

static int send_pieces(struct cli *c, FILE *in, const char *path, const char *upload)
{
    uint8_t *room = malloc(PIECE_BYTES);
    uint64_t at = 0;
    size_t n = 0;
    int exit_code = room == NULL ? cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0) : CLI_DONE;
    while (exit_code == CLI_DONE && (n = fread(room, 1, PIECE_BYTES, in)) > 0) {
        exit_code = send_piece(c, upload, at, SPAN(room, n));
        at += n;
    }
    if (exit_code == CLI_DONE && ferror(in) != 0)
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_READ, 2, path,
                             hop_error_text(files_error(errno)));
    free(room);
    return exit_code;
}

/* Before any of it is read. */
static int check_size(struct cli *c, const char *path, uint64_t size)
{
    char limit[24];
    if (size <= ACT_DOCUMENT_BYTES_MAX)
        return CLI_DONE;
    (void)snprintf(limit, sizeof limit, "%llu MiB",
                   (unsigned long long)(ACT_DOCUMENT_BYTES_MAX >> 20));
    return cli_fail(c, CLI_REFUSED, CLI_TOO_LARGE, 2, path, limit);
}

/* The file's bytes to the node; *ret: the number under which it has them, owned. */
static int upload_file(struct cli *c, const char *meeting, const char *path, const char *class,
                       json_t **ret)
{
    struct stat st;
    bool plain = strcmp(path, "-") == 0;
    FILE *in = plain ? stdin : fopen(path, "rb");
    if (in == NULL || (!plain && fstat(fileno(in), &st) == 0 && !S_ISREG(st.st_mode))) {
        int err = in == NULL ? files_error(errno) : HOP_EMALFORMED;
        if (in != NULL)
            (void)fclose(in);
        return cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_READ, 2, path, hop_error_text(err));
    }
    int exit_code = plain ? CLI_DONE : check_size(c, path, (uint64_t)st.st_size);
    json_t *body = json_object();
    if (!plain)
        (void)json_object_set_new(body, "size", json_integer((json_int_t)st.st_size));
    if (class != NULL)
        (void)json_object_set_new(body, "class", cli_words(c, class));
    if (exit_code == CLI_DONE)
        exit_code =
            cli_ask(c, "POST", cli_path(c, "/api/meetings/", meeting, "/uploads"), body, ret);
    else
        json_decref(body);
    if (exit_code == CLI_DONE)
        exit_code = send_pieces(c, in, path, json_get_text(*ret, "upload"));
    if (!plain)
        (void)fclose(in);
    return exit_code;
}

static int doc_add(struct cli *c)
{
    const char *title = NULL, *item_text = NULL, *reference = NULL, *class = NULL, *type = NULL,
               *replaces = NULL;
    uint32_t item = 0;
    json_t *upload = NULL;
    const struct cli_option options[] = {
        {"--title", CLI_VALUE, &title},         {"--item", CLI_VALUE, &item_text},
        {"--reference", CLI_VALUE, &reference}, {"--class", CLI_VALUE, &class},
        {"--type", CLI_VALUE, &type},           {"--replaces", CLI_VALUE, &replaces},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 3, 3);
    unsigned word = CLASS_INTERNAL;
    if (exit_code == CLI_DONE && class != NULL && words_find(WORDS_CLASS, class, &word) &&
        word == CLASS_SECRET) /* not a word of it leaves this process */
        exit_code = cli_fail(c, CLI_REFUSED, REFUSE_SECRET, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_number(c, "--item", item_text, ACT_AGENDA_MAX, &item);
    if (exit_code == CLI_DONE)
        exit_code = upload_file(c, c->args[1], c->args[2], class, &upload);
    if (exit_code == CLI_DONE) {
        const char *slash = strrchr(c->args[2], '/');
        const char *name = slash == NULL ? c->args[2] : slash + 1;
        json_t *body = json_pack(
            "{s:o,s:I,s:s,s:s}", "title", cli_words(c, title == NULL ? name : title), "item",
            (json_int_t)item, "media_type", type == NULL ? media_type_of(name) : type, "upload",
            json_get_text(upload, "upload"));
        if (reference != NULL)
            (void)json_object_set_new(body, "reference", cli_words(c, reference));
        if (class != NULL)
            (void)json_object_set_new(body, "class", cli_words(c, class));
        if (replaces != NULL)
            (void)json_object_set_new(body, "replaces", cli_words(c, replaces));
        exit_code = cli_show(c, "POST", cli_path(c, "/api/meetings/", c->args[1], "/documents"),
                             body, cli_show_recorded);
    }
    json_decref(upload);
    return exit_code;
}

static int doc_list(struct cli *c)
{
    return show_part(c, cli_show_documents);
}

/* The last reply's bytes into a file, and a line that says so. */
static int save_reply(struct cli *c, const char *path)
{
    char size[24];
    int exit_code = cli_write_file(c, path, buf_written(&c->reply));
    if (exit_code == CLI_DONE && strcmp(path, "-") != 0 && !c->json)
        cli_say(c, CLI_DONE_SAVED, 2, path, cli_count(size, c->reply.size));
    return exit_code;
}

static int doc_get(struct cli *c)
{
    const char *out = "-";
    char count[24];
    uint64_t size = 0;
    const struct cli_option options[] = {{"-o", CLI_VALUE, &out}};
    int exit_code = cli_arguments(c, options, 1, 2, 2);
    if (exit_code == CLI_DONE)
        exit_code = cli_ask_into(c, cli_path(c, "/api/documents/", c->args[1], ""), out, &size);
    if (exit_code == CLI_DONE && strcmp(out, "-") != 0 && !c->json)
        cli_say(c, CLI_DONE_SAVED, 2, out, cli_count(count, size));
    return exit_code;
}

int cli_doc(struct cli *c)
{
    static const struct sub subs[] = {{"add", doc_add}, {"list", doc_list}, {"get", doc_get}};
    return run_sub(c, subs, sizeof subs / sizeof subs[0]);
}

/* ---- send, motion, vote ---- */

int cli_send(struct cli *c)
{
    struct buf words = {0};
    json_t *body = NULL;
    int exit_code = cli_arguments(c, NULL, 0, 1, 2);
    if (exit_code == CLI_DONE && c->count == 2)
        exit_code = cli_text(c, c->args[1], &words);
    if (exit_code == CLI_DONE && c->count == 2)
        body = json_pack("{s:o}", "text", cli_words(c, buf_string(&words)));
    buf_free(&words);
    if (exit_code != CLI_DONE)
        return exit_code;
    return cli_show(c, "POST", cli_path(c, "/api/meetings/", c->args[0], "/send"), body,
                    cli_show_recorded);
}

static int motion_close(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    return exit_code != CLI_DONE
               ? exit_code
               : cli_show(c, "POST", cli_path(c, "/api/motions/", c->args[1], "/close"), NULL,
                          cli_show_recorded);
}

static int motion_list(struct cli *c)
{
    return show_part(c, cli_show_motions);
}

int cli_motion(struct cli *c)
{
    static const struct sub subs[] = {{"close", motion_close}, {"list", motion_list}};
    if (cli_is_act(c))
        return cli_act(c);
    return run_sub(c, subs, sizeof subs / sizeof subs[0]);
}

int cli_vote(struct cli *c)
{
    struct buf choice = {0};
    json_t *reply = NULL;
    int exit_code = cli_arguments(c, NULL, 0, 2, 3);
    if (exit_code != CLI_DONE)
        return exit_code;
    buf_text(&choice, c->args[1]);
    if (c->count == 3) /* hop vote 1 đồng ý */
        buf_printf(&choice, " %s", c->args[2]);
    exit_code = cli_ask(c, "POST", cli_path(c, "/api/motions/", c->args[0], "/vote"),
                        json_pack("{s:o}", "choice", cli_words(c, buf_string(&choice))), &reply);
    if (exit_code == CLI_DONE && c->json)
        (void)fwrite(c->reply.data, 1, c->reply.size, stdout);
    else if (exit_code == CLI_DONE)
        cli_say(c, CLI_DONE_VOTED, 1, buf_string(&choice));
    json_decref(reply);
    buf_free(&choice);
    return exit_code;
}

/* ---- minutes, dossier ---- */

static void show_minutes(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *m, *list = json_object_get(reply, "signed");
    (void)printf("%s\n\n", json_get_text(reply, "text"));
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_MINUTES_UNSIGNED, 0);
    json_array_foreach(list, i, m)
    {
        char when[CLI_TIME_SIZE];
        cli_say(c, SHOW_MINUTES_SIGNED, 2, json_get_text(m, "name"),
                cli_time(when, json_get_number(m, "at")));
    }
}

/* The text of the minutes into a file. */
static int save_minutes(struct cli *c, const char *out)
{
    json_t *reply = NULL;
    char size[24];
    int exit_code =
        cli_ask(c, "GET", cli_path(c, "/api/meetings/", c->args[0], "/minutes"), NULL, &reply);
    if (exit_code == CLI_DONE) {
        struct span words = span_text(json_get_text(reply, "text"));
        exit_code = cli_write_file(c, out, words);
        if (exit_code == CLI_DONE && strcmp(out, "-") != 0 && !c->json)
            cli_say(c, CLI_DONE_SAVED, 2, out, cli_count(size, words.size));
    }
    json_decref(reply);
    return exit_code;
}

int cli_minutes(struct cli *c)
{
    bool sign = false;
    const char *out = NULL;
    const struct cli_option options[] = {{"--sign", CLI_FLAG, &sign}, {"-o", CLI_VALUE, &out}};
    if (cli_is_act(c))
        return cli_act(c);
    int exit_code = cli_arguments(c, options, 2, 1, 1);
    if (exit_code == CLI_DONE && sign)
        exit_code = cli_show(c, "POST", cli_path(c, "/api/meetings/", c->args[0], "/minutes"), NULL,
                             cli_show_recorded);
    if (exit_code == CLI_DONE && out != NULL)
        exit_code = save_minutes(c, out);
    if (exit_code == CLI_DONE && !sign && out == NULL)
        exit_code = cli_show(c, "GET", cli_path(c, "/api/meetings/", c->args[0], "/minutes"), NULL,
                             show_minutes);
    return exit_code;
}

int cli_dossier(struct cli *c)
{
    const char *out = NULL;
    const struct cli_option options[] = {{"-o", CLI_VALUE, &out}};
    int exit_code = cli_arguments(c, options, 1, 1, 1);
    if (exit_code == CLI_DONE && out == NULL)
        exit_code = cli_wrong_usage(c);
    if (exit_code == CLI_DONE)
        exit_code =
            cli_ask(c, "POST", cli_path(c, "/api/meetings/", c->args[0], "/dossier"), NULL, NULL);
    return exit_code != CLI_DONE ? exit_code : save_reply(c, out);
}

/* ---- talk ---- */

/* The node runs in a directory of its own: a file named here is told in full. */
static void put_path(struct cli *c, json_t *body, const char *key, const char *path, bool only_wav)
{
    char here[3000];
    size_t n = path == NULL ? 0 : strlen(path);
    if (n == 0)
        return;
    bool file = !only_wav || (n > 4 && strcmp(path + n - 4, ".wav") == 0);
    struct buf full = {0};
    if (file && path[0] != '/' && getcwd(here, sizeof here) != NULL)
        buf_printf(&full, "%s/", here);
    buf_text(&full, path);
    (void)json_object_set_new(body, key, cli_words(c, buf_string(&full)));
    buf_free(&full);
}

int cli_talk(struct cli *c)
{
    const char *capture = NULL, *playback = NULL, *record = NULL, *record_self = NULL;
    bool muted = false, mute = false, unmute = false, off = false;
    const struct cli_option options[] = {
        {"--capture", CLI_VALUE, &capture}, {"--playback", CLI_VALUE, &playback},
        {"--record", CLI_VALUE, &record},   {"--record-self", CLI_VALUE, &record_self},
        {"--muted", CLI_FLAG, &muted},      {"--mute", CLI_FLAG, &mute},
        {"--unmute", CLI_FLAG, &unmute},    {"--off", CLI_FLAG, &off},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 0, 1);
    if (exit_code == CLI_DONE && (mute + unmute + off + (int)c->count) > 1)
        exit_code = cli_wrong_usage(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (off)
        return cli_show(c, "DELETE", "/api/talk", NULL, cli_show_talk);
    if (c->count == 0 && !mute && !unmute)
        return cli_show(c, "GET", "/api/status", NULL, cli_show_talk);
    json_t *body = json_pack("{s:i}", "muted", mute || muted);
    if (c->count == 1)
        (void)json_object_set_new(body, "meeting", cli_words(c, c->args[0]));
    put_path(c, body, "capture", capture, true);
    put_path(c, body, "playback", playback, true);
    put_path(c, body, "record", record, false);
    put_path(c, body, "record_self", record_self, false);
    return cli_show(c, "POST", "/api/talk", body, cli_show_talk);
}
