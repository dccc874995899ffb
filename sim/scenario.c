/* Reading scenarios: libconfig files whose every key is known. */
#include "sim/fields.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const fault_names[] = {
#define X(name, text) text,
    SIM_FAULTS(X)
#undef X
        NULL};
static const char *const act_names[] = {
#define X(name, text) text,
    SIM_ACTS(X)
#undef X
        NULL};

const char *sim_fault_name(enum sim_fault f)
{
    return fault_names[f];
}

const char *sim_act_name(enum sim_act a)
{
    return act_names[a];
}

bool sim_act_governs(enum sim_act a)
{
    return a >= DO_REMOVE && a <= DO_DEVICE;
}

const char *sim_kind_name(enum sim_kind k)
{
    return sim_kind_names[k];
}

/* ---- saying what is wrong ---- */

static int fail(char *why, const config_setting_t *s, const char *what, const char *name)
{
    unsigned line = s == NULL ? 0 : config_setting_source_line(s);
    (void)snprintf(why, SIM_MESSAGE_BYTES, "line %u: %s%s%.60s%s", line, what,
                   *name == '\0' ? "" : " \"", name, *name == '\0' ? "" : "\"");
    return HOP_EMALFORMED;
}

static int unknown(char *why, unsigned line, const char *what, const char *name,
                   const char *const known[])
{
    const char *near = sim_nearest(name, known);
    if (near != NULL)
        (void)snprintf(why, SIM_MESSAGE_BYTES,
                       "line %u: there is no %s \"%.40s\"; \"%s\" was perhaps meant", line, what,
                       name, near);
    else
        (void)snprintf(why, SIM_MESSAGE_BYTES,
                       "line %u: there is no %s \"%.40s\" (docs/simulator.md lists all)", line,
                       what, name);
    return HOP_EMALFORMED;
}

static int index_of(const char *name, const char *const known[])
{
    for (int i = 0; known[i] != NULL; i++) {
        if (strcmp(name, known[i]) == 0)
            return i;
    }
    return -1;
}

/* One of a list of words. */
static int choose(unsigned *ret, const config_setting_t *s, const char *what,
                  const char *const known[], char *why)
{
    const char *word = config_setting_get_string(s);
    if (word == NULL)
        return fail(why, s, "a word in quotes is wanted for", config_setting_name(s));
    int i = index_of(word, known);
    if (i < 0)
        return unknown(why, config_setting_source_line(s), what, word, known);
    *ret = (unsigned)i;
    return HOP_OK;
}

static int copy_text(char *ret, size_t size, const config_setting_t *s, char *why)
{
    const char *t = config_setting_get_string(s);
    if (t == NULL)
        return fail(why, s, "text in quotes is wanted for", config_setting_name(s));
    if (strlen(t) >= size)
        return fail(why, s, "this text is too long:", config_setting_name(s));
    (void)snprintf(ret, size, "%s", t);
    return HOP_OK;
}

/* ---- numbers ---- */

static int read_number(void *base, const struct sim_field *f, const config_setting_t *s, char *why)
{
    char digits[24];
    const char *text = digits;
    int type = config_setting_type(s);
    if (type == CONFIG_TYPE_STRING)
        text = config_setting_get_string(s);
    else if (type == CONFIG_TYPE_BOOL)
        (void)snprintf(digits, sizeof digits, "%d", config_setting_get_bool(s));
    else if (type == CONFIG_TYPE_INT)
        (void)snprintf(digits, sizeof digits, "%d", config_setting_get_int(s));
    else if (type == CONFIG_TYPE_INT64 && f->quantity == SIM_COUNT)
        (void)snprintf(digits, sizeof digits, "%llu",
                       (unsigned long long)config_setting_get_int64(s));
    else
        return fail(why, s, "a whole number, or a quantity in quotes, is wanted for", f->name);
    return sim_field_read(base, f, text, config_setting_source_line(s), why);
}

