/* The store on disk under power cuts and full disks, at every single write.
 *
 * The calls through which LMDB and store/lmdb.c write are defined here and so take the place of
 * libc's in this whole program (liblmdb imports exactly these: nm -D). They keep an undo log of
 * what was written since the last sync. A cut stops all writing; then a random half of the unsynced
 * 512-byte sectors is put back as it was, the file perhaps shortened, and the store opened again.
 *
 * Limits: renames are taken to be atomic and durable once the directory was synced; the model is
 * of a disk that tells the truth about syncing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall() */
#endif
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/unit/store/store_dir.h"

#define SECTOR_BYTES 512
#define UNDO_MAX     4096

struct undo {
    int64_t at;
    size_t size, old_size; /* old_size: how much of it the file held before */
    uint8_t *old;
};

static struct {
    bool watching;
    unsigned long calls;    /* writes and syncs seen */
    unsigned long fail_at;  /* this one, and all after it until power or space is back; 0 never */
    unsigned long fail_for; /* how many; 0: all */
    int error;              /* EIO: the power is off. ENOSPC: the disk is full */
    bool half;              /* the first write to fail stops half way, as a full disk does */
    bool lies;              /* it says that it has synced, and has not */
    bool reaches;           /* a write that fails has reached the disk all the same */
    bool failed;
    struct undo undo[UNDO_MAX];
    size_t undo_count;
    int64_t synced_size;
    char file[96]; /* the file last written to */
} disk;

static void disk_reset(void)
{
    for (size_t i = 0; i < disk.undo_count; i++)
        free(disk.undo[i].old);
    memset(&disk, 0, sizeof disk);
}

static void synced(void)
{
    for (size_t i = 0; i < disk.undo_count; i++)
        free(disk.undo[i].old);
    disk.undo_count = 0;
}

static void remember(int fd, size_t size, int64_t at)
{
    struct stat st;
    if (disk.undo_count == UNDO_MAX || fstat(fd, &st) != 0)
        abort();
    if (disk.undo_count == 0)
        disk.synced_size = st.st_size;
    struct undo *u = &disk.undo[disk.undo_count++];
    *u = (struct undo){.at = at, .size = size, .old = calloc(1, size + 1)};
    if (u->old == NULL)
        abort();
    long n = syscall(SYS_pread64, fd, u->old, size, at);
    u->old_size = n > 0 ? (size_t)n : 0;
}

/* True when this call is to fail. */
static bool fails(void)
{
    if (!disk.watching || ++disk.calls < disk.fail_at || disk.fail_at == 0)
        return false;
    return disk.fail_for == 0 || disk.calls < disk.fail_at + disk.fail_for;
}

static ssize_t write_at(int fd, const void *bytes, size_t size, int64_t at)
{
    if (fails()) {
        bool half = disk.half && !disk.failed && size > SECTOR_BYTES;
        if (disk.reaches && !disk.failed)
            (void)syscall(SYS_pwrite64, fd, bytes, size, at);
        disk.failed = true;
        errno = disk.error;
        if (!half)
            return -1;
        size /= 2;
    }
    bool durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0 && !disk.lies;
    if (disk.watching)
        remember(fd, size, at);
    ssize_t n = syscall(SYS_pwrite64, fd, bytes, size, at);
    if (disk.watching && durable)
        disk.undo_count--, free(disk.undo[disk.undo_count].old);
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return write_at(fd, bytes, size, at);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    int64_t at = lseek(fd, 0, SEEK_CUR), done = 0;
    for (int i = 0; i < count; i++) {
        ssize_t n = write_at(fd, iov[i].iov_base, iov[i].iov_len, at + done);
        if (n < 0)
            return done > 0 ? done : -1;
        done += n;
        if ((size_t)n < iov[i].iov_len)
            break;
    }
    (void)lseek(fd, done, SEEK_CUR);
    return done;
}

