#include "node/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"

static char dir[64];

static const char *in_dir(const char *name)
{
    static char path[256];
    CHECK_OK(files_path(path, sizeof path, dir, name));
    return path;
}

static void make_dir(void)
{
    memcpy(dir, "/tmp/hop-files-XXXXXX", 22);
    CHECK(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK_EQ(system(command), 0);
}

/* A key file that others can read, or that comes back different, is worth nothing. */
TEST(files_write_replaces_contents_and_mode)
{
    struct buf b = {0};
    struct stat st;
    make_dir();
    CHECK_OK(files_write(in_dir("keys"), span_text("first, and longer"), 0644));
    CHECK_OK(files_write(in_dir("keys"), span_text("second"), 0600));
    CHECK_OK(files_read(in_dir("keys"), 100, &b));
    CHECK_TEXT(buf_string(&b), "second");
    CHECK_EQ(stat(in_dir("keys"), &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600);
    buf_free(&b);
    remove_dir();
}

/* Half a write must leave the old file and no litter beside it. */
TEST(files_write_that_fails_leaves_the_old_file)
{
    struct buf b = {0};
    make_dir();
    CHECK_OK(files_write(in_dir("a"), span_text("old"), 0600));
    CHECK_EQ(mkdir(in_dir("target"), 0700), 0);
    CHECK(files_write(in_dir("target"), span_text("x"), 0600) != HOP_OK); /* rename onto a dir */
    CHECK_ERR(files_write(in_dir("none/b"), span_text("x"), 0600), HOP_ENOTFOUND);
    CHECK_OK(files_read(in_dir("a"), 100, &b));
    CHECK_TEXT(buf_string(&b), "old");
    buf_free(&b);
    CHECK_EQ(rmdir(in_dir("target")), 0);
    CHECK_EQ(unlink(in_dir("a")), 0);
    CHECK_EQ(rmdir(dir), 0); /* empty: nothing temporary was left */
}

/* What is not a small plain file must not be read, and above all not waited for. */
TEST(files_read_refuses_what_is_not_a_small_file)
{
    struct buf b = {0};
    make_dir();
    CHECK_ERR(files_read(in_dir("none"), 10, &b), HOP_ENOTFOUND);
    CHECK_OK(files_write(in_dir("a"), span_text("eleven byte"), 0600));
    CHECK_ERR(files_read(in_dir("a"), 10, &b), HOP_EFULL);
    buf_free(&b);
    b = (struct buf){0};
    CHECK_OK(files_read(in_dir("a"), 11, &b));
    CHECK_ERR(files_read(dir, 10, &b), HOP_EMALFORMED);
    CHECK_EQ(mkfifo(in_dir("pipe"), 0600), 0);
    CHECK_ERR(files_read(in_dir("pipe"), 10, &b), HOP_EMALFORMED); /* and does not hang */
    buf_free(&b);
    remove_dir();
}

/* `hop init --dir a/b/c` on a fresh machine. */
TEST(files_make_dir_makes_the_way_there)
{
    struct stat st;
    make_dir();
    CHECK_OK(files_make_dir(in_dir("x/y/z"), 0700));
    CHECK_EQ(stat(in_dir("x/y/z"), &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0700);
    CHECK_OK(files_make_dir(in_dir("x/y/z"), 0700));
    CHECK_OK(files_write(in_dir("file"), span_text("x"), 0600));
    CHECK_ERR(files_make_dir(in_dir("file"), 0700), HOP_EEXIST);
    CHECK(files_make_dir(in_dir("file/below"), 0700) != HOP_OK);
    remove_dir();
}

/* A name cut short names another file. */
TEST(files_path_refuses_what_does_not_fit)
{
    char path[8];
    CHECK_OK(files_path(path, sizeof path, "abc", "def"));
    CHECK_TEXT(path, "abc/def");
    CHECK_ERR(files_path(path, sizeof path, "abc", "defg"), HOP_EFULL);
}
