/* What a run is to be: who, where, over which radios, what goes wrong, what people do, what must
 * hold.
 *
 * A scenario is a libconfig file (docs/simulator.md lists every key). Reading it gives this struct;
 * drawing it turns "any three of them, some time in the first hour" into exact entries, from the
 * seed. What was drawn can be written as a scenario again (`hop-sim resolve`): that file runs the
 * same way, and entries can be taken out of it without moving any other. Lengths are millimetres,
 * times microseconds, rates bytes a second, shares parts in a million: nothing here is a fraction.
 */
#ifndef HOP_SIM_SCENARIO_H
#define HOP_SIM_SCENARIO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/span.h"

#define SIM_NAME_BYTES    64
#define SIM_PATH_BYTES    512
#define SIM_GROUPS_MAX    64
#define SIM_RADIOS_MAX    8
#define SIM_CHECKS_MAX    32
#define SIM_POINTS_MAX    256   /* of a route */
#define SIM_NODES_MAX     20000 /* what one run is expected to hold in memory */
#define SIM_TASKS_MAX     500000
#define SIM_MILLION       UINT64_C(1000000)
#define SIM_NOBODY        UINT32_MAX
#define SIM_MESSAGE_BYTES 256

enum sim_kind { SIM_DEVICE, SIM_MESH, SIM_IDLE };
enum sim_place { SIM_PLACE_GRID, SIM_PLACE_RANDOM, SIM_PLACE_AT, SIM_PLACE_LINE, SIM_PLACE_CIRCLE };
enum sim_move { SIM_MOVE_STILL, SIM_MOVE_WAYPOINT, SIM_MOVE_ROUTE, SIM_MOVE_TRACE };
/* Who meets whom: everybody, whoever is in range, or as a file says. */
enum sim_contacts { SIM_CONTACTS_ALL, SIM_CONTACTS_RANGE, SIM_CONTACTS_ONE, SIM_CONTACTS_LINKS };

struct sim_point {
    int64_t x, y; /* mm */
};

/* Numbers are all uint64_t, so that one table reads and writes them (scenario_fields.c). */
struct sim_radio {
    char name[SIM_NAME_BYTES];
    uint64_t range;     /* mm; 0: everywhere */
    uint64_t rate;      /* bytes/s that a node and its neighbours share; 0: no limit */
    uint64_t overhead;  /* bytes of air a frame costs beyond its own */
    uint64_t delay;     /* µs one way */
    uint64_t jitter;    /* µs more, at most */
    uint64_t loss;      /* ppm of frames */
    uint64_t burst;     /* frames that a bad stretch lasts on average; 0: losses are independent */
    uint64_t vanish;    /* 1: a lost frame is lost; 0: it is sent again, and comes later */
    uint64_t duplicate; /* ppm */
    uint64_t corrupt;   /* ppm: one bit is turned */
    uint64_t setup;     /* µs from contact to link */
    uint64_t links;     /* a node keeps at most so many */
    uint64_t
        when_differ; /* 1: links are made when beacons show other roots, and closed when level */
    uint64_t beacon; /* µs between beacons, where links are made by them */
    uint64_t rest;   /* µs that a level link is kept */
};

struct sim_group {
    char name[SIM_NAME_BYTES];
    char cell[SIM_NAME_BYTES];
    uint64_t count;
    uint64_t cell_size; /* so many are a cell of their own; 0: all are of one */
    uint32_t first;     /* index of its first node */
    enum sim_kind kind;
    enum sim_place place;
    uint64_t place_a, place_b; /* mm */
    uint64_t x, y;             /* mm: where the place begins */
    enum sim_move move;
    uint64_t speed_min, speed_max; /* mm/s */
    uint64_t pause;                /* µs, at most (waypoint) or at each point (route) */
    uint64_t width, height;        /* mm: the field of waypoints */
    struct sim_point *route;       /* owned */
    size_t route_count;
    char file[SIM_PATH_BYTES]; /* of a trace */
    uint32_t radio;
    uint64_t commit;     /* µs of a commit, at least; twice that at most */
    uint64_t disk;       /* bytes; 0: no limit */
    uint64_t clock;      /* µs by which clocks on walls may differ, either way */
    uint64_t clock_base; /* µs since 1970; 0: 4 December 2026, 19:30 */
};

