#include "node/cli.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/api.h"
#include "node/files.h"
#include "node/guard.h"

/* clang-format off */
const struct cli_command cli_commands[] = {
    {"init",    cli_init,    HELP_INIT,    "init [--kdf-memory MIB]"},
    {"cell",    cli_cell,    HELP_CELL,    "cell new NAME --as YOUR-NAME [--procedure NAME|FILE]\n"
                                           "cell show\n"
                                           "cell seats\n"
                                           "cell config [--secretary MEMBER|-] [--seat DEVICE]... [--remove MEMBER]...\n"
                                           "cell cosign ID\n"
                                           "cell checkpoint\n"
                                           "cell leave --yes"},
    {"member",  cli_member,  HELP_MEMBER,  "member list\n"
                                           "member admit PROPOSAL|MEMBER [--address IP[:PORT]]\n"
                                           "member remove MEMBER [--reason REASON] --yes\n"
                                           "member role MEMBER ROLE [--category CATEGORY]\n"
                                           "member suspend MEMBER [--reason REASON]"},
    {"device",  cli_device,  HELP_DEVICE,  "device list\n"
                                           "device add [--address IP[:PORT]]\n"
                                           "device suspend DEVICE [--reason REASON]\n"
                                           "device resume DEVICE\n"
                                           "device revoke DEVICE [--reason REASON] --yes"},
    {"group",   cli_group,   HELP_GROUP,   "group list\n"
                                           "group set NAME --leader MEMBER [--member MEMBER]... [--group GROUP]\n"
                                           "group propose GROUP NAME [--note TEXT] [--role ROLE] [--category CATEGORY]"},
    {"invite",  cli_invite,  HELP_INVITE,  "invite NAME [--role ROLE] [--category CATEGORY] [--address IP[:PORT]]\n"
                                           "invite NAME --code | --face [--role ROLE] [--category CATEGORY]\n"
                                           "invite --device | --for MEMBER [--address IP[:PORT]]\n"
                                           "invite --answer FILE [-o FILE]\n"
                                           "invite --csv FILE [--address IP[:PORT]]\n"
                                           "invite NAME --cancel"},
    {"join",    cli_join,    HELP_JOIN,    "join INVITATION|FILE|- [--wait SECONDS] [--bind IP] [--peer IP[:PORT]] [--beacon-port PORT] [--no-multicast]\n"
                                           "join --code CODE | --face [the same options]\n"
                                           "join INVITATION|FILE|- --file FILE\n"
                                           "join INVITATION|FILE|- --answer FILE"},
    {"run",     cli_run,     HELP_RUN,     "run [--http-port PORT] [--link-port PORT] [--beacon-port PORT] [--bind IP] [--peer IP[:PORT]]... [--no-multicast] [--serial DEVICE[:RATE]] [--no-open] [--trace FILE] [--quiet] [--lock-after MINUTES] [--locked]"},
    {"stop",    cli_stop,    HELP_STOP,    "stop"},
    {"lock",    cli_lock,    HELP_LOCK,    "lock"},
    {"unlock",  cli_unlock,  HELP_UNLOCK,  "unlock"},
    {"passphrase", cli_change_passphrase, HELP_PASSPHRASE, "passphrase [--new-passphrase-file FILE]"},
    {"panic",   cli_panic,   HELP_PANIC,   "panic [--yes]"},
    {"status",  cli_status,  HELP_STATUS,  "status"},
    {"peers",   cli_peers,   HELP_PEERS,   "peers"},
    {"members", cli_members, HELP_MEMBERS, "members"},
    {"meeting", cli_meeting, HELP_MEETING, "meeting new TITLE [--form FORM] [--when TIME] [--place PLACE] [--agenda TEXT]... [--agenda-file FILE] [--chair NAME] [--secretary NAME] [--basis TEXT] [--reason TEXT] [--invite NAME]... [--group GROUP] [--parent MEETING] [--practice]\n"
                                           "meeting list\n"
                                           "meeting show MEETING\n"
                                           "meeting read MEETING\n"
                                           "meeting open MEETING\n"
                                           "meeting attend MEETING\n"
                                           "meeting roll MEETING [MEMBER present|excused|absent|duty [--reason TEXT] | --confirm]\n"
                                           "meeting close MEETING"},
    {"doc",     cli_doc,     HELP_DOC,     "doc add MEETING FILE [--title TITLE] [--item N] [--reference NUMBER] [--class CLASS] [--type MEDIA-TYPE] [--replaces DOCUMENT]\n"
                                           "doc list MEETING\n"
                                           "doc get DOCUMENT [-o FILE]"},
    {"send",    cli_send,    HELP_SEND,    "send MEETING [TEXT|-]"},
    {"remind",  cli_act,     HELP_REMIND,  "remind MEETING [NAME]... [--of DOCUMENT]"},
    {"excuse",  cli_act,     HELP_EXCUSE,  "excuse MEETING REASON|-\n"
                                           "excuse take-back MEETING"},
    {"site",    cli_act,     HELP_SITE,    "site add MEETING NAME TELLER [--text NOTE]\n"
                                           "site roll MEETING SITE NAME[=present|excused|absent|duty]... [--pin PIN|-]\n"
                                           "site pin PIN|-"},
    {"roll",    cli_act,     HELP_ROLL,    "roll check MEETING [TEXT]"},
    {"item",    cli_act,     HELP_ITEM,    "item MEETING N"},
    {"floor",   cli_act,     HELP_FLOOR,   "floor ask MEETING [TEXT] [--item N] [--for NAME]\n"
                                           "floor order MEETING [TEXT] [--item N] [--for NAME]\n"
                                           "floor withdraw MEETING [--for NAME]\n"
                                           "floor give MEETING NAME MINUTES [--item N]\n"
                                           "floor end MEETING NAME"},
    {"say",     cli_act,     HELP_SAY,     "say MEETING TEXT|- [--item N] [--for NAME] [--site SITE]"},
    {"conclude", cli_act,    HELP_CONCLUDE, "conclude MEETING TEXT|- [--item N]"},
    {"motion",  cli_motion,  HELP_MOTION,  "motion put MEETING TEXT|- [--item N] [--question NAME]\n"
                                           "motion amend MOTION TEXT|- [--item N]\n"
                                           "motion withdraw MOTION [REASON]\n"
                                           "motion hands MOTION NAME[=agree|disagree|abstain]... [--site SITE]\n"
                                           "motion paper MOTION NAME... --agree N [--disagree N] [--abstain N] [--invalid N] [--valid N] [--collected N] [--issued N] [--text NOTE]\n"
                                           "motion close MOTION\n"
                                           "motion settle MOTION [REASON] [--holds RESULT]\n"
                                           "motion reserve MOTION TEXT|-\n"
                                           "motion list MEETING"},
    {"vote",    cli_vote,    HELP_VOTE,    "vote MOTION agree|disagree|abstain"},
    {"chair",   cli_act,     HELP_CHAIR,   "chair take MEETING [REASON]\n"
                                           "chair hand MEETING NAME [REASON]\n"
                                           "chair give-back MEETING [REASON]"},
    {"break",   cli_act,     HELP_BREAK,   "break begin MEETING [TEXT]\n"
                                           "break end MEETING"},
    {"merge",   cli_act,     HELP_MERGE,   "merge MEETING"},
    {"exception", cli_act,   HELP_EXCEPTION, "exception MEETING TEXT|- [--basis TEXT]"},
    {"consult", cli_act,     HELP_CONSULT, "consult reply MEETING agree|disagree|other [TEXT|-]\n"
                                           "consult show MEETING"},
    {"cascade", cli_act,     HELP_CASCADE, "cascade MEETING GROUP NAME[=present|excused|absent|duty]... [--text OPINIONS|-]"},
    {"step",    cli_act,     HELP_STEP,    "step MEETING N [TEXT]"},
    {"minutes", cli_minutes, HELP_MINUTES, "minutes MEETING [--sign] [-o FILE]\n"
                                           "minutes read-back MEETING [N]\n"
                                           "minutes correct MEETING TEXT|- [--of N]\n"
                                           "minutes answer MEETING CORRECTION taken|not-taken [REASON]\n"
                                           "minutes sign MEETING [N]\n"
                                           "minutes supplement MEETING TEXT|-"},
    {"resolution", cli_act,  HELP_RESOLUTION, "resolution add MEETING NUMBER TITLE TEXT|- [--motion MOTION]\n"
                                           "resolution sign MEETING N\n"
                                           "resolution reserve MEETING N TEXT|-"},
    {"task",    cli_act,     HELP_TASK,    "task add MEETING NAME TEXT|- [--due TIME] [--item N]\n"
                                           "task done|drop|reopen MEETING N [NOTE]\n"
                                           "task list"},
    {"score",   cli_act,     HELP_SCORE,   "score MEETING POINTS... [--text NOTE]"},
    {"report",  cli_act,     HELP_REPORT,  "report TEXT|- [--state WORD] [--place PLACE] [--urgent]\n"
                                           "report"},
    {"private", cli_act,     HELP_PRIVATE, "private TEXT|-\n"
                                           "private"},
    {"not-held", cli_act,    HELP_NOT_HELD, "not-held MM/YYYY REASON|- [--form FORM]"},
    {"duty",    cli_act,     HELP_DUTY,    "duty"},
    {"print",   cli_print,   HELP_PRINT,   "print MEETING notice|minutes|delivery -o FILE.pdf|FILE.html|FILE.txt\n"
                                           "print MEETING resolution|extract N -o FILE.pdf|FILE.html|FILE.txt"},
    {"calendar", cli_calendar, HELP_CALENDAR, "calendar MEETING -o FILE.ics"},
    {"procedure", cli_procedure, HELP_PROCEDURE, "procedure check FILE\n"
                                           "procedure show [NAME|FILE]\n"
                                           "procedure diff NAME|FILE NAME|FILE"},
    {"dossier", cli_dossier, HELP_DOSSIER, "dossier MEETING -o FILE"},
    {"verify",  cli_verify,  HELP_VERIFY,  "verify FILE [--cell FINGERPRINT]"},
    {"talk",    cli_talk,    HELP_TALK,    "talk MEETING [--capture DEVICE] [--playback DEVICE] [--record FILE] [--record-self FILE] [--muted]\n"
                                           "talk --mute | --unmute | --off\n"
                                           "talk"},
    {"bundle",  cli_bundle,  HELP_BUNDLE,  "bundle write DIR|FILE [--for MEMBER]... [--all]\n"
                                           "bundle preview DIR|FILE\n"
                                           "bundle read DIR|FILE [--return]\n"
                                           "bundle status DIR|FILE\n"
                                           "bundle carry FROM TO"},
    {"ignored", cli_ignored, HELP_IGNORED, "ignored"},
    {"help",    cli_help,    HELP_HELP,    "help [COMMAND]"},
    {"version", cli_version, HELP_VERSION, "version"},
};
/* clang-format on */
const size_t cli_commands_count = sizeof cli_commands / sizeof cli_commands[0];

