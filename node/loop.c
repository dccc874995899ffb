#define _GNU_SOURCE /* signalfd */
#include "node/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "node/dial.h"
#include "node/guard.h"
#include "node/http.h"
#include "node/join.h"
#include "node/links.h"
#include "node/netaddr.h"
#include "node/pairing.h"
#include "node/serial.h"
#include "node/talk.h"

#define EVENTS_PER_TURN  64 /* of links, before the commit: a burst costs one fsync */
#define BEACONS_PER_TURN 32
#define WAIT_MS_MAX      1000 /* something may have been forgotten; look once a second */
#define STORE_RETRY_US   HOP_SECOND
#define FDS_MAX          (DISCOVERY_FDS_MAX + HTTP_POLL_FDS_MAX + 3)
#define ITEMS_MAX        (LINKS_POLL_MAX + FDS_MAX)

/* ---- waiting ---- */

int loop_signals(void)
{
    sigset_t set;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

long loop_wait_ms(hop_time now, hop_time at, long max)
{
    if (at <= now)
        return 0;
    hop_time ms = (at - now + 999) / 1000;
    return ms > (hop_time)max ? max : (long)ms;
}

struct loop {
    struct node *n;
    int signals;
    hop_time links_paused; /* until then nothing is read from links: the disk is in trouble */
    uint64_t version;      /* of the device, when watchers were last told */
};

static size_t fill_items(const struct loop *l, zmq_pollitem_t items[static ITEMS_MAX])
{
    struct node *n = l->n;
    int fds[FDS_MAX];
    size_t count = 0, fds_count = 0;
    fds[fds_count++] = l->signals;
    fds_count += discovery_fds(n->discovery, fds + fds_count, FDS_MAX - fds_count);
    fds_count += http_poll_fds(n, fds + fds_count, FDS_MAX - fds_count);
    if (serial_fd(n->serial) >= 0 && fds_count < FDS_MAX)
        fds[fds_count++] = serial_fd(n->serial);
    int talk = talk_fd(n);
    if (talk >= 0 && fds_count < FDS_MAX)
        fds[fds_count++] = talk;
    for (size_t i = 0; i < fds_count; i++)
        items[count++] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    if (n->now >= l->links_paused)
        count += links_poll_items(n->links, items + count, ITEMS_MAX - count);
    return count;
}

static hop_time earlier(hop_time a, hop_time b)
{
    return a < b ? a : b;
}

static int wait_for_something(struct loop *l)
{
    struct node *n = l->n;
    zmq_pollitem_t items[ITEMS_MAX];
    size_t count = fill_items(l, items);
    hop_time at = earlier(device_deadline(n->device), discovery_deadline(n->discovery));
    at = earlier(at, dial_deadline(n));
    at = earlier(at, serial_deadline(n->serial));
    at = earlier(at, pairings_deadline(n));
    if (n->joining != NULL)
        at = earlier(at, joining_deadline(n->joining));
    at = earlier(at, n->now < l->links_paused ? l->links_paused : links_deadline(n->links));
    if (zmq_poll(items, (int)count, loop_wait_ms(n->now, at, WAIT_MS_MAX)) < 0 && errno != EINTR)
        return HOP_EIO;
    struct signalfd_siginfo info;
    if (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info)
        n->stop = true;
    return HOP_OK;
}

/* ---- a turn ---- */

/* Somebody with an invitation's key asks to be admitted. The answer waits for the commit: whoever
 * is told "welcome" must find the record that says so. */
static void on_join_request(struct node *n, const struct links_event *e)
{
    uint8_t reply[JOIN_FRAME_BYTES_MAX];
    size_t size = 0;
    device_join_answer(n->device, e->bytes, e->client, n->wall, reply, &size);
    if (size > 0)
        links_send(n->links, e->link, SPAN(reply, size), true);
}

static void on_link_event(struct node *n, const struct links_event *e)
{
    struct mesh_in in = {
        .link = e->link, .listener = e->listener, .now = n->now, .bytes = e->bytes};
    if (n->joining != NULL && joining_event(n->joining, e)) {
        node_changed(n);
        return;
    }
    switch (e->type) {
    case LINKS_JOIN_REQUEST:
        on_join_request(n, e);
        return;
    case LINKS_UP:
        in.type = MESH_IN_LINK_UP;
        break;
    case LINKS_DOWN:
        in.type = MESH_IN_LINK_DOWN;
        break;
    case LINKS_FRAME:
        in.type = MESH_IN_FRAME;
        break;
    }
    node_step(n, &in);
    if (e->type != LINKS_FRAME)
        dial_link_changed(n, e->link);
}

static void hear_beacons(struct node *n)
{
    struct discovery_heard heard;
    for (int i = 0; i < BEACONS_PER_TURN && discovery_next(n->discovery, &heard); i++) {
        if (n->joining != NULL)
            joining_heard(n->joining, &heard);
        dial_heard(n, &heard);
    }
}

/* Codes and cards: before what is to be heard and said is put together anew. */
static void pair(struct node *n)
{
    enum joining_state before = n->joining == NULL ? JOINED : joining_state(n->joining);
    bool changed = pairings_turn(n);
    if (n->joining != NULL && n->keys.has_cell && before != JOINED) { /* it was founded meanwhile */
        joining_free(n->joining);
        n->joining = NULL;
        changed = true;
    }
    if (n->joining != NULL)
        changed |= joining_turn(n->joining);
    if (n->joining != NULL && joining_state(n->joining) != before)
        node_changed(n);
    if (changed)
        dial_stale(n);
}

/* Beacons say where our records stand, so that others see at a glance whether we are level. */
static void refresh_root(struct node *n)
{
    uint8_t salt[8], root[8];
    const struct mesh *m = device_mesh(n->device);
    if (m == NULL || discovery_deadline(n->discovery) > n->now)
        return;
    hop_drbg_take(&n->drbg, salt, sizeof salt);
    mesh_root(m, salt, root);
    discovery_set_root(n->discovery, salt, root);
}

/* Keys of links are renewed by making the links again; not under people who talk. */
static int renew_links(struct node *n)
{
    if (talk_active(n))
        return HOP_OK;
    links_end_old(n->links, n->now);
    if (!links_renewal_due(n->links, n->now))
        return HOP_OK;
    int err = links_renew(n->links, n->now);
    if (err == HOP_OK)
        discovery_set_server(n->discovery, links_server_key(n->links), n->now);
    return err;
}

static void take_turn(struct loop *l)
{
    struct node *n = l->n;
    struct links_event e;
    node_read_clocks(n);
    talk_poll(n);
    hear_beacons(n);
    for (int i = 0; i < EVENTS_PER_TURN && n->now >= l->links_paused; i++) {
        if (!links_next(n->links, n->now, &e))
            break;
        on_link_event(n, &e);
    }
    if (device_deadline(n->device) <= n->now)
        node_step(n, &(struct mesh_in){.type = MESH_IN_TIMEOUT, .now = n->now});
    serial_turn(n);
    http_turn(n);                 /* its requests commit before they answer */
    if (node_commit(n) != HOP_OK) /* peers would send the same again at once: let TCP hold them */
        l->links_paused = n->now + STORE_RETRY_US;
    pair(n);
    dial_refresh(n);
    dial_turn(n);
    refresh_root(n);
    discovery_turn(n->discovery, n->now);
    if (device_version(n->device) != l->version) {
        l->version = device_version(n->device);
        node_changed(n);
    }
    n->lock = n->lock || guard_idle(n);
}

/* ---- opening and closing ---- */

static int say(struct node_trouble *why, enum text_id id, const char *arg, int err)
{
    (void)text_say(&why->said, id, arg == NULL ? 0 : 1, arg);
    why->exit_code = 3;
    return err;
}

static int port_trouble(struct node_trouble *why, int err, enum text_id busy, uint16_t port)
{
    char text[8];
    (void)snprintf(text, sizeof text, "%u", port);
    if (err == HOP_EBUSY)
        return say(why, busy, text, err);
    if (err == HOP_EREFUSED)
        return say(why, ERR_PORT_FORBIDDEN, text, err);
    if (err == HOP_EAUTH)
        return say(why, ERR_STRANGERS, NULL, err);
    if (err == HOP_ENOMEM)
        return say(why, ERR_MEMORY, NULL, err);
    return say(why, ERR_NETWORK, hop_error_text(err), err);
}

static int add_peer(struct node *n, struct discovery *d, const char *text, struct node_trouble *why)
{
    struct sockaddr_storage a;
    if (netaddr_parse(&a, text, discovery_port(d)) != HOP_OK) {
        why->exit_code = 2;
        (void)text_say(&why->said, ERR_ADDRESS, 1, text);
        return HOP_EMALFORMED;
    }
    return discovery_add_peer(d, &a, n->now);
}

int loop_open_discovery(struct node *n, const struct node_options *o, uint16_t link_port,
                        const uint8_t server_key[static 32], struct discovery **ret,
                        struct node_trouble *why)
{
    struct discovery *d = NULL;
    struct discovery_config config = {.drbg = &n->drbg,
                                      .port = o->beacon_port,
                                      .bind_address = o->bind_address,
                                      .no_multicast = o->no_multicast,
                                      .link_port = link_port};
    memcpy(config.server_key, server_key, sizeof config.server_key);
    int err = discovery_open(&d, &config);
    if (err != HOP_OK)
        return port_trouble(why, err, ERR_BEACON_PORT_BUSY,
                            o->beacon_port != 0 ? o->beacon_port : DISCOVERY_PORT);
    for (size_t i = 0; i < o->peers_count && err == HOP_OK; i++)
        err = add_peer(n, d, o->peers[i], why);
    if (err != HOP_OK) {
        discovery_close(d);
        return err;
    }
    *ret = d;
    return HOP_OK;
}

static int open_edges(struct node *n, const struct node_options *o, struct node_trouble *why)
{
    int err = links_new(&n->links, &n->drbg, false);
    if (err != HOP_OK)
        return say(why, ERR_MEMORY, NULL, err);
    err = links_listen(n->links, o->bind_address, o->link_port);
    if (err != HOP_OK)
        return port_trouble(why, err, ERR_LINK_PORT_BUSY, o->link_port);
    n->dial = dial_new(&n->drbg);
    n->pairings = pairings_new();
    if (n->dial == NULL || n->pairings == NULL)
        return say(why, ERR_MEMORY, NULL, HOP_ENOMEM);
    err = loop_open_discovery(n, o, links_port(n->links), links_server_key(n->links), &n->discovery,
                              why);
    if (err == HOP_OK && o->serial != NULL)
        err = serial_open(&n->serial, n, o->serial, why);
    if (err == HOP_OK && n->http == NULL) /* a locked node has it already */
        err = http_start(n, o, why);
    return err;
}

/* In reverse order; what was never opened is skipped. */
static void close_edges(struct node *n)
{
    talk_stop(n);
    http_stop(n);
    serial_close(n->serial);
    n->serial = NULL;
    discovery_close(n->discovery);
    n->discovery = NULL;
    joining_free(n->joining);
    n->joining = NULL;
    pairings_free(n->pairings);
    n->pairings = NULL;
    dial_free(n->dial);
    n->dial = NULL;
    links_free(n->links);
    n->links = NULL;
}

static int open_trace(struct node *n, const char *path, struct node_trouble *why)
{
    if (path == NULL)
        return HOP_OK;
    n->trace_file = fopen(path, "ae");
    return n->trace_file != NULL ? HOP_OK : say(why, ERR_TRACE_FILE, path, HOP_EIO);
}

/* Without keys there is nobody to meet and nothing to say: requests are answered, until one of them
 * brings the passphrase. */
static int serve_locked(struct loop *l, const struct node_options *o, struct node_trouble *why)
{
    struct node *n = l->n;
    struct signalfd_siginfo info;
    int err = n->locked ? http_start(n, o, why) : HOP_OK;
    while (err == HOP_OK && n->locked && !n->stop) {
        int fds[HTTP_POLL_FDS_MAX];
        zmq_pollitem_t items[HTTP_POLL_FDS_MAX + 1];
        size_t count = http_poll_fds(n, fds, HTTP_POLL_FDS_MAX);
        for (size_t i = 0; i < count; i++)
            items[i] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
        items[count] = (zmq_pollitem_t){.fd = l->signals, .events = ZMQ_POLLIN};
        if (zmq_poll(items, (int)count + 1, WAIT_MS_MAX) < 0 && errno != EINTR)
            err = say(why, ERR_NETWORK, hop_error_text(HOP_EIO), HOP_EIO);
        if (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info)
            n->stop = true;
        node_read_clocks(n);
        http_turn(n);
    }
    return err;
}

int node_run(struct node *n, const struct node_options *options, struct node_trouble *ret)
{
    struct loop l = {.n = n, .signals = loop_signals()};
    if (l.signals < 0)
        return say(ret, ERR_MEMORY, NULL, HOP_ENOMEM);
    node_read_clocks(n);
    n->lock_after = options->lock_after;
    int err = serve_locked(&l, options, ret);
    if (err != HOP_OK || n->stop)
        goto out;
    guard_used(n);
    err = open_trace(n, options->trace_path, ret);
    if (err == HOP_OK)
        err = open_edges(n, options, ret);
    n->running = err == HOP_OK;
    if (n->running)
        take_turn(&l);
    while (err == HOP_OK && !n->stop && !n->lock) {
        err = wait_for_something(&l);
        if (err == HOP_OK) {
            take_turn(&l);
            err = renew_links(n);
        }
        if (err != HOP_OK)
            err = say(ret, ERR_NETWORK, hop_error_text(err), err);
    }
    n->running = false;
    if (err == HOP_OK && n->copy_stops) {
        ret->said = n->copy;
        ret->exit_code = 1;
        err = HOP_EREFUSED;
    }
    guard_remember(n);
out:
    close_edges(n);
    close(l.signals);
    return err;
}
