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

static void check_golden(const uint8_t *(*tell)(struct world *), const char *name,
                         enum text_lang lang)
{
    struct world *w = world_new();
    struct buf b = {0};
    char path[128];
    const uint8_t *m = tell(w);
    (void)snprintf(path, sizeof path, "tests/unit/meeting/golden/%s.%s.txt", name,
                   lang == TEXT_VI ? "vi" : "en");
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), lang, &b));
    compare(&b, path);
    buf_free(&b);
    world_free(w);
}

/* The paper that is signed must not change by accident. */
TEST(minutes_in_vietnamese_read_as_agreed)
{
    check_golden(tell_story, "minutes", TEXT_VI);
}

TEST(minutes_in_english_read_as_agreed)
{
    check_golden(tell_story, "minutes", TEXT_EN);
}

/* ---- with all that can happen at a meeting ---- */

static void people_of(const struct world *w, struct act *a, uint8_t *room, const uint32_t *members,
                      const uint8_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(room + ACT_PERSON_BYTES * i, w->cell.members[members[i]].id, 16);
        room[ACT_PERSON_BYTES * i + 16] = values[i];
    }
    a->people = (struct act_people){.bytes = room, .count = count};
}

static const uint8_t *do_person(struct world *w, uint32_t by, enum act_type type, const uint8_t *m,
                                uint32_t person, uint32_t value, const char *words)
{
    struct act a = act_text(type, m, 0, words);
    memcpy(a.person, w->cell.members[person].id, 16);
    a.value = value;
    const uint8_t *id = world_act(w, by, &a);
    world_all_meet(w);
    return id;
}

static const uint8_t *do_target(struct world *w, uint32_t by, enum act_type type, const uint8_t *m,
                                const uint8_t *target, uint32_t value, const char *words)
{
    struct act a = act_on(type, m, target, value);
    a.text = span_text(words);
    const uint8_t *id = world_act(w, by, &a);
    world_all_meet(w);
    return id;
}

/* Words of members, each with the same behind it. */
struct said {
    const char *extra;
    char words[40][512];
    size_t count;
};

static const char *say(struct said *s, const char *words)
{
    CHECK(s->count < sizeof s->words / sizeof s->words[0]);
    (void)snprintf(s->words[s->count], sizeof s->words[0], "%s%s", words, s->extra);
    return s->words[s->count++];
}

