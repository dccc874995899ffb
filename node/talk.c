#include "node/talk.h"

#include <assert.h>
#include <stdlib.h>

#include "audio/announce.h"
#include "audio/wav.h"
#include "node/netaddr.h"
#include "node/voice.h"

_Static_assert(TALK_TELL_KIND == ANNOUNCE_KIND, "one number, said twice");
_Static_assert((int)TALK_STREAMS_MAX == (int)VOICE_STREAMS_MAX, "what is listed can be heard");

#define ANNOUNCE_EVERY_US (10 * HOP_SECOND) /* a TELL may meet a peer that does not know us yet */
#define ANNOUNCE_LEAST_US (300 * HOP_MS)    /* many peers that appear at once get one answer */

struct peer {
    struct pipeline_stream stream;
    struct sockaddr_storage address;
    mesh_link link;
};

struct recording {
    struct wav_writer *file; /* NULL: none, or it failed */
    uint64_t next;           /* index of the tick that comes next */
};

struct talk {
    struct voice *voice;
    struct voice_status status;
    struct announce self;
    uint8_t media_key[32];
    struct peer peers[TALK_STREAMS_MAX];
    size_t peers_count;
    mesh_link told[MESH_LINKS_MAX]; /* links that were there when we last announced */
    size_t told_count;
    bool announce_due, ask;
    hop_time announced_at;
    struct recording heard, own;
};

/* ---- what went wrong, for a person ---- */

static int refuse(struct node_trouble *why, int err, enum text_id id, const char *arg)
{
    (void)text_say(&why->said, id, 1, arg);
    why->exit_code = err == HOP_EBUSY || err == HOP_EREFUSED ? 1 : 3;
    return err;
}

static int refuse_file(struct node_trouble *why, int err, enum riff_fault fault, const char *path)
{
    switch (fault) {
    case RIFF_FINE:
        return refuse(why, err, VOICE_FILE_UNWRITABLE, path);
    case RIFF_UNREADABLE:
        return refuse(why, err, VOICE_FILE_UNREADABLE, path);
    case RIFF_NOT_WAV:
    case RIFF_NO_SAMPLES:
        return refuse(why, err, VOICE_FILE_NOT_WAV, path);
    case RIFF_NOT_PCM16:
    case RIFF_NOT_48K:
    case RIFF_NOT_MONO:
        return refuse(why, err, VOICE_FILE_FORMAT, path);
    case RIFF_TOO_LARGE:
        return refuse(why, err, VOICE_FILE_LARGE, path);
    }
    return err;
}

static int refuse_device(struct node_trouble *why, int err, const struct voice_fault *fault,
                         const char *name)
{
    bool capture = fault->part == VOICE_CAPTURE;
    bool named = name != NULL && name[0] != '\0';
    if (device_kind(name) == &device_wav)
        return refuse_file(why, err, fault->riff, name);
    if (err != HOP_ENOTFOUND)
        return refuse(why, err, capture ? VOICE_MICROPHONE_FAILED : VOICE_LOUDSPEAKER_FAILED, name);
    if (named)
        return refuse(why, err, capture ? VOICE_NO_MICROPHONE : VOICE_NO_LOUDSPEAKER, name);
    return refuse(why, err, capture ? VOICE_NO_MICROPHONE_AT_ALL : VOICE_NO_LOUDSPEAKER_AT_ALL,
                  NULL);
}

static int refuse_voice(struct node_trouble *why, int err, const struct voice_fault *fault,
                        const struct talk_options *o)
{
    switch (fault->part) {
    case VOICE_MEMORY:
    case VOICE_THREAD:
        return refuse(why, err, ERR_MEMORY, NULL);
    case VOICE_SOCKET:
        return refuse(why, err, VOICE_NO_PORT, NULL);
    case VOICE_CAPTURE:
        return refuse_device(why, err, fault, o->capture);
    case VOICE_PLAYBACK:
        return refuse_device(why, err, fault, o->playback);
    }
    return err;
}

/* ---- recordings ---- */

static int recording_open(struct recording *r, const char *path, struct node_trouble *why)
{
    if (path == NULL || path[0] == '\0')
        return HOP_OK;
    int err = wav_create(&r->file, path);
    return err == HOP_OK ? HOP_OK : refuse_file(why, err, RIFF_FINE, path);
}

/* A tick that was dropped because this thread was away is silence, so that the rest stays in time.
 */
