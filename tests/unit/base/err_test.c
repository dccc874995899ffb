#include "tests/lib/test.h"

#include <stdio.h>

/* Codes are numbers in logs and names in traces: each must be its own, negative, and have words. */
TEST(errors_have_a_number_a_name_and_a_sentence)
{
    static const struct {
        int code;
        const char *name;
    } all[] = {
#define X(name, num, text) {name, #name},
        HOP_ERRORS(X)
#undef X
    };
    size_t count = sizeof all / sizeof all[0];
    CHECK(count >= 11);
    for (size_t i = 0; i < count; i++) {
        CHECK(all[i].code < 0);
        CHECK_TEXT(hop_error_name(all[i].code), all[i].name);
        CHECK(strlen(hop_error_text(all[i].code)) > 8);
        for (size_t j = 0; j < i; j++) {
            CHECK(all[i].code != all[j].code);
            CHECK(strcmp(hop_error_text(all[i].code), hop_error_text(all[j].code)) != 0);
        }
    }
    CHECK_TEXT(hop_error_name(HOP_OK), "HOP_OK");
    CHECK_TEXT(hop_error_text(HOP_OK), "done");
}

/* A number from a newer version, or garbage, must still print. */
TEST(unknown_errors_still_have_words)
{
    static const int odd[] = {1, 99, -99, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        CHECK(hop_error_name(odd[i]) != NULL);
        CHECK(strlen(hop_error_text(odd[i])) > 4);
    }
}

/* ---- trace ---- */

static void keep_line(void *ctx, const char *text)
{
    char *kept = ctx;
    (void)snprintf(kept, 2 * TRACE_LINE_BYTES_MAX, "%s", text);
}

/* The story goes to whoever listens, cut to a line; silence costs nothing and crashes nothing. */
TEST(trace_tells_its_listener_and_cuts_long_lines)
{
    char kept[2 * TRACE_LINE_BYTES_MAX] = "untouched", large[1000];
    struct trace t = {.line = keep_line, .ctx = kept}, silent = {0};
    trace(NULL, "%d", 1);
    trace(&silent, "%d", 1);
    CHECK_TEXT(kept, "untouched");
    trace(&t, "hello from %u, it lacks %u records -> offer", 2u, 1u);
    CHECK_TEXT(kept, "hello from 2, it lacks 1 records -> offer");
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    trace(&t, "%s", large);
    CHECK_EQ(strlen(kept), TRACE_LINE_BYTES_MAX - 1);
}
