/* A worker: evidence in, verdict out.
 *
 * Parses what hosts send: logs, TPM structures, certificates. Trusts nothing of it, and can do
 * nothing else: no files, no network, no keys, memory under a cap; a crash costs this process and
 * yields no verdict. Keeps public keys ready by AK between requests, and the current policy. */
#ifndef BOOTSEAL_SERVER_WORKER_H
#define BOOTSEAL_SERVER_WORKER_H

/* A frame to a worker: evidence, the logs that it names by digest, policies and catalogue. A trial has two
 * sets of these and no such logs. */
#define WORKER_FRAME_LEN                                                                           \
    (2u * LIMIT_EVIDENCE_LEN + LIMIT_HOST_SOURCES_LEN + 2u * LIMIT_DOCUMENT_LEN + 64u * 1024u)

/* Runs until the front closes channel; gives the exit status. */
int worker_run(int control, int channel);

#endif
