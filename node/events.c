#include "node/events.h"

#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/encode.h"
#include "meeting/meeting.h"

#define TELL_INTERVAL  (100 * HOP_MS) /* a person sees no difference below it */
#define ALIVE_INTERVAL (15 * HOP_SECOND)
#define OUT_BYTES_MAX  (64u << 10) /* a page that does not read so much is not reading */

/* ---- the stream of one watcher ---- */

static void wake(struct watcher *w)
{
    if (w->suspended) {
        w->suspended = false;
        MHD_resume_connection(w->connection);
    }
}

static void tell(struct watcher *w, const char *bytes)
{
    if (w->out.size - w->sent > OUT_BYTES_MAX)
        w->ended = true;
    buf_text(&w->out, bytes);
    wake(w);
}

/* libmicrohttpd asks for more; with nothing to say the connection sleeps until wake(). */
static ssize_t read_stream(void *ctx, uint64_t position, char *ret, size_t max)
{
    struct watcher *w = ctx;
    (void)position;
    size_t left = w->out.size - w->sent;
    if (left == 0 && (w->ended || w->out.bad))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (left == 0) {
        buf_free(&w->out);
        w->sent = 0;
        w->suspended = true;
        MHD_suspend_connection(w->connection);
        return 0;
    }
    size_t n = left < max ? left : max;
    memcpy(ret, w->out.data + w->sent, n);
    w->sent += n;
    return (ssize_t)n;
}

static void close_stream(void *ctx)
{
    struct watcher *w = ctx;
    buf_free(&w->out);
    w->open = false;
}

/* ---- what has changed ---- */

static void digest_of(struct http *h, const char *path, uint8_t ret[static 16])
{
    struct api_reply r;
    struct api_request rq = {.method = "GET", .path = path, .query = "lang=en"};
    (void)api_handle(h->node, &rq, &r);
    hop_hash(ret, 16, LABEL_STATE, buf_written(&r.body));
    api_reply_free(&r);
}

/* Record the digest of path; true if it is new or another. */
static bool changed(struct http *h, const char *path)
{
    uint8_t digest[16];
    size_t i = 0;
    digest_of(h, path, digest);
    while (i < h->watched_count && strcmp(h->watched[i].path, path) != 0)
        i++;
    if (i == WATCHED_MAX)
        return true; /* more meetings than we keep digests of: say so each time */
    struct watched *w = &h->watched[i];
    if (i < h->watched_count && memcmp(w->digest, digest, sizeof digest) == 0)
        return false;
    (void)snprintf(w->path, sizeof w->path, "%s", path);
    memcpy(w->digest, digest, sizeof digest);
    h->watched_count += i == h->watched_count;
    return true;
}

static void add_if_changed(struct http *h, const char *path, struct buf *paths)
{
    if (changed(h, path))
        buf_printf(paths, "%s\"%s\"", paths->size == 0 ? "" : ",", path);
}

/* The paths that changed, as the inside of a JSON list. */
static void collect(struct http *h, struct buf *ret)
{
    static const char *const lists[] = {"/api/status",  "/api/members",  "/api/devices",
                                        "/api/cell",    "/api/groups",   "/api/meetings",
                                        "/api/ignored", "/api/pairings", "/api/join"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        add_if_changed(h, lists[i], ret);
    const struct meeting_state *s = device_meetings(h->node->device);
    for (size_t i = 0; i < meeting_count(s); i++) {
        char path[96], hex[HEX_SIZE(32)];
        hex_encode(hex, SPAN(meeting_at(s, i)->id, 32));
        (void)snprintf(path, sizeof path, "/api/meetings/%s", hex);
        add_if_changed(h, path, ret);
    }
}

bool events_watched(const struct http *h)
{
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
        if (h->watchers[i].open)
            return true;
    }
    return false;
}

static void set_timer(struct http *h, hop_time after)
{
    struct itimerspec t = {.it_value = {.tv_sec = (time_t)(after / HOP_SECOND),
                                        .tv_nsec = (long)(after % HOP_SECOND) * 1000 + 1}};
    (void)timerfd_settime(h->timer, 0, &t, NULL);
}

void events_soon(struct http *h)
{
    set_timer(h, 0);
}

void events_turn(struct http *h)
{
    struct buf paths = {0};
    if (!h->dirty)
        return;
    if (h->told != 0 && h->node->now < h->told + TELL_INTERVAL) {
        set_timer(h, h->told + TELL_INTERVAL - h->node->now);
        return;
    }
    h->dirty = false;
    h->told = h->node->now;
    collect(h, &paths);
    if (paths.size > 0 && !paths.bad) {
        struct buf event = {0};
        buf_printf(&event, "event: changed\ndata: {\"paths\":[%s]}\n\n", buf_string(&paths));
        for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
            if (h->watchers[i].open)
                tell(&h->watchers[i], buf_string(&event));
        }
        buf_free(&event);
    }
    buf_free(&paths);
    set_timer(h, ALIVE_INTERVAL);
}

void events_timer(struct http *h)
{
    if (h->dirty) /* that is what it was set for */
        return;
    events_alive(h);
}

void events_alive(struct http *h)
{
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
        if (h->watchers[i].open)
            tell(&h->watchers[i], ": here\n\n");
    }
    if (events_watched(h))
        set_timer(h, ALIVE_INTERVAL);
}

void events_close(struct http *h)
{
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
        if (h->watchers[i].open) {
            h->watchers[i].ended = true;
            wake(&h->watchers[i]);
        }
    }
}

/* ---- opening ---- */

static struct watcher *free_watcher(struct http *h)
{
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
        if (!h->watchers[i].open)
            return &h->watchers[i];
    }
    return NULL;
}

enum MHD_Result events_open(const struct listener *l, struct MHD_Connection *connection,
                            const struct exchange *x)
{
    struct http *h = l->http;
    struct watcher *w = free_watcher(h);
    struct buf before = {0};
    (void)x;
    struct MHD_Response *response =
        w == NULL
            ? MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT)
            : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, w,
                                                close_stream);
    if (response == NULL)
        return MHD_NO;
    if (w == NULL)
        events_alive(h); /* pages that are gone are found by writing to them */
    if (w != NULL) {
        if (!events_watched(h)) { /* from here on, changes are relative to now */
            collect(h, &before);
            buf_free(&before);
        }
        *w = (struct watcher){.http = h, .connection = connection, .open = true};
        buf_text(&w->out, "retry: 1000\nevent: hello\ndata: {}\n\n");
        set_timer(h, ALIVE_INTERVAL);
        (void)MHD_add_response_header(response, "Content-Type", "text/event-stream");
    }
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result r = MHD_queue_response(connection, w == NULL ? 503 : 200, response);
    MHD_destroy_response(response);
    return r;
}
