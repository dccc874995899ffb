/* The minutes: what the record says, laid out as the national form asks, in the words of the
 * procedure and the catalogue. Nothing is judged here; every number was counted by the fold.
 *
 * Texts of members may hold line ends. Lines after the first are set in, so that no text can pass
 * for a line of the minutes themselves. */
#include "meeting/state.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define WHO_BYTES    (PROCEDURE_LABEL_BYTES_MAX + AUTH_NAME_BYTES_MAX + 2)
#define SIGN_COLUMNS 40 /* where the right-hand signature starts */
#define SAY_ARGS_MAX 8
#define CLOCK_BYTES  64

struct minutes {
    struct buf *b;
    enum text_lang lang;
    const struct meeting_state *s;
    const struct procedure *p;
    const struct cell *c;
    const struct meeting *m;
};

/* A line of the catalogue with its arguments and a line end. */
static void say(struct minutes *w, enum text_id id, size_t count, ...)
{
    const char *args[SAY_ARGS_MAX];
    assert(count <= SAY_ARGS_MAX);
    va_list ap;
    va_start(ap, count);
    for (size_t i = 0; i < count; i++)
        args[i] = va_arg(ap, const char *);
    va_end(ap);
    text_fill(w->b, w->lang, id, args, count);
    buf_text(w->b, "\n");
}

static const char *number(char ret[static 24], size_t n)
{
    (void)snprintf(ret, 24, "%zu", n);
    return ret;
}

/* "đ/c Nguyễn Văn A" */
static const char *who(const struct minutes *w, uint32_t member, char ret[static WHO_BYTES])
{
    const char *address = w->p->address.in[w->lang];
    const char *name = member < cell_member_count(w->c) ? cell_member(w->c, member)->name : "?";
    (void)snprintf(ret, WHO_BYTES, "%s%s%s", address, address[0] == '\0' ? "" : " ", name);
    return ret;
}

static const char *office(const struct minutes *w, uint32_t member)
{
    enum auth_role role =
        member < cell_member_count(w->c) ? cell_member(w->c, member)->role : ROLES_COUNT;
    return role < ROLES_COUNT ? w->p->roles[role].in[w->lang] : "?";
}

/* A label as the beginning of a line: a-z and đ become capitals; other letters begin no label. */
static void capital(const char *label, char ret[static PROCEDURE_LABEL_BYTES_MAX])
{
    (void)snprintf(ret, PROCEDURE_LABEL_BYTES_MAX, "%s", label);
    if (ret[0] >= 'a' && ret[0] <= 'z')
        ret[0] = (char)(ret[0] - 'a' + 'A');
    else if ((uint8_t)ret[0] == 0xc4 && (uint8_t)ret[1] == 0x91)
        ret[1] = (char)0x90;
}

static void indented(struct buf *b, const char *t)
{
    for (const char *p = t; *p != '\0'; p++) {
        if (*p == '\r')
            continue;
        buf_bytes(b, (const uint8_t *)p, 1);
        if (*p == '\n')
            buf_text(b, "    ");
    }
}

/* Days to a date after H. Hinnant, "chrono-compatible low-level date algorithms" (2013): eras of
 * 400 years from 1 March of year 0. */
struct civil civil_of(uint64_t wall, int utc_offset_minutes)
{
    int64_t minutes = (int64_t)(wall / 60000000) + utc_offset_minutes;
    if (minutes < 0)
        minutes = 0;
    int64_t days = minutes / 1440 + 719468;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    return (struct civil){.year = (int)(year_of_era + era * 400 + (month <= 2)),
                          .month = (int)month,
                          .day = (int)(day_of_year - (153 * m + 2) / 5 + 1),
                          .hour = (int)(minutes % 1440 / 60),
                          .minute = (int)(minutes % 60)};
}

/* Wall-clock time in the procedure's zone. */
static void clock_text(const struct minutes *w, uint64_t wall, char ret[static CLOCK_BYTES])
{
    struct civil t = civil_of(wall, w->p->utc_offset_minutes);
    char parts[5][24];
    const int values[5] = {t.hour, t.minute, t.day, t.month, t.year};
    const char *args[5];
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(parts[i], sizeof parts[i], "%02d", values[i]);
        args[i] = parts[i];
    }
    struct buf b = {0};
    text_fill(&b, w->lang, MIN_CLOCK, args, 5);
    (void)snprintf(ret, CLOCK_BYTES, "%s", buf_string(&b));
    buf_free(&b);
}

