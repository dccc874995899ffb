/* What may lie where the store should be, and what the store on disk leaves there. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "tests/unit/store/store_dir.h"

static const uint8_t log_id[STORE_LOG_BYTES] = {4};

static void write_file(const char *path, struct span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK(bytes.size == 0 || write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
    (void)close(fd);
}

static struct span read_file(const char *path) /* to be freed */
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    CHECK(bytes != NULL && read(fd, bytes, (size_t)st.st_size) == st.st_size);
    (void)close(fd);
    return SPAN(bytes, (size_t)st.st_size);
}

static struct store *open_fine(const struct store_dir *dir)
{
    struct store *s;
    enum store_trouble trouble;
    CHECK_OK(store_lmdb_open(&s, dir->path, &trouble));
    CHECK_EQ(trouble, STORE_FINE);
    return s;
}

static void check_refused(const char *path, int want_err, enum store_trouble want)
{
    struct store *s;
    enum store_trouble trouble;
    CHECK_ERR(store_lmdb_open(&s, path, &trouble), want_err);
    CHECK_EQ(trouble, want);
    CHECK(s == NULL);
}

/* A store with several pages of everything: branches, leaves, large values and a free list. */
static void make_store(const struct store_dir *dir)
{
    static uint8_t bytes[9000];
    struct store *s = open_fine(dir);
    for (uint64_t seq = 1; seq <= 60; seq++) {
        struct store_tip tip = {.seq = seq};
        size_t size = seq % 16 == 0 ? sizeof bytes : 300;
        memset(bytes, (int)seq, sizeof bytes);
        CHECK_OK(store_append(s, log_id, &tip, SPAN(bytes, size)));
        CHECK_OK(store_put(s, STORE_META, span_text("counter"), SPAN(bytes, seq * 50)));
        if (seq % 7 == 0)
            CHECK_OK(store_commit(s));
    }
    CHECK_OK(store_commit(s));
    store_close(s);
}

static void answered(int err)
{
    CHECK(err == HOP_OK || err == HOP_ENOTFOUND || err == HOP_EIO);
}

/* Read everything, write a little: whatever was let in must not trip LMDB afterwards. */
static void use_store(struct store *s)
{
    struct span got;
    uint8_t id[STORE_LOG_BYTES];
    struct store_tip tip;
    uint64_t seq;
    for (uint64_t i = 0; i < 70; i++) {
        answered(store_get(s, log_id, i, &got));
        answered(store_arrival(s, i, id, &seq));
    }
    answered(store_find(s, STORE_META, span_text("counter"), &got));
    for (int err = store_next_log(s, NULL, id, &tip); err == HOP_OK;)
        err = store_next_log(s, id, id, &tip);
    for (int i = 0; i < 3; i++) {
        int err = store_put(s, STORE_META, span_text("counter"), span_text("x"));
        if (err == HOP_OK)
            err = store_put(s, STORE_BLOBS, span_text("b"), span_text("blob"));
        if (err == HOP_OK)
            err = store_commit(s);
        CHECK(err == HOP_OK || err == HOP_EIO);
    }
}

/* ---- a first start ---- */

/* Other people on the machine must not read the store, nor may a temporary file stay behind. */
TEST(lmdb_creates_one_file_for_its_owner_only)
{
    struct store_dir dir;
    struct stat st;
    store_dir_make(&dir);
    mode_t mask = umask(0);
    write_file(dir.temp, span_text("left by a start that was cut"));
    store_close(open_fine(&dir));
    (void)umask(mask);
    CHECK(stat(dir.file, &st) == 0);
    CHECK_EQ(st.st_mode & 07777, 0600);
    CHECK(access(dir.temp, F_OK) != 0);
    store_dir_remove(&dir); /* and it finds nothing else in the directory */
}

/* ---- not ours, not whole, not yet known ---- */

/* Somebody's file must be left alone, and LMDB must not see it. */
TEST(lmdb_refuses_files_that_are_not_a_store)
{
    struct store_dir dir;
    store_dir_make(&dir);
    static const uint8_t zeros[8192];
    uint8_t noise[8192];
    struct rng r = test_rng("noise");
    test_random(&r, noise, sizeof noise);

    write_file(dir.file, span_text("Dear comrades,\n"));
    check_refused(dir.path, HOP_EMALFORMED, STORE_FOREIGN);
    struct span text = read_file(dir.file);
    CHECK_SPAN(text, span_text("Dear comrades,\n"));
    free((void *)(uintptr_t)text.data);
    write_file(dir.file, SPAN(noise, sizeof noise));
    check_refused(dir.path, HOP_EMALFORMED, STORE_FOREIGN);
    write_file(dir.file, SPAN(zeros, 0));
    check_refused(dir.path, HOP_EMALFORMED, STORE_DAMAGED);
    write_file(dir.file, SPAN(zeros, sizeof zeros));
    check_refused(dir.path, HOP_EMALFORMED, STORE_DAMAGED);

    CHECK_EQ(unlink(dir.file), 0);
    CHECK_EQ(mkdir(dir.file, 0700), 0);
    check_refused(dir.path, HOP_EMALFORMED, STORE_FOREIGN);
    CHECK_EQ(rmdir(dir.file), 0);
    CHECK_EQ(mkfifo(dir.file, 0600), 0);
    check_refused(dir.path, HOP_EMALFORMED, STORE_FOREIGN);
    store_dir_remove(&dir);
}

