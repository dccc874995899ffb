#include "text/text.h"

#include <assert.h>
#include <stdarg.h>

struct entry {
    const char *key;
    const char *in[TEXT_LANGS_COUNT];
};

static const struct entry entries[TEXT_COUNT] = {
    [TEXT_NONE] = {"none", {[TEXT_VI] = "", [TEXT_EN] = ""}},
#define X(id, en, vi) [id] = {#id, {[TEXT_EN] = en, [TEXT_VI] = vi}},
#include "text/catalog.def"
#undef X
};

/* Keys in lower case, written once when first asked for. */
static char keys[TEXT_COUNT][48];

const char *text(enum text_lang lang, enum text_id id)
{
    assert(id < TEXT_COUNT);
    return entries[id].in[lang];
}

const char *text_key(enum text_id id)
{
    assert(id < TEXT_COUNT);
    char *key = keys[id];
    const char *name = entries[id].key;
    size_t n = strlen(name);
    assert(n < sizeof keys[id]);
    for (size_t i = 0; i <= n; i++)
        key[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    return key;
}

enum text_id text_by_key(const char *key)
{
    for (enum text_id id = TEXT_NONE; id < TEXT_COUNT; id++) {
        if (strcmp(text_key(id), key) == 0)
            return id;
    }
    return TEXT_NONE;
}

void text_fill(struct buf *b, enum text_lang lang, enum text_id id, const char *const args[],
               size_t count)
{
    const char *p = text(lang, id);
    while (*p != '\0') {
        if (p[0] == '{' && p[1] >= '0' && p[1] <= '9' && p[2] == '}') {
            size_t n = (size_t)(p[1] - '0');
            buf_text(b, n < count ? args[n] : "?");
            p += 3;
            continue;
        }
        buf_bytes(b, (const uint8_t *)p, 1);
        p++;
    }
}

enum text_lang text_lang_of(const char *locale)
{
    if (locale != NULL && locale[0] == 'v' && locale[1] == 'i' &&
        (locale[2] == '\0' || locale[2] == '_' || locale[2] == '.' || locale[2] == '-'))
        return TEXT_VI;
    return TEXT_EN;
}

void text_cut(char *ret, size_t size, const char *from)
{
    size_t n = strlen(from);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((uint8_t)from[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(ret, from, n);
    ret[n] = '\0';
}

int text_say(struct text_said *said, enum text_id id, size_t count, ...)
{
    assert(count <= TEXT_ARGS_MAX);
    if (said == NULL)
        return HOP_EREFUSED;
    said->id = id;
    said->of = TEXT_NONE;
    said->count = count;
    va_list ap;
    va_start(ap, count);
    for (size_t i = 0; i < count; i++) {
        const char *arg = va_arg(ap, const char *);
        text_cut(said->args[i], sizeof said->args[i], arg == NULL ? "" : arg);
    }
    va_end(ap);
    return HOP_EREFUSED;
}

int text_say_of(struct text_said *said, enum text_id id, enum text_id of)
{
    (void)text_say(said, id, 0);
    if (said != NULL)
        said->of = of;
    return HOP_EREFUSED;
}

void text_said_fill(struct buf *b, enum text_lang lang, const struct text_said *said)
{
    const char *args[1 + TEXT_ARGS_MAX];
    size_t count = 0;
    if (said->of != TEXT_NONE)
        args[count++] = text(lang, said->of);
    for (size_t i = 0; i < said->count; i++)
        args[count++] = said->args[i];
    text_fill(b, lang, said->id, args, count);
}
