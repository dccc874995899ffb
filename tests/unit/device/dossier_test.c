/* The dossier: written from a whole meeting, proven from the file alone, and nothing changed in it
 * goes unnoticed. */
#include "device/dossier.h"

#include "base/encode.h"
#include "device/dossier_format.h"
#include "device/state.h"

#include "tests/unit/device/party.h"

/* A meeting with everything in it; the third member votes behind a split. */
static struct party *a_whole_meeting(void)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    struct act a;
    party_hold_meeting(p, span_text("Dự thảo nghị quyết số 5"));
    for (uint32_t i = 0; i < 2; i++) {
        a = party_a(p, ACT_VOTE);
        a.value = CHOICE_AGREE + i;
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 5);
    party_unlink(p, 0, 2);
    party_unlink(p, 1, 2);
    a = party_a(p, ACT_VOTE);
    CHECK_OK(party_act(p, 2, &a, id));
    a = party_a(p, ACT_TALLY);
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 5);
    CHECK_OK(party_sign_minutes(p, 0));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 2)->motions[0].late, 1);
    return p;
}

static void write_dossier(struct party *p, uint32_t i, enum text_lang lang, struct buf *ret)
{
    struct text_said why;
    *ret = (struct buf){0};
    CHECK_OK(dossier_write(p->devices[i].d, party_meeting(p, i), lang, party_wall(p), ret, &why));
}

static enum dossier_verdict verify(struct span file, struct dossier_report *ret)
{
    CHECK_OK(dossier_verify(file, TEXT_EN, ret));
    CHECK(ret->lines_count > 0 && ret->lines_count <= DOSSIER_LINES_MAX);
    CHECK(ret->verdict != DOSSIER_VERDICT_PASS); /* the file alone cannot say whose it is */
    if (ret->verdict == DOSSIER_VERDICT_UNCONFIRMED)
        dossier_confirm(ret, TEXT_EN, ret->cell_id);
    return ret->verdict;
}

static enum dossier_verdict verdict_of(struct span file)
{
    static struct dossier_report r;
    enum dossier_verdict v = verify(file, &r);
    dossier_report_free(&r);
    return v;
}

static bool says(const struct dossier_report *r, const char *words)
{
    for (size_t i = 0; i < r->lines_count; i++) {
        if (strstr(r->lines[i].text, words) != NULL)
            return true;
    }
    return false;
}

/* Any line with this sentence, up to its first argument. */
static bool says_sentence(const struct dossier_report *r, enum text_id id)
{
    char words[256];
    const char *sentence = text(TEXT_EN, id);
    size_t n = strcspn(sentence, "{");
    CHECK(n > 0 && n < sizeof words);
    memcpy(words, sentence, n);
    words[n] = '\0';
    return says(r, words);
}

static void check_pass(struct span file, const char *cell)
{
    static struct dossier_report r;
    enum dossier_verdict v = verify(file, &r);
    for (size_t i = 0; i < r.lines_count && v != DOSSIER_VERDICT_PASS; i++)
        print_error("%d %s\n", (int)r.lines[i].state, r.lines[i].text);
    CHECK_EQ(v, DOSSIER_VERDICT_PASS);
    CHECK_TEXT(r.cell_name, cell);
    for (size_t i = 0; i < r.lines_count; i++)
        CHECK_EQ(r.lines[i].state, DOSSIER_LINE_OK);
    dossier_report_free(&r);
}

/* Years later, on any laptop: the file alone must prove the meeting. */
TEST(dossier_of_a_whole_meeting_holds)
{
    static struct dossier_report r;
    struct party *p = a_whole_meeting();
    for (uint32_t i = 0; i < 3; i++) {
        struct buf file;
        write_dossier(p, i, i == 1 ? TEXT_EN : TEXT_VI, &file);
        check_pass(buf_written(&file), "Chi bộ bản Mù");
        CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_PASS);
        CHECK_TEXT(r.title, "Họp tháng 12");
        CHECK_BYTES(r.meeting, p->meeting, 32);
        CHECK(says(&r, "agree 1, disagree 1, abstain 0, of 3"));
        CHECK(says(&r, "Nguyễn Văn A say"));
        CHECK(says(&r, "33 bytes"));
        dossier_report_free(&r);
        buf_free(&file);
    }
    party_free(p);
}

/* Somebody joined after the close: the minutes of then still hold. */
TEST(dossier_holds_when_the_cell_has_changed_since)
{
    struct party *p = a_whole_meeting();
    struct buf file;
    party_add(p);
    CHECK_OK(party_join(p, 0, 3, "Late", ROLE_MEMBER));
    party_run(p, 10);
    uint8_t id[32];
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, id)); /* and another meeting is prepared */
    party_run(p, 10);
    write_dossier(p, 3, TEXT_VI, &file);
    check_pass(buf_written(&file), "Chi bộ bản Mù");
    buf_free(&file);
    party_free(p);
}

