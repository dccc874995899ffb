/* Documents: bytes of any length, sealed into a tree of blobs (mesh/tree.h) as they come, and read
 * back from any place. Neither holds more than a chunk of it in memory.
 *
 * Writing takes as many turns as the owner likes; what is written so far is of no document and can
 * be seen by nobody. Its names are kept in a journal beside it, so that what a crash leaves behind
 * is taken out at the next start. In the turn of device_put_end() the record that names the
 * document is to be written too: both become durable together, or neither does. */
#ifndef HOP_DEVICE_DOCUMENT_H
#define HOP_DEVICE_DOCUMENT_H

#include "device/device.h"

#define DEVICE_PUT_BYTES_MAX ((size_t)64 << 20) /* between two commits: well within one */
#define DEVICE_PUTS_MAX      4                  /* documents being written at one time */

/* ---- writing ---- */

struct device_put;

/* class: enum secrecy. size: what it will be, or 0 if nobody knows. HOP_EREFUSED, with the reason:
 * too large, too many are being written, or it is secret: such a document is not even begun.
 * HOP_ENOSPACE: it would not leave the store's reserve for records, not even if all that is kept
 * for others went. */
MUST_USE int device_put_begin(struct device *d, unsigned class, uint64_t size,
                              struct device_put **ret, struct text_said *why);
unsigned device_put_class(const struct device_put *p);
/* The next bytes, at most DEVICE_PUT_BYTES_MAX before the owner commits. HOP_EREFUSED:
 * the document is too large; HOP_ENOSPACE: as above; HOP_EIO: a commit has failed since it was
 * begun. After an error only device_put_free() is left. */
MUST_USE int device_put_add(struct device_put *p, struct span bytes, struct text_said *why);
uint64_t device_put_size(const struct device_put *p);
/* The last of it. Fills blob_key, root, size and value (the class) of a DOC act, which is to be put
 * on record now. */
MUST_USE int device_put_end(struct device_put *p, struct act *doc, struct text_said *why);
/* kept: the record is durable. Otherwise its blobs are taken out, with the owner's next commit. */
void device_put_free(struct device_put *p, bool kept); /* NULL is fine; device_free() does it too */

/* All at once, for a document of class doc->value in memory: at most DEVICE_PUT_BYTES_MAX. */
MUST_USE int device_put_document(struct device *d, struct span bytes, struct act *doc,
                                 struct text_said *why);

/* ---- reading ---- */

/* Is all of it here? By the mark that is made when the last of it has become durable. */
bool device_has_document(struct device *d, const struct act *doc);

/* Bytes from `at` on, up to max of them, and not beyond the end of a chunk; *ret_size is 0 at the
 * end. HOP_ENOTFOUND: they are not here yet. HOP_EAUTH, HOP_EMALFORMED: the disk changed them, or
 * the record does not fit them. */
MUST_USE int device_read_document(struct device *d, const struct act *doc, uint64_t at,
                                  uint8_t *room, size_t max, size_t *ret_size);
/* All of it. */
MUST_USE int device_get_document(struct device *d, const struct act *doc, struct buf *ret);

/* ---- how they stand ---- */

/* What this device keeps of the cell's documents at most, its own included: the newest meetings
 * first, in them the smallest documents first. And what it keeps for others, who look for it here:
 * beyond that, what came first goes first. */
#define DEVICE_DOCUMENTS_BYTES_MAX ((uint64_t)8 << 30)
#define DEVICE_FOREIGN_BYTES_MAX   ((uint64_t)256 << 20)

struct device_documents {
    size_t count;             /* laid before meetings */
    size_t missing;           /* of them: not whole here */
    uint64_t missing_bytes;   /* of those: their sizes */
    size_t refused;           /* of the missing: not looked for, there is no room for them */
    size_t waiting;           /* for room on the disk */
    uint64_t waiting_bytes;   /* what those still need */
    size_t unusable;          /* given up: their blobs do not fit their records */
    uint64_t foreign_bytes;   /* kept for others */
    uint64_t foreign_refused; /* times that something was too large to be kept for them */
};
struct device_documents device_documents(struct device *d);

#endif
