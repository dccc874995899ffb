#include "meeting/act.h"

#include <assert.h>
#include <stddef.h>

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
    KEY_PERSON,
    KEY_SITE,
    KEY_GROUP,
    KEY_PARENT,
    KEY_FLAGS,
    KEY_PEOPLE,
    KEY_COUNTS,
    KEY_PROOF,
    KEY_SEALED,
    KEYS_END
};

#define BIT(key) (UINT32_C(1) << (key))

/* What a field is: where it lies in struct act, how it is spelled, and its limit. */
enum kind {
    KIND_BYTES,
    KIND_UINT,
    KIND_SIZE,
    KIND_LINE,
    KIND_TEXT,
    KIND_SEALED,
    KIND_AGENDA,
    KIND_PEOPLE,
    KIND_COUNTS
};
struct field {
    enum kind kind;
    size_t at;
    size_t max; /* bytes; of a number the greatest */
};

/* clang-format off */
static const struct field fields[KEYS_END] = {
    [KEY_MEETING]    = {KIND_BYTES, offsetof(struct act, meeting), 32},
    [KEY_TARGET]     = {KIND_BYTES, offsetof(struct act, target), 32},
    [KEY_ITEM]       = {KIND_UINT, offsetof(struct act, item), ACT_AGENDA_MAX},
    [KEY_VALUE]      = {KIND_UINT, offsetof(struct act, value), UINT32_MAX},
    [KEY_TITLE]      = {KIND_LINE, offsetof(struct act, title), ACT_TITLE_BYTES_MAX},
    [KEY_TEXT]       = {KIND_TEXT, offsetof(struct act, text), ACT_TEXT_BYTES_MAX},
    [KEY_FORM]       = {KIND_LINE, offsetof(struct act, form), ACT_FORM_BYTES_MAX},
    [KEY_WHEN]       = {KIND_LINE, offsetof(struct act, when), ACT_TITLE_BYTES_MAX},
    [KEY_PLACE]      = {KIND_LINE, offsetof(struct act, place), ACT_TITLE_BYTES_MAX},
    [KEY_BASIS]      = {KIND_LINE, offsetof(struct act, basis), ACT_TITLE_BYTES_MAX},
    [KEY_REASON]     = {KIND_LINE, offsetof(struct act, reason), ACT_TITLE_BYTES_MAX},
    [KEY_CHAIR]      = {KIND_BYTES, offsetof(struct act, chair), 16},
    [KEY_SECRETARY]  = {KIND_BYTES, offsetof(struct act, secretary), 16},
    [KEY_AGENDA]     = {KIND_AGENDA, 0, ACT_TITLE_BYTES_MAX},
    [KEY_NUMBER]     = {KIND_LINE, offsetof(struct act, number), ACT_TITLE_BYTES_MAX},
    [KEY_MEDIA_TYPE] = {KIND_LINE, offsetof(struct act, media_type), ACT_TITLE_BYTES_MAX},
    [KEY_SIZE]       = {KIND_SIZE, offsetof(struct act, size), 0},
    [KEY_BLOB_KEY]   = {KIND_BYTES, offsetof(struct act, blob_key), 32},
    [KEY_ROOT]       = {KIND_BYTES, offsetof(struct act, root), 32},
    [KEY_LANGUAGE]   = {KIND_LINE, offsetof(struct act, language), 2},
    [KEY_PERSON]     = {KIND_BYTES, offsetof(struct act, person), 16},
    [KEY_SITE]       = {KIND_BYTES, offsetof(struct act, site), 32},
    [KEY_GROUP]      = {KIND_BYTES, offsetof(struct act, group), 16},
    [KEY_PARENT]     = {KIND_BYTES, offsetof(struct act, parent), 32},
    [KEY_FLAGS]      = {KIND_UINT, offsetof(struct act, flags), FLAG_PRACTICE | FLAG_URGENT},
    [KEY_PEOPLE]     = {KIND_PEOPLE, 0, ACT_PEOPLE_MAX},
    [KEY_COUNTS]     = {KIND_COUNTS, 0, ACT_COUNTS_MAX},
    [KEY_PROOF]      = {KIND_BYTES, offsetof(struct act, proof), 64},
    [KEY_SEALED]     = {KIND_SEALED, offsetof(struct act, sealed), ACT_SEALED_BYTES_MAX},
};

