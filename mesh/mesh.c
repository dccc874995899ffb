#include "mesh/mesh.h"

#include <assert.h>
#include <stdlib.h>

#include "mesh/sketch.h"
#include "mesh/state.h"

struct mesh *mesh_new(const struct mesh_config *config)
{
    struct mesh *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    sketch_init();
    struct rng root = rng_seeded(config->seed);
    m->config = *config;
    m->jitter_rng = rng_fork(&root, rng_tag("jitter"));
    m->salt_rng = rng_fork(&root, rng_tag("salt"));
    m->choice_rng = rng_fork(&root, rng_tag("choice"));
    m->version = 1;
    m->asks_at = m->wants_at = HOP_NEVER;
    if (mesh_logs_load(m) != HOP_OK || mesh_forks_load(m) != HOP_OK) {
        mesh_free(m);
        return NULL;
    }
    return m;
}

void mesh_free(struct mesh *m)
{
    if (m == NULL)
        return;
    for (uint32_t slot = 0; slot < MESH_LINKS_MAX; slot++) {
        if (m->links[slot] == NULL)
            continue;
        free(m->links[slot]->logs);
        free(m->links[slot]->exchange.kept);
        free(m->links[slot]);
    }
    mesh_wants_free(m);
    free(m->order);
    free(m->logs);
    free(m);
}

/* ---- emit ---- */

struct mesh_out *mesh_emit(struct mesh *m, enum mesh_out_type type, mesh_link link)
{
    struct mesh_outs *outs = m->outs;
    if (outs->n == MESH_OUTS_MAX) {
        m->unfinished = true;
        return NULL;
    }
    struct mesh_out *out = &outs->items[outs->n++];
    *out = (struct mesh_out){.type = type, .link = link};
    return out;
}

bool mesh_frame_begin(struct mesh *m, struct wire_writer *w, size_t size)
{
    uint8_t *bytes = NULL;
    assert(size <= MESH_FRAME_BYTES_MAX);
    if (m->outs->n < MESH_OUTS_MAX)
        bytes = arena_take(&m->outs->scratch, size, 1);
    if (bytes == NULL) {
        m->unfinished = true;
        return false;
    }
    *w = wire_writer(bytes, size);
    return true;
}

void mesh_frame_send(struct mesh *m, struct link *l, const struct wire_writer *w)
{
    struct mesh_out *out = mesh_emit(m, MESH_OUT_SEND, l->name);
    assert(out != NULL && !w->bad); /* frame_begin saw room for both */
    out->bytes = wire_written(w);
    if (w->base + w->size == m->outs->scratch.base + m->outs->scratch.used)
        m->outs->scratch.used -= w->size - w->used; /* frames are begun at their largest */
    l->keepalive_at = m->now + l->keepalive - rng_below(&m->jitter_rng, l->keepalive / 4);
}

/* ---- step ---- */

/* What a frame does in which state of its link (docs/protocol.md §6). A frame without a row is the
 * peer's fault; without an act, it is harmless and has no effect: it may have been sent before the
 * peer could know that it is no member to us. */
/* clang-format off */
static const struct {
    enum frame_type type;
    unsigned states;
    int (*act)(struct mesh *m, uint32_t slot, struct span frame);
} table[] = {
    {FRAME_GREET,     LINK_GREETING,               mesh_on_greet},
    {FRAME_KNOWN,     LINK_GREETING,               mesh_on_known},
    {FRAME_VOUCH,     LINK_GREETING,               mesh_on_vouch},
    {FRAME_HELLO,     LINK_GREETING,               mesh_on_hello},
    {FRAME_FRONTIER,  LINK_MEMBER | LINK_STRANGER, mesh_on_frontier},
    {FRAME_SKETCH,    LINK_MEMBER,                 mesh_on_sketch},
    {FRAME_SKETCH,    LINK_STRANGER,               NULL},
    {FRAME_NEXT,      LINK_MEMBER,                 mesh_on_next},
    {FRAME_NEXT,      LINK_STRANGER,               NULL},
    {FRAME_MORE,      LINK_MEMBER,                 mesh_on_more},
    {FRAME_MORE,      LINK_STRANGER,               NULL},
    {FRAME_LIST,      LINK_MEMBER,                 mesh_on_list},
    {FRAME_LIST,      LINK_STRANGER,               NULL},
    {FRAME_SEGMENT,   LINK_MEMBER | LINK_STRANGER, mesh_on_segment},
    {FRAME_ACK,       LINK_MEMBER,                 mesh_on_ack},
    {FRAME_ACK,       LINK_STRANGER,               NULL},
    {FRAME_STOP,      LINK_MEMBER,                 mesh_on_stop},
    {FRAME_STOP,      LINK_STRANGER,               NULL},
    {FRAME_KEEPALIVE, LINK_MEMBER | LINK_STRANGER, mesh_on_keepalive},
    {FRAME_WANT,      LINK_MEMBER | LINK_STRANGER, mesh_on_want},
    {FRAME_BLOB,      LINK_MEMBER,                 mesh_on_piece},
    {FRAME_BLOB,      LINK_STRANGER,               NULL},
    {FRAME_NOBLOB,    LINK_MEMBER,                 mesh_on_noblob},
    {FRAME_NOBLOB,    LINK_STRANGER,               NULL},
    {FRAME_TELL,      LINK_MEMBER,                 mesh_on_tell},
    {FRAME_TELL,      LINK_STRANGER,               NULL},
    {FRAME_PROBE,     LINK_MEMBER,                 mesh_on_probe},
    {FRAME_PROBE,     LINK_STRANGER,               NULL},
    {FRAME_BRANCH,    LINK_MEMBER,                 mesh_on_branch},
    {FRAME_BRANCH,    LINK_STRANGER,               NULL},
    {FRAME_PROOF,     LINK_MEMBER,                 mesh_on_proof},
    {FRAME_PROOF,     LINK_STRANGER,               NULL},
};
/* clang-format on */

