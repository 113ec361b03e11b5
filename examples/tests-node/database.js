import pg from "pg";

const IS_TAKEN = new Set(["42P06", "23505"]); // duplicate_schema; unique_violation, where two are at it at once

// A client of a database that no other test file sees: of the first set of `devenv test --workers N` that none has taken.
// Runners that number their workers need no search: process.env[`POSTGRES_URL_${process.env.JEST_WORKER_ID}`].
export async function own() {
  const workers = Number(process.env.DEVENV_WORKERS);
  for (let number = 1; number <= workers; number++) {
    const client = new pg.Client({ connectionString: process.env[`POSTGRES_URL_${number}`] });
    await client.connect();
    try {
      await client.query("CREATE SCHEMA taken"); // of two that do this at once, one can
      return client;
    } catch (error) {
      await client.end();
      if (!IS_TAKEN.has(error.code)) throw error;
    }
  }
  throw new Error("each test file takes a database: devenv test --workers 2 -- npm test    # as many as there are files");
}
