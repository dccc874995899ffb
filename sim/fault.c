/* What should not happen and does, at the times that were drawn: each fault begins, lasts, ends.
 * When the run settles, all end, everybody is switched on, and what was promised must come about.
 */
#include "sim/film.h"
#include "sim/observe.h"

#include <stdlib.h>

static const struct sim_task *fault_at(const struct sim_world *w, uint32_t index)
{
    return &w->scenario.faults.items[index];
}

static struct sim_node *node_of(const struct sim_world *w, const struct sim_task *t)
{
    uint32_t i = sim_node_index(&w->scenario, t->who);
    return i == SIM_NOBODY ? NULL : &w->nodes[i];
}

/* ---- keeping apart ---- */

/* Is the node that, or of that group? */
static bool is_of(const struct sim_world *w, uint32_t node, const char *who)
{
    return strcmp(w->nodes[node].group->name, who) == 0 || strcmp(w->nodes[node].name, who) == 0;
}

static bool side_of(const struct sim_task *t, uint32_t node)
{
    uint64_t z = (t->value + node) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (z >> 40 & 1) != 0;
}

bool sim_fault_apart(const struct sim_world *w, uint32_t fault, uint32_t a, uint32_t b)
{
    const struct sim_task *t = fault_at(w, fault);
    if (t->kind == FAULT_HALVES)
        return side_of(t, a) != side_of(t, b);
    bool a_in = is_of(w, a, t->who), b_in = is_of(w, b, t->who);
    if (t->kind == FAULT_ISOLATE || t->other[0] == '\0')
        return t->kind == FAULT_ISOLATE ? a_in || b_in : a_in != b_in;
    return (a_in && is_of(w, b, t->other)) || (b_in && is_of(w, a, t->other));
}

static void keep_apart(struct sim_world *w, uint32_t index, bool apart)
{
    uint32_t *p = w->partitions;
    if (apart) {
        p = realloc(p, (w->partitions_count + 1) * sizeof *p);
        if (p == NULL) {
            sim_fail(w, "out of memory");
            return;
        }
        w->partitions = p;
        p[w->partitions_count++] = index;
    } else {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < w->partitions_count; i++) {
            if (p[i] != index)
                p[kept++] = p[i];
        }
        if (kept == w->partitions_count)
            return; /* it had ended */
        w->partitions_count = kept;
    }
    if (apart && w->open_votes > 0)
        sim_goal(w, GOAL_PARTITION_IN_VOTE);
    sim_net_regroup(w);
}

/* ---- old copies ---- */

static void write_something(struct sim_world *w, struct sim_node *n)
{
    struct text_said why;
    if (sim_play_do(w, n, DO_OPINION, 0, &why) != HOP_OK)
        sim_trace(w, "%s has nothing to say", n->name);
}

void sim_fault_copy(struct sim_world *w, uint32_t index)
{
    struct sim_node *n = node_of(w, fault_at(w, index));
    if (n == NULL || !n->alive || n->device == NULL || n->copy != NULL)
        return;
    sim_trace(w, "somebody copies the files of %s", n->name);
    n->copy = store_memory_new(0);
    n->copy_keys = n->saved;
    sim_node_committed(w, n); /* a copy holds what is on the disk */
    if (n->copy == NULL || sim_disk_copy(n->store, n->copy) != HOP_OK)
        sim_fail(w, "%s could not be copied", n->name);
    if (w->scenario.assembly)
        return;
    /* It is started anew and goes on, so that the copy is old from now on: what was copied and put
     * back within one stretch of writing only its peers can tell (device/keys.h). */
    if (fault_at(w, index)->kind == FAULT_RESTORE)
        sim_node_crash(w, n);
    write_something(w, n);
}

