"""Child processes: a group of its own each, a small environment, and no orphans."""
