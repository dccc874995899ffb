#include "cell/epochs.h"

#include <assert.h>
#include <stdlib.h>

#define CANDIDATES_MAX 16 /* looked at from the top; if none is eligible, a new epoch is due */

/* An epoch of which something is held. */
struct held {
    struct epoch epoch;
    bool news; /* notes about it are to be read (again) */
};

/* An EPOCH or GRANT record. */
struct note {
    uint8_t id[32], log[32], epk[32], commit[32], tag[16];
    uint64_t seq;
    bool grant;
    uint8_t *sealed; /* owned: the sealed parts, one after the other */
    size_t meta_size, back_size, slots_size;
    bool read, back_read, bad;
    /* once it is read */
    uint32_t generation;
    uint64_t wall;
    bool of_group;
    uint8_t *marks; /* owned; of a GRANT: one */
    size_t marks_count;
    uint8_t *parents; /* owned: commitments */
    size_t parents_count;
    uint8_t kem[32]; /* of a GRANT */
    /* judged */
    bool placed;   /* in the history, in a log of a device of the cell */
    bool accepted; /* its author may say such things, and it is not cut off */
    bool followed; /* another epoch names it as a parent */
    bool eligible;
    uint8_t author[32];
    size_t recipients;
    struct epochs_gap *gaps; /* owned; of a tip */
    size_t gaps_count;
};

struct ask {
    uint8_t ik[32], kem[32], id[32];
};

struct epochs {
    struct held *items;
    size_t count, capacity;
    struct note *notes;
    size_t notes_count, notes_capacity;
    struct ask *asks;
    size_t asks_count, asks_capacity;
    size_t send; /* index of an item, or SIZE_MAX */
    uint64_t version;
    size_t last; /* where epochs_by_tag() found something: records come in runs of one epoch */
};

struct epochs *epochs_new(void)
{
    struct epochs *e = calloc(1, sizeof *e);
    if (e != NULL)
        e->send = SIZE_MAX;
    return e;
}

static void wipe_items(struct epochs *e)
{
    if (e->items != NULL)
        hop_wipe(e->items, e->count * sizeof *e->items);
    free(e->items);
}

static void free_note(struct note *n)
{
    free(n->sealed);
    free(n->marks);
    free(n->parents);
    free(n->gaps);
}

void epochs_free(struct epochs *e)
{
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->notes_count; i++)
        free_note(&e->notes[i]);
    free(e->notes);
    free(e->asks);
    wipe_items(e);
    free(e);
}

/* ---- keys ---- */

static size_t place_of(const struct epochs *e, const uint8_t commit[static 32])
{
    for (size_t i = e->count; i-- > 0;) {
        if (memcmp(e->items[i].epoch.commit, commit, 32) == 0)
            return i;
    }
    return SIZE_MAX;
}

const struct epoch *epochs_by_commit(const struct epochs *e, const uint8_t commit[static 32])
{
    size_t i = place_of(e, commit);
    return i == SIZE_MAX ? NULL : &e->items[i].epoch;
}

const struct epoch *epochs_by_tag(const struct epochs *e, const uint8_t tag[static 16])
{
    struct epochs *cache =
        (struct epochs *)(uintptr_t)e; /* where to look first: no answer changes */
    if (e->last < e->count && memcmp(e->items[e->last].epoch.tag, tag, 16) == 0)
        return &e->items[e->last].epoch;
    for (size_t i = e->count; i-- > 0;) {
        if (memcmp(e->items[i].epoch.tag, tag, 16) == 0) {
            cache->last = i;
            return &e->items[i].epoch;
        }
    }
    return NULL;
}

size_t epochs_count(const struct epochs *e)
{
    return e->count;
}

const struct epoch *epochs_at(const struct epochs *e, size_t index)
{
    assert(index < e->count);
    return &e->items[index].epoch;
}

uint64_t epochs_version(const struct epochs *e)
{
    return e->version;
}

/* Not realloc(): it would leave secrets behind. */
static bool room_for_one(struct epochs *e)
{
    if (e->count < e->capacity)
        return true;
    size_t capacity = e->capacity == 0 ? 8 : 2 * e->capacity;
    struct held *items = calloc(capacity, sizeof *items);
    if (items == NULL)
        return false;
    if (e->count > 0)
        memcpy(items, e->items, e->count * sizeof *items);
    wipe_items(e);
    e->items = items;
    e->capacity = capacity;
    return true;
}

