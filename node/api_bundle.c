/* Bundles, as bytes: the node makes them and takes them in; where they lie (a stick, a file, a page
 * that uploads) is for whoever asks. So nothing here opens a path that came by HTTP, no request
 * takes longer than a section, and a page can do what the command line can. */
#include "device/bundle.h"

#include <stdlib.h>

#include "node/api_part.h"

static const char *const item_keys[BUNDLE_ITEMS_COUNT] = {
    [BUNDLE_ITEM_NOTICE] = "notices",   [BUNDLE_ITEM_DOCUMENT] = "documents",
    [BUNDLE_ITEM_MEETING] = "meetings", [BUNDLE_ITEM_OPINION] = "opinions",
    [BUNDLE_ITEM_MOTION] = "motions",   [BUNDLE_ITEM_VOTE] = "votes",
    [BUNDLE_ITEM_CONDUCT] = "conduct",  [BUNDLE_ITEM_MINUTES] = "minutes",
    [BUNDLE_ITEM_RECEIPT] = "receipts", [BUNDLE_ITEM_CELL] = "cell",
    [BUNDLE_ITEM_SEALED] = "sealed",
};

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* What is here and what is wanted. */
int api_get_bundle_have(struct api_call *c)
{
    c->rp->content_type = "application/octet-stream";
    return device_bundle_have(c->n->device, &c->rp->body);
}

/* What need not be carried any more. */
int api_get_bundle_had(struct api_call *c)
{
    c->rp->content_type = "application/octet-stream";
    return device_bundle_had(c->n->device, &c->rp->body);
}

/* ---- looking ---- */

static json_t *items_json(const struct bundle_items *items)
{
    json_t *o = json_object();
    for (size_t i = 0; i < BUNDLE_ITEMS_COUNT; i++)
        (void)json_object_set_new(o, item_keys[i], number(items->counts[i]));
    (void)json_object_set_new(o, "documents_whole", number(items->documents_whole));
    return o;
}

/* Names of members who lack something of it, or of those who do not. */
static json_t *members_json(const struct api_call *c, const struct device_bundle_view *v, bool lack)
{
    json_t *list = json_array();
    for (uint32_t m = 0; m < v->members; m++) {
        if (m != device_self(c->n->device) && v->lacks[m] == lack)
            (void)json_array_append_new(list, json_text(api_member_name(c, m)));
    }
    return list;
}

