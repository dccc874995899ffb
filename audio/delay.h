/* How late packets come, and so how long to hold them back: the estimator of the jitter buffer.
 *
 * After NetEq (WebRTC), measured against fixed and speexdsp's buffers by simulation
 * (docs/benchmarks.md). A packet's transit is its arrival minus its media time; the two clocks have
 * nothing to do with each other, so only differences to the fastest of the last hundred packets
 * mean anything (two seconds: a clock that drifts by 200 ppm moves 0.4 ms in that time, so drift
 * needs no treatment of its own). The largest such delay of each 300 ms goes into a histogram that
 * forgets; the target is its 0.95 quantile. One stall is one entry of many, so it leaves the target
 * alone, where Mumble's buffer keeps what the worst packet taught it (mumble#6354). Pure. */
#ifndef HOP_AUDIO_DELAY_H
#define HOP_AUDIO_DELAY_H

#include "audio/voice.h"

#define DELAY_PACKETS      100
#define DELAY_BUCKETS      82 /* of 5 ms: up to the ceiling; the last is "or more" */
#define DELAY_BUCKET_US    (5 * HOP_MS)
#define DELAY_WINDOW_US    (300 * HOP_MS)
#define DELAY_TARGET_MAX   (400 * HOP_MS) /* beyond that two people cannot talk: let it be lost */
#define DELAY_TARGET_START (60 * HOP_MS)

struct delay {
    int64_t transit[DELAY_PACKETS];
    size_t count, at;
    int64_t base;                 /* the least of them; means nothing while count is 0 */
    double weight[DELAY_BUCKETS]; /* sums to 1 once windows > 0 */
    uint64_t windows;
    hop_time window_start;
    int64_t window_max;
};

/* A packet with this counter (10 ms units) came now. A zeroed struct is a fresh estimator. */
void delay_add(struct delay *d, hop_time now, uint32_t counter);

/* How long after the fastest possible arrival to play: one tick .. DELAY_TARGET_MAX. */
int64_t delay_target(const struct delay *d);

#endif
