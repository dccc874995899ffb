/* Makes the vectors of record/, epoch/, invite/ and dossier/, and the seeds of their fuzz targets.
 *
 *     HOP_VECTORS=. build/debug-gcc/tests/unit/device/formats_test made_again
 *
 * writes them into this tree; without HOP_VECTORS the test makes them in a directory of its own, to
 * see that they can still be made. All keys come from fixed seeds; nothing is random. */
#ifndef HOP_TESTS_VECTORS_MAKE_H
#define HOP_TESTS_VECTORS_MAKE_H

#include <sys/stat.h>

#include "base/encode.h"
#include "device/dossier.h"

#include "tests/unit/device/party.h"

static FILE *out;
static const char *root; /* where the tree begins */

static FILE *create(const char *path)
{
    char whole[512];
    CHECK((size_t)snprintf(whole, sizeof whole, "%s/%s", root, path) < sizeof whole);
    FILE *f = fopen(whole, "wb");
    if (f == NULL)
        fail_msg("%s cannot be written", whole);
    return f;
}

static void open_out(const char *path)
{
    out = create(path);
}

static void put(const char *name, struct span bytes)
{
    char *hex = malloc(HEX_SIZE(bytes.size));
    CHECK(hex != NULL);
    hex_encode(hex, bytes);
    (void)fprintf(out, "%s = %s\n", name, hex);
    free(hex);
}

static void put32(const char *name, const uint8_t *bytes)
{
    put(name, SPAN(bytes, 32));
}

static void seed_file(const char *path, uint8_t first, struct span bytes)
{
    FILE *f = create(path);
    if (first != 0xff)
        (void)fputc(first, f);
    CHECK(fwrite(bytes.data, 1, bytes.size, f) == bytes.size);
    (void)fclose(f);
}

static void counting(uint8_t ret[static 32], uint8_t from)
{
    for (uint8_t i = 0; i < 32; i++)
        ret[i] = (uint8_t)(from + i);
}

/* ---- record/ ---- */

static void make_record(const char *path, const char *seed_path, enum record_lane lane,
                        const char *body, size_t deps_count)
{
    uint8_t log_seed[32], secret[32], drbg_seed[32], prev[32] = {0}, id[32], key[32];
    uint8_t deps[64], text_hash[32];
    static uint8_t bytes[8192], plain[8192];
    size_t size = sizeof bytes;
    struct hop_sign_key log;
    struct hop_drbg drbg;
    struct epoch e;
    struct record r;
    struct record_inner back;
    counting(log_seed, 0x00);
    counting(secret, 0x20);
    counting(drbg_seed, 0x40);
    counting(deps, 0x60);
    counting(deps + 32, 0x80);
    hop_sign_keypair(&log, log_seed);
    hop_drbg_seed(&drbg, drbg_seed);
    epoch_derive(&e, secret, NULL);
    struct record_inner inner = {.type = 40,
                                 .class = 1,
                                 .version = 1,
                                 .wall = PARTY_WALL,
                                 .deps = deps,
                                 .deps_count = deps_count,
                                 .body = span_text(body)};
    struct record_place place = {
        .lane = lane, .seq = deps_count + 1, .prev = prev, .log_key = &log, .epoch = &e};
    if (place.seq > 1)
        counting(prev, 0xa0);
    CHECK_OK(record_seal(bytes, &size, id, &place, &inner, &drbg));
    CHECK_OK(record_parse(&r, SPAN(bytes, size)));
    record_key(key, record_class_key(&e, lane), r.header);
    CHECK_OK(record_open(&back, plain, &r, key));
    record_text_hash(text_hash, r.text);
    open_out(path);
    (void)fprintf(out, "lane = %u\nseq = %llu\n", (unsigned)lane, (unsigned long long)place.seq);
    put32("log_seed", log_seed);
    put32("log_id", log.public_key);
    put32("epoch_secret", secret);
    put32("prev", prev);
    put("nonce", SPAN(r.nonce, 24));
    put("inner", SPAN(plain, r.text.size - CRYPTO_TAG_BYTES));
    put32("class_key", record_class_key(&e, lane));
    put32("record_key", key);
    put("key_commitment", SPAN(r.kc, 16));
    put("header", r.header);
    put("text", r.text);
    put32("text_hash", text_hash);
    put32("id", id);
    put("signature", SPAN(r.sig, 64));
    (void)fclose(out);
    seed_file(seed_path, 0xff, SPAN(bytes, size));
    seed_file(lane == LANE_MEETING ? "tests/fuzz/corpus/inner/deps"
                                   : "tests/fuzz/corpus/inner/plain",
              0xff, SPAN(plain, r.text.size - CRYPTO_TAG_BYTES));
}

/* ---- epoch/ ---- */

static void put_epoch_keys(const struct epoch *e)
{
    put32("epoch_secret", e->secret);
    put32("history_secret", e->history);
    put32("auth", e->auth);
    put32("body", e->body);
    put32("route", e->route);
    put32("meet", e->meet);
    put32("commit", e->commit);
    put("cell_tag", SPAN(e->tag, 16));
}