/* ---- saying ---- */

static void print(FILE *out, enum text_lang lang, enum text_id id, size_t count, va_list ap)
{
    const char *args[10];
    struct buf line = {0};
    assert(count <= sizeof args / sizeof args[0]);
    for (size_t i = 0; i < count; i++)
        args[i] = va_arg(ap, const char *);
    text_fill(&line, lang, id, args, count);
    (void)fprintf(out, "%s\n", buf_string(&line));
    buf_free(&line);
}

void cli_say(struct cli *c, enum text_id id, size_t count, ...)
{
    va_list ap;
    va_start(ap, count);
    print(stdout, c->lang, id, count, ap);
    va_end(ap);
}

int cli_fail(struct cli *c, int exit_code, enum text_id id, size_t count, ...)
{
    va_list ap;
    va_start(ap, count);
    print(stderr, c->lang, id, count, ap);
    va_end(ap);
    return exit_code;
}

int cli_trouble(struct cli *c, const struct node_trouble *trouble)
{
    struct buf line = {0};
    text_said_fill(&line, c->lang, &trouble->said);
    (void)fprintf(stderr, "%s\n", buf_string(&line));
    buf_free(&line);
    return trouble->exit_code != 0 ? trouble->exit_code : CLI_UNREACHABLE;
}

