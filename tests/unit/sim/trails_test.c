/* Files of contacts and movement that people have: read whole, or refused with the line. */
#include "sim/trails.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/test.h"

static char path[64];

static const char *file(const char *text)
{
    (void)snprintf(path, sizeof path, "/tmp/hop-trails-XXXXXX");
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    return path;
}

typedef int reader(struct sim_trails *t, const char *path, char why[static SIM_MESSAGE_BYTES]);

static int take(reader *read, struct sim_trails *t, const char *text, char *why)
{
    *t = (struct sim_trails){0};
    int err = read(t, file(text), why);
    (void)unlink(path);
    return err;
}

/* Contacts read wrongly would be compared with somebody else's results. */
TEST(trails_read_connections_and_messages_of_the_one)
{
    struct sim_trails t;
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(take(sim_trails_one, &t,
                  "# a comment\n1 CONN 3 p4 up\n2.5 C M1 3 4 2000\n9.25\tCONN 3 p4 down\n\n", why));
    CHECK_EQ(t.meetings_count, 2);
    CHECK_EQ(t.meetings[1].at, 9250000);
    CHECK(t.meetings[0].up && !t.meetings[1].up && t.meetings[0].b == 4);
    CHECK_EQ(t.messages_count, 1);
    CHECK_EQ(t.messages[0].size, 2000);
    CHECK_EQ(t.nodes, 5);
    sim_trails_done(&t);
}

TEST(trails_read_links_with_and_without_a_heading)
{
    struct sim_trails t;
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(take(sim_trails_links, &t, "a,b,quality\r\n165,0,0.9\r\n0;141\n", why));
    CHECK_EQ(t.meetings_count, 2);
    CHECK_EQ(t.nodes, 166);
    sim_trails_done(&t);
}

TEST(trails_read_setdest_movement)
{
    struct sim_trails t;
    char why[SIM_MESSAGE_BYTES];
    CHECK_OK(take(sim_trails_setdest, &t,
                  "# nodes: 2\n$node_(1) set X_ 12.5\n$node_(1) set Y_ 3\n$node_(1) set Z_ 0\n"
                  "$ns_ at 7.5 \"$node_(1) setdest 20.0 30.0 1.5\"\n",
                  why));
    CHECK_EQ(t.legs_count, 2);
    CHECK(t.legs[0].speed == 0 && t.legs[0].to.x == 12500 && t.legs[0].to.y == 3000);
    CHECK(t.legs[1].at == 7500000 && t.legs[1].speed == 1500 && t.legs[1].to.y == 30000);
    sim_trails_done(&t);
}

/* Half a file read in silence gives half the contacts. */
TEST(trails_name_the_line_that_does_not_fit)
{
    static const char *const bad[] = {
        "1 CONN 3 4 up\nx CONN 3 4 up\n", "1 CONN 3 4 up\n1 CONN 3 3 up\n",
        "1 CONN 3 4 up\n1 CONN 3 4 sideways\n", "1 CONN 3 4 up\n1 CONN 3 99999999999 up\n",
        "1 CONN 3 4 up\n1 CONN\n"};
    struct sim_trails t;
    char why[SIM_MESSAGE_BYTES];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(take(sim_trails_one, &t, bad[i], why), HOP_EMALFORMED);
        CHECK(strstr(why, "line 2") != NULL);
        sim_trails_done(&t);
    }
    CHECK_ERR(take(sim_trails_links, &t, "1,2\nx,y\n", why), HOP_EMALFORMED);
    sim_trails_done(&t);
    CHECK_ERR(sim_trails_one(&t, "/tmp/no-such-file", why), HOP_ENOTFOUND);
}
