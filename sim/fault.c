/* What should not happen and does: somebody puts back an old copy of a device's files.
 *
 * Of the records only (restore): the device sees it at its start and writes to new logs; nothing is
 * lost, because the others have what it wrote. Of the whole directory (fork): nothing in it can
 * tell, so the device that writes before it meets anybody signs a number twice. The others prove
 * it, all end the log there, and the device goes on in new logs as soon as it hears. */
#include "sim/world.h"

#include "cell/record.h"

/* Seconds of the play. Between the copy and its return the device is started anew and writes: what
 * was copied and put back within one stretch of writing only its peers can tell (device/keys.h). */
#define COPY_AT    30
#define CRASH_AT   36
#define WRITE_AT   38
#define RESTORE_AT 60

static uint32_t victim(const struct sim_world *w)
{
    return (uint32_t)w->options.nodes - 1;
}

void sim_fault_plan(struct sim_world *w)
{
    if (!w->options.fork && !w->options.restore)
        return;
    sim_push(w, (struct sim_event){
                    .at = COPY_AT * HOP_SECOND, .type = SIM_EVENT_COPY, .node = victim(w)});
    sim_push(w, (struct sim_event){
                    .at = CRASH_AT * HOP_SECOND, .type = SIM_EVENT_CRASH, .node = victim(w)});
    sim_play_opinion(w, WRITE_AT * HOP_SECOND, victim(w));
    sim_push(w, (struct sim_event){
                    .at = RESTORE_AT * HOP_SECOND, .type = SIM_EVENT_RESTORE, .node = victim(w)});
}

/* Records and the mark of the session: what a copy of the file would hold. */
static int copy_store(struct store *from, struct store *to)
{
    uint8_t log[32];
    uint64_t seq;
    struct span bytes;
    int err = HOP_OK;
    for (uint64_t i = 0; err == HOP_OK && store_arrival(from, i, log, &seq) == HOP_OK; i++) {
        struct record r;
        struct store_tip tip = {.seq = seq};
        err = store_get(from, log, seq, &bytes);
        if (err == HOP_OK)
            err = record_parse(&r, bytes);
        if (err != HOP_OK)
            return err;
        record_id(tip.head, r.header, r.text);
        err = store_append(to, log, &tip, bytes);
    }
    if (err == HOP_OK && store_find(from, STORE_META, span_text("session"), &bytes) == HOP_OK)
        err = store_put(to, STORE_META, span_text("session"), bytes);
    return err == HOP_OK ? store_commit(to) : err;
}

void sim_fault_copy(struct sim_world *w, struct sim_node *n)
{
    sim_trace(w, "somebody copies the files of node %u", (unsigned)n->index);
    n->copy = store_memory_new(0);
    n->copy_keys = n->saved;
    if (n->copy == NULL || copy_store(n->store, n->copy) != HOP_OK)
        sim_fail(w, "node %u could not be copied", (unsigned)n->index);
}

void sim_fault_restore(struct sim_world *w, struct sim_node *n)
{
    sim_trace(w, "somebody puts back the old %s of node %u",
              w->options.fork ? "directory" : "records", (unsigned)n->index);
    if (w->options.fork)
        n->saved = n->copy_keys;
    store_close(n->store);
    n->store = n->copy;
    n->copy = NULL;
    sim_node_crash(w, n);
    if (w->options.fork)
        sim_play_opinion(w, w->now, n->index); /* at once: nobody has been met */
}

/* All know the same; and there is none if the device heard of its own records before it wrote. */
void sim_fault_check(struct sim_world *w)
{
    size_t most = w->options.fork ? device_forks(w->nodes[0].device, NULL, 0) : 0;
    if (most > 1)
        sim_fail(w, "%zu logs are forked", most);
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        struct device_fork fork;
        size_t forks = device_forks(w->nodes[i].device, &fork, 1);
        if (forks != most)
            sim_fail(w, "node %u knows of %zu forks", (unsigned)i, forks);
        else if (forks > 0 && memcmp(fork.ik, w->nodes[victim(w)].keys.ik.public_key, 32) != 0)
            sim_fail(w, "node %u names another device than %u", (unsigned)i, (unsigned)victim(w));
    }
    if ((w->options.fork || w->options.restore) && w->nodes[victim(w)].keys.incarnation < 2)
        sim_fail(w, "node %u still writes to its old logs", (unsigned)victim(w));
}
