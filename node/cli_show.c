/* What a person reads, made from the API's JSON. */
#include "node/cli.h"

#include <stdio.h>

/* ---- status: who is connected, how fresh, what waits for me ---- */

/* "đ/c Lan, đ/c Hùng" */
static void join_comrades(struct cli *c, struct buf *b, const json_t *list, bool objects)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *name = objects ? json_get_text(item, "name") : json_string_value(item);
        buf_text(b, i == 0 ? "" : ", ");
        text_fill(b, c->lang, SHOW_COMRADE, &name, 1);
    }
}

static void show_cell_line(struct cli *c, const json_t *status)
{
    char members[24], devices[24];
    const json_t *cell = json_object_get(status, "cell"), *me = json_object_get(status, "me");
    if (!json_is_object(cell)) {
        cli_say(c, SHOW_NO_CELL, 0);
        return;
    }
    cli_say(c, SHOW_CELL, 3, json_get_text(cell, "name"),
            cli_count(members, json_get_number(cell, "members")),
            cli_count(devices, json_get_number(cell, "devices")));
    if (json_is_object(me))
        cli_say(c, SHOW_ME, 2, json_get_text(me, "name"), json_get_text(me, "role_label"));
}

static void show_connected(struct cli *c, const json_t *status)
{
    struct buf names = {0};
    const json_t *list = json_object_get(status, "connected");
    join_comrades(c, &names, list, true);
    if (!json_is_true(json_object_get(status, "running")))
        cli_say(c, SHOW_NOT_RUNNING, 0);
    else if (json_array_size(list) == 0)
        cli_say(c, SHOW_CONNECTED_NONE, 0);
    else
        cli_say(c, SHOW_CONNECTED, 1, buf_string(&names));
    buf_free(&names);
}

static void show_fresh(struct cli *c, const json_t *status)
{
    char when[CLI_TIME_SIZE], behind[24];
    const json_t *fresh = json_object_get(status, "fresh");
    const json_t *newest = json_object_get(fresh, "newest");
    uint64_t lacking = json_get_number(fresh, "behind");
    enum text_id id = SHOW_FRESH_ALONE;
    if (!json_is_object(newest))
        id = SHOW_FRESH_NONE;
    else if (lacking > 0)
        id = SHOW_FRESH_BEHIND;
    else if (json_is_true(json_object_get(fresh, "in_sync")))
        id = SHOW_FRESH_SYNC;
    cli_say(c, id, 3, json_get_text(newest, "name"), cli_time(when, json_get_number(newest, "at")),
            cli_count(behind, lacking));
}

static void show_waiting(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *item;
    cli_say(c, json_array_size(list) == 0 ? SHOW_WAITING_NONE : SHOW_WAITING, 0);
    json_array_foreach(list, i, item)
    {
        (void)printf("  • %s\n", json_get_text(item, "text"));
    }
}

static void show_missing(struct cli *c, const json_t *missing)
{
    struct buf names = {0};
    join_comrades(c, &names, missing, false);
    if (names.size > 0)
        cli_say(c, SHOW_DELIVERY_MISSING, 1, buf_string(&names));
    buf_free(&names);
}

static void show_deliveries(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *board;
    json_array_foreach(list, i, board)
    {
        char received[24], all[24];
        const json_t *missing = json_object_get(board, "missing");
        size_t count = json_array_size(json_object_get(board, "members"));
        cli_say(c, SHOW_DELIVERY, 3, json_get_text(board, "title"),
                cli_count(received, count - json_array_size(missing)), cli_count(all, count));
        show_missing(c, missing);
    }
}

static void show_notices(const json_t *reply)
{
    size_t i;
    const json_t *sentence;
    json_array_foreach(json_object_get(reply, "notices"), i, sentence)
    {
        (void)printf("%s\n", json_string_value(sentence));
    }
}

static void show_status(struct cli *c, const json_t *status)
{
    char records[24], pending[24], ignored[24];
    if (json_is_string(json_object_get(status, "trouble")))
        (void)printf("%s\n", json_get_text(status, "trouble"));
    show_notices(status);
    show_connected(c, status);
    show_fresh(c, status);
    show_waiting(c, json_object_get(status, "waiting"));
    show_cell_line(c, status);
    show_deliveries(c, json_object_get(status, "deliveries"));
    cli_say(c, SHOW_RECORDS, 3, cli_count(records, json_get_number(status, "records")),
            cli_count(pending, json_get_number(status, "pending")),
            cli_count(ignored, json_get_number(status, "ignored")));
}

int cli_status(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    return exit_code != CLI_DONE ? exit_code : cli_show(c, "GET", "/api/status", NULL, show_status);
}

/* ---- peers, members, what has no effect ---- */

