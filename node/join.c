#include "node/loop.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#include "node/links.h"
#include "node/netaddr.h"

#define REQUEST_US (10 * HOP_SECOND) /* an answer waits for one commit: then try the next */
#define NAME_JOIN  1                 /* of the invitation's key */
#define ITEMS_MAX  (LINKS_POLL_MAX + DISCOVERY_FDS_MAX + 1)

/* Looking for the inviter, with nothing but the keys of the invitation. */
struct joining {
    struct node *n;
    struct device_join *join;
    struct links *links;
    struct discovery *discovery;
    int signals; /* -1: none */
    mesh_link link;
    hop_time since; /* when it was dialed */
    bool stopped, done;
    struct node_trouble *trouble;
};

/* Somebody who has the invitation's beacon key and listens: the inviter, or a device of theirs. */
static void on_beacon(struct joining *j, const struct discovery_heard *heard)
{
    const struct beacon *b = &heard->opened.beacon;
    struct sockaddr_storage address = heard->from;
    if ((b->flags & BEACON_FLAG_JOINER) != 0 || b->link_port == 0 || j->link != 0)
        return;
    netaddr_set_port(&address, b->link_port);
    j->since = j->n->now;
    if (links_connect(j->links, &address, b->server_key, &j->join->link_key, j->n->now, &j->link) !=
        HOP_OK)
        j->link = 0;
}

static void send_request(struct joining *j)
{
    uint8_t request[JOIN_FRAME_BYTES_MAX];
    size_t size = 0;
    if (device_join_request(j->n->device, j->join, request, &size) == HOP_OK)
        links_send(j->links, j->link, SPAN(request, size), false);
}

/* The inviter's word: the keys hold the cell now, or a sentence says why not. */
static int on_answer(struct joining *j, struct span reply)
{
    int err = device_join_finish(j->n->device, j->join, reply, &j->trouble->said);
    if (err != HOP_OK) {
        j->trouble->exit_code = 1;
        return err;
    }
    j->n->keys.changed = true;
    err = node_reopen_device(j->n, j->trouble);
    j->done = err == HOP_OK;
    return err;
}

static int on_event(struct joining *j, const struct links_event *e)
{
    if (e->link != j->link)
        return HOP_OK;
    if (e->type == LINKS_UP)
        send_request(j);
    else if (e->type == LINKS_DOWN)
        j->link = 0;
    else if (e->type == LINKS_FRAME)
        return on_answer(j, e->bytes);
    return HOP_OK;
}

static void wait_for_something(struct joining *j, hop_time until)
{
    zmq_pollitem_t items[ITEMS_MAX];
    int fds[DISCOVERY_FDS_MAX];
    size_t count = discovery_fds(j->discovery, fds, DISCOVERY_FDS_MAX);
    for (size_t i = 0; i < count; i++)
        items[i] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    if (j->signals >= 0)
        items[count++] = (zmq_pollitem_t){.fd = j->signals, .events = ZMQ_POLLIN};
    size_t last = count;
    count += links_poll_items(j->links, items + count, ITEMS_MAX - count);
    hop_time at = discovery_deadline(j->discovery);
    if (links_deadline(j->links) < at)
        at = links_deadline(j->links);
    if (until < at)
        at = until;
    (void)zmq_poll(items, (int)count, loop_wait_ms(j->n->now, at, 1000));
    j->stopped = j->signals >= 0 && items[last - 1].revents != 0;
}

static int take_turn(struct joining *j)
{
    struct discovery_heard heard;
    struct links_event e;
    struct node *n = j->n;
    node_read_clocks(n);
    discovery_turn(j->discovery, n->now);
    while (discovery_next(j->discovery, &heard))
        on_beacon(j, &heard);
    while (!j->done && links_next(j->links, n->now, &e)) {
        int err = on_event(j, &e);
        if (err != HOP_OK)
            return err;
    }
    if (j->link != 0 && n->now - j->since > REQUEST_US) {
        links_drop(j->links, j->link);
        j->link = 0;
    }
    return HOP_OK;
}

static int open_joining(struct joining *j, const struct node_options *o)
{
    static const uint8_t no_key[32];
    struct node *n = j->n;
    struct sockaddr_storage hint;
    int err = links_new(&j->links, &n->drbg, true);
    if (err != HOP_OK) {
        (void)text_say(&j->trouble->said, ERR_MEMORY, 0);
        j->trouble->exit_code = 3;
        return err;
    }
    err = loop_open_discovery(n, o, 0, no_key, &j->discovery, j->trouble);
    if (err != HOP_OK)
        return err;
    /* the hint is a hint: one that does not parse, or finds no room, is no reason to stop */
    if (netaddr_parse(&hint, j->join->address, discovery_port(j->discovery)) == HOP_OK)
        err = discovery_add_peer(j->discovery, &hint, n->now);
    struct discovery_key key = {.name = NAME_JOIN,
                                .announce = true,
                                .flags = BEACON_FLAG_JOINER,
                                .signer = &j->join->sign_key};
    memcpy(key.key, j->join->disc_key, sizeof key.key);
    discovery_set_keys(j->discovery, &key, 1, n->now);
    hop_wipe(&key, sizeof key);
    return HOP_OK;
}

/* The device gets its cell by being admitted: found nobody, or found and refused, it is as before.
 */
int loop_join(struct node *n, struct device_join *join, const struct node_options *o,
              unsigned wait_seconds, int signals, struct node_trouble *ret)
{
    struct joining j = {.n = n, .join = join, .signals = signals, .trouble = ret};
    node_read_clocks(n);
    hop_time until = wait_seconds == 0 ? HOP_NEVER : n->now + wait_seconds * HOP_SECOND;
    ret->exit_code = 3;
    if (n->keys.has_cell) {
        ret->exit_code = 1;
        return text_say(&ret->said, ERR_JOIN_MEMBER, 0);
    }
    int err = open_joining(&j, o);
    while (err == HOP_OK && !j.done && !j.stopped && n->now < until) {
        wait_for_something(&j, until);
        err = take_turn(&j);
    }
    if (err == HOP_OK && !j.done) {
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%u", wait_seconds);
        (void)text_say(&ret->said, j.stopped ? ERR_JOIN_STOPPED : ERR_JOIN_NOBODY, 1, seconds);
        err = HOP_ENOTFOUND;
    }
    discovery_close(j.discovery);
    links_free(j.links);
    return err;
}

int node_join(struct node *n, struct device_join *join, const struct node_options *options,
              unsigned wait_seconds, struct node_trouble *ret)
{
    return loop_join(n, join, options, wait_seconds, -1, ret);
}
