/* The same records in any order of arrival: the same cell and the same meetings, to the byte. And
 * records that nobody honest writes. */
#include "device/device.h"

#include "device/state.h"

#include "tests/unit/device/party.h"

/* A device that holds the cell's key and is not in it: it reads all and writes nothing. */
static void reader_start(struct party_device *x, const struct party_device *like)
{
    struct hop_drbg drbg;
    uint8_t seed[32] = {0x4e};
    struct device_config config = {.keys = &x->keys, .seed = {0x4f}};
    memset(x, 0, sizeof *x);
    hop_drbg_seed(&drbg, seed);
    device_keys_new(&x->keys, &drbg);
    x->keys.has_cell = true;
    memcpy(x->keys.cell_id, like->keys.cell_id, 32);
    memcpy(x->keys.epochs, like->keys.epochs, sizeof x->keys.epochs);
    x->keys.epochs_count = like->keys.epochs_count;
    memcpy(x->keys.sync_key, like->keys.sync_key, 32);
    memcpy(x->keys.log_epoch, like->keys.log_epoch, 16);
    device_keys_reincarnate(&x->keys, &drbg);
    x->store = config.store = store_memory_new(0);
    CHECK(x->store != NULL);
    CHECK_OK(device_new(&x->d, &config));
}

static void reader_stop(struct party_device *x)
{
    device_free(x->d);
    store_close(x->store);
}

/* Put a record into the store as if the mesh had brought it. */
static void feed(struct party_device *x, struct span record)
{
    struct record r;
    struct store_tip tip = {0};
    uint32_t index;
    CHECK_OK(record_parse(&r, record));
    tip.seq = r.seq;
    record_id(tip.head, r.header, r.text);
    struct device_log *log = device_log_state(x->d, r.log, &index);
    CHECK(log != NULL);
    CHECK_OK(store_append(x->store, r.log, &tip, record));
    log->tip = r.seq;
}

static void reader_commit(struct party *p, struct party_device *x)
{
    bool again = true;
    while (again) {
        int err = store_commit(x->store);
        CHECK_OK(device_committed(x->d, err, p->now, party_wall(p), &p->outs, &again));
    }
}

/* Feed all records of from's store to a fresh reader, logs interleaved at random. */
static void feed_shuffled(struct party *p, struct party_device *from, struct rng *r,
                          struct party_device *x)
{
    struct party_tip tips[PARTY_LOGS_MAX];
    uint64_t next[PARTY_LOGS_MAX], left = 0;
    size_t logs = from->durable_count;
    memcpy(tips, from->durable, sizeof tips);
    for (size_t i = 0; i < logs; i++) {
        next[i] = 1;
        left += tips[i].seq;
    }
    while (left > 0) {
        size_t i = (size_t)rng_below(r, logs);
        size_t run = 1 + (size_t)rng_below(r, 6);
        for (; run > 0 && next[i] <= tips[i].seq; run--, left--) {
            struct span bytes;
            CHECK_OK(store_get(from->store, tips[i].log, next[i]++, &bytes));
            feed(x, bytes);
        }
        if (rng_below(r, 3) == 0)
            reader_commit(p, x);
    }
    reader_commit(p, x);
}

static struct party *a_split_meeting(void)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    struct act a;
    party_hold_meeting(p, span_text("Dự thảo"));
    party_unlink(p, 0, 1);
    party_unlink(p, 0, 2);
    party_unlink(p, 1, 2);
    for (uint32_t i = 0; i < 3; i++) {
        a = party_a(p, ACT_VOTE);
        a.value = CHOICE_AGREE + i;
        CHECK_OK(party_act(p, i, &a, id));
        a = party_a(p, ACT_OPINION);
        CHECK_OK(party_act(p, i, &a, id));
    }
    a = party_a(p, ACT_TALLY);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    CHECK_OK(party_sign_minutes(p, 0));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 0)->motions[0].late, 2);
    return p;
}

/* Whoever meets whom first must not decide what a device shows. */
TEST(device_shows_the_same_for_every_order_of_arrival)
{
    struct party *p = a_split_meeting();
    struct rng r = test_rng("feed");
    uint8_t want[32], got[32];
    party_digest(p, 0, want);
    for (unsigned round = 0; round < 40; round++) {
        struct party_device x;
        reader_start(&x, &p->devices[0]);
        feed_shuffled(p, &p->devices[round % 3], &r, &x);
        CHECK_EQ(device_pending_count(x.d), 0);
        CHECK_EQ(device_record_count(x.d), device_record_count(p->devices[0].d));
        meeting_digest(device_meetings(x.d), device_cell(x.d), got);
        CHECK_BYTES(got, want, 32);
        CHECK_EQ(cell_ignored_count(device_cell(x.d)), 0);
        struct device_config config = {.keys = &x.keys, .store = x.store, .seed = {1}};
        device_free(x.d); /* and all at once, as after a start */
        CHECK_OK(device_new(&x.d, &config));
        meeting_digest(device_meetings(x.d), device_cell(x.d), got);
        CHECK_BYTES(got, want, 32);
        reader_stop(&x);
    }
    party_free(p);
}

