/* A procedure in words: one sentence a rule, each under a topic that stays the same, so that two
 * procedures can be compared rule by rule. For `hop procedure`, and for the page. */
#ifndef HOP_NODE_RULES_H
#define HOP_NODE_RULES_H

#include "meeting/procedure.h"
#include "node/json.h"

/* [{"topic": "quorum", "text": "…"}, …], new; NULL when memory runs out. */
json_t *rules_json(const struct procedure *p, enum text_lang lang);

/* {"name": …, "title": …, "hash": …, "rules": […]} of a procedure file. HOP_EMALFORMED with the
 * sentence that names the line; HOP_ENOMEM. */
MUST_USE int rules_of_file(struct span file, enum text_lang lang, json_t **ret,
                           struct text_said *why);

/* What two lists of rules do not share: [{"topic", "was", "is"}, …], a text absent where there is
 * no such rule. In the order of the first, then what only the second has. */
json_t *rules_difference(const json_t *a, const json_t *b);

#endif
