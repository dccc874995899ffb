/* Making a dossier: which records are needed, and their lines. */
#include "device/dossier.h"

#include "base/encode.h"
#include "device/dossier_page.h"
#include "device/state.h"
#include "mesh/tree.h"

#include <assert.h>
#include <stdlib.h>

/* What is being written. */
struct writer {
    struct device *d;
    const struct meeting *m;
    enum text_lang lang;
    uint8_t *wanted;             /* one per entry of the history: in the dossier, and how */
    bool *reached;               /* likewise: a record of the meeting had seen it */
    bool pins[CELL_MEMBERS_MAX]; /* by member: a proof of the meeting rests on its PIN */
    uint32_t *numbers;           /* by entry: of its item, from 1 */
    struct buf list, lines, page;
    uint32_t count;
    uint64_t documents; /* bytes of those that are in it */
};

/* ---- which records ---- */

/* What an entry is to the meeting: whose PINs its sites asked for is noted on the way. */
static int look_at(struct writer *w, uint32_t entry, bool *ret)
{
    static const uint8_t none[64];
    const struct history_entry *e = history_at(w->d->history, entry);
    struct device_opened o;
    struct act act;
    uint8_t value;
    *ret = entry == w->m->entry;
    if (*ret || e->type < ACT_MEETING || e->type == ACT_PIN)
        return HOP_OK;
    int err = device_open_entry(w->d, entry, &o);
    if (err != HOP_OK)
        return err;
    bool parsed = act_parse(&act, (enum act_type)e->type, o.body) == HOP_OK;
    *ret = parsed && memcmp(act.meeting, w->m->id, 32) == 0;
    if (*ret && act.type == ACT_SITE_ROLL && memcmp(act.proof, none, sizeof none) != 0 &&
        act.people.count == 1) {
        size_t member = cell_member_index(w->d->cell, act_person(&act.people, 0, &value));
        if (member < CELL_MEMBERS_MAX)
            w->pins[member] = true;
    }
    free(o.bytes);
    return HOP_OK;
}

/* The key of a PIN says what the PIN is to whoever tries them all: only those that a proof of this
 * meeting rests on. */
static bool is_pin_wanted(const struct writer *w, const struct history_entry *e)
{
    const struct cell_device *author = cell_device_by_key(w->d->cell, w->d->logs[e->log].ik);
    return e->type == ACT_PIN && author != NULL && author->member < CELL_MEMBERS_MAX &&
           w->pins[author->member];
}

/* Whoever had seen this entry had seen what it follows and names: reached too, as far as that is
 * no older than the meeting; of the meeting's own records, in any case here. */
static void reach(struct writer *w, uint32_t entry, bool mine, uint32_t floor)
{
    const struct history *h = w->d->history;
    const struct history_entry *e = history_at(h, entry);
    for (size_t n = 0; n <= e->deps_count; n++) {
        uint32_t before = n == e->deps_count ? e->previous : history_dep(h, e, n);
        if (before == HISTORY_NONE)
            continue;
        bool young = history_at(h, before)->height >= floor;
        w->reached[before] = w->reached[before] || young;
        if (w->wanted[before] == LEFT_OUT && (young || mine))
            w->wanted[before] = WITHHELD;
    }
}

/* Whole: all control records, the records of the meeting, and PINs that it asked for. Withheld:
 * what these had seen besides, down to the height of the meeting itself, because that decides which
 * votes a close had seen; and whatever a record of the meeting follows or names. In insertion order
 * ancestors come first, so one walk back is enough. */
static int choose(struct writer *w)
{
    const struct history *h = w->d->history;
    uint32_t floor = history_at(h, w->m->entry)->height;
    for (uint32_t i = (uint32_t)history_count(h); i-- > 0;) {
        const struct history_entry *e = history_at(h, i);
        bool mine = false;
        int err = e->height < floor ? HOP_OK : look_at(w, i, &mine);
        if (err != HOP_OK)
            return err;
        if (mine || is_pin_wanted(w, e) || (e->type < ACT_MEETING && e->type != 0))
            w->wanted[i] = WHOLE;
        else if (e->type == 0) /* nobody can read it, there is no key to give */
            w->wanted[i] = WITHHELD;
        w->reached[i] = w->reached[i] || mine;
        if (w->reached[i])
            reach(w, i, mine, floor);
    }
    return HOP_OK;
}

static int stored(const struct writer *w, uint32_t entry, struct record *ret)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    struct span bytes;
    int err = store_get(w->d->store, history_log_id(w->d->history, e->log), e->seq, &bytes);
    return err == HOP_OK ? record_parse(ret, bytes) : err;
}

