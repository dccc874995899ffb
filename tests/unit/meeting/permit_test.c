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

/* Who was removed would go on acting, as far as this device knows. */
TEST(may_do_nothing_once_removed)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    world_office(w, A, C, ROLES_COUNT);
    struct act a = act_text(ACT_OPINION, m, 0, "Ý kiến");
    refused(w, C, &a, REFUSE_NOT_ACTIVE,
            "This member does not belong to the cell any more, or is not admitted yet: nothing can "
            "be put on record. Ask the secretary.",
            "Người này không còn thuộc đơn vị, hoặc chưa được tiếp nhận: không ghi nhận được việc "
            "gì. Hãy hỏi người phụ trách đơn vị.");
    world_office(w, A, C, ROLE_MEMBER); /* came back */
    allowed(w, C, &a);
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

/* Sites, breaks and the roll again. */
TEST(may_run_sites_and_breaks)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    uint8_t unknown[32] = {7};
    struct act site = act_of(ACT_SITE, m);
    site.title = span_text("Trạm Bản Mù");
    memcpy(site.person, w->cell.members[D].id, 16);
    const uint8_t *s = world_act(w, A, &site);
    world_all_meet(w);
    uint8_t who[ACT_PERSON_BYTES];
    memcpy(who, w->cell.members[D].id, 16);
    who[16] = ROLL_PRESENT;
    struct act roll = act_of(ACT_SITE_ROLL, m);
    roll.people = (struct act_people){who, 1};
    memcpy(roll.site, unknown, 32);
    refused(w, D, &roll, REFUSE_UNKNOWN_SITE,
            "This meeting has no such site. Check the list of sites.",
            "Cuộc họp này không có điểm cầu đó. Hãy xem danh sách điểm cầu.");
    memcpy(roll.site, s, 32);
    allowed(w, D, &roll);
    refused(w, NEW, &roll, REFUSE_NOT_TELLER,
            "Only the teller of a site, or the chair or secretary of this meeting, can do this for "
            "somebody else.",
            "Chỉ người phụ trách điểm cầu, người chủ trì hoặc thư ký cuộc họp mới làm thay người "
            "khác việc này được.");
    memset(roll.proof, 1, sizeof roll.proof);
    refused(w, NEW, &roll, REFUSE_PIN,
            "The PIN is wrong, or this member has not set one. Type it again, or let the teller of "
            "the site name who is there.",
            "Mã PIN không đúng hoặc đồng chí này chưa đặt mã. Hãy nhập lại, hoặc để người phụ "
            "trách điểm cầu xác nhận ai có mặt.");
    roll.people.count = 0; /* nobody, and a proof: not yet something that can be written */
    CHECK(!world_may(w, D, &roll) && w->why.id == REFUSE_PIN);
    struct act pause = act_of(ACT_PAUSE, m);
    pause.value = 2;
    refused(w, A, &pause, REFUSE_NOT_PAUSED, "The meeting is not in a break.",
            "Cuộc họp hiện không tạm nghỉ.");
    pause.value = 1;
    world_act(w, A, &pause);
    refused(w, A, &pause, REFUSE_PAUSED, "The meeting is in a break already.",
            "Cuộc họp đang tạm nghỉ rồi.");
    world_free(w);
}

/* The floor and the chair. */
TEST(may_ask_for_the_floor_and_take_the_chair)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    struct act floor = act_of(ACT_FLOOR, m);
    floor.value = FLOOR_WITHDRAW;
    refused(w, D, &floor, REFUSE_NOT_IN_QUEUE,
            "This member has not asked for the floor. Nothing to withdraw.",
            "Đồng chí này chưa đăng ký phát biểu nên không có gì để rút.");
    floor.value = FLOOR_ASK;
    world_act(w, D, &floor);
    refused(w, D, &floor, REFUSE_IN_QUEUE,
            "This member waits for the floor already. The chair calls in order; withdraw first to "
            "ask again.",
            "Đồng chí này đã đăng ký phát biểu và đang chờ. Người chủ trì mời theo thứ tự; muốn "
            "đăng ký lại thì rút đăng ký trước.");
    world_all_meet(w);
    struct act give = act_of(ACT_GIVE, m);
    memcpy(give.person, w->cell.members[D].id, 16);
    refused(w, A, &give, REFUSE_NOT_SPEAKING,
            "This member does not have the floor. Check who speaks now.",
            "Đồng chí này hiện không phát biểu. Hãy xem ai đang phát biểu.");
    struct act chair = act_of(ACT_CHAIR, m);
    chair.value = 1;
    memcpy(chair.person, w->cell.members[D].id, 16);
    refused(w, D, &chair, REFUSE_NOT_DEPUTY,
            "The chair is An. Only the deputy or the secretary may take the chair, or An hands it "
            "on.",
            "Người đang chủ trì là An. Chỉ cấp phó hoặc người đứng đầu được nhận chủ trì thay, "
            "hoặc An trao lại.");
    allowed(w, A, &chair);
    memcpy(chair.person, w->cell.members[A].id, 16);
    refused(w, A, &chair, REFUSE_CHAIR_ALREADY, "An is in the chair already.",
            "An đang chủ trì rồi.");
    world_free(w);
}

