/* What the kernel command line decides for Linux: first program, debugger, lockdown, module and
 * kexec signatures, IMA, mitigations, IOMMU, shells.
 *
 * Says only what the measured line forces. Lockdown that a distribution derives from Secure Boot is
 * not on it and stays unknown; what a parameter does not switch off may still be off. Two sources of
 * parameters no log shows: the kernel's own CONFIG_CMDLINE, for which its digest stands, and the
 * bootconfig that the initial RAM disk brings (Linux Documentation/admin-guide/bootconfig.rst). With
 * the latter only the bad is believed. A feature that the kernel was built without cannot be
 * switched on either: kernel.config says what it has. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/kernel_parameters.h"

struct conclusion {
    struct collector *collector;
    struct kernel_parameters found;
    bool elsewhere; /* the initial RAM disk brings more parameters */
};

static void rest_on_line(struct conclusion *conclusion, enum claim_id id)
{
    collect_from(conclusion->collector, id, CLAIM_BOOT_KERNEL_COMMAND_LINE);
}

static const struct kernel_verdict *verdict(const struct conclusion *conclusion,
                                            enum kernel_decision decision)
{
    return &conclusion->found.verdicts[decision];
}

/* A state that no line should bring about: true where it does, unknown where it may. */
static void conclude_bad(struct conclusion *conclusion, enum claim_id id,
                         enum kernel_decision decision, bool unsure)
{
    const struct kernel_verdict *bad = verdict(conclusion, decision);

    if (!bad->holds && (bad->revoked || unsure || conclusion->elsewhere))
        return;
    collect_bool(conclusion->collector, id, bad->holds);
    rest_on_line(conclusion, id);
}

/* Windows measures a debugger of its own; no host runs both systems, and either one counts. */
static void conclude_debugger(struct conclusion *conclusion)
{
    const struct claim *claim = &conclusion->collector->claims->claims[CLAIM_DEBUG_KERNEL];

    if (!claim->known || !claim->is_true)
        conclude_bad(conclusion, CLAIM_DEBUG_KERNEL, KERNEL_DEBUGGER, false);
}

static void conclude_text(struct conclusion *conclusion, enum claim_id id, const char *text)
{
    collect_text(conclusion->collector, id, text);
    rest_on_line(conclusion, id);
}

/* The kernel takes the last of each (init/main.c init_setup, rdinit_setup). */
static void conclude_init(struct conclusion *conclusion)
{
    struct arena *arena = conclusion->collector->arena;
    struct span init = verdict(conclusion, KERNEL_INIT)->value;
    struct span rdinit = verdict(conclusion, KERNEL_RDINIT)->value;
    const char *text;

    if (conclusion->elsewhere || !span_equal(init, conclusion->found.init_word) ||
        !span_equal(rdinit, conclusion->found.rdinit_word))
        return;
    if (init.len && rdinit.len)
        text = arena_printf(arena, "rdinit=%.*s init=%.*s", (int)rdinit.len,
                            (const char *)rdinit.data, (int)init.len, (const char *)init.data);
    else if (init.len || rdinit.len)
        text = arena_text(arena, init.len ? init : rdinit);
    else
        text = "default";
    conclude_text(conclusion, CLAIM_KERNEL_INIT, text);
}

static bool lists_lockdown(struct span list)
{
    struct span item;

    while (kernel_list_next(&list, &item))
        if (span_is(item, "lockdown"))
            return true;
    return false;
}

/* A lower mode does not undo a higher one (security/lockdown/lockdown.c), but a list of security
 * modules without lockdown leaves it out; the last "lsm=" counts (security/security.c). Under
 * lockdown, modules and kernels that kexec loads have signatures (kernel_lockdown(7)). */
static void conclude_lockdown(struct conclusion *conclusion)
{
    struct collector *collector = conclusion->collector;
    const struct kernel_verdict *modules = verdict(conclusion, KERNEL_SECURITY_MODULES);
    const struct kernel_verdict *integrity = verdict(conclusion, KERNEL_LOCKDOWN_INTEGRITY);
    const struct kernel_verdict *most = verdict(conclusion, KERNEL_LOCKDOWN_CONFIDENTIALITY);
    bool is_most = most->holds || most->revoked;
    bool forced = (is_most || integrity->holds || integrity->revoked) &&
                  (!modules->holds || lists_lockdown(modules->value));

    if (forced) {
        conclude_text(conclusion, CLAIM_KERNEL_LOCKDOWN, is_most ? "confidentiality" : "integrity");
        collect_bool(collector, CLAIM_KERNEL_KEXEC_SIGNATURES, true);
        rest_on_line(conclusion, CLAIM_KERNEL_KEXEC_SIGNATURES);
    }
    /* "module.sig_enforce" can be switched on only (bool_enable_only in kernel/module/signing.c). */
    if (forced || verdict(conclusion, KERNEL_MODULE_SIGNATURES)->holds ||
        verdict(conclusion, KERNEL_MODULE_SIGNATURES)->revoked) {
        collect_bool(collector, CLAIM_KERNEL_MODULE_SIGNATURES, true);
        rest_on_line(conclusion, CLAIM_KERNEL_MODULE_SIGNATURES);
    }
}

