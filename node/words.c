#include "node/words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "meeting/meeting.h"

#define WORDS_MAX 7
#define SPELLINGS 3

struct word {
    const char *key;
    enum text_id label;
    const char *also[SPELLINGS];
};

/* clang-format off */
static const struct word words[WORDS_KINDS_COUNT][WORDS_MAX] = {
    [WORDS_ROLE] = {
        [ROLE_MEMBER]    = {"member",    WORD_ROLE_MEMBER,    {0}},
        [ROLE_COMMITTEE] = {"committee", WORD_ROLE_COMMITTEE, {0}},
        [ROLE_DEPUTY]    = {"deputy",    WORD_ROLE_DEPUTY,    {0}},
        [ROLE_SECRETARY] = {"secretary", WORD_ROLE_SECRETARY, {0}},
        [ROLE_OBSERVER]  = {"observer",  WORD_ROLE_OBSERVER,  {0}},
        [ROLE_CARRIER]   = {"carrier",   WORD_ROLE_CARRIER,   {0}},
    },
    [WORDS_CATEGORY] = {
        [CATEGORY_FULL]         = {"full",         WORD_CATEGORY_FULL,         {0}},
        [CATEGORY_PROBATIONARY] = {"probationary", WORD_CATEGORY_PROBATIONARY, {0}},
        [CATEGORY_ATTACHED]     = {"attached",     WORD_CATEGORY_ATTACHED,     {0}},
        [CATEGORY_EXEMPT]       = {"exempt",       WORD_CATEGORY_EXEMPT,       {0}},
        [CATEGORY_TRANSFERRED]  = {"transferred",  WORD_CATEGORY_TRANSFERRED,  {0}},
    },
    [WORDS_ROLL] = {
        [ROLL_UNKNOWN]       = {"unknown", WORD_ROLL_UNKNOWN,       {0}},
        [ROLL_PRESENT]       = {"present", WORD_ROLL_PRESENT,       {0}},
        [ROLL_ABSENT_REASON] = {"excused", WORD_ROLL_ABSENT_REASON, {"absent-reason", "absent_reason", NULL}},
        [ROLL_ABSENT]        = {"absent",  WORD_ROLL_ABSENT,        {0}},
        [ROLL_EXCUSED_DUTY]  = {"duty",    WORD_ROLL_EXCUSED_DUTY,  {0}},
    },
    [WORDS_CHOICE] = {
        [CHOICE_AGREE]    = {"agree",    WORD_CHOICE_AGREE,    {"yes", "tán thành", "có"}},
        [CHOICE_DISAGREE] = {"disagree", WORD_CHOICE_DISAGREE, {"no", "không tán thành", "không"}},
        [CHOICE_ABSTAIN]  = {"abstain",  WORD_CHOICE_ABSTAIN,  {0}},
    },
    [WORDS_CLASS] = {
        [CLASS_OPEN]     = {"open",     WORD_CLASS_OPEN,     {0}},
        [CLASS_INTERNAL] = {"internal", WORD_CLASS_INTERNAL, {0}},
        [CLASS_GROUP]    = {"group",    WORD_CLASS_GROUP,    {0}},
        [CLASS_SECRET]   = {"secret",   WORD_CLASS_SECRET,   {0}},
    },
    [WORDS_STAGE] = {
        [STAGE_PREPARED] = {"prepared", WORD_STAGE_PREPARED, {0}},
        [STAGE_CONVENED] = {"convened", WORD_STAGE_CONVENED, {0}},
        [STAGE_OPENED]   = {"opened",   WORD_STAGE_OPENED,   {0}},
        [STAGE_CLOSED]   = {"closed",   WORD_STAGE_CLOSED,   {0}},
    },
    [WORDS_OUTCOME] = {
        [OUTCOME_OPEN]      = {"open",      WORD_OUTCOME_OPEN,      {0}},
        [OUTCOME_ADOPTED]   = {"adopted",   WORD_OUTCOME_ADOPTED,   {0}},
        [OUTCOME_REJECTED]  = {"rejected",  WORD_OUTCOME_REJECTED,  {0}},
        [OUTCOME_NO_QUORUM] = {"no_quorum", WORD_OUTCOME_NO_QUORUM, {0}},
        [OUTCOME_WITHDRAWN] = {"withdrawn", WORD_OUTCOME_WITHDRAWN, {0}},
    },
    [WORDS_RECEIPT] = {
        [0]                = {"none",     WORD_RECEIPT_NONE,     {0}},
        [RECEIPT_RECEIVED] = {"received", WORD_RECEIPT_RECEIVED, {0}},
        [RECEIPT_READ]     = {"read",     WORD_RECEIPT_READ,     {0}},
    },
    [WORDS_REASON] = {
        [REASON_REMOVED]     = {"removed",     WORD_REASON_REMOVED,     {0}},
        [REASON_LOST]        = {"lost",        WORD_REASON_LOST,        {0}},
        [REASON_COMPROMISED] = {"compromised", WORD_REASON_COMPROMISED, {"stolen", "seized", NULL}},
        [REASON_LEFT]        = {"left",        WORD_REASON_LEFT,        {0}},
        [REASON_IDLE]        = {"idle",        WORD_REASON_IDLE,        {0}},
    },
    [WORDS_DEVICE] = {
        [DEVICE_ACTIVE]    = {"active",    WORD_DEVICE_ACTIVE,    {0}},
        [DEVICE_SUSPENDED] = {"suspended", WORD_DEVICE_SUSPENDED, {0}},
        [DEVICE_REVOKED]   = {"revoked",   WORD_DEVICE_REVOKED,   {0}},
    },
};
/* clang-format on */

