#include "node/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/json.h"
#include "store/store.h"
#include "tests/lib/test.h"

/* A real node in a directory of its own, shared by the tests of this program: making keys costs a
 * tenth of a second of Argon2id each time. */
static struct node node;
static char dir[] = "/tmp/hop-api-XXXXXX";

static void remove_dir(void)
{
    static const char *const names[] = {"keys.hop", "records.mdb", "lock"};
    node_close(&node);
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void have_node(void)
{
    struct node_trouble why = {0};
    if (node.device != NULL)
        return;
    CHECK_OK(hop_init());
    CHECK(mkdtemp(dir) != NULL);
    CHECK_OK(node_init(dir, "mot hai ba bon nam", KEYFILE_MEMORY_FLOOR, &why));
    CHECK_OK(node_open(&node, dir, "mot hai ba bon nam", TEXT_VI, &why));
    (void)atexit(remove_dir);
}

/* Ask, check the status, and hand back the JSON (owned), or NULL for bytes. */
static json_t *ask_in(const char *lang, const char *method, const char *path, const char *body,
                      int status)
{
    char query[16];
    struct api_reply reply;
    have_node();
    (void)snprintf(query, sizeof query, "lang=%s", lang);
    struct api_request rq = {
        .method = method, .path = path, .query = query, .body = span_text(body)};
    (void)api_handle(&node, &rq, &reply);
    if (reply.status != status)
        print_message("%s %s: %s\n", method, path, buf_string(&reply.body));
    CHECK_EQ(reply.status, status);
    json_t *root = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    api_reply_free(&reply);
    return root;
}

static json_t *ask(const char *method, const char *path, const char *body, int status)
{
    return ask_in("vi", method, path, body, status);
}

static void post(const char *path, const char *body, int status)
{
    json_decref(ask("POST", path, body, status));
}

static void refused(const char *method, const char *path, const char *body, int status,
                    enum text_id why)
{
    json_t *reply = ask(method, path, body, status);
    CHECK_TEXT(json_get_text(json_object_get(reply, "error"), "key"), text_key(why));
    CHECK(json_get_text(json_object_get(reply, "error"), "text")[0] != '\0');
    json_decref(reply);
}

/* A device without a cell must say what to do, and not fall over. */
TEST(api_without_cell_says_how_to_get_one)
{
    refused("GET", "/api/members", "", 409, API_NO_CELL);
    refused("POST", "/api/meetings", "{\"title\":\"a\"}", 409, API_NO_CELL);
    json_t *status = ask("GET", "/api/status", "", 200);
    CHECK(json_is_null(json_object_get(status, "cell")));
    json_decref(status);
}

/* What is wrong with a request must be said with the right status, or scripts go on blindly. */
TEST(api_refuses_what_it_cannot_understand)
{
    refused("GET", "/api/nothing", "", 404, API_NO_SUCH_PAGE);
    refused("GET", "/etc/passwd", "", 404, API_NO_SUCH_PAGE);
    refused("GET", "/api/../../etc/passwd", "", 404, API_NO_SUCH_PAGE);
    refused("DELETE", "/api/status", "", 405, API_NO_SUCH_METHOD);
    refused("POST", "/api/cell", "{", 400, API_BAD_JSON);
    refused("POST", "/api/cell", "[]", 400, API_NOT_AN_OBJECT);
    refused("POST", "/api/cell", "{\"name\":\"a\"}", 400, API_MISSING_KEY);
    refused("POST", "/api/cell", "{\"name\":\"a\",\"founder\":\"b\",\"x\":1}", 400,
            API_UNKNOWN_KEY);
    refused("POST", "/api/cell", "{\"name\":\"a\",\"founder\":\"b\",\"procedure\":\"none\"}", 400,
            API_BAD_VALUE);
    refused("POST", "/api/stop", "{\"now\":1}", 400, API_UNKNOWN_KEY);
    CHECK(!node.stop);
}

/* A body beyond its limit must be refused before anything is made of it. */
TEST(api_refuses_body_that_is_too_large)
{
    struct api_reply reply;
    uint8_t *large = calloc(1, API_BODY_BYTES_MAX + 1);
    struct api_request rq = {
        .method = "POST", .path = "/api/cell", .body = SPAN(large, API_BODY_BYTES_MAX + 1)};
    have_node();
    CHECK_ERR(api_handle(&node, &rq, &reply), HOP_EFULL);
    CHECK_EQ(reply.status, 413);
    api_reply_free(&reply);
    free(large);
    CHECK_EQ(api_body_max("POST", "/api/verify"), API_LARGE_BYTES_MAX);
    CHECK_EQ(api_body_max("GET", "/api/status"), 0);
}

/* A refusal in the wrong language is a refusal nobody understands. */
TEST(api_speaks_the_language_of_the_request)
{
    json_t *vi = ask_in("vi", "GET", "/api/nothing", "", 404);
    json_t *en = ask_in("en", "GET", "/api/nothing", "", 404);
    CHECK(strstr(json_get_text(json_object_get(vi, "error"), "text"), "Không có gì") != NULL);
    CHECK(strstr(json_get_text(json_object_get(en, "error"), "text"), "nothing at") != NULL);
    json_decref(vi);
    json_decref(en);
    struct api_request rq = {.accept_language = "fr, en;q=0.8, vi;q=0.5"};
    CHECK_EQ(api_request_lang(&node, &rq), TEXT_EN);
    rq.accept_language = "vi-VN,vi;q=0.9";
    CHECK_EQ(api_request_lang(&node, &rq), TEXT_VI);
    rq.query = "lang=en";
    CHECK_EQ(api_request_lang(&node, &rq), TEXT_EN);
    json_t *words = ask_in("en", "GET", "/api/text", "", 200);
    CHECK_TEXT(json_get_text(json_object_get(words, "text"), "page_roll"), "Roll call");
    json_decref(words);
}

/* An escaped character read wrongly would name another thing than the one asked for. */
TEST(api_query_is_decoded_strictly)
{
    char value[8];
    CHECK(api_query_get("a=1&after=%31%32", "after", value, sizeof value));
    CHECK_TEXT(value, "12");
    CHECK(!api_query_get("after=%3", "after", value, sizeof value));
    CHECK(!api_query_get("after=%zz", "after", value, sizeof value));
    CHECK(!api_query_get("after=%00", "after", value, sizeof value));
    CHECK(!api_query_get("after=123456789", "after", value, sizeof value));
    CHECK(!api_query_get("xafter=1", "after", value, sizeof value));
    CHECK(!api_query_get(NULL, "after", value, sizeof value));
}

static const json_t *first(const json_t *root, const char *list)
{
    const json_t *item = json_array_get(json_object_get(root, list), 0);
    CHECK(item != NULL);
    return item;
}

/* From here on the tests tell one meeting, in order: each step is asked for and looked at. */
TEST(api_founds_a_cell_with_a_shipped_procedure)
{
    post("/api/cell",
         "{\"name\":\"Chi bộ Bản Mù\",\"founder\":\"Nguyễn Văn An\",\"procedure\":\"party-cell\"}",
         200);
    refused("POST", "/api/cell", "{\"name\":\"b\",\"founder\":\"c\"}", 409, API_HAS_CELL);
    json_t *members = ask("GET", "/api/members", "", 200);
    CHECK_TEXT(json_get_text(first(members, "members"), "name"), "Nguyễn Văn An");
    CHECK_TEXT(json_get_text(first(members, "members"), "role"), "secretary");
    json_decref(members);
}

/* An invitation that is not listed could not be found again or taken back. */
TEST(api_invites_and_lists_the_invitation)
{
    json_t *made = ask("POST", "/api/invitations",
                       "{\"name\":\"Trần Thị Lan\",\"role\":\"committee\",\"address\":\"\"}", 200);
    CHECK(strncmp(json_get_text(made, "invitation"), "HOP1-", 5) == 0);
    CHECK(json_array_size(json_object_get(made, "qr")) >= 21);
    json_decref(made);
    json_t *members = ask("GET", "/api/members", "", 200);
    CHECK_TEXT(json_get_text(first(members, "invitations"), "name"), "Trần Thị Lan");
    json_decref(members);
    refused("POST", "/api/invitations", "{\"name\":\"x\",\"role\":\"king\"}", 400, API_BAD_VALUE);
}

/* Who is in the cell and on whose word must be there to see, or nobody can be held to it. */
TEST(api_shows_members_devices_and_the_configuration)
{
    json_t *reply = ask("GET", "/api/members", "", 200);
    const json_t *an = first(reply, "members");
    CHECK(json_is_true(json_object_get(an, "active")));
    CHECK(json_is_true(json_object_get(an, "founder")));
    CHECK_EQ(json_get_number(an, "rank"), 3);
    CHECK(json_get_number(json_object_get(an, "admitted"), "at") > 0);
    CHECK(json_is_null(json_object_get(an, "ended")));
    json_decref(reply);
    reply = ask("GET", "/api/devices", "", 200);
    CHECK_TEXT(json_get_text(first(reply, "devices"), "state"), "active");
    CHECK(json_is_true(json_object_get(first(reply, "devices"), "me")));
    CHECK(json_is_true(json_object_get(first(reply, "devices"), "seat")));
    json_decref(reply);
    reply = ask("GET", "/api/cell", "", 200);
    const json_t *config = json_object_get(reply, "config");
    CHECK_EQ(json_get_number(config, "number"), 0);
    CHECK_TEXT(json_get_text(json_object_get(config, "secretary"), "name"), "Nguyễn Văn An");
    CHECK_TEXT(json_get_text(first(config, "seats"), "name"), "Nguyễn Văn An");
    CHECK(strstr(json_string_value(first(reply, "notices")), "quyền ký") != NULL); /* few seats */
    json_decref(reply);
}

/* What cannot be done must be refused with the reason, and not with a shrug. */
TEST(api_refuses_to_govern_against_the_rules)
{
    refused("POST", "/api/members/1/remove", "{}", 409, GOVERN_SELF_REMOVE);
    refused("POST", "/api/members/1/remove", "{\"reason\":\"hate\"}", 400, API_BAD_VALUE);
    refused("POST", "/api/members/9/remove", "{}", 404, API_NO_SUCH_MEMBER);
    refused("POST", "/api/members/1/role", "{\"role\":\"deputy\"}", 409, GOVERN_NEEDS_CONFIG);
    refused("POST", "/api/devices/An/revoke", "{}", 409, GOVERN_LAST_DEVICE);
    refused("POST", "/api/devices/An/resume", "{}", 409, GOVERN_NOT_SUSPENDED);
    refused("POST", "/api/devices/none/suspend", "{}", 404, API_NO_SUCH_DEVICE);
    refused("POST", "/api/cell/config", "{}", 409, GOVERN_NO_CHANGE);
    refused("POST", "/api/cell/config", "{\"seats\":[\"none\"]}", 404, API_NO_SUCH_DEVICE);
    refused("POST", "/api/cell/cosign", "{\"record\":\"abcdef\"}", 409, GOVERN_NOTHING_TO_SIGN);
    refused("POST", "/api/cell/leave", "{}", 409, GOVERN_LAST_MEMBER);
    refused("DELETE", "/api/invitations/nobody", "", 409, GOVERN_NO_INVITE);
    refused("POST", "/api/groups", "{\"name\":\"a\"}", 400, API_MISSING_KEY);
    refused("POST", "/api/proposals", "{\"name\":\"a\",\"group\":\"none\"}", 404,
            API_NO_SUCH_GROUP);
}

/* A proposal that leads to no invitation, or an invitation that cannot be taken back, is lost. */
TEST(api_makes_a_group_takes_its_proposal_and_invites)
{
    post("/api/groups", "{\"name\":\"Tổ 1\",\"leader\":\"Nguyễn Văn An\"}", 200);
    json_t *reply = ask("GET", "/api/groups", "", 200);
    CHECK_TEXT(json_get_text(first(reply, "groups"), "leader"), "Nguyễn Văn An");
    CHECK_EQ(json_array_size(json_object_get(first(reply, "groups"), "members")), 1);
    json_decref(reply);
    post("/api/proposals", "{\"name\":\"Vàng Thị Em\",\"group\":\"Tổ 1\",\"note\":\"ở bản\"}", 200);
    reply = ask("GET", "/api/members", "", 200);
    char proposal[80];
    (void)snprintf(proposal, sizeof proposal, "{\"admit\":\"%s\",\"address\":\"\"}",
                   json_get_text(first(reply, "proposals"), "short"));
    CHECK(!json_is_true(json_object_get(first(reply, "proposals"), "answered")));
    json_decref(reply);
    reply = ask("POST", "/api/invitations", proposal, 200);
    CHECK_TEXT(json_get_text(reply, "name"), "Vàng Thị Em");
    json_decref(reply);
    reply = ask("GET", "/api/members", "", 200);
    CHECK(json_is_true(json_object_get(first(reply, "proposals"), "answered")));
    json_decref(reply);
    json_decref(ask("DELETE", "/api/invitations/V%C3%A0ng%20Th%E1%BB%8B%20Em", "", 200));
    refused("DELETE", "/api/invitations/V%C3%A0ng%20Th%E1%BB%8B%20Em", "", 409, GOVERN_NO_INVITE);
}

/* Whatever waits for a person must be said, and no longer once it is done. */
TEST(api_prepares_and_sends_a_meeting)
{
    post("/api/meetings",
         "{\"title\":\"Họp thường kỳ\",\"when\":\"04/12/2026 19:30\",\"agenda\":[\"Báo cáo\","
         "\"Nghị quyết\"]}",
         200);
    json_t *status = ask("GET", "/api/status", "", 200);
    CHECK_TEXT(json_get_text(first(status, "waiting"), "kind"), "send");
    json_decref(status);
    refused("POST", "/api/meetings", "{\"title\":\"a\",\"form\":\"none\"}", 400, API_BAD_VALUE);
    refused("POST", "/api/meetings", "{\"title\":\"a\",\"chair\":\"Nobody\"}", 404,
            API_NO_SUCH_MEMBER);
    post("/api/meetings/1/documents",
         "{\"title\":\"Dự thảo\",\"item\":2,\"class\":\"internal\",\"content\":\"aG9w\"}", 200);
    post("/api/meetings/1/send", "{\"text\":\"Đề nghị đọc trước\"}", 200);
    status = ask("GET", "/api/status", "", 200);
    CHECK_EQ(json_array_size(json_object_get(status, "waiting")), 0);
    json_decref(status);
}

static struct api_reply send_piece(const char *path, const char *query, const char *bytes)
{
    struct api_reply reply;
    struct api_request rq = {
        .method = "POST", .path = path, .query = query, .body = span_text(bytes)};
    (void)api_handle(&node, &rq, &reply);
    return reply;
}

static int status_of_piece(const char *path, const char *query, const char *bytes)
{
    struct api_reply reply = send_piece(path, query, bytes);
    int status = reply.status;
    api_reply_free(&reply);
    return status;
}

/* A film does not fit a request: it comes in pieces, none of them twice and none left out. */
TEST(api_takes_a_document_in_pieces)
{
    char path[64], body[200];
    json_t *begun = ask("POST", "/api/meetings/1/uploads", "{}", 200);
    (void)snprintf(path, sizeof path, "/api/uploads/%s", json_get_text(begun, "upload"));
    (void)snprintf(body, sizeof body, "{\"title\":\"Phim\",\"upload\":\"%s\"}",
                   json_get_text(begun, "upload"));
    json_decref(begun);
    CHECK_EQ(status_of_piece(path, "at=0", "Dự thảo "), 200);
    CHECK_EQ(status_of_piece(path, "at=0", "Dự thảo "), 400); /* sent twice */
    CHECK_EQ(status_of_piece(path, NULL, "?"), 400);
    CHECK_EQ(status_of_piece(path, "at=12", "nghị quyết"), 200);
    CHECK_EQ(status_of_piece("/api/uploads/77", "at=0", "x"), 404);
    refused("POST", "/api/meetings/1/documents", "{\"title\":\"a\"}", 400, API_BAD_VALUE);
    refused("POST", "/api/meetings/1/documents",
            "{\"title\":\"a\",\"upload\":\"1\",\"content\":\"aG9w\"}", 400, API_BAD_VALUE);
    post("/api/meetings/1/documents", body, 200);
    refused("POST", "/api/meetings/1/documents", body, 404, API_NO_SUCH_UPLOAD); /* it is laid */
    struct api_reply reply;
    struct api_request rq = {.method = "GET", .path = "/api/documents/2"};
    uint8_t room[64];
    size_t size;
    CHECK_OK(api_handle(&node, &rq, &reply));
    CHECK_OK(reply.stream.read(reply.stream.ctx, 0, room, sizeof room, &size));
    CHECK_SPAN(SPAN(room, size), span_text("Dự thảo nghị quyết"));
    api_reply_free(&reply);
    begun = ask("POST", "/api/meetings/1/uploads", "{}", 200);
    (void)snprintf(path, sizeof path, "/api/uploads/%s", json_get_text(begun, "upload"));
    json_decref(begun);
    CHECK_EQ(status_of_piece(path, "at=0", "given up"), 200);
    json_decref(ask("DELETE", path, "", 200));
    CHECK_EQ(status_of_piece(path, "at=8", "more"), 404);
    for (unsigned i = 0; i <= DEVICE_PUTS_MAX; i++) { /* too many at one time */
        if (i == DEVICE_PUTS_MAX)
            refused("POST", "/api/meetings/1/uploads", "{}", 409, DOCUMENT_BUSY);
        else
            json_decref(ask("POST", "/api/meetings/1/uploads", "{}", 200));
    }
    node.now += 130 * HOP_SECOND; /* who says nothing makes room */
    json_decref(ask("POST", "/api/meetings/1/uploads", "{}", 200));
}

/* Bytes that were taken as internal must not be laid as something else, and secret ones not taken.
 */
TEST(api_takes_no_secret_bytes_and_no_second_class)
{
    char body[200];
    refused("POST", "/api/meetings/1/uploads", "{\"class\":\"secret\"}", 409, REFUSE_SECRET);
    refused("POST", "/api/meetings/1/documents",
            "{\"title\":\"a\",\"class\":\"secret\",\"content\":\"aG9w\"}", 409, REFUSE_SECRET);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const classes[] = {"group", "secret", "open"};
        static const enum text_id said[] = {API_BAD_VALUE, REFUSE_SECRET, TEXT_NONE};
        char path[64];
        json_t *begun = ask("POST", "/api/meetings/1/uploads", "{\"class\":\"open\"}", 200);
        (void)snprintf(path, sizeof path, "/api/uploads/%s", json_get_text(begun, "upload"));
        CHECK_EQ(status_of_piece(path, "at=0", "x"), 200);
        (void)snprintf(body, sizeof body, "{\"title\":\"a\",\"class\":\"%s\",\"upload\":\"%s\"}",
                       classes[i], json_get_text(begun, "upload"));
        json_decref(begun);
        if (said[i] == TEXT_NONE)
            post("/api/meetings/1/documents", body, 200);
        else
            refused("POST", "/api/meetings/1/documents", body, i == 0 ? 400 : 409, said[i]);
        CHECK_EQ(status_of_piece(path, "at=1", "y"), 404); /* it is gone or laid */
    }
}

