#define _GNU_SOURCE /* flock */
#include "node/stick.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "mesh/fork.h"
#include "node/files.h"

#define BUNDLE_DIR   "hop"
#define NAME_SIZE    24 /* "000001-89abcdef.hop" */
#define WINDOW_BYTES ((size_t)2 * BUNDLE_BLOCK_BYTES_MAX)
#define PIECE_BYTES  4096 /* what is given up where a stick cannot be read */

/* ---- reading ---- */

/* Read n bytes at `at`; pieces the medium does not give are zeros, which no block survives. */
static int read_at(int fd, uint8_t *ret, size_t n, uint64_t at)
{
    for (size_t done = 0; done < n;) {
        size_t want = n - done;
        ssize_t got = pread(fd, ret + done, want, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EIO) { /* a bad sector somewhere in it: piece by piece */
            size_t piece = PIECE_BYTES - (size_t)((at + done) % PIECE_BYTES);
            want = want < piece ? want : piece;
            got = pread(fd, ret + done, want, (off_t)(at + done));
            if (got < 0) {
                memset(ret + done, 0, want);
                got = (ssize_t)want;
            }
        }
        if (got < 0)
            return HOP_EIO;
        if (got == 0) {
            memset(ret + done, 0, want); /* shorter than it was */
            got = (ssize_t)want;
        }
        done += (size_t)got;
    }
    return HOP_OK;
}

/* A plain file of bearable size, or HOP_EREFUSED. */
static int open_plain(int dir, const char *name, int *ret, uint64_t *ret_size)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? HOP_EREFUSED : files_error(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size > STICK_FILE_BYTES_MAX) {
        close(fd);
        return HOP_EREFUSED;
    }
    *ret = fd;
    *ret_size = (uint64_t)st.st_size;
    return HOP_OK;
}

/* ---- blocks ---- */

struct bundle_entry stick_entry(const struct stick_item *item)
{
    static const enum bundle_entry_type types[BUNDLE_KINDS_END] = {
        [BUNDLE_SEGMENT] = BUNDLE_RUN, [BUNDLE_BLOB] = BUNDLE_CHUNK, [BUNDLE_PROOF] = BUNDLE_FORK};
    struct bundle_entry e = {.type = types[item->kind], .first = item->first, .last = item->last};
    memcpy(e.id, item->id, sizeof e.id);
    return e;
}

static int add_item(struct stick *s, const struct stick_item *item)
{
    if (s->items_count >= BUNDLE_INVENTORY_MAX)
        return HOP_EFULL;
    if (s->items_count == s->items_capacity) {
        size_t capacity = s->items_capacity == 0 ? 256 : 2 * s->items_capacity;
        struct stick_item *items = realloc(s->items, capacity * sizeof *items);
        if (items == NULL)
            return HOP_ENOMEM;
        s->items = items;
        s->items_capacity = capacity;
    }
    s->items[s->items_count++] = *item;
    struct bundle_entry e = stick_entry(item);
    return bundle_inventory_add(&s->here, &e);
}

static int read_list(struct stick *s, struct span payload, bool *ret_good)
{
    struct bundle_list list;
    struct bundle_entry e;
    int err = bundle_list_begin(&list, payload);
    *ret_good = false;
    if (err != HOP_OK)
        return HOP_OK;
    while (bundle_list_next(&list, &e)) {
        if (e.type == BUNDLE_WANTED || e.type == BUNDLE_LOST)
            continue;
        err = bundle_inventory_add(&s->listed, &e);
        if (err != HOP_OK)
            return err;
    }
    *ret_good = bundle_list_end(&list) == HOP_OK;
    return HOP_OK;
}

