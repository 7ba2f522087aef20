"""How the tables came to be what they are, one step a file, for Alembic. There are no steps back: restore a backup."""
