/* bootseal secureboot show: what a host trusts at boot, and who can change that. Decides nothing; says
 * with each statement how well it is proven. */
#include "cli/secureboot.h"

#include "base/text.h"
#include "cli/catalog.h"
#include "cli/eventlog.h"
#include "cli/print.h"
#include "msg/result_json.h"
#include "wire/efi_revocations.h"

static const struct {
    enum claim_id id;
    const char *name, *meaning;
} LISTS[] = {
    {CLAIM_SECURE_BOOT_PK, "PK", "the platform key"},
    {CLAIM_SECURE_BOOT_KEK, "KEK", "keys that sign changes of db and dbx"},
    {CLAIM_SECURE_BOOT_DB, "db", "what may run"},
    {CLAIM_SECURE_BOOT_DBX, "dbx", "what may not run"},
    {CLAIM_SECURE_BOOT_MOK_LIST, "MokList", "what shim accepts besides, with its built-in key"},
};
enum { N_LISTS = sizeof LISTS / sizeof *LISTS };

bool secureboot_read_revocations(struct cli *cli, struct span *bytes, enum exit_status *status)
{
    const char *path = cli->values[OPTION_REVOCATIONS];
    struct efi_revocations file;
    struct error error = {0};

    *bytes = span_of(NULL, 0);
    if (!path)
        return true;
    if (!talk_read(cli, path, LIMIT_EVENT_DATA_LEN, bytes, status))
        return false;
    if (efi_revocations_decode(*bytes, &file, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

/* The file of --mok-list, from whichever place: efivarfs puts attributes before the lists. */
static bool read_mok_list(struct cli *cli, struct span *lists, enum exit_status *status)
{
    const char *path = cli->values[OPTION_MOK_LIST];
    struct efi_revocations file;
    struct span bytes;
    struct error error = {0};

    if (!path)
        return true;
    if (!talk_read(cli, path, LIMIT_EVENT_DATA_LEN, &bytes, status))
        return false;
    if (!efi_revocations_decode(bytes, &file, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    *lists = file.lists;
    return true;
}

bool secureboot_load(struct cli *cli, struct secureboot_host *host, enum exit_status *status)
{
    const char *path = cli->arguments[0];
    struct claims_input input = {.crypto = cli->crypto};
    struct evidence evidence;
    struct error error = {0};

    *host = (struct secureboot_host){.claims = arena_new(&cli->arena, struct claims),
                                     .reasons = arena_new(&cli->arena, struct reasons)};
    if (!secureboot_read_revocations(cli, &host->revocations, status) ||
        !catalog_of_option(cli, &input.catalog, status) ||
        !eventlog_load_evidence(cli, path, &host->log, &evidence, status))
        return false;
    /* In a bundle the host says more of itself than its log does. */
    input.inventory = evidence.inventory;
    input.n_inventory = evidence.n_inventory;
    input.smbios = eventlog_bundled(&evidence, EVIDENCE_LOG_SMBIOS);
    input.mok_list = eventlog_bundled(&evidence, EVIDENCE_LOG_MOK);
    if (!read_mok_list(cli, &input.mok_list, status))
        return false;
    host->mok_list = input.mok_list;
    input.log = &host->log;
    input.revocations = host->revocations;
    if (claims_collect(&input, &cli->arena, host->claims, host->reasons, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

/* --- who can change what --- */

/* "X, Y and Z": the holders of a list's keys; NULL when the list is unknown or empty. */
static const char *holders(struct cli *cli, const struct claim *claim)
{
    const char *text = NULL;

    for (size_t i = 0; claim->known && i < claim->n_items; i++) {
        const struct claim_item *item = &claim->items[i];
        const char *name = item->kind == CLAIM_ITEM_CERTIFICATE
                               ? secureboot_holder(cli, item->bytes)
                               : claim_item_print(cli->crypto, item, &cli->arena);

        text = !text                     ? name
               : i + 1 == claim->n_items ? arena_printf(&cli->arena, "%s and %s", text, name)
                                         : arena_printf(&cli->arena, "%s, %s", text, name);
    }
    return text;
}

/* The sentences; each says what the measured events lead to, or that they do not say. */
static size_t who_can_change(struct cli *cli, const struct claims *claims, const char *sentences[4])
{
    const struct claim *pk = &claims->claims[CLAIM_SECURE_BOOT_PK];
    const struct claim *kek = &claims->claims[CLAIM_SECURE_BOOT_KEK];
    const struct claim *shim = &claims->claims[CLAIM_SECURE_BOOT_SHIM_VALIDATION];
    const char *owner = holders(cli, pk), *updaters = holders(cli, kek);
    size_t n = 0;

    if (!pk->known)
        sentences[n++] = "The log does not say who holds the platform key.";
    else if (!owner)
        sentences[n++] =
            "There is no platform key: anybody who runs on the machine may set all keys.";
    else
        sentences[n++] = arena_printf(
            &cli->arena, "Who holds the platform key (%s) may replace PK and KEK.", owner);
    if (!kek->known)
        sentences[n++] = "The log does not say who may change db and dbx.";
    else if (!updaters)
        sentences[n++] =
            "No exchange key is set: only the platform key's holder may change db and dbx.";
    else
        sentences[n++] = arena_printf(&cli->arena, "%s may change db and dbx.", updaters);
    if (shim->known && shim->is_true)
        sentences[n++] = "Who can confirm at the console may add keys that shim accepts (MOK), and "
                         "switch shim's checks off.";
    else if (shim->known)
        sentences[n++] =
            "shim checks nothing: whoever can write to the boot partition decides what runs.";
    sentences[n++] =
        "Who can enter the firmware's set-up may switch Secure Boot off and reset its keys.";
    return n;
}

/* --- output --- */

/* The entries into array, or, without one, onto the screen; the lists have been read before. */
static void walk(struct cli *cli, struct span lists, json_t *array)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error = {0};

    efi_signature_list_open(&list, lists, &error);
    while (efi_signature_list_next(&list, &signature) == EFI_SIGNATURE_ENTRY) {
        if (array)
            json_array_append_new(array, secureboot_entry_json(cli, &signature));
        else
            secureboot_entry_print(cli, &signature);
    }
}

static void print_list(struct cli *cli, const struct secureboot_host *host, size_t which)
{
    const struct claim *claim = &host->claims->claims[LISTS[which].id];
    struct span lists;

    printf("%s%s%s, %s: ", talk_color(cli, TALK_BOLD), LISTS[which].name,
           talk_color(cli, TALK_PLAIN), LISTS[which].meaning);
    if (!claim->known) {
        printf("unknown\n");
        return;
    }
    printf("%zu (%s)\n", claim->n_items, claim_grade_name(claim->grade));
    if (secureboot_lists(host, LISTS[which].id, &lists)) {
        walk(cli, lists, NULL);
        return;
    }
    for (size_t i = 0; i < claim->n_items; i++)
        printf("    %s  %s\n", claim_item_print(cli->crypto, &claim->items[i], &cli->arena),
               claim->items[i].label ? claim->items[i].label : "");
}

static json_t *list_json(struct cli *cli, const struct secureboot_host *host, size_t which)
{
    const struct claim *claim = &host->claims->claims[LISTS[which].id];
    json_t *array = json_array();
    struct span lists;

    if (!claim->known) {
        json_decref(array);
        return json_null();
    }
    if (secureboot_lists(host, LISTS[which].id, &lists)) {
        walk(cli, lists, array);
        return array;
    }
    for (size_t i = 0; i < claim->n_items; i++)
        json_array_append_new(
            array, json_pack("{s:s, s:s}", "kind", "digest of the list", "digest",
                             claim_item_print(cli->crypto, &claim->items[i], &cli->arena)));
    return array;
}

static void print_images(struct cli *cli, const struct claims *claims)
{
    const struct claim *images = &claims->claims[CLAIM_BOOT_IMAGES];
    const struct claim *authorities = &claims->claims[CLAIM_BOOT_IMAGE_AUTHORITIES];
    size_t a = 0;

    printf("%sImages%s, and in whose name they were loaded (%s)\n", talk_color(cli, TALK_BOLD),
           talk_color(cli, TALK_PLAIN),
           authorities->known ? claim_grade_name(authorities->grade) : "unknown");
    for (size_t i = 0; images->known && i < images->n_items; i++) {
        const struct claim_item *image = &images->items[i];
        bool matched = a < authorities->n_items && authorities->items[a].event == image->event;
        const struct claim_item *authority = matched ? &authorities->items[a++] : NULL;

        printf("    event %u  %s\n      %s\n", image->event,
               image->label ? image->label : claim_item_print(cli->crypto, image, &cli->arena),
               authority ? claim_item_print(cli->crypto, authority, &cli->arena)
                         : "the log leaves open in whose name, or none was needed");
    }
}

static json_t *images_json(struct cli *cli, const struct claims *claims)
{
    const struct claim *images = &claims->claims[CLAIM_BOOT_IMAGES];
    const struct claim *authorities = &claims->claims[CLAIM_BOOT_IMAGE_AUTHORITIES];
    json_t *array = json_array();
    size_t a = 0;

    for (size_t i = 0; images->known && i < images->n_items; i++) {
        const struct claim_item *image = &images->items[i];
        bool matched = a < authorities->n_items && authorities->items[a].event == image->event;
        const char *authority = matched ? claim_item_print(cli->crypto, &authorities->items[a++],
                                                           &cli->arena)
                                        : NULL;

        json_array_append_new(array,
                              json_pack("{s:I, s:s, s:s?, s:s?}", "event", (json_int_t)image->event,
                                        "digest", claim_item_print(cli->crypto, image, &cli->arena),
                                        "path", image->label, "authority", authority));
    }
    return array;
}

/* Every claim of the topic. */
static json_t *claims_json(struct cli *cli, const struct claims *claims)
{
    json_t *all = result_json_claims(cli->crypto, claims, &cli->arena);

    for (int id = 0; id < CLAIM_IDS; id++)
        if (strcmp(claim_topic((enum claim_id)id), claim_topic(CLAIM_SECURE_BOOT_ENABLED)) != 0)
            json_object_del(all, claim_name((enum claim_id)id));
    return all;
}

static void print_json(struct cli *cli, const struct secureboot_host *host,
                       const char *const *sentences, size_t n_sentences)
{
    json_t *object = talk_schema("secureboot");
    json_t *lists = json_object(), *changes = json_array();

    for (size_t i = 0; i < N_LISTS; i++)
        json_object_set_new(lists, LISTS[i].name, list_json(cli, host, i));
    for (size_t i = 0; i < n_sentences; i++)
        json_array_append_new(changes, json_string(sentences[i]));
    json_object_set_new(object, "claims", claims_json(cli, host->claims));
    json_object_set_new(object, "lists", lists);
    json_object_set_new(object, "images", images_json(cli, host->claims));
    json_object_set_new(object, "who_can_change", changes);
    json_object_set_new(object, "reasons", result_json_reasons(host->reasons));
    talk_json(object);
}

enum exit_status secureboot_show(struct cli *cli)
{
    struct secureboot_host host;
    const char *sentences[4];
    enum exit_status status;
    size_t n_sentences;

    if (!secureboot_load(cli, &host, &status))
        return status;
    n_sentences = who_can_change(cli, host.claims, sentences);
    if (cli->json) {
        print_json(cli, &host, sentences, n_sentences);
        return EXIT_HOLDS;
    }
    for (int id = 0; id < CLAIM_IDS; id++)
        if (claim_type((enum claim_id)id) != CLAIM_LIST &&
            strcmp(claim_topic((enum claim_id)id), claim_topic(CLAIM_SECURE_BOOT_ENABLED)) == 0)
            print_claim(cli, (enum claim_id)id, &host.claims->claims[id]);
    for (size_t i = 0; i < N_LISTS; i++)
        print_list(cli, &host, i);
    print_images(cli, host.claims);
    printf("%sWho can change this%s\n", talk_color(cli, TALK_BOLD), talk_color(cli, TALK_PLAIN));
    for (size_t i = 0; i < n_sentences; i++)
        printf("    %s\n", sentences[i]);
    print_reasons(cli, stdout, host.reasons);
    return EXIT_HOLDS;
}
