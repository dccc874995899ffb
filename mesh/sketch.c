/* Syndrome decoding of a frontier.
 *
 * The frontier of a device is a vector v over GF(2^16) with 65,535 places, nearly all of them
 * zero: v[position(log)] = tag(seq, head). Two devices that share most of their history have
 * vectors that differ in few places, and the difference is what each wants to know. This is
 * decoding of a Reed–Solomon code: take v as a received word, and send not the word but its
 * syndromes
 *
 *     S_j = sum over places p of v[p] * a^(j p),   j = 0, 1, … m-1,
 *
 * where a generates the multiplicative group. Syndromes are linear, so adding (XOR) ours to theirs
 * gives the syndromes of the difference e = v + v', which has weight k: the number of positions
 * that differ. With X_i = a^(p_i) and Y_i = e[p_i],  S_j = sum Y_i X_i^j: a power sum, a linear
 * recurrence of order k. Then, as in any textbook (Blahut, Algebraic Codes for Data Transmission,
 * ch. 6 and 7; MacWilliams and Sloane, ch. 9):
 *
 *   1. Berlekamp–Massey (Massey, Shift-register synthesis and BCH decoding, IEEE IT-15, 1969)
 *      finds the shortest recurrence, whose polynomial is the locator Λ(x) = prod (1 - X_i x);
 *   2. its roots are the positions;
 *   3. Forney's formula gives the values, Y_i = X_i Ω(1/X_i) / Λ'(1/X_i), Ω = S Λ mod x^m.
 *
 * The same idea with values in GF(2) is PinSketch (Dodis, Ostrovsky, Reyzin, Smith, Fuzzy
 * Extractors, SIAM J. Comput. 38, 2008), known as minisketch in Bitcoin's Erlay. There one changed
 * element is two differences, the odd syndromes suffice, and elements are the whole information.
 * Here a changed log is one difference, wherever the two ends stand, and its value tells the number
 * the peer has reached: 4 bytes a changed log against 2 * 8 for PinSketch over GF(2^64).
 *
 * Field: x^16 + x^12 + x^3 + x + 1 (0x1100B), primitive, so a = x generates all 65,535 nonzero
 * elements; products go through tables of powers and logarithms, 384 KiB made once.
 *
 * Why two check syndromes. Any m values are the syndromes of something: if the true k is larger
 * than m/2, Berlekamp–Massey still returns a recurrence of length about m/2, and its polynomial may
 * happen to split into distinct linear factors: with probability 1/t! for t = m/2, a half for
 * m = 4. With t = (m - 2)/2 the recurrence must also predict two syndromes that it was not made
 * from: a wrong one does so once in 2^32, times 1/t!. That was measured in tests/unit (no wrong
 * result accepted in 40,000 overloads and garbage sketches). Even a wrong result is harmless: it
 * starts transfers that were not needed, and "in sync" is said by roots only (mesh/link.c).
 *
 * Roots. Chien's search tries all 65,535 positions. We first try the positions of the logs we
 * know, because nearly every changed log is one of them: 4,000 instead of 65,535. What is left of
 * the locator is divided by the factors found, and only if something is left, all positions are
 * tried, with a polynomial of at most SKETCH_STRANGE_MAX: a peer with more strange logs than that
 * is better served by a list, and garbage, whose locator has almost no roots at all, ends here.
 *
 * What a tag cannot say. Numbers are known modulo 1023, so a guess is right within 511 either way
 * (sketch_guess); heads differ in 6 keyed bits, so two heads of one number look alike once in 64,
 * and so do numbers 1023 apart; and two logs may share a position: with n logs a given one does
 * with probability n/65535, which is 1 in 7 at 10,000 logs (the note this comes from counted only
 * collisions among changed logs, and so missed these: a changed log whose neighbour at the same
 * position is unchanged cannot be told from it). All three are under a salt drawn for one exchange
 * from a key that outsiders lack, so nobody can arrange them for others, and the next exchange does
 * not repeat them.
 *
 * Linear means forgeable by whoever knows the salt: a peer can send syndromes of any vector it
 * likes. It can do so anyway by claiming another frontier; it speaks for nobody but itself. */
