#define _GNU_SOURCE /* F_DUPFD_CLOEXEC, TCP_DEFER_ACCEPT */
#include "node/links.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/links_part.h"
#include "node/netaddr.h"

#define HANDSHAKE_MS   5000 /* libzmq's own is 30 s: a half-open socket would sit there */
#define GOODBYE_MS     200  /* how long a last message may take to leave when a socket closes */
#define RECEIVE_HWM    64   /* frames; beyond it TCP holds the peer back */
#define SEND_HWM       (2 * MESH_OUTS_MAX) /* one step may ask for MESH_OUTS_MAX sends */
#define LISTEN_BACKLOG 4096                /* connections that have said nothing yet wait in it */
#define CURVE_OVERHEAD 64                  /* libzmq counts the sealed message, not the frame */

/* ---- the table ---- */

struct link *links_by_id(const struct links *l, mesh_link id)
{
    for (size_t i = 0; i < TABLE_MAX; i++)
        if (l->table[i].kind != LINK_FREE && l->table[i].id == id)
            return (struct link *)(uintptr_t)&l->table[i];
    return NULL;
}

size_t links_count_kind(const struct links *l, enum link_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < TABLE_MAX; i++)
        n += l->table[i].kind == kind;
    return n;
}

size_t links_count(const struct links *l)
{
    return links_count_kind(l, LINK_DIALED) + links_count_kind(l, LINK_ACCEPTED);
}

struct link *links_take_place(struct links *l, enum link_kind kind)
{
    if (kind == LINK_JOINER ? links_count_kind(l, LINK_JOINER) >= LINKS_JOINERS_MAX
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

void links_say_goodbye(struct links *l, struct link *k)
{
    if (k->routed_away)
        return;
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

void links_forget(struct links *l, struct link *k)
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
    struct link *k = links_by_id(l, id);
    if (k == NULL)
        return;
    links_say_goodbye(l, k);
    links_forget(l, k);
}

void links_drop_all(struct links *l)
{
    for (size_t i = 0; i < TABLE_MAX; i++)
        if (l->table[i].kind != LINK_FREE)
            links_drop(l, l->table[i].id);
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

static void make_server(struct links *l);
static void close_router(struct links *l);

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
    hop_wipe(seed, sizeof seed);
    l->listener = -1;
    make_server(l);
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
    close_router(l);
    if (l->listener >= 0)
        close(l->listener);
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

/* The listening socket is ours and not libzmq's, so that the port stays taken while one ROUTER ends
 * and the next begins; and so that a connection is not taken before something was said on it:
 * libzmq would greet whoever connects, and hold a descriptor for whoever stays silent. */
static int open_listener(const struct sockaddr_storage *at, int *ret)
{
    int on = 1, off = 0, wait = HANDSHAKE_MS / 1000, number;
    bool six = at->ss_family == AF_INET6;
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? HOP_ENOTFOUND : HOP_EIO;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait, sizeof wait);
    if ((!six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, (const struct sockaddr *)at, netaddr_size(at)) == 0 &&
        listen(fd, LISTEN_BACKLOG) == 0) {
        *ret = fd;
        return HOP_OK;
    }
    number = errno;
    close(fd);
    return number == EAFNOSUPPORT || number == EADDRNOTAVAIL ? HOP_ENOTFOUND : listen_error(number);
}

/* NULL: both families, or what this machine has of them. */
static int listen_at(struct links *l, const char *address, uint16_t port)
{
    struct sockaddr_storage at = {.ss_family = AF_INET6};
    socklen_t size = sizeof at;
    int err = HOP_OK;
    if (address != NULL)
        err = netaddr_parse(&at, address, 0);
    netaddr_set_port(&at, port);
    if (err == HOP_OK)
        err = open_listener(&at, &l->listener);
    if (err == HOP_ENOTFOUND && address == NULL) {
        at = (struct sockaddr_storage){.ss_family = AF_INET};
        netaddr_set_port(&at, port);
        err = open_listener(&at, &l->listener);
    }
    if (err == HOP_OK && getsockname(l->listener, (struct sockaddr *)&at, &size) == 0)
        l->port = netaddr_port(&at);
    return err == HOP_ENOTFOUND ? HOP_EIO : err;
}

/* A ROUTER under l->server on our listening socket. */
static int open_router(struct links *l)
{
    char watch[40];
    int fd = -1;
    void *router = zmq_socket(l->context, ZMQ_ROUTER);
    if (router == NULL)
        return HOP_EIO;
    int err = zap_guard(router, &l->server);
    if (err == HOP_OK)
        err = set_bounds(router);
    if (err == HOP_OK &&
        (set_int(router, ZMQ_IPV6, 1) != 0 || set_int(router, ZMQ_ROUTER_MANDATORY, 1) != 0 ||
         (fd = fcntl(l->listener, F_DUPFD_CLOEXEC, 0)) < 0 || set_int(router, ZMQ_USE_FD, fd) != 0))
        err = HOP_EIO;
    if (err == HOP_OK && zmq_bind(router, "tcp://127.0.0.1:*") != 0) /* where, the socket knows */
        err = listen_error(zmq_errno());
    if (err != HOP_OK) {
        zmq_close(router);
        return err;
    }
    l->router = router;
    snprintf(watch, sizeof watch, "inproc://hop.router.%u", ++l->routers);
    /* without it a peer that crashed is found out by its silence: later, but it is */
    l->router_monitor = zmq_socket(l->context, ZMQ_PAIR);
    if (l->router_monitor != NULL &&
        (set_int(l->router_monitor, ZMQ_LINGER, 0) != 0 ||
         zmq_socket_monitor(router, watch, ZMQ_EVENT_DISCONNECTED) != 0 ||
         zmq_connect(l->router_monitor, watch) != 0))
        return HOP_EIO;
    return HOP_OK;
}

static void close_router(struct links *l)
{
    if (l->router != NULL) {
        zmq_socket_monitor(l->router, NULL, 0);
        zmq_close(l->router);
    }
    if (l->router_monitor != NULL)
        zmq_close(l->router_monitor);
    l->router = l->router_monitor = NULL;
}

static void make_server(struct links *l)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    hop_drbg_take(&l->drbg, seed, sizeof seed);
    hop_wipe(&l->server, sizeof l->server);
    hop_box_keypair(&l->server, seed);
    hop_wipe(seed, sizeof seed);
}

int links_listen(struct links *l, const char *address, uint16_t port)
{
    assert(l->zap != NULL && l->router == NULL);
    int err = zap_self_test(l->zap, l->context, &l->drbg);
    if (err == HOP_OK)
        err = listen_at(l, address, port);
    return err == HOP_OK ? open_router(l) : err;
}

bool links_renewal_due(struct links *l, hop_time now)
{
    if (l->renewed == 0)
        l->renewed = now;
    return l->router != NULL && now >= l->renewed + LINKS_SERVER_US;
}

int links_renew(struct links *l, hop_time now)
{
    l->now = l->renewed = now;
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind == LINK_JOINER)
            links_drop(l, k->id);
        else if (k->kind == LINK_ACCEPTED && !k->routed_away) {
            links_say_goodbye(l, k);
            k->gone = k->routed_away = true;
        }
    }
    close_router(l);
    make_server(l);
    return open_router(l);
}

