#include "audio/jitter.h"

#include <assert.h>
#include <stdlib.h>

#include "audio/delay.h"
#include "audio/stretch.h"

#define SAMPLES_MAX                                                                                \
    (VOICE_TICK_SAMPLES + VOICE_FRAME_SAMPLES +                                                    \
     STRETCH_LAG_MAX) /* left over, decoded, lengthened */

/* Dead band around the target: below, speech is lengthened, above, shortened. Wider above, because
 * a little too late is not heard and a little too early is. */
#define BAND_BELOW_US (8 * (int64_t)HOP_MS)
#define BAND_ABOVE_US (14 * (int64_t)HOP_MS)
#define SMOOTH        0.12

enum state {
    EMPTY,   /* nothing has ever come */
    FILLING, /* frames are here, their time has not come */
    PLAYING,
    DRY /* ran out: silent until something comes */
};

struct slot {
    bool full, copy;
    uint8_t flags;
    uint16_t size;
    uint32_t counter;
    uint8_t bytes[PACKET_FRAME_BYTES_MAX];
};

struct jitter {
    struct slot slots[JITTER_FRAMES_MAX];
    struct delay delay;
    struct codec_decoder *decoder;
    enum state state;
    uint32_t next;              /* counter of the next frame to decode */
    uint32_t newest;            /* counter of the newest packet that came */
    bool newest_ends;           /* and it ended a spurt: a gap after it is not loss */
    uint32_t waited;            /* ticks made up since the last frame, not yet set against a gap */
    uint8_t distance;           /* of the farthest copy the sender makes */
    bool decoding;              /* the decoder has followed so far */
    double excess;              /* smoothed delay - target, µs */
    float samples[SAMPLES_MAX]; /* decoded, not yet played */
    size_t samples_count;
    uint64_t expected;
    struct jitter_stats stats;
};

int jitter_new(struct jitter **ret)
{
    struct jitter *j = calloc(1, sizeof *j);
    if (j == NULL)
        return HOP_ENOMEM;
    int err = codec_decoder_new(&j->decoder);
    if (err != HOP_OK) {
        free(j);
        return err;
    }
    *ret = j;
    return HOP_OK;
}

void jitter_free(struct jitter *j)
{
    if (j == NULL)
        return;
    codec_decoder_free(j->decoder);
    free(j);
}

static struct slot *slot_of(struct jitter *j, uint32_t counter)
{
    return &j->slots[counter / VOICE_FRAME_TICKS % JITTER_FRAMES_MAX];
}

static struct slot *slot_full(struct jitter *j, uint32_t counter)
{
    struct slot *s = slot_of(j, counter);
    return s->full && s->counter == counter ? s : NULL;
}

/* The first frame at or after next, or NULL. */
static struct slot *slot_ahead(struct jitter *j)
{
    for (uint32_t i = 0; i < JITTER_FRAMES_MAX; i++) {
        struct slot *s = slot_full(j, j->next + i * VOICE_FRAME_TICKS);
        if (s != NULL)
            return s;
    }
    return NULL;
}

static void forget_frames(struct jitter *j)
{
    for (size_t i = 0; i < JITTER_FRAMES_MAX; i++)
        j->slots[i].full = false;
}

/* Redundancy only helps if the copy is there before its turn: wait for it, while there is loss. */
static int64_t target_of(const struct jitter *j)
{
    int64_t target = delay_target(&j->delay);
    int64_t copies =
        (int64_t)j->distance * VOICE_FRAME_TICKS * (int64_t)VOICE_TICK_US + 12 * (int64_t)HOP_MS;
    bool lossy = j->stats.lost * 200 > j->expected;
    if (j->distance > 0 && lossy && copies > target)
        target = copies;
    return target < (int64_t)DELAY_TARGET_MAX ? target : (int64_t)DELAY_TARGET_MAX;
}

/* How long after its fastest possible arrival the sample next in line would be played now. */
static int64_t delay_of(const struct jitter *j, hop_time now)
{
    int64_t held = (int64_t)j->samples_count * (int64_t)HOP_SECOND / VOICE_RATE;
    return (int64_t)now - j->delay.base - (int64_t)j->next * (int64_t)VOICE_TICK_US + held;
}

