/* Inviting and joining: as text, by a code, face to face, by stick. */
#include "node/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/encode.h"
#include "device/join_file.h"
#include "node/api.h"
#include "node/join.h"
#include "node/qr.h"

#define LOOK_AGAIN_MS 250
#define CARD_TRIES    5
#define LINE_BYTES    512

/* ---- what both sides do ---- */

/* A line that a person types or pastes: what the other screen shows. */
static int read_card_line(struct cli *c, char ret[static LINE_BYTES])
{
    cli_say(c, CLI_ASK_CARD, 0);
    (void)fflush(stdout);
    if (fgets(ret, LINE_BYTES, stdin) == NULL)
        return cli_fail(c, CLI_WRONG_USAGE, CLI_NO_CARD, 0);
    ret[strcspn(ret, "\r\n")] = '\0';
    return CLI_DONE;
}

static void show_card(struct cli *c, const char *card, const json_t *rows)
{
    struct buf drawn = {0};
    qr_draw(&drawn, rows, false);
    cli_say(c, CLI_SHOW_CARD, 0);
    (void)printf("\n%s\n%s\n\n", buf_string(&drawn), card);
    buf_free(&drawn);
}

/* ---- inviting ---- */

void cli_show_invitation(struct cli *c, const json_t *reply)
{
    struct buf code = {0};
    qr_draw(&code, json_object_get(reply, "qr"), false);
    cli_say(c, CLI_DONE_INVITE, 1, json_get_text(reply, "name"));
    (void)printf("\n%s\n%s\n", buf_string(&code), json_get_text(reply, "invitation"));
    buf_free(&code);
}

static const char *pairing_path(struct cli *c, uint64_t number, const char *after)
{
    char text[24];
    return cli_path(c, "/api/pairings/", cli_count(text, number), after);
}

/* Until it has ended one way or the other, say each change. */
static int watch_pairing(struct cli *c, uint64_t number)
{
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    struct buf said = {0};
    int exit_code = CLI_DONE;
    bool ended = false;
    while (exit_code == CLI_DONE && !ended) {
        json_t *reply = NULL;
        exit_code = cli_ask(c, "GET", pairing_path(c, number, ""), NULL, &reply);
        if (exit_code != CLI_DONE)
            break;
        const char *label = json_get_text(reply, "label"), *state = json_get_text(reply, "state");
        bool lost = strcmp(state, "burned") == 0 || strcmp(state, "over") == 0;
        ended = lost || strcmp(state, "joined") == 0;
        if (strcmp(label, buf_string(&said)) != 0) {
            (void)fprintf(lost ? stderr : stdout, "%s\n", label);
            (void)fflush(stdout);
            buf_free(&said);
            buf_text(&said, label);
        }
        exit_code = lost ? CLI_REFUSED : CLI_DONE;
        json_decref(reply);
        if (!ended)
            (void)nanosleep(&pause, NULL);
    }
    buf_free(&said);
    return exit_code;
}

/* The other's card; a person who misreads it may read it again. */
static int exchange_cards(struct cli *c, const json_t *opened)
{
    uint64_t number = json_get_number(opened, "number");
    int exit_code = CLI_REFUSED;
    show_card(c, json_get_text(opened, "card"), json_object_get(opened, "qr"));
    for (int tries = 0; tries < CARD_TRIES && exit_code == CLI_REFUSED; tries++) {
        char line[LINE_BYTES];
        exit_code = read_card_line(c, line);
        if (exit_code == CLI_DONE)
            exit_code = cli_ask(c, "POST", pairing_path(c, number, "/card"),
                                json_pack("{s:o}", "card", cli_words(c, line)), NULL);
    }
    return exit_code;
}

/* With --json the reply as it came, and the rest is for whoever asked. */
static int invite_in_person(struct cli *c, json_t *body, const char *way)
{
    json_t *opened = NULL;
    (void)json_object_set_new(body, "way", json_string(way));
    int exit_code = cli_ask(c, "POST", "/api/pairings", body, &opened);
    if (exit_code == CLI_DONE && c->json)
        (void)fwrite(c->reply.data, 1, c->reply.size, stdout);
    if (exit_code == CLI_DONE && !c->json) {
        const char *code = json_get_text(opened, "code");
        if (code[0] != '\0')
            cli_say(c, CLI_SHOW_CODE, 2, json_get_text(opened, "name"), code);
        else
            exit_code = exchange_cards(c, opened);
        (void)fflush(stdout);
        if (exit_code == CLI_DONE)
            exit_code = watch_pairing(c, json_get_number(opened, "number"));
    }
    json_decref(opened);
    return exit_code;
}

