/* Commands that guard the keys of this device: lock, unlock, passphrase, panic. */
#define _GNU_SOURCE /* struct ucred */
#include "node/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "node/files.h"
#include "node/guard.h"

#define PANIC_WORD   "PANIC"
#define PATIENCE_S   5   /* and then the node is killed: it may hang */
#define END_TRIES    100 /* of 50 ms: how long a node that was told to panic may take to end */
#define END_PAUSE_NS (50 * 1000 * 1000)

static int needs_node(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    return exit_code;
}

static void show_locking(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, GUARD_LOCKING, 0);
}

int cli_lock(struct cli *c)
{
    int exit_code = needs_node(c);
    if (exit_code == CLI_DONE && !cli_node_runs(c))
        exit_code = cli_fail(c, CLI_REFUSED, GUARD_NO_NODE, 0);
    return exit_code != CLI_DONE ? exit_code : cli_show(c, "POST", "/api/lock", NULL, show_locking);
}

static void show_unlocked(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, GUARD_UNLOCKED, 0);
}

/* POST these words under these keys, and leave no copy of them. */
static int post_words(struct cli *c, const char *path, const char *const *keys,
                      const struct buf *words, size_t count, cli_shower *show)
{
    struct buf body = {0};
    json_t *o = json_object(), *reply = NULL;
    for (size_t i = 0; i < count; i++)
        (void)json_object_set_new(o, keys[i], json_string(buf_string(&words[i])));
    char *bytes = json_object_size(o) == count ? json_dumps(o, JSON_COMPACT) : NULL;
    int exit_code = bytes == NULL ? cli_fail(c, CLI_WRONG_USAGE, CLI_NOT_TEXT, 0)
                                  : cli_ask_bytes(c, "POST", path, span_text(bytes));
    if (exit_code == CLI_DONE && c->json)
        (void)fwrite(c->reply.data, 1, c->reply.size, stdout);
    else if (exit_code == CLI_DONE)
        show(c, reply);
    if (bytes != NULL)
        hop_wipe(bytes, strlen(bytes));
    free(bytes);
    json_decref(o);
    buf_free(&body);
    return exit_code;
}

static void forget(struct buf *b)
{
    hop_wipe(b->data, b->size);
    buf_free(b);
}

int cli_unlock(struct cli *c)
{
    static const char *const keys[] = {"passphrase"};
    struct buf word = {0};
    int exit_code = needs_node(c);
    if (exit_code == CLI_DONE && !cli_node_runs(c))
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_NOT_RUNNING, 1, c->dir);
    if (exit_code == CLI_DONE)
        exit_code = cli_passphrase(c, false, &word);
    if (exit_code == CLI_DONE)
        exit_code = post_words(c, "/api/unlock", keys, &word, 1, show_unlocked);
    forget(&word);
    return exit_code;
}

/* ---- the passphrase ---- */

static void show_changed(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, GUARD_PASSPHRASE_CHANGED, 0);
}

int cli_change_passphrase(struct cli *c)
{
    static const char *const keys[] = {"old", "new"};
    const char *new_file = NULL, *old_file = NULL;
    struct buf words[2] = {{0}};
    const struct cli_option options[] = {{"--new-passphrase-file", CLI_VALUE, &new_file}};
    int exit_code = cli_arguments(c, options, 1, 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE)
        exit_code = cli_passphrase(c, false, &words[0]);
    old_file = c->passphrase_file;
    c->passphrase_file = new_file;
    if (exit_code == CLI_DONE)
        exit_code = cli_passphrase(c, true, &words[1]);
    c->passphrase_file = old_file;
    if (exit_code == CLI_DONE && !cli_node_runs(c))
        exit_code = cli_open_with(c, &words[0]); /* it has been asked for: not once more */
    if (exit_code == CLI_DONE)
        exit_code = post_words(c, "/api/passphrase", keys, words, 2, show_changed);
    forget(&words[0]);
    forget(&words[1]);
    return exit_code;
}

/* ---- panic ---- */

static int confirmed(struct cli *c)
{
    char line[64] = "";
    FILE *terminal = fopen("/dev/tty", "r+");
    struct buf question = {0};
    const char *const args[] = {c->dir};
    if (terminal == NULL)
        return cli_fail(c, CLI_WRONG_USAGE, GUARD_PANIC_UNASKED, 0);
    text_fill(&question, c->lang, GUARD_PANIC_ASK, args, 1);
    (void)fputs(buf_string(&question), terminal);
    (void)fflush(terminal);
    buf_free(&question);
    bool said = fgets(line, sizeof line, terminal) != NULL;
    (void)fclose(terminal);
    line[strcspn(line, "\r\n")] = '\0';
    return said && strcmp(line, PANIC_WORD) == 0 ? CLI_DONE
                                                 : cli_fail(c, CLI_REFUSED, GUARD_PANIC_UNASKED, 0);
}

/* The process that made the socket: 0 if there is none. */
static pid_t node_pid(const struct cli *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t size = sizeof who;
    int dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/api.sock", dir);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        who.pid = 0;
    if (fd >= 0)
        (void)close(fd);
    if (dir >= 0)
        (void)close(dir);
    return who.pid;
}

/* Until nobody holds the directory's lock. False: somebody still does. */
static bool wait_for_end(const struct cli *c)
{
    const struct timespec pause = {.tv_nsec = END_PAUSE_NS};
    char path[600];
    int fd = files_path(path, sizeof path, c->dir, "lock") == HOP_OK
                 ? open(path, O_RDWR | O_CLOEXEC)
                 : -1;
    bool ended = fd < 0;
    for (int i = 0; i < END_TRIES && !ended; i++) {
        ended = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!ended)
            (void)nanosleep(&pause, NULL);
    }
    if (fd >= 0)
        (void)close(fd);
    return ended;
}

/* The keys are destroyed on the disk; here the node that has them in memory ends, one way or the
 * other, and cannot save them again. */
static void end_node(struct cli *c)
{
    pid_t pid = node_pid(c);
    json_t *body = json_pack("{s:s}", "confirm", PANIC_WORD);
    c->patience_s = PATIENCE_S;
    int exit_code = cli_ask(c, "POST", "/api/panic", body, NULL);
    if ((exit_code != CLI_DONE || !wait_for_end(c)) && pid > 1)
        (void)kill(pid, SIGKILL);
    (void)wait_for_end(c);
}

int cli_panic(struct cli *c)
{
    bool yes = false;
    const struct cli_option options[] = {{"--yes", CLI_FLAG, &yes}};
    int exit_code = cli_arguments(c, options, 1, 0, 0);
    if (exit_code == CLI_DONE)
        exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE && !yes)
        exit_code = confirmed(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    int err = guard_panic_keys(c->dir);
    if (err == HOP_ENOTFOUND && !guard_panic_begun(c->dir))
        return cli_fail(c, CLI_UNREACHABLE, ERR_KEYS_MISSING, 1, c->dir);
    if (cli_node_runs(c))
        end_node(c);
    if (err != HOP_OK)
        err = guard_panic_keys(c->dir);
    guard_panic_rest(c->dir);
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return cli_fail(c, CLI_UNREACHABLE, GUARD_PANIC_FAILED, 2, c->dir, hop_error_text(err));
    if (c->json) {
        (void)printf("{\"destroyed\": true}\n");
    } else {
        cli_say(c, GUARD_PANIC_DONE, 1, c->dir);
        cli_say(c, GUARD_PANIC_LEFT, 0);
    }
    return CLI_DONE;
}
