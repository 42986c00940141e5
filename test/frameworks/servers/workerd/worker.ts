import { DurableObject } from "cloudflare:workers";
import { control, hub } from "../../app.ts";

/** A request in workerd may not write to another's response, unless both are in one object. */
export class Streams extends DurableObject {
  override fetch(request: Request): Promise<Response> {
    return new URL(request.url).pathname === "/control" ? control(request) : hub.fetch(request);
  }
}

export default {
  fetch(request: Request, env: { STREAMS: DurableObjectNamespace<Streams> }): Promise<Response> {
    return env.STREAMS.get(env.STREAMS.idFromName("all")).fetch(request);
  },
};
