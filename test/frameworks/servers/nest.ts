import "reflect-metadata";
import { All, Controller, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "ssetarget/node";
import { hub, listening } from "../app.ts";
import { nodeControl } from "./node-control.ts";

const handle = toNodeHandler(hub);

class StreamsController {
  control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return nodeControl(request, response);
  }

  stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return handle(request, response);
  }
}

class AppModule {}

// What `@Controller() class …` comes to: Node runs TypeScript by erasing types, and decorators are more than types.
function route(method: "control" | "stream", decorator: MethodDecorator): void {
  const { prototype } = StreamsController;
  Req()(prototype, method, 0);
  Res()(prototype, method, 1);
  decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method) as PropertyDescriptor);
}
route("control", Post("control"));
route("stream", All("streams/:id/sse"));
Controller()(StreamsController);
Module({ controllers: [StreamsController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false, bodyParser: false });
await app.listen(0, "127.0.0.1");
listening((app.getHttpServer().address() as AddressInfo).port);
