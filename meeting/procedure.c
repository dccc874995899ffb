#include "meeting/procedure.h"

#include "meeting/procedure_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* The names a group may hold; the last is NULL. */
static const char *const root_names[] = {"name",
                                         "title",
                                         "legal_basis",
                                         "heading",
                                         "people",
                                         "address",
                                         "parent",
                                         "place",
                                         "number",
                                         "signing",
                                         "reasons",
                                         "questions",
                                         "score",
                                         "states",
                                         "final",
                                         "period_months",
                                         "small_electorate",
                                         "signatures",
                                         "confirm",
                                         "utc_offset_minutes",
                                         "notice_days",
                                         "roles",
                                         "categories",
                                         "roll",
                                         "quorum",
                                         "majority",
                                         "forms",
                                         NULL};
static const char *const kind_names[] = {"live",     "representative", "group", "study",
                                         "ceremony", "consultation",   NULL};
static const char *const ballot_names[] = {"open", "secret", "paper", NULL};
static const char *const final_names[] = {"decided", "heard", "chair", NULL};
static const char *const signing_names[] = {"chair", "secretary", NULL};
static const char *const question_parts[] = {"name",     "vi",    "en", "ballot",
                                             "majority", "basis", NULL};
static const char *const score_parts[] = {"vi", "en", "max", NULL};
static const char *const role_names[] = {"member",   "committee", "deputy", "secretary",
                                         "observer", "carrier",   NULL};
static const char *const category_names[] = {"full",   "probationary", "attached",
                                             "exempt", "transferred",  NULL};
static const char *const roll_names[] = {"unknown", "present",      "absent_reason",
                                         "absent",  "excused_duty", NULL};
static const char *const category_parts[] = {"vi", "en", "counts", "votes", NULL};
static const char *const roll_parts[] = {"vi", "en", "reason", NULL};
static const char *const form_parts[] = {"name",        "vi",        "en",         "agenda", "kind",
                                         "notice_days", "called_by", "counts_for", NULL};

_Static_assert(sizeof kind_names / sizeof kind_names[0] == FORM_KINDS_COUNT + 1, "a name a kind");
_Static_assert(sizeof role_names / sizeof role_names[0] == ROLES_COUNT + 1, "a name a role");
_Static_assert(sizeof category_names / sizeof category_names[0] == CATEGORIES_COUNT + 1,
               "a name a category");
_Static_assert(sizeof roll_names / sizeof roll_names[0] == ROLL_COUNT + 1, "a name a roll line");

/* ---- the parts of a file ---- */

static int get_roles(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "roles");
    if (group == NULL)
        return HOP_OK;
    int err = read_group(group, "roles", role_names, why);
    for (size_t i = 0; i < ROLES_COUNT && err == HOP_OK; i++)
        err = read_root_label(&p->roles[i], group, role_names[i], false, why);
    return err;
}

static int get_category(struct procedure *p, size_t i, const config_setting_t *s,
                        struct text_said *why)
{
    const char *name = category_names[i];
    int err = read_group(s, name, category_parts, why);
    if (err == HOP_OK)
        err = read_label(&p->categories[i], s, name, false, false, why);
    const config_setting_t *counts = config_setting_get_member(s, "counts");
    if (err == HOP_OK && counts != NULL)
        err = read_bool(&p->counts[i], counts, "counts", why);
    const config_setting_t *votes = config_setting_get_member(s, "votes");
    if (err == HOP_OK && votes != NULL)
        err = read_bool(&p->votes[i], votes, "votes", why);
    if (err == HOP_OK && p->votes[i] && !p->counts[i])
        err = read_fail_at(why, PROC_VOTES_UNCOUNTED, s, name);
    return err;
}

static int get_categories(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "categories");
    if (group == NULL)
        return HOP_OK;
    int err = read_group(group, "categories", category_names, why);
    bool some = false;
    for (size_t i = 0; i < CATEGORIES_COUNT && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_member(group, category_names[i]);
        if (s != NULL)
            err = get_category(p, i, s, why);
        some = some || p->votes[i];
    }
    if (err == HOP_OK && !some)
        err = read_fail_at(why, PROC_NOBODY_VOTES, group, "categories");
    return err;
}