/* A document that comes out otherwise than it went in is not the one that was voted on. */
TEST(api_gives_a_document_back_byte_for_byte)
{
    struct api_reply reply;
    struct api_request rq = {.method = "GET", .path = "/api/documents/1"};
    CHECK_OK(api_handle(&node, &rq, &reply));
    uint8_t room[8];
    size_t size;
    CHECK_EQ(reply.stream.size, 3);
    CHECK_OK(reply.stream.read(reply.stream.ctx, 0, room, sizeof room, &size));
    CHECK_SPAN(SPAN(room, size), span_text("hop"));
    CHECK_OK(reply.stream.read(reply.stream.ctx, 2, room, sizeof room, &size));
    CHECK_SPAN(SPAN(room, size), span_text("p"));
    CHECK_TEXT(reply.content_type, "application/octet-stream");
    api_reply_free(&reply);
    refused("GET", "/api/documents/9", "", 404, API_NO_SUCH_DOCUMENT);
}

/* The rules refuse with 409 and their own sentence; the API must pass both on. */
TEST(api_holds_a_meeting_to_its_vote)
{
    json_t *early = ask("POST", "/api/meetings/1/motions", "{\"text\":\"a\",\"item\":2}", 409);
    CHECK(json_get_text(json_object_get(early, "error"), "text")[0] != '\0');
    json_decref(early);
    post("/api/meetings/1/open", "", 200);
    post("/api/meetings/1/attend", "{}", 200);
    post("/api/meetings/1/roll", "{\"member\":\"1\",\"status\":\"present\"}", 200);
    post("/api/meetings/1/opinions", "{\"item\":1,\"text\":\"Nhất trí\"}", 200);
    post("/api/meetings/1/motions", "{\"text\":\"Thông qua nghị quyết\",\"item\":2}", 200);
    refused("POST", "/api/motions/1/vote", "{\"choice\":\"maybe\"}", 400, API_BAD_VALUE);
    refused("POST", "/api/motions/7/vote", "{\"choice\":\"agree\"}", 404, API_NO_SUCH_MOTION);
    post("/api/motions/1/vote", "{\"choice\":\"đồng ý\"}", 200);
    post("/api/motions/1/close", "", 200);
    json_t *meeting = ask("GET", "/api/meetings/1", "", 200);
    const json_t *motion = first(meeting, "motions");
    CHECK_TEXT(json_get_text(motion, "outcome"), "adopted");
    CHECK_EQ(json_get_number(motion, "agree"), 1);
    CHECK_TEXT(json_get_text(first(motion, "votes"), "name"), "Nguyễn Văn An");
    CHECK_TEXT(json_get_text(first(meeting, "opinions"), "text"), "Nhất trí");
    CHECK(json_is_true(json_object_get(json_object_get(meeting, "quorum"), "met")));
    json_decref(meeting);
}

