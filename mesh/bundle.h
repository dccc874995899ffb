/* Bundles: records and blobs as bytes that lie still, on a stick or in a mail, with nobody to ask.
 *
 * A bundle is a row of blocks. Each begins with a mark, says its length and carries a checksum, so
 * that a reader finds the next good one behind a damaged sector, a cut, or anything else; what is
 * between is counted, never trusted. A SEGMENT block is the frame that links carry, preceded by the
 * id of the record before its first, so its chain and signature can be checked with nothing else at
 * hand. A LIST block names what the file around it holds: written first and last, it lets a reader
 * name what damage took. Whoever carries a bundle sees logs, lengths and order, as a carrier on a
 * link does, and can copy it; no key is needed for anything in this file. docs/protocol.md §8.
 *
 * Pure: bytes in, bytes out. The checksum is against weather, the signature against people. */
#ifndef HOP_MESH_BUNDLE_H
#define HOP_MESH_BUNDLE_H

#include "base/buf.h"
#include "mesh/segment.h"

#define BUNDLE_VERSION           1
#define BUNDLE_HEAD_BYTES        32 /* mark 8, kind 1, zeros 3, size 4, checksum 16 */
#define BUNDLE_PAYLOAD_BYTES_MAX (32 + MESH_FRAME_BYTES_MAX) /* a segment and what precedes it */
#define BUNDLE_BLOCK_BYTES_MAX   (BUNDLE_HEAD_BYTES + BUNDLE_PAYLOAD_BYTES_MAX)
#define BUNDLE_SECTION_BYTES_AIM (4u << 20) /* a fsync of a slow stick every second or so */
#define BUNDLE_ENTRIES_MAX       8192       /* in one LIST: 400 KB */

enum bundle_kind {
    BUNDLE_LIST = 1,
    BUNDLE_SEGMENT, /* prev 32, then a SEGMENT frame */
    BUNDLE_BLOB,    /* name 32, then the blob */
    BUNDLE_PROOF,   /* that a log is forked (mesh/fork.h) */
    BUNDLE_KINDS_END
};

struct bundle_block {
    enum bundle_kind kind;
    struct span payload;
};

void bundle_block_put(struct buf *b, enum bundle_kind kind, struct span payload);

/* ---- finding blocks ---- */

enum bundle_found {
    BUNDLE_FOUND, /* ret holds a block */
    BUNDLE_MORE,  /* drop the first `used` bytes of the window and show more after the rest */
    BUNDLE_END    /* nothing more */
};

/* A window over the bytes: at least BUNDLE_BLOCK_BYTES_MAX wide, or all there is. Zeroed to start.
 * A checksum that fails costs the time to compute it; a file made of false marks would cost the
 * square of its length, so past twice the bytes seen (and some) the rest is given up. */
struct bundle_scan {
    size_t used;              /* of the window, by blocks and by what was skipped */
    uint64_t passed, skipped; /* bytes in all; bytes that were no block */
    uint64_t holes;           /* runs of skipped bytes */
    uint64_t in_vain;         /* bytes hashed for nothing */
    bool skipping, hopeless;
};

/* The next block whose checksum holds; its payload points into window. last: nothing follows the
 * window. */
enum bundle_found bundle_scan(struct bundle_scan *s, struct span window, bool last,
                              struct bundle_block *ret);

/* ---- LIST ---- */

enum bundle_entry_type {
    BUNDLE_RUN = 1, /* these records are in the file (to a node: the one who asks has them) */
    BUNDLE_CHUNK,   /* this blob is */
    BUNDLE_WANTED,  /* this blob is looked for; not in files */
    BUNDLE_LOST,    /* these records were listed and not found; not in files */
    BUNDLE_FORK,    /* a proof that first is taken twice; last is first */
    BUNDLE_ENTRIES_END
};

struct bundle_entry {
    enum bundle_entry_type type;
    uint8_t id[32];       /* log, or name of the blob */
    uint64_t first, last; /* 1 <= first <= last for records; 0 for blobs */
};

void bundle_list_put(struct buf *payload, const struct bundle_entry *entries, size_t count);