/* HOP_EEXIST: nothing new. */
static int hold(struct epochs *e, const struct epoch *one)
{
    size_t i = place_of(e, one->commit);
    if (i != SIZE_MAX && e->items[i].epoch.held >= one->held)
        return HOP_EEXIST;
    if (i == SIZE_MAX) {
        if (e->count == EPOCHS_MAX)
            return HOP_EFULL;
        if (!room_for_one(e))
            return HOP_ENOMEM;
        i = e->count++;
    }
    e->items[i] = (struct held){.epoch = *one, .news = true};
    e->version++;
    return HOP_OK;
}

/* ---- reading notes ---- */

static struct epoch_text text_of(const struct note *n)
{
    return (struct epoch_text){.epk = n->epk,
                               .commit = n->commit,
                               .slots = {.data = NULL, .size = n->slots_size},
                               .meta = SPAN(n->sealed, n->meta_size),
                               .back = SPAN(n->sealed + n->meta_size, n->back_size)};
}

static uint8_t *copy(const uint8_t *bytes, size_t size)
{
    uint8_t *kept = malloc(size + 1);
    if (kept != NULL && size > 0)
        memcpy(kept, bytes, size);
    return kept;
}

/* What a full table or an EEXIST means to who reads: there is no more to learn. */
static int hold_told(struct epochs *e, const struct epoch *told)
{
    int err = hold(e, told);
    return err == HOP_ENOMEM ? err : HOP_OK;
}

static int keep_meta(struct epochs *e, struct note *n, const struct epoch_meta *m)
{
    static const uint8_t whole[16];
    size_t parents = m->parents.size / EPOCH_PARENT_BYTES;
    n->marks = copy(m->marks.data, m->marks.size);
    n->parents = malloc(parents * 32 + 1);
    if (n->marks == NULL || n->parents == NULL)
        return HOP_ENOMEM;
    n->marks_count = m->marks.size / EPOCH_MARK_BYTES;
    n->parents_count = parents;
    n->generation = m->generation;
    n->wall = m->wall;
    n->of_group = memcmp(m->group, whole, sizeof whole) != 0;
    n->read = true;
    int err = HOP_OK;
    for (size_t i = 0; i < parents && err == HOP_OK; i++) {
        const uint8_t *p = m->parents.data + i * EPOCH_PARENT_BYTES;
        struct epoch told;
        memcpy(n->parents + 32 * i, p, 32);
        epoch_derive_auth(&told, p, p + 32, p + 64);
        err = hold_told(e, &told);
        hop_wipe(&told, sizeof told);
    }
    return err;
}

static int read_epoch(struct epochs *e, struct note *n, const struct epoch_context *context,
                      const struct epoch *by)
{
    struct epoch_meta m;
    struct epoch_text t = text_of(n);
    uint8_t *plain = malloc(n->meta_size + 1);
    if (plain == NULL)
        return HOP_ENOMEM;
    int err = epoch_meta_open(&m, plain, &t, context, by);
    if (err == HOP_OK) {
        err = keep_meta(e, n, &m);
    } else {
        n->bad = true;
        err = HOP_OK;
    }
    hop_wipe(plain, n->meta_size);
    free(plain);
    return err;
}

static int read_back(struct epochs *e, struct note *n, const struct epoch_context *context,
                     const struct epoch *by)
{
    static const uint8_t none[32];
    uint8_t back[EPOCH_PARENTS_MAX * EPOCH_BACK_BYTES];
    struct epoch_text t = text_of(n);
    n->back_read = true;
    if (epoch_back_open(back, n->parents_count, &t, context, by) != HOP_OK)
        return HOP_OK; /* its author has cut us off from the past, and nothing else */
    int err = HOP_OK;
    for (size_t i = 0; i < n->parents_count && err == HOP_OK; i++) {
        const uint8_t *secrets = back + i * EPOCH_BACK_BYTES;
        struct epoch told;
        if (hop_equal(secrets, none, 32))
            continue;
        epoch_derive(&told, secrets, hop_equal(secrets + 32, none, 32) ? NULL : secrets + 32);
        if (hop_equal(told.commit, n->parents + 32 * i, 32))
            err = hold_told(e, &told);
        hop_wipe(&told, sizeof told);
    }
    hop_wipe(back, sizeof back);
    return err;
}

