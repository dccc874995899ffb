/* The pages of node/web/, compiled into the program by tools/embed: no file is needed at run time,
 * and no request for one ever leaves the machine. Constant, so any thread may read them. */
#ifndef HOP_NODE_WEB_ASSETS_H
#define HOP_NODE_WEB_ASSETS_H

struct web_asset {
    const char *path;           /* relative to node/web/: "index.html" */
    const unsigned char *bytes; /* followed by a NUL that size does not count */
    unsigned long size;
};

extern const struct web_asset web_assets[]; /* sorted by path */
extern const unsigned web_assets_count;

#endif
