/* Many seeds: one process a run, all results in one SQLite file, from which the next sweep goes on.
 *
 * Every 64th seed runs twice and must tell the same story. A sweep as a whole fails if a run
 * failed, or if, over at least 64 runs of a swarm, one of the goals was never reached: a test that
 * never sees a fork does not test forks. */
#include "sim/cli.h"

#include "base/encode.h"
#include "sim/memo.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX    256
#define TWICE_EVERY 64
#define GOALS_RUNS  64  /* below so many, a goal that was missed says nothing */
#define RUN_SECONDS 600 /* of wall time, for one run */

struct job {
    pid_t pid;
    int answer;
    uint64_t seed;
};

struct sweep {
    const struct sim_cli *c;
    struct sim_scenario scenario; /* as read: each seed draws its own */
    sqlite3 *db;
    struct job jobs[JOBS_MAX];
    size_t running;
    uint64_t next, done, failed, skipped, began;
    uint64_t goals, goal_runs, virtual_us, cpu_us;
    char first_failure[2 * SIM_FAILURE_BYTES];
};

/* ---- the table ---- */

static int table_open(struct sweep *s, const char *path)
{
    static const char make[] =
        "CREATE TABLE IF NOT EXISTS runs (scenario TEXT, options TEXT, crypto TEXT, seed TEXT, "
        "code INTEGER,"
        " failed TEXT, failure TEXT, digest TEXT, goals INTEGER, events INTEGER, virtual_us "
        "INTEGER,"
        " cpu_us INTEGER, memory_kb INTEGER, records INTEGER, delivered INTEGER, possible INTEGER,"
        " pairs INTEGER, bytes INTEGER, PRIMARY KEY (scenario, options, crypto, seed))";
    if (sqlite3_open(path, &s->db) == SQLITE_OK &&
        sqlite3_busy_timeout(s->db, 60000) == SQLITE_OK &&
        sqlite3_exec(s->db, make, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    fprintf(stderr, "hop-sim: %s: %s\n", path, sqlite3_errmsg(s->db));
    return 3;
}

/* What beside scenario and seed decides a run. */
static void options_text(const struct sim_cli *c, struct buf *b)
{
    for (size_t i = 0; i < c->sets_count; i++)
        buf_printf(b, "%s ", c->sets[i]);
    buf_text(b, c->swarm ? "swarm" : "");
}

static void bind_key(const struct sweep *s, sqlite3_stmt *q, uint64_t seed, const char *options)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    (void)sqlite3_bind_text(q, 1, s->scenario.name, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(q, 2, options, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(q, 3, hop_backend(), -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(q, 4, number, -1, SQLITE_TRANSIENT);
}

/* Was this seed run, and well, by a sweep before? Its goals count again. */
static bool table_has(struct sweep *s, uint64_t seed)
{
    sqlite3_stmt *q = NULL;
    struct buf options = {0};
    bool has = false;
    options_text(s->c, &options);
    if (sqlite3_prepare_v2(s->db,
                           "SELECT goals FROM runs WHERE scenario=? AND options=? AND crypto=? AND "
                           "seed=? AND code=0",
                           -1, &q, NULL) == SQLITE_OK) {
        bind_key(s, q, seed, buf_string(&options));
        has = sqlite3_step(q) == SQLITE_ROW;
        if (has) {
            s->goals |= (uint64_t)sqlite3_column_int64(q, 0);
            s->goal_runs++;
        }
    }
    (void)sqlite3_finalize(q);
    buf_free(&options);
    return has;
}

static void table_put(struct sweep *s, uint64_t seed, const struct sim_result *r)
{
    sqlite3_stmt *q = NULL;
    struct buf options = {0};
    char hex[HEX_SIZE(32)];
    const uint64_t numbers[] = {r->goals,   r->events,    r->virtual_us, r->cpu_us, r->memory_kb,
                                r->records, r->delivered, r->possible,   r->pairs,  r->bytes};
    options_text(s->c, &options);
    hex_encode(hex, SPAN(r->digest, sizeof r->digest));
    if (sqlite3_prepare_v2(
            s->db, "INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
            &q, NULL) == SQLITE_OK) {
        bind_key(s, q, seed, buf_string(&options));
        (void)sqlite3_bind_int(q, 5, r->code);
        (void)sqlite3_bind_text(q, 6, r->failed_check, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_text(q, 7, r->failure, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_text(q, 8, hex, -1, SQLITE_TRANSIENT);
        for (int i = 0; i < 10; i++)
            (void)sqlite3_bind_int64(q, 9 + i, (sqlite3_int64)numbers[i]);
    }
    if (sqlite3_step(q) != SQLITE_DONE)
        fprintf(stderr, "hop-sim: the result could not be kept: %s\n", sqlite3_errmsg(s->db));
    (void)sqlite3_finalize(q);
    buf_free(&options);
}

/* ---- runs ---- */

/* This seed's scenario, drawn; false if it cannot be. */
static bool draw_seed(const struct sweep *s, uint64_t seed, struct sim_scenario *ret)
{
    char why[SIM_MESSAGE_BYTES];
    struct sim_cli c = *s->c;
    c.seed = seed;
    c.seed_given = true;
    return sim_cli_scenario(&c, ret) == HOP_OK && sim_scenario_draw(ret, why) == HOP_OK;
}

/* In the child: run, and, for some seeds, again. */
static void run_seed(const struct sweep *s, uint64_t seed, int answer)
{
    struct sim_scenario scenario;
    struct sim_result r = {.code = 3}, again;
    struct sim_setup setup = {.rederive = 2};
    if (s->c->crypto == SIM_CRYPTO_MEMO)
        (void)sim_memo_on();
    if (draw_seed(s, seed, &scenario)) {
        (void)sim_run_apart(&scenario, &setup, NULL, RUN_SECONDS, &r);
        if (r.code == 0 && (s->c->twice || seed % TWICE_EVERY == 0) &&
            sim_run_apart(&scenario, &setup, NULL, RUN_SECONDS, &again) == 0 &&
            memcmp(again.digest, r.digest, sizeof r.digest) != 0) {
            r.code = 1;
            (void)snprintf(r.failed_check, sizeof r.failed_check, "same-run");
            (void)snprintf(r.failure, sizeof r.failure, "the second run told another story");
        }
    }
    ssize_t n = write(answer, &r, sizeof r);
    _exit(n == (ssize_t)sizeof r ? 0 : 3);
}

static bool start_job(struct sweep *s, uint64_t seed)
{
    int ends[2];
    (void)fflush(stdout);
    (void)fflush(stderr);
    if (pipe(ends) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        run_seed(s, seed, ends[1]);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return false;
    }
    s->jobs[s->running++] = (struct job){pid, ends[0], seed};
    return true;
}

static void on_failure(struct sweep *s, uint64_t seed, const struct sim_result *r)
{
    struct sim_scenario scenario;
    struct buf again = {0};
    char folder[SIM_PATH_BYTES];
    s->failed++;
    sim_again(&again, s->c, seed);
    printf("FAILED %s: %s\nagain: %s\n", r->failed_check, r->failure, buf_string(&again));
    buf_free(&again);
    if (s->c->no_capsule || s->failed > 8 || !draw_seed(s, seed, &scenario))
        return;
    (void)snprintf(folder, sizeof folder, "%.300s/%.60s-%llu.capsule", s->c->out, scenario.name,
                   (unsigned long long)seed);
    sim_capsule(&scenario, r, folder, s->c);
    printf("capsule: %s\n", folder);
    sim_scenario_free(&scenario);
}

static void end_job(struct sweep *s, size_t i)
{
    struct job job = s->jobs[i];
    struct sim_result r;
    int status;
    ssize_t n = read(job.answer, &r, sizeof r);
    (void)close(job.answer);
    (void)waitpid(job.pid, &status, 0);
    s->jobs[i] = s->jobs[--s->running];
    if (n != (ssize_t)sizeof r) {
        r = (struct sim_result){.code = 3};
        (void)snprintf(r.failed_check, sizeof r.failed_check, "run");
        (void)snprintf(r.failure, sizeof r.failure, "the run's process ended by itself");
    }
    table_put(s, job.seed, &r);
    s->done++;
    s->goals |= r.goals;
    s->goal_runs++;
    s->virtual_us += r.virtual_us;
    s->cpu_us += r.cpu_us;
    if (r.code != 0)
        on_failure(s, job.seed, &r);
}

static void wait_for_one(struct sweep *s)
{
    struct pollfd p[JOBS_MAX];
    for (size_t i = 0; i < s->running; i++)
        p[i] = (struct pollfd){.fd = s->jobs[i].answer, .events = POLLIN};
    if (poll(p, (nfds_t)s->running, -1) <= 0)
        return;
    for (size_t i = s->running; i > 0; i--) { /* from the end: the last takes a freed place */
        if (p[i - 1].revents != 0)
            end_job(s, i - 1);
    }
}

static void progress(const struct sweep *s)
{
    uint64_t all = s->c->seed_last - s->c->seed + 1, spent = sim_wall_us() - s->began + 1;
    uint64_t left = s->done == 0 ? 0 : (all - s->done - s->skipped) * spent / s->done / SIM_MILLION;
    if (s->c->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%llu of %llu seeds, %llu failed, %llu times real time, %llu s left",
            (unsigned long long)(s->done + s->skipped), (unsigned long long)all,
            (unsigned long long)s->failed, (unsigned long long)(s->virtual_us / spent),
            (unsigned long long)left);
}

/* ---- the end ---- */

static bool tell_goals(const struct sweep *s)
{
    bool good = true;
    for (unsigned g = 0; g < GOAL_COUNT; g++) {
        bool reached = (s->goals >> g & 1) != 0;
        if (!s->scenario.swarm && !reached)
            continue;
        if (!reached && s->goal_runs >= GOALS_RUNS)
            good = false;
        printf("%s %s\n", reached ? "reached" : "MISSED ", sim_goal_name((enum sim_goal)g));
    }
    return good;
}

static int tell(struct sweep *s)
{
    uint64_t wall = sim_wall_us() - s->began;
    if (isatty(STDERR_FILENO) && !s->c->quiet)
        fputs("\r\033[K", stderr);
    bool goals = tell_goals(s);
    printf("%llu runs in %llu.%llu s (%llu known before), %llu h of virtual time, %llu.%llu s of "
           "CPU\n",
           (unsigned long long)s->done, (unsigned long long)(wall / SIM_MILLION),
           (unsigned long long)(wall / 100000 % 10), (unsigned long long)s->skipped,
           (unsigned long long)(s->virtual_us / SIM_MILLION / 3600),
           (unsigned long long)(s->cpu_us / SIM_MILLION),
           (unsigned long long)(s->cpu_us / 100000 % 10));
    if (!goals)
        printf("FAILED: over so many runs every goal must be reached at least once\n");
    printf("%llu passed, %llu failed\n",
           (unsigned long long)(s->done + s->skipped - s->failed + (goals ? 1 : 0)),
           (unsigned long long)(s->failed + (goals ? 0 : 1)));
    return s->failed == 0 && goals ? 0 : 1;
}

static bool out_of_time(const struct sweep *s)
{
    return s->c->budget > 0 && sim_wall_us() - s->began > s->c->budget * SIM_MILLION;
}

int sim_cli_sweep(const struct sim_cli *given)
{
    struct sim_cli c = *given;
    char path[2 * SIM_PATH_BYTES];
    struct sweep *s = calloc(1, sizeof *s);
    int code = 3;
    if (s == NULL)
        return 3;
    c.out = c.out == NULL ? "sweep" : c.out;
    c.jobs = c.jobs > JOBS_MAX ? JOBS_MAX : c.jobs;
    s->c = &c;
    s->began = sim_wall_us();
    (void)snprintf(path, sizeof path, "%s/runs.sqlite", c.out);
    if (sim_cli_scenario(&c, &s->scenario) != HOP_OK) {
        free(s);
        return 2;
    }
    if (sim_make_folder(c.out) && table_open(s, path) == 0) {
        s->next = c.seed;
        bool more = true;
        /* --first: one failure is all that is wanted */
        while (s->running > 0 || (more && !out_of_time(s))) {
            more = more && !(c.first && s->failed > 0);
            while (more && s->running < c.jobs && !out_of_time(s)) {
                uint64_t seed = s->next;
                more = seed != c.seed_last;
                s->next++;
                if (table_has(s, seed))
                    s->skipped++;
                else if (!start_job(s, seed))
                    break;
            }
            if (s->running > 0)
                wait_for_one(s);
            progress(s);
        }
        code = tell(s);
    }
    (void)sqlite3_close(s->db);
    sim_scenario_free(&s->scenario);
    free(s);
    return code;
}
