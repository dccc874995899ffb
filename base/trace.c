#include "base/trace.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void trace(const struct trace *t, const char *format, ...)
{
    if (t == NULL || t->line == NULL)
        return;
    char text[TRACE_LINE_BYTES_MAX];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    t->line(t->ctx, text);
}
