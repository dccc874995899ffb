/* Inside of the mesh: its tables, and what its files ask of each other. Nobody else includes this.
 *
 * A step has two halves. First the handler of the input changes tables and sets flags; it emits
 * only what that one input bounds (the records of one segment). Then mesh_finish() walks the flags
 * and deadlines and emits what is due, as far as there is room in outs; what does not fit keeps its
 * flag, and the deadline is "now". So no peer can make a step overflow. */
#ifndef HOP_MESH_STATE_H
#define HOP_MESH_STATE_H

#include "base/rng.h"
#include "mesh/frame.h"
#include "mesh/segment.h"
#include "mesh/tree.h"

struct fork_proof; /* mesh/fork.h */

/* ---- constants, with reasons ---- */

#define MESH_WINDOW_BYTES       (1u << 20) /* not yet acknowledged on a link: 100 ms at 80 Mbit/s */
#define MESH_FLIGHTS_MAX        64 /* segments in that window: one-record pushes in a burst */
#define MESH_KEEPALIVE          (2 * HOP_SECOND)
#define MESH_KEEPALIVE_SLOW     (4 * HOP_SECOND) /* where three records may take that long */
#define MESH_SILENCE_MAX        (8 * HOP_SECOND) /* three keepalives lost, and one late */
#define MESH_ROOT_DELAY         (250 * HOP_MS)   /* a burst of records costs one root, not many */
#define MESH_SALT_AGE_MAX       (30 * HOP_SECOND)
#define MESH_ANNOUNCE_WAIT      (50 * HOP_MS) /* time for the peer to get it from the author itself */
#define MESH_RATES_MAX          64            /* peers whose rate is remembered */
#define MESH_DIRECT_MAX         10            /* links of an author that sends to all itself */
#define MESH_EAGER_MAX          6             /* links a log is passed on to, in a tree */
#define MESH_LAZY_MAX           6             /* links told of a record, in a crowd */
#define MESH_COPIES_MAX         3             /* that came too late before a link is pruned */
#define MESH_MISSED_MAX         2             /* before somebody else becomes the parent */
#define MESH_GRAFT_WAIT         (400 * HOP_MS)   /* for the parent, before another is asked */
#define MESH_ASK_WAIT           (4 * HOP_SECOND) /* without a segment, then somebody else is asked */
#define MESH_ASK_PATIENCE       (60 * HOP_SECOND) /* even if it keeps bringing other things */
#define MESH_SERVE_AGAIN        (1 * HOP_SECOND) /* an equal request sooner is an echo of the first */
#define MESH_RECONCILE          (10 * HOP_SECOND) /* between exchanges when roots differ */
#define MESH_RECONCILE_LISTENER (2 * HOP_SECOND)  /* later, so that not both begin */
#define MESH_RECONCILE_CALM     (3 * HOP_SECOND)  /* roots differ naturally while records arrive */
#define MESH_KNOWN_MAX          128               /* peers whose last agreement is remembered */
#define MESH_STORE_REST_MIN     (1 * HOP_SECOND)  /* after a failed commit, doubling */
#define MESH_STORE_REST_MAX     (60 * HOP_SECOND)
#define MESH_STRIKES_MAX        8 /* wrong signatures from one link before it is closed */
#define MESH_LOGS_KEPT          48 /* places that others cannot take: our own logs, a few times over */
#define MESH_HEARSAY_MAX        (MESH_LOGS_MAX / 4 * 3) /* logs one peer may name and not bring */
#define MESH_STRANGER_LOGS_MAX  (MESH_LOGS_MAX / 2)     /* the rest is for members' records */
#define MESH_STRANGER_BYTES_MAX (16u << 20) /* control records of a large cell, many times over */
#define MESH_BLOB_WAIT          (5 * HOP_SECOND)
#define MESH_BLOB_WAIT_MAX      (60 * HOP_SECOND) /* even if records keep coming in between */
#define MESH_BLOB_REST          (10 * HOP_SECOND) /* after all have said no; doubling */
#define MESH_BLOB_REST_MAX      (5 * 60 * HOP_SECOND)
#define MESH_SERVES_MAX         16   /* asks a peer may have waiting */
#define MESH_ASKED_MAX          16   /* blobs an ask of a peer may go on with; half are under way */
#define MESH_FETCHES_MAX        64   /* blobs being fetched: 4 MiB, one for each link */
#define MESH_CARRIED_MAX        1024 /* more of them, between two commits of a bundle's blobs */
#define MESH_KEPT_MAX           16   /* of them half here while nobody has the rest */
#define MESH_FOREIGN_TREES_MAX  64   /* looked for on behalf of others */
#define MESH_ROOM_LOOK          (10 * HOP_SECOND) /* while documents wait for room on the disk */
/* What is on its way to us as blobs, on one link: at most a chunk. */
#define MESH_UNIT_MAX   (4 * (TREE_BLOB_BYTES_MAX / 4 + 1)) /* in four pieces */
#define MESH_UNIT_START (16u << 10)
#define MESH_UNIT_MIN   200u           /* what a radio takes at once */
#define MESH_UNIT_FAST  (500 * HOP_MS) /* a piece that came sooner: more may be on its way */
#define MESH_UNIT_SLOW  (2 * HOP_SECOND)
#define MESH_PIECE_MIN  1024u /* not smaller only to have four of them */

