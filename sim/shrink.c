/* The same failure with less of everything: ddmin (Zeller and Hildebrandt, 2002) over nodes, faults
 * and acts, then shorter times and simpler radios. Every candidate runs in a process of its own; it
 * is taken only if the same check fails in the same words, numbers and names aside. */
#include "sim/cli.h"
#include "sim/fields.h"

#include <stdlib.h>
#include <unistd.h>

struct list { /* of things that can be left out */
    bool *out;
    size_t count;
};

struct shrink {
    const struct sim_cli *c;
    struct sim_scenario s; /* numbers change here; lists through the flags */
    struct list faults, acts, nodes;
    char check[SIM_NAME_BYTES], words[SIM_FAILURE_BYTES];
    unsigned seconds; /* for one candidate */
    uint64_t end;     /* of the budget, wall time; 0: none */
    uint64_t tried, taken;
    struct sim_result last;
};

/* Names and numbers change as things are left out; what is said stays: words with a digit or a
 * slash in them become one sign. */
static void normal(char *ret, size_t size, const char *text)
{
    size_t n = 0;
    while (*text != '\0' && n + 2 < size) {
        size_t word = strcspn(text, " ");
        bool name = word > 0 && strcspn(text, "0123456789/") < word;
        for (size_t i = 0; i < (name ? 1 : word) && n + 2 < size; i++)
            ret[n++] = name ? '@' : text[i];
        text += word;
        while (*text == ' ' && n + 2 < size)
            ret[n++] = *text++;
    }
    ret[n] = '\0';
}

static size_t left(const struct list *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += !l->out[i];
    return n;
}

static void copy_kept(struct sim_tasks *ret, const struct sim_tasks *from, const struct list *l)
{
    *ret = (struct sim_tasks){.items = calloc(from->count + 1, sizeof *ret->items)};
    for (size_t i = 0; ret->items != NULL && i < from->count; i++) {
        if (!l->out[i])
            ret->items[ret->count++] = from->items[i];
    }
}

/* A scenario of what is left; its lists are its own, all else is borrowed. */
static struct sim_scenario candidate(const struct shrink *k)
{
    struct sim_scenario s = k->s;
    copy_kept(&s.faults, &k->s.faults, &k->faults);
    copy_kept(&s.acts, &k->s.acts, &k->acts);
    s.without = calloc(k->nodes.count + 1, sizeof *s.without);
    s.without_count = 0;
    for (uint32_t i = 0; s.without != NULL && i < k->nodes.count; i++) {
        if (k->nodes.out[i])
            sim_node_name(&k->s, i, s.without[s.without_count++]);
    }
    return s;
}

static void drop_candidate(struct sim_scenario *s)
{
    free(s->faults.items);
    free(s->acts.items);
    free(s->without);
}

static bool fails_same(struct shrink *k)
{
    char words[SIM_FAILURE_BYTES];
    struct sim_scenario s = candidate(k);
    struct sim_result r;
    struct sim_setup setup = {.rederive = 2};
    if (s.faults.items == NULL || s.acts.items == NULL || s.without == NULL) {
        drop_candidate(&s);
        return false;
    }
    (void)sim_run_apart(&s, &setup, NULL, k->seconds, &r);
    drop_candidate(&s);
    k->tried++;
    normal(words, sizeof words, r.failure);
    bool same = r.code == 1 && strcmp(r.failed_check, k->check) == 0 &&
                (strcmp(words, k->words) == 0 || strcmp(k->check, "converge") == 0);
    if (same) {
        k->taken++;
        k->last = r;
    }
    if (isatty(STDERR_FILENO) && !k->c->quiet)
        fprintf(stderr, "\r\033[K%llu tried: %zu nodes, %zu faults, %zu acts",
                (unsigned long long)k->tried, left(&k->nodes), left(&k->faults), left(&k->acts));
    return same;
}

static bool in_time(const struct shrink *k)
{
    return k->end == 0 || sim_wall_us() < k->end;
}

/* Leave out runs of things, long ones first, until no single one can go. True if any went. */
static bool leave_out(struct shrink *k, struct list *l)
{
    bool any = false;
    for (size_t chunk = (l->count + 1) / 2; chunk > 0 && in_time(k);) {
        bool went = false;
        for (size_t at = 0; at < l->count && in_time(k);) {
            size_t changed[4096], n = 0;
            while (at < l->count && n < chunk && n < 4096) {
                if (!l->out[at])
                    changed[n++] = at;
                at++;
            }
            for (size_t i = 0; i < n; i++)
                l->out[changed[i]] = true;
            if (n > 0 && fails_same(k)) {
                went = any = true;
            } else {
                for (size_t i = 0; i < n; i++)
                    l->out[changed[i]] = false;
            }
        }
        if (!went || chunk > 1)
            chunk /= 2;
    }
    return any;
}

