#include "node/dial.h"

#include <assert.h>
#include <stdlib.h>

#include "node/join.h"
#include "node/netaddr.h"
#include "node/pairing.h"
#include "node/serial.h"

#define NEIGHBOURS_MAX   128
#define PATIENCE_US      (3 * HOP_SECOND) /* how long the higher tag leaves it to the lower one */
#define RETRY_US         HOP_SECOND
#define RETRY_SHIFT_MAX  4 /* 16 s between attempts at most: there is a beacon every ten */
#define NEIGHBOUR_OLD_US (60 * HOP_SECOND)
#define ANNOUNCED_MAX    8 /* invitations that beacons are sent for; others are answered */
#define INVITE_GRACE_US  (600 * HOP_SECOND)
/* Names of discovery keys: those of the cell's epochs, the one that is written under first; then
 * NAME_INVITE + index of the invitation. */
#define NAME_INVITE ((uint32_t)EPOCHS_LISTEN_MAX)

/* A process that was heard. */
struct neighbour {
    bool used, known; /* known: its tag is of a device in the roster, and ik is that device */
    bool copy;        /* of ourselves, and it has been there for longer */
    uint8_t boot[8], tag[16], ik[32], server_key[32];
    struct sockaddr_storage address; /* of its listener */
    hop_time first_heard, last_heard, next_dial;
    unsigned attempts;
    mesh_link link; /* the last one dialed to it; 0 none */
};

/* An invitation that was used while this process ran: its holder may have missed the answer, or
 * may try again with another device, and is told so rather than left alone. */
struct invite_seen {
    bool open;
    bool settled; /* used, and whoever used it has written: nobody misses an answer */
    hop_time used;
};

struct dial {
    struct hop_drbg drbg;
    struct neighbour neighbours[NEIGHBOURS_MAX];
    struct invite_seen invites[CELL_INVITES_MAX];
    bool refreshed;
    uint64_t version; /* of the device, at the last refresh */
    unsigned generation;
    hop_time next_refresh; /* when the grace of an invitation ends */
    bool listed;           /* in the roster */
    uint8_t tag[16];       /* our own under the newest epoch; random until the roster has us */
    bool links_changed;
};

struct dial *dial_new(struct hop_drbg *drbg)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    struct dial *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_drbg_seed(&d->drbg, seed);
    hop_drbg_take(&d->drbg, d->tag, sizeof d->tag);
    hop_wipe(seed, sizeof seed);
    return d;
}

void dial_free(struct dial *d)
{
    free(d);
}

/* ---- who may connect, and what is beaconed ---- */

enum invite_state { INVITE_CLOSED, INVITE_OPEN, INVITE_GRACE };

/* Devices that have been admitted and not heard of since. */
struct silent {
    uint32_t devices[CELL_DEVICES_MAX];
    size_t count;
};

static void find_silent(const struct node *n, struct silent *ret)
{
    const struct cell *c = device_cell(n->device);
    ret->count = 0;
    for (size_t i = 0; i < cell_device_count(c) && i < CELL_DEVICES_MAX; i++) {
        if (cell_device(c, i)->state == DEVICE_ACTIVE &&
            !device_has_written(n->device, cell_device(c, i)->cert.ik))
            ret->devices[ret->count++] = (uint32_t)i;
    }
}

/* Was it used by one of those? The answer may have been lost, with the joiner's process or with one
 * of ours: then it asks again. */
static bool joiner_is_silent(const struct node *n, const struct cell_invite *i,
                             const struct silent *silent)
{
    const struct cell *c = device_cell(n->device);
    for (size_t k = 0; k < silent->count; k++) {
        const struct cell_device *d = cell_device(c, silent->devices[k]);
        uint8_t member[16];
        cell_member_id(member, n->keys.cell_id, i->body.id, d->cert.ik);
        const uint8_t *of = cell_member(c, d->member)->id; /* or one more device of this member */
        if (memcmp(member, of, sizeof member) == 0 ||
            memcmp(i->body.member, of, sizeof member) == 0)
            return true;
    }
    return false;
}

