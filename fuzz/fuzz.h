/* What every fuzz target defines: libFuzzer's entry point. */
#ifndef BOOTSEAL_FUZZ_FUZZ_H
#define BOOTSEAL_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
