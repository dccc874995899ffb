/* The API and the pages over HTTP: on DIR/api.sock, and on 127.0.0.1 with a token.
 *
 * The unix socket is mode 0600: whoever can open it is the owner. On loopback any program and any
 * web page of this machine can knock, so every request there needs Host 127.0.0.1:PORT or
 * localhost:PORT, an Origin that is the same if there is one, and the token of this run: in the
 * cookie that the opening link sets, or as "Authorization: Bearer". The page itself holds nothing
 * secret and is served without. DIR/link keeps the link, mode 0600, while the node runs.
 *
 * libmicrohttpd runs without threads inside the node's loop. /api/events is a stream of
 * server-sent events: `changed`, with the paths whose JSON is not what it was. */
#ifndef HOP_NODE_HTTP_H
#define HOP_NODE_HTTP_H

#include "node/node.h"

#define HTTP_POLL_FDS_MAX    3
#define HTTP_CONNECTIONS_MAX 64
#define HTTP_WATCHERS_MAX    16 /* pages open at one time; beyond it a page is told to wait */
#define HTTP_LINK_BYTES      160

/* Listen. HOP_EBUSY: the port or the socket is in use; HOP_EIO: cannot listen; why has the
 * sentence. Writes DIR/link and, unless options->quiet, prints the link. */
MUST_USE int http_start(struct node *n, const struct node_options *options,
                        struct node_trouble *why);
void http_stop(struct node *n); /* streams end, replies under way are sent; NULL http is fine */

/* Descriptors to wait for (readable), and a turn to take when one is or node state changed. */
size_t http_poll_fds(struct node *n, int *fds, size_t max);
void http_turn(struct node *n);

/* Something shown may have changed: watchers hear of it in a coming turn, at most ten times a
 * second. Cheap when nobody watches. */
void http_changed(struct node *n);

const char *http_link(const struct node *n); /* "" when not running */
uint16_t http_port(const struct node *n);

/* Called by http_start with the path of a page that leads to the link, for a browser to open; NULL
 * for nothing. Set before node_run(): the options of a node know nothing of desktops. */
void http_on_page(void (*show)(const char *path));

#endif
