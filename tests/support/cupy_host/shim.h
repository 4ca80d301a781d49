// CUDA's words for g++: the text of a kernel compiles behind this header and runs on the CPU, block by block.
// The threads of a block run one after the other; where they wait for one another they are fibers.
#pragma once
#include <math.h>  // C++'s own: exp, nextafter and the like of a float are floats, as CUDA's are
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>
#include <setjmp.h>
#include <ucontext.h>

#define __CUDACC_VER_MAJOR__ 12
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

struct uint3_ { unsigned x, y, z; };
static uint3_ threadIdx, blockIdx, blockDim, gridDim;
static const int warpSize = 32;

template <class A, class B> static inline auto max(A a, B b) -> std::common_type_t<A, B> { return a > b ? a : b; }
template <class A, class B> static inline auto min(A a, B b) -> std::common_type_t<A, B> { return a < b ? a : b; }

// ---- bits
template <class D, class S> static inline D bitcast_(S s) {
  D d;
  static_assert(sizeof d == sizeof s);
  std::memcpy(&d, &s, sizeof d);
  return d;
}
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
static inline int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long)v) : 64; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __float_as_int(float f) { return bitcast_<int>(f); }
static inline float __int_as_float(int i) { return bitcast_<float>(i); }
static inline unsigned __float_as_uint(float f) { return bitcast_<unsigned>(f); }
static inline float __uint_as_float(unsigned i) { return bitcast_<float>(i); }
static inline long long __double_as_longlong(double f) { return bitcast_<long long>(f); }
static inline double __longlong_as_double(long long i) { return bitcast_<double>(i); }
static inline unsigned short __float2half_rn(float f) { return bitcast_<unsigned short>((_Float16)f); }
static inline float __half2float(unsigned short h) { return (float)bitcast_<_Float16>(h); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}

