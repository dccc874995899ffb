#include "node/links.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "node/netaddr.h"

#define ROUTING_BYTES_MAX 255  /* libzmq makes 5 bytes, but a peer may ask for a name of its own */
#define CLOSED_MAX        64   /* routing ids we have said goodbye to */
#define HANDSHAKE_MS      5000 /* libzmq's own is 30 s: a half-open socket would sit there */
#define DIAL_US           (8 * HOP_SECOND)
#define GOODBYE_MS        200 /* how long a last message may take to leave when a socket closes */
#define RECEIVE_HWM       64  /* frames; beyond it TCP holds the peer back */
#define SEND_HWM          (2 * MESH_OUTS_MAX) /* one step may ask for MESH_OUTS_MAX sends */
#define CURVE_OVERHEAD    64                  /* libzmq counts the sealed message, not the frame */

enum link_kind { LINK_FREE, LINK_DIALED, LINK_ACCEPTED, LINK_JOINER };

struct link {
    enum link_kind kind;
    mesh_link id;
    bool up;      /* LINKS_UP was reported */
    bool ended;   /* its connection is over, but what came before may not have been read yet */
    bool gone;    /* LINKS_DOWN is owed */
    void *socket; /* DEALER of a dialed link */
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

#define TABLE_MAX (MESH_LINKS_MAX + LINKS_JOINERS_MAX)

struct links {
    void *context, *router, *router_monitor;
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

/* ---- the table ---- */

static struct link *by_id(const struct links *l, mesh_link id)
{
    for (size_t i = 0; i < TABLE_MAX; i++)
        if (l->table[i].kind != LINK_FREE && l->table[i].id == id)
            return (struct link *)(uintptr_t)&l->table[i];
    return NULL;
}

static size_t count_kind(const struct links *l, enum link_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < TABLE_MAX; i++)
        n += l->table[i].kind == kind;
    return n;
}

size_t links_count(const struct links *l)
{
    return count_kind(l, LINK_DIALED) + count_kind(l, LINK_ACCEPTED);
}

/* A free place; joiners and members do not take each other's. NULL when full. */
static struct link *take_place(struct links *l, enum link_kind kind)
{
    if (kind == LINK_JOINER ? count_kind(l, LINK_JOINER) >= LINKS_JOINERS_MAX
                            : links_count(l) >= MESH_LINKS_MAX)
        return NULL;
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind != LINK_FREE)
            continue;
        *k = (struct link){.kind = kind, .id = ++l->last_id, .since = l->now, .fd = -1};
        return k;
    }
    return NULL;
}

