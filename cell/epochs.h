/* Who may read: the epochs a device holds. docs/protocol.md §4. */
#ifndef HOP_CELL_EPOCHS_H
#define HOP_CELL_EPOCHS_H

#include "cell/epoch.h"

#define EPOCHS_MAX 1024 /* held at one time */

struct epochs; /* opaque; secret: wiped when it is freed */

struct epochs *epochs_new(void); /* NULL if memory runs out */
void epochs_free(struct epochs *e);

/* HOP_EEXIST: it is held already; HOP_EFULL, HOP_ENOMEM. */
MUST_USE int epochs_add(struct epochs *e, const struct epoch *one);
size_t epochs_count(const struct epochs *e);

/* NULL: not held. Valid until the next epochs_add(). */
const struct epoch *epochs_by_tag(const struct epochs *e, const uint8_t tag[static 16]);

/* The epoch to write under; NULL if there is none. */
const struct epoch *epochs_send(const struct epochs *e);

/* The key of the cell's beacons. HOP_ENOTFOUND without an epoch. */
MUST_USE int epochs_disc_key(const struct epochs *e, uint8_t ret[static 32]);

/* The key from which those of a call are made. HOP_ENOTFOUND for who cannot read. */
MUST_USE int epochs_media_key(const struct epochs *e, const uint8_t meeting[static 32],
                              uint8_t ret[static 32]);

#endif
