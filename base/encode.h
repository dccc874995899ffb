/* Bytes as text: hexadecimal for people who debug, Crockford base32 for people who type
 * (no I, L, O, U; case does not matter; '-' and spaces are skipped), base64 for files.
 *
 * Encoders write a NUL and need ENCODED_SIZE bytes. Decoders accept exactly one spelling per
 * value (apart from case and dashes in base32) and return HOP_EMALFORMED for anything else. */
#ifndef HOP_BASE_ENCODE_H
#define HOP_BASE_ENCODE_H

#include "base/err.h"
#include "base/span.h"

#define HEX_SIZE(n)    (2 * (n) + 1)
#define BASE32_SIZE(n) (((n)*8 + 4) / 5 + 1)
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

void hex_encode(char *ret, struct span bytes);
MUST_USE int hex_decode(uint8_t *ret, size_t size, const char *text); /* exactly size bytes */

void base32_encode(char *ret, struct span bytes);
/* *ret_size: room in, bytes out. HOP_EFULL when the text holds more than fits. */
MUST_USE int base32_decode(uint8_t *ret, size_t *ret_size, const char *text);

void base64_encode(char *ret, struct span bytes); /* RFC 4648 §4, with padding */
MUST_USE int base64_decode(uint8_t *ret, size_t *ret_size, struct span text);

#endif
