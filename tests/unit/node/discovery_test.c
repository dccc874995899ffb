#define _GNU_SOURCE /* struct ip_mreqn */
#include "node/discovery.h"

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "node/netaddr.h"
#include "tests/lib/test.h"

#define PATIENCE_MS 3000

/* One node's discovery with a key of its own, on real sockets. Time is the test's. */
struct side {
    struct discovery *d;
    struct hop_sign_key signer;
    struct discovery_key key;
};

static struct hop_drbg drbg;

static void open_side(struct side *s, const char *cell, uint16_t port, bool no_multicast)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    if (!drbg.seeded) {
        struct rng r = test_rng("discovery");
        CHECK_OK(hop_init());
        test_random(&r, seed, sizeof seed);
        hop_drbg_seed(&drbg, seed);
    }
    *s = (struct side){.key = {.name = 5, .announce = true}};
    hop_drbg_take(&drbg, seed, sizeof seed);
    hop_sign_keypair(&s->signer, seed);
    hop_hash(s->key.key, 32, LABEL_DISC, span_text(cell));
    hop_drbg_take(&drbg, s->key.tag, sizeof s->key.tag);
    s->key.signer = &s->signer;
    struct discovery_config config = {
        .drbg = &drbg, .port = port, .no_multicast = no_multicast, .link_port = 4242};
    CHECK_OK(discovery_open(&s->d, &config));
    discovery_set_keys(s->d, &s->key, 1, 0);
}

/* A UDP socket of the test's own, on any port. */
static int bare_socket(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&a, size), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static uint16_t free_port(void)
{
    uint16_t port;
    close(bare_socket(&port));
    return port;
}

static bool readable(const struct side *s, int timeout_ms)
{
    int fds[DISCOVERY_FDS_MAX];
    struct pollfd p[DISCOVERY_FDS_MAX];
    size_t n = discovery_fds(s->d, fds, DISCOVERY_FDS_MAX);
    for (size_t i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    return poll(p, (nfds_t)n, timeout_ms) > 0;
}

/* What s hears next; false if nothing for it comes in time. */
static bool hears(struct side *s, struct discovery_heard *ret, int timeout_ms)
{
    for (int i = 0; i < 100; i++) {
        if (discovery_next(s->d, ret))
            return true;
        if (!readable(s, timeout_ms))
            return false;
    }
    return false;
}

static struct sockaddr_storage loopback(uint16_t port)
{
    struct sockaddr_storage a;
    CHECK_OK(netaddr_parse(&a, "127.0.0.1", port));
    return a;
}

/* The whole point: two nodes of one cell in one network find each other, nothing typed. */
TEST(discovery_hears_member_by_multicast)
{
    struct side a, b;
    struct discovery_heard h;
    uint16_t port = free_port();
    open_side(&a, "cell", port, false);
    open_side(&b, "cell", port, false);
    discovery_turn(a.d, HOP_SECOND); /* joins groups */
    discovery_turn(b.d, HOP_SECOND);
    discovery_turn(a.d, 20 * HOP_SECOND);
    CHECK(hears(&b, &h, PATIENCE_MS));
    CHECK_EQ(h.name, 5);
    CHECK(!h.unicast);
    CHECK_EQ(h.opened.beacon.link_port, 4242);
    CHECK_BYTES(h.opened.beacon.device_tag, a.key.tag, 16);
    CHECK_OK(beacon_verify(&h.opened, a.signer.public_key));
    CHECK_ERR(beacon_verify(&h.opened, b.signer.public_key), HOP_EAUTH);
    discovery_close(a.d);
    discovery_close(b.d);
}

/* Another cell in the same room sees random bytes, and gets no answer. */
TEST(discovery_of_another_cell_understands_nothing)
{
    struct side a, b;
    struct discovery_heard h;
    uint16_t port = free_port();
    open_side(&a, "cell", port, false);
    open_side(&b, "another", port, false);
    discovery_turn(a.d, HOP_SECOND);
    discovery_turn(b.d, HOP_SECOND);
    discovery_turn(a.d, 20 * HOP_SECOND);
    CHECK(!hears(&b, &h, 200));
    CHECK(discovery_counts(b.d)->foreign > 0);
    CHECK_EQ(discovery_counts(b.d)->heard, 0);
    discovery_close(a.d);
    discovery_close(b.d);
}

/* A node that took its own beacon for a neighbour would dial itself for ever. */
TEST(discovery_ignores_its_own_beacons)
{
    struct side a;
    struct discovery_heard h;
    open_side(&a, "cell", free_port(), false);
    discovery_turn(a.d, HOP_SECOND);
    discovery_turn(a.d, 20 * HOP_SECOND);
    CHECK(discovery_counts(a.d)->sent > 0);
    CHECK(!hears(&a, &h, 200));
    discovery_close(a.d);
}

/* Where multicast is filtered, a typed address must do: a letter, and a reply to it. */
TEST(discovery_letter_is_answered_to_its_sender)
{
    struct side a, b;
    struct discovery_heard h;
    uint16_t port = free_port();
    struct sockaddr_storage typed = loopback(port);
    open_side(&a, "cell", free_port(), true);
    open_side(&b, "cell", port, true);
    CHECK_OK(discovery_add_peer(a.d, &typed, 0));
    discovery_turn(a.d, HOP_SECOND);
    CHECK(hears(&b, &h, PATIENCE_MS));
    CHECK(h.unicast);
    CHECK_EQ(h.opened.beacon.flags, 0);
    discovery_answer(b.d, &h);
    CHECK(hears(&a, &h, PATIENCE_MS));
    CHECK_EQ(h.opened.beacon.flags, BEACON_FLAG_REPLY);
    CHECK_BYTES(h.opened.beacon.device_tag, b.key.tag, 16);
    discovery_close(a.d);
    discovery_close(b.d);
}

/* Let a write its letter to a socket of ours, and hand the packet over. */
static void take_letter(struct side *a, uint8_t packet[static BEACON_BYTES])
{
    uint16_t port;
    int fd = bare_socket(&port);
    struct sockaddr_storage typed = loopback(port);
    struct timeval bound = {.tv_sec = 3};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound), 0);
    CHECK_OK(discovery_add_peer(a->d, &typed, 0));
    discovery_turn(a->d, HOP_SECOND);
    CHECK_EQ(recv(fd, packet, BEACON_BYTES, 0), BEACON_BYTES);
    close(fd);
}

