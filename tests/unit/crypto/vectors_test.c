#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"

/* Published vectors, through our wrappers where a wrapper lets them pass and through libsodium's
 * own calls where ours hashes under a label first (signatures, keyed BLAKE2b). Run from the top of
 * the tree: the files are tests/vectors/crypto/, and its README says where they come from. */

#define FIELDS_MAX 8
#define BYTES_MAX  2048

struct vector {
    char line[16 * 1024];
    char *field[FIELDS_MAX];
    size_t fields;
};

/* The next line with exactly count fields; false at the end of the file. */
static bool next_vector(FILE *f, struct vector *v, size_t count)
{
    while (fgets(v->line, sizeof v->line, f) != NULL) {
        if (v->line[0] == '#')
            continue;
        v->fields = 0;
        for (char *p = v->line; *p != '\0' && v->fields < FIELDS_MAX;) {
            v->field[v->fields++] = p;
            p += strcspn(p, " \n");
            if (*p != '\0')
                *p++ = '\0';
        }
        CHECK_EQ(v->fields, count);
        return true;
    }
    return false;
}

static FILE *open_vectors(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/vectors/crypto/%s", name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail_msg("%s cannot be read; run the test from the top of the tree", path);
    CHECK_OK(hop_init());
    return f;
}

/* Bytes of a field in an allocation of exactly their size, so that a sanitizer sees a read past
 * the end. "-" is empty. */
static struct span bytes_of(const char *field)
{
    static uint8_t buffer[BYTES_MAX];
    struct span s = test_unhex(buffer, sizeof buffer, strcmp(field, "-") == 0 ? "" : field);
    uint8_t *copy = malloc(s.size == 0 ? 1 : s.size);
    assert_non_null(copy);
    memcpy(copy, s.data, s.size);
    return SPAN(copy, s.size);
}

static void forget(struct span s)
{
    union {
        const uint8_t *in;
        void *out;
    } p = {.in = s.data};
    free(p.out);
}

static void check_x25519(const char *secret_hex, const char *public_hex, const char *shared_hex)
{
    uint8_t shared[32];
    struct span public_key = bytes_of(public_hex), secret = bytes_of(secret_hex);
    if (strcmp(shared_hex, "zero") == 0) {
        CHECK_ERR(hop_box_shared(shared, secret.data, public_key.data), HOP_EAUTH);
    } else {
        struct span want = bytes_of(shared_hex);
        CHECK_OK(hop_box_shared(shared, secret.data, public_key.data));
        CHECK_SPAN(SPAN(shared, 32), want);
        forget(want);
    }
    forget(public_key);
    forget(secret);
}

/* A key agreement that differs from everybody's would lock members out of every epoch; one that
 * accepts small orders would let anybody in. */
TEST(x25519_agrees_with_wycheproof)
{
    static struct vector v;
    FILE *f = open_vectors("x25519_wycheproof.txt");
    size_t count = 0;
    for (; next_vector(f, &v, 4); count++)
        check_x25519(v.field[2], v.field[1], v.field[3]);
    (void)fclose(f);
    CHECK_EQ(count, 53);
}

