/* How a command reaches the API: through the socket of a running node, or in this process. */
#include "node/cli.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/cbor.h"
#include "crypto/keyfile.h"
#include "node/api.h"
#include "node/files.h"

#define PASSPHRASE_BYTES_MAX 1024
#define STREAM_BYTES         (64u << 10)

/* ---- passphrase ---- */

/* A line from the terminal, unseen. */
static int read_unseen(FILE *terminal, struct buf *ret)
{
    struct termios before, unseen;
    char line[PASSPHRASE_BYTES_MAX];
    if (tcgetattr(fileno(terminal), &before) != 0)
        return HOP_EIO;
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &unseen);
    char *got = fgets(line, sizeof line, terminal);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    (void)fputs("\n", terminal);
    if (got != NULL)
        buf_bytes(ret, (const uint8_t *)line, strcspn(line, "\r\n"));
    hop_wipe(line, sizeof line);
    return got == NULL || ret->bad ? HOP_EIO : HOP_OK;
}

static void forget(struct buf *b)
{
    hop_wipe(b->data, b->size);
    buf_free(b);
}

static int ask(struct cli *c, FILE *terminal, enum text_id id, struct buf *ret)
{
    char least[24];
    struct buf question = {0};
    const char *const args[] = {cli_count(least, PASSPHRASE_CHARACTERS_MIN)};
    text_fill(&question, c->lang, id, args, 1);
    (void)fputs(buf_string(&question), terminal);
    (void)fflush(terminal);
    buf_free(&question);
    return read_unseen(terminal, ret) == HOP_OK
               ? CLI_DONE
               : cli_fail(c, CLI_WRONG_USAGE, CLI_NO_PASSPHRASE, 0);
}

static int ask_terminal(struct cli *c, bool is_new, struct buf *ret)
{
    FILE *terminal = fopen("/dev/tty", "r+");
    struct buf again = {0};
    if (terminal == NULL)
        return cli_fail(c, CLI_WRONG_USAGE, CLI_NO_PASSPHRASE, 0);
    int exit_code = ask(c, terminal, is_new ? CLI_ASK_NEW_PASSPHRASE : CLI_ASK_PASSPHRASE, ret);
    if (exit_code == CLI_DONE && is_new)
        exit_code = ask(c, terminal, CLI_ASK_AGAIN, &again);
    if (exit_code == CLI_DONE && is_new && !span_equal(buf_written(ret), buf_written(&again)))
        exit_code = cli_fail(c, CLI_WRONG_USAGE, CLI_PASSPHRASE_DIFFERS, 0);
    (void)fclose(terminal);
    forget(&again);
    return exit_code;
}

int cli_passphrase(struct cli *c, bool is_new, struct buf *ret)
{
    char least[24];
    int exit_code = CLI_DONE;
    if (c->passphrase_file == NULL) {
        exit_code = ask_terminal(c, is_new, ret);
    } else {
        exit_code = cli_read_file(c, c->passphrase_file, PASSPHRASE_BYTES_MAX, ret);
        ret->size = ret->size == 0 ? 0 : strcspn((const char *)ret->data, "\r\n");
        if (ret->data != NULL)
            ret->data[ret->size] = 0;
    }
    if (exit_code == CLI_DONE && is_new && !passphrase_good(buf_written(ret)))
        exit_code = cli_fail(c, CLI_REFUSED, CLI_PASSPHRASE_WEAK, 1,
                             cli_count(least, PASSPHRASE_CHARACTERS_MIN));
    return exit_code;
}

int cli_open_with(struct cli *c, const struct buf *passphrase)
{
    struct node_trouble trouble = {0};
    int exit_code = CLI_DONE;
    c->node = calloc(1, sizeof *c->node);
    if (c->node == NULL)
        return cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
    int err = passphrase == NULL
                  ? node_open_locked(c->node, c->dir, c->lang, &trouble)
                  : node_open(c->node, c->dir, buf_string(passphrase), c->lang, &trouble);
    if (err != HOP_OK) {
        exit_code = cli_trouble(c, &trouble);
        free(c->node);
        c->node = NULL;
    }
    return exit_code;
}

int cli_open(struct cli *c)
{
    struct buf passphrase = {0};
    if (c->node != NULL)
        return CLI_DONE;
    int exit_code = cli_find_dir(c);
    if (exit_code == CLI_DONE)
        exit_code = cli_passphrase(c, false, &passphrase);
    if (exit_code == CLI_DONE)
        exit_code = cli_open_with(c, &passphrase);
    forget(&passphrase);
    return exit_code;
}

