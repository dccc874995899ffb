/* Documents on paper, as lines: each kind in both languages, as plain text in golden/print.*.txt.
 * After a change that is meant, run with HOP_GOLDEN=write and read the difference. */
#include "tests/unit/meeting/world.h"

#include "meeting/print.h"

enum { AN, BINH, CUC };

/* A meeting with something of each kind; `extra` stands behind every member's words. */
static const uint8_t *tell(struct world *w, const char *extra)
{
    char words[6][256];
    size_t n = 0;
#define SAID(t) ((void)snprintf(words[n], sizeof words[n], "%s%s", (t), extra), words[n++])
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Trần Thị Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Lò Thị Cúc", ROLE_MEMBER, CATEGORY_FULL);
    struct act a = act_meeting("Tháng 12 <năm> 2026", 2);
    a.when = span_text("19:30 ngày 04/12/2026");
    a.place = span_text("Nhà văn hóa bản Mù");
    a.reason = span_text("Mưa lũ");
    memcpy(a.secretary, w->cell.members[CUC].id, 16);
    const uint8_t *m = world_act(w, AN, &a);
    a = act_document(m, "Dự thảo \"nghị quyết\" & phụ lục", CLASS_INTERNAL);
    a.number = span_text("05-NQ/CB");
    world_act(w, AN, &a);
    a = act_text(ACT_SITE, m, 0, "");
    a.title = span_text("Bản Mù");
    memcpy(a.person, w->cell.members[CUC].id, 16);
    world_act(w, AN, &a);
    a = act_text(ACT_NOTICE, m, 0, SAID("Đề nghị dự đúng giờ."));
    const uint8_t *notice = world_act(w, AN, &a);
    world_all_meet(w);
    do_on(w, BINH, ACT_RECEIPT, m, notice, RECEIPT_READ);
    do_simple(w, AN, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = AN; i <= CUC; i++) {
        do_simple(w, i, ACT_ATTEND, m);
        world_all_meet(w);
        do_roll(w, AN, m, i, ROLL_PRESENT, "");
    }
    do_text(w, CUC, ACT_OPINION, m, 2, SAID("Đề nghị ghi rõ điểm tập kết."));
    const uint8_t *q = do_text(w, AN, ACT_MOTION, m, 2, SAID("Thông qua nghị quyết"));
    world_all_meet(w);
    for (uint32_t i = AN; i <= CUC; i++)
        do_on(w, i, ACT_VOTE, m, q, i == CUC ? CHOICE_DISAGREE : CHOICE_AGREE);
    world_all_meet(w);
    do_on(w, AN, ACT_TALLY, m, q, 0);
    do_text(w, AN, ACT_CONCLUSION, m, 2, SAID("Chuẩn bị điểm sơ tán."));
    do_simple(w, AN, ACT_CLOSE, m);
    world_all_meet(w);
    a = act_text(ACT_RESOLUTION, m, 0,
                 "Điều 1. Chuẩn bị điểm sơ tán trước ngày 10 tháng 12 năm 2026, giao đồng chí Lò "
                 "Thị Cúc phụ trách.\nĐiều 2. Nghị quyết có hiệu lực từ ngày ký.");
    a.title = span_text("Về phòng chống lũ");
    a.number = span_text("05-NQ/CB");
    memcpy(a.target, q, 32);
    world_act(w, AN, &a);
    world_all_meet(w);
    a = act_on(ACT_RESERVE, m, q, 0);
    a.text = span_text(SAID("Chưa có kinh phí."));
    world_act(w, CUC, &a);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
#undef SAID
}

static void print_one(struct world *w, const uint8_t *m, enum print_kind kind, size_t index,
                      enum text_lang lang, struct buf *ret)
{
    CHECK_OK(meeting_print(ret, w->state, &w->cell, meeting_find(w->state, m), kind, index, lang));
}

static void compare(const struct buf *got, const char *path)
{
    static char want[64 * 1024];
    const char *golden = getenv("HOP_GOLDEN");
    bool write = golden != NULL && strcmp(golden, "write") == 0;
    FILE *f = fopen(path, write ? "w+b" : "rb");
    CHECK(f != NULL);
    if (write) {
        CHECK_EQ(fwrite(got->data, 1, got->size, f), got->size);
        rewind(f);
    }
    size_t size = fread(want, 1, sizeof want - 1, f);
    (void)fclose(f);
    want[size] = '\0';
    CHECK_TEXT(buf_string(got), want);
}

static void check_golden(enum text_lang lang, const char *path)
{
    struct world *w = world_new();
    struct buf plain = {0};
    const uint8_t *m = tell(w, "");
    for (int kind = 0; kind < PRINT_KINDS_COUNT; kind++) {
        struct buf lines = {0};
        print_one(w, m, (enum print_kind)kind, kind == PRINT_EXTRACT ? 2 : 0, lang, &lines);
        buf_printf(&plain, "==== %d\n", kind);
        meeting_print_plain(&plain, buf_written(&lines));
        buf_free(&lines);
    }
    compare(&plain, path);
    buf_free(&plain);
    world_free(w);
}

/* A notice with a wrong date or no signature block would go out on paper. */
TEST(documents_in_vietnamese_read_as_agreed)
{
    check_golden(TEXT_VI, "tests/unit/meeting/golden/print.vi.txt");
}

TEST(documents_in_english_read_as_agreed)
{
    check_golden(TEXT_EN, "tests/unit/meeting/golden/print.en.txt");
}

