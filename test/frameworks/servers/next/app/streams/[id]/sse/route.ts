import { app } from "../../../../shared.ts";

async function serve(request: Request): Promise<Response> {
  return (await app()).hub.fetch(request);
}

export { serve as GET, serve as HEAD, serve as OPTIONS };
