/* The envelope: one encoding, opened only by its key, proven by its signature. */
#include "cell/record.h"
#include "cell/secrecy.h"

#include <stdlib.h>

#include "tests/lib/test.h"

struct fixture {
    struct hop_drbg drbg;
    struct hop_sign_key log;
    struct epoch epoch;
    uint8_t bytes[64 * 1024];
    size_t size;
    uint8_t id[32];
    struct record record;
    uint8_t plain[64 * 1024];
    struct record_inner inner;
};

static const uint8_t no_prev[32];

static void begin(struct fixture *f)
{
    uint8_t seed[32] = {1}, secret[32] = {2};
    CHECK_OK(hop_init());
    memset(f, 0, sizeof *f);
    hop_drbg_seed(&f->drbg, seed);
    hop_sign_keypair(&f->log, seed);
    epoch_derive(&f->epoch, secret, NULL);
}

static int seal(struct fixture *f, enum record_lane lane, const struct record_inner *inner)
{
    struct record_place place = {
        .lane = lane, .seq = 1, .prev = no_prev, .log_key = &f->log, .epoch = &f->epoch};
    f->size = sizeof f->bytes;
    return record_seal(f->bytes, &f->size, f->id, &place, inner, &f->drbg);
}

static int open(struct fixture *f, const struct epoch *e)
{
    uint8_t key[32];
    record_key(key, record_class_key(e, f->record.lane), f->record.header);
    return record_open(&f->inner, f->plain, &f->record, key);
}

static void check_id_and_signature(const struct fixture *f)
{
    uint8_t id[32];
    record_id(id, f->record.header, f->record.text);
    CHECK_BYTES(id, f->id, 32);
    CHECK(f->record.sig != NULL);
    CHECK_OK(record_verify(id, f->record.sig, f->log.public_key));
}

/* The one place that makes records: what is secret must not get past it, whoever asks. */
TEST(record_of_class_secret_is_not_sealed)
{
    static struct fixture f;
    begin(&f);
    for (unsigned class = 0; class <= UINT8_MAX; class ++) {
        struct record_inner in = {
            .type = 40, .class = (uint8_t) class, .version = 1, .body = span_text("mật")};
        memset(f.bytes, 0xee, sizeof f.bytes);
        int err = seal(&f, LANE_MEETING, &in);
        CHECK_ERR(err, class < SECRECY_SECRET ? HOP_OK : HOP_EREFUSED);
        if (err != HOP_OK)
            CHECK_EQ(f.bytes[0] + f.bytes[RECORD_HEADER_BYTES], 0xee + 0xee);
    }
}

/* A record that does not come back as it was written is lost minutes. */
TEST(record_opens_to_what_was_sealed)
{
    static struct fixture f;
    uint8_t deps[3 * 32];
    memset(deps, 0xd5, sizeof deps);
    begin(&f);
    for (unsigned lane = 0; lane < LANES_COUNT; lane++) {
        struct record_inner in = {.type = 40,
                                  .class = 2,
                                  .version = 1,
                                  .wall = 1234567890,
                                  .deps = deps,
                                  .deps_count = lane,
                                  .body = span_text("đồng ý")};
        CHECK_OK(seal(&f, (enum record_lane)lane, &in));
        CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
        check_id_and_signature(&f);
        CHECK_OK(open(&f, &f.epoch));
        CHECK_EQ(f.inner.type, 40);
        CHECK_EQ(f.inner.class, 2);
        CHECK_EQ(f.inner.version, 1);
        CHECK_EQ(f.inner.wall, 1234567890);
        CHECK_EQ(f.inner.deps_count, lane);
        CHECK(lane == 0 || memcmp(f.inner.deps, deps, lane * 32) == 0);
        CHECK_SPAN(f.inner.body, span_text("đồng ý"));
    }
}

static void seal_vote(struct fixture *f)
{
    struct record_inner in = {.type = 40, .version = 1, .body = span_text("agree")};
    CHECK_OK(seal(f, LANE_MEETING, &in));
}

/* A record cut anywhere must not pass as another record; only the signature may be left off. */
TEST(record_refuses_every_truncation)
{
    static struct fixture f;
    begin(&f);
    seal_vote(&f);
    for (size_t size = 0; size < f.size; size++) {
        int err = record_parse(&f.record, SPAN(f.bytes, size));
        CHECK_ERR(err, size == f.size - CRYPTO_SIG_BYTES ? HOP_OK : HOP_EMALFORMED);
    }
    static uint8_t longer[sizeof f.bytes];
    memcpy(longer, f.bytes, f.size);
    longer[f.size] = 0;
    CHECK_ERR(record_parse(&f.record, SPAN(longer, f.size + 1)), HOP_EMALFORMED);
}

