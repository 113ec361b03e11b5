// The worker: counts the words of new notes. Several of them may run at once.
import {setTimeout} from 'node:timers/promises';
import pg from 'pg';

const TAKE = 'SELECT id, text FROM notes WHERE words IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED';
const database = new pg.Client({connectionString: process.env.DATABASE_URL});

// Counts one note; tells whether there was one.
async function work() {
  await database.query('BEGIN');
  const {rows: [note]} = await database.query(TAKE);
  if (note) {
    const words = note.text.split(/\s+/).filter(Boolean).length;
    await database.query('UPDATE notes SET words = $1 WHERE id = $2', [words, note.id]);
    console.log(`note ${note.id} has ${words} words`);
  }
  await database.query('COMMIT');
  return Boolean(note);
}

process.on('SIGTERM', () => process.exit(0));
await database.connect();
for (;;) {
  if (!await work()) await setTimeout(500);
}
