// A driver that is there and cannot be used: of the CUDA version VERSION, answering RESULT to whatever it is asked.
#include <string.h>
static int refuse(void) { return RESULT ? RESULT : 999; }  // nothing was written into what success would promise
static int version(int *v) { *v = VERSION; return 0; }
static int text(int error, const char **s) { *s = "stub"; return 0; }
static int devices(int *n) { *n = 0; return RESULT; }
int cuInit(unsigned flags) { return RESULT; }
int cuDriverGetVersion(int *v) { return version(v); }
int cuGetErrorString(int error, const char **s) { return text(error, s); }
int cuGetErrorName(int error, const char **s) { return text(error, s); }
int cuDeviceGetCount(int *n) { return devices(n); }
int cuGetExportTable(const void **table, const void *id) { *table = 0; return 100; }
int cuGetProcAddress_v2(const char *name, void **function, int v, unsigned long long flags, int *status) {
  *function = !strcmp(name, "cuDriverGetVersion") ? (void *)version
            : !strcmp(name, "cuGetProcAddress") ? (void *)cuGetProcAddress_v2 : (void *)refuse;
  if (status) *status = 0;
  return 0;
}
int cuGetProcAddress(const char *name, void **function, int v, unsigned long long flags) {
  return cuGetProcAddress_v2(name, function, v, flags, 0);
}
