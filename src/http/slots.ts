export interface SlotLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerSession: number;
  readonly maxPendingRequests: number;
}

/**
 * The places of an endpoint. A request takes its place before anything is awaited for it, so that no number of requests
 * that wait together can be more than the limits allow.
 */
export class Slots {
  readonly #limits: SlotLimits;
  /** Requests and connections of each transport session that carries several. */
  readonly #sessions = new WeakMap<object, number>();
  #pending = 0;
  #connected = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Takes the place of a request that is about to be decided about; `false` if there is none. */
  begin(session: object | undefined): boolean {
    if (this.#pending >= this.#limits.maxPendingRequests) return false;
    if (this.#pending + this.#connected >= this.#limits.maxConnections) return false;
    if (!this.#count(session)) return false;
    this.#pending++;
    return true;
  }

  /** The request has been decided about. */
  end(session: object | undefined): void {
    this.#pending--;
    this.#uncount(session);
  }

  /** Takes the place of a connection; `false` if there is none. */
  connect(session: object | undefined): boolean {
    if (this.#connected >= this.#limits.maxConnections || !this.#count(session)) return false;
    this.#connected++;
    return true;
  }

  disconnect(session: object | undefined): void {
    this.#connected--;
    this.#uncount(session);
  }

  #count(session: object | undefined): boolean {
    if (session === undefined) return true;
    const count = this.#sessions.get(session) ?? 0;
    if (count >= this.#limits.maxConnectionsPerSession) return false;
    this.#sessions.set(session, count + 1);
    return true;
  }

  #uncount(session: object | undefined): void {
    if (session !== undefined) this.#sessions.set(session, (this.#sessions.get(session) ?? 1) - 1);
  }
}
