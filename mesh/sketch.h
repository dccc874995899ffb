/* A frontier sketch: which logs differ between two devices, in four bytes for each that does.
 *
 * Every log stands at a position and has a tag, both from keyed hashes under a salt of this one
 * exchange. A sketch is a row of syndromes of that sparse vector; the sum (XOR) of two sketches is
 * the sketch of the difference, and from it the positions that differ and what was added there can
 * be computed, if they are few enough. mesh/sketch.c has the mathematics, mesh/agree.c the use.
 *
 * Pure values: nothing is kept between calls but tables of the field, made once by sketch_init().
 * Nothing here trusts a syndrome: any row of them is either decoded to the one small vector that
 * has exactly these syndromes, or refused, in bounded time (a few milliseconds). */
#ifndef HOP_MESH_SKETCH_H
#define HOP_MESH_SKETCH_H

#include "base/err.h"
#include "base/span.h"

#define SKETCH_POSITIONS     65535u
#define SKETCH_CHECKS        2    /* syndromes that find nothing: without them garbage decodes */
#define SKETCH_SYNDROMES_MAX 1026 /* 2 KiB of them: 512 changed logs */
#define SKETCH_CHANGES_MAX   ((SKETCH_SYNDROMES_MAX - SKETCH_CHECKS) / 2)
#define SKETCH_STRANGE_MAX   128   /* changed positions where we have no log: each costs a search */
#define SKETCH_SEQS          1023u /* a tag tells a number up to a multiple of this */

/* How many changes so many syndromes can name, and the other way round. */
static inline size_t sketch_capacity(size_t syndromes)
{
    return syndromes < SKETCH_CHECKS ? 0 : (syndromes - SKETCH_CHECKS) / 2;
}
static inline size_t sketch_syndromes(size_t changes)
{
    return 2 * changes + SKETCH_CHECKS;
}

/* Make the tables of the field. Cheap when they are there; safe from any thread. */
void sketch_init(void);

/* The salt of one exchange: for positions and tags, and for the root that is sent with them. */
struct sketch_salt {
    uint64_t key[2];
    uint8_t root[8];
};
/* From the key all who sync share and what makes this exchange unique. */
void sketch_salt(struct sketch_salt *ret, const uint8_t sync_key[static 32], struct span context);

/* ---- one log ---- */

/* And six more bits of the same hash, for lists. */
uint16_t sketch_position(const struct sketch_salt *salt, const uint8_t log[static 32],
                         uint8_t *ret_mark);
/* Six keyed bits of a head: two heads look alike once in 64. */
uint8_t sketch_check(const struct sketch_salt *salt, const uint8_t head[static 32]);
/* Never 0 for seq > 0: (seq mod 1023 + 1) * 64 + the check. 0 for seq 0. */
uint16_t sketch_tag(uint64_t seq, uint8_t check);
/* The number with this tag that is nearest to ours: off by a multiple of 1023 if the two are more
 * than 511 apart. 0 for tag 0. */
uint64_t sketch_guess(uint16_t tag, uint64_t ours);

/* A frontier as the sketch sees it: one entry a log, by position and, at one position, in the order
 * in which they were given (ascending id). */
struct sketch_entry {
    uint16_t position, tag;
    uint8_t mark, check; /* of the log and of its head */
    uint32_t log, rank;  /* the caller's; and its place among those given */
    uint64_t seq;
};
void sketch_sort(struct sketch_entry *entries, size_t count);
/* Those at a position: the first, and how many. count entries, sorted. */
size_t sketch_find(const struct sketch_entry *entries, size_t count, uint16_t position,
                   size_t *ret_first);

/* ---- syndromes ---- */

/* Add (XOR) the syndromes first .. first + n - 1 of sorted entries to ret[0] .. ret[n - 1]. */
void sketch_add(uint16_t *ret, size_t first, size_t n, const struct sketch_entry *entries,
                size_t count);

struct sketch_change {
    uint16_t position;
    uint16_t added; /* XOR of all tags at this position, ours and theirs; not 0 */
};

/* What vector has these n syndromes (from number 0 on)? Changes come by ascending position; ret
 * has room for SKETCH_CHANGES_MAX. ours, sorted, makes it fast: most changes are at positions we
 * have. HOP_EFULL: more changes than capacity, or strange ones than SKETCH_STRANGE_MAX; or no
 * vector at all, which is what garbage comes to. */
MUST_USE int sketch_decode(struct sketch_change *ret, size_t *ret_count, const uint16_t *syndromes,
                           size_t n, const struct sketch_entry *ours, size_t count);

#endif
