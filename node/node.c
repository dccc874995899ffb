#define _GNU_SOURCE /* flock */
#include "node/node.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/entropy.h"
#include "node/dial.h"
#include "node/files.h"
#include "node/guard.h"
#include "node/http.h"
#include "node/links.h"
#include "node/serial.h"
#include "node/talk.h"

#define PROBE_US        HOP_SECOND
#define DESCRIPTORS_MAX 65536
#define NEWS_MAX        256 /* links that changed and short messages of one step; the rest is dropped */

struct news {
    enum mesh_out_type type;
    mesh_link link;
    uint8_t identity[32];
    size_t size;
    uint8_t bytes[MESH_TELL_BYTES_MAX];
};

/* What a step said to voice. Voice may answer with a step of its own, so it hears of it only when
 * the outs of this one have been carried out. */
struct node_news {
    size_t first, count;
    bool telling;
    struct news items[NEWS_MAX];
};

/* ---- troubles ---- */

static int trouble(struct node_trouble *ret, int exit_code, enum text_id id, const char *a,
                   const char *b, int err)
{
    (void)text_say(&ret->said, id, b != NULL ? 2 : a != NULL ? 1 : 0, a, b);
    ret->exit_code = exit_code;
    return err;
}

int node_disk_trouble(const struct node *n, int err, struct node_trouble *ret)
{
    enum text_id id = err == HOP_ENOSPACE   ? ERR_DISK_FULL
                      : err == HOP_EREFUSED ? ERR_DIR_FORBIDDEN
                      : err == HOP_ENOMEM   ? ERR_MEMORY
                                            : ERR_DISK_ERROR;
    return trouble(ret, 3, id, n->dir, NULL, err);
}

static int dir_trouble(const char *dir, int err, struct node_trouble *ret)
{
    switch (err) {
    case HOP_ENOTFOUND:
        return trouble(ret, 3, ERR_DIR_MISSING, dir, NULL, err);
    case HOP_EREFUSED:
        return trouble(ret, 3, ERR_DIR_FORBIDDEN, dir, NULL, err);
    case HOP_ENOSPACE:
        return trouble(ret, 3, ERR_DISK_FULL, dir, NULL, err);
    case HOP_ENOMEM:
        return trouble(ret, 3, ERR_MEMORY, NULL, NULL, err);
    case HOP_EFULL:
        return trouble(ret, 3, ERR_DIR_LONG, dir, NULL, err);
    default:
        return trouble(ret, 3, ERR_DIR_FAILED, dir, hop_error_text(err), err);
    }
}

int node_keys_trouble(const char *dir, enum keyfile_trouble t, int err, struct node_trouble *ret)
{
    static const enum text_id sentences[] = {
        [KEYFILE_FINE] = ERR_KEYS_DAMAGED,        [KEYFILE_FOREIGN] = ERR_KEYS_FOREIGN,
        [KEYFILE_NEWER] = ERR_KEYS_NEWER,         [KEYFILE_OLDER] = ERR_KEYS_OLDER,
        [KEYFILE_WEAK] = ERR_KEYS_WEAK,           [KEYFILE_ABSURD] = ERR_KEYS_ABSURD,
        [KEYFILE_DAMAGED] = ERR_KEYS_DAMAGED,     [KEYFILE_WRONG_PASSPHRASE] = ERR_PASSPHRASE_WRONG,
        [KEYFILE_NO_MEMORY] = ERR_KEYS_NO_MEMORY,
    };
    int exit_code = t == KEYFILE_WRONG_PASSPHRASE ? 1 : 3;
    return trouble(ret, exit_code, sentences[t], dir, NULL, err);
}

