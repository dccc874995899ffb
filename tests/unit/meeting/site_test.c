/* Sites, PINs, the roll again, breaks, hands and paper. */
#include "tests/unit/meeting/village.h"

static const uint8_t *site_of(struct world *w, const uint8_t *m, uint32_t teller)
{
    struct act a = act_person_of(w, ACT_SITE, m, teller, 0);
    a.title = span_text("Trạm Bản Mù");
    const uint8_t *s = world_act(w, A, &a);
    world_all_meet(w);
    return s;
}

static struct act at_site(enum act_type type, const uint8_t *m, const uint8_t *site,
                          struct act_people people)
{
    struct act a = act_of(type, m);
    memcpy(a.site, site, 32);
    a.people = people;
    return a;
}

/* What a teller says is a proposal; a person confirms it. */
TEST(site_teller_names_who_is_there_and_the_secretary_confirms)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "regular", NULL), *s = site_of(w, m, D);
    struct act a = at_site(ACT_SITE_ROLL, m, s, PEOPLE(w, {D, ROLL_PRESENT}, {E, ROLL_PRESENT}));
    MAY(w, D, &a);
    MAY(w, C, &a); /* the secretary of the meeting may enter it for the teller */
    MAY_NOT(w, E, &a, REFUSE_NOT_TELLER);
    world_act(w, D, &a);
    const struct meeting *got = only(w);
    CHECK_EQ(got->sites_count, 1);
    CHECK_EQ(got->sites[0].teller, D);
    CHECK_EQ(got->roll[E].evidence, EVIDENCE_TELLER);
    CHECK_EQ(got->roll[E].site, 0);
    CHECK_EQ(got->roll[E].status, ROLL_UNKNOWN);
    CHECK_EQ(got->present, 0);
    world_all_meet(w);
    do_roll(w, C, m, E, ROLL_PRESENT, "");
    CHECK_EQ(only(w)->present, 1);
    CHECK_EQ(ignored(w), 0);
    world_free(w);
}

/* Two sites name one member: one line; a site that does not see somebody knows nothing of others.
 */
TEST(site_two_sites_naming_one_member_are_one_line)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "regular", NULL), *s = site_of(w, m, D), *t = site_of(w, m, B);
    struct act a = at_site(ACT_SITE_ROLL, m, s, PEOPLE(w, {E, ROLL_PRESENT}));
    world_act(w, D, &a);
    world_all_meet(w);
    a = at_site(ACT_SITE_ROLL, m, t, PEOPLE(w, {E, ROLL_ABSENT}));
    world_act(w, B, &a);
    CHECK_EQ(only(w)->roll[E].site, 0); /* where the other teller saw it */
    a.people = PEOPLE(w, {E, ROLL_PRESENT});
    world_act(w, B, &a);
    CHECK_EQ(only(w)->roll[E].site, 1);
    do_roll(w, C, m, E, ROLL_PRESENT, "");
    do_roll(w, A, m, E, ROLL_PRESENT, "");
    CHECK_EQ(only(w)->present, 1);
    do_simple(w, E, ACT_ATTEND, m); /* and its own device finds its way */
    CHECK_EQ(only(w)->present, 1);
    CHECK_EQ(only(w)->roll[E].evidence, EVIDENCE_DEVICE);
    world_free(w);
}

/* The key that a member's PIN makes. */
static struct hop_sign_key pin_key(const char *digits)
{
    uint8_t seed[CRYPTO_SEED_BYTES] = {0};
    struct hop_sign_key key;
    memcpy(seed, digits, strlen(digits));
    hop_sign_keypair(&key, seed);
    return key;
}

static void set_pin(struct world *w, uint32_t member, const char *digits)
{
    struct hop_sign_key key = pin_key(digits);
    struct act a = act_of(ACT_PIN, NULL);
    memcpy(a.target, key.public_key, 32);
    world_act(w, member, &a);
}

