"""What the authority remembers, through SQLAlchemy: SQLite where nothing is set up, PostgreSQL by URL."""
