/* fuzz: toy device mesh meeting procedures cell store text base */
#include "device/device.h"

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

/* The first byte: bytes as a request to an inviter, laid over a good one, or as its answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct device *host, *joiner;
    static struct device_keys host_keys, joiner_keys;
    static struct device_join join;
    static uint8_t request[JOIN_FRAME_BYTES_MAX];
    static size_t request_size;
    uint8_t frame[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    struct text_said why = {0};
    if (host == NULL) {
        struct device_invite invite;
        static struct mesh_outs outs;
        bool again;
        host = start(&host_keys, 1);
        joiner = start(&joiner_keys, 2);
        outs.scratch =
            (struct arena){.base = malloc(MESH_SCRATCH_BYTES), .size = MESH_SCRATCH_BYTES};
        if (device_found(host, "C", "p", span_text("name = \"p\";"), "A", ROLE_SECRETARY, 0,
                         &why) ||
            device_committed(host, HOP_OK, 0, 0, &outs, &again) ||
            device_invite(host, "B", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why) ||
            device_committed(host, HOP_OK, 0, 0, &outs, &again) ||
            device_join_read(&join, invite.text, &why) ||
            device_join_request(joiner, &join, request, &request_size))
            abort();
    }
    if (size == 0 || size > sizeof frame)
        return 0;
    size_t all = size - 1;
    memcpy(frame, request, request_size);
    if (data[0] % 3 == 1) {
        for (size_t i = 0; i + 1 < size; i++)
            frame[i] = (uint8_t)((i < request_size ? frame[i] : 0) ^ data[i + 1]);
        all = request_size > size - 1 ? request_size : size - 1;
    } else {
        memcpy(frame, data + 1, size - 1);
    }
    if (data[0] % 3 == 2) {
        struct device_join asked = join;
        if (device_join_finish(joiner, &asked, SPAN(frame, all), &why) == HOP_OK)
            abort(); /* nobody has answered */
    } else {
        size_t answer_size = 0;
        bool good = all == request_size && memcmp(frame, request, all) == 0;
        if (good)
            return 0; /* it would be admitted, and the next ones refused as used */
        device_join_answer(host, SPAN(frame, all), join.link_key.public_key, 0, answer,
                           &answer_size);
        if (answer_size != 3 || answer[2] == 0)
            abort();
    }
    return 0;
}
