// Headless Chromium as Debian has it, spoken to over a pipe in its own protocol (CDP), so that no driver is needed.
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
// No sandbox, since the tests may be root's and open their own pages alone; nothing asks anybody else by itself.
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
];

function program() {
  const places = process.env.PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = places.find(existsSync);
  if (!found) throw new Error("there is no Chromium: tests/run installs it");
  return found;
}

// Starts a browser whose profile is below this folder.
export async function start(folder) {
  const flags = [...FLAGS, `--user-data-dir=${join(folder, "profile")}`];
  const child = spawn(program(), flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [, , , commands, told] = child.stdio;
  const waiting = new Map();
  let last = 0;
  let rest = "";
  told.setEncoding("utf8").on("data", (some) => {
    const messages = (rest + some).split("\0");
    rest = messages.pop();
    for (const { id, result, error } of messages.map((text) => JSON.parse(text))) {
      const [keep, fail] = waiting.get(id) ?? [];
      waiting.delete(id);
      if (error) fail?.(new Error(error.message));
      else keep?.(result);
    }
  });
  const tells = (method, params = {}, sessionId = undefined) => {
    const answer = new Promise((keep, fail) => waiting.set(++last, [keep, fail]));
    commands.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    return answer;
  };

  // Opens a page. Returns what runs a function in it, with arguments that JSON can carry; it also presses keys, types text and
  // takes pictures.
  async function open(url) {
    const { targetId } = await tells("Target.createTarget", { url });
    const { sessionId } = await tells("Target.attachToTarget", { targetId, flatten: true });
    const run = async (does, ...given) => {
      const expression = `(${does})(...${JSON.stringify(given)})`;
      const how = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await tells("Runtime.evaluate", how, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    // Keys that write nothing, and what the protocol calls them.
    const codes = { Tab: 9, Enter: 13, ArrowDown: 40 };
    run.presses = async (key) => {
      const pressed = { key, code: key, windowsVirtualKeyCode: codes[key], ...(key === "Enter" && { text: "\r" }) };
      await tells("Input.dispatchKeyEvent", { type: pressed.text ? "keyDown" : "rawKeyDown", ...pressed }, sessionId);
      await tells("Input.dispatchKeyEvent", { type: "keyUp", ...pressed }, sessionId);
    };
    run.types = (text) => tells("Input.insertText", { text }, sessionId);
    run.pictured = async (path) => {
      const { data } = await tells("Page.captureScreenshot", { format: "png" }, sessionId);
      writeFileSync(path, Buffer.from(data, "base64"));
    };
    for (let tries = 0; ; tries += 1) {
      const there = await run((url) => location.href.startsWith(url) && document.readyState === "complete", url);
      if (there) return run;
      if (tries === 200) throw new Error(`${url} did not open`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }
  const closed = new Promise((next) => child.once("exit", next));
  const close = () => tells("Browser.close").catch(() => child.kill()).then(() => closed);
  return { open, close };
}
