CREATE TABLE goods (
    name text PRIMARY KEY,
    amount integer NOT NULL
);
INSERT INTO goods VALUES ('coffee', 7), ('tea', 12);
