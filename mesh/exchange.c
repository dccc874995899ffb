#include "mesh/exchange.h"

#include <assert.h>

#include "mesh/frame.h"

#define BIT_EAGER  0x80u /* of the high byte of a SKETCH's number, and of LIST's bits */
#define BIT_ROOTED 0x40u
#define BIT_ALL    0x40u
#define LIST_SHIFT 0x3fu
#define SHIFT_MAX  20u /* of numbers in a LIST: a million records is their scale, at most */
#define SMALL_MAX  (UINT32_C(1) << 21) /* three bytes of seven bits */
#define SEQ_BITS   54                  /* FRAME_SEQ_MAX */

/* ---- small numbers: seven bits a byte, the low ones first, 0x80 if more follow ---- */

static void small_put(struct wire_writer *w, uint32_t v)
{
    assert(v < SMALL_MAX);
    for (; v >= 0x80; v >>= 7)
        wire_put_u8(w, (uint8_t)(v | 0x80));
    wire_put_u8(w, (uint8_t)v);
}

static uint32_t small_get(struct wire_reader *r, uint32_t max)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 21; shift += 7) {
        unsigned byte = wire_get_u8(r);
        v |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0)
            continue;
        if ((byte == 0 && shift > 0) || v > max)
            break; /* a longer spelling than needed, or too much */
        return v;
    }
    r->bad = true;
    return 0;
}

/* ---- SKETCH, NEXT ---- */

static const uint8_t *syndromes_get(struct wire_reader *r, size_t max, size_t *ret_count)
{
    *ret_count = r->left / 2;
    if (r->left % 2 != 0 || *ret_count > max) {
        r->bad = true;
        return NULL;
    }
    return wire_get_bytes(r, r->left).data;
}

void frame_sketch_put(struct wire_writer *w, const struct frame_sketch *f)
{
    assert(f->number < EXCHANGE_NUMBERS && f->count <= SKETCH_SYNDROMES_MAX);
    unsigned bits = (f->eager ? BIT_EAGER : 0) | (f->rooted ? BIT_ROOTED : 0);
    wire_put_u8(w, FRAME_SKETCH);
    wire_put_u16(w, (uint16_t)(f->number | bits << 8));
    small_put(w, f->logs);
    if (f->rooted)
        wire_put_bytes(w, f->root, sizeof f->root);
    wire_put_bytes(w, f->syndromes, 2 * f->count);
}

int frame_sketch_parse(struct frame_sketch *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r), number = wire_get_u16(&r);
    *ret = (struct frame_sketch){.number = number & (EXCHANGE_NUMBERS - 1)};
    ret->eager = (number & BIT_EAGER << 8) != 0;
    ret->rooted = (number & BIT_ROOTED << 8) != 0;
    ret->logs = small_get(&r, SMALL_MAX);
    if (ret->rooted)
        wire_get_into(&r, ret->root, sizeof ret->root);
    ret->syndromes = syndromes_get(&r, SKETCH_SYNDROMES_MAX, &ret->count);
    return wire_end(&r) && type == FRAME_SKETCH ? HOP_OK : HOP_EMALFORMED;
}

void frame_next_put(struct wire_writer *w, const struct frame_next *f)
{
    assert(f->first >= 1 && f->count >= 1 && f->first + f->count <= SKETCH_SYNDROMES_MAX);
    wire_put_u8(w, FRAME_NEXT);
    wire_put_u8(w, f->number);
    small_put(w, (uint32_t)f->first);
    wire_put_bytes(w, f->syndromes, 2 * f->count);
}

int frame_next_parse(struct frame_next *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->number = wire_get_u8(&r);
    ret->first = small_get(&r, SKETCH_SYNDROMES_MAX - 1);
    ret->syndromes = syndromes_get(&r, SKETCH_SYNDROMES_MAX - ret->first, &ret->count);
    if (!wire_end(&r) || type != FRAME_NEXT || ret->first == 0 || ret->count == 0)
        return HOP_EMALFORMED;
    return HOP_OK;
}

/* ---- MORE ---- */

void frame_more_put(struct wire_writer *w, const struct frame_more *f)
{
    assert(f->want <= SKETCH_SYNDROMES_MAX);
    wire_put_u8(w, FRAME_MORE);
    wire_put_u8(w, f->number);
    small_put(w, (uint32_t)f->want);
}

int frame_more_parse(struct frame_more *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->number = wire_get_u8(&r);
    ret->want = small_get(&r, SKETCH_SYNDROMES_MAX);
    return wire_end(&r) && type == FRAME_MORE ? HOP_OK : HOP_EMALFORMED;
}

/* ---- LIST: positions as gaps in a Rice code, numbers in an exponential Golomb code ----
 *
 * Positions are hashes, so gaps between sorted ones are geometric, for which Rice's code is within
 * a twentieth of a bit of the best: log2(65535/n) + 1.5 bits instead of 16. Numbers are whatever
 * they are; the sender picks the shift that makes them shortest. */

struct bits {
    struct wire_writer *w; /* or */
    struct wire_reader *r;
    unsigned byte, used; /* writing: bits of byte in use; reading: bits of byte left */
};

static void bits_put(struct bits *b, uint64_t v, unsigned n)
{
    while (n-- > 0) {
        b->byte = b->byte << 1 | (unsigned)(v >> n & 1);
        if (++b->used < 8)
            continue;
        wire_put_u8(b->w, (uint8_t)b->byte);
        b->byte = b->used = 0;
    }
}

