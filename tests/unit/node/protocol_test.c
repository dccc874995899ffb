/* hop reads and writes what a second implementation of docs/protocol.md made
 * (tests/vectors/protocol). Here and not in a folder below, because it goes through all of them. */
#include "tests/vectors/vectors.h"

#include "audio/announce.h"
#include "audio/packet.h"
#include "crypto/keyfile.h"
#include "device/device.h"
#include "mesh/segment.h"

static struct vectors v;
static uint8_t room[1u << 16];

static void open_file(void)
{
    CHECK_OK(hop_init());
    v = vectors_open("tests/vectors/protocol/hop.txt");
}

/* Exactly size bytes of a name. */
static void get(const char *name, uint8_t *ret, size_t size)
{
    CHECK_EQ(vectors_bytes(&v, name, ret, size).size, size);
}

static struct hop_sign_key sign_key(const char *name)
{
    struct hop_sign_key key;
    uint8_t seed[32];
    get(name, seed, sizeof seed);
    hop_sign_keypair(&key, seed);
    return key;
}

static struct hop_box_key box_key(const char *name)
{
    struct hop_box_key key;
    uint8_t seed[32];
    get(name, seed, sizeof seed);
    hop_box_keypair(&key, seed);
    return key;
}

static struct epoch the_epoch(void)
{
    struct epoch e;
    uint8_t secret[32], history[32];
    get("epoch_secret", secret, sizeof secret);
    get("epoch_history", history, sizeof history);
    epoch_derive(&e, secret, history);
    return e;
}

/* A cell founded by another program would not be one for us. */
TEST(protocol_genesis_and_certificates_agree)
{
    struct auth_genesis g;
    struct auth_log_open o;
    struct auth_admit a;
    uint8_t id[32], member[16], again[1024];
    open_file();
    struct hop_sign_key ik = sign_key("ik_seed"), log = sign_key("log0_seed");
    struct span body = vectors_bytes(&v, "genesis", room, sizeof room);
    CHECK_OK(auth_genesis_parse(&g, body));
    CHECK_TEXT(g.name, "Chi bộ Bản Mù");
    auth_genesis_cell_id(id, body);
    vectors_check(&v, "cell_id", SPAN(id, 32));
    struct wire_writer w = wire_writer(again, sizeof again);
    auth_genesis_put(&w, &g);
    vectors_check(&v, "genesis", wire_written(&w));

    CHECK_OK(auth_admit_parse(&a, vectors_bytes(&v, "admit", room, sizeof room)));
    CHECK_OK(auth_cert_check(&a.cert, id, a.invite));
    cell_member_id(member, id, a.invite, ik.public_key);
    CHECK_BYTES(member, a.member, 16);
    CHECK_OK(auth_log_open_parse(&o, vectors_bytes(&v, "log_open", room, sizeof room)));
    CHECK_OK(auth_log_open_check(&o, log.public_key));
    vectors_close(&v);
}

/* Wrong slots lock every newcomer out. */
TEST(protocol_epoch_and_slots_agree)
{
    struct epoch got;
    uint8_t cell_id_bytes[32];
    open_file();
    struct epoch e = the_epoch();
    struct hop_box_key kem = box_key("kem_secret");
    struct hop_sign_key log = sign_key("log0_seed");
    vectors_check(&v, "epoch_auth", SPAN(e.auth, 32));
    vectors_check(&v, "epoch_body", SPAN(e.body, 32));
    vectors_check(&v, "epoch_route", SPAN(e.route, 32));
    vectors_check(&v, "epoch_meet", SPAN(e.meet, 32));
    vectors_check(&v, "epoch_commit", SPAN(e.commit, 32));
    vectors_check(&v, "epoch_tag", SPAN(e.tag, 16));
    get("cell_id", cell_id_bytes, 32);
    struct epoch_context context = {.cell_id = cell_id_bytes, .log = log.public_key};
    struct epoch_text t;
    struct epoch_grant g;
    uint8_t mark[EPOCH_MARK_BYTES];
    CHECK_OK(epoch_text_parse(&t, vectors_bytes(&v, "grant", room, sizeof room)));
    CHECK_OK(epoch_slot_open(&got, &t, &context, &kem, false));
    CHECK_BYTES((uint8_t *)&got, (uint8_t *)&e, sizeof e);
    CHECK_OK(epoch_grant_open(&g, &t, &context, &e));
    epoch_mark(mark, &e, sign_key("ik_seed").public_key, EPOCH_HISTORY);
    CHECK_BYTES(g.mark, mark, sizeof mark);
    CHECK_BYTES(g.kem, kem.public_key, 32);
    vectors_close(&v);
}

