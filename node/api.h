/* The API: one function that turns method, path, query and JSON body into a status and a reply.
 *
 * node/http.c serves it on a unix socket and on loopback; the command line calls it directly when
 * no node runs. So everything a page or a command can do is here, and is done in one way:
 * docs/api.md lists the resources. A request that puts something on record is answered only
 * after it is durable. Every sentence is in the language of the request. */
#ifndef HOP_NODE_API_H
#define HOP_NODE_API_H

#include "node/node.h"

#define API_VERSION         "0.1"
#define API_PATH_BYTES_MAX  256u
#define API_BODY_BYTES_MAX  (1u << 20)  /* most requests: an opinion and room */
#define API_PIECE_BYTES_MAX (8u << 20)  /* of a document, on its way in */
#define API_LARGE_BYTES_MAX (96u << 20) /* a document of 64 MiB in base64, a dossier to verify */

struct api_request {
    const char *method;          /* "GET", "POST", "DELETE" */
    const char *path;            /* "/api/status", no query */
    const char *query;           /* "lang=vi&after=3" without '?', or NULL */
    const char *accept_language; /* or NULL */
    struct span body;
};

/* A body that is read as it is sent. read() gives bytes from `at` on, at least one before the end;
 * ctx is freed with free(). */
struct api_stream {
    uint64_t size;
    int (*read)(void *ctx, uint64_t at, uint8_t *room, size_t max, size_t *ret_size);
    void *ctx; /* NULL: no stream, the body is in `body` */
};

struct api_reply {
    int status;               /* 200, 400, 403, 404, 405, 409, 413, 423, 500, 507 */
    const char *content_type; /* static */
    struct buf body;          /* api_reply_free() */
    struct api_stream stream;
};

/* Always fills the reply. Returns what the reply is about: HOP_OK or the reason it says. */
int api_handle(struct node *n, const struct api_request *rq, struct api_reply *rp);
void api_reply_free(struct api_reply *rp);

/* How much body a path may carry; known before the body is read. */
size_t api_body_max(const char *method, const char *path);

/* The value of a key in a query, percent-decoded into ret; false when it is not there. */
bool api_query_get(const char *query, const char *key, char *ret, size_t size);

/* A refusal before the request reached a resource: status and a sentence in JSON. */
void api_refuse(struct api_reply *rp, int status, enum text_lang lang, const struct text_said *why);
enum text_lang api_request_lang(const struct node *n, const struct api_request *rq);

#endif
