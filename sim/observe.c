#include "sim/observe.h"

#include "cell/record.h"
#include "device/state.h"
#include "sim/check.h"

#include <stdlib.h>

/* ---- tables ---- */

static uint64_t key_of(const uint8_t log[static 32], uint64_t seq)
{
    uint64_t k = 0;
    for (size_t i = 0; i < 8; i++)
        k = k << 8 | log[i]; /* a log's name is a public key: as good as random */
    return (k ^ seq * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xc2b2ae3d27d4eb4f) >> 20;
}

static uint32_t *slot_of(const struct sim_watch *v, const uint8_t log[static 32], uint64_t seq)
{
    uint32_t i = (uint32_t)(key_of(log, seq) & (v->index_room - 1));
    for (;; i = (i + 1) & (v->index_room - 1)) {
        uint32_t r = v->index[i];
        if (r == SIM_NOBODY ||
            (v->records[r].seq == seq && memcmp(v->records[r].log, log, 32) == 0))
            return &v->index[i];
    }
}

static bool grow_index(struct sim_watch *v)
{
    uint32_t room = v->index_room == 0 ? 1024 : 2 * v->index_room;
    uint32_t *index = malloc(room * sizeof *index);
    if (index == NULL)
        return false;
    memset(index, 0xff, room * sizeof *index);
    free(v->index);
    v->index = index;
    v->index_room = room;
    for (uint32_t i = 0; i < v->count; i++)
        *slot_of(v, v->records[i].log, v->records[i].seq) = i;
    return true;
}

static struct sim_own *own_slot(const struct sim_watch *v, const uint8_t log[static 32])
{
    uint32_t i = (uint32_t)(key_of(log, 0) & (v->own_room - 1));
    while (v->own[i].used && memcmp(v->own[i].log, log, 32) != 0)
        i = (i + 1) & (v->own_room - 1);
    return &v->own[i];
}

static bool grow_own(struct sim_watch *v)
{
    struct sim_watch old = *v;
    v->own_room = old.own_room == 0 ? 256 : 2 * old.own_room;
    v->own = calloc(v->own_room, sizeof *v->own);
    if (v->own == NULL) {
        *v = old;
        return false;
    }
    for (uint32_t i = 0; i < old.own_room; i++) {
        if (old.own[i].used)
            *own_slot(v, old.own[i].log) = old.own[i];
    }
    free(old.own);
    return true;
}

static void add_own(struct sim_world *w, const uint8_t log[static 32], uint32_t node)
{
    struct sim_watch *v = w->watch;
    if (2 * (v->own_count + 1) > v->own_room && !grow_own(v)) {
        sim_fail(w, "out of memory");
        return;
    }
    struct sim_own *own = own_slot(v, log);
    v->own_count += !own->used;
    own->used = true;
    own->node = node;
    memcpy(own->log, log, 32);
}

void sim_watch_logs(struct sim_world *w, struct sim_node *n)
{
    if (n->peer != NULL) {
        if (n->peer->seq == 0)
            add_own(w, n->peer->log_key.public_key, n->index);
        return;
    }
    if (!n->keys.has_cell)
        return;
    /* it may have begun new logs twice since the last commit, where an epoch begins */
    for (size_t i = 0; n->device != NULL && i < n->device->authored.count; i++)
        add_own(w, n->device->authored.logs[i], n->index);
    if (n->watched == n->keys.incarnation + 1)
        return;
    n->watched = n->keys.incarnation + 1;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        add_own(w, n->keys.log[lane].public_key, n->index);
}

int sim_watch_begin(struct sim_world *w)
{
    w->watch = calloc(1, sizeof *w->watch);
    if (w->watch == NULL || !grow_index(w->watch) || !grow_own(w->watch))
        return HOP_ENOMEM;
    return HOP_OK;
}

void sim_watch_free(struct sim_world *w)
{
    if (w->watch == NULL)
        return;
    free(w->watch->records);
    free(w->watch->index);
    free(w->watch->own);
    free(w->watch);
    w->watch = NULL;
}

/* ---- bits ---- */

static bool has_bit(const uint64_t *bits, uint32_t words, uint32_t i)
{
    return i / 64 < words && (bits[i / 64] >> (i % 64) & 1) != 0;
}