#define NO_SLOT UINT32_MAX

/* ---- logs: what we have, indexed by a number that does not move ---- */

struct mesh_log {
    bool used;
    bool own; /* published here: pushed at once (mesh_push_policy) */
    enum record_lane lane;
    uint8_t id[32];
    struct segment_tip durable, pending; /* pending: asked of the store, not yet durable */
    uint64_t delivered;
    /* A durable proof says that two records bear this number (0: none). Then durable and pending
     * stop before it, whatever the store holds beyond, and trunk is the head where they stop. */
    uint64_t fork, fork_pending;
    bool fork_untold;
    uint64_t own_behind; /* somebody shows so much of a log we write to; 0: nobody, or it is said */
    uint8_t trunk[32];
    uint8_t missed;       /* news that the parent did not bring, in a row */
    uint32_t parent;      /* slot of the link that brought it last, or NO_SLOT */
    uint64_t news;        /* announced up to */
    hop_time news_since;  /* and not here since */
    uint32_t namer;       /* slot of the link that only named it so far, or NO_SLOT */
    uint32_t asked;       /* slot of the link asked for more, or NO_SLOT */
    bool expected;        /* not really asked: it is to come by itself */
    hop_time asked_until; /* no other is asked before */
    uint64_t marked_seq, marked_version; /* agree.c: where it was, when somebody last looked */
};

/* ---- links ---- */

/* What one link knows of one log. */
#define PEER_SEND     0x01 /* is to get everything we have after `sent` */
#define PEER_ANNOUNCE 0x02 /* is to be told how far we are, unless it shows it knows */
#define PEER_ASK      0x04 /* is to be asked */
#define PEER_ACK      0x08 /* waits for our acknowledgement */
#define PEER_STOPPED  0x10 /* wants no more of it */
#define PEER_DISPUTED 0x20 /* its records did not check out: nothing is taken */
#define PEER_PROOF    0x40 /* is to be sent the proof that it is forked */
#define PEER_EAGER    0x80 /* gets it as soon as we have it: it has asked us for it before */

struct peer_log {
    uint64_t shown; /* it has so much, as it told us or as it seems; a request says better */
    uint64_t sent;
    hop_time serve_again; /* an equal request before is an echo of the last */
    uint64_t proof_known; /* it has shown a proof for this number; 0: none */
    hop_time proof_again; /* it was sent ours: not again before */
    hop_time probed;      /* when we last asked where our records part */
    uint64_t again;       /* up to here it is sent more than once: no measure of the link */
    uint8_t flags;
    uint8_t probes; /* answered so far */
    uint8_t copies; /* in a row that it brought and we had */
    uint8_t asks;   /* since it last acknowledged: it may not know the log by its brief name */
};

struct mesh_flight {
    uint32_t log;
    uint64_t last;
    size_t bytes;
    hop_time sent_at;
    uint64_t landed_before; /* bytes acknowledged on the link when it was sent, and since when */
    hop_time landed_before_at;
};

enum link_state { LINK_GREETING = 1, LINK_STRANGER = 2, LINK_MEMBER = 4 };

struct mesh_peer_root { /* ours, under a salt of theirs: computed once for each pair */
    uint64_t version;
    uint8_t salt[8], root[8];
};

