#include "audio/pipeline.h"

#include <assert.h>
#include <stdlib.h>

#include "audio/level.h"
#include "audio/mixer.h"

#define HOLD_TICKS 30 /* a voice chosen for the mix stays 300 ms, so that none flickers */

struct stream {
    struct pipeline_stream who;
    struct packet_key key;
    struct packet_replay replay;
    struct jitter *jitter;
    bool heard, speaking, mixed;
    bool was_mixed;      /* one tick ago: it fades in or out */
    uint8_t level;       /* of the newest packet */
    unsigned held_ticks; /* since it was chosen */
};

struct pipeline {
    struct pipeline_stream who;
    struct packet_key key;
    struct codec_encoder *encoder;
    int16_t frame[VOICE_FRAME_SAMPLES];
    bool half;    /* the first tick of a frame is there */
    bool sending; /* the last frame was sent: the next continues its spurt */
    struct level level;
    struct pipeline_self self;
    struct stream *streams[VOICE_STREAMS_MAX]; /* the first streams_count are set */
    size_t streams_count;
    struct mixer mixer;
};

int pipeline_new(struct pipeline **ret, const struct pipeline_stream *self)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (p == NULL)
        return HOP_ENOMEM;
    int err = codec_encoder_new(&p->encoder);
    if (err != HOP_OK) {
        free(p);
        return err;
    }
    p->who = *self;
    packet_stream_key(&p->key, self->media_key, self->identity, self->stream_id);
    p->self.level = VOICE_LEVEL_SILENT;
    mixer_init(&p->mixer);
    *ret = p;
    return HOP_OK;
}

static void stream_free(struct stream *s)
{
    jitter_free(s->jitter);
    hop_wipe(s, sizeof *s);
    free(s);
}

void pipeline_free(struct pipeline *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->streams_count; i++)
        stream_free(p->streams[i]);
    codec_encoder_free(p->encoder);
    hop_wipe(p, sizeof *p);
    free(p);
}

static bool same_stream(const struct pipeline_stream *s, const uint8_t *identity,
                        const uint8_t *stream_id)
{
    return memcmp(s->identity, identity, 32) == 0 && memcmp(s->stream_id, stream_id, 8) == 0;
}

int pipeline_add(struct pipeline *p, const struct pipeline_stream *stream)
{
    if (same_stream(&p->who, stream->identity, stream->stream_id))
        return HOP_EEXIST;
    for (size_t i = 0; i < p->streams_count; i++)
        if (same_stream(&p->streams[i]->who, stream->identity, stream->stream_id))
            return HOP_EEXIST;
    if (p->streams_count == VOICE_STREAMS_MAX)
        return HOP_EFULL;
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HOP_ENOMEM;
    int err = jitter_new(&s->jitter);
    if (err != HOP_OK) {
        free(s);
        return err;
    }
    s->who = *stream;
    s->level = VOICE_LEVEL_SILENT;
    packet_stream_key(&s->key, stream->media_key, stream->identity, stream->stream_id);
    p->streams[p->streams_count++] = s;
    return HOP_OK;
}

void pipeline_remove(struct pipeline *p, const uint8_t identity[static 32],
                     const uint8_t stream_id[static 8])
{
    for (size_t i = 0; i < p->streams_count; i++) {
        if (!same_stream(&p->streams[i]->who, identity, stream_id))
            continue;
        stream_free(p->streams[i]);
        p->streams[i] = p->streams[--p->streams_count];
        return;
    }
}

void pipeline_mute(struct pipeline *p, bool muted)
{
    p->self.muted = muted;
}

/* ---- out ---- */

static size_t seal_frame(struct pipeline *p, uint32_t counter, uint8_t flags, uint8_t *ret)
{
    uint8_t bytes[PACKET_FRAME_BYTES_MAX];
    size_t size = codec_encode(p->encoder, p->frame, bytes, sizeof bytes);
    if (size == 0)
        return 0;
    struct packet_head head = {.type = PACKET_VOICE,
                               .flags = flags,
                               .tag = p->key.tag,
                               .sender = p->who.sender,
                               .counter = counter};
    struct packet_body body = {
        .level = p->self.level, .speaking = p->self.speaking, .frame = SPAN(bytes, size)};
    size = packet_seal(ret, &p->key, &head, &body);
    p->self.sent++;
    p->self.sent_bytes += size;
    return size;
}

static void fade_out(int16_t *samples)
{
    for (int i = 0; i < VOICE_FRAME_SAMPLES; i++)
        samples[i] = (int16_t)(samples[i] * (VOICE_FRAME_SAMPLES - i) / VOICE_FRAME_SAMPLES);
}

size_t pipeline_capture(struct pipeline *p, const int16_t samples[static VOICE_TICK_SAMPLES],
                        uint8_t ret[static PACKET_BYTES_MAX])
{
    memcpy(p->frame + (p->half ? VOICE_TICK_SAMPLES : 0), samples,
           VOICE_TICK_SAMPLES * sizeof *samples);
    p->self.captured++;
    p->half = !p->half;
    if (p->half)
        return 0;
    p->self.level = level_of(p->frame, VOICE_FRAME_SAMPLES);
    p->self.speaking = level_speaking(&p->level, p->self.level) && !p->self.muted;
    uint64_t counter = p->self.captured - VOICE_FRAME_TICKS;
    if (counter > UINT32_MAX) /* 497 days in one breath: begin a new stream */
        return 0;
    if (p->self.muted && !p->sending)
        return 0;
    uint8_t flags = p->sending ? 0 : PACKET_START;
    if (p->self.muted) {
        flags |= PACKET_END;
        fade_out(p->frame);
    }
    p->sending = !p->self.muted;
    return seal_frame(p, (uint32_t)counter, flags, ret);
}

