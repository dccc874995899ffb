/* Invitations, joining and dossiers are what the vectors say. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/vectors/vectors.h"

#include <ftw.h>
#include <unistd.h>

#include "device/dossier.h"
#include "tests/vectors/make.h"

static void check_invitation(const char *path)
{
    struct vectors v = vectors_open(path);
    char words[INVITE_TEXT_BYTES];
    uint8_t bytes[32], request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size;
    struct device_join j;
    struct text_said why;
    struct device_keys keys = {0};
    struct device *d;
    struct device_config config = {.keys = &keys, .store = store_memory_new(0)};
    CHECK_OK(hop_init());
    CHECK(config.store != NULL);
    CHECK_OK(device_join_read(&j, vectors_text(&v, "text", words, sizeof words), &why));
    CHECK_TEXT(j.address, vectors_text(&v, "address", words, sizeof words));
    vectors_check(&v, "seed", SPAN(j.seed, 16));
    vectors_check(&v, "cell_id", SPAN(j.cell_id, 32));
    vectors_check(&v, "sign_key", SPAN(j.sign_key.public_key, 32));
    vectors_check(&v, "link_key", SPAN(j.link_key.public_key, 32));
    vectors_check(&v, "disc_key", SPAN(j.disc_key, 32));

    (void)vectors_bytes(&v, "joiner_ik_seed", bytes, 32);
    hop_sign_keypair(&keys.ik, bytes);
    (void)vectors_bytes(&v, "joiner_lk", keys.lk.public_key, 32);
    (void)vectors_bytes(&v, "joiner_kem_secret", bytes, 32);
    hop_box_keypair(&keys.kem, bytes);
    vectors_check(&v, "joiner_kem", SPAN(keys.kem.public_key, 32));
    CHECK_OK(device_new(&d, &config));
    CHECK_OK(device_join_request(d, &j, request, &request_size));
    vectors_check(&v, "request", SPAN(request, request_size));
    struct span said = vectors_bytes(&v, "answer", answer, sizeof answer);
    CHECK_OK(device_join_finish(d, &j, said, &why));
    vectors_check(&v, "epoch_secret", SPAN(keys.epochs[0].secret, 32));
    device_free(d);
    store_close(config.store);
    vectors_close(&v);
}

/* A printed invitation of last month must still be read. */
TEST(vectors_of_invitations_hold)
{
    check_invitation("tests/vectors/invite/join.txt");
}

static void check_dossier(const char *path)
{
    static struct dossier_report r;
    struct vectors v = vectors_open(path);
    CHECK_OK(hop_init());
    CHECK_OK(dossier_verify(span_text(v.text), TEXT_VI, &r));
    CHECK_EQ(r.verdict, DOSSIER_VERDICT_UNCONFIRMED);
    CHECK_TEXT(r.title, "Họp tháng 12");
    dossier_report_free(&r);
    char *letter = strstr(v.text, "tháng");
    CHECK(letter != NULL);
    *letter = 'T';
    CHECK_OK(dossier_verify(span_text(v.text), TEXT_VI, &r));
    CHECK_EQ(r.verdict, DOSSIER_VERDICT_FAIL);
    dossier_report_free(&r);
    vectors_close(&v);
}

/* A dossier from the archive must verify with today's hop. Minutes are made again and compared: if
 * this fails because their wording was changed, so does every dossier in an archive. */
TEST(vectors_of_dossiers_hold)
{
    check_dossier("tests/vectors/dossier/meeting.html");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* Vectors that could not be made again would rot with the first change of a format. */
TEST(vectors_can_be_made_again)
{
    char own[] = "/tmp/hop-vectors-XXXXXX", path[512];
    const char *where = getenv("HOP_VECTORS");
    if (where == NULL)
        where = mkdtemp(own);
    CHECK(where != NULL);
    vectors_make(where);
    (void)snprintf(path, sizeof path, "%s/tests/vectors/invite/join.txt", where);
    check_invitation(path);
    (void)snprintf(path, sizeof path, "%s/tests/vectors/dossier/meeting.html", where);
    check_dossier(path);
    if (where == own)
        CHECK_EQ(nftw(own, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
