/* The inside of a cell's fold, for the files of this folder only: cell.c collects and answers,
 * index.c puts in order and says who had seen what, chain.c walks the configurations, resolve.c
 * judges, roster.c writes down what came of it. */
#ifndef HOP_CELL_STATE_H
#define HOP_CELL_STATE_H

#include "cell/cell.h"
#include "cell/names.h"

#define NONE UINT32_MAX

#define MEMBER_DEVICES_MAX 32 /* ever; three are usual */
#define CHECKPOINTS_MAX    64 /* that raise cuts: the newest */

#define CLASS_TOP 4 /* the configuration chain; below it the ranks 3 … 0 */

/* A list that grows; items of one size. */
struct list {
    void *items;
    size_t count, capacity;
};
/* Room for one more, zeroed; NULL if memory runs out. */
void *list_add(struct list *l, size_t size);
void list_free(struct list *l);

enum verdict { VERDICT_OPEN, VERDICT_STANDS, VERDICT_VOID };

/* One collected control record. Fields below the line are found out again whenever the cell is
 * resolved from the start. */
struct act {
    uint8_t id[32];
    uint64_t seq;
    uint32_t entry, log, height; /* as in the history; height: along the control lane */
    uint16_t type;
    enum text_id
        flaw;      /* what is wrong with its bytes, whatever else there is; TEXT_NONE: nothing */
    uint8_t *body; /* owned */
    size_t size;
    uint8_t log_id[32];
    uint32_t key; /* of its author: index into keys */
    uint8_t role, category;
    bool resume, root; /* root: ADMIT whose member id says that this is the member's first device */
    struct auth_cuts cuts;
    struct auth_devices devices; /* that an office is for: ROLE, CONFIG */
    uint32_t person;             /* whom it is about */
    uint32_t device;             /* key: of the device admitted, removed, suspended */
    uint32_t invite; /* INVITE, ADMIT, INVITE_END: index into invitations; GROUP, PROPOSE: groups */
    uint32_t proved_by; /* ADMIT: the INVITE whose key its proof was tried with */
    bool proved;
    /* ---- */
    uint32_t place; /* in the canonical order of control records */
    uint32_t about; /* place among the acts about its person; LEAVE may be about several */
    uint32_t next;  /* ADMIT: of the same tie */
    uint32_t tie;   /* ADMIT: what it claims */
    uint32_t seen_at, seen_count; /* into sights */
    uint32_t config_seen;         /* number of the newest configuration of the chain in its past */
    uint64_t floors;              /* bit k: checkpoint k counts and had not seen it */
    uint8_t verdict, class;
    uint8_t was_verdict, was_class; /* before it was judged again */
    bool was_judged;
    bool own;         /* between devices of one member */
    enum text_id why; /* why it is void */
    uint32_t by;      /* tie of its author */
};

/* What records are about: a member, a device, an invitation or a group. */
struct subject {
    struct list about; /* uint32_t: acts, in canonical order */
    /* of a member: */
    uint32_t ties;    /* first */
    uint8_t top;      /* greatest rank ever held */
    uint32_t devices; /* ties that stand */
    uint32_t member;  /* index of what was published, or NONE */
    /* of an invitation: */
    uint32_t used_by; /* key that was admitted by it, or NONE */
};

/* What a record had seen of the acts about one subject: one bit each. */
struct sight {
    uint32_t
        about; /* index of a member, or, with its flag, of a device, an invitation or a group */
    uint32_t count; /* acts about it that stood before the record in the order */
    size_t bits_at; /* into bits */
};
#define SIGHT_INVITE 0x80000000u
#define SIGHT_GROUP  0x40000000u
#define SIGHT_KEY    0x20000000u

/* "This key is a device of this member, by this invitation." */
struct tie {
    uint32_t key, person, invite; /* invite NONE: the founder's */
    uint32_t next_of_key, next_of_person;
    uint32_t admits; /* first ADMIT that claims it */
    bool root;
    /* ---- */
    bool stands, pending;
    uint8_t class;   /* on whose word: what it writes has no more weight */
    uint32_t parent; /* the device of the same member that brought it in, or NONE */
    uint32_t depth;
    uint32_t order;  /* in which ties came to stand */
    uint32_t device; /* index of what was published, or NONE */
};

struct configuration {
    uint32_t act;       /* NONE: GENESIS */
    uint32_t secretary; /* member, or NONE */
    struct auth_config body;
};

struct cell {
    uint8_t id[32];
    struct list acts;  /* struct act, in order of arrival */
    struct list order; /* uint32_t: the same in canonical order, as far as indexed */
    struct names keys, member_ids, invite_ids, group_ids;
    struct list persons, machines, invitations, assemblies; /* struct subject, as the names */
    struct list key_ties;                                   /* uint32_t, as keys: first tie */
    struct list ties;                                       /* struct tie */
    struct list sights, bits;                               /* struct sight, uint64_t */
    struct list own_kinds;     /* uint32_t: acts that may be between devices of one member */
    struct list chain;         /* struct configuration, from GENESIS on */
    struct list tops, cosigns; /* uint32_t: acts */
    struct list checkpoints;   /* uint32_t: acts that count */
    struct list void_seats;    /* uint32_t: keys that signed twice */
    uint32_t founder_tie;
    uint32_t ties_standing, persons_standing;
    uint32_t depth_max;
    uint64_t turns; /* cell_turns() */
    /* ---- what came of it ---- */
    uint32_t genesis_act; /* NONE: not founded */
    struct auth_genesis genesis;
    uint32_t procedure_act;
    struct list members, devices, invites, proposals, groups, ignored, waiting;
    struct list propose_acts;                /* uint32_t: acts that stand */
    struct list member_persons, device_ties; /* uint32_t: of each member, of each device */
    struct cell_config config;
    uint8_t conflict[2][32];
    bool conflicting;
};

static inline struct act *act_at(const struct cell *c, uint32_t i)
{
    return (struct act *)c->acts.items + i;
}
static inline struct subject *person_at(const struct cell *c, uint32_t i)
{
    return (struct subject *)c->persons.items + i;
}
static inline struct subject *invitation_at(const struct cell *c, uint32_t i)
{
    return (struct subject *)c->invitations.items + i;
}
static inline struct subject *machine_at(const struct cell *c, uint32_t key)
{
    return (struct subject *)c->machines.items + key;
}
static inline struct subject *assembly_at(const struct cell *c, uint32_t i)
{
    return (struct subject *)c->assemblies.items + i;
}
static inline struct tie *tie_at(const struct cell *c, uint32_t i)
{
    return (struct tie *)c->ties.items + i;
}
static inline uint32_t list_u32(const struct list *l, size_t i)
{
    return ((const uint32_t *)l->items)[i];
}
static inline uint32_t *list_u32_at(const struct list *l, size_t i)
{
    return (uint32_t *)l->items + i;
}
static inline struct configuration *config_at(const struct cell *c, size_t n)
{
    return (struct configuration *)c->chain.items + n;
}
static inline bool all_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= bytes[i];
    return any == 0;
}

#endif