/* Which fields an act must have, and which it may have; the limits of value, and of each person's. */
struct shape {
    const char *name;
    uint32_t required, optional;
    uint32_t value_min, value_max;
    uint8_t person_max;
};

static const struct shape shapes[] = {
    [0] = {"meeting", BIT(KEY_TITLE) | BIT(KEY_FORM),
        BIT(KEY_WHEN) | BIT(KEY_PLACE) | BIT(KEY_BASIS) | BIT(KEY_REASON) | BIT(KEY_CHAIR) |
        BIT(KEY_SECRETARY) | BIT(KEY_AGENDA) | BIT(KEY_GROUP) | BIT(KEY_PARENT) | BIT(KEY_FLAGS) |
        BIT(KEY_PEOPLE), 0, 0, 0},
#define ROW(type) [type - ACT_MEETING]
    ROW(ACT_DOC) = {"document", BIT(KEY_MEETING) | BIT(KEY_TITLE) | BIT(KEY_BLOB_KEY),
        BIT(KEY_ITEM) | BIT(KEY_VALUE) | BIT(KEY_NUMBER) | BIT(KEY_MEDIA_TYPE) | BIT(KEY_SIZE) |
        BIT(KEY_ROOT) | BIT(KEY_TARGET), CLASS_OPEN, CLASS_SECRET, 0},
    ROW(ACT_NOTICE) = {"notice", BIT(KEY_MEETING), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_OPINION) = {"opinion", BIT(KEY_MEETING) | BIT(KEY_TEXT), BIT(KEY_ITEM) | BIT(KEY_SITE) | BIT(KEY_PERSON), 0, 0, 0},
    ROW(ACT_OPEN) = {"open", BIT(KEY_MEETING), 0, 0, 0, 0},
    ROW(ACT_ATTEND) = {"attend", BIT(KEY_MEETING), 0, 0, 0, 0},
    ROW(ACT_ROLL) = {"roll", BIT(KEY_MEETING) | BIT(KEY_PERSON) | BIT(KEY_VALUE), BIT(KEY_TEXT),
        ROLL_PRESENT, ROLL_COUNT - 1, 0},
    ROW(ACT_MOTION) = {"motion", BIT(KEY_MEETING) | BIT(KEY_TEXT),
        BIT(KEY_ITEM) | BIT(KEY_TARGET) | BIT(KEY_FORM), 0, 0, 0},
    ROW(ACT_VOTE) = {"vote", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE), 0,
        CHOICE_AGREE, CHOICE_COUNT - 1, 0},
    ROW(ACT_TALLY) = {"tally", BIT(KEY_MEETING) | BIT(KEY_TARGET), 0, 0, 0, 0},
    ROW(ACT_CLOSE) = {"close", BIT(KEY_MEETING), 0, 0, 0, 0},
    ROW(ACT_MINUTES) = {"minutes", BIT(KEY_MEETING) | BIT(KEY_TEXT) | BIT(KEY_LANGUAGE),
        BIT(KEY_VALUE), 0, ACT_FORM_MAX, 0},
    ROW(ACT_RECEIPT) = {"receipt", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE), 0,
        RECEIPT_RECEIVED, RECEIPT_READ, 0},
    ROW(ACT_EXCUSE) = {"excuse", BIT(KEY_MEETING) | BIT(KEY_VALUE), BIT(KEY_TEXT), 1, 2, 0},
    ROW(ACT_REMIND) = {"reminder", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_PEOPLE), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_SITE) = {"site", BIT(KEY_MEETING) | BIT(KEY_TITLE) | BIT(KEY_PERSON), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_PIN) = {"pin", BIT(KEY_TARGET), 0, 0, 0, 0},
    ROW(ACT_SITE_ROLL) = {"site roll", BIT(KEY_MEETING) | BIT(KEY_SITE) | BIT(KEY_PEOPLE), BIT(KEY_PROOF) | BIT(KEY_TEXT),
        0, 0, ROLL_COUNT - 1},
    ROW(ACT_CHECK) = {"roll check", BIT(KEY_MEETING), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_PAUSE) = {"break", BIT(KEY_MEETING) | BIT(KEY_VALUE), BIT(KEY_TEXT), 1, 2, 0},
    ROW(ACT_ITEM) = {"item", BIT(KEY_MEETING) | BIT(KEY_ITEM), 0, 0, 0, 0},
    ROW(ACT_FLOOR) = {"floor", BIT(KEY_MEETING) | BIT(KEY_VALUE), BIT(KEY_ITEM) | BIT(KEY_TEXT) | BIT(KEY_PERSON),
        FLOOR_ASK, FLOOR_WITHDRAW, 0},
    ROW(ACT_GIVE) = {"turn", BIT(KEY_MEETING) | BIT(KEY_PERSON), BIT(KEY_VALUE) | BIT(KEY_ITEM), 0, 24 * 60, 0},
    ROW(ACT_CONCLUSION) = {"conclusion", BIT(KEY_MEETING) | BIT(KEY_TEXT), BIT(KEY_ITEM), 0, 0, 0},
    ROW(ACT_WITHDRAW) = {"withdrawal", BIT(KEY_MEETING) | BIT(KEY_TARGET), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_HANDS) = {"hands", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_PEOPLE), BIT(KEY_SITE), 0, 0, CHOICE_COUNT - 1},
    ROW(ACT_PAPER) = {"paper count", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_PEOPLE) | BIT(KEY_COUNTS), BIT(KEY_TEXT),
        0, 0, 0},
    ROW(ACT_CHAIR) = {"chair", BIT(KEY_MEETING) | BIT(KEY_PERSON) | BIT(KEY_VALUE), BIT(KEY_TEXT), 1, 2, 0},
    ROW(ACT_PRIVATE) = {"private words", BIT(KEY_SEALED), 0, 0, 0, 0},
    ROW(ACT_REPORT) = {"report", BIT(KEY_TEXT), BIT(KEY_MEETING) | BIT(KEY_FLAGS) | BIT(KEY_PLACE) | BIT(KEY_COUNTS) |
        BIT(KEY_VALUE), 0, 255, 0},
    ROW(ACT_SETTLE) = {"settlement", BIT(KEY_MEETING) | BIT(KEY_TARGET), BIT(KEY_TEXT) | BIT(KEY_PARENT), 0, 0, 0},
    ROW(ACT_EXCEPTION) = {"exception", BIT(KEY_MEETING) | BIT(KEY_TEXT), BIT(KEY_BASIS), 0, 0, 0},
    ROW(ACT_READ_BACK) = {"reading", BIT(KEY_MEETING) | BIT(KEY_TARGET), 0, 0, 0, 0},
    ROW(ACT_CORRECTION) = {"correction", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_TEXT), 0, 0, 0, 0},
    ROW(ACT_CORRECTED) = {"answer", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE), BIT(KEY_TEXT), 1, 2, 0},
    ROW(ACT_SIGN) = {"signature", BIT(KEY_MEETING) | BIT(KEY_TARGET), 0, 0, 0, 0},
    ROW(ACT_SUPPLEMENT) = {"supplement", BIT(KEY_MEETING) | BIT(KEY_TEXT) | BIT(KEY_LANGUAGE), BIT(KEY_VALUE), 0, ACT_FORM_MAX, 0},
    ROW(ACT_RESOLUTION) = {"resolution", BIT(KEY_MEETING) | BIT(KEY_TITLE) | BIT(KEY_NUMBER) | BIT(KEY_TEXT), BIT(KEY_TARGET), 0, 0, 0},
    ROW(ACT_RESERVE) = {"reserved opinion", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_TEXT), 0, 0, 0, 0},
    ROW(ACT_TASK) = {"task", BIT(KEY_MEETING) | BIT(KEY_PERSON) | BIT(KEY_TEXT), BIT(KEY_WHEN) | BIT(KEY_ITEM), 0, 0, 0},
    ROW(ACT_TASK_STATE) = {"task state", BIT(KEY_MEETING) | BIT(KEY_TARGET) | BIT(KEY_VALUE), BIT(KEY_TEXT), TASK_OPEN, TASK_STATES_END - 1, 0},
    ROW(ACT_NOT_HELD) = {"not held", BIT(KEY_TITLE) | BIT(KEY_TEXT), BIT(KEY_FORM), 0, 0, 0},
    ROW(ACT_SCORE) = {"score", BIT(KEY_MEETING) | BIT(KEY_COUNTS), BIT(KEY_TEXT), 0, 0, 0},
    ROW(ACT_REPLY) = {"reply", BIT(KEY_MEETING) | BIT(KEY_VALUE), BIT(KEY_TEXT), REPLY_AGREE, REPLY_COUNT - 1, 0},
    ROW(ACT_CASCADE) = {"return of a group", BIT(KEY_MEETING) | BIT(KEY_GROUP) | BIT(KEY_PEOPLE), BIT(KEY_TEXT) | BIT(KEY_COUNTS), 0, 0, ROLL_COUNT - 1},
    ROW(ACT_STEP) = {"step", BIT(KEY_MEETING) | BIT(KEY_ITEM), BIT(KEY_TEXT), 0, 0, 0},