static int sync_all(void)
{
    if (fails()) {
        disk.failed = true;
        errno = disk.error;
        return -1;
    }
    if (disk.watching && !disk.lies)
        synced();
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return sync_all();
}

int fsync(int fd)
{
    (void)fd;
    return sync_all();
}

int msync(void *at, size_t size, int flags)
{
    (void)at, (void)size, (void)flags;
    abort(); /* would mean that LMDB writes through the map, which the model does not see */
}

int posix_fallocate(int fd, off_t at, off_t size)
{
    (void)fd, (void)at, (void)size;
    if (disk.watching)
        return disk.failed ? disk.error : 0;
    return (int)syscall(SYS_fallocate, fd, 0, at, size) == 0 ? 0 : errno;
}

int rename(const char *from, const char *to)
{
    if (disk.watching && disk.failed) {
        errno = disk.error;
        return -1;
    }
    CHECK(!disk.watching || disk.undo_count == 0 ||
          disk.lies); /* or the name could point at a file that is not there yet */
    return (int)syscall(SYS_rename, from, to);
}

/* What the disk holds once the power is back. */
static void power_back(struct rng *r, const char *path)
{
    disk.watching = false;
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 || disk.undo_count == 0 || errno == ENOENT);
    while (disk.undo_count > 0) {
        struct undo *u = &disk.undo[--disk.undo_count];
        for (size_t i = 0; fd >= 0 && i < u->size; i += SECTOR_BYTES) {
            size_t n = u->size - i < SECTOR_BYTES ? u->size - i : SECTOR_BYTES;
            if (rng_below(r, 2) == 0)
                CHECK_EQ(syscall(SYS_pwrite64, fd, u->old + i, n, u->at + (int64_t)i), n);
        }
        free(u->old);
        if (disk.undo_count == 0 && fd >= 0 && rng_below(r, 2) == 0)
            CHECK_EQ(ftruncate(fd, disk.synced_size), 0);
    }
    if (fd >= 0)
        (void)close(fd);
}

/* ---- a workload that knows what was promised ---- */

#define TURNS 12

static const uint8_t log_id[STORE_LOG_BYTES] = {9};

struct promised {
    uint64_t reach;                      /* of the log, acknowledged */
    uint64_t counter;                    /* in META, acknowledged */
    uint64_t reach_tried, counter_tried; /* by a commit that may have happened or not */
    uint64_t turns;
};

/* A record's bytes follow from its number, so that any mixture is seen. */
static struct span record_bytes(uint64_t seq)
{
    static uint8_t bytes[9000];
    size_t size = seq % 5 == 0 ? sizeof bytes : 100 + (size_t)(seq * 37 % 900);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(seq * 31 + i * 7 + i / 256);
    return SPAN(bytes, size);
}

static int turn(struct store *s, struct promised *p)
{
    uint64_t reach = p->reach, count = 1 + p->turns++ % 6;
    for (uint64_t i = 0; i < count; i++) {
        struct store_tip tip = {.seq = ++reach};
        int err = store_append(s, log_id, &tip, record_bytes(reach));
        if (err != HOP_OK)
            return err;
    }
    uint64_t counter = p->counter + 1;
    int err = store_put(s, STORE_META, span_text("counter"),
                        SPAN((const uint8_t *)&counter, sizeof counter));
    if (err != HOP_OK)
        return err;
    p->reach_tried = reach;
    p->counter_tried = counter;
    err = store_commit(s);
    if (err == HOP_OK) {
        p->reach = reach;
        p->counter = counter;
    }
    return err;
}

/* Everything that was acknowledged is there, whole, and nothing else; or, if a commit was under
 * way (tried), all of that too. */
