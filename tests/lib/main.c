/* The main() of test programs that use TEST; linked only when the program has none of its own. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    const char *name;
    int line;
    test_body *body;
} found[TESTS_MAX];
static size_t count;

void test_add(const char *name, int line, test_body *body)
{
    size_t i = count;
    if (count == TESTS_MAX)
        abort();
    for (; i > 0 && found[i - 1].line > line;
         i--) /* the order of the file, whatever the linker's */
        found[i] = found[i - 1];
    found[i].name = name;
    found[i].line = line;
    found[i].body = body;
    count++;
}

static void run(void **state)
{
    test_body **body = (test_body **)*state;
    (*body)();
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[TESTS_MAX];
    static char pattern[128];
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){found[i].name, run, NULL, NULL, &found[i].body};
    if (argc > 1) {
        (void)snprintf(pattern, sizeof pattern, "*%s*", argv[1]);
        cmocka_set_test_filter(pattern);
    }
    /* cmocka's exit status is the number of failures, which wraps at 256 */
    return _cmocka_run_group_tests("tests", tests, count, NULL, NULL) == 0 ? 0 : 1;
}
