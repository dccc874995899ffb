/* What node/loop.c and node/join.c share: waiting, and the signals that end a run. */
#ifndef HOP_NODE_LOOP_H
#define HOP_NODE_LOOP_H

#include "node/discovery.h"
#include "node/node.h"

/* A descriptor readable on SIGTERM, SIGINT and SIGHUP, which from now on do nothing else; SIGPIPE
 * is ignored. -1 on error. Before any thread is started, so that all inherit it. */
int loop_signals(void);

/* Whole milliseconds from now to at, rounded up, at most max. */
long loop_wait_ms(hop_time now, hop_time at, long max);

/* Open discovery as the options say, with their typed peers. */
MUST_USE int loop_open_discovery(struct node *n, const struct node_options *o, uint16_t link_port,
                                 const uint8_t server_key[static 32], struct discovery **ret,
                                 struct node_trouble *why);

#endif
