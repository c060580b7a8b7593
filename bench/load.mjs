// The load generator: reads a job as one JSON line from stdin and prints the result as one JSON line.
// {urls, tokens, data, connections, seconds}: keep `connections` calls running; {…, burst}: send `burst` calls at once.
import autocannon from 'autocannon';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

const given = JSON.parse(await text(process.stdin));
let number = 0;

/** A call of the next user, with a new request id. */
function next() {
  const token = given.tokens[number % given.tokens.length];
  const data = { ...given.data, requestId: `bench-${given.round}-${String(number++).padStart(12, '0')}` };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return { method: 'POST', headers, body: JSON.stringify({ data }) };
}

async function sustained() {
  const result = await autocannon({
    url: given.urls[0],
    connections: given.connections,
    duration: given.seconds,
    timeout: 10,
    requests: [{ setupRequest: (plain) => ({ ...plain, ...next() }) }],
  });
  const { latency } = result;
  return {
    perSecond: result['2xx'] / result.duration,
    medianMs: latency.p50,
    p99Ms: latency.p99,
    done: result['2xx'],
    other: result.non2xx,
    failed: result.errors,
  };
}

async function burst() {
  const agent = new Agent({ keepAlive: true, maxSockets: given.burst });
  const statuses = {};
  const one = (url) =>
    new Promise((resolve) => {
      const { body, ...options } = next();
      const note = (status) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        resolve();
      };
      const sent = request(url, { ...options, agent, timeout: given.patienceMs }, (answer) => {
        answer.resume();
        answer.on('end', () => note(answer.statusCode));
      });
      sent.on('timeout', () => sent.destroy(new Error('late')));
      sent.on('error', () => note('late'));
      sent.end(body);
    });
  const began = performance.now();
  await Promise.all(Array.from({ length: given.burst }, (_, n) => one(given.urls[n % given.urls.length])));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return { seconds, statuses };
}

console.log(JSON.stringify(await (given.burst ? burst() : sustained())));
process.exit(0);
