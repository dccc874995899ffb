/* The minutes: what the record says, laid out as the national form asks, in the words of the
 * procedure and the catalogue. Nothing is judged here; every number was counted by the fold.
 *
 * Words of members stand at the end of a line, behind what the minutes say of them, and never at
 * its beginning; where they hold line ends, what follows stands behind a bar. So no text can pass
 * for a line of the minutes themselves, and no name can be added to a list. */
#include "meeting/minutes_part.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define SIGN_COLUMNS 40 /* where the right-hand signature starts */
#define SAY_ARGS_MAX 9
#define BAR          "    | " /* in front of every line of a member's text but the first */

/* ---- lines ---- */

static void fill(struct minutes *w, enum text_id id, size_t count, va_list ap)
{
    const char *args[SAY_ARGS_MAX];
    assert(count <= SAY_ARGS_MAX);
    for (size_t i = 0; i < count; i++)
        args[i] = va_arg(ap, const char *);
    text_fill(w->b, w->lang, id, args, count);
}

void minutes_say(struct minutes *w, enum text_id id, size_t count, ...)
{
    va_list ap;
    va_start(ap, count);
    fill(w, id, count, ap);
    va_end(ap);
    buf_text(w->b, "\n");
}

/* The length without the line ends and blanks behind it. */
static size_t trimmed(const char *t)
{
    size_t size = strlen(t);
    while (size > 0 && strchr(" \t\r\n", t[size - 1]) != NULL)
        size--;
    return size;
}

static void put_words(struct buf *b, const char *t)
{
    size_t size = trimmed(t);
    for (size_t i = 0, from = 0; i <= size; i++) {
        if (i < size && t[i] != '\r' && t[i] != '\n')
            continue;
        buf_bytes(b, (const uint8_t *)t + from, i - from);
        if (i < size && t[i] == '\n')
            buf_text(b, "\n" BAR);
        from = i + 1;
    }
}

void minutes_tell(struct minutes *w, const char *words, enum text_id id, size_t count, ...)
{
    va_list ap;
    va_start(ap, count);
    fill(w, id, count, ap);
    va_end(ap);
    if (words != NULL && trimmed(words) > 0) {
        buf_text(w->b, ": ");
        put_words(w->b, words);
    }
    buf_text(w->b, "\n");
}

void minutes_section(struct minutes *w, enum text_id id)
{
    static const char *const roman[] = {"I",    "II", "III", "IV", "V",   "VI",   "VII",
                                        "VIII", "IX", "X",   "XI", "XII", "XIII", "XIV"};
    assert(w->section < sizeof roman / sizeof roman[0]);
    buf_printf(w->b, "%s%s. %s\n", w->section == 0 ? "" : "\n", roman[w->section],
               text(w->lang, id));
    w->section++;
}

const char *minutes_number(char ret[static 24], size_t n)
{
    (void)snprintf(ret, 24, "%zu", n);
    return ret;
}

const char *minutes_who(const struct minutes *w, uint32_t member,
                        char ret[static MINUTES_WHO_BYTES])
{
    const char *address = w->p->address.in[w->lang];
    (void)snprintf(ret, MINUTES_WHO_BYTES, "%s%s%s", address, address[0] == '\0' ? "" : " ",
                   member_name(w->c, member));
    return ret;
}

static const char *office(const struct minutes *w, uint32_t member)
{
    enum auth_role role =
        member < w->m->roll_count ? w->m->roll[member].standing.role : ROLES_COUNT;
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

const char *minutes_clock(const struct minutes *w, uint64_t wall,
                          char ret[static MINUTES_CLOCK_BYTES])
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
    (void)snprintf(ret, MINUTES_CLOCK_BYTES, "%s", buf_string(&b));
    buf_free(&b);
    return ret;
}

/* ---- names ---- */

void minutes_name(const struct minutes *w, struct minutes_names *names, uint32_t member,
                  const char *note)
{
    char name[MINUTES_WHO_BYTES];
    buf_printf(&names->b, "%s%s", names->count++ == 0 ? "" : ", ", minutes_who(w, member, name));
    if (note != NULL)
        buf_printf(&names->b, " (%s)", note);
}