static void put_back(struct sim_world *w, struct sim_node *n, bool whole)
{
    if (n->copy == NULL)
        return;
    sim_trace(w, "somebody puts back the old %s of %s", whole ? "directory" : "records", n->name);
    if (n->alive)
        sim_node_off(w, n, false);
    if (whole) {
        n->saved = n->copy_keys;
        n->keys = n->saved;
    }
    w->cloned = w->cloned || whole;
    n->cloned = n->cloned || whole; /* its keys are old as well: it may sign a number twice */
    sim_disk_swap(n->store, n->copy);
    n->copy = NULL;
    sim_watch_rewind(w, n);
    sim_node_on(w, n);
    if (!w->scenario.assembly)
        write_something(w, n); /* before it meets anybody: the moment at which logs fork */
}

/* ---- beginning and ending ---- */

static void change(uint32_t *count, bool begin)
{
    if (begin)
        ++*count;
    else if (*count > 0)
        --*count;
}

static void set_rate(uint32_t *rate, uint64_t value, bool begin)
{
    *rate = begin ? (uint32_t)(value > SIM_MILLION ? SIM_MILLION : value) : 0;
}

/* value 1: not before something waits for the disk, so that the power goes at the worst moment. */
static void turn_power(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                       bool begin)
{
    if (!begin) {
        n->doomed = 0;
        sim_node_on(w, n);
        return;
    }
    if (t->kind == FAULT_POWER && t->value == 1 && n->store != NULL && !sim_disk_dirty(n->store)) {
        n->doomed = (uint32_t)(t - w->scenario.faults.items) + 1;
        return;
    }
    sim_node_off(w, n, t->kind == FAULT_STOP);
    if (t->lasts == 0)
        sim_node_on(w, n);
}

static void turn_clock(struct sim_world *w, struct sim_node *n, uint64_t value)
{
    int64_t by = (int64_t)(value - (UINT64_C(1) << 62));
    n->clock_off += by;
    if (by < 0)
        sim_goal(w, GOAL_CLOCK_BACK);
}

static void turn_pause(struct sim_world *w, struct sim_node *n, bool begin)
{
    change(&n->trouble.paused, begin);
    if (!begin && n->trouble.paused == 0)
        sim_net_node_on(w, n->index);
}

void sim_fault_flap(struct sim_world *w, struct sim_node *n)
{
    if (n->trouble.flapping == 0)
        return;
    if (n->links_count > 0)
        sim_net_drop(w, n->links[rng_below(&n->life, n->links_count)], SIM_NOBODY);
    sim_push(w, (struct sim_event){.at = w->now + (1 + n->trouble.flap_ms) * HOP_MS,
                                   .type = SIM_EVENT_FLAP,
                                   .node = n->index});
}

static void turn_flap(struct sim_world *w, struct sim_node *n, uint64_t value, bool begin)
{
    bool before = n->trouble.flapping > 0;
    change(&n->trouble.flapping, begin);
    n->trouble.flap_ms = (uint32_t)(value % 100000);
    if (begin && !before)
        sim_fault_flap(w, n);
}

static void turn_disk(struct sim_node *n, enum sim_fault kind, uint64_t value, bool begin)
{
    if (n->store == NULL)
        return;
    if (kind == FAULT_DISK_FULL) {
        change(&n->trouble.full, begin);
        sim_disk_full(n->store, n->trouble.full > 0);
    } else if (kind == FAULT_DISK_ERROR && begin) {
        sim_disk_fail(n->store, HOP_EIO);
    } else if (kind == FAULT_SLOW_DISK) {
        n->trouble.slow_ms = begin ? (uint32_t)(value % 60000) : 0;
    }
}

