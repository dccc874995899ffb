/* Commands that need no more than a row of a table: which act they put on record, what follows them
 * on the line, which options they take; and what they show where they only ask. */
#include "node/cli.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "meeting/act.h"

/* What options fill. */
enum option {
    OPTION_ITEM,
    OPTION_FOR,
    OPTION_SITE,
    OPTION_DUE,
    OPTION_PLACE,
    OPTION_BASIS,
    OPTION_QUESTION,
    OPTION_FORM,
    OPTION_PIN,
    OPTION_STATE,
    OPTION_OF,
    OPTION_MOTION,
    OPTION_TEXT,
    OPTION_HOLDS,
    OPTIONS_COUNT
};

static const struct {
    const char *name, *key;
} option_names[OPTIONS_COUNT] = {
    [OPTION_ITEM] = {"--item", "item"},
    [OPTION_FOR] = {"--for", "person"},
    [OPTION_SITE] = {"--site", "site"},
    [OPTION_DUE] = {"--due", "when"},
    [OPTION_PLACE] = {"--place", "place"},
    [OPTION_BASIS] = {"--basis", "basis"},
    [OPTION_QUESTION] = {"--question", "form"},
    [OPTION_FORM] = {"--form", "form"},
    [OPTION_PIN] = {"--pin", "pin"},
    [OPTION_STATE] = {"--state", "value"},
    [OPTION_OF] = {"--of", "target"},
    [OPTION_MOTION] = {"--motion", "target"},
    [OPTION_TEXT] = {"--text", "text"},
    [OPTION_HOLDS] = {"--holds", "holds"},
};

/* The count of a paper ballot, in the order of enum act_paper. */
static const char *const paper_names[PAPER_COUNTS] = {
    [PAPER_ISSUED] = "--issued",  [PAPER_COLLECTED] = "--collected",
    [PAPER_VALID] = "--valid",    [PAPER_INVALID] = "--invalid",
    [PAPER_AGREE] = "--agree",    [PAPER_DISAGREE] = "--disagree",
    [PAPER_ABSTAIN] = "--abstain"};

#define WITH(option) (UINT32_C(1) << OPTION_##option)
#define WITH_PAPER   (UINT32_C(1) << 30)
#define WITH_URGENT  (UINT32_C(1) << 31)

/* takes, a letter a word that follows: m meeting, v motion (the paths), t text, T title, N number
 * of a document, n what is meant, p person, s site, g group, w value, i item, k minutes, x PIN; and
 * for the rest of the line P people, c counts. What stands after '?' may be left out. */
struct act_row {
    const char *command, *sub; /* sub NULL: the command itself */
    const char *act;           /* NULL: it only asks */
    const char *value;         /* NULL, or what "value" always is */
    const char *takes;
    uint32_t options;
    const char
        *get; /* asked when nothing follows, or always when there is no act; after the meeting */
    cli_shower *show;
};