/* Does the block prove itself? Then what it is, in item. */
static bool prove(const struct bundle_block *b, struct arena scratch, struct stick_item *item)
{
    struct segment run;
    struct bundle_blob blob;
    struct fork_proof proof;
    const uint8_t *prev;
    if (b->kind == BUNDLE_PROOF) {
        if (fork_proof_parse(&proof, b->payload) != HOP_OK)
            return false;
        memcpy(item->id, proof.log, sizeof item->id);
        item->first = item->last = proof.seq;
        return true;
    }
    if (b->kind == BUNDLE_BLOB) {
        if (bundle_blob_parse(&blob, b->payload) != HOP_OK)
            return false;
        memcpy(item->id, blob.name, sizeof item->id);
        item->node = blob.bytes.data[0] != 0;
        return true;
    }
    if (bundle_segment_parse(&run, &prev, b->payload) != HOP_OK ||
        bundle_segment_check(&run, prev, scratch) != HOP_OK)
        return false;
    memcpy(item->id, run.log, sizeof item->id);
    item->lane = run.lane;
    item->first = run.first;
    item->last = run.first + run.count - 1;
    return true;
}

/* What a file is read with: a window over it, and room to rebuild records. */
struct reading {
    struct stick *s;
    uint32_t file;
    int fd;
    uint64_t size, at; /* of the file; of the end of the window */
    uint8_t *window;
    size_t held;
    struct bundle_scan scan;
    struct arena scratch;
};

static int take_block(struct reading *r, const struct bundle_block *b)
{
    struct stick_file *file = &r->s->files[r->file];
    struct stick_item item = {.kind = b->kind,
                              .file = r->file,
                              .size = (uint32_t)b->payload.size,
                              .at = r->at - r->held + (uint64_t)(b->payload.data - r->window)};
    bool good = true;
    int err = HOP_OK;
    if (b->kind == BUNDLE_LIST)
        err = read_list(r->s, b->payload, &good);
    else if ((good = prove(b, r->scratch, &item)))
        err = add_item(r->s, &item);
    file->bad += good ? 0 : 1;
    return err;
}

static int fill_window(struct reading *r)
{
    r->held -= r->scan.used;
    memmove(r->window, r->window + r->scan.used, r->held);
    r->scan.used = 0;
    size_t n = WINDOW_BYTES - r->held;
    if (n > r->size - r->at)
        n = (size_t)(r->size - r->at);
    int err = read_at(r->fd, r->window + r->held, n, r->at);
    r->held += n;
    r->at += n;
    return err;
}

static int scan_file(struct reading *r)
{
    struct stick_file *file = &r->s->files[r->file];
    struct bundle_block b;
    int err = HOP_OK;
    r->held = 0;
    r->at = 0;
    r->scan = (struct bundle_scan){0};
    while (err == HOP_OK) {
        enum bundle_found found =
            bundle_scan(&r->scan, SPAN(r->window, r->held), r->at == r->size, &b);
        if (found == BUNDLE_END || (found == BUNDLE_MORE && r->scan.hopeless))
            break;
        err = found == BUNDLE_FOUND ? take_block(r, &b) : fill_window(r);
    }
    file->size = r->size;
    file->holes = r->scan.holes;
    file->skipped = r->scan.skipped;
    file->hopeless = r->scan.hopeless;
    r->s->bytes += r->size;
    return err;
}

static int add_file(struct stick *s, const char *name)
{
    if (s->files_count == STICK_FILES_MAX)
        return HOP_EFULL;
    if (s->files_count == s->files_capacity) {
        size_t capacity = s->files_capacity == 0 ? 16 : 2 * s->files_capacity;
        struct stick_file *files = realloc(s->files, capacity * sizeof *files);
        if (files == NULL)
            return HOP_ENOMEM;
        s->files = files;
        s->files_capacity = capacity;
    }
    struct stick_file *file = &s->files[s->files_count++];
    *file = (struct stick_file){0};
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    return HOP_OK;
}

/* Read every file that has been listed; those that are no plain files are left alone. */
static int scan_files(struct stick *s)
{
    struct reading r = {.s = s, .window = malloc(WINDOW_BYTES)};
    r.scratch.size = 2 * MESH_FRAME_BYTES_MAX;
    r.scratch.base = malloc(r.scratch.size);
    int err = r.window == NULL || r.scratch.base == NULL ? HOP_ENOMEM : HOP_OK;
    for (; r.file < s->files_count && err == HOP_OK; r.file++) {
        err = open_plain(s->dir, s->files[r.file].name, &r.fd, &r.size);
        if (err == HOP_OK) {
            err = scan_file(&r);
            close(r.fd);
        } else if (err == HOP_EREFUSED || err == HOP_ENOTFOUND) {
            s->files[r.file].refused = true;
            err = HOP_OK;
        }
    }
    free(r.window);
    free(r.scratch.base);
    return err;
}