/* Who reads another recipient or another parent out of an epoch than others do writes under
 * another, or cannot look back. */
TEST(protocol_sealed_parts_of_an_epoch_agree)
{
    struct epoch got, parent;
    struct epoch_text t;
    struct epoch_meta m;
    uint8_t cell_id_bytes[32], secret[32], history[32], plain[EPOCH_META_BYTES_MAX];
    uint8_t back[EPOCH_BACK_BYTES], mark[EPOCH_MARK_BYTES];
    open_file();
    struct epoch e = the_epoch();
    struct hop_box_key kem = box_key("kem_secret");
    struct hop_sign_key log = sign_key("log0_seed");
    get("cell_id", cell_id_bytes, 32);
    get("parent_secret", secret, 32);
    get("parent_history", history, 32);
    epoch_derive(&parent, secret, history);
    struct epoch_context context = {.cell_id = cell_id_bytes, .log = log.public_key};
    CHECK_OK(epoch_text_parse(&t, vectors_bytes(&v, "epoch_text", room, sizeof room)));
    CHECK_OK(epoch_slot_open(&got, &t, &context, &kem, false));
    CHECK_OK(epoch_meta_open(&m, plain, &t, &context, &got));
    CHECK_EQ(m.generation, 2);
    CHECK_EQ(m.reason, EPOCH_REMOVED);
    CHECK_EQ(m.wall, UINT64_C(1796412600000000));
    epoch_mark(mark, &e, sign_key("ik_seed").public_key, EPOCH_HISTORY);
    CHECK_EQ(m.marks.size, EPOCH_MARK_BYTES);
    CHECK_BYTES(m.marks.data, mark, sizeof mark);
    CHECK_EQ(m.parents.size, EPOCH_PARENT_BYTES);
    CHECK_BYTES(m.parents.data, parent.commit, 32);
    CHECK_BYTES(m.parents.data + 32, parent.auth, 32);
    CHECK_BYTES(m.parents.data + 64, parent.route, 32);
    CHECK_OK(epoch_back_open(back, 1, &t, &context, &got));
    CHECK_BYTES(back, secret, 32);
    CHECK_BYTES(back + 32, history, 32);
    vectors_close(&v);
}

static void check_record(const char *name, unsigned type, size_t deps, const char *body)
{
    static uint8_t plain[1u << 14];
    char label[32];
    struct record r;
    struct record_inner inner;
    uint8_t id[32], key[32];
    struct epoch e = the_epoch();
    CHECK_OK(record_parse(&r, vectors_bytes(&v, name, room, sizeof room)));
    record_id(id, r.header, r.text);
    (void)snprintf(label, sizeof label, "%s_id", name);
    vectors_check(&v, label, SPAN(id, 32));
    CHECK(r.sig != NULL);
    CHECK_OK(record_verify(id, r.sig, r.log));
    CHECK_BYTES(r.cell_tag, e.tag, 16);
    record_key(key, record_class_key(&e, r.lane), r.header);
    (void)snprintf(label, sizeof label, "%s_key", name);
    vectors_check(&v, label, SPAN(key, 32));
    CHECK_OK(record_open(&inner, plain, &r, key));
    CHECK_EQ(inner.type, type);
    CHECK_EQ(inner.deps_count, deps);
    vectors_check(&v, body, inner.body);
}

/* Records are for ever: another program must be able to read those of today. */
TEST(protocol_records_agree)
{
    open_file();
    check_record("record1", AUTH_LOG_OPEN, 0, "log_open");
    check_record("record2", AUTH_GENESIS, 0, "genesis");
    check_record("record4", ACT_MEETING, 1, "act_meeting");
    check_record("record5", ACT_OPINION, 0, "act_opinion");
    vectors_close(&v);
}

