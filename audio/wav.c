#include "audio/wav.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "audio/device.h"
#include "audio/pace.h"

/* ---- files ---- */

static enum riff_fault read_file(uint8_t **ret, size_t *ret_size, const char *path)
{
    enum riff_fault fault = RIFF_UNREADABLE;
    uint8_t *bytes = NULL;
    long size = 0;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
        goto out;
    if ((unsigned long)size > WAV_BYTES_MAX) {
        fault = RIFF_TOO_LARGE;
        goto out;
    }
    bytes = malloc((size_t)size + 1);
    rewind(f);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size)
        goto out;
    *ret = bytes;
    *ret_size = (size_t)size;
    bytes = NULL;
    fault = RIFF_FINE;
out:
    free(bytes);
    if (f != NULL)
        (void)fclose(f);
    return fault;
}

enum riff_fault wav_read(struct wav_samples *ret, const char *path)
{
    struct wav_samples w = {0};
    size_t size = 0;
    enum riff_fault fault = read_file(&w.file, &size, path);
    if (fault != RIFF_FINE)
        return fault;
    fault = riff_parse(&w.samples, SPAN(w.file, size));
    if (fault != RIFF_FINE) {
        free(w.file);
        return fault;
    }
    *ret = w;
    return RIFF_FINE;
}

void wav_free(struct wav_samples *w)
{
    free(w->file);
    *w = (struct wav_samples){0};
}

struct wav_writer {
    FILE *f;
    uint32_t count;        /* samples written */
    uint32_t headed_count; /* samples the header knows of */
};

static int io_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? HOP_ENOSPACE : HOP_EIO;
}

/* Bring the header up to date and come back to the end. */
static int write_head(struct wav_writer *w)
{
    uint8_t head[RIFF_HEAD_BYTES];
    riff_head(head, w->count);
    errno = 0;
    if (fflush(w->f) != 0 || fseek(w->f, 0, SEEK_SET) != 0 ||
        fwrite(head, 1, sizeof head, w->f) != sizeof head || fseek(w->f, 0, SEEK_END) != 0 ||
        fflush(w->f) != 0)
        return io_error();
    w->headed_count = w->count;
    return HOP_OK;
}

int wav_create(struct wav_writer **ret, const char *path)
{
    struct wav_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return HOP_ENOMEM;
    errno = 0;
    w->f = fopen(path, "wb");
    int err = w->f != NULL ? write_head(w) : io_error();
    if (err != HOP_OK) {
        if (w->f != NULL)
            (void)fclose(w->f);
        free(w);
        return err;
    }
    *ret = w;
    return HOP_OK;
}

int wav_write(struct wav_writer *w, const int16_t *samples, size_t count)
{
    if (count > (UINT32_MAX - RIFF_HEAD_BYTES) / 2 - w->count)
        return HOP_EFULL; /* 12 hours: the format ends here */
    for (size_t i = 0; i < count; i++) {
        uint16_t v = (uint16_t)samples[i];
        uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
        errno = 0;
        if (fwrite(bytes, 1, 2, w->f) != 2)
            return io_error();
    }
    w->count += (uint32_t)count;
    return w->count - w->headed_count >= VOICE_RATE ? write_head(w) : HOP_OK;
}

int wav_close(struct wav_writer *w)
{
    if (w == NULL)
        return HOP_OK;
    int err = write_head(w);
    errno = 0;
    if (fclose(w->f) != 0 && err == HOP_OK)
        err = io_error();
    free(w);
    return err;
}

/* ---- a file as a device ---- */

struct wav_device {
    struct pace pace;
    struct wav_samples samples; /* capture */
    size_t played;              /* bytes of it */
    struct wav_writer *writer;  /* playback; NULL after it failed */
    bool failed;
};

static void wav_device_close(void *device)
{
    struct wav_device *d = device;
    if (d == NULL)
        return;
    wav_free(&d->samples);
    (void)wav_close(d->writer); /* what could be written is; the stats said if it failed before */
    free(d);
}

static int wav_device_open(void **ret, enum device_way way, const char *name,
                           enum riff_fault *fault)
{
    struct wav_device *d = calloc(1, sizeof *d);
    int err = d != NULL ? HOP_OK : HOP_ENOMEM;
    *fault = RIFF_FINE;
    if (err == HOP_OK && way == DEVICE_CAPTURE) {
        *fault = wav_read(&d->samples, name);
        if (*fault != RIFF_FINE)
            err = *fault == RIFF_UNREADABLE ? HOP_ENOTFOUND : HOP_EMALFORMED;
    } else if (err == HOP_OK) {
        err = wav_create(&d->writer, name);
    }
    if (err != HOP_OK) {
        wav_device_close(d);
        return err;
    }
    *ret = d;
    return HOP_OK;
}

static int wav_device_start(void *device, hop_time now)
{
    struct wav_device *d = device;
    pace_start(&d->pace, now);
    return HOP_OK;
}

static void wav_device_tick(void *device, hop_time now)
{
    struct wav_device *d = device;
    pace_to(&d->pace, now);
}

/* After its end a file is silent, as a person is. */
static bool wav_device_capture(void *device, int16_t ret[VOICE_TICK_SAMPLES])
{
    struct wav_device *d = device;
    if (!pace_take(&d->pace))
        return false;
    for (size_t i = 0; i < VOICE_TICK_SAMPLES; i++) {
        bool more = d->samples.samples.size - d->played >= 2;
        ret[i] = more ? riff_sample(d->samples.samples.data + d->played) : (int16_t)0;
        d->played += more ? 2 : 0;
    }
    return true;
}

static bool wav_device_wants(void *device)
{
    struct wav_device *d = device;
    return pace_due(&d->pace);
}

static void wav_device_play(void *device, const int16_t samples[VOICE_TICK_SAMPLES])
{
    struct wav_device *d = device;
    (void)pace_take(&d->pace);
    if (!d->failed && wav_write(d->writer, samples, VOICE_TICK_SAMPLES) != HOP_OK)
        d->failed = true;
}

static void wav_device_stats(void *device, struct device_stats *ret)
{
    const struct wav_device *d = device;
    *ret = (struct device_stats){.callbacks = d->pace.taken, .failed = d->failed};
}

const struct device_table device_wav = {.name = "wav",
                                        .open = wav_device_open,
                                        .start = wav_device_start,
                                        .tick = wav_device_tick,
                                        .capture = wav_device_capture,
                                        .wants = wav_device_wants,
                                        .play = wav_device_play,
                                        .stats = wav_device_stats,
                                        .close = wav_device_close};
