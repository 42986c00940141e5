/** Text of `--help`. */
export const HELP = `Follow a stream of ssetarget in the terminal until it ends.

  ssetarget tail <url> [options]

Output
  In a terminal, a live tree of spans. Elsewhere, one line for each start, end, and
  log line of a span: time, event, span, details, separated by tabs.

  --json               each event as one line of JSON
  --plain              lines, even in a terminal
  --logs <level>       log lines from this level on: debug, info (default), warn, error
  --no-logs            no log lines

Request
  -H, --header "name: value"   a request header; can be repeated
  --token <token>      "Authorization: Bearer <token>". Prefer the environment variable
                       SSETARGET_TOKEN: other users can see command lines
  --last-event-id <id> only events after this one

Exit
  It exits when the server ends the stream. For streams that never end:

  --until-idle <time>  also exit once all spans have ended and this long has passed
                       without an event
  --timeout <time>     exit after this time in any case

  Times: 500ms, 30s, 10m, 2h.

Exit codes
  0    all runs succeeded              3    the stream could not be read
  1    a run failed, or did not end    124  --timeout was reached
  2    invalid command line            130  stopped by Ctrl-C; the run continues

Examples
  ssetarget tail http://localhost:9876/3f8a/sse
  ssetarget tail https://ci.example/runs/7/sse --timeout 30m && ./deploy
  ssetarget tail https://ci.example/runs/7/sse | grep -P '\\tfailed\\t'
  ssetarget tail https://ci.example/runs/7/sse --json | jq .type

NO_COLOR and FORCE_COLOR are respected. -h, --help: this text. -v, --version: the version.
`;