static int act_on_frame(struct mesh *m, uint32_t slot, struct span frame)
{
    const struct link *l = m->links[slot];
    if (frame.size == 0 || frame.size > MESH_FRAME_BYTES_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if ((unsigned)table[i].type == frame.data[0] && (table[i].states & l->state) != 0)
            return table[i].act == NULL ? HOP_OK : table[i].act(m, slot, frame);
    }
    return HOP_EMALFORMED;
}

static int on_frame(struct mesh *m, const struct mesh_in *in)
{
    uint32_t slot;
    struct link *l = mesh_link_find(m, in->link, &slot);
    if (l == NULL)
        return HOP_ENOTFOUND;
    l->heard = m->now;
    bool greeting = l->state == LINK_GREETING;
    int err = act_on_frame(m, slot, in->bytes);
    if (err == HOP_EMALFORMED || err == HOP_EVERSION || (err == HOP_EAUTH && greeting)) {
        trace(&m->config.trace, "%u sends %s -> drop it", (unsigned)in->link,
              err == HOP_EAUTH      ? "a greeting that is not its own"
              : err == HOP_EVERSION ? "another version of the protocol"
                                    : "garbage");
        bool dropped = mesh_link_drop(m, slot);
        assert(dropped); /* handlers leave room: they emit what one frame bounds */
        return err == HOP_EVERSION ? HOP_EMALFORMED : err;
    }
    return err;
}

static int on_link_down(struct mesh *m, mesh_link name)
{
    uint32_t slot;
    if (mesh_link_find(m, name, &slot) == NULL)
        return HOP_ENOTFOUND;
    trace(&m->config.trace, "link %u down", (unsigned)name);
    mesh_link_forget(m, slot);
    return HOP_OK;
}

static int handle(struct mesh *m, const struct mesh_in *in)
{
    switch (in->type) {
    case MESH_IN_LINK_UP:
        return mesh_link_up(m, in);
    case MESH_IN_LINK_DOWN:
        return on_link_down(m, in->link);
    case MESH_IN_FRAME:
        return on_frame(m, in);
    case MESH_IN_TIMEOUT:
        return HOP_OK; /* all that is due is done by finish() */
    case MESH_IN_STORED:
        mesh_on_stored(m);
        return HOP_OK;
    case MESH_IN_STORE_FAILED:
        mesh_on_store_failed(m);
        return HOP_OK;
    case MESH_IN_PUBLISH:
        return mesh_on_publish(m, in->bytes);
    case MESH_IN_WANT:
        return mesh_want(m, in);
    case MESH_IN_TELL:
        return mesh_tell(m, in->bytes);
    case MESH_IN_ROSTER:
        mesh_on_roster(m);
        return HOP_OK;
    case MESH_IN_CARRIED:
        return mesh_on_carried(m, in->bytes);
    case MESH_IN_CARRIED_BLOB:
        return mesh_on_carried_blob(m, in->bytes);
    case MESH_IN_CARRIED_PROOF:
        return mesh_on_carried_proof(m, in->bytes);
    }
    assert(false && "unknown input");
    return HOP_ENOTFOUND;
}

/* Everything that is due, the important first: what a record waits for before what a blob does. */
static void finish(struct mesh *m)
{
    mesh_forks_finish(m);
    mesh_receive_finish(m);
    if (m->asks_at <= m->now)
        mesh_asks_look(m);
    mesh_frontier_finish(m);
    mesh_send_finish(m);
    mesh_wants_finish(m);
    mesh_links_finish(m);
    mesh_links_report(m);
}

int mesh_step(struct mesh *m, const struct mesh_in *in, struct mesh_outs *outs)
{
    assert(in->now >= m->now);
    assert(outs->scratch.size >= 2 * MESH_FRAME_BYTES_MAX); /* one in, rebuilt, and one out */
    m->now = in->now;
    m->outs = outs;
    m->unfinished = false;
    outs->n = 0;
    arena_reset(&outs->scratch);
    int err = handle(m, in);
    finish(m);
    m->outs = NULL;
    return err;
}

hop_time mesh_deadline(const struct mesh *m)
{
    hop_time at = m->unfinished ? m->now : HOP_NEVER;
    at = m->asks_at < at ? m->asks_at : at;
    at = m->wants_at < at ? m->wants_at : at;
    for (size_t i = 0; i < MESH_LINKS_MAX; i++) {
        hop_time link_at = m->links[i] == NULL ? HOP_NEVER : mesh_link_deadline(m->links[i]);
        at = link_at < at ? link_at : at;
    }
    return at;
}
