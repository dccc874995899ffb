/* hop-sim: many devices in one process, repeatable from one number. */
#include "sim/cli.h"

#include "base/encode.h"

#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: hop-sim COMMAND …\n"
    "  list                       the scenarios that come with it\n"
    "  run SCENARIO               one run; --out DIR writes a report with pictures\n"
    "  sweep SCENARIO             many seeds: --seeds A..B -j N [--budget TIME] [--out DIR]\n"
    "  replay CAPSULE             a failure again\n"
    "  shrink CAPSULE             the same failure with fewer nodes, faults and acts\n"
    "  report DIR                 pages from the JSON of a run, or the table of a sweep\n"
    "  play SCENARIO              the story at a pace: --pace 10 virtual seconds a second\n"
    "  compare DIR DIR            two runs or sweeps; fails if the second is worse by --allow %\n"
    "  import FILE NAME.conf      a scenario around a ONE, setdest or CSV file\n"
    "  resolve SCENARIO           with every setting, fault and act that the seed draws\n"
    "options: --seed N  --set NAME=VALUE  --crypto real|memo|toy  --store memory|lmdb  --swarm\n"
    "         --trace  --twice  --first  --quiet  --no-capsule  --out DIR\n"
    "or, for one meeting: hop-sim [--seed N] [--nodes N] [--delay MS] [--loss PERCENT]\n"
    "         [--opinions N] [--no-split] [--no-crashes] [--restore] [--fork] [--govern]\n"
    "         [--trace]\n"
    "docs/simulator.md says how to write a scenario and how to read a report.\n";

struct flag {
    const char *name;
    uint64_t least, most;
    uint64_t *value;
};

/* ---- the meeting ---- */

static bool number(const char *digits, const struct flag *f)
{
    return digits != NULL && sim_quantity_read(f->value, SIM_COUNT, digits) &&
           *f->value >= f->least && *f->value <= f->most;
}

/* 0: read; else the exit code. */
static int read_options(struct sim_options *o, int argc, char **argv)
{
    uint64_t seed = 1, nodes = 12, delay = 20, loss = 2, opinions = 50;
    struct flag flags[] = {{"--seed", 0, UINT64_MAX, &seed},
                           {"--nodes", 2, SIM_PLAY_NODES_MAX, &nodes},
                           {"--delay", 0, 5000, &delay},
                           {"--loss", 0, 50, &loss},
                           {"--opinions", 0, 30000, &opinions}};
    *o = (struct sim_options){.split = true, .crashes = true};
    for (int i = 1; i < argc; i++) {
        const struct flag *f = NULL;
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
            f = strcmp(argv[i], flags[k].name) == 0 ? &flags[k] : f;
        if (strcmp(argv[i], "--no-split") == 0) {
            o->split = false;
        } else if (strcmp(argv[i], "--no-crashes") == 0) {
            o->crashes = false;
        } else if (strcmp(argv[i], "--restore") == 0) {
            o->restore = true;
        } else if (strcmp(argv[i], "--fork") == 0) {
            o->fork = true;
        } else if (strcmp(argv[i], "--govern") == 0) {
            o->govern = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            o->trace = true;
        } else if (f == NULL) {
            fprintf(stderr, "hop-sim: no such option: %s\n%s", argv[i], usage);
            return 2;
        } else if (!number(argv[++i], f)) {
            fprintf(stderr, "hop-sim: %s takes a whole number from %llu to %llu\n", f->name,
                    (unsigned long long)f->least, (unsigned long long)f->most);
            return 2;
        }
    }
    o->seed = seed;
    o->nodes = (size_t)nodes;
    o->delay_ms = (unsigned)delay;
    o->loss_percent = (unsigned)loss;
    o->opinions = (unsigned)opinions;
    return 0;
}

