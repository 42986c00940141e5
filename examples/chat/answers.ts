/** What the model knows. It looks for a word of the question. */
const ANSWERS: readonly (readonly [word: RegExp, answer: string])[] = [
  [
    /reload|resume|refresh/i,
    `Reload this page while I am writing: I do not stop.

What I say is stored on the server, word by word, in a stream of its own. Your browser reads that stream; it does not own it. When you reload, the page asks for the stream again, gets everything from the beginning at once, and then what comes, so you see me go on in the middle of a sentence.

If only the network is lost for a moment, even less happens: the browser comes back by itself and says which event it had last, and the server goes on right after it. Nothing is missing, and nothing is there twice.`,
  ],
  [
    /tab|second|phone/i,
    `Open the address of this page a second time, in another tab. Both read the same stored stream, so both see the same words at the same moment, and it makes no difference which of them asked. On your phone it says that there is no such chat: the address alone gives no right to it, the cookie of your browser does.

Stop works from either, too. There is one generation on the server and any number of pages that watch it.`,
  ],
  [
    /stop|abort/i,
    `Press Stop while I am writing this, and see what happens.

The page sends one request. The server aborts the signal that the model was given, so the model really stops, rather than writing on for nobody. What I had said until then is kept, and the stream ends with the reason "stopped", which every page that is open is told, and every page that is opened later as well.

That is why there is never a page that waits for an answer which will not come: a stream that has begun always has an end, and the end says why.`,
  ],
  [
    /event|sse|stream|how/i,
    `Server-sent events are text over an ordinary response that is not closed. Each event has a type, an id and some data, and a browser reads them with EventSource, which is built in.

What makes them good for chats is the id. A browser that loses its connection comes back by itself and sends the last id that it had. A server that has stored its events can go on from there. Most servers do not, and so an answer is lost with the connection that it was written to.

Here every few words are an event of a stored stream. The page that asked, the same page after a reload, and a second tab all read it in the same way.`,
  ],
];

const OTHERWISE = `I am a small model that lives in this process. I need no network, and I am not very clever, but I write slowly, which is all that is wanted of me here.

Try these while I am writing: reload the page, open its address in a second tab, switch the network off and on again, or press Stop.

You can ask me about reloading, about tabs, about stopping, or about how events work. Or write "fail", and I shall break in the middle of a sentence.`;

/** What is said to what was asked. */
export function answerTo(asked: string): string {
  return ANSWERS.find(([word]) => word.test(asked))?.[1] ?? OTHERWISE;
}