static int read_grant(struct note *n, const struct epoch_context *context, const struct epoch *by)
{
    struct epoch_grant g;
    struct epoch_text t = text_of(n);
    if (epoch_grant_open(&g, &t, context, by) != HOP_OK) {
        n->bad = true;
        return HOP_OK;
    }
    n->marks = copy(g.mark, sizeof g.mark);
    if (n->marks == NULL)
        return HOP_ENOMEM;
    n->marks_count = 1;
    memcpy(n->kem, g.kem, sizeof n->kem);
    n->read = true;
    return HOP_OK;
}

/* As much of a note as what is held of its epoch opens. */
static int read_note(struct epochs *e, struct note *n, const uint8_t cell_id[static 32])
{
    struct epoch_context context = {.cell_id = cell_id, .log = n->log};
    size_t place = place_of(e, n->commit);
    int err = HOP_OK;
    if (place == SIZE_MAX || n->bad)
        return HOP_OK;
    struct epoch by = e->items[place].epoch; /* items move when more are held */
    if (!n->read && by.held >= EPOCH_AUTH)
        err = n->grant ? read_grant(n, &context, &by) : read_epoch(e, n, &context, &by);
    if (err == HOP_OK && n->read && !n->grant && !n->back_read && by.held >= EPOCH_HISTORY)
        err = read_back(e, n, &context, &by);
    hop_wipe(&by, sizeof by);
    return err;
}

/* Until nothing new is learned. */
static int read_all(struct epochs *e, const uint8_t cell_id[static 32])
{
    for (size_t i = 0; i < e->count;) {
        if (!e->items[i].news) {
            i++;
            continue;
        }
        uint8_t commit[32];
        memcpy(commit, e->items[i].epoch.commit, sizeof commit);
        e->items[i].news = false;
        for (size_t k = 0; k < e->notes_count; k++) {
            if (memcmp(e->notes[k].commit, commit, 32) != 0)
                continue;
            int err = read_note(e, &e->notes[k], cell_id);
            if (err != HOP_OK)
                return err;
        }
        i = 0; /* what it told of may stand anywhere */
    }
    return HOP_OK;
}

/* ---- noting ---- */

static bool is_noted(const struct epochs *e, const uint8_t id[static 32])
{
    for (size_t i = e->notes_count; i-- > 0;) {
        if (memcmp(e->notes[i].id, id, 32) == 0)
            return true;
    }
    return false;
}

/* Try our keys on the slots, unless all that they could give is held. */
static int try_slots(struct epochs *e, const struct epochs_own *own, const struct epoch_text *t,
                     const uint8_t log[static 32])
{
    struct epoch_context context = {.cell_id = own->cell_id, .log = log};
    const struct epoch *here = epochs_by_commit(e, t->commit);
    if (here != NULL && here->held >= (own->carrier ? EPOCH_ROUTE : EPOCH_HISTORY))
        return HOP_OK;
    for (size_t i = 0; i < sizeof own->kems / sizeof own->kems[0]; i++) {
        struct epoch got;
        if (own->kems[i] == NULL ||
            epoch_slot_open(&got, t, &context, own->kems[i], own->carrier) != HOP_OK)
            continue;
        int err = hold_told(e, &got);
        hop_wipe(&got, sizeof got);
        return err;
    }
    return HOP_OK;
}