static int store_trouble(const char *dir, enum store_trouble t, int err, struct node_trouble *ret)
{
    static const enum text_id sentences[] = {
        [STORE_FINE] = ERR_DISK_ERROR,         [STORE_MISSING] = ERR_DIR_MISSING,
        [STORE_FORBIDDEN] = ERR_DIR_FORBIDDEN, [STORE_FOREIGN] = ERR_STORE_FOREIGN,
        [STORE_DAMAGED] = ERR_STORE_DAMAGED,   [STORE_NEWER] = ERR_STORE_NEWER,
        [STORE_DISK_FULL] = ERR_DISK_FULL,     [STORE_DISK_ERROR] = ERR_DISK_ERROR,
    };
    return trouble(ret, 3, sentences[t], dir, NULL, err);
}

/* ---- the directory ---- */

/* Take the lock, or give up after a second: a command that works on the store for a moment must not
 * keep a node from starting. */
static int wait_for_lock(int fd)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    for (int tries = 0; tries < 50; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return HOP_OK;
        if (errno != EWOULDBLOCK)
            return HOP_EIO;
        (void)nanosleep(&pause, NULL);
    }
    return HOP_EBUSY;
}

/* One process a directory: the kernel gives the lock back even after SIGKILL. */
static int lock_dir(const char *dir, int *ret_fd, struct node_trouble *ret)
{
    char path[600];
    int err = files_path(path, sizeof path, dir, "lock");
    if (err != HOP_OK)
        return dir_trouble(dir, err, ret);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return dir_trouble(dir, files_error(errno), ret);
    err = wait_for_lock(fd);
    if (err != HOP_OK) {
        close(fd);
        if (err == HOP_EBUSY)
            return trouble(ret, 3, ERR_DIR_BUSY, dir, NULL, err);
        return dir_trouble(dir, err, ret);
    }
    *ret_fd = fd;
    return HOP_OK;
}

/* Takes the place of the old file only when it is on the disk whole. */
static int write_keys(const char *dir, struct span file)
{
    char path[600];
    int err = files_path(path, sizeof path, dir, "keys.hop");
    return err == HOP_OK ? files_replace_secret(path, file) : err;
}

/* HOP_OK if there is a key file; HOP_ENOTFOUND; else why nobody can tell. */
static int look_for_keys(const char *dir)
{
    char path[600];
    struct stat st;
    int err = files_path(path, sizeof path, dir, "keys.hop");
    if (err == HOP_OK && stat(path, &st) != 0)
        err = files_error(errno);
    return err;
}

int node_init(const char *dir, const char *passphrase, uint64_t kdf_memory,
              struct node_trouble *ret)
{
    struct keyfile_cost cost = {.ops = KEYFILE_OPS_FLOOR,
                                .memory_bytes =
                                    kdf_memory != 0 ? kdf_memory : KEYFILE_MEMORY_DEFAULT};
    struct hop_drbg drbg;
    struct device_keys keys;
    uint8_t payload[DEVICE_KEYS_BYTES_MAX], file[KEYFILE_BYTES_MAX];
    size_t size = 0, payload_size;
    int lock = -1;
    if (hop_init() != HOP_OK)
        return trouble(ret, 3, ERR_CRYPTO, NULL, NULL, HOP_EIO);
    if (!passphrase_good(span_text(passphrase))) {
        char least[16];
        (void)snprintf(least, sizeof least, "%d", PASSPHRASE_CHARACTERS_MIN);
        return trouble(ret, 1, ERR_PASSPHRASE_SHORT, least, NULL, HOP_EREFUSED);
    }
    int err = files_make_dir(dir, 0700);
    if (err != HOP_OK)
        return dir_trouble(dir, err, ret);
    err = lock_dir(dir, &lock, ret);
    if (err != HOP_OK)
        return err;
    err = look_for_keys(dir);
    if (err != HOP_ENOTFOUND) {
        close(lock);
        return err == HOP_OK ? trouble(ret, 1, ERR_DIR_TAKEN, dir, NULL, HOP_EEXIST)
                             : dir_trouble(dir, err, ret);
    }
    hop_entropy_seed(&drbg);
    device_keys_new(&keys, &drbg);
    device_keys_put(payload, &payload_size, &keys);
    err =
        keyfile_seal(file, &size, SPAN(payload, payload_size), span_text(passphrase), &cost, &drbg);
    if (err == HOP_OK)
        err = write_keys(dir, SPAN(file, size));
    hop_wipe(payload, sizeof payload);
    hop_wipe(&keys, sizeof keys);
    hop_wipe(&drbg, sizeof drbg);
    close(lock);
    return err == HOP_OK ? HOP_OK : dir_trouble(dir, err, ret);
}

