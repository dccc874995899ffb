#include "sim/world.h"

#include "sim/check.h"
#include "sim/film.h"
#include "sim/observe.h"
#include "sim/trails.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

/* All virtual clocks on walls show the same unless a scenario says otherwise: 4 December 2026,
 * 19:30 UTC, and go on from there. */
#define WALL_START   UINT64_C(1796412600000000)
#define SAMPLES      400
#define QUIET_MINUTE (60 * HOP_SECOND)

uint64_t sim_wall(const struct sim_world *w)
{
    return WALL_START + w->now;
}

uint64_t sim_node_wall(const struct sim_node *n)
{
    uint64_t base = n->group->clock_base > 0 ? n->group->clock_base : WALL_START;
    uint64_t wall = base + n->world->now;
    if (n->clock_off < 0 && wall < (uint64_t)-n->clock_off)
        return 0; /* a clock that starts in 1970 */
    return n->clock_off < 0 ? wall - (uint64_t)-n->clock_off : wall + (uint64_t)n->clock_off;
}

const char *sim_goal_name(enum sim_goal g)
{
    static const char *const goals[] = {
#define X(name, text) text,
        SIM_GOALS(X)
#undef X
    };
    return goals[g];
}

void sim_push(struct sim_world *w, struct sim_event e)
{
    assert(e.at >= w->now);
    if (sim_heap_push(&w->heap, e) != HOP_OK) {
        free(e.bytes);
        sim_fail(w, "out of memory");
    }
}

void sim_trace(const struct sim_world *w, const char *format, ...)
{
    if (!w->setup.trace)
        return;
    va_list ap;
    printf("[%13.6f] ", (double)w->now / 1e6);
    va_start(ap, format);
    (void)vprintf(format, ap);
    va_end(ap);
    printf("\n");
}

__attribute__((format(printf, 3, 0))) static void fail(struct sim_world *w, const char *check,
                                                       const char *format, va_list ap)
{
    if (w->failure[0] != '\0')
        return; /* the first failure is the one to look at */
    (void)snprintf(w->failed_check, sizeof w->failed_check, "%s", check);
    (void)vsnprintf(w->failure, sizeof w->failure, format, ap);
    sim_trace(w, "FAILED %s: %s", check, w->failure);
}

void sim_fail(struct sim_world *w, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fail(w, "run", format, ap);
    va_end(ap);
}

void sim_fail_check(struct sim_world *w, const char *check, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fail(w, check, format, ap);
    va_end(ap);
}

/* ---- events ---- */

/* An idle node counts, and tells a neighbour: what the engine itself costs. */
static void tick(struct sim_world *w, struct sim_node *n)
{
    uint8_t head[12];
    struct wire_writer out = wire_writer(head, sizeof head);
    wire_put_u64(&out, w->now);
    wire_put_u32(&out, n->index);
    hop_hash_add(&w->digest, wire_written(&out));
    w->nodes[rng_below(&n->life, w->nodes_count)].inbox++;
    sim_push(w, (struct sim_event){.at = w->now + 1 + rng_below(&n->life, 200 * HOP_MS),
                                   .type = SIM_EVENT_TICK,
                                   .node = n->index});
}

static void sample(struct sim_world *w)
{
    sim_film_sample(w);
    sim_check_sample(w);
    sim_push(w, (struct sim_event){
                    .at = w->now + (w->film != NULL ? w->film->step
                                                    : w->scenario.duration / SAMPLES + HOP_SECOND),
                    .type = SIM_EVENT_SAMPLE});
}

static void handle(struct sim_world *w, struct sim_event *e)
{
    struct sim_node *n = &w->nodes[e->node]; /* the first, for events of nobody */
    switch (e->type) {
    case SIM_EVENT_WAKE:
        sim_node_wake(w, n);
        break;
    case SIM_EVENT_COMMIT:
        sim_node_commit_event(w, n);
        break;
    case SIM_EVENT_JOIN:
        sim_play_join(w, n);
        break;
    case SIM_EVENT_LOOK:
        sim_net_look(w, e->node);
        break;
    case SIM_EVENT_FLAP:
        sim_fault_flap(w, n);
        break;
    case SIM_EVENT_TICK:
        tick(w, n);
        break;
    case SIM_EVENT_FRAME:
        sim_net_deliver(w, e);
        break;
    case SIM_EVENT_DIAL:
        if (w->links[e->link].epoch == e->epoch)
            sim_net_dial(w, e->link);
        break;
    case SIM_EVENT_REST:
        sim_net_rest(w, e);
        break;
    case SIM_EVENT_ACT:
        sim_play_act(w, e);
        break;
    case SIM_EVENT_TASK:
        sim_people_task(w, e);
        break;
    case SIM_EVENT_STICK:
        sim_people_stick(w, e);
        break;
    case SIM_EVENT_FAULT:
        sim_fault_begin(w, e->step);
        break;
    case SIM_EVENT_MEND:
        sim_fault_end(w, e->step);
        break;
    case SIM_EVENT_COPY:
        sim_fault_copy(w, e->step);
        break;
    case SIM_EVENT_SETTLE:
        sim_fault_settle(w);
        break;
    case SIM_EVENT_MOVE:
        sim_move_all(w);
        break;
    case SIM_EVENT_CONTACT:
        sim_contacts_next(w);
        break;
    case SIM_EVENT_SAMPLE:
        sample(w);
        break;
    case SIM_EVENT_END:
        w->quiet_bytes = w->counters.bytes; /* the last minute begins */
        break;
    }
    free(e->bytes);
}

