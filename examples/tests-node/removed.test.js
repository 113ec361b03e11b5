import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { own } from "./database.js";

describe("items that are removed", () => {
  let database;

  before(async () => {
    database = await own();
  });
  after(() => database.end());

  it("may commit: other files have databases of their own", async () => {
    await database.query("DELETE FROM items");
    const { rows } = await database.query("SELECT count(*)::int AS items FROM items");
    assert.equal(rows[0].items, 0);
  });
});