void minutes_list(struct minutes *w, struct minutes_names *names, enum text_id id,
                  const char *label)
{
    char count[24];
    if (names->count > 0 && label == NULL)
        minutes_say(w, id, 2, minutes_number(count, names->count), buf_string(&names->b));
    else if (names->count > 0)
        minutes_say(w, id, 3, label, minutes_number(count, names->count), buf_string(&names->b));
    w->b->bad = w->b->bad || names->b.bad;
    buf_free(&names->b);
    names->count = 0;
}

bool minutes_expects(const struct minutes *w, uint32_t member)
{
    return member < w->m->roll_count && w->m->roll[member].known && w->m->roll[member].concerned &&
           standing_speaks(w->m->roll[member].standing);
}

bool minutes_has(const uint8_t id[static 32])
{
    static const uint8_t none[32];
    return memcmp(id, none, sizeof none) != 0;
}

size_t minutes_motion(const struct meeting *m, const uint8_t id[static 32])
{
    size_t i = 0;
    while (i < m->motions_count && memcmp(m->motions[i].id, id, 32) != 0)
        i++;
    return i;
}

/* ---- the head ---- */

static bool written(const struct minutes *w)
{
    return w->m->kind == FORM_CONSULTATION;
}

static void put_heading(struct minutes *w)
{
    char label[PROCEDURE_LABEL_BYTES_MAX];
    const struct procedure_form *form = procedure_find_form(w->p, w->m->form);
    const struct auth_genesis *genesis = cell_genesis(w->c);
    if (w->m->practice)
        minutes_say(w, MIN_PRACTICE, 0);
    if (w->p->minutes_heading.in[w->lang][0] != '\0')
        buf_printf(w->b, "%s\n", w->p->minutes_heading.in[w->lang]);
    if (genesis != NULL)
        buf_printf(w->b, "%s\n", genesis->name);
    buf_text(w->b, "\n");
    minutes_say(w, written(w) ? MIN_TITLE_WRITTEN : MIN_TITLE, 0);
    capital(form == NULL ? w->m->form : form->label.in[w->lang], label);
    minutes_say(w, MIN_FORM, 2, label, w->m->title);
    if (w->m->stage != STAGE_CLOSED)
        minutes_say(w, MIN_DRAFT, 0);
    buf_text(w->b, "\n");
}

static void put_breaks(struct minutes *w)
{
    char from[MINUTES_CLOCK_BYTES], to[MINUTES_CLOCK_BYTES];
    for (size_t i = 0; i < w->m->breaks_count; i++) {
        const struct meeting_break *b = &w->m->breaks[i];
        (void)minutes_clock(w, b->wall, from);
        if (b->ended)
            minutes_tell(w, b->text, MIN_BREAK, 2, from, minutes_clock(w, b->ended_wall, to));
        else
            minutes_tell(w, b->text, MIN_BREAK_OPEN, 1, from);
    }
}

static void put_chairs(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES], by[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    minutes_say(w, MIN_CHAIR, 2, minutes_who(w, w->m->chair, name), office(w, w->m->chair));
    for (size_t i = 0; i < w->m->chairings_count; i++) {
        const struct meeting_chairing *c = &w->m->chairings[i];
        minutes_tell(w, c->text, c->apart ? MIN_CHAIRING_APART : MIN_CHAIRING, 3,
                     minutes_clock(w, c->wall, clock), minutes_who(w, c->member, name),
                     minutes_who(w, c->by, by));
    }
    minutes_say(w, MIN_SECRETARY, 2, minutes_who(w, w->m->secretary, name),
                office(w, w->m->secretary));
}