/* ---- directories ---- */

static bool is_bundle_name(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && n <= STICK_NAME_BYTES_MAX && name[0] != '.' &&
           strcasecmp(name + n - 4, ".hop") == 0;
}

/* The number of a name we gave, with this ending; 0 if we did not give it. */
static unsigned own_number(const char *name, const char *ending)
{
    unsigned number = 0;
    if (strlen(name) != NAME_SIZE - 5 || name[6] != '-' || strcmp(name + 15, ending) != 0)
        return 0;
    for (size_t i = 0; i < 15; i++) {
        bool digit = name[i] >= '0' && name[i] <= '9', hex = name[i] >= 'a' && name[i] <= 'f';
        if (i != 6 && !digit && !(hex && i > 6))
            return 0;
        number = i < 6 ? number * 10 + (unsigned)(name[i] - '0') : number;
    }
    return number;
}

static int compare_files(const void *a, const void *b)
{
    const struct stick_file *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* clean: remove what a writer left that was stopped; it was never named, so it was never there. */
static int list_dir(struct stick *s, bool clean)
{
    int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL) {
        int err = files_error(errno);
        if (fd >= 0)
            close(fd);
        return err;
    }
    int err = HOP_OK;
    for (const struct dirent *e; err == HOP_OK && (e = readdir(d)) != NULL;) {
        if (is_bundle_name(e->d_name))
            err = add_file(s, e->d_name);
        else if (clean && own_number(e->d_name, ".tmp") > 0)
            (void)unlinkat(s->dir, e->d_name, 0);
    }
    (void)closedir(d);
    if (s->files_count > 0)
        qsort(s->files, s->files_count, sizeof *s->files, compare_files);
    return err;
}

