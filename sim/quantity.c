/* Numbers with units, as integers: "1h30m", "1.5km", "6Mbit", "2%". No floating point, so that
 * every build reads the same number. */
#include "sim/scenario.h"

#include <stdlib.h>

struct unit {
    const char *name;
    uint64_t scale, divide; /* value × scale ÷ divide */
};

static const struct unit counts[] = {{"", 1, 1}, {NULL, 0, 1}};
static const struct unit times[] = {{"us", 1, 1},
                                    {"ms", 1000, 1},
                                    {"s", SIM_MILLION, 1},
                                    {"m", 60 * SIM_MILLION, 1},
                                    {"min", 60 * SIM_MILLION, 1},
                                    {"h", 3600 * SIM_MILLION, 1},
                                    {"d", 86400 * SIM_MILLION, 1},
                                    {"", SIM_MILLION, 1},
                                    {NULL, 0, 1}};
static const struct unit lengths[] = {{"mm", 1, 1},       {"cm", 10, 1}, {"m", 1000, 1},
                                      {"km", 1000000, 1}, {"", 1000, 1}, {NULL, 0, 1}};
static const struct unit speeds[] = {
    {"mm/s", 1, 1}, {"m/s", 1000, 1}, {"km/h", 10000, 36}, {"", 1000, 1}, {NULL, 0, 1}};
static const struct unit rates[] = {{"bit", 1, 8},          {"kbit", 125, 1}, {"Mbit", 125000, 1},
                                    {"Gbit", 125000000, 1}, {"B/s", 1, 1},    {"kB/s", 1000, 1},
                                    {"MB/s", 1000000, 1},   {"", 1, 1},       {NULL, 0, 1}};
static const struct unit shares[] = {{"%", 10000, 1}, {"ppm", 1, 1}, {"", 10000, 1}, {NULL, 0, 1}};
static const struct unit sizes[] = {{"B", 1, 1},           {"kB", 1000, 1}, {"MB", 1000000, 1},
                                    {"GB", 1000000000, 1}, {"", 1, 1},      {NULL, 0, 1}};
static const struct unit *const units_of[] = {
    [SIM_COUNT] = counts, [SIM_TIME] = times,   [SIM_LENGTH] = lengths, [SIM_SPEED] = speeds,
    [SIM_RATE] = rates,   [SIM_SHARE] = shares, [SIM_BYTES] = sizes};

#define FRACTION_DIGITS 6

/* Digits, and after a point up to six more: in millionths. False if there is none, or too many. */
static bool read_millionths(const char **at, uint64_t *ret)
{
    uint64_t v = 0;
    const char *p = *at;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > UINT64_MAX / SIM_MILLION / 10 - 1)
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    v *= SIM_MILLION;
    if (*p == '.') {
        uint64_t digit = SIM_MILLION / 10;
        for (p++; *p >= '0' && *p <= '9'; p++, digit /= 10)
            v += digit * (uint64_t)(*p - '0');
    }
    *at = p;
    *ret = v;
    return true;
}

static const struct unit *read_unit(const char **at, const struct unit *units)
{
    const char *p = *at;
    while (*p == ' ')
        p++;
    size_t n = 0;
    while (p[n] != '\0' && p[n] != ' ' && (p[n] < '0' || p[n] > '9'))
        n++;
    for (; units->name != NULL; units++) {
        if (strlen(units->name) == n && memcmp(units->name, p, n) == 0) {
            *at = p + n;
            return units;
        }
    }
    return NULL;
}

/* whole + part/10^6, scaled; false if it does not fit. */
static bool scale(uint64_t millionths, const struct unit *u, uint64_t *ret)
{
    uint64_t whole = millionths / SIM_MILLION, part = millionths % SIM_MILLION;
    if (whole > UINT64_MAX / 2 / u->scale)
        return false;
    uint64_t parts = (whole % u->divide) * u->scale + part * u->scale / SIM_MILLION;
    *ret = whole / u->divide * u->scale + parts / u->divide;
    return true;
}

bool sim_quantity_read(uint64_t *ret, enum sim_quantity q, const char *text)
{
    uint64_t sum = 0;
    if (q == SIM_COUNT) { /* whole numbers up to the largest: seeds */
        for (const char *p = text; *p != '\0'; p++) {
            if (*p < '0' || *p > '9' || sum > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
                return false;
            sum = sum * 10 + (uint64_t)(*p - '0');
        }
        *ret = sum;
        return *text != '\0';
    }
    do {
        uint64_t millionths, part;
        const struct unit *u = NULL;
        if (read_millionths(&text, &millionths))
            u = read_unit(&text, units_of[q]);
        if (u == NULL || !scale(millionths, u, &part))
            return false;
        sum += part;
    } while (*text != '\0');
    *ret = sum;
    return true;
}

/* In the largest unit that divides it. */
void sim_quantity_write(struct buf *b, enum sim_quantity q, uint64_t value)
{
    const struct unit *best = NULL;
    for (const struct unit *u = units_of[q]; u->name != NULL; u++) {
        if (u->divide == 1 && *u->name != '\0' && value % u->scale == 0 &&
            (best == NULL || u->scale > best->scale) && (value > 0 || u->scale == 1))
            best = u;
    }
    if (best == NULL)
        buf_printf(b, "%llu", (unsigned long long)value);
    else
        buf_printf(b, "%llu%s", (unsigned long long)(value / best->scale), best->name);
}

/* ---- names ---- */

#define NAME_COMPARED_MAX 40 /* no setting is longer: nothing that long is near one */

/* Levenshtein distance: how many letters to change, add or leave out. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t row[NAME_COMPARED_MAX + 1];
    if (n > NAME_COMPARED_MAX || m > NAME_COMPARED_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t skip = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < skip ? change : skip;
        }
    }
    return row[m];
}

const char *sim_nearest(const char *name, const char *const known[])
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 3 + 1;
    for (size_t i = 0; known[i] != NULL; i++) {
        size_t d = distance(name, known[i]);
        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = known[i];
            best_distance = d;
        }
    }
    return best;
}
