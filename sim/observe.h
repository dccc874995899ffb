/* Who has what since when, and since when they could have had it.
 *
 * The observer looks into stores after each commit, so it sees what is durable. Beside the run it
 * floods the same records over the same contacts with no delay, no loss and no limit: the best that
 * any protocol could do, against which spread is measured. */
#ifndef HOP_SIM_OBSERVE_H
#define HOP_SIM_OBSERVE_H

#include "sim/world.h"

#define SIM_DELAYS       40    /* buckets of delay, each 1.5 times the one before */
#define SIM_BEST_RECORDS 20000 /* beyond so many records the best is not worked out */

struct sim_record {
    uint8_t log[32];
    uint64_t seq;
    uint8_t id[32]; /* as its author committed it */
    uint32_t author, bytes;
    uint32_t cell;
    hop_time made;
    uint32_t have, could; /* nodes beside the author */
    hop_time last;        /* when the last of them got it */
};

struct sim_watch {
    struct sim_record *records;
    uint32_t count, room;
    uint32_t *index; /* open addressing by log and seq */
    uint32_t index_room;
    bool best_off;
    uint64_t delivered, possible; /* pairs of record and node */
    uint64_t delay_sum, best_sum; /* ms */
    uint64_t delays[SIM_DELAYS], best[SIM_DELAYS];
    struct sim_own { /* logs that nodes have written to: by key, open addressing */
        uint8_t log[32];
        uint32_t node;
        bool used;
    } * own;
    uint32_t own_count, own_room;
};

MUST_USE int sim_watch_begin(struct sim_world *w);
void sim_watch_free(struct sim_world *w);
/* Look at what node committed. */
void sim_watch_node(struct sim_world *w, struct sim_node *n);
/* These are logs that n may write to: before each commit, because they change. */
void sim_watch_logs(struct sim_world *w, struct sim_node *n);
/* An old copy was put back: only so many of its records are there any more. */
void sim_watch_rewind(struct sim_world *w, struct sim_node *n);
/* A contact is open: whatever one could have, the other could. */
void sim_watch_open(struct sim_world *w, uint32_t a, uint32_t b);
/* A stick went from one to the other. */
void sim_watch_carry(struct sim_world *w, uint32_t from, uint32_t to);
uint64_t sim_delay_bound(unsigned bucket); /* ms: the upper end */
/* How many pairs of record and member of its cell there are. */
uint64_t sim_watch_pairs(const struct sim_world *w);
bool sim_watch_has(const struct sim_node *n, uint32_t record);

#endif
