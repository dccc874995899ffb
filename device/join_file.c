#include "device/join_file.h"

#include "device/state.h"

#define VERSION 1

static const uint8_t magic[4] = {'H', 'O', 'P', 'J'};

enum kind { REQUEST = 1, ANSWER = 2 };

#define COVERED_BYTES (JOIN_FILE_HEAD_BYTES - CRYPTO_NONCE_BYTES) /* magic, version, kind */

static void file_key(uint8_t ret[static 32], const uint8_t disc_key[static 32], enum kind kind)
{
    uint8_t context = (uint8_t)kind;
    hop_derive(ret, 32, disc_key, LABEL_INVITE_FILE, SPAN(&context, 1));
}

static void seal(struct device *d, enum kind kind, const uint8_t disc_key[static 32],
                 struct span frame, uint8_t ret[static JOIN_FILE_BYTES_MAX], size_t *ret_size)
{
    uint8_t key[32];
    struct wire_writer w = wire_writer(ret, JOIN_FILE_HEAD_BYTES);
    wire_put_bytes(&w, magic, sizeof magic);
    wire_put_u8(&w, VERSION);
    wire_put_u8(&w, (uint8_t)kind);
    uint8_t *nonce = wire_take(&w, CRYPTO_NONCE_BYTES);
    hop_drbg_take(&d->drbg, nonce, CRYPTO_NONCE_BYTES);
    file_key(key, disc_key, kind);
    hop_seal(ret + JOIN_FILE_HEAD_BYTES, key, nonce, SPAN(ret, COVERED_BYTES), frame);
    *ret_size = JOIN_FILE_HEAD_BYTES + frame.size + CRYPTO_TAG_BYTES;
    hop_wipe(key, sizeof key);
}

/* Is it a file of this kind at all? HOP_EREFUSED with a sentence that says what it is. */
static int check_head(struct span file, enum kind kind, struct text_said *why)
{
    struct wire_reader r = wire_reader(file.data, file.size);
    struct span start = wire_get_bytes(&r, sizeof magic);
    unsigned version = wire_get_u8(&r), got = wire_get_u8(&r);
    if (r.bad || memcmp(start.data, magic, sizeof magic) != 0 ||
        file.size < JOIN_FILE_HEAD_BYTES + CRYPTO_TAG_BYTES || file.size > JOIN_FILE_BYTES_MAX)
        return text_say(why, JOIN_FILE_FOREIGN, 0);
    if (version != VERSION)
        return text_say(why, JOIN_TEXT_NEWER, 0);
    if (got != (unsigned)kind)
        return text_say(why, kind == REQUEST ? JOIN_FILE_NOT_REQUEST : JOIN_FILE_NOT_ANSWER, 0);
    return HOP_OK;
}

/* The frame inside, at most JOIN_FRAME_BYTES_MAX; HOP_EAUTH: not under this key. */
static int open_file(struct span file, enum kind kind, const uint8_t disc_key[static 32],
                     uint8_t ret[static JOIN_FRAME_BYTES_MAX], size_t *ret_size)
{
    uint8_t key[32];
    file_key(key, disc_key, kind);
    *ret_size = file.size - JOIN_FILE_HEAD_BYTES - CRYPTO_TAG_BYTES;
    int err = hop_open(ret, key, file.data + COVERED_BYTES, SPAN(file.data, COVERED_BYTES),
                       SPAN(file.data + JOIN_FILE_HEAD_BYTES, file.size - JOIN_FILE_HEAD_BYTES));
    hop_wipe(key, sizeof key);
    return err;
}

int device_join_file_request(struct device *d, const struct device_join *join,
                             uint8_t ret[static JOIN_FILE_BYTES_MAX], size_t *ret_size)
{
    uint8_t frame[JOIN_FRAME_BYTES_MAX];
    size_t size;
    int err = device_join_request(d, join, frame, &size);
    if (err == HOP_OK)
        seal(d, REQUEST, join->disc_key, SPAN(frame, size), ret, ret_size);
    return err;
}

int device_join_file_answer(struct device *d, struct span file, uint64_t wall,
                            uint8_t ret[static JOIN_FILE_BYTES_MAX], size_t *ret_size,
                            char ret_name[static AUTH_NAME_BYTES_MAX + 1], struct text_said *why)
{
    uint8_t frame[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t size = 0, answer_size = 0;
    const struct cell_invite *found = NULL;
    int err = check_head(file, REQUEST, why);
    if (err != HOP_OK)
        return err;
    for (size_t i = 0; i < cell_invite_count(d->cell) && found == NULL; i++) {
        const struct cell_invite *c = cell_invite(d->cell, i);
        /* as on a link: two members who admit at one time would admit twice */
        if (c->by == device_self(d) &&
            open_file(file, REQUEST, c->body.disc_key, frame, &size) == HOP_OK)
            found = c;
    }
    if (found == NULL)
        return text_say(why, JOIN_FILE_UNKNOWN, 0);
    uint8_t disc_key[32], link_key[32];
    memcpy(disc_key, found->body.disc_key, sizeof disc_key);
    memcpy(link_key, found->body.link_key, sizeof link_key); /* its signature is in the request */
    memcpy(ret_name, found->body.name, sizeof found->body.name);
    device_join_answer(d, SPAN(frame, size), link_key, wall, answer, &answer_size);
    err = device_join_refused(SPAN(answer, answer_size), why);
    if (err == HOP_OK)
        seal(d, ANSWER, disc_key, SPAN(answer, answer_size), ret, ret_size);
    return err;
}

int device_join_file_finish(struct device *d, struct device_join *join, struct span file,
                            struct text_said *why)
{
    uint8_t frame[JOIN_FRAME_BYTES_MAX];
    size_t size = 0;
    int err = check_head(file, ANSWER, why);
    if (err != HOP_OK)
        return err;
    if (open_file(file, ANSWER, join->disc_key, frame, &size) != HOP_OK)
        return text_say(why, JOIN_FILE_OTHER, 0);
    return device_join_finish(d, join, SPAN(frame, size), why);
}
