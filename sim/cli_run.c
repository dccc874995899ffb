/* One run: here, or in a process of its own; what it leaves behind; and the commands around it. */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "sim/cli.h"

#include "base/encode.h"
#include "sim/check.h"
#include "sim/memo.h"
#include "sim/observe.h"
#include "sim/trails.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_US   200000 /* between two lines of progress */
#define EVENTS_A_LOOK 4096   /* between two looks at the clock */
#define STORY_LINES   10000  /* of a failure, the last */

/* ---- time and memory of this process ---- */

uint64_t sim_cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * SIM_MILLION +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

uint64_t sim_wall_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SIM_MILLION + (uint64_t)t.tv_nsec / 1000;
}

uint64_t sim_memory_kb(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (uint64_t)u.ru_maxrss;
}

/* ---- files ---- */

bool sim_make_folder(const char *path)
{
    char part[SIM_PATH_BYTES];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(part, 0777);
            *p = '/';
        }
    }
    if (mkdir(part, 0777) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "hop-sim: the folder %s cannot be made: %s\n", path, strerror(errno));
    return false;
}

bool sim_write_file(const char *folder, const char *name, struct span bytes)
{
    char path[2 * SIM_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    bool good = f != NULL && fwrite(bytes.data, 1, bytes.size, f) == bytes.size;
    if (f != NULL && fclose(f) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "hop-sim: %s cannot be written: %s\n", path, strerror(errno));
    return good;
}

bool sim_read_file(const char *path, struct buf *ret)
{
    uint8_t part[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_bytes(ret, part, n);
    (void)fclose(f);
    return !ret->bad;
}

/* ---- the library ---- */

bool sim_library_folder(char ret[static SIM_PATH_BYTES])
{
    static const char *const beside[] = {"/../../sim/scenarios", "/../share/hop/sim/scenarios"};
    char self[SIM_PATH_BYTES];
    const char *named = getenv("HOP_SIM_SCENARIOS");
    if (named != NULL) {
        (void)snprintf(ret, SIM_PATH_BYTES, "%s", named);
        return access(ret, R_OK) == 0;
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 40);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; i < 2 && slash != NULL; i++) {
        (void)snprintf(ret, SIM_PATH_BYTES, "%.*s%s", (int)(slash - self), self, beside[i]);
        if (access(ret, R_OK) == 0)
            return true;
    }
    (void)snprintf(ret, SIM_PATH_BYTES, "sim/scenarios");
    return access(ret, R_OK) == 0;
}

bool sim_library_find(const char *name, char ret[static SIM_PATH_BYTES])
{
    char folder[SIM_PATH_BYTES];
    struct stat st;
    (void)snprintf(ret, SIM_PATH_BYTES, "%s", name);
    if (stat(ret, &st) == 0 && S_ISREG(st.st_mode))
        return true;
    (void)snprintf(ret, SIM_PATH_BYTES, "%.400s/scenario.conf", name); /* a capsule */
    if (stat(ret, &st) == 0)
        return true;
    if (!sim_library_folder(folder))
        return false;
    (void)snprintf(ret, SIM_PATH_BYTES, "%.380s/%.100s.conf", folder, name);
    return access(ret, R_OK) == 0;
}

int sim_cli_scenario(const struct sim_cli *c, struct sim_scenario *ret)
{
    char path[SIM_PATH_BYTES], why[SIM_MESSAGE_BYTES];
    *ret = (struct sim_scenario){0};
    if (!sim_library_find(c->what, path)) {
        fprintf(stderr, "hop-sim: there is no scenario %s; `hop-sim list` shows those that are\n",
                c->what);
        return HOP_ENOTFOUND;
    }
    int err = sim_scenario_read(ret, path, why);
    if (err != HOP_OK) {
        fprintf(stderr, "hop-sim: %s: %s\n", path, why);
        return err;
    }
    if (c->seed_given)
        ret->seed = c->seed;
    if (c->swarm)
        ret->swarm = 1;
    for (size_t i = 0; i < c->sets_count && err == HOP_OK; i++)
        err = sim_scenario_set(ret, c->sets[i], why);
    if (err == HOP_OK)
        err = sim_check_names(ret, why);
    if (err != HOP_OK) {
        fprintf(stderr, "hop-sim: %s\n", why);
        sim_scenario_free(ret);
    }
    return err;
}

/* ---- a run ---- */

static void progress(const struct sim_world *w, uint64_t began, uint64_t *next)
{
    uint64_t now = sim_wall_us();
    if (now < *next)
        return;
    *next = now + PROGRESS_US;
    uint64_t spent = now - began + 1, left = w->scenario.duration - w->now;
    uint64_t speed = w->now / spent;
    fprintf(stderr,
            "\r\033[K%s: %llu of %llu s, %llu times real time, %llu events/s, %llu MB, %llu s left",
            w->scenario.name, (unsigned long long)(w->now / SIM_MILLION),
            (unsigned long long)(w->scenario.duration / SIM_MILLION), (unsigned long long)speed,
            (unsigned long long)(w->counters.events * SIM_MILLION / spent),
            (unsigned long long)(sim_memory_kb() / 1024),
            (unsigned long long)(w->now == 0 ? 0 : left / (w->now / spent + 1) / SIM_MILLION));
}

static void fill_result(struct sim_world *w, struct sim_result *r, int err, uint64_t cpu)
{
    r->code = err == HOP_OK ? 0 : err == HOP_EREFUSED ? 1 : 3;
    if (err != HOP_OK && w->failed_check[0] != '\0')
        r->code = 1;
    (void)snprintf(r->failed_check, sizeof r->failed_check, "%s", w->failed_check);
    (void)snprintf(r->failure, sizeof r->failure, "%s", w->failure);
    if (w->watch != NULL && w->nodes != NULL)
        sim_world_digest(w, r->digest);
    r->goals = w->goals;
    r->events = w->counters.events;
    r->virtual_us = w->now;
    r->cpu_us = sim_cpu_us() - cpu;
    r->memory_kb = sim_memory_kb();
    r->bytes = w->counters.bytes;
    if (w->watch != NULL) {
        r->records = w->watch->count;
        r->delivered = w->watch->delivered;
        r->possible = w->watch->best_off ? 0 : w->watch->possible;
        r->pairs = sim_watch_pairs(w);
    }
}

static void write_reports(struct sim_world *w, const struct sim_result *r, const char *out)
{
    struct buf b = {0};
    if (!sim_make_folder(out))
        return;
    sim_scenario_write(&w->scenario, &b);
    (void)sim_write_file(out, "scenario.conf", buf_written(&b));
    buf_free(&b);
    struct buf json = {0};
    sim_report_json(w, r, &json);
    (void)sim_write_file(out, "report.json", buf_written(&json));
    sim_report_markdown(w, r, &b);
    (void)sim_write_file(out, "report.md", buf_written(&b));
    buf_free(&b);
    sim_report_page(buf_written(&json), &b);
    (void)sim_write_file(out, "report.html", buf_written(&b));
    buf_free(&b);
    buf_free(&json);
}

int sim_run_here(struct sim_scenario *s, const struct sim_setup *setup, const char *out,
                 struct sim_result *ret)
{
    struct sim_world *w = calloc(1, sizeof *w);
    uint64_t cpu = sim_cpu_us(), began = sim_wall_us(), next = began + PROGRESS_US;
    *ret = (struct sim_result){.code = 3};
    if (w == NULL) {
        sim_scenario_free(s);
        return 3;
    }
    int err = sim_world_begin(w, s, setup);
    if (err == HOP_OK) {
        for (uint64_t n = 1; sim_world_step(w); n++) {
            if (setup->progress && n % EVENTS_A_LOOK == 0)
                progress(w, began, &next);
        }
        err = sim_world_end(w);
    }
    if (setup->progress)
        fputs("\r\033[K", stderr);
    fill_result(w, ret, err, cpu);
    if (out != NULL && w->watch != NULL)
        write_reports(w, ret, out);
    sim_world_free(w);
    free(w);
    return ret->code;
}

/* ---- in a process of its own ---- */

static void child(const struct sim_scenario *s, const struct sim_setup *setup, const char *trace_to,
                  int answer)
{
    struct sim_scenario own = *s; /* this process's copy */
    struct sim_result r;
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    int out = open(trace_to == NULL ? "/dev/null" : trace_to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    int quiet = open("/dev/null", O_WRONLY);
    if (quiet >= 0)
        (void)dup2(quiet, STDERR_FILENO);
    (void)sim_run_here(&own, setup, NULL, &r);
    (void)fflush(stdout);
    ssize_t n = write(answer, &r, sizeof r);
    _exit(n == (ssize_t)sizeof r ? 0 : 3);
}

int sim_run_apart(const struct sim_scenario *s, const struct sim_setup *setup, const char *trace_to,
                  unsigned seconds, struct sim_result *ret)
{
    int ends[2], status = 0;
    size_t got = 0;
    *ret = (struct sim_result){.code = 3};
    (void)fflush(stdout);
    if (pipe(ends) != 0)
        return 3;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        child(s, setup, trace_to, ends[1]);
    }
    (void)close(ends[1]);
    uint64_t end = sim_wall_us() + seconds * SIM_MILLION;
    bool late = false;
    while (pid > 0 && got < sizeof *ret && !late) {
        struct pollfd p = {.fd = ends[0], .events = POLLIN};
        uint64_t now = sim_wall_us();
        late = now >= end || poll(&p, 1, (int)((end - now) / 1000 + 1)) == 0;
        ssize_t n = late ? 0 : read(ends[0], (uint8_t *)ret + got, sizeof *ret - got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    (void)close(ends[0]);
    if (late)
        (void)kill(pid, SIGKILL);
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    if (got < sizeof *ret) {
        *ret = (struct sim_result){.code = 1};
        (void)snprintf(ret->failed_check, sizeof ret->failed_check, "%s", late ? "hang" : "crash");
        (void)snprintf(ret->failure, sizeof ret->failure,
                       late ? "not done after %d s" : "signal %d",
                       late ? (int)seconds : WTERMSIG(status));
    }
    return ret->code;
}

/* ---- failures ---- */

void sim_again(struct buf *b, const struct sim_cli *c, uint64_t seed)
{
    buf_printf(b, "hop-sim run %s --seed %llu", c->what, (unsigned long long)seed);
    for (size_t i = 0; i < c->sets_count; i++)
        buf_printf(b, " --set %s", c->sets[i]);
    if (c->swarm)
        buf_text(b, " --swarm");
    if (strcmp(hop_backend(), "toy") == 0)
        buf_text(b, " --crypto toy");
    else if (c->crypto == SIM_CRYPTO_MEMO)
        buf_text(b, " --crypto memo");
    if (c->lmdb)
        buf_text(b, " --store lmdb");
}

/* The last lines of a file, in place. */
static void keep_end(const char *path, size_t lines)
{
    struct buf all = {0};
    if (!sim_read_file(path, &all))
        return;
    size_t at = all.size;
    for (size_t n = 0; at > 0 && n <= lines; at--)
        n += all.data[at - 1] == '\n';
    FILE *f = fopen(path, "wb");
    if (f != NULL) {
        at = at == 0 ? 0 : at + 1;
        (void)fwrite(all.data + at, 1, all.size - at, f);
        (void)fclose(f);
    }
    buf_free(&all);
}

static void whole_path(const struct sim_scenario *s, char file[SIM_PATH_BYTES])
{
    char path[SIM_PATH_BYTES], real[PATH_MAX];
    if (file[0] == '\0')
        return;
    sim_data_path(s, file, path);
    if (realpath(path, real) != NULL && strlen(real) < SIM_PATH_BYTES)
        memcpy(file, real, strlen(real) + 1);
}

void sim_capsule(const struct sim_scenario *drawn, const struct sim_result *r, const char *folder,
                 const struct sim_cli *c)
{
    char hex[HEX_SIZE(32)], story[2 * SIM_PATH_BYTES];
    struct buf b = {0};
    struct sim_result again;
    struct sim_setup setup = {.trace = true};
    if (!sim_make_folder(folder))
        return;
    struct sim_scenario s = *drawn; /* files by their whole path: the capsule is elsewhere */
    whole_path(&s, s.contacts_file);
    whole_path(&s, s.messages_file);
    for (size_t i = 0; i < s.groups_count; i++)
        whole_path(&s, s.groups[i].file);
    sim_scenario_write(&s, &b);
    (void)sim_write_file(folder, "scenario.conf", buf_written(&b));
    buf_free(&b);
    hex_encode(hex, SPAN(r->digest, sizeof r->digest));
    buf_printf(&b, "check   %s\nfailure %s\nat      %llu us\ndigest  %s\ncrypto  %s\nagain   ",
               r->failed_check, r->failure, (unsigned long long)r->virtual_us, hex, hop_backend());
    sim_again(&b, c, drawn->seed);
    buf_printf(&b, "\nreplay  hop-sim replay %s%s\n", folder,
               strcmp(hop_backend(), "toy") == 0 ? " --crypto toy" : "");
    (void)sim_write_file(folder, "failure.txt", buf_written(&b));
    buf_free(&b);
    (void)snprintf(story, sizeof story, "%s/story.txt", folder);
    (void)sim_run_apart(drawn, &setup, story, 600, &again);
    keep_end(story, STORY_LINES);
}

/* Says what failed, and how to have it again. */
static void tell_failure(const struct sim_cli *c, const struct sim_scenario *drawn,
                         const struct sim_result *r)
{
    struct buf b = {0};
    char folder[SIM_PATH_BYTES];
    sim_again(&b, c, drawn->seed);
    fprintf(stderr, "hop-sim: %s: %s\nagain: %s\n", r->failed_check, r->failure, buf_string(&b));
    buf_free(&b);
    if (c->no_capsule)
        return;
    (void)snprintf(folder, sizeof folder, "%.300s/%.60s-%llu.capsule",
                   c->out == NULL ? "." : c->out, drawn->name, (unsigned long long)drawn->seed);
    sim_capsule(drawn, r, folder, c);
    fprintf(stderr, "capsule: %s (hop-sim replay, hop-sim shrink)\n", folder);
}

/* ---- the commands ---- */

static void tell_result(const struct sim_scenario *s, const struct sim_result *r)
{
    char hex[HEX_SIZE(32)];
    hex_encode(hex, SPAN(r->digest, sizeof r->digest));
    printf("%s, seed %llu: %llu nodes, %llu s of virtual time, %llu events, crypto %s\n", s->name,
           (unsigned long long)s->seed, (unsigned long long)s->nodes_count,
           (unsigned long long)(r->virtual_us / SIM_MILLION), (unsigned long long)r->events,
           hop_backend());
    printf("records %llu, delivered %llu of %llu", (unsigned long long)r->records,
           (unsigned long long)r->delivered, (unsigned long long)r->pairs);
    if (r->possible > 0)
        printf(" (the best possible: %llu)", (unsigned long long)r->possible);
    printf(", %llu bytes sent\n", (unsigned long long)r->bytes);
    for (unsigned g = 0; g < GOAL_COUNT; g++) {
        if (r->goals >> g & 1)
            printf("reached %s\n", sim_goal_name((enum sim_goal)g));
    }
    printf("digest %s\n", hex);
}

/* A folder for real stores, in memory where there is such a place. */
static bool store_folder(char ret[static SIM_PATH_BYTES])
{
    (void)snprintf(ret, SIM_PATH_BYTES, "%s/hop-sim-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(ret) != NULL;
}

static void remove_folder(const char *path)
{
    char file[2 * SIM_PATH_BYTES];
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (unlink(file) != 0)
            remove_folder(file);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}

/* Run a copy of the drawn scenario here; if an assertion ends it, the process that is left tells.
 */
static int run_copy(const struct sim_scenario *s, const struct sim_setup *setup, const char *out,
                    struct sim_result *r)
{
    struct buf b = {0};
    char why[SIM_MESSAGE_BYTES];
    struct sim_scenario copy;
    sim_scenario_write(s, &b);
    int err = b.bad ? HOP_ENOMEM : sim_scenario_parse(&copy, buf_string(&b), s->folder, why);
    buf_free(&b);
    if (err != HOP_OK) {
        *r = (struct sim_result){.code = 3};
        (void)snprintf(r->failure, sizeof r->failure, "%s", err == HOP_ENOMEM ? "no memory" : why);
        return 3;
    }
    return sim_run_here(&copy, setup, out, r);
}

static int run_scenario(const struct sim_cli *c, struct sim_scenario *s)
{
    char stores[SIM_PATH_BYTES], why[SIM_MESSAGE_BYTES];
    struct sim_result r, again;
    struct sim_setup setup = {.trace = c->trace,
                              .record = c->out != NULL && !c->no_report,
                              .progress = !c->quiet && !c->trace && isatty(STDERR_FILENO)};
    if (c->crypto == SIM_CRYPTO_MEMO && !sim_memo_on())
        return 3;
    if (sim_scenario_draw(s, why) != HOP_OK) {
        fprintf(stderr, "hop-sim: %s\n", why);
        return 2;
    }
    if (c->lmdb && !store_folder(stores)) {
        fputs("hop-sim: there is no room for stores in /dev/shm or /tmp\n", stderr);
        return 3;
    }
    setup.lmdb = c->lmdb ? stores : NULL;
    int code = run_copy(s, &setup, c->out, &r);
    if (c->lmdb)
        remove_folder(stores);
    if (c->twice && code == 0) {
        setup.lmdb = NULL;
        setup.trace = false;
        code = sim_run_apart(s, &setup, NULL, 3600, &again);
        if (memcmp(again.digest, r.digest, sizeof r.digest) != 0) {
            code = r.code = 1;
            (void)snprintf(r.failed_check, sizeof r.failed_check, "same-run");
            (void)snprintf(r.failure, sizeof r.failure, "the second run told another story");
        }
    }
    if (!c->quiet || code != 0)
        tell_result(s, &r);
    if (code == 1)
        tell_failure(c, s, &r);
    else if (code != 0)
        fprintf(stderr, "hop-sim: %s\n", r.failure[0] == '\0' ? "it could not run" : r.failure);
    return code;
}

int sim_cli_run(const struct sim_cli *c)
{
    struct sim_scenario s;
    if (sim_cli_scenario(c, &s) != HOP_OK)
        return 2;
    int code = run_scenario(c, &s);
    if (code == 0 && c->out != NULL && !c->quiet)
        printf("report: %s/report.html\n", c->out);
    sim_scenario_free(&s);
    return code;
}

/* A capsule names its check: the same one must fail. */
int sim_cli_replay(const struct sim_cli *c)
{
    struct buf text = {0};
    char path[2 * SIM_PATH_BYTES], check[SIM_NAME_BYTES] = "";
    struct sim_cli own = *c;
    struct sim_scenario s;
    struct sim_result r;
    struct sim_setup setup = {.trace = c->trace, .record = c->out != NULL};
    own.seed_given = false; /* the capsule's */
    (void)snprintf(path, sizeof path, "%s/failure.txt", c->what);
    if (sim_read_file(path, &text) && text.size > 8)
        (void)sscanf(buf_string(&text), "check %63s", check);
    buf_free(&text);
    if (sim_cli_scenario(&own, &s) != HOP_OK)
        return 2;
    if (c->trace || c->out != NULL) {
        struct sim_scenario taken = s;
        s = (struct sim_scenario){0};
        (void)sim_run_here(&taken, &setup, c->out, &r);
    } else {
        (void)sim_run_apart(&s, &setup, NULL, 3600, &r);
    }
    sim_scenario_free(&s);
    if (r.code == 0)
        printf("nothing failed\n");
    else
        printf("%s: %s\n", r.failed_check, r.failure);
    if (check[0] != '\0')
        printf("%s\n",
               strcmp(check, r.failed_check) == 0 ? "the same failure" : "not the same failure");
    return r.code;
}

int sim_cli_resolve(const struct sim_cli *c)
{
    struct sim_scenario s;
    struct buf b = {0};
    char why[SIM_MESSAGE_BYTES];
    if (sim_cli_scenario(c, &s) != HOP_OK)
        return 2;
    int err = sim_scenario_draw(&s, why);
    if (err == HOP_OK)
        sim_scenario_write(&s, &b);
    else
        fprintf(stderr, "hop-sim: %s\n", why);
    fputs(buf_string(&b), stdout);
    buf_free(&b);
    sim_scenario_free(&s);
    return err == HOP_OK ? 0 : 2;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int sim_cli_list(const struct sim_cli *c)
{
    char folder[SIM_PATH_BYTES], path[2 * SIM_PATH_BYTES], why[SIM_MESSAGE_BYTES];
    struct dirent **names;
    (void)c;
    int n = sim_library_folder(folder) ? scandir(folder, &names, NULL, by_name) : -1;
    if (n < 0) {
        fputs("hop-sim: the scenarios that come with it were not found\n", stderr);
        return 3;
    }
    int code = 0;
    for (int i = 0; i < n; i++) {
        struct sim_scenario s;
        size_t size = strlen(names[i]->d_name);
        if (size > 5 && strcmp(names[i]->d_name + size - 5, ".conf") == 0) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
            int err = sim_scenario_read(&s, path, why);
            printf("%-24.*s %s\n", (int)size - 5, names[i]->d_name, err == HOP_OK ? s.why : why);
            if (err == HOP_OK)
                sim_scenario_free(&s);
            else
                code = 1;
        }
        free(names[i]);
    }
    free(names);
    return code;
}
