/* A bad radio between two pseudo-terminals, for tests/serial/run.
 *
 *     wire RATE LOSS SEED     RATE bytes a second each way, LOSS per mille of packets damaged
 *
 * Prints the names of the two devices, then carries bytes until its standard input ends. Half
 * duplex: while one end speaks, what the other says is held back. A KISS packet is damaged by
 * flipping one of its bytes. */
#define _GNU_SOURCE
#include "base/rng.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PACKET_END 0xc0
#define HELD_BYTES (1u << 20)

struct end {
    int fd;
    uint8_t held[HELD_BYTES]; /* said, not yet carried */
    size_t count;
    size_t in_packet; /* bytes of the packet being carried */
    size_t damage_at; /* which of them is flipped; 0: none */
};

static struct end ends[2];
static struct rng rng;
static unsigned loss;

static int open_end(struct end *e)
{
    struct termios t;
    e->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (e->fd < 0 || grantpt(e->fd) != 0 || unlockpt(e->fd) != 0 || tcgetattr(e->fd, &t) != 0)
        return -1;
    cfmakeraw(&t);
    if (tcsetattr(e->fd, TCSANOW, &t) != 0)
        return -1;
    return puts(ptsname(e->fd)) < 0 ? -1 : 0;
}

/* One byte on its way, perhaps spoilt. */
static uint8_t carry(struct end *e, uint8_t byte)
{
    if (byte == PACKET_END) {
        e->in_packet = 0;
        e->damage_at = rng_below(&rng, 1000) < loss ? 4 + (size_t)rng_below(&rng, 30) : 0;
        return byte;
    }
    e->in_packet++;
    return e->in_packet == e->damage_at ? (uint8_t)(byte ^ 1) : byte;
}

static void listen_to(struct end *e)
{
    ssize_t got = read(e->fd, e->held + e->count, HELD_BYTES - e->count);
    if (got > 0)
        e->count += (size_t)got;
}

/* Bring up to n bytes from one end to the other. */
static void bring(struct end *from, struct end *to, size_t n)
{
    n = n < from->count ? n : from->count;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = carry(from, from->held[i]);
        if (write(to->fd, &byte, 1) != 1)
            continue; /* nobody listens there: radio does not wait */
    }
    from->count -= n;
    for (size_t i = 0; i < from->count; i++)
        from->held[i] = from->held[i + n];
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 4 || open_end(&ends[0]) != 0 || open_end(&ends[1]) != 0)
        return 2;
    (void)fflush(stdout);
    double rate = strtod(argv[1], NULL), due = 0, then = seconds();
    loss = (unsigned)strtoul(argv[2], NULL, 10);
    rng = rng_seeded(strtoul(argv[3], NULL, 10));
    int speaker = 0;
    for (;;) {
        struct pollfd in = {.fd = 0, .events = POLLIN};
        if (poll(&in, 1, 10) > 0 && (in.revents & (POLLHUP | POLLIN)) != 0)
            return 0;
        double now = seconds();
        due += (now - then) * rate;
        then = now;
        listen_to(&ends[0]);
        listen_to(&ends[1]);
        if (ends[speaker].count == 0)
            speaker = 1 - speaker;
        size_t n = (size_t)due;
        due -= (double)n;
        bring(&ends[speaker], &ends[1 - speaker], n);
        if (ends[0].count == 0 && ends[1].count == 0)
            due = 0;
    }
}