static void put_heading(struct minutes *w)
{
    char label[PROCEDURE_LABEL_BYTES_MAX];
    const struct procedure_form *form = procedure_find_form(w->p, w->m->form);
    const struct auth_genesis *genesis = cell_genesis(w->c);
    if (w->p->minutes_heading.in[w->lang][0] != '\0')
        buf_printf(w->b, "%s\n", w->p->minutes_heading.in[w->lang]);
    if (genesis != NULL)
        buf_printf(w->b, "%s\n", genesis->name);
    buf_text(w->b, "\n");
    say(w, MIN_TITLE, 0);
    capital(form == NULL ? w->m->form : form->label.in[w->lang], label);
    buf_printf(w->b, "%s\n%s\n", label, w->m->title);
    if (w->m->stage != STAGE_CLOSED)
        say(w, MIN_DRAFT, 0);
    buf_text(w->b, "\n");
}

static void put_facts(struct minutes *w)
{
    const struct meeting *m = w->m;
    char name[WHO_BYTES], clock[CLOCK_BYTES];
    if (m->when[0] != '\0')
        say(w, MIN_WHEN, 1, m->when);
    if (m->open_entry != HISTORY_NONE) {
        clock_text(w, m->open_wall, clock);
        say(w, MIN_OPENED, 2, clock, who(w, m->opened_by, name));
    }
    if (m->place[0] != '\0')
        say(w, MIN_PLACE, 1, m->place);
    if (m->basis[0] != '\0' || w->p->legal_basis.in[w->lang][0] != '\0')
        say(w, MIN_BASIS, 1, m->basis[0] != '\0' ? m->basis : w->p->legal_basis.in[w->lang]);
    if (m->reason[0] != '\0')
        say(w, MIN_REASON, 1, m->reason);
    say(w, MIN_CHAIR, 2, who(w, m->chair, name), office(w, m->chair));
    say(w, MIN_SECRETARY, 2, who(w, m->secretary, name), office(w, m->secretary));
    buf_text(w->b, "\n");
}

/* ---- attendance ---- */

/* Members of the cell, as far as the close had seen; observers and carriers are listed apart. */
static bool on_list(const struct minutes *w, uint32_t member)
{
    return member < w->m->roll_count && w->m->roll[member].known && member_speaks(w->c, member);
}

/* How many in each category, of all or of those present: "chính thức 5, dự bị 1". */
static size_t by_category(const struct minutes *w, bool present, bool zeros, struct buf *ret)
{
    size_t counts[CATEGORIES_COUNT] = {0}, total = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        enum auth_category category = cell_member(w->c, i)->category;
        if (!on_list(w, i) || category >= CATEGORIES_COUNT ||
            (present && w->m->roll[i].status != ROLL_PRESENT))
            continue;
        counts[category]++;
        total++;
    }
    const char *comma = "";
    for (size_t i = 0; i < CATEGORIES_COUNT; i++) {
        if (counts[i] == 0 && !zeros)
            continue;
        buf_printf(ret, "%s%s %zu", comma, w->p->categories[i].in[w->lang], counts[i]);
        comma = ", ";
    }
    return total;
}

/* The exempt and the transferred out are not expected: without a line they are not missing. */
static bool expected(const struct minutes *w, uint32_t member)
{
    enum auth_category category = cell_member(w->c, member)->category;
    return category != CATEGORY_EXEMPT && category != CATEGORY_TRANSFERRED;
}

