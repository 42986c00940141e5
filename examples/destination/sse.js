const workflowId = "p_aBcDeF";
const source = new EventSource(`/pipelines/${workflowId}/sse`);

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

document.querySelector("#run").addEventListener("click", () => {
  void fetch(`/pipelines/${workflowId}/runs`, { method: "POST" });
});
