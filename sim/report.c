/* A run as JSON (for programs), Markdown (for a mail) and one page that needs no network. */
#include "base/encode.h"
#include "sim/assets.h"
#include "sim/check.h"
#include "sim/cli.h"
#include "sim/film.h"
#include "sim/observe.h"

static const char *const kind_names[FRAMES_END] = {
    "other",  "hello", "frontier", "segment", "ack",   "stop",   "keepalive", "want", "blob",
    "noblob", "tell",  "probe",    "branch",  "proof", "sketch", "next",      "more", "list"};

static void put_text(struct buf *b, const char *text)
{
    buf_text(b, "\"");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < 0x20 || c == '<') /* a page must not end in a name */
            buf_printf(b, "\\u%04x", c);
        else
            buf_bytes(b, &c, 1);
    }
    buf_text(b, "\"");
}

static void put_number(struct buf *b, const char *name, uint64_t v)
{
    buf_printf(b, "\"%s\":%llu,", name, (unsigned long long)v);
}

static uint64_t mean(uint64_t sum, uint64_t count)
{
    return count == 0 ? 0 : sum / count;
}

/* ms under which so many of a hundred came. */
static uint64_t percentile(const uint64_t *buckets, uint64_t of, unsigned percent)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SIM_DELAYS; i++) {
        sum += buckets[i];
        if (sum * 100 >= of * percent)
            return sim_delay_bound(i);
    }
    return 0;
}

static void put_result(struct sim_world *w, const struct sim_result *r, struct buf *b)
{
    char hex[HEX_SIZE(32)];
    const struct sim_watch *v = w->watch;
    hex_encode(hex, SPAN(r->digest, sizeof r->digest));
    buf_text(b, "\"result\":{");
    put_number(b, "code", (uint64_t)r->code);
    buf_text(b, "\"check\":");
    put_text(b, r->failed_check);
    buf_text(b, ",\"failure\":");
    put_text(b, r->failure);
    buf_printf(b, ",\"digest\":\"%s\",\"crypto\":\"%s\",", hex, hop_backend());
    put_number(b, "events", r->events);
    put_number(b, "virtual_us", r->virtual_us);
    put_number(b, "cpu_us", r->cpu_us);
    put_number(b, "memory_kb", r->memory_kb);
    put_number(b, "records", r->records);
    put_number(b, "delivered", r->delivered);
    put_number(b, "possible", r->possible);
    put_number(b, "pairs", r->pairs);
    put_number(b, "bytes", r->bytes);
    put_number(b, "frames", w->counters.frames);
    put_number(b, "lost", w->counters.lost);
    put_number(b, "resent", w->counters.resent);
    put_number(b, "refused", w->counters.refused);
    put_number(b, "contacts", w->counters.contacts);
    put_number(b, "dials", w->counters.dials);
    put_number(b, "cut", w->counters.cut);
    put_number(b, "crashes", w->counters.crashes);
    put_number(b, "acts", w->counters.acts);
    put_number(b, "mean_delay_ms", mean(v->delay_sum, v->delivered));
    put_number(b, "best_mean_delay_ms", mean(v->best_sum, v->possible));
    put_number(b, "p50_ms", percentile(v->delays, v->delivered, 50));
    put_number(b, "p90_ms", percentile(v->delays, v->delivered, 90));
    put_number(b, "p99_ms", percentile(v->delays, v->delivered, 99));
    buf_text(b, "\"goals\":[");
    const char *comma = "";
    for (unsigned g = 0; g < GOAL_COUNT; g++) {
        if (r->goals >> g & 1) {
            buf_printf(b, "%s\"%s\"", comma, sim_goal_name((enum sim_goal)g));
            comma = ",";
        }
    }
    buf_text(b, "]}");
}

