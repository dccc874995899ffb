/* Power cuts and disks that say no, at every write and every commit of a story: what a person was
 * told is saved is saved, nothing is half done, and the story goes on to the same end. */
#include "device/device.h"

#include "tests/unit/device/party.h"

/* Two people and what they do. A step is tried until it is done, as people do; it first looks
 * whether it is done already, because a power cut may come between the commit and the answer. */
enum step { FOUND, JOIN, MEETING, DOCUMENT, NOTICE, OPINION, STEPS };

struct tale {
    struct party *p;
    bool told[STEPS]; /* the person was told that it is saved */
};

static const struct meeting *the_meeting(const struct tale *t, uint32_t i)
{
    struct meeting_state *s = device_meetings(t->p->devices[i].d);
    return meeting_count(s) == 0 ? NULL : meeting_at(s, 0);
}

static bool done(const struct tale *t, enum step s)
{
    const struct party_device *x = &t->p->devices[s == OPINION || s == JOIN ? 1 : 0];
    const struct meeting *m = the_meeting(t, s == OPINION ? 1 : 0);
    switch (s) {
    case FOUND:
        return device_has_cell(x->d) && device_self(x->d) == 0;
    case JOIN:
        return device_has_cell(x->d);
    case MEETING:
        return m != NULL;
    case DOCUMENT:
        return m != NULL && m->documents_count == 1;
    case NOTICE:
        return m != NULL && m->stage == STAGE_CONVENED;
    case OPINION:
        return m != NULL && m->opinions_count == 1;
    case STEPS:
        break;
    }
    return false;
}

static int attempt(struct tale *t, enum step s)
{
    struct party *p = t->p;
    struct act a;
    uint8_t id[32];
    if (the_meeting(t, 0) != NULL)
        memcpy(p->meeting, the_meeting(t, 0)->id, 32);
    switch (s) {
    case FOUND:
        return party_found(p, 0);
    case JOIN:
        return party_join(p, 0, 1, "B", ROLE_MEMBER);
    case MEETING:
        a = party_a_meeting();
        return party_act(p, 0, &a, id);
    case DOCUMENT:
        return party_document(p, 0, span_text("Dự thảo"), id);
    case NOTICE:
        a = party_a(p, ACT_NOTICE);
        return party_act(p, 0, &a, id);
    case OPINION:
        a = party_a(p, ACT_OPINION);
        return party_act(p, 1, &a, id);
    case STEPS:
        break;
    }
    return HOP_OK;
}

/* Everything that somebody was told is still there, on the device it was told on. */
static void check_told(const struct tale *t)
{
    for (enum step s = 0; s < STEPS; s++) {
        if (t->told[s])
            CHECK(done(t, s));
    }
}

static void play(struct tale *t)
{
    for (enum step s = 0; s < STEPS; s++) {
        for (unsigned tries = 0; !done(t, s); tries++) {
            CHECK(tries < 4);
            t->told[s] = attempt(t, s) == HOP_OK;
            check_told(t);
            if (!t->told[s])
                party_run(t->p, 3); /* a person takes a moment, and the links come back */
        }
        if (s > FOUND)
            party_run(t->p, 2);
    }
    party_run(t->p, 10); /* a mesh rests after its store has failed */
    check_told(t);
}

/* The end is the same whatever happened on the way, also after one more power cut. */
static void check_end(struct tale *t)
{
    party_check_agree(t->p);
    for (uint32_t i = 0; i < 2; i++)
        party_crash(t->p, i);
    check_told(t);
    party_run(t->p, 3);
    party_check_agree(t->p);
    const struct meeting *m = the_meeting(t, 1);
    CHECK_EQ(meeting_count(device_meetings(t->p->devices[1].d)), 1);
    CHECK_EQ(cell_member_count(device_cell(t->p->devices[0].d)), 2);
    CHECK_EQ(m->documents_count, 1);
    CHECK_EQ(m->opinions_count, 1);
    CHECK_EQ(m->receipts[0].state, RECEIPT_RECEIVED);
    CHECK_EQ(m->documents[0].receipts[0].state, RECEIPT_RECEIVED);
}

/* The n-th write (or commit) of one device fails, for every n there is. */
static void sweep(uint32_t device, bool commits, int error)
{
    for (unsigned long n = 1;; n++) {
        struct tale t = {.p = party_new(2)};
        struct store_faults *f = store_memory_faults(t.p->devices[device].store);
        *f = (struct store_faults){.error = error};
        *(commits ? &f->commit_countdown : &f->write_countdown) = n;
        play(&t);
        bool fell = f->commit_countdown == 0 && f->write_countdown == 0;
        *f = (struct store_faults){0};
        check_end(&t);
        party_free(t.p);
        if (!fell) {
            CHECK(n > 5); /* it did fail in the middle */
            break;
        }
        CHECK(n < 1000);
    }
}

/* A disk that refuses one write must cost nothing but trying again. */
TEST(device_survives_every_failed_write)
{
    for (uint32_t device = 0; device < 2; device++) {
        sweep(device, false, HOP_ENOSPACE);
        sweep(device, false, HOP_EIO);
    }
}

/* The same for the commit itself: nothing of its turn is there. */
TEST(device_survives_every_failed_commit)
{
    for (uint32_t device = 0; device < 2; device++)
        sweep(device, true, HOP_EIO);
}

static void sweep_power(uint32_t device, bool after)
{
    for (unsigned long n = 1;; n++) {
        struct tale t = {.p = party_new(2)};
        struct party_device *x = &t.p->devices[device];
        *(after ? &x->crash_after : &x->crash_before) = n;
        play(&t);
        bool fell = x->crash_after == 0 && x->crash_before == 0;
        x->crash_after = x->crash_before = 0;
        check_end(&t);
        party_free(t.p);
        if (!fell) {
            CHECK(n > 5);
            break;
        }
        CHECK(n < 1000);
    }
}

/* The power fails just before a commit: the key file may be ahead of the store. */
TEST(device_survives_a_power_cut_before_every_commit)
{
    for (uint32_t device = 0; device < 2; device++)
        sweep_power(device, false);
}

/* The power fails just after a commit: it is saved, and nobody has been told. */
TEST(device_survives_a_power_cut_after_every_commit)
{
    for (uint32_t device = 0; device < 2; device++)
        sweep_power(device, true);
}
