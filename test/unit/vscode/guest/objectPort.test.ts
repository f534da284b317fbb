import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "../../../../src/dap/messages.ts";
import { ObjectPort } from "../../../../src/vscode/guest/objectPort.ts";

test("what VS Code sends before somebody reads is kept, in order; after the end nothing passes", () => {
  const port = new ObjectPort();
  const got: unknown[] = [];
  let closed = 0;
  port.onClose(() => closed++);
  port.handleMessage({ seq: 1 });
  port.onMessage(({ body }) => got.push(parseObject(body).seq));
  port.handleMessage({ seq: 2 });
  assert.deepEqual(got, []);
  port.start();
  port.handleMessage({ seq: 3 });
  port.close();
  port.close();
  port.handleMessage({ seq: 4 });
  assert.deepEqual(got, [1, 2, 3]);
  assert.equal(closed, 1);
});

test("a message in parts reaches VS Code as one object", () => {
  const port = new ObjectPort();
  const got: object[] = [];
  port.onDidSendMessage((message) => got.push(message));
  assert.equal(
    port.send([Buffer.from('{"seq":1,"body":'), Buffer.from('{"a":"ü"}'), Buffer.from("}")]),
    true,
  );
  port.close();
  port.send([Buffer.from("{}")]);
  assert.deepEqual(got, [{ seq: 1, body: { a: "ü" } }]);
});
