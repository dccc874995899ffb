#include "node/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "device/dossier.h"
#include "node/json.h"

static const char *const verdicts[] = {[DOSSIER_VERDICT_PASS] = "holds",
                                       [DOSSIER_VERDICT_FAIL] = "fails",
                                       [DOSSIER_VERDICT_INCOMPLETE] = "incomplete",
                                       [DOSSIER_VERDICT_UNCONFIRMED] = "unconfirmed"};
static const char *const states[] = {
    [DOSSIER_LINE_OK] = "ok", [DOSSIER_LINE_FAILED] = "failed", [DOSSIER_LINE_MISSING] = "missing"};
bool verify_fingerprint(uint8_t ret[static 32], const char *text)
{
    char digits[HEX_SIZE(32)];
    size_t count = 0;
    for (; *text != '\0'; text++) {
        char c = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
        if (c == ' ' || c == ':' || c == '\n')
            continue;
        if (count == sizeof digits - 1)
            return false;
        digits[count++] = c;
    }
    digits[count] = '\0';
    return hex_decode(ret, 32, digits) == HOP_OK;
}

int verify_dossier(struct span file, enum text_lang lang, const uint8_t *cell, bool strict,
                   json_t **ret)
{
    struct dossier_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return HOP_ENOMEM;
    int err = dossier_verify(file, lang, report);
    if (err == HOP_OK && cell != NULL && (strict || memcmp(cell, report->cell_id, 32) == 0))
        dossier_confirm(report, lang, cell);
    if (err == HOP_OK) {
        json_t *lines = json_array();
        char cell_hex[HEX_SIZE(32)], meeting[HEX_SIZE(32)];
        hex_encode(cell_hex, SPAN(report->cell_id, 32));
        hex_encode(meeting, SPAN(report->meeting, 32));
        for (size_t i = 0; i < report->lines_count; i++)
            (void)json_array_append_new(lines, json_pack("{s:s,s:o}", "state",
                                                         states[report->lines[i].state], "text",
                                                         json_text(report->lines[i].text)));
        *ret = json_pack("{s:s,s:s,s:o,s:s,s:o,s:s,s:o}", "verdict", verdicts[report->verdict],
                         "text", report->lines[report->lines_count - 1].text, "cell",
                         json_text(report->cell_name), "cell_id", cell_hex, "title",
                         json_text(report->title), "meeting", meeting, "lines", lines);
        err = *ret == NULL ? HOP_ENOMEM : HOP_OK;
    }
    dossier_report_free(report);
    free(report);
    return err;
}