static void check_promised(struct store *s, struct promised *p, bool tried)
{
    struct store_tip tip = {0};
    struct span got;
    uint64_t counter = 0, seq;
    uint8_t id[STORE_LOG_BYTES];
    int err = store_tip(s, log_id, &tip);
    CHECK(err == HOP_OK || (err == HOP_ENOTFOUND && p->reach == 0));
    if (tried && tip.seq == p->reach_tried) {
        p->reach = p->reach_tried;
        p->counter = p->counter_tried;
    }
    CHECK_EQ(tip.seq, p->reach);
    for (uint64_t i = 1; i <= p->reach; i++) {
        CHECK_OK(store_get(s, log_id, i, &got));
        CHECK_SPAN(got, record_bytes(i));
        CHECK_OK(store_arrival(s, i - 1, id, &seq));
        CHECK_EQ(seq, i);
    }
    CHECK_ERR(store_get(s, log_id, p->reach + 1, &got), HOP_ENOTFOUND);
    CHECK_ERR(store_arrival(s, p->reach, id, &seq), HOP_ENOTFOUND);
    if (store_find(s, STORE_META, span_text("counter"), &got) == HOP_OK)
        memcpy(&counter, got.data, sizeof counter);
    CHECK_EQ(counter, p->counter);
}

static struct store *open_fine(const struct store_dir *dir)
{
    struct store *s;
    enum store_trouble trouble;
    CHECK_OK(store_lmdb_open(&s, dir->path, &trouble));
    CHECK_EQ(trouble, STORE_FINE);
    return s;
}

/* From nothing to TURNS turns with the power cut at call number cut; true if it came before the
 * end. */
static bool cut_once(struct rng *r, unsigned long cut)
{
    struct store_dir dir;
    struct promised p = {0};
    struct store *s = NULL;
    enum store_trouble trouble;
    store_dir_make(&dir);
    disk_reset();
    disk.watching = true;
    disk.fail_at = cut;
    disk.error = EIO;
    int err = store_lmdb_open(&s, dir.path, &trouble);
    for (int i = 0; err == HOP_OK && i < TURNS; i++)
        err = turn(s, &p);
    bool was_cut = disk.failed;
    CHECK(was_cut == (err != HOP_OK));
    store_close(s);
    power_back(r, dir.file);
    s = open_fine(&dir);
    check_promised(s, &p, true);
    for (int i = 0; i < 3; i++)
        CHECK_OK(turn(s, &p));
    store_close(s);
    s = open_fine(&dir);
    check_promised(s, &p, false);
    store_close(s);
    store_dir_remove(&dir);
    return was_cut;
}

/* A promise that a power cut can break is worth nothing. */
TEST(lmdb_keeps_every_promise_when_the_power_is_cut_at_any_write)
{
    struct rng r = test_rng("power");
    unsigned long cut = 1, cuts = 0;
    for (; cut_once(&r, cut); cut++)
        for (int again = 0; again < 4; again++, cuts++) /* other sectors are lost each time */
            CHECK(cut_once(&r, cut));
    CHECK(cut > 2 * TURNS); /* at least a write and a sync a turn */
    print_message("%lu power cuts at %lu places\n", cuts, cut - 1);
}

/* How many times to cut at random: `make bench-sim` asks for 10,000. */
static unsigned long random_cuts(void)
{
    const char *asked = getenv("HOP_POWER_CUTS");
    unsigned long cuts = asked == NULL ? 0 : strtoul(asked, NULL, 10);
    return cuts == 0 ? 300 : cuts;
}

/* One store lives through many cuts, as a laptop without a battery does: what one cut spoils must
 * not come out at the next. */
