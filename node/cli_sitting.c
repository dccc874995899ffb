/* What a person reads of all that hangs on a meeting, made from the API's JSON. A part with nothing
 * in it is not shown. */
#include "node/cli.h"

#include <stdio.h>

static const char *get(const json_t *object, const char *key)
{
    return json_get_text(object, key);
}

static bool is(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool reads(const json_t *object, const char *key, const char *word)
{
    return strcmp(get(object, key), word) == 0;
}

static const char *count(char ret[static 24], const json_t *object, const char *key)
{
    return cli_count(ret, json_get_number(object, key));
}

/* "Lan, Hùng" of texts, or of objects with a name. */
static void join(struct buf *b, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *name = json_is_string(item) ? json_string_value(item) : get(item, "name");
        buf_printf(b, "%s%s", i == 0 ? "" : ", ", name);
    }
}

static void say_joined(struct cli *c, enum text_id id, const json_t *list)
{
    struct buf names = {0};
    join(&names, list);
    if (names.size > 0)
        cli_say(c, id, 1, buf_string(&names));
    buf_free(&names);
}

/* ---- one line of each part ---- */

static void show_site(struct cli *c, const json_t *o)
{
    char number[24];
    cli_say(c, SHOW_SITE_LINE, 3, count(number, o, "number"), get(o, "name"), get(o, "teller"));
}

static void show_turn(struct cli *c, const json_t *o)
{
    char n[24];
    if (is(o, "speaking"))
        cli_say(c, SHOW_TURN_SPEAKING, 2, get(o, "name"), count(n, o, "minutes"));
    else if (is(o, "waiting"))
        cli_say(c, is(o, "order") ? SHOW_TURN_ORDER : SHOW_TURN_WAITING, 3, get(o, "name"),
                count(n, o, "item"), get(o, "text"));
}

static void show_chairing(struct cli *c, const json_t *o)
{
    cli_say(c, is(o, "apart") ? SHOW_CHAIRING_APART : SHOW_CHAIRING, 2, get(o, "name"),
            get(o, "text"));
}

static void show_conclusion(struct cli *c, const json_t *o)
{
    char item[24];
    cli_say(c, SHOW_CONCLUSION, 3, count(item, o, "item"), get(o, "name"), get(o, "text"));
}

static void show_cascade(struct cli *c, const json_t *o)
{
    size_t i, present = 0;
    const json_t *person;
    char n[24];
    json_array_foreach(json_object_get(o, "people"), i, person)
    {
        present += reads(person, "value", "present");
    }
    cli_say(c, SHOW_CASCADE, 3, get(o, "group_name"), cli_count(n, present), get(o, "text"));
}

static void show_step(struct cli *c, const json_t *o)
{
    char n[24];
    cli_say(c, SHOW_STEP, 2, count(n, o, "step"), get(o, "text"));
}

static void show_correction(struct cli *c, const json_t *o)
{
    char n[24];
    enum text_id state = CORRECTION_OPEN;
    if (reads(o, "state", "taken"))
        state = CORRECTION_TAKEN;
    else if (reads(o, "state", "not-taken"))
        state = CORRECTION_NOT_TAKEN;
    cli_say(c, SHOW_CORRECTION, 4, count(n, o, "number"), get(o, "name"), get(o, "text"),
            text(c->lang, state));
}

static void show_resolution(struct cli *c, const json_t *o)
{
    char n[24];
    struct buf names = {0};
    join(&names, json_object_get(o, "signed"));
    cli_say(c, SHOW_RESOLUTION, 4, count(n, o, "number"), get(o, "reference"), get(o, "title"),
            buf_string(&names));
    buf_free(&names);
}

static void show_reserved(struct cli *c, const json_t *o)
{
    cli_say(c, SHOW_RESERVED, 2, get(o, "name"), get(o, "text"));
}

static const char *task_state(struct cli *c, const json_t *o)
{
    return text(c->lang, reads(o, "state", "done")      ? TASK_STATE_DONE
                         : reads(o, "state", "dropped") ? TASK_STATE_DROPPED
                                                        : TASK_STATE_OPEN);
}

static void show_task(struct cli *c, const json_t *o)
{
    char n[24];
    cli_say(c, SHOW_TASK, 6, count(n, o, "number"), get(o, "name"), get(o, "text"), get(o, "due"),
            task_state(c, o), get(o, "note"));
}

