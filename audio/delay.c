#include "audio/delay.h"

#include <assert.h>

#define QUANTILE 0.95
#define FORGET   0.97
#define MARGIN   ((int64_t)DELAY_BUCKET_US)

static void find_base(struct delay *d)
{
    d->base = d->transit[0];
    for (size_t i = 1; i < d->count; i++)
        if (d->transit[i] < d->base)
            d->base = d->transit[i];
}

/* The first entries weigh more (1, 1/2, 1/3 …), or the start value would stick for half a minute.
 */
static void histogram_add(struct delay *d, int64_t relative)
{
    double forget = 1 - 1 / ((double)d->windows + 1);
    if (forget > FORGET)
        forget = FORGET;
    size_t bucket = (size_t)relative / DELAY_BUCKET_US;
    if (bucket >= DELAY_BUCKETS)
        bucket = DELAY_BUCKETS - 1;
    for (size_t i = 0; i < DELAY_BUCKETS; i++)
        d->weight[i] *= forget;
    d->weight[bucket] += 1 - forget;
    d->windows++;
}

void delay_add(struct delay *d, hop_time now, uint32_t counter)
{
    int64_t transit = (int64_t)now - (int64_t)counter * (int64_t)VOICE_TICK_US;
    d->transit[d->at] = transit;
    d->at = (d->at + 1) % DELAY_PACKETS;
    if (d->count < DELAY_PACKETS)
        d->count++;
    find_base(d);
    int64_t relative = transit - d->base;
    assert(relative >= 0);
    if (d->count == 1) {
        d->window_start = now;
    } else if (now - d->window_start >= DELAY_WINDOW_US) {
        histogram_add(d, d->window_max);
        d->window_start = now;
        d->window_max = 0;
    }
    if (relative > d->window_max)
        d->window_max = relative;
}

int64_t delay_target(const struct delay *d)
{
    int64_t target = DELAY_TARGET_START;
    double sum = 0;
    for (size_t i = 0; d->windows > 0 && i < DELAY_BUCKETS; i++) {
        sum += d->weight[i];
        target = (int64_t)((i + 1) * DELAY_BUCKET_US) + MARGIN;
        if (sum >= QUANTILE)
            break;
    }
    if (target < (int64_t)VOICE_TICK_US)
        return VOICE_TICK_US;
    return target < (int64_t)DELAY_TARGET_MAX ? target : (int64_t)DELAY_TARGET_MAX;
}
