/* Handing an invitation over without showing it: by a short code that one reads out and the other
 * types, or face to face by what two screens show. Either way the two devices come to one key over
 * the local network, each proves to the other that it has it, and the ordinary invitation
 * (device_invite()) crosses sealed under it. Then the ordinary join goes on.
 *
 * Code: ten digits. Three name the meeting place on the air and are no secret, six are the password
 * of CPace (crypto/cpace.h), the last is a check, so that a slip of the finger costs no guess. The
 * host counts: a joiner whose proof is wrong has had one guess, and the third one burns the code.
 * Face: each screen shows a card, a 128-bit commitment to an X25519 key made for this meeting and
 * an address. Cards may be photographed: they name neither cell nor person, and whoever has not the
 * key behind one cannot take its place.
 *
 * The invitation is made only when the joiner has proven the key. So what is burned, has expired or
 * died with the process has never been an invitation, and cannot become one.
 *
 * Messages are datagrams of the size and look of beacons (mesh/beacon.h): guest CALL, host REPLY,
 * guest PROVE, host GIVE or REFUSE. The guest repeats what it said until it hears the next; the
 * host only answers, and answers nothing that it could not open. Pure: the owner has socket and
 * clock. docs/protocol.md §7.4. */
#ifndef HOP_DEVICE_PAIRING_H
#define HOP_DEVICE_PAIRING_H

#include "crypto/cpace.h"
#include "device/device.h"

#define PAIRING_PLATE_DIGITS  3
#define PAIRING_SECRET_DIGITS 6
#define PAIRING_CODE_DIGITS   (PAIRING_PLATE_DIGITS + PAIRING_SECRET_DIGITS + 1)
#define PAIRING_CODE_TEXT     (PAIRING_CODE_DIGITS + 3) /* "417-829-0345" and a NUL */
#define PAIRING_GUESSES_MAX   3
#define PAIRING_LIFE_US       (600 * HOP_SECOND) /* of an open pairing, by its host's own clock */
#define PAIRING_REPEAT_US     (HOP_SECOND / 4)
#define PAIRING_PATIENCE_US   (10 * HOP_SECOND) /* for the invitation, once the key is proven */
#define PAIRING_SESSIONS_MAX  4  /* joiners at one time; beyond it the oldest begins again */
#define PAIRING_CALLS_MAX     16 /* new ones a second: each costs two multiplications */

#define PAIRING_CARD_ADDRESS_BYTES 64
#define PAIRING_CARD_TEXT_BYTES    192

enum pairing_way { PAIRING_CODE = 1, PAIRING_FACE = 2 };

/* ---- what people read out and screens show ---- */

struct pairing_code {
    char digits[PAIRING_CODE_DIGITS + 1];
};

void pairing_code_new(struct pairing_code *ret, struct hop_drbg *drbg);
void pairing_code_text(char ret[static PAIRING_CODE_TEXT], const struct pairing_code *code);
/* Spaces, dashes and dots may stand anywhere. HOP_EREFUSED with what is wrong. */
MUST_USE int pairing_code_read(struct pairing_code *ret, const char *words, struct text_said *why);

struct pairing_card {
    bool host; /* shown by whoever invites */
    uint8_t commitment[16];
    char address[PAIRING_CARD_ADDRESS_BYTES]; /* where to look if multicast is filtered, or "" */
};

void pairing_card_text(char ret[static PAIRING_CARD_TEXT_BYTES], const struct pairing_card *card);
MUST_USE int pairing_card_read(struct pairing_card *ret, const char *words, struct text_said *why);

/* ---- a pairing, of either side ---- */

enum pairing_state {
    PAIRING_WAITS,  /* for the other's card */
    PAIRING_OPEN,   /* host: nobody has proven the key yet; guest: nobody has answered */
    PAIRING_PROVED, /* host: an invitation is to be made and given; guest: it waits for that */
    PAIRING_DONE,   /* host: given; guest: the invitation is here */
    PAIRING_BURNED, /* host: three guesses were wrong; guest: the guess was refused */
    PAIRING_OVER    /* host: ten minutes have passed; guest: no answer to its proof */
};

enum pairing_step { PAIRING_FREE, PAIRING_ANSWERED, PAIRING_WRONG, PAIRING_RIGHT };

struct pairing_session {
    enum pairing_step step;
    hop_time since;
    uint8_t id[16];
    struct cpace mine;                       /* of a code */
    uint8_t guest_share[32], host_share[32]; /* points, or X25519 keys */
    uint8_t guest_tag[16], host_tag[16], seal[32];
};

struct pairing {
    enum pairing_way way;
    enum pairing_state state;
    bool host;
    uint8_t meet[32]; /* key of the datagrams; of no value to keep secret */
    struct pairing_code code;
    struct hop_box_key face;
    struct pairing_card own, theirs;
    struct hop_drbg drbg;
    hop_time until; /* host: closes; guest: gives up waiting for the invitation */
    hop_time next;  /* guest: says it again */
    unsigned wrong; /* host: guesses that were; guest: guesses left, as the host says */
    hop_time second;
    unsigned calls;                                        /* in that second */
    struct pairing_session sessions[PAIRING_SESSIONS_MAX]; /* guest: the first */
    uint8_t given[BEACON_PLAIN_BYTES];                     /* host: repeated when asked again */
    char invitation[INVITE_TEXT_BYTES];                    /* guest: the ordinary text */
};

/* By code: the host with a new one, the guest with what was typed. drbg: used while opening only.
 */
void pairing_open_code(struct pairing *p, bool host, const struct pairing_code *code,
                       struct hop_drbg *drbg, hop_time now);
/* Face to face: p->own is to be shown; pairing_meet() when the other's has been read. HOP_EREFUSED:
 * it is of the same side, or one's own. */
void pairing_open_face(struct pairing *p, bool host, const char *address, struct hop_drbg *drbg,
                       hop_time now);
MUST_USE int pairing_meet(struct pairing *p, const struct pairing_card *theirs,
                          struct text_said *why);
void pairing_close(struct pairing *p); /* wipes everything; a zeroed one is fine */

/* The text of a datagram that opened under p->meet. True: send ret to where it came from. */
bool pairing_hear(struct pairing *p, const uint8_t heard[static BEACON_PLAIN_BYTES], hop_time now,
                  uint8_t ret[static BEACON_PLAIN_BYTES]);

/* The guest: true when there is something to say now, to everybody while PAIRING_OPEN, then to
 * whoever replied. Both: time passes. */
bool pairing_speak(struct pairing *p, hop_time now, uint8_t ret[static BEACON_PLAIN_BYTES]);
hop_time pairing_deadline(const struct pairing *p);

/* The host, while PAIRING_PROVED: the invitation, which is on the disk, in a datagram to send. */
void pairing_give(struct pairing *p, const char *invitation,
                  uint8_t ret[static BEACON_PLAIN_BYTES]);

#endif
