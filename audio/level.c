#include "audio/level.h"

#include <math.h>

#define ABOVE_FLOOR_DB  9.0
#define FAINTEST        60  /* -dB: quieter than this is never speech */
#define FLOOR_RISE_DB   0.1 /* a frame: 5 dB a second */
#define HANGOVER_FRAMES 10

uint8_t level_of(const int16_t *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)samples[i] * (double)samples[i];
    if (count == 0 || sum < 1)
        return VOICE_LEVEL_SILENT;
    double db = -10 * log10(sum / (double)count / (32768.0 * 32768.0));
    if (db >= VOICE_LEVEL_SILENT)
        return VOICE_LEVEL_SILENT;
    return db > 0 ? (uint8_t)db : 0;
}

bool level_speaking(struct level *l, uint8_t level)
{
    double db = (double)level;
    if (l->floor <= 0) /* before it has heard a room, take a quiet one */
        l->floor = FAINTEST;
    if (db > l->floor) /* quieter than the floor: it sinks quickly */
        l->floor += 0.2 * (db - l->floor);
    else
        l->floor -= l->floor > FLOOR_RISE_DB ? FLOOR_RISE_DB : 0;
    if (level < FAINTEST && db < l->floor - ABOVE_FLOOR_DB)
        l->hangover = HANGOVER_FRAMES;
    else if (l->hangover > 0)
        l->hangover--;
    return l->hangover > 0;
}