static void make_other_database(const char *path, const char *name, unsigned flags)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {3, (void *)(uintptr_t) "key"}, value = {5, (void *)(uintptr_t) "value"};
    CHECK_EQ(mdb_env_create(&env), 0);
    CHECK_EQ(mdb_env_set_maxdbs(env, 4), 0);
    CHECK_EQ(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
    CHECK_EQ(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CHECK_EQ(mdb_dbi_open(txn, name, flags, &dbi), 0);
    for (uint8_t i = 0; i < 200; i++) {
        value.mv_data = &i;
        value.mv_size = 1;
        CHECK_EQ(mdb_put(txn, dbi, &key, &value, 0), 0);
    }
    CHECK_EQ(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* Another program's LMDB file is whole, and still not ours to write to. */
TEST(lmdb_refuses_databases_of_other_programs)
{
    static const struct {
        const char *name;
        unsigned flags;
    } cases[] = {{NULL, 0},
                 {NULL, MDB_DUPSORT},
                 {"records", MDB_CREATE},
                 {"hop", MDB_CREATE},
                 {"records", MDB_CREATE | MDB_DUPSORT},
                 {"records", MDB_CREATE | MDB_DUPSORT | MDB_DUPFIXED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_dir dir;
        store_dir_make(&dir);
        make_other_database(dir.file, cases[i].name, cases[i].flags);
        check_refused(dir.path, HOP_EMALFORMED, STORE_FOREIGN);
        store_dir_remove(&dir);
    }
}

/* A store that an older hop opened and wrote to would be lost to the newer one. */
TEST(lmdb_refuses_a_store_of_a_newer_hop)
{
    static const char mark[] = "hop store";
    struct store_dir dir;
    store_dir_make(&dir);
    make_store(&dir);
    struct span file = read_file(dir.file);
    uint8_t *bytes = (uint8_t *)(uintptr_t)file.data;
    unsigned marks = 0;
    for (size_t i = 0; i + sizeof mark + 4 < file.size; i++)
        if (memcmp(bytes + i, mark, sizeof mark - 1) == 0) {
            bytes[i + sizeof mark - 1 + 3]++;
            marks++;
        }
    CHECK(marks > 0);
    write_file(dir.file, file);
    check_refused(dir.path, HOP_EVERSION, STORE_NEWER);

    free(bytes);
    CHECK_EQ(unlink(dir.file), 0);
    make_store(&dir);
    file = read_file(dir.file);
    bytes = (uint8_t *)(uintptr_t)file.data;
    bytes[20] = 2; /* the file format of a newer LMDB */
    write_file(dir.file, file);
    check_refused(dir.path, HOP_EVERSION, STORE_NEWER);
    free(bytes);
    store_dir_remove(&dir);
}

/* Half a copy, or a file system that lost the end: said, not crashed into. */
TEST(lmdb_refuses_a_store_cut_at_every_sector)
{
    struct store_dir dir;
    store_dir_make(&dir);
    make_store(&dir);
    struct span file = read_file(dir.file);
    CHECK(file.size > 64 << 10);
    for (size_t size = 0; size < file.size; size += 512) {
        struct store *s;
        enum store_trouble trouble;
        write_file(dir.file, SPAN(file.data, size));
        int err = store_lmdb_open(&s, dir.path, &trouble);
        /* what is missing may have been free pages only; then the store is whole */
        CHECK(err != HOP_OK || size > 16 << 10);
        if (err == HOP_OK) {
            use_store(s);
            store_close(s);
        } else {
            CHECK_ERR(err, HOP_EMALFORMED);
            CHECK_EQ(trouble, STORE_DAMAGED);
        }
    }
    free((void *)(uintptr_t)file.data);
    store_dir_remove(&dir);
}

static void try_damaged(const struct store_dir *dir, struct span file, unsigned *refused)
{
    struct store *s;
    enum store_trouble trouble;
    write_file(dir->file, file);
    int err = store_lmdb_open(&s, dir->path, &trouble);
    CHECK((err == HOP_OK) == (trouble == STORE_FINE));
    *refused += err != HOP_OK;
    if (err != HOP_OK)
        return;
    use_store(s);
    store_close(s);
}

/* LMDB dies of a zero page size and of worse; nothing on a disk may stop the node like that. */
TEST(lmdb_survives_damage_anywhere_in_its_structure)
{
    struct store_dir dir;
    store_dir_make(&dir);
    make_store(&dir);
    struct span file = read_file(dir.file);
    uint8_t *bytes = (uint8_t *)(uintptr_t)file.data;
    struct rng r = test_rng("damage");
    unsigned refused = 0, tried = 0;
    for (size_t page = 0; page < file.size; page += 4096) {
        for (size_t i = 0; i < 100; i++, tried++) {
            /* headers byte by byte, the rest here and there */
            size_t at = page + (i < 40 || page < 8192 ? i : (size_t)rng_below(&r, 4096));
            static const uint8_t values[] = {0, 0xff, 1, 0x80};
            uint8_t was = bytes[at], bit = (uint8_t)(1u << rng_below(&r, 8));
            bytes[at] = values[rng_below(&r, 4)];
            if (i % 3 == 0)
                bytes[at] = (uint8_t)(was ^ bit);
            try_damaged(&dir, file, &refused);
            bytes[at] = was;
        }
    }
    print_message("%u of %u damaged files refused, the rest used without harm\n", refused, tried);
    CHECK(refused > 300);
    free(bytes);
    store_dir_remove(&dir);
}

/* ---- no place, no permission ---- */

/* A mistyped --dir must not look like a damaged store. */
TEST(lmdb_says_that_the_directory_is_missing)
{
    struct store_dir dir;
    store_dir_make(&dir);
    store_dir_remove(&dir);
    check_refused(dir.path, HOP_ENOTFOUND, STORE_MISSING);
    check_refused("/dev/null", HOP_ENOTFOUND, STORE_MISSING);
}

/* In a child without root's rights. 0: refused as it should be; 77: could not give them up. */
static int forbidden_child(const char *path)
{
    struct store *s;
    enum store_trouble trouble;
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
        return 77;
    int err = store_lmdb_open(&s, path, &trouble);
    return err == HOP_EREFUSED && trouble == STORE_FORBIDDEN ? 0 : 1;
}

static void check_forbidden(const char *path)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(forbidden_child(path));
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("SKIPPED: cannot give up root's rights here\n");
        skip();
    }
    CHECK_EQ(WEXITSTATUS(status), 0);
}

/* "No permission" tells a person what to do; "disk error" sends them to buy a disk. */
TEST(lmdb_says_that_it_may_not_read_or_write)
{
    struct store_dir dir;
    store_dir_make(&dir);
    CHECK_EQ(chmod(dir.path, 0555), 0);
    check_forbidden(dir.path); /* may look, may not create */
    CHECK_EQ(chmod(dir.path, 0700), 0);
    make_store(&dir);
    CHECK_EQ(chmod(dir.path, 0755), 0);
    CHECK_EQ(chmod(dir.file, 0444), 0);
    check_forbidden(dir.path); /* may read, may not write */
    CHECK_EQ(chmod(dir.file, 0), 0);
    check_forbidden(dir.path);
    CHECK_EQ(chmod(dir.file, 0600), 0);
    store_close(open_fine(&dir));
    store_dir_remove(&dir);
}

/* ---- size ---- */

/* The map starts small; a store that outgrows it must not notice. */
TEST(lmdb_grows_beyond_its_first_map)
{
    enum { VALUES = 300 };
    struct store_dir dir;
    struct statvfs space;
    store_dir_make(&dir);
    CHECK(statvfs(dir.path, &space) == 0);
    if ((uint64_t)space.f_bavail * space.f_frsize < (uint64_t)400 << 20) {
        print_message("SKIPPED: no room for 300 MiB in %s\n", dir.path);
        store_dir_remove(&dir);
        skip();
    }
    static uint8_t bytes[1 << 20];
    struct store *s = open_fine(&dir);
    struct span got;
    for (uint16_t i = 0; i < VALUES; i++) {
        memset(bytes, (uint8_t)(i * 7), sizeof bytes);
        int err = store_put(s, STORE_BLOBS, SPAN((const uint8_t *)&i, sizeof i),
                            SPAN(bytes, sizeof bytes));
        if (err == HOP_OK && i % 10 == 9)
            err = store_commit(s);
        CHECK_OK(err);
    }
    CHECK_OK(store_commit(s));
    for (int reopened = 0; reopened < 2; reopened++) {
        for (uint16_t i = 0; i < VALUES; i += 13) {
            CHECK_OK(store_find(s, STORE_BLOBS, SPAN((const uint8_t *)&i, sizeof i), &got));
            CHECK_EQ(got.size, sizeof bytes);
            CHECK(got.data[0] == (uint8_t)(i * 7) && got.data[got.size - 1] == (uint8_t)(i * 7));
        }
        store_close(s);
        s = open_fine(&dir);
    }
    store_close(s);
    store_dir_remove(&dir);
}
