/* Server-sent events: what the pages that are open hear.
 *
 * One event, `changed`, whose data is {"paths": ["/api/status", "/api/meetings/…"]}: the resources
 * whose JSON differs from what it was when the watchers were last told. A page asks for those it
 * shows. The first event of a stream is `hello`. A comment every fifteen seconds keeps the stream
 * alive and finds pages that are gone. */
#ifndef HOP_NODE_EVENTS_H
#define HOP_NODE_EVENTS_H

#include "node/http_part.h"

enum MHD_Result events_open(const struct listener *l, struct MHD_Connection *connection,
                            const struct exchange *x);
bool events_watched(const struct http *h); /* does any page listen? */
void events_turn(struct http *h);          /* tell what changed, if something may have */
void events_timer(struct http *h);         /* the timer of http.c went off */
void events_alive(struct http *h); /* write to every page, which finds those that are gone */
void events_soon(struct http *h);  /* let the timer go off at once */
void events_close(struct http *h); /* end all streams */

#endif
