/* The fold of meetings: two years of a cell of 30, one more record, a meeting of 300 and its
 * minutes; time and memory.
 *
 * The records are made as the acts of a cell that meets once a month: notice, documents, receipts,
 * prepared opinions, roll, speakers, three votes by name, minutes signed, tasks. Each author has
 * seen all that came before, as when everybody is in reach. Bodies are CBOR as on record; opening
 * (deciphering) them is measured by bench/history. */
#include "bench/report.h"

#include <malloc.h>

#include "crypto/crypto.h"
#include "meeting/meeting.h"
#include "procedures/assets.h"

#include "tests/unit/meeting/fake_cell.c"

#define RECORDS_MAX 40000
#define MONTHS      24
#define MEMBERS     30
#define CROWD       300

#define GOAL_COLD_MS    300
#define GOAL_RECORD_US  50
#define GOAL_MINUTES_MS 200

struct record {
    uint8_t id[32];
    uint32_t member, entry;
    unsigned type;
    uint8_t *body;
    size_t size;
};

struct bench {
    struct cell *cell;
    struct history *history;
    struct meeting_state *state;
    struct record *records;
    size_t count;
    uint64_t seqs[CELL_MEMBERS_MAX], wall;
    uint8_t meeting[32], motion[32];
};

static void set_up(struct bench *b, uint32_t members)
{
    static struct procedure p;
    struct text_said why;
    struct span file = {0};
    *b = (struct bench){.wall = UINT64_C(1796387400) * 1000000};
    b->cell = calloc(1, sizeof *b->cell);
    b->records = calloc(RECORDS_MAX, sizeof *b->records);
    b->history = history_new();
    b->state = meeting_state_new();
    bench_must(b->cell != NULL && b->records != NULL && b->history != NULL && b->state != NULL,
               "memory");
    for (unsigned i = 0; i < procedure_assets_count; i++) {
        if (strcmp(procedure_assets[i].path, "party-cell.conf") == 0)
            file = SPAN(procedure_assets[i].bytes, procedure_assets[i].size);
    }
    bench_must(procedure_parse(&p, file, &why) == HOP_OK, "the procedure");
    meeting_set_procedure(b->state, &p);
    for (uint32_t i = 0; i < members; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "Nguyễn Văn %u", (unsigned)i);
        fake_member(b->cell, name,
                    i == 0   ? ROLE_SECRETARY
                    : i == 1 ? ROLE_DEPUTY
                             : ROLE_MEMBER,
                    CATEGORY_FULL);
    }
}

static void tear_down(struct bench *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->records[i].body);
    free(b->records);
    free(b->cell);
    history_free(b->history);
    meeting_state_free(b->state);
}

/* Bytes that are allocated: in the heap, and by themselves. */
static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* Put an act into the history; its author has seen the record before it, and so all. */
static const uint8_t *put(struct bench *b, uint32_t member, const struct act *a)
{
    static uint8_t bytes[ACT_BODY_BYTES_MAX];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    bench_must(b->count < RECORDS_MAX && act_put(&w, a) == HOP_OK, "an act");
    struct record *r = &b->records[b->count];
    *r = (struct record){.member = member, .type = a->type, .size = w.used};
    hop_hash(r->id, 32, LABEL_STATE, SPAN((const uint8_t *)&b->count, sizeof b->count));
    r->body = malloc(w.used);
    bench_must(r->body != NULL, "memory");
    memcpy(r->body, bytes, w.used);
    uint8_t log[32] = {(uint8_t)(member >> 8), (uint8_t)member};
    struct history_entry e = {.seq = ++b->seqs[member], .type = (uint16_t)a->type};
    memcpy(e.id, r->id, 32);
    e.log = history_log(b->history, log);
    bool first = b->count == 0 || b->records[b->count - 1].member == member;
    const uint8_t *dep = first ? NULL : b->records[b->count - 1].id;
    bench_must(history_add(b->history, &e, dep, first ? 0 : 1, &r->entry) == HOP_OK, "a record");
    b->count++;
    return r->id;
}

