/* Notices, resolutions, extracts, delivery boards and minutes as styled lines. As in the minutes,
 * nothing is judged here: the fold has counted, and this says it in the form of the procedure. */
#include "meeting/print.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "meeting/minutes_part.h"

#define PRINT_ARGS_MAX 8

struct print {
    struct buf *b;
    enum text_lang lang;
    const struct meeting_state *s;
    const struct procedure *p;
    const struct cell *c;
    const struct meeting *m;
};

/* ---- lines ---- */

/* Up to size bytes of a column's text: a tab is a space, other control characters are left out; a
 * line end begins another line of the same style, with `again` in front. */
static void put_text(struct print *w, enum print_style style, struct span t, const char *again)
{
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] == '\n')
            buf_printf(w->b, "\n%c\t%s", style, again);
        else if (t.data[i] == '\t')
            buf_text(w->b, " ");
        else if (t.data[i] >= ' ')
            buf_bytes(w->b, &t.data[i], 1);
    }
}

static void line(struct print *w, enum print_style style, const char *t)
{
    buf_printf(w->b, "%c\t", style);
    put_text(w, style, span_text(t), "");
    buf_text(w->b, "\n");
}

/* Side by side, as many lines as the longer has. */
static void columns(struct print *w, enum print_style style, const char *left, const char *right)
{
    while (*left != '\0' || *right != '\0') {
        size_t l = strcspn(left, "\n"), r = strcspn(right, "\n");
        buf_printf(w->b, "%c\t", style);
        put_text(w, style, SPAN((const uint8_t *)left, l), "");
        buf_text(w->b, "\t");
        put_text(w, style, SPAN((const uint8_t *)right, r), "");
        buf_text(w->b, "\n");
        left += l + (left[l] == '\n');
        right += r + (right[r] == '\n');
    }
}

static void row(struct print *w, const char *a, const char *b, const char *c)
{
    buf_printf(w->b, "%c\t", PRINT_ROW);
    put_text(w, PRINT_ROW, span_text(a), " ");
    buf_text(w->b, "\t");
    put_text(w, PRINT_ROW, span_text(b), " ");
    buf_text(w->b, "\t");
    put_text(w, PRINT_ROW, span_text(c), " ");
    buf_text(w->b, "\n");
}

static void space(struct print *w)
{
    buf_printf(w->b, "%c\n", PRINT_SPACE);
}

static void fill(struct print *w, struct buf *ret, enum text_id id, size_t count, va_list ap)
{
    const char *args[PRINT_ARGS_MAX];
    assert(count <= PRINT_ARGS_MAX);
    for (size_t i = 0; i < count; i++)
        args[i] = va_arg(ap, const char *);
    text_fill(ret, w->lang, id, args, count);
}

static void say(struct print *w, enum print_style style, enum text_id id, size_t count, ...)
{
    struct buf t = {0};
    va_list ap;
    va_start(ap, count);
    fill(w, &t, id, count, ap);
    va_end(ap);
    line(w, style, buf_string(&t));
    w->b->bad = w->b->bad || t.bad;
    buf_free(&t);
}

/* The same, and behind it, after a colon, words of a member; their further lines stand behind a
 * bar, so that none of them can pass for a line of the document. */
static void tell(struct print *w, enum print_style style, const char *words, enum text_id id,
                 size_t count, ...)
{
    struct buf t = {0};
    va_list ap;
    va_start(ap, count);
    fill(w, &t, id, count, ap);
    va_end(ap);
    buf_printf(w->b, "%c\t%s: ", style, buf_string(&t));
    put_text(w, style, span_text(words), "| ");
    buf_text(w->b, "\n");
    w->b->bad = w->b->bad || t.bad;
    buf_free(&t);
}

static const char *number(char ret[static 24], size_t n)
{
    (void)snprintf(ret, 24, "%zu", n);
    return ret;
}

#define WHO_BYTES (PROCEDURE_LABEL_BYTES_MAX + AUTH_NAME_BYTES_MAX + 2)

static const char *who(const struct print *w, uint32_t member, char ret[static WHO_BYTES])
{
    const char *address = w->p->address.in[w->lang];
    (void)snprintf(ret, WHO_BYTES, "%s%s%s", address, address[0] == '\0' ? "" : " ",
                   member_name(w->c, member));
    return ret;
}

