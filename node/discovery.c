#define _GNU_SOURCE /* struct in6_pktinfo, struct ip_mreqn */
#include "node/discovery.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/netaddr.h"

#define GROUP4           0xeff0cfe4u /* 239.240.207.228: administratively scoped, RFC 2365 */
#define SCAN_US          (3 * HOP_SECOND)
#define HURRY_US         (HOP_SECOND / 4)
#define RHYTHM_US        (10 * HOP_SECOND)
#define LETTER_US        (2 * HOP_SECOND)
#define LETTER_LINKED_US (30 * HOP_SECOND)
#define PACKETS_PER_CALL 64
#define BOOTS_MAX        128 /* processes heard of; twice the links, the oldest makes room */

static const uint8_t group6[16] = {0xff, 0x02, [14] = 0x4a, [15] = 0x70}; /* ff02::4a70 */

struct interface {
    unsigned index;
    bool loopback, has4, has6;
    struct in_addr address4, broadcast; /* broadcast 0: none */
    struct in6_addr address6;           /* link-local if there is one */
};

struct typed_peer {
    struct sockaddr_storage address;
    bool linked;
    hop_time next;
};

struct boot {
    uint8_t id[8];
    uint32_t counter; /* the highest heard */
    uint64_t used;    /* counts up; the lowest is the oldest */
};

struct discovery {
    int shared4, shared6, own4, own6; /* -1: none */
    uint16_t port, link_port;
    bool no_multicast;
    struct sockaddr_storage bound; /* AF_UNSPEC: all interfaces */
    uint8_t server_key[32], boot[8], salt[8], root[8];
    uint32_t counter;
    struct hop_drbg drbg;
    struct interface interfaces[DISCOVERY_INTERFACES_MAX];
    size_t interfaces_count;
    struct discovery_key keys[DISCOVERY_KEYS_MAX];
    size_t keys_count;
    struct typed_peer peers[DISCOVERY_PEERS_MAX];
    size_t peers_count;
    struct boot boots[BOOTS_MAX];
    uint64_t boots_used;
    hop_time next_scan, next_beacon;
    uint8_t said[BEACON_PLAIN_BYTES]; /* of discovery_say(), while it runs */
    unsigned beacons;                 /* since the rhythm began */
    struct discovery_counts counts;
};

/* ---- sockets ---- */

static int set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on);
}

/* A UDP socket of this family on a port (0: any), or -1. `shared`: beside other processes. */
static int open_socket(int family, const struct sockaddr_storage *bound, uint16_t port, bool shared)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_storage a = {.ss_family = (sa_family_t)family};
    /* what comes to a group or to everybody does not match a bound address, so only the own
     * socket, which hears letters, is bound to it */
    if (!shared && bound->ss_family == family)
        a = *bound;
    netaddr_set_port(&a, port);
    int number = 0;
    if ((shared && set_flag(fd, SOL_SOCKET, SO_REUSEADDR) != 0) ||
        (family == AF_INET6 && set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0) ||
        (family == AF_INET6 ? set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO)
                            : set_flag(fd, IPPROTO_IP, IP_PKTINFO)) != 0 ||
        set_flag(fd, SOL_SOCKET, SO_BROADCAST) != 0 ||
        bind(fd, (const struct sockaddr *)&a, netaddr_size(&a)) != 0) {
        number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int open_sockets(struct discovery *d)
{
    d->shared4 = open_socket(AF_INET, &d->bound, d->port, true);
    if (d->shared4 < 0)
        return errno == EADDRINUSE ? HOP_EBUSY : HOP_EIO;
    d->own4 = open_socket(AF_INET, &d->bound, 0, false);
    if (d->own4 < 0)
        return HOP_EIO;
    if (d->bound.ss_family == AF_INET)
        return HOP_OK; /* bound to an IPv4 address: nothing is asked of IPv6 */
    d->shared6 = open_socket(AF_INET6, &d->bound, d->port, true);
    if (d->shared6 < 0)
        return errno == EADDRINUSE ? HOP_EBUSY : HOP_OK; /* a machine may have no IPv6 */
    d->own6 = open_socket(AF_INET6, &d->bound, 0, false);
    return HOP_OK;
}

int discovery_open(struct discovery **ret, const struct discovery_config *config)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    struct discovery *d = calloc(1, sizeof *d);
    if (d == NULL)
        return HOP_ENOMEM;
    d->shared4 = d->shared6 = d->own4 = d->own6 = -1;
    d->port = config->port != 0 ? config->port : DISCOVERY_PORT;
    d->link_port = config->link_port;
    d->no_multicast = config->no_multicast;
    memcpy(d->server_key, config->server_key, sizeof d->server_key);
    hop_drbg_take(config->drbg, seed, sizeof seed);
    hop_drbg_seed(&d->drbg, seed);
    hop_drbg_take(&d->drbg, d->boot, sizeof d->boot);
    hop_wipe(seed, sizeof seed);
    int err = HOP_OK;
    if (config->bind_address != NULL)
        err = netaddr_parse(&d->bound, config->bind_address, 0);
    if (err == HOP_OK)
        err = open_sockets(d);
    if (err != HOP_OK) {
        discovery_close(d);
        return err;
    }
    *ret = d;
    return HOP_OK;
}

