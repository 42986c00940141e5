import { createRoot, hydrateRoot } from "react-dom/client";
import { PAGES, probe, type PageProps } from "./pages.tsx";

/** What the server of the test has written into the page. */
interface Told {
  readonly page: keyof typeof PAGES;
  readonly props: PageProps;
  readonly isRendered: boolean;
}

const place = document.getElementById("app") as HTMLElement;
const { page, props, isRendered } = JSON.parse(document.getElementById("told")?.textContent ?? "") as Told;
const Page = PAGES[page];
const recovered: string[] = [];
const onRecoverableError = (error: unknown) => recovered.push(String(error));

Object.assign(globalThis, { probe, recovered });
if (isRendered) hydrateRoot(place, <Page {...props} />, { onRecoverableError });
else createRoot(place, { onRecoverableError }).render(<Page {...props} />);
