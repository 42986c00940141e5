import { button, element, icon, setIcon } from "./dom.ts";

const thanksMs = 1_600;

/** A button that copies a text and briefly confirms it. */
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const image = icon("icon-copy");
  const words = element("span", { class: "visually-hidden", text: label });
  const made = button({ class: "icon-button", attributes: { title: label } }, image, words);
  made.addEventListener("click", () => {
    void copy(text()).then((copied) => {
      if (!copied) return;
      setIcon(image, "icon-check");
      words.textContent = "Copied";
      setTimeout(() => {
        setIcon(image, "icon-copy");
        words.textContent = label;
      }, thanksMs);
    });
  });
  return made;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages on plain http, other than localhost, cannot use the clipboard.
    return false;
  }
}
