#include <stdlib.h>

#include "audio/device.h"
#include "audio/pace.h"

static int none_open(void **ret, enum device_way way, const char *name, enum riff_fault *fault)
{
    struct pace *p = calloc(1, sizeof *p);
    (void)way;
    (void)name;
    *fault = RIFF_FINE;
    if (p == NULL)
        return HOP_ENOMEM;
    *ret = p;
    return HOP_OK;
}

static int none_start(void *device, hop_time now)
{
    pace_start(device, now);
    return HOP_OK;
}

static void none_tick(void *device, hop_time now)
{
    pace_to(device, now);
}

/* Nothing to say: no ticks at all, so nothing is sent either. */
static bool none_capture(void *device, int16_t ret[VOICE_TICK_SAMPLES])
{
    (void)device;
    (void)ret;
    return false;
}

static bool none_wants(void *device)
{
    return pace_due(device);
}

static void none_play(void *device, const int16_t samples[VOICE_TICK_SAMPLES])
{
    (void)samples;
    (void)pace_take(device);
}

static void none_stats(void *device, struct device_stats *ret)
{
    const struct pace *p = device;
    *ret = (struct device_stats){.callbacks = p->taken};
}

const struct device_table device_none = {.name = "none",
                                         .open = none_open,
                                         .start = none_start,
                                         .tick = none_tick,
                                         .capture = none_capture,
                                         .wants = none_wants,
                                         .play = none_play,
                                         .stats = none_stats,
                                         .close = free};
