import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { once as next } from "../../../src/common/event.ts";
import { connectPath, connectPipe, listenPipe, type PipeListener } from "../../../src/transport/pipe.ts";
import { userDirectories, userDirectory, verifyPrivate } from "../../../src/transport/userDirectory.ts";
import { failsWith, readAll } from "../../support/transportContract.ts";
import { TYPESCRIPT } from "../../support/typescript.ts";

const uid = process.getuid?.() ?? 0;
const windows = process.platform === "win32" ? "sockets in a directory are for the other systems" : false;

let directory = "";
const cleanUps: (() => unknown)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "dbgsrv-"));
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await rm(directory, { recursive: true, force: true });
});

async function listen(name: string): Promise<PipeListener> {
  const listener = await listenPipe({ name, directory });
  cleanUps.push(() => listener.close());
  return listener;
}

/** Leaves behind what a server that was killed does. */
async function leaveDeadSocket(name: string): Promise<void> {
  const file = path.join(directory, `${name}.sock`);
  const server = net.createServer();
  server.listen(`${file}.dead`);
  await once(server, "listening");
  // Under another name than Node knows it by, so that it stays when the server closes.
  await rename(`${file}.dead`, file);
  server.close();
  await once(server, "close");
}

async function answers(listener: PipeListener, name: string): Promise<void> {
  const arrived = next(listener.onChannel);
  const near = await connectPipe({ name, directory });
  const far = await arrived;
  far.stream.end("hello");
  assert.equal((await readAll(near.stream)).toString(), "hello");
  near.stream.end();
}

describe("pipe: the name", { skip: windows }, () => {
  test("is a socket that only the user can open, gone with its listener", async () => {
    const listener = await listen("mine");
    assert.equal(listener.path, path.join(directory, "mine.sock"));
    const found = await lstat(listener.path);
    assert.equal(found.isSocket(), true);
    assert.equal(found.mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ["mine.sock"]);
    await answers(listener, "mine");
    await listener.close();
    assert.deepEqual(await readdir(directory), []);
    await failsWith("connectFailed", connectPipe({ name: "mine", directory }));
    await answers(await listen("mine"), "mine");
  });

  test("is in use while a server answers, and that server is not disturbed", async () => {
    const first = await listen("taken");
    const error = await failsWith("addressInUse", listenPipe({ name: "taken", directory }));
    assert.match(error.message, /taken is in use/);
    // The probe was a connection like any other.
    (await next(first.onChannel)).stream.destroy();
    await answers(first, "taken");
    assert.deepEqual(await readdir(directory), ["taken.sock"]);
  });

  test("that a dead server left is free", async () => {
    await leaveDeadSocket("dead");
    const refused = await failsWith("connectFailed", connectPipe({ name: "dead", directory }));
    assert.match(refused.message, /no longer there/);
    await answers(await listen("dead"), "dead");
  });

  test("is taken by one of many who start at once, beside a dead one's socket", async () => {
    for (let round = 0; round < 10; round++) {
      const name = `race${round}`;
      await leaveDeadSocket(name);
      const starts = await Promise.allSettled(Array.from({ length: 8 }, () => listen(name)));
      const won = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
      const lost = starts.flatMap((start) =>
        start.status === "rejected" ? [AppError.from(start.reason).code] : [],
      );
      assert.deepEqual([won.length, lost], [1, Array<string>(7).fill("addressInUse")]);
      const stream = (await connectPipe({ name, directory })).stream;
      stream.destroy();
      await won[0]?.close();
    }
    assert.deepEqual(await readdir(directory), []);
  });

  test("is never taken from a live server by other processes, nor left to a killed one", async () => {
    const contenders = await Promise.all(Array.from({ length: 4 }, () => Contender.start()));
    const command = `race ${directory}`;
    for (let alive = contenders.length; alive > 0; alive--) {
      const running = contenders.filter(({ ended }) => !ended);
      const results = await Promise.all(running.map((contender) => contender.ask(command)));
      const winners = running.filter((_, i) => results[i] === "listening");
      assert.equal(winners.length, 1, results.join());
      assert.ok(
        results.every((result) => result === "listening" || result === "addressInUse"),
        results.join(),
      );
      const near = await connectPipe({ name: "race", directory });
      assert.equal((await readAll(near.stream)).toString(), String(winners[0]?.pid));
      near.stream.destroy();
      // Leaves its socket behind for the next round.
      await winners[0]?.kill();
    }
  });

  test("a listener that closes does not remove the socket of another that took its place", async () => {
    const first = await listen("replaced");
    await rm(first.path);
    const second = await listen("replaced");
    await first.close();
    await answers(second, "replaced");
  });

  test("of something that is no socket is left alone", async () => {
    await writeFile(path.join(directory, "notes.sock"), "precious");
    await failsWith("addressInUse", listenPipe({ name: "notes", directory }));
    assert.equal((await lstat(path.join(directory, "notes.sock"))).size, 8);
  });

  test("that is none, too long or on another machine is refused on both sides", async () => {
    for (const work of [listenPipe, connectPipe]) {
      await failsWith("badArguments", work({ name: "../up", directory }));
      await failsWith("tooLarge", work({ name: "x".repeat(120), directory }));
    }
    await failsWith("notSupported", connectPipe({ name: "x", server: "elsewhere.example", directory }));
    await failsWith("tooLarge", connectPath({ path: `/tmp/${"x".repeat(120)}` }));
    const listener = await listen("here");
    const near = await connectPipe({ name: "here", server: os.hostname(), directory });
    assert.deepEqual(near.peer, { transport: "npipe", address: "here", local: true });
    near.stream.destroy();
    await listener.close();
  });
});