/* The padding is the writer's: hop and another program may not choose another size. */
TEST(protocol_seals_to_the_same_size)
{
    static uint8_t mine[1u << 14];
    const char *const names[] = {"record1", "record2", "record5"};
    const char *const bodies[] = {"log_open", "genesis", "act_opinion"};
    open_file();
    struct epoch e = the_epoch();
    struct hop_sign_key log = sign_key("log0_seed");
    struct hop_drbg drbg;
    hop_drbg_seed(&drbg, e.secret);
    for (size_t i = 0; i < 3; i++) {
        uint8_t id[32], prev[32] = {0};
        size_t size = sizeof mine;
        struct record_inner inner = {.body = vectors_bytes(&v, bodies[i], room, sizeof room)};
        struct record_place place = {.seq = 1, .prev = prev, .log_key = &log, .epoch = &e};
        CHECK_OK(record_seal(mine, &size, id, &place, &inner, &drbg));
        CHECK_EQ(size, vectors_bytes(&v, names[i], room, sizeof room).size);
    }
    vectors_close(&v);
}

static void check_act(const char *name, enum act_type type)
{
    static uint8_t again[1u << 14];
    struct act a;
    struct wire_writer w = wire_writer(again, sizeof again);
    CHECK_OK(act_parse(&a, type, vectors_bytes(&v, name, room, sizeof room)));
    CHECK_OK(act_put(&w, &a));
    vectors_check(&v, name, wire_written(&w));
}

/* One spelling a value: a body that another program writes is the one we would have written. */
TEST(protocol_acts_agree)
{
    open_file();
    check_act("act_meeting", ACT_MEETING);
    check_act("act_vote", ACT_VOTE);
    check_act("act_opinion", ACT_OPINION);
    vectors_close(&v);
}

/* Devices of two programs would not find each other. */
TEST(protocol_beacons_agree)
{
    struct beacon_opened o;
    uint8_t key[32], nonce[24], again[BEACON_BYTES], tag[16];
    open_file();
    struct hop_sign_key ik = sign_key("ik_seed");
    struct epoch e = the_epoch();
    hop_derive(key, 32, e.route, LABEL_DISC, (struct span){0});
    vectors_check(&v, "disc_key", SPAN(key, 32));
    hop_derive(tag, 16, e.route, LABEL_DEVICE_TAG, SPAN(ik.public_key, 32));
    CHECK_OK(beacon_open(&o, vectors_bytes(&v, "beacon", room, sizeof room), key));
    CHECK_OK(beacon_verify(&o, ik.public_key));
    CHECK_BYTES(o.beacon.device_tag, tag, 16);
    CHECK_EQ(o.beacon.link_port, 49152);
    get("beacon_nonce", nonce, sizeof nonce);
    beacon_seal(again, &o.beacon, key, nonce, &ik);
    vectors_check(&v, "beacon", SPAN(again, sizeof again));
    vectors_close(&v);
}

/* Links of two programs would be dropped at the first frame. */
TEST(protocol_frames_agree)
{
    static struct frame_frontier f;
    struct frame_tell tell;
    struct frame_marks ack;
    uint8_t binding[32], cell_id_bytes[32], both[64], again[HELLO_BYTES];
    open_file();
    struct hop_sign_key ik = sign_key("ik_seed");
    memcpy(both, box_key("server_secret").public_key, 32);
    memcpy(both + 32, box_key("lk_secret").public_key, 32);
    hop_hash(binding, 32, LABEL_LINK_BINDING, SPAN(both, sizeof both));
    vectors_check(&v, "binding", SPAN(binding, 32));
    get("cell_id", cell_id_bytes, 32);
    struct hello_scope scope = {.binding = binding, .cell_id = cell_id_bytes};
    struct wire_writer w = wire_writer(again, sizeof again);
    frame_hello_put(&w, &scope, &ik);
    vectors_check(&v, "hello", wire_written(&w));

    CHECK_OK(frame_tell_parse(&tell, vectors_bytes(&v, "tell", room, sizeof room)));
    CHECK_OK(frame_tell_verify(&tell, binding, ik.public_key));
    CHECK_OK(frame_frontier_parse(&f, vectors_bytes(&v, "frontier", room, sizeof room)));
    CHECK_EQ(f.entries[0].seq, 3);
    CHECK_OK(frame_ack_parse(&ack, vectors_bytes(&v, "ack", room, sizeof room)));
    CHECK_EQ(ack.items[0].seq, 3);
    vectors_close(&v);
}

