#include "tests/lib/test.h"

#include "base/cbor.h"

/* Vectors are RFC 8949 appendix A's, those of our subset, and its non-preferred forms. */

static struct wire_reader reader_of(const char *hex)
{
    static uint8_t bytes[256];
    struct span s = test_unhex(bytes, sizeof bytes, hex);
    return wire_reader(s.data, s.size);
}

static bool skips(const char *hex)
{
    struct wire_reader r = reader_of(hex);
    cbor_skip(&r);
    return wire_end(&r);
}

static void check_written(const struct wire_writer *w, const char *hex)
{
    uint8_t want[256];
    CHECK(!w->bad);
    CHECK_SPAN(wire_written(w), test_unhex(want, sizeof want, hex));
}

/* Integers must be read and written as every other implementation does. */
TEST(cbor_integers_are_rfc_8949s)
{
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "00"},
        {1, "01"},
        {10, "0a"},
        {23, "17"},
        {24, "1818"},
        {25, "1819"},
        {100, "1864"},
        {255, "18ff"},
        {256, "190100"},
        {1000, "1903e8"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {1000000, "1a000f4240"},
        {INT64_C(4294967295), "1affffffff"},
        {INT64_C(4294967296), "1b0000000100000000"},
        {INT64_C(1000000000000), "1b000000e8d4a51000"},
        {INT64_MAX, "1b7fffffffffffffff"},
        {-1, "20"},
        {-10, "29"},
        {-24, "37"},
        {-25, "3818"},
        {-100, "3863"},
        {-1000, "3903e7"},
        {INT64_MIN, "3b7fffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        struct wire_writer w = wire_writer(bytes, sizeof bytes);
        struct wire_reader r = reader_of(cases[i].hex);
        CHECK(cbor_get_int(&r) == cases[i].value);
        CHECK(wire_end(&r));
        cbor_put_int(&w, cases[i].value);
        check_written(&w, cases[i].hex);
        if (cases[i].value < 0)
            continue;
        r = reader_of(cases[i].hex);
        CHECK_EQ(cbor_get_uint(&r), (uint64_t)cases[i].value);
        CHECK(wire_end(&r));
    }
}

/* The largest unsigned integer is ours; as a signed one it must be refused, not wrapped. */
TEST(cbor_integers_do_not_wrap)
{
    static const char *const wide[] = {"1b8000000000000000", "1bffffffffffffffff",
                                       "3b8000000000000000", "3bffffffffffffffff"};
    struct wire_reader r = reader_of("1bffffffffffffffff");
    CHECK_EQ(cbor_get_uint(&r), UINT64_MAX);
    CHECK(wire_end(&r));
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        r = reader_of(wide[i]);
        CHECK(cbor_get_int(&r) == 0);
        CHECK(r.bad);
    }
    r = reader_of("20");
    CHECK_EQ(cbor_get_uint(&r), 0);
    CHECK(r.bad);
}

/* Two spellings of one value would give one vote two ids. */
TEST(cbor_refuses_forms_that_are_not_the_shortest)
{
    static const char *const longer[] = {
        "1817",
        "1800",
        "190017",
        "1900ff",
        "1a0000ffff",
        "1a00000000",
        "1b00000000ffffffff",
        "1b0000000000000000",
        "3817",
        "390000",
        "5801aa",
        "590001aa",
        "7801 61",
        "790001 61",
        "9801 00",
        "b801 00 00",
        "f814",
        "f800",
    };
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        if (skips(longer[i]))
            fail_msg("%s was accepted", longer[i]);
    }
}

/* Floats, tags, indefinite lengths, simple values and reserved forms are not in the subset. */
TEST(cbor_refuses_what_is_not_in_the_subset)
{
    static const char *const foreign[] = {
        "f90000",
        "fa47c35000",
        "fb3ff199999999999a",
        "f97e00", /* floats */
        "c11a514b67b0",
        "c074323031332d30332d32315432303a30343a30305a",
        "d818456449455446", /* tags */
        "5f42010243030405ff",
        "7f657374726561646d696e67ff",
        "9fff",
        "bfff", /* indefinite */
        "f7",
        "f0",
        "f8ff",
        "e0",
        "f3", /* undefined, simple */
        "1c",
        "1d",
        "1e",
        "1f",
        "3c",
        "5c",
        "7e",
        "9d",
        "be",
        "ff",
        "fc", /* reserved, break */
        "",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (skips(foreign[i]))
            fail_msg("%s was accepted", foreign[i]);
    }
    CHECK(skips("f4") && skips("f5") && skips("f6"));
}