static int add_note(struct epochs *e, const struct epochs_record *r, const struct epoch_text *t)
{
    if (e->notes_count == e->notes_capacity) {
        size_t capacity = e->notes_capacity == 0 ? 16 : 2 * e->notes_capacity;
        struct note *notes = realloc(e->notes, capacity * sizeof *notes);
        if (notes == NULL)
            return HOP_ENOMEM;
        e->notes = notes;
        e->notes_capacity = capacity;
    }
    struct note *n = &e->notes[e->notes_count];
    *n = (struct note){.seq = r->seq,
                       .grant = r->grant,
                       .meta_size = t->meta.size,
                       .back_size = t->back.size,
                       .slots_size = t->slots.size};
    memcpy(n->id, r->id, sizeof n->id);
    memcpy(n->log, r->log, sizeof n->log);
    memcpy(n->tag, r->tag, sizeof n->tag);
    memcpy(n->epk, t->epk, sizeof n->epk);
    memcpy(n->commit, t->commit, sizeof n->commit);
    n->sealed = malloc(n->meta_size + n->back_size + 1);
    if (n->sealed == NULL)
        return HOP_ENOMEM;
    memcpy(n->sealed, t->meta.data, n->meta_size);
    if (n->back_size > 0)
        memcpy(n->sealed + n->meta_size, t->back.data, n->back_size);
    e->notes_count++;
    return HOP_OK;
}

int epochs_note(struct epochs *e, const struct epochs_own *own, const struct epochs_record *r)
{
    struct epoch_text t;
    if (epoch_text_parse(&t, r->text) != HOP_OK || (r->grant != (t.back.size == 0)) ||
        is_noted(e, r->id) || e->notes_count == EPOCHS_NOTES_MAX)
        return HOP_OK;
    int err = try_slots(e, own, &t, r->log);
    if (err == HOP_OK)
        err = add_note(e, r, &t);
    if (err == HOP_OK && !own->carrier)
        err = read_note(e, &e->notes[e->notes_count - 1], own->cell_id);
    return err == HOP_OK && !own->carrier ? read_all(e, own->cell_id) : err;
}

int epochs_add(struct epochs *e, const struct epoch *one)
{
    return hold(e, one);
}

void epochs_drop(struct epochs *e, const uint8_t commit[static 32])
{
    size_t i = place_of(e, commit);
    if (i == SIZE_MAX)
        return;
    e->items[i] = e->items[--e->count];
    hop_wipe(&e->items[e->count], sizeof e->items[e->count]);
    e->send = SIZE_MAX;
    e->version++;
}

bool epochs_known(const struct epochs *e, const uint8_t commit[static 32])
{
    for (size_t i = 0; i < e->notes_count; i++) {
        if (!e->notes[i].grant && memcmp(e->notes[i].commit, commit, 32) == 0)
            return true;
    }
    return false;
}

bool epochs_derivable(const struct epochs *e, const uint8_t commit[static 32])
{
    const struct epoch *it = epochs_by_commit(e, commit);
    for (size_t i = 0; i < e->notes_count && it != NULL; i++) {
        const struct note *n = &e->notes[i];
        if (!n->back_read || memcmp(n->commit, commit, 32) == 0)
            continue;
        for (size_t k = 0; k < n->parents_count; k++) {
            if (memcmp(n->parents + 32 * k, commit, 32) == 0)
                return true;
        }
    }
    return false;
}

/* ---- the rule ---- */

enum epoch_hold epochs_share(enum auth_role role)
{
    switch (role) {
    case ROLE_MEMBER:
    case ROLE_COMMITTEE:
    case ROLE_DEPUTY:
    case ROLE_SECRETARY:
        return EPOCH_HISTORY;
    case ROLE_OBSERVER:
        return EPOCH_SECRET;
    case ROLE_CARRIER:
        return EPOCH_ROUTE;
    case ROLES_COUNT:
        break;
    }
    return EPOCH_NOTHING;
}

static enum epoch_hold share_of(const struct cell *c, const struct cell_device *d)
{
    return epochs_share(cell_member(c, d->member)->role);
}

/* May it make epochs and hand them on? */
static bool may_make(const struct cell *c, const uint8_t ik[static 32])
{
    const struct cell_device *d = cell_device_active(c, ik);
    return d != NULL && share_of(c, d) == EPOCH_HISTORY;
}

static void judge_author(struct note *n, const struct cell *c, epochs_author *author, void *ctx)
{
    bool known = author(ctx, n->log, n->seq, n->author);
    n->placed = known && cell_device_by_key(c, n->author) != NULL;
    n->accepted = n->placed && n->read && !n->bad && cell_accepts(c, n->author, n->log, n->seq);
    if (n->accepted && n->grant) {
        const struct cell_device *d = cell_device_by_key(c, n->author);
        n->accepted = d != NULL && share_of(c, d) == EPOCH_HISTORY;
    }
    n->followed = n->eligible = false;
    free(n->gaps);
    n->gaps = NULL;
    n->gaps_count = 0;
}

