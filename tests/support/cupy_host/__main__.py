"""``python -m cupy_host`` prints what the host cannot run."""

from cupy_host.limits import LIMITS

if __name__ == "__main__":
    width = max(map(len, LIMITS))
    for what, reason in LIMITS.items():
        print(f"{what:<{width}}  {reason}")
