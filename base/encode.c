#include "base/encode.h"

#include <assert.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(char *ret, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        ret[2 * i] = hex_digits[bytes.data[i] >> 4];
        ret[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    ret[2 * bytes.size] = '\0';
}

/* The value of a digit in an alphabet, or -1. */
static int digit(const char *alphabet, char c)
{
    const char *p = c == '\0' ? NULL : strchr(alphabet, c);
    return p == NULL ? -1 : (int)(p - alphabet);
}

int hex_decode(uint8_t *ret, size_t size, const char *text)
{
    if (strlen(text) != 2 * size)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < size; i++) {
        int high = digit(hex_digits, text[2 * i]);
        int low = digit(hex_digits, text[2 * i + 1]);
        if (high < 0 || low < 0)
            return HOP_EMALFORMED;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return HOP_OK;
}

void base32_encode(char *ret, struct span bytes)
{
    uint32_t held = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        held = held << 8 | bytes.data[i];
        for (bits += 8; bits >= 5; bits -= 5)
            ret[n++] = base32_digits[held >> (bits - 5) & 31];
    }
    if (bits > 0)
        ret[n++] = base32_digits[held << (5 - bits) & 31];
    ret[n] = '\0';
}

static int base32_value(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0'; /* Crockford: letters that look like digits are read as them */
    if (c == 'I' || c == 'L')
        c = '1';
    return digit(base32_digits, c);
}

int base32_decode(uint8_t *ret, size_t *ret_size, const char *text)
{
    uint32_t held = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '-' || *p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
            continue;
        int v = base32_value(*p);
        if (v < 0)
            return HOP_EMALFORMED;
        held = held << 5 | (uint32_t)v;
        bits += 5;
        if (bits >= 8) {
            if (n == *ret_size)
                return HOP_EFULL;
            bits -= 8;
            ret[n++] = (uint8_t)(held >> bits);
        }
    }
    if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) /* a spare digit, or spare bits set */
        return HOP_EMALFORMED;
    *ret_size = n;
    return HOP_OK;
}

void base64_encode(char *ret, struct span bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t have = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t v = (uint32_t)bytes.data[i] << 16;
        v |= have > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        v |= have > 2 ? bytes.data[i + 2] : 0;
        ret[n++] = base64_digits[v >> 18];
        ret[n++] = base64_digits[v >> 12 & 63];
        ret[n++] = have > 1 ? base64_digits[v >> 6 & 63] : '=';
        ret[n++] = have > 2 ? base64_digits[v & 63] : '=';
    }
    ret[n] = '\0';
}

/* By comparison: a search in the alphabet for each digit was a sixth of the time it takes to verify
 * a large dossier. -1: none. */
static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four digits into one to three bytes; the count, or 0 when it is not one. */
static size_t base64_group(uint8_t out[static 3], const uint8_t in[static 4], bool last)
{
    uint32_t v = 0;
    size_t pad = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = base64_digit(in[i]);
        if (in[i] == '=' && last && i >= 2)
            pad++;
        else if (d < 0 || pad > 0)
            return 0;
        v = v << 6 | (uint32_t)(d < 0 ? 0 : d);
    }
    for (size_t i = 0; i < 3; i++)
        out[i] = (uint8_t)(v >> (16 - 8 * i));
    for (size_t i = 3 - pad; i < 3; i++) {
        if (out[i] != 0)
            return 0; /* spare bits set: a second spelling of the same bytes */
    }
    return 3 - pad;
}

int base64_decode(uint8_t *ret, size_t *ret_size, struct span text)
{
    size_t n = 0;
    if (text.size % 4 != 0)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < text.size; i += 4) {
        uint8_t bytes[3];
        size_t got = base64_group(bytes, text.data + i, i + 4 == text.size);
        if (got == 0)
            return HOP_EMALFORMED;
        if (got > *ret_size - n)
            return HOP_EFULL;
        memcpy(ret + n, bytes, got);
        n += got;
    }
    *ret_size = n;
    return HOP_OK;
}
