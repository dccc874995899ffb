/* A small secret in a file, under a passphrase: Argon2id, XChaCha20-Poly1305, four slots.
 *
 * Layout (docs/protocol.md §10): header with the cost of Argon2id and a salt, four slots that can
 * each wrap the data key under one passphrase, then the payload sealed under the data key with the
 * whole header as additional data. A checksum tells damage from a wrong passphrase. Pure: bytes in,
 * bytes out; node/ reads and writes the file.
 *
 * Headers below the floor (t=3, 64 MiB) are refused, because somebody may have weakened the file;
 * above 1 GiB or t=16, because somebody may want to stop this machine. */
#ifndef HOP_CRYPTO_KEYFILE_H
#define HOP_CRYPTO_KEYFILE_H

#include "crypto/drbg.h"

#define KEYFILE_PAYLOAD_BYTES_MAX (32u * 1024)
#define KEYFILE_HEADER_BYTES      352 /* see keyfile.c; asserted there */
#define KEYFILE_BYTES_MAX         (KEYFILE_HEADER_BYTES + 24 + KEYFILE_PAYLOAD_BYTES_MAX + 16)
#define KEYFILE_SLOTS_AT          64 /* from here to the end of the header: without, nobody opens it */
#define KEYFILE_OPS_FLOOR         3u
#define KEYFILE_OPS_MAX           16u
#define KEYFILE_MEMORY_FLOOR      (64ull << 20)
#define KEYFILE_MEMORY_DEFAULT    (256ull << 20) /* 0.5 s on the reference machine: security.md §1 */
#define KEYFILE_MEMORY_MAX        (1024ull << 20)
/* Twelve characters or five words: length is the only rule that helps. */
#define PASSPHRASE_CHARACTERS_MIN 12
#define PASSPHRASE_WORDS_MIN      5

struct keyfile_cost {
    uint32_t ops;
    uint64_t memory_bytes;
};

enum keyfile_trouble {
    KEYFILE_FINE,
    KEYFILE_FOREIGN,          /* not a hop key file */
    KEYFILE_NEWER,            /* made by a newer hop */
    KEYFILE_OLDER,            /* made by an older hop, whose cells this one does not understand */
    KEYFILE_WEAK,             /* its cost is below the floor: it may have been tampered with */
    KEYFILE_ABSURD,           /* its cost is above the limit */
    KEYFILE_DAMAGED,          /* cut short or altered: the contents do not check out */
    KEYFILE_WRONG_PASSPHRASE, /* it opens no slot */
    KEYFILE_NO_MEMORY
};

/* *ret_size bytes are written to ret (KEYFILE_BYTES_MAX of the caller's). HOP_EFULL if the payload
 * is too large, HOP_EREFUSED if the cost is outside the limits above, HOP_ENOMEM. */
MUST_USE int keyfile_seal(uint8_t *ret, size_t *ret_size, struct span payload,
                          struct span passphrase, const struct keyfile_cost *cost,
                          struct hop_drbg *drbg);
/* payload: KEYFILE_PAYLOAD_BYTES_MAX of the caller's. On error *ret_trouble says which:
 *   HOP_EMALFORMED  foreign, damaged     HOP_EVERSION  newer, older     HOP_EREFUSED  weak, absurd
 *   HOP_EAUTH       wrong passphrase     HOP_ENOMEM    no memory for Argon2id */
MUST_USE int keyfile_open(uint8_t *payload, size_t *ret_size, struct span file,
                          struct span passphrase, enum keyfile_trouble *ret_trouble);
/* The same, and what it takes to write the file again under the same passphrases without half a
 * second of Argon2id: a secret, to be kept in locked memory and wiped. */
struct keyfile_kept {
    uint8_t header[KEYFILE_HEADER_BYTES];
    uint8_t data_key[CRYPTO_KEY_BYTES];
};
MUST_USE int keyfile_open_kept(struct keyfile_kept *ret, uint8_t *payload, size_t *ret_size,
                               struct span file, struct span passphrase,
                               enum keyfile_trouble *ret_trouble);
/* A new file as keyfile_seal() makes it, and what it takes to write that again: what a change of
 * passphrase is, for nothing of the old file (salt, data key, slots) is in it. */
MUST_USE int keyfile_seal_kept(struct keyfile_kept *ret_kept, uint8_t *ret, size_t *ret_size,
                               struct span payload, struct span passphrase,
                               const struct keyfile_cost *cost, struct hop_drbg *drbg);
/* Another payload in the same file. HOP_EFULL if it is too large. */
MUST_USE int keyfile_seal_again(uint8_t *ret, size_t *ret_size, struct span payload,
                                const struct keyfile_kept *kept, struct hop_drbg *drbg);
/* Parse and check the header only: no passphrase needed. */
MUST_USE int keyfile_check(struct keyfile_cost *ret, struct span file,
                           enum keyfile_trouble *ret_trouble);

/* True if it is long enough to be worth the Argon2id, and is UTF-8. */
bool passphrase_good(struct span passphrase);

#endif
