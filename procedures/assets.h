/* The procedure files of this folder, compiled into the program by tools/embed, so that a device
 * with nothing but the program can found a cell. Constant, so any thread may read them. Like the
 * catalogue of sentences this is data: any folder may include it. */
#ifndef HOP_PROCEDURES_ASSETS_H
#define HOP_PROCEDURES_ASSETS_H

struct procedure_asset {
    const char *path;           /* relative to procedures/: "party-cell.conf" */
    const unsigned char *bytes; /* followed by a NUL that size does not count */
    unsigned long size;
};

extern const struct procedure_asset procedure_assets[]; /* sorted by path */
extern const unsigned procedure_assets_count;

#endif
