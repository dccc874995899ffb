/* Who may write: the rule.
 *
 * The input is a set of signed control records and, for any two, whether one had seen the other.
 * The output is who is a member, with which devices and which office, and for each record whether
 * it stands, or why not. docs/protocol.md §4.4 states it as an algorithm; here is why it is so.
 *
 * Records are written apart: in two rooms with no link between them, by people who were removed
 * meanwhile and do not know it, or know it and pretend that they do not. Nothing in a record can be
 * believed about when it was written. What can be relied on is: what it had seen, it cannot unsee;
 * its place in its log, it cannot change; who had not seen it, nobody can make have seen it.
 *
 * From that, three means.
 *
 * The cut. Who removes a member names, for each of its logs, the last record that it accepts. What
 * lies beyond is void, whatever it says it had seen. So a removed device can write what it likes,
 * as old as it likes, and nothing changes. The same cut goes with a fall in rank: beyond it, the
 * lower rank holds. A cut cannot reach below what a checkpoint of the seats had fixed before.
 *
 * Ranks. Only somebody of strictly higher rank removes or demotes, so that two of one rank can not
 * remove each other, and there is no question of who was first. Above the ranks stands the chain of
 * configurations (chain.c), which takes a majority.
 *
 * Classes. Every act carries the weight of the rank its author had, as far as the author had seen;
 * and never more than the word on which the author's device came in. Acts are judged from the top:
 * the chain (class 4) first, which asks nothing of what is below; then all of class 3, then 2, 1
 * and 0. An act of class c may touch only what is of lower rank: it gives offices below c, removes
 * who by the higher classes holds less than c, and cuts only acts of less weight than c. So when
 * class c is judged, everything that decides who holds c, and which acts of c are cut, is of higher
 * class and judged already. That is why there are no cycles, nothing has to be iterated, and a
 * removal, however old it claims to be, never reaches up.
 *
 * Acts between devices of one member are the one thing within a class. A device that brings in
 * another stands above it: it may revoke it, and not the other way round; devices form a tree, and
 * are judged from its root. Devices that a member brings in are known at the highest class that the
 * member ever held, so that what they write can be judged there.
 *
 * Three consequences that may surprise. Removal wins over an admission or an office that had not
 * seen it; the return of a member is an admission that had. A member whom somebody of class c names
 * to an office is a member on that word, even if the admission is cut later. And a device that a
 * committee member brought in for a plain member, who later becomes deputy, writes with the weight
 * of the committee member's word; the deputy brings it in again, or a new one.
 *
 * The member id of a person is a hash of their first device's key and invitation. So whoever names
 * a member names that key, and nobody below can put another one in its place. */
#include "cell/fold.h"

/* ---- what stands ---- */

static void stand(struct act *a, const struct judged *j, uint8_t class, bool own)
{
    a->verdict = VERDICT_STANDS;
    a->class = class;
    a->own = own;
    a->by = j->tie;
    a->why = TEXT_NONE;
}

static void tie_stands(struct cell *c, uint32_t t, uint8_t class, uint32_t parent)
{
    struct tie *tie = tie_at(c, t);
    if (tie->stands)
        return;
    tie->stands = true;
    tie->class = class;
    tie->depth = 0;
    for (uint32_t p = parent; p != NONE && parent != NONE; p = tie_at(c, p)->parent)
        parent = p == t ? NONE : parent; /* each cannot have brought in the other */
    tie->parent = parent;
    for (uint32_t p = parent; p != NONE; p = tie_at(c, p)->parent)
        tie->depth++;
    tie->order = c->ties_standing++;
    if (tie->depth > c->depth_max)
        c->depth_max = tie->depth;
    if (person_at(c, tie->person)->devices++ == 0)
        c->persons_standing++;
}

/* An act of this class gave the person an office, and names devices that it knew for theirs. They
 * are theirs on that word. */
static void name_devices(struct cell *c, const struct act *a, uint8_t class)
{
    for (size_t i = 0; i < a->devices.count; i++) {
        uint32_t key = names_find(&c->keys, a->devices.keys + 32 * i);
        uint32_t t = key == NONE ? NONE : list_u32(&c->key_ties, key);
        for (; t != NONE; t = tie_at(c, t)->next_of_key) {
            if (tie_at(c, t)->person == a->person && cell_saw_claim(c, a, t))
                tie_stands(c, t, class, cell_parent_of(c, t));
        }
    }
}

