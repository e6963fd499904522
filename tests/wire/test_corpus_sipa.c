/* Windows records of real logs against another decoder's reading of them (*.sipa.json): the same
 * records in the same nest with the same values, one by one. Reads the folder that BOOTSEAL_CORPUS
 * names; skipped without it. */
#include "wire/sipa.h"
#include "wire/sipa_payload.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/corpus.h"
#include "wire/eventlog.h"

static struct arena arena;
static size_t n_logs, n_records, n_images;

/* Hexadecimal, perhaps cut: "3082...(294)" names the length. */
static void check_hex(json_t *wanted, struct span payload)
{
    const char *hex = json_string_value(wanted), *dots = strstr(hex, "...(");
    const char *found = text_hex(&arena, payload);

    assert_non_null(found);
    if (dots) {
        assert_memory_equal(found, hex, (size_t)(dots - hex));
        assert_int_equal(payload.len, strtoul(dots + 4, NULL, 10));
    } else {
        assert_string_equal(found, hex);
    }
}

static void check_text(json_t *wanted, struct span utf16)
{
    assert_string_equal(text_utf16(&arena, utf16), json_string_value(wanted));
}

static void check_member_hex(json_t *wanted, const char *name, struct span bytes)
{
    check_hex(json_object_get(wanted, name), bytes);
}

static void check_member(json_t *wanted, const char *name, uint64_t value)
{
    json_t *member = json_object_get(wanted, name);

    assert_non_null(member);
    if (json_is_string(member))
        assert_int_equal(strtoul(json_string_value(member), NULL, 0), value);
    else
        assert_true(json_number_value(member) == (double)value); /* truth files give reals */
}

static void check_structure(json_t *wanted, const struct sipa_record *record)
{
    struct sipa_si_policy policy;
    struct sipa_revocation_list list;
    struct sipa_sbcp sbcp;
    struct error error;
    char version[64];

    switch (sipa_payload_kind(record->id)) {
    case SIPA_PAYLOAD_SI_POLICY:
        assert_true(sipa_si_policy_decode(record->payload, &policy, &error));
        snprintf(version, sizeof version, "%u.%u.%u.%u", (unsigned)(policy.version >> 48),
                 (unsigned)(policy.version >> 32 & 0xFFFF),
                 (unsigned)(policy.version >> 16 & 0xFFFF), (unsigned)(policy.version & 0xFFFF));
        assert_string_equal(version, json_string_value(json_object_get(wanted, "policy_version")));
        check_text(json_object_get(wanted, "name"), policy.name);
        check_member(wanted, "hash_alg", policy.alg);
        check_member_hex(wanted, "digest", policy.digest);
        break;
    case SIPA_PAYLOAD_REVOCATION_LIST:
        assert_true(sipa_revocation_list_decode(record->payload, &list, &error));
        check_member(wanted, "creation_time", (uint64_t)list.creation_time);
        check_member(wanted, "hash_alg", list.alg);
        check_member_hex(wanted, "digest", list.digest);
        break;
    case SIPA_PAYLOAD_SBCP:
        assert_true(sipa_sbcp_decode(record->payload, &sbcp, &error));
        check_member(wanted, "version", sbcp.version);
        check_member(wanted, "options", sbcp.options);
        check_member(wanted, "signers", sbcp.n_signers);
        check_member(wanted, "hash_alg", sbcp.alg);
        check_member_hex(wanted, "digest", sbcp.digest);
        break;
    default:
        fail_msg("%s is no structure", sipa_name(record->id));
    }
}

static void check_value(json_t *wanted, const struct sipa_record *record)
{
    uint64_t number;

    if (json_is_object(wanted)) {
        check_structure(wanted, record);
    } else if (json_is_boolean(wanted)) {
        assert_true(sipa_number(record, &number));
        assert_int_equal(number, json_is_true(wanted));
    } else if (json_is_number(wanted)) {
        assert_true(sipa_number(record, &number));
        assert_true(json_number_value(wanted) == (double)number);
    } else if (sipa_payload_kind(record->id) == SIPA_PAYLOAD_UTF16) {
        check_text(wanted, record->payload);
    } else {
        check_hex(wanted, record->payload);
    }
}

