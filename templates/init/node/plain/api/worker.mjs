// The worker: asks the API now and then.
import {setTimeout} from 'node:timers/promises';

process.on('SIGTERM', () => process.exit(0));
for (;;) {
  const answer = await fetch(`${process.env.API_URL}/hello?name=worker`);
  console.log(await answer.text());
  await setTimeout(5000);
}
