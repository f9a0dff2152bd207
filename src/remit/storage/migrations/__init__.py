"""Schema migrations, run at start by `storage.migrate`. A migration that was released is never changed."""
