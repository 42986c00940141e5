import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listens } from "../support/ports.ts";
import { until } from "../support/until.ts";

/** A proxy of Debian's, with its own defaults and what is said. */
export interface ProxyEntry {
  readonly title: string;
  /** Starts it in front of the port; its own configuration is written to `dir`. */
  readonly start: (dir: string, port: number, upstream: number) => ChildProcess;
}

const nginx =
  (server: string, http = ""): ProxyEntry["start"] =>
  (dir, port, upstream) => {
    // Debian's nginx.conf, but for what needs root: gzip is on there.
    writeFileSync(
      `${dir}/nginx.conf`,
      `daemon off; worker_processes 2; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events { worker_connections 768; }
http {
  sendfile on; tcp_nopush on; types_hash_max_size 2048; gzip on; access_log off; ${http}
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstream}; ${server} } }
}
`,
    );
    return spawn("nginx", ["-c", `${dir}/nginx.conf`, "-e", `${dir}/error.log`], { stdio: "ignore" });
  };

const caddy =
  (handlers: string): ProxyEntry["start"] =>
  (dir, port, upstream) => {
    writeFileSync(
      `${dir}/Caddyfile`,
      `{\n  admin off\n  auto_https off\n}\nhttp://127.0.0.1:${port} {\n  ${handlers}\n  reverse_proxy 127.0.0.1:${upstream}\n}\n`,
    );
    const env = { ...process.env, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
    return spawn("caddy", ["run", "--config", `${dir}/Caddyfile`, "--adapter", "caddyfile"], { stdio: "ignore", env });
  };

export const PROXIES: readonly ProxyEntry[] = [
  { title: "nginx 1.22", start: nginx("") },
  { title: "nginx 1.22 that compresses event streams", start: nginx("", "gzip_types text/event-stream;") },
  {
    title: "nginx 1.22 with HTTP/1.1 behind it",
    start: nginx('proxy_http_version 1.1; proxy_set_header Connection "";'),
  },
  { title: "Caddy 2.6", start: caddy("") },
  { title: "Caddy 2.6 with encode gzip", start: caddy("encode gzip") },
];

/** Starts a proxy in front of a server; resolves with its port once it listens. */
export async function startProxy(
  { title, start }: ProxyEntry,
  upstream: number,
  running: ChildProcess[],
): Promise<number> {
  const port = await freePort();
  const child = start(mkdtempSync(join(tmpdir(), "ssetarget-proxy-")), port, upstream);
  running.push(child);
  let failure = "";
  child.on("error", ({ message }) => (failure = `${message}; Debian: apt-get install nginx caddy`));
  child.on("exit", (code) => (failure ||= `it ended with ${code}`));
  await until(async () => failure !== "" || (await listens(port)), `${title} listens`);
  if (failure !== "") throw new Error(`${title}: ${failure}`);
  return port;
}