/* Two programs would take each other for strangers, and pay for it with every contact. */
TEST(protocol_greetings_agree)
{
    uint8_t binding[32], key[32], pair[32], hint[GREET_HINT_BYTES], bytes[256];
    struct greet_scope scope = {pair, binding, {{0}, 0}};
    struct frame_known known;
    struct frame_vouch vouch;
    open_file();
    struct hop_sign_key ik = sign_key("ik_seed"), other = sign_key("other_ik_seed");
    get("binding", binding, sizeof binding);
    get("sync_key", key, sizeof key);
    get("pair", pair, sizeof pair);
    CHECK_OK(frame_greet_parse(&scope.greet, vectors_bytes(&v, "greet", room, sizeof room)));
    CHECK_EQ(scope.greet.news, 7);
    greet_hint(hint, key, binding, false, ik.public_key);
    CHECK_BYTES(scope.greet.hint, hint, sizeof hint);
    CHECK_OK(frame_known_parse(&known, vectors_bytes(&v, "known", room, sizeof room)));
    greet_hint(hint, key, binding, true, other.public_key);
    CHECK_EQ(known.hint, hint[0]);
    CHECK_OK(greet_known_open(&known, &scope));
    vectors_check(&v, "known_body", SPAN(known.body, known.size));
    greet_known_seal(&known, &scope);
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_known_put(&w, &known);
    vectors_check(&v, "known", wire_written(&w));
    greet_vouch(&vouch, &scope, known.mac);
    w = wire_writer(bytes, sizeof bytes);
    frame_vouch_put(&w, &vouch);
    vectors_check(&v, "vouch", wire_written(&w));
    vectors_close(&v);
}

/* A run must come back as the very records that were signed. */
TEST(protocol_segments_agree)
{
    static uint8_t frame[1u << 14], stored[1u << 14];
    const char *const names[] = {"record1", "record2", "record3"};
    struct segment s;
    struct segment_tip tip = {0};
    open_file();
    struct span bytes = vectors_bytes(&v, "segment", frame, sizeof frame);
    CHECK_OK(segment_parse(&s, bytes));
    CHECK_EQ(s.count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct span whole = vectors_bytes(&v, names[i], room, sizeof room);
        size_t size = segment_stored_size(&s, i);
        CHECK_EQ(size, i == 2 ? whole.size : whole.size - 64); /* one signature, at the end */
        segment_store_form(stored, &s, i, &tip);
        CHECK_BYTES(stored, whole.data, size);
    }
    vectors_check(&v, "record3_id", SPAN(tip.head, 32));
    CHECK_OK(record_verify(tip.head, s.sig, s.log));
    struct wire_writer w = wire_writer(stored, sizeof stored);
    segment_put(&w, &s);
    vectors_check(&v, "segment", wire_written(&w));
    vectors_close(&v);
}

/* Unequal roots for equal records: two devices would say for ever that they are not in sync. */
TEST(protocol_roots_agree)
{
    struct store *store = store_memory_new(0);
    struct store_tip tip = {0};
    uint8_t root[8], salt[8];
    open_file();
    struct hop_sign_key log = sign_key("log0_seed"), ik = sign_key("ik_seed");
    const char *const names[] = {"record1", "record2", "record3"};
    for (size_t i = 0; i < 3; i++) {
        struct record r;
        struct span bytes = vectors_bytes(&v, names[i], room, sizeof room);
        CHECK_OK(record_parse(&r, bytes));
        tip.seq++;
        record_id(tip.head, r.header, r.text);
        CHECK_OK(store_append(store, log.public_key, &tip, bytes));
    }
    CHECK_OK(store_commit(store));
    struct mesh_config config = {.identity = &ik, .store = store};
    struct mesh *m = mesh_new(&config);
    CHECK(m != NULL);
    get("root_salt", salt, sizeof salt);
    mesh_root(m, salt, root);
    vectors_check(&v, "root", SPAN(root, 8));
    mesh_free(m);
    store_close(store);
    vectors_close(&v);
}

