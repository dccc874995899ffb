/* hop bundle: records on a stick or in a file. The device makes and takes bytes
 * (node/api_bundle.c); this process, with the rights and in the directory of the person, reads and
 * writes the stick. */
#include "node/cli_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/encode.h"

#define LOOK_BYTES_MAX ((size_t)64 << 20) /* what the device is shown at once of what it lacks */
#define TAKE_BYTES_AIM ((size_t)4 << 20)
#define SECTION_LEAST  (64u << 10)

/* ---- troubles ---- */

static int place_trouble(struct cli *c, int err, const struct stick *s, bool writing)
{
    char count[24];
    const char *path = s->path;
    switch (err) {
    case HOP_ENOTFOUND:
        return cli_fail(c, CLI_UNREACHABLE, STICK_NOT_HERE, 1, path);
    case HOP_EREFUSED:
        return cli_fail(c, CLI_UNREACHABLE, writing ? STICK_READ_ONLY : STICK_FORBIDDEN, 1, path);
    case HOP_ENOSPACE:
        if (s->single)
            return cli_fail(c, CLI_UNREACHABLE, STICK_FULL_FILE, 1, path);
        return cli_fail(c, CLI_UNREACHABLE, STICK_FULL, 2, path,
                        cli_count(count, s->files_written));
    case HOP_EBUSY:
        return cli_fail(c, CLI_UNREACHABLE, STICK_BUSY, 1, path);
    case HOP_EFULL:
        return cli_fail(c, CLI_UNREACHABLE, STICK_LARGE, 2, path,
                        cli_count(count, STICK_FILES_MAX));
    case HOP_ENOMEM:
        return cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
    default:
        return cli_fail(c, CLI_UNREACHABLE, STICK_DISK_ERROR, 2, path, hop_error_text(err));
    }
}

static int no_memory(struct cli *c)
{
    return cli_fail(c, CLI_UNREACHABLE, API_NO_MEMORY, 0);
}

/* Open a bundle to be read; one with nothing in it is refused. */
static int open_bundle(struct cli *c, const char *path, struct stick *s)
{
    int err = stick_open(s, path);
    if (err != HOP_OK) {
        (void)snprintf(s->path, sizeof s->path, "%s", path);
        return place_trouble(c, err, s, false);
    }
    stick_sort(s);
    if (s->files_count == 0)
        return cli_fail(c, CLI_UNREACHABLE, STICK_EMPTY, 1, path);
    if (s->items_count == 0 && s->listed.count == 0)
        return cli_fail(c, CLI_UNREACHABLE, STICK_NONE, 1, path);
    return CLI_DONE;
}

/* ---- asking the device ---- */

/* What the device has and wants. */
static int ask_have(struct cli *c, struct bundle_inventory *ret)
{
    int exit_code = cli_ask(c, "GET", "/api/bundle/have", NULL, NULL);
    if (exit_code == CLI_DONE && bundle_inventory_read(ret, buf_written(&c->reply)) != HOP_OK)
        exit_code = no_memory(c);
    return exit_code;
}

static json_t *reply_json(const struct cli *c)
{
    return json_loadb((const char *)c->reply.data, c->reply.size, 0, NULL);
}

static bool is_new(const struct stick_item *item, struct bundle_inventory *have)
{
    if (item->kind == BUNDLE_BLOB)
        return bundle_inventory_has(have, BUNDLE_WANTED, item->id);
    if (item->kind == BUNDLE_PROOF) {
        uint64_t known = bundle_inventory_fork(have, item->id);
        return known == 0 || known > item->first;
    }
    return item->last > bundle_inventory_reach(have, item->id, 1);
}

