/* Greeting: who is at the other end of a link?
 *
 *     dialled                                accepted
 *     GREET: a hint who it may be     ->     finds the hint among the devices it has keys of
 *                                     <-     KNOWN: its MAC, and an exchange opened, covered
 *     VOUCH: its own MAC, and the
 *     answer to the exchange          ->     knows whom it has
 *
 * Who dialled and cannot read KNOWN, because the two have not each other's keys, says HELLO, and
 * gets one: that is how strangers meet. What they were sent before is like a KNOWN to any third
 * device, so it does not tell who is in a roster and who is not (its length may, a little, to who
 * has the sync key: docs/protocol.md §6.2). The one who accepted opens the exchange, in either
 * case: it is the first to know with whom.
 *
 * All is thrown away with the link: a binding, and with it hints and MACs, is good for one. */
#include <assert.h>

#include "mesh/state.h"

#define KNOWN_TRIES_MAX 16 /* devices whose hint begins alike: of 900, four do */

/* ---- saying it ---- */

static void said(struct mesh *m, struct link *l, const struct wire_writer *w)
{
    l->greeting.said = m->now;
    l->greeting.said_bytes = w->used;
    mesh_frame_send(m, l, w);
}

static bool hello(struct mesh *m, struct link *l)
{
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, HELLO_BYTES))
        return false;
    struct hello_scope scope = {l->binding, m->config.cell_id, l->listener, mesh_agree_news(m)};
    frame_hello_put(&w, &scope, m->config.identity);
    l->greeting.hello = true;
    said(m, l, &w);
    return true;
}

static bool pair_of(const struct mesh *m, const uint8_t identity[static 32], uint8_t ret[static 32])
{
    const struct mesh_roster *r = &m->config.roster;
    return r->device != NULL && r->pair != NULL && r->pair(r->ctx, identity, ret);
}

static void hint_of(const struct mesh *m, const struct link *l, bool listener,
                    const uint8_t identity[static 32], uint8_t ret[static GREET_HINT_BYTES])
{
    greet_hint(ret, m->config.sync_key, l->binding, listener, identity);
}

static bool is_self(const struct mesh *m, const uint8_t identity[static 32])
{
    return memcmp(identity, m->config.identity->public_key, 32) == 0;
}

bool mesh_greet(struct mesh *m, struct link *l)
{
    const uint8_t *self = m->config.identity->public_key;
    struct frame_greet *f = &l->greeting.greet;
    uint8_t key[32];
    struct wire_writer w;
    if (l->listener) {
        trace(&m->config.trace, "link %u up -> wait for its greeting", (unsigned)l->name);
        return true;
    }
    bool keys = pair_of(m, self, key);
    hop_wipe(key, sizeof key);
    trace(&m->config.trace, "link %u up -> %s", (unsigned)l->name, keys ? "greet" : "hello");
    if (!keys)
        return hello(m, l);
    if (!mesh_frame_begin(m, &w, GREET_BYTES))
        return false;
    hint_of(m, l, false, self, f->hint);
    f->news = mesh_agree_news(m);
    frame_greet_put(&w, f);
    l->greeting.greeted = true;
    said(m, l, &w);
    return true;
}

/* ---- one link for each identity ---- */

/* Two links of one identity: both ends keep the one dialled by the smaller identity; of two dialled
 * by the same, the newer, because the older one is then most likely dead at the other end. Returns
 * false if the link in slot has to go. */
static bool keep_one(struct mesh *m, uint32_t slot)
{
    const struct link *l = m->links[slot];
    for (uint32_t i = 0; i < MESH_LINKS_MAX; i++) {
        const struct link *other = m->links[i];
        if (i == slot || other == NULL || other->state == LINK_GREETING ||
            memcmp(other->identity, l->identity, 32) != 0)
            continue;
        bool we_dial = memcmp(m->config.identity->public_key, l->identity, 32) < 0;
        bool right = l->listener != we_dial; /* dialled by whoever should */
        uint32_t loser = right || l->listener == other->listener ? i : slot;
        trace(&m->config.trace, "%u and %u are the same device -> drop %u", (unsigned)other->name,
              (unsigned)l->name, (unsigned)m->links[loser]->name);
        bool dropped = mesh_link_drop(m, loser);
        assert(dropped); /* at most one other greeted link has this identity: one output */
        return loser != slot;
    }
    return true;
}

