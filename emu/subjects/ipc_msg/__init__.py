"""The SysV message path, before and after the patch, on a small kernel of our own: the first subject, and the yardstick."""

QUEUE_LOCK = "q_perm.lock"  # the lock of a queue: what the patch is about
