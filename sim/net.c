/* Links: ordered streams between nodes that are in contact, over radios with delay, jitter, loss in
 * bursts, a rate that neighbours share, and whatever faults do to frames. */
#include "sim/check.h"
#include "sim/film.h"
#include "sim/observe.h"

#include <assert.h>
#include <stdlib.h>

#define REDIAL_MS   500  /* how soon a broken link is tried again */
#define FULL_MS     5000 /* and how soon where a node had no room for it */
#define RESEND_MS   200  /* a lost frame of a stream is sent again after so long, then twice that */
#define RESENDS_MAX 6    /* and then the stream breaks */
#define BAD_LOSS    700000 /* ppm lost in a bad stretch */

bool sim_net_reachable(const struct sim_world *w, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < w->partitions_count; i++) {
        if (sim_fault_apart(w, w->partitions[i], a, b))
            return false;
    }
    return true;
}

static const struct sim_radio *radio_of(const struct sim_world *w, const struct sim_link *l)
{
    return w->nodes[l->a].radio;
}

static uint32_t other_end(const struct sim_link *l, uint32_t node)
{
    return l->a == node ? l->b : l->a;
}

/* ---- contacts ---- */

static uint32_t find_link(const struct sim_world *w, uint32_t a, uint32_t b)
{
    const struct sim_node *n = &w->nodes[a];
    if (w->nodes[b].links_count < n->links_count) {
        n = &w->nodes[b];
        b = a;
    }
    for (uint32_t i = 0; i < n->links_count; i++) {
        if (other_end(&w->links[n->links[i]], n->index) == b)
            return n->links[i];
    }
    return SIM_NOBODY;
}

static bool list_link(struct sim_node *n, uint32_t link)
{
    if (n->links_count == n->links_room) {
        uint32_t room = n->links_room == 0 ? 4 : 2 * n->links_room;
        uint32_t *links = realloc(n->links, room * sizeof *links);
        if (links == NULL)
            return false;
        n->links = links;
        n->links_room = room;
    }
    n->links[n->links_count++] = link;
    return true;
}

static void unlist_link(struct sim_node *n, uint32_t link)
{
    for (uint32_t i = 0; i < n->links_count; i++) {
        if (n->links[i] == link) { /* order is kept: it decides who is dialled first */
            memmove(n->links + i, n->links + i + 1, (n->links_count - i - 1) * sizeof *n->links);
            n->links_count--;
            return;
        }
    }
}

static uint32_t new_link(struct sim_world *w, uint32_t a, uint32_t b)
{
    uint32_t link = w->links_free;
    if (link != SIM_NOBODY) {
        w->links_free = w->links[link].a;
    } else {
        if (w->links_count == w->links_room) {
            uint32_t room = w->links_room == 0 ? 64 : 2 * w->links_room;
            struct sim_link *links = realloc(w->links, room * sizeof *links);
            if (links == NULL)
                return SIM_NOBODY;
            w->links = links;
            w->links_room = room;
        }
        link = w->links_count++;
        w->links[link].epoch = 0;
    }
    uint32_t epoch = w->links[link].epoch + 1;
    w->links[link] = (struct sim_link){.a = a, .b = b, .epoch = epoch, .used = true};
    w->links[link].contact = true;
    w->links[link].since = w->now;
    if (list_link(&w->nodes[a], link) && list_link(&w->nodes[b], link))
        return link;
    return SIM_NOBODY;
}

static void dial_after(struct sim_world *w, uint32_t link, hop_time after)
{
    sim_push(w, (struct sim_event){.at = w->now + after,
                                   .type = SIM_EVENT_DIAL,
                                   .link = link,
                                   .epoch = w->links[link].epoch});
}

static void link_opened(struct sim_world *w, uint32_t link)
{
    struct sim_link *l = &w->links[link];
    const struct sim_radio *r = radio_of(w, l);
    sim_watch_open(w, l->a, l->b);
    sim_film_contact(w, l->a, l->b, true);
    if (r->when_differ)
        sim_net_look_soon(w, l->a);
    else
        dial_after(w, link, r->setup / 2 + rng_below(&w->nodes[l->a].air, r->setup / 2 + 1));
}