/* A meeting without minutes is on record as far as it went: not a pass, not a failure. */
TEST(dossier_without_minutes_or_chunks_is_incomplete)
{
    static struct dossier_report r;
    struct party *p = party_gathered(2);
    struct buf file;
    party_hold_meeting(p, (struct span){0});
    write_dossier(p, 0, TEXT_VI, &file);
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_INCOMPLETE);
    CHECK(says_sentence(&r, DOSSIER_NO_MINUTES));
    dossier_report_free(&r);
    buf_free(&file);
    party_free(p);
}

/* ---- damage ---- */

struct lines {
    size_t first;              /* where the list's line begins */
    size_t at[512], size[512]; /* of the item lines, without the line end */
    size_t count;
    size_t end; /* where DOSSIER_END begins */
};

static void find_lines(struct lines *l, const struct buf *file)
{
    const char *text = buf_string(file);
    const char *start = strstr(text, DOSSIER_START), *end = strstr(text, DOSSIER_END);
    CHECK(start != NULL && end != NULL);
    l->first = (size_t)(start - text) + strlen(DOSSIER_START);
    l->end = (size_t)(end - text);
    l->count = 0;
    for (size_t at = l->first + strcspn(text + l->first, "\n") + 1; at < l->end;
         at += l->size[l->count++] + 1) {
        CHECK(l->count < 512);
        l->at[l->count] = at;
        l->size[l->count] = strcspn(text + at, "\n");
    }
}

/* Which item's line holds this position; SIZE_MAX: none. */
static size_t item_at(const struct lines *l, size_t at)
{
    for (size_t i = 0; i < l->count; i++) {
        if (at >= l->at[i] && at < l->at[i] + l->size[i])
            return i;
    }
    return SIZE_MAX;
}

static void flip_and_check(struct buf *file, const struct lines *l, size_t at, uint8_t bit)
{
    static struct dossier_report r;
    file->data[at] ^= bit;
    enum dossier_verdict v = verify(buf_written(file), &r);
    size_t item = item_at(l, at);
    char name[32];
    (void)snprintf(name, sizeof name, "Item %zu (", item + 1);
    if (v != DOSSIER_VERDICT_FAIL || (item != SIZE_MAX && !says(&r, name))) {
        print_error("byte %zu of %zu, item %zu of %zu, verdict %d\n", at, file->size, item + 1,
                    l->count, (int)v);
        for (size_t i = 0; i < r.lines_count; i++)
            print_error("%s\n", r.lines[i].text);
    }
    CHECK_EQ(v, DOSSIER_VERDICT_FAIL);
    CHECK(item == SIZE_MAX || says(&r, name));
    dossier_report_free(&r);
    file->data[at] ^= bit;
}

/* One byte changed anywhere: the dossier does not hold, and the item is named. */
TEST(dossier_with_any_byte_changed_does_not_hold)
{
    struct party *p = party_gathered(1);
    struct buf file;
    struct lines l;
    uint8_t id[32];
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_OPEN);
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    CHECK_OK(party_sign_minutes(p, 0));
    write_dossier(p, 0, TEXT_VI, &file);
    check_pass(buf_written(&file), "Chi bộ bản Mù");
    find_lines(&l, &file);
    size_t step = 1 + file.size / 1200;
    for (size_t at = 0; at < file.size; at += at < 256 || file.size - at < 64 ? 1 : step)
        flip_and_check(&file, &l, at, (uint8_t)(1u << at % 7));
    for (size_t at = l.first; at < l.first + 300; at += 3) /* the list and its seal */
        flip_and_check(&file, &l, at, 1);
    for (size_t i = 0; i < l.count; i++) { /* both ends of every line, and the line end */
        flip_and_check(&file, &l, l.at[i], 2);
        flip_and_check(&file, &l, l.at[i] + l.size[i] - 1, 1);
        flip_and_check(&file, &l, l.at[i] + l.size[i], 1);
    }
    check_pass(buf_written(&file), "Chi bộ bản Mù");
    buf_free(&file);
    party_free(p);
}

static void check_fails(const struct buf *b)
{
    CHECK_EQ(verdict_of(buf_written(b)), DOSSIER_VERDICT_FAIL);
}