/* RFC 7748 §5.2, and §6.1 with both sides' public keys. */
TEST(x25519_agrees_with_rfc_7748)
{
    static const char alice[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    static const char bob[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    static const char alice_public[] =
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    static const char bob_public[] =
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    struct hop_box_key key;
    uint8_t seed[32], want[32];
    check_x25519("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    check_x25519("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    check_x25519(alice, bob_public, shared);
    check_x25519(bob, alice_public, shared);
    (void)test_unhex(seed, 32, alice);
    (void)test_unhex(want, 32, alice_public);
    hop_box_keypair(&key, seed);
    CHECK_BYTES(key.public_key, want, 32);
}

typedef void seal_fn(uint8_t *ret, const uint8_t *key, const uint8_t *nonce, struct span ad,
                     struct span text);
typedef int open_fn(uint8_t *ret, const uint8_t *key, const uint8_t *nonce, struct span ad,
                    struct span sealed);

static void check_aead(const struct vector *v, size_t nonce_size, seal_fn *seal, open_fn *open)
{
    struct span key = bytes_of(v->field[1]), nonce = bytes_of(v->field[2]);
    struct span ad = bytes_of(v->field[3]), text = bytes_of(v->field[4]);
    struct span ciphertext = bytes_of(v->field[5]), tag = bytes_of(v->field[6]);
    uint8_t *sealed = malloc(text.size + CRYPTO_TAG_BYTES), *opened = malloc(text.size + 1);
    assert_non_null(sealed);
    assert_non_null(opened);
    CHECK_EQ(key.size, CRYPTO_KEY_BYTES);
    CHECK_EQ(nonce.size, nonce_size);
    CHECK_EQ(ciphertext.size, text.size);
    CHECK_EQ(tag.size, CRYPTO_TAG_BYTES);
    seal(sealed, key.data, nonce.data, ad, text);
    CHECK_BYTES(sealed, ciphertext.data, text.size);
    CHECK_BYTES(sealed + text.size, tag.data, CRYPTO_TAG_BYTES);
    struct span whole = SPAN(sealed, text.size + CRYPTO_TAG_BYTES);
    CHECK_OK(open(opened, key.data, nonce.data, ad, whole));
    CHECK_BYTES(opened, text.data, text.size);
    for (size_t bit = 0; bit < 8 * CRYPTO_TAG_BYTES; bit++) { /* Wycheproof's ModifiedTag */
        sealed[text.size + bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(open(opened, key.data, nonce.data, ad, whole), HOP_EAUTH);
        sealed[text.size + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    struct span all[] = {key, nonce, ad, text, ciphertext, tag, SPAN(sealed, 0), SPAN(opened, 0)};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        forget(all[i]);
}

/* Records must be readable by a second implementation, and vice versa. */
TEST(xchacha20_poly1305_agrees_with_wycheproof)
{
    static struct vector v;
    FILE *f = open_vectors("xchacha20_poly1305_wycheproof.txt");
    size_t count = 0;
    for (; next_vector(f, &v, 7); count++)
        check_aead(&v, CRYPTO_NONCE_BYTES, hop_seal, hop_open);
    (void)fclose(f);
    CHECK_EQ(count, 22);
}

/* The same for voice and key slots. */
TEST(chacha20_poly1305_agrees_with_rfc_8439)
{
    static struct vector v;
    FILE *f = open_vectors("chacha20_poly1305.txt");
    size_t count = 0;
    for (; next_vector(f, &v, 7); count++)
        check_aead(&v, CRYPTO_SHORT_NONCE_BYTES, hop_seal_short, hop_open_short);
    (void)fclose(f);
    CHECK_EQ(count, 66);
}

/* hop_sign signs a labelled hash, so these go to the primitive under it; our key pair from a seed
 * must still be RFC 8032's. */
TEST(ed25519_agrees_with_rfc_8032)
{
    static struct vector v;
    FILE *f = open_vectors("ed25519_djb.txt");
    size_t count = 0;
    for (; next_vector(f, &v, 5); count++) {
        struct span seed = bytes_of(v.field[1]), public_key = bytes_of(v.field[2]);
        struct span message = bytes_of(v.field[3]), want = bytes_of(v.field[4]);
        struct hop_sign_key key;
        uint8_t sig[CRYPTO_SIG_BYTES];
        hop_sign_keypair(&key, seed.data);
        CHECK_SPAN(SPAN(key.public_key, 32), public_key);
        CHECK(hop_sign_key_valid(public_key.data));
        CHECK_EQ(crypto_sign_ed25519_detached(sig, NULL, message.data, message.size, key.secret),
                 0);
        CHECK_SPAN(SPAN(sig, sizeof sig), want);
        CHECK_EQ(crypto_sign_ed25519_verify_detached(want.data, message.data, message.size,
                                                     public_key.data),
                 0);
        forget(seed);
        forget(public_key);
        forget(message);
        forget(want);
    }
    (void)fclose(f);
    CHECK_EQ(count, 67);
}

/* Implementations differ on these; if libsodium's answer changed, a record accepted here would be
 * refused by a device with another version, and the two would never show the same meeting. */
TEST(ed25519_accepts_what_the_protocol_says_and_no_more)
{
    static struct vector v;
    FILE *f = open_vectors("ed25519_speccheck.txt");
    char verdicts[64] = {0}, admitted[64] = {0};
    for (size_t i = 0; i + 1 < sizeof verdicts && next_vector(f, &v, 4); i++) {
        struct span public_key = bytes_of(v.field[1]), message = bytes_of(v.field[2]);
        struct span sig = bytes_of(v.field[3]);
        int rc = crypto_sign_ed25519_verify_detached(sig.data, message.data, message.size,
                                                     public_key.data);
        verdicts[i] = rc == 0 ? 'V' : 'X';
        admitted[i] = hop_sign_key_valid(public_key.data) ? 'V' : 'X';
        forget(public_key);
        forget(message);
        forget(sig);
    }
    (void)fclose(f);
    CHECK_TEXT(verdicts, "XXXXXXVXXXXXXXX");
    /* the one that verifies has a key of mixed order, and such a key is never admitted */
    CHECK_TEXT(admitted, "XXXXXXXXXVVXXXX");
}

/* The order of the group; s + L verifies where S < L is not checked, and a record would have two
 * spellings and two ids. */
TEST(ed25519_refuses_s_plus_the_order)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct hop_sign_key key;
    uint8_t seed[32] = {1}, sig[CRYPTO_SIG_BYTES];
    unsigned carry = 0;
    hop_sign_keypair(&key, seed);
    hop_sign(sig, &key, LABEL_REC_SIG, span_text("x"));
    CHECK_OK(hop_verify(sig, key.public_key, LABEL_REC_SIG, span_text("x")));
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK_EQ(carry, 0);
    CHECK_ERR(hop_verify(sig, key.public_key, LABEL_REC_SIG, span_text("x")), HOP_EAUTH);
}

/* The hash of every record id. */
TEST(blake2b_agrees_with_its_authors)
{
    static struct vector v;
    FILE *f = open_vectors("blake2b_keyed.txt");
    uint8_t key[64], input[256];
    size_t count = 0;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    memcpy(key, input, sizeof key);
    for (; next_vector(f, &v, 2); count++) {
        struct span want = bytes_of(v.field[1]);
        uint8_t digest[64];
        size_t size = strtoul(v.field[0], NULL, 10);
        CHECK(size < sizeof input);
        CHECK_EQ(crypto_generichash_blake2b(digest, 64, input, size, key, sizeof key), 0);
        CHECK_SPAN(SPAN(digest, 64), want);
        forget(want);
    }
    (void)fclose(f);
    CHECK_EQ(count, 31);
}

/* Our two uses of BLAKE2b, against another implementation of docs/protocol.md §2. */
TEST(hop_hash_and_derive_agree_with_their_definition)
{
    static struct vector v;
    FILE *f = open_vectors("hop_hash.txt");
    size_t count = 0;
    for (;; count++) {
        long at = ftell(f);
        uint8_t digest[64];
        enum crypto_label label = LABEL_CELL_ID;
        int first = fgetc(f);
        CHECK_EQ(fseek(f, at, SEEK_SET), 0);
        if (first == EOF)
            break;
        if (first == '#') {
            CHECK(fgets(v.line, sizeof v.line, f) != NULL);
            count--;
            continue;
        }
        CHECK(next_vector(f, &v, first == 'h' ? 4 : 5));
        while (label < CRYPTO_LABELS_COUNT && strcmp(crypto_label_text(label), v.field[1]) != 0)
            label++;
        CHECK(label < CRYPTO_LABELS_COUNT);
        struct span last = bytes_of(v.field[v.fields - 2]), want = bytes_of(v.field[v.fields - 1]);
        if (first == 'h') {
            hop_hash(digest, sizeof digest, label, last);
        } else {
            struct span key = bytes_of(v.field[2]);
            hop_derive(digest, sizeof digest, key.data, label, last);
            forget(key);
        }
        CHECK_SPAN(SPAN(digest, 64), want);
        forget(last);
        forget(want);
    }
    (void)fclose(f);
    CHECK_EQ(count, 50);
}

/* A passphrase must open the same file on every machine. */
TEST(argon2id_agrees_with_its_reference)
{
    uint8_t key[32], want[32];
    CHECK_OK(hop_init());
    CHECK_OK(hop_password(key, span_text("mưa to gió lớn đêm nay"),
                          (const uint8_t *)"0123456789abcdef", 3, 64 << 20));
    (void)test_unhex(want, 32, "01494680542013b68435b13b3f0fff711d4da3637611c74909e29b732d3ebac8");
    CHECK_BYTES(key, want, 32);
    /* the reference's own test: a salt of 8 bytes, which only the string form takes */
    static const char encoded[crypto_pwhash_argon2id_STRBYTES] =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    CHECK_EQ(crypto_pwhash_argon2id_str_verify(encoded, "password", 8), 0);
}