/* What LISTs on the stick promise and nothing on it proves. */
static int find_lost(struct stick *s, struct bundle_inventory *ret, uint64_t *ret_chunks)
{
    int err = HOP_OK;
    bundle_inventory_sort(&s->listed);
    for (size_t i = 0; i < s->listed.count && err == HOP_OK; i++) {
        const struct bundle_entry *e = &s->listed.items[i];
        if (e->type == BUNDLE_CHUNK)
            *ret_chunks += bundle_inventory_has(&s->here, BUNDLE_CHUNK, e->id) ? 0 : 1;
        if (e->type != BUNDLE_RUN)
            continue;
        for (uint64_t seq = e->first; seq <= e->last && err == HOP_OK;) {
            uint64_t there = bundle_inventory_next(&s->here, e->id, seq);
            struct bundle_entry lost = *e;
            lost.type = BUNDLE_LOST;
            lost.first = seq;
            lost.last = there <= e->last ? there - 1 : e->last;
            if (lost.first <= lost.last)
                err = bundle_inventory_add(ret, &lost);
            seq =
                there > e->last ? e->last + 1 : bundle_inventory_reach(&s->here, e->id, there) + 1;
        }
    }
    return err;
}

/* The bundle as the device is shown it: by name what it has, whole the records it lacks, and the
 * nodes of trees, which say what documents are made of. */
