"""Every use case; the only place that decides."""