#undef ROW
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

bool act_needs_title(unsigned type)
{
    const struct shape *s = shape_of(type);
    return s != NULL && (s->required & BIT(KEY_TITLE)) != 0;
}

bool act_needs_text(unsigned type)
{
    const struct shape *s = shape_of(type);
    return s != NULL && (s->required & BIT(KEY_TEXT)) != 0;
}

const uint8_t *act_person(const struct act_people *p, size_t index, uint8_t *ret_value)
{
    assert(index < p->count);
    const uint8_t *at = p->bytes + index * ACT_PERSON_BYTES;
    *ret_value = at[16];
    return at;
}

/* ---- fields of the struct, by their place ---- */

static const uint8_t *at(const struct act *a, const struct field *f)
{
    return (const uint8_t *)a + f->at;
}

static struct span span_at(const struct act *a, const struct field *f)
{
    struct span s;
    memcpy(&s, at(a, f), sizeof s);
    return s;
}

static uint64_t number_at(const struct act *a, const struct field *f)
{
    uint32_t v;
    uint64_t size;
    memcpy(&v, at(a, f), sizeof v);
    memcpy(&size, at(a, f), f->kind == KIND_SIZE ? sizeof size : 0);
    return f->kind == KIND_SIZE ? size : v;
}

static bool any(const uint8_t *bytes, size_t size)
{
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++)
        all |= bytes[i];
    return all != 0;
}