static void report(struct sim_world *w)
{
    uint8_t digest[32];
    char hex[HEX_SIZE(32)];
    const struct sim_counters *c = &w->counters;
    sim_world_digest(w, digest);
    hex_encode(hex, SPAN(digest, sizeof digest));
    printf("nodes %zu, %.1f s of virtual time, %llu events, crypto %s\n", w->options.nodes,
           (double)w->now / 1e6, (unsigned long long)c->events, hop_backend());
    printf("frames %llu (%llu lost), %llu bytes, commits %llu, crashes %llu, acts %llu\n",
           (unsigned long long)c->frames, (unsigned long long)c->lost, (unsigned long long)c->bytes,
           (unsigned long long)c->commits, (unsigned long long)c->crashes,
           (unsigned long long)c->acts);
    printf("records %llu on every node\n",
           (unsigned long long)device_record_count(w->nodes[0].device));
    printf("digest %s\n", hex);
}

static int one_meeting(int argc, char **argv)
{
    struct sim_options options;
    int code = read_options(&options, argc, argv);
    if (code != 0)
        return code;
    struct sim_world *w = calloc(1, sizeof *w);
    if (w == NULL || hop_init() != HOP_OK) {
        fputs("hop-sim: out of memory\n", stderr);
        free(w);
        return 3;
    }
    int err = sim_world_run(w, &options);
    if (err == HOP_OK) {
        report(w);
    } else {
        fprintf(
            stderr,
            "hop-sim: %s\n"
            "again: hop-sim --seed %llu --nodes %zu --delay %u --loss %u --opinions %u%s%s%s%s%s\n",
            w->failure[0] != '\0' ? w->failure : hop_error_text(err),
            (unsigned long long)options.seed, options.nodes, options.delay_ms, options.loss_percent,
            options.opinions, options.split ? "" : " --no-split",
            options.crashes ? "" : " --no-crashes", options.restore ? " --restore" : "",
            options.fork ? " --fork" : "", options.govern ? " --govern" : "");
    }
    sim_world_free(w);
    free(w);
    return err == HOP_OK ? 0 : 1;
}

/* ---- commands ---- */

static const struct command {
    const char *name;
    int (*run)(const struct sim_cli *c);
    unsigned words; /* that must follow */
} commands[] = {{"run", sim_cli_run, 1},         {"sweep", sim_cli_sweep, 1},
                {"replay", sim_cli_replay, 1},   {"shrink", sim_cli_shrink, 1},
                {"report", sim_cli_report, 1},   {"play", sim_cli_play, 1},
                {"compare", sim_cli_compare, 2}, {"import", sim_cli_import, 2},
                {"list", sim_cli_list, 0},       {"resolve", sim_cli_resolve, 1}};

static const char *const command_names[] = {"run",    "sweep",   "replay",  "shrink",
                                            "report", "play",    "compare", "import",
                                            "list",   "resolve", NULL};

static int wrong(const char *what, const char *value)
{
    fprintf(stderr, "hop-sim: %s %s\n", what, value == NULL ? "" : value);
    return 2;
}

static bool read_seeds(struct sim_cli *c, const char *text)
{
    char first[32];
    const char *dots = text == NULL ? NULL : strstr(text, "..");
    if (text == NULL || (dots != NULL && (size_t)(dots - text) >= sizeof first))
        return false;
    c->seed_given = true;
    if (dots == NULL)
        return sim_quantity_read(&c->seed, SIM_COUNT, text) &&
               sim_quantity_read(&c->seed_last, SIM_COUNT, text);
    (void)snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
    return sim_quantity_read(&c->seed, SIM_COUNT, first) &&
           sim_quantity_read(&c->seed_last, SIM_COUNT, dots + 2) && c->seed <= c->seed_last;
}

static int read_crypto(struct sim_cli *c, const char *word)
{
    static const char *const words[] = {"real", "memo", "toy"};
    for (unsigned i = 0; word != NULL && i < 3; i++) {
        if (strcmp(word, words[i]) == 0) {
            c->crypto = (enum sim_crypto)i;
            c->crypto_given = true;
            return 0;
        }
    }
    return wrong("--crypto is real, memo or toy, not", word);
}

