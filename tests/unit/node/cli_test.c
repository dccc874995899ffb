#include "node/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/files.h"
#include "tests/lib/test.h"

/* Commands as a person gives them, each in a process of its own, in a directory of the test's. */
static char room[] = "/tmp/hop-cli-XXXXXX";
static char said[65536]; /* on standard output and error, by the last command */

#define ARGS_MAX 20

static void path_in(char *ret, size_t size, const char *name)
{
    (void)snprintf(ret, size, "%s/%s", room, name);
}

static void remove_room(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", room);
    (void)!system(command);
}

static void write_file(const char *name, const char *words)
{
    char path[64];
    path_in(path, sizeof path, name);
    CHECK_OK(files_write(path, span_text(words), 0600));
}

static void have_room(void)
{
    if (access(room, F_OK) == 0)
        return;
    CHECK(mkdtemp(room) != NULL);
    (void)atexit(remove_room);
    write_file("pw", "mot hai ba bon nam\n");
    write_file("wrong", "muoi hai muoi ba muoi bon\n");
}

/* In the child: a new session, so that no terminal answers for the person. */
static void be_hop(char **argv, const char *out)
{
    int fd = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600);
    int none = open("/dev/null", O_RDONLY);
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    (void)setsid();
    (void)dup2(none, 0);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    (void)unsetenv("HOP_DIR");
    int exit_code = cli_main(argc, argv);
    (void)fflush(stdout);
    _exit(exit_code);
}

/* The exit code of "hop …"; words are split at '|'. What it said is in `said`. */
static int hop(const char *line)
{
    char words[1024], out[64], *argv[ARGS_MAX + 2] = {(char[]){"hop"}};
    struct buf got = {0};
    int status = 0, argc = 1;
    have_room();
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *p = words; argc < ARGS_MAX; p++) {
        argv[argc++] = p;
        p += strcspn(p, "|");
        if (*p == '\0')
            break;
        *p = '\0';
    }
    path_in(out, sizeof out, "out");
    (void)fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        be_hop(argv, out);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_OK(files_read(out, sizeof said - 1, &got));
    (void)snprintf(said, sizeof said, "%s", buf_string(&got));
    buf_free(&got);
    return WEXITSTATUS(status);
}

/* The same for the device a, with its passphrase, in Vietnamese. */
static int hop_a(const char *line)
{
    char full[1024];
    have_room();
    (void)snprintf(full, sizeof full, "--dir|%s/a|--passphrase-file|%s/pw|--lang|vi|%s", room, room,
                   line);
    return hop(full);
}

static bool says(const char *words)
{
    if (strstr(said, words) == NULL)
        print_message("it said: %s\n", said);
    return strstr(said, words) != NULL;
}

/* A script that cannot tell a misspelt command from a refusal goes on when it should stop. */
TEST(cli_exits_2_for_wrong_usage)
{
    static const char *const lines[] = {
        "frobnicate",
        "status|--frobnicate",
        "status|extra",
        "--lang|fr|status",
        "cell|new",
        "cell|new|Name",
        "meeting",
        "meeting|--title|x",
        "meeting|show",
        "vote|1",
        "dossier|1",
        "run|--http-port|99999",
        "run|--http-port",
        "join",
        "init|--kdf-memory|1",
        "motion|put|1",
        "motion|frobnicate|1",
        "floor|give|1|An",
        "floor|ask",
        "site|roll|1|x",
        "item|1|many",
        "task|done|1",
        "minutes|answer|1|1",
        "print|1|minutes",
        "print|1|../x|-o|-",
        "procedure|diff|party-cell",
        "calendar|1",
        "duty|extra",
        "invite|An|--csv|x",
        "score|1",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (hop_a(lines[i]) != CLI_WRONG_USAGE)
            print_message("hop %s said: %s\n", lines[i], said);
        CHECK_EQ(hop_a(lines[i]), CLI_WRONG_USAGE);
        CHECK(said[0] != '\0');
    }
}

/* Whoever asks for help must get it, in their language, without a device. */
TEST(cli_helps_in_both_languages)
{
    CHECK_EQ(hop("--lang|en|help"), CLI_DONE);
    CHECK(says("Vote on a motion"));
    CHECK_EQ(hop("--lang|vi|help|vote"), CLI_DONE);
    CHECK(says("Biểu quyết"));
    CHECK(says("hop vote MOTION"));
    CHECK_EQ(hop("help|nothing"), CLI_WRONG_USAGE);
    CHECK_EQ(hop("version"), CLI_DONE);
}