static void mark_followed(struct epochs *e)
{
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *child = &e->notes[i];
        for (size_t k = 0; child->accepted && k < child->parents_count; k++) {
            for (size_t j = 0; j < e->notes_count; j++) {
                if (j != i && memcmp(e->notes[j].commit, child->parents + 32 * k, 32) == 0)
                    e->notes[j].followed = true;
            }
        }
    }
}

static const struct note *note_of(const struct epochs *e, const uint8_t commit[static 32])
{
    for (size_t i = e->notes_count; i-- > 0;) {
        const struct note *n = &e->notes[i];
        if (!n->grant && n->read && memcmp(n->commit, commit, 32) == 0)
            return n;
    }
    return NULL;
}

/* Nobody gets ahead by a number: it must follow from those before. */
static bool generation_follows(const struct epochs *e, const struct note *n)
{
    uint32_t greatest = 0;
    for (size_t i = 0; i < n->parents_count; i++) {
        const struct note *p = note_of(e, n->parents + 32 * i);
        if (p == NULL || p == n)
            return false;
        if (p->generation > greatest)
            greatest = p->generation;
    }
    return n->generation == greatest + 1;
}

/* The mark that an active device would have, for each share it may hold. */
struct expected {
    uint8_t mark[EPOCH_MARK_BYTES];
    uint32_t device;
    enum epoch_hold share;
};

static int compare_expected(const void *a, const void *b)
{
    return memcmp(a, b, EPOCH_MARK_BYTES); /* the mark is the first member */
}

static struct expected *expect(const struct cell *c, const struct epoch *epoch, size_t *ret_count)
{
    static const enum epoch_hold shares[] = {EPOCH_ROUTE, EPOCH_SECRET, EPOCH_HISTORY};
    struct expected *all = calloc(3 * cell_device_count(c) + 1, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < cell_device_count(c) && all != NULL; i++) {
        const struct cell_device *d = cell_device(c, i);
        if (d->state != DEVICE_ACTIVE)
            continue;
        for (size_t k = 0; k < 3 && shares[k] <= share_of(c, d); k++) {
            struct expected *x = &all[count++];
            *x = (struct expected){.device = (uint32_t)i, .share = shares[k]};
            epoch_mark(x->mark, epoch, d->cert.ik, shares[k]);
        }
    }
    if (all != NULL)
        qsort(all, count, sizeof *all, compare_expected);
    *ret_count = count;
    return all;
}

/* Looks at every mark of an epoch: got[device] is the most that it was given. Returns whether all
 * are marks of active devices. */
static bool look_at_marks(const struct epochs *e, const uint8_t commit[static 32],
                          const struct expected *all, size_t count, enum epoch_hold *got)
{
    bool good = true;
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *n = &e->notes[i];
        if (!(n->accepted || (n->placed && !n->grant)) || memcmp(n->commit, commit, 32) != 0)
            continue;
        for (size_t k = 0; k < n->marks_count; k++) {
            const struct expected *x = count == 0 ? NULL
                                                  : bsearch(n->marks + k * EPOCH_MARK_BYTES, all,
                                                            count, sizeof *all, compare_expected);
            if (x == NULL)
                good = false;
            else if (x->share > got[x->device])
                got[x->device] = x->share;
        }
    }
    return good;
}

static int note_gaps(struct note *n, const struct cell *c, const struct epoch *epoch,
                     const enum epoch_hold *got)
{
    size_t devices = cell_device_count(c);
    n->gaps = calloc(devices + 1, sizeof *n->gaps);
    if (n->gaps == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < devices; i++) {
        const struct cell_device *d = cell_device(c, i);
        enum epoch_hold share = share_of(c, d);
        if (share > epoch->held)
            share = epoch->held; /* nobody can give more than he has */
        if (d->state == DEVICE_ACTIVE && got[i] < share)
            n->gaps[n->gaps_count++] = (struct epochs_gap){.device = i, .share = share};
    }
    return HOP_OK;
}