static const uint8_t *prepare(struct world *w, struct said *s, const uint8_t **ret_site)
{
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Trần Thị Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Lò Thị Cúc", ROLE_COMMITTEE, CATEGORY_FULL);
    world_member(w, "Giàng A Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Sùng Thị Hoa", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Vàng A Em", ROLE_MEMBER, CATEGORY_FULL);
    struct act a = act_meeting("Tháng 12 năm 2026", 2);
    a.reason = span_text("Mưa lũ, đường vào bản bị sạt lở");
    a.flags = FLAG_PRACTICE;
    memcpy(a.secretary, w->cell.members[CUC].id, 16);
    const uint8_t *m = world_act(w, AN, &a);
    a = act_document(m, "Dự thảo lần 1", CLASS_INTERNAL);
    const uint8_t *draft = world_act(w, AN, &a);
    world_all_meet(w);
    a = act_document(m, "Dự thảo lần 2", CLASS_INTERNAL);
    a.number = span_text("05-NQ/CB");
    memcpy(a.target, draft, 32);
    world_act(w, AN, &a);
    a = act_text(ACT_SITE, m, 0, say(s, "nhà ông Páo"));
    a.title = span_text("Bản Mù");
    memcpy(a.person, w->cell.members[DUNG].id, 16);
    *ret_site = world_act(w, AN, &a);
    do_simple(w, AN, ACT_NOTICE, m);
    world_all_meet(w);
    a = act_text(ACT_EXCUSE, m, 0, say(s, "đi cứu hộ"));
    a.value = 1;
    world_act(w, EM, &a);
    world_all_meet(w);
    return m;
}

static void gather(struct world *w, struct said *s, const uint8_t *m, const uint8_t *site)
{
    static uint8_t room[8 * ACT_PERSON_BYTES];
    struct act a;
    do_simple(w, AN, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = AN; i <= CUC; i++)
        do_simple(w, i, ACT_ATTEND, m);
    world_all_meet(w);
    a = act_of(ACT_SITE_ROLL, m);
    memcpy(a.site, site, 32);
    people_of(w, &a, room, (const uint32_t[]){DUNG, HOA}, (const uint8_t[]){1, 1}, 2);
    world_act(w, DUNG, &a);
    world_all_meet(w);
    for (uint32_t i = AN; i <= HOA; i++)
        do_roll(w, CUC, m, i, ROLL_PRESENT, "");
    do_roll(w, CUC, m, EM, ROLL_ABSENT_REASON, say(s, "đi cứu hộ"));
    world_all_meet(w);
    a = act_text(ACT_PAUSE, m, 0, say(s, "chờ mạng"));
    a.value = 1;
    world_act(w, AN, &a);
    world_all_meet(w);
    a = act_of(ACT_PAUSE, m);
    a.value = 2;
    world_act(w, AN, &a);
    do_simple(w, AN, ACT_CHECK, m);
    world_all_meet(w);
    for (uint32_t i = AN; i <= DUNG; i++)
        do_roll(w, CUC, m, i, ROLL_PRESENT, "");
    do_roll(w, CUC, m, HOA, ROLL_ABSENT_REASON, say(s, "về trước"));
    world_all_meet(w);
}

static void discuss(struct world *w, struct said *s, const uint8_t *m, const uint8_t *site)
{
    struct act a;
    a = act_text(ACT_FLOOR, m, 2, "");
    a.value = FLOOR_ORDER;
    world_act(w, BINH, &a);
    world_all_meet(w);
    a = act_text(ACT_GIVE, m, 2, "");
    memcpy(a.person, w->cell.members[BINH].id, 16);
    a.value = 3;
    world_act(w, AN, &a);
    world_all_meet(w);
    do_text(w, BINH, ACT_OPINION, m, 2, say(s, "Đề nghị ghi rõ điểm tập kết."));
    a = act_text(ACT_OPINION, m, 2, say(s, "Xin thêm thuốc."));
    memcpy(a.person, w->cell.members[HOA].id, 16);
    memcpy(a.site, site, 32);
    world_act(w, DUNG, &a);
    world_all_meet(w);
}

static const uint8_t *vote(struct world *w, struct said *s, const uint8_t *m, const uint8_t *site)
{
    static uint8_t room[8 * ACT_PERSON_BYTES];
    struct act a;
    const uint8_t *q = do_text(w, AN, ACT_MOTION, m, 2, say(s, "Thông qua nghị quyết"));
    world_all_meet(w);
    a = act_on(ACT_MOTION, m, q, 0);
    a.item = 2;
    a.text = span_text(say(s, "Thêm: chuyển dân trước ngày 10"));
    const uint8_t *amend = world_act(w, BINH, &a);
    world_all_meet(w);
    do_on(w, AN, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, BINH, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, CUC, ACT_VOTE, m, q, CHOICE_AGREE);
    a = act_on(ACT_HANDS, m, q, 0);
    memcpy(a.site, site, 32);
    people_of(w, &a, room, (const uint32_t[]){DUNG, HOA},
              (const uint8_t[]){CHOICE_AGREE, CHOICE_DISAGREE}, 2);
    world_act(w, DUNG, &a);
    world_all_meet(w);
    do_target(w, BINH, ACT_WITHDRAW, m, amend, 0, "");
    do_target(w, AN, ACT_TALLY, m, q, 0, "");
    return q;
}

static void elect(struct world *w, struct said *s, const uint8_t *m)
{
    static uint8_t room[8 * ACT_PERSON_BYTES];
    struct act a;
    a = act_text(ACT_MOTION, m, 1, say(s, "Bầu phó bí thư"));
    a.form = span_text("election");
    const uint8_t *election = world_act(w, AN, &a);
    world_all_meet(w);
    a = act_on(ACT_PAPER, m, election, 0);
    people_of(w, &a, room, (const uint32_t[]){AN, BINH, CUC, DUNG}, (const uint8_t[]){0, 0, 0, 0},
              4);
    a.counts_count = PAPER_COUNTS;
    const uint32_t counts[PAPER_COUNTS] = {4, 4, 3, 1, 2, 1, 0};
    memcpy(a.counts, counts, sizeof counts);
    a.text = span_text(say(s, "kiểm phiếu: đ/c Cúc, đ/c Dũng"));
    world_act(w, CUC, &a);
    world_all_meet(w);
    do_target(w, AN, ACT_TALLY, m, election, 0, "");
}

static void conclude(struct world *w, struct said *s, const uint8_t *m)
{
    struct act a;
    do_text(w, AN, ACT_CONCLUSION, m, 2, say(s, "Chuẩn bị điểm sơ tán."));
    world_all_meet(w);
    do_text(w, AN, ACT_CONCLUSION, m, 2, say(s, "Chuẩn bị điểm sơ tán trước ngày 10."));
    do_person(w, BINH, ACT_CHAIR, m, BINH, 1, say(s, "đ/c An mất liên lạc"));
    a = act_text(ACT_EXCEPTION, m, 0, say(s, "Họp khi chưa đủ 3 ngày"));
    a.basis = span_text("Quy chế làm việc");
    world_act(w, AN, &a);
    a = act_text(ACT_REPORT, m, 0, say(s, "hai nhà bị sập"));
    a.place = span_text("Bản Mù");
    a.flags = FLAG_URGENT;
    a.value = 1;
    world_act(w, DUNG, &a);
    world_all_meet(w);
    a = act_text(ACT_TASK, m, 2, say(s, "Rà soát nhà dân ven suối"));
    memcpy(a.person, w->cell.members[DUNG].id, 16);
    a.when = span_text("10/12/2026");
    const uint8_t *task = world_act(w, CUC, &a);
    world_all_meet(w);
    do_target(w, CUC, ACT_TASK_STATE, m, task, TASK_DONE, say(s, "đã báo cáo"));
    a = act_text(ACT_SCORE, m, 0, say(s, "tốt"));
    const uint32_t points[] = {18, 15, 28, 20, 9};
    memcpy(a.counts, points, sizeof points);
    a.counts_count = 5;
    world_act(w, AN, &a);
    a = act_on(ACT_READ_BACK, m, m, 0);
    world_act(w, CUC, &a);
    world_all_meet(w);
}

static void close_it(struct world *w, struct said *s, const uint8_t *m, const uint8_t *q)
{
    struct act a;
    do_simple(w, BINH, ACT_CLOSE, m);
    do_text(w, EM, ACT_OPINION, m, 2, say(s, "Tôi nhất trí.")); /* had not seen the close */
    a = act_document(m, "Ảnh chụp bản Mù", CLASS_OPEN);
    world_act(w, AN, &a);
    world_all_meet(w);
    a = act_text(ACT_RESOLUTION, m, 0, say(s, "Điều 1. Chuẩn bị điểm sơ tán."));
    a.title = span_text("Về phòng chống lũ");
    a.number = span_text("05-NQ/CB");
    memcpy(a.target, q, 32);
    const uint8_t *resolution = world_act(w, CUC, &a);
    world_all_meet(w);
    do_target(w, AN, ACT_SIGN, m, resolution, 0, "");
    do_target(w, DUNG, ACT_RESERVE, m, resolution, 0, say(s, "Chưa có kinh phí."));
}

static void sign(struct world *w, struct said *s, const uint8_t *m)
{
    struct act a;
    a = act_text(ACT_MINUTES, m, 0, "Biên bản viết tay.");
    a.language = span_text("vi");
    const uint8_t *minutes = world_act(w, CUC, &a);
    world_all_meet(w);
    const uint8_t *c =
        do_target(w, DUNG, ACT_CORRECTION, m, minutes, 0, say(s, "Ngày 10 là thứ năm."));
    do_target(w, CUC, ACT_CORRECTED, m, c, 1, say(s, "Đã sửa."));
    do_target(w, DUNG, ACT_CORRECTION, m, minutes, 0, say(s, "Thiếu tên tôi."));
    do_target(w, CUC, ACT_READ_BACK, m, minutes, 0, "");
    do_target(w, AN, ACT_SIGN, m, minutes, 0, "");
    a = act_text(ACT_SUPPLEMENT, m, 0, say(s, "Bổ sung: ảnh chụp đến muộn."));
    a.language = span_text("vi");
    world_act(w, CUC, &a);
    world_all_meet(w);
}

/* A practice meeting at two sites with a break, votes of every kind, and everything that can
 * follow. `extra` stands behind every member's words. */
static const uint8_t *tell_all(struct world *w, const char *extra)
{
    struct said s = {.extra = extra};
    const uint8_t *site, *m = prepare(w, &s, &site);
    gather(w, &s, m, site);
    discuss(w, &s, m, site);
    const uint8_t *q = vote(w, &s, m, site);
    elect(w, &s, m);
    conclude(w, &s, m);
    close_it(w, &s, m, q);
    sign(w, &s, m);
    world_fold(w);
    for (size_t i = 0; i < meeting_ignored_count(w->state); i++) {
        struct buf why = {0};
        text_said_fill(&why, TEXT_EN, &meeting_ignored_at(w->state, i)->why);
        print_error("ignored: %s\n", buf_string(&why));
        buf_free(&why);
    }
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
}

static const uint8_t *tell_whole(struct world *w)
{
    return tell_all(w, "");
}

/* What is on record and not in the minutes would be lost for whoever reads paper. */
TEST(minutes_of_a_whole_meeting_read_as_agreed_in_vietnamese)
{
    check_golden(tell_whole, "whole", TEXT_VI);
}

TEST(minutes_of_a_whole_meeting_read_as_agreed_in_english)
{
    check_golden(tell_whole, "whole", TEXT_EN);
}

/* ---- in writing, by groups, by a script ---- */

static const uint8_t *tell_consultation(struct world *w)
{
    static uint8_t room[4 * ACT_PERSON_BYTES];
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Trần Thị Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Lò Thị Cúc", ROLE_COMMITTEE, CATEGORY_FULL);
    world_member(w, "Giàng A Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Sùng Thị Hoa", ROLE_MEMBER, CATEGORY_PROBATIONARY);
    world_member(w, "Vàng A Em", ROLE_MEMBER, CATEGORY_FULL);
    struct act a = act_meeting("Dự thảo nghị quyết tháng 11", 1);
    a.form = span_text("written");
    a.when = span_text("28/11/2026");
    fake_group(&w->cell, 9, NULL, DUNG, (const uint32_t[]){DUNG, HOA}, 2);
    const uint8_t *m = world_act(w, AN, &a);
    do_simple(w, AN, ACT_NOTICE, m);
    world_all_meet(w);
    a = act_text(ACT_REPLY, m, 0, "");
    a.value = REPLY_AGREE;
    world_act(w, AN, &a);
    a.text = span_text("Nhất trí toàn văn.");
    world_act(w, BINH, &a);
    a = act_text(ACT_REPLY, m, 0, "Cần thêm kinh phí.\nVà người.");
    a.value = REPLY_OTHER;
    world_act(w, CUC, &a);
    world_all_meet(w);
    a = act_of(ACT_CASCADE, m);
    memset(a.group, 9, 16);
    a.text = span_text("Tổ bản Mù nhất trí.");
    people_of(w, &a, room, (const uint32_t[]){DUNG, HOA},
              (const uint8_t[]){ROLL_PRESENT, ROLL_ABSENT_REASON}, 2);
    world_act(w, DUNG, &a);
    world_meet(w, DUNG, AN);
    a = act_text(ACT_REPLY, m, 0, "Đến muộn");
    a.value = REPLY_DISAGREE;
    world_act(w, EM, &a);
    do_simple(w, AN, ACT_CLOSE, m);
    world_all_meet(w);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
}

/* Who has not replied must be there by name, and never as agreeing. */
TEST(minutes_of_a_consultation_read_as_agreed)
{
    check_golden(tell_consultation, "consultation", TEXT_VI);
    check_golden(tell_consultation, "consultation", TEXT_EN);
}

static const uint8_t *tell_split(struct world *w)
{
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Trần Thị Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Lò Thị Cúc", ROLE_MEMBER, CATEGORY_FULL);
    struct act a = act_meeting("Họp hai bên", 1);
    const uint8_t *m = world_act(w, AN, &a);
    do_simple(w, AN, ACT_NOTICE, m);
    world_all_meet(w);
    do_simple(w, AN, ACT_OPEN, m);
    world_all_meet(w);
    for (uint32_t i = AN; i <= CUC; i++) {
        do_simple(w, i, ACT_ATTEND, m);
        world_all_meet(w);
        do_roll(w, AN, m, i, ROLL_PRESENT, "");
    }
    const uint8_t *q = do_text(w, AN, ACT_MOTION, m, 1, "Sơ tán ngay");
    world_all_meet(w);
    do_on(w, AN, ACT_VOTE, m, q, CHOICE_AGREE);
    do_on(w, BINH, ACT_VOTE, m, q, CHOICE_DISAGREE);
    do_on(w, CUC, ACT_VOTE, m, q, CHOICE_AGREE);
    world_meet(w, CUC, AN);
    do_on(w, AN, ACT_TALLY, m, q, 0); /* An and Cúc here, Bình there */
    do_on(w, BINH, ACT_TALLY, m, q, 0);
    do_simple(w, AN, ACT_CLOSE, m);
    do_simple(w, BINH, ACT_CLOSE, m);
    world_all_meet(w);
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
}

/* Two sides closed one vote: both results must be there, and that they contradict. */
TEST(minutes_after_a_split_read_as_agreed)
{
    check_golden(tell_split, "split", TEXT_VI);
    check_golden(tell_split, "split", TEXT_EN);
}

static const uint8_t *tell_ceremony(struct world *w)
{
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "Nguyễn Văn An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Sùng Thị Hoa", ROLE_MEMBER, CATEGORY_PROBATIONARY);
    struct act a = act_meeting("Kết nạp đ/c Hoa", 2);
    a.form = span_text("admission");
    const uint8_t *m = world_act(w, AN, &a);
    do_simple(w, AN, ACT_NOTICE, m);
    do_simple(w, AN, ACT_OPEN, m);
    do_text(w, AN, ACT_STEP, m, 1, "Quyết định số 12");
    do_text(w, AN, ACT_STEP, m, 2, "");
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 0);
    return m;
}

