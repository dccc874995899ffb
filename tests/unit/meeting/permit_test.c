/* "May I?": every refusal is reached through meeting_may() or the fold, and says its sentence in
 * both languages. */
#include "tests/unit/meeting/world.h"

enum { A, B, C, D, NEW, GUEST, COURIER }; /* secretary, deputy, two members, probationary, … */

static struct world *village(void)
{
    struct world *w = world_new();
    world_procedure(w, "procedures/party-cell.conf");
    world_member(w, "An", ROLE_SECRETARY, CATEGORY_FULL);
    world_member(w, "Bình", ROLE_DEPUTY, CATEGORY_FULL);
    world_member(w, "Cúc", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Dũng", ROLE_MEMBER, CATEGORY_FULL);
    world_member(w, "Hoa", ROLE_MEMBER, CATEGORY_PROBATIONARY);
    world_member(w, "Em", ROLE_OBSERVER, CATEGORY_FULL);
    world_member(w, "Giang", ROLE_CARRIER, CATEGORY_FULL);
    return w;
}

static bool reached[TEXT_COUNT]; /* refusals that some test has met */

static void check_said(const struct text_said *why, enum text_id id, const char *en, const char *vi)
{
    struct buf b = {0};
    CHECK_TEXT(text_key(why->id), text_key(id));
    text_said_fill(&b, TEXT_EN, why);
    CHECK_TEXT(buf_string(&b), en);
    buf_free(&b);
    b = (struct buf){0};
    text_said_fill(&b, TEXT_VI, why);
    CHECK_TEXT(buf_string(&b), vi);
    buf_free(&b);
    reached[id] = true;
}

static void refused(struct world *w, uint32_t member, const struct act *a, enum text_id id,
                    const char *en, const char *vi)
{
    CHECK(!world_may(w, member, a));
    check_said(&w->why, id, en, vi);
}

static void allowed(struct world *w, uint32_t member, const struct act *a)
{
    if (!world_may(w, member, a))
        CHECK_TEXT(text_key(w->why.id), "allowed");
}

static const uint8_t *prepared(struct world *w)
{
    struct act a = act_meeting("Sinh hoạt tháng 12", 2);
    a.chair[15] = 0;
    memcpy(a.secretary, w->cell.members[C].id, 16);
    const uint8_t *m = world_act(w, A, &a);
    world_all_meet(w);
    return m;
}

static const uint8_t *opened(struct world *w)
{
    const uint8_t *m = prepared(w);
    do_simple(w, A, ACT_NOTICE, m);
    do_simple(w, A, ACT_OPEN, m);
    world_all_meet(w);
    return m;
}

/* Preparing: who, in which form, with a title, nothing secret. */
TEST(may_prepare_a_meeting)
{
    struct world *w = village();
    struct act a = act_meeting("Họp", 2);
    allowed(w, A, &a);
    allowed(w, B, &a);
    refused(w, C, &a, REFUSE_NOT_COMMITTEE,
            "Only the committee, the deputy or the secretary can prepare a meeting. Ask one of "
            "them.",
            "Chỉ người đứng đầu, cấp phó hoặc thành viên ban lãnh đạo (cấp ủy) mới được chuẩn bị "
            "cuộc họp. Hãy đề nghị một trong các đồng chí đó.");
    refused(w, 99, &a, REFUSE_NOT_MEMBER,
            "This device does not belong to a member of the cell. Ask the secretary for an "
            "invitation.",
            "Máy này không thuộc về thành viên nào của đơn vị. Hãy đề nghị người phụ trách đơn vị "
            "mời vào.");
    a.form = span_text("parade");
    refused(w, A, &a, REFUSE_UNKNOWN_FORM,
            "The procedure of this cell has no form of meeting called \"parade\". It has: regular, "
            "thematic, committee, group, extraordinary, study, admission, written.",
            "Quy chế của đơn vị không có hình thức họp \"parade\". Các hình thức: regular, "
            "thematic, committee, group, extraordinary, study, admission, written.");
    a = act_meeting("", 1);
    refused(w, A, &a, REFUSE_EMPTY_TITLE, "A title is needed. Write one.",
            "Cần có tên gọi. Hãy ghi tên gọi.");
    a = act_meeting("Họp\n", 1);
    refused(w, A, &a, REFUSE_BAD_VALUE,
            "Something in this is not readable text or is not one of the choices. Check what was "
            "entered.",
            "Có chỗ không phải là chữ đọc được hoặc không nằm trong các lựa chọn. Hãy xem lại nội "
            "dung đã nhập.");
    a = act_meeting("Họp", 1);
    a.chair[3] = 9;
    refused(w, A, &a, REFUSE_NO_SUCH_MEMBER,
            "There is no such member in this cell. Check the list of members.",
            "Không có thành viên này trong đơn vị. Hãy xem lại danh sách.");
    world_free(w);
}

/* Documents and the notice. */
TEST(may_send_documents_and_the_notice)
{
    struct world *w = village();
    const uint8_t *m = prepared(w);
    uint8_t unknown[32] = {5};
    struct act a = act_document(m, "Dự thảo", CLASS_INTERNAL);
    allowed(w, A, &a);
    allowed(w, C, &a); /* secretary of this meeting, though without office */
    refused(w, D, &a, REFUSE_NOT_ARRANGER,
            "Only the committee, or the chair (An) or secretary (Cúc) of this meeting, can do "
            "this. Ask one of them.",
            "Chỉ ban lãnh đạo (cấp ủy), hoặc người chủ trì (An), thư ký (Cúc) của cuộc họp này mới "
            "được làm việc này. Hãy đề nghị một trong các đồng chí đó.");
    a.value = CLASS_SECRET;
    refused(w, A, &a, REFUSE_SECRET,
            "Secret documents must not be sent through this system. Hand them over on paper, as "
            "the rules require.",
            "Tài liệu mật không được gửi qua hệ thống này. Hãy chuyển bằng bản giấy theo quy "
            "định.");
    a.value = CLASS_OPEN;
    a.item = 3;
    refused(w, A, &a, REFUSE_UNKNOWN_ITEM,
            "There is no agenda item 3; the agenda has 2. Choose one of them, or 0 for the meeting "
            "as a whole.",
            "Không có mục 3 trong chương trình; chương trình có 2 mục. Hãy chọn một mục, hoặc 0 "
            "cho cả cuộc họp.");
    a = act_document(unknown, "Dự thảo", CLASS_OPEN);
    refused(w, A, &a, REFUSE_UNKNOWN_MEETING,
            "There is no such meeting on this device yet. Wait until it has arrived, or check "
            "which one was meant.",
            "Máy này chưa có cuộc họp đó. Hãy chờ dữ liệu về, hoặc xem lại đã chọn đúng cuộc họp "
            "chưa.");
    a = act_of(ACT_NOTICE, m);
    allowed(w, C, &a);
    do_simple(w, A, ACT_NOTICE, m);
    refused(w, A, &a, REFUSE_NOTICE_TWICE,
            "The notice of this meeting has been sent already. It cannot be sent again.",
            "Giấy triệu tập đã được gửi rồi, không gửi lại được.");
    struct act bare = act_meeting("Không chương trình", 0);
    const uint8_t *n = world_act(w, A, &bare);
    a = act_of(ACT_NOTICE, n);
    refused(w, A, &a, REFUSE_NO_AGENDA,
            "The meeting has no agenda. Prepare it again with at least one item, then send the "
            "notice.",
            "Cuộc họp chưa có chương trình. Hãy chuẩn bị lại với ít nhất một nội dung rồi gửi giấy "
            "triệu tập.");
    world_free(w);
}

/* Opinions, attendance and opening wait for the notice. */
TEST(may_speak_attend_and_open)
{
    struct world *w = village();
    const uint8_t *m = prepared(w);
    struct act opinion = act_text(ACT_OPINION, m, 1, "Tôi nhất trí");
    refused(w, D, &opinion, REFUSE_NOT_CONVENED,
            "The notice of this meeting has not been sent yet. Send the notice first.",
            "Giấy triệu tập chưa được gửi. Hãy gửi giấy triệu tập trước.");
    struct act open = act_of(ACT_OPEN, m);
    CHECK(!world_may(w, A, &open) && w->why.id == REFUSE_NOT_CONVENED);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    allowed(w, D, &opinion);
    allowed(w, NEW, &opinion);
    refused(w, GUEST, &opinion, REFUSE_OBSERVER,
            "Observers may follow the meeting but cannot do this. Ask a member to put it on "
            "record.",
            "Người dự thính được theo dõi cuộc họp nhưng không được làm việc này. Hãy nhờ một "
            "thành viên ghi nhận.");
    opinion.text = span_text("");
    refused(w, D, &opinion, REFUSE_EMPTY_TEXT, "There is nothing written. Write the text first.",
            "Chưa có nội dung. Hãy viết nội dung trước.");
    static char longer[ACT_TEXT_BYTES_MAX + 1];
    memset(longer, 'a', sizeof longer);
    opinion.text = SPAN((const uint8_t *)longer, sizeof longer);
    refused(w, D, &opinion, REFUSE_TOO_LONG,
            "This is too long: a text may have 64 KiB, a title 512 bytes. Shorten it, or lay it "
            "before the meeting as a document.",
            "Nội dung quá dài: một văn bản tối đa 64 KiB, một tên gọi tối đa 512 byte. Hãy rút "
            "ngắn, hoặc gửi thành tài liệu của cuộc họp.");
    struct act attend = act_of(ACT_ATTEND, m);
    allowed(w, GUEST, &attend);
    refused(w, COURIER, &attend, REFUSE_CARRIER,
            "A carrier only takes records along and does not attend meetings.",
            "Người chuyển tin chỉ mang dữ liệu đi, không dự họp.");
    do_simple(w, D, ACT_ATTEND, m);
    refused(w, D, &attend, REFUSE_ATTEND_TWICE,
            "Attendance is on record already. The chair or the secretary confirms it in the roll "
            "call.",
            "Đã báo có mặt rồi. Người chủ trì hoặc thư ký sẽ xác nhận khi điểm danh.");
    allowed(w, B, &open); /* the deputy in the chair's place */
    refused(w, D, &open, REFUSE_NOT_CHAIR,
            "Only the chair of this meeting (An), or the deputy or the secretary in the chair's "
            "place, can do this. Ask the chair.",
            "Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới "
            "được làm việc này. Hãy đề nghị người chủ trì.");
    do_simple(w, A, ACT_OPEN, m);
    refused(w, A, &open, REFUSE_OPEN_TWICE, "The meeting has been opened already.",
            "Cuộc họp đã được khai mạc rồi.");
    world_free(w);
}

/* The roll: who writes it, and that an absence has its reason. */
TEST(may_call_the_roll)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    struct act a = act_roll(w, m, D, ROLL_PRESENT, "");
    allowed(w, A, &a);
    allowed(w, C, &a);
    refused(w, D, &a, REFUSE_NOT_RECORDER,
            "Only the chair (An) or the secretary (Cúc) of this meeting can put this on record. "
            "Ask one of them.",
            "Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Cúc) mới được ghi nhận việc này. Hãy đề "
            "nghị một trong hai đồng chí.");
    a = act_roll(w, m, D, ROLL_ABSENT_REASON, "");
    refused(w, C, &a, REFUSE_NEEDS_REASON,
            "An absence of this kind needs a reason. Write why the member is absent.",
            "Trường hợp vắng mặt này phải ghi lý do. Hãy ghi rõ lý do vắng mặt.");
    a = act_roll(w, m, D, ROLL_ABSENT_REASON, "ốm");
    allowed(w, C, &a);
    a = act_roll(w, m, D, ROLL_ABSENT, "");
    allowed(w, C, &a);
    a.person[7] = 1;
    CHECK(!world_may(w, C, &a) && w->why.id == REFUSE_NO_SUCH_MEMBER);
    world_free(w);
}

