/* What the store costs beside its floor, raw LMDB: records of 400 bytes appended and committed in
 * batches; and opening a store of 100,000 of them, beside reading its file once. */
#include "bench/report.h"

#include <lmdb.h>

#include "store/store.h"

#define RECORD_BYTES 400
#define LOGS         16
#define HISTORY      100000

static char store_file[300], raw_file[300];

static void must(int rc, const char *what)
{
    if (rc != 0)
        (void)fprintf(stderr, "error %d\n", rc);
    bench_must(rc == 0, what);
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
    must(store_lmdb_open(&s, bench_dir, &trouble), "store_lmdb_open");
    double begin = bench_now_us();
    for (uint64_t n = 0; n < records; n++) {
        record_at(log, &tip.seq, bytes, n);
        must(store_append(s, log, &tip, SPAN(bytes, sizeof bytes)), "store_append");
        if (n % batch == batch - 1)
            must(store_commit(s), "store_commit");
    }
    double took = bench_now_us() - begin;
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
    double begin = bench_now_us();
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
    double took = bench_now_us() - begin;
    mdb_env_close(env);
    return took / (double)records;
}

static void bench_append(uint64_t records, uint64_t batch)
{
    char name[64];
    double base = raw_run(records, batch), value = store_run(records, batch);
    (void)unlink(raw_file);
    (void)unlink(store_file);
    (void)snprintf(name, sizeof name, "append a record of 400 bytes, %llu a commit",
                   (unsigned long long)batch);
    bench_report(name, value, "us", base, "bare LMDB", "%s", batch == 1 ? "fsync" : "");
}

/* The floor of looking at a whole file: reading it once. */
static double read_through(const char *path)
{
    static uint8_t bytes[1 << 16];
    double begin = bench_now_us();
    FILE *f = fopen(path, "rb");
    must(f == NULL, "fopen");
    while (fread(bytes, 1, sizeof bytes, f) == sizeof bytes)
        ;
    (void)fclose(f);
    return bench_now_us() - begin;
}

/* Opening checks the structure of the whole file, cached here; best of several. */
static void bench_open(void)
{
    struct store *s;
    enum store_trouble trouble;
    double value = 1e12, base = 1e12;
    (void)store_run(HISTORY, 10000);
    for (int i = 0; i < 10; i++) {
        double begin = bench_now_us();
        must(store_lmdb_open(&s, bench_dir, &trouble), "store_lmdb_open");
        store_close(s);
        double took = bench_now_us() - begin, reading = read_through(store_file);
        value = took < value ? took : value;
        base = reading < base ? reading : base;
    }
    bench_report("open a store of 100000 records", value / 1e3, "ms", base / 1e3,
                 "read the file once", "its structure is checked");
}

int main(int argc, char **argv)
{
    bench_start("store", argc, argv);
    bench_make_dir();
    (void)snprintf(store_file, sizeof store_file, "%s/records.mdb", bench_dir);
    (void)snprintf(raw_file, sizeof raw_file, "%s/raw.mdb", bench_dir);
    bench_append(300, 1);
    bench_append(10000, 100);
    bench_append(50000, 10000);
    bench_open();
    return bench_end();
}
