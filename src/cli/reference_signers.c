/* Who may sign what bootseal reference import takes: the certificates that the operator gives, and nobody
 * whom they signed. Their dates are not looked at: a manifest stays signed when a certificate ends. */
#include "cli/reference.h"

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

static bool read_certificates(struct cli *cli, struct reference_signers *signers, const char *path,
                              enum exit_status *status)
{
    struct span text, ders[LIMIT_MANIFEST_SIGNERS];
    struct error error = {0};
    size_t n = 0;
    bool good;

    if (!talk_read(cli, path, LIMIT_CA_LEN, &text, status))
        return false;
    good = crypto_certificates_read(text, LIMIT_MANIFEST_SIGNERS, &cli->arena, ders, &n, &error);
    for (size_t i = 0; good && i < n; i++)
        good = add(cli, signers, ders[i], &error);
    if (!good)
        *status = talk_error(cli, path, &error);
    return good;
}

bool reference_signers_init(struct cli *cli, struct reference_signers *signers,
                            enum exit_status *status)
{
    const char *path = cli->values[OPTION_CERTIFICATES];

    *signers = (struct reference_signers){0};
    if (!path == !cli->values[OPTION_UNSIGNED]) {
        *status = talk_usage(cli, path ? OPTION_UNSIGNED : OPTION_CERTIFICATES,
                             path ? "not to be given with --certificates"
                                  : "who may sign the values; --unsigned takes what nobody signed");
        return false;
    }
    return !path || read_certificates(cli, signers, path, status);
}

void reference_signers_done(struct reference_signers *signers)
{
    for (size_t i = 0; i < signers->n; i++)
        crypto_key_free(signers->keys[i]);
}
