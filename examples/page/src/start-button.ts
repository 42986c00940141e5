import { startRun } from "./api.ts";
import { button, element } from "./dom.ts";

/** A button that starts a run and opens its page, and an element for errors. */
export function startButton(label: string, className: string): readonly [HTMLButtonElement, HTMLElement] {
  const problem = element("p", { class: "problem", attributes: { role: "alert" } });
  const made = button({ class: className, text: label });
  made.addEventListener("click", () => {
    // aria-disabled keeps the focus; disabled would drop it.
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true");
    problem.textContent = "";
    startRun().then(
      (path) => window.location.assign(path),
      (error: unknown) => {
        problem.textContent = error instanceof Error ? error.message : String(error);
        made.removeAttribute("aria-disabled");
      },
    );
  });
  // The browser's back button restores the page as it was left, with a busy button.
  window.addEventListener("pageshow", () => made.removeAttribute("aria-disabled"));
  return [made, problem];
}
