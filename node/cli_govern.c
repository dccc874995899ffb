/* Commands about who belongs to the cell, with which devices, and who decides: member, device,
 * cell, group. */
#include "node/cli.h"

#include <stdio.h>
#include <string.h>

/* Say what will happen, and stop, unless the person has said --yes. */
static int sure(struct cli *c, bool yes, enum text_id what, const char *first, const char *second)
{
    if (yes)
        return CLI_DONE;
    (void)cli_fail(c, 0, what, 2, first, second);
    return cli_fail(c, CLI_WRONG_USAGE, CLI_SURE, 0);
}

static json_t *with_words(struct cli *c, json_t *body, const char *key, const char *words)
{
    if (words != NULL)
        (void)json_object_set_new(body, key, cli_words(c, words));
    return body;
}

static json_t *with_list(struct cli *c, json_t *body, const char *key,
                         const struct cli_values *values)
{
    json_t *list = json_array();
    for (size_t i = 0; i < values->count; i++)
        (void)json_array_append_new(list, cli_words(c, values->items[i]));
    (void)json_object_set_new(body, key, list);
    return body;
}

static bool is(const struct cli *c, const char *word)
{
    return c->count > 0 && strcmp(c->args[0], word) == 0;
}

static bool yes_no(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- members ---- */

static void show_admission(struct cli *c, const json_t *m)
{
    char when[CLI_TIME_SIZE];
    cli_time(when, json_get_number(json_object_get(m, "admitted"), "at"));
    if (yes_no(m, "founder"))
        cli_say(c, SHOW_MEMBER_FOUNDER, 1, when);
    else
        cli_say(c, SHOW_MEMBER_ADMITTED, 2, json_get_text(m, "admitted_by"), when);
    if (json_get_text(m, "proposed_by")[0] != '\0')
        cli_say(c, SHOW_MEMBER_PROPOSED, 1, json_get_text(m, "proposed_by"));
}

static void show_member(struct cli *c, const json_t *m)
{
    char number[24], when[CLI_TIME_SIZE];
    enum text_id mark = TEXT_NONE;
    const json_t *ended = json_object_get(m, "ended");
    if (yes_no(m, "me"))
        mark = SHOW_MEMBER_ME;
    else if (yes_no(m, "connected"))
        mark = SHOW_MEMBER_CONNECTED;
    cli_say(c, SHOW_MEMBER, 5, cli_count(number, json_get_number(m, "number")),
            json_get_text(m, "name"), json_get_text(m, "role_label"),
            json_get_text(m, "category_label"), text(c->lang, mark));
    show_admission(c, m);
    if (json_is_object(ended))
        cli_say(c, SHOW_MEMBER_ENDED, 3, json_get_text(ended, "reason_label"),
                json_get_text(ended, "name"), cli_time(when, json_get_number(ended, "at")));
    if (yes_no(m, "pending"))
        cli_say(c, SHOW_MEMBER_PENDING, 0);
}

enum kind { ACTIVE, PENDING, FORMER };

static void show_kind(struct cli *c, const json_t *members, enum kind kind, enum text_id head)
{
    size_t i;
    const json_t *m;
    bool said = head == TEXT_NONE;
    json_array_foreach(members, i, m)
    {
        enum kind of = yes_no(m, "pending") ? PENDING : yes_no(m, "active") ? ACTIVE : FORMER;
        if (of != kind)
            continue;
        if (!said)
            cli_say(c, head, 0);
        said = true;
        show_member(c, m);
    }
}

static void show_proposals(struct cli *c, const json_t *list)
{
    size_t i;
    const json_t *p;
    bool said = false;
    json_array_foreach(list, i, p)
    {
        if (yes_no(p, "answered"))
            continue;
        if (!said)
            cli_say(c, SHOW_PROPOSALS, 0);
        said = true;
        cli_say(c, SHOW_PROPOSAL, 4, json_get_text(p, "short"), json_get_text(p, "name"),
                json_get_text(p, "by"), json_get_text(p, "note"));
    }
}

void cli_show_members(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *v, *members = json_object_get(reply, "members");
    struct buf invited = {0};
    show_kind(c, members, ACTIVE, TEXT_NONE);
    show_kind(c, members, PENDING, SHOW_MEMBERS_PENDING);
    show_proposals(c, json_object_get(reply, "proposals"));
    json_array_foreach(json_object_get(reply, "invitations"), i, v)
    {
        if (!yes_no(v, "used") && !yes_no(v, "ended"))
            buf_printf(&invited, "%s%s", invited.size == 0 ? "" : ", ", json_get_text(v, "name"));
    }
    if (invited.size > 0)
        cli_say(c, SHOW_INVITED, 1, buf_string(&invited));
    buf_free(&invited);
    show_kind(c, members, FORMER, SHOW_MEMBERS_FORMER);
}

static void show_removed(struct cli *c, const json_t *m)
{
    cli_say(c, CLI_DONE_REMOVED, 1, json_get_text(m, "name"));
}

static void show_role(struct cli *c, const json_t *m)
{
    cli_say(c, CLI_DONE_ROLE, 3, json_get_text(m, "name"), json_get_text(m, "role_label"),
            json_get_text(m, "category_label"));
}

static void show_suspended(struct cli *c, const json_t *m)
{
    cli_say(c, CLI_DONE_SUSPENDED, 1, json_get_text(m, "name"));
}

/* A proposal, a member whose admission was voided, or one who returns: an invitation follows. */
static int admit(struct cli *c, const char *address)
{
    json_t *body = json_pack("{s:o}", "admit", cli_words(c, c->args[1]));
    with_words(c, body, "address", address);
    return cli_show(c, "POST", "/api/invitations", body, cli_show_invitation);
}

int cli_member(struct cli *c)
{
    const char *reason = NULL, *category = NULL, *address = NULL;
    bool yes = false;
    const struct cli_option options[] = {{"--reason", CLI_VALUE, &reason},
                                         {"--category", CLI_VALUE, &category},
                                         {"--address", CLI_VALUE, &address},
                                         {"--yes", CLI_FLAG, &yes}};
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 1, 3);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (is(c, "list") && c->count == 1)
        return cli_show(c, "GET", "/api/members", NULL, cli_show_members);
    if (is(c, "admit") && c->count == 2)
        return admit(c, address);
    if (is(c, "remove") && c->count == 2) {
        exit_code = sure(c, yes, PAGE_REMOVE_SURE, c->args[1], "");
        return exit_code != CLI_DONE
                   ? exit_code
                   : cli_show(c, "POST", cli_path(c, "/api/members/", c->args[1], "/remove"),
                              with_words(c, json_object(), "reason", reason), show_removed);
    }
    if (is(c, "suspend") && c->count == 2)
        return cli_show(c, "POST", cli_path(c, "/api/members/", c->args[1], "/suspend"),
                        with_words(c, json_object(), "reason", reason), show_suspended);
    if (is(c, "role") && (c->count == 3 || (c->count == 2 && category != NULL))) {
        json_t *body = with_words(c, json_object(), "role", c->count == 3 ? c->args[2] : NULL);
        return cli_show(c, "POST", cli_path(c, "/api/members/", c->args[1], "/role"),
                        with_words(c, body, "category", category), show_role);
    }
    return cli_wrong_usage(c);
}

