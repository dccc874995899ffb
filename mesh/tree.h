/* A document as a tree of blobs, so that 32 bytes name all of it and each part proves itself.
 *
 * A blob is a string of bytes kept and asked for under its name, the BLAKE2b-256 of all of it. Its
 * first byte says what it is. A chunk (0) is 64 KiB of the document, sealed; the last may be
 * shorter. A node of level 1 lists the names of up to 1024 chunks, one of level 2 those of nodes of
 * level 1. The blob at the top is the root: the only chunk of a small document, else the node that
 * covers everything.
 *
 *     size <= 64 KiB   chunk
 *     size <= 64 MiB   node 1 - chunks
 *     size <= 64 GiB   node 2 - nodes 1 - chunks
 *
 * The size fixes the shape: every node but the last of its level is full, and each says how many
 * bytes lie beneath it, so a tree that lies about its size is found out at the first node that does
 * not fit. Names are hashes of sealed bytes under a key that is new for each document: they tell
 * nothing of what is in it, not even whether two are the same. Nodes are not sealed, so that who
 * cannot read a document can still carry it whole: it learns how long it is, which it would from
 * the chunks, and nothing else. docs/protocol.md has the bytes.
 *
 * Pure; the store is only read. Spans into it are not kept. */
#ifndef HOP_MESH_TREE_H
#define HOP_MESH_TREE_H

#include "base/wire.h"
#include "crypto/crypto.h"
#include "store/store.h"

#define TREE_NAME_BYTES      32
#define TREE_CHUNK_BYTES     (64u << 10)
#define TREE_FANOUT          1024
#define TREE_LEVEL_MAX       2
#define TREE_BYTES_MAX       ((uint64_t)TREE_FANOUT * TREE_FANOUT * TREE_CHUNK_BYTES)
#define TREE_SEALED_BYTES(n) (1 + (n) + CRYPTO_TAG_BYTES) /* a chunk of n bytes */
#define TREE_NODE_BYTES(n)   (1 + 8 + TREE_NAME_BYTES * (n))
#define TREE_BLOB_BYTES_MAX  TREE_SEALED_BYTES(TREE_CHUNK_BYTES)

/* ---- shapes ---- */

uint64_t tree_span(unsigned level); /* bytes beneath a full blob of this level */
unsigned tree_level(uint64_t size); /* of the root; size is 1 .. TREE_BYTES_MAX */
/* Bytes of the blob of this level that has size bytes of the document beneath it. */
size_t tree_blob_bytes(unsigned level, uint64_t size);

void tree_name(uint8_t ret[static TREE_NAME_BYTES], struct span blob);

/* What a blob says of itself: its level, and the bytes beneath it. HOP_EMALFORMED for anything that
 * is neither a chunk nor a node, or that is longer or shorter than it says. */
MUST_USE int tree_measure(struct span blob, unsigned *ret_level, uint64_t *ret_size);
/* And is it what stands at this place of a tree? */
bool tree_fits(struct span blob, unsigned level, uint64_t size);

/* The nonce of chunk number index; the key is the document's own. */
void tree_nonce(uint8_t ret[static CRYPTO_NONCE_BYTES], uint64_t index);

/* ---- growing one ---- */

/* Names that wait for the node above them. Zeroed to begin. */
struct tree_builder {
    uint64_t size;
    size_t count[TREE_LEVEL_MAX + 1];
    uint64_t under[TREE_LEVEL_MAX + 1]; /* bytes beneath those */
    uint8_t names[TREE_LEVEL_MAX + 1][TREE_FANOUT][TREE_NAME_BYTES];
};

/* The next chunk, with so many bytes of the document: TREE_CHUNK_BYTES but for the last. Before it,
 * tree_grow() has said that there is nothing to do. */
void tree_add(struct tree_builder *b, const uint8_t name[static TREE_NAME_BYTES], size_t size);
/* A node that is full, or, at the end, any that is left: its bytes, in room, are to be stored under
 * ret_name. False when there is none. */
bool tree_grow(struct tree_builder *b, bool end, uint8_t room[static TREE_NODE_BYTES(TREE_FANOUT)],
               uint8_t ret_name[static TREE_NAME_BYTES], struct span *ret);
/* After the last of them. */
const uint8_t *tree_root(const struct tree_builder *b);

/* ---- walking one ---- */

struct tree_place {
    uint8_t name[TREE_NAME_BYTES];
    unsigned level;
    uint64_t at, size; /* of the document: where what lies beneath begins, and how much it is */
    bool here;         /* the store has it */
};

/* A place between two blobs of a tree. */
struct tree_walk {
    struct store *store;
    uint8_t root[TREE_NAME_BYTES];
    uint64_t size;
    uint64_t at; /* the next blob is the one of this level that begins here; or the end */
    unsigned level;
};

/* size: as the document's record says, 1 .. TREE_BYTES_MAX. */
void tree_walk_begin(struct tree_walk *w, struct store *store,
                     const uint8_t root[static TREE_NAME_BYTES], uint64_t size);
/* The next blob, from above and from the left; what is beneath a node that is not here is passed
 * over. HOP_ENOTFOUND at the end. HOP_EMALFORMED: a node does not fit its place, so the size is not
 * the document's (or the disk changed it). HOP_EIO. */
MUST_USE int tree_walk_next(struct tree_walk *w, struct tree_place *ret);
/* Back to before this place, if the walk is past it; or, if it is a node, to what is beneath it. */
void tree_walk_back(struct tree_walk *w, const struct tree_place *place, bool beneath);

/* The blob of this level that begins at `at`. HOP_ENOTFOUND: a node above it is not here. */
MUST_USE int tree_look(struct store *store, const uint8_t root[static TREE_NAME_BYTES],
                       uint64_t size, unsigned level, uint64_t at, struct tree_place *ret);
/* Where in the tree is the blob of this name, as far as its nodes are here? HOP_ENOTFOUND. */
MUST_USE int tree_find(struct store *store, const uint8_t root[static TREE_NAME_BYTES],
                       uint64_t size, const uint8_t name[static TREE_NAME_BYTES],
                       struct tree_place *ret);
/* Is every blob of it here? Walks all of them. */
bool tree_whole(struct store *store, const uint8_t root[static TREE_NAME_BYTES], uint64_t size);

#endif
