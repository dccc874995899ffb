#include "store/lmdb_check.h"

#include <stdlib.h>

#include "base/wire.h"

/* The layout of LMDB 0.9 (MDB_page, MDB_meta, MDB_db, MDB_node in its mdb.c) on a machine with 64
 * bit words. Words are in the byte order of the machine that wrote the file; a file from the
 * other kind of machine has no magic we recognise and counts as foreign. */
enum {
    PAGE_FLAGS = 10,
    PAGE_LOWER = 12, /* end of the node pointers; in large values: how many pages, 32 bits */
    PAGE_UPPER = 14, /* start of the nodes */
    PAGE_HEADER_BYTES = 16,

    META_MAGIC = 16,
    META_VERSION = 20,
    META_FREE_TREE = 40, /* its first word doubles as the page size */
    META_MAIN_TREE = 88,
    META_LAST_PAGE = 136,
    META_BYTES = 152,

    TREE_FLAGS = 4,
    TREE_DEPTH = 6,
    TREE_ENTRIES = 32,
    TREE_ROOT = 40,
    TREE_BYTES = 48,

    NODE_FLAGS = 4,
    NODE_KEY_SIZE = 6,
    NODE_HEADER_BYTES = 8,
};

enum { P_BRANCH = 1, P_LEAF = 2, P_OVERFLOW = 4, P_META = 8 };
enum { F_BIG = 1, F_TREE = 2 };

#define MAGIC            0xBEEFC0DEu
#define DATA_VERSION     1u
#define PAGE_BYTES_MIN   4096u
#define PAGE_BYTES_MAX   32768u
#define DEPTH_MAX        32 /* LMDB's cursor stack */
#define KEY_BYTES_MAX    511
#define TABLES_MAX       8
#define NO_ROOT          UINT64_MAX
#define FREE_FLAGS_BAD   0x76u /* anything with duplicates or reversed keys */
#define FREE_FLAGS_NEEDS 0x08u /* integer keys */

enum kind { FREE_TREE, MAIN_TREE, TABLE_TREE };

struct check {
    struct span file;
    size_t page_size;
    uint64_t pages; /* how many the header says there are */
    uint8_t *seen;  /* one bit a page: it belongs to a tree, or is free */

    const uint8_t *tables[TABLES_MAX]; /* found in the main tree */
    size_t tables_count;
    struct span mark;
};

struct walk {
    enum kind kind;
    unsigned depth;   /* of every leaf */
    uint64_t entries; /* found so far */
};

struct node {
    struct span key, data; /* data: empty for branches and large values */
    uint64_t page;         /* the child, or the first page of a large value */
    uint64_t size;
    unsigned flags;
};

static uint16_t word16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t word32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t word64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Claim pages for one owner. A page with two owners would be overwritten under one of them; and
 * since no page is claimed twice, every walk ends. */
static bool claim(struct check *c, uint64_t first, uint64_t count)
{
    if (first < 2 || first >= c->pages || count > c->pages - first)
        return false;
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t bit = (uint8_t)(1u << (i & 7));
        if (c->seen[i >> 3] & bit)
            return false;
        c->seen[i >> 3] |= bit;
    }
    return true;
}

/* The file may end before the last page, since LMDB does not write pages it has freed again; but
 * not before the end of one that is in use. */
static const uint8_t *page_in_use(struct check *c, uint64_t number, uint64_t count)
{
    if (!claim(c, number, count) || (number + count) * c->page_size > c->file.size)
        return NULL;
    const uint8_t *page = c->file.data + number * c->page_size;
    return word64(page) == number ? page : NULL;
}

static bool node_at(const struct check *c, const uint8_t *page, size_t index, struct node *ret)
{
    size_t at = word16(page + PAGE_HEADER_BYTES + 2 * index);
    if ((at & 1) != 0 || at < word16(page + PAGE_UPPER) || at + NODE_HEADER_BYTES > c->page_size)
        return false;
    const uint8_t *node = page + at;
    size_t left = c->page_size - at - NODE_HEADER_BYTES, key_size = word16(node + NODE_KEY_SIZE);
    if (key_size > left || key_size > KEY_BYTES_MAX)
        return false;
    left -= key_size;
    uint32_t low = (uint32_t)word16(node) | (uint32_t)word16(node + 2) << 16;
    const uint8_t *data = node + NODE_HEADER_BYTES + key_size;
    *ret = (struct node){.key = SPAN(node + NODE_HEADER_BYTES, key_size),
                         .flags = word16(node + NODE_FLAGS)};
    if (word16(page + PAGE_FLAGS) == P_BRANCH) {
        ret->page = (uint64_t)ret->flags << 32 | low;
        return true;
    }
    ret->size = low;
    if (ret->flags == F_BIG) {
        if (left < sizeof ret->page)
            return false;
        ret->page = word64(data);
        return true;
    }
    ret->data = SPAN(data, low);
    return key_size > 0 && low <= left && (ret->flags == 0 || ret->flags == F_TREE);
}