static int describe(struct stick *s, struct bundle_inventory *have, struct buf *ret, bool *ret_part,
                    uint64_t *ret_chunks_lost)
{
    struct bundle_inventory lost = {0};
    int err = find_lost(s, &lost, ret_chunks_lost);
    bundle_inventory_put(ret, &s->here);
    bundle_inventory_put(ret, &lost);
    for (size_t i = 0; i < s->items_count && err == HOP_OK; i++) {
        const struct stick_item *item = &s->items[i];
        if (!(item->kind == BUNDLE_SEGMENT && is_new(item, have)) && !item->node)
            continue;
        *ret_part = ret->size + item->size > LOOK_BYTES_MAX;
        if (*ret_part)
            break;
        err = stick_block(s, item, ret);
    }
    bundle_inventory_free(&lost);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

/* *ret is the device's view, to be shown or printed; owned. */
static int look(struct cli *c, struct stick *s, json_t **ret)
{
    struct bundle_inventory have = {0};
    struct buf shown = {0};
    bool part = false;
    uint64_t chunks_lost = 0;
    int exit_code = ask_have(c, &have);
    if (exit_code == CLI_DONE) {
        int err = describe(s, &have, &shown, &part, &chunks_lost);
        if (err != HOP_OK)
            exit_code = place_trouble(c, err, s, false);
    }
    if (exit_code == CLI_DONE)
        exit_code = cli_ask_bytes(c, "POST", "/api/bundle/look", buf_written(&shown));
    if (exit_code == CLI_DONE) {
        *ret = reply_json(c);
        (void)json_object_set_new(*ret, "part", json_boolean(part));
        (void)json_object_set_new(*ret, "chunks_lost", json_integer((json_int_t)chunks_lost));
    }
    buf_free(&shown);
    bundle_inventory_free(&have);
    return exit_code;
}

/* ---- preview, status ---- */

static int show_bundle(struct cli *c, const char *path, bool status)
{
    struct stick s;
    json_t *view = NULL;
    char files[24], bytes[24];
    int exit_code = open_bundle(c, path, &s);
    if (exit_code == CLI_DONE)
        exit_code = look(c, &s, &view);
    if (exit_code == CLI_DONE && cli_bundle_all_foreign(view))
        exit_code = cli_fail(c, CLI_REFUSED, STICK_FOREIGN, 1, path);
    else if (exit_code == CLI_DONE && c->json) {
        (void)json_object_set_new(view, "files", cli_bundle_files(&s));
        cli_bundle_print(c, json_incref(view));
    } else if (exit_code == CLI_DONE) {
        if (status)
            cli_say(c, STICK_HOLDS, 3, path, cli_count(files, s.files_count),
                    cli_count(bytes, s.bytes));
        cli_bundle_say_brings(c, view);
        cli_bundle_say_carries(c, view);
        cli_bundle_say_damage(c, &s);
        cli_bundle_say_missing(c, view);
    }
    json_decref(view);
    stick_close(&s);
    return exit_code;
}

static int bundle_preview(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    return exit_code != CLI_DONE ? exit_code : show_bundle(c, c->args[1], false);
}

static int bundle_status(struct cli *c)
{
    int exit_code = cli_arguments(c, NULL, 0, 2, 2);
    return exit_code != CLI_DONE ? exit_code : show_bundle(c, c->args[1], true);
}

/* ---- write ---- */

struct writing {
    struct cli_values members;
    bool all, asked;
    size_t bytes; /* of a section: less when the stick is nearly full */
};

/* The next section is in c->reply. */
static int ask_section(struct cli *c, struct writing *w, struct stick *s)
{
    struct buf there = {0};
    json_t *names = json_array();
    bundle_inventory_put(&there, &s->here);
    char *encoded = malloc(BASE64_SIZE(there.size));
    if (encoded == NULL || there.bad) {
        free(encoded);
        buf_free(&there);
        json_decref(names);
        return no_memory(c);
    }
    base64_encode(encoded, buf_written(&there));
    for (size_t i = 0; i < w->members.count; i++)
        (void)json_array_append_new(names, json_text(w->members.items[i]));
    json_t *body =
        json_pack("{s:o,s:s,s:i,s:i,s:I}", "for", names, "there", encoded, "all", w->all ? 1 : 0,
                  "seen", w->asked ? 0 : 1, "bytes", (json_int_t)w->bytes);
    w->asked = true;
    free(encoded);
    buf_free(&there);
    return cli_ask(c, "POST", "/api/bundle/write", body, NULL);
}

/* A section that does not fit is asked for again, smaller, so that the most important part of it is
 * on the stick when it is full. */
static int write_sections(struct cli *c, struct writing *w, struct stick *s)
{
    for (;;) {
        int exit_code = ask_section(c, w, s);
        if (exit_code != CLI_DONE || c->reply.size == 0)
            return exit_code;
        int err = stick_write(s, buf_written(&c->reply));
        if (err == HOP_ENOSPACE && !s->single && w->bytes > SECTION_LEAST)
            w->bytes /= 4;
        else if (err != HOP_OK)
            return place_trouble(c, err, s, true);
    }
}

static void say_written(struct cli *c, const struct stick *s)
{
    char files[24], bytes[24];
    if (s->files_written > 0)
        cli_say(c, STICK_WROTE, 3, s->path, cli_count(files, s->files_written),
                cli_count(bytes, s->bytes_written));
    else
        cli_say(c, STICK_WROTE_NOTHING, 1, s->path);
}

/* Files that nobody needs any more go, now that what is new is on the stick and was read back. If
 * the device cannot say what everybody has, nothing goes. */
static int remove_spent(struct cli *c, struct stick *s, size_t *ret)
{
    struct bundle_inventory had = {0};
    int exit_code = cli_ask(c, "GET", "/api/bundle/had", NULL, NULL);
    if (exit_code == CLI_DONE && bundle_inventory_read(&had, buf_written(&c->reply)) != HOP_OK)
        exit_code = no_memory(c);
    if (exit_code == CLI_DONE)
        *ret = stick_remove_spent(s, &had);
    bundle_inventory_free(&had);
    return exit_code;
}

/* What it now holds, in words; and whether it holds something for us. */
static int say_after_write(struct cli *c, const char *path, const struct stick *written, bool all)
{
    struct stick s;
    json_t *view = NULL;
    struct buf what = {0};
    size_t removed = 0;
    if (written->files_written == 0 && (written->single || written->files_count == 0)) {
        say_written(c, written);
        return CLI_DONE;
    }
    int exit_code = open_bundle(c, path, &s);
    if (exit_code == CLI_DONE)
        exit_code = look(c, &s, &view);
    if (exit_code == CLI_DONE && !all)
        exit_code = remove_spent(c, &s, &removed);
    if (exit_code == CLI_DONE && c->json) {
        (void)json_object_set_new(view, "files", cli_bundle_files(&s));
        (void)json_object_set_new(view, "files_removed", json_integer((json_int_t)removed));
        (void)json_object_set_new(view, "files_written",
                                  json_integer((json_int_t)written->files_written));
        (void)json_object_set_new(view, "bytes_written",
                                  json_integer((json_int_t)written->bytes_written));
        cli_bundle_print(c, json_incref(view));
    } else if (exit_code == CLI_DONE) {
        cli_bundle_say_carries(c, view);
        cli_bundle_items(c, json_object_get(view, "fresh"), &what);
        if (what.size > 0)
            cli_say(c, STICK_UNREAD, 1, path);
        cli_bundle_say_count(c, STICK_REMOVED, removed);
        say_written(c, written);
    }
    buf_free(&what);
    json_decref(view);
    stick_close(&s);
    return exit_code;
}

static int write_bundle(struct cli *c, const char *path, struct writing *w)
{
    struct stick s;
    w->bytes = BUNDLE_SECTION_BYTES_AIM;
    int err = stick_open_to_write(&s, path);
    if (err != HOP_OK) {
        (void)snprintf(s.path, sizeof s.path, "%s", path);
        int failed = place_trouble(c, err, &s, true);
        stick_close(&s);
        return failed;
    }
    int exit_code = write_sections(c, w, &s);
    if (exit_code == CLI_DONE) {
        err = stick_finish(&s);
        exit_code = err == HOP_OK ? CLI_DONE : place_trouble(c, err, &s, true);
    }
    if (exit_code == CLI_DONE)
        exit_code = say_after_write(c, path, &s, w->all);
    stick_close(&s);
    return exit_code;
}

static int bundle_write(struct cli *c)
{
    struct writing w = {0};
    const struct cli_option options[] = {{"--for", CLI_VALUES, &w.members},
                                         {"--all", CLI_FLAG, &w.all}};
    int exit_code = cli_arguments(c, options, 2, 2, 2);
    return exit_code != CLI_DONE ? exit_code : write_bundle(c, c->args[1], &w);
}

/* ---- read ---- */

struct reading {
    uint64_t records, chunks, proofs;
    uint64_t blocks, forked, no_room; /* of this round */
    bool thorough; /* show the device what it has as well: a fork may lie there */
};

static int send_batch(struct cli *c, struct buf *batch, struct reading *r)
{
    if (batch->size == 0)
        return CLI_DONE;
    int exit_code = cli_ask_bytes(c, "POST", "/api/bundle/take", buf_written(batch));
    buf_free(batch);
    if (exit_code != CLI_DONE)
        return exit_code;
    json_t *taken = reply_json(c);
    r->records += json_get_number(taken, "records");
    r->chunks += json_get_number(taken, "chunks");
    r->proofs += json_get_number(taken, "proofs");
    r->forked += json_get_number(taken, "forked");
    r->blocks += json_get_number(taken, "blocks");
    r->no_room += json_get_number(taken, "no_room");
    json_decref(taken);
    return CLI_DONE;
}

/* Everything of one kind that the device lacks, in the order it wants it. */
static int take_kind(struct cli *c, struct stick *s, enum bundle_kind kind, struct reading *r)
{
    struct bundle_inventory have = {0};
    struct buf batch = {0};
    int exit_code = ask_have(c, &have);
    for (size_t i = 0; i < s->items_count && exit_code == CLI_DONE; i++) {
        if (s->items[i].kind != kind || !(r->thorough || is_new(&s->items[i], &have)))
            continue;
        if (batch.size + s->items[i].size > TAKE_BYTES_AIM)
            exit_code = send_batch(c, &batch, r);
        int err = exit_code == CLI_DONE ? stick_block(s, &s->items[i], &batch) : HOP_OK;
        if (err != HOP_OK)
            exit_code = place_trouble(c, err, s, false);
    }
    if (exit_code == CLI_DONE)
        exit_code = send_batch(c, &batch, r);
    buf_free(&batch);
    bundle_inventory_free(&have);
    return exit_code;
}

static int take_round(struct cli *c, struct stick *s, struct reading *r)
{
    r->blocks = r->forked = r->no_room = 0;
    int exit_code = take_kind(c, s, BUNDLE_SEGMENT, r);
    r->thorough = false;
    if (exit_code == CLI_DONE)
        exit_code = take_kind(c, s, BUNDLE_PROOF, r);
    if (exit_code == CLI_DONE)
        exit_code = take_kind(c, s, BUNDLE_BLOB, r);
    return exit_code;
}

/* Round after round: a record may bring the key, or name the document, that the next one needs. If
 * something contradicts what is here, once more with everything: the place may be proven. */
static int take_all(struct cli *c, struct stick *s, struct reading *r)
{
    int exit_code = CLI_DONE;
    do {
        exit_code = take_round(c, s, r);
    } while (exit_code == CLI_DONE && r->blocks > 0);
    if (exit_code == CLI_DONE && r->forked > 0) {
        r->thorough = true;
        exit_code = take_round(c, s, r);
    }
    return exit_code;
}

static void say_read(struct cli *c, struct stick *s, const struct reading *r, json_t *after)
{
    char records[24], chunks[24];
    if (c->json) {
        (void)json_object_set_new(after, "files", cli_bundle_files(s));
        (void)json_object_set_new(after, "records", json_integer((json_int_t)r->records));
        (void)json_object_set_new(after, "chunks", json_integer((json_int_t)r->chunks));
        (void)json_object_set_new(after, "proofs", json_integer((json_int_t)r->proofs));
        (void)json_object_set_new(after, "no_room", json_integer((json_int_t)r->no_room));
        cli_bundle_print(c, json_incref(after));
        return;
    }
    if (r->records + r->chunks > 0)
        cli_say(c, STICK_READ_DONE, 2, cli_count(records, r->records),
                cli_count(chunks, r->chunks));
    else
        cli_say(c, STICK_READ_NOTHING, 0);
    cli_bundle_say_count(c, STICK_PROOFS, r->proofs);
    cli_bundle_say_count(c, STICK_NO_ROOM, r->no_room);
    cli_bundle_say_damage(c, s);
    cli_bundle_say_missing(c, after);
}

static int read_bundle(struct cli *c, const char *path)
{
    struct stick s;
    struct reading r = {0};
    json_t *view = NULL, *after = NULL;
    int exit_code = open_bundle(c, path, &s);
    if (exit_code == CLI_DONE)
        exit_code = look(c, &s, &view);
    if (exit_code == CLI_DONE && cli_bundle_all_foreign(view))
        exit_code = cli_fail(c, CLI_REFUSED, STICK_FOREIGN, 1, path);
    if (exit_code == CLI_DONE && !c->json)
        cli_bundle_say_brings(c, view);
    if (exit_code == CLI_DONE)
        exit_code = take_all(c, &s, &r);
    if (exit_code == CLI_DONE)
        exit_code = look(c, &s, &after);
    if (exit_code == CLI_DONE)
        say_read(c, &s, &r, after);
    json_decref(view);
    json_decref(after);
    stick_close(&s);
    return exit_code;
}

/* On a terminal, ask; else only say how. True: write it. */
static bool wants_return(struct cli *c, const char *path)
{
    char line[16] = "";
    struct buf question = {0};
    const char *const args[] = {path};
    if (c->json)
        return false;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        cli_say(c, STICK_OFFER_RETURN, 1, path);
        return false;
    }
    text_fill(&question, c->lang, STICK_ASK_RETURN, args, 1);
    (void)fputs(buf_string(&question), stdout);
    (void)fflush(stdout);
    buf_free(&question);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    return strchr("\nyYcC", line[0]) != NULL;
}

