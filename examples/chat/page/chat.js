const conversation = location.pathname.split("/").at(-1);
const [log, welcome, composer, text, send, stop, hint, connection, announcement, template] = [
  "log",
  "welcome",
  "composer",
  "text",
  "send",
  "stop",
  "hint",
  "connection",
  "announcement",
  "turn",
].map((id) => document.querySelector(`#${id}`));

/** Answers that have not ended; the last is the one that Stop is for. */
const writing = [];

const ENDS = {
  completed: "",
  stopped: "Stopped",
  failed: "Something went wrong",
};

/** The conversation's stream while nothing is being written; browsers have few connections for all tabs together. */
let conversationStream;
/** What this page has of it. */
let cursor = "";

/** What is asked here, in this tab or in another: everything at first, and then what comes. */
function watch() {
  conversationStream = open(`/conversations/${conversation}/sse?lastEventId=${encodeURIComponent(cursor)}`, () => {
    connection.textContent = "This chat is not there any more";
    for (const field of [text, send, ...document.querySelectorAll("#suggestions button")]) field.disabled = true;
  });
  conversationStream.addEventListener("asked", (event) => {
    cursor = event.lastEventId;
    follow(JSON.parse(event.data));
  });
}

/** Shows a question, and its answer as far as there is one, from its stored stream. */
function follow({ id, text: question }) {
  const turn = template.content.firstElementChild.cloneNode(true);
  turn.querySelector(".asked").textContent = question;
  log.append(turn);
  welcome.hidden = true;
  begin(id, turn);
  // From the server's memory at once, or word by word as it is written.
  const answer = turn.querySelector(".text");
  const source = open(`/chat/${id}/sse`, () => finish(id, turn, "failed", "This answer is not there any more"));
  source.addEventListener("chunk", (event) => {
    const wasAtEnd = isAtEnd();
    answer.append(JSON.parse(event.data));
    if (wasAtEnd) showEnd();
  });
  source.addEventListener("ssetarget:gap", (event) => {
    // A history that begins anew follows from its beginning; of one that was trimmed something is missing.
    if (JSON.parse(event.data).reason === "reset") answer.replaceChildren();
    else answer.append(" […] ");
  });
  source.addEventListener("ssetarget:end", (event) => {
    source.close();
    const { reason, message } = JSON.parse(event.data);
    finish(id, turn, reason, ENDS[reason] ?? reason, message);
  });
  showEnd();
}

/** A stream that comes back by itself when the network was lost, and goes on where it was. */
function open(url, onGone) {
  const source = new EventSource(url);
  source.addEventListener("open", () => (connection.textContent = ""));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) onGone();
    else connection.textContent = "Connecting again …";
  });
  return source;
}

function begin(id, turn) {
  turn.dataset.state = "writing";
  turn.querySelector(".answer").ariaBusy = "true";
  writing.push(id);
  conversationStream.close();
  showButtons();
}

function finish(id, turn, reason, label, message) {
  if (turn.dataset.state === "done") return;
  const wasAtEnd = isAtEnd();
  turn.dataset.state = "done";
  // A failure looks like one; Stop was somebody's wish.
  turn.dataset.end = reason;
  const answer = turn.querySelector(".answer");
  answer.ariaBusy = "false";
  const end = turn.querySelector(".end");
  end.textContent = [label, message].filter(Boolean).join(": ");
  end.hidden = end.textContent === "";
  if (wasAtEnd) showEnd();
  announcement.textContent = end.textContent || turn.querySelector(".text").textContent;
  writing.splice(writing.indexOf(id), 1);
  hint.textContent = "";
  if (writing.length === 0) watch();
  showButtons();
}

function showButtons() {
  const hadFocus = [send, stop].includes(document.activeElement);
  const isWriting = writing.length > 0;
  send.hidden = isWriting;
  stop.hidden = !isWriting;
  stop.disabled = false;
  if (hadFocus) (isWriting ? stop : text).focus();
}

async function ask(question) {
  if (question.trim() === "") return;
  if (writing.length > 0) {
    hint.textContent = "Wait for the answer, or stop it. Your question stays here.";
    return;
  }
  const response = await fetch("/chat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ conversation, text: question }),
  }).catch(() => undefined);
  if (response?.ok) {
    text.value = "";
    fit();
  } else {
    connection.textContent = response === undefined ? "The server cannot be reached" : await response.text();
  }
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask(text.value);
});
stop.addEventListener("click", () => {
  stop.disabled = true;
  const headers = { "content-type": "application/json" };
  void fetch(`/chat/${writing.at(-1)}/stop`, { method: "POST", headers, body: "{}" }).catch(
    () => (stop.disabled = false),
  );
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
text.addEventListener("input", fit);
document.querySelector("#suggestions").addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) void ask(target.textContent);
});

/** As high as what is in it, up to what the style allows. */
function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

function isAtEnd() {
  const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
  return scrollHeight - clientHeight - scrollTop < 80;
}

function showEnd() {
  document.documentElement.scrollTop = document.documentElement.scrollHeight;
}

watch();
