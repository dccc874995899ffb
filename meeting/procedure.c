#include "meeting/procedure.h"

#include <assert.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>

/* The names a group may hold; the last is NULL. */
static const char *const root_names[] = {
    "name",        "title", "legal_basis", "heading", "people", "address",  "utc_offset_minutes",
    "notice_days", "roles", "categories",  "roll",    "quorum", "majority", "forms",
    NULL};
static const char *const role_names[] = {"member",   "committee", "deputy", "secretary",
                                         "observer", "carrier",   NULL};
static const char *const category_names[] = {"full",   "probationary", "attached",
                                             "exempt", "transferred",  NULL};
static const char *const roll_names[] = {"unknown", "present",      "absent_reason",
                                         "absent",  "excused_duty", NULL};
static const char *const label_names[] = {"vi", "en", NULL};
static const char *const category_parts[] = {"vi", "en", "counts", "votes", NULL};
static const char *const roll_parts[] = {"vi", "en", "reason", NULL};
static const char *const share_parts[] = {"more_than", "at_least", "of", NULL};
static const char *const form_parts[] = {"name", "vi", "en", "agenda", NULL};

_Static_assert(sizeof role_names / sizeof role_names[0] == ROLES_COUNT + 1, "a name a role");
_Static_assert(sizeof category_names / sizeof category_names[0] == CATEGORIES_COUNT + 1,
               "a name a category");
_Static_assert(sizeof roll_names / sizeof roll_names[0] == ROLL_COUNT + 1, "a name a roll line");

#define NAME_COMPARED_MAX 40 /* no setting is longer: nothing that long is near one */

/* ---- saying what is wrong ---- */

static int fail(struct text_said *why, enum text_id id, unsigned line, const char *a, const char *b,
                const char *c)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%u", line);
    (void)text_say(why, id, 4, number, a, b, c);
    return HOP_EMALFORMED;
}

static int fail_at(struct text_said *why, enum text_id id, const config_setting_t *s,
                   const char *name)
{
    return fail(why, id, config_setting_source_line(s), name, "", "");
}

static int fail_limit(struct text_said *why, enum text_id id, const config_setting_t *s,
                      const char *name, size_t limit)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", limit);
    return fail(why, id, config_setting_source_line(s), name, number, "");
}

/* Levenshtein distance: how many letters to change, add or leave out. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t row[NAME_COMPARED_MAX + 1];
    if (n > NAME_COMPARED_MAX || m > NAME_COMPARED_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t skip = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < skip ? change : skip;
        }
    }
    return row[m];
}

/* The known name that was most likely meant, or NULL when none is near. */
static const char *nearest(const char *name, const char *const known[])
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 3 + 1;
    for (size_t i = 0; known[i] != NULL; i++) {
        size_t d = distance(name, known[i]);
        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = known[i];
            best_distance = d;
        }
    }
    return best;
}

/* s must be a group that holds nothing but known names. */
static int check_group(const config_setting_t *s, const char *name, const char *const known[],
                       struct text_said *why)
{
    if (!config_setting_is_group(s))
        return fail_at(why, PROC_WANTS_GROUP, s, name);
    for (unsigned i = 0; i < (unsigned)config_setting_length(s); i++) {
        const config_setting_t *child = config_setting_get_elem(s, i);
        const char *got = config_setting_name(child);
        size_t k = 0;
        while (known[k] != NULL && strcmp(known[k], got) != 0)
            k++;
        if (known[k] != NULL)
            continue;
        const char *near = nearest(got, known);
        return fail(why, near == NULL ? PROC_UNKNOWN : PROC_UNKNOWN_NEAR,
                    config_setting_source_line(child), got, near == NULL ? "" : near, "");
    }
    return HOP_OK;
}

/* ---- values ---- */

