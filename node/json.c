#include "node/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/encode.h"

int json_parse(json_t **ret, struct span body, struct text_said *why)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        char line[16], column[16];
        (void)snprintf(line, sizeof line, "%d", error.line);
        (void)snprintf(column, sizeof column, "%d", error.column);
        (void)text_say(why, API_BAD_JSON, 3, line, column, error.text);
        return HOP_EMALFORMED;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        (void)text_say(why, API_NOT_AN_OBJECT, 0);
        return HOP_EMALFORMED;
    }
    *ret = root;
    return HOP_OK;
}

char *json_nfc(const char *s)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)s, 0, &out,
                     (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    return n < 0 ? NULL : (char *)out;
}

static int malformed(struct text_said *why, enum text_id id, const char *key, const char *more)
{
    (void)text_say(why, id, 2, key, more);
    return HOP_EMALFORMED;
}

static int too_long(struct text_said *why, const struct json_field *f)
{
    char max[24];
    (void)snprintf(max, sizeof max, "%zu", f->max);
    return malformed(why, API_TOO_LONG, f->key, max);
}

static int read_text(const struct json_field *f, const json_t *value, struct text_said *why)
{
    if (!json_is_string(value))
        return malformed(why, API_WRONG_KIND, f->key, "text");
    char *s = json_nfc(json_string_value(value));
    if (s == NULL)
        return malformed(why, API_WRONG_KIND, f->key, "UTF-8");
    if (strlen(s) > f->max) {
        free(s);
        return too_long(why, f);
    }
    *(char **)f->ret = s;
    return HOP_OK;
}

static int read_number(const struct json_field *f, const json_t *value, struct text_said *why)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > f->max) {
        char range[32];
        (void)snprintf(range, sizeof range, "0-%zu", f->max);
        return malformed(why, API_WRONG_KIND, f->key, range);
    }
    *(uint32_t *)f->ret = (uint32_t)json_integer_value(value);
    return HOP_OK;
}

static int read_texts(const struct json_field *f, const json_t *value, struct text_said *why)
{
    struct json_texts *t = f->ret;
    if (!json_is_array(value))
        return malformed(why, API_WRONG_KIND, f->key, "[text]");
    size_t count = json_array_size(value);
    if (count > f->max)
        return too_long(why, f);
    t->items = calloc(count == 0 ? 1 : count, sizeof *t->items);
    if (t->items == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct json_field item = *f;
        item.max = JSON_TEXTS_ITEM_BYTES_MAX;
        item.ret = &t->items[i];
        int err = read_text(&item, json_array_get(value, i), why);
        if (err != HOP_OK)
            return err;
        t->count = i + 1;
    }
    return HOP_OK;
}

static int read_bytes(const struct json_field *f, const json_t *value, struct text_said *why)
{
    struct json_bytes *b = f->ret;
    if (!json_is_string(value))
        return malformed(why, API_WRONG_KIND, f->key, "base64");
    struct span text = SPAN((const uint8_t *)json_string_value(value), json_string_length(value));
    size_t size = text.size / 4 * 3 + 3;
    if (text.size / 4 * 3 > f->max + 3)
        return too_long(why, f);
    b->data = malloc(size);
    if (b->data == NULL)
        return HOP_ENOMEM;
    if (base64_decode(b->data, &size, text) != HOP_OK)
        return malformed(why, API_WRONG_KIND, f->key, "base64");
    if (size > f->max)
        return too_long(why, f);
    b->size = size;
    return HOP_OK;
}

static int read_field(const struct json_field *f, const json_t *value, struct text_said *why)
{
    switch (f->kind) {
    case JSON_FIELD_TEXT:
        return read_text(f, value, why);
    case JSON_FIELD_NUMBER:
        return read_number(f, value, why);
    case JSON_FIELD_TEXTS:
        return read_texts(f, value, why);
    case JSON_FIELD_BYTES:
        return read_bytes(f, value, why);
    }
    return HOP_EMALFORMED;
}

static const struct json_field *find(const struct json_field *fields, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    }
    return NULL;
}

/* "title, form, when": so that the sentence says what would have been right. */
static void list_keys(char *ret, size_t size, const struct json_field *fields, size_t count)
{
    size_t used = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        int n = snprintf(ret + used, size - used, "%s%s", i == 0 ? "" : ", ", fields[i].key);
        used += n < 0 ? size : (size_t)n;
    }
}

int json_read(const json_t *object, const struct json_field *fields, size_t count,
              struct text_said *why)
{
    /* jansson's iterators want a mutable object and do not change it */
    json_t *mutable_object = (json_t *)(uintptr_t)object;
    for (void *it = json_object_iter(mutable_object); it != NULL;
         it = json_object_iter_next(mutable_object, it)) {
        const char *key = json_object_iter_key(it);
        const struct json_field *f = find(fields, count, key);
        if (f == NULL) {
            char known[TEXT_ARG_BYTES_MAX];
            list_keys(known, sizeof known, fields, count);
            return malformed(why, API_UNKNOWN_KEY, key, known[0] == '\0' ? "{}" : known);
        }
        if (json_is_null(json_object_iter_value(it)))
            continue;
        int err = read_field(f, json_object_iter_value(it), why);
        if (err != HOP_OK)
            return err;
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required && !json_is_string(json_object_get(object, fields[i].key)) &&
            !json_is_integer(json_object_get(object, fields[i].key)))
            return malformed(why, API_MISSING_KEY, fields[i].key, "");
    }
    return HOP_OK;
}

void json_texts_free(struct json_texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->items[i]);
    free(t->items);
    *t = (struct json_texts){0};
}

void json_short(char ret[static JSON_SHORT_SIZE], const uint8_t *id)
{
    base32_encode(ret, SPAN(id, 5));
}

void json_put_id(json_t *object, const uint8_t *id, size_t size)
{
    char hex[HEX_SIZE(32)], brief[JSON_SHORT_SIZE];
    hex_encode(hex, SPAN(id, size));
    json_short(brief, id);
    (void)json_object_set_new(object, "id", json_string(hex));
    (void)json_object_set_new(object, "short", json_string(brief));
}

static char folded(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

bool json_names_id(const char *name, const uint8_t *id, size_t size)
{
    char hex[HEX_SIZE(32)], base32[BASE32_SIZE(32)];
    hex_encode(hex, SPAN(id, size));
    base32_encode(base32, SPAN(id, size));
    if (strcmp(name, hex) == 0)
        return true;
    size_t n = strlen(name);
    if (n < 6 || n > strlen(base32))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (folded(name[i]) != folded(base32[i]))
            return false;
    }
    return true;
}

json_t *json_text(const char *s)
{
    json_t *t = json_string(s == NULL ? "" : s);
    return t != NULL ? t : json_string("?");
}

const char *json_get_text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s == NULL ? "" : s;
}

uint64_t json_get_number(const json_t *object, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(object, key));
    return v < 0 ? 0 : (uint64_t)v;
}
