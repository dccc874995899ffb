/* hop-sim: a cell of many devices in one process, repeatable from one number. */
#include "sim/world.h"

#include "base/encode.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: hop-sim [--seed N] [--nodes N] [--delay MS] [--loss PERCENT] [--opinions N]\n"
    "               [--no-split] [--no-crashes] [--restore] [--fork] [--govern] [--trace]\n"
    "Plays a meeting of N devices through a split network; the same seed gives the same digest.\n";

struct flag {
    const char *name;
    uint64_t least, most;
    uint64_t *value;
};

/* A whole number within bounds; false if text is not one. */
static bool number(const char *digits, const struct flag *f)
{
    uint64_t v = 0;
    if (digits == NULL || *digits == '\0')
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9' || v > (UINT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (uint64_t)(*digits - '0');
    }
    *f->value = v;
    return v >= f->least && v <= f->most;
}

/* 0: read; else the exit code. */
static int read_options(struct sim_options *o, int argc, char **argv)
{
    uint64_t seed = 1, nodes = 12, delay = 20, loss = 2, opinions = 50;
    struct flag flags[] = {{"--seed", 0, UINT64_MAX, &seed},
                           {"--nodes", 2, SIM_NODES_MAX, &nodes},
                           {"--delay", 0, 5000, &delay},
                           {"--loss", 0, 50, &loss},
                           {"--opinions", 0, 30000, &opinions}};
    *o = (struct sim_options){.split = true, .crashes = true};
    for (int i = 1; i < argc; i++) {
        const struct flag *f = NULL;
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
            f = strcmp(argv[i], flags[k].name) == 0 ? &flags[k] : f;
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else if (strcmp(argv[i], "--no-split") == 0) {
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

int main(int argc, char **argv)
{
    struct sim_options options;
    int code = read_options(&options, argc, argv);
    if (code != 0)
        return code;
    struct sim_world *w = malloc(sizeof *w);
    if (w == NULL || hop_init() != HOP_OK) {
        fputs("hop-sim: out of memory\n", stderr);
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
