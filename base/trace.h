/* One line of story for a reader: "[ 512] 1 > hello from 2, it lacks 1 record -> offer".
 *
 * Pure code speaks only through this. The same lines are the node's debug log, the simulator's
 * story and the golden files of tests. Never a key, never a name the meeting did not publish. */
#ifndef HOP_BASE_TRACE_H
#define HOP_BASE_TRACE_H

struct trace {
    void (*line)(void *ctx, const char *text); /* NULL: silence, at the cost of a branch */
    void *ctx;
};

#define TRACE_LINE_BYTES_MAX 256 /* longer lines are cut: a trace is for reading */

void trace(const struct trace *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