/* ---- opening ---- */

void node_read_clocks(struct node *n)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    n->now = (hop_time)t.tv_sec * HOP_SECOND + (hop_time)t.tv_nsec / 1000;
    clock_gettime(CLOCK_REALTIME, &t);
    n->wall = (uint64_t)t.tv_sec * HOP_SECOND + (uint64_t)t.tv_nsec / 1000;
}

/* A connection that never finishes its handshake holds a descriptor for five seconds, and anybody
 * in the network can open a thousand of them: the usual limit would leave none for files and pages.
 */
static void raise_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= DESCRIPTORS_MAX)
        return;
    files.rlim_cur = files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int read_keys(struct node *n, const char *passphrase, struct node_trouble *ret)
{
    char path[600];
    struct buf file = {0};
    uint8_t *payload = hop_secret_new(KEYFILE_PAYLOAD_BYTES_MAX);
    size_t size = 0;
    enum keyfile_trouble t = KEYFILE_FINE;
    int err = payload == NULL ? HOP_ENOMEM : files_path(path, sizeof path, n->dir, "keys.hop");
    if (err == HOP_OK)
        err = files_read(path, KEYFILE_BYTES_MAX, &file);
    if (err == HOP_EFULL || err == HOP_EMALFORMED)
        err = trouble(ret, 3, ERR_KEYS_FOREIGN, n->dir, NULL, err);
    else if (err == HOP_ENOTFOUND)
        err = trouble(ret, 3, ERR_KEYS_MISSING, n->dir, NULL, err);
    else if (err != HOP_OK)
        err = dir_trouble(n->dir, err, ret);
    if (err != HOP_OK)
        goto out;
    err = keyfile_open_kept(&n->keyfile, payload, &size, buf_written(&file), span_text(passphrase),
                            &t);
    if (err == HOP_OK && device_keys_parse(&n->keys, SPAN(payload, size)) != HOP_OK) {
        t = KEYFILE_DAMAGED;
        err = HOP_EMALFORMED;
    }
    if (err != HOP_OK)
        err = node_keys_trouble(n->dir, t, err, ret);
out:
    hop_secret_free(payload, KEYFILE_PAYLOAD_BYTES_MAX);
    buf_free(&file);
    return err;
}

static void write_trace(void *ctx, const char *line)
{
    const struct node *n = ctx;
    if (n->trace_file == NULL)
        return;
    fprintf(n->trace_file, "[%10.3f] %s\n", (double)n->now / 1e6, line);
    fflush(n->trace_file);
}

static int make_device(struct node *n, struct node_trouble *ret)
{
    struct device_config config = {
        .keys = &n->keys, .store = n->store, .trace = {.line = write_trace, .ctx = n}};
    struct device *made = NULL;
    hop_drbg_take(&n->drbg, config.seed, sizeof config.seed);
    int err = device_new(&made, &config);
    hop_wipe(config.seed, sizeof config.seed);
    if (err == HOP_OK) {
        device_free(n->device);
        n->device = made;
        n->generation++;
    }
    if (err == HOP_ENOMEM)
        return trouble(ret, 3, ERR_MEMORY, NULL, NULL, err);
    if (err == HOP_EMALFORMED || err == HOP_EAUTH)
        return trouble(ret, 3, ERR_STORE_MISMATCH, n->dir, NULL, err);
    return err == HOP_OK ? HOP_OK : node_disk_trouble(n, err, ret);
}

