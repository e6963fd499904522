/* bootseal update plan: what an update changes on hosts, and the document that announces it.
 *
 * Plans for hosts whose evidence proves itself, since a host's own command line becomes part of what is
 * accepted; a bare event log is taken at the operator's word, which is said. */
#include "cli/eventlog.h"
#include "cli/proven.h"
#include "cli/update.h"
#include "package/package.h"
#include "wire/efi_revocations.h"

enum { HOSTS_MAX = 256, STATES_MAX = 1024 };

struct making {
    struct cli *cli;
    struct component_set components;
    struct update update;
    struct arena arena;     /* of `all` */
    struct update_plan all; /* values of all hosts together */
    size_t n_hosts, n_gaps, n_alike;
    struct crypto_digest seen[STATES_MAX]; /* states of the service's hosts that were planned for */
    size_t n_seen;
    json_t *hosts;
};

static bool fail(struct making *making, const char *path, const struct error *error,
                 enum exit_status *status)
{
    *status = talk_error(making->cli, path, error);
    return false;
}

/* --- What is announced --- */

static bool add_file(void *context, const struct component_file *file, struct error *error)
{
    return component_add_file(context, file, error);
}

/* Every bank that a host may have. */
static bool read_sources(struct making *making, enum exit_status *status)
{
    static const uint16_t BANKS[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512,
                                     TPM_ALG_SM3_256};
    struct cli *cli = making->cli;
    struct error error = {0};
    uint16_t bank;

    if (!talk_bank(cli, &bank, status))
        return false;
    if (!component_set_init(&making->components, cli->crypto, &cli->arena, bank ? &bank : BANKS,
                            bank ? 1 : sizeof BANKS / sizeof *BANKS, &error))
        return fail(making, NULL, &error, status);
    for (int i = 0; i < cli->n_arguments; i++)
        if (!package_read(cli->arguments[i], &cli->arena, add_file, &making->components, &error))
            return fail(making, NULL, &error, status); /* the message names the file */
    return true;
}

static bool read_initrds(struct making *making, enum exit_status *status)
{
    struct cli *cli = making->cli;
    const struct component **initrds;
    struct talk_file *files;
    struct error error = {0};
    size_t n;

    if (!talk_paths(cli, OPTION_INITRD, LIMIT_POLICY_SOURCES, &files, &n, status))
        return false;
    initrds = arena_array(&cli->arena, n + 1, sizeof(struct component *));
    if (!initrds) {
        arena_error(&cli->arena, &error);
        return fail(making, NULL, &error, status);
    }
    for (size_t i = 0; i < n; i++) {
        const struct component *before = making->components.last;

        if (!package_read(files[i].path, &cli->arena, add_file, &making->components, &error))
            return fail(making, NULL, &error, status);
        if (before->next)
            initrds[making->update.n_initrds++] = before->next;
    }
    making->update.initrds = initrds;
    return true;
}

static bool read_dbx(struct making *making, enum exit_status *status)
{
    const char *path = making->cli->values[OPTION_DBX];
    struct efi_revocations file;
    struct error error = {0};
    struct span bytes;

    if (!path)
        return true;
    if (!talk_read(making->cli, path, LIMIT_EVENT_DATA_LEN, &bytes, status))
        return false;
    if (!efi_revocations_decode(bytes, &file, &error))
        return fail(making, path, &error, status);
    making->update.revocations = file.lists;
    return true;
}

/* --command-line TEXT, or @FILE with one in each line. */
static bool read_command_lines(struct making *making, enum exit_status *status)
{
    struct cli *cli = making->cli;
    const char *value = cli->values[OPTION_COMMAND_LINE];
    struct span text = value ? span_text(value) : (struct span){0}, *lines;
    struct error error = {0};

    if (value && *value == '@' && !talk_read(cli, value + 1, LIMIT_POLICY_LEN, &text, status))
        return false;
    lines = arena_array(&cli->arena, LIMIT_UPDATE_VARIANTS, sizeof *lines);
    if (!lines) {
        arena_error(&cli->arena, &error);
        return fail(making, NULL, &error, status);
    }
    while (text.len) {
        const uint8_t *newline = memchr(text.data, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.data) : text.len;

        if (len && making->update.n_command_lines == LIMIT_UPDATE_VARIANTS) {
            *status = talk_usage(cli, OPTION_COMMAND_LINE, "at most 32 lines");
            return false;
        }
        if (len)
            lines[making->update.n_command_lines++] = span_of(text.data, len);
        len += newline != NULL;
        text = span_of(text.data + len, text.len - len);
    }
    making->update.command_lines = lines;
    return true;
}

