/* The page of a report, compiled in by tools/embed. */
#ifndef HOP_SIM_ASSETS_H
#define HOP_SIM_ASSETS_H

struct sim_asset {
    const char *path;
    const unsigned char *bytes; /* followed by a NUL that size does not count */
    unsigned long size;
};

extern const struct sim_asset sim_assets[];
extern const unsigned sim_assets_count;

#endif
