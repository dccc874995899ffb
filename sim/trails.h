/* Contact and movement files, read once before the run. The formats are those that people have:
 * the ONE's connection and message events, ns-2 `setdest`, and nodes/links CSV. */
#ifndef HOP_SIM_TRAILS_H
#define HOP_SIM_TRAILS_H

#include "sim/scenario.h"

struct sim_meeting { /* of two nodes: they meet or part */
    uint64_t at;
    uint32_t a, b;
    bool up;
};

struct sim_message { /* of the ONE: somebody writes */
    uint64_t at;
    uint32_t from, size;
};

struct sim_leg { /* of ns-2: from then on towards there, so fast. speed 0: is there at once */
    uint64_t at;
    uint32_t node;
    struct sim_point to;
    uint64_t speed; /* mm/s */
};

struct sim_trails {
    struct sim_meeting *meetings;
    size_t meetings_count, meetings_room, next;
    struct sim_message *messages;
    size_t messages_count, messages_room;
    struct sim_leg *legs;
    size_t legs_count, legs_room, next_leg;
    uint32_t nodes; /* one more than the greatest number seen */
};

/* Read "<s> CONN <a> <b> up|down" and "<s> C <id> <from> <to> <bytes>"; .gz is read as well. Lines
 * that are neither are an error with their number. Node names of the ONE ("p12") count by their
 * digits. */
MUST_USE int sim_trails_one(struct sim_trails *t, const char *path,
                            char why[static SIM_MESSAGE_BYTES]);
/* a,b[,…] a line: contacts that last. The first line may be a heading. */
MUST_USE int sim_trails_links(struct sim_trails *t, const char *path,
                              char why[static SIM_MESSAGE_BYTES]);
/* $node_(n) set X_ x; $ns_ at t "$node_(n) setdest x y speed" */
MUST_USE int sim_trails_setdest(struct sim_trails *t, const char *path,
                                char why[static SIM_MESSAGE_BYTES]);
void sim_trails_done(struct sim_trails *t);

/* What a data file's name means: from the scenario's folder, or sim/data beside its folder. */
void sim_data_path(const struct sim_scenario *s, const char *name, char ret[static SIM_PATH_BYTES]);

#endif
