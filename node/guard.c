#define _GNU_SOURCE /* environ, pipe2 */
#include "node/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/files.h"
#include "node/http.h"
#include "node/talk.h"

#define TOKEN_CHARACTERS (sizeof(((struct node_resume *)NULL)->token) - 1)
#define RESUME_NAME      "HOP_RESUME" /* in the environment: the number of a descriptor */

/* ---- process and memory ---- */

void guard_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void guard_memory(struct node *n)
{
    struct rlimit locked;
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
        locked.rlim_cur = locked.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &locked);
    }
    n->memory_locked = hop_guard(&n->keys, sizeof n->keys);
    n->memory_locked = hop_guard(&n->keyfile, sizeof n->keyfile) && n->memory_locked;
    n->memory_locked = hop_guard(&n->drbg, sizeof n->drbg) && n->memory_locked;
}

void guard_memory_end(struct node *n)
{
    hop_unguard(&n->keys, sizeof n->keys);
    hop_unguard(&n->keyfile, sizeof n->keyfile);
    hop_unguard(&n->drbg, sizeof n->drbg);
}

/* ---- idle ---- */

int guard_parse_after(const char *text, hop_time *ret)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    hop_time unit = *end == 's' ? HOP_SECOND : 60 * HOP_SECOND;
    end += *end == 's';
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n == 0 ||
        n > GUARD_LOCK_AFTER_MAX / unit)
        return HOP_EMALFORMED;
    *ret = n * unit;
    return HOP_OK;
}

void guard_used(struct node *n)
{
    n->used_at = n->now;
}

bool guard_idle(const struct node *n)
{
    return n->lock_after != 0 && n->now >= n->used_at + n->lock_after && !talk_active(n);
}

/* ---- beginning anew ---- */

void guard_remember(struct node *n)
{
    n->resume = (struct node_resume){.http_port = http_port(n)};
    const char *token = strchr(http_link(n), '=');
    if (token != NULL && strlen(token + 1) == TOKEN_CHARACTERS)
        memcpy(n->resume.token, token + 1, sizeof n->resume.token);
}

int guard_begin_anew(char *const *argv, const struct node_resume *resume)
{
    int ends[2];
    size_t count = 0;
    bool locked = false;
    char number[16];
    while (argv[count] != NULL)
        locked = strcmp(argv[count++], "--locked") == 0 || locked;
    char **args = calloc(count + 2, sizeof *args);
    if (args == NULL || pipe2(ends, 0) != 0) { /* not O_CLOEXEC: it is for who comes after us */
        free(args);
        return HOP_EIO;
    }
    memcpy(args, argv, count * sizeof *args);
    if (!locked)
        args[count] = (char *)(uintptr_t) "--locked";
    (void)snprintf(number, sizeof number, "%d", ends[0]);
    bool written = write(ends[1], resume, sizeof *resume) == (ssize_t)sizeof *resume;
    close(ends[1]);
    if (written && setenv(RESUME_NAME, number, 1) == 0)
        (void)execv("/proc/self/exe", args);
    int err = files_error(errno);
    close(ends[0]);
    free(args);
    return err;
}