/* Only devices of the member who invited answer: two who admit at one time would admit twice. */
static enum invite_state invite_state(const struct node *n, size_t index,
                                      const struct silent *silent)
{
    const struct cell_invite *i = cell_invite(device_cell(n->device), index);
    struct invite_seen *seen = &n->dial->invites[index];
    if (i->by != device_self(n->device) || i->ended)
        return INVITE_CLOSED;
    if (!i->used) {
        seen->open = true;
        return INVITE_OPEN;
    }
    if (seen->open) {
        seen->open = false;
        seen->used = n->now;
    }
    if (!seen->settled) {
        seen->settled = !joiner_is_silent(n, i, silent);
        if (!seen->settled)
            return INVITE_GRACE;
    }
    bool grace = seen->used != 0 && n->now - seen->used < INVITE_GRACE_US;
    if (grace && seen->used + INVITE_GRACE_US < n->dial->next_refresh)
        n->dial->next_refresh = seen->used + INVITE_GRACE_US;
    return grace ? INVITE_GRACE : INVITE_CLOSED;
}

static void refresh_allowed(struct node *n, const bool *answered)
{
    const struct cell *c = device_cell(n->device);
    static uint8_t keys[ZAP_KEYS_MAX][32]; /* one loop a process; too large for its stack */
    size_t devices = 0, invitations = 0;
    for (size_t i = 0; i < cell_device_count(c) && devices < CELL_DEVICES_MAX; i++) {
        if (cell_device(c, i)->state == DEVICE_ACTIVE)
            memcpy(keys[devices++], cell_device(c, i)->cert.lk, 32);
    }
    for (size_t i = 0; i < cell_invite_count(c) && i < CELL_INVITES_MAX; i++)
        if (answered[i])
            memcpy(keys[devices + invitations++], cell_invite(c, i)->body.link_key, 32);
    int err = links_allow(n->links, (const uint8_t(*)[32])keys, devices, invitations);
    assert(err == HOP_OK); /* the table has room for all of either kind */
}
_Static_assert(CELL_DEVICES_MAX + CELL_INVITES_MAX <= ZAP_KEYS_MAX, "the table must hold all");

static void refresh_keys(struct node *n, const enum invite_state *states)
{
    const struct cell *c = device_cell(n->device);
    struct discovery_key keys[DISCOVERY_KEYS_MAX];
    size_t count = 0, announced = 0;
    memset(keys, 0, sizeof keys);
    struct epochs_disc epochs[EPOCHS_LISTEN_MAX];
    size_t listened = epochs_disc_keys(device_epochs(n->device), epochs, EPOCHS_LISTEN_MAX);
    for (; count < listened; count++) { /* whoever has not heard of the newest is answered too */
        keys[count].name = (uint32_t)count;
        keys[count].announce = count == 0;
        keys[count].signer = &n->keys.ik;
        memcpy(keys[count].key, epochs[count].key, sizeof keys[count].key);
        memcpy(keys[count].tag, n->dial->tag, sizeof keys[count].tag);
        if (n->dial->listed)
            epoch_device_tag(keys[count].tag, epochs[count].epoch, n->keys.ik.public_key);
    }
    hop_wipe(epochs, sizeof epochs);
    count += pairings_keys(n, keys + count, DISCOVERY_KEYS_MAX - count);
    if (n->joining != NULL && joining_key(n->joining, &keys[count]))
        count++;
    for (size_t i = cell_invite_count(c); i-- > 0 && count < DISCOVERY_KEYS_MAX;) {
        if (i >= CELL_INVITES_MAX || states[i] == INVITE_CLOSED)
            continue;
        struct discovery_key *k = &keys[count++];
        memcpy(k->key, cell_invite(c, i)->body.disc_key, sizeof k->key);
        k->name = NAME_INVITE + (uint32_t)i;
        k->announce = states[i] == INVITE_OPEN && announced++ < ANNOUNCED_MAX;
        k->signer = &n->keys.ik;
    }
    discovery_set_keys(n->discovery, keys, count, n->now);
    hop_wipe(keys, sizeof keys);
}

