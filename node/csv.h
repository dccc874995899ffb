/* Comma-separated values as spreadsheets write them: RFC 4180, with ';' allowed for ',' (a
 * spreadsheet in Vietnamese writes that), a byte-order mark and any line ends. Pure. */
#ifndef HOP_NODE_CSV_H
#define HOP_NODE_CSV_H

#include "base/buf.h"
#include "base/err.h"

#define CSV_FIELDS_MAX 16

struct csv {
    struct buf *file; /* changed: fields are cut out in place */
    size_t at, line;
};

struct csv csv_of(struct buf *file);

/* The next line that is not empty, as fields without surrounding spaces; further ones than
 * CSV_FIELDS_MAX are dropped. HOP_ENOTFOUND: no more; HOP_EMALFORMED: a quote on csv->line does not
 * close. Valid until the file is freed. */
MUST_USE int csv_next(struct csv *c, char *ret[static CSV_FIELDS_MAX], size_t *ret_count);

/* The next line that is not empty, without surrounding spaces; NULL: no more. */
char *csv_next_line(struct csv *c);

#endif