const char *cli_time(char ret[static CLI_TIME_SIZE], uint64_t wall)
{
    time_t seconds = (time_t)(wall / 1000000);
    struct tm local;
    ret[0] = '\0';
    if (wall != 0 && localtime_r(&seconds, &local) != NULL)
        (void)strftime(ret, CLI_TIME_SIZE, "%d/%m/%Y %H:%M", &local);
    return ret;
}

const char *cli_count(char ret[static 24], uint64_t n)
{
    (void)snprintf(ret, 24, "%llu", (unsigned long long)n);
    return ret;
}

int cli_wrong_usage(struct cli *c)
{
    const char *p = c->command->usage;
    while (*p != '\0') {
        char line[400];
        size_t n = strcspn(p, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)n, p);
        (void)cli_fail(c, 0, CLI_USAGE, 1, line);
        p += n + (p[n] == '\n');
    }
    return CLI_WRONG_USAGE;
}

/* ---- arguments ---- */

static const struct cli_option *find_option(const struct cli_option *options, size_t count,
                                            const char *arg, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == n && strncmp(options[i].name, arg, n) == 0)
            return &options[i];
    }
    return NULL;
}

/* Take one option at args[*i], with its value; *i is then its last word. */
static int take_option(struct cli *c, const struct cli_option *o, size_t *i)
{
    const char *arg = c->args[*i], *value = strchr(arg, '=');
    if (o->kind == CLI_FLAG) {
        *(bool *)o->ret = true;
        return value == NULL ? CLI_DONE : cli_wrong_usage(c);
    }
    if (value != NULL)
        value++;
    else if (*i + 1 < c->count)
        value = c->args[++*i];
    else
        return cli_fail(c, CLI_WRONG_USAGE, CLI_OPTION_NEEDS_VALUE, 1, o->name);
    if (o->kind == CLI_VALUE) {
        *(const char **)o->ret = value;
        return CLI_DONE;
    }
    struct cli_values *values = o->ret;
    if (values->count == CLI_VALUES_MAX)
        return cli_wrong_usage(c);
    values->items[values->count++] = value;
    return CLI_DONE;
}

