/* One virtual device: what node/loop.c does with sockets and a disk, done with events. */
#include "sim/world.h"

#include "cell/record.h"
#include "sim/check.h"
#include "sim/observe.h"

#include <assert.h>
#include <stdlib.h>

#define IDLE_COMMIT (1 * HOP_SECOND) /* a turn that wrote nothing may wait: it only folds */
#define TURNS_MAX   5000             /* of one commit: news and receipts come to a few */
#define TICK        (100 * HOP_MS)   /* of idle nodes */

static void seed_of(const struct sim_world *w, const struct sim_node *n, uint8_t ret[static 32])
{
    struct rng r = sim_stream(w->scenario.seed, "device", n->name);
    uint8_t bytes[16];
    struct wire_writer out = wire_writer(bytes, sizeof bytes);
    wire_put_u64(&out, rng_next(&r));
    wire_put_u32(&out, n->starts);
    hop_hash(ret, 32, LABEL_SIM, wire_written(&out));
}

static void trace_node(void *ctx, const char *line)
{
    const struct sim_node *n = ctx;
    sim_trace(n->world, "%s > %s", n->name, line);
}

static bool is_member(void *ctx, const uint8_t identity[32])
{
    (void)ctx, (void)identity;
    return true;
}

/* ---- starting ---- */

static int start_peer(struct sim_world *w, struct sim_node *n, const uint8_t seed[static 32])
{
    struct hop_drbg drbg;
    uint8_t key[32];
    if (n->peer == NULL) {
        n->peer = calloc(1, sizeof *n->peer);
        if (n->peer == NULL)
            return HOP_ENOMEM;
        hop_drbg_seed(&drbg, seed);
        hop_drbg_take(&drbg, key, sizeof key);
        hop_sign_keypair(&n->peer->identity, key);
        hop_drbg_take(&drbg, key, sizeof key);
        hop_sign_keypair(&n->peer->log_key, key);
    }
    struct sim_peer *p = n->peer;
    hop_drbg_seed(&p->drbg, seed);
    struct mesh_config config = {.seed = hop_drbg_u64(&p->drbg),
                                 .identity = &p->identity,
                                 .store = n->store,
                                 .roster = {.is_member = is_member},
                                 .trace = {.line = w->setup.trace ? trace_node : NULL, .ctx = n}};
    hop_hash(config.cell_id, 32, LABEL_SIM, span_text(w->cells[n->cell].name));
    struct store_tip tip = {0};
    if (store_tip(n->store, p->log_key.public_key, &tip) == HOP_OK)
        memcpy(p->head, tip.head, sizeof p->head);
    p->seq = tip.seq;
    p->stored = p->authored = false;
    p->mesh = mesh_new(&config);
    return p->mesh == NULL ? HOP_ENOMEM : HOP_OK;
}

static int start_device(struct sim_world *w, struct sim_node *n, const uint8_t seed[static 32])
{
    struct device_config config = {.keys = &n->keys,
                                   .store = n->store,
                                   .trace = {.line = w->setup.trace ? trace_node : NULL, .ctx = n}};
    memcpy(config.seed, seed, sizeof config.seed);
    if (n->starts == 1) {
        struct hop_drbg drbg;
        hop_drbg_seed(&drbg, seed);
        device_keys_new(&n->keys, &drbg);
        n->saved = n->keys;
    }
    return device_new(&n->device, &config);
}

int sim_node_start(struct sim_world *w, uint32_t index)
{
    struct sim_node *n = &w->nodes[index];
    uint8_t seed[32];
    n->starts++;
    n->wake = n->look_at = n->commit_at = HOP_NEVER;
    n->alive = true;
    if (n->group->kind == SIM_IDLE) {
        sim_push(w, (struct sim_event){.at = w->now + rng_below(&n->life, TICK),
                                       .type = SIM_EVENT_TICK,
                                       .node = index});
        return HOP_OK;
    }
    int err = n->store == NULL ? sim_disk_open(w, n) : HOP_OK;
    seed_of(w, n, seed);
    if (err == HOP_OK)
        err = n->group->kind == SIM_MESH ? start_peer(w, n, seed) : start_device(w, n, seed);
    n->alive = err == HOP_OK;
    return err;
}

