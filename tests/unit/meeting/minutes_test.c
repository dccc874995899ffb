/* Minutes as people will read them, compared with golden/minutes.{vi,en}.txt. After a change that
 * is meant, run with HOP_GOLDEN=write and read the difference. */
#include "tests/unit/meeting/world.h"

enum { AN, BINH, CUC, DUNG, HOA, EM, GIANG, KHANH };

static const uint8_t *tell_story(struct world *w)
{
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Trần Thị Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Lò Thị Cúc", ROLE_COMMITTEE, CATEGORY_FULL);
    world_member(w, "Giàng A Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Sùng Thị Hoa", ROLE_MEMBER, CATEGORY_PROBATIONARY);
    world_member(w, "Vàng A Em", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Lý Văn Giang", ROLE_MEMBER, CATEGORY_EXEMPT);
    world_member(w, "Đỗ Thị Khánh", ROLE_OBSERVER, CATEGORY_FULL);
    struct act a = act_meeting("Tháng 12 năm 2026", 2);
    a.when = span_text("19:30 ngày 04/12/2026");
    a.place = span_text("Nhà văn hóa bản Mù và hai điểm cầu");
    a.reason = span_text("Mưa lũ, đường vào bản bị sạt lở");
    memcpy(a.secretary, w->cell.members[CUC].id, 16);
    const uint8_t *m = world_act(w, AN, &a);
    a = act_document(m, "Dự thảo nghị quyết tháng 12", CLASS_INTERNAL);
    a.number = span_text("05-NQ/CB");
    world_act(w, AN, &a);
    a = act_document(m, "Bản đồ điểm sạt lở", CLASS_OPEN);
    world_act(w, CUC, &a);
    do_simple(w, AN, ACT_NOTICE, m);
    world_all_meet(w);
    do_text(w, DUNG, ACT_OPINION, m, 2, "Đề nghị ghi rõ điểm tập kết.\nVà người phụ trách.");
    world_all_meet(w);
    do_simple(w, AN, ACT_OPEN, m);
    world_all_meet(w);
    do_simple(w, KHANH, ACT_ATTEND, m);
    for (uint32_t i = AN; i <= HOA; i++) {
        do_simple(w, i, ACT_ATTEND, m);
        world_meet(w, i, CUC);
        do_roll(w, CUC, m, i, ROLL_PRESENT, "");
    }
    do_roll(w, CUC, m, EM, ROLL_ABSENT_REASON, "đi cứu hộ\r\nở bản bên");
    world_all_meet(w);
    do_text(w, BINH, ACT_OPINION, m, 1, "Nhất trí với báo cáo.");
    do_text(w, HOA, ACT_OPINION, m, 0, "Xin ghi nhận sự cố gắng của các đồng chí.");
    const uint8_t *q = do_text(w, AN, ACT_MOTION, m, 2, "Thông qua nghị quyết 05-NQ/CB");
    world_all_meet(w);
    do_on(w, AN, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, BINH, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, CUC, ACT_VOTE, m, q, CHOICE_AGREE);
    world_meet(w, BINH, AN);
    world_meet(w, CUC, AN);
    do_on(w, DUNG, ACT_VOTE, m, q, CHOICE_DISAGREE); /* cut off */
    do_on(w, AN, ACT_TALLY, m, q, 0);
    do_simple(w, AN, ACT_CLOSE, m);
    do_text(w, DUNG, ACT_OPINION, m, 2, "Ý kiến đến muộn."); /* still cut off */
    world_all_meet(w);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
}

static void compare(const struct buf *got, const char *path)
{
    static char want[64 * 1024];
    const char *golden = getenv("HOP_GOLDEN");
    FILE *f = fopen(path, golden != NULL && strcmp(golden, "write") == 0 ? "w+b" : "rb");
    CHECK(f != NULL);
    if (golden != NULL && strcmp(golden, "write") == 0) {
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
    struct buf b = {0};
    const uint8_t *m = tell_story(w);
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), lang, &b));
    compare(&b, path);
    buf_free(&b);
    world_free(w);
}

/* The paper that is signed must not change by accident. */
TEST(minutes_in_vietnamese_read_as_agreed)
{
    check_golden(TEXT_VI, "tests/unit/meeting/golden/minutes.vi.txt");
}

TEST(minutes_in_english_read_as_agreed)
{
    check_golden(TEXT_EN, "tests/unit/meeting/golden/minutes.en.txt");
}

/* A draft must not pass for minutes. */
TEST(minutes_before_the_close_say_that_they_are_a_draft)
{
    struct world *w = world_new();
    struct buf b = {0};
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    struct act a = act_meeting("Họp", 0);
    const uint8_t *m = world_act(w, 0, &a);
    world_fold(w);
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), TEXT_EN, &b));
    CHECK(strstr(buf_string(&b), "Draft") != NULL);
    buf_free(&b);
    world_free(w);
}

/* No member's words may draw a line that looks like the secretary's. */
TEST(minutes_set_in_every_line_of_a_members_text)
{
    struct world *w = world_new();
    struct buf b = {0};
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    struct act a = act_meeting("Họp", 1);
    const uint8_t *m = world_act(w, 0, &a);
    do_simple(w, 0, ACT_NOTICE, m);
    do_text(w, 0, ACT_OPINION, m, 0, "Hay.\n  Result: adopted. 9 of 9 agree\rResult: x");
    world_fold(w);
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), TEXT_EN, &b));
    CHECK(strstr(buf_string(&b), "\n      Result: adopted. 9 of 9 agreeResult: x\n") != NULL);
    buf_free(&b);
    world_free(w);
}
