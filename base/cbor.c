#include "base/cbor.h"

enum major { UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct head {
    enum major major;
    uint64_t value;
};

static struct head get_head(struct wire_reader *r)
{
    uint8_t first = wire_get_u8(r);
    struct head h = {.major = (enum major)(first >> 5)};
    unsigned low = first & 31;
    uint64_t least = 0; /* smaller values have a shorter form */
    switch (low) {
    case 24:
        h.value = wire_get_u8(r);
        least = 24;
        break;
    case 25:
        h.value = wire_get_u16(r);
        least = UINT64_C(1) << 8;
        break;
    case 26:
        h.value = wire_get_u32(r);
        least = UINT64_C(1) << 16;
        break;
    case 27:
        h.value = wire_get_u64(r);
        least = UINT64_C(1) << 32;
        break;
    default:
        h.value = low;
        if (low > 24)
            r->bad = true;
        break;
    }
    if (h.value < least || h.major == TAG)
        r->bad = true;
    if (r->bad)
        return (struct head){0};
    return h;
}

static uint64_t get_of(struct wire_reader *r, enum major major)
{
    struct head h = get_head(r);
    if (h.major != major)
        r->bad = true;
    return r->bad ? 0 : h.value;
}

uint64_t cbor_get_uint(struct wire_reader *r)
{
    return get_of(r, UINT);
}

int64_t cbor_get_int(struct wire_reader *r)
{
    struct head h = get_head(r);
    if (h.major > NINT || h.value > INT64_MAX)
        r->bad = true;
    if (r->bad)
        return 0;
    return h.major == UINT ? (int64_t)h.value : -1 - (int64_t)h.value;
}

bool cbor_get_bool(struct wire_reader *r)
{
    uint64_t v = get_of(r, SIMPLE);
    if (v != 20 && v != 21)
        r->bad = true;
    return v == 21;
}

static struct span get_string(struct wire_reader *r, enum major major, size_t max_size)
{
    uint64_t size = get_of(r, major);
    if (size > max_size)
        r->bad = true;
    return wire_get_bytes(r, r->bad ? 0 : (size_t)size);
}

struct span cbor_get_bytes(struct wire_reader *r, size_t max_size)
{
    return get_string(r, BYTES, max_size);
}

struct span cbor_get_text(struct wire_reader *r, size_t max_size)
{
    struct span s = get_string(r, TEXT, max_size);
    if (!utf8_valid(s))
        r->bad = true;
    if (r->bad)
        return (struct span){0};
    return s;
}

void cbor_get_into(struct wire_reader *r, uint8_t *ret, size_t size)
{
    struct span s = get_string(r, BYTES, size);
    if (s.size != size)
        r->bad = true;
    if (r->bad)
        memset(ret, 0, size);
    else if (size > 0)
        memcpy(ret, s.data, size);
}

size_t cbor_get_array(struct wire_reader *r, size_t max_count)
{
    uint64_t count = get_of(r, ARRAY);
    if (count > max_count || count > r->left) /* each item is at least one byte */
        r->bad = true;
    return r->bad ? 0 : (size_t)count;
}

struct cbor_map cbor_get_map(struct wire_reader *r)
{
    uint64_t count = get_of(r, MAP);
    if (count > r->left / 2)
        r->bad = true;
    return (struct cbor_map){.left = r->bad ? 0 : count};
}

bool cbor_next_key(struct wire_reader *r, struct cbor_map *m)
{
    if (r->bad || m->left == 0)
        return false;
    uint64_t key = cbor_get_uint(r);
    if (m->started && key <= m->key)
        r->bad = true;
    m->started = true;
    m->key = key;
    m->left--;
    return !r->bad;
}

static void skip_at(struct wire_reader *r, unsigned depth)
{
    struct head h = get_head(r);
    if (r->bad)
        return;
    switch (h.major) {
    case UINT:
    case NINT:
        return;
    case BYTES:
        (void)wire_get_bytes(r, h.value > SIZE_MAX ? SIZE_MAX : (size_t)h.value);
        return;
    case TEXT:
        if (!utf8_valid(wire_get_bytes(r, h.value > SIZE_MAX ? SIZE_MAX : (size_t)h.value)))
            r->bad = true;
        return;
    case ARRAY:
        if (depth == CBOR_DEPTH_MAX || h.value > r->left)
            r->bad = true;
        for (uint64_t i = 0; i < h.value && !r->bad; i++)
            skip_at(r, depth + 1);
        return;
    case MAP: {
        if (depth == CBOR_DEPTH_MAX || h.value > r->left / 2)
            r->bad = true;
        struct cbor_map m = {.left = h.value};
        while (cbor_next_key(r, &m))
            skip_at(r, depth + 1);
        return;
    }
    case TAG:
        r->bad = true;
        return;
    case SIMPLE:
        if (h.value < 20 || h.value > 22)
            r->bad = true;
        return;
    }
}

void cbor_skip(struct wire_reader *r)
{
    skip_at(r, 0);
}

static void put_head(struct wire_writer *w, enum major major, uint64_t v)
{
    uint8_t top = (uint8_t)((unsigned)major << 5);
    if (v < 24) {
        wire_put_u8(w, (uint8_t)(top | v));
    } else if (v <= UINT8_MAX) {
        wire_put_u8(w, top | 24);
        wire_put_u8(w, (uint8_t)v);
    } else if (v <= UINT16_MAX) {
        wire_put_u8(w, top | 25);
        wire_put_u16(w, (uint16_t)v);
    } else if (v <= UINT32_MAX) {
        wire_put_u8(w, top | 26);
        wire_put_u32(w, (uint32_t)v);
    } else {
        wire_put_u8(w, top | 27);
        wire_put_u64(w, v);
    }
}

void cbor_put_uint(struct wire_writer *w, uint64_t v)
{
    put_head(w, UINT, v);
}

void cbor_put_int(struct wire_writer *w, int64_t v)
{
    if (v >= 0)
        put_head(w, UINT, (uint64_t)v);
    else
        put_head(w, NINT, (uint64_t)(-1 - v));
}

void cbor_put_bool(struct wire_writer *w, bool v)
{
    put_head(w, SIMPLE, v ? 21 : 20);
}

void cbor_put_bytes(struct wire_writer *w, struct span s)
{
    put_head(w, BYTES, s.size);
    wire_put_bytes(w, s.data, s.size);
}

void cbor_put_text(struct wire_writer *w, struct span s)
{
    if (!utf8_valid(s))
        w->bad = true;
    put_head(w, TEXT, s.size);
    wire_put_bytes(w, s.data, s.size);
}

void cbor_put_array(struct wire_writer *w, size_t count)
{
    put_head(w, ARRAY, count);
}

void cbor_put_map(struct wire_writer *w, size_t count)
{
    put_head(w, MAP, count);
}

/* The length of the sequence a first byte announces, or 0; low and high bound the second byte
 * (RFC 3629 §4), which is what forbids overlong forms and surrogates. */
static size_t utf8_sequence(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first >= 0x01 && first <= 0x7f)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef) {
        *low = first == 0xe0 ? 0xa0 : 0x80;
        *high = first == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *low = first == 0xf0 ? 0x90 : 0x80;
        *high = first == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

/* The size of the valid character at p, of which left bytes are there, or 0. */
static inline size_t utf8_character(const uint8_t *p, size_t left)
{
    uint8_t low, high;
    size_t n = utf8_sequence(p[0], &low, &high);
    if (n == 0 || n > left)
        return 0;
    for (size_t k = 1; k < n; k++) {
        if (p[k] < (k == 1 ? low : 0x80) || p[k] > (k == 1 ? high : 0xbf))
            return 0;
    }
    return n;
}

/* Visible ASCII and space: what most bytes of most texts are, and every body is read through. */
static inline bool is_visible(uint8_t c)
{
    return c >= 0x20 && c < 0x7f;
}

bool utf8_valid(struct span s)
{
    for (size_t i = 0; i < s.size;) {
        size_t n = is_visible(s.data[i]) ? 1 : utf8_character(s.data + i, s.size - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* Of two bytes: U+0080 to U+009F. Of three: U+2028 to U+202E, U+2066 to U+2069. */
static bool hidden(const uint8_t *p, size_t size)
{
    if (size == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (size != 3 || p[0] != 0xe2)
        return false;
    return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
           (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

bool utf8_plain(struct span s, bool one_line)
{
    for (size_t i = 0; i < s.size;) {
        uint8_t c = s.data[i];
        if (is_visible(c)) {
            i++;
            continue;
        }
        bool space = c == '\n' || c == '\r' || c == '\t';
        size_t n = utf8_character(s.data + i, s.size - i);
        if (n == 0 || c == 0x7f || (c < 0x20 && (one_line || !space)) || hidden(s.data + i, n))
            return false;
        i += n;
    }
    return true;
}
