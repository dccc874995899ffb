/* What the device knows of the cell and of who is connected, as JSON. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/encode.h"
#include "device/govern.h"
#include "node/talk.h"
#include "node/rules.h"
#include "procedures/assets.h"

#define RECORDS_SHOWN_MAX  200u /* a page of them; also how far back the newest is looked for */
#define NOTICES_SHOWN_MAX  16u
#define IGNORED_BEYOND_MAX 200u /* records beyond a cut; the rest are counted */

/* ---- members ---- */

const struct cell_member *api_member(const struct api_call *c, uint32_t index)
{
    const struct cell *cell = device_cell(c->n->device);
    return index < cell_member_count(cell) ? cell_member(cell, index) : NULL;
}

const char *api_member_name(const struct api_call *c, uint32_t index)
{
    const struct cell_member *m = api_member(c, index);
    return m == NULL ? "?" : m->name;
}

void api_put_member(const struct api_call *c, json_t *object, uint32_t index)
{
    const struct cell_member *m = api_member(c, index);
    char hex[HEX_SIZE(16)] = "";
    if (m != NULL)
        hex_encode(hex, SPAN(m->id, sizeof m->id));
    (void)json_object_set_new(object, "member", json_string(hex));
    (void)json_object_set_new(object, "name", json_text(api_member_name(c, index)));
}

const char *api_label(const struct procedure_label *label, enum text_lang lang,
                      enum text_id or_else)
{
    return label->in[lang][0] != '\0' ? label->in[lang] : text(lang, or_else);
}

/* Lower-case comparison by bytes would miss "Đ"; asking for the exact name or a part of it is
 * enough for a list of a few dozen people. */
int api_find_member(struct api_call *c, const char *name, size_t *ret)
{
    const struct cell *cell = device_cell(c->n->device);
    size_t count = cell_member_count(cell), found = 0;
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    if (*name != '\0' && *end == '\0' && strlen(name) < 5 && number >= 1 && number <= count) {
        *ret = number - 1;
        return HOP_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const struct cell_member *m = cell_member(cell, i);
        if (strcasecmp(m->name, name) == 0 || json_names_id(name, m->id, sizeof m->id)) {
            *ret = i;
            return HOP_OK;
        }
        if (*name != '\0' && strstr(m->name, name) != NULL) {
            *ret = i;
            found++;
        }
    }
    if (found == 1)
        return HOP_OK;
    return api_not_found(c, found == 0 ? API_NO_SUCH_MEMBER : API_MANY_SUCH_MEMBERS, name);
}

/* ---- who is connected ---- */

static size_t peers(const struct api_call *c, struct mesh_peer_view *ret)
{
    const struct mesh *mesh = device_mesh(c->n->device);
    return mesh == NULL ? 0 : mesh_peers(mesh, ret, MESH_LINKS_MAX);
}

static uint32_t member_of(const struct api_call *c, const struct mesh_peer_view *p)
{
    const struct cell_device *d = cell_device_by_key(device_cell(c->n->device), p->identity);
    return p->greeted && d != NULL ? d->member : HISTORY_NONE;
}

bool api_member_connected(const struct api_call *c, uint32_t index)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = peers(c, views);
    for (size_t i = 0; i < n; i++) {
        if (member_of(c, &views[i]) == index)
            return true;
    }
    return false;
}

bool api_device_connected(const struct api_call *c, const uint8_t ik[static 32])
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = peers(c, views);
    for (size_t i = 0; i < n; i++) {
        if (views[i].greeted && memcmp(views[i].identity, ik, 32) == 0)
            return true;
    }
    return false;
}

static uint64_t seconds_since(const struct api_call *c, hop_time then)
{
    return c->n->now > then ? (c->n->now - then) / HOP_SECOND : 0;
}

