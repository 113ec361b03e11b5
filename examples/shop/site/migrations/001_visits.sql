CREATE TABLE visits (visits bigint NOT NULL);
INSERT INTO visits VALUES (0);