/* What an image's record says as a whole must be what its records say one by one. */
static void check_image(json_t *wanted, struct span payload)
{
    json_t *children = json_object_get(wanted, "children"), *child;
    struct sipa_module module;
    struct error error;
    size_t i;

    n_images++;
    assert_true(sipa_module_decode(payload, &module, &error));
    assert_int_equal(module.n_unknown, 0);
    json_array_foreach(children, i, child)
    {
        const char *name = json_string_value(json_object_get(child, "name"));
        json_t *value = json_object_get(child, "value");

        if (strcmp(name, "AUTHENTICODEHASH") == 0)
            check_hex(value, module.digest);
        else if (strcmp(name, "FILEPATH") == 0)
            check_text(value, module.path);
        else if (strcmp(name, "AUTHORITYPUBLISHER") == 0)
            check_text(value, module.publisher);
        else if (strcmp(name, "AUTHORITYISSUER") == 0)
            check_text(value, module.issuer);
        else if (strcmp(name, "IMAGEVALIDATED") == 0)
            assert_int_equal(module.validated, json_is_true(value));
        else if (strcmp(name, "HASHALGORITHMID") == 0)
            assert_int_equal(sipa_capi_hash((uint32_t)json_number_value(value)), module.alg);
        else if (strcmp(name, "MODULE_SVN") == 0)
            assert_true(json_number_value(value) == module.svn);
    }
}

static void check_records(json_t *wanted, struct sipa_walk *walk, size_t depth)
{
    json_t *each;
    size_t i;

    json_array_foreach(wanted, i, each)
    {
        const char *name = json_string_value(json_object_get(each, "name"));
        struct sipa_record record;

        if (json_object_get(each, "error")) {
            assert_int_equal(sipa_next(walk, &record), SIPA_FAILED);
            return;
        }
        assert_int_equal(sipa_next(walk, &record), SIPA_RECORD);
        n_records++;
        assert_int_equal(record.depth, depth);
        assert_int_equal(record.id,
                         strtoul(json_string_value(json_object_get(each, "id")), NULL, 0));
        assert_string_equal(sipa_name(record.id), name);
        if (json_object_get(each, "value"))
            check_value(json_object_get(each, "value"), &record);
        if (record.id == SIPA_LOADEDMODULE_AGGREGATION)
            check_image(each, record.payload);
        check_records(json_object_get(each, "children"), walk, depth + 1);
    }
}

static void check_event(json_t *wanted, const struct eventlog_event *event)
{
    json_t *records = json_object_get(wanted, "sipa");
    struct sipa_record record;
    struct sipa_walk walk;
    struct error error;

    assert_true(json_number_value(json_object_get(wanted, "pcr")) == event->pcr);
    sipa_open(&walk, event->data, &error);
    check_records(records, &walk, 0);
    assert_int_not_equal(sipa_next(&walk, &record), SIPA_RECORD);
}

static void check_log(const char *path, json_t *wanted)
{
    struct span bytes = corpus_read(path);
    struct eventlog log;
    struct eventlog_event event;
    struct error error;
    size_t next = 0;

    assert_non_null(bytes.data);
    assert_true(eventlog_open(&log, bytes, &error));
    while (eventlog_next(&log, &event) == EVENTLOG_EVENT) {
        json_t *each = json_array_get(wanted, next);

        if (json_number_value(json_object_get(each, "event")) != event.number)
            continue;
        check_event(each, &event);
        next++;
    }
    assert_int_equal(next, json_array_size(wanted));
    corpus_free(bytes);
    n_logs++;
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const char end[] = ".sipa.json";
    char log_path[512];
    json_t *all;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, end))
        return 0;
    all = corpus_truth(path);
    snprintf(log_path, sizeof log_path, "%.*s", (int)(strlen(path) - strlen(end)), path);
    arena = arena_init((size_t)64 << 20);
    check_log(log_path, json_object_get(all, "events"));
    arena_done(&arena);
    json_decref(all);
    return 0;
}

static void records_are_what_another_decoder_reads(void **state)
{
    (void)state;
    corpus_walk("public", visit);
    printf("%zu logs, %zu records, %zu images\n", n_logs, n_records, n_images);
    assert_true(n_logs >= 19);
    assert_true(n_images > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_what_another_decoder_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
