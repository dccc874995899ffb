/* Inside the links: what links.c, links_read.c and links_send.c share. */
#ifndef HOP_NODE_LINKS_PART_H
#define HOP_NODE_LINKS_PART_H

#include "node/links.h"

#define ROUTING_BYTES_MAX 255 /* libzmq makes 5 bytes, but a peer may ask for a name of its own */
#define CLOSED_MAX        64  /* routing ids we have said goodbye to */
#define DIAL_US           (8 * HOP_SECOND)
#define TABLE_MAX         (MESH_LINKS_MAX + LINKS_JOINERS_MAX)

enum link_kind { LINK_FREE, LINK_DIALED, LINK_ACCEPTED, LINK_JOINER };

struct link {
    enum link_kind kind;
    mesh_link id;
    bool up;          /* LINKS_UP was reported */
    bool ended;       /* its connection is over, but what came before may not have been read yet */
    bool gone;        /* LINKS_DOWN is owed */
    bool routed_away; /* its ROUTER is closed: nothing can be sent to it any more */
    void *socket;     /* DEALER of a dialed link */
    void *monitor;
    size_t routing_size; /* of an accepted one */
    int fd;              /* and libzmq's descriptor under it; -1 otherwise */
    uint8_t routing[ROUTING_BYTES_MAX];
    uint8_t client[32], server[32];
    hop_time since;
    struct sockaddr_storage address;
};

struct held {
    struct held *next;
    mesh_link link;
    bool durable;
    size_t size;
    uint8_t bytes[];
};

struct routing {
    size_t size;
    uint8_t bytes[ROUTING_BYTES_MAX];
};

struct links {
    void *context, *router, *router_monitor;
    int listener;     /* ours, kept bound while routers come and go; -1: none */
    unsigned routers; /* so far, to name their monitors */
    hop_time renewed; /* when the server key was made; 0: at the start, before the first turn */
    struct zap *zap;
    struct hop_drbg drbg; /* for the self-test's keys */
    struct hop_box_key server;
    uint16_t port;
    uint32_t last_id;
    hop_time now;
    struct link table[TABLE_MAX];
    struct routing closed[CLOSED_MAX];
    size_t closed_next;
    size_t cursor;        /* whose turn it is to be read */
    zmq_msg_t message;    /* the frame last handed out, or the one that waits behind LINKS_UP */
    struct link *waiting; /* whose frame waits; NULL: none */
    uint8_t binding[32];  /* of the link last reported up */
    struct held *first_held, **last_held;
    size_t held_bytes;
    size_t invitations;
    uint8_t invitation[ZAP_KEYS_MAX][32];
};

struct link *links_by_id(const struct links *l, mesh_link id); /* NULL: none */
size_t links_count_kind(const struct links *l, enum link_kind kind);

/* A free place; joiners and members do not take each other's. NULL when full. */
struct link *links_take_place(struct links *l, enum link_kind kind);

/* A last empty message: whoever reads it knows that this link is over. */
void links_say_goodbye(struct links *l, struct link *k);
void links_forget(struct links *l, struct link *k);

#endif