static json_t *peers_json(const struct api_call *c)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = peers(c, views);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char hex[HEX_SIZE(32)];
        hex_encode(hex, SPAN(views[i].identity, 32));
        json_t *o = json_object();
        api_put_member(c, o, member_of(c, &views[i]));
        (void)json_object_update_new(o, json_pack("{s:s,s:b,s:b,s:b,s:I,s:I}", "device", hex,
                                                  "greeted", views[i].greeted, "is_member",
                                                  views[i].member, "in_sync", views[i].in_sync,
                                                  "behind", (json_int_t)views[i].records_behind,
                                                  "ahead", (json_int_t)views[i].records_ahead));
        /* kept out of what is compared for "has it changed": see api_get_status */
        (void)json_object_set_new(o, "heard_seconds_ago",
                                  json_integer((json_int_t)seconds_since(c, views[i].heard)));
        (void)json_array_append_new(list, o);
    }
    return list;
}

int api_get_peers(struct api_call *c)
{
    return api_answer(c, json_pack("{s:o,s:b}", "peers", peers_json(c), "running", c->n->running));
}

/* ---- status: who is connected, how fresh, what waits for me ---- */

static json_t *connected_json(const struct api_call *c, bool *ret_in_sync, uint64_t *ret_behind)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = peers(c, views);
    json_t *list = json_array();
    *ret_in_sync = false;
    *ret_behind = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t member = member_of(c, &views[i]);
        if (member == HISTORY_NONE)
            continue;
        json_t *o = json_object();
        api_put_member(c, o, member);
        (void)json_object_set_new(o, "in_sync", json_boolean(views[i].in_sync));
        (void)json_array_append_new(list, o);
        *ret_in_sync |= views[i].in_sync;
        if (views[i].records_behind > *ret_behind)
            *ret_behind = views[i].records_behind;
    }
    return list;
}

/* Who wrote an entry: its log's first record binds the log to a device. */
uint32_t api_author_of(const struct api_call *c, uint32_t entry)
{
    struct device *d = c->n->device;
    const struct history_entry *e = history_at(device_history(d), entry);
    uint32_t first = history_log_entry(device_history(d), e->log, 1);
    struct auth_log_open binding;
    struct device_opened opened;
    const struct cell_device *device = NULL;
    if (first == HISTORY_NONE || device_open_entry(d, first, &opened) != HOP_OK)
        return HISTORY_NONE;
    if (auth_log_open_parse(&binding, opened.body) == HOP_OK)
        device = cell_device_by_key(device_cell(d), binding.ik);
    free(opened.bytes);
    return device == NULL ? HISTORY_NONE : device->member;
}

/* The newest record of somebody else: how fresh what we show of the others is. */
static json_t *newest_json(const struct api_call *c)
{
    struct device *d = c->n->device;
    const struct history *h = device_history(d);
    for (size_t i = history_count(h), tried = 0; i > 0 && tried < RECORDS_SHOWN_MAX; i--, tried++) {
        struct device_opened opened;
        uint32_t author = api_author_of(c, (uint32_t)i - 1);
        if (author == HISTORY_NONE || author == device_self(d))
            continue;
        if (device_open_entry(d, (uint32_t)i - 1, &opened) != HOP_OK)
            break;
        free(opened.bytes);
        if (opened.wall == 0) /* slots of an epoch carry no time */
            continue;
        json_t *o = json_object();
        api_put_member(c, o, author);
        (void)json_object_set_new(o, "at", json_integer((json_int_t)opened.wall));
        return o;
    }
    return json_null();
}

static json_t *cell_json(const struct api_call *c)
{
    const struct cell *cell = device_cell(c->n->device);
    const struct auth_genesis *g = cell_genesis(cell);
    if (!device_has_cell(c->n->device))
        return json_null();
    json_t *o = json_object();
    json_put_id(o, c->n->keys.cell_id, 32);
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o,s:I,s:I}", "name", json_text(g == NULL ? "" : g->name),
                     "procedure", json_text(g == NULL ? "" : g->procedure_name), "founder",
                     json_text(g == NULL ? "" : g->founder_name), "members",
                     (json_int_t)cell_member_count(cell), "devices",
                     (json_int_t)cell_device_count(cell)));
    return o;
}

/* Why nothing can be written at present, or null. */
static json_t *trouble_json(const struct api_call *c)
{
    struct buf sentence = {0};
    if (c->n->store_trouble.id == TEXT_NONE)
        return json_null();
    text_said_fill(&sentence, c->lang, &c->n->store_trouble);
    json_t *s = json_text(buf_string(&sentence));
    buf_free(&sentence);
    return s;
}

