#include "tests/story/stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "node/api.h"
#include "node/files.h"
#include "tests/lib/test.h"

#define PASSPHRASE   "mot hai ba bon nam"
#define SECTIONS_MAX 64 /* of one exchange: far more than a story writes */

/* Argon2 is slow by design: the keys of the n-th person are made once a program, and copied. */
static char pool[64];

/* A directory of our own, in memory where there is such a place: a story commits hundreds of times.
 */
static void make_room(char ret[static 64])
{
    (void)snprintf(ret, 64, "%s/hop-story-XXXXXX",
                   access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(ret) != NULL);
}

static void remove_tree(const char *dir)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    (void)!system(command);
}

static void remove_pool(void)
{
    remove_tree(pool);
}

static void have_keys(size_t n, struct buf *ret)
{
    char dir[96], path[128];
    struct node_trouble why = {0};
    if (pool[0] == '\0') {
        make_room(pool);
        (void)atexit(remove_pool);
    }
    (void)snprintf(dir, sizeof dir, "%s/%zu", pool, n);
    (void)snprintf(path, sizeof path, "%s/keys.hop", dir);
    if (access(path, F_OK) != 0)
        CHECK_OK(node_init(dir, PASSPHRASE, KEYFILE_MEMORY_FLOOR, &why));
    CHECK_OK(files_read(path, KEYFILE_BYTES_MAX, ret));
}

void stage_open(struct stage *s)
{
    memset(s, 0, sizeof *s);
    make_room(s->room);
}

void stage_close(struct stage *s)
{
    for (size_t i = 0; i < s->count; i++) {
        node_close(s->people[i].node);
        free(s->people[i].node);
    }
    remove_tree(s->room);
}

static struct stage_person *add(struct stage *s, const char *name)
{
    struct stage_person *p = &s->people[s->count];
    struct buf keys = {0};
    struct node_trouble why = {0};
    char dir[96], path[128];
    CHECK(s->count < STAGE_PEOPLE_MAX);
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    (void)snprintf(dir, sizeof dir, "%s/device-%zu", s->room, s->count);
    (void)snprintf(path, sizeof path, "%s/keys.hop", dir);
    have_keys(s->count, &keys);
    CHECK_OK(files_make_dir(dir, 0700));
    CHECK_OK(files_write(path, buf_written(&keys), 0600));
    buf_free(&keys);
    p->node = calloc(1, sizeof *p->node);
    CHECK(p->node != NULL);
    CHECK_OK(node_open(p->node, dir, PASSPHRASE, TEXT_VI, &why));
    s->count++;
    return p;
}

struct stage_person *stage_find(struct stage *s, const char *name, size_t size)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strlen(s->people[i].name) == size && strncmp(s->people[i].name, name, size) == 0)
            return &s->people[i];
    }
    return NULL;
}

static void set_clock(const struct stage *s, struct stage_person *who)
{
    who->node->wall = (uint64_t)((int64_t)s->wall + who->wrong);
}

/* ---- commands ---- */

/* Cut line at its spaces; "…" holds spaces, \" a quote, \n a line end; @x is a file of the room. */
static size_t cut(const struct stage *s, const char *line, char *room, size_t size, char *ret[])
{
    size_t count = 0, used = 0;
    for (const char *p = line; *p != '\0';) {
        p += strspn(p, " ");
        if (*p == '\0')
            break;
        CHECK(count < STAGE_WORDS_MAX);
        ret[count++] = room + used;
        if (*p == '@') {
            used += (size_t)snprintf(room + used, size - used, "%s/", s->room);
            p++;
        }
        for (bool quoted = false; *p != '\0' && (quoted || *p != ' '); p++) {
            CHECK(used + 2 < size);
            if (*p == '"') {
                quoted = !quoted;
                continue;
            }
            bool escape = *p == '\\' && (p[1] == '"' || p[1] == 'n');
            p += escape;
            room[used++] = escape && *p == 'n' ? '\n' : *p;
        }
        room[used++] = '\0';
    }
    return count;
}

static void read_said(struct stage *s, int fd)
{
    size_t used = 0;
    ssize_t n;
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    while (used + 1 < sizeof s->said &&
           (n = read(fd, s->said + used, sizeof s->said - 1 - used)) > 0)
        used += (size_t)n;
    while (used > 0 && s->said[used - 1] == '\n')
        used--;
    s->said[used] = '\0';
}

