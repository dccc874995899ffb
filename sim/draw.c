/* From "three times, to anybody, in the first hour" to exact entries; and swarms.
 *
 * All is drawn before the run, from streams of their own: so the lists can be written down, and an
 * entry can be taken out without moving any other (Groce et al., "Swarm testing", 2012: leaving
 * whole classes of faults out of a run finds more than having all of them in every run). */
#include "sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t hash_text(uint64_t h, const char *text)
{
    for (; *text != '\0'; text++) /* FNV-1a */
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return h;
}

struct rng sim_stream(uint64_t seed, const char *purpose, const char *name)
{
    uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325), purpose);
    h = hash_text((h ^ 0x100) * UINT64_C(0x100000001b3), name);
    struct rng root = rng_seeded(seed);
    return rng_fork(&root, h);
}

static void name_any(const struct sim_scenario *s, struct rng *r, char ret[static SIM_NAME_BYTES])
{
    uint32_t n = (uint32_t)rng_below(r, s->nodes_count);
    sim_node_name(s, n, ret);
}

/* The task for one node at one time. Partitions keep their groups. */
static int add_exact(const struct sim_scenario *s, struct sim_tasks *out, const struct sim_task *t,
                     struct rng *r)
{
    struct sim_task x = *t;
    x.times = 1;
    x.every = x.until = x.spread = 0;
    if (t->spread > 0)
        x.at += rng_below(r, t->spread + 1);
    if (strcmp(x.who, "any") == 0)
        name_any(s, r, x.who);
    if (strcmp(x.other, "any") == 0)
        name_any(s, r, x.other);
    x.order = (uint32_t)out->count;
    return sim_tasks_add(out, &x);
}

