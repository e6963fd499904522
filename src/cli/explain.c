/* bootseal explain: what a word means, offline; the same tables as the service's answers. */
#include "appraise/appraise.h"
#include "claims/quirks.h"
#include "cli/talk.h"
#include "component/component.h"
#include "wire/event_type.h"
#include "wire/ima.h"

#include <stdlib.h>

static const struct {
    enum verdict verdict;
    const char *meaning, *action;
} VERDICTS[] = {
    {VERDICT_TRUSTED, "every demanded proof holds and every rule of the policy does",
     "Nothing to do"},
    {VERDICT_ATTENTION, "trusted, and something should be looked at", "Read the reasons"},
    {VERDICT_UNTRUSTED, "the evidence contradicts the TPM, itself or the policy",
     "Read the reasons; the host gets no credentials until a new boot passes"},
    {VERDICT_UNKNOWN, "what is needed to decide is missing or cannot be checked; not bad, not good",
     "Read the reasons; supply what is missing"},
    {VERDICT_PENDING, "waits for a person", "bootseal host approve HOST"},
};

static enum exit_status say(struct cli *cli, const char *kind, const char *const *texts)
{
    static const char *const NAMES[] = {"title", "why", "action", "source"};
    json_t *object;

    if (cli->json) {
        object = talk_schema("explanation");
        json_object_set_new(object, "kind", json_string(kind));
        json_object_set_new(object, "name", json_string(cli->arguments[0]));
        for (int i = 0; i < 4; i++)
            json_object_set_new(object, NAMES[i], texts[i] ? json_string(texts[i]) : json_null());
        talk_json(object);
        return EXIT_HOLDS;
    }
    printf("%s%s%s  (%s)\n", talk_color(cli, TALK_BOLD), cli->arguments[0],
           talk_color(cli, TALK_PLAIN), kind);
    for (int i = 0; i < 4; i++)
        if (texts[i])
            printf("  %-8s %s\n", NAMES[i], texts[i]);
    return EXIT_HOLDS;
}

static enum exit_status explain_claim(struct cli *cli, enum claim_id id)
{
    const char *texts[4] = {claim_meaning(id),
                            arena_printf(&cli->arena, "%s; systems: %s; PCRs: %s; grade: %s",
                                         claim_topic(id), claim_systems(id),
                                         *claim_pcrs(id) ? claim_pcrs(id) : "none",
                                         claim_grades(id)),
                            NULL, claim_source(id)};

    return say(cli, "claim", texts);
}

/* By name, or by value as "0x80000001". */
static const struct event_type *find_event_type(const char *word)
{
    char *end;
    unsigned long value = strtoul(word, &end, 0);

#define EVENT_TYPE(symbol, value, name, rule, pcrs, title)                                         \
    if (strcmp(word, name) == 0)                                                                   \
        return event_type_find(value);
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
    return end != word && *end == '\0' && value <= UINT32_MAX ? event_type_find((uint32_t)value)
                                                              : NULL;
}

static enum exit_status explain_event_type(struct cli *cli, const struct event_type *type)
{
    static const char *const RULES[] = {
        [EVENT_DIGEST_PERHAPS] = "the digest may be that of the data, or of something else",
        [EVENT_DIGEST_WHOLE] = "the digest is that of the whole data; other data is refused",
        [EVENT_DIGEST_VARIABLE] = "the digest is that of the variable, or of its contents alone",
        [EVENT_DIGEST_AUTHORITY] = "the digest is that of the variable (old shim: less one byte)",
        [EVENT_DIGEST_TEXT] = "the digest is that of the text after the loader's prefix",
        [EVENT_DIGEST_TAGGED] = "Windows records: the digest is that of the whole data",
        [EVENT_DIGEST_OPAQUE] = "the digest is of something not in the log; the data are hints",
        [EVENT_DIGEST_NEVER] = "never measured, so never evidence",
    };
    const char *texts[4] = {type->title, RULES[type->rule], NULL,
                            "TCG PC Client Platform Firmware Profile 1.06, 10.4"};

    return say(cli, "event type", texts);
}

static enum exit_status explain_quirk(struct cli *cli, enum quirk quirk)
{
    static const char *const EFFECTS[] = {
        [QUIRK_SHOWN] = "Nothing to do: it is named where a log is shown, and nothing is found",
        [QUIRK_NOTED] = "Nothing to do: it is noted as eventlog.quirk",
        [QUIRK_REFUSED] = "Update the firmware: its finding stays although the deviation is known",
    };
    const struct quirk_text *text = quirk_text(quirk);
    const char *texts[4] = {text->deviation, text->cost, EFFECTS[text->effect],
                            arena_printf(&cli->arena, "seen in logs of: %s", text->shown_by)};

    return say(cli, "quirk", texts);
}

/* What a digest of `bootseal component` is over; NULL for another word. */
static const char *form_title(const char *word)
{
    for (int form = 0; form < COMPONENT_FORMS; form++)
        if (strcmp(word, component_form_name((enum component_form)form)) == 0)
            return component_form_title((enum component_form)form);
    return NULL;
}

enum exit_status explain_word(struct cli *cli)
{
    const char *word = cli->arguments[0];
    enum reason_code code = reason_by_text(word);
    enum claim_id claim = claim_by_name(span_text(word));
    const struct event_type *type = find_event_type(word);
    struct error error = {0};

    if (code != REASON_NONE) {
        const char *texts[4] = {reason_title(code), reason_why(code), reason_action(code), NULL};
        return say(cli, "reason", texts);
    }
    if (claim != CLAIM_IDS)
        return explain_claim(cli, claim);
    if (type)
        return explain_event_type(cli, type);
    if (quirk_by_name(word) != QUIRKS)
        return explain_quirk(cli, quirk_by_name(word));
    for (size_t i = 0; i < sizeof VERDICTS / sizeof *VERDICTS; i++)
        if (strcmp(word, verdict_name(VERDICTS[i].verdict)) == 0) {
            const char *texts[4] = {VERDICTS[i].meaning, NULL, VERDICTS[i].action, NULL};
            return say(cli, "verdict", texts);
        }
    if (form_title(word))
        return say(cli, "digest of a component", (const char *[4]){form_title(word)});
    if (ima_field_meaning(span_text(word)))
        return say(cli, "field of an IMA list",
                   (const char *[4]){ima_field_meaning(span_text(word))});
    error_plain(
        &error, ERROR_NOT_FOUND,
        "nothing is known of '%s': give a reason code (quote.nonce), a claim "
        "(secure_boot.enabled), an event type (EV_SEPARATOR), a quirk "
        "(hp.action_after_separator), a verdict, what a digest is over (signed-image) or a field "
        "of IMA (d-ng)",
        word);
    return talk_error(cli, NULL, &error);
}
