/* How secret a thing is, and the one rule about it: what is secret is never encoded.
 *
 * Whatever makes bytes that may leave this process out of what people wrote asks secrecy_check()
 * with the class first, before it takes in a byte of it: record_seal() for records, and
 * device_put_begin() for documents. Bundles, dossiers, links and the store carry only what one of
 * those two made. tests/trouble/secret.sh greps every byte that a full run writes. */
#ifndef HOP_CELL_SECRECY_H
#define HOP_CELL_SECRECY_H

#include "base/err.h"

enum secrecy {
    SECRECY_OPEN,
    SECRECY_INTERNAL,
    SECRECY_GROUP,
    SECRECY_SECRET /* and whatever is above it */
};

/* HOP_EREFUSED from SECRECY_SECRET on. */
MUST_USE static inline int secrecy_check(unsigned class)
{
    return class < SECRECY_SECRET ? HOP_OK : HOP_EREFUSED;
}

#endif
