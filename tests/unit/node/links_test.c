#include "node/links.h"

#include <stdlib.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "node/netaddr.h"
#include "tests/lib/test.h"

#define BOUND_US (5 * HOP_SECOND)

/* A listener, one or more dialers, real sockets on loopback. */
struct bench {
    struct hop_drbg drbg;
    struct links *server, *client;
    struct hop_box_key friend, stranger;
    struct sockaddr_storage address;
};

static hop_time now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (hop_time)t.tv_sec * HOP_SECOND + (hop_time)t.tv_nsec / 1000;
}

static void make_key(struct bench *b, struct hop_box_key *ret)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    hop_drbg_take(&b->drbg, seed, sizeof seed);
    hop_box_keypair(ret, seed);
}

static void open_bench(struct bench *b)
{
    struct rng r = test_rng("links");
    uint8_t seed[CRYPTO_SEED_BYTES];
    *b = (struct bench){0};
    CHECK_OK(hop_init());
    test_random(&r, seed, sizeof seed);
    hop_drbg_seed(&b->drbg, seed);
    make_key(b, &b->friend);
    make_key(b, &b->stranger);
    CHECK_OK(links_new(&b->server, &b->drbg, false));
    CHECK_OK(links_listen(b->server, "127.0.0.1", 0));
    CHECK_OK(links_new(&b->client, &b->drbg, true));
    CHECK_OK(netaddr_parse(&b->address, "127.0.0.1", links_port(b->server)));
    CHECK_OK(links_allow(b->server, (const uint8_t(*)[32])b->friend.public_key, 1, 0));
}

static void close_bench(struct bench *b)
{
    links_free(b->client);
    links_free(b->server);
}

/* The next event of l, within `bound`; false when none came. */
static bool next_within(struct links *l, struct links_event *e, hop_time bound)
{
    zmq_pollitem_t items[LINKS_POLL_MAX];
    hop_time until = now() + bound;
    for (;;) {
        if (links_next(l, now(), e))
            return true;
        hop_time t = now();
        if (t >= until)
            return false;
        size_t count = links_poll_items(l, items, LINKS_POLL_MAX);
        hop_time at = links_deadline(l) < until ? links_deadline(l) : until;
        long ms = at <= t ? 0 : (long)((at - t) / 1000 + 1);
        (void)zmq_poll(items, (int)count, ms);
    }
}

static struct links_event expect(struct links *l, enum links_event_type type)
{
    struct links_event e;
    if (!next_within(l, &e, BOUND_US))
        fail_msg("no event in time; waited for type %u", type);
    CHECK_EQ(e.type, type);
    return e;
}

static mesh_link dial(struct bench *b, const struct hop_box_key *key)
{
    mesh_link link = 0;
    CHECK_OK(links_connect(b->client, &b->address, links_server_key(b->server), key, now(), &link));
    return link;
}

/* Connect as the friend and say hello; both ends' names for the link. */
static void meet(struct bench *b, mesh_link *ours, mesh_link *theirs)
{
    *ours = dial(b, &b->friend);
    CHECK_EQ(expect(b->client, LINKS_UP).link, *ours);
    links_send(b->client, *ours, span_text("hello"), false);
    *theirs = expect(b->server, LINKS_UP).link;
    struct links_event e = expect(b->server, LINKS_FRAME);
    CHECK_EQ(e.link, *theirs);
    CHECK_SPAN(e.bytes, span_text("hello"));
}

/* If this fails, nobody can talk to anybody. */
TEST(links_carry_frames_both_ways)
{
    struct bench b;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_send(b.server, theirs, span_text("welcome"), false);
    struct links_event e = expect(b.client, LINKS_FRAME);
    CHECK_SPAN(e.bytes, span_text("welcome"));
    CHECK(links_is_up(b.server, theirs) && links_is_listener(b.server, theirs));
    CHECK(links_is_up(b.client, ours) && !links_is_listener(b.client, ours));
    struct sockaddr_storage a;
    char text[NETADDR_TEXT_BYTES];
    CHECK_OK(links_address(b.server, theirs, &a));
    netaddr_print(text, &a);
    CHECK_TEXT(text, "127.0.0.1");
    close_bench(&b);
}