static void show_score(struct cli *c, const json_t *o)
{
    char n[24];
    cli_say(c, SHOW_SCORE, 3, count(n, o, "total"), get(o, "name"), get(o, "text"));
}

static void show_close(struct cli *c, const json_t *o)
{
    char when[CLI_TIME_SIZE];
    cli_say(c, SHOW_CLOSE, 2, get(o, "name"), cli_time(when, json_get_number(o, "at")));
}

static void show_exception(struct cli *c, const json_t *o)
{
    cli_say(c, SHOW_EXCEPTION, 3, get(o, "name"), get(o, "text"), get(o, "basis"));
}

static void show_reminder(struct cli *c, const json_t *o)
{
    struct buf names = {0};
    join(&names, json_object_get(o, "people"));
    cli_say(c, SHOW_REMINDER, 2, get(o, "name"), buf_string(&names));
    buf_free(&names);
}

/* ---- days of notice ---- */

void cli_show_lead(struct cli *c, const json_t *o, const json_t *meeting, enum text_id good,
                   enum text_id few)
{
    const json_t *lead = json_object_get(o, "lead_days");
    json_int_t days = json_integer_value(lead);
    json_int_t asked = (json_int_t)json_get_number(meeting, "notice_days");
    char said[24], needed[24];
    (void)snprintf(said, sizeof said, "%lld", (long long)days);
    enum text_id id = days < asked ? few : good;
    if (json_is_integer(lead) && id != TEXT_NONE)
        cli_say(c, id, 2, said, cli_count(needed, (uint64_t)asked));
}

/* ---- parts ---- */

struct part {
    const char *key;
    enum text_id head;
    cli_shower *show;
};

static void show_part(struct cli *c, const json_t *meeting, const struct part *p)
{
    size_t i;
    const json_t *one, *list = json_object_get(meeting, p->key);
    if (json_array_size(list) == 0)
        return;
    (void)printf("\n%s\n", text(c->lang, p->head));
    json_array_foreach(list, i, one)
    {
        p->show(c, one);
    }
}

void cli_show_before(struct cli *c, const json_t *m)
{
    if (is(m, "practice"))
        cli_say(c, SHOW_PRACTICE, 0);
    say_joined(c, SHOW_INVITED_LIST, json_object_get(m, "invited"));
    if (get(m, "group_name")[0] != '\0')
        cli_say(c, SHOW_GROUP_OF, 1, get(m, "group_name"));
}

/* Where it stands now: who is in the chair, at which item, in a break. */
static void show_now(struct cli *c, const json_t *m)
{
    size_t i;
    const json_t *pause;
    char item[24];
    if (!reads(m, "stage", "opened"))
        return;
    cli_say(c, SHOW_SITTING_CHAIR, 1, get(m, "sitting_chair"));
    if (json_get_number(m, "at_item") > 0)
        cli_say(c, SHOW_AT_ITEM, 1, count(item, m, "at_item"));
    json_array_foreach(json_object_get(m, "breaks"), i, pause)
    {
        if (!is(pause, "ended"))
            cli_say(c, SHOW_ON_BREAK, 1, get(pause, "text"));
    }
}

void cli_show_during(struct cli *c, const json_t *m)
{
    static const struct part parts[] = {
        {"sites", SHOW_HEAD_SITES, show_site},
        {"chairs", SHOW_HEAD_CHAIRS, show_chairing},
        {"turns", SHOW_HEAD_QUEUE, show_turn},
        {"conclusions", SHOW_HEAD_CONCLUSIONS, show_conclusion},
        {"steps", SHOW_HEAD_STEPS, show_step},
        {"closes", SHOW_HEAD_CLOSES, show_close},
        {"exceptions", SHOW_HEAD_EXCEPTIONS, show_exception},
        {"reminders", SHOW_HEAD_REMINDERS, show_reminder},
    };
    show_now(c, m);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        show_part(c, m, &parts[i]);
    cli_show_consultation(c, m);
}

