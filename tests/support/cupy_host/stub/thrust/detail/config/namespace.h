// Two macros are all that CuPy needs of Thrust to compile a kernel.
#pragma once
#define THRUST_NAMESPACE_BEGIN namespace thrust {
#define THRUST_NAMESPACE_END }