/* Is it open now? Acts on the change. */
static void review(struct sim_world *w, uint32_t link)
{
    struct sim_link *l = &w->links[link];
    bool open = l->contact && sim_net_reachable(w, l->a, l->b);
    if (open == l->open)
        return;
    l->open = open;
    if (open) {
        link_opened(w, link);
    } else {
        sim_film_contact(w, l->a, l->b, false);
        sim_net_drop(w, link, SIM_NOBODY);
    }
}

void sim_net_contact(struct sim_world *w, uint32_t a, uint32_t b, bool near)
{
    if (a > b) {
        uint32_t c = a;
        a = b;
        b = c;
    }
    if (w->nodes[a].missing || w->nodes[b].missing || w->nodes[a].cell != w->nodes[b].cell)
        return;
    uint32_t link = find_link(w, a, b);
    if (near && link == SIM_NOBODY) {
        link = new_link(w, a, b);
        if (link == SIM_NOBODY) {
            sim_fail(w, "out of memory");
            return;
        }
        w->counters.contacts++;
        review(w, link);
    } else if (!near && link != SIM_NOBODY) {
        w->links[link].contact = false;
        review(w, link);
        unlist_link(&w->nodes[a], link);
        unlist_link(&w->nodes[b], link);
        w->links[link].used = false;
        w->links[link].a = w->links_free;
        w->links_free = link;
    }
}

void sim_net_regroup(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->links_count; i++) {
        if (w->links[i].used)
            review(w, i);
    }
}

/* ---- up and down ---- */

/* Both ends of a link bind their HELLO to the same bytes, as the two CURVE keys do in the node. */
static void binding_of(const struct sim_world *w, uint32_t link, uint8_t ret[static 32])
{
    uint8_t bytes[16];
    struct wire_writer out = wire_writer(bytes, sizeof bytes);
    wire_put_u64(&out, w->scenario.seed);
    wire_put_u32(&out, link);
    wire_put_u32(&out, w->links[link].epoch);
    hop_hash(ret, 32, LABEL_LINK_BINDING, wire_written(&out));
}

static bool can_talk(const struct sim_world *w, const struct sim_link *l)
{
    return l->used && l->open && sim_node_mesh(&w->nodes[l->a]) != NULL &&
           sim_node_mesh(&w->nodes[l->b]) != NULL && w->nodes[l->a].trouble.paused == 0 &&
           w->nodes[l->b].trouble.paused == 0;
}

static bool has_room(const struct sim_world *w, const struct sim_link *l)
{
    return w->nodes[l->a].links_up < w->nodes[l->a].radio->links &&
           w->nodes[l->b].links_up < w->nodes[l->b].radio->links;
}

static void bring_up(struct sim_world *w, uint32_t link)
{
    struct sim_link *l = &w->links[link];
    struct sim_node *a = &w->nodes[l->a], *b = &w->nodes[l->b];
    const struct sim_radio *r = radio_of(w, l);
    l->up = true;
    l->epoch++;
    l->frames = 0;
    l->greeted[0] = l->greeted[1] = false;
    l->early[0] = l->early[1] = 0;
    l->busy_until[0] = l->busy_until[1] = w->now;
    a->links_up++;
    b->links_up++;
    w->counters.dials++;
    uint8_t binding[32];
    binding_of(w, link, binding);
    struct mesh_in in = {.type = MESH_IN_LINK_UP,
                         .link = link,
                         .now = w->now,
                         .rate_hint = (uint32_t)(r->rate > UINT32_MAX ? UINT32_MAX : r->rate),
                         .bytes = SPAN(binding, 32)};
    (void)sim_node_step(w, a, &in);
    if (!w->links[link].up) /* the first end refused it */
        return;
    in.listener = true;
    (void)sim_node_step(w, b, &in);
    if (r->when_differ && w->links[link].up)
        sim_push(w, (struct sim_event){.at = w->now + r->rest,
                                       .type = SIM_EVENT_REST,
                                       .link = link,
                                       .epoch = w->links[link].epoch});
}

void sim_net_dial(struct sim_world *w, uint32_t link)
{
    struct sim_link *l = &w->links[link];
    if (!l->used || l->up || !can_talk(w, l))
        return; /* when the reason ends, somebody dials again */
    if (has_room(w, l))
        bring_up(w, link);
    else
        dial_after(w, link, FULL_MS * HOP_MS + rng_below(&w->nodes[l->a].air, FULL_MS * HOP_MS));
}