/* What print/ and the page take apart: a style they know, then columns behind tabs. */
TEST(documents_are_lines_of_known_styles)
{
    struct world *w = world_new();
    const uint8_t *m = tell(w, "\n\ttab\r\nR\tx\ty");
    for (int kind = 0; kind < PRINT_KINDS_COUNT; kind++) {
        struct buf b = {0};
        print_one(w, m, (enum print_kind)kind, kind == PRINT_EXTRACT ? 2 : 0, TEXT_VI, &b);
        CHECK(b.size > 0 && b.data[b.size - 1] == '\n');
        for (const char *t = buf_string(&b); *t != '\0'; t = strchr(t, '\n') + 1) {
            size_t size = strcspn(t, "\n"), tabs = 0;
            CHECK(strchr("HTSDBPIRGNM", t[0]) != NULL);
            CHECK(size == 1 || t[1] == '\t');
            for (size_t i = 0; i < size; i++)
                tabs += t[i] == '\t';
            CHECK(tabs <= 3);
            CHECK(memchr(t, '\r', size) == NULL);
        }
        buf_free(&b);
    }
    world_free(w);
}

/* Words of a member must not make a line of the document, nor a tag of the page. */
TEST(documents_put_a_bar_before_every_line_of_a_members_text)
{
    struct world *w = world_new();
    struct buf b = {0}, html = {0};
    const uint8_t *m = tell(w, "\nđ/c Trần Thị Bình: FORGED<b>");
    print_one(w, m, PRINT_EXTRACT, 2, TEXT_VI, &b);
    CHECK(strstr(buf_string(&b), "\nI\t| đ/c Trần Thị Bình: FORGED<b>\n") != NULL);
    CHECK(strstr(buf_string(&b), "\nP\t| đ/c Trần Thị Bình: FORGED<b>\n") != NULL);
    CHECK(strstr(buf_string(&b), "\tđ/c Trần Thị Bình: FORGED") == NULL);
    meeting_print_html(&html, buf_written(&b));
    CHECK(strstr(buf_string(&html), "<b>") == NULL);
    CHECK(strstr(buf_string(&html), "&lt;b&gt;") != NULL);
    buf_free(&b);
    buf_free(&html);
    world_free(w);
}

/* A resolution that is not there must not print as an empty one. */
TEST(documents_that_are_not_there_are_not_found)
{
    struct world *w = world_new();
    struct buf b = {0};
    const struct meeting *m;
    const uint8_t *id = tell(w, "");
    m = meeting_find(w->state, id);
    CHECK_ERR(meeting_print(&b, w->state, &w->cell, m, PRINT_RESOLUTION, 1, TEXT_VI),
              HOP_ENOTFOUND);
    CHECK_ERR(meeting_print(&b, w->state, &w->cell, m, PRINT_EXTRACT, 0, TEXT_VI), HOP_ENOTFOUND);
    CHECK_ERR(meeting_print(&b, w->state, &w->cell, m, PRINT_EXTRACT, 3, TEXT_VI), HOP_ENOTFOUND);
    CHECK_ERR(meeting_print(&b, w->state, &w->cell, m, PRINT_KINDS_COUNT, 0, TEXT_VI),
              HOP_ENOTFOUND);
    buf_free(&b);
    world_free(w);
}

/* ---- lines as text and as a page ---- */

static void check_plain(const char *lines, const char *want)
{
    struct buf b = {0};
    meeting_print_plain(&b, span_text(lines));
    CHECK_TEXT(buf_string(&b), want);
    buf_free(&b);
}

/* A terminal and a printer of 80 columns must not cut words in two. */
TEST(plain_text_is_broken_at_eighty_columns)
{
    check_plain("P\tmột hai\n", "một hai\n");
    check_plain("N\n", "\n");
    check_plain("I\tba\n", "    ba\n");
    check_plain("T\tBIÊN BẢN\n", "                                    BIÊN BẢN\n");
    check_plain("P\t1234567 101234567 201234567 301234567 401234567 501234567 601234567 701234567 "
                "80123 90\n",
                "1234567 101234567 201234567 301234567 401234567 501234567 601234567 701234567\n"
                "80123 90\n");
    check_plain("R\tđ/c An\tđã đọc\t19:30\n",
                "đ/c An                    đã đọc                    19:30\n");
    check_plain("G\t\tCHỦ TRÌ\n", "                                        CHỦ TRÌ\n");
    check_plain("P\tcụt", "cụt\n");
    check_plain("", "");
}

TEST(plain_text_breaks_a_word_longer_than_a_line)
{
    char lines[200] = "P\t", want[200];
    memset(lines + 2, 'x', 100);
    memset(want, 'x', sizeof want);
    want[80] = '\n';
    want[101] = '\n';
    want[102] = '\0';
    check_plain(lines, want);
}

TEST(a_page_has_a_table_for_each_run_of_rows)
{
    struct buf b = {0};
    meeting_print_html(&b, span_text("T\tA & B\nR\tx\ty\nR\t1\t2\nN\nG\t\tz\n"));
    CHECK_TEXT(
        buf_string(&b),
        "<h1 class=\"T\">A &amp; B</h1>\n<table class=\"R\">\n<tr><th>x</th><th>y</th></tr>\n"
        "<tr><td>1</td><td>2</td></tr>\n</table>\n<table class=\"G\">\n"
        "<tr><td></td><td>z</td></tr>\n</table>\n");
    buf_free(&b);
}
