#define _GNU_SOURCE /* ppoll, eventfd flags beside POSIX */
#include "node/voice.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "audio/ring.h"
#include "node/netaddr.h"

#define TURN_US           (5 * HOP_MS) /* half a tick: sound waits at most this long to be fetched */
#define STATUS_US         (200 * HOP_MS)
#define STATUS_RING       4
#define PACKETS_A_TURN    512 /* then sound gets its turn, whatever the network does */
#define CAPTURE_A_TURN    64  /* ticks: a card that was stuck gives back what it kept */
#define REALTIME_PRIORITY 10

enum command_type { COMMAND_ADD, COMMAND_REMOVE, COMMAND_MUTE, COMMAND_STOP };

struct command {
    enum command_type type;
    struct pipeline_stream stream;
    struct sockaddr_storage address;
    bool muted;
};

struct target { /* where our packets go */
    uint8_t identity[32], stream_id[8];
    struct sockaddr_storage address;
};

struct recorder {
    struct ring ring;
    struct voice_tick *room; /* NULL: not recording */
    uint64_t next;
};

struct voice {
    /* the thread's own, once it runs */
    int udp;
    bool v6;
    struct pipeline *pipeline;
    const struct device_table *capture_kind, *playback_kind;
    void *capture, *playback;
    struct target targets[VOICE_STREAMS_MAX];
    size_t targets_count;
    uint64_t unsent;
    bool stop;
    struct voice_status said;
    /* shared */
    struct ring commands, statuses;
    struct command commands_room[VOICE_COMMANDS_MAX];
    struct voice_status statuses_room[STATUS_RING];
    struct recorder heard, own;
    int wake_fd, status_fd; /* main -> voice, voice -> main */
    /* the main thread's */
    pthread_t thread;
    bool running;
    uint16_t port;
};

static hop_time clock_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (hop_time)t.tv_sec * HOP_SECOND + (hop_time)t.tv_nsec / 1000;
}

static void ring_the_bell(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0) /* full: it has been rung often enough */
        return;
}

static void hear_the_bell(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0) /* not rung: fine too */
        return;
}

/* ---- the thread ---- */

static struct target *find_target(struct voice *v, const struct pipeline_stream *s)
{
    for (size_t i = 0; i < v->targets_count; i++)
        if (memcmp(v->targets[i].identity, s->identity, 32) == 0 &&
            memcmp(v->targets[i].stream_id, s->stream_id, 8) == 0)
            return &v->targets[i];
    return NULL;
}

/* An IPv4 address as an IPv6 socket wants it. */
static void map_to_v6(struct sockaddr_storage *a)
{
    const struct sockaddr_in *from = (const struct sockaddr_in *)(const void *)a;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = from->sin_port};
    to.sin6_addr.s6_addr[10] = to.sin6_addr.s6_addr[11] = 0xff;
    memcpy(to.sin6_addr.s6_addr + 12, &from->sin_addr, 4);
    memset(a, 0, sizeof *a);
    memcpy(a, &to, sizeof to);
}

static void on_add(struct voice *v, const struct command *c)
{
    struct target *t = find_target(v, &c->stream);
    if (t == NULL) {
        /* full: refused there and so not sent to either; the caller's table is no larger */
        if (v->targets_count == VOICE_STREAMS_MAX || pipeline_add(v->pipeline, &c->stream) != 0)
            return;
        t = &v->targets[v->targets_count++];
        memcpy(t->identity, c->stream.identity, 32);
        memcpy(t->stream_id, c->stream.stream_id, 8);
    }
    t->address = c->address;
    if (v->v6 && t->address.ss_family == AF_INET)
        map_to_v6(&t->address);
}

static void on_remove(struct voice *v, const struct command *c)
{
    struct target *t = find_target(v, &c->stream);
    pipeline_remove(v->pipeline, c->stream.identity, c->stream.stream_id);
    if (t != NULL)
        *t = v->targets[--v->targets_count];
}

static void carry_out_commands(struct voice *v)
{
    struct command c;
    hear_the_bell(v->wake_fd);
    while (ring_pop(&v->commands, &c)) {
        switch (c.type) {
        case COMMAND_ADD:
            on_add(v, &c);
            break;
        case COMMAND_REMOVE:
            on_remove(v, &c);
            break;
        case COMMAND_MUTE:
            pipeline_mute(v->pipeline, c.muted);
            break;
        case COMMAND_STOP:
            v->stop = true;
            break;
        }
        hop_wipe(&c, sizeof c);
    }
}

static void receive_packets(struct voice *v)
{
    for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
        uint8_t bytes[PACKET_BYTES_MAX + 1]; /* one more, so that a longer one is seen to be */
        ssize_t n = recv(v->udp, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) /* a port that was unreachable, reported here: the peers' affair */
            continue;
        int err = pipeline_receive(v->pipeline, clock_now(), SPAN(bytes, (size_t)n));
        (void)err; /* counted by the pipeline; anybody may send to a port */
    }
}

