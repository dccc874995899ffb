#include "meeting/act.h"

#include <assert.h>

/* Keys of the map, one number a field whatever the act; docs/protocol.md §9. For ever. */
enum key {
    KEY_MEETING = 1,
    KEY_TARGET,
    KEY_ITEM,
    KEY_VALUE,
    KEY_TITLE,
    KEY_TEXT,
    KEY_FORM,
    KEY_WHEN,
    KEY_PLACE,
    KEY_BASIS,
    KEY_REASON,
    KEY_CHAIR,
    KEY_SECRETARY,
    KEY_AGENDA,
    KEY_NUMBER,
    KEY_MEDIA_TYPE,
    KEY_SIZE,
    KEY_BLOB_KEY,
    KEY_ROOT,
    KEY_LANGUAGE,
    KEYS_END
};

#define BIT(key) (UINT32_C(1) << (key))

/* Which fields an act must have, and which it may have. */
struct shape {
    const char *name;
    uint32_t required, optional;
    uint32_t value_min, value_max;
};

/* clang-format off */
static const struct shape shapes[] = {
    [0] = {"meeting", BIT(KEY_TITLE) | BIT(KEY_FORM),
        BIT(KEY_WHEN) | BIT(KEY_PLACE) | BIT(KEY_BASIS) | BIT(KEY_REASON) | BIT(KEY_CHAIR) |
        BIT(KEY_SECRETARY) | BIT(KEY_AGENDA), 0, 0},
    [ACT_DOC - ACT_MEETING] = {"document", BIT(KEY_MEETING) | BIT(KEY_TITLE) | BIT(KEY_BLOB_KEY),
        BIT(KEY_ITEM) | BIT(KEY_VALUE) | BIT(KEY_NUMBER) | BIT(KEY_MEDIA_TYPE) | BIT(KEY_SIZE) |
        BIT(KEY_ROOT), CLASS_OPEN, CLASS_SECRET},
    [ACT_NOTICE - ACT_MEETING] = {"notice", BIT(KEY_MEETING), BIT(KEY_TEXT), 0, 0},
    [ACT_OPINION - ACT_MEETING] = {"opinion", BIT(KEY_MEETING) | BIT(KEY_TEXT), BIT(KEY_ITEM), 0, 0},
    [ACT_OPEN - ACT_MEETING] = {"open", BIT(KEY_MEETING), 0, 0, 0},
    [ACT_ATTEND - ACT_MEETING] = {"attend", BIT(KEY_MEETING), 0, 0, 0},
    [ACT_ROLL - ACT_MEETING] = {"roll", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE),
        BIT(KEY_TEXT), ROLL_PRESENT, ROLL_COUNT - 1},
    [ACT_MOTION - ACT_MEETING] = {"motion", BIT(KEY_MEETING) | BIT(KEY_TEXT), BIT(KEY_ITEM), 0, 0},
    [ACT_VOTE - ACT_MEETING] = {"vote", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE), 0,
        CHOICE_AGREE, CHOICE_COUNT - 1},
    [ACT_TALLY - ACT_MEETING] = {"tally", BIT(KEY_MEETING) | BIT(KEY_TARGET), 0, 0, 0},
    [ACT_CLOSE - ACT_MEETING] = {"close", BIT(KEY_MEETING), 0, 0, 0},
    [ACT_MINUTES - ACT_MEETING] = {"minutes", BIT(KEY_MEETING) | BIT(KEY_TEXT) | BIT(KEY_LANGUAGE),
        BIT(KEY_VALUE), 0, ACT_FORM_MAX},
    [ACT_RECEIPT - ACT_MEETING] = {"receipt", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE),
        0, RECEIPT_RECEIVED, RECEIPT_READ},
};
/* clang-format on */

static const struct shape *shape_of(unsigned type)
{
    if (type < ACT_MEETING || type - ACT_MEETING >= sizeof shapes / sizeof shapes[0])
        return NULL;
    return &shapes[type - ACT_MEETING];
}

