/* play, compare, import and report: for people who look. */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "sim/cli.h"
#include "sim/trails.h"

#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- play: the story, as slowly as a person reads ---- */

int sim_cli_play(const struct sim_cli *c)
{
    struct sim_scenario s;
    struct sim_setup setup = {.trace = true};
    struct sim_world *w = calloc(1, sizeof *w);
    if (w == NULL || sim_cli_scenario(c, &s) != HOP_OK) {
        free(w);
        return 2;
    }
    uint64_t began = sim_wall_us(), pace = c->pace == 0 ? 1 : c->pace;
    int err = sim_world_begin(w, &s, &setup);
    while (err == HOP_OK && w->heap.count > 0) {
        uint64_t due = began + w->heap.events[0].at / pace, now = sim_wall_us();
        if (due > now) {
            struct timespec t = {.tv_sec = (time_t)((due - now) / SIM_MILLION),
                                 .tv_nsec = (long)((due - now) % SIM_MILLION * 1000)};
            (void)fflush(stdout);
            (void)nanosleep(&t, NULL);
        }
        if (!sim_world_step(w))
            break;
    }
    if (err == HOP_OK)
        err = sim_world_end(w);
    printf("%s\n", err == HOP_OK ? "all held" : w->failure);
    sim_world_free(w);
    free(w);
    return err == HOP_OK ? 0 : 1;
}

/* ---- compare ---- */

struct numbers {
    uint64_t runs, failed, records, delivered, pairs, bytes, events, cpu_us, delay_ms;
};

static bool numbers_of_sweep(struct numbers *n, const char *folder)
{
    char path[SIM_PATH_BYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    (void)snprintf(path, sizeof path, "%.480s/runs.sqlite", folder);
    bool good = access(path, R_OK) == 0 &&
                sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(
                    db,
                    "SELECT count(*), sum(code<>0), sum(records), sum(delivered), sum(pairs),"
                    " sum(bytes), sum(events), sum(cpu_us) FROM runs",
                    -1, &q, NULL) == SQLITE_OK &&
                sqlite3_step(q) == SQLITE_ROW;
    uint64_t *const into[] = {&n->runs,  &n->failed, &n->records, &n->delivered,
                              &n->pairs, &n->bytes,  &n->events,  &n->cpu_us};
    for (int i = 0; good && i < 8; i++)
        *into[i] = (uint64_t)sqlite3_column_int64(q, i);
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return good;
}

static uint64_t number_in(json_t *j, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(j, name));
}

static bool numbers_of(struct numbers *n, const char *folder)
{
    char path[SIM_PATH_BYTES];
    *n = (struct numbers){0};
    (void)snprintf(path, sizeof path, "%.480s/report.json", folder);
    json_t *j = json_load_file(path, 0, NULL);
    if (j == NULL)
        return numbers_of_sweep(n, folder);
    json_t *r = json_object_get(j, "result");
    n->runs = 1;
    n->failed = number_in(r, "code") != 0;
    n->records = number_in(r, "records");
    n->delivered = number_in(r, "delivered");
    n->pairs = number_in(r, "pairs");
    n->bytes = number_in(r, "bytes");
    n->events = number_in(r, "events");
    n->cpu_us = number_in(r, "cpu_us");
    n->delay_ms = number_in(r, "mean_delay_ms");
    json_decref(j);
    return true;
}

/* One line; true if the second is worse by more than is allowed. */
static bool line(const char *name, uint64_t a, uint64_t b, bool more_is_worse, uint64_t allow)
{
    uint64_t worse = more_is_worse ? (b > a ? b - a : 0) : (a > b ? a - b : 0);
    uint64_t percent = a == 0 ? (worse > 0 ? 100 : 0) : worse * 100 / a;
    bool bad = percent > allow;
    printf("%-24s %14llu %14llu  %s\n", name, (unsigned long long)a, (unsigned long long)b,
           bad ? "WORSE" : "");
    return bad;
}

int sim_cli_compare(const struct sim_cli *c)
{
    struct numbers a, b;
    if (!numbers_of(&a, c->what) || !numbers_of(&b, c->second)) {
        fputs("hop-sim: compare takes two folders that run --out or sweep wrote\n", stderr);
        return 2;
    }
    unsigned bad = 0;
    printf("%-24s %14.14s %14.14s\n", "", c->what, c->second);
    bad += line("failed runs", a.failed, b.failed, true, 0);
    bad += line("delivered, of a million", a.pairs == 0 ? 0 : a.delivered * SIM_MILLION / a.pairs,
                b.pairs == 0 ? 0 : b.delivered * SIM_MILLION / b.pairs, false, c->allow);
    bad += line("mean delay, ms", a.delay_ms, b.delay_ms, true, c->allow);
    bad += line("bytes a record", a.records == 0 ? 0 : a.bytes / a.records,
                b.records == 0 ? 0 : b.bytes / b.records, true, c->allow);
    (void)line("events", a.events, b.events, true, UINT64_MAX);
    (void)line("cpu, us", a.cpu_us, b.cpu_us, true, UINT64_MAX);
    printf("%u passed, %u failed\n", 4 - bad, bad);
    return bad == 0 ? 0 : 1;
}

