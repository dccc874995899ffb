/* The words for small sets of values: what JSON and the command line call them, and what a person
 * reads. "agree", "yes" and "đồng ý" all name CHOICE_AGREE; only the first is ever written. */
#ifndef HOP_NODE_WORDS_H
#define HOP_NODE_WORDS_H

#include "text/text.h"

enum words_kind {
    WORDS_ROLE,     /* enum auth_role */
    WORDS_CATEGORY, /* enum auth_category */
    WORDS_ROLL,     /* enum act_roll */
    WORDS_CHOICE,   /* enum act_choice */
    WORDS_CLASS,    /* enum act_class */
    WORDS_STAGE,    /* enum meeting_stage */
    WORDS_OUTCOME,  /* enum meeting_outcome */
    WORDS_RECEIPT,  /* 0, enum act_receipt */
    WORDS_REASON,   /* enum auth_reason */
    WORDS_DEVICE,   /* enum cell_device_state */
    WORDS_KINDS_COUNT
};

const char *words_key(enum words_kind kind, unsigned value);    /* "?" for a value that has none */
enum text_id words_label(enum words_kind kind, unsigned value); /* TEXT_NONE likewise */
const char *words_text(enum words_kind kind, unsigned value, enum text_lang lang);

/* By key, by another spelling, or by the label in either language. False: no such word. */
bool words_find(enum words_kind kind, const char *word, unsigned *ret);

/* What a record of this type is, for the list of records as they come. */
enum text_id words_record(unsigned type);

/* "agree, disagree, abstain": what would have been right. */
void words_list(enum words_kind kind, char *ret, size_t size);

#endif