static void put_delays(const struct sim_world *w, struct buf *b)
{
    buf_text(b, ",\"delays\":[");
    for (unsigned i = 0; i < SIM_DELAYS; i++)
        buf_printf(b, "%s[%llu,%llu,%llu]", i == 0 ? "" : ",",
                   (unsigned long long)sim_delay_bound(i), (unsigned long long)w->watch->delays[i],
                   (unsigned long long)w->watch->best[i]);
    buf_text(b, "],\"kinds\":[");
    for (unsigned k = 0; k < FRAMES_END; k++)
        buf_printf(b, "%s[\"%s\",%llu,%llu]", k == 0 ? "" : ",", kind_names[k],
                   (unsigned long long)w->counters.kinds_frames[k],
                   (unsigned long long)w->counters.kinds_bytes[k]);
    buf_text(b, "]");
}

static void put_nodes(const struct sim_world *w, struct buf *b)
{
    buf_text(b, ",\"nodes\":[");
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct sim_node *n = &w->nodes[i];
        buf_text(b, i == 0 ? "{\"name\":" : ",{\"name\":");
        put_text(b, n->name);
        buf_text(b, ",\"cell\":");
        put_text(b, w->cells[n->cell].name);
        buf_printf(b, ",\"kind\":\"%s\",\"records\":%llu,\"in\":%llu,\"out\":%llu,\"starts\":%u}",
                   sim_kind_name(n->group->kind), (unsigned long long)n->records,
                   (unsigned long long)n->bytes_in, (unsigned long long)n->bytes_out,
                   (unsigned)n->starts);
    }
    buf_text(b, "]");
}

static void put_film(const struct sim_film *f, struct buf *b)
{
    buf_printf(b, ",\"film\":{\"step_us\":%llu,\"xy\":[", (unsigned long long)f->step);
    for (uint32_t s = 0; s < f->samples; s++) {
        buf_text(b, s == 0 ? "[" : ",[");
        for (size_t i = 0; i < 2 * (size_t)f->nodes; i++)
            buf_printf(b, i == 0 ? "%d" : ",%d", (int)f->xy[2 * (size_t)s * f->nodes + i]);
        buf_text(b, "]");
    }
    buf_text(b, "],\"share\":[");
    for (uint32_t s = 0; s < f->samples; s++) {
        buf_text(b, s == 0 ? "[" : ",[");
        for (size_t i = 0; i < f->nodes; i++) {
            uint16_t share = f->share[(size_t)s * f->nodes + i];
            buf_printf(b, i == 0 ? "%d" : ",%d", share == 0xffff ? -1 : (int)share);
        }
        buf_text(b, "]");
    }
    buf_text(b, "],\"curve\":[");
    for (uint32_t s = 0; s < f->samples; s++)
        buf_printf(b, "%s[%u,%llu,%llu]", s == 0 ? "" : ",", (unsigned)f->total[s],
                   (unsigned long long)f->delivered[s], (unsigned long long)f->possible[s]);
    buf_text(b, "],\"contacts\":[");
    for (uint32_t i = 0; i < f->contacts_count; i++)
        buf_printf(b, "%s[%u,%u,%llu,%llu]", i == 0 ? "" : ",", (unsigned)f->contacts[i].a,
                   (unsigned)f->contacts[i].b, (unsigned long long)(f->contacts[i].from / 1000),
                   (unsigned long long)(f->contacts[i].to / 1000));
    buf_printf(b, "],\"contacts_left_out\":%llu,\"marks\":[",
               (unsigned long long)f->contacts_left_out);
    for (uint32_t i = 0; i < f->marks_count; i++) {
        const struct sim_film_mark *m = &f->marks[i];
        buf_printf(b, "%s[%llu,%llu,%d,", i == 0 ? "" : ",", (unsigned long long)(m->at / 1000),
                   (unsigned long long)(m->until / 1000),
                   m->node == SIM_NOBODY ? -1 : (int)m->node);
        put_text(b, m->text);
        buf_text(b, "]");
    }
    buf_text(b, "],\"frames\":[");
    for (uint32_t i = 0; i < f->frames_count; i++) {
        const struct sim_film_frame *m = &f->frames[(f->frames_first + i) % SIM_FILM_FRAMES_KEPT];
        buf_printf(b, "%s[%u,%u,%llu,%llu,%u]", i == 0 ? "" : ",", (unsigned)m->from,
                   (unsigned)m->to, (unsigned long long)m->sent, (unsigned long long)m->arrives,
                   (unsigned)m->kind);
    }
    buf_text(b, "]}");
}

