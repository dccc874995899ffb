/* What the people do: found a cell, come in, convene, write opinions, meet, vote through a split,
 * close.
 *
 * Everybody acts through the node's own "may this device do this now"; who may not yet (the notice
 * has not arrived) tries again a second later, as a person would. */
#include "sim/world.h"

#include "procedures/assets.h"
#include "sim/check.h"

#include <stdio.h>
#include <stdlib.h>

#define TRIES_MAX 90 /* seconds a person keeps trying before it counts as stuck */

/* One thing a person does; in the order of the play. Times are seconds of the virtual day. */
enum step {
    STEP_MEETING,
    STEP_NOTICE,
    STEP_OPINION,
    STEP_OPEN,
    STEP_ATTEND,
    STEP_ROLL,
    STEP_MOTION,
    STEP_VOTE,
    STEP_TALLY,
    STEP_CLOSE,
    STEP_MINUTES,
    STEP_CHECK
};

static const char *const step_names[] = {"prepares a meeting",
                                         "sends the notice",
                                         "gives an opinion",
                                         "opens the meeting",
                                         "attends",
                                         "calls the roll",
                                         "puts a motion",
                                         "votes",
                                         "closes the vote",
                                         "closes the meeting",
                                         "signs the minutes",
                                         "looks"};

/* The step is in the low byte; above it how often it was tried, and for the roll which member. */
static uint32_t pack(enum step s, uint32_t tries, uint32_t about)
{
    return (uint32_t)s | tries << 8 | about << 16;
}

static void plan(struct sim_world *w, unsigned second, uint32_t node, enum step s, uint32_t about)
{
    hop_time at = second * HOP_SECOND + rng_below(&w->people, HOP_SECOND);
    sim_push(w, (struct sim_event){
                    .at = at, .type = SIM_EVENT_ACT, .node = node, .step = pack(s, 0, about)});
}

/* The procedure that ships under this name; empty if there is none. */
static struct span procedure(const char *file)
{
    for (size_t i = 0; i < procedure_assets_count; i++) {
        if (strcmp(procedure_assets[i].path, file) == 0)
            return SPAN(procedure_assets[i].bytes, procedure_assets[i].size);
    }
    return (struct span){0};
}

void sim_play_opinion(struct sim_world *w, hop_time at, uint32_t node)
{
    sim_push(w,
             (struct sim_event){
                 .at = at, .type = SIM_EVENT_ACT, .node = node, .step = pack(STEP_OPINION, 0, 0)});
    w->extra_opinions++;
}

static struct sim_cell *cell_of(struct sim_world *w, const struct sim_node *n)
{
    return &w->cells[n->cell];
}

void sim_play_found(struct sim_world *w, struct sim_node *n)
{
    struct text_said why;
    char name[32];
    (void)snprintf(name, sizeof name, "Member %u", (unsigned)n->index);
    int err = device_found(n->device, "Simulated cell", "assembly", procedure("assembly.conf"),
                           name, ROLE_SECRETARY, sim_node_wall(n), &why);
    if (err != HOP_OK)
        sim_fail(w, "the cell could not be founded: %s", hop_error_text(err));
    n->joined = true;
    sim_node_committed(w, n);
}

void sim_play_start(struct sim_world *w)
{
    uint32_t nodes = (uint32_t)w->options.nodes;
    plan(w, 10, 0, STEP_MEETING, 0);
    plan(w, 12, 0, STEP_NOTICE, 0);
    for (unsigned k = 0; k < w->options.opinions; k++) {
        unsigned second = 15 + (unsigned)rng_below(&w->people, 80); /* one draw a statement: */
        uint32_t node = (uint32_t)rng_below(&w->people, nodes); /* arguments have no order in C */
        plan(w, second, node, STEP_OPINION, k & 0x7fff);
    }
    plan(w, 40, 0, STEP_OPEN, 0);
    for (uint32_t i = 0; i < nodes; i++) {
        plan(w, 45, i, STEP_ATTEND, 0);
        plan(w, 50, 0, STEP_ROLL, i);
        plan(w, 70 + (unsigned)rng_below(&w->people, 20), i, STEP_VOTE, 0);
    }
    plan(w, 60, 0, STEP_MOTION, 0);
    plan(w, 140, 0, STEP_TALLY, 0);
    plan(w, 145, 0, STEP_CLOSE, 0);
    plan(w, 150, 0, STEP_MINUTES, 0);
    plan(w, 200, 0, STEP_CHECK, 0);
    sim_fault_plan(w);
}

