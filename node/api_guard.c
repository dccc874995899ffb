/* Lock, unlock, passphrase, panic; and what a locked node answers. */
#include "node/api_part.h"

#include <stdlib.h>

#include "node/guard.h"

#define PASSPHRASE_BYTES_MAX 1024
#define PANIC_WORD           "PANIC"

/* A passphrase as it was typed: other texts are brought to one spelling, this one is hashed. NULL,
 * and a sentence, if it is not there. Borrowed from the body. */
static const char *passphrase(struct api_call *c, const char *key)
{
    const char *s = json_get_text(c->body, key);
    size_t size = strlen(s);
    if (size > 0 && size <= PASSPHRASE_BYTES_MAX)
        return s;
    (void)text_say(&c->why, size == 0 ? API_MISSING_KEY : API_TOO_LONG, 2, key, "1024");
    return NULL;
}

/* The body's own copy, so that it does not stay in memory. */
static void forget(struct api_call *c, const char *key)
{
    json_t *value = json_object_get(c->body, key);
    if (json_is_string(value))
        hop_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static int say(struct api_call *c, const struct node_trouble *trouble, int err)
{
    c->why = trouble->said;
    return err;
}

int api_post_here(struct api_call *c)
{
    return api_answer(c, json_object()); /* node/http.c has noted that somebody is here */
}

int api_post_lock(struct api_call *c)
{
    int err = json_read(c->body, NULL, 0, &c->why);
    if (err == HOP_OK && !c->n->running)
        err = text_say(&c->why, GUARD_NO_NODE, 0);
    if (err != HOP_OK)
        return err;
    c->n->lock = true;
    return api_answer(c, json_pack("{s:b}", "locking", true));
}

int api_post_unlock(struct api_call *c)
{
    struct node_trouble trouble = {0};
    const char *word = passphrase(c, "passphrase");
    int err = word == NULL ? HOP_EMALFORMED : HOP_OK;
    if (err == HOP_OK && !c->n->locked)
        err = text_say(&c->why, GUARD_NOT_LOCKED, 0);
    if (err == HOP_OK && node_unlock(c->n, word, &trouble) != HOP_OK)
        err = say(c, &trouble, trouble.exit_code == 1 ? HOP_EAUTH : HOP_EIO);
    forget(c, "passphrase");
    return err != HOP_OK ? err : api_answer(c, json_pack("{s:b}", "locked", false));
}

int api_post_passphrase(struct api_call *c)
{
    struct node_trouble trouble = {0};
    const char *old = passphrase(c, "old"), *new = passphrase(c, "new");
    int err = old == NULL || new == NULL ? HOP_EMALFORMED : HOP_OK;
    if (err == HOP_OK) {
        err = guard_change_passphrase(c->n, old, new, &trouble);
        if (err != HOP_OK)
            err = say(c, &trouble,
                      err == HOP_EREFUSED      ? err
                      : trouble.exit_code == 1 ? HOP_EAUTH
                                               : HOP_EIO);
    }
    forget(c, "old");
    forget(c, "new");
    return err != HOP_OK ? err : api_answer(c, json_pack("{s:b}", "changed", true));
}

int api_post_panic(struct api_call *c)
{
    if (strcmp(json_get_text(c->body, "confirm"), PANIC_WORD) != 0)
        return text_say(&c->why, GUARD_PANIC_CONFIRM, 0);
    int err = guard_panic(c->n);
    if (err != HOP_OK && err != HOP_ENOTFOUND) {
        (void)text_say(&c->why, GUARD_PANIC_FAILED, 2, c->n->dir, hop_error_text(err));
        return HOP_EIO;
    }
    return api_answer(c, json_pack("{s:b}", "destroyed", true));
}
