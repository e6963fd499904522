/* bootseal ca show: the service's CA certificate, for people and as a file. */
#include "base/text.h"
#include "cli/print.h"
#include "cli/service.h"
#include "os/clock.h"

static bool view_ca(struct cli *cli, struct span der, struct crypto_certificate_view *view,
                    struct span *pem, enum exit_status *status)
{
    struct crypto_certificate *certificate = NULL;
    struct error error = {0};
    size_t len_used = 0;
    bool viewed = crypto_certificate_decode(cli->crypto, der, &len_used, &certificate, &error) &&
                  crypto_certificate_view(certificate, &cli->arena, view, &error) &&
                  crypto_certificate_pem(certificate, &cli->arena, pem, &error);

    crypto_certificate_free(certificate);
    if (!viewed)
        *status = talk_error_next(cli, service_url(cli), &error, "Is it a Bootseal service?");
    return viewed;
}

enum exit_status ca_show(struct cli *cli)
{
    const struct service_request request = {
        .method = "GET", .path = "/api/v1/ca", .answer_cap = LIMIT_CERTIFICATE_LEN};
    char from[OS_TIME_TEXT_LEN], until[OS_TIME_TEXT_LEN];
    struct crypto_certificate_view view;
    struct http_client_answer answer;
    enum exit_status status;
    const char *sha256;
    struct span pem;
    json_t *object;

    if (!service_do(cli, &request, &answer, &status) ||
        !view_ca(cli, answer.body, &view, &pem, &status))
        return status;
    if (cli->values[OPTION_OUTPUT] && !talk_result(cli, pem, &status))
        return status;
    sha256 = text_hex(&cli->arena, view.sha256);
    os_time_print(view.not_before_s, from);
    os_time_print(view.not_after_s, until);
    if (cli->json) {
        object = talk_schema("ca");
        json_object_set_new(object, "subject", json_string(view.subject));
        json_object_set_new(object, "sha256", json_string(sha256));
        json_object_set_new(object, "not_before", json_string(from));
        json_object_set_new(object, "not_after", json_string(until));
        talk_json(object);
        return EXIT_HOLDS;
    }
    printf("subject      %s\nfingerprint  %s\nvalid from   %s, %s\nvalid until  %s, %s\n",
           view.subject, sha256, from, print_age(cli, from), until, print_age(cli, until));
    return EXIT_HOLDS;
}
