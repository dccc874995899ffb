/* What the store costs beside its floor, raw LMDB: records of 400 bytes appended and committed in
 * batches; and opening a store of 100,000 of them, beside reading its file once. With a path as
 * argument, also appends one JSON object a line to it. Files go to $TMPDIR or /var/tmp: a real
 * disk, for the sync is what counts.
 */
#include "store/store.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RECORD_BYTES 400
#define LOGS         16
#define HISTORY      100000

static char dir[256], store_file[300], raw_file[300];
static FILE *json;

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "bench/store: %s: error %d\n", what, rc);
    exit(1);
}

static void clean_up(void)
{
    (void)unlink(store_file);
    (void)unlink(raw_file);
    (void)rmdir(dir);
}

static void make_place(void)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/hop-bench-XXXXXX", root != NULL ? root : "/var/tmp");
    must(mkdtemp(dir) == NULL, "no directory for temporary files");
    (void)snprintf(store_file, sizeof store_file, "%s/records.mdb", dir);
    (void)snprintf(raw_file, sizeof raw_file, "%s/raw.mdb", dir);
    (void)atexit(clean_up);
}

static void report(const char *name, double value, double base, const char *unit)
{
    (void)printf("%-28s %12.1f %12.1f  %-10s %6.2f\n", name, value, base, unit, value / base);
    if (json != NULL)
        (void)fprintf(json,
                      "{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",\"floor\":%.2f,"
                      "\"ratio\":%.3f}\n",
                      name, value, unit, base, value / base);
}

/* Which record comes as number n: the logs take turns, as when several people write. */
static void record_at(uint8_t *ret_log, uint64_t *ret_seq, uint8_t *ret_bytes, uint64_t n)
{
    memset(ret_log, (int)(n % LOGS * 17), STORE_LOG_BYTES);
    *ret_seq = n / LOGS + 1;
    for (size_t i = 0; i < RECORD_BYTES; i++)
        ret_bytes[i] = (uint8_t)(n + i);
}

static double store_run(uint64_t records, uint64_t batch)
{
    struct store *s;
    enum store_trouble trouble;
    uint8_t log[STORE_LOG_BYTES], bytes[RECORD_BYTES];
    struct store_tip tip = {0};
    must(store_lmdb_open(&s, dir, &trouble), "store_lmdb_open");
    double begin = now_us();
    for (uint64_t n = 0; n < records; n++) {
        record_at(log, &tip.seq, bytes, n);
        must(store_append(s, log, &tip, SPAN(bytes, sizeof bytes)), "store_append");
        if (n % batch == batch - 1)
            must(store_commit(s), "store_commit");
    }
    double took = now_us() - begin;
    store_close(s);
    return took / (double)records;
}

static MDB_env *raw_open(MDB_dbi *ret_dbi)
{
    MDB_env *env;
    MDB_txn *txn;
    must(mdb_env_create(&env), "mdb_env_create");
    must(mdb_env_set_mapsize(env, (size_t)1 << 30), "mdb_env_set_mapsize");
    must(mdb_env_open(env, raw_file, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD, 0600), "open");
    must(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
    must(mdb_dbi_open(txn, NULL, 0, ret_dbi), "mdb_dbi_open");
    must(mdb_txn_commit(txn), "mdb_txn_commit");
    return env;
}

/* The floor: one put a record, under a key of the same size and order, and the commit. */
static double raw_run(uint64_t records, uint64_t batch)
{
    MDB_dbi dbi;
    MDB_txn *txn = NULL;
    uint8_t key[STORE_LOG_BYTES + 8], bytes[RECORD_BYTES];
    uint64_t seq;
    MDB_env *env = raw_open(&dbi);
    double begin = now_us();
    for (uint64_t n = 0; n < records; n++) {
        record_at(key, &seq, bytes, n);
        for (int i = 0; i < 8; i++)
            key[STORE_LOG_BYTES + i] = (uint8_t)(seq >> (56 - 8 * i));
        MDB_val k = {sizeof key, key}, v = {sizeof bytes, bytes};
        if (txn == NULL)
            must(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
        must(mdb_put(txn, dbi, &k, &v, 0), "mdb_put");
        if (n % batch == batch - 1) {
            must(mdb_txn_commit(txn), "mdb_txn_commit");
            txn = NULL;
        }
    }
    double took = now_us() - begin;
    mdb_env_close(env);
    return took / (double)records;
}

static void bench_append(uint64_t records, uint64_t batch)
{
    char name[64];
    double base = raw_run(records, batch), value = store_run(records, batch);
    (void)unlink(raw_file);
    (void)unlink(store_file);
    (void)snprintf(name, sizeof name, "store_append_batch_%llu", (unsigned long long)batch);
    report(name, value, base, "us/record");
}

/* The floor of looking at a whole file: reading it once. */
static double read_through(const char *path)
{
    static uint8_t bytes[1 << 16];
    double begin = now_us();
    FILE *f = fopen(path, "rb");
    must(f == NULL, "fopen");
    while (fread(bytes, 1, sizeof bytes, f) == sizeof bytes)
        ;
    (void)fclose(f);
    return now_us() - begin;
}

/* Opening checks the structure of the whole file, cached here; best of several. */
static void bench_open(void)
{
    struct store *s;
    enum store_trouble trouble;
    double value = 1e12, base = 1e12;
    (void)store_run(HISTORY, 10000);
    for (int i = 0; i < 10; i++) {
        double begin = now_us();
        must(store_lmdb_open(&s, dir, &trouble), "store_lmdb_open");
        store_close(s);
        double took = now_us() - begin, reading = read_through(store_file);
        value = took < value ? took : value;
        base = reading < base ? reading : base;
    }
    report("store_open_100000_records", value, base, "us");
}

int main(int argc, char **argv)
{
    if (argc > 1 && (json = fopen(argv[1], "a")) == NULL) {
        (void)fprintf(stderr, "bench/store: cannot write to %s\n", argv[1]);
        return 1;
    }
    make_place();
    (void)printf("%-28s %12s %12s  %-10s %6s\n", "store", "value", "floor", "unit", "ratio");
    bench_append(300, 1);
    bench_append(10000, 100);
    bench_append(50000, 10000);
    bench_open();
    return json != NULL && fclose(json) != 0;
}