static bool set_bit(uint64_t **bits, uint32_t *words, uint32_t i)
{
    if (i / 64 >= *words) {
        uint32_t room = *words == 0 ? 4 : *words;
        while (room <= i / 64)
            room *= 2;
        uint64_t *grown = realloc(*bits, room * sizeof *grown);
        if (grown == NULL)
            return false;
        memset(grown + *words, 0, (room - *words) * sizeof *grown);
        *bits = grown;
        *words = room;
    }
    (*bits)[i / 64] |= UINT64_C(1) << (i % 64);
    return true;
}

bool sim_watch_has(const struct sim_node *n, uint32_t record)
{
    return has_bit(n->has, n->has_words, record);
}

uint64_t sim_delay_bound(unsigned bucket)
{
    uint64_t ms = 10;
    while (bucket-- > 0)
        ms += ms / 2;
    return ms;
}

static unsigned bucket_of(uint64_t ms)
{
    unsigned b = 0;
    for (uint64_t bound = 10; ms > bound && b < SIM_DELAYS - 1; bound += bound / 2)
        b++;
    return b;
}

/* ---- the best on the same contacts ---- */

/* Node could have record i from now on. */
static void could(struct sim_world *w, struct sim_node *n, uint32_t i)
{
    struct sim_record *r = &w->watch->records[i];
    if (!set_bit(&n->could, &n->could_words, i))
        return;
    if (n->index == r->author)
        return;
    uint64_t ms = (w->now - r->made) / HOP_MS;
    r->could++;
    w->watch->possible++;
    w->watch->best_sum += ms;
    w->watch->best[bucket_of(ms)]++;
}

/* Everything a could have, b could; true if something was new. */
static bool merge(struct sim_world *w, const struct sim_node *a, struct sim_node *b)
{
    bool any = false;
    for (uint32_t word = 0; word < a->could_words; word++) {
        uint64_t fresh = a->could[word] & ~(word < b->could_words ? b->could[word] : 0);
        for (; fresh != 0; fresh &= fresh - 1, any = true)
            could(w, b, word * 64 + (uint32_t)__builtin_ctzll(fresh));
    }
    return any;
}

/* From node outwards, over every contact that is open now. The list of nodes still to look at is
 * threaded through a stack of its own. */
static void flood(struct sim_world *w, uint32_t node)
{
    uint32_t *stack = malloc(w->nodes_count * sizeof *stack);
    bool *waiting = calloc(w->nodes_count, sizeof *waiting);
    uint32_t depth = 0;
    if (stack == NULL || waiting == NULL) {
        w->watch->best_off = true;
    } else {
        stack[depth++] = node;
        waiting[node] = true;
    }
    while (depth > 0) {
        struct sim_node *n = &w->nodes[stack[--depth]];
        waiting[n->index] = false;
        for (uint32_t i = 0; i < n->links_count; i++) {
            const struct sim_link *l = &w->links[n->links[i]];
            uint32_t o = l->a == n->index ? l->b : l->a;
            if (l->open && merge(w, n, &w->nodes[o]) && !waiting[o]) {
                waiting[o] = true;
                stack[depth++] = o;
            }
        }
    }
    free(stack);
    free(waiting);
}

void sim_watch_open(struct sim_world *w, uint32_t a, uint32_t b)
{
    if (w->watch->best_off)
        return;
    if (merge(w, &w->nodes[a], &w->nodes[b]))
        flood(w, b);
    if (merge(w, &w->nodes[b], &w->nodes[a]))
        flood(w, a);
}

void sim_watch_carry(struct sim_world *w, uint32_t from, uint32_t to)
{
    if (!w->watch->best_off && merge(w, &w->nodes[from], &w->nodes[to]))
        flood(w, to);
}

/* ---- what was committed ---- */

static uint32_t add_record(struct sim_world *w, struct sim_node *n, const uint8_t log[static 32],
                           uint64_t seq, struct span bytes)
{
    struct sim_watch *v = w->watch;
    if (v->count == v->room) {
        uint32_t room = v->room == 0 ? 256 : 2 * v->room;
        struct sim_record *records = realloc(v->records, room * sizeof *records);
        if (records == NULL)
            return SIM_NOBODY;
        v->records = records;
        v->room = room;
    }
    if (2 * (v->count + 1) > v->index_room && !grow_index(v))
        return SIM_NOBODY;
    struct sim_record *r = &v->records[v->count];
    *r = (struct sim_record){.seq = seq,
                             .author = n->index,
                             .cell = n->cell,
                             .made = w->now,
                             .last = w->now,
                             .bytes = (uint32_t)bytes.size};
    memcpy(r->log, log, 32);
    *slot_of(v, log, seq) = v->count;
    return v->count++;
}