static int bundle_read(struct cli *c)
{
    bool back = false;
    struct writing w = {0};
    const struct cli_option options[] = {{"--return", CLI_FLAG, &back}};
    int exit_code = cli_arguments(c, options, 1, 2, 2);
    if (exit_code == CLI_DONE)
        exit_code = read_bundle(c, c->args[1]);
    if (exit_code == CLI_DONE && (back || wants_return(c, c->args[1])))
        exit_code = write_bundle(c, c->args[1], &w);
    return exit_code;
}

/* ---- carry: no device, no keys ---- */

static int carry_section(struct cli *c, struct stick *to, struct bundle_section *section)
{
    struct buf bytes = {0};
    int err = bundle_section_end(section, &bytes);
    if (err == HOP_OK && bytes.size > 0)
        err = stick_write(to, buf_written(&bytes));
    buf_free(&bytes);
    return err == HOP_OK ? CLI_DONE : place_trouble(c, err, to, true);
}

static bool is_carried(struct stick *to, const struct stick_item *item)
{
    if (item->kind == BUNDLE_BLOB)
        return bundle_inventory_has(&to->here, BUNDLE_CHUNK, item->id);
    if (item->kind == BUNDLE_PROOF)
        return bundle_inventory_fork(&to->here, item->id) == item->first;
    return bundle_inventory_reach(&to->here, item->id, item->first) >= item->last;
}

