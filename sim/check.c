#include "sim/check.h"

#include "cell/record.h"
#include "sim/observe.h"

#include <stdlib.h>

#define HELD_MAX (64u << 20) /* bytes that wait for one node's commit */
#define EARLY_BYTES_MAX                                                                            \
    1200                /* to a stranger: a HELLO, and no more than three such packets' worth */
#define QUIET_BYTES 200 /* a second, of a link that is level: keepalives and acknowledgements */
#define SHUFFLES    8

static const char *const names[] = {
#define X(name, text, means) text,
    SIM_CHECKS(X)
#undef X
        NULL};

const char *sim_check_name(enum sim_check c)
{
    return names[c];
}

const char *sim_check_means(enum sim_check c)
{
    static const char *const means[] = {
#define X(name, text, means) means,
        SIM_CHECKS(X)
#undef X
    };
    return means[c];
}

int sim_check_names(const struct sim_scenario *s, char why[static SIM_MESSAGE_BYTES])
{
    for (size_t i = 0; i < s->checks_count; i++) {
        bool known = false;
        for (size_t k = 0; k < CHECK_COUNT; k++)
            known = known || strcmp(names[k], s->checks[i]) == 0;
        if (known)
            continue;
        const char *near = sim_nearest(s->checks[i], names);
        (void)snprintf(why, SIM_MESSAGE_BYTES, "there is no check \"%.40s\"%s%s%s", s->checks[i],
                       near == NULL ? "" : "; \"", near == NULL ? "" : near,
                       near == NULL ? "" : "\" was perhaps meant");
        return HOP_EMALFORMED;
    }
    return HOP_OK;
}

/* Where a scenario names none: all but those that only some scenarios can promise. */
static bool usual(enum sim_check c)
{
    return c != CHECK_CONVERGE && c != CHECK_PROGRESS && c != CHECK_LIVELOCK && c != CHECK_ONE_CELL;
}

bool sim_check_on(const struct sim_world *w, enum sim_check c)
{
    const struct sim_scenario *s = &w->scenario;
    for (size_t i = 0; i < s->checks_count; i++) {
        if (strcmp(s->checks[i], names[c]) == 0)
            return true;
    }
    return s->checks_count == 0 && usual(c);
}

/* ---- as the run goes ---- */

static bool contains(struct span bytes, struct span what)
{
    const uint8_t *p = bytes.data, *end = bytes.data + bytes.size;
    while (p != NULL && (size_t)(end - p) >= what.size) {
        p = memchr(p, what.data[0], (size_t)(end - p) - what.size + 1);
        if (p == NULL)
            return false;
        if (memcmp(p, what.data, what.size) == 0)
            return true;
        p++;
    }
    return false;
}

void sim_check_frame(struct sim_world *w, const struct sim_node *n, const struct sim_link *l,
                     unsigned way, struct span bytes)
{
    if (!l->greeted[way] && l->early[way] > EARLY_BYTES_MAX && sim_check_on(w, CHECK_AMPLIFICATION))
        sim_fail_check(w, names[CHECK_AMPLIFICATION],
                       "%s sent %u bytes to somebody who has sent nothing", n->name,
                       (unsigned)l->early[way]);
    if (bytes.size >= sizeof SIM_MARK && bytes.data[0] == FRAME_SEGMENT &&
        sim_check_on(w, CHECK_CONFIDENTIAL) && contains(bytes, span_text(SIM_MARK)))
        sim_fail_check(w, names[CHECK_CONFIDENTIAL], "a frame of %s shows what was written",
                       n->name);
}

/* Before a device starts again: is everything there that was ever committed? */
void sim_check_kept(struct sim_world *w, struct sim_node *n)
{
    uint8_t log[32];
    uint64_t seq, there = 0;
    struct span bytes;
    if (!sim_check_on(w, CHECK_NO_LOST_ACK))
        return;
    while (store_arrival(n->store, there, log, &seq) == HOP_OK &&
           store_get(n->store, log, seq, &bytes) == HOP_OK)
        there++;
    if (there < n->seen)
        sim_fail_check(w, names[CHECK_NO_LOST_ACK],
                       "%s had committed %llu records and holds %llu after its start", n->name,
                       (unsigned long long)n->seen, (unsigned long long)there);
}

static void check_bounds(struct sim_world *w, const struct sim_node *n)
{
    size_t held = 0;
    for (size_t i = 0; i < n->held_count; i++)
        held += n->held[i].size;
    if (held > HELD_MAX || n->links_up > MESH_LINKS_MAX)
        sim_fail_check(w, names[CHECK_BOUNDED], "%s holds %zu bytes back on %u links", n->name,
                       held, (unsigned)n->links_up);
    if (n->group->disk > 0 && n->store != NULL && w->setup.lmdb == NULL &&
        store_memory_bytes(sim_disk_inner(n->store)) > n->group->disk)
        sim_fail_check(w, names[CHECK_BOUNDED], "%s keeps more than its disk", n->name);
}

