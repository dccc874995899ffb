/* What every test program of hop shares: cmocka, checks that print what was got and wanted, hex,
 * a seeded rng, and a recorder that compares a trace with the story it should tell.
 *
 *     #include "tests/lib/test.h"
 *
 *     // A counter that wrapped would let an old frame pass as new.
 *     TEST(link_refuses_counter_that_went_back)
 *     {
 *         CHECK_EQ(link_counter(&l), 3);
 *     }
 *
 * TEST registers itself and tests run in the order of the file; the program needs no main().
 * `NAME_test WORD` runs the tests whose name contains WORD. A program may instead use cmocka
 * directly with a main() of its own: then it simply does not use TEST.
 *
 * HOP_TEST_SEED in the environment changes what test_rng() yields; a failure prints the seed. */
#ifndef HOP_TESTS_LIB_TEST_H
#define HOP_TESTS_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/span.h"
#include "base/trace.h"

/* ---- tests ---- */

typedef void test_body(void);

/* Called by TEST before main(); at most TESTS_MAX tests a program. */
void test_add(const char *name, int line, test_body *body);

#define TESTS_MAX 256

#define TEST(id)                                                                                   \
    static void id(void);                                                                          \
    __attribute__((constructor)) static void id##_register(void)                                   \
    {                                                                                              \
        test_add(#id, __LINE__, id);                                                               \
    }                                                                                              \
    static void id(void)

/* ---- checks: each names file and line, and fails the test at once ---- */

#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(got, want)                                                                        \
    test_check_eq((uintmax_t)(got), (uintmax_t)(want), #got, __FILE__, __LINE__)
#define CHECK_OK(err)         test_check_err((err), HOP_OK, #err, __FILE__, __LINE__)
#define CHECK_ERR(err, want)  test_check_err((err), (want), #err, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) test_check_text((got), (want), #got, __FILE__, __LINE__)
#define CHECK_SPAN(got, want) test_check_span((got), (want), #got, __FILE__, __LINE__)
#define CHECK_BYTES(got, want, size)                                                               \
    test_check_span(SPAN((got), (size)), SPAN((want), (size)), #got, __FILE__, __LINE__)

void test_check(bool holds, const char *what, const char *file, int line);
void test_check_eq(uintmax_t got, uintmax_t want, const char *what, const char *file, int line);
void test_check_err(int got, int want, const char *what, const char *file, int line);
void test_check_text(const char *got, const char *want, const char *what, const char *file,
                     int line);
void test_check_span(struct span got, struct span want, const char *what, const char *file,
                     int line);

/* ---- bytes ---- */

/* The bytes that hex spells, in ret of room bytes; spaces are skipped. Anything else fails. */
struct span test_unhex(uint8_t *ret, size_t room, const char *hex);

/* ---- chance ---- */

uint64_t test_seed(void);              /* HOP_TEST_SEED, or 1 */
struct rng test_rng(const char *name); /* a stream of its own for each name */
void test_random(struct rng *r, uint8_t *ret, size_t size);

/* ---- stories ---- */

/* Collects trace lines: pass story_trace(&s) wherever a struct trace is wanted, then compare. */
struct story {
    size_t size;
    bool full; /* lines were left out: comparing fails, but a test that does not compare goes on */
    char text[64 * 1024];
};

void story_begin(struct story *s);
struct trace story_trace(struct story *s);
void story_add(struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Compare everything since the beginning, or since the last comparison, with want, line by line;
 * on a difference print the first line that differs, both ways, and the whole story. */
#define CHECK_STORY(s, want) story_check((s), (want), __FILE__, __LINE__)
void story_check(struct story *s, const char *want, const char *file, int line);

#endif
