/* The program `hop`, running on one device directory: everything impure, tied together.
 *
 * One thread owns everything durable and runs node_run(): one turn of a loop is wait, read the
 * clock once, feed the core, commit once, release what waited for the commit. The voice thread
 * (node/voice.c) owns its UDP socket and the audio pipeline; the two share single-producer rings.
 *
 * A device directory holds: keys.hop (crypto/keyfile.h), records.mdb (store/lmdb.c), lock (flock:
 * one process), api.sock (HTTP over a unix socket), link (the link `hop run` printed, mode 0600).
 */
#ifndef HOP_NODE_NODE_H
#define HOP_NODE_NODE_H

#include "crypto/keyfile.h"
#include "device/document.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

struct links;     /* node/links.h: ZeroMQ with CURVE, and the ZAP handler */
struct discovery; /* node/discovery.h: beacons over UDP */
struct dial;      /* node/dial.h: whom to connect to */
struct node_news; /* node/node.c: what voice is to be told of */
struct http;      /* node/http.h: the API on a unix socket and on loopback */
struct serial;    /* node/serial.h: a radio modem or a cable */
struct talk;      /* node/talk.h: voice of one meeting at a time */
struct pairings;  /* node/pairing.h: invitations by code and face to face */
struct joining;   /* node/join.h: this device looks for its inviter */

struct node {
    char dir[512];
    int lock_fd;
    struct hop_drbg drbg;
    struct device_keys keys;
    struct store *store;
    struct device *device;
    struct mesh_outs outs;
    enum text_lang lang;
    hop_time now;          /* monotonic, read once a turn */
    uint64_t wall;         /* µs since 1970, read once a turn */
    bool running;          /* node_run() is serving; false in a one-shot command */
    bool stop;             /* leave node_run() after this turn */
    bool locked;           /* no keys, no store, no device: only HTTP is served (node/guard.h) */
    bool lock;             /* leave node_run() after this turn, and begin anew as locked */
    bool panic;            /* the keys are destroyed: nothing is saved any more */
    struct text_said copy; /* TEXT_NONE, or where a copy of this device has been met */
    bool copy_stops;       /* and was there first: this one stops */
    bool memory_locked;    /* the keys cannot be swapped out */
    hop_time lock_after, used_at; /* 0: never by itself; when somebody last did something */
    struct node_resume {          /* what the process that comes after a lock is to know */
        uint16_t http_port;
        char token[65];
    } resume;
    /* TEXT_NONE, or why the last commit failed: the disk is full, say. What was confirmed before is
     * safe and is still served; what comes now is refused until it works again. */
    struct text_said store_trouble;
    hop_time probe_at;   /* when to see whether it works again */
    unsigned generation; /* counts the devices made: another one after a cell was founded */
    FILE *trace_file;    /* NULL: no trace */
    struct node_news *news;
    struct dial *dial;           /* NULL when not running */
    struct keyfile_kept keyfile; /* in locked memory while the node runs, to save changed keys */
    struct links *links;         /* NULL when not running */
    struct discovery *discovery; /* NULL when not running */
    struct http *http;           /* NULL when not running */
    struct serial *serial;       /* NULL when there is none */
    struct talk *talk;           /* NULL when not running */
    struct pairings *pairings;   /* NULL when not running */
    struct joining *joining;     /* NULL when it has a cell, or is not looking for one */
    struct node_upload {         /* documents on their way in: node/api_document.c */
        struct device_put *put;  /* NULL: none */
        uint64_t number;
        unsigned generation;
        hop_time used;
    } uploads[DEVICE_PUTS_MAX];
    uint64_t uploads_made;
};

/* What to tell a person when something cannot be opened or done: a sentence and an exit code
 * (1 refused, 2 usage, 3 cannot reach or open). */
struct node_trouble {
    struct text_said said;
    int exit_code;
};

/* `hop init`: make dir and a key file. */
MUST_USE int node_init(const char *dir, const char *passphrase, uint64_t kdf_memory,
                       struct node_trouble *ret);
/* Lock dir, unlock the keys, open the store, read it into a device. */
MUST_USE int node_open(struct node *n, const char *dir, const char *passphrase, enum text_lang lang,
                       struct node_trouble *ret);
/* The same without a passphrase: the node is locked, and node_run() serves nothing but HTTP. */
MUST_USE int node_open_locked(struct node *n, const char *dir, enum text_lang lang,
                              struct node_trouble *ret);
/* Read keys and store into a locked node, which goes on as if it had been opened so. On error it is
 * as locked as before. */
MUST_USE int node_unlock(struct node *n, const char *passphrase, struct node_trouble *ret);
void node_close(struct node *n); /* a zeroed node is fine */

/* Save the keys if they changed (temp file, fsync, rename), commit the store, tell device and mesh,
 * carry out what they ask, until nothing more is owed. Whoever promised a person something answers
 * after this returned HOP_OK. On HOP_ENOSPACE or HOP_EIO nothing since the last commit exists. */
MUST_USE int node_commit(struct node *n);

/* Save the keys if they changed; node_commit() does so by itself. */
MUST_USE int node_save_keys(struct node *n);
/* The keys in a new file under this passphrase; with cost NULL, under what opened the present one.
 * file: KEYFILE_BYTES_MAX of the caller's. */
MUST_USE int node_seal_keys(struct node *n, uint8_t *file, size_t *ret_size,
                            struct keyfile_kept *ret_kept, struct span passphrase,
                            const struct keyfile_cost *cost);
/* What is wrong with the key file, as a sentence; returns err. */
int node_keys_trouble(const char *dir, enum keyfile_trouble t, int err, struct node_trouble *ret);

/* Read both clocks into n->now and n->wall. node_run() does so once a turn. */
void node_read_clocks(struct node *n);

/* The trouble as a sentence for this error of a write; ret->exit_code is 3. Returns err. */
int node_disk_trouble(const struct node *n, int err, struct node_trouble *ret);

/* One mesh input, and what follows from it (sends that are `durable` wait for node_commit). Returns
 * what mesh_step() did; links have been dealt with. */
int node_step(struct node *n, const struct mesh_in *in);

/* After keys got a cell (founded or joined): save them and make a device that has it. Links are
 * closed: they were of the device before. */
MUST_USE int node_reopen_device(struct node *n, struct node_trouble *ret);

struct node_options {
    uint16_t http_port, link_port, beacon_port; /* 0: any free port; beacon 0: the default */
    const char *bind_address;                   /* NULL: all interfaces */
    const char *peers[16];                      /* typed addresses "ip[:beacon port]" */
    size_t peers_count;
    bool quiet;
    bool no_multicast;
    const char *serial;     /* NULL, or DEVICE[:RATE] */
    const char *trace_path; /* NULL: no trace */
    hop_time lock_after;    /* 0: never by itself */
    const char *token;      /* of the page, from the process before this one; NULL: a new one */
};
/* Serve until n->lock, SIGTERM or SIGINT. */
MUST_USE int node_run(struct node *n, const struct node_options *options, struct node_trouble *ret);
/* Tell everything that watches (server-sent events) that what they show may have changed. */
void node_changed(struct node *n);

#endif