static void recording_write(struct recording *r, const struct voice_tick *t)
{
    static const int16_t silence[VOICE_TICK_SAMPLES];
    int err = HOP_OK;
    for (; err == HOP_OK && r->file != NULL && r->next < t->index; r->next++)
        err = wav_write(r->file, silence, VOICE_TICK_SAMPLES);
    if (err == HOP_OK && r->file != NULL)
        err = wav_write(r->file, t->samples, VOICE_TICK_SAMPLES);
    r->next = t->index + 1;
    if (err != HOP_OK) { /* disk full: keep what there is; voice goes on */
        (void)wav_close(r->file);
        r->file = NULL;
    }
}

static void write_recordings(struct talk *t)
{
    struct voice_tick tick;
    while (voice_recorded(t->voice, &tick))
        recording_write(&t->heard, &tick);
    while (voice_recorded_self(t->voice, &tick))
        recording_write(&t->own, &tick);
}

/* ---- announcing ---- */

/* Links to members, now. Returns how many; identities are those of views. */
static size_t members_linked(const struct node *n, struct mesh_peer_view *ret)
{
    const struct mesh *m = n->device != NULL ? device_mesh(n->device) : NULL;
    size_t all = m != NULL ? mesh_peers(m, ret, MESH_LINKS_MAX) : 0, count = 0;
    for (size_t i = 0; i < all; i++)
        if (ret[i].greeted && ret[i].member)
            ret[count++] = ret[i];
    return count;
}

static void tell(struct node *n, uint8_t flags)
{
    uint8_t bytes[ANNOUNCE_BYTES];
    struct announce a = n->talk->self;
    a.flags = flags;
    announce_put(bytes, &a);
    node_step(n, &(struct mesh_in){
                     .type = MESH_IN_TELL, .now = n->now, .bytes = SPAN(bytes, sizeof bytes)});
}

static void announce(struct node *n)
{
    struct talk *t = n->talk;
    struct mesh_peer_view views[MESH_LINKS_MAX];
    t->told_count = members_linked(n, views);
    for (size_t i = 0; i < t->told_count; i++)
        t->told[i] = views[i].link;
    t->announced_at = n->now;
    t->announce_due = false;
    uint8_t flags = t->ask ? ANNOUNCE_ASK : 0;
    t->ask = false;
    tell(n, flags);
}

static bool was_told(const struct talk *t, mesh_link link)
{
    for (size_t i = 0; i < t->told_count; i++)
        if (t->told[i] == link)
            return true;
    return false;
}

/* ---- peers ---- */

static struct peer *find_peer(struct talk *t, const uint8_t *identity)
{
    for (size_t i = 0; i < t->peers_count; i++)
        if (memcmp(t->peers[i].stream.identity, identity, 32) == 0)
            return &t->peers[i];
    return NULL;
}

static void drop_peer(struct talk *t, struct peer *p)
{
    /* full: its stream stays silent until a later command gets through; nothing is lost by it */
    (void)!voice_remove(t->voice, p->stream.identity, p->stream.stream_id);
    *p = t->peers[--t->peers_count];
}

static void keep_peer(struct talk *t, const uint8_t *identity, const struct announce *a,
                      mesh_link link, const struct sockaddr_storage *address)
{
    struct peer *p = find_peer(t, identity);
    if (p != NULL && memcmp(p->stream.stream_id, a->stream_id, 8) != 0) {
        drop_peer(t, p); /* it has begun anew: another stream, another key */
        p = NULL;
    }
    if (p == NULL) {
        if (t->peers_count == TALK_STREAMS_MAX)
            return;
        p = &t->peers[t->peers_count++];
        *p = (struct peer){.stream = {.sender = a->sender}};
        memcpy(p->stream.identity, identity, 32);
        memcpy(p->stream.stream_id, a->stream_id, 8);
        memcpy(p->stream.media_key, t->media_key, 32);
    }
    p->link = link;
    p->address = *address;
    netaddr_set_port(&p->address, a->port);
    if (voice_add(t->voice, &p->stream, &p->address) != HOP_OK)
        *p = t->peers[--t->peers_count]; /* it will announce again */
}