/* The directory of a path, and the last part of it. */
static int open_parent(struct stick *s, char *ret_name, size_t size)
{
    char parent[STICK_PATH_BYTES_MAX];
    const char *slash = strrchr(s->path, '/');
    const char *name = slash == NULL ? s->path : slash + 1;
    size_t n = slash == NULL ? 0 : (size_t)(slash - s->path);
    if (strlen(name) == 0 || strlen(name) >= size)
        return HOP_ENOTFOUND;
    (void)snprintf(parent, sizeof parent, "%.*s", (int)n, s->path);
    s->dir = open(slash == NULL ? "." : n == 0 ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memcpy(ret_name, name, strlen(name) + 1);
    return s->dir < 0 ? files_error(errno) : HOP_OK;
}

static int open_single(struct stick *s, bool to_write)
{
    char name[STICK_NAME_BYTES_MAX + 1];
    struct stat st;
    s->single = true;
    int err = open_parent(s, name, sizeof name);
    if (err == HOP_OK && to_write)
        return add_file(s, name); /* what it held will be replaced: it is not looked at */
    if (err == HOP_OK && fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        err = files_error(errno);
    if (err == HOP_OK && !S_ISREG(st.st_mode))
        err = HOP_EREFUSED;
    if (err == HOP_OK)
        err = add_file(s, name);
    return err == HOP_OK ? scan_files(s) : err;
}

static int open_dir(struct stick *s, int parent, bool to_write)
{
    if (to_write && mkdirat(parent, BUNDLE_DIR, 0755) != 0 && errno != EEXIST)
        return files_error(errno);
    s->dir = openat(parent, BUNDLE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->dir >= 0 && to_write) /* for the next visitor, whoever that is; all of it is sealed */
        (void)fchmod(s->dir, 01777);
    if (s->dir < 0 && errno == ENOENT && !to_write)
        return HOP_OK;
    if (s->dir < 0)
        return errno == ENOTDIR || errno == ELOOP ? HOP_EREFUSED : files_error(errno);
    if (to_write && flock(s->dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return HOP_EBUSY;
    int err = list_dir(s, to_write);
    return err == HOP_OK ? scan_files(s) : err;
}

static int open_stick(struct stick *s, const char *path, bool to_write)
{
    *s = (struct stick){.dir = -1, .writing = -1};
    if (strlen(path) == 0 || strlen(path) >= sizeof s->path)
        return HOP_ENOTFOUND;
    memcpy(s->path, path, strlen(path) + 1);
    int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 && (errno == ENOTDIR || (errno == ENOENT && to_write)))
        return open_single(s, to_write);
    if (parent < 0)
        return files_error(errno);
    int err = open_dir(s, parent, to_write);
    close(parent);
    return err;
}

int stick_open(struct stick *s, const char *path)
{
    return open_stick(s, path, false);
}

int stick_open_to_write(struct stick *s, const char *path)
{
    return open_stick(s, path, true);
}

void stick_close(struct stick *s)
{
    if (s->writing >= 0) {
        close(s->writing);
        (void)unlinkat(s->dir, s->temporary, 0);
    }
    if (s->dir >= 0)
        close(s->dir);
    free(s->files);
    free(s->items);
    bundle_inventory_free(&s->here);
    bundle_inventory_free(&s->listed);
    *s = (struct stick){.dir = -1, .writing = -1};
}

/* ---- what is on it ---- */

static int compare_items(const void *a, const void *b)
{
    const struct stick_item *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    int ids = memcmp(x->id, y->id, sizeof x->id);
    if (ids != 0)
        return ids;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

void stick_sort(struct stick *s)
{
    if (s->items_count > 0)
        qsort(s->items, s->items_count, sizeof *s->items, compare_items);
}

int stick_block(const struct stick *s, const struct stick_item *item, struct buf *ret)
{
    int fd = -1;
    uint64_t size;
    assert(item->file < s->files_count && item->size <= BUNDLE_PAYLOAD_BYTES_MAX);
    uint8_t *payload = malloc(item->size + (size_t)1);
    int err = payload == NULL ? HOP_ENOMEM : HOP_OK;
    if (err == HOP_OK)
        err = open_plain(s->dir, s->files[item->file].name, &fd, &size);
    if (err == HOP_OK)
        err = read_at(fd, payload, item->size, item->at);
    if (err == HOP_OK)
        bundle_block_put(ret, item->kind, SPAN(payload, item->size));
    if (fd >= 0)
        close(fd);
    free(payload);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

/* ---- writing ---- */

static int write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return files_error(errno);
        bytes.data += n;
        bytes.size -= (size_t)n;
    }
    return HOP_OK;
}

static int create_temporary(struct stick *s)
{
    int fd =
        openat(s->dir, s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return files_error(errno);
    (void)fchmod(fd, 0644);
    s->writing = fd;
    return HOP_OK;
}

/* Sync what was written and give it its name; or remove it. */
static int name_temporary(struct stick *s, const char *name, int err)
{
    if (err == HOP_OK && fsync(s->writing) != 0)
        err = files_error(errno);
    if (close(s->writing) != 0 && err == HOP_OK)
        err = files_error(errno);
    s->writing = -1;
    if (err == HOP_OK && renameat(s->dir, s->temporary, s->dir, name) != 0)
        err = files_error(errno);
    if (err != HOP_OK)
        (void)unlinkat(s->dir, s->temporary, 0);
    else if (fsync(s->dir) != 0 && errno != EINVAL) /* some sticks' systems do not know how */
        err = files_error(errno);
    return err;
}

static unsigned next_number(const struct stick *s)
{
    unsigned most = 0;
    for (size_t i = 0; i < s->files_count; i++) {
        unsigned number = own_number(s->files[i].name, ".hop");
        most = number > most ? number : most;
    }
    return most < 999999 ? most + 1 : 1; /* numbers are for reading; order means nothing */
}

/* Both names of the next file. */
static void next_names(struct stick *s, struct span section, char ret[static NAME_SIZE])
{
    uint8_t hash[16];
    char hex[HEX_SIZE(4)];
    hop_hash(hash, sizeof hash, LABEL_BUNDLE_BLOCK, section);
    hex_encode(hex, SPAN(hash, 4));
    (void)snprintf(ret, NAME_SIZE, "%06u-%s.hop", next_number(s) % 1000000u, hex);
    (void)snprintf(s->temporary, sizeof s->temporary, "%.15s.tmp", ret);
}

static int write_numbered(struct stick *s, struct span section)
{
    char name[NAME_SIZE];
    next_names(s, section, name);
    int err = create_temporary(s);
    if (err != HOP_OK)
        return err;
    err = name_temporary(s, name, write_all(s->writing, section));
    return err == HOP_OK ? add_file(s, name) : err;
}

static int write_single(struct stick *s, struct span section)
{
    int err = HOP_OK;
    if (s->writing < 0) {
        (void)snprintf(s->temporary, sizeof s->temporary, ".%.240s.%u.tmp", s->files[0].name,
                       (unsigned)getpid());
        err = create_temporary(s);
    }
    return err == HOP_OK ? write_all(s->writing, section) : err;
}

int stick_write(struct stick *s, struct span section)
{
    assert(s->dir >= 0);
    int err = s->single ? write_single(s, section) : write_numbered(s, section);
    if (err == HOP_OK)
        err = bundle_inventory_read(&s->here, section);
    if (err == HOP_OK) {
        s->files_written += s->single && s->files_written == 1 ? 0 : 1;
        s->bytes_written += section.size;
    }
    return err;
}

int stick_finish(struct stick *s)
{
    return s->writing < 0 ? HOP_OK : name_temporary(s, s->files[0].name, HOP_OK);
}

/* ---- removing ---- */

#define NEIGHBOURS_MAX 1024 /* blocks of one log looked at to find a run again in newer files */

/* The first item of this kind, lane and id. */
static size_t first_like(const struct stick *s, const struct stick_item *item)
{
    struct stick_item key = *item;
    key.first = key.last = 0;
    size_t low = 0, high = s->items_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_items(&s->items[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is all of it among what everybody has, and in newer files? Each newer file that goes for the same
 * reason is covered by still newer ones, so in the end something that stays has it, or everybody.
 */
static bool is_spare(const struct stick *s, const struct stick_item *item,
                     struct bundle_inventory *had)
{
    uint64_t reach = item->first == 0 ? 0 : item->first - 1;
    if (item->kind == BUNDLE_BLOB && bundle_inventory_has(had, BUNDLE_CHUNK, item->id))
        return true;
    if (item->kind == BUNDLE_SEGMENT)
        reach = bundle_inventory_reach(had, item->id, item->first);
    size_t at = first_like(s, item);
    for (size_t n = 0; n < NEIGHBOURS_MAX && at + n < s->items_count; n++) {
        const struct stick_item *x = &s->items[at + n];
        if (item->kind == BUNDLE_SEGMENT && reach >= item->last)
            return true;
        if (x->kind != item->kind || memcmp(x->id, item->id, sizeof x->id) != 0)
            return false;
        if (x->file <= item->file)
            continue;
        if (item->kind != BUNDLE_SEGMENT && x->first == item->first)
            return true;
        if (x->first <= reach + 1 && x->last > reach)
            reach = x->last;
    }
    return item->kind == BUNDLE_SEGMENT && reach >= item->last;
}

size_t stick_remove_spent(struct stick *s, struct bundle_inventory *had)
{
    size_t removed = 0;
    bool *spent = calloc(s->files_count + 1, sizeof *spent);
    if (spent == NULL || s->single || s->dir < 0)
        goto out; /* another time */
    for (size_t i = 0; i < s->items_count; i++)
        spent[s->items[i].file] = true;
    for (size_t i = 0; i < s->items_count; i++) {
        if (spent[s->items[i].file])
            spent[s->items[i].file] = is_spare(s, &s->items[i], had);
    }
    for (size_t i = 0; i < s->files_count; i++) {
        const struct stick_file *f = &s->files[i];
        bool whole = !f->refused && !f->hopeless && f->holes + f->bad == 0;
        if (spent[i] && whole && own_number(f->name, ".hop") > 0 &&
            unlinkat(s->dir, f->name, 0) == 0)
            removed++;
    }
    if (removed > 0)
        (void)fsync(s->dir); /* if it is lost, they are there once more */
out:
    free(spent);
    return removed;
}