/* Records received in a run carry no signature of their own: the rest of the run, up to the one
 * that is signed, proves them. */
static int cover_runs(struct writer *w)
{
    const struct history *h = w->d->history;
    size_t count = history_count(h);
    for (uint32_t i = 0; i < count; i++) {
        struct record r;
        if (w->wanted[i] == LEFT_OUT)
            continue;
        int err = stored(w, i, &r);
        if (err != HOP_OK)
            return err;
        const struct history_entry *e = history_at(h, i);
        uint32_t next = history_log_entry(h, e->log, e->seq + 1);
        if (r.sig == NULL && next != HISTORY_NONE && w->wanted[next] == LEFT_OUT)
            w->wanted[next] = WITHHELD; /* later than i in this walk: covered in its turn */
    }
    return HOP_OK;
}

/* ---- items ---- */

static void put_line(struct buf *b, struct span bytes)
{
    char *line = malloc(BASE64_SIZE(bytes.size));
    if (line == NULL) {
        b->bad = true;
        return;
    }
    base64_encode(line, bytes);
    buf_text(b, line);
    buf_text(b, "\n");
    free(line);
}

static void put_item(struct writer *w, const struct dossier_entry *described, struct span bytes)
{
    uint8_t room[DOSSIER_ENTRY_BYTES];
    struct dossier_entry e = *described;
    struct wire_writer out = wire_writer(room, sizeof room);
    dossier_item_hash(e.hash, e.kind, bytes);
    dossier_entry_put(&out, &e);
    buf_span(&w->list, wire_written(&out));
    put_line(&w->lines, bytes);
    w->count++;
}

/* The key that opens exactly this record; zeros where there is nothing sealed. */
static void key_of(const struct writer *w, const struct record *r, uint8_t ret[static 32])
{
    if (r->outer != OUTER_SEALED || device_record_key(w->d, r, ret) != HOP_OK)
        memset(ret, 0, 32);
}

/* Header and hash in place of the text, and what of its deps is in the file. */
static void put_stub(const struct writer *w, const struct history_entry *e, const struct record *r,
                     struct buf *ret)
{
    const struct history *h = w->d->history;
    uint8_t hash[32], fixed[6];
    uint16_t count = 0;
    struct wire_writer out = wire_writer(fixed, sizeof fixed);
    for (size_t n = 0; n < e->deps_count; n++)
        count = (uint16_t)(count + (w->wanted[history_dep(h, e, n)] != LEFT_OUT));
    record_text_hash(hash, r->text);
    wire_put_u32(&out, e->height);
    wire_put_u16(&out, count);
    buf_span(ret, r->header);
    buf_bytes(ret, hash, sizeof hash);
    buf_span(ret, wire_written(&out));
    for (size_t n = 0; n < e->deps_count; n++) {
        uint32_t dep = history_dep(h, e, n);
        if (w->wanted[dep] != LEFT_OUT)
            buf_bytes(ret, history_at(h, dep)->id, 32);
    }
}

static int put_record(struct writer *w, uint32_t entry)
{
    const struct history_entry *e = history_at(w->d->history, entry);
    struct record r;
    int err = stored(w, entry, &r);
    if (err != HOP_OK)
        return err;
    struct dossier_entry described = {.kind = DOSSIER_ITEM_RECORD, .type = e->type};
    memcpy(described.ik, w->d->logs[e->log].ik, 32);
    struct buf item = {0};
    uint8_t head[36];
    struct wire_writer out = wire_writer(head, sizeof head);
    if (w->wanted[entry] == WHOLE) {
        wire_put_u32(&out, e->height);
        key_of(w, &r, head + 4);
        buf_bytes(&item, head, sizeof head);
        buf_span(&item, r.header);
        buf_span(&item, r.text);
    } else {
        described.kind = DOSSIER_ITEM_STUB;
        described.type = 0;
        put_stub(w, e, &r, &item);
    }
    if (r.sig != NULL)
        buf_bytes(&item, r.sig, CRYPTO_SIG_BYTES);
    if (item.bad)
        err = HOP_ENOMEM;
    else
        put_item(w, &described, buf_written(&item));
    w->numbers[entry] = w->count;
    buf_free(&item);
    return err;
}

static int put_blob(struct writer *w, const uint8_t name[static 32])
{
    struct span blob;
    struct buf item = {0};
    struct dossier_entry described = {.kind = DOSSIER_ITEM_CHUNK, .type = ACT_DOC};
    int err = store_find(w->d->store, STORE_BLOBS, SPAN(name, 32), &blob);
    if (err != HOP_OK)
        return err;
    buf_bytes(&item, name, 32);
    buf_span(&item, blob);
    if (item.bad)
        err = HOP_ENOMEM;
    else
        put_item(w, &described, buf_written(&item));
    buf_free(&item);
    return err;
}