static void raise_top(struct cell *c, uint32_t person, uint8_t rank)
{
    if (person_at(c, person)->top < rank)
        person_at(c, person)->top = rank;
}

/* ---- admissions ---- */

/* Is the admission what this invitation was made for? The answer is kept: signatures are dear. */
static bool proves(struct cell *c, struct act *a, uint32_t invite)
{
    struct auth_admit v;
    struct auth_invite i;
    uint8_t message[CELL_JOIN_MESSAGE_BYTES];
    const struct act *by = act_at(c, invite);
    if (a->proved_by == invite)
        return a->proved;
    a->proved_by = invite;
    a->proved = false;
    if (auth_admit_parse(&v, SPAN(a->body, a->size)) != HOP_OK ||
        auth_invite_parse(&i, SPAN(by->body, by->size)) != HOP_OK || strcmp(v.name, i.name) != 0 ||
        v.role != i.role || v.category != i.category)
        return false;
    cell_join_message(message, c->id, v.invite, &v.cert);
    a->proved =
        hop_verify(v.join_sig, i.sign_key, LABEL_JOIN_SIG, SPAN(message, sizeof message)) == HOP_OK;
    return a->proved;
}

/* The invitation that an admission follows: it stands, was seen, and its key proves the joiner. */
static enum text_id find_invite(struct cell *c, struct act *a, uint32_t *ret)
{
    const struct list *about = &invitation_at(c, a->invite)->about;
    enum text_id why = CELL_INVITE_UNKNOWN;
    *ret = NONE;
    for (uint32_t i = 0; i < about->count; i++) {
        uint32_t at = list_u32(about, i);
        const struct act *x = act_at(c, at);
        if (!cell_saw(c, a, a->invite | SIGHT_INVITE, i))
            continue;
        if (x->type == AUTH_INVITE_END && x->verdict == VERDICT_STANDS)
            return CELL_INVITE_ENDED;
        if (x->type != AUTH_INVITE || *ret != NONE)
            continue;
        if (x->verdict != VERDICT_STANDS) {
            if (x->why == CELL_CUT || x->why == CELL_AUTHOR_PENDING)
                why = CELL_INVITE_CUT;
        } else if (!proves(c, a, at)) {
            why = CELL_INVITE_PROOF;
        } else if (x->person == NONE ? !a->root : x->person != a->person || a->root) {
            why = CELL_CERT_BAD; /* the member id is not the one that follows from it */
        } else {
            *ret = at;
            why = TEXT_NONE;
        }
    }
    return why;
}

/* A key is admitted once, and an invitation used once. That the key's owner signed for another
 * invitation before is enough; what others claim of it is not. */
static enum text_id check_used(const struct cell *c, const struct act *a)
{
    for (uint32_t t = list_u32(&c->key_ties, a->device); t != NONE; t = tie_at(c, t)->next_of_key) {
        if (t != a->tie && (tie_at(c, t)->stands ||
                            (tie_at(c, t)->invite != a->invite && cell_saw_claim(c, a, t))))
            return CELL_DEVICE_KNOWN;
    }
    uint32_t used_by = invitation_at(c, a->invite)->used_by;
    if (used_by != NONE && used_by != a->device)
        return CELL_INVITE_USED;
    for (uint32_t e = tie_at(c, a->tie)->admits; e != NONE; e = act_at(c, e)->next) {
        const struct act *other = act_at(c, e);
        if (other != a && other->verdict == VERDICT_STANDS &&
            cell_saw(c, a, a->person, other->about))
            return CELL_DEVICE_KNOWN;
    }
    if (tie_at(c, a->tie)->stands)
        return TEXT_NONE;
    const struct subject *person = person_at(c, a->person);
    if (person->devices >= MEMBER_DEVICES_MAX)
        return CELL_MEMBER_DEVICES;
    return c->ties_standing >= CELL_DEVICES_MAX ||
                   (person->devices == 0 && c->persons_standing >= CELL_MEMBERS_MAX)
               ? CELL_FULL
               : TEXT_NONE;
}

/* stage: the class that is being judged; the invitation may be of a lower one than the admission,
 * which then waits for it. */