int stage_command(struct stage *s, struct stage_person *who, enum text_lang lang, const char *line)
{
    static char room[64 << 10];
    char *words[STAGE_WORDS_MAX], path[96];
    size_t count = cut(s, line, room, sizeof room, words);
    (void)snprintf(path, sizeof path, "%s/said", s->room);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    (void)fflush(NULL);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    s->wall += 60 * HOP_SECOND;
    set_clock(s, who);
    int exit_code = cli_run_on(who->node, lang, words, count);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    (void)close(out);
    (void)close(err);
    read_said(s, fd);
    (void)close(fd);
    return exit_code;
}

/* ---- a cell ---- */

void stage_found(struct stage *s, const char *cell, const char *procedure, const char *name)
{
    char line[512];
    struct stage_person *p = add(s, name);
    (void)snprintf(line, sizeof line, "cell new \"%s\" --as \"%s\" --procedure %s", cell, name,
                   procedure);
    if (stage_command(s, p, TEXT_VI, line) != CLI_DONE)
        print_message("%s\n", s->said);
    CHECK(device_has_cell(p->node->device));
}

void stage_join(struct stage *s, const char *name, const char *role, const char *category)
{
    char line[512];
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    struct device_join join;
    struct text_said why = {0};
    struct node_trouble trouble = {0};
    struct stage_person *host = &s->people[0], *p = add(s, name);
    (void)snprintf(line, sizeof line, "invite \"%s\" --role %s --category %s", name,
                   role == NULL ? "member" : role, category == NULL ? "full" : category);
    if (stage_command(s, host, TEXT_VI, line) != CLI_DONE)
        print_message("%s: %s\n", line, s->said);
    const char *code = strstr(s->said, "HOP1-");
    CHECK(code != NULL);
    CHECK_OK(device_join_read(&join, code, &why));
    CHECK_OK(device_join_request(p->node->device, &join, request, &request_size));
    device_join_answer(host->node->device, SPAN(request, request_size), join.link_key.public_key,
                       s->wall, answer, &answer_size);
    CHECK_OK(node_commit(host->node));
    CHECK_OK(device_join_finish(p->node->device, &join, SPAN(answer, answer_size), &why));
    CHECK_OK(node_reopen_device(p->node, &trouble));
    stage_meet(s, host, p);
}

/* ---- meeting ---- */

static void ask(struct stage *s, struct stage_person *who, const char *method, const char *path,
                struct span body, struct buf *ret)
{
    struct api_reply reply;
    const struct api_request rq = {.method = method, .path = path, .body = body};
    set_clock(s, who);
    (void)api_handle(who->node, &rq, &reply);
    if (reply.status != 200)
        print_message("%s %s: %s\n", method, path, buf_string(&reply.body));
    CHECK_EQ(reply.status, 200);
    *ret = reply.body; /* owned from here on */
}

/* What `to` lacks of what `from` has. */
static void bring(struct stage *s, struct stage_person *from, struct stage_person *to)
{
    for (size_t i = 0; i < SECTIONS_MAX; i++) {
        struct buf have = {0}, body = {0}, section = {0}, taken = {0};
        ask(s, to, "GET", "/api/bundle/have", (struct span){0}, &have);
        char *encoded = malloc(BASE64_SIZE(have.size));
        CHECK(encoded != NULL);
        base64_encode(encoded, buf_written(&have));
        buf_printf(&body, "{\"there\": \"%s\", \"all\": 1}", encoded);
        ask(s, from, "POST", "/api/bundle/write", buf_written(&body), &section);
        ask(s, to, "POST", "/api/bundle/take", buf_written(&section), &taken);
        json_t *counts = json_loadb((const char *)taken.data, taken.size, 0, NULL);
        bool more = json_get_number(counts, "blocks") > 0; /* that were not there already */
        json_decref(counts);
        free(encoded);
        buf_free(&have);
        buf_free(&body);
        buf_free(&section);
        buf_free(&taken);
        if (!more)
            return;
    }
    fail_msg("an exchange of two does not end");
}

void stage_meet(struct stage *s, struct stage_person *a, struct stage_person *b)
{
    bring(s, a, b);
    bring(s, b, a);
    bring(s, a, b); /* receipts that b's device signed for what it got came after */
}

bool stage_agree(struct stage_person *a, struct stage_person *b)
{
    uint8_t digests[2][32];
    const struct stage_person *const both[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        struct device *d = both[i]->node->device;
        meeting_digest(device_meetings(d), device_cell(d), digests[i]);
        if (device_pending_count(d) != 0)
            return false;
    }
    return memcmp(digests[0], digests[1], 32) == 0;
}
