/** The limit of Node, coalescing: one shared, already framed buffer for all events of a turn, written to every socket. */
import { rawSocketServer } from "../harness/raw-socket-server.ts";
import { chunk, frameText } from "../harness/bench-event.ts";

await rawSocketServer((events) => [chunk(events.map(frameText).join(""))]);