/* A last empty message, and no sockets any more. */
static void say_goodbye(struct links *l, struct link *k)
{
    if (k->kind == LINK_DIALED) {
        if (k->up)
            zmq_send(k->socket, "", 0, ZMQ_DONTWAIT);
        return;
    }
    if (zmq_send(l->router, k->routing, k->routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(l->router, "", 0, ZMQ_DONTWAIT);
    struct routing *r = &l->closed[l->closed_next++ % CLOSED_MAX];
    r->size = k->routing_size;
    memcpy(r->bytes, k->routing, k->routing_size);
}

static void forget(struct links *l, struct link *k)
{
    if (l->waiting == k)
        l->waiting = NULL;
    if (k->socket != NULL) {
        zmq_socket_monitor(k->socket, NULL, 0);
        zmq_close(k->socket);
    }
    if (k->monitor != NULL)
        zmq_close(k->monitor);
    *k = (struct link){0};
}

void links_drop(struct links *l, mesh_link id)
{
    struct link *k = by_id(l, id);
    if (k == NULL)
        return;
    say_goodbye(l, k);
    forget(l, k);
}

void links_drop_all(struct links *l)
{
    for (size_t i = 0; i < TABLE_MAX; i++)
        if (l->table[i].kind != LINK_FREE)
            links_drop(l, l->table[i].id);
}

static void binding_of(const struct link *k, uint8_t ret[static 32])
{
    uint8_t both[64];
    memcpy(both, k->server, 32);
    memcpy(both + 32, k->client, 32);
    hop_hash(ret, 32, LABEL_LINK_BINDING, SPAN(both, sizeof both));
}

/* ---- opening and closing ---- */

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* Bounds that both kinds of socket share. */
static int set_bounds(void *s)
{
    int64_t largest = MESH_FRAME_BYTES_MAX + CURVE_OVERHEAD;
    if (zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0 ||
        set_int(s, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) != 0 ||
        set_int(s, ZMQ_LINGER, GOODBYE_MS) != 0 || set_int(s, ZMQ_RCVHWM, RECEIVE_HWM) != 0 ||
        set_int(s, ZMQ_SNDHWM, SEND_HWM) != 0 || set_int(s, ZMQ_TCP_KEEPALIVE, 1) != 0 ||
        set_int(s, ZMQ_TCP_KEEPALIVE_IDLE, 30) != 0 ||
        set_int(s, ZMQ_TCP_KEEPALIVE_INTVL, 10) != 0 || set_int(s, ZMQ_TCP_KEEPALIVE_CNT, 3) != 0)
        return HOP_EIO;
    return HOP_OK;
}

int links_new(struct links **ret, struct hop_drbg *drbg, bool dial_only)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    struct links *l = calloc(1, sizeof *l);
    if (l == NULL)
        return HOP_ENOMEM;
    l->last_held = &l->first_held;
    zmq_msg_init(&l->message);
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_drbg_seed(&l->drbg, seed);
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_box_keypair(&l->server, seed);
    hop_wipe(seed, sizeof seed);
    int err = HOP_EIO;
    l->context = zmq_ctx_new();
    if (l->context == NULL)
        goto failed;
    /* the handler is the first thread after libzmq's own: no socket exists before it answers */
    if (!dial_only && (err = zap_start(&l->zap, l->context)) != HOP_OK)
        goto failed;
    *ret = l;
    return HOP_OK;
failed:
    links_free(l);
    return err;
}

void links_free(struct links *l)
{
    if (l == NULL)
        return;
    links_drop_all(l);
    links_discard_held(l);
    zmq_msg_close(&l->message);
    if (l->router != NULL) {
        zmq_socket_monitor(l->router, NULL, 0);
        zmq_close(l->router);
    }
    if (l->router_monitor != NULL)
        zmq_close(l->router_monitor);
    zap_free(l->zap);
    if (l->context != NULL)
        zmq_ctx_term(l->context);
    hop_wipe(l, sizeof *l);
    free(l);
}

static int listen_error(int number)
{
    switch (number) {
    case EADDRINUSE:
        return HOP_EBUSY;
    case EACCES:
    case EPERM:
        return HOP_EREFUSED;
    default:
        return HOP_EIO;
    }
}

static int bind_router(void *router, const char *address, uint16_t port)
{
    char endpoint[NETADDR_TEXT_BYTES + 16], port_text[8] = "*";
    bool six = address != NULL && strchr(address, ':') != NULL;
    if (port != 0)
        snprintf(port_text, sizeof port_text, "%u", port);
    snprintf(endpoint, sizeof endpoint, "tcp://%s%s%s:%s", six ? "[" : "",
             address == NULL ? "*" : address, six ? "]" : "", port_text);
    if (zmq_bind(router, endpoint) == 0)
        return HOP_OK;
    if (zmq_errno() == EADDRINUSE || address != NULL || set_int(router, ZMQ_IPV6, 0) != 0)
        return listen_error(zmq_errno());
    return zmq_bind(router, endpoint) == 0 ? HOP_OK : listen_error(zmq_errno()); /* no IPv6 here */
}

static uint16_t port_of(void *router)
{
    char endpoint[256] = "";
    size_t size = sizeof endpoint;
    if (zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        return 0;
    const char *colon = strrchr(endpoint, ':');
    return colon == NULL ? 0 : (uint16_t)strtoul(colon + 1, NULL, 10);
}

int links_listen(struct links *l, const char *address, uint16_t port)
{
    assert(l->zap != NULL && l->router == NULL);
    int err = zap_self_test(l->zap, l->context, &l->drbg);
    if (err != HOP_OK)
        return err;
    void *router = zmq_socket(l->context, ZMQ_ROUTER);
    if (router == NULL)
        return HOP_EIO;
    err = zap_guard(router, &l->server);
    if (err == HOP_OK)
        err = set_bounds(router);
    if (err == HOP_OK &&
        (set_int(router, ZMQ_IPV6, 1) != 0 || set_int(router, ZMQ_ROUTER_MANDATORY, 1) != 0))
        err = HOP_EIO;
    if (err == HOP_OK)
        err = bind_router(router, address, port);
    if (err != HOP_OK) {
        zmq_close(router);
        return err;
    }
    l->router = router;
    l->port = port_of(router);
    /* without it a peer that crashed is found out by its silence: later, but it is */
    l->router_monitor = zmq_socket(l->context, ZMQ_PAIR);
    if (l->router_monitor != NULL &&
        (set_int(l->router_monitor, ZMQ_LINGER, 0) != 0 ||
         zmq_socket_monitor(router, "inproc://hop.router", ZMQ_EVENT_DISCONNECTED) != 0 ||
         zmq_connect(l->router_monitor, "inproc://hop.router") != 0))
        return HOP_EIO;
    return HOP_OK;
}

uint16_t links_port(const struct links *l)
{
    return l->port;
}

const uint8_t *links_server_key(const struct links *l)
{
    return l->server.public_key;
}

struct zap *links_zap(struct links *l)
{
    return l->zap;
}

static bool is_invitation(const struct links *l, const uint8_t key[static 32])
{
    for (size_t i = 0; i < l->invitations; i++)
        if (memcmp(l->invitation[i], key, 32) == 0)
            return true;
    return false;
}

int links_allow(struct links *l, const uint8_t (*keys)[32], size_t devices, size_t invitations)
{
    if (l->zap == NULL)
        return HOP_OK;
    if (devices > ZAP_KEYS_MAX || invitations > ZAP_KEYS_MAX - devices)
        return HOP_EFULL;
    int err = zap_allow(l->zap, keys, devices + invitations);
    if (err != HOP_OK)
        return err;
    l->invitations = invitations;
    if (invitations > 0)
        memcpy(l->invitation, keys + devices, invitations * 32);
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind == LINK_ACCEPTED && !zap_allows(l->zap, k->client))
            k->gone = true;
    }
    return HOP_OK;
}

