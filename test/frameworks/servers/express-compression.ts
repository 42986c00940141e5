import compression from "compression";
import express from "express";
import { toNodeHandler } from "ssetarget/node";
import { hub } from "../app.ts";
import { nodeControl, serve } from "./node-control.ts";

const app = express();
app.use(compression({ threshold: 0 }));
app.post("/control", (request, response) => nodeControl(request, response));
app.all("/streams/:id/sse", toNodeHandler(hub));
serve(app);