void discovery_close(struct discovery *d)
{
    if (d == NULL)
        return;
    close_if_open(d->shared4);
    close_if_open(d->shared6);
    close_if_open(d->own4);
    close_if_open(d->own6);
    hop_wipe(d, sizeof *d);
    free(d);
}

size_t discovery_fds(const struct discovery *d, int *fds, size_t max)
{
    const int all[DISCOVERY_FDS_MAX] = {d->shared4, d->own4, d->shared6, d->own6};
    size_t n = 0;
    for (size_t i = 0; i < DISCOVERY_FDS_MAX; i++)
        if (all[i] >= 0 && n < max)
            fds[n++] = all[i];
    return n;
}

uint16_t discovery_port(const struct discovery *d)
{
    return d->port;
}

const struct discovery_counts *discovery_counts(const struct discovery *d)
{
    return &d->counts;
}

/* ---- interfaces ---- */

static struct interface *interface_at(struct interface *list, size_t *count, unsigned index)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i].index == index)
            return &list[i];
    if (*count == DISCOVERY_INTERFACES_MAX)
        return NULL;
    list[*count] = (struct interface){.index = index};
    return &list[(*count)++];
}

static void note_address(const struct discovery *d, struct interface *list, size_t *count,
                         const struct ifaddrs *a)
{
    struct sockaddr_storage address = {0};
    if (a->ifa_addr == NULL || (a->ifa_flags & IFF_UP) == 0)
        return;
    int family = a->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6)
        return;
    memcpy(&address, a->ifa_addr,
           family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    if (d->bound.ss_family != AF_UNSPEC && !netaddr_same_host(&address, &d->bound))
        return;
    unsigned index = if_nametoindex(a->ifa_name);
    struct interface *i = index == 0 ? NULL : interface_at(list, count, index);
    if (i == NULL)
        return;
    i->loopback = (a->ifa_flags & IFF_LOOPBACK) != 0;
    if (family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr;
        if (!i->has6 || IN6_IS_ADDR_LINKLOCAL(six))
            i->address6 = *six;
        i->has6 = true;
        return;
    }
    i->has4 = true;
    i->address4 = ((const struct sockaddr_in *)(const void *)&address)->sin_addr;
    if ((a->ifa_flags & IFF_BROADCAST) != 0 && a->ifa_broadaddr != NULL)
        i->broadcast = ((const struct sockaddr_in *)(const void *)a->ifa_broadaddr)->sin_addr;
}

/* By index: with interface 0.0.0.0 the kernel looks for a route, and a field network has none. */
static void join_groups(struct discovery *d, const struct interface *i)
{
    if (d->no_multicast)
        return;
    if (i->has4) {
        struct ip_mreqn m = {.imr_multiaddr.s_addr = htonl(GROUP4), .imr_ifindex = (int)i->index};
        /* EADDRINUSE: joined already */
        (void)setsockopt(d->shared4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m);
    }
    if (i->has6 && d->shared6 >= 0) {
        struct ipv6_mreq m = {.ipv6mr_interface = i->index};
        memcpy(&m.ipv6mr_multiaddr, group6, sizeof group6);
        (void)setsockopt(d->shared6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m);
    }
}