static struct act act_of(const struct bench *b, enum act_type type, const char *text)
{
    struct act a = {.type = type, .text = span_text(text)};
    memcpy(a.meeting, b->meeting, 32);
    return a;
}

static void put_value(struct bench *b, uint32_t by, enum act_type type, uint32_t value,
                      const uint8_t target[static 32], uint32_t person)
{
    struct act a = act_of(b, type, "");
    a.value = value;
    memcpy(a.target, target, 32);
    memcpy(a.person, b->cell->members[person].id, 16);
    (void)put(b, by, &a);
}

static void put_receipts(struct bench *b, const uint8_t target[static 32])
{
    for (uint32_t i = 1; i < b->cell->count; i++)
        put_value(b, i, ACT_RECEIPT, i % 2 == 0 ? RECEIPT_READ : RECEIPT_RECEIVED, target, 0);
}

static void put_opinions(struct bench *b)
{
    for (uint32_t i = 0; i < b->cell->count; i++) {
        struct act a =
            act_of(b, ACT_OPINION,
                   "Tôi đồng ý với dự thảo, và đề nghị ghi rõ ai phụ trách từng việc, để "
                   "lần họp sau có người báo cáo lại.");
        a.item = 1 + i % 3;
        (void)put(b, i, &a);
    }
}

static void put_vote(struct bench *b, uint32_t item)
{
    struct act a = act_of(b, ACT_MOTION, "Thông qua dự thảo nghị quyết");
    a.item = item;
    memcpy(b->motion, put(b, 0, &a), 32);
    for (uint32_t i = 0; i < b->cell->count; i++)
        put_value(b, i, ACT_VOTE, i % 9 == 0 ? CHOICE_DISAGREE : CHOICE_AGREE, b->motion, 0);
    put_value(b, 0, ACT_TALLY, 0, b->motion, 0);
}

/* One meeting, from its preparation to its tasks. */
static void put_meeting(struct bench *b, uint32_t votes)
{
    static const uint8_t none[32];
    struct act a = {.type = ACT_MEETING,
                    .title = span_text("Sinh hoạt chi bộ thường kỳ"),
                    .form = span_text("regular"),
                    .when = span_text("04/12/2026 19:30"),
                    .agenda_count = 3};
    for (size_t i = 0; i < 3; i++)
        a.agenda[i] = span_text("Báo cáo tình hình thực hiện nhiệm vụ tháng trước");
    memcpy(b->meeting, put(b, 0, &a), 32);
    for (int i = 0; i < 3; i++) {
        a = act_of(b, ACT_DOC, "");
        a.title = span_text("Dự thảo nghị quyết");
        memset(a.blob_key, 1, 32);
        put_receipts(b, put(b, 0, &a));
    }
    a = act_of(b, ACT_NOTICE, "Kính mời các đồng chí");
    put_receipts(b, put(b, 0, &a));
    put_opinions(b);
    put_value(b, 0, ACT_OPEN, 0, none, 0);
    for (uint32_t i = 0; i < b->cell->count; i++)
        put_value(b, i, ACT_ATTEND, 0, none, 0);
    for (uint32_t i = 0; i < b->cell->count; i++)
        put_value(b, 0, ACT_ROLL, ROLL_PRESENT, none, i);
    for (uint32_t i = 1; i <= 10; i++) {
        put_value(b, i, ACT_FLOOR, FLOOR_ASK, none, i);
        put_value(b, 0, ACT_GIVE, 3, none, i);
    }
    put_opinions(b);
    for (uint32_t i = 0; i < votes; i++)
        put_vote(b, 1 + i % 3);
    for (uint32_t i = 1; i <= 3; i++) {
        a = act_of(b, ACT_TASK, "Kiểm tra đê, báo cáo trước ngày 20");
        memcpy(a.person, b->cell->members[i].id, 16);
        (void)put(b, 0, &a);
    }
    put_value(b, 0, ACT_CLOSE, 0, none, 0);
    a = act_of(b, ACT_MINUTES, "Biên bản");
    a.language = span_text("vi");
    const uint8_t *minutes = put(b, 0, &a);
    put_value(b, 1, ACT_SIGN, 0, minutes, 0);
}

