#include "node/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "node/loop.h"
#include "node/netaddr.h"

#define REQUEST_US (10 * HOP_SECOND) /* an answer waits for one commit: then try the next */
#define NAME_JOIN  0x20000 /* of its key in discovery; the cell's and invitations' are less */
#define ITEMS_MAX  (LINKS_POLL_MAX + DISCOVERY_FDS_MAX)

struct joining {
    struct node *n;
    struct links *links;
    struct discovery *discovery;
    enum joining_state state;
    struct text_said why;
    struct pairing pairing;        /* way 0: the invitation was there from the start */
    struct sockaddr_storage other; /* who replied to the pairing; AF_UNSPEC: nobody yet */
    struct device_join join;
    bool has_join, key_changed;
    mesh_link link;
    hop_time since; /* when it was dialed */
};

/* ---- opening ---- */

/* A hint is a hint: one that does not parse, or finds no room, is no reason to stop. */
static void write_letters_to(struct joining *j, const struct sockaddr_storage *a)
{
    int err = discovery_add_peer(j->discovery, a, j->n->now);
    (void)err;
}

static void try_address(struct joining *j, const char *address)
{
    struct sockaddr_storage hint;
    if (netaddr_parse(&hint, address, discovery_port(j->discovery)) == HOP_OK)
        write_letters_to(j, &hint);
}

static void take_join(struct joining *j, const struct device_join *join)
{
    j->join = *join;
    j->has_join = j->key_changed = true;
    try_address(j, join->address);
}

int joining_new(struct joining **ret, struct node *n, struct links *links,
                struct discovery *discovery, const struct joining_how *how)
{
    struct joining *j = calloc(1, sizeof *j);
    if (j == NULL)
        return HOP_ENOMEM;
    j->n = n;
    j->links = links;
    j->discovery = discovery;
    j->state = how->face ? JOINING_CARD : JOINING_LOOKING;
    j->key_changed = true;
    if (how->join != NULL)
        take_join(j, how->join);
    else if (how->code != NULL)
        pairing_open_code(&j->pairing, false, how->code, &n->drbg, n->now);
    else
        pairing_open_face(&j->pairing, false, "", &n->drbg, n->now);
    *ret = j;
    return HOP_OK;
}

void joining_free(struct joining *j)
{
    if (j == NULL)
        return;
    if (j->link != 0 && j->links != NULL)
        links_drop(j->links, j->link);
    hop_wipe(j, sizeof *j);
    free(j);
}

enum joining_state joining_state(const struct joining *j)
{
    return j->state;
}

const struct text_said *joining_why(const struct joining *j)
{
    return &j->why;
}

const struct pairing_card *joining_card(const struct joining *j)
{
    return &j->pairing.own;
}

const struct device_join *joining_joined(const struct joining *j)
{
    return &j->join;
}

static void met(struct joining *j)
{
    j->state = JOINING_LOOKING;
    j->key_changed = true;
    try_address(j, j->pairing.theirs.address);
}

int joining_meet(struct joining *j, const struct pairing_card *theirs, struct text_said *why)
{
    int err = pairing_meet(&j->pairing, theirs, why);
    if (err == HOP_OK)
        met(j);
    return err;
}

bool joining_key(const struct joining *j, struct discovery_key *ret)
{
    *ret = (struct discovery_key){.name = NAME_JOIN};
    if (j->state != JOINING_LOOKING && j->state != JOINING_ASKING)
        return false;
    if (j->has_join) {
        ret->announce = true;
        ret->flags = BEACON_FLAG_JOINER;
        ret->signer = &j->join.sign_key;
        memcpy(ret->key, j->join.disc_key, sizeof ret->key);
    } else {
        ret->plain = true;
        memcpy(ret->key, j->pairing.meet, sizeof ret->key);
    }
    return true;
}

/* ---- the pairing ---- */

static void fail(struct joining *j, enum text_id id, const char *arg)
{
    j->state = JOINING_FAILED;
    j->key_changed = true;
    (void)text_say(&j->why, id, arg == NULL ? 0 : 1, arg);
}

