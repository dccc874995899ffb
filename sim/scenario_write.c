/* A scenario as a file that reads the same: for `resolve`, capsules and shrinking. */
#include "sim/fields.h"

static void write_fields(struct buf *b, const struct sim_field *fields, const void *base)
{
    for (; fields->name != NULL; fields++) {
        uint64_t v = *(const uint64_t *)(const void *)((const uint8_t *)base + fields->offset);
        if (v == fields->usual)
            continue;
        buf_text(b, " ");
        sim_field_write(b, fields, v);
    }
}

static void write_text(struct buf *b, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    buf_printf(b, " %s = \"", name);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            buf_text(b, "\\");
        buf_bytes(b, (const uint8_t *)value, 1);
    }
    buf_text(b, "\";");
}

static void write_group(struct buf *b, const struct sim_scenario *s, const struct sim_group *g)
{
    static const char *const places[] = {"grid", "random", "at", "line", "circle"};
    static const char *const moves[] = {"still", "waypoint", "route", "trace"};
    buf_text(b, "  {");
    write_text(b, "name", g->name);
    write_text(b, "cell", g->cell);
    write_text(b, "kind", sim_kind_name(g->kind));
    write_text(b, "radio", s->radios[g->radio].name);
    write_text(b, "file", g->file);
    buf_printf(b, " place = \"%s %llumm %llumm\";", places[g->place],
               (unsigned long long)g->place_a, (unsigned long long)g->place_b);
    buf_printf(b, " move = \"%s\";", moves[g->move]);
    write_fields(b, sim_group_fields, g);
    for (size_t i = 0; i < g->route_count; i++)
        buf_printf(b, "%s\"%lldmm %lldmm\"", i == 0 ? " route = ( " : ", ",
                   (long long)g->route[i].x, (long long)g->route[i].y);
    buf_text(b, g->route_count > 0 ? " ); }" : " }");
}

static void write_tasks(struct buf *b, const char *name, const struct sim_tasks *t, bool faults)
{
    buf_printf(b, "%s = (", name);
    for (size_t i = 0; i < t->count; i++) {
        const struct sim_task *k = &t->items[i];
        buf_printf(b, "%s\n  { do = \"%s\";", i == 0 ? "" : ",",
                   faults ? sim_fault_name((enum sim_fault)k->kind)
                          : sim_act_name((enum sim_act)k->kind));
        write_text(b, "who", k->who);
        write_text(b, "other", k->other);
        write_fields(b, sim_task_fields, k);
        buf_text(b, " }");
    }
    buf_text(b, " );\n");
}

static void write_names(struct buf *b, const char *name, const char (*names)[SIM_NAME_BYTES],
                        size_t count)
{
    if (count == 0)
        return;
    buf_printf(b, "%s = (", name);
    for (size_t i = 0; i < count; i++)
        buf_printf(b, "%s \"%s\"", i == 0 ? "" : ",", names[i]);
    buf_text(b, " );\n");
}

void sim_scenario_write(const struct sim_scenario *s, struct buf *ret)
{
    write_text(ret, "name", s->name);
    buf_text(ret, "\n");
    write_text(ret, "why", s->why);
    buf_text(ret, "\n");
    write_fields(ret, sim_root_fields, s);
    write_text(ret, "contacts", sim_contacts_names[s->contacts]);
    write_text(ret, "contacts_file", s->contacts_file);
    write_text(ret, "messages_file", s->messages_file);
    buf_text(ret, "\nradios = {\n");
    for (size_t i = 0; i < s->radios_count; i++) {
        buf_printf(ret, "  %s = {", s->radios[i].name);
        write_fields(ret, sim_radio_fields, &s->radios[i]);
        buf_text(ret, " };\n");
    }
    buf_text(ret, "};\ngroups = (\n");
    for (size_t i = 0; i < s->groups_count; i++) {
        write_group(ret, s, &s->groups[i]);
        buf_text(ret, i + 1 < s->groups_count ? ",\n" : "\n");
    }
    buf_text(ret, ");\n");
    write_tasks(ret, "faults", &s->faults, true);
    write_tasks(ret, "acts", &s->acts, false);
    write_names(ret, "checks", (const char(*)[SIM_NAME_BYTES])s->checks, s->checks_count);
    write_names(ret, "without", (const char(*)[SIM_NAME_BYTES])s->without, s->without_count);
}