void cli_show_after(struct cli *c, const json_t *m)
{
    static const struct part parts[] = {
        {"corrections", SHOW_HEAD_CORRECTIONS, show_correction},
        {"resolutions", SHOW_HEAD_RESOLUTIONS, show_resolution},
        {"reserved", SHOW_HEAD_RESERVED, show_reserved},
        {"tasks", SHOW_HEAD_TASKS, show_task},
        {"cascades", SHOW_HEAD_CASCADES, show_cascade},
        {"scores", SHOW_HEAD_SCORES, show_score},
    };
    if (get(m, "draft_read_by")[0] != '\0')
        cli_say(c, SHOW_DRAFT_READ, 1, get(m, "draft_read_by"));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        show_part(c, m, &parts[i]);
}

/* ---- a written consultation ---- */

static void show_reply(struct cli *c, enum text_id id, const json_t *o)
{
    enum text_id reply = reads(o, "reply", "agree")      ? REPLY_NAME_AGREE
                         : reads(o, "reply", "disagree") ? REPLY_NAME_DISAGREE
                                                         : REPLY_NAME_OTHER;
    cli_say(c, id, 3, get(o, "name"), text(c->lang, reply), get(o, "text"));
}

void cli_show_consultation(struct cli *c, const json_t *m)
{
    const json_t *n = json_object_get(m, "consultation"), *one;
    char asked[24], agree[24], disagree[24], other[24], none[24], needed[24];
    size_t i;
    if (!json_is_object(n))
        return;
    (void)printf("\n%s\n", text(c->lang, SHOW_HEAD_CONSULTATION));
    cli_say(c, SHOW_REPLIES, 6, count(asked, n, "asked"), count(agree, n, "agree"),
            count(disagree, n, "disagree"), count(other, n, "other"), count(none, n, "none"),
            count(needed, n, "needed"));
    json_array_foreach(json_object_get(n, "replies"), i, one)
    {
        show_reply(c, SHOW_REPLY, one);
    }
    json_array_foreach(json_object_get(n, "late"), i, one)
    {
        show_reply(c, SHOW_REPLY_LATE, one);
    }
    say_joined(c, SHOW_REPLY_NONE, json_object_get(n, "missing"));
}

/* ---- a motion, a line of the roll, signed minutes ---- */

/* Closed twice, apart: each result under the id that settles it. */
static void show_results(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *r;
    if (json_array_size(list) < 2)
        return;
    json_array_foreach(list, i, r)
    {
        char agree[24], disagree[24], abstain[24];
        cli_say(c, SHOW_RESULT, 6, get(r, "short"), get(r, "outcome_label"), get(r, "name"),
                count(agree, r, "agree"), count(disagree, r, "disagree"),
                count(abstain, r, "abstain"));
    }
}

void cli_show_counted(struct cli *c, const json_t *motion)
{
    char device[24], hand[24], paper[24];
    show_results(c, json_object_get(motion, "results"));
    if (json_get_number(motion, "by_hand") + json_get_number(motion, "by_paper") > 0)
        cli_say(c, SHOW_COUNTED_BY, 3, count(device, motion, "by_device"),
                count(hand, motion, "by_hand"), count(paper, motion, "by_paper"));
    if (get(motion, "standing")[0] != '\0')
        cli_say(c, SHOW_STANDING, 1, get(motion, "standing"));
}

/* What there is for a line of the roll besides its status: " (tại Bản Mù; đã nhập mã PIN)". */
void cli_show_evidence(struct cli *c, struct buf *ret, const json_t *line)
{
    struct buf part = {0};
    const char *site = get(line, "site"), *excuse = get(line, "excuse");
    if (excuse[0] != '\0')
        text_fill(&part, c->lang, SHOW_EXCUSED_ASK, &excuse, 1);
    if (site[0] != '\0') {
        buf_text(&part, part.size > 0 ? "; " : "");
        text_fill(&part, c->lang, SHOW_AT_SITE, &site, 1);
    }
    if (reads(line, "evidence", "teller") || reads(line, "evidence", "pin"))
        buf_printf(&part, "%s%s", part.size > 0 ? "; " : "",
                   text(c->lang,
                        reads(line, "evidence", "pin") ? SHOW_EVIDENCE_PIN : SHOW_EVIDENCE_TELLER));
    if (part.size > 0)
        buf_printf(ret, " (%s)", buf_string(&part));
    buf_free(&part);
}