const char *act_type_name(unsigned type)
{
    const struct shape *s = shape_of(type);
    return s == NULL ? "unknown" : s->name;
}

static bool any(const uint8_t *bytes, size_t size)
{
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++)
        all |= bytes[i];
    return all != 0;
}

/* The place of a text field in the struct, its limit, and whether it must be one line. */
struct text_field {
    const struct span *span;
    size_t bytes_max;
    bool one_line;
};

static struct text_field text_field(const struct act *a, enum key key)
{
    switch (key) {
    case KEY_TITLE:
        return (struct text_field){&a->title, ACT_TITLE_BYTES_MAX, true};
    case KEY_TEXT:
        return (struct text_field){
            &a->text, a->type == ACT_MINUTES ? ACT_MINUTES_BYTES_MAX : ACT_TEXT_BYTES_MAX, false};
    case KEY_FORM:
        return (struct text_field){&a->form, ACT_FORM_BYTES_MAX, true};
    case KEY_WHEN:
        return (struct text_field){&a->when, ACT_TITLE_BYTES_MAX, true};
    case KEY_PLACE:
        return (struct text_field){&a->place, ACT_TITLE_BYTES_MAX, true};
    case KEY_BASIS:
        return (struct text_field){&a->basis, ACT_TITLE_BYTES_MAX, true};
    case KEY_REASON:
        return (struct text_field){&a->reason, ACT_TITLE_BYTES_MAX, true};
    case KEY_NUMBER:
        return (struct text_field){&a->number, ACT_TITLE_BYTES_MAX, true};
    case KEY_MEDIA_TYPE:
        return (struct text_field){&a->media_type, ACT_TITLE_BYTES_MAX, true};
    case KEY_LANGUAGE:
        return (struct text_field){&a->language, 2, true};
    case KEY_MEETING:
    case KEY_TARGET:
    case KEY_ITEM:
    case KEY_VALUE:
    case KEY_CHAIR:
    case KEY_SECRETARY:
    case KEY_AGENDA:
    case KEY_SIZE:
    case KEY_BLOB_KEY:
    case KEY_ROOT:
    case KEYS_END:
        break;
    }
    return (struct text_field){0};
}

static bool present(const struct act *a, enum key key)
{
    switch (key) {
    case KEY_MEETING:
        return any(a->meeting, 32);
    case KEY_TARGET:
        return any(a->target, a->type == ACT_ROLL ? 16 : 32);
    case KEY_ITEM:
        return a->item != 0;
    case KEY_VALUE:
        return a->value != 0;
    case KEY_CHAIR:
        return any(a->chair, 16);
    case KEY_SECRETARY:
        return any(a->secretary, 16);
    case KEY_AGENDA:
        return a->agenda_count > 0;
    case KEY_SIZE:
        return a->size > 0;
    case KEY_BLOB_KEY:
        return any(a->blob_key, 32);
    case KEY_ROOT:
        return any(a->root, 32);
    case KEY_TITLE:
    case KEY_TEXT:
    case KEY_FORM:
    case KEY_WHEN:
    case KEY_PLACE:
    case KEY_BASIS:
    case KEY_REASON:
    case KEY_NUMBER:
    case KEY_MEDIA_TYPE:
    case KEY_LANGUAGE:
        return text_field(a, key).span->size > 0;
    case KEYS_END:
        break;
    }
    return false;
}

