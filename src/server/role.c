#include "server/role.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/frame.h"
#include "wire/cbor.h"

static const char CLAUSE[] = "bootseald role message";

enum { START_DEADLINE_MS = 10000, HANDOVER_LEN = 8, REPORT_PARTS = 4 };

static const char *const ROLE_NAMES[] = {
    [ROLE_NONE] = "none",
    [ROLE_FRONT] = "front",
    [ROLE_SIGNER] = "signer",
    [ROLE_WORKER] = "worker",
};

const char *role_name(enum role role)
{
    return ROLE_NAMES[role];
}

enum role role_by_name(const char *name)
{
    for (enum role role = ROLE_FRONT; role <= ROLE_WORKER; role++)
        if (strcmp(name, ROLE_NAMES[role]) == 0)
            return role;
    return ROLE_NONE;
}

bool role_start_encode(const struct role_start *start, struct arena *arena, struct span *frame,
                       struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, 3);
    cbor_write_bool(&writer, start->dev);
    cbor_write_text(&writer, span_text(start->admin_token ? start->admin_token : ""));
    cbor_write_array(&writer, CONF_KEYS);
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        const struct conf_description *description = conf_describe(key);
        char *flag = arena_printf(arena, "%s.%s=%s", description->section, description->name,
                                  conf_text(&start->conf, key));

        if (!flag)
            return arena_error(arena, error);
        cbor_write_text(&writer, span_text(flag));
    }
    return cbor_writer_done(&writer, frame, error);
}

static bool start_decode(struct span frame, struct arena *arena, struct role_start *start,
                         struct error *error)
{
    struct reader reader = reader_init(frame, CLAUSE, error);
    const char *flags[CONF_KEYS];
    struct conf_sources sources = {.flags = flags};
    struct role_start decoded = {0};

    if (cbor_read_array(&reader, 3, "start") != 3)
        reader_fail(&reader, ERROR_MALFORMED, "a start has three parts");
    decoded.dev = cbor_read_bool(&reader, "dev");
    decoded.admin_token = arena_text(arena, cbor_read_text(&reader, 256, "token"));
    sources.n_flags = cbor_read_array(&reader, CONF_KEYS, "values");
    for (size_t i = 0; i < sources.n_flags && reader_ok(&reader); i++) {
        flags[i] = arena_text(arena, cbor_read_text(&reader, 64 * 1024, "value"));
        if (!flags[i])
            return arena_error(arena, error);
    }
    if (!reader_end(&reader) || !conf_load(&sources, &decoded.conf, error))
        return false;
    *start = decoded;
    return true;
}

bool role_start_receive(enum role role, int control, struct role_start *start, struct error *error)
{
    char name[16];

    struct arena arena = arena_init(4 * ROLE_FRAME_LEN);
    struct span frame;
    char *token;
    bool ok;

    snprintf(name, sizeof name, "bootseal-%s", role_name(role));
    prctl(PR_SET_NAME, name); /* as ps shows it: exec left that of /proc/self/exe */
    ok = os_frame_receive(control, ROLE_FRAME_LEN, START_DEADLINE_MS, &arena, &frame, error) &&
         start_decode(frame, &arena, start, error);

    if (ok) {
        token = arena_text(&start->conf.arena, span_text(start->admin_token));
        start->admin_token = token;
        ok = token || arena_error(&start->conf.arena, error);
    }
    arena_done(&arena);
    return ok;
}

const char *role_keys_directory(const struct conf *conf, struct arena *arena)
{
    return arena_printf(arena, "%s/keys", conf_text(conf, CONF_SERVER_STATE));
}

const char *role_data_directory(const struct conf *conf, struct arena *arena)
{
    return arena_printf(arena, "%s/data", conf_text(conf, CONF_SERVER_STATE));
}

bool role_handover_send(int control, const struct role_handover *handover, struct error *error)
{
    uint32_t words[2] = {handover->role, handover->index};
    struct iovec vector = {.iov_base = words, .iov_len = HANDOVER_LEN};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } ancillary = {0};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = ancillary.bytes,
                             .msg_controllen = sizeof ancillary.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    ssize_t sent;

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &handover->fd, sizeof(int));
    do
        sent = sendmsg(control, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != HANDOVER_LEN)
        return error_plain(error, ERROR_IO, "handing a channel to the front: %s",
                           sent < 0 ? strerror(errno) : "short write");
    return true;
}

bool role_handover_receive(int control, bool *complete, struct role_handover *handover,
                           struct error *error)
{
    uint32_t words[2];
    struct iovec vector = {.iov_base = words, .iov_len = HANDOVER_LEN};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } ancillary;
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = ancillary.bytes,
                             .msg_controllen = sizeof ancillary.bytes};
    struct cmsghdr *header;
    ssize_t received = recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    *complete = false;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (received == 0)
        return error_plain(error, ERROR_NOT_FOUND, "the supervisor has gone");
    header = received == HANDOVER_LEN ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
        return error_plain(error, ERROR_IO, "the supervisor's message carries no channel");
    handover->role = (enum role)words[0];
    handover->index = words[1];
    memcpy(&handover->fd, CMSG_DATA(header), sizeof(int));
    *complete = true;
    return true;
}

bool role_report_send(int control, const struct role_report *report, struct error *error)
{
    struct arena arena = arena_init(4096);
    struct cbor_writer writer = cbor_writer_init(&arena);
    struct span frame;
    bool ok;

    cbor_write_array(&writer, REPORT_PARTS);
    cbor_write_uint(&writer, report->kind);
    cbor_write_uint(&writer, report->worker);
    cbor_write_uint(&writer, report->port);
    cbor_write_bytes(&writer, span_of(report->ca_sha256, sizeof report->ca_sha256));
    ok = cbor_writer_done(&writer, &frame, error) &&
         os_frame_send(control, &frame, 1, ROLE_FRAME_LEN, START_DEADLINE_MS, error);
    arena_done(&arena);
    return ok;
}

bool role_report_decode(struct span frame, struct role_report *report, struct error *error)
{
    struct reader reader = reader_init(frame, CLAUSE, error);
    struct role_report decoded = {0};
    struct span digest;

    if (cbor_read_array(&reader, REPORT_PARTS, "report") != REPORT_PARTS)
        reader_fail(&reader, ERROR_MALFORMED, "a report has %d parts", REPORT_PARTS);
    decoded.kind = (enum role_report_kind)cbor_read_uint(&reader, ROLE_REPORT_STUCK, "kind");
    decoded.worker = (uint32_t)cbor_read_uint(&reader, UINT32_MAX, "worker");
    decoded.port = (uint16_t)cbor_read_uint(&reader, UINT16_MAX, "port");
    digest = cbor_read_bytes(&reader, sizeof decoded.ca_sha256, "fingerprint");
    if (digest.len == sizeof decoded.ca_sha256)
        memcpy(decoded.ca_sha256, digest.data, digest.len);
    else
        reader_fail(&reader, ERROR_MALFORMED, "a fingerprint has 32 bytes");
    if (!reader_end(&reader))
        return false;
    *report = decoded;
    return true;
}