/* Look at the interfaces again: laptops wander from network to network. */
static void scan(struct discovery *d, hop_time now)
{
    struct interface found[DISCOVERY_INTERFACES_MAX] = {{0}};
    size_t count = 0;
    struct ifaddrs *all = NULL;
    d->next_scan = now + SCAN_US;
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next)
        note_address(d, found, &count, a);
    freeifaddrs(all);
    bool same = count == d->interfaces_count;
    for (size_t i = 0; i < count; i++) {
        same = same && found[i].index == d->interfaces[i].index &&
               found[i].has4 == d->interfaces[i].has4 && found[i].has6 == d->interfaces[i].has6 &&
               found[i].address4.s_addr == d->interfaces[i].address4.s_addr &&
               memcmp(&found[i].address6, &d->interfaces[i].address6, 16) == 0 &&
               found[i].broadcast.s_addr == d->interfaces[i].broadcast.s_addr;
        join_groups(d, &found[i]);
    }
    memcpy(d->interfaces, found, sizeof found);
    d->interfaces_count = count;
    d->counts.interfaces = count;
    if (!same)
        discovery_hurry(d, now);
}

/* ---- sending ---- */

/* Where a packet leaves from: the kernel is told, and the beacon says so. What is sent to everybody
 * is then good from this address only; recorded and sent again by somebody else, it gets no answer,
 * which would tell them that we understood it. Letters may pass a router that rewrites addresses.
 */
struct source {
    const struct interface *interface; /* NULL: a letter, the kernel chooses */
    int family;
};

static void source_address(const struct source *s, uint8_t ret[static 16])
{
    memset(ret, 0, 16);
    if (s->interface == NULL)
        return;
    if (s->family == AF_INET6) {
        memcpy(ret, &s->interface->address6, 16);
        return;
    }
    ret[10] = ret[11] = 0xff;
    memcpy(ret + 12, &s->interface->address4, 4);
}

static void seal_beacon(struct discovery *d, const struct discovery_key *k, uint8_t flags,
                        const struct source *s, uint8_t ret[static BEACON_BYTES])
{
    uint8_t nonce[CRYPTO_NONCE_BYTES];
    hop_drbg_take(&d->drbg, nonce, sizeof nonce);
    if (k->plain) {
        beacon_wrap(ret, d->said, k->key, nonce);
        return;
    }
    struct beacon b = {
        .flags = flags | k->flags, .link_port = d->link_port, .counter = ++d->counter};
    memcpy(b.device_tag, k->tag, sizeof b.device_tag);
    memcpy(b.server_key, d->server_key, sizeof b.server_key);
    memcpy(b.boot, d->boot, sizeof b.boot);
    memcpy(b.root_salt, d->salt, sizeof b.root_salt);
    memcpy(b.root, d->root, sizeof b.root);
    source_address(s, b.address);
    beacon_seal(ret, &b, k->key, nonce, k->signer);
}

/* Put one control message of this kind into m, which has room for it. */
static void put_control(struct msghdr *m, int level, int type, const void *bytes, size_t size)
{
    struct cmsghdr *c = m->msg_control;
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), bytes, size);
    m->msg_controllen = CMSG_SPACE(size);
}

