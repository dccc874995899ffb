/* LD_PRELOAD for hop: the ZAP handler binds nowhere, so no handshake is ever asked about, as if its
 * thread had been killed. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <string.h>

int zmq_bind(void *socket, const char *endpoint);
int zmq_bind(void *socket, const char *endpoint)
{
    int (*next)(void *, const char *);
    void *symbol = dlsym(RTLD_NEXT, "zmq_bind");
    memcpy(&next, &symbol, sizeof next);
    return strcmp(endpoint, "inproc://zeromq.zap.01") == 0 ? 0 : next(socket, endpoint);
}
