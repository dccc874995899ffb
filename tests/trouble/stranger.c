/* Somebody who does not belong here: what tests/trouble/run sends at a node, and what comes back.
 *
 *   stranger hold tcp|udp PORT     take a port as another program would, until stdin ends
 *   stranger curve PORT            ZeroMQ clients: CURVE with a key nobody knows, NULL and PLAIN
 *   stranger garbage PORT          bytes that are no ZMTP, or begin like it
 *   stranger listen PORT FILE      write the beacons of about two seconds to a file
 *   stranger beacons PORT FILE     garbage, and the file's beacons bent and replayed
 *
 * Each says what it did in one line. Exit 0: nothing came back that a stranger must not have. */
#define _GNU_SOURCE /* struct ip_mreqn */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define BEACON       208
#define HEARD_MAX    64
#define GREETING_MAX 64 /* of ZMTP: all that anybody gets to see */
#define GROUP        0xeff0cfe4u

struct heard {
    struct sockaddr_in from;
    uint8_t bytes[BEACON];
};

static uint64_t state = 0x9e3779b97f4a7c15u; /* the same strange bytes every time */

static uint8_t chance(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint8_t)(state >> 32);
}

static int die(const char *what)
{
    fprintf(stderr, "stranger: %s: %s\n", what, strerror(errno));
    exit(2);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- a port is taken ---- */

static int hold(const char *kind, uint16_t port)
{
    bool tcp = strcmp(kind, "tcp") == 0;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || (tcp && listen(fd, 1) != 0))
        die(kind);
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

/* ---- ZeroMQ ---- */

/* 0: the handshake failed or nothing happened; 1: it succeeded, or an answer came. */
static int try_zmq(void *context, uint16_t port, const char *how)
{
    char endpoint[64], watch[64], public_key[41], secret_key[41], server[41], nothing[41];
    int linger = 0, got = 0;
    void *s = zmq_socket(context, ZMQ_DEALER), *monitor = zmq_socket(context, ZMQ_PAIR);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
    snprintf(watch, sizeof watch, "inproc://%s", how);
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof linger);
    if (strcmp(how, "curve") == 0) {
        zmq_curve_keypair(public_key, secret_key);
        zmq_curve_keypair(server, nothing); /* the real one is told to the cell only */
        zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, server, 40);
        zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, public_key, 40);
        zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, secret_key, 40);
    } else if (strcmp(how, "plain") == 0) {
        zmq_setsockopt(s, ZMQ_PLAIN_USERNAME, "admin", 5);
        zmq_setsockopt(s, ZMQ_PLAIN_PASSWORD, "admin", 5);
    }
    zmq_socket_monitor(s, watch, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_CONNECTED);
    zmq_connect(monitor, watch);
    if (zmq_connect(s, endpoint) != 0)
        die(endpoint);
    for (int i = 0; i < 50; i++)
        zmq_send(s, "hello, is this a meeting?", 25, ZMQ_DONTWAIT);
    bool connected = false;
    for (long end = now_ms() + 600; now_ms() < end && got == 0;) {
        zmq_pollitem_t items[] = {{.socket = s, .events = ZMQ_POLLIN},
                                  {.socket = monitor, .events = ZMQ_POLLIN}};
        uint8_t event[6];
        char address[128];
        uint16_t what = 0;
        zmq_poll(items, 2, 50);
        got = items[0].revents != 0;
        while (zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) > 0) {
            zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
            memcpy(&what, event, sizeof what);
            connected = connected || what == ZMQ_EVENT_CONNECTED;
            got = got || what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        }
    }
    zmq_socket_monitor(s, NULL, 0);
    zmq_close(s);
    zmq_close(monitor);
    printf("%s: %s%s\n", how, connected ? "connected" : "NO CONNECTION",
           got ? ", LET IN" : ", nothing");
    return got || !connected;
}

static int curve(uint16_t port)
{
    static const char *const ways[] = {"curve", "null", "plain"};
    void *context = zmq_ctx_new();
    int bad = 0;
    for (size_t i = 0; i < 3; i++)
        bad |= try_zmq(context, port, ways[i]);
    zmq_ctx_term(context);
    return bad;
}

/* ---- raw bytes ---- */

/* How many bytes come back until it is closed or silent for a while. */
static size_t drain(int fd, int silence_ms)
{
    uint8_t bytes[4096];
    size_t total = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, silence_ms) > 0) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            break;
        total += (size_t)n;
    }
    return total;
}

static size_t shout(uint16_t port, const uint8_t *bytes, size_t size)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        die("connect");
    (void)!send(fd, bytes, size, MSG_NOSIGNAL);
    size_t got = drain(fd, 40);
    close(fd);
    return got;
}

