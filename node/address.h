/* The address under which another machine in the same room can reach this one. */
#ifndef HOP_NODE_ADDRESS_H
#define HOP_NODE_ADDRESS_H

#include "node/node.h"

/* "192.168.1.5" of the first interface that is up and not loopback, with the port of discovery when
 * it is not the usual one; "" when there is none. An invitation carries it for networks that filter
 * multicast. */
void address_of_this_machine(const struct node *n, char *ret, size_t size);

#endif
