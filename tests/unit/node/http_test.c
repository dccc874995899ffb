#include "node/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/files.h"
#include "tests/lib/test.h"

#define PATIENCE_MS 5000

/* One real node with its server, driven by hand: no thread, no sleep. */
static struct node node;
static char dir[] = "/tmp/hop-http-XXXXXX";
static char token[65];

static void in_dir(char *ret, size_t size, const char *name)
{
    (void)snprintf(ret, size, "%s/%s", dir, name);
}

static void remove_dir(void)
{
    static const char *const names[] = {"keys.hop", "records.mdb", "lock",
                                        "api.sock", "link",        "open.html"};
    http_stop(&node);
    node_close(&node);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        in_dir(path, sizeof path, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static char shown[128];

static void show(const char *page)
{
    (void)snprintf(shown, sizeof shown, "%s", page);
}

static void have_server(void)
{
    struct node_trouble why = {0};
    struct node_options options = {.quiet = true};
    if (node.http != NULL)
        return;
    CHECK_OK(hop_init());
    CHECK(mkdtemp(dir) != NULL);
    CHECK_OK(node_init(dir, "mot hai ba bon nam", KEYFILE_MEMORY_FLOOR, &why));
    CHECK_OK(node_open(&node, dir, "mot hai ba bon nam", TEXT_EN, &why));
    node.running = true;
    http_on_page(show);
    CHECK_OK(http_start(&node, &options, &why));
    (void)snprintf(token, sizeof token, "%s", strchr(http_link(&node), '=') + 1);
    (void)atexit(remove_dir);
}

/* One turn: wait until the server or fd has something, then let the server work. */
static void turn(int fd)
{
    int fds[HTTP_POLL_FDS_MAX];
    struct pollfd items[HTTP_POLL_FDS_MAX + 1];
    size_t n = http_poll_fds(&node, fds, HTTP_POLL_FDS_MAX);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    items[n] = (struct pollfd){.fd = fd, .events = POLLIN};
    CHECK(poll(items, (nfds_t)n + 1, PATIENCE_MS) > 0);
    node.now += HOP_SECOND;
    http_turn(&node);
}

static int connect_tcp(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(http_port(&node))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int connect_unix(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/api.sock", dir);
    CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        } else {
            turn(-1);
        }
    }
}

/* Read until the text is there or the connection ends; true if it is there. */
static bool read_until(int fd, struct buf *got, const char *text)
{
    while (strstr(buf_string(got), text) == NULL) {
        uint8_t bytes[4096];
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n == 0)
            return false;
        if (n > 0)
            buf_bytes(got, bytes, (size_t)n);
        else
            turn(fd);
    }
    return true;
}

/* The status of the answer to a request; the whole answer in *ret if it is asked for. */
static unsigned ask(int fd, const char *request, struct buf *ret)
{
    struct buf got = {0};
    send_all(fd, request, strlen(request));
    (void)read_until(fd, &got, "\r\n\r\n");
    unsigned status = 0;
    (void)sscanf(buf_string(&got), "HTTP/1.1 %3u", &status);
    if (ret != NULL) {
        (void)read_until(fd, &got, "never said"); /* until it closes: requests here say so */
        *ret = got;
    } else {
        buf_free(&got);
    }
    (void)close(fd);
    return status;
}

/* A GET with these header lines, each ending in \r\n; HOST and TOKEN stand for the right ones. */
static unsigned get(const char *path, const char *headers, struct buf *ret)
{
    char request[1024];
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", path,
                   headers);
    return ask(connect_tcp(), request, ret);
}

static const char *good(const char *more)
{
    static char headers[512];
    (void)snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n%s",
                   (unsigned)http_port(&node), token, more);
    return headers;
}

/* Without its token the API would be open to every program of the machine. */
TEST(http_refuses_api_without_token)
{
    have_server();
    char headers[128];
    (void)snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\n", (unsigned)http_port(&node));
    CHECK_EQ(get("/api/status", headers, NULL), 401);
    CHECK_EQ(get("/api/events", headers, NULL), 401);
    CHECK_EQ(get("/?token=0000", headers, NULL), 401);
    CHECK_EQ(get("/api/status", good(""), NULL), 200);
    token[0] = token[0] == '0' ? '1' : '0';
    CHECK_EQ(get("/api/status", good(""), NULL), 401);
    (void)snprintf(token, sizeof token, "%s", strchr(http_link(&node), '=') + 1);
}

