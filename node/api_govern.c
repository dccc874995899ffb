/* Governing the cell: each handler writes one control record and answers after it is durable. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "device/govern.h"

static const struct cell *cell_of(const struct api_call *c)
{
    return device_cell(c->n->device);
}

/* The turn is made durable; then answer with what has become of it (may be NULL for {}). */
typedef json_t *shower(const struct api_call *c, const void *what);

static int finish(struct api_call *c, int err, shower *show, const void *what)
{
    if (err == HOP_OK)
        err = api_commit(c);
    return err != HOP_OK ? err : api_answer(c, show == NULL ? json_object() : show(c, what));
}

static json_t *show_member(const struct api_call *c, const void *what)
{
    size_t member = cell_member_index(cell_of(c), what);
    return member == SIZE_MAX ? json_object() : api_member_json(c, (uint32_t)member);
}

static json_t *show_device(const struct api_call *c, const void *what)
{
    const struct cell_device *x = cell_device_by_key(cell_of(c), what);
    return x == NULL ? json_object() : api_device_json(c, x);
}

static json_t *show_config(const struct api_call *c, const void *what)
{
    return api_config_json(c, what);
}

static int read_reason(struct api_call *c, const char *word, enum auth_reason otherwise,
                       enum auth_reason *ret)
{
    uint32_t value = otherwise;
    int err = word == NULL ? HOP_OK : api_read_word(c, WORDS_REASON, "reason", word, &value);
    *ret = (enum auth_reason)value;
    return err;
}

/* ---- members ---- */