/* One bit changed by a carrier or a disk must be noticed, whichever bit it is. */
TEST(record_with_any_bit_flipped_is_never_taken_for_the_original)
{
    static struct fixture f;
    begin(&f);
    seal_vote(&f);
    for (size_t bit = 0; bit < f.size * 8; bit++) {
        uint8_t id[32];
        f.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (record_parse(&f.record, SPAN(f.bytes, f.size)) == HOP_OK) {
            record_id(id, f.record.header, f.record.text);
            bool in_signature = bit / 8 >= f.size - CRYPTO_SIG_BYTES;
            CHECK_EQ(memcmp(id, f.id, 32) == 0, in_signature);
            if (f.record.sig != NULL) /* a longer text may swallow it */
                CHECK_ERR(record_verify(id, f.record.sig, f.log.public_key), HOP_EAUTH);
            CHECK(in_signature || open(&f, &f.epoch) != HOP_OK);
        }
        f.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
    CHECK_OK(open(&f, &f.epoch));
}

/* Who holds another secret, or the control key only, must not read the meeting. */
TEST(record_opens_under_no_other_key)
{
    static struct fixture f;
    struct epoch other;
    uint8_t secret[32] = {3}, key[32];
    begin(&f);
    seal_vote(&f);
    epoch_derive(&other, secret, NULL);
    CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
    CHECK_ERR(open(&f, &other), HOP_EAUTH);
    record_key(key, f.epoch.auth, f.record.header);
    CHECK_ERR(record_open(&f.inner, f.plain, &f.record, key), HOP_EAUTH);
    CHECK(record_class_key(&f.epoch, LANE_CONTROL) == f.epoch.auth);
    CHECK(record_class_key(&f.epoch, LANE_BULK) == f.epoch.body);
}

/* The key a dossier discloses for one record must not open its neighbour. */
TEST(record_key_opens_exactly_one_record)
{
    static struct fixture a, b;
    uint8_t key[32];
    begin(&a);
    begin(&b);
    seal_vote(&a);
    (void)hop_drbg_u64(&b.drbg);
    seal_vote(&b);
    CHECK_OK(record_parse(&a.record, SPAN(a.bytes, a.size)));
    CHECK_OK(record_parse(&b.record, SPAN(b.bytes, b.size)));
    record_key(key, a.epoch.body, a.record.header);
    CHECK_OK(record_open(&a.inner, a.plain, &a.record, key));
    CHECK_ERR(record_open(&b.inner, b.plain, &b.record, key), HOP_EAUTH);
}

/* Lengths that follow the text to the byte would tell a carrier how each member voted. */
TEST(record_sizes_are_padded)
{
    static struct fixture f;
    static const struct {
        size_t body, text;
    } cases[] = {{0, 32},      {12, 32},     {13, 64},     {44, 64},    {1004, 1024},
                 {1005, 1088}, {2028, 2048}, {2029, 2176}, {4000, 4096}};
    static uint8_t body[4096];
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record_inner in = {.type = 40, .body = SPAN(body, cases[i].body)};
        CHECK_OK(seal(&f, LANE_MEETING, &in));
        CHECK_EQ(f.size, RECORD_HEADER_BYTES + cases[i].text + CRYPTO_TAG_BYTES + CRYPTO_SIG_BYTES);
        CHECK(f.size <= record_room(cases[i].body, 0));
        CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
        CHECK_OK(open(&f, &f.epoch));
        CHECK_EQ(f.inner.body.size, cases[i].body);
    }
}

/* A header that could be spelled two ways would have two ids. */
TEST(record_refuses_unknown_and_reserved_header_values)
{
    static struct fixture f;
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {0, 'h'}, {3, '2'}, {4, 0},   {4, 2},      {5, LANES_COUNT}, {6, OUTERS_COUNT}, {7, 1},
        {63, 0},  {63, 2},  {148, 1}, {159, 0x80}, {144, 1},         {147, 255},        {64, 1},
    };
    begin(&f);
    seal_vote(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t was = f.bytes[cases[i].at];
        f.bytes[cases[i].at] = cases[i].value;
        CHECK_ERR(record_parse(&f.record, SPAN(f.bytes, f.size)), HOP_EMALFORMED);
        f.bytes[cases[i].at] = was;
    }
    CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
}

/* More than the limit must be said before anything is written, not cut off. */
TEST(record_seal_refuses_what_is_over_a_limit)
{
    static struct fixture f;
    static uint8_t deps[(RECORD_DEPS_MAX + 1) * 32];
    uint8_t *body = calloc(1, RECORD_BODY_BYTES_MAX + 1);
    uint8_t *room = malloc(RECORD_BYTES_MAX);
    struct record_place place = {.lane = LANE_BULK, .seq = 1, .prev = no_prev};
    CHECK(body != NULL && room != NULL);
    begin(&f);
    place.log_key = &f.log;
    place.epoch = &f.epoch;
    struct record_inner in = {.type = 40, .deps = deps, .deps_count = RECORD_DEPS_MAX + 1};
    size_t size = RECORD_BYTES_MAX;
    CHECK_ERR(record_seal(room, &size, f.id, &place, &in, &f.drbg), HOP_EFULL);
    in.deps_count = RECORD_DEPS_MAX;
    in.body = SPAN(body, RECORD_BODY_BYTES_MAX + 1);
    CHECK_ERR(record_seal(room, &size, f.id, &place, &in, &f.drbg), HOP_EFULL);
    in.body.size = RECORD_BODY_BYTES_MAX;
    CHECK_OK(record_seal(room, &size, f.id, &place, &in, &f.drbg));
    CHECK(size <= record_room(in.body.size, in.deps_count));
    CHECK_OK(record_parse(&f.record, SPAN(room, size)));
    for (size_t little = 0; little < 300; little++) {
        in = (struct record_inner){.type = 40, .body = SPAN(body, 10)};
        size = little;
        int err = record_seal(room, &size, f.id, &place, &in, &f.drbg);
        CHECK_ERR(err, little < 160 + 32 + 16 + 64 ? HOP_EFULL : HOP_OK);
    }
    free(body);
    free(room);
}

