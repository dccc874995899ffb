/* The command line: each command makes one request of the API (node/api.h) and shows the answer.
 *
 * If DIR/api.sock answers, the request goes to the running node; else the directory is opened in
 * this process and the same function is called. --json prints the API's JSON as it came. Errors are
 * one sentence on stderr. Exit codes: 0 done, 1 refused with a reason, 2 wrong usage, 3 cannot
 * reach or open something. */
#ifndef HOP_NODE_CLI_H
#define HOP_NODE_CLI_H

#include <stdio.h>

#include "node/json.h"
#include "node/node.h"

#define CLI_DONE        0
#define CLI_REFUSED     1
#define CLI_WRONG_USAGE 2
#define CLI_UNREACHABLE 3
#define CLI_INCOMPLETE  4 /* verify: something is not there */
#define CLI_UNCONFIRMED 5 /* verify: all holds, and nobody has said whose it is */

#define CLI_VALUES_MAX 64

struct cli {
    const char *dir;
    char dir_room[500];
    enum text_lang lang;
    bool json, quiet;
    const char *passphrase_file;
    const struct cli_command *command;
    char **args; /* what follows the command; options are taken out by cli_options() */
    size_t count;
    char *const *argv; /* all of it, as the program was called */
    struct node *node; /* open in this process; NULL: not yet, or one is running */
    struct buf reply;  /* of the last request, as it came */
    FILE *into;        /* cli_ask_into(): where it goes instead, if it is no refusal */
    uint64_t into_size;
    struct buf path; /* of cli_path() */
    bool not_text;   /* cli_words() was given what is no text */
    long patience_s; /* for an answer of the node; 0: for ever */
};

struct cli_command {
    const char *name;
    int (*run)(struct cli *c);
    enum text_id help;
    const char *usage; /* lines after "hop ", "\n" between them */
};

int cli_main(int argc, char **argv);

extern const struct cli_command cli_commands[];
extern const size_t cli_commands_count;

/* ---- arguments ---- */

enum cli_option_kind { CLI_FLAG, CLI_VALUE, CLI_VALUES };
struct cli_values {
    const char *items[CLI_VALUES_MAX];
    size_t count;
};
struct cli_option {
    const char *name; /* "--title" */
    enum cli_option_kind kind;
    void *ret; /* bool *, const char **, struct cli_values * */
};

/* Take these options, and those of every command, out of c->args. 0, or an exit code after the
 * sentence was printed; so too the next ones. */
MUST_USE int cli_options(struct cli *c, const struct cli_option *options, size_t count);
/* Options, then from least to most arguments. */
MUST_USE int cli_arguments(struct cli *c, const struct cli_option *options, size_t count,
                           size_t least, size_t most);
MUST_USE int cli_number(struct cli *c, const char *name, const char *value, uint32_t max,
                        uint32_t *ret);
MUST_USE int cli_read_port(struct cli *c, const char *name, const char *value, uint16_t *ret);
MUST_USE int cli_read_peers(struct cli *c, const struct cli_values *peers,
                            struct node_options *ret);
int cli_wrong_usage(struct cli *c);

/* The text of an argument, or of standard input for "-", trailing line ends cut. */
MUST_USE int cli_text(struct cli *c, const char *argument, struct buf *ret);
MUST_USE int cli_read_file(struct cli *c, const char *path, size_t max, struct buf *ret);
/* "-" is standard output. */
MUST_USE int cli_write_file(struct cli *c, const char *path, struct span bytes);

/* ---- asking ---- */

/* "/api/meetings/" + name, percent-encoded, + "/open"; valid until the next call. */
const char *cli_path(struct cli *c, const char *before, const char *name, const char *after);

/* Words of a person as JSON. If they are not UTF-8, the request that they go into is refused. */
json_t *cli_words(struct cli *c, const char *words);

/* Takes body. On CLI_DONE the reply is in c->reply; *ret (may be NULL) is its JSON, owned. */
MUST_USE int cli_ask(struct cli *c, const char *method, const char *path, json_t *body,
                     json_t **ret);
/* The same with bytes for a body. */
MUST_USE int cli_ask_bytes(struct cli *c, const char *method, const char *path, struct span body);

/* GET, and put the reply's bytes into a file as they come ("-": standard output). *ret_size: how
 * many. The file is whole or is not there. */