void talk_told(struct node *n, mesh_link link, const uint8_t identity[static 32], struct span bytes,
               const struct sockaddr_storage *peer_address)
{
    struct talk *t = n->talk;
    struct announce a;
    if (t == NULL || announce_parse(&a, bytes) != HOP_OK)
        return;
    if (memcmp(a.meeting, t->self.meeting, 32) != 0 ||
        memcmp(identity, n->keys.ik.public_key, 32) == 0)
        return;
    if ((a.flags & ANNOUNCE_LEFT) != 0) {
        struct peer *p = find_peer(t, identity);
        if (p != NULL && memcmp(p->stream.stream_id, a.stream_id, 8) == 0)
            drop_peer(t, p);
    } else {
        keep_peer(t, identity, &a, link, peer_address);
    }
    if ((a.flags & ANNOUNCE_ASK) != 0)
        t->announce_due = true;
    node_changed(n);
}

/* Another link to the same device keeps its stream; without one it is gone. */
static void drop_link(struct talk *t, const struct mesh_peer_view *views, size_t count,
                      mesh_link link)
{
    for (size_t i = 0; i < t->peers_count;) {
        struct peer *p = &t->peers[i];
        size_t k = 0;
        while (k < count && memcmp(views[k].identity, p->stream.identity, 32) != 0)
            k++;
        if (p->link == link && k < count)
            p->link = views[k].link;
        if (p->link == link && k == count)
            drop_peer(t, p);
        else
            i++;
    }
}

void talk_peer_changed(struct node *n, mesh_link link)
{
    struct talk *t = n->talk;
    struct mesh_peer_view views[MESH_LINKS_MAX];
    if (t == NULL)
        return;
    size_t count = members_linked(n, views);
    for (size_t i = 0; i < count; i++)
        if (views[i].link == link) {
            if (!was_told(t, link))
                t->announce_due = true;
            return;
        }
    drop_link(t, views, count, link);
}

/* ---- begin and end ---- */

static int own_stream(struct node *n, const uint8_t *meeting, struct pipeline_stream *ret)
{
    const struct cell *c = device_cell(n->device);
    size_t count = cell_device_count(c), i = 0;
    while (i < count && memcmp(cell_device(c, i)->cert.ik, n->keys.ik.public_key, 32) != 0)
        i++;
    if (i == count)
        return HOP_ENOTFOUND;
    ret->sender = (uint16_t)i; /* CELL_DEVICES_MAX is 900 */
    memcpy(ret->identity, n->keys.ik.public_key, 32);
    hop_drbg_take(&n->drbg, ret->stream_id, sizeof ret->stream_id);
    return epochs_media_key(device_epochs(n->device), meeting, ret->media_key);
}

static void talk_free(struct talk *t)
{
    voice_free(t->voice);
    (void)wav_close(t->heard.file);
    (void)wav_close(t->own.file);
    hop_wipe(t, sizeof *t);
    free(t);
}

static int open_talk(struct node *n, struct talk *t, const uint8_t *meeting,
                     const struct talk_options *o, struct node_trouble *why)
{
    struct voice_fault fault;
    struct voice_options v = {.capture = o->capture,
                              .playback = o->playback,
                              .record = o->record != NULL && o->record[0] != '\0',
                              .record_self = o->record_self != NULL && o->record_self[0] != '\0',
                              .muted = o->muted,
                              .port = o->port};
    if (own_stream(n, meeting, &v.self) != HOP_OK)
        return refuse(why, HOP_EREFUSED, VOICE_NO_KEY, NULL);
    int err = voice_start(&t->voice, &v, &fault);
    if (err != HOP_OK) /* before any recording is made, so that nothing half done is left */
        (void)refuse_voice(why, err, &fault, o);
    if (err == HOP_OK)
        err = recording_open(&t->heard, o->record, why);
    if (err == HOP_OK)
        err = recording_open(&t->own, o->record_self, why);
    if (err == HOP_OK) {
        memcpy(t->media_key, v.self.media_key, 32);
        memcpy(t->self.meeting, meeting, 32);
        memcpy(t->self.stream_id, v.self.stream_id, 8);
        t->self.sender = v.self.sender;
        t->self.port = voice_port(t->voice);
        t->status.self.muted = o->muted;
        t->status.self.level = VOICE_LEVEL_SILENT;
    }
    hop_wipe(&v, sizeof v);
    return err;
}

int talk_start(struct node *n, const uint8_t meeting[static 32], const struct talk_options *o,
               struct node_trouble *why)
{
    *why = (struct node_trouble){0};
    if (n->talk != NULL)
        return refuse(why, HOP_EBUSY, VOICE_ALREADY, NULL);
    if (n->device == NULL || !device_has_cell(n->device))
        return refuse(why, HOP_EREFUSED, VOICE_NO_KEY, NULL);
    struct talk *t = calloc(1, sizeof *t);
    if (t == NULL)
        return refuse(why, HOP_ENOMEM, ERR_MEMORY, NULL);
    int err = open_talk(n, t, meeting, o, why);
    if (err != HOP_OK) {
        talk_free(t);
        return err;
    }
    n->talk = t;
    t->ask = true;
    announce(n);
    return HOP_OK;
}

