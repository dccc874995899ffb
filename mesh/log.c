/* The table of logs, and the root of all of them. */
#include "mesh/state.h"

#include <assert.h>
#include <stdlib.h>

/* The place of id in order, or where it would stand. */
static uint32_t order_place(const struct mesh *m, const uint8_t id[static 32])
{
    uint32_t low = 0, high = m->order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(m->logs[m->order[middle]].id, id, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t mesh_log_find(const struct mesh *m, const uint8_t id[static 32])
{
    uint32_t place = order_place(m, id);
    if (place == m->order_count || memcmp(m->logs[m->order[place]].id, id, 32) != 0)
        return NO_SLOT;
    return m->order[place];
}

uint32_t mesh_log_find_brief(const struct mesh *m, const uint8_t *start)
{
    uint8_t low[32] = {0};
    memcpy(low, start, FRAME_BRIEF_BYTES);
    uint32_t place = order_place(m, low);
    if (place == m->order_count ||
        memcmp(m->logs[m->order[place]].id, start, FRAME_BRIEF_BYTES) != 0)
        return NO_SLOT;
    if (place + 1 < m->order_count &&
        memcmp(m->logs[m->order[place + 1]].id, start, FRAME_BRIEF_BYTES) == 0)
        return NO_SLOT;
    return m->order[place];
}

/* Tables grow by doubling: a device in a small cell should not pay for a large one. */
static int logs_grow(struct mesh *m)
{
    uint32_t room = m->logs_room == 0 ? 16 : m->logs_room * 2;
    if (m->logs_room >= MESH_LOGS_MAX)
        return HOP_EFULL;
    for (size_t i = 0; i < MESH_LINKS_MAX; i++) {
        struct link *l = m->links[i];
        if (l == NULL)
            continue;
        struct peer_log *grown = realloc(l->logs, room * sizeof *grown);
        if (grown == NULL)
            return HOP_ENOMEM; /* those grown already are larger than they need be: harmless */
        memset(grown + m->logs_room, 0, (room - m->logs_room) * sizeof *grown);
        l->logs = grown;
    }
    struct mesh_log *logs = realloc(m->logs, room * sizeof *logs);
    if (logs == NULL)
        return HOP_ENOMEM;
    m->logs = logs;
    uint32_t *order = realloc(m->order, room * sizeof *order);
    if (order == NULL)
        return HOP_ENOMEM;
    m->order = order;
    m->logs_room = room;
    return HOP_OK;
}

static int slot_take(struct mesh *m, uint32_t *ret)
{
    if (m->logs_free > 0) {
        for (uint32_t i = 0; i < m->logs_count; i++) {
            if (m->logs[i].used)
                continue;
            m->logs_free--;
            *ret = i;
            return HOP_OK;
        }
        assert(false && "a free slot was counted that is not there");
    }
    if (m->logs_count == m->logs_room) {
        int err = logs_grow(m);
        if (err != HOP_OK)
            return err;
    }
    *ret = m->logs_count++;
    return HOP_OK;
}

int mesh_log_add(struct mesh *m, const uint8_t id[static 32], enum record_lane lane, uint32_t *ret)
{
    uint32_t slot;
    int err = slot_take(m, &slot);
    if (err != HOP_OK)
        return err;
    m->logs[slot] = (struct mesh_log){
        .used = true, .lane = lane, .namer = NO_SLOT, .asked = NO_SLOT, .parent = NO_SLOT};
    memcpy(m->logs[slot].id, id, 32);
    uint32_t place = order_place(m, id);
    memmove(m->order + place + 1, m->order + place, (m->order_count - place) * sizeof m->order[0]);
    m->order[place] = slot;
    m->order_count++;
    *ret = slot;
    return HOP_OK;
}

int mesh_log_add_of_others(struct mesh *m, const uint8_t id[static 32], enum record_lane lane,
                           uint32_t *ret)
{
    if (m->order_count >= MESH_LOGS_MAX - MESH_LOGS_KEPT)
        return HOP_EFULL;
    return mesh_log_add(m, id, lane, ret);
}

static void log_remove(struct mesh *m, uint32_t slot)
{
    struct mesh_log *log = &m->logs[slot];
    assert(log->used && log->pending.seq == 0 && log->durable.seq == 0);
    uint32_t place = order_place(m, log->id);
    assert(m->order[place] == slot);
    m->order_count--;
    memmove(m->order + place, m->order + place + 1, (m->order_count - place) * sizeof m->order[0]);
    *log = (struct mesh_log){.namer = NO_SLOT, .asked = NO_SLOT, .parent = NO_SLOT};
    m->logs_free++;
    for (size_t i = 0; i < MESH_LINKS_MAX; i++) {
        if (m->links[i] != NULL)
            m->links[i]->logs[slot] = (struct peer_log){0};
    }
}

void mesh_logs_forget(struct mesh *m)
{
    for (uint32_t slot = 0; slot < m->logs_count; slot++) {
        const struct mesh_log *log = &m->logs[slot];
        bool shown = !log->used || log->pending.seq > 0 || log->own || log->fork > 0 ||
                     log->fork_pending > 0;
        for (size_t i = 0; i < MESH_LINKS_MAX && !shown; i++)
            shown = m->links[i] != NULL && m->links[i]->logs[slot].shown > 0;
        if (!shown)
            log_remove(m, slot);
    }
}

/* The lane is fixed by a log's first record. */
static int load_one(struct mesh *m, const uint8_t id[static 32], const struct store_tip *tip)
{
    struct span bytes;
    struct record first;
    uint32_t slot;
    int err = store_get(m->config.store, id, 1, &bytes);
    if (err == HOP_OK)
        err = record_parse(&first, bytes);
    if (err == HOP_OK)
        err = mesh_log_add(m, id, first.lane, &slot);
    if (err != HOP_OK)
        return err;
    struct mesh_log *log = &m->logs[slot];
    log->durable.seq = log->delivered = tip->seq;
    memcpy(log->durable.head, tip->head, sizeof tip->head);
    log->pending = log->durable;
    return HOP_OK;
}

/* Read every tip of the store that is not in the table yet. */
int mesh_logs_load(struct mesh *m)
{
    uint8_t id[STORE_LOG_BYTES], last[STORE_LOG_BYTES];
    struct store_tip tip;
    const uint8_t *after = NULL;
    while (store_next_log(m->config.store, after, id, &tip) == HOP_OK) {
        int err = mesh_log_find(m, id) == NO_SLOT ? load_one(m, id, &tip) : HOP_OK;
        if (err != HOP_OK)
            return err;
        memcpy(last, id, sizeof last);
        after = last;
    }
    return HOP_OK;
}

bool mesh_log_head(const struct mesh *m, const struct mesh_log *log, uint64_t seq,
                   uint8_t ret[static 32])
{
    struct span bytes;
    struct record next;
    assert(seq >= 1 && seq <= log->durable.seq);
    if (seq == log->durable.seq) {
        memcpy(ret, log->durable.head, 32);
        return true;
    }
    /* the next record names it: no hashing */
    if (store_get(m->config.store, log->id, seq + 1, &bytes) != HOP_OK ||
        record_parse(&next, bytes) != HOP_OK)
        return false;
    memcpy(ret, next.prev, 32);
    return true;
}

void mesh_root(const struct mesh *m, const uint8_t salt[static 8], uint8_t ret[static 8])
{
    struct hop_hash h;
    uint8_t root[16];
    hop_hash_init(&h, LABEL_ROOT);
    hop_hash_add(&h, SPAN(salt, 8));
    for (uint32_t i = 0; i < m->order_count; i++) {
        const struct mesh_log *log = &m->logs[m->order[i]];
        if (log->durable.seq == 0 && log->fork == 0)
            continue;
        uint8_t seqs[16];
        struct wire_writer w = wire_writer(seqs, sizeof seqs);
        wire_put_u64(&w, log->durable.seq);
        wire_put_u64(&w, log->fork);
        hop_hash_add(&h, SPAN(log->id, 32));
        hop_hash_add(&h, SPAN(seqs, sizeof seqs));
        hop_hash_add(&h, SPAN(log->durable.head, 32));
    }
    hop_hash_end(&h, root, sizeof root);
    memcpy(ret, root, 8);
}

/* Our own root under a salt of our own, drawn anew whenever the frontier has changed. */
void mesh_own_root(struct mesh *m)
{
    if (m->root_version == m->version && m->now - m->salt_drawn < MESH_SALT_AGE_MAX)
        return;
    uint64_t salt = rng_next(&m->salt_rng);
    struct wire_writer w = wire_writer(m->salt, sizeof m->salt);
    wire_put_u64(&w, salt);
    mesh_root(m, m->salt, m->root);
    m->root_version = m->version;
    m->salt_drawn = m->now;
}