/* ---- import ---- */

/* Which reader takes the file, by what is in it. */
static int sniff(const char *path, struct sim_trails *t, const char **ret_kind,
                 char why[static SIM_MESSAGE_BYTES])
{
    *ret_kind = "links";
    int err = sim_trails_links(t, path, why);
    if (err == HOP_OK && t->meetings_count > 0)
        return HOP_OK;
    sim_trails_done(t);
    *ret_kind = "trace";
    err = sim_trails_setdest(t, path, why);
    if (err == HOP_OK && t->legs_count > 0)
        return HOP_OK;
    sim_trails_done(t);
    *ret_kind = "one";
    return sim_trails_one(t, path, why);
}

int sim_cli_import(const struct sim_cli *c)
{
    struct sim_trails t = {0};
    struct buf b = {0};
    char why[SIM_MESSAGE_BYTES], real[PATH_MAX];
    const char *kind;
    uint64_t end = 600 * SIM_MILLION;
    int err = realpath(c->what, real) == NULL ? HOP_ENOTFOUND : sniff(real, &t, &kind, why);
    if (err != HOP_OK) {
        fprintf(stderr, "hop-sim: %s: %s\n", c->what, err == HOP_ENOTFOUND ? "no such file" : why);
        return 2;
    }
    if (t.meetings_count > 0 && t.meetings[t.meetings_count - 1].at > end)
        end = t.meetings[t.meetings_count - 1].at;
    if (t.legs_count > 0 && t.legs[t.legs_count - 1].at + 60 * SIM_MILLION > end)
        end = t.legs[t.legs_count - 1].at + 60 * SIM_MILLION;
    bool trace = strcmp(kind, "trace") == 0;
    buf_printf(&b,
               "name = \"imported\";\nwhy = \"made from a file\";\nduration = \"%llus\"; settle = "
               "\"0s\";\n",
               (unsigned long long)(end / SIM_MILLION));
    if (trace)
        buf_text(&b, "contacts = \"range\";\nradios = { wifi = { range = \"100m\"; when_differ = "
                     "1; }; };\n");
    else
        buf_printf(&b,
                   "contacts = \"%s\"; contacts_file = \"%s\";\nradios = { wifi = { when_differ = "
                   "1; }; };\n",
                   kind, real);
    buf_printf(&b, "groups = ( { name = \"node\"; count = %u; kind = \"mesh\";", (unsigned)t.nodes);
    if (trace)
        buf_printf(&b, " move = \"trace\"; file = \"%s\";", real);
    buf_text(&b, " } );\n");
    if (t.messages_count == 0)
        buf_text(&b,
                 "acts = ( { do = \"record\"; who = \"any\"; times = 20; within = \"60s\"; } );\n");
    bool good = sim_write_file(".", c->second, buf_written(&b));
    printf("%s: %u nodes, %zu contacts, %zu legs, %zu messages\n", c->second, (unsigned)t.nodes,
           t.meetings_count, t.legs_count, t.messages_count);
    buf_free(&b);
    sim_trails_done(&t);
    return good ? 0 : 3;
}

/* ---- report ---- */

static int report_sweep(const char *folder)
{
    char path[SIM_PATH_BYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    (void)snprintf(path, sizeof path, "%.480s/runs.sqlite", folder);
    if (access(path, R_OK) != 0 ||
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(
            db,
            "SELECT scenario, options, count(*), sum(code<>0), sum(virtual_us)/3600000000,"
            " sum(cpu_us)/1000000, sum(delivered)*100/max(1,sum(pairs)),"
            " group_concat(CASE WHEN code<>0 THEN failed||':'||seed END)"
            " FROM runs GROUP BY scenario, options ORDER BY scenario, options",
            -1, &q, NULL) != SQLITE_OK) {
        fprintf(stderr, "hop-sim: %s holds neither report.json nor runs.sqlite\n", folder);
        (void)sqlite3_close(db);
        return 2;
    }
    printf("| scenario | options | runs | failed | virtual h | CPU s | delivered %% | failures |\n"
           "|---|---|---:|---:|---:|---:|---:|---|\n");
    while (sqlite3_step(q) == SQLITE_ROW) {
        for (int i = 0; i < 8; i++) {
            const unsigned char *text = sqlite3_column_text(q, i);
            printf("| %s ", text == NULL ? "" : (const char *)text);
        }
        printf("|\n");
    }
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return 0;
}

int sim_cli_report(const struct sim_cli *c)
{
    char path[SIM_PATH_BYTES];
    struct buf json = {0}, page = {0};
    (void)snprintf(path, sizeof path, "%.480s/report.json", c->what);
    if (!sim_read_file(path, &json)) {
        buf_free(&json);
        return report_sweep(c->what);
    }
    sim_report_page(buf_written(&json), &page);
    bool good = !page.bad && sim_write_file(c->what, "report.html", buf_written(&page));
    buf_free(&json);
    buf_free(&page);
    if (good)
        printf("%s/report.html\n", c->what);
    return good ? 0 : 3;
}