/* An option with a value; 0, or the exit code; -1: there is no such option. */
static int read_valued(struct sim_cli *c, const char *option, const char *value)
{
    uint64_t us;
    if (strcmp(option, "--seed") == 0 || strcmp(option, "--seeds") == 0)
        return read_seeds(c, value) ? 0 : wrong("seeds are written 7 or 1..100, not", value);
    if (strcmp(option, "--crypto") == 0)
        return read_crypto(c, value);
    if (value == NULL)
        return wrong("a value is missing after", option);
    if (strcmp(option, "--set") == 0) {
        if (c->sets_count == SIM_SETS_MAX)
            return wrong("there are too many --set", "");
        c->sets[c->sets_count++] = value;
        return 0;
    }
    if (strcmp(option, "--store") == 0) {
        c->lmdb = strcmp(value, "lmdb") == 0;
        return c->lmdb || strcmp(value, "memory") == 0
                   ? 0
                   : wrong("--store is memory or lmdb, not", value);
    }
    if (strcmp(option, "--out") == 0) {
        c->out = value;
        return 0;
    }
    if (strcmp(option, "-j") == 0)
        return sim_quantity_read(&c->jobs, SIM_COUNT, value) && c->jobs > 0 && c->jobs <= 1024
                   ? 0
                   : wrong("-j takes a number of processes, not", value);
    if (strcmp(option, "--pace") == 0)
        return sim_quantity_read(&c->pace, SIM_COUNT, value) ? 0 : wrong("no such pace:", value);
    if (strcmp(option, "--allow") == 0)
        return sim_quantity_read(&c->allow, SIM_COUNT, value) ? 0 : wrong("no percent:", value);
    if (strcmp(option, "--budget") == 0) {
        bool good = sim_quantity_read(&us, SIM_TIME, value);
        c->budget = good ? us / SIM_MILLION : 0;
        return good ? 0 : wrong("a budget is written 10m, not", value);
    }
    return -1;
}

static bool read_plain(struct sim_cli *c, const char *option)
{
    const struct {
        const char *name;
        bool *value;
    } plain[] = {{"--trace", &c->trace},        {"--quiet", &c->quiet},
                 {"--swarm", &c->swarm},        {"--twice", &c->twice},
                 {"--first", &c->first},        {"--no-capsule", &c->no_capsule},
                 {"--no-report", &c->no_report}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(option, plain[i].name) == 0)
            return *plain[i].value = true;
    }
    return false;
}

static int read_arguments(struct sim_cli *c, unsigned *words, int argc, char **argv)
{
    *c = (struct sim_cli){.program = argv[0], .seed = 1, .seed_last = 1, .jobs = 1, .pace = 10};
    for (int i = 2; i < argc; i++) {
        if (argv[i][0] != '-') {
            if (*words == 2)
                return wrong("this is one word too many:", argv[i]);
            *((*words)++ == 0 ? &c->what : &c->second) = argv[i];
        } else if (!read_plain(c, argv[i])) {
            int code = read_valued(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (code < 0)
                return wrong("there is no option", argv[i]);
            if (code > 0)
                return code;
            i++;
        }
    }
    return 0;
}

/* The toy is another program, which lies beside this one. */
static void become(const char *name, char **argv)
{
    char path[SIM_PATH_BYTES];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) + 20 > sizeof path)
        return;
    (void)snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "%s", name);
    (void)execv(path, argv);
}

int main(int argc, char **argv)
{
    struct sim_cli c;
    unsigned words = 0;
    if (argc < 2 || strncmp(argv[1], "--", 2) == 0) {
        if (argc > 1 && strcmp(argv[1], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        return one_meeting(argc, argv);
    }
    const struct command *command = NULL;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        command = strcmp(commands[i].name, argv[1]) == 0 ? &commands[i] : command;
    if (command == NULL) {
        const char *near = sim_nearest(argv[1], command_names);
        fprintf(stderr, "hop-sim: there is no command %s%s%s\n%s", argv[1],
                near == NULL ? "" : "; perhaps ", near == NULL ? "" : near, usage);
        return 2;
    }
    int code = read_arguments(&c, &words, argc, argv);
    if (code == 0 && words < command->words)
        code = wrong("something is missing after", argv[1]);
    if (code != 0)
        return code;
    bool toy = strcmp(hop_backend(), "toy") == 0;
    if (c.crypto_given && toy != (c.crypto == SIM_CRYPTO_TOY)) {
        become(toy ? "hop-sim" : "hop-sim-toy", argv);
        return wrong("hop-sim and hop-sim-toy must lie in one folder: make all", "");
    }
    if (hop_init() != HOP_OK)
        return 3;
    return command->run(&c);
}