static enum text_id judge_admit(struct cell *c, struct act *a, const struct judged *j,
                                uint8_t stage)
{
    uint32_t invite;
    enum text_id why = find_invite(c, a, &invite);
    if (why == TEXT_NONE)
        why = check_used(c, a);
    if (why != TEXT_NONE)
        return why;
    bool own = act_at(c, invite)->own;
    bool self = tie_at(c, j->tie)->person == a->person;
    uint8_t class = j->weight < stage ? j->weight : stage;
    if (own) { /* the author stands in for the device that invited, or is one of the same member */
        if (!self && j->weight < 1)
            return CELL_AUTHOR_RANK;
        uint32_t parent = act_at(c, invite)->by;
        class = tie_at(c, parent)->class < stage ? tie_at(c, parent)->class : stage;
        stand(a, j, class, true);
        tie_stands(c, a->tie, class, parent);
    } else {
        if (j->weight < 1)
            return CELL_AUTHOR_RANK;
        uint8_t rank = a->root ? auth_rank_of((enum auth_role)a->role) : 0;
        if (AT_LEAST(rank, class))
            return CELL_ROLE_RANK;
        why = a->root ? TEXT_NONE : cell_check_target(c, a, class);
        if (why != TEXT_NONE)
            return why;
        stand(a, j, class, false);
        raise_top(c, a->person, rank);
        tie_stands(c, a->tie, class, NONE);
    }
    invitation_at(c, a->invite)->used_by = a->device;
    return TEXT_NONE;
}

/* ---- class by class ---- */

/* Might its author hold this class? Cheap, and asked of every act in every stage. */
static bool may_hold(const struct cell *c, const struct act *a, uint8_t class)
{
    for (uint32_t t = list_u32(&c->key_ties, a->key); t != NONE; t = tie_at(c, t)->next_of_key) {
        if (tie_at(c, t)->stands && person_at(c, tie_at(c, t)->person)->top >= class)
            return true;
    }
    return class == 0;
}

/* Leaving and revoking bind the member in every office it holds, also one that the device had not
 * heard of; but not on the word of less. */
static void judge_own_end(struct cell *c, struct act *a, struct judged j, uint8_t stage)
{
    const struct tie *tie = tie_at(c, j.tie);
    struct view now = cell_view_now(c);
    uint8_t rank = cell_office(c, tie->person, &now).rank, with = cell_rank_with(c, j.tie);
    uint8_t weight = with > j.weight ? with : j.weight;
    weight = weight > tie->class ? tie->class : weight;
    if (weight < stage)
        return;
    j.weight = stage; /* a device that came to stand late is not heard above */
    a->why = weight < rank ? CELL_DEVICE_WORD : cell_check(c, a, &j);
    a->verdict = VERDICT_VOID;
    if (a->why == TEXT_NONE)
        stand(a, &j, stage, a->type == AUTH_REMOVE);
}

/* One act that may be between devices of one member, by a device of this depth, in this stage.
 * Nothing happens if it is not, or belongs to another stage. */
static void judge_own(struct cell *c, struct act *a, uint32_t depth, uint8_t stage)
{
    struct judged j = cell_weigh(c, a);
    if (j.tie == NONE || tie_at(c, j.tie)->depth != depth)
        return;
    uint32_t person = tie_at(c, j.tie)->person;
    bool at_top = person_at(c, person)->top >= stage && tie_at(c, j.tie)->class >= stage;
    bool ends = a->type == AUTH_LEAVE || (a->type == AUTH_REMOVE && a->person == person);
    if (ends) {
        judge_own_end(c, a, j, stage);
    } else if (a->type == AUTH_INVITE && a->person == person && at_top) {
        stand(a, &j, stage, true);
    } else if (a->type == AUTH_ADMIT && a->person == person && at_top) {
        uint32_t invite;
        if (find_invite(c, a, &invite) == TEXT_NONE && act_at(c, invite)->own)
            a->why = judge_admit(c, a, &j, stage);
    }
}