#include "mesh/sketch.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "crypto/crypto.h"

/* ---- the field ---- */

#define FIELD_POLYNOMIAL 0x1100Bu
#define ORDER            SKETCH_POSITIONS

static uint16_t power[2 * ORDER]; /* twice, so that a sum of two logarithms needs no reduction */
static uint16_t logarithm[ORDER + 1];
static atomic_uint tables; /* 0: none, 1: being made, 2: there */

static void tables_make(void)
{
    unsigned x = 1;
    for (unsigned i = 0; i < ORDER; i++) {
        power[i] = power[i + ORDER] = (uint16_t)x;
        logarithm[x] = (uint16_t)i;
        x <<= 1;
        x ^= (x >> 16) * FIELD_POLYNOMIAL;
    }
    assert(x == 1); /* the polynomial is primitive */
}

void sketch_init(void)
{
    unsigned none = 0;
    if (atomic_load_explicit(&tables, memory_order_acquire) == 2)
        return;
    if (atomic_compare_exchange_strong(&tables, &none, 1)) {
        tables_make();
        atomic_store_explicit(&tables, 2, memory_order_release);
    }
    while (atomic_load_explicit(&tables, memory_order_acquire) != 2)
        ; /* another thread is at it: a fraction of a millisecond */
}

static uint16_t times(uint16_t a, uint16_t b)
{
    if (a == 0 || b == 0)
        return 0;
    return power[(unsigned)logarithm[a] + logarithm[b]];
}

static uint16_t over(uint16_t a, uint16_t b)
{
    assert(b != 0);
    return a == 0 ? 0 : power[(unsigned)logarithm[a] + ORDER - logarithm[b]];
}

/* Exponents live in 0 .. ORDER-1. */
static unsigned exponent_add(unsigned a, unsigned b)
{
    unsigned sum = a + b;
    return sum >= ORDER ? sum - ORDER : sum;
}

/* ---- keyed hashes ---- */

