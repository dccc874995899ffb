#include "meeting/procedure_read.h"

#include <stdio.h>
#include <string.h>

static const char *const label_names[] = {"vi", "en", NULL};
static const char *const share_parts[] = {"more_than", "at_least", "of", NULL};

#define NAME_COMPARED_MAX 40 /* no setting is longer: nothing that long is near one */

/* ---- saying what is wrong ---- */

int read_fail(struct text_said *why, enum text_id id, unsigned line, const char *a, const char *b,
              const char *c)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%u", line);
    (void)text_say(why, id, 4, number, a, b, c);
    return HOP_EMALFORMED;
}

int read_fail_at(struct text_said *why, enum text_id id, const config_setting_t *s,
                 const char *name)
{
    return read_fail(why, id, config_setting_source_line(s), name, "", "");
}

int read_fail_limit(struct text_said *why, enum text_id id, const config_setting_t *s,
                    const char *name, size_t limit)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", limit);
    return read_fail(why, id, config_setting_source_line(s), name, number, "");
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
int read_group(const config_setting_t *s, const char *name, const char *const known[],
               struct text_said *why)
{
    if (!config_setting_is_group(s))
        return read_fail_at(why, PROC_WANTS_GROUP, s, name);
    for (unsigned i = 0; i < (unsigned)config_setting_length(s); i++) {
        const config_setting_t *child = config_setting_get_elem(s, i);
        const char *got = config_setting_name(child);
        size_t k = 0;
        while (known[k] != NULL && strcmp(known[k], got) != 0)
            k++;
        if (known[k] != NULL)
            continue;
        const char *near = nearest(got, known);
        return read_fail(why, near == NULL ? PROC_UNKNOWN : PROC_UNKNOWN_NEAR,
                         config_setting_source_line(child), got, near == NULL ? "" : near, "");
    }
    return HOP_OK;
}

/* ---- values ---- */

int read_text(char *ret, size_t size, const config_setting_t *s, const char *name, bool lines,
              struct text_said *why)
{
    const char *t =
        config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
    if (t == NULL || !utf8_plain(span_text(t), !lines))
        return read_fail_at(why, PROC_WANTS_TEXT, s, name);
    size_t n = strlen(t);
    if (n >= size)
        return read_fail_limit(why, PROC_TOO_LONG, s, name, size - 1);
    memset(ret, 0, size);
    memcpy(ret, t, n);
    return HOP_OK;
}

int read_bool(bool *ret, const config_setting_t *s, const char *name, struct text_said *why)
{
    if (config_setting_type(s) != CONFIG_TYPE_BOOL)
        return read_fail_at(why, PROC_WANTS_BOOL, s, name);
    *ret = config_setting_get_bool(s) != 0;
    return HOP_OK;
}

int read_int(int *ret, int min, int max, const config_setting_t *s, const char *name,
             struct text_said *why)
{
    int v = config_setting_get_int(s);
    if (config_setting_type(s) != CONFIG_TYPE_INT || v < min || v > max) {
        char low[16], high[16];
        (void)snprintf(low, sizeof low, "%d", min);
        (void)snprintf(high, sizeof high, "%d", max);
        return read_fail(why, PROC_WANTS_NUMBER, config_setting_source_line(s), name, low, high);
    }
    *ret = v;
    return HOP_OK;
}

/* Both languages of a label. A group that says neither leaves the label as it was, unless they are
 * required. */