/* It is this device; false: its link had to go. */
static bool proven(struct mesh *m, uint32_t slot, const uint8_t identity[static 32])
{
    struct link *l = m->links[slot];
    memcpy(l->identity, identity, sizeof l->identity);
    if (is_self(m, l->identity)) {
        trace(&m->config.trace, "%u is ourselves -> drop it", (unsigned)l->name);
        (void)mesh_emit(m, MESH_OUT_COPY,
                        l->name); /* where there is no room, another link says so */
        bool dropped = mesh_link_drop(m, slot);
        assert(dropped);
        return false;
    }
    if (mesh_shut_out(m, l->identity)) {
        trace(&m->config.trace, "%u was shut out of the cell -> drop it", (unsigned)l->name);
        bool dropped = mesh_link_drop(m, slot);
        assert(dropped);
        return false;
    }
    if (!keep_one(m, slot))
        return false;
    mesh_pace_recall(m, l);
    return true;
}

/* ---- HELLO ---- */

int mesh_on_hello(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_hello f;
    int err = frame_hello_parse(&f, frame);
    if (err != HOP_OK)
        return err;
    struct hello_scope scope = {l->binding, m->config.cell_id, !l->listener, 0};
    err = frame_hello_verify(&f, &scope);
    if (err != HOP_OK)
        return err;
    if (!l->listener && l->greeting.hello)
        mesh_pace_greeted(m, l, frame.size);
    mesh_agree_unread(m, slot);
    l->exchange.their_news = f.news;
    if (!proven(m, slot, f.identity))
        return HOP_OK;
    if (!l->greeting.hello && !hello(m, l))
        return HOP_EFULL;
    mesh_link_begin(m, l, l->listener);
    return HOP_OK;
}

/* ---- GREET: at who accepted ---- */

/* The device that greets, if it is one of the roster and no other has the same hint; else
 * ourselves: what is said under our own pair key nobody else can read. */
static void claim_find(struct mesh *m, struct link *l)
{
    const struct mesh_roster *r = &m->config.roster;
    struct greeting *g = &l->greeting;
    size_t found = 0;
    uint8_t identity[32], hint[GREET_HINT_BYTES];
    for (size_t i = 0; r->device(r->ctx, i, identity); i++) {
        hint_of(m, l, false, identity, hint);
        if (memcmp(hint, g->greet.hint, sizeof hint) != 0 || is_self(m, identity))
            continue;
        found++;
        memcpy(g->claim, identity, sizeof g->claim);
    }
    g->known = found == 1;
    if (!g->known)
        memcpy(g->claim, m->config.identity->public_key, sizeof g->claim);
}

static void known_send(struct mesh *m, uint32_t slot, const uint8_t key[static 32],
                       struct wire_writer *w)
{
    struct link *l = m->links[slot];
    struct greeting *g = &l->greeting;
    struct frame_known f = {0};
    struct span body;
    uint8_t hint[GREET_HINT_BYTES];
    hint_of(m, l, true, m->config.identity->public_key, hint);
    f.hint = hint[0];
    g->opened = mesh_agree_open(m, slot, &body);
    if (g->opened) {
        f.size = body.size;
        memcpy(f.body, body.data, body.size);
    }
    struct greet_scope scope = {key, l->binding, g->greet};
    greet_known_seal(&f, &scope);
    memcpy(g->mac, f.mac, sizeof g->mac);
    g->answered = true;
    frame_known_put(w, &f);
    said(m, l, w);
}

int mesh_on_greet(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct greeting *g = &l->greeting;
    struct wire_writer w;
    uint8_t key[32], theirs[32];
    int err = l->listener && !g->greeted ? frame_greet_parse(&g->greet, frame) : HOP_EMALFORMED;
    if (err != HOP_OK)
        return err;
    g->greeted = true;
    l->exchange.their_news = g->greet.news;
    if (!pair_of(m, m->config.identity->public_key, key))
        return hello(m, l) ? HOP_OK : HOP_EFULL; /* we have nobody's keys */
    claim_find(m, l);
    bool keyed = pair_of(m, g->claim, theirs); /* in any case: how long it takes must not tell */
    g->known = g->known && keyed;
    if (g->known)
        memcpy(key, theirs, sizeof key); /* else it stays our own */
    trace(&m->config.trace, "%u greets as %s -> answer", (unsigned)l->name,
          g->known ? "somebody known" : "nobody known");
    err = mesh_frame_begin(m, &w, KNOWN_BYTES(KNOWN_BODY_MAX)) ? HOP_OK : HOP_EFULL;
    if (err == HOP_OK)
        known_send(m, slot, key, &w);
    hop_wipe(key, sizeof key);
    hop_wipe(theirs, sizeof theirs);
    return err;
}

