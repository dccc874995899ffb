/* fuzz: toy device mesh meeting procedures cell store text base */
/* The first byte: who hears (host or guest, by code or by card), or what is read (a code, a card).
 * Then datagrams, one after the other, laid over those that the other side would send. */
#include "device/pairing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_words(const uint8_t *data, size_t size)
{
    char words[512] = "";
    struct pairing_code code;
    struct pairing_card card;
    struct text_said why;
    memcpy(words, data, size < sizeof words - 1 ? size : sizeof words - 1);
    if (pairing_code_read(&code, words, &why) == HOP_OK &&
        strspn(code.digits, "0123456789") != PAIRING_CODE_DIGITS)
        abort();
    if (pairing_card_read(&card, words, &why) == HOP_OK) {
        struct pairing_card again;
        pairing_card_text(words, &card);
        if (pairing_card_read(&again, words, &why) != HOP_OK ||
            memcmp(&card, &again, sizeof card) != 0)
            abort();
    }
}

static void open_pair(struct pairing *host, struct pairing *guest, bool face)
{
    static const uint8_t seed[32] = {1};
    struct hop_drbg drbg;
    struct pairing_code code;
    struct text_said why;
    hop_drbg_seed(&drbg, seed);
    if (face) {
        pairing_open_face(host, true, "", &drbg, 0);
        pairing_open_face(guest, false, "", &drbg, 0);
        if (pairing_meet(host, &guest->own, &why) || pairing_meet(guest, &host->own, &why))
            abort();
        return;
    }
    pairing_code_new(&code, &drbg);
    pairing_open_code(host, true, &code, &drbg, 0);
    pairing_open_code(guest, false, &code, &drbg, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pairing host, guest;
    uint8_t good[BEACON_PLAIN_BYTES], bent[BEACON_PLAIN_BYTES], answer[BEACON_PLAIN_BYTES];
    if (size == 0)
        return 0;
    unsigned who = data[0];
    if ((who & 4) != 0) {
        read_words(data + 1, size - 1);
        return 0;
    }
    open_pair(&host, &guest, (who & 2) != 0);
    hop_time now = 0;
    for (size_t at = 1; at < size; at += BEACON_PLAIN_BYTES) {
        size_t n = size - at < BEACON_PLAIN_BYTES ? size - at : BEACON_PLAIN_BYTES;
        memset(good, 0, sizeof good);
        if (!pairing_speak(&guest, now += PAIRING_REPEAT_US, good))
            break;
        memcpy(bent, good, sizeof bent);
        if ((who & 1) == 0)
            for (size_t i = 0; i < n; i++)
                bent[i] ^= data[at + i];
        bool answers = pairing_hear(&host, bent, now, answer);
        if (host.state == PAIRING_PROVED) {
            pairing_give(&host, "HOP1-04ADBZSP", answer);
            answers = true;
        }
        if (host.wrong > PAIRING_GUESSES_MAX)
            abort();
        if (!answers)
            memset(answer, 0, sizeof answer);
        if ((who & 1) != 0)
            for (size_t i = 0; i < n; i++)
                answer[i] ^= data[at + i];
        (void)pairing_hear(&guest, answer, now, bent);
        if (guest.state == PAIRING_DONE && strcmp(guest.invitation, "HOP1-04ADBZSP") != 0)
            abort(); /* whatever was done to the way, it is the host's or none */
    }
    return 0;
}