int read_label(struct procedure_label *ret, const config_setting_t *s, const char *name,
               bool required, bool lines, struct text_said *why)
{
    for (size_t lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        const char *code = lang == TEXT_VI ? "vi" : "en";
        const config_setting_t *t = config_setting_get_member(s, code);
        int err = HOP_OK;
        if (t != NULL)
            err = read_text(ret->in[lang], sizeof ret->in[lang], t, name, lines, why);
        else if (required)
            err = read_fail_at(why, PROC_MISSING, s, code);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

int read_root_label(struct procedure_label *ret, const config_setting_t *root, const char *name,
                    bool lines, struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(root, name);
    if (s == NULL)
        return HOP_OK;
    int err = read_group(s, name, label_names, why);
    return err != HOP_OK ? err : read_label(ret, s, name, true, lines, why);
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

int read_share(struct procedure_share *ret, const config_setting_t *root, const char *name,
               struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(root, name);
    if (s == NULL)
        return read_fail(why, PROC_MISSING, 1, name, "", "");
    int err = read_group(s, name, share_parts, why);
    if (err != HOP_OK)
        return err;
    const config_setting_t *more = config_setting_get_member(s, "more_than");
    const config_setting_t *least = config_setting_get_member(s, "at_least");
    const config_setting_t *of = config_setting_get_member(s, "of");
    if ((more == NULL) == (least == NULL))
        return read_fail_at(why, PROC_SHARE_TWO, s, name);
    struct procedure_share share = {.strictly_more = more != NULL};
    const config_setting_t *fraction = more != NULL ? more : least;
    const char *t = config_setting_get_string(fraction);
    if (t == NULL || !read_fraction(t, &share) ||
        (share.strictly_more && share.numerator == share.denominator))
        return read_fail_limit(why, PROC_WANTS_SHARE, fraction, config_setting_name(fraction),
                               PROCEDURE_SHARE_MAX);
    if (of == NULL)
        return read_fail_at(why, PROC_MISSING, s, "of");
    const char *whole = config_setting_get_string(of);
    if (whole == NULL || (strcmp(whole, "all") != 0 && strcmp(whole, "present") != 0))
        return read_fail_at(why, PROC_SHARE_OF, of, "of");
    share.of_present = strcmp(whole, "present") == 0;
    *ret = share;
    return HOP_OK;
}

int read_name(char *ret, size_t size, const config_setting_t *group, struct text_said *why)
{
    const config_setting_t *s = config_setting_get_member(group, "name");
    if (s == NULL)
        return read_fail(why, PROC_MISSING,
                         config_setting_is_root(group) ? 1 : config_setting_source_line(group),
                         "name", "", "");
    int err = read_text(ret, size, s, "name", false, why);
    if (err != HOP_OK)
        return err;
    bool good = ret[0] != '\0';
    for (const char *p = ret; *p != '\0'; p++)
        good = good &&
               ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_');
    return good ? HOP_OK : read_fail_at(why, PROC_WANTS_NAME, s, "name");
}

int read_word(unsigned *ret, const char *const words[], const config_setting_t *s, const char *name,
              struct text_said *why)
{
    char all[TEXT_ARG_BYTES_MAX] = "";
    const char *got =
        config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
    size_t used = 0;
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (got != NULL && strcmp(got, words[i]) == 0) {
            *ret = i;
            return HOP_OK;
        }
        int n = snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", words[i]);
        used += n > 0 && (size_t)n < sizeof all - used ? (size_t)n : 0;
    }
    return read_fail(why, PROC_WANTS_WORD, config_setting_source_line(s), name, all, "");
}

int read_list(const config_setting_t **ret, size_t *ret_count, size_t max,
              const config_setting_t *group, const char *name, struct text_said *why)
{
    const config_setting_t *list = config_setting_get_member(group, name);
    *ret = list;
    *ret_count = 0;
    if (list == NULL)
        return HOP_OK;
    if (!config_setting_is_list(list))
        return read_fail_at(why, PROC_WANTS_LIST, list, name);
    *ret_count = (size_t)config_setting_length(list);
    return *ret_count <= max ? HOP_OK : read_fail_limit(why, PROC_TOO_MANY, list, name, max);
}

int read_labels(struct procedure_label *ret, size_t *ret_count, size_t max,
                const config_setting_t *group, const char *name, struct text_said *why)
{
    const config_setting_t *list;
    size_t count;
    int err = read_list(&list, &count, max, group, name, why);
    if (err != HOP_OK || list == NULL)
        return err;
    for (size_t i = 0; i < count && err == HOP_OK; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        err = read_group(s, name, label_names, why);
        if (err == HOP_OK)
            err = read_label(&ret[i], s, name, true, false, why);
    }
    *ret_count = count;
    return err;
}