/* From the root of each member's tree of devices: leaving and revoking before bringing in. */
static void judge_devices(struct cell *c, uint8_t stage)
{
    for (uint32_t depth = 0; depth <= c->depth_max; depth++) {
        for (unsigned pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < c->own_kinds.count; i++) {
                struct act *a = act_at(c, list_u32(&c->own_kinds, i));
                bool ends = a->type == AUTH_LEAVE || a->type == AUTH_REMOVE;
                if (a->verdict == VERDICT_OPEN && ends == (pass == 0) && may_hold(c, a, stage))
                    judge_own(c, a, depth, stage);
            }
        }
    }
}

static bool governs(const struct act *a)
{
    return a->type == AUTH_REMOVE || a->type == AUTH_ROLE || a->type == AUTH_INVITE ||
           a->type == AUTH_ADMIT || a->type == AUTH_INVITE_END;
}

/* Judge an act in a stage, if its author holds that class or a higher one. */
static void judge_in(struct cell *c, struct act *a, uint8_t stage)
{
    struct judged j = cell_weigh(c, a);
    if (j.tie == NONE) {
        if (stage == 0)
            a->why = j.why;
        return;
    }
    if (j.weight < stage)
        return;
    if (a->type == AUTH_ADMIT) {
        a->why = judge_admit(c, a, &j, stage); /* what it lacks may be of a lower class */
        return;
    }
    bool own = a->type != AUTH_ROLE && a->person != NONE && a->person == tie_at(c, j.tie)->person &&
               (a->type == AUTH_INVITE || a->device != NONE);
    if (own && stage > 0)
        return; /* judge_devices() */
    a->why = cell_check(c, a, &j);
    a->verdict = VERDICT_VOID;
    if (a->why != TEXT_NONE)
        return;
    stand(a, &j, j.weight, own);
    if (a->type == AUTH_ROLE) {
        raise_top(c, a->person, auth_rank_of((enum auth_role)a->role));
        name_devices(c, a, j.weight);
    }
}

static void judge_stage(struct cell *c, uint8_t stage)
{
    judge_devices(c, stage);
    for (size_t i = 0; i < c->order.count; i++) {
        struct act *a = act_at(c, list_u32(&c->order, i));
        if (a->verdict != VERDICT_OPEN || !governs(a) || !may_hold(c, a, stage))
            continue;
        judge_in(c, a, stage);
        if (stage > 0 || a->verdict != VERDICT_OPEN)
            continue;
        a->verdict = VERDICT_VOID; /* there is no lower class */
        bool lost =
            a->why == CELL_CUT || a->why == CELL_AUTHOR_PENDING || a->why == CELL_INVITE_CUT;
        if (a->type == AUTH_ADMIT && lost && !tie_at(c, a->tie)->stands)
            tie_at(c, a->tie)->pending = true;
    }
}

/* ---- what decides nothing about offices ---- */

/* The text of a procedure that some configuration names; whoever brings it, its hash vouches. */
static enum text_id check_procedure(const struct cell *c, const struct act *a)
{
    uint8_t hash[32];
    hop_hash(hash, sizeof hash, LABEL_PROCEDURE, SPAN(a->body, a->size));
    for (size_t n = 0; n < c->chain.count && a->size > 0; n++) {
        if (memcmp(config_at(c, n)->body.procedure, hash, sizeof hash) == 0)
            return TEXT_NONE;
    }
    return CELL_PROCEDURE_OTHER;
}

static void judge_rest(const struct cell *c, struct act *a)
{
    struct judged j = {.tie = NONE};
    if (a->type == AUTH_PROCEDURE) {
        a->why = check_procedure(c, a);
    } else {
        j = cell_weigh(c, a);
        a->why = j.tie == NONE ? j.why : cell_check(c, a, &j);
    }
    a->verdict = VERDICT_VOID;
    if (a->why == TEXT_NONE)
        stand(a, &j, j.weight, false);
}

static bool is_rest(const struct act *a)
{
    return a->type == AUTH_SUSPEND || a->type == AUTH_GROUP || a->type == AUTH_PROPOSE ||
           a->type == AUTH_PREKEY || a->type == AUTH_PROCEDURE;
}

/* ---- all of it ---- */

