/** The limit of Node: one shared, already framed buffer per event, written to every socket. */
import { rawSocketServer } from "../harness/raw-socket-server.ts";
import { chunk, frameText } from "../harness/bench-event.ts";

await rawSocketServer((events) => events.map((event) => chunk(frameText(event))));