static void redial(struct sim_world *w, uint32_t link)
{
    const struct sim_link *l = &w->links[link];
    if (!l->contact || !l->open)
        return;
    if (radio_of(w, l)->when_differ)
        sim_net_look_soon(w, l->a);
    else
        dial_after(w, link, REDIAL_MS * HOP_MS);
}

static void take_down(struct sim_world *w, uint32_t link, uint32_t by)
{
    struct sim_link *l = &w->links[link];
    uint32_t a = l->a, b = l->b;
    l->up = false;
    w->nodes[a].links_up--;
    w->nodes[b].links_up--;
    struct mesh_in in = {.type = MESH_IN_LINK_DOWN, .link = link, .now = w->now};
    if (by != a)
        (void)sim_node_step(w, &w->nodes[a], &in);
    if (by != b)
        (void)sim_node_step(w, &w->nodes[b], &in);
}

void sim_net_drop(struct sim_world *w, uint32_t link, uint32_t by)
{
    struct sim_link *l = &w->links[link];
    if (!l->up)
        return;
    if (l->busy_until[0] > w->now || l->busy_until[1] > w->now) {
        w->counters.cut++;
        if (w->nodes[l->a].root != w->nodes[l->b].root)
            sim_goal(w, GOAL_CUT_SYNC);
    }
    take_down(w, link, by);
    redial(w, link);
}

void sim_net_node_off(struct sim_world *w, uint32_t node)
{
    struct sim_node *n = &w->nodes[node];
    for (uint32_t i = 0; i < n->links_count; i++)
        sim_net_drop(w, n->links[i], node);
}

void sim_net_node_on(struct sim_world *w, uint32_t node)
{
    struct sim_node *n = &w->nodes[node];
    if (n->radio->when_differ)
        sim_net_look_soon(w, node);
    for (uint32_t i = 0; i < n->links_count; i++) {
        if (w->links[n->links[i]].open && !radio_of(w, &w->links[n->links[i]])->when_differ)
            dial_after(w, n->links[i], REDIAL_MS * HOP_MS);
    }
}

/* ---- links that are made when beacons show a difference ---- */

/* What its beacons would show: the set of its records, without what stands behind a fork. */
static uint64_t shown_root(const struct sim_world *w, const struct sim_node *n)
{
    const struct mesh *m = w->cloned ? sim_node_mesh(n) : NULL;
    return m == NULL ? n->root : n->root + mesh_forks(m, NULL, 0);
}

void sim_net_look_soon(struct sim_world *w, uint32_t node)
{
    struct sim_node *n = &w->nodes[node];
    if (n->look_at != HOP_NEVER || !n->radio->when_differ)
        return;
    n->look_at = w->now + 1 + rng_below(&n->air, n->radio->beacon);
    sim_push(w, (struct sim_event){.at = n->look_at, .type = SIM_EVENT_LOOK, .node = node});
}

void sim_net_look(struct sim_world *w, uint32_t node)
{
    struct sim_node *n = &w->nodes[node];
    if (n->look_at != w->now)
        return;
    n->look_at = HOP_NEVER;
    bool again = false;
    uint32_t count = n->links_count;
    uint32_t first = count == 0 ? 0 : (uint32_t)rng_below(&n->air, count);
    for (uint32_t k = 0; k < count && k < n->links_count; k++) {
        uint32_t link = n->links[(first + k) % n->links_count];
        struct sim_link *l = &w->links[link];
        const struct sim_node *o = &w->nodes[other_end(l, node)];
        if (l->up || !l->open || shown_root(w, o) == shown_root(w, n))
            continue;
        again = true; /* whatever comes of it: they differ now */
        if (can_talk(w, l) && has_room(w, l))
            bring_up(w, link);
    }
    if (again)
        sim_net_look_soon(w, node);
}

/* Does this end know that both have the same? Until it does, something may be left to say. */
static bool knows_level(const struct sim_node *n, mesh_link link)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    const struct mesh *m = sim_node_mesh(n);
    size_t count = m == NULL ? 0 : mesh_peers(m, views, MESH_LINKS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (views[i].link == link)
            return views[i].in_sync;
    }
    return true;
}