static int get_roll(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "roll");
    if (group == NULL)
        return HOP_OK;
    int err = read_group(group, "roll", roll_names, why);
    for (size_t i = 0; i < ROLL_COUNT && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_member(group, roll_names[i]);
        if (s == NULL)
            continue;
        err = read_group(s, roll_names[i], roll_parts, why);
        if (err == HOP_OK)
            err = read_label(&p->roll[i], s, roll_names[i], false, false, why);
        const config_setting_t *reason = config_setting_get_member(s, "reason");
        if (err == HOP_OK && reason != NULL)
            err = read_bool(&p->roll_needs_reason[i], reason, "reason", why);
    }
    return err;
}

/* What a form says beyond its name, label and agenda. */
static int get_form_rules(struct procedure_form *f, const config_setting_t *s,
                          struct text_said *why)
{
    unsigned word = 0;
    int err = HOP_OK;
    const config_setting_t *kind = config_setting_get_member(s, "kind");
    if (kind != NULL)
        err = read_word(&word, kind_names, kind, "kind", why);
    f->kind = (enum procedure_kind)word;
    f->notice_days = -1;
    const config_setting_t *days = config_setting_get_member(s, "notice_days");
    if (err == HOP_OK && days != NULL)
        err = read_int(&f->notice_days, 0, PROCEDURE_DAYS_MAX, days, "notice_days", why);
    /* who may call it: an office, by its rank; a group's head calls the group */
    f->chair_rank = f->kind == FORM_GROUP ? 0 : 1;
    const config_setting_t *by = config_setting_get_member(s, "called_by");
    if (err == HOP_OK && by != NULL) {
        err = read_word(&word, role_names, by, "called_by", why);
        f->chair_rank = auth_rank_of((enum auth_role)word);
    }
    const config_setting_t *duty = config_setting_get_member(s, "counts_for");
    if (err == HOP_OK && duty != NULL)
        err = read_text(f->counted_in, sizeof f->counted_in, duty, "counts_for", false, why);
    return err;
}

static int get_form(struct procedure *p, const config_setting_t *s, struct text_said *why)
{
    struct procedure_form *f = &p->forms[p->forms_count];
    int err = read_group(s, "forms", form_parts, why);
    if (err == HOP_OK)
        err = read_name(f->name, sizeof f->name, s, why);
    if (err == HOP_OK && procedure_find_form(p, f->name) != NULL)
        err = read_fail_at(why, PROC_FORM_TWICE, s, f->name);
    if (err == HOP_OK)
        err = read_label(&f->label, s, f->name, true, false, why);
    if (err == HOP_OK)
        err = read_labels(f->agenda, &f->agenda_count, PROCEDURE_AGENDA_MAX, s, "agenda", why);
    if (err == HOP_OK)
        err = get_form_rules(f, s, why);
    if (err == HOP_OK)
        p->forms_count++;
    return err;
}

static int get_forms(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *list;
    size_t count;
    int err = read_list(&list, &count, PROCEDURE_FORMS_MAX, root, "forms", why);
    if (err != HOP_OK)
        return err;
    if (list == NULL)
        return read_fail(why, PROC_MISSING, 1, "forms", "", "");
    if (count == 0)
        return read_fail_at(why, PROC_EMPTY_LIST, list, "forms");
    memset(p->forms, 0, sizeof p->forms);
    p->forms_count = 0;
    for (size_t i = 0; i < count && err == HOP_OK; i++)
        err = get_form(p, config_setting_get_elem(list, (unsigned)i), why);
    for (size_t i = 0; i < p->forms_count && err == HOP_OK; i++) {
        const char *duty = p->forms[i].counted_in;
        if (duty[0] != '\0' && procedure_find_form(p, duty) == NULL)
            err = read_fail_at(why, PROC_UNKNOWN, list, duty);
    }
    return err;
}

