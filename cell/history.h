/* All opened records of a cell in one causal order that every device agrees on.
 *
 * A record's height is one more than the greatest height among its predecessor in its log and its
 * deps. Sorting by (height, id) is a topological order, and, because a height depends only on
 * ancestors, adding records never reorders the ones already there: two devices with the same set
 * of records walk them in the same order, whatever the order of arrival. Times play no part.
 *
 * Bodies are not kept here; they are opened again from the store when somebody folds. */
#ifndef HOP_CELL_HISTORY_H
#define HOP_CELL_HISTORY_H

#include "base/err.h"
#include "base/span.h"

#define HISTORY_NONE UINT32_MAX

/* One opened record. Entries are named by index, in order of insertion; indexes never move. */
struct history_entry {
    uint8_t id[32];
    uint32_t height;
    uint32_t
        level;    /* by history_add(): the same along the control lane alone, which all can read */
    uint32_t log; /* index of its log: history_log() */
    uint64_t seq;
    uint32_t previous;            /* entry of seq-1 in the same log, or HISTORY_NONE */
    uint32_t deps_at, deps_count; /* into the table of deps */
    uint16_t type;
    uint8_t lane;
    bool closed;   /* nobody may read it here: who wrote it, and what it had seen, is not known */
    uint8_t named; /* by history_add(): 1 a later entry names it, 2 one of the control lane does */
};

struct history;

struct history *history_new(void); /* NULL if memory runs out */
void history_free(struct history *h);

/* The index of a log, given at its first mention; HISTORY_NONE if memory runs out. */
uint32_t history_log(struct history *h, const uint8_t id[static 32]);
size_t history_log_count(const struct history *h);
const uint8_t *history_log_id(const struct history *h, uint32_t log); /* 32 bytes */
uint64_t history_log_tip(const struct history *h, uint32_t log); /* greatest seq added; 0: none */
uint32_t history_log_entry(const struct history *h, uint32_t log, uint64_t seq);

/* Add one whose predecessor and deps are all there (else HOP_ENOTFOUND, nothing changed). The
 * caller fills id, log, seq (one more than the log's tip), type and lane, and height as the least
 * it may be: 0, or, where ancestors are left out (a dossier), what it was among all. *ret is the
 * new entry's index. HOP_EEXIST: was there. */
MUST_USE int history_add(struct history *h, struct history_entry *e, const uint8_t *deps,
                         size_t deps_count, uint32_t *ret);

/* Entries that none comes after: a record that names them all has seen everything. With control, of
 * the control lane also those that only other lanes name: so control records alone show what each
 * had seen, to who may read nothing else. Returns how many; the first max in ret. */
size_t history_heads(const struct history *h, bool control, uint32_t *ret, size_t max);

size_t history_count(const struct history *h);
const struct history_entry *history_at(const struct history *h, uint32_t index);
uint32_t history_find(const struct history *h, const uint8_t id[static 32]); /* or HISTORY_NONE */
uint32_t history_dep(const struct history *h, const struct history_entry *e, size_t n);

/* The n-th entry in canonical order. The order is brought up to date on the first call after
 * additions; *ret_stable (may be NULL) says how many leading places kept their entries since
 * history_mark() was last called: a fold that had walked so many may go on from there. */
uint32_t history_ordered(struct history *h, size_t n);
size_t history_stable(struct history *h);
void history_mark(struct history *h);

/* True if a is b or among b's ancestors: "b had seen a". Cheap when asked for the entries of a log
 * in ascending order, as a fold does: what an entry had seen is kept for each log and extended. */
bool history_saw(const struct history *h, uint32_t b, uint32_t a);

/* All that entry b had seen, itself included: ret[log] is the greatest number of each log, for
 * history_log_count() logs; valid until the next call. NULL if memory runs out. */
const uint64_t *history_past(const struct history *h, uint32_t b);

/* The same for an entry of the control lane, along that lane alone: what a control record had seen
 * must be the same for all, also for who can read nothing else. */
const uint64_t *history_past_control(const struct history *h, uint32_t b);

#endif
