/* Bundles where they lie: a directory that stays on a stick, or a single file.
 *
 * In a directory DIR the bundle is DIR/hop/NNNNNN-XXXXXXXX.hop: numbered files, each written whole
 * under another name, synced, and then named; none is ever written again. So whenever the stick is
 * pulled out, everything named before is as it was. XXXXXXXX is from the contents: two who write
 * with the same number do not meet. There is no index to keep right: a stick is read from one end
 * to the other, and only what proves itself counts (mesh/bundle.h), because whoever had the stick
 * may have changed it. Opened are plain files of our name only, never a link, never anything
 * larger than STICK_FILE_BYTES_MAX, and never as anything but a row of blocks.
 *
 * Nothing here knows a key: this is all that `hop bundle carry` needs. */
#ifndef HOP_NODE_STICK_H
#define HOP_NODE_STICK_H

#include "mesh/bundle.h"

#define STICK_FILES_MAX      10000
#define STICK_FILE_BYTES_MAX (UINT64_C(1) << 32) /* what FAT can hold */
#define STICK_NAME_BYTES_MAX 255
#define STICK_PATH_BYTES_MAX 4096

/* One block that proved itself, where it is. */
struct stick_item {
    enum bundle_kind kind; /* SEGMENT, BLOB or PROOF */
    enum record_lane lane;
    bool node; /* a BLOB that names others */
    uint8_t id[32];
    uint64_t first, last;
    uint32_t file;
    uint32_t size; /* of the payload */
    uint64_t at;
};

struct stick_file {
    char name[STICK_NAME_BYTES_MAX + 1];
    uint64_t size;
    uint64_t holes, skipped; /* damaged places, and the bytes in them */
    uint64_t bad;            /* blocks that are whole and do not check out */
    bool refused, hopeless;
};

struct stick {
    char path[STICK_PATH_BYTES_MAX]; /* as given */
    bool single;                     /* a file, not a directory */
    int dir;                         /* DIR/hop, or the directory of the file; -1: not open */
    struct stick_file *files;
    size_t files_count, files_capacity;
    struct stick_item *items; /* stick_sort() */
    size_t items_count, items_capacity;
    struct bundle_inventory here;   /* what proved itself */
    struct bundle_inventory listed; /* what LISTs say was there */
    uint64_t bytes;
    /* writing */
    int writing; /* the file of a single bundle being written; -1 */
    char temporary[STICK_NAME_BYTES_MAX + 1];
    uint64_t files_written, bytes_written;
};

/* Open and read a bundle, all of it. HOP_ENOTFOUND: no such place; HOP_EREFUSED: no permission, or
 * it is a link; HOP_EFULL: more files or blocks than the limits; HOP_EIO, HOP_ENOMEM. A directory
 * without a bundle is an empty stick. stick_close() in any case. */
MUST_USE int stick_open(struct stick *s, const char *path);

/* The same, to be written to: a directory gets its bundle, a file that does not exist is fine, and
 * one that does will be replaced. Takes the lock: HOP_EBUSY. */
MUST_USE int stick_open_to_write(struct stick *s, const char *path);

/* Items in the order in which a device wants them: SEGMENTs by lane, log and number, then BLOBs. */
void stick_sort(struct stick *s);
/* What a LIST says of it. */
struct bundle_entry stick_entry(const struct stick_item *item);
/* The payload of an item, read again, as a block. HOP_EIO, HOP_ENOMEM. */
MUST_USE int stick_block(const struct stick *s, const struct stick_item *item, struct buf *ret);

/* Write a section; it is there when HOP_OK is returned (in a single file: after stick_finish()).
 * HOP_ENOSPACE, HOP_EREFUSED (read-only), HOP_EIO: nothing has changed. */
MUST_USE int stick_write(struct stick *s, struct span section);
/* Give a single file its name. Without it nothing of it stays. */
MUST_USE int stick_finish(struct stick *s);

/* Remove files of ours of which nothing is needed any more: each block is among `had` (LISTs of
 * what everybody has), or in newer files too. Files with any damage, files that others put there,
 * and those with something that nobody here knows stay. s has just been read, and sorted; the
 * writer's lock is held. Returns how many are gone. */
size_t stick_remove_spent(struct stick *s, struct bundle_inventory *had);

void stick_close(struct stick *s);

#endif
