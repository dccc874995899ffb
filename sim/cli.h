/* The commands of hop-sim, one a file. Each returns the exit code: 0 all held, 1 something did not,
 * 2 wrong usage, 3 no memory or no files. */
#ifndef HOP_SIM_CLI_H
#define HOP_SIM_CLI_H

#include "sim/world.h"

enum sim_crypto { SIM_CRYPTO_REAL, SIM_CRYPTO_MEMO, SIM_CRYPTO_TOY };

#define SIM_SETS_MAX 32

/* What the command line said. */
struct sim_cli {
    const char *program; /* argv[0] */
    const char *what;    /* the scenario, capsule or folder */
    const char *second;  /* of compare and import */
    uint64_t seed, seed_last;
    bool seed_given;
    const char *sets[SIM_SETS_MAX];
    size_t sets_count;
    enum sim_crypto crypto;
    bool crypto_given;
    bool lmdb, trace, quiet, swarm, twice, no_capsule, no_report, first;
    const char *out; /* folder for what is written */
    uint64_t jobs;   /* of sweep */
    uint64_t budget; /* s of wall time, of sweep and shrink; 0: none */
    uint64_t pace;   /* of play: virtual seconds a second */
    uint64_t allow;  /* of compare: percent that may be lost */
};

int sim_cli_run(const struct sim_cli *c);
int sim_cli_replay(const struct sim_cli *c);
int sim_cli_resolve(const struct sim_cli *c);
int sim_cli_list(const struct sim_cli *c);
int sim_cli_sweep(const struct sim_cli *c);
int sim_cli_shrink(const struct sim_cli *c);
int sim_cli_report(const struct sim_cli *c);
int sim_cli_play(const struct sim_cli *c);
int sim_cli_compare(const struct sim_cli *c);
int sim_cli_import(const struct sim_cli *c);

/* ---- shared ---- */

/* The path of a scenario: as given, or by its name in the library. False if there is none. */
bool sim_library_find(const char *name, char ret[static SIM_PATH_BYTES]);
bool sim_library_folder(char ret[static SIM_PATH_BYTES]);

/* Read what the command line names, with its seed and settings; says what is wrong. */
MUST_USE int sim_cli_scenario(const struct sim_cli *c, struct sim_scenario *ret);

/* What one run gave. */
struct sim_result {
    int code; /* exit code */
    char failed_check[SIM_NAME_BYTES];
    char failure[SIM_FAILURE_BYTES];
    uint8_t digest[32];
    uint64_t goals;
    uint64_t events, virtual_us, cpu_us, memory_kb;
    uint64_t records, delivered, possible, pairs, bytes;
};

/* Run s (which is taken) in this process. */
int sim_run_here(struct sim_scenario *s, const struct sim_setup *setup, const char *out,
                 struct sim_result *ret);
/* Run it in a process of its own, within so many seconds of wall time; s is left as it is.
 * trace_to: a file for the story, or NULL. */
int sim_run_apart(const struct sim_scenario *s, const struct sim_setup *setup, const char *trace_to,
                  unsigned seconds, struct sim_result *ret);

/* Write whole file; false, and says so, if it cannot. */
bool sim_write_file(const char *folder, const char *name, struct span bytes);
bool sim_make_folder(const char *path);
bool sim_read_file(const char *path, struct buf *ret);

/* A failure as a folder: scenario.conf, failure.txt, story.txt. */
void sim_capsule(const struct sim_scenario *drawn, const struct sim_result *r, const char *folder,
                 const struct sim_cli *c);
/* The command line that does this run again. */
void sim_again(struct buf *b, const struct sim_cli *c, uint64_t seed);

/* sim/report.c: a run as JSON, Markdown and a page. */
void sim_report_json(struct sim_world *w, const struct sim_result *r, struct buf *ret);
void sim_report_markdown(struct sim_world *w, const struct sim_result *r, struct buf *ret);
void sim_report_page(struct span json, struct buf *ret);

uint64_t sim_cpu_us(void);
uint64_t sim_wall_us(void);
uint64_t sim_memory_kb(void);

#endif
