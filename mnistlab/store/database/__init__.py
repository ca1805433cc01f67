"""The SQLite file: connections, migrations, derived columns, errors."""