/* ---- head and foot ---- */

static void put_mark(struct print *w, bool draft)
{
    if (w->m->practice)
        line(w, PRINT_MARK, text(w->lang, PRINT_MARK_PRACTICE));
    else if (draft)
        line(w, PRINT_MARK, text(w->lang, PRINT_MARK_DRAFT));
}

/* The unit and its parent at the left, the state or party at the right; number, place and date. */
static void put_head(struct print *w, const char *reference, uint64_t wall)
{
    const struct auth_genesis *g = cell_genesis(w->c);
    struct civil t = civil_of(wall, w->p->utc_offset_minutes);
    struct buf left = {0};
    char day[24], month[24], year[24];
    const char *parent = w->p->parent_body.in[w->lang], *place = w->p->place.in[w->lang];
    const char *no[] = {reference};
    if (parent[0] != '\0')
        buf_printf(&left, "%s\n", parent);
    buf_printf(&left, "%s\n", g == NULL ? "" : g->name);
    if (reference[0] != '\0')
        text_fill(&left, w->lang, PRINT_NUMBER, no, 1);
    columns(w, PRINT_HEAD, buf_string(&left), w->p->minutes_heading.in[w->lang]);
    w->b->bad = w->b->bad || left.bad;
    buf_free(&left);
    (void)snprintf(day, sizeof day, "%02d", t.day);
    (void)snprintf(month, sizeof month, "%02d", t.month);
    (void)snprintf(year, sizeof year, "%d", t.year);
    if (place[0] == '\0')
        place = w->m->place;
    if (wall != 0)
        say(w, PRINT_DATE, place[0] == '\0' ? PRINT_DATE_ONLY : PRINT_PLACE_DATE, 4, place, day,
            month, year);
    space(w);
}

static void put_signatures(struct print *w, bool both)
{
    const char *chair = w->p->signing[0].in[w->lang], *secretary = w->p->signing[1].in[w->lang];
    if (chair[0] == '\0')
        chair = text(w->lang, MIN_SIGN_CHAIR);
    if (secretary[0] == '\0')
        secretary = text(w->lang, MIN_SIGN_SECRETARY);
    space(w);
    columns(w, PRINT_SIGNATURE, both ? secretary : "", chair);
    for (int i = 0; i < 3; i++)
        space(w);
    columns(w, PRINT_SIGNATURE, both ? member_name(w->c, w->m->secretary) : "",
            member_name(w->c, w->m->chair));
}

static const char *form_label(const struct print *w)
{
    const struct procedure_form *f = procedure_find_form(w->p, w->m->form);
    return f == NULL ? w->m->form : f->label.in[w->lang];
}

/* ---- the notice ---- */

static void put_recipients(struct print *w)
{
    const struct auth_genesis *g = cell_genesis(w->c);
    struct buf names = {0};
    char name[WHO_BYTES];
    if (w->m->invited.count == 0) {
        say(w, PRINT_PARAGRAPH, PRINT_TO_ALL, 2, w->p->people.in[w->lang],
            g == NULL ? "" : g->name);
        return;
    }
    for (uint32_t i = 0; i < cell_member_count(w->c); i++) {
        if (meeting_concerns(w->m, i))
            buf_printf(&names, "%s%s", names.size == 0 ? "" : ", ", who(w, i, name));
    }
    say(w, PRINT_PARAGRAPH, PRINT_TO_SOME, 1, buf_string(&names));
    w->b->bad = w->b->bad || names.bad;
    buf_free(&names);
}

static void put_agenda(struct print *w)
{
    char n[24];
    line(w, PRINT_SECTION, text(w->lang, PRINT_SECTION_AGENDA));
    for (size_t i = 0; i < w->m->agenda_count; i++)
        say(w, PRINT_ITEM, PRINT_NUMBERED, 2, number(n, i + 1), w->m->agenda[i]);
}

static void put_papers(struct print *w)
{
    char n[24];
    if (w->m->documents_count == 0)
        return;
    line(w, PRINT_SECTION, text(w->lang, PRINT_SECTION_PAPERS));
    for (size_t i = 0; i < w->m->documents_count; i++) {
        const struct meeting_document *d = &w->m->documents[i];
        say(w, PRINT_ITEM, d->number[0] == '\0' ? PRINT_NUMBERED : PRINT_PAPER_NUMBERED, 3,
            number(n, i + 1), d->title, d->number);
    }
}

