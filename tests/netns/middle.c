/* Somebody in the same network who knows where a pairing meets (three digits, which are no secret)
 * and not the code. tests/netns/pairing runs it.
 *
 *     middle probe HOST                calls at all thousand places and says who answered what
 *     middle relay HOST PLATE SECONDS  passes datagrams on between guests and the host, untouched
 *     middle guess HOST PLATE SECONDS  stands between them with a guess of its own, to both sides
 */
#define _DEFAULT_SOURCE /* struct ip_mreq */
#include "crypto/entropy.h"
#include "device/pairing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT  4870
#define GROUP "239.240.207.228"

static struct hop_drbg drbg;
static int guests = -1, own = -1; /* where guests call; what we send from */
static struct sockaddr_in host, guest;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static hop_time now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (hop_time)t.tv_sec * HOP_SECOND + (hop_time)t.tv_nsec / 1000;
}

static int udp(uint16_t port)
{
    int on = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct ip_mreq m = {.imr_multiaddr.s_addr = inet_addr(GROUP)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        die("socket");
    if (port != 0) {
        m.imr_interface.s_addr = inet_addr("10.77.0.3");
        if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) != 0)
            die("join the group");
    }
    return fd;
}

static void send_to(int fd, const uint8_t packet[static BEACON_BYTES], const struct sockaddr_in *to)
{
    (void)sendto(fd, packet, BEACON_BYTES, 0, (const struct sockaddr *)to, sizeof *to);
}

static void say(int fd, const struct pairing *p, const uint8_t plain[static BEACON_PLAIN_BYTES],
                const struct sockaddr_in *to)
{
    uint8_t packet[BEACON_BYTES], nonce[CRYPTO_NONCE_BYTES];
    hop_drbg_take(&drbg, nonce, sizeof nonce);
    beacon_wrap(packet, plain, p->meet, nonce);
    send_to(fd, packet, to);
}

static struct pairing_code code_of(unsigned plate, uint64_t chance)
{
    struct pairing_code code;
    do {
        uint8_t seed[32] = {0};
        struct hop_drbg d;
        memcpy(seed, &chance, sizeof chance);
        chance++;
        hop_drbg_seed(&d, seed);
        pairing_code_new(&code, &d);
    } while (strtoul((const char[4]){code.digits[0], code.digits[1], code.digits[2], 0}, NULL,
                     10) != plate);
    return code;
}

/* ---- probe ---- */

static void probe(void)
{
    static struct pairing callers[1000];
    uint8_t plain[BEACON_PLAIN_BYTES], packet[BEACON_BYTES + 1];
    unsigned answers = 0, shares = 0, bytes = 0;
    for (unsigned plate = 0; plate < 1000; plate++) {
        struct pairing_code code = {0};
        (void)snprintf(code.digits, sizeof code.digits, "%03u0000000", plate);
        pairing_open_code(&callers[plate], false, &code, &drbg, now());
        if (pairing_speak(&callers[plate], now(), plain))
            say(own, &callers[plate], plain, &host);
        if (plate % 50 == 0) /* the host's buffer must hold them */
            (void)usleep(20000);
    }
    struct pollfd p = {.fd = own, .events = POLLIN};
    while (poll(&p, 1, 700) > 0) {
        ssize_t n = recv(own, packet, sizeof packet, 0);
        answers++;
        bytes += n > 0 ? (unsigned)n : 0;
        for (unsigned plate = 0; plate < 1000 && n == BEACON_BYTES; plate++) {
            bool zero = true;
            if (beacon_unwrap(plain, SPAN(packet, BEACON_BYTES), callers[plate].meet) != HOP_OK)
                continue;
            for (size_t i = 2 + 16 + 32; i < sizeof plain; i++)
                zero = zero && plain[i] == 0;
            shares += plain[1] == 2 && zero && hop_point_valid(plain + 2 + 16);
        }
    }
    (void)printf("answers %u shares %u bytes %u\n", answers, shares, bytes);
}

/* ---- between the two ---- */

static bool next_packet(hop_time until, int *ret_fd, uint8_t ret[static BEACON_BYTES],
                        struct sockaddr_in *ret_from)
{
    struct pollfd p[2] = {{.fd = guests, .events = POLLIN}, {.fd = own, .events = POLLIN}};
    socklen_t size = sizeof *ret_from;
    hop_time at = now();
    if (at >= until || poll(p, 2, (int)((until - at) / 1000) + 1) <= 0)
        return false;
    *ret_fd = (p[0].revents & POLLIN) != 0 ? guests : own;
    ssize_t n = recvfrom(*ret_fd, ret, BEACON_BYTES, 0, (struct sockaddr *)ret_from, &size);
    return n == BEACON_BYTES;
}

static bool from_host(const struct sockaddr_in *a)
{
    return a->sin_addr.s_addr == host.sin_addr.s_addr;
}

static void relay(const struct pairing *p, hop_time until)
{
    uint8_t packet[BEACON_BYTES], plain[BEACON_PLAIN_BYTES];
    struct sockaddr_in from;
    unsigned passed = 0;
    for (int fd; now() < until;) {
        if (!next_packet(until, &fd, packet, &from) ||
            beacon_unwrap(plain, SPAN(packet, sizeof packet), p->meet) != HOP_OK)
            continue;
        passed++;
        if (!from_host(&from))
            guest = from;
        send_to(own, packet, from_host(&from) ? &guest : &host);
    }
    (void)printf("passed on %u\n", passed);
}

static void stand_between(unsigned plate, hop_time until)
{
    static struct pairing to_guest, to_host;
    struct pairing_code guess = code_of(plate, 1);
    uint8_t packet[BEACON_BYTES], plain[BEACON_PLAIN_BYTES], answer[BEACON_PLAIN_BYTES];
    struct sockaddr_in from;
    pairing_open_code(&to_guest, true, &guess, &drbg, now());
    pairing_open_code(&to_host, false, &guess, &drbg, now());
    for (int fd; now() < until;) {
        if (to_guest.wrong > 0 && pairing_speak(&to_host, now(), plain))
            say(own, &to_host, plain, &host);
        if (!next_packet(now() + 100000, &fd, packet, &from) ||
            beacon_unwrap(plain, SPAN(packet, sizeof packet), to_host.meet) != HOP_OK)
            continue;
        struct pairing *p = from_host(&from) ? &to_host : &to_guest;
        if (pairing_hear(p, plain, now(), answer))
            say(own, p, answer, &from);
    }
    (void)printf("guest wrong %u, host %s, invitation '%s'\n", to_guest.wrong,
                 to_host.state == PAIRING_BURNED ? "refused" : "silent", to_host.invitation);
}

int main(int argc, char **argv)
{
    if (argc < 3 || hop_init() != HOP_OK)
        return 2;
    hop_entropy_seed(&drbg);
    host = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(argv[2])};
    own = udp(0);
    if (strcmp(argv[1], "probe") == 0) {
        probe();
        return 0;
    }
    if (argc < 5)
        return 2;
    unsigned plate = (unsigned)strtoul(argv[3], NULL, 10);
    hop_time until = now() + strtoul(argv[4], NULL, 10) * HOP_SECOND;
    guests = udp(PORT);
    struct pairing meeting;
    struct pairing_code any = code_of(plate, 2);
    pairing_open_code(&meeting, true, &any, &drbg, now());
    if (strcmp(argv[1], "relay") == 0)
        relay(&meeting, until);
    else
        stand_between(plate, until);
    return 0;
}
