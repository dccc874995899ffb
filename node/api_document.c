/* Documents through the API: taken in piece by piece, given out as they are read, so that neither
 * side holds more than a piece of one in memory. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "device/document.h"

#define UPLOAD_IDLE (2 * 60 * HOP_SECOND) /* from then on its place may be given to another */

/* ---- taking in ---- */

static void upload_end(struct node_upload *u, bool kept)
{
    device_put_free(u->put, kept);
    *u = (struct node_upload){0};
}

/* The upload of this number; those of a device before this one are gone with it. */
static int find_upload(struct api_call *c, const char *number, struct node_upload **ret)
{
    for (size_t i = 0; i < DEVICE_PUTS_MAX; i++) {
        struct node_upload *u = &c->n->uploads[i];
        char name[24];
        if (u->generation != c->n->generation)
            *u = (struct node_upload){0};
        (void)snprintf(name, sizeof name, "%llu", (unsigned long long)u->number);
        if (u->put != NULL && strcmp(name, number) == 0) {
            u->used = c->n->now;
            *ret = u;
            return HOP_OK;
        }
    }
    return api_not_found(c, API_NO_SUCH_UPLOAD, number);
}

/* A place for one more: a free one, or that of who has said nothing for longest. */
static struct node_upload *upload_place(struct node *n)
{
    struct node_upload *oldest = &n->uploads[0];
    for (size_t i = 0; i < DEVICE_PUTS_MAX; i++) {
        struct node_upload *u = &n->uploads[i];
        if (u->put == NULL || u->generation != n->generation)
            return u;
        if (u->used < oldest->used)
            oldest = u;
    }
    if (n->now < oldest->used + UPLOAD_IDLE)
        return NULL;
    upload_end(oldest, false);
    return oldest;
}

/* May this person lay a document before the meeting? Asked before its bytes are taken. */
static int may_lay(struct api_call *c, const struct act *a, uint64_t size)
{
    struct act unnamed = *a;
    unnamed.size = size > 0 ? size : 1; /* an empty one is refused with a sentence of its own */
    unnamed.root[0] = unnamed.blob_key[0] = 1;
    return meeting_may(device_meetings(c->n->device), device_cell(c->n->device),
                       device_self(c->n->device), &unnamed, &c->why);
}

static int begin(struct api_call *c, struct act *ret)
{
    const struct meeting *m = NULL;
    int err = api_find_meeting(c, c->arg, &m);
    if (err != HOP_OK)
        return err;
    *ret = (struct act){.type = ACT_DOC, .title = span_text("?"), .value = CLASS_INTERNAL};
    memcpy(ret->meeting, m->id, sizeof ret->meeting);
    return HOP_OK;
}

int api_post_upload(struct api_call *c)
{
    struct act a;
    char number[24];
    struct device_put *put = NULL;
    int err = begin(c, &a);
    if (err == HOP_OK)
        err = json_read(c->body, NULL, 0, &c->why);
    if (err == HOP_OK)
        err = may_lay(c, &a, 1);
    struct node_upload *u = err == HOP_OK ? upload_place(c->n) : NULL;
    if (err == HOP_OK && u == NULL)
        err = text_say(&c->why, DOCUMENT_BUSY, 0);
    if (err == HOP_OK)
        err = device_put_begin(c->n->device, &put, &c->why);
    if (err != HOP_OK)
        return err;
    *u = (struct node_upload){.put = put,
                              .number = ++c->n->uploads_made,
                              .generation = c->n->generation,
                              .used = c->n->now};
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)u->number);
    return api_answer(c, json_pack("{s:s}", "upload", number));
}

int api_post_upload_piece(struct api_call *c)
{
    struct node_upload *u = NULL;
    char at[24] = "", size[24];
    int err = find_upload(c, c->arg, &u);
    if (err != HOP_OK)
        return err;
    (void)snprintf(size, sizeof size, "%llu", (unsigned long long)device_put_size(u->put));
    if (!api_query_get(c->rq->query, "at", at, sizeof at) || strcmp(at, size) != 0)
        return api_bad_value(c, "at", at, size);
    err = device_put_add(u->put, c->rq->body, &c->why);
    if (err == HOP_OK)
        err = api_commit(c);
    if (err != HOP_OK) {
        upload_end(u, false);
        return err;
    }
    return api_answer(c, json_pack("{s:I}", "size", (json_int_t)device_put_size(u->put)));
}

int api_delete_upload(struct api_call *c)
{
    struct node_upload *u = NULL;
    int err = find_upload(c, c->arg, &u);
    if (err != HOP_OK)
        return err;
    upload_end(u, false);
    err = api_commit(c);
    return err != HOP_OK ? err : api_answer(c, json_object());
}

/* ---- laying before a meeting ---- */