static void after_pairing(struct joining *j)
{
    char left[16];
    struct device_join join = {0};
    if (j->has_join || j->state == JOINING_FAILED)
        return;
    if (j->pairing.state == PAIRING_DONE) {
        if (device_join_read(&join, j->pairing.invitation, &j->why) == HOP_OK) {
            j->state = JOINING_ASKING;
            take_join(j, &join);
            /* where the other has just answered from is where it hears letters */
            write_letters_to(j, &j->other);
        } else {
            j->state = JOINING_FAILED;
        }
        hop_wipe(&join, sizeof join);
    } else if (j->pairing.state == PAIRING_BURNED && j->pairing.wrong > 0) {
        (void)snprintf(left, sizeof left, "%u", j->pairing.wrong);
        fail(j, PAIR_WRONG_CODE, left);
    } else if (j->pairing.state == PAIRING_BURNED) {
        fail(j, PAIR_BURNED, NULL);
    } else if (j->pairing.state == PAIRING_OVER) {
        fail(j, PAIR_NO_ANSWER, NULL);
    }
}

static void hear_pairing(struct joining *j, const struct discovery_heard *heard)
{
    uint8_t answer[BEACON_PLAIN_BYTES];
    bool answers = pairing_hear(&j->pairing, heard->opened.plain, j->n->now, answer);
    if (answers) {
        j->other = heard->from;
        discovery_say(j->discovery, j->pairing.meet, answer, &heard->from);
    }
    after_pairing(j);
}

static void speak_pairing(struct joining *j)
{
    uint8_t said[BEACON_PLAIN_BYTES];
    if (pairing_speak(&j->pairing, j->n->now, said))
        discovery_say(j->discovery, j->pairing.meet, said,
                      j->pairing.state == PAIRING_OPEN ? NULL : &j->other);
    after_pairing(j);
}

/* ---- the join ---- */

/* Somebody who has the invitation's beacon key and listens: the inviter, or a device of theirs. */
static void hear_beacon(struct joining *j, const struct discovery_heard *heard)
{
    const struct beacon *b = &heard->opened.beacon;
    struct sockaddr_storage address = heard->from;
    if ((b->flags & BEACON_FLAG_JOINER) != 0 || b->link_port == 0 || j->link != 0)
        return;
    netaddr_set_port(&address, b->link_port);
    j->since = j->n->now;
    if (links_connect(j->links, &address, b->server_key, &j->join.link_key, j->n->now, &j->link) !=
        HOP_OK)
        j->link = 0;
}

void joining_heard(struct joining *j, const struct discovery_heard *heard)
{
    if (heard->name != NAME_JOIN || j->state == JOINED || j->state == JOINING_FAILED)
        return;
    if (heard->plain && !j->has_join)
        hear_pairing(j, heard);
    else if (!heard->plain && j->has_join)
        hear_beacon(j, heard);
}

static void send_request(struct joining *j)
{
    uint8_t request[JOIN_FRAME_BYTES_MAX];
    size_t size = 0;
    if (device_join_request(j->n->device, &j->join, request, &size) == HOP_OK)
        links_send(j->links, j->link, SPAN(request, size), false);
}

/* The inviter's word: the keys hold the cell now, or a sentence says why not. */
static void on_answer(struct joining *j, struct span reply)
{
    struct node_trouble trouble = {0};
    int err = device_join_finish(j->n->device, &j->join, reply, &j->why);
    links_drop(j->links, j->link);
    j->link = 0;
    j->key_changed = true;
    if (err == HOP_OK) {
        j->n->keys.changed = true;
        err = node_reopen_device(j->n, &trouble);
        j->why = trouble.said;
    }
    j->state = err == HOP_OK ? JOINED : JOINING_FAILED;
}

bool joining_event(struct joining *j, const struct links_event *e)
{
    if (j->link == 0 || e->link != j->link)
        return false;
    if (e->type == LINKS_UP)
        send_request(j);
    else if (e->type == LINKS_DOWN)
        j->link = 0;
    else if (e->type == LINKS_FRAME)
        on_answer(j, e->bytes);
    return true;
}

bool joining_turn(struct joining *j)
{
    bool changed = j->key_changed;
    j->key_changed = false;
    if (j->pairing.way != 0 && !j->has_join)
        speak_pairing(j);
    if (j->link != 0 && j->n->now - j->since > REQUEST_US) {
        links_drop(j->links, j->link);
        j->link = 0;
    }
    return changed;
}