/* Lines taken out, exchanged, doubled or added. */
TEST(dossier_with_lines_moved_does_not_hold)
{
    struct party *p = a_whole_meeting();
    struct buf file;
    struct lines l;
    write_dossier(p, 0, TEXT_VI, &file);
    find_lines(&l, &file);
    for (size_t i = 0; i < l.count; i += 3) {
        struct buf b = {0};
        size_t next = l.at[i] + l.size[i] + 1;
        buf_bytes(&b, file.data, l.at[i]); /* without line i */
        buf_bytes(&b, file.data + next, file.size - next);
        check_fails(&b);
        buf_free(&b);
        buf_bytes(&b, file.data, next); /* line i twice */
        buf_bytes(&b, file.data + l.at[i], file.size - l.at[i]);
        check_fails(&b);
        buf_free(&b);
        if (i + 1 == l.count)
            continue;
        size_t after = l.at[i + 1] + l.size[i + 1] + 1;
        buf_bytes(&b, file.data, l.at[i]); /* lines i and i + 1 exchanged */
        buf_bytes(&b, file.data + next, after - next);
        buf_bytes(&b, file.data + l.at[i], next - l.at[i]);
        buf_bytes(&b, file.data + after, file.size - after);
        check_fails(&b);
        buf_free(&b);
    }
    static const char *const added[] = {"\n", "AAAA\n", "AAAA", " ", "</script>\n"};
    for (size_t k = 0; k < sizeof added / sizeof added[0]; k++) {
        struct buf b = {0};
        buf_bytes(&b, file.data, l.end);
        buf_text(&b, added[k]);
        buf_bytes(&b, file.data + l.end, file.size - l.end);
        check_fails(&b);
        buf_free(&b);
        buf_bytes(&b, file.data, file.size);
        buf_text(&b, added[k]);
        check_fails(&b);
        buf_free(&b);
    }
    buf_free(&file);
    party_free(p);
}

/* Cut off anywhere, also just before the last line end. */
TEST(dossier_cut_short_does_not_hold)
{
    struct party *p = a_whole_meeting();
    struct buf file;
    struct lines l;
    write_dossier(p, 0, TEXT_VI, &file);
    find_lines(&l, &file);
    for (size_t size = 0; size < file.size; size += size < file.size - 40 ? 997 : 1)
        CHECK_EQ(verdict_of(SPAN(file.data, size < file.size ? size : 0)), DOSSIER_VERDICT_FAIL);
    for (size_t size = file.size - 40; size < file.size; size++)
        CHECK_EQ(verdict_of(SPAN(file.data, size)), DOSSIER_VERDICT_FAIL);
    struct buf b = {0};
    buf_bytes(&b, file.data, l.end - 1); /* only the line end of the last line is lost */
    buf_bytes(&b, file.data + l.end, file.size - l.end);
    check_fails(&b);
    buf_free(&b);
    buf_free(&file);
    party_free(p);
}

/* Any other file is not a dossier, and says so. */
TEST(dossier_verify_takes_any_file)
{
    static struct dossier_report r;
    static const char *const files[] = {
        "",
        "\n",
        "<html></html>",
        DOSSIER_START,
        DOSSIER_START DOSSIER_END,
        DOSSIER_START "\n" DOSSIER_END,
        DOSSIER_START "AAAA\n" DOSSIER_END,
        DOSSIER_END DOSSIER_START,
        DOSSIER_START DOSSIER_START DOSSIER_END,
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_EQ(verify(span_text(files[i]), &r), DOSSIER_VERDICT_FAIL);
        CHECK(says_sentence(&r, DOSSIER_NO_LIST));
        dossier_report_free(&r);
    }
    CHECK_EQ(verdict_of((struct span){0}), DOSSIER_VERDICT_FAIL);
}

/* A dossier of a later version says that hop must be updated, not that it was forged. */
TEST(dossier_of_a_newer_version_says_so)
{
    static struct dossier_report r;
    uint8_t list[DOSSIER_LIST_FIXED_BYTES + CRYPTO_SIG_BYTES] = {DOSSIER_VERSION + 1};
    char line[BASE64_SIZE(sizeof list)];
    struct buf b = {0};
    base64_encode(line, SPAN(list, sizeof list));
    buf_printf(&b, "%s%s\n%s", DOSSIER_START, line, DOSSIER_END);
    CHECK_EQ(verify(buf_written(&b), &r), DOSSIER_VERDICT_FAIL);
    CHECK(says_sentence(&r, DOSSIER_NEWER));
    dossier_report_free(&r);
    buf_free(&b);
}

/* ---- who sealed it, and what it was made from ---- */