/* clang-format off */
static const struct act_row rows[] = {
    {"say",        NULL,        "opinion",    NULL,        "mt",    WITH(ITEM) | WITH(FOR) | WITH(SITE), NULL, NULL},
    {"site",       "add",       "site",       NULL,        "mTp",   WITH(TEXT), NULL, NULL},
    {"site",       "roll",      "site-roll",  NULL,        "msP",   WITH(PIN) | WITH(TEXT), NULL, NULL},
    {"site",       "pin",       "pin",        NULL,        "x",     0, NULL, NULL},
    {"roll",       "check",     "check",      NULL,        "m?t",   0, NULL, NULL},
    {"floor",      "ask",       "floor",      "ask",       "m?t",   WITH(ITEM) | WITH(FOR), NULL, NULL},
    {"floor",      "order",     "floor",      "order",     "m?t",   WITH(ITEM) | WITH(FOR), NULL, NULL},
    {"floor",      "withdraw",  "floor",      "withdraw",  "m",     WITH(FOR), NULL, NULL},
    {"floor",      "give",      "give",       NULL,        "mpk",   WITH(ITEM), NULL, NULL},
    {"floor",      "end",       "give",       NULL,        "mp",    0, NULL, NULL},
    {"item",       NULL,        "item",       NULL,        "mi",    0, NULL, NULL},
    {"conclude",   NULL,        "conclusion", NULL,        "mt",    WITH(ITEM), NULL, NULL},
    {"motion",     "put",       "motion",     NULL,        "mt",    WITH(ITEM) | WITH(QUESTION), NULL, NULL},
    {"motion",     "amend",     "motion",     NULL,        "vt",    WITH(ITEM) | WITH(QUESTION), NULL, NULL},
    {"motion",     "withdraw",  "withdraw",   NULL,        "v?t",   0, NULL, NULL},
    {"motion",     "hands",     "hands",      NULL,        "vP",    WITH(SITE), NULL, NULL},
    {"motion",     "paper",     "paper",      NULL,        "vP",    WITH(TEXT) | WITH_PAPER, NULL, NULL},
    {"motion",     "settle",    "settle",     NULL,        "v?t",   WITH(HOLDS), NULL, NULL},
    {"motion",     "reserve",   "reserve",    NULL,        "vt",    0, NULL, NULL},
    {"chair",      "take",      "chair",      "take",      "m?t",   0, NULL, NULL},
    {"chair",      "hand",      "chair",      "take",      "mp?t",  0, NULL, NULL},
    {"chair",      "give-back", "chair",      "give-back", "m?t",   0, NULL, NULL},
    {"break",      "begin",     "break",      "begin",     "m?t",   0, NULL, NULL},
    {"break",      "end",       "break",      "end",       "m",     0, NULL, NULL},
    {"consult",    "reply",     "reply",      NULL,        "mw?t",  0, NULL, NULL},
    {"consult",    "show",      NULL,         NULL,        "m",     0, "", cli_show_consultation},
    {"cascade",    NULL,        "cascade",    NULL,        "mgP",   WITH(TEXT), NULL, NULL},
    {"step",       NULL,        "step",       NULL,        "mi?t",  0, NULL, NULL},
    {"minutes",    "read-back", "read-back",  NULL,        "m?n",   0, NULL, NULL},
    {"minutes",    "correct",   "correction", NULL,        "mt",    WITH(OF), NULL, NULL},
    {"minutes",    "answer",    "corrected",  NULL,        "mnw?t", 0, NULL, NULL},
    {"minutes",    "sign",      "sign",       NULL,        "m?n",   0, NULL, NULL},
    {"minutes",    "supplement","supplement", NULL,        "mt",    0, NULL, NULL},
    {"resolution", "add",       "resolution", NULL,        "mNTt",  WITH(MOTION), NULL, NULL},
    {"resolution", "sign",      "sign",       NULL,        "mn",    0, NULL, NULL},
    {"resolution", "reserve",   "reserve",    NULL,        "mnt",   0, NULL, NULL},
    {"task",       "add",       "task",       NULL,        "mpt",   WITH(DUE) | WITH(ITEM), NULL, NULL},
    {"task",       "done",      "task-state", "done",      "mn?t",  0, NULL, NULL},
    {"task",       "drop",      "task-state", "dropped",   "mn?t",  0, NULL, NULL},
    {"task",       "reopen",    "task-state", "open",      "mn?t",  0, NULL, NULL},
    {"task",       "list",      NULL,         NULL,        "",      0, "/api/tasks", cli_show_tasks},
    {"score",      NULL,        "score",      NULL,        "mc",    WITH(TEXT), NULL, NULL},
    {"report",     NULL,        "report",     NULL,        "t",     WITH(STATE) | WITH(PLACE) | WITH_URGENT, "/api/reports", cli_show_reports},
    {"private",    NULL,        "private",    NULL,        "t",     0, "/api/private", cli_show_private},
    {"not-held",   NULL,        "not-held",   NULL,        "Tt",    WITH(FORM), NULL, NULL},
    {"duty",       NULL,        NULL,         NULL,        "",      0, "/api/duty", cli_show_duty},
    {"merge",      NULL,        NULL,         NULL,        "m",     0, "/merge", cli_show_merge},
    {"excuse",     "take-back", "excuse",     "take-back", "m",     0, NULL, NULL},
    {"excuse",     NULL,        "excuse",     "ask",       "mt",    0, NULL, NULL},
    {"remind",     NULL,        "remind",     NULL,        "m?P",   WITH(OF) | WITH(TEXT), NULL, NULL},
    {"exception",  NULL,        "exception",  NULL,        "mt",    WITH(BASIS), NULL, NULL},
};
/* clang-format on */

static const struct act_row *find_row(const struct cli *c)
{
    const struct act_row *plain = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].command, c->command->name) != 0)
            continue;
        if (rows[i].sub == NULL)
            plain = &rows[i];
        else if (c->count > 0 && strcmp(rows[i].sub, c->args[0]) == 0)
            return &rows[i];
    }
    return plain;
}