static struct act with_pin(const struct world *w, const uint8_t *m, const uint8_t *s,
                           uint32_t member, const char *digits)
{
    uint8_t message[MEETING_PIN_MESSAGE_BYTES];
    struct hop_sign_key key = pin_key(digits);
    struct act a = at_site(ACT_SITE_ROLL, m, s, PEOPLE(w, {(uint8_t)member, ROLL_PRESENT}));
    meeting_pin_message(message, m, s, w->cell.members[member].id);
    hop_sign(a.proof, &key, LABEL_PIN_SIG, SPAN(message, sizeof message));
    return a;
}

/* A PIN typed at somebody else's device proves who was there, at this site of this meeting only. */
TEST(site_pin_proves_a_member_at_a_site)
{
    struct world *w = village();
    const uint8_t *m = opened_as(w, "regular", NULL), *s = site_of(w, m, D), *t = site_of(w, m, B);
    struct act a = with_pin(w, m, s, E, "123456");
    MAY_NOT(w, D, &a, REFUSE_PIN); /* none was set */
    set_pin(w, E, "123456");
    world_all_meet(w);
    MAY(w, D, &a);
    MAY(w, C, &a); /* whoever's device it is: the PIN speaks */
    world_act(w, D, &a);
    CHECK_EQ(only(w)->roll[E].evidence, EVIDENCE_PIN);
    struct act wrong = with_pin(w, m, s, E, "654321");
    MAY_NOT(w, D, &wrong, REFUSE_PIN);
    wrong = a;
    memcpy(wrong.site, t, 32); /* carried to another site */
    MAY_NOT(w, D, &wrong, REFUSE_PIN);
    wrong = a;
    wrong.people = PEOPLE(w, {C, ROLL_PRESENT});
    MAY_NOT(w, D, &wrong, REFUSE_PIN);
    world_act(w, D, &wrong);
    check_last_ignored(w, 1, REFUSE_PIN);
    world_free(w);
}

/* A site that had not heard of the new PIN was right to take the old one; who had heard was not. */
TEST(site_pin_holds_as_far_as_the_site_had_seen)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = opened_as(w, "regular", NULL), *s = site_of(w, m, D);
        set_pin(w, E, "123456");
        world_all_meet(w);
        struct act a = with_pin(w, m, s, E, "123456");
        set_pin(w, E, "777777"); /* not heard of at the site */
        do_text(w, D, ACT_OPINION, m, 0, "…");
        do_text(w, D, ACT_OPINION, m, 0, "…"); /* so that it comes later in the order */
        world_act(w, D, &a);
        CHECK_EQ(ignored(w), 0);
        CHECK_EQ(only(w)->roll[E].evidence, EVIDENCE_PIN);
        world_all_meet(w);
        world_act(w, D, &a);
        check_last_ignored(w, 1, REFUSE_PIN);
        CHECK_BYTES(meeting_pin_of(w->state, E), pin_key("777777").public_key, 32);
        CHECK(meeting_pin_of(w->state, D) == NULL);
        world_free(w);
    }
}

/* After a break only who is confirmed anew counts; who was there before stays on the minutes. */
TEST(site_roll_check_asks_for_every_line_again)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 4);
    CHECK_EQ(only(w)->present, 4);
    struct act check = act_of(ACT_CHECK, m);
    MAY(w, C, &check);
    MAY_NOT(w, D, &check, REFUSE_NOT_RECORDER);
    world_act(w, C, &check);
    CHECK_EQ(only(w)->present, 0);
    CHECK(only(w)->roll[A].stale && only(w)->roll[A].attended);
    for (int again = 0; again < 5; again++) /* rejoining five times counts once (scenario 11) */
        do_roll(w, C, m, D, ROLL_PRESENT, "");
    do_roll(w, C, m, A, ROLL_PRESENT, "");
    do_roll(w, C, m, B, ROLL_ABSENT, "");
    const struct meeting *got = only(w);
    CHECK_EQ(got->present, 2);
    CHECK(got->roll[B].attended && got->roll[B].status == ROLL_ABSENT);
    world_all_meet(w);
    const uint8_t *q = put_motion(w, m, 1, "Câu hỏi", "");
    do_on(w, A, ACT_TALLY, m, q, 0); /* by a device that did not ask first */
    CHECK_EQ(motion(w, q)->present, 2);
    CHECK_EQ(motion(w, q)->outcome, OUTCOME_NO_QUORUM);
    world_free(w);
}