/* Records that came in runs carry no signature of their own: the run proves them. */
TEST(dossier_of_records_received_in_runs_holds)
{
    party_rate = 1000; /* on a slow link only the last of a run brings its signature */
    struct party *p = a_whole_meeting();
    party_rate = 0;
    struct party_device *x = &p->devices[1];
    size_t bare = 0, all = 0;
    for (size_t i = 0; i < x->durable_count; i++) {
        for (uint64_t seq = 1; seq <= x->durable[i].seq; seq++) {
            struct span bytes;
            struct record r;
            CHECK_OK(store_get(x->store, x->durable[i].log, seq, &bytes));
            CHECK_OK(record_parse(&r, bytes));
            bare += r.sig == NULL ? 1 : 0;
            all++;
        }
    }
    CHECK(bare > 0 && bare < all);
    struct buf file;
    write_dossier(p, 1, TEXT_EN, &file);
    check_pass(buf_written(&file), "Chi bộ bản Mù");
    buf_free(&file);
    party_free(p);
}

/* Re-sealed by somebody who is not in the cell: the seal must not count. */
TEST(dossier_sealed_by_a_stranger_does_not_hold)
{
    static struct dossier_report r;
    struct party *p = a_whole_meeting();
    struct hop_sign_key own = p->devices[1].keys.ik, stranger;
    uint8_t seed[32] = {0x66};
    struct buf file;
    hop_sign_keypair(&stranger, seed);
    p->devices[1].keys.ik = stranger;
    write_dossier(p, 1, TEXT_EN, &file);
    p->devices[1].keys.ik = own;
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_FAIL);
    CHECK(says_sentence(&r, DOSSIER_BAD_LIST));
    dossier_report_free(&r);
    buf_free(&file);
    party_free(p);
}

/* The file with item `from` put before item `to`, sealed again by a member: nothing is damaged. */
static void move_item(const struct party *p, const struct buf *file, const struct lines *l,
                      size_t from, size_t to, struct buf *ret)
{
    size_t head = DOSSIER_LIST_FIXED_BYTES, size = file->size;
    uint8_t *list = malloc(size), entry[DOSSIER_ENTRY_BYTES];
    CHECK(list != NULL);
    CHECK_OK(base64_decode(
        list, &size,
        SPAN(file->data + l->first, strcspn((const char *)file->data + l->first, "\n"))));
    uint8_t *entries = list + head;
    memcpy(entry, entries + from * DOSSIER_ENTRY_BYTES, sizeof entry);
    memmove(entries + (to + 1) * DOSSIER_ENTRY_BYTES, entries + to * DOSSIER_ENTRY_BYTES,
            (from - to) * DOSSIER_ENTRY_BYTES);
    memcpy(entries + to * DOSSIER_ENTRY_BYTES, entry, sizeof entry);
    memcpy(list + head - 32, p->devices[1].keys.ik.public_key, 32);
    hop_sign(list + size - CRYPTO_SIG_BYTES, &p->devices[1].keys.ik, LABEL_DOSSIER_SIG,
             SPAN(list, size - CRYPTO_SIG_BYTES));
    char *line = malloc(BASE64_SIZE(size));
    CHECK(line != NULL);
    base64_encode(line, SPAN(list, size));
    *ret = (struct buf){0};
    buf_bytes(ret, file->data, l->first);
    buf_text(ret, line);
    buf_text(ret, "\n");
    buf_bytes(ret, file->data + l->at[0], l->at[to] - l->at[0]);
    buf_bytes(ret, file->data + l->at[from], l->size[from] + 1);
    buf_bytes(ret, file->data + l->at[to], l->at[from] - l->at[to]);
    size_t after = l->at[from] + l->size[from] + 1;
    buf_bytes(ret, file->data + after, file->size - after);
    free(line);
    free(list);
}

/* In place of a line of base64, the same bytes with another text of the same length. */
static void rewrite_line(struct buf *file, size_t at, struct span bytes)
{
    char *line = malloc(BASE64_SIZE(bytes.size));
    CHECK(line != NULL);
    base64_encode(line, bytes);
    memcpy(file->data + at, line, strlen(line));
    free(line);
}

static uint8_t *read_line(const struct buf *file, size_t at, size_t length, size_t *ret_size)
{
    uint8_t *bytes = malloc(length);
    *ret_size = length;
    CHECK(bytes != NULL);
    CHECK_OK(base64_decode(bytes, ret_size, SPAN(file->data + at, length)));
    return bytes;
}

/* A member who seals a record with a signature that its author never made must be found out: list
 * and seal hold, so only the signature itself can tell. */
