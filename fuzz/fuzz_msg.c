/* Decodes host messages, of which the first byte names the kind; what is accepted must encode to
 * the very same bytes. */
#include <stdlib.h>

#include "fuzz.h"
#include "msg/protocol.h"

static bool enrol_request(struct span in, struct arena *arena, struct span *out,
                          struct error *error)
{
    struct enrol_request message;

    return enrol_request_decode(in, arena, &message, error) &&
           enrol_request_encode(&message, arena, out, error);
}

static bool attest_answer(struct span in, struct arena *arena, struct span *out,
                          struct error *error)
{
    struct attest_answer message;

    return attest_answer_decode(in, arena, &message, error) &&
           attest_answer_encode(&message, arena, out, error);
}

#define FLAT(name)                                                                                 \
    static bool name(struct span in, struct arena *arena, struct span *out, struct error *error)   \
    {                                                                                              \
        struct name message;                                                                       \
                                                                                                   \
        return name##_decode(in, &message, error) && name##_encode(&message, arena, out, error);   \
    }
FLAT(enrol_answer)
FLAT(activate_request)
FLAT(activate_answer)
FLAT(challenge_request)
FLAT(challenge)

typedef bool round_trip(struct span in, struct arena *arena, struct span *out, struct error *error);

static round_trip *const MESSAGES[] = {enrol_request,   enrol_answer,      activate_request,
                                       activate_answer, challenge_request, challenge,
                                       attest_answer};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct error error;
    struct span in, out;

    if (len == 0)
        return 0;
    in = span_of(data + 1, len - 1);
    if (MESSAGES[data[0] % (sizeof MESSAGES / sizeof *MESSAGES)](in, &arena, &out, &error) &&
        !span_equal(in, out))
        abort();
    arena_done(&arena);
    return 0;
}
