"""Getting packages from their registries into folders of their own."""
