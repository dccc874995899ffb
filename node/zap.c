#include "node/zap.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "base/encode.h"

#define ZAP_ENDPOINT       "inproc://zeromq.zap.01"
#define STOP_ENDPOINT      "inproc://hop.zap.stop"
#define REQUEST_FRAMES_MAX 8
#define SELF_TEST_MS       3000

/* In the draft section of Debian's zmq.h, but not a draft in the library: refuse handshakes when
 * no handler answers. */
#define ENFORCE_DOMAIN 93

struct zap {
    void *handler; /* REP: the thread's, once it runs */
    void *stop_inside, *stop_outside;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    size_t count; /* of keys, sorted */
    uint8_t keys[ZAP_KEYS_MAX][32];
};

/* ---- the table ---- */

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

int zap_allow(struct zap *z, const uint8_t (*keys)[32], size_t count)
{
    if (count > ZAP_KEYS_MAX)
        return HOP_EFULL;
    pthread_mutex_lock(&z->lock);
    if (count > 0) {
        memcpy(z->keys, keys, count * 32);
        qsort(z->keys, count, 32, compare_keys);
    }
    z->count = count;
    pthread_mutex_unlock(&z->lock);
    return HOP_OK;
}

/* Public keys: the time a search takes tells nothing that is secret. */
bool zap_allows(struct zap *z, const uint8_t key[static 32])
{
    pthread_mutex_lock(&z->lock);
    bool found =
        z->count > 0 && bsearch(key, z->keys, z->count, sizeof z->keys[0], compare_keys) != NULL;
    pthread_mutex_unlock(&z->lock);
    return found;
}

/* ---- the handler ---- */

/* One request, frame by frame. Frames beyond what the protocol knows are read and make it bad. */
struct request {
    uint8_t id[256];
    size_t id_size;
    uint8_t key[32];
    bool bad;
};

static bool frame_is(zmq_msg_t *msg, const char *text)
{
    size_t size = strlen(text);
    return zmq_msg_size(msg) == size && memcmp(zmq_msg_data(msg), text, size) == 0;
}

/* version, request id, domain, address, identity, mechanism, credentials */
static void take_frame(struct request *rq, size_t index, zmq_msg_t *msg)
{
    size_t size = zmq_msg_size(msg);
    switch (index) {
    case 0:
        rq->bad |= !frame_is(msg, "1.0");
        break;
    case 1:
        rq->bad |= size > sizeof rq->id;
        rq->id_size = rq->bad ? 0 : size;
        memcpy(rq->id, zmq_msg_data(msg), rq->id_size);
        break;
    case 2:
        rq->bad |= !frame_is(msg, ZAP_DOMAIN);
        break;
    case 3:
    case 4:
        break;
    case 5:
        rq->bad |= !frame_is(msg, "CURVE");
        break;
    case 6:
        rq->bad |= size != sizeof rq->key;
        if (size == sizeof rq->key)
            memcpy(rq->key, zmq_msg_data(msg), size);
        break;
    default:
        rq->bad = true;
    }
}

/* False when the context is being closed. */
static bool read_request(void *socket, struct request *rq)
{
    size_t index = 0;
    bool more = true;
    *rq = (struct request){0};
    while (more) {
        zmq_msg_t msg;
        zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, 0) < 0) {
            zmq_msg_close(&msg);
            return false;
        }
        take_frame(rq, index++, &msg);
        more = zmq_msg_more(&msg) != 0;
        zmq_msg_close(&msg);
    }
    rq->bad |= index != 7;
    return true;
}

static void answer(void *socket, const struct request *rq, bool allowed)
{
    char user[HEX_SIZE(32)] = "";
    if (allowed)
        hex_encode(user, SPAN(rq->key, 32));
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, rq->id, rq->id_size, ZMQ_SNDMORE);
    zmq_send(socket, allowed ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(socket, "", 0, 0);
}

static void *serve(void *ctx)
{
    struct zap *z = ctx;
    zmq_pollitem_t items[] = {{.socket = z->handler, .events = ZMQ_POLLIN},
                              {.socket = z->stop_inside, .events = ZMQ_POLLIN}};
    struct request rq;
    while (zmq_poll(items, 2, -1) >= 0 && items[1].revents == 0) {
        if (items[0].revents == 0)
            continue;
        if (!read_request(z->handler, &rq))
            break;
        answer(z->handler, &rq, !rq.bad && zap_allows(z, rq.key));
    }
    zmq_close(z->handler);
    zmq_close(z->stop_inside);
    return NULL;
}

static void *pair_at(void *context, const char *endpoint, bool bind)
{
    int linger = 0;
    void *s = zmq_socket(context, ZMQ_PAIR);
    if (s == NULL)
        return NULL;
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    if ((bind ? zmq_bind(s, endpoint) : zmq_connect(s, endpoint)) == 0)
        return s;
    zmq_close(s);
    return NULL;
}