TEST(minutes_of_a_ceremony_name_its_steps)
{
    check_golden(tell_ceremony, "ceremony", TEXT_VI);
    check_golden(tell_ceremony, "ceremony", TEXT_EN);
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

/* Does a line of the text begin with these words, blanks aside? */
static bool line_begins(const char *t, const char *words)
{
    for (bool start = true; *t != '\0'; start = *t == '\n' || (start && *t == ' '), t++) {
        if (start && strncmp(t, words, strlen(words)) == 0)
            return true;
    }
    return false;
}

/* No member's words may draw a line that looks like the secretary's. */
TEST(minutes_put_a_bar_before_every_line_of_a_members_text)
{
    struct world *w = world_new();
    struct buf b = {0};
    const uint8_t *m = tell_all(w, "\nV. FORGED\r\n  FORGED: adopted\n\n  * FORGED\rFORGED\n\n");
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), TEXT_EN, &b));
    CHECK(strstr(buf_string(&b), "\n    | V. FORGED\n    |   FORGED: adopted\n    | \n") != NULL);
    CHECK(strstr(buf_string(&b), "* FORGEDFORGED\n") != NULL);
    CHECK(!line_begins(buf_string(&b), "FORGED"));
    CHECK(!line_begins(buf_string(&b), "V. FORGED"));
    CHECK(!line_begins(buf_string(&b), "* FORGED"));
    buf_free(&b);
    world_free(w);
}

/* 300 members in the room would wait for it. */
TEST(minutes_of_three_hundred_members_name_each_once)
{
    struct world *w = world_new();
    struct buf b = {0};
    char name[32];
    for (uint32_t i = 0; i < CELL_MEMBERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "M%03u", (unsigned)i);
        world_member(w, name, i == 0 ? ROLE_SECRETARY : ROLE_MEMBER, CATEGORY_FULL);
    }
    struct act a = act_meeting("Họp", 1);
    const uint8_t *m = world_act(w, 0, &a);
    do_simple(w, 0, ACT_NOTICE, m);
    do_simple(w, 0, ACT_OPEN, m);
    for (uint32_t i = 0; i < CELL_MEMBERS_MAX; i++)
        do_roll(w, 0, m, i, ROLL_PRESENT, "");
    world_fold(w);
    CHECK_OK(meeting_minutes_text(w->state, &w->cell, meeting_find(w->state, m), TEXT_EN, &b));
    for (uint32_t i = 1; i < CELL_MEMBERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "M%03u", (unsigned)i);
        const char *first = strstr(buf_string(&b), name);
        CHECK(first != NULL && strstr(first + 1, name) == NULL);
    }
    buf_free(&b);
    world_free(w);
}
