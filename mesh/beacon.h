/* "I am here", readable only by the cell: one datagram of fixed size, for multicast, broadcast or a
 * typed address.
 *
 * 24-byte random nonce, then XChaCha20-Poly1305 under a key only the cell has (for a joiner: under
 * a key only its invitation has). An outsider sees 208 random bytes, cannot tell which cell it is
 * or whether two beacons are of one device, and gets no answer to anything. No clock is needed to
 * read one: the CURVE key inside dies with the process that sent it, and the owner ignores a (boot,
 * counter) it has seen and what is not from the address it names. Layout: docs/protocol.md §5. */
#ifndef HOP_MESH_BEACON_H
#define HOP_MESH_BEACON_H

#include "crypto/crypto.h"

#define BEACON_BYTES       208
#define BEACON_PLAIN_BYTES 168 /* what is sealed in one */

#define BEACON_FLAG_JOINER 0x01 /* looks for the inviter; signed by the invitation's key */
#define BEACON_FLAG_REPLY  0x02 /* answers a beacon: do not answer this one */

struct beacon {
    uint8_t flags;
    uint16_t link_port;  /* TCP port of the CURVE server */
    uint16_t voice_port; /* UDP, 0 if none */
    uint8_t device_tag[16];
    uint8_t server_key[32];        /* CURVE, fresh at every start of the process */
    uint8_t boot[8];               /* random at every start */
    uint32_t counter;              /* counts this process's beacons */
    uint8_t root_salt[8], root[8]; /* frontier root: equal under the same salt means in sync */
    uint8_t address[16]; /* own address (IPv4 as ::ffff:a.b.c.d), or zeros: the source address */
};

/* Seal a beacon; key from epochs_disc_key() or the invitation. */
void beacon_seal(uint8_t ret[static BEACON_BYTES], const struct beacon *b,
                 const uint8_t key[static CRYPTO_KEY_BYTES],
                 const uint8_t nonce[static CRYPTO_NONCE_BYTES], const struct hop_sign_key *signer);

/* Open one. HOP_EMALFORMED: wrong size or layout; HOP_EAUTH: not under this key. The signature is
 * checked separately, because whose key it should be is known only from device_tag. */
struct beacon_opened {
    struct beacon beacon;
    uint8_t plain[BEACON_PLAIN_BYTES]; /* what the signature covers, and the signature */
};
MUST_USE int beacon_open(struct beacon_opened *ret, struct span packet,
                         const uint8_t key[static CRYPTO_KEY_BYTES]);
MUST_USE int beacon_verify(const struct beacon_opened *o, const uint8_t public_key[static 32]);

/* A datagram that looks like a beacon and holds something else (device/pairing.h). HOP_EMALFORMED:
 * wrong size; HOP_EAUTH: not under this key. */
void beacon_wrap(uint8_t ret[static BEACON_BYTES], const uint8_t plain[static BEACON_PLAIN_BYTES],
                 const uint8_t key[static CRYPTO_KEY_BYTES],
                 const uint8_t nonce[static CRYPTO_NONCE_BYTES]);
MUST_USE int beacon_unwrap(uint8_t ret[static BEACON_PLAIN_BYTES], struct span packet,
                           const uint8_t key[static CRYPTO_KEY_BYTES]);

#endif
