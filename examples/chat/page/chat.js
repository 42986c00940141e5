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

/** Answers in progress; Stop ends the last one. */
const writing = [];

const ENDS = {
  completed: "",
  stopped: "Stopped",
  failed: "Something went wrong",
};

/** The conversation's stream, open only between answers: all tabs of a browser share a few connections. */
let conversationStream;
/** The questions that this page has. */
let cursor = "";

/** Questions of this conversation, from this tab or another: first the stored ones, then new ones. */
function watch() {
  conversationStream = open(`/conversations/${conversation}/sse?lastEventId=${encodeURIComponent(cursor)}`, () => {
    connection.textContent = "This chat no longer exists";
    for (const field of [text, send, ...document.querySelectorAll("#suggestions button")]) field.disabled = true;
  });
  conversationStream.addEventListener("asked", (event) => {
    cursor = event.lastEventId;
    follow(JSON.parse(event.data));
  });
}

/** Shows a question and its answer so far, from its stored stream. */
function follow({ id, text: question }) {
  const turn = template.content.firstElementChild.cloneNode(true);
  turn.querySelector(".asked").textContent = question;
  log.append(turn);
  welcome.hidden = true;
  begin(id, turn);
  // A stored answer appears at once, one in progress word by word.
  const answer = turn.querySelector(".text");
  const source = open(`/chat/${id}/sse`, () => finish(id, turn, "failed", "This answer no longer exists"));
  source.addEventListener("chunk", (event) => {
    const wasAtEnd = isAtEnd();
    answer.append(JSON.parse(event.data));
    if (wasAtEnd) showEnd();
  });
  source.addEventListener("ssetarget:gap", (event) => {
    // After a reset, the history follows from its beginning; after a trim, some of it is missing.
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

/** A stream that reconnects by itself and resumes at its cursor. */
function open(url, onGone) {
  const source = new EventSource(url);
  source.addEventListener("open", () => (connection.textContent = ""));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) onGone();
    else connection.textContent = "Reconnecting …";
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
  // Only a failure looks like one; Stop was the user's choice.
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
    hint.textContent = "Wait for the answer, or stop it. Your question is kept.";
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
    connection.textContent = response === undefined ? "Cannot reach the server" : await response.text();
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

/** Grows with its content, up to the limit in the style sheet. */
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