describe("pipe: the lock of starting servers", { skip: windows }, () => {
  const lock = async (holder: string) => {
    await mkdir(path.join(directory, "p.lock"));
    await writeFile(path.join(directory, "p.lock", holder), "");
  };

  test("of a dead process is broken, also of one that had our own id", async () => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    for (const pid of [dead, process.pid]) {
      await lock(`${pid}-00ff`);
      const listener = await listen("p");
      assert.deepEqual(await readdir(directory), ["p.sock"]);
      await listener.close();
    }
  });

  test("of a live process is waited for, no longer than the deadline, and left alone", async () => {
    await lock(`${process.ppid}-00ff`);
    const error = await failsWith("busy", listenPipe({ name: "p", directory, timeoutMs: 50 }));
    assert.match(error.message, new RegExp(`${process.ppid}-00ff`));
    const signal = AbortSignal.timeout(20);
    await failsWith("aborted", listenPipe({ name: "p", directory, signal }));
    assert.deepEqual(await readdir(directory), ["p.lock"]);
    const waiting = listen("p");
    await rm(path.join(directory, "p.lock", `${process.ppid}-00ff`));
    await answers(await waiting, "p");
  });
});

describe("the user's directory", { skip: windows }, () => {
  test("is in the runtime directory if that is the user's alone, else among the temporary files", async () => {
    const [runtime, temporary] = [path.join(directory, "run"), path.join(directory, "tmp")];
    await Promise.all([mkdir(runtime, { mode: 0o700 }), mkdir(temporary)]);
    const fallback = path.join(temporary, `debug-server-${uid}`);
    const options = { runtime, temporary, uid };
    assert.deepEqual(await userDirectories(options), [path.join(runtime, "debug-server"), fallback]);
    for (const other of [undefined, "", "relative", path.join(directory, "missing")]) {
      assert.deepEqual(await userDirectories({ ...options, runtime: other }), [fallback], other);
    }
    await chmod(runtime, 0o750);
    assert.deepEqual(await userDirectories(options), [fallback]);
    assert.equal(await userDirectory(options), fallback);
    assert.equal((await lstat(fallback)).mode & 0o777, 0o700);
    assert.equal(await userDirectory(options), fallback);
  });

  test("must be just that: no link, no file, nobody else's, no one else may enter", async () => {
    const place = path.join(directory, `debug-server-${uid}`);
    const refused = async (pattern: RegExp) => {
      assert.match(
        (await failsWith("notAllowed", userDirectory({ temporary: directory, uid }))).toLine(),
        pattern,
      );
      await failsWith("notAllowed", verifyPrivate(place));
      await rm(place, { recursive: true });
    };
    assert.equal(await verifyPrivate(place), false);
    await mkdir(path.join(directory, "target"), { mode: 0o700 });
    await symlink(path.join(directory, "target"), place);
    await refused(/symbolic link/);
    await writeFile(place, "");
    await refused(/not a directory/);
    await mkdir(place);
    await chmod(place, 0o755);
    await refused(/mode 755\)\. Run: chmod 700/);
    if (uid === 0) {
      await mkdir(place, { mode: 0o700 });
      await chown(place, 65_534, 65_534);
      await refused(/another user \(65534\)/);
    }
    assert.equal(await userDirectory({ temporary: directory, uid }), place);
  });

  test("that others may enter is no place to listen or to connect", async () => {
    const listener = await listen("open");
    await chmod(directory, 0o777);
    await failsWith("notAllowed", connectPipe({ name: "open", directory }));
    await failsWith("notAllowed", listenPipe({ name: "other", directory }));
    await chmod(directory, 0o700);
    await listener.close();
  });

  test("is where a server is found without being told, also without the server's variables", async () => {
    const name = `found-${process.pid}`;
    const runtime = process.env["XDG_RUNTIME_DIR"];
    cleanUps.push(() => {
      if (runtime === undefined) delete process.env["XDG_RUNTIME_DIR"];
      else process.env["XDG_RUNTIME_DIR"] = runtime;
    });
    delete process.env["XDG_RUNTIME_DIR"];
    const listener = await listenPipe({ name });
    cleanUps.push(() => listener.close());
    process.env["XDG_RUNTIME_DIR"] = directory;
    const near = await connectPipe({ name });
    near.stream.destroy();
    const error = await failsWith("connectFailed", connectPipe({ name: "nobody-there" }));
    assert.match(error.message, /pipe nobody-there/);
  });
});

/** A process that listens when told to, and says how that went. Who connects is told its process id. */
class Contender {
  readonly #child;
  ended = false;

  private constructor() {
    const module = new URL("../../../src/transport/pipe.ts", import.meta.url).href;
    const code = `import { listenPipe } from ${JSON.stringify(module)};
      process.stdin.on("data", async (line) => {
        const [name, directory] = line.toString().trim().split(" ");
        try {
          (await listenPipe({ name, directory })).onChannel(({ stream }) => stream.end(String(process.pid)));
          console.log("listening");
        } catch (error) {
          console.log(error.code);
        }
      });
      console.log("ready");`;
    this.#child = spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", code], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.once("exit", () => (this.ended = true));
    cleanUps.push(() => this.#child.kill("SIGKILL"));
  }

  static async start(): Promise<Contender> {
    const contender = new Contender();
    assert.equal(await contender.#answer(), "ready");
    return contender;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    return this.#answer();
  }

  async kill(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  #answer(): Promise<string> {
    return new Promise((resolve) => {
      this.#child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
    });
  }
}