MUST_USE int cli_ask_into(struct cli *c, const char *path, const char *out, uint64_t *ret_size);

/* Ask, and print: with --json what came, else what show makes of it. */
typedef void cli_shower(struct cli *c, const json_t *reply);
MUST_USE int cli_show(struct cli *c, const char *method, const char *path, json_t *body,
                      cli_shower *show);

MUST_USE int cli_find_dir(struct cli *c); /* --dir, else HOP_DIR, else ~/.hop */
MUST_USE int cli_open(struct cli *c);     /* c->node, asking for the passphrase; it may say no */
MUST_USE int cli_open_with(struct cli *c, const struct buf *passphrase); /* NULL: locked */
bool cli_node_runs(const struct cli *c);
/* The passphrase: from the file, or asked for on the terminal (twice when it is new). Wipe it. */
MUST_USE int cli_passphrase(struct cli *c, bool is_new, struct buf *ret);

/* ---- saying ---- */

void cli_say(struct cli *c, enum text_id id, size_t count, ...); /* a line on standard output */
int cli_fail(struct cli *c, int exit_code, enum text_id id, size_t count, ...); /* on stderr */
int cli_trouble(struct cli *c, const struct node_trouble *trouble);
#define CLI_TIME_SIZE 24
const char *cli_time(char ret[static CLI_TIME_SIZE], uint64_t wall); /* "04/12/2026 19:30" */
const char *cli_count(char ret[static 24], uint64_t n);

/* ---- commands ---- */

int cli_init(struct cli *c), cli_cell(struct cli *c), cli_member(struct cli *c),
    cli_device(struct cli *c), cli_group(struct cli *c), cli_invite(struct cli *c),
    cli_join(struct cli *c), cli_run(struct cli *c), cli_stop(struct cli *c),
    cli_verify(struct cli *c);
int cli_status(struct cli *c), cli_peers(struct cli *c), cli_members(struct cli *c),
    cli_ignored(struct cli *c);
int cli_meeting(struct cli *c), cli_doc(struct cli *c), cli_send(struct cli *c),
    cli_motion(struct cli *c), cli_vote(struct cli *c), cli_minutes(struct cli *c),
    cli_dossier(struct cli *c), cli_talk(struct cli *c);
int cli_print(struct cli *c), cli_procedure(struct cli *c), cli_calendar(struct cli *c);
int cli_lock(struct cli *c), cli_unlock(struct cli *c), cli_change_passphrase(struct cli *c),
    cli_panic(struct cli *c);
int cli_bundle(struct cli *c), cli_help(struct cli *c), cli_version(struct cli *c);

/* Commands that are a row of a table (cli_act.c); and whether this command's first word is one. */
int cli_act(struct cli *c);
bool cli_is_act(const struct cli *c);

/* Carry out one command on a device that is open already: argv is what follows "hop". */
int cli_run_on(struct node *n, enum text_lang lang, char **argv, size_t count);

/* Agenda items from a text file or CSV: one item a line, into ret. */
MUST_USE int cli_read_agenda(struct cli *c, const char *path, json_t *ret);
/* Invitations for everybody in a CSV file: name, role, category. */
MUST_USE int cli_invite_csv(struct cli *c, const char *path, const char *address);

/* hop cell new: a name of a procedure that ships, a file, or NULL. */
int cli_cell_new(struct cli *c, const char *name, const char *founder, const char *procedure);
cli_shower cli_show_members, cli_show_invitation;

/* A meeting whole, and parts of it (cli_show.c). */
cli_shower cli_show_meeting, cli_show_meetings, cli_show_roll, cli_show_motions, cli_show_documents,
    cli_show_talk, cli_show_recorded;
/* More parts of it, and what is of no meeting (cli_sitting.c). */
cli_shower cli_show_before, cli_show_during, cli_show_after, cli_show_consultation,
    cli_show_counted, cli_show_signed, cli_show_tasks, cli_show_reports, cli_show_private,
    cli_show_duty, cli_show_merge, cli_show_invitation;
/* How many days before the meeting it was sent, if that is worth saying; an id TEXT_NONE: nothing.
 */
void cli_show_lead(struct cli *c, const json_t *o, const json_t *meeting, enum text_id good,
                   enum text_id few);
void cli_show_evidence(struct cli *c, struct buf *ret, const json_t *line);

#endif
