/* bootseal-agent doctor: every check with mark, what was found, and how to mend it.
 *
 * Changes nothing but one thing: where the TPM lacks its endorsement key, it is made. A check that
 * rests on a failed one is skipped. */
#include "agent/agent.h"
#include "agent/logs.h"
#include "agent/remote.h"
#include "agent/state.h"
#include "os/clock.h"
#include "os/file.h"

#include <jansson.h>
#include <stdarg.h>

enum mark { MARK_SKIPPED = 0, MARK_GOOD, MARK_NOTE, MARK_BAD };

static const char *const MARKS[] = {"skipped", "good", "note", "bad"};

struct check {
    const char *name;
    enum mark mark;
    char found[320];
    const char *fix; /* NULL when there is nothing to do */
};

enum { CHECKS_MOST = 24 };

struct doctor {
    struct agent *agent;
    struct tpm *tpm;
    struct agent_state state;
    bool enrolled;
    struct check checks[CHECKS_MOST];
    size_t n_checks;
};

__attribute__((format(printf, 5, 6))) static void note(struct doctor *doctor, const char *name,
                                                       enum mark mark, const char *fix,
                                                       const char *format, ...)
{
    struct check *check = &doctor->checks[doctor->n_checks];
    va_list arguments;

    if (doctor->n_checks == CHECKS_MOST)
        return;
    doctor->n_checks++;
    *check = (struct check){.name = name, .mark = mark, .fix = fix};
    va_start(arguments, format);
    vsnprintf(check->found, sizeof check->found, format, arguments);
    va_end(arguments);
}

/* --- the TPM --- */

static void check_banks(struct doctor *doctor, const struct tpm_properties *properties)
{
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    static const uint8_t ZEROS[LIMIT_TPM_DIGEST_LEN];
    struct error error;
    bool sha256 = false;

    for (size_t i = 0; i < properties->n_banks; i++)
        sha256 |= properties->banks[i] == TPM_ALG_SHA256;
    if (!sha256) {
        note(doctor, "tpm.bank", MARK_BAD,
             "Switch the SHA-256 bank on in the firmware setup, or run tpm2_pcrallocate",
             "The SHA-256 PCR bank is off");
        return;
    }
    if (!tpm_pcr_read(doctor->tpm, TPM_ALG_SHA256, 0xFF, values, &error)) {
        note(doctor, "tpm.bank", MARK_BAD, NULL, "%s", error.message);
        return;
    }
    if (memcmp(values[0], ZEROS, tpm_digest_len(TPM_ALG_SHA256)) == 0)
        note(doctor, "tpm.bank", MARK_BAD,
             "Boot with firmware that measures into this TPM (UEFI; TPM enabled before boot)",
             "PCR 0 was never extended: the firmware measured nothing into the SHA-256 bank");
    else
        note(doctor, "tpm.bank", MARK_GOOD, NULL, "SHA-256, extended by the firmware");
}

static void check_endorsement(struct doctor *doctor)
{
    struct tpm_endorsement endorsement;
    struct error error;

    if (!tpm_endorsement_find(doctor->tpm, doctor->agent->crypto, &doctor->agent->arena,
                              &endorsement, &error))
        note(doctor, "tpm.endorsement", MARK_BAD, NULL, "%s", error.message);
    else if (!endorsement.n_certificates)
        note(doctor, "tpm.endorsement", MARK_NOTE,
             "Have the TPM approved by name when you enrol: bootseal host approve NAME",
             "The TPM holds no endorsement certificate; nobody vouches for it");
    else
        note(doctor, "tpm.endorsement", MARK_GOOD, NULL,
             "key at 0x%x with %zu certificate(s) in the TPM", endorsement.handle,
             endorsement.n_certificates);
}

static void check_tpm(struct doctor *doctor)
{
    struct tpm_properties properties;
    struct error error;

    if (!tpm_open(doctor->agent->values[AGENT_OPTION_TCTI], &doctor->tpm, &error)) {
        note(doctor, "tpm.reachable", MARK_BAD,
             "Enable the TPM in the firmware setup; run as root or a member of group tss; or give "
             "--tcti",
             "%s", error.message);
        return;
    }
    if (!tpm_properties_read(doctor->tpm, &properties, &error)) {
        note(doctor, "tpm.reachable", MARK_BAD, NULL, "%s", error.message);
        return;
    }
    note(doctor, "tpm.reachable", MARK_GOOD, NULL, "%s, firmware %llx, revision %u.%02u",
         properties.manufacturer, (unsigned long long)properties.firmware_version,
         properties.revision / 100, properties.revision % 100);
    note(doctor, "tpm.authorisation",
         properties.locked_out || properties.owner_auth_set || properties.endorsement_auth_set
             ? MARK_BAD
             : MARK_GOOD,
         properties.locked_out ? "Wait, or run: tpm2_dictionarylockout --clear-lockout"
         : properties.owner_auth_set || properties.endorsement_auth_set
             ? "Clear the passwords: tpm2_changeauth -c owner; tpm2_changeauth -c endorsement"
             : NULL,
         "%s",
         properties.locked_out             ? "The TPM is locked out after wrong passwords"
         : properties.owner_auth_set       ? "The owner hierarchy has a password"
         : properties.endorsement_auth_set ? "The endorsement hierarchy has a password"
                                           : "the hierarchies are open for the agent's keys");
    check_banks(doctor, &properties);
    check_endorsement(doctor);
}

