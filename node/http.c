#include "node/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/encode.h"
#include "node/events.h"
#include "node/files.h"
#include "node/guard.h"
#include "node/http_part.h"
#include "node/web_assets.h"

#define TOKEN_BYTES        32
#define RUNS_PER_TURN      16
#define STREAM_BLOCK_BYTES (64u << 10)
#define OPENING_PAGE       "open.html"

static void (*show_page)(const char *path);

void http_on_page(void (*show)(const char *path))
{
    show_page = show;
}

const char *http_link(const struct node *n)
{
    return n->http == NULL ? "" : n->http->link;
}

uint16_t http_port(const struct node *n)
{
    return n->http == NULL ? 0 : n->http->port;
}

/* ---- who may ask ---- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool here(const struct http *h, const char *authority)
{
    char ip[32], name[32];
    (void)snprintf(ip, sizeof ip, "127.0.0.1:%u", (unsigned)h->port);
    (void)snprintf(name, sizeof name, "localhost:%u", (unsigned)h->port);
    return strcmp(authority, ip) == 0 || strcmp(authority, name) == 0;
}

/* A page of another site that a browser on this machine shows must not get anywhere. It may lead to
 * our page, as the one that opens it does; what the page then asks for is its own doing. */
static enum text_id foreign(const struct http *h, struct MHD_Connection *connection, bool api)
{
    const char *host = header(connection, "Host");
    const char *origin = header(connection, "Origin");
    const char *site = header(connection, "Sec-Fetch-Site");
    if (host == NULL || !here(h, host))
        return HTTP_FOREIGN_HOST;
    if (origin != NULL && (strncmp(origin, "http://", 7) != 0 || !here(h, origin + 7)))
        return HTTP_FOREIGN_ORIGIN;
    if (api && site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return HTTP_FOREIGN_ORIGIN;
    return TEXT_NONE;
}

static bool is_token(const struct http *h, const char *s)
{
    return s != NULL && strlen(s) == HTTP_TOKEN_CHARACTERS &&
           hop_equal((const uint8_t *)s, (const uint8_t *)h->token, HTTP_TOKEN_CHARACTERS);
}

static bool has_token(const struct http *h, struct MHD_Connection *connection)
{
    const char *bearer = header(connection, "Authorization");
    if (bearer != NULL && strncasecmp(bearer, "Bearer ", 7) == 0)
        return is_token(h, bearer + 7);
    return is_token(h, MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, h->cookie));
}

/* TEXT_NONE when the request may go on; *ret_status otherwise. */
static enum text_id refusal(const struct listener *l, struct MHD_Connection *connection,
                            const char *path, unsigned *ret_status)
{
    bool api = strncmp(path, "/api/", 5) == 0;
    enum text_id why = l->unix_socket ? TEXT_NONE : foreign(l->http, connection, api);
    *ret_status = 403;
    if (why == TEXT_NONE && !l->unix_socket && api && !has_token(l->http, connection)) {
        *ret_status = 401;
        why = HTTP_NO_TOKEN;
    }
    return why;
}

/* ---- replies ---- */

static void add_headers(struct MHD_Response *response, const char *type, const char *policy)
{
    const char *const headers[][2] = {
        {"Content-Type", type},
        {"Content-Security-Policy", policy},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

#define POLICY_NOTHING "default-src 'none'; frame-ancestors 'none'"

/* Takes b's bytes. */
static enum MHD_Result reply_bytes(struct MHD_Connection *connection, unsigned status,
                                   const char *type, const char *policy, struct buf *b)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        b->size, b->data == NULL ? (void *)(uintptr_t) "" : b->data,
        b->data == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        buf_free(b);
        return MHD_NO;
    }
    *b = (struct buf){0};
    add_headers(response, type, policy);
    if (strcmp(type, "application/octet-stream") == 0)
        (void)MHD_add_response_header(response, "Content-Disposition", "attachment");
    enum MHD_Result r = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return r;
}