int zap_start(struct zap **ret, void *zmq_context)
{
    struct zap *z = calloc(1, sizeof *z);
    if (z == NULL)
        return HOP_ENOMEM;
    pthread_mutex_init(&z->lock, NULL);
    int linger = 0;
    z->handler = zmq_socket(zmq_context, ZMQ_REP);
    z->stop_inside = pair_at(zmq_context, STOP_ENDPOINT, true);
    z->stop_outside = pair_at(zmq_context, STOP_ENDPOINT, false);
    if (z->handler == NULL || z->stop_inside == NULL || z->stop_outside == NULL ||
        zmq_setsockopt(z->handler, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(z->handler, ZAP_ENDPOINT) != 0)
        goto failed;
    if (pthread_create(&z->thread, NULL, serve, z) != 0) /* also hands it the two sockets */
        goto failed;
    z->running = true;
    *ret = z;
    return HOP_OK;
failed:
    if (z->handler != NULL)
        zmq_close(z->handler);
    if (z->stop_inside != NULL)
        zmq_close(z->stop_inside);
    zap_free(z);
    return HOP_EIO;
}

void zap_stop(struct zap *z)
{
    if (!z->running)
        return;
    zmq_send(z->stop_outside, "", 0, 0);
    pthread_join(z->thread, NULL);
    z->running = false;
}

void zap_free(struct zap *z)
{
    if (z == NULL)
        return;
    zap_stop(z);
    if (z->stop_outside != NULL)
        zmq_close(z->stop_outside);
    pthread_mutex_destroy(&z->lock);
    free(z);
}

/* ---- the guarded socket, and the proof that it is ---- */

int zap_guard(void *socket, const struct hop_box_key *server)
{
    int on = 1;
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server->secret, 32) != 0 ||
        zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
        zmq_setsockopt(socket, ENFORCE_DOMAIN, &on, sizeof on) != 0)
        return HOP_EIO;
    return HOP_OK;
}

struct trial {
    void *context, *listener;
    char endpoint[64];
    struct hop_box_key server;
};

/* The monitor's verdict on a handshake; 0 while there is none. */
static int read_verdict(void *monitor)
{
    uint8_t frame[6];
    char address[256];
    int verdict = 0;
    while (zmq_recv(monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= (int)sizeof frame) {
        uint16_t event;
        memcpy(&event, frame, sizeof event);
        zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ||
            event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            verdict = event;
    }
    return verdict;
}

/* Connect with this key and send a word. HOP_OK: it arrived; HOP_EAUTH: the handshake was refused
 * by name; HOP_EIO: neither within the bound. */
static int try_key(const struct trial *t, const struct hop_box_key *client, const char *watch)
{
    int linger = 0, err = HOP_EIO;
    void *s = zmq_socket(t->context, ZMQ_DEALER), *monitor = NULL;
    if (s == NULL)
        return HOP_EIO;
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, t->server.public_key, 32) != 0 ||
        zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, client->public_key, 32) != 0 ||
        zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, client->secret, 32) != 0 ||
        zmq_socket_monitor(s, watch, ZMQ_EVENT_ALL) != 0 ||
        (monitor = pair_at(t->context, watch, false)) == NULL || zmq_connect(s, t->endpoint) != 0 ||
        zmq_send(s, "hop", 3, ZMQ_DONTWAIT) != 3)
        goto out;
    zmq_pollitem_t items[] = {{.socket = t->listener, .events = ZMQ_POLLIN},
                              {.socket = monitor, .events = ZMQ_POLLIN}};
    for (int i = 0; i < 100 && err == HOP_EIO; i++) { /* few events, so few turns */
        if (zmq_poll(items, 2, SELF_TEST_MS) <= 0)
            break;
        int verdict = items[1].revents != 0 ? read_verdict(monitor) : 0;
        if (items[0].revents != 0)
            err = HOP_OK;
        else if (verdict == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
            err = HOP_EAUTH;
        else if (verdict == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            break;
    }
out:
    zmq_socket_monitor(s, NULL, 0);
    zmq_close(s);
    if (monitor != NULL)
        zmq_close(monitor);
    return err;
}

int zap_self_test(struct zap *z, void *zmq_context, struct hop_drbg *drbg)
{
    struct trial t = {.context = zmq_context};
    struct hop_box_key friend, stranger;
    uint8_t seed[3][CRYPTO_SEED_BYTES], name[8];
    char hex[HEX_SIZE(8)];
    int linger = 0, err = HOP_EIO;
    hop_drbg_take(drbg, seed[0], sizeof seed);
    hop_drbg_take(drbg, name, sizeof name);
    hop_box_keypair(&t.server, seed[0]);
    hop_box_keypair(&friend, seed[1]);
    hop_box_keypair(&stranger, seed[2]);
    hex_encode(hex, SPAN(name, sizeof name));
    /* an abstract unix socket: works where even the loopback interface is down */
    snprintf(t.endpoint, sizeof t.endpoint, "ipc://@hop-%s", hex);
    t.listener = zmq_socket(zmq_context, ZMQ_ROUTER);
    if (t.listener == NULL)
        return HOP_EIO;
    zmq_setsockopt(t.listener, ZMQ_LINGER, &linger, sizeof linger);
    if (zap_guard(t.listener, &t.server) == HOP_OK && zmq_bind(t.listener, t.endpoint) == 0 &&
        zap_allow(z, (const uint8_t(*)[32]) friend.public_key, 1) == HOP_OK)
        err = try_key(&t, &stranger, "inproc://hop.zap.trial.1") == HOP_EAUTH &&
                      try_key(&t, &friend, "inproc://hop.zap.trial.2") == HOP_OK
                  ? HOP_OK
                  : HOP_EAUTH;
    zmq_close(t.listener);
    if (zap_allow(z, NULL, 0) != HOP_OK)
        err = HOP_EIO;
    hop_wipe(seed, sizeof seed);
    hop_wipe(&t.server, sizeof t.server);
    return err;
}