void sim_net_rest(struct sim_world *w, const struct sim_event *e)
{
    struct sim_link *l = &w->links[e->link];
    if (!l->used || !l->up || l->epoch != e->epoch)
        return;
    if (l->frames == e->step && knows_level(&w->nodes[l->a], e->link) &&
        knows_level(&w->nodes[l->b], e->link) &&
        shown_root(w, &w->nodes[l->a]) == shown_root(w, &w->nodes[l->b])) {
        take_down(w, e->link, SIM_NOBODY);
        return;
    }
    struct sim_event again = *e;
    again.at = w->now + radio_of(w, l)->rest;
    again.step = l->frames;
    sim_push(w, again);
}

/* ---- frames ---- */

/* One frame more on this link: is it lost? Bad stretches begin and end by chance, so that losses
 * come together as they do in the air (Gilbert 1960, Elliott 1963). */
static bool loses(struct sim_link *l, struct sim_node *from, const struct sim_radio *r)
{
    if (from->trouble.loss > 0 && rng_below(&from->air, SIM_MILLION) < from->trouble.loss)
        return true;
    if (r->loss == 0)
        return false;
    if (r->burst == 0)
        return rng_below(&from->air, SIM_MILLION) < r->loss;
    /* a bad stretch of `burst` frames loses most; how often one begins gives the mean loss */
    uint64_t leave = SIM_MILLION / r->burst;
    uint64_t share = r->loss < BAD_LOSS ? r->loss * SIM_MILLION / BAD_LOSS : SIM_MILLION - 1;
    uint64_t enter = leave * share / (SIM_MILLION - share);
    if (rng_below(&from->air, SIM_MILLION) < (l->bad ? leave : enter))
        l->bad = !l->bad;
    return l->bad && rng_below(&from->air, SIM_MILLION) < BAD_LOSS;
}

/* When it arrives, by delay, jitter and the air that neighbours share. */
static hop_time arrival(struct sim_world *w, struct sim_node *from, struct sim_node *to,
                        const struct sim_radio *r, size_t size)
{
    hop_time at = w->now;
    if (r->rate > 0) {
        at = at > from->busy_until ? at : from->busy_until;
        at = at > to->busy_until ? at : to->busy_until;
        at += (size + r->overhead) * HOP_SECOND / r->rate;
        from->busy_until = to->busy_until = at;
    }
    if (from->trouble.clogged > 0 && at < from->clogged_until)
        at = from->clogged_until;
    return at + r->delay + rng_below(&from->air, r->jitter + 1);
}

#define NO_BIT UINT64_MAX

/* flip: the bit that arrives turned, or NO_BIT. */
static void push_frame(struct sim_world *w, uint32_t link, uint32_t to, hop_time at,
                       struct span bytes, uint64_t flip)
{
    struct sim_event e = {.at = at,
                          .type = SIM_EVENT_FRAME,
                          .node = to,
                          .link = link,
                          .epoch = w->links[link].epoch,
                          .size = (uint32_t)bytes.size,
                          .bytes = malloc(bytes.size + 1)};
    if (e.bytes == NULL)
        return;
    if (bytes.size > 0)
        memcpy(e.bytes, bytes.data, bytes.size);
    if (flip / 8 < bytes.size)
        e.bytes[flip / 8] ^= (uint8_t)(1u << (flip % 8));
    sim_push(w, e);
}

/* What faults and bad radios do to a frame that does arrive. */
static void push_spoilt(struct sim_world *w, uint32_t link, struct sim_node *from, uint32_t to,
                        hop_time at, struct span bytes)
{
    const struct sim_trouble *t = &from->trouble;
    uint64_t corrupt = t->corrupt + from->radio->corrupt;
    size_t size = bytes.size;
    uint64_t flip = NO_BIT;
    if (t->truncate > 0 && rng_below(&from->air, SIM_MILLION) < t->truncate)
        size = (size_t)rng_below(&from->air, size + 1);
    if (corrupt > 0 && size > 0 && rng_below(&from->air, SIM_MILLION) < corrupt)
        flip = rng_below(&from->air, size * 8);
    push_frame(w, link, to, at, SPAN(bytes.data, size), flip);
    uint64_t duplicate = t->duplicate + from->radio->duplicate;
    if (duplicate > 0 && rng_below(&from->air, SIM_MILLION) < duplicate)
        push_frame(w, link, to, at, bytes, NO_BIT);
    if (t->replay > 0 && from->old_frame != NULL && rng_below(&from->air, SIM_MILLION) < t->replay)
        push_frame(w, link, to, at, SPAN(from->old_frame, from->old_size), NO_BIT);
}

