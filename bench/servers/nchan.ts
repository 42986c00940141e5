/**
 * Nchan, the C module of nginx, with one worker. This process only publishes, over one kept-alive connection, and does not
 * count; the worker does, with what a publish costs it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runBenchServer } from "../harness/bench-server.ts";
import { NchanPublisher } from "../harness/nchan-publisher.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";

await runBenchServer(async () => {
  const folder = mkdtempSync(join(tmpdir(), "ssetarget-bench-nchan-"));
  const port = await freePort();
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, port));
  // `-e`: nginx would else want to write to /var/log before it has read where its log is.
  const flags = ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")];
  const nginx = spawn("nginx", flags, { stdio: ["ignore", "ignore", "inherit"] });
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", () => {
    nginx.kill("SIGTERM");
    removeFolder();
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const publisher = new NchanPublisher(await connected(port));
  return {
    port,
    pids: await workersOf(nginx.pid ?? 0),
    dispatch: (stream, events) => {
      publisher.publish(stream, events);
    },
    preload: async (events) => {
      publisher.publish(0, events);
      await publisher.idle();
    },
  };
});

function configuration(folder: string, port: number): string {
  return `
load_module ${MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile 60000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 20000; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/streams/(\\d+)/sse$ {
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_subscriber_first_message oldest;
    }
    location ~ ^/pub/(\\d+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 10m;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function connected(port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      });
      return socket.setNoDelay(true);
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}

async function workersOf(master: number): Promise<number[]> {
  for (let tries = 0; tries < 100; tries++) {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim();
    if (children !== "") return [...children.split(" ").map(Number), master];
    await sleep(50);
  }
  throw new Error("nginx has started no worker");
}
