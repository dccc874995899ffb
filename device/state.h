/* The inside of a device, for the files of this folder only. */
#ifndef HOP_DEVICE_STATE_H
#define HOP_DEVICE_STATE_H

#include "cell/record.h"
#include "device/document.h"

/* One log as this device has opened it; named by its index in the history. */
struct device_log {
    uint64_t tip;        /* records in the store */
    uint64_t next;       /* the next to be opened */
    bool refused;        /* its first record does not bind it to a device: never opened */
    bool closed;         /* its first record is not for us to read: in the history, by nobody */
    uint8_t tag[16];     /* of the epoch of its first record */
    uint64_t scanned;    /* looked at for keys, up to here */
    uint64_t waits_keys; /* epochs_version() when it began to wait for a key */
    uint8_t ik[32];
    uint32_t incarnation;
    bool waiting; /* the next record waits: for waits_for, or, if that is zeros, for an epoch */
    uint8_t waits_for[32];
};

/* Logs of our own that were written to: within one turn of two incarnations, if an epoch begins. */
#define DEVICE_WRITTEN_MAX 16
struct device_written {
    uint8_t logs[DEVICE_WRITTEN_MAX][32];
    size_t count;
};

struct device_document {
    uint32_t entry;
    uint8_t root[32];
    uint64_t size, rank;
    bool looked_for; /* there is room for it */
};

#define DEVICE_ADMITTING_MAX 8
#define DEVICE_HOLD          (2 * HOP_SECOND) /* for records to come that somebody says there are */
#define DEVICE_HOLDS_MAX     8                /* in one run */

struct device {
    struct device_keys *keys;
    struct store *store;
    struct trace trace;
    struct hop_drbg drbg;
    uint64_t mesh_seed;
    struct cell *cell;
    struct epochs *epochs;
    struct mesh *mesh;
    struct history *history;
    struct meeting_state *meetings;
    uint8_t procedure[32]; /* hash of the one that the meetings have */
    size_t cell_read;      /* entries of the history that the cell has */
    struct device_log *logs;
    size_t logs_count, logs_capacity;
    size_t folded;      /* entries of the canonical order that the meetings have */
    hop_time folded_at; /* after a commit */
    /* Bodies of the entries from kept_first on, as far as there was room: opened, not yet folded.
     */
    struct buf kept,
        kept_at; /* kept_at: a uint32_t for each, where it is in kept, or KEPT_NOWHERE */
    uint32_t kept_first;
    bool cell_dirty;     /* a control record came: fold the cell again */
    bool standing_dirty; /* and one that may change what somebody was allowed to do */
    int write_error;     /* a write of this turn failed: the commit counts as failed */
    bool stored;         /* the mesh waits to hear that its records are durable */
    bool roster_changed;
    struct device_written authored; /* not yet committed */
    struct device_written publish;  /* committed, the mesh not yet told */
    bool early;                     /* the history has records that are not committed */
    /* device/rotate.c */
    uint64_t judged;  /* epochs_version() when the epochs were last judged */
    bool duty_called; /* its time has come: it waits for the commit */
    bool duty;        /* something about the epochs is to be done, since: */
    hop_time duty_since, duty_at;
    bool own_came_back; /* a peer brought records of our own logs: no more of those */
    /* documents: device/document.c */
    struct device_document *documents; /* laid before meetings; by rank after a fold */
    size_t documents_count, documents_capacity;
    bool documents_new;
    struct device_document *wants; /* to ask the mesh for */
    size_t wants_count, wants_capacity;
    size_t documents_told;      /* of those that wait or are unusable, and of refusals */
    bool marked;                /* one is whole, and the commit that says so is still to come */
    uint64_t commits, failures; /* so far */
    struct {                    /* blobs kept for others: device/foreign.c */
        uint64_t bytes;         /* what they take */
        uint64_t first, next;   /* numbers of the oldest, and of the next to come */
    } foreign;
    struct device_put *puts[DEVICE_PUTS_MAX];
    uint8_t admitting[DEVICE_ADMITTING_MAX][16]; /* invitations answered in this turn */
    size_t admitting_count;
    size_t bundle_budget; /* bytes that logs bound to nobody may still bring by bundle */
    /* wholeness: device/whole.c */
    unsigned session_records; /* that may still be written in this session */
    hop_time now, held_until; /* nothing is written before */
    unsigned holds;           /* so far */
    enum text_id notice;      /* what a person should hear of it, or TEXT_NONE */
    /* forked logs: device/fork.c */
    bool reopen;           /* open the history again from the start, at the next commit */
    bool settled;          /* somebody has exactly what we have */
    uint8_t (*waived)[32]; /* ids that records name and nobody has */
    size_t waived_count, waived_capacity;
    bool waived_changed; /* and is to be committed */
    uint64_t version;    /* of what is stored */
    uint64_t tellings;   /* changes of what is said of it */
};

/* The log's state; NULL if memory runs out. Its index in *ret_index. */
struct device_log *device_log_state(struct device *d, const uint8_t id[static 32],
                                    uint32_t *ret_index);

/* Seal, sign and append a record of our own; opens the log first if need be. */
struct device_draft {
    enum record_lane lane;
    enum record_outer outer;
    unsigned type;
    uint8_t class;
    uint64_t wall;
    struct span body;
};
MUST_USE int device_author(struct device *d, const struct device_draft *draft,
                           uint8_t ret_id[static 32]);