/* ---- beginning ---- */

static size_t cells_at_most(const struct sim_scenario *s)
{
    size_t cells = 1;
    for (size_t i = 0; i < s->groups_count; i++)
        cells +=
            1 + (s->groups[i].cell_size > 0 ? (size_t)(s->groups[i].count / s->groups[i].cell_size)
                                            : 0);
    return cells;
}

static int make_cells(struct sim_world *w)
{
    struct sim_scenario *s = &w->scenario;
    w->cells = calloc(cells_at_most(s), sizeof *w->cells);
    if (w->cells == NULL)
        return HOP_ENOMEM;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct sim_group *g = sim_node_group(s, i);
        uint32_t c = 0;
        char name[SIM_NAME_BYTES];
        if (g->cell_size > 0)
            (void)snprintf(name, sizeof name, "%.40s-%u", g->cell,
                           (unsigned)((i - g->first) / g->cell_size));
        else
            (void)snprintf(name, sizeof name, "%s", g->cell);
        while (c < w->cells_count && strcmp(w->cells[c].name, name) != 0)
            c++;
        struct sim_cell *cell = &w->cells[c];
        if (c == w->cells_count) {
            memcpy(cell->name, name, sizeof cell->name);
            cell->founder = i;
            cell->nodes =
                calloc(g->cell_size > 0 ? g->cell_size : w->nodes_count, sizeof *cell->nodes);
            if (cell->nodes == NULL)
                return HOP_ENOMEM;
            uint8_t secret[32];
            hop_hash(secret, sizeof secret, LABEL_SIM, span_text(cell->name));
            epoch_derive(&cell->epoch, secret, NULL);
            w->cells_count++;
        }
        w->nodes[i].cell = c;
        cell->nodes[cell->nodes_count++] = i;
    }
    return HOP_OK;
}

/* Everybody is there and switched on; who has a cell to join joins it. */
static int make_nodes(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        int err = sim_node_new(w, i);
        if (err != HOP_OK)
            return err;
    }
    for (uint32_t c = 0; c < w->cells_count; c++) {
        struct sim_cell *cell = &w->cells[c];
        for (uint32_t k = 0; k < cell->nodes_count; k++) {
            struct sim_node *n = &w->nodes[cell->nodes[k]];
            if (n->missing || n->group->kind != SIM_DEVICE || sim_govern_comes_later(w, n))
                continue;
            if (!w->nodes[cell->founder].joined) { /* the first who is not missing */
                cell->founder = n->index;
                sim_play_found(w, n);
            } else if (w->scenario.join_gap > 0) {
                sim_push(w, (struct sim_event){.at = k * w->scenario.join_gap,
                                               .type = SIM_EVENT_JOIN,
                                               .node = n->index});
            } else {
                sim_play_join(w, n);
            }
        }
    }
    return w->failure[0] == '\0' ? HOP_OK : HOP_EREFUSED;
}

static int make_room(struct sim_world *w)
{
    hop_hash_init(&w->digest, LABEL_SIM);
    w->people = sim_stream(w->scenario.seed, "people", "");
    w->links_free = SIM_NOBODY;
    w->scratch = malloc(MESH_SCRATCH_BYTES);
    w->outs = calloc(1, sizeof *w->outs);
    w->trails = calloc(1, sizeof *w->trails);
    w->nodes_count = (uint32_t)w->scenario.nodes_count;
    w->nodes = calloc(w->nodes_count + 1, sizeof *w->nodes);
    if (w->scratch == NULL || w->outs == NULL || w->trails == NULL || w->nodes == NULL)
        return HOP_ENOMEM;
    w->outs->scratch = (struct arena){.base = w->scratch, .size = MESH_SCRATCH_BYTES};
    return HOP_OK;
}

