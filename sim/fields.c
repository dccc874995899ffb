#include "sim/fields.h"

#include <stdio.h>

#define FOREVER (UINT64_C(4000) * 86400 * SIM_MILLION) /* µs: ten years of meetings */
#define FAR     (UINT64_C(20000) * 1000 * 1000)        /* mm: across a country, with room */

#define ROOT(name, quantity, member, least, most, usual)                                           \
    {                                                                                              \
        name, quantity, offsetof(struct sim_scenario, member), least, most, usual                  \
    }
const struct sim_field sim_root_fields[] = {
    ROOT("seed", SIM_COUNT, seed, 0, UINT64_MAX, 1),
    ROOT("duration", SIM_TIME, duration, SIM_MILLION, FOREVER, 600 * SIM_MILLION),
    ROOT("settle", SIM_TIME, settle, 0, FOREVER, 120 * SIM_MILLION),
    ROOT("tick", SIM_TIME, tick, 1000, 3600 * SIM_MILLION, SIM_MILLION),
    ROOT("join_gap", SIM_TIME, join_gap, 0, FOREVER, 0),
    ROOT("reach", SIM_SHARE, reach, 0, SIM_MILLION, 990000),
    ROOT("record_size", SIM_BYTES, size, 1, 60000, 200),
    ROOT("assembly", SIM_COUNT, assembly, 0, 1, 0),
    ROOT("opinions", SIM_COUNT, opinions, 0, 30000, 50),
    ROOT("swarm", SIM_COUNT, swarm, 0, 1, 0),
    ROOT("govern", SIM_COUNT, govern, 0, 1, 0),
    ROOT("drawn", SIM_COUNT, drawn, 0, 1, 0),
    {0}};

#define RADIO(name, quantity, member, least, most, usual)                                          \
    {                                                                                              \
        name, quantity, offsetof(struct sim_radio, member), least, most, usual                     \
    }
const struct sim_field sim_radio_fields[] = {
    RADIO("range", SIM_LENGTH, range, 0, FAR, 0),
    RADIO("rate", SIM_RATE, rate, 0, UINT64_C(100000000000), 0),
    RADIO("overhead", SIM_BYTES, overhead, 0, 10000, 0),
    RADIO("delay", SIM_TIME, delay, 0, 3600 * SIM_MILLION, 3000),
    RADIO("jitter", SIM_TIME, jitter, 0, 3600 * SIM_MILLION, 2000),
    RADIO("loss", SIM_SHARE, loss, 0, SIM_MILLION, 0),
    RADIO("burst", SIM_COUNT, burst, 0, 10000, 0),
    RADIO("vanish", SIM_COUNT, vanish, 0, 1, 0),
    RADIO("duplicate", SIM_SHARE, duplicate, 0, SIM_MILLION, 0),
    RADIO("corrupt", SIM_SHARE, corrupt, 0, SIM_MILLION, 0),
    RADIO("setup", SIM_TIME, setup, 0, 3600 * SIM_MILLION, 500000),
    RADIO("links", SIM_COUNT, links, 1, 64, 60),
    RADIO("when_differ", SIM_COUNT, when_differ, 0, 1, 0),
    RADIO("beacon", SIM_TIME, beacon, 1000, 3600 * SIM_MILLION, 10 * SIM_MILLION),
    RADIO("rest", SIM_TIME, rest, 1000, 3600 * SIM_MILLION, SIM_MILLION),
    {0}};

#define GROUP(name, quantity, member, least, most, usual)                                          \
    {                                                                                              \
        name, quantity, offsetof(struct sim_group, member), least, most, usual                     \
    }