static int set_language(struct cli *c, const char *name)
{
    if (name == NULL)
        return CLI_DONE;
    if (strcmp(name, "vi") != 0 && strcmp(name, "en") != 0)
        return cli_fail(c, CLI_WRONG_USAGE, CLI_BAD_LANGUAGE, 1, name);
    c->lang = text_lang_of(name);
    return CLI_DONE;
}

/* `leading`: stop at the first word that is no option (it is the command). */
static int take_options(struct cli *c, const struct cli_option *own, size_t own_count, bool leading)
{
    const char *lang = NULL;
    bool help = false;
    const struct cli_option everywhere[] = {{"--dir", CLI_VALUE, &c->dir},
                                            {"--lang", CLI_VALUE, &lang},
                                            {"--json", CLI_FLAG, &c->json},
                                            {"--help", CLI_FLAG, &help},
                                            {"--passphrase-file", CLI_VALUE, &c->passphrase_file}};
    size_t kept = 0, i = 0;
    for (; i < c->count; i++) {
        char *arg = c->args[i];
        if (strcmp(arg, "--") == 0) {
            i++;
            break;
        }
        if (arg[0] != '-' || arg[1] == '\0') {
            if (leading)
                break;
            c->args[kept++] = arg;
            continue;
        }
        size_t n = strcspn(arg, "=");
        const struct cli_option *o = find_option(own, own_count, arg, n);
        if (o == NULL)
            o = find_option(everywhere, sizeof everywhere / sizeof everywhere[0], arg, n);
        if (o == NULL)
            return cli_fail(c, CLI_WRONG_USAGE, CLI_UNKNOWN_OPTION, 2, c->command->name, arg);
        int exit_code = take_option(c, o, &i);
        if (exit_code != CLI_DONE)
            return exit_code;
    }
    for (; i < c->count; i++)
        c->args[kept++] = c->args[i];
    c->count = kept;
    int exit_code = set_language(c, lang);
    return exit_code == CLI_DONE && help ? cli_wrong_usage(c) : exit_code;
}

