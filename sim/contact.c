/* Who meets whom: everybody, as a file says, or whoever is in range (move.c). */
#include "sim/trails.h"
#include "sim/world.h"

#include <stdlib.h>

static void meet_all(struct sim_world *w)
{
    for (uint32_t c = 0; c < w->cells_count; c++) {
        const struct sim_cell *cell = &w->cells[c];
        for (uint32_t i = 0; i < cell->nodes_count; i++) {
            for (uint32_t k = i + 1; k < cell->nodes_count; k++)
                sim_net_contact(w, cell->nodes[i], cell->nodes[k], true);
        }
    }
}

static void push_next(struct sim_world *w)
{
    const struct sim_trails *t = w->trails;
    if (t->next < t->meetings_count)
        sim_push(w, (struct sim_event){
                        .at = t->meetings[t->next].at > w->now ? t->meetings[t->next].at : w->now,
                        .type = SIM_EVENT_CONTACT});
}

/* All that stand at this time: one event for many. */
void sim_contacts_next(struct sim_world *w)
{
    struct sim_trails *t = w->trails;
    while (t->next < t->meetings_count && t->meetings[t->next].at <= w->now) {
        const struct sim_meeting *m = &t->meetings[t->next++];
        if (m->a < w->nodes_count && m->b < w->nodes_count)
            sim_net_contact(w, m->a, m->b, m->up);
    }
    push_next(w);
}

/* Messages of the ONE become records of mesh nodes. */
static int add_messages(struct sim_world *w)
{
    int err = HOP_OK;
    for (size_t i = 0; i < w->trails->messages_count && err == HOP_OK; i++) {
        const struct sim_message *m = &w->trails->messages[i];
        struct sim_task t = {.kind = DO_RECORD, .at = m->at, .times = 1, .value = m->size};
        if (m->from >= w->nodes_count)
            continue;
        sim_node_name(&w->scenario, m->from, t.who);
        err = sim_tasks_add(&w->scenario.acts, &t);
    }
    return err;
}

int sim_contacts_begin(struct sim_world *w)
{
    struct sim_scenario *s = &w->scenario;
    char path[SIM_PATH_BYTES];
    int err = HOP_OK;
    if (s->contacts == SIM_CONTACTS_ONE) {
        sim_data_path(s, s->contacts_file, path);
        err = sim_trails_one(w->trails, path, w->failure);
    } else if (s->contacts == SIM_CONTACTS_LINKS) {
        sim_data_path(s, s->contacts_file, path);
        err = sim_trails_links(w->trails, path, w->failure);
    } else if (s->contacts == SIM_CONTACTS_ALL) {
        meet_all(w);
    }
    if (err == HOP_OK && s->messages_file[0] != '\0' &&
        strcmp(s->messages_file, s->contacts_file) != 0) {
        sim_data_path(s, s->messages_file, path);
        err = sim_trails_one(w->trails, path, w->failure);
    }
    if (err == HOP_OK)
        err = add_messages(w);
    if (err == HOP_OK)
        push_next(w);
    return err;
}

void sim_trails_free(struct sim_world *w)
{
    if (w->trails != NULL)
        sim_trails_done(w->trails);
    free(w->trails);
    w->trails = NULL;
}
