/* fuzz: toy device mesh meeting procedures cell store text base */
/* Files on a stick. The first byte: bytes laid over a request that the inviter reads (0), over the
 * answer that the joiner reads (1), or a request sealed by somebody who has the invitation, with
 * these bytes inside (2). */
#include "device/join_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct device *start(struct device_keys *keys, uint8_t n)
{
    struct hop_drbg drbg;
    struct device_config config = {.keys = keys, .store = store_memory_new(0), .seed = {n}};
    struct device *d;
    hop_drbg_seed(&drbg, config.seed);
    device_keys_new(keys, &drbg);
    if (config.store == NULL || device_new(&d, &config) != HOP_OK)
        abort();
    return d;
}

static struct device *host, *joiner;
static struct device_keys host_keys, joiner_keys;
static struct device_join join;
static uint8_t request[JOIN_FILE_BYTES_MAX];
static size_t request_size;

static void found(void)
{
    static struct mesh_outs outs;
    struct device_invite invite;
    struct text_said why;
    bool again;
    host = start(&host_keys, 1);
    joiner = start(&joiner_keys, 2);
    outs.scratch = (struct arena){.base = malloc(MESH_SCRATCH_BYTES), .size = MESH_SCRATCH_BYTES};
    if (device_found(host, "C", "p", span_text("name = \"p\";"), "A", ROLE_SECRETARY, 0, &why) ||
        device_committed(host, HOP_OK, 0, 0, &outs, &again) ||
        device_invite(host, "B", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why) ||
        device_committed(host, HOP_OK, 0, 0, &outs, &again) ||
        device_join_read(&join, invite.text, &why) ||
        device_join_file_request(joiner, &join, request, &request_size))
        abort();
}

/* The file that somebody with the invitation could write around any bytes. */
static size_t seal_around(const uint8_t *data, size_t size, uint8_t ret[static JOIN_FILE_BYTES_MAX])
{
    uint8_t key[32], kind = 1;
    memcpy(ret, request, JOIN_FILE_HEAD_BYTES);
    hop_derive(key, sizeof key, join.disc_key, LABEL_INVITE_FILE, SPAN(&kind, 1));
    hop_seal(ret + JOIN_FILE_HEAD_BYTES, key, ret + 6, SPAN(ret, 6), SPAN(data, size));
    return JOIN_FILE_HEAD_BYTES + size + CRYPTO_TAG_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t file[JOIN_FILE_BYTES_MAX + 8], answer[JOIN_FILE_BYTES_MAX];
    char name[AUTH_NAME_BYTES_MAX + 1];
    struct text_said why = {0};
    size_t answer_size = 0, all;
    if (host == NULL)
        found();
    if (size == 0 || size - 1 > JOIN_FRAME_BYTES_MAX)
        return 0;
    if (data[0] % 3 == 2) {
        all = seal_around(data + 1, size - 1, file);
    } else {
        all = size - 1 > request_size ? size - 1 : request_size;
        memset(file, 0, sizeof file);
        memcpy(file, request, request_size);
        for (size_t i = 0; i + 1 < size; i++)
            file[i] ^= data[i + 1];
        if (memcmp(file, request, request_size) == 0 && all == request_size)
            return 0; /* it would be admitted */
    }
    if (data[0] % 3 == 1) {
        struct device_join asked = join;
        if (device_join_file_finish(joiner, &asked, SPAN(file, all), &why) == HOP_OK)
            abort(); /* nobody has answered */
    } else if (device_join_file_answer(host, SPAN(file, all), 0, answer, &answer_size, name,
                                       &why) == HOP_OK) {
        abort(); /* nobody has signed it */
    }
    if (why.id == TEXT_NONE)
        abort();
    return 0;
}