/* Minutes: signed, sealed, corrected before, supplemented after. */
TEST(may_sign_correct_and_supplement_minutes)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    uint8_t unknown[32] = {7};
    do_simple(w, A, ACT_CLOSE, m);
    world_all_meet(w);
    struct act minutes = act_text(ACT_MINUTES, m, 0, "Biên bản");
    minutes.language = span_text("vi");
    const uint8_t *one = world_act(w, C, &minutes);
    world_all_meet(w);
    struct act sign = act_on(ACT_SIGN, m, unknown, 0);
    refused(w, A, &sign, REFUSE_UNKNOWN_MINUTES,
            "There are no such minutes or resolution in this meeting. Check the list.",
            "Cuộc họp này không có biên bản hoặc nghị quyết đó. Hãy xem lại danh sách.");
    struct act supplement = minutes;
    supplement.type = ACT_SUPPLEMENT;
    refused(w, C, &supplement, REFUSE_NOT_SEALED,
            "The minutes are not signed by chair and secretary yet: correct them instead of adding "
            "a supplement.",
            "Biên bản chưa có đủ chữ ký của chủ trì và thư ký: hãy sửa biên bản thay vì lập bổ "
            "sung.");
    struct act correction = act_on(ACT_CORRECTION, m, one, 0);
    correction.text = span_text("Tôi có mặt");
    const uint8_t *asked = world_act(w, D, &correction);
    world_all_meet(w);
    struct act answer = act_on(ACT_CORRECTED, m, unknown, 1);
    refused(w, C, &answer, REFUSE_UNKNOWN_CORRECTION,
            "No such correction was asked for. Check the list of corrections.",
            "Không có đề nghị sửa biên bản này. Hãy xem danh sách đề nghị sửa.");
    memcpy(answer.target, asked, 32);
    world_act(w, C, &answer);
    refused(w, C, &answer, REFUSE_ANSWERED,
            "This correction has been answered already. Ask for another if it is still wrong.",
            "Đề nghị sửa này đã được trả lời. Nếu còn sai, hãy đề nghị sửa lần nữa.");
    memcpy(sign.target, one, 32);
    refused(w, C, &sign, REFUSE_SIGNED_TWICE,
            "This member has signed it already. Nothing more to do.",
            "Đồng chí này đã ký rồi, không cần làm gì thêm.");
    world_act(w, A, &sign);
    world_all_meet(w);
    refused(w, D, &correction, REFUSE_SEALED,
            "The minutes are signed and sealed; they cannot be changed. Write a supplement.",
            "Biên bản đã ký và niêm phong, không sửa được nữa. Hãy lập biên bản bổ sung.");
    allowed(w, C, &supplement);
    world_free(w);
}