/* What a node has only when it is not locked. */
static void close_parts(struct node *n)
{
    if (n->device != NULL && n->store_trouble.id == TEXT_NONE && !n->panic) {
        device_stop(n->device);
        int err = node_save_keys(n);
        (void)err; /* if it cannot be: the next start takes it for a power cut */
    }
    device_free(n->device);
    store_close(n->store);
    free(n->outs.scratch.base);
    free(n->news);
    hop_wipe(&n->keys, sizeof n->keys);
    hop_wipe(&n->keyfile, sizeof n->keyfile);
    n->device = NULL;
    n->store = NULL;
    n->outs.scratch = (struct arena){0};
    n->news = NULL;
}

static int open_parts(struct node *n, const char *passphrase, struct node_trouble *ret)
{
    enum store_trouble st = STORE_FINE;
    n->outs.scratch =
        (struct arena){.base = malloc(MESH_SCRATCH_BYTES), .size = MESH_SCRATCH_BYTES};
    n->news = calloc(1, sizeof *n->news);
    if (n->outs.scratch.base == NULL || n->news == NULL)
        return trouble(ret, 3, ERR_MEMORY, NULL, NULL, HOP_ENOMEM);
    int err = read_keys(n, passphrase, ret);
    if (err != HOP_OK)
        return err;
    err = store_lmdb_open(&n->store, n->dir, &st);
    if (err != HOP_OK)
        return store_trouble(n->dir, st, err, ret);
    err = make_device(n, ret);
    store_lmdb_trim(n->store); /* the whole history was read: give back its pages */
    return err;
}

/* The directory's lock is taken: nobody else runs on it. */
static int open_dir(struct node *n, const char *dir, enum text_lang lang, struct node_trouble *ret)
{
    memset(n, 0, sizeof *n);
    n->lock_fd = -1;
    n->lang = lang;
    if (hop_init() != HOP_OK)
        return trouble(ret, 3, ERR_CRYPTO, NULL, NULL, HOP_EIO);
    if (strlen(dir) >= sizeof n->dir)
        return dir_trouble(dir, HOP_EFULL, ret);
    guard_process();
    raise_descriptors();
    struct stat st;
    if (stat(dir, &st) != 0)
        return dir_trouble(dir, files_error(errno), ret);
    if (!S_ISDIR(st.st_mode))
        return dir_trouble(dir, HOP_EEXIST, ret);
    int err = look_for_keys(dir); /* first: no lock file in a directory that is not ours */
    if (err == HOP_ENOTFOUND)
        return trouble(ret, 3, ERR_KEYS_MISSING, dir, NULL, err);
    if (err != HOP_OK)
        return dir_trouble(dir, err, ret);
    err = lock_dir(dir, &n->lock_fd, ret);
    if (err != HOP_OK)
        return err;
    memcpy(n->dir, dir, strlen(dir) + 1);
    guard_memory(n);
    hop_entropy_seed(&n->drbg);
    node_read_clocks(n);
    files_wipe_parts(dir, "keys.hop"); /* of a process that died while it saved its keys */
    return HOP_OK;
}

int node_open(struct node *n, const char *dir, const char *passphrase, enum text_lang lang,
              struct node_trouble *ret)
{
    int err = open_dir(n, dir, lang, ret);
    if (err == HOP_OK)
        err = open_parts(n, passphrase, ret);
    if (err != HOP_OK)
        node_close(n);
    return err;
}

int node_open_locked(struct node *n, const char *dir, enum text_lang lang, struct node_trouble *ret)
{
    int err = open_dir(n, dir, lang, ret);
    n->locked = err == HOP_OK;
    if (err != HOP_OK)
        node_close(n);
    return err;
}

int node_unlock(struct node *n, const char *passphrase, struct node_trouble *ret)
{
    assert(n->locked);
    int err = open_parts(n, passphrase, ret);
    n->locked = err != HOP_OK;
    if (err != HOP_OK)
        close_parts(n);
    return err;
}