static int get_question(struct procedure_question *q, const config_setting_t *s,
                        struct text_said *why)
{
    unsigned word = 0;
    int err = read_group(s, "questions", question_parts, why);
    if (err == HOP_OK)
        err = read_name(q->name, sizeof q->name, s, why);
    if (err == HOP_OK)
        err = read_label(&q->label, s, q->name, true, false, why);
    const config_setting_t *ballot = config_setting_get_member(s, "ballot");
    if (err == HOP_OK && ballot != NULL)
        err = read_word(&word, ballot_names, ballot, "ballot", why);
    q->ballot = (enum procedure_ballot)word;
    if (err == HOP_OK && config_setting_get_member(s, "majority") != NULL)
        err = read_share(&q->majority, s, "majority", why);
    const config_setting_t *basis = config_setting_get_member(s, "basis");
    if (err == HOP_OK && basis != NULL)
        err = read_text(q->basis, sizeof q->basis, basis, "basis", false, why);
    return err;
}

static int get_questions(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *list;
    int err =
        read_list(&list, &p->questions_count, PROCEDURE_QUESTIONS_MAX, root, "questions", why);
    for (size_t i = 0; i < p->questions_count && err == HOP_OK; i++)
        err = get_question(&p->questions[i], config_setting_get_elem(list, (unsigned)i), why);
    return err;
}

static int get_score(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *list;
    int err = read_list(&list, &p->score_count, PROCEDURE_SCORE_MAX, root, "score", why);
    for (size_t i = 0; i < p->score_count && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        int most = 10;
        err = read_group(s, "score", score_parts, why);
        if (err == HOP_OK)
            err = read_label(&p->score[i], s, "score", true, false, why);
        const config_setting_t *max = config_setting_get_member(s, "max");
        if (err == HOP_OK && max != NULL)
            err = read_int(&most, 1, 1000, max, "max", why);
        p->score_max[i] = (unsigned)most;
    }
    return err;
}

/* The forms of documents. */
static int get_documents(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    int err = read_root_label(&p->parent_body, root, "parent", true, why);
    if (err == HOP_OK)
        err = read_root_label(&p->place, root, "place", false, why);
    if (err == HOP_OK)
        err = read_root_label(&p->number_form, root, "number", false, why);
    const config_setting_t *signing = config_setting_get_member(root, "signing");
    if (err == HOP_OK && signing != NULL)
        err = read_group(signing, "signing", signing_names, why);
    for (size_t i = 0; i < 2 && err == HOP_OK && signing != NULL; i++)
        err = read_root_label(&p->signing[i], signing, signing_names[i], true, why);
    return err;
}

static int get_labels(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    if (config_setting_get_member(root, "title") == NULL)
        return read_fail(why, PROC_MISSING, 1, "title", "", "");
    int err = read_root_label(&p->title, root, "title", false, why);
    if (err == HOP_OK)
        err = read_root_label(&p->legal_basis, root, "legal_basis", false, why);
    if (err == HOP_OK)
        err = read_root_label(&p->minutes_heading, root, "heading", true, why);
    if (err == HOP_OK)
        err = read_root_label(&p->people, root, "people", false, why);
    if (err == HOP_OK)
        err = read_root_label(&p->address, root, "address", false, why);
    return err;
}

static int get_number(unsigned *ret, int max, const config_setting_t *root, const char *name,
                      struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(root, name);
    int v = (int)*ret;
    int err = s == NULL ? HOP_OK : read_int(&v, 0, max, s, name, why);
    *ret = (unsigned)v;
    return err;
}

static int get_numbers(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    int err = get_number(&p->notice_days, PROCEDURE_DAYS_MAX, root, "notice_days", why);
    if (err == HOP_OK)
        err = get_number(&p->period_months, 60, root, "period_months", why);
    if (err == HOP_OK)
        err = get_number(&p->small_electorate, 300, root, "small_electorate", why);
    if (err == HOP_OK)
        err = get_number(&p->signatures_min, 8, root, "signatures", why);
    const config_setting_t *final = config_setting_get_member(root, "final");
    unsigned word = p->final;
    if (err == HOP_OK && final != NULL)
        err = read_word(&word, final_names, final, "final", why);
    p->final = (enum procedure_final)word;
    const config_setting_t *confirm = config_setting_get_member(root, "confirm");
    if (err == HOP_OK && confirm != NULL)
        err = read_text(p->confirm, sizeof p->confirm, confirm, "confirm", true, why);
    const config_setting_t *offset = config_setting_get_member(root, "utc_offset_minutes");
    if (err != HOP_OK || offset == NULL)
        return err;
    return read_int(&p->utc_offset_minutes, -14 * 60, 14 * 60, offset, "utc_offset_minutes", why);
}