/* Had its maker seen the end of every device that is active no more? */
static int has_seen_ends(const struct note *n, const struct cell *c, const struct history *h,
                         bool *ret)
{
    static const uint8_t none[32];
    uint32_t entry = history_find(h, n->id);
    const uint64_t *past = entry == HISTORY_NONE ? NULL : history_past_control(h, entry);
    *ret = entry != HISTORY_NONE;
    if (*ret && past == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; *ret && i < cell_device_count(c); i++) {
        const struct cell_device *d = cell_device(c, i);
        uint32_t end = d->state == DEVICE_ACTIVE || memcmp(d->ended, none, sizeof none) == 0
                           ? HISTORY_NONE
                           : history_find(h, d->ended);
        if (end == HISTORY_NONE)
            continue;
        const struct history_entry *x = history_at(h, end);
        *ret = past[x->log] >= x->seq;
    }
    return HOP_OK;
}

/* Who was given this epoch: is it eligible, and who lacks it? */
static int examine(struct epochs *e, struct note *n, const struct cell *c, const struct history *h)
{
    const struct epoch *epoch = epochs_by_commit(e, n->commit);
    size_t count, devices = cell_device_count(c);
    assert(epoch != NULL && epoch->held >= EPOCH_SECRET);
    struct expected *all = expect(c, epoch, &count);
    enum epoch_hold *got = calloc(devices + 1, sizeof *got);
    int err = all == NULL || got == NULL ? HOP_ENOMEM : HOP_OK;
    if (err == HOP_OK) {
        bool good = look_at_marks(e, n->commit, all, count, got);
        n->recipients = 0;
        for (size_t i = 0; i < devices; i++)
            n->recipients += got[i] != EPOCH_NOTHING;
        bool seen = false;
        err = has_seen_ends(n, c, h, &seen);
        n->eligible = seen && n->accepted && good && !n->of_group && may_make(c, n->author) &&
                      generation_follows(e, n);
        if (err == HOP_OK && !n->followed)
            err = note_gaps(n, c, epoch, got);
    }
    free(all);
    free(got);
    return err;
}

/* An epoch that others may have written under, and that we can hand on. It need not be one that
 * counts: what a device wrote before it heard of its removal is named by what others wrote. */
static bool is_readable(const struct epochs *e, const struct note *n)
{
    const struct epoch *epoch =
        n->grant || !n->placed || !n->read ? NULL : epochs_by_commit(e, n->commit);
    return epoch != NULL && epoch->held >= EPOCH_SECRET;
}

/* a before b: greater generation, more recipients, lesser id. */
static bool is_better(const struct note *a, const struct note *b)
{
    if (a->generation != b->generation)
        return a->generation > b->generation;
    if (a->recipients != b->recipients)
        return a->recipients > b->recipients;
    return memcmp(a->id, b->id, 32) < 0;
}

/* The greatest generation below `below` among candidates; 0: none. */
static uint32_t next_generation(const struct epochs *e, uint32_t below)
{
    uint32_t best = 0;
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *n = &e->notes[i];
        if (n->generation > best && n->generation < below && is_readable(e, n))
            best = n->generation;
    }
    return best;
}

/* From the newest generation down, until one is found; tips are looked at in any case, because
 * somebody may lack them. */
static int choose(struct epochs *e, const struct cell *c, const struct history *h)
{
    const struct note *best = NULL;
    size_t looked = 0;
    for (uint32_t g = next_generation(e, UINT32_MAX); g > 0; g = next_generation(e, g)) {
        for (size_t i = 0; i < e->notes_count; i++) {
            struct note *n = &e->notes[i];
            if (n->generation != g || !is_readable(e, n) ||
                (n->followed && (best != NULL || looked >= CANDIDATES_MAX)))
                continue;
            looked++;
            int err = examine(e, n, c, h);
            if (err != HOP_OK)
                return err;
            if (n->eligible && (best == NULL || is_better(n, best)))
                best = n;
        }
    }
    if (best != NULL)
        e->send = place_of(e, best->commit);
    return HOP_OK;
}

