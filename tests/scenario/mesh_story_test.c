/* Stories of a few devices, told by their traces. Times are milliseconds; a frame takes ten. */
#include "tests/lib/cluster.h"

static struct cluster c; /* large: outs and events */

/* Records would reach only those who meet their author. */
TEST(late_node_catches_up_from_a_neighbour)
{
    cluster_init(&c, 3, test_seed());
    cluster_link(&c, 0, 1);
    cluster_run(&c, 100);
    cluster_publish(&c, 0, LANE_MEETING, "motion: adjourn");
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000));
    cluster_kill(&c, 0); /* the author leaves before node 2 arrives */
    c.telling = true;
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000));
    CHECK_EQ(c.nodes[2].delivered, 1);
    CLUSTER_TRACE(&c, "[ 370] 1 > link 2 up -> greet\n"
                      "[ 370] 2 > link 1 up -> wait for its greeting\n"
                      "[ 380] 2 > 1 greets as somebody known -> answer\n"
                      "[ 380] 2 > list 0 logs for 1\n"
                      "[ 390] 1 > 2 is a member\n"
                      "[ 390] 1 > 2 differs in 1 logs -> list them\n"
                      "[ 390] 1 > send 2 log fb67 1..1\n"
                      "[ 400] 2 > 1 is a member\n"
                      "[ 400] 2 > answer of 1: it lacks 0, has 0 more\n"
                      "[ 400] 2 > 1 brings log fb67 1..1 -> store\n"
                      "[ 410] 1 > 2 has log fb67 up to 1\n"
                      "[ 660] 1 > in sync with 2\n"
                      "[ 670] 2 > in sync with 1\n");
    cluster_close(&c);
}

/* A power cut after an ACK would lose a record its author believes to be safe. */
TEST(nothing_is_acknowledged_or_passed_on_before_it_is_durable)
{
    cluster_init(&c, 3, test_seed());
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 400);
    c.nodes[1].commits_held = true; /* a slow disk */
    c.telling = true;
    cluster_publish(&c, 0, LANE_MEETING, "vote: yes");
    cluster_run(&c, 600);
    CHECK_EQ(c.nodes[1].delivered, 0);
    CHECK_EQ(c.frames[FRAME_ACK], 0);
    CHECK_EQ(cluster_records(&c, 2), 0);
    CLUSTER_TRACE(&c, "[ 400] 0 > own log fb67 reaches 1\n"
                      "[ 400] 0 > send 1 log fb67 1..1\n"
                      "[ 410] 1 > 0 brings log fb67 1..1 -> store\n");
    cluster_commit(&c, 1);
    c.nodes[1].commits_held = false;
    CHECK_EQ(c.nodes[1].delivered, 1);
    cluster_run(&c, 200);
    CLUSTER_TRACE(&c, "[1010] 0 > 1 has log fb67 up to 1\n"
                      "[1066] 2 > ask 1 for log fb67 after 0\n"
                      "[1076] 1 > 2 is grafted to log fb67\n"
                      "[1076] 1 > 2 asks for log fb67 after 0 -> send it\n"
                      "[1076] 1 > send 2 log fb67 1..1\n"
                      "[1086] 2 > 1 brings log fb67 1..1 -> store\n"
                      "[1096] 1 > 2 has log fb67 up to 1\n");
    CHECK_EQ(cluster_records(&c, 2), 1);
    cluster_close(&c);
}

/* What was stored but not committed is lost in a crash, and must be asked for again. */
TEST(crash_before_the_commit_loses_nothing_that_was_acknowledged)
{
    cluster_init(&c, 2, test_seed());
    cluster_link(&c, 0, 1);
    cluster_run(&c, 400);
    cluster_publish(&c, 0, LANE_MEETING, "one");
    cluster_run(&c, 100);
    c.nodes[1].commits_held = true;
    cluster_publish(&c, 0, LANE_MEETING, "two");
    cluster_run(&c, 100);
    CHECK_EQ(cluster_view(&c, 0, 1).records_ahead, 1);
    cluster_kill(&c, 1);
    c.nodes[1].commits_held = false;
    CHECK_EQ(cluster_records(&c, 1), 1);
    cluster_start(&c, 1);
    c.telling = true;
    cluster_link(&c, 1, 0);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000));
    CLUSTER_TRACE(&c, "[ 600] 1 > link 100 up -> greet\n"
                      "[ 600] 0 > link 101 up -> wait for its greeting\n"
                      "[ 610] 0 > 101 greets as somebody known -> answer\n"
                      "[ 610] 0 > list 1 logs for 101\n"
                      "[ 620] 1 > 100 is a member\n"
                      "[ 620] 1 > 100 differs in 1 logs -> list them, take what it has\n"
                      "[ 630] 0 > 101 is a member\n"
                      "[ 630] 0 > answer of 101: it lacks 1, has 0 more\n"
                      "[ 630] 0 > send 101 log fb67 2..2\n"
                      "[ 640] 1 > 100 brings log fb67 2..2 -> store\n"
                      "[ 650] 0 > 101 has log fb67 up to 2\n"
                      "[ 890] 1 > in sync with 100\n"
                      "[ 900] 0 > in sync with 101\n");
    CHECK_EQ(c.nodes[1].delivered, 2); /* each once: the first before the crash */
    cluster_close(&c);
}