static int garbage(uint16_t port)
{
    static uint8_t bytes[70000];
    /* a ZMTP 3.1 greeting up to the mechanism; then CURVE, and what should be a HELLO */
    static const uint8_t greeting[64] = {0xff, 0, 0, 0,   0,   0,   0,   0,  1,
                                         0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    size_t most = 0, tried = 0;
    for (size_t size = 1; size < sizeof bytes; size = size * 3 + 1, tried++) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = chance();
        size_t got = shout(port, bytes, size);
        most = got > most ? got : most;
        memcpy(bytes, greeting, sizeof greeting); /* the same again, with manners */
        got = shout(port, bytes,
                    size + sizeof greeting < sizeof bytes ? size + sizeof greeting : size);
        most = got > most ? got : most;
    }
    /* a command that claims 2^63 bytes, and one that claims none */
    static const uint8_t tails[][9] = {{6, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {4, 0}};
    for (size_t i = 0; i < 2; i++, tried++) {
        memcpy(bytes, greeting, sizeof greeting);
        memcpy(bytes + sizeof greeting, tails[i], 9);
        size_t got = shout(port, bytes, sizeof greeting + 9);
        most = got > most ? got : most;
    }
    printf("%zu times garbage: at most %zu bytes back\n", tried, most);
    return most > GREETING_MAX;
}

/* ---- beacons ---- */

static int listen_for(uint16_t port, const char *path)
{
    static struct heard heard[HEARD_MAX];
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, count = 0, alike = 0;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct ip_mreqn m = {.imr_multiaddr.s_addr = htonl(GROUP),
                         .imr_ifindex = (int)if_nametoindex("lo")};
    FILE *out = fopen(path, "wb");
    if (out == NULL || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) != 0)
        die("listen");
    puts("listening");
    fflush(stdout);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (long end = now_ms() + 2500; now_ms() < end && count < HEARD_MAX;) {
        struct heard h;
        socklen_t size = sizeof h.from;
        if (poll(&p, 1, 100) <= 0)
            continue;
        if (recvfrom(fd, h.bytes, BEACON, MSG_TRUNC, (struct sockaddr *)&h.from, &size) != BEACON)
            continue;
        fwrite(&h, sizeof h, 1, out);
        heard[count++] = h;
        for (int i = 0; i + 1 < count; i++) /* four equal bytes in one place: once in 2^32 */
            for (size_t at = 0; at + 4 <= BEACON; at++)
                alike += memcmp(heard[i].bytes + at, h.bytes + at, 4) == 0;
    }
    fclose(out);
    printf("%d beacons heard, %d places alike\n", count, alike);
    return count < 2 || alike != 0;
}

static void throw_at(int fd, const uint8_t *bytes, size_t size, const struct sockaddr_in *to,
                     uint16_t port)
{
    struct sockaddr_in shared = loopback(port), group = shared;
    group.sin_addr.s_addr = htonl(GROUP);
    (void)!sendto(fd, bytes, size, 0, (const struct sockaddr *)&shared, sizeof shared);
    (void)!sendto(fd, bytes, size, 0, (const struct sockaddr *)&group, sizeof group);
    if (to != NULL) /* straight to the socket the beacon came from */
        (void)!sendto(fd, bytes, size, 0, (const struct sockaddr *)to, sizeof *to);
}

static int beacons(uint16_t port, const char *path)
{
    static struct heard heard[HEARD_MAX];
    uint8_t packet[2000];
    FILE *in = fopen(path, "rb");
    size_t count = in == NULL ? 0 : fread(heard, sizeof heard[0], HEARD_MAX, in), sent = 0;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), index = (int)if_nametoindex("lo");
    struct ip_mreqn m = {.imr_ifindex = index};
    if (count == 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m) != 0)
        die(path);
    fclose(in);
    for (size_t size = 0; size < sizeof packet; size += size < 210 ? 1 : 97, sent++) {
        for (size_t i = 0; i < size; i++)
            packet[i] = chance();
        throw_at(fd, packet, size, &heard[size % count].from, port);
    }
    for (size_t at = 0; at < BEACON * 8; at += 5, sent++) { /* of the newest: it is no repetition */
        memcpy(packet, heard[count - 1].bytes, BEACON);
        packet[at / 8] ^= (uint8_t)(1 << at % 8);
        throw_at(fd, packet, BEACON, &heard[count - 1].from, port);
    }
    for (size_t i = 0; i < count; i++, sent++)
        throw_at(fd, heard[i].bytes, BEACON, &heard[i].from, port);
    size_t got = drain(fd, 500);
    printf("%zu packets, %zu of them real ones replayed: %zu bytes back\n", sent, count, got);
    return got != 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    uint16_t port = (uint16_t)strtoul(argc > 2 ? argv[2] : "0", NULL, 10);
    if (argc == 4 && strcmp(what, "hold") == 0)
        return hold(argv[2], (uint16_t)strtoul(argv[3], NULL, 10));
    if (argc == 3 && strcmp(what, "curve") == 0)
        return curve(port);
    if (argc == 3 && strcmp(what, "garbage") == 0)
        return garbage(port);
    if (argc == 4 && strcmp(what, "listen") == 0)
        return listen_for(port, argv[3]);
    if (argc == 4 && strcmp(what, "beacons") == 0)
        return beacons(port, argv[3]);
    fprintf(stderr, "stranger: see the comment at the top\n");
    return 2;
}
