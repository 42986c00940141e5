const workflowId = "p_aBcDeF";
/** A page opened from disk has no server. It uses the one of `npm run start:destination`. */
const isFromDisk = location.protocol === "file:";
const server = isFromDisk ? "http://127.0.0.1:9878" : "";
const source = new EventSource(`${server}/pipelines/${workflowId}/sse`);

// One listener per channel; the event's data is the `payload`.
source.addEventListener("events", (event) => {
  const { name } = JSON.parse(event.data);
  const item = document.createElement("li");
  item.textContent = name;
  document.querySelector("#events").append(item);
});
source.addEventListener("progress", (event) => {
  document.querySelector("#progress").value = JSON.parse(event.data);
});

// An `EventSource` reconnects by itself, with its last event id.
const connection = document.querySelector("#connection");
function showConnection(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}
source.addEventListener("open", () => showConnection("live", "Live"));
source.addEventListener("error", () =>
  showConnection("lost", source.readyState === EventSource.CLOSED ? "Disconnected" : "Reconnecting"),
);

document.querySelector("#run").addEventListener("click", () => {
  // JSON: a form on another site cannot send this.
  const headers = { "content-type": "application/json" };
  void fetch(`/pipelines/${workflowId}/runs`, { method: "POST", headers, body: "{}" });
});
// The origin `null` could also be a sandboxed frame of any site, so the server starts no run for it.
document.querySelector("#run").disabled = isFromDisk;
document.querySelector("#hint").hidden = !isFromDisk;
