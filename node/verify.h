/* What holds in a dossier, as JSON: for `hop verify`, which needs no device, and for the API. */
#ifndef HOP_NODE_VERIFY_H
#define HOP_NODE_VERIFY_H

#include "base/err.h"
#include "base/span.h"
#include "text/text.h"

#include <jansson.h>

/* {"verdict": "holds" | "fails" | "incomplete" | "unconfirmed", "lines": [{"state": "ok", "text":
 * "…"}, …]}. cell, 32 bytes: whose somebody says the dossier is, or NULL; strict: another one's
 * fails, else it stays unconfirmed. HOP_ENOMEM. */
MUST_USE int verify_dossier(struct span file, enum text_lang lang, const uint8_t *cell, bool strict,
                            json_t **ret);

/* 64 hexadecimal digits in any case, with blanks and colons anywhere. False: they are not. */
bool verify_fingerprint(uint8_t ret[static 32], const char *text);

#endif
