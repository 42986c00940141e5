/** What `--help` says. */
export const HELP = `Watch a stream of ssetarget in the terminal, until it ends.

  ssetarget tail <url> [options]

What it shows
  In a terminal the tree of spans, live. Elsewhere one line for each start, end and
  log line of a span: time, what, which span, details, with a tab between them.

  --json               each event as it came, as one line of JSON
  --plain              lines, in a terminal too
  --logs <level>       log lines from this level on: debug, info (default), warn, error
  --no-logs            no log lines

How it gets there
  -H, --header "name: value"   a header of the request; can be repeated
  --token <token>      "Authorization: Bearer <token>"; better in the environment,
                       as SSETARGET_TOKEN, for command lines can be seen by others
  --last-event-id <id> what comes after this event only

When it is over
  When the server says that the stream has ended. For streams that nobody ends:

  --until-idle <time>  also when everything has ended, and nothing has come for so long
  --timeout <time>     after so long in any case

  Times are written 500ms, 30s, 10m, 2h.

Exit codes
  0    all runs ended well             3    the stream could not be had
  1    a run failed, or never ended    124  --timeout was reached
  2    the command is not right        130  stopped by Ctrl-C; the run goes on

Examples
  ssetarget tail http://localhost:9876/3f8a/sse
  ssetarget tail https://ci.example/runs/7/sse --timeout 30m && ./deploy
  ssetarget tail https://ci.example/runs/7/sse | grep -P '\\tfailed\\t'
  ssetarget tail https://ci.example/runs/7/sse --json | jq .type

NO_COLOR and FORCE_COLOR are heeded. -h, --help shows this, -v, --version the version.
`;