TEST(dossier_sealed_over_a_forged_signature_does_not_hold)
{
    static struct dossier_report r;
    static struct lines l;
    struct party *p = a_whole_meeting();
    struct buf file;
    size_t item_size, list_size;
    write_dossier(p, 0, TEXT_EN, &file);
    find_lines(&l, &file);
    uint8_t *item = read_line(&file, l.at[0], l.size[0], &item_size);
    uint8_t *list = read_line(&file, l.first, l.at[0] - 1 - l.first, &list_size);
    item[item_size - 1] ^= 1; /* the end of a signature: the founder's records all carry theirs */
    struct dossier_entry e;
    struct wire_reader in = wire_reader(list + DOSSIER_LIST_FIXED_BYTES, DOSSIER_ENTRY_BYTES);
    struct wire_writer out = wire_writer(list + DOSSIER_LIST_FIXED_BYTES, DOSSIER_ENTRY_BYTES);
    dossier_entry_get(&in, &e);
    dossier_item_hash(e.hash, e.kind, SPAN(item, item_size));
    dossier_entry_put(&out, &e);
    hop_sign(list + list_size - CRYPTO_SIG_BYTES, &p->devices[0].keys.ik, LABEL_DOSSIER_SIG,
             SPAN(list, list_size - CRYPTO_SIG_BYTES));
    rewrite_line(&file, l.at[0], SPAN(item, item_size));
    rewrite_line(&file, l.first, SPAN(list, list_size));
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_FAIL);
    CHECK(says(&r, "the author's signature does not hold"));
    dossier_report_free(&r);
    free(item);
    free(list);
    buf_free(&file);
    party_free(p);
}

/* The log a line's record is of; false for a part of a document. */
static bool log_of(const struct buf *file, const struct lines *l, size_t n, uint8_t ret[static 32])
{
    static uint8_t item[1u << 20];
    size_t size = sizeof item;
    CHECK_OK(base64_decode(item, &size, SPAN(file->data + l->at[n], l->size[n])));
    bool record = size > 36 + RECORD_HEADER_BYTES && memcmp(item + 36, "HOP1", 4) == 0;
    if (record)
        memcpy(ret, item + 36 + 24, 32);
    return record;
}

/* A member who seals the lines in another order could let a close have seen a later vote. */
TEST(dossier_with_a_log_out_of_order_does_not_hold)
{
    static struct dossier_report r;
    struct party *p = a_whole_meeting();
    struct buf file;
    struct lines l;
    size_t tried = 0;
    write_dossier(p, 0, TEXT_EN, &file);
    find_lines(&l, &file);
    for (size_t from = 1; from < l.count; from++) {
        uint8_t log[32], other[32];
        size_t to = from;
        if (!log_of(&file, &l, from, log))
            continue;
        while (to > 0 && !(log_of(&file, &l, to - 1, other) && memcmp(log, other, 32) == 0))
            to--;
        if (to == 0)
            continue; /* the first of its log */
        struct buf moved;
        move_item(p, &file, &l, from, to - 1, &moved);
        CHECK_EQ(verify(buf_written(&moved), &r), DOSSIER_VERDICT_FAIL);
        /* the seal is good, unless it is the sealer's admission that was moved */
        tried += says_sentence(&r, DOSSIER_OK_LIST) && says(&r, "order was altered");
        dossier_report_free(&r);
        buf_free(&moved);
    }
    CHECK(tried > 20);
    buf_free(&file);
    party_free(p);
}

/* Device i writes a record, sealed under the right key, whose inner text nobody can read. */
static void write_garbage(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    const struct epoch *e = epochs_send(device_epochs(x->d));
    const struct hop_sign_key *log = &x->keys.log[LANE_MEETING];
    uint8_t bytes[RECORD_HEADER_BYTES + 32 + CRYPTO_TAG_BYTES + CRYPTO_SIG_BYTES], key[32];
    uint8_t garbage[32];
    struct span header = SPAN(bytes, RECORD_HEADER_BYTES);
    struct store_tip tip;
    uint32_t index;
    CHECK_OK(store_tip(x->store, log->public_key, &tip));
    struct record r = {.lane = LANE_MEETING, .seq = tip.seq + 1};
    memset(garbage, 0xff, sizeof garbage);
    memcpy(r.cell_tag, e->tag, 16);
    memcpy(r.log, log->public_key, 32);
    memcpy(r.prev, tip.head, 32);
    r.text = SPAN(bytes + RECORD_HEADER_BYTES, 32 + CRYPTO_TAG_BYTES);
    record_header_put(bytes, &r);
    record_key(key, e->body, header);
    hop_derive(r.kc, sizeof r.kc, key, LABEL_REC_KC, (struct span){0});
    record_header_put(bytes, &r);
    hop_seal(bytes + RECORD_HEADER_BYTES, key, r.nonce, header, SPAN(garbage, sizeof garbage));
    record_id(tip.head, header, r.text);
    hop_sign(bytes + RECORD_HEADER_BYTES + r.text.size, log, LABEL_REC_SIG, SPAN(tip.head, 32));
    tip.seq++;
    CHECK_OK(store_append(x->store, log->public_key, &tip, SPAN(bytes, sizeof bytes)));
    device_log_state(x->d, log->public_key, &index)->tip = tip.seq;
    memcpy(x->d->authored.logs[x->d->authored.count++], log->public_key, 32);
    CHECK_OK(party_commit(p, i));
}