static uint64_t bits_get(struct bits *b, unsigned n)
{
    uint64_t v = 0;
    while (n-- > 0) {
        if (b->used == 0) {
            b->byte = wire_get_u8(b->r);
            b->used = 8;
        }
        v = v << 1 | (b->byte >> --b->used & 1);
    }
    return v;
}

/* Ones, and a zero; at most max ones, or the reader is bad. */
static unsigned unary_get(struct bits *b, unsigned max)
{
    unsigned n = 0;
    while (!b->r->bad && bits_get(b, 1) == 1) {
        if (++n > max)
            b->r->bad = true;
    }
    return n;
}

static unsigned width(uint64_t v) /* bits of v > 0, without the leading one */
{
    unsigned n = 0;
    while ((v >>= 1) != 0)
        n++;
    return n;
}

static unsigned gap_shift(size_t count)
{
    return count == 0 ? 0 : width(SKETCH_POSITIONS / count);
}

/* The shift under which the numbers take the fewest bits: the smallest such. */
static unsigned best_shift(const struct list_entry *entries, size_t count)
{
    unsigned best = 0;
    uint64_t best_bits = UINT64_MAX;
    for (unsigned shift = 0; shift <= SHIFT_MAX; shift++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i++)
            bits += 2 * width((entries[i].seq >> shift) + 1) + 1 + shift;
        if (bits < best_bits) {
            best_bits = bits;
            best = shift;
        }
    }
    return best;
}

static void gap_put(struct bits *b, unsigned gap, unsigned shift)
{
    for (unsigned n = gap >> shift; n > 0; n--)
        bits_put(b, 1, 1);
    bits_put(b, 0, 1);
    bits_put(b, gap, shift);
}

static void number_put(struct bits *b, uint64_t seq, unsigned shift)
{
    uint64_t high = (seq >> shift) + 1;
    unsigned n = width(high);
    bits_put(b, (UINT64_C(2) << n) - 2, n + 1); /* n ones, and a zero */
    bits_put(b, high, n);
    bits_put(b, seq, shift);
}

void frame_list_put(struct wire_writer *w, const struct frame_list *f)
{
    assert(f->count <= LIST_ENTRIES_MAX && f->number < EXCHANGE_NUMBERS);
    unsigned shift = best_shift(f->entries, f->count), before = 0;
    struct bits b = {.w = w};
    wire_put_u8(w, FRAME_LIST);
    wire_put_u8(w, (uint8_t)((f->eager ? BIT_EAGER : 0) | (f->all ? BIT_ALL : 0) | shift));
    if (f->all)
        small_put(w, f->number);
    else
        wire_put_u8(w, (uint8_t)f->number);
    small_put(w, (uint32_t)f->count);
    for (size_t i = 0; i < f->count; i++) {
        const struct list_entry *e = &f->entries[i];
        assert(e->position >= before && e->position < SKETCH_POSITIONS && e->seq <= FRAME_SEQ_MAX);
        gap_put(&b, e->position - before, gap_shift(f->count));
        number_put(&b, e->seq, shift);
        if (f->all)
            bits_put(&b, (uint64_t)e->mark << 6 | e->check, 12);
        before = e->position;
    }
    if (b.used > 0)
        bits_put(&b, 0, 8 - b.used);
}

static void entry_get(struct bits *b, struct list_entry *ret, unsigned before, unsigned gap_bits,
                      unsigned shift)
{
    uint64_t position = (uint64_t)unary_get(b, SKETCH_POSITIONS >> gap_bits) << gap_bits;
    position += before + bits_get(b, gap_bits);
    unsigned n = unary_get(b, SEQ_BITS);
    uint64_t high = UINT64_C(1) << n;
    high |= bits_get(b, n);
    if (high - 1 > FRAME_SEQ_MAX >> shift || position >= SKETCH_POSITIONS) {
        b->r->bad = true;
        high = 1;
    }
    ret->position = (uint16_t)position;
    ret->seq = (high - 1) << shift | bits_get(b, shift);
    if (ret->seq > FRAME_SEQ_MAX)
        b->r->bad = true;
}

int frame_list_parse(struct frame_list *f, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    struct bits b = {.r = &r};
    unsigned type = wire_get_u8(&r), bits = wire_get_u8(&r), shift = bits & LIST_SHIFT, before = 0;
    f->all = (bits & BIT_ALL) != 0;
    f->eager = (bits & BIT_EAGER) != 0;
    f->number = (uint16_t)(f->all ? small_get(&r, EXCHANGE_NUMBERS - 1) : wire_get_u8(&r));
    f->count = small_get(&r, LIST_ENTRIES_MAX);
    if (r.bad || type != FRAME_LIST || shift > SHIFT_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < f->count && !r.bad; i++) {
        entry_get(&b, &f->entries[i], before, gap_shift(f->count), shift);
        f->entries[i].mark = f->all ? (uint8_t)bits_get(&b, 6) : 0;
        f->entries[i].check = f->all ? (uint8_t)bits_get(&b, 6) : 0;
        before = f->entries[i].position;
    }
    if (b.used > 0 && (b.byte & ((1u << b.used) - 1)) != 0)
        r.bad = true; /* spare bits are zero */
    if (!wire_end(&r) || best_shift(f->entries, f->count) != shift)
        return HOP_EMALFORMED;
    return HOP_OK;
}