static int carry_item(struct cli *c, const struct stick *from, const struct stick_item *item,
                      struct stick *to, struct bundle_section *section)
{
    struct buf block = {0};
    const struct bundle_entry e = stick_entry(item);
    int exit_code = CLI_DONE;
    if (!bundle_section_fits(section, item->size, BUNDLE_SECTION_BYTES_AIM))
        exit_code = carry_section(c, to, section);
    int err = exit_code == CLI_DONE ? stick_block(from, item, &block) : HOP_OK;
    struct span payload = SPAN(block.data + BUNDLE_HEAD_BYTES, item->size);
    if (err == HOP_OK && exit_code == CLI_DONE)
        err = bundle_section_add(section, item->kind, payload, &e);
    buf_free(&block);
    return err == HOP_OK ? exit_code : place_trouble(c, err, from, false);
}

static int carry_all(struct cli *c, struct stick *from, struct stick *to)
{
    struct bundle_section section = {0};
    char runs[24], chunks[24], files[24];
    uint64_t counts[BUNDLE_KINDS_END] = {0};
    int exit_code = CLI_DONE;
    stick_sort(from);
    for (size_t i = 0; i < from->items_count && exit_code == CLI_DONE; i++) {
        if (is_carried(to, &from->items[i]))
            continue;
        exit_code = carry_item(c, from, &from->items[i], to, &section);
        counts[from->items[i].kind]++;
    }
    if (exit_code == CLI_DONE)
        exit_code = carry_section(c, to, &section);
    bundle_section_free(&section);
    if (exit_code == CLI_DONE && stick_finish(to) != HOP_OK)
        exit_code = place_trouble(c, HOP_EIO, to, true);
    if (exit_code == CLI_DONE && c->json)
        cli_bundle_print(c, json_pack("{s:I,s:I,s:I}", "runs", (json_int_t)counts[BUNDLE_SEGMENT],
                                      "chunks", (json_int_t)counts[BUNDLE_BLOB], "files_written",
                                      (json_int_t)to->files_written));
    else if (exit_code == CLI_DONE && to->files_written == 0)
        cli_say(c, STICK_CARRIED_NOTHING, 1, to->path);
    else if (exit_code == CLI_DONE)
        cli_say(c, STICK_CARRIED, 4, to->path, cli_count(runs, counts[BUNDLE_SEGMENT]),
                cli_count(chunks, counts[BUNDLE_BLOB]), cli_count(files, to->files_written));
    return exit_code;
}

