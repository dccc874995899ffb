#include "tests/lib/test.h"

#include "base/encode.h"

/* A spelling that is not the one a value has would let one invitation look like two. */

static bool hex_ok(const char *text, size_t size)
{
    uint8_t bytes[16];
    return hex_decode(bytes, size, text) == HOP_OK;
}

/* Digests are compared by eye and by grep: lower case, two digits a byte. */
TEST(hex_has_one_spelling)
{
    uint8_t bytes[256], back[256];
    char text[HEX_SIZE(256)];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_encode(text, SPAN(bytes, sizeof bytes));
    CHECK_EQ(strlen(text), HEX_SIZE(256) - 1);
    CHECK(strncmp(text, "000102", 6) == 0 && strcmp(text + 506, "fdfeff") == 0);
    CHECK_OK(hex_decode(back, sizeof back, text));
    CHECK_BYTES(back, bytes, sizeof bytes);
    CHECK(hex_ok("", 0) && hex_ok("0a", 1));
    CHECK(!hex_ok("0A", 1) && !hex_ok("0", 1) && !hex_ok("0a0", 1) && !hex_ok("0a", 2));
    CHECK(!hex_ok("0a0a", 1) && !hex_ok("0g", 1) && !hex_ok(" a", 1) && !hex_ok("-a", 1));
}

/* RFC 4648 §10, and everything that decodes to the same bytes in laxer decoders. */
TEST(base64_has_one_spelling)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"},
                 {"\xfb\xff\xfe", "+//+"}};
    static const char *const bad[] = {"Zg",   "Zg=",  "Zh==",   "Zm9=", "Zg==Zg==", "=m9v", "Z===",
                                      "====", "Zm 9", "Zm9v\n", "-__-", "Zm9vY",    "Z=m9", "Zg=a"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        size_t size = sizeof bytes;
        char text[BASE64_SIZE(16)];
        base64_encode(text, span_text(cases[i].bytes));
        CHECK_TEXT(text, cases[i].text);
        CHECK_OK(base64_decode(bytes, &size, span_text(cases[i].text)));
        CHECK_SPAN(SPAN(bytes, size), span_text(cases[i].bytes));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[16];
        size_t size = sizeof bytes;
        if (base64_decode(bytes, &size, span_text(bad[i])) != HOP_EMALFORMED)
            fail_msg("%s was accepted", bad[i]);
    }
}

/* A person may type lower case, dashes, and O for 0; nothing else may pass. */
TEST(base32_reads_what_people_type)
{
    static const char *const same[] = {"64S36D1N6RVKGE9G", "64s36d1n6rvkge9g",
                                       "64S3-6D1N-6RVK-GE9G", "64s3 6din 6rvk ge9g\n",
                                       "64s36dLn6rvkge9g"};
    static const char *const bad[] = {"6",
                                      "64S",
                                      "64S36D",
                                      "64S36D1N6RVKGE9GU",
                                      "64U3",
                                      "64!3",
                                      "Z4S36D1N6RVKGE9",
                                      "65",
                                      "\xc3\xa9\xc3\xa9"};
    char text[BASE32_SIZE(10)];
    base32_encode(text, span_text("1234567890"));
    CHECK_EQ(strlen(text), 16);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        uint8_t bytes[10];
        size_t size = sizeof bytes;
        CHECK_OK(base32_decode(bytes, &size, same[i]));
        CHECK_EQ(size, 10);
        if (i > 0)
            CHECK_TEXT(text, "64S36D1N6RVKGE9G");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[16];
        size_t size = sizeof bytes;
        if (base32_decode(bytes, &size, bad[i]) != HOP_EMALFORMED)
            fail_msg("%s was accepted", bad[i]);
    }
}

/* What was encoded must come back, at every size; a decoder must not write past its room. */
TEST(encodings_round_trip_and_respect_their_room)
{
    struct rng rng = test_rng("encode");
    for (size_t size = 0; size < 70; size++) {
        uint8_t bytes[70], back[71];
        char text32[BASE32_SIZE(70)], text64[BASE64_SIZE(70)];
        test_random(&rng, bytes, size);
        base32_encode(text32, SPAN(bytes, size));
        base64_encode(text64, SPAN(bytes, size));
        CHECK_EQ(strlen(text32), BASE32_SIZE(size) - 1);
        CHECK_EQ(strlen(text64), BASE64_SIZE(size) - 1);
        for (size_t room = 0; room <= size; room++) {
            size_t n32 = room, n64 = room;
            memset(back, 0xee, sizeof back);
            CHECK_ERR(base32_decode(back, &n32, text32), room < size ? HOP_EFULL : HOP_OK);
            CHECK_EQ(back[room], 0xee);
            CHECK_ERR(base64_decode(back, &n64, span_text(text64)),
                      room < size ? HOP_EFULL : HOP_OK);
            CHECK_EQ(back[room], 0xee);
            if (room == size) {
                CHECK_BYTES(back, bytes, size);
                CHECK(n32 == size && n64 == size);
            }
        }
    }
}

/* Any change of one character must change the bytes or be refused: no two spellings. */
TEST(base32_has_no_second_spelling)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const uint8_t bytes[] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};
    char text[BASE32_SIZE(6)];
    base32_encode(text, SPAN(bytes, sizeof bytes));
    for (size_t at = 0; text[at] != '\0'; at++) {
        char was = text[at];
        for (const char *d = digits; *d != '\0'; d++) {
            uint8_t back[8];
            size_t size = sizeof back;
            text[at] = *d;
            if (*d != was && base32_decode(back, &size, text) == HOP_OK)
                CHECK(size != sizeof bytes || memcmp(back, bytes, size) != 0);
        }
        text[at] = was;
    }
}
