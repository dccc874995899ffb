/* People with a device each, on one table: real nodes in directories of the test's, commands as a
 * person types them, and records that travel only when two people meet.
 *
 * A command runs in this process on a node that is open already (cli_run_on()), so what a story
 * tests is the command line, the API, the device, the fold and the store at once. Meeting is a
 * bundle each way, as on a stick: nobody has what nobody brought. The clock is the story's. */
#ifndef HOP_TESTS_STORY_STAGE_H
#define HOP_TESTS_STORY_STAGE_H

#include "node/cli.h"

#define STAGE_PEOPLE_MAX 12
#define STAGE_SAID_BYTES (256u << 10)
#define STAGE_WORDS_MAX  48

struct stage_person {
    char name[64];
    struct node *node;
    bool gone;     /* the device is lost: it meets nobody */
    int64_t wrong; /* µs by which its clock is ahead */
};

struct stage {
    struct stage_person people[STAGE_PEOPLE_MAX];
    size_t count;
    uint64_t wall; /* µs since 1970; a minute passes with each command */
    char room[64]; /* a directory: what "@name" in a command stands for a file in */
    char said[STAGE_SAID_BYTES];
};

void stage_open(struct stage *s);
void stage_close(struct stage *s);

/* The first founds the cell; the others are invited by the first and join. role and category may be
 * NULL. */
void stage_found(struct stage *s, const char *cell, const char *procedure, const char *name);
void stage_join(struct stage *s, const char *name, const char *role, const char *category);
struct stage_person *stage_find(struct stage *s, const char *name, size_t size); /* or NULL */

/* "meeting show 1" or "say 1 \"Nhất trí\" --item 2": its exit code; what it said is in s->said. */
int stage_command(struct stage *s, struct stage_person *who, enum text_lang lang, const char *line);

/* Each has afterwards what the other had. */
void stage_meet(struct stage *s, struct stage_person *a, struct stage_person *b);
/* Do they hold the same and show the same? Nobody may hold a record that waits for another. */
bool stage_agree(struct stage_person *a, struct stage_person *b);

#endif