/* What is being put together. */
struct making {
    const struct act_row *row;
    json_t *body;
    const char *options[OPTIONS_COUNT], *paper[PAPER_COUNTS];
    bool urgent;
    const char *meeting, *motion; /* named on the line */
};

static void set(struct cli *c, struct making *m, const char *key, const char *words)
{
    (void)json_object_set_new(m->body, key, cli_words(c, words));
}

static int set_number(struct cli *c, struct making *m, const char *key, const char *name,
                      const char *value, uint32_t max)
{
    uint32_t n = 0;
    int exit_code = cli_number(c, name, value, max, &n);
    if (exit_code == CLI_DONE)
        (void)json_object_set_new(m->body, key, json_integer((json_int_t)n));
    return exit_code;
}

static int set_text(struct cli *c, struct making *m, const char *key, const char *argument)
{
    struct buf words = {0};
    int exit_code = cli_text(c, argument, &words);
    if (exit_code == CLI_DONE)
        set(c, m, key, buf_string(&words));
    buf_free(&words);
    return exit_code;
}

/* ---- options ---- */

static int take_options(struct cli *c, struct making *m)
{
    struct cli_option options[OPTIONS_COUNT + PAPER_COUNTS + 1];
    size_t count = 0;
    for (size_t i = 0; i < OPTIONS_COUNT; i++) {
        if ((m->row->options & (UINT32_C(1) << i)) != 0)
            options[count++] = (struct cli_option){option_names[i].name, CLI_VALUE, &m->options[i]};
    }
    for (size_t i = 0; i < PAPER_COUNTS && (m->row->options & WITH_PAPER) != 0; i++)
        options[count++] = (struct cli_option){paper_names[i], CLI_VALUE, &m->paper[i]};
    if ((m->row->options & WITH_URGENT) != 0)
        options[count++] = (struct cli_option){"--urgent", CLI_FLAG, &m->urgent};
    return cli_options(c, options, count);
}

/* A count that was not given follows from the others: the valid are those that say something, the
 * collected the valid and invalid, the issued the collected. */
static int set_paper(struct cli *c, struct making *m)
{
    uint32_t n[PAPER_COUNTS] = {0};
    json_t *list = json_array();
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < PAPER_COUNTS && exit_code == CLI_DONE; i++)
        exit_code = cli_number(c, paper_names[i], m->paper[i], ACT_PEOPLE_MAX, &n[i]);
    if (m->paper[PAPER_VALID] == NULL)
        n[PAPER_VALID] = n[PAPER_AGREE] + n[PAPER_DISAGREE] + n[PAPER_ABSTAIN];
    if (m->paper[PAPER_COLLECTED] == NULL)
        n[PAPER_COLLECTED] = n[PAPER_VALID] + n[PAPER_INVALID];
    if (m->paper[PAPER_ISSUED] == NULL)
        n[PAPER_ISSUED] = n[PAPER_COLLECTED];
    for (size_t i = 0; i < PAPER_COUNTS; i++) {
        char digits[24];
        (void)json_array_append_new(list, json_string(cli_count(digits, n[i])));
    }
    (void)json_object_set_new(m->body, "counts", list);
    return exit_code;
}

static int set_options(struct cli *c, struct making *m)
{
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < OPTIONS_COUNT && exit_code == CLI_DONE; i++) {
        if (m->options[i] == NULL)
            continue;
        if (i == OPTION_ITEM)
            exit_code = set_number(c, m, "item", "--item", m->options[i], ACT_AGENDA_MAX);
        else if (i == OPTION_TEXT || i == OPTION_PIN)
            exit_code = set_text(c, m, option_names[i].key, m->options[i]);
        else
            set(c, m, option_names[i].key, m->options[i]);
    }
    if (m->urgent)
        (void)json_object_set_new(m->body, "urgent", json_integer(1));
    if (exit_code == CLI_DONE && (m->row->options & WITH_PAPER) != 0)
        exit_code = set_paper(c, m);
    return exit_code;
}

/* ---- what follows ---- */

static void set_rest(struct cli *c, struct making *m, const char *key, size_t from)
{
    json_t *list = json_array();
    for (size_t i = from; i < c->count; i++)
        (void)json_array_append_new(list, cli_words(c, c->args[i]));
    (void)json_object_set_new(m->body, key, list);
}