/* ---- in ---- */

/* Open under the keys of every stream the header may mean: a 16-bit tag may name two. */
static int find_and_open(struct pipeline *p, const struct packet_head *head, struct span packet,
                         struct stream **ret, struct packet_body *body, uint8_t *text)
{
    int err = HOP_ENOTFOUND;
    for (size_t i = 0; i < p->streams_count; i++) {
        struct stream *s = p->streams[i];
        if (s->key.tag != head->tag || s->who.sender != head->sender)
            continue;
        if (!packet_replay_fresh(&s->replay, head->counter)) {
            err = HOP_EEXIST;
            continue;
        }
        err = packet_open(body, text, &s->key, packet);
        if (err != HOP_OK)
            continue;
        packet_replay_commit(&s->replay, head->counter);
        *ret = s;
        return HOP_OK;
    }
    return err;
}

static int put_frames(struct stream *s, hop_time now, const struct packet_head *head,
                      const struct packet_body *body)
{
    struct jitter_frame f = {.counter = head->counter, .flags = head->flags, .bytes = body->frame};
    int err = jitter_put(s->jitter, now, &f);
    for (size_t i = 0; err == HOP_OK && i < body->copies_count; i++) {
        uint32_t back = (uint32_t)body->copies[i].distance * VOICE_FRAME_TICKS;
        if (back > head->counter)
            return HOP_EMALFORMED;
        f = (struct jitter_frame){.counter = head->counter - back,
                                  .distance = body->copies[i].distance,
                                  .bytes = body->copies[i].frame};
        err = jitter_put(s->jitter, now, &f);
    }
    return err;
}

static int receive(struct pipeline *p, hop_time now, struct span packet)
{
    struct packet_head head;
    struct packet_body body;
    struct stream *s = NULL;
    uint8_t text[PACKET_BYTES_MAX];
    int err = packet_head_parse(&head, packet);
    if (err != HOP_OK)
        return err;
    err = find_and_open(p, &head, packet, &s, &body, text);
    if (err != HOP_OK)
        return err;
    assert(s != NULL); /* whoever opens a packet says whose it was */
    s->heard = true;
    s->speaking = body.speaking && (head.flags & PACKET_END) == 0;
    s->level = (head.flags & PACKET_END) == 0 ? body.level : VOICE_LEVEL_SILENT;
    return put_frames(s, now, &head, &body);
}

int pipeline_receive(struct pipeline *p, hop_time now, struct span packet)
{
    int err = receive(p, now, packet);
    if (err != HOP_OK)
        p->self.refused++;
    return err;
}

/* ---- the mix ---- */

static size_t mixed_count(const struct pipeline *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->streams_count; i++)
        n += p->streams[i]->mixed;
    return n;
}

static void choose(struct stream *s, bool mixed)
{
    s->mixed = mixed;
    s->held_ticks = 0;
}

/* The loudest VOICE_MIXED_MAX, with one change a tick at most: the loudest outside takes the place
 * of the quietest inside that has had its time. Equal levels: the one that came first stays. */
static void choose_loudest(struct pipeline *p)
{
    struct stream *loudest = NULL, *quietest = NULL;
    for (size_t i = 0; i < p->streams_count; i++) {
        struct stream *s = p->streams[i];
        if (s->mixed)
            s->held_ticks++;
        if (!s->mixed && s->heard && (loudest == NULL || s->level < loudest->level))
            loudest = s;
        if (s->mixed && s->held_ticks > HOLD_TICKS &&
            (quietest == NULL || s->level > quietest->level))
            quietest = s;
    }
    if (loudest == NULL)
        return;
    if (mixed_count(p) < VOICE_MIXED_MAX) {
        choose(loudest, true);
    } else if (quietest != NULL && loudest->level < quietest->level) {
        choose(quietest, false);
        choose(loudest, true);
    }
}

void pipeline_play(struct pipeline *p, hop_time now, int16_t ret[static VOICE_TICK_SAMPLES])
{
    float tick[VOICE_TICK_SAMPLES];
    choose_loudest(p);
    for (size_t i = 0; i < p->streams_count; i++) {
        struct stream *s = p->streams[i];
        bool decode = s->mixed || s->was_mixed; /* one tick longer, to fade out */
        if (jitter_get(s->jitter, now, decode, tick) && decode)
            mixer_add(&p->mixer, tick, s->was_mixed ? 1 : 0, s->mixed ? 1 : 0);
        s->was_mixed = s->mixed;
    }
    mixer_end(&p->mixer, ret);
}

size_t pipeline_streams(const struct pipeline *p, struct pipeline_view *ret, size_t max)
{
    size_t n = p->streams_count < max ? p->streams_count : max;
    for (size_t i = 0; i < n; i++) {
        const struct stream *s = p->streams[i];
        ret[i] = (struct pipeline_view){
            .heard = s->heard, .speaking = s->speaking, .mixed = s->mixed, .level = s->level};
        memcpy(ret[i].identity, s->who.identity, 32);
        memcpy(ret[i].stream_id, s->who.stream_id, 8);
        jitter_stats(s->jitter, &ret[i].jitter);
    }
    return n;
}

void pipeline_self(const struct pipeline *p, struct pipeline_self *ret)
{
    *ret = p->self;
}
