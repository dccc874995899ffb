/* The subset of CBOR (RFC 8949) that record bodies use, with one encoding per value.
 *
 * Unsigned and negative integers, byte and text strings, arrays, maps whose keys are ascending
 * unsigned integers, true, false, null. Definite lengths, shortest form, nesting at most
 * CBOR_DEPTH_MAX, text is valid UTF-8. No floats, no tags, no indefinite lengths. Anything else
 * makes the wire reader or writer bad, for good.
 *
 * Reading a map whose fields may be absent, and which a newer version may have extended:
 *
 *     struct cbor_map m = cbor_get_map(&r);
 *     while (cbor_next_key(&r, &m)) {
 *         switch (m.key) {
 *         case 1: title = cbor_get_text(&r, TITLE_BYTES_MAX); break;
 *         default: cbor_skip(&r); break; // from a newer version: kept in the record's bytes
 *         }
 *     }
 */
#ifndef HOP_BASE_CBOR_H
#define HOP_BASE_CBOR_H

#include "base/wire.h"

#define CBOR_DEPTH_MAX 8

struct cbor_map {
    uint64_t left; /* pairs not yet read */
    uint64_t key;  /* of the pair being read */
    bool started;
};

uint64_t cbor_get_uint(struct wire_reader *r);
int64_t cbor_get_int(struct wire_reader *r);
bool cbor_get_bool(struct wire_reader *r);
struct span cbor_get_bytes(struct wire_reader *r, size_t max_size);
struct span cbor_get_text(struct wire_reader *r, size_t max_size);    /* checked UTF-8 */
void cbor_get_into(struct wire_reader *r, uint8_t *ret, size_t size); /* bytes, exactly size */
size_t cbor_get_array(struct wire_reader *r, size_t max_count);       /* then read so many items */
struct cbor_map cbor_get_map(struct wire_reader *r);
bool cbor_next_key(struct wire_reader *r, struct cbor_map *m); /* false at the end, or when bad */
void cbor_skip(struct wire_reader *r);                         /* one whole item */

void cbor_put_uint(struct wire_writer *w, uint64_t v);
void cbor_put_int(struct wire_writer *w, int64_t v);
void cbor_put_bool(struct wire_writer *w, bool v);
void cbor_put_bytes(struct wire_writer *w, struct span s);
void cbor_put_text(struct wire_writer *w, struct span s); /* bad if it is not UTF-8 */
void cbor_put_array(struct wire_writer *w, size_t count); /* then write so many items */
void cbor_put_map(struct wire_writer *w, size_t count);   /* then so many keys and values */

/* True if s is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool utf8_valid(struct span s);

/* True if s is also plain: no control characters (C0, DEL, C1; in a text of several lines tab and
 * line ends are fine), no line separators, none that turn the direction of what follows. With
 * those a name could rewrite a terminal, and a line of the minutes look like another. */
bool utf8_plain(struct span s, bool one_line);

#endif