static bool read_edit(struct making *making, enum exit_status *status)
{
    const char *value = making->cli->values[OPTION_COMMAND_LINE_CHANGE];
    const char *arrow = value ? strstr(value, "=>") : NULL;
    struct update_edit *edit;

    if (!value)
        return true;
    if (!arrow || (arrow == value && !arrow[2]) || strchr(value, '\n')) {
        *status = talk_usage(making->cli, OPTION_COMMAND_LINE_CHANGE,
                             "OLD=>NEW, one of which may be empty");
        return false;
    }
    edit = arena_new(&making->cli->arena, struct update_edit);
    if (!edit) {
        struct error error;

        arena_error(&making->cli->arena, &error);
        return fail(making, NULL, &error, status);
    }
    *edit = (struct update_edit){.from = span_of(value, (size_t)(arrow - value)),
                                 .to = span_text(arrow + 2)};
    making->update.edits = edit;
    making->update.n_edits = 1;
    return true;
}

static bool read_sbat_policy(struct making *making, enum exit_status *status)
{
    const char *policy = making->cli->values[OPTION_SBAT_POLICY];

    making->update.sbat_latest = policy && strcmp(policy, "latest") == 0;
    if (!policy || making->update.sbat_latest || strcmp(policy, "automatic") == 0)
        return true;
    *status = talk_usage(making->cli, OPTION_SBAT_POLICY, "automatic or latest");
    return false;
}

static bool read_update(struct making *making, enum exit_status *status)
{
    making->update.crypto = making->cli->crypto;
    making->update.components = &making->components;
    if (!read_sources(making, status) || !read_initrds(making, status) ||
        !read_dbx(making, status) || !read_command_lines(making, status) ||
        !read_edit(making, status) || !read_sbat_policy(making, status))
        return false;
    if (making->cli->n_arguments || making->update.n_initrds || making->update.revocations.len ||
        making->update.n_command_lines || making->update.n_edits)
        return true;
    fprintf(stderr, "bootseal: nothing is announced: name packages, images or folders, or give "
                    "--initrd, --dbx, --command-line or --command-line-change\n");
    *status = EXIT_USAGE;
    return false;
}

/* --- Hosts --- */

static bool read_host(struct making *making, const struct talk_file *file, struct measured_log *log,
                      struct claims_input *input, enum exit_status *status)
{
    struct cli *cli = making->cli;
    struct evidence evidence = {0};
    struct appraisal *appraisal;

    if (eventlog_is_bundle(file->bytes)) {
        if (!proven_bundle(cli, file->path, file->bytes, &appraisal, status))
            return false;
    } else {
        fprintf(stderr,
                "bootseal: %s: no quote proves this log: its host is taken to be as it "
                "should be\n",
                file->path);
    }
    if (!eventlog_load_bytes(cli, file->path, file->bytes, log, &evidence, status))
        return false;
    *input = (struct claims_input){.log = log,
                                   .attested_pcrs = UINT32_MAX,
                                   .inventory = evidence.inventory,
                                   .n_inventory = evidence.n_inventory,
                                   .mok_list = eventlog_bundled(&evidence, EVIDENCE_LOG_MOK),
                                   .crypto = cli->crypto};
    return true;
}

/* What a boot measured, and with which command line: hosts that share both share the plan. */
static void state_of(struct cli *cli, const struct measured_log *log,
                     const struct claims_input *input, struct crypto_digest *state)
{
    struct span parts[3];

    *state = (struct crypto_digest){0};
    for (size_t i = 0; i < log->n_events; i++) {
        struct crypto_digest before = *state;

        parts[0] = crypto_digest_span(&before);
        parts[1] = span_of(&log->events[i].event.pcr, sizeof log->events[i].event.pcr);
        parts[2] = log->events[i].digest;
        crypto_hash(cli->crypto, TPM_ALG_SHA256, parts, 3, state);
    }
    for (size_t i = 0; i < input->n_inventory; i++)
        if (span_is(input->inventory[i].name, "kernel.command_line")) {
            struct crypto_digest before = *state;

            parts[0] = crypto_digest_span(&before);
            parts[1] = input->inventory[i].value;
            crypto_hash(cli->crypto, TPM_ALG_SHA256, parts, 2, state);
        }
}

static bool is_seen(struct making *making, const struct measured_log *log,
                    const struct claims_input *input)
{
    struct crypto_digest state;

    state_of(making->cli, log, input, &state);
    for (size_t i = 0; i < making->n_seen; i++)
        if (span_equal(crypto_digest_span(&making->seen[i]), crypto_digest_span(&state)))
            return true;
    if (making->n_seen < STATES_MAX)
        making->seen[making->n_seen++] = state;
    return false;
}

