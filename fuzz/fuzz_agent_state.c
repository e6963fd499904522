/* Decodes an agent's state; what is accepted must encode to the very same bytes. */
#include <stdlib.h>

#include "agent/state.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)32 << 20);
    struct agent_state state;
    struct error error;
    struct span bytes;

    if (agent_state_decode(span_of(data, len), &arena, &state, &error) &&
        agent_state_encode(&state, &arena, &bytes, &error) &&
        !span_equal(bytes, span_of(data, len)))
        abort();
    arena_done(&arena);
    return 0;
}
