/* Real directories with real stores, of which somebody keeps a copy or loses a part. */
#include "node/node.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/files.h"
#include "tests/lib/test.h"

#define PASSPHRASE "mot hai ba bon nam"

static char dir[64];
static struct node node; /* large: its outs have room for thousands */

static void shell(const char *what)
{
    char command[256];
    (void)snprintf(command, sizeof command, "cd %s && %s", dir, what);
    CHECK_EQ(system(command), 0);
}

static void open_dir(void)
{
    struct node_trouble why = {0};
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
}

/* A cell, founded and closed in order. */
static void begin(void)
{
    struct node_trouble why = {0};
    struct text_said said = {0};
    struct buf procedure = {0};
    memcpy(dir, "/tmp/hop-whole-XXXXXX", 22);
    CHECK(mkdtemp(dir) != NULL);
    CHECK_OK(node_init(dir, PASSPHRASE, KEYFILE_MEMORY_FLOOR, &why));
    open_dir();
    CHECK_OK(files_read("procedures/party-cell.conf", 1 << 20, &procedure));
    CHECK_OK(device_found(node.device, "Chi bộ 1", "party-cell", buf_written(&procedure), "An",
                          ROLE_SECRETARY, node.wall, &said));
    CHECK_OK(node_commit(&node));
    CHECK_OK(node_reopen_device(&node, &why));
    node_close(&node);
    buf_free(&procedure);
}

static void end(void)
{
    shell("cd / && rm -rf \"$OLDPWD\"");
}

static void write_one(void)
{
    struct device_invite invite;
    struct text_said said = {0};
    CHECK_OK(device_invite(node.device, "Bình", ROLE_MEMBER, CATEGORY_FULL, NULL, node.wall,
                           &invite, &said));
    CHECK_OK(node_commit(&node));
}

static size_t notices(enum text_id *ret)
{
    struct text_said said[4];
    size_t count = device_notices(node.device, said, 4);
    *ret = count > 0 ? said[0].id : TEXT_NONE;
    return count;
}

static void check_incarnation(uint32_t incarnation, enum text_id notice)
{
    enum text_id said;
    CHECK_EQ(node.keys.incarnation, incarnation);
    CHECK_EQ(notices(&said), notice == TEXT_NONE ? 0 : 1);
    CHECK_TEXT(text_key(said), text_key(notice));
}

/* Old records under newer keys: all that was signed since would be signed once more. */
TEST(old_copy_of_the_records_leads_to_new_logs)
{
    uint8_t log[32];
    begin();
    shell("cp records.mdb old.mdb");
    open_dir();
    write_one();
    memcpy(log, node.keys.log[0].public_key, 32);
    node_close(&node);
    open_dir(); /* whole: nothing is renewed */
    check_incarnation(1, TEXT_NONE);
    node_close(&node);
    shell("cp old.mdb records.mdb");
    open_dir();
    check_incarnation(2, NOTICE_NOT_WHOLE);
    CHECK(memcmp(log, node.keys.log[0].public_key, 32) != 0);
    write_one();
    node_close(&node);
    open_dir(); /* and from then on it is whole again */
    check_incarnation(2, TEXT_NONE);
    node_close(&node);
    end();
}

/* A store that somebody deleted, while the keys say that there were records in it. */
TEST(deleted_records_lead_to_new_logs)
{
    begin();
    shell("rm records.mdb");
    open_dir();
    check_incarnation(2, NOTICE_NOT_WHOLE);
    CHECK(device_has_cell(node.device));
    node_close(&node);
    end();
}

/* A power cut loses nothing that was committed: new logs each time would fill everybody's tables.
 */
TEST(sudden_end_does_not_lead_to_new_logs)
{
    begin();
    for (unsigned i = 0; i < 2; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            open_dir();
            write_one();
            kill(getpid(), SIGKILL);
        }
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK(WIFSIGNALED(status));
    }
    open_dir();
    check_incarnation(1, TEXT_NONE);
    node_close(&node);
    end();
}

/* Both copies of a directory look whole to themselves: what tells them apart is what they meet
 * (tests/unit/device/restored_test.c). Each goes on, and says nothing that is not so. */
TEST(copied_directory_cannot_be_told_from_the_first)
{
    begin();
    shell("mkdir copy && cp keys.hop records.mdb copy");
    open_dir();
    write_one();
    check_incarnation(1, TEXT_NONE);
    node_close(&node);
    shell("mv copy/keys.hop copy/records.mdb .");
    open_dir();
    check_incarnation(1, TEXT_NONE);
    node_close(&node);
    end();
}

/* Looking must cost nothing: the key file is written only when records are. */
TEST(start_without_writing_leaves_the_key_file_alone)
{
    begin();
    shell("cp keys.hop before");
    open_dir();
    node_close(&node);
    shell("cmp keys.hop before");
    end();
}
