#define _DEFAULT_SOURCE /* getifaddrs, IFF_UP */
#include "node/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

void address_of_this_machine(const struct node *n, char *ret, size_t size)
{
    struct ifaddrs *list = NULL;
    (void)n;
    ret[0] = '\0';
    if (getifaddrs(&list) != 0)
        return;
    for (const struct ifaddrs *i = list; i != NULL && ret[0] == '\0'; i = i->ifa_next) {
        struct sockaddr_in in;
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            (i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        memcpy(&in, i->ifa_addr, sizeof in);
        if (inet_ntop(AF_INET, &in.sin_addr, ret, (socklen_t)size) == NULL)
            ret[0] = '\0';
    }
    freeifaddrs(list);
}