/* The answer to a request on a stick, written beside it. */
static int invite_answer(struct cli *c, const char *request, const char *out)
{
    struct buf file = {0}, beside = {0};
    json_t *reply = NULL;
    uint8_t answer[JOIN_FILE_BYTES_MAX];
    char text[BASE64_SIZE(JOIN_FILE_BYTES_MAX)] = "";
    size_t size = sizeof answer;
    int exit_code = cli_read_file(c, request, JOIN_FILE_BYTES_MAX, &file);
    if (exit_code == CLI_DONE) {
        base64_encode(text, buf_written(&file));
        exit_code = cli_ask(c, "POST", "/api/invitations/answer",
                            json_pack("{s:s}", "request", text), &reply);
    }
    buf_printf(&beside, "%s.answer", request);
    if (out == NULL)
        out = buf_string(&beside);
    if (exit_code == CLI_DONE &&
        base64_decode(answer, &size, span_text(json_get_text(reply, "answer"))) != HOP_OK)
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_REACH, 1, "base64");
    if (exit_code == CLI_DONE)
        exit_code = cli_write_file(c, out, SPAN(answer, size));
    if (exit_code == CLI_DONE && c->json)
        (void)fwrite(c->reply.data, 1, c->reply.size, stdout);
    else if (exit_code == CLI_DONE)
        cli_say(c, CLI_DONE_ANSWER, 2, json_get_text(reply, "name"), out);
    json_decref(reply);
    buf_free(&file);
    buf_free(&beside);
    return exit_code;
}

static void show_invitation_end(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, CLI_DONE_INVITE_END, 1, c->args[0]);
}

/* How an invitation is handed over, and for whom it is. */
struct inviting {
    const char *request, *out, *member, *csv;
    bool code, face, device, cancel;
};

/* A new person by name, or (device, member) one who is known. At most one of the ways. */
static bool inviting_makes_sense(const struct cli *c, const struct inviting *w, bool address)
{
    bool known = w->device || w->member != NULL, person = w->code || w->face;
    int ways = w->code + w->face + (w->request != NULL) + (w->csv != NULL) + w->cancel + known;
    bool named = w->request == NULL && w->csv == NULL && !known;
    return ways <= 1 && c->count == (named ? 1 : 0) && (w->out == NULL || w->request != NULL) &&
           !(w->device && w->member != NULL) && !(person && address);
}

int cli_invite(struct cli *c)
{
    static const char *const keys[] = {"role", "category", "address", "for"};
    const char *values[4] = {0};
    struct inviting w = {0};
    const struct cli_option options[] = {
        {"--role", CLI_VALUE, &values[0]},    {"--category", CLI_VALUE, &values[1]},
        {"--address", CLI_VALUE, &values[2]}, {"--for", CLI_VALUE, &values[3]},
        {"--device", CLI_FLAG, &w.device},    {"--cancel", CLI_FLAG, &w.cancel},
        {"--code", CLI_FLAG, &w.code},        {"--face", CLI_FLAG, &w.face},
        {"--answer", CLI_VALUE, &w.request},  {"-o", CLI_VALUE, &w.out},
        {"--csv", CLI_VALUE, &w.csv}};
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 0, 1);
    w.member = values[3];
    if (exit_code == CLI_DONE && !inviting_makes_sense(c, &w, values[2] != NULL))
        exit_code = cli_wrong_usage(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (w.request != NULL)
        return invite_answer(c, w.request, w.out);
    if (w.csv != NULL)
        return cli_invite_csv(c, w.csv, values[2]);
    if (w.cancel)
        return cli_show(c, "DELETE", cli_path(c, "/api/invitations/", c->args[0], ""), NULL,
                        show_invitation_end);
    json_t *body = json_object();
    if (c->count > 0)
        (void)json_object_set_new(body, "name", cli_words(c, c->args[0]));
    if (w.device)
        (void)json_object_set_new(body, "device", json_integer(1));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (values[i] != NULL)
            (void)json_object_set_new(body, keys[i], cli_words(c, values[i]));
    }
    if (w.code || w.face)
        return invite_in_person(c, body, w.code ? "code" : "face");
    return cli_show(c, "POST", "/api/invitations", body, cli_show_invitation);
}