static void put_facts(struct minutes *w)
{
    const struct meeting *m = w->m;
    char name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    if (m->when[0] != '\0')
        minutes_say(w, written(w) ? MIN_UNTIL : MIN_WHEN, 1, m->when);
    if (written(w) && m->notice_entry != HISTORY_NONE)
        minutes_say(w, MIN_SENT, 2, minutes_clock(w, m->notice_wall, clock),
                    minutes_who(w, m->convened_by, name));
    if (m->open_entry != HISTORY_NONE)
        minutes_say(w, MIN_OPENED, 2, minutes_clock(w, m->open_wall, clock),
                    minutes_who(w, m->opened_by, name));
    if (m->place[0] != '\0')
        minutes_say(w, MIN_PLACE, 1, m->place);
    if (m->basis[0] != '\0' || w->p->legal_basis.in[w->lang][0] != '\0')
        minutes_say(w, MIN_BASIS, 1,
                    m->basis[0] != '\0' ? m->basis : w->p->legal_basis.in[w->lang]);
    if (m->reason[0] != '\0')
        minutes_say(w, MIN_REASON, 1, m->reason);
    put_chairs(w);
    put_breaks(w);
    buf_text(w->b, "\n");
}

/* ---- attendance ---- */

/* How many in each category, of all or of those present: "chính thức 5, dự bị 1". */
static size_t by_category(const struct minutes *w, bool present, bool zeros, struct buf *ret)
{
    size_t counts[CATEGORIES_COUNT] = {0}, total = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        enum auth_category category = w->m->roll[i].standing.category;
        if (!minutes_expects(w, i) || category >= CATEGORIES_COUNT ||
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

/* What there is for those confirmed present, by name. */
static void put_evidence(struct minutes *w)
{
    static const enum text_id labels[] = {[EVIDENCE_NONE] = MIN_BY_RECORD,
                                          [EVIDENCE_TELLER] = MIN_BY_TELLER,
                                          [EVIDENCE_PIN] = MIN_BY_PIN,
                                          [EVIDENCE_DEVICE] = MIN_BY_DEVICE};
    for (int e = EVIDENCE_DEVICE; e >= EVIDENCE_NONE; e--) {
        struct minutes_names names = {0};
        for (uint32_t i = 0; i < w->m->roll_count; i++) {
            if (minutes_expects(w, i) && w->m->roll[i].status == ROLL_PRESENT &&
                (int)w->m->roll[i].evidence == e)
                minutes_name(w, &names, i, NULL);
        }
        minutes_list(w, &names, MIN_EVIDENCE, text(w->lang, labels[e]));
    }
}

static bool has_status(const struct minutes *w, uint32_t member, enum act_roll status)
{
    /* The exempt and the transferred out are not expected: without a line they are not missing. */
    enum auth_category category = w->m->roll[member].standing.category;
    bool missed = category != CATEGORY_EXEMPT && category != CATEGORY_TRANSFERRED;
    return minutes_expects(w, member) && w->m->roll[member].status == status &&
           (status != ROLL_UNKNOWN || missed);
}

/* "Vắng không có lý do (2): đ/c A, đ/c B"; where reasons were given, a line each. */
static void put_status(struct minutes *w, enum act_roll status, bool even_if_none)
{
    struct minutes_names names = {0};
    char name[MINUTES_WHO_BYTES], count[24], label[PROCEDURE_LABEL_BYTES_MAX];
    bool reasons = false;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (!has_status(w, i, status))
            continue;
        reasons = reasons || line->reason != NULL;
        minutes_name(w, &names, i,
                     status == ROLL_UNKNOWN && line->claimed ? text(w->lang, MIN_SAID_HERE) : NULL);
    }
    capital(w->p->roll[status].in[w->lang], label);
    if (names.count == 0 && even_if_none)
        minutes_say(w, MIN_ROLL_NONE, 1, label);
    if (reasons) {
        minutes_say(w, MIN_ROLL_COUNT, 2, label, minutes_number(count, names.count));
        names.count = 0;
        for (uint32_t i = 0; i < w->m->roll_count; i++) {
            if (has_status(w, i, status))
                minutes_tell(w, w->m->roll[i].reason, MIN_ROLL_LINE, 1, minutes_who(w, i, name));
        }
    }
    minutes_list(w, &names, MIN_ROLL, label);
}

static bool is_guest(const struct minutes *w, uint32_t member)
{
    const struct meeting_roll_line *line = &w->m->roll[member];
    return line->known && (!standing_speaks(line->standing) || !line->concerned) &&
           (line->status == ROLL_PRESENT || line->claimed);
}

/* Those who were there before a break and not after it, those still to be called, guests. */
static void put_others(struct minutes *w)
{
    struct minutes_names left = {0}, stale = {0}, guests = {0};
    char n[24];
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (is_guest(w, i))
            minutes_name(w, &guests, i, NULL);
        if (!minutes_expects(w, i))
            continue;
        if (line->stale)
            minutes_name(w, &stale, i, NULL);
        else if (line->attended && line->status != ROLL_PRESENT)
            minutes_name(w, &left, i, NULL);
    }
    minutes_list(w, &left, MIN_LEFT, NULL);
    minutes_list(w, &stale, MIN_STALE, NULL);
    minutes_list(w, &guests, MIN_GUESTS, NULL);
    if (w->m->check > 0)
        minutes_say(w, MIN_CHECKS, 1, minutes_number(n, (size_t)w->m->check + 1));
}