TEST(lmdb_keeps_every_promise_through_random_cuts_of_one_store)
{
    struct rng r = test_rng("random cuts");
    struct store_dir dir;
    struct promised p = {0};
    unsigned long cuts = random_cuts(), acknowledged = 0;
    store_dir_make(&dir);
    for (unsigned long i = 0; i < cuts; i++) {
        struct store *s = NULL;
        enum store_trouble trouble;
        uint64_t before = p.reach;
        if (i % 40 == 39) { /* and a new one now and then: most writes of a life are its first */
            p = (struct promised){0};
            before = 0;
            store_dir_remove(&dir);
            store_dir_make(&dir);
        }
        disk_reset();
        disk.watching = true;
        disk.fail_at = 1 + (unsigned long)rng_below(&r, 60);
        disk.error = EIO;
        int err = store_lmdb_open(&s, dir.path, &trouble);
        p.reach_tried = p.reach;
        p.counter_tried = p.counter;
        while (err == HOP_OK)
            err = turn(s, &p);
        store_close(s);
        acknowledged += (unsigned long)(p.reach - before);
        power_back(&r, dir.file);
        s = open_fine(&dir);
        check_promised(s, &p, true);
        store_close(s);
    }
    disk_reset();
    store_dir_remove(&dir);
    CHECK(acknowledged > cuts);
    print_message("%lu cuts, %lu records acknowledged, none lost\n", cuts, acknowledged);
}

/* A check that cannot see a loss would pass on any disk: on one that lies about syncing, promises
 * must be seen to break. */
TEST(lmdb_power_model_tells_a_disk_that_lies_from_one_that_does_not)
{
    struct rng r = test_rng("lies");
    unsigned broken = 0;
    for (unsigned i = 0; i < 60; i++) {
        struct store_dir dir;
        struct promised p = {0};
        struct store *s = NULL;
        enum store_trouble trouble;
        struct store_tip tip = {0};
        store_dir_make(&dir);
        disk_reset();
        disk.watching = disk.lies = true;
        disk.fail_at = 20 + (unsigned long)rng_below(&r, 30);
        disk.error = EIO;
        int err = store_lmdb_open(&s, dir.path, &trouble);
        while (err == HOP_OK)
            err = turn(s, &p);
        store_close(s);
        power_back(&r, dir.file);
        s = NULL;
        err = store_lmdb_open(&s, dir.path, &trouble);
        broken += err != HOP_OK || store_tip(s, log_id, &tip) != HOP_OK || tip.seq < p.reach;
        store_close(s);
        store_dir_remove(&dir);
    }
    disk_reset();
    CHECK(broken > 10);
}

/* One error in the middle of a turn, or a disk that says no for a while: says so, shows the last
 * commit, and goes on when it can. */
static bool refuse_once(struct rng *r, unsigned long at, unsigned long count, int error, bool half)
{
    struct store_dir dir;
    struct promised p = {0};
    store_dir_make(&dir);
    disk_reset();
    struct store *s = open_fine(&dir);
    disk.watching = true;
    disk.fail_at = at;
    disk.fail_for = count;
    disk.error = error;
    disk.half = half;
    bool said = false;
    for (int i = 0; i < TURNS; i++) {
        int err = turn(s, &p);
        if (err != HOP_OK) {
            CHECK_ERR(err, error == ENOSPC ? HOP_ENOSPACE : HOP_EIO);
            said = true;
        }
        check_promised(s, &p, false);
    }
    CHECK(disk.failed == said);
    disk.fail_at = 0;
    disk.failed = false;
    CHECK_OK(turn(s, &p)); /* space is back */
    check_promised(s, &p, false);
    /* and then the power goes, at a place that a failed commit's meta page could spoil */
    disk.failed = false;
    disk.fail_at = disk.calls + 1 + rng_below(r, 5);
    disk.fail_for = 0;
    disk.error = EIO;
    disk.half = false;
    int err = HOP_OK;
    for (int i = 0; err == HOP_OK && i < TURNS; i++)
        err = turn(s, &p);
    CHECK(err != HOP_OK);
    store_close(s);
    power_back(r, dir.file);
    s = open_fine(&dir);
    check_promised(s, &p, true);
    store_close(s);
    store_dir_remove(&dir);
    return said;
}

