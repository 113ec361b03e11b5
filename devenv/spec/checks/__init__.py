"""Problems that no single model can know: files, references, migrations."""
