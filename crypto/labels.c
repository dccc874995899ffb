#include "crypto/labels.h"

const char *crypto_label_text(enum crypto_label label)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CRYPTO_LABELS(X)
#undef X
    };
    return texts[label];
}
