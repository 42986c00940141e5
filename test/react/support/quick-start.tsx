import { createRoot } from "react-dom/client";
import { useTrace } from "ssetarget/react";

function Run({ url }: { readonly url: string }) {
  const { roots, state } = useTrace(url);
  const lines = roots.map((span) => `${span.name}: ${span.state}`);
  return <p>{[state.status, ...lines].join(", ")}</p>;
}

createRoot(document.getElementById("app") as HTMLElement).render(<Run url="/runs/run-1/sse" />);
