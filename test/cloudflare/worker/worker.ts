import { serveSSE } from "../../../src/cloudflare-sse.ts";
import type { Env } from "./env.ts";
import type { LabParams } from "./lab-workflow.ts";

export { ForgetfulEvents, LabEvents } from "./events.ts";
export { Kit } from "./kit.ts";
export { LabWorkflow } from "./lab-workflow.ts";
export { Switches } from "./switches.ts";

/** A remote control for the tests: `/<id>/<what>`. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [id = "", what = ""] = url.pathname.slice(1).split("/").map(decodeURIComponent);
    const body: unknown = request.method === "POST" ? await request.json().catch(() => undefined) : undefined;
    const namespace = url.searchParams.has("forgetful") ? env.FORGETFUL_EVENTS : env.LAB_EVENTS;
    const events = () => namespace.get(namespace.idFromName(id)) as unknown as EventsStub;
    switch (what) {
      case "sse":
        return serveSSE(id, request, env.LAB_EVENTS, { workflow: env.LAB });
      case "sse-unvouched":
        return serveSSE(id, request, namespace);
      case "sse-own-header": {
        const response = await serveSSE(id, request, namespace);
        response.headers.set("x-own", "1");
        return response;
      }
      case "kit-cases":
        return Response.json(await env.KIT.get(env.KIT.idFromName("cases")).cases());
      case "kit": {
        const title = url.searchParams.get("case") ?? "";
        return Response.json({ wrong: (await env.KIT.get(env.KIT.idFromName(title)).check(title)) ?? null });
      }
      case "create":
        await env.LAB.create({ id, params: body as LabParams });
        return new Response(null, { status: 201 });
      case "turn-on":
        await env.SWITCHES.get(env.SWITCHES.idFromName(id)).turnOn(body as string);
        return new Response(null, { status: 204 });
      case "dispatch":
        return events()
          .dispatchEvent(body)
          .then(
            () => new Response(null, { status: 204 }),
            (error) => new Response(String(error), { status: 500 }),
          );
      case "complete":
        await events().complete();
        return new Response(null, { status: 204 });
      case "become-original":
        await events()
          .becomeOriginal(body as readonly object[])
          .catch(() => {});
        return new Response(null, { status: 204 });
      case "report":
        return Response.json(await events().report());
      default:
        return control(await env.LAB.get(id), what, body);
    }
  },
} satisfies ExportedHandler<Env>;

interface EventsStub {
  dispatchEvent(events: unknown): Promise<void>;
  complete(): Promise<void>;
  becomeOriginal(events: readonly object[]): Promise<void>;
  report(): Promise<unknown>;
}

async function control(instance: WorkflowInstance, what: string, body: unknown): Promise<Response> {
  switch (what) {
    case "status":
      return Response.json((await instance.status()).status);
    case "event":
      await instance.sendEvent({ type: "go", payload: body });
      break;
    case "pause":
      await instance.pause();
      break;
    case "resume":
      await instance.resume();
      break;
    case "restart":
      await instance.restart(body as WorkflowInstanceRestartOptions);
      break;
    case "terminate":
      await instance.terminate(body as WorkflowInstanceTerminateOptions);
      break;
    default:
      return new Response(null, { status: 404 });
  }
  return new Response(null, { status: 204 });
}