void links_end_old(struct links *l, hop_time now)
{
    l->now = now;
    for (size_t i = 0; i < TABLE_MAX; i++) {
        struct link *k = &l->table[i];
        if (k->kind == LINK_DIALED && k->up && now - k->since >= LINKS_KEYS_US)
            k->gone = true;
    }
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
    struct link *k = links_take_place(l, LINK_DIALED);
    if (k == NULL)
        return HOP_EFULL;
    k->address = *address;
    memcpy(k->server, server_key, 32);
    memcpy(k->client, client->public_key, 32);
    int err = open_dealer(l, k, client);
    if (err != HOP_OK) {
        links_forget(l, k);
        return err;
    }
    netaddr_set_port(&k->address, 0);
    *ret = k->id;
    return HOP_OK;
}

/* ---- asking ---- */

int links_address(const struct links *l, mesh_link id, struct sockaddr_storage *ret)
{
    const struct link *k = links_by_id(l, id);
    if (k == NULL)
        return HOP_ENOTFOUND;
    *ret = k->address;
    return HOP_OK;
}

bool links_is_up(const struct links *l, mesh_link id)
{
    const struct link *k = links_by_id(l, id);
    return k != NULL && k->up && !k->gone;
}

bool links_is_listener(const struct links *l, mesh_link id)
{
    const struct link *k = links_by_id(l, id);
    return k != NULL && k->kind == LINK_ACCEPTED;
}

bool links_exists(const struct links *l, mesh_link id)
{
    const struct link *k = links_by_id(l, id);
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