static void turn(struct sim_world *w, struct sim_node *n, const struct sim_task *t, bool begin)
{
    struct sim_trouble *x = &n->trouble;
    switch ((enum sim_fault)t->kind) {
    case FAULT_POWER:
    case FAULT_STOP:
        turn_power(w, n, t, begin);
        break;
    case FAULT_PAUSE:
        turn_pause(w, n, begin);
        break;
    case FAULT_RESTORE:
    case FAULT_CLONE:
        if (begin)
            put_back(w, n, t->kind == FAULT_CLONE);
        break;
    case FAULT_DISK_FULL:
    case FAULT_DISK_ERROR:
    case FAULT_SLOW_DISK:
        turn_disk(n, (enum sim_fault)t->kind, t->value, begin);
        break;
    case FAULT_CLOCK:
        if (begin)
            turn_clock(w, n, t->value);
        break;
    case FAULT_LOSS:
        set_rate(&x->loss, t->value, begin);
        break;
    case FAULT_DUPLICATE:
        set_rate(&x->duplicate, t->value, begin);
        break;
    case FAULT_CORRUPT:
        set_rate(&x->corrupt, t->value, begin);
        break;
    case FAULT_TRUNCATE:
        set_rate(&x->truncate, t->value, begin);
        break;
    case FAULT_REPLAY:
        set_rate(&x->replay, t->value, begin);
        break;
    case FAULT_DEAF:
        change(&x->deaf, begin);
        break;
    case FAULT_CLOG:
        change(&x->clogged, begin);
        n->clogged_until = begin ? w->now + t->lasts : 0;
        break;
    case FAULT_FLAP:
        turn_flap(w, n, t->value, begin);
        break;
    case FAULT_GARBAGE:
        if (begin)
            sim_net_garbage(w, n->index);
        break;
    case FAULT_PARTITION:
    case FAULT_HALVES:
    case FAULT_ISOLATE:
    case FAULT_COUNT:
        break;
    }
}

static void apply(struct sim_world *w, uint32_t index, bool begin)
{
    const struct sim_task *t = fault_at(w, index);
    struct sim_node *n = node_of(w, t);
    if (t->kind == FAULT_PARTITION || t->kind == FAULT_HALVES || t->kind == FAULT_ISOLATE)
        keep_apart(w, index, begin);
    else if (n != NULL && !n->missing)
        turn(w, n, t, begin);
}

void sim_fault_begin(struct sim_world *w, uint32_t index)
{
    const struct sim_task *t = fault_at(w, index);
    if (w->settled)
        return;
    sim_trace(w, "fault %u begins: %s %s %s", (unsigned)index,
              sim_fault_name((enum sim_fault)t->kind), t->who, t->other);
    sim_film_mark(w, sim_node_index(&w->scenario, t->who), w->now + t->lasts, "%s %s",
                  sim_fault_name((enum sim_fault)t->kind), t->who);
    apply(w, index, true);
    if (t->lasts > 0)
        sim_push(
            w, (struct sim_event){.at = w->now + t->lasts, .type = SIM_EVENT_MEND, .step = index});
}

void sim_fault_end(struct sim_world *w, uint32_t index)
{
    if (w->settled)
        return;
    sim_trace(w, "fault %u ends", (unsigned)index);
    apply(w, index, false);
}

void sim_fault_begin_all(struct sim_world *w)
{
    const struct sim_tasks *faults = &w->scenario.faults;
    for (uint32_t i = 0; i < faults->count; i++) {
        const struct sim_task *t = &faults->items[i];
        if (t->at >= w->scenario.duration - w->scenario.settle)
            continue;
        sim_push(w, (struct sim_event){.at = t->at, .type = SIM_EVENT_FAULT, .step = i});
        if (t->kind == FAULT_RESTORE || t->kind == FAULT_CLONE)
            sim_push(w, (struct sim_event){.at = t->lasts < t->at ? t->at - t->lasts : 0,
                                           .type = SIM_EVENT_COPY,
                                           .step = i});
    }
    if (w->scenario.settle > 0)
        sim_push(w, (struct sim_event){.at = w->scenario.duration - w->scenario.settle,
                                       .type = SIM_EVENT_SETTLE});
}