static void post(uint16_t port, const uint8_t *packet, size_t size)
{
    uint16_t ignored;
    int fd = bare_socket(&ignored);
    struct sockaddr_storage to = loopback(port);
    CHECK_EQ(sendto(fd, packet, size, 0, (struct sockaddr *)&to, netaddr_size(&to)), (ssize_t)size);
    close(fd);
}

/* A recorded beacon sent again must not make us connect anywhere again. */
TEST(discovery_ignores_replayed_beacon)
{
    struct side a, b;
    struct discovery_heard h;
    uint8_t packet[BEACON_BYTES];
    uint16_t port = free_port();
    open_side(&a, "cell", free_port(), true);
    open_side(&b, "cell", port, true);
    take_letter(&a, packet);
    post(port, packet, sizeof packet);
    CHECK(hears(&b, &h, PATIENCE_MS));
    post(port, packet, sizeof packet);
    CHECK(!hears(&b, &h, 200));
    CHECK_EQ(discovery_counts(b.d)->repeated, 1);
    discovery_close(a.d);
    discovery_close(b.d);
}

/* What a sends to everybody on the loopback interface. */
static void overhear(struct side *a, uint16_t port, uint8_t packet[static BEACON_BYTES])
{
    int on = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xeff0cfe4),
                             .imr_ifindex = (int)if_nametoindex("lo")};
    struct timeval bound = {.tv_sec = 3};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound), 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    CHECK_EQ(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), 0);
    discovery_turn(a->d, HOP_SECOND);
    discovery_turn(a->d, 20 * HOP_SECOND);
    CHECK_EQ(recv(fd, packet, BEACON_BYTES, 0), BEACON_BYTES);
    close(fd);
}

/* An outsider who records a beacon and sends it from elsewhere, to a node that was not there to
 * hear it, would learn from the answer that the node is of that cell. */
TEST(discovery_gives_no_answer_to_a_beacon_sent_by_somebody_else)
{
    struct side a, b;
    struct discovery_heard h;
    uint8_t packet[BEACON_BYTES];
    struct sockaddr_storage other, to;
    uint16_t port = free_port();
    open_side(&a, "cell", port, false);
    overhear(&a, port, packet);
    discovery_close(a.d);
    open_side(&b, "cell", port, true);
    to = loopback(port);
    CHECK_OK(netaddr_parse(&other, "127.0.0.2", port));
    netaddr_set_port(&other, 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&other, netaddr_size(&other)), 0);
    CHECK_EQ(sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&to, netaddr_size(&to)),
             (ssize_t)sizeof packet);
    close(fd);
    CHECK(!hears(&b, &h, 200));
    CHECK_EQ(discovery_counts(b.d)->repeated, 1);
    post(port, packet, sizeof packet); /* from where it says it comes */
    CHECK(hears(&b, &h, PATIENCE_MS));
    discovery_close(b.d);
}

