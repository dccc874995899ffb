/* Whole devices for measuring: each with its keys, its store and a queue of frames; links are
 * function calls, time is a number. A turn is the node's (node/loop.c): up to 64 frames, one
 * commit, and what follows from it; what it costs is added up for each device. */
#ifndef HOP_BENCH_DEVICES_H
#define HOP_BENCH_DEVICES_H

#include "bench/report.h"

#include "crypto/entropy.h"
#include "crypto/keyfile.h"
#include "device/device.h"
#include "node/files.h"

#define BENCH_FRAMES_PER_TURN 64
#define BENCH_LINKS_MAX       256
#define BENCH_WALL            UINT64_C(1796412600000000) /* 4 December 2026, 19:30 UTC */
#define BENCH_PASSPHRASE      "measured on this machine only"

/* Keeping: taking frames in, verifying, appending, committing. Opening: what follows a commit, that
 * is, opening and folding records, and telling the mesh. */
struct bench_spent {
    double cpu_us, wall_us;
};

struct bench_frame {
    struct bench_frame *next;
    mesh_link link;
    size_t size;
    uint8_t bytes[];
};

struct bench_device {
    struct device_keys keys;
    struct store *store;
    struct device *d;
    struct bench_frame *first, **last;
    uint64_t commits, frames;
    struct bench_spent keeping, opening; /* in its turns */
};

struct bench_world {
    struct bench_device *devices;
    uint32_t count;
    struct {
        uint32_t a, b;
    } links[BENCH_LINKS_MAX]; /* a == b: down */
    uint32_t links_count;
    hop_time now;
    struct mesh_outs outs;
};

static inline struct bench_world *bench_world_new(uint32_t count)
{
    struct bench_world *w = calloc(1, sizeof *w);
    bench_must(w != NULL && hop_init() == HOP_OK, "memory, libsodium");
    w->devices = calloc(count, sizeof *w->devices);
    w->outs.scratch =
        (struct arena){.base = malloc(MESH_SCRATCH_BYTES), .size = MESH_SCRATCH_BYTES};
    bench_must(w->devices != NULL && w->outs.scratch.base != NULL, "memory");
    w->count = count;
    w->now = HOP_SECOND;
    return w;
}

/* Make the device of these keys and this store; again after joining. */
static inline void bench_device_start(struct bench_world *w, uint32_t i)
{
    struct bench_device *x = &w->devices[i];
    struct device_config config = {.keys = &x->keys, .store = x->store};
    config.seed[0] = (uint8_t)i;
    config.seed[1] = (uint8_t)(i >> 8);
    config.seed[2] = x->keys.has_cell;
    device_free(x->d);
    x->d = NULL;
    bench_must(device_new(&x->d, &config) == HOP_OK, "make a device");
}

/* dir NULL: its records are kept in memory. */
static inline void bench_device_add(struct bench_world *w, uint32_t i, const char *dir)
{
    struct bench_device *x = &w->devices[i];
    uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
    struct hop_drbg drbg;
    enum store_trouble trouble = STORE_FINE;
    hop_drbg_seed(&drbg, seed);
    device_keys_new(&x->keys, &drbg);
    x->last = &x->first;
    if (dir == NULL)
        x->store = store_memory_new(0);
    else
        bench_must(store_lmdb_open(&x->store, dir, &trouble) == HOP_OK, "open a store");
    bench_must(x->store != NULL, "memory");
    bench_device_start(w, i);
}

static inline void bench_forget_frames(struct bench_device *x)
{
    while (x->first != NULL) {
        struct bench_frame *f = x->first;
        x->first = f->next;
        free(f);
    }
    x->last = &x->first;
}

static inline void bench_device_drop(struct bench_device *x)
{
    bench_forget_frames(x);
    device_free(x->d);
    store_close(x->store);
    x->d = NULL;
    x->store = NULL;
}

static inline void bench_world_free(struct bench_world *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        bench_device_drop(&w->devices[i]);
    free(w->outs.scratch.base);
    free(w->devices);
    free(w);
}

/* ---- a turn ---- */

static inline void bench_begin(struct bench_spent *s)
{
    s->cpu_us -= bench_cpu_us();
    s->wall_us -= bench_now_us();
}

static inline void bench_finish(struct bench_spent *s)
{
    s->cpu_us += bench_cpu_us();
    s->wall_us += bench_now_us();
}

