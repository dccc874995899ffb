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
        {ACT_EXCUSE, DOSSIER_TYPE_EXCUSE},
        {ACT_REMIND, DOSSIER_TYPE_REMIND},
        {ACT_SITE, DOSSIER_TYPE_SITE},
        {ACT_PIN, DOSSIER_TYPE_PIN},
        {ACT_SITE_ROLL, DOSSIER_TYPE_SITE_ROLL},
        {ACT_CHECK, DOSSIER_TYPE_CHECK},
        {ACT_PAUSE, DOSSIER_TYPE_PAUSE},
        {ACT_ITEM, DOSSIER_TYPE_ITEM},
        {ACT_FLOOR, DOSSIER_TYPE_FLOOR},
        {ACT_GIVE, DOSSIER_TYPE_GIVE},
        {ACT_CONCLUSION, DOSSIER_TYPE_CONCLUSION},
        {ACT_WITHDRAW, DOSSIER_TYPE_WITHDRAW},
        {ACT_HANDS, DOSSIER_TYPE_HANDS},
        {ACT_PAPER, DOSSIER_TYPE_PAPER},
        {ACT_CHAIR, DOSSIER_TYPE_CHAIR},
        {ACT_REPORT, DOSSIER_TYPE_REPORT},
        {ACT_SETTLE, DOSSIER_TYPE_SETTLE},
        {ACT_EXCEPTION, DOSSIER_TYPE_EXCEPTION},
        {ACT_READ_BACK, DOSSIER_TYPE_READ_BACK},
        {ACT_CORRECTION, DOSSIER_TYPE_CORRECTION},
        {ACT_CORRECTED, DOSSIER_TYPE_CORRECTED},
        {ACT_SIGN, DOSSIER_TYPE_SIGN},
        {ACT_SUPPLEMENT, DOSSIER_TYPE_SUPPLEMENT},
        {ACT_RESOLUTION, DOSSIER_TYPE_RESOLUTION},
        {ACT_RESERVE, DOSSIER_TYPE_RESERVE},
        {ACT_TASK, DOSSIER_TYPE_TASK},
        {ACT_TASK_STATE, DOSSIER_TYPE_TASK_STATE},
        {ACT_SCORE, DOSSIER_TYPE_SCORE},
        {ACT_REPLY, DOSSIER_TYPE_REPLY},
        {ACT_CASCADE, DOSSIER_TYPE_CASCADE},
        {ACT_STEP, DOSSIER_TYPE_STEP},
    };
    if (kind == DOSSIER_ITEM_CHUNK)
        return DOSSIER_TYPE_CHUNK;
    if (kind == DOSSIER_ITEM_STUB)
        return DOSSIER_TYPE_WITHHELD;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].type == type)
            return names[i].text;
    }
    return DOSSIER_TYPE_OTHER;
}
