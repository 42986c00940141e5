import type {
  AppendableEventStore,
  BoundedEventStore,
  EventStore,
  FollowableEventStore,
  TrimmableEventStore,
} from "../store/event-store.ts";
import type { CaseDefinition, KitEvent } from "./conformance-case.ts";
import { eventually, expectEqual, expectRising, expectTrue, Recorder } from "./expect.ts";

const FOLLOWING = "13.8 Following";

type Store = EventStore<KitEvent> &
  FollowableEventStore<KitEvent> &
  AppendableEventStore<KitEvent> &
  BoundedEventStore &
  TrimmableEventStore;

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

export const followingCases: readonly CaseDefinition[] = [
  {
    title: "tells a follower what comes, in order, whole",
    section: FOLLOWING,
    needs: ["follow"],
    check: async (open) => {
      const store = (await open()) as Store;
      const recorder = new Recorder();
      const subscription = await store.subscribe(0, recorder);
      const stored = [];
      for (let n = 1; n <= 5; n++) stored.push(await store.storeEvent({ type: "n", n, deep: { n: [n] } }));
      await recorder.hears(5, "following from the beginning");
      expectEqual(recorder.events, stored, "what the follower was told");
      expectEqual(recorder.interruptions, 0, "interruptions");
      subscription.close();
    },
  },
  {
    title: "tells a follower the history after its cursor first, and then what comes",
    section: FOLLOWING,
    needs: ["follow", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const ids = [];
      for (let n = 1; n <= 6; n++) ids.push((await store.storeEvent({ type: "n", n })).id);
      for (const after of [0, 1, 3, 6]) {
        const recorder = new Recorder();
        const subscription = await store.subscribe(ids[after - 1] ?? 0, recorder);
        await recorder.hears(6 - after, `following after event ${after}`);
        expectEqual(
          recorder.events.map(({ n }) => n),
          numbers(after + 1, 6),
          `told after event ${after}`,
        );
        expectEqual(recorder.interruptions, 0, "interruptions");
        subscription.close();
      }
    },
  },
  {
    title: "loses and repeats nothing between the history and what comes, whenever one begins to follow",
    section: FOLLOWING,
    needs: ["follow", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const total = 300;
      const recorders: { readonly recorder: Recorder; readonly after: number }[] = [];
      const subscriptions = [];
      const storing: Promise<unknown>[] = [];
      for (let n = 1; n <= total; n++) {
        storing.push(store.storeEvent({ type: "n", n }));
        if (n % 20 !== 0) continue;
        // Some events are in the history by now, some are on their way, and the rest is still to come.
        const known = await store.getEvents(0);
        const after = known.at(-(n % 3) - 1)?.id ?? 0;
        const recorder = new Recorder();
        recorders.push({ recorder, after });
        subscriptions.push(await store.subscribe(after, recorder));
      }
      await Promise.all(storing);
      const all = await store.getEvents(0);
      expectEqual(all.length, total, "events stored");
      for (const { recorder, after } of recorders) {
        const expected = all.filter(({ id }) => id > after).map(({ id }) => id);
        await recorder.hears(expected.length, `following after ${after} while events came`);
        expectEqual(recorder.ids, expected, `ids told after ${after}`);
        expectEqual(recorder.interruptions, 0, "interruptions");
      }
      for (const subscription of subscriptions) subscription.close();
    },
  },
  {
    title: "tells a follower a batch in its order",
    section: FOLLOWING,
    needs: ["follow", "append"],
    check: async (open) => {
      const store = (await open()) as Store;
      const recorder = new Recorder();
      const subscription = await store.subscribe(0, recorder);
      await store.storeEvents(numbers(1, 50).map((n) => ({ type: "n", n })));
      await recorder.hears(50, "following a batch");
      expectEqual(
        recorder.events.map(({ n }) => n),
        numbers(1, 50),
        "the batch as it was told",
      );
      subscription.close();
    },
  },
  {
    title: "does not tell a repeat of a known key",
    section: FOLLOWING,
    needs: ["follow", "keys"],
    check: async (open) => {
      const store = (await open()) as Store;
      const recorder = new Recorder();
      const subscription = await store.subscribe(0, recorder);
      await store.storeEvent({ type: "n", key: "a", n: 1 });
      await store.storeEvent({ type: "n", key: "a", n: 2 });
      await store.storeEvent({ type: "n", n: 3 });
      await recorder.hears(2, "following repeats");
      expectEqual(
        recorder.events.map(({ n }) => n),
        [1, 3],
        "what was told",
      );
      subscription.close();
    },
  },
  {
    title: "tells nothing after a subscription was closed, and goes on with the others",
    section: FOLLOWING,
    needs: ["follow"],
    check: async (open) => {
      const store = (await open()) as Store;
      const [leaving, staying] = [new Recorder(), new Recorder()];
      const [first, second] = [await store.subscribe(0, leaving), await store.subscribe(0, staying)];
      await store.storeEvent({ type: "n", n: 1 });
      await leaving.hears(1, "the one that leaves");
      first.close();
      first.close();
      await store.storeEvent({ type: "n", n: 2 });
      await staying.hears(2, "the one that stays");
      expectEqual(leaving.events.length, 1, "events told to the one that has left");
      second.close();
    },
  },
  {
    title: "tells nothing more to a follower that closes its subscription while it is being told",
    section: FOLLOWING,
    needs: ["follow"],
    check: async (open) => {
      const store = (await open()) as Store;
      const told: number[] = [];
      let close = () => {};
      const subscription = await store.subscribe(0, {
        onEvents: (events) => {
          told.push(...events.map(({ id }) => id));
          close();
        },
        onInterrupted: () => {},
      });
      close = () => subscription.close();
      await store.storeEvent({ type: "n", n: 1 });
      await eventually(
        () => told.length > 0,
        () => "the follower heard nothing",
      );
      const other = new Recorder();
      const otherSubscription = await store.subscribe(told.at(-1) ?? 0, other);
      await store.storeEvent({ type: "n", n: 2 });
      await other.hears(1, "another follower");
      expectEqual(told.length, 1, "events told to the one that closed");
      otherSubscription.close();
    },
  },
  {
    title: "tells followers what another store over the stream has stored",
    section: FOLLOWING,
    needs: ["follow", "shared", "history"],
    check: async (open) => {
      const [here, there] = [(await open()) as Store, await open({ isElsewhere: true })];
      await there.storeEvent({ type: "n", n: 1 });
      const recorder = new Recorder();
      const subscription = await here.subscribe(0, recorder);
      await there.storeEvent({ type: "n", n: 2 });
      await here.storeEvent({ type: "n", n: 3 });
      await there.storeEvent({ type: "n", n: 4 });
      await recorder.hears(4, "following a stream that two stores write to");
      expectEqual(
        recorder.events.map(({ n }) => n),
        [1, 2, 3, 4],
        "what was told",
      );
      expectEqual(recorder.interruptions, 0, "interruptions");
      subscription.close();
    },
  },
  {
    title: "gives events that several processes store at once one order, that all of them see",
    section: FOLLOWING,
    needs: ["follow", "shared", "history"],
    check: async (open, can) => {
      const writers = [];
      for (let w = 0; w < 3; w++) writers.push(await open({ isElsewhere: true }));
      const here = (await open()) as Store;
      const recorder = new Recorder();
      const subscription = await here.subscribe(0, recorder);
      const each = 60;
      await Promise.all(
        writers.map(async (writer, w) => {
          const waiting: Promise<unknown>[] = [];
          for (let n = 1; n <= each; n++) {
            waiting.push(
              writer.storeEvent({ type: "n", w, n, ...(can("keys") && { key: `${n % 2 === 0 ? "" : w}:${n}` }) }),
            );
            if (n % 7 === 0) await Promise.all(waiting.splice(0));
          }
          await Promise.all(waiting);
        }),
      );
      // With keys, the even ones are the same for all writers: each is stored once.
      const expected = can("keys") ? writers.length * (each / 2) + each / 2 : writers.length * each;
      await recorder.hears(expected, "following several writers");
      const history = await here.getEvents(0);
      expectEqual(
        recorder.ids,
        history.map(({ id }) => id),
        "what was told, and the history",
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
      expectEqual(recorder.interruptions, 0, "interruptions");
      subscription.close();
    },
  },
  {
    title: "interrupts a follower whose cursor was trimmed or is ahead of the log",
    section: FOLLOWING,
    needs: ["follow", "bounds", "trim", "history"],
    check: async (open) => {
      const store = (await open()) as Store;
      const ids = [];
      for (let n = 1; n <= 6; n++) ids.push((await store.storeEvent({ type: "n", n })).id);
      await store.trim(ids[3] as number);
      for (const [cursor, what] of [
        [ids[0] as number, "trimmed"],
        [(ids[5] as number) + 500, "ahead of the log"],
      ] as const) {
        const recorder = new Recorder();
        const subscription = await store.subscribe(cursor, recorder);
        await eventually(
          () => recorder.interruptions > 0,
          () => `a follower whose cursor is ${what} was not interrupted`,
        );
        subscription.close();
      }
    },
  },
  {
    title: "tells the epoch of the bounds, or none",
    section: "13.9 Bounds and epochs",
    needs: ["follow", "bounds"],
    check: async (open) => {
      const store = (await open()) as Store;
      const before = (await store.getBounds()).epoch;
      const recorder = new Recorder();
      const subscription = await store.subscribe(0, recorder);
      await store.storeEvent({ type: "n" });
      await recorder.hears(1, "following");
      const { epoch } = await store.getBounds();
      expectTrue(
        before === undefined || before === epoch,
        `the epoch went from ${before} to ${epoch} with the first event`,
      );
      for (const told of recorder.epochs) expectEqual(told, epoch, "the epoch that the follower was told");
      // A feed that read the bounds before the first event would never learn the epoch else.
      if (before !== epoch) expectEqual([...recorder.epochs], [epoch], "the epoch that came with the first event");
      subscription.close();
    },
  },
];