static void forget(struct cell *c)
{
    c->ties_standing = c->persons_standing = c->depth_max = 0;
    for (uint32_t i = 0; i < c->acts.count; i++) {
        struct act *a = act_at(c, i);
        a->was_verdict = a->verdict;
        a->was_class = a->class;
        a->verdict = a->flaw == TEXT_NONE ? VERDICT_OPEN : VERDICT_VOID;
        a->why = a->flaw;
        a->own = false;
        a->class = 0;
        a->by = NONE;
    }
    for (uint32_t i = 0; i < c->persons.count; i++) {
        struct subject *p = person_at(c, i);
        p->top = 0;
        p->devices = 0;
    }
    for (uint32_t i = 0; i < c->invitations.count; i++)
        invitation_at(c, i)->used_by = NONE;
    for (uint32_t i = 0; i < c->ties.count; i++) {
        struct tie *t = tie_at(c, i);
        t->stands = t->pending = false;
        t->parent = NONE;
        t->depth = 0;
    }
}

/* Who founded, and whom the chain names. */
static void name_the_top(struct cell *c)
{
    if (c->founder_tie != NONE) {
        uint32_t person = tie_at(c, c->founder_tie)->person;
        tie_stands(c, c->founder_tie, CLASS_TOP, NONE);
        raise_top(c, person, auth_rank_of((enum auth_role)c->genesis.founder_role));
        for (uint32_t e = tie_at(c, c->founder_tie)->admits; e != NONE; e = act_at(c, e)->next)
            stand(act_at(c, e), &(struct judged){.tie = c->founder_tie}, CLASS_TOP, false);
    }
    for (size_t n = 0; n < c->chain.count; n++) {
        uint32_t person = config_at(c, n)->secretary;
        if (person == NONE)
            continue;
        raise_top(c, person, 3);
        if (config_at(c, n)->act != NONE)
            name_devices(c, act_at(c, config_at(c, n)->act), CLASS_TOP);
    }
}

static bool wrote_anything(const struct cell *c, uint32_t t)
{
    for (uint32_t i = 0; i < c->acts.count; i++) {
        if (act_at(c, i)->verdict == VERDICT_STANDS && act_at(c, i)->by == t)
            return true;
    }
    return false;
}

/* Devices that a member brought in are known at the highest class it ever held, where a removal by
 * a lower one, after a fall, is not judged yet. Such a removal ends them like all others; here
 * those that came beyond its cut, and of which nothing stands, are struck from the list. */
static void strike_late_devices(struct cell *c)
{
    for (size_t i = c->own_kinds.count; i-- > 0;) { /* the last first: they hang on the others */
        struct act *a = act_at(c, list_u32(&c->own_kinds, i));
        if (a->verdict != VERDICT_STANDS || !a->own ||
            (a->type != AUTH_ADMIT && a->type != AUTH_INVITE))
            continue;
        struct judged j = cell_weigh(c, a);
        if (j.tie != NONE || (a->type == AUTH_ADMIT && wrote_anything(c, a->tie)))
            continue;
        a->verdict = VERDICT_VOID;
        a->why = j.why;
        struct tie *tie = a->type == AUTH_ADMIT ? tie_at(c, a->tie) : NULL;
        for (uint32_t e = tie == NULL ? NONE : tie->admits; e != NONE; e = act_at(c, e)->next) {
            if (act_at(c, e)->verdict == VERDICT_STANDS)
                tie = NULL; /* it came in another way too */
            if (tie == NULL)
                break;
        }
        if (tie != NULL) {
            tie->stands = false;
            tie->pending = true;
            invitation_at(c, a->invite)->used_by = NONE;
            person_at(c, tie->person)->devices--;
        }
    }
}

/* Why somebody is not heard, as it is in the end: while classes are judged, some are not known yet.
 */
static void name_reasons(struct cell *c)
{
    for (uint32_t i = 0; i < c->acts.count; i++) {
        struct act *a = act_at(c, i);
        if (a->verdict != VERDICT_VOID ||
            (a->why != CELL_CUT && a->why != CELL_AUTHOR_PENDING && a->why != CELL_AUTHOR_UNKNOWN))
            continue;
        struct judged j = cell_weigh(c, a);
        if (j.tie == NONE)
            a->why = j.why;
    }
}

/* Does it bear on what others might do, or what has effect? */
static bool bears(const struct act *a)
{
    return a->type == AUTH_ADMIT || a->type == AUTH_ROLE || a->type == AUTH_REMOVE ||
           a->type == AUTH_LEAVE || a->type == AUTH_CONFIG;
}