static int get_procedure(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    int err = read_group(root, "file", root_names, why);
    if (err == HOP_OK)
        err = read_name(p->name, sizeof p->name, root, why);
    if (err == HOP_OK)
        err = get_labels(p, root, why);
    if (err == HOP_OK)
        err = get_numbers(p, root, why);
    if (err == HOP_OK)
        err = get_roles(p, root, why);
    if (err == HOP_OK)
        err = get_categories(p, root, why);
    if (err == HOP_OK)
        err = get_roll(p, root, why);
    if (err == HOP_OK)
        err = read_share(&p->quorum, root, "quorum", why);
    if (err == HOP_OK && p->quorum.of_present)
        err = read_fail_at(why, PROC_QUORUM_OF_PRESENT, config_setting_get_member(root, "quorum"),
                           "of");
    if (err == HOP_OK)
        err = read_share(&p->majority, root, "majority", why);
    if (err == HOP_OK)
        err = get_documents(p, root, why);
    if (err == HOP_OK)
        err =
            read_labels(p->reasons, &p->reasons_count, PROCEDURE_REASONS_MAX, root, "reasons", why);
    if (err == HOP_OK)
        err = read_labels(p->states, &p->states_count, PROCEDURE_STATES_MAX, root, "states", why);
    if (err == HOP_OK)
        err = get_questions(p, root, why);
    if (err == HOP_OK)
        err = get_score(p, root, why);
    if (err == HOP_OK)
        err = get_forms(p, root, why);
    return err;
}

/* libconfig would open the file that an @include names. Refused wherever the word stands, in a
 * comment too: simpler than knowing what libconfig takes for a comment. */
static int refuse_include(const char *t, struct text_said *why)
{
    const char *at = strstr(t, "@include");
    if (at == NULL)
        return HOP_OK;
    unsigned line = 1;
    for (const char *p = t; p < at; p++)
        line += *p == '\n';
    return read_fail(why, PROC_INCLUDE, line, "", "", "");
}

static int parse_text(struct procedure *p, const char *t, struct text_said *why)
{
    int err = refuse_include(t, why);
    if (err != HOP_OK)
        return err;
    config_t config;
    config_init(&config);
    if (config_read_string(&config, t) != CONFIG_TRUE) {
        const char *said = config_error_text(&config);
        bool twice = said != NULL && strstr(said, "duplicate") != NULL;
        int line = config_error_line(&config);
        err = read_fail(why, twice ? PROC_DUPLICATE : PROC_SYNTAX, line > 0 ? (unsigned)line : 1,
                        "", "", "");
    } else {
        err = get_procedure(p, config_root_setting(&config), why);
    }
    config_destroy(&config);
    return err;
}

int procedure_parse(struct procedure *ret, struct span file, struct text_said *why)
{
    if (file.size > PROCEDURE_BYTES_MAX) {
        char got[24], most[24];
        (void)snprintf(got, sizeof got, "%zu", file.size);
        (void)snprintf(most, sizeof most, "%u", PROCEDURE_BYTES_MAX);
        (void)text_say(why, PROC_TOO_BIG, 2, got, most);
        return HOP_EMALFORMED;
    }
    if (!utf8_valid(file)) {
        (void)text_say(why, PROC_NOT_UTF8, 0);
        return HOP_EMALFORMED;
    }
    int err = HOP_ENOMEM;
    char *t = calloc(1, file.size + 1);
    struct procedure *p = malloc(sizeof *p);
    if (t == NULL || p == NULL)
        goto out;
    if (file.size > 0)
        memcpy(t, file.data, file.size);
    *p = *procedure_default();
    err = parse_text(p, t, why);
    if (err == HOP_OK)
        *ret = *p; /* the caller's struct changes only now */
out:
    free(p);
    free(t);
    return err;
}

void procedure_hash(uint8_t ret[static 32], struct span file)
{
    hop_hash(ret, 32, LABEL_PROCEDURE, file);
}

const struct procedure_form *procedure_find_form(const struct procedure *p, const char *name)
{
    for (size_t i = 0; i < p->forms_count; i++) {
        if (strcmp(p->forms[i].name, name) == 0)
            return &p->forms[i];
    }
    return NULL;
}