/* ---- coming in ---- */

#define JOIN_TRIES_MAX 200

/* The one who admits is not there: later. */
static bool wait_for(struct sim_world *w, struct sim_node *n, const struct sim_node *host)
{
    if (host->alive && n->alive && device_has_cell(host->device))
        return false;
    if (n->joined_tries++ < JOIN_TRIES_MAX)
        sim_push(w, (struct sim_event){
                        .at = w->now + HOP_SECOND, .type = SIM_EVENT_JOIN, .node = n->index});
    else
        sim_fail(w, "%s never met anybody who would admit it", n->name);
    return true;
}

static int ask_to_join(struct sim_world *w, struct sim_node *host, struct sim_node *n,
                       const struct device_invite_ask *ask, struct text_said *why)
{
    struct device_invite invite;
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    int err = device_invite_for(host->device, ask, sim_node_wall(host), &invite, why);
    sim_node_committed(w, host);
    if (err == HOP_OK)
        err = device_join_read(&n->join, invite.text, why);
    if (err == HOP_OK)
        err = device_join_request(n->device, &n->join, request, &request_size);
    if (err != HOP_OK)
        return err;
    device_join_answer(host->device, SPAN(request, request_size), n->join.link_key.public_key,
                       sim_node_wall(host), answer, &answer_size);
    sim_node_committed(w, host); /* the answer leaves only after this */
    return device_join_finish(n->device, &n->join, SPAN(answer, answer_size), why);
}

int sim_play_admit(struct sim_world *w, struct sim_node *host, struct sim_node *n,
                   const struct device_invite_ask *ask, struct text_said *why)
{
    int err = ask_to_join(w, host, n, ask, why);
    if (err != HOP_OK)
        return err;
    device_free(n->device);
    n->device = NULL;
    n->keys.changed = false;
    n->saved = n->keys;
    err = sim_node_start(w, n->index);
    if (err != HOP_OK)
        return err;
    n->joined = true;
    sim_trace(w, "%s has joined", n->name);
    sim_net_node_on(w, n->index);
    return HOP_OK;
}

void sim_play_join(struct sim_world *w, struct sim_node *n)
{
    struct sim_node *host = &w->nodes[cell_of(w, n)->founder];
    struct text_said why = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "Member %u", (unsigned)n->index);
    struct device_invite_ask ask = {.name = name, .role = ROLE_MEMBER, .category = CATEGORY_FULL};
    if (wait_for(w, n, host))
        return;
    if (sim_play_admit(w, host, n, &ask, &why) != HOP_OK)
        sim_fail(w, "%s could not join: %s", n->name, text(TEXT_EN, why.id));
}

/* ---- acts ---- */

static void make_meeting(struct act *a)
{
    *a = (struct act){.type = ACT_MEETING,
                      .title = span_text("Monthly meeting"),
                      .form = span_text("regular"),
                      .when = span_text("04/12/2026 19:30"),
                      .place = span_text("here and there"),
                      .agenda_count = 2};
    a->agenda[0] = span_text("Report of the month");
    a->agenda[1] = span_text("Plan of the next");
}