void node_close(struct node *n)
{
    close_parts(n);
    if (n->trace_file != NULL)
        fclose(n->trace_file);
    if (n->dir[0] != 0 && n->panic)
        guard_panic_rest(n->dir);
    /* a zeroed node is fine, and its lock_fd 0 is not ours: whoever opened has a directory's name
     */
    if (n->dir[0] != 0) {
        close(n->lock_fd);
        guard_memory_end(n);
    }
    hop_wipe(n, sizeof *n);
    n->lock_fd = -1;
}

int node_reopen_device(struct node *n, struct node_trouble *ret)
{
    int err = node_save_keys(n);
    if (err != HOP_OK)
        return node_disk_trouble(n, err, ret);
    if (n->links != NULL)
        links_drop_all(n->links);
    return make_device(n, ret);
}

/* ---- steps and commits ---- */

int node_seal_keys(struct node *n, uint8_t *file, size_t *ret_size, struct keyfile_kept *ret_kept,
                   struct span passphrase, const struct keyfile_cost *cost)
{
    uint8_t *payload = hop_secret_new(DEVICE_KEYS_BYTES_MAX);
    size_t size;
    if (payload == NULL)
        return HOP_ENOMEM;
    device_keys_put(payload, &size, &n->keys);
    struct span keys = SPAN(payload, size);
    int err = cost == NULL
                  ? keyfile_seal_again(file, ret_size, keys, &n->keyfile, &n->drbg)
                  : keyfile_seal_kept(ret_kept, file, ret_size, keys, passphrase, cost, &n->drbg);
    hop_secret_free(payload, DEVICE_KEYS_BYTES_MAX);
    return err;
}

int node_save_keys(struct node *n)
{
    if (!n->keys.changed || n->panic)
        return HOP_OK;
    uint8_t file[KEYFILE_BYTES_MAX];
    size_t size = 0;
    int err = node_seal_keys(n, file, &size, NULL, SPAN(NULL, 0), NULL);
    if (err == HOP_OK)
        err = write_keys(n->dir, SPAN(file, size));
    if (err == HOP_OK)
        n->keys.changed = false;
    return err;
}

static void keep_news(struct node *n, const struct mesh_out *o)
{
    struct node_news *w = n->news;
    if (w->count == NEWS_MAX || o->bytes.size > MESH_TELL_BYTES_MAX)
        return;
    struct news *item = &w->items[(w->first + w->count++) % NEWS_MAX];
    item->type = o->type;
    item->link = o->link;
    item->size = o->bytes.size;
    memcpy(item->identity, o->id, sizeof item->identity);
    if (o->bytes.size > 0)
        memcpy(item->bytes, o->bytes.data, o->bytes.size);
}

static void tell_voice(struct node *n)
{
    struct node_news *w = n->news;
    if (w->telling) /* voice stepped while being told: the outer call goes on with what is new */
        return;
    w->telling = true;
    while (w->count > 0) {
        const struct news item = w->items[w->first];
        struct sockaddr_storage address;
        w->first = (w->first + 1) % NEWS_MAX;
        w->count--;
        if (item.type == MESH_OUT_PEER)
            talk_peer_changed(n, item.link);
        else if (item.size > 0 && item.bytes[0] == TALK_TELL_KIND && n->links != NULL &&
                 links_address(n->links, item.link, &address) == HOP_OK)
            talk_told(n, item.link, item.identity, SPAN(item.bytes, item.size), &address);
    }
    w->telling = false;
}

