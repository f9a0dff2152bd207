"""One module per schema version, named v0001_…; its `revision` is the number."""
