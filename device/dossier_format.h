/* The bytes of a dossier, shared by the side that writes and the side that verifies. */
#ifndef HOP_DEVICE_DOSSIER_FORMAT_H
#define HOP_DEVICE_DOSSIER_FORMAT_H

#include "base/wire.h"
#include "cell/record.h"
#include "text/text.h"

#define DOSSIER_VERSION 2
#define DOSSIER_START   "<script type=\"application/x-hop-dossier\">\n"
#define DOSSIER_END     "</script>\n"

#define DOSSIER_ITEMS_MAX           (1u << 20)
#define DOSSIER_DOCUMENTS_BYTES_MAX ((uint64_t)64 << 20) /* of all in it: what a page can be */

enum dossier_item_kind {
    DOSSIER_ITEM_RECORD = 1, /* height u32, key 32, then the record as stored */
    /* Withheld: header 160, hash of the text 32, height u32, count u16 and so many deps of 32, as
     * far as they are in the file, on the sealer's word; signature 64 or nothing */
    DOSSIER_ITEM_STUB = 2,
    DOSSIER_ITEM_CHUNK = 3 /* name 32, blob of a document: sealed chunk or node */
};

/* One line of the list: what an item is and must hash to. */
struct dossier_entry {
    uint8_t kind;
    uint16_t type;  /* of the record, so that a damaged one can be named; 0: withheld */
    uint8_t ik[32]; /* of its author; zeros for chunks */
    uint8_t hash[32];
};
#define DOSSIER_ENTRY_BYTES 67

/* The list of contents: everything the seal covers. */
struct dossier_list {
    uint8_t cell_id[32], meeting[32];
    uint64_t wall;
    uint8_t page_hash[32]; /* of all bytes outside the lines */
    uint32_t count;
    uint8_t sealer[32]; /* identity key of the device that made it */
};
#define DOSSIER_LIST_FIXED_BYTES (1 + 32 + 32 + 8 + 32 + 4 + 32)

void dossier_list_put(struct wire_writer *w, const struct dossier_list *l);
void dossier_list_get(struct wire_reader *r, struct dossier_list *ret, unsigned *ret_version);
void dossier_entry_put(struct wire_writer *w, const struct dossier_entry *e);
void dossier_entry_get(struct wire_reader *r, struct dossier_entry *ret);
void dossier_item_hash(uint8_t ret[static 32], unsigned kind, struct span bytes);
enum text_id dossier_type_text(unsigned kind, unsigned type);

#endif