static ssize_t send_packet(int fd, struct span packet, const struct source *s,
                           const struct sockaddr_storage *to)
{
    _Alignas(struct cmsghdr) uint8_t control[64] = {0};
    struct sockaddr_storage name = *to;
    struct iovec v = {.iov_base = (void *)(uintptr_t)packet.data, .iov_len = packet.size};
    struct msghdr m = {
        .msg_name = &name, .msg_namelen = netaddr_size(to), .msg_iov = &v, .msg_iovlen = 1};
    if (s->interface == NULL)
        return sendmsg(fd, &m, 0);
    m.msg_control = control;
    if (s->family == AF_INET6) {
        struct in6_pktinfo six = {.ipi6_addr = s->interface->address6,
                                  .ipi6_ifindex = s->interface->index};
        put_control(&m, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six);
    } else {
        struct in_pktinfo four = {.ipi_spec_dst = s->interface->address4,
                                  .ipi_ifindex = (int)s->interface->index};
        put_control(&m, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
    }
    return sendmsg(fd, &m, 0);
}

static void send_to(struct discovery *d, int fd, const struct discovery_key *k, uint8_t flags,
                    const struct source *s, const struct sockaddr_storage *to)
{
    uint8_t packet[BEACON_BYTES];
    if (fd < 0)
        return;
    seal_beacon(d, k, flags, s, packet);
    if (send_packet(fd, SPAN(packet, sizeof packet), s, to) == (ssize_t)sizeof packet) {
        d->counts.sent++;
        return;
    }
    char text[NETADDR_TEXT_BYTES];
    int number = errno;
    netaddr_print(text, to);
    d->counts.failed++;
    snprintf(d->counts.last_error, sizeof d->counts.last_error, "%s: %s", text, strerror(number));
}

static void send_letter(struct discovery *d, const struct discovery_key *k, uint8_t flags,
                        const struct sockaddr_storage *to)
{
    const struct source anywhere = {0};
    send_to(d, to->ss_family == AF_INET6 ? d->own6 : d->own4, k, flags, &anywhere, to);
}

static void send_on4(struct discovery *d, const struct interface *i, const struct discovery_key *k)
{
    const struct source from = {i, AF_INET};
    struct sockaddr_storage to = {.ss_family = AF_INET};
    struct sockaddr_in *a = (struct sockaddr_in *)(void *)&to;
    a->sin_addr.s_addr = htonl(GROUP4);
    a->sin_port = htons(d->port);
    send_to(d, d->own4, k, 0, &from, &to);
    if (i->broadcast.s_addr == 0 || i->loopback)
        return;
    a->sin_addr = i->broadcast; /* of the subnet: 255.255.255.255 would need a route */
    send_to(d, d->own4, k, 0, &from, &to);
}

static void send_on6(struct discovery *d, const struct interface *i, const struct discovery_key *k)
{
    const struct source from = {i, AF_INET6};
    struct sockaddr_storage to = {.ss_family = AF_INET6};
    struct sockaddr_in6 *a = (struct sockaddr_in6 *)(void *)&to;
    memcpy(&a->sin6_addr, group6, sizeof group6);
    a->sin6_port = htons(d->port);
    a->sin6_scope_id = i->index;
    send_to(d, d->own6, k, 0, &from, &to);
}

static void send_everywhere(struct discovery *d, const struct discovery_key *k)
{
    for (size_t i = 0; !d->no_multicast && i < d->interfaces_count; i++) {
        if (d->interfaces[i].has4)
            send_on4(d, &d->interfaces[i], k);
        if (d->interfaces[i].has6)
            send_on6(d, &d->interfaces[i], k);
    }
}

static void announce(struct discovery *d)
{
    for (size_t k = 0; k < d->keys_count; k++)
        if (d->keys[k].announce)
            send_everywhere(d, &d->keys[k]);
}

void discovery_say(struct discovery *d, const uint8_t key[static 32],
                   const uint8_t plain[static BEACON_PLAIN_BYTES],
                   const struct sockaddr_storage *to)
{
    struct discovery_key k = {.plain = true};
    memcpy(k.key, key, sizeof k.key);
    memcpy(d->said, plain, sizeof d->said);
    if (to != NULL) {
        send_letter(d, &k, 0, to);
    } else {
        send_everywhere(d, &k);
        for (size_t p = 0; p < d->peers_count; p++)
            send_letter(d, &k, 0, &d->peers[p].address);
    }
    hop_wipe(d->said, sizeof d->said);
}

/* At once, then 1, 2, 4, 8 s later, then around ten: never two devices in step for long. */
static hop_time rhythm(struct discovery *d)
{
    hop_time base = d->beacons < 4 ? HOP_SECOND << d->beacons : RHYTHM_US;
    hop_time jitter = hop_drbg_u64(&d->drbg) % (base / 2);
    return base - base / 4 + jitter;
}

const uint8_t *discovery_boot(const struct discovery *d)
{
    return d->boot;
}

uint32_t discovery_counter(const struct discovery *d)
{
    return d->counter;
}

void discovery_set_server(struct discovery *d, const uint8_t server_key[static 32], hop_time now)
{
    memcpy(d->server_key, server_key, sizeof d->server_key);
    discovery_hurry(d, now);
}

void discovery_hurry(struct discovery *d, hop_time now)
{
    hop_time soon = now + hop_drbg_u64(&d->drbg) % HURRY_US;
    d->beacons = 0;
    if (d->next_beacon > soon)
        d->next_beacon = soon;
}

void discovery_turn(struct discovery *d, hop_time now)
{
    if (now >= d->next_scan)
        scan(d, now);
    if (now >= d->next_beacon) {
        announce(d);
        d->next_beacon = now + rhythm(d);
        d->beacons++;
    }
    for (size_t p = 0; p < d->peers_count; p++) {
        struct typed_peer *t = &d->peers[p];
        if (now < t->next)
            continue;
        t->next = now + (t->linked ? LETTER_LINKED_US : LETTER_US);
        for (size_t k = 0; k < d->keys_count; k++)
            if (d->keys[k].announce)
                send_letter(d, &d->keys[k], 0, &t->address);
    }
}

hop_time discovery_deadline(const struct discovery *d)
{
    hop_time at = d->next_scan < d->next_beacon ? d->next_scan : d->next_beacon;
    for (size_t p = 0; p < d->peers_count; p++)
        if (d->peers[p].next < at)
            at = d->peers[p].next;
    return at;
}

void discovery_set_keys(struct discovery *d, const struct discovery_key *keys, size_t count,
                        hop_time now)
{
    size_t n = count < DISCOVERY_KEYS_MAX ? count : DISCOVERY_KEYS_MAX;
    bool same = n == d->keys_count;
    for (size_t i = 0; same && i < n; i++)
        same = hop_equal(keys[i].key, d->keys[i].key, 32) && keys[i].name == d->keys[i].name &&
               memcmp(keys[i].tag, d->keys[i].tag, 16) == 0 &&
               keys[i].announce == d->keys[i].announce && keys[i].flags == d->keys[i].flags &&
               keys[i].plain == d->keys[i].plain;
    for (size_t i = 0; i < n; i++)
        d->keys[i] = keys[i];
    d->keys_count = n;
    if (!same)
        discovery_hurry(d, now);
}

void discovery_set_root(struct discovery *d, const uint8_t salt[static 8],
                        const uint8_t root[static 8])
{
    memcpy(d->salt, salt, sizeof d->salt);
    memcpy(d->root, root, sizeof d->root);
}

int discovery_add_peer(struct discovery *d, const struct sockaddr_storage *address, hop_time now)
{
    if (d->peers_count == DISCOVERY_PEERS_MAX)
        return HOP_EFULL;
    d->peers[d->peers_count++] = (struct typed_peer){.address = *address, .next = now};
    return HOP_OK;
}

void discovery_linked_hosts(struct discovery *d, const struct sockaddr_storage *hosts, size_t count,
                            hop_time now)
{
    for (size_t p = 0; p < d->peers_count; p++) {
        struct typed_peer *t = &d->peers[p];
        size_t typed = 0, standing = 0;
        for (size_t i = 0; i < d->peers_count; i++)
            typed += netaddr_same_host(&d->peers[i].address, &t->address);
        for (size_t i = 0; i < count; i++)
            standing += netaddr_same_host(&hosts[i], &t->address);
        bool linked = standing >= typed;
        if (t->linked && !linked && t->next > now + LETTER_US)
            t->next = now + LETTER_US;
        t->linked = linked;
    }
}

/* ---- hearing ---- */

/* True the first time this process's beacon of this number is seen. */
static bool is_news(struct discovery *d, const struct beacon *b)
{
    struct boot *oldest = &d->boots[0];
    for (size_t i = 0; i < BOOTS_MAX; i++) {
        struct boot *t = &d->boots[i];
        if (t->used < oldest->used)
            oldest = t;
        if (t->used == 0 || memcmp(t->id, b->boot, sizeof t->id) != 0)
            continue;
        if (b->counter <= t->counter)
            return false;
        t->counter = b->counter;
        t->used = ++d->boots_used;
        return true;
    }
    *oldest = (struct boot){.counter = b->counter, .used = ++d->boots_used};
    memcpy(oldest->id, b->boot, sizeof oldest->id);
    return true;
}

/* Was it sent by whoever it says? Of a letter that is not known. */
static bool from_its_sender(const struct discovery_heard *h)
{
    static const uint8_t zeros[16];
    struct sockaddr_storage said = {.ss_family = AF_INET6};
    const uint8_t *address = h->opened.beacon.address;
    if (memcmp(address, zeros, sizeof zeros) == 0)
        return true;
    memcpy(&((struct sockaddr_in6 *)(void *)&said)->sin6_addr, address, 16);
    netaddr_normalise(&said);
    return netaddr_same_host(&said, &h->from);
}

static bool understand(struct discovery *d, struct span packet, struct discovery_heard *ret)
{
    for (size_t k = 0; k < d->keys_count; k++) {
        if (d->keys[k].plain) {
            ret->name = d->keys[k].name;
            ret->plain = beacon_unwrap(ret->opened.plain, packet, d->keys[k].key) == HOP_OK;
            if (ret->plain)
                return true;
            continue;
        }
        if (beacon_open(&ret->opened, packet, d->keys[k].key) != HOP_OK)
            continue;
        if (memcmp(ret->opened.beacon.boot, d->boot, sizeof d->boot) == 0)
            return false; /* our own, back from the air */
        if (!from_its_sender(ret) || !is_news(d, &ret->opened.beacon)) {
            d->counts.repeated++;
            return false;
        }
        ret->name = d->keys[k].name;
        d->counts.heard++;
        return true;
    }
    d->counts.foreign++;
    return false;
}

/* Was it sent to this machine alone? The kernel tells where it was addressed to, and which of our
 * addresses that is. */
static bool sent_to_us(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo i;
            memcpy(&i, CMSG_DATA(c), sizeof i);
            return i.ipi_addr.s_addr == i.ipi_spec_dst.s_addr;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo i;
            memcpy(&i, CMSG_DATA(c), sizeof i);
            return !IN6_IS_ADDR_MULTICAST(&i.ipi6_addr);
        }
    }
    return false;
}

