/* A history of 100,000 records: taken in from a peer, read at the start of a node, and kept in
 * mind by a node at rest.
 *
 * The history is made as people would make it: a cell of 50 devices (100 logs) at ten sites that
 * are cut off from each other. At each site five devices write opinions on one meeting in rounds
 * and hear each other between rounds; in the end the secretary's device gathers all of it. Then a
 * device that has nothing takes everything from there. */
#include "bench/devices.h"
#include "bench/process.h"

#include <lmdb.h>

#define SITES           10
#define SITE            5
#define WRITERS         (SITES * SITE)
#define ROUNDS          5
#define SINK            WRITERS /* it writes nothing but its receipt */
#define RECORDS_DEFAULT 100000

static char sink_dir[300], empty_dir[300];
static uint64_t records; /* to be written */

/* ---- making the history ---- */

static void say(struct bench_world *w, uint32_t i, const uint8_t meeting[static 32], uint64_t n)
{
    static const char *const words[] = {
        "Tôi đề nghị sửa cống ở cây số ba trước khi mùa mưa đến, vì xe của trạm y tế không qua "
        "được khi nước lên.",
        "Tôi đồng ý với dự thảo, và đề nghị ghi rõ ai phụ trách từng việc, để lần họp sau có "
        "người báo cáo lại.",
        "Về điểm này bản chúng tôi có mười người tham gia được ngay, còn lại phải chờ sau vụ gặt "
        "tháng mười hai."};
    char text[400];
    uint8_t id[32];
    struct act a = {.type = ACT_OPINION, .item = (uint32_t)(n % 3)};
    (void)snprintf(text, sizeof text, "%s (Ý kiến số %llu.)%.*s", words[n % 3],
                   (unsigned long long)n, (int)(n * 7 % 60),
                   " - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -");
    memcpy(a.meeting, meeting, 32);
    a.text = span_text(text);
    bench_act(w, i, &a, id);
}

static void make_site(struct bench_world *w, uint32_t first, const uint8_t meeting[static 32])
{
    uint64_t each = records / (WRITERS * ROUNDS);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = first; i < first + SITE; i++) {
            for (uint64_t n = 0; n < each; n++)
                say(w, i, meeting, round * each + n);
            bench_commit(w, i);
        }
        bench_gather(w, first, first, first + SITE);
    }
    if (first != 0)
        bench_gather(w, 0, first, first + 1);
    for (uint32_t i = first; i < first + SITE; i++) {
        if (i != 0)
            bench_device_drop(&w->devices[i]);
    }
}

static struct bench_world *make_history(void)
{
    uint8_t meeting[32];
    struct bench_world *w = bench_world_new(WRITERS + 1);
    for (uint32_t i = 0; i < WRITERS; i++)
        bench_device_add(w, i, NULL);
    bench_device_add(w, SINK, sink_dir);
    bench_found(w, 0);
    for (uint32_t i = 1; i <= SINK; i++)
        bench_join(w, 0, i);
    bench_convene(w, 0, meeting);
    bench_gather(w, 0, 1, WRITERS);
    for (uint32_t site = 0; site < SITES; site++)
        make_site(w, site * SITE, meeting);
    return w;
}

/* ---- taking it in ---- */

struct taken {
    struct bench_spent keeping, opening;
    uint64_t commits, records, bytes, logs, file_bytes;
};

/* The sink takes everything from device 0: verified, stored, opened, folded, acknowledged. */
static void ingest(struct bench_world *w, struct taken *ret)
{
    struct bench_device *x = &w->devices[SINK];
    x->keeping = x->opening = (struct bench_spent){0};
    x->commits = 0;
    bench_gather(w, 0, SINK, SINK + 1);
    *ret = (struct taken){.keeping = x->keeping, .opening = x->opening, .commits = x->commits};
    bench_must(device_pending_count(x->d) == 0, "open all that came");
    ret->records = device_record_count(x->d);
    ret->logs = history_log_count(device_history(x->d));
}

struct raw {
    uint8_t key[40];
    uint8_t *bytes;
    size_t size;
};

/* All records, as the store has them, in the order of their arrival. */
static struct raw *copy_all(struct store *s, struct taken *t)
{
    struct raw *all = calloc(t->records, sizeof *all);
    bench_must(all != NULL, "memory");
    for (uint64_t n = 0; n < t->records; n++) {
        uint64_t seq;
        struct span bytes;
        bench_must(store_arrival(s, n, all[n].key, &seq) == HOP_OK &&
                       store_get(s, all[n].key, seq, &bytes) == HOP_OK,
                   "read the store");
        for (int k = 0; k < 8; k++)
            all[n].key[32 + k] = (uint8_t)(seq >> (56 - 8 * k));
        all[n].bytes = malloc(bytes.size);
        bench_must(all[n].bytes != NULL, "memory");
        memcpy(all[n].bytes, bytes.data, bytes.size);
        all[n].size = bytes.size;
        t->bytes += bytes.size;
    }
    return all;
}