/* A member gone wrong votes and then writes what nobody can read: what the close had seen through
 * it still counts, and everybody's dossiers hold. */
TEST(dossier_holds_beside_records_that_cannot_be_read)
{
    static struct dossier_report r;
    struct party *p = party_gathered(2);
    uint8_t id[32];
    party_hold_meeting(p, (struct span){0});
    struct act a = party_a(p, ACT_VOTE);
    CHECK_OK(party_act(p, 1, &a, id));
    write_garbage(p, 1);
    party_run(p, 10);
    a = party_a(p, ACT_TALLY); /* names the unreadable one as the last it had seen */
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    CHECK_OK(party_sign_minutes(p, 0));
    write_garbage(p, 1);
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 0)->motions[0].agree, 1);
    for (uint32_t i = 0; i < 2; i++) {
        struct buf file;
        write_dossier(p, i, TEXT_EN, &file);
        check_pass(buf_written(&file), "Chi bộ bản Mù");
        CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_PASS);
        CHECK(says(&r, "agree 1, disagree 0, abstain 0, of 2"));
        dossier_report_free(&r);
        buf_free(&file);
    }
    party_free(p);
}

/* A long title is cut between letters, or the page that shows it would break. */
TEST(dossier_report_cuts_long_words_at_a_letter)
{
    static struct dossier_report r;
    struct party *p = party_gathered(1);
    struct buf file;
    uint8_t id[32];
    char words[302] = "x";
    for (size_t i = 0; i < 100; i++)
        memcpy(words + 1 + 3 * i, "ế", 3);
    for (size_t skipped = 0; skipped < 2; skipped++) {
        struct act a = party_a_meeting();
        a.title = SPAN((const uint8_t *)words + skipped, 298 - skipped);
        CHECK_OK(party_act(p, 0, &a, p->meeting));
        write_dossier(p, 0, TEXT_EN, &file);
        (void)verify(buf_written(&file), &r);
        CHECK(strlen(r.title) > 120);
        CHECK(utf8_valid(span_text(r.title)));
        dossier_report_free(&r);
        buf_free(&file);
    }
    party_hold_meeting(p, (struct span){0});
    struct act a = party_a(p, ACT_MOTION);
    a.text = SPAN((const uint8_t *)words, 298);
    CHECK_OK(party_act(p, 0, &a, id));
    write_dossier(p, 0, TEXT_EN, &file);
    (void)verify(buf_written(&file), &r);
    for (size_t i = 0; i < r.lines_count; i++)
        CHECK(utf8_valid(span_text(r.lines[i].text)));
    dossier_report_free(&r);
    buf_free(&file);
    party_free(p);
}

/* What people wrote must not become part of the page's code. */
TEST(dossier_page_shows_titles_as_text)
{
    struct party *p = party_gathered(1);
    struct buf file;
    struct act a = party_a_meeting();
    a.title = span_text("</pre><script>alert(\"x\")</script>&");
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    write_dossier(p, 0, TEXT_VI, &file);
    CHECK(strstr(buf_string(&file), "<script>alert") == NULL);
    CHECK(strstr(buf_string(&file), "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;") !=
          NULL);
    CHECK_EQ(verdict_of(buf_written(&file)), DOSSIER_VERDICT_INCOMPLETE);
    buf_free(&file);
    party_free(p);
}

/* More to say than a report holds: the verdict is said all the same. */
TEST(dossier_report_that_is_full_still_ends_with_the_verdict)
{
    static struct dossier_report r;
    struct party *p = party_gathered(1);
    struct buf file;
    uint8_t id[32];
    party_hold_meeting(p, (struct span){0});
    for (unsigned n = 0; n < DOSSIER_LINES_MAX; n++) {
        struct act a = party_a(p, ACT_MOTION);
        CHECK_OK(party_act(p, 0, &a, id));
    }
    write_dossier(p, 0, TEXT_EN, &file);
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_INCOMPLETE);
    CHECK_EQ(r.lines_count, DOSSIER_LINES_MAX - 1);
    CHECK_TEXT(r.lines[r.lines_count - 1].text, text(TEXT_EN, DOSSIER_INCOMPLETE));
    CHECK(says_sentence(&r, DOSSIER_OK_LIST));
    dossier_confirm(&r, TEXT_EN, r.meeting); /* any other 32 bytes */
    CHECK_EQ(r.lines_count, DOSSIER_LINES_MAX);
    CHECK_EQ(r.verdict, DOSSIER_VERDICT_FAIL);
    CHECK_TEXT(r.lines[r.lines_count - 1].text, text(TEXT_EN, DOSSIER_FAIL));
    dossier_report_free(&r);
    file.data[file.size - 3] ^= 1;
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_FAIL);
    CHECK(says_sentence(&r, DOSSIER_FAIL));
    dossier_report_free(&r);
    buf_free(&file);
    party_free(p);
}

