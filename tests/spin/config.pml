/* The configuration chain: two proposers, SEATS seats that crash and start again at any moment.
 *
 * Each seat keeps a lock in its key file: the successor it has signed, or none. It is written (and
 * synced) before the signature can leave. What is in memory is lost in a crash; the lock is read
 * again at the start. Checked for all interleavings: never do two successors of one configuration
 * both have a majority of signatures, unless a seat has signed both: and then its two signatures
 * are the evidence.
 *
 *   spin -a -DSEATS=3 config.pml && cc -O2 -DSAFETY pan.c -o pan && ./pan
 *
 * -DFORGETFUL: seat 0 was put back from a backup without its lock. Two majorities are then possible,
 *    and the claim is that there is evidence.
 * -DPLANT_LATE: the signature leaves before the lock is on the disk. The model must find the fault.
 * -DPLANT_MEMORY: the lock is never on the disk. It must as well. */
#ifndef SEATS
#define SEATS 3
#endif
#define MAJORITY (SEATS / 2 + 1)
#ifndef CRASHES
#define CRASHES 2 /* in all: of one seat twice, or of two */
#endif

byte lock[SEATS];   /* on the disk: 0 none, else the successor signed */
bit first[SEATS];   /* signatures that have left: of successor 1 */
bit second[SEATS];  /* of successor 2 */
byte ones, twos;    /* how many there are */
bool evidence;      /* some seat's two signatures are both out */
byte crashes;

inline may_crash(i)
{
    if
    :: crashes < CRASHES -> crashes++; goto start
    :: skip
    fi
}

/* The signature is on record and travels; sent again, it is the same. */
inline sign(i, p)
{
    atomic {
        if
        :: p == 1 && first[i] == 0 -> first[i] = 1; ones++
        :: p == 2 && second[i] == 0 -> second[i] = 1; twos++
        :: else
        fi;
        evidence = evidence || (first[i] == 1 && second[i] == 1);
        if /* what a node that has all records would see */
        :: ones >= MAJORITY && twos >= MAJORITY ->
#ifdef FORGETFUL
            assert(evidence)
#else
            assert(false) /* nobody forgets: there must not be two at all */
#endif
        :: else
        fi
    }
}

inline keep(i, p)
{
#ifndef PLANT_MEMORY
    lock[i] = p
#else
    skip
#endif
}

proctype seat(byte i)
{
    byte known, asked, p; /* asked: a bit a proposal; each comes once, and again after a crash */
start:
    skip;
    d_step {
        asked = 0;
        p = 0;
        known = lock[i];
#ifdef FORGETFUL
        if
        :: i == 0 -> known = 0 /* its key file is from before */
        :: else
        fi
#endif
    }
    do
    :: atomic {
        asked < 3 ->
        if
        :: (asked & 1) == 0 -> p = 1; asked = asked | 1
        :: (asked & 2) == 0 -> p = 2; asked = asked | 2
        fi;
        if
        :: known != 0 && known != p -> p = 0 /* it has signed the other: it says no */
        :: else -> known = p
        fi
       };
       if
       :: p == 0
       :: p != 0 ->
#ifdef PLANT_LATE
           sign(i, p);
           may_crash(i);
           keep(i, p)
#else
           keep(i, p);
           may_crash(i);
           sign(i, p)
#endif
       fi
    :: asked == 3 ->
        if
        :: crashes < CRASHES -> crashes++; goto start
        :: break
        fi
    od
}

init
{
    byte i = 0;
    atomic {
        do
        :: i < SEATS -> run seat(i); i++
        :: else -> break
        od
    }
}
