#include "sim/heap.h"

#include <assert.h>
#include <stdlib.h>

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

int sim_heap_push(struct sim_heap *h, struct sim_event e)
{
    if (h->count == h->capacity) {
        size_t capacity = h->capacity == 0 ? 256 : h->capacity * 2;
        struct sim_event *events = realloc(h->events, capacity * sizeof *events);
        if (events == NULL)
            return HOP_ENOMEM;
        h->events = events;
        h->capacity = capacity;
    }
    e.order = h->pushed++;
    size_t i = h->count++;
    while (i > 0 && before(&e, &h->events[(i - 1) / 2])) {
        h->events[i] = h->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->events[i] = e;
    return HOP_OK;
}

struct sim_event sim_heap_pop(struct sim_heap *h)
{
    assert(h->count > 0);
    struct sim_event top = h->events[0], last = h->events[--h->count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && before(&h->events[child + 1], &h->events[child]))
            child++;
        if (!before(&h->events[child], &last))
            break;
        h->events[i] = h->events[child];
    }
    if (h->count > 0)
        h->events[i] = last;
    return top;
}

void sim_heap_free(struct sim_heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->events[i].bytes);
    free(h->events);
    *h = (struct sim_heap){0};
}