static json_t *missing_json(const struct api_call *c, const struct device_bundle_view *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->missing_count; i++) {
        const struct bundle_missing *m = &v->missing[i];
        char log[JSON_SHORT_SIZE];
        json_t *o = json_object();
        json_short(log, m->log);
        (void)json_object_set_new(o, "log", json_string(log));
        if (m->member != HISTORY_NONE)
            api_put_member(c, o, m->member);
        (void)json_object_set_new(o, "first", number(m->first));
        (void)json_object_set_new(o, "last", number(m->last));
        (void)json_object_set_new(o, "lost", json_boolean(m->lost));
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* Nothing is stored. */
int api_post_bundle_look(struct api_call *c)
{
    struct device_bundle_view v;
    int err = device_bundle_look(c->n->device, c->rq->body, &v);
    if (err != HOP_OK)
        return err;
    json_t *o = json_object();
    (void)json_object_set_new(o, "fresh", items_json(&v.fresh));
    (void)json_object_set_new(o, "carried", items_json(&v.carried));
    (void)json_object_set_new(o, "for", members_json(c, &v, true));
    (void)json_object_set_new(o, "received", members_json(c, &v, false));
    (void)json_object_set_new(o, "missing", missing_json(c, &v));
    (void)json_object_set_new(o, "missing_total", number(v.missing_total));
    (void)json_object_set_new(o, "chunks_new", number(v.chunks_new));
    (void)json_object_set_new(o, "chunks_absent", number(v.chunks_absent));
    (void)json_object_set_new(o, "foreign", number(v.foreign));
    (void)json_object_set_new(o, "bad", number(v.bad));
    (void)json_object_set_new(o, "forked", number(v.forked));
    device_bundle_view_free(&v);
    return api_answer(c, o);
}

/* ---- taking in ---- */

struct taken {
    uint64_t blocks, records, chunks, proofs, already, unconnected, foreign, refused, forked, full;
    uint64_t no_room;
};

static void count_block(struct taken *t, const struct bundle_block *b, int err)
{
    switch (err) {
    case HOP_OK:
        t->blocks++;
        t->chunks += b->kind == BUNDLE_BLOB;
        t->proofs += b->kind == BUNDLE_PROOF;
        break;
    case HOP_EEXIST:
        t->already++;
        break;
    case HOP_ENOTFOUND:
        t->unconnected++;
        break;
    case HOP_EFULL:
        t->full++;
        break;
    case HOP_ENOSPACE:
        t->no_room++;
        break;
    default:
        t->refused++;
        break;
    }
}

/* How many records a block would add to its log. */
static uint64_t new_records(const struct api_call *c, const struct bundle_block *b)
{
    struct segment s;
    const uint8_t *prev;
    struct store_tip tip = {0};
    if (b->kind != BUNDLE_SEGMENT || bundle_segment_parse(&s, &prev, b->payload) != HOP_OK)
        return 0;
    if (store_tip(c->n->store, s.log, &tip) != HOP_OK)
        tip.seq = 0;
    uint64_t last = s.first + s.count - 1;
    return last > tip.seq ? last - tip.seq : 0;
}

/* Through the same door as a frame of a link. A failing store ends it. */
static int take_block(struct api_call *c, const struct bundle_block *b, struct taken *t)
{
    struct device *d = c->n->device;
    struct mesh_in in = {.type = b->kind == BUNDLE_SEGMENT ? MESH_IN_CARRIED : MESH_IN_CARRIED_BLOB,
                         .now = c->n->now,
                         .bytes = b->payload};
    int err = device_bundle_admits(d, b, device_bundle_budget(d));
    if (err == HOP_EREFUSED) {
        t->foreign++;
        return HOP_OK;
    }
    if (err == HOP_OK) {
        uint64_t records = new_records(c, b);
        err = node_step(c->n, &in);
        if (err == HOP_EIO || err == HOP_ENOMEM)
            return err;
        t->records += err == HOP_OK ? records : 0;
        if (err == HOP_EREFUSED) {
            t->forked++;
            return HOP_OK;
        }
    }
    count_block(t, b, err);
    return HOP_OK;
}

/* Answered when it is durable. */
int api_post_bundle_take(struct api_call *c)
{
    struct taken t = {0};
    struct bundle_scan scan = {0};
    struct bundle_block b;
    int err = node_commit(c->n); /* in a device just opened, the mesh then knows what is wanted */
    while (err == HOP_OK && bundle_scan(&scan, c->rq->body, true, &b) == BUNDLE_FOUND) {
        if (b.kind != BUNDLE_LIST)
            err = take_block(c, &b, &t);
    }
    int committed = api_commit(c);
    err = committed != HOP_OK ? committed : err;
    if (err != HOP_OK)
        return err;
    const struct {
        const char *key;
        uint64_t n;
    } counts[] = {{"blocks", t.blocks},   {"records", t.records}, {"chunks", t.chunks},
                  {"proofs", t.proofs},   {"already", t.already}, {"unconnected", t.unconnected},
                  {"foreign", t.foreign}, {"refused", t.refused}, {"forked", t.forked},
                  {"full", t.full},       {"no_room", t.no_room}};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        (void)json_object_set_new(o, counts[i].key, number(counts[i].n));
    return api_answer(c, o);
}

/* ---- writing ---- */

static int choose_members(struct api_call *c, const struct json_texts *names, bool *ret)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t index = 0;
        int err = api_find_member(c, names->items[i], &index);
        if (err != HOP_OK)
            return err;
        ret[index] = true;
    }
    return HOP_OK;
}

static int write_section(struct api_call *c, const struct device_bundle_ask *ask, bool seen)
{
    bool written = false;
    int err = HOP_OK;
    if (seen)
        err = device_bundle_seen(c->n->device, c->n->wall, &written);
    if (written) {
        int committed = api_commit(c);
        err = err != HOP_OK ? err : committed;
    }
    if (err == HOP_OK)
        err = device_bundle_write(c->n->device, ask, &c->rp->body);
    c->rp->content_type = "application/octet-stream";
    return err;
}

/* The next section; no bytes when there is nothing more. */
int api_post_bundle_write(struct api_call *c)
{
    struct json_texts names = {0};
    struct json_bytes there = {0};
    uint32_t all = 0, seen = 0, bytes = BUNDLE_SECTION_BYTES_AIM;
    const struct json_field fields[] = {
        {"for", JSON_FIELD_TEXTS, false, CELL_MEMBERS_MAX, &names},
        {"there", JSON_FIELD_BYTES, false, API_LARGE_BYTES_MAX, &there},
        {"all", JSON_FIELD_NUMBER, false, 1, &all},
        {"seen", JSON_FIELD_NUMBER, false, 1, &seen},
        {"bytes", JSON_FIELD_NUMBER, false, BUNDLE_SECTION_BYTES_AIM, &bytes},
    };
    bool members[CELL_MEMBERS_MAX] = {false};
    struct bundle_inventory inventory = {0};
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK)
        err = choose_members(c, &names, members);
    if (err == HOP_OK)
        err = bundle_inventory_read(&inventory, SPAN(there.data, there.size));
    if (err == HOP_OK) {
        const struct device_bundle_ask ask = {.there = &inventory,
                                              .members = names.count > 0 ? members : NULL,
                                              .all = all != 0,
                                              .bytes_aim = bytes};
        err = write_section(c, &ask, seen != 0);
    }
    bundle_inventory_free(&inventory);
    json_texts_free(&names);
    free(there.data);
    return err;
}