struct exchange {    /* of frontiers (agree.c) */
    bool due;        /* we are to open one */
    bool ours, open; /* one was opened by us; and is not answered yet */
    bool eager;      /* and we said: send what we lack */
    uint16_t number;
    uint64_t version; /* of our frontier then */
    size_t sent;      /* syndromes; 0 after a list */
    unsigned growths;
    size_t want; /* syndromes the next is to begin with */

    bool blind;         /* the last one, whoever opened it, found no difference */
    uint8_t their_news; /* from HELLO */
    bool theirs;        /* one was opened by the peer */
    bool their_eager, their_rooted;
    uint16_t their_number;
    unsigned their_growths;
    size_t their_logs;
    uint16_t *kept; /* its syndromes, while there are too few of them */
    size_t kept_count;
};

/* How far the greeting of a link has come (greet.c). */
struct greeting {
    bool greeted;  /* GREET was sent, or has come */
    bool answered; /* so was KNOWN */
    bool hello;    /* our HELLO is sent */
    bool known;    /* the hint was of a device of the roster */
    bool opened;   /* KNOWN opens an exchange */
    uint8_t claim[32];
    struct frame_greet greet;
    uint8_t mac[GREET_MAC_BYTES]; /* of KNOWN */
    hop_time said;                /* when we spoke last */
    size_t said_bytes;
};

struct link {
    mesh_link name;
    bool listener;
    enum link_state state;
    struct greeting greeting;
    uint8_t binding[32];
    uint8_t identity[32];
    hop_time up, heard;
    hop_time keepalive_at;
    hop_time root_at;     /* the frontier has changed: say the new root */
    hop_time announce_at; /* PEER_ANNOUNCE is set somewhere */
    hop_time reconciled;  /* when the last exchange of frontiers began */
    hop_time brought;     /* when it last brought a segment */

    bool estranged;      /* it takes us for a stranger */
    hop_time pushed;     /* when control records were last pushed to it for that reason */
    bool frontier_heard; /* its frontier is in peer_log */
    bool estrange_due;   /* it is to hear that it is a stranger */
    struct exchange exchange;
    uint64_t synced_version; /* of our frontier, when the roots were equal; 0: never */
    struct mesh_peer_root root;

    struct peer_log *logs; /* as many as the mesh has room for */
    bool acks, asks;       /* some peer_log has such a flag */
    bool proofs;
    bool sends[LANES_COUNT];
    uint32_t send_cursor[LANES_COUNT];
    struct mesh_flight flights[MESH_FLIGHTS_MAX];
    size_t flights_count, flights_bytes;
    uint64_t rate;               /* bytes/s, measured or as the owner says; 0: unknown */
    uint64_t floor;              /* at least so much, by how long the greeting took; 0: unknown */
    hop_time silence, keepalive; /* how long it may be silent; how often it hears from us */
    hop_time round_trip;         /* the shortest seen; 0: none yet */
    uint64_t sent_units;         /* segments in this contact */
    uint64_t landed;             /* bytes acknowledged so far */
    hop_time landed_at;
    uint32_t hearsay; /* logs it named that we had not heard of */
    size_t stranger_bytes;
    unsigned strikes;

    uint64_t tells_sent, tells_heard;
    uint32_t rate_hint; /* as the owner says; 0: unknown */
    size_t unit;        /* blobs on their way, as measured */
    unsigned shy;       /* times it failed to give a blob, in a row */
    hop_time shy_until;
    uint16_t asks_made;
    hop_time want_since, want_until; /* of what it was asked for last */
    struct mesh_asked {              /* by ask % MESH_ASKED_MAX: names it has told */
        uint16_t ask;
        bool named;
        uint8_t name[32];
    } asked[MESH_ASKED_MAX];
    struct mesh_serve {
        uint16_t ask;
        uint32_t offset, length;
        uint8_t name[32];
    } serves[MESH_SERVES_MAX];
    size_t serves_count;

    bool measured; /* rate is */
    bool touched;  /* something a viewer counts has changed */
    unsigned told; /* bits of the view last reported */
};

/* ---- blobs looked for ---- */