/* HELLO signs the binding: if the ends disagree no two devices can greet each other. */
TEST(links_both_ends_see_one_binding)
{
    struct bench b;
    uint8_t client[32], server[32];
    open_bench(&b);
    mesh_link link = dial(&b, &b.friend);
    struct links_event e = expect(b.client, LINKS_UP);
    CHECK_EQ(e.bytes.size, 32);
    memcpy(client, e.bytes.data, 32);
    CHECK(!e.listener);
    links_send(b.client, link, span_text("x"), false);
    e = expect(b.server, LINKS_UP);
    CHECK(e.listener);
    memcpy(server, e.bytes.data, 32);
    CHECK_BYTES(client, server, 32);
    CHECK_BYTES(e.client, b.friend.public_key, 32);
    close_bench(&b);
}

/* A stranger who learned address and server key must not get a word in. */
TEST(links_refuse_unknown_client_key)
{
    struct bench b;
    struct links_event e;
    open_bench(&b);
    mesh_link link = dial(&b, &b.stranger);
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, link);
    CHECK(!next_within(b.server, &e, HOP_SECOND / 5));
    CHECK_EQ(links_count(b.server), 0);
    close_bench(&b);
}

/* Send one message from a bare socket and report whether the listener saw anything of it. */
static bool listener_hears(struct bench *b, void *socket, void *context)
{
    char endpoint[64];
    struct links_event e;
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", links_port(b->server));
    CHECK_EQ(zmq_connect(socket, endpoint), 0);
    CHECK(zmq_send(socket, "hop", 3, ZMQ_DONTWAIT) >= 0);
    bool heard = next_within(b->server, &e, HOP_SECOND / 2);
    zmq_close(socket);
    zmq_ctx_term(context);
    return heard;
}

/* A client without CURVE asks for no handshake at all: the mechanism must be refused. */
TEST(links_refuse_client_without_curve)
{
    struct bench b;
    open_bench(&b);
    void *context = zmq_ctx_new();
    CHECK(!listener_hears(&b, zmq_socket(context, ZMQ_DEALER), context));
    close_bench(&b);
}

/* An allowed key with another server's key: somebody who replays an old beacon. */
TEST(links_refuse_wrong_server_key)
{
    struct bench b;
    struct links_event e;
    mesh_link link;
    open_bench(&b);
    CHECK_OK(links_connect(b.client, &b.address, b.stranger.public_key, &b.friend, now(), &link));
    CHECK(!next_within(b.server, &e, HOP_SECOND / 5));
    CHECK(!links_is_up(b.client, link));
    close_bench(&b);
}

/* libzmq asks at the handshake only: without our own check a removed device would go on talking. */
TEST(links_drop_messages_of_revoked_key)
{
    struct bench b;
    struct links_event e;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    CHECK_OK(links_allow(b.server, NULL, 0, 0));
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    links_send(b.client, ours, span_text("still here"), false);
    CHECK(!next_within(b.server, &e, HOP_SECOND / 5));
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours); /* and it is told so */
    close_bench(&b);
}

/* The same when the revoked end ignores the goodbye and pushes on. */
TEST(links_stay_deaf_to_whoever_ignores_goodbye)
{
    struct bench b;
    struct links_event e;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_drop(b.server, theirs);
    for (int i = 0; i < 5; i++) /* b.client has not read the goodbye yet */
        links_send(b.client, ours, span_text("still here"), false);
    CHECK(!next_within(b.server, &e, HOP_SECOND / 5));
    close_bench(&b);
}

/* Without a living handler libzmq would let everybody in. */
TEST(links_do_not_listen_when_the_handler_is_dead)
{
    struct bench b = {0};
    struct links *l = NULL;
    open_bench(&b);
    CHECK_OK(links_new(&l, &b.drbg, false));
    zap_stop(links_zap(l));
    CHECK_ERR(links_listen(l, "127.0.0.1", 0), HOP_EAUTH);
    CHECK_EQ(links_port(l), 0);
    links_free(l);
    close_bench(&b);
}

/* A frame beyond the limit must cost the sender its link and us no memory. */
TEST(links_refuse_oversize_message)
{
    struct bench b;
    struct links_event e;
    mesh_link ours, theirs;
    size_t size = MESH_FRAME_BYTES_MAX + 4096;
    uint8_t *bytes = calloc(1, size);
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_send(b.client, ours, SPAN(bytes, MESH_FRAME_BYTES_MAX), false); /* the largest allowed */
    e = expect(b.server, LINKS_FRAME);
    CHECK_EQ(e.bytes.size, MESH_FRAME_BYTES_MAX);
    links_send(b.client, ours, SPAN(bytes, size), false);
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    CHECK(!next_within(b.server, &e, HOP_SECOND / 5));
    free(bytes);
    close_bench(&b);
}

