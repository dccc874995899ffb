/* Where people are, and who is in range of whom.
 *
 * Everybody goes in straight legs, so a place follows from the leg by one division; all in whole
 * millimetres. Who is near is found once a tick, by a grid of squares as wide as the longest range:
 * only the nine around a node are looked at. */
#include "sim/trails.h"
#include "sim/world.h"

#include <stdlib.h>

#define FIELD_USUAL 1000000 /* mm: a kilometre, where a scenario says nothing */

/* ---- places ---- */

/* The square root, rounded down, of what fits into 63 bits. */
static uint64_t root_of(uint64_t v)
{
    uint64_t r = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        if ((r | bit) * (r | bit) <= v)
            r |= bit;
    }
    return r;
}

static uint64_t distance(struct sim_point a, struct sim_point b)
{
    int64_t x = a.x - b.x, y = a.y - b.y;
    return root_of((uint64_t)(x * x) + (uint64_t)(y * y));
}

struct sim_point sim_move_at(const struct sim_world *w, const struct sim_node *n)
{
    if (w->now >= n->leg_ends || n->leg_ends == n->leg_begins)
        return n->to;
    int64_t gone = (int64_t)(w->now - n->leg_begins) / 1000,
            all = (int64_t)(n->leg_ends - n->leg_begins) / 1000 + 1; /* ms: products stay small */
    return (struct sim_point){n->from.x + (n->to.x - n->from.x) * gone / all,
                              n->from.y + (n->to.y - n->from.y) * gone / all};
}

/* A circle without sine: thirty-two places on a square's outline, pushed out to the radius. */
static struct sim_point on_circle(uint64_t radius, uint64_t i, uint64_t count)
{
    int64_t side = 4000, r = (int64_t)radius, along = (int64_t)(i * 4 * 4000 / count);
    int64_t x = along % side, leg = along / side;
    struct sim_point p = leg == 0   ? (struct sim_point){x - side / 2, -side / 2}
                         : leg == 1 ? (struct sim_point){side / 2, x - side / 2}
                         : leg == 2 ? (struct sim_point){side / 2 - x, side / 2}
                                    : (struct sim_point){-side / 2, side / 2 - x};
    int64_t d = (int64_t)distance(p, (struct sim_point){0, 0});
    return (struct sim_point){r + p.x * r / d, r + p.y * r / d};
}

static struct sim_point place_of(const struct sim_group *g, struct sim_node *n)
{
    uint64_t i = n->index - g->first, columns = root_of(g->count - 1) + 1;
    struct sim_point p = {0, 0};
    switch (g->place) {
    case SIM_PLACE_GRID:
        p = (struct sim_point){(int64_t)(i % columns * g->place_a),
                               (int64_t)(i / columns * g->place_b)};
        break;
    case SIM_PLACE_RANDOM:
        p.x = (int64_t)rng_below(&n->life, g->place_a + 1);
        p.y = (int64_t)rng_below(&n->life, g->place_b + 1);
        break;
    case SIM_PLACE_LINE:
        p.x = (int64_t)(i * g->place_a);
        break;
    case SIM_PLACE_CIRCLE:
        p = on_circle(g->place_a, i, g->count);
        break;
    case SIM_PLACE_AT:
        break;
    }
    return (struct sim_point){p.x + (int64_t)g->x, p.y + (int64_t)g->y};
}

/* ---- legs ---- */

static void go(struct sim_world *w, struct sim_node *n, struct sim_point to, uint64_t speed)
{
    n->from = sim_move_at(w, n);
    n->to = to;
    n->leg_begins = w->now;
    n->leg_ends = w->now + distance(n->from, to) * SIM_MILLION / speed;
    n->leg_leaves = n->leg_ends;
}

static void next_waypoint(struct sim_world *w, struct sim_node *n)
{
    const struct sim_group *g = n->group;
    uint64_t width = g->width > 0 ? g->width : g->place_a > 0 ? g->place_a : FIELD_USUAL;
    uint64_t height = g->height > 0 ? g->height : g->place_b > 0 ? g->place_b : width;
    struct sim_point to;
    to.x = (int64_t)(g->x + rng_below(&n->life, width + 1));
    to.y = (int64_t)(g->y + rng_below(&n->life, height + 1));
    go(w, n, to, g->speed_min + rng_below(&n->life, g->speed_max - g->speed_min + 1));
    n->leg_leaves += rng_below(&n->life, g->pause + 1);
}

static void next_of_route(struct sim_world *w, struct sim_node *n)
{
    const struct sim_group *g = n->group;
    n->route_at = (n->route_at + 1) % (uint32_t)g->route_count;
    go(w, n, g->route[n->route_at],
       g->speed_min + rng_below(&n->life, g->speed_max - g->speed_min + 1));
    n->leg_leaves += g->pause;
}

static void move_one(struct sim_world *w, struct sim_node *n)
{
    for (int legs = 0; w->now >= n->leg_leaves && legs < 8; legs++) {
        if (n->group->move == SIM_MOVE_WAYPOINT)
            next_waypoint(w, n);
        else if (n->group->move == SIM_MOVE_ROUTE)
            next_of_route(w, n);
        else
            return;
    }
}