/* Resolutions, tasks, the score. */
TEST(may_resolve_assign_and_score)
{
    struct world *w = village();
    const uint8_t *m = opened(w);
    uint8_t unknown[32] = {7};
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 1, "Câu hỏi");
    world_all_meet(w);
    struct act r = act_on(ACT_RESOLUTION, m, q, 0);
    r.title = span_text("Nghị quyết");
    r.number = span_text("05-NQ/CB");
    r.text = span_text("Điều 1.");
    refused(w, C, &r, REFUSE_NOT_ADOPTED,
            "This motion was not adopted, or its result is in dispute. Close or settle the vote "
            "first.",
            "Nội dung này chưa được thông qua hoặc kết quả đang có tranh chấp. Hãy kết thúc hoặc "
            "xử lý việc biểu quyết trước.");
    memset(r.target, 0, 32);
    world_act(w, C, &r);
    refused(w, C, &r, REFUSE_NUMBER_TAKEN,
            "A resolution with number 05-NQ/CB is there already. Give this one another number.",
            "Đã có nghị quyết số 05-NQ/CB. Hãy ghi số khác cho nghị quyết này.");
    struct act state = act_on(ACT_TASK_STATE, m, unknown, TASK_DONE);
    refused(w, C, &state, REFUSE_UNKNOWN_TASK,
            "There is no such task from this meeting. Check the list of tasks.",
            "Cuộc họp này không có nhiệm vụ đó. Hãy xem danh sách nhiệm vụ.");
    struct act score = act_of(ACT_SCORE, m);
    score.counts[0] = 21;
    score.counts_count = 5;
    refused(w, C, &score, REFUSE_SCORE,
            "The score does not fit the procedure: give one number for each of its lines, none "
            "above its maximum.",
            "Điểm không đúng quy chế: cần một số cho mỗi mục chấm, không quá điểm tối đa của mục.");
    score.counts[0] = 20;
    allowed(w, C, &score);
    struct act settle = act_on(ACT_SETTLE, m, q, 0);
    refused(w, A, &settle, REFUSE_NOTHING_TO_SETTLE,
            "There is nothing to settle: this result is not in dispute, or it has been settled "
            "already.",
            "Không có gì phải xử lý: kết quả này không có tranh chấp hoặc đã được xử lý rồi.");
    struct act reply = act_of(ACT_REPLY, m);
    reply.value = REPLY_AGREE;
    refused(w, D, &reply, REFUSE_NOT_IN_WRITING,
            "This is not a written consultation. Put an opinion on record instead.",
            "Đây không phải là lấy ý kiến bằng văn bản. Hãy ghi ý kiến vào cuộc họp.");
    uint8_t who[ACT_PERSON_BYTES];
    memcpy(who, w->cell.members[D].id, 16);
    who[16] = 1;
    struct act cascade = act_of(ACT_CASCADE, m);
    memset(cascade.group, 1, 16);
    cascade.people = (struct act_people){who, 1};
    refused(w, D, &cascade, REFUSE_NO_CASCADE,
            "This form of meeting is not carried to the groups. Only a meeting of representatives "
            "or a consultation is.",
            "Hình thức họp này không phổ biến xuống các tổ. Chỉ cuộc họp đại diện hoặc lấy ý kiến "
            "bằng văn bản mới có.");
    struct act step = act_of(ACT_STEP, m);
    step.item = 1;
    refused(w, A, &step, REFUSE_NO_SCRIPT,
            "This meeting has no script of a ceremony. Go through its agenda instead.",
            "Cuộc họp này không có kịch bản nghi lễ. Hãy điều hành theo chương trình.");
    world_free(w);
}

static const uint8_t *held_as(struct world *w, const char *form, uint32_t only)
{
    static uint8_t who[ACT_PERSON_BYTES];
    struct act a = act_meeting("Họp", 2);
    a.form = span_text(form);
    memcpy(who, w->cell.members[only].id, 16);
    who[16] = 0;
    if (only != A)
        a.people = (struct act_people){who, 1};
    const uint8_t *m = world_act(w, A, &a);
    do_simple(w, A, ACT_NOTICE, m);
    world_all_meet(w);
    return m;
}

