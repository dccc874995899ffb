/* Commands about this device: made, founded, run, stopped; and verify. */
#include "node/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/keyfile.h"
#include "node/api.h"
#include "node/files.h"
#include "node/guard.h"
#include "node/http.h"
#include "node/verify.h"

int cli_init(struct cli *c)
{
    const char *memory_text = NULL;
    uint32_t memory = (uint32_t)(KEYFILE_MEMORY_DEFAULT >> 20);
    struct buf passphrase = {0};
    struct node_trouble trouble = {0};
    const struct cli_option options[] = {{"--kdf-memory", CLI_VALUE, &memory_text}};
    int exit_code = cli_arguments(c, options, 1, 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_number(c, "--kdf-memory", memory_text, (uint32_t)(KEYFILE_MEMORY_MAX >> 20),
                               &memory);
    if (exit_code == CLI_DONE && memory < KEYFILE_MEMORY_FLOOR >> 20)
        exit_code = cli_fail(c, CLI_WRONG_USAGE, CLI_BAD_NUMBER, 4, "--kdf-memory", "64", "1024",
                             memory_text);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE)
        exit_code = cli_passphrase(c, true, &passphrase);
    if (exit_code == CLI_DONE &&
        node_init(c->dir, buf_string(&passphrase), (uint64_t)memory << 20, &trouble) != HOP_OK)
        exit_code = cli_trouble(c, &trouble);
    hop_wipe(passphrase.data, passphrase.size);
    buf_free(&passphrase);
    if (exit_code == CLI_DONE && c->json)
        (void)printf("{\"made\": true}\n");
    else if (exit_code == CLI_DONE)
        cli_say(c, CLI_DONE_INIT, 1, c->dir);
    return exit_code;
}

/* ---- a cell ---- */

static void show_cell(struct cli *c, const json_t *reply)
{
    cli_say(c, CLI_DONE_CELL, 1, json_get_text(reply, "name"));
}

/* A name of a procedure that ships, or a file of one's own: whatever has a '/' or a '.'. */
static int procedure_into(struct cli *c, json_t *body, const char *procedure)
{
    struct buf file = {0};
    if (strpbrk(procedure, "/.") == NULL) {
        (void)json_object_set_new(body, "procedure", cli_words(c, procedure));
        return CLI_DONE;
    }
    int exit_code = cli_read_file(c, procedure, PROCEDURE_BYTES_MAX, &file);
    if (exit_code == CLI_DONE)
        (void)json_object_set_new(body, "procedure_text", cli_words(c, buf_string(&file)));
    buf_free(&file);
    return exit_code;
}

int cli_cell_new(struct cli *c, const char *name, const char *founder, const char *procedure)
{
    json_t *body =
        json_pack("{s:o,s:o}", "name", cli_words(c, name), "founder", cli_words(c, founder));
    int exit_code = procedure_into(c, body, procedure == NULL ? "party-cell" : procedure);
    if (exit_code != CLI_DONE) {
        json_decref(body);
        return exit_code;
    }
    return cli_show(c, "POST", "/api/cell", body, show_cell);
}

/* ---- running ---- */

int cli_read_port(struct cli *c, const char *name, const char *value, uint16_t *ret)
{
    uint32_t port = *ret;
    int exit_code = cli_number(c, name, value, UINT16_MAX, &port);
    *ret = (uint16_t)port;
    return exit_code;
}

int cli_read_peers(struct cli *c, const struct cli_values *peers, struct node_options *ret)
{
    const size_t most = sizeof ret->peers / sizeof ret->peers[0];
    if (peers->count > most)
        return cli_wrong_usage(c);
    for (size_t i = 0; i < peers->count; i++)
        ret->peers[ret->peers_count++] = peers->items[i];
    return CLI_DONE;
}

/* Open the page where a desktop is; whether it worked is for the person to see. */
static void open_browser(const char *page)
{
    if (getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL)
        return;
    if (fork() != 0)
        return;
    int nothing = open("/dev/null", O_RDWR);
    if (nothing >= 0) {
        (void)dup2(nothing, 0);
        (void)dup2(nothing, 1);
        (void)dup2(nothing, 2);
    }
    (void)setsid();
    if (fork() == 0) /* twice, so that init and not the node waits for it */
        (void)execlp("xdg-open", "xdg-open", page, (char *)NULL);
    _exit(0);
}

/* As nobody sees what is left in the memory of a process that has begun anew. */
static int begin_anew(struct cli *c, const struct node_resume *resume)
{
    node_close(c->node);
    free(c->node);
    c->node = NULL;
    (void)fflush(stdout);
    int err = guard_begin_anew(c->argv, resume);
    return cli_fail(c, CLI_UNREACHABLE, GUARD_CANNOT_LOCK, 1, hop_error_text(err));
}

static int run_node(struct cli *c, struct node_options *o, bool no_open)
{
    struct node_trouble trouble = {0};
    struct node_resume resume;
    bool resumed = guard_resumed(&resume);
    if (resumed) { /* the page that was open goes on; who reads the link has it */
        o->token = resume.token;
        o->http_port = resume.http_port;
        o->quiet = true;
    }
    http_on_page(no_open || o->quiet ? NULL : open_browser);
    if (node_run(c->node, o, &trouble) != HOP_OK)
        return cli_trouble(c, &trouble);
    if (!c->node->lock || c->node->stop)
        return CLI_DONE;
    resume = c->node->resume;
    return begin_anew(c, &resume);
}