static void put_notice(struct print *w)
{
    const struct meeting *m = w->m;
    bool written = m->kind == FORM_CONSULTATION;
    const char *basis = m->basis[0] != '\0' ? m->basis : w->p->legal_basis.in[w->lang];
    char name[WHO_BYTES];
    put_mark(w, m->stage == STAGE_PREPARED);
    put_head(w, "", m->notice_wall != 0 ? m->notice_wall : m->wall);
    line(w, PRINT_TITLE, text(w->lang, written ? PRINT_CONSULT_TITLE : PRINT_NOTICE_TITLE));
    line(w, PRINT_SUBTITLE, form_label(w));
    space(w);
    put_recipients(w);
    if (basis[0] != '\0')
        say(w, PRINT_PARAGRAPH, MIN_BASIS, 1, basis);
    say(w, PRINT_PARAGRAPH, written ? PRINT_ASKED : PRINT_CALLED, 1, m->title);
    if (m->when[0] != '\0')
        say(w, PRINT_PARAGRAPH, written ? PRINT_UNTIL : MIN_WHEN, 1, m->when);
    if (m->place[0] != '\0')
        say(w, PRINT_PARAGRAPH, MIN_PLACE, 1, m->place);
    if (m->reason[0] != '\0')
        say(w, PRINT_PARAGRAPH, MIN_REASON, 1, m->reason);
    if (m->notice != NULL && m->notice[0] != '\0')
        line(w, PRINT_PARAGRAPH, m->notice);
    put_agenda(w);
    if (m->sites_count > 0)
        line(w, PRINT_SECTION, text(w->lang, PRINT_SITES));
    for (size_t i = 0; i < m->sites_count; i++)
        say(w, PRINT_ITEM, PRINT_SITE, 2, m->sites[i].name, who(w, m->sites[i].teller, name));
    put_papers(w);
    put_signatures(w, false);
}

/* ---- resolutions ---- */

static const struct meeting_motion *motion_by_id(const struct meeting *m, const uint8_t id[32])
{
    for (size_t i = 0; i < m->motions_count; i++) {
        if (memcmp(m->motions[i].id, id, 32) == 0)
            return &m->motions[i];
    }
    return NULL;
}

static void put_reserved(struct print *w, const struct meeting_resolution *r)
{
    char name[WHO_BYTES];
    bool some = false;
    for (size_t i = 0; i < w->m->reserved_count; i++) {
        const struct meeting_reserved *one = &w->m->reserved[i];
        if (memcmp(one->target, r->id, 32) != 0 && memcmp(one->target, r->target, 32) != 0)
            continue;
        if (!some)
            line(w, PRINT_SECTION, text(w->lang, PRINT_RESERVED));
        some = true;
        tell(w, PRINT_ITEM, one->text, PRINT_BY, 1, who(w, one->member, name));
    }
}

static int put_resolution(struct print *w, size_t index)
{
    char agree[24], eligible[24], needed[24];
    if (index >= w->m->resolutions_count)
        return HOP_ENOTFOUND;
    const struct meeting_resolution *r = &w->m->resolutions[index];
    const struct meeting_motion *v = motion_by_id(w->m, r->target);
    put_mark(w, false);
    put_head(w, r->number, r->wall);
    line(w, PRINT_TITLE, text(w->lang, PRINT_RESOLUTION_TITLE));
    line(w, PRINT_SUBTITLE, r->title);
    space(w);
    line(w, PRINT_PARAGRAPH, r->text);
    if (v != NULL && v->outcome == OUTCOME_ADOPTED)
        say(w, PRINT_PARAGRAPH, PRINT_RESOLVED_AT, 4, w->m->title, number(agree, v->agree),
            number(eligible, v->eligible), number(needed, v->needed));
    put_reserved(w, r);
    put_signatures(w, false);
    return HOP_OK;
}

/* ---- an extract: one item ---- */