const struct procedure_question *procedure_find_question(const struct procedure *p,
                                                         struct span name)
{
    for (size_t i = 0; i < p->questions_count; i++) {
        if (span_equal(span_text(p->questions[i].name), name))
            return &p->questions[i];
    }
    return NULL;
}

size_t procedure_needed(const struct procedure_share *s, size_t base)
{
    assert(s->denominator > 0);
    assert(base <= SIZE_MAX / PROCEDURE_SHARE_MAX / 2);
    size_t product = base * s->numerator;
    size_t needed = s->strictly_more ? product / s->denominator + 1
                                     : (product + s->denominator - 1) / s->denominator;
    return needed > 0 ? needed : 1;
}

/* Plain rules for any body of people, and the labels a file need not repeat. */
static const struct procedure plain = {
    .name = "default",
    .title = {{[TEXT_VI] = "Quy chế chung", [TEXT_EN] = "Plain rules"}},
    .people = {{[TEXT_VI] = "thành viên", [TEXT_EN] = "members"}},
    .roles = {[ROLE_MEMBER] = {{[TEXT_VI] = "thành viên", [TEXT_EN] = "member"}},
              [ROLE_COMMITTEE] = {{[TEXT_VI] = "ủy viên", [TEXT_EN] = "committee member"}},
              [ROLE_DEPUTY] = {{[TEXT_VI] = "cấp phó", [TEXT_EN] = "deputy"}},
              [ROLE_SECRETARY] = {{[TEXT_VI] = "người đứng đầu", [TEXT_EN] = "head"}},
              [ROLE_OBSERVER] = {{[TEXT_VI] = "người dự thính", [TEXT_EN] = "observer"}},
              [ROLE_CARRIER] = {{[TEXT_VI] = "người chuyển tin", [TEXT_EN] = "carrier"}}},
    .categories =
        {[CATEGORY_FULL] = {{[TEXT_VI] = "chính thức", [TEXT_EN] = "full"}},
         [CATEGORY_PROBATIONARY] = {{[TEXT_VI] = "dự bị", [TEXT_EN] = "probationary"}},
         [CATEGORY_ATTACHED] =
             {{[TEXT_VI] = "sinh hoạt tạm thời", [TEXT_EN] = "temporarily attached"}},
         [CATEGORY_EXEMPT] = {{[TEXT_VI] = "miễn sinh hoạt", [TEXT_EN] = "exempt"}},
         [CATEGORY_TRANSFERRED] =
             {{[TEXT_VI] = "chuyển đi tạm thời", [TEXT_EN] = "temporarily transferred out"}}},
    .roll =
        {[ROLL_UNKNOWN] = {{[TEXT_VI] = "chưa điểm danh", [TEXT_EN] = "not yet called"}},
         [ROLL_PRESENT] = {{[TEXT_VI] = "có mặt", [TEXT_EN] = "present"}},
         [ROLL_ABSENT_REASON] = {{[TEXT_VI] = "vắng có lý do", [TEXT_EN] = "absent with reason"}},
         [ROLL_ABSENT] = {{[TEXT_VI] = "vắng không có lý do", [TEXT_EN] = "absent without reason"}},
         [ROLL_EXCUSED_DUTY] =
             {{[TEXT_VI] = "vắng do làm nhiệm vụ", [TEXT_EN] = "absent on duty"}}},
    .counts = {[CATEGORY_FULL] = true},
    .votes = {[CATEGORY_FULL] = true},
    .roll_needs_reason = {[ROLL_ABSENT_REASON] = true},
    .quorum = {.numerator = 1, .denominator = 2, .strictly_more = true},
    .majority = {.numerator = 1, .denominator = 2, .strictly_more = true, .of_present = true},
    .utc_offset_minutes = 7 * 60,
    .small_electorate = 5,
    .signatures_min = 2,
    .forms = {{.name = "regular",
               .notice_days = -1,
               .chair_rank = 1,
               .label = {{[TEXT_VI] = "Họp thường kỳ", [TEXT_EN] = "Regular meeting"}}}},
    .forms_count = 1,
};

const struct procedure *procedure_default(void)
{
    return &plain;
}