/* Two devices and a carrier, after one epoch before; and a GRANT to a device that was left out. */
static void make_epoch(void)
{
    static uint8_t text[EPOCH_TEXT_BYTES_MAX], grant[GRANT_TEXT_BYTES];
    static const enum epoch_hold shares[] = {EPOCH_HISTORY, EPOCH_SECRET, EPOCH_ROUTE};
    uint8_t bytes[32], history[32], id[32], log[32], iks[3][32], hint[8];
    struct hop_box_key kem[3];
    struct hop_drbg drbg;
    struct epoch e, before;
    const struct epoch *parents[] = {&before};
    struct epoch_recipient to[3];
    counting(bytes, 0x40);
    hop_drbg_seed(&drbg, bytes);
    counting(bytes, 0x20);
    counting(history, 0x30);
    epoch_derive(&e, bytes, history);
    counting(bytes, 0x10);
    counting(history, 0x18);
    epoch_derive(&before, bytes, history);
    counting(id, 0x60);
    counting(log, 0x80);
    epoch_hint(hint, &e, log);
    open_out("tests/vectors/epoch/slots.txt");
    put_epoch_keys(&e);
    put32("cell_id", id);
    put32("log_id", log);
    put("hint", SPAN(hint, 8));
    for (uint8_t i = 0; i < 3; i++) {
        char name[16];
        counting(iks[i], (uint8_t)(0x90 + i));
        counting(bytes, (uint8_t)(0xa0 + 0x20 * i));
        hop_box_keypair(&kem[i], bytes);
        to[i] =
            (struct epoch_recipient){.ik = iks[i], .kem = kem[i].public_key, .share = shares[i]};
        (void)snprintf(name, sizeof name, "ik_%u", i + 1u);
        put32(name, iks[i]);
        (void)snprintf(name, sizeof name, "kem_secret_%u", i + 1u);
        put32(name, kem[i].secret);
        (void)snprintf(name, sizeof name, "kem_public_%u", i + 1u);
        put32(name, kem[i].public_key);
    }
    put32("parent_secret", before.secret);
    put32("parent_history", before.history);
    struct epoch_context context = {.cell_id = id, .log = log};
    struct epoch_made made = {.reason = EPOCH_LEFT,
                              .generation = 2,
                              .wall = UINT64_C(1796412600000000),
                              .parents = parents,
                              .parents_count = 1,
                              .recipients = to,
                              .recipients_count = 3};
    struct wire_writer w = wire_writer(text, sizeof text);
    CHECK_OK(epoch_put(&w, &e, &context, &made, &drbg));
    put("text", wire_written(&w));
    struct wire_writer g = wire_writer(grant, sizeof grant);
    CHECK_OK(epoch_grant_put(&g, &e, &context, &to[1], &drbg));
    put("grant", wire_written(&g));
    (void)fclose(out);
    seed_file("tests/fuzz/corpus/epoch/slots", 0, wire_written(&w));
    seed_file("tests/fuzz/corpus/epoch/grant", 0, wire_written(&g));
    seed_file("tests/fuzz/corpus/epoch/overlay", 1, SPAN(text, 0));
}

/* ---- invite/ and dossier/: a cell of two ---- */

static void make_auth_seeds(const struct cell *c, const struct device_keys *keys)
{
    uint8_t body[1024];
    struct wire_writer w = wire_writer(body, sizeof body);
    auth_genesis_put(&w, cell_genesis(c));
    seed_file("tests/fuzz/corpus/auth/genesis", 0, wire_written(&w));
    w = wire_writer(body, sizeof body);
    auth_invite_put(&w, &cell_invite(c, 0)->body);
    seed_file("tests/fuzz/corpus/auth/invite", 1, wire_written(&w));
    w = wire_writer(body, sizeof body);
    struct auth_admit a = {.cert = cell_device(c, 0)->cert, .name = "Founder"};
    auth_admit_put(&w, &a);
    seed_file("tests/fuzz/corpus/auth/admit", 2, wire_written(&w));
    w = wire_writer(body, sizeof body);
    struct auth_log_open o = {.incarnation = 1};
    auth_log_open_sign(&o, &keys->ik, keys->log[0].public_key);
    auth_log_open_put(&w, &o);
    seed_file("tests/fuzz/corpus/auth/log_open", 3, wire_written(&w));
}

