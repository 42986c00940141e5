import { readOptions } from "../util/options.ts";
import { ALLOW, refuse } from "../http/handled.ts";
import { INSTANCE_HEADER, type InstanceState } from "./instance-header.ts";
import type { WorkflowEvents } from "./workflow-events.ts";

export interface ServeSSEOptions {
  /**
   * The binding of the Workflow. With it an instance that does not exist is answered 404 without an object coming into
   * being for it, an instance that has only just been created is not refused, and a stream whose instance was terminated
   * is ended. Costs one look at the instance's status per request.
   *
   * Without it the object itself answers 404, after a short grace, where it holds nothing. It writes nothing then, but
   * Cloudflare may count the object.
   */
  readonly workflow?: Pick<Workflow, "get">;
}

/**
 * Serves the events of a workflow instance as `text/event-stream`, from any Worker that has the binding.
 *
 * The query and the headers of the request reach the stream, so a client resumes by `Last-Event-ID` or `?lastEventId=`;
 * the path does not matter. Check who asks before you call it: whoever gets here may read.
 *
 * @param instanceId - the instance's id. Untrusted; an unknown one is answered 404.
 * @param request - GET, HEAD or, for the preflights of CORS, OPTIONS; everything else is answered 405
 * @param namespace - the binding of the {@link WorkflowEvents} object
 * @returns 200 with the stream; 204 where the client has had all of a stream that has ended; 404; 405. Its headers can be set.
 */
export async function serveSSE<T extends WorkflowEvents>(
  instanceId: string,
  request: Request,
  namespace: DurableObjectNamespace<T>,
  options?: ServeSSEOptions,
): Promise<Response> {
  const { workflow } = readOptions("serveSSE", options, { workflow: true });
  if (!ALLOW.split(", ").includes(request.method)) {
    const { status, headers, body } = refuse(405, {});
    return new Response(body, { status, headers });
  }
  if (instanceId === "") return notFound();
  let state: InstanceState | undefined;
  if (workflow !== undefined) {
    const found = await lookUp(workflow, instanceId);
    if (found === "unknown") return notFound();
    state = found;
  }
  const forwarded = new Request(request);
  forwarded.headers.delete(INSTANCE_HEADER);
  if (state !== undefined) forwarded.headers.set(INSTANCE_HEADER, state);
  const response = await namespace.get(namespace.idFromName(instanceId)).fetch(forwarded);
  // The headers of what another object has answered cannot be set; those of a copy can.
  return new Response(response.body, response);
}

/** `undefined` where the engine cannot say: then the object decides. */
async function lookUp(
  workflow: Pick<Workflow, "get">,
  instanceId: string,
): Promise<InstanceState | "unknown" | undefined> {
  try {
    const instance = await workflow.get(instanceId);
    const { status } = await instance.status();
    return status === "complete" || status === "errored" || status === "terminated" ? "ended" : "live";
  } catch (error) {
    // `get` throws "instance.not_found" for an unknown instance and "instance.invalid_id" for what cannot be one.
    return /not_found|invalid_id|does not exist/.test(String(error)) ? "unknown" : undefined;
  }
}

function notFound(): Response {
  return new Response("There is no such workflow instance.\n", { status: 404 });
}
