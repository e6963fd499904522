#include "support/swtpm.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

/* Not assert alone: the calls must happen, and must succeed, in every build. */
static void demand(bool good)
{
    assert(good);
    if (!good)
        __builtin_trap();
}

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    char command[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    demand(system(command) == 0); /* NOLINT(cert-env33-c): our own words, in a test */
}

/* A socket's file is there before anybody listens to it. */
static bool listens(const struct swtpm *swtpm, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected;

    demand(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", swtpm->dir, name);
    connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

static void start(struct swtpm *swtpm)
{
    char state[96], server[96], control[96];

    snprintf(state, sizeof state, "dir=%s/tpm", swtpm->dir);
    snprintf(server, sizeof server, "type=unixio,path=%s/s", swtpm->dir);
    snprintf(control, sizeof control, "type=unixio,path=%s/s.ctrl", swtpm->dir);
    swtpm->pid = fork();
    demand(swtpm->pid >= 0);
    if (swtpm->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        demand(freopen("/dev/null", "w", stderr) != NULL); /* it tells every disconnection */
        execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server,
               "--ctrl", control, "--flags", "not-need-init,startup-clear", (char *)NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 1000; tries++) {
        if (listens(swtpm, "s") && listens(swtpm, "s.ctrl"))
            return;
        usleep(10000);
    }
    demand(false);
}

static void stop(struct swtpm *swtpm)
{
    kill(swtpm->pid, SIGTERM);
    waitpid(swtpm->pid, NULL, 0);
    run("rm -f %s/s %s/s.ctrl", swtpm->dir, swtpm->dir);
}

void swtpm_init(struct swtpm *swtpm)
{
    const char *root = getenv("BOOTSEAL_SOURCE_ROOT");

    demand(root != NULL);
    snprintf(swtpm->dir, sizeof swtpm->dir, "/tmp/bootseal-swtpm-XXXXXX");
    demand(mkdtemp(swtpm->dir) != NULL);
    snprintf(swtpm->tcti, sizeof swtpm->tcti, "swtpm:path=%s/s", swtpm->dir);
    snprintf(swtpm->ca, sizeof swtpm->ca, "%s/ca", swtpm->dir);
    run("%s/lab/tpm --ca %s %s/tpm", root, swtpm->ca, swtpm->dir);
    start(swtpm);
}

void swtpm_restart(struct swtpm *swtpm)
{
    stop(swtpm);
    start(swtpm);
}

bool swtpm_extend_at(struct swtpm *swtpm, uint8_t locality, unsigned pcr, struct span digest)
{
    TPML_DIGEST_VALUES values = {.count = 1, .digests = {{.hashAlg = TPM2_ALG_SHA256}}};
    TSS2_TCTI_CONTEXT *tcti = NULL;
    ESYS_CONTEXT *esys = NULL;
    TSS2_RC rc;

    demand(digest.len == 32);
    memcpy(values.digests[0].digest.sha256, digest.data, digest.len);
    demand(Tss2_TctiLdr_Initialize(swtpm->tcti, &tcti) == 0);
    demand(Tss2_Tcti_SetLocality(tcti, locality) == 0);
    demand(Esys_Initialize(&esys, tcti, NULL) == 0);
    rc = Esys_PCR_Extend(esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                         &values);
    demand(rc == 0 || rc == TPM2_RC_LOCALITY);
    demand(Tss2_Tcti_SetLocality(tcti, 0) == 0);
    Esys_Finalize(&esys);
    Tss2_TctiLdr_Finalize(&tcti);
    return rc == 0;
}

void swtpm_extend(struct swtpm *swtpm, unsigned pcr, struct span digest)
{
    demand(swtpm_extend_at(swtpm, 0, pcr, digest));
}

void swtpm_launch(struct swtpm *swtpm, const char *code)
{
    run("printf '%%s' '%s' | swtpm_ioctl --unix %s/s.ctrl -h -", code, swtpm->dir);
}

void swtpm_clear(struct swtpm *swtpm)
{
    run("TPM2TOOLS_TCTI=%s tpm2_clear -c p", swtpm->tcti);
}

void swtpm_done(struct swtpm *swtpm)
{
    stop(swtpm);
    run("rm -rf %s", swtpm->dir);
}
