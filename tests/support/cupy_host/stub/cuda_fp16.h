// What CuPy uses of half precision, by the conversions of g++.
#pragma once
struct __half_raw { unsigned short x; };
struct half {
  unsigned short data_;
  half() {} half(const half&) = default; half& operator=(const half&) = default;
  half(float v) : data_(__float2half_rn(v)) {}
  explicit half(const __half_raw& v) : data_(v.x) {}
  explicit half(bool v) : data_(__float2half_rn(float(v))) {}
  explicit half(double v) : data_(bitcast_<unsigned short>((_Float16)v)) {}
  explicit half(int v) : data_(__float2half_rn(float(v))) {}
  explicit half(unsigned v) : data_(__float2half_rn(float(v))) {}
  explicit half(long long v) : data_(__float2half_rn(float(v))) {}
  explicit half(unsigned long long v) : data_(__float2half_rn(float(v))) {}
  operator float() const { return __half2float(data_); }
  operator __half_raw() const { return __half_raw{data_}; }
};
typedef half __half;
static inline unsigned short __half_as_ushort(half h) { return h.data_; }
static inline half __ushort_as_half(unsigned short u) { return half(__half_raw{u}); }
