import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { own } from "./database.js";

describe("items that are added", () => {
  let database;

  before(async () => {
    database = await own();
  });
  after(() => database.end());
  // The tests of a file come one after the other, on the same database.
  beforeEach(() => database.query("BEGIN"));
  afterEach(() => database.query("ROLLBACK"));

  for (const name of ["second", "third", "fourth"]) {
    it(`finds ${name} behind the seed`, async () => {
      await database.query("INSERT INTO items (name) VALUES ($1)", [name]);
      const { rows } = await database.query("SELECT name FROM items ORDER BY id");
      assert.deepEqual(rows.map((row) => row.name), ["the first item", name]);
    });
  }

  it("refuses an item without a name", async () => {
    await assert.rejects(database.query("INSERT INTO items (name) VALUES ('')"), /items_name_check/);
  });
});
