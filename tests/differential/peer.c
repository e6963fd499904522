#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "wire/tpm_alg.h"

enum { CPU_SECONDS = 10 };

bool peer_present(void)
{
    FILE *pipe = popen("tpm2_eventlog --version 2>/dev/null", "r");
    char line[256] = "";
    bool present;

    assert_non_null(pipe);
    present = fgets(line, sizeof line, pipe) && strstr(line, "version=\"5.4\"");
    pclose(pipe);
    return present;
}

static bool redirect(const char *path, int fd)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    return file >= 0 && dup2(file, fd) == fd;
}

/* Runs it over the file "log" of the folder; its talk goes to "stdout" and "stderr" there. */
static int run(const char *folder)
{
    const struct rlimit limit = {CPU_SECONDS, CPU_SECONDS}, no_core = {0, 0};
    pid_t child = fork();
    int status;

    assert_int_not_equal(child, -1);
    if (child == 0) {
        if (chdir(folder) != 0 || setrlimit(RLIMIT_CPU, &limit) != 0 ||
            setrlimit(RLIMIT_CORE, &no_core) != 0 || !redirect("stdout", STDOUT_FILENO) ||
            !redirect("stderr", STDERR_FILENO))
            _exit(126);
        setenv("LC_ALL", "C", 1); /* what it can print of a name depends on it */
        execlp("tpm2_eventlog", "tpm2_eventlog", "log", (char *)NULL);
        _exit(127);
    }
    while (waitpid(child, &status, 0) != child)
        assert_int_equal(errno, EINTR);
    return status;
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, mode);
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    return file;
}

static void read_message(const char *folder, struct peer *peer)
{
    FILE *file = open_in(folder, "stderr", "r");
    char line[512];

    while (!peer->message[0] && fgets(line, sizeof line, file))
        if (strncmp(line, "ERROR: ", 7) == 0)
            snprintf(peer->message, sizeof peer->message, "%.*s", (int)strcspn(line + 7, "\n"),
                     line + 7);
    fclose(file);
}

/* "  sha256:" opens a bank, "    0  : 0x<hex>" is a PCR of it. False for any other line. */
static bool read_line(const char *line, struct peer *peer)
{
    struct peer_bank *bank = &peer->banks[peer->n_banks ? peer->n_banks - 1 : 0];
    char word[160];
    unsigned pcr;
    size_t len;

    if (sscanf(line, "  %15[a-z0-9_]:", word) == 1 && line[2] != ' ') {
        assert_true(peer->n_banks < PEER_BANKS);
        peer->banks[peer->n_banks++] = (struct peer_bank){.alg = tpm_hash_by_name(span_text(word))};
        return true;
    }
    if (peer->n_banks == 0 || sscanf(line, "    %2u : 0x%159[0-9a-f]", &pcr, word) != 2 ||
        pcr >= PEER_PCRS ||
        !text_unhex(span_text(word), bank->pcrs[pcr], LIMIT_TPM_DIGEST_LEN, &len))
        return false;
    bank->listed |= 1u << pcr;
    return bank->alg == 0 || len == tpm_digest_len(bank->alg);
}

/* The YAML before "pcrs:" tells of events, which nobody compares here. */
static void read_pcrs(const char *folder, struct peer *peer)
{
    FILE *file = open_in(folder, "stdout", "r");
    bool reached = false;
    char *line = NULL;
    size_t cap = 0;

    while (getline(&line, &cap, file) > 0)
        if (!reached)
            reached = strcmp(line, "pcrs:\n") == 0;
        else if (!read_line(line, peer))
            fail_msg("tpm2_eventlog prints a line that is not understood: %s", line);
    free(line);
    fclose(file);
}

void peer_replay(const char *folder, struct span log, struct peer *peer)
{
    FILE *file = open_in(folder, "log", "w");
    int status;

    *peer = (struct peer){0};
    assert_int_equal(fwrite(log.data, 1, log.len, file), log.len);
    assert_int_equal(fclose(file), 0);
    status = run(folder);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))
        fail_msg("tpm2_eventlog cannot be run");
    if (WIFSIGNALED(status)) {
        peer->outcome = PEER_CRASHED;
        return;
    }
    read_message(folder, peer);
    peer->outcome = WEXITSTATUS(status) == 0 ? PEER_REPLAYED : PEER_REFUSED;
    if (peer->outcome == PEER_REPLAYED)
        read_pcrs(folder, peer);
}