/* A fault or an act, as written or, once drawn, exact: one node or none, one time. */
struct sim_task {
    uint64_t at, lasts, every, until, spread; /* µs */
    uint64_t times;
    uint64_t value;             /* what it means depends on the kind */
    uint32_t kind;              /* enum sim_fault or enum sim_act */
    uint32_t order;             /* in the file: breaks ties */
    char who[SIM_NAME_BYTES];   /* a node, a group, "any", "all"; "" */
    char other[SIM_NAME_BYTES]; /* the other side of a partition, the receiver of a stick */
};

struct sim_tasks {
    struct sim_task *items; /* owned */
    size_t count, room;
};

enum sim_fault {
#define SIM_FAULTS(X)                                                                              \
    X(FAULT_PARTITION, "partition") /* who from other, or from all the rest */                     \
    X(FAULT_HALVES, "halves")       /* value draws who is on which side */                         \
    X(FAULT_ISOLATE, "isolate")     /* who from everybody */                                       \
    X(FAULT_POWER, "power-loss") /* uncommitted is lost; back after `for`. value 1: at a write */  \
    X(FAULT_STOP, "stop")        /* an orderly end; back after `for` */                            \
    X(FAULT_PAUSE, "pause")      /* the lid is closed: nothing happens, nothing is lost */         \
    X(FAULT_RESTORE, "restore")  /* records as they were `for` ago are put back */                 \
    X(FAULT_CLONE, "clone")      /* the whole directory is */                                      \
    X(FAULT_DISK_FULL, "disk-full")                                                                \
    X(FAULT_DISK_ERROR, "disk-error") /* the next write or commit fails once */                    \
    X(FAULT_SLOW_DISK, "slow-disk")   /* a commit takes `value` ms */                              \
    X(FAULT_CLOCK, "clock")           /* the wall clock jumps by value - 2^62 µs */               \
    X(FAULT_LOSS, "loss")             /* value ppm of what who sends vanishes */                   \
    X(FAULT_DEAF, "one-way")          /* who hears nothing */                                      \
    X(FAULT_CLOG, "clog")             /* what who sends is delayed until the end */                \
    X(FAULT_FLAP, "flap")             /* links of who break, every value ms */                     \
    X(FAULT_DUPLICATE, "duplicate")                                                                \
    X(FAULT_CORRUPT, "corrupt")                                                                    \
    X(FAULT_TRUNCATE, "truncate")                                                                  \
    X(FAULT_REPLAY, "replay")   /* old frames of who are sent again on its links */                \
    X(FAULT_GARBAGE, "garbage") /* random bytes arrive at who, as if from a peer */
#define X(name, text) name,
    SIM_FAULTS(X)
#undef X
        FAULT_COUNT
};

enum sim_act {
#define SIM_ACTS(X)                                                                                \
    X(DO_CONVENE, "convene")                                                                       \
    X(DO_NOTICE, "notice")                                                                         \
    X(DO_OPINION, "opinion")                                                                       \
    X(DO_OPEN, "open")                                                                             \
    X(DO_ATTEND, "attend")                                                                         \
    X(DO_ROLL, "roll") /* who calls everybody */                                                   \
    X(DO_MOTION, "motion")                                                                         \
    X(DO_VOTE, "vote")                                                                             \
    X(DO_TALLY, "tally")                                                                           \
    X(DO_CLOSE, "close")                                                                           \
    X(DO_MINUTES, "minutes")                                                                       \
    X(DO_RECORD, "record") /* value bytes by a mesh node; by a device, an opinion */               \
    X(DO_STICK, "stick")   /* who's records reach other on a stick, after `for` */                 \
    /* who is in the cell; who keeps trying for `for` */                                           \
    X(DO_REMOVE, "remove")   /* other, with all devices */                                         \
    X(DO_REVOKE, "revoke")   /* the device other, for ever */                                      \
    X(DO_SUSPEND, "suspend") /* the device other, until it is let in again */                      \
    X(DO_RESUME, "resume")                                                                         \
    X(DO_LEAVE, "leave")                                                                           \
    X(DO_ROLE, "role")         /* other is: value 0 member, 1 deputy, 2 committee, 3 observer */   \
    X(DO_RENEW, "renew")       /* the keys that the cell writes under */                           \
    X(DO_DEVICE, "add-device") /* other, which is in no cell before, is who's second device */
#define X(name, text) name,
    SIM_ACTS(X)
#undef X
        DO_COUNT
};