/* Appendix A's strings, arrays and maps. */
TEST(cbor_reads_and_writes_rfc_8949s_containers)
{
    uint8_t bytes[64], four[4];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    struct wire_reader r = reader_of("4401020304");
    CHECK_SPAN(cbor_get_bytes(&r, 4), SPAN((const uint8_t *)"\1\2\3\4", 4));
    r = reader_of("4401020304");
    cbor_get_into(&r, four, 4);
    CHECK(wire_end(&r) && four[3] == 4);
    r = reader_of("62c3bc");
    CHECK_SPAN(cbor_get_text(&r, 2), span_text("ü"));
    r = reader_of("6449455446");
    CHECK_SPAN(cbor_get_text(&r, 64), span_text("IETF"));
    CHECK(wire_end(&r));

    r = reader_of("8301820203820405"); /* [1, [2, 3], [4, 5]] */
    CHECK_EQ(cbor_get_array(&r, 3), 3);
    CHECK_EQ(cbor_get_uint(&r), 1);
    CHECK_EQ(cbor_get_array(&r, 2), 2);
    CHECK_EQ(cbor_get_uint(&r) + cbor_get_uint(&r), 5);
    cbor_skip(&r);
    CHECK(wire_end(&r));

    cbor_put_map(&w, 2); /* {1: 2, 3: [true, "a"]} */
    cbor_put_uint(&w, 1);
    cbor_put_uint(&w, 2);
    cbor_put_uint(&w, 3);
    cbor_put_array(&w, 2);
    cbor_put_bool(&w, true);
    cbor_put_text(&w, span_text("a"));
    check_written(&w, "a2 01 02 03 82 f5 61 61");
    cbor_put_bytes(&w, SPAN(NULL, 0));
    cbor_put_bool(&w, false);
    check_written(&w, "a2 01 02 03 82 f5 61 61 40 f4");
}

/* A map is read by key; an unknown one is from a newer version and is stepped over. */
TEST(cbor_map_reads_by_key_and_skips_the_unknown)
{
    struct wire_reader r = reader_of("a4 01 02 07 82f4f6 0a 6161 18ff 20");
    struct cbor_map m = cbor_get_map(&r);
    uint64_t keys = 0;
    while (cbor_next_key(&r, &m)) {
        keys = keys * 1000 + m.key;
        cbor_skip(&r);
    }
    CHECK(wire_end(&r));
    CHECK_EQ(keys, UINT64_C(1007010255));
}

/* Keys out of order, or twice, are second spellings; keys that are not numbers are not ours. */
TEST(cbor_map_refuses_disorder)
{
    static const char *const bad[] = {
        "a2 02 00 01 00", "a2 01 00 01 00", "a1 20 00", "a1 6161 00",
        "a1 f4 00",       "a2 00 00 00 00", "a1 01",    "a2 01 02 03",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wire_reader r = reader_of(bad[i]);
        struct cbor_map m = cbor_get_map(&r);
        while (cbor_next_key(&r, &m))
            cbor_skip(&r);
        if (wire_end(&r))
            fail_msg("%s was accepted by name", bad[i]);
        if (skips(bad[i]))
            fail_msg("%s was stepped over", bad[i]);
    }
    CHECK(skips("a2 00 00 01 00"));
}

/* Nesting without a limit grows the stack until it is gone (PJK/libcbor#124). */
TEST(cbor_nesting_has_a_limit)
{
    char hex[2 * 40 + 3];
    for (size_t depth = 0; depth < 40; depth++) {
        for (size_t i = 0; i < depth; i++)
            memcpy(hex + 2 * i, "81", 2);
        memcpy(hex + 2 * depth, "00", 3);
        CHECK_EQ(skips(hex), depth <= CBOR_DEPTH_MAX);
    }
}

/* A count that is larger than what is left must not become a loop or an allocation. */
TEST(cbor_counts_are_held_to_what_is_left_and_to_the_limit)
{
    struct wire_reader r = reader_of("9bffffffffffffffff 00");
    CHECK_EQ(cbor_get_array(&r, SIZE_MAX), 0);
    CHECK(r.bad);
    r = reader_of("84 00000000");
    CHECK_EQ(cbor_get_array(&r, 3), 0);
    CHECK(r.bad);
    r = reader_of("bb8000000000000000 0000");
    CHECK(!cbor_next_key(&r, &(struct cbor_map){.left = cbor_get_map(&r).left}));
    CHECK(r.bad);
    r = reader_of("5bffffffffffffffff 00");
    CHECK_EQ(cbor_get_bytes(&r, SIZE_MAX).size, 0);
    CHECK(r.bad);
    CHECK(!skips("5bffffffffffffffff 00"));
    CHECK(!skips("7bffffffffffffffff 00"));
    CHECK(!skips("bbffffffffffffffff 0000"));
    r = reader_of("43010203");
    CHECK_EQ(cbor_get_bytes(&r, 2).size, 0);
    CHECK(r.bad);
    r = reader_of("43010203");
    uint8_t two[2] = {9, 9};
    cbor_get_into(&r, two, 2);
    CHECK(r.bad && two[0] == 0 && two[1] == 0);
}

