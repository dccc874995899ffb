#include "base/err.h"

const char *hop_error_name(int err)
{
    switch (err) {
    case HOP_OK:
        return "HOP_OK";
#define X(name, num, text)                                                                         \
    case name:                                                                                     \
        return #name;
        HOP_ERRORS(X)
#undef X
    }
    return "HOP_EUNKNOWN";
}

const char *hop_error_text(int err)
{
    switch (err) {
    case HOP_OK:
        return "done";
#define X(name, num, text)                                                                         \
    case name:                                                                                     \
        return text;
        HOP_ERRORS(X)
#undef X
    }
    return "an unknown error";
}