static bool plan_host(struct making *making, const struct talk_file *file, enum exit_status *status)
{
    struct cli *cli = making->cli;
    struct update_plan plan;
    struct measured_log log;
    struct claims_input input;
    struct error error = {0};

    if (!read_host(making, file, &log, &input, status))
        return false;
    making->n_hosts++;
    if (is_seen(making, &log, &input)) {
        making->n_alike++;
        return true;
    }
    if (!update_plan(&making->update, &input, &cli->arena, &plan, &error) ||
        !update_plan_join(&making->all, &plan, &error))
        return fail(making, file->path, &error, status);
    making->n_gaps += plan.n_gaps;
    if (cli->json)
        json_array_append_new(making->hosts,
                              update_json(talk_printable(cli, file->path), &log, &plan));
    else
        update_print(cli, talk_printable(cli, file->path), &log, &plan);
    return true;
}

/* Each host in memory of its own, which is given back: there may be many. */
static bool plan_file(struct making *making, struct talk_file file, enum exit_status *status)
{
    struct arena kept = making->cli->arena;
    bool done;

    making->cli->arena = arena_init(kept.cap);
    done = talk_read(making->cli, file.path, LIMIT_EVIDENCE_LEN, &file.bytes, status) &&
           plan_host(making, &file, status);
    arena_done(&making->cli->arena);
    making->cli->arena = kept;
    return done;
}

static bool plan_service_host(void *context, const char *name, struct span bundle,
                              enum exit_status *status)
{
    return plan_host(context, &(struct talk_file){.path = name, .bytes = bundle}, status);
}

static bool plan_hosts(struct making *making, enum exit_status *status)
{
    struct cli *cli = making->cli;
    struct update_fleet fleet = {.globs = cli->values[OPTION_HOSTS],
                                 .sound_only = true,
                                 .visit = plan_service_host,
                                 .context = making};
    struct talk_file *files;
    size_t n_files;

    if (!talk_paths(cli, OPTION_HOST, HOSTS_MAX, &files, &n_files, status))
        return false;
    for (size_t i = 0; i < n_files; i++)
        if (!plan_file(making, files[i], status))
            return false;
    return !fleet.globs || update_visit_hosts(cli, &fleet, status);
}

/* --- The document --- */

static bool write_document(struct making *making, struct span *text, enum exit_status *status)
{
    struct cli *cli = making->cli;
    const char *version = cli->values[OPTION_DOCUMENT_VERSION];
    const struct reference_document document = {
        .kind = "update",
        .section = "accept",
        .name = cli->values[OPTION_NAME] ? cli->values[OPTION_NAME] : "update",
        .version = version ? version : "1",
        .description = arena_printf(&cli->arena, "planned for %zu hosts", making->n_hosts),
        .retired = &making->all.retired,
    };
    struct policy_values values;
    struct error error = {0};

    if (!document.description ||
        !reference_values_write(&making->all.accepted, &document, text, &error))
        return fail(making, NULL, &error, status);
    return update_check_text(cli, "the planned update", *text, &values, status) &&
           (!cli->values[OPTION_OUTPUT] || talk_result(cli, *text, status));
}

static enum exit_status answer(struct making *making)
{
    struct cli *cli = making->cli;
    bool accepts = making->all.accepted.n_values > 0;
    enum exit_status status;
    struct span text = {0};

    if (accepts && !write_document(making, &text, &status))
        return status;
    if (cli->json) {
        json_t *object = talk_schema("update-plan");

        json_object_set_new(object, "hosts", json_incref(making->hosts));
        json_object_set_new(object, "n_hosts", json_integer((json_int_t)making->n_hosts));
        json_object_set_new(object, "accepted", update_values_json(cli, &making->all.accepted));
        json_object_set_new(object, "retired", update_values_json(cli, &making->all.retired));
        json_object_set_new(object, "text", json_stringn((const char *)text.data, text.len));
        talk_json(object);
    } else {
        if (making->n_alike)
            printf("%zu more hosts boot as one of these\n", making->n_alike);
        printf("%zu values to accept, %zu replaced, %zu not covered\n",
               making->all.accepted.n_values, making->all.retired.n_values, making->n_gaps);
    }
    if (!accepts)
        fprintf(stderr, "No policy would notice the update on these hosts: there is nothing to "
                        "announce.\n");
    else if (!cli->values[OPTION_OUTPUT] && !cli->json)
        fprintf(stderr, "Give --output to write the document to announce.\n");
    return making->n_gaps ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}

enum exit_status update_plan_hosts(struct cli *cli)
{
    struct making making = {.cli = cli, .arena = arena_init(cli->arena.cap)};
    enum exit_status status;
    bool done;

    if (!cli->values[OPTION_HOST] && !cli->values[OPTION_HOSTS])
        return talk_usage(cli, OPTION_HOST, "evidence of the hosts to plan for, or --hosts");
    if (!read_update(&making, &status))
        return status;
    making.all = (struct update_plan){.accepted = {.arena = &making.arena},
                                      .retired = {.arena = &making.arena},
                                      .kept = {.arena = &making.arena}};
    making.hosts = json_array();
    done = plan_hosts(&making, &status);
    if (done)
        status = answer(&making);
    json_decref(making.hosts);
    arena_done(&making.arena);
    return status;
}
