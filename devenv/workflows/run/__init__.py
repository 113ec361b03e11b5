"""Running a plan, and telling how it went."""
