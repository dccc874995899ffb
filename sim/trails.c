#include "sim/trails.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define LINE_BYTES 512

static bool grow(void **array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t wanted = *room == 0 ? 1024 : 2 * *room;
    void *grown = realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

static int bad_line(char *why, const char *path, unsigned line, const char *text)
{
    (void)snprintf(why, SIM_MESSAGE_BYTES, "%.120s, line %u: this does not fit: %.60s", path, line,
                   text);
    return HOP_EMALFORMED;
}

/* ---- words of a line ---- */

#define WORDS_MAX 12

static size_t split(char *line, const char *between, char *words[WORDS_MAX])
{
    size_t n = 0;
    char *p = line + strspn(line, between);
    while (*p != '\0' && n < WORDS_MAX) {
        words[n++] = p;
        p += strcspn(p, between);
        if (*p != '\0')
            *p++ = '\0';
        p += strspn(p, between);
    }
    return n;
}

static bool read_node(const char *word, uint32_t *ret)
{
    uint64_t v = 0;
    word += strcspn(word, "0123456789"); /* "p12" and "$node_(12)" */
    if (*word == '\0')
        return false;
    for (; *word >= '0' && *word <= '9' && v < SIM_NODES_MAX; word++)
        v = v * 10 + (uint64_t)(*word - '0');
    *ret = (uint32_t)v;
    return v < SIM_NODES_MAX;
}

typedef int read_line(struct sim_trails *t, char *words[], size_t n);

static int read_file(struct sim_trails *t, const char *path, const char *between, read_line *read,
                     char *why)
{
    char line[LINE_BYTES], copy[LINE_BYTES];
    char *words[WORDS_MAX];
    gzFile f = gzopen(path, "rb"); /* reads plain files as they are */
    if (f == NULL) {
        (void)snprintf(why, SIM_MESSAGE_BYTES, "%.200s cannot be opened", path);
        return HOP_ENOTFOUND;
    }
    int err = HOP_OK;
    for (unsigned number = 1; err == HOP_OK && gzgets(f, line, sizeof line) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        memcpy(copy, line, sizeof copy);
        size_t n = line[0] == '#' ? 0 : split(line, between, words);
        err = n == 0 ? HOP_OK : read(t, words, n);
        if (err == HOP_EEXIST) /* a heading */
            err = number == 1 ? HOP_OK : HOP_EMALFORMED;
        if (err == HOP_EMALFORMED)
            err = bad_line(why, path, number, copy);
    }
    (void)gzclose(f);
    return err;
}

/* ---- the ONE ---- */

static int add_meeting(struct sim_trails *t, uint64_t at, uint32_t a, uint32_t b, bool up)
{
    void *meetings = t->meetings;
    bool room = grow(&meetings, t->meetings_count, &t->meetings_room, sizeof *t->meetings);
    t->meetings = meetings;
    if (!room)
        return HOP_ENOMEM;
    t->meetings[t->meetings_count++] = (struct sim_meeting){at, a, b, up};
    t->nodes = a >= t->nodes ? a + 1 : t->nodes;
    t->nodes = b >= t->nodes ? b + 1 : t->nodes;
    return HOP_OK;
}

static int add_message(struct sim_trails *t, uint64_t at, uint32_t from, uint32_t size)
{
    void *messages = t->messages;
    bool room = grow(&messages, t->messages_count, &t->messages_room, sizeof *t->messages);
    t->messages = messages;
    if (!room)
        return HOP_ENOMEM;
    t->messages[t->messages_count++] = (struct sim_message){at, from, size};
    t->nodes = from >= t->nodes ? from + 1 : t->nodes;
    return HOP_OK;
}

static int read_one(struct sim_trails *t, char *words[], size_t n)
{
    uint64_t at, size;
    uint32_t a, b;
    if (n < 5 || !sim_quantity_read(&at, SIM_TIME, words[0]))
        return HOP_EMALFORMED;
    if (strcmp(words[1], "CONN") == 0) {
        bool up = strcmp(words[4], "up") == 0;
        if (!read_node(words[2], &a) || !read_node(words[3], &b) || a == b ||
            (!up && strcmp(words[4], "down") != 0))
            return HOP_EMALFORMED;
        return add_meeting(t, at, a, b, up);
    }
    if (strcmp(words[1], "C") == 0 && n >= 6 && read_node(words[3], &a) &&
        sim_quantity_read(&size, SIM_BYTES, words[5]) && size <= UINT32_MAX)
        return add_message(t, at, a, (uint32_t)size);
    return HOP_EMALFORMED;
}

int sim_trails_one(struct sim_trails *t, const char *path, char why[static SIM_MESSAGE_BYTES])
{
    return read_file(t, path, " \t", read_one, why);
}

/* ---- links ---- */

static int read_link(struct sim_trails *t, char *words[], size_t n)
{
    uint32_t a, b;
    if (n < 2 || words[0][0] < '0' || words[0][0] > '9')
        return HOP_EEXIST; /* a heading */
    if (!read_node(words[0], &a) || !read_node(words[1], &b) || a == b)
        return HOP_EMALFORMED;
    return add_meeting(t, 0, a, b, true);
}

int sim_trails_links(struct sim_trails *t, const char *path, char why[static SIM_MESSAGE_BYTES])
{
    return read_file(t, path, ",; \t", read_link, why);
}

/* ---- ns-2 ---- */

static int add_leg(struct sim_trails *t, struct sim_leg leg)
{
    void *legs = t->legs;
    bool room = grow(&legs, t->legs_count, &t->legs_room, sizeof *t->legs);
    t->legs = legs;
    if (!room)
        return HOP_ENOMEM;
    t->legs[t->legs_count++] = leg;
    t->nodes = leg.node >= t->nodes ? leg.node + 1 : t->nodes;
    return HOP_OK;
}

/* The leg that puts node in its place at the start; made when it is first named. */
static int place_of(struct sim_trails *t, uint32_t node, struct sim_leg **ret)
{
    for (size_t i = 0; i < t->legs_count; i++) {
        if (t->legs[i].node == node && t->legs[i].at == 0 && t->legs[i].speed == 0) {
            *ret = &t->legs[i];
            return HOP_OK;
        }
    }
    int err = add_leg(t, (struct sim_leg){.node = node});
    *ret = err == HOP_OK ? &t->legs[t->legs_count - 1] : NULL;
    return err;
}

/* $node_(3) set X_ 12.5      $ns_ at 7.0 "$node_(3) setdest 10 20 1.5" */
static int read_setdest(struct sim_trails *t, char *words[], size_t n)
{
    struct sim_leg leg = {0}, *place;
    uint64_t x, y;
    if (n == 4 && strcmp(words[1], "set") == 0) {
        if (!read_node(words[0], &leg.node) || !sim_quantity_read(&x, SIM_LENGTH, words[3]))
            return strcmp(words[0], "set") == 0 ? HOP_OK : HOP_EMALFORMED;
        int err = place_of(t, leg.node, &place);
        if (err == HOP_OK && words[2][0] == 'X')
            place->to.x = (int64_t)x;
        else if (err == HOP_OK && words[2][0] == 'Y')
            place->to.y = (int64_t)x;
        return err;
    }
    if (n >= 8 && strcmp(words[1], "at") == 0 && strcmp(words[4], "setdest") == 0) {
        if (!sim_quantity_read(&leg.at, SIM_TIME, words[2]) || !read_node(words[3], &leg.node) ||
            !sim_quantity_read(&x, SIM_LENGTH, words[5]) ||
            !sim_quantity_read(&y, SIM_LENGTH, words[6]) ||
            !sim_quantity_read(&leg.speed, SIM_SPEED, words[7]))
            return HOP_EMALFORMED;
        leg.to = (struct sim_point){(int64_t)x, (int64_t)y};
        leg.speed = leg.speed == 0 ? 1 : leg.speed;
        return add_leg(t, leg);
    }
    return HOP_OK; /* other commands of ns-2 do not move anybody */
}

static int by_time(const void *a, const void *b)
{
    const struct sim_leg *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node ? 1 : x->speed < y->speed ? -1 : 1;
}

int sim_trails_setdest(struct sim_trails *t, const char *path, char why[static SIM_MESSAGE_BYTES])
{
    int err = read_file(t, path, " \t\"", read_setdest, why);
    if (err == HOP_OK && t->legs_count > 0)
        qsort(t->legs, t->legs_count, sizeof *t->legs, by_time);
    return err;
}

void sim_trails_done(struct sim_trails *t)
{
    free(t->meetings);
    free(t->messages);
    free(t->legs);
    *t = (struct sim_trails){0};
}

void sim_data_path(const struct sim_scenario *s, const char *name, char ret[static SIM_PATH_BYTES])
{
    if (name[0] == '/')
        (void)snprintf(ret, SIM_PATH_BYTES, "%s", name);
    else
        (void)snprintf(ret, SIM_PATH_BYTES, "%.250s%.250s", s->folder, name);
    if (access(ret, R_OK) != 0 && name[0] != '/')
        (void)snprintf(ret, SIM_PATH_BYTES, "%.250s../data/%.250s", s->folder, name);
}
