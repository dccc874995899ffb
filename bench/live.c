/* Live push: from posting an act on one node until another node shows it, two real processes over
 * ZeroMQ with CURVE on loopback, each with its own store. Between the two lie two commits, for
 * nothing is passed on or shown before it is durable. Floor, in the same run: one way of a bare
 * ZeroMQ ping with CURVE, and two commits of a bare LMDB. */
#include "bench/devices.h"
#include "bench/process.h"

#include <lmdb.h>
#include <pthread.h>
#include <zmq.h>

#define ACTS       300
#define PING_BYTES 600   /* a record with its frame */
#define PAUSE_US   10000 /* people do not write faster, and queues are not the question */

static char dirs[2][300];
static double floor_us[ACTS], ping_us[ACTS], commit_us[2 * ACTS], push_us[ACTS], post_us[ACTS];

/* ---- floors ---- */

static void *echo(void *socket)
{
    char bytes[PING_BYTES];
    for (;;) {
        char from[16];
        int from_size = zmq_recv(socket, from, sizeof from, 0);
        int size = zmq_recv(socket, bytes, sizeof bytes, 0);
        if (from_size <= 0 || size != PING_BYTES)
            return NULL;
        (void)zmq_send(socket, from, (size_t)from_size, ZMQ_SNDMORE);
        (void)zmq_send(socket, bytes, sizeof bytes, 0);
    }
}

static struct {
    void *context, *router, *dealer;
    pthread_t thread;
    MDB_env *env;
    MDB_dbi dbi;
} bare;

static void open_ping(void)
{
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
    char endpoint[64];
    size_t size = sizeof endpoint;
    int one = 1;
    bare.context = zmq_ctx_new();
    void *router = bare.router = zmq_socket(bare.context, ZMQ_ROUTER);
    void *dealer = bare.dealer = zmq_socket(bare.context, ZMQ_DEALER);
    bench_must(zmq_curve_keypair(server_public, server_secret) == 0 &&
                   zmq_curve_keypair(client_public, client_secret) == 0 &&
                   zmq_setsockopt(router, ZMQ_CURVE_SERVER, &one, sizeof one) == 0 &&
                   zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, server_secret, 41) == 0 &&
                   zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server_public, 41) == 0 &&
                   zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, client_public, 41) == 0 &&
                   zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, client_secret, 41) == 0 &&
                   zmq_bind(router, "tcp://127.0.0.1:*") == 0 &&
                   zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 &&
                   zmq_connect(dealer, endpoint) == 0 &&
                   pthread_create(&bare.thread, NULL, echo, router) == 0,
               "ZeroMQ with CURVE");
}

static void close_ping(void)
{
    (void)zmq_send(bare.dealer, "", 0, 0); /* ends the echo */
    (void)pthread_join(bare.thread, NULL);
    (void)zmq_close(bare.dealer);
    (void)zmq_close(bare.router);
    (void)zmq_ctx_term(bare.context);
}

static double ping(void)
{
    static char bytes[PING_BYTES];
    double from = bench_now_us();
    bench_must(zmq_send(bare.dealer, bytes, sizeof bytes, 0) == PING_BYTES &&
                   zmq_recv(bare.dealer, bytes, sizeof bytes, 0) == PING_BYTES,
               "ping");
    return (bench_now_us() - from) / 2;
}

static void open_bare_store(void)
{
    char path[400];
    MDB_txn *txn;
    (void)snprintf(path, sizeof path, "%s/raw.mdb", bench_dir);
    bench_must(mdb_env_create(&bare.env) == 0 &&
                   mdb_env_set_mapsize(bare.env, (size_t)1 << 28) == 0 &&
                   mdb_env_open(bare.env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600) == 0 &&
                   mdb_txn_begin(bare.env, NULL, 0, &txn) == 0 &&
                   mdb_dbi_open(txn, NULL, 0, &bare.dbi) == 0 && mdb_txn_commit(txn) == 0,
               "open a bare LMDB");
}

static double commit_bare(void)
{
    static uint8_t bytes[PING_BYTES];
    static uint32_t number;
    MDB_txn *txn;
    double from = bench_now_us();
    number++;
    MDB_val k = {sizeof number, &number}, v = {sizeof bytes, bytes};
    bench_must(mdb_txn_begin(bare.env, NULL, 0, &txn) == 0 &&
                   mdb_put(txn, bare.dbi, &k, &v, 0) == 0 && mdb_txn_commit(txn) == 0,
               "commit");
    return bench_now_us() - from;
}

/* In turn with what is measured, so that the disk and the machine are in the same mood. */
static void measure_floor(size_t i)
{
    ping_us[i] = ping();
    commit_us[2 * i] = commit_bare();
    commit_us[2 * i + 1] = commit_bare();
    floor_us[i] = ping_us[i] + commit_us[2 * i] + commit_us[2 * i + 1];
}

/* ---- two nodes ---- */