static int bundle_carry(struct cli *c)
{
    struct stick from, to;
    int exit_code = cli_arguments(c, NULL, 0, 3, 3);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (strcmp(c->args[1], c->args[2]) == 0)
        return cli_fail(c, CLI_WRONG_USAGE, STICK_SAME_PLACE, 1, c->args[1]);
    exit_code = open_bundle(c, c->args[1], &from);
    if (exit_code == CLI_DONE) {
        int err = stick_open_to_write(&to, c->args[2]);
        (void)snprintf(to.path, sizeof to.path, "%s", c->args[2]);
        exit_code = err == HOP_OK ? carry_all(c, &from, &to) : place_trouble(c, err, &to, true);
        stick_close(&to);
    }
    if (exit_code == CLI_DONE && !c->json)
        cli_bundle_say_damage(c, &from);
    stick_close(&from);
    return exit_code;
}

/* ---- bundle ---- */

int cli_bundle(struct cli *c)
{
    static const struct {
        const char *name;
        int (*run)(struct cli *c);
    } parts[] = {{"write", bundle_write},
                 {"preview", bundle_preview},
                 {"read", bundle_read},
                 {"status", bundle_status},
                 {"carry", bundle_carry}};
    for (size_t i = 0; c->count > 0 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(c->args[0], parts[i].name) == 0)
            return parts[i].run(c);
    }
    int exit_code = cli_options(c, NULL, 0);
    return exit_code != CLI_DONE ? exit_code : cli_wrong_usage(c);
}