/* "Vắng có lý do (2): đ/c A (ốm), đ/c B (đi công tác)" */
static void put_status(struct minutes *w, enum act_roll status, bool even_if_none)
{
    struct buf names = {0};
    char name[WHO_BYTES], count[24], label[PROCEDURE_LABEL_BYTES_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (!on_list(w, i) || line->status != status || (status == ROLL_UNKNOWN && !expected(w, i)))
            continue;
        buf_printf(&names, "%s%s", n++ == 0 ? "" : ", ", who(w, i, name));
        if (line->reason != NULL) {
            buf_text(&names, " (");
            indented(&names, line->reason);
            buf_text(&names, ")");
        } else if (status == ROLL_UNKNOWN && line->claimed) {
            buf_printf(&names, " (%s)", text(w->lang, MIN_SAID_HERE));
        }
    }
    capital(w->p->roll[status].in[w->lang], label);
    if (n > 0)
        say(w, MIN_ROLL, 3, label, number(count, n), buf_string(&names));
    else if (even_if_none)
        say(w, MIN_ROLL_NONE, 1, label);
    w->b->bad = w->b->bad || names.bad;
    buf_free(&names);
}

static void put_guests(struct minutes *w)
{
    struct buf names = {0};
    char name[WHO_BYTES], count[24];
    size_t n = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (!line->known || member_speaks(w->c, i) ||
            (line->status != ROLL_PRESENT && !line->claimed))
            continue;
        buf_printf(&names, "%s%s", n++ == 0 ? "" : ", ", who(w, i, name));
    }
    if (n > 0)
        say(w, MIN_GUESTS, 2, number(count, n), buf_string(&names));
    w->b->bad = w->b->bad || names.bad;
    buf_free(&names);
}

static void put_attendance(struct minutes *w)
{
    struct buf all = {0}, present = {0};
    char a[24], b[24], c[24], label[PROCEDURE_LABEL_BYTES_MAX];
    say(w, MIN_SECTION_ROLL, 0);
    size_t total = by_category(w, false, true, &all);
    say(w, MIN_TOTAL, 3, w->p->people.in[w->lang], number(a, total), buf_string(&all));
    size_t there = by_category(w, true, false, &present);
    capital(w->p->roll[ROLL_PRESENT].in[w->lang], label);
    if (there > 0)
        say(w, MIN_PRESENT, 3, label, number(a, there), buf_string(&present));
    else
        say(w, MIN_ROLL_NONE, 1, label);
    put_status(w, ROLL_ABSENT_REASON, true);
    put_status(w, ROLL_ABSENT, true);
    put_status(w, ROLL_EXCUSED_DUTY, false);
    put_status(w, ROLL_UNKNOWN, false);
    put_guests(w);
    struct standing st = roll_standing(w->s, w->c, w->m);
    say(w, st.present >= st.needed ? MIN_QUORUM : MIN_QUORUM_NOT, 3, number(a, st.present),
        number(b, st.eligible), number(c, st.needed));
    buf_text(w->b, "\n");
    w->b->bad = w->b->bad || all.bad || present.bad;
    buf_free(&all);
    buf_free(&present);
}

/* ---- agenda and documents ---- */

static void put_agenda(struct minutes *w)
{
    say(w, MIN_SECTION_AGENDA, 0);
    for (size_t i = 0; i < w->m->agenda_count; i++)
        buf_printf(w->b, "%zu. %s\n", i + 1, w->m->agenda[i]);
    buf_text(w->b, "\n");
}

static void put_documents(struct minutes *w)
{
    char name[WHO_BYTES], n[24];
    say(w, MIN_SECTION_DOCUMENTS, 0);
    for (size_t i = 0; i < w->m->documents_count; i++) {
        const struct meeting_document *doc = &w->m->documents[i];
        struct buf title = {0};
        buf_text(&title, doc->title);
        if (doc->late)
            buf_printf(&title, " [%s]", text(w->lang, MIN_LATE));
        say(w, doc->number[0] == '\0' ? MIN_DOCUMENT : MIN_DOCUMENT_NUMBERED, 4, number(n, i + 1),
            buf_string(&title), who(w, doc->member, name), doc->number);
        w->b->bad = w->b->bad || title.bad;
        buf_free(&title);
    }
    if (w->m->documents_count == 0)
        buf_printf(w->b, "%s\n", text(w->lang, MIN_NO_CONTENT));
    buf_text(w->b, "\n");
}

/* ---- proceedings ---- */