static void put_excuses(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES], n[24];
    size_t count = 0;
    for (uint32_t i = 0; i < w->m->roll_count; i++)
        count += w->m->roll[i].excuse != NULL && !w->m->roll[i].excuse_late;
    if (count > 0)
        minutes_say(w, MIN_EXCUSES, 1, minutes_number(n, count));
    for (uint32_t i = 0; i < w->m->roll_count && count > 0; i++) {
        if (w->m->roll[i].excuse != NULL && !w->m->roll[i].excuse_late)
            minutes_tell(w, w->m->roll[i].excuse, MIN_ROLL_LINE, 1, minutes_who(w, i, name));
    }
}

static void put_sites(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES], n[24], number[24];
    if (w->m->sites_count > 0)
        minutes_say(w, MIN_SITES, 1, minutes_number(n, w->m->sites_count));
    for (uint32_t k = 0; k < w->m->sites_count; k++) {
        const struct meeting_site *site = &w->m->sites[k];
        struct minutes_names names = {0};
        struct buf words = {0};
        for (uint32_t i = 0; i < w->m->roll_count; i++) {
            if (w->m->roll[i].site == k && w->m->roll[i].status == ROLL_PRESENT)
                minutes_name(w, &names, i, NULL);
        }
        buf_printf(&words, "%s%s%s", site->name, site->note[0] == '\0' ? "" : "; ", site->note);
        (void)minutes_number(number, (size_t)k + 1);
        if (names.count > 0)
            minutes_tell(w, buf_string(&words), MIN_SITE, 4, number,
                         minutes_who(w, site->teller, name), minutes_number(n, names.count),
                         buf_string(&names.b));
        else
            minutes_tell(w, buf_string(&words), MIN_SITE_EMPTY, 2, number,
                         minutes_who(w, site->teller, name));
        w->b->bad = w->b->bad || names.b.bad || words.bad;
        buf_free(&names.b);
        buf_free(&words);
    }
}

static void put_attendance(struct minutes *w)
{
    struct buf all = {0}, present = {0};
    char a[24], b[24], c[24], label[PROCEDURE_LABEL_BYTES_MAX];
    minutes_section(w, MIN_SECTION_ROLL);
    size_t total = by_category(w, false, true, &all);
    minutes_say(w, MIN_TOTAL, 3, w->p->people.in[w->lang], minutes_number(a, total),
                buf_string(&all));
    size_t there = by_category(w, true, false, &present);
    capital(w->p->roll[ROLL_PRESENT].in[w->lang], label);
    if (there > 0)
        minutes_say(w, MIN_PRESENT, 3, label, minutes_number(a, there), buf_string(&present));
    else
        minutes_say(w, MIN_ROLL_NONE, 1, label);
    put_evidence(w);
    put_status(w, ROLL_ABSENT_REASON, true);
    put_status(w, ROLL_ABSENT, true);
    put_status(w, ROLL_EXCUSED_DUTY, false);
    put_status(w, ROLL_UNKNOWN, false);
    put_excuses(w);
    put_others(w);
    put_sites(w);
    struct standing st = roll_standing(w->s, w->c, w->m);
    minutes_say(w, st.present >= st.needed ? MIN_QUORUM : MIN_QUORUM_NOT, 3,
                minutes_number(a, st.present), minutes_number(b, st.eligible),
                minutes_number(c, st.needed));
    w->b->bad = w->b->bad || all.bad || present.bad;
    buf_free(&all);
    buf_free(&present);
}

