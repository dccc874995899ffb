/* The numbers of a scenario as tables, for whoever reads, writes or shrinks them. */
#ifndef HOP_SIM_FIELDS_H
#define HOP_SIM_FIELDS_H

#include "sim/scenario.h"

struct sim_field {
    const char *name;
    enum sim_quantity quantity;
    size_t offset; /* of a uint64_t */
    uint64_t least, most;
    uint64_t usual; /* not written when equal */
};

extern const struct sim_field sim_root_fields[]; /* each list ends with a NULL name */
extern const struct sim_field sim_radio_fields[];
extern const struct sim_field sim_group_fields[];
extern const struct sim_field sim_task_fields[];

/* Other keys, which are not numbers. */
extern const char *const sim_root_names[], *const sim_group_names[], *const sim_task_names[];
extern const char *const sim_kind_names[], *const sim_contacts_names[];

static inline uint64_t *sim_field_of(const struct sim_field *f, void *base)
{
    return (uint64_t *)(void *)((uint8_t *)base + f->offset);
}

/* The field's value with its unit, in quotes where libconfig needs them. */
void sim_field_write(struct buf *b, const struct sim_field *f, uint64_t value);

/* HOP_EMALFORMED when value is outside the field's bounds or text is no such quantity. */
MUST_USE int sim_field_read(void *base, const struct sim_field *f, const char *text, unsigned line,
                            char why[static SIM_MESSAGE_BYTES]);

#endif
