/* What holds in a dossier, as JSON: for `hop verify`, which needs no device, and for the API. */
#ifndef HOP_NODE_VERIFY_H
#define HOP_NODE_VERIFY_H

#include "base/err.h"
#include "base/span.h"
#include "text/text.h"

#include <jansson.h>

/* {"verdict": "holds", "lines": [{"state": "ok", "text": "…"}, …]}. HOP_ENOMEM. */
MUST_USE int verify_dossier(struct span file, enum text_lang lang, json_t **ret);

#endif
