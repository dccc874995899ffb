/* Network addresses as text and back, without ever asking a resolver: a name lookup would tell a
 * server somewhere who talks to whom (notes: security.md §6.3). */
#ifndef HOP_NODE_NETADDR_H
#define HOP_NODE_NETADDR_H

#include "base/err.h"
#include "base/span.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define NETADDR_TEXT_BYTES 80 /* "[ipv6%interface]:65535" */

/* "10.0.0.5", "10.0.0.5:4870", "fe80::1%eth0", "[fe80::1%eth0]:4870". HOP_EMALFORMED. */
MUST_USE int netaddr_parse(struct sockaddr_storage *ret, const char *text, uint16_t default_port);

/* With the port behind it unless that is 0. */
void netaddr_print(char ret[static NETADDR_TEXT_BYTES], const struct sockaddr_storage *a);

uint16_t netaddr_port(const struct sockaddr_storage *a);
void netaddr_set_port(struct sockaddr_storage *a, uint16_t port);
socklen_t netaddr_size(const struct sockaddr_storage *a);

/* ::ffff:10.0.0.5 becomes 10.0.0.5, so that one host has one spelling. */
void netaddr_normalise(struct sockaddr_storage *a);
bool netaddr_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
