#include "node/api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/api_part.h"

/* What must be there before a handler is called. ANYTIME: not even the keys. */
enum needs { ANYTIME, NOTHING, CELL };
enum body { NO_BODY, JSON, RAW };

struct route {
    const char *method;
    const char *path; /* one '*' stands for one segment */
    api_handler *handle;
    enum needs needs;
    enum body body;
    size_t body_max;
};

/* clang-format off */
static const struct route routes[] = {
    {"GET",    "/api/status",               api_get_status,     NOTHING, NO_BODY, 0},
    {"GET",    "/api/peers",                api_get_peers,      NOTHING, NO_BODY, 0},
    {"GET",    "/api/members",              api_get_members,    CELL,    NO_BODY, 0},
    {"GET",    "/api/devices",              api_get_devices,    CELL,    NO_BODY, 0},
    {"GET",    "/api/cell",                 api_get_cell,       CELL,    NO_BODY, 0},
    {"GET",    "/api/groups",               api_get_groups,     CELL,    NO_BODY, 0},
    {"GET",    "/api/meetings",             api_get_meetings,   CELL,    NO_BODY, 0},
    {"GET",    "/api/meetings/*",           api_get_meeting,    CELL,    NO_BODY, 0},
    {"GET",    "/api/meetings/*/merge",     api_get_merge,      CELL,    NO_BODY, 0},
    {"GET",    "/api/meetings/*/print",     api_get_print,      CELL,    NO_BODY, 0},
    {"GET",    "/api/reports",              api_get_reports,    CELL,    NO_BODY, 0},
    {"GET",    "/api/private",              api_get_private,    CELL,    NO_BODY, 0},
    {"GET",    "/api/duty",                 api_get_duty,       CELL,    NO_BODY, 0},
    {"GET",    "/api/tasks",                api_get_tasks,      CELL,    NO_BODY, 0},
    {"GET",    "/api/procedure",            api_get_procedure,  CELL,    NO_BODY, 0},
    {"POST",   "/api/procedure/check",      api_post_procedure_check, NOTHING, JSON, API_BODY_BYTES_MAX},
    {"GET",    "/api/meetings/*/minutes",   api_get_minutes,    CELL,    NO_BODY, 0},
    {"GET",    "/api/documents/*",          api_get_document,   CELL,    NO_BODY, 0},
    {"GET",    "/api/records",              api_get_records,    NOTHING, NO_BODY, 0},
    {"GET",    "/api/ignored",              api_get_ignored,    NOTHING, NO_BODY, 0},
    {"GET",    "/api/text",                 api_get_text,       ANYTIME, NO_BODY, 0},
    {"GET",    "/api/procedures",           api_get_procedures, NOTHING, NO_BODY, 0},
    {"POST",   "/api/cell",                 api_post_cell,      NOTHING, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/invitations",          api_post_invitation, CELL,   JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/invitations/answer",   api_post_join_answer, CELL,  JSON, API_BODY_BYTES_MAX},
    {"GET",    "/api/pairings",             api_get_pairings,   NOTHING, NO_BODY, 0},
    {"POST",   "/api/pairings",             api_post_pairing,   CELL,    JSON, API_BODY_BYTES_MAX},
    {"GET",    "/api/pairings/*",           api_get_pairing,    CELL,    NO_BODY, 0},
    {"DELETE", "/api/pairings/*",           api_delete_pairing, CELL,    NO_BODY, 0},
    {"POST",   "/api/pairings/*/card",      api_post_pairing_card, CELL, JSON, API_BODY_BYTES_MAX},
    {"GET",    "/api/join",                 api_get_join,       NOTHING, NO_BODY, 0},
    {"POST",   "/api/join",                 api_post_join,      NOTHING, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/join/card",            api_post_join_card, NOTHING, JSON, API_BODY_BYTES_MAX},
    {"DELETE", "/api/join",                 api_delete_join,    NOTHING, NO_BODY, 0},
    {"DELETE", "/api/invitations/*",        api_delete_invitation, CELL, NO_BODY, 0},
    {"POST",   "/api/members/*/remove",     api_post_member_remove, CELL, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/members/*/role",       api_post_member_role, CELL,  JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/members/*/suspend",    api_post_member_suspend, CELL, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/devices/*/suspend",    api_post_device_suspend, CELL, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/devices/*/resume",     api_post_device_resume, CELL, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/devices/*/revoke",     api_post_device_revoke, CELL, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/cell/config",          api_post_config,    CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/cell/cosign",          api_post_cosign,    CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/cell/checkpoint",      api_post_checkpoint, CELL,   JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/cell/leave",           api_post_leave,     CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/groups",               api_post_group,     CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/proposals",            api_post_proposal,  CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings",             api_post_meeting,   CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/uploads",   api_post_upload,    CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/uploads/*",            api_post_upload_piece, CELL, RAW,  API_PIECE_BYTES_MAX},
    {"DELETE", "/api/uploads/*",            api_delete_upload,  CELL,    NO_BODY, 0},
    {"POST",   "/api/meetings/*/documents", api_post_document,  CELL,    JSON, API_LARGE_BYTES_MAX},
    {"POST",   "/api/meetings/*/send",      api_post_send,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/read",      api_post_read,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/opinions",  api_post_opinion,   CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/open",      api_post_open,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/attend",    api_post_attend,    CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/roll",      api_post_roll,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/motions",   api_post_motion,    CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/minutes",   api_post_minutes,   CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/acts",                   api_post_act,       CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/acts",        api_post_meeting_act, CELL,  JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/close",     api_post_close,     CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/meetings/*/dossier",   api_post_dossier,   CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/motions/*/acts",       api_post_motion_act, CELL,   JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/motions/*/vote",       api_post_vote,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/motions/*/close",      api_post_tally,     CELL,    JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/verify",               api_post_verify,    NOTHING, RAW,  API_LARGE_BYTES_MAX},
    {"POST",   "/api/talk",                 api_post_talk,      CELL,    JSON, API_BODY_BYTES_MAX},
    {"GET",    "/api/bundle/have",          api_get_bundle_have, CELL,   NO_BODY, 0},
    {"GET",    "/api/bundle/had",           api_get_bundle_had, CELL,    NO_BODY, 0},
    {"POST",   "/api/bundle/look",          api_post_bundle_look, CELL,  RAW,  API_LARGE_BYTES_MAX},
    {"POST",   "/api/bundle/take",          api_post_bundle_take, CELL,  RAW,  API_LARGE_BYTES_MAX},
    {"POST",   "/api/bundle/write",         api_post_bundle_write, CELL, JSON, API_LARGE_BYTES_MAX},
    {"DELETE", "/api/talk",                 api_delete_talk,    NOTHING, NO_BODY, 0},
    {"POST",   "/api/stop",                 api_post_stop,      ANYTIME, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/here",                 api_post_here,      NOTHING, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/lock",                 api_post_lock,      NOTHING, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/unlock",               api_post_unlock,    ANYTIME, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/passphrase",           api_post_passphrase, NOTHING, JSON, API_BODY_BYTES_MAX},
    {"POST",   "/api/panic",                api_post_panic,     ANYTIME, JSON, API_BODY_BYTES_MAX},
};
/* clang-format on */

#define ROUTES_COUNT (sizeof routes / sizeof routes[0])

/* Does path match, and which part of it is the '*'? An empty part matches nothing. */
static bool matches(const char *pattern, const char *path, struct span *ret_arg)
{
    const char *star = strchr(pattern, '*');
    *ret_arg = SPAN((const uint8_t *)"", 0);
    if (star == NULL)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(star - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t n = strcspn(path + before, "/");
    if (n == 0 || strcmp(star + 1, path + before + n) != 0)
        return false;
    *ret_arg = SPAN((const uint8_t *)path + before, n);
    return true;
}

/* The route, or NULL; *ret_known: the path is there, though not for this method. */
static const struct route *find_route(const char *method, const char *path, struct span *ret_arg,
                                      bool *ret_known)
{
    *ret_known = false;
    for (size_t i = 0; i < ROUTES_COUNT; i++) {
        struct span arg;
        if (!matches(routes[i].path, path, &arg))
            continue;
        *ret_known = true;
        if (strcmp(routes[i].method, method) == 0) {
            *ret_arg = arg;
            return &routes[i];
        }
    }
    return NULL;
}

size_t api_body_max(const char *method, const char *path)
{
    struct span arg;
    bool known;
    const struct route *r = find_route(method, path, &arg, &known);
    return r == NULL ? 0 : r->body_max;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decode n characters; false when they are not well spelled, hold a NUL or do not fit. */
static bool percent_decode(char *ret, size_t size, const char *from, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)from[i];
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = n - i > 2 ? hex_digit(from[i + 1]) : -1;
            int low = n - i > 2 ? hex_digit(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0 || used + 1 >= size)
            return false;
        ret[used++] = (char)c;
    }
    ret[used] = '\0';
    return true;
}

bool api_query_get(const char *query, const char *key, char *ret, size_t size)
{
    size_t key_size = strlen(key);
    for (const char *p = query; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, "&");
        if (n > key_size && p[key_size] == '=' && strncmp(p, key, key_size) == 0)
            return percent_decode(ret, size, p + key_size + 1, n - key_size - 1);
        p += n;
        p += *p == '&';
    }
    return false;
}

enum text_lang api_request_lang(const struct node *n, const struct api_request *rq)
{
    char lang[8];
    if (api_query_get(rq->query, "lang", lang, sizeof lang) &&
        (strcmp(lang, "vi") == 0 || strcmp(lang, "en") == 0))
        return text_lang_of(lang);
    /* "vi-VN,vi;q=0.9,en;q=0.8": the first of the two that we have */
    for (const char *p = rq->accept_language; p != NULL && *p != '\0';) {
        p += strspn(p, " ,");
        if (strncmp(p, "vi", 2) == 0)
            return TEXT_VI;
        if (strncmp(p, "en", 2) == 0)
            return TEXT_EN;
        p += strcspn(p, ",");
    }
    return n == NULL ? TEXT_EN : n->lang;
}

/* ---- replies ---- */

static int buf_sink(const char *bytes, size_t size, void *ctx)
{
    struct buf *b = ctx;
    buf_bytes(b, (const uint8_t *)bytes, size);
    return b->bad ? -1 : 0;
}

static int put_json(struct api_reply *rp, json_t *root)
{
    int failed = root == NULL || json_dump_callback(root, buf_sink, &rp->body, JSON_INDENT(1)) != 0;
    json_decref(root);
    buf_text(&rp->body, "\n");
    return failed || rp->body.bad ? HOP_ENOMEM : HOP_OK;
}

int api_answer(struct api_call *c, json_t *root)
{
    return put_json(c->rp, root);
}

void api_refuse(struct api_reply *rp, int status, enum text_lang lang, const struct text_said *why)
{
    struct buf sentence = {0};
    text_said_fill(&sentence, lang, why);
    buf_free(&rp->body);
    rp->status = status;
    rp->content_type = "application/json; charset=utf-8";
    json_t *text_value = json_text(buf_string(&sentence));
    if (put_json(rp, json_pack("{s:{s:s,s:o}}", "error", "key", text_key(why->id), "text",
                               text_value)) != HOP_OK)
        buf_free(&rp->body);
    buf_free(&sentence);
}

void api_reply_free(struct api_reply *rp)
{
    buf_free(&rp->body);
    free(rp->stream.ctx);
    rp->stream = (struct api_stream){0};
}

static const struct {
    int err, status;
    enum text_id sentence;
} statuses[] = {
    {HOP_EMALFORMED, 400, API_BAD_REQUEST}, {HOP_ENOTFOUND, 404, API_NO_SUCH_PAGE},
    {HOP_EREFUSED, 409, API_REFUSED},       {HOP_EBUSY, 409, API_BUSY},
    {HOP_EEXIST, 409, API_REFUSED},         {HOP_EFULL, 413, API_LIMIT},
    {HOP_ENOSPACE, 507, API_DISK_FULL},     {HOP_ENOMEM, 500, API_NO_MEMORY},
    {HOP_EAUTH, 403, ERR_PASSPHRASE_WRONG}, /* of unlocking and of a change */
};

static void refuse(struct api_call *c, int err)
{
    int status = 500;
    enum text_id sentence = API_DISK_ERROR;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].err == err) {
            status = statuses[i].status;
            sentence = statuses[i].sentence;
        }
    }
    if (c->why.id == TEXT_NONE)
        (void)text_say(&c->why, sentence, 0);
    api_refuse(c->rp, status, c->lang, &c->why);
}

