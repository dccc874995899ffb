/* A few whole devices on one table: stores in memory, links that are a queue of frames, a clock
 * that jumps. Every turn is the owner's turn of device/device.h, and the house rules are checked on
 * the way: nothing leaves that a peer could take for durable and is not. */
#ifndef HOP_TESTS_UNIT_DEVICE_PARTY_H
#define HOP_TESTS_UNIT_DEVICE_PARTY_H

#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "device/document.h"
#include "mesh/frame.h"
#include "mesh/segment.h"

#define PARTY_MAX        4
#define PARTY_FRAMES_MAX 4096
#define PARTY_LOGS_MAX   1024
#define PARTY_WALL       UINT64_C(1796412600000000) /* 4 December 2026, 19:30 UTC */

struct party_frame {
    uint32_t to;
    mesh_link link;
    uint8_t *bytes;
    size_t size;
};

struct party_tip {
    uint8_t log[32];
    uint64_t seq;
};

struct party_device {
    struct device_keys keys;
    struct device_keys saved; /* what its key file holds */
    struct store *store;
    struct device *d; /* NULL: switched off */
    unsigned starts;
    struct party_frame held[256];
    size_t held_count;
    struct party_tip durable[PARTY_LOGS_MAX]; /* as of the last good commit */
    size_t durable_count;
    unsigned long crash_before, crash_after; /* power fails at the n-th commit; 0 never */
    uint64_t commits;
};

struct party {
    uint32_t n;
    struct party_device devices[PARTY_MAX];
    struct party_frame frames[PARTY_FRAMES_MAX];
    size_t first, count;
    mesh_link link[PARTY_MAX][PARTY_MAX]; /* 0: none */
    mesh_link links_made;
    bool apart; /* nobody links by himself */
    hop_time now;
    uint8_t meeting[32], motion[32];
    uint64_t own_records_sent;
    struct mesh_outs outs;
    uint8_t *scratch;
};

static inline uint64_t party_wall(const struct party *p)
{
    return PARTY_WALL + p->now;
}

static inline void party_start(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    struct device_config config = {.keys = &x->keys, .store = x->store};
    config.seed[0] = (uint8_t)(i + 1);
    config.seed[1] = (uint8_t)++x->starts;
    config.seed[2] = (uint8_t)(x->starts >> 8);
    CHECK(x->d == NULL);
    CHECK_OK(device_new(&x->d, &config));
}

static inline void party_add(struct party *p)
{
    struct party_device *x = &p->devices[p->n];
    uint8_t seed[32] = {(uint8_t)(p->n + 1), 0xde};
    struct hop_drbg drbg;
    hop_drbg_seed(&drbg, seed);
    device_keys_new(&x->keys, &drbg);
    x->saved = x->keys;
    x->store = store_memory_new(0);
    CHECK(x->store != NULL);
    party_start(p, p->n++);
}

static inline struct party *party_new(uint32_t n)
{
    struct party *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    CHECK_OK(hop_init());
    p->scratch = malloc(MESH_SCRATCH_BYTES);
    CHECK(p->scratch != NULL);
    p->outs.scratch = (struct arena){.base = p->scratch, .size = MESH_SCRATCH_BYTES};
    for (uint32_t i = 0; i < n; i++)
        party_add(p);
    return p;
}

static inline void party_forget(struct party_device *x)
{
    for (size_t i = 0; i < x->held_count; i++)
        free(x->held[i].bytes);
    x->held_count = 0;
}

static inline void party_free(struct party *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        party_forget(&p->devices[i]);
        device_free(p->devices[i].d);
        store_close(p->devices[i].store);
    }
    for (size_t i = 0; i < p->count; i++)
        free(p->frames[(p->first + i) % PARTY_FRAMES_MAX].bytes);
    free(p->scratch);
    free(p);
}

/* ---- the house rules ---- */

