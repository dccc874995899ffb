#define _GNU_SOURCE /* if_nametoindex beside POSIX */
#include "node/netaddr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

static struct sockaddr_in *v4(struct sockaddr_storage *a)
{
    return (struct sockaddr_in *)(void *)a;
}

static struct sockaddr_in6 *v6(struct sockaddr_storage *a)
{
    return (struct sockaddr_in6 *)(void *)a;
}

static const struct sockaddr_in *v4_const(const struct sockaddr_storage *a)
{
    return (const struct sockaddr_in *)(const void *)a;
}

static const struct sockaddr_in6 *v6_const(const struct sockaddr_storage *a)
{
    return (const struct sockaddr_in6 *)(const void *)a;
}

uint16_t netaddr_port(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET6 ? v6_const(a)->sin6_port : v4_const(a)->sin_port);
}

void netaddr_set_port(struct sockaddr_storage *a, uint16_t port)
{
    if (a->ss_family == AF_INET6)
        v6(a)->sin6_port = htons(port);
    else
        v4(a)->sin_port = htons(port);
}

socklen_t netaddr_size(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? (socklen_t)sizeof(struct sockaddr_in6)
                                    : (socklen_t)sizeof(struct sockaddr_in);
}

/* 1 to 65535 in decimal, nothing else. */
static bool parse_port(const char *text, uint16_t *ret)
{
    size_t size = strlen(text);
    if (size == 0 || size > 5 || strspn(text, "0123456789") != size)
        return false;
    unsigned long port = strtoul(text, NULL, 10);
    if (port == 0 || port > 65535)
        return false;
    *ret = (uint16_t)port;
    return true;
}

static unsigned parse_zone(const char *zone)
{
    size_t size = strlen(zone);
    if (size > 0 && size < 10 && strspn(zone, "0123456789") == size)
        return (unsigned)strtoul(zone, NULL, 10);
    return if_nametoindex(zone);
}

static bool parse_host6(struct sockaddr_storage *ret, char *host)
{
    char *zone = strchr(host, '%');
    if (zone != NULL)
        *zone++ = 0;
    struct sockaddr_in6 *a = v6(ret);
    a->sin6_family = AF_INET6;
    if (inet_pton(AF_INET6, host, &a->sin6_addr) != 1)
        return false;
    if (zone == NULL)
        return true;
    a->sin6_scope_id = parse_zone(zone);
    return a->sin6_scope_id != 0;
}

/* Split "[host]:port", "host:port" or "host" in place; port is NULL when there is none. */
static bool split(char *text, char **host, char **port)
{
    *host = text;
    *port = NULL;
    if (*text == '[') {
        char *end = strchr(text, ']');
        if (end == NULL || (end[1] != 0 && end[1] != ':'))
            return false;
        *host = text + 1;
        *port = end[1] == ':' ? end + 2 : NULL;
        *end = 0;
        return true;
    }
    char *colon = strchr(text, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL) { /* two colons: a bare IPv6 address */
        *colon = 0;
        *port = colon + 1;
    }
    return true;
}

int netaddr_parse(struct sockaddr_storage *ret, const char *text, uint16_t default_port)
{
    char copy[NETADDR_TEXT_BYTES], *host, *port_text;
    uint16_t port = default_port;
    struct sockaddr_storage a = {0};
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof copy)
        return HOP_EMALFORMED;
    memcpy(copy, text, size + 1);
    if (!split(copy, &host, &port_text) || (port_text != NULL && !parse_port(port_text, &port)))
        return HOP_EMALFORMED;
    if (inet_pton(AF_INET, host, &v4(&a)->sin_addr) == 1)
        a.ss_family = AF_INET;
    else if (!parse_host6(&a, host))
        return HOP_EMALFORMED;
    netaddr_set_port(&a, port);
    netaddr_normalise(&a);
    *ret = a;
    return HOP_OK;
}

void netaddr_print(char ret[static NETADDR_TEXT_BYTES], const struct sockaddr_storage *a)
{
    char host[INET6_ADDRSTRLEN] = "?", zone[16] = "", port[8] = "";
    bool six = a->ss_family == AF_INET6;
    if (six)
        inet_ntop(AF_INET6, &v6_const(a)->sin6_addr, host, sizeof host);
    else
        inet_ntop(AF_INET, &v4_const(a)->sin_addr, host, sizeof host);
    if (six && v6_const(a)->sin6_scope_id != 0)
        snprintf(zone, sizeof zone, "%%%u", v6_const(a)->sin6_scope_id);
    if (netaddr_port(a) != 0)
        snprintf(port, sizeof port, ":%u", netaddr_port(a));
    bool bracket = six && port[0] != 0;
    snprintf(ret, NETADDR_TEXT_BYTES, "%s%s%s%s%s", bracket ? "[" : "", host, zone,
             bracket ? "]" : "", port);
}

void netaddr_normalise(struct sockaddr_storage *a)
{
    if (a->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6(a)->sin6_addr))
        return;
    struct sockaddr_storage plain = {.ss_family = AF_INET};
    v4(&plain)->sin_port = v6(a)->sin6_port;
    memcpy(&v4(&plain)->sin_addr, &v6(a)->sin6_addr.s6_addr[12], 4);
    *a = plain;
}

bool netaddr_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET6)
        return memcmp(&v6_const(a)->sin6_addr, &v6_const(b)->sin6_addr, 16) == 0;
    return v4_const(a)->sin_addr.s_addr == v4_const(b)->sin_addr.s_addr;
}
