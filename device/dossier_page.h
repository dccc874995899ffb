/* The part of a dossier that people read, in any browser, without a network. */
#ifndef HOP_DEVICE_DOSSIER_PAGE_H
#define HOP_DEVICE_DOSSIER_PAGE_H

#include "device/dossier_format.h"
#include "device/state.h"

#define DOSSIER_PAGE_TAIL "</body>\n</html>\n"
/* Documents that the page itself can open: a browser holds all of it in memory. */
#define DOSSIER_PAGE_DOCUMENT_BYTES_MAX  ((uint64_t)2 << 20) /* each */
#define DOSSIER_PAGE_DOCUMENTS_BYTES_MAX ((uint64_t)8 << 20) /* all */

/* What a record is to a dossier. */
enum { LEFT_OUT, WHOLE, WITHHELD };

/* The page as far as the machine's lines: minutes as HTML and as plain text, resolutions,
 * documents, and the records by item, those withheld too. wanted and numbers are by entry of the
 * history. HOP_ENOMEM, HOP_EIO. */
MUST_USE int dossier_page(struct device *d, const struct meeting *m, enum text_lang lang,
                          const uint8_t *wanted, const uint32_t *numbers, struct buf *ret);

#endif
