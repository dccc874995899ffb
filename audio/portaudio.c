/* Sound cards, through PortAudio. Edge.
 *
 * A callback copies between PortAudio's buffer and a ring and counts; it takes no lock, allocates
 * nothing and makes no system call. Everything else happens in the thread that owns the device.
 * The count is also its pulse: callbacks are known to stop for good after hours (PortAudio #1074)
 * or never to begin (#692), so one that has been still for half a second is opened again. */
#include "audio/device.h"

#include <portaudio.h>
#include <stdlib.h>

#include "audio/ring.h"

#define RING_SAMPLES 16384 /* a third of a second: the voice thread is never away for so long */
#define LATENCY_S    0.02  /* measured: 10 ms gives slips in the first seconds, 20 ms none */
#define STILL_US     (500 * HOP_MS)
/* A card may ask for a buffer full at once and then take its time to begin (PulseAudio: 1.7 s). */
#define FIRST_US        (3 * HOP_SECOND)
#define FIRST_CALLBACKS 50
#define CALM_US         (60 * HOP_SECOND)
#define AHEAD_MIN       2 /* ticks kept ready for the card; one more after each underrun */
#define AHEAD_MAX       8
#define NAME_BYTES_MAX  128

struct card {
    enum device_way way;
    char name[NAME_BYTES_MAX];
    PaStream *stream; /* NULL while it cannot be opened */
    hop_time alive_at, calm_at;
    uint64_t callbacks_seen, underruns_seen, reopened;
    size_t ahead;
    bool started;
    bool fresh; /* opened since the last tick: opening takes long, so time counts from the next */
    uint64_t callbacks_at_open;
    /* shared with the callback */
    struct ring ring;
    int16_t samples[RING_SAMPLES];
    _Atomic uint64_t callbacks, underruns, overruns;
    _Atomic bool primed; /* playback has been given sound: silence before is no underrun */
};

static int on_capture(const void *in, void *out, unsigned long count,
                      const PaStreamCallbackTimeInfo *time, PaStreamCallbackFlags flags, void *ctx)
{
    struct card *c = ctx;
    (void)out;
    (void)time;
    if (in != NULL && ring_write(&c->ring, in, count) < count)
        atomic_fetch_add_explicit(&c->overruns, 1, memory_order_relaxed);
    if ((flags & paInputOverflow) != 0)
        atomic_fetch_add_explicit(&c->overruns, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->callbacks, 1, memory_order_relaxed);
    return paContinue;
}

static int on_playback(const void *in, void *out, unsigned long count,
                       const PaStreamCallbackTimeInfo *time, PaStreamCallbackFlags flags, void *ctx)
{
    struct card *c = ctx;
    (void)in;
    (void)time;
    size_t n = ring_read(&c->ring, out, count);
    if (n < count)
        memset((int16_t *)out + n, 0, (count - n) * sizeof(int16_t));
    bool starved = n < count || (flags & paOutputUnderflow) != 0;
    if (starved && atomic_load_explicit(&c->primed, memory_order_relaxed))
        atomic_fetch_add_explicit(&c->underruns, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->callbacks, 1, memory_order_relaxed);
    return paContinue;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (part[i] != '\0' && lower(text[i]) == lower(part[i]))
            i++;
        if (part[i] == '\0')
            return true;
    }
    return false;
}

/* The first device that has channels that way and this in its name. */
static PaDeviceIndex find(enum device_way way, const char *name)
{
    bool capture = way == DEVICE_CAPTURE;
    if (name[0] == '\0')
        return capture ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); i++) {
        const PaDeviceInfo *info = Pa_GetDeviceInfo(i);
        if (info == NULL || (capture ? info->maxInputChannels : info->maxOutputChannels) < 1)
            continue;
        if (contains(info->name, name))
            return i;
    }
    return paNoDevice;
}

static int open_stream(struct card *c)
{
    bool capture = c->way == DEVICE_CAPTURE;
    PaStreamParameters p = {.device = find(c->way, c->name),
                            .channelCount = 1,
                            .sampleFormat = paInt16,
                            .suggestedLatency = LATENCY_S};
    if (p.device == paNoDevice)
        return HOP_ENOTFOUND;
    PaError err =
        Pa_OpenStream(&c->stream, capture ? &p : NULL, capture ? NULL : &p, VOICE_RATE,
                      VOICE_TICK_SAMPLES, paClipOff, capture ? on_capture : on_playback, c);
    if (err != paNoError) {
        c->stream = NULL;
        return HOP_EIO;
    }
    return HOP_OK;
}

static void close_stream(struct card *c)
{
    if (c->stream == NULL)
        return;
    (void)Pa_AbortStream(c->stream);
    (void)Pa_CloseStream(c->stream);
    c->stream = NULL;
}

