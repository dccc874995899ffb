#include "audio/riff.h"

#define FORMAT_PCM       1
#define FORMAT_BYTES_MIN 16

/* RIFF is little endian, so base/wire.h does not fit; the same idea, smaller. */
struct window {
    const uint8_t *next;
    size_t left;
};

static struct span take(struct window *w, size_t size)
{
    if (size > w->left)
        size = w->left;
    struct span s = SPAN(w->next, size);
    if (size > 0)
        w->next += size;
    w->left -= size;
    return s;
}

static uint32_t u32_at(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint16_t u16_at(const uint8_t *b)
{
    return (uint16_t)(b[0] | b[1] << 8);
}

static enum riff_fault format_parse(struct span body)
{
    if (body.size < FORMAT_BYTES_MIN)
        return RIFF_NOT_WAV;
    if (u16_at(body.data) != FORMAT_PCM || u16_at(body.data + 14) != 16)
        return RIFF_NOT_PCM16;
    if (u16_at(body.data + 2) != 1)
        return RIFF_NOT_MONO;
    return u32_at(body.data + 4) == VOICE_RATE ? RIFF_FINE : RIFF_NOT_48K;
}

enum riff_fault riff_parse(struct span *ret_samples, struct span file)
{
    struct window w = {.next = file.data, .left = file.size};
    struct span head = take(&w, 12);
    bool formatted = false;
    if (head.size < 12 || memcmp(head.data, "RIFF", 4) != 0 ||
        memcmp(head.data + 8, "WAVE", 4) != 0)
        return RIFF_NOT_WAV;
    while (w.left >= 8) {
        struct span chunk = take(&w, 8);
        uint32_t size = u32_at(chunk.data + 4);
        if (memcmp(chunk.data, "data", 4) == 0) {
            if (!formatted)
                return RIFF_NOT_WAV;
            struct span all = take(&w, size == 0 ? w.left : size);
            *ret_samples = SPAN(all.data, all.size - all.size % 2);
            return RIFF_FINE;
        }
        if (size > w.left)
            return RIFF_NOT_WAV;
        struct span body = take(&w, size);
        (void)take(&w, size % 2); /* chunks are padded to even */
        if (memcmp(chunk.data, "fmt ", 4) == 0) {
            enum riff_fault fault = format_parse(body);
            if (fault != RIFF_FINE)
                return fault;
            formatted = true;
        }
    }
    return RIFF_NO_SAMPLES;
}

static void put_u32(uint8_t *b, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        b[i] = (uint8_t)(v >> (8 * i));
}

void riff_head(uint8_t ret[static RIFF_HEAD_BYTES], uint32_t samples_count)
{
    static const uint8_t fixed[RIFF_HEAD_BYTES] = {
        'R', 'I', 'F', 'F', 0, 0, 0,          0, 'W', 'A', 'V', 'E', 'f', 'm',
        't', ' ', 16,  0,   0, 0, FORMAT_PCM, 0, 1,   0,   0,   0,   0,   0,
        0,   0,   0,   0,   2, 0, 16,         0, 'd', 'a', 't', 'a'};
    memcpy(ret, fixed, sizeof fixed);
    put_u32(ret + 4, RIFF_HEAD_BYTES - 8 + samples_count * 2);
    put_u32(ret + 24, VOICE_RATE);
    put_u32(ret + 28, VOICE_RATE * 2);
    put_u32(ret + 40, samples_count * 2);
}
