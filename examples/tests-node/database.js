import pg from "pg";

// A client of a database that no other test file sees: of the first set of `devenv test --workers N` that is free.
// Runners that number their workers need no search: process.env[`POSTGRES_URL_${process.env.JEST_WORKER_ID}`].
export async function own() {
  const workers = Number(process.env.DEVENV_WORKERS);
  for (let number = 1; number <= workers; number++) {
    const client = new pg.Client({ connectionString: process.env[`POSTGRES_URL_${number}`] });
    await client.connect();
    // Whoever has the lock has the database, and lets go of it with the connection, however the process ends.
    const { rows } = await client.query("SELECT pg_try_advisory_lock(1) AS free");
    if (rows[0].free) return client;
    await client.end();
  }
  throw new Error("no database is free; run it as: devenv test --workers 2 -- npm test");
}