/* Forms of their own. */
TEST(may_consult_study_and_meet_in_groups)
{
    struct world *w = village();
    const uint8_t *m = held_as(w, "written", D);
    struct act open = act_of(ACT_OPEN, m);
    refused(w, A, &open, REFUSE_IN_WRITING,
            "A written consultation is not opened: members reply in writing until the chair closes "
            "it.",
            "Lấy ý kiến bằng văn bản không có phần khai mạc: các đồng chí trả lời bằng văn bản cho "
            "đến khi người chủ trì kết thúc.");
    struct act reply = act_of(ACT_REPLY, m);
    reply.value = REPLY_OTHER;
    refused(w, C, &reply, REFUSE_NOT_ASKED,
            "This consultation was not sent to this member. Ask the chair to be included in the "
            "next one.",
            "Văn bản lấy ý kiến này không gửi cho đồng chí. Hãy đề nghị người chủ trì gửi trong "
            "lần sau.");
    CHECK(!world_may(w, D, &reply) && w->why.id == REFUSE_EMPTY_TEXT);
    reply.text = span_text("Cần nói rõ kinh phí");
    allowed(w, D, &reply);
    struct act cascade = act_of(ACT_CASCADE, m);
    uint8_t who[ACT_PERSON_BYTES];
    memcpy(who, w->cell.members[D].id, 16);
    who[16] = 1;
    memset(cascade.group, 1, 16);
    cascade.people = (struct act_people){who, 1};
    refused(w, D, &cascade, REFUSE_UNKNOWN_GROUP,
            "No such group is on record in this cell. Look at the list of groups (hop group list), "
            "or make the group first.",
            "Đơn vị chưa ghi nhận tổ này. Hãy xem danh sách các tổ (hop group list), hoặc lập tổ "
            "trước.");
    world_group(w, A, 1, D, (const uint32_t[]){D}, 1);
    refused(w, C, &cascade, REFUSE_NOT_GROUP,
            "Only the leader of the group, or the chair and the secretary of the meeting, can do "
            "this for the group. Ask its leader.",
            "Chỉ tổ trưởng, người chủ trì hoặc thư ký cuộc họp mới được làm việc này cho tổ. Hãy "
            "đề nghị tổ trưởng.");
    allowed(w, D, &cascade);
    m = held_as(w, "study", A);
    do_simple(w, A, ACT_OPEN, m);
    struct act motion = act_text(ACT_MOTION, m, 1, "Câu hỏi");
    refused(w, A, &motion, REFUSE_NO_MOTIONS,
            "This is a meeting to study; nothing is put to the vote in it. Put an opinion on "
            "record, or call another meeting.",
            "Đây là hội nghị quán triệt, không biểu quyết. Hãy ghi ý kiến, hoặc triệu tập cuộc họp "
            "khác.");
    m = held_as(w, "group", D);
    do_simple(w, A, ACT_OPEN, m);
    const uint8_t *q = do_text(w, A, ACT_MOTION, m, 1, "Câu hỏi");
    world_all_meet(w);
    struct act vote = act_on(ACT_VOTE, m, q, CHOICE_AGREE);
    refused(w, C, &vote, REFUSE_NOT_INVITED,
            "This meeting is not for this member: its notice names those whom it is for. An "
            "opinion can be put on record.",
            "Cuộc họp này không triệu tập đồng chí; thành phần dự họp ghi trong giấy triệu tập. "
            "Đồng chí vẫn có thể ghi ý kiến.");
    struct act missed = act_of(ACT_NOT_HELD, NULL);
    missed.title = span_text("tháng 11");
    missed.text = span_text("Lũ lụt");
    refused(w, A, &missed, REFUSE_PERIOD, "Write the month as MM/YYYY, for example 11/2026.",
            "Hãy ghi tháng theo dạng MM/YYYY, ví dụ 11/2026.");
    missed.title = span_text("11/2026");
    allowed(w, A, &missed);
    CHECK(!world_may(w, D, &missed) && w->why.id == REFUSE_NOT_COMMITTEE);
    world_free(w);
}

static void secret_question(struct world *w, unsigned small)
{
    static struct procedure p;
    p = *meeting_procedure(w->state);
    struct procedure_question *q = &p.questions[p.questions_count++];
    (void)snprintf(q->name, sizeof q->name, "confidence");
    q->ballot = BALLOT_SECRET;
    p.small_electorate = small;
    meeting_set_procedure(w->state, &p);
}

