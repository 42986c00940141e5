import { fileURLToPath } from "node:url";
import { sveltekit } from "@sveltejs/kit/vite";

export default {
  plugins: [sveltekit()],
  clearScreen: false,
  logLevel: "error",
  server: { fs: { allow: [fileURLToPath(new URL("../../../..", import.meta.url))] } },
};