static void put_opinion(struct minutes *w, const struct meeting_opinion *o)
{
    struct buf words = {0};
    char name[WHO_BYTES];
    enum text_id id = o->prepared ? MIN_OPINION_PREPARED : MIN_OPINION_SPOKEN;
    if (o->late)
        id = o->prepared ? MIN_OPINION_PREPARED_LATE : MIN_OPINION_SPOKEN_LATE;
    indented(&words, o->text);
    say(w, id, 2, who(w, o->member, name), buf_string(&words));
    w->b->bad = w->b->bad || words.bad;
    buf_free(&words);
}

static const struct meeting_vote *vote_of(const struct meeting_motion *motion, uint32_t member)
{
    for (size_t i = 0; i < motion->votes_count; i++) {
        if (motion->votes[i].member == member && !motion->votes[i].late)
            return &motion->votes[i];
    }
    return NULL;
}

/* The names of those who made this choice; CHOICE_NONE: who could vote and did not. */
static void put_choice(struct minutes *w, const struct meeting_motion *motion,
                       enum act_choice choice, enum text_id label)
{
    struct buf names = {0};
    char name[WHO_BYTES], count[24];
    size_t n = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_vote *v = vote_of(motion, i);
        bool here = choice == CHOICE_NONE
                        ? v == NULL && w->m->roll[i].known && member_votes(w->p, w->c, i)
                        : v != NULL && v->choice == choice;
        if (here)
            buf_printf(&names, "%s%s", n++ == 0 ? "" : ", ", who(w, i, name));
    }
    if (n > 0)
        say(w, MIN_VOTES, 3, text(w->lang, label), number(count, n), buf_string(&names));
    else
        say(w, MIN_VOTES_NONE, 1, text(w->lang, label));
    w->b->bad = w->b->bad || names.bad;
    buf_free(&names);
}

static void put_late_votes(struct minutes *w, const struct meeting_motion *motion)
{
    static const enum text_id choices[CHOICE_COUNT] = {
        [CHOICE_NONE] = CHOICE_NAME_NONE,
        [CHOICE_AGREE] = CHOICE_NAME_AGREE,
        [CHOICE_DISAGREE] = CHOICE_NAME_DISAGREE,
        [CHOICE_ABSTAIN] = CHOICE_NAME_ABSTAIN,
    };
    struct buf names = {0};
    char name[WHO_BYTES], count[24];
    for (size_t i = 0; i < motion->late_votes_count; i++) {
        const struct meeting_vote *v = &motion->late_votes[i];
        buf_printf(&names, "%s%s: %s", i == 0 ? "" : "; ", who(w, v->member, name),
                   text(w->lang, choices[v->choice]));
    }
    if (motion->late_votes_count > 0)
        say(w, MIN_VOTES, 3, text(w->lang, MIN_LATE_VOTES), number(count, motion->late_votes_count),
            buf_string(&names));
    w->b->bad = w->b->bad || names.bad;
    buf_free(&names);
}

static void put_result(struct minutes *w, const struct meeting_motion *motion)
{
    static const enum text_id outcomes[] = {
        [OUTCOME_OPEN] = OUTCOME_NAME_OPEN,           [OUTCOME_ADOPTED] = OUTCOME_NAME_ADOPTED,
        [OUTCOME_REJECTED] = OUTCOME_NAME_REJECTED,   [OUTCOME_NO_QUORUM] = OUTCOME_NAME_NO_QUORUM,
        [OUTCOME_WITHDRAWN] = OUTCOME_NAME_WITHDRAWN,
    };
    char n[6][24];
    size_t base = w->p->majority.of_present ? motion->present : motion->eligible;
    size_t counted = motion->agree + motion->disagree + motion->abstain;
    if (!motion->closed) {
        say(w, MIN_UNDECIDED, 0);
        return;
    }
    say(w, MIN_RESULT, 7, text(w->lang, outcomes[motion->outcome]), number(n[0], motion->agree),
        number(n[1], base), number(n[2], motion->needed), number(n[3], motion->present),
        number(n[4], motion->eligible), number(n[5], motion->quorum_needed));
    say(w, MIN_HORIZON, 3, number(n[0], counted), number(n[1], motion->eligible),
        number(n[2], motion->unheard));
    put_late_votes(w, motion);
}