static int check_texts(const struct act *a, uint32_t fields)
{
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        struct text_field f = text_field(a, (enum key)key);
        if (f.span == NULL || (fields & BIT(key)) == 0)
            continue;
        if (f.span->size > f.bytes_max)
            return HOP_EFULL;
        if (!utf8_plain(*f.span, f.one_line))
            return HOP_EMALFORMED;
    }
    if ((fields & BIT(KEY_AGENDA)) == 0)
        return HOP_OK;
    if (a->agenda_count > ACT_AGENDA_MAX)
        return HOP_EFULL;
    for (size_t i = 0; i < a->agenda_count; i++) {
        if (a->agenda[i].size > ACT_TITLE_BYTES_MAX)
            return HOP_EFULL;
        if (a->agenda[i].size == 0 || !utf8_plain(a->agenda[i], true))
            return HOP_EMALFORMED;
    }
    return HOP_OK;
}

/* Everything but the class of a document: what a parser, too, must find. */
static int check_fields(const struct act *a, const struct shape *s)
{
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if ((s->required & BIT(key)) != 0 && !present(a, (enum key)key))
            return HOP_EMALFORMED;
    }
    uint32_t fields = s->required | s->optional;
    if ((fields & BIT(KEY_VALUE)) != 0 && (a->value < s->value_min || a->value > s->value_max))
        return HOP_EMALFORMED;
    if ((fields & BIT(KEY_ITEM)) != 0 && a->item > ACT_AGENDA_MAX)
        return HOP_EMALFORMED;
    if (a->type == ACT_DOC) {
        if (a->size > ACT_DOCUMENT_BYTES_MAX)
            return HOP_EFULL;
        if (any(a->root, 32) != (a->size > 0))
            return HOP_EMALFORMED;
    }
    if (a->type == ACT_MINUTES && !span_equal(a->language, span_text("vi")) &&
        !span_equal(a->language, span_text("en")))
        return HOP_EMALFORMED;
    return check_texts(a, fields);
}

int act_check(const struct act *a)
{
    const struct shape *s = shape_of(a->type);
    if (s == NULL)
        return HOP_EMALFORMED;
    int err = check_fields(a, s);
    if (err == HOP_OK && a->type == ACT_DOC && a->value == CLASS_SECRET)
        return HOP_EREFUSED;
    return err;
}

static void put_field(struct wire_writer *w, const struct act *a, enum key key)
{
    switch (key) {
    case KEY_MEETING:
        cbor_put_bytes(w, SPAN(a->meeting, 32));
        break;
    case KEY_TARGET:
        cbor_put_bytes(w, SPAN(a->target, a->type == ACT_ROLL ? 16 : 32));
        break;
    case KEY_ITEM:
        cbor_put_uint(w, a->item);
        break;
    case KEY_VALUE:
        cbor_put_uint(w, a->value);
        break;
    case KEY_CHAIR:
        cbor_put_bytes(w, SPAN(a->chair, 16));
        break;
    case KEY_SECRETARY:
        cbor_put_bytes(w, SPAN(a->secretary, 16));
        break;
    case KEY_AGENDA:
        cbor_put_array(w, a->agenda_count);
        for (size_t i = 0; i < a->agenda_count; i++)
            cbor_put_text(w, a->agenda[i]);
        break;
    case KEY_SIZE:
        cbor_put_uint(w, a->size);
        break;
    case KEY_BLOB_KEY:
        cbor_put_bytes(w, SPAN(a->blob_key, 32));
        break;
    case KEY_ROOT:
        cbor_put_bytes(w, SPAN(a->root, 32));
        break;
    case KEY_TITLE:
    case KEY_TEXT:
    case KEY_FORM:
    case KEY_WHEN:
    case KEY_PLACE:
    case KEY_BASIS:
    case KEY_REASON:
    case KEY_NUMBER:
    case KEY_MEDIA_TYPE:
    case KEY_LANGUAGE:
        cbor_put_text(w, *text_field(a, key).span);
        break;
    case KEYS_END:
        assert(key != KEYS_END); /* the shapes name no key past the last */
        break;
    }
}

