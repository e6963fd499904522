/* Writes saved bundles for the tests of bootseal catalog into a folder: two machines of Acme's with the
 * same firmware, an Anvil and a Hammer; and an Anvil whose quote another key signed.
 * Usage: catalog_samples DIRECTORY */
#include <stdio.h>
#include <stdlib.h>

#include "support/smbios_builder.h"
#include "support/soft_host.h"

static void write_file(const char *directory, const char *name, struct span bytes)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes.data, 1, bytes.len, file) != bytes.len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_host(const char *directory, const char *name, const char *model, bool honest)
{
    static uint8_t tables[1024];
    struct soft_host host, other;

    soft_host_init(&host, "secure-boot", TPM_ALG_ECC, TPM_ALG_SHA256);
    soft_host_init(&other, "secure-boot", TPM_ALG_ECC, TPM_ALG_SHA256);
    soft_host_send(&host, EVIDENCE_LOG_SMBIOS,
                   smbios_builder_machine(tables, sizeof tables, true, "Acme", model));
    host.evidence.ak_public = (honest ? &host : &other)->ak.public_area.whole;
    write_file(directory, name, soft_host_attest(&host));
    soft_host_done(&other);
    soft_host_done(&host);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    write_host(argv[1], "anvil.evidence", "Anvil", true);
    write_host(argv[1], "hammer.evidence", "Hammer", true);
    write_host(argv[1], "forged.evidence", "Anvil", false);
    return 0;
}
