/* Whole files, read and written safely: small ones, such as keys and tokens, and documents.
 *
 * A write replaces: the bytes go to a temporary file beside the target, are synced, and take the
 * target's name; then the directory is synced. After a crash the file is the old one or the new
 * one, never a mixture. Nothing here follows up on errors by printing. */
#ifndef HOP_NODE_FILES_H
#define HOP_NODE_FILES_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Append the file's bytes to ret, which the caller wipes if they are secret.
 *   HOP_ENOTFOUND  no such file or directory
 *   HOP_EREFUSED   no permission
 *   HOP_EFULL      larger than size_max
 *   HOP_EMALFORMED not a regular file
 *   HOP_EIO, HOP_ENOMEM */
MUST_USE int files_read(const char *path, size_t size_max, struct buf *ret);

/* Replace path by these bytes, with exactly this mode. Errors as above, and HOP_ENOSPACE; the old
 * file is then untouched. */
MUST_USE int files_write(const char *path, struct span bytes, mode_t mode);

/* The same with mode 0600 for what is secret: the old file's bytes are written over when the new
 * one has its name, so that what was taken out of it is not left on the disk. (A disk that moves
 * blocks about may keep copies: docs/security.md.) */
MUST_USE int files_replace_secret(const char *path, struct span bytes);

/* Write zeros over [at, at + size) of a file that is there, at most to its end, down to the disk.
 */
MUST_USE int files_blank(const char *path, size_t at, size_t size);

/* Write zeros over all of it and remove it. HOP_ENOTFOUND if it is not there. */
MUST_USE int files_wipe(const char *path);

/* What writes of this file that never ended have left beside it: each is wiped. */
void files_wipe_parts(const char *dir, const char *name);

/* Make a directory of this mode, and those above it that are missing (0755). An existing one is
 * fine and keeps its mode. */
MUST_USE int files_make_dir(const char *path, mode_t mode);

/* dir + "/" + name. HOP_EFULL when it does not fit. */
MUST_USE int files_path(char *ret, size_t size, const char *dir, const char *name);

/* Bring the directory's entries to the disk. */
MUST_USE int files_sync_dir(const char *path);

/* What an errno means to whoever called. */
int files_error(int number);

#endif
