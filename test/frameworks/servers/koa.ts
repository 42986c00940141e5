import Koa from "koa";
import { toNodeHandler } from "ssetarget/node";
import { hub } from "../app.ts";
import { nodeControl, serve } from "./node-control.ts";

const handle = toNodeHandler(hub);
const app = new Koa();
app.use(async (ctx, next) => {
  if (ctx.path === "/control") {
    ctx.respond = false;
    await nodeControl(ctx.req, ctx.res);
  } else if (ctx.path.startsWith("/streams/")) {
    ctx.respond = false;
    await handle(ctx.req, ctx.res);
  } else await next();
});
serve(app.callback());