/* ---- dialing ---- */

static int open_dealer(struct links *l, struct link *k, const struct hop_box_key *client)
{
    char endpoint[NETADDR_TEXT_BYTES + 16], text[NETADDR_TEXT_BYTES], monitor[48];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED;
    k->socket = zmq_socket(l->context, ZMQ_DEALER);
    k->monitor = zmq_socket(l->context, ZMQ_PAIR);
    if (k->socket == NULL || k->monitor == NULL)
        return HOP_EIO;
    snprintf(monitor, sizeof monitor, "inproc://hop.link.%u", k->id);
    netaddr_print(text, &k->address);
    snprintf(endpoint, sizeof endpoint, "tcp://%s", text);
    if (zmq_setsockopt(k->socket, ZMQ_CURVE_SERVERKEY, k->server, 32) != 0 ||
        zmq_setsockopt(k->socket, ZMQ_CURVE_PUBLICKEY, client->public_key, 32) != 0 ||
        zmq_setsockopt(k->socket, ZMQ_CURVE_SECRETKEY, client->secret, 32) != 0 ||
        set_bounds(k->socket) != HOP_OK || set_int(k->monitor, ZMQ_LINGER, 0) != 0 ||
        set_int(k->socket, ZMQ_IPV6, k->address.ss_family == AF_INET6) != 0 ||
        set_int(k->socket, ZMQ_CONNECT_TIMEOUT, HANDSHAKE_MS) != 0 ||
        /* a peer that restarted has another key: whoever redials looks at a new beacon first */
        set_int(k->socket, ZMQ_RECONNECT_IVL, -1) != 0 ||
        zmq_socket_monitor(k->socket, monitor, events) != 0 ||
        zmq_connect(k->monitor, monitor) != 0 || zmq_connect(k->socket, endpoint) != 0)
        return HOP_EIO;
    return HOP_OK;
}

int links_connect(struct links *l, const struct sockaddr_storage *address,
                  const uint8_t server_key[static 32], const struct hop_box_key *client,
                  hop_time now, mesh_link *ret)
{
    l->now = now;
    struct link *k = take_place(l, LINK_DIALED);
    if (k == NULL)
        return HOP_EFULL;
    k->address = *address;
    memcpy(k->server, server_key, 32);
    memcpy(k->client, client->public_key, 32);
    int err = open_dealer(l, k, client);
    if (err != HOP_OK) {
        forget(l, k);
        return err;
    }
    netaddr_set_port(&k->address, 0);
    *ret = k->id;
    return HOP_OK;
}

