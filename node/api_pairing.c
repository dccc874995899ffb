/* Inviting by code and face to face, joining from the page, and joining by stick. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "device/join_file.h"
#include "node/dial.h"
#include "node/join.h"
#include "node/pairing.h"
#include "node/qr.h"

/* ---- the inviter ---- */

static const char *const way_keys[] = {[PAIRING_CODE] = "code", [PAIRING_FACE] = "face"};

struct state_words {
    const char *key;
    enum text_id label;
};

static struct state_words pairing_words(const struct pairings_view *v)
{
    static const struct state_words words[] = {
        [PAIRING_WAITS] = {"card", PAIR_STATE_CARD},
        [PAIRING_OPEN] = {"open", PAIR_STATE_OPEN},
        [PAIRING_PROVED] = {"open", PAIR_STATE_OPEN},
        [PAIRING_DONE] = {"handed", PAIR_STATE_DONE},
        [PAIRING_BURNED] = {"burned", PAIR_STATE_BURNED},
        [PAIRING_OVER] = {"over", PAIR_STATE_OVER},
    };
    return v->joined ? (struct state_words){"joined", PAIR_STATE_JOINED} : words[v->state];
}

static int pairing_json(struct api_call *c, const struct pairings_view *v, json_t **ret)
{
    struct state_words w = pairing_words(v);
    struct buf label = {0};
    char left[16];
    (void)snprintf(left, sizeof left, "%u", v->left);
    const char *const args[] = {v->name, left};
    json_t *rows = NULL;
    int err = v->way == PAIRING_FACE && v->shown[0] != '\0' ? qr_rows(v->shown, &rows) : HOP_OK;
    if (err != HOP_OK)
        return err;
    text_fill(&label, c->lang, w.label, args, 2);
    *ret = json_pack("{s:I,s:s,s:o,s:s,s:o,s:I,s:s*,s:o*}", "number", (json_int_t)v->number, "way",
                     way_keys[v->way], "name", json_text(v->name), "state", w.key, "label",
                     json_text(buf_string(&label)), "left", (json_int_t)v->left,
                     v->way == PAIRING_CODE ? "code" : "card",
                     v->shown[0] == '\0' ? NULL : v->shown, "qr", rows);
    buf_free(&label);
    return *ret == NULL ? HOP_ENOMEM : HOP_OK;
}

static int answer_pairing(struct api_call *c, uint32_t number)
{
    struct pairings_view v;
    json_t *o = NULL;
    int err = pairings_find(c->n, number, &v, &c->why);
    if (err == HOP_OK)
        err = pairing_json(c, &v, &o);
    if (c->n->running)
        node_changed(c->n);
    return err == HOP_OK ? api_answer(c, o) : err;
}

/* The '*' of the route; 0, which names none, for what is no number. */
static uint32_t number_of(const struct api_call *c)
{
    size_t n = strlen(c->arg);
    return n > 0 && n < 10 && strspn(c->arg, "0123456789") == n
               ? (uint32_t)strtoul(c->arg, NULL, 10)
               : 0;
}

int api_get_pairings(struct api_call *c)
{
    json_t *list = json_array();
    int err = HOP_OK;
    for (size_t i = 0; i < pairings_count(c->n) && err == HOP_OK; i++) {
        struct pairings_view v;
        json_t *o = NULL;
        if (!pairings_at(c->n, i, &v))
            continue;
        err = pairing_json(c, &v, &o);
        if (err == HOP_OK)
            (void)json_array_append_new(list, o);
    }
    if (err == HOP_OK)
        return api_answer(c, json_pack("{s:o}", "pairings", list));
    json_decref(list);
    return err;
}

int api_get_pairing(struct api_call *c)
{
    struct pairings_view v;
    json_t *o = NULL;
    int err = pairings_find(c->n, number_of(c), &v, &c->why);
    if (err == HOP_OK)
        err = pairing_json(c, &v, &o);
    return err == HOP_OK ? api_answer(c, o) : err;
}

int api_post_pairing(struct api_call *c)
{
    char *name = NULL, *way = NULL, *role = NULL, *category = NULL;
    unsigned role_value = 0, category_value = 0;
    uint32_t number = 0;
    const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &name},
        {"way", JSON_FIELD_TEXT, true, 8, &way},
        {"role", JSON_FIELD_TEXT, false, 32, &role},
        {"category", JSON_FIELD_TEXT, false, 32, &category},
    };
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    bool code = err == HOP_OK && strcmp(way, "code") == 0;
    if (err == HOP_OK && !code && strcmp(way, "face") != 0)
        err = api_bad_value(c, "way", way, "code, face");
    if (err == HOP_OK)
        err = api_read_standing(c, role, category, &role_value, &category_value);
    if (err == HOP_OK)
        err = pairings_open(c->n, code ? PAIRING_CODE : PAIRING_FACE, name,
                            (enum auth_role)role_value, (enum auth_category)category_value, &number,
                            &c->why);
    if (err == HOP_OK)
        err = answer_pairing(c, number);
    free(name);
    free(way);
    free(role);
    free(category);
    return err;
}