static void prepare(char meeting_hex[static 65])
{
    uint8_t meeting[32];
    struct bench_world *w = bench_world_new(2);
    for (uint32_t i = 0; i < 2; i++) {
        (void)snprintf(dirs[i], sizeof dirs[i], "%s/%u", bench_dir, (unsigned)i);
        bench_must(files_make_dir(dirs[i], 0700) == HOP_OK, "make directories");
        bench_device_add(w, i, dirs[i]);
    }
    bench_found(w, 0);
    bench_join(w, 0, 1);
    bench_convene(w, 0, meeting);
    bench_gather(w, 0, 1, 2);
    for (uint32_t i = 0; i < 2; i++)
        bench_save_keys(w, i, dirs[i]);
    bench_world_free(w);
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(meeting_hex + 2 * i, 3, "%02x", meeting[i]);
}

static uint64_t shown(int fd)
{
    return bench_number(bench_ask(fd, "GET", "/api/status", ""), "records");
}

/* Linked, and on the same records. */
static void wait_until_level(const int fds[static 2])
{
    double give_up = bench_now_us() + 60e6;
    for (;;) {
        bool level = shown(fds[0]) == shown(fds[1]);
        for (int i = 0; i < 2; i++)
            level = level && strstr(bench_ask(fds[i], "GET", "/api/status", ""),
                                    "\"in_sync\": true") != NULL;
        if (level)
            return;
        bench_must(bench_now_us() < give_up, "two nodes that find each other");
        bench_pause_us(50000);
    }
}

static void push(const int fds[static 2], const char *meeting)
{
    char path[128], body[512];
    uint64_t before = shown(fds[1]);
    (void)snprintf(path, sizeof path, "/api/meetings/%s/opinions", meeting);
    for (uint64_t i = 0; i < ACTS; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"item\": 1, \"text\": \"Tôi đề nghị sửa cống ở cây số ba trước khi mùa "
                       "mưa đến, vì xe của trạm y tế không qua được khi nước lên. (%llu)\"}",
                       (unsigned long long)i);
        double from = bench_now_us();
        (void)bench_ask(fds[0], "POST", path, body);
        post_us[i] = bench_now_us() - from;
        while (shown(fds[1]) < before + i + 1)
            bench_must(bench_now_us() < from + 10e6, "a record that arrives");
        push_us[i] = bench_now_us() - from;
        bench_pause_us(PAUSE_US);
        measure_floor(i);
    }
}

static void report(const char *what, double *values, size_t count, double *least,
                   const char *beside, double share, const char *note)
{
    bench_report(what, bench_percentile(values, count, share) / 1e3, "ms",
                 least == NULL ? 0 : bench_percentile(least, ACTS, share) / 1e3, beside, "%s",
                 note);
}

int main(int argc, char **argv)
{
    static const char *const more[2][5] = {
        {"--beacon-port", "47221", "--peer", "127.0.0.1:47222", NULL},
        {"--beacon-port", "47222", "--peer", "127.0.0.1:47221", NULL}};
    char meeting[65];
    pid_t pids[2];
    int fds[2];
    bench_start("live", argc, argv);
    bench_make_dir();
    open_ping();
    open_bare_store();
    for (int i = 0; i < 20; i++)
        (void)ping(); /* the handshake, and warm caches */
    prepare(meeting);
    for (int i = 0; i < 2; i++)
        pids[i] = bench_run_node(dirs[i], more[i]);
    for (int i = 0; i < 2; i++)
        fds[i] = bench_wait_for_node(dirs[i]);
    wait_until_level(fds);
    double cpu[2] = {bench_process_cpu_us(pids[0]), 0};
    push(fds, meeting);
    cpu[0] = (bench_process_cpu_us(pids[0]) - cpu[0]) / ACTS;
    for (int i = 0; i < 2; i++) {
        (void)close(fds[i]);
        bench_stop_node(pids[i]);
    }
    close_ping();
    mdb_env_close(bare.env);
    static const char beside[] = "ZeroMQ with CURVE one way + 2 bare LMDB commits";
    char note[80];
    (void)snprintf(note, sizeof note, "%d acts, CPU of the author's node %.2f ms each", ACTS,
                   cpu[0] / 1e3);
    report("live push, post to shown, p50", push_us, ACTS, floor_us, beside, 0.5, note);
    report("live push, post to shown, p99", push_us, ACTS, floor_us, beside, 0.99, "");
    report("post to answer, p50", post_us, ACTS, commit_us, "a bare LMDB commit", 0.5,
           "durable on the author's node");
    report("ZeroMQ with CURVE, 600 bytes one way, p50", ping_us, ACTS, NULL, NULL, 0.5, "");
    report("ZeroMQ with CURVE, 600 bytes one way, p99", ping_us, ACTS, NULL, NULL, 0.99, "");
    report("bare LMDB commit of 600 bytes, p50", commit_us, 2 * ACTS, NULL, NULL, 0.5, "one fsync");
    report("bare LMDB commit of 600 bytes, p99", commit_us, 2 * ACTS, NULL, NULL, 0.99, "");
    return bench_end();
}