static const struct word *at(enum words_kind kind, unsigned value)
{
    assert(kind < WORDS_KINDS_COUNT);
    if (value >= WORDS_MAX || words[kind][value].key == NULL)
        return NULL;
    return &words[kind][value];
}

const char *words_key(enum words_kind kind, unsigned value)
{
    const struct word *w = at(kind, value);
    return w == NULL ? "?" : w->key;
}

enum text_id words_label(enum words_kind kind, unsigned value)
{
    const struct word *w = at(kind, value);
    return w == NULL ? TEXT_NONE : w->label;
}

const char *words_text(enum words_kind kind, unsigned value, enum text_lang lang)
{
    return text(lang, words_label(kind, value));
}

/* "Đồng ý" is "đồng ý": letters are compared without their case, in every script. */
static bool same(const char *a, const char *b)
{
    utf8proc_uint8_t *folded_a = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)a);
    utf8proc_uint8_t *folded_b = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)b);
    bool equal = folded_a != NULL && folded_b != NULL &&
                 strcmp((const char *)folded_a, (const char *)folded_b) == 0;
    free(folded_a);
    free(folded_b);
    return equal;
}

static bool spells(const struct word *w, const char *s)
{
    if (same(w->key, s))
        return true;
    for (unsigned i = 0; i < SPELLINGS; i++) {
        if (w->also[i] != NULL && same(w->also[i], s))
            return true;
    }
    for (unsigned lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        if (same(text((enum text_lang)lang, w->label), s))
            return true;
    }
    return false;
}

