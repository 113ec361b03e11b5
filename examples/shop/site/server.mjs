// The orders as a page, and how often it was looked at.
import http from 'node:http';
import pg from 'pg';

const database = new pg.Pool({connectionString: process.env.DATABASE_URL});

async function page() {
  const orders = await (await fetch(`${process.env.API_URL}/orders`)).json();
  const {rows: [{visits}]} = await database.query('UPDATE visits SET visits = visits + 1 RETURNING visits');
  const items = orders.map(({id, good}) => `<li>${id}: ${good}</li>`).join('');
  return `<!doctype html><title>Shop</title><h1>Orders</h1><ul>${items}</ul><p>Visit ${visits}</p>`;
}

const server = http.createServer(async (request, response) => {
  try {
    response.writeHead(200, {'content-type': 'text/html; charset=utf-8'}).end(await page());
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(String(error));
  }
});
server.listen(3000, () => console.log('listening on :3000'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