/* ---- logs that nobody honest writes ---- */

struct forger {
    struct hop_sign_key log;
    struct hop_drbg drbg;
    struct epoch epoch;
    enum record_lane lane;
    uint64_t seq;
    uint8_t head[32];
};

static void forger_begin(struct forger *f, const struct party *p, uint8_t n, enum record_lane lane)
{
    uint8_t seed[32] = {n, 0xf0};
    memset(f, 0, sizeof *f);
    hop_sign_keypair(&f->log, seed);
    hop_drbg_seed(&f->drbg, seed);
    f->epoch = *epochs_send(device_epochs(p->devices[0].d));
    f->lane = lane;
}

static void forge(struct forger *f, struct party_device *x, const struct record_inner *inner)
{
    static uint8_t bytes[4096];
    size_t size = sizeof bytes;
    uint8_t prev[32];
    memcpy(prev, f->head, 32);
    struct record_place place = {
        .lane = f->lane, .seq = ++f->seq, .prev = prev, .log_key = &f->log, .epoch = &f->epoch};
    CHECK_OK(record_seal(bytes, &size, f->head, &place, inner, &f->drbg));
    feed(x, SPAN(bytes, size));
}

/* A LOG-OPEN by a real member's key, altered as n says; 0: a good one. */
static void forge_log_open(struct forger *f, const struct party *p, struct party_device *x,
                           unsigned n)
{
    uint8_t body[256];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct auth_log_open o = {.incarnation = 9, .lane = (uint8_t)f->lane};
    memcpy(o.cell_id, cell_id(device_cell(p->devices[0].d)), 32);
    if (n == 1)
        o.cell_id[0] ^= 1;
    if (n == 2)
        o.lane = LANE_BULK;
    auth_log_open_sign(&o, &p->devices[1].keys.ik, f->log.public_key);
    if (n == 3)
        o.sig[0] ^= 1;
    if (n == 4)
        o.ik[0] ^= 1;
    if (n == 5)
        o.incarnation++;
    auth_log_open_put(&w, &o);
    struct record_inner inner = {.type = n == 6 ? ACT_OPINION : AUTH_LOG_OPEN,
                                 .body = wire_written(&w)};
    if (n == 7)
        inner.body.size--;
    forge(f, x, &inner);
}

static void forge_opinion(struct forger *f, const struct party *p, struct party_device *x)
{
    uint8_t body[256];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct act a = party_a(p, ACT_OPINION);
    uint8_t dep[32];
    uint32_t last = history_ordered(x->d->history, history_count(x->d->history) - 1);
    memcpy(dep, history_at(x->d->history, last)->id, 32);
    CHECK_OK(act_put(&w, &a));
    struct record_inner inner = {
        .type = ACT_OPINION, .deps = dep, .deps_count = 1, .body = wire_written(&w)};
    forge(f, x, &inner);
}

/* Words whose author nobody can name must not be shown as anybody's. */
TEST(device_does_not_open_a_log_that_is_bound_to_nobody)
{
    struct party *p = party_gathered(2);
    party_hold_meeting(p, (struct span){0});
    size_t opinions = party_meeting(p, 0)->opinions_count;
    for (unsigned n = 0; n <= 7; n++) {
        struct party_device x;
        struct rng r = test_rng("bind");
        struct forger f;
        reader_start(&x, &p->devices[0]);
        feed_shuffled(p, &p->devices[0], &r, &x);
        uint64_t records = device_record_count(x.d);
        forger_begin(&f, p, (uint8_t)n, LANE_MEETING);
        forge_log_open(&f, p, &x, n);
        forge_opinion(&f, p, &x);
        reader_commit(p, &x);
        CHECK_EQ(device_record_count(x.d), n == 0 ? records + 2 : records);
        const struct meeting *m = meeting_find(device_meetings(x.d), p->meeting);
        CHECK_EQ(m->opinions_count, n == 0 ? opinions + 1 : opinions);
        CHECK(n != 0 || m->opinions[opinions].member == 1);
        reader_stop(&x);
    }
    party_free(p);
}