/* Is it, to the byte, what its author committed? */
static void compare(struct sim_world *w, struct sim_node *n, uint32_t i, struct span bytes,
                    bool fresh)
{
    struct sim_record *r = &w->watch->records[i];
    struct record parsed;
    uint8_t id[32];
    if (record_parse(&parsed, bytes) != HOP_OK) {
        sim_fail_check(w, "no-forgery", "%s keeps a record that does not parse", n->name);
        return;
    }
    record_id(id, parsed.header, parsed.text);
    if (fresh) {
        const struct sim_own *own = own_slot(w->watch, r->log);
        memcpy(r->id, id, sizeof r->id);
        if (sim_check_on(w, CHECK_NO_FORGERY) && (!own->used || own->node != n->index))
            sim_fail_check(w, "no-forgery", "%s keeps record %llu of a log that %s", n->name,
                           (unsigned long long)r->seq,
                           own->used ? "its device has not committed" : "is of no device");
    } else if (memcmp(r->id, id, sizeof id) != 0 && !w->nodes[r->author].cloned &&
               sim_check_on(w, CHECK_NO_FORGERY)) {
        sim_fail_check(w, "no-forgery", "%s keeps another record %llu of a log than %s wrote",
                       n->name, (unsigned long long)r->seq, w->nodes[r->author].name);
    }
}

static uint64_t mark_of(uint32_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Node has record i now, and had not. */
static void got(struct sim_world *w, struct sim_node *n, uint32_t i)
{
    struct sim_watch *v = w->watch;
    struct sim_record *r = &v->records[i];
    if (sim_watch_has(n, i) || !set_bit(&n->has, &n->has_words, i))
        return;
    n->records++;
    n->root ^= mark_of(i);
    if (n->index == r->author)
        return;
    uint64_t ms = (w->now - r->made) / HOP_MS;
    r->have++;
    r->last = w->now;
    v->delivered++;
    v->delay_sum += ms;
    v->delays[bucket_of(ms)]++;
}

static void see(struct sim_world *w, struct sim_node *n, const uint8_t log[static 32], uint64_t seq)
{
    struct sim_watch *v = w->watch;
    struct span bytes;
    if (store_get(n->store, log, seq, &bytes) != HOP_OK) {
        sim_fail_check(w, "no-lost-ack", "%s committed a record and cannot read it", n->name);
        return;
    }
    uint32_t i = *slot_of(v, log, seq);
    bool fresh = i == SIM_NOBODY;
    if (fresh)
        i = add_record(w, n, log, seq, bytes);
    if (i == SIM_NOBODY) {
        sim_fail(w, "out of memory");
        return;
    }
    compare(w, n, i, bytes, fresh);
    got(w, n, i);
    if (v->count > SIM_BEST_RECORDS)
        v->best_off = true;
    if (fresh && !v->best_off) {
        could(w, n, i);
        flood(w, n->index);
    }
}

void sim_watch_node(struct sim_world *w, struct sim_node *n)
{
    uint8_t log[32];
    uint64_t seq, root = n->root;
    while (store_arrival(n->store, n->seen, log, &seq) == HOP_OK) {
        n->seen++;
        see(w, n, log, seq);
    }
    if (n->root != root)
        sim_net_look_soon(w, n->index);
}

static void lose(struct sim_world *w, struct sim_node *n, uint32_t i)
{
    struct sim_record *r = &w->watch->records[i];
    n->has[i / 64] &= ~(UINT64_C(1) << (i % 64));
    n->root ^= mark_of(i);
    n->records--;
    if (n->index != r->author) {
        r->have--;
        w->watch->delivered--;
    }
}

void sim_watch_rewind(struct sim_world *w, struct sim_node *n)
{
    uint8_t log[32];
    uint64_t seq;
    for (uint32_t i = 0; i < w->watch->count; i++) {
        const struct sim_record *r = &w->watch->records[i];
        struct store_tip tip = {0};
        if (sim_watch_has(n, i) &&
            (store_tip(n->store, r->log, &tip) != HOP_OK || tip.seq < r->seq))
            lose(w, n, i);
    }
    for (n->seen = 0; store_arrival(n->store, n->seen, log, &seq) == HOP_OK;)
        n->seen++;
    sim_net_look_soon(w, n->index);
}

uint64_t sim_watch_pairs(const struct sim_world *w)
{
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < w->watch->count; i++)
        pairs += w->cells[w->watch->records[i].cell].nodes_count - 1;
    return pairs;
}