/* Without a device the sentence must say how to make one. */
TEST(cli_exits_3_when_there_is_no_device)
{
    char line[128];
    have_room();
    (void)snprintf(line, sizeof line, "--dir|%s/none|--passphrase-file|%s/pw|--lang|en|status",
                   room, room);
    CHECK_EQ(hop(line), CLI_UNREACHABLE);
    CHECK(says("hop init"));
    CHECK_EQ(hop("verify|/nonexistent/file"), CLI_UNREACHABLE);
}

/* A script without a terminal must not hang waiting for a passphrase. */
TEST(cli_asks_for_no_passphrase_without_a_terminal)
{
    char line[128];
    have_room();
    (void)snprintf(line, sizeof line, "--dir|%s/a|--lang|en|init", room);
    CHECK_EQ(hop(line), CLI_WRONG_USAGE);
    CHECK(says("--passphrase-file"));
}

/* A short passphrase would give the keys to whoever finds the laptop. */
TEST(cli_refuses_weak_passphrase)
{
    char line[160];
    have_room();
    write_file("weak", "abc\n");
    (void)snprintf(line, sizeof line, "--dir|%s/b|--lang|en|init|--passphrase-file|%s/weak", room,
                   room);
    CHECK_EQ(hop(line), CLI_REFUSED);
    CHECK(says("too short"));
}

/* From here on the tests tell one meeting on the command line. */
TEST(cli_makes_a_device_and_a_cell)
{
    CHECK_EQ(hop_a("init|--kdf-memory|64"), CLI_DONE);
    CHECK(hop_a("init|--kdf-memory|64") != CLI_DONE); /* a second one would lose the keys */
    CHECK_EQ(hop_a("members"), CLI_REFUSED);
    CHECK(says("hop cell new"));
    CHECK_EQ(hop_a("cell|new|Chi bộ|--as|An|--procedure|party-cell"), CLI_DONE);
    CHECK_EQ(hop_a("cell|new|Chi bộ|--as|An"), CLI_REFUSED);
    CHECK_EQ(hop_a("members"), CLI_DONE);
    CHECK(says("1. An — bí thư"));
}

/* The wrong passphrase must not look like a damaged file. */
TEST(cli_says_that_the_passphrase_is_wrong)
{
    char line[160];
    (void)snprintf(line, sizeof line, "--dir|%s/a|--passphrase-file|%s/wrong|--lang|en|status",
                   room, room);
    CHECK_EQ(hop(line), CLI_REFUSED);
    CHECK(said[0] != '\0');
}

/* A code nobody can scan and a text nobody can copy would leave the member outside. */
TEST(cli_invites_with_text_and_code)
{
    CHECK_EQ(hop_a("invite|Trần Thị Lan|--role|committee"), CLI_DONE);
    CHECK(says("HOP1-"));
    CHECK(says("█"));
    CHECK(says("Trần Thị Lan"));
    CHECK_EQ(hop_a("invite|X|--role|king"), CLI_WRONG_USAGE);
}

/* An altered invitation must be refused before anything is looked for on the network. */
TEST(cli_refuses_invitation_that_is_none)
{
    CHECK_EQ(hop_a("join|HOP1-AAAAA-AAAAA"), CLI_REFUSED);
    CHECK(said[0] != '\0');
    CHECK_EQ(hop_a("join|/nonexistent/invitation"), CLI_UNREACHABLE);
}

/* Each step is checked by what the next command sees, through a store opened anew each time. */
TEST(cli_holds_a_meeting)
{
    char line[160];
    have_room();
    write_file("draft.txt", "Dự thảo nghị quyết\n");
    CHECK_EQ(hop_a("meeting|new|Họp thường kỳ|--when|04/12/2026 19:30|--agenda|Báo cáo"), CLI_DONE);
    CHECK_EQ(hop_a("motion|put|1|Sớm quá"), CLI_REFUSED);
    (void)snprintf(line, sizeof line, "doc|add|1|%s/draft.txt|--item|1", room);
    CHECK_EQ(hop_a(line), CLI_DONE);
    CHECK_EQ(hop_a("doc|get|1"), CLI_DONE);
    CHECK_TEXT(said, "Dự thảo nghị quyết\n");
    CHECK_EQ(hop_a("send|1"), CLI_DONE);
    CHECK_EQ(hop_a("meeting|open|1"), CLI_DONE);
    CHECK_EQ(hop_a("meeting|attend|1"), CLI_DONE);
    CHECK_EQ(hop_a("meeting|roll|1|--confirm"), CLI_DONE);
    CHECK_EQ(hop_a("say|1|--item|1|Nhất trí"), CLI_DONE);
    CHECK_EQ(hop_a("motion|put|1|--item|1|Thông qua"), CLI_DONE);
    CHECK_EQ(hop_a("vote|1|đồng ý"), CLI_DONE);
    CHECK_EQ(hop_a("vote|9|agree"), CLI_REFUSED);
    CHECK_EQ(hop_a("vote|1|perhaps"), CLI_WRONG_USAGE);
    CHECK_EQ(hop_a("motion|close|1"), CLI_DONE);
    CHECK_EQ(hop_a("meeting|close|1"), CLI_DONE);
    CHECK_EQ(hop_a("minutes|1|--sign"), CLI_DONE);
    CHECK_EQ(hop_a("meeting|show|1"), CLI_DONE);
    CHECK(says("được thông qua"));
    CHECK(says("đ/c An: đồng ý"));
}