/* Motions, votes and their close. */
TEST(may_move_vote_and_close_the_vote)
{
    struct world *w = village();
    const uint8_t *m = prepared(w);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    struct act motion = act_text(ACT_MOTION, m, 2, "Thông qua nghị quyết");
    refused(w, A, &motion, REFUSE_NOT_OPENED,
            "The meeting has not been opened yet. The chair opens it first.",
            "Cuộc họp chưa khai mạc. Người chủ trì cần khai mạc trước.");
    do_simple(w, A, ACT_OPEN, m);
    world_all_meet(w);
    allowed(w, A, &motion);
    refused(w, D, &motion, REFUSE_NOT_PRESENT,
            "The roll does not yet show this member as present. Ask the secretary of the meeting "
            "(Cúc) to confirm it.",
            "Danh sách điểm danh chưa ghi thành viên này có mặt. Hãy đề nghị thư ký cuộc họp (Cúc) "
            "xác nhận.");
    refused(w, NEW, &motion, REFUSE_NO_VOTING_RIGHT,
            "This member takes part in the discussion but does not vote: the procedure gives the "
            "vote to other categories. Put an opinion on record instead.",
            "Thành viên này được thảo luận nhưng không biểu quyết: theo quy chế, diện của thành "
            "viên này không có quyền biểu quyết. Có thể ghi ý kiến.");
    const uint8_t *q = world_act(w, A, &motion);
    world_all_meet(w);
    struct act vote = act_on(ACT_VOTE, m, q, CHOICE_AGREE);
    refused(w, D, &vote, REFUSE_NOT_ATTENDING, "Say first that you attend; then vote.",
            "Hãy báo có mặt trước rồi mới biểu quyết.");
    do_simple(w, D, ACT_ATTEND, m);
    do_roll(w, A, m, A, ROLL_PRESENT, "");
    do_roll(w, A, m, D, ROLL_PRESENT, "");
    world_all_meet(w);
    refused(w, D, &vote, REFUSE_NO_QUORUM,
            "Not enough members to vote: 2/4. 3 confirmed present are needed. Discussion and "
            "opinions can go on.",
            "Chưa đủ số người có mặt để biểu quyết: 2/4. Cần 3 người được xác nhận có mặt. Vẫn có "
            "thể thảo luận và ghi ý kiến.");
    struct act tally = act_on(ACT_TALLY, m, q, 0);
    CHECK(!world_may(w, A, &tally) && w->why.id == REFUSE_NO_QUORUM);
    do_roll(w, A, m, C, ROLL_PRESENT, "");
    world_all_meet(w);
    allowed(w, D, &vote);
    allowed(w, C, &vote); /* confirmed by the chair, without a word of his own */
    CHECK(!world_may(w, NEW, &vote) && w->why.id == REFUSE_NO_VOTING_RIGHT);
    CHECK(!world_may(w, D, &tally) && w->why.id == REFUSE_NOT_CHAIR);
    vote.target[0] ^= 1;
    refused(w, D, &vote, REFUSE_UNKNOWN_MOTION,
            "There is no such motion in this meeting. Check the list of motions.",
            "Cuộc họp này không có nội dung biểu quyết đó. Hãy xem lại danh sách nội dung biểu "
            "quyết.");
    vote.target[0] ^= 1;
    vote.value = 7;
    CHECK(!world_may(w, D, &vote) && w->why.id == REFUSE_BAD_VALUE);
    struct act close = act_of(ACT_CLOSE, m);
    refused(w, A, &close, REFUSE_MOTIONS_OPEN,
            "A vote is still open: \"Thông qua nghị quyết\". Close the vote first; then close the "
            "meeting.",
            "Còn nội dung đang biểu quyết: \"Thông qua nghị quyết\". Hãy kết thúc biểu quyết rồi "
            "mới kết thúc cuộc họp.");
    allowed(w, A, &tally);
    allowed(w, B, &tally);
    world_act(w, A, &tally);
    world_all_meet(w);
    vote.value = CHOICE_AGREE;
    refused(w, D, &vote, REFUSE_VOTE_CLOSED,
            "The vote on this motion has been closed by the chair. An opinion can still be put on "
            "record.",
            "Người chủ trì đã kết thúc biểu quyết nội dung này. Vẫn có thể ghi ý kiến.");
    refused(w, A, &tally, REFUSE_TALLY_TWICE, "The vote on this motion has been closed already.",
            "Việc biểu quyết nội dung này đã kết thúc rồi.");
    allowed(w, A, &close);
    world_free(w);
}

