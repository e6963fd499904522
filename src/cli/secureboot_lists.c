/* Signature lists as people and programs see them. Reads; decides nothing. A certificate that cannot
 * be parsed is shown as such: it must not hide the others. */
#include "base/text.h"
#include "claims/known_certificate.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "wire/efi_revocations.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/tpm_alg.h"

static const struct {
    const char *name;
    enum claim_id id;
    enum efi_guid_id owner;
} VARIABLES[] = {
    {"PK", CLAIM_SECURE_BOOT_PK, EFI_GUID_GLOBAL_VARIABLE},
    {"KEK", CLAIM_SECURE_BOOT_KEK, EFI_GUID_GLOBAL_VARIABLE},
    {"db", CLAIM_SECURE_BOOT_DB, EFI_GUID_IMAGE_SECURITY_DATABASE},
    {"dbx", CLAIM_SECURE_BOOT_DBX, EFI_GUID_IMAGE_SECURITY_DATABASE},
    {"MokList", CLAIM_SECURE_BOOT_MOK_LIST, EFI_GUID_SHIM_LOCK},
};

/* The contents of the variable that the claim rests on: the claim is known, so one event has it. */
static bool find_variable(const struct secureboot_host *host, size_t which, struct span *lists)
{
    const struct claim *claim = &host->claims->claims[VARIABLES[which].id];
    struct efi_variable variable;
    struct error ignored;

    for (size_t i = 0; i < claim->n_events; i++) {
        const struct measured_event *event = &host->log.events[claim->events[i]];

        if (event->event.type == EV_EFI_VARIABLE_DRIVER_CONFIG && event->covered.len &&
            efi_variable_decode(event->event.data, &variable, &ignored) &&
            efi_variable_is(&variable, VARIABLES[which].name) &&
            efi_guid_find(variable.guid) == VARIABLES[which].owner) {
            *lists = variable.data;
            return true;
        }
    }
    return false;
}

bool secureboot_lists(const struct secureboot_host *host, enum claim_id id, struct span *lists)
{
    const struct claim *claim = &host->claims->claims[id];
    size_t which = 0;

    while (VARIABLES[which].id != id)
        which++;
    if (!claim->known)
        return false;
    if (find_variable(host, which, lists))
        return true;
    /* Of the list that the host sent, believed by its digest, the items are entries. */
    if (id != CLAIM_SECURE_BOOT_MOK_LIST || !claim->n_items || !host->mok_list.len ||
        claim->items[0].bytes.data < host->mok_list.data ||
        claim->items[0].bytes.data >= host->mok_list.data + host->mok_list.len)
        return false;
    *lists = host->mok_list;
    return true;
}

/* --- one entry --- */

static const char *kind_name(enum efi_signature_kind kind)
{
    static const char *const names[] = {
        [EFI_SIGNATURE_OTHER] = "other",
        [EFI_SIGNATURE_DIGEST] = "digest",
        [EFI_SIGNATURE_X509] = "certificate",
        [EFI_SIGNATURE_X509_DIGEST] = "certificate digest",
        [EFI_SIGNATURE_RSA2048] = "RSA-2048 key",
    };

    return names[kind];
}

static const char *guid_text(struct cli *cli, struct span guid)
{
    char text[EFI_GUID_TEXT_LEN + 1];

    efi_guid_print(guid, text);
    return arena_printf(&cli->arena, "%s", text);
}

static const char *owner_name(const struct efi_signature *signature)
{
    return efi_guid_name(efi_guid_find(signature->owner));
}

static const char *digest_text(struct cli *cli, const struct efi_signature *signature)
{
    const char *alg = tpm_alg_name(signature->alg);

    return arena_printf(&cli->arena, "%s:%s", alg ? alg : "data",
                        text_hex(&cli->arena, signature->data));
}

static bool view(struct cli *cli, struct span der, struct crypto_certificate_view *seen)
{
    struct crypto_certificate *certificate;
    struct error ignored;
    size_t len;
    bool viewed;

    if (!crypto_certificate_decode(cli->crypto, der, &len, &certificate, &ignored))
        return false;
    viewed = crypto_certificate_view(certificate, &cli->arena, seen, &ignored);
    crypto_certificate_free(certificate);
    return viewed;
}

