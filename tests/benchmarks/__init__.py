"""The benchmark suite, run by asv (asv.conf.json) or compare.py: what it counts is tested, what it times is not."""
