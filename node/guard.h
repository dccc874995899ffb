/* What keeps the secrets of a device from whoever gets at the machine: the process, its memory, the
 * lock, the change of passphrase, and panic.
 *
 * A node that is locked has a process, the directory's lock and its HTTP server, and nothing else:
 * no keys, no store, no link, no beacon. To lock, the program begins anew (exec), so that nothing
 * of what it had read, written or heard is left in its memory; only the port and the token of the
 * page go along, through a pipe. It then answers every request but unlock, stop and panic with
 * "locked".
 *
 * Memory that holds keys is locked against swapping as far as the limits of the system allow; what
 * is known of the copies that sealing and opening make is in docs/security.md. */
#ifndef HOP_NODE_GUARD_H
#define HOP_NODE_GUARD_H

#include "node/node.h"

#define GUARD_LOCK_AFTER_MAX (24 * 60 * 60 * HOP_SECOND)

/* First thing in the process: no core files, no tracing by others of this user. */
void guard_process(void);

/* The node's own secrets in locked memory, and out of it. */
void guard_memory(struct node *n);
void guard_memory_end(struct node *n);

/* "15" minutes or "90s". HOP_EMALFORMED. */
MUST_USE int guard_parse_after(const char *text, hop_time *ret);
/* Somebody uses this node. */
void guard_used(struct node *n);
/* Is it time to lock? Not while voice runs. */
bool guard_idle(const struct node *n);

/* ---- beginning anew, locked ---- */

/* Into n->resume, while HTTP is served. */
void guard_remember(struct node *n);
/* Become this program with these arguments and "--locked". Returns only if that cannot be done. */
int guard_begin_anew(char *const *argv, const struct node_resume *resume);
/* What the process before left; false: there was none. */
bool guard_resumed(struct node_resume *ret);

/* ---- the passphrase ---- */

/* A new file under a new data key, with the same keys in it; the old file is written over. `old`
 * must open what is there. Killed at any moment, it leaves one whole file that one of the two
 * opens.
 */
MUST_USE int guard_change_passphrase(struct node *n, const char *old, const char *new,
                                     struct node_trouble *ret);

/* ---- panic ---- */

/* One small write over the slots of keys.hop, down to the disk: from then on nobody opens it. Works
 * whoever holds the directory's lock. HOP_ENOTFOUND: no key file. */
MUST_USE int guard_panic_keys(const char *dir);
/* The keys are gone already, and the rest is not? */
bool guard_panic_begun(const char *dir);
/* The rest: keys.hop whole, and what else hop keeps in this directory; then the directory, if
 * nothing else is in it. */
void guard_panic_rest(const char *dir);
/* In the node that runs: the keys on the disk and in memory; nothing is saved any more, the node
 * stops, and removes the rest when it is closed. */
MUST_USE int guard_panic(struct node *n);

#endif
