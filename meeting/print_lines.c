/* Styled lines as plain text and as the body of a page. */
#include "meeting/print.h"

#define PLAIN_COLUMNS 80

/* Characters, which for text in NFC is what the eye counts. */
static size_t width_of(struct span t)
{
    size_t width = 0;
    for (size_t i = 0; i < t.size; i++)
        width += (t.data[i] & 0xc0) != 0x80;
    return width;
}

static void pad(struct buf *ret, size_t count)
{
    while (count-- > 0)
        buf_text(ret, " ");
}

/* The columns of a line after its style. */
static size_t split(struct span t, struct span ret[static PRINT_COLUMNS_MAX])
{
    size_t count = 0;
    for (size_t i = 1; i < t.size && count < PRINT_COLUMNS_MAX;) {
        size_t end = i + 1;
        while (end < t.size && t.data[end] != '\t')
            end++;
        ret[count++] = SPAN(t.data + i + 1, end - i - 1);
        i = end;
    }
    return count;
}

static bool next_line(struct span *rest, struct span *ret)
{
    size_t size = 0;
    if (rest->size == 0)
        return false;
    while (size < rest->size && rest->data[size] != '\n')
        size++;
    *ret = SPAN(rest->data, size);
    size += size < rest->size;
    *rest = SPAN(rest->data + size, rest->size - size);
    return true;
}

/* Characters of t that fit into width, broken at a blank if there is one; the blank is dropped. */
static struct span take(struct span *t, size_t width)
{
    size_t size = 0, blank = 0, used = 0;
    while (size < t->size) {
        bool first = (t->data[size] & 0xc0) != 0x80;
        if (first && used == width)
            break;
        if (t->data[size] == ' ')
            blank = size;
        used += first ? 1 : 0;
        size++;
    }
    if (size < t->size && t->data[size] != ' ' && blank > 0)
        size = blank;
    struct span ret = SPAN(t->data, size);
    size += size < t->size && t->data[size] == ' ';
    *t = SPAN(t->data + size, t->size - size);
    return ret;
}

/* Each column in its share of the width, as many lines as the longest needs. */
static void plain_line(struct buf *ret, enum print_style style, const struct span *column,
                       size_t count)
{
    bool middle = style == PRINT_TITLE || style == PRINT_SUBTITLE || style == PRINT_MARK;
    size_t indent = style == PRINT_ITEM ? 4 : 0;
    struct span rest[PRINT_COLUMNS_MAX];
    size_t cell = count == 0 ? 0 : (PLAIN_COLUMNS - indent) / count - (count > 1);
    for (size_t i = 0; i < count; i++)
        rest[i] = column[i];
    for (bool more = true; more;) {
        more = false;
        pad(ret, indent);
        for (size_t i = 0, behind = 0; i < count; i++) {
            struct span one = take(&rest[i], cell);
            size_t width = width_of(one), free_space = width < cell ? cell - width : 0;
            bool right = count == 1 && style == PRINT_DATE;
            size_t left = count == 1 && middle ? free_space / 2 : right ? free_space : 0;
            if (one.size > 0) {
                pad(ret, behind + left);
                buf_span(ret, one);
            }
            behind = (one.size > 0 ? 0 : behind + width) + free_space + 1;
            more = more || rest[i].size > 0;
        }
        buf_text(ret, "\n");
    }
}

void meeting_print_plain(struct buf *ret, struct span lines)
{
    struct span one, column[PRINT_COLUMNS_MAX];
    while (next_line(&lines, &one)) {
        size_t count = one.size > 0 ? split(one, column) : 0;
        plain_line(ret, one.size > 0 ? (enum print_style)one.data[0] : PRINT_SPACE, column, count);
    }
}

static void escaped(struct buf *ret, struct span t)
{
    for (size_t i = 0; i < t.size; i++) {
        switch (t.data[i]) {
        case '&':
            buf_text(ret, "&amp;");
            break;
        case '<':
            buf_text(ret, "&lt;");
            break;
        case '>':
            buf_text(ret, "&gt;");
            break;
        case '"':
            buf_text(ret, "&quot;");
            break;
        default:
            buf_bytes(ret, &t.data[i], 1);
        }
    }
}

static const char *tag_of(enum print_style style)
{
    switch (style) {
    case PRINT_TITLE:
        return "h1";
    case PRINT_SUBTITLE:
        return "h2";
    case PRINT_SECTION:
        return "h3";
    case PRINT_DATE:
    case PRINT_PARAGRAPH:
    case PRINT_ITEM:
    case PRINT_MARK:
    case PRINT_SPACE:
    case PRINT_HEAD:
    case PRINT_ROW:
    case PRINT_SIGNATURE:
        break;
    }
    return "p";
}

void meeting_print_html(struct buf *ret, struct span lines)
{
    struct span one, column[PRINT_COLUMNS_MAX];
    char table = '\0'; /* the style of the table that is open */
    while (next_line(&lines, &one)) {
        enum print_style style = one.size > 0 ? (enum print_style)one.data[0] : PRINT_SPACE;
        size_t count = one.size > 0 ? split(one, column) : 0;
        bool side = style == PRINT_HEAD || style == PRINT_ROW || style == PRINT_SIGNATURE;
        if (table != '\0' && table != (char)style)
            buf_text(ret, "</table>\n");
        bool first = side && table != (char)style;
        if (first)
            buf_printf(ret, "<table class=\"%c\">\n", style);
        table = side ? (char)style : '\0';
        const char *tag = !side ? tag_of(style) : first && style == PRINT_ROW ? "th" : "td";
        buf_text(ret, side ? "<tr>" : "");
        for (size_t i = 0; i < count; i++) {
            buf_printf(ret, side ? "<%s>" : "<%s class=\"%c\">", tag, style);
            escaped(ret, column[i]);
            buf_printf(ret, "</%s>", tag);
        }
        if (count > 0 || side)
            buf_text(ret, side ? "</tr>\n" : "\n");
    }
    if (table != '\0')
        buf_text(ret, "</table>\n");
}