static ssize_t read_stream(void *ctx, uint64_t at, char *room, size_t max)
{
    struct api_stream *s = ctx;
    size_t size;
    int err = s->read(s->ctx, at, (uint8_t *)room, max, &size);
    return err == HOP_OK && size > 0 ? (ssize_t)size : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_stream(void *ctx)
{
    struct api_stream *s = ctx;
    free(s->ctx);
    free(s);
}

/* Takes the stream. */
static enum MHD_Result reply_stream(struct MHD_Connection *connection, const char *type,
                                    struct api_stream *stream)
{
    struct api_stream *s = malloc(sizeof *s);
    if (s == NULL) {
        free(stream->ctx);
        return MHD_NO;
    }
    *s = *stream;
    *stream = (struct api_stream){0};
    struct MHD_Response *response =
        MHD_create_response_from_callback(s->size, STREAM_BLOCK_BYTES, read_stream, s, free_stream);
    if (response == NULL) {
        free_stream(s);
        return MHD_NO;
    }
    add_headers(response, type, POLICY_NOTHING);
    (void)MHD_add_response_header(response, "Content-Disposition", "attachment");
    enum MHD_Result r = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return r;
}

static struct api_request request_of(struct MHD_Connection *connection, const struct exchange *x)
{
    return (struct api_request){.method = x->method,
                                .path = x->path,
                                .query = x->query,
                                .accept_language = header(connection, "Accept-Language"),
                                .body = buf_written(&x->body)};
}

static enum MHD_Result reply_refusal(const struct listener *l, struct MHD_Connection *connection,
                                     struct exchange *x, unsigned status, enum text_id why)
{
    struct api_reply reply = {0};
    struct api_request rq = request_of(connection, x);
    struct text_said said;
    char max[24];
    (void)snprintf(max, sizeof max, "%zu", x->body_max >> 20);
    (void)text_say(&said, why, 1, max);
    api_refuse(&reply, (int)status, api_request_lang(l->http->node, &rq), &said);
    return reply_bytes(connection, status, reply.content_type, POLICY_NOTHING, &reply.body);
}

/* ---- the pages ---- */

static const struct web_asset *find_asset(const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;
    for (unsigned i = 0; i < web_assets_count; i++) {
        if (strcmp(web_assets[i].path, name) == 0)
            return &web_assets[i];
    }
    return NULL;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

/* Scripts and styles run only with the nonce of this reply, so that no text that somebody wrote
 * into a meeting can become a script. */
static enum MHD_Result reply_asset(const struct listener *l, struct MHD_Connection *connection,
                                   const struct web_asset *a)
{
    static const char mark[] = "@NONCE@";
    uint8_t random[16];
    char nonce[HEX_SIZE(sizeof random)], policy[320];
    struct buf page = {0};
    hop_drbg_take(&l->http->node->drbg, random, sizeof random);
    hex_encode(nonce, SPAN(random, sizeof random));
    (void)snprintf(policy, sizeof policy,
                   "default-src 'none'; script-src 'self' 'nonce-%s'; style-src 'self' 'nonce-%s'; "
                   "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
                   "frame-ancestors 'none'",
                   nonce, nonce);
    const char *p = (const char *)a->bytes, *end = p + a->size, *at;
    bool html = strstr(a->path, ".html") != NULL;
    while (html && (at = strstr(p, mark)) != NULL) {
        buf_bytes(&page, (const uint8_t *)p, (size_t)(at - p));
        buf_text(&page, nonce);
        p = at + sizeof mark - 1;
    }
    buf_bytes(&page, (const uint8_t *)p, (size_t)(end - p));
    return reply_bytes(connection, 200, type_of(a->path), policy, &page);
}

/* The opening link: keep the token in a cookie that no script and no other site sees, and go to the
 * plain address, so that the token does not stay in the history. Cookies do not tell ports apart,
 * so the name does. */
static enum MHD_Result reply_opening(const struct http *h, struct MHD_Connection *connection)
{
    char cookie[200];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    (void)snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/", h->cookie,
                   h->token);
    add_headers(response, "text/plain; charset=utf-8", POLICY_NOTHING);
    (void)MHD_add_response_header(response, "Set-Cookie", cookie);
    (void)MHD_add_response_header(response, "Location", "/");
    enum MHD_Result r = MHD_queue_response(connection, 303, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result reply_page(const struct listener *l, struct MHD_Connection *connection,
                                  struct exchange *x)
{
    const char *token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
    const struct web_asset *a = find_asset(x->path);
    bool get = strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;
    if (a == NULL || !get)
        return reply_refusal(l, connection, x, a == NULL ? 404 : 405, HTTP_NO_SUCH_PAGE);
    if (token != NULL && strcmp(x->path, "/") == 0) {
        if (l->unix_socket || !is_token(l->http, token))
            return reply_refusal(l, connection, x, 401, HTTP_NO_TOKEN);
        return reply_opening(l->http, connection);
    }
    return reply_asset(l, connection, a);
}

/* ---- one exchange ---- */

static enum MHD_Result reply(const struct listener *l, struct MHD_Connection *connection,
                             struct exchange *x)
{
    if (x->refused != TEXT_NONE)
        return reply_refusal(l, connection, x, x->refused_status, x->refused);
    /* pages ask by themselves for what has changed: that is no sign of a person */
    if (l->unix_socket || strcmp(x->method, "GET") != 0)
        guard_used(l->http->node);
    if (strcmp(x->path, "/api/events") == 0 && strcmp(x->method, "GET") == 0 &&
        !l->http->node->locked)
        return events_open(l, connection, x);
    if (strncmp(x->path, "/api/", 5) != 0)
        return reply_page(l, connection, x);
    struct api_reply r;
    struct api_request rq = request_of(connection, x);
    (void)api_handle(l->http->node, &rq, &r);
    if (r.stream.ctx != NULL)
        return reply_stream(connection, r.content_type, &r.stream);
    return reply_bytes(connection, (unsigned)r.status, r.content_type, POLICY_NOTHING, &r.body);
}

static enum MHD_Result keep_query(void *ctx, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct exchange *x = ctx;
    (void)kind;
    size_t used = strlen(x->query);
    /* decoded already; only values that need no encoding are passed on, others stay unknown */
    if (value != NULL && strcspn(value, "%&+=") == strlen(value))
        (void)snprintf(x->query + used, sizeof x->query - used, "%s%s=%s", used == 0 ? "" : "&",
                       key, value);
    return MHD_YES;
}

static struct exchange *exchange_new(const struct listener *l, struct MHD_Connection *connection,
                                     const char *path, const char *method)
{
    struct exchange *x = calloc(1, sizeof *x);
    const char *length = header(connection, "Content-Length");
    if (x == NULL)
        return NULL;
    (void)snprintf(x->method, sizeof x->method, "%s", method);
    (void)snprintf(x->path, sizeof x->path, "%s", path);
    x->body_max = api_body_max(method, x->path);
    x->refused = refusal(l, connection, path, &x->refused_status);
    if (x->refused == TEXT_NONE && strlen(path) >= sizeof x->path) {
        x->refused = HTTP_NO_SUCH_PAGE;
        x->refused_status = 404;
    }
    if (x->refused == TEXT_NONE && length != NULL && strtoull(length, NULL, 10) > x->body_max &&
        x->body_max > 0) {
        x->refused = API_BODY_TOO_LARGE;
        x->refused_status = 413;
    }
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_query, x);
    return x;
}

/* Take what came; past the limit the rest is read and dropped, so that the sentence arrives. */
static void take_body(struct exchange *x, const char *bytes, size_t size)
{
    if (x->refused != TEXT_NONE)
        return;
    if (size > x->body_max - x->body.size) {
        x->refused = API_BODY_TOO_LARGE;
        x->refused_status = 413;
        buf_free(&x->body);
        return;
    }
    buf_bytes(&x->body, (const uint8_t *)bytes, size);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    const struct listener *l = ctx;
    struct exchange *x = *state;
    (void)version;
    if (x == NULL) {
        *state = exchange_new(l, connection, path, method);
        return *state == NULL ? MHD_NO : MHD_YES;
    }
    if (*size > 0) {
        x->dropped += x->refused != TEXT_NONE ? *size : 0;
        if (x->dropped > 2 * (size_t)API_LARGE_BYTES_MAX)
            return MHD_NO; /* no end in sight */
        take_body(x, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return reply(l, connection, x);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *state;
    (void)ctx;
    (void)connection;
    (void)code;
    if (x == NULL)
        return;
    hop_wipe(x->body.data, x->body.size); /* it may have been a passphrase */
    buf_free(&x->body);
    free(x);
    *state = NULL;
}

/* ---- start and stop ---- */

static int trouble(struct node_trouble *why, int err, enum text_id id, const char *a, const char *b)
{
    (void)text_say(&why->said, id, 2, a, b);
    why->exit_code = 3;
    return err;
}

static int listen_unix(struct node *n, int *ret, struct node_trouble *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int err = HOP_OK, fd = -1;
    /* A path of a socket has 107 bytes; a directory may be deeper. So it is named through an open
     * descriptor of the directory. */
    int dir = open(n->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return trouble(why, HOP_EIO, HTTP_NO_SOCKET, n->dir, strerror(errno));
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/api.sock", dir);
    (void)unlink(address.sun_path); /* the directory's lock is ours, so nobody answers on it */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, HTTP_CONNECTIONS_MAX) != 0) {
        err = trouble(why, HOP_EIO, HTTP_NO_SOCKET, n->dir, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        fd = -1;
    }
    (void)umask(before);
    (void)close(dir);
    *ret = fd;
    return err;
}

static int listen_loopback(uint16_t port, int *ret, uint16_t *ret_port, struct node_trouble *why)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof address;
    const int yes = 1;
    char number[16];
    (void)snprintf(number, sizeof number, "%u", (unsigned)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, HTTP_CONNECTIONS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        int number_of_error = errno;
        if (fd >= 0)
            (void)close(fd);
        if (number_of_error == EADDRINUSE)
            return trouble(why, HOP_EBUSY, HTTP_PORT_IN_USE, number, "");
        return trouble(why, HOP_EIO, HTTP_NO_PORT, number, strerror(number_of_error));
    }
    *ret = fd;
    *ret_port = ntohs(address.sin_port);
    return HOP_OK;
}

static struct MHD_Daemon *daemon_start(struct listener *l, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, l,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)(64u << 10), MHD_OPTION_END);
}

/* `before`: the token of the process before this one, so that its page goes on; or NULL. */
static void make_link(struct http *h, const char *before)
{
    uint8_t token[TOKEN_BYTES];
    hop_drbg_take(&h->node->drbg, token, sizeof token);
    hex_encode(h->token, SPAN(token, sizeof token));
    hop_wipe(token, sizeof token);
    if (before != NULL && strlen(before) == HTTP_TOKEN_CHARACTERS)
        memcpy(h->token, before, sizeof h->token);
    (void)snprintf(h->cookie, sizeof h->cookie, "hop-%u", (unsigned)h->port);
    (void)snprintf(h->link, sizeof h->link, "http://127.0.0.1:%u/?token=%s", (unsigned)h->port,
                   h->token);
}

static int write_link(const struct node *n, struct node_trouble *why)
{
    char path[600], line[HTTP_LINK_BYTES + 2];
    (void)snprintf(line, sizeof line, "%s\n", n->http->link);
    int err = files_path(path, sizeof path, n->dir, "link");
    if (err == HOP_OK)
        err = files_write(path, span_text(line), 0600);
    return err == HOP_OK ? err : trouble(why, err, HTTP_NO_LINK_FILE, n->dir, hop_error_text(err));
}

/* The arguments of a program are for everybody on the machine to see, so a browser is not given the
 * link but a file of ours that leads there. Without it nothing is lost: the link was printed. */
static void open_page(const struct node *n)
{
    char path[600], page[HTTP_LINK_BYTES + 120];
    (void)snprintf(page, sizeof page,
                   "<!DOCTYPE html><meta charset=\"utf-8\"><title>hop</title>"
                   "<meta http-equiv=\"refresh\" content=\"0;url=%s\">\n",
                   n->http->link);
    if (files_path(path, sizeof path, n->dir, OPENING_PAGE) == HOP_OK &&
        files_write(path, span_text(page), 0600) == HOP_OK)
        show_page(path);
    hop_wipe(page, sizeof page);
}

int http_start(struct node *n, const struct node_options *options, struct node_trouble *why)
{
    int unix_fd = -1, tcp_fd = -1;
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return trouble(why, HOP_ENOMEM, API_NO_MEMORY, "", "");
    h->node = n;
    h->timer = -1;
    n->http = h;
    int err = listen_unix(n, &unix_fd, why);
    if (err == HOP_OK)
        err = listen_loopback(options->http_port, &tcp_fd, &h->port, why);
    if (err != HOP_OK) {
        if (unix_fd >= 0)
            (void)close(unix_fd);
        goto out;
    }
    h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    h->listeners[0] = (struct listener){.http = h, .unix_socket = true};
    h->listeners[1] = (struct listener){.http = h, .unix_socket = false};
    h->listeners[0].daemon = daemon_start(&h->listeners[0], unix_fd);
    h->listeners[1].daemon = daemon_start(&h->listeners[1], tcp_fd);
    if (h->listeners[0].daemon == NULL)
        (void)close(unix_fd);
    if (h->listeners[1].daemon == NULL)
        (void)close(tcp_fd);
    make_link(h, options->token);
    if (h->timer < 0 || h->listeners[0].daemon == NULL || h->listeners[1].daemon == NULL)
        err = trouble(why, HOP_EIO, HTTP_NO_SOCKET, n->dir, strerror(errno));
    else
        err = write_link(n, why);
    if (err == HOP_OK && !options->quiet) {
        (void)printf("%s\n", h->link);
        (void)fflush(stdout);
    }
    if (err == HOP_OK && show_page != NULL)
        open_page(n);
out:
    if (err != HOP_OK)
        http_stop(n);
    return err;
}

void http_stop(struct node *n)
{
    struct http *h = n->http;
    char path[600];
    if (h == NULL)
        return;
    events_close(h);
    for (size_t i = 0; i < LISTENERS; i++) {
        struct MHD_Daemon *daemon = h->listeners[i].daemon;
        if (daemon == NULL)
            continue;
        (void)MHD_run(daemon); /* "stopping": the last reply should reach whoever asked */
        MHD_stop_daemon(daemon);
    }
    if (h->timer >= 0)
        (void)close(h->timer);
    if (files_path(path, sizeof path, n->dir, "api.sock") == HOP_OK)
        (void)unlink(path);
    if (files_path(path, sizeof path, n->dir, "link") == HOP_OK)
        (void)unlink(path);
    if (files_path(path, sizeof path, n->dir, OPENING_PAGE) == HOP_OK)
        (void)unlink(path);
    hop_wipe(h->token, sizeof h->token);
    hop_wipe(h->link, sizeof h->link);
    free(h);
    n->http = NULL;
}

/* ---- in the loop ---- */

size_t http_poll_fds(struct node *n, int *fds, size_t max)
{
    size_t count = 0;
    if (n->http == NULL)
        return 0;
    assert(max >= HTTP_POLL_FDS_MAX);
    for (size_t i = 0; i < LISTENERS; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(n->http->listeners[i].daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (info != NULL)
            fds[count++] = info->epoll_fd;
    }
    fds[count++] = n->http->timer;
    return count;
}

/* libmicrohttpd waits for edges: what it left undone does not make its descriptor readable again,
 * so it is run until it wants to wait. False: it has more to do, after others had their turn. */
static bool run(struct MHD_Daemon *daemon)
{
    for (unsigned i = 0; i < RUNS_PER_TURN; i++) {
        MHD_UNSIGNED_LONG_LONG wait = 1;
        (void)MHD_run(daemon);
        if (MHD_get_timeout(daemon, &wait) != MHD_YES || wait > 0)
            return true;
    }
    return false;
}

void http_turn(struct node *n)
{
    uint64_t expirations;
    if (n->http == NULL)
        return;
    if (read(n->http->timer, &expirations, sizeof expirations) > 0)
        events_timer(n->http);
    events_turn(n->http);
    for (size_t i = 0; i < LISTENERS; i++) {
        if (!run(n->http->listeners[i].daemon))
            events_soon(n->http);
    }
}

void http_changed(struct node *n)
{
    if (n->http == NULL || n->http->dirty || !events_watched(n->http))
        return;
    n->http->dirty = true;
    events_soon(n->http); /* the loop may be about to wait */
}