/* The act for a step; text is room for words. False if the person cannot even name it yet. */
static bool make_act(struct sim_world *w, const struct sim_event *e, struct act *a, char *text_room,
                     size_t size)
{
    enum step s = (enum step)(e->step & 0xff);
    static const enum act_type types[] = {ACT_MEETING, ACT_NOTICE, ACT_OPINION, ACT_OPEN,
                                          ACT_ATTEND,  ACT_ROLL,   ACT_MOTION,  ACT_VOTE,
                                          ACT_TALLY,   ACT_CLOSE,  ACT_MINUTES};
    struct device *d = w->nodes[e->node].device;
    if (s == STEP_MEETING) {
        make_meeting(a);
        return true;
    }
    *a = (struct act){.type = types[s], .item = 1};
    const struct sim_cell *cell = cell_of(w, &w->nodes[e->node]);
    memcpy(a->meeting, cell->meeting, 32);
    memcpy(a->target, cell->motion, 32);
    a->text = span_text(text_room);
    (void)snprintf(text_room, size, SIM_MARK " %u of member %u", (unsigned)(e->step >> 16),
                   (unsigned)e->node);
    if (s == STEP_VOTE)
        a->value = CHOICE_AGREE + e->node % 3;
    if (s == STEP_ROLL) {
        uint32_t about = e->step >> 16;
        if (about >= cell_member_count(device_cell(d)))
            return false;
        memcpy(a->target, cell_member(device_cell(d), about)->id, 16);
        a->value = ROLL_PRESENT;
    }
    if (s == STEP_VOTE || s == STEP_TALLY)
        a->text = (struct span){0};
    a->text.size = a->text.size == 0 && a->text.data == NULL ? 0 : strlen(text_room);
    return meeting_find(device_meetings(d), cell->meeting) != NULL;
}

static int do_act(struct sim_world *w, const struct sim_event *e, struct text_said *why)
{
    struct sim_node *n = &w->nodes[e->node];
    enum step s = (enum step)(e->step & 0xff);
    struct act a;
    struct buf minutes = {0};
    char words[96] = "";
    uint8_t id[32];
    *why = (struct text_said){0};
    if (!n->alive || n->device == NULL || n->trouble.paused > 0 || !n->joined)
        return HOP_EREFUSED;
    if (!make_act(w, e, &a, words, sizeof words))
        return HOP_EREFUSED;
    if (s == STEP_MINUTES) {
        const struct meeting *m = meeting_find(device_meetings(n->device), cell_of(w, n)->meeting);
        int err = meeting_minutes_text(device_meetings(n->device), device_cell(n->device), m,
                                       TEXT_EN, &minutes);
        if (err != HOP_OK)
            return err;
        a.text = buf_written(&minutes);
        a.language = span_text("en");
        a.value = MEETING_MINUTES_FORM;
    }
    int err = device_act(n->device, &a, sim_node_wall(n), id, why);
    buf_free(&minutes);
    if (err != HOP_OK)
        return err;
    if (s == STEP_MEETING)
        memcpy(cell_of(w, n)->meeting, id, 32);
    if (s == STEP_MOTION) {
        memcpy(cell_of(w, n)->motion, id, 32);
        w->open_votes++;
    }
    if (s == STEP_TALLY && w->open_votes > 0) {
        w->open_votes--;
        sim_goal(w, GOAL_MANY_MOTIONS);
    }
    if (s == STEP_OPINION && e->node + 1 == w->options.nodes)
        w->last_ones_opinions++;
    w->counters.acts++;
    sim_node_committed(w, n); /* as the API does: the person is told after the commit */
    return HOP_OK;
}

int sim_play_do(struct sim_world *w, struct sim_node *n, enum sim_act act, uint32_t about,
                struct text_said *why)
{
    static const enum step steps[DO_COUNT] = {
        [DO_CONVENE] = STEP_MEETING, [DO_NOTICE] = STEP_NOTICE,   [DO_OPINION] = STEP_OPINION,
        [DO_OPEN] = STEP_OPEN,       [DO_ATTEND] = STEP_ATTEND,   [DO_ROLL] = STEP_ROLL,
        [DO_MOTION] = STEP_MOTION,   [DO_VOTE] = STEP_VOTE,       [DO_TALLY] = STEP_TALLY,
        [DO_CLOSE] = STEP_CLOSE,     [DO_MINUTES] = STEP_MINUTES, [DO_RECORD] = STEP_OPINION};
    struct sim_event e = {.node = n->index, .step = pack(steps[act], 0, about & 0x7fff)};
    return do_act(w, &e, why);
}