hop_time joining_deadline(const struct joining *j)
{
    if (j->key_changed)
        return j->n->now;
    if (j->state == JOINED || j->state == JOINING_FAILED || j->state == JOINING_CARD)
        return HOP_NEVER;
    if (!j->has_join)
        return pairing_deadline(&j->pairing);
    return j->link == 0 ? HOP_NEVER : j->since + REQUEST_US + 1;
}

/* ---- hop join: nothing else runs ---- */

static void wait_for_something(struct joining *j, hop_time until)
{
    zmq_pollitem_t items[ITEMS_MAX];
    int fds[DISCOVERY_FDS_MAX];
    size_t count = discovery_fds(j->discovery, fds, DISCOVERY_FDS_MAX);
    for (size_t i = 0; i < count; i++)
        items[i] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    count += links_poll_items(j->links, items + count, ITEMS_MAX - count);
    hop_time at = discovery_deadline(j->discovery);
    at = links_deadline(j->links) < at ? links_deadline(j->links) : at;
    at = joining_deadline(j) < at ? joining_deadline(j) : at;
    at = until < at ? until : at;
    (void)zmq_poll(items, (int)count, loop_wait_ms(j->n->now, at, 1000));
}

static void take_turn(struct joining *j)
{
    struct discovery_heard heard;
    struct discovery_key key;
    struct links_event e;
    node_read_clocks(j->n);
    while (discovery_next(j->discovery, &heard))
        joining_heard(j, &heard);
    while (j->state != JOINED && links_next(j->links, j->n->now, &e))
        (void)joining_event(j, &e);
    if (joining_turn(j)) {
        bool any = joining_key(j, &key);
        discovery_set_keys(j->discovery, &key, any ? 1 : 0, j->n->now);
        hop_wipe(&key, sizeof key);
    }
    discovery_turn(j->discovery, j->n->now);
}

static int open_edges(struct node *n, const struct node_options *o, struct links **ret_links,
                      struct discovery **ret_discovery, struct node_trouble *why)
{
    static const uint8_t no_key[32];
    int err = links_new(ret_links, &n->drbg, true);
    if (err != HOP_OK) {
        (void)text_say(&why->said, ERR_MEMORY, 0);
        return err;
    }
    return loop_open_discovery(n, o, 0, no_key, ret_discovery, why);
}

/* What fails here, and not with the inviter, is no refusal. */
static bool own_disk(enum text_id id)
{
    return id == ERR_DISK_FULL || id == ERR_DISK_ERROR;
}

/* HOP_OK when joined; else the sentence is in why. */
static int look(struct joining *j, unsigned wait_seconds, struct node_trouble *why)
{
    char seconds[16];
    hop_time until = wait_seconds == 0 ? HOP_NEVER : j->n->now + wait_seconds * HOP_SECOND;
    while (j->state != JOINED && j->state != JOINING_FAILED && j->n->now < until) {
        take_turn(j);
        if (j->state != JOINED && j->state != JOINING_FAILED)
            wait_for_something(j, until);
    }
    if (j->state == JOINED)
        return HOP_OK;
    why->exit_code = j->state == JOINING_FAILED && !own_disk(j->why.id) ? 1 : 3;
    why->said = j->why;
    if (j->state == JOINING_FAILED)
        return HOP_EREFUSED;
    (void)snprintf(seconds, sizeof seconds, "%u", wait_seconds);
    (void)text_say(&why->said, j->has_join ? ERR_JOIN_NOBODY : PAIR_NOBODY, 1, seconds);
    return HOP_ENOTFOUND;
}

int node_join(struct node *n, const struct joining_how *how, struct pairing *face,
              const struct node_options *options, unsigned wait_seconds, struct device_join *ret,
              struct node_trouble *why)
{
    struct links *links = NULL;
    struct discovery *discovery = NULL;
    struct joining *j = NULL;
    node_read_clocks(n);
    why->exit_code = 1;
    if (n->keys.has_cell)
        return text_say(&why->said, ERR_JOIN_MEMBER, 0);
    why->exit_code = 3;
    int err = open_edges(n, options, &links, &discovery, why);
    if (err == HOP_OK)
        err = joining_new(&j, n, links, discovery, how);
    if (err == HOP_OK && face != NULL) {
        j->pairing = *face;
        met(j);
    }
    if (err == HOP_OK)
        err = look(j, wait_seconds, why);
    if (err == HOP_OK)
        *ret = j->join;
    joining_free(j);
    discovery_close(discovery);
    links_free(links);
    return err;
}
