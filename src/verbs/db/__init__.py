"""Looking after the database: check it, bring it up to date, take a project out of it and put one in."""