/* A full disk would make the device deaf for good, or make it claim what it does not have. */
TEST(failed_commit_is_forgotten_and_asked_for_again)
{
    cluster_init(&c, 2, test_seed());
    cluster_link(&c, 0, 1);
    cluster_run(&c, 400);
    struct store_faults *faults = store_memory_faults(c.nodes[1].store);
    faults->commit_countdown = 1;
    faults->error = HOP_ENOSPACE;
    c.telling = true;
    cluster_publish(&c, 0, LANE_MEETING, "vote: no");
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    CLUSTER_TRACE(&c, "[ 400] 0 > own log fb67 reaches 1\n"
                      "[ 400] 0 > send 1 log fb67 1..1\n"
                      "[ 410] 1 > 0 brings log fb67 1..1 -> store\n"
                      "[ 410] 1 > the store failed -> forget 1 records, ask again in 1 s\n"
                      "[1410] 1 > ask 0 for log fb67 after 0\n"
                      "[1420] 0 > 1 asks for log fb67 after 0 -> send it\n"
                      "[1420] 0 > send 1 log fb67 1..1\n"
                      "[1430] 1 > 0 brings log fb67 1..1 -> store\n"
                      "[1440] 0 > 1 has log fb67 up to 1\n"
                      "[1690] 0 > in sync with 1\n"
                      "[1700] 1 > in sync with 0\n");
    CHECK_EQ(c.nodes[1].delivered, 1);
    cluster_close(&c);
}

/* Somebody with a key to the door would read the cell's records without being of the cell. */
TEST(stranger_gets_nothing_but_may_bring_its_admission)
{
    cluster_init(&c, 2, test_seed());
    cluster_publish(&c, 0, LANE_CONTROL, "genesis");
    cluster_publish(&c, 0, LANE_MEETING, "secret");
    cluster_publish(&c, 1, LANE_CONTROL, "log open");
    cluster_publish(&c, 1, LANE_BULK, "voice note");
    c.nodes[0].knows[1] = false;
    c.telling = true;
    cluster_link(&c, 1, 0);
    cluster_run(&c, 3000);
    CLUSTER_TRACE(&c, "[   0] 1 > link 0 up -> greet\n"
                      "[   0] 0 > link 1 up -> wait for its greeting\n"
                      "[  10] 0 > 1 greets as nobody known -> answer\n"
                      "[  10] 0 > list 2 logs for 1\n"
                      "[  20] 1 > 0 is nobody whose key we have -> hello\n"
                      "[  30] 0 > 1 is a stranger\n"
                      "[  40] 1 > 0 is a member\n"
                      "[  40] 1 > 0 takes us for a stranger -> send control records\n"
                      "[  40] 1 > send 0 log d824 1..1\n"
                      "[  50] 0 > 1 brings log d824 1..1 -> store\n"
                      "[  60] 1 > 0 has log d824 up to 1\n");
    CHECK_EQ(cluster_records(&c, 1), 2); /* its own */
    CHECK_EQ(cluster_records(&c, 0), 3); /* with its control record, not its voice note */
    CHECK_EQ(cluster_view(&c, 1, 0).in_sync, false);
    cluster_admit(&c, 0, 1, true);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000));
    CLUSTER_TRACE(&c, "[3000] 0 > 1 is a member\n"
                      "[3000] 0 > list 3 logs for 1\n"
                      "[3010] 1 > 0 differs in 3 logs -> list them, take what it has\n"
                      "[3010] 1 > send 0 log 9cb8 1..1\n"
                      "[3020] 0 > answer of 1: it lacks 2, has 0 more\n"
                      "[3020] 0 > send 1 log 1a9c 1..1\n"
                      "[3020] 0 > send 1 log fb67 1..1\n"
                      "[3020] 0 > 1 brings log 9cb8 1..1 -> store\n"
                      "[3030] 1 > 0 brings log 1a9c 1..1 -> store\n"
                      "[3030] 1 > 0 brings log fb67 1..1 -> store\n"
                      "[3030] 1 > 0 has log 9cb8 up to 1\n"
                      "[3040] 0 > 1 has log 1a9c up to 1\n"
                      "[3040] 0 > 1 has log fb67 up to 1\n"
                      "[3280] 1 > in sync with 0\n"
                      "[3290] 0 > in sync with 1\n");
    CHECK_EQ(cluster_records(&c, 1), 4);
    CHECK(cluster_agrees(&c));
    cluster_close(&c);
}