int sim_node_new(struct sim_world *w, uint32_t index)
{
    struct sim_node *n = &w->nodes[index];
    struct sim_scenario *s = &w->scenario;
    n->world = w;
    n->index = index;
    n->group = sim_node_group(s, index);
    n->radio = &s->radios[n->group->radio];
    sim_node_name(s, index, n->name);
    n->missing = sim_node_missing(s, n->name);
    n->air = sim_stream(s->seed, "air", n->name);
    n->disk = sim_stream(s->seed, "disk", n->name);
    n->life = sim_stream(s->seed, "life", n->name);
    n->wake = n->look_at = n->commit_at = HOP_NEVER;
    if (n->group->clock > 0) {
        struct rng r = sim_stream(s->seed, "clock", n->name);
        n->clock_off = (int64_t)rng_below(&r, 2 * n->group->clock + 1) - (int64_t)n->group->clock;
    }
    return n->missing ? HOP_OK : sim_node_start(w, index);
}

/* ---- ending ---- */

static void forget_held(struct sim_node *n)
{
    for (size_t i = 0; i < n->held_count; i++)
        free(n->held[i].bytes);
    n->held_count = 0;
}

static void stop_code(struct sim_node *n)
{
    device_free(n->device);
    n->device = NULL;
    if (n->peer != NULL) {
        mesh_free(n->peer->mesh);
        n->peer->mesh = NULL;
    }
    forget_held(n);
    n->alive = false;
}

void sim_node_free(struct sim_node *n)
{
    stop_code(n);
    free(n->peer);
    free(n->held);
    free(n->links);
    free(n->has);
    free(n->could);
    free(n->old_frame);
    store_close(n->store);
    store_close(n->copy);
}

const struct mesh *sim_node_mesh(const struct sim_node *n)
{
    if (!n->alive)
        return NULL;
    if (n->peer != NULL)
        return n->peer->mesh;
    return n->device == NULL ? NULL : device_mesh(n->device);
}

/* ---- a turn ---- */

static void hold(struct sim_node *n, mesh_link link, struct span bytes)
{
    if (n->held_count == n->held_capacity) {
        size_t capacity = n->held_capacity == 0 ? 16 : n->held_capacity * 2;
        struct sim_held *held = realloc(n->held, capacity * sizeof *held);
        if (held == NULL)
            return;
        n->held = held;
        n->held_capacity = capacity;
    }
    struct sim_held h = {.link = link, .size = bytes.size, .bytes = malloc(bytes.size + 1)};
    if (h.bytes == NULL)
        return;
    memcpy(h.bytes, bytes.data, bytes.size);
    n->held[n->held_count++] = h;
}

/* What a mesh without a device around it wants of its store. */
static void carry_peer(struct sim_world *w, struct sim_node *n, const struct mesh_out *o)
{
    struct store_tip tip = {.seq = o->seq};
    int err = HOP_OK;
    if (o->type == MESH_OUT_STORE) {
        memcpy(tip.head, o->id, sizeof tip.head);
        err = store_append(n->store, o->log, &tip, o->bytes);
        n->peer->stored = true;
    } else if (o->type == MESH_OUT_META) {
        err = store_put(n->store, STORE_META, o->key, o->bytes);
        n->peer->stored = true;
    } else if (o->type == MESH_OUT_BLOB) {
        err = store_put(n->store, STORE_BLOBS, SPAN(o->id, 32), o->bytes);
        n->peer->stored = true;
    }
    if (err != HOP_OK)
        sim_trace(w, "%s could not write: %s", n->name, hop_error_text(err));
}

/* What the mesh asked for. Drops come last, because dropping a link steps another node, and that
 * uses the list again. */
static void carry_out(struct sim_world *w, struct sim_node *n)
{
    uint32_t drops[MESH_LINKS_MAX];
    size_t drops_count = 0;
    for (size_t i = 0; i < w->outs->n; i++) {
        const struct mesh_out *o = &w->outs->items[i];
        if (o->type == MESH_OUT_SEND && o->durable)
            hold(n, o->link, o->bytes);
        else if (o->type == MESH_OUT_SEND)
            sim_net_send(w, n->index, o->link, o->bytes);
        else if (o->type == MESH_OUT_DROP_LINK && drops_count < MESH_LINKS_MAX)
            drops[drops_count++] = o->link;
        else if (n->peer != NULL)
            carry_peer(w, n, o);
    }
    for (size_t i = 0; i < drops_count; i++) {
        sim_trace(w, "%s drops link %u", n->name, (unsigned)drops[i]);
        sim_net_drop(w, drops[i], n->index);
    }
}

static hop_time deadline(const struct sim_node *n)
{
    const struct mesh *m = sim_node_mesh(n);
    return m == NULL ? HOP_NEVER : mesh_deadline(m);
}