static void send_packet(struct voice *v, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < v->targets_count; i++) {
        const struct sockaddr_storage *a = &v->targets[i].address;
        ssize_t n = sendto(v->udp, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                           (const struct sockaddr *)(const void *)a, netaddr_size(a));
        v->unsent += n != (ssize_t)size;
    }
}

static void record(struct recorder *r, const int16_t *samples)
{
    if (r->room == NULL)
        return;
    struct voice_tick t = {.index = r->next++};
    memcpy(t.samples, samples, sizeof t.samples);
    (void)ring_push(&r->ring, &t); /* full: the writer sees the gap by the index */
}

static void turn_sound(struct voice *v, hop_time now)
{
    int16_t tick[VOICE_TICK_SAMPLES];
    uint8_t packet[PACKET_BYTES_MAX];
    v->capture_kind->tick(v->capture, now);
    v->playback_kind->tick(v->playback, now);
    for (unsigned i = 0; i < CAPTURE_A_TURN && v->capture_kind->capture(v->capture, tick); i++) {
        size_t size = pipeline_capture(v->pipeline, tick, packet);
        if (size > 0)
            send_packet(v, packet, size);
        record(&v->own, tick);
    }
    for (unsigned i = 0; i < CAPTURE_A_TURN && v->playback_kind->wants(v->playback); i++) {
        pipeline_play(v->pipeline, now, tick);
        v->playback_kind->play(v->playback, tick);
        record(&v->heard, tick);
    }
}

static void say_status(struct voice *v)
{
    struct voice_status *s = &v->said;
    pipeline_self(v->pipeline, &s->self);
    s->streams_count = pipeline_streams(v->pipeline, s->streams, VOICE_STREAMS_MAX);
    v->capture_kind->stats(v->capture, &s->capture);
    v->playback_kind->stats(v->playback, &s->playback);
    s->unsent = v->unsent;
    (void)ring_push(&v->statuses, s); /* full: the main thread is busy, a newer one will come */
    ring_the_bell(v->status_fd);
}

static void *run(void *ctx)
{
    struct voice *v = ctx;
    const struct sched_param priority = {.sched_priority = REALTIME_PRIORITY};
    (void)pthread_setschedparam(pthread_self(), SCHED_RR, &priority); /* if one may */
    hop_time next_turn = clock_now(), next_status = next_turn;
    while (!v->stop) {
        hop_time now = clock_now();
        hop_time wait = next_turn > now ? next_turn - now : 0;
        struct timespec timeout = {.tv_nsec = (long)(wait * 1000)};
        struct pollfd fds[] = {{.fd = v->udp, .events = POLLIN},
                               {.fd = v->wake_fd, .events = POLLIN}};
        (void)ppoll(fds, 2, &timeout, NULL); /* interrupted is as good as woken */
        if (fds[1].revents != 0)
            carry_out_commands(v);
        if (fds[0].revents != 0)
            receive_packets(v);
        now = clock_now();
        if (now >= next_turn) {
            turn_sound(v, now);
            next_turn = next_turn + TURN_US > now ? next_turn + TURN_US : now + TURN_US;
        }
        if (now >= next_status) {
            say_status(v);
            next_status = now + STATUS_US;
        }
    }
    say_status(v);
    return NULL;
}

/* ---- opening ---- */

static int bind_to(int family, uint16_t port)
{
    struct sockaddr_storage a = {.ss_family = (sa_family_t)family}; /* zeros: any address */
    int off = 0;
    netaddr_set_port(&a, port);
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (const struct sockaddr *)(const void *)&a, netaddr_size(&a)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_socket(struct voice *v, uint16_t port)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof a;
    int class = 46 << 2; /* expedited forwarding: Wi-Fi then sends it ahead of files */
    v->udp = bind_to(AF_INET6, port);
    v->v6 = v->udp >= 0;
    if (!v->v6)
        v->udp = bind_to(AF_INET, port);
    if (v->udp < 0 || getsockname(v->udp, (struct sockaddr *)(void *)&a, &size) != 0)
        return HOP_EIO;
    (void)setsockopt(v->udp, IPPROTO_IP, IP_TOS, &class, sizeof class);
    if (v->v6)
        (void)setsockopt(v->udp, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
    v->port = netaddr_port(&a);
    return HOP_OK;
}

static int open_devices(struct voice *v, const struct voice_options *o, struct voice_fault *fault)
{
    void *device = NULL;
    fault->part = VOICE_CAPTURE;
    v->capture_kind = device_kind(o->capture);
    v->playback_kind = device_kind(o->playback);
    int err = v->capture_kind->open(&device, DEVICE_CAPTURE, o->capture, &fault->riff);
    if (err != HOP_OK)
        return err;
    v->capture = device;
    err = v->capture_kind->start(v->capture, clock_now());
    if (err != HOP_OK)
        return err;
    fault->part = VOICE_PLAYBACK;
    err = v->playback_kind->open(&device, DEVICE_PLAYBACK, o->playback, &fault->riff);
    if (err != HOP_OK)
        return err;
    v->playback = device;
    return v->playback_kind->start(v->playback, clock_now());
}

static int open_recorder(struct recorder *r, bool wanted)
{
    if (!wanted)
        return HOP_OK;
    r->room = calloc(VOICE_RECORD_TICKS, sizeof *r->room);
    if (r->room == NULL)
        return HOP_ENOMEM;
    ring_init(&r->ring, r->room, sizeof *r->room, VOICE_RECORD_TICKS);
    return HOP_OK;
}

/* The thread takes no signals: they are for the loop. */
static int start_thread(struct voice *v)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&v->thread, NULL, run, v);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    v->running = number == 0;
    return number == 0 ? HOP_OK : HOP_EIO;
}

