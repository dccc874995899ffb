/* Error codes shared by every module.
 *
 * A function that can fail returns 0 or one of these. The codes are few on purpose: each is
 * something a caller could react to differently. Broken promises between our own modules are
 * not errors; they are assertions (and assertions stay on in release builds). */
#ifndef HOP_BASE_ERR_H
#define HOP_BASE_ERR_H

#define HOP_ERRORS(X)                                                                              \
    X(HOP_ENOMEM, 1, "out of memory")                                                              \
    X(HOP_EMALFORMED, 2, "bytes do not parse")                                                     \
    X(HOP_EAUTH, 3, "signature or key does not check out")                                         \
    X(HOP_EFULL, 4, "a fixed limit has been reached")                                              \
    X(HOP_ENOTFOUND, 5, "no such item")                                                            \
    X(HOP_EIO, 6, "disk or network said no")                                                       \
    X(HOP_ENOSPACE, 7, "no space left on the disk")                                                \
    X(HOP_EBUSY, 8, "another process holds it")                                                    \
    X(HOP_EREFUSED, 9, "a rule does not allow it")                                                 \
    X(HOP_EVERSION, 10, "made by a version this one does not know")                                \
    X(HOP_EEXIST, 11, "already there")

enum hop_error {
    HOP_OK = 0,
#define X(name, num, text) name = -(num),
    HOP_ERRORS(X)
#undef X
};

const char *hop_error_name(int err); /* "HOP_EAUTH"; static, never NULL */
const char *hop_error_text(int err); /* the sentence above; static, never NULL */

#define MUST_USE __attribute__((warn_unused_result))

#endif
