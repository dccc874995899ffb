#include "device/dossier_format.h"

#include "cell/auth.h"
#include "meeting/act.h"

void dossier_list_put(struct wire_writer *w, const struct dossier_list *l)
{
    wire_put_u8(w, DOSSIER_VERSION);
    wire_put_bytes(w, l->cell_id, 32);
    wire_put_bytes(w, l->meeting, 32);
    wire_put_u64(w, l->wall);
    wire_put_bytes(w, l->page_hash, 32);
    wire_put_u32(w, l->count);
    wire_put_bytes(w, l->sealer, 32);
}

void dossier_list_get(struct wire_reader *r, struct dossier_list *ret, unsigned *ret_version)
{
    *ret_version = wire_get_u8(r);
    wire_get_into(r, ret->cell_id, 32);
    wire_get_into(r, ret->meeting, 32);
    ret->wall = wire_get_u64(r);
    wire_get_into(r, ret->page_hash, 32);
    ret->count = wire_get_u32(r);
    wire_get_into(r, ret->sealer, 32);
}

void dossier_entry_put(struct wire_writer *w, const struct dossier_entry *e)
{
    wire_put_u8(w, e->kind);
    wire_put_u16(w, e->type);
    wire_put_bytes(w, e->ik, 32);
    wire_put_bytes(w, e->hash, 32);
}

void dossier_entry_get(struct wire_reader *r, struct dossier_entry *ret)
{
    ret->kind = wire_get_u8(r);
    ret->type = wire_get_u16(r);
    wire_get_into(r, ret->ik, 32);
    wire_get_into(r, ret->hash, 32);
}

void dossier_item_hash(uint8_t ret[static 32], unsigned kind, struct span bytes)
{
    uint8_t first = (uint8_t)kind;
    struct hop_hash h;
    hop_hash_init(&h, LABEL_DOSSIER_ITEM);
    hop_hash_add(&h, SPAN(&first, 1));
    hop_hash_add(&h, bytes);
    hop_hash_end(&h, ret, 32);
}

enum text_id dossier_type_text(unsigned kind, unsigned type)
{
    static const struct {
        unsigned type;
        enum text_id text;
    } names[] = {
        {AUTH_LOG_OPEN, DOSSIER_TYPE_LOG_OPEN},
        {AUTH_GENESIS, DOSSIER_TYPE_GENESIS},
        {AUTH_EPOCH, DOSSIER_TYPE_EPOCH},
        {AUTH_GRANT, DOSSIER_TYPE_GRANT},
        {AUTH_INVITE, DOSSIER_TYPE_INVITE},
        {AUTH_ADMIT, DOSSIER_TYPE_ADMIT},
        {AUTH_PROCEDURE, DOSSIER_TYPE_PROCEDURE},
        {ACT_MEETING, DOSSIER_TYPE_MEETING},
        {ACT_DOC, DOSSIER_TYPE_DOC},
        {ACT_NOTICE, DOSSIER_TYPE_NOTICE},
        {ACT_OPINION, DOSSIER_TYPE_OPINION},
        {ACT_OPEN, DOSSIER_TYPE_OPEN},
        {ACT_ATTEND, DOSSIER_TYPE_ATTEND},
        {ACT_ROLL, DOSSIER_TYPE_ROLL},
        {ACT_MOTION, DOSSIER_TYPE_MOTION},
        {ACT_VOTE, DOSSIER_TYPE_VOTE},
        {ACT_TALLY, DOSSIER_TYPE_TALLY},
        {ACT_CLOSE, DOSSIER_TYPE_CLOSE},
        {ACT_MINUTES, DOSSIER_TYPE_MINUTES},
        {ACT_RECEIPT, DOSSIER_TYPE_RECEIPT},
    };
    if (kind == DOSSIER_ITEM_CHUNK)
        return DOSSIER_TYPE_CHUNK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].type == type)
            return names[i].text;
    }
    return DOSSIER_TYPE_OTHER;
}