/* Seal any bytes as the inner text: what a member gone wrong could send. */
static void seal_raw(struct fixture *f, struct span text)
{
    struct record r = {.lane = LANE_MEETING, .seq = 1};
    uint8_t key[32];
    memcpy(r.cell_tag, f->epoch.tag, 16);
    memcpy(r.log, f->log.public_key, 32);
    r.text = SPAN(f->bytes + RECORD_HEADER_BYTES, text.size + CRYPTO_TAG_BYTES);
    record_header_put(f->bytes, &r);
    record_key(key, f->epoch.body, SPAN(f->bytes, RECORD_HEADER_BYTES));
    hop_derive(r.kc, sizeof r.kc, key, LABEL_REC_KC, (struct span){0});
    record_header_put(f->bytes, &r);
    hop_seal(f->bytes + RECORD_HEADER_BYTES, key, r.nonce, SPAN(f->bytes, RECORD_HEADER_BYTES),
             text);
    f->size = RECORD_HEADER_BYTES + r.text.size;
    CHECK_OK(record_parse(&f->record, SPAN(f->bytes, f->size)));
}

static int open_large(struct fixture *f, struct span text)
{
    seal_raw(f, text);
    return open(f, &f->epoch);
}

/* Sealed by somebody who holds the key is not yet well formed: it must fail softly. */
TEST(record_refuses_malformed_inner_text)
{
    static struct fixture f;
    uint8_t good[64] = {0, 40, 0, 1};
    begin(&f);
    good[15] = 5; /* body of five bytes */
    seal_raw(&f, SPAN(good, 32));
    CHECK_OK(open(&f, &f.epoch));
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{15, 13}, {12, 1}, {16, 1}, {17, 1}, {18, 1}, {19, 1}, {25, 1}, {31, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bad[32];
        memcpy(bad, good, sizeof bad);
        bad[cases[i].at] = cases[i].value;
        seal_raw(&f, SPAN(bad, sizeof bad));
        CHECK_ERR(open(&f, &f.epoch), HOP_EMALFORMED);
    }
    for (size_t size = 0; size < 25; size++) { /* 20 fixed bytes and 5 of body are the least */
        seal_raw(&f, SPAN(good, size));
        CHECK_ERR(open(&f, &f.epoch), HOP_EMALFORMED);
    }
    uint8_t *deps = calloc(1, 20 + 32 * (RECORD_DEPS_MAX + 1));
    struct fixture *big = calloc(1, sizeof *big);
    CHECK(deps != NULL && big != NULL);
    begin(big);
    deps[16] = (uint8_t)((RECORD_DEPS_MAX + 1) >> 8);
    deps[17] = (uint8_t)(RECORD_DEPS_MAX + 1);
    CHECK_ERR(open_large(big, SPAN(deps, 20 + 32 * (RECORD_DEPS_MAX + 1))), HOP_EMALFORMED);
    deps[16] = (uint8_t)(RECORD_DEPS_MAX >> 8);
    deps[17] = (uint8_t)RECORD_DEPS_MAX;
    CHECK_OK(open_large(big, SPAN(deps, 20 + 32 * RECORD_DEPS_MAX)));
    free(deps);
    free(big);
}

/* Epoch and grant records are clear: nobody may take their text for a sealed one. */
TEST(record_of_an_outer_kind_is_not_opened)
{
    static struct fixture f;
    struct record_inner in = {.body = span_text("slots")};
    begin(&f);
    struct record_place place = {.lane = LANE_CONTROL,
                                 .outer = OUTER_EPOCH,
                                 .seq = 1,
                                 .prev = no_prev,
                                 .log_key = &f.log,
                                 .epoch = &f.epoch};
    f.size = sizeof f.bytes;
    CHECK_OK(record_seal(f.bytes, &f.size, f.id, &place, &in, &f.drbg));
    CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
    CHECK_SPAN(f.record.text, span_text("slots"));
    CHECK_ERR(open(&f, &f.epoch), HOP_EMALFORMED);
    check_id_and_signature(&f);
}

/* A chain shown without its texts must give the same ids. */
TEST(record_id_follows_from_header_and_hash_of_text)
{
    static struct fixture f;
    uint8_t text_hash[32], id[32];
    begin(&f);
    seal_vote(&f);
    CHECK_OK(record_parse(&f.record, SPAN(f.bytes, f.size)));
    record_text_hash(text_hash, f.record.text);
    record_id_withheld(id, f.record.header, text_hash);
    CHECK_BYTES(id, f.id, 32);
}
