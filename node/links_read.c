/* What happened on the links: frames, handshakes, ends. */
#include "node/links.h"

#include "base/encode.h"
#include "node/links_part.h"
#include "node/netaddr.h"

/* ---- monitors ---- */

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

static void binding_of(const struct link *k, uint8_t ret[static 32])
{
    uint8_t both[64];
    memcpy(both, k->server, 32);
    memcpy(both + 32, k->client, 32);
    hop_hash(ret, 32, LABEL_LINK_BINDING, SPAN(both, sizeof both));
}

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
        links_say_goodbye(l,
                          k); /* it may not know yet, and must not go on as if nothing had been */
        links_forget(l, k);
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
    if (kind == LINK_JOINER && links_count_kind(l, LINK_JOINER) >= LINKS_JOINERS_MAX)
        links_forget(l, oldest);
}

static bool is_invitation(const struct links *l, const uint8_t key[static 32])
{
    for (size_t i = 0; i < l->invitations; i++)
        if (memcmp(l->invitation[i], key, 32) == 0)
            return true;
    return false;
}

static struct link *accept_link(struct links *l, const struct routing *r,
                                const uint8_t client[static 32], const char *address)
{
    enum link_kind kind = is_invitation(l, client) ? LINK_JOINER : LINK_ACCEPTED;
    make_room(l, kind, client);
    struct link *k = links_take_place(l, kind);
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
