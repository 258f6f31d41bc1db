"""Many inputs in one call, each judged for itself, in several processes or on a cluster of machines.

`executors` is the seam: whatever can run a function elsewhere. `work` is what travels over it, `spread` reads the files
of one input in parallel, `merge` puts results together, `stored` takes up a call that was interrupted.
"""