/* ---- joining ---- */

struct joining_ways {
    const char *code, *request_out, *answer;
    bool face;
    struct node_options options;
    uint32_t wait;
};

static int refused(struct cli *c, struct node_trouble *trouble)
{
    trouble->exit_code = CLI_REFUSED;
    return cli_trouble(c, trouble);
}

/* A text that begins as invitations do, "-", or a file that holds one. */
static int read_invitation(struct cli *c, const char *argument, struct device_join *ret)
{
    struct buf text = {0};
    struct node_trouble trouble = {0};
    int exit_code = CLI_DONE;
    if (strncasecmp(argument, "HOP1", 4) == 0)
        buf_text(&text, argument);
    else
        exit_code = cli_read_file(c, argument, 4096, &text);
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL)
        text.data[--text.size] = 0;
    if (exit_code == CLI_DONE) {
        const char *words = buf_string(&text);
        words += strspn(words, " \t\r\n");
        if (device_join_read(ret, words, &trouble.said) != HOP_OK)
            exit_code = refused(c, &trouble);
    }
    hop_wipe(text.data, text.size);
    buf_free(&text);
    return exit_code;
}

static int say_joined(struct cli *c, const struct device_join *join)
{
    if (c->json)
        return cli_show(c, "GET", "/api/status", NULL, NULL);
    if (join->cell_name[0] == '\0')
        cli_say(c, CLI_DONE_CARRIER, 1, join->member_name);
    else
        cli_say(c, CLI_DONE_JOIN, 2, join->member_name, join->cell_name);
    return CLI_DONE;
}

static int join_over_network(struct cli *c, const struct joining_ways *w,
                             const struct joining_how *how, struct pairing *face)
{
    struct device_join joined = {0};
    struct node_trouble trouble = {0};
    int exit_code = CLI_DONE;
    if (node_join(c->node, how, face, &w->options, w->wait, &joined, &trouble) != HOP_OK)
        exit_code = cli_trouble(c, &trouble);
    if (exit_code == CLI_DONE)
        exit_code = say_joined(c, &joined);
    hop_wipe(&joined, sizeof joined);
    return exit_code;
}

static int join_by_code(struct cli *c, const struct joining_ways *w)
{
    struct pairing_code code;
    struct node_trouble trouble = {0};
    if (pairing_code_read(&code, w->code, &trouble.said) != HOP_OK)
        return refused(c, &trouble);
    const struct joining_how how = {.code = &code};
    int exit_code = cli_open(c);
    return exit_code == CLI_DONE ? join_over_network(c, w, &how, NULL) : exit_code;
}