/* The blobs of one document, as far as they are here; of the rest, and of what is too large for a
 * dossier, verifying will say that it is missing. */
static int put_document(struct writer *w, const struct meeting_document *doc)
{
    struct device_opened o;
    struct act act;
    struct tree_walk walk;
    struct tree_place p;
    int err = device_open_entry(w->d, doc->entry, &o);
    if (err != HOP_OK)
        return err;
    bool parsed = act_parse(&act, ACT_DOC, o.body) == HOP_OK && act.size > 0;
    if (parsed && act.size <= DOSSIER_DOCUMENTS_BYTES_MAX - w->documents) {
        w->documents += act.size;
        tree_walk_begin(&walk, w->d->store, act.root, act.size);
        while (err == HOP_OK && tree_walk_next(&walk, &p) == HOP_OK)
            err = p.here ? put_blob(w, p.name) : HOP_OK;
    }
    free(o.bytes);
    return err;
}

/* ---- the file ---- */

static int put_items(struct writer *w)
{
    size_t count = history_count(w->d->history);
    int err = HOP_OK;
    for (size_t n = 0; n < count && err == HOP_OK; n++) {
        uint32_t entry = history_ordered(w->d->history, n);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        if (w->wanted[entry] != LEFT_OUT)
            err = put_record(w, entry);
    }
    for (size_t i = 0; i < w->m->documents_count && err == HOP_OK; i++)
        err = put_document(w, &w->m->documents[i]);
    return err;
}

/* Put page, sealed list and lines together. */
static int finish(struct writer *w, uint64_t wall, struct buf *ret)
{
    struct dossier_list l = {.wall = wall, .count = w->count};
    uint8_t fixed[DOSSIER_LIST_FIXED_BYTES], sig[CRYPTO_SIG_BYTES];
    struct wire_writer out = wire_writer(fixed, sizeof fixed);
    struct buf list = {0}, page = {0};
    buf_span(&page, buf_written(&w->page));
    buf_text(&page, DOSSIER_PAGE_TAIL);
    memcpy(l.cell_id, cell_id(w->d->cell), 32);
    memcpy(l.meeting, w->m->id, 32);
    memcpy(l.sealer, w->d->keys->ik.public_key, 32);
    dossier_item_hash(l.page_hash, 0, buf_written(&page));
    dossier_list_put(&out, &l);
    assert(!out.bad && out.used == sizeof fixed);
    buf_bytes(&list, fixed, sizeof fixed);
    buf_span(&list, buf_written(&w->list));
    hop_sign(sig, &w->d->keys->ik, LABEL_DOSSIER_SIG, buf_written(&list));
    buf_bytes(&list, sig, sizeof sig);

    buf_span(ret, buf_written(&w->page));
    buf_text(ret, DOSSIER_START);
    put_line(ret, buf_written(&list));
    buf_span(ret, buf_written(&w->lines));
    buf_text(ret, DOSSIER_END);
    buf_text(ret, DOSSIER_PAGE_TAIL);
    bool bad = list.bad || page.bad || ret->bad || w->list.bad || w->lines.bad || w->page.bad;
    buf_free(&list);
    buf_free(&page);
    return bad ? HOP_ENOMEM : HOP_OK;
}

int dossier_write(struct device *d, const struct meeting *m, enum text_lang lang, uint64_t wall,
                  struct buf *ret, struct text_said *why)
{
    struct writer w = {.d = d, .m = m, .lang = lang};
    size_t count = history_count(d->history);
    if (count == 0)
        return text_say(why, DOSSIER_NOT_YET, 0);
    w.wanted = calloc(count, 1);
    w.reached = calloc(count, sizeof *w.reached);
    w.numbers = calloc(count, sizeof *w.numbers);
    int err = HOP_ENOMEM;
    if (w.wanted != NULL && w.reached != NULL && w.numbers != NULL)
        err = choose(&w);
    if (err == HOP_OK)
        err = cover_runs(&w);
    if (err == HOP_OK)
        err = put_items(&w);
    if (err == HOP_OK)
        err = dossier_page(d, m, lang, w.wanted, w.numbers, &w.page);
    if (err == HOP_OK)
        err = finish(&w, wall, ret);
    free(w.wanted);
    free(w.reached);
    free(w.numbers);
    buf_free(&w.list);
    buf_free(&w.lines);
    buf_free(&w.page);
    return err;
}
