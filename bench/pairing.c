/* Admission on a local network: from the moment the joiner has typed the code until its device has
 * the cell, two real processes on loopback. The people (reading out, typing) are not in it, nor is
 * Argon2id, which runs before. Between lie the CPace exchange, two commits of the inviter
 * (invitation, admission), one key file, a beacon and a CURVE handshake. Goal: one second. */
#include "bench/devices.h"
#include "bench/process.h"

#include "device/pairing.h"
#include "node/join.h"

#define ROUNDS 20
#define PORT   "27871"

static double code_us[ROUNDS], face_us[ROUNDS], text_us[ROUNDS], cpace_us[ROUNDS];
static char inviter_dir[300];

static int reach(void)
{
    double give_up = bench_now_us() + 20e6;
    int fd = bench_connect(inviter_dir);
    while (fd < 0 && bench_now_us() < give_up) {
        bench_pause_us(20000);
        fd = bench_connect(inviter_dir);
    }
    bench_must(fd >= 0, "the inviter runs");
    return fd;
}

/* The text under a key of a reply. */
static void word_of(const char *reply, const char *key, char *ret, size_t size)
{
    char start[40];
    (void)snprintf(start, sizeof start, "\"%s\": \"", key);
    const char *from = strstr(reply, start);
    bench_must(from != NULL, key);
    from += strlen(start);
    size_t n = strcspn(from, "\"");
    bench_must(n < size, "room for a word");
    memcpy(ret, from, n);
    ret[n] = '\0';
}

/* A device that has no cell, opened; its passphrase costs what it costs before the clock starts. */
static void new_joiner(struct node *n, size_t number)
{
    char dir[300];
    struct node_trouble trouble = {0};
    (void)snprintf(dir, sizeof dir, "%s/j%zu", bench_dir, number);
    bench_must(node_init(dir, BENCH_PASSPHRASE, KEYFILE_MEMORY_FLOOR, &trouble) == HOP_OK &&
                   node_open(n, dir, BENCH_PASSPHRASE, TEXT_EN, &trouble) == HOP_OK,
               "a device to join with");
}

static double join(struct node *n, const struct joining_how *how, struct pairing *face)
{
    static const struct node_options options = {.beacon_port = 27872,
                                                .bind_address = "127.0.0.1",
                                                .no_multicast = true,
                                                .peers = {"127.0.0.1:" PORT},
                                                .peers_count = 1};
    struct device_join joined;
    struct node_trouble trouble = {0};
    double from = bench_now_us();
    int err = node_join(n, how, face, &options, 20, &joined, &trouble);
    double took = bench_now_us() - from;
    bench_must(err == HOP_OK && device_has_cell(n->device), "the joiner is admitted");
    return took;
}

static double by_code(int fd, size_t i)
{
    char body[100], words[40];
    struct node n;
    struct pairing_code code;
    struct text_said why;
    new_joiner(&n, i);
    (void)snprintf(body, sizeof body, "{\"name\":\"C%zu\",\"way\":\"code\"}", i);
    word_of(bench_ask(fd, "POST", "/api/pairings", body), "code", words, sizeof words);
    bench_must(pairing_code_read(&code, words, &why) == HOP_OK, "a code");
    const struct joining_how how = {.code = &code};
    double took = join(&n, &how, NULL);
    node_close(&n);
    return took;
}

static double by_face(int fd, size_t i)
{
    char body[400], path[60], words[PAIRING_CARD_TEXT_BYTES];
    struct node n;
    struct pairing face;
    struct pairing_card theirs;
    struct text_said why;
    new_joiner(&n, i);
    pairing_open_face(&face, false, "", &n.drbg, n.now);
    (void)snprintf(body, sizeof body, "{\"name\":\"C%zu\",\"way\":\"face\"}", i);
    const char *reply = bench_ask(fd, "POST", "/api/pairings", body);
    (void)snprintf(path, sizeof path, "/api/pairings/%llu/card",
                   (unsigned long long)bench_number(reply, "number"));
    word_of(reply, "card", words, sizeof words);
    bench_must(pairing_card_read(&theirs, words, &why) == HOP_OK &&
                   pairing_meet(&face, &theirs, &why) == HOP_OK,
               "a card");
    pairing_card_text(words, &face.own);
    (void)snprintf(body, sizeof body, "{\"card\":\"%s\"}", words);
    (void)bench_ask(fd, "POST", path, body);
    const struct joining_how how = {.face = true};
    double took = join(&n, &how, &face);
    node_close(&n);
    return took;
}