static void show_peers(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *peer, *list = json_object_get(reply, "peers");
    if (!json_is_true(json_object_get(reply, "running")))
        cli_say(c, SHOW_NOT_RUNNING, 0);
    else if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_PEERS, 0);
    json_array_foreach(list, i, peer)
    {
        char behind[24], ahead[24];
        struct buf state = {0};
        const char *const args[] = {cli_count(behind, json_get_number(peer, "behind")),
                                    cli_count(ahead, json_get_number(peer, "ahead"))};
        enum text_id id = SHOW_PEER_BEHIND;
        if (!json_is_true(json_object_get(peer, "is_member")))
            id = SHOW_PEER_STRANGER;
        else if (json_is_true(json_object_get(peer, "in_sync")))
            id = SHOW_PEER_SYNC;
        text_fill(&state, c->lang, id, args, 2);
        cli_say(c, SHOW_PEER, 2, json_get_text(peer, "name"), buf_string(&state));
        buf_free(&state);
    }
}

int cli_peers(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    return exit_code != CLI_DONE ? exit_code : cli_show(c, "GET", "/api/peers", NULL, show_peers);
}

int cli_members(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    return exit_code != CLI_DONE ? exit_code
                                 : cli_show(c, "GET", "/api/members", NULL, cli_show_members);
}

static void show_ignored(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *r;
    show_notices(reply);
    json_array_foreach(json_object_get(reply, "ignored"), i, r)
    {
        char when[CLI_TIME_SIZE];
        cli_say(c, SHOW_IGNORED, 4, json_get_text(r, "label"), json_get_text(r, "name"),
                cli_time(when, json_get_number(r, "at")), json_get_text(r, "why"));
    }
}

int cli_ignored(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 0, 0);
    return exit_code != CLI_DONE ? exit_code
                                 : cli_show(c, "GET", "/api/ignored", NULL, show_ignored);
}

/* ---- meetings ---- */

void cli_show_recorded(struct cli *c, const json_t *reply)
{
    cli_say(c, CLI_DONE_RECORDED, 1, json_get_text(reply, "short"));
}

void cli_show_meetings(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *m, *list = json_object_get(reply, "meetings");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_MEETINGS, 0);
    json_array_foreach(list, i, m)
    {
        char number[24];
        struct buf what = {0};
        static const char *const keys[] = {"title", "when", "place"};
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            const char *part = json_get_text(m, keys[k]);
            buf_printf(&what, "%s%s", k > 0 && part[0] != '\0' ? ", " : "", part);
        }
        cli_say(c, SHOW_MEETING_LINE, 4, cli_count(number, json_get_number(m, "number")),
                json_get_text(m, "short"), buf_string(&what), json_get_text(m, "stage_label"));
        buf_free(&what);
    }
}

static void head(struct cli *c, enum text_id id)
{
    (void)printf("\n%s\n", text(c->lang, id));
}

static void show_agenda(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(meeting, "agenda"), i, item)
    {
        char number[24];
        cli_say(c, SHOW_AGENDA_ITEM, 2, cli_count(number, json_get_number(item, "number")),
                json_get_text(item, "title"));
    }
}

void cli_show_documents(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *d, *list = json_object_get(meeting, "documents");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_DOCUMENTS, 0);
    json_array_foreach(list, i, d)
    {
        char number[24], size[24];
        cli_say(c, SHOW_DOCUMENT, 5, cli_count(number, json_get_number(d, "number")),
                json_get_text(d, "short"), json_get_text(d, "title"),
                cli_count(size, json_get_number(d, "size")), json_get_text(d, "name"));
        cli_show_lead(c, d, meeting, TEXT_NONE, SHOW_LEAD_DOCUMENT);
    }
}

static void show_delivery(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *r, *delivery = json_object_get(meeting, "delivery");
    json_array_foreach(json_object_get(delivery, "members"), i, r)
    {
        cli_say(c, SHOW_DELIVERY_LINE, 2, json_get_text(r, "name"), json_get_text(r, "label"));
    }
    show_missing(c, json_object_get(delivery, "missing"));
}

void cli_show_roll(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *r;
    json_array_foreach(json_object_get(meeting, "roll"), i, r)
    {
        char number[24];
        struct buf state = {0};
        bool called = strcmp(json_get_text(r, "status"), "unknown") != 0;
        bool claimed = json_is_true(json_object_get(r, "claimed"));
        buf_text(&state,
                 !called && claimed ? text(c->lang, SHOW_ROLL_CLAIMED) : json_get_text(r, "label"));
        if (json_get_text(r, "reason")[0] != '\0')
            buf_printf(&state, " (%s)", json_get_text(r, "reason"));
        cli_show_evidence(c, &state, r);
        cli_say(c, SHOW_ROLL_LINE, 3, cli_count(number, json_get_number(r, "number")),
                json_get_text(r, "name"), buf_string(&state));
        buf_free(&state);
    }
    (void)printf("%s\n", json_get_text(json_object_get(meeting, "quorum"), "text"));
}