bool guard_resumed(struct node_resume *ret)
{
    const char *number = getenv(RESUME_NAME);
    struct node_resume r = {0};
    if (number == NULL)
        return false;
    int fd = (int)strtol(number, NULL, 10);
    (void)unsetenv(RESUME_NAME);
    if (fd <= 2 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return false;
    ssize_t size = read(fd, &r, sizeof r);
    close(fd);
    if (size != (ssize_t)sizeof r || r.token[TOKEN_CHARACTERS] != '\0' ||
        strlen(r.token) != TOKEN_CHARACTERS)
        return false;
    *ret = r;
    return true;
}

/* ---- the passphrase ---- */

static int keys_path(char *ret, size_t size, const char *dir)
{
    return files_path(ret, size, dir, "keys.hop");
}

/* The cost that the file has now, if `old` opens it. */
static int check_old(const struct node *n, const char *path, const char *old,
                     struct keyfile_cost *ret, struct node_trouble *why)
{
    struct buf file = {0};
    size_t size = 0;
    enum keyfile_trouble t = KEYFILE_FINE;
    uint8_t *payload = hop_secret_new(KEYFILE_PAYLOAD_BYTES_MAX);
    int err = payload == NULL ? HOP_ENOMEM : files_read(path, KEYFILE_BYTES_MAX, &file);
    if (err != HOP_OK) {
        (void)node_disk_trouble(n, err, why);
        goto out;
    }
    err = keyfile_check(ret, buf_written(&file), &t);
    if (err == HOP_OK)
        err = keyfile_open(payload, &size, buf_written(&file), span_text(old), &t);
    if (err != HOP_OK)
        err = node_keys_trouble(n->dir, t, err, why);
out:
    hop_secret_free(payload, KEYFILE_PAYLOAD_BYTES_MAX);
    buf_free(&file);
    return err;
}

int guard_change_passphrase(struct node *n, const char *old, const char *new,
                            struct node_trouble *ret)
{
    char path[600];
    struct keyfile_cost cost = {0};
    uint8_t *file = malloc(KEYFILE_BYTES_MAX);
    struct keyfile_kept *kept = hop_secret_new(sizeof *kept);
    size_t size = 0;
    if (!passphrase_good(span_text(new))) {
        char least[16];
        (void)snprintf(least, sizeof least, "%d", PASSPHRASE_CHARACTERS_MIN);
        (void)text_say(&ret->said, ERR_PASSPHRASE_SHORT, 1, least);
        ret->exit_code = 1;
        free(file);
        hop_secret_free(kept, sizeof *kept);
        return HOP_EREFUSED;
    }
    int err = file == NULL || kept == NULL ? HOP_ENOMEM : keys_path(path, sizeof path, n->dir);
    if (err == HOP_OK)
        err = check_old(n, path, old, &cost, ret);
    if (err == HOP_OK)
        err = node_seal_keys(n, file, &size, kept, span_text(new), &cost);
    if (err == HOP_OK)
        err = files_replace_secret(path, SPAN(file, size));
    if (err == HOP_OK) {
        n->keyfile = *kept;
        n->keys.changed = false;
    } else if (ret->said.id == TEXT_NONE) {
        (void)node_disk_trouble(n, err, ret);
    }
    free(file);
    hop_secret_free(kept, sizeof *kept);
    return err;
}

/* ---- panic ---- */

int guard_panic_keys(const char *dir)
{
    char path[600];
    int err = keys_path(path, sizeof path, dir);
    if (err == HOP_OK)
        err = files_blank(path, KEYFILE_SLOTS_AT, KEYFILE_HEADER_BYTES - KEYFILE_SLOTS_AT);
    return err;
}

bool guard_panic_begun(const char *dir)
{
    char keys[600], records[600];
    return keys_path(keys, sizeof keys, dir) == HOP_OK &&
           files_path(records, sizeof records, dir, "records.mdb") == HOP_OK &&
           access(keys, F_OK) != 0 && access(records, F_OK) == 0;
}

void guard_panic_rest(const char *dir)
{
    static const char *const names[] = {"records.mdb", "records.mdb-lock", "link",
                                        "open.html",   "api.sock",         "lock"};
    char path[600];
    if (keys_path(path, sizeof path, dir) == HOP_OK && files_wipe(path) != HOP_OK)
        (void)unlink(path);
    files_wipe_parts(dir, "keys.hop");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (files_path(path, sizeof path, dir, names[i]) == HOP_OK)
            (void)unlink(path);
    }
    int err = files_sync_dir(dir);
    (void)err; /* the keys are gone already */
    (void)rmdir(dir);
}

int guard_panic(struct node *n)
{
    n->panic = true; /* whatever comes of the write: nothing is saved any more */
    n->stop = true;
    int err = guard_panic_keys(n->dir);
    hop_wipe(&n->keyfile, sizeof n->keyfile);
    return err;
}
