/* Reading settings of a procedure file: values, and saying what is wrong with line and fix. */
#ifndef HOP_MEETING_PROCEDURE_READ_H
#define HOP_MEETING_PROCEDURE_READ_H

#include "meeting/procedure.h"

#include <libconfig.h>

/* All return HOP_OK, or HOP_EMALFORMED with a sentence in why. */

int read_fail(struct text_said *why, enum text_id id, unsigned line, const char *a, const char *b,
              const char *c);
int read_fail_at(struct text_said *why, enum text_id id, const config_setting_t *s,
                 const char *name);
int read_fail_limit(struct text_said *why, enum text_id id, const config_setting_t *s,
                    const char *name, size_t limit);

/* s must be a group that holds nothing but known names (the last is NULL). */
int read_group(const config_setting_t *s, const char *name, const char *const known[],
               struct text_said *why);
/* lines: may hold line ends. */
int read_text(char *ret, size_t size, const config_setting_t *s, const char *name, bool lines,
              struct text_said *why);
int read_bool(bool *ret, const config_setting_t *s, const char *name, struct text_said *why);
int read_int(int *ret, int min, int max, const config_setting_t *s, const char *name,
             struct text_said *why);
/* One of words (the last is NULL), as its index. */
int read_word(unsigned *ret, const char *const words[], const config_setting_t *s, const char *name,
              struct text_said *why);
/* Both languages of a label. A group that says neither leaves the label as it was, unless they are
 * required. */
int read_label(struct procedure_label *ret, const config_setting_t *s, const char *name,
               bool required, bool lines, struct text_said *why);
/* A label under this name, if there is one. */
int read_root_label(struct procedure_label *ret, const config_setting_t *group, const char *name,
                    bool lines, struct text_said *why);
/* A list of labels, if there is one. */
int read_labels(struct procedure_label *ret, size_t *ret_count, size_t max,
                const config_setting_t *group, const char *name, struct text_said *why);
/* The setting of this name as a list of at most max, its length in *ret_count; *ret NULL: none. */
int read_list(const config_setting_t **ret, size_t *ret_count, size_t max,
              const config_setting_t *group, const char *name, struct text_said *why);
int read_share(struct procedure_share *ret, const config_setting_t *group, const char *name,
               struct text_said *why);
/* The required setting "name": a-z 0-9 - _. */
int read_name(char *ret, size_t size, const config_setting_t *group, struct text_said *why);

#endif