struct mesh_tree { /* a document, or what a peer looks for */
    uint8_t root[32];
    uint64_t size; /* 0: not known before its root is here */
    uint64_t rank; /* lower is sooner */
    bool foreign;  /* a peer's wish, not ours */
    bool bad;      /* it is not what its size says: no more of it */
    bool begun;    /* walk is: what is before it is here, is being fetched, or is in a gap */
    struct tree_walk walk;
    uint64_t missing; /* bytes of the document that are not here; at most, before counted is size */
    uint64_t counted; /* the walk has been as far as here */
    bool waits;       /* the disk has no room for what is missing */
    bool gaps;        /* somewhere from `gap` on there are blobs that nobody has given */
    struct tree_place gap; /* the first of them */
    uint32_t fetches;
    hop_time rest, rest_until;
};

struct mesh_fetch { /* one blob of a tree */
    enum { FETCH_OPEN, FETCH_ASKED, FETCH_STORING } state;
    uint32_t tree;
    struct tree_place place;
    uint32_t total; /* its size; 0: not known */
    uint32_t got, asked;
    uint8_t *bytes; /* owned: got of total */
    uint32_t slot;  /* of the link asked */
    uint16_t ask;
    bool named; /* the ask's first WANT has been sent */
    bool moves; /* within mesh_want() */
    bool mixed; /* bytes are from more than one */
    bool alone; /* take them all from one */
    uint32_t first_slot;
    uint64_t tried; /* bit per link slot that has said no, or nothing */
    hop_time rest_until;
};

/* ---- all of it ---- */

struct mesh_rate { /* what a peer's link came to, the last time */
    uint8_t identity[32];
    uint64_t rate;
};

struct mesh {
    struct mesh_config config;
    hop_time now;
    struct mesh_outs *outs; /* during a step only */
    bool unfinished;        /* outs was too small: come back at once */

    struct mesh_log *logs;
    uint32_t logs_count, logs_room; /* slots ever used; slots allocated */
    uint32_t logs_free;             /* used slots given back */
    uint32_t *order;                /* indexes of used logs by ascending id */
    uint32_t order_count;
    uint64_t version;   /* of the durable frontier; starts at 1 */
    hop_time changed;   /* when it last changed */
    bool pending;       /* something waits for the commit */
    bool forks_pending; /* proofs are among it */
    bool forks_untold;  /* a MESH_OUT_FORK or a MESH_OUT_OWN_BEHIND is owed */
    bool undelivered;
    hop_time asks_at; /* look for logs that nobody has been asked for */
    hop_time store_rest, store_rest_until;

    uint8_t salt[8], root[8]; /* ours, as last said */
    uint64_t root_version;
    hop_time salt_drawn;

    struct link *links[MESH_LINKS_MAX];
    struct mesh_rate rates[MESH_RATES_MAX];
    size_t rates_next;
    uint32_t eager_slot; /* which link may send unasked, */
    hop_time eager_until;
    bool eager_open; /* and has not told yet what that is */
    struct mesh_known {
        uint8_t identity[32];
        uint64_t version; /* of our frontier, when we last agreed; 0: no entry */
    } known[MESH_KNOWN_MAX];
    size_t known_next;
    struct mesh_tree *trees; /* wanted, the best first */
    uint32_t trees_count, trees_room;
    struct mesh_fetch *fetches;
    uint32_t fetches_count, fetches_room;
    uint64_t agreed; /* our version when we last agreed with anybody; 0: never */
    hop_time wants_at;
    uint64_t foreign_refused, relays;
    struct rng jitter_rng, salt_rng, choice_rng;
};

/* ---- emit (mesh.c) ---- */

/* A request for the owner, or NULL when outs is full: then unfinished is set. */
struct mesh_out *mesh_emit(struct mesh *m, enum mesh_out_type type, mesh_link link);
/* A writer over scratch for one frame of at most size bytes; room for one out is checked too. */
bool mesh_frame_begin(struct mesh *m, struct wire_writer *w, size_t size);
void mesh_frame_send(struct mesh *m, struct link *l, const struct wire_writer *w);

/* ---- logs (log.c) ---- */

int mesh_logs_load(struct mesh *m);
uint32_t mesh_log_find(const struct mesh *m, const uint8_t id[static 32]); /* or NO_SLOT */
/* The only log that starts with these FRAME_BRIEF_BYTES; NO_SLOT if there are more, or none. */
uint32_t mesh_log_find_brief(const struct mesh *m, const uint8_t *start);
/* A new log at 0. HOP_EFULL, HOP_ENOMEM. */
int mesh_log_add(struct mesh *m, const uint8_t id[static 32], enum record_lane lane, uint32_t *ret);
/* The same for what a peer brings or names: the last MESH_LOGS_KEPT places are not for it. A device
 * whose own log had no place would be told of nothing it writes, and would not start again. */