void cli_show_signed(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *m;
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_MINUTES_UNSIGNED, 0);
    json_array_foreach(list, i, m)
    {
        char n[24];
        struct buf names = {0}, marks = {0};
        join(&names, json_object_get(m, "signed"));
        buf_text(&marks, is(m, "supplement") ? text(c->lang, SHOW_SUPPLEMENT) : "");
        buf_text(&marks, is(m, "read_back") ? text(c->lang, SHOW_READ_BACK) : "");
        buf_text(&marks, is(m, "sealed") ? text(c->lang, SHOW_SEALED) : "");
        cli_say(c, SHOW_SIGNED_LINE, 3, cli_count(n, i + 1), buf_string(&names),
                buf_string(&marks));
        buf_free(&names);
        buf_free(&marks);
    }
}

/* ---- of no meeting ---- */

void cli_show_tasks(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *t, *list = json_object_get(reply, "tasks");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_TASKS, 0);
    json_array_foreach(list, i, t)
    {
        char n[24];
        cli_say(c, SHOW_TASK_OF, 7, get(t, "title"), count(n, t, "number"), get(t, "name"),
                get(t, "text"), get(t, "due"), task_state(c, t), get(t, "note"));
    }
}

void cli_show_reports(struct cli *c, const json_t *reply)
{
    const json_t *r, *list = json_object_get(reply, "reports");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_REPORTS, 0);
    for (unsigned pass = 0; pass < 2; pass++) { /* urgent ones first */
        size_t i;
        json_array_foreach(list, i, r)
        {
            char when[CLI_TIME_SIZE];
            if (is(r, "urgent") == (pass == 0))
                cli_say(c, SHOW_REPORT, 6, pass == 0 ? text(c->lang, SHOW_REPORT_URGENT) : "",
                        get(r, "name"), get(r, "place"), get(r, "state"), get(r, "text"),
                        cli_time(when, json_get_number(r, "at")));
        }
    }
}

void cli_show_private(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *p, *list = json_object_get(reply, "private");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_PRIVATE, 0);
    json_array_foreach(list, i, p)
    {
        char when[CLI_TIME_SIZE];
        cli_say(c, SHOW_PRIVATE, 3, get(p, "name"), cli_time(when, json_get_number(p, "at")),
                get(p, "text"));
    }
}

static void show_attendance(struct cli *c, const json_t *a)
{
    char held[24], present[24], excused[24], absent[24], duty[24], missed[24];
    struct buf line = {0};
    const char *const args[] = {get(a, "name"),
                                count(present, a, "present"),
                                count(held, a, "held"),
                                count(excused, a, "excused"),
                                count(absent, a, "absent"),
                                count(duty, a, "duty")};
    text_fill(&line, c->lang, SHOW_ATTENDANCE, args, 6);
    if (json_get_number(a, "missed_in_a_row") > 0)
        cli_say(c, SHOW_MISSED, 2, buf_string(&line), count(missed, a, "missed_in_a_row"));
    else
        (void)printf("%s\n", buf_string(&line));
    buf_free(&line);
}

void cli_show_duty(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *m, *months = json_object_get(reply, "months");
    if (json_array_size(months) == 0)
        cli_say(c, SHOW_NO_DUTY, 0);
    json_array_foreach(months, i, m)
    {
        char name[32];
        (void)snprintf(name, sizeof name, "%02u/%u", (unsigned)json_get_number(m, "month"),
                       (unsigned)json_get_number(m, "year"));
        enum text_id id = SHOW_MONTH_OPEN;
        if (json_get_number(m, "held") > 0)
            id = SHOW_MONTH_HELD;
        else if (get(m, "not_held")[0] != '\0')
            id = SHOW_MONTH_NOT_HELD;
        else if (is(m, "due"))
            id = SHOW_MONTH_DUE;
        cli_say(c, id, 2, name, get(m, "not_held"));
    }
    json_array_foreach(json_object_get(reply, "attendance"), i, m)
    {
        show_attendance(c, m);
    }
}

void cli_show_merge(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *r;
    char n[24];
    if (json_get_number(reply, "count") == 0) {
        cli_say(c, SHOW_MERGE_NONE, 0);
        return;
    }
    cli_say(c, SHOW_MERGE, 1, count(n, reply, "count"));
    json_array_foreach(json_object_get(reply, "records"), i, r)
    {
        char when[CLI_TIME_SIZE];
        cli_say(c, SHOW_MERGE_LINE, 4, get(r, "short"), get(r, "name"), get(r, "label"),
                cli_time(when, json_get_number(r, "at")));
    }
}