void sim_report_json(struct sim_world *w, const struct sim_result *r, struct buf *ret)
{
    const struct sim_scenario *s = &w->scenario;
    buf_text(ret, "{\"name\":");
    put_text(ret, s->name);
    buf_text(ret, ",\"why\":");
    put_text(ret, s->why);
    buf_printf(ret, ",\"seed\":\"%llu\",\"duration_us\":%llu,\"settle_us\":%llu,",
               (unsigned long long)s->seed, (unsigned long long)s->duration,
               (unsigned long long)s->settle);
    put_result(w, r, ret);
    put_delays(w, ret);
    put_nodes(w, ret);
    if (w->film != NULL && !w->film->failed)
        put_film(w->film, ret);
    buf_text(ret, "}\n");
}

void sim_report_markdown(struct sim_world *w, const struct sim_result *r, struct buf *ret)
{
    const struct sim_watch *v = w->watch;
    char hex[HEX_SIZE(32)];
    hex_encode(hex, SPAN(r->digest, sizeof r->digest));
    buf_printf(ret, "# %s, seed %llu\n\n%s\n\n", w->scenario.name,
               (unsigned long long)w->scenario.seed, w->scenario.why);
    if (r->code == 0)
        buf_text(ret, "All checks held.\n\n");
    else
        buf_printf(ret, "**%s failed**: %s\n\n", r->failed_check, r->failure);
    buf_text(ret, "| | |\n|---|---:|\n");
    buf_printf(ret, "| nodes | %u |\n| virtual time | %llu s |\n| events | %llu |\n",
               (unsigned)w->nodes_count, (unsigned long long)(r->virtual_us / SIM_MILLION),
               (unsigned long long)r->events);
    buf_printf(ret,
               "| records | %llu |\n| delivered | %llu |\n| possible on these contacts | %llu |\n",
               (unsigned long long)r->records, (unsigned long long)r->delivered,
               (unsigned long long)r->possible);
    buf_printf(ret, "| mean delay | %llu ms |\n| the best mean delay | %llu ms |\n",
               (unsigned long long)mean(v->delay_sum, v->delivered),
               (unsigned long long)mean(v->best_sum, v->possible));
    buf_printf(ret, "| delay of 50, 90, 99 %% | %llu, %llu, %llu ms |\n",
               (unsigned long long)percentile(v->delays, v->delivered, 50),
               (unsigned long long)percentile(v->delays, v->delivered, 90),
               (unsigned long long)percentile(v->delays, v->delivered, 99));
    buf_printf(ret, "| bytes sent | %llu |\n| frames | %llu |\n| lost | %llu |\n",
               (unsigned long long)r->bytes, (unsigned long long)w->counters.frames,
               (unsigned long long)w->counters.lost);
    buf_printf(
        ret,
        "| contacts | %llu |\n| links made | %llu |\n| cut with frames on their way | %llu |\n",
        (unsigned long long)w->counters.contacts, (unsigned long long)w->counters.dials,
        (unsigned long long)w->counters.cut);
    buf_printf(ret, "| digest | %s |\n\n| frame | count | bytes |\n|---|---:|---:|\n", hex);
    for (unsigned k = 0; k < FRAMES_END; k++) {
        if (w->counters.kinds_frames[k] > 0)
            buf_printf(ret, "| %s | %llu | %llu |\n", kind_names[k],
                       (unsigned long long)w->counters.kinds_frames[k],
                       (unsigned long long)w->counters.kinds_bytes[k]);
    }
}

/* The page with the JSON where it says so. */
void sim_report_page(struct span json, struct buf *ret)
{
    const char *page = (const char *)sim_assets[0].bytes, *here = strstr(page, "/*RUN*/");
    if (here == NULL)
        return;
    buf_bytes(ret, (const uint8_t *)page, (size_t)(here - page));
    buf_span(ret, json);
    buf_text(ret, here + strlen("/*RUN*/"));
}