/* Questions that are not decided by an open vote on devices. */
TEST(may_not_vote_on_devices_where_the_rules_ask_for_paper)
{
    for (unsigned small = 4; small <= 5; small++) { /* four may vote in this village */
        struct world *w = village();
        secret_question(w, small);
        const uint8_t *m = opened(w);
        struct act motion = act_text(ACT_MOTION, m, 1, "Bầu bí thư");
        motion.form = span_text("parade");
        refused(w, A, &motion, REFUSE_UNKNOWN_QUESTION,
                "The procedure of this cell has no question called \"parade\". It has: election, "
                "sounding, admission, discipline, confidence. Choose one of them, or none.",
                "Quy chế của đơn vị không có loại nội dung \"parade\". Các loại: election, "
                "sounding, admission, discipline, confidence. Hãy chọn một loại, hoặc không "
                "chọn.");
        motion.form = span_text("election");
        const uint8_t *q = world_act(w, A, &motion);
        motion.form = span_text("confidence");
        const uint8_t *s = world_act(w, A, &motion);
        world_all_meet(w);
        struct act vote = act_on(ACT_VOTE, m, q, CHOICE_AGREE);
        refused(w, A, &vote, REFUSE_BALLOT_PAPER,
                "This question is decided by a ballot on paper (190-QĐ/TW 10-10-2024, Điều 3). "
                "Vote on paper; the secretary enters the count.",
                "Nội dung này phải bỏ phiếu bằng phiếu giấy (190-QĐ/TW 10-10-2024, Điều 3). Hãy bỏ "
                "phiếu giấy; thư ký nhập kết quả kiểm phiếu.");
        memcpy(vote.target, s, 32);
        if (small == 4)
            refused(w, A, &vote, REFUSE_BALLOT_SECRET,
                    "This question asks for a secret ballot, which cannot be held on devices yet. "
                    "Vote on paper; the secretary enters the count.",
                    "Nội dung này phải bỏ phiếu kín; hiện chưa bỏ phiếu kín trên máy được. Hãy bỏ "
                    "phiếu giấy; thư ký nhập kết quả kiểm phiếu.");
        else
            refused(w, A, &vote, REFUSE_BALLOT_SMALL,
                    "With fewer than 5 who may vote, a secret ballot on devices would show who "
                    "chose what. Vote on paper; the secretary enters the count.",
                    "Có dưới 5 người được bỏ phiếu nên bỏ phiếu kín trên máy sẽ lộ ai chọn gì. Hãy "
                    "bỏ phiếu giấy; thư ký nhập kết quả kiểm phiếu.");
        uint8_t who[ACT_PERSON_BYTES];
        memcpy(who, w->cell.members[NEW].id, 16); /* has no vote */
        who[16] = 0;
        struct act paper = act_on(ACT_PAPER, m, q, 0);
        paper.people = (struct act_people){who, 1};
        paper.counts_count = PAPER_COUNTS;
        for (size_t i = PAPER_ISSUED; i <= PAPER_AGREE; i++)
            paper.counts[i] = i == PAPER_INVALID ? 0 : 1;
        refused(w, C, &paper, REFUSE_PAPER_SUM,
                "The numbers of the paper count do not add up: agree, disagree and no opinion make "
                "the valid ones; valid and invalid the collected; and no more are collected than "
                "issued or than voting members who took part.",
                "Số liệu kiểm phiếu không khớp: đồng ý, không đồng ý và không có ý kiến cộng lại "
                "bằng số phiếu hợp lệ; hợp lệ cộng không hợp lệ bằng số phiếu thu về; số thu về "
                "không quá số phát ra và số người có quyền biểu quyết đã tham gia.");
        memcpy(who, w->cell.members[D].id, 16);
        allowed(w, C, &paper);
        who[3] ^= 1; /* nobody */
        paper.counts[PAPER_AGREE] = paper.counts[PAPER_VALID] = paper.counts[PAPER_COLLECTED] = 0;
        CHECK(!world_may(w, C, &paper) && w->why.id == REFUSE_NO_SUCH_MEMBER);
        world_free(w);
    }
}

/* What is of the whole cell has a limit too. */
TEST(fold_says_that_the_cell_has_too_many_of_a_kind)
{
    struct world *w = village();
    struct history *h = history_new();
    uint8_t log[32] = {1};
    uint32_t at = history_log(h, log);
    uint8_t body[128];
    struct act a = act_of(ACT_PRIVATE, NULL);
    a.sealed = span_text("x");
    struct wire_writer out = wire_writer(body, sizeof body);
    CHECK_OK(act_put(&out, &a));
    for (uint32_t i = 0; i <= MEETING_APART_MAX; i++) {
        struct history_entry e = {.log = at, .seq = i + 1, .type = ACT_PRIVATE};
        uint32_t entry;
        memcpy(e.id, &i, sizeof i);
        e.id[31] = 1;
        CHECK_OK(history_add(h, &e, NULL, 0, &entry));
        struct meeting_event event = {
            .entry = entry, .id = e.id, .type = ACT_PRIVATE, .body = wire_written(&out)};
        CHECK_OK(meeting_apply(w->state, &w->cell, h, &event));
    }
    CHECK_EQ(meeting_private_count(w->state), MEETING_APART_MAX);
    CHECK_EQ(meeting_ignored_count(w->state), 1);
    check_said(&meeting_ignored_at(w->state, 0)->why, REFUSE_TOO_MANY_ALL,
               "The cell already has 65536 of these, which is the most it can have.",
               "Đơn vị đã có 65536 mục loại này, là mức tối đa.");
    history_free(h);
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