void talk_stop(struct node *n)
{
    struct talk *t = n->talk;
    if (t == NULL)
        return;
    tell(n, ANNOUNCE_LEFT);
    voice_stop(t->voice);
    write_recordings(t);
    n->talk = NULL;
    talk_free(t);
}

bool talk_active(const struct node *n)
{
    return n->talk != NULL;
}

void talk_mute(struct node *n, bool muted)
{
    if (n->talk == NULL)
        return;
    if (voice_mute(n->talk->voice, muted) == HOP_OK)
        n->talk->status.self.muted = muted; /* shown at once; the thread says it again */
}

/* ---- once a turn ---- */

/* What a page shows: told to it when it changes, not five times a second. */
static bool shown_differs(const struct voice_status *a, const struct voice_status *b)
{
    if (a->streams_count != b->streams_count || a->self.muted != b->self.muted ||
        a->self.speaking != b->self.speaking)
        return true;
    for (size_t i = 0; i < a->streams_count; i++)
        if (a->streams[i].speaking != b->streams[i].speaking ||
            a->streams[i].heard != b->streams[i].heard)
            return true;
    return false;
}

void talk_poll(struct node *n)
{
    struct talk *t = n->talk;
    struct voice_status status;
    if (t == NULL)
        return;
    if (voice_status(t->voice, &status)) {
        bool changed = shown_differs(&t->status, &status);
        t->status = status;
        if (changed)
            node_changed(n);
    }
    write_recordings(t);
    hop_time since = n->now - t->announced_at;
    if ((t->announce_due && since >= ANNOUNCE_LEAST_US) || since >= ANNOUNCE_EVERY_US)
        announce(n);
}

int talk_fd(const struct node *n)
{
    return n->talk != NULL ? voice_fd(n->talk->voice) : -1;
}

/* ---- reading ---- */

static void fill_view(struct talk_stream_view *ret, const struct peer *p,
                      const struct voice_status *s)
{
    *ret = (struct talk_stream_view){.address = p->address, .level = VOICE_LEVEL_SILENT};
    memcpy(ret->identity, p->stream.identity, 32);
    for (size_t i = 0; i < s->streams_count; i++) {
        const struct pipeline_view *v = &s->streams[i];
        if (memcmp(v->identity, p->stream.identity, 32) != 0 ||
            memcmp(v->stream_id, p->stream.stream_id, 8) != 0)
            continue;
        ret->heard = v->heard;
        ret->speaking = v->speaking;
        ret->level = v->level;
        ret->received = v->jitter.received;
        ret->lost = v->jitter.lost;
        ret->late = v->jitter.late;
        ret->played_ms = v->jitter.ticks * 10;
        ret->concealed_ms = v->jitter.concealed * 10;
        ret->delay_ms = v->jitter.delay_us > 0 ? (uint32_t)(v->jitter.delay_us / 1000) : 0;
        ret->target_ms = (uint32_t)(v->jitter.target_us / 1000);
    }
}

size_t talk_streams(const struct node *n, struct talk_stream_view *ret, size_t max)
{
    const struct talk *t = n->talk;
    size_t count = t == NULL ? 0 : t->peers_count < max ? t->peers_count : max;
    for (size_t i = 0; i < count; i++)
        fill_view(&ret[i], &t->peers[i], &t->status);
    return count;
}

bool talk_self(const struct node *n, struct talk_self_view *ret)
{
    const struct talk *t = n->talk;
    if (t == NULL)
        return false;
    const struct voice_status *s = &t->status;
    *ret = (struct talk_self_view){
        .port = t->self.port,
        .muted = s->self.muted,
        .speaking = s->self.speaking,
        .level = s->self.level,
        .sent = s->self.sent,
        .refused = s->self.refused,
        .captured_ms = s->self.captured * 10,
        .underruns = s->playback.underruns,
        .overruns = s->capture.overruns,
        .reopened = s->capture.reopened + s->playback.reopened,
        .recorded_ms = t->heard.next * 10,
    };
    memcpy(ret->meeting, t->self.meeting, 32);
    memcpy(ret->stream_id, t->self.stream_id, 8);
    return true;
}