/* ---- devices ---- */

static void show_device(struct cli *c, const json_t *x)
{
    char when[CLI_TIME_SIZE];
    struct buf marks = {0};
    const json_t *ended = json_object_get(x, "ended");
    if (yes_no(x, "seat"))
        buf_text(&marks, text(c->lang, yes_no(x, "double_signed") ? SHOW_DEVICE_SEAT_VOID
                                                                  : SHOW_DEVICE_SEAT));
    if (yes_no(x, "me"))
        buf_text(&marks, text(c->lang, SHOW_MEMBER_ME));
    else if (yes_no(x, "connected"))
        buf_text(&marks, text(c->lang, SHOW_MEMBER_CONNECTED));
    cli_say(c, SHOW_DEVICE_LINE, 4, json_get_text(x, "short"), json_get_text(x, "name"),
            json_get_text(x, "state_label"), buf_string(&marks));
    if (json_is_object(ended))
        cli_say(c, SHOW_DEVICE_ENDED, 3, json_get_text(ended, "reason_label"),
                json_get_text(ended, "name"), cli_time(when, json_get_number(ended, "at")));
    buf_free(&marks);
}

static void show_devices(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *x;
    json_array_foreach(json_object_get(reply, "devices"), i, x)
    {
        show_device(c, x);
    }
}

/* "Lan, 7KQ2M4XA" */
static void say_device(struct cli *c, enum text_id id, const json_t *x)
{
    struct buf who = {0};
    buf_printf(&who, "%s, %s", json_get_text(x, "name"), json_get_text(x, "short"));
    cli_say(c, id, 1, buf_string(&who));
    buf_free(&who);
}

static void show_device_suspended(struct cli *c, const json_t *x)
{
    say_device(c, CLI_DONE_SUSPENDED, x);
}

static void show_device_resumed(struct cli *c, const json_t *x)
{
    say_device(c, CLI_DONE_RESUMED, x);
}

static void show_device_revoked(struct cli *c, const json_t *x)
{
    say_device(c, CLI_DONE_REVOKED, x);
}