/* 1: understood; 0: a packet, not for us; -1: nothing waiting. */
static int read_packet(struct discovery *d, int fd, struct discovery_heard *ret)
{
    uint8_t packet[BEACON_BYTES + 1]; /* one more: a longer packet must not look like ours */
    _Alignas(struct cmsghdr) uint8_t control[256];
    struct iovec v = {.iov_base = packet, .iov_len = sizeof packet};
    struct discovery_heard heard = {0};
    struct msghdr m = {.msg_name = &heard.from,
                       .msg_namelen = sizeof heard.from,
                       .msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &m, 0);
    if (size < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0; /* ICMP errors are no packets */
    heard.unicast = sent_to_us(&m);
    netaddr_normalise(&heard.from);
    if (size != BEACON_BYTES || !understand(d, SPAN(packet, (size_t)size), &heard))
        return 0;
    *ret = heard;
    return 1;
}

bool discovery_next(struct discovery *d, struct discovery_heard *ret)
{
    int fds[DISCOVERY_FDS_MAX];
    size_t n = discovery_fds(d, fds, DISCOVERY_FDS_MAX);
    for (size_t i = 0; i < n; i++) {
        int result = 0;
        for (int packets = 0; packets < PACKETS_PER_CALL && result >= 0; packets++)
            if ((result = read_packet(d, fds[i], ret)) == 1)
                return true;
    }
    return false;
}

void discovery_answer(struct discovery *d, const struct discovery_heard *heard)
{
    for (size_t k = 0; k < d->keys_count; k++)
        if (d->keys[k].name == heard->name) {
            send_letter(d, &d->keys[k], BEACON_FLAG_REPLY, &heard->from);
            return;
        }
}