/* What a person should hear of this device's records, of forked logs and of how the cell is
 * governed. */
json_t *api_notices_json(const struct api_call *c)
{
    struct text_said said[NOTICES_SHOWN_MAX];
    json_t *list = json_array();
    size_t count = 0;
    if (c->n->copy.id != TEXT_NONE)
        said[count++] = c->n->copy;
    count += device_notices(c->n->device, said + count, NOTICES_SHOWN_MAX - count);
    count += device_govern_notices(c->n->device, said + count, NOTICES_SHOWN_MAX - count);
    for (size_t i = 0; i < count; i++) {
        struct buf sentence = {0};
        text_said_fill(&sentence, c->lang, &said[i]);
        (void)json_array_append_new(list, json_text(buf_string(&sentence)));
        buf_free(&sentence);
    }
    return list;
}

int api_get_status(struct api_call *c)
{
    struct device *d = c->n->device;
    bool has_cell = device_has_cell(d), in_sync = false;
    uint64_t behind = 0;
    uint32_t self = device_self(d);
    char key[HEX_SIZE(32)];
    hex_encode(key, SPAN(c->n->keys.ik.public_key, 32));
    json_t *connected = connected_json(c, &in_sync, &behind);
    json_t *fresh = json_pack("{s:b,s:I,s:o}", "in_sync", in_sync, "behind", (json_int_t)behind,
                              "newest", has_cell ? newest_json(c) : json_null());
    json_t *root =
        json_pack("{s:s,s:s,s:b,s:{s:s,s:o},s:o,s:o,s:o,s:o}", "hop", API_VERSION, "language",
                  c->lang == TEXT_VI ? "vi" : "en", "running", c->n->running, "device", "key", key,
                  "directory", json_text(c->n->dir), "cell", cell_json(c), "me",
                  has_cell && api_member(c, self) != NULL ? api_member_json(c, self) : json_null(),
                  "connected", connected, "fresh", fresh);
    (void)json_object_set_new(root, "notices", api_notices_json(c));
    (void)json_object_update_new(
        root,
        json_pack("{s:o,s:I,s:I,s:I,s:o,s:o,s:o}", "trouble", trouble_json(c), "records",
                  (json_int_t)device_record_count(d), "pending",
                  (json_int_t)device_pending_count(d), "ignored",
                  (json_int_t)(meeting_ignored_count(device_meetings(d)) +
                               cell_ignored_count(device_cell(d)) + device_beyond_cuts(d, NULL, 0)),
                  "waiting", has_cell ? api_waiting(c) : json_array(), "deliveries",
                  has_cell ? api_deliveries(c) : json_array(), "talk", api_talk(c)));
    return api_answer(c, root);
}

/* ---- records as they came, and those that no rule allowed ---- */

json_t *api_record_json(const struct api_call *c, uint32_t index)
{
    struct device *d = c->n->device;
    const struct history_entry *e = history_at(device_history(d), index);
    struct device_opened opened = {0};
    uint64_t wall = 0;
    if (device_open_entry(d, index, &opened) == HOP_OK)
        wall = opened.wall;
    free(opened.bytes);
    json_t *o = json_object();
    json_put_id(o, e->id, sizeof e->id);
    api_put_member(c, o, api_author_of(c, index));
    enum text_id label = words_record(e->type);
    (void)json_object_update_new(
        o, json_pack("{s:I,s:I,s:s,s:s,s:I,s:I}", "number", (json_int_t)index + 1, "type",
                     (json_int_t)e->type, "kind", e->type < 32 ? "cell" : act_type_name(e->type),
                     "label", text(c->lang, label), "seq", (json_int_t)e->seq, "at",
                     (json_int_t)wall));
    return o;
}

/* ?after=N: those that came after the N-th; the newest RECORDS_SHOWN_MAX of them. */
int api_get_records(struct api_call *c)
{
    char after_text[16] = "0";
    uint64_t count = history_count(device_history(c->n->device));
    (void)api_query_get(c->rq->query, "after", after_text, sizeof after_text);
    char *end;
    unsigned long long after = strtoull(after_text, &end, 10);
    if (*end != '\0' || after_text[0] == '-')
        return api_bad_value(c, "after", after_text, "0, 1, 2 …");
    if (count > RECORDS_SHOWN_MAX && after < count - RECORDS_SHOWN_MAX)
        after = count - RECORDS_SHOWN_MAX;
    json_t *list = json_array();
    for (uint64_t i = after; i < count; i++)
        (void)json_array_append_new(list, api_record_json(c, (uint32_t)i));
    return api_answer(c, json_pack("{s:o,s:I}", "records", list, "count", (json_int_t)count));
}