/* ---- in ---- */

static void count_packet(struct jitter *j, const struct jitter_frame *f)
{
    bool first = j->stats.received == 0;
    j->stats.received++;
    if (first || f->counter > j->newest) {
        bool gap_is_silence = first || j->newest_ends || (f->flags & PACKET_START) != 0;
        j->expected += gap_is_silence ? 1 : (f->counter - j->newest) / VOICE_FRAME_TICKS;
        j->newest = f->counter;
        j->newest_ends = (f->flags & PACKET_END) != 0;
    }
    j->stats.lost = j->expected > j->stats.received ? j->expected - j->stats.received : 0;
}

int jitter_put(struct jitter *j, hop_time now, const struct jitter_frame *f)
{
    if (f->counter % VOICE_FRAME_TICKS != 0 || f->bytes.size > PACKET_FRAME_BYTES_MAX ||
        f->bytes.size == 0)
        return HOP_EMALFORMED;
    bool copy = f->distance > 0; /* says nothing of delay or loss */
    if (copy && j->state == EMPTY)
        return HOP_OK;
    if (f->distance > j->distance)
        j->distance = f->distance;
    if (!copy) {
        j->distance = 0; /* its copies follow at once, if there are any */
        delay_add(&j->delay, now, f->counter);
        count_packet(j, f);
    }
    if (j->state == EMPTY) {
        j->next = f->counter;
        j->state = FILLING;
    }
    if (f->counter < j->next) {
        j->stats.late += copy ? 0 : 1;
        return HOP_OK;
    }
    if (f->counter - j->next >= JITTER_FRAMES_MAX * VOICE_FRAME_TICKS) {
        forget_frames(j); /* a gap longer than the buffer: whatever it was, begin anew */
        j->next = f->counter;
        j->state = FILLING;
        j->waited = 0;
    }
    struct slot *s = slot_of(j, f->counter);
    if (s->full && s->counter == f->counter && !s->copy)
        return HOP_OK;
    *s = (struct slot){.full = true,
                       .copy = copy,
                       .flags = f->flags,
                       .size = (uint16_t)f->bytes.size,
                       .counter = f->counter};
    memcpy(s->bytes, f->bytes.data, f->bytes.size);
    return HOP_OK;
}

/* ---- out ---- */

static void conceal_tick(struct jitter *j, bool decode)
{
    float *end = j->samples + j->samples_count;
    if (decode && j->decoding)
        codec_conceal(j->decoder, end, VOICE_TICK_SAMPLES);
    else
        memset(end, 0, VOICE_TICK_SAMPLES * sizeof *end);
    j->samples_count += VOICE_TICK_SAMPLES;
    j->waited++;
    j->stats.concealed++;
}

/* Shorten or lengthen what was just decoded, by what is needed. */
static size_t pull_to_target(struct jitter *j, float *frame, size_t count)
{
    unsigned times = j->excess > (double)JITTER_HASTE_US ? 2 : 1;
    size_t before = count;
    if (j->excess > (double)BAND_ABOVE_US) {
        for (unsigned i = 0; i < times; i++)
            count = stretch_accelerate(frame, count);
        j->stats.shortened_samples += before - count;
    } else if (j->excess < -(double)BAND_BELOW_US) {
        count = stretch_expand(frame, count);
        j->stats.lengthened_samples += count - before;
    }
    j->excess += ((double)count - (double)before) * (double)HOP_SECOND / VOICE_RATE;
    return count;
}

static void decode_frame(struct jitter *j, hop_time now, bool decode, struct slot *s)
{
    float *end = j->samples + j->samples_count;
    int err = HOP_OK;
    if (!decode) {
        memset(end, 0, VOICE_FRAME_SAMPLES * sizeof *end);
        j->decoding = false;
    } else {
        if (!j->decoding)
            codec_decoder_reset(j->decoder);
        j->decoding = true;
        err = codec_decode(j->decoder, SPAN(s->bytes, s->size), end);
    }
    if (err != HOP_OK) /* signed for by a member, and still not Opus: as good as lost */
        codec_conceal(j->decoder, end, VOICE_FRAME_SAMPLES);
    j->excess += SMOOTH * ((double)(delay_of(j, now) - target_of(j)) - j->excess);
    j->samples_count += pull_to_target(j, end, VOICE_FRAME_SAMPLES);
    assert(j->samples_count <= SAMPLES_MAX);
    s->full = false;
    j->next += VOICE_FRAME_TICKS;
    j->waited = 0;
    if ((s->flags & PACKET_END) != 0)
        j->state = DRY;
}