/* What the other screen shows. */
static int read_card(struct api_call *c, struct pairing_card *ret)
{
    char *card = NULL;
    const struct json_field fields[] = {{"card", JSON_FIELD_TEXT, true, 400, &card}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = pairing_card_read(ret, card, &c->why);
    free(card);
    return err;
}

int api_post_pairing_card(struct api_call *c)
{
    struct pairing_card theirs;
    int err = read_card(c, &theirs);
    if (err == HOP_OK)
        err = pairings_meet(c->n, number_of(c), &theirs, &c->why);
    return err == HOP_OK ? answer_pairing(c, number_of(c)) : err;
}

int api_delete_pairing(struct api_call *c)
{
    int err = pairings_cancel(c->n, number_of(c), &c->why);
    if (err != HOP_OK)
        return err;
    if (c->n->running)
        node_changed(c->n);
    return api_answer(c, json_pack("{s:b}", "cancelled", true));
}

/* ---- the inviter, by stick ---- */

/* The request's bytes in, the answer's bytes out, when the admission is durable. */
int api_post_join_answer(struct api_call *c)
{
    struct json_bytes request = {0};
    uint8_t answer[JOIN_FILE_BYTES_MAX];
    char text[BASE64_SIZE(JOIN_FILE_BYTES_MAX)], name[AUTH_NAME_BYTES_MAX + 1] = "";
    size_t size = 0;
    const struct json_field fields[] = {
        {"request", JSON_FIELD_BYTES, true, JOIN_FILE_BYTES_MAX, &request}};
    int err = json_read(c->body, fields, 1, &c->why);
    if (err == HOP_OK)
        err = device_join_file_answer(c->n->device, SPAN(request.data, request.size), c->n->wall,
                                      answer, &size, name, &c->why);
    if (err == HOP_OK)
        err = api_commit(c);
    free(request.data);
    if (err != HOP_OK)
        return err;
    base64_encode(text, SPAN(answer, size));
    return api_answer(c, json_pack("{s:s,s:o}", "answer", text, "name", json_text(name)));
}

/* ---- the joiner ---- */

static json_t *join_json(struct api_call *c)
{
    static const struct state_words words[] = {
        [JOINING_CARD] = {"card", PAIR_JOIN_CARD},
        [JOINING_LOOKING] = {"looking", PAIR_JOIN_LOOKING},
        [JOINING_ASKING] = {"asking", PAIR_JOIN_ASKING},
        [JOINED] = {"joined", PAIR_JOIN_DONE},
        [JOINING_FAILED] = {"failed", TEXT_NONE},
    };
    struct joining *j = c->n->joining;
    struct buf label = {0};
    if (j == NULL)
        return json_pack("{s:s}", "state", "none");
    enum joining_state state = joining_state(j);
    const char *const args[] = {joining_joined(j)->member_name, joining_joined(j)->cell_name};
    if (state == JOINING_FAILED)
        text_said_fill(&label, c->lang, joining_why(j));
    else
        text_fill(&label, c->lang, words[state].label, args, 2);
    json_t *o =
        json_pack("{s:s,s:o}", "state", words[state].key, "label", json_text(buf_string(&label)));
    buf_free(&label);
    if (state == JOINING_CARD) {
        char card[PAIRING_CARD_TEXT_BYTES];
        json_t *rows = NULL;
        pairing_card_text(card, joining_card(j));
        (void)json_object_set_new(o, "card", json_text(card));
        if (qr_rows(card, &rows) == HOP_OK)
            (void)json_object_set_new(o, "qr", rows);
    }
    return o;
}

int api_get_join(struct api_call *c)
{
    return api_answer(c, join_json(c));
}

static void stop_joining(struct node *n)
{
    joining_free(n->joining);
    n->joining = NULL;
    if (n->dial != NULL)
        dial_stale(n);
}

static int start_joining(struct api_call *c, const struct joining_how *how)
{
    if (!c->n->running)
        return text_say(&c->why, PAIR_JOIN_NEEDS_RUN, 0);
    if (c->n->keys.has_cell)
        return text_say(&c->why, API_HAS_CELL, 0);
    stop_joining(c->n);
    int err = joining_new(&c->n->joining, c->n, c->n->links, c->n->discovery, how);
    if (err != HOP_OK)
        return err;
    node_changed(c->n);
    return api_answer(c, join_json(c));
}

int api_post_join(struct api_call *c)
{
    char *invitation = NULL, *code_words = NULL;
    uint32_t face = 0;
    struct device_join join = {0};
    struct pairing_code code;
    const struct json_field fields[] = {
        {"invitation", JSON_FIELD_TEXT, false, 2 * INVITE_TEXT_BYTES, &invitation},
        {"code", JSON_FIELD_TEXT, false, 64, &code_words},
        {"face", JSON_FIELD_NUMBER, false, 1, &face},
    };
    struct joining_how how = {0};
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK && invitation != NULL) {
        err = device_join_read(&join, invitation, &c->why);
        how.join = &join;
    } else if (err == HOP_OK && code_words != NULL) {
        err = pairing_code_read(&code, code_words, &c->why);
        how.code = &code;
    } else if (err == HOP_OK && face == 0) {
        err = HOP_EMALFORMED;
        (void)text_say(&c->why, API_MISSING_KEY, 1, "invitation, code, face");
    }
    how.face = how.join == NULL && how.code == NULL;
    if (err == HOP_OK)
        err = start_joining(c, &how);
    hop_wipe(&join, sizeof join);
    free(invitation);
    free(code_words);
    return err;
}

int api_post_join_card(struct api_call *c)
{
    struct pairing_card theirs;
    int err = read_card(c, &theirs);
    if (err == HOP_OK && c->n->joining == NULL)
        err = text_say(&c->why, PAIR_NOT_WAITING, 0);
    if (err == HOP_OK)
        err = joining_meet(c->n->joining, &theirs, &c->why);
    if (err != HOP_OK)
        return err;
    node_changed(c->n);
    return api_answer(c, join_json(c));
}

int api_delete_join(struct api_call *c)
{
    stop_joining(c->n);
    if (c->n->running)
        node_changed(c->n);
    return api_answer(c, join_json(c));
}
