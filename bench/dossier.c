/* The dossier of an hour's meeting of 300: written, verified, and changed in one byte.
 *
 * Three hundred devices, each with its own keys: the chair's prepares, opens, takes the roll and
 * puts the motions; each member's says that it is there, has its say twice and votes on all. What
 * they wrote comes to the chair's device over links that are function calls. */
#include "bench/devices.h"

#include "base/rng.h"
#include "device/dossier.h"
#include "device/state.h"

#define CROWD    300
#define MOTIONS  5
#define OPINIONS 2
#define FLIPS    40

#define GOAL_VERIFY_MS 2000

struct hour {
    struct bench_world *w;
    uint8_t meeting[32], motions[MOTIONS][32];
};

static struct act act_of(const struct hour *t, enum act_type type, const char *words)
{
    struct act a = {.type = type, .text = span_text(words)};
    memcpy(a.meeting, t->meeting, 32);
    return a;
}

static void act(const struct hour *t, uint32_t i, const struct act *a)
{
    uint8_t id[32];
    bench_act(t->w, i, a, id);
    bench_commit(t->w, i);
}

/* How many have voted on the last motion, as the chair's device knows: that is the last record that
 * each writes. */
static size_t voted(const struct hour *t)
{
    const struct meeting *m = meeting_find(device_meetings(t->w->devices[0].d), t->meeting);
    for (size_t i = 0; m != NULL && i < m->motions_count; i++) {
        if (memcmp(m->motions[i].id, t->motions[MOTIONS - 1], 32) == 0)
            return m->motions[i].votes_count;
    }
    return 0;
}

/* The chair's device and that of one member, until the one has what the other wrote, or the other
 * has the meeting. */
static void meet(const struct hour *t, uint32_t i, bool to_chair)
{
    struct bench_world *w = t->w;
    size_t want = to_chair ? voted(t) + 1 : device_record_count(w->devices[0].d);
    w->links_count = 0;
    bench_link(w, i, 0);
    while (to_chair ? voted(t) < want : device_record_count(w->devices[i].d) < want) {
        bench_turn(w, i);
        bench_turn(w, 0);
        if (w->devices[0].first != NULL || w->devices[i].first != NULL)
            continue;
        hop_time a = device_deadline(w->devices[0].d), b = device_deadline(w->devices[i].d);
        w->now = a < b && a > w->now ? a : b > w->now && b != HOP_NEVER ? b : w->now + 1000;
    }
    bench_unlink_all(w);
}

static void chair_opens(struct hour *t)
{
    struct act a;
    bench_convene(t->w, 0, t->meeting);
    a = act_of(t, ACT_OPEN, "");
    act(t, 0, &a);
    for (uint32_t i = 0; i < CROWD; i++) {
        a = act_of(t, ACT_ROLL, "");
        memcpy(a.person, cell_member(device_cell(t->w->devices[0].d), i)->id, 16);
        a.value = ROLL_PRESENT;
        act(t, 0, &a);
    }
    for (int k = 0; k < MOTIONS; k++) {
        a = act_of(t, ACT_MOTION, "Chuyển dân ven suối đến điểm sơ tán trước ngày 10 tháng 12");
        a.item = 1;
        bench_act(t->w, 0, &a, t->motions[k]);
        bench_commit(t->w, 0);
    }
}

static void members_speak(struct hour *t)
{
    for (uint32_t i = 1; i < CROWD; i++) {
        struct act a = act_of(t, ACT_ATTEND, "");
        act(t, i, &a);
        for (int k = 0; k < OPINIONS; k++) {
            a = act_of(t, ACT_OPINION,
                       "Đề nghị ghi rõ điểm tập kết và người phụ trách, báo cáo về trước 17 giờ.");
            a.item = 2;
            act(t, i, &a);
        }
        for (int k = 0; k < MOTIONS; k++) {
            a = act_of(t, ACT_VOTE, "");
            memcpy(a.target, t->motions[k], 32);
            a.value = i % 7 == 0 ? CHOICE_DISAGREE : CHOICE_AGREE;
            act(t, i, &a);
        }
    }
}

static void sign_minutes(const struct hour *t)
{
    struct device *d = t->w->devices[0].d;
    struct buf minutes = {0};
    const struct meeting *m = meeting_find(device_meetings(d), t->meeting);
    bench_must(meeting_minutes_text(device_meetings(d), device_cell(d), m, TEXT_VI, &minutes) ==
                   HOP_OK,
               "write the minutes");
    struct act a = act_of(t, ACT_MINUTES, buf_string(&minutes));
    a.language = span_text("vi");
    a.value = MEETING_MINUTES_FORM;
    act(t, 0, &a);
    buf_free(&minutes);
}

static void chair_closes(struct hour *t)
{
    struct act a;
    for (int k = 0; k < MOTIONS; k++) {
        a = act_of(t, ACT_TALLY, "");
        memcpy(a.target, t->motions[k], 32);
        act(t, 0, &a);
    }
    a = act_of(t, ACT_CLOSE, "");
    act(t, 0, &a);
    sign_minutes(t);
}