void sketch_salt(struct sketch_salt *ret, const uint8_t sync_key[static 32], struct span context)
{
    uint8_t bytes[24];
    hop_derive(bytes, sizeof bytes, sync_key, LABEL_SKETCH, context);
    memcpy(ret->key, bytes, 16);
    memcpy(ret->root, bytes + 16, 8);
    for (size_t k = 0; k < 2; k++) { /* little endian, as SipHash reads keys */
        ret->key[k] = 0;
        for (size_t i = 8; i-- > 0;)
            ret->key[k] = ret->key[k] << 8 | bytes[8 * k + i];
    }
}

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static void sip_rounds(uint64_t v[4], unsigned n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of 32 bytes: two of them a log and exchange, and
 * BLAKE2b would cost ten times as much as all the algebra. */
static uint64_t siphash(const uint64_t key[2], const uint8_t bytes[static 32])
{
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t block = 0; block <= 4; block++) {
        uint64_t word = UINT64_C(32) << 56; /* the last: the size */
        if (block < 4) {
            word = 0;
            for (size_t i = 8; i-- > 0;)
                word = word << 8 | bytes[8 * block + i];
        }
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- one log ---- */

uint16_t sketch_position(const struct sketch_salt *salt, const uint8_t log[static 32],
                         uint8_t *ret_mark)
{
    uint64_t hash = siphash(salt->key, log);
    *ret_mark = (uint8_t)(hash >> 58);
    return (uint16_t)(hash % SKETCH_POSITIONS);
}

uint8_t sketch_check(const struct sketch_salt *salt, const uint8_t head[static 32])
{
    return (uint8_t)(siphash(salt->key, head) >> 58);
}

uint16_t sketch_tag(uint64_t seq, uint8_t check)
{
    return seq == 0 ? 0 : (uint16_t)((seq % SKETCH_SEQS + 1) << 6 | check);
}

uint64_t sketch_guess(uint16_t tag, uint64_t ours)
{
    uint64_t remainder = tag >> 6;
    if (tag == 0 || remainder == 0)
        return 0; /* the second is no tag at all */
    remainder--;
    uint64_t up = (remainder + SKETCH_SEQS - ours % SKETCH_SEQS) % SKETCH_SEQS;
    uint64_t guess = ours + up;
    if (up > SKETCH_SEQS / 2 && guess > SKETCH_SEQS)
        guess -= SKETCH_SEQS;
    return guess == 0 ? SKETCH_SEQS : guess; /* a log with a tag has a record */
}

static int by_position(const void *a, const void *b)
{
    const struct sketch_entry *x = a, *y = b;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

void sketch_sort(struct sketch_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entries[i].rank = (uint32_t)i;
    if (count > 1)
        qsort(entries, count, sizeof *entries, by_position);
}

size_t sketch_find(const struct sketch_entry *entries, size_t count, uint16_t position,
                   size_t *ret_first)
{
    size_t low = 0, high = count, n = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + n < count && entries[low + n].position == position)
        n++;
    *ret_first = low;
    return n;
}

/* ---- syndromes ---- */

void sketch_add(uint16_t *ret, size_t first, size_t n, const struct sketch_entry *entries,
                size_t count)
{
    assert(atomic_load_explicit(&tables, memory_order_relaxed) == 2);
    for (size_t i = 0; i < count;) {
        unsigned position = entries[i].position;
        uint16_t tag = 0;
        for (; i < count && entries[i].position == position; i++)
            tag ^= entries[i].tag;
        if (tag == 0)
            continue;
        uint64_t start = logarithm[tag] + (uint64_t)position * first;
        unsigned e = (unsigned)(start % ORDER);
        for (size_t j = 0; j < n; j++) {
            ret[j] ^= power[e];
            e = exponent_add(e, position);
        }
    }
}

/* A polynomial, lowest coefficient first. */
struct poly {
    size_t degree;
    uint16_t at[SKETCH_SYNDROMES_MAX + 1];
};

/* Λ: the shortest recurrence of the n syndromes, by Berlekamp and Massey. */
static void shortest_recurrence(struct poly *ret, const uint16_t *s, size_t n)
{
    struct poly before = {0}, keep;
    uint16_t before_gap = 1; /* its discrepancy */
    size_t age = 1;
    memset(ret, 0, sizeof *ret);
    ret->at[0] = before.at[0] = 1;
    for (size_t i = 0; i < n; i++, age++) {
        uint16_t gap = s[i];
        for (size_t j = 1; j <= ret->degree; j++)
            gap ^= times(ret->at[j], s[i - j]);
        if (gap == 0)
            continue;
        bool longer = 2 * ret->degree <= i;
        if (longer)
            keep = *ret;
        uint16_t factor = over(gap, before_gap);
        for (size_t j = 0; j <= before.degree && j + age <= n; j++)
            ret->at[j + age] ^= times(factor, before.at[j]);
        if (!longer)
            continue;
        ret->degree = i + 1 - ret->degree;
        before = keep;
        before_gap = gap;
        age = 0;
    }
}

/* Is a^position a root of f? As a sum of powers, whose table lookups do not wait for each other. */
static bool is_root(const struct poly *f, const uint16_t *logs, unsigned position)
{
    uint16_t sum = 0;
    unsigned e = 0;
    for (size_t j = 0; j <= f->degree; j++) {
        if (f->at[j] != 0)
            sum ^= power[logs[j] + e];
        e = exponent_add(e, position);
    }
    return sum == 0;
}

static void take_logs(uint16_t *logs, const struct poly *f)
{
    for (size_t j = 0; j <= f->degree; j++)
        logs[j] = logarithm[f->at[j]]; /* of 0: 0, and not used */
}

/* f = f / (x - a^position), which divides it. */
static void divide(struct poly *f, unsigned position)
{
    uint16_t root = power[position], carry = f->at[f->degree];
    for (size_t j = f->degree; j-- > 0;) {
        uint16_t next = (uint16_t)(f->at[j] ^ times(carry, root));
        f->at[j] = carry;
        carry = next;
    }
    assert(carry == 0);
    f->degree--;
}

/* Roots of f among our positions; f is divided by what was found. */
static size_t roots_of_ours(struct poly *f, uint16_t *ret, const struct sketch_entry *ours,
                            size_t count)
{
    uint16_t logs[SKETCH_SYNDROMES_MAX + 1];
    size_t found = 0;
    take_logs(logs, f);
    for (size_t i = 0; i < count && found < f->degree; i++) {
        if (i > 0 && ours[i].position == ours[i - 1].position)
            continue;
        if (is_root(f, logs, ours[i].position))
            ret[found++] = ours[i].position;
    }
    for (size_t i = 0; i < found; i++)
        divide(f, ret[i]);
    return found;
}

/* Chien's search over all positions. */
static size_t roots_of_all(const struct poly *f, uint16_t *ret)
{
    uint16_t logs[SKETCH_SYNDROMES_MAX + 1];
    size_t found = 0;
    if (f->degree == 0)
        return 0;
    take_logs(logs, f);
    for (unsigned position = 0; position < ORDER && found < f->degree; position++) {
        if (is_root(f, logs, position))
            ret[found++] = (uint16_t)position;
    }
    return found;
}

/* The value at one position, by Forney: Y = X Ω(1/X) / Λ'(1/X). In characteristic 2 the derivative
 * keeps the odd coefficients, Λ'(x) = sum over odd j of Λ_j x^(j-1), so Λ'(1/X) / X is the sum of
 * Λ_j (1/X)^j over odd j: both sums run over powers of 1/X. */
static uint16_t value_at(const struct poly *locator, const struct poly *omega, unsigned position)
{
    unsigned step = (ORDER - position) % ORDER, e = 0; /* of 1/X */
    uint16_t above = 0, below = 0;
    for (size_t j = 0; j <= locator->degree; j++) {
        if (omega->at[j] != 0)
            above ^= power[logarithm[omega->at[j]] + e];
        if (j % 2 == 1 && locator->at[j] != 0)
            below ^= power[logarithm[locator->at[j]] + e]; /* Λ'(1/X) / X */
        e = exponent_add(e, step);
    }
    return below == 0 ? 0 : over(above, below);
}

static void omega_of(struct poly *ret, const struct poly *locator, const uint16_t *s)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < locator->degree; i++) {
        for (size_t j = 0; j <= i; j++)
            ret->at[i] ^= times(locator->at[j], s[i - j]);
    }
}

