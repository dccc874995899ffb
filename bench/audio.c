/* What voice costs: encoding, sealing, opening, decoding and mixing, each beside its floor (bare
 * Opus, bare ChaCha20-Poly1305) in the same run, and the share of one core for whole rooms. */
#include "bench/report.h"

#include <opus/opus.h>

#include "audio/pipeline.h"
#include "tests/unit/audio/sounds.h"

#define FRAMES 500 /* ten seconds */
#define ROOM   64

static int16_t speech[FRAMES][VOICE_FRAME_SAMPLES];
static uint8_t frames[FRAMES][PACKET_FRAME_BYTES_MAX];
static size_t sizes[FRAMES];

static struct pipeline_stream stream_of(unsigned i)
{
    return (struct pipeline_stream){
        .identity = {1, (uint8_t)i}, .stream_id = {(uint8_t)i}, .sender = (uint16_t)i};
}

static double bare_encode(void)
{
    int err = 0;
    OpusEncoder *e = opus_encoder_create(VOICE_RATE, 1, OPUS_APPLICATION_VOIP, &err);
    bench_must(e != NULL && opus_encoder_ctl(e, OPUS_SET_BITRATE(CODEC_BITRATE)) == OPUS_OK &&
                   opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(8)) == OPUS_OK &&
                   opus_encoder_ctl(e, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)) == OPUS_OK,
               "Opus");
    double from = bench_cpu_us();
    for (size_t i = 0; i < FRAMES; i++) {
        opus_int32 n =
            opus_encode(e, speech[i], VOICE_FRAME_SAMPLES, frames[i], PACKET_FRAME_BYTES_MAX);
        bench_must(n > 0, "opus_encode");
        sizes[i] = (size_t)n;
    }
    double us = (bench_cpu_us() - from) / FRAMES;
    opus_encoder_destroy(e);
    return us;
}

static double bare_decode(void)
{
    int err = 0;
    float pcm[VOICE_FRAME_SAMPLES];
    OpusDecoder *d = opus_decoder_create(VOICE_RATE, 1, &err);
    bench_must(d != NULL, "Opus");
    double from = bench_cpu_us();
    for (size_t i = 0; i < FRAMES; i++)
        bench_must(opus_decode_float(d, frames[i], (opus_int32)sizes[i], pcm, VOICE_FRAME_SAMPLES,
                                     0) == VOICE_FRAME_SAMPLES,
                   "opus_decode");
    double us = (bench_cpu_us() - from) / FRAMES;
    opus_decoder_destroy(d);
    return us;
}

/* Sending: level, encode, seal, against bare Opus. Returns bytes a second on the wire. */
static void measure_sending(double floor_us)
{
    struct pipeline *p = NULL;
    struct pipeline_self self;
    const struct pipeline_stream who = stream_of(0);
    uint8_t packet[PACKET_BYTES_MAX];
    bench_must(pipeline_new(&p, &who) == HOP_OK, "pipeline");
    double from = bench_cpu_us();
    for (size_t i = 0; i < 2 * FRAMES; i++)
        (void)pipeline_capture(p, speech[i / 2] + i % 2 * VOICE_TICK_SAMPLES, packet);
    bench_report("send one frame", (bench_cpu_us() - from) / FRAMES, "us", floor_us,
                 "bare Opus encode", "%s", "level, encode, seal");
    pipeline_self(p, &self);
    bench_report("wire rate with UDP and IPv4",
                 (double)(self.sent_bytes + self.sent * 28) * 8 / 1e4, "kbit/s",
                 CODEC_BITRATE / 1e3, "Opus alone", "%s", "50 packets a second");
    pipeline_free(p);
}