/* A list of free pages: a count, then page numbers, descending. */
static bool free_list_is_sane(struct check *c, struct span list)
{
    if (list.size < 8 || word64(list.data) > list.size / 8 - 1)
        return false;
    uint64_t count = word64(list.data), previous = UINT64_MAX;
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = word64(list.data + 8 * i);
        if (page >= previous || !claim(c, page, 1))
            return false;
        previous = page;
    }
    return true;
}

static bool entry_is_sane(struct check *c, struct walk *w, struct node *n)
{
    w->entries++;
    if (n->flags == F_BIG) {
        uint64_t count = (PAGE_HEADER_BYTES - 1 + n->size) / c->page_size + 1;
        const uint8_t *page = page_in_use(c, n->page, count);
        if (page == NULL || word16(page + PAGE_FLAGS) != P_OVERFLOW ||
            word32(page + PAGE_LOWER) < count)
            return false;
        /* LMDB may keep a value in more pages than it needs once it was longer. */
        uint64_t more = word32(page + PAGE_LOWER) - count;
        if (more > 0 && !claim(c, n->page + count, more))
            return false;
        n->data = SPAN(page + PAGE_HEADER_BYTES, (size_t)n->size);
    }
    if (w->kind == FREE_TREE)
        return n->flags != F_TREE && n->key.size == 8 && free_list_is_sane(c, n->data);
    if (w->kind == TABLE_TREE)
        return n->flags != F_TREE;
    if (n->flags == F_TREE) {
        if (n->data.size != TREE_BYTES || c->tables_count == TABLES_MAX)
            return false;
        c->tables[c->tables_count++] = n->data.data;
    } else if (span_equal(n->key, span_text(LMDB_MARK_KEY))) {
        c->mark = n->data;
    }
    return true;
}

static bool ascending(enum kind kind, struct span a, struct span b)
{
    if (kind == FREE_TREE)
        return a.size == 8 && b.size == 8 && word64(a.data) < word64(b.data);
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order < 0 || (order == 0 && a.size < b.size);
}

/* Recursion goes no deeper than DEPTH_MAX. */
static bool walk_page(struct check *c, struct walk *w, uint64_t number, unsigned depth)
{
    const uint8_t *page = page_in_use(c, number, 1);
    if (page == NULL)
        return false;
    bool leaf = depth == w->depth;
    size_t lower = word16(page + PAGE_LOWER), upper = word16(page + PAGE_UPPER);
    if (word16(page + PAGE_FLAGS) != (leaf ? P_LEAF : P_BRANCH) || lower < PAGE_HEADER_BYTES ||
        lower > upper || upper > c->page_size)
        return false;
    size_t count = (lower - PAGE_HEADER_BYTES) / 2;
    if (count < (leaf || w->kind == FREE_TREE ? 1u : 2u))
        return false;
    struct span previous = {0};
    for (size_t i = 0; i < count; i++) {
        struct node n;
        if (!node_at(c, page, i, &n))
            return false;
        /* the first key of a branch is not used and may be anything */
        if (i > (leaf ? 0u : 1u) && !ascending(w->kind, previous, n.key))
            return false;
        previous = n.key;
        if (!(leaf ? entry_is_sane(c, w, &n) : walk_page(c, w, n.page, depth + 1)))
            return false;
    }
    return true;
}

static bool walk_tree(struct check *c, enum kind kind, const uint8_t *tree)
{
    uint64_t root = word64(tree + TREE_ROOT), entries = word64(tree + TREE_ENTRIES);
    if (root == NO_ROOT)
        return entries == 0;
    struct walk w = {.kind = kind, .depth = word16(tree + TREE_DEPTH)};
    return w.depth >= 1 && w.depth <= DEPTH_MAX && walk_page(c, &w, root, 1) &&
           w.entries == entries;
}