/* The same into the logs as they are, whatever the epoch: what makes an epoch. */
MUST_USE int device_author_here(struct device *d, const struct device_draft *draft,
                                uint8_t ret_id[static 32]);

/* ---- who may read (rotate.c) ---- */

/* If nobody may be written for under any epoch, make one: called in the turn of whatever took
 * somebody out, right after it. Nothing is done if an epoch is still good. HOP_EBUSY: it is not for
 * this device to make epochs. */
MUST_USE int device_rotate(struct device *d, enum epoch_reason reason, uint64_t wall);
/* Logs that belong to the epoch that is written under, so that something can be written. */
MUST_USE int device_ready(struct device *d, uint64_t wall);
/* After a fold: the epochs as they are judged now. HOP_ENOMEM. */
MUST_USE int device_judge(struct device *d);
/* After a commit: renew, grant or ask, if it is time; *ret_wrote: another commit is needed. */
MUST_USE int device_duties(struct device *d, hop_time now, uint64_t wall, bool *ret_wrote);
/* At the start, from the key file; HOP_ENOMEM. After the first look at the store, what this device
 * made and no record tells of is let go. */
MUST_USE int device_epochs_load(struct device *d);
void device_epochs_settle(struct device *d);
/* Keep in the key file what was sealed to us since. */
void device_epochs_keep(struct device *d);
/* New logs, for whatever reason; what a seat has signed may be forgotten: lost. */
void device_renew_logs(struct device *d, bool lost);

/* The key of a sealed record; HOP_ENOTFOUND: not held. */
MUST_USE int device_record_key(const struct device *d, const struct record *r,
                               uint8_t ret[static 32]);

/* Which logs a store holds: the cell's id, and the key of this device's control log. Written with
 * the first record of each of its logs. */
#define DEVICE_MARK       "device"
#define DEVICE_MARK_BYTES 64
void device_store_mark(const struct device *d, uint8_t ret[static DEVICE_MARK_BYTES]);

/* Make mesh and cell for the cell that keys name. */
MUST_USE int device_enter_cell(struct device *d);
void device_leave_cell(struct device *d);

MUST_USE int device_open_all(struct device *d);  /* everything in the store that can be opened */
MUST_USE int device_reopen(struct device *d);    /* forget what was opened: all is opened again */
MUST_USE int device_fold_cell(struct device *d); /* the cell up to date */
MUST_USE int device_fold(struct device *d);      /* cell and meetings up to date */
bool device_folded(const struct device *d);      /* cell and meetings are up to date */

/* Let go of the bodies that were kept for folding. */
void device_forget_bodies(struct device *d);

/* device/fork.c: deps without those that are waived (ret may be deps); this id has come; waive what
 * records wait for and nobody has, if it is time. */
size_t device_fork_filter(const struct device *d, uint8_t *ret, const uint8_t *deps, size_t count);
bool device_fork_waived(const struct device *d, const uint8_t id[static 32]);
void device_fork_arrived(struct device *d, const uint8_t id[static 32]);
MUST_USE int device_fork_load(struct device *d);
MUST_USE int device_fork_settle(struct device *d, bool *ret_progress);

/* Whose log is it, by its first record? False: that is not here, or binds it to nobody. */
bool device_log_owner(struct device *d, const uint8_t log[static 32], uint8_t ret_ik[static 32]);

/* device/whole.c: new logs, if ours are not whole here; before each record of our own; when the
 * turn it was written in is lost. */
MUST_USE int device_check_whole(struct device *d);
MUST_USE int device_session(struct device *d);
void device_session_undo(struct device *d);

/* ---- documents (document.c) ---- */

void device_documents_forget(struct device *d); /* before a fold from the start */
void device_documents_free(struct device *d);
void device_puts_forget(struct device *d); /* with the device */
/* A DOC record was folded: its document will be looked for, if the meeting has it. HOP_ENOMEM. */
MUST_USE int device_document_laid(struct device *d, uint32_t entry, struct span body);
void device_documents_look(struct device *d); /* after a fold */
void device_documents_again(struct device *d);
void device_documents_watch(
    struct device *d); /* a new version when there is news to tell of them */
/* What a person should hear of documents; up to max sentences. */
size_t device_document_notices(struct device *d, struct text_said *ret, size_t max);
bool device_holds_document(struct device *d, uint32_t entry);
/* Every blob of this tree is durable: a mark says so from the next commit on. */
MUST_USE int device_document_whole(struct device *d, const uint8_t root[static 32], uint64_t size);
/* Take out what documents left that were not written to their end. */
MUST_USE int device_sweep_documents(struct device *d);

/* ---- blobs kept for others (foreign.c) ---- */

/* One more has been put into the store; the oldest make room for it. */
MUST_USE int device_foreign_add(struct device *d, const uint8_t name[static 32], size_t size);
/* Take out the oldest until so many bytes are free, or none is left. */
MUST_USE int device_foreign_free(struct device *d, uint64_t bytes);
/* Documents of ours that wait for room get what others have; true if something was taken out, which
 * is to be committed. */
bool device_foreign_yield(struct device *d);
void device_foreign_load(struct device *d); /* at start, and when a turn was undone */

/* Map an error of a write to a sentence. */
int device_write_refusal(int err, struct text_said *why);

#endif