static int get_text(char *ret, size_t size, const config_setting_t *s, const char *name, bool lines,
                    struct text_said *why)
{
    const char *t =
        config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
    if (t == NULL || !utf8_plain(span_text(t), !lines))
        return fail_at(why, PROC_WANTS_TEXT, s, name);
    size_t n = strlen(t);
    if (n >= size)
        return fail_limit(why, PROC_TOO_LONG, s, name, size - 1);
    memset(ret, 0, size);
    memcpy(ret, t, n);
    return HOP_OK;
}

static int get_bool(bool *ret, const config_setting_t *s, const char *name, struct text_said *why)
{
    if (config_setting_type(s) != CONFIG_TYPE_BOOL)
        return fail_at(why, PROC_WANTS_BOOL, s, name);
    *ret = config_setting_get_bool(s) != 0;
    return HOP_OK;
}

static int get_int(int *ret, int min, int max, const config_setting_t *s, const char *name,
                   struct text_said *why)
{
    int v = config_setting_get_int(s);
    if (config_setting_type(s) != CONFIG_TYPE_INT || v < min || v > max) {
        char low[16], high[16];
        (void)snprintf(low, sizeof low, "%d", min);
        (void)snprintf(high, sizeof high, "%d", max);
        return fail(why, PROC_WANTS_NUMBER, config_setting_source_line(s), name, low, high);
    }
    *ret = v;
    return HOP_OK;
}

/* Both languages of a label. A group that says neither leaves the label as it was, unless they are
 * required. */
static int get_label(struct procedure_label *ret, const config_setting_t *s, const char *name,
                     bool required, bool lines, struct text_said *why)
{
    for (size_t lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        const char *code = lang == TEXT_VI ? "vi" : "en";
        const config_setting_t *t = config_setting_get_member(s, code);
        int err = HOP_OK;
        if (t != NULL)
            err = get_text(ret->in[lang], sizeof ret->in[lang], t, name, lines, why);
        else if (required)
            err = fail_at(why, PROC_MISSING, s, code);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int get_root_label(struct procedure_label *ret, const config_setting_t *root,
                          const char *name, bool lines, struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(root, name);
    if (s == NULL)
        return HOP_OK;
    int err = check_group(s, name, label_names, why);
    return err != HOP_OK ? err : get_label(ret, s, name, true, lines, why);
}

/* "2/3": digits, a slash, digits. */
static bool read_fraction(const char *t, struct procedure_share *ret)
{
    unsigned parts[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        if (*t < '0' || *t > '9')
            return false;
        while (*t >= '0' && *t <= '9') {
            parts[i] = parts[i] * 10 + (unsigned)(*t++ - '0');
            if (parts[i] > PROCEDURE_SHARE_MAX)
                return false;
        }
        if (i == 0 && *t++ != '/')
            return false;
    }
    ret->numerator = parts[0];
    ret->denominator = parts[1];
    return *t == '\0' && parts[1] > 0 && parts[0] <= parts[1];
}

static int get_share(struct procedure_share *ret, const config_setting_t *root, const char *name,
                     struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(root, name);
    if (s == NULL)
        return fail(why, PROC_MISSING, 1, name, "", "");
    int err = check_group(s, name, share_parts, why);
    if (err != HOP_OK)
        return err;
    const config_setting_t *more = config_setting_get_member(s, "more_than");
    const config_setting_t *least = config_setting_get_member(s, "at_least");
    const config_setting_t *of = config_setting_get_member(s, "of");
    if ((more == NULL) == (least == NULL))
        return fail_at(why, PROC_SHARE_TWO, s, name);
    struct procedure_share share = {.strictly_more = more != NULL};
    const config_setting_t *fraction = more != NULL ? more : least;
    const char *t = config_setting_get_string(fraction);
    if (t == NULL || !read_fraction(t, &share) ||
        (share.strictly_more && share.numerator == share.denominator))
        return fail_limit(why, PROC_WANTS_SHARE, fraction, config_setting_name(fraction),
                          PROCEDURE_SHARE_MAX);
    if (of == NULL)
        return fail_at(why, PROC_MISSING, s, "of");
    const char *whole = config_setting_get_string(of);
    if (whole == NULL || (strcmp(whole, "all") != 0 && strcmp(whole, "present") != 0))
        return fail_at(why, PROC_SHARE_OF, of, "of");
    share.of_present = strcmp(whole, "present") == 0;
    *ret = share;
    return HOP_OK;
}

/* ---- the parts of a file ---- */

static int get_name(char *ret, size_t size, const config_setting_t *group, struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(group, "name");
    if (s == NULL)
        return fail(why, PROC_MISSING,
                    config_setting_is_root(group) ? 1 : config_setting_source_line(group), "name",
                    "", "");
    int err = get_text(ret, size, s, "name", false, why);
    if (err != HOP_OK)
        return err;
    bool good = ret[0] != '\0';
    for (const char *p = ret; *p != '\0'; p++)
        good = good &&
               ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_');
    return good ? HOP_OK : fail_at(why, PROC_WANTS_NAME, s, "name");
}

static int get_roles(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "roles");
    if (group == NULL)
        return HOP_OK;
    int err = check_group(group, "roles", role_names, why);
    for (size_t i = 0; i < ROLES_COUNT && err == HOP_OK; i++)
        err = get_root_label(&p->roles[i], group, role_names[i], false, why);
    return err;
}

static int get_category(struct procedure *p, size_t i, const config_setting_t *s,
                        struct text_said *why)
{
    const char *name = category_names[i];
    int err = check_group(s, name, category_parts, why);
    if (err == HOP_OK)
        err = get_label(&p->categories[i], s, name, false, false, why);
    const config_setting_t *counts = config_setting_get_member(s, "counts");
    if (err == HOP_OK && counts != NULL)
        err = get_bool(&p->counts[i], counts, "counts", why);
    const config_setting_t *votes = config_setting_get_member(s, "votes");
    if (err == HOP_OK && votes != NULL)
        err = get_bool(&p->votes[i], votes, "votes", why);
    if (err == HOP_OK && p->votes[i] && !p->counts[i])
        err = fail_at(why, PROC_VOTES_UNCOUNTED, s, name);
    return err;
}

static int get_categories(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "categories");
    if (group == NULL)
        return HOP_OK;
    int err = check_group(group, "categories", category_names, why);
    bool some = false;
    for (size_t i = 0; i < CATEGORIES_COUNT && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_member(group, category_names[i]);
        if (s != NULL)
            err = get_category(p, i, s, why);
        some = some || p->votes[i];
    }
    if (err == HOP_OK && !some)
        err = fail_at(why, PROC_NOBODY_VOTES, group, "categories");
    return err;
}

