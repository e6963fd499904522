/* Appraises a saved bundle under a policy: appraise BUNDLE POLICY. See bootseal_appraise(3). */
#include <bootseal.h>
#include <stdio.h>
#include <stdlib.h>

static struct bootseal_bytes read_file(const char *path)
{
    static const size_t MAX_LEN = 80u << 20;
    FILE *file = fopen(path, "rb");
    char *data = malloc(MAX_LEN);
    struct bootseal_bytes bytes = {data, 0};

    if (file && data)
        bytes.len = fread(data, 1, MAX_LEN, file);
    if (!file || !data || ferror(file)) {
        perror(path);
        exit(5);
    }
    fclose(file);
    return bytes;
}

static void print_finding(const struct bootseal_finding *finding)
{
    printf("%s: %s\n", finding->code, finding->message ? finding->message : finding->title);
    if (finding->pcr != BOOTSEAL_NO_PCR)
        printf("  PCR %d, event %lld: %s\n", finding->pcr, (long long)finding->event,
               finding->component ? finding->component : "");
    if (finding->expected)
        printf("  expected %s\n", finding->expected);
    if (finding->found)
        printf("  found %s\n", finding->found);
    printf("  %s\n", finding->action);
}

int main(int argc, char **argv)
{
    struct bootseal_appraisal *appraisal;
    struct bootseal_bytes bundle, policy;
    char error[BOOTSEAL_ERROR_LEN];
    int trusted;

    if (argc != 3)
        return 2;
    bundle = read_file(argv[1]);
    policy = read_file(argv[2]);
    if (bootseal_appraise(&bundle, &policy, &appraisal, error, sizeof error) != BOOTSEAL_OK) {
        fprintf(stderr, "%s\n", error);
        return 3;
    }
    puts(appraisal->verdict_name);
    for (size_t i = 0; i < appraisal->n_findings; i++)
        print_finding(&appraisal->findings[i]);
    trusted = appraisal->verdict == BOOTSEAL_TRUSTED || appraisal->verdict == BOOTSEAL_ATTENTION;
    bootseal_appraisal_free(appraisal);
    free((void *)bundle.data);
    free((void *)policy.data);
    return trusted ? 0 : 1;
}