static inline void bench_carry_out(struct bench_world *w, uint32_t i)
{
    for (size_t n = 0; n < w->outs.n; n++) {
        const struct mesh_out *o = &w->outs.items[n];
        bench_must(o->type != MESH_OUT_DROP_LINK, "nobody here does anything wrong");
        if (o->type != MESH_OUT_SEND || o->link >= w->links_count ||
            w->links[o->link].a == w->links[o->link].b)
            continue;
        uint32_t to = w->links[o->link].a == i ? w->links[o->link].b : w->links[o->link].a;
        struct bench_frame *f = malloc(sizeof *f + o->bytes.size);
        bench_must(f != NULL, "memory");
        *f = (struct bench_frame){.link = o->link, .size = o->bytes.size};
        memcpy(f->bytes, o->bytes.data, o->bytes.size);
        *w->devices[to].last = f;
        w->devices[to].last = &f->next;
    }
    w->outs.n = 0;
}

static inline void bench_commit(struct bench_world *w, uint32_t i)
{
    struct bench_device *x = &w->devices[i];
    for (bool again = true; again; x->commits++) {
        bench_begin(&x->keeping);
        int err = store_commit(x->store);
        bench_finish(&x->keeping);
        bench_begin(&x->opening);
        err = device_committed(x->d, err, w->now, BENCH_WALL + w->now, &w->outs, &again);
        bench_finish(&x->opening);
        bench_must(err == HOP_OK, "commit");
        bench_carry_out(w, i);
    }
    x->keys.changed = false; /* they are saved when all is done */
}

static inline void bench_turn(struct bench_world *w, uint32_t i)
{
    struct bench_device *x = &w->devices[i];
    bench_begin(&x->keeping);
    for (int n = 0; n < BENCH_FRAMES_PER_TURN && x->first != NULL; n++) {
        struct bench_frame *f = x->first;
        struct mesh_in in = {.type = MESH_IN_FRAME,
                             .link = f->link,
                             .now = w->now,
                             .bytes = SPAN(f->bytes, f->size)};
        int err = device_step(x->d, &in, &w->outs);
        bench_must(err == HOP_OK || err == HOP_ENOTFOUND, "take a frame in");
        bench_carry_out(w, i);
        x->frames++;
        x->first = f->next;
        if (x->first == NULL)
            x->last = &x->first;
        free(f);
    }
    if (device_deadline(x->d) <= w->now) {
        (void)device_step(x->d, &(struct mesh_in){.type = MESH_IN_TIMEOUT, .now = w->now},
                          &w->outs);
        bench_carry_out(w, i);
    }
    bench_finish(&x->keeping);
    bench_commit(w, i);
}

/* ---- links ---- */

static inline void bench_link(struct bench_world *w, uint32_t a, uint32_t b)
{
    bench_must(w->links_count < BENCH_LINKS_MAX, "room for links");
    mesh_link link = w->links_count++;
    uint8_t binding[32] = {(uint8_t)link, (uint8_t)(link >> 8)};
    w->links[link].a = a;
    w->links[link].b = b;
    struct mesh_in in = {
        .type = MESH_IN_LINK_UP, .link = link, .now = w->now, .bytes = SPAN(binding, 32)};
    bench_must(device_step(w->devices[a].d, &in, &w->outs) == HOP_OK, "link");
    bench_carry_out(w, a);
    in.listener = true;
    bench_must(device_step(w->devices[b].d, &in, &w->outs) == HOP_OK, "link");
    bench_carry_out(w, b);
}

static inline void bench_unlink_all(struct bench_world *w)
{
    for (mesh_link link = 0; link < w->links_count; link++) {
        const uint32_t ends[2] = {w->links[link].a, w->links[link].b};
        w->links[link].a = w->links[link].b = 0;
        for (int k = 0; k < 2 && ends[0] != ends[1]; k++) {
            struct bench_device *x = &w->devices[ends[k]];
            struct mesh_in in = {.type = MESH_IN_LINK_DOWN, .link = link, .now = w->now};
            bench_forget_frames(x);
            (void)device_step(x->d, &in, &w->outs);
            bench_carry_out(w, ends[k]);
        }
    }
}

/* Do a and b hold the same records? */
static inline bool bench_level(const struct bench_world *w, uint32_t a, uint32_t b)
{
    static const uint8_t salt[8] = {1};
    uint8_t x[8], y[8];
    mesh_root(device_mesh(w->devices[a].d), salt, x);
    mesh_root(device_mesh(w->devices[b].d), salt, y);
    return memcmp(x, y, sizeof x) == 0;
}

/* Turns of those in [first, end) that have something to do; else time passes to the next deadline.
 */
static inline void bench_pass(struct bench_world *w, uint32_t first, uint32_t end)
{
    bool busy = false;
    hop_time at = HOP_NEVER;
    for (uint32_t i = first; i < end; i++) {
        struct bench_device *x = &w->devices[i];
        if (x->d == NULL || (x->first == NULL && device_deadline(x->d) > w->now))
            continue;
        bench_turn(w, i);
        busy = true;
    }
    for (uint32_t i = first; i < end && !busy; i++) {
        if (w->devices[i].d != NULL && device_deadline(w->devices[i].d) < at)
            at = device_deadline(w->devices[i].d);
    }
    if (!busy && at != HOP_NEVER && at > w->now)
        w->now = at;
}