/* ---- the socket ---- */

/* A path of a socket has 107 bytes and a directory may be deeper: name it by a descriptor. */
static int socket_path(const struct cli *c, char *ret, size_t size)
{
    int dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        (void)snprintf(ret, size, "/proc/self/fd/%d/api.sock", dir);
    return dir;
}

bool cli_node_runs(const struct cli *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dir = socket_path(c, address.sun_path, sizeof address.sun_path);
    int fd = dir < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool runs = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (dir >= 0)
        (void)close(dir);
    return runs;
}

/* Bytes of a reply with this status. False: they cannot be kept. */
static bool take_bytes(struct cli *c, long status, struct span bytes)
{
    if (c->into == NULL || status != 200) {
        buf_span(&c->reply, bytes);
        return !c->reply.bad;
    }
    c->into_size += bytes.size;
    return fwrite(bytes.data, 1, bytes.size, c->into) == bytes.size;
}

struct taking {
    struct cli *c;
    CURL *curl;
};

static size_t take_reply(char *bytes, size_t size, size_t count, void *ctx)
{
    const struct taking *t = ctx;
    long status = 0;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    return take_bytes(t->c, status, SPAN((const uint8_t *)bytes, size * count)) ? size * count : 0;
}

static void set_up(CURL *curl, struct taking *taking, const char *method, const char *socket_name,
                   const char *url, struct span body)
{
    (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_name);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, taking->c->patience_s);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, taking);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (strcmp(method, "POST") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                               body.size == 0 ? "" : (const char *)body.data);
    }
}

/* The reply's status in *ret. */
static int ask_socket(struct cli *c, const char *method, const char *path, struct span body,
                      long *ret)
{
    char socket_name[64], url[1024];
    int exit_code = CLI_DONE;
    int dir = socket_path(c, socket_name, sizeof socket_name);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (curl == NULL || headers == NULL || dir < 0) {
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_REACH, 1, strerror(errno));
        goto out;
    }
    (void)snprintf(url, sizeof url, "http://localhost%s", path);
    struct taking taking = {c, curl};
    set_up(curl, &taking, method, socket_name, url, body);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_REACH, 1, curl_easy_strerror(code));
    else
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret);
out:
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (dir >= 0)
        (void)close(dir);
    return exit_code;
}

/* ---- in this process ---- */

static int take_stream(struct cli *c, const struct api_stream *s)
{
    uint8_t *room = malloc(STREAM_BYTES);
    int err = room == NULL ? HOP_ENOMEM : HOP_OK;
    for (uint64_t at = 0; at < s->size && err == HOP_OK;) {
        size_t n;
        err = s->read(s->ctx, at, room, STREAM_BYTES, &n);
        if (err == HOP_OK && !take_bytes(c, 200, SPAN(room, n)))
            err = HOP_EIO;
        at += n;
    }
    free(room);
    return err == HOP_OK ? CLI_DONE
                         : cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_REACH, 1, hop_error_text(err));
}