static void make_invite(struct party *p)
{
    struct device_invite invite;
    struct device_join j;
    struct text_said why;
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    CHECK_OK(device_invite(p->devices[0].d, "Lò Thị B", ROLE_MEMBER, CATEGORY_FULL,
                           "192.168.1.5:4870", party_wall(p), &invite, &why));
    CHECK_OK(party_commit(p, 0));
    CHECK_OK(device_join_read(&j, invite.text, &why));
    CHECK_OK(device_join_request(p->devices[1].d, &j, request, &request_size));
    open_out("tests/vectors/invite/join.txt");
    (void)fprintf(out, "text = %s\naddress = %s\n", invite.text, j.address);
    put("seed", SPAN(j.seed, 16));
    put32("cell_id", j.cell_id);
    put("invite_id", SPAN(invite.id, 16));
    put32("sign_seed", j.sign_key.secret);
    put32("sign_key", j.sign_key.public_key);
    put32("link_secret", j.link_key.secret);
    put32("link_key", j.link_key.public_key);
    put32("disc_key", j.disc_key);
    const struct device_keys *k = &p->devices[1].keys;
    put32("joiner_ik_seed", k->ik.secret);
    put32("joiner_lk", k->lk.public_key);
    put32("joiner_kem_secret", k->kem.secret);
    put32("joiner_kem", k->kem.public_key);
    put("request", SPAN(request, request_size));
    device_join_answer(p->devices[0].d, SPAN(request, request_size), j.link_key.public_key,
                       party_wall(p), answer, &answer_size);
    CHECK_OK(party_commit(p, 0));
    put("answer", SPAN(answer, answer_size));
    put32("epoch_secret", p->devices[0].keys.epochs[0].secret);
    (void)fclose(out);
    seed_file("tests/fuzz/corpus/invite/text", 0xff, span_text(invite.text));
    seed_file("tests/fuzz/corpus/join/request", 0, SPAN(request, request_size));
    seed_file("tests/fuzz/corpus/join/overlay", 1, SPAN(request, 0));
    seed_file("tests/fuzz/corpus/join/answer", 2, SPAN(answer, answer_size));
    CHECK_OK(party_finish(p, 1, &j, SPAN(answer, answer_size), &why));
    make_auth_seeds(device_cell(p->devices[0].d), &p->devices[0].keys);
}

/* The items of a dossier as the fuzz target takes them. */
static void make_dossier_seed(const struct buf *file)
{
    struct buf seed = {0};
    const char *text = strstr(buf_string(file), "<script");
    CHECK(text != NULL);
    text = strchr(strchr(text, '\n') + 1, '\n') + 1;
    while (*text != '<') {
        size_t n = strcspn(text, "\n"), size = n;
        uint8_t *bytes = malloc(n), head[3] = {1};
        CHECK(bytes != NULL);
        CHECK_OK(base64_decode(bytes, &size, SPAN((const uint8_t *)text, n)));
        head[1] = (uint8_t)(size >> 8);
        head[2] = (uint8_t)size;
        buf_bytes(&seed, head, 3);
        buf_bytes(&seed, bytes, size);
        free(bytes);
        text += n + 1;
    }
    seed_file("tests/fuzz/corpus/dossier/items", 0, buf_written(&seed));
    buf_free(&seed);
}

static void make_dossier(struct party *p)
{
    struct buf file = {0};
    struct text_said why;
    uint8_t id[32];
    party_run(p, 5);
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    static const enum act_type acts[] = {ACT_NOTICE, ACT_OPEN, ACT_CLOSE};
    for (size_t i = 0; i < 3; i++) {
        a = party_a(p, acts[i]);
        CHECK_OK(party_act(p, 0, &a, id));
    }
    CHECK_OK(party_sign_minutes(p, 0));
    party_run(p, 5);
    CHECK_OK(
        dossier_write(p->devices[0].d, party_meeting(p, 0), TEXT_VI, party_wall(p), &file, &why));
    seed_file("tests/vectors/dossier/meeting.html", 0xff, buf_written(&file));
    seed_file("tests/fuzz/corpus/dossier/file", 0xff, buf_written(&file));
    make_dossier_seed(&file);
    buf_free(&file);
}

static const char *const vectors_folders[] = {
    "tests",
    "tests/vectors",
    "tests/vectors/record",
    "tests/vectors/epoch",
    "tests/vectors/invite",
    "tests/vectors/dossier",
    "tests/fuzz",
    "tests/fuzz/corpus",
    "tests/fuzz/corpus/record",
    "tests/fuzz/corpus/inner",
    "tests/fuzz/corpus/epoch",
    "tests/fuzz/corpus/auth",
    "tests/fuzz/corpus/invite",
    "tests/fuzz/corpus/join",
    "tests/fuzz/corpus/dossier",
};

/* Everything, below where. */
static void vectors_make(const char *where)
{
    char folder[512];
    root = where;
    CHECK_OK(hop_init());
    for (size_t i = 0; i < sizeof vectors_folders / sizeof vectors_folders[0]; i++) {
        (void)snprintf(folder, sizeof folder, "%s/%s", root, vectors_folders[i]);
        (void)mkdir(folder, 0777);
    }
    make_record("tests/vectors/record/control.txt", "tests/fuzz/corpus/record/control",
                LANE_CONTROL, "", 0);
    make_record("tests/vectors/record/meeting.txt", "tests/fuzz/corpus/record/meeting",
                LANE_MEETING, "\xa1\x01\x02", 2);
    make_epoch();
    struct party *p = party_new(2);
    CHECK_OK(party_found(p, 0));
    make_invite(p);
    make_dossier(p);
    party_free(p);
}

#endif