/* --- logs --- */

static void check_log(struct doctor *doctor, const char *name, const char *path, size_t cap,
                      enum mark missing, const char *fix)
{
    struct error error;
    struct span bytes;

    if (os_file_read(path, cap, &doctor->agent->arena, &bytes, &error) && bytes.len)
        note(doctor, name, MARK_GOOD, NULL, "%zu bytes", bytes.len);
    else
        note(doctor, name, missing, fix, "%s is missing, empty or unreadable", path);
}

static void check_logs(struct doctor *doctor)
{
    const char *eventlog = doctor->agent->values[AGENT_OPTION_EVENTLOG];
    const char *ima = doctor->agent->values[AGENT_OPTION_IMA];

    check_log(doctor, "log.firmware", eventlog ? eventlog : LOGS_EVENTLOG_PATH, LIMIT_EVENTLOG_LEN,
              MARK_BAD,
              "Mount securityfs; run as root; enable Secure Boot (with it off, some boot loaders "
              "bypass the EFI stub and the kernel never gets the log)");
    check_log(doctor, "log.ima", ima ? ima : LOGS_IMA_PATH, LIMIT_IMA_LEN, MARK_NOTE,
              "To measure what runs after boot, add ima_policy=tcb to the kernel command line");
}

/* --- what the host will say of itself --- */

static const struct {
    const char *item, *check, *good, *bad, *fix;
} PROTECTIONS[] = {
    {"dma_protection.firmware", "dma.firmware",
     "the firmware asks the system to keep DMA protection on (DMAR or IVRS)",
     "The firmware does not ask for DMA protection: no opt-in in DMAR, none in IVRS, or no such "
     "table",
     "Enable VT-d or AMD-Vi and pre-boot DMA protection in the firmware setup"},
    {"dma_protection.runtime", "dma.runtime", "every IOMMU group has its memory translated",
     "No IOMMU, or devices that it lets pass, keep devices out of memory",
     "Enable the IOMMU in the firmware setup; on the kernel command line: intel_iommu=on or "
     "amd_iommu=on, and no iommu=pt or iommu=off"},
    {"kernel.module_signatures", "kernel.modules", "the kernel loads signed modules only",
     "The kernel loads unsigned modules",
     "Enable Secure Boot, or add to the kernel command line: module.sig_enforce"},
    {"kernel.kexec_signatures", "kernel.kexec", "kexec starts signed kernels only",
     "kexec starts unsigned kernels",
     "Enable Secure Boot, or run: sysctl kernel.kexec_load_disabled=1"},
};

/* What was read, with the words around it. */
static void check_text(struct doctor *doctor, const char *name, struct span value)
{
    if (value.len)
        note(doctor, name, MARK_GOOD, NULL, "%.*s", (int)value.len, (const char *)value.data);
    else
        note(doctor, name, MARK_SKIPPED, NULL, "cannot be read (as root it may)");
}

static void check_lockdown(struct doctor *doctor, struct span mode)
{
    if (mode.len == 0 || !span_is(mode, "none"))
        check_text(doctor, "kernel.lockdown", mode);
    else
        note(doctor, "kernel.lockdown", MARK_NOTE,
             "Enable Secure Boot, or add to the kernel command line: lockdown=integrity",
             "None: root may change the running kernel");
}

static void check_protections(struct doctor *doctor)
{
    struct agent *agent = doctor->agent;
    struct evidence_item *items;
    struct error error;
    size_t n_items;

    if (!inventory_collect("", &agent->inventory, NULL, &agent->arena, &items, &n_items, &error)) {
        note(doctor, "inventory", MARK_BAD, NULL, "%s", error.message);
        return;
    }
    check_text(doctor, "machine.model", inventory_find(items, n_items, "hardware.model"));
    check_text(doctor, "kernel.version", inventory_find(items, n_items, "kernel.version"));
    check_lockdown(doctor, inventory_find(items, n_items, "kernel.lockdown"));
    for (size_t i = 0; i < sizeof PROTECTIONS / sizeof *PROTECTIONS; i++) {
        struct span value = inventory_find(items, n_items, PROTECTIONS[i].item);

        if (value.len == 0)
            check_text(doctor, PROTECTIONS[i].check, value);
        else if (span_is(value, "true"))
            note(doctor, PROTECTIONS[i].check, MARK_GOOD, NULL, "%s", PROTECTIONS[i].good);
        else
            note(doctor, PROTECTIONS[i].check, MARK_NOTE, PROTECTIONS[i].fix, "%s",
                 PROTECTIONS[i].bad);
    }
}

/* --- enrolment --- */

