CREATE TABLE orders (
  id serial PRIMARY KEY,
  good text NOT NULL,
  signature text NOT NULL
);