struct state {
    uint64_t root;
    uint32_t node;
    uint8_t digest[32];
};

static int by_root(const void *a, const void *b)
{
    const struct state *x = a, *y = b;
    return x->root != y->root ? x->root < y->root ? -1 : 1 : x->node < y->node ? -1 : 1;
}

/* Whole devices that are in a cell, with what they show. Owned by the caller. */
static struct state *gather(struct sim_world *w, uint32_t cell, uint32_t *ret_count)
{
    const struct sim_cell *c = &w->cells[cell];
    struct state *states = calloc(c->nodes_count + 1, sizeof *states);
    uint32_t count = 0;
    for (uint32_t i = 0; states != NULL && i < c->nodes_count; i++) {
        struct sim_node *n = &w->nodes[c->nodes[i]];
        if (!n->alive || n->device == NULL || !n->joined || device_pending_count(n->device) > 0 ||
            !sim_govern_reads_all(n))
            continue;
        struct state *s = &states[count++];
        *s = (struct state){.root = n->root, .node = n->index};
        meeting_digest(device_meetings(n->device), device_cell(n->device), s->digest);
    }
    if (states != NULL)
        qsort(states, count, sizeof *states, by_root);
    *ret_count = count;
    return states;
}

static bool any_fork(const struct sim_world *w)
{
    return w->cloned;
}

/* Equal sets must show equal meetings. Where a log is forked, sets of numbers may be equal and
 * records not: then only the end is looked at, by converge. */
static void check_same(struct sim_world *w, uint32_t cell)
{
    uint32_t count;
    struct state *s = gather(w, cell, &count);
    for (uint32_t i = 1; s != NULL && i < count && !any_fork(w); i++) {
        if (s[i].root == s[i - 1].root && memcmp(s[i].digest, s[i - 1].digest, 32) != 0)
            sim_fail_check(w, names[CHECK_SAME_STATE],
                           "%s and %s hold the same records and show different meetings",
                           w->nodes[s[i - 1].node].name, w->nodes[s[i].node].name);
    }
    free(s);
}

void sim_check_sample(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct sim_node *n = &w->nodes[i];
        if (sim_check_on(w, CHECK_BOUNDED))
            check_bounds(w, n);
        if (sim_check_on(w, CHECK_MESH) && sim_node_mesh(n) != NULL)
            mesh_check(sim_node_mesh(n));
        if (w->cloned && sim_node_mesh(n) != NULL && mesh_forks(sim_node_mesh(n), NULL, 0) > 0)
            sim_goal(w, GOAL_FORK);
    }
    for (uint32_t c = 0; c < w->cells_count && sim_check_on(w, CHECK_SAME_STATE); c++)
        check_same(w, c);
}

/* ---- when it is over ---- */

/* Marks everybody whom node can reach now over open contacts, node included. */
static void reach(struct sim_world *w, uint32_t node, uint32_t mark, uint32_t *marks,
                  uint32_t *stack)
{
    uint32_t depth = 0;
    stack[depth++] = node;
    marks[node] = mark;
    while (depth > 0) {
        const struct sim_node *n = &w->nodes[stack[--depth]];
        for (uint32_t i = 0; i < n->links_count; i++) {
            const struct sim_link *l = &w->links[n->links[i]];
            uint32_t o = l->a == n->index ? l->b : l->a;
            if (!l->open || marks[o] != 0 || !w->nodes[o].alive)
                continue;
            marks[o] = mark;
            stack[depth++] = o;
        }
    }
}

static void compare_two(struct sim_world *w, struct sim_node *a, struct sim_node *b)
{
    uint8_t x[32], y[32];
    if (a->root != b->root && !any_fork(w)) {
        sim_fail_check(w, names[CHECK_CONVERGE], "%s holds %llu records, %s holds %llu", b->name,
                       (unsigned long long)b->records, a->name, (unsigned long long)a->records);
    } else if (a->device != NULL && b->device != NULL) {
        if (device_record_count(a->device) != device_record_count(b->device))
            sim_fail_check(w, names[CHECK_CONVERGE], "%s shows %llu records, %s shows %llu",
                           b->name, (unsigned long long)device_record_count(b->device), a->name,
                           (unsigned long long)device_record_count(a->device));
        meeting_digest(device_meetings(a->device), device_cell(a->device), x);
        meeting_digest(device_meetings(b->device), device_cell(b->device), y);
        if (memcmp(x, y, sizeof x) != 0)
            sim_fail_check(w, names[CHECK_CONVERGE], "%s and %s show different meetings", a->name,
                           b->name);
    }
}

