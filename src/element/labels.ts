/** What both elements say of the connection. */
export interface ConnectionLabels {
  readonly connecting: string;
  readonly live: string;
  /** The connection is lost and will be tried again; `left` is the time until then, where it is known. */
  readonly reconnecting: (left: string | undefined) => string;
  readonly ended: string;
  readonly disconnected: string;
  readonly tryNow: string;
  readonly tryAgain: string;
  readonly notFoundTitle: string;
  readonly notFound: string;
  readonly notAllowedTitle: string;
  readonly notAllowed: string;
  readonly refusedTitle: string;
  /** What is shown is old. */
  readonly standsStill: string;
}

/** The states of spans, and what is said of them. */
export interface SpanLabels {
  readonly running: string;
  readonly waiting: string;
  readonly sleeping: string;
  readonly done: string;
  readonly failed: string;
  readonly abandoned: string;
  readonly noName: string;
  readonly progress: (current: string, total: string | undefined, unit: string | undefined) => string;
  readonly finished: string;
}

/** Every text of `<ssetarget-trace>`. Names and messages of spans are shown as they are; numbers come formatted. */
export interface TraceLabels extends ConnectionLabels, SpanLabels {
  readonly tree: string;
  readonly spanColumn: string;
  readonly timelineColumn: string;
  readonly durationColumn: string;
  readonly search: string;
  readonly filter: string;
  readonly expandAll: string;
  readonly collapseAll: string;
  readonly follow: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly fit: string;
  readonly noMatch: string;
  readonly clearFilter: string;
  /** A run of which nothing but parts is known. */
  readonly run: string;
  readonly emptyWaiting: string;
  readonly emptyEnded: string;
  readonly gapTitle: string;
  /** The events from one id to another are missing. */
  readonly gapBetween: (from: string, to: string) => string;
  readonly gapReset: string;
  readonly overLimit: (count: string) => string;
  readonly startedAt: (moment: string) => string;
  readonly startsAt: (offset: string) => string;
  readonly progressOf: (name: string) => string;
  readonly attempt: (number: string) => string;
  readonly attempts: (count: string) => string;
  readonly retrying: string;
  readonly orphan: string;
  readonly orphanHint: string;
  readonly neverEnded: string;
  readonly failedSilently: string;
  readonly failedWith: (name: string, message: string) => string;
  readonly waitingFor: (what: string, left: string | undefined) => string;
  readonly wakesIn: (left: string) => string;
  /** What a run is doing, with the names of what runs, is waited for, or sleeps. */
  readonly now: (state: "running" | "waiting" | "sleeping", names: string) => string;
  /** A list of names that was cut, and how many more there are. */
  readonly andMore: (list: string, more: string) => string;
  /** What is said aloud of a span that has come into a state. */
  readonly tell: (name: string, what: string) => string;
  readonly connectionLost: string;
  readonly connectionBack: string;
  readonly details: string;
  readonly closeDetails: string;
  readonly copyLink: string;
  readonly copied: string;
  readonly state: string;
  readonly progressWord: string;
  readonly duration: string;
  readonly started: string;
  readonly endedAt: string;
  readonly until: string;
  readonly kind: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly attributes: string;
  readonly log: string;
  readonly notShown: (count: string) => string;
  readonly sending: string;
  readonly sent: string;
}

/** Every text of `<ssetarget-progress>`. Names of spans are shown as they are. */
export interface ProgressLabels extends ConnectionLabels, SpanLabels {
  readonly steps: string;
  /** A run has more steps than are shown; said once above and once below those that are. */
  readonly moreSteps: (count: string) => string;
  readonly starting: string;
  readonly pending: string;
  readonly waitingFor: (what: string) => string;
  /** @param name - The step that failed; undefined where that is not known. */
  readonly failedKindly: (name: string | undefined) => string;
  readonly abandonedKindly: string;
}
