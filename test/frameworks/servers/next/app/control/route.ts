import { app } from "../../shared.ts";

export async function POST(request: Request): Promise<Response> {
  return (await app()).control(request);
}
