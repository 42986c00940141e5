import type * as App from "../../app.ts";

/** Routes are bundled one by one, each with its modules; what they share stands on the global object. */
const place = globalThis as unknown as { app?: Promise<typeof App> };
export const app = (): Promise<typeof App> => (place.app ??= import("../../app.ts"));