static MDB_env *raw_open(MDB_dbi *ret)
{
    char path[400];
    MDB_env *env;
    MDB_txn *txn;
    (void)snprintf(path, sizeof path, "%s/raw.mdb", bench_dir);
    bench_must(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, (size_t)1 << 32) == 0 &&
                   mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD, 0600) == 0 &&
                   mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, ret) == 0 &&
                   mdb_txn_commit(txn) == 0,
               "open a bare LMDB");
    return env;
}

/* The floor: hash each record, put it, commit as often. */
static void ingest_raw(const struct raw *all, const struct taken *t, double *ret_cpu,
                       double *ret_wall)
{
    MDB_dbi dbi;
    MDB_env *env = raw_open(&dbi);
    MDB_txn *txn = NULL;
    double cpu = bench_cpu_us(), wall = bench_now_us();
    uint64_t batch = t->records / t->commits + 1;
    for (uint64_t n = 0; n < t->records; n++) {
        uint8_t hash[32], key[40];
        memcpy(key, all[n].key, sizeof key);
        hop_hash(hash, 32, LABEL_REC_TEXT, SPAN(all[n].bytes, all[n].size));
        MDB_val k = {sizeof key, key}, v = {all[n].size, all[n].bytes};
        bench_must((txn != NULL || mdb_txn_begin(env, NULL, 0, &txn) == 0) &&
                       mdb_put(txn, dbi, &k, &v, 0) == 0,
                   "put into a bare LMDB");
        if (n % batch == batch - 1 || n + 1 == t->records) {
            bench_must(mdb_txn_commit(txn) == 0, "commit");
            txn = NULL;
        }
    }
    *ret_cpu = bench_cpu_us() - cpu;
    *ret_wall = bench_now_us() - wall;
    mdb_env_close(env);
}

/* The floor of reading it: walk the bare LMDB, hash and decrypt (encrypting costs the same) each
 * record once. */
static double read_raw(void)
{
    static uint8_t text[2u << 20];
    const uint8_t key[32] = {1}, nonce[24] = {2};
    MDB_dbi dbi;
    MDB_env *env = raw_open(&dbi);
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val k, v;
    double cpu = bench_cpu_us();
    bench_must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 &&
                   mdb_cursor_open(txn, dbi, &cursor) == 0,
               "read a bare LMDB");
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
        uint8_t hash[32];
        struct span bytes = SPAN(v.mv_data, v.mv_size);
        hop_hash(hash, 32, LABEL_REC_TEXT, bytes);
        hop_seal(text, key, nonce, (struct span){0}, bytes);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    double took = bench_cpu_us() - cpu;
    mdb_env_close(env);
    return took;
}

static void report_ingest(struct bench_world *w)
{
    struct taken t;
    char path[400];
    double cpu, wall;
    ingest(w, &t);
    struct raw *all = copy_all(w->devices[SINK].store, &t);
    (void)snprintf(path, sizeof path, "%s/records.mdb", sink_dir);
    t.file_bytes = bench_file_bytes(path);
    ingest_raw(all, &t, &cpu, &wall);
    static const char beside[] = "BLAKE2b + bare LMDB, as many commits";
    bench_report("verify and store a history, CPU time", t.keeping.cpu_us / 1e3, "ms", cpu / 1e3,
                 beside, "%llu records, %llu logs, %.1f MB, file %.1f MB, %llu commits",
                 (unsigned long long)t.records, (unsigned long long)t.logs, (double)t.bytes / 1e6,
                 (double)t.file_bytes / 1e6, (unsigned long long)t.commits);
    bench_report("verify and store a history, wall time", t.keeping.wall_us / 1e3, "ms", wall / 1e3,
                 beside, "%.2f us a record", t.keeping.wall_us / (double)t.records);
    bench_report("and open and fold it all, CPU time", t.opening.cpu_us / 1e3, "ms",
                 read_raw() / 1e3, "read LMDB, BLAKE2b, decrypt, once each", "%.2f us a record",
                 t.opening.cpu_us / (double)t.records);
    for (uint64_t n = 0; n < t.records; n++)
        free(all[n].bytes);
    free(all);
}

/* ---- a node that has it ---- */

struct memory {
    double rss, anon, peak, pss; /* MB; pss 0: not for us to see */
};

static double kilobytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at == NULL ? 0 : strtod(at + strlen(key), NULL) / 1024;
}

static void read_proc(pid_t pid, const char *name, char *ret, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *f = fopen(path, "r");
    size_t n = f == NULL ? 0 : fread(ret, 1, size - 1, f);
    ret[n] = '\0';
    if (f != NULL)
        (void)fclose(f);
}