static enum store_trouble check_mark(struct span mark)
{
    const size_t text = sizeof LMDB_MARK_TEXT - 1;
    if (mark.size < LMDB_MARK_BYTES || memcmp(mark.data, LMDB_MARK_TEXT, text) != 0)
        return STORE_FOREIGN;
    struct wire_reader r = wire_reader(mark.data + text, mark.size - text);
    uint32_t version = wire_get_u32(&r);
    if (version > LMDB_STORE_VERSION)
        return STORE_NEWER;
    return version == LMDB_STORE_VERSION && wire_end(&r) ? STORE_FINE : STORE_DAMAGED;
}

static enum store_trouble check_trees(struct check *c, const uint8_t *meta)
{
    const uint8_t *free_tree = meta + META_FREE_TREE, *main_tree = meta + META_MAIN_TREE;
    unsigned free_flags = word16(free_tree + TREE_FLAGS);
    if ((free_flags & FREE_FLAGS_BAD) != 0 || (free_flags & FREE_FLAGS_NEEDS) == 0)
        return STORE_DAMAGED;
    if (word16(main_tree + TREE_FLAGS) != 0)
        return STORE_FOREIGN;
    if (!walk_tree(c, MAIN_TREE, main_tree))
        return STORE_DAMAGED;
    enum store_trouble trouble = check_mark(c->mark);
    if (trouble != STORE_FINE)
        return trouble;
    for (size_t i = 0; i < c->tables_count; i++)
        if (word16(c->tables[i] + TREE_FLAGS) != 0 || !walk_tree(c, TABLE_TREE, c->tables[i]))
            return STORE_DAMAGED;
    return walk_tree(c, FREE_TREE, free_tree) ? STORE_FINE : STORE_DAMAGED;
}

static bool all_zero(struct span s)
{
    for (size_t i = 0; i < s.size; i++)
        if (s.data[i] != 0)
            return false;
    return true;
}

/* Whose file is it, by its first page? An empty file or one that begins with zeros is what some
 * file systems leave of ours after a power cut; anything else without the magic is not ours. */
static enum store_trouble check_first_page(struct span file)
{
    struct span head = SPAN(file.data, file.size < META_BYTES ? file.size : META_BYTES);
    if (all_zero(head))
        return STORE_DAMAGED;
    if (head.size < META_MAGIC + 4 || word32(head.data + META_MAGIC) != MAGIC)
        return STORE_FOREIGN;
    if (head.size < META_BYTES)
        return STORE_DAMAGED;
    return word32(head.data + META_VERSION) > DATA_VERSION ? STORE_NEWER : STORE_FINE;
}

static bool meta_is_sane(const uint8_t *page, uint64_t number, size_t page_size)
{
    return word64(page) == number && word16(page + PAGE_FLAGS) == P_META &&
           word32(page + META_MAGIC) == MAGIC && word32(page + META_VERSION) == DATA_VERSION &&
           word32(page + META_FREE_TREE) == page_size;
}

enum store_trouble lmdb_check(struct span file)
{
    enum store_trouble trouble = check_first_page(file);
    if (trouble != STORE_FINE)
        return trouble;
    size_t page_size = word32(file.data + META_FREE_TREE);
    if (page_size < PAGE_BYTES_MIN || page_size > PAGE_BYTES_MAX ||
        (page_size & (page_size - 1)) != 0 || file.size < 2 * page_size)
        return STORE_DAMAGED;
    const uint8_t *metas[2] = {file.data, file.data + page_size};
    for (unsigned i = 0; i < 2; i++)
        if (!meta_is_sane(metas[i], i, page_size))
            return STORE_DAMAGED;
    /* LMDB uses the meta page with the higher transaction number, the first if equal. */
    bool second = word64(metas[1] + LMDB_TXNID_OFFSET) > word64(metas[0] + LMDB_TXNID_OFFSET);
    const uint8_t *meta = metas[second];
    uint64_t last = word64(meta + META_LAST_PAGE);
    if (last < 1 || last >= LMDB_FILE_BYTES_MAX / page_size)
        return STORE_DAMAGED;

    struct check c = {.file = file, .page_size = page_size, .pages = last + 1};
    c.seen = calloc(1, (size_t)(c.pages / 8 + 1));
    if (c.seen == NULL)
        return STORE_DISK_ERROR;
    trouble = check_trees(&c, meta);
    free(c.seen);
    return trouble;
}
