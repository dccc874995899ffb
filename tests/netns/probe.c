/* Somebody in the same network without a key: what does a node answer?
 *
 *   probe silent IP PORT          connect and say nothing for two seconds
 *   probe words IP PORT           one byte; then the start of a greeting; then all of it, and
 * garbage probe hold IP PORT COUNT      so many connections at once: a third silent, a third after
 * one byte, a third in the middle of a handshake; says "held", and keeps them, renewing those that
 * were closed, until stdin ends probe flood IP PORT           a command of 100 MB, as far as it is
 * taken probe hear FILE SECONDS PORT  keep beacons sent to the group probe replay FILE IP PORT send
 * them to the group and to IP, from this address; count answers
 *
 * Each says what came back in one line. Exit 0: no more than the greeting that libzmq owes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BEACON      208
#define GROUP       0xeff0cfe4u
#define FIRST_MAX   10 /* bytes that libzmq says when it hears anything */
#define GREETING    64 /* and all of its greeting */
#define FLOOD_BYTES (100u << 20)
#define HOLD_MAX    4096

static const uint8_t greeting[GREETING] = {0xff, 0, 0, 0,   0,   0,   0,   0,  1,
                                           0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};

static void die(const char *what)
{
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(2);
}

static struct sockaddr_in at(const char *ip, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
        die(ip);
    return a;
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int knock(const struct sockaddr_in *a)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)a, sizeof *a) != 0)
        die("connect");
    return fd;
}

/* Bytes that come within so long; *ret_closed: the other end has closed. */
static size_t hear_back(int fd, int ms, bool *ret_closed)
{
    uint8_t bytes[4096];
    size_t total = 0;
    long end = now_ms() + ms;
    *ret_closed = false;
    for (long left = ms; left > 0; left = end - now_ms()) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)left) <= 0)
            break;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0) {
            *ret_closed = true;
            break;
        }
        total += (size_t)n;
    }
    return total;
}

static int silent(const struct sockaddr_in *a)
{
    bool closed;
    int fd = knock(a);
    size_t got = hear_back(fd, 2000, &closed);
    printf("two seconds of silence: %zu bytes back\n", got);
    return got != 0;
}

static int words(const struct sockaddr_in *a)
{
    bool closed;
    uint8_t garbage[512];
    int fd = knock(a);
    (void)!send(fd, greeting, 1, MSG_NOSIGNAL);
    size_t one = hear_back(fd, 300, &closed);
    (void)!send(fd, greeting + 1, 9, MSG_NOSIGNAL);
    size_t ten = one + hear_back(fd, 300, &closed);
    (void)!send(fd, greeting + 10, GREETING - 10, MSG_NOSIGNAL);
    size_t all = ten + hear_back(fd, 300, &closed);
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (uint8_t)(i * 37 + 11);
    garbage[0] = 4, garbage[1] = 200; /* a command of 200 bytes: HELLO, as wrong as can be */
    memcpy(garbage + 2, "\5HELLO\1\0", 8);
    (void)!send(fd, garbage, 202, MSG_NOSIGNAL);
    size_t after = hear_back(fd, 1000, &closed);
    printf("after 1 byte %zu back, after 10 %zu, after a greeting %zu, after a false HELLO %zu "
           "more%s\n",
           one, ten, all, after, closed ? ", and closed" : "");
    return one > FIRST_MAX || all > GREETING || after != 0;
}

/* ---- many ---- */

static int half_open(const struct sockaddr_in *a, size_t i)
{
    static const size_t said[] = {0, 1, GREETING};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 && errno != EINPROGRESS))
        die("connect");
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (said[i % 3] > 0 && poll(&p, 1, 1000) > 0)
        (void)!send(fd, greeting, said[i % 3], MSG_NOSIGNAL);
    return fd;
}

