/* The inside of dossier_verify(), for the files that share it: reading lines (dossier_read.c),
 * folding again what holds (dossier_fold.c), and saying what that shows (dossier_report.c). */
#ifndef HOP_DEVICE_DOSSIER_VERIFIER_H
#define HOP_DEVICE_DOSSIER_VERIFIER_H

#include "device/dossier.h"
#include "device/dossier_format.h"

struct dossier_item {
    struct dossier_entry listed;
    uint8_t *bytes; /* owned; NULL when the line is lost or is not base64 */
    size_t size;
    bool whole;   /* hashes to what the list says */
    bool parsed;  /* r and id hold */
    bool proven;  /* signed, or followed by a proven one */
    bool strayed; /* stands where it cannot: before what it follows or had seen */
    bool stub;    /* withheld: of inner only the deps, on the sealer's word */
    uint32_t height;
    uint8_t key[32];
    struct record r;
    uint8_t id[32];
    uint8_t *plain; /* owned */
    struct record_inner inner;
    bool opened;
    uint32_t entry; /* in the history, or HISTORY_NONE */
};

struct dossier_verifier {
    struct dossier_report *report;
    enum text_lang lang;
    struct dossier_list list;
    struct dossier_item *items;
    size_t count;
    struct cell *cell;
    struct history *history;
    struct meeting_state *meetings;
    struct dossier_item **by_place, **by_id; /* records in two orders, for looking up */
    size_t records_count;
    struct store *blobs;    /* of documents, to be walked as in a device's store */
    uint8_t (*log_iks)[32]; /* by log index of the history */
    uint64_t *log_seqs;     /* likewise: number of the last record placed */
    size_t log_seqs_count;
    bool failed, missing;
    bool sealed; /* there are minutes that chair and secretary have signed */
};

/* ---- dossier_read.c: lines into items, and which of them are proven ---- */

bool dossier_next_line(struct span *rest, struct span *ret);
size_t dossier_find_text(struct span bytes, size_t from, const char *text_sought);
/* The list: fixed part, entries, seal. HOP_EMALFORMED, HOP_EVERSION, HOP_EAUTH: parsed, but the
 * seal is broken. */
int dossier_read_list(struct dossier_verifier *v, struct span line);
void dossier_read_items(struct dossier_verifier *v, struct span *rest);
int dossier_sort_items(struct dossier_verifier *v);
void dossier_prove_items(struct dossier_verifier *v);
int dossier_open_item(struct dossier_item *i);
/* The first record of the file with this id, whole or withheld; NULL: it is not there. */
const struct dossier_item *dossier_find_record(const struct dossier_verifier *v,
                                               const uint8_t id[static 32]);

/* ---- dossier_fold.c: the cell and its meetings again, from what holds ---- */

int dossier_add_item(struct dossier_verifier *v, size_t n, uint8_t *deps);
int dossier_bind_logs(struct dossier_verifier *v);
int dossier_fold_cell(struct dossier_verifier *v, struct dossier_item *const *by_entry);
/* by_entry finds the item of an entry; with until, only what that entry had seen. */
int dossier_fold_meetings(struct dossier_verifier *v, struct dossier_item *const *by_entry,
                          uint32_t until, struct meeting_state *ret);
int dossier_take_procedure(const struct dossier_verifier *v, struct meeting_state *s);

/* ---- dossier_report.c: sentences ---- */

void dossier_say(struct dossier_verifier *v, enum dossier_state state, enum text_id id,
                 size_t count, const char *const args[]);
void dossier_say_item(struct dossier_verifier *v, enum dossier_state state, enum text_id id,
                      size_t n);
const char *dossier_name_of(const struct dossier_verifier *v, const uint8_t ik[static 32]);
void dossier_report_items(struct dossier_verifier *v);
void dossier_report_cell(struct dossier_verifier *v);
int dossier_report_withheld(struct dossier_verifier *v);
void dossier_report_complete(struct dossier_verifier *v);
int dossier_report_meeting(struct dossier_verifier *v, struct dossier_item *const *by_entry);

#endif
