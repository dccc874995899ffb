/* What a device puts into bundles, what it makes of one, and who still lacks what is in it.
 *
 * Who has what is read from the records themselves: a record names what its author's device had
 * seen (its deps), so the newest records of a device are its signed word on what it holds. A device
 * that has only read says so with a SEEN record, which is nothing but deps, before it writes a
 * bundle. No other memory is kept, so none can be wrong: a device that lost its store opens new
 * logs, and what its old ones said of it counts no more.
 *
 * A bundle is incremental against the least that all it is for are known to have. That is the one
 * place where knowledge withholds data; `all` leaves nothing out. */
#ifndef HOP_DEVICE_BUNDLE_H
#define HOP_DEVICE_BUNDLE_H

#include "device/device.h"
#include "mesh/bundle.h"

/* ---- writing ---- */

struct device_bundle_ask {
    struct bundle_inventory *there; /* what the stick holds already */
    const bool *members;            /* by index, for whom; NULL: for everybody but ourselves */
    bool all;                       /* leave out only what is there */
    size_t bytes_aim;               /* of a section */
};

/* The next section (mesh/bundle.h); nothing is appended when nothing is left to write. In the order
 * of importance: control records, meetings, the rest, then the chunks of documents. HOP_ENOMEM,
 * HOP_EIO. */
MUST_USE int device_bundle_write(struct device *d, const struct device_bundle_ask *ask,
                                 struct buf *ret);

/* Put on record what this device has seen, if its own records do not say so yet. Durable after the
 * owner's commit. */
MUST_USE int device_bundle_seen(struct device *d, uint64_t wall, bool *ret_written);

/* What this device and every other device of a member that writes is known to have, as LIST blocks:
 * runs, and the blobs of documents that every member has acknowledged. A stick need not carry it
 * any more. Empty in a cell of one device. HOP_ENOMEM. */
MUST_USE int device_bundle_had(struct device *d, struct buf *ret);

/* ---- reading ---- */

/* What is here, and which chunks are wanted, as LIST blocks: so whoever reads a stick need not show
 * us what we have. HOP_ENOMEM. */
MUST_USE int device_bundle_have(struct device *d, struct buf *ret);

/* How much of what is bound to nobody may still come; device_bundle_have() begins a new reading and
 * fills it up. */
size_t *device_bundle_budget(struct device *d);

/* May this block go on to the mesh (MESH_IN_CARRIED, MESH_IN_CARRIED_BLOB)? Logs must be known or
 * written under an epoch we hold: HOP_EREFUSED says it is of another cell, or cannot be told yet.
 * What is not bound to a device of the cell may take no more than the budget, which goes down:
 * HOP_EFULL. HOP_EMALFORMED. */
#define DEVICE_BUNDLE_BUDGET ((size_t)16 << 20)
MUST_USE int device_bundle_admits(struct device *d, const struct bundle_block *b, size_t *budget);

/* ---- looking ---- */

enum bundle_item {
    BUNDLE_ITEM_NOTICE,
    BUNDLE_ITEM_DOCUMENT,
    BUNDLE_ITEM_MEETING, /* prepared */
    BUNDLE_ITEM_OPINION,
    BUNDLE_ITEM_MOTION,
    BUNDLE_ITEM_VOTE,
    BUNDLE_ITEM_CONDUCT, /* opened, attended, called, counted, closed */
    BUNDLE_ITEM_MINUTES, /* a signature under them */
    BUNDLE_ITEM_RECEIPT,
    BUNDLE_ITEM_CELL,   /* members, invitations, keys */
    BUNDLE_ITEM_SEALED, /* cannot be opened here, or not yet */
    BUNDLE_ITEMS_COUNT
};

struct bundle_items {
    uint64_t counts[BUNDLE_ITEMS_COUNT];
    /* Of the documents: of what is new here, all chunks are here or in the bundle; of what is
     * carried, all are in the bundle. */
    uint64_t documents_whole;
};

/* Records that are neither here nor in the bundle, though it begins beyond them or lists them. */
struct bundle_missing {
    uint8_t log[32];
    uint32_t member; /* whose log; HISTORY_NONE: not known */
    uint64_t first, last;
    bool lost; /* listed: they were on the stick, and are damaged */
};

#define BUNDLE_MISSING_MAX 256 /* named; `missing_total` counts all */

struct device_bundle_view {
    struct bundle_items fresh;          /* new here */
    struct bundle_items carried;        /* here as well, and somebody lacks it */
    uint64_t foreign, bad, forked;      /* runs of another cell, that do not check out, of a fork */
    uint64_t chunks_new, chunks_absent; /* wanted here, and in the bundle or not */
    bool *lacks;                        /* by member: no device of theirs has all of it. owned */
    size_t members;
    struct bundle_missing *missing; /* owned */
    size_t missing_count;
    uint64_t missing_total;
};

/* Look at a bundle without storing anything. blocks: LISTs of what it holds and we have (RUN), of
 * its chunks (CHUNK) and of what was listed and not found (LOST); SEGMENTs of what we lack, each
 * log's in ascending order; BLOBs that are nodes of trees, without which a document of several
 * chunks counts as not whole. HOP_ENOMEM, HOP_EMALFORMED, HOP_EIO. */
MUST_USE int device_bundle_look(struct device *d, struct span blocks,
                                struct device_bundle_view *ret);
void device_bundle_view_free(struct device_bundle_view *v);

/* ---- inside ---- */

/* For each log what a device is known to have; ret has history_log_count() numbers. */
MUST_USE int device_bundle_known(struct device *d, const uint8_t ik[static 32], uint64_t *ret);

#endif
