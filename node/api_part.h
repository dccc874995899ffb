/* Inside the API: what its files share. Nobody outside node/api*.c includes this. */
#ifndef HOP_NODE_API_PART_H
#define HOP_NODE_API_PART_H

#include "node/api.h"
#include "node/json.h"
#include "node/words.h"

struct api_call {
    struct node *n;
    const struct api_request *rq;
    struct api_reply *rp;
    enum text_lang lang;
    const char *arg;      /* what the '*' of the route stood for; "" without one */
    json_t *body;         /* POST with JSON: an object, never NULL */
    struct text_said why; /* the reason, when a handler returns an error */
};

/* A handler fills rp->body (or calls api_answer) and returns HOP_OK, or returns an error after
 * saying why; an error without a sentence gets the one of its code. */
typedef int api_handler(struct api_call *c);

/* Answer with this JSON; takes the reference. */
MUST_USE int api_answer(struct api_call *c, json_t *root);
/* Make the turn durable; on HOP_OK the watchers hear of it. */
MUST_USE int api_commit(struct api_call *c);
/* Seal and sign the act, make it durable, and only then answer with its id. */
MUST_USE int api_put_on_record(struct api_call *c, const struct act *a);
/* A word of a kind, or the sentence that lists them. */
MUST_USE int api_read_word(struct api_call *c, enum words_kind kind, const char *key,
                           const char *word, uint32_t *ret);
/* Office and category of somebody to be invited; NULL: a full member. */
MUST_USE int api_read_standing(struct api_call *c, const char *role, const char *category,
                               unsigned *ret_role, unsigned *ret_category);
MUST_USE int api_not_found(struct api_call *c, enum text_id id, const char *name);
MUST_USE int api_bad_value(struct api_call *c, const char *key, const char *value,
                           const char *possible);

/* What a path or a field names: full id, short id, or number in the list (from 1). */
MUST_USE int api_find_meeting(struct api_call *c, const char *name, const struct meeting **ret);
MUST_USE int api_find_motion(struct api_call *c, const char *name,
                             const struct meeting_motion **ret, const struct meeting **ret_meeting);
MUST_USE int api_find_document(struct api_call *c, const char *name,
                               const struct meeting_document **ret,
                               const struct meeting **ret_meeting);
/* Besides, a name or a part of one that only one member has. */
MUST_USE int api_find_member(struct api_call *c, const char *name, size_t *ret);
/* By key, by the first characters of its short name, or, if its member has only one, by that. */
MUST_USE int api_find_device(struct api_call *c, const char *name, const struct cell_device **ret);
MUST_USE int api_find_group(struct api_call *c, const char *name, const struct cell_group **ret);
/* The same, its id. */
MUST_USE int api_read_group(struct api_call *c, const char *name, uint8_t ret[static 16]);

/* ---- what is shown (api_view.c, api_meeting.c) ---- */

const struct cell_member *api_member(const struct api_call *c, uint32_t index); /* or NULL */
const char *api_member_name(const struct api_call *c, uint32_t index);          /* "?" for none */
bool api_member_connected(const struct api_call *c, uint32_t index);
bool api_device_connected(const struct api_call *c, const uint8_t ik[static 32]);
uint32_t api_author_of(const struct api_call *c, uint32_t entry); /* member, or HISTORY_NONE */
json_t *api_member_json(const struct api_call *c, uint32_t index);
json_t *api_device_json(const struct api_call *c, const struct cell_device *x);
json_t *api_config_json(const struct api_call *c, const uint8_t id[static 32]); /* null: unknown */
json_t *api_notices_json(const struct api_call *c);
const char *api_label(const struct procedure_label *label, enum text_lang lang,
                      enum text_id or_else);
void api_put_member(const struct api_call *c, json_t *object, uint32_t index); /* member, name */
size_t api_meeting_number(const struct api_call *c, const struct meeting *m);  /* from 1 */
json_t *api_meeting_summary(const struct api_call *c, const struct meeting *m);
json_t *api_missing_names(const struct api_call *c, const struct meeting *m);
json_t *api_record_json(const struct api_call *c, uint32_t index); /* of the history */
json_t *api_waiting(struct api_call *c);    /* what waits for this device's person */
json_t *api_deliveries(struct api_call *c); /* boards of the meetings this person convened */
json_t *api_talk(struct api_call *c);       /* null when no voice runs */

/* More of a meeting, a motion, a line of the roll, signed minutes (api_sitting.c). */
#define API_MERGE_MAX  1024
#define API_MONTHS_MAX 120
void api_put_sitting(const struct api_call *c, json_t *o, const struct meeting *m);
void api_put_counted(const struct api_call *c, json_t *o, const struct meeting *m,
                     const struct meeting_motion *v);
void api_put_roll_line(const struct api_call *c, json_t *o, const struct meeting *m,
                       const struct meeting_roll_line *r);
void api_put_signed(const struct api_call *c, json_t *o, const struct meeting_minutes *s);

api_handler api_get_merge, api_get_reports, api_get_private, api_get_duty, api_get_print;
api_handler api_get_status, api_get_peers, api_get_members, api_get_records, api_get_ignored,
    api_get_text, api_get_procedures;
api_handler api_get_cell, api_get_devices, api_get_groups;
api_handler api_post_member_remove, api_post_member_role, api_post_member_suspend,
    api_post_device_suspend, api_post_device_resume, api_post_device_revoke, api_post_config,
    api_post_cosign, api_post_checkpoint, api_post_leave, api_post_group, api_post_proposal,
    api_delete_invitation;
api_handler api_get_meetings, api_get_meeting, api_get_minutes, api_get_document;
api_handler api_post_here, api_post_lock, api_post_unlock, api_post_passphrase, api_post_panic;
api_handler api_post_cell, api_post_invitation, api_post_verify, api_post_stop;
api_handler api_post_meeting, api_post_upload, api_post_upload_piece, api_delete_upload,
    api_post_document, api_post_send, api_post_read, api_post_opinion, api_post_open,
    api_post_attend, api_post_roll, api_post_motion, api_post_minutes, api_post_close,
    api_post_vote, api_post_tally, api_post_dossier;
api_handler api_post_act, api_post_meeting_act, api_post_motion_act;
api_handler api_get_tasks, api_get_procedure, api_post_procedure_check;
api_handler api_post_talk, api_delete_talk;
api_handler api_get_bundle_have, api_get_bundle_had, api_post_bundle_look, api_post_bundle_take,
    api_post_bundle_write;
api_handler api_get_pairings, api_get_pairing, api_post_pairing, api_post_pairing_card,
    api_delete_pairing, api_post_join_answer;
api_handler api_get_join, api_post_join, api_post_join_card, api_delete_join;

#endif