int cli_device(struct cli *c)
{
    static const struct {
        const char *word, *after;
        cli_shower *show;
    } acts[] = {{"suspend", "/suspend", show_device_suspended},
                {"resume", "/resume", show_device_resumed},
                {"revoke", "/revoke", show_device_revoked}};
    const char *reason = NULL, *address = NULL;
    bool yes = false;
    const struct cli_option options[] = {{"--reason", CLI_VALUE, &reason},
                                         {"--address", CLI_VALUE, &address},
                                         {"--yes", CLI_FLAG, &yes}};
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 1, 2);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (is(c, "list") && c->count == 1)
        return cli_show(c, "GET", "/api/devices", NULL, show_devices);
    if (is(c, "add") && c->count == 1)
        return cli_show(c, "POST", "/api/invitations",
                        with_words(c, json_pack("{s:i}", "device", 1), "address", address),
                        cli_show_invitation);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0] && c->count == 2; i++) {
        if (!is(c, acts[i].word))
            continue;
        if (acts[i].show == show_device_revoked)
            exit_code = sure(c, yes, PAGE_REVOKE_SURE, c->args[1], c->args[1]);
        return exit_code != CLI_DONE
                   ? exit_code
                   : cli_show(c, "POST", cli_path(c, "/api/devices/", c->args[1], acts[i].after),
                              with_words(c, json_object(), "reason", reason), acts[i].show);
    }
    return cli_wrong_usage(c);
}

/* ---- the cell ---- */

static void show_seats(struct cli *c, const json_t *config)
{
    size_t i;
    const json_t *x, *seats = json_object_get(config, "seats");
    char count[24];
    cli_say(c, SHOW_CONFIG_SEATS, 1, cli_count(count, json_array_size(seats)));
    json_array_foreach(seats, i, x)
    {
        cli_say(c, SHOW_CONFIG_SEAT, 3, json_get_text(x, "short"), json_get_text(x, "name"),
                text(c->lang, yes_no(x, "double_signed") ? SHOW_DEVICE_SEAT_VOID : TEXT_NONE));
    }
}

static void show_config(struct cli *c, const json_t *config)
{
    size_t i;
    char number[24], when[CLI_TIME_SIZE], have[24], needed[24];
    const json_t *secretary = json_object_get(config, "secretary"), *name;
    const json_t *removed = json_object_get(config, "removed");
    cli_say(c, SHOW_CONFIG, 3, cli_count(number, json_get_number(config, "number")),
            json_get_text(config, "short"),
            cli_time(when, json_get_number(json_object_get(config, "written"), "at")));
    if (json_is_object(secretary))
        cli_say(c, SHOW_CONFIG_SECRETARY, 1, json_get_text(secretary, "name"));
    else
        cli_say(c, SHOW_CONFIG_VACANT, 0);
    show_seats(c, config);
    json_array_foreach(removed, i, name)
    {
        cli_say(c, SHOW_CONFIG_REMOVES, 1, json_string_value(name));
    }
    if (json_get_number(config, "needed") > 0)
        cli_say(c, SHOW_CONFIG_SIGNATURES, 2,
                cli_count(have, json_get_number(config, "signatures")),
                cli_count(needed, json_get_number(config, "needed")));
}

static void show_cell(struct cli *c, const json_t *reply)
{
    size_t i;
    const json_t *one, *waiting = json_object_get(reply, "waiting");
    json_array_foreach(json_object_get(reply, "notices"), i, one)
    {
        (void)printf("%s\n", json_string_value(one));
    }
    show_config(c, json_object_get(reply, "config"));
    if (json_array_size(waiting) > 0)
        cli_say(c, SHOW_CONFIG_WAITS, 0);
    json_array_foreach(waiting, i, one)
    {
        show_config(c, one);
    }
}

static void show_cell_seats(struct cli *c, const json_t *reply)
{
    show_seats(c, json_object_get(reply, "config"));
}

static void show_written_config(struct cli *c, const json_t *config)
{
    char number[24], have[24], needed[24];
    uint64_t signatures = json_get_number(config, "signatures");
    bool holds = signatures >= json_get_number(config, "needed");
    cli_say(c, holds ? CLI_DONE_CONFIG_HOLDS : CLI_DONE_CONFIG, 4,
            cli_count(number, json_get_number(config, "number")), json_get_text(config, "short"),
            cli_count(have, signatures), cli_count(needed, json_get_number(config, "needed")));
}

static void show_cosigned(struct cli *c, const json_t *config)
{
    if (json_is_object(config))
        show_written_config(c, config);
    else
        cli_say(c, CLI_DONE_COSIGNED, 1, c->args[1]);
}

static void show_checkpoint(struct cli *c, const json_t *reply)
{
    cli_say(c, CLI_DONE_CHECKPOINT, 1, json_get_text(reply, "id"));
}

static void show_left(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, CLI_DONE_LEFT, 0);
}