static void put_vote(struct print *w, const struct meeting_motion *v)
{
    char numbers[4][24];
    struct buf standing = {0};
    tell(w, PRINT_PARAGRAPH, v->text, PRINT_VOTE, 0);
    if (v->standing_why.id != TEXT_NONE)
        text_said_fill(&standing, w->lang, &v->standing_why);
    say(w, PRINT_ITEM, PRINT_VOTE_RESULT, 6, number(numbers[0], v->agree),
        number(numbers[1], v->disagree), number(numbers[2], v->abstain),
        number(numbers[3], v->eligible), text(w->lang, minutes_outcome(v->outcome)),
        buf_string(&standing));
    w->b->bad = w->b->bad || standing.bad;
    buf_free(&standing);
}

static int put_extract(struct print *w, size_t item)
{
    const struct meeting *m = w->m;
    char n[24], name[WHO_BYTES];
    if (item == 0 || item > m->agenda_count)
        return HOP_ENOTFOUND;
    put_mark(w, m->stage != STAGE_CLOSED);
    put_head(w, "", m->close_wall);
    line(w, PRINT_TITLE, text(w->lang, PRINT_EXTRACT_TITLE));
    say(w, PRINT_SUBTITLE, PRINT_EXTRACT_OF, 3, m->title, number(n, item), m->agenda[item - 1]);
    space(w);
    bool some = false;
    for (size_t i = 0; i < m->opinions_count; i++) {
        if (m->opinions[i].item != item || m->opinions[i].late)
            continue;
        if (!some)
            line(w, PRINT_SECTION, text(w->lang, PRINT_OPINIONS));
        some = true;
        tell(w, PRINT_ITEM, m->opinions[i].text, PRINT_BY, 1, who(w, m->opinions[i].member, name));
    }
    for (size_t i = 0; i < m->motions_count; i++) {
        if (m->motions[i].item == item)
            put_vote(w, &m->motions[i]);
    }
    for (size_t i = m->conclusions_count; i-- > 0;) {
        if (m->conclusions[i].item == item) {
            tell(w, PRINT_PARAGRAPH, m->conclusions[i].text, PRINT_CONCLUSION, 0);
            break;
        }
    }
    line(w, PRINT_PARAGRAPH, text(w->lang, PRINT_EXTRACT_NOTE));
    put_signatures(w, true);
    return HOP_OK;
}

/* ---- the delivery board ---- */

static void put_board(struct print *w, const struct meeting_receipt *board, size_t count)
{
    char name[WHO_BYTES], at[64];
    row(w, text(w->lang, PRINT_DELIVERY_NAME), text(w->lang, PRINT_DELIVERY_STATE),
        text(w->lang, PRINT_DELIVERY_AT));
    for (size_t i = 0; i < count; i++) {
        const struct meeting_receipt *r = &board[i];
        struct civil t = civil_of(r->wall, w->p->utc_offset_minutes);
        enum text_id state = (unsigned)r->state == 0    ? PRINT_STATE_NONE
                             : r->state == RECEIPT_READ ? PRINT_STATE_READ
                                                        : PRINT_STATE_RECEIVED;
        (void)snprintf(at, sizeof at, "%02d:%02d %02d/%02d/%d", t.hour, t.minute, t.day, t.month,
                       t.year);
        row(w, who(w, r->member, name), text(w->lang, state), (unsigned)r->state == 0 ? "" : at);
    }
    space(w);
}

static void put_delivery(struct print *w)
{
    const struct meeting *m = w->m;
    put_mark(w, false);
    put_head(w, "", m->notice_wall);
    line(w, PRINT_TITLE, text(w->lang, PRINT_DELIVERY_TITLE));
    line(w, PRINT_SUBTITLE, m->title);
    space(w);
    if (m->stage != STAGE_PREPARED) {
        line(w, PRINT_SECTION, text(w->lang, PRINT_DELIVERY_NOTICE));
        put_board(w, m->receipts, m->receipts_count);
    }
    for (size_t i = 0; i < m->documents_count; i++) {
        line(w, PRINT_SECTION, m->documents[i].title);
        put_board(w, m->documents[i].receipts, m->documents[i].receipts_count);
    }
}

/* ---- minutes: the text that is signed, styled ---- */