static double by_text(int fd, size_t i)
{
    char body[100], words[INVITE_TEXT_BYTES];
    struct node n;
    struct device_join invitation;
    struct text_said why;
    new_joiner(&n, i);
    (void)snprintf(body, sizeof body, "{\"name\":\"C%zu\",\"address\":\"127.0.0.1:" PORT "\"}", i);
    word_of(bench_ask(fd, "POST", "/api/invitations", body), "invitation", words, sizeof words);
    bench_must(device_join_read(&invitation, words, &why) == HOP_OK, "an invitation");
    const struct joining_how how = {.join = &invitation};
    double took = join(&n, &how, NULL);
    node_close(&n);
    return took;
}

/* Both sides of an exchange in memory: what the cryptography of a code costs. */
static double exchange(struct hop_drbg *drbg)
{
    static struct pairing host, guest;
    uint8_t a[BEACON_PLAIN_BYTES], b[BEACON_PLAIN_BYTES];
    struct pairing_code code;
    pairing_code_new(&code, drbg);
    double from = bench_cpu_us();
    pairing_open_code(&host, true, &code, drbg, 0);
    pairing_open_code(&guest, false, &code, drbg, 0);
    bench_must(pairing_speak(&guest, 0, a) && pairing_hear(&host, a, 0, b) &&
                   pairing_hear(&guest, b, 0, a) && !pairing_hear(&host, a, 0, b) &&
                   host.state == PAIRING_PROVED,
               "an exchange");
    pairing_give(&host, "HOP1-04ADBZSP", b);
    (void)pairing_hear(&guest, b, 0, a);
    bench_must(guest.state == PAIRING_DONE, "an exchange");
    return bench_cpu_us() - from;
}

static void found(void)
{
    struct node n;
    struct node_trouble trouble = {0};
    struct text_said why;
    char path[400];
    (void)snprintf(inviter_dir, sizeof inviter_dir, "%s/a", bench_dir);
    bench_must(node_init(inviter_dir, BENCH_PASSPHRASE, KEYFILE_MEMORY_FLOOR, &trouble) == HOP_OK &&
                   node_open(&n, inviter_dir, BENCH_PASSPHRASE, TEXT_EN, &trouble) == HOP_OK &&
                   device_found(n.device, "Cell", "assembly", span_text("name = \"assembly\";\n"),
                                "An", ROLE_SECRETARY, n.wall, &why) == HOP_OK &&
                   node_commit(&n) == HOP_OK,
               "found a cell");
    node_close(&n);
    (void)snprintf(path, sizeof path, "%s/passphrase", inviter_dir);
    FILE *f = fopen(path, "w");
    bench_must(f != NULL && fputs(BENCH_PASSPHRASE "\n", f) >= 0 && fclose(f) == 0, "a passphrase");
}

static void report(const char *what, double *values, double floor_us)
{
    double most = bench_percentile(values, ROUNDS, 0.95);
    bench_report(what, bench_percentile(values, ROUNDS, 0.5) / 1e3, "ms", floor_us / 1e3,
                 "the same with an invitation's text", "95 %%: %.0f ms; goal 1000 ms", most / 1e3);
}

int main(int argc, char **argv)
{
    static const char *const more[] = {"--beacon-port", PORT, NULL};
    struct hop_drbg drbg;
    bench_start("pairing", argc, argv);
    bench_make_dir();
    bench_must(hop_init() == HOP_OK, "libsodium");
    hop_entropy_seed(&drbg);
    found();
    pid_t pid = bench_run_node(inviter_dir, more);
    int fd = reach();
    for (size_t i = 0; i < ROUNDS; i++) {
        cpace_us[i] = exchange(&drbg);
        text_us[i] = by_text(fd, 3 * i);
        code_us[i] = by_code(fd, 3 * i + 1);
        face_us[i] = by_face(fd, 3 * i + 2);
    }
    double least = bench_percentile(text_us, ROUNDS, 0.5);
    report("cell: admission by code", code_us, least);
    report("cell: admission face to face", face_us, least);
    bench_report("cell: admission by an invitation's text", least / 1e3, "ms", 0, NULL,
                 "95 %%: %.0f ms", bench_percentile(text_us, ROUNDS, 0.95) / 1e3);
    bench_report("cell: a code's exchange, both sides, CPU",
                 bench_percentile(cpace_us, ROUNDS, 0.5), "us", 0, NULL, "CPace and its proofs");
    (void)close(fd);
    bench_stop_node(pid);
    return bench_end();
}