static bool present(const struct act *a, const struct field *f)
{
    switch (f->kind) {
    case KIND_BYTES:
        return any(at(a, f), f->max);
    case KIND_UINT:
    case KIND_SIZE:
        return number_at(a, f) != 0;
    case KIND_LINE:
    case KIND_TEXT:
    case KIND_SEALED:
        return span_at(a, f).size > 0;
    case KIND_AGENDA:
        return a->agenda_count > 0;
    case KIND_PEOPLE:
        return a->people.count > 0;
    case KIND_COUNTS:
        return a->counts_count > 0;
    }
    return false;
}

/* ---- checking ---- */

/* Minutes are the one long text. */
static size_t text_max(const struct act *a, const struct field *f)
{
    bool minutes = a->type == ACT_MINUTES || a->type == ACT_SUPPLEMENT;
    return f->kind == KIND_TEXT && minutes ? ACT_MINUTES_BYTES_MAX : f->max;
}

static int check_text(struct span s, size_t max, bool one_line)
{
    if (s.size > max)
        return HOP_EFULL;
    return utf8_plain(s, one_line) ? HOP_OK : HOP_EMALFORMED;
}

static int check_agenda(const struct act *a)
{
    if (a->agenda_count > ACT_AGENDA_MAX)
        return HOP_EFULL;
    for (size_t i = 0; i < a->agenda_count; i++) {
        int err = check_text(a->agenda[i], ACT_TITLE_BYTES_MAX, true);
        if (err != HOP_OK || a->agenda[i].size == 0)
            return err != HOP_OK ? err : HOP_EMALFORMED;
    }
    return HOP_OK;
}