/* Who is out, and who may not read all, holds and shows something else. */
static bool compares(const struct sim_world *w, const struct sim_node *n)
{
    return n->device == NULL || (n->joined && sim_govern_is_in(w, n) && sim_govern_reads_all(n));
}

static void check_converge(struct sim_world *w)
{
    uint32_t *marks = calloc(w->nodes_count + 1, sizeof *marks);
    uint32_t *stack = calloc(w->nodes_count + 1, sizeof *stack);
    for (uint32_t i = 0; marks != NULL && stack != NULL && i < w->nodes_count; i++) {
        struct sim_node *n = &w->nodes[i];
        if (marks[i] != 0 || !n->alive || (n->device != NULL && !n->joined))
            continue;
        reach(w, i, i + 1, marks, stack);
        for (uint32_t o = i + 1; o < w->nodes_count; o++) {
            if (marks[o] == i + 1 && compares(w, n) && compares(w, &w->nodes[o]))
                compare_two(w, n, &w->nodes[o]);
        }
    }
    free(marks);
    free(stack);
}

/* Whoever the witness can reach now. */
static void check_one_cell(struct sim_world *w, uint32_t cell)
{
    const struct sim_node *witness = sim_govern_witness(w, cell);
    uint32_t *marks = calloc(w->nodes_count + 1, sizeof *marks);
    uint32_t *stack = calloc(w->nodes_count + 1, sizeof *stack);
    if (witness != NULL && marks != NULL && stack != NULL) {
        reach(w, witness->index, 1, marks, stack);
        sim_govern_check(w, witness, marks);
    }
    free(marks);
    free(stack);
}

/* Every log's records came in the order of their numbers, and what is shown came after what it had
 * seen. What still waits at the end waits for something that is not here. */
static void check_causal(struct sim_world *w, struct sim_node *n)
{
    const struct history *h = n->device == NULL ? NULL : device_history(n->device);
    for (uint32_t i = 0; h != NULL && i < history_count(h); i++) {
        const struct history_entry *e = history_at(h, i);
        bool holds = e->seq == 1 ? e->previous == HISTORY_NONE : e->previous < i;
        for (uint32_t k = 0; k < e->deps_count && holds; k++)
            holds =
                history_dep(h, e, k) < i && history_at(h, history_dep(h, e, k))->height < e->height;
        if (!holds)
            sim_fail_check(w, names[CHECK_CAUSAL], "%s shows a record before what it had seen",
                           n->name);
    }
}

/* Put the records of from into a new store, logs mixed by chance, each log in its order. */
static int refill(struct store *from, struct store *to, struct rng *r)
{
    uint8_t(*logs)[32] = NULL;
    uint64_t *next = NULL, *tips = NULL;
    size_t count = 0, left = 0;
    uint8_t log[32], after[32];
    const uint8_t *last = NULL;
    struct store_tip tip;
    int err = HOP_OK;
    while (store_next_log(from, last, log, &tip) == HOP_OK) {
        memcpy(after, log, sizeof after);
        last = after;
        count++;
    }
    logs = calloc(count + 1, sizeof *logs);
    next = calloc(count + 1, sizeof *next);
    tips = calloc(count + 1, sizeof *tips);
    if (logs == NULL || next == NULL || tips == NULL) {
        err = HOP_ENOMEM;
        goto out;
    }
    last = NULL;
    for (size_t i = 0; i < count && store_next_log(from, last, logs[i], &tip) == HOP_OK; i++) {
        tips[i] = tip.seq;
        last = logs[i];
    }
    left = count;
    while (left > 0 && err == HOP_OK) {
        size_t i = (size_t)rng_below(r, count);
        struct span bytes;
        struct record parsed;
        while (next[i] == tips[i])
            i = (i + 1) % count;
        struct store_tip place = {.seq = ++next[i]};
        err = store_get(from, logs[i], next[i], &bytes);
        if (err == HOP_OK)
            err = record_parse(&parsed, bytes);
        if (err == HOP_OK) {
            record_id(place.head, parsed.header, parsed.text);
            err = store_append(to, logs[i], &place, bytes);
        }
        left -= next[i] == tips[i];
    }
out:
    free(logs);
    free(next);
    free(tips);
    return err == HOP_OK ? store_commit(to) : err;
}

