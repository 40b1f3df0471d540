"""What runs on the machine: each subject brings its own guest, its probes and its words. The packages below know none of them."""