static void refuse_everywhere(const char *name, unsigned long count, int error, bool half)
{
    struct rng r = test_rng(name);
    unsigned long at = 1;
    while (refuse_once(&r, at, count, error, half))
        at++;
    CHECK(at > 2 * TURNS);
}

/* A full disk must not lose history, nor need a restart once somebody has made room. */
TEST(lmdb_says_disk_full_at_any_write_and_recovers)
{
    refuse_everywhere("full", 0, ENOSPC, false);
    refuse_everywhere("short of space once", 1, ENOSPC, false);
    refuse_everywhere("full for a while", 7, ENOSPC, false);
}

/* A disk fills in the middle of a write; LMDB calls that an input/output error. */
TEST(lmdb_says_disk_full_when_a_write_stops_half_way)
{
    refuse_everywhere("half", 0, ENOSPC, true);
}

/* A disk that says no once must not be asked to believe in what it refused. */
TEST(lmdb_survives_an_input_output_error_at_any_write)
{
    refuse_everywhere("error", 1, EIO, false);
    refuse_everywhere("errors", 4, EIO, false);
}

/* A commit is refused at call number at, though its last write did reach the disk; then the power
 * is cut during the next. True if anything was refused. */
static bool refuse_and_cut(struct rng *r, unsigned long at, unsigned long later)
{
    struct store_dir dir;
    struct promised p = {0};
    store_dir_make(&dir);
    disk_reset();
    struct store *s = open_fine(&dir);
    disk.watching = true;
    disk.fail_at = at;
    disk.fail_for = 1 + later % 2; /* LMDB's own attempt to take it back fails too */
    disk.error = EIO;
    disk.reaches = true;
    int err = HOP_OK;
    for (int i = 0; err == HOP_OK && i < TURNS; i++)
        err = turn(s, &p);
    struct promised refused = p;
    if (err != HOP_OK) {
        check_promised(s, &p, false);
        disk.failed = disk.reaches = false;
        disk.fail_at = disk.calls + later;
        disk.fail_for = 0;
        for (err = HOP_OK; err == HOP_OK;)
            err = turn(s, &p);
    }
    store_close(s);
    power_back(r, dir.file);
    s = open_fine(&dir);
    struct store_tip tip = {0};
    /* until the refusal itself is on the disk, a crash may bring the refused commit back: whole */
    if (store_tip(s, log_id, &tip) == HOP_OK && tip.seq == refused.reach_tried && later <= 2)
        p = refused;
    check_promised(s, &p, true);
    store_close(s);
    store_dir_remove(&dir);
    return refused.reach_tried != refused.reach;
}

/* The meta page of a refused commit, left on the disk, would point at pages that the next one
 * writes over: cut there, and acknowledged records are gone. */
TEST(lmdb_takes_back_a_commit_that_was_refused)
{
    struct rng r = test_rng("refuse and cut");
    unsigned long at = 1;
    while (refuse_and_cut(&r, at, 1 + at % 2)) {
        for (unsigned long later = 1; later < 6; later++)
            CHECK(refuse_and_cut(&r, at, later));
        at++;
    }
    CHECK(at > 2 * TURNS);
}

/* A failing disk while the store is created: the next start must find nothing, or a store. */
TEST(lmdb_says_disk_full_while_it_is_created)
{
    int refused = 0;
    for (unsigned long at = 1;; at++) {
        struct store_dir dir;
        struct store *s;
        enum store_trouble trouble;
        store_dir_make(&dir);
        disk_reset();
        disk.watching = true;
        disk.fail_at = at;
        disk.error = ENOSPC;
        int err = store_lmdb_open(&s, dir.path, &trouble);
        disk.watching = false;
        if (err != HOP_OK) {
            CHECK_ERR(err, HOP_ENOSPACE);
            CHECK_EQ(trouble, STORE_DISK_FULL);
            refused++;
            s = open_fine(&dir);
        }
        store_close(s);
        store_dir_remove(&dir);
        if (err == HOP_OK)
            break;
    }
    CHECK(refused >= 4);
}