/* Under a key we do not hold: it waits, is counted as waiting, and stops nothing else. */
TEST(device_log_under_an_unknown_epoch_waits)
{
    struct party *p = party_gathered(2);
    struct party_device x;
    struct rng r = test_rng("wait");
    struct forger f, g;
    uint8_t secret[32] = {0x77};
    party_hold_meeting(p, (struct span){0});
    reader_start(&x, &p->devices[0]);
    feed_shuffled(p, &p->devices[0], &r, &x);
    uint64_t records = device_record_count(x.d);
    forger_begin(&f, p, 1, LANE_MEETING);
    epoch_derive(&f.epoch, secret, NULL);
    forge_log_open(&f, p, &x, 0);
    forge_opinion(&f, p, &x);
    forger_begin(&g, p, 2, LANE_MEETING);
    forge_log_open(&g, p, &x, 0);
    forge_opinion(&g, p, &x);
    reader_commit(p, &x);
    CHECK_EQ(device_pending_count(x.d), 2);
    CHECK_EQ(device_record_count(x.d), records + 2);
    reader_stop(&x);
    party_free(p);
}

/* Seal bytes that are no inner text, under the right key. */
static void forge_garbage(struct forger *f, struct party_device *x)
{
    uint8_t bytes[RECORD_HEADER_BYTES + 32 + CRYPTO_TAG_BYTES + CRYPTO_SIG_BYTES], key[32];
    struct span header = SPAN(bytes, RECORD_HEADER_BYTES);
    struct record r = {.lane = f->lane, .seq = ++f->seq};
    uint8_t garbage[32];
    memset(garbage, 0xff, sizeof garbage);
    memcpy(r.cell_tag, f->epoch.tag, 16);
    memcpy(r.log, f->log.public_key, 32);
    memcpy(r.prev, f->head, 32);
    epoch_hint(r.hint, &f->epoch, r.log);
    r.text = SPAN(bytes + RECORD_HEADER_BYTES, 32 + CRYPTO_TAG_BYTES);
    record_header_put(bytes, &r);
    record_key(key, record_class_key(&f->epoch, f->lane), header);
    hop_derive(r.kc, sizeof r.kc, key, LABEL_REC_KC, (struct span){0});
    record_header_put(bytes, &r);
    hop_seal(bytes + RECORD_HEADER_BYTES, key, r.nonce, header, SPAN(garbage, sizeof garbage));
    record_id(f->head, header, r.text);
    hop_sign(bytes + RECORD_HEADER_BYTES + r.text.size, &f->log, LABEL_REC_SIG, SPAN(f->head, 32));
    feed(x, SPAN(bytes, sizeof bytes));
}

/* One record that cannot be read must not silence its author for ever. */
TEST(device_unreadable_record_does_not_block_its_log)
{
    struct party *p = party_gathered(2);
    struct party_device x;
    struct rng r = test_rng("garbage");
    struct forger f;
    party_hold_meeting(p, (struct span){0});
    size_t opinions = party_meeting(p, 0)->opinions_count;
    reader_start(&x, &p->devices[0]);
    feed_shuffled(p, &p->devices[0], &r, &x);
    forger_begin(&f, p, 3, LANE_MEETING);
    forge_log_open(&f, p, &x, 0);
    forge_garbage(&f, &x);
    forge_opinion(&f, p, &x);
    reader_commit(p, &x);
    CHECK_EQ(device_pending_count(x.d), 0);
    CHECK_EQ(meeting_find(device_meetings(x.d), p->meeting)->opinions_count, opinions + 1);
    CHECK_EQ(cell_ignored_count(device_cell(x.d)), 0); /* it was not for the cell to read */
    reader_stop(&x);
    party_free(p);
}

/* An epoch that a member made and sealed to this device alone, as the child of the one in use. */
static void forge_epoch(struct forger *f, struct party_device *x, const struct epoch *e)
{
    static uint8_t text[EPOCH_TEXT_BYTES_MAX], bytes[8192];
    struct wire_writer w = wire_writer(text, sizeof text);
    struct epoch_context context = {.cell_id = x->keys.cell_id, .log = f->log.public_key};
    const struct epoch *parent = epochs_send(device_epochs(x->d));
    struct epoch_recipient to = {
        .ik = x->keys.ik.public_key, .kem = x->keys.kem.public_key, .share = EPOCH_HISTORY};
    struct epoch_made made = {.generation = 2,
                              .parents = &parent,
                              .parents_count = 1,
                              .recipients = &to,
                              .recipients_count = 1};
    uint8_t prev[32];
    size_t size = sizeof bytes;
    memcpy(prev, f->head, 32);
    CHECK_OK(epoch_put(&w, e, &context, &made, &f->drbg));
    struct record_place place = {.lane = f->lane,
                                 .outer = OUTER_EPOCH,
                                 .seq = ++f->seq,
                                 .prev = prev,
                                 .log_key = &f->log,
                                 .epoch = &f->epoch};
    struct record_inner inner = {.body = wire_written(&w)};
    CHECK_OK(record_seal(bytes, &size, f->head, &place, &inner, &f->drbg));
    feed(x, SPAN(bytes, size));
}