int mesh_log_add_of_others(struct mesh *m, const uint8_t id[static 32], enum record_lane lane,
                           uint32_t *ret);
/* Give back logs that were only hearsay and that no link shows any more. */
void mesh_logs_forget(struct mesh *m);
/* Head of record seq (at most durable.seq), read from the store. */
bool mesh_log_head(const struct mesh *m, const struct mesh_log *log, uint64_t seq,
                   uint8_t ret[static 32]);
void mesh_own_root(struct mesh *m);

/* ---- links (link.c) ---- */

struct link *mesh_link_find(const struct mesh *m, mesh_link name, uint32_t *ret_slot);
int mesh_link_up(struct mesh *m, const struct mesh_in *in);
void mesh_link_forget(struct mesh *m, uint32_t slot);
bool mesh_link_drop(struct mesh *m, uint32_t slot); /* false: outs is full */
/* Its standing is known: what it shows and gets from now on. opens: we open an exchange. */
void mesh_link_begin(struct mesh *m, struct link *l, bool opens);
int mesh_on_keepalive(struct mesh *m, uint32_t slot, struct span frame);
void mesh_set_estranged(struct mesh *m, struct link *l, bool estranged); /* it says so */
void mesh_in_sync(struct mesh *m, uint32_t slot);                        /* roots are equal */
void mesh_on_roster(struct mesh *m);
int mesh_tell(struct mesh *m, struct span bytes);
int mesh_on_tell(struct mesh *m, uint32_t slot, struct span frame);
/* Count one wrong signature; true if it was one too many and the link is gone. */
bool mesh_strike(struct mesh *m, uint32_t slot);
void mesh_links_finish(struct mesh *m); /* keepalives, silence */
void mesh_links_report(struct mesh *m); /* MESH_OUT_PEER */
hop_time mesh_link_deadline(const struct link *l);
static inline bool mesh_link_syncs(const struct link *l)
{
    return l != NULL && l->state == LINK_MEMBER;
}

/* ---- who is there (greet.c) ---- */