/* Every truncation of a body with everything in it must be refused. */
TEST(cbor_refuses_every_truncation)
{
    static const char body[] = "a5 00 1903e8 01 62c3bc 02 83 f5 f6 20 03 44 01020304 18ff a1 00 80";
    uint8_t bytes[64];
    struct span s = test_unhex(bytes, sizeof bytes, body);
    for (size_t size = 0; size <= s.size; size++) {
        uint8_t *exact = test_malloc(size + (size == 0));
        memcpy(exact, s.data, size);
        struct wire_reader r = wire_reader(exact, size);
        cbor_skip(&r);
        CHECK_EQ(wire_end(&r), size == s.size);
        test_free(exact);
    }
}

/* Text that is not UTF-8 would be shown differently by every page, and NUL would cut it in C. */
TEST(utf8_accepts_rfc_3629_and_nothing_else)
{
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"", true},
        {"hop", true},
        {"Chi bộ họp đúng giờ", true},
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\x80", false},             /* continuation alone */
        {"\xc0\x80", false},         /* overlong NUL */
        {"\xc1\xbf", false},         /* overlong */
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xed\xbf\xbf", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xc3", false}, /* cut */
        {"\xe1\xba", false},
        {"\xf0\x9f\x98", false},
        {"a\xc3z", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (utf8_valid(span_text(cases[i].bytes)) != cases[i].valid)
            fail_msg("case %zu", i);
    }
    CHECK(!utf8_valid(SPAN((const uint8_t *)"a\0b", 3)));
    struct wire_reader r = reader_of("61 00");
    CHECK_EQ(cbor_get_text(&r, 9).size, 0);
    CHECK(r.bad);
    uint8_t bytes[8];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    cbor_put_text(&w, span_text("\xff"));
    CHECK(w.bad);
}

/* An escape sequence in a name would act on every terminal that shows the list of members. */
TEST(utf8_plain_refuses_what_acts_on_a_screen)
{
    static const struct {
        const char *bytes;
        bool line, text;
    } cases[] = {
        {"Chi bộ họp đúng giờ", true, true},
        {"a\tb\r\nc", false, true},
        {"\x1b[31m", false, false},
        {"a\x08", false, false},
        {"a\x7f", false, false},
        {"\xc2\x9b", false, false},     /* U+009B, an escape of one character */
        {"\xc2\xa0", true, true},       /* U+00A0 */
        {"\xe2\x80\xa7", true, true},   /* U+2027 */
        {"\xe2\x80\xa8", false, false}, /* U+2028, a line separator */
        {"\xe2\x80\xae", false, false}, /* U+202E, right to left from here */
        {"\xe2\x80\xaf", true, true},   /* U+202F */
        {"\xe2\x81\xa6", false, false}, /* U+2066 */
        {"\xe2\x81\xaa", true, true},   /* U+206A */
        {"\xe2\x81", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span s = span_text(cases[i].bytes);
        if (utf8_plain(s, true) != cases[i].line || utf8_plain(s, false) != cases[i].text)
            fail_msg("case %zu", i);
    }
}

/* A reader of the wrong type must refuse, not convert. */
TEST(cbor_types_do_not_convert)
{
    struct wire_reader r = reader_of("01");
    CHECK(!cbor_get_bool(&r) && r.bad);
    r = reader_of("f6");
    CHECK(!cbor_get_bool(&r) && r.bad);
    r = reader_of("6161");
    CHECK_EQ(cbor_get_bytes(&r, 9).size, 0);
    CHECK(r.bad);
    r = reader_of("4161");
    CHECK_EQ(cbor_get_text(&r, 9).size, 0);
    CHECK(r.bad);
    r = reader_of("a0");
    CHECK_EQ(cbor_get_array(&r, 9), 0);
    CHECK(r.bad);
    r = reader_of("80");
    CHECK_EQ(cbor_get_map(&r).left, 0);
    CHECK(r.bad);
}