static int join_by_face(struct cli *c, const struct joining_ways *w)
{
    const struct joining_how how = {.face = true};
    struct pairing face;
    char card[PAIRING_CARD_TEXT_BYTES];
    json_t *rows = NULL;
    int exit_code = cli_open(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    pairing_open_face(&face, false, "", &c->node->drbg, c->node->now);
    pairing_card_text(card, &face.own);
    if (qr_rows(card, &rows) != HOP_OK)
        exit_code = cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
    else
        show_card(c, card, rows);
    json_decref(rows);
    for (int tries = 0; tries < CARD_TRIES && exit_code == CLI_DONE && face.state == PAIRING_WAITS;
         tries++) {
        char line[LINE_BYTES];
        struct pairing_card theirs;
        struct node_trouble trouble = {0};
        exit_code = read_card_line(c, line);
        if (exit_code == CLI_DONE &&
            (pairing_card_read(&theirs, line, &trouble.said) != HOP_OK ||
             pairing_meet(&face, &theirs, &trouble.said) != HOP_OK) &&
            refused(c, &trouble) != CLI_DONE && tries + 1 == CARD_TRIES)
            exit_code = CLI_REFUSED;
    }
    if (exit_code == CLI_DONE)
        exit_code = join_over_network(c, w, &how, &face);
    pairing_close(&face);
    return exit_code;
}

/* The request goes onto the stick. */
static int write_request(struct cli *c, const struct device_join *join, const char *out)
{
    uint8_t file[JOIN_FILE_BYTES_MAX];
    size_t size = 0;
    if (c->node->keys.has_cell)
        return cli_fail(c, CLI_REFUSED, ERR_JOIN_MEMBER, 0);
    if (device_join_file_request(c->node->device, join, file, &size) != HOP_OK)
        return cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
    int exit_code = cli_write_file(c, out, SPAN(file, size));
    if (exit_code == CLI_DONE)
        cli_say(c, CLI_DONE_REQUEST, 1, out);
    return exit_code;
}

/* The answer comes from the stick: the keys hold the cell then, and are saved. */
static int take_answer(struct cli *c, struct device_join *join, const char *path)
{
    struct buf file = {0};
    struct node_trouble trouble = {0};
    if (c->node->keys.has_cell)
        return cli_fail(c, CLI_REFUSED, ERR_JOIN_MEMBER, 0);
    int exit_code = cli_read_file(c, path, JOIN_FILE_BYTES_MAX, &file);
    if (exit_code == CLI_DONE &&
        device_join_file_finish(c->node->device, join, buf_written(&file), &trouble.said) != HOP_OK)
        exit_code = refused(c, &trouble);
    buf_free(&file);
    if (exit_code != CLI_DONE)
        return exit_code;
    c->node->keys.changed = true;
    if (node_reopen_device(c->node, &trouble) != HOP_OK)
        return cli_trouble(c, &trouble);
    return say_joined(c, join);
}

static int join_by_invitation(struct cli *c, const struct joining_ways *w)
{
    struct device_join join = {0};
    const struct joining_how how = {.join = &join};
    int exit_code = read_invitation(c, c->args[0], &join);
    if (exit_code == CLI_DONE)
        exit_code = cli_open(c);
    if (exit_code == CLI_DONE && w->request_out != NULL)
        exit_code = write_request(c, &join, w->request_out);
    else if (exit_code == CLI_DONE && w->answer != NULL)
        exit_code = take_answer(c, &join, w->answer);
    else if (exit_code == CLI_DONE)
        exit_code = join_over_network(c, w, &how, NULL);
    hop_wipe(&join, sizeof join);
    return exit_code;
}

int cli_join(struct cli *c)
{
    const char *wait_text = NULL, *beacon = NULL;
    struct cli_values peers = {0};
    struct joining_ways w = {.wait = 60, .options.quiet = true};
    const struct cli_option options[] = {
        {"--code", CLI_VALUE, &w.code},
        {"--face", CLI_FLAG, &w.face},
        {"--file", CLI_VALUE, &w.request_out},
        {"--answer", CLI_VALUE, &w.answer},
        {"--wait", CLI_VALUE, &wait_text},
        {"--bind", CLI_VALUE, &w.options.bind_address},
        {"--peer", CLI_VALUES, &peers},
        {"--beacon-port", CLI_VALUE, &beacon},
        {"--trace", CLI_VALUE, &w.options.trace_path},
        {"--no-multicast", CLI_FLAG, &w.options.no_multicast},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 0, 1);
    bool by_itself = w.code != NULL || w.face; /* the invitation comes over the network */
    if (exit_code == CLI_DONE &&
        ((w.code != NULL && w.face) || (w.request_out != NULL && w.answer != NULL) ||
         (by_itself && (w.request_out != NULL || w.answer != NULL)) ||
         c->count != (by_itself ? 0 : 1)))
        exit_code = cli_wrong_usage(c);
    if (exit_code == CLI_DONE)
        exit_code = cli_number(c, "--wait", wait_text, 3600, &w.wait);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_port(c, "--beacon-port", beacon, &w.options.beacon_port);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_peers(c, &peers, &w.options);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE && cli_node_runs(c))
        exit_code = cli_fail(c, CLI_REFUSED, CLI_RUNNING, 1, c->dir);
    if (exit_code != CLI_DONE)
        return exit_code;
    return w.code != NULL ? join_by_code(c, &w)
           : w.face       ? join_by_face(c, &w)
                          : join_by_invitation(c, &w);
}