bool mesh_greet(struct mesh *m, struct link *l); /* a new link; false: no room for it */
int mesh_on_greet(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_known(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_vouch(struct mesh *m, uint32_t slot, struct span frame);
bool mesh_shut_out(const struct mesh *m,
                   const uint8_t identity[static 32]); /* once a device of ours */
int mesh_on_hello(struct mesh *m, uint32_t slot, struct span frame);

/* ---- who has what (frontier.c) ---- */

int mesh_on_frontier(struct mesh *m, uint32_t slot, struct span frame);
void mesh_show(struct mesh *m, uint32_t slot, uint32_t log, uint64_t seq);
/* Take no more of this log from this link, and say so. */
void mesh_dispute(struct mesh *m, uint32_t slot, uint32_t log, enum stop_reason reason);
void mesh_stop_send(struct mesh *m, struct link *l, const uint8_t log[static 32],
                    enum stop_reason reason);
/* The log a peer speaks of, making room for it if need be; NO_SLOT: there is none. */
uint32_t mesh_hear_of(struct mesh *m, uint32_t slot, const uint8_t id[static 32],
                      enum record_lane lane);
void mesh_asks_look(struct mesh *m);
void mesh_frontier_finish(struct mesh *m); /* exchanges, announcements, requests */
/* Its own word, which may be less than what it seemed to have. */
void mesh_set_shown(struct mesh *m, uint32_t slot, uint32_t log, uint64_t seq);
/* Send what follows seq, unless that was just done or there is none. */
bool mesh_serve(struct mesh *m, struct link *l, uint32_t log, uint64_t seq);
/* Tell it how far we are, if it may not know; or in any case. */
void mesh_announce(struct mesh *m, struct link *l, uint32_t log);
void mesh_ask(struct mesh *m, struct link *l, uint32_t log);
void mesh_say(struct mesh *m, struct link *l, uint32_t log);
void mesh_frontier_heard(struct mesh *m, struct link *l);

/* ---- exchanges of frontiers (agree.c) ---- */

int mesh_on_sketch(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_next(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_more(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_list(struct mesh *m, uint32_t slot, struct span frame);
void mesh_agree_finish(struct mesh *m, uint32_t slot); /* open what is due */
/* Open one inside KNOWN; false: it does not fit there. And if the peer could not read that. */
bool mesh_agree_open(struct mesh *m, uint32_t slot, struct span *ret);
void mesh_agree_unread(struct mesh *m, uint32_t slot);
void mesh_agree_synced(struct mesh *m, uint32_t slot);
/* How many logs have changed since we agreed with anybody; 0 if we never did. */
uint8_t mesh_agree_news(struct mesh *m);
void mesh_agree_gone(struct mesh *m, uint32_t slot);
/* It has brought records of this log. */
void mesh_agree_brought(struct mesh *m, uint32_t slot, uint32_t log);
/* Until when this link is not to be asked for this log, because another sends unasked. */
hop_time mesh_agree_wait(const struct mesh *m, uint32_t log, uint32_t slot);

/* ---- forked logs (dispute.c) ---- */

/* The peer's records of this log are not ours: find out where they part. */
void mesh_probe(struct mesh *m, struct link *l, uint32_t log);
/* The peer seems not to know that this log is forked. */
void mesh_fork_tell(struct mesh *m, struct link *l, uint32_t log);
/* Our roots differ, and it may be for this. */
void mesh_forks_tell(struct mesh *m, struct link *l);
int mesh_on_probe(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_branch(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_proof(struct mesh *m, uint32_t slot, struct span frame);
/* Store a proof that has been checked; bytes live as long as the step. slot: who brought it, or
 * NO_SLOT. HOP_EFULL: there is no room for it now. */
int mesh_fork_learn(struct mesh *m, uint32_t slot, const struct fork_proof *proof,
                    struct span bytes);
int mesh_forks_load(struct mesh *m);
void mesh_forks_stored(struct mesh *m, bool durable);
void mesh_forks_finish(struct mesh *m);

/* ---- records in (receive.c) ---- */

void mesh_frontier_changed(struct mesh *m);

int mesh_on_segment(struct mesh *m, uint32_t slot, struct span frame);
/* Rebuild and verify what follows tip, if the outs have room for it. HOP_EAUTH, HOP_EFULL. */
int mesh_run_verify(struct mesh *m, const struct segment *s, struct segment_tip *tip,
                    struct segment_rebuilt *ret);
/* A slot for a log that has proved itself with records. HOP_EFULL, HOP_ENOMEM. */
int mesh_log_for_records(struct mesh *m, bool stranger, const struct segment *s, uint32_t *log);
/* A verified run is to be stored; the log reaches tip when that is durable. */
void mesh_run_keep(struct mesh *m, const struct segment *s, const struct segment_rebuilt *r,
                   const struct segment_tip *tip, uint32_t slot);
/* Leave of a run what stands before the log's fork; false if nothing does. */
bool mesh_run_cut(const struct mesh_log *forked, struct segment *s);

/* ---- from bundles (carried.c) ---- */

int mesh_on_carried(struct mesh *m, struct span payload);
int mesh_on_carried_proof(struct mesh *m, struct span payload);
void mesh_on_stored(struct mesh *m);
void mesh_on_store_failed(struct mesh *m);
void mesh_store_works(struct mesh *m); /* no more rest */
int mesh_on_publish(struct mesh *m, struct span log_id);
void mesh_receive_finish(struct mesh *m); /* deliveries, acknowledgements */

/* ---- news as it spreads (push.c) ---- */

enum mesh_push { MESH_PUSH_EAGER, MESH_PUSH_LAZY };

/* How news of a log goes to a link: at once, or as a word that it exists. */
enum mesh_push mesh_push_policy(const struct mesh *m, const struct link *l, uint32_t log);
void mesh_spread(struct mesh *m, uint32_t log, uint64_t before);
void mesh_graft(struct mesh *m, struct link *l, uint32_t log);        /* it has asked for news */
void mesh_news(struct mesh *m, uint32_t log, uint64_t seq);           /* somebody announces it */
bool mesh_wants_graft(struct mesh *m, uint32_t log);                  /* now that it is asked for */
bool mesh_is_news(const struct mesh *m, uint32_t log);                /* and it is not here */
hop_time mesh_graft_wait(const struct mesh *m, uint32_t log);         /* ask nobody before */
void mesh_brought(struct mesh *m, uint32_t slot, uint32_t log);       /* something new */
void mesh_brought_again(struct mesh *m, uint32_t slot, uint32_t log); /* what was here */

/* ---- how fast a link is (pace.c) ---- */

#define PACE_RATE_MAX (1u << 30)
size_t mesh_pace_window(const struct link *l); /* bytes that may be under way */
void mesh_pace_unit(const struct link *l, struct segment_limits *ret);
bool mesh_pace_fast(const struct link *l);
bool mesh_pace_busy(const struct mesh *m, const struct link *l); /* records are under way */
hop_time mesh_pace_root_delay(const struct link *l);             /* to a new root, after a change */
void mesh_pace_sent(const struct mesh *m, struct link *l, struct mesh_flight *f);
void mesh_pace_landed(const struct mesh *m, struct link *l, uint32_t log, uint64_t seq); /* ACK */
hop_time mesh_slowed(const struct link *l, hop_time t);    /* t, or more on a slow link */
void mesh_pace_recall(struct mesh *m, struct link *l);     /* its identity is known now */
void mesh_pace_keep(struct mesh *m, const struct link *l); /* it ends */
void mesh_pace_hint(struct link *l, uint64_t rate);        /* what the owner knows; 0: nothing */
/* How long it may be silent. While only a floor of the rate is known: longer by what is under way,
 * and by a unit that may be on its way to us, at the floor. */
hop_time mesh_pace_silence(const struct link *l);
/* What we said last in greeting, and these bytes of the peer's in answer, took until now. */
void mesh_pace_greeted(const struct mesh *m, struct link *l, size_t bytes);

/* ---- records out (send.c) ---- */

void mesh_send_from(struct mesh *m, struct link *l, uint32_t log, uint64_t seq);
/* Segments of a log up to seq are no longer on their way; UINT64_MAX: none of them is. */
void mesh_flights_land(struct link *l, uint32_t log, uint64_t seq);
int mesh_on_ack(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_stop(struct mesh *m, uint32_t slot, struct span frame);
void mesh_send_finish(struct mesh *m);
bool mesh_sends_pending(const struct link *l);

/* ---- blobs (blob.c) ---- */

int mesh_want(struct mesh *m, const struct mesh_in *in);
void mesh_wants_free(struct mesh *m);
int mesh_on_carried_blob(struct mesh *m, struct span payload); /* MESH_IN_CARRIED_BLOB */
void mesh_wants_link_new(struct mesh *m);
void mesh_wants_stored(struct mesh *m, bool durable);
void mesh_wants_store_works(struct mesh *m); /* before store_rest_until is taken back */
void mesh_wants_finish(struct mesh *m);
/* Somebody looks for what is not here: look for it on his behalf. */
void mesh_relay(struct mesh *m, const uint8_t name[static 32]);
/* Its bytes bear the right name. Are they what the tree says must be there? Otherwise the fetch,
 * and perhaps its tree, is gone. */
int mesh_fetch_fits(struct mesh *m, uint32_t index, struct span bytes);
/* Ask the store to keep them. HOP_EFULL: no room in outs; HOP_ENOSPACE: none on the disk; nothing
 * has changed. */
int mesh_fetch_keep(struct mesh *m, struct mesh_fetch *f, mesh_link from, struct span bytes);
void mesh_fetch_restart(struct mesh_fetch *f); /* forget the bytes that are here */

/* ---- pieces of blobs (pieces.c) ---- */

/* How many bytes of blobs may be on their way on this link: a second of it, or what has proved to
 * take no longer than that; a chunk at most. */
size_t mesh_link_unit(const struct link *l);
int mesh_on_want(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_piece(struct mesh *m, uint32_t slot, struct span frame);
int mesh_on_noblob(struct mesh *m, uint32_t slot, struct span frame);
void mesh_wants_link_gone(struct mesh *m, uint32_t slot);
void mesh_pieces_give(struct mesh *m);
uint64_t mesh_pieces_ask(struct mesh *m); /* bits of the slots that may be asked */
hop_time mesh_pieces_deadline(const struct mesh *m);

#endif
