/* Decodes what the service's processes say to each other; the first byte names the kind. A process
 * that a host took over must not be able to harm the others through them. */
#include <stdlib.h>

#include "fuzz.h"
#include "server/host_memory.h"
#include "server/role.h"
#include "server/sign_message.h"
#include "server/work_examine.h"

/* What is accepted of these must encode to the very same bytes. */
#define ROUND_TRIP(name, decode_arguments)                                                         \
    static bool name(struct span in, struct arena *arena, struct span *out, struct error *error)   \
    {                                                                                              \
        struct name message;                                                                       \
                                                                                                   \
        return name##_decode decode_arguments && name##_encode(&message, arena, out, error);       \
    }
ROUND_TRIP(work_check, (in, arena, &message, error))
ROUND_TRIP(work_check_answer, (in, &message, error))
ROUND_TRIP(work_enrol, (in, &message, error))
ROUND_TRIP(work_appraise, (in, arena, &message, error))
ROUND_TRIP(work_memory, (in, &message, error))
ROUND_TRIP(sign_request, (in, arena, &message, error))
ROUND_TRIP(sign_answer, (in, &message, error))
ROUND_TRIP(work_try, (in, arena, &message, error))
ROUND_TRIP(work_examine, (in, arena, &message, error))
ROUND_TRIP(work_diff, (in, &message, error))
ROUND_TRIP(work_catalog_check, (in, &message, error))
ROUND_TRIP(work_catalog_answer, (in, &message, error))

typedef bool round_trip(struct span in, struct arena *arena, struct span *out, struct error *error);

static round_trip *const KINDS[] = {work_check,    work_check_answer,  work_enrol,
                                    work_appraise, work_memory,        sign_request,
                                    sign_answer,   work_try,           work_examine,
                                    work_diff,     work_catalog_check, work_catalog_answer};

/* Texts of reasons stop at a NUL, and a short approval is none: these are decoded only. */
static void decode_only(uint8_t kind, struct span in, struct arena *arena)
{
    struct work_appraise_answer appraised;
    struct work_enrol_answer enrolled;
    struct work_try_answer tried;
    struct span json;
    struct host_memory memory;
    struct role_report report;
    struct error error;
    bool ok = false;

    if (kind % 6 == 0)
        ok = work_appraise_answer_decode(in, arena, &appraised, &error);
    else if (kind % 6 == 1)
        ok = work_enrol_answer_decode(in, arena, &enrolled, &error);
    else if (kind % 6 == 2)
        ok = host_memory_decode(in, &memory, &error);
    else if (kind % 6 == 3)
        ok = work_try_answer_decode(in, arena, &tried, &error);
    else if (kind % 6 == 4)
        ok = work_json_decode(in, WORK_EXAMINE, &json, &error);
    else
        ok = role_report_decode(in, &report, &error);
    (void)ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    enum { N_KINDS = sizeof KINDS / sizeof *KINDS };
    struct arena arena = arena_init((size_t)16 << 20);
    struct error error;
    struct span in, out;

    if (len == 0)
        return 0;
    in = span_of(data + 1, len - 1);
    if (data[0] >= N_KINDS)
        decode_only(data[0], in, &arena);
    else if (KINDS[data[0]](in, &arena, &out, &error) && !span_equal(in, out))
        abort();
    arena_done(&arena);
    return 0;
}