int epochs_judge(struct epochs *e, const struct cell *c, const struct history *h,
                 epochs_author *author, void *ctx)
{
    for (size_t i = 0; i < e->notes_count; i++)
        judge_author(&e->notes[i], c, author, ctx);
    mark_followed(e);
    e->send = SIZE_MAX;
    return choose(e, c, h);
}

/* How many epochs lie before this one, by the tags of the records that brought them. */
static size_t depth_of(const struct epochs *e, size_t item)
{
    size_t depth = 0;
    for (bool found = true; found && depth <= e->count;) {
        found = false;
        for (size_t i = 0; i < e->notes_count && !found; i++) {
            const struct note *n = &e->notes[i];
            const struct epoch *epoch = &e->items[item].epoch;
            const struct epoch *before = epochs_by_tag(e, n->tag);
            if (n->grant || before == NULL || before == epoch ||
                memcmp(n->commit, epoch->commit, 32) != 0)
                continue;
            item = place_of(e, before->commit);
            depth++;
            found = true;
        }
    }
    return depth;
}

void epochs_judge_blind(struct epochs *e)
{
    size_t best_depth = 0;
    e->send = SIZE_MAX;
    for (size_t i = 0; i < e->count; i++) {
        size_t depth = depth_of(e, i);
        if (e->send == SIZE_MAX || depth > best_depth ||
            (depth == best_depth &&
             memcmp(e->items[i].epoch.commit, e->items[e->send].epoch.commit, 32) < 0)) {
            e->send = i;
            best_depth = depth;
        }
    }
}

void epochs_found(struct epochs *e, const uint8_t tag[static 16])
{
    const struct epoch *first = epochs_by_tag(e, tag);
    e->send = first == NULL ? SIZE_MAX : place_of(e, first->commit);
}

const struct epoch *epochs_send(const struct epochs *e)
{
    return e->send == SIZE_MAX ? NULL : &e->items[e->send].epoch;
}

uint32_t epochs_generation(const struct epochs *e, const uint8_t commit[static 32])
{
    const struct note *n = note_of(e, commit);
    return n == NULL ? 0 : n->generation;
}

uint64_t epochs_wall(const struct epochs *e, const uint8_t commit[static 32])
{
    const struct note *n = note_of(e, commit);
    return n == NULL ? 0 : n->wall;
}

size_t epochs_tips(const struct epochs *e, const struct epoch **ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *n = &e->notes[i];
        const struct epoch *epoch = is_readable(e, n) ? epochs_by_commit(e, n->commit) : NULL;
        bool again = false;
        if (epoch == NULL || n->followed || !generation_follows(e, n))
            continue;
        for (size_t k = 0; k < count && k < max; k++)
            again = again || ret[k] == epoch;
        if (again)
            continue;
        if (count < max)
            ret[count] = epoch;
        count++;
    }
    return count < max ? count : max;
}

/* ---- who lacks what ---- */

int epochs_ask(struct epochs *e, const uint8_t ik[static 32], const uint8_t kem[static 32],
               const uint8_t *ids, size_t count)
{
    if (e->asks_count + count > e->asks_capacity) {
        size_t capacity = 2 * (e->asks_count + count);
        struct ask *asks = realloc(e->asks, capacity * sizeof *asks);
        if (asks == NULL)
            return HOP_ENOMEM;
        e->asks = asks;
        e->asks_capacity = capacity;
    }
    for (size_t i = 0; i < count; i++) {
        struct ask *a = &e->asks[e->asks_count++];
        memcpy(a->ik, ik, sizeof a->ik);
        memcpy(a->kem, kem, sizeof a->kem);
        memcpy(a->id, ids + 32 * i, sizeof a->id);
    }
    return HOP_OK;
}

void epochs_forget_asks(struct epochs *e)
{
    e->asks_count = 0;
}

/* A GRANT of this epoch, sealed to the key that was asked for. */
static bool is_answered(const struct epochs *e, const struct note *n, const struct ask *a)
{
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *g = &e->notes[i];
        if (g->grant && g->accepted && memcmp(g->commit, n->commit, 32) == 0 &&
            memcmp(g->kem, a->kem, 32) == 0)
            return true;
    }
    return false;
}

