#include "tests/lib/test.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

/* buf and arena: the two ways base/ hands out memory. */

/* A document must come out as it went in, with a NUL after it for those who print it. */
TEST(buf_grows_and_keeps_what_was_appended)
{
    struct buf b = {0};
    size_t want = 0;
    CHECK_TEXT(buf_string(&b), "");
    buf_bytes(&b, NULL, 0);
    for (int i = 0; i < 2000; i++) {
        buf_printf(&b, "%d,", i);
        buf_text(&b, "x");
        buf_span(&b, span_text("yz"));
    }
    for (int i = 0; i < 2000; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d,xyz", i);
        CHECK_BYTES(b.data + want, (const uint8_t *)text, (size_t)n);
        want += (size_t)n;
    }
    CHECK_EQ(b.size, want);
    CHECK(!b.bad);
    CHECK_EQ(b.data[b.size], 0);
    CHECK_SPAN(buf_written(&b), SPAN(b.data, want));
    buf_free(&b);
    buf_free(&b); /* of a zeroed one is harmless */
    CHECK(b.data == NULL);
}

/* At the limit a buffer must stop for good, and keep what it had. */
TEST(buf_stops_at_its_limit_for_good)
{
    struct buf b = {0};
    static const uint8_t some[1] = {'a'};
    buf_bytes(&b, some, 1);
    buf_bytes(&b, some,
              BUF_BYTES_MAX - 1); /* would need BUF_BYTES_MAX + 1 with the NUL: not read */
    CHECK(b.bad);
    CHECK_EQ(b.size, 1);
    buf_text(&b, "b");
    buf_printf(&b, "%d", 1);
    CHECK_EQ(b.size, 1);
    CHECK_TEXT(buf_string(&b), "a");
    buf_free(&b);
}

/* A misaligned or overlapping piece would corrupt the outputs of a step. */
TEST(arena_pieces_are_aligned_apart_and_inside)
{
    _Alignas(64) uint8_t base[512];
    struct rng rng = test_rng("arena");
    for (int round = 0; round < 500; round++) {
        size_t off = (size_t)rng_below(&rng, 9);
        struct arena a = {.base = base + off, .size = 400};
        uint8_t *end = a.base;
        for (int i = 0; i < 40; i++) {
            size_t align = (size_t)1 << rng_below(&rng, 6), size = (size_t)rng_below(&rng, 40);
            size_t used = a.used;
            uint8_t *p = arena_take(&a, size, align);
            if (p == NULL) {
                CHECK_EQ(a.used, used); /* a refusal changes nothing */
                continue;
            }
            CHECK_EQ((uintptr_t)p % align, 0);
            CHECK(p >= end && p + size <= a.base + a.size);
            end = p + size;
        }
        arena_reset(&a);
        CHECK(arena_take(&a, 400, 1) == a.base);
        CHECK(arena_take(&a, 1, 1) == NULL);
    }
}

/* Sizes from outside may be absurd; the sum must not wrap. */
TEST(arena_refuses_sizes_that_would_wrap)
{
    uint8_t base[64];
    struct arena a = {.base = base, .size = sizeof base};
    CHECK(arena_take(&a, SIZE_MAX, 1) == NULL);
    CHECK(arena_take(&a, SIZE_MAX - 7, 16) == NULL);
    CHECK(arena_take(&a, 8, 1) != NULL);
    CHECK(arena_take(&a, SIZE_MAX - 4, 8) == NULL);
    CHECK_EQ(a.used, 8);
}