int api_post_member_remove(struct api_call *c)
{
    char *word = NULL;
    enum auth_reason reason;
    size_t member = 0;
    uint8_t id[16];
    const struct json_field fields[] = {{"reason", JSON_FIELD_TEXT, false, 32, &word}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = api_find_member(c, c->arg, &member);
    if (err == HOP_OK)
        err = read_reason(c, word, REASON_REMOVED, &reason);
    if (err == HOP_OK) {
        memcpy(id, cell_member(cell_of(c), member)->id, sizeof id);
        err = finish(c, device_remove(c->n->device, member, NULL, reason, c->n->wall, &c->why),
                     show_member, id);
    }
    free(word);
    return err;
}

int api_post_member_role(struct api_call *c)
{
    char *role = NULL, *category = NULL;
    size_t member = 0;
    uint8_t id[16];
    const struct json_field fields[] = {{"role", JSON_FIELD_TEXT, false, 32, &role},
                                        {"category", JSON_FIELD_TEXT, false, 32, &category}};
    int err = json_read(c->body, fields, 2, &c->why);
    if (err == HOP_OK)
        err = api_find_member(c, c->arg, &member);
    if (err == HOP_OK) {
        const struct cell_member *m = cell_member(cell_of(c), member);
        uint32_t role_value = m->role, category_value = m->category;
        memcpy(id, m->id, sizeof id);
        if (role != NULL)
            err = api_read_word(c, WORDS_ROLE, "role", role, &role_value);
        if (err == HOP_OK && category != NULL)
            err = api_read_word(c, WORDS_CATEGORY, "category", category, &category_value);
        if (err == HOP_OK)
            err = finish(c,
                         device_set_role(c->n->device, member, (enum auth_role)role_value,
                                         (enum auth_category)category_value, c->n->wall, &c->why),
                         show_member, id);
    }
    free(role);
    free(category);
    return err;
}

/* ---- devices ---- */

enum device_act { SUSPEND, RESUME, REVOKE };

static int act_on_device(struct api_call *c, enum device_act act)
{
    char *word = NULL;
    enum auth_reason reason;
    const struct cell_device *x = NULL;
    uint8_t ik[32];
    struct device *d = c->n->device;
    const struct json_field fields[] = {{"reason", JSON_FIELD_TEXT, false, 32, &word}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = api_find_device(c, c->arg, &x);
    if (err == HOP_OK)
        err = read_reason(c, word, REASON_LOST, &reason);
    if (err == HOP_OK) {
        memcpy(ik, x->cert.ik, sizeof ik);
        if (act == REVOKE)
            err = device_remove(d, x->member, ik, reason, c->n->wall, &c->why);
        else
            err = device_suspend(d, ik, act == RESUME, reason, c->n->wall, &c->why);
        err = finish(c, err, show_device, ik);
    }
    free(word);
    return err;
}

int api_post_device_suspend(struct api_call *c)
{
    return act_on_device(c, SUSPEND);
}

int api_post_device_resume(struct api_call *c)
{
    return act_on_device(c, RESUME);
}

int api_post_device_revoke(struct api_call *c)
{
    return act_on_device(c, REVOKE);
}

/* Every active device of a member. */
int api_post_member_suspend(struct api_call *c)
{
    char *word = NULL;
    enum auth_reason reason;
    size_t member = 0, done = 0;
    const struct cell *cell = cell_of(c);
    const struct json_field fields[] = {{"reason", JSON_FIELD_TEXT, false, 32, &word}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = api_find_member(c, c->arg, &member);
    if (err == HOP_OK)
        err = read_reason(c, word, REASON_LOST, &reason);
    for (size_t i = 0; err == HOP_OK && i < cell_device_count(cell); i++) {
        const struct cell_device *x = cell_device(cell, i);
        if (x->member != member || x->state != DEVICE_ACTIVE)
            continue;
        err = device_suspend(c->n->device, x->cert.ik, false, reason, c->n->wall, &c->why);
        done++;
    }
    if (err == HOP_OK && done == 0)
        err = text_say(&c->why, GOVERN_SUSPENDED_ALREADY, 0);
    if (err == HOP_OK) {
        uint8_t id[16];
        memcpy(id, cell_member(cell, member)->id, sizeof id);
        err = finish(c, HOP_OK, show_member, id);
    }
    free(word);
    return err;
}

/* ---- the top ---- */

struct config_room { /* what a change points at */
    uint8_t secretary[16];
    uint8_t seats[AUTH_SEATS_MAX][32];
    uint8_t removed[AUTH_REMOVED_MAX][16];
};

static int read_seats(struct api_call *c, const struct json_texts *names, struct config_room *room,
                      struct device_config_change *ret)
{
    int err = HOP_OK;
    for (size_t i = 0; i < names->count && err == HOP_OK; i++) {
        const struct cell_device *x = NULL;
        err = api_find_device(c, names->items[i], &x);
        if (err == HOP_OK)
            memcpy(room->seats[i], x->cert.ik, 32);
    }
    ret->seats = names->count == 0 ? NULL : (const uint8_t(*)[32])room->seats;
    ret->seats_count = names->count;
    return err;
}

static int read_removed(struct api_call *c, const struct json_texts *names,
                        struct config_room *room, struct device_config_change *ret)
{
    int err = HOP_OK;
    for (size_t i = 0; i < names->count && err == HOP_OK; i++) {
        size_t member = 0;
        err = api_find_member(c, names->items[i], &member);
        if (err == HOP_OK)
            memcpy(room->removed[i], cell_member(cell_of(c), member)->id, 16);
    }
    ret->removed = (const uint8_t(*)[16])room->removed;
    ret->removed_count = names->count;
    return err;
}

/* A member; "-": nobody, the office is vacant. */
static int read_secretary(struct api_call *c, const char *name, struct config_room *room,
                          struct device_config_change *ret)
{
    size_t member = 0;
    int err = HOP_OK;
    if (name == NULL)
        return HOP_OK;
    if (strcmp(name, "-") != 0) {
        err = api_find_member(c, name, &member);
        if (err == HOP_OK)
            memcpy(room->secretary, cell_member(cell_of(c), member)->id, 16);
    }
    ret->secretary = room->secretary;
    return err;
}

int api_post_config(struct api_call *c)
{
    char *secretary = NULL;
    struct json_texts seats = {0}, removed = {0};
    struct config_room room = {0};
    struct device_config_change change = {0};
    uint8_t id[32];
    const struct json_field fields[] = {
        {"secretary", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &secretary},
        {"seats", JSON_FIELD_TEXTS, false, AUTH_SEATS_MAX, &seats},
        {"remove", JSON_FIELD_TEXTS, false, AUTH_REMOVED_MAX, &removed},
    };
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK)
        err = read_secretary(c, secretary, &room, &change);
    if (err == HOP_OK)
        err = read_seats(c, &seats, &room, &change);
    if (err == HOP_OK)
        err = read_removed(c, &removed, &room, &change);
    if (err == HOP_OK)
        err = finish(c, device_configure(c->n->device, &change, c->n->wall, id, &c->why),
                     show_config, id);
    free(secretary);
    json_texts_free(&seats);
    json_texts_free(&removed);
    return err;
}

/* A configuration by its number among those that wait, or any record by its whole id. */
static int find_record(struct api_call *c, const char *name, uint8_t ret[static 32])
{
    const struct cell *cell = cell_of(c);
    size_t found = 0;
    for (size_t i = 0; i < cell_config_waiting_count(cell); i++) {
        const struct cell_config *w = cell_config_waiting(cell, i);
        if (json_names_id(name, w->record, 32)) {
            memcpy(ret, w->record, 32);
            found++;
        }
    }
    if (found > 1)
        return api_not_found(c, API_MANY_SUCH_IDS, name);
    if (found == 1 || hex_decode(ret, 32, name) == HOP_OK)
        return HOP_OK;
    return text_say(&c->why, GOVERN_NOTHING_TO_SIGN, 0);
}

int api_post_cosign(struct api_call *c)
{
    char *name = NULL;
    uint8_t id[32];
    const struct json_field fields[] = {{"record", JSON_FIELD_TEXT, true, 64, &name}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = find_record(c, name, id);
    if (err == HOP_OK)
        err = finish(c, device_cosign(c->n->device, id, c->n->wall, &c->why), show_config, id);
    free(name);
    return err;
}

int api_post_checkpoint(struct api_call *c)
{
    int err = json_read(c->body, NULL, 0, &c->why);
    return err != HOP_OK
               ? err
               : finish(c, device_checkpoint(c->n->device, c->n->wall, &c->why), NULL, NULL);
}

int api_post_leave(struct api_call *c)
{
    int err = json_read(c->body, NULL, 0, &c->why);
    return err != HOP_OK ? err
                         : finish(c, device_leave(c->n->device, c->n->wall, &c->why), NULL, NULL);
}

/* ---- groups, proposals, invitations ---- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* The named members and the leader, by id, each once. Owned: free(). */
static int gather_members(struct api_call *c, const struct json_texts *names, const char *leader,
                          struct auth_group *ret, uint8_t **ret_ids)
{
    uint8_t *ids = malloc((names->count + 1) * 16);
    size_t count = 0, member = 0;
    int err = ids == NULL ? HOP_ENOMEM : api_find_member(c, leader, &member);
    *ret_ids = ids;
    if (err != HOP_OK)
        return err;
    memcpy(ret->leader, cell_member(cell_of(c), member)->id, 16);
    memcpy(ids + 16 * count++, ret->leader, 16);
    for (size_t i = 0; i < names->count && err == HOP_OK; i++) {
        err = api_find_member(c, names->items[i], &member);
        if (err == HOP_OK)
            memcpy(ids + 16 * count++, cell_member(cell_of(c), member)->id, 16);
    }
    qsort(ids, count, 16, compare_ids);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || memcmp(ids + 16 * (kept - 1), ids + 16 * i, 16) != 0)
            memmove(ids + 16 * kept++, ids + 16 * i, 16);
    }
    ret->members_count = (uint16_t)kept;
    ret->members = ids;
    return err;
}

static json_t *show_group(const struct api_call *c, const void *what)
{
    (void)c;
    json_t *o = json_object();
    json_put_id(o, what, 16);
    return o;
}

/* A new one, or with "group" another state of one that is there. */
int api_post_group(struct api_call *c)
{
    char *name = NULL, *leader = NULL, *group = NULL;
    struct json_texts names = {0};
    struct auth_group g = {0};
    const struct cell_group *old = NULL;
    uint8_t *ids = NULL, id[16];
    const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &name},
        {"leader", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &leader},
        {"members", JSON_FIELD_TEXTS, false, AUTH_GROUP_MEMBERS_MAX - 1, &names},
        {"group", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &group},
    };
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK && group != NULL)
        err = api_find_group(c, group, &old);
    if (err == HOP_OK)
        err = gather_members(c, &names, leader, &g, &ids);
    if (err == HOP_OK) {
        memcpy(g.name, name, strlen(name) + 1);
        if (old != NULL)
            memcpy(g.group, old->id, sizeof g.group);
        err =
            finish(c, device_set_group(c->n->device, &g, c->n->wall, id, &c->why), show_group, id);
    }
    free(name);
    free(leader);
    free(group);
    free(ids);
    json_texts_free(&names);
    return err;
}

