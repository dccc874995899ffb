/* JSON at the edge: what comes in is read strictly against a table of fields, what goes out is made
 * of a few shapes that every resource shares. Values are jansson's; texts are brought to NFC here,
 * so that nothing else in the house has to think of it. */
#ifndef HOP_NODE_JSON_H
#define HOP_NODE_JSON_H

#include "base/err.h"
#include "base/span.h"
#include "text/text.h"

#include <jansson.h>

#define JSON_SHORT_CHARACTERS 8 /* of an id in base32: 40 bits, enough to name a thing by hand */
#define JSON_SHORT_SIZE       (JSON_SHORT_CHARACTERS + 1)

enum json_kind {
    JSON_FIELD_TEXT,   /* char **: owned by the caller, free(); NULL when absent */
    JSON_FIELD_NUMBER, /* uint32_t * */
    JSON_FIELD_TEXTS,  /* struct json_texts * */
    JSON_FIELD_BYTES,  /* struct json_bytes *: base64 in the JSON */
};

struct json_texts {
    char **items; /* json_texts_free() */
    size_t count;
};

struct json_bytes {
    uint8_t *data; /* free() */
    size_t size;
};

struct json_field {
    const char *key;
    enum json_kind kind;
    bool required;
    size_t max; /* TEXT: bytes; NUMBER: value; TEXTS: count; BYTES: size */
    void *ret;
};

#define JSON_TEXTS_ITEM_BYTES_MAX 512u

/* Parse body into an object. HOP_EMALFORMED with a sentence that names line and column. */
MUST_USE int json_parse(json_t **ret, struct span body, struct text_said *why);

/* Fill what the fields point at. HOP_EMALFORMED with a sentence naming the key that is unknown,
 * missing, of the wrong kind or too long; whatever was filled by then is the caller's to free. */
MUST_USE int json_read(const json_t *object, const struct json_field *fields, size_t count,
                       struct text_said *why);
void json_texts_free(struct json_texts *t);

/* s in NFC, new, free(); NULL if s is not UTF-8 or memory runs out. */
char *json_nfc(const char *s);

/* "id" and "short" of a record, into an object. */
void json_put_id(json_t *object, const uint8_t *id, size_t size);
/* The short spelling of an id of at least 5 bytes. */
void json_short(char ret[static JSON_SHORT_SIZE], const uint8_t *id);
/* True if name spells this id: all of it in hexadecimal, or the first six or more characters of it
 * in base32, in whatever case. */
bool json_names_id(const char *name, const uint8_t *id, size_t size);

/* A text, or "" for NULL; text that is not UTF-8 (a peer's, from a record) is shown as "?". */
json_t *json_text(const char *s);

/* The text under a key, "" when there is none; a number, 0 when there is none. Borrowed. */
const char *json_get_text(const json_t *object, const char *key);
uint64_t json_get_number(const json_t *object, const char *key);

#endif
