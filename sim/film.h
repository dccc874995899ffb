/* What the pictures of a report are made of: where everybody was, who met whom, who had how much,
 * what went wrong. Kept only when asked for. */
#ifndef HOP_SIM_FILM_H
#define HOP_SIM_FILM_H

#include "sim/world.h"

#define SIM_FILM_FRAMES      600    /* samples of a run */
#define SIM_FILM_CONTACTS    200000 /* kept; beyond them they are only counted */
#define SIM_FILM_MARKS       5000
#define SIM_FILM_FRAMES_KEPT 4000 /* the last: for the diagram of who told whom */

struct sim_film_contact {
    uint32_t a, b;
    hop_time from, to; /* to 0: open to the end */
};

struct sim_film_mark { /* something a person should see on the line of time */
    hop_time at, until;
    uint32_t node; /* or SIM_NOBODY */
    char text[48];
};

struct sim_film_frame {
    hop_time sent, arrives;
    uint32_t from, to;
    uint8_t kind;
};

struct sim_film {
    hop_time step; /* between samples */
    uint32_t nodes, samples;
    int32_t *xy;     /* a sample, a node: x and y in decimetres */
    uint16_t *share; /* a sample, a node: how much of all records it has, in thousandths; 0xffff
                        switched off */
    uint32_t *total; /* a sample: records there are */
    uint64_t *delivered, *possible; /* a sample: pairs */
    struct sim_film_contact *contacts;
    uint32_t contacts_count, contacts_room;
    uint64_t contacts_left_out;
    struct sim_film_mark *marks;
    uint32_t marks_count, marks_room;
    struct sim_film_frame *frames; /* a ring */
    uint32_t frames_first, frames_count;
    bool failed; /* memory ran out: there will be no pictures */
};

MUST_USE int sim_film_begin(struct sim_world *w);
void sim_film_free(struct sim_world *w);
void sim_film_sample(struct sim_world *w);
void sim_film_contact(struct sim_world *w, uint32_t a, uint32_t b, bool open);
void sim_film_frame(struct sim_world *w, uint32_t from, uint32_t to, hop_time arrives,
                    uint8_t kind);
void sim_film_mark(struct sim_world *w, uint32_t node, hop_time until, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
