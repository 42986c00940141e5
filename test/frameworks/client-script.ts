import process from "node:process";
import { connect, watchTrace } from "ssetarget/client";

/** Follows the stream in the first argument to its end, with its connection cut after the second event, and then the trace in the second until it is stopped; says what it saw. */
const [stream = "", trace = ""] = process.argv.slice(2);
const connection = connect(stream, { token: async () => "secret", backoff: { minMs: 1 } });
const statuses: string[] = [];
connection.subscribe(() => statuses.push(connection.state.status));
const seen: unknown[] = [];
for await (const event of connection) {
  seen.push(event.type === "tick" ? event.id : { type: event.type, id: event.id, data: event.data });
  if (event.id === 2) await fetch(new URL(`/cut${new URL(stream).pathname}`, stream)).then((answer) => answer.text());
}

const stopping = new AbortController();
const watch = watchTrace(trace, { signal: stopping.signal });
watch.subscribe(() => watch.tree.totals.running === 1 && stopping.abort());
const { status } = await watch.closed;
// What is left behind would keep the process from ending by itself.
process.stdout.write(JSON.stringify({ seen, statuses, watched: [watch.tree.roots[0]?.name, status] }));