/* Else any member could make others write for somebody who is not in the cell: here, for a device
 * that has its keys and was never admitted. It may read what is sealed to it, which is all that the
 * member could show it anyhow. */
TEST(device_does_not_write_under_an_epoch_for_strangers)
{
    struct party *p = party_gathered(2);
    struct party_device x;
    struct rng r = test_rng("epoch");
    struct forger f, g;
    struct epoch private;
    uint8_t secret[32] = {0x66};
    party_hold_meeting(p, (struct span){0});
    reader_start(&x, &p->devices[0]);
    feed_shuffled(p, &p->devices[0], &r, &x);
    size_t opinions = meeting_find(device_meetings(x.d), p->meeting)->opinions_count;
    CHECK(epochs_send(device_epochs(x.d)) != NULL);
    epoch_derive(&private, secret, secret);
    forger_begin(&f, p, 6, LANE_CONTROL);
    forge_log_open(&f, p, &x, 0);
    forge_epoch(&f, &x, &private);
    forger_begin(&g, p, 7, LANE_MEETING);
    g.epoch = private;
    forge_log_open(&g, p, &x, 0);
    forge_opinion(&g, p, &x);
    reader_commit(p, &x);
    CHECK(epochs_send(device_epochs(x.d)) == NULL); /* who may make one makes another */
    CHECK(epochs_by_tag(device_epochs(x.d), private.tag) != NULL);
    CHECK_EQ(meeting_find(device_meetings(x.d), p->meeting)->opinions_count, opinions + 1);
    CHECK_EQ(device_pending_count(x.d), 0);
    reader_stop(&x);
    party_free(p);
}

/* A record that names what nobody has: its log waits, the others go on; when it comes, so does it.
 */
TEST(device_record_waits_for_what_it_had_seen)
{
    struct party *p = party_gathered(2);
    struct party_device x;
    struct rng r = test_rng("deps");
    struct forger f, g;
    uint8_t dep[32];
    party_hold_meeting(p, (struct span){0});
    reader_start(&x, &p->devices[0]);
    feed_shuffled(p, &p->devices[0], &r, &x);
    uint64_t records = device_record_count(x.d);
    forger_begin(&f, p, 4, LANE_MEETING);
    forger_begin(&g, p, 5, LANE_MEETING);
    forge_log_open(&f, p, &x, 0);

    struct party_device aside; /* g is written there, to be named before it is here */
    reader_start(&aside, &p->devices[0]);
    forge_log_open(&g, p, &aside, 0);
    memcpy(dep, g.head, 32);
    struct record_inner inner = {.type = ACT_RECEIPT, .deps = dep, .deps_count = 1};
    forge(&f, &x, &inner);
    reader_commit(p, &x);
    CHECK_EQ(device_record_count(x.d), records + 1);
    CHECK_EQ(device_pending_count(x.d), 1);
    struct span bytes;
    CHECK_OK(store_get(aside.store, g.log.public_key, 1, &bytes));
    feed(&x, bytes);
    reader_commit(p, &x);
    CHECK_EQ(device_record_count(x.d), records + 3);
    CHECK_EQ(device_pending_count(x.d), 0);
    reader_stop(&aside);
    reader_stop(&x);
    party_free(p);
}

/* Everybody in the largest cell votes, and the chair closes: all of them must have been seen, or a
 * vote that arrived in time would be late. */
TEST(device_act_names_all_logs_of_the_largest_cell)
{
    struct party *p = party_gathered(1);
    static struct forger f[2 * CELL_MEMBERS_MAX];
    struct party_device *x = &p->devices[0];
    uint8_t id[32];
    for (size_t i = 0; i < 2 * CELL_MEMBERS_MAX; i++) {
        uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8), 0xf1};
        forger_begin(&f[i], p, 0, i % 2 == 0 ? LANE_MEETING : LANE_CONTROL);
        hop_sign_keypair(&f[i].log, seed);
        uint8_t body[256];
        struct wire_writer w = wire_writer(body, sizeof body);
        struct auth_log_open o = {.lane = (uint8_t)f[i].lane};
        memcpy(o.cell_id, x->keys.cell_id, 32);
        auth_log_open_sign(&o, &x->keys.ik, f[i].log.public_key);
        auth_log_open_put(&w, &o);
        struct record_inner inner = {.type = AUTH_LOG_OPEN, .body = wire_written(&w)};
        forge(&f[i], x, &inner);
    }
    CHECK_OK(party_commit(p, 0));
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, id));
    uint32_t entry = history_find(x->d->history, id);
    for (size_t i = 0; i < 2 * CELL_MEMBERS_MAX; i++)
        CHECK(history_saw(x->d->history, entry, history_find(x->d->history, f[i].head)));
    party_free(p);
}
