/* Sending, and holding what rests on a commit. */
#include "node/links.h"

#include <assert.h>
#include <stdlib.h>

#include "node/links_part.h"

static void send_now(struct links *l, struct link *k, struct span bytes)
{
    int sent;
    if (k->kind == LINK_DIALED) {
        sent = zmq_send(k->socket, bytes.data, bytes.size, ZMQ_DONTWAIT);
    } else {
        sent = zmq_send(l->router, k->routing, k->routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
        if (sent >= 0)
            sent = zmq_send(l->router, bytes.data, bytes.size, ZMQ_DONTWAIT);
    }
    if (sent < 0) /* EHOSTUNREACH: it is gone; EAGAIN: it has not read for SEND_HWM frames */
        k->gone = true;
}

static void hold(struct links *l, struct link *k, struct span bytes, bool durable)
{
    struct held *h = NULL;
    if (bytes.size <= LINKS_HELD_BYTES_MAX - l->held_bytes)
        h = malloc(sizeof *h + bytes.size);
    if (h == NULL) { /* a gap in what it hears would confuse it: better to begin again */
        k->gone = true;
        return;
    }
    *h = (struct held){.link = k->id, .durable = durable, .size = bytes.size};
    memcpy(h->bytes, bytes.data, bytes.size);
    *l->last_held = h;
    l->last_held = &h->next;
    l->held_bytes += bytes.size;
}

void links_send(struct links *l, mesh_link id, struct span bytes, bool held)
{
    assert(bytes.size > 0); /* an empty message is a goodbye */
    struct link *k = links_by_id(l, id);
    if (k == NULL || k->gone)
        return;
    if (held || l->first_held != NULL)
        hold(l, k, bytes, held);
    else
        send_now(l, k, bytes);
}

/* Let go of everything held: all of it, or only what needed no commit. */
static void let_go(struct links *l, bool committed)
{
    struct held *h = l->first_held;
    l->first_held = NULL;
    l->last_held = &l->first_held;
    l->held_bytes = 0;
    while (h != NULL) {
        struct held *next = h->next;
        struct link *k = links_by_id(l, h->link);
        if (k != NULL && !k->gone && (committed || !h->durable))
            send_now(l, k, SPAN(h->bytes, h->size));
        free(h);
        h = next;
    }
}

void links_release(struct links *l)
{
    let_go(l, true);
}

void links_discard_held(struct links *l)
{
    let_go(l, false);
}
