/* What must hold, by name. A check that fails ends the run and names itself, so that shrinking can
 * tell one failure from another. docs/simulator.md says what each means. */
#ifndef HOP_SIM_CHECK_H
#define HOP_SIM_CHECK_H

#include "sim/world.h"

#define SIM_CHECKS(X)                                                                              \
    X(CHECK_NO_LOST_ACK, "no-lost-ack", "what was committed is there after any loss of power")     \
    X(CHECK_NO_FORGERY, "no-forgery",                                                              \
      "every record that is kept was committed, to the byte, by the device it names")              \
    X(CHECK_CAUSAL, "causal", "logs have no gap, and nothing is shown before what it had seen")    \
    X(CHECK_CONVERGE, "converge", "in the end whoever can reach each other has the same records")  \
    X(CHECK_SAME_STATE, "same-state", "equal records show equal meetings, at any time")            \
    X(CHECK_ORDER_FREE, "order-free",                                                              \
      "the records give the same meetings in any order of arrival")                                \
    X(CHECK_DECIDED_ONCE, "decided-once", "a closed vote has one result, everywhere")              \
    X(CHECK_CONFIDENTIAL, "confidential", "no frame shows what was written")                       \
    X(CHECK_BOUNDED, "bounded-memory", "queues, links and what waits stay under their limits")     \
    X(CHECK_AMPLIFICATION, "no-amplification", "a stranger who sends nothing is sent little")      \
    X(CHECK_LIVELOCK, "no-livelock", "when all is level, links grow quiet")                        \
    X(CHECK_PROGRESS, "reach", "at least `reach` of what was possible was delivered")              \
    X(CHECK_DISK_FULL, "disk-full-safe",                                                           \
      "after a full disk, writing works again and nothing is lost")                                \
    X(CHECK_ONE_CELL, "one-cell",                                                                  \
      "in the end all who are in the cell show one cell and write under one epoch; who is out "    \
      "has no key of it")                                                                          \
    X(CHECK_MESH, "mesh", "the indexes inside every mesh hold together")

enum sim_check {
#define X(name, text, means) name,
    SIM_CHECKS(X)
#undef X
        CHECK_COUNT
};

const char *sim_check_name(enum sim_check c);
const char *sim_check_means(enum sim_check c);
/* Is it asked for? An empty list in the scenario asks for all that make sense there. */
bool sim_check_on(const struct sim_world *w, enum sim_check c);
/* HOP_EMALFORMED, with a sentence, if the scenario names one that is not there. */
MUST_USE int sim_check_names(const struct sim_scenario *s, char why[static SIM_MESSAGE_BYTES]);

/* Made as the run goes. */
void sim_check_frame(struct sim_world *w, const struct sim_node *n, const struct sim_link *l,
                     unsigned way, struct span bytes);
void sim_check_kept(struct sim_world *w, struct sim_node *n); /* before it starts again */
void sim_check_sample(struct sim_world *w);
/* Made when it is over. */
void sim_check_end(struct sim_world *w);

#define SIM_MARK                                                                                   \
    "words number" /* what every opinion and motion of a simulated member begins with */

#endif