static void measure_sealing(void)
{
    static uint8_t text[80 + CRYPTO_TAG_BYTES], out[80 + CRYPTO_TAG_BYTES];
    struct packet_key key;
    struct packet_body body;
    uint8_t packet[PACKET_BYTES_MAX], opened[PACKET_BYTES_MAX], nonce[12] = {0}, zeros[32] = {0};
    enum { TIMES = 20000 };
    size_t size = 0;
    packet_stream_key(&key, zeros, zeros, zeros);
    struct packet_head head = {.type = PACKET_VOICE, .tag = key.tag};
    body = (struct packet_body){.frame = SPAN(frames[0], 80)};
    double from = bench_cpu_us();
    for (unsigned i = 0; i < TIMES; i++)
        hop_seal_short(out, key.key, nonce, SPAN(zeros, 10), SPAN(text, 82));
    double floor_seal = (bench_cpu_us() - from) / TIMES;
    from = bench_cpu_us();
    for (head.counter = 0; head.counter < TIMES; head.counter++)
        size = packet_seal(packet, &key, &head, &body);
    bench_report("seal a packet of 80 bytes", (bench_cpu_us() - from) / TIMES, "us", floor_seal,
                 "ChaCha20-Poly1305", "%s", "");
    from = bench_cpu_us();
    for (unsigned i = 0; i < TIMES; i++)
        bench_must(packet_open(&body, opened, &key, SPAN(packet, size)) == HOP_OK, "open");
    bench_report("open a packet of 80 bytes", (bench_cpu_us() - from) / TIMES, "us", floor_seal,
                 "ChaCha20-Poly1305", "%s", "");
}

/* A room of so many who all talk at once, for ten seconds; share of one core. */
static void measure_room(unsigned streams, const char *name, double floor_us)
{
    struct pipeline *p = NULL;
    const struct pipeline_stream self = stream_of(200);
    struct packet_key keys[ROOM];
    double spent = 0;
    bench_must(pipeline_new(&p, &self) == HOP_OK, "pipeline");
    for (unsigned k = 0; k < streams; k++) {
        const struct pipeline_stream s = stream_of(k);
        packet_stream_key(&keys[k], s.media_key, s.identity, s.stream_id);
        bench_must(pipeline_add(p, &s) == HOP_OK, "add");
    }
    for (uint32_t t = 0; t < 2 * FRAMES; t++) {
        static uint8_t packets[ROOM][PACKET_BYTES_MAX];
        static size_t packet_sizes[ROOM];
        int16_t tick[VOICE_TICK_SAMPLES];
        hop_time now = HOP_SECOND + t * VOICE_TICK_US;
        for (unsigned k = 0; k < streams && t % 2 == 0; k++) {
            struct packet_head head = {
                .type = PACKET_VOICE, .tag = keys[k].tag, .sender = (uint16_t)k, .counter = t};
            struct packet_body body = {.level = 30, .frame = SPAN(frames[t / 2], sizes[t / 2])};
            packet_sizes[k] = packet_seal(packets[k], &keys[k], &head, &body);
        }
        double from = bench_cpu_us();
        for (unsigned k = 0; k < streams && t % 2 == 0; k++)
            bench_must(pipeline_receive(p, now, SPAN(packets[k], packet_sizes[k])) == HOP_OK,
                       "receive");
        pipeline_play(p, now, tick);
        spent += bench_cpu_us() - from;
    }
    unsigned decoded = streams < VOICE_MIXED_MAX ? streams : VOICE_MIXED_MAX;
    bench_report(name, spent / (FRAMES * 20e3) * 100, "% core", decoded * floor_us / 20e3 * 100,
                 "bare Opus decode of those mixed", "%s", "");
    pipeline_free(p);
}

int main(int argc, char **argv)
{
    bench_start("audio", argc, argv);
    bench_must(hop_init() == HOP_OK, "crypto");
    for (uint64_t t = 0; t < 2 * FRAMES; t++)
        voice_tick(1, t, 0.5, speech[t / 2] + t % 2 * VOICE_TICK_SAMPLES);
    double encode = bare_encode(), decode = bare_decode();
    bench_report("bare Opus encode, 20 ms", encode, "us", 0, NULL, "%s", "");
    bench_report("bare Opus decode, 20 ms", decode, "us", 0, NULL, "%s", "");
    measure_sending(encode);
    measure_sealing();
    measure_room(1, "hear one speaker", decode);
    measure_room(8, "hear 8 speakers, all mixed", decode);
    measure_room(ROOM, "hear 64 speakers, 8 of them mixed", decode);
    return bench_end();
}