/* Anything that is not exactly a beacon of ours must be nothing at all. */
TEST(discovery_ignores_bent_packets)
{
    struct side a, b;
    struct discovery_heard h;
    uint8_t packet[BEACON_BYTES], bent[BEACON_BYTES + 1];
    uint16_t port = free_port();
    open_side(&a, "cell", free_port(), true);
    open_side(&b, "cell", port, true);
    take_letter(&a, packet);
    memcpy(bent, packet, sizeof packet);
    bent[BEACON_BYTES] = 0;
    post(port, bent, BEACON_BYTES + 1);
    post(port, bent, BEACON_BYTES - 1);
    post(port, bent, 1);
    post(port, bent, 0);
    for (size_t i = 0; i < BEACON_BYTES; i += 13) {
        bent[i] ^= 0x10;
        post(port, bent, BEACON_BYTES);
        bent[i] ^= 0x10;
    }
    CHECK(!hears(&b, &h, 200));
    post(port, packet, sizeof packet); /* and the good one still comes through */
    CHECK(hears(&b, &h, PATIENCE_MS));
    discovery_close(a.d);
    discovery_close(b.d);
}

static uint64_t beacons_until(struct side *s, hop_time *now, hop_time until)
{
    uint64_t before = discovery_counts(s->d)->sent + discovery_counts(s->d)->failed;
    while (discovery_deadline(s->d) <= until) {
        *now = discovery_deadline(s->d) > *now ? discovery_deadline(s->d) : *now;
        discovery_turn(s->d, *now);
    }
    *now = until;
    return discovery_counts(s->d)->sent + discovery_counts(s->d)->failed - before;
}

/* Often at first, so that a room fills in seconds; then rarely, so that a night costs nothing. */
TEST(discovery_letters_become_rare_once_linked)
{
    struct side a;
    hop_time now = HOP_SECOND;
    struct sockaddr_storage typed = loopback(free_port());
    open_side(&a, "cell", free_port(), true);
    CHECK_OK(discovery_add_peer(a.d, &typed, now));
    uint64_t unlinked = beacons_until(&a, &now, 61 * HOP_SECOND);
    CHECK(unlinked >= 29 && unlinked <= 31);
    discovery_linked_hosts(a.d, &typed, 1, now);
    uint64_t linked = beacons_until(&a, &now, now + 60 * HOP_SECOND);
    CHECK(linked >= 1 && linked <= 3);
    discovery_linked_hosts(a.d, NULL, 0, now);
    CHECK(discovery_deadline(a.d) <= now + 2 * HOP_SECOND);
    discovery_close(a.d);
}

/* The rhythm: at once, 1, 2, 4, 8 s, then about ten. */
TEST(discovery_announces_often_and_then_rarely)
{
    struct side a;
    hop_time now = HOP_SECOND;
    open_side(&a, "cell", free_port(), false);
    discovery_turn(a.d, now);
    uint64_t each = discovery_counts(a.d)->sent + discovery_counts(a.d)->failed; /* one round */
    CHECK(each > 0);
    uint64_t early = beacons_until(&a, &now, now + 20 * HOP_SECOND);
    CHECK(early >= 3 * each && early <= 6 * each);
    uint64_t late = beacons_until(&a, &now, now + 100 * HOP_SECOND);
    CHECK(late >= 7 * each && late <= 14 * each);
    discovery_close(a.d);
}

/* The port is another program's: a sentence for a person, not a node that hears nothing. */
TEST(discovery_reports_port_in_use)
{
    uint16_t port;
    struct discovery *d = NULL;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    CHECK_EQ(bind(fd, (struct sockaddr *)&a, size), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    port = ntohs(a.sin_port);
    CHECK_ERR(discovery_open(&d, &(struct discovery_config){.drbg = &drbg, .port = port}),
              HOP_EBUSY);
    close(fd);
}

/* Addresses come from people: what is not one must not be looked up anywhere. */
TEST(netaddr_reads_what_people_type)
{
    static const struct {
        const char *text, *printed; /* NULL: refused */
    } cases[] = {
        {"10.0.0.5", "10.0.0.5:4870"},
        {"10.0.0.5:99", "10.0.0.5:99"},
        {"::1", "[::1]:4870"},
        {"[::1]:99", "[::1]:99"},
        {"[fe80::1%1]:99", "[fe80::1%1]:99"},
        {"::ffff:10.0.0.5", "10.0.0.5:4870"},
        {"", NULL},
        {"localhost", NULL},
        {"example.org:80", NULL},
        {"10.0.0.5:", NULL},
        {"10.0.0.5:0", NULL},
        {"10.0.0.5:65536", NULL},
        {"10.0.0.5:+1", NULL},
        {"10.0.0.256", NULL},
        {"[::1", NULL},
        {"[::1]x", NULL},
        {"fe80::1%nosuchinterface", NULL},
        {"1111111111111111111111111111111111111111111111111111111111111111111111111111111", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_storage a;
        char text[NETADDR_TEXT_BYTES];
        int err = netaddr_parse(&a, cases[i].text, 4870);
        CHECK_EQ(err == HOP_OK, cases[i].printed != NULL);
        if (err != HOP_OK)
            continue;
        netaddr_print(text, &a);
        CHECK_TEXT(text, cases[i].printed);
    }
}
