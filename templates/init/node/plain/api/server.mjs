// The API.
import http from 'node:http';

const routes = {
  'GET /healthz': () => [204],
  'GET /hello': (url) => [200, {hello: url.searchParams.get('name') ?? 'world'}],
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://api');
  const route = routes[`${request.method} ${url.pathname}`] ?? (() => [404, {error: 'not found'}]);
  const [status, body] = route(url);
  response.writeHead(status, {'content-type': 'application/json'}).end(body && JSON.stringify(body));
});
server.listen(8080, () => console.log('listening on :8080'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
