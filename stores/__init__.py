"""What remembers: the partitioned state store and the Redis projection."""