static inline void party_note_durable(struct party_device *x)
{
    struct store_tip tip;
    const uint8_t *after = NULL;
    x->durable_count = 0;
    while (store_next_log(x->store, after, x->durable[x->durable_count].log, &tip) == HOP_OK) {
        x->durable[x->durable_count].seq = tip.seq;
        after = x->durable[x->durable_count].log;
        CHECK(++x->durable_count < PARTY_LOGS_MAX);
    }
}

static inline uint64_t party_durable(const struct party_device *x, const uint8_t log[static 32])
{
    for (size_t i = 0; i < x->durable_count; i++) {
        if (memcmp(x->durable[i].log, log, 32) == 0)
            return x->durable[i].seq;
    }
    return 0;
}

/* A segment may name its log by the first bytes only. */
static inline uint64_t party_durable_brief(const struct party_device *x, const uint8_t *start)
{
    for (size_t i = 0; i < x->durable_count; i++) {
        if (memcmp(x->durable[i].log, start, FRAME_BRIEF_BYTES) == 0)
            return x->durable[i].seq;
    }
    return 0;
}

/* What leaves now may name and carry only what would survive a power cut now. */
static inline void party_check_leaving(struct party *p, const struct party_device *x,
                                       struct span frame)
{
    static struct segment s;
    struct frame_marks marks;
    if (frame.data[0] == FRAME_SEGMENT) {
        CHECK_OK(segment_parse(&s, frame));
        CHECK(s.first + s.count - 1 <= party_durable_brief(x, s.log));
        p->own_records_sent += s.count;
    } else if (frame.data[0] == FRAME_ACK) {
        CHECK_OK(frame_ack_parse(&marks, frame));
        for (size_t i = 0; i < marks.count; i++)
            CHECK(marks.items[i].seq <= party_durable_brief(x, marks.items[i].log));
    }
}

/* ---- a turn ---- */

static inline struct party_frame party_copy(uint32_t to, mesh_link link, struct span bytes)
{
    struct party_frame f = {.to = to, .link = link, .size = bytes.size};
    f.bytes = malloc(bytes.size + 1);
    CHECK(f.bytes != NULL);
    memcpy(f.bytes, bytes.data, bytes.size);
    return f;
}

static inline void party_send(struct party *p, struct party_frame f)
{
    CHECK(p->count < PARTY_FRAMES_MAX);
    p->frames[(p->first + p->count++) % PARTY_FRAMES_MAX] = f;
}

static inline uint32_t party_other_end(const struct party *p, uint32_t i, mesh_link link)
{
    for (uint32_t k = 0; k < p->n; k++) {
        if (p->link[i][k] == link)
            return k;
    }
    return UINT32_MAX;
}

static inline void party_carry_out(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    for (size_t n = 0; n < p->outs.n; n++) {
        const struct mesh_out *o = &p->outs.items[n];
        uint32_t to = party_other_end(p, i, o->link);
        CHECK(o->type != MESH_OUT_STORE && o->type != MESH_OUT_BLOB); /* the device does these */
        CHECK(o->type != MESH_OUT_DROP_LINK); /* nobody here does anything wrong */
        if (o->type != MESH_OUT_SEND || to == UINT32_MAX)
            continue;
        if (o->durable) {
            CHECK(x->held_count < 256);
            x->held[x->held_count++] = party_copy(to, o->link, o->bytes);
        } else {
            party_check_leaving(p, x, o->bytes);
            party_send(p, party_copy(to, o->link, o->bytes));
        }
    }
    p->outs.n = 0;
}

static inline int party_step(struct party *p, uint32_t i, struct mesh_in in)
{
    in.now = p->now;
    int err = device_step(p->devices[i].d, &in, &p->outs);
    party_carry_out(p, i);
    return err;
}

static inline void party_unlink(struct party *p, uint32_t a, uint32_t b)
{
    mesh_link link = p->link[a][b];
    p->link[a][b] = p->link[b][a] = 0;
    if (link == 0)
        return;
    struct mesh_in in = {.type = MESH_IN_LINK_DOWN, .link = link};
    if (p->devices[a].d != NULL)
        (void)party_step(p, a, in);
    if (p->devices[b].d != NULL)
        (void)party_step(p, b, in);
}

