// What a fuzz target defines, as libFuzzer wants it.

#ifndef STANDOFF_TESTS_FUZZ_TARGET_H_
#define STANDOFF_TESTS_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>

extern "C" {

// Does what is to be tested with the bytes. Returns 0, or does not return if
// something does not hold.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Called once, before any thread is started. Not all targets have it. Returns
// something else than 0, having told why on standard error, where the target
// can't work.
__attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

}  // extern "C"

#endif  // STANDOFF_TESTS_FUZZ_TARGET_H_
