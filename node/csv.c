#include "node/csv.h"

#include <string.h>

struct csv csv_of(struct buf *file)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    bool marked = file->size >= sizeof mark && memcmp(file->data, mark, sizeof mark) == 0;
    return (struct csv){.file = file, .at = marked ? sizeof mark : 0};
}

static char *trimmed(char *s)
{
    s += strspn(s, " \t\r");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r", s[n - 1]) != NULL)
        s[--n] = '\0';
    return s;
}

char *csv_next_line(struct csv *c)
{
    while (c->file->size > 0 && c->at < c->file->size) {
        char *line = (char *)c->file->data + c->at;
        size_t n = 0;
        while (c->at + n < c->file->size && line[n] != '\n')
            n++;
        c->at += n + 1;
        c->line++;
        line[n] = '\0'; /* over the line end, or the buffer's own end */
        line = trimmed(line);
        if (line[0] != '\0')
            return line;
    }
    return NULL;
}

/* A quoted field at s, unquoted in place; what follows it, or NULL: it does not close. */
static char *unquote(char *s)
{
    char *to = s;
    for (char *p = s + 1; *p != '\0'; p++) {
        if (*p == '"' && p[1] != '"') {
            *to = '\0';
            return p + 1;
        }
        p += *p == '"';
        *to++ = *p;
    }
    return NULL;
}

int csv_next(struct csv *c, char *ret[static CSV_FIELDS_MAX], size_t *ret_count)
{
    char *p = csv_next_line(c);
    *ret_count = 0;
    if (p == NULL)
        return HOP_ENOTFOUND;
    for (bool more = true; more;) {
        char *field = p + strspn(p, " \t");
        if (*field == '"') {
            p = unquote(field);
            if (p == NULL)
                return HOP_EMALFORMED;
        } else {
            p = field;
        }
        p += strcspn(p, ",;");
        more = *p != '\0';
        *p++ = '\0';
        if (*ret_count < CSV_FIELDS_MAX)
            ret[(*ret_count)++] = trimmed(field);
    }
    return HOP_OK;
}
