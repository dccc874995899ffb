/* Every sentence a person reads, in Vietnamese and English, from one catalogue.
 *
 * The catalogue is the .def files in this folder, one a subject: X(ID, "English", "Tiếng Việt").
 * {0} … {9} stand for arguments, so that word order may differ between the languages. Pure: no
 * locale, no files. JSON and the page name a sentence by its key, the id in lower case. */
#ifndef HOP_TEXT_TEXT_H
#define HOP_TEXT_TEXT_H

#include "base/buf.h"
#include "base/err.h"

enum text_lang { TEXT_VI, TEXT_EN, TEXT_LANGS_COUNT };

enum text_id {
    TEXT_NONE,
#define X(id, en, vi) id,
#include "text/catalog.def"
#undef X
    TEXT_COUNT
};

/* The sentence with its {n} unfilled; static, never NULL. */
const char *text(enum text_lang lang, enum text_id id);

/* "refuse_not_chair" for REFUSE_NOT_CHAIR; static. TEXT_NONE for a key that is not there. */
const char *text_key(enum text_id id);
enum text_id text_by_key(const char *key);

/* Append the sentence with {n} replaced by args[n]; a missing argument is replaced by "?". */
void text_fill(struct buf *b, enum text_lang lang, enum text_id id, const char *const args[],
               size_t count);

/* "vi_VN.UTF-8" and "vi" are Vietnamese; everything else, NULL too, is English. */
enum text_lang text_lang_of(const char *locale);

/* Copy as many whole characters as fit into size bytes with a NUL. */
void text_cut(char *ret, size_t size, const char *from);

/* ---- a reason why something may not be done ---- */

#define TEXT_ARGS_MAX      4
#define TEXT_ARG_BYTES_MAX 128

/* A sentence with its arguments kept by value, so that pure code can hand it up. */
struct text_said {
    enum text_id id;
    enum text_id of; /* a phrase of the catalogue that stands for {0}, before the arguments */
    size_t count;
    char args[TEXT_ARGS_MAX][TEXT_ARG_BYTES_MAX];
};

/* Fill said with id and count strings (NULL reads as ""); long arguments are cut at a character.
 * Returns HOP_EREFUSED, so that a refusal is one line: return text_say(why, REFUSE_…, 0); */
int text_say(struct text_said *said, enum text_id id, size_t count, ...);

/* A sentence about a reason that the catalogue has as a phrase: it stands for {0}. */
int text_say_of(struct text_said *said, enum text_id id, enum text_id of);

void text_said_fill(struct buf *b, enum text_lang lang, const struct text_said *said);

#endif
