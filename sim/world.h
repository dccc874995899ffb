/* Many devices in virtual time: the node's own device, mesh, cell, store and meeting code over a
 * heap of events.
 *
 * One thread, integer microseconds and millimetres, one random stream for each (seed, purpose, name
 * of the node), so that another node or fault shifts nobody else's chance. Same scenario, same
 * seed: same trace and same digest, on any compiler.
 *
 * The files: net.c links and radios; contact.c who meets whom; move.c where people are; node.c one
 * virtual device; disk.c its disk; play.c, people.c and govern.c what people do; fault.c what goes
 * wrong; observe.c who has what since when, and the best that any protocol could do; check.c what
 * must hold. docs/simulator.md says what is not modelled. */
#ifndef HOP_SIM_WORLD_H
#define HOP_SIM_WORLD_H

#include "base/rng.h"
#include "cell/epoch.h"
#include "cell/record.h"
#include "device/device.h"
#include "mesh/frame.h"
#include "sim/heap.h"
#include "sim/scenario.h"

#include <stdio.h>

/* The play of one meeting on the command line, as before there were scenario files: it becomes a
 * scenario with the assembly flag. */
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

#define SIM_PLAY_NODES_MAX 64

/* How to run, beside what. */
struct sim_setup {
    bool trace;        /* the story, on standard output */
    bool record;       /* keep what the pictures need */
    const char *lmdb;  /* a directory: stores are real ones in it. NULL: in memory */
    bool progress;     /* a line on standard error, now and then */
    unsigned rederive; /* check order-free with so many shuffles; 0: eight */
};

struct sim_held { /* a frame that waits for a commit */
    mesh_link link;
    uint8_t *bytes;
    size_t size;
};

/* What is wrong with one node at the moment: how many faults say so, or how badly. */
struct sim_trouble {
    uint32_t deaf, clogged, paused, full, flapping;
    uint32_t loss, duplicate, corrupt, truncate, replay; /* ppm */
    uint32_t slow_ms, flap_ms;
};

/* A node of a mesh without a cell: records are real, everybody is everybody's member. */
struct sim_peer {
    struct mesh *mesh;
    struct hop_sign_key identity, log_key;
    struct hop_drbg drbg;
    uint64_t seq, durable_seq;
    uint8_t head[32];
    bool stored, authored;
};

struct sim_node {
    struct sim_world *world;
    uint32_t index;
    const struct sim_group *group;
    const struct sim_radio *radio;
    char name[SIM_NAME_BYTES];
    uint32_t cell;
    bool missing; /* taken out: never there */
    bool alive;   /* switched on */
    struct device_keys keys;
    struct device_keys saved; /* what its key file holds */
    struct store *store;
    struct device *device;
    struct sim_peer *peer; /* of a mesh node */
    struct sim_held *held;
    size_t held_count, held_capacity;
    hop_time commit_at; /* the earliest COMMIT pushed, or HOP_NEVER */
    hop_time wake;      /* the earliest WAKE pushed, or HOP_NEVER */
    hop_time look_at;   /* the earliest LOOK pushed, or HOP_NEVER */
    uint32_t starts;    /* how often it was started */
    struct store *copy; /* an old one that somebody keeps */
    struct device_keys copy_keys;
    uint64_t copy_seen;
    struct device_join join;
    bool joined;
    bool cloned; /* it was started from a copy: its logs may fork, and what it wrote may be void */
    uint32_t joined_tries;
    uint32_t watched; /* 1 + the incarnation whose logs the observer knows */
    uint64_t inbox;   /* idle nodes: what came */
    struct sim_trouble trouble;
    hop_time clogged_until;
    uint32_t doomed;   /* 1 + the fault that takes its power at its next write */
    int64_t clock_off; /* of its wall clock, µs */
    struct rng air, disk, life;
    uint32_t *links; /* indexes, of every contact */
    uint32_t links_count, links_room, links_up;
    hop_time busy_until; /* its air */
    uint8_t *old_frame;  /* one that was sent before, for replays */
    size_t old_size;
    /* where it is */
    struct sim_point at, from, to;
    hop_time leg_begins, leg_ends, leg_leaves;
    uint32_t route_at;
    uint32_t cell_next; /* in the grid of move.c */
    /* observe.c */
    uint64_t seen;   /* records of its store that were looked at */
    uint64_t root;   /* of the set of its records: equal roots, equal sets */
    uint64_t *has;   /* a bit a record */
    uint64_t *could; /* a bit a record: with the best protocol on the same contacts */
    uint32_t has_words, could_words;
    uint64_t records, bytes_in, bytes_out;
};