/* One number smaller or plainer, if the failure stays. */
static bool try_value(struct shrink *k, uint64_t *value, uint64_t to)
{
    uint64_t before = *value;
    if (before == to || !in_time(k))
        return false;
    *value = to;
    if (fails_same(k))
        return true;
    *value = before;
    return false;
}

static bool smaller_numbers(struct shrink *k)
{
    bool any = false;
    for (size_t i = 0; i < k->s.radios_count; i++) {
        for (const struct sim_field *f = sim_radio_fields; f->name != NULL; f++) {
            if (strcmp(f->name, "range") != 0 && strcmp(f->name, "links") != 0)
                any = try_value(k, sim_field_of(f, &k->s.radios[i]), f->usual) || any;
        }
    }
    for (size_t i = 0; i < k->s.groups_count; i++)
        any = try_value(k, &k->s.groups[i].clock, 0) || any;
    for (size_t i = 0; i < k->s.faults.count; i++) {
        struct sim_task *t = &k->s.faults.items[i];
        if (!k->faults.out[i] && t->kind != FAULT_RESTORE && t->kind != FAULT_CLONE) {
            while (t->lasts > SIM_MILLION && try_value(k, &t->lasts, t->lasts / 2))
                any = true;
        }
    }
    return any;
}

/* The run as short as it can be. */
static bool shorter(struct shrink *k)
{
    uint64_t floor = k->last.virtual_us / SIM_MILLION * SIM_MILLION + SIM_MILLION;
    uint64_t least = 60 * SIM_MILLION + k->s.settle;
    bool any = false;
    if (floor < k->s.duration && floor > k->s.settle)
        any = try_value(k, &k->s.duration, floor);
    while (k->s.duration / 2 > least && try_value(k, &k->s.duration, k->s.duration / 2))
        any = true;
    return any;
}

static bool list_make(struct list *l, size_t count)
{
    *l = (struct list){.out = calloc(count + 1, sizeof *l->out), .count = count};
    return l->out != NULL;
}

static bool begin(struct shrink *k)
{
    struct sim_setup setup = {.rederive = 2};
    char why[SIM_MESSAGE_BYTES];
    uint64_t began = sim_wall_us();
    struct sim_cli own = *k->c;
    own.seed_given = k->c->seed_given;
    if (sim_cli_scenario(&own, &k->s) != HOP_OK || sim_scenario_draw(&k->s, why) != HOP_OK)
        return false;
    if (!list_make(&k->faults, k->s.faults.count) || !list_make(&k->acts, k->s.acts.count) ||
        !list_make(&k->nodes, (size_t)k->s.nodes_count))
        return false;
    for (size_t i = 0; i < k->s.without_count; i++) {
        uint32_t n = sim_node_index(&k->s, k->s.without[i]);
        if (n != SIM_NOBODY)
            k->nodes.out[n] = true;
    }
    (void)sim_run_apart(&k->s, &setup, NULL, 600, &k->last);
    k->seconds = (unsigned)((sim_wall_us() - began) * 4 / SIM_MILLION + 2);
    (void)snprintf(k->check, sizeof k->check, "%s", k->last.failed_check);
    normal(k->words, sizeof k->words, k->last.failure);
    return k->last.code == 1;
}

int sim_cli_shrink(const struct sim_cli *c)
{
    struct shrink k = {.c = c};
    char folder[SIM_PATH_BYTES];
    if (!begin(&k)) {
        fprintf(stderr, "hop-sim: nothing fails in %s\n", c->what);
        return 2;
    }
    uint64_t began = sim_wall_us();
    k.end = began + (c->budget > 0 ? c->budget : 60) * SIM_MILLION;
    bool again = true;
    for (int round = 0; again && round < 4 && in_time(&k); round++) {
        again = round == 0 && shorter(&k);
        if (!k.s.assembly) /* its play tells who does what */
            again = leave_out(&k, &k.nodes) || again;
        again = leave_out(&k, &k.faults) || again;
        again = leave_out(&k, &k.acts) || again;
        again = smaller_numbers(&k) || again;
    }
    if (isatty(STDERR_FILENO) && !c->quiet)
        fputs("\r\033[K", stderr);
    struct sim_scenario s = candidate(&k);
    (void)snprintf(folder, sizeof folder, "%.400s", c->out == NULL ? "shrunk.capsule" : c->out);
    sim_capsule(&s, &k.last, folder, c);
    printf("%s: %s\n%zu nodes, %zu faults, %zu acts, %llu s; %llu candidates in %llu s\n%s\n",
           k.check, k.last.failure, left(&k.nodes), left(&k.faults), left(&k.acts),
           (unsigned long long)(k.s.duration / SIM_MILLION), (unsigned long long)k.tried,
           (unsigned long long)((sim_wall_us() - began) / SIM_MILLION), folder);
    drop_candidate(&s);
    sim_scenario_free(&k.s);
    free(k.faults.out);
    free(k.acts.out);
    free(k.nodes.out);
    return 0;
}
