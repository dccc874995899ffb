/* The ring between threads: order, wrapping, limits, and two threads at once (run under V=tsan). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "audio/ring.h"

/* Without it a full ring would overwrite what nobody has read. */
static void ring_takes_no_more_than_it_holds(void **state)
{
    (void)state;
    uint16_t room[8], in[12], out[12];
    struct ring r;
    ring_init(&r, room, sizeof room[0], 8);
    for (uint16_t i = 0; i < 12; i++)
        in[i] = i;
    assert_int_equal(ring_write(&r, in, 12), 8);
    assert_int_equal(ring_room(&r), 0);
    assert_false(ring_push(&r, in));
    assert_int_equal(ring_read(&r, out, 12), 8);
    assert_memory_equal(in, out, 8 * sizeof in[0]);
    assert_false(ring_pop(&r, out));
}

/* Items cross the end of the storage in any split, in order. */
static void ring_keeps_order_across_its_end(void **state)
{
    (void)state;
    uint8_t room[16], next_in = 0, next_out = 0;
    struct ring r;
    ring_init(&r, room, 1, 16);
    for (size_t turn = 0; turn < 1000; turn++) {
        uint8_t bytes[16];
        size_t want = turn * 7 % 13, n;
        for (size_t i = 0; i < want; i++)
            bytes[i] = (uint8_t)(next_in + i);
        next_in = (uint8_t)(next_in + ring_write(&r, bytes, want));
        n = ring_read(&r, bytes, turn * 5 % 11);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(bytes[i], next_out++);
    }
}

/* head and tail wrap with size_t and the ring does not notice. */
static void ring_counts_past_the_end_of_size_t(void **state)
{
    (void)state;
    uint32_t room[4], v = 0;
    struct ring r;
    ring_init(&r, room, sizeof v, 4);
    atomic_store(&r.head, SIZE_MAX - 1);
    atomic_store(&r.tail, SIZE_MAX - 1);
    for (uint32_t i = 0; i < 20; i++) {
        assert_true(ring_push(&r, &i));
        assert_int_equal(ring_filled(&r), 1);
        assert_true(ring_pop(&r, &v));
        assert_int_equal(v, i);
    }
}

struct message {
    uint64_t number, inverse; /* torn if they do not belong together */
};
#define MESSAGES 200000

static void *produce(void *ctx)
{
    struct ring *r = ctx;
    for (uint64_t i = 0; i < MESSAGES;) {
        struct message m = {.number = i, .inverse = ~i};
        if (ring_push(r, &m))
            i++;
        else
            sched_yield();
    }
    return NULL;
}

/* What one thread wrote the other reads whole and in order. */
static void ring_carries_messages_between_threads(void **state)
{
    (void)state;
    static struct message room[64];
    struct ring r;
    pthread_t thread;
    ring_init(&r, room, sizeof room[0], 64);
    assert_int_equal(pthread_create(&thread, NULL, produce, &r), 0);
    for (uint64_t i = 0; i < MESSAGES;) {
        struct message m[8];
        size_t n = ring_read(&r, m, 8);
        for (size_t k = 0; k < n; k++, i++)
            if (m[k].number != i || m[k].inverse != ~i)
                fail_msg("message %llu came out wrong", (unsigned long long)i);
        if (n == 0)
            sched_yield();
    }
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_takes_no_more_than_it_holds),
        cmocka_unit_test(ring_keeps_order_across_its_end),
        cmocka_unit_test(ring_counts_past_the_end_of_size_t),
        cmocka_unit_test(ring_carries_messages_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
