// The API: notes over PostgreSQL.
import http from 'node:http';
import {text} from 'node:stream/consumers';
import pg from 'pg';

const database = new pg.Pool({connectionString: process.env.DATABASE_URL});

const routes = {
  'GET /healthz': async () => {
    await database.query('SELECT 1 FROM notes LIMIT 1');
    return [204];
  },
  'GET /notes': async () => {
    const {rows} = await database.query('SELECT id::int, text, words FROM notes ORDER BY id');
    return [200, rows];
  },
  'POST /notes': async (request) => {
    const form = new URLSearchParams(await text(request));
    const insert = 'INSERT INTO notes (text) VALUES ($1) RETURNING id::int, text, words';
    const {rows: [note]} = await database.query(insert, [form.get('text')]);
    return [201, note];
  },
};

const server = http.createServer(async (request, response) => {
  const {pathname} = new URL(request.url, 'http://api');
  const route = routes[`${request.method} ${pathname}`] ?? (async () => [404, {error: 'not found'}]);
  try {
    const [status, body] = await route(request);
    response.writeHead(status, {'content-type': 'application/json'}).end(body && JSON.stringify(body));
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(String(error));
  }
});
server.listen(8080, () => console.log('listening on :8080'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
