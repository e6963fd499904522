/* The processes of bootseald, how they are started and what they are told.
 *
 * The supervisor forks and re-executes its own program per role, so that each has a fresh address
 * space; a role finds two descriptors on its command line: control (to the supervisor) and channel
 * (worker and signer: to the front). The effective configuration comes as the first frame on
 * control; no role reads configuration files again. */
#ifndef BOOTSEAL_SERVER_ROLE_H
#define BOOTSEAL_SERVER_ROLE_H

#include "conf/conf.h"

enum role {
    ROLE_NONE = 0,
    ROLE_FRONT,
    ROLE_SIGNER,
    ROLE_WORKER,
};

struct role_start {
    bool dev;                /* a service for trying things out, on loopback, with nothing kept */
    const char *admin_token; /* front with dev only: the token printed on the screen */
    struct conf conf;
};

enum { ROLE_FRAME_LEN = 1024 * 1024 };

const char *role_name(enum role role);
enum role role_by_name(const char *name);

/* The first frame to a role: every value of conf as "section.name=value". */
bool role_start_encode(const struct role_start *start, struct arena *arena, struct span *frame,
                       struct error *error) MUST_CHECK;

/* Names the process and receives the frame. Texts live in start->conf.arena. */
bool role_start_receive(enum role role, int control, struct role_start *start,
                        struct error *error) MUST_CHECK;

/* Directories and files below server.state_directory, in the arena; NULL when it is full. keys is
 * the signer's alone; data is the front's alone. */
const char *role_keys_directory(const struct conf *conf, struct arena *arena);
const char *role_data_directory(const struct conf *conf, struct arena *arena);

/* Gives a descriptor of a worker (index from 0) or the signer to the front. */
struct role_handover {
    enum role role;
    uint32_t index;
    int fd;
};
bool role_handover_send(int control, const struct role_handover *handover,
                        struct error *error) MUST_CHECK;
/* Takes one from a non-blocking control socket; *complete is false when none waits.
 * ERROR_NOT_FOUND when the supervisor has gone. The caller closes handover->fd. */
bool role_handover_receive(int control, bool *complete, struct role_handover *handover,
                           struct error *error) MUST_CHECK;

/* What the front tells the supervisor. */
enum role_report_kind {
    ROLE_REPORT_NONE = 0,
    ROLE_REPORT_READY, /* it serves */
    ROLE_REPORT_STUCK, /* worker of that index missed its deadline: kill it */
};
struct role_report {
    enum role_report_kind kind;
    uint32_t worker;
    uint16_t port;
    uint8_t ca_sha256[32];
};
bool role_report_send(int control, const struct role_report *report,
                      struct error *error) MUST_CHECK;
bool role_report_decode(struct span frame, struct role_report *report,
                        struct error *error) MUST_CHECK;

#endif
