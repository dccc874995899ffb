/* Acts that need a key of their own: a member's PIN at a site, and the private line.
 *
 * A PIN makes a signing key (Argon2id over the PIN, salted with cell and member); its public half
 * is on record (ACT_PIN). At a site the PIN signs that this member is there. A member of the cell
 * who tries all PINs of six digits needs a day of one core: it is evidence for the roll, which a
 * person confirms, not a vote.
 *
 * The private line is words to the secretary that never enter minutes: sealed to the devices of the
 * cell's secretary and of the author, and to nobody else (docs/protocol.md §9). */
#ifndef HOP_DEVICE_SITE_H
#define HOP_DEVICE_SITE_H

#include "device/device.h"

#define PIN_DIGITS_MIN          6
#define PIN_DIGITS_MAX          12
#define PIN_OPS                 3u
#define PIN_MEMORY_BYTES        (64ull << 20) /* the floor of the key file: 0.1 s */
#define PRIVATE_WORDS_BYTES_MAX (48u << 10)

/* The public key that this PIN makes for this device's member. HOP_EREFUSED: no such PIN. */
MUST_USE int device_pin_key(const struct device *d, struct span pin, uint8_t ret[static 32],
                            struct text_said *why);
/* a is a SITE_ROLL of one person: its proof by that person's PIN. Whether it is the right PIN the
 * fold says. */
MUST_USE int device_pin_prove(const struct device *d, struct span pin, struct act *a,
                              struct text_said *why);

/* Seal words for the secretary. ret is for ACT_PRIVATE. */
MUST_USE int device_seal_private(struct device *d, struct span words, struct buf *ret,
                                 struct text_said *why);
/* Words that are for this device (or from it), opened; HOP_ENOTFOUND: for somebody else. */
MUST_USE int device_open_private(struct device *d, const struct meeting_private *p,
                                 struct buf *ret);

#endif