static void show_opinions(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(meeting, "opinions"), i, o)
    {
        char item[24];
        bool prepared = json_is_true(json_object_get(o, "prepared"));
        cli_say(c, SHOW_OPINION, 4, json_get_text(o, "name"),
                cli_count(item, json_get_number(o, "item")),
                text(c->lang, prepared ? SHOW_OPINION_PREPARED : SHOW_OPINION_SPOKEN),
                json_get_text(o, "text"));
    }
}

static void show_votes(struct cli *c, const json_t *motion)
{
    size_t i;
    const json_t *v;
    json_array_foreach(json_object_get(motion, "votes"), i, v)
    {
        struct buf state = {0};
        const char *label = json_get_text(v, "label");
        if (json_is_true(json_object_get(v, "late")))
            text_fill(&state, c->lang, SHOW_VOTE_LATE, &label, 1);
        else if (json_is_true(json_object_get(v, "lost")))
            text_fill(&state, c->lang, SHOW_VOTE_LOST, &label, 1);
        else
            buf_text(&state, label);
        cli_say(c, SHOW_VOTE, 2, json_get_text(v, "name"), buf_string(&state));
        buf_free(&state);
    }
}

void cli_show_motions(struct cli *c, const json_t *meeting)
{
    size_t i;
    const json_t *m, *list = json_object_get(meeting, "motions");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_MOTIONS, 0);
    json_array_foreach(list, i, m)
    {
        char number[24], agree[24], disagree[24], abstain[24], eligible[24];
        cli_say(c, SHOW_MOTION, 4, cli_count(number, json_get_number(m, "number")),
                json_get_text(m, "short"), json_get_text(m, "text"),
                json_get_text(m, "outcome_label"));
        cli_say(c, SHOW_MOTION_COUNT, 4, cli_count(agree, json_get_number(m, "agree")),
                cli_count(disagree, json_get_number(m, "disagree")),
                cli_count(abstain, json_get_number(m, "abstain")),
                cli_count(eligible, json_get_number(m, "eligible")));
        show_votes(c, m);
        if (json_is_true(json_object_get(m, "closed")))
            (void)printf("     %s\n", json_get_text(m, "horizon"));
        cli_show_counted(c, m);
    }
}

static void say_if_any(struct cli *c, enum text_id id, const json_t *object, const char *key)
{
    const char *s = json_get_text(object, key);
    if (s[0] != '\0')
        cli_say(c, id, 1, s);
}

void cli_show_meeting(struct cli *c, const json_t *m)
{
    cli_say(c, SHOW_MEETING_TITLE, 2, json_get_text(m, "title"), json_get_text(m, "stage_label"));
    cli_show_before(c, m);
    say_if_any(c, SHOW_MEETING_FORM, m, "form_label");
    cli_say(c, SHOW_MEETING_WHEN, 2, json_get_text(m, "when"), json_get_text(m, "place"));
    cli_say(c, SHOW_MEETING_CHAIR, 2, json_get_text(m, "chair"), json_get_text(m, "secretary"));
    say_if_any(c, SHOW_MEETING_BASIS, m, "basis");
    say_if_any(c, SHOW_MEETING_REASON, m, "reason");
    say_if_any(c, SHOW_MEETING_NOTICE, m, "notice");
    cli_show_lead(c, m, m, SHOW_LEAD_GOOD, SHOW_LEAD_SHORT);
    head(c, SHOW_HEAD_AGENDA);
    show_agenda(c, m);
    head(c, SHOW_HEAD_DOCUMENTS);
    cli_show_documents(c, m);
    head(c, SHOW_HEAD_DELIVERY);
    show_delivery(c, m);
    head(c, SHOW_HEAD_OPINIONS);
    show_opinions(c, m);
    head(c, SHOW_HEAD_ROLL);
    cli_show_roll(c, m);
    cli_show_during(c, m);
    head(c, SHOW_HEAD_MOTIONS);
    cli_show_motions(c, m);
    head(c, SHOW_HEAD_MINUTES);
    cli_show_signed(c, json_object_get(m, "minutes"));
    cli_show_after(c, m);
}

void cli_show_talk(struct cli *c, const json_t *reply)
{
    const json_t *talk = json_object_get(reply, "talk");
    struct buf names = {0};
    char port[24];
    join_comrades(c, &names, json_object_get(talk, "streams"), true);
    if (names.size == 0)
        buf_text(&names, text(c->lang, PAGE_NOBODY));
    if (json_is_object(talk))
        cli_say(c, json_is_true(json_object_get(talk, "muted")) ? SHOW_TALKING_MUTED : SHOW_TALKING,
                2, cli_count(port, json_get_number(talk, "port")), buf_string(&names));
    else
        cli_say(c, SHOW_NOT_TALKING, 0);
    buf_free(&names);
}
