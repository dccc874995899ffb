/* How much of the disk documents may have. */
#include "store/store.h"

#define PAGE_BYTES 4096 /* a blob of a chunk takes 17 of them, for 64 KiB: 1/16 more */

static uint64_t reserve_of(const struct store_space *space)
{
    uint64_t part = space->total / STORE_RESERVE_FRACTION;
    return part < STORE_RESERVE_BYTES ? part : STORE_RESERVE_BYTES;
}

uint64_t store_blob_room(struct store *s)
{
    struct store_space space = {0};
    store_space(s, &space);
    if (space.left == STORE_SPACE_ANY)
        return STORE_SPACE_ANY;
    uint64_t reserve = reserve_of(&space);
    return space.left > reserve ? space.left - reserve : 0;
}

uint64_t store_blob_lack(struct store *s, uint64_t bytes)
{
    struct store_space space = {0};
    store_space(s, &space);
    uint64_t reserve = reserve_of(&space);
    if (space.left == STORE_SPACE_ANY || (space.left >= reserve && space.left - reserve >= bytes))
        return 0;
    return bytes + reserve - space.left;
}

uint64_t store_blob_cost(uint64_t bytes)
{
    return bytes + bytes / 16 + PAGE_BYTES;
}