static void look_at_memory(pid_t pid, struct memory *ret)
{
    char text[8192];
    read_proc(pid, "status", text, sizeof text);
    ret->rss = kilobytes(text, "VmRSS:");
    ret->anon = kilobytes(text, "RssAnon:");
    ret->peak = kilobytes(text, "VmHWM:");
    read_proc(pid, "smaps_rollup", text, sizeof text);
    ret->pss = kilobytes(text, "Pss:");
}

/* What it costs to unlock the key file, which is the passphrase's price and no part of the history.
 */
static double unlock_us(const char *dir)
{
    char path[400];
    struct buf file = {0};
    uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX];
    size_t size;
    enum keyfile_trouble trouble;
    bench_must(files_path(path, sizeof path, dir, "keys.hop") == HOP_OK &&
                   files_read(path, KEYFILE_BYTES_MAX, &file) == HOP_OK,
               "read a key file");
    double cpu = bench_cpu_us();
    bench_must(keyfile_open(payload, &size, buf_written(&file), span_text(BENCH_PASSPHRASE),
                            &trouble) == HOP_OK,
               "unlock a key file");
    double took = bench_cpu_us() - cpu;
    buf_free(&file);
    return took;
}

struct started {
    double cpu_us, wall_us, idle_cpu_us;
    struct memory memory;
    uint64_t records;
};

/* Start a node, wait until the first status answers, let it rest, look at its memory. */
static void start_node(const char *dir, struct started *ret)
{
    static const char *const more[] = {"--beacon-port", "47211", NULL};
    double from = bench_now_us();
    pid_t pid = bench_run_node(dir, more);
    int fd = bench_wait_for_node(dir);
    ret->wall_us = bench_now_us() - from;
    ret->cpu_us = bench_process_cpu_us(pid);
    ret->records = bench_number(bench_ask(fd, "GET", "/api/status", ""), "records");
    (void)close(fd);
    bench_pause_us(1500000);
    double cpu = bench_process_cpu_us(pid);
    bench_pause_us(2000000);
    ret->idle_cpu_us = (bench_process_cpu_us(pid) - cpu) / 2;
    look_at_memory(pid, &ret->memory);
    bench_stop_node(pid);
}

static void report_node(uint64_t expected)
{
    struct started full, empty;
    double unlock = unlock_us(sink_dir), least = read_raw();
    start_node(empty_dir, &empty);
    start_node(sink_dir, &full);
    bench_must(full.records == expected, "a node that shows the whole history");
    bench_report("start to first answer, CPU time", (full.cpu_us - unlock) / 1e3, "ms", least / 1e3,
                 "read LMDB, BLAKE2b, decrypt, once each",
                 "wall %.0f ms; Argon2id of %.0f ms CPU left out", full.wall_us / 1e3,
                 unlock / 1e3);
    bench_report("the same without a history, CPU time", (empty.cpu_us - unlock) / 1e3, "ms", 0,
                 NULL, "wall %.0f ms", empty.wall_us / 1e3);
    bench_report("memory at rest, RSS", full.memory.rss, "MB", empty.memory.rss,
                 "a node without a history",
                 "anonymous %.1f MB (empty %.1f), peak %.1f MB, PSS %.1f MB", full.memory.anon,
                 empty.memory.anon, full.memory.peak, full.memory.pss);
    bench_report("CPU time at rest, each second", full.idle_cpu_us / 1e3, "ms",
                 empty.idle_cpu_us / 1e3, "a node without a history", "%s", "no peers");
}

static void make_empty(void)
{
    struct bench_world *w = bench_world_new(1);
    bench_device_add(w, 0, empty_dir);
    bench_found(w, 0);
    bench_save_keys(w, 0, empty_dir);
    bench_world_free(w);
}

int main(int argc, char **argv)
{
    bench_start("history", argc, argv);
    const char *wanted = getenv("BENCH_RECORDS");
    records = wanted == NULL ? RECORDS_DEFAULT : strtoull(wanted, NULL, 10);
    bench_make_dir();
    (void)snprintf(sink_dir, sizeof sink_dir, "%s/sink", bench_dir);
    (void)snprintf(empty_dir, sizeof empty_dir, "%s/empty", bench_dir);
    bench_must(files_make_dir(sink_dir, 0700) == HOP_OK &&
                   files_make_dir(empty_dir, 0700) == HOP_OK,
               "make directories");
    make_empty();
    double from = bench_now_us();
    struct bench_world *w = make_history();
    double took = (bench_now_us() - from) / 1e6;
    report_ingest(w);
    uint64_t expected = device_record_count(w->devices[SINK].d);
    bench_save_keys(w, SINK, sink_dir);
    bench_world_free(w);
    report_node(expected);
    (void)fprintf(stderr, "(the history took %.0f s to write)\n", took);
    return bench_end();
}