/* See whether anything older than the last time came out differently. */
static void compare(struct cell *c)
{
    bool turned = false;
    for (uint32_t i = 0; i < c->acts.count; i++) {
        struct act *a = act_at(c, i);
        bool cuts = a->type == AUTH_REMOVE || a->type == AUTH_LEAVE || a->type == AUTH_CONFIG;
        if (bears(a) && a->was_judged)
            turned = turned || a->was_verdict != a->verdict || a->was_class != a->class;
        else
            turned = turned || (cuts && a->verdict == VERDICT_STANDS);
        a->was_judged = true;
    }
    if (turned)
        c->turns++;
}

int cell_judge_all(struct cell *c)
{
    forget(c);
    for (uint32_t i = 0; i < c->acts.count; i++) {
        struct act *a = act_at(c, i);
        if (a->type == AUTH_GENESIS && a->flaw == TEXT_NONE) {
            a->verdict = i == c->genesis_act ? VERDICT_STANDS : VERDICT_VOID;
            a->why = i == c->genesis_act ? TEXT_NONE : CELL_SECOND_GENESIS;
        } else if (c->genesis_act == NONE) {
            a->verdict = VERDICT_VOID;
            a->why = a->flaw == TEXT_NONE ? CELL_AUTHOR_UNKNOWN : a->flaw;
        }
    }
    if (c->genesis_act == NONE)
        return HOP_OK;
    int err = cell_judge_chain(c);
    if (err != HOP_OK)
        return err;
    name_the_top(c);
    for (uint8_t stage = CLASS_TOP; stage-- > 0;)
        judge_stage(c, stage);
    for (size_t i = 0; i < c->own_kinds.count; i++) { /* LEAVE of who is nobody */
        struct act *a = act_at(c, list_u32(&c->own_kinds, i));
        if (a->verdict != VERDICT_OPEN)
            continue;
        a->verdict = VERDICT_VOID;
        a->why = cell_weigh(c, a).why;
    }
    strike_late_devices(c);
    for (size_t i = 0; i < c->order.count; i++) {
        struct act *a = act_at(c, list_u32(&c->order, i));
        if (a->verdict == VERDICT_OPEN && is_rest(a))
            judge_rest(c, a);
    }
    name_reasons(c);
    compare(c);
    return HOP_OK;
}

/* ---- one that came last ----
 *
 * Nobody had seen it. So it changes what others might do, and which of their acts stand, only by
 * what reaches those who had not seen it: a cut or a fall, an office that shields from a removal, a
 * device or an invitation that two want. Where none of that can be, it is judged alone. That the
 * outcome is the same is what tests/property/authority.c compares, with every order of arrival. */

static bool void_last(struct act *a, enum text_id why)
{
    a->why = why;
    a->verdict = VERDICT_VOID;
    return true;
}

static uint8_t least(uint8_t x, uint8_t y)
{
    return x < y ? x : y;
}

static bool judge_last_invite(struct cell *c, struct act *a)
{
    struct judged j = cell_weigh(c, a);
    if (j.tie == NONE)
        return void_last(a, j.why);
    const struct tie *tie = tie_at(c, j.tie);
    bool own = a->type == AUTH_INVITE && a->person == tie->person;
    enum text_id why = cell_check(c, a, &j);
    if (why != TEXT_NONE)
        return void_last(a, why);
    stand(a, &j, own ? least(person_at(c, tie->person)->top, tie->class) : j.weight, own);
    return true;
}

/* Does nothing else want this key, this invitation or this place? */
static bool admits_alone(const struct cell *c, const struct act *a, uint32_t i)
{
    const struct tie *tie = tie_at(c, a->tie);
    return !tie->stands && tie->admits == i && tie->next_of_key == NONE &&
           list_u32(&c->key_ties, a->device) == a->tie &&
           invitation_at(c, a->invite)->used_by == NONE &&
           c->persons_standing + 1 < CELL_MEMBERS_MAX && c->ties_standing + 1 < CELL_DEVICES_MAX &&
           (a->root ? person_at(c, a->person)->about.count == 1 : cell_never_ended(c, a->person));
}