/* The next event of a monitor and its value; false when none is waiting. */
static bool next_monitor_event(void *monitor, uint16_t *ret, int32_t *ret_value)
{
    uint8_t frame[6];
    char address[256];
    if (zmq_recv(monitor, frame, sizeof frame, ZMQ_DONTWAIT) < (int)sizeof frame)
        return false;
    (void)zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
    memcpy(ret, frame, sizeof *ret);
    memcpy(ret_value, frame + sizeof *ret, sizeof *ret_value);
    return true;
}

/* A connection to the ROUTER ended: whose was it? Descriptors are used again, so of two links that
 * had this one the older is meant. */
static void read_router_monitor(struct links *l)
{
    uint16_t event;
    int32_t fd;
    while (l->router_monitor != NULL && next_monitor_event(l->router_monitor, &event, &fd)) {
        struct link *older = NULL;
        for (size_t i = 0; i < TABLE_MAX; i++) {
            struct link *k = &l->table[i];
            if ((k->kind == LINK_ACCEPTED || k->kind == LINK_JOINER) && k->fd == fd && !k->ended &&
                (older == NULL || k->id < older->id))
                older = k;
        }
        if (older != NULL)
            older->ended = true;
    }
}

/* Take in what libzmq says of a dialed link. True when LINKS_UP is to be reported. */
static bool read_monitor(struct link *k)
{
    uint16_t event;
    int32_t value;
    bool came_up = false;
    while (next_monitor_event(k->monitor, &event, &value)) {
        if (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            k->ended = true;
        else if (!k->up)
            came_up = k->up = true;
    }
    return came_up && !k->gone;
}

/* ---- what happened next ---- */

static void report_up(struct links *l, struct link *k, struct links_event *ret)
{
    binding_of(k, l->binding);
    *ret = (struct links_event){.type = LINKS_UP,
                                .link = k->id,
                                .listener = k->kind == LINK_ACCEPTED,
                                .bytes = SPAN(l->binding, sizeof l->binding)};
    memcpy(ret->client, k->client, 32);
    k->up = true;
}

static bool report_gone(struct links *l, struct links_event *ret)
{
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind == LINK_DIALED && !k->up && l->now - k->since > DIAL_US)
            k->gone = true;
        if (k->kind == LINK_FREE || !k->gone)
            continue;
        *ret = (struct links_event){.type = LINKS_DOWN, .link = k->id};
        say_goodbye(l, k); /* it may not know yet, and must not go on as if nothing had been */
        forget(l, k);
        return true;
    }
    return false;
}

static void report_frame(struct links *l, const struct link *k, struct links_event *ret)
{
    *ret =
        (struct links_event){.type = k->kind == LINK_JOINER ? LINKS_JOIN_REQUEST : LINKS_FRAME,
                             .link = k->id,
                             .listener = k->kind != LINK_DIALED,
                             .bytes = SPAN(zmq_msg_data(&l->message), zmq_msg_size(&l->message))};
    memcpy(ret->client, k->client, 32);
}

/* The next message of a socket into l->message, and its routing id if the socket is the ROUTER.
 * False: none is waiting. A message of more frames than that is nobody's of ours: *ret_odd. */
static bool receive(struct links *l, void *socket, struct routing *ret, bool *ret_odd)
{
    zmq_msg_t *m = &l->message;
    *ret_odd = false;
    if (ret != NULL) {
        int size = zmq_recv(socket, ret->bytes, sizeof ret->bytes, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        *ret_odd = (size_t)size > sizeof ret->bytes;
        ret->size = *ret_odd ? 0 : (size_t)size;
    }
    zmq_msg_close(m);
    zmq_msg_init(m);
    if (zmq_msg_recv(m, socket, ZMQ_DONTWAIT) < 0)
        return false;
    while (zmq_msg_more(m)) {
        *ret_odd = true;
        zmq_msg_close(m);
        zmq_msg_init(m);
        if (zmq_msg_recv(m, socket, ZMQ_DONTWAIT) < 0)
            return false;
    }
    return true;
}

static struct link *by_routing(struct links *l, const struct routing *r)
{
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if ((k->kind == LINK_ACCEPTED || k->kind == LINK_JOINER) && k->routing_size == r->size &&
            memcmp(k->routing, r->bytes, r->size) == 0)
            return k;
    }
    return NULL;
}

static bool was_closed(const struct links *l, const struct routing *r)
{
    for (size_t i = 0; i < CLOSED_MAX; i++)
        if (l->closed[i].size == r->size && memcmp(l->closed[i].bytes, r->bytes, r->size) == 0)
            return true;
    return false;
}