static int open_all(struct voice *v, const struct voice_options *o, struct voice_fault *fault)
{
    int err = pipeline_new(&v->pipeline, &o->self);
    if (err == HOP_OK)
        err = open_recorder(&v->heard, o->record);
    if (err == HOP_OK)
        err = open_recorder(&v->own, o->record_self);
    if (err != HOP_OK)
        return err;
    pipeline_mute(v->pipeline, o->muted);
    fault->part = VOICE_SOCKET;
    err = open_socket(v, o->port);
    if (err != HOP_OK)
        return err;
    fault->part = VOICE_THREAD;
    v->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    v->status_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (v->wake_fd < 0 || v->status_fd < 0)
        return HOP_EIO;
    err = open_devices(v, o, fault);
    if (err != HOP_OK)
        return err;
    fault->part = VOICE_THREAD;
    return start_thread(v);
}

int voice_start(struct voice **ret, const struct voice_options *o, struct voice_fault *fault)
{
    *fault = (struct voice_fault){.part = VOICE_MEMORY};
    /* rings keep cache lines apart, so the struct is aligned more than malloc promises */
    struct voice *v = aligned_alloc(_Alignof(struct voice), sizeof *v);
    if (v == NULL)
        return HOP_ENOMEM;
    memset(v, 0, sizeof *v);
    v->udp = v->wake_fd = v->status_fd = -1;
    ring_init(&v->commands, v->commands_room, sizeof v->commands_room[0], VOICE_COMMANDS_MAX);
    ring_init(&v->statuses, v->statuses_room, sizeof v->statuses_room[0], STATUS_RING);
    int err = open_all(v, o, fault);
    if (err != HOP_OK) {
        voice_free(v);
        return err;
    }
    *ret = v;
    return HOP_OK;
}

static int command(struct voice *v, const struct command *c)
{
    assert(v->running);
    bool taken = ring_push(&v->commands, c);
    ring_the_bell(v->wake_fd);
    return taken ? HOP_OK : HOP_EFULL;
}

void voice_stop(struct voice *v)
{
    const struct command stop = {.type = COMMAND_STOP};
    if (!v->running)
        return;
    while (command(v, &stop) != HOP_OK) /* full of commands that the thread is carrying out */
        (void)sched_yield();
    (void)pthread_join(v->thread, NULL);
    v->running = false;
}

void voice_free(struct voice *v)
{
    if (v == NULL)
        return;
    const int fds[] = {v->udp, v->wake_fd, v->status_fd};
    voice_stop(v);
    if (v->capture != NULL)
        v->capture_kind->close(v->capture);
    if (v->playback != NULL)
        v->playback_kind->close(v->playback);
    pipeline_free(v->pipeline);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(v->heard.room);
    free(v->own.room);
    hop_wipe(v, sizeof *v); /* commands held keys */
    free(v);
}

/* ---- the main thread ---- */

uint16_t voice_port(const struct voice *v)
{
    return v->port;
}

int voice_fd(const struct voice *v)
{
    return v->status_fd;
}

int voice_add(struct voice *v, const struct pipeline_stream *stream,
              const struct sockaddr_storage *address)
{
    struct command c = {.type = COMMAND_ADD, .stream = *stream, .address = *address};
    int err = command(v, &c);
    hop_wipe(&c, sizeof c);
    return err;
}

int voice_remove(struct voice *v, const uint8_t identity[static 32],
                 const uint8_t stream_id[static 8])
{
    struct command c = {.type = COMMAND_REMOVE};
    memcpy(c.stream.identity, identity, 32);
    memcpy(c.stream.stream_id, stream_id, 8);
    return command(v, &c);
}

int voice_mute(struct voice *v, bool muted)
{
    const struct command c = {.type = COMMAND_MUTE, .muted = muted};
    return command(v, &c);
}

bool voice_status(struct voice *v, struct voice_status *ret)
{
    bool any = false;
    hear_the_bell(v->status_fd);
    while (ring_pop(&v->statuses, ret))
        any = true;
    return any;
}

bool voice_recorded(struct voice *v, struct voice_tick *ret)
{
    return v->heard.room != NULL && ring_pop(&v->heard.ring, ret);
}

bool voice_recorded_self(struct voice *v, struct voice_tick *ret)
{
    return v->own.room != NULL && ring_pop(&v->own.ring, ret);
}
