/* What the programs of bench/ share: clocks, a place for files, and one way to report.
 *
 * Every measurement is a line of one table (tools/run-bench prints its heading) and a JSON object
 * of one line: the value beside its floor, the least that the same work could cost on this machine,
 * measured in the same run. docs/benchmarks.md says what each line means. */
#ifndef HOP_BENCH_REPORT_H
#define HOP_BENCH_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *bench_name;
static FILE *bench_json;
static char bench_dir[256];

static inline void bench_must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench/%s: failed: %s\n", bench_name, what);
    exit(1);
}

/* The first argument, if any, is the file that JSON lines are appended to. */
static inline void bench_start(const char *name, int argc, char **argv)
{
    bench_name = name;
    if (argc > 1) {
        bench_json = fopen(argv[1], "a");
        bench_must(bench_json != NULL, "open the file for results");
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline int bench_end(void)
{
    return bench_json != NULL && fclose(bench_json) != 0;
}

static inline double bench_clock_us(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline double bench_now_us(void)
{
    return bench_clock_us(CLOCK_MONOTONIC);
}

static inline double bench_cpu_us(void)
{
    return bench_clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

static inline void bench_remove_dir(void)
{
    char command[300];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", bench_dir);
    if (bench_dir[0] != '\0' && system(command) != 0)
        (void)fprintf(stderr, "bench/%s: could not remove %s\n", bench_name, bench_dir);
}

/* A directory for files, removed at exit: in $TMPDIR or /var/tmp, a real disk, for the sync is what
 * counts. */
static inline void bench_make_dir(void)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(bench_dir, sizeof bench_dir, "%s/hop-bench-XXXXXX",
                   root != NULL ? root : "/var/tmp");
    bench_must(strchr(bench_dir, '\'') == NULL && mkdtemp(bench_dir) != NULL,
               "make a directory for files");
    (void)atexit(bench_remove_dir);
}

static inline uint64_t bench_file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* One line. beside: what the floor is, or NULL when there is none; the rest is a note. */
__attribute__((format(printf, 6, 7))) static inline void
bench_report(const char *what, double value, const char *unit, double least, const char *beside,
             const char *note, ...)
{
    char said[200], ratio[16] = "-", floor_text[24] = "-";
    va_list ap;
    va_start(ap, note);
    (void)vsnprintf(said, sizeof said, note, ap);
    va_end(ap);
    if (beside != NULL && least > 0) {
        (void)snprintf(floor_text, sizeof floor_text, "%.2f", least);
        (void)snprintf(ratio, sizeof ratio, "%.2f", value / least);
    }
    (void)printf("%-44s %10.2f %-8s %10s %6s  %s%s%s\n", what, value, unit, floor_text, ratio,
                 beside == NULL ? "" : beside, beside != NULL && said[0] != '\0' ? "; " : "", said);
    if (bench_json == NULL)
        return;
    (void)fprintf(bench_json, "{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"%s\"", what, value,
                  unit);
    if (beside != NULL && least > 0)
        (void)fprintf(bench_json, ", \"floor\": %.3f, \"ratio\": %.3f, \"beside\": \"%s\"", least,
                      value / least, beside);
    (void)fprintf(bench_json, ", \"note\": \"%s\"}\n", said);
}

static inline int bench_compare(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* The value below which a share of all lie; sorts them. */
static inline double bench_percentile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, bench_compare);
    size_t at = (size_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}

#endif
