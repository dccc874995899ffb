/* fuzz: meeting cell store crypto text base */
/* Bytes as a procedure file: refused with a sentence that fills, or rules that can be counted with.
 */
#include <stdlib.h>

#include "meeting/procedure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the string it was reading when the syntax is wrong: at most the size of the
 * file, which we limit. Leaks of our own are still found. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct procedure p;
    struct text_said why = {0};
    int err = procedure_parse(&p, SPAN(data, size), &why);
    if (err == HOP_OK) {
        size_t needed = procedure_needed(&p.quorum, 300);
        if (p.forms_count == 0 || needed == 0 || needed > 300 || p.quorum.of_present)
            abort();
        return 0;
    }
    for (unsigned lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        struct buf b = {0};
        text_said_fill(&b, (enum text_lang)lang, &why);
        if (err != HOP_EMALFORMED || b.size == 0)
            abort();
        buf_free(&b);
    }
    return 0;
}