static int hold(const struct sockaddr_in *a, size_t count)
{
    static int fds[HOLD_MAX];
    static struct pollfd polls[HOLD_MAX + 1];
    struct rlimit files = {HOLD_MAX + 64, HOLD_MAX + 64};
    (void)setrlimit(RLIMIT_NOFILE, &files);
    size_t renewed = 0;
    for (size_t i = 0; i < count; i++)
        fds[i] = half_open(a, i);
    puts("held");
    fflush(stdout);
    for (;;) {
        for (size_t i = 0; i < count; i++)
            polls[i] = (struct pollfd){.fd = fds[i], .events = POLLRDHUP};
        polls[count] = (struct pollfd){.fd = 0, .events = POLLIN};
        (void)poll(polls, count + 1, 1000);
        if (polls[count].revents != 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if ((polls[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0)
                continue;
            close(fds[i]);
            fds[i] = half_open(a, i);
            renewed++;
        }
    }
    printf("%zu held, %zu times renewed\n", count, renewed);
    return 0;
}

static int flood(const struct sockaddr_in *a)
{
    static uint8_t bytes[1 << 16];
    bool closed;
    size_t sent = 0;
    int fd = knock(a);
    (void)!send(fd, greeting, GREETING, MSG_NOSIGNAL);
    (void)hear_back(fd, 300, &closed);
    static const uint8_t head[9] = {6, 0, 0, 0, 0, FLOOD_BYTES >> 24, FLOOD_BYTES >> 16 & 0xff};
    (void)!send(fd, head, sizeof head, MSG_NOSIGNAL);
    struct timeval patience = {.tv_sec = 2};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    while (sent < FLOOD_BYTES) {
        ssize_t n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    printf("of a frame of 100 MB %zu KiB were taken\n", sent >> 10);
    return sent > 8u << 20; /* what the kernel's own buffers take */
}

/* ---- beacons ---- */

static int group_socket(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct ip_mreqn m = {.imr_multiaddr.s_addr = htonl(GROUP),
                         .imr_ifindex = (int)if_nametoindex("up0")};
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m) != 0)
        die("group");
    return fd;
}

static int hear(const char *path, long seconds, uint16_t port)
{
    uint8_t bytes[BEACON + 1];
    int fd = group_socket(port), count = 0;
    FILE *out = fopen(path, "wb");
    if (out == NULL)
        die(path);
    puts("listening");
    fflush(stdout);
    for (long end = now_ms() + seconds * 1000, left; (left = end - now_ms()) > 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)left) > 0 && recv(fd, bytes, sizeof bytes, 0) == BEACON)
            count += fwrite(bytes, BEACON, 1, out) == 1;
    }
    fclose(out);
    printf("%d beacons heard\n", count);
    return count == 0;
}

static int replay(const char *path, const struct sockaddr_in *to)
{
    uint8_t bytes[BEACON];
    int fd = group_socket(0), count = 0, answers = 0;
    struct sockaddr_in group = *to;
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        die(path);
    group.sin_addr.s_addr = htonl(GROUP);
    while (fread(bytes, BEACON, 1, in) == 1) {
        count++;
        (void)!sendto(fd, bytes, BEACON, 0, (const struct sockaddr *)&group, sizeof group);
        (void)!sendto(fd, bytes, BEACON, 0, (const struct sockaddr *)to, sizeof *to);
    }
    fclose(in);
    for (long end = now_ms() + 3000, left; (left = end - now_ms()) > 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)left) > 0)
            answers += recv(fd, bytes, sizeof bytes, 0) >= 0;
    }
    printf("%d beacons played again: %d answers\n", count, answers);
    return count == 0 || answers != 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct sockaddr_in a = {0};
    if (argc >= 4 && strcmp(what, "hear") != 0)
        a = strcmp(what, "replay") == 0 && argc == 5 ? at(argv[3], argv[4]) : at(argv[2], argv[3]);
    if (argc == 4 && strcmp(what, "silent") == 0)
        return silent(&a);
    if (argc == 4 && strcmp(what, "words") == 0)
        return words(&a);
    if (argc == 5 && strcmp(what, "hold") == 0 && strtoul(argv[4], NULL, 10) <= HOLD_MAX)
        return hold(&a, strtoul(argv[4], NULL, 10));
    if (argc == 4 && strcmp(what, "flood") == 0)
        return flood(&a);
    if (argc == 5 && strcmp(what, "hear") == 0)
        return hear(argv[2], strtol(argv[3], NULL, 10), (uint16_t)strtoul(argv[4], NULL, 10));
    if (argc == 5 && strcmp(what, "replay") == 0)
        return replay(argv[2], &a);
    fprintf(stderr, "probe: see the comment at the top\n");
    return 2;
}