/* Without a quorum a vote cannot be closed, but people can still go home. */
TEST(may_close_a_meeting_that_lost_its_quorum)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    do_roll(w, A, m, A, ROLL_PRESENT, "");
    struct act motion = act_text(ACT_MOTION, m, 2, "Thông qua nghị quyết");
    world_act(w, A, &motion);
    struct act close = act_of(ACT_CLOSE, m);
    allowed(w, A, &close);
    world_free(w);
}

/* Closing, and what follows. */
TEST(may_close_and_sign_minutes)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    struct act minutes = act_text(ACT_MINUTES, m, 0, "Biên bản");
    minutes.language = span_text("vi");
    refused(w, A, &minutes, REFUSE_NOT_CLOSED,
            "The meeting has not been closed yet. Close it first; then the minutes can be signed.",
            "Cuộc họp chưa kết thúc. Hãy kết thúc cuộc họp trước rồi mới ký biên bản.");
    struct act close = act_of(ACT_CLOSE, m);
    world_act(w, A, &close);
    world_all_meet(w);
    refused(w, A, &close, REFUSE_CLOSE_TWICE, "The meeting has been closed already.",
            "Cuộc họp đã kết thúc rồi.");
    struct act opinion = act_text(ACT_OPINION, m, 0, "Tôi nhất trí");
    refused(w, D, &opinion, REFUSE_CLOSED,
            "The meeting has been closed; nothing more can be added. If something is missing, "
            "prepare another meeting.",
            "Cuộc họp đã kết thúc, không ghi thêm được nữa. Nếu còn thiếu, hãy chuẩn bị cuộc họp "
            "khác.");
    struct act others[] = {act_document(m, "Thêm", CLASS_OPEN), act_roll(w, m, D, ROLL_PRESENT, ""),
                           act_text(ACT_MOTION, m, 0, "Thêm"), act_of(ACT_ATTEND, m)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!world_may(w, A, &others[i]) && w->why.id == REFUSE_CLOSED);
    allowed(w, A, &minutes);
    allowed(w, C, &minutes);
    CHECK(!world_may(w, D, &minutes) && w->why.id == REFUSE_NOT_RECORDER);
    world_free(w);
}

