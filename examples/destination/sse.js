const workflowId = "p_aBcDeF";
/** Opened from disk, the page has no server of its own: it listens to the one of `npm run start:destination`. */
const isFromDisk = location.protocol === "file:";
const server = isFromDisk ? "http://127.0.0.1:9878" : "";
const source = new EventSource(`${server}/pipelines/${workflowId}/sse`);

// One listener for each channel; what was sent as `payload` is the event's data.
source.addEventListener("events", (event) => {
  const { name } = JSON.parse(event.data);
  const item = document.createElement("li");
  item.textContent = name;
  document.querySelector("#events").append(item);
});
source.addEventListener("progress", (event) => {
  document.querySelector("#progress").value = JSON.parse(event.data);
});

// An `EventSource` connects again by itself, and says where it was.
const connection = document.querySelector("#connection");
function showConnection(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}
source.addEventListener("open", () => showConnection("live", "Live"));
source.addEventListener("error", () =>
  showConnection("lost", source.readyState === EventSource.CLOSED ? "Disconnected" : "Connecting again"),
);

document.querySelector("#run").addEventListener("click", () => {
  // JSON, which a form of another site cannot send.
  const headers = { "content-type": "application/json" };
  void fetch(`/pipelines/${workflowId}/runs`, { method: "POST", headers, body: "{}" });
});
// Whoever opens a file could be any site's sandboxed frame, so the server starts nothing for it.
document.querySelector("#run").disabled = isFromDisk;
document.querySelector("#hint").hidden = !isFromDisk;