/* The document is durable with the record that names it, or is taken out again. */
static int lay(struct api_call *c, struct act *a, struct device_put *put)
{
    int err = may_lay(c, a, device_put_size(put));
    if (err == HOP_OK)
        err = device_put_end(put, a, &c->why);
    if (err == HOP_OK)
        err = api_put_on_record(c, a);
    device_put_free(put, err == HOP_OK);
    return err;
}

/* From an upload, or from the bytes that came along. */
static int lay_from(struct api_call *c, struct act *a, const char *upload, struct span content)
{
    struct device_put *put = NULL;
    struct node_upload *u = NULL;
    int err;
    if ((upload == NULL) == (content.data == NULL))
        return api_bad_value(c, "upload", upload == NULL ? "" : upload, "content, upload");
    if (upload != NULL) {
        err = find_upload(c, upload, &u);
        if (err != HOP_OK)
            return err;
        put = u->put;
        *u = (struct node_upload){0};
        return lay(c, a, put);
    }
    err = may_lay(c, a, content.size);
    if (err == HOP_OK)
        err = device_put_begin(c->n->device, &put, &c->why);
    if (err == HOP_OK)
        err = device_put_add(put, content, &c->why);
    if (err != HOP_OK) {
        device_put_free(put, false);
        return err;
    }
    return lay(c, a, put);
}

/* A revised draft names the one it takes the place of. */
static int read_replaced(struct api_call *c, const char *name, struct act *a)
{
    const struct meeting_document *d = NULL;
    const struct meeting *m = NULL;
    int err = name == NULL ? HOP_OK : api_find_document(c, name, &d, &m);
    if (err == HOP_OK && name != NULL)
        memcpy(a->target, d->id, 32);
    return err;
}

int api_post_document(struct api_call *c)
{
    char *title = NULL, *reference = NULL, *class = NULL, *media_type = NULL, *upload = NULL,
         *replaces = NULL;
    struct json_bytes content = {0};
    struct act a = {0};
    uint32_t item = 0;
    const struct json_field fields[] = {
        {"title", JSON_FIELD_TEXT, true, ACT_TITLE_BYTES_MAX, &title},
        {"reference", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &reference},
        {"replaces", JSON_FIELD_TEXT, false, 64, &replaces},
        {"class", JSON_FIELD_TEXT, false, 32, &class},
        {"media_type", JSON_FIELD_TEXT, false, 96, &media_type},
        {"item", JSON_FIELD_NUMBER, false, ACT_AGENDA_MAX, &item},
        {"upload", JSON_FIELD_TEXT, false, 23, &upload},
        {"content", JSON_FIELD_BYTES, false, DEVICE_PUT_BYTES_MAX, &content},
    };
    int err = begin(c, &a);
    if (err == HOP_OK)
        err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK)
        err = api_read_word(c, WORDS_CLASS, "class", class == NULL ? "internal" : class, &a.value);
    if (err == HOP_OK) {
        a.title = span_text(title);
        a.number = span_text(reference == NULL ? "" : reference);
        a.media_type = span_text(media_type == NULL ? "application/octet-stream" : media_type);
        a.item = item;
        err = read_replaced(c, replaces, &a);
    }
    if (err == HOP_OK)
        err = lay_from(c, &a, upload, SPAN(content.data, content.size));
    free(title);
    free(reference);
    free(replaces);
    free(class);
    free(media_type);
    free(upload);
    free(content.data);
    return err;
}

/* ---- giving out ---- */

struct document_stream {
    struct node *n;
    unsigned generation; /* the device it was opened on may be replaced while it is read */
    struct act doc;
};

static int read_stream(void *ctx, uint64_t at, uint8_t *room, size_t max, size_t *ret_size)
{
    const struct document_stream *s = ctx;
    *ret_size = 0;
    if (s->generation != s->n->generation)
        return HOP_ENOTFOUND;
    return device_read_document(s->n->device, &s->doc, at, room, max, ret_size);
}

/* Its record, if all of it is here. */
static int open_document(struct api_call *c, const struct meeting_document *d, struct act *ret)
{
    struct device_opened opened = {0};
    int err = device_open_entry(c->n->device, d->entry, &opened);
    if (err == HOP_OK)
        err = act_parse(ret, ACT_DOC, opened.body);
    free(opened.bytes);
    if (err == HOP_OK && !device_has_document(c->n->device, ret))
        return text_say(&c->why, API_DOCUMENT_NOT_HERE_YET, 1, d->title);
    return err;
}

int api_get_document(struct api_call *c)
{
    const struct meeting_document *d = NULL;
    const struct meeting *m = NULL;
    int err = api_find_document(c, c->arg, &d, &m);
    if (err != HOP_OK)
        return err;
    struct document_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HOP_ENOMEM;
    s->n = c->n;
    s->generation = c->n->generation;
    err = open_document(c, d, &s->doc);
    if (err != HOP_OK) {
        free(s);
        return err;
    }
    c->rp->content_type = "application/octet-stream";
    c->rp->stream = (struct api_stream){.size = s->doc.size, .read = read_stream, .ctx = s};
    return HOP_OK;
}