static int ascending(const void *a, const void *b)
{
    uint16_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* All roots of the locator's mirror image, prod (x - X_i), or HOP_EFULL. */
static int find_roots(uint16_t *ret, const struct poly *locator, const struct sketch_entry *ours,
                      size_t count)
{
    struct poly f = {.degree = locator->degree};
    for (size_t j = 0; j <= f.degree; j++)
        f.at[j] = locator->at[f.degree - j];
    size_t found = roots_of_ours(&f, ret, ours, count);
    if (f.degree > SKETCH_STRANGE_MAX)
        return HOP_EFULL;
    found += roots_of_all(&f, ret + found);
    if (found < locator->degree)
        return HOP_EFULL;
    qsort(ret, found, sizeof ret[0], ascending);
    return HOP_OK;
}

int sketch_decode(struct sketch_change *ret, size_t *ret_count, const uint16_t *syndromes, size_t n,
                  const struct sketch_entry *ours, size_t count)
{
    struct poly locator, omega;
    uint16_t positions[SKETCH_CHANGES_MAX];
    assert(n <= SKETCH_SYNDROMES_MAX && atomic_load_explicit(&tables, memory_order_relaxed) == 2);
    shortest_recurrence(&locator, syndromes, n);
    if (locator.degree > sketch_capacity(n) || locator.at[locator.degree] == 0)
        return HOP_EFULL;
    int err = find_roots(positions, &locator, ours, count);
    if (err != HOP_OK)
        return err;
    omega_of(&omega, &locator, syndromes);
    for (size_t i = 0; i < locator.degree; i++) {
        ret[i] = (struct sketch_change){positions[i], value_at(&locator, &omega, positions[i])};
        if (ret[i].added == 0 || (i > 0 && positions[i] == positions[i - 1]))
            return HOP_EFULL;
    }
    *ret_count = locator.degree;
    return HOP_OK;
}
