/* Where records and blobs are kept: one small interface with two sides.
 *
 * store/lmdb.c keeps them on disk (an edge); store/memory.c keeps them in memory and can be told
 * to fail. Both pass the same contract test (tests/unit/store/contract_test.c).
 *
 * There is one writer. Writes collect until store_commit(); reads see them at once; only a commit
 * makes them durable, and a crash or a failed commit leaves exactly what the last successful
 * commit left. So a turn of the node costs one fsync, and whoever promised something to somebody
 * keeps quiet until the commit has returned HOP_OK.
 *
 * Errors of every write and of commit: HOP_ENOSPACE the disk (or the limit) is full; HOP_EIO the
 * disk said no. After either, all writes since the last commit are gone (as if store_rollback()
 * had been called) and the store can be used again: when space returns, writing works again.
 *
 * Spans returned by reads are valid until the next write, commit or rollback. */
#ifndef HOP_STORE_STORE_H
#define HOP_STORE_STORE_H

#include "base/err.h"
#include "base/span.h"

#define STORE_LOG_BYTES       32 /* a log's id: its public key */
#define STORE_ID_BYTES        32 /* a record's id */
#define STORE_KEY_BYTES_MAX   64
#define STORE_VALUE_BYTES_MAX (2u << 20) /* a record is at most 1 MiB and a bit */

/* How far a log reaches. */
struct store_tip {
    uint64_t seq;                 /* of the last record; the first is 1 */
    uint8_t head[STORE_ID_BYTES]; /* its id */
};

enum store_table {
    STORE_BLOBS, /* key: 32-byte name */
    STORE_META,  /* key: short text; small facts of the owner */
    STORE_TABLES_COUNT
};

struct store;

/* How much more fits, as well as can be told cheaply, writes since the last commit counted. */
struct store_space {
    uint64_t left;  /* bytes that can still be written; STORE_SPACE_ANY: there is no limit */
    uint64_t total; /* of the disk, or the limit */
};
#define STORE_SPACE_ANY UINT64_MAX

struct store_ops {
    int (*append)(struct store *s, const uint8_t *log, const struct store_tip *tip,
                  struct span record);
    int (*get)(struct store *s, const uint8_t *log, uint64_t seq, struct span *ret);
    int (*tip)(struct store *s, const uint8_t *log, struct store_tip *ret);
    int (*next_log)(struct store *s, const uint8_t *after, uint8_t *ret_log,
                    struct store_tip *ret_tip);
    int (*arrival)(struct store *s, uint64_t index, uint8_t *ret_log, uint64_t *ret_seq);
    int (*put)(struct store *s, enum store_table table, struct span key, struct span value);
    int (*find)(struct store *s, enum store_table table, struct span key, struct span *ret);
    int (*remove)(struct store *s, enum store_table table, struct span key);
    void (*space)(struct store *s, struct store_space *ret);
    int (*commit)(struct store *s);
    void (*rollback)(struct store *s);
    void (*close)(struct store *s);
};

struct store {
    const struct store_ops *ops; /* first member of either side's own struct */
};

/* Append record as number tip->seq of log, with id tip->head. tip->seq must be one more than what
 * the log holds (asserted: the caller has verified the chain). */
MUST_USE static inline int store_append(struct store *s, const uint8_t log[static STORE_LOG_BYTES],
                                        const struct store_tip *tip, struct span record)
{
    return s->ops->append(s, log, tip, record);
}

/* Record number seq of log; HOP_ENOTFOUND. */
MUST_USE static inline int store_get(struct store *s, const uint8_t log[static STORE_LOG_BYTES],
                                     uint64_t seq, struct span *ret)
{
    return s->ops->get(s, log, seq, ret);
}

/* How far a log reaches; HOP_ENOTFOUND when there is none. */
MUST_USE static inline int store_tip(struct store *s, const uint8_t log[static STORE_LOG_BYTES],
                                     struct store_tip *ret)
{
    return s->ops->tip(s, log, ret);
}

/* Walk the frontier in ascending order of log id: after NULL gives the first; HOP_ENOTFOUND ends.
 */
MUST_USE static inline int store_next_log(struct store *s, const uint8_t *after,
                                          uint8_t ret_log[static STORE_LOG_BYTES],
                                          struct store_tip *ret_tip)
{
    return s->ops->next_log(s, after, ret_log, ret_tip);
}

/* The index-th record (from 0) in the order this store received them; HOP_ENOTFOUND past the end.
 */