/* Is this ask one that we can answer, and nobody has? Only the newest key of a device counts. */
static bool open_ask(const struct epochs *e, const struct cell *c, const struct ask *a,
                     struct epochs_gap *ret)
{
    const struct cell_device *d = cell_device_active(c, a->ik);
    for (size_t i = 0; i < e->notes_count && d != NULL; i++) {
        const struct note *n = &e->notes[i];
        if (memcmp(n->id, a->id, 32) != 0 || !is_readable(e, n) ||
            memcmp(d->cert.kem, a->kem, 32) != 0 || is_answered(e, n, a))
            continue;
        ret->epoch = epochs_by_commit(e, n->commit);
        ret->share = share_of(c, d) < ret->epoch->held ? share_of(c, d) : ret->epoch->held;
        ret->device = 0;
        while (cell_device(c, ret->device) != d)
            ret->device++;
        return true;
    }
    return false;
}

bool epochs_gap(const struct epochs *e, const struct cell *c, size_t *at, struct epochs_gap *ret)
{
    size_t n = *at;
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *note = &e->notes[i];
        if (n < note->gaps_count) {
            *ret = note->gaps[n];
            ret->epoch = epochs_by_commit(e, note->commit);
            ++*at;
            return true;
        }
        n -= note->gaps_count;
    }
    for (; n < e->asks_count; n++) {
        ++*at;
        if (open_ask(e, c, &e->asks[n], ret))
            return true;
    }
    return false;
}

static bool has_asked(const struct epochs *e, const uint8_t ik[static 32],
                      const uint8_t id[static 32])
{
    for (size_t i = 0; i < e->asks_count; i++) {
        if (memcmp(e->asks[i].id, id, 32) == 0 && memcmp(e->asks[i].ik, ik, 32) == 0)
            return true;
    }
    return false;
}

size_t epochs_closed(const struct epochs *e, const uint8_t ik[static 32], uint8_t (*ret)[32],
                     size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < e->notes_count; i++) {
        const struct note *n = &e->notes[i];
        const struct epoch *held = epochs_by_commit(e, n->commit);
        if (n->grant || !n->placed || (held != NULL && held->held >= EPOCH_AUTH) ||
            has_asked(e, ik, n->id))
            continue;
        if (count < max)
            memcpy(ret[count], n->id, 32);
        count++;
    }
    return count;
}

/* ---- keys that follow ---- */

size_t epochs_disc_keys(const struct epochs *e, struct epochs_disc *ret, size_t max)
{
    const struct epoch *send = epochs_send(e);
    size_t count = 0;
    if (send != NULL && max > 0)
        ret[count++].epoch = send;
    for (size_t i = e->count; i-- > 0 && count < max;) { /* those that came last */
        const struct epoch *it = &e->items[i].epoch;
        const struct note *n = note_of(e, it->commit);
        if (it != send && it->held != EPOCH_AUTH && (n == NULL || !n->followed))
            ret[count++].epoch = it;
    }
    for (size_t i = e->count; i-- > 0 && count < max;) {
        const struct epoch *it = &e->items[i].epoch;
        const struct note *n = note_of(e, it->commit);
        if (it != send && it->held != EPOCH_AUTH && n != NULL && n->followed)
            ret[count++].epoch = it;
    }
    for (size_t i = 0; i < count; i++)
        hop_derive(ret[i].key, 32, ret[i].epoch->route, LABEL_DISC, (struct span){0});
    return count;
}

int epochs_disc_key(const struct epochs *e, uint8_t ret[static 32])
{
    struct epochs_disc first;
    if (epochs_disc_keys(e, &first, 1) == 0)
        return HOP_ENOTFOUND;
    memcpy(ret, first.key, 32);
    hop_wipe(&first, sizeof first);
    return HOP_OK;
}

int epochs_media_key(const struct epochs *e, const uint8_t meeting[static 32],
                     uint8_t ret[static 32])
{
    const struct epoch *send = epochs_send(e);
    if (send == NULL || send->held < EPOCH_SECRET)
        return HOP_ENOTFOUND;
    hop_derive(ret, 32, send->meet, LABEL_MEDIA, SPAN(meeting, 32));
    return HOP_OK;
}