/* Too far behind to catch up by talking faster: drop frames until it is not. */
static void skip_if_far_behind(struct jitter *j, hop_time now)
{
    int64_t limit = target_of(j) + (int64_t)JITTER_SKIP_US;
    bool skipped = false;
    while (delay_of(j, now) > limit && j->next < j->newest) {
        struct slot *s = slot_full(j, j->next);
        if (s != NULL) {
            s->full = false;
            j->stats.skipped++;
        }
        j->next += VOICE_FRAME_TICKS;
        skipped = true;
    }
    if (skipped) {
        j->waited = 0;
        j->excess = (double)(delay_of(j, now) - target_of(j));
    }
}

/* Something newer is here. Set what was made up against the frames that are missing before it. */
static void close_gap(struct jitter *j, const struct slot *ahead)
{
    uint32_t gap = ahead->counter - j->next;
    uint32_t covered = j->waited - j->waited % VOICE_FRAME_TICKS;
    uint32_t by = covered < gap ? covered : gap;
    j->next += by;
    j->waited -= by;
}

/* Put at least one more tick of samples in line, or leave PLAYING. */
static void produce(struct jitter *j, hop_time now, bool decode)
{
    skip_if_far_behind(j, now);
    struct slot *ahead = slot_ahead(j);
    if (ahead != NULL && ahead->counter != j->next) {
        if ((ahead->flags & PACKET_START) != 0) { /* a pause, not a gap: wait for its time */
            j->next = ahead->counter;
            j->waited = 0;
            j->state = FILLING;
            return;
        }
        close_gap(j, ahead);
    }
    if (ahead != NULL && ahead->counter == j->next)
        decode_frame(j, now, decode, ahead);
    else if (ahead == NULL && j->waited >= JITTER_CONCEAL_MAX)
        j->state = DRY;
    else
        conceal_tick(j, decode);
}

/* Dry or filling: is there a frame whose time has come? */
static void begin_if_due(struct jitter *j, hop_time now)
{
    struct slot *ahead = slot_ahead(j);
    if (j->state == DRY)
        j->waited++;
    if (ahead == NULL)
        return;
    if (j->state == DRY) {
        if ((ahead->flags & PACKET_START) != 0)
            j->next = ahead->counter;
        else
            close_gap(j, ahead);
        j->waited = 0;
    }
    j->state = delay_of(j, now) >= target_of(j) ? PLAYING : FILLING;
    j->excess = (double)(delay_of(j, now) - target_of(j));
}

bool jitter_get(struct jitter *j, hop_time now, bool decode, float ret[static VOICE_TICK_SAMPLES])
{
    if (j->state == FILLING || j->state == DRY)
        begin_if_due(j, now);
    while (j->state == PLAYING && j->samples_count < VOICE_TICK_SAMPLES)
        produce(j, now, decode);
    size_t n = j->samples_count < VOICE_TICK_SAMPLES ? j->samples_count : VOICE_TICK_SAMPLES;
    memcpy(ret, j->samples, n * sizeof *ret);
    memset(ret + n, 0, (VOICE_TICK_SAMPLES - n) * sizeof *ret);
    j->samples_count -= n;
    memmove(j->samples, j->samples + n, j->samples_count * sizeof *ret);
    j->stats.playing = n > 0 || j->state == PLAYING;
    if (j->stats.playing)
        j->stats.ticks++;
    if (j->state != EMPTY) {
        j->stats.delay_us = delay_of(j, now);
        j->stats.target_us = target_of(j);
    }
    return j->stats.playing;
}

void jitter_stats(const struct jitter *j, struct jitter_stats *ret)
{
    *ret = j->stats;
}