/* A line set right within one check leaves no trace of presence. */
TEST(site_roll_line_set_right_is_not_attendance)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 2);
    do_roll(w, C, m, E, ROLL_PRESENT, ""); /* by mistake */
    do_roll(w, C, m, E, ROLL_ABSENT_REASON, "ốm");
    CHECK(!only(w)->roll[E].attended);
    CHECK_TEXT(only(w)->roll[E].reason, "ốm");
    world_free(w);
}

/* A check on one side says nothing of those whom the other side confirmed meanwhile. */
TEST(site_roll_check_keeps_lines_it_had_not_seen)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = opened_as(w, "regular", NULL);
        do_roll(w, A, m, A, ROLL_PRESENT, "");
        do_simple(w, A, ACT_CHECK, m);
        do_roll(w, A, m, A, ROLL_PRESENT, "");
        do_roll(w, B, m, B, ROLL_PRESENT, "");
        do_simple(w, B, ACT_CHECK, m);
        do_roll(w, B, m, B, ROLL_PRESENT, "");
        do_roll(w, B, m, D, ROLL_PRESENT, "");
        CHECK_EQ(only(w)->present, 3);
        CHECK_EQ(only(w)->check, 2);
        world_all_meet(w);
        do_simple(w, A, ACT_CHECK, m); /* this one had seen them all */
        CHECK_EQ(only(w)->present, 0);
        CHECK_EQ(ignored(w), 0);
        world_free(w);
    }
}

/* Quorum lost in the middle of a vote: no vote, no close of it, until enough are there again. */
TEST(site_quorum_lost_and_found_in_a_vote)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 3), *q = put_motion(w, m, 1, "Câu hỏi", "");
    struct act vote = act_on(ACT_VOTE, m, q, CHOICE_AGREE), tally = act_on(ACT_TALLY, m, q, 0);
    MAY(w, A, &vote);
    world_act(w, A, &vote);
    do_roll(w, C, m, B, ROLL_ABSENT, "");
    world_all_meet(w);
    MAY_NOT(w, C, &vote, REFUSE_NO_QUORUM);
    MAY_NOT(w, A, &tally, REFUSE_NO_QUORUM);
    do_roll(w, C, m, D, ROLL_PRESENT, "");
    world_all_meet(w);
    MAY(w, C, &vote);
    world_act(w, C, &vote);
    world_act(w, D, &vote);
    world_all_meet(w);
    world_act(w, A, &tally);
    CHECK_EQ(motion(w, q)->outcome, OUTCOME_ADOPTED);
    CHECK_EQ(motion(w, q)->present, 3);
    world_free(w);
}

/* What the close had not seen of the roll is shown apart; the roll it closed stays. */
TEST(site_roll_line_that_the_close_had_not_seen_is_late)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = sitting(w, 3);
        do_roll(w, B, m, E, ROLL_PRESENT, "");
        do_roll(w, B, m, A, ROLL_ABSENT, "");
        do_value(w, D, ACT_EXCUSE, m, 1, "Đường sạt lở");
        do_simple(w, A, ACT_CLOSE, m);
        world_all_meet(w);
        const struct meeting *got = only(w);
        CHECK_EQ(got->present, 3);
        CHECK_EQ(got->roll[E].status, ROLL_UNKNOWN);
        CHECK_EQ(got->roll[E].late_status, ROLL_PRESENT);
        CHECK_EQ(got->roll[A].status, ROLL_PRESENT);
        CHECK_EQ(got->roll[A].late_status, ROLL_ABSENT);
        CHECK_TEXT(got->roll[D].excuse, "Đường sạt lở");
        CHECK(got->roll[D].excuse_late);
        CHECK_EQ(ignored(w), 0);
        world_free(w);
    }
}