/* Groups and "all" become one entry a node; not for what is about sets of nodes. */
static int add_each(const struct sim_scenario *s, struct sim_tasks *out, const struct sim_task *t,
                    bool sets, struct rng *r)
{
    const struct sim_group *g = sim_group_named(s, t->who);
    bool all = strcmp(t->who, "all") == 0;
    if (sets || (g == NULL && !all) || (g != NULL && g->count == 1))
        return add_exact(s, out, t, r);
    uint32_t first = all ? 0 : g->first,
             count = all ? (uint32_t)s->nodes_count : (uint32_t)g->count;
    for (uint32_t i = 0; i < count; i++) {
        struct sim_task one = *t;
        sim_node_name(s, first + i, one.who);
        int err = add_exact(s, out, &one, r);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int expand(const struct sim_scenario *s, struct sim_tasks *tasks, const char *purpose,
                  bool faults)
{
    struct sim_tasks out = {0};
    int err = HOP_OK;
    for (size_t i = 0; i < tasks->count && err == HOP_OK; i++) {
        const struct sim_task *t = &tasks->items[i];
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", i);
        struct rng r = sim_stream(s->seed, purpose, number);
        bool sets = faults && (t->kind == FAULT_PARTITION || t->kind == FAULT_HALVES);
        uint64_t until = t->until > 0 ? t->until : s->duration;
        struct sim_task now = *t;
        if (faults && t->kind == FAULT_HALVES && t->value == 0)
            now.value = 1 + rng_below(&r, UINT32_MAX);
        do {
            for (uint64_t k = 0; k < t->times && err == HOP_OK; k++)
                err = add_each(s, &out, &now, sets, &r);
            now.at += t->every;
        } while (t->every > 0 && now.at < until && err == HOP_OK);
    }
    if (err != HOP_OK) {
        free(out.items);
        return err;
    }
    free(tasks->items);
    *tasks = out;
    return HOP_OK;
}

/* ---- swarm ---- */

bool sim_swarm_has(const struct sim_scenario *s, enum sim_fault kind)
{
    struct rng r = sim_stream(s->seed, "swarm", sim_fault_name(kind));
    return rng_below(&r, 2) == 1;
}

/* How long a fault of this class may last, and how often it comes in an hour, at most. */
static const struct swarm_class {
    uint64_t lasts_max; /* s */
    uint64_t often_max;
    uint64_t value_max;
} swarm_classes[FAULT_COUNT] = {
    [FAULT_PARTITION] = {1200, 0, 0}, /* needs groups: scenarios write it */
    [FAULT_HALVES] = {1200, 6, 0},     [FAULT_ISOLATE] = {900, 8, 0},
    [FAULT_POWER] = {300, 20, 0},      [FAULT_STOP] = {600, 10, 0},
    [FAULT_PAUSE] = {300, 10, 0},      [FAULT_RESTORE] = {600, 1, 0},
    [FAULT_CLONE] = {600, 1, 0},       [FAULT_DISK_FULL] = {600, 4, 0},
    [FAULT_DISK_ERROR] = {0, 8, 0},    [FAULT_SLOW_DISK] = {600, 4, 900},
    [FAULT_CLOCK] = {0, 10, 0},        [FAULT_LOSS] = {600, 10, 600000},
    [FAULT_DEAF] = {300, 8, 0},        [FAULT_CLOG] = {60, 8, 0},
    [FAULT_FLAP] = {120, 6, 3000},     [FAULT_DUPLICATE] = {600, 6, 300000},
    [FAULT_CORRUPT] = {600, 6, 50000}, [FAULT_TRUNCATE] = {600, 6, 50000},
    [FAULT_REPLAY] = {600, 6, 300000}, [FAULT_GARBAGE] = {0, 10, 0}};

static int draw_class(struct sim_scenario *s, enum sim_fault kind)
{
    const struct swarm_class *c = &swarm_classes[kind];
    struct rng r = sim_stream(s->seed, "swarm times", sim_fault_name(kind));
    uint64_t safe = s->duration - s->settle;
    if (c->often_max == 0 || safe < 60 * SIM_MILLION || !sim_swarm_has(s, kind))
        return HOP_OK;
    uint64_t hours = safe / (3600 * SIM_MILLION) + 1;
    uint64_t count = c->often_max == 1 ? 1 : 1 + rng_below(&r, c->often_max * hours);
    for (uint64_t i = 0; i < count; i++) {
        struct sim_task t = {.kind = (uint32_t)kind, .times = 1};
        t.at = 20 * SIM_MILLION + rng_below(&r, safe - 20 * SIM_MILLION);
        t.lasts = c->lasts_max == 0 ? 0 : SIM_MILLION * (1 + rng_below(&r, c->lasts_max));
        t.value = c->value_max == 0 ? 0 : 1 + rng_below(&r, c->value_max);
        if (kind == FAULT_POWER)
            t.value = rng_below(&r, 2); /* every other one at the worst moment */
        if (kind == FAULT_HALVES)
            t.value = 1 + rng_below(&r, UINT32_MAX);
        if (kind == FAULT_CLOCK) /* up to 262 s, as Jepsen bumps clocks, either way */
            t.value = (UINT64_C(1) << 62) + rng_below(&r, 524 * SIM_MILLION) - 262 * SIM_MILLION;
        if (kind == FAULT_RESTORE || kind == FAULT_CLONE) { /* the copy must be made first */
            if (t.lasts + 30 * SIM_MILLION > t.at)
                t.at = t.lasts + 30 * SIM_MILLION;
            if (t.at >= safe)
                continue;
        }
        name_any(s, &r, t.who);
        int err = sim_tasks_add(&s->faults, &t);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

/* ---- who is in the cell ---- */

#define DEEDS_MAX 8

/* Where draws fall: through the one meeting, or through all of the run but its healing. */
static void govern_window(const struct sim_scenario *s, uint64_t *first, uint64_t *last)
{
    *first = (s->assembly ? 12 : 60) * SIM_MILLION;
    *last = s->assembly ? 125 * SIM_MILLION : s->duration - s->settle;
    if (*last <= *first)
        *last = *first + 1;
}

static int add_deed(struct sim_scenario *s, enum sim_act kind, uint64_t at, uint32_t by,
                    uint32_t about, uint64_t value)
{
    struct sim_task t = {.kind = (uint32_t)kind, .at = at, .value = value, .times = 1};
    const struct sim_group *a = sim_node_group(s, by), *b = sim_node_group(s, about);
    if (a->kind != SIM_DEVICE || b->kind != SIM_DEVICE)
        return HOP_OK;
    sim_node_name(s, by, t.who);
    sim_node_name(s, about, t.other);
    if (value > 0 || kind == DO_DEVICE) /* without these the others may do nothing */
        t.lasts = s->assembly ? 0 : 600 * SIM_MILLION;
    return sim_tasks_add(&s->acts, &t);
}

/* A deputy and one of the committee; a second device; then anything that the first three may do.
 * The first node is never touched: there is somebody whose view to compare with. */
static int draw_govern(struct sim_scenario *s)
{
    struct rng r = sim_stream(s->seed, "govern", "");
    uint32_t nodes = (uint32_t)s->nodes_count;
    uint64_t first, last;
    int err = HOP_OK;
    if (s->govern == 0 || (s->swarm && rng_below(&r, 2) == 0))
        return HOP_OK;
    govern_window(s, &first, &last);
    for (uint32_t i = 1; i < nodes && i < 3 && err == HOP_OK; i++)
        err = add_deed(s, DO_ROLE, first - 4 * SIM_MILLION, 0, i, i);
    if (nodes >= 4 && err == HOP_OK)
        err = add_deed(s, DO_DEVICE, first + 13 * SIM_MILLION, 1, nodes - 1, 0);
    unsigned deeds = 2 + (unsigned)rng_below(&r, DEEDS_MAX - 2);
    for (unsigned k = 0; k < deeds && nodes >= 3 && err == HOP_OK; k++) {
        uint64_t at = first + rng_below(&r, last - first);
        uint32_t by = (uint32_t)rng_below(&r, 3);
        uint32_t about = 1 + (uint32_t)rng_below(&r, nodes - 1);
        enum sim_act kind = DO_REMOVE + (enum sim_act)rng_below(&r, DO_DEVICE - DO_REMOVE);
        err = add_deed(s, kind, at, kind == DO_LEAVE ? about : by, about, 0);
    }
    return err;
}

static int by_time(const void *a, const void *b)
{
    const struct sim_task *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(struct sim_tasks *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->items[i].order = (uint32_t)i;
    if (t->count > 0)
        qsort(t->items, t->count, sizeof *t->items,
              by_time); /* no two are equal: any sort will do */
}

int sim_scenario_draw(struct sim_scenario *s, char why[static SIM_MESSAGE_BYTES])
{
    int err = HOP_OK;
    if (!s->drawn) {
        err = expand(s, &s->faults, "faults", true);
        if (err == HOP_OK)
            err = expand(s, &s->acts, "acts", false);
        for (unsigned f = 0; s->swarm && f < FAULT_COUNT && err == HOP_OK; f++)
            err = draw_class(s, (enum sim_fault)f);
        if (err == HOP_OK)
            err = draw_govern(s);
        sort(&s->faults);
        sort(&s->acts);
        s->drawn = 1;
    }
    if (err == HOP_EFULL)
        (void)snprintf(why, SIM_MESSAGE_BYTES, "there are more than %d faults or acts",
                       SIM_TASKS_MAX);
    else if (err != HOP_OK)
        (void)snprintf(why, SIM_MESSAGE_BYTES, "%s", hop_error_text(err));
    return err;
}