int act_put(struct wire_writer *w, const struct act *a)
{
    int err = act_check(a);
    if (err != HOP_OK)
        return err;
    const struct shape *s = shape_of(a->type);
    uint32_t fields = 0;
    size_t count = 0;
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if (((s->required | s->optional) & BIT(key)) == 0 || !present(a, (enum key)key))
            continue;
        fields |= BIT(key);
        count++;
    }
    cbor_put_map(w, count);
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if ((fields & BIT(key)) == 0)
            continue;
        cbor_put_uint(w, key);
        put_field(w, a, (enum key)key);
    }
    return w->bad ? HOP_EFULL : HOP_OK;
}

static uint32_t get_u32(struct wire_reader *r)
{
    uint64_t v = cbor_get_uint(r);
    if (v > UINT32_MAX)
        r->bad = true;
    return r->bad ? 0 : (uint32_t)v;
}

static void get_agenda(struct wire_reader *r, struct act *a)
{
    a->agenda_count = cbor_get_array(r, ACT_AGENDA_MAX);
    for (size_t i = 0; i < a->agenda_count; i++)
        a->agenda[i] = cbor_get_text(r, ACT_TITLE_BYTES_MAX);
}

static void get_text_field(struct wire_reader *r, struct act *a, enum key key)
{
    struct text_field f = text_field(a, key);
    struct span s = cbor_get_text(r, f.bytes_max);
    /* The table names the field by its address in *a, which is ours to change. */
    memcpy((uint8_t *)a + ((const uint8_t *)f.span - (const uint8_t *)a), &s, sizeof s);
}

static void get_field(struct wire_reader *r, struct act *a, enum key key)
{
    switch (key) {
    case KEY_MEETING:
        cbor_get_into(r, a->meeting, 32);
        break;
    case KEY_TARGET:
        cbor_get_into(r, a->target, a->type == ACT_ROLL ? 16 : 32);
        break;
    case KEY_ITEM:
        a->item = get_u32(r);
        break;
    case KEY_VALUE:
        a->value = get_u32(r);
        break;
    case KEY_CHAIR:
        cbor_get_into(r, a->chair, 16);
        break;
    case KEY_SECRETARY:
        cbor_get_into(r, a->secretary, 16);
        break;
    case KEY_AGENDA:
        get_agenda(r, a);
        break;
    case KEY_SIZE:
        a->size = cbor_get_uint(r);
        break;
    case KEY_BLOB_KEY:
        cbor_get_into(r, a->blob_key, 32);
        break;
    case KEY_ROOT:
        cbor_get_into(r, a->root, 32);
        break;
    case KEY_TITLE:
    case KEY_TEXT:
    case KEY_FORM:
    case KEY_WHEN:
    case KEY_PLACE:
    case KEY_BASIS:
    case KEY_REASON:
    case KEY_NUMBER:
    case KEY_MEDIA_TYPE:
    case KEY_LANGUAGE:
        get_text_field(r, a, key);
        break;
    case KEYS_END:
        assert(key != KEYS_END); /* the shapes name no key past the last */
        break;
    }
    /* An empty field is spelled by leaving it out: one value, one spelling. */
    if (!r->bad && !present(a, key))
        r->bad = true;
}

int act_parse(struct act *ret, enum act_type type, struct span body)
{
    const struct shape *s = shape_of(type);
    if (s == NULL || body.size > ACT_BODY_BYTES_MAX)
        return HOP_EMALFORMED;
    struct act a = {.type = type};
    struct wire_reader r = wire_reader(body.data, body.size);
    struct cbor_map m = cbor_get_map(&r);
    while (cbor_next_key(&r, &m)) {
        if (m.key > 0 && m.key < KEYS_END && ((s->required | s->optional) & BIT(m.key)) != 0)
            get_field(&r, &a, (enum key)m.key);
        else
            cbor_skip(&r); /* from a newer version: kept in the record's bytes */
    }
    if (!wire_end(&r) || check_fields(&a, s) != HOP_OK)
        return HOP_EMALFORMED;
    *ret = a;
    return HOP_OK;
}