void dial_stale(struct node *n)
{
    n->dial->refreshed = false;
}

void dial_refresh(struct node *n)
{
    struct dial *d = n->dial;
    const struct cell *c = device_cell(n->device);
    uint64_t version = device_version(n->device);
    if (d->refreshed && d->version == version && d->generation == n->generation &&
        n->now < d->next_refresh)
        return;
    d->refreshed = true;
    d->version = version;
    d->generation = n->generation;
    d->next_refresh = HOP_NEVER;
    const struct cell_device *self = cell_device_by_key(c, n->keys.ik.public_key);
    struct epochs_disc first;
    d->listed = self != NULL;
    if (d->listed && epochs_disc_keys(device_epochs(n->device), &first, 1) > 0)
        epoch_device_tag(d->tag, first.epoch, n->keys.ik.public_key);
    enum invite_state states[CELL_INVITES_MAX] = {INVITE_CLOSED};
    struct silent silent;
    find_silent(n, &silent);
    bool answered[CELL_INVITES_MAX] = {false};
    for (size_t i = 0; i < cell_invite_count(c) && i < CELL_INVITES_MAX; i++) {
        states[i] = invite_state(n, i, &silent);
        answered[i] = states[i] != INVITE_CLOSED;
    }
    refresh_allowed(n, answered);
    refresh_keys(n, states);
    d->links_changed = true;
}

/* ---- neighbours ---- */

static size_t peers_of(const struct node *n, struct mesh_peer_view ret[static MESH_LINKS_MAX])
{
    const struct mesh *m = device_mesh(n->device);
    return m == NULL ? 0 : mesh_peers(m, ret, MESH_LINKS_MAX);
}

static bool has_link_to(const struct node *n, const struct neighbour *t)
{
    struct mesh_peer_view peers[MESH_LINKS_MAX];
    if (t->link != 0 && links_exists(n->links, t->link))
        return true;
    size_t count = t->known && !t->copy ? peers_of(n, peers) : 0;
    for (size_t i = 0; i < count; i++)
        if (peers[i].greeted && memcmp(peers[i].identity, t->ik, 32) == 0)
            return true;
    return false;
}

static struct neighbour *neighbour_of(struct dial *d, const struct beacon *b, hop_time now)
{
    struct neighbour *oldest = &d->neighbours[0];
    for (size_t i = 0; i < NEIGHBOURS_MAX; i++) {
        struct neighbour *t = &d->neighbours[i];
        if (t->used && memcmp(t->boot, b->boot, sizeof t->boot) == 0)
            return t;
        if (!t->used || (oldest->used && t->last_heard < oldest->last_heard))
            oldest = t;
    }
    *oldest = (struct neighbour){.used = true, .first_heard = now};
    memcpy(oldest->boot, b->boot, sizeof oldest->boot);
    return oldest;
}

/* When it is ours to dial: at once with the lower tag, or when either does not know the other's
 * device yet; else after leaving it to the other for a while. */
static hop_time our_turn(const struct node *n, const struct neighbour *t)
{
    bool lower = memcmp(n->dial->tag, t->tag, sizeof t->tag) < 0;
    return lower || !t->known || t->copy ? t->first_heard : t->first_heard + PATIENCE_US;
}

static void try_dial(struct node *n, struct neighbour *t)
{
    if (n->now < our_turn(n, t) || n->now < t->next_dial)
        return;
    if (has_link_to(n, t)) {
        t->next_dial = n->now + RETRY_US; /* look again then, not every turn */
        return;
    }
    unsigned shift = t->attempts < RETRY_SHIFT_MAX ? t->attempts : RETRY_SHIFT_MAX;
    hop_time wait = RETRY_US << shift;
    t->next_dial = n->now + wait + hop_drbg_u64(&n->dial->drbg) % wait;
    t->attempts++;
    t->link = 0;
    if (links_connect(n->links, &t->address, t->server_key, &n->keys.lk, n->now, &t->link) !=
        HOP_OK)
        t->link = 0;
}

