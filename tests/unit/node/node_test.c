#define _GNU_SOURCE /* setgroups */
#include "node/node.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/files.h"
#include "node/guard.h"
#include "tests/lib/test.h"

#define PASSPHRASE "mot hai ba bon nam"
#define OTHER      "nam bon ba hai mot"

static char dir[64], path_room[128];
static struct node node; /* large: its outs have room for thousands */

static const char *in_dir(const char *name)
{
    CHECK_OK(files_path(path_room, sizeof path_room, dir, name));
    return path_room;
}

static void make_dir(void)
{
    memcpy(dir, "/tmp/hop-node-XXXXXX", 21);
    CHECK(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK_EQ(system(command), 0);
}

static void init(void)
{
    struct node_trouble why = {0};
    make_dir();
    CHECK_OK(node_init(dir, PASSPHRASE, KEYFILE_MEMORY_FLOOR, &why));
}

/* Opening must fail with this sentence and exit code, and a failed open leaves nothing open. */
static void check_refused(const char *where, const char *passphrase, enum text_id sentence,
                          int exit_code)
{
    struct node_trouble why = {0};
    CHECK(node_open(&node, where, passphrase, TEXT_EN, &why) != HOP_OK);
    CHECK_TEXT(text_key(why.said.id), text_key(sentence));
    CHECK_EQ(why.exit_code, exit_code);
    node_close(&node); /* harmless */
}

static void check_opens(void)
{
    struct node_trouble why = {0};
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    node_close(&node);
}

static void replace(const char *name, const char *contents)
{
    CHECK_OK(files_write(in_dir(name), span_text(contents), 0600));
}

/* The plainest path: made, opened, closed, opened again. */
TEST(node_opens_what_init_made)
{
    struct stat st;
    init();
    CHECK_EQ(stat(in_dir("keys.hop"), &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600);
    check_opens();
    check_opens();
    remove_dir();
}

/* Init must never overwrite keys: they are the device. */
TEST(node_init_refuses_directory_with_keys)
{
    struct node_trouble why = {0};
    init();
    CHECK_ERR(node_init(dir, OTHER, KEYFILE_MEMORY_FLOOR, &why), HOP_EEXIST);
    CHECK_EQ(why.said.id, ERR_DIR_TAKEN);
    CHECK_EQ(why.exit_code, 1);
    check_opens(); /* still under the first passphrase */
    remove_dir();
}

TEST(node_init_refuses_short_passphrase)
{
    struct node_trouble why = {0};
    make_dir();
    CHECK_ERR(node_init(dir, "secret", KEYFILE_MEMORY_FLOOR, &why), HOP_EREFUSED);
    CHECK_EQ(why.said.id, ERR_PASSPHRASE_SHORT);
    CHECK_EQ(access(in_dir("keys.hop"), F_OK), -1);
    remove_dir();
}

TEST(node_refuses_wrong_passphrase)
{
    init();
    check_refused(dir, OTHER, ERR_PASSPHRASE_WRONG, 1);
    check_opens();
    remove_dir();
}

/* Two processes on one store would each believe to be its only writer. */
TEST(node_refuses_second_process_on_directory)
{
    struct node_trouble why = {0};
    static struct node second;
    init();
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK_ERR(node_open(&second, dir, PASSPHRASE, TEXT_EN, &why), HOP_EBUSY);
    CHECK_EQ(why.said.id, ERR_DIR_BUSY);
    CHECK_EQ(why.exit_code, 3);
    node_close(&node);
    check_opens();
    remove_dir();
}

/* After SIGKILL nobody is left to take the lock away: the kernel must. */
TEST(node_lock_dies_with_its_process)
{
    int ready[2], end[2];
    char byte;
    init();
    CHECK_EQ(pipe(ready), 0);
    CHECK_EQ(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        struct node_trouble why = {0};
        byte = node_open(&node, dir, PASSPHRASE, TEXT_EN, &why) == HOP_OK ? 'y' : 'n';
        close(end[1]); /* then a parent that ends for whatever reason ends this read */
        if (write(ready[1], &byte, 1) == 1 && read(end[0], &byte, 1) == 1)
            _exit(0);
        _exit(1);
    }
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    CHECK_EQ(byte, 'y');
    check_refused(dir, PASSPHRASE, ERR_DIR_BUSY, 3);
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    check_opens();
    close(ready[0]);
    close(ready[1]);
    close(end[0]);
    close(end[1]);
    remove_dir();
}

TEST(node_names_what_is_missing)
{
    make_dir();
    check_refused("/nonexistent/hop", PASSPHRASE, ERR_DIR_MISSING, 3);
    check_refused(dir, PASSPHRASE, ERR_KEYS_MISSING, 3);
    CHECK_EQ(access(in_dir("lock"), F_OK), -1); /* a directory that is not ours gets no litter */
    remove_dir();
}

/* A long name cut short would be another directory. */
TEST(node_refuses_too_long_name)
{
    char name[1200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    check_refused(name, PASSPHRASE, ERR_DIR_LONG, 3);
}

TEST(node_refuses_foreign_key_file)
{
    char large[KEYFILE_BYTES_MAX + 2];
    init();
    replace("keys.hop", "not a key file at all");
    check_refused(dir, PASSPHRASE, ERR_KEYS_FOREIGN, 3);
    replace("keys.hop", "");
    check_refused(dir, PASSPHRASE, ERR_KEYS_FOREIGN, 3);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    replace("keys.hop", large);
    check_refused(dir, PASSPHRASE, ERR_KEYS_FOREIGN, 3);
    remove_dir();
}

/* A damaged file must not be blamed on the passphrase: nobody would stop trying. */
TEST(node_refuses_bent_key_file)
{
    struct buf b = {0};
    init();
    CHECK_OK(files_read(in_dir("keys.hop"), KEYFILE_BYTES_MAX, &b));
    b.data[b.size - 1] ^= 1;
    CHECK_OK(files_write(in_dir("keys.hop"), buf_written(&b), 0600));
    check_refused(dir, PASSPHRASE, ERR_KEYS_DAMAGED, 3);
    buf_free(&b);
    remove_dir();
}

/* LMDB dies on some files that are not its own; the node must say a sentence instead. */
TEST(node_refuses_foreign_store)
{
    static char junk[16384];
    init();
    memset(junk, 'x', sizeof junk - 1);
    replace("records.mdb", junk);
    check_refused(dir, PASSPHRASE, ERR_STORE_FOREIGN, 3);
    CHECK_EQ(unlink(in_dir("records.mdb")), 0);
    check_opens();
    remove_dir();
}

/* Opened by somebody who may not: in a child, because the superuser may everything. */
static int exit_code_without_rights(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct node_trouble why = {0};
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        int err = node_open(&node, dir, PASSPHRASE, TEXT_EN, &why);
        _exit(err != HOP_OK && why.said.id == ERR_DIR_FORBIDDEN ? why.exit_code : 98);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(node_says_when_directory_is_closed_to_it)
{
    init();
    CHECK_EQ(chmod(in_dir("keys.hop"), 0644), 0);
    CHECK_EQ(chmod(dir, geteuid() == 0 ? 0755 : 0555), 0); /* readable, not writable */
    CHECK_EQ(exit_code_without_rights(), 3);
    CHECK_EQ(chmod(dir, 0000), 0); /* not even that */
    CHECK_EQ(exit_code_without_rights(), 3);
    CHECK_EQ(chmod(dir, 0755), 0);
    remove_dir();
}

static struct span procedure_file(struct buf *b)
{
    CHECK_OK(files_read("procedures/party-cell.conf", 1 << 20, b));
    return buf_written(b);
}

static void found(struct buf *procedure)
{
    struct text_said said = {0};
    struct node_trouble why = {0};
    CHECK_OK(device_found(node.device, "Chi bộ 1", "party-cell", procedure_file(procedure), "An",
                          ROLE_SECRETARY, node.wall, &said));
    CHECK_OK(node_commit(&node));
    CHECK_OK(node_reopen_device(&node, &why));
}

/* What node_commit() said is saved is there after a process that ended without a word. */
TEST(node_commit_survives_sudden_end)
{
    struct node_trouble why = {0};
    int status = 0;
    init();
    pid_t child = fork();
    if (child == 0) {
        struct buf procedure = {0};
        if (node_open(&node, dir, PASSPHRASE, TEXT_EN, &why) != HOP_OK)
            _exit(1);
        found(&procedure);
        kill(getpid(), SIGKILL);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK(device_has_cell(node.device));
    CHECK_TEXT(cell_genesis(device_cell(node.device))->name, "Chi bộ 1");
    CHECK_EQ(cell_member_count(device_cell(node.device)), 1);
    node_close(&node);
    remove_dir();
}

/* Without a commit nothing was promised, and nothing half done may be found. */
TEST(node_without_commit_founds_nothing)
{
    struct node_trouble why = {0};
    struct text_said said = {0};
    struct buf procedure = {0};
    init();
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK_OK(device_found(node.device, "Chi bộ 1", "party-cell", procedure_file(&procedure), "An",
                          ROLE_SECRETARY, node.wall, &said));
    node_close(&node);
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK(!device_has_cell(node.device));
    node_close(&node);
    buf_free(&procedure);
    remove_dir();
}

/* If the keys cannot be saved, records signed with them must not be kept either. */
TEST(node_commit_fails_whole_when_keys_cannot_be_saved)
{
    struct node_trouble why = {0};
    struct text_said said = {0};
    struct buf procedure = {0};
    char aside[160];
    init();
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK_OK(device_found(node.device, "Chi bộ 1", "party-cell", procedure_file(&procedure), "An",
                          ROLE_SECRETARY, node.wall, &said));
    (void)snprintf(aside, sizeof aside, "%s.aside", dir);
    CHECK_EQ(rename(dir, aside), 0); /* the way to keys.hop is gone; the store stays open */
    CHECK(node_commit(&node) != HOP_OK);
    CHECK(node.store_trouble.id != TEXT_NONE);
    CHECK_EQ(rename(aside, dir), 0);
    CHECK_OK(node_commit(&node));
    CHECK(node.store_trouble.id != TEXT_NONE); /* nothing was written yet: who knows */
    node.now += 2 * HOP_SECOND;
    CHECK_OK(node_commit(&node));
    CHECK_EQ(node.store_trouble.id, TEXT_NONE);
    CHECK(!device_has_cell(node.device));
    found(&procedure); /* and it works again without a restart */
    CHECK(device_has_cell(node.device));
    node_close(&node);
    buf_free(&procedure);
    remove_dir();
}

/* Half-open connections from the network would use up the few descriptors of an ordinary limit. */
TEST(node_takes_as_many_descriptors_as_it_may)
{
    struct rlimit before, during;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = {.rlim_cur = 64, .rlim_max = before.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    init();
    check_opens();
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &during), 0);
    CHECK_EQ(during.rlim_cur, before.rlim_max < 65536 ? before.rlim_max : 65536);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    remove_dir();
}

/* Whoever is asked for the passphrase again must find the device as it was; who has a wrong one,
 * nothing. */
TEST(node_unlocks_what_was_opened_locked)
{
    struct node_trouble why = {0};
    static const struct device_keys blank;
    init();
    CHECK_OK(node_open_locked(&node, dir, TEXT_EN, &why));
    CHECK(node.locked && node.device == NULL && node.store == NULL);
    CHECK_EQ(memcmp(&node.keys, &blank, sizeof blank), 0);
    CHECK(node_unlock(&node, OTHER, &why) != HOP_OK);
    CHECK_EQ(why.said.id, ERR_PASSPHRASE_WRONG);
    CHECK(node.locked && node.device == NULL);
    CHECK_EQ(memcmp(&node.keys, &blank, sizeof blank), 0);
    CHECK_OK(node_unlock(&node, PASSPHRASE, &why));
    CHECK(!node.locked && node.device != NULL);
    node_close(&node);
    remove_dir();
}

/* A node that nobody uses locks itself; one in which somebody acts does not. */
TEST(node_is_idle_when_nobody_did_anything_for_as_long_as_was_said)
{
    hop_time after = 0;
    CHECK_OK(guard_parse_after("15", &after));
    CHECK_EQ(after, 15 * 60 * HOP_SECOND);
    CHECK_OK(guard_parse_after("90s", &after));
    CHECK_EQ(after, 90 * HOP_SECOND);
    CHECK_ERR(guard_parse_after("0", &after), HOP_EMALFORMED);
    CHECK_ERR(guard_parse_after("-1", &after), HOP_EMALFORMED);
    CHECK_ERR(guard_parse_after("1441", &after), HOP_EMALFORMED);
    CHECK_ERR(guard_parse_after("5m", &after), HOP_EMALFORMED);
    CHECK_ERR(guard_parse_after("", &after), HOP_EMALFORMED);
    memset(&node, 0, sizeof node);
    node.now = 1000 * HOP_SECOND;
    CHECK(!guard_idle(&node)); /* nobody asked for it */
    node.lock_after = after;
    guard_used(&node);
    node.now += after - 1;
    CHECK(!guard_idle(&node));
    node.now++;
    CHECK(guard_idle(&node));
    guard_used(&node);
    CHECK(!guard_idle(&node));
}

/* Old wrapped keys on the disk would let whoever learns the old passphrase later open this device.
 */
TEST(node_change_of_passphrase_leaves_nothing_of_the_old_file)
{
    struct node_trouble why = {0};
    struct buf before = {0}, after = {0}, linked = {0};
    char link_path[128];
    init();
    (void)snprintf(link_path, sizeof link_path, "%s/linked", dir);
    CHECK_EQ(link(in_dir("keys.hop"), link_path), 0);
    CHECK_OK(files_read(in_dir("keys.hop"), KEYFILE_BYTES_MAX, &before));
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK_ERR(guard_change_passphrase(&node, OTHER, OTHER, &why), HOP_EAUTH);
    CHECK_EQ(why.said.id, ERR_PASSPHRASE_WRONG);
    CHECK_OK(guard_change_passphrase(&node, PASSPHRASE, OTHER, &why));
    node.keys.changed = true; /* and what is saved after it goes under the new one */
    node_close(&node);
    CHECK_OK(files_read(in_dir("keys.hop"), KEYFILE_BYTES_MAX, &after));
    for (size_t at = 20; at + 16 <= KEYFILE_HEADER_BYTES; at++) /* salt, slots */
        CHECK(at > 36 && at < 64 ? true : memcmp(before.data + at, after.data + at, 16) != 0);
    CHECK_OK(files_read(link_path, KEYFILE_BYTES_MAX, &linked));
    for (size_t at = 0; at < linked.size; at++)
        CHECK_EQ(linked.data[at], 0);
    check_refused(dir, PASSPHRASE, ERR_PASSPHRASE_WRONG, 1);
    CHECK_OK(node_open(&node, dir, OTHER, TEXT_EN, &why));
    node_close(&node);
    buf_free(&before);
    buf_free(&after);
    buf_free(&linked);
    remove_dir();
}

/* A process that died while it saved its keys leaves a part of a key file: under whatever
 * passphrase it is, it must not stay. */
TEST(node_wipes_what_an_unfinished_write_of_keys_left)
{
    init();
    replace("keys.hop.aB3dE9", "half a key file");
    replace("keys.hop.mine", "somebody's own copy: not of this shape, not ours to touch");
    check_opens();
    CHECK_EQ(access(in_dir("keys.hop.aB3dE9"), F_OK), -1);
    CHECK_EQ(access(in_dir("keys.hop.mine"), F_OK), 0);
    remove_dir();
}

/* Panic: after one small write nobody opens the keys, and nothing saves them again. */
TEST(node_panic_destroys_the_keys_first)
{
    struct node_trouble why = {0};
    init();
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK_OK(guard_panic(&node));
    node.keys.changed = true;
    CHECK_OK(node_save_keys(&node));
    struct buf file = {0};
    CHECK_OK(files_read(in_dir("keys.hop"), KEYFILE_BYTES_MAX, &file));
    for (size_t at = KEYFILE_SLOTS_AT; at < KEYFILE_HEADER_BYTES; at++)
        CHECK_EQ(file.data[at], 0);
    buf_free(&file);
    CHECK_EQ(access(in_dir("records.mdb"), F_OK), 0);
    node_close(&node);
    CHECK_EQ(access(dir, F_OK), -1); /* and the rest when it has ended */
}

/* A core file would carry keys and passphrase to the disk. */
TEST(node_forbids_core_files_and_wipes_its_secrets)
{
    struct node_trouble why = {0};
    static const struct device_keys blank;
    init();
    CHECK_OK(node_open(&node, dir, PASSPHRASE, TEXT_EN, &why));
    CHECK(memcmp(&node.keys, &blank, sizeof blank) != 0);
    CHECK_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    char line[] = "Max core file size        0                    0";
    FILE *f = fopen("/proc/self/limits", "r");
    char text[4096] = "";
    CHECK(f != NULL);
    CHECK(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    CHECK(strstr(text, line) != NULL);
    node_close(&node);
    CHECK_EQ(memcmp(&node.keys, &blank, sizeof blank), 0);
    remove_dir();
}
