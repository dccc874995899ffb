/* Is this speech in that recording?
 *
 *     hear SAID.wav HEARD.wav
 *
 * Cuts the speech into pieces of 0.4 s, leaves out the quiet ones, and looks for each in the
 * recording by normalised correlation at 4 kHz. Voice travels through Opus and a jitter buffer that
 * stretches time, so the whole does not line up, but short pieces do. Prints the median of the best
 * correlations, from 0 to 1, and exits 0 when it is at least 0.75, 1 when it is not, 3 when a file
 * cannot be read.
 *
 * Measured on the demo (three espeak voices, PortAudio, Opus, UDP): what was said 0.95 to 0.98,
 * what others said 0.2 to 0.45. */
#include "audio/wav.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP         12 /* 48 kHz to 4 kHz: enough of a voice to know it by */
#define PIECE        (4000 * 40 / 100)
#define PIECES_MAX   24
#define HEARD_ENOUGH 0.75

struct sound {
    float *samples;
    size_t count;
};

/* Read and thin out: the mean of twelve neighbours is filter enough for speech. */
static bool load(struct sound *ret, const char *path)
{
    struct wav_samples w;
    if (wav_read(&w, path) != RIFF_FINE) {
        fprintf(stderr, "hear: %s is not a WAV file of 48 kHz, 16 bit, mono\n", path);
        return false;
    }
    ret->count = w.samples.size / 2 / STEP;
    ret->samples = calloc(ret->count + 1, sizeof *ret->samples);
    for (size_t i = 0; ret->samples != NULL && i < ret->count; i++) {
        float sum = 0;
        for (size_t k = 0; k < STEP; k++)
            sum += riff_sample(w.samples.data + 2 * (i * STEP + k));
        ret->samples[i] = sum / STEP;
    }
    wav_free(&w);
    return ret->samples != NULL;
}

static double power(const float *s, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)s[i] * (double)s[i];
    return sum;
}

/* The best normalised correlation of a piece anywhere in the recording. */
static double best_match(const float *piece, const struct sound *heard)
{
    double own = power(piece, PIECE), best = 0;
    double there = heard->count < PIECE ? 0 : power(heard->samples, PIECE);
    for (size_t at = 0; at + PIECE < heard->count; at++) {
        float dot = 0;
        for (size_t i = 0; i < PIECE; i++)
            dot += piece[i] * heard->samples[at + i];
        double score = dot / sqrt(own * there + 1);
        best = score > best ? score : best;
        double out = heard->samples[at], in = heard->samples[at + PIECE];
        there += in * in - out * out;
        there = there < 0 ? 0 : there;
    }
    return best;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median over the loudest pieces of what was said. */
static double median_match(const struct sound *said, const struct sound *heard)
{
    double scores[PIECES_MAX], mean = power(said->samples, said->count) / (double)(said->count + 1);
    size_t n = 0, stride = said->count / PIECES_MAX + 1;
    for (size_t at = 0; at + PIECE < said->count && n < PIECES_MAX; at += stride) {
        if (power(said->samples + at, PIECE) > mean * PIECE)
            scores[n++] = best_match(said->samples + at, heard);
    }
    if (n == 0)
        return 0;
    qsort(scores, n, sizeof scores[0], by_size);
    return scores[n / 2];
}

int main(int argc, char **argv)
{
    struct sound said = {0}, heard = {0};
    if (argc != 3) {
        fputs("usage: hear SAID.wav HEARD.wav\n", stderr);
        return 2;
    }
    if (!load(&said, argv[1]) || !load(&heard, argv[2]))
        return 3;
    double score = median_match(&said, &heard);
    printf("%.2f\n", score);
    free(said.samples);
    free(heard.samples);
    return score >= HEARD_ENOUGH ? 0 : 1;
}
