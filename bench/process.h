/* The program hop as a process of its own, and its API over the unix socket. */
#ifndef HOP_BENCH_PROCESS_H
#define HOP_BENCH_PROCESS_H

#include "bench/report.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define BENCH_HTTP_BYTES_MAX (1u << 20)

static inline void bench_pause_us(long us)
{
    const struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&t, NULL);
}

static pid_t bench_nodes[2]; /* running: they end with us, however we end */

static inline void bench_kill_nodes(void)
{
    for (size_t i = 0; i < 2; i++) {
        if (bench_nodes[i] > 0)
            (void)kill(bench_nodes[i], SIGKILL);
    }
}

static inline void bench_note_node(pid_t before, pid_t after)
{
    static bool registered;
    if (!registered)
        (void)atexit(bench_kill_nodes);
    registered = true;
    bench_nodes[bench_nodes[0] == before ? 0 : 1] = after;
}

/* `hop run` on dir, with these further arguments (NULL ends them). */
static inline pid_t bench_run_node(const char *dir, const char *const *more)
{
    const char *hop = getenv("HOP");
    char passphrase[400], log[400];
    (void)snprintf(passphrase, sizeof passphrase, "%s/passphrase", dir);
    (void)snprintf(log, sizeof log, "%s/output", dir);
    const char *args[32] = {hop != NULL ? hop : "build/release-gcc/hop",
                            "run",
                            "--dir",
                            dir,
                            "--passphrase-file",
                            passphrase,
                            "--quiet",
                            "--no-open",
                            "--no-multicast",
                            "--bind",
                            "127.0.0.1"};
    size_t count = 11;
    while (*more != NULL && count < 31)
        args[count++] = *more++;
    pid_t pid = fork();
    bench_must(pid >= 0, "start a process");
    if (pid > 0) {
        bench_note_node(0, pid);
        return pid;
    }
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    char *argv[32];
    memcpy(argv, args, sizeof argv);
    (void)execv(args[0], argv);
    _exit(127);
}

static inline void bench_stop_node(pid_t pid)
{
    int status;
    (void)kill(pid, SIGTERM);
    bench_must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
               "a node stops when told to");
    bench_note_node(pid, 0);
}

/* CPU time of all threads of a process so far. */
static inline double bench_process_cpu_us(pid_t pid)
{
    clockid_t clock;
    bench_must(clock_getcpuclockid(pid, &clock) == 0, "read the CPU time of a node");
    return bench_clock_us(clock);
}

/* A connection to dir/api.sock, or -1 while nobody listens. */
static inline int bench_connect(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bench_must((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/api.sock", dir) <
                   sizeof address.sun_path,
               "a short path for the socket");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* One request on a connection that stays open; the body of the reply, valid until the next. Any
 * answer but 200 ends the run. */
static inline const char *bench_ask(int fd, const char *method, const char *path, const char *body)
{
    static char text[BENCH_HTTP_BYTES_MAX];
    size_t size = 0, whole = 0;
    int n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", method,
                     path, strlen(body), body);
    bench_must(n > 0 && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n, "send a request");
    char *start = NULL;
    while (whole == 0 || size < whole) {
        ssize_t got = recv(fd, text + size, sizeof text - 1 - size, 0);
        bench_must(got > 0, "read a reply");
        size += (size_t)got;
        text[size] = '\0';
        start = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (start != NULL && length != NULL)
            whole = (size_t)(start + 4 - text) + strtoul(length + 16, NULL, 10);
    }
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        (void)fprintf(stderr, "%s %s: %s\n", method, path, text);
    bench_must(strncmp(text, "HTTP/1.1 200", 12) == 0, "an answer of 200");
    return start + 4;
}

/* The number behind "key": in a JSON text. */
static inline uint64_t bench_number(const char *json, const char *key)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = strstr(json, pattern);
    bench_must(at != NULL, "find a number in a reply");
    return strtoull(at + strlen(pattern), NULL, 10);
}

/* Wait for the node of dir, and ask its status. */
static inline int bench_wait_for_node(const char *dir)
{
    double give_up = bench_now_us() + 60e6;
    int fd;
    while ((fd = bench_connect(dir)) < 0) {
        bench_must(bench_now_us() < give_up, "a node that answers");
        bench_pause_us(1000);
    }
    (void)bench_ask(fd, "GET", "/api/status", "");
    return fd;
}

#endif
