/* A stick that is used for years: what nobody needs any more goes, and nothing else. */
#include "node/stick.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mesh/tree.h"
#include "tests/lib/test.h"

static char place[64];

static void begin(void)
{
    CHECK_OK(hop_init());
    (void)snprintf(place, sizeof place, "/tmp/hop-stick-XXXXXX");
    CHECK(mkdtemp(place) != NULL);
}

static void end(void)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    CHECK_EQ(system(command), 0);
}

static void name_of(const char *text, uint8_t ret[32])
{
    tree_name(ret, span_text(text));
}

/* One more file, with these blobs. */
static void write_file(const char *const *texts, size_t count)
{
    struct stick s;
    struct bundle_section section = {0};
    struct buf bytes = {0};
    for (size_t i = 0; i < count; i++) {
        struct bundle_entry e = {.type = BUNDLE_CHUNK};
        struct buf payload = {0};
        name_of(texts[i], e.id);
        bundle_blob_put(&payload, e.id, span_text(texts[i]));
        CHECK_OK(bundle_section_add(&section, BUNDLE_BLOB, buf_written(&payload), &e));
        buf_free(&payload);
    }
    CHECK_OK(bundle_section_end(&section, &bytes));
    CHECK_OK(stick_open_to_write(&s, place));
    CHECK_OK(stick_write(&s, buf_written(&bytes)));
    CHECK_OK(stick_finish(&s));
    stick_close(&s);
    buf_free(&bytes);
}

/* The path of the file of this number, as it is now named. */
static const char *path_of(unsigned number)
{
    static char path[400];
    struct stick s;
    char start[8];
    path[0] = 0;
    (void)snprintf(start, sizeof start, "%06u-", number % 1000000u);
    CHECK_OK(stick_open(&s, place));
    for (size_t i = 0; i < s.files_count; i++) {
        if (strncmp(s.files[i].name, start, 7) == 0)
            (void)snprintf(path, sizeof path, "%s/hop/%s", place, s.files[i].name);
    }
    stick_close(&s);
    return path;
}

static bool stays(unsigned number)
{
    return path_of(number)[0] != 0;
}

/* What everybody is said to have. */
static size_t remove_with(const char *const *had, size_t count)
{
    struct stick s;
    struct bundle_inventory v = {0};
    for (size_t i = 0; i < count; i++) {
        struct bundle_entry e = {.type = BUNDLE_CHUNK};
        name_of(had[i], e.id);
        CHECK_OK(bundle_inventory_add(&v, &e));
    }
    CHECK_OK(stick_open(&s, place));
    stick_sort(&s);
    size_t removed = stick_remove_spent(&s, &v);
    stick_close(&s);
    bundle_inventory_free(&v);
    return removed;
}

static const char *const texts[] = {"một", "hai", "ba", "bốn"};

/* A stick would fill up with what all have, or would lose what somebody still needs. */
TEST(stick_loses_a_file_only_when_everybody_has_all_of_it)
{
    begin();
    write_file(texts, 2);
    write_file(texts + 2, 2);
    CHECK_EQ(remove_with(NULL, 0), 0);
    CHECK_EQ(remove_with(texts, 1), 0);
    CHECK_EQ(remove_with(texts + 1, 2), 0);
    CHECK(stays(1) && stays(2));
    CHECK_EQ(remove_with(texts, 3), 1);
    CHECK(!stays(1) && stays(2));
    CHECK_EQ(remove_with(texts, 4), 1);
    CHECK(!stays(2));
    CHECK_EQ(remove_with(texts, 4), 0);
    end();
}

/* Two copies of the same would each say that the other has it. */
TEST(stick_keeps_the_newest_of_files_that_cover_each_other)
{
    begin();
    for (unsigned n = 0; n < 3; n++)
        write_file(texts, 3);
    write_file(texts + 2, 2); /* has one of the three, and one more */
    CHECK_EQ(remove_with(NULL, 0), 2);
    CHECK(!stays(1) && !stays(2) && stays(3) && stays(4));
    CHECK_EQ(remove_with(texts, 2), 1); /* the rest of it is in the newer one */
    CHECK(!stays(3) && stays(4));
    end();
}

/* What is damaged may hold what nobody can see here; what others put there is theirs. */
TEST(stick_keeps_what_is_damaged_and_what_others_put_there)
{
    char other[128];
    begin();
    for (unsigned n = 0; n < 2; n++)
        write_file(texts + n, 1);
    (void)snprintf(other, sizeof other, "%s/hop/cua-toi.hop", place);
    CHECK_EQ(rename(path_of(1), other), 0);
    int fd = open(path_of(2), O_WRONLY | O_APPEND);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(remove_with(texts, 4), 0);
    CHECK(stays(2));
    CHECK_EQ(access(other, F_OK), 0);
    end();
}