int cli_options(struct cli *c, const struct cli_option *options, size_t count)
{
    return take_options(c, options, count, false);
}

int cli_arguments(struct cli *c, const struct cli_option *options, size_t count, size_t least,
                  size_t most)
{
    int exit_code = cli_options(c, options, count);
    if (exit_code == CLI_DONE && (c->count < least || c->count > most))
        exit_code = cli_wrong_usage(c);
    return exit_code;
}

int cli_number(struct cli *c, const char *name, const char *value, uint32_t max, uint32_t *ret)
{
    if (value == NULL)
        return CLI_DONE;
    char *end, limit[24];
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n > max)
        return cli_fail(c, CLI_WRONG_USAGE, CLI_BAD_NUMBER, 4, name, "0", cli_count(limit, max),
                        value);
    *ret = (uint32_t)n;
    return CLI_DONE;
}

/* ---- files ---- */

static int read_stream(FILE *in, size_t max, struct buf *ret)
{
    uint8_t bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) {
        buf_bytes(ret, bytes, n);
        if (ret->size > max)
            return HOP_EFULL;
    }
    return ferror(in) ? HOP_EIO : ret->bad ? HOP_ENOMEM : HOP_OK;
}

int cli_read_file(struct cli *c, const char *path, size_t max, struct buf *ret)
{
    int err = strcmp(path, "-") == 0 ? read_stream(stdin, max, ret) : files_read(path, max, ret);
    if (err == HOP_EFULL) {
        char limit[24];
        bool many = max >= 1u << 20;
        (void)snprintf(limit, sizeof limit, "%zu %s", max >> (many ? 20 : 10),
                       many ? "MiB" : "KiB");
        return cli_fail(c, CLI_REFUSED, CLI_TOO_LARGE, 2, path, limit);
    }
    if (err != HOP_OK)
        return cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_READ, 2, path, hop_error_text(err));
    return CLI_DONE;
}

int cli_write_file(struct cli *c, const char *path, struct span bytes)
{
    int err = HOP_OK;
    if (strcmp(path, "-") != 0)
        err = files_write(path, bytes, 0600);
    else if (fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size || fflush(stdout) != 0)
        err = HOP_EIO;
    if (err != HOP_OK)
        return cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_WRITE, 2, path, hop_error_text(err));
    return CLI_DONE;
}

int cli_text(struct cli *c, const char *argument, struct buf *ret)
{
    if (strcmp(argument, "-") != 0) {
        buf_text(ret, argument);
        return CLI_DONE;
    }
    int exit_code = cli_read_file(c, "-", ACT_MINUTES_BYTES_MAX, ret);
    if (exit_code == CLI_DONE && ret->size > 0 && memchr(ret->data, 0, ret->size) != NULL)
        exit_code = cli_fail(c, CLI_WRONG_USAGE, CLI_NOT_TEXT, 0); /* a NUL would cut it short */
    while (ret->size > 0 && (ret->data[ret->size - 1] == '\n' || ret->data[ret->size - 1] == '\r'))
        ret->data[--ret->size] = 0;
    return exit_code;
}

/* ---- the program ---- */