static void card_close(void *device)
{
    struct card *c = device;
    if (c == NULL)
        return;
    close_stream(c);
    (void)Pa_Terminate();
    free(c);
}

static int card_open(void **ret, enum device_way way, const char *name, enum riff_fault *fault)
{
    *fault = RIFF_FINE;
    if (name != NULL && strlen(name) >= NAME_BYTES_MAX)
        return HOP_ENOTFOUND;
    if (Pa_Initialize() != paNoError)
        return HOP_EIO;
    /* the ring keeps cache lines apart, so a card is aligned more than malloc promises */
    struct card *c = aligned_alloc(_Alignof(struct card), sizeof *c);
    if (c == NULL) {
        (void)Pa_Terminate();
        return HOP_ENOMEM;
    }
    memset(c, 0, sizeof *c);
    c->way = way;
    c->ahead = AHEAD_MIN;
    if (name != NULL)
        memcpy(c->name, name, strlen(name));
    ring_init(&c->ring, c->samples, sizeof c->samples[0], RING_SAMPLES);
    int err = open_stream(c);
    if (err != HOP_OK) {
        card_close(c);
        return err;
    }
    *ret = c;
    return HOP_OK;
}

static int card_start(void *device, hop_time now)
{
    struct card *c = device;
    c->calm_at = now;
    c->started = c->fresh = true;
    return Pa_StartStream(c->stream) == paNoError ? HOP_OK : HOP_EIO;
}

/* The stream is closed first: after that no callback touches the ring, and it may be begun anew. */
static void reopen(struct card *c)
{
    close_stream(c);
    c->fresh = true;
    c->callbacks_at_open = atomic_load_explicit(&c->callbacks, memory_order_relaxed);
    ring_init(&c->ring, c->samples, sizeof c->samples[0], RING_SAMPLES);
    atomic_store_explicit(&c->primed, false, memory_order_relaxed);
    if (open_stream(c) != HOP_OK)
        return;
    if (Pa_StartStream(c->stream) == paNoError)
        c->reopened++;
    else
        close_stream(c);
}

static void card_tick(void *device, hop_time now)
{
    struct card *c = device;
    uint64_t callbacks = atomic_load_explicit(&c->callbacks, memory_order_relaxed);
    uint64_t underruns = atomic_load_explicit(&c->underruns, memory_order_relaxed);
    if (!c->started)
        return;
    if (callbacks != c->callbacks_seen || c->fresh) {
        c->callbacks_seen = callbacks;
        c->alive_at = now;
        c->fresh = false;
    }
    bool steady = callbacks - c->callbacks_at_open > FIRST_CALLBACKS;
    if (now - c->alive_at > (steady ? STILL_US : FIRST_US))
        reopen(c);
    if (underruns != c->underruns_seen) {
        c->underruns_seen = underruns;
        c->calm_at = now;
        c->ahead += c->ahead < AHEAD_MAX ? 1 : 0;
    } else if (now - c->calm_at > CALM_US) {
        c->calm_at = now;
        c->ahead -= c->ahead > AHEAD_MIN ? 1 : 0;
    }
}

static bool card_capture(void *device, int16_t ret[VOICE_TICK_SAMPLES])
{
    struct card *c = device;
    return ring_filled(&c->ring) >= VOICE_TICK_SAMPLES &&
           ring_read(&c->ring, ret, VOICE_TICK_SAMPLES) == VOICE_TICK_SAMPLES;
}

static bool card_wants(void *device)
{
    struct card *c = device;
    return c->stream != NULL && RING_SAMPLES - ring_room(&c->ring) < c->ahead * VOICE_TICK_SAMPLES;
}

static void card_play(void *device, const int16_t samples[VOICE_TICK_SAMPLES])
{
    struct card *c = device;
    (void)ring_write(&c->ring, samples, VOICE_TICK_SAMPLES); /* wants() saw the room */
    atomic_store_explicit(&c->primed, true, memory_order_relaxed);
}

static void card_stats(void *device, struct device_stats *ret)
{
    struct card *c = device;
    *ret = (struct device_stats){
        .underruns = atomic_load_explicit(&c->underruns, memory_order_relaxed),
        .overruns = atomic_load_explicit(&c->overruns, memory_order_relaxed),
        .callbacks = atomic_load_explicit(&c->callbacks, memory_order_relaxed),
        .reopened = c->reopened,
        .failed = c->stream == NULL};
}

const struct device_table device_portaudio = {.name = "portaudio",
                                              .open = card_open,
                                              .start = card_start,
                                              .tick = card_tick,
                                              .capture = card_capture,
                                              .wants = card_wants,
                                              .play = card_play,
                                              .stats = card_stats,
                                              .close = card_close};
