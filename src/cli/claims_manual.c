/* The manual page of the claims and the JSON schema of what `eventlog claims --json` prints, both
 * made from claims.def when Bootseal is built, so that they cannot differ from the code. */
#include "claims/claims.h"
#include "cli/command.h"

#include <jansson.h>
#include <string.h>

static const char *type_words(enum claim_type type)
{
    switch (type) {
    case CLAIM_BOOL:
        return "true or false";
    case CLAIM_TEXT:
        return "text";
    case CLAIM_LIST:
        break;
    }
    return "list";
}

static const char *system_words(enum claim_id id)
{
    if (strcmp(claim_systems(id), "linux") == 0)
        return ", Linux hosts";
    return strcmp(claim_systems(id), "windows") == 0 ? ", Windows hosts" : "";
}

static void print_claim(FILE *out, enum claim_id id)
{
    fprintf(out, ".It Sy %s Pq %s%s", claim_name(id), type_words(claim_type(id)), system_words(id));
    if (*claim_pcrs(id))
        fprintf(out, "; PCR %s", claim_pcrs(id));
    fprintf(out, "; part %s\n", claim_part(id));
    cli_print_mdoc(out, claim_meaning(id));
    fprintf(out, ".\n.br\nGrade: ");
    cli_print_mdoc(out, claim_grades(id));
    fprintf(out, ".\n.br\nSource: ");
    cli_print_mdoc(out, claim_source(id));
    fprintf(out, ".\n");
}

/* Topics in the order of their first claim; a topic's claims need not stand together. */
static bool is_first_of_topic(int id)
{
    for (int before = 0; before < id; before++)
        if (strcmp(claim_topic((enum claim_id)before), claim_topic((enum claim_id)id)) == 0)
            return false;
    return true;
}

static void print_topic(FILE *out, const char *topic)
{
    fprintf(out, ".Ss %c%s\n.Bl -tag -width Ds\n",
            *topic >= 'a' && *topic <= 'z' ? *topic - 'a' + 'A' : *topic, topic + 1);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (strcmp(claim_topic((enum claim_id)id), topic) == 0)
            print_claim(out, (enum claim_id)id);
    fprintf(out, ".El\n");
}

void cli_print_claims_manual(FILE *out)
{
    fprintf(
        out,
        ".Dd November 22, 2026\n.Dt BOOTSEAL-CLAIMS 7\n.Os\n.Sh NAME\n.Nm bootseal-claims\n"
        ".Nd what Bootseal says about a host, and how well it is proven\n.Sh DESCRIPTION\n"
        "A claim is a statement about a host, with a name that policies use, a value, a grade and\n"
        "the events of the log that it rests on.\n"
        "A claim without evidence is unknown (null in JSON): never a guess, and never a pass.\n"
        "The value is what the evidence says; the grade is how far that is proven:\n"
        ".Bl -tag -width reported\n"
        ".It Sy attested\nA quote by the host's TPM proves it.\n"
        ".It Sy signed\nFirmware or a vendor signed it.\n"
        ".It Sy reported\nThe host says it, and nothing contradicts it.\n"
        ".It Sy unproven\nIt is in the evidence, and nothing vouches for it.\n.El\n"
        ".Pp\nA log without a quote gives nothing better than\n.Sy reported ,\n"
        "and so does an event in a PCR that the quote leaves out.\n.Sh CLAIMS\n");
    for (int id = 0; id < CLAIM_IDS; id++)
        if (is_first_of_topic(id))
            print_topic(out, claim_topic((enum claim_id)id));
    fprintf(out, ".Sh FILES\nThe parts are those of\n.Pa docs/policy.md ,\n"
                 "which also describes the language of policies.\n");
    fprintf(out, ".Sh SEE ALSO\n.Xr bootseal 1 ,\n.Xr bootseald 8\n");
}

static json_t *value_schema(enum claim_type type)
{
    switch (type) {
    case CLAIM_BOOL:
        return json_pack("{s:[s,s]}", "type", "boolean", "null");
    case CLAIM_TEXT:
        return json_pack("{s:[s,s]}", "type", "string", "null");
    case CLAIM_LIST:
        break;
    }
    return json_pack("{s:[s,s], s:{s:s}}", "type", "array", "null", "items", "type", "string");
}

static json_t *claim_schema(enum claim_id id)
{
    json_t *schema = json_pack(
        "{s:s, s:s, s:[s,s,s], s:b, s:{s:o, s:{s:s}, s:{s:s, s:{s:s, s:i}}}}", "description",
        claim_meaning(id), "type", "object", "required", "value", "grade", "events",
        "additionalProperties", 0, "properties", "value", value_schema(claim_type(id)), "grade",
        "$ref", "#/$defs/grade", "events", "type", "array", "items", "type", "integer", "minimum",
        0);

    if (claim_type(id) == CLAIM_LIST)
        json_object_set_new(json_object_get(schema, "properties"), "labels",
                            json_pack("{s:s, s:s, s:{s:[s,s]}}", "description",
                                      "for each item of value, what it is in words; a hint", "type",
                                      "array", "items", "type", "string", "null"));
    return schema;
}

void cli_print_claims_schema(FILE *out)
{
    json_t *claims = json_object(), *names = json_array(), *grades = json_array(), *schema;

    for (int id = 0; id < CLAIM_IDS; id++) {
        json_object_set_new(claims, claim_name((enum claim_id)id), claim_schema((enum claim_id)id));
        json_array_append_new(names, json_string(claim_name((enum claim_id)id)));
    }
    for (int grade = CLAIM_UNPROVEN; grade <= CLAIM_ATTESTED; grade++)
        json_array_append_new(grades, json_string(claim_grade_name((enum claim_grade)grade)));
    schema = json_pack(
        "{s:s, s:s, s:s, s:s, s:[s,s], s:{s:{s:s}, s:{s:s}, s:{s:s, s:o, s:b, s:o}},"
        " s:{s:{s:o}}}",
        "$schema", "https://json-schema.org/draft/2020-12/schema", "title", "bootseal.claims.v1",
        "description", "What bootseal eventlog claims --json prints", "type", "object", "required",
        "schema", "claims", "properties", "schema", "const", "bootseal.claims.v1", "format", "type",
        "string", "claims", "type", "object", "required", names, "additionalProperties", 0,
        "properties", claims, "$defs", "grade", "enum", grades);
    json_dumpf(schema, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(schema);
}