/* ---- agenda and documents ---- */

static void put_agenda(struct minutes *w)
{
    minutes_section(w, MIN_SECTION_AGENDA);
    for (size_t i = 0; i < w->m->agenda_count; i++)
        buf_printf(w->b, "%zu. %s\n", i + 1, w->m->agenda[i]);
    if (w->m->agenda_count == 0)
        minutes_say(w, MIN_NO_CONTENT, 0);
}

/* The place in the list of the document with this id; 0: it is not there. */
static size_t document_number(const struct meeting *m, const uint8_t id[static 32])
{
    for (size_t i = 0; i < m->documents_count && minutes_has(id); i++) {
        if (memcmp(m->documents[i].id, id, 32) == 0)
            return i + 1;
    }
    return 0;
}

static void put_documents(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES], n[24], before[24];
    bool some = false;
    minutes_section(w, MIN_SECTION_DOCUMENTS);
    for (size_t i = 0; i < w->m->documents_count; i++) {
        const struct meeting_document *doc = &w->m->documents[i];
        const char *no[] = {doc->number};
        struct buf title = {0};
        if (doc->late)
            continue;
        some = true;
        buf_text(&title, doc->title);
        if (doc->number[0] != '\0') {
            buf_text(&title, ", ");
            text_fill(&title, w->lang, MIN_NUMBER, no, 1);
        }
        size_t revised = document_number(w->m, doc->revises);
        minutes_tell(w, buf_string(&title), revised > 0 ? MIN_DOCUMENT_REVISES : MIN_DOCUMENT, 3,
                     minutes_number(n, i + 1), minutes_who(w, doc->member, name),
                     minutes_number(before, revised));
        w->b->bad = w->b->bad || title.bad;
        buf_free(&title);
    }
    if (!some)
        minutes_say(w, MIN_NO_CONTENT, 0);
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
    char name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    buf_text(w->b, "\n");
    if (m->stage == STAGE_CLOSED)
        minutes_say(w, written(w) ? MIN_CLOSED_WRITTEN : MIN_CLOSED, 2,
                    minutes_clock(w, m->close_wall, clock), minutes_who(w, m->closed_by, name));
    for (size_t i = 0; i < m->closes_count; i++)
        minutes_say(w, MIN_CLOSED_APART, 2, minutes_clock(w, m->closes[i].wall, clock),
                    minutes_who(w, m->closes[i].member, name));
    if (m->practice)
        minutes_say(w, MIN_PRACTICE, 0);
    buf_text(w->b, "\n");
    put_columns(w, text(w->lang, MIN_SIGN_SECRETARY), text(w->lang, MIN_SIGN_CHAIR));
    put_columns(w, text(w->lang, MIN_SIGN_HOW), text(w->lang, MIN_SIGN_HOW));
    buf_text(w->b, "\n\n\n");
    put_columns(w, member_name(w->c, m->secretary), member_name(w->c, m->chair));
}

int meeting_minutes_text(const struct meeting_state *s, const struct cell *c,
                         const struct meeting *m, enum text_lang lang, struct buf *ret)
{
    struct minutes w = {.b = ret, .lang = lang, .s = s, .p = s->procedure, .c = c, .m = m};
    assert(m->roll_count <= cell_member_count(c));
    assert(m->chair < cell_member_count(c) && m->secretary < cell_member_count(c));
    put_heading(&w);
    put_facts(&w);
    if (written(&w))
        minutes_replies(&w);
    else
        put_attendance(&w);
    put_agenda(&w);
    put_documents(&w);
    minutes_items(&w);
    minutes_after(&w);
    put_end(&w);
    return ret->bad ? HOP_ENOMEM : HOP_OK;
}
