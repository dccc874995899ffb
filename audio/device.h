/* Where sound comes from or goes to: one small table, three kinds.
 *
 *     portaudio   a sound card, found by part of its name        (edge: audio/portaudio.c)
 *     wav         a file in its place, in the caller's time      (edge: audio/wav.c)
 *     none        nothing: silence in, mix thrown away           (audio/none.c)
 *
 * A device goes one way, so a WAV file can speak into a meeting that is heard on a loudspeaker. It
 * is used by one thread, which calls device_tick() with the time every few milliseconds and then
 * takes or gives what is due. wav and none know no time but that: driven by a test's virtual clock
 * they run as fast as the test, driven by the voice thread's they run in real time. */
#ifndef HOP_AUDIO_DEVICE_H
#define HOP_AUDIO_DEVICE_H

#include "audio/riff.h"
#include "audio/voice.h"
#include "base/err.h"

enum device_way { DEVICE_CAPTURE, DEVICE_PLAYBACK };

struct device_stats {
    uint64_t underruns; /* the card wanted sound and had none */
    uint64_t overruns;  /* the card gave sound and nobody took it in time */
    uint64_t callbacks; /* of the card: the watchdog's pulse */
    uint64_t reopened;  /* by the watchdog */
    bool failed;        /* it cannot be opened again; silence from now on */
};

struct device_table {
    const char *name;
    /* name: NULL or "" for the default. HOP_ENOTFOUND: no such device; HOP_EMALFORMED: a file that
     * will not do, *fault says why; HOP_EIO: it is there and does not work; HOP_ENOMEM. */
    int (*open)(void **ret, enum device_way way, const char *name, enum riff_fault *fault);
    int (*start)(void *device, hop_time now);                       /* HOP_EIO */
    void (*tick)(void *device, hop_time now);                       /* time has come so far */
    bool (*capture)(void *device, int16_t ret[VOICE_TICK_SAMPLES]); /* false: no tick is due */
    bool (*wants)(void *device);                                    /* playback: is a tick due? */
    void (*play)(void *device, const int16_t samples[VOICE_TICK_SAMPLES]);
    void (*stats)(void *device, struct device_stats *ret);
    void (*close)(void *device); /* stops; NULL is fine */
};

extern const struct device_table device_portaudio, device_wav, device_none;

/* The kind a person means by a name: "none", a path ending in ".wav", or else a sound card. */
static inline const struct device_table *device_kind(const char *name)
{
    size_t size = name != NULL ? strlen(name) : 0;
    if (size == 4 && memcmp(name, "none", 4) == 0)
        return &device_none;
    if (size > 4 && memcmp(name + size - 4, ".wav", 4) == 0)
        return &device_wav;
    return &device_portaudio;
}

#endif