static int get_roll(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *group = config_setting_get_member(root, "roll");
    if (group == NULL)
        return HOP_OK;
    int err = check_group(group, "roll", roll_names, why);
    for (size_t i = 0; i < ROLL_COUNT && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_member(group, roll_names[i]);
        if (s == NULL)
            continue;
        err = check_group(s, roll_names[i], roll_parts, why);
        if (err == HOP_OK)
            err = get_label(&p->roll[i], s, roll_names[i], false, false, why);
        const config_setting_t *reason = config_setting_get_member(s, "reason");
        if (err == HOP_OK && reason != NULL)
            err = get_bool(&p->roll_needs_reason[i], reason, "reason", why);
    }
    return err;
}

static int get_agenda(struct procedure_form *f, const config_setting_t *form, struct text_said *why)
{
    const config_setting_t *list = config_setting_get_member(form, "agenda");
    if (list == NULL)
        return HOP_OK;
    if (!config_setting_is_list(list))
        return fail_at(why, PROC_WANTS_LIST, list, "agenda");
    size_t count = (size_t)config_setting_length(list);
    if (count > PROCEDURE_AGENDA_MAX)
        return fail_limit(why, PROC_TOO_MANY, list, "agenda", PROCEDURE_AGENDA_MAX);
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        int err = check_group(s, "agenda", label_names, why);
        if (err == HOP_OK)
            err = get_label(&f->agenda[i], s, "agenda", true, false, why);
        if (err != HOP_OK)
            return err;
    }
    f->agenda_count = count;
    return HOP_OK;
}