struct sim_link {
    uint32_t a, b;  /* a dials b */
    uint32_t epoch; /* counts its lives */
    bool used;      /* this slot is a contact */
    bool contact;   /* in range */
    bool open;      /* in range, and nothing stands between: the best protocol may use it */
    bool up;
    bool level_a, level_b;  /* that end knows that both have the same */
    bool bad;               /* a bad stretch: Gilbert and Elliott's channel */
    uint32_t frames;        /* sent, in this life */
    bool greeted[2];        /* that end has heard from the other in this life */
    uint32_t early[2];      /* bytes sent before it had */
    hop_time busy_until[2]; /* streams are ordered: no frame overtakes */
    hop_time since;         /* of the contact */
};

struct sim_cell {
    char name[SIM_NAME_BYTES];
    uint32_t *nodes;
    uint32_t nodes_count, founder;
    uint8_t meeting[32], motion[32];
    struct epoch epoch; /* of mesh nodes */
};

struct sim_counters {
    uint64_t events, frames, lost, bytes, commits, crashes, refused, acts, deeds;
    uint64_t kinds_frames[FRAMES_END], kinds_bytes[FRAMES_END];
    uint64_t contacts, dials, resent, cut; /* cut: links that broke with frames on their way */
    uint64_t disk_refused;
};

/* What a sweep must reach at least once, or it does not test what it says. */
enum sim_goal {
#define SIM_GOALS(X)                                                                               \
    X(GOAL_PARTITION_IN_VOTE, "partition-during-a-vote")                                           \
    X(GOAL_FORK, "fork-proven")                                                                    \
    X(GOAL_DISK_FULL, "write-refused-by-a-full-disk")                                              \
    X(GOAL_CUT_SYNC, "sync-cut-in-the-middle")                                                     \
    X(GOAL_POWER_DIRTY, "power-lost-with-uncommitted-records")                                     \
    X(GOAL_NEW_LOGS, "device-went-on-in-new-logs")                                                 \
    X(GOAL_LATE_VOTE, "vote-came-after-its-close")                                                 \
    X(GOAL_REFUSED_FRAME, "bad-frame-refused")                                                     \
    X(GOAL_STICK, "records-came-on-a-stick")                                                       \
    X(GOAL_CLOCK_BACK, "clock-went-back")                                                          \
    X(GOAL_MANY_MOTIONS, "vote-closed")
#define X(name, text) name,
    SIM_GOALS(X)
#undef X
        GOAL_COUNT
};

#define SIM_FAILURE_BYTES 256

struct sim_watch;  /* observe.c */
struct sim_film;   /* film.c: what pictures need */
struct sim_trails; /* contact.c: files of contacts; move.c: files of movement */

struct sim_world {
    struct sim_options options; /* of the assembly */
    struct sim_scenario scenario;
    struct sim_setup setup;
    hop_time now;
    struct sim_heap heap;
    struct sim_node *nodes;
    uint32_t nodes_count;
    struct sim_cell *cells;
    uint32_t cells_count;
    struct sim_link *links;
    uint32_t links_count, links_room, links_free; /* free: head of a list through a */
    struct rng people;
    uint32_t *partitions; /* indexes of faults that keep nodes apart now */
    uint32_t partitions_count;
    bool settled;
    bool cloned; /* somebody put back a whole old directory: logs may be forked */
    struct mesh_outs *outs;
    uint8_t *scratch;
    struct hop_hash digest;
    struct sim_counters counters;
    uint64_t goals; /* bits */
    struct sim_watch *watch;
    struct sim_film *film;
    struct sim_trails *trails;
    uint64_t quiet_bytes; /* sent when the last minute began */
    /* the play */
    unsigned last_ones_opinions; /* written by the last node */
    unsigned extra_opinions;     /* beyond those of the options */
    uint32_t open_votes;         /* motions put and not closed, as far as anybody knows */
    bool ended;
    char failure[SIM_FAILURE_BYTES]; /* empty: none */
    char failed_check[SIM_NAME_BYTES];
};