const struct sim_field sim_group_fields[] = {
    GROUP("count", SIM_COUNT, count, 1, SIM_NODES_MAX, 1),
    GROUP("cell_size", SIM_COUNT, cell_size, 0, 300, 0),
    GROUP("x", SIM_LENGTH, x, 0, FAR, 0),
    GROUP("y", SIM_LENGTH, y, 0, FAR, 0),
    GROUP("pause", SIM_TIME, pause, 0, FOREVER, 0),
    GROUP("width", SIM_LENGTH, width, 0, FAR, 0),
    GROUP("height", SIM_LENGTH, height, 0, FAR, 0),
    GROUP("speed_min", SIM_SPEED, speed_min, 1, 400000, 500),
    GROUP("speed_max", SIM_SPEED, speed_max, 1, 400000, 1500),
    GROUP("commit", SIM_TIME, commit, 0, 60 * SIM_MILLION, 4000),
    GROUP("disk", SIM_BYTES, disk, 0, UINT64_C(1000000000000), 0),
    GROUP("clock", SIM_TIME, clock, 0, UINT64_C(200) * 366 * 86400 * SIM_MILLION, 0),
    GROUP("clock_base", SIM_TIME, clock_base, 0, UINT64_C(500) * 366 * 86400 * SIM_MILLION, 0),
    {0}};

#define TASK(name, quantity, member, least, most, usual)                                           \
    {                                                                                              \
        name, quantity, offsetof(struct sim_task, member), least, most, usual                      \
    }
const struct sim_field sim_task_fields[] = {TASK("at", SIM_TIME, at, 0, FOREVER, 0),
                                            TASK("for", SIM_TIME, lasts, 0, FOREVER, 0),
                                            TASK("every", SIM_TIME, every, 0, FOREVER, 0),
                                            TASK("until", SIM_TIME, until, 0, FOREVER, 0),
                                            TASK("within", SIM_TIME, spread, 0, FOREVER, 0),
                                            TASK("times", SIM_COUNT, times, 1, SIM_TASKS_MAX, 1),
                                            TASK("value", SIM_COUNT, value, 0, UINT64_MAX, 0),
                                            {0}};

const char *const sim_root_names[] = {"name",          "why",    "contacts", "contacts_file",
                                      "messages_file", "radios", "groups",   "faults",
                                      "acts",          "checks", "without",  NULL};
const char *const sim_group_names[] = {"name",  "cell",  "kind", "place", "move",
                                       "route", "radio", "file", NULL};
const char *const sim_task_names[] = {"do", "who", "other", NULL};
const char *const sim_kind_names[] = {"device", "mesh", "idle", NULL};
const char *const sim_contacts_names[] = {"all", "range", "one", "links", NULL};

void sim_field_write(struct buf *b, const struct sim_field *f, uint64_t value)
{
    if (f->quantity == SIM_COUNT) {
        buf_printf(b, "%s = %llu%s;", f->name, (unsigned long long)value,
                   value > INT32_MAX ? "L" : "");
        return;
    }
    buf_printf(b, "%s = \"", f->name);
    sim_quantity_write(b, f->quantity, value);
    buf_text(b, "\";");
}

int sim_field_read(void *base, const struct sim_field *f, const char *text, unsigned line,
                   char why[static SIM_MESSAGE_BYTES])
{
    static const char *const examples[] = {
        [SIM_COUNT] = "12",   [SIM_TIME] = "1h30m", [SIM_LENGTH] = "200m", [SIM_SPEED] = "1.5m/s",
        [SIM_RATE] = "6Mbit", [SIM_SHARE] = "2%",   [SIM_BYTES] = "2kB"};
    uint64_t v;
    if (!sim_quantity_read(&v, f->quantity, text)) {
        (void)snprintf(why, SIM_MESSAGE_BYTES,
                       "line %u: %s cannot be \"%.40s\"; write it like \"%s\"", line, f->name, text,
                       examples[f->quantity]);
        return HOP_EMALFORMED;
    }
    if (v < f->least || v > f->most) {
        struct buf b = {0};
        sim_quantity_write(&b, f->quantity, f->least);
        buf_text(&b, " to ");
        sim_quantity_write(&b, f->quantity, f->most);
        (void)snprintf(why, SIM_MESSAGE_BYTES, "line %u: %s is %.40s; it can be %s", line, f->name,
                       text, buf_string(&b));
        buf_free(&b);
        return HOP_EMALFORMED;
    }
    *sim_field_of(f, base) = v;
    return HOP_OK;
}