static const struct sim_field *field_named(const struct sim_field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

static void set_usual(void *base, const struct sim_field *fields)
{
    for (; fields->name != NULL; fields++)
        *sim_field_of(fields, base) = fields->usual;
}

#define NAMES_MAX 48

/* Every key of a group: numbers are read here; others must be among names, and are left to the
 * caller. */
static int read_group(void *base, const config_setting_t *s, const struct sim_field *fields,
                      const char *const names[], char *why)
{
    const char *known[NAMES_MAX];
    size_t n = 0;
    for (const struct sim_field *f = fields; f->name != NULL; f++)
        known[n++] = f->name;
    for (size_t i = 0; names[i] != NULL && n < NAMES_MAX - 1; i++)
        known[n++] = names[i];
    known[n] = NULL;
    if (!config_setting_is_group(s))
        return fail(why, s, "{ … } is wanted for each of these", "");
    for (unsigned i = 0; i < (unsigned)config_setting_length(s); i++) {
        const config_setting_t *child = config_setting_get_elem(s, i);
        const char *name = config_setting_name(child);
        const struct sim_field *f = field_named(fields, name);
        int err = HOP_OK;
        if (f != NULL)
            err = read_number(base, f, child, why);
        else if (index_of(name, names) < 0)
            err = unknown(why, config_setting_source_line(child), "setting", name, known);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

/* Text of a member that may be absent. */
static int member_text(char *ret, size_t size, const config_setting_t *s, const char *name,
                       char *why)
{
    const config_setting_t *m = config_setting_get_member(s, name);
    return m == NULL ? HOP_OK : copy_text(ret, size, m, why);
}

static int member_word(unsigned *ret, const config_setting_t *s, const char *name, const char *what,
                       const char *const known[], char *why)
{
    const config_setting_t *m = config_setting_get_member(s, name);
    return m == NULL ? HOP_OK : choose(ret, m, what, known, why);
}

/* ---- radios ---- */

static int read_radios(struct sim_scenario *s, const config_setting_t *list, char *why)
{
    static const char *const none[] = {NULL};
    for (unsigned i = 0; list != NULL && i < (unsigned)config_setting_length(list); i++) {
        const config_setting_t *e = config_setting_get_elem(list, i);
        const char *name = config_setting_name(e);
        if (name == NULL || strlen(name) >= SIM_NAME_BYTES || s->radios_count == SIM_RADIOS_MAX)
            return fail(why, e, "radios = { wifi = { … }; … } with at most eight is wanted", "");
        struct sim_radio *r = &s->radios[s->radios_count++];
        set_usual(r, sim_radio_fields);
        (void)snprintf(r->name, sizeof r->name, "%s", name);
        int err = read_group(r, e, sim_radio_fields, none, why);
        if (err != HOP_OK)
            return err;
    }
    if (s->radios_count == 0) {
        set_usual(&s->radios[0], sim_radio_fields);
        (void)snprintf(s->radios[0].name, SIM_NAME_BYTES, "wire");
        s->radios_count = 1;
    }
    return HOP_OK;
}

/* ---- groups ---- */

/* A word and up to two quantities: "grid 10m 10m". */
static int split_words(const config_setting_t *s, char words[4][SIM_NAME_BYTES], char *why)
{
    const char *p = config_setting_get_string(s);
    size_t n = 0;
    if (p == NULL)
        return fail(why, s, "text in quotes is wanted for", config_setting_name(s));
    for (; n < 4 && *p != '\0'; n++) {
        size_t size = strcspn(p, " ");
        if (size >= SIM_NAME_BYTES)
            break;
        memcpy(words[n], p, size);
        words[n][size] = '\0';
        p += size + strspn(p + size, " ");
    }
    return *p == '\0' ? HOP_OK : fail(why, s, "too many words in", config_setting_name(s));
}

static int wrong_quantity(const config_setting_t *s, const char *word, const char *example,
                          char *why)
{
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "\"%.40s\" is no such quantity; write it like %s in",
                   word, example);
    return fail(why, s, sentence, config_setting_name(s));
}

static const char *const place_names[] = {"grid", "random", "at", "line", "circle", NULL};
static const char *const move_names[] = {"still", "waypoint", "route", "trace", NULL};

static int read_place(struct sim_group *g, const config_setting_t *m, char *why)
{
    char words[4][SIM_NAME_BYTES] = {{0}};
    int err = split_words(m, words, why);
    if (err != HOP_OK)
        return err;
    int place = index_of(words[0], place_names);
    if (place < 0)
        return unknown(why, config_setting_source_line(m), "place", words[0], place_names);
    g->place = (enum sim_place)place;
    for (int i = 0; i < 2; i++) {
        uint64_t *v = i == 0 ? &g->place_a : &g->place_b;
        *v = g->place_a;
        if (words[1 + i][0] != '\0' && !sim_quantity_read(v, SIM_LENGTH, words[1 + i]))
            return wrong_quantity(m, words[1 + i], "200m", why);
    }
    if (g->place == SIM_PLACE_AT) {
        g->x = g->place_a;
        g->y = g->place_b;
    }
    return HOP_OK;
}

static int read_move(struct sim_group *g, const config_setting_t *m, char *why)
{
    char words[4][SIM_NAME_BYTES] = {{0}};
    int err = split_words(m, words, why);
    if (err != HOP_OK)
        return err;
    int move = index_of(words[0], move_names);
    if (move < 0)
        return unknown(why, config_setting_source_line(m), "movement", words[0], move_names);
    g->move = (enum sim_move)move;
    for (int i = 0; i < 2; i++) {
        uint64_t *v = i == 0 ? &g->speed_min : &g->speed_max;
        if (words[1 + i][0] != '\0' && (!sim_quantity_read(v, SIM_SPEED, words[1 + i]) || *v == 0))
            return wrong_quantity(m, words[1 + i], "1.5m/s", why);
        if (i == 0 && words[1][0] != '\0')
            g->speed_max = g->speed_min;
    }
    return HOP_OK;
}

/* ( "0 0", "1km 200m", … ) */
static int read_route(struct sim_group *g, const config_setting_t *list, char *why)
{
    if (list == NULL)
        return HOP_OK;
    unsigned n = (unsigned)config_setting_length(list);
    if (n == 0 || n > SIM_POINTS_MAX)
        return fail(why, list, "1 to 256 points like \"100m 20m\" are wanted for", "route");
    g->route = calloc(n, sizeof *g->route);
    if (g->route == NULL)
        return HOP_ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *e = config_setting_get_elem(list, i);
        char words[4][SIM_NAME_BYTES] = {{0}};
        uint64_t x, y;
        if (split_words(e, words, why) != HOP_OK || !sim_quantity_read(&x, SIM_LENGTH, words[0]) ||
            !sim_quantity_read(&y, SIM_LENGTH, words[1]))
            return fail(why, e, "a point is written like \"100m 20m\"", "");
        g->route[g->route_count++] = (struct sim_point){(int64_t)x, (int64_t)y};
    }
    return HOP_OK;
}

static int read_one_group(struct sim_scenario *s, const config_setting_t *e, char *why)
{
    struct sim_group *g = &s->groups[s->groups_count++];
    unsigned kind = SIM_DEVICE, radio = 0;
    const char *radios[SIM_RADIOS_MAX + 1] = {NULL};
    for (size_t i = 0; i < s->radios_count; i++)
        radios[i] = s->radios[i].name;
    set_usual(g, sim_group_fields);
    (void)snprintf(g->name, sizeof g->name, "node");
    (void)snprintf(g->cell, sizeof g->cell, "cell");
    int err = read_group(g, e, sim_group_fields, sim_group_names, why);
    if (err == HOP_OK)
        err = member_text(g->name, sizeof g->name - 8, e, "name", why);
    if (err == HOP_OK)
        err = member_text(g->cell, sizeof g->cell, e, "cell", why);
    if (err == HOP_OK)
        err = member_text(g->file, sizeof g->file, e, "file", why);
    if (err == HOP_OK)
        err = member_word(&kind, e, "kind", "kind of node", sim_kind_names, why);
    if (err == HOP_OK)
        err = member_word(&radio, e, "radio", "radio", radios, why);
    const config_setting_t *place = config_setting_get_member(e, "place");
    const config_setting_t *move = config_setting_get_member(e, "move");
    if (err == HOP_OK && place != NULL)
        err = read_place(g, place, why);
    if (err == HOP_OK && move != NULL)
        err = read_move(g, move, why);
    if (err == HOP_OK)
        err = read_route(g, config_setting_get_member(e, "route"), why);
    if (err != HOP_OK)
        return err;
    if (strchr(g->name, '/') != NULL || sim_group_named(s, g->name) != g)
        return fail(why, e, "a group needs a name of its own, without /:", g->name);
    if (g->speed_max < g->speed_min)
        return fail(why, e, "speed_max is below speed_min in", g->name);
    if (g->move == SIM_MOVE_ROUTE && g->route_count == 0)
        return fail(why, e, "there is no route in", g->name);
    g->kind = (enum sim_kind)kind;
    g->radio = radio;
    return HOP_OK;
}

/* Numbers of nodes follow from the counts of groups. */
static int number_groups(struct sim_scenario *s, char *why)
{
    s->nodes_count = 0;
    for (size_t i = 0; i < s->groups_count; i++) {
        s->groups[i].first = (uint32_t)s->nodes_count;
        s->nodes_count += s->groups[i].count;
    }
    if (s->nodes_count <= SIM_NODES_MAX)
        return HOP_OK;
    (void)snprintf(why, SIM_MESSAGE_BYTES, "%llu nodes are more than %d",
                   (unsigned long long)s->nodes_count, SIM_NODES_MAX);
    return HOP_EMALFORMED;
}

static int read_groups(struct sim_scenario *s, const config_setting_t *list, char *why)
{
    if (list == NULL || config_setting_length(list) == 0)
        return fail(why, list, "groups = ( { count = 3; }, … ) is missing: nobody is there", "");
    for (unsigned i = 0; i < (unsigned)config_setting_length(list); i++) {
        const config_setting_t *e = config_setting_get_elem(list, i);
        if (s->groups_count == SIM_GROUPS_MAX)
            return fail(why, e, "there are more than 64 groups", "");
        int err = read_one_group(s, e, why);
        if (err != HOP_OK)
            return err;
    }
    return number_groups(s, why);
}

/* ---- faults and acts ---- */

int sim_tasks_add(struct sim_tasks *t, const struct sim_task *task)
{
    if (t->count == SIM_TASKS_MAX)
        return HOP_EFULL;
    if (t->count == t->room) {
        size_t room = t->room == 0 ? 16 : 2 * t->room;
        struct sim_task *items = realloc(t->items, room * sizeof *items);
        if (items == NULL)
            return HOP_ENOMEM;
        t->items = items;
        t->room = room;
    }
    t->items[t->count++] = *task;
    return HOP_OK;
}

/* A node, a group, or a word for some of them. */
static int check_who(const struct sim_scenario *s, const config_setting_t *e, const char *who,
                     char *why)
{
    static const char *const words[] = {"all", "any", "chair", NULL};
    const char *known[SIM_GROUPS_MAX + 4] = {"all", "any", "chair"};
    if (*who == '\0' || index_of(who, words) >= 0 || sim_group_named(s, who) != NULL ||
        sim_node_index(s, who) != SIM_NOBODY)
        return HOP_OK;
    for (size_t i = 0; i < s->groups_count; i++)
        known[3 + i] = s->groups[i].name;
    return unknown(why, config_setting_source_line(e), "node or group", who, known);
}

static int read_tasks(struct sim_scenario *s, struct sim_tasks *ret, const config_setting_t *list,
                      const char *what, const char *const names[], char *why)
{
    for (unsigned i = 0; list != NULL && i < (unsigned)config_setting_length(list); i++) {
        const config_setting_t *e = config_setting_get_elem(list, i);
        struct sim_task t = {.order = i};
        unsigned kind = 0;
        set_usual(&t, sim_task_fields);
        int err = read_group(&t, e, sim_task_fields, sim_task_names, why);
        if (err == HOP_OK && config_setting_get_member(e, "do") == NULL)
            err = fail(why, e, "do = \"…\" is missing", "");
        if (err == HOP_OK)
            err = member_word(&kind, e, "do", what, names, why);
        if (err == HOP_OK)
            err = member_text(t.who, sizeof t.who, e, "who", why);
        if (err == HOP_OK)
            err = member_text(t.other, sizeof t.other, e, "other", why);
        if (err == HOP_OK)
            err = check_who(s, e, t.who, why);
        if (err == HOP_OK)
            err = check_who(s, e, t.other, why);
        t.kind = kind;
        if (err == HOP_OK)
            err = sim_tasks_add(ret, &t);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int read_names(char (*ret)[SIM_NAME_BYTES], size_t *ret_count, size_t max,
                      const config_setting_t *list, char *why)
{
    for (unsigned i = 0; list != NULL && i < (unsigned)config_setting_length(list); i++) {
        const config_setting_t *e = config_setting_get_elem(list, i);
        if (*ret_count == max || config_setting_get_string(e) == NULL)
            return fail(why, e, "names in quotes are wanted, and not too many", "");
        int err = copy_text(ret[(*ret_count)++], SIM_NAME_BYTES, e, why);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int read_without(struct sim_scenario *s, const config_setting_t *list, char *why)
{
    if (list == NULL || config_setting_length(list) == 0)
        return HOP_OK;
    size_t max = (size_t)config_setting_length(list);
    s->without = calloc(max, sizeof *s->without);
    return s->without == NULL ? HOP_ENOMEM
                              : read_names(s->without, &s->without_count, max, list, why);
}

/* ---- the whole ---- */

static int read_root(struct sim_scenario *s, const config_setting_t *root, char *why)
{
    unsigned contacts = SIM_CONTACTS_ALL;
    int err = read_group(s, root, sim_root_fields, sim_root_names, why);
    if (err == HOP_OK)
        err = member_text(s->name, sizeof s->name, root, "name", why);
    if (err == HOP_OK)
        err = member_text(s->why, sizeof s->why, root, "why", why);
    if (err == HOP_OK)
        err = member_text(s->contacts_file, sizeof s->contacts_file, root, "contacts_file", why);
    if (err == HOP_OK)
        err = member_text(s->messages_file, sizeof s->messages_file, root, "messages_file", why);
    if (err == HOP_OK)
        err = member_word(&contacts, root, "contacts", "kind of contacts", sim_contacts_names, why);
    s->contacts = (enum sim_contacts)contacts;
    if (err == HOP_OK)
        err = read_radios(s, config_setting_get_member(root, "radios"), why);
    if (err == HOP_OK)
        err = read_groups(s, config_setting_get_member(root, "groups"), why);
    if (err == HOP_OK)
        err = read_tasks(s, &s->faults, config_setting_get_member(root, "faults"), "fault",
                         fault_names, why);
    if (err == HOP_OK)
        err =
            read_tasks(s, &s->acts, config_setting_get_member(root, "acts"), "act", act_names, why);
    if (err == HOP_OK)
        err = read_names(s->checks, &s->checks_count, SIM_CHECKS_MAX,
                         config_setting_get_member(root, "checks"), why);
    if (err == HOP_OK)
        err = read_without(s, config_setting_get_member(root, "without"), why);
    return err;
}

int sim_scenario_parse(struct sim_scenario *ret, const char *text, const char *folder,
                       char why[static SIM_MESSAGE_BYTES])
{
    config_t c;
    *ret = (struct sim_scenario){.name = "unnamed"};
    why[0] = '\0';
    set_usual(ret, sim_root_fields);
    (void)snprintf(ret->folder, sizeof ret->folder, "%s", folder);
    config_init(&c);
    int err = HOP_OK;
    if (config_read_string(&c, text) == CONFIG_TRUE) {
        err = read_root(ret, config_root_setting(&c), why);
    } else {
        (void)snprintf(why, SIM_MESSAGE_BYTES, "line %d: %s", config_error_line(&c),
                       config_error_text(&c));
        err = HOP_EMALFORMED;
    }
    config_destroy(&c);
    if (err == HOP_OK && ret->settle >= ret->duration && ret->settle > 0) {
        (void)snprintf(why, SIM_MESSAGE_BYTES, "settle is not shorter than duration");
        err = HOP_EMALFORMED;
    }
    if (err != HOP_OK)
        sim_scenario_free(ret);
    return err;
}

int sim_scenario_read(struct sim_scenario *ret, const char *path,
                      char why[static SIM_MESSAGE_BYTES])
{
    struct buf text = {0};
    char folder[SIM_PATH_BYTES] = "";
    const char *slash = strrchr(path, '/');
    uint8_t part[4096];
    FILE *f = fopen(path, "rb");
    *ret = (struct sim_scenario){0};
    if (f == NULL) {
        (void)snprintf(why, SIM_MESSAGE_BYTES, "%.200s cannot be opened", path);
        return HOP_ENOTFOUND;
    }
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_bytes(&text, part, n);
    (void)fclose(f);
    if (slash != NULL)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    int err = text.bad ? HOP_ENOMEM : sim_scenario_parse(ret, buf_string(&text), folder, why);
    buf_free(&text);
    return err;
}

int sim_scenario_set(struct sim_scenario *s, const char *assignment,
                     char why[static SIM_MESSAGE_BYTES])
{
    char name[2 * SIM_NAME_BYTES];
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || (size_t)(equals - assignment) >= sizeof name) {
        (void)snprintf(why, SIM_MESSAGE_BYTES, "write NAME=VALUE, not %.60s", assignment);
        return HOP_EMALFORMED;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);
    char *dot = strchr(name, '.');
    void *base = s;
    const struct sim_field *fields = sim_root_fields;
    if (dot != NULL) {
        *dot = '\0';
        base = NULL;
        for (size_t i = 0; i < s->radios_count; i++) {
            if (strcmp(s->radios[i].name, name) == 0) {
                base = &s->radios[i];
                fields = sim_radio_fields;
            }
        }
        for (size_t i = 0; i < s->groups_count; i++) {
            if (strcmp(s->groups[i].name, name) == 0) {
                base = &s->groups[i];
                fields = sim_group_fields;
            }
        }
    }
    const char *key = dot == NULL ? name : dot + 1;
    const struct sim_field *f = base == NULL ? NULL : field_named(fields, key);
    if (f == NULL) {
        const char *known[NAMES_MAX] = {NULL};
        for (size_t i = 0; base != NULL && fields[i].name != NULL; i++)
            known[i] = fields[i].name;
        return unknown(why, 0, "setting", base == NULL ? name : key, known);
    }
    int err = sim_field_read(base, f, equals + 1, 0, why);
    return err == HOP_OK ? number_groups(s, why) : err;
}

void sim_scenario_free(struct sim_scenario *s)
{
    for (size_t i = 0; i < s->groups_count; i++)
        free(s->groups[i].route);
    free(s->faults.items);
    free(s->acts.items);
    free(s->without);
    *s = (struct sim_scenario){0};
}

/* ---- nodes by name ---- */

const struct sim_group *sim_group_named(const struct sim_scenario *s, const char *name)
{
    for (size_t i = 0; i < s->groups_count; i++) {
        if (strcmp(s->groups[i].name, name) == 0)
            return &s->groups[i];
    }
    return NULL;
}

const struct sim_group *sim_node_group(const struct sim_scenario *s, uint32_t node)
{
    size_t i = 0;
    while (i + 1 < s->groups_count && s->groups[i + 1].first <= node)
        i++;
    return &s->groups[i];
}

void sim_node_name(const struct sim_scenario *s, uint32_t node, char ret[static SIM_NAME_BYTES])
{
    const struct sim_group *g = sim_node_group(s, node);
    if (g->count == 1)
        (void)snprintf(ret, SIM_NAME_BYTES, "%s", g->name);
    else
        (void)snprintf(ret, SIM_NAME_BYTES, "%.55s/%u", g->name, (unsigned)(node - g->first));
}

uint32_t sim_node_index(const struct sim_scenario *s, const char *name)
{
    char group[SIM_NAME_BYTES];
    const char *slash = strchr(name, '/');
    size_t n = slash == NULL ? strlen(name) : (size_t)(slash - name);
    uint64_t number = 0;
    if (n >= sizeof group)
        return SIM_NOBODY;
    memcpy(group, name, n);
    group[n] = '\0';
    const struct sim_group *g = sim_group_named(s, group);
    if (g == NULL || (slash == NULL && g->count != 1))
        return SIM_NOBODY;
    if (slash != NULL && (!sim_quantity_read(&number, SIM_COUNT, slash + 1) || number >= g->count))
        return SIM_NOBODY;
    return g->first + (uint32_t)number;
}

bool sim_node_missing(const struct sim_scenario *s, const char *name)
{
    for (size_t i = 0; i < s->without_count; i++) {
        if (strcmp(s->without[i], name) == 0)
            return true;
    }
    return false;
}
