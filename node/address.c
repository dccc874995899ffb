#define _DEFAULT_SOURCE /* getifaddrs, IFF_UP */
#include "node/address.h"

#include <ifaddrs.h>
#include <net/if.h>

#include "node/discovery.h"
#include "node/netaddr.h"

void address_of_this_machine(const struct node *n, char *ret, size_t size)
{
    struct ifaddrs *list = NULL;
    ret[0] = '\0';
    if (getifaddrs(&list) != 0)
        return;
    for (const struct ifaddrs *i = list; i != NULL && ret[0] == '\0'; i = i->ifa_next) {
        struct sockaddr_storage in = {0};
        char text[NETADDR_TEXT_BYTES];
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            (i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        memcpy(&in, i->ifa_addr, sizeof(struct sockaddr_in));
        if (n->discovery != NULL && discovery_port(n->discovery) != DISCOVERY_PORT)
            netaddr_set_port(&in, discovery_port(n->discovery));
        else
            netaddr_set_port(&in, 0);
        netaddr_print(text, &in);
        if (strlen(text) < size)
            memcpy(ret, text, strlen(text) + 1);
    }
    freeifaddrs(list);
}
