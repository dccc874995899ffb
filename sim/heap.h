/* What happens next: a heap of events with a total order.
 *
 * Events are ordered by time and, at the same time, by the number in which they were pushed, so
 * that every run takes ties the same way, and never by an address. Nothing is ever removed: an
 * event that has become stale fires and does nothing, which is cheaper than deleting it. */
#ifndef HOP_SIM_HEAP_H
#define HOP_SIM_HEAP_H

#include "base/err.h"
#include "base/span.h"

enum sim_event_type {
    SIM_EVENT_WAKE,   /* node: its deadline may have come */
    SIM_EVENT_FRAME,  /* link, node that receives: bytes arrive */
    SIM_EVENT_DIAL,   /* link: try to bring it up */
    SIM_EVENT_COMMIT, /* node: its disk has finished a write */
    SIM_EVENT_ACT,    /* node: the person does the step-th thing of the play */
    SIM_EVENT_JOIN,   /* node: asks to be admitted */
    SIM_EVENT_TASK,   /* step: index of an act of the scenario; bytes hold how often it was tried */
    SIM_EVENT_FAULT,  /* step: index of a fault; it begins */
    SIM_EVENT_MEND,   /* step: index of a fault; it ends */
    SIM_EVENT_COPY,   /* step: index of a fault; the copy that will be put back is made */
    SIM_EVENT_MOVE,   /* everybody moves, and meets or parts */
    SIM_EVENT_CONTACT, /* the next event of a contact file */
    SIM_EVENT_LOOK,    /* node: compares the roots in its neighbours' beacons with its own */
    SIM_EVENT_REST,    /* link: closed if it is level and quiet */
    SIM_EVENT_FLAP,    /* node: its links break */
    SIM_EVENT_STICK,   /* step: index of an act; the stick arrives: bytes */
    SIM_EVENT_SETTLE,  /* nothing is broken any more */
    SIM_EVENT_SAMPLE,  /* a point for the pictures, and checks that are made throughout */
    SIM_EVENT_TICK,    /* node: an idle node ticks */
    SIM_EVENT_END
};

struct sim_event {
    hop_time at;
    uint64_t order;
    uint8_t *bytes; /* FRAME, STICK: owned by the event */
    uint32_t size;
    enum sim_event_type type;
    uint32_t node;
    uint32_t link;
    uint32_t epoch; /* of the link when the frame was sent: frames of a broken link are lost */
    uint32_t step;
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
