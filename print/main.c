/* hop-print: styled lines (meeting/print.h) on standard input, a PDF on paper of A4 in a file.
 *
 *     hop-print OUT.pdf [TITLE] < lines
 *
 * Pango lays out the text, with whatever font of the machine has Vietnamese, and Cairo writes it.
 * A program of its own, so that the node does not carry a layout engine. It makes the whole file in
 * memory, writes it beside the other and renames it, so that a file is whole or not there. The same
 * lines make the same bytes. Exit 0; 1 what came in is not styled lines; 2 it was called wrongly;
 * 3 the file cannot be written. */
#include <cairo-pdf.h>
#include <fcntl.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINT_MM     (72.0 / 25.4)
#define PAGE_WIDTH   (210 * POINT_MM) /* ISO 216 A4 */
#define PAGE_HEIGHT  (297 * POINT_MM)
#define MARGIN_LEFT  (30 * POINT_MM) /* the margins of Vietnamese office documents */
#define MARGIN_RIGHT (15 * POINT_MM)
#define MARGIN_TOP   (20 * POINT_MM)
#define MARGIN_END   (20 * POINT_MM)
#define TEXT_WIDTH   (PAGE_WIDTH - MARGIN_LEFT - MARGIN_RIGHT)
#define FONT         "Liberation Serif, DejaVu Serif, serif"
#define SIZE         13.0
#define INPUT_MAX    (8u << 20)
#define OUTPUT_MAX   (64u << 20)
#define COLUMNS_MAX  8

struct paper {
    cairo_t *cairo;
    PangoLayout *layout;
    PangoLayout *frame; /* of what stands on every page: its number, the mark */
    double y;
    int page;
    bool in_table;
    char mark[128];
};

struct line {
    char style;
    const char *column[COLUMNS_MAX];
    size_t columns;
};

/* What a style looks like. */
struct look {
    char style;
    double size, before, indent;
    PangoWeight weight;
    PangoStyle slant;
    PangoAlignment align;
    bool justify;
};

static const struct look looks[] = {
    {'T', 15, 12, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false},
    {'S', 13, 2, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false},
    {'D', 13, 4, 0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_ITALIC, PANGO_ALIGN_RIGHT, false},
    {'B', 13, 8, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_LEFT, false},
    {'P', 13, 4, 0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, PANGO_ALIGN_LEFT, true},
    {'I', 13, 2, 24, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, PANGO_ALIGN_LEFT, true},
    {'H', 12, 0, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false},
    {'G', 13, 10, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false},
    {'R', 11, 0, 0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, PANGO_ALIGN_LEFT, false},
    {'N', 13, 0, 0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, PANGO_ALIGN_LEFT, false},
};

static const struct look *look_of(char style)
{
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        if (looks[i].style == style)
            return &looks[i];
    }
    return NULL;
}

static void set_look(PangoLayout *layout, const struct look *l, double width, bool bold)
{
    PangoFontDescription *font = pango_font_description_from_string(FONT);
    pango_font_description_set_absolute_size(font, l->size * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : l->weight);
    pango_font_description_set_style(font, l->slant);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, l->align);
    pango_layout_set_justify(layout, l->justify);
}

/* ---- pages ---- */

static void show_at(const struct paper *p, PangoLayout *layout, double x, double y)
{
    cairo_move_to(p->cairo, x, y);
    pango_cairo_show_layout(p->cairo, layout);
}

/* The mark across the page and the page's number. */
static void finish_page(struct paper *p)
{
    static const struct look small = {
        'F', 10, 0, 0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false};
    static const struct look large = {
        'M', 60, 0, 0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, PANGO_ALIGN_CENTER, false};
    char number[24];
    (void)snprintf(number, sizeof number, "%d", p->page);
    set_look(p->frame, &small, TEXT_WIDTH, false);
    pango_layout_set_text(p->frame, number, -1);
    show_at(p, p->frame, MARGIN_LEFT, PAGE_HEIGHT - MARGIN_END + 4);
    if (p->mark[0] == '\0')
        return;
    set_look(p->frame, &large, PAGE_HEIGHT, false);
    pango_layout_set_text(p->frame, p->mark, -1);
    cairo_save(p->cairo);
    cairo_set_source_rgba(p->cairo, 0, 0, 0, 0.08);
    cairo_translate(p->cairo, PAGE_WIDTH / 2, PAGE_HEIGHT / 2);
    cairo_rotate(p->cairo, -0.9);
    show_at(p, p->frame, -PAGE_HEIGHT / 2, -40);
    cairo_restore(p->cairo);
}