const char *secureboot_holder(struct cli *cli, struct span der)
{
    struct crypto_certificate_view seen;

    if (!view(cli, der, &seen))
        return arena_printf(&cli->arena, "a certificate of %zu bytes", der.len);
    return *seen.common_name ? seen.common_name : seen.subject;
}

/* "2026-06-27". */
static const char *day(struct cli *cli, int64_t time_s)
{
    char text[OS_TIME_TEXT_LEN];

    return arena_printf(&cli->arena, "%.10s", os_time_print(time_s, text));
}

static void add_certificate(struct cli *cli, struct span der, json_t *object)
{
    const struct known_certificate *known = known_certificate_find(cli->crypto, der, KNOWN_ANY);
    struct crypto_certificate_view seen;
    struct crypto_digest digest;
    char time[OS_TIME_TEXT_LEN];
    bool parsed;

    crypto_fingerprint(cli->crypto, der, &digest);
    json_object_set_new(object, "sha256", result_json_hex(crypto_digest_span(&digest)));
    json_object_set_new(object, "test_key",
                        json_boolean(certificate_is_test_key(cli->crypto, der)));
    json_object_set_new(object, "known_as", known ? json_string(known->name) : json_null());
    parsed = view(cli, der, &seen);
    json_object_set_new(object, "parsed", json_boolean(parsed));
    if (!parsed)
        return;
    json_object_set_new(object, "subject", json_string(seen.subject));
    json_object_set_new(object, "issuer", json_string(seen.issuer));
    json_object_set_new(object, "key", json_string(seen.key));
    json_object_set_new(object, "not_before", json_string(os_time_print(seen.not_before_s, time)));
    json_object_set_new(object, "not_after", json_string(os_time_print(seen.not_after_s, time)));
}

json_t *secureboot_entry_json(struct cli *cli, const struct efi_signature *signature)
{
    const char *name = owner_name(signature);
    struct span time = efi_signature_time(signature);
    json_t *object = json_pack("{s:s, s:s, s:s?}", "kind", kind_name(signature->kind), "owner",
                               guid_text(cli, signature->owner), "owner_name", name);

    if (signature->kind == EFI_SIGNATURE_X509)
        add_certificate(cli, signature->data, object);
    else
        json_object_set_new(object, "digest", json_string(digest_text(cli, signature)));
    if (signature->kind == EFI_SIGNATURE_OTHER)
        json_object_set_new(object, "type", json_string(guid_text(cli, signature->type)));
    if (time.len)
        json_object_set_new(object, "revoked_since", result_json_hex(time));
    return object;
}

static void print_certificate(struct cli *cli, struct span der)
{
    struct crypto_certificate_view seen;
    struct crypto_digest digest;

    crypto_fingerprint(cli->crypto, der, &digest);
    if (!view(cli, der, &seen)) {
        printf("%sa certificate of %zu bytes that cannot be parsed%s\n", talk_color(cli, TALK_WARN),
               der.len, talk_color(cli, TALK_PLAIN));
    } else {
        printf("%s\n", seen.subject);
        printf("      issued by %s\n", seen.issuer);
        printf("      %s, valid from %s to %s\n", seen.key, day(cli, seen.not_before_s),
               day(cli, seen.not_after_s));
    }
    if (certificate_is_test_key(cli->crypto, der))
        printf("      %sa test key that the whole world has%s\n", talk_color(cli, TALK_BAD),
               talk_color(cli, TALK_PLAIN));
    printf("      %ssha256:%s%s\n", talk_color(cli, TALK_DIM),
           text_hex(&cli->arena, crypto_digest_span(&digest)), talk_color(cli, TALK_PLAIN));
}

void secureboot_entry_print(struct cli *cli, const struct efi_signature *signature)
{
    const char *name = owner_name(signature);

    printf("    ");
    if (signature->kind == EFI_SIGNATURE_X509)
        print_certificate(cli, signature->data);
    else
        printf("%s %s\n", kind_name(signature->kind), digest_text(cli, signature));
    printf("      %sowner %s%s%s\n", talk_color(cli, TALK_DIM), guid_text(cli, signature->owner),
           name ? arena_printf(&cli->arena, " (%s)", name) : "", talk_color(cli, TALK_PLAIN));
}