int cli_version(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    if (exit_code == CLI_DONE && c->json)
        (void)printf("{\"hop\": \"%s\"}\n", API_VERSION);
    else if (exit_code == CLI_DONE)
        cli_say(c, CLI_VERSION, 1, API_VERSION);
    return exit_code;
}

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    }
    return NULL;
}

static void help_with(struct cli *c, const struct cli_command *command)
{
    (void)printf("%s\n\n", text(c->lang, command->help));
    for (const char *p = command->usage; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        (void)printf("  hop %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
    (void)printf("\n%s\n", text(c->lang, HELP_FOOT));
}

int cli_help(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 2);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (c->count > 0) {
        const struct cli_command *command = find_command(c->args[0]);
        if (command == NULL)
            return cli_fail(c, CLI_WRONG_USAGE, CLI_NO_SUCH_COMMAND, 1, c->args[0]);
        help_with(c, command);
        return CLI_DONE;
    }
    cli_say(c, HELP_HEAD, 0);
    for (size_t i = 0; i < cli_commands_count; i++)
        (void)printf("  %-10s %s\n", cli_commands[i].name, text(c->lang, cli_commands[i].help));
    cli_say(c, HELP_FOOT, 0);
    return CLI_DONE;
}

static enum text_lang language_of_environment(void)
{
    const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return text_lang_of(value);
    }
    return TEXT_EN;
}

int cli_find_dir(struct cli *c)
{
    const char *home = getenv("HOME");
    if (c->dir == NULL)
        c->dir = getenv("HOP_DIR");
    if (c->dir == NULL && home != NULL &&
        files_path(c->dir_room, sizeof c->dir_room, home, ".hop") == HOP_OK)
        c->dir = c->dir_room;
    return c->dir != NULL && c->dir[0] != '\0' ? CLI_DONE
                                               : cli_fail(c, CLI_UNREACHABLE, CLI_NO_HOME, 0);
}

static int run_command(struct cli *c)
{
    static const struct cli_command before = {"hop", cli_help, HELP_HELP, "COMMAND …"};
    c->command = &before;
    int exit_code = take_options(c, NULL, 0, true);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (c->count == 0) {
        exit_code = cli_help(c);
        return exit_code == CLI_DONE ? CLI_WRONG_USAGE : exit_code;
    }
    c->command = find_command(c->args[0]);
    if (c->command == NULL)
        return cli_fail(c, CLI_WRONG_USAGE, CLI_NO_SUCH_COMMAND, 1, c->args[0]);
    c->args++;
    c->count--;
    return c->command->run(c);
}

int cli_run_on(struct node *n, enum text_lang lang, char **argv, size_t count)
{
    struct cli c = {.lang = lang, .args = argv, .count = count, .node = n, .dir = n->dir};
    int exit_code = run_command(&c);
    buf_free(&c.reply);
    buf_free(&c.path);
    return exit_code;
}

int cli_main(int argc, char **argv)
{
    struct cli c = {.lang = language_of_environment(),
                    .args = argv + (argc > 0),
                    .count = argc > 0 ? (size_t)argc - 1 : 0};
    guard_process();
    (void)setlocale(LC_CTYPE, "");
    (void)umask(077); /* papers, recordings and traces of a cell are for whoever asked for them */
    if (hop_init() != HOP_OK)
        return cli_fail(&c, CLI_UNREACHABLE, CLI_CRYPTO_BROKEN, 0);
    char **all = calloc((size_t)argc + 1, sizeof *all); /* c.args is put in another order */
    if (all != NULL && argc > 0)
        memcpy(all, argv, (size_t)argc * sizeof *all);
    c.argv = all;
    int exit_code = run_command(&c);
    free(all);
    if (c.node != NULL) {
        node_close(c.node);
        free(c.node);
    }
    buf_free(&c.reply);
    buf_free(&c.path);
    if (fflush(stdout) != 0 && exit_code == CLI_DONE)
        exit_code = cli_fail(&c, CLI_UNREACHABLE, CLI_CANNOT_WRITE, 2, "-", strerror(errno));
    return exit_code;
}