/* Reads one entry after another. */
struct bundle_list {
    struct wire_reader r;
    uint32_t left;
};
/* HOP_EVERSION, HOP_EMALFORMED. */
MUST_USE int bundle_list_begin(struct bundle_list *l, struct span payload);
/* False at the end; then HOP_EMALFORMED from bundle_list_end() if it was not well formed. */
bool bundle_list_next(struct bundle_list *l, struct bundle_entry *ret);
MUST_USE int bundle_list_end(const struct bundle_list *l);

/* ---- SEGMENT and BLOB ---- */

void bundle_segment_put(struct buf *b, const uint8_t prev[static 32], const struct segment *s);

/* HOP_EMALFORMED. ret_prev points into payload; zeros exactly before the first record. */
MUST_USE int bundle_segment_parse(struct segment *ret, const uint8_t **ret_prev,
                                  struct span payload);

/* Its chain and its signature, with nothing else at hand. HOP_EAUTH; HOP_EFULL: scratch of
 * 2 * MESH_FRAME_BYTES_MAX is always enough. */
MUST_USE int bundle_segment_check(const struct segment *s, const uint8_t prev[static 32],
                                  struct arena scratch);

struct bundle_blob {
    uint8_t name[32];
    struct span bytes;
};
void bundle_blob_put(struct buf *b, const uint8_t name[static 32], struct span bytes);
/* HOP_EMALFORMED; HOP_EAUTH: the bytes have another name. */
MUST_USE int bundle_blob_parse(struct bundle_blob *ret, struct span payload);

/* ---- inventories: which records and blobs are somewhere ---- */

#define BUNDLE_INVENTORY_MAX (1u << 20) /* entries: 48 MB of memory, far above any cell's stick */

struct bundle_inventory {
    struct bundle_entry *items;
    size_t count, capacity;
    bool sorted;
};

/* HOP_ENOMEM, HOP_EFULL. */
MUST_USE int bundle_inventory_add(struct bundle_inventory *v, const struct bundle_entry *e);
/* Every LIST entry and nothing else of a row of blocks. HOP_EMALFORMED if a list is bad. */
MUST_USE int bundle_inventory_read(struct bundle_inventory *v, struct span blocks);
/* In ascending order of type, id and first, runs that touch made one. Done by the two below. */
void bundle_inventory_sort(struct bundle_inventory *v);
/* The last number such that all records from first to it are there; first - 1 if first is not. */
uint64_t bundle_inventory_reach(struct bundle_inventory *v, const uint8_t log[static 32],
                                uint64_t first);
/* The first number from `first` on that is there; UINT64_MAX if none is. */
uint64_t bundle_inventory_next(struct bundle_inventory *v, const uint8_t log[static 32],
                               uint64_t first);
/* The least number proven to be taken twice; 0 if none is. */
uint64_t bundle_inventory_fork(struct bundle_inventory *v, const uint8_t log[static 32]);
bool bundle_inventory_has(struct bundle_inventory *v, enum bundle_entry_type type,
                          const uint8_t id[static 32]);
/* As LIST blocks of at most BUNDLE_ENTRIES_MAX; nothing for an empty one. */
void bundle_inventory_put(struct buf *b, struct bundle_inventory *v);
void bundle_inventory_free(struct bundle_inventory *v);

/* ---- sections: what is written at once ---- */

/* Blocks gathered, and what they are, until they are enclosed in their LISTs. */
struct bundle_section {
    struct buf blocks;
    struct bundle_inventory contents;
};

/* Room for another block of this size? The first always has. */
bool bundle_section_fits(const struct bundle_section *s, size_t payload_size, size_t aim);
/* HOP_ENOMEM. Takes a block as it is, whose content is e. */
MUST_USE int bundle_section_add(struct bundle_section *s, enum bundle_kind kind,
                                struct span payload, const struct bundle_entry *e);
/* LIST, blocks, LIST; and empty again. Nothing if there are no blocks. HOP_ENOMEM. */
MUST_USE int bundle_section_end(struct bundle_section *s, struct buf *ret);
void bundle_section_free(struct bundle_section *s);

#endif