/* A name that could mean two things, or none, must never pick one. */
TEST(api_finds_a_meeting_by_number_id_and_short_id)
{
    json_t *list = ask("GET", "/api/meetings", "", 200);
    char path[100];
    (void)snprintf(path, sizeof path, "/api/meetings/%s",
                   json_get_text(first(list, "meetings"), "id"));
    json_decref(ask("GET", path, "", 200));
    (void)snprintf(path, sizeof path, "/api/meetings/%.6s",
                   json_get_text(first(list, "meetings"), "short"));
    json_decref(ask("GET", path, "", 200));
    (void)snprintf(path, sizeof path, "/api/meetings/%.5s",
                   json_get_text(first(list, "meetings"), "short"));
    json_decref(ask("GET", path, "", 404));
    json_decref(list);
    refused("GET", "/api/meetings/0", "", 404, API_NO_SUCH_MEETING);
    refused("GET", "/api/meetings/2", "", 404, API_NO_SUCH_MEETING);
}

/* The dossier must hold as written, and one flipped byte must be found. */
TEST(api_writes_a_dossier_that_verifies_and_finds_a_flipped_byte)
{
    struct api_reply dossier, report;
    struct api_request rq = {.method = "POST", .path = "/api/meetings/1/dossier"};
    post("/api/meetings/1/close", "", 200);
    post("/api/meetings/1/minutes", "{\"language\":\"vi\"}", 200);
    refused("POST", "/api/meetings/1/minutes", "{\"language\":\"fr\"}", 400, API_BAD_VALUE);
    CHECK_OK(api_handle(&node, &rq, &dossier));
    for (int flipped = 0; flipped < 2; flipped++) {
        struct api_request check = {
            .method = "POST", .path = "/api/verify", .body = buf_written(&dossier.body)};
        CHECK_OK(api_handle(&node, &check, &report));
        json_t *root = json_loadb((const char *)report.body.data, report.body.size, 0, NULL);
        bool holds = strcmp(json_get_text(root, "verdict"), "holds") == 0;
        CHECK_EQ(holds, flipped == 0);
        json_decref(root);
        api_reply_free(&report);
        dossier.body.data[dossier.body.size * 3 / 4] ^= 1;
    }
    api_reply_free(&dossier);
}

