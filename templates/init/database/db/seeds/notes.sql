INSERT INTO notes (text, words) VALUES ('the first note', 3);