/* An invitation printed by one program must be read by the other, and its request be the same. */
TEST(protocol_joining_agrees)
{
    uint8_t request[JOIN_FRAME_BYTES_MAX];
    char words[INVITE_TEXT_BYTES];
    size_t size;
    struct device_join j;
    struct text_said why;
    struct auth_invite i;
    struct device *d;
    open_file();
    struct device_keys keys = {.ik = sign_key("ik_seed"), .lk = box_key("lk_secret")};
    keys.kem = box_key("kem_secret");
    struct device_config config = {.keys = &keys, .store = store_memory_new(0)};
    CHECK_OK(device_new(&d, &config));
    CHECK_OK(device_join_read(&j, vectors_text(&v, "invitation", words, sizeof words), &why));
    CHECK_TEXT(j.address, "192.168.1.5");
    CHECK_OK(auth_invite_parse(&i, vectors_bytes(&v, "invite", room, sizeof room)));
    CHECK_BYTES(i.sign_key, j.sign_key.public_key, 32);
    CHECK_BYTES(i.link_key, j.link_key.public_key, 32);
    CHECK_BYTES(i.disc_key, j.disc_key, 32);
    CHECK_OK(device_join_request(d, &j, request, &size));
    vectors_check(&v, "join_request", SPAN(request, size));
    CHECK_OK(device_join_finish(d, &j, vectors_bytes(&v, "join_answer", room, sizeof room), &why));
    CHECK_TEXT(j.cell_name, "Chi bộ Bản Mù");
    vectors_check(&v, "epoch_secret", SPAN(keys.epochs[0].secret, 32));
    vectors_check(&v, "sync_key", SPAN(keys.sync_key, 32));
    device_free(d);
    store_close(config.store);
    vectors_close(&v);
}

/* They would hear each other as silence. */
TEST(protocol_voice_agrees)
{
    static uint8_t text[PACKET_BYTES_MAX], again[PACKET_BYTES_MAX];
    struct packet_key key;
    struct packet_head head;
    struct packet_body body;
    struct announce a;
    uint8_t media[32];
    open_file();
    struct hop_sign_key ik = sign_key("ik_seed");
    struct epoch e = the_epoch();
    struct span said = vectors_bytes(&v, "announcement", room, sizeof room);
    CHECK_OK(announce_parse(&a, said));
    packet_media_key(media, e.meet, a.meeting);
    vectors_check(&v, "media_key", SPAN(media, 32));
    packet_stream_key(&key, media, ik.public_key, a.stream_id);
    struct span packet = vectors_bytes(&v, "voice", room, sizeof room);
    CHECK_OK(packet_head_parse(&head, packet));
    CHECK_EQ(head.counter, 0x01020304);
    CHECK_EQ(head.ttl, 5);
    CHECK_OK(packet_open(&body, text, &key, packet));
    CHECK_SPAN(body.frame, span_text("opus frame"));
    CHECK_SPAN(body.copies[0].frame, span_text("old"));
    size_t size = packet_seal(again, &key, &head, &body);
    vectors_check(&v, "voice", SPAN(again, size));
    vectors_close(&v);
}

/* A key file that only this program can open is lost with it. */
TEST(protocol_key_files_agree)
{
    static uint8_t file[KEYFILE_BYTES_MAX], payload[KEYFILE_PAYLOAD_BYTES_MAX];
    static uint8_t again[DEVICE_KEYS_BYTES_MAX];
    size_t again_size;
    uint8_t words[64], seed[32];
    enum keyfile_trouble trouble;
    struct device_keys keys;
    size_t size;
    open_file();
    struct span bytes = vectors_bytes(&v, "keyfile", file, sizeof file);
    struct span passphrase = vectors_bytes(&v, "passphrase", words, sizeof words);
    CHECK_OK(keyfile_open(payload, &size, bytes, passphrase, &trouble));
    CHECK_OK(device_keys_parse(&keys, SPAN(payload, size)));
    get("log2_seed", seed, sizeof seed);
    CHECK_BYTES(keys.log[2].secret, seed, 32);
    vectors_check(&v, "epoch_secret", SPAN(keys.epochs[0].secret, 32));
    vectors_check(&v, "epoch_history", SPAN(keys.epochs[0].other, 32));
    device_keys_put(again, &again_size, &keys);
    CHECK_EQ(again_size, size);
    CHECK_BYTES(again, payload, size);
    vectors_close(&v);
}