static void add_ignored(const struct api_call *c, json_t *list, uint32_t entry,
                        const struct text_said *why)
{
    struct buf sentence = {0};
    text_said_fill(&sentence, c->lang, why);
    json_t *o = entry < history_count(device_history(c->n->device)) ? api_record_json(c, entry)
                                                                    : json_object();
    (void)json_object_set_new(o, "why", json_text(buf_string(&sentence)));
    (void)json_object_set_new(o, "key", json_string(text_key(why->id)));
    (void)json_array_append_new(list, o);
    buf_free(&sentence);
}

int api_get_ignored(struct api_call *c)
{
    const struct cell *cell = device_cell(c->n->device);
    struct meeting_state *s = device_meetings(c->n->device);
    json_t *list = json_array();
    for (size_t i = 0; i < cell_ignored_count(cell); i++) {
        const struct cell_ignored *g = cell_ignored_at(cell, i);
        struct text_said why = {.id = g->why};
        add_ignored(c, list, history_find(device_history(c->n->device), g->record), &why);
    }
    for (size_t i = 0; i < meeting_ignored_count(s); i++) {
        const struct meeting_ignored *g = meeting_ignored_at(s, i);
        add_ignored(c, list, g->entry, &g->why);
    }
    uint32_t beyond[IGNORED_BEYOND_MAX];
    size_t count = device_beyond_cuts(c->n->device, beyond, IGNORED_BEYOND_MAX);
    for (size_t i = 0; i < count && i < IGNORED_BEYOND_MAX; i++) {
        struct text_said why = {.id = IGNORED_BEYOND_CUT};
        add_ignored(c, list, beyond[i], &why);
    }
    return api_answer(c, json_pack("{s:o,s:o}", "ignored", list, "notices", api_notices_json(c)));
}

/* ---- words, and the procedures that ship ---- */

int api_get_text(struct api_call *c)
{
    json_t *words = json_object();
    for (enum text_id id = TEXT_NONE + 1; id < TEXT_COUNT; id++)
        (void)json_object_set_new(words, text_key(id), json_text(text(c->lang, id)));
    return api_answer(
        c, json_pack("{s:s,s:o}", "language", c->lang == TEXT_VI ? "vi" : "en", "text", words));
}

int api_get_procedures(struct api_call *c)
{
    json_t *list = json_array();
    struct procedure *p = malloc(sizeof *p); /* too large for a stack frame */
    for (size_t i = 0; i < procedure_assets_count; i++) {
        const struct procedure_asset *a = &procedure_assets[i];
        struct text_said why;
        if (p != NULL && procedure_parse(p, SPAN(a->bytes, a->size), &why) == HOP_OK)
            (void)json_array_append_new(
                list, json_pack("{s:s,s:s}", "name", p->name, "title", p->title.in[c->lang]));
    }
    free(p);
    return api_answer(c, json_pack("{s:o}", "procedures", list));
}

/* The rules of this cell, in words. */
int api_get_procedure(struct api_call *c)
{
    const struct procedure *p = meeting_procedure(device_meetings(c->n->device));
    json_t *rules = rules_json(p, c->lang);
    return rules == NULL
               ? HOP_ENOMEM
               : api_answer(c, json_pack("{s:s,s:o,s:o}", "name", p->name, "title",
                                         json_text(p->title.in[c->lang]), "rules", rules));
}

int api_post_procedure_check(struct api_call *c)
{
    char *words = NULL;
    json_t *answer = NULL;
    const struct json_field fields[] = {
        {"text", JSON_FIELD_TEXT, true, PROCEDURE_BYTES_MAX, &words}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = rules_of_file(span_text(words), c->lang, &answer, &c->why);
    free(words);
    return err != HOP_OK ? err : api_answer(c, answer);
}
