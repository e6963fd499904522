/* Configuration text: anything is either refused with a message or taken. */
#include "fuzz.h"

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error error = {0};
    struct conf conf;

    if (!conf_load(&(struct conf_sources){0}, &conf, &error))
        return 0;
    if (!conf_parse(&conf, span_of(data, len), CONF_ORIGIN_FILE, "input", &error) &&
        (error.code == ERROR_NONE || error.message[0] == '\0'))
        __builtin_trap();
    conf_done(&conf);
    return 0;
}