/* An acknowledgement that leaves before the commit promises what a crash can still take away. */
TEST(links_hold_until_released_and_keep_order)
{
    struct bench b;
    struct links_event e;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_send(b.server, theirs, span_text("1"), false);
    links_send(b.server, theirs, span_text("2"), true);
    links_send(b.server, theirs, span_text("3"), false);
    CHECK_SPAN(expect(b.client, LINKS_FRAME).bytes, span_text("1"));
    CHECK(!next_within(b.client, &e, HOP_SECOND / 10));
    links_release(b.server);
    CHECK_SPAN(expect(b.client, LINKS_FRAME).bytes, span_text("2"));
    CHECK_SPAN(expect(b.client, LINKS_FRAME).bytes, span_text("3"));
    close_bench(&b);
}

/* After a failed commit what rested on it must never leave; the rest may. */
TEST(links_discard_what_waited_for_failed_commit)
{
    struct bench b;
    struct links_event e;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_send(b.server, theirs, span_text("promise"), true);
    links_send(b.server, theirs, span_text("greeting"), false);
    links_discard_held(b.server);
    CHECK_SPAN(expect(b.client, LINKS_FRAME).bytes, span_text("greeting"));
    links_release(b.server);
    CHECK(!next_within(b.client, &e, HOP_SECOND / 10));
    close_bench(&b);
}

/* A node that ends says so, and the other end knows at once. */
TEST(links_say_goodbye)
{
    struct bench b;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_drop(b.client, ours);
    CHECK(!links_exists(b.client, ours));
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    meet(&b, &ours, &theirs);
    links_free(b.server);
    b.server = NULL;
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    close_bench(&b);
}

/* A crash sends no goodbye: the end of the connection must do, and not eat what was said before. */
TEST(links_notice_peer_that_vanished_after_its_last_word)
{
    struct bench b;
    struct links_event e;
    char endpoint[64];
    int linger = 1000;
    open_bench(&b);
    void *context = zmq_ctx_new(), *s = zmq_socket(context, ZMQ_DEALER);
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", links_port(b.server));
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, links_server_key(b.server), 32);
    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, b.friend.public_key, 32);
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, b.friend.secret, 32);
    CHECK_EQ(zmq_connect(s, endpoint), 0);
    CHECK_EQ(zmq_send(s, "first", 5, 0), 5);
    CHECK_EQ(zmq_send(s, "last", 4, 0), 4);
    zmq_close(s);
    zmq_ctx_term(context); /* waits until both have left, then the connection is gone */
    mesh_link link = expect(b.server, LINKS_UP).link;
    CHECK_SPAN(expect(b.server, LINKS_FRAME).bytes, span_text("first"));
    CHECK_SPAN(expect(b.server, LINKS_FRAME).bytes, span_text("last"));
    e = expect(b.server, LINKS_DOWN);
    CHECK_EQ(e.link, link);
    close_bench(&b);
}

/* A device that reconnects before we noticed must not sit in the table twice. */
TEST(links_replace_older_link_of_same_device)
{
    struct bench b;
    mesh_link first, second, theirs, again;
    open_bench(&b);
    meet(&b, &first, &theirs);
    second = dial(&b, &b.friend);
    CHECK_EQ(expect(b.client, LINKS_UP).link, second);
    links_send(b.client, second, span_text("back"), false);
    again = expect(b.server, LINKS_UP).link;
    CHECK(again != theirs);
    CHECK_SPAN(expect(b.server, LINKS_FRAME).bytes, span_text("back"));
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    CHECK_EQ(links_count(b.server), 1);
    close_bench(&b);
}

/* A joiner's bytes must reach the device's judge and never the mesh. */
TEST(links_keep_joiners_apart)
{
    struct bench b;
    uint8_t keys[2][32];
    open_bench(&b);
    memcpy(keys[0], b.friend.public_key, 32);
    memcpy(keys[1], b.stranger.public_key, 32);
    CHECK_OK(links_allow(b.server, (const uint8_t(*)[32])keys, 1, 1));
    mesh_link link = dial(&b, &b.stranger);
    CHECK_EQ(expect(b.client, LINKS_UP).link, link);
    links_send(b.client, link, span_text("let me in"), false);
    struct links_event e = expect(b.server, LINKS_JOIN_REQUEST);
    CHECK_SPAN(e.bytes, span_text("let me in"));
    CHECK_BYTES(e.client, b.stranger.public_key, 32);
    CHECK_EQ(links_count(b.server), 0);
    links_send(b.server, e.link, span_text("welcome"), true);
    links_release(b.server);
    CHECK_SPAN(expect(b.client, LINKS_FRAME).bytes, span_text("welcome"));
    close_bench(&b);
}