/* Fold records from..count; the time, in microseconds of this processor. */
static double fold(struct bench *b, size_t from)
{
    double began = bench_cpu_us();
    for (size_t n = from; n < b->count; n++) {
        uint32_t entry = history_ordered(b->history, n);
        const struct record *r = &b->records[entry]; /* entries are made in this order */
        struct meeting_event e = {.entry = entry,
                                  .id = r->id,
                                  .member = r->member,
                                  .wall = b->wall + n * 1000000,
                                  .type = r->type,
                                  .body = SPAN(r->body, r->size)};
        bench_must(meeting_apply(b->state, b->cell, b->history, &e) == HOP_OK, "fold");
    }
    return bench_cpu_us() - began;
}

static void check_all_counted(const struct bench *b)
{
    bench_must(meeting_ignored_total(b->state) == 0, "fold every record: some were ignored");
    for (size_t i = 0; i < meeting_count(b->state); i++) {
        const struct meeting *m = meeting_at(b->state, i);
        for (size_t k = 0; k < m->motions_count; k++)
            bench_must(m->motions[k].outcome == OUTCOME_ADOPTED, "adopt every motion");
    }
}

static void measure_years(void)
{
    struct bench b;
    set_up(&b, MEMBERS);
    for (int i = 0; i < MONTHS; i++)
        put_meeting(&b, 3);
    size_t years = b.count;
    size_t before = in_use();
    double cold = fold(&b, 0) / 1e3;
    double kept = (double)(in_use() - before) / 1e6;
    put_meeting(&b, 3); /* one month more, record by record */
    double more = fold(&b, years) / (double)(b.count - years);
    check_all_counted(&b);
    uint8_t digest[32];
    double began = bench_cpu_us();
    meeting_digest(b.state, b.cell, digest);
    double digested = (bench_cpu_us() - began) / 1e3;
    bench_report("fold 24 months of 30 members", cold, "ms", 0, NULL, "%zu records; aim %d ms",
                 years, GOAL_COLD_MS);
    bench_report("fold a further record", more, "us", 0, NULL, "mean of a month; aim %d us",
                 GOAL_RECORD_US);
    bench_report("memory of the folded state", kept, "MB", 0, NULL, "%d meetings, past included",
                 MONTHS);
    bench_report("digest of the folded state", digested, "ms", 0, NULL, "%d meetings", MONTHS + 1);
    tear_down(&b);
}

static void measure_crowd(void)
{
    struct bench b;
    struct buf text = {0};
    set_up(&b, CROWD);
    size_t before = in_use();
    put_meeting(&b, 20);
    size_t records = in_use() - before;
    double folded = fold(&b, 0);
    double kept = (double)(in_use() - before - records) / 1e6;
    check_all_counted(&b);
    double began = bench_cpu_us();
    bench_must(meeting_minutes_text(b.state, b.cell, meeting_at(b.state, 0), TEXT_VI, &text) ==
                   HOP_OK,
               "write the minutes");
    double took = (bench_cpu_us() - began) / 1e3;
    bench_report("fold a meeting of 300 members", folded / 1e3, "ms", 0, NULL,
                 "%zu records, 20 votes by name; %.1f us a record", b.count,
                 folded / (double)b.count);
    bench_report("minutes of that meeting", took, "ms", 0, NULL, "%zu bytes; aim %d ms",
                 buf_written(&text).size, GOAL_MINUTES_MS);
    bench_report("memory of that meeting", kept, "MB", 0, NULL, "folded, past included");
    buf_free(&text);
    tear_down(&b);
}

int main(int argc, char **argv)
{
    bench_start("meeting", argc, argv);
    bench_must(hop_init() == HOP_OK, "start the cryptography");
    measure_years();
    measure_crowd();
    return bench_end();
}