static void check_order_free(struct sim_world *w, struct sim_node *n)
{
    uint8_t want[32], got[32];
    struct rng r = sim_stream(w->scenario.seed, "shuffle", n->name);
    unsigned shuffles = w->setup.rederive > 0 ? w->setup.rederive : SHUFFLES;
    meeting_digest(device_meetings(n->device), device_cell(n->device), want);
    for (unsigned i = 0; i < shuffles && w->failure[0] == '\0'; i++) {
        struct device_keys keys = n->keys;
        struct device *d = NULL;
        struct device_config config = {.keys = &keys, .store = store_memory_new(0)};
        int err = config.store == NULL ? HOP_ENOMEM : refill(n->store, config.store, &r);
        config.seed[0] = 1;
        if (err == HOP_OK)
            err = device_new(&d, &config);
        if (err == HOP_OK)
            meeting_digest(device_meetings(d), device_cell(d), got);
        if (err != HOP_OK || memcmp(want, got, sizeof want) != 0)
            sim_fail_check(w, names[CHECK_ORDER_FREE],
                           "the records of %s, in another order, show another meeting%s%s", n->name,
                           err == HOP_OK ? "" : ": ", err == HOP_OK ? "" : hop_error_text(err));
        device_free(d);
        store_close(config.store);
    }
}

/* One result for each closed motion, on all devices that know of its close. */
static void check_decided(struct sim_world *w, uint32_t cell)
{
    const struct sim_cell *c = &w->cells[cell];
    const struct meeting_motion *first = NULL;
    const char *by = NULL;
    for (uint32_t i = 0; i < c->nodes_count; i++) {
        struct sim_node *n = &w->nodes[c->nodes[i]];
        if (!n->alive || n->device == NULL || !n->joined || !sim_govern_is_in(w, n) ||
            !sim_govern_reads_all(n))
            continue;
        const struct meeting_motion *m =
            meeting_find_motion(device_meetings(n->device), c->motion, NULL);
        if (m == NULL || !m->closed)
            continue;
        if (m->late > 0)
            sim_goal(w, GOAL_LATE_VOTE);
        if (first == NULL) {
            first = m;
            by = n->name;
        } else if (m->outcome != first->outcome || m->agree != first->agree ||
                   m->disagree != first->disagree || m->eligible != first->eligible) {
            if (!any_fork(w))
                sim_fail_check(w, names[CHECK_DECIDED_ONCE], "%s and %s count one vote differently",
                               by, n->name);
        }
    }
}

static void check_quiet(struct sim_world *w)
{
    uint64_t up = 0, sent = w->counters.bytes - w->quiet_bytes;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        up += w->nodes[i].links_up;
    uint64_t most = (up + 2) * QUIET_BYTES * 60;
    if (sent > most)
        sim_fail_check(w, names[CHECK_LIVELOCK],
                       "in the last minute %llu bytes were sent, over %llu",
                       (unsigned long long)sent, (unsigned long long)most);
}

static void check_reach(struct sim_world *w)
{
    const struct sim_watch *v = w->watch;
    if (v->best_off)
        return;
    if (v->delivered * SIM_MILLION < v->possible * w->scenario.reach)
        sim_fail_check(w, names[CHECK_PROGRESS], "%llu of %llu possible deliveries were made",
                       (unsigned long long)v->delivered, (unsigned long long)v->possible);
}

static void check_disk(struct sim_world *w, struct sim_node *n)
{
    if (sim_disk_refused(n->store) == 0 || !w->settled)
        return;
    uint64_t refused = sim_disk_refused(n->store);
    if (store_put(n->store, STORE_META, span_text("sim"), span_text("again")) != HOP_OK ||
        store_commit(n->store) != HOP_OK || sim_disk_refused(n->store) != refused)
        sim_fail_check(w, names[CHECK_DISK_FULL], "%s cannot write again", n->name);
    sim_check_kept(w, n);
}

void sim_check_end(struct sim_world *w)
{
    bool shuffled = false;
    sim_check_sample(w);
    for (uint32_t i = 0; i < w->nodes_count && w->failure[0] == '\0'; i++) {
        struct sim_node *n = &w->nodes[i];
        if (!n->alive || n->store == NULL)
            continue;
        if (sim_check_on(w, CHECK_CAUSAL))
            check_causal(w, n);
        if (sim_check_on(w, CHECK_DISK_FULL))
            check_disk(w, n);
        if (sim_check_on(w, CHECK_ORDER_FREE) && n->device != NULL && n->joined && !any_fork(w) &&
            !shuffled && device_pending_count(n->device) == 0) {
            check_order_free(w, n);
            shuffled = true; /* one a run: the others hold the same, or converge says so */
        }
    }
    for (uint32_t c = 0; c < w->cells_count && sim_check_on(w, CHECK_DECIDED_ONCE); c++)
        check_decided(w, c);
    if (sim_check_on(w, CHECK_CONVERGE))
        check_converge(w);
    for (uint32_t c = 0; c < w->cells_count && sim_check_on(w, CHECK_ONE_CELL); c++)
        check_one_cell(w, c);
    if (sim_check_on(w, CHECK_LIVELOCK))
        check_quiet(w);
    if (sim_check_on(w, CHECK_PROGRESS))
        check_reach(w);
}
