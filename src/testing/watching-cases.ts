import type { CaseDefinition } from "./conformance-case.ts";
import { eventually, expectEqual, expectRising, expectTrue, put, readAfter } from "./expect.ts";
import { KitFollower } from "./kit-follower.ts";

const WATCHING = "13.8 Watching";

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

export const watchingCases: readonly CaseDefinition[] = [
  {
    title: "notifies of what is appended, in order and whole",
    section: WATCHING,
    needs: [],
    check: async (open) => {
      const log = await open();
      const { follower } = await KitFollower.start(log);
      const stored = [];
      for (let n = 1; n <= 5; n++) stored.push(await put(log, { type: "n", n, deep: { n: [n] } }));
      await follower.has(5, "following from the beginning");
      expectEqual(follower.events, stored, "what the follower got");
      follower.close();
    },
  },
  {
    title: "leaves out and repeats nothing, whenever one starts to watch",
    section: WATCHING,
    needs: ["history"],
    check: async (open) => {
      const log = await open();
      const total = 300;
      const started: { readonly follower: KitFollower; readonly after: number }[] = [];
      const storing: Promise<unknown>[] = [];
      for (let n = 1; n <= total; n++) {
        storing.push(put(log, { type: "n", n }));
        // Some events are in the history by now, some are on their way, and the rest is still to come.
        if (n % 20 === 0) started.push(await KitFollower.start(log));
      }
      await Promise.all(storing);
      const all = await readAfter(log, 0);
      expectEqual(all.length, total, "events stored");
      for (const { follower, after } of started) {
        const expected = all.filter(({ id }) => id > after).map(({ id }) => id);
        await follower.has(expected.length, `following after ${after} while events came`);
        expectEqual(follower.ids, expected, `ids after ${after}`);
        follower.close();
      }
    },
  },
  {
    title: "notifies of several events in their order",
    section: WATCHING,
    needs: [],
    check: async (open) => {
      const log = await open();
      const { follower } = await KitFollower.start(log);
      await log.append(numbers(1, 50).map((n) => ({ type: "n", n })));
      await follower.has(50, "following several events");
      expectEqual(
        follower.events.map(({ n }) => n),
        numbers(1, 50),
        "the events as they came",
      );
      follower.close();
    },
  },
  {
    title: "does not show a repeat of a known key again",
    section: WATCHING,
    needs: ["keys"],
    check: async (open) => {
      const log = await open();
      const { follower } = await KitFollower.start(log);
      await put(log, { type: "n", key: "a", n: 1 });
      await put(log, { type: "n", key: "a", n: 2 });
      await put(log, { type: "n", n: 3 });
      await log.append([
        { type: "n", key: "b", n: 4 },
        { type: "n", key: "a", n: 5 },
        { type: "n", key: "b", n: 6 },
      ]);
      await follower.has(3, "following repeats");
      expectEqual(
        follower.events.map(({ n }) => n),
        [1, 3, 4],
        "what came",
      );
      follower.close();
    },
  },
  {
    title: "notifies of nothing after a watch was closed, and goes on with the others",
    section: WATCHING,
    needs: [],
    check: async (open) => {
      const log = await open();
      const { follower: leaving } = await KitFollower.start(log);
      const { follower: staying } = await KitFollower.start(log);
      await put(log, { type: "n", n: 1 });
      await leaving.has(1, "the one that leaves");
      leaving.close();
      leaving.close();
      const { notices } = leaving;
      await put(log, { type: "n", n: 2 });
      await staying.has(2, "the one that stays");
      expectEqual(leaving.notices, notices, "notices to the one that has left");
      staying.close();
    },
  },
  {
    title: "notifies of nothing more when a watch is closed during a notice",
    section: WATCHING,
    needs: [],
    check: async (open) => {
      const log = await open();
      let notices = 0;
      let close = () => {};
      const onNotice = () => {
        notices++;
        close();
      };
      const watch = await log.watch({ appended: onNotice, changed: onNotice });
      close = () => watch.close();
      await put(log, { type: "n", n: 1 });
      await eventually(
        () => notices > 0,
        () => "the listener was not notified",
      );
      const { follower } = await KitFollower.start(log);
      await put(log, { type: "n", n: 2 });
      await follower.has(1, "another follower");
      expectEqual(notices, 1, "notices to the one that closed");
      follower.close();
    },
  },
  {
    title: "notifies of what another store over the stream has stored",
    section: WATCHING,
    needs: ["shared", "history"],
    check: async (open) => {
      const [here, there] = [await open(), await open({ isElsewhere: true })];
      await put(there, { type: "n", n: 1 });
      const { follower } = await KitFollower.start(here);
      await put(there, { type: "n", n: 2 });
      await put(here, { type: "n", n: 3 });
      await put(there, { type: "n", n: 4 });
      await follower.has(3, "following a stream that two stores write to");
      expectEqual(
        follower.events.map(({ n }) => n),
        [2, 3, 4],
        "what came",
      );
      follower.close();
    },
  },
  {
    title: "gives events that several processes store at once one order, which all of them see",
    section: WATCHING,
    needs: ["shared", "history"],
    check: async (open, can) => {
      const writers = [];
      for (let w = 0; w < 3; w++) writers.push(await open({ isElsewhere: true }));
      const here = await open();
      const { follower } = await KitFollower.start(here);
      const each = 60;
      await Promise.all(
        writers.map(async (writer, w) => {
          const waiting: Promise<unknown>[] = [];
          for (let n = 1; n <= each; n++) {
            waiting.push(put(writer, { type: "n", w, n, ...(can("keys") && { key: `${n % 2 === 0 ? "" : w}:${n}` }) }));
            if (n % 7 === 0) await Promise.all(waiting.splice(0));
          }
          await Promise.all(waiting);
        }),
      );
      // With keys, the even ones are the same for all writers: each is stored once.
      const expected = can("keys") ? writers.length * (each / 2) + each / 2 : writers.length * each;
      await follower.has(expected, "following several writers");
      const history = await readAfter(here, 0);
      expectEqual(
        follower.ids,
        history.map(({ id }) => id),
        "what came, and the history",
      );
      expectRising(history, "the history");
      if (can("dense-ids"))
        expectEqual(
          history.map(({ id }) => id),
          numbers(1, expected),
          "ids",
        );
      for (let w = 0; w < writers.length; w++) {
        const own = history.filter((event) => event["w"] === w && (event["n"] as number) % 2 === 1).map(({ n }) => n);
        expectEqual(
          own,
          numbers(1, each).filter((n) => n % 2 === 1),
          `the order of what writer ${w} alone stored`,
        );
      }
      follower.close();
    },
  },
  {
    title: "notifies that something was trimmed",
    section: WATCHING,
    needs: ["trim"],
    check: async (open) => {
      const log = await open();
      await put(log, { type: "n", n: 1 });
      const { id } = await put(log, { type: "n", n: 2 });
      const { follower } = await KitFollower.start(log);
      await log.trim?.(id);
      await eventually(
        () => follower.changes > 0,
        () => "a follower was not notified that the stream was trimmed",
      );
      follower.close();
    },
  },
  {
    title: "names the epoch of the bounds in its notices",
    section: WATCHING,
    needs: [],
    check: async (open) => {
      const log = await open();
      const before = (await log.bounds()).epoch;
      const { follower } = await KitFollower.start(log);
      await put(log, { type: "n" });
      await eventually(
        () => follower.notices > 0,
        () => "a follower was not notified",
      );
      const { epoch } = await log.bounds();
      expectTrue(
        before === undefined || before === epoch,
        `the epoch went from ${before} to ${epoch} with the first event`,
      );
      for (const named of follower.epochs) expectEqual(named, epoch, "the epoch in a notice");
      follower.close();
    },
  },
];