/* ---- whose it is, and what is not in it ---- */

/* A dossier that holds may be of any cell: only a fingerprint from elsewhere makes it a pass. */
TEST(dossier_passes_only_when_its_cell_is_confirmed)
{
    static struct dossier_report r;
    struct party *p = a_whole_meeting();
    struct buf file;
    uint8_t other[32];
    write_dossier(p, 0, TEXT_VI, &file);
    for (int lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        CHECK_OK(dossier_verify(buf_written(&file), (enum text_lang)lang, &r));
        CHECK_EQ(r.verdict, DOSSIER_VERDICT_UNCONFIRMED);
        CHECK(strstr(r.lines[r.lines_count - 1].text,
                     lang == TEXT_VI ? "CHƯA XÁC NHẬN" : "UNCONFIRMED") != NULL);
        memcpy(other, r.cell_id, 32);
        dossier_confirm(&r, (enum text_lang)lang, other);
        CHECK_EQ(r.verdict, DOSSIER_VERDICT_PASS);
        CHECK_TEXT(r.lines[r.lines_count - 1].text, text((enum text_lang)lang, DOSSIER_PASS));
        dossier_report_free(&r);
        CHECK_OK(dossier_verify(buf_written(&file), (enum text_lang)lang, &r));
        other[31] ^= 1;
        dossier_confirm(&r, (enum text_lang)lang, other);
        CHECK_EQ(r.verdict, DOSSIER_VERDICT_FAIL);
        CHECK_TEXT(r.lines[r.lines_count - 1].text, text((enum text_lang)lang, DOSSIER_FAIL));
        dossier_report_free(&r);
    }
    buf_free(&file);
    party_free(p);
}

/* A meeting while another one is prepared, whose records every close here had seen. */
static struct party *a_meeting_beside_another(void)
{
    struct party *p = party_gathered(3);
    uint8_t id[32], other[32];
    struct act a;
    party_hold_meeting(p, (struct span){0});
    a = party_a_meeting();
    a.title = span_text("Chuyện riêng");
    CHECK_OK(party_act(p, 1, &a, other));
    a = (struct act){.type = ACT_NOTICE};
    memcpy(a.meeting, other, 32);
    CHECK_OK(party_act(p, 1, &a, id));
    a = (struct act){.type = ACT_OPINION, .text = span_text("không ai được đọc")};
    memcpy(a.meeting, other, 32);
    CHECK_OK(party_act(p, 1, &a, id));
    party_run(p, 10);
    for (uint32_t i = 0; i < 3; i++) {
        a = party_a(p, ACT_VOTE);
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 10);
    a = party_a(p, ACT_TALLY);
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    CHECK_OK(party_sign_minutes(p, 0));
    party_run(p, 10);
    return p;
}

static uint8_t *decoded(const struct buf *file, const struct lines *l, size_t item,
                        size_t *ret_size)
{
    size_t size = l->size[item];
    uint8_t *bytes = malloc(size + 1);
    CHECK(bytes != NULL);
    CHECK_OK(base64_decode(bytes, &size, SPAN(file->data + l->at[item], l->size[item])));
    *ret_size = size;
    return bytes;
}

/* The list, decoded: its entries follow the fixed part. */
static uint8_t *decoded_list(const struct buf *file, const struct lines *l, size_t *ret_size)
{
    size_t line = strcspn((const char *)file->data + l->first, "\n"), size = line;
    uint8_t *list = malloc(size + 1);
    CHECK(list != NULL);
    CHECK_OK(base64_decode(list, &size, SPAN(file->data + l->first, line)));
    *ret_size = size;
    return list;
}