struct sim_scenario {
    char name[SIM_NAME_BYTES];
    char why[SIM_MESSAGE_BYTES];
    char folder[SIM_PATH_BYTES]; /* of the file: data is found from there; ends with / or empty */
    uint64_t seed;
    uint64_t duration; /* µs */
    uint64_t settle;   /* µs at the end in which nothing is broken any more: the liveness phase */
    uint64_t tick;     /* µs between looks at who is in range */
    uint64_t join_gap; /* µs between two who join; 0: all are in at the start */
    uint64_t invite;   /* per cell 1: invitations are made; mesh nodes need none */
    uint64_t nodes_count;
    uint64_t reach;    /* ppm of what was possible that must be delivered (check "reach") */
    uint64_t swarm;    /* 1: each class of faults is on or off by the seed */
    uint64_t govern;   /* 1: who is in the cell changes; with swarm, in every other seed */
    uint64_t size;     /* bytes of a record of a mesh node */
    uint64_t assembly; /* 1: the play of one meeting, as sim/play.c tells it */
    uint64_t opinions; /* of that play */
    uint64_t drawn;    /* 1: faults and acts are exact: nothing is drawn */
    enum sim_contacts contacts;
    char contacts_file[SIM_PATH_BYTES];
    char messages_file[SIM_PATH_BYTES]; /* ONE message events: records of mesh nodes */
    struct sim_radio radios[SIM_RADIOS_MAX];
    size_t radios_count;
    struct sim_group groups[SIM_GROUPS_MAX];
    size_t groups_count;
    struct sim_tasks faults, acts;
    char checks[SIM_CHECKS_MAX][SIM_NAME_BYTES];
    size_t checks_count;
    char (*without)[SIM_NAME_BYTES]; /* nodes that are not there: what shrinking took out. owned */
    size_t without_count;
};

/* Read a file. HOP_EMALFORMED with a sentence (line, name, what is nearest) in why. */
MUST_USE int sim_scenario_read(struct sim_scenario *ret, const char *path,
                               char why[static SIM_MESSAGE_BYTES]);
/* The same from text; folder is where data files are looked for. */
MUST_USE int sim_scenario_parse(struct sim_scenario *ret, const char *text, const char *folder,
                                char why[static SIM_MESSAGE_BYTES]);
/* Change one setting of the whole: "duration=2h", "villages.count=5". */
MUST_USE int sim_scenario_set(struct sim_scenario *s, const char *assignment,
                              char why[static SIM_MESSAGE_BYTES]);
void sim_scenario_free(struct sim_scenario *s);
/* As a file that reads the same. */
void sim_scenario_write(const struct sim_scenario *s, struct buf *ret);

/* Make every fault and act exact, from the seed; with swarm, draw faults too. */
MUST_USE int sim_scenario_draw(struct sim_scenario *s, char why[static SIM_MESSAGE_BYTES]);
/* One fault class is on in this swarm? For reports. */
bool sim_swarm_has(const struct sim_scenario *s, enum sim_fault kind);

MUST_USE int sim_tasks_add(struct sim_tasks *t, const struct sim_task *task);

const char *sim_fault_name(enum sim_fault f);
const char *sim_act_name(enum sim_act a);
bool sim_act_governs(enum sim_act a);
const char *sim_kind_name(enum sim_kind k);

/* ---- nodes by name: "north/7"; a group of one may leave the number out ---- */
void sim_node_name(const struct sim_scenario *s, uint32_t node, char ret[static SIM_NAME_BYTES]);
uint32_t sim_node_index(const struct sim_scenario *s, const char *name); /* or SIM_NOBODY */
const struct sim_group *sim_node_group(const struct sim_scenario *s, uint32_t node);
const struct sim_group *sim_group_named(const struct sim_scenario *s, const char *name);
bool sim_node_missing(const struct sim_scenario *s, const char *name);

/* A stream of random numbers of its own for (seed, purpose, name). */
struct rng sim_stream(uint64_t seed, const char *purpose, const char *name);

/* ---- quantities, for files and the command line ---- */
enum sim_quantity {
    SIM_COUNT,
    SIM_TIME,   /* "36h", "1h30m", "250ms"; bare: seconds */
    SIM_LENGTH, /* "1.5km", "200m"; bare: metres */
    SIM_SPEED,  /* "1.5m/s", "40km/h"; bare: m/s */
    SIM_RATE,   /* "6Mbit", "20MB/s" */
    SIM_SHARE,  /* "2%"; bare: percent */
    SIM_BYTES   /* "2kB", "8GB" */
};
bool sim_quantity_read(uint64_t *ret, enum sim_quantity q, const char *text);
void sim_quantity_write(struct buf *b, enum sim_quantity q, uint64_t value);

/* The name of known (ended by NULL) that was most likely meant, or NULL. */
const char *sim_nearest(const char *name, const char *const known[]);

#endif