int api_commit(struct api_call *c)
{
    int err = node_commit(c->n);
    if (err == HOP_OK && c->n->running)
        node_changed(c->n);
    return err;
}

int api_not_found(struct api_call *c, enum text_id id, const char *name)
{
    (void)text_say(&c->why, id, 1, name);
    return HOP_ENOTFOUND;
}

int api_bad_value(struct api_call *c, const char *key, const char *value, const char *possible)
{
    (void)text_say(&c->why, API_BAD_VALUE, 3, key, value, possible);
    return HOP_EMALFORMED;
}

/* ---- the call ---- */

static int parse_body(struct api_call *c, const struct route *r)
{
    if (c->rq->body.size > r->body_max) {
        char max[24];
        (void)snprintf(max, sizeof max, "%zu", r->body_max >> 20);
        (void)text_say(&c->why, API_BODY_TOO_LARGE, 1, max);
        return HOP_EFULL;
    }
    if (r->body != JSON)
        return HOP_OK;
    if (c->rq->body.size == 0) { /* "curl -X POST …/open": nothing to say is an empty object */
        c->body = json_object();
        return c->body == NULL ? HOP_ENOMEM : HOP_OK;
    }
    return json_parse(&c->body, c->rq->body, &c->why);
}

static int call_route(struct api_call *c, const struct route *r)
{
    if (c->n->locked && r->needs != ANYTIME)
        return text_say(&c->why, GUARD_LOCKED, 0);
    int err = parse_body(c, r);
    if (err != HOP_OK)
        return err;
    if (r->needs == CELL && !device_has_cell(c->n->device))
        return text_say(&c->why, API_NO_CELL, 0);
    return r->handle(c);
}