/* From here on nothing breaks: what was promised must come about. */
void sim_fault_settle(struct sim_world *w)
{
    sim_trace(w, "everything is mended");
    w->settled = true;
    sim_film_mark(w, SIM_NOBODY, w->scenario.duration, "everything is mended");
    w->partitions_count = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct sim_node *n = &w->nodes[i];
        bool paused = n->trouble.paused > 0;
        n->trouble = (struct sim_trouble){0};
        n->clogged_until = 0;
        n->doomed = 0;
        if (n->store != NULL) {
            sim_disk_full(n->store, false);
            sim_disk_fail(n->store, HOP_OK);
        }
        if (paused)
            sim_net_node_on(w, i);
        sim_node_on(w, n);
    }
    sim_net_regroup(w);
}

/* ---- the assembly's own faults ---- */

/* Seconds of the play. Between the copy and its return the device is started anew and writes: what
 * was copied and put back within one stretch of writing only its peers can tell (device/keys.h). */
#define COPY_AT    30
#define CRASH_AT   36
#define WRITE_AT   38
#define RESTORE_AT 60

static uint32_t victim(const struct sim_world *w)
{
    return (uint32_t)w->options.nodes - 1;
}

void sim_fault_plan(struct sim_world *w)
{
    if (!w->options.fork && !w->options.restore)
        return;
    sim_play_opinion(w, WRITE_AT * HOP_SECOND, victim(w));
    if (w->options.fork) /* at once: nobody has been met */
        sim_play_opinion(w, RESTORE_AT * HOP_SECOND, victim(w));
}

/* All know the same; and there is none if the device heard of its own records before it wrote. */
void sim_fault_check(struct sim_world *w)
{
    size_t most = w->options.fork ? device_forks(w->nodes[0].device, NULL, 0) : 0;
    if (most > 1)
        sim_fail(w, "%zu logs are forked", most);
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        struct device_fork fork;
        size_t forks = device_forks(w->nodes[i].device, &fork, 1);
        if (forks != most)
            sim_fail(w, "node %u knows of %zu forks", (unsigned)i, forks);
        else if (forks > 0 && memcmp(fork.ik, w->nodes[victim(w)].keys.ik.public_key, 32) != 0)
            sim_fail(w, "node %u names another device than %u", (unsigned)i, (unsigned)victim(w));
    }
    if ((w->options.fork || w->options.restore) && w->nodes[victim(w)].keys.incarnation < 2)
        sim_fail(w, "node %u still writes to its old logs", (unsigned)victim(w));
}

/* The faults of the command line's play, as entries of its scenario. */
void sim_options_faults(struct sim_scenario *s, const struct sim_options *o)
{
    struct sim_task t = {.times = 1};
    struct rng r = sim_stream(o->seed, "assembly", "crashes");
    int err = HOP_OK;
    if (o->split) {
        t = (struct sim_task){.kind = FAULT_HALVES, .at = 75 * HOP_SECOND, .times = 1};
        t.lasts = 25 * HOP_SECOND;
        t.value = 1 + rng_below(&r, UINT32_MAX);
        err = sim_tasks_add(&s->faults, &t);
    }
    for (uint32_t i = 1; o->crashes && i < o->nodes && err == HOP_OK; i += 3) {
        t = (struct sim_task){.kind = FAULT_POWER, .times = 1};
        t.at = (20 + rng_below(&r, 90)) * HOP_SECOND;
        sim_node_name(s, i, t.who);
        err = sim_tasks_add(&s->faults, &t);
    }
    if ((o->fork || o->restore) && err == HOP_OK) {
        t = (struct sim_task){.kind = FAULT_POWER, .at = CRASH_AT * HOP_SECOND, .times = 1};
        sim_node_name(s, (uint32_t)o->nodes - 1, t.who);
        err = sim_tasks_add(&s->faults, &t);
        t.kind = o->fork ? FAULT_CLONE : FAULT_RESTORE;
        t.at = RESTORE_AT * HOP_SECOND;
        t.lasts = (RESTORE_AT - COPY_AT) * HOP_SECOND;
        if (err == HOP_OK)
            err = sim_tasks_add(&s->faults, &t);
    }
    if (err != HOP_OK) /* a run without them says nothing: better none */
        s->faults.count = 0;
}
