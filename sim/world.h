/* A cell of devices in virtual time: the node's own device, mesh, cell, store and meeting code over
 * a heap of events.
 *
 * One thread, integer microseconds, one random stream per (seed, purpose, node). Same options, same
 * trace and same digest, on any compiler.
 *
 * Models: links as ordered streams with delay, jitter, loss of single frames and breaks; one split
 * into two halves that heals; disks that take time, and crashes that lose what was not committed.
 * Does not model: bandwidth, CPU time, discovery (links are tried for ever), clocks that differ. */
#ifndef HOP_SIM_WORLD_H
#define HOP_SIM_WORLD_H

#include "base/rng.h"
#include "device/device.h"
#include "sim/heap.h"

#define SIM_NODES_MAX 64 /* every node is linked with every other, and a mesh has 64 links */

struct sim_options {
    uint64_t seed;
    size_t nodes;
    unsigned delay_ms;     /* one way; jitter is as much again at most */
    unsigned loss_percent; /* of frames */
    unsigned opinions;     /* written by random members through the whole play */
    bool split;            /* two halves from the opening of the vote until after it */
    bool crashes;          /* some nodes lose power once */
    bool restore;          /* old records are put back on one node */
    bool fork;             /* the whole old directory is */
    bool govern;           /* people are removed, suspended, leave, bring a second device */
    bool trace;            /* the story, on standard output */
};

struct sim_held { /* a frame that waits for a commit */
    mesh_link link;
    uint8_t *bytes;
    size_t size;
};

struct sim_node {
    struct sim_world *world;
    uint32_t index;
    struct device_keys keys;
    struct device_keys saved; /* what its key file holds */
    struct store *store;
    struct device *device;
    struct sim_held *held;
    size_t held_count, held_capacity;
    bool committing;    /* a COMMIT event is on its way */
    hop_time wake;      /* the earliest WAKE pushed, or HOP_NEVER */
    uint32_t starts;    /* how often it was started */
    struct store *copy; /* an old one that somebody keeps */
    struct device_keys copy_keys;
    struct device_join join;
    bool joined;
};

struct sim_link {
    uint32_t a, b;  /* a dials b */
    uint32_t epoch; /* counts its lives */
    bool up;
    hop_time busy_until[2]; /* streams are ordered: no frame overtakes */
};

struct sim_counters {
    uint64_t events, frames, lost, bytes, commits, crashes, refused, acts, deeds;
};

struct sim_world {
    struct sim_options options;
    hop_time now;
    struct sim_heap heap;
    struct sim_node nodes[SIM_NODES_MAX];
    struct sim_link *links;
    size_t links_count;
    struct rng net, people, disk;
    bool split;
    struct mesh_outs outs;
    uint8_t *scratch;
    struct hop_hash digest;
    struct sim_counters counters;
    /* the play */
    uint8_t meeting[32], motion[32];
    unsigned last_ones_opinions; /* written by the last node */
    unsigned extra_opinions;     /* beyond those of the options */
    char failure[256];           /* empty: none */
};

/* Run the whole play. HOP_OK, or HOP_EREFUSED with w->failure set: what went wrong, for a person.
 */
MUST_USE int sim_world_run(struct sim_world *w, const struct sim_options *options);

/* Of the whole run: the trace of frames and every node's final state. */
void sim_world_digest(struct sim_world *w, uint8_t ret[static 32]);
void sim_world_free(struct sim_world *w);

/* ---- between the files of this folder ---- */

void sim_push(struct sim_world *w, struct sim_event e); /* out of memory fails the run */
void sim_trace(const struct sim_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sim_fail(struct sim_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t sim_wall(const struct sim_world *w); /* what clocks on walls say */

/* sim/node.c */
MUST_USE int sim_node_start(struct sim_world *w, uint32_t index);
void sim_node_stop(struct sim_node *n);
int sim_node_step(struct sim_world *w, struct sim_node *n, const struct mesh_in *in);
void sim_node_dirty(struct sim_world *w, struct sim_node *n); /* something waits for the disk */
void sim_node_committed(struct sim_world *w, struct sim_node *n);
void sim_node_crash(struct sim_world *w, struct sim_node *n);
void sim_node_wake(struct sim_world *w, struct sim_node *n);

/* sim/net.c */
MUST_USE int sim_net_start(struct sim_world *w);
void sim_net_send(struct sim_world *w, uint32_t from, mesh_link link, struct span bytes);
void sim_net_deliver(struct sim_world *w, const struct sim_event *e);
void sim_net_dial(struct sim_world *w, uint32_t link);
void sim_net_drop(struct sim_world *w, uint32_t link, uint32_t by); /* by: already knows */
void sim_net_split(struct sim_world *w, bool split);
bool sim_net_reachable(const struct sim_world *w, uint32_t a, uint32_t b);

/* sim/play.c: what the people do */
void sim_play_start(struct sim_world *w);
void sim_play_act(struct sim_world *w, const struct sim_event *e);
void sim_play_join(struct sim_world *w, struct sim_node *n);
void sim_play_opinion(struct sim_world *w, hop_time at, uint32_t node);
void sim_play_check(struct sim_world *w); /* everybody agrees, or w->failure says who does not */

/* sim/govern.c: who is in the cell */
void sim_govern_plan(struct sim_world *w);
void sim_govern_act(struct sim_world *w, const struct sim_event *e);
void sim_govern_check(struct sim_world *w);
bool sim_govern_is_in(const struct sim_world *w, uint32_t node);
bool sim_govern_is_second(const struct sim_world *w, uint32_t node);

/* sim/fault.c: what somebody does to a device's files */
void sim_fault_plan(struct sim_world *w);
void sim_fault_copy(struct sim_world *w, struct sim_node *n);
void sim_fault_restore(struct sim_world *w, struct sim_node *n);
void sim_fault_check(struct sim_world *w);

#endif