static void next_page(struct paper *p)
{
    finish_page(p);
    cairo_show_page(p->cairo);
    p->page++;
    p->y = MARGIN_TOP;
}

static double layout_height(const struct paper *p)
{
    int height;
    pango_layout_get_size(p->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void need(struct paper *p, double height)
{
    if (p->y + height > PAGE_HEIGHT - MARGIN_END && p->y > MARGIN_TOP)
        next_page(p);
}

/* ---- lines ---- */

/* Running text breaks between pages line by line. */
static void put_running(struct paper *p, const struct look *l, const char *text)
{
    p->y += l->before;
    set_look(p->layout, l, TEXT_WIDTH - l->indent, false);
    pango_layout_set_text(p->layout, text, -1);
    PangoLayoutIter *at = pango_layout_get_iter(p->layout);
    do {
        PangoRectangle box;
        pango_layout_iter_get_line_extents(at, NULL, &box);
        double height = (double)box.height / PANGO_SCALE;
        need(p, height);
        cairo_move_to(p->cairo, MARGIN_LEFT + l->indent + (double)box.x / PANGO_SCALE,
                      p->y + (double)(pango_layout_iter_get_baseline(at) - box.y) / PANGO_SCALE);
        pango_cairo_show_layout_line(p->cairo, pango_layout_iter_get_line_readonly(at));
        p->y += height;
    } while (pango_layout_iter_next_line(at));
    pango_layout_iter_free(at);
}

/* Columns side by side, as high as the highest. */
static void put_columns(struct paper *p, const struct look *l, const struct line *line, bool head)
{
    size_t n = line->columns > 0 ? line->columns : 1;
    double width = TEXT_WIDTH / (double)n, height = 0, gap = l->style == 'R' ? 4 : 0;
    for (size_t i = 0; i < line->columns; i++) {
        set_look(p->layout, l, width - 2 * gap, head);
        pango_layout_set_text(p->layout, line->column[i], -1);
        height = layout_height(p) > height ? layout_height(p) : height;
    }
    p->y += l->before;
    need(p, height + gap);
    for (size_t i = 0; i < line->columns; i++) {
        set_look(p->layout, l, width - 2 * gap, head);
        pango_layout_set_text(p->layout, line->column[i], -1);
        show_at(p, p->layout, MARGIN_LEFT + width * (double)i + gap, p->y + gap / 2);
    }
    if (l->style == 'R') {
        cairo_set_line_width(p->cairo, 0.5);
        for (size_t i = 0; i < line->columns; i++) {
            cairo_rectangle(p->cairo, MARGIN_LEFT + width * (double)i, p->y, width, height + gap);
            cairo_stroke(p->cairo);
        }
    }
    p->y += height + gap;
}

static bool put_line(struct paper *p, const struct line *line)
{
    const struct look *l = look_of(line->style);
    if (line->style == 'M') {
        (void)snprintf(p->mark, sizeof p->mark, "%s", line->columns > 0 ? line->column[0] : "");
        return true;
    }
    if (l == NULL)
        return false;
    bool head = line->style == 'R' && !p->in_table;
    p->in_table = line->style == 'R';
    if (line->style == 'N')
        p->y += SIZE;
    else if (line->style == 'H' || line->style == 'G' || line->style == 'R')
        put_columns(p, l, line, head);
    else
        put_running(p, l, line->columns > 0 ? line->column[0] : "");
    return true;
}

/* Cut a line at its tabs, in place. False: it is not a style and columns behind tabs. */
static bool cut(char *text, struct line *ret)
{
    *ret = (struct line){.style = text[0]};
    char *at = text[0] == '\0' ? text : text + 1;
    while (*at == '\t' && ret->columns < COLUMNS_MAX) {
        *at++ = '\0';
        ret->column[ret->columns++] = at;
        at += strcspn(at, "\t");
    }
    return *at == '\0';
}

static bool put_all(struct paper *p, char *text)
{
    bool good = *text != '\0'; /* no lines are no document */
    for (char *at = text; *at != '\0' && good;) {
        char *end = at + strcspn(at, "\n");
        bool last = *end == '\0';
        *end = '\0';
        struct line line;
        good = cut(at, &line) && put_line(p, &line);
        at = last ? end : end + 1;
    }
    return good;
}

/* ---- the program ---- */

/* All of standard input; NULL: no memory, or more than a document has. */
static char *read_all(void)
{
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    while (text != NULL && !feof(stdin) && !ferror(stdin) && size < INPUT_MAX) {
        if (size == room) {
            char *more = realloc(text, 2 * room + 1);
            if (more == NULL)
                break;
            text = more;
            room *= 2;
        }
        size += fread(text + size, 1, room - size, stdin);
    }
    bool whole = text != NULL && feof(stdin) && !ferror(stdin);
    if (whole)
        text[size] = '\0';
    whole = whole && strlen(text) == size && g_utf8_validate(text, -1, NULL);
    if (whole)
        return text;
    free(text);
    return NULL;
}

struct file {
    unsigned char *bytes;
    size_t size, room;
};

static cairo_status_t keep(void *closure, const unsigned char *bytes, unsigned int size)
{
    struct file *f = closure;
    if (size > OUTPUT_MAX - f->size)
        return CAIRO_STATUS_WRITE_ERROR;
    if (f->size + size > f->room) {
        size_t room = 2 * (f->size + size);
        unsigned char *more = realloc(f->bytes, room);
        if (more == NULL)
            return CAIRO_STATUS_NO_MEMORY;
        f->bytes = more;
        f->room = room;
    }
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
    return CAIRO_STATUS_SUCCESS;
}

static int make_pdf(struct file *ret, const char *title, char *text)
{
    struct paper p = {.y = MARGIN_TOP, .page = 1};
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(keep, ret, PAGE_WIDTH, PAGE_HEIGHT);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "hop");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    p.cairo = cairo_create(surface);
    p.layout = pango_cairo_create_layout(p.cairo);
    p.frame = pango_cairo_create_layout(p.cairo);
    bool good = put_all(&p, text);
    finish_page(&p);
    cairo_show_page(p.cairo);
    g_object_unref(p.layout);
    g_object_unref(p.frame);
    cairo_destroy(p.cairo);
    cairo_surface_finish(surface);
    int exit_code = cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS ? 3 : good ? 0 : 1;
    cairo_surface_destroy(surface);
    return exit_code;
}

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return fsync(fd) == 0;
}

/* Beside the file first, so that the file itself is the old one, the new one, or not there. */
static int save(const char *path, const struct file *f)
{
    char beside[4096];
    if ((size_t)snprintf(beside, sizeof beside, "%s.part", path) >= sizeof beside)
        return 3;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    bool good = fd >= 0 && write_all(fd, f->bytes, f->size);
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(beside, path) == 0;
    if (!good && fd >= 0)
        (void)unlink(beside);
    return good ? 0 : 3;
}

int main(int argc, char **argv)
{
    struct file file = {0};
    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "hop-print OUT.pdf [TITLE] < styled lines\n");
        return 2;
    }
    char *text = read_all();
    int exit_code = text == NULL ? 1 : make_pdf(&file, argc == 3 ? argv[2] : "hop", text);
    if (exit_code == 0)
        exit_code = save(argv[1], &file);
    if (exit_code != 0)
        (void)fprintf(stderr, "hop-print: %s: %s\n", argv[1],
                      exit_code == 1 ? "what came in is not styled lines" : "cannot be written");
    free(file.bytes);
    free(text);
    return exit_code;
}