/* ---- KNOWN: at who dialled ---- */

/* The device that made this KNOWN, and the pair key; false: none that we have keys of. f is
 * opened. */
static bool known_by(const struct mesh *m, const struct link *l, struct frame_known *f,
                     uint8_t ret_identity[static 32], uint8_t ret_key[static 32])
{
    const struct mesh_roster *r = &m->config.roster;
    const struct greet_scope scope = {ret_key, l->binding, l->greeting.greet};
    const struct frame_known covered = *f;
    uint8_t hint[GREET_HINT_BYTES];
    size_t tries = 0;
    for (size_t i = 0; tries < KNOWN_TRIES_MAX && r->device(r->ctx, i, ret_identity); i++) {
        hint_of(m, l, true, ret_identity, hint);
        if (hint[0] != f->hint || is_self(m, ret_identity) || !pair_of(m, ret_identity, ret_key))
            continue;
        tries++;
        *f = covered;
        if (greet_known_open(f, &scope) == HOP_OK)
            return true;
    }
    return false;
}

/* What an exchange opens with. */
static int body_act(struct mesh *m, uint32_t slot, struct span body)
{
    if (body.size == 0 || m->links[slot]->state != LINK_MEMBER)
        return HOP_OK;
    if (body.data[0] == FRAME_SKETCH)
        return mesh_on_sketch(m, slot, body);
    return body.data[0] == FRAME_LIST ? mesh_on_list(m, slot, body) : HOP_EMALFORMED;
}

static int vouch_send(struct mesh *m, struct link *l, const uint8_t key[static 32],
                      const struct frame_known *f)
{
    const struct greet_scope scope = {key, l->binding, l->greeting.greet};
    struct frame_vouch vouch;
    struct wire_writer w;
    if (!mesh_frame_begin(m, &w, VOUCH_BYTES))
        return HOP_EFULL;
    greet_vouch(&vouch, &scope, f->mac);
    frame_vouch_put(&w, &vouch);
    mesh_frame_send(m, l, &w);
    return HOP_OK;
}

int mesh_on_known(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct frame_known f;
    uint8_t identity[32], key[32];
    bool asked = !l->listener && l->greeting.greeted && !l->greeting.hello;
    int err = asked ? frame_known_parse(&f, frame) : HOP_EMALFORMED;
    if (err != HOP_OK)
        return err;
    if (!known_by(m, l, &f, identity, key)) {
        trace(&m->config.trace, "%u is nobody whose key we have -> hello", (unsigned)l->name);
        err = hello(m, l) ? HOP_OK : HOP_EFULL;
        goto out;
    }
    mesh_pace_greeted(m, l, frame.size);
    if (!proven(m, slot, identity))
        goto out;
    err = vouch_send(m, l, key, &f);
    if (err != HOP_OK)
        goto out;
    mesh_link_begin(m, l, false);
    err = body_act(m, slot, SPAN(f.body, f.size));
out:
    hop_wipe(key, sizeof key);
    return err;
}

/* ---- VOUCH: at who accepted ---- */

int mesh_on_vouch(struct mesh *m, uint32_t slot, struct span frame)
{
    struct link *l = m->links[slot];
    struct greeting *g = &l->greeting;
    struct frame_vouch f, want;
    uint8_t key[32];
    int err = l->listener && g->answered ? frame_vouch_parse(&f, frame) : HOP_EMALFORMED;
    if (err != HOP_OK)
        return err;
    if (!g->known || !pair_of(m, g->claim, key)) /* the roster may have changed meanwhile */
        return HOP_EAUTH;
    const struct greet_scope scope = {key, l->binding, g->greet};
    greet_vouch(&want, &scope, g->mac);
    hop_wipe(key, sizeof key);
    if (!hop_equal(f.mac, want.mac, sizeof f.mac))
        return HOP_EAUTH;
    mesh_pace_greeted(m, l, frame.size);
    if (!proven(m, slot, g->claim))
        return HOP_OK;
    mesh_link_begin(m, l, !g->opened);
    if (l->state != LINK_MEMBER)
        mesh_agree_unread(m, slot);
    return HOP_OK;
}
