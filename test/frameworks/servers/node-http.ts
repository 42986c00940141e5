import { toNodeHandler } from "ssetarget/node";
import { hub } from "../app.ts";
import { nodeControl, serve } from "./node-control.ts";

const handle = toNodeHandler(hub);
serve(
  (request, response) => void (request.url === "/control" ? nodeControl(request, response) : handle(request, response)),
);