int cli_run(struct cli *c)
{
    const char *http = NULL, *link = NULL, *beacon = NULL, *after = NULL;
    struct cli_values peers = {0};
    struct node_options o = {0};
    bool no_open = false, locked = false;
    const struct cli_option options[] = {
        {"--http-port", CLI_VALUE, &http},     {"--link-port", CLI_VALUE, &link},
        {"--beacon-port", CLI_VALUE, &beacon}, {"--bind", CLI_VALUE, &o.bind_address},
        {"--peer", CLI_VALUES, &peers},        {"--no-multicast", CLI_FLAG, &o.no_multicast},
        {"--trace", CLI_VALUE, &o.trace_path}, {"--quiet", CLI_FLAG, &o.quiet},
        {"--serial", CLI_VALUE, &o.serial},    {"--no-open", CLI_FLAG, &no_open},
        {"--lock-after", CLI_VALUE, &after},   {"--locked", CLI_FLAG, &locked},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_port(c, "--http-port", http, &o.http_port);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_port(c, "--link-port", link, &o.link_port);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_port(c, "--beacon-port", beacon, &o.beacon_port);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_peers(c, &peers, &o);
    if (exit_code == CLI_DONE && after != NULL && guard_parse_after(after, &o.lock_after) != HOP_OK)
        exit_code = cli_fail(c, CLI_WRONG_USAGE, GUARD_BAD_MINUTES, 1, after);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE)
        exit_code = locked ? cli_open_with(c, NULL) : cli_open(c);
    return exit_code == CLI_DONE ? run_node(c, &o, no_open) : exit_code;
}

static void show_stopping(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, CLI_DONE_STOPPING, 0);
}

int cli_stop(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE && !cli_node_runs(c))
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_NOT_RUNNING, 1, c->dir);
    return exit_code != CLI_DONE ? exit_code
                                 : cli_show(c, "POST", "/api/stop", NULL, show_stopping);
}

/* ---- a dossier is checked: no device is needed ---- */

static void show_report(struct cli *c, const json_t *report)
{
    static const char *const signs[][2] = {{"ok", "✓"}, {"failed", "✗"}, {"missing", "?"}};
    size_t i;
    const json_t *line;
    if (json_get_text(report, "title")[0] != '\0')
        cli_say(c, SHOW_DOSSIER_OF, 2, json_get_text(report, "cell"),
                json_get_text(report, "title"));
    json_array_foreach(json_object_get(report, "lines"), i, line)
    {
        const char *sign = "-";
        for (size_t k = 0; k < sizeof signs / sizeof signs[0]; k++) {
            if (strcmp(json_get_text(line, "state"), signs[k][0]) == 0)
                sign = signs[k][1];
        }
        (void)printf("  %s %s\n", sign, json_get_text(line, "text"));
    }
}

/* On a terminal: is this the fingerprint that they have from the cell itself? */
static bool is_confirmed(struct cli *c, const json_t *report)
{
    char line[16] = "";
    if (c->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        strcmp(json_get_text(report, "verdict"), "unconfirmed") != 0)
        return false;
    (void)printf("\n    %s\n\n%s ", json_get_text(report, "cell_id"),
                 text(c->lang, DOSSIER_ASK_CELL));
    (void)fflush(stdout);
    return fgets(line, sizeof line, stdin) != NULL && strchr("yYcC", line[0]) != NULL &&
           line[0] != '\0';
}

static int verdict_code(const json_t *report)
{
    static const struct {
        const char *verdict;
        int code;
    } codes[] = {{"holds", CLI_DONE},
                 {"fails", CLI_REFUSED},
                 {"incomplete", CLI_INCOMPLETE},
                 {"unconfirmed", CLI_UNCONFIRMED}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(json_get_text(report, "verdict"), codes[i].verdict) == 0)
            return codes[i].code;
    }
    return CLI_REFUSED;
}

int cli_verify(struct cli *c)
{
    struct buf file = {0};
    json_t *report = NULL;
    uint8_t cell[32];
    const char *fingerprint = NULL;
    const struct cli_option options[] = {{"--cell", CLI_VALUE, &fingerprint}};
    int exit_code = cli_arguments(c, options, 1, 1, 1);
    if (exit_code == CLI_DONE && fingerprint != NULL && !verify_fingerprint(cell, fingerprint))
        exit_code = cli_fail(c, CLI_WRONG_USAGE, DOSSIER_BAD_FINGERPRINT, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_read_file(c, c->args[0], API_LARGE_BYTES_MAX, &file);
    if (exit_code == CLI_DONE && verify_dossier(buf_written(&file), c->lang,
                                                fingerprint == NULL ? NULL : cell, true,
                                                &report) != HOP_OK)
        exit_code = cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
    if (exit_code == CLI_DONE) {
        if (c->json)
            (void)json_dumpf(report, stdout, JSON_INDENT(1));
        else
            show_report(c, report);
        exit_code = verdict_code(report);
        if (is_confirmed(c, report)) {
            cli_say(c, DOSSIER_PASS, 0);
            exit_code = CLI_DONE;
        }
    }
    json_decref(report);
    buf_free(&file);
    return exit_code;
}
