/* What people read out and screens show: codes and cards. */
#include "device/pairing.h"

#include "base/encode.h"

#include <assert.h>

#define CARD_PREFIX    "HOPF-"
#define CARD_VERSION   1
#define CHECK_BYTES    4
#define CARD_BYTES_MAX (1 + 1 + 16 + 1 + PAIRING_CARD_ADDRESS_BYTES + CHECK_BYTES)

_Static_assert(BASE32_SIZE(CARD_BYTES_MAX) + sizeof CARD_PREFIX + 30 <= PAIRING_CARD_TEXT_BYTES,
               "a card with dashes must fit its room");

/* ISO 7064 MOD 11,10: notices every digit that is wrong and nearly all that changed places. */
static char check_digit(const char *digits, size_t count)
{
    unsigned product = 10;
    for (size_t i = 0; i < count; i++) {
        unsigned sum = (product + (unsigned)(digits[i] - '0')) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (char)('0' + (11 - product) % 10);
}

void pairing_code_new(struct pairing_code *ret, struct hop_drbg *drbg)
{
    uint64_t chance = hop_drbg_u64(drbg); /* 2^64 is so many times 10^9 that the rest is nothing */
    for (size_t i = 0; i < PAIRING_CODE_DIGITS - 1; i++) {
        ret->digits[i] = (char)('0' + chance % 10);
        chance /= 10;
    }
    ret->digits[PAIRING_CODE_DIGITS - 1] = check_digit(ret->digits, PAIRING_CODE_DIGITS - 1);
    ret->digits[PAIRING_CODE_DIGITS] = '\0';
}

/* As people say telephone numbers: 417-829-0345. */
void pairing_code_text(char ret[static PAIRING_CODE_TEXT], const struct pairing_code *code)
{
    size_t n = 0;
    for (size_t i = 0; i < PAIRING_CODE_DIGITS; i++) {
        if (i == 3 || i == 6)
            ret[n++] = '-';
        ret[n++] = code->digits[i];
    }
    ret[n] = '\0';
}

int pairing_code_read(struct pairing_code *ret, const char *words, struct text_said *why)
{
    struct pairing_code code = {0};
    size_t n = 0;
    for (const char *c = words; *c != '\0'; c++) {
        if (strchr(" -.\t\r\n", *c) != NULL)
            continue;
        if (*c < '0' || *c > '9' || n == PAIRING_CODE_DIGITS)
            return text_say(why, PAIR_CODE_BAD, 0);
        code.digits[n++] = *c;
    }
    if (n != PAIRING_CODE_DIGITS)
        return text_say(why, PAIR_CODE_BAD, 0);
    if (check_digit(code.digits, n - 1) != code.digits[n - 1])
        return text_say(why, PAIR_CODE_MISTYPED, 0);
    *ret = code;
    return HOP_OK;
}

/* ---- cards ---- */

void pairing_card_text(char ret[static PAIRING_CARD_TEXT_BYTES], const struct pairing_card *card)
{
    uint8_t bytes[CARD_BYTES_MAX], check[16];
    char plain[BASE32_SIZE(CARD_BYTES_MAX)];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    size_t address = strlen(card->address), n = sizeof CARD_PREFIX - 1;
    wire_put_u8(&w, CARD_VERSION);
    wire_put_u8(&w, card->host);
    wire_put_bytes(&w, card->commitment, sizeof card->commitment);
    wire_put_u8(&w, (uint8_t)address);
    wire_put_bytes(&w, (const uint8_t *)card->address, address);
    hop_hash(check, sizeof check, LABEL_PAIR_SUM, wire_written(&w));
    wire_put_bytes(&w, check, CHECK_BYTES);
    assert(!w.bad);
    base32_encode(plain, wire_written(&w));
    memcpy(ret, CARD_PREFIX, n);
    for (size_t i = 0; plain[i] != '\0'; i++) {
        if (i > 0 && i % 5 == 0)
            ret[n++] = '-';
        ret[n++] = plain[i];
    }
    ret[n] = '\0';
}

static bool has_prefix(const char *words)
{
    for (size_t i = 0; i < sizeof CARD_PREFIX - 1; i++) {
        char c = words[i] >= 'a' && words[i] <= 'z' ? (char)(words[i] - 'a' + 'A') : words[i];
        if (c != CARD_PREFIX[i])
            return false;
    }
    return true;
}

int pairing_card_read(struct pairing_card *ret, const char *words, struct text_said *why)
{
    uint8_t bytes[CARD_BYTES_MAX], check[16];
    struct pairing_card card = {0};
    size_t size = sizeof bytes;
    words += strspn(words, " \t\r\n");
    if (!has_prefix(words) ||
        base32_decode(bytes, &size, words + sizeof CARD_PREFIX - 1) != HOP_OK || size < CHECK_BYTES)
        return text_say(why, PAIR_CARD_DAMAGED, 0);
    struct span covered = SPAN(bytes, size - CHECK_BYTES);
    hop_hash(check, sizeof check, LABEL_PAIR_SUM, covered);
    if (memcmp(check, bytes + covered.size, CHECK_BYTES) != 0)
        return text_say(why, PAIR_CARD_DAMAGED, 0);
    struct wire_reader r = wire_reader(covered.data, covered.size);
    if (wire_get_u8(&r) != CARD_VERSION)
        return text_say(why, JOIN_TEXT_NEWER, 0);
    unsigned host = wire_get_u8(&r);
    wire_get_into(&r, card.commitment, sizeof card.commitment);
    size_t address = wire_get_u8(&r);
    if (address >= sizeof card.address || host > 1)
        return text_say(why, PAIR_CARD_DAMAGED, 0);
    wire_get_into(&r, (uint8_t *)card.address, address);
    if (!wire_end(&r) || !utf8_plain(span_text(card.address), true))
        return text_say(why, PAIR_CARD_DAMAGED, 0);
    card.host = host == 1;
    *ret = card;
    return HOP_OK;
}
