/* Is this file a whole hop store? Asked before LMDB may touch it.
 *
 * LMDB trusts its files: a zero page size divides by zero, a wild page number reads outside the
 * map, an odd tree trips an assertion. So we walk the file ourselves first (header, every tree,
 * the free list), looking at nothing that was not range checked, and only what passes is opened.
 * The walk reads every leaf page but no large value, and takes milliseconds for 100,000 records.
 *
 * Limits: the contents of values are not checked here; records carry their own hashes. */
#ifndef HOP_STORE_LMDB_CHECK_H
#define HOP_STORE_LMDB_CHECK_H

#include "base/span.h"
#include "store/store.h"

/* The mark that makes an LMDB file ours: this key in the unnamed database, holding the text and
 * then the format's version as four bytes, big endian. */
#define LMDB_MARK_KEY      "hop"
#define LMDB_MARK_TEXT     "hop store"
#define LMDB_MARK_BYTES    (sizeof LMDB_MARK_TEXT - 1 + 4)
#define LMDB_STORE_VERSION 1u

/* Where LMDB 0.9 keeps the transaction number in each of the two meta pages. */
#define LMDB_TXNID_OFFSET 144u

#define LMDB_FILE_BYTES_MAX (UINT64_C(1) << 40) /* a header that claims more is damage */

/* STORE_FINE, STORE_FOREIGN, STORE_DAMAGED or STORE_NEWER; STORE_DISK_ERROR if memory runs out. */
enum store_trouble lmdb_check(struct span file);

#endif
