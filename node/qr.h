/* QR codes of invitations, for a terminal and for the page. */
#ifndef HOP_NODE_QR_H
#define HOP_NODE_QR_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

/* The code as rows of '0' (light) and '1' (dark), without the quiet zone. HOP_EFULL: too long a
 * text for a code; HOP_ENOMEM. */
MUST_USE int qr_rows(const char *text, json_t **ret);

/* The same, drawn with half-block characters, two rows a line, with a quiet zone of two. Light is
 * drawn and dark is left, so that it reads on a dark terminal; `inverse` for a light one. */
void qr_draw(struct buf *b, const json_t *rows, bool inverse);

#endif