MUST_USE static inline int store_arrival(struct store *s, uint64_t index,
                                         uint8_t ret_log[static STORE_LOG_BYTES], uint64_t *ret_seq)
{
    return s->ops->arrival(s, index, ret_log, ret_seq);
}

/* Keep a value under a key, replacing what was there. A key has 1 to STORE_KEY_BYTES_MAX bytes, a
 * value at most STORE_VALUE_BYTES_MAX (asserted: the caller has checked its input). */
MUST_USE static inline int store_put(struct store *s, enum store_table table, struct span key,
                                     struct span value)
{
    return s->ops->put(s, table, key, value);
}

MUST_USE static inline int store_find(struct store *s, enum store_table table, struct span key,
                                      struct span *ret)
{
    return s->ops->find(s, table, key, ret);
}

/* Take a value out; HOP_ENOTFOUND when there is none. Its space is used again. */
MUST_USE static inline int store_remove(struct store *s, enum store_table table, struct span key)
{
    return s->ops->remove(s, table, key);
}

/* Nothing left when the disk cannot be asked. */
static inline void store_space(struct store *s, struct store_space *ret)
{
    s->ops->space(s, ret);
}

/* What is kept free for records. A vote is a few hundred bytes and a document may be a film: were
 * documents to fill the disk, no vote could be taken any more. So blobs are written only as long as
 * this much stays free beside them: enough for 50,000 records, or a quarter of a disk that is
 * small. */
#define STORE_RESERVE_BYTES    ((uint64_t)32 << 20)
#define STORE_RESERVE_FRACTION 4

/* Bytes of blobs that fit without touching the reserve; STORE_SPACE_ANY: any number. */
uint64_t store_blob_room(struct store *s);
/* How much must be freed before so much of them fits; 0: it fits. */
uint64_t store_blob_lack(struct store *s, uint64_t bytes);
/* What so many bytes of blobs take of it, with what the store adds to each of them. */
uint64_t store_blob_cost(uint64_t bytes);

/* Make everything since the last commit durable, or nothing of it. What one commit carries should
 * stay under STORE_COMMIT_BYTES_MAX; beyond it, HOP_ENOSPACE may come early. */
#define STORE_COMMIT_BYTES_MAX (96u << 20)

MUST_USE static inline int store_commit(struct store *s)
{
    return s->ops->commit(s);
}

static inline void store_rollback(struct store *s)
{
    s->ops->rollback(s);
}

static inline void store_close(struct store *s) /* NULL is fine; uncommitted writes are dropped */
{
    if (s != NULL)
        s->ops->close(s);
}

/* ---- in memory ---- */

/* Failure by countdown: the n-th write or commit from now fails once; 0 never. */
struct store_faults {
    unsigned long write_countdown, commit_countdown;
    int error; /* HOP_ENOSPACE or HOP_EIO; 0 counts as HOP_EIO */
};

/* NULL if memory runs out. bytes_max 0: no limit; else HOP_ENOSPACE beyond it. */
struct store *store_memory_new(size_t bytes_max);
struct store_faults *store_memory_faults(struct store *s);
void store_memory_limit(struct store *s, size_t bytes_max);
size_t store_memory_bytes(const struct store *s); /* of keys, records and values */

/* Lose what a crash would lose: everything since the last commit. */
void store_memory_crash(struct store *s);

/* ---- on disk (store/lmdb.c) ---- */

enum store_trouble {
    STORE_FINE,
    STORE_MISSING,   /* the directory does not exist */
    STORE_FORBIDDEN, /* no permission to read or write */
    STORE_FOREIGN,   /* the file is not a hop store */
    STORE_DAMAGED,   /* it was one, and is not whole */
    STORE_NEWER,     /* written by a newer hop */
    STORE_DISK_FULL,
    STORE_DISK_ERROR,
};

/* Open, or create when absent, the store in directory dir (file dir/records.mdb). The caller holds
 * the directory's lock: one process only. On error *ret_trouble says what a person should hear.
 * The file is checked before it is trusted (store/lmdb_check.h), whatever it contains; still, a
 * store is never opened from somebody else's medium. Format and promises: docs/storage.md. */
MUST_USE int store_lmdb_open(struct store **ret, const char *dir, enum store_trouble *ret_trouble);

/* Give back the memory of pages read so far, after a walk through the whole history. Costs some
 * 0.1 ms; does nothing while writes wait for their commit. Spans are no longer valid after it. */
void store_lmdb_trim(struct store *s);

#endif