/* The power fails: what was not committed is lost, and the device starts again. */
static inline void party_crash(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    device_free(x->d);
    x->d = NULL;
    party_forget(x);
    store_memory_crash(x->store);
    x->keys = x->saved;
    for (uint32_t k = 0; k < p->n; k++)
        party_unlink(p, i, k);
    party_start(p, i);
}

static inline bool party_falls(unsigned long *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

/* One commit and all it leads to. HOP_EBUSY: the power failed, and the device has started again. */
static inline int party_commit(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    int err = HOP_OK;
    for (bool again = true; again && err == HOP_OK;) {
        if (x->keys.changed) {
            x->keys.changed = false;
            x->saved = x->keys;
        }
        bool before = party_falls(&x->crash_before);
        if (!before)
            err = store_commit(x->store);
        x->commits++;
        if (err == HOP_OK && !before)
            party_note_durable(x);
        if (before || party_falls(&x->crash_after)) {
            party_crash(p, i);
            return HOP_EBUSY;
        }
        err = device_committed(x->d, err, p->now, party_wall(p), &p->outs, &again);
        if (err == HOP_OK) {
            for (size_t n = 0; n < x->held_count; n++)
                party_send(p, x->held[n]);
            x->held_count = 0;
        }
        party_forget(x);
        party_carry_out(p, i);
    }
    return err;
}

/* What devices are told of the speed of links made from now on; 0: nothing. */
static uint32_t party_rate __attribute__((unused));

static inline void party_link(struct party *p, uint32_t a, uint32_t b)
{
    uint8_t binding[32] = {0};
    if (p->link[a][b] != 0 || device_mesh(p->devices[a].d) == NULL ||
        device_mesh(p->devices[b].d) == NULL)
        return;
    mesh_link link = ++p->links_made;
    p->link[a][b] = p->link[b][a] = link;
    memcpy(binding, &link, sizeof link);
    struct mesh_in in = {
        .type = MESH_IN_LINK_UP, .rate_hint = party_rate, .link = link, .bytes = SPAN(binding, 32)};
    CHECK_OK(party_step(p, a, in));
    in.listener = true;
    CHECK_OK(party_step(p, b, in));
}

static inline void party_link_all(struct party *p)
{
    for (uint32_t a = 0; a < p->n; a++) {
        for (uint32_t b = a + 1; b < p->n; b++)
            party_link(p, a, b);
    }
}

static inline void party_deliver(struct party *p)
{
    struct party_frame f = p->frames[p->first];
    p->first = (p->first + 1) % PARTY_FRAMES_MAX;
    p->count--;
    if (p->devices[f.to].d != NULL && party_other_end(p, f.to, f.link) != UINT32_MAX) {
        struct mesh_in in = {.type = MESH_IN_FRAME, .link = f.link, .bytes = SPAN(f.bytes, f.size)};
        CHECK_OK(party_step(p, f.to, in)); /* a frame of an honest device is never refused */
        (void)party_commit(p, f.to);
    }
    free(f.bytes);
}

/* Let seconds of time pass; everybody links again when the power was gone. */
static inline void party_run(struct party *p, unsigned seconds)
{
    hop_time end = p->now + seconds * HOP_SECOND;
    while (p->now < end) {
        if (!p->apart)
            party_link_all(p);
        while (p->count > 0)
            party_deliver(p);
        hop_time at = end;
        uint32_t who = UINT32_MAX;
        for (uint32_t i = 0; i < p->n; i++) {
            hop_time deadline = device_deadline(p->devices[i].d);
            if (deadline < at) {
                at = deadline;
                who = i;
            }
        }
        p->now = at > p->now ? at : p->now;
        if (who == UINT32_MAX)
            continue;
        (void)party_step(p, who, (struct mesh_in){.type = MESH_IN_TIMEOUT});
        (void)party_commit(p, who);
    }
}

/* ---- people ---- */

static const char party_procedure[] = "name = \"assembly\";\n";

static inline int party_found(struct party *p, uint32_t i)
{
    struct text_said why;
    int err = device_found(p->devices[i].d, "Chi bộ bản Mù", "assembly", span_text(party_procedure),
                           "Nguyễn Văn A", ROLE_SECRETARY, party_wall(p), &why);
    int committed = party_commit(p, i);
    return err != HOP_OK ? err : committed;
}

/* The joiner takes the answer in, saves its keys and starts again. */
static inline int party_finish(struct party *p, uint32_t i, const struct device_join *asked,
                               struct span answer, struct text_said *why)
{
    struct party_device *x = &p->devices[i];
    struct device_join join = *asked;
    int err = device_join_finish(x->d, &join, answer, why);
    if (err != HOP_OK)
        return err;
    device_free(x->d);
    x->d = NULL;
    x->keys.changed = false;
    x->saved = x->keys;
    party_start(p, i);
    return HOP_OK;
}

static inline int party_invite(struct party *p, uint32_t host, const char *name,
                               enum auth_role role, struct device_join *ret)
{
    struct device_invite invite;
    struct text_said why;
    int err = device_invite(p->devices[host].d, name, role, CATEGORY_FULL, "192.168.1.5:4870",
                            party_wall(p), &invite, &why);
    int committed = party_commit(p, host);
    if (err == HOP_OK && committed == HOP_OK)
        CHECK_OK(device_join_read(ret, invite.text, &why));
    return err != HOP_OK ? err : committed;
}

/* Ask the host; the answer leaves after its commit. */
static inline int party_ask(struct party *p, uint32_t host, uint32_t joiner,
                            const struct device_join *join, uint8_t *answer, size_t *answer_size)
{
    uint8_t request[JOIN_FRAME_BYTES_MAX];
    size_t request_size;
    CHECK_OK(device_join_request(p->devices[joiner].d, join, request, &request_size));
    device_join_answer(p->devices[host].d, SPAN(request, request_size), join->link_key.public_key,
                       party_wall(p), answer, answer_size);
    CHECK(*answer_size <= JOIN_FRAME_BYTES_MAX);
    return party_commit(p, host);
}

static inline int party_join(struct party *p, uint32_t host, uint32_t joiner, const char *name,
                             enum auth_role role)
{
    struct device_join join;
    struct text_said why;
    uint8_t answer[JOIN_FRAME_BYTES_MAX];
    size_t size;
    int err = party_invite(p, host, name, role, &join);
    if (err == HOP_OK)
        err = party_ask(p, host, joiner, &join, answer, &size);
    return err == HOP_OK ? party_finish(p, joiner, &join, SPAN(answer, size), &why) : err;
}

static inline int party_act(struct party *p, uint32_t i, const struct act *a,
                            uint8_t ret_id[static 32])
{
    struct text_said why = {0};
    int err = device_act(p->devices[i].d, a, party_wall(p), ret_id, &why);
    int committed = party_commit(p, i);
    return err != HOP_OK ? err : committed;
}

static inline struct act party_a_meeting(void)
{
    struct act a = {.type = ACT_MEETING,
                    .title = span_text("Họp tháng 12"),
                    .form = span_text("regular"),
                    .when = span_text("04/12/2026 19:30"),
                    .place = span_text("ba điểm cầu"),
                    .agenda_count = 2};
    a.agenda[0] = span_text("Report");
    a.agenda[1] = span_text("Plan");
    return a;
}

/* An act of p's meeting. */
static inline struct act party_a(const struct party *p, enum act_type type)
{
    struct act a = {.type = type};
    memcpy(a.meeting, p->meeting, 32);
    if (type == ACT_OPINION || type == ACT_MOTION)
        a.text = span_text("Ý kiến");
    if (type == ACT_VOTE || type == ACT_TALLY)
        memcpy(a.target, p->motion, 32);
    if (type == ACT_VOTE)
        a.value = CHOICE_AGREE;
    return a;
}

static inline struct act party_a_roll(const struct party *p, uint32_t about)
{
    struct act a = party_a(p, ACT_ROLL);
    a.value = ROLL_PRESENT;
    memcpy(a.person, cell_member(device_cell(p->devices[0].d), about)->id, 16);
    return a;
}

static inline const struct meeting *party_meeting(const struct party *p, uint32_t i)
{
    return meeting_find(device_meetings(p->devices[i].d), p->meeting);
}

static inline int party_sign_minutes(struct party *p, uint32_t i)
{
    struct buf minutes = {0};
    uint8_t id[32];
    struct device *d = p->devices[i].d;
    CHECK_OK(meeting_minutes_text(device_meetings(d), device_cell(d), party_meeting(p, i), TEXT_VI,
                                  &minutes));
    struct act a = party_a(p, ACT_MINUTES);
    a.text = buf_written(&minutes);
    a.language = span_text("vi");
    a.value = MEETING_MINUTES_FORM;
    int err = party_act(p, i, &a, id);
    buf_free(&minutes);
    return err;
}

static inline int party_document(struct party *p, uint32_t i, struct span bytes,
                                 uint8_t ret_id[static 32])
{
    struct text_said why;
    struct act doc = party_a(p, ACT_DOC);
    doc.title = span_text("Dự thảo nghị quyết");
    doc.media_type = span_text("text/plain");
    int err = device_put_document(p->devices[i].d, bytes, &doc, &why);
    if (err == HOP_OK)
        return party_act(p, i, &doc, ret_id);
    (void)party_commit(p, i);
    return err;
}

/* ---- looking ---- */

static inline void party_digest(const struct party *p, uint32_t i, uint8_t ret[static 32])
{
    meeting_digest(device_meetings(p->devices[i].d), device_cell(p->devices[i].d), ret);
}

/* Everybody holds the same, has opened all of it and shows the same. */
static inline void party_check_agree(const struct party *p)
{
    uint8_t first[32], other[32];
    party_digest(p, 0, first);
    for (uint32_t i = 0; i < p->n; i++) {
        const struct device *d = p->devices[i].d;
        party_digest(p, i, other);
        CHECK_EQ(device_pending_count(d), 0);
        CHECK_EQ(device_record_count(d), device_record_count(p->devices[0].d));
        CHECK_BYTES(other, first, 32);
        mesh_check(device_mesh(d));
    }
}

/* A cell of n devices that know each other. */
static inline struct party *party_gathered(uint32_t n)
{
    struct party *p = party_new(n);
    char name[32];
    CHECK_OK(party_found(p, 0));
    for (uint32_t i = 1; i < n; i++) {
        (void)snprintf(name, sizeof name, "Member %u", (unsigned)i);
        CHECK_OK(party_join(p, 0, i, name, i == 1 ? ROLE_COMMITTEE : ROLE_MEMBER));
    }
    party_run(p, 10);
    party_check_agree(p);
    return p;
}

/* Up to an open vote: notice, document, opinions, opening, roll, motion. */
static inline void party_hold_meeting(struct party *p, struct span document)
{
    uint8_t id[32];
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    if (document.size > 0)
        CHECK_OK(party_document(p, 0, document, id));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    for (uint32_t i = 0; i < p->n; i++) {
        a = party_a(p, ACT_OPINION);
        a.item = 1;
        CHECK_OK(party_act(p, i, &a, id));
    }
    a = party_a(p, ACT_OPEN);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    for (uint32_t i = 0; i < p->n; i++) {
        a = party_a(p, ACT_ATTEND);
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 10);
    for (uint32_t i = 0; i < p->n; i++) {
        a = party_a_roll(p, i);
        CHECK_OK(party_act(p, 0, &a, id));
    }
    a = party_a(p, ACT_MOTION);
    CHECK_OK(party_act(p, 0, &a, p->motion));
    party_run(p, 10);
}

#endif