/* Now and then one frame is kept, to be said again much later. */
static void keep_old(struct sim_node *from, struct span bytes)
{
    if (from->trouble.replay == 0 || rng_below(&from->air, 8) != 0)
        return;
    uint8_t *copy = malloc(bytes.size + 1);
    if (copy == NULL)
        return;
    memcpy(copy, bytes.data, bytes.size);
    free(from->old_frame);
    from->old_frame = copy;
    from->old_size = bytes.size;
}

static void count_frame(struct sim_world *w, struct sim_node *n, struct span bytes)
{
    unsigned kind = bytes.size > 0 && bytes.data[0] < FRAMES_END ? bytes.data[0] : 0;
    w->counters.frames++;
    w->counters.bytes += bytes.size;
    w->counters.kinds_frames[kind]++;
    w->counters.kinds_bytes[kind] += bytes.size;
    n->bytes_out += bytes.size;
}

void sim_net_send(struct sim_world *w, uint32_t from, mesh_link link, struct span bytes)
{
    assert(link < w->links_count);
    struct sim_link *l = &w->links[link];
    if (!l->used || !l->up)
        return;
    uint32_t to = other_end(l, from);
    struct sim_node *n = &w->nodes[from];
    const struct sim_radio *r = radio_of(w, l);
    unsigned way = from == l->a ? 0 : 1;
    count_frame(w, n, bytes);
    l->frames++;
    if (!l->greeted[way])
        l->early[way] += (uint32_t)bytes.size;
    sim_check_frame(w, n, l, way, bytes);
    hop_time at = arrival(w, n, &w->nodes[to], r, bytes.size);
    for (unsigned tries = 0; loses(l, n, r); tries++) {
        w->counters.lost++;
        if (r->vanish)
            return;
        w->counters.resent++;
        at += ((uint64_t)RESEND_MS << tries) * HOP_MS;
        if (tries == RESENDS_MAX)
            return; /* the stream is as good as broken: both ends notice the silence */
    }
    hop_time *busy = &l->busy_until[way];
    if (at < *busy)
        at = *busy; /* it waits behind the one before it */
    *busy = at;
    sim_film_frame(w, from, to, at, bytes.size > 0 ? bytes.data[0] : 0);
    push_spoilt(w, link, n, to, at, bytes);
    keep_old(n, bytes);
}

void sim_net_deliver(struct sim_world *w, const struct sim_event *e)
{
    struct sim_link *l = &w->links[e->link];
    struct sim_node *n = &w->nodes[e->node];
    if (!l->used || !l->up || l->epoch != e->epoch)
        return;
    if (n->trouble.deaf > 0 || n->trouble.paused > 0 || !l->open) {
        w->counters.lost++;
        return;
    }
    uint8_t head[12];
    struct wire_writer out = wire_writer(head, sizeof head);
    wire_put_u64(&out, e->at);
    wire_put_u32(&out, e->node);
    hop_hash_add(&w->digest, wire_written(&out));
    hop_hash_add(&w->digest, SPAN(e->bytes, e->size));
    l->greeted[e->node == l->a ? 0 : 1] = true;
    n->bytes_in += e->size;
    struct mesh_in in = {
        .type = MESH_IN_FRAME, .link = e->link, .now = w->now, .bytes = SPAN(e->bytes, e->size)};
    (void)sim_node_step(w, n, &in);
}

/* Somebody who has no key writes on a link of this node. */
void sim_net_garbage(struct sim_world *w, uint32_t node)
{
    struct sim_node *n = &w->nodes[node];
    uint8_t bytes[600];
    for (uint32_t i = 0; i < n->links_count; i++) {
        uint32_t link = n->links[i];
        if (!w->links[link].up)
            continue;
        size_t size = 1 + (size_t)rng_below(&n->life, sizeof bytes);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)rng_next(&n->life);
        bytes[0] = (uint8_t)rng_below(&n->life, FRAMES_END + 2); /* kinds that exist go deeper */
        push_frame(w, link, node, w->now, SPAN(bytes, size), NO_BIT);
        return;
    }
}
