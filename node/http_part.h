/* Inside the HTTP server: what http.c and events.c share. */
#ifndef HOP_NODE_HTTP_PART_H
#define HOP_NODE_HTTP_PART_H

#include <microhttpd.h>

#include "node/api.h"
#include "node/http.h"

#define HTTP_TOKEN_CHARACTERS 64
#define LISTENERS             2
#define WATCHED_MAX           512 /* resources whose change is told: lists, and each meeting */

struct listener {
    struct http *http;
    struct MHD_Daemon *daemon;
    bool unix_socket;
};

/* One request while it is being read and answered. */
struct exchange {
    char method[8];
    char path[API_PATH_BYTES_MAX];
    char query[256];
    struct buf body;
    size_t body_max, dropped;
    enum text_id refused; /* TEXT_NONE: it may be answered */
    unsigned refused_status;
};

/* A page that listens for changes. */
struct watcher {
    struct http *http;
    struct MHD_Connection *connection;
    struct buf out; /* bytes not yet taken, from `sent` */
    size_t sent;
    bool open, suspended, ended;
};

struct watched {
    char path[96];
    uint8_t digest[16];
};

struct http {
    struct node *node;
    struct listener listeners[LISTENERS];
    uint16_t port;
    char token[HTTP_TOKEN_CHARACTERS + 1];
    char cookie[16];
    char link[HTTP_LINK_BYTES];
    int timer;
    bool dirty;    /* http_changed() since watchers were last told */
    hop_time told; /* when they were */
    struct watcher watchers[HTTP_WATCHERS_MAX];
    struct watched watched[WATCHED_MAX];
    size_t watched_count;
};

#endif
