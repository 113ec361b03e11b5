"""A small schema with everything that MySQL has, as the chart's Job would migrate it."""

from __future__ import annotations

from devenv.databases.address import Address
from devenv.databases.mysql.script import statements
from support.mysql_server import query

SCHEMA = """
CREATE TABLE groups_of_items (id INT AUTO_INCREMENT PRIMARY KEY, label VARCHAR(20) NOT NULL);
CREATE TABLE items (
  id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, of_group INT NULL,
  shouted VARCHAR(40) AS (upper(name)) STORED, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT items_group FOREIGN KEY (of_group) REFERENCES groups_of_items (id)
);
CREATE TABLE changes (id INT AUTO_INCREMENT PRIMARY KEY, item INT NOT NULL);
CREATE TABLE group_changes (id INT AUTO_INCREMENT PRIMARY KEY, of_group INT NOT NULL);
CREATE VIEW a_view_of_a_view AS SELECT 1 AS placeholder;
CREATE VIEW named AS SELECT name FROM items;
CREATE OR REPLACE VIEW a_view_of_a_view AS SELECT count(*) AS items FROM named;
DELIMITER $$
CREATE TRIGGER items_inserted AFTER INSERT ON items FOR EACH ROW BEGIN
  INSERT INTO changes (item) VALUES (NEW.id);
END$$
/* The name of its table is no other trigger's. */ CREATE TRIGGER `group's` -- ON items FOR EACH ROW
  AFTER INSERT ON groups_of_items FOR EACH ROW
  INSERT INTO group_changes (of_group) VALUES (NEW.id)$$
CREATE PROCEDURE clear_items() BEGIN
  DELETE FROM items;
END$$
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n$$
DELIMITER ;
INSERT INTO groups_of_items (label) VALUES ('all');
INSERT INTO items (name, of_group) VALUES ('first', 1);
ALTER TABLE items AUTO_INCREMENT = 1000;
"""


def migrate(server: Address, *names: str, schema: str = SCHEMA) -> None:
    """What the chart's Job does."""
    for name in names:
        query(server, f"CREATE DATABASE IF NOT EXISTS {name}")
        for statement in statements(schema):
            query(server, statement.text, name)


def spoil(server: Address) -> None:
    """Change rows, tables and what belongs to them."""
    query(server, "INSERT INTO items (name) VALUES ('more'); DELETE FROM items")
    query(server, "DROP TABLE changes; CREATE TABLE extra (n INT); ALTER TABLE items DROP COLUMN made")
    query(server, "DROP TRIGGER items_inserted; DROP FUNCTION twice; DROP PROCEDURE clear_items")
    query(server, "CREATE PROCEDURE clear_items() SELECT 1")
    query(server, "CREATE TRIGGER stray BEFORE INSERT ON items FOR EACH ROW SET NEW.name = 'x'")
    query(server, "CREATE OR REPLACE VIEW named AS SELECT 'nobody' AS name; CREATE VIEW stray_view AS SELECT 1")