static int check_people(const struct act *a, const struct shape *s)
{
    if (a->people.count > ACT_PEOPLE_MAX)
        return HOP_EFULL;
    for (size_t i = 0; i < a->people.count; i++) {
        uint8_t value, before;
        const uint8_t *id = act_person(&a->people, i, &value);
        if (value > s->person_max || (s->person_max > 0 && value == 0))
            return HOP_EMALFORMED;
        if (i > 0 && memcmp(act_person(&a->people, i - 1, &before), id, 16) >= 0)
            return HOP_EMALFORMED;
    }
    return HOP_OK;
}

static int check_field(const struct act *a, const struct shape *s, const struct field *f)
{
    switch (f->kind) {
    case KIND_UINT:
        return number_at(a, f) <= f->max ? HOP_OK : HOP_EMALFORMED;
    case KIND_LINE:
    case KIND_TEXT:
        return check_text(span_at(a, f), text_max(a, f), f->kind == KIND_LINE);
    case KIND_SEALED:
        return span_at(a, f).size <= f->max ? HOP_OK : HOP_EFULL;
    case KIND_AGENDA:
        return check_agenda(a);
    case KIND_PEOPLE:
        return check_people(a, s);
    case KIND_COUNTS:
        return a->counts_count <= ACT_COUNTS_MAX ? HOP_OK : HOP_EFULL;
    case KIND_BYTES:
    case KIND_SIZE:
        break;
    }
    return HOP_OK;
}

/* What one type asks beyond its shape. */
static int check_type(const struct act *a)
{
    if (a->type == ACT_DOC) {
        if (a->size > ACT_DOCUMENT_BYTES_MAX)
            return HOP_EFULL;
        if (any(a->root, 32) != (a->size > 0))
            return HOP_EMALFORMED;
    }
    if ((a->type == ACT_MINUTES || a->type == ACT_SUPPLEMENT) &&
        !span_equal(a->language, span_text("vi")) && !span_equal(a->language, span_text("en")))
        return HOP_EMALFORMED;
    if (a->type == ACT_PAPER && a->counts_count != PAPER_COUNTS)
        return HOP_EMALFORMED;
    if (a->type == ACT_SITE_ROLL && any(a->proof, sizeof a->proof) && a->people.count != 1)
        return HOP_EMALFORMED;
    return HOP_OK;
}

/* Everything but the class of a document: what a parser, too, must find. */
static int check_fields(const struct act *a, const struct shape *s)
{
    uint32_t all = s->required | s->optional;
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if ((s->required & BIT(key)) != 0 && !present(a, &fields[key]) &&
            !(key == KEY_VALUE && s->value_min == 0))
            return HOP_EMALFORMED;
        int err = (all & BIT(key)) == 0 ? HOP_OK : check_field(a, s, &fields[key]);
        if (err != HOP_OK)
            return err;
    }
    if ((all & BIT(KEY_VALUE)) != 0 && (a->value < s->value_min || a->value > s->value_max))
        return HOP_EMALFORMED;
    return check_type(a);
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

/* ---- writing ---- */