static void set_wake(struct sim_world *w, struct sim_node *n)
{
    hop_time at = deadline(n);
    if (at == HOP_NEVER || at >= n->wake)
        return;
    if (at < w->now)
        at = w->now;
    n->wake = at;
    sim_push(w, (struct sim_event){.at = at, .type = SIM_EVENT_WAKE, .node = n->index});
}

void sim_node_dirty(struct sim_world *w, struct sim_node *n)
{
    hop_time at = w->now + IDLE_COMMIT;
    bool written = n->store != NULL && sim_disk_dirty(n->store);
    if (n->peer != NULL && !written)
        return;
    if (written || n->keys.changed)
        at = w->now + n->group->commit + rng_below(&n->disk, n->group->commit + 1) +
             n->trouble.slow_ms * HOP_MS;
    if (written && n->doomed > 0) {
        sim_push(w,
                 (struct sim_event){.at = w->now, .type = SIM_EVENT_FAULT, .step = n->doomed - 1});
        n->doomed = 0;
    }
    if (at >= n->commit_at)
        return;
    n->commit_at = at;
    sim_push(w, (struct sim_event){.at = at, .type = SIM_EVENT_COMMIT, .node = n->index});
}

int sim_node_step(struct sim_world *w, struct sim_node *n, const struct mesh_in *in)
{
    if (!n->alive)
        return HOP_ENOTFOUND;
    int err = n->peer != NULL ? mesh_step(n->peer->mesh, in, w->outs)
                              : device_step(n->device, in, w->outs);
    if (err == HOP_EMALFORMED || err == HOP_EAUTH) {
        w->counters.refused++;
        sim_goal(w, GOAL_REFUSED_FRAME);
    }
    carry_out(w, n);
    sim_node_dirty(w, n);
    set_wake(w, n);
    return err;
}

static void count_refused(struct sim_world *w, const struct sim_node *n, uint64_t before)
{
    uint64_t refused = sim_disk_refused(n->store) - before;
    w->counters.disk_refused += refused;
    if (refused > 0 && n->trouble.full > 0)
        sim_goal(w, GOAL_DISK_FULL);
}

static void commit_device(struct sim_world *w, struct sim_node *n)
{
    uint32_t incarnation = n->keys.incarnation;
    unsigned turns = 0;
    for (bool again = true; again;) {
        if (++turns > TURNS_MAX) {
            sim_fail_check(w, "bounded-memory", "%s commits again and again and never ends",
                           n->name);
            return;
        }
        if (n->keys.changed) {
            n->keys.changed = false;
            n->saved = n->keys;
        }
        sim_watch_logs(w, n);
        int err = store_commit(n->store);
        w->counters.commits++;
        err = device_committed(n->device, err, w->now, sim_node_wall(n), w->outs, &again);
        if (err != HOP_OK && err != HOP_ENOSPACE && err != HOP_EIO) {
            sim_fail(w, "%s could not commit: %s", n->name, hop_error_text(err));
            return;
        }
        carry_out(w, n);
        if (err != HOP_OK) { /* nothing of the turn was kept: what waits for it must not leave */
            forget_held(n);
            break;
        }
        if (!n->alive || n->device == NULL)
            return;
    }
    if (n->keys.incarnation != incarnation)
        sim_goal(w, GOAL_NEW_LOGS);
}

static void commit_peer(struct sim_world *w, struct sim_node *n)
{
    struct sim_peer *p = n->peer;
    bool stored = p->stored, authored = p->authored;
    int err = store_commit(n->store);
    w->counters.commits++;
    p->stored = p->authored = false;
    struct mesh_in in = {.type = err == HOP_OK ? MESH_IN_STORED : MESH_IN_STORE_FAILED,
                         .now = w->now};
    if (err != HOP_OK) { /* what was written is gone */
        struct store_tip tip = {0};
        if (store_tip(n->store, p->log_key.public_key, &tip) == HOP_OK)
            memcpy(p->head, tip.head, sizeof p->head);
        p->seq = tip.seq;
    }
    if (stored || err != HOP_OK)
        (void)sim_node_step(w, n, &in);
    if (authored && err == HOP_OK) {
        in = (struct mesh_in){
            .type = MESH_IN_PUBLISH, .now = w->now, .bytes = SPAN(p->log_key.public_key, 32)};
        (void)sim_node_step(w, n, &in);
    }
}

