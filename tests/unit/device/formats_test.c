/* Invitations, joining and dossiers are what the vectors say. */
#include "tests/vectors/vectors.h"

#include "device/dossier.h"

/* A printed invitation of last month must still be read. */
TEST(vectors_of_invitations_hold)
{
    struct vectors v = vectors_open("tests/vectors/invite/join.txt");
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
    vectors_check(&v, "epoch_secret", SPAN(keys.first_epoch, 32));
    device_free(d);
    store_close(config.store);
    vectors_close(&v);
}

/* A dossier from the archive must verify with today's hop. Minutes are made again and compared: if
 * this fails because their wording was changed, so does every dossier in an archive. */
TEST(vectors_of_dossiers_hold)
{
    static struct dossier_report r;
    struct vectors v = vectors_open("tests/vectors/dossier/meeting.html");
    CHECK_OK(hop_init());
    CHECK_OK(dossier_verify(span_text(v.text), TEXT_VI, &r));
    CHECK_EQ(r.verdict, DOSSIER_VERDICT_PASS);
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
