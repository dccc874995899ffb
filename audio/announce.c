#include "audio/announce.h"

#include <assert.h>

#include "base/wire.h"

void announce_put(uint8_t ret[static ANNOUNCE_BYTES], const struct announce *a)
{
    struct wire_writer w = wire_writer(ret, ANNOUNCE_BYTES);
    wire_put_u8(&w, ANNOUNCE_KIND);
    wire_put_u8(&w, ANNOUNCE_VERSION);
    wire_put_bytes(&w, a->meeting, sizeof a->meeting);
    wire_put_bytes(&w, a->stream_id, sizeof a->stream_id);
    wire_put_u16(&w, a->sender);
    wire_put_u16(&w, a->port);
    wire_put_u8(&w, a->flags);
    assert(!w.bad && w.used == ANNOUNCE_BYTES);
}

int announce_parse(struct announce *ret, struct span bytes)
{
    struct wire_reader r = wire_reader(bytes.data, bytes.size);
    struct announce a;
    uint8_t kind = wire_get_u8(&r);
    uint8_t version = wire_get_u8(&r);
    wire_get_into(&r, a.meeting, sizeof a.meeting);
    wire_get_into(&r, a.stream_id, sizeof a.stream_id);
    a.sender = wire_get_u16(&r);
    a.port = wire_get_u16(&r);
    a.flags = wire_get_u8(&r);
    if (!wire_end(&r) || kind != ANNOUNCE_KIND || version != ANNOUNCE_VERSION || a.port == 0 ||
        (a.flags & ~ANNOUNCE_FLAGS) != 0)
        return HOP_EMALFORMED;
    *ret = a;
    return HOP_OK;
}
