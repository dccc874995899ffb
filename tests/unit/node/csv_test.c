#include "node/csv.h"

#include <stdio.h>

#include "tests/lib/test.h"

/* The fields of each line as "a|b", lines as "\n". */
static const char *read_all(const char *file, int *ret_err, size_t *ret_line)
{
    static char got[1024];
    struct buf b = {0};
    char *fields[CSV_FIELDS_MAX];
    size_t count, used = 0;
    buf_text(&b, file);
    struct csv csv = csv_of(&b);
    got[0] = '\0';
    while ((*ret_err = csv_next(&csv, fields, &count)) == HOP_OK) {
        for (size_t i = 0; i < count; i++)
            used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", i == 0 ? "" : "|",
                                     fields[i]);
        used += (size_t)snprintf(got + used, sizeof got - used, "\n");
    }
    *ret_line = csv.line;
    buf_free(&b);
    return got;
}

static void check_file(const char *file, const char *want)
{
    int err;
    size_t line;
    CHECK_TEXT(read_all(file, &err, &line), want);
    CHECK_ERR(err, HOP_ENOTFOUND);
}

/* A roster saved by any spreadsheet must come in as it was typed. */
TEST(csv_reads_what_spreadsheets_write)
{
    check_file("Lan,member,full\n", "Lan|member|full\n");
    check_file("\xef\xbb\xbfHọ tên;Chức danh\r\nLan; phó bí thư \r\n",
               "Họ tên|Chức danh\nLan|phó bí thư\n");
    check_file("\"Lò, Văn \"\"Tú\"\"\",member", "Lò, Văn \"Tú\"|member\n");
    check_file("\n  \na,,c\n,\n", "a||c\n|\n");
    check_file("", "");
}

/* A quote that swallows the rest of the roster would invite nobody without a word. */
TEST(csv_names_the_line_whose_quote_does_not_close)
{
    int err;
    size_t line;
    (void)read_all("a,b\n\nc,\"d\ne,f\n", &err, &line);
    CHECK_ERR(err, HOP_EMALFORMED);
    CHECK_EQ(line, 3);
}

/* More fields than a line may have are dropped, not written past the end. */
TEST(csv_drops_fields_beyond_its_limit)
{
    char *fields[CSV_FIELDS_MAX];
    size_t count;
    struct buf b = {0};
    for (size_t i = 0; i < 40; i++)
        buf_text(&b, "x,");
    struct csv csv = csv_of(&b);
    CHECK_OK(csv_next(&csv, fields, &count));
    CHECK_EQ(count, CSV_FIELDS_MAX);
    CHECK_ERR(csv_next(&csv, fields, &count), HOP_ENOTFOUND);
    buf_free(&b);
}
