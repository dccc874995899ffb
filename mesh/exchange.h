/* The frames of an exchange of frontiers: SKETCH and NEXT carry syndromes, MORE asks for further
 * ones, LIST says how far logs reach, named by their positions (docs/protocol.md §6, mesh/agree.c).
 *
 * One end opens an exchange with a SKETCH, or a LIST of all it has; the other answers with a LIST
 * of what differs, or with MORE. All frames of an exchange carry its number, which with the binding
 * of the link makes the salt of its positions (mesh/sketch.h). As everywhere in the mesh, a parse
 * refuses what its put would not have written. */
#ifndef HOP_MESH_EXCHANGE_H
#define HOP_MESH_EXCHANGE_H

#include "base/wire.h"
#include "mesh/mesh.h"
#include "mesh/sketch.h"

/* Numbers of exchanges count up from a random small one on every link, modulo this; after SKETCH
 * and LIST of all, frames carry the low 8 bits. */
#define EXCHANGE_NUMBERS       0x4000u
#define EXCHANGE_NUMBERS_FIRST 0x80u

/* ---- SKETCH: type, number u16, logs, [root 8], syndromes u16 each ---- */

#define SKETCH_BYTES(n) (1 + 2 + 3 + 8 + 2 * (n))
struct frame_sketch {
    uint16_t number; /* below EXCHANGE_NUMBERS */
    bool eager;      /* send at once what I seem to lack: I ask nobody else */
    bool rooted;     /* a root is here: I know of nothing you lack */
    uint8_t root[8];
    uint32_t logs;
    size_t count;             /* of syndromes, from number 0 on; at most SKETCH_SYNDROMES_MAX */
    const uint8_t *syndromes; /* big endian, in the frame */
};
void frame_sketch_put(struct wire_writer *w, const struct frame_sketch *f);
MUST_USE int frame_sketch_parse(struct frame_sketch *ret, struct span frame);

/* ---- NEXT: type, number u8, first, syndromes ---- */

#define NEXT_BYTES(n) (1 + 1 + 2 + 2 * (n))
struct frame_next {
    uint8_t number;
    size_t first, count; /* at least 1 each */
    const uint8_t *syndromes;
};
void frame_next_put(struct wire_writer *w, const struct frame_next *f);
MUST_USE int frame_next_parse(struct frame_next *ret, struct span frame);

/* ---- MORE: type, number u8, how many syndromes in all; 0: a LIST of all logs instead ---- */

#define MORE_BYTES 4
struct frame_more {
    uint8_t number;
    size_t want; /* at most SKETCH_SYNDROMES_MAX */
};
void frame_more_put(struct wire_writer *w, const struct frame_more *f);
MUST_USE int frame_more_parse(struct frame_more *ret, struct span frame);

/* ---- LIST: type, bits, number u8 (of all: whole), count, entries packed in bits ---- */

#define LIST_ENTRIES_MAX    MESH_LOGS_MAX
#define LIST_BYTES(n)       (7 + 17 * (n)) /* at most; two to four an entry are usual */
#define LIST_USUAL_BYTES(n) (5 + 4 * (n))
struct list_entry {
    uint16_t position;
    uint64_t seq;        /* 0: nothing of what stands here */
    uint8_t mark, check; /* six bits of the log and of its head, in a list of all; else 0 */
};
struct frame_list {
    uint16_t number; /* low 8 bits only, unless all is set */
    bool all;        /* every log of the sender: opens an exchange, or answers MORE */
    bool eager;      /* as in SKETCH */
    size_t count;
    struct list_entry *entries; /* by ascending position; one position may come again */
};
/* f->entries is room of the caller for LIST_ENTRIES_MAX, which parse fills. */
void frame_list_put(struct wire_writer *w, const struct frame_list *f);
MUST_USE int frame_list_parse(struct frame_list *f, struct span frame);

#endif
