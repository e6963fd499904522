/* Prints the PCRs that an event log leads to: replay < LOG. See bootseal_replay(3). */
#include <bootseal.h>
#include <stdio.h>

int main(void)
{
    static char log[4 << 20];
    struct bootseal_bytes bytes = {log, fread(log, 1, sizeof log, stdin)};
    struct bootseal_replay *replay;
    char error[BOOTSEAL_ERROR_LEN];

    if (bootseal_replay(&bytes, &replay, error, sizeof error) != BOOTSEAL_OK) {
        fprintf(stderr, "%s\n", error);
        return 3;
    }
    for (size_t i = 0; i < replay->n_banks; i++) {
        const struct bootseal_bank *bank = &replay->banks[i];

        for (int pcr = 0; pcr < BOOTSEAL_PCRS; pcr++) {
            if (!(bank->extended >> pcr & 1))
                continue;
            printf("%s:%d ", bank->name, pcr);
            for (size_t k = 0; k < bank->digest_len; k++)
                printf("%02x", bank->pcrs[pcr][k]);
            putchar('\n');
        }
    }
    bootseal_replay_free(replay);
    return 0;
}