static void check_enrolment(struct doctor *doctor)
{
    struct agent *agent = doctor->agent;
    struct error error;

    doctor->enrolled = agent_state_load(agent->values[AGENT_OPTION_STATE_DIR], &agent->arena,
                                        &doctor->state, &error);
    if (!doctor->enrolled) {
        note(doctor, "enrolment", MARK_BAD, NULL, "%s", error.message);
        return;
    }
    note(doctor, "enrolment", MARK_GOOD, NULL, "with %s", (const char *)doctor->state.url.data);
    if (!doctor->tpm)
        note(doctor, "enrolment.key", MARK_SKIPPED, NULL, "no TPM");
    else if (!agent_state_check_tpm(&doctor->state, doctor->tpm, &agent->arena, &error))
        note(doctor, "enrolment.key", MARK_BAD, "Enrol again: bootseal-agent enroll URL --ca FILE",
             "%s", error.message);
    else
        note(doctor, "enrolment.key", MARK_GOOD, NULL, "the attestation key is in the TPM");
}

static void check_identity(struct doctor *doctor)
{
    struct crypto_certificate *certificate;
    struct crypto_certificate_view view;
    struct agent *agent = doctor->agent;
    char ends[OS_TIME_TEXT_LEN];
    struct error error;
    size_t len;

    if (!doctor->enrolled)
        return;
    if (!doctor->state.n_certificates ||
        !crypto_certificate_decode(agent->crypto, doctor->state.certificates[0], &len, &certificate,
                                   &error)) {
        note(doctor, "identity", MARK_NOTE, "Run: bootseal-agent attest",
             "There is no identity certificate");
        return;
    }
    if (!crypto_certificate_view(certificate, &agent->arena, &view, &error))
        note(doctor, "identity", MARK_BAD, NULL, "%s", error.message);
    else if (os_now_s() >= view.not_after_s)
        note(doctor, "identity", MARK_BAD, "Run: bootseal-agent attest",
             "The identity certificate ended at %s", os_time_print(view.not_after_s, ends));
    else if (os_now_s() < view.not_before_s)
        note(doctor, "identity", MARK_BAD, "Set this host's clock",
             "The identity certificate is not valid yet: the clock is behind");
    else
        note(doctor, "identity", MARK_GOOD, NULL, "certificate until %s",
             os_time_print(view.not_after_s, ends));
    crypto_certificate_free(certificate);
}

/* A challenge is asked for and thrown away: it shows name, route, TLS and that we are known. */
static void check_service(struct doctor *doctor)
{
    const struct challenge_request request = {.host_id = doctor->state.host_id};
    struct remote_call call = {.path = PROTOCOL_PATH_CHALLENGE};
    struct arena *arena = &doctor->agent->arena;
    struct remote remote;
    struct error error;
    struct span answer;

    if (!doctor->enrolled) {
        note(doctor, "service", MARK_SKIPPED, NULL, "not enrolled");
        return;
    }
    if (challenge_request_encode(&request, arena, &call.body, &error) &&
        remote_open((const char *)doctor->state.url.data, doctor->state.ca, span_of(NULL, 0),
                    &remote, &error)) {
        bool done = remote_post(&remote, &call, arena, &answer, &error);

        remote_close(&remote);
        if (done) {
            note(doctor, "service", MARK_GOOD, NULL, "answers, and knows this host");
            return;
        }
    }
    note(doctor, "service", MARK_BAD, "Check name resolution, route, firewall and the service",
         "%s", error.message);
}

/* --- the result --- */

static void print(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->n_checks; i++) {
        const struct check *check = &doctor->checks[i];

        printf("%-8s %-18s %s\n", MARKS[check->mark], check->name, check->found);
        if (check->fix && check->mark > MARK_GOOD)
            printf("%-27s -> %s\n", "", check->fix);
    }
}

static void print_json(const struct doctor *doctor)
{
    json_t *checks = json_array();
    json_t *object = json_pack("{s:s, s:o}", "schema", "bootseal.agent.doctor.v1", "checks",
                               checks);

    for (size_t i = 0; i < doctor->n_checks; i++) {
        const struct check *check = &doctor->checks[i];

        json_array_append_new(checks, json_pack("{s:s, s:s, s:s, s:s?}", "name", check->name,
                                                "mark", MARKS[check->mark], "found", check->found,
                                                "fix", check->fix));
    }
    json_dumpf(object, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(object);
}

enum exit_status agent_doctor(struct agent *agent)
{
    struct doctor doctor = {.agent = agent};
    bool bad = false;

    check_tpm(&doctor);
    check_logs(&doctor);
    check_protections(&doctor);
    check_enrolment(&doctor);
    check_identity(&doctor);
    check_service(&doctor);
    tpm_close(doctor.tpm);
    if (agent->json)
        print_json(&doctor);
    else
        print(&doctor);
    for (size_t i = 0; i < doctor.n_checks; i++)
        bad |= doctor.checks[i].mark == MARK_BAD;
    return bad ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}