/* A name that somebody points at 127.0.0.1 must not make a browser hand over the cell. */
TEST(http_refuses_foreign_host)
{
    char headers[256];
    static const char *const hosts[] = {"evil.example", "127.0.0.1", "localhost", "127.0.0.1:1",
                                        "127.0.0.2:80"};
    have_server();
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        (void)snprintf(headers, sizeof headers, "Host: %s\r\nAuthorization: Bearer %s\r\n",
                       hosts[i], token);
        CHECK_EQ(get("/api/status", headers, NULL), 403);
        CHECK_EQ(get("/", headers, NULL), 403);
    }
    (void)snprintf(headers, sizeof headers, "Host: localhost:%u\r\nAuthorization: Bearer %s\r\n",
                   (unsigned)http_port(&node), token);
    CHECK_EQ(get("/api/status", headers, NULL), 200);
}

/* A page of another site in the same browser carries the cookie, and must get nothing for it. */
TEST(http_refuses_foreign_origin)
{
    char same[80];
    have_server();
    CHECK_EQ(get("/api/status", good("Origin: http://evil.example\r\n"), NULL), 403);
    CHECK_EQ(get("/api/status", good("Origin: null\r\n"), NULL), 403);
    CHECK_EQ(get("/api/status", good("Origin: https://127.0.0.1\r\n"), NULL), 403);
    CHECK_EQ(get("/api/status", good("Sec-Fetch-Site: cross-site\r\n"), NULL), 403);
    (void)snprintf(same, sizeof same, "Origin: http://127.0.0.1:%u\r\n",
                   (unsigned)http_port(&node));
    CHECK_EQ(get("/api/status", good(same), NULL), 200);
}

/* The cookie must be for this node only and out of reach of scripts; the page must forbid any. */
TEST(http_opening_link_sets_a_guarded_cookie)
{
    struct buf got = {0};
    char link[120], cookie[160], headers[256];
    have_server();
    (void)snprintf(link, sizeof link, "/?token=%s", token);
    CHECK_EQ(get(link, good(""), &got), 303);
    (void)snprintf(cookie, sizeof cookie, "Set-Cookie: hop-%u=%s; HttpOnly; SameSite=Strict",
                   (unsigned)http_port(&node), token);
    CHECK(strstr(buf_string(&got), cookie) != NULL);
    buf_free(&got);
    (void)snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nCookie: hop-%u=%s\r\n",
                   (unsigned)http_port(&node), (unsigned)http_port(&node), token);
    CHECK_EQ(get("/api/status", headers, NULL), 200);
    CHECK_EQ(get("/", headers, &got), 200);
    CHECK(strstr(buf_string(&got), "default-src 'none'") != NULL);
    CHECK(strstr(buf_string(&got), "frame-ancestors 'none'") != NULL);
    CHECK(strstr(buf_string(&got), "@NONCE@") == NULL);
    buf_free(&got);
}

/* Only what is compiled in may be served, whatever path is asked for. */
TEST(http_serves_no_other_files)
{
    have_server();
    CHECK_EQ(get("/keys.hop", good(""), NULL), 404);
    CHECK_EQ(get("/../keys.hop", good(""), NULL), 404);
    CHECK_EQ(get("/%2e%2e/etc/passwd", good(""), NULL), 404);
    CHECK_EQ(get("//etc/passwd", good(""), NULL), 404);
}

static unsigned post(const char *path, const char *body, struct buf *ret)
{
    char request[1024];
    (void)snprintf(request, sizeof request,
                   "POST %s HTTP/1.1\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", path,
                   good(""), strlen(body), body);
    return ask(connect_tcp(), request, ret);
}

/* Bad JSON must be answered with a sentence and leave nothing behind. */
TEST(http_answers_bad_json_with_a_sentence)
{
    struct buf got = {0};
    have_server();
    CHECK_EQ(post("/api/cell?lang=en", "{\"name\":", &got), 400);
    CHECK(strstr(buf_string(&got), "this is not JSON") != NULL);
    buf_free(&got);
    CHECK_EQ(post("/api/cell?lang=vi", "{\"nome\":1}", &got), 400);
    CHECK(strstr(buf_string(&got), "Không có trường") != NULL);
    buf_free(&got);
    CHECK(!device_has_cell(node.device));
}

/* A body without end must neither fill the memory nor be half taken. */
TEST(http_refuses_body_that_is_too_large)
{
    have_server();
    size_t size = 2u << 20;
    char *request = calloc(1, size + 1024);
    int n = snprintf(request, 1024,
                     "POST /api/cell HTTP/1.1\r\n%sContent-Length: %zu\r\nConnection: "
                     "close\r\n\r\n",
                     good(""), size);
    memset(request + n, ' ', size);
    CHECK_EQ(ask(connect_tcp(), request, NULL), 413);
    n = snprintf(request, 1024,
                 "POST /api/cell HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\nConnection: "
                 "close\r\n\r\n%zx\r\n",
                 good(""), size);
    memset(request + n, ' ', size);
    memcpy(request + (size_t)n + size, "\r\n0\r\n\r\n", 8);
    CHECK_EQ(ask(connect_tcp(), request, NULL), 413);
    free(request);
}