/* Receipts are given once, and only for what others sent. */
TEST(may_acknowledge_once)
{
    struct world *w = village();
    const uint8_t *m = prepared(w);
    const uint8_t *n = do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    struct act a = act_on(ACT_RECEIPT, m, n, RECEIPT_RECEIVED);
    allowed(w, D, &a);
    refused(w, A, &a, REFUSE_OWN_RECEIPT,
            "The author of a notice or document has it already and does not acknowledge it.",
            "Người gửi giấy triệu tập hoặc tài liệu đã có sẵn, không cần xác nhận.");
    world_act(w, D, &a);
    refused(w, D, &a, REFUSE_RECEIPT_TWICE,
            "This has been acknowledged already. Nothing more to do.",
            "Việc này đã được xác nhận rồi, không cần làm gì thêm.");
    a.value = RECEIPT_READ;
    allowed(w, D, &a);
    a.target[0] ^= 1;
    refused(w, D, &a, REFUSE_UNKNOWN_THING, "There is no such notice or document in this meeting.",
            "Cuộc họp này không có giấy triệu tập hoặc tài liệu đó.");
    world_free(w);
}

/* What only the fold can meet: records from other versions, and too many of a kind. */
TEST(fold_says_why_it_ignored_a_record)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    world_put(w, A, ACT_OPEN, span_text("?"));
    world_put(w, A, 200, span_text(""));
    for (int i = 0; i <= MEETING_MINUTES_MAX; i++) {
        struct act minutes = act_text(ACT_MINUTES, m, 0, "Biên bản");
        minutes.language = span_text("en");
        if (i == 0)
            do_simple(w, A, ACT_CLOSE, m);
        world_act(w, A, &minutes);
    }
    world_fold(w);
    CHECK_EQ(meeting_ignored_count(w->state), 3);
    check_said(&meeting_ignored_at(w->state, 0)->why, REFUSE_MALFORMED,
               "This entry cannot be read. Update hop on this device or on the author's.",
               "Không đọc được mục này. Hãy cập nhật hop trên máy này hoặc trên máy của người "
               "ghi.");
    check_said(&meeting_ignored_at(w->state, 1)->why, REFUSE_UNKNOWN_TYPE,
               "This entry was made by a newer version of hop. Update this device to see it.",
               "Mục này do phiên bản hop mới hơn ghi. Hãy cập nhật máy này để xem.");
    check_said(&meeting_ignored_at(w->state, 2)->why, REFUSE_TOO_MANY,
               "This meeting already has 64 of these, which is the most it can have.",
               "Cuộc họp này đã có 64 mục loại này, là mức tối đa.");
    world_free(w);
}

/* A refusal that no test can reach is a sentence nobody has read. Keep this test last. */
TEST(every_refusal_was_reached_by_a_test_above)
{
    for (enum text_id id = REFUSE_NOT_MEMBER; id <= REFUSE_MOTIONS_OPEN; id++) {
        if (!reached[id])
            CHECK_TEXT("reached by no test", text_key(id));
    }
}