void sim_node_committed(struct sim_world *w, struct sim_node *n)
{
    uint64_t refused = sim_disk_refused(n->store);
    n->commit_at = HOP_NEVER;
    if (n->peer != NULL)
        commit_peer(w, n);
    else
        commit_device(w, n);
    count_refused(w, n, refused);
    if (!n->alive)
        return;
    sim_watch_node(w, n);
    for (size_t i = 0; i < n->held_count; i++)
        sim_net_send(w, n->index, n->held[i].link, SPAN(n->held[i].bytes, n->held[i].size));
    forget_held(n);
    if (n->keys.changed || sim_disk_dirty(n->store))
        sim_node_dirty(w, n);
    set_wake(w, n);
}

void sim_node_commit_event(struct sim_world *w, struct sim_node *n)
{
    if (!n->alive || n->commit_at != w->now)
        return; /* stale: an earlier one has fired */
    if (n->trouble.paused > 0) {
        n->commit_at = w->now + HOP_SECOND;
        sim_push(
            w, (struct sim_event){.at = n->commit_at, .type = SIM_EVENT_COMMIT, .node = n->index});
        return;
    }
    sim_node_committed(w, n);
}

void sim_node_wake(struct sim_world *w, struct sim_node *n)
{
    if (!n->alive || n->wake != w->now)
        return; /* stale: an earlier one has fired */
    n->wake = HOP_NEVER;
    if (n->trouble.paused > 0) {
        n->wake = w->now + HOP_SECOND;
        sim_push(w, (struct sim_event){.at = n->wake, .type = SIM_EVENT_WAKE, .node = n->index});
        return;
    }
    if (deadline(n) <= w->now) {
        struct mesh_in in = {.type = MESH_IN_TIMEOUT, .now = w->now};
        (void)sim_node_step(w, n, &in);
    }
    set_wake(w, n);
}

/* ---- off and on ---- */

void sim_node_off(struct sim_world *w, struct sim_node *n, bool orderly)
{
    if (!n->alive)
        return;
    sim_trace(w, "%s %s", n->name, orderly ? "is switched off" : "loses power");
    if (n->store != NULL) {
        if (orderly && n->device != NULL) {
            sim_node_committed(w, n);
            device_stop(n->device);
            if (n->keys.changed)
                n->saved = n->keys;
        } else if (!orderly) {
            w->counters.crashes++;
            if (sim_disk_dirty(n->store))
                sim_goal(w, GOAL_POWER_DIRTY);
        }
    }
    stop_code(n);
    if (n->store != NULL)
        sim_disk_lose_power(n->store);
    n->keys = n->saved;
    sim_net_node_off(w, n->index);
}

void sim_node_on(struct sim_world *w, struct sim_node *n)
{
    if (n->alive || n->missing)
        return;
    if (n->store != NULL)
        sim_check_kept(w, n);
    int err = sim_node_start(w, n->index);
    if (err != HOP_OK) {
        sim_fail_check(w, "starts-again", "%s does not start again: %s", n->name,
                       hop_error_text(err));
        return;
    }
    sim_trace(w, "%s is switched on", n->name);
    sim_node_dirty(w, n);
    set_wake(w, n);
    sim_net_node_on(w, n->index);
}

void sim_node_crash(struct sim_world *w, struct sim_node *n)
{
    sim_node_off(w, n, false);
    sim_node_on(w, n);
}

/* ---- records of mesh nodes ---- */

int sim_node_record(struct sim_world *w, struct sim_node *n, size_t size)
{
    static const uint8_t text[RECORD_BODY_BYTES_MAX];
    struct sim_peer *p = n->peer;
    size_t room = record_room(size, 0);
    uint8_t *buffer = malloc(room);
    if (buffer == NULL)
        return HOP_ENOMEM;
    struct store_tip tip = {.seq = p->seq + 1};
    struct record_place place = {LANE_MEETING, OUTER_SEALED, tip.seq,
                                 p->head,      &p->log_key,  &w->cells[n->cell].epoch};
    struct record_inner inner = {.type = 40, .wall = sim_node_wall(n), .body = SPAN(text, size)};
    sim_watch_logs(w, n);
    int err = record_seal(buffer, &room, tip.head, &place, &inner, &p->drbg);
    if (err == HOP_OK)
        err = store_append(n->store, p->log_key.public_key, &tip, SPAN(buffer, room));
    free(buffer);
    if (err != HOP_OK)
        return err;
    p->seq++;
    memcpy(p->head, tip.head, sizeof p->head);
    p->authored = true;
    sim_node_dirty(w, n);
    return HOP_OK;
}