/* A break begins and ends; two sides may each have theirs. */
TEST(site_breaks_begin_and_end_by_who_had_seen_them)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 3);
    do_value(w, A, ACT_PAUSE, m, 1, "Giải lao 10 phút");
    do_value(w, B, ACT_PAUSE, m, 1, "Mất điện");
    do_value(w, B, ACT_PAUSE, m, 2, "");
    do_value(w, A, ACT_PAUSE, m, 2, "");
    CHECK_EQ(ignored(w), 0);
    const struct meeting *got = only(w);
    CHECK_EQ(got->breaks_count, 2);
    CHECK(got->breaks[0].ended && got->breaks[1].ended);
    do_value(w, A, ACT_PAUSE, m, 2, "");
    check_last_ignored(w, 1, REFUSE_NOT_PAUSED);
    do_value(w, A, ACT_PAUSE, m, 1, "");
    do_value(w, A, ACT_PAUSE, m, 1, "");
    check_last_ignored(w, 2, REFUSE_PAUSED);
    world_free(w);
}

/* Hands and papers that the close had not seen are late, and change nothing. */
TEST(site_hands_and_papers_count_as_the_close_had_seen)
{
    for (uint64_t salt = 0; salt < 6; salt++) {
        struct world *w = village();
        w->salt = salt;
        const uint8_t *m = sitting(w, 5), *s = site_of(w, m, D);
        const uint8_t *q = put_motion(w, m, 1, "Câu hỏi", "");
        struct act hands = at_site(ACT_HANDS, m, s, PEOPLE(w, {D, CHOICE_AGREE}));
        memcpy(hands.target, q, 32);
        MAY_NOT(w, E, &hands, REFUSE_NOT_TELLER);
        world_act(w, D, &hands);
        world_meet(w, D, A);
        hands.people = PEOPLE(w, {D, CHOICE_AGREE}, {E, CHOICE_AGREE}); /* counted again, unseen */
        world_act(w, D, &hands);
        struct act paper = act_on(ACT_PAPER, m, q, 0);
        paper.people = PEOPLE(w, {B, 0});
        paper.counts_count = PAPER_COUNTS;
        paper.counts[PAPER_ISSUED] = paper.counts[PAPER_COLLECTED] = 1;
        paper.counts[PAPER_VALID] = paper.counts[PAPER_DISAGREE] = 1;
        world_act(w, B, &paper);
        do_on(w, A, ACT_VOTE, m, q, CHOICE_AGREE);
        do_on(w, A, ACT_TALLY, m, q, 0);
        world_all_meet(w);
        const struct meeting_motion *got = motion(w, q);
        CHECK_EQ(got->agree, 2);
        CHECK_EQ(got->disagree, 0);
        CHECK_EQ(got->by_hand, 1);
        CHECK(got->paper == NULL && got->late_paper != NULL);
        CHECK_EQ(got->hands_count, 1);
        CHECK_EQ(got->hands[0].people.count, 1);
        CHECK_EQ(got->late_votes_count, 1); /* Én's hand; Dũng was counted */
        CHECK_EQ(got->late_votes[0].member, E);
        CHECK_EQ(got->late_votes[0].how, HOW_HAND);
        CHECK_EQ(ignored(w), 0);
        world_act(w, D, &hands); /* now it has seen the close */
        check_last_ignored(w, 1, REFUSE_VOTE_CLOSED);
        world_free(w);
    }
}

