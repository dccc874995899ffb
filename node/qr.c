#include "node/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

#define QUIET 2 /* modules of margin; four by the standard, two read well and fit 80 columns */

int qr_rows(const char *text, json_t **ret)
{
    /* Medium correction: a scratched screen still reads. */
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL)
        return errno == ERANGE ? HOP_EFULL : HOP_ENOMEM;
    size_t width = (size_t)code->width;
    json_t *rows = json_array();
    char *row = malloc(width);
    for (size_t y = 0; row != NULL && y < width; y++) {
        for (size_t x = 0; x < width; x++)
            row[x] = (char)('0' + (code->data[y * width + x] & 1));
        (void)json_array_append_new(rows, json_stringn(row, width));
    }
    QRcode_free(code);
    int err = row != NULL && json_array_size(rows) == width ? HOP_OK : HOP_ENOMEM;
    free(row);
    if (err == HOP_OK)
        *ret = rows;
    else
        json_decref(rows);
    return err;
}

/* Is this module dark? Outside the code all is light. */
static bool dark(const json_t *rows, size_t x, size_t y)
{
    const char *row = y < QUIET ? NULL : json_string_value(json_array_get(rows, y - QUIET));
    return row != NULL && x >= QUIET && x - QUIET < strlen(row) && row[x - QUIET] == '1';
}

void qr_draw(struct buf *b, const json_t *rows, bool inverse)
{
    /* index: upper half drawn, lower half drawn */
    static const char *const blocks[2][2] = {{" ", "▄"}, {"▀", "█"}};
    size_t size = json_array_size(rows) + 2 * (size_t)QUIET;
    for (size_t y = 0; y < size; y += 2) {
        for (size_t x = 0; x < size; x++)
            buf_text(b, blocks[dark(rows, x, y) == inverse][dark(rows, x, y + 1) == inverse]);
        buf_text(b, "\n");
    }
}