int sim_world_begin(struct sim_world *w, struct sim_scenario *scenario,
                    const struct sim_setup *setup)
{
    struct sim_options options = w->options;
    *w = (struct sim_world){.options = options, .scenario = *scenario, .setup = *setup};
    *scenario = (struct sim_scenario){0}; /* it is ours now */
    int err = sim_check_names(&w->scenario, w->failure);
    if (err == HOP_OK)
        err = sim_scenario_draw(&w->scenario, w->failure);
    if (err == HOP_OK)
        err = make_room(w);
    if (err == HOP_OK)
        err = sim_watch_begin(w);
    if (err == HOP_OK)
        err = sim_film_begin(w);
    if (err == HOP_OK)
        err = make_cells(w);
    if (err == HOP_OK)
        err = make_nodes(w);
    if (err == HOP_OK)
        err = sim_move_begin(w);
    if (err == HOP_OK)
        err = sim_contacts_begin(w);
    if (err != HOP_OK) {
        sim_fail(w, "%s", hop_error_text(err));
        return err;
    }
    if (w->scenario.assembly && options.nodes == 0) {
        w->options.nodes = w->nodes_count;
        w->options.opinions = (unsigned)w->scenario.opinions;
        w->options.govern = w->scenario.govern != 0;
    }
    if (w->scenario.assembly)
        sim_play_start(w);
    sim_people_begin(w);
    sim_fault_begin_all(w);
    sample(w);
    if (w->scenario.duration > QUIET_MINUTE)
        sim_push(w, (struct sim_event){.at = w->scenario.duration - QUIET_MINUTE,
                                       .type = SIM_EVENT_END});
    return HOP_OK;
}

bool sim_world_step(struct sim_world *w)
{
    if (w->ended || w->failure[0] != '\0' || w->heap.count == 0 ||
        w->heap.events[0].at > w->scenario.duration)
        return false;
    struct sim_event e = sim_heap_pop(&w->heap);
    assert(e.at >= w->now);
    w->now = e.at;
    w->counters.events++;
    handle(w, &e);
    return true;
}

int sim_world_end(struct sim_world *w)
{
    if (w->failure[0] == '\0' && !w->ended && w->now < w->scenario.duration)
        w->now = w->scenario.duration;
    sim_film_sample(w);
    if (w->failure[0] == '\0' && w->scenario.assembly && !w->ended)
        sim_play_check(w);
    if (w->failure[0] == '\0')
        sim_check_end(w);
    return w->failure[0] == '\0' ? HOP_OK : HOP_EREFUSED;
}

int sim_world_play(struct sim_world *w, struct sim_scenario *scenario,
                   const struct sim_setup *setup)
{
    int err = sim_world_begin(w, scenario, setup);
    if (err != HOP_OK)
        return err;
    while (sim_world_step(w))
        ;
    return sim_world_end(w);
}

/* ---- the play of the command line ---- */

void sim_options_scenario(struct sim_scenario *ret, const struct sim_options *o)
{
    char text[600], why[SIM_MESSAGE_BYTES];
    (void)snprintf(
        text, sizeof text,
        "name = \"assembly\"; seed = \"%llu\"; duration = \"600s\"; settle = \"0s\";"
        "assembly = 1; govern = %u; opinions = %u; join_gap = \"100ms\"; radios = { wire = {"
        "delay = \"%ums\"; jitter = \"%ums\"; loss = \"%u%%\"; vanish = 1; links = 64; }; };"
        "groups = ( { name = \"member\"; count = %u; } );",
        (unsigned long long)o->seed, o->govern ? 1u : 0u, o->opinions, o->delay_ms, o->delay_ms,
        o->loss_percent, (unsigned)o->nodes);
    int err = sim_scenario_parse(ret, text, "", why);
    assert(err == HOP_OK);
    sim_options_faults(ret, o);
}

int sim_world_run(struct sim_world *w, const struct sim_options *options)
{
    struct sim_scenario s;
    struct sim_setup setup = {.trace = options->trace};
    assert(options->nodes >= 2 && options->nodes <= SIM_PLAY_NODES_MAX);
    *w = (struct sim_world){.options = *options};
    sim_options_scenario(&s, options);
    return sim_world_play(w, &s, &setup);
}

/* ---- the end ---- */

void sim_world_digest(struct sim_world *w, uint8_t ret[static 32])
{
    struct hop_hash h = w->digest; /* a copy: the run could go on */
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        uint8_t state[32] = {0};
        struct sim_node *n = &w->nodes[i];
        struct wire_writer out = wire_writer(state, sizeof state);
        if (n->alive && n->device != NULL && n->joined)
            meeting_digest(device_meetings(n->device), device_cell(n->device), state);
        else
            wire_put_u64(&out, n->root + n->inbox);
        hop_hash_add(&h, SPAN(state, sizeof state));
    }
    hop_hash_end(&h, ret, 32);
}

void sim_world_free(struct sim_world *w)
{
    sim_film_free(w);
    for (uint32_t i = 0; i < w->nodes_count && w->nodes != NULL; i++)
        sim_node_free(&w->nodes[i]);
    for (uint32_t i = 0; i < w->cells_count; i++)
        free(w->cells[i].nodes);
    sim_watch_free(w);
    sim_trails_free(w);
    sim_heap_free(&w->heap);
    sim_scenario_free(&w->scenario);
    free(w->partitions);
    free(w->nodes);
    free(w->cells);
    free(w->links);
    free(w->outs);
    free(w->scratch);
    *w = (struct sim_world){0};
}