/* All policies that are asked for are in force together (ima_policy.c, policy_setup). */
static void conclude_ima_policy(struct conclusion *conclusion)
{
    static const char *const names[] = {"tcb", "appraise_tcb", "secure_boot", "critical_data",
                                        "fail_securely"};
    const struct kernel_parameters *found = &conclusion->found;
    struct arena *arena = conclusion->collector->arena;
    bool asked[KERNEL_IMA_POLICIES];
    const char *text = NULL;

    memcpy(asked, found->ima_policies, sizeof asked);
    asked[KERNEL_IMA_POLICY_TCB] |= found->verdicts[KERNEL_IMA_TCB].holds;
    asked[KERNEL_IMA_POLICY_APPRAISE_TCB] |= found->verdicts[KERNEL_IMA_APPRAISE_TCB].holds;
    for (size_t i = 0; i < KERNEL_IMA_POLICIES; i++)
        if (asked[i] && !(text = text ? arena_printf(arena, "%s|%s", text, names[i]) : names[i])) {
            conclusion->collector->out_of_memory = true;
            return;
        }
    conclude_text(conclusion, CLAIM_IMA_POLICY, text ? text : "none");
}

/* Only the beginning of the value counts, and the last known one (ima_appraise.c,
 * default_appraise_setup); one that is not known is skipped there and makes it unknown here. */
static void conclude_ima_appraise(struct conclusion *conclusion)
{
    static const char *const modes[] = {"off", "log", "fix", "enforce"};
    const struct kernel_verdict *asked = verdict(conclusion, KERNEL_IMA_APPRAISE);

    if (!asked->holds) {
        conclude_text(conclusion, CLAIM_IMA_APPRAISE, "default");
        return;
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (span_begins(asked->value, span_text(modes[i])))
            conclude_text(conclusion, CLAIM_IMA_APPRAISE, modes[i]);
}

/* What switches translation off is believed; that it is on, the line cannot force. */
static void conclude_iommu(struct conclusion *conclusion)
{
    if (!verdict(conclusion, KERNEL_IOMMU_OFF)->holds)
        return;
    collect_bool(conclusion->collector, CLAIM_DMA_PROTECTION_RUNTIME, false);
    rest_on_line(conclusion, CLAIM_DMA_PROTECTION_RUNTIME);
}

static void list_parameter(void *context, const struct kernel_parameter *parameter)
{
    struct collector *collector = context;
    const struct claim *line = &collector->claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];

    collect_item(collector, CLAIM_KERNEL_PARAMETERS,
                 (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                     .event = claim_event(line),
                                     .pcr = REASON_NO_PCR,
                                     .label = parameter->meaning,
                                     .bytes = parameter->text});
}

void collect_linux(struct collector *collector)
{
    const struct claim *line = &collector->claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];
    struct conclusion conclusion = {.collector = collector};

    if (!line->known)
        return;
    collect_claim(collector, CLAIM_KERNEL_PARAMETERS);
    if (!kernel_parameters_read(span_text(line->text), list_parameter, collector,
                                &conclusion.found)) {
        collect_unknown(collector, CLAIM_KERNEL_PARAMETERS);
        return; /* the kernel drops the end of the line, and how much is its own business */
    }
    rest_on_line(&conclusion, CLAIM_KERNEL_PARAMETERS);
    conclusion.elsewhere = verdict(&conclusion, KERNEL_MORE_ELSEWHERE)->holds;
    conclude_debugger(&conclusion);
    conclude_bad(&conclusion, CLAIM_BOOT_RESCUE_SHELL, KERNEL_RESCUE, false);
    conclude_bad(&conclusion, CLAIM_KERNEL_MITIGATIONS_DISABLED, KERNEL_MITIGATIONS_OFF,
                 verdict(&conclusion, KERNEL_MITIGATIONS_UNSURE)->holds);
    conclude_iommu(&conclusion);
    conclude_init(&conclusion);
    if (conclusion.elsewhere)
        return; /* what this line forces, another may undo */
    conclude_ima_policy(&conclusion);
    conclude_ima_appraise(&conclusion);
    conclude_lockdown(&conclusion);
}
