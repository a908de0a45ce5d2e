/* Marks a loop over pixels that is compiled twice, once for processors with AVX2; the loader chooses. The
 * arithmetic is the same, so results are too. GCC only: clang names such a function otherwise, and what other files
 * call is not found at linking. */
#ifndef ONNX_CLONES_H
#define ONNX_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define ONNX_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define ONNX_CLONES
#endif

#endif