/* "IV. …": no words of a member begin a line of minutes that hop made. */
static bool is_section(struct span t)
{
    size_t roman = 0;
    while (roman < t.size && (t.data[roman] == 'I' || t.data[roman] == 'V' || t.data[roman] == 'X'))
        roman++;
    return roman > 0 && roman + 1 < t.size && t.data[roman] == '.' && t.data[roman + 1] == ' ';
}

/* Does the line begin with this sentence, and with nothing else but blanks behind? */
static bool is_said(const struct print *w, struct span t, enum text_id id)
{
    struct span said = span_text(text(w->lang, id));
    return t.size >= said.size && memcmp(t.data, said.data, said.size) == 0 &&
           (t.size == said.size || t.data[said.size] == ' ');
}

/* Two columns that stand apart by blanks. */
static void put_apart(struct print *w, struct span t)
{
    size_t end = 0, next;
    while (end < t.size && !(t.data[end] == ' ' && end + 1 < t.size && t.data[end + 1] == ' '))
        end++;
    for (next = end; next < t.size && t.data[next] == ' ';)
        next++;
    buf_printf(w->b, "%c\t", PRINT_SIGNATURE);
    put_text(w, PRINT_SIGNATURE, SPAN(t.data, end), "");
    buf_text(w->b, "\t");
    put_text(w, PRINT_SIGNATURE, SPAN(t.data + next, t.size - next), "");
    buf_text(w->b, "\n");
}

static enum print_style style_of(const struct print *w, struct span t, bool head)
{
    if (is_said(w, t, MIN_TITLE) || is_said(w, t, MIN_TITLE_WRITTEN))
        return PRINT_TITLE;
    if (is_section(t))
        return PRINT_SECTION;
    if (head)
        return PRINT_SUBTITLE;
    return t.data[0] == ' ' ? PRINT_ITEM : PRINT_PARAGRAPH;
}

static void put_minutes_text(struct print *w, const char *t)
{
    bool head = true, title = false, end = false;
    while (*t != '\0') {
        size_t size = strcspn(t, "\n");
        struct span one = SPAN((const uint8_t *)t, size);
        end = end || (is_said(w, one, MIN_SIGN_SECRETARY) && !head);
        enum print_style style = size == 0 ? PRINT_SPACE : style_of(w, one, head);
        size_t from = style == PRINT_ITEM ? 2 : 0;
        if (size == 0)
            space(w);
        else if (end)
            put_apart(w, one);
        else {
            buf_printf(w->b, "%c\t", style);
            put_text(w, style, SPAN(one.data + from, size < from ? 0 : size - from), "");
            buf_text(w->b, "\n");
        }
        title = title || style == PRINT_TITLE;
        head = head && style != PRINT_SECTION && !(title && size == 0);
        t += size + (t[size] == '\n');
    }
}

static int put_minutes(struct print *w)
{
    const struct meeting_minutes *signed_one = sealed_minutes(w->m);
    struct buf draft = {0};
    if (signed_one == NULL && w->m->minutes_count > 0)
        signed_one = &w->m->minutes[w->m->minutes_count - 1];
    put_mark(w, signed_one == NULL || !signed_one->sealed);
    if (signed_one != NULL) {
        w->lang = text_lang_of(signed_one->language); /* its words tell what a line is */
        put_minutes_text(w, signed_one->text);
        return HOP_OK;
    }
    int err = meeting_minutes_text(w->s, w->c, w->m, w->lang, &draft);
    if (err == HOP_OK)
        put_minutes_text(w, buf_string(&draft));
    buf_free(&draft);
    return err;
}

int meeting_print(struct buf *ret, const struct meeting_state *s, const struct cell *c,
                  const struct meeting *m, enum print_kind kind, size_t index, enum text_lang lang)
{
    struct print w = {.b = ret, .lang = lang, .s = s, .p = s->procedure, .c = c, .m = m};
    int err = HOP_OK;
    switch (kind) {
    case PRINT_NOTICE:
        put_notice(&w);
        break;
    case PRINT_MINUTES:
        err = put_minutes(&w);
        break;
    case PRINT_RESOLUTION:
        err = put_resolution(&w, index);
        break;
    case PRINT_EXTRACT:
        err = put_extract(&w, index);
        break;
    case PRINT_DELIVERY:
        put_delivery(&w);
        break;
    case PRINT_KINDS_COUNT:
        err = HOP_ENOTFOUND;
        break;
    }
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}
