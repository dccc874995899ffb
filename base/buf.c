#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for size more bytes and the final NUL. */
static bool reserve(struct buf *b, size_t size)
{
    if (b->bad || size > BUF_BYTES_MAX - 1 - b->size) {
        b->bad = true;
        return false;
    }
    size_t need = b->size + size + 1;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity < 256 ? 256 : b->capacity;
    while (capacity < need)
        capacity *= 2;
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->bad = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buf_bytes(struct buf *b, const uint8_t *bytes, size_t size)
{
    if (!reserve(b, size))
        return;
    if (size > 0)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = 0;
}

void buf_text(struct buf *b, const char *text)
{
    buf_bytes(b, (const uint8_t *)text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n >= 0 && reserve(b, (size_t)n)) {
        (void)vsnprintf((char *)b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
}

const char *buf_string(const struct buf *b)
{
    return b->size == 0 ? "" : (const char *)b->data;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