static int get_form(struct procedure *p, const config_setting_t *s, struct text_said *why)
{
    struct procedure_form *f = &p->forms[p->forms_count];
    int err = check_group(s, "forms", form_parts, why);
    if (err == HOP_OK)
        err = get_name(f->name, sizeof f->name, s, why);
    if (err == HOP_OK && procedure_find_form(p, f->name) != NULL)
        err = fail_at(why, PROC_FORM_TWICE, s, f->name);
    if (err == HOP_OK)
        err = get_label(&f->label, s, f->name, true, false, why);
    if (err == HOP_OK)
        err = get_agenda(f, s, why);
    if (err == HOP_OK)
        p->forms_count++;
    return err;
}

static int get_forms(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *list = config_setting_get_member(root, "forms");
    if (list == NULL)
        return fail(why, PROC_MISSING, 1, "forms", "", "");
    if (!config_setting_is_list(list))
        return fail_at(why, PROC_WANTS_LIST, list, "forms");
    size_t count = (size_t)config_setting_length(list);
    if (count == 0)
        return fail_at(why, PROC_EMPTY_LIST, list, "forms");
    if (count > PROCEDURE_FORMS_MAX)
        return fail_limit(why, PROC_TOO_MANY, list, "forms", PROCEDURE_FORMS_MAX);
    memset(p->forms, 0, sizeof p->forms);
    p->forms_count = 0;
    for (size_t i = 0; i < count; i++) {
        int err = get_form(p, config_setting_get_elem(list, (unsigned)i), why);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int get_labels(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    if (config_setting_get_member(root, "title") == NULL)
        return fail(why, PROC_MISSING, 1, "title", "", "");
    int err = get_root_label(&p->title, root, "title", false, why);
    if (err == HOP_OK)
        err = get_root_label(&p->legal_basis, root, "legal_basis", false, why);
    if (err == HOP_OK)
        err = get_root_label(&p->minutes_heading, root, "heading", true, why);
    if (err == HOP_OK)
        err = get_root_label(&p->people, root, "people", false, why);
    if (err == HOP_OK)
        err = get_root_label(&p->address, root, "address", false, why);
    return err;
}

static int get_numbers(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    const config_setting_t *days = config_setting_get_member(root, "notice_days");
    if (days != NULL) {
        int v = 0;
        int err = get_int(&v, 0, PROCEDURE_DAYS_MAX, days, "notice_days", why);
        if (err != HOP_OK)
            return err;
        p->notice_days = (unsigned)v;
    }
    const config_setting_t *offset = config_setting_get_member(root, "utc_offset_minutes");
    if (offset == NULL)
        return HOP_OK;
    return get_int(&p->utc_offset_minutes, -14 * 60, 14 * 60, offset, "utc_offset_minutes", why);
}

static int get_procedure(struct procedure *p, const config_setting_t *root, struct text_said *why)
{
    int err = check_group(root, "file", root_names, why);
    if (err == HOP_OK)
        err = get_name(p->name, sizeof p->name, root, why);
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
        err = get_share(&p->quorum, root, "quorum", why);
    if (err == HOP_OK && p->quorum.of_present)
        err = fail_at(why, PROC_QUORUM_OF_PRESENT, config_setting_get_member(root, "quorum"), "of");
    if (err == HOP_OK)
        err = get_share(&p->majority, root, "majority", why);
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
    return fail(why, PROC_INCLUDE, line, "", "", "");
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
        err = fail(why, twice ? PROC_DUPLICATE : PROC_SYNTAX, line > 0 ? (unsigned)line : 1, "", "",
                   "");
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
    .forms = {{.name = "regular",
               .label = {{[TEXT_VI] = "Họp thường kỳ", [TEXT_EN] = "Regular meeting"}}}},
    .forms_count = 1,
};

const struct procedure *procedure_default(void)
{
    return &plain;
}
