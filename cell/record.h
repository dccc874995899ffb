/* The envelope of a record: what everybody may see, and what only the cell may open.
 *
 * 160 bytes of header, the ciphertext, and, where it is known, the 64-byte signature of the log
 * key. One encoding only: unknown suites, kinds and lanes, set reserved bits and wrong lengths are
 * refused before any cryptography. docs/protocol.md §3 has the table and vectors.
 *
 * The id covers the header and the hash of the ciphertext, so a chain can be shown without the
 * texts; it does not cover the signature, so a run of records is proven by the signature of its
 * last. */
#ifndef HOP_CELL_RECORD_H
#define HOP_CELL_RECORD_H

#include "base/wire.h"
#include "cell/epoch.h"
#include "crypto/drbg.h"

#define RECORD_HEADER_BYTES   160
#define RECORD_TEXT_BYTES_MAX (1u << 20) /* ciphertext with its tag; larger things are blobs */
#define RECORD_BYTES_MAX      (RECORD_HEADER_BYTES + RECORD_TEXT_BYTES_MAX + CRYPTO_SIG_BYTES)
#define RECORD_DEPS_MAX       1024 /* 32 KiB: all logs of the largest cell moved between two acts */
#define RECORD_BODY_BYTES_MAX (RECORD_TEXT_BYTES_MAX - 64u * 1024)

enum record_lane { LANE_CONTROL, LANE_MEETING, LANE_BULK, LANES_COUNT };

enum record_outer {
    OUTER_SEALED, /* text is sealed under a key of the epoch named by cell_tag */
    OUTER_EPOCH,  /* text is cell/epoch.h's slots, in clear */
    OUTER_GRANT,  /* the same, for one device left out */
    OUTERS_COUNT
};

/* The key of a record is made for it alone, from all its header up to the nonce: two records could
 * only share key and nonce if two copies of one device wrote the same number, and drew the same. */
#define RECORD_NONCE_BYTES 8

/* A parsed envelope. Spans and sig point into the bytes it was parsed from. */
struct record {
    enum record_lane lane;
    enum record_outer outer;
    uint8_t cell_tag[16];
    uint8_t log[32];
    uint64_t seq;
    uint8_t prev[32]; /* zeros for seq 1 */
    uint8_t hint[8];
    uint8_t nonce[24]; /* of ours, RECORD_NONCE_BYTES are drawn, and zeros follow */
    uint8_t kc[16];    /* commits the ciphertext to one key */
    struct span text;
    struct span header;
    const uint8_t *sig; /* NULL if the stored form carries none */
};

/* HOP_EMALFORMED unless bytes are exactly one envelope, with or without signature. */
MUST_USE int record_parse(struct record *ret, struct span bytes);

/* The header of r from its fields; r->text gives the length. */
void record_header_put(uint8_t ret[static RECORD_HEADER_BYTES], const struct record *r);

void record_id(uint8_t ret[static 32], struct span header, struct span text);

/* The same where only the hash of the ciphertext is known: a record whose text is withheld. */
void record_text_hash(uint8_t ret[static 32], struct span text);
void record_id_withheld(uint8_t ret[static 32], struct span header,
                        const uint8_t text_hash[static 32]);

/* HOP_EAUTH unless sig is the log's signature of this id. */
MUST_USE int record_verify(const uint8_t id[static 32], const uint8_t sig[static CRYPTO_SIG_BYTES],
                           const uint8_t log[static 32]);

/* ---- inside ---- */

struct record_inner {
    uint16_t type;
    uint8_t class; /* enum secrecy; record_seal() encodes nothing of SECRECY_SECRET */
    uint8_t version;
    uint64_t wall;       /* what the author's clock said, µs since 1970: shown, never compared */
    const uint8_t *deps; /* deps_count ids of 32 bytes: what this act had seen */
    size_t deps_count;
    struct span body;
};

/* The key that opens exactly this record: what a dossier discloses. class_key is the epoch's auth
 * key on the control lane and its body key elsewhere. */
void record_key(uint8_t ret[static 32], const uint8_t class_key[static 32], struct span header);

/* Open with a record key; plain (r->text.size bytes of the caller's) receives the text, ret points
 * into it. HOP_EAUTH: another key; HOP_EMALFORMED: sealed by the right key, but not one well-formed
 * text. */
MUST_USE int record_open(struct record_inner *ret, uint8_t *plain, const struct record *r,
                         const uint8_t key[static 32]);

/* The class key of the epoch for a lane. */
const uint8_t *record_class_key(const struct epoch *e, enum record_lane lane);

/* Bytes that surely hold a sealed record with this body. */
static inline size_t record_room(size_t body_size, size_t deps_count)
{
    size_t inner = 20 + deps_count * 32 + body_size;
    return RECORD_HEADER_BYTES + inner + inner / 8 + 64 + CRYPTO_TAG_BYTES + CRYPTO_SIG_BYTES;
}

/* What a new record is to be. */
struct record_place {
    enum record_lane lane;
    enum record_outer outer;
    uint64_t seq;
    const uint8_t *prev; /* 32 bytes */
    const struct hop_sign_key *log_key;
    const struct epoch *epoch;
};

/* Seal and sign. *ret_size: room in (record_room() is enough), bytes out; ret_id is its id.
 * HOP_EFULL if it does not fit; HOP_EREFUSED if its class is secret. For an OUTER_EPOCH or
 * OUTER_GRANT record, inner->body is the clear text and the rest is ignored. */
MUST_USE int record_seal(uint8_t *ret, size_t *ret_size, uint8_t ret_id[static 32],
                         const struct record_place *place, const struct record_inner *inner,
                         struct hop_drbg *drbg);

#endif
