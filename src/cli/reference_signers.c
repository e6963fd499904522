/* Who may sign what bootseal reference import takes: the certificates that the operator gives, and, only where
 * the operator names authorities, those whom these have certified.
 *
 * The dates of certificates that the operator gave are not looked at: a manifest stays signed when a
 * certificate ends. Those that came with a manifest have to be valid today. */
#include "cli/reference.h"
#include "os/clock.h"
#include "verify/cose_signature.h"

static bool add(struct cli *cli, struct reference_signers *signers, struct span der,
                struct error *error)
{
    struct crypto_certificate *certificate = NULL;
    struct crypto_certificate_view view;
    size_t used;
    bool good = crypto_certificate_decode(cli->crypto, der, &used, &certificate, error) &&
                crypto_certificate_view(certificate, &cli->arena, &view, error) &&
                crypto_key_from_spki(cli->crypto, view.spki, &signers->keys[signers->n], error);

    if (good) {
        signers->ders[signers->n] = der;
        signers->subjects[signers->n] = view.subject;
        signers->n++;
    }
    crypto_certificate_free(certificate);
    return good;
}

static bool read_certificates(struct cli *cli, struct reference_signers *signers,
                              enum exit_status *status)
{
    const char *path = cli->values[OPTION_CERTIFICATES];
    struct span text, ders[LIMIT_MANIFEST_SIGNERS];
    struct error error = {0};
    size_t n = 0;
    bool good;

    if (!path)
        return true;
    if (!talk_read(cli, path, LIMIT_CA_LEN, &text, status))
        return false;
    good = crypto_certificates_read(text, LIMIT_MANIFEST_SIGNERS, &cli->arena, ders, &n, &error);
    for (size_t i = 0; good && i < n; i++)
        good = add(cli, signers, ders[i], &error);
    if (!good)
        *status = talk_error(cli, path, &error);
    return good;
}

static bool read_authorities(struct cli *cli, struct reference_signers *signers,
                             enum exit_status *status)
{
    const char *path = cli->values[OPTION_AUTHORITIES];
    struct error error = {0};
    struct span text;
    size_t n;

    if (!path)
        return true;
    if (!talk_read(cli, path, LIMIT_CA_LEN, &text, status))
        return false;
    signers->authorities = crypto_trust_new(&error);
    if (signers->authorities && crypto_trust_add(signers->authorities, text, &n, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

bool reference_signers_init(struct cli *cli, struct reference_signers *signers,
                            enum exit_status *status)
{
    bool named = cli->values[OPTION_CERTIFICATES] || cli->values[OPTION_AUTHORITIES];

    *signers = (struct reference_signers){.is_unsigned = cli->values[OPTION_UNSIGNED] != NULL};
    if (named == signers->is_unsigned) {
        *status = talk_usage(cli, named ? OPTION_UNSIGNED : OPTION_CERTIFICATES,
                             named
                                 ? "not to be given with --certificates or --authorities"
                                 : "who may sign the values; --unsigned takes what nobody signed");
        return false;
    }
    if (read_certificates(cli, signers, status) && read_authorities(cli, signers, status))
        return true;
    reference_signers_done(signers);
    return false;
}

void reference_signers_done(struct reference_signers *signers)
{
    for (size_t i = 0; i < signers->n; i++)
        crypto_key_free(signers->keys[i]);
    crypto_trust_free(signers->authorities);
}

/* --- Who signed --- */

static bool denied(struct error *error, const char *clause, const char *message)
{
    return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, clause, "%s", message);
}

/* The key of the first certificate that came along signed, and an authority leads to that. */
static bool judge_chain(struct cli *cli, const struct reference_signers *signers,
                        const struct cose_sign1 *sign1,
                        const struct crypto_certificate *certificate, const char **subject,
                        struct error *error)
{
    struct crypto_certificate_view view;
    struct crypto_key *key = NULL;
    enum crypto_chain_result result;
    const char *detail;
    bool fits = false, holds = false, checked;

    if (!cose_thumbprint_fits(cli->crypto, sign1, sign1->chain[0], &fits, error))
        return false;
    if (!fits)
        return denied(error, "RFC 9360 2",
                      "x5t names another certificate than x5chain begins with");
    result = crypto_chain_verify(signers->authorities, certificate, sign1->chain + 1,
                                 sign1->n_chain - 1, os_now_s(), &cli->arena, &detail);
    if (result != CRYPTO_CHAIN_OK)
        return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "RFC 9360 2",
                         "the signer's certificate does not lead to one of the authorities: %s",
                         detail);
    if (!crypto_certificate_view(certificate, &cli->arena, &view, error))
        return false;
    if (!view.may_sign)
        return denied(error, "RFC 5280 4.2.1.3", "the signer's certificate is not for signatures");
    if (!crypto_key_from_spki(cli->crypto, view.spki, &key, error))
        return false;
    checked = cose_signature_verify(cli->crypto, sign1, key, &cli->arena, &holds, error);
    crypto_key_free(key);
    if (checked && !holds)
        return denied(error, "RFC 9052 4.4",
                      "the signer's certificate did not sign the manifest as it is");
    *subject = checked ? view.subject : *subject;
    return checked;
}

static bool find_by_chain(struct cli *cli, const struct reference_signers *signers,
                          const struct cose_sign1 *sign1, const char **subject, struct error *error)
{
    struct crypto_certificate *certificate = NULL;
    size_t used;
    bool found;

    if (sign1->n_chain == 0)
        return denied(error, "RFC 9360 2",
                      "the signed header has no certificates (x5chain) that lead to an authority");
    if (!crypto_certificate_decode(cli->crypto, sign1->chain[0], &used, &certificate, error))
        return false;
    found = judge_chain(cli, signers, sign1, certificate, subject, error);
    crypto_certificate_free(certificate);
    return found;
}

bool reference_signers_find(struct cli *cli, const struct reference_signers *signers,
                            const struct cose_sign1 *sign1, const char **subject,
                            struct error *error)
{
    for (size_t i = 0; i < signers->n; i++) {
        bool holds = false;

        if (!cose_signature_verify(cli->crypto, sign1, signers->keys[i], &cli->arena, &holds,
                                   error))
            return false;
        if (holds) {
            *subject = signers->subjects[i];
            return true;
        }
    }
    if (signers->authorities)
        return find_by_chain(cli, signers, sign1, subject, error);
    return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "RFC 9052 4.4",
                     "none of the %zu certificates signed the manifest as it is", signers->n);
}