/* A PDF that cannot be made must say what is missing; one that can must be one. */
TEST(cli_prints_on_paper)
{
    char line[160], path[64], program[512];
    struct buf pdf = {0};
    const char *before = getenv("PATH");
    path_in(path, sizeof path, "minutes.pdf");
    (void)snprintf(line, sizeof line, "print|1|minutes|-o|%s", path);
    CHECK_EQ(setenv("PATH", "/nonexistent", 1), 0);
    CHECK_EQ(hop_a(line), CLI_UNREACHABLE);
    CHECK(says("hop-print"));
    CHECK(access(path, F_OK) != 0);
    CHECK_EQ(hop_a("print|1|minutes|-o|/tmp/x.doc"), CLI_WRONG_USAGE);
    CHECK_EQ(hop_a("print|1|extract|99|-o|-"), CLI_REFUSED);
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    for (unsigned up = 0; up < 4 && n > 0; up++) { /* …/tests/unit/node/cli_test */
        while (n > 0 && program[n - 1] != '/')
            n--;
        n -= up < 3;
    }
    program[n > 0 ? n : 0] = '\0';
    CHECK_EQ(setenv("PATH", program, 1), 0);
    (void)strncat(program, "hop-print", sizeof program - strlen(program) - 1);
    if (access(program, X_OK) == 0) {
        CHECK_EQ(hop_a(line), CLI_DONE);
        CHECK_OK(files_read(path, 1u << 24, &pdf));
        CHECK(pdf.size > 1000 && memcmp(pdf.data, "%PDF", 4) == 0);
        buf_free(&pdf);
    }
    CHECK_EQ(setenv("PATH", before == NULL ? "/bin" : before, 1), 0);
}

/* What --json prints is for programs: it must be JSON, and the API's. */
TEST(cli_prints_json)
{
    CHECK_EQ(hop_a("status|--json"), CLI_DONE);
    json_t *status = json_loads(said, 0, NULL);
    CHECK_TEXT(json_get_text(json_object_get(status, "cell"), "name"), "Chi bộ");
    json_decref(status);
    CHECK_EQ(hop_a("--json|motion|list|1"), CLI_DONE);
    json_t *meeting = json_loads(said, 0, NULL);
    CHECK_EQ(json_array_size(json_object_get(meeting, "motions")), 1);
    json_decref(meeting);
}

/* The dossier must hold, and a flipped byte must give exit code 1 and be named. */
TEST(cli_writes_and_verifies_a_dossier)
{
    char line[256], path[64];
    struct buf file = {0};
    path_in(path, sizeof path, "dossier.html");
    (void)snprintf(line, sizeof line, "dossier|1|-o|%s", path);
    CHECK_EQ(hop_a(line), CLI_DONE);
    struct stat st;
    CHECK_EQ(stat(path, &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600); /* it holds all that was said */
    (void)snprintf(line, sizeof line, "--json|verify|%s", path);
    CHECK_EQ(hop(line), CLI_UNCONFIRMED); /* nobody has said whose it is */
    json_t *report = json_loads(said, 0, NULL);
    (void)snprintf(line, sizeof line, "--lang|en|verify|%s|--cell|%s", path,
                   json_get_text(report, "cell_id"));
    json_decref(report);
    CHECK_EQ(hop(line), CLI_DONE);
    CHECK_OK(files_read(path, 1u << 24, &file));
    file.data[file.size * 3 / 4] ^= 1;
    CHECK_OK(files_write(path, buf_written(&file), 0600));
    buf_free(&file);
    CHECK_EQ(hop(line), CLI_REFUSED);
    CHECK(says("✗") || says("?"));
}

/* The node that is not there cannot be stopped: say so, with 3. */
TEST(cli_stop_without_a_node_exits_3)
{
    CHECK_EQ(hop_a("stop"), CLI_UNREACHABLE);
    CHECK(says("hop run"));
}
