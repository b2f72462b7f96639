"""The connection to MongoDB, and the embedded one."""
