/* Several meshes on one fake clock, over stores in memory: what scenario tests are told with.
 *
 *     struct cluster c;
 *     cluster_init(&c, 3, test_seed());
 *     cluster_link(&c, 0, 1);
 *     cluster_publish(&c, 0, LANE_MEETING, "motion: adjourn");
 *     CHECK(cluster_run_until(&c, cluster_agrees, 500));
 *     cluster_close(&c);
 *
 * Nodes are the numbers 0 .. n-1; a node's link to node k is called k (and k + 100, k + 200 … for
 * later ones). A frame takes latency_ms; frames of one link keep their order unless the network
 * is told otherwise. Each input is one turn of the node: step, carry out, commit, tell. After each
 * step the cluster calls mesh_check() and asserts the house rules: stores ask for consecutive
 * records, nothing is delivered twice or before it is durable, and no ACK names what is not. */
#ifndef HOP_TESTS_LIB_CLUSTER_H
#define HOP_TESTS_LIB_CLUSTER_H

#include "base/buf.h"
#include "cell/record.h"
#include "mesh/frame.h"
#include "mesh/mesh.h"
#include "mesh/tree.h"
#include "store/store.h"
#include "tests/lib/test.h"

#define CLUSTER_NODES_MAX  16
#define CLUSTER_EVENTS_MAX 8192
#define CLUSTER_STRAYS_MAX 64

struct cluster_log {
    struct hop_sign_key key;
    uint64_t seq;
    uint8_t head[32];
};

struct cluster_node {
    struct mesh *mesh; /* NULL while it is down */
    struct store *store;
    struct hop_sign_key identity;
    struct hop_box_key kem;
    bool knows[CLUSTER_NODES_MAX]; /* its roster */
    struct cluster_log logs[LANES_COUNT];
    struct hop_drbg drbg;
    unsigned starts;
    bool commits_held; /* the disk is slow: no commit before cluster_commit() */
    bool uncommitted;
    uint64_t delivered;
    uint64_t blobs_here, told, dropped, forks, copies; /* outs of these kinds */
    uint64_t blobs_stored, foreign_bytes;
    uint64_t sent_bytes[FRAMES_END]; /* by type */
    int error;                       /* what the last frame's step returned, if not HOP_OK */
    unsigned errors;
    char last_told[64];
    struct cluster *cluster; /* for its trace and its roster */
};

struct cluster_event {
    hop_time at;
    uint64_t order; /* breaks ties */
    size_t from, to;
    mesh_link link; /* at the receiver */
    uint64_t wire;  /* which connection it is on: a frame of a dead one is lost */
    uint8_t *bytes;
    size_t size;
};

struct cluster_wire {
    bool up;
    size_t a, b; /* a dialled */
    mesh_link at_a, at_b;
    uint64_t number;
    hop_time free_at[2]; /* when a's and b's side have sent what they were given */
};

struct cluster {
    size_t n;
    hop_time now;
    uint64_t order, wires_made;
    unsigned linked[CLUSTER_NODES_MAX][CLUSTER_NODES_MAX];
    unsigned latency_ms, jitter_ms;
    uint32_t rate;        /* bytes a second of each direction of a wire; 0: no limit */
    uint64_t foreign_max; /* for nodes started from now on: bytes of blobs for others */
    bool rate_told;       /* and the nodes know it */
    unsigned duplicate_percent, reorder; /* reorder: frames overtake each other within jitter_ms */
    struct rng rng;
    struct epoch epoch;
    uint8_t cell_id[32];
    struct cluster_node nodes[CLUSTER_NODES_MAX];
    struct cluster_wire wires[CLUSTER_NODES_MAX * CLUSTER_NODES_MAX];
    struct cluster_event events[CLUSTER_EVENTS_MAX];
    size_t events_count;
    struct mesh_outs outs;
    uint8_t *scratch;
    struct buf strays[CLUSTER_STRAYS_MAX]; /* frames sent on links without a wire */
    size_t strays_count;
    struct story story;
    bool telling;                                   /* collect traces in story */
    uint64_t frames[FRAMES_END], bytes[FRAMES_END]; /* sent, by type */
    uint64_t records_sent;                          /* in segments */
};

void cluster_init(struct cluster *c, size_t n, uint64_t seed);
void cluster_close(struct cluster *c);

/* a dials b. */
void cluster_link(struct cluster *c, size_t a, size_t b);
void cluster_link_all(struct cluster *c);
void cluster_unlink(struct cluster *c, size_t a, size_t b);
void cluster_kill(struct cluster *c, size_t node); /* what was not committed is lost */
void cluster_start(struct cluster *c, size_t node);
void cluster_admit(struct cluster *c, size_t node, size_t who, bool member); /* and says so */

void cluster_publish(struct cluster *c, size_t node, enum record_lane lane, const char *text);
/* The same with size bytes of text. */
void cluster_publish_large(struct cluster *c, size_t node, enum record_lane lane, size_t size);
/* Seal a record into buffer (RECORD_BYTES_MAX) without storing it: for hostile peers. */
struct span cluster_seal(struct cluster *c, struct cluster_log *log, enum record_lane lane,
                         struct hop_drbg *drbg, struct span text, uint8_t *buffer);
/* Node `who` signs another record after the first `seq` of node `author`'s log and stores it at
 * node `at` as if it were the next there (it holds exactly seq of them): a fork. The author's own
 * log goes on as if nothing had happened. */
void cluster_fork(struct cluster *c, size_t author, size_t at, enum record_lane lane,
                  const char *text);
/* A chunk that holds these bytes: a document of its own. */
void cluster_put_blob(struct cluster *c, size_t node, struct span bytes, uint8_t ret_name[32]);

/* One input of a node, with everything that follows in its turn. */
int cluster_step(struct cluster *c, size_t node, struct mesh_in in);
void cluster_commit(struct cluster *c, size_t node); /* when commits_held */
void cluster_inject(struct cluster *c, size_t node, mesh_link link, struct span frame);

/* A link of node to nobody: a test plays the other end, as identity of node `who`, which listens.
 * What node sends on it is kept: cluster_stray() takes the oldest such frame of a type out, or
 * gives an empty span; cluster_strays_forget() drops all. Valid until one of these is called. */
void cluster_puppet(struct cluster *c, size_t node, mesh_link link, size_t who);
struct span cluster_stray(struct cluster *c, enum frame_type type);
void cluster_strays_forget(struct cluster *c);

void cluster_run(struct cluster *c, unsigned ms);
typedef bool cluster_predicate(struct cluster *c);
bool cluster_run_until(struct cluster *c, cluster_predicate *holds, unsigned ms);
bool cluster_agrees(struct cluster *c);  /* all running nodes have the same records */
bool cluster_in_sync(struct cluster *c); /* both ends of every link know that they have */

/* What node sees of its link. */
struct mesh_peer_view cluster_view(struct cluster *c, size_t node, mesh_link link);
uint64_t cluster_records(struct cluster *c, size_t node); /* durable in its store */
bool cluster_has_blob(struct cluster *c, size_t node, const uint8_t name[32]);
unsigned cluster_ms(const struct cluster *c);

/* Compare what was traced since the last time; lines look like "[ 512] 1 > hello …". */
#define CLUSTER_TRACE(c, want) CHECK_STORY(&(c)->story, want)

#endif
