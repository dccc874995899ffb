/* Many meshes on one fake clock and any graph of links: for crowds, and for links that are slow.
 *
 * Where tests/lib/cluster.h tells a story of a few and checks every step, this counts what happens
 * among hundreds: a heap of events, links with delay, loss, a rate that both directions share (half
 * duplex) and a budget of bytes after which the contact is over. Everybody is everybody's member;
 * a commit is immediate. Repeatable from its seed. */
#ifndef HOP_TESTS_LIB_CROWD_H
#define HOP_TESTS_LIB_CROWD_H

#include "base/rng.h"
#include "cell/epoch.h"
#include "mesh/frame.h"
#include "mesh/mesh.h"
#include "store/store.h"

#include <stdio.h>

struct crowd_wire {
    uint32_t delay_min_ms, delay_max_ms; /* drawn for each link */
    unsigned loss_percent;               /* of frames */
    uint32_t rate;                       /* bytes/s, both ways together; 0: no limit */
    uint32_t rate_hint;                  /* what both ends are told of it */
    uint64_t budget;                     /* bytes until it breaks; 0: no limit */
};

struct crowd_link {
    uint32_t a, b;
    struct crowd_wire wire;
    hop_time delay, busy_until, last[2]; /* last arrival each way: streams keep their order */
    uint64_t used;                       /* bytes */
    uint32_t life;                       /* frames of an earlier one are lost */
    bool up, over;                       /* over: never dialled again */
};

struct crowd_node {
    struct crowd *crowd;
    struct mesh *mesh; /* NULL: dead */
    struct store *store;
    struct hop_sign_key identity, log_key;
    struct hop_box_key kem;
    struct hop_drbg drbg;
    uint64_t seq;
    uint8_t head[32];
    hop_time wake;
    uint64_t delivered;
    uint64_t documents_here;
    hop_time first_delivered; /* since crowd_forget(); HOP_NEVER */
};

struct crowd {
    uint32_t n;
    hop_time now;
    struct rng rng;
    struct epoch epoch;
    struct crowd_node *nodes;
    struct crowd_link *links;
    uint32_t links_count, links_room;
    struct crowd_event *heap;
    size_t heap_count, heap_room;
    uint64_t order;
    struct mesh_outs *outs;
    uint8_t *scratch;
    /* counted since crowd_forget() */
    uint64_t frames[FRAMES_END], bytes[FRAMES_END]; /* sent */
    uint64_t copies;                                /* records that arrived in segments */
    uint64_t lost;                                  /* frames */
    FILE *story;                                    /* NULL: traces and frames are not told */
};

void crowd_init(struct crowd *c, uint32_t n, uint64_t seed);
void crowd_close(struct crowd *c);
uint32_t crowd_link(struct crowd *c, uint32_t a, uint32_t b, const struct crowd_wire *wire);
void crowd_unlink(struct crowd *c, uint32_t link);
/* A connected random graph: a ring, and more links until each node has about so many. */
void crowd_graph(struct crowd *c, uint32_t degree, const struct crowd_wire *wire);
void crowd_kill(struct crowd *c, uint32_t node);
/* A record with size bytes of ciphertext's body by this node, in its meeting lane. */
void crowd_publish(struct crowd *c, uint32_t node, size_t size);
/* Put it into the store only, before anybody is told: for histories. */
void crowd_write(struct crowd *c, uint32_t node, size_t size);
/* Look for the document (mesh/tree.h) of this root; it may lie in another node's store. */
void crowd_want(struct crowd *c, uint32_t node, const uint8_t root[static 32], uint64_t size);
void crowd_restart(struct crowd *c, uint32_t node); /* the mesh reads its store again */
void crowd_run(struct crowd *c, uint64_t ms);
void crowd_forget(struct crowd *c); /* start counting anew */
uint64_t crowd_records(const struct crowd *c, uint32_t node);
uint64_t crowd_bytes(const struct crowd *c); /* of all frames since crowd_forget() */

#endif