// ---- functions
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float rsqrt(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float __expf(float x) { return expf(x); }
static inline float __logf(float x) { return logf(x); }
static inline float __fdividef(float a, float b) { return a / b; }

// ---- atomics: threads never run at once
template <class T> static inline T atomicCAS(T* p, T expected, T v) {
  T old = *p;
  if (old == expected) *p = v;
  return old;
}
#define ATOMIC_(NAME, T, RESULT) static inline T NAME(T* p, T v) { T old = *p; *p = RESULT; return old; }
#define ARITHMETIC_(T) ATOMIC_(atomicAdd, T, old + v) ATOMIC_(atomicExch, T, v)
#define BITWISE_(T) ATOMIC_(atomicMax, T, v > old ? v : old) ATOMIC_(atomicMin, T, v < old ? v : old) \
  ATOMIC_(atomicAnd, T, old & v) ATOMIC_(atomicOr, T, old | v)
ARITHMETIC_(int) ARITHMETIC_(unsigned) ARITHMETIC_(unsigned long long) ARITHMETIC_(float) ARITHMETIC_(double)
BITWISE_(int) BITWISE_(unsigned) BITWISE_(unsigned long long) BITWISE_(long long)
static inline void __threadfence() {}

// ---- a block of threads; barriers are released as the hardware would
// A fiber is entered once by its context and from then on by longjmp, which makes no system call; having run
// a thread's body it waits for the next block's.
enum { READY_, AT_BLOCK_, AT_WARP_, DONE_ };
struct fiber_ { ucontext_t context; jmp_buf place; char* stack; char state; bool entered; };
static struct {
  jmp_buf place;
  std::vector<fiber_*> fibers;
  unsigned current;
  void (*body)();
} block_;
static int reversed_ = 0;

static void leave_() {
  if (!_setjmp(block_.fibers[block_.current]->place)) _longjmp(block_.place, 1);
}
static void fiber_main_() {
  for (;;) {
    block_.body();
    block_.fibers[block_.current]->state = DONE_;
    leave_();
  }
}
static void enter_(fiber_& f) {
  if (_setjmp(block_.place)) return;
  if (f.entered) _longjmp(f.place, 1);
  f.entered = true;
  setcontext(&f.context);
}
static void wait_(char state) {
  block_.fibers[block_.current]->state = state;
  leave_();
}
static inline void __syncthreads() { wait_(AT_BLOCK_); }
static inline void __syncwarp(unsigned = 0xffffffffu) { wait_(AT_WARP_); }

static unsigned long long exchange_[1024];
template <class T> static T shuffle_(T v, unsigned source) {
  unsigned t = block_.current;
  exchange_[t] = 0;
  std::memcpy(&exchange_[t], &v, sizeof v);
  __syncwarp();
  T r;
  std::memcpy(&r, &exchange_[(t & ~31u) + (source & 31u)], sizeof r);
  __syncwarp();
  return r;
}
static inline unsigned lane_() { return block_.current & 31u; }
template <class T> static T __shfl_sync(unsigned, T v, int l, int = 32) { return shuffle_(v, l); }
template <class T> static T __shfl_xor_sync(unsigned, T v, int m, int = 32) { return shuffle_(v, lane_() ^ m); }
template <class T> static T __shfl_down_sync(unsigned, T v, unsigned d, int = 32) {
  return shuffle_(v, lane_() + d < 32 ? lane_() + d : lane_());
}
template <class T> static T __shfl_up_sync(unsigned, T v, unsigned d, int = 32) {
  return shuffle_(v, lane_() >= d ? lane_() - d : lane_());
}

static void number_(unsigned t) {
  threadIdx.x = t % blockDim.x;
  threadIdx.y = t / blockDim.x % blockDim.y;
  threadIdx.z = t / (blockDim.x * blockDim.y);
}
static void prepare_(fiber_& f) {
  const size_t size = 64 << 10;
  if (!f.stack) f.stack = (char*)malloc(size);
  getcontext(&f.context);
  f.context.uc_stack.ss_sp = f.stack;
  f.context.uc_stack.ss_size = size;
  makecontext(&f.context, fiber_main_, 0);
  f.entered = false;
}
static bool run_ready_(unsigned n) {
  bool ran = false;
  for (unsigned k = 0; k < n; ++k) {
    unsigned t = reversed_ ? n - 1 - k : k;
    if (block_.fibers[t]->state != READY_) continue;
    block_.current = t;
    number_(t);
    enter_(*block_.fibers[t]);
    ran = true;
  }
  return ran;
}
static bool release_(unsigned from, unsigned to, char waiting) {  // when all that still run wait for the same
  bool any = false;
  for (unsigned t = from; t < to; ++t) {
    if (block_.fibers[t]->state == waiting) any = true;
    else if (block_.fibers[t]->state != DONE_) return false;
  }
  for (unsigned t = from; any && t < to; ++t)
    if (block_.fibers[t]->state == waiting) block_.fibers[t]->state = READY_;
  return any;
}
static const char* wrong_(unsigned n, const char* what) {  // what fibers have not finished must not be gone on with
  for (unsigned t = 0; t < n; ++t) prepare_(*block_.fibers[t]);
  return what;
}
static const char* run_fibers_(unsigned n, bool lenient) {
  for (unsigned t = block_.fibers.size(); t < n; ++t) {
    block_.fibers.push_back(new fiber_());
    prepare_(*block_.fibers[t]);
  }
  for (unsigned t = 0; t < n; ++t) block_.fibers[t]->state = READY_;
  for (;;) {
    if (run_ready_(n)) continue;
    unsigned done = 0;
    for (unsigned t = 0; t < n; ++t) done += block_.fibers[t]->state == DONE_;
    if (done == n) return nullptr;
    bool released = false;
    for (unsigned w = 0; w < n; w += 32) released |= release_(w, w + 32 < n ? w + 32 : n, AT_WARP_);
    if (released) continue;
    if (done && !lenient) return wrong_(n, "some threads wait in __syncthreads, others have left the kernel");
    if (!release_(0, n, AT_BLOCK_)) return wrong_(n, "threads of one warp wait at different barriers");
  }
}
static const char* run_block_(bool fibers, bool lenient, void (*body)()) {
  unsigned n = blockDim.x * blockDim.y * blockDim.z;
  block_.body = body;
  if (fibers) return run_fibers_(n, lenient);
  for (unsigned k = 0; k < n; ++k) {
    number_(reversed_ ? n - 1 - k : k);
    body();
  }
  return nullptr;
}

// ---- arguments come as an array of addresses
template <class... A, size_t... I> static void call_(void (*f)(A...), void** p, std::index_sequence<I...>) {
  f(*(std::remove_cv_t<std::remove_reference_t<A>>*)p[I]...);
}
template <class... A> static void call_kernel_(void (*f)(A...), void** p) {
  call_(f, p, std::index_sequence_for<A...>{});
}
