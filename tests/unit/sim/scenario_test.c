/* Scenario files: what they say is what runs, and what they should not say is refused with its
 * line. */
#include "sim/scenario.h"

#include <stdlib.h>

#include "sim/fields.h"
#include "tests/lib/test.h"

#define TWO "groups = ( { name = \"a\"; count = 2; }, { name = \"b\"; } );\n"

static void refuses(const char *text, const char *want)
{
    struct sim_scenario s;
    char why[SIM_MESSAGE_BYTES];
    CHECK_ERR(sim_scenario_parse(&s, text, "", why), HOP_EMALFORMED);
    if (strstr(why, want) == NULL)
        print_error("said: %s\n", why);
    CHECK(strstr(why, want) != NULL);
}

static struct sim_scenario reads(const char *text)
{
    struct sim_scenario s;
    char why[SIM_MESSAGE_BYTES];
    int err = sim_scenario_parse(&s, text, "", why);
    if (err != HOP_OK)
        print_error("said: %s\n", why);
    CHECK_OK(err);
    return s;
}

/* A setting with a slip in its name would silently be another experiment. */
TEST(scenario_names_line_and_nearest_name_of_an_unknown_setting)
{
    refuses("groups = ( {\n  cuont = 3; } );", "line 2: there is no setting \"cuont\"; \"count\"");
    refuses("duraton = \"2h\";\n" TWO, "line 1: there is no setting \"duraton\"; \"duration\"");
    refuses(TWO "faults = ( { do = \"power-los\"; } );", "\"power-loss\" was perhaps meant");
    refuses(TWO "acts = ( { do = \"vote\"; who = \"aa\"; } );",
            "line 2: there is no node or group \"aa\"");
    refuses("radios = { w = { rnge = \"2m\"; }; };" TWO, "\"range\" was perhaps meant");
    refuses("contacts = \"al\";" TWO, "\"all\" was perhaps meant");
    refuses("groups = ( { place = \"gird 2m\"; } );", "\"grid\" was perhaps meant");
}

/* A number that is read as another, or cut, would be another experiment too. */
TEST(scenario_refuses_quantities_that_are_none_or_out_of_bounds)
{
    refuses("duration = \"2 hours\";" TWO,
            "duration cannot be \"2 hours\"; write it like \"1h30m\"");
    refuses("duration = \"0s\";" TWO, "it can be 1s to");
    refuses("duration = 1.5;" TWO, "a whole number, or a quantity in quotes");
    refuses("radios = { w = { loss = \"101%\"; }; };" TWO, "loss is 101%");
    refuses("groups = ( { count = 0; } );", "count is 0");
    refuses("groups = ( { count = 30000; } );", "it can be 1 to 20000");
    refuses("groups = ( );", "nobody is there");
    refuses("groups = ( { name = \"x\"; }, { name = \"x\"; } );", "a name of its own");
    refuses("duration = \"1m\"; settle = \"1m\";" TWO, "settle is not shorter");
    refuses("duration = ;" TWO, "line 1: syntax error");
}

/* Floating point would read other numbers on other machines. */
TEST(scenario_reads_quantities_as_whole_numbers)
{
    static const struct {
        enum sim_quantity q;
        const char *text;
        uint64_t want;
    } cases[] = {{SIM_TIME, "1h30m", 5400 * SIM_MILLION},
                 {SIM_TIME, "0.25s", 250000},
                 {SIM_TIME, "3", 3 * SIM_MILLION},
                 {SIM_LENGTH, "1.5km", 1500000},
                 {SIM_SPEED, "36km/h", 10000},
                 {SIM_RATE, "6Mbit", 750000},
                 {SIM_RATE, "9600bit", 1200},
                 {SIM_SHARE, "2.5%", 25000},
                 {SIM_BYTES, "2kB", 2000},
                 {SIM_COUNT, "18446744073709551615", UINT64_MAX}};
    uint64_t got;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(sim_quantity_read(&got, cases[i].q, cases[i].text));
        CHECK_EQ(got, cases[i].want);
    }
    CHECK(!sim_quantity_read(&got, SIM_COUNT, "18446744073709551616"));
    CHECK(!sim_quantity_read(&got, SIM_TIME, ""));
    CHECK(!sim_quantity_read(&got, SIM_TIME, "-3s"));
    CHECK(!sim_quantity_read(&got, SIM_TIME, "99999999999999999999h"));
}