/* One word. 'k' and 'i' are numbers, a text may be standard input. */
static int set_word(struct cli *c, struct making *m, char letter, const char *word)
{
    static const struct {
        char letter;
        const char *key;
    } plain[] = {{'T', "title"}, {'N', "number"}, {'n', "target"}, {'p', "person"},
                 {'s', "site"},  {'g', "group"},  {'w', "value"}};
    switch (letter) {
    case 'm':
        m->meeting = word;
        return CLI_DONE;
    case 'v':
        m->motion = word;
        return CLI_DONE;
    case 't':
        return set_text(c, m, "text", word);
    case 'x':
        return set_text(c, m, "pin", word);
    case 'i':
        return set_number(c, m, "item", "N", word, ACT_AGENDA_MAX);
    case 'k':
        return set_number(c, m, "minutes", "MINUTES", word, 24 * 60);
    default:
        for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
            if (plain[i].letter == letter)
                set(c, m, plain[i].key, word);
        }
        return CLI_DONE;
    }
}

static int set_words(struct cli *c, struct making *m)
{
    size_t at = m->row->sub != NULL ? 1 : 0;
    bool optional = false;
    int exit_code = CLI_DONE;
    for (const char *p = m->row->takes; *p != '\0' && exit_code == CLI_DONE; p++) {
        if (*p == '?') {
            optional = true;
        } else if (at >= c->count) {
            return optional ? CLI_DONE : cli_wrong_usage(c);
        } else if (*p == 'P' || *p == 'c') {
            set_rest(c, m, *p == 'P' ? "people" : "counts", at);
            at = c->count;
        } else {
            exit_code = set_word(c, m, *p, c->args[at++]);
        }
    }
    return exit_code == CLI_DONE && at < c->count ? cli_wrong_usage(c) : exit_code;
}

/* Nobody named: those whom the delivery board shows without. */
static int remind_missing(struct cli *c, struct making *m)
{
    json_t *meeting = NULL;
    int exit_code =
        cli_ask(c, "GET", cli_path(c, "/api/meetings/", m->meeting, ""), NULL, &meeting);
    if (exit_code == CLI_DONE)
        (void)json_object_set(m->body, "people",
                              json_object_get(json_object_get(meeting, "delivery"), "missing"));
    json_decref(meeting);
    return exit_code;
}

/* ---- the command ---- */

static const char *path_of(struct cli *c, const struct making *m, const char *after)
{
    if (m->motion != NULL)
        return cli_path(c, "/api/motions/", m->motion, after);
    return m->meeting != NULL ? cli_path(c, "/api/meetings/", m->meeting, after) : "/api/acts";
}

static int ask_only(struct cli *c, const struct making *m)
{
    const char *path = m->meeting != NULL ? path_of(c, m, m->row->get) : m->row->get;
    return cli_show(c, "GET", path, NULL, m->row->show);
}

static int make(struct cli *c, struct making *m)
{
    int exit_code = take_options(c, m);
    bool asks = m->row->act == NULL || (m->row->get != NULL && c->count == 0);
    if (exit_code == CLI_DONE && !(asks && m->row->act != NULL))
        exit_code = set_words(c, m);
    if (exit_code == CLI_DONE && asks)
        return ask_only(c, m);
    if (exit_code == CLI_DONE)
        exit_code = set_options(c, m);
    if (exit_code == CLI_DONE && strcmp(m->row->act, "remind") == 0 &&
        json_object_get(m->body, "people") == NULL)
        exit_code = remind_missing(c, m);
    if (exit_code != CLI_DONE)
        return exit_code;
    set(c, m, "act", m->row->act);
    if (m->row->value != NULL)
        set(c, m, "value", m->row->value);
    return cli_show(c, "POST", path_of(c, m, "/acts"), json_incref(m->body), cli_show_recorded);
}

bool cli_is_act(const struct cli *c)
{
    const struct act_row *row = find_row(c);
    return row != NULL && row->sub != NULL;
}

int cli_act(struct cli *c)
{
    struct making m = {.row = find_row(c), .body = json_object()};
    int exit_code;
    if (m.row == NULL) {
        exit_code = cli_options(c, NULL, 0);
        exit_code = exit_code != CLI_DONE ? exit_code : cli_wrong_usage(c);
    } else {
        exit_code = make(c, &m);
    }
    json_decref(m.body);
    return exit_code;
}