static int ask_here(struct cli *c, const char *method, const char *path, struct span body,
                    long *ret)
{
    char plain[1024];
    struct api_reply reply;
    int exit_code = cli_open(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    (void)snprintf(plain, sizeof plain, "%s", path);
    char *query = strchr(plain, '?');
    if (query != NULL)
        *query++ = '\0';
    const struct api_request rq = {.method = method, .path = plain, .query = query, .body = body};
    (void)api_handle(c->node, &rq, &reply);
    *ret = reply.status;
    if (reply.stream.ctx != NULL) {
        exit_code = take_stream(c, &reply.stream);
        api_reply_free(&reply);
        return exit_code;
    }
    c->reply = reply.body; /* owned from here on */
    return CLI_DONE;
}

/* ---- both ---- */

static int exit_code_of(long status)
{
    switch (status) {
    case 400:
    case 405:
        return CLI_WRONG_USAGE;
    case 403:
    case 404:
    case 409:
    case 413:
    case 423:
        return CLI_REFUSED;
    default:
        return CLI_UNREACHABLE;
    }
}

/* The sentence of a refusal, on stderr. */
static int refused(struct cli *c, long status)
{
    json_t *reply = json_loadb((const char *)c->reply.data, c->reply.size, 0, NULL);
    const char *sentence = json_get_text(json_object_get(reply, "error"), "text");
    (void)fprintf(stderr, "%s\n", sentence[0] != '\0' ? sentence : text(c->lang, API_BAD_REQUEST));
    json_decref(reply);
    return exit_code_of(status);
}

int cli_ask_bytes(struct cli *c, const char *method, const char *path, struct span body)
{
    char full[1000];
    long status = 0;
    buf_free(&c->reply);
    (void)snprintf(full, sizeof full, "%s%clang=%s", path, strchr(path, '?') == NULL ? '?' : '&',
                   c->lang == TEXT_VI ? "vi" : "en");
    int exit_code = cli_find_dir(c);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (c->node == NULL && cli_node_runs(c))
        exit_code = ask_socket(c, method, full, body, &status);
    else
        exit_code = ask_here(c, method, full, body, &status);
    if (exit_code == CLI_DONE && status != 200)
        exit_code = refused(c, status);
    return exit_code;
}

/* Beside its target, which it replaces when it is whole. */
static int open_beside(struct cli *c, const char *out, struct buf *ret_part)
{
    buf_printf(ret_part, "%s.part", out);
    int fd = open(buf_string(ret_part), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    c->into = fd < 0 ? NULL : fdopen(fd, "wb");
    if (c->into == NULL && fd >= 0)
        (void)close(fd);
    return c->into != NULL ? CLI_DONE
                           : cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_WRITE, 2, out,
                                      hop_error_text(files_error(errno)));
}

/* The file becomes what it was to be, or goes. */
static int close_beside(struct cli *c, const char *out, const char *part, int exit_code)
{
    bool good = fflush(c->into) == 0 && fsync(fileno(c->into)) == 0;
    good = fclose(c->into) == 0 && good;
    c->into = NULL;
    if (exit_code == CLI_DONE && (!good || rename(part, out) != 0))
        exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_WRITE, 2, out,
                             hop_error_text(files_error(errno)));
    if (exit_code != CLI_DONE)
        (void)unlink(part);
    return exit_code;
}

int cli_ask_into(struct cli *c, const char *path, const char *out, uint64_t *ret_size)
{
    struct buf part = {0};
    bool plain = strcmp(out, "-") == 0;
    int exit_code = CLI_DONE;
    c->into_size = 0;
    if (plain)
        c->into = stdout;
    else
        exit_code = open_beside(c, out, &part);
    if (exit_code == CLI_DONE) {
        exit_code = cli_ask_bytes(c, "GET", path, (struct span){0});
        if (!plain)
            exit_code = close_beside(c, out, buf_string(&part), exit_code);
        else if (fflush(stdout) != 0 && exit_code == CLI_DONE)
            exit_code = cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_WRITE, 2, out,
                                 hop_error_text(files_error(errno)));
    }
    c->into = NULL;
    *ret_size = c->into_size;
    buf_free(&part);
    return exit_code;
}

json_t *cli_words(struct cli *c, const char *words)
{
    c->not_text = c->not_text || (words != NULL && !utf8_valid(span_text(words)));
    return json_text(words);
}

int cli_ask(struct cli *c, const char *method, const char *path, json_t *body, json_t **ret)
{
    char *bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    int exit_code = c->not_text ? cli_fail(c, CLI_WRONG_USAGE, CLI_NOT_TEXT, 0)
                                : cli_ask_bytes(c, method, path,
                                                bytes == NULL ? SPAN(NULL, 0) : span_text(bytes));
    free(bytes);
    if (exit_code != CLI_DONE || ret == NULL)
        return exit_code;
    *ret = json_loadb((const char *)c->reply.data, c->reply.size, 0, NULL);
    return *ret != NULL ? CLI_DONE : cli_fail(c, CLI_UNREACHABLE, CLI_CANNOT_REACH, 1, "JSON");
}

int cli_show(struct cli *c, const char *method, const char *path, json_t *body, cli_shower *show)
{
    json_t *reply = NULL;
    int exit_code = cli_ask(c, method, path, body, &reply);
    if (exit_code == CLI_DONE && c->json)
        (void)fwrite(c->reply.data, 1, c->reply.size, stdout);
    else if (exit_code == CLI_DONE)
        show(c, reply);
    json_decref(reply);
    return exit_code;
}

const char *cli_path(struct cli *c, const char *before, const char *name, const char *after)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
    buf_free(&c->path);
    buf_text(&c->path, before);
    for (const char *p = name; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL)
            buf_bytes(&c->path, (const uint8_t *)p, 1);
        else
            buf_printf(&c->path, "%%%02X", (unsigned)(unsigned char)*p);
    }
    buf_text(&c->path, after);
    return buf_string(&c->path);
}