static bool judge_last_admit(struct cell *c, struct act *a, uint32_t i)
{
    if (!admits_alone(c, a, i))
        return false;
    struct judged j = cell_weigh(c, a);
    uint32_t at;
    enum text_id why = j.tie == NONE ? j.why : find_invite(c, a, &at);
    if (why == TEXT_NONE) {
        const struct act *invite = act_at(c, at);
        const struct tie *tie = tie_at(c, j.tie);
        uint8_t stage = j.weight;
        if (invite->own && tie->person == a->person)
            stage = least(person_at(c, tie->person)->top, tie->class);
        why = judge_admit(c, a, &j, least(stage, invite->class));
    }
    if (why == TEXT_NONE)
        return true;
    if (why == CELL_CUT || why == CELL_AUTHOR_PENDING || why == CELL_INVITE_CUT)
        return false; /* it is shown as pending */
    return void_last(a, why);
}

/* Is there nothing by devices of a member beyond the cuts of this act, but what a cut voids
 * already?
 */
static bool leaves_whole(const struct cell *c, const struct act *x)
{
    for (uint32_t t = person_at(c, x->person)->ties; t != NONE; t = tie_at(c, t)->next_of_person) {
        for (uint32_t i = machine_at(c, tie_at(c, t)->key)->last_act; i != NONE;
             i = act_at(c, i)->prev) {
            const struct act *a = act_at(c, i);
            if (a->flaw == TEXT_NONE && a->why != CELL_CUT && a->seq > cell_reach(c, x, a->log_id))
                return false;
        }
    }
    return true;
}

static bool claims(const struct cell *c, uint32_t key, uint32_t person)
{
    uint32_t t = list_u32(&c->key_ties, key);
    while (t != NONE && tie_at(c, t)->person != person)
        t = tie_at(c, t)->next_of_key;
    return t != NONE;
}

/* Has the member ended something of its own, or tried to? The weight of that follows its offices.
 */
static bool ended_own(const struct cell *c, uint32_t person)
{
    const struct list *about = &person_at(c, person)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->type == AUTH_LEAVE || (a->type == AUTH_REMOVE && claims(c, a->key, person)))
            return true;
    }
    return false;
}

static bool all_stand(const struct cell *c, uint32_t person)
{
    for (uint32_t t = person_at(c, person)->ties; t != NONE; t = tie_at(c, t)->next_of_person) {
        if (!tie_at(c, t)->stands)
            return false;
    }
    return true;
}

static bool judge_last_role(struct cell *c, struct act *a)
{
    struct judged j = cell_weigh(c, a);
    enum text_id why = j.tie == NONE ? j.why : cell_check(c, a, &j);
    if (why != TEXT_NONE)
        return void_last(a, why);
    uint8_t rank = auth_rank_of((enum auth_role)a->role);
    if (rank > person_at(c, a->person)->top || !all_stand(c, a->person) ||
        ended_own(c, a->person) || !cell_saw_all(c, a, a->person) ||
        (rank < person_at(c, a->person)->top && !leaves_whole(c, a)))
        return false;
    stand(a, &j, j.weight, false);
    return true;
}

static bool judge_last_remove(struct cell *c, struct act *a)
{
    if (claims(c, a->key, a->person))
        return false; /* between devices of one member: judged from the root of their tree */
    struct judged j = cell_weigh(c, a);
    enum text_id why = j.tie == NONE ? j.why : cell_check(c, a, &j);
    if (why != TEXT_NONE)
        return void_last(a, why);
    if (!cell_saw_all(c, a, a->person) || !leaves_whole(c, a))
        return false;
    stand(a, &j, j.weight, false);
    c->turns++;
    return true;
}

bool cell_judge_last(struct cell *c, uint32_t i)
{
    struct act *a = act_at(c, i);
    a->why = a->flaw;
    a->verdict = a->flaw == TEXT_NONE ? VERDICT_OPEN : VERDICT_VOID;
    if (c->genesis_act == NONE)
        return false;
    a->was_judged = true;
    if (a->flaw != TEXT_NONE)
        return true;
    switch (a->type) {
    case AUTH_INVITE:
    case AUTH_INVITE_END:
        return judge_last_invite(c, a);
    case AUTH_ADMIT:
        return judge_last_admit(c, a, i);
    case AUTH_ROLE:
        return judge_last_role(c, a);
    case AUTH_REMOVE:
        return judge_last_remove(c, a);
    case AUTH_LEAVE:
        return false;
    default:
        judge_rest(c, a);
        return true;
    }
}
