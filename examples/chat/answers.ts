/** The model's answers, by a word in the question. */
const ANSWERS: readonly (readonly [word: RegExp, answer: string])[] = [
  [
    /reload|resume|refresh/i,
    `Reload this page while I am writing: I do not stop.

The server stores what I say, word by word, in its own stream. Your browser only reads that stream. When you reload, the page requests the stream again, gets everything so far at once, and then the rest as I write it. So you see me continue in the middle of a sentence.

If you only lose the network for a moment, the browser reconnects by itself and sends the id of its last event. The server continues right after it. Nothing is missing, and nothing appears twice.`,
  ],
  [
    /tab|second|phone/i,
    `Open this page's URL in a second tab. Both tabs read the same stored stream, so both show the same words at the same moment. It makes no difference which of them asked. Your phone gets "no such conversation": the URL alone grants no access, only your browser's cookie does.

Stop works from either tab, too. There is one generation on the server, and any number of pages can watch it.`,
  ],
  [
    /stop|abort/i,
    `Press Stop while I am writing this, and see what happens.

The page sends one request. The server aborts the model's signal, so the model really stops, instead of writing on unread. What I said so far is kept, and the stream ends with the reason "stopped". Every open page receives that end, and so does every page that you open later.

So no page ever waits for an answer that will not come: every stream that has started also ends, and the end says why.`,
  ],
  [
    /event|sse|stream|how/i,
    `Server-sent events are text in an ordinary response that stays open. Each event has a type, an id, and some data. Browsers read them with EventSource, which is built in.

The id is what makes them good for chats. A browser that loses its connection reconnects by itself and sends the last id it has seen. A server that stores its events can continue from there. Most servers do not store them, so an answer is lost together with its connection.

Here, every few words are one event of a stored stream. The page that asked, the same page after a reload, and a second tab all read it in the same way.`,
  ],
];

const OTHERWISE = `I am a small model inside this process. I need no network and I am not very clever, but I write slowly, and that is all I am for.

Try these while I am writing: reload the page, open its URL in a second tab, turn the network off and on again, or press Stop.

You can ask me about reloading, tabs, stopping, or how events work. Or write "fail", and I will break in the middle of a sentence.`;

/** The answer to a question. */
export function answerTo(asked: string): string {
  return ANSWERS.find(([word]) => word.test(asked))?.[1] ?? OTHERWISE;
}