/* The last count of a site is the one that counts; a mistake can be set right. */
TEST(site_last_count_of_hands_and_paper_holds)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5), *q = put_motion(w, m, 1, "Câu hỏi", "");
    struct act hands = act_on(ACT_HANDS, m, q, 0); /* in the room */
    MAY_NOT(w, D, &hands, REFUSE_NOT_RECORDER);
    hands.people = PEOPLE(w, {A, CHOICE_AGREE}, {B, CHOICE_AGREE});
    world_act(w, C, &hands);
    CHECK_EQ(motion(w, q)->agree, 2);
    hands.people = PEOPLE(w, {A, CHOICE_AGREE}, {B, CHOICE_ABSTAIN});
    world_act(w, C, &hands);
    CHECK_EQ(motion(w, q)->agree, 1);
    CHECK_EQ(motion(w, q)->abstain, 1);
    CHECK_EQ(motion(w, q)->votes[0].site, NO_SITE);
    world_all_meet(w);
    do_on(w, A, ACT_TALLY, m, q, 0);
    CHECK_EQ(motion(w, q)->unheard, 2); /* Dũng and Én: who raised a hand was heard */
    world_free(w);
}

/* A ballot on paper may be held after the meeting: the close leaves it open, and counts later. */
TEST(site_paper_ballot_is_held_after_the_meeting)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 5), *q = put_motion(w, m, 1, "Bầu bí thư", "election");
    CHECK_TEXT(motion(w, q)->question, "election");
    struct act close = act_of(ACT_CLOSE, m);
    MAY(w, A, &close);
    world_act(w, A, &close);
    world_all_meet(w);
    CHECK(!motion(w, q)->closed);
    do_on(w, D, ACT_VOTE, m, q, CHOICE_AGREE); /* by a device gone wrong */
    check_last_ignored(w, 1, REFUSE_BALLOT_PAPER);
    struct act paper = act_on(ACT_PAPER, m, q, 0);
    paper.people = PEOPLE(w, {A, 0}, {B, 0}, {C, 0}, {D, 0});
    paper.counts_count = PAPER_COUNTS;
    paper.counts[PAPER_ISSUED] = 5;
    paper.counts[PAPER_COLLECTED] = 4;
    paper.counts[PAPER_VALID] = paper.counts[PAPER_AGREE] = 3;
    paper.counts[PAPER_INVALID] = 1;
    MAY(w, C, &paper);
    world_act(w, C, &paper);
    world_all_meet(w);
    struct act tally = act_on(ACT_TALLY, m, q, 0);
    MAY(w, A, &tally);
    world_act(w, A, &tally);
    CHECK_EQ(motion(w, q)->outcome, OUTCOME_ADOPTED);
    CHECK_EQ(motion(w, q)->by_paper, 4);
    CHECK_EQ(motion(w, q)->votes_count, 0); /* nobody's choice is on record */
    world_free(w);
}

/* One member cannot fill the record of a vote with changes of mind. */
TEST(site_vote_can_be_changed_only_so_often)
{
    struct world *w = village();
    const uint8_t *m = sitting(w, 3), *q = put_motion(w, m, 1, "Câu hỏi", "");
    for (int i = 0; i <= MEETING_CHANGES_MAX; i++)
        do_on(w, D, ACT_VOTE, m, q, i == MEETING_CHANGES_MAX ? CHOICE_DISAGREE : CHOICE_AGREE);
    check_last_ignored(w, MEETING_CHANGES_MAX + 1, REFUSE_NOT_ATTENDING); /* not there at all */
    do_simple(w, D, ACT_ATTEND, m);
    for (int i = 0; i <= MEETING_CHANGES_MAX; i++)
        do_on(w, D, ACT_VOTE, m, q, i == MEETING_CHANGES_MAX ? CHOICE_DISAGREE : CHOICE_AGREE);
    check_last_ignored(w, MEETING_CHANGES_MAX + 2, REFUSE_TOO_MANY);
    CHECK_EQ(motion(w, q)->agree, 1);
    world_free(w);
}
