/* What happens next: a heap of events with a total order.
 *
 * Events are ordered by time and, at the same time, by the number in which they were pushed, so
 * that every run takes ties the same way. Nothing is ever removed: an event that has become stale
 * fires and does nothing, which is cheaper than deleting it. */
#ifndef HOP_SIM_HEAP_H
#define HOP_SIM_HEAP_H

#include "base/err.h"
#include "base/span.h"

enum sim_event_type {
    SIM_EVENT_WAKE,    /* node: its deadline may have come */
    SIM_EVENT_FRAME,   /* link, side: bytes arrive */
    SIM_EVENT_DIAL,    /* link: try to bring it up */
    SIM_EVENT_COMMIT,  /* node: its disk has finished a write */
    SIM_EVENT_ACT,     /* node: the person does the step-th thing of the play */
    SIM_EVENT_SPLIT,   /* the network falls apart */
    SIM_EVENT_HEAL,    /* and comes together */
    SIM_EVENT_COPY,    /* node: somebody copies its files */
    SIM_EVENT_RESTORE, /* node: and puts them back */
    SIM_EVENT_CRASH,   /* node: loses what was not committed, and starts again */
    SIM_EVENT_JOIN,    /* node: asks to be admitted */
    SIM_EVENT_GOVERN   /* node: the person does something about who is in the cell */
};

struct sim_event {
    hop_time at;
    uint64_t order;
    enum sim_event_type type;
    uint32_t node; /* WAKE, COMMIT, ACT, CRASH, JOIN; FRAME: who receives */
    uint32_t link;
    uint32_t epoch; /* of the link when the frame was sent: frames of a broken link are lost */
    uint32_t step;
    uint8_t *bytes; /* FRAME: owned by the event */
    size_t size;
};

struct sim_heap {
    struct sim_event *events;
    size_t count, capacity;
    uint64_t pushed;
};

MUST_USE int sim_heap_push(struct sim_heap *h, struct sim_event e); /* order is filled in */
struct sim_event sim_heap_pop(struct sim_heap *h);                  /* the heap is not empty */
void sim_heap_free(struct sim_heap *h); /* and the bytes of events that never fired */

#endif