static void put_motion(struct minutes *w, const struct meeting_motion *motion)
{
    struct buf words = {0};
    char name[WHO_BYTES];
    indented(&words, motion->text);
    say(w, MIN_MOTION, 2, who(w, motion->member, name), buf_string(&words));
    put_choice(w, motion, CHOICE_AGREE, MIN_AGREE);
    put_choice(w, motion, CHOICE_DISAGREE, MIN_DISAGREE);
    put_choice(w, motion, CHOICE_ABSTAIN, MIN_ABSTAIN);
    put_choice(w, motion, CHOICE_NONE, MIN_NOT_VOTED);
    put_result(w, motion);
    w->b->bad = w->b->bad || words.bad;
    buf_free(&words);
}

static bool item_used(const struct meeting *m, uint32_t item)
{
    for (size_t i = 0; i < m->opinions_count; i++) {
        if (m->opinions[i].item == item)
            return true;
    }
    for (size_t i = 0; i < m->motions_count; i++) {
        if (m->motions[i].item == item)
            return true;
    }
    return false;
}

static void put_item(struct minutes *w, uint32_t item)
{
    char n[24];
    if (item == 0)
        say(w, MIN_GENERAL, 0);
    else
        say(w, MIN_ITEM, 2, number(n, item), w->m->agenda[item - 1]);
    for (size_t i = 0; i < w->m->opinions_count; i++) {
        if (w->m->opinions[i].item == item)
            put_opinion(w, &w->m->opinions[i]);
    }
    for (size_t i = 0; i < w->m->motions_count; i++) {
        if (w->m->motions[i].item == item)
            put_motion(w, &w->m->motions[i]);
    }
    buf_text(w->b, "\n");
}

static void put_proceedings(struct minutes *w)
{
    bool some = false;
    say(w, MIN_SECTION_CONTENT, 0);
    for (uint32_t item = 0; item <= w->m->agenda_count; item++) {
        if (!item_used(w->m, item))
            continue;
        some = true;
        put_item(w, item);
    }
    if (!some)
        buf_printf(w->b, "%s\n\n", text(w->lang, MIN_NO_CONTENT));
}

/* ---- the end ---- */

/* Two columns; width is counted in characters, which for names in NFC is what the eye sees. */
static void put_columns(struct minutes *w, const char *left, const char *right)
{
    size_t width = 0;
    for (const char *p = left; *p != '\0'; p++)
        width += ((uint8_t)*p & 0xc0) != 0x80;
    buf_text(w->b, left);
    do
        buf_text(w->b, " ");
    while (++width < SIGN_COLUMNS);
    buf_printf(w->b, "%s\n", right);
}

static void put_end(struct minutes *w)
{
    const struct meeting *m = w->m;
    char name[WHO_BYTES], clock[CLOCK_BYTES];
    if (m->stage == STAGE_CLOSED) {
        clock_text(w, m->close_wall, clock);
        say(w, MIN_CLOSED, 2, clock, who(w, m->closed_by, name));
    }
    buf_text(w->b, "\n");
    put_columns(w, text(w->lang, MIN_SIGN_SECRETARY), text(w->lang, MIN_SIGN_CHAIR));
    put_columns(w, text(w->lang, MIN_SIGN_HOW), text(w->lang, MIN_SIGN_HOW));
    buf_text(w->b, "\n\n\n");
    put_columns(w, cell_member(w->c, m->secretary)->name, cell_member(w->c, m->chair)->name);
}

int meeting_minutes_text(const struct meeting_state *s, const struct cell *c,
                         const struct meeting *m, enum text_lang lang, struct buf *ret)
{
    struct minutes w = {.b = ret, .lang = lang, .s = s, .p = s->procedure, .c = c, .m = m};
    assert(m->roll_count <= cell_member_count(c));
    assert(m->chair < cell_member_count(c) && m->secretary < cell_member_count(c));
    put_heading(&w);
    put_facts(&w);
    put_attendance(&w);
    put_agenda(&w);
    put_documents(&w);
    put_proceedings(&w);
    put_end(&w);
    return ret->bad ? HOP_ENOMEM : HOP_OK;
}