/* The socket is for its owner alone: who may open it needs no token. */
TEST(http_unix_socket_is_private_and_needs_no_token)
{
    struct stat info;
    char path[64];
    have_server();
    in_dir(path, sizeof path, "api.sock");
    CHECK_EQ(stat(path, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    CHECK_EQ(ask(connect_unix(),
                 "GET /api/status HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n", NULL),
             200);
    in_dir(path, sizeof path, "link");
    CHECK_EQ(stat(path, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
}

/* Whoever is on the machine sees what a browser is started with: not the token, which is in a file
 * that only the owner reads, and that leads the browser there. */
TEST(http_shows_a_browser_the_way_and_nobody_else)
{
    struct stat info;
    struct buf page = {0};
    char path[160], headers[128];
    have_server();
    CHECK(shown[0] != '\0');
    CHECK(strstr(shown, token) == NULL);
    CHECK_EQ(stat(shown, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    CHECK_OK(files_read(shown, 4096, &page));
    CHECK(strstr(buf_string(&page), http_link(&node)) != NULL);
    buf_free(&page);
    (void)snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nSec-Fetch-Site: cross-site\r\n",
                   (unsigned)http_port(&node));
    (void)snprintf(path, sizeof path, "/?token=%s", token);
    CHECK_EQ(get(path, headers, NULL), 303);
    CHECK_EQ(get("/", headers, NULL), 200);
    CHECK_EQ(get("/api/status", headers, NULL), 403);
}

/* A page that hears of nothing shows old votes; one that hears of everything all the time melts. */
TEST(http_events_tell_what_changed_and_only_that)
{
    struct buf got = {0};
    char request[512];
    have_server();
    int fd = connect_tcp();
    (void)snprintf(request, sizeof request, "GET /api/events HTTP/1.1\r\n%s\r\n", good(""));
    send_all(fd, request, strlen(request));
    CHECK(read_until(fd, &got, "event: hello"));
    http_changed(&node); /* nothing did */
    turn(fd);            /* the timer */
    CHECK(strstr(buf_string(&got), "changed") == NULL);
    CHECK_EQ(post("/api/cell",
                  "{\"name\":\"Cell\",\"founder\":\"An\",\"procedure\":\"party-cell\"}", NULL),
             200);
    CHECK(read_until(fd, &got, "\"/api/members\""));
    CHECK(strstr(buf_string(&got), "event: changed") != NULL);
    CHECK(strstr(buf_string(&got), "\"/api/status\"") != NULL);
    (void)close(fd);
    buf_free(&got);
}

/* More pages than there is room for must be told to come back, and room must be found again. */
TEST(http_events_find_room_after_pages_are_gone)
{
    int fds[HTTP_WATCHERS_MAX];
    char request[512];
    have_server();
    (void)snprintf(request, sizeof request, "GET /api/events HTTP/1.1\r\n%s\r\n", good(""));
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++) {
        struct buf got = {0};
        fds[i] = connect_tcp();
        send_all(fds[i], request, strlen(request));
        (void)read_until(fds[i], &got, "\r\n\r\n");
        buf_free(&got);
    }
    CHECK_EQ(ask(connect_tcp(), request, NULL), 503);
    for (size_t i = 0; i < HTTP_WATCHERS_MAX; i++)
        (void)close(fds[i]);
    unsigned status = 503;
    for (int tries = 0; tries < 20 && status == 503; tries++)
        status = ask(connect_tcp(), request, NULL);
    CHECK_EQ(status, 200);
}

/* A second node on the same port must say so instead of stealing half of the requests. */
TEST(http_says_that_the_port_is_in_use)
{
    struct node second = {0};
    struct node_trouble why = {0};
    struct node_options options = {.quiet = true};
    char other[] = "/tmp/hop-http-XXXXXX";
    have_server();
    CHECK(mkdtemp(other) != NULL);
    (void)snprintf(second.dir, sizeof second.dir, "%s", other);
    options.http_port = http_port(&node);
    CHECK_ERR(http_start(&second, &options, &why), HOP_EBUSY);
    CHECK_EQ(why.said.id, HTTP_PORT_IN_USE);
    CHECK_EQ(why.exit_code, 3);
    CHECK_EQ(rmdir(other), 0); /* nothing was left in it */
}