static enum dossier_verdict verify(const struct buf *file, struct dossier_report *r)
{
    bench_must(dossier_verify(buf_written(file), TEXT_VI, r) == HOP_OK, "memory");
    enum dossier_verdict v = r->verdict;
    return v;
}

/* One byte anywhere, by a generator with a seed: each must be noticed. */
static void flip(struct buf *file)
{
    static struct dossier_report r;
    struct rng chance = rng_seeded(300);
    double began = bench_cpu_us();
    for (int n = 0; n < FLIPS; n++) {
        size_t at = (size_t)rng_below(&chance, file->size);
        uint8_t bit = (uint8_t)(1u << rng_below(&chance, 8));
        file->data[at] ^= bit;
        if (verify(file, &r) != DOSSIER_VERDICT_FAIL)
            (void)fprintf(stderr, "byte %zu of %zu, bit %u\n", at, file->size, bit);
        bench_must(r.verdict == DOSSIER_VERDICT_FAIL, "notice a changed byte");
        dossier_report_free(&r);
        file->data[at] ^= bit;
    }
    bench_report("single changed bytes, all noticed", FLIPS, "", 0, NULL, "%.0f ms each",
                 (bench_cpu_us() - began) / 1e3 / FLIPS);
}

static void measure(const struct hour *t)
{
    static struct dossier_report r;
    struct device *d = t->w->devices[0].d;
    struct text_said why;
    struct buf file = {0};
    double began = bench_cpu_us();
    bench_must(dossier_write(d, meeting_find(device_meetings(d), t->meeting), TEXT_VI, BENCH_WALL,
                             &file, &why) == HOP_OK,
               "write the dossier");
    bench_report("write the dossier of 300 x 60 minutes", (bench_cpu_us() - began) / 1e3, "ms", 0,
                 NULL, "%zu records, %.1f MB", device_record_count(d), (double)file.size / 1e6);
    began = bench_cpu_us();
    enum dossier_verdict v = verify(&file, &r);
    double took = (bench_cpu_us() - began) / 1e3;
    for (size_t i = 0; i < r.lines_count && v != DOSSIER_VERDICT_UNCONFIRMED; i++)
        (void)fprintf(stderr, "%s\n", r.lines[i].text);
    bench_must(v == DOSSIER_VERDICT_UNCONFIRMED, "verify the dossier");
    bench_report("verify it", took, "ms", 0, NULL, "signatures, keys, fold, minutes; aim %d ms",
                 GOAL_VERIFY_MS);
    dossier_report_free(&r);
    flip(&file);
    buf_free(&file);
}

/* Every byte of a small one. */
static void measure_small(void)
{
    static struct dossier_report r;
    struct bench_world *w = bench_world_new(1);
    struct hour t = {.w = w};
    struct text_said why;
    struct buf file = {0};
    bench_device_add(w, 0, NULL);
    bench_found(w, 0);
    bench_convene(w, 0, t.meeting);
    struct act a = act_of(&t, ACT_OPEN, "");
    act(&t, 0, &a);
    a = act_of(&t, ACT_CLOSE, "");
    act(&t, 0, &a);
    sign_minutes(&t);
    struct device *d = w->devices[0].d;
    bench_must(dossier_write(d, meeting_find(device_meetings(d), t.meeting), TEXT_VI, BENCH_WALL,
                             &file, &why) == HOP_OK,
               "write a small dossier");
    for (size_t at = 0; at < file.size; at++) {
        file.data[at] ^= (uint8_t)(1u << at % 8);
        bench_must(verify(&file, &r) == DOSSIER_VERDICT_FAIL, "notice a changed byte");
        dossier_report_free(&r);
        file.data[at] ^= (uint8_t)(1u << at % 8);
    }
    bench_must(verify(&file, &r) == DOSSIER_VERDICT_UNCONFIRMED, "verify a small dossier");
    dossier_report_free(&r);
    bench_report("every byte of a small one changed", (double)file.size, "bytes", 0, NULL,
                 "all noticed");
    buf_free(&file);
    bench_world_free(w);
}

int main(int argc, char **argv)
{
    struct hour t = {0};
    bench_start("dossier", argc, argv);
    measure_small();
    t.w = bench_world_new(CROWD);
    for (uint32_t i = 0; i < CROWD; i++)
        bench_device_add(t.w, i, NULL);
    bench_found(t.w, 0);
    for (uint32_t i = 1; i < CROWD; i++)
        bench_join(t.w, 0, i);
    chair_opens(&t);
    for (uint32_t i = 1; i < CROWD; i++)
        meet(&t, i, false);
    members_speak(&t);
    for (uint32_t i = 1; i < CROWD; i++)
        meet(&t, i, true);
    chair_closes(&t);
    measure(&t);
    bench_world_free(t.w);
    return bench_end();
}