bool words_find(enum words_kind kind, const char *word, unsigned *ret)
{
    for (unsigned i = 0; i < WORDS_MAX; i++) {
        const struct word *w = at(kind, i);
        if (w != NULL && spells(w, word)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

void words_list(enum words_kind kind, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (unsigned i = 0; i < WORDS_MAX && used < size; i++) {
        const struct word *w = at(kind, i);
        if (w == NULL)
            continue;
        int n = snprintf(ret + used, size - used, "%s%s", used == 0 ? "" : ", ", w->key);
        used += n < 0 ? size : (size_t)n;
    }
}

enum text_id words_record(unsigned type)
{
    /* clang-format off */
    static const struct {
        unsigned type;
        enum text_id label;
    } labels[] = {
        {AUTH_LOG_OPEN, WORD_RECORD_LOG_OPEN}, {AUTH_GENESIS, WORD_RECORD_GENESIS},
        {AUTH_EPOCH, WORD_RECORD_EPOCH},       {AUTH_GRANT, WORD_RECORD_GRANT},
        {AUTH_INVITE, WORD_RECORD_INVITE},     {AUTH_ADMIT, WORD_RECORD_ADMIT},
        {AUTH_PROCEDURE, WORD_RECORD_PROCEDURE}, {AUTH_SEEN, WORD_RECORD_SEEN},
        {AUTH_REMOVE, WORD_RECORD_REMOVE},     {AUTH_ROLE, WORD_RECORD_ROLE},
        {AUTH_CONFIG, WORD_RECORD_CONFIG},     {AUTH_SUSPEND, WORD_RECORD_SUSPEND},
        {AUTH_LEAVE, WORD_RECORD_LEAVE},       {AUTH_CHECKPOINT, WORD_RECORD_CHECKPOINT},
        {AUTH_COSIGN, WORD_RECORD_COSIGN},     {AUTH_PREKEY, WORD_RECORD_PREKEY},
        {AUTH_GROUP, WORD_RECORD_GROUP},       {AUTH_PROPOSE, WORD_RECORD_PROPOSE},
        {AUTH_INVITE_END, WORD_RECORD_INVITE_END},
        {ACT_MEETING, WORD_RECORD_MEETING},    {ACT_DOC, WORD_RECORD_DOC},
        {ACT_NOTICE, WORD_RECORD_NOTICE},      {ACT_OPINION, WORD_RECORD_OPINION},
        {ACT_OPEN, WORD_RECORD_OPEN},          {ACT_ATTEND, WORD_RECORD_ATTEND},
        {ACT_ROLL, WORD_RECORD_ROLL},          {ACT_MOTION, WORD_RECORD_MOTION},
        {ACT_VOTE, WORD_RECORD_VOTE},          {ACT_TALLY, WORD_RECORD_TALLY},
        {ACT_CLOSE, WORD_RECORD_CLOSE},        {ACT_MINUTES, WORD_RECORD_MINUTES},
        {ACT_RECEIPT, WORD_RECORD_RECEIPT},
        {ACT_EXCUSE, WORD_RECORD_EXCUSE},
        {ACT_REMIND, WORD_RECORD_REMIND},
        {ACT_SITE, WORD_RECORD_SITE},
        {ACT_PIN, WORD_RECORD_PIN},
        {ACT_SITE_ROLL, WORD_RECORD_SITE_ROLL},
        {ACT_CHECK, WORD_RECORD_CHECK},
        {ACT_PAUSE, WORD_RECORD_PAUSE},
        {ACT_ITEM, WORD_RECORD_ITEM},
        {ACT_FLOOR, WORD_RECORD_FLOOR},
        {ACT_GIVE, WORD_RECORD_GIVE},
        {ACT_CONCLUSION, WORD_RECORD_CONCLUSION},
        {ACT_WITHDRAW, WORD_RECORD_WITHDRAW},
        {ACT_HANDS, WORD_RECORD_HANDS},
        {ACT_PAPER, WORD_RECORD_PAPER},
        {ACT_CHAIR, WORD_RECORD_CHAIR},
        {ACT_PRIVATE, WORD_RECORD_PRIVATE},
        {ACT_REPORT, WORD_RECORD_REPORT},
        {ACT_SETTLE, WORD_RECORD_SETTLE},
        {ACT_EXCEPTION, WORD_RECORD_EXCEPTION},
        {ACT_READ_BACK, WORD_RECORD_READ_BACK},
        {ACT_CORRECTION, WORD_RECORD_CORRECTION},
        {ACT_CORRECTED, WORD_RECORD_CORRECTED},
        {ACT_SIGN, WORD_RECORD_SIGN},
        {ACT_SUPPLEMENT, WORD_RECORD_SUPPLEMENT},
        {ACT_RESOLUTION, WORD_RECORD_RESOLUTION},
        {ACT_RESERVE, WORD_RECORD_RESERVE},
        {ACT_TASK, WORD_RECORD_TASK},
        {ACT_TASK_STATE, WORD_RECORD_TASK_STATE},
        {ACT_NOT_HELD, WORD_RECORD_NOT_HELD},
        {ACT_SCORE, WORD_RECORD_SCORE},
        {ACT_REPLY, WORD_RECORD_REPLY},
        {ACT_CASCADE, WORD_RECORD_CASCADE},
        {ACT_STEP, WORD_RECORD_STEP},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (labels[i].type == type)
            return labels[i].label;
    }
    return WORD_RECORD_OTHER;
}
