#include "tests/lib/test.h"

#include "base/wire.h"

/* Every truncation of a good message must fail, and must fail softly. */
TEST(wire_refuses_every_truncation)
{
    static const uint8_t bytes[] = {7, 1, 2, 0, 3, 'h', 'o', 'p', 0, 0, 0,
                                    9, 1, 2, 3, 4, 5,   6,   7,   8, 0, 0};
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t *exact =
            test_malloc(size + (size == 0)); /* so that a sanitizer sees a read past it */
        memcpy(exact, bytes, size);
        struct wire_reader r = wire_reader(exact, size);
        CHECK_EQ(wire_get_u8(&r), size >= 1 ? 7 : 0);
        CHECK_EQ(wire_get_u16(&r), size >= 3 ? 0x0102 : 0);
        CHECK_EQ(wire_get_blob(&r, 16).size, size >= 8 ? 3 : 0);
        CHECK_EQ(wire_get_u32(&r), size >= 12 ? 9 : 0);
        CHECK_EQ(wire_get_u64(&r), size >= 20 ? UINT64_C(0x0102030405060708) : 0);
        wire_get_zeros(&r, 2);
        CHECK_EQ(wire_end(&r), size == sizeof bytes);
        test_free(exact);
    }
}

/* A reader that recovered would let a parser that forgot one check accept half a message. */
TEST(wire_reader_that_went_bad_stays_bad)
{
    static const uint8_t bytes[] = {1, 2, 3, 4};
    uint8_t copy[2] = {9, 9};
    struct wire_reader r = wire_reader(bytes, sizeof bytes);
    (void)wire_get_u64(&r);
    CHECK(r.bad);
    CHECK_EQ(wire_get_u8(&r), 0);
    CHECK_EQ(wire_get_bytes(&r, 1).size, 0);
    CHECK_EQ(wire_get_bytes(&r, 0).size, 0);
    wire_get_into(&r, copy, sizeof copy);
    CHECK_EQ(copy[0] | copy[1], 0);
    CHECK(!wire_end(&r));
}

/* A message with something after it can be spelled two ways, and so has two hashes. */
TEST(wire_refuses_leftovers)
{
    static const uint8_t bytes[] = {1, 2};
    struct wire_reader r = wire_reader(bytes, sizeof bytes);
    (void)wire_get_u8(&r);
    CHECK(!r.bad);
    CHECK(!wire_end(&r));
}

/* A length from the wire must not reach past its own limit, however large it claims to be. */
TEST(wire_blob_is_held_to_its_limit)
{
    static const uint8_t four[] = {0, 4, 'a', 'b', 'c', 'd'}, huge[] = {0xff, 0xff, 'a'};
    struct wire_reader r = wire_reader(four, sizeof four);
    CHECK_EQ(wire_get_blob(&r, 4).size, 4);
    CHECK(wire_end(&r));
    r = wire_reader(four, sizeof four);
    CHECK_EQ(wire_get_blob(&r, 3).size, 0);
    CHECK(r.bad);
    r = wire_reader(huge, sizeof huge);
    CHECK_EQ(wire_get_blob(&r, 65535).size, 0);
    CHECK(r.bad);
}

/* Reserved bytes that were ignored would be a second spelling. */
TEST(wire_zeros_must_be_zero)
{
    for (size_t at = 0; at < 5; at++) {
        uint8_t bytes[5] = {0};
        struct wire_reader r = wire_reader(bytes, sizeof bytes);
        wire_get_zeros(&r, sizeof bytes);
        CHECK(wire_end(&r));
        bytes[at] = 0x10;
        r = wire_reader(bytes, sizeof bytes);
        wire_get_zeros(&r, sizeof bytes);
        CHECK(r.bad);
    }
}

/* An empty message has no bytes, perhaps not even an address. */
TEST(wire_reads_nothing_from_nowhere)
{
    struct wire_reader r = wire_reader(NULL, 0);
    CHECK_EQ(wire_get_bytes(&r, 0).size, 0);
    CHECK(wire_end(&r));
    (void)wire_get_u8(&r);
    CHECK(r.bad);
}

/* What is written must be read back, at every size of buffer: whole, or refused. */
TEST(wire_writer_fills_exactly_or_goes_bad)
{
    for (size_t size = 0; size <= 24; size++) {
        uint8_t bytes[32];
        memset(bytes, 0xee, sizeof bytes);
        struct wire_writer w = wire_writer(bytes, size);
        wire_put_u8(&w, 0x7f);
        wire_put_u16(&w, 0x8001);
        wire_put_u32(&w, 0x80000001);
        wire_put_u64(&w, UINT64_C(0x8000000000000001));
        wire_put_blob(&w, span_text("hop"));
        wire_put_bytes(&w, NULL, 0);
        wire_put_zeros(&w, 2);
        CHECK_EQ(w.bad, size < 22);
        CHECK(w.used <= size);
        for (size_t i = size; i < sizeof bytes; i++)
            CHECK_EQ(bytes[i], 0xee);
        if (w.bad)
            continue;
        struct wire_reader r = wire_reader(wire_written(&w).data, wire_written(&w).size);
        CHECK_EQ(wire_get_u8(&r), 0x7f);
        CHECK_EQ(wire_get_u16(&r), 0x8001);
        CHECK_EQ(wire_get_u32(&r), 0x80000001);
        CHECK_EQ(wire_get_u64(&r), UINT64_C(0x8000000000000001));
        CHECK_SPAN(wire_get_blob(&r, 3), span_text("hop"));
        wire_get_zeros(&r, 2);
        CHECK(wire_end(&r));
    }
}

/* A blob whose length does not fit its two bytes must not be written cut. */
TEST(wire_writer_refuses_blob_of_65536)
{
    static uint8_t large[65536], out[70000];
    struct wire_writer w = wire_writer(out, sizeof out);
    wire_put_blob(&w, SPAN(large, 65535));
    CHECK(!w.bad);
    w = wire_writer(out, sizeof out);
    wire_put_blob(&w, SPAN(large, 65536));
    CHECK(w.bad);
}

/* A writer that went bad and then had room for something small would leave a hole. */
TEST(wire_writer_that_went_bad_stays_bad)
{
    uint8_t bytes[4];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    wire_put_u64(&w, 1);
    wire_put_u8(&w, 1);
    CHECK(w.bad);
    CHECK_EQ(w.used, 0);
    CHECK(wire_take(&w, 1) == NULL);
}
