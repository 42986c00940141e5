import { toNodeHandler } from "ssetarget/node";
import { hub } from "../app.ts";
import { nodeControl, serve } from "./node-control.ts";

const handle = toNodeHandler(hub);
serve((request, response) =>
  request.url === "/control" ? void nodeControl(request, response) : handle(request, response),
);
