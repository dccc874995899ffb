#define _DEFAULT_SOURCE /* cfmakeraw */
#include "node/serial.h"

#include "mesh/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define READ_BYTES 4096

struct serial {
    int fd;
    struct pipe *pipe;
    uint32_t rate_bytes;
    uint32_t generation; /* of the pipe, as the mesh was told */
    bool up;
    uint64_t dropped; /* frames that found no room */
    uint8_t *waiting; /* bytes the device has not taken yet */
    size_t waiting_size, waiting_capacity;
};

bool serial_owns(mesh_link link)
{
    return link >= SERIAL_LINK_FIRST;
}

static mesh_link link_of(const struct serial *s)
{
    return SERIAL_LINK_FIRST + s->generation;
}

/* ---- opening ---- */

static int say(struct node_trouble *why, enum text_id id, const char *arg, int exit_code, int err)
{
    (void)text_say(&why->said, id, 1, arg);
    why->exit_code = exit_code;
    return err;
}

/* "DEVICE:RATE" into its parts; the rate in bit/s, 0 if it is not one. */
static uint32_t split_spec(const char *spec, char *device, size_t size)
{
    const char *colon = strrchr(spec, ':');
    size_t n = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    uint64_t rate = 0;
    if (n == 0 || n >= size)
        return 0;
    memcpy(device, spec, n);
    device[n] = '\0';
    if (colon == NULL)
        return SERIAL_RATE_DEFAULT;
    for (const char *p = colon + 1; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || rate > SERIAL_RATE_MAX)
            return 0;
        rate = rate * 10 + (uint64_t)(*p - '0');
    }
    return rate >= SERIAL_RATE_MIN && rate <= SERIAL_RATE_MAX ? (uint32_t)rate : 0;
}

/* Ports have standard speeds; a rate in between is the air's, and the port keeps what it was set
 * to. */
static void set_raw(int fd, uint32_t rate)
{
    static const struct {
        uint32_t rate;
        speed_t speed;
    } speeds[] = {{1200, B1200},   {2400, B2400},     {4800, B4800},
                  {9600, B9600},   {19200, B19200},   {38400, B38400},
                  {57600, B57600}, {115200, B115200}, {230400, B230400}};
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return; /* not a terminal: a pipe of another kind, which has nothing to set */
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].rate == rate)
            (void)cfsetspeed(&t, speeds[i].speed);
    }
    (void)tcsetattr(fd, TCSANOW, &t);
}

int serial_open(struct serial **ret, struct node *n, const char *spec, struct node_trouble *why)
{
    char device[256];
    struct pipe_config config = {0};
    uint32_t rate = split_spec(spec, device, sizeof device);
    if (rate == 0)
        return say(why, ERR_SERIAL_SPEC, spec, 2, HOP_EMALFORMED);
    if (epochs_disc_key(device_epochs(n->device), config.key) != HOP_OK)
        return say(why, CELL_NONE, "", 1, HOP_EREFUSED);
    struct serial *s = calloc(1, sizeof *s);
    if (s == NULL)
        return say(why, ERR_MEMORY, "", 3, HOP_ENOMEM);
    s->fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0) {
        free(s);
        return say(why, ERR_SERIAL_OPEN, device, 3, HOP_EIO);
    }
    set_raw(s->fd, rate);
    s->rate_bytes = rate / 8;
    config.rate_bytes = s->rate_bytes;
    config.seed = hop_drbg_u64(&n->drbg);
    hop_drbg_take(&n->drbg, config.session, sizeof config.session);
    s->pipe = pipe_new(&config);
    hop_wipe(&config, sizeof config);
    if (s->pipe == NULL) {
        serial_close(s);
        return say(why, ERR_MEMORY, "", 3, HOP_ENOMEM);
    }
    *ret = s;
    return HOP_OK;
}

void serial_close(struct serial *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        (void)close(s->fd);
    pipe_free(s->pipe);
    free(s->waiting);
    free(s);
}

int serial_fd(const struct serial *s)
{
    return s == NULL ? -1 : s->fd;
}

hop_time serial_deadline(const struct serial *s)
{
    return s == NULL || s->fd < 0 ? HOP_NEVER : pipe_deadline(s->pipe);
}

/* ---- a turn ---- */

static void tell_down(struct node *n, struct serial *s)
{
    if (!s->up)
        return;
    s->up = false;
    node_step(n, &(struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = link_of(s), .now = n->now});
}

/* The far end appeared, vanished, or was started again: a link of the mesh for each of its lives.
 */
static void follow_state(struct node *n, struct serial *s)
{
    struct pipe_state state = pipe_state(s->pipe);
    if (state.up && s->up && state.generation == s->generation)
        return;
    tell_down(n, s);
    if (!state.up)
        return;
    s->generation = state.generation;
    s->up = true;
    node_step(n, &(struct mesh_in){.type = MESH_IN_LINK_UP,
                                   .link = link_of(s),
                                   .listener = state.listener,
                                   .rate_hint = s->rate_bytes,
                                   .now = n->now,
                                   .bytes = SPAN(state.binding, 32)});
}

/* The cable was pulled: the node goes on without it. */
static void lose_device(struct node *n, struct serial *s)
{
    (void)close(s->fd);
    s->fd = -1;
    tell_down(n, s);
    node_changed(n);
}

static void read_bytes(struct node *n, struct serial *s)
{
    uint8_t bytes[READ_BYTES];
    ssize_t got = read(s->fd, bytes, sizeof bytes);
    if (got > 0)
        pipe_receive(s->pipe, n->now, SPAN(bytes, (size_t)got));
    else if (got < 0 && errno != EAGAIN && errno != EINTR && errno != EIO)
        lose_device(n, s); /* EIO: nobody holds the other side of a pseudo-terminal just now */
}

static void keep_waiting(struct serial *s, struct span bytes)
{
    size_t need = s->waiting_size + bytes.size;
    if (need > s->waiting_capacity) {
        uint8_t *room = realloc(s->waiting, need);
        if (room == NULL)
            return; /* the other end asks again for what is lost */
        s->waiting = room;
        s->waiting_capacity = need;
    }
    memcpy(s->waiting + s->waiting_size, bytes.data, bytes.size);
    s->waiting_size = need;
}

static void write_bytes(struct serial *s)
{
    if (s->waiting_size == 0)
        return;
    ssize_t put = write(s->fd, s->waiting, s->waiting_size);
    if (put <= 0)
        return; /* the device is busy, or gone: reading will tell */
    s->waiting_size -= (size_t)put;
    memmove(s->waiting, s->waiting + put, s->waiting_size);
}

void serial_turn(struct node *n)
{
    struct serial *s = n->serial;
    struct span frame;
    if (s == NULL || s->fd < 0)
        return;
    read_bytes(n, s);
    if (s->fd < 0)
        return;
    follow_state(n, s);
    while (s->up && pipe_frame(s->pipe, &frame))
        node_step(n, &(struct mesh_in){
                         .type = MESH_IN_FRAME, .link = link_of(s), .now = n->now, .bytes = frame});
    struct span out = pipe_transmit(s->pipe, n->now);
    if (out.size > 0)
        keep_waiting(s, out);
    write_bytes(s);
    follow_state(n, s);
}

void serial_send(struct serial *s, mesh_link link, struct span frame)
{
    if (s == NULL || !s->up || link != link_of(s))
        return;
    if (pipe_send(s->pipe, frame) != HOP_OK)
        s->dropped++; /* full: lost, as on any bad line; the mesh asks again */
}