static void note_neighbour(struct node *n, const struct discovery_heard *heard,
                           const struct cell_device *device)
{
    const struct beacon *b = &heard->opened.beacon;
    if (b->link_port == 0)
        return;
    struct neighbour *t = neighbour_of(n->dial, b, n->now);
    t->last_heard = n->now;
    memcpy(t->tag, b->device_tag, sizeof t->tag);
    memcpy(t->server_key, b->server_key, sizeof t->server_key);
    t->known = device != NULL;
    if (device != NULL)
        memcpy(t->ik, device->cert.ik, sizeof t->ik);
    t->copy = t->known && memcmp(t->ik, n->keys.ik.public_key, 32) == 0;
    t->address = heard->from;
    netaddr_set_port(&t->address, b->link_port);
    try_dial(n, t);
}

/* A beacon of ours from another process is a copy of this device, or an old one played again. Which
 * of the two shows at a link: whoever has sent fewer beacons, and so came later, dials. */
static bool heard_copy(const struct node *n, const struct beacon *b)
{
    uint32_t ours = discovery_counter(n->discovery);
    return b->counter > ours ||
           (b->counter == ours && memcmp(b->boot, discovery_boot(n->discovery), 8) < 0);
}

static void heard_member(struct node *n, const struct discovery_heard *heard)
{
    const struct beacon *b = &heard->opened.beacon;
    struct epochs_disc keys[EPOCHS_LISTEN_MAX];
    size_t count = epochs_disc_keys(device_epochs(n->device), keys, EPOCHS_LISTEN_MAX);
    const struct cell *c = device_cell(n->device);
    const uint8_t *route = heard->name < count ? keys[heard->name].epoch->route : NULL;
    const struct cell_device *device =
        route == NULL ? NULL : cell_device_by_tag(c, route, b->device_tag);
    bool shut_out = device == NULL && route != NULL && cell_tag_shut_out(c, route, b->device_tag);
    hop_wipe(keys, sizeof keys);
    if (shut_out)
        return; /* who was removed still knows the key of an epoch of its time */
    if (device != NULL && beacon_verify(&heard->opened, device->cert.ik) != HOP_OK)
        return; /* somebody else's word for it */
    bool own = device != NULL && memcmp(device->cert.ik, n->keys.ik.public_key, 32) == 0;
    if (heard->unicast && (b->flags & BEACON_FLAG_REPLY) == 0)
        discovery_answer(n->discovery, heard);
    if (!own || heard_copy(n, b))
        note_neighbour(n, heard, device);
    else
        discovery_hurry(n->discovery, n->now); /* so that it hears at once that somebody is here */
}

/* A joiner is answered in any case: it may sit where our own beacons do not reach. */
static void heard_joiner(struct node *n, const struct discovery_heard *heard)
{
    const struct cell *c = device_cell(n->device);
    size_t index = heard->name - NAME_INVITE;
    if ((heard->opened.beacon.flags & BEACON_FLAG_JOINER) == 0 || index >= cell_invite_count(c))
        return;
    if (beacon_verify(&heard->opened, cell_invite(c, index)->body.sign_key) == HOP_OK)
        discovery_answer(n->discovery, heard);
}

void dial_heard(struct node *n, const struct discovery_heard *heard)
{
    if (heard->plain)
        pairings_heard(n, heard);
    else if (heard->name < NAME_INVITE)
        heard_member(n, heard);
    else
        heard_joiner(n, heard);
}

/* ---- links ---- */

