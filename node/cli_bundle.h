/* What the two files of `hop bundle` share: saying what a bundle is. `view` is what the API answers
 * to POST /api/bundle/look, with "part" and "chunks_lost" added. */
#ifndef HOP_NODE_CLI_BUNDLE_H
#define HOP_NODE_CLI_BUNDLE_H

#include "node/cli.h"
#include "node/stick.h"

/* "1 thông báo, 3 tài liệu, 12 phiếu biểu quyết"; nothing is appended for nothing. */
void cli_bundle_items(const struct cli *c, const json_t *counts, struct buf *ret);
void cli_bundle_say_brings(struct cli *c, const json_t *view);  /* what is new for this device */
void cli_bundle_say_carries(struct cli *c, const json_t *view); /* what others lack, and who */
void cli_bundle_say_missing(struct cli *c, const json_t *view);
void cli_bundle_say_damage(struct cli *c, const struct stick *s);
void cli_bundle_say_count(struct cli *c, enum text_id id, uint64_t n); /* unless it is 0 */
bool cli_bundle_all_foreign(const json_t *view); /* nothing in it is of this cell */

json_t *cli_bundle_files(const struct stick *s);
/* With --json, the one object of the command. Takes it. */
void cli_bundle_print(struct cli *c, json_t *o);

#endif
