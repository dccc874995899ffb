#include "node/verify.h"

#include <stdlib.h>

#include "base/encode.h"
#include "device/dossier.h"
#include "node/json.h"

static const char *const verdicts[] = {[DOSSIER_VERDICT_PASS] = "holds",
                                       [DOSSIER_VERDICT_FAIL] = "fails",
                                       [DOSSIER_VERDICT_INCOMPLETE] = "incomplete"};
static const char *const states[] = {
    [DOSSIER_LINE_OK] = "ok", [DOSSIER_LINE_FAILED] = "failed", [DOSSIER_LINE_MISSING] = "missing"};
static const enum text_id sentences[] = {[DOSSIER_VERDICT_PASS] = DOSSIER_PASS,
                                         [DOSSIER_VERDICT_FAIL] = DOSSIER_FAIL,
                                         [DOSSIER_VERDICT_INCOMPLETE] = DOSSIER_INCOMPLETE};

int verify_dossier(struct span file, enum text_lang lang, json_t **ret)
{
    struct dossier_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return HOP_ENOMEM;
    int err = dossier_verify(file, lang, report);
    if (err == HOP_OK) {
        json_t *lines = json_array();
        char cell[HEX_SIZE(32)], meeting[HEX_SIZE(32)];
        hex_encode(cell, SPAN(report->cell_id, 32));
        hex_encode(meeting, SPAN(report->meeting, 32));
        for (size_t i = 0; i < report->lines_count; i++)
            (void)json_array_append_new(lines, json_pack("{s:s,s:o}", "state",
                                                         states[report->lines[i].state], "text",
                                                         json_text(report->lines[i].text)));
        *ret = json_pack("{s:s,s:s,s:o,s:s,s:o,s:s,s:o}", "verdict", verdicts[report->verdict],
                         "text", text(lang, sentences[report->verdict]), "cell",
                         json_text(report->cell_name), "cell_id", cell, "title",
                         json_text(report->title), "meeting", meeting, "lines", lines);
        err = *ret == NULL ? HOP_ENOMEM : HOP_OK;
    }
    dossier_report_free(report);
    free(report);
    return err;
}
