/* fuzz: node device audio mesh meeting procedures cell store crypto text base */
/* "METHOD PATH?QUERY", a line end, and a body: whatever comes, the answer is JSON with a status
 * that is ours, or bytes; never an assertion. The node is real, with a cell and a meeting. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/api.h"
#include "node/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node node;
static char dir[] = "/tmp/hop-fuzz-XXXXXX";

static void clean(void)
{
    static const char *const names[] = {"keys.hop", "records.mdb", "lock"};
    node_close(&node);
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void ask(const char *method, const char *path, const char *query, struct span body)
{
    struct api_reply reply;
    struct api_request rq = {
        .method = method, .path = path, .query = query, .accept_language = query, .body = body};
    (void)api_handle(&node, &rq, &reply);
    if (strncmp(reply.content_type, "application/json", 16) == 0) {
        json_t *root = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
        if (root == NULL || (reply.status != 200) != (json_object_get(root, "error") != NULL))
            abort();
        json_decref(root);
    }
    api_reply_free(&reply);
}

static void set_up(void)
{
    struct node_trouble why = {0};
    const char *passphrase = "mot hai ba bon nam";
    if (hop_init() != HOP_OK || mkdtemp(dir) == NULL ||
        node_init(dir, passphrase, KEYFILE_MEMORY_FLOOR, &why) != HOP_OK ||
        node_open(&node, dir, passphrase, TEXT_VI, &why) != HOP_OK)
        abort();
    (void)atexit(clean);
    ask("POST", "/api/cell", NULL, span_text("{\"name\":\"C\",\"founder\":\"An\"}"));
    ask("POST", "/api/meetings", NULL, span_text("{\"title\":\"T\",\"agenda\":[\"a\"]}"));
    if (!device_has_cell(node.device))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[400];
    const uint8_t *end = memchr(data, '\n', size);
    size_t n = end == NULL ? size : (size_t)(end - data);
    if (node.device == NULL)
        set_up();
    if (n >= sizeof line)
        return 0;
    memcpy(line, data, n);
    line[n] = '\0';
    char *path = strchr(line, ' ');
    if (path == NULL)
        return 0;
    *path++ = '\0';
    char *query = strchr(path, '?');
    if (query != NULL)
        *query++ = '\0';
    ask(line, path, query, end == NULL ? SPAN(NULL, 0) : SPAN(end + 1, size - n - 1));
    return 0;
}