/* A device has one link to us: an older one with its key is what is left of a broken connection.
 * Of joiners the oldest makes room. */
static void make_room(struct links *l, enum link_kind kind, const uint8_t client[static 32])
{
    struct link *oldest = NULL;
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind != kind)
            continue;
        if (memcmp(k->client, client, 32) == 0)
            k->gone = true;
        if (kind == LINK_JOINER && (oldest == NULL || k->since < oldest->since))
            oldest = k;
    }
    if (kind == LINK_JOINER && count_kind(l, LINK_JOINER) >= LINKS_JOINERS_MAX)
        forget(l, oldest);
}

static struct link *accept_link(struct links *l, const struct routing *r,
                                const uint8_t client[static 32], const char *address)
{
    enum link_kind kind = is_invitation(l, client) ? LINK_JOINER : LINK_ACCEPTED;
    make_room(l, kind, client);
    struct link *k = take_place(l, kind);
    if (k == NULL)
        return NULL;
    k->routing_size = r->size;
    memcpy(k->routing, r->bytes, r->size);
    memcpy(k->client, client, 32);
    memcpy(k->server, l->server.public_key, 32);
    k->fd = zmq_msg_get(&l->message, ZMQ_SRCFD);
    if (address == NULL || netaddr_parse(&k->address, address, 0) != HOP_OK)
        k->address = (struct sockaddr_storage){.ss_family = AF_INET};
    return k;
}

/* Whose message is this, and may it still speak? NULL: drop it. */
static struct link *sender_of(struct links *l, const struct routing *r)
{
    uint8_t client[32];
    const char *user = zmq_msg_gets(&l->message, "User-Id");
    if (user == NULL || hex_decode(client, sizeof client, user) != HOP_OK ||
        !zap_allows(l->zap, client) || was_closed(l, r))
        return NULL;
    struct link *k = by_routing(l, r);
    if (k != NULL)
        return memcmp(k->client, client, 32) == 0 ? k : NULL;
    if (zmq_msg_size(&l->message) == 0)
        return NULL; /* a goodbye from somebody we do not know any more */
    return accept_link(l, r, client, zmq_msg_gets(&l->message, "Peer-Address"));
}

/* The message in l->message is k's: report it, or the link first. False: nothing to report yet. */
static bool report_message(struct links *l, struct link *k, struct links_event *ret)
{
    if (k == NULL || k->gone)
        return false;
    if (zmq_msg_size(&l->message) == 0) {
        k->gone = true;
        return false;
    }
    if (!k->up && k->kind != LINK_JOINER) {
        l->waiting = k;
        report_up(l, k, ret);
    } else {
        report_frame(l, k, ret);
    }
    return true;
}

/* Read places in turn, beginning behind the one read last, so that nobody starves the others.
 * Place 0 is the ROUTER. */
static bool read_sockets(struct links *l, struct links_event *ret)
{
    for (size_t i = 0; i <= TABLE_MAX; i++) {
        size_t at = l->cursor++ % (TABLE_MAX + 1);
        struct link *k = at == 0 ? NULL : &l->table[at - 1];
        struct routing r = {0};
        bool odd;
        if (at == 0 ? l->router == NULL : k->kind != LINK_DIALED || k->gone)
            continue;
        while (receive(l, at == 0 ? l->router : k->socket, at == 0 ? &r : NULL, &odd)) {
            if (!odd && report_message(l, at == 0 ? sender_of(l, &r) : k, ret))
                return true;
        }
    }
    return false;
}

bool links_next(struct links *l, hop_time now, struct links_event *ret)
{
    l->now = now;
    if (l->waiting != NULL) {
        struct link *k = l->waiting;
        l->waiting = NULL;
        if (!k->gone) {
            report_frame(l, k, ret);
            return true;
        }
    }
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind == LINK_DIALED && read_monitor(k)) {
            report_up(l, k, ret);
            return true;
        }
    }
    if (report_gone(l, ret) || read_sockets(l, ret))
        return true;
    read_router_monitor(l); /* now, not before: a link begins with its first message */
    for (size_t i = 0; i < TABLE_MAX; i++) /* the last word of a link that ended has been read */
        l->table[i].gone = l->table[i].gone || l->table[i].ended;
    return report_gone(l, ret);
}

/* ---- sending ---- */

