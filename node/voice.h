/* The voice thread: a UDP socket, the pipeline (audio/pipeline.h) and the sound devices of one
 * meeting, away from disks and records.
 *
 * Main thread and voice thread share single-producer rings and two eventfds, nothing else: commands
 * go in, status and ticks to record come out. Sound callbacks, a third kind of thread, share a ring
 * with this one (audio/portaudio.c). All functions here are for the main thread. */
#ifndef HOP_NODE_VOICE_H
#define HOP_NODE_VOICE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "audio/device.h"
#include "audio/pipeline.h"

#define VOICE_COMMANDS_MAX 256 /* a hall that arrives at once, twice over */
#define VOICE_RECORD_TICKS                                                                         \
    1024 /* ten seconds: longer than any disk keeps the main thread waiting */

struct voice_options {
    struct pipeline_stream self;
    const char *capture, *playback; /* device names: audio/device.h */
    bool record, record_self;       /* hand out the ticks of the mix, of the microphone */
    bool muted;
    uint16_t port; /* 0: any */
};

/* What could not be had. */
enum voice_part { VOICE_MEMORY, VOICE_SOCKET, VOICE_CAPTURE, VOICE_PLAYBACK, VOICE_THREAD };
struct voice_fault {
    enum voice_part part;
    enum riff_fault riff; /* when a WAV file will not do */
};

/* What the thread says of itself, five times a second. */
struct voice_status {
    struct pipeline_self self;
    struct device_stats capture, playback;
    struct pipeline_view streams[VOICE_STREAMS_MAX];
    size_t streams_count;
    uint64_t unsent; /* datagrams the system would not take */
};

/* A tick of sound to be recorded; index counts ticks from the start, so a gap shows. */
struct voice_tick {
    uint64_t index;
    int16_t samples[VOICE_TICK_SAMPLES];
};

struct voice;

/* Open everything, then begin. HOP_ENOMEM, HOP_EIO, or what opening a device returns; fault says
 * which part it was. */
MUST_USE int voice_start(struct voice **ret, const struct voice_options *o,
                         struct voice_fault *fault);
/* Ends the thread and closes everything; what is recorded can still be taken before voice_free().
 */
void voice_stop(struct voice *v);
void voice_free(struct voice *v); /* NULL is fine */

uint16_t voice_port(const struct voice *v);
int voice_fd(const struct voice *v); /* readable when there is status; voice_status() clears it */

/* Hear this stream and send ours there; again with another address: it has moved. HOP_EFULL when
 * the thread is behind with its commands. */
MUST_USE int voice_add(struct voice *v, const struct pipeline_stream *stream,
                       const struct sockaddr_storage *address);
MUST_USE int voice_remove(struct voice *v, const uint8_t identity[static 32],
                          const uint8_t stream_id[static 8]);
MUST_USE int voice_mute(struct voice *v, bool muted);

/* The newest status, if one has come since last asked. */
bool voice_status(struct voice *v, struct voice_status *ret);
/* The next tick of the mix heard, or of the own microphone, to be recorded. */
bool voice_recorded(struct voice *v, struct voice_tick *ret);
bool voice_recorded_self(struct voice *v, struct voice_tick *ret);

#endif