/* Run the whole play. HOP_OK, or HOP_EREFUSED with w->failure set: what went wrong, for a person.
 */
MUST_USE int sim_world_run(struct sim_world *w, const struct sim_options *options);

/* Run a scenario; it is drawn first and belongs to w from then on (also on error). */
MUST_USE int sim_world_play(struct sim_world *w, struct sim_scenario *scenario,
                            const struct sim_setup *setup);
/* In two steps, for tests and for air: begin, then step until it returns false. */
MUST_USE int sim_world_begin(struct sim_world *w, struct sim_scenario *scenario,
                             const struct sim_setup *setup);
bool sim_world_step(struct sim_world *w);
int sim_world_end(struct sim_world *w);

/* The scenario of the command line's options. */
void sim_options_scenario(struct sim_scenario *ret, const struct sim_options *o);

/* Of the whole run: the trace of frames and every node's final state. */
void sim_world_digest(struct sim_world *w, uint8_t ret[static 32]);
void sim_world_free(struct sim_world *w);

const char *sim_goal_name(enum sim_goal g);
static inline void sim_goal(struct sim_world *w, enum sim_goal g)
{
    w->goals |= UINT64_C(1) << g;
}

/* ---- between the files of this folder ---- */

void sim_push(struct sim_world *w, struct sim_event e); /* out of memory fails the run */
void sim_trace(const struct sim_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The first failure is kept; `check` names what did not hold (sim/check.h). */
void sim_fail(struct sim_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_fail_check(struct sim_world *w, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint64_t sim_wall(const struct sim_world *w);     /* what clocks on walls say */
uint64_t sim_node_wall(const struct sim_node *n); /* what this one's says */

/* sim/node.c */
MUST_USE int sim_node_new(struct sim_world *w, uint32_t index);
MUST_USE int sim_node_start(struct sim_world *w, uint32_t index);
void sim_node_free(struct sim_node *n);
int sim_node_step(struct sim_world *w, struct sim_node *n, const struct mesh_in *in);
void sim_node_dirty(struct sim_world *w, struct sim_node *n); /* something waits for the disk */
void sim_node_committed(struct sim_world *w, struct sim_node *n);
void sim_node_commit_event(struct sim_world *w, struct sim_node *n);
void sim_node_crash(struct sim_world *w, struct sim_node *n); /* and starts again at once */
void sim_node_off(struct sim_world *w, struct sim_node *n, bool orderly);
void sim_node_on(struct sim_world *w, struct sim_node *n);
void sim_node_wake(struct sim_world *w, struct sim_node *n);
const struct mesh *sim_node_mesh(const struct sim_node *n); /* NULL: there is none now */
/* A record of a mesh node. */
MUST_USE int sim_node_record(struct sim_world *w, struct sim_node *n, size_t size);

/* sim/net.c */
void sim_net_contact(struct sim_world *w, uint32_t a, uint32_t b, bool near);
void sim_net_send(struct sim_world *w, uint32_t from, mesh_link link, struct span bytes);
void sim_net_deliver(struct sim_world *w, const struct sim_event *e);
void sim_net_dial(struct sim_world *w, uint32_t link);
void sim_net_drop(struct sim_world *w, uint32_t link, uint32_t by); /* by: already knows */
void sim_net_node_off(struct sim_world *w, uint32_t node);
void sim_net_node_on(struct sim_world *w, uint32_t node);
void sim_net_regroup(struct sim_world *w); /* what keeps nodes apart has changed */
bool sim_net_reachable(const struct sim_world *w, uint32_t a, uint32_t b);
void sim_net_look(struct sim_world *w, uint32_t node);
void sim_net_look_soon(struct sim_world *w, uint32_t node);
void sim_net_rest(struct sim_world *w, const struct sim_event *e);
void sim_net_level(struct sim_world *w, uint32_t node, mesh_link link);
void sim_net_garbage(struct sim_world *w, uint32_t node);

/* sim/contact.c, sim/move.c */
MUST_USE int sim_contacts_begin(struct sim_world *w);
void sim_contacts_next(struct sim_world *w);
MUST_USE int sim_move_begin(struct sim_world *w);
void sim_move_all(struct sim_world *w);
void sim_trails_free(struct sim_world *w);
struct sim_point sim_move_at(const struct sim_world *w, const struct sim_node *n);

/* sim/disk.c: a store in front of the real one, that can be made to fail and says if it was
 * written to */
MUST_USE int sim_disk_open(struct sim_world *w, struct sim_node *n);
bool sim_disk_dirty(const struct store *s);
void sim_disk_lose_power(struct store *s);
void sim_disk_fail(struct store *s, int error); /* the next write or commit; 0: none */
void sim_disk_full(struct store *s, bool full);
struct store *sim_disk_inner(struct store *s);
void sim_disk_swap(struct store *s, struct store *inner); /* closes the one it had */
uint64_t sim_disk_refused(const struct store *s);
MUST_USE int sim_disk_copy(struct store *from, struct store *to);

/* sim/play.c, sim/people.c: what the people do */
void sim_play_start(struct sim_world *w);
void sim_play_act(struct sim_world *w, const struct sim_event *e);
void sim_play_join(struct sim_world *w, struct sim_node *n);
/* Invite n, which is of no cell yet, and let it in. */
MUST_USE int sim_play_admit(struct sim_world *w, struct sim_node *host, struct sim_node *n,
                            const struct device_invite_ask *ask, struct text_said *why);
void sim_play_found(struct sim_world *w, struct sim_node *n);
void sim_play_opinion(struct sim_world *w, hop_time at, uint32_t node);
void sim_play_check(struct sim_world *w); /* everybody agrees, or w->failure says who does not */
/* One thing a person does, by its name; about: for the roll, which member. */
MUST_USE int sim_play_do(struct sim_world *w, struct sim_node *n, enum sim_act act, uint32_t about,
                         struct text_said *why);
void sim_people_begin(struct sim_world *w);
void sim_people_task(struct sim_world *w, const struct sim_event *e);
void sim_people_stick(struct sim_world *w, const struct sim_event *e);

/* sim/govern.c: who is in the cell */
MUST_USE int sim_govern_do(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                           struct text_said *why);
/* The node whose view the others are held to: the first of its cell whom no act is about. */
const struct sim_node *sim_govern_witness(const struct sim_world *w, uint32_t cell);
bool sim_govern_is_in(const struct sim_world *w, const struct sim_node *n);
bool sim_govern_reads_all(const struct sim_node *n);
bool sim_govern_comes_later(const struct sim_world *w, const struct sim_node *n);
/* Of the witness's cell, the nodes that are marked; NULL: all. */
void sim_govern_check(struct sim_world *w, const struct sim_node *witness, const uint32_t *marks);

/* sim/fault.c */
void sim_fault_plan(struct sim_world *w); /* of the assembly: what its victim writes */
void sim_options_faults(struct sim_scenario *s, const struct sim_options *o);
void sim_fault_begin_all(struct sim_world *w);
void sim_fault_begin(struct sim_world *w, uint32_t index);
void sim_fault_end(struct sim_world *w, uint32_t index);
void sim_fault_copy(struct sim_world *w, uint32_t index);
void sim_fault_flap(struct sim_world *w, struct sim_node *n);
void sim_fault_settle(struct sim_world *w);
void sim_fault_check(struct sim_world *w);
bool sim_fault_apart(const struct sim_world *w, uint32_t fault, uint32_t a, uint32_t b);

#endif
