/* The dossier of a meeting: one file that any laptop can open and `hop verify` can check.
 *
 * It is an HTML page that people read, followed by lines of base64 that hop reads: a sealed list of
 * contents, then one line an item, so that damage to a line touches one item and can be named.
 * Items are the records of the meeting with the keys that open exactly them, the control records
 * that say who the people are, every record between them that shows what an act had seen, and the
 * chunks of documents. docs/protocol.md §11 has the format.
 *
 * Pure: bytes in, bytes out. Verifying needs nothing but the file. */
#ifndef HOP_DEVICE_DOSSIER_H
#define HOP_DEVICE_DOSSIER_H

#include "device/device.h"

#define DOSSIER_BYTES_MAX BUF_BYTES_MAX

/* Append the dossier of a meeting to ret. HOP_EREFUSED with a reason; HOP_ENOMEM; HOP_EIO. */
MUST_USE int dossier_write(struct device *d, const struct meeting *m, enum text_lang lang,
                           uint64_t wall, struct buf *ret, struct text_said *why);

enum dossier_verdict {
    DOSSIER_VERDICT_PASS,       /* all holds, and the cell is the one that was meant */
    DOSSIER_VERDICT_FAIL,       /* something is there and wrong */
    DOSSIER_VERDICT_INCOMPLETE, /* nothing is wrong, but something is not there */
    DOSSIER_VERDICT_UNCONFIRMED /* all holds; nobody has said that this is the cell that was meant
                                 */
};

enum dossier_state { DOSSIER_LINE_OK, DOSSIER_LINE_FAILED, DOSSIER_LINE_MISSING };

struct dossier_line {
    enum dossier_state state;
    char *text; /* a sentence */
};

#define DOSSIER_LINES_MAX 512 /* a report is for reading: beyond that only the verdict counts */

struct dossier_report {
    enum dossier_verdict verdict;
    struct dossier_line lines[DOSSIER_LINES_MAX];
    size_t lines_count;
    char cell_name[AUTH_NAME_BYTES_MAX + 1];
    uint8_t cell_id[32], meeting[32];
    char title[128]; /* of the meeting, cut */
};

/* Check a file; fills ret (owned: dossier_report_free). HOP_ENOMEM only: whatever is wrong with the
 * file is in the report. What holds is UNCONFIRMED until dossier_confirm(). */
MUST_USE int dossier_verify(struct span file, enum text_lang lang, struct dossier_report *ret);
/* The cell whose fingerprint somebody has from elsewhere: UNCONFIRMED becomes PASS if it is the
 * file's, and anything becomes FAIL if it is not. */
void dossier_confirm(struct dossier_report *r, enum text_lang lang, const uint8_t cell[static 32]);
void dossier_report_free(struct dossier_report *r);

#endif
