import { showRunPage } from "./run-page.ts";
import { showStartPage } from "./start-page.ts";

const app = document.getElementById("app");
if (app === null) throw new Error("index.html has no element #app");

const id = runIdOf(window.location.pathname);
if (id === undefined) showStartPage(app);
else showRunPage(app, id);

/** The run's id in a path, `/<id>`; `undefined` for the start page. */
function runIdOf(path: string): string | undefined {
  const first = path.split("/")[1] ?? "";
  if (first === "" || first === "index.html") return undefined;
  try {
    return decodeURIComponent(first);
  } catch {
    // Keep a stray "%"; the server knows whether that is a run.
    return first;
  }
}