static void carry_out(struct node *n)
{
    for (size_t i = 0; i < n->outs.n; i++) {
        const struct mesh_out *o = &n->outs.items[i];
        switch (o->type) {
        case MESH_OUT_SEND:
            if (serial_owns(o->link))
                serial_send(n->serial, o->link, o->bytes);
            else if (n->links != NULL)
                links_send(n->links, o->link, o->bytes, o->durable);
            break;
        case MESH_OUT_DROP_LINK:
            if (n->links != NULL && !serial_owns(o->link))
                links_drop(n->links, o->link);
            keep_news(n, &(struct mesh_out){.type = MESH_OUT_PEER, .link = o->link});
            node_changed(n);
            break;
        case MESH_OUT_PEER:
            keep_news(n, o);
            node_changed(n);
            break;
        case MESH_OUT_TOLD:
            keep_news(n, o);
            break;
        case MESH_OUT_COPY:
            dial_copy_met(n, o->link);
            break;
        case MESH_OUT_META: /* the device has done these */
        case MESH_OUT_FORK:
        case MESH_OUT_OWN_BEHIND:
        case MESH_OUT_BLOB_HERE:
            node_changed(n);
            break;
        case MESH_OUT_STORE: /* the device has done these */
        case MESH_OUT_BLOB:
        case MESH_OUT_DELIVER:
            break;
        }
    }
    n->outs.n = 0;
    tell_voice(n);
}

int node_step(struct node *n, const struct mesh_in *in)
{
    int err = device_step(n->device, in, &n->outs);
    carry_out(n);
    bool of_link = in->type == MESH_IN_LINK_UP || in->type == MESH_IN_FRAME;
    if ((err == HOP_EFULL || err == HOP_ENOTFOUND) && of_link && n->links != NULL)
        links_drop(n->links, in->link); /* the mesh does not have it, or cannot take it */
    if (in->type == MESH_IN_LINK_DOWN) {
        keep_news(n, &(struct mesh_out){.type = MESH_OUT_PEER, .link = in->link});
        node_changed(n);
        tell_voice(n);
    }
    return err;
}

/* `err`: of a write of this turn; the store has then undone the turn already. */
static int commit_once(struct node *n, int err, bool *ret_again)
{
    if (err == HOP_OK) /* first: records signed by keys that are lost would be orphans */
        err = node_save_keys(n);
    if (err == HOP_OK)
        err = store_commit(n->store);
    else
        store_rollback(n->store);
    err = device_committed(n->device, err, n->now, n->wall, &n->outs, ret_again);
    if (n->links != NULL && err == HOP_OK)
        links_release(n->links);
    else if (n->links != NULL)
        links_discard_held(n->links);
    carry_out(n);
    return err;
}

static void note_trouble(struct node *n, int err)
{
    struct node_trouble why = {0};
    if (err != HOP_OK)
        (void)node_disk_trouble(n, err, &why);
    if (n->store_trouble.id != why.said.id)
        node_changed(n);
    n->store_trouble = why.said;
    n->probe_at = n->now + PROBE_US;
}

/* A commit of nothing succeeds on a full disk too, so after a failure something is written now and
 * then to see whether there is room again; nobody else might write for hours. A page's worth: where
 * that does not fit, a record will not either. */
static int write_probe(struct node *n, bool *ret_probed)
{
    static const uint8_t page[4096];
    *ret_probed = n->store_trouble.id != TEXT_NONE && n->now >= n->probe_at;
    if (!*ret_probed)
        return HOP_OK;
    return store_put(n->store, STORE_META, span_text("probe"), SPAN(page, sizeof page));
}

int node_commit(struct node *n)
{
    uint64_t version = device_version_stored(n->device);
    bool again = true, probed;
    int err = write_probe(n, &probed);
    do {
        err = commit_once(n, err, &again);
    } while (again && err == HOP_OK);
    bool wrote = probed || device_version_stored(n->device) != version;
    bool works_again = err == HOP_OK && n->store_trouble.id != TEXT_NONE && wrote;
    if (err != HOP_OK || works_again)
        note_trouble(n, err);
    if (works_again) /* else the mesh would wait as long as it waited before */
        node_step(n, &(struct mesh_in){.type = MESH_IN_STORED, .now = n->now});
    return err;
}

void node_changed(struct node *n)
{
    if (n->http != NULL)
        http_changed(n);
}