static int change_config(struct cli *c, const char *secretary, const struct cli_values *seats,
                         const struct cli_values *removed)
{
    json_t *body = with_words(c, json_object(), "secretary", secretary);
    if (seats->count > 0)
        with_list(c, body, "seats", seats);
    if (removed->count > 0)
        with_list(c, body, "remove", removed);
    return cli_show(c, "POST", "/api/cell/config", body, show_written_config);
}

int cli_cell(struct cli *c)
{
    const char *founder = NULL, *procedure = NULL, *secretary = NULL;
    struct cli_values seats = {0}, removed = {0};
    bool yes = false;
    const struct cli_option options[] = {
        {"--as", CLI_VALUE, &founder},          {"--procedure", CLI_VALUE, &procedure},
        {"--secretary", CLI_VALUE, &secretary}, {"--seat", CLI_VALUES, &seats},
        {"--remove", CLI_VALUES, &removed},     {"--yes", CLI_FLAG, &yes},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 1, 2);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (is(c, "new") && c->count == 2 && founder != NULL)
        return cli_cell_new(c, c->args[1], founder, procedure);
    if (is(c, "cosign") && c->count == 2)
        return cli_show(c, "POST", "/api/cell/cosign",
                        json_pack("{s:o}", "record", cli_words(c, c->args[1])), show_cosigned);
    if (c->count != 1)
        return cli_wrong_usage(c);
    if (is(c, "show"))
        return cli_show(c, "GET", "/api/cell", NULL, show_cell);
    if (is(c, "seats"))
        return cli_show(c, "GET", "/api/cell", NULL, show_cell_seats);
    if (is(c, "config"))
        return change_config(c, secretary, &seats, &removed);
    if (is(c, "checkpoint"))
        return cli_show(c, "POST", "/api/cell/checkpoint", NULL, show_checkpoint);
    if (is(c, "leave")) {
        exit_code = sure(c, yes, CLI_LEAVE_SURE, "", "");
        return exit_code != CLI_DONE ? exit_code
                                     : cli_show(c, "POST", "/api/cell/leave", NULL, show_left);
    }
    return cli_wrong_usage(c);
}

/* ---- groups ---- */

static void show_groups(struct cli *c, const json_t *reply)
{
    size_t i, k;
    const json_t *g, *m, *list = json_object_get(reply, "groups");
    if (json_array_size(list) == 0)
        cli_say(c, SHOW_NO_GROUPS, 0);
    json_array_foreach(list, i, g)
    {
        struct buf names = {0};
        const char *leader = json_get_text(g, "leader");
        json_array_foreach(json_object_get(g, "members"), k, m)
        {
            buf_printf(&names, "%s%s", k == 0 ? "" : ", ", json_get_text(m, "name"));
        }
        cli_say(c, SHOW_GROUP, 4, json_get_text(g, "short"), json_get_text(g, "name"),
                leader[0] == '\0' ? text(c->lang, SHOW_NO_LEADER) : leader, buf_string(&names));
        buf_free(&names);
    }
}

static void show_group_written(struct cli *c, const json_t *reply)
{
    cli_say(c, CLI_DONE_GROUP, 2, c->args[1], json_get_text(reply, "short"));
}

static void show_proposed(struct cli *c, const json_t *reply)
{
    (void)reply;
    cli_say(c, CLI_DONE_PROPOSED, 1, c->args[2]);
}

int cli_group(struct cli *c)
{
    const char *leader = NULL, *group = NULL, *note = NULL, *role = NULL, *category = NULL;
    struct cli_values members = {0};
    const struct cli_option options[] = {
        {"--leader", CLI_VALUE, &leader}, {"--member", CLI_VALUES, &members},
        {"--group", CLI_VALUE, &group},   {"--note", CLI_VALUE, &note},
        {"--role", CLI_VALUE, &role},     {"--category", CLI_VALUE, &category},
    };
    int exit_code = cli_arguments(c, options, sizeof options / sizeof options[0], 1, 3);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (is(c, "list") && c->count == 1)
        return cli_show(c, "GET", "/api/groups", NULL, show_groups);
    if (is(c, "set") && c->count == 2 && leader != NULL) {
        json_t *body = json_pack("{s:o,s:o}", "name", cli_words(c, c->args[1]), "leader",
                                 cli_words(c, leader));
        with_list(c, body, "members", &members);
        return cli_show(c, "POST", "/api/groups", with_words(c, body, "group", group),
                        show_group_written);
    }
    if (is(c, "propose") && c->count == 3) {
        json_t *body = json_pack("{s:o,s:o}", "group", cli_words(c, c->args[1]), "name",
                                 cli_words(c, c->args[2]));
        with_words(c, body, "note", note);
        with_words(c, body, "role", role);
        return cli_show(c, "POST", "/api/proposals", with_words(c, body, "category", category),
                        show_proposed);
    }
    return cli_wrong_usage(c);
}