/* What the page shows as arriving must be all there is, and in order. */
TEST(api_lists_records_after_a_number)
{
    json_t *all = ask("GET", "/api/records", "", 200);
    size_t count = json_array_size(json_object_get(all, "records"));
    CHECK_EQ(count, json_get_number(all, "count"));
    json_decref(all);
    struct api_reply reply;
    char query[32];
    (void)snprintf(query, sizeof query, "after=%zu", count - 2);
    struct api_request rq = {.method = "GET", .path = "/api/records", .query = query};
    CHECK_OK(api_handle(&node, &rq, &reply));
    json_t *last = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    CHECK_EQ(json_array_size(json_object_get(last, "records")), 2);
    CHECK_TEXT(json_get_text(json_array_get(json_object_get(last, "records"), 1), "kind"),
               "minutes");
    json_decref(last);
    api_reply_free(&reply);
    rq.query = "after=-1";
    CHECK_ERR(api_handle(&node, &rq, &reply), HOP_EMALFORMED);
    api_reply_free(&reply);
}

/* Voice without a running node has no peers to speak to: say so instead of pretending. */
TEST(api_refuses_voice_when_no_node_runs)
{
    refused("POST", "/api/talk", "{\"meeting\":\"1\"}", 409, API_TALK_NEEDS_RUN);
    refused("POST", "/api/talk", "{}", 400, API_MISSING_KEY);
    json_decref(ask("DELETE", "/api/talk", "", 200));
}

/* What was acknowledged must be there after the process is gone without a goodbye. */
TEST(api_acknowledges_only_what_is_durable)
{
    post("/api/meetings", "{\"title\":\"Họp đột xuất\"}", 200);
    store_rollback(node.store); /* as a crash would: nothing uncommitted may have been promised */
    struct node_trouble why = {0};
    CHECK_OK(node_reopen_device(&node, &why));
    json_t *list = ask("GET", "/api/meetings", "", 200);
    CHECK_EQ(json_array_size(json_object_get(list, "meetings")), 2);
    json_decref(list);
}
