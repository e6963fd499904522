/* The operator's revocation list, from the configuration to the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/writer.h"
#include "os/file.h"
#include "support/api_host.h"

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n\n"
                             "[rule revoked]\nrequire = secure_boot.dbx_complete\n"
                             "message = dbx must forbid what is revoked\n";

/* UEFI 2.10 section 32.4.1; and the digest of no bytes, which the fixture's dbx holds. */
static const uint8_t LIST_TYPE[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                    0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};
static const uint8_t FORBIDDEN[] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

static char list_file[64];

/* A list of what the fixture's dbx forbids, and of n digests that it does not. */
static void write_list(uint8_t n)
{
    uint8_t bytes[1024];
    struct writer writer = writer_init(bytes, sizeof bytes);
    struct error error;

    writer_bytes(&writer, span_of(LIST_TYPE, sizeof LIST_TYPE));
    writer_le32(&writer, 28u + 48u * (1u + n));
    writer_le32(&writer, 0);
    writer_le32(&writer, 48);
    for (uint8_t i = 0; i <= n; i++) {
        uint8_t digest[32];

        memset(digest, i, sizeof digest);
        for (int k = 0; k < 16; k++)
            writer_u8(&writer, 0xAA);
        writer_bytes(&writer, span_of(i ? digest : FORBIDDEN, 32));
    }
    assert_true(os_file_write(list_file, OS_FILE_PUBLIC, writer_span(&writer), &error));
}

static void attest(struct api_host *host, struct service *service, enum verdict verdict)
{
    assert_int_equal(api_host_attest(host, service).status, 200);
    assert_int_equal(host->answer.verdict, verdict);
}

/* With a list that says more, the verdict of the same boot is another, also for a host that is known
 * not to have changed. */
static void test_list_reaches_the_verdict(void **state)
{
    static struct service service;
    static char list[128];
    struct api_maker maker;
    struct api_host host;

    (void)state;
    snprintf(list_file, sizeof list_file, "/tmp/bootseal-revocations-%d", (int)getpid());
    write_list(0);
    api_maker_init(&maker);
    snprintf(list, sizeof list, "attest.revocation_list=%s", list_file);
    service_start_for(&service, &maker, &(const char *){list}, 1);
    service_put_policy(&service, POLICY);
    api_host_init(&host, "secure-boot", "web.example", &maker);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    attest(&host, &service, VERDICT_TRUSTED);
    attest(&host, &service, VERDICT_TRUSTED);
    assert_int_equal(service_stop(&service), 0);
    write_list(1);
    service_restart(&service);
    attest(&host, &service, VERDICT_UNTRUSTED);
    api_host_done(&host);
    service_wipe(&service);
    api_maker_done(&maker);
    unlink(list_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_reaches_the_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
