#include "cell/epochs.h"

#include <stdlib.h>

struct epochs {
    struct epoch *items;
    size_t count, capacity;
};

struct epochs *epochs_new(void)
{
    return calloc(1, sizeof(struct epochs));
}

static void wipe_items(struct epochs *e)
{
    if (e->items != NULL)
        hop_wipe(e->items, e->count * sizeof *e->items);
    free(e->items);
}

void epochs_free(struct epochs *e)
{
    if (e == NULL)
        return;
    wipe_items(e);
    free(e);
}

int epochs_add(struct epochs *e, const struct epoch *one)
{
    if (epochs_by_tag(e, one->tag) != NULL)
        return HOP_EEXIST;
    if (e->count == EPOCHS_MAX)
        return HOP_EFULL;
    if (e->count == e->capacity) { /* not realloc(): it would leave secrets behind */
        size_t capacity = e->capacity == 0 ? 8 : 2 * e->capacity;
        struct epoch *items = calloc(capacity, sizeof *items);
        if (items == NULL)
            return HOP_ENOMEM;
        if (e->count > 0)
            memcpy(items, e->items, e->count * sizeof *items);
        wipe_items(e);
        e->items = items;
        e->capacity = capacity;
    }
    e->items[e->count++] = *one;
    return HOP_OK;
}

size_t epochs_count(const struct epochs *e)
{
    return e->count;
}

const struct epoch *epochs_by_tag(const struct epochs *e, const uint8_t tag[static 16])
{
    for (size_t i = e->count; i-- > 0;) {
        if (memcmp(e->items[i].tag, tag, 16) == 0)
            return &e->items[i];
    }
    return NULL;
}

const struct epoch *epochs_send(const struct epochs *e)
{
    return e->count == 0 ? NULL : &e->items[0];
}

int epochs_disc_key(const struct epochs *e, uint8_t ret[static 32])
{
    const struct epoch *send = epochs_send(e);
    if (send == NULL)
        return HOP_ENOTFOUND;
    hop_derive(ret, 32, send->route, LABEL_DISC, (struct span){0});
    return HOP_OK;
}

int epochs_media_key(const struct epochs *e, const uint8_t meeting[static 32],
                     uint8_t ret[static 32])
{
    const struct epoch *send = epochs_send(e);
    if (send == NULL || send->blind)
        return HOP_ENOTFOUND;
    hop_derive(ret, 32, send->meet, LABEL_MEDIA, SPAN(meeting, 32));
    return HOP_OK;
}
