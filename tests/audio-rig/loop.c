/* The audible half of tests/audio-rig/run.
 *
 *     loop talk CAPTURE PLAYBACK SECONDS   microphone -> PortAudio -> a speaker's pipeline ->
 * packets
 *                                          -> a listener's pipeline -> PortAudio -> loudspeaker
 *     loop compare SAID.wav HEARD.wav      how alike they are, and how much later
 *
 * The same code as the node's voice thread, with a function call in place of the network. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audio/device.h"
#include "audio/pipeline.h"
#include "audio/wav.h"
#include "tests/unit/audio/sounds.h"

static hop_time clock_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (hop_time)t.tv_sec * HOP_SECOND + (hop_time)t.tv_nsec / 1000;
}

static void *open_device(enum device_way way, const char *name)
{
    void *d = NULL;
    enum riff_fault fault;
    int err = device_portaudio.open(&d, way, name, &fault);
    if (err == HOP_OK)
        err = device_portaudio.start(d, clock_now());
    if (err != HOP_OK) {
        (void)fprintf(stderr, "loop: %s: %s\n", name, hop_error_text(err));
        exit(1);
    }
    return d;
}

static void turn(struct pipeline *speaker, struct pipeline *listener, void *mic, void *spk)
{
    int16_t tick[VOICE_TICK_SAMPLES];
    uint8_t packet[PACKET_BYTES_MAX];
    hop_time now = clock_now();
    device_portaudio.tick(mic, now);
    device_portaudio.tick(spk, now);
    while (device_portaudio.capture(mic, tick)) {
        size_t size = pipeline_capture(speaker, tick, packet);
        if (size > 0 && pipeline_receive(listener, now, SPAN(packet, size)) != HOP_OK)
            exit(1);
    }
    while (device_portaudio.wants(spk)) {
        pipeline_play(listener, now, tick);
        device_portaudio.play(spk, tick);
    }
}

static int talk(const char *capture, const char *playback, const char *seconds)
{
    const struct pipeline_stream who = {.identity = {1}, .stream_id = {1}, .media_key = {1}};
    const struct pipeline_stream other = {.identity = {2}, .stream_id = {2}, .media_key = {1}};
    struct pipeline *speaker = NULL, *listener = NULL;
    struct pipeline_view view;
    struct device_stats in, out;
    if (hop_init() != HOP_OK || pipeline_new(&speaker, &who) != HOP_OK ||
        pipeline_new(&listener, &other) != HOP_OK || pipeline_add(listener, &who) != HOP_OK)
        return 1;
    void *mic = open_device(DEVICE_CAPTURE, capture), *spk = open_device(DEVICE_PLAYBACK, playback);
    hop_time end = clock_now() + (hop_time)strtoul(seconds, NULL, 10) * HOP_SECOND;
    while (clock_now() < end) {
        const struct timespec wait = {.tv_nsec = 5 * 1000 * 1000};
        turn(speaker, listener, mic, spk);
        (void)nanosleep(&wait, NULL);
    }
    device_portaudio.stats(mic, &in);
    device_portaudio.stats(spk, &out);
    (void)pipeline_streams(listener, &view, 1);
    (void)printf("packets %llu, lost %llu, concealed %llu of %llu ticks, buffer %.0f ms, "
                 "callbacks %llu + %llu, underruns %llu, overruns %llu, reopened %llu\n",
                 (unsigned long long)view.jitter.received, (unsigned long long)view.jitter.lost,
                 (unsigned long long)view.jitter.concealed, (unsigned long long)view.jitter.ticks,
                 (double)view.jitter.delay_us / 1000, (unsigned long long)in.callbacks,
                 (unsigned long long)out.callbacks, (unsigned long long)out.underruns,
                 (unsigned long long)in.overruns, (unsigned long long)(in.reopened + out.reopened));
    device_portaudio.close(mic);
    device_portaudio.close(spk);
    pipeline_free(speaker);
    pipeline_free(listener);
    return view.jitter.received > 0 ? 0 : 1;
}

static int16_t *samples_of(const char *path, size_t *count)
{
    struct wav_samples w;
    if (wav_read(&w, path) != RIFF_FINE) {
        (void)fprintf(stderr, "loop: %s is not 16-bit 48 kHz mono WAV\n", path);
        exit(1);
    }
    *count = w.samples.size / 2;
    int16_t *ret = calloc(*count + 1, sizeof *ret);
    for (size_t i = 0; ret != NULL && i < *count; i++)
        ret[i] = riff_sample(w.samples.data + 2 * i);
    wav_free(&w);
    return ret;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over half seconds in which something is said; each may have its own delay, because
 * the jitter buffer moves. */
static int compare(const char *said_path, const char *heard_path)
{
    enum { WINDOW = VOICE_RATE / 2, LAG_MAX = 3 * VOICE_RATE, WINDOWS_MAX = 20 };
    size_t said_count, heard_count, windows = 0, lag = 0;
    int16_t *said = samples_of(said_path, &said_count);
    int16_t *heard = samples_of(heard_path, &heard_count);
    double scores[WINDOWS_MAX] = {0};
    for (size_t at = 0; windows < WINDOWS_MAX && at + WINDOW < said_count; at += WINDOW) {
        if (loudness(said + at, WINDOW) < 500 || at + WINDOW + LAG_MAX > heard_count)
            continue;
        scores[windows++] = best_correlation(said + at, heard + at, WINDOW, LAG_MAX, &lag);
        (void)printf("at %.1f s: %.2f, %.0f ms later\n", (double)at / VOICE_RATE,
                     scores[windows - 1], (double)lag * 1000 / VOICE_RATE);
    }
    qsort(scores, windows, sizeof scores[0], by_size);
    double median = scores[windows / 2];
    (void)printf("median %.2f over %zu half seconds\n", median, windows);
    free(said);
    free(heard);
    return windows >= 4 && median > 0.7 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "talk") == 0)
        return talk(argv[2], argv[3], argv[4]);
    if (argc == 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3]);
    (void)fprintf(stderr, "usage: loop talk CAPTURE PLAYBACK SECONDS | loop compare SAID HEARD\n");
    return 2;
}