/* ---- a disk that is really full ---- */

static void fill_and_free(const char *path)
{
    struct store_dir dir = {0};
    struct promised p = {0};
    char filler[128];
    (void)snprintf(dir.path, sizeof dir.path, "%s", path);
    (void)snprintf(filler, sizeof filler, "%s/filler", path);
    int fd = open(filler, O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && syscall(SYS_fallocate, fd, 0, (off_t)0, (off_t)512 << 10) == 0);
    struct store *s = open_fine(&dir);
    int err = HOP_OK, turns = 0;
    for (; err == HOP_OK && turns < 10000; turns++)
        err = turn(s, &p);
    CHECK_ERR(err, HOP_ENOSPACE);
    CHECK(turns > 20);
    check_promised(s, &p, false);
    CHECK_ERR(turn(s, &p), HOP_ENOSPACE); /* still */
    CHECK_EQ(ftruncate(fd, 0), 0);
    (void)close(fd);
    for (int i = 0; i < 20; i++)
        CHECK_OK(turn(s, &p));
    store_close(s);
    s = open_fine(&dir);
    check_promised(s, &p, false);
    store_close(s);
}

static uint64_t left_in(struct store *s)
{
    struct store_space space;
    store_space(s, &space);
    CHECK(space.left <= space.total && space.total >= (uint64_t)2 << 20);
    return space.left;
}

/* What the store says is left is what can be written: else blobs would touch the reserve, or wait
 * though there is room. */
static void tell_space(const char *path)
{
    static uint8_t bytes[64 << 10];
    struct store_dir dir = {0};
    uint8_t name = 0;
    (void)snprintf(dir.path, sizeof dir.path, "%s", path);
    struct store *s = open_fine(&dir);
    uint64_t before = left_in(s);
    while (store_blob_lack(s, store_blob_cost(sizeof bytes)) == 0) {
        uint64_t left = left_in(s);
        CHECK_OK(store_put(s, STORE_BLOBS, SPAN(&name, 1), SPAN(bytes, sizeof bytes)));
        CHECK(left_in(s) + sizeof bytes <= left); /* counted before the commit */
        CHECK_OK(store_commit(s));
        CHECK(left_in(s) + store_blob_cost(sizeof bytes) + (64 << 10) > left);
        CHECK(++name < 100);
    }
    CHECK(name > 10);
    CHECK(left_in(s) >= before / STORE_RESERVE_FRACTION / 2); /* a small disk keeps its part */
    uint64_t full = left_in(s);
    for (uint8_t i = 0; i < 8; i++)
        CHECK_OK(store_remove(s, STORE_BLOBS, SPAN(&i, 1)));
    CHECK_OK(store_commit(s));
    CHECK(left_in(s) >= full + 8 * sizeof bytes); /* free pages of the file, not of the disk */
    for (uint8_t i = 0; i < 7; i++) {
        CHECK_OK(store_put(s, STORE_BLOBS, SPAN(&i, 1), SPAN(bytes, sizeof bytes)));
        CHECK_OK(store_commit(s));
    }
    store_close(s);
    CHECK_EQ(unlink("/tmp/records.mdb"), 0);
}

/* In a mount namespace of its own, so that nothing is left behind. 0 held, 1 not, 77 not allowed.
 */
static int full_disk_child(void)
{
    const char *path = "/tmp";
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", path, "tmpfs", 0, "size=2m") != 0)
        return 77;
    tell_space(path);
    fill_and_free(path);
    return 0;
}

/* The model above is ours; this is the kernel's. */
TEST(lmdb_recovers_from_a_disk_that_is_really_full)
{
    disk_reset();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(full_disk_child()); /* a failed check exits through cmocka with another status */
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("SKIPPED: no permission to mount a small file system here\n");
        skip();
    }
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}