static void move_by_file(struct sim_world *w)
{
    struct sim_trails *t = w->trails;
    while (t->next_leg < t->legs_count && t->legs[t->next_leg].at <= w->now) {
        const struct sim_leg *leg = &t->legs[t->next_leg++];
        if (leg->node >= w->nodes_count)
            continue;
        struct sim_node *n = &w->nodes[leg->node];
        if (n->group->move != SIM_MOVE_TRACE)
            continue;
        if (leg->speed > 0)
            go(w, n, leg->to, leg->speed);
        else
            n->from = n->to = leg->to;
    }
}

/* ---- range ---- */

static uint64_t longest_range(const struct sim_world *w)
{
    uint64_t longest = 1000;
    for (size_t i = 0; i < w->scenario.radios_count; i++)
        longest = w->scenario.radios[i].range > longest ? w->scenario.radios[i].range : longest;
    return longest;
}

static bool near(const struct sim_node *a, const struct sim_node *b)
{
    uint64_t range = a->radio->range < b->radio->range ? a->radio->range : b->radio->range;
    int64_t x = a->at.x - b->at.x, y = a->at.y - b->at.y;
    return (uint64_t)(x * x) + (uint64_t)(y * y) <= range * range;
}

#define SQUARES 4096 /* places of the table; squares share them, which costs a look */

static uint32_t square_of(int64_t x, int64_t y)
{
    uint64_t h =
        (uint64_t)x * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)y * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(h >> 40) % SQUARES;
}

static void part(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->links_count; i++) {
        const struct sim_link *l = &w->links[i];
        if (l->used && !near(&w->nodes[l->a], &w->nodes[l->b]))
            sim_net_contact(w, l->a, l->b, false);
    }
}

static bool in_contact(const struct sim_world *w, uint32_t a, uint32_t b)
{
    const struct sim_node *n = &w->nodes[a];
    for (uint32_t i = 0; i < n->links_count; i++) {
        const struct sim_link *l = &w->links[n->links[i]];
        if (l->a == b || l->b == b)
            return true;
    }
    return false;
}

/* Everybody looks at those with a smaller number in the nine squares around. */
static void meet(struct sim_world *w)
{
    static uint32_t heads[SQUARES];
    int64_t wide = (int64_t)longest_range(w);
    for (uint32_t i = 0; i < SQUARES; i++)
        heads[i] = SIM_NOBODY;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct sim_node *n = &w->nodes[i];
        if (n->missing)
            continue;
        int64_t x = n->at.x / wide, y = n->at.y / wide;
        uint32_t seen[9] = {0}, squares = 0;
        for (int k = 0; k < 9; k++) {
            uint32_t s = square_of(x + k % 3 - 1, y + k / 3 - 1);
            bool again = false; /* two squares may share a place: not twice the same people */
            for (uint32_t j = 0; j < squares; j++)
                again = again || seen[j] == s;
            if (again)
                continue;
            seen[squares++] = s;
            for (uint32_t o = heads[s]; o != SIM_NOBODY; o = w->nodes[o].cell_next) {
                if (w->nodes[o].cell == n->cell && near(n, &w->nodes[o]) && !in_contact(w, i, o))
                    sim_net_contact(w, o, i, true);
            }
        }
        uint32_t own = square_of(x, y);
        n->cell_next = heads[own];
        heads[own] = i;
    }
}

static bool anybody_moves(const struct sim_world *w)
{
    for (size_t i = 0; i < w->scenario.groups_count; i++) {
        if (w->scenario.groups[i].move != SIM_MOVE_STILL)
            return true;
    }
    return false;
}

void sim_move_all(struct sim_world *w)
{
    move_by_file(w);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        move_one(w, &w->nodes[i]);
        w->nodes[i].at = sim_move_at(w, &w->nodes[i]);
    }
    if (w->scenario.contacts == SIM_CONTACTS_RANGE) {
        part(w);
        meet(w);
    }
    if (anybody_moves(w))
        sim_push(w, (struct sim_event){.at = w->now + w->scenario.tick, .type = SIM_EVENT_MOVE});
}

int sim_move_begin(struct sim_world *w)
{
    char path[SIM_PATH_BYTES];
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct sim_node *n = &w->nodes[i];
        n->at = n->from = n->to = place_of(n->group, n);
        if (n->group->move == SIM_MOVE_ROUTE) {
            n->at = n->from = n->to = n->group->route[0];
            n->leg_leaves = n->group->pause;
        }
    }
    for (size_t i = 0; i < w->scenario.groups_count; i++) {
        const struct sim_group *g = &w->scenario.groups[i];
        if (g->move != SIM_MOVE_TRACE || w->trails->legs_count > 0)
            continue;
        sim_data_path(&w->scenario, g->file, path);
        int err = sim_trails_setdest(w->trails, path, w->failure);
        if (err != HOP_OK)
            return err;
    }
    sim_move_all(w);
    return HOP_OK;
}
