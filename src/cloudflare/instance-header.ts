/**
 * The header by which `serveSSE` tells the object what the Workflow engine knows of the instance. It never passes from
 * outside: `serveSSE` sets or removes it, and nobody else reaches the object.
 */
export const INSTANCE_HEADER = "ssetarget-instance";

/** `live`: it exists and may still say something. `ended`: it exists and has come to its end. Absent: not asked. */
export type InstanceState = "live" | "ended";