static void put_field(struct wire_writer *w, const struct act *a, const struct field *f)
{
    switch (f->kind) {
    case KIND_BYTES:
        cbor_put_bytes(w, SPAN(at(a, f), f->max));
        break;
    case KIND_UINT:
    case KIND_SIZE:
        cbor_put_uint(w, number_at(a, f));
        break;
    case KIND_LINE:
    case KIND_TEXT:
        cbor_put_text(w, span_at(a, f));
        break;
    case KIND_SEALED:
        cbor_put_bytes(w, span_at(a, f));
        break;
    case KIND_AGENDA:
        cbor_put_array(w, a->agenda_count);
        for (size_t i = 0; i < a->agenda_count; i++)
            cbor_put_text(w, a->agenda[i]);
        break;
    case KIND_PEOPLE:
        cbor_put_bytes(w, SPAN(a->people.bytes, a->people.count * ACT_PERSON_BYTES));
        break;
    case KIND_COUNTS:
        cbor_put_array(w, a->counts_count);
        for (size_t i = 0; i < a->counts_count; i++)
            cbor_put_uint(w, a->counts[i]);
        break;
    }
}

int act_put(struct wire_writer *w, const struct act *a)
{
    int err = act_check(a);
    if (err != HOP_OK)
        return err;
    const struct shape *s = shape_of(a->type);
    uint32_t written = 0;
    size_t count = 0;
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if (((s->required | s->optional) & BIT(key)) == 0 || !present(a, &fields[key]))
            continue;
        written |= BIT(key);
        count++;
    }
    cbor_put_map(w, count);
    for (unsigned key = KEY_MEETING; key < KEYS_END; key++) {
        if ((written & BIT(key)) == 0)
            continue;
        cbor_put_uint(w, key);
        put_field(w, a, &fields[key]);
    }
    return w->bad ? HOP_EFULL : HOP_OK;
}

/* ---- reading ---- */

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

static void get_people(struct wire_reader *r, struct act *a)
{
    struct span s = cbor_get_bytes(r, (size_t)ACT_PEOPLE_MAX * ACT_PERSON_BYTES);
    if (s.size % ACT_PERSON_BYTES != 0)
        r->bad = true;
    if (!r->bad)
        a->people = (struct act_people){s.data, s.size / ACT_PERSON_BYTES};
}

static void get_counts(struct wire_reader *r, struct act *a)
{
    a->counts_count = cbor_get_array(r, ACT_COUNTS_MAX);
    for (size_t i = 0; i < a->counts_count; i++)
        a->counts[i] = get_u32(r);
}

static void get_field(struct wire_reader *r, struct act *a, const struct field *f)
{
    uint8_t *to = (uint8_t *)a + f->at;
    struct span s;
    uint64_t size;
    uint32_t v;
    switch (f->kind) {
    case KIND_BYTES:
        cbor_get_into(r, to, f->max);
        break;
    case KIND_UINT:
        v = get_u32(r);
        memcpy(to, &v, sizeof v);
        break;
    case KIND_SIZE:
        size = cbor_get_uint(r);
        memcpy(to, &size, sizeof size);
        break;
    case KIND_LINE:
    case KIND_TEXT:
        s = cbor_get_text(r, text_max(a, f));
        memcpy(to, &s, sizeof s);
        break;
    case KIND_SEALED:
        s = cbor_get_bytes(r, f->max);
        memcpy(to, &s, sizeof s);
        break;
    case KIND_AGENDA:
        get_agenda(r, a);
        break;
    case KIND_PEOPLE:
        get_people(r, a);
        break;
    case KIND_COUNTS:
        get_counts(r, a);
        break;
    }
    /* An empty field is spelled by leaving it out: one value, one spelling. */
    if (!r->bad && !present(a, f))
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
            get_field(&r, &a, &fields[m.key]);
        else
            cbor_skip(&r); /* from a newer version: kept in the record's bytes */
    }
    if (!wire_end(&r) || check_fields(&a, s) != HOP_OK)
        return HOP_EMALFORMED;
    *ret = a;
    return HOP_OK;
}