static bool may_speak(const struct sim_world *w, uint32_t node)
{
    const struct sim_node *n = &w->nodes[node];
    return n->joined && n->device != NULL &&
           cell_device_active(device_cell(n->device), n->keys.ik.public_key) != NULL;
}

void sim_play_act(struct sim_world *w, const struct sim_event *e)
{
    enum step s = (enum step)(e->step & 0xff);
    uint32_t tries = e->step >> 8 & 0xff;
    struct text_said why;
    if (s == STEP_CHECK) {
        sim_play_check(w);
        w->ended = true;
        return;
    }
    int err = do_act(w, e, &why);
    if (err == HOP_OK) {
        sim_trace(w, "member %u %s", (unsigned)e->node, step_names[s]);
        return;
    }
    if (w->options.govern && (tries >= TRIES_MAX || !may_speak(w, e->node)))
        return; /* it is out, or what it would do has gone by while it was */
    if (tries >= TRIES_MAX) {
        struct buf b = {0};
        text_said_fill(&b, TEXT_EN, &why);
        sim_fail(w, "member %u never %s: %s", (unsigned)e->node, step_names[s], buf_string(&b));
        buf_free(&b);
        return;
    }
    struct sim_event again = *e;
    again.at = w->now + HOP_SECOND;
    again.step = pack(s, tries + 1, e->step >> 16);
    again.bytes = NULL;
    sim_push(w, again);
}

/* ---- the end ---- */

static void check_node(struct sim_world *w, uint32_t i)
{
    struct device *d = w->nodes[i].device, *first = w->nodes[0].device;
    uint8_t a[32], b[32];
    if (device_pending_count(d) != 0)
        sim_fail(w, "node %u holds %llu records it cannot order", (unsigned)i,
                 (unsigned long long)device_pending_count(d));
    if (device_record_count(d) != device_record_count(first))
        sim_fail(w, "node %u holds %llu records, node 0 holds %llu", (unsigned)i,
                 (unsigned long long)device_record_count(d),
                 (unsigned long long)device_record_count(first));
    meeting_digest(device_meetings(d), device_cell(d), a);
    meeting_digest(device_meetings(first), device_cell(first), b);
    if (memcmp(a, b, sizeof a) != 0)
        sim_fail(w, "nodes 0 and %u hold the same records and show different meetings",
                 (unsigned)i);
    mesh_check(device_mesh(d));
}

void sim_play_check(struct sim_world *w)
{
    const struct meeting *m;
    if (w->options.govern) {
        for (uint32_t i = 0; i < w->options.nodes; i++) {
            if (sim_govern_is_in(w, &w->nodes[i]) && sim_govern_reads_all(&w->nodes[i]))
                check_node(w, i);
        }
        sim_govern_check(w, &w->nodes[0], NULL);
        return;
    }
    if (cell_member_count(device_cell(w->nodes[0].device)) != w->options.nodes)
        sim_fail(w, "%zu of %zu members were admitted",
                 cell_member_count(device_cell(w->nodes[0].device)), w->options.nodes);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        check_node(w, i);
    sim_fault_check(w);
    /* what was void after a fork, or lost with the newer store before anybody had it */
    size_t void_acts = w->options.fork || w->options.restore ? w->last_ones_opinions : 0;
    size_t opinions = w->options.opinions + w->extra_opinions;
    m = meeting_find(device_meetings(w->nodes[0].device), w->cells[0].meeting);
    if (m == NULL || m->stage != STAGE_CLOSED || m->motions_count != 1)
        sim_fail(w, "the meeting was not held to its end");
    else if (m->motions[0].votes_count + (w->options.fork ? 1 : 0) < w->options.nodes)
        sim_fail(w, "%zu of %zu votes arrived", m->motions[0].votes_count, w->options.nodes);
    else if (m->opinions_count > opinions || m->opinions_count + void_acts < opinions)
        sim_fail(w, "%zu of %zu opinions arrived", m->opinions_count, opinions);
}