/* What the meeting had seen besides is there as a place without words: nobody can open it. */
TEST(dossier_withholds_what_is_not_of_the_meeting)
{
    static struct dossier_report r;
    struct party *p = a_meeting_beside_another();
    struct buf file;
    struct lines l;
    size_t size, stubs = 0;
    write_dossier(p, 2, TEXT_EN, &file);
    check_pass(buf_written(&file), "Chi bộ bản Mù");
    CHECK_EQ(verify(buf_written(&file), &r), DOSSIER_VERDICT_PASS);
    CHECK(says_sentence(&r, DOSSIER_WITHHELD));
    CHECK(says_sentence(&r, DOSSIER_OK_COMPLETE));
    CHECK(says_sentence(&r, DOSSIER_SEALED));
    dossier_report_free(&r);
    find_lines(&l, &file);
    uint8_t *list = decoded_list(&file, &l, &size);
    for (size_t i = 0; i < l.count; i++) {
        const uint8_t *entry = list + DOSSIER_LIST_FIXED_BYTES + i * DOSSIER_ENTRY_BYTES;
        uint8_t *item = decoded(&file, &l, i, &size);
        if (entry[0] == DOSSIER_ITEM_STUB) {
            stubs++;
            CHECK_EQ(entry[1] + entry[2], 0); /* not even what kind of act it is */
            CHECK(size >= 160 + 32 + 6 && (size - 160 - 32 - 6) % 32 == 0);
        }
        free(item);
    }
    CHECK(stubs >= 3); /* preparing, an opinion, and its receipts */
    CHECK(strstr(buf_string(&file), "Chuyện riêng") == NULL);
    free(list);
    buf_free(&file);
    party_free(p);
}

/* The file without item `gone`, sealed again by a member: nothing is damaged. */
static void drop_item(const struct party *p, const struct buf *file, const struct lines *l,
                      size_t gone, struct buf *ret)
{
    size_t size;
    uint8_t *list = decoded_list(file, l, &size);
    uint8_t *entry = list + DOSSIER_LIST_FIXED_BYTES + gone * DOSSIER_ENTRY_BYTES;
    memmove(entry, entry + DOSSIER_ENTRY_BYTES,
            size - (size_t)(entry - list) - DOSSIER_ENTRY_BYTES);
    size -= DOSSIER_ENTRY_BYTES;
    uint8_t *count = list + DOSSIER_LIST_FIXED_BYTES - 36;
    uint32_t left = (uint32_t)l->count - 1;
    for (int i = 0; i < 4; i++)
        count[i] = (uint8_t)(left >> (24 - 8 * i));
    memcpy(list + DOSSIER_LIST_FIXED_BYTES - 32, p->devices[1].keys.ik.public_key, 32);
    hop_sign(list + size - CRYPTO_SIG_BYTES, &p->devices[1].keys.ik, LABEL_DOSSIER_SIG,
             SPAN(list, size - CRYPTO_SIG_BYTES));
    char *line = malloc(BASE64_SIZE(size));
    CHECK(line != NULL);
    base64_encode(line, SPAN(list, size));
    *ret = (struct buf){0};
    buf_bytes(ret, file->data, l->first);
    buf_text(ret, line);
    buf_text(ret, "\n");
    buf_bytes(ret, file->data + l->at[0], l->at[gone] - l->at[0]);
    size_t next = l->at[gone] + l->size[gone] + 1;
    buf_bytes(ret, file->data + next, file->size - next);
    free(line);
    free(list);
}

/* Sealed without a record that a record of the meeting had seen: it does not pass, and the verdict
 * says that something was left out. Only what nobody had seen can be left out unnoticed. */
TEST(dossier_with_a_record_left_out_is_not_complete)
{
    static struct dossier_report r;
    struct party *p = a_meeting_beside_another();
    struct buf file;
    struct lines l;
    size_t noticed = 0, named = 0, size;
    write_dossier(p, 0, TEXT_EN, &file);
    find_lines(&l, &file);
    uint8_t *list = decoded_list(&file, &l, &size);
    for (size_t i = 0; i < l.count; i++) {
        const uint8_t *entry = list + DOSSIER_LIST_FIXED_BYTES + i * DOSSIER_ENTRY_BYTES;
        unsigned type = (unsigned)entry[1] << 8 | entry[2];
        struct buf b;
        drop_item(p, &file, &l, i, &b);
        enum dossier_verdict v = verify(buf_written(&b), &r);
        noticed += v != DOSSIER_VERDICT_PASS;
        named += says_sentence(&r, DOSSIER_LEFT_OUT);
        CHECK(v != DOSSIER_VERDICT_PASS || type == 0 || type == ACT_RECEIPT || type < ACT_MEETING);
        if (type == ACT_VOTE || type == ACT_TALLY || type == ACT_ROLL || type == ACT_OPINION)
            CHECK(v == DOSSIER_VERDICT_FAIL || v == DOSSIER_VERDICT_INCOMPLETE);
        dossier_report_free(&r);
        buf_free(&b);
    }
    CHECK(noticed > l.count / 2);
    CHECK(named > 10);
    free(list);
    buf_free(&file);
    party_free(p);
}
