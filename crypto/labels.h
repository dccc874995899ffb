/* Every domain-separation label of hop, in one table.
 *
 * A label is the BLAKE2b key of a hash, so it is at most 64 bytes and is used with its exact
 * length: the bytes before the final NUL. No label may equal or be a prefix of another: a unit
 * test walks this table. docs/protocol.md §2 lists them again, with what each covers. */
#ifndef HOP_CRYPTO_LABELS_H
#define HOP_CRYPTO_LABELS_H

#define CRYPTO_LABELS(X)                                                                           \
    X(LABEL_CELL_ID, "hop/cell/id/v1") /* genesis body -> cell id */                               \
    X(LABEL_MEMBER_ID, "hop/cell/member/v1")                                                       \
    X(LABEL_DEVICE_TAG, "hop/cell/devtag/v1")  /* under the route key */                           \
    X(LABEL_CERT_SIG, "hop/cell/cert/v1")      /* proof of possession */                           \
    X(LABEL_PREKEY_SIG, "hop/cell/prekey/v1")  /* a newer KEM key of a device */                   \
    X(LABEL_INVITE_KEY, "hop/invite/key/v1")   /* seed -> signing seed */                          \
    X(LABEL_INVITE_LINK, "hop/invite/link/v1") /* seed -> CURVE secret */                          \
    X(LABEL_INVITE_DISC, "hop/invite/disc/v1") /* seed -> beacon key */                            \
    X(LABEL_INVITE_ID, "hop/invite/id/v1")                                                         \
    X(LABEL_INVITE_SUM, "hop/invite/sum/v1")   /* typing check */                                  \
    X(LABEL_JOIN_SIG, "hop/invite/join/v1")    /* joiner's proof */                                \
    X(LABEL_INVITE_FILE, "hop/invite/file/v1") /* beacon key -> key of files on a stick */         \
    X(LABEL_PAIR_MEET, "hop/pair/meet/v1")     /* what both screens show -> key of datagrams */    \
    X(LABEL_PAIR_COMMIT, "hop/pair/commit/v1") /* X25519 key -> what a card shows of it */         \
    X(LABEL_PAIR_SUM, "hop/pair/sum/v1")       /* typing check of a card */                        \
    X(LABEL_PAIR_SEEN, "hop/pair/seen/v1")     /* all that both have seen */                       \
    X(LABEL_PAIR_GUEST, "hop/pair/guest/v1")   /* the joiner's proof of the key */                 \
    X(LABEL_PAIR_HOST, "hop/pair/host/v1")     /* the inviter's */                                 \
    X(LABEL_PAIR_SEAL, "hop/pair/seal/v1")     /* seals the invitation */                          \
    X(LABEL_PIN_SIG, "hop/meeting/pin/sig/v1") /* presence at a site */                            \
    X(LABEL_PIN_KEY, "hop/meeting/pin/key/v1") /* salt of a PIN */                                 \
    X(LABEL_PRIVATE, "hop/meeting/private/v1") /* slots of the private line */                     \
    X(LABEL_LOG_OPEN_SIG, "hop/log/open/v1")                                                       \
    X(LABEL_EP_AUTH, "hop/ep/auth/v1")                                                             \
    X(LABEL_EP_BODY, "hop/ep/body/v1")                                                             \
    X(LABEL_EP_ROUTE, "hop/ep/route/v1")                                                           \
    X(LABEL_EP_MEET, "hop/ep/meet/v1")                                                             \
    X(LABEL_EP_COMMIT, "hop/ep/commit/v1")                                                         \
    X(LABEL_EP_KEM, "hop/ep/kem/v1")                                                               \
    X(LABEL_EP_HINT, "hop/ep/hint/v1")                                                             \
    X(LABEL_EP_TAG, "hop/ep/tag/v1")                                                               \
    X(LABEL_EP_META, "hop/ep/meta/v1")         /* under the auth key: recipients and parents */    \
    X(LABEL_EP_BACK, "hop/ep/back/v1")         /* under the history secret: secrets of parents */  \
    X(LABEL_EP_MARK, "hop/ep/mark/v1")         /* of a recipient */                                \
    X(LABEL_EP_PLACE, "hop/ep/place/v1")       /* whose turn it is to renew keys */                \
    X(LABEL_JOIN_REPLY, "hop/invite/reply/v1") /* route key -> seals the sync key */               \
    X(LABEL_REC_KEY, "hop/rec/key/v1")                                                             \
    X(LABEL_REC_KC, "hop/rec/kc/v1")     /* key commitment */                                      \
    X(LABEL_REC_TEXT, "hop/rec/text/v1") /* hash of the ciphertext */                              \
    X(LABEL_REC_ID, "hop/rec/id/v1")                                                               \
    X(LABEL_REC_SIG, "hop/rec/sig/v1")                                                             \
    X(LABEL_BLOB_NAME, "hop/blob/name/v1") /* sealed chunk -> name */                              \
    X(LABEL_BLOB_KEY, "hop/blob/key/v1")                                                           \
    X(LABEL_DISC, "hop/disc/v1") /* beacon key */                                                  \
    X(LABEL_BEACON_SIG, "hop/beacon/sig/v1")                                                       \
    X(LABEL_LINK_BINDING, "hop/link/binding/v1") /* both CURVE keys */                             \
    X(LABEL_HELLO_SIG, "hop/link/hello/v1")                                                        \
    X(LABEL_TELL_SIG, "hop/link/tell/v1")                                                          \
    X(LABEL_PAIR, "hop/link/pair/v1")            /* shared point of two kem keys -> their key */   \
    X(LABEL_GREET, "hop/link/greet/v1")          /* under it: who greets is who it says */         \
    X(LABEL_COVER, "hop/link/cover/v1")          /* under it: hides what is said too early */      \
    X(LABEL_HINT, "hop/link/hint/v1")            /* under the sync key: who greets, perhaps */     \
    X(LABEL_ROOT, "hop/sync/root/v1")            /* root of a frontier */                          \
    X(LABEL_PIPE, "hop/sync/pipe/v1")            /* packets of a byte pipe */                      \
    X(LABEL_SYNC_KEY, "hop/sync/key/v1")         /* route key -> key of all who sync */            \
    X(LABEL_SKETCH, "hop/sync/sketch/v1")        /* under it: salt of an exchange */               \
    X(LABEL_BUNDLE_BLOCK, "hop/bundle/block/v1") /* checksum of a block on a stick */              \
    X(LABEL_MEDIA, "hop/media/key/v1")                                                             \
    X(LABEL_STREAM, "hop/media/stream/v1")                                                         \
    X(LABEL_PROCEDURE, "hop/meeting/procedure/v1")                                                 \
    X(LABEL_STATE, "hop/meeting/state/v1") /* digest of a fold */                                  \
    X(LABEL_DOSSIER_ITEM, "hop/dossier/item/v1")                                                   \
    X(LABEL_DOSSIER_SIG, "hop/dossier/sig/v1")                                                     \
    X(LABEL_DRBG, "hop/drbg/v1")                                                                   \
    X(LABEL_KEYFILE, "hop/keyfile/v1")                                                             \
    X(LABEL_SIM, "hop/sim/digest/v1")

enum crypto_label {
#define X(name, text) name,
    CRYPTO_LABELS(X)
#undef X
        CRYPTO_LABELS_COUNT
};

const char *crypto_label_text(enum crypto_label label); /* static */

#endif
