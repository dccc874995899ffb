/* Finding each other without a server: beacons over UDP, sent and heard on every interface.
 *
 * IPv4 multicast and broadcast and IPv6 link-local multicast, joined and sent by interface index,
 * because a field network has no default route; unicast to typed addresses where multicast is
 * filtered. This file moves beacons and keeps their rhythm: at once, 1, 2, 4, 8 seconds later, then
 * every ten or so. node/dial.c decides what to make of those heard.
 *
 * Two kinds of socket for each family: `shared`, on the beacon port, which every hop of this
 * machine has joined; and `own`, on a port of this process, from which all is sent and to which
 * replies come, so that several nodes on one machine do not take each other's letters. */
#ifndef HOP_NODE_DISCOVERY_H
#define HOP_NODE_DISCOVERY_H

#include "crypto/drbg.h"
#include "mesh/beacon.h"

#include <sys/socket.h>

#define DISCOVERY_PORT 4870
#define DISCOVERY_KEYS_MAX                                                                         \
    42 /* the cell's newest epochs', those of open invitations, those of pairings */
#define DISCOVERY_INTERFACES_MAX 32
#define DISCOVERY_PEERS_MAX      17 /* typed addresses, and an invitation's hint */
#define DISCOVERY_FDS_MAX        4

/* A key under which beacons are sent and understood, and what to say under it. */
struct discovery_key {
    uint8_t key[32];
    uint32_t name; /* the owner's; comes back with what is heard under this key */
    bool announce; /* send beacons under it unasked; else only answers */
    uint8_t flags; /* BEACON_FLAG_JOINER */
    uint8_t tag[16];
    const struct hop_sign_key *signer; /* kept */
    bool plain;                        /* no beacons: what is heard is heard->opened.plain as it is,
                                          and is said with discovery_say() */
};

struct discovery_config {
    struct hop_drbg *drbg;    /* used while opening only */
    uint16_t port;            /* 0: DISCOVERY_PORT */
    const char *bind_address; /* NULL: all interfaces; else only the one that has it */
    bool no_multicast;        /* unicast to typed addresses only */
    uint16_t link_port;
    uint8_t server_key[32];
};

struct discovery_heard {
    uint32_t name; /* of the key */
    bool unicast;
    bool plain; /* of the key: opened.beacon has nothing */
    struct beacon_opened opened;
    struct sockaddr_storage from;
};

struct discovery;

/* HOP_EBUSY: the port is taken by another program; HOP_EIO, HOP_ENOMEM. */
MUST_USE int discovery_open(struct discovery **ret, const struct discovery_config *config);
void discovery_close(struct discovery *d); /* NULL is fine */

/* What to say and to understand from now on; a change is announced soon. At most
 * DISCOVERY_KEYS_MAX; those beyond are left out. */
void discovery_set_keys(struct discovery *d, const struct discovery_key *keys, size_t count,
                        hop_time now);
void discovery_set_root(struct discovery *d, const uint8_t salt[static 8],
                        const uint8_t root[static 8]);
/* Send one soon: records, members or interfaces have changed. */
void discovery_hurry(struct discovery *d, hop_time now);

/* This process in its beacons, 8 bytes, and how many it has made. */
const uint8_t *discovery_boot(const struct discovery *d);
uint32_t discovery_counter(const struct discovery *d);
/* The key of the listener has changed: say so soon. */
void discovery_set_server(struct discovery *d, const uint8_t server_key[static 32], hop_time now);

/* Send beacons to this address every two seconds until linked. HOP_EFULL. */
MUST_USE int discovery_add_peer(struct discovery *d, const struct sockaddr_storage *address,
                                hop_time now);
/* Links stand to these hosts: the letters to a typed address become rare while as many links stand
 * to its host as addresses were typed for it (several nodes may live on one machine). */
void discovery_linked_hosts(struct discovery *d, const struct sockaddr_storage *hosts, size_t count,
                            hop_time now);

/* Send what is due and look at the interfaces now and then. */
void discovery_turn(struct discovery *d, hop_time now);
hop_time discovery_deadline(const struct discovery *d);

/* The next beacon heard under one of the keys, not one's own and not heard before; false when none
 * is waiting. Reads at most a bounded number of packets a call. */
bool discovery_next(struct discovery *d, struct discovery_heard *ret);

/* Answer a beacon to where it came from, under its key. */
void discovery_answer(struct discovery *d, const struct discovery_heard *heard);

/* Say something that is no beacon, in a datagram that looks like one: to an address, or (NULL) on
 * every interface and to every typed address. */
void discovery_say(struct discovery *d, const uint8_t key[static 32],
                   const uint8_t plain[static BEACON_PLAIN_BYTES],
                   const struct sockaddr_storage *to);

size_t discovery_fds(const struct discovery *d, int *fds, size_t max);
uint16_t discovery_port(const struct discovery *d); /* the shared one */

struct discovery_counts {
    uint64_t sent, failed, heard, foreign;
    uint64_t repeated; /* heard before, or sent by somebody it is not from */
    size_t interfaces;
    char last_error[96]; /* why a send failed last, for `hop doctor`; "" */
};
const struct discovery_counts *discovery_counts(const struct discovery *d);

#endif
