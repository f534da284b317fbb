import { Connection } from "./connection.ts";
import { offer } from "./rpc.ts";
import { BIG_BODY, SMALL_BODY, STORM_LINE } from "./sizes.ts";

/** The process of all clients. A group is the clients of one session; the first of them has started it. */
const groups = new Map<string, Connection[]>();
/** Makes each question differ from all before: equal ones the hub would answer itself. */
let unique = 0;

interface OfGroup {
  readonly group: string;
}

export interface StormResult {
  /** From the request to the last line at the last client. */
  readonly ms: number;
  /** Lines that came, of all clients. */
  readonly received: number;
  readonly lost: number;
}

function members(group: string): Connection[] {
  const found = groups.get(group);
  if (found === undefined) throw new Error(`There is no group ${group}.`);
  return found;
}

function first(group: string): Connection {
  const [connection] = members(group);
  if (connection === undefined) throw new Error(`The group ${group} is empty.`);
  return connection;
}

const smallQuestion = (): string => JSON.stringify({ variablesReference: SMALL_BODY, start: unique++ });

/** Asks once and resolves when the answer has been parsed, as a client must to show it. */
function bigAnswer(connection: Connection, start: number): Promise<void> {
  return new Promise((resolve, reject) =>
    connection.send("variables", JSON.stringify({ variablesReference: BIG_BODY, start }), (body) => {
      const { success } = JSON.parse(body.toString()) as { success: boolean };
      if (success && body.length >= BIG_BODY) resolve();
      else reject(new Error(`No big answer: ${body.toString("utf8", 0, 300)}`));
    }),
  );
}

function flood(list: readonly Connection[], count: number, window: number): Promise<void> {
  let toSend = count;
  let toCome = count;
  return new Promise((resolve) => {
    const ask = (connection: Connection): void => {
      if (toSend-- <= 0) return;
      connection.send("variables", smallQuestion(), () => {
        if (--toCome === 0) resolve();
        else ask(connection);
      });
    };
    for (let i = 0; i < window; i++) {
      const connection = list[i % list.length];
      if (connection !== undefined) ask(connection);
    }
  });
}

const methods = {
  /** Adds clients to a group, which is made if need be. `apart`: each has a session of its own. */
  async connect(params: OfGroup & { port: number; count: number; apart?: boolean }): Promise<void> {
    const { group, port, count, apart = false } = params;
    const list = groups.get(group) ?? [];
    groups.set(group, list);
    for (let i = 0; i < count; i++) {
      const connection = await Connection.open(port);
      list.push(connection);
      await connection.start(apart || list.length === 1 ? "launch" : "attach");
      await connection.look(SMALL_BODY);
    }
  },

  /** A step: everybody sees a new stop and looks at it. */
  async step({ group }: OfGroup): Promise<void> {
    const list = members(group);
    await first(group).request("next", { threadId: 1 });
    await Promise.all(list.map((connection) => connection.event("stopped")));
    for (const connection of list) await connection.look(SMALL_BODY);
  },

  /** One question after the other, the clients taking turns, for so long at most. Microseconds each. */
  async roundTrips(params: OfGroup & { count: number; mostMs?: number }): Promise<number[]> {
    const { group, count, mostMs = Infinity } = params;
    const list = members(group);
    const times: number[] = [];
    const end = performance.now() + mostMs;
    for (let i = 0; i < count && performance.now() < end; i++) {
      const connection = list[i % list.length];
      const args = smallQuestion();
      await new Promise<void>((resolve) => {
        const begin = performance.now();
        connection?.send("variables", args, () => {
          times.push((performance.now() - begin) * 1000);
          resolve();
        });
      });
    }
    return times;
  },

  /**
   * Keeps `window` questions under way, spread over all clients, with a step after every `perStop` of them that is
   * not counted. Answers per second.
   */
  async throughput(params: OfGroup & { count: number; perStop: number; window: number }): Promise<number> {
    const { group, count, perStop, window } = params;
    let ms = 0;
    for (let done = 0; done < count; done += perStop) {
      await methods.step({ group });
      const begin = performance.now();
      await flood(members(group), perStop, window);
      ms += performance.now() - begin;
    }
    return count / (ms / 1000);
  },

  /** A big answer, parsed. With `all`, everybody asks for the same at once. Milliseconds. */
  async bigBody({ group, all }: OfGroup & { all: boolean }): Promise<number> {
    const start = unique++;
    const begin = performance.now();
    if (all) await Promise.all(members(group).map((connection) => bigAnswer(connection, start)));
    else await bigAnswer(first(group), start);
    return performance.now() - begin;
  },

  /** The last `stalled` clients do not read meanwhile and are not waited for. */
  async storm({
    group,
    events,
    stalled,
  }: OfGroup & { events: number; stalled: number }): Promise<StormResult> {
    const list = members(group);
    const readers = list.slice(0, list.length - stalled);
    for (const connection of list.slice(readers.length)) connection.stall(true);
    for (const connection of readers) connection.received = connection.lost = 0;
    const done = readers.map(
      (connection) =>
        new Promise<void>((resolve) => {
          connection.onStormLine = () => {
            if (connection.received + connection.lost >= events) resolve();
          };
        }),
    );
    const begin = performance.now();
    first(group).send("benchStorm", JSON.stringify({ events, bytes: STORM_LINE }), () => {});
    await Promise.all(done);
    const ms = performance.now() - begin;
    const sum = (pick: (connection: Connection) => number) =>
      readers.reduce((total, connection) => total + pick(connection), 0);
    return { ms, received: sum((one) => one.received), lost: sum((one) => one.lost) };
  },

  /** Comes, looks, goes: milliseconds from the connection's first byte to the variables. */
  async join({ port, command }: { port: number; command: "launch" | "attach" }): Promise<number> {
    const begin = performance.now();
    const connection = await Connection.open(port);
    await connection.start(command);
    await connection.look(SMALL_BODY);
    const ms = performance.now() - begin;
    connection.close();
    return ms;
  },

  close({ group }: OfGroup): void {
    for (const connection of groups.get(group) ?? []) connection.close();
    groups.delete(group);
  },
};

export type ClientMethods = typeof methods;

offer(methods);
