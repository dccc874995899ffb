/* What happens next: by time, then by the order of pushing. */
#include "sim/heap.h"

#include <stdlib.h>

#include "tests/lib/test.h"

/* Ties taken another way would make another run of the same seed. */
TEST(heap_gives_events_by_time_then_by_push)
{
    struct rng r = test_rng("heap");
    struct sim_heap h = {0};
    size_t pushed = 0, popped = 0;
    hop_time now = 0;
    uint64_t last_order = 0;
    for (size_t n = 0; n < 20000; n++) {
        if (h.count == 0 || rng_below(&r, 5) < 3) {
            struct sim_event e = {.at = now + rng_below(&r, 50), .step = (uint32_t)pushed++};
            CHECK_OK(sim_heap_push(&h, e));
            continue;
        }
        struct sim_event e = sim_heap_pop(&h);
        popped++;
        CHECK(e.at >= now);
        CHECK(e.at > now || popped == 1 || e.order > last_order || last_order == 0);
        CHECK_EQ(e.order, e.step);
        now = e.at;
        last_order = e.order;
    }
    while (h.count > 0) {
        struct sim_event e = sim_heap_pop(&h);
        CHECK(e.at >= now);
        CHECK(e.at > now || e.order > last_order);
        now = e.at;
        last_order = e.order;
        popped++;
    }
    CHECK_EQ(popped, pushed);
    sim_heap_free(&h);
}

/* Events that never fire own their bytes: freeing the heap frees them (seen by the sanitizer). */
TEST(heap_frees_the_bytes_of_events_that_never_fired)
{
    struct sim_heap h = {0};
    for (size_t n = 0; n < 300; n++)
        CHECK_OK(sim_heap_push(&h, (struct sim_event){.at = 300 - n, .bytes = malloc(8)}));
    free(sim_heap_pop(&h).bytes);
    sim_heap_free(&h);
    CHECK_EQ(h.count, 0);
    CHECK(h.events == NULL);
}