int api_handle(struct node *n, const struct api_request *rq, struct api_reply *rp)
{
    assert(n != NULL && rq->method != NULL && rq->path != NULL);
    *rp = (struct api_reply){.status = 200, .content_type = "application/json; charset=utf-8"};
    char arg[API_PATH_BYTES_MAX];
    struct api_call c = {.n = n, .rq = rq, .rp = rp, .lang = api_request_lang(n, rq), .arg = arg};
    struct span part = {0};
    bool known = false;
    const struct route *r = find_route(rq->method, rq->path, &part, &known);
    int err = HOP_ENOTFOUND;
    if (r != NULL && percent_decode(arg, sizeof arg, (const char *)part.data, part.size))
        err = call_route(&c, r);
    else
        (void)text_say(&c.why, known ? API_NO_SUCH_METHOD : API_NO_SUCH_PAGE, 2, rq->method,
                       rq->path);
    if (err == HOP_OK && rp->body.bad)
        err = HOP_ENOMEM;
    if ((err == HOP_ENOSPACE || err == HOP_EIO) && !n->locked) {
        /* undo the turn that failed, so that the next request starts clean */
        int undone = node_commit(n);
        err = undone != HOP_OK ? undone : err;
    }
    if (err != HOP_OK)
        refuse(&c, err);
    if (r == NULL && known)
        rp->status = 405;
    if (err != HOP_OK && c.why.id == GUARD_LOCKED)
        rp->status = 423;
    json_decref(c.body);
    return err;
}