/* Link all of [first, end) to hub and wait until they are level. */
static inline void bench_gather(struct bench_world *w, uint32_t hub, uint32_t first, uint32_t end)
{
    hop_time give_up = w->now + 600 * HOP_SECOND;
    uint32_t low = hub < first ? hub : first, high = hub >= end ? hub + 1 : end;
    w->links_count = 0;
    for (uint32_t i = first; i < end; i++) {
        if (i != hub)
            bench_link(w, i, hub);
    }
    for (uint32_t i = first; i < end;) {
        if (bench_level(w, i, hub)) {
            i++;
            continue;
        }
        bench_must(w->now < give_up, "bring devices level");
        bench_pass(w, low, high);
        i = first;
    }
    bench_unlink_all(w);
}

/* ---- people ---- */

static inline void bench_found(struct bench_world *w, uint32_t i)
{
    struct text_said why;
    bench_must(device_found(w->devices[i].d, "Chi bộ bản Mù", "assembly",
                            span_text("name = \"assembly\";\n"), "Trần Thị Lan", ROLE_SECRETARY,
                            BENCH_WALL + w->now, &why) == HOP_OK,
               "found a cell");
    bench_commit(w, i);
}

static inline void bench_join(struct bench_world *w, uint32_t host, uint32_t i)
{
    struct bench_device *x = &w->devices[i], *h = &w->devices[host];
    struct device_invite invite;
    struct device_join join;
    struct text_said why = {0};
    char name[32];
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    (void)snprintf(name, sizeof name, "Member %u", (unsigned)i);
    bench_must(device_invite(h->d, name, ROLE_MEMBER, CATEGORY_FULL, NULL, BENCH_WALL + w->now,
                             &invite, &why) == HOP_OK,
               "invite");
    bench_commit(w, host);
    bench_must(device_join_read(&join, invite.text, &why) == HOP_OK &&
                   device_join_request(x->d, &join, request, &request_size) == HOP_OK,
               "read an invitation");
    device_join_answer(h->d, SPAN(request, request_size), join.link_key.public_key,
                       BENCH_WALL + w->now, answer, &answer_size);
    bench_commit(w, host);
    bench_must(device_join_finish(x->d, &join, SPAN(answer, answer_size), &why) == HOP_OK, "join");
    bench_device_start(w, i);
}

static inline void bench_act(struct bench_world *w, uint32_t i, const struct act *a,
                             uint8_t ret_id[static 32])
{
    struct text_said why = {0};
    bench_must(device_act(w->devices[i].d, a, BENCH_WALL + w->now, ret_id, &why) == HOP_OK,
               "act in a meeting");
}

/* A meeting, convened: returns its id. */
static inline void bench_convene(struct bench_world *w, uint32_t i, uint8_t ret_id[static 32])
{
    uint8_t id[32];
    struct act a = {.type = ACT_MEETING,
                    .title = span_text("Họp chi bộ tháng 12"),
                    .form = span_text("regular"),
                    .when = span_text("04/12/2026 19:30"),
                    .place = span_text("năm điểm cầu"),
                    .agenda_count = 2};
    a.agenda[0] = span_text("Đường vào bản");
    a.agenda[1] = span_text("Kế hoạch tháng tới");
    bench_act(w, i, &a, ret_id);
    bench_commit(w, i);
    a = (struct act){.type = ACT_NOTICE};
    memcpy(a.meeting, ret_id, 32);
    bench_act(w, i, &a, id);
    bench_commit(w, i);
}

/* keys.hop of this device into dir, at the least cost a key file may have; passphrase beside it. */
static inline void bench_save_keys(struct bench_world *w, uint32_t i, const char *dir)
{
    struct keyfile_cost cost = {.ops = KEYFILE_OPS_FLOOR, .memory_bytes = KEYFILE_MEMORY_FLOOR};
    struct hop_drbg drbg;
    uint8_t payload[DEVICE_KEYS_BYTES_MAX], file[KEYFILE_BYTES_MAX];
    char path[400];
    size_t size = 0, payload_size;
    hop_entropy_seed(&drbg);
    device_keys_put(payload, &payload_size, &w->devices[i].keys);
    bench_must(keyfile_seal(file, &size, SPAN(payload, payload_size), span_text(BENCH_PASSPHRASE),
                            &cost, &drbg) == HOP_OK &&
                   files_path(path, sizeof path, dir, "keys.hop") == HOP_OK &&
                   files_write(path, SPAN(file, size), 0600) == HOP_OK &&
                   files_path(path, sizeof path, dir, "passphrase") == HOP_OK &&
                   files_write(path, span_text(BENCH_PASSPHRASE "\n"), 0600) == HOP_OK,
               "save keys");
}

#endif
