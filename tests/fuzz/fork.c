/* fuzz: mesh cell store crypto base */
/* Bytes as branches and proofs of forks, and as probes: nothing is taken that would not be written
 * the same way. */
#include <assert.h>

#include "mesh/fork.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader(data, size);
    struct fork_point point;
    struct fork_proof proof;
    struct frame_probe probe;
    uint8_t again[PROBE_BYTES(PROBE_HEADS_MAX)];
    assert(hop_init() == HOP_OK);
    if (fork_branch_get(&point, &r) == HOP_OK)
        assert(point.seq > 0 && point.seq <= FRAME_SEQ_MAX && point.lane < LANES_COUNT);
    if (fork_proof_parse(&proof, SPAN(data, size)) == HOP_OK)
        assert(proof.seq == point.seq && memcmp(proof.log, point.log, 32) == 0);
    if (frame_probe_parse(&probe, SPAN(data, size)) == HOP_OK) {
        struct wire_writer w = wire_writer(again, sizeof again);
        frame_probe_put(&w, &probe);
        assert(w.used == size && memcmp(again, data, size) == 0);
    }
    return 0;
}