/* A member who was removed would go on listening until it hangs up by itself. */
TEST(removed_member_is_dropped_at_once)
{
    cluster_init(&c, 2, test_seed());
    cluster_link(&c, 0, 1);
    cluster_run(&c, 400);
    c.telling = true;
    cluster_admit(&c, 0, 1, false);
    cluster_publish(&c, 0, LANE_MEETING, "after the removal");
    cluster_run(&c, 100);
    CLUSTER_TRACE(&c, "[ 400] 0 > 1 is no member any more -> drop it\n"
                      "[ 400] 0 > own log fb67 reaches 1\n"
                      "[ 410] 1 > link 0 down\n");
    CHECK_EQ(cluster_records(&c, 1), 0);
    cluster_close(&c);
}

/* A chunk would be lost with the first device that has it, though another holds it too. */
TEST(blob_comes_from_the_second_holder_when_the_first_leaves)
{
    uint8_t name[32];
    cluster_init(&c, 3, test_seed());
    cluster_link_all(&c);
    cluster_put_blob(&c, 1, span_text("a draft"), name);
    cluster_run(&c, 1000);
    c.telling = true;
    (void)cluster_step(&c, 0, (struct mesh_in){.type = MESH_IN_WANT, .bytes = SPAN(name, 32)});
    cluster_run(&c, 5);
    cluster_kill(&c, 1); /* asked, and gone */
    cluster_put_blob(&c, 2, span_text("a draft"), name);
    cluster_run(&c, 100);
    CLUSTER_TRACE(&c, "[1000] 0 > ask 1 for blob 8b48\n"
                      "[1005] 0 > link 1 down\n"
                      "[1005] 0 > ask 2 for blob 8b48\n"
                      "[1005] 2 > link 1 down\n"
                      "[1015] 2 > 0 wants blob 8b48 -> send it\n"
                      "[1025] 0 > 2 brings blob 8b48 -> store\n"
                      "[1025] 0 > all of 8b48 is here\n");
    CHECK(cluster_has_blob(&c, 0, name));
    CHECK_EQ(c.nodes[0].blobs_here, 1);
    cluster_close(&c);
}

/* Each record would cross the room once for every pair instead of once for every listener. */
TEST(record_crosses_each_needed_link_once_in_a_room_of_three)
{
    cluster_init(&c, 3, test_seed());
    cluster_link_all(&c);
    cluster_run(&c, 1000);
    c.telling = true;
    cluster_publish(&c, 0, LANE_MEETING, "motion: open the window");
    cluster_run(&c, 200);
    CLUSTER_TRACE(&c, "[1000] 0 > own log fb67 reaches 1\n"
                      "[1000] 0 > send 1 log fb67 1..1\n"
                      "[1000] 0 > send 2 log fb67 1..1\n"
                      "[1010] 1 > 0 brings log fb67 1..1 -> store\n"
                      "[1010] 2 > 0 brings log fb67 1..1 -> store\n"
                      "[1020] 0 > 1 has log fb67 up to 1\n"
                      "[1020] 0 > 2 has log fb67 up to 1\n");
    CHECK_EQ(c.records_sent, 2);
    CHECK(cluster_agrees(&c));
    cluster_close(&c);
}

/* Urgent records would wait behind voice notes. */
TEST(control_records_go_before_meeting_before_bulk)
{
    cluster_init(&c, 2, test_seed());
    cluster_publish(&c, 0, LANE_BULK, "a voice note");
    cluster_publish(&c, 0, LANE_MEETING, "a motion");
    cluster_publish(&c, 0, LANE_CONTROL, "a removal");
    c.telling = true;
    cluster_link(&c, 0, 1);
    cluster_run(&c, 45);
    CLUSTER_TRACE(&c, "[   0] 0 > link 1 up -> greet\n"
                      "[   0] 1 > link 0 up -> wait for its greeting\n"
                      "[  10] 1 > 0 greets as somebody known -> answer\n"
                      "[  10] 1 > list 0 logs for 0\n"
                      "[  20] 0 > 1 is a member\n"
                      "[  20] 0 > 1 differs in 3 logs -> list them\n"
                      "[  20] 0 > send 1 log 1a9c 1..1\n"
                      "[  20] 0 > send 1 log fb67 1..1\n"
                      "[  20] 0 > send 1 log f449 1..1\n"
                      "[  30] 1 > 0 is a member\n"
                      "[  30] 1 > answer of 0: it lacks 0, has 0 more\n"
                      "[  30] 1 > 0 brings log 1a9c 1..1 -> store\n"
                      "[  30] 1 > 0 brings log fb67 1..1 -> store\n"
                      "[  30] 1 > 0 brings log f449 1..1 -> store\n"
                      "[  40] 0 > 1 has log 1a9c up to 1\n"
                      "[  40] 0 > 1 has log fb67 up to 1\n"
                      "[  40] 0 > 1 has log f449 up to 1\n");
    cluster_close(&c);
}
