"""Servers for the benchmarks: as little work as possible, each in a process of its own."""
