/** Stores as fast as it can and says which ids were acknowledged, until it is killed. */
import { SqliteEventStores } from "../../../src/sqlite.ts";

const [path = "", life = ""] = process.argv.slice(2);
const store = new SqliteEventStores<{ type: "tick"; n: number; key?: string }>(path).stream("killed");

for (let n = 0; ; n += 3) {
  const stored = await Promise.all(
    [0, 1, 2].map((more) => store.append([{ type: "tick", n: n + more, key: `${life}/${n + more}` }])),
  );
  for (const { id } of stored.flat()) process.send?.(id);
}