/* Typed addresses get fewer letters while as many links stand to their host as are typed for it. */
static void tell_discovery(struct node *n)
{
    struct mesh_peer_view peers[MESH_LINKS_MAX];
    struct sockaddr_storage hosts[MESH_LINKS_MAX];
    size_t count = peers_of(n, peers), hosts_count = 0;
    for (size_t i = 0; i < count; i++)
        if (peers[i].greeted &&
            links_address(n->links, peers[i].link, &hosts[hosts_count]) == HOP_OK)
            hosts_count++;
    discovery_linked_hosts(n->discovery, hosts, hosts_count, n->now);
}

void dial_copy_met(struct node *n, mesh_link link)
{
    struct sockaddr_storage address;
    char where[NETADDR_TEXT_BYTES] = "?";
    if (n->links == NULL || serial_owns(link))
        return; /* an echo on a wire is no proof of much, and tells no address */
    if (links_address(n->links, link, &address) == HOP_OK)
        netaddr_print(where, &address);
    if (n->copy.id == TEXT_NONE || !links_is_listener(n->links, link))
        device_copied(n->device); /* once: it cannot have the keys of the logs that come now */
    n->copy_stops = !links_is_listener(n->links, link);
    n->stop = n->stop || n->copy_stops;
    (void)text_say(&n->copy, n->copy_stops ? GUARD_COPY_STOPPED : GUARD_COPY_SEEN, 1, where);
    node_changed(n);
}

void dial_link_changed(struct node *n, mesh_link link)
{
    (void)link;
    n->dial->links_changed = true;
}

/* Which of two links to one device goes? The one dialed by the higher identity, closed by whoever
 * dialed it; of two in one direction the older. 0: not ours to close. */
static mesh_link superfluous(const struct node *n, const struct mesh_peer_view *a,
                             const struct mesh_peer_view *b)
{
    bool ours_a = !links_is_listener(n->links, a->link);
    bool ours_b = !links_is_listener(n->links, b->link);
    bool we_are_lower = memcmp(n->keys.ik.public_key, a->identity, 32) < 0;
    if (ours_a && ours_b)
        return a->link < b->link ? a->link : b->link;
    if (ours_a == ours_b || we_are_lower)
        return 0;
    return ours_a ? a->link : b->link;
}

static void close_superfluous(struct node *n)
{
    struct mesh_peer_view peers[MESH_LINKS_MAX];
    size_t count = peers_of(n, peers);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (!peers[i].greeted || !peers[j].greeted ||
                memcmp(peers[i].identity, peers[j].identity, 32) != 0)
                continue;
            mesh_link link = superfluous(n, &peers[i], &peers[j]);
            if (link == 0 || !links_exists(n->links, link))
                continue;
            links_drop(n->links, link);
            node_step(n, &(struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = link, .now = n->now});
        }
    }
}

void dial_turn(struct node *n)
{
    struct dial *d = n->dial;
    if (d->links_changed) {
        d->links_changed = false;
        close_superfluous(n);
        tell_discovery(n);
    }
    for (size_t i = 0; i < NEIGHBOURS_MAX; i++) {
        struct neighbour *t = &d->neighbours[i];
        if (!t->used)
            continue;
        if (t->attempts > 0 && t->link != 0 && links_is_up(n->links, t->link))
            t->attempts = 0;
        bool shut_out = t->known && cell_device_active(device_cell(n->device), t->ik) == NULL;
        if (shut_out || (n->now - t->last_heard > NEIGHBOUR_OLD_US && !has_link_to(n, t)))
            t->used = false;
        else
            try_dial(n, t);
    }
}

hop_time dial_deadline(const struct node *n)
{
    hop_time at = n->dial->links_changed ? n->now : n->dial->next_refresh;
    for (size_t i = 0; i < NEIGHBOURS_MAX; i++) {
        const struct neighbour *t = &n->dial->neighbours[i];
        if (!t->used || (t->link != 0 && links_exists(n->links, t->link)))
            continue;
        hop_time due = our_turn(n, t) > t->next_dial ? our_turn(n, t) : t->next_dial;
        if (due > n->now && due < at)
            at = due;
    }
    return at;
}