/* What cannot be written down cannot be sent to somebody who mends it. */
TEST(scenario_written_and_read_again_is_the_same)
{
    struct buf first = {0}, second = {0};
    char why[SIM_MESSAGE_BYTES];
    struct sim_scenario s =
        reads("name = \"x\"; why = \"a \\\"b\\\"\"; seed = \"9007199254740995\"; duration = "
              "\"2h\"; swarm = 1;"
              "radios = { w = { range = \"80m\"; loss = \"3%\"; burst = 4; }; slow = { rate = "
              "\"9600bit\"; }; };"
              "groups = ( { name = \"a\"; count = 5; place = \"grid 10m 20m\"; }, { name = \"b\"; "
              "radio = \"slow\";"
              "  move = \"route 1m/s 2m/s\"; route = ( \"0 0\", \"1km 5m\" ); pause = \"3s\"; } );"
              "faults = ( { do = \"power-loss\"; who = \"any\"; times = 3; at = \"1m\"; within = "
              "\"1h\"; } );"
              "acts = ( { do = \"vote\"; who = \"all\"; at = \"5m\"; within = \"1m\"; } ); checks "
              "= ( \"causal\" );");
    CHECK_OK(sim_scenario_draw(&s, why));
    CHECK(s.faults.count >= 3);
    CHECK_EQ(s.acts.count, 6);
    sim_scenario_write(&s, &first);
    struct sim_scenario again = reads(buf_string(&first));
    CHECK_OK(sim_scenario_draw(&again, why)); /* nothing is drawn a second time */
    sim_scenario_write(&again, &second);
    CHECK_TEXT(buf_string(&second), buf_string(&first));
    CHECK_EQ(again.seed, UINT64_C(9007199254740995));
    sim_scenario_free(&s);
    sim_scenario_free(&again);
    buf_free(&first);
    buf_free(&second);
}

/* Shrinking takes things out: what is left must stay as it was. */
TEST(scenario_streams_do_not_move_when_others_come_or_go)
{
    struct rng a = sim_stream(7, "air", "north/3"), b = sim_stream(7, "air", "north/3");
    struct rng c = sim_stream(7, "air", "north/4"), d = sim_stream(7, "disk", "north/3");
    struct rng e = sim_stream(8, "air", "north/3");
    uint64_t x = rng_next(&a);
    CHECK_EQ(rng_next(&b), x);
    CHECK(rng_next(&c) != x && rng_next(&d) != x && rng_next(&e) != x);
    struct sim_scenario s =
        reads("faults = ( { do = \"stop\"; who = \"any\"; at = \"1m\"; within = \"1h\"; } );" TWO);
    struct sim_scenario t =
        reads("faults = ( { do = \"stop\"; who = \"any\"; at = \"1m\"; within = \"1h\"; },"
              "{ do = \"pause\"; who = \"any\"; at = \"2h\"; within = \"1h\"; } );" TWO);
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(sim_scenario_draw(&s, why));
    CHECK_OK(sim_scenario_draw(&t, why));
    CHECK_EQ(t.faults.items[0].at, s.faults.items[0].at);
    CHECK_TEXT(t.faults.items[0].who, s.faults.items[0].who);
    sim_scenario_free(&s);
    sim_scenario_free(&t);
}

/* A swarm in which every class is always on is one experiment, not many. */
TEST(scenario_swarm_turns_each_class_on_and_off)
{
    for (unsigned f = 0; f < FAULT_COUNT; f++) {
        unsigned on = 0;
        for (uint64_t seed = 0; seed < 200; seed++) {
            struct sim_scenario s = {.seed = seed};
            on += sim_swarm_has(&s, (enum sim_fault)f);
        }
        CHECK(on > 60 && on < 140);
    }
}

/* Nodes are named on the command line, in reports and in capsules. */
TEST(scenario_finds_nodes_by_their_names)
{
    struct sim_scenario s = reads(TWO "without = ( \"a/1\" );");
    char name[SIM_NAME_BYTES];
    CHECK_EQ(sim_node_index(&s, "a/1"), 1);
    CHECK_EQ(sim_node_index(&s, "b"), 2);
    CHECK_EQ(sim_node_index(&s, "a"), SIM_NOBODY);
    CHECK_EQ(sim_node_index(&s, "a/2"), SIM_NOBODY);
    CHECK_EQ(sim_node_index(&s, "a/x"), SIM_NOBODY);
    sim_node_name(&s, 1, name);
    CHECK_TEXT(name, "a/1");
    CHECK(sim_node_missing(&s, "a/1") && !sim_node_missing(&s, "a/0"));
    sim_scenario_free(&s);
}

/* --set changes what it names, and says what there is when it does not. */
TEST(scenario_settings_of_the_command_line_reach_radios_and_groups)
{
    struct sim_scenario s = reads("radios = { w = { }; };" TWO);
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(sim_scenario_set(&s, "duration=3h", why));
    CHECK_OK(sim_scenario_set(&s, "w.loss=5%", why));
    CHECK_OK(sim_scenario_set(&s, "a.count=7", why));
    CHECK_EQ(s.duration, 10800 * SIM_MILLION);
    CHECK_EQ(s.radios[0].loss, 50000);
    CHECK_EQ(s.nodes_count, 8);
    CHECK_EQ(s.groups[1].first, 7);
    CHECK_ERR(sim_scenario_set(&s, "w.los=5%", why), HOP_EMALFORMED);
    CHECK(strstr(why, "\"loss\"") != NULL);
    CHECK_ERR(sim_scenario_set(&s, "duration", why), HOP_EMALFORMED);
    CHECK_ERR(sim_scenario_set(&s, "c.count=2", why), HOP_EMALFORMED);
    sim_scenario_free(&s);
}