static void send_now(struct links *l, struct link *k, struct span bytes)
{
    int sent;
    if (k->kind == LINK_DIALED) {
        sent = zmq_send(k->socket, bytes.data, bytes.size, ZMQ_DONTWAIT);
    } else {
        sent = zmq_send(l->router, k->routing, k->routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
        if (sent >= 0)
            sent = zmq_send(l->router, bytes.data, bytes.size, ZMQ_DONTWAIT);
    }
    if (sent < 0) /* EHOSTUNREACH: it is gone; EAGAIN: it has not read for SEND_HWM frames */
        k->gone = true;
}

static void hold(struct links *l, struct link *k, struct span bytes, bool durable)
{
    struct held *h = NULL;
    if (bytes.size <= LINKS_HELD_BYTES_MAX - l->held_bytes)
        h = malloc(sizeof *h + bytes.size);
    if (h == NULL) { /* a gap in what it hears would confuse it: better to begin again */
        k->gone = true;
        return;
    }
    *h = (struct held){.link = k->id, .durable = durable, .size = bytes.size};
    memcpy(h->bytes, bytes.data, bytes.size);
    *l->last_held = h;
    l->last_held = &h->next;
    l->held_bytes += bytes.size;
}

void links_send(struct links *l, mesh_link id, struct span bytes, bool held)
{
    assert(bytes.size > 0); /* an empty message is a goodbye */
    struct link *k = by_id(l, id);
    if (k == NULL || k->gone)
        return;
    if (held || l->first_held != NULL)
        hold(l, k, bytes, held);
    else
        send_now(l, k, bytes);
}

/* Let go of everything held: all of it, or only what needed no commit. */
static void let_go(struct links *l, bool committed)
{
    struct held *h = l->first_held;
    l->first_held = NULL;
    l->last_held = &l->first_held;
    l->held_bytes = 0;
    while (h != NULL) {
        struct held *next = h->next;
        struct link *k = by_id(l, h->link);
        if (k != NULL && !k->gone && (committed || !h->durable))
            send_now(l, k, SPAN(h->bytes, h->size));
        free(h);
        h = next;
    }
}

void links_release(struct links *l)
{
    let_go(l, true);
}

void links_discard_held(struct links *l)
{
    let_go(l, false);
}

/* ---- asking ---- */

int links_address(const struct links *l, mesh_link id, struct sockaddr_storage *ret)
{
    const struct link *k = by_id(l, id);
    if (k == NULL)
        return HOP_ENOTFOUND;
    *ret = k->address;
    return HOP_OK;
}

bool links_is_up(const struct links *l, mesh_link id)
{
    const struct link *k = by_id(l, id);
    return k != NULL && k->up && !k->gone;
}

bool links_is_listener(const struct links *l, mesh_link id)
{
    const struct link *k = by_id(l, id);
    return k != NULL && k->kind == LINK_ACCEPTED;
}

bool links_exists(const struct links *l, mesh_link id)
{
    const struct link *k = by_id(l, id);
    return k != NULL && !k->gone;
}

size_t links_poll_items(const struct links *l, zmq_pollitem_t *ret, size_t max)
{
    size_t n = 0;
    if (l->router != NULL && n < max)
        ret[n++] = (zmq_pollitem_t){.socket = l->router, .events = ZMQ_POLLIN};
    if (l->router_monitor != NULL && n < max)
        ret[n++] = (zmq_pollitem_t){.socket = l->router_monitor, .events = ZMQ_POLLIN};
    for (size_t i = 0; i < TABLE_MAX && n + 2 <= max; i++) {
        const struct link *k = &l->table[i];
        if (k->kind != LINK_DIALED)
            continue;
        ret[n++] = (zmq_pollitem_t){.socket = k->socket, .events = ZMQ_POLLIN};
        ret[n++] = (zmq_pollitem_t){.socket = k->monitor, .events = ZMQ_POLLIN};
    }
    return n;
}

hop_time links_deadline(const struct links *l)
{
    hop_time earliest = l->waiting != NULL ? l->now : HOP_NEVER;
    for (size_t i = 0; i < TABLE_MAX; i++) {
        const struct link *k = &l->table[i];
        if (k->kind == LINK_FREE)
            continue;
        hop_time at = HOP_NEVER;
        if (k->gone || k->ended)
            at = l->now;
        else if (k->kind == LINK_DIALED && !k->up)
            at = k->since + DIAL_US + 1;
        if (at < earliest)
            earliest = at;
    }
    return earliest;
}