/* A port that is taken is a sentence for a person, not a crash or a silent other port. */
TEST(links_report_port_in_use)
{
    struct bench b;
    struct links *l = NULL;
    open_bench(&b);
    CHECK_OK(links_new(&l, &b.drbg, false));
    CHECK_ERR(links_listen(l, "127.0.0.1", links_port(b.server)), HOP_EBUSY);
    links_free(l);
    CHECK_OK(links_new(&l, &b.drbg, false));
    CHECK_ERR(links_listen(l, "203.0.113.9", 0), HOP_EIO); /* not an address of this machine */
    links_free(l);
    close_bench(&b);
}

/* Whoever recorded the old server key can do nothing with it any more; who has the new one can. */
TEST(links_renew_their_server_key_on_the_same_port)
{
    struct bench b;
    mesh_link ours, theirs;
    uint8_t old[32];
    open_bench(&b);
    meet(&b, &ours, &theirs);
    uint16_t port = links_port(b.server);
    memcpy(old, links_server_key(b.server), sizeof old);
    CHECK_OK(links_renew(b.server, now()));
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    CHECK_EQ(links_port(b.server), port);
    CHECK(memcmp(old, links_server_key(b.server), sizeof old) != 0);
    CHECK_OK(links_connect(b.client, &b.address, old, &b.friend, now(), &ours));
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    meet(&b, &ours, &theirs);
    CHECK_OK(links_renew(b.server, now())); /* and once more */
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    meet(&b, &ours, &theirs);
    close_bench(&b);
}

/* Keys of a link live an hour: a link that stayed up for days would have one for days. */
TEST(links_end_when_their_keys_are_an_hour_old)
{
    struct bench b;
    mesh_link ours, theirs;
    open_bench(&b);
    meet(&b, &ours, &theirs);
    links_end_old(b.client, now() + LINKS_KEYS_US / 2);
    CHECK(links_is_up(b.client, ours));
    CHECK(!links_renewal_due(b.server, now()));
    CHECK(!links_renewal_due(b.server, now() + LINKS_SERVER_US / 2));
    CHECK(links_renewal_due(b.server, now() + LINKS_SERVER_US));
    links_end_old(b.client, now() + LINKS_KEYS_US);
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, ours);
    CHECK_EQ(expect(b.server, LINKS_DOWN).link, theirs);
    meet(&b, &ours, &theirs); /* and come back at once */
    close_bench(&b);
}

/* Who connects and says nothing must learn nothing, and hold nothing of ours. */
TEST(links_say_nothing_to_who_is_silent)
{
    struct bench b;
    uint8_t byte;
    open_bench(&b);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(connect(fd, (const struct sockaddr *)&b.address, netaddr_size(&b.address)), 0);
    struct timeval patience = {.tv_usec = 300000};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(recv(fd, &byte, 1, 0), -1);
    CHECK_EQ(send(fd, "\xff", 1, MSG_NOSIGNAL), 1); /* and that it listens at all: */
    CHECK_EQ(recv(fd, &byte, 1, 0), 1);
    close(fd);
    close_bench(&b);
}

/* Nobody listens there: the attempt ends by itself, and its place is free again. */
TEST(links_give_up_on_dead_address)
{
    struct bench b;
    mesh_link link;
    open_bench(&b);
    netaddr_set_port(&b.address, 9); /* discard: nobody on a test machine */
    CHECK_OK(
        links_connect(b.client, &b.address, links_server_key(b.server), &b.friend, now(), &link));
    CHECK_EQ(expect(b.client, LINKS_DOWN).link, link);
    CHECK_EQ(links_count(b.client), 0);
    close_bench(&b);
}

/* The table is bounded, and a full one refuses instead of growing. */
TEST(links_refuse_more_than_they_have_room_for)
{
    struct bench b;
    mesh_link link;
    open_bench(&b);
    netaddr_set_port(&b.address, 9);
    for (size_t i = 0; i < MESH_LINKS_MAX; i++)
        CHECK_OK(links_connect(b.client, &b.address, links_server_key(b.server), &b.friend, now(),
                               &link));
    CHECK_ERR(
        links_connect(b.client, &b.address, links_server_key(b.server), &b.friend, now(), &link),
        HOP_EFULL);
    close_bench(&b);
}
