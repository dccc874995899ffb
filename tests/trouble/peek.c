/* Look into the memory of a process, as somebody who has the machine would (root only).
 *
 *   peek PID TEXT    exit 0 if TEXT is anywhere in what it can write to, 1 if not, 2 if nobody can
 *                    tell */
#define _GNU_SOURCE /* memmem */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP (1u << 20)

/* Steps overlap, so that what lies across two is found. */
static int search(int mem, unsigned long from, unsigned long to, const char *text)
{
    static char bytes[STEP];
    size_t size = strlen(text);
    for (unsigned long at = from; at < to; at += STEP - size) {
        size_t want = to - at < STEP ? to - at : STEP;
        ssize_t n = pread(mem, bytes, want, (off_t)at);
        if (n >= (ssize_t)size && memmem(bytes, (size_t)n, text, size) != NULL)
            return 1;
        if (want < STEP)
            break;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char path[64], line[512];
    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
    int mem = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%s/maps", argv[1]);
    FILE *maps = fopen(path, "r");
    unsigned long total = 0;
    int found = 0;
    while (mem >= 0 && maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
            continue;
        total += to - from;
        found = found || search(mem, from, to, argv[2]);
    }
    printf("%lu KiB looked at: %s\n", total >> 10, found ? "found" : "not found");
    return total == 0 ? 2 : !found;
}
