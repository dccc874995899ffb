/* Joining where there is no network at all: the joiner's request and the inviter's answer as files
 * on a stick, the same bytes that otherwise cross a link.
 *
 * The invitation reaches the joiner first, by whatever way (a file on that stick, too). Both files
 * are sealed under a key of the invitation that its holder and the cell's devices have, so whoever
 * finds the stick sees that somebody joins something. The request is bound to the joiner's keys by
 * the invitation's signature, the answer by the slot that only they open; either may be carried
 * again, and to another device they are of no use. docs/protocol.md §7.5. */
#ifndef HOP_DEVICE_JOIN_FILE_H
#define HOP_DEVICE_JOIN_FILE_H

#include "device/device.h"

#define JOIN_FILE_HEAD_BYTES 30
#define JOIN_FILE_BYTES_MAX  (JOIN_FILE_HEAD_BYTES + JOIN_FRAME_BYTES_MAX + CRYPTO_TAG_BYTES)

/* The joiner's file. HOP_EFULL never happens to a device of ours. */
MUST_USE int device_join_file_request(struct device *d, const struct device_join *join,
                                      uint8_t ret[static JOIN_FILE_BYTES_MAX], size_t *ret_size);

/* The inviter: the answer, to be written after the commit, and the name the invitation was for.
 * HOP_EREFUSED: damaged, of no invitation of this member, used, … */
MUST_USE int device_join_file_answer(struct device *d, struct span file, uint64_t wall,
                                     uint8_t ret[static JOIN_FILE_BYTES_MAX], size_t *ret_size,
                                     char ret_name[static AUTH_NAME_BYTES_MAX + 1],
                                     struct text_said *why);

/* The joiner, with the same invitation: as device_join_finish(). */
MUST_USE int device_join_file_finish(struct device *d, struct device_join *join, struct span file,
                                     struct text_said *why);

#endif
