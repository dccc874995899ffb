#include "sim/film.h"

#include "sim/observe.h"

#include <stdarg.h>
#include <stdlib.h>

int sim_film_begin(struct sim_world *w)
{
    if (!w->setup.record)
        return HOP_OK;
    struct sim_film *f = calloc(1, sizeof *f);
    if (f == NULL)
        return HOP_ENOMEM;
    w->film = f;
    f->nodes = w->nodes_count;
    /* half of the memory that 600 pictures of 1,000 nodes take is the most a report should hold */
    uint32_t frames = SIM_FILM_FRAMES;
    if ((uint64_t)frames * f->nodes > 300000)
        frames = 300000 / f->nodes < 20 ? 20 : 300000 / f->nodes;
    f->step = w->scenario.duration / frames + 1;
    size_t cells = (size_t)(frames + 2) * f->nodes;
    f->xy = calloc(cells * 2, sizeof *f->xy);
    f->share = calloc(cells, sizeof *f->share);
    f->total = calloc(frames + 2, sizeof *f->total);
    f->delivered = calloc(frames + 2, sizeof *f->delivered);
    f->possible = calloc(frames + 2, sizeof *f->possible);
    f->frames = calloc(SIM_FILM_FRAMES_KEPT, sizeof *f->frames);
    if (f->frames == NULL || f->xy == NULL || f->share == NULL || f->total == NULL ||
        f->delivered == NULL || f->possible == NULL)
        return HOP_ENOMEM;
    return HOP_OK;
}

void sim_film_free(struct sim_world *w)
{
    struct sim_film *f = w->film;
    if (f == NULL)
        return;
    free(f->xy);
    free(f->share);
    free(f->total);
    free(f->delivered);
    free(f->possible);
    free(f->contacts);
    free(f->marks);
    free(f->frames);
    free(f);
    w->film = NULL;
}

void sim_film_sample(struct sim_world *w)
{
    struct sim_film *f = w->film;
    if (f == NULL)
        return;
    size_t row = (size_t)f->samples * f->nodes;
    for (uint32_t i = 0; i < f->nodes; i++) {
        const struct sim_node *n = &w->nodes[i];
        struct sim_point p = sim_move_at(w, n);
        f->xy[2 * (row + i)] = (int32_t)(p.x / 100);
        f->xy[2 * (row + i) + 1] = (int32_t)(p.y / 100);
        uint32_t all = w->watch->count;
        f->share[row + i] = (uint16_t)(!n->alive  ? 0xffff
                                       : all == 0 ? 1000
                                                  : n->records * 1000 / all);
    }
    f->total[f->samples] = w->watch->count;
    f->delivered[f->samples] = w->watch->delivered;
    f->possible[f->samples] = w->watch->possible;
    f->samples++;
}

static bool grow(void **array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return true;
    uint32_t wanted = *room == 0 ? 256 : 2 * *room;
    void *grown = realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

static void film_close_contact(struct sim_film *f, uint32_t a, uint32_t b, hop_time now)
{
    for (uint32_t i = f->contacts_count; i > 0; i--) {
        struct sim_film_contact *c = &f->contacts[i - 1];
        if (c->a == a && c->b == b && c->to == 0) {
            c->to = now;
            return;
        }
    }
}

void sim_film_contact(struct sim_world *w, uint32_t a, uint32_t b, bool open)
{
    struct sim_film *f = w->film;
    if (f == NULL || f->failed)
        return;
    if (!open) {
        film_close_contact(f, a, b, w->now);
        return;
    }
    if (f->contacts_count == SIM_FILM_CONTACTS) {
        f->contacts_left_out++;
        return;
    }
    void *contacts = f->contacts;
    f->failed = !grow(&contacts, f->contacts_count, &f->contacts_room, sizeof *f->contacts);
    f->contacts = contacts;
    if (!f->failed)
        f->contacts[f->contacts_count++] = (struct sim_film_contact){a, b, w->now, 0};
}

void sim_film_mark(struct sim_world *w, uint32_t node, hop_time until, const char *format, ...)
{
    struct sim_film *f = w->film;
    if (f == NULL || f->failed || f->marks_count == SIM_FILM_MARKS)
        return;
    void *marks = f->marks;
    f->failed = !grow(&marks, f->marks_count, &f->marks_room, sizeof *f->marks);
    f->marks = marks;
    if (f->failed)
        return;
    struct sim_film_mark *m = &f->marks[f->marks_count++];
    *m = (struct sim_film_mark){.at = w->now, .until = until, .node = node};
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(m->text, sizeof m->text, format, ap);
    va_end(ap);
}

void sim_film_frame(struct sim_world *w, uint32_t from, uint32_t to, hop_time arrives, uint8_t kind)
{
    struct sim_film *f = w->film;
    if (f == NULL)
        return;
    uint32_t at = (f->frames_first + f->frames_count) % SIM_FILM_FRAMES_KEPT;
    f->frames[at] = (struct sim_film_frame){w->now, arrives, from, to, kind};
    if (f->frames_count < SIM_FILM_FRAMES_KEPT)
        f->frames_count++;
    else
        f->frames_first = (f->frames_first + 1) % SIM_FILM_FRAMES_KEPT;
}