int api_post_proposal(struct api_call *c)
{
    char *name = NULL, *group = NULL, *note = NULL, *role = NULL, *category = NULL;
    struct auth_propose *p = calloc(1, sizeof *p);
    const struct cell_group *g = NULL;
    uint32_t role_value = ROLE_MEMBER, category_value = CATEGORY_FULL;
    const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &name},
        {"group", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &group},
        {"note", JSON_FIELD_TEXT, false, AUTH_NOTE_BYTES_MAX, &note},
        {"role", JSON_FIELD_TEXT, false, 32, &role},
        {"category", JSON_FIELD_TEXT, false, 32, &category},
    };
    int err = p == NULL ? HOP_ENOMEM
                        : json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK)
        err = api_find_group(c, group, &g);
    if (err == HOP_OK && role != NULL)
        err = api_read_word(c, WORDS_ROLE, "role", role, &role_value);
    if (err == HOP_OK && category != NULL)
        err = api_read_word(c, WORDS_CATEGORY, "category", category, &category_value);
    if (err == HOP_OK) {
        memcpy(p->group, g->id, sizeof p->group);
        memcpy(p->name, name, strlen(name) + 1);
        if (note != NULL)
            memcpy(p->note, note, strlen(note) + 1);
        p->role = (uint8_t)role_value;
        p->category = (uint8_t)category_value;
        err = finish(c, device_propose(c->n->device, p, c->n->wall, &c->why), NULL, NULL);
    }
    char *texts[] = {name, group, note, role, category};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    free(p);
    return err;
}

/* An invitation is taken back before somebody used it. */
int api_delete_invitation(struct api_call *c)
{
    const struct cell *cell = cell_of(c);
    const struct cell_invite *found = NULL;
    for (size_t i = 0; i < cell_invite_count(cell); i++) {
        const struct cell_invite *v = cell_invite(cell, i);
        bool open = !v->used && !v->ended;
        if (open && (strcmp(v->body.name, c->arg) == 0 ||
                     json_names_id(c->arg, v->body.id, sizeof v->body.id)))
            found = v;
    }
    if (found == NULL)
        return text_say(&c->why, GOVERN_NO_INVITE, 0);
    uint8_t id[16];
    memcpy(id, found->body.id, sizeof id);
    return finish(c, device_invite_end(c->n->device, id, 0, c->n->wall, &c->why), NULL, NULL);
}
